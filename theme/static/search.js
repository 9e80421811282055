// The search page. An index has all words and headings. Where some words stand, sentence by sentence,
// and what some sentences say are small scripts, loaded for the words that are asked for and for the
// places that are shown: from disk, nothing else can be read. Of a long text only those words are
// looked for of which there is room for the places. What others say in other words is looked for in
// the book's words, too. Of the places that have the words, those come first whose heading has them,
// alone or with the page's title; then those that introduce them, in bold; then those of which one
// sentence has them. Words side by side, in the order in which they were typed, come before words
// apart, and what tells before what repeats, asks or lists.
globalThis.emSearch = (() => {
  "use strict";
  const WORD = /[\p{L}\p{N}]+(?:[’']\p{L}+)?/gu;
  const AT_ONCE = 12; // places that are shown before more are asked for
  const AROUND = 130; // letters of a long sentence that are shown on either side
  const HEADING_SIDE_BY_SIDE = 6, HEADING = 5, HEADING_AND_TITLE = 4, INTRODUCED = 3, SIDE_BY_SIDE = 2, SENTENCE = 1, SECTION = 0;
  const LEVELS = 10; // as in em_search.py
  const READINGS = 4; // of a text: each word with another one doubles them, and a pasted page has many
  const ANY = ""; // in place of a word that is not looked for
  const LIST = 2; // what a page of sources stands beside
  const field = document.getElementById("q");
  const status = document.getElementById("search-status");
  const list = document.getElementById("search-results");
  const awaited = new Map(); // a part's name → what takes it
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

  // One that the book has with hyphens, too, as several: kmeans as k-means.
  function wordsOf(text) {
    return [...text.matchAll(WORD)].flatMap(({ 0: word, index: from }) => {
      const pieces = index.apart.get(stem(word)) ?? [stem(word)];
      return pieces.map((piece) => ({ stem: piece, from, to: from + word.length }));
    });
  }

  // Of a longer word the beginning will do.
  const fits = (one, asked) => one === asked || (asked.length > 2 && one.startsWith(asked));

  // The book's words that are asked for, with their places among all.
  const vocabularies = new Map();
  function vocabulary(asked) {
    if (!vocabularies.has(asked)) vocabularies.set(asked, [...index.words].filter(([one]) => fits(one, asked)));
    return vocabularies.get(asked);
  }

  const known = (asked) => vocabulary(asked).length > 0;

  // --- what is asked ---

  // Parts of one word each, or of several that belong together, as in E-step.
  function parse(text) {
    const unknown = [];
    const mend = (word) => {
      if (known(word)) return [word];
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
    return { text, whole: all.flat(), parts, unknown };
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
          if (found.length < READINGS && !found.includes(other)) found.push(other);
        }
      }
    }
    const all = found.filter((one) => wordsOf(one).every((word) => known(word.stem)));
    return (all.length ? all : found.slice(0, 1)).map((one, place) => ({ ...parse(one), place }));
  }

  // What some write as one word and the book as two, kmeans, or as three, logsumexp.
  function split(word, most) {
    const ends = [...word].map((_, at) => at).filter((at) => index.words.has(word.slice(0, at)));
    for (const at of ends) {
      const rest = stem(word.slice(at));
      if (index.words.has(rest)) return [word.slice(0, at), rest];
    }
    for (const at of most > 2 ? ends.filter((at) => at > 2) : []) {
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

  // Where some words stand side by side; in place of one that is not looked for, any may stand.
  function runs(words, asked, begun = true) {
    const starts = [...words.keys()];
    const same = begun ? fits : (one, other) => one === other;
    const stands = (word, one) => one === ANY || (word && same(word.stem, one));
    return starts.filter((at) => at + asked.length <= words.length && asked.every((one, i) => stands(words[at + i], one)));
  }

  const has = (words, parts) => parts.every((part) => runs(words, part).length > 0);

  // The book's own title is no answer; a name of the code is one, and part of one, for those who
  // typed it.
  function headingOf(page, section, text) {
    const silent = section.code ? section.heading !== text : page.first;
    const { heading } = section;
    const named = text.includes("_") ? () => true : ({ from, to }) => heading[from - 1] !== "_" && heading[to] !== "_";
    return silent ? [] : wordsOf(heading).filter(named);
  }

  // Of each section's sentences only the words that are asked for are known, and where they stand.
  function judge(section, said, asked) {
    const { page, title, order } = section;
    const { text, whole, parts, weights } = asked;
    const heading = headingOf(page, section, text);
    const sentences = [...said].map(([number, words]) => ({ number, words }));
    const everything = [title, section.words, ...sentences.map(({ words }) => words)];
    const lacking = parts.map((part) => !everything.some((words) => runs(words, part).length));
    const missing = weights.reduce((sum, one, i) => sum + (lacking[i] ? one : 0), 0);
    const introduced = section.terms.filter(({ words }) => introduces(words, whole));
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
    const telling = together.filter((sentence) => introduced.some((term) => term.within.includes(sentence.number)));
    const [{ number }] = [...telling, ...together, ...apart, ...some, { number: 0 }];
    const often = (together.length ? together : apart).length;
    const beside = 2 * page.beside + Number(section.aside);
    return { page, section, order, asked, missing, rank, beside, often, level: rank >= HEADING ? section.level : 0, sentence: section.from + number };
  }

  // A term in bold may have a word more than was asked for, but is no whole sentence.
  const introduces = (term, whole) => term.length <= whole.length + 1 && runs(term, whole).length > 0;

  function better(one, other) {
    return one.missing - other.missing || other.rank - one.rank || one.asked.place - other.asked.place || one.beside - other.beside || one.level - other.level || (one.level ? 0 : other.often - one.often) || one.order[0] - other.order[0] || one.order[1] - other.order[1];
  }

  // Each place once, as the reading of what was typed that fits it best has found it.
  async function find(text) {
    const best = new Map();
    const { all, words } = lookedFor(text);
    const said = await placesOf(words);
    for (const asked of all) {
      for (const one of findAs(asked, said)) {
        const before = best.get(one.section);
        if (!before || better(one, before) < 0) best.set(one.section, one);
      }
    }
    const found = [...best.values()].sort(better);
    return found.filter(({ missing }) => missing === found[0].missing);
  }

  // The readings, and the book's words, with their places among all, for which there is room: first
  // those that were typed, beginning with what says something about the answer; then longer ones.
  function lookedFor(text) {
    const all = readings(text);
    const asked = [...all.flatMap(({ parts }) => parts.flat()), ...all.flatMap(({ whole }) => whole)];
    const longer = [...new Set(asked)].flatMap(vocabulary);
    const typed = asked.filter((one) => index.words.has(one)).map((one) => [one, index.words.get(one)]);
    const words = new Map();
    const parts = new Set();
    let room = index.room;
    for (const [word, at] of [...typed, ...longer]) {
      const part = partOf("places", at);
      const weight = parts.has(part) ? 0 : index.weights[part];
      if (weight > room) continue;
      room -= weight;
      parts.add(part);
      words.set(word, at);
    }
    return { all: all.map((one) => cut(one, words)).filter(({ parts: left }) => left.length), words, parts };
  }

  // A reading without the words for which there was no room.
  function cut(asked, words) {
    const left = (one) => (index.words.has(one) ? words.has(one) : !known(one) || vocabulary(one).some(([longer]) => words.has(longer)));
    if (asked.whole.every(left)) return { ...asked, typed: asked, short: false };
    const parts = new Map(asked.parts.filter((part) => part.every(left)).map((part) => [part.join(" "), part]));
    const whole = asked.whole.map((one) => (left(one) ? one : ANY));
    while (whole.at(-1) === ANY) whole.pop();
    while (whole[0] === ANY) whole.shift();
    return { ...asked, whole, parts: [...parts.values()], typed: asked, short: true };
  }

  function findAs({ parts, ...rest }, said) {
    const asked = { ...rest, parts, weights: parts.map((part) => weight(part, said)) };
    const found = index.sections.map((section, i) => judge(section, said[i], asked));
    const whole = found.filter(({ missing }) => missing === 0);
    const most = asked.weights.reduce((sum, one) => sum + one, 0);
    return whole.length ? whole : found.filter(({ missing }) => missing < most);
  }

  // The rarer a part, the more it says about what is looked for.
  function weight(part, said) {
    const pages = Math.min(...part.map((word) => pagesWith(word, said)));
    return pages ? Math.log(1 + index.pages.length / pages) : 0.01;
  }

  function pagesWith(asked, said) {
    const known = (words) => words.some((word) => fits(word.stem, asked));
    const found = index.sections.filter(({ title, words }, i) => [title, words, ...said[i].values()].some(known));
    return new Set(found.map(({ page }) => page)).size;
  }

  // For each section the sentences that have some of the words: a number, and the words at their
  // places, with gaps for all others.
  async function placesOf(all) {
    const said = index.sections.map(() => new Map());
    const loaded = await Promise.all([...all].map(async ([word, at]) => [word, await entry("places", at)]));
    const found = loaded.flatMap(([word, places]) => sums(numbers(places)).map((place) => [place, word]));
    found.sort(([one], [other]) => one - other);
    let sentence = 0;
    for (const [place, word] of found) {
      while (place >= index.starts[sentence + 1]) sentence += 1;
      const section = index.sectionOf[sentence];
      const number = sentence - index.sections[section].from;
      if (!said[section].has(number)) said[section].set(number, []);
      said[section].get(number)[place - index.starts[sentence]] = { stem: word };
    }
    return said;
  }

  // One of the words' places, or of the sentences, out of the part in which it stands.
  async function entry(kind, at) {
    const part = partOf(kind, at);
    return (await load(`${kind}${part}`))[at - index[kind][part]];
  }

  function partOf(kind, at) {
    let part = 0;
    while (at >= index[kind][part + 1]) part += 1;
    return part;
  }

  const arrived = new Map();
  function load(name) {
    if (!arrived.has(name)) {
      arrived.set(name, new Promise((resolve, reject) => {
        awaited.set(name, resolve);
        const script = document.createElement("script");
        script.addEventListener("error", () => { arrived.delete(name); reject(new Error(name)); });
        script.src = `_search/${name}.js`;
        document.head.append(script);
      }));
    }
    return arrived.get(name);
  }

  // Numbers as they are written in em_search.py: small ones as one sign, of larger ones the end first.
  function numbers(text) {
    const half = index.signs.length / 2;
    const found = [];
    let [soFar, place] = [0, 1];
    for (const one of text) {
      const sign = index.signs.indexOf(one);
      soFar += (sign % half) * place;
      place *= half;
      if (sign < half) {
        found.push(soFar);
        [soFar, place] = [0, 1];
      }
    }
    return found;
  }

  function sums(gaps) {
    let sum = 0;
    return gaps.map((gap) => (sum += gap));
  }

  // --- what is shown ---

  function make(tag, className, ...content) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...content);
    return element;
  }

  // A text with the words that were asked for marked, long ones cut.
  function marked(text, { typed: { whole, parts } }, short) {
    const words = wordsOf(text);
    const asked = runs(words, whole).length ? [whole] : parts;
    const spans = asked.flatMap((part) => runs(words, part).map((at) => [words[at].from, words[at + part.length - 1].to]));
    spans.sort(([one], [other]) => one - other);
    const first = spans[0] ?? [0, 0];
    let [from, to] = short ? [Math.max(0, first[0] - AROUND), Math.min(text.length, first[1] + AROUND)] : [0, text.length];
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

  const items = (places) => Promise.all(places.map(item));

  async function item({ page, section, sentence, asked }) {
    const text = section.count ? await entry("sentences", sentence) : "";
    const anchor = section.level > 1 ? `#${section.anchor}` : "";
    const link = make("a", "", ...marked(section.heading, asked, false));
    link.href = `${page.name}.html${anchor}`;
    const where = section.level > 1 ? `${page.number ? `${page.number} ` : ""}${page.title}` : page.number && `Chapter ${page.number}`;
    const parts = [link];
    if (where) parts.push(make("span", "where", where));
    if (text) parts.push(make("p", "", ...marked(text, asked, true)));
    return make("li", "", ...parts);
  }

  async function show(found, text) {
    const rest = found.slice(AT_ONCE);
    list.replaceChildren(...(await items(found.slice(0, AT_ONCE))));
    status.textContent = told(found, text);
    if (!rest.length) return;
    const more = make("button", "more", `Show ${rest.length} more`);
    more.type = "button";
    more.addEventListener("click", () => trying(async () => {
      const others = await items(rest);
      if (!more.isConnected) return; // pressed twice
      list.append(...others);
      more.remove();
      others[0].querySelector("a").focus();
    }));
    list.after(more);
  }

  function told(found, text) {
    if (!found.length) return `Nothing in the book has “${text}”.`;
    const places = found.length === 1 ? "One place" : `${found.length} places`;
    const [{ missing, asked }] = found;
    if (missing) return `No section has all of “${text}”. ${places} with most of it:`;
    if (asked.short) return `${places} with most of “${text}”:`;
    if (asked.unknown.length) return `“${text}” stands nowhere. ${places} with what is written nearly like it:`;
    if (asked.text !== text) return `${places} with “${text}”, in this book “${asked.text}”:`;
    return `${places} with “${text}”:`;
  }

  async function answer(text) {
    if (!wordsOf(text).length) return;
    status.textContent = "Searching …";
    await trying(async () => show(await find(text), text));
  }

  async function trying(what) {
    try {
      await what();
    } catch {
      status.textContent = "A part of the search did not arrive. Reload the page to try again.";
    }
  }

  // The index, unfolded: each section with its page, and where each sentence's words begin.
  function unfolded(data) {
    index = { ...data, apart: new Map(Object.entries(data.apart)), words: new Map(), sections: [], sectionOf: [] };
    let before = "";
    for (const one of data.words.split(" ")) {
      before = before.slice(0, data.signs.indexOf(one[0])) + one.slice(1);
      index.words.set(before, index.words.size);
    }
    const lengths = [];
    index.pages = data.pages.map(([name, title, number, beside, sections], i) => {
      const page = { name, title, number, beside, first: i === 0 };
      sections.forEach(([anchor, heading, flags, said, ...terms], j) => {
        const of = numbers(said);
        const section = { page, title: wordsOf(title), order: [i, j], heading, words: wordsOf(heading), from: lengths.length, count: of.length };
        section.anchor = anchor || heading.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
        [section.level, section.code, section.aside] = [flags % LEVELS, Math.floor(flags / LEVELS) % 2 > 0, flags >= 2 * LEVELS];
        section.terms = terms.flatMap((term, at) => (at % 2 ? [] : [{ words: wordsOf(term), within: sums(numbers(terms[at + 1])) }]));
        index.sectionOf.push(...of.map(() => index.sections.length));
        index.sections.push(section);
        lengths.push(...of);
      });
      return page;
    });
    index.starts = [0, ...sums(lengths)];
    index.weights = numbers(data.weights);
    for (const kind of ["places", "sentences"]) index[kind] = [0, ...sums(numbers(data[kind]))];
  }

  return {
    index(data) {
      unfolded(data);
      const text = (new URLSearchParams(location.search).get("q") ?? "").trim();
      if (!field.value) field.value = text;
      if (text) answer(text);
    },
    // What a search loads to find its places: how much that is can be told before anything is drawn.
    needs: (text) => [...lookedFor(text).parts].map((part) => `places${part}`),
    part(name, entries) { awaited.get(name)?.(entries); },
  };
})();
