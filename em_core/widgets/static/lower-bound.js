// The log-likelihood in θ_A, a bound that touches it, and the step to the bound's top.
(() => {
  "use strict";
  const em = (globalThis.emWidgets ??= { kinds: {} });
  const [WIDTH, HEIGHT] = [600, 340];
  const WEIGHTS = [0.5, 0.5];

  em.kinds["lower-bound"] = (scene, tools) => {
    const { svg, html, handle, ask } = tools;
    const [low, high] = scene.box;
    const x = em.scale([0, 1], [0, WIDTH]);
    const y = em.scale([low, high], [HEIGHT, 0]);
    const [places, values] = scene.curve;
    const drawn = (heights) => em.path(places.map((place, i) => [x(place), y(Math.max(heights[i], low - 5 * (high - low)))]));
    const bound = svg("path", { class: "em-curve em-line-b" });
    const before = svg("path", { class: "em-curve em-before" });
    const tangent = svg("path", { class: "em-tangent" });
    const gap = svg("path", { class: "em-gap" });
    const gapText = svg("text", { class: "em-value em-c" });
    const trail = svg("path", { class: "em-dot" });
    const down = svg("path", { class: "em-drop" });
    const here = svg("path", { d: "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0", class: "em-here" });
    const top = svg("path", { d: "M-7-5H7L0 8Z", class: "em-top" });
    let trace = null;
    let wanted = null; // a key may come before the run that the last one asked for
    const to = (i) => {
      wanted = em.clamp(i, scene.grid.length - 1);
      ask(`all:${wanted}`);
    };
    const start = handle({
      name: "θ_A at the start".replace("_", ""),
      shape: "M0-8L8 7H-8Z",
      drag: ([place]) => to(em.nearest(scene.grid, place / WIDTH)),
      move: (right, up) => to(wanted + right + up),
      value: () => ({ min: scene.grid[0], max: scene.grid.at(-1), now: trace.thetas[0], text: em.number(trace.thetas[0], 2) }),
      far: 1000,
    });
    const plane = svg("rect", { width: WIDTH, height: HEIGHT, class: "em-plane-of-starts" });
    plane.addEventListener("click", (event) => start.follow(event));
    const stage = svg("svg", { viewBox: `-78 -14 ${WIDTH + 96} ${HEIGHT + 76}`, class: "em-plane", role: "group", "aria-label": "Log-likelihood and lower bound over θA" },
      svg("g", { "aria-hidden": "true" },
        em.axes(tools, { width: WIDTH, height: HEIGHT, box: [0, 1, low, high], x, y, across: "θ_A", up: "log-likelihood" }),
        plane,
        svg("svg", { width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}` },
          before, bound, svg("path", { d: drawn(values), class: "em-curve em-line-ink" }), tangent, down, gap, trail, top, here),
        gapText),
      start.element);

    // The bound made at θ_A⁽ʳ⁾.
    const boundAt = (r) => {
      const shares = em.coinResponsibilities(scene.x, [trace.thetas[r], scene.thetaB], WEIGHTS);
      return places.map((place) => em.coinBound(scene.x, [place, scene.thetaB], WEIGHTS, shares, scene.logBinomials));
    };
    const figures = (step) => {
      const bounded = em.bounded(trace, step);
      return { ...bounded, theta: trace.thetas[bounded.t], slope: trace.slopes[bounded.t] };
    };

    return {
      stage: html("div", { class: "em-one" }, stage),
      use: (next) => {
        trace = next;
        wanted = em.nearest(scene.grid, trace.thetas[0]);
        start.put([x(trace.thetas[0]), HEIGHT]);
      },
      show: (step) => {
        const { t, r, theta, logLikelihood, lower, gap: size, slope } = figures(step);
        const [u, v] = [x(theta), y(logLikelihood)];
        bound.setAttribute("d", r === null ? "" : drawn(boundAt(r)));
        before.setAttribute("d", r > 0 ? drawn(boundAt(r - 1)) : "");
        here.setAttribute("transform", `translate(${u} ${v})`);
        down.setAttribute("d", `M${u} ${v}V${HEIGHT}`);
        trail.setAttribute("d", trace.thetas.slice(0, t).map((past, i) => `M${x(past) - 3.5} ${y(trace.logLikelihoods[i])}a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0`).join(""));
        const touching = r === t && r !== null;
        const run = 0.07;
        tangent.setAttribute("d", touching ? em.path([-run, run].map((d) => [x(theta + d), y(logLikelihood + slope * d)])) : "");
        const moved = r !== null && r < t;
        gap.setAttribute("d", moved ? `M${u} ${v}V${y(lower)}` : "");
        top.setAttribute("transform", moved ? `translate(${u} ${y(lower) - 8})` : "translate(-99 -99)");
        gapText.textContent = moved ? `gap ${em.number(size, 3)}` : "";
        if (!moved) return;
        const lines = [values, boundAt(r)].flatMap((heights) => em.along(places.map((place, i) => [x(place), y(heights[i])])));
        em.labels({ width: WIDTH, height: HEIGHT }, lines)(gapText, [u, (v + y(lower)) / 2], "right");
      },
      status: (step) => {
        const now = figures(step);
        const { r, t, theta, logLikelihood, slope } = now;
        const touching = r === t ? `, slope of both ${em.number(slope, 2)}` : "";
        return `${em.halfTitle(step)}: θ_A ${em.number(theta, 3)}, log-likelihood ${em.number(logLikelihood, 2)}${em.boundWords(now)}${touching}`;
      },
      head: ["Step", "θ_A", "log-likelihood", "lower bound", "gap", "slope of the log-likelihood"],
      row: (step) => {
        const now = figures(step);
        const { theta, logLikelihood, slope } = now;
        return [em.halfTitle(step), em.number(theta, 4), em.number(logLikelihood, 4), ...em.boundCells(now), em.number(slope, 3)];
      },
    };
  };
})();
