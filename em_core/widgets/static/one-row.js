// One row with two labels: its bound as an arch over q, and as a hill over q and a weight.
(() => {
  "use strict";
  const em = (globalThis.emWidgets ??= { kinds: {} });
  const [WIDTH, HEIGHT, ARCH] = [600, 340, 236];
  const BASE = 300; // the foot of both drawings
  const HALVES = [0, 0.5, 1];

  em.kinds["one-row"] = (scene, tools) => {
    const { svg, html, handle, ask } = tools;
    const { size, grid } = scene;
    const x = em.scale([0, 1], [0, ARCH]);
    let y = null;
    const draw = (name, more = {}) => svg("path", { class: name, ...more });
    const axes = svg("g");
    const [curve, before, value, gap] = ["em-curve em-line-a", "em-curve em-before", "em-curve em-line-ink", "em-missing"].map((name) => draw(name));
    const dot = svg("circle", { r: 6, class: "em-here em-a" });
    const [gapText, name] = [svg("text", { x: ARCH - 8, y: BASE - 24, class: "em-value em-b", "text-anchor": "end" }), svg("text", { x: 8 }, "ℓ")];
    const way = svg("polyline", { class: "em-path" });
    const dots = draw("em-dot");
    const here = svg("circle", { r: 6, class: "em-here" });
    const place = ([q, weight]) => [q * size, (1 - weight) * size];
    const text = (u, v, words, more = { "text-anchor": "middle" }) => svg("text", { x: u, y: v, ...more }, words);
    const end = { "text-anchor": "end" };
    const across = (width) => [...HALVES.map((at) => text(at * width, BASE + 28, at)), text(width / 2, BASE + 56, "q")];
    let trace = null;
    let q = 0;
    const to = (i) => {
      const first = em.clamp(i, grid.length - 1);
      ask(`q:${first}`, { ...trace, setting: `q:${first}`, first });
    };
    const now = (step) => {
      const t = Math.floor(step / 2);
      const start = step === 0;
      return {
        t, q: start ? grid[trace.first] : trace.qs[em.half(step)[1]], weight: trace.weights[t], logLikelihood: trace.logLikelihoods[step],
        lower: start ? trace.arches[0][trace.first] : trace.bounds[step], gap: start ? trace.firstGaps[trace.first] : trace.gaps[step],
      };
    };
    const start = handle({
      name: "q",
      shape: "M0-8L8 7H-8Z",
      drag: ([right]) => to(em.nearest(grid, right / ARCH)),
      move: (right, up) => to(em.nearest(grid, q) + right + up),
      value: () => ({ min: 0, max: 1, now: q, text: em.number(q, 2) }),
      far: 1000,
    });
    const stage = svg("svg", { viewBox: `-78 -14 ${WIDTH + 96} ${HEIGHT + 76}`, class: "em-plane", role: "group", "aria-label": "The bound over q, and over q and the weight" },
      svg("g", { "aria-hidden": "true" },
        axes,
        svg("svg", { width: ARCH, height: BASE, viewBox: `0 0 ${ARCH} ${BASE}` }, before, curve, value, gap),
        ...across(ARCH), dot, name, gapText,
        svg("g", { transform: `translate(${WIDTH - size} 0)` },
          svg("svg", { width: size, height: size, viewBox: `0 0 ${size} ${size}` },
            ...em.contours(tools, scene.contours),
            draw("em-tops em-line-d", { d: `M0 ${size}L${size} 0` }),
            draw("em-tops em-line-a", { d: em.path(scene.tops.map(place)) }),
            way, dots),
          svg("rect", { width: size, height: size, class: "em-frame" }),
          here, ...across(size), text(-30, size / 4, "w"), ...HALVES.map((at) => text(-8, (1 - at) * size + 7, at, end)))),
      start.element);

    return {
      stage: html("div", { class: "em-one" }, stage),
      use: (next) => {
        trace = next;
        y = em.scale(trace.box, [BASE, 0]);
        axes.replaceChildren(
          draw("em-frame", { d: `M0 0V${BASE}H${ARCH}` }),
          ...em.ticks(...trace.box).map(([height, words]) => text(-10, y(height) + 7, words, end)));
      },
      show: (step) => {
        const at = now(step);
        q = at.q;
        start.put([x(q), BASE]);
        const drawn = (t) => em.path(trace.arches[t].map((height, i) => [x(grid[i]), y(height)]));
        curve.setAttribute("d", drawn(at.t));
        before.setAttribute("d", step > 0 && step % 2 === 0 ? drawn(at.t - 1) : "");
        const [u, top, foot] = [x(q), y(at.logLikelihood), y(at.lower)];
        value.setAttribute("d", `M0 ${top}H${ARCH}`);
        gap.setAttribute("d", at.gap > 0 ? `M${u} ${foot}V${top}` : "");
        dot.setAttribute("cx", u);
        dot.setAttribute("cy", foot);
        name.setAttribute("y", top - 8);
        gapText.textContent = `gap ${em.number(at.gap, 4)}`;
        const so = Array.from({ length: step + 1 }, (_, i) => now(i)).map((one) => place([one.q, one.weight]));
        way.setAttribute("points", so.join(" "));
        dots.setAttribute("d", so.map(([a, b]) => `M${a - 3} ${b}a3 3 0 1 0 6 0a3 3 0 1 0-6 0`).join(""));
        here.setAttribute("cx", so.at(-1)[0]);
        here.setAttribute("cy", so.at(-1)[1]);
      },
      status: (step) => {
        const at = now(step);
        return `${em.halfTitle(step)}: q ${em.number(at.q, 3)}, w ${em.number(at.weight, 3)}, log-likelihood ${em.number(at.logLikelihood, 4)}, lower bound ${em.number(at.lower, 4)}, gap ${em.number(at.gap, 4)}`;
      },
      head: ["Step", "q", "w", "log-likelihood", "lower bound", "gap"],
      row: (step) => {
        const at = now(step);
        return [em.halfTitle(step), ...[at.q, at.weight, at.logLikelihood, at.lower, at.gap].map((one) => em.number(one, 4))];
      },
      reset: () => {
        if (trace.setting.startsWith("q:")) ask("own");
      },
    };
  };
})();
