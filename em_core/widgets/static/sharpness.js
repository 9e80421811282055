// Two groups on a line, the share of component A over them, and below it the way of the two centres
// as the components become narrower, down to k-means.
(() => {
  "use strict";
  const em = (globalThis.emWidgets ??= { kinds: {} });
  const [WIDTH, TOP, GAP, WAY] = [600, 200, 64, 160];
  const HEIGHT = TOP + GAP + WAY;
  const PLACES = 301;
  const MARKS = ["M0-9L8 6H-8Z", "M0-9L8 0 0 9-8 0Z"];
  const NAMES = ["A", "B"];

  em.kinds.sharpness = (scene, tools) => {
    const { svg, html, choice, ask } = tools;
    const { sigmas } = scene;
    const last = sigmas.length - 1;
    const data = choice("Data", scene.data.map((name) => [name, name]), (name) => ask(`${name}:`));
    const down = em.scale([0, last], [TOP + GAP, HEIGHT]);
    const bars = svg("path", { class: "em-bars" });
    const share = svg("path", { class: "em-curve em-line-ink" });
    const groups = NAMES.map((name) => svg("path", { class: `em-group em-line-${name.toLowerCase()}` }));
    const ways = NAMES.map((name) => svg("path", { class: `em-way em-line-${name.toLowerCase()}` }));
    const border = svg("path", { class: "em-border" });
    const here = svg("path", { class: "em-drop" });
    const centres = NAMES.map((name, j) => svg("path", { d: MARKS[j], class: `em-centre em-${name.toLowerCase()}` }));
    const letters = NAMES.map((name) => svg("text", { class: `em-name em-${name.toLowerCase()}`, "text-anchor": "middle" }, name));
    const borderName = svg("text", { class: "em-value" });
    const axes = svg("g");
    const stage = svg("svg", { viewBox: `-78 -14 ${WIDTH + 96} ${HEIGHT + 76}`, class: "em-plane", "aria-hidden": "true" },
      bars, axes, ...groups, here, ...ways, border, share, borderName, ...centres, ...letters);
    let trace = null;
    let x = null;
    const y = em.scale([0, 1.05], [TOP, 0]);

    const drawData = () => {
      const [low, high] = trace.box;
      x = em.scale(trace.box, [0, WIDTH]);
      const totals = trace.counts[0].map((count, i) => count + trace.counts[1][i]);
      const most = Math.max(...totals);
      const wide = WIDTH / totals.length;
      bars.setAttribute("d", totals.map((count, i) => `M${i * wide} ${TOP}V${y(count / most)}h${wide - 1}V${TOP}Z`).join(""));
      const ticks = sigmas.map((sigma, i) => [i, sigma]).filter(([i]) => i % 3 === 0);
      axes.replaceChildren(
        em.axes(tools, { width: WIDTH, height: TOP, box: [low, high, 0, 1], x, y, across: "", up: "share of A" }),
        svg("g", { "aria-hidden": "true" },
          svg("path", { d: `M0 ${TOP + GAP}V${HEIGHT}H${WIDTH}`, class: "em-frame" }),
          ...ticks.map(([i, sigma]) => svg("text", { x: -10, y: down(i) + 7, "text-anchor": "end" }, em.number(sigma, 1))),
          svg("text", { transform: `translate(-58 ${TOP + GAP + WAY / 2}) rotate(-90)`, "text-anchor": "middle", class: "em-axis" }, "σ"),
          svg("text", { x: WIDTH / 2, y: HEIGHT + 40, "text-anchor": "middle", class: "em-axis" }, "centres, and the groups’ own means (dotted)")));
      groups.forEach((line, j) => line.setAttribute("d", `M${x(trace.groups[j])} 0V${TOP}m0 ${GAP}V${HEIGHT}`));
      ways.forEach((line, j) => line.setAttribute("d", em.path(trace.means.map((pair, i) => [x(pair[j]), down(i)]))));
    };
    const words = (step) => (sigmas[step] ? `σ ${em.number(sigmas[step], 1)}` : "k-means, where σ tends to 0");
    const met = (step) => trace.borders[step] === null;

    return {
      stage: html("div", { class: "em-one" }, stage),
      choices: scene.choices ? [data.element] : [],
      use: (next) => {
        trace = next;
        data.select.value = trace.data;
        drawData();
      },
      show: (step) => {
        const [low, high] = trace.box;
        const places = Array.from({ length: PLACES }, (_, i) => low + ((high - low) * i) / (PLACES - 1));
        const shares = places.map((place) => em.softShare(place, trace.means[step], trace.weights[step], sigmas[step]));
        share.setAttribute("d", em.path(places.map((place, i) => [x(place), y(shares[i])])));
        here.setAttribute("d", `M0 ${down(step)}H${WIDTH}`);
        centres.forEach((mark, j) => mark.setAttribute("transform", `translate(${x(trace.means[step][j]).toFixed(1)} ${down(step).toFixed(1)})`));
        letters.forEach((letter, j) => {
          letter.setAttribute("x", x(trace.means[step][j]) + (j ? 24 : -24));
          letter.setAttribute("y", down(step) - 8);
        });
        const at = trace.borders[step];
        const inside = at !== null && at > low && at < high;
        border.setAttribute("d", inside ? `M${x(at)} 0V${TOP + 8}` : "");
        borderName.textContent = inside ? "border" : "";
        borderName.setAttribute("x", inside ? x(at) + 8 : 0);
        borderName.setAttribute("y", 14);
      },
      status: (step) => {
        const [a, b] = trace.means[step];
        if (met(step)) return `${words(step)}: the centres have met at ${em.number(a, 2)}`;
        return `${words(step)}: centres ${em.number(a, 2)} and ${em.number(b, 2)}, weight of A ${em.number(trace.weights[step], 3)}, border ${em.number(trace.borders[step], 2)}, ${trace.wrong[step]} rows on its wrong side`;
      },
      head: ["Width", "centre A", "centre B", "weight of A", "border", "rows on its wrong side"],
      row: (step) => [
        words(step), ...trace.means[step].map((mean) => em.number(mean, 3)), em.number(trace.weights[step], 3),
        met(step) ? "–" : em.number(trace.borders[step], 3), met(step) ? "–" : String(trace.wrong[step]),
      ],
    };
  };
})();
