// The search page. An index says on which pages a word stands; what a page says is a script of its
// own, loaded when all the words may stand on it: from disk, nothing else can be read. Of the places
// that have the words, those come first whose heading has them, then those of which one sentence
// does; in both, words side by side, in the order in which they were typed, come before words apart.
globalThis.emSearch = (() => {
  "use strict";
  const WORD = /[\p{L}\p{N}]+(?:[’']\p{L}+)?/gu;
  const AT_ONCE = 12; // places that are shown before more are asked for
  const AROUND = 130; // letters of a long sentence that are shown on either side
  const HEADING_SIDE_BY_SIDE = 4, HEADING = 3, SIDE_BY_SIDE = 2, SENTENCE = 1, SECTION = 0;
  const field = document.getElementById("q");
  const status = document.getElementById("search-status");
  const list = document.getElementById("search-results");
  const awaited = new Map(); // a page's name → what takes its text
  let index;

  // --- words ---

  const stems = new Map();
  function stem(word) {
    if (!stems.has(word)) stems.set(word, shortened(word.toLowerCase()));
    return stems.get(word);
  }

  function shortened(word) {
    for (const [ending, instead] of index.endings) {
      if (!word.endsWith(ending)) continue;
      const left = word.slice(0, word.length - ending.length) + instead;
      if (left.length >= 3) return left;
    }
    return word;
  }

  function wordsOf(text) {
    return [...text.matchAll(WORD)].map((found) => ({ stem: stem(found[0]), from: found.index, to: found.index + found[0].length }));
  }

  // Of a longer word the beginning will do.
  const fits = (one, asked) => one === asked || (asked.length > 2 && one.startsWith(asked));

  function pagesWith(asked) {
    const letters = [...index.words].filter(([one]) => fits(one, asked)).map(([, found]) => found).join("");
    return new Set([...letters].map((letter) => index.pages[index.letters.indexOf(letter)]));
  }

  // --- what is asked ---

  // Parts of one word each, or of several that belong together, as in E-step.
  function parse(text) {
    const unknown = [];
    const mend = (word) => {
      if (pagesWith(word).size) return [word];
      if (index.synonyms[word]) return [index.synonyms[word]];
      const pieces = split(word, 3);
      if (pieces) return pieces;
      const other = nearest(word);
      if (other !== word) unknown.push(word);
      return [other];
    };
    const typed = text.split(/\s+/u).map((part) => wordsOf(part).map((word) => word.stem));
    const all = typed.filter((part) => part.length).map((part) => part.flatMap(mend));
    const telling = all.filter((part) => part.length > 1 || !index.untold.includes(part[0]));
    return { text, whole: all.flat(), parts: telling.length ? telling : all, unknown };
  }

  // What some write as one word and the book as two, kmeans, or as three, logsumexp.
  function split(word, most) {
    const known = [...word].map((_, at) => at).filter((at) => index.words.has(word.slice(0, at)));
    for (const at of known) {
      const rest = stem(word.slice(at));
      if (index.words.has(rest)) return [word.slice(0, at), rest];
    }
    for (const at of most > 2 ? known.filter((at) => at > 2) : []) {
      const rest = split(word.slice(at), most - 1);
      if (rest && rest.every((piece) => piece.length > 2)) return [word.slice(0, at), ...rest];
    }
    return null;
  }

  function nearest(word) {
    if (word.length < 5) return word; // too many others are nearly like it
    let [found, least] = [word, Math.min(2, Math.floor(word.length / 3)) + 1];
    for (const one of index.words.keys()) {
      const far = Math.abs(one.length - word.length) < least ? distance(word, one) : least;
      if (far < least) [found, least] = [one, far];
    }
    return found;
  }

  // How many letters are to be put in, left out or changed.
  function distance(one, other) {
    let row = Array.from({ length: other.length + 1 }, (_, j) => j);
    for (let i = 1; i <= one.length; i += 1) {
      const next = [i];
      for (let j = 1; j <= other.length; j += 1) {
        next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + Number(one[i - 1] !== other[j - 1])));
      }
      row = next;
    }
    return row[other.length];
  }

  // --- what is found ---

  // Where some words stand side by side.
  function runs(words, asked) {
    const starts = words.map((_, at) => at);
    return starts.filter((at) => asked.every((one, i) => at + i < words.length && fits(words[at + i].stem, one)));
  }

  const has = (words, parts) => parts.every((part) => runs(words, part).length > 0);

  // The book's own title is no answer; a name of the code is one for those who typed it.
  function headingOf(page, section, text) {
    const silent = section.code ? section.heading !== text : page.name === index.pages[0];
    return silent ? [] : wordsOf(section.heading);
  }

  function judge(page, section, order, { text, whole, parts }) {
    const heading = headingOf(page, section, text);
    const sentences = section.sentences.map((text) => ({ text, words: wordsOf(text) }));
    const everything = [wordsOf(page.title), wordsOf(section.heading), ...sentences.map(({ words }) => words)];
    const missing = parts.filter((part) => !everything.some((words) => runs(words, part).length)).length;
    const together = sentences.filter(({ words }) => runs(words, whole).length);
    const apart = sentences.filter(({ words }) => has(words, parts));
    const some = sentences.filter(({ words }) => parts.some((part) => runs(words, part).length));
    let rank = SECTION;
    if (runs(heading, whole).length) rank = HEADING_SIDE_BY_SIDE;
    else if (has(heading, parts)) rank = HEADING;
    else if (together.length) rank = SIDE_BY_SIDE;
    else if (apart.length) rank = SENTENCE;
    const [sentence] = [...together, ...apart, ...some, ...sentences];
    const often = (together.length ? together : apart).length;
    return { page, section, order, missing, rank, often, level: rank >= HEADING ? section.level : 0, sentence };
  }

  function better(one, other) {
    return one.missing - other.missing || other.rank - one.rank || one.level - other.level || (one.level ? 0 : other.often - one.often) || one.order - other.order;
  }

  async function find(asked) {
    const on = asked.parts.flat().map(pagesWith);
    const withAll = index.pages.filter((page) => on.every((pages) => pages.has(page)));
    const found = await judged(withAll, asked);
    if (found.some(({ missing }) => missing === 0)) return found.filter(({ missing }) => missing === 0);
    const all = await judged(index.pages.filter((page) => on.some((pages) => pages.has(page))), asked);
    const least = Math.min(...all.map(({ missing }) => missing));
    return least < asked.parts.length ? all.filter(({ missing }) => missing === least) : [];
  }

  async function judged(names, asked) {
    const pages = await Promise.all(names.map(load));
    const places = pages.flatMap((page) => page.sections.map((section) => [page, section]));
    return places.map(([page, section], order) => judge(page, section, order, asked)).sort(better);
  }

  const texts = new Map();
  function load(name) {
    if (!texts.has(name)) {
      texts.set(name, new Promise((resolve, reject) => {
        awaited.set(name, resolve);
        const script = document.createElement("script");
        script.addEventListener("error", () => { texts.delete(name); reject(new Error(name)); });
        script.src = `_search/${name}.js`;
        document.head.append(script);
      }));
    }
    return texts.get(name);
  }

  // --- what is shown ---

  function make(tag, className, ...content) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...content);
    return element;
  }

  // A text with the words that were asked for marked, long ones cut.
  function marked(text, { whole, parts }, cut) {
    const words = wordsOf(text);
    const asked = runs(words, whole).length ? [whole] : parts;
    const spans = asked.flatMap((part) => runs(words, part).map((at) => [words[at].from, words[at + part.length - 1].to]));
    spans.sort(([one], [other]) => one - other);
    const first = spans[0] ?? [0, 0];
    let [from, to] = cut ? [Math.max(0, first[0] - AROUND), Math.min(text.length, first[1] + AROUND)] : [0, text.length];
    if (from > 0) from = text.indexOf(" ", from) + 1;
    if (to < text.length) to = text.lastIndexOf(" ", to);
    const content = from > 0 ? ["… "] : [];
    for (const [begin, end] of spans) {
      if (begin < from || end > to) continue;
      content.push(text.slice(from, begin), make("mark", "", text.slice(begin, end)));
      from = end;
    }
    return [...content, text.slice(from, to), ...(to < text.length ? [" …"] : [])];
  }

  function item({ page, section, sentence }, asked) {
    const anchor = section.level > 1 ? `#${section.anchor}` : "";
    const link = make("a", "", ...marked(section.heading, asked, false));
    link.href = `${page.name}.html${anchor}`;
    const where = section.level > 1 ? `${page.number ? `${page.number} ` : ""}${page.title}` : page.number && `Chapter ${page.number}`;
    const parts = [link];
    if (where) parts.push(make("span", "where", where));
    if (sentence) parts.push(make("p", "", ...marked(sentence.text, asked, true)));
    return make("li", "", ...parts);
  }

  function show(found, asked) {
    const rest = found.slice(AT_ONCE);
    list.replaceChildren(...found.slice(0, AT_ONCE).map((one) => item(one, asked)));
    status.textContent = told(found, asked);
    if (!rest.length) return;
    const more = make("button", "more", `Show ${rest.length} more`);
    more.type = "button";
    more.addEventListener("click", () => {
      const items = rest.map((one) => item(one, asked));
      list.append(...items);
      more.remove();
      items[0].querySelector("a").focus();
    });
    list.after(more);
  }

  function told(found, { text, unknown }) {
    if (!found.length) return `Nothing in the book has “${text}”.`;
    const places = found.length === 1 ? "One place" : `${found.length} places`;
    if (found[0].missing) return `No section has all of “${text}”. ${places} with most of it:`;
    if (unknown.length) return `“${text}” stands nowhere. ${places} with what is written nearly like it:`;
    return `${places} with “${text}”:`;
  }

  async function answer(text) {
    const asked = parse(text);
    if (!asked.whole.length) return;
    status.textContent = "Searching …";
    try {
      show(await find(asked), asked);
    } catch {
      status.textContent = "A part of the search did not arrive. Reload the page to try again.";
    }
  }

  return {
    index(data) {
      const words = data.words.split(" ");
      index = { ...data, words: new Map(words.flatMap((word, i) => (i % 2 ? [] : [[word, words[i + 1]]]))) };
      const text = (new URLSearchParams(location.search).get("q") ?? "").trim();
      if (!field.value) field.value = text;
      if (text) answer(text);
    },
    page(data) { awaited.get(data.name)?.(data); },
  };
})();
