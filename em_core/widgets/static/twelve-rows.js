// Two maxima and a saddle over correlation and variance: at the left the map and the way, at the
// right the log-likelihood, on a scale on which the saddle and the maxima are apart.
(() => {
  "use strict";
  const em = (globalThis.emWidgets ??= { kinds: {} });
  const [WIDTH, HEIGHT, CLIMB] = [320, 234, 178];
  const RIGHT = 100; // between the map and the log-likelihood, for the scale

  em.kinds["twelve-rows"] = (scene, tools) => {
    const { svg, html, choice, ask } = tools;
    const { size, names, box } = scene;
    const start = choice("Start", names.map((name, i) => [String(i), name]), (value) => ask(`variant:${value}`));
    const [x, y] = [em.scale(box.slice(0, 2), [0, WIDTH]), em.scale(box.slice(2), [HEIGHT, 0])];
    const place = ([correlation, variance]) => [x(correlation), y(variance)];
    const mark = (name, shape) => (at) => svg("path", { class: name, d: shape, transform: `translate(${place(at)})` });
    const trail = em.trail(tools);
    const here = svg("circle", { r: 6, class: "em-here" });
    const course = em.course(tools, { width: CLIMB, height: HEIGHT, colours: ["ink"], across: "iterations", up: "ℓ" });
    const stage = svg("svg", { viewBox: `-76 -22 ${WIDTH + RIGHT + CLIMB + 98} ${HEIGHT + 86}`, class: "em-plane", role: "img", "aria-label": "The way on the map, and the log-likelihood step by step" },
      svg("svg", { width: WIDTH, height: HEIGHT, viewBox: `0 0 ${size} ${size}`, preserveAspectRatio: "none" }, ...em.contours(tools, scene.contours)),
      em.axes(tools, { width: WIDTH, height: HEIGHT, box, x, y, across: "ρ", up: "σ²" }),
      ...scene.maxima.map(mark("em-summit", "M0-11L10 7H-10Z")), mark("em-saddle", "M-9-9L9 9M-9 9L9-9")(scene.saddle),
      ...trail.elements, here,
      svg("g", { transform: `translate(${WIDTH + RIGHT} 0)` }, ...course.elements));
    let trace = null;
    const title = (step) => (step === 0 ? "Start" : `Iteration ${step}`);

    return {
      stage: html("div", { class: "em-one" }, stage),
      choices: [start.element],
      use: (next) => {
        trace = next;
        start.select.value = String(names.indexOf(trace.name));
        course.use(scene.heights, trace.logLikelihoods);
      },
      show: (step) => {
        const way = trace.places.slice(0, step + 1).map(place);
        trail.draw(way);
        em.put(here, way.at(-1));
        course.show(step);
      },
      status: (step) => {
        const [correlation, variance] = trace.places[step];
        const end = step === trace.last ? `. Here it ends: ${trace.end}` : "";
        return `${title(step)}: ρ ${em.number(correlation, 3)}, σ² ${em.number(variance, 3)}, log-likelihood ${em.number(trace.logLikelihoods[step], 4)}${end}`;
      },
      head: ["Iteration", "ρ", "σ²", "log-likelihood"],
      row: (step) => [String(step), ...trace.places[step].map((value) => em.number(value, 4)), em.number(trace.logLikelihoods[step], 4)],
    };
  };
})();
