// The search page. An index says on which pages a word stands; what a page says is a script of its
// own, loaded when all the words may stand on it: from disk, nothing else can be read. What others
// say in other words is looked for in the book's words, too. Of the places that have the words, those
// come first whose heading has them, alone or with the page's title; then those that introduce them,
// in bold; then those of which one sentence has them. Words side by side, in the order in which they
// were typed, come before words apart, and what tells before what repeats, asks or lists.
globalThis.emSearch = (() => {
  "use strict";
  const WORD = /[\p{L}\p{N}]+(?:[’']\p{L}+)?/gu;
  const AT_ONCE = 12; // places that are shown before more are asked for
  const AROUND = 130; // letters of a long sentence that are shown on either side
  const HEADING_SIDE_BY_SIDE = 6, HEADING = 5, HEADING_AND_TITLE = 4, INTRODUCED = 3, SIDE_BY_SIDE = 2, SENTENCE = 1, SECTION = 0;
  const LIST = 2; // what a page of sources stands beside
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
      const pieces = split(word, 3);
      if (pieces) return pieces;
      const other = nearest(word);
      if (other !== word) unknown.push(word);
      return [other];
    };
    const typed = text.split(/\s+/u).map((part) => wordsOf(part).map((word) => word.stem));
    const all = typed.filter((part) => part.length).map((part) => part.flatMap(mend));
    const telling = all.filter((part) => part.length > 1 || !index.untold.includes(part[0]));
    const parts = telling.length ? telling : all;
    return { text, whole: all.flat(), parts, weights: parts.map(weight), unknown };
  }

  // The rarer a part, the more it says about what is looked for.
  function weight(part) {
    const pages = Math.min(...part.map((word) => pagesWith(word).size));
    return pages ? Math.log(1 + index.pages.length / pages) : 0.01;
  }

  // What was typed, and the same in the book's words; without what was typed, if the book has not
  // got all its words.
  function readings(text) {
    const found = [text];
    for (const [theirs, ours] of index.otherWords) {
      for (const one of [...found]) {
        const words = wordsOf(one);
        for (const at of runs(words, theirs, false).slice(0, 1)) {
          const other = one.slice(0, words[at].from) + ours + one.slice(words[at + theirs.length - 1].to);
          if (!found.includes(other)) found.push(other);
        }
      }
    }
    const known = found.filter((one) => wordsOf(one).every((word) => pagesWith(word.stem).size));
    return (known.length ? known : found.slice(0, 1)).map((one, place) => ({ ...parse(one), place }));
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
  function runs(words, asked, begun = true) {
    const starts = words.map((_, at) => at);
    const same = begun ? fits : (one, other) => one === other;
    return starts.filter((at) => asked.every((one, i) => at + i < words.length && same(words[at + i].stem, one)));
  }

  const has = (words, parts) => parts.every((part) => runs(words, part).length > 0);

  // The book's own title is no answer; a name of the code is one, and part of one, for those who
  // typed it.
  function headingOf(page, section, text) {
    const silent = section.code ? section.heading !== text : page.name === index.pages[0];
    const { heading } = section;
    const named = text.includes("_") ? () => true : ({ from, to }) => heading[from - 1] !== "_" && heading[to] !== "_";
    return silent ? [] : wordsOf(heading).filter(named);
  }

  function judge(page, section, order, asked) {
    const { text, whole, parts, weights } = asked;
    const heading = headingOf(page, section, text);
    const title = wordsOf(page.title);
    const sentences = section.sentences.map((text) => ({ text, words: wordsOf(text) }));
    const everything = [title, wordsOf(section.heading), ...sentences.map(({ words }) => words)];
    const lacking = parts.map((part) => !everything.some((words) => runs(words, part).length));
    const missing = weights.reduce((sum, one, i) => sum + (lacking[i] ? one : 0), 0);
    const introduced = section.terms.filter((term) => introduces(wordsOf(term), whole));
    const together = sentences.filter(({ words }) => runs(words, whole).length);
    const apart = sentences.filter(({ words }) => has(words, parts));
    const some = sentences.filter(({ words }) => parts.some((part) => runs(words, part).length));
    const above = [heading, title].map((words) => parts.filter((part) => runs(words, part).length));
    let rank = SECTION;
    if (runs(heading, whole).length) rank = HEADING_SIDE_BY_SIDE;
    else if (has(heading, parts)) rank = HEADING;
    else if (above[0].length && new Set(above.flat()).size === parts.length) rank = HEADING_AND_TITLE;
    else if (introduced.length) rank = INTRODUCED;
    else if (together.length && page.beside < LIST) rank = SIDE_BY_SIDE;
    else if (apart.length) rank = SENTENCE;
    const telling = together.filter((sentence) => introduced.some((term) => sentence.text.includes(term)));
    const [sentence] = [...telling, ...together, ...apart, ...some, ...sentences];
    const often = (together.length ? together : apart).length;
    const beside = 2 * page.beside + Number(section.aside);
    return { page, section, order, asked, missing, rank, beside, often, level: rank >= HEADING ? section.level : 0, sentence };
  }

  // A term in bold may have a word more than was asked for, but is no whole sentence.
  const introduces = (term, whole) => term.length <= whole.length + 1 && runs(term, whole).length > 0;

  function better(one, other) {
    return one.missing - other.missing || other.rank - one.rank || one.asked.place - other.asked.place || one.beside - other.beside || one.level - other.level || (one.level ? 0 : other.often - one.often) || one.order[0] - other.order[0] || one.order[1] - other.order[1];
  }

  // Each place once, as the reading of what was typed that fits it best has found it.
  async function find(text) {
    const best = new Map();
    for (const asked of readings(text)) {
      for (const one of await findAs(asked)) {
        const before = best.get(one.section);
        if (!before || better(one, before) < 0) best.set(one.section, one);
      }
    }
    const all = [...best.values()].sort(better);
    return all.filter(({ missing }) => missing === all[0].missing);
  }

  async function findAs(asked) {
    const on = asked.parts.flat().map(pagesWith);
    const withAll = index.pages.filter((page) => on.every((pages) => pages.has(page)));
    const found = await judged(withAll, asked);
    if (found.some(({ missing }) => missing === 0)) return found.filter(({ missing }) => missing === 0);
    const all = await judged(index.pages.filter((page) => on.some((pages) => pages.has(page))), asked);
    const most = asked.weights.reduce((sum, one) => sum + one, 0);
    return all.filter(({ missing }) => missing < most);
  }

  async function judged(names, asked) {
    const pages = await Promise.all(names.map(load));
    return pages.flatMap((page) => page.sections.map((section, i) => judge(page, section, [index.pages.indexOf(page.name), i], asked)));
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

  function item({ page, section, sentence, asked }) {
    const anchor = section.level > 1 ? `#${section.anchor}` : "";
    const link = make("a", "", ...marked(section.heading, asked, false));
    link.href = `${page.name}.html${anchor}`;
    const where = section.level > 1 ? `${page.number ? `${page.number} ` : ""}${page.title}` : page.number && `Chapter ${page.number}`;
    const parts = [link];
    if (where) parts.push(make("span", "where", where));
    if (sentence) parts.push(make("p", "", ...marked(sentence.text, asked, true)));
    return make("li", "", ...parts);
  }

  function show(found, text) {
    const rest = found.slice(AT_ONCE);
    list.replaceChildren(...found.slice(0, AT_ONCE).map(item));
    status.textContent = told(found, text);
    if (!rest.length) return;
    const more = make("button", "more", `Show ${rest.length} more`);
    more.type = "button";
    more.addEventListener("click", () => {
      const items = rest.map(item);
      list.append(...items);
      more.remove();
      items[0].querySelector("a").focus();
    });
    list.after(more);
  }

  function told(found, text) {
    if (!found.length) return `Nothing in the book has “${text}”.`;
    const places = found.length === 1 ? "One place" : `${found.length} places`;
    const [{ missing, asked }] = found;
    if (missing) return `No section has all of “${text}”. ${places} with most of it:`;
    if (asked.unknown.length) return `“${text}” stands nowhere. ${places} with what is written nearly like it:`;
    if (asked.text !== text) return `${places} with “${text}”, in this book “${asked.text}”:`;
    return `${places} with “${text}”:`;
  }

  async function answer(text) {
    if (!wordsOf(text).length) return;
    status.textContent = "Searching …";
    try {
      show(await find(text), text);
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
