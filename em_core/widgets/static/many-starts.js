// Start after start: a dot at the height at which it ends, and the best so far as a staircase.
(() => {
  "use strict";
  const em = (globalThis.emWidgets ??= { kinds: {} });
  const [WIDTH, HEIGHT, LINE] = [560, 260, 24];
  const MANY = 10; // maxima; of more neither lines nor counts can be told apart

  // Heights on the stage, from the highest, each at least a line below the one before.
  em.spread = (heights, line) =>
    heights.reduce((moved, height) => [...moved, Math.max(height, (moved.at(-1) ?? -Infinity) + line)], []);

  em.kinds["many-starts"] = (scene, tools) => {
    const { svg, html, choice, ask } = tools;
    const names = Object.keys(scene.models);
    const go = () => ask(`${model.select.value}:${draw.select.value}`);
    const model = choice("Model", names.map((name) => [name, name]), go);
    const draw = choice("Sixty starts", Array.from({ length: scene.draws }, (_, i) => [String(i), ["the first", "the second", "the third"][i]]), go);
    const axes = svg("g");
    const lines = svg("path", { class: "em-frame em-maxima" });
    const dots = svg("path", { class: "em-dot em-ended" });
    const last = svg("circle", { r: 7, class: "em-last" });
    const stairs = svg("path", { class: "em-curve em-line-b" });
    const counts = svg("g");
    const stage = svg("svg", { viewBox: `-122 -22 ${WIDTH + 180} ${HEIGHT + 84}`, class: "em-plane", role: "img", "aria-label": "Where the starts end" },
      axes, lines, stairs, dots, last, counts);
    let trace = null;
    let levels = null;
    let few = true;
    let x = null;
    let y = null;

    const drawLevels = () => {
      levels = scene.models[trace.model];
      const margin = 0.08 * (levels[0] - levels.at(-1));
      const box = [0, trace.last + 1, levels.at(-1) - margin, levels[0] + margin];
      x = em.scale(box.slice(0, 2), [0, WIDTH]);
      y = em.scale(box.slice(2), [HEIGHT, 0]);
      axes.replaceChildren(em.axes(tools, { width: WIDTH, height: HEIGHT, box, x, y, across: "start", up: "log-likelihood" }));
      lines.setAttribute("d", levels.map((level) => `M0 ${y(level).toFixed(1)}H${WIDTH}`).join(""));
      for (const text of axes.querySelectorAll(".em-axis")) if (text.getAttribute("transform")) text.setAttribute("transform", `translate(-98 ${HEIGHT / 2}) rotate(-90)`);
    };
    const tally = (step) => {
      const found = new Map();
      for (const end of trace.ends.slice(0, step)) found.set(end, (found.get(end) ?? 0) + 1);
      return [...found].sort(([one], [other]) => one - other);
    };
    const share = (value) => em.number(value, 2);
    const end = (step) => em.number(levels[trace.ends[step - 1]], 3);
    return {
      stage: html("div", { class: "em-one" }, stage),
      choices: [model.element, draw.element],
      use: (next) => {
        trace = next;
        model.select.value = trace.model;
        draw.select.value = String(trace.draw);
        drawLevels();
      },
      show: (step) => {
        const ended = trace.ends.slice(0, step);
        dots.setAttribute("d", ended.map((each, i) => `M${(x(i + 1) - 4).toFixed(1)} ${y(levels[each]).toFixed(1)}a4 4 0 1 0 8 0a4 4 0 1 0-8 0`).join(""));
        stairs.setAttribute("d", step ? `M${ended.map((_, i) => `${x(i + 1).toFixed(1)} ${y(levels[trace.best[i + 1]]).toFixed(1)}`).join("H").replace(/H(\S+) (\S+)/g, "H$1V$2")}H${x(step + 1).toFixed(1)}` : "M0 0");
        last.setAttribute("cx", step ? x(step) : -1000);
        last.setAttribute("cy", step ? y(levels[trace.ends[step - 1]]) : -1000);
        const seen = few ? tally(step) : [];
        const places = em.spread(seen.map(([level]) => y(levels[level])), LINE);
        counts.replaceChildren(...seen.map(([, count], i) => svg("text", { x: WIDTH + 10, y: places[i] + 7 }, `${count}×`)));
      },
      status: (step) => {
        if (!step) return "No start yet: press Next, and the first one runs.";
        const { found, once, best, times, unseen, better } = trace;
        return `Start ${step}: ends at ${end(step)}. Best so far: ${em.number(levels[best[step]], 3)}, found ${times[step]}×. Maxima: ${found[step]}, of these once ${once[step]}. Next one new: estimated ${share(once[step] / step)}; of ${trace.others} others ${share(unseen[step])}, better ${share(better[step])}.`;
      },
      head: ["Start", "ends at", "best so far", "found", "maxima", "once", "estimate", "others: new", "better"],
      row: (step) => (step === 0
        ? ["0", "–", "–", "0", "0", "0", "–", share(trace.unseen[0]), share(trace.better[0])]
        : [String(step), end(step), em.number(levels[trace.best[step]], 3), String(trace.times[step]), String(trace.found[step]), String(trace.once[step]),
          share(trace.once[step] / step), share(trace.unseen[step]), share(trace.better[step])]),
    };
  };
})();
