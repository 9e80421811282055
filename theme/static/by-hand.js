// Exercises by hand: fields for the answers, what is said of them, hints, other numbers.
// What was written, and which choices of a quiz were opened, stays in this browser and is shown on the
// page "My progress". `read` and `judge` are those of em_core/exercises/by_hand/judging.py, and tested against them.
(() => {
  "use strict";
  const FRACTIONS = { "½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅖": "2/5",
    "⅗": "3/5", "⅘": "4/5", "⅙": "1/6", "⅚": "5/6", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8" };
  const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:\/(\d+))?$/;
  const LONGEST = 40;
  const CLOSE = 3;
  const EXACT = 1e-9;
  const SLACK = 1.001;

  // A number as learners write it, and how many decimals they gave: null for a fraction.
  function read(written) {
    let text = written.trim().replaceAll("−", "-").replaceAll(",", ".");
    const sign = text.replace(/^[+-]+/, "");
    if (Object.hasOwn(FRACTIONS, sign)) text = text.slice(0, -1) + FRACTIONS[sign];
    const match = [...text].length <= LONGEST ? NUMBER.exec(text) : null;
    if (!match || !(match[2] || match[3])) return null;
    const [, minus, whole, decimals, below] = match;
    if (below === undefined) return [Number(`${minus}${whole || 0}.${decimals || 0}`), (decimals || "").length];
    if (decimals !== undefined || Number(below) === 0) return null;
    return [Number(`${minus}${whole}`) / Number(below), null];
  }

  // What an answer is: a headline, and words or the number of a mistake.
  function judge(written, decimals, right, wrong) {
    const found = read(written);
    if (!found) return ["Not a number", "Write it like 0.25, 0,25 or 1/4."];
    const [value, given] = found;
    const unit = 10 ** -decimals;
    const is = (wanted, units) => Math.abs(value - wanted) <= (decimals ? units * unit * SLACK : EXACT);
    if (is(right, 0.5)) return ["Right", ""];
    const mistake = wrong.findIndex((one) => one !== null && is(one, 1));
    if (mistake >= 0) return ["Not yet", mistake];
    if (decimals && Math.abs(value - right) <= CLOSE * unit * SLACK) {
      return ["Close", "The last digit is off: keep more digits on the way."];
    }
    if (given && given < decimals && Math.abs(value - right) <= 0.5 * 10 ** -given * SLACK) {
      return ["Close", `Right so far; ${decimals} decimal${decimals > 1 ? "s are" : " is"} asked for.`];
    }
    return ["Not yet", ""];
  }

  // --- what is kept -----------------------------------------------------------------------------

  const KIND = "em-answers";
  const LARGEST = 200_000; // signs
  const isCount = (value, most) => Number.isInteger(value) && value >= 0 && value <= most;
  const isSet = (value, most) => Array.isArray(value) && value.length <= 100 && value.every((one) => isCount(one, most));
  const nothing = () => ({ kind: KIND, version: 1, exercises: {}, quizzes: {} });

  const EXERCISE = {
    name: /^[a-z][a-z-]{0,60}$/,
    sound: (one) => isCount(one.variant, 99) && isCount(one.hints, 9) && isSet(one.right, 99)
      && typeof one.solution === "boolean" && typeof one.open === "boolean" && Array.isArray(one.written)
      && one.written.length <= 9 && one.written.every((text) => typeof text === "string" && text.length <= 60)
      && Array.isArray(one.checked) && one.checked.length <= 9 && one.checked.every((field) => typeof field === "boolean"),
    take: ({ variant, hints, right, solution, open, written, checked }) =>
      ({ variant, hints, right: [...new Set(right)], solution, open, written, checked }),
  };
  const QUIZ = {
    name: /^\d{1,3}$/,
    sound: (one) => isCount(one.of, 50) && isSet(one.found, 49) && one.found.every((place) => place < one.of),
    take: ({ of, found }) => ({ of, found: [...new Set(found)] }),
  };

  function taken(given, { name, sound, take }) {
    const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
    const entries = isObject(given) ? Object.entries(given) : [["?", null]];
    const bad = entries.find(([key, value]) => !name.test(key) || !isObject(value) || !sound(value));
    if (bad || entries.length > 500) throw new Error("This file is damaged. Nothing was changed.");
    return Object.fromEntries(entries.map(([key, value]) => [key, take(value)]));
  }

  // What a text of an export says, or an error whose message is for the reader.
  function accept(text) {
    if (text.length > LARGEST) throw new Error("This file is too large to come from here. Nothing was changed.");
    let given = null;
    try { given = JSON.parse(text); } catch { /* told below */ }
    if (given?.kind !== KIND || given.version !== 1) throw new Error("This is no file that “Export” has written. Nothing was changed.");
    return { ...nothing(), exercises: taken(given.exercises, EXERCISE), quizzes: taken(given.quizzes, QUIZ) };
  }

  // Two that were kept: what was right in either is right, else the second holds.
  function united(one, other) {
    const both = (name, join) => {
      const result = { ...one[name], ...other[name] };
      for (const key of Object.keys(one[name])) result[key] = { ...result[key], ...join(one[name][key], result[key]) };
      return result;
    };
    const either = (...lists) => [...new Set(lists.flat())];
    return {
      ...nothing(),
      exercises: both("exercises", (a, b) => ({ right: either(a.right, b.right) })),
      // another edition may have had fewer questions
      quizzes: both("quizzes", (a, b) => ({ of: Math.max(a.of, b.of), found: either(a.found, b.found) })),
    };
  }

  // Of what was kept only what a list has, and how much else there is.
  function listed(state, lists) {
    const parts = ["exercises", "quizzes"].map((part) => [part, Object.entries(state[part])]);
    const known = parts.map(([part, all]) => [part, Object.fromEntries(all.filter(([name]) => lists[part].includes(name)))]);
    const strange = parts.flatMap(([part, all]) => all.filter(([name]) => !lists[part].includes(name)));
    return [{ ...state, ...Object.fromEntries(known) }, strange.length];
  }

  globalThis.emByHand = { read, judge, accept, listed, united };
  if (!globalThis.document) return; // tested without a page

  const store = {
    read() { try { return accept(localStorage.getItem(KIND) ?? ""); } catch { return nothing(); } },
    write(state) { try { localStorage.setItem(KIND, JSON.stringify(state)); } catch { /* it lasts for this page */ } },
    keep(part, name, value) {
      const state = store.read();
      state[part][name] = value;
      store.write(state);
    },
  };

  const make = (name, className, text = "") =>
    Object.assign(document.createElement(name), { className, textContent: text });

  function button(name, action) {
    const made = make("button", "em-press", name);
    made.type = action ? "button" : "submit";
    if (action) made.addEventListener("click", action);
    return made;
  }

  function mount(root) {
    const data = JSON.parse(root.querySelector("script").textContent);
    const said = root.querySelector(".em-said").children;
    const question = root.querySelector(".em-question");
    const hints = [...root.querySelectorAll(".em-hint")];
    const solution = root.querySelector(".em-solution");
    const form = make("form", "em-form");
    const fold = root.firstElementChild;
    const name = root.id.replace("by-hand-", "");
    const kept = store.read().exercises[name];
    let shown = 0;
    let ready = false;

    // In another tab more may have been solved meanwhile, or all of it erased.
    function keep(solved = []) {
      if (!ready) return;
      const right = new Set([...store.read().exercises[name]?.right ?? [], ...solved]);
      store.keep("exercises", name, {
        variant: shown,
        written: fields.map(({ input }) => input.value.slice(0, 60)),
        checked: fields.map(({ verdict }) => verdict.hasChildNodes()),
        hints: hints.filter((one) => !one.hidden).length,
        right: [...right],
        solution: solution.open,
        open: fold.open,
      });
    }

    const fields = [...root.querySelectorAll(".em-field")].map((row, i) => {
      const input = make("input", "");
      const verdict = make("p", "em-verdict");
      Object.assign(input, { type: "text", autocomplete: "off", maxLength: 60, inputMode: "text" });
      input.setAttribute("aria-label", row.dataset.name);
      verdict.id = `${root.id}-${i}`;
      verdict.setAttribute("role", "status");
      const asked = row.querySelector(".em-asked");
      asked.id = `${verdict.id}-asked`;
      input.setAttribute("aria-describedby", `${asked.id} ${verdict.id}`);
      row.querySelector(".em-room").replaceWith(input);
      row.append(verdict);
      return { input, verdict };
    });

    function say({ verdict }, headline, words) {
      const kind = headline === "Right" ? "right" : headline === "Close" ? "" : "wrong";
      verdict.className = `em-verdict ${headline ? kind : ""}`;
      verdict.replaceChildren();
      if (!headline) return;
      verdict.append(make("strong", "", `${headline}.`), " ");
      if (typeof words === "number") verdict.append(...said[words].firstElementChild.cloneNode(true).childNodes);
      else verdict.append(words);
    }

    function answer(field, i) {
      const { right, wrong } = data.variants[shown];
      say(field, ...judge(field.input.value, data.decimals[i], right[i], wrong.map((one) => one[i])));
    }

    function check(event) {
      event.preventDefault();
      const empty = fields.every(({ input }) => !input.value.trim());
      fields.forEach((field, i) => {
        if (field.input.value.trim()) answer(field, i);
        else say(field, empty && i === 0 ? "Nothing yet" : "", "Write your answer into the field.");
      });
      keep(fields.every(({ verdict }) => verdict.classList.contains("right")) ? [shown] : []);
    }

    // A text is made of pieces that stay and of the places of numbers; all of it is the page's own.
    const fill = (pieces) =>
      pieces.map((piece) => (typeof piece === "number" ? data.variants[shown].shown[piece] : piece)).join("");

    function show(number) {
      shown = number;
      question.innerHTML = fill(data.question);
      hints.forEach((hint, i) => {
        hint.innerHTML = fill(data.hints[i]);
        hint.hidden = true;
      });
      hint.disabled = false;
      solution.lastElementChild.innerHTML = fill(data.solution);
      solution.open = false;
      for (const field of fields) {
        field.input.value = "";
        say(field, "");
      }
    }

    const hint = button("Hint", () => {
      const next = hints.find((one) => one.hidden);
      if (next) next.hidden = false;
      hint.disabled = hints.every((one) => !one.hidden);
      keep();
    });
    const another = button("Another one", () => {
      show((shown + 1) % data.variants.length);
      fields[0].input.focus();
      keep();
    });
    const buttons = make("div", "em-presses");
    const link = Object.assign(make("a", "", "My progress"), { href: "progress.html" });
    buttons.append(button("Check"), hint, another, link);
    const hinted = make("div", "em-hints");
    hinted.setAttribute("role", "status");
    hinted.append(...hints);
    form.append(root.querySelector(".em-fields"), buttons, hinted);
    form.addEventListener("submit", check);
    question.setAttribute("aria-live", "polite");
    question.after(form);

    if (kept && kept.variant < data.variants.length) {
      show(kept.variant);
      fields.forEach((field, i) => {
        field.input.value = kept.written[i] ?? "";
        if (kept.checked[i] && field.input.value.trim()) answer(field, i);
      });
      hints.slice(0, kept.hints).forEach((one) => { one.hidden = false; });
      hint.disabled = hints.every((one) => !one.hidden);
      [solution.open, fold.open] = [kept.solution, kept.open];
    }
    form.addEventListener("input", () => keep());
    for (const field of fields) field.input.addEventListener("input", () => say(field, ""));
    // A click, not what toggles: before it prints, the page itself opens all folds.
    for (const one of [solution, fold]) one.firstElementChild.addEventListener("click", () => setTimeout(() => keep()));
    ready = true;
  }

  // A question is a paragraph with a number, and the choices that follow it; one of them says Yes.
  function watchQuiz() {
    const choices = [...document.querySelectorAll(".em-quiz > details")];
    const isRight = (choice) => choice.querySelector("p > strong")?.textContent === "Yes.";
    const rights = choices.filter(isRight);
    const chapter = document.querySelector("article")?.dataset.chapter;
    if (!chapter || !rights.length) return;
    rights.forEach((choice, i) => choice.firstElementChild.addEventListener("click", () => {
      const before = store.read().quizzes[chapter]?.found ?? [];
      const found = new Set(before.filter((place) => place < rights.length)); // an older edition may have had more
      if (!choice.open) store.keep("quizzes", chapter, { of: rights.length, found: [...found.add(i)] });
    }));
  }

  // --- the page "My progress" ----------------------------------------------------------------------

  function showProgress(root) {
    const status = make("p", "em-verdict");
    status.setAttribute("role", "status");
    const named = (kind) => [...root.querySelectorAll(`[data-${kind}]`)].map((row) => row.dataset[kind]);
    const lists = { exercises: named("exercise"), quizzes: named("quiz") };

    function list() {
      const { exercises, quizzes } = store.read();
      for (const row of root.querySelectorAll("[data-exercise]")) {
        const one = exercises[row.dataset.exercise];
        const times = one?.right.length ?? 0;
        const begun = one && (one.written.some((text) => text.trim()) || one.hints || one.solution);
        row.querySelector(".em-state").textContent = times ? `right ${times === 1 ? "once" : `${times} times`}` : begun ? "begun" : "";
      }
      for (const row of root.querySelectorAll("[data-quiz]")) {
        const one = quizzes[row.dataset.quiz];
        row.querySelector(".em-state").textContent = one ? `${one.found.length} of ${one.of} found` : "";
      }
    }

    function tell(headline, words) {
      status.replaceChildren(make("strong", "", headline), ` ${words}`);
    }

    const exporting = button("Export", () => {
      const file = new Blob([JSON.stringify(store.read())], { type: "application/json" });
      const link = Object.assign(make("a", ""), { href: URL.createObjectURL(file), download: "em-progress.json" });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    });
    const chooser = Object.assign(make("input", ""), { type: "file", accept: ".json,application/json", hidden: true });
    chooser.addEventListener("change", async () => {
      const [file] = chooser.files;
      if (!file) return;
      try {
        const text = await file.slice(0, 4 * LARGEST + 1).text(); // enough to see that it is too large
        const [given, strange] = listed(accept(text), lists);
        store.write(united(store.read(), given));
        list();
        const left = strange ? ` ${strange} of its entries ${strange > 1 ? "belong to nothing in this book and were" : "belongs to nothing in this book and was"} left out.` : "";
        tell("Imported.", `What ${file.name} has is added to what was here.${left}`);
      } catch (error) {
        tell("Not imported.", error.message);
      }
      chooser.value = "";
    });
    const importing = button("Import", () => chooser.click());
    const erasing = button("Erase", () => {
      if (erasing.textContent === "Erase") {
        erasing.textContent = "Press again to erase";
        return;
      }
      try { localStorage.removeItem(KIND); } catch { /* nothing was kept */ }
      erasing.textContent = "Erase";
      list();
      tell("Erased.", "Nothing is kept any more.");
    });
    erasing.addEventListener("blur", () => { erasing.textContent = "Erase"; });
    const buttons = make("div", "em-presses");
    buttons.append(exporting, importing, erasing, chooser);
    root.prepend(buttons, status);
    addEventListener("storage", list); // another tab
    list();
  }

  function openTarget() {
    let id = "";
    try { id = decodeURIComponent(location.hash.slice(1)); } catch { /* names no place */ }
    const target = document.getElementById(id);
    if (!target?.matches(".em-by-hand")) return;
    target.firstElementChild.open = true;
    target.scrollIntoView();
  }

  document.querySelectorAll(".em-by-hand").forEach(mount);
  document.querySelectorAll(".em-progress").forEach(showProgress);
  watchQuiz();
  addEventListener("hashchange", openTarget);
  openTarget();
})();
