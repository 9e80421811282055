// Two coins: the path over the contours of the log-likelihood; the samples, shared out.
(() => {
  "use strict";
  const em = (globalThis.emWidgets ??= { kinds: {} });
  const TICKS = [0, 0.25, 0.5, 0.75, 1];
  const STAR = "M0-9L2.6-2.8 9-2.8 3.9 1.3 5.8 8 0 4 -5.8 8 -3.9 1.3 -9-2.8 -2.6-2.8Z";

  const drawMap = ({ size, contours, path }, { svg }) => {
    const line = svg("polyline", { class: "em-path" });
    const dots = path.map(([x, y], t) => (t === 0
      ? svg("rect", { x: x - 4.5, y: y - 4.5, width: 9, height: 9, class: "em-dot" })
      : svg("circle", { cx: x, cy: y, r: 3, class: "em-dot" })));
    const here = svg("path", { d: STAR, class: "em-here" });
    const down = svg("path", { class: "em-line-a" });
    const across = svg("path", { class: "em-line-b" });
    const theta = (letter, attributes) =>
      svg("text", { class: `em-theta em-${letter.toLowerCase()}`, ...attributes }, "θ", svg("tspan", { dy: 4, "font-size": "75%" }, letter));
    const ticks = TICKS.flatMap((value) => [
      svg("text", { x: value * size, y: size + 18, "text-anchor": "middle" }, String(value)),
      svg("text", { x: -7, y: (1 - value) * size + 5, "text-anchor": "end" }, String(value)),
    ]);
    const map = svg("svg", { viewBox: `-50 -10 ${size + 62} ${size + 52}`, class: "em-map", "aria-hidden": "true" },
      ...contours.map((d, level) => svg("path", { d, class: `em-contour em-level-${level}` })),
      svg("path", { d: `M0 ${size}L${size} 0`, class: "em-diagonal" }),
      svg("rect", { width: size, height: size, class: "em-frame" }),
      ...ticks,
      theta("A", { x: size * 0.625 - 8, y: size + 36 }),
      theta("B", { x: -46, y: size * 0.375 + 5 }),
      down, across, line, ...dots, here);
    const show = (t) => {
      const [x, y] = path[t];
      down.setAttribute("d", `M${x} ${y}V${size}`);
      across.setAttribute("d", `M${x} ${y}H0`);
      line.setAttribute("points", path.slice(0, t + 1).join(" "));
      dots.forEach((dot, i) => dot.setAttribute("visibility", i <= t ? "visible" : "hidden"));
      here.setAttribute("transform", `translate(${x} ${y})`);
    };
    return { map, show };
  };

  // A bar for each sample; under it, what each coin gets of its heads and tails.
  const drawSamples = (trace, { html, words }) => {
    const cell = (name) => html("span", { class: name });
    const rows = trace.samples.map((sample) => {
      const parts = { a: cell("em-a"), b: cell("em-b"), fill: cell("em-fill"), toA: cell("em-a"), toB: cell("em-b") };
      parts.row = html("li", {}, html("span", {}, sample), parts.a, html("span", { class: "em-bar" }, parts.fill), parts.b,
        html("span", { class: "em-counts" }, parts.toA, parts.toB));
      return parts;
    });
    const sums = [cell("em-a"), cell("em-b")];
    const thetas = [cell("em-a"), cell("em-b")];
    const many = trace.samples.length > 8;
    const samples = html("div", { class: "em-samples" },
      html("p", {}, html("span", {}, "Sample"), html("span", { class: "em-a" }, "coin A"), html("span"), html("span", { class: "em-b" }, "coin B")),
      html("ol", many ? { class: "em-scroll", tabindex: "0", role: "region", "aria-label": "Samples" } : {}, ...rows.map(({ row }) => row)),
      html("p", { class: "em-sums" }, html("span", {}, "Expected"), html("span", { class: "em-counts" }, ...sums)),
      html("p", { class: "em-thetas" }, ...thetas));
    const show = (t, r) => {
      const split = r === null ? null : trace.splits[r];
      samples.classList.toggle("em-unshared", !split);
      rows.forEach((row, i) => {
        row.a.textContent = split ? split.texts[i][0] : "?";
        row.b.textContent = split ? split.texts[i][1] : "?";
        row.fill.style.width = split ? `${100 * split.shares[i]}%` : "0";
        row.toA.textContent = split ? split.counts[i][0] : "";
        row.toB.textContent = split ? split.counts[i][1] : "";
      });
      sums.forEach((sum, j) => { sum.textContent = split ? split.sums[j] : ""; });
      thetas.forEach((theta, j) => theta.replaceChildren(...(split && r < t ? words(split.thetas[j]) : [])));
    };
    return { samples, show };
  };

  em.kinds["coin-steps"] = (trace, make) => {
    const { map, show: showMap } = drawMap(trace, make);
    const { samples, show: showSamples } = drawSamples(trace, make);
    const show = (step) => {
      const [t, r] = trace.steps[step];
      showMap(t);
      showSamples(t, r);
    };
    return { stage: make.html("div", { class: "em-coins" }, map, samples), show };
  };
})();
