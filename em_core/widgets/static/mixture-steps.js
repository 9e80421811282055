// Gaussians in the plane: points by responsibility, ellipses, density contours, the climb.
(() => {
  "use strict";
  const em = (globalThis.emWidgets ??= { kinds: {} });
  const [WIDTH, HEIGHT] = [600, 360];

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

    const cloud = em.cloud(tools, scene.names);
    const density = em.density(tools, WIDTH, HEIGHT);
    const ovals = em.components(tools, scene.names);
    const truth = svg("path", { class: "em-truth" });
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
        ...density.elements, truth, ...cloud.elements, ...ovals.elements),
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
    const drawPoints = (r) => cloud.draw(places, r === null ? null : em.gaussians(paramsAt(r)).responsibilities(trace.points));
    let drawn = null; // the weights of the density that is drawn, which an E-step leaves
    const drawDensity = (t) => {
      if (drawn === trace.weights[t]) return;
      drawn = trace.weights[t];
      density.draw(em.gaussians(paramsAt(t)).logDensity, trace.box);
    };
    // After an M-step the ellipses before it stay, faintly.
    const drawComponents = (t, moved) => ovals.draw(paramsAt(t), moved ? paramsAt(t - 1) : null, [x, y]);
    // By halves, then some of the later iterations. A run that collapses ends with the M-step that
    // failed, which leaves all as it was.
    const at = (step) => {
      const later = step - 2 * trace.halved;
      const t = Math.min(trace.halved + later, trace.weights.length - 1);
      return [...(later > 0 ? [t, t] : em.half(step)), Boolean(trace.collapse) && step === trace.last];
    };
    const title = (step) => {
      const other = trace.others[step - 2 * trace.halved - 1];
      return other === undefined ? em.halfTitle(step) : `Iteration ${other}`;
    };
    const atTheEnd = () =>
      trace.logLikelihoods.at(-1) < trace.best - 0.5 ? `. The best of the random starts ends at ${em.number(trace.best, 2)}` : "";

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
        truth.setAttribute("d", trace.truth.map(([mean, covariance]) => em.oval(mean, covariance, 2, [x, y])).join(""));
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
        return `${title(step)}: ${weights.join(", ")}, log-likelihood ${em.number(trace.logLikelihoods[t], 2)}${step === trace.last ? atTheEnd() : ""}`;
      },
      get head() {
        const parts = trace.weights[0].flatMap((_, j) => ["weight", `mean ${trace.axes[0]}`, `mean ${trace.axes[1]}`].map((part) => `${part} ${scene.names[j]}`));
        return ["Step", "log-likelihood", "lower bound", ...parts];
      },
      row: (step) => {
        const [t, r, collapsed] = at(step);
        const name = collapsed ? `${trace.collapse.split(":")[0]}: collapsed` : title(step);
        const lower = r === null || collapsed ? "–" : em.number(r === t ? trace.logLikelihoods[t] : trace.bounds[r], 4);
        const parts = trace.weights[t].flatMap((weight, j) => [weight, ...trace.means[t][j]].map((value) => em.number(value, 3)));
        return [name, em.number(trace.logLikelihoods[t], 4), lower, ...parts];
      },
    };
  };
})();
