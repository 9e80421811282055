// The log-likelihood in θ_A, a bound that touches it, and the step to the bound's top.
(() => {
  "use strict";
  const em = (globalThis.emWidgets ??= { kinds: {} });
  const [WIDTH, HEIGHT] = [600, 340];
  const WEIGHTS = [0.5, 0.5];
  // Three of them that count: slopes and curvatures differ by factors of thousands.
  const digits = (value) => String(Number(value.toPrecision(3))).replace("-", "−");

  em.kinds["lower-bound"] = (scene, tools) => {
    const { svg, html, handle, ask } = tools;
    const [low, high] = scene.box;
    const [from, until] = scene.span;
    const x = em.scale(scene.span, [0, WIDTH]);
    const y = em.scale([low, high], [HEIGHT, 0]);
    const [places, values] = scene.curve;
    const drawn = (heights) => em.path(places.map((place, i) => [x(place), y(Math.max(heights[i], low - 5 * (high - low)))]));
    const bound = svg("path", { class: "em-curve em-line-b" });
    const before = svg("path", { class: "em-curve em-before" });
    const tangent = svg("path", { class: "em-tangent" });
    const base = svg("path", { class: "em-drop" });
    const rise = svg("path", { class: "em-rise" });
    const gap = svg("path", { class: "em-gap" });
    const riseText = svg("text", { class: "em-value em-b" });
    const gapText = svg("text", { class: "em-value em-c" });
    const trail = svg("path", { class: "em-dot" });
    const down = svg("path", { class: "em-drop" });
    const here = svg("path", { d: "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0", class: "em-here" });
    const top = svg("path", { d: "M-11 0H11", class: "em-top" });
    let trace = null;
    let wanted = null; // a key may come before the run that the last one asked for
    const to = (i) => {
      wanted = em.clamp(i, scene.grid.length - 1);
      ask(`all:${wanted}`);
    };
    const start = handle({
      name: `${scene.across} at the start`.replace("_", ""),
      shape: "M0-8L8 7H-8Z",
      drag: ([place]) => to(em.nearest(scene.grid, from + (place / WIDTH) * (until - from))),
      move: (right, up) => to(wanted + right + up),
      value: () => ({ min: scene.grid[0], max: scene.grid.at(-1), now: trace.thetas[0], text: em.number(trace.thetas[0], 2) }),
      far: 1000,
    });
    const plane = svg("rect", { width: WIDTH, height: HEIGHT, class: "em-plane-of-starts" });
    plane.addEventListener("click", (event) => start.follow(event));
    // Where the ticks are long, its name has no room beside them.
    const name = "log-likelihood";
    const isInside = em.ticks(low, high).some(([, tick]) => tick.length > 4);
    const stage = svg("svg", { viewBox: `-78 -14 ${WIDTH + 96} ${HEIGHT + 76}`, class: "em-plane", role: "group", "aria-label": `Log-likelihood and lower bound over ${scene.across}`.replace("_", "") },
      svg("g", { "aria-hidden": "true" },
        em.axes(tools, { width: WIDTH, height: HEIGHT, box: [...scene.span, low, high], x, y, across: scene.across, up: isInside ? "" : name }),
        svg("text", { x: 8, y: 20 }, isInside ? name : ""),
        plane,
        svg("svg", { width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}` },
          before, bound, svg("path", { d: drawn(values), class: "em-curve em-line-ink" }), tangent, down, base, rise, gap, trail, top, here),
        riseText, gapText),
      start.element);

    // The bound made at θ_A⁽ʳ⁾, which for other models than the coins comes with the run.
    const boundAt = (r) => {
      if (trace.curves) return trace.curves[r];
      const shares = em.coinResponsibilities(scene.x, [trace.thetas[r], scene.thetaB], WEIGHTS);
      return places.map((place) => em.coinBound(scene.x, [place, scene.thetaB], WEIGHTS, shares, scene.logBinomials));
    };
    const figures = (step) => {
      const bounded = em.bounded(trace, step);
      const { t, r, lower } = bounded;
      // What the M-step has gained: the bound's rise from where it touched; the rest is the gap.
      const gained = r !== null && r < t ? lower - trace.logLikelihoods[r] : null;
      return { ...bounded, gained, theta: trace.thetas[t], slope: trace.slopes[t], curvature: trace.curvatures[t] };
    };

    return {
      stage: html("div", { class: "em-one" }, stage),
      use: (next) => {
        trace = next;
        wanted = em.nearest(scene.grid, trace.thetas[0]);
        start.put([x(trace.thetas[0]), HEIGHT]);
      },
      show: (step) => {
        const { t, r, theta, logLikelihood, lower, gap: size, gained, slope } = figures(step);
        const [u, v] = [x(theta), y(logLikelihood)];
        bound.setAttribute("d", r === null ? "" : drawn(boundAt(r)));
        before.setAttribute("d", r > 0 ? drawn(boundAt(r - 1)) : "");
        here.setAttribute("transform", `translate(${u} ${v})`);
        down.setAttribute("d", `M${u} ${v}V${HEIGHT}`);
        trail.setAttribute("d", trace.thetas.slice(0, t).map((past, i) => `M${x(past) - 3.5} ${y(trace.logLikelihoods[i])}a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0`).join(""));
        const touching = r === t && r !== null;
        const run = 0.07 * (until - from);
        tangent.setAttribute("d", touching ? em.path([-run, run].map((d) => [x(theta + d), y(logLikelihood + slope * d)])) : "");
        const moved = gained !== null;
        const [left, floor, middle] = moved ? [x(trace.thetas[r]), y(trace.logLikelihoods[r]), y(lower)] : [];
        base.setAttribute("d", moved ? `M${left} ${floor}H${u}` : "");
        rise.setAttribute("d", moved ? `M${u} ${floor}V${middle}` : "");
        gap.setAttribute("d", moved ? `M${u} ${middle}V${v}` : "");
        top.setAttribute("transform", moved ? `translate(${u} ${middle})` : "translate(-99 -99)");
        riseText.textContent = floor - middle > 8 ? `bound +${em.number(gained, 3)}` : ""; // else too small to be seen
        gapText.textContent = moved ? `gap +${em.number(size, 3)}` : "";
        if (!moved) return;
        const curves = [values, boundAt(r)].map((heights) => places.map((place, i) => [x(place), y(heights[i])]));
        const lines = [...curves, [[left, floor], [u, floor], [u, v]]].flatMap((points) => em.along(points));
        const put = em.labels({ width: WIDTH, height: HEIGHT }, lines);
        put(gapText, [u, (v + middle) / 2], "left", "leftUp", "right");
        put(riseText, [u, (floor + middle) / 2], "right", "rightDown", "left");
      },
      status: (step) => {
        const now = figures(step);
        const { r, t, theta, logLikelihood, gained, slope, curvature } = now;
        const touching = r === t ? `, slope of both ${digits(slope)} ÷ the bound’s mean curvature ${digits(curvature)} = step ${digits(trace.thetas[t + 1] - theta)}` : "";
        const moved = gained === null ? "" : `. The bound rose by ${em.number(gained, 3)}; the gap is gained on top`;
        return `${em.halfTitle(step)}: ${scene.across} ${em.number(theta, 3)}, log-likelihood ${em.number(logLikelihood, 2)}${em.boundWords(now)}${touching}${moved}`;
      },
      head: ["Step", scene.across, "log-likelihood", "lower bound", "gap", "the bound’s rise", "slope of the log-likelihood", "the bound’s mean curvature", "step"],
      row: (step) => {
        const now = figures(step);
        const { r, t, theta, logLikelihood, gained, slope, curvature } = now;
        const rest = gained === null ? ["–", digits(slope), r === t ? digits(curvature) : "–", "–"] : [em.number(gained, 4), digits(slope), "–", digits(theta - trace.thetas[r])];
        return [em.halfTitle(step), em.number(theta, 4), em.number(logLikelihood, 4), ...em.boundCells(now), ...rest];
      },
    };
  };
})();
