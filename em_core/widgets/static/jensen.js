// Jensen's inequality: a curve, a chord, and the gap between them as a drawn length.
(() => {
  "use strict";
  const em = (globalThis.emWidgets ??= { kinds: {} });
  const [WIDTH, HEIGHT] = [600, 340];
  const PIECES = 120;
  // The two small curves below: where they begin, and how large they are.
  const [BELOW, PANEL, RISE] = [HEIGHT + 84, 262, 92];

  em.kinds.jensen = (scene, tools) => {
    const { svg, html, handle, choice, ask } = tools;
    const names = Object.keys(scene.curves);
    const picker = choice("Function", names.map((name) => [name, scene.curves[name].written]), (name) => ask(`${name}:`));
    const curve = svg("path", { class: "em-curve em-line-a" });
    const chord = svg("path", { class: "em-chord" });
    const gap = svg("path", { class: "em-gap" });
    const below = svg("text", { class: "em-value em-a" }, "f(E[X])");
    const above = svg("text", { class: "em-value em-b" }, "E[f(X)]");
    const size = svg("text", { class: "em-value" });
    const atMean = svg("circle", { r: 5.5, class: "em-at-mean" });
    const axes = svg("g");
    let trace = null;
    let setting = null;
    let x = null;
    let y = null;
    let unit = 0;
    let line = []; // the curve's points on the stage
    let origin = "own"; // the setting before the reader changed it

    // A setting of the reader's own becomes step 0, with the way to equality after it.
    const change = (part) => {
      const own = { ...setting, ...part };
      const name = `at:${own.f},${own.first},${own.second},${own.weight}`;
      ask(name, { ...trace, setting: name, steps: [own, ...trace.steps.slice(1)] });
    };
    const snap = (value) => {
      const [low, high] = scene.curves[setting.f].domain;
      return Number(Math.min(Math.max(Math.round(value / unit) * unit, low), high).toFixed(6));
    };
    const inverse = (place) => {
      const [low, high] = scene.curves[setting.f].domain;
      return low + (place / WIDTH) * (high - low);
    };
    const point = (which, name) => handle({
      name,
      shape: "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0",
      drag: ([place]) => change({ [which]: snap(inverse(place)) }),
      move: (right, up) => change({ [which]: snap(setting[which] + (right + up) * unit) }),
      value: () => {
        const [min, max] = scene.curves[setting.f].domain;
        return { min, max, now: setting[which], text: em.number(setting[which], 2) };
      },
    });
    const first = point("first", "First point");
    const second = point("second", "Second point");
    const toWeight = (value) => change({ weight: Number(Math.min(Math.max(Math.round(value * 50) / 50, 0), 1).toFixed(2)) });
    // Where handles lie on each other, the weight's is on top, and a drag moves the point below.
    let target;
    const choose = () => {
      const { first: a, second: b, weight: w } = setting;
      if (a === b || w === 1) return "second";
      return w === 0 ? "first" : "weight";
    };
    const weight = handle({
      name: "Weight of the second point",
      shape: "M-6-6H6V6H-6Z",
      begin: () => { target = choose(); },
      drag: ([place]) => {
        const share = (inverse(place) - setting.first) / (setting.second - setting.first);
        if (target === "weight") toWeight(share);
        else change({ [target]: snap(inverse(place)) });
      },
      move: (right, up) => toWeight(setting.weight + (right + up) / 50),
      value: () => ({ min: 0, max: 1, now: setting.weight, text: em.number(setting.weight, 2) }),
    });
    // The gap against the points' distance, and against the weight; the latter can be set there.
    const panel = (left, name, ...more) => {
      const [way, mark] = [svg("path", { class: "em-curve em-line-b em-small" }), svg("circle", { r: 6, class: "em-dot" })];
      const element = svg("g", { transform: `translate(${left} ${BELOW})` },
        svg("path", { d: `M0 0V${RISE}H${PANEL}`, class: "em-frame" }),
        svg("text", { x: -10, y: 14, "text-anchor": "end" }, "gap"),
        svg("text", { x: PANEL / 2, y: RISE + 26, "text-anchor": "middle" }, name), way, mark, ...more);
      return { element, way, mark };
    };
    const area = svg("rect", { y: -8, width: PANEL, height: RISE + 8, class: "em-plane-of-starts" });
    const ofDistance = panel(0, "distance");
    const ofWeight = panel(WIDTH - PANEL, "weight", area);
    const setWeight = ({ clientX, clientY }) =>
      toWeight(new DOMPoint(clientX, clientY).matrixTransform(area.getScreenCTM().inverse()).x / PANEL);
    area.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      area.setPointerCapture(event.pointerId);
      setWeight(event);
    });
    area.addEventListener("pointermove", (event) => {
      if (area.hasPointerCapture(event.pointerId)) setWeight(event);
    });
    const drawPanel = ({ way, mark }, at, share) => {
      const gaps = Array.from({ length: 41 }, (_, i) => em.jensen(at(i / 40)).gap);
      const up = em.scale([0, Math.max(...gaps, 1e-9)], [RISE, 6]);
      way.setAttribute("d", em.path(gaps.map((gap, i) => [(i / 40) * PANEL, up(gap)])));
      mark.setAttribute("cx", share * PANEL);
      mark.setAttribute("cy", up(em.jensen(setting).gap));
    };
    const drawPanels = () => {
      const { f, first: a, second: b } = setting;
      const [low, high] = scene.curves[f].domain;
      const most = b < a ? a - low : high - a; // as far as the second point can go
      drawPanel(ofDistance, (share) => ({ ...setting, second: a + Math.sign(b - a || 1) * share * most }), most ? Math.abs(b - a) / most : 0);
      drawPanel(ofWeight, (share) => ({ ...setting, weight: share }), setting.weight);
    };
    const stage = svg("svg", { viewBox: `-78 -14 ${WIDTH + 96} ${BELOW + RISE + 48}`, class: "em-plane", role: "group", "aria-label": "Curve, chord and gap" },
      svg("g", { "aria-hidden": "true" }, axes, curve, chord, gap, atMean, below, above, size, ofDistance.element, ofWeight.element), first.element, second.element, weight.element);

    const drawCurve = (f) => {
      const [low, high] = scene.curves[f].domain;
      const places = Array.from({ length: PIECES + 1 }, (_, i) => low + (i / PIECES) * (high - low));
      const values = places.map(em.curves[f]);
      const margin = 0.08 * (Math.max(...values) - Math.min(...values));
      const box = [low, high, Math.min(...values) - margin, Math.max(...values) + margin];
      x = em.scale(box.slice(0, 2), [0, WIDTH]);
      y = em.scale(box.slice(2), [HEIGHT, 0]);
      unit = (high - low) / 80;
      axes.replaceChildren(em.axes(tools, { width: WIDTH, height: HEIGHT, box, x, y, across: "x", up: "f(x)" }));
      line = places.map((place, i) => [x(place), y(values[i])]);
      curve.setAttribute("d", em.path(line));
      picker.select.value = f;
    };
    const reason = ({ f, first: a, second: b, weight: w }) => {
      if (a === b) return " The points have met.";
      if (w === 0 || w === 1) return " All the weight is on one point.";
      return scene.curves[f].bends === "straight" ? " The function is straight." : "";
    };
    const figures = (step) => {
      const at = em.jensen(trace.steps[step]);
      return [at.mean, at.chord, at.curve, at.gap].map((value) => em.number(value, 3));
    };

    return {
      stage: html("div", { class: "em-one" }, stage),
      choices: [picker.element],
      use: (next) => {
        trace = next;
        setting = null;
        if (!trace.setting.startsWith("at:")) origin = trace.setting;
      },
      show: (step) => {
        const before = setting?.f;
        setting = trace.steps[step];
        const { f } = setting;
        if (f !== before) drawCurve(f);
        const at = em.jensen(setting);
        const ends = [setting.first, setting.second].map((end) => [x(end), y(em.curves[f](end))]);
        const [mean, top, middle] = [x(at.mean), y(at.curve), y(at.chord)];
        chord.setAttribute("d", em.path(ends));
        gap.setAttribute("d", `M${mean} ${top}V${middle}`);
        atMean.setAttribute("cx", mean);
        atMean.setAttribute("cy", top);
        size.textContent = `gap ${em.number(at.gap, 3)}`;
        const lines = [line, ends, [[mean, top], [mean, middle]]].flatMap((points) => em.along(points));
        const put = em.labels({ width: WIDTH, height: HEIGHT }, [...lines, ...ends, ...ends]);
        const [outer, inner] = top <= middle ? ["Up", "Down"] : ["Down", "Up"];
        put(below, [mean, top], outer === "Up" ? "above" : "below", `left${outer}`, `right${outer}`);
        put(above, [mean, middle], `right${inner}`, inner === "Down" ? "below" : "above", `left${inner}`);
        put(size, [mean, (top + middle) / 2], "left", "right", `left${inner}`);
        [first, second].forEach((end, i) => end.put(ends[i]));
        weight.put([mean, middle]);
        drawPanels();
      },
      reset: () => {
        if (trace.setting.startsWith("at:")) ask(origin);
      },
      status: (step) => {
        const s = trace.steps[step];
        const [, expected, value, difference] = figures(step);
        const title = step === 0 && trace.setting.startsWith("at:") ? "Your setting" : `Setting ${step + 1} of ${trace.steps.length}`;
        return `${title}: f(x) = ${scene.curves[s.f].written}, points ${em.number(s.first, 2)} and ${em.number(s.second, 2)}, weight of the second ${em.number(s.weight, 2)}; E[f(X)] ${expected}, f(E[X]) ${value}, gap ${difference}.${reason(s)}`;
      },
      head: ["Setting", "f(x)", "first point", "second point", "weight of the second", "E[X]", "E[f(X)]", "f(E[X])", "gap"],
      row: (step) => {
        const s = trace.steps[step];
        return [String(step + 1), scene.curves[s.f].written, em.number(s.first, 2), em.number(s.second, 2), em.number(s.weight, 2), ...figures(step)];
      },
    };
  };
})();
