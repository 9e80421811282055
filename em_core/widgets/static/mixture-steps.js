// Gaussians in the plane: points by responsibility, ellipses, density contours, the climb.
(() => {
  "use strict";
  const em = (globalThis.emWidgets ??= { kinds: {} });
  const [WIDTH, HEIGHT] = [600, 360];
  const [COLUMNS, ROWS] = [97, 61];
  const DROPS = [3, 1.9, 1.2, 0.7, 0.35, 0.1]; // how far the density's logarithm lies below its highest value
  const SURE = [0.4, 0.6, 0.8, 0.95]; // a point is drawn in one of five strengths
  const SHAPES = [
    (x, y) => `M${x - 3.2} ${y}a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0-6.4 0`,
    (x, y) => `M${x - 2.9} ${y - 2.9}h5.8v5.8h-5.8Z`,
    (x, y) => `M${x} ${y - 3.9}l3.7 6.6h-7.4Z`,
    (x, y) => `M${x} ${y - 4.1}l4.1 4.1-4.1 4.1-4.1-4.1Z`,
  ];
  const DOT = (x, y) => `M${x - 2} ${y}a2 2 0 1 0 4 0a2 2 0 1 0-4 0`;

  em.kinds["mixture-steps"] = (scene, tools) => {
    const { svg, html, choice, handle, ask } = tools;
    const numbers = (most) => Array.from({ length: most }, (_, i) => String(i + 1));
    const anew = () => {
      const start = starts.select.value === "own" ? "0" : starts.select.value;
      ask(`${data.select.value}/${components.select.value}:${start}`);
    };
    const data = choice("Data", scene.data.map((name) => [name, name]), anew);
    const components = choice("Components", numbers(scene.most).map((k) => [k, k]), anew);
    const starts = choice("Start", [...scene.starts.map((text, i) => [String(i), text]), ...(scene.given ? [["own", "as given"]] : [])],
      (start) => (start === "own" ? ask("own") : anew()));

    // A path for each marker in each strength: a few elements, however many points there are.
    const layer = (name, strength) => svg("path", { class: `em-point em-${name}`, opacity: 0.2 + 0.15 * strength });
    const layers = scene.names.map((name) => [...SURE, 1].map((_, strength) => layer(name.toLowerCase(), strength)));
    const unshared = svg("path", { class: "em-point em-unshared", opacity: 0.5 });
    const lines = DROPS.map((_, level) => svg("path", { class: `em-density em-line-level-${level}` }));
    const curves = scene.names.map((name) => [1, 2].map((deviations) =>
      svg("path", { class: `em-ellipse em-line-${name.toLowerCase()} em-deviations-${deviations}` })));
    const former = scene.names.map((name) => svg("path", { class: `em-former em-line-${name.toLowerCase()}` }));
    const truth = svg("path", { class: "em-truth" });
    const letters = scene.names.map((name) => svg("text", { class: `em-name em-${name.toLowerCase()}`, "text-anchor": "middle", dy: 10 }, name));
    const axes = svg("g");
    // The datum that is looked at: the one nearest to the mouse, or the next to the right or left.
    let order = []; // of the points, from left to right
    let seen = null; // a place in it
    const nearest = ([u, v]) => order.reduce((best, i, place) => {
      const far = Math.hypot(places[i][0] - u, places[i][1] - v);
      return far < best[0] ? [far, place] : best;
    }, [Infinity, 0])[1];
    const look = (place) => {
      seen = em.clamp(place, order.length - 1);
      drawDatum();
    };
    const datum = handle({
      name: "Datum",
      shape: "M-9 0a9 9 0 1 0 18 0a9 9 0 1 0-18 0",
      drag: (place) => look(nearest(place)),
      move: (right, up) => look(seen + right + up),
      value: () => ({ min: 1, max: order.length, now: seen + 1, text: aboutDatum() }),
    });
    const about = html("p", { class: "em-datum" });
    const area = svg("rect", { width: WIDTH, height: HEIGHT, class: "em-plane-of-starts" });
    const plane = svg("svg", { viewBox: `-78 -4 ${WIDTH + 84} ${HEIGHT + 66}`, class: "em-plane", role: "group", "aria-label": "Points and ellipses" },
      axes,
      svg("svg", { width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" },
        ...lines, truth, unshared, ...layers.flat(), ...former, ...curves.flat(), ...letters),
      area,
      datum.element);
    // The whole drawing listens, so that the ring hides no datum near it.
    plane.addEventListener("click", (event) => datum.follow(event));
    plane.addEventListener("pointermove", (event) => {
      if (event.pointerType === "mouse") datum.follow(event);
    });
    const climb = em.climb(tools, 600, 70, true);
    let trace = null;
    let places = [];
    let x = null;
    let y = null;
    let drawnBox = null;

    let shown = 0;
    const aboutDatum = () => {
      const [t, r] = at(shown);
      const [u, v] = trace.points[order[seen]];
      const logJoint = em.gaussians(paramsAt(t)).logJoint(u, v);
      const value = em.number(em.logSum(logJoint), 3);
      const place = `Ringed point ${em.number(u, 2)}, ${em.number(v, 2)}`;
      if (r === null) return `${place}: no shares yet; its term of the log-likelihood ${value}`;
      const [shares] = em.gaussians(paramsAt(r)).responsibilities([[u, v]]);
      const parts = shares.map((share, j) => `${scene.names[j]} ${em.number(share, 2)}`);
      return `${place}: shares ${parts.join(", ")}; its term of the log-likelihood ${value}, of the lower bound ${em.number(em.boundTerm(logJoint, shares), 3)}`;
    };
    const drawDatum = () => {
      about.textContent = aboutDatum();
      datum.put(places[order[seen]]);
    };
    const paramsAt = (t) => ({ weights: trace.weights[t], means: trace.means[t], covariances: trace.covariances[t] });
    const drawPoints = (r) => {
      const drawn = layers.map((strengths) => strengths.map(() => ""));
      const shares = r === null ? [] : em.gaussians(paramsAt(r)).responsibilities(trace.points);
      shares.forEach((row, i) => {
        const j = em.likeliest(row);
        const strength = SURE.filter((least) => row[j] > least).length;
        drawn[j][strength] += SHAPES[j](...places[i]);
      });
      layers.forEach((strengths, j) => strengths.forEach((path, i) => path.setAttribute("d", drawn[j][i])));
      unshared.setAttribute("d", r === null ? places.map(([u, v]) => DOT(u, v)).join("") : "");
    };
    let drawn = null; // the weights of the density that is drawn, which an E-step leaves
    const drawDensity = (t) => {
      if (drawn === trace.weights[t]) return;
      drawn = trace.weights[t];
      const [x0, x1, y0, y1] = trace.box;
      const { logDensity } = em.gaussians(paramsAt(t));
      const heights = Array.from({ length: ROWS }, (_, r) => Array.from({ length: COLUMNS }, (__, c) =>
        logDensity(x0 + ((x1 - x0) * c) / (COLUMNS - 1), y1 - ((y1 - y0) * r) / (ROWS - 1))));
      const highest = Math.max(...heights.flat());
      const place = ([c, r]) => [(c / (COLUMNS - 1)) * WIDTH, (r / (ROWS - 1)) * HEIGHT];
      lines.forEach((line, level) => {
        const whole = em.joined(em.isoline(heights, highest - DROPS[level]));
        line.setAttribute("d", whole.map((points) => em.smooth(points.map(place))).join(""));
      });
    };
    const oval = (mean, covariance, deviations) => em.path(em.ellipse(mean, covariance, deviations).map(([u, v]) => [x(u), y(v)]), true);
    // After an M-step the ellipses before it stay, faintly.
    const drawComponents = (t, moved) => {
      const { means, covariances } = paramsAt(t);
      const before = paramsAt(Math.max(t - 1, 0));
      former.forEach((curve, j) => curve.setAttribute("d", moved && j < means.length ? oval(before.means[j], before.covariances[j], 2) : ""));
      curves.forEach((pair, j) => {
        const there = j < means.length;
        letters[j].setAttribute("transform", there ? `translate(${x(means[j][0]).toFixed(1)} ${y(means[j][1]).toFixed(1)})` : "translate(-99 -99)");
        pair.forEach((curve, i) => curve.setAttribute("d", there ? oval(means[j], covariances[j], i + 1) : ""));
      });
    };
    // A run that collapses has one step more: the M-step that failed, which leaves all as it was.
    const at = (step) => {
      const [t, r] = em.half(step);
      const last = trace.weights.length - 1;
      return [Math.min(t, last), r === null ? null : Math.min(r, last), Boolean(trace.collapse) && step === trace.last];
    };
    const atTheEnd = () => {
      const here = trace.logLikelihoods.at(-1);
      const end = trace.end ?? here;
      const [shown, reached, best] = [here, end, trace.best].map((value) => em.number(value, 2));
      const onward = reached === shown ? "" : `. It has not settled: EM goes on to ${reached}`;
      return end < trace.best - 0.5 ? `${onward}. The best of the random starts ends at ${best}` : onward;
    };

    return {
      stage: html("div", { class: "em-mixture" }, plane, about, climb.element),
      choices: [data.element, components.element, starts.element].slice(scene.data.length > 1 ? 0 : 1).slice(0, scene.choices),
      use: (next) => {
        trace = next;
        const [x0, x1, y0, y1] = trace.box;
        x = em.scale([x0, x1], [0, WIDTH]);
        y = em.scale([y0, y1], [HEIGHT, 0]);
        places = trace.points.map(([u, v]) => [Number(x(u).toFixed(1)), Number(y(v).toFixed(1))]);
        if (String(trace.box) !== drawnBox) axes.replaceChildren(em.axes(tools, { width: WIDTH, height: HEIGHT, box: trace.box, x, y, across: trace.axes[0], up: trace.axes[1] }));
        drawnBox = String(trace.box);
        order = [...trace.points.keys()].sort((i, j) => trace.points[i][0] - trace.points[j][0]);
        seen = Math.min(seen ?? Math.floor(order.length / 2), order.length - 1);
        truth.setAttribute("d", trace.truth.map(([mean, covariance]) => oval(mean, covariance, 2)).join(""));
        climb.use(trace);
        data.select.value = trace.data;
        components.select.value = String(trace.weights[0].length);
        starts.select.value = trace.setting === "own" ? (scene.given ? "own" : "0") : em.parts(trace.setting)[1];
      },
      look: (row) => look(order.indexOf(row)),
      show: (step) => {
        const [t, r] = at(step);
        shown = step;
        drawPoints(r);
        drawDensity(t);
        drawComponents(t, r !== null && r < t);
        climb.show(t);
        drawDatum();
      },
      status: (step) => {
        const [t, , collapsed] = at(step);
        if (collapsed) return trace.collapse;
        const weights = trace.weights[t].map((weight, j) => `weight ${scene.names[j]} ${em.number(weight, 3)}`);
        return `${em.halfTitle(step)}: ${weights.join(", ")}, log-likelihood ${em.number(trace.logLikelihoods[t], 2)}${step === trace.last ? atTheEnd() : ""}`;
      },
      get head() {
        const parts = trace.weights[0].flatMap((_, j) => ["weight", `mean ${trace.axes[0]}`, `mean ${trace.axes[1]}`].map((part) => `${part} ${scene.names[j]}`));
        return ["Step", "log-likelihood", "lower bound", ...parts];
      },
      row: (step) => {
        const [t, r, collapsed] = at(step);
        const title = collapsed ? `${trace.collapse.split(":")[0]}: collapsed` : em.halfTitle(step);
        const lower = r === null || collapsed ? "–" : em.number(r === t ? trace.logLikelihoods[t] : trace.bounds[r], 4);
        const parts = trace.weights[t].flatMap((weight, j) => [weight, ...trace.means[t][j]].map((value) => em.number(value, 3)));
        return [title, em.number(trace.logLikelihoods[t], 4), lower, ...parts];
      },
    };
  };
})();
