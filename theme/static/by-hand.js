// Exercises by hand: fields for the answers, what is said of them, hints, other numbers.
// `read` and `judge` are those of em_core/exercises/by_hand/judging.py, and tested against them.
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

  globalThis.emByHand = { read, judge };
  if (!globalThis.document) return; // tested without a page

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
    let shown = 0;

    const fields = [...root.querySelectorAll(".em-field")].map((row, i) => {
      const input = make("input", "");
      const verdict = make("p", "em-verdict");
      Object.assign(input, { type: "text", autocomplete: "off", maxLength: 60, inputMode: "text" });
      input.setAttribute("aria-label", row.dataset.name);
      verdict.id = `${root.id}-${i}`;
      verdict.setAttribute("role", "status");
      input.setAttribute("aria-describedby", verdict.id);
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

    function check(event) {
      event.preventDefault();
      const { right, wrong } = data.variants[shown];
      const empty = fields.every(({ input }) => !input.value.trim());
      fields.forEach((field, i) => {
        const written = field.input.value;
        if (written.trim()) say(field, ...judge(written, data.decimals[i], right[i], wrong.map((one) => one[i])));
        else say(field, empty && i === 0 ? "Nothing yet" : "", "Write your answer into the field.");
      });
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
    });
    const another = button("Another one", () => {
      show((shown + 1) % data.variants.length);
      fields[0].input.focus();
    });
    const buttons = make("div", "em-presses");
    buttons.append(button("Check"), hint, another);
    const hinted = make("div", "em-hints");
    hinted.setAttribute("role", "status");
    hinted.append(...hints);
    form.append(root.querySelector(".em-fields"), buttons, hinted);
    form.addEventListener("submit", check);
    question.setAttribute("aria-live", "polite");
    question.after(form);
  }

  function openTarget() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target?.matches(".em-by-hand")) return;
    target.firstElementChild.open = true;
    target.scrollIntoView();
  }

  document.querySelectorAll(".em-by-hand").forEach(mount);
  addEventListener("hashchange", openTarget);
  openTarget();
})();
