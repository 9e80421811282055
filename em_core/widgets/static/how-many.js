// How many components: the best fit with each number of them, and below it what the criteria say.
(() => {
  "use strict";
  const em = (globalThis.emWidgets ??= { kinds: {} });
  const [WIDTH, HEIGHT, BELOW] = [600, 300, 190];
  const LETTERS = ["A", "B", "C", "D", "E", "F", "G", "H"];
  const COLOURS = ["a", "b", "c", "d"];
  const STAR = "M0-9L2.6-2.8 9-2.8 3.9 1.3 5.8 8 0 4 -5.8 8 -3.9 1.3 -9-2.8 -2.6-2.8Z";
  const DOT = (x, y) => `M${x - 2} ${y}a2 2 0 1 0 4 0a2 2 0 1 0-4 0`;
  const LETTER = 16; // the width of one, on the narrowest of screens
  // All three on one scale, where low is good.
  const LINES = [
    { name: "−2 log-likelihood", look: "d", of: (trace) => trace.logLikelihoods.map((value) => -2 * value) },
    { name: "−2 held-out", look: "b", of: (trace) => trace.heldOut.map((value) => -2 * value), best: "heldOut" },
    { name: "BIC", look: "a", of: (trace) => trace.bics, best: "bics" },
  ];

  em.kinds["how-many"] = (scene, tools) => {
    const { svg, html, choice, ask } = tools;
    const picker = choice("Covariances", Object.entries(scene.kinds), (name) => ask(`${name}:`));
    const [x0, x1, y0, y1] = scene.box;
    const x = em.scale([x0, x1], [0, WIDTH]);
    const y = em.scale([y0, y1], [HEIGHT, 0]);
    const dots = scene.points.map(([u, v]) => DOT(Number(x(u).toFixed(1)), Number(y(v).toFixed(1)))).join("");
    const curves = LETTERS.map((_, j) => [1, 2].map((deviations) =>
      svg("path", { class: `em-ellipse em-line-${COLOURS[j % 4]} em-deviations-${deviations}` })));
    const letters = LETTERS.map((letter, j) =>
      svg("text", { class: `em-name em-${COLOURS[j % 4]}`, "text-anchor": "middle", dy: 10 }, letter));
    const plane = svg("svg", { viewBox: `-78 -4 ${WIDTH + 84} ${HEIGHT + 66}`, class: "em-plane", "aria-hidden": "true" },
      em.axes(tools, { width: WIDTH, height: HEIGHT, box: scene.box, x, y, across: scene.axes[0], up: scene.axes[1] }),
      svg("svg", { width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}` },
        svg("path", { class: "em-point em-unshared", opacity: 0.5, d: dots }), ...curves.flat(), ...letters));
    const drawn = LINES.map(({ name, look }) => ({
      line: svg("path", { class: `em-curve em-line-${look}` }),
      star: svg("path", { class: "em-here" }),
      dot: svg("circle", { r: 5.5, class: `em-fill-${look}` }),
      text: svg("text", { class: `em-value em-${look}` }, name),
    }));
    const axes = svg("g");
    const here = svg("path", { class: "em-drop" });
    const scores = svg("svg", { viewBox: `-78 -20 ${WIDTH + 84} ${BELOW + 82}`, class: "em-plane", "aria-hidden": "true" },
      axes, here, ...drawn.map(({ line }) => line), ...drawn.flatMap(({ dot, star, text }) => [dot, star, text]));
    let trace = null;
    let places = []; // of each line's values
    let across = null;

    const drawScores = () => {
      const values = LINES.map(({ of }) => of(trace));
      const later = values.flatMap((each) => each.slice(1));
      const [low, high] = [Math.min(...later), Math.max(...later)];
      const margin = 0.12 * (high - low);
      const box = [0.5, trace.last + 1.5, low - margin, high + 2 * margin]; // with room for a name
      across = em.scale(box.slice(0, 2), [0, WIDTH]);
      const down = em.scale(box.slice(2), [BELOW, 0]);
      // What one component alone lacks is off the scale: its line comes in from above.
      places = values.map((each) => each.map((value, i) => [across(i + 1), Math.max(down(value), -40)]));
      axes.replaceChildren(em.axes(tools, { width: WIDTH, height: BELOW, box, x: across, y: down, across: "components", up: "" }));
      const put = em.labels({ width: WIDTH, height: BELOW, letter: LETTER }, places.flatMap((points) => em.along(points)));
      drawn.forEach(({ line, star, text }, i) => {
        line.setAttribute("d", em.path(places[i]));
        const { best } = LINES[i];
        star.setAttribute("d", best ? STAR : "");
        if (best) star.setAttribute("transform", `translate(${places[i][trace.best[best]].join(" ")})`);
        put(text, places[i].at(-1), "leftUp", "leftDown", "above", "below");
      });
    };
    const figures = (step) => [em.number(trace.logLikelihoods[step], 2), em.number(trace.bics[step], 1), em.number(trace.heldOut[step], 2)];
    const praise = (step) => {
      const { bics, heldOut } = trace.best;
      const least = step === bics ? " BIC is smallest here." : "";
      return step === heldOut ? `${least} Rows left out are likeliest here.` : least;
    };

    return {
      stage: html("div", { class: "em-mixture" }, plane, scores),
      choices: [picker.element],
      use: (next) => {
        trace = next;
        picker.select.value = trace.kind;
        drawScores();
      },
      show: (step) => {
        curves.forEach((pair, j) => {
          const mean = trace.means[step][j];
          letters[j].setAttribute("transform", mean ? `translate(${x(mean[0]).toFixed(1)} ${y(mean[1]).toFixed(1)})` : "translate(-99 -99)");
          pair.forEach((curve, i) => curve.setAttribute("d", mean
            ? em.path(em.ellipse(mean, trace.covariances[step][j], i + 1).map(([u, v]) => [x(u), y(v)]), true) : ""));
        });
        here.setAttribute("d", `M${across(step + 1)} 0V${BELOW}`);
        drawn.forEach(({ dot }, i) => {
          const [u, v] = places[i][step];
          dot.setAttribute("cx", u);
          dot.setAttribute("cy", v);
        });
      },
      status: (step) => {
        const [value, price, outside] = figures(step);
        const many = step ? `${step + 1} components` : "1 component";
        return `${many}: log-likelihood ${value}, free parameters ${trace.parameters[step]}, BIC ${price}, held-out log-likelihood ${outside}.${praise(step)}`;
      },
      head: ["Components", "free parameters", "log-likelihood", "BIC", "held-out log-likelihood"],
      row: (step) => {
        const [value, price, outside] = figures(step);
        return [String(step + 1), String(trace.parameters[step]), value, price, outside];
      },
    };
  };
})();
