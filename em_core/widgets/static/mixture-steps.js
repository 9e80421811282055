// Gaussians in the plane: points by responsibility, ellipses at 1 and 2 standard deviations.
(() => {
  "use strict";
  const em = (globalThis.emWidgets ??= { kinds: {} });
  const SHAPES = ["M-3.2 0a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0-6.4 0", "M-2.9-2.9H2.9V2.9H-2.9Z", "M0-3.9L3.7 2.7H-3.7Z", "M0-4.1L4.1 0 0 4.1-4.1 0Z"];
  const UNSHARED = "M-2 0a2 2 0 1 0 4 0a2 2 0 1 0-4 0";

  em.likeliest = (responsibilities) => responsibilities.indexOf(Math.max(...responsibilities));

  em.kinds["mixture-steps"] = (trace, { html, svg }) => {
    const { width, height } = trace;
    const points = trace.points.map(([x, y]) => svg("path", { transform: `translate(${x} ${y})` }));
    const letters = trace.names.map((name) => svg("text", { class: `em-name em-${name.toLowerCase()}`, "text-anchor": "middle", dy: 10 }, name));
    const curves = trace.names.map((name) => [1, 2].map((deviations) =>
      svg("path", { class: `em-ellipse em-line-${name.toLowerCase()} em-deviations-${deviations}` })));
    const [across, up] = trace.ticks;
    const stage = svg("svg", { viewBox: `-74 -4 ${width + 80} ${height + 62}`, class: "em-plane", "aria-hidden": "true" },
      svg("path", { d: `M0 0V${height}H${width}`, class: "em-frame" }),
      ...across.flatMap(([x, text]) => [svg("path", { d: `M${x} ${height}v5`, class: "em-frame" }), svg("text", { x, y: height + 26, "text-anchor": "middle" }, text)]),
      ...up.flatMap(([y, text]) => [svg("path", { d: `M0 ${y}h-5`, class: "em-frame" }), svg("text", { x: -10, y: y + 7, "text-anchor": "end" }, text)]),
      svg("text", { x: width / 2, y: height + 52, "text-anchor": "middle", class: "em-axis" }, trace.axes[0]),
      svg("text", { transform: `translate(-54 ${height / 2}) rotate(-90)`, "text-anchor": "middle", class: "em-axis" }, trace.axes[1]),
      svg("svg", { width, height, viewBox: `0 0 ${width} ${height}` }, ...points, ...curves.flat(), ...letters));

    const show = (step) => {
      const [t, r] = trace.steps[step];
      points.forEach((point, i) => {
        const shares = r === null ? null : trace.responsibilities[r][i];
        const j = shares ? em.likeliest(shares) : null;
        point.setAttribute("d", shares ? SHAPES[j] : UNSHARED);
        point.setAttribute("class", shares ? `em-point em-${trace.names[j].toLowerCase()}` : "em-point em-unshared");
        point.setAttribute("opacity", shares ? 0.1 + 0.75 * shares[j] ** 2 : 0.5);
      });
      trace.ellipses[t].forEach((pair, j) => pair.forEach((d, i) => curves[j][i].setAttribute("d", d)));
      trace.means[t].forEach(([x, y], j) => letters[j].setAttribute("transform", `translate(${x} ${y})`));
    };
    return { stage: html("div", { class: "em-mixture" }, stage), show };
  };
})();
