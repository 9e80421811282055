// Two components that are moved apart: the ridge, EM's way on it, and the ring of standard errors.
(() => {
  "use strict";
  const em = (globalThis.emWidgets ??= { kinds: {} });
  const [WIDTH, HEIGHT] = [600, 340];
  const BASE = 300; // the foot of both drawings
  const [LEFT, RIGHT] = [-4, 9];
  const PIECES = 130;

  em.kinds.overlap = (scene, tools) => {
    const { svg, html, handle, ask } = tools;
    const { size, highest, grid } = scene;
    const place = ([weight, mean]) => [weight * size, (1 - mean / highest) * size];
    const x = em.scale([LEFT, RIGHT], [size + 50, WIDTH]);
    const y = em.scale([0, 0.42], [BASE, 0]);
    const under = svg("g");
    const ring = svg("path", { class: "em-ring em-line-b" });
    const inner = svg("path", { class: "em-ring em-line-a" });
    const way = svg("polyline", { class: "em-path" });
    const dots = svg("path", { class: "em-dot" });
    const here = svg("circle", { r: 5.5, class: "em-here" });
    const curves = ["em-line-a", "em-line-b", "em-line-ink"].map((name) => svg("path", { class: `em-curve ${name}` }));
    const rug = svg("path", { class: "em-rug" });
    const middle = { "text-anchor": "middle" };
    const text = (u, v, words, more = middle) => svg("text", { x: u, y: v, ...more }, words);
    const names = ["a", "b"].map((name) => svg("text", { class: `em-${name}`, ...middle }, name.toUpperCase()));
    let trace = null;
    let wanted = null; // a key may come before the run that the last one asked for
    const to = (i) => {
      wanted = em.clamp(i, grid.length - 1);
      ask(`all:${wanted}`);
    };
    const start = handle({
      name: "Distance",
      shape: "M0-8L8 7H-8Z",
      drag: ([right]) => to(em.nearest(grid, LEFT + ((right - x(LEFT)) / (WIDTH - x(LEFT))) * (RIGHT - LEFT))),
      move: (right, up) => to(wanted + right + up),
      value: () => ({ min: grid[0], max: grid.at(-1), now: trace.distance, text: em.number(trace.distance, 1) }),
      far: 1000,
    });
    const stage = svg("svg", { viewBox: `-78 -14 ${WIDTH + 96} ${HEIGHT + 76}`, class: "em-plane", role: "group", "aria-label": "The log-likelihood, and the two components" },
      svg("g", { "aria-hidden": "true" },
        svg("svg", { width: size, height: size, viewBox: `0 0 ${size} ${size}` }, under, ring, inner, way, dots, here),
        svg("rect", { width: size, height: size, class: "em-frame" }),
        ...[0, 0.5, 1].map((value) => text(value * size, BASE + 26, String(value))),
        ...[0, 2, 4, 6].map((value) => text(-10, place([0, value])[1] + 7, String(value), { "text-anchor": "end" })),
        text(size / 2, BASE + 56, "weight of B"),
        svg("text", { transform: `translate(-46 ${size / 2}) rotate(-90)`, ...middle }, "mean of B"),
        svg("path", { d: `M${x(LEFT)} ${BASE}H${WIDTH}`, class: "em-frame" }),
        ...[0, 4, 8].map((value) => text(x(value), BASE + 56, String(value))),
        rug, ...curves, ...names),
      start.element);

    const figures = () => {
      const [[weight, mean], [ofWeight, ofMean]] = [trace.errors, trace.known].map((pair) => pair.map((value) => em.number(value, 3)));
      return { weight, mean, ofWeight, ofMean, rate: em.number(trace.rate, 3) };
    };
    const title = (step) => (step === 0 ? "Start" : `Iteration ${step} of ${trace.last}`);

    return {
      stage: html("div", { class: "em-one" }, stage),
      use: (next) => {
        trace = next;
        wanted = em.nearest(grid, trace.distance);
        under.replaceChildren(...em.contours(tools, trace.contours));
        const [ww, wm, mm] = trace.covariance;
        const around = (covariance) => em.path(em.ellipse(trace.top, covariance, 1).map(place), true);
        ring.setAttribute("d", around([ww, wm, mm]));
        inner.setAttribute("d", around([trace.known[0] ** 2, 0, trace.known[1] ** 2]));
        rug.setAttribute("d", trace.x.map((value) => `M${x(value).toFixed(1)} ${BASE}v10`).join(""));
        start.put([x(trace.distance), BASE + 16]);
      },
      show: (step) => {
        const [, mean] = trace.params[step];
        const so = trace.params.slice(0, step + 1).map(place);
        way.setAttribute("points", so.join(" "));
        dots.setAttribute("d", so.map(([u, v]) => `M${u - 2.5} ${v}a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0`).join(""));
        const [u, v] = so.at(-1);
        here.setAttribute("cx", u);
        here.setAttribute("cy", v);
        const places = Array.from({ length: PIECES + 1 }, (_, i) => LEFT + (i / PIECES) * (RIGHT - LEFT));
        const heights = em.bells(trace.params[step]);
        curves.forEach((curve, j) => curve.setAttribute("d", em.path(places.map((at) => [x(at), y(heights[j](at))]))));
        names.forEach((name, j) => {
          const at = [0, mean][j];
          name.setAttribute("x", x(at));
          name.setAttribute("y", Math.min(y(heights[2](at)), y(heights[j](at))) - 8);
        });
      },
      status: (step) => {
        const [weight, mean] = trace.params[step];
        const now = figures();
        return `${title(step)}: weight ${em.number(weight, 3)}, mean ${em.number(mean, 3)}, log-likelihood ${em.number(trace.logLikelihoods[step], 2)}. Distance ${em.number(trace.distance, 1)}: rate ${now.rate}, standard errors ${now.weight} and ${now.mean}, with labels ${now.ofWeight} and ${now.ofMean}`;
      },
      head: ["Iteration", "weight", "mean", "log-likelihood"],
      row: (step) => [String(step), ...trace.params[step].map((value) => em.number(value, 4)), em.number(trace.logLikelihoods[step], 4)],
    };
  };
})();
