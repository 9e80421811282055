// The page on which readers put down points of their own: the drawing, the tools, what is kept.
// points-steps.js does the steps, from where points-starts.js begins; points-read.js reads and writes; the pictures' parts are those of
// the widgets. All else that moves in this book is computed by em_core.
(() => {
  "use strict";
  const root = document.querySelector(".em-points");
  const given = JSON.parse(root.querySelector("script").textContent);
  const [em, steps] = [globalThis.emWidgets, globalThis.emPoints];
  const { html, svg, words, choice, handle } = em.make;
  const NAMES = [..."ABCDEF"];
  const [WIDTH, HEIGHT] = [600, 360];
  const FEWEST = 3; // points, of which a covariance can be found; k-means needs that many within
  const SETTLED = 1e-8; // as em_core's fit
  const FRAME = 12; // ms of a frame in which steps are done
  const KEPT = "em-points";
  const KIND_NAMES = [["full", "own shape"], ["shared", "one for all"], ["diagonal", "along the axes"], ["spherical", "round"]];
  const KINDS = new Map(KIND_NAMES);
  const PRIOR = "Hold small components unlikely (a weak prior)";
  const START_NAMES = [["kmeans", "k-means++"], ["rows", "random rows"], ["own", "drag it"]];

  // --- data that have a name, and what can be tried with them

  const cloud = (random, n, [x, y], [a, b, c]) => Array.from({ length: n }, () => {
    const far = Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    const [u, v] = [far * Math.cos(angle), far * Math.sin(angle)];
    return [x + a * u, y + b * u + c * v];
  });
  const clouds = (seed, ...parts) => {
    const random = steps.chance(seed);
    return parts.flatMap(([n, middle, root]) => cloud(random, n, middle, root)).map((point) => point.map((value) => Number(value.toFixed(2))));
  };
  const made = [
    ["two-clouds", "two clouds", clouds(3, [60, [3, 3], [0.8, 0.3, 0.7]], [60, [7, 6.5], [0.9, -0.3, 0.8]])],
    ["far-point", "a far point", [...clouds(5, [50, [3, 3.4], [0.8, 0, 0.8]], [50, [5.4, 6], [0.7, 0.2, 0.6]]), [9.4, 0.6]]],
    ["line", "a line", Array.from({ length: 9 }, (_, i) => [1 + i, 0.5 + i / 2])],
    ["unequal", "unequal clouds", clouds(3, [150, [4, 5], [1.5, 0, 1.5]], [40, [6.6, 5], [0.6, 0, 0.6]])],
    ["one-cloud", "one cloud", clouds(11, [120, [5, 5], [1.4, 0.6, 1.1]])],
  ].map(([key, title, points]) => [key, { title, points, names: ["x", "y"] }]);
  const sets = new Map([...made, ...Object.entries(given)].map(([key, { points, names }]) => [key, { points, names }]));
  const titles = new Map([...made, ...Object.entries(given)].map(([key, { title }]) => [key, title]));
  const middle = (points) => [0, 1].map((a) => points.reduce((sum, point) => sum + point[a] / points.length, 0));
  const own = (means, shapes = null) => ({ way: "own", seed: 1, means, shapes });
  const TRY = [
    ["Two clouds, k = 3", { data: "two-clouds", k: 3 }, "Run it. Which cloud gets two components? Does another start agree, and what does the BIC say of k = 2?"],
    ["One far point", { data: "far-point", k: 3, start: own([[3, 3.4], [5.4, 6], [9.4, 0.6]]) }, "One centre stands on the far point. Run it: what becomes of that component, and why? Then hold small ones unlikely, and run it again."],
    ["A line", { data: "line", k: 2 }, "Nine points in a line. Why can’t a covariance of its own be fitted to them, and a round one can?"],
    ["Unequal clouds, hard labels", { data: "unequal", k: 2, hard: true, start: own([[4, 5], [6.6, 5]]) }, "150 points were drawn from a wide Gaussian and 40 from a narrow one inside its edge. Run both: which labels give weights near 0.79 and 0.21, and what do the others do to the narrow one?"],
    ["A start on the saddle", { data: "two-clouds", k: 2, start: own([0, 0].map(() => middle(sets.get("two-clouds").points))) }, "Both components are the same. Press Iteration: why does nothing move? Drag one centre a little aside, and run."],
    ["Two for one cloud", { data: "one-cloud", k: 2 }, "The points were drawn from one Gaussian. How much does ℓ gain from k = 1 to k = 2, and would the BIC tell you?"],
  ];

  // --- a run: the states so far, one after the other

  const runOf = (points, model, start, hard) => {
    const states = [];
    const known = new Map(); // the last responsibilities that were computed
    let [collapse, settled] = [null, false];
    const shares = (t) => {
      if (!known.has(t)) {
        if (known.size > 2) known.clear();
        const { responsibilities, logLikelihood } = steps.eStep(points, states[t].params);
        known.set(t, { soft: responsibilities, used: hard ? steps.harden(responsibilities) : responsibilities, logLikelihood });
      }
      return known.get(t);
    };
    const add = (params) => {
      const t = states.push({ params }) - 1;
      const { logLikelihood } = shares(t);
      Object.assign(states[t], { logLikelihood, climbed: logLikelihood + steps.logPrior(params, model) });
    };
    add(start);
    return {
      states, model,
      shares: (t) => shares(t).used,
      last: () => states.length - 1,
      collapse: () => collapse,
      ended: () => Boolean(collapse) || settled,
      onward() {
        if (this.ended()) return;
        try {
          add(steps.mStep(points, shares(states.length - 1).used, model));
        } catch (error) {
          if (!(error instanceof steps.Collapse)) throw error;
          error.iteration = states.length;
          collapse = error;
          return;
        }
        settled = Math.abs(states.at(-1).climbed - states.at(-2).climbed) < SETTLED;
      },
    };
  };

  const refusal = ({ component, iteration, reason }) =>
    `Component ${NAMES[component]} collapsed at ${iteration ? `iteration ${iteration}` : "the start"}: ${reason}.`;
  // What this page's controls can do about it, after what em_core advises.
  const remedy = ({ advice }) => {
    if (advice.includes("give at least")) return "On this page: put down more points.";
    if (advice.startsWith("Correct")) return "On this page: take them away by “Erase”.";
    if (advice.startsWith("Leave out")) return state.kind === "spherical" ? "On this page: put down points elsewhere." : `On this page: choose “${KINDS.get("spherical")}” under “Covariance”.`;
    const ways = [...(state.prior ? [] : [`tick “${PRIOR}”`]), ...(state.kind === "shared" ? [] : [`choose “${KINDS.get("shared")}” under “Covariance”`]), "press “Another start”"];
    return `On this page: ${ways.join(", or ")}.`;
  };

  // --- one picture: points, ellipses, the climb

  const paneOf = (name) => {
    const marks = em.cloud(em.make, NAMES);
    const ovals = em.components(em.make, NAMES);
    const density = em.density(em.make, WIDTH, HEIGHT);
    const axes = svg("g");
    const area = svg("rect", { width: WIDTH, height: HEIGHT, class: "em-plane-of-starts" });
    const ring = svg("circle", { r: 9, class: "em-ring em-line-ink", cx: -99 });
    const over = svg("g");
    const plane = svg("svg", { viewBox: `-78 -12 ${WIDTH + 96} ${HEIGHT + 74}`, class: "em-plane", role: "group", "aria-label": `Points and ellipses, ${name} labels` },
      axes,
      svg("svg", { width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" }, ...density.elements, ...marks.elements, ...ovals.elements, ring),
      area, over);
    const climb = em.climb(em.make, 600, 70, true);
    climb.element.removeAttribute("aria-hidden");
    climb.element.setAttribute("role", "img");
    climb.element.setAttribute("aria-label", "Log-likelihood over the iterations");
    const title = html("p", { class: "em-pane-name" }, `${name} labels`);
    return { element: html("div", { class: "em-pane" }, title, plane, climb.element), marks, ovals, density, axes, area, ring, over, plane, climb, run: null };
  };

  const soft = paneOf("Soft");
  const hard = paneOf("Hard");
  const panes = () => (state.hard ? [soft, hard] : [soft]);

  let state = { ...steps.FIRST };
  let box = [0, 10, 0, 10];
  let places = [];
  let [x, y] = [null, null];
  let sorry = ""; // why there is no run
  let refused = null; // the collapse that it was
  let goal = null; // where a run is to stop: a step, or Infinity
  let seen = null; // the datum that is looked at
  const past = [];
  const future = [];

  // --- what a step shows

  const at = ({ run }) => {
    const [t, r] = em.half(state.step);
    return [Math.min(t, run.last()), r === null ? null : Math.min(r, run.last())];
  };
  const lastStep = () => Math.max(...panes().map(({ run }) => 2 * run.last() + (run.collapse() ? 2 : 0)));

  const drawPane = (pane) => {
    const { run, marks, ovals, density, climb } = pane;
    pane.element.hidden = !panes().includes(pane);
    if (!run) {
      marks.draw(places, null);
      ovals.draw({ means: [], covariances: [] }, null, [x, y]);
      for (const line of density.elements) line.setAttribute("d", "");
      climb.element.setAttribute("visibility", "hidden");
      return;
    }
    const [t, r] = at(pane);
    const columns = r === null ? null : run.shares(r);
    marks.draw(places, columns && places.map((_, i) => columns.map((column) => column[i])));
    ovals.draw(run.states[t].params, r !== null && r < t ? run.states[r].params : null, [x, y]);
    if (goal === null) density.draw(em.gaussians(run.states[t].params).logDensity, box);
    else for (const line of density.elements) line.setAttribute("d", "");
    climb.element.setAttribute("visibility", "visible");
    climb.use({ logLikelihoods: run.states.slice(0, Math.max(t + 1, 2)).map(({ logLikelihood }) => logLikelihood) });
    climb.show(t);
    climb.element.setAttribute("aria-label", climb.words(t));
  };

  const figuresOf = (pane) => {
    const { run } = pane;
    const [t, r] = at(pane);
    const { params, logLikelihood, climbed } = run.states[t];
    const bound = r === null ? null : steps.lowerBound(state.points, params, run.shares(r));
    const gap = bound === null ? "–" : em.number(Math.max(0, logLikelihood - bound), 3);
    const worth = steps.bic(logLikelihood, state.points.length, state.k, state.kind);
    return [em.number(logLikelihood, 2), bound === null ? "–" : em.number(bound, 2), gap, em.number(worth, 2), ...(run.model.prior ? [em.number(climbed, 2)] : [])];
  };

  const drawFigures = () => {
    const there = panes().filter(({ run }) => run);
    const prior = there.some(({ run }) => run.model.prior);
    const heads = ["Labels", "log-likelihood ℓ", "lower bound", "gap", "BIC", ...(prior ? ["log posterior"] : [])];
    const rows = there.map((pane) => html("tr", {}, html("th", { scope: "row" }, pane === soft ? "soft" : "hard"), ...figuresOf(pane).map((text) => html("td", {}, text))));
    figures.replaceChildren(...(there.length ? [html("table", {}, html("thead", {}, html("tr", {}, ...heads.map((text) => html("th", { scope: "col" }, text)))), html("tbody", {}, ...rows))] : []));
  };

  const weightsOf = (pane) => pane.run.states[at(pane)[0]].params.weights.map((weight, j) => `${NAMES[j]}\u00a0${em.number(weight, 3)}`).join(", ");

  const fallen = () => panes().filter(({ run }) => run?.collapse() && state.step >= 2 * run.last() + 2);
  const whose = (pane) => (panes().length > 1 ? (pane === soft ? "Soft labels: " : "Hard labels: ") : "");
  const statusText = () => {
    if (!soft.run) return sorry;
    const told = fallen().map((pane) => `${whose(pane)}${refusal(pane.run.collapse())}`);
    if (told.length === panes().length) return told.join(" ");
    const ended = panes().every(({ run }) => run.ended()) && state.step === lastStep();
    const weights = panes().map((pane) => (pane === soft ? weightsOf(pane) : `hard ${weightsOf(pane)}`)).join("; ");
    const end = ended && !told.length ? " It has settled." : state.step >= steps.MOST.step ? ` Here the page stops, as em_core’s fit does unless it is told otherwise: it has not settled.` : "";
    const count = state.step ? "" : `${state.points.length} points, `;
    return [`${em.halfTitle(state.step)}: ${count}weights ${weights}.${end}`, ...told].join(" ");
  };

  // It is long, and stands where it moves no control of the steps, nor a tool.
  const adviceText = () => {
    if (refused) return `${refused.advice} ${remedy(refused)}`;
    const errors = fallen().map((pane) => [pane, pane.run.collapse()]);
    return errors.map(([pane, error]) => `${whose(pane)}${error.advice} ${remedy(error)}`).join(" ");
  };

  // Where the ellipses are, for those who don't see them.
  const drawPlaces = () => {
    const sentence = (pane) => {
      const { means, covariances } = pane.run.states[at(pane)[0]].params;
      const each = means.map((mean, j) => `${NAMES[j]} at ${mean.map((value, a) => `${state.names[a]} ${roundTo(value, box[2 * a], box[2 * a + 1])} ± ${em.number(Math.sqrt(covariances[j][2 * a]), 3)}`).join(", ")}`);
      return `${whose(pane)}Centres, with one standard deviation: ${each.join("; ")}.`;
    };
    where.textContent = panes().filter(({ run }) => run).map(sentence).join(" ");
  };

  const drawDatum = () => {
    const there = seen !== null && seen < places.length;
    for (const pane of panes()) {
      pane.ring.setAttribute("cx", there ? places[seen][0] : -99);
      pane.ring.setAttribute("cy", there ? places[seen][1] : -99);
    }
    if (!there) {
      about.textContent = state.points.length ? matchMedia("(hover: none)").matches ? "Choose Look and tap a datum to see its shares." : "Point at a datum, or move the cursor to it with the arrow keys, to see its shares." : "";
      return;
    }
    const [u, v] = state.points[seen];
    const share = panes().filter(({ run }) => run).map((pane) => {
      const [, r] = at(pane);
      if (r === null) return "no shares yet";
      return `${state.hard ? (pane === soft ? "soft " : "hard ") : ""}shares ${pane.run.shares(r).map((column, j) => `${NAMES[j]} ${em.number(column[seen], 3)}`).join(", ")}`;
    });
    about.textContent = `Row ${seen}, ${state.names[0]} ${u}, ${state.names[1]} ${v}${share.length ? ": " : ""}${share.join("; ")}.`;
  };

  const draw = () => {
    for (const pane of [soft, hard]) drawPane(pane);
    drawDatum();
    drawCentres();
    drawFigures();
    if (goal === null) {
      status.replaceChildren(...words(statusText()));
      advice.replaceChildren(...words(adviceText()));
      drawPlaces();
    } else status.replaceChildren(...words(`Running: ${em.halfTitle(state.step)}.`));
    root.classList.toggle("em-pair", state.hard);
    undo.setAttribute("aria-disabled", String(!past.length));
    redo.setAttribute("aria-disabled", String(!future.length));
  };

  // --- data

  const place = () => {
    x = em.scale([box[0], box[1]], [0, WIDTH]);
    y = em.scale([box[2], box[3]], [HEIGHT, 0]);
    places = state.points.map(([u, v]) => [Number(x(u).toFixed(1)), Number(y(v).toFixed(1))]);
    for (const { axes } of [soft, hard]) axes.replaceChildren(em.axes(em.make, { width: WIDTH, height: HEIGHT, box, x, y, across: state.names[0], up: state.names[1] }));
  };
  const boxOf = (points) => {
    if (!points.length) return [0, 10, 0, 10];
    return [0, 1].flatMap((a) => {
      const [low, high] = steps.range(points.map((point) => point[a]));
      const edge = high > low ? 0.08 * (high - low) : Math.max(1, Math.abs(high) / 2);
      return [low - edge, high + edge];
    });
  };
  const roundTo = (value, low, high) => Number(value.toFixed(em.clamp(3 - Math.floor(Math.log10(high - low)), 12)));
  const inside = (value, most) => Math.min(Math.max(value, 0), most);
  const pointAt = ([u, v]) => {
    const across = box[0] + (inside(u, WIDTH) / WIDTH) * (box[1] - box[0]);
    const up = box[3] - (inside(v, HEIGHT) / HEIGHT) * (box[3] - box[2]);
    return [roundTo(across, box[0], box[1]), roundTo(up, box[2], box[3])];
  };

  const begin = () => {
    stop();
    state.step = 0;
    copied.hidden = true;
    told.textContent = "";
    const { points, k, kind, start } = state;
    const fewest = FEWEST + (start.way === "kmeans" ? k - 1 : 0);
    for (const pane of [soft, hard]) pane.run = null;
    sorry = "";
    refused = null;
    if (!points.length) sorry = "Put down some points: click into the picture, choose data, or paste a table.";
    else if (points.length < fewest) sorry = `Put down at least ${fewest} points, so that there is something to fit; so far there ${points.length > 1 ? `are ${points.length}` : "is one"}.`;
    const random = steps.chance(start.seed);
    const prior = state.prior && points.length ? steps.weakPrior(points, k) : null;
    if (!sorry && state.prior && !prior) sorry = "A column is constant and so has no scale, from which the prior would be taken.";
    if (!sorry) {
      try {
        const from = start.way === "own" ? steps.startAt(points, start.means, kind, start.shapes) : start.way === "rows" ? steps.randomStart(points, k, kind, random) : steps.kmeansStart(points, k, kind, random);
        soft.run = runOf(points, { kind, prior }, from, false);
        if (state.hard) hard.run = runOf(points, { kind, prior }, from, true);
      } catch (error) {
        if (!(error instanceof steps.Collapse || error instanceof RangeError)) throw error;
        if (error instanceof steps.Collapse) refused = error;
        sorry = refused ? refusal(refused) : `${error.message}.`;
      }
    }
    draw();
    keep();
  };

  // Another state, at its step; the tools show what is set.
  const use = (next) => {
    const { step } = next;
    const framed = state.points === next.points ? box : next.box ?? boxOf(next.points);
    state = { ...next };
    delete state.box;
    box = framed;
    seen = null;
    if (state.start.way === "own" && state.start.means?.length !== state.k) state.start = own(centresOf(state));
    place();
    data.select.value = state.data;
    components.select.value = String(state.k);
    kinds.select.value = state.kind;
    starts.select.value = state.start.way;
    prior.checked = state.prior;
    beside.checked = state.hard;
    begin();
    if (step && soft.run) advance(step);
  };

  // Centres to begin to drag from: on a ring around the middle, so that they can be told apart.
  const centresOf = ({ points, k }) => {
    const [x0, x1, y0, y1] = points.length ? boxOf(points) : [0, 10, 0, 10];
    return Array.from({ length: k }, (_, j) => {
      const angle = (2 * Math.PI * j) / k + 0.4;
      return [roundTo((x0 + x1) / 2 + (k > 1 ? 0.22 : 0) * (x1 - x0) * Math.cos(angle), x0, x1), roundTo((y0 + y1) / 2 + (k > 1 ? 0.22 : 0) * (y1 - y0) * Math.sin(angle), y0, y1)];
    });
  };

  // Starts that were not dragged are drawn anew.
  const snapshot = () => ({ data: state.data, points: state.points, names: state.names, box, ...(state.start.way === "own" && { start: state.start }) });
  let moved = ""; // of a start, by a drag or a row of keys, which are one step back
  const remember = (before = snapshot()) => {
    past.push(before);
    if (past.length > 100) past.shift();
    future.length = 0;
    moved = "";
  };
  // A drag makes a start of what is shown: it is taken back to that.
  const dragged = () => ({ start: state.start, step: state.step, dragged: true });
  const rememberStart = (what) => {
    if (moved !== what) remember({ ...snapshot(), ...dragged() });
    moved = what;
  };
  window.addEventListener("pointerup", () => { moved = ""; });
  const travel = (from, to) => {
    if (!from.length) return;
    moved = "";
    const { start, step = 0, dragged: wasDragged, ...rest } = from.pop();
    to.push({ ...snapshot(), ...(wasDragged && dragged()) });
    const back = wasDragged || state.start.way === "own";
    use({ ...state, ...rest, start: (back && start) || state.start, step });
  };
  const load = (next) => {
    remember();
    question.textContent = "";
    answer.textContent = "";
    use(next);
  };
  // Points put down by hand; the box stays.
  const setPoints = (points) => {
    state = { ...state, points, data: "" };
    data.select.value = "";
    places = points.map(([u, v]) => [Number(x(u).toFixed(1)), Number(y(v).toFixed(1))]);
    seen = null;
    for (const pane of [soft, hard]) pane.run = null;
    for (const pane of panes()) drawPane(pane);
    drawDatum();
  };

  // --- steps

  const stop = () => {
    goal = null;
    running.textContent = "Run";
    status.setAttribute("aria-live", "polite");
  };
  const move = (step) => {
    for (const { run } of panes()) while (run.last() < Math.floor(step / 2) && !run.ended()) run.onward();
    state.step = Math.min(step, Math.max(...panes().map(({ run }) => (run.ended() ? 2 * run.last() + (run.collapse() ? 2 : 0) : step))), steps.MOST.step);
  };
  const go = (step) => {
    if (!soft.run) return;
    stop();
    move(Math.max(0, step));
    draw();
    keep();
  };
  const advance = (to) => {
    if (!soft.run) return;
    goal = Math.min(to, steps.MOST.step);
    running.textContent = "Stop";
    status.setAttribute("aria-live", "off");
    const tick = () => {
      if (goal === null) return;
      const until = performance.now() + (state.step < 60 ? 0 : FRAME);
      do move(Math.min(state.step - (state.step % 2) + 2, goal));
      while (performance.now() < until && state.step < goal && state.step !== lastEnd());
      if (state.step >= goal || state.step === lastEnd()) {
        stop();
        keep();
      } else if (performance.now() > last + 500) keepNow(); // a reload goes on from here
      draw();
      if (goal !== null) requestAnimationFrame(tick);
    };
    tick();
  };
  const lastEnd = () => (panes().every(({ run }) => run.ended()) ? lastStep() : Infinity);

  const eStep = () => {
    if (state.step % 2) say("The responsibilities belong to these parameters already: the M-step is next.");
    else go(state.step + 1);
  };
  const mStep = () => {
    if (state.step === lastEnd()) draw(); // what is said stays true
    else if (state.step % 2) go(state.step + 1);
    else say(state.step ? "The parameters are the best for these responsibilities: the E-step is next." : "Nothing is shared out yet: the E-step comes first.");
  };
  const say = (text) => soft.run && status.replaceChildren(...words(text));
  const another = () => use({ ...state, start: state.start.way === "own" ? own(state.points.length ? steps.randomStart(state.points, state.k, "spherical", steps.chance(Date.now())).means : centresOf(state)) : { ...state.start, seed: (state.start.seed % steps.MOST.seed) + 1 }, step: 0 });

  // --- tools: by mouse, by finger, and by the cursor that keys move

  const TOOLS = { Look: "shows a datum’s shares", Put: "puts down a point", Spray: "sprays a cloud", Move: "moves a point, or a centre by its letter", Erase: "erases points" };
  const NEAR = 18;
  let tool = "Put";
  let gesture = null; // what was there before it, and the point that is carried
  const toolButtons = Object.keys(TOOLS).map((name) => html("button", { type: "button", "aria-pressed": String(name === tool), title: TOOLS[name], onclick: () => take(name) }, name));
  const take = (name) => {
    tool = name;
    drop();
    for (const button of toolButtons) button.setAttribute("aria-pressed", String(button.textContent === name));
    for (const { area } of [soft, hard]) area.classList.toggle("em-everywhere", byDrag());
    soft.plane.classList.toggle("em-through", ["Spray", "Erase"].includes(name));
    soft.plane.classList.toggle("em-looks", name === "Look");
    drawCentres();
  };
  const byDrag = () => ["Spray", "Move", "Erase"].includes(tool);
  const nearest = ([u, v], most = Infinity) => {
    let [best, far] = [null, most];
    places.forEach(([a, b], i) => {
      const distance = Math.hypot(a - u, b - v);
      if (distance <= far) [best, far] = [i, distance];
    });
    return best;
  };
  const full = () => {
    if (state.points.length < steps.MOST.rows) return false;
    status.textContent = `This page takes ${steps.MOST.rows} points; em_core takes more.`;
    return true;
  };
  const press = (at) => {
    gesture = { before: snapshot(), carried: tool === "Move" ? nearest(at, 2 * NEAR) : null };
    if (tool === "Look") {
      seen = nearest(at, 2 * NEAR);
      drawDatum();
    } else drag(at, true);
  };
  const drag = (at, first = false) => {
    if (!gesture) return;
    if (tool === "Put" && first && !full()) setPoints([...state.points, pointAt(at)]);
    if (tool === "Spray" && !full()) {
      const more = cloud(Math.random, first ? 5 : 2, [0, 0], [22, 0, 22]).map(([u, v]) => pointAt([at[0] + u, at[1] + v]));
      setPoints([...state.points, ...more].slice(0, steps.MOST.rows));
    }
    if (tool === "Erase") {
      const left = state.points.filter((_, i) => Math.hypot(places[i][0] - at[0], places[i][1] - at[1]) > NEAR);
      if (left.length < state.points.length) setPoints(left);
    }
    if (tool === "Move" && gesture.carried !== null && !first) setPoints(state.points.with?.(gesture.carried, pointAt(at)) ?? state.points.map((point, i) => (i === gesture.carried ? pointAt(at) : point)));
  };
  const drop = () => {
    if (!gesture) return;
    const { before } = gesture;
    gesture = null;
    if (before.points === state.points) return;
    remember(before);
    begin();
  };
  const inPlane = (area, { clientX, clientY }) => {
    const at = new DOMPoint(clientX, clientY).matrixTransform(area.getScreenCTM().inverse());
    return [at.x, at.y];
  };
  for (const { area } of [soft, hard]) {
    let tapped = null;
    area.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      stop();
      if (!byDrag()) {
        tapped = event; // a finger may yet scroll the page
        return;
      }
      area.setPointerCapture(event.pointerId);
      press(inPlane(area, event));
      event.preventDefault();
    });
    area.addEventListener("pointermove", (event) => {
      if (gesture) drag(inPlane(area, event));
      else if (event.pointerType === "mouse") {
        seen = nearest(inPlane(area, event), 2 * NEAR);
        drawDatum();
      }
    });
    area.addEventListener("pointerup", (event) => {
      if (tapped && Math.hypot(event.clientX - tapped.clientX, event.clientY - tapped.clientY) < 10) press(inPlane(area, event));
      tapped = null;
      drop();
    });
    for (const end of ["pointercancel", "lostpointercapture"]) {
      area.addEventListener(end, () => {
        tapped = null;
        drop();
      });
    }
    area.addEventListener("touchstart", (event) => byDrag() && event.preventDefault(), { passive: false });
  }

  // As many points as there are, at least 100, drawn from the mixture that is shown.
  const sample = () => {
    if (!soft.run) return;
    stop();
    const { weights, means, covariances } = soft.run.states[at(soft)[0]].params;
    const roots = covariances.map(steps.cholesky);
    const drawn = Array.from({ length: Math.max(100, state.points.length) }, () => {
      let left = Math.random();
      const j = weights.findIndex((weight) => (left -= weight) < 0);
      return cloud(Math.random, 1, means[j < 0 ? 0 : j], roots[j < 0 ? 0 : j])[0].map((value, a) => roundTo(value, box[2 * a], box[2 * a + 1]));
    });
    load({ ...state, data: "", points: drawn, step: 0 });
  };

  let spot = [WIDTH / 2, HEIGHT / 2];
  const cursor = handle({
    name: "Cursor",
    shape: "M-12 0H12M0-12V12",
    drag: () => {},
    move: (right, up) => {
      spot = [em.clamp(spot[0] + 10 * right, WIDTH), em.clamp(spot[1] - 10 * up, HEIGHT)];
      drag(spot);
      seen = nearest(spot);
      cursor.put(spot);
      drawDatum();
    },
    value: () => {
      const [u, v] = pointAt(spot);
      return { min: box[0], max: box[1], now: u, text: `${state.names[0]} ${u}, ${state.names[1]} ${v}. Enter ${TOOLS[tool]}` };
    },
  });
  cursor.element.classList.add("em-cursor");
  cursor.element.addEventListener("keydown", (event) => {
    if (!["Enter", " ", "Escape"].includes(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const carrying = gesture !== null;
    drop();
    if (event.key === "Escape" || carrying) return;
    press(spot);
    if (tool !== "Move" || gesture?.carried === null) drop();
    else say("The point is carried: arrow keys move it, Enter puts it down.");
  });
  cursor.element.addEventListener("blur", drop);
  soft.over.append(cursor.element);

  // Centres that can be dragged, where that is the start, or by the tool that moves. After a step the
  // drag begins from what is shown, as a start of one's own.
  const shown = () => soft.run.states[at(soft)[0]].params;
  const shownStart = () => {
    if (state.start.way === "own" && !(soft.run && state.step)) return state.start;
    const short = (rows) => rows.map((row) => row.map((value) => Number(value.toPrecision(9))));
    return own(short(shown().means), short(shown().covariances));
  };
  const meanOf = (j) => shown().means[j].map((value, a) => roundTo(value, box[2 * a], box[2 * a + 1]));
  const restart = (what, start) => {
    rememberStart(what);
    state = { ...state, start, step: 0 };
    starts.select.value = start.way;
    begin();
  };
  const centres = NAMES.map((name, j) => handle({
    name: `Centre ${name}`,
    shape: "M-15-15H15V15H-15Z",
    everywhere: true,
    drag: (at) => setCentre(j, pointAt(at)),
    move: (right, up) => setCentre(j, pointAt([x(shown().means[j][0]) + 8 * right, y(shown().means[j][1]) - 8 * up])),
    value: () => {
      const [u, v] = meanOf(j);
      return { min: box[0], max: box[1], now: u, text: `${state.names[0]} ${u}, ${state.names[1]} ${v}` };
    },
  }));
  const setCentre = (j, mean) => {
    const start = shownStart();
    restart(`centre ${j}`, { ...start, means: start.means.map((old, i) => (i === j ? mean : old)) });
  };

  // The ends of their inner ellipses, by which these are turned and stretched: the other axis stays half as
  // long. In the picture's units, in which an axis that is longer looks longer.
  const unit = () => [(box[1] - box[0]) / WIDTH, (box[2] - box[3]) / HEIGHT];
  const endOf = (j) => {
    const [a, b] = unit();
    const { means, covariances } = shown();
    const [xx, xy, yy] = [covariances[j][0] / a / a, covariances[j][1] / a / b, covariances[j][2] / b / b];
    const angle = Math.atan2(2 * xy, xx - yy) / 2;
    const far = Math.sqrt((xx + yy + Math.hypot(xx - yy, 2 * xy)) / 2);
    return [inside(x(means[j][0]) + far * Math.cos(angle), WIDTH), inside(y(means[j][1]) + far * Math.sin(angle), HEIGHT)];
  };
  const setEnd = (j, at) => {
    const [a, b] = unit();
    const start = shownStart();
    const mean = start.means[j];
    const [u, v] = [at[0] - x(mean[0]), at[1] - y(mean[1])];
    if (Math.hypot(u, v) < 8) return;
    const shape = [u * u + (v * v) / 4, 0.75 * u * v, v * v + (u * u) / 4];
    const made = [shape[0] * a * a, shape[1] * a * b, shape[2] * b * b].map((value) => Number(value.toPrecision(6)));
    const shapes = start.shapes ?? shown().covariances;
    restart(`ellipse ${j}`, { ...start, shapes: shapes.map((old, i) => (i === j ? made : old)) });
  };
  const ends = NAMES.map((name, j) => handle({
    name: `Ellipse ${name}`,
    shape: "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0",
    everywhere: true,
    drag: (at) => setEnd(j, at),
    move: (right, up) => {
      const [u, v] = endOf(j);
      setEnd(j, [u + 8 * right, v - 8 * up]);
    },
    value: () => {
      const [u, v] = pointAt(endOf(j));
      return { min: box[0], max: box[1], now: u, text: `ends at ${state.names[0]} ${u}, ${state.names[1]} ${v}` };
    },
  }));
  let shownCentres = 0;
  const drawCentres = () => {
    const count = (state.start.way === "own" || tool === "Move") && soft.run ? state.k : 0;
    if (count !== shownCentres) {
      for (const { element } of [...centres, ...ends]) element.remove();
      // A letter above its ellipse’s end, which lies beneath it where the ellipse is small.
      soft.over.prepend(...centres.slice(0, count).flatMap(({ element }, j) => [ends[j].element, element]));
      shownCentres = count;
    }
    centres.slice(0, count).forEach((centre, j) => {
      const [u, v] = shown().means[j];
      centre.put([inside(x(u), WIDTH), inside(y(v), HEIGHT)]);
      ends[j].put(endOf(j));
    });
    cursor.put(spot);
  };

  // --- a table from elsewhere

  const pasted = html("textarea", { rows: 5, spellcheck: "false", autocomplete: "off", "aria-label": "A table: two numbers a line", placeholder: "3.6, 79\n1.8, 54" });
  const answer = html("p", { role: "status", class: "em-answer" });
  const useTable = (text) => {
    const { sorry: wrong, points, names } = steps.readTable(text);
    if (!wrong) load({ ...state, data: "", points, names, step: 0 });
    answer.textContent = wrong ?? `${points.length} ${points.length > 1 ? "rows are" : "row is"} in the picture.`;
    if (wrong) answer.scrollIntoView({ block: "nearest" });
  };
  const openFile = async (file) => {
    if (file.size > steps.MOST.text) answer.textContent = `“${file.name.slice(0, 40)}” is too large for this page, which takes ${steps.MOST.rows} rows; em_core takes more: see the end of this page.`;
    else useTable(await file.text().catch(() => ""));
  };
  const opened = html("input", {
    type: "file", accept: ".csv,.tsv,.txt,text/csv,text/plain", "aria-label": "Open a table",
    onchange: async () => {
      if (opened.files.length) await openFile(opened.files[0]);
      opened.value = "";
    },
  });
  // What is pasted outside a field, or dropped on the page's part, is a table too.
  const brought = (event, { files, text }) => {
    event.preventDefault();
    root.querySelector("details").open = true;
    if (files.length) openFile(files[0]);
    else useTable(text);
  };
  addEventListener("paste", (event) => {
    const { clipboardData: held, target } = event;
    if (!held || target.matches?.("textarea, input")) return;
    brought(event, { files: held.files, text: held.getData("text/plain") });
  });
  root.addEventListener("dragover", (event) => event.preventDefault());
  root.addEventListener("drop", (event) => {
    const { files } = event.dataTransfer;
    const text = event.dataTransfer.getData("text/plain");
    if (!event.target.matches("textarea")) brought(event, { files, text });
  });

  // --- what is taken along, and what is kept

  const copied = html("textarea", { rows: 6, readonly: true, spellcheck: "false", "aria-label": "What was copied", hidden: true });
  const told = html("p", { role: "status", class: "em-answer" });
  const copy = async (text, what) => {
    Object.assign(copied, { hidden: false, value: text });
    try {
      await navigator.clipboard.writeText(text);
      told.textContent = `${what} is copied.`;
    } catch {
      copied.select();
      told.textContent = `${what} stands here, to be copied.`;
    }
  };
  const save = (content, name) => {
    const url = URL.createObjectURL(content);
    html("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
    told.textContent = `${name} is saved where your browser saves files.`;
  };
  const copyLink = () => {
    keepNow();
    copy(location.href, steps.fits(state) ? "The address, which holds all this," : `The address, without the points, of which there are more than ${steps.MOST.inAddress},`);
  };
  const copyPython = () => {
    if (!soft.run) {
      told.textContent = `There is no run to copy. ${sorry}`;
      return;
    }
    const pane = state.hard ? hard : soft;
    const collapsed = pane.run.collapse() && state.step >= 2 * pane.run.last() + 2;
    copy(steps.asPython(state, pane.run.states[0].params, at(pane)[0] + (collapsed ? 1 : 0), Boolean(collapsed)), "The cell");
  };
  const COPIED = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity", "fill-opacity", "font-size", "font-weight", "paint-order", "text-anchor"];
  const asSvg = (pane) => {
    const picture = pane.plane.cloneNode(true);
    const [all, theirs] = [picture.querySelectorAll("*"), pane.plane.querySelectorAll("*")];
    theirs.forEach((element, i) => {
      const style = getComputedStyle(element);
      for (const name of COPIED) all[i].setAttribute(name, style.getPropertyValue(name));
      all[i].setAttribute("font-family", "Georgia, serif");
      all[i].removeAttribute("class");
    });
    picture.querySelectorAll("[role=slider], [tabindex]").forEach((element) => element.remove());
    const [left, top, width, height] = picture.getAttribute("viewBox").split(" ");
    picture.prepend(svg("rect", { x: left, y: top, width, height, fill: getComputedStyle(root).backgroundColor }));
    for (const [name, value] of Object.entries({ xmlns: "http://www.w3.org/2000/svg", width, height })) picture.setAttribute(name, value);
    return new XMLSerializer().serializeToString(picture);
  };
  const saveSvg = () => save(new Blob([asSvg(state.hard ? hard : soft)], { type: "image/svg+xml" }), "points.svg");
  const savePng = () => {
    const image = new Image();
    image.onload = () => {
      const canvas = html("canvas", { width: 2 * image.width, height: 2 * image.height });
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((blob) => save(blob, "points.png"));
    };
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(asSvg(state.hard ? hard : soft))}`;
  };

  // At once where it is little, since a browser may forget what is stored while a page is left; but not
  // for every point of a stroke.
  let waiting = null;
  let last = -Infinity;
  let known = ""; // the address's end that was opened or written last
  const keep = () => {
    clearTimeout(waiting);
    const left = steps.fits(state) ? last + 300 - performance.now() : 300;
    if (left > 0) waiting = setTimeout(keepNow, left);
    else keepNow();
  };
  const keepNow = () => {
    clearTimeout(waiting);
    last = performance.now();
    const address = steps.writeAddress(state);
    try {
      if (location.hash === known) { // else another was opened, of which one hears presently
        history.replaceState(history.state, "", `#${address}${isFull() ? "&full=1" : ""}`);
        known = location.hash;
      }
      localStorage.setItem(KEPT, JSON.stringify({ address, points: state.data ? [] : state.points, names: state.names }));
    } catch { /* switched off, or full, or too often: nothing else depends on it */ }
  };
  let reloaded = performance.getEntriesByType("navigation")[0]?.type === "reload";
  // What was put down before, as far as it can be trusted.
  const kept = () => {
    try {
      const { address, points, names } = JSON.parse(localStorage.getItem(KEPT));
      const read = steps.readTable(points.map((point) => point.join(",")).join("\n"));
      return { address: String(address), points: read.points ?? [], names: names.slice(0, 2).map((name) => steps.asName(String(name))) };
    } catch {
      return null;
    }
  };
  // A reload within a run finds its address of half a second ago, and the step of now in what is kept.
  const bare = (address) => address.replace(/&step=\d+$/, "");
  const open = () => {
    known = location.hash;
    const before = kept();
    const given = location.hash.slice(1).replace(/(^|&)full=1$/, "");
    const text = reloaded && before && bare(before.address) === bare(given) ? before.address : given;
    reloaded = false;
    fill(given !== location.hash.slice(1));
    const found = steps.readAddress(text, sets) ?? (before && steps.readAddress(before.address, sets));
    const { state: next, sorry: refused } = found ?? { state: { ...steps.FIRST, data: "two-clouds", ...sets.get("two-clouds") }, sorry: "" };
    const ours = before && (before.address === text || !text);
    if (!next.data && !next.points.length && ours && before.points.length) Object.assign(next, { points: before.points, names: before.names });
    use(next);
    told.textContent = refused;
  };

  // --- full screen: the page's other parts are away; a link can ask for it, but not for the screen's edges

  const isFull = () => root.classList.contains("em-full");
  const fill = (full) => {
    if (full !== isFull()) {
      const focused = document.activeElement === filling;
      root.querySelector(`[role=group][aria-label="${full ? "Tools" : "Take it with you"}"]`).append(filling);
      if (focused) filling.focus();
    }
    root.classList.toggle("em-full", full);
    filling.textContent = full ? "Leave full screen" : "Full screen";
    for (let one = root; one !== document.body; one = one.parentElement) {
      for (const other of one.parentElement.children) if (other !== one) other.inert = full;
    }
  };
  const leave = () => {
    if (document.fullscreenElement) document.exitFullscreen();
    fill(false);
    keep();
  };
  const filling = html("button", {
    type: "button",
    onclick: () => {
      if (isFull()) {
        leave();
        return;
      }
      fill(true);
      document.documentElement.requestFullscreen?.()?.catch(() => {}); // a window does as well
      keep();
    },
  });
  addEventListener("fullscreenchange", () => document.fullscreenElement || leave());
  addEventListener("keydown", (event) => event.key === "Escape" && isFull() && leave());

  // --- the page

  const button = (name, action) => html("button", { type: "button", onclick: action }, name);
  const set = (change) => use({ ...state, ...change, step: 0 });
  const data = choice("Data", [["", "your own"], ...titles], (key) => load(key ? { ...state, data: key, ...sets.get(key), step: 0, start: fresh() } : { ...state, data: "", points: [], names: ["x", "y"], step: 0, start: fresh() }));
  const fresh = () => (state.start.way === "own" ? own(null) : state.start);
  const components = choice("Components k", NAMES.map((_, j) => [String(j + 1), String(j + 1)]), (k) => set({ k: Number(k) }));
  const kinds = choice("Covariance", KIND_NAMES, (kind) => set({ kind }));
  const starts = choice("Start", START_NAMES, (way) => set({ start: way === "own" && soft.run ? shownStart() : { way, seed: 1, means: null, shapes: null } }));
  const tick = (text, change) => {
    const input = html("input", { type: "checkbox", onchange: () => change(input.checked) });
    return { input, element: html("label", { class: "em-tick" }, input, html("span", {}, text)) };
  };
  const { input: prior, element: priorLabel } = tick(PRIOR, (checked) => set({ prior: checked }));
  const { input: beside, element: besideLabel } = tick("Hard labels beside soft ones", (checked) => set({ hard: checked }));
  const running = button("Run", () => {
    if (goal === null) advance(Infinity);
    else {
      stop();
      draw();
      keep();
    }
  });
  const status = html("p", { role: "status", class: "em-status" });
  const advice = html("p", { role: "status", class: "em-advice" });
  const where = html("p", { class: "em-unseen" });
  const undo = button("Undo", () => travel(past, future));
  const redo = button("Redo", () => travel(future, past));
  const savePoints = () => {
    if (state.points.length) save(new Blob([steps.asTable(state)], { type: "text/csv" }), "points.csv");
    else told.textContent = "There are no points to save yet.";
  };
  const figures = html("div", { class: "em-scroll em-figures", tabindex: "0", role: "region", "aria-label": "What the step gives" });
  const about = html("p", { class: "em-datum" });
  const question = html("p", { role: "status", class: "em-answer em-question", tabindex: "-1" });
  const group = (name, ...children) => html("div", { class: "em-controls", role: "group", "aria-label": name }, ...children);

  root.replaceChildren(html("div", { class: "em-live" },
    html("div", { class: "em-choices" }, data.element, components.element, kinds.element, starts.element),
    question,
    html("div", { class: "em-panes" }, soft.element, hard.element),
    group("Steps", button("E-step", eStep), button("M-step", mStep), button("Iteration", () => go(state.step - (state.step % 2) + 2)), running, button("Back", () => go(state.step - 1)), button("To the start", () => go(0)), button("Another start", another)),
    status,
    group("Tools", ...toolButtons, html("button", { type: "button", title: "puts as many points, drawn from the mixture in the picture, in the place of these", onclick: sample }, "Draw a sample"), undo, redo, button("Clear", () => load({ ...state, data: "", points: [], names: ["x", "y"], step: 0, start: steps.FIRST.start }))),
    html("div", { class: "em-ticks" }, besideLabel, priorLabel),
    about, figures, where, advice,
    html("p", { class: "em-heading" }, "Try this"),
    group("Try this", ...TRY.map(([name, setting, text]) => button(name, () => {
      load({ ...steps.FIRST, ...setting, ...sets.get(setting.data) });
      if (["Spray", "Erase"].includes(tool)) take("Look"); // its centres may be dragged
      question.textContent = text;
      question.focus({ preventScroll: true });
      question.scrollIntoView(); // with the picture below it, which may be far from here
    }))),
    html("details", { class: "em-table" }, html("summary", {}, "Paste or open a table"), pasted, group("Table", button("Use these rows", () => useTable(pasted.value)), opened), answer),
    html("p", { class: "em-heading" }, "Take it with you"),
    group("Take it with you", button("Copy the address", copyLink), button("Copy as Python", copyPython), button("Save the points", savePoints), button("Picture (SVG)", saveSvg), button("Picture (PNG)", savePng), filling),
    told, copied));
  root.classList.add("em-ready");
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", "Your own points");
  addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || !["z", "y"].includes(event.key.toLowerCase()) || event.target.matches?.("textarea, input[type=search]")) return;
    event.preventDefault();
    if (event.shiftKey || event.key.toLowerCase() === "y") travel(future, past);
    else travel(past, future);
  });
  addEventListener("hashchange", open);
  addEventListener("pagehide", keepNow);
  open();
})();
