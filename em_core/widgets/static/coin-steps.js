// Two coins: the path over the contours of the log-likelihood; the samples, shared out.
(() => {
  "use strict";
  const em = (globalThis.emWidgets ??= { kinds: {} });
  const TICKS = [0, 0.5, 1];

  em.kinds["coin-steps"] = (trace, { html, svg }) => {
    const { size } = trace;
    const dots = trace.path.map(([x, y]) => svg("circle", { cx: x, cy: y, r: 3.5, class: "em-b" }));
    const line = svg("polyline", { class: "em-path em-b" });
    const here = svg("path", { d: "M0-9L2.6-2.8 9-2.8 3.9 1.3 5.8 8 0 4 -5.8 8 -3.9 1.3 -9-2.8 -2.6-2.8Z", class: "em-here" });
    const name = (x, y, letter, sub, more = {}) =>
      svg("text", { x, y, class: "em-axis", ...more }, letter, svg("tspan", { dy: 5, "font-size": "70%" }, sub));
    const tick = (value) => [
      svg("text", { x: value * size, y: size + 28, "text-anchor": "middle" }, String(value)),
      svg("text", { x: -8, y: (1 - value) * size + 9, "text-anchor": "end" }, String(value)),
    ];
    const map = svg("svg", { viewBox: `-62 -16 ${size + 82} ${size + 76}`, class: "em-map", "aria-hidden": "true" },
      ...trace.contours.map((d, level) => svg("path", { d, class: "em-contour", style: `fill: var(--em-ramp${level})` })),
      svg("path", { d: `M0 ${size}L${size} 0`, class: "em-diagonal" }),
      svg("rect", { width: size, height: size, class: "em-frame" }),
      ...TICKS.flatMap(tick),
      name(0.72 * size, size + 30, "θ", "A"),
      name(-40, 0.28 * size, "θ", "B"),
      line, ...dots, here);

    const bars = trace.samples.map(() => html("span", { class: "em-share" }));
    const cells = [...trace.samples, "all"].map(() => [0, 1, 2, 3].map(() => html("td", {})));
    const shares = trace.samples.map(() => [html("td", {}), html("td", {})]);
    const thetas = [html("td", { colspan: 2 }), html("td", { colspan: 2 })];
    const [heads, tails] = ["H", "T"];
    const table = html("table", { class: "em-samples" },
      html("thead", {},
        html("tr", {}, html("th", { scope: "col", rowspan: 2 }, "Sample"), html("th", { scope: "colgroup", colspan: 2 }, "Responsibility"),
          html("th", { scope: "colgroup", colspan: 2, class: "em-to-a" }, "to coin A"), html("th", { scope: "colgroup", colspan: 2, class: "em-to-b" }, "to coin B")),
        html("tr", {}, ...["A", "B", heads, tails, heads, tails].map((text) => html("th", { scope: "col" }, text)))),
      html("tbody", {}, ...trace.samples.map((text, i) =>
        html("tr", {}, html("th", { scope: "row" }, html("span", {}, text), html("span", { class: "em-bar", "aria-hidden": "true" }, bars[i])), ...shares[i], ...cells[i]))),
      html("tfoot", {},
        html("tr", {}, html("th", { scope: "row", colspan: 3 }, "Expected counts"), ...cells.at(-1)),
        html("tr", {}, html("th", { scope: "row", colspan: 3 }, "Heads over tosses: θ"), ...thetas)));

    const show = (step) => {
      const [t, r] = trace.steps[step];
      const [x, y] = trace.path[t];
      line.setAttribute("points", trace.path.slice(0, t + 1).join(" "));
      dots.forEach((dot, i) => dot.setAttribute("visibility", i <= t ? "visible" : "hidden"));
      here.setAttribute("transform", `translate(${x} ${y})`);
      const counts = r === null ? null : trace.counts[r];
      cells.forEach((row, i) => row.forEach((cell, j) => { cell.textContent = counts ? counts[i][j] : "–"; }));
      shares.forEach((row, i) => row.forEach((cell, j) => { cell.textContent = counts ? trace.responsibilities[r][i][j] : "–"; }));
      bars.forEach((bar, i) => { bar.style.width = counts ? `${100 * trace.shares[r][i]}%` : "0"; });
      table.classList.toggle("em-unshared", !counts);
      thetas.forEach((cell, j) => { cell.textContent = trace.thetas[t][j]; });
      table.tFoot.classList.toggle("em-new", counts !== null && r < t);
    };
    return { stage: html("div", { class: "em-coins" }, map, html("div", { class: "em-scroll" }, table)), show };
  };
})();
