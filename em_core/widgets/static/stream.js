// Rows that come in, a block a step: for each of three step sizes a panel with the ways of two means,
// and, dotted, where they should be.
(() => {
  "use strict";
  const em = (globalThis.emWidgets ??= { kinds: {} });
  const [WIDE, HEIGHT, GAP] = [184, 230, 24];
  const WIDTH = 3 * WIDE + 2 * GAP;

  em.kinds.stream = (scene, tools) => {
    const { svg, html, choice, ask } = tools;
    const which = choice("Rows", scene.streams.map((name, i) => [String(i), name]), (value) => ask(`stream:${value}`));
    const y = em.scale(scene.box, [HEIGHT, 0]);
    const middle = { "text-anchor": "middle" };
    const panels = [0, 1, 2].map((i) => ({
      left: i * (WIDE + GAP),
      title: svg("text", { x: WIDE / 2, y: -14, ...middle }),
      aims: [0, 1].map(() => svg("path", { class: "em-written" })),
      ways: ["em-line-a", "em-line-b"].map((name) => svg("path", { class: `em-curve ${name}` })),
      dots: ["em-a", "em-b"].map((name) => svg("circle", { r: 5, class: name })),
      ticks: svg("g"),
    }));
    const stage = svg("svg", { viewBox: `-78 -42 ${WIDTH + 90} ${HEIGHT + 106}`, class: "em-plane", role: "img", "aria-label": "The ways of two means, for three step sizes" },
      svg("g", { "aria-hidden": "true" },
        ...em.ticks(...scene.box).map(([value, text]) => svg("text", { x: -10, y: y(value) + 7, "text-anchor": "end" }, text)),
        svg("text", { x: WIDTH / 2, y: HEIGHT + 56, ...middle }, "rows read"),
        svg("text", { transform: `translate(-58 ${HEIGHT / 2}) rotate(-90)`, ...middle }, "means"),
        ...panels.map((panel) => svg("g", { transform: `translate(${panel.left} 0)` },
          svg("path", { d: `M0 0V${HEIGHT}H${WIDE}`, class: "em-frame" }),
          ...em.ticks(...scene.box).map(([value]) => svg("path", { d: `M0 ${y(value)}h-5`, class: "em-frame" })),
          panel.ticks, panel.title, ...panel.aims, ...panel.ways, ...panel.dots))));
    let trace = null;
    let x = null;
    const both = (pair) => pair.map((value) => em.number(value, 1)).join(" and ");
    const rows = (step) => `${step * scene.block} rows read`;
    // "t^−0.6" with its exponent above.
    const raised = (name) => {
      const [base, exponent] = name.split("^");
      return exponent ? [base, svg("tspan", { dy: -7, "font-size": "75%" }, exponent)] : [base];
    };

    return {
      stage: html("div", { class: "em-one" }, stage),
      choices: [which.element],
      use: (next) => {
        trace = next;
        which.select.value = String(trace.stream);
        x = em.scale([0, trace.last], [0, WIDE]);
        panels.forEach((panel, i) => {
          panel.title.replaceChildren(...raised(trace.steps[i]));
          panel.ticks.replaceChildren(...[0.25, 0.75].map((part) => Math.round(part * trace.last)).flatMap((at) => [
            svg("path", { d: `M${x(at)} ${HEIGHT}v5`, class: "em-frame" }),
            svg("text", { x: x(at), y: HEIGHT + 26, ...middle }, String(at * scene.block))]));
          panel.aims.forEach((aim, j) => aim.setAttribute("d", em.path(trace.aims.map((pair, t) => [x(t), y(pair[j])]))));
        });
      },
      show: (step) => {
        panels.forEach((panel, i) => [0, 1].forEach((j) => {
          const way = trace.means[i].slice(0, step + 1).map((pair, t) => [x(t), y(pair[j])]);
          panel.ways[j].setAttribute("d", em.path(way));
          panel.dots[j].setAttribute("cx", way.at(-1)[0]);
          panel.dots[j].setAttribute("cy", way.at(-1)[1]);
        }));
      },
      status: (step) => {
        const words = trace.steps.map((name, i) => `${both(trace.means[i][step])} with ${name.replace("^", " to the ")}`).join(", ");
        return `${rows(step)}: means ${words}; they should be at ${both(trace.aims[step])}`;
      },
      head: ["Rows read", ...["first", "second", "third"].map((place) => `means, ${place} step size`), "should be"],
      row: (step) => [String(step * scene.block), ...trace.means.map((path) => both(path[step])), both(trace.aims[step])],
    };
  };
})();
