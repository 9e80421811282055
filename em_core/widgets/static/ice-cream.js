// A diary of ice creams: below it, as dots, what was eaten each day; above, how probable it is that the
// day was hot. Each step changes another day; the dotted line stays with the diary as it was written.
(() => {
  "use strict";
  const em = (globalThis.emWidgets ??= { kinds: {} });
  const [WIDTH, HEIGHT, DOT] = [600, 200, 18];
  const BELOW = HEIGHT + 78;
  const WORDS = ["no", "one ice cream", "two ice creams", "three ice creams"];

  em.kinds["ice-cream"] = (scene, tools) => {
    const { svg, html, choice, ask } = tools;
    const { diary } = scene;
    const eaten = choice("Change a day to", WORDS.slice(1).map((words, i) => [String(i + 1), words]), (value) => ask(`eaten:${value}`));
    const box = [0.5, diary.length + 0.5, 0, 1];
    const x = em.scale(box.slice(0, 2), [0, WIDTH]);
    const y = em.scale([0, 1], [HEIGHT, 0]);
    const written = svg("path", { class: "em-written" });
    const shares = svg("path", { class: "em-curve em-line-a" });
    const here = svg("path", { class: "em-drop" });
    const mark = svg("circle", { r: 6, class: "em-last" });
    const creams = svg("path", { class: "em-cream" });
    const changed = svg("path", { class: "em-cream em-changed" });
    const stage = svg("svg", { viewBox: `-78 -16 ${WIDTH + 96} ${BELOW + 60}`, class: "em-plane", role: "img", "aria-label": "How probable it is that each day was hot" },
      em.axes(tools, { width: WIDTH, height: HEIGHT, box, x, y, across: "day, and ice creams eaten", up: "P(hot)" }),
      here, written, shares, mark, creams, changed);
    let trace = null;
    const dots = (day, count) => Array.from({ length: count }, (_, i) =>
      `M${(x(day) - 6).toFixed(1)} ${BELOW + 36 - i * DOT}a6 6 0 1 0 12 0a6 6 0 1 0-12 0`).join("");
    const share = (step, day) => em.number(trace.shares[step][day - 1], 3);
    const moved = (step, day) => `${share(0, day)} → ${share(step, day)}`;
    const there = (day) => day >= 1 && day <= diary.length;
    const as = (day) => (diary[day - 1] === trace.eaten ? "as written" : `not ${diary[day - 1]}`);

    return {
      stage: html("div", { class: "em-one" }, stage),
      choices: [eaten.element],
      use: (next) => {
        trace = next;
        eaten.select.value = String(trace.eaten);
        written.setAttribute("d", em.path(trace.shares[0].map((value, i) => [x(i + 1), y(value)])));
      },
      show: (step) => {
        shares.setAttribute("d", em.path(trace.shares[step].map((value, i) => [x(i + 1), y(value)])));
        here.setAttribute("d", step ? `M${x(step)} 0V${BELOW + 44}` : "M0 0");
        mark.setAttribute("cx", step ? x(step) : -1000);
        mark.setAttribute("cy", step ? y(trace.shares[step][step - 1]) : -1000);
        creams.setAttribute("d", diary.map((count, i) => (i + 1 === step ? "" : dots(i + 1, count))).join(""));
        changed.setAttribute("d", step ? dots(step, trace.eaten) : "M0 0");
      },
      status: (step) => {
        if (!step) return `As written: ${diary.length} days, and how probable it is that each was hot. Next changes day 1.`;
        const beside = [[step - 1, "the day before"], [step + 1, "the day after"]].filter(([day]) => there(day));
        const words = beside.map(([day, name]) => `, ${name} ${moved(step, day)}`).join("");
        return `Day ${step}, ${WORDS[trace.eaten]} (${as(step)}): P(hot) ${moved(step, step)}${words}`;
      },
      head: ["Day changed", "ice creams", "P(hot) that day", "the day before", "the day after"],
      row: (step) => (step === 0
        ? ["none", "–", "–", "–", "–"]
        : [String(step), diary[step - 1] === trace.eaten ? String(trace.eaten) : `${diary[step - 1]} → ${trace.eaten}`, moved(step, step),
          ...[step - 1, step + 1].map((day) => (there(day) ? moved(step, day) : "–"))]),
    };
  };
})();
