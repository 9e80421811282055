// EM and its relatives on one hill, the bound over q and θ: at the right the map and the path, at the
// left the two heights, of the bound (at this q) and of the log-likelihood (at the best q).
(() => {
  "use strict";
  const em = (globalThis.emWidgets ??= { kinds: {} });
  const [WIDTH, HEIGHT, CLIMB] = [600, 340, 226];
  const BASE = 300; // the foot of both drawings
  const HALVES = [0, 0.5, 1];

  em.kinds.family = (scene, tools) => {
    const { svg, html, choice, ask } = tools;
    const { size, names } = scene;
    const variant = choice("Variant", names.map((name, i) => [String(i), name]), (value) => ask(`variant:${value}`));
    const draw = (name, more = {}) => svg("path", { class: name, ...more });
    const text = (u, v, words, more = { "text-anchor": "middle" }) => svg("text", { x: u, y: v, ...more }, words);
    const end = { "text-anchor": "end" };
    const place = ([q, theta]) => [q * size, (1 - theta) * size];
    const hill = svg("g");
    const course = em.course(tools, { width: CLIMB, height: BASE, colours: ["a", "ink"], across: "half-steps", up: "ℓ, and the bound" });
    const trail = em.trail(tools);
    const here = svg("circle", { r: 6, class: "em-here" });
    const stage = svg("svg", { viewBox: `-78 -22 ${WIDTH + 96} ${HEIGHT + 64}`, class: "em-plane", role: "img", "aria-label": "The bound step by step, and the path on its map" },
      ...course.elements,
      svg("g", { transform: `translate(${WIDTH - size} 0)` },
        svg("svg", { width: size, height: size, viewBox: `0 0 ${size} ${size}` }, hill, ...trail.elements),
        svg("rect", { width: size, height: size, class: "em-frame" }),
        here, ...HALVES.map((at) => text(at * size, BASE + 28, at)), text(size / 2, BASE + 56, "q"),
        text(-30, size / 4, "θ"), ...HALVES.map((at) => text(-8, (1 - at) * size + 7, at, end))));
    let trace = null;
    const number = () => names.indexOf(trace.name);
    const fallen = (step) => step > 0 && trace.tops[step] < trace.tops[step - 1] - 1e-9;

    return {
      stage: html("div", { class: "em-one" }, stage),
      choices: [variant.element],
      use: (next) => {
        trace = next;
        variant.select.value = String(number());
        course.use(trace.box, trace.bounds, trace.tops);
        const { contours, bestQ, bestParameter } = scene.hills[scene.on[number()]];
        hill.replaceChildren(
          ...em.contours(tools, contours),
          draw("em-tops em-line-d", { d: em.path(bestParameter.map(place)) }),
          draw("em-tops em-line-a", { d: em.path(bestQ.map(place)) }));
      },
      show: (step) => {
        course.show(step);
        const so = trace.qs.slice(0, step + 1).map((q, i) => place([q, trace.thetas[i]]));
        trail.draw(so);
        em.put(here, so.at(-1));
      },
      status: (step) =>
        `${em.halfTitle(step)}: q ${em.number(trace.qs[step], 3)}, θ ${em.number(trace.thetas[step], 3)}, ℓ ${em.number(trace.tops[step], 4)}${fallen(step) ? " (it fell)" : ""}, bound ${em.number(trace.bounds[step], 4)}`,
      head: ["Step", "q", "θ", "ℓ", "bound"],
      row: (step) => [em.halfTitle(step), ...[trace.qs, trace.thetas, trace.tops, trace.bounds].map((values) => em.number(values[step], 4))],
    };
  };
})();
