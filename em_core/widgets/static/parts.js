// Drawings that more than one widget shows: axes, the coins' map, the climb of the log-likelihood.
(() => {
  "use strict";
  const em = (globalThis.emWidgets ??= { kinds: {} });

  em.scale = ([low, high], [from, to]) => (value) => from + ((value - low) / (high - low)) * (to - from);

  em.ticks = (low, high, most = 5) => {
    const rough = (high - low) / most;
    const unit = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((factor) => factor * unit).find((size) => size >= rough * 0.999);
    const first = Math.ceil(low / step - 1e-9);
    const count = Math.floor(high / step + 1e-9) - first + 1;
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    return Array.from({ length: count }, (_, i) => [(first + i) * step, em.number((first + i) * step, digits)]);
  };

  em.path = (points, closed = false) =>
    `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}${closed ? "Z" : ""}`;

  // A line that turns at the points without corners: from middle to middle of its pieces.
  em.smooth = (points) => {
    const pair = ([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`;
    const middle = ([x, y], [u, v]) => [(x + u) / 2, (y + v) / 2];
    const [first, last] = [points[0], points.at(-1)];
    const closed = first[0] === last[0] && first[1] === last[1];
    const inner = points.slice(1, -1).map((point, i) => `Q${pair(point)} ${pair(middle(point, points[i + 2]))}`).join("");
    const start = middle(first, points[1]);
    return closed ? `M${pair(start)}${inner}Q${pair(last)} ${pair(start)}` : `M${pair(first)}L${pair(start)}${inner}L${pair(last)}`;
  };

  // Points along a line through others, near enough to each other that no label fits between them.
  em.along = (points, apart = 6) =>
    points.slice(1).flatMap(([x, y], i) => {
      const [from, base] = points[i];
      const count = Math.max(1, Math.ceil(Math.hypot(x - from, y - base) / apart));
      return Array.from({ length: count }, (_, k) => [from + ((x - from) * k) / count, base + ((y - base) * k) / count]);
    }).concat(points.slice(-1));

  // Places for labels in a frame: of those around a point, in the order of preference, the one that
  // covers the least of the lines, given as points, of other labels, and of what is outside the frame.
  const AROUND = {
    above: [0, -14, "middle"], below: [0, 28, "middle"],
    right: [16, 7, "start"], left: [-16, 7, "end"],
    rightUp: [14, -12, "start"], rightDown: [14, 24, "start"],
    leftUp: [-14, -12, "end"], leftDown: [-14, 24, "end"],
  };
  const LETTER = 13; // the width of one, and the room above and below a line
  const [UP, DOWN] = [19, 7];
  em.labels = ({ width, height, letter = LETTER }, lines) => {
    const taken = [];
    const cost = ([left, top, right, bottom]) => {
      const outside = left < 4 || top < -12 || right > width + 16 || bottom > height - 2;
      const overlap = taken.reduce((sum, [l, t, r, b]) =>
        sum + Math.max(0, Math.min(right, r) - Math.max(left, l)) * Math.max(0, Math.min(bottom, b) - Math.max(top, t)), 0);
      const covered = lines.filter(([x, y]) => x > left - 3 && x < right + 3 && y > top && y < bottom);
      return 1000 * outside + overlap / 5 + 2 * covered.length;
    };
    return (text, [x, y], ...preferred) => {
      const long = letter * text.textContent.length;
      const names = [...new Set([...preferred, ...Object.keys(AROUND)])];
      const places = [1, 1.5, 2, 3, 4].flatMap((far) => names.map((name) => {
        const [across, down, anchor] = AROUND[name];
        const [u, v] = [x + across * far, y + 7 + (down - 7) * far];
        const left = { start: u, middle: u - long / 2, end: u - long }[anchor];
        return { u, v, anchor, box: [left, v - UP, left + long, v + DOWN] };
      }));
      const costs = places.map(({ box }, i) => cost(box) + 0.5 * i);
      const { u, v, anchor, box } = places[costs.indexOf(Math.min(...costs))];
      taken.push(box);
      for (const [name, value] of Object.entries({ x: u, y: v, "text-anchor": anchor })) text.setAttribute(name, value);
    };
  };

  // A frame with ticks and names on two axes; x and y are scales.
  em.axes = ({ svg, words }, { width, height, box: [x0, x1, y0, y1], x, y, across, up }) =>
    svg("g", { "aria-hidden": "true" },
      svg("path", { d: `M0 0V${height}H${width}`, class: "em-frame" }),
      ...em.ticks(x0, x1).flatMap(([value, text]) => [
        svg("path", { d: `M${x(value)} ${height}v5`, class: "em-frame" }),
        svg("text", { x: x(value), y: height + 26, "text-anchor": "middle" }, text)]),
      ...em.ticks(y0, y1).flatMap(([value, text]) => [
        svg("path", { d: `M0 ${y(value)}h-5`, class: "em-frame" }),
        svg("text", { x: -10, y: y(value) + 7, "text-anchor": "end" }, text)]),
      svg("text", { x: width / 2, y: height + 54, "text-anchor": "middle", class: "em-axis" }, ...em.svgWords(across)),
      svg("text", { transform: `translate(-58 ${height / 2}) rotate(-90)`, "text-anchor": "middle", class: "em-axis" }, ...em.svgWords(up)));

  // What a step of two half-steps knows of the bound: none at the start; after an E-step it touches,
  // and the M-step's top was computed. The bound's digits may round above the log-likelihood's.
  em.bounded = ({ logLikelihoods, bounds }, step) => {
    const [t, r] = em.half(step);
    const logLikelihood = logLikelihoods[t];
    const lower = r === null ? null : r === t ? logLikelihood : bounds[r];
    return { t, r, logLikelihood, lower, gap: lower === null ? null : Math.max(0, logLikelihood - lower) };
  };
  em.boundWords = ({ lower, gap }) => (lower === null ? "" : `, lower bound ${em.number(lower, 2)}, gap ${em.number(gap, 3)}`);
  em.boundCells = ({ lower, gap }) => [lower, gap].map((value) => (value === null ? "–" : em.number(value, 4)));

  // The square of (θ_A, θ_B): contours, the way so far, and a start that can be moved.
  const TICKS = [0, 0.25, 0.5, 0.75, 1];
  const STAR = "M0-9L2.6-2.8 9-2.8 3.9 1.3 5.8 8 0 4 -5.8 8 -3.9 1.3 -9-2.8 -2.6-2.8Z";
  em.nearest = (grid, value) => grid.reduce((best, each, i) => (Math.abs(each - value) < Math.abs(grid[best] - value) ? i : best), 0);

  em.coinMap = ({ size, grid }, { svg, handle, ask }, under, name) => {
    const place = ([a, b]) => [a * size, (1 - b) * size];
    const trail = em.trail({ svg });
    const here = svg("path", { d: STAR, class: "em-here" });
    const down = svg("path", { class: "em-line-a" });
    const across = svg("path", { class: "em-line-b" });
    const theta = (letter, attributes) =>
      svg("text", { class: `em-theta em-${letter.toLowerCase()}`, ...attributes }, ...em.svgWords(`θ_${letter}`));
    let kind = "fixed";
    let thetas = null;
    let wanted = null; // a key may come before the run that the last one asked for
    const to = (i, j) => {
      wanted = [i, j].map((index) => em.clamp(index, grid.length - 1));
      ask(`${kind}:${wanted}`);
    };
    const start = handle({
      name: "Start",
      shape: "M-5-5H5V5H-5Z",
      everywhere: true,
      drag: ([x, y]) => to(em.nearest(grid, x / size), em.nearest(grid, 1 - y / size)),
      move: (right, up) => to(wanted[0] + right, wanted[1] + up),
      value: () => ({ min: grid[0], max: grid.at(-1), now: thetas[0][0], text: `θ_A ${em.number(thetas[0][0], 2)}, θ_B ${em.number(thetas[0][1], 2)}` }),
    });
    const plane = svg("rect", { width: size, height: size, class: "em-frame em-plane-of-starts" });
    plane.addEventListener("click", (event) => start.follow(event));
    const map = svg("svg", { viewBox: `-50 -10 ${size + 62} ${size + 52}`, class: "em-map", role: "group", "aria-label": name },
      svg("g", { "aria-hidden": "true" },
        under,
        svg("path", { d: `M0 ${size}L${size} 0`, class: "em-diagonal" }),
        plane,
        ...TICKS.flatMap((value) => [
          svg("text", { x: value * size, y: size + 5, dy: "0.87em", "text-anchor": "middle" }, String(value)),
          svg("text", { x: -7, y: (1 - value) * size + 5, "text-anchor": "end" }, String(value))]),
        theta("A", { x: size * 0.625 - 8, y: size + 36 }),
        theta("B", { x: -46, y: size * 0.375 + 5 }),
        down, across, ...trail.elements, here),
      start.element);
    return {
      map,
      use: (trace) => {
        thetas = trace.thetas;
        wanted = thetas[0].map((theta) => em.nearest(grid, theta));
        kind = trace.kind;
        start.put(place(thetas[0]));
      },
      show: (t) => {
        const [x, y] = place(thetas[t]);
        const way = thetas.slice(0, t + 1).map(place);
        down.setAttribute("d", `M${x} ${y}V${size}`);
        across.setAttribute("d", `M${x} ${y}H0`);
        trail.draw(way, 1);
        here.setAttribute("transform", `translate(${x} ${y})`);
      },
    };
  };

  // The way so far on a map, with a dot at each step, or at all but the first few.
  em.trail = ({ svg }) => {
    const line = svg("polyline", { class: "em-path" });
    const dots = svg("path", { class: "em-dot" });
    return {
      elements: [line, dots],
      draw: (points, first = 0) => {
        line.setAttribute("points", points.join(" "));
        dots.setAttribute("d", points.slice(first).map(([u, v]) => `M${u - 3} ${v}a3 3 0 1 0 6 0a3 3 0 1 0-6 0`).join(""));
      },
    };
  };

  em.put = (dot, [x, y]) => {
    dot.setAttribute("cx", x);
    dot.setAttribute("cy", y);
  };

  // Heights over the steps, as far as they are known: a line for each of the colours. What is below
  // the box is drawn at its foot.
  em.course = ({ svg }, { width, height, colours, across, up }) => {
    const scales = svg("g");
    const lines = colours.map((colour) => svg("path", { class: `em-curve em-line-${colour}` }));
    const dots = colours.map((colour) => svg("circle", { r: 5, class: `em-here em-fill-${colour}` }));
    const text = (x, y, words, anchor = "middle") => svg("text", { x, y, "text-anchor": anchor }, words);
    let places = [];
    return {
      elements: [svg("path", { class: "em-frame", d: `M0 0V${height}H${width}` }), scales, ...lines, ...[...dots].reverse(),
        text(width / 2, height + 56, across), text(0, -6, up, "start")],
      use: (box, ...heights) => {
        const last = heights[0].length - 1;
        const [x, y] = [em.scale([0, last], [0, width]), em.scale(box, [height, 0])];
        places = heights.map((values) => values.map((value, step) => [x(step), Math.min(y(value), height)]));
        scales.replaceChildren(
          ...em.ticks(...box).map(([value, words]) => text(-10, y(value) + 7, words, "end")),
          ...em.ticks(0, last, 4).map(([step, words]) => text(x(step), height + 28, words)));
      },
      show: (step) => places.forEach((points, i) => {
        lines[i].setAttribute("d", em.path(points.slice(0, step + 1)));
        em.put(dots[i], points[step]);
      }),
    };
  };

  em.contours = ({ svg }, paths) => paths.map((d, level) => svg("path", { d, class: `em-contour em-level-${level}` }));

  // Points of the plane, each with the marker of its likeliest component, the stronger the surer.
  const SURE = [0.4, 0.6, 0.8, 0.95]; // a point is drawn in one of five strengths
  em.markers = [
    (x, y) => `M${x - 3.2} ${y}a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0-6.4 0`,
    (x, y) => `M${x - 2.9} ${y - 2.9}h5.8v5.8h-5.8Z`,
    (x, y) => `M${x} ${y - 3.9}l3.7 6.6h-7.4Z`,
    (x, y) => `M${x} ${y - 4.1}l4.1 4.1-4.1 4.1-4.1-4.1Z`,
    (x, y) => `M${x} ${y + 3.9}l3.7-6.6h-7.4Z`,
    (x, y) => `M${x - 4} ${y - 1.3}h2.7v-2.7h2.6v2.7h2.7v2.6h-2.7v2.7h-2.6v-2.7h-2.7Z`,
  ];
  const DOT = (x, y) => `M${x - 2} ${y}a2 2 0 1 0 4 0a2 2 0 1 0-4 0`;
  // A path for each marker in each strength: a few elements, however many points there are.
  em.cloud = ({ svg }, names) => {
    const layer = (name, strength) => svg("path", { class: `em-point em-${name}`, opacity: 0.2 + 0.15 * strength });
    const layers = names.map((name) => [...SURE, 1].map((_, strength) => layer(name.toLowerCase(), strength)));
    const unshared = svg("path", { class: "em-point em-unshared", opacity: 0.5 });
    return {
      elements: [unshared, ...layers.flat()],
      draw: (places, shares) => {
        const drawn = layers.map((strengths) => strengths.map(() => ""));
        (shares ?? []).forEach((row, i) => {
          const j = em.likeliest(row);
          const strength = SURE.filter((least) => row[j] > least).length;
          drawn[j][strength] += em.markers[j](...places[i]);
        });
        layers.forEach((strengths, j) => strengths.forEach((path, i) => path.setAttribute("d", drawn[j][i])));
        unshared.setAttribute("d", shares ? "" : places.map(([u, v]) => DOT(u, v)).join(""));
      },
    };
  };

  em.oval = (mean, covariance, deviations, [x, y]) =>
    em.path(em.ellipse(mean, covariance, deviations).map(([u, v]) => [x(u), y(v)]), true);

  // The components' letters and ellipses; those before a step stay, faintly.
  em.components = ({ svg }, names) => {
    const curves = names.map((name) => [1, 2].map((deviations) =>
      svg("path", { class: `em-ellipse em-line-${name.toLowerCase()} em-deviations-${deviations}` })));
    const former = names.map((name) => svg("path", { class: `em-former em-line-${name.toLowerCase()}` }));
    const letters = names.map((name) => svg("text", { class: `em-name em-${name.toLowerCase()}`, "text-anchor": "middle", dy: 10 }, name));
    return {
      elements: [...former, ...curves.flat(), ...letters],
      draw: ({ means, covariances }, before, [x, y]) =>
        names.forEach((_, j) => {
          const there = j < means.length;
          former[j].setAttribute("d", before && there ? em.oval(before.means[j], before.covariances[j], 2, [x, y]) : "");
          letters[j].setAttribute("transform", there ? `translate(${x(means[j][0]).toFixed(1)} ${y(means[j][1]).toFixed(1)})` : "translate(-99 -99)");
          curves[j].forEach((curve, i) => curve.setAttribute("d", there ? em.oval(means[j], covariances[j], i + 1, [x, y]) : ""));
        }),
    };
  };

  // Lines of equal density in a box of the plane.
  const [COLUMNS, ROWS] = [97, 61];
  const DROPS = [3, 1.9, 1.2, 0.7, 0.35, 0.1]; // how far the density's logarithm lies below its highest value
  em.density = ({ svg }, width, height) => {
    const lines = DROPS.map((_, level) => svg("path", { class: `em-density em-line-level-${level}` }));
    const place = ([c, r]) => [(c / (COLUMNS - 1)) * width, (r / (ROWS - 1)) * height];
    return {
      elements: lines,
      draw: (logDensity, [x0, x1, y0, y1]) => {
        const heights = Array.from({ length: ROWS }, (_, r) => Array.from({ length: COLUMNS }, (__, c) =>
          logDensity(x0 + ((x1 - x0) * c) / (COLUMNS - 1), y1 - ((y1 - y0) * r) / (ROWS - 1))));
        const highest = Math.max(...heights.flat());
        lines.forEach((line, level) => {
          const whole = em.joined(em.isoline(heights, highest - DROPS[level]));
          line.setAttribute("d", whole.map((points) => em.smooth(points.map(place))).join(""));
        });
      },
    };
  };

  // The log-likelihood over the iterations, as far as it is known. With a scale, which a first jump
  // that is most of the way does not flatten: it comes from below.
  // The frame begins where the longest name on the scale ends, in whatever size the letters are.
  const WIDE = 0.66; // of a letter's height, the width of a digit where it is widest
  em.climb = ({ svg }, width, height, scaled = false) => {
    const frame = svg("path", { class: "em-frame" });
    const line = svg("polyline", { class: "em-path" });
    const dot = svg("circle", { r: 5, class: "em-dot" });
    const text = svg("text", { class: "em-value" });
    const name = svg("text", { y: height + 24, "text-anchor": "middle" });
    const end = svg("text", { x: width, y: height + 24, "text-anchor": "end" });
    const from = svg("text", { y: height + 24 }, "0");
    const under = svg("path", { class: "em-dot em-under", visibility: "hidden" });
    const scale = svg("g");
    let points = [];
    let lowest = 0;
    let run = null;
    let step = 0;
    const left = scaled ? 78 : 8;
    const element = svg("svg", { viewBox: `${-left} -26 ${width + left + (scaled ? 6 : 8)} ${height + 56}`, class: "em-climb", "aria-hidden": "true" },
      frame, from, name, end, scale, line, under, dot, text);
    const letter = () => parseFloat(getComputedStyle(from).fontSize) || 17;
    const lay = () => {
      const { logLikelihoods, halved, others = [] } = run;
      const last = Math.max(logLikelihoods.length - 1, 1);
      const high = Math.max(...logLikelihoods);
      const [first, second] = logLikelihoods;
      // A scale of less than that would need names of many decimals, which nobody reads.
      const jumps = scaled && high - second > 1e-3 && second - first > high - second;
      const low = jumps ? Math.min(second - 0.3 * (high - second), ...logLikelihoods.slice(2)) : Math.min(...logLikelihoods);
      const ends = high - low > 1e-3 ? [low, high] : [low - 1, high];
      const ticks = scaled ? em.ticks(...ends, 3) : [];
      // So low is it that two have room, and their names not always beside them.
      const two = ticks.filter((_, i) => i === 0 || i === ticks.length - 1);
      const longest = Math.max(0, ...two.map(([, words]) => words.length));
      const x0 = scaled ? Math.max(0, Math.ceil(WIDE * letter() * longest) + 12 - left) : 0;
      const x = em.scale([0, last], [x0, width]);
      const y = em.scale(ends, [height - 6, 10]);
      lowest = jumps ? low : -Infinity;
      points = logLikelihoods.map((value, t) => [x(t), Math.min(y(value), height), value]);
      const short = two.length < 2 ? 0 : Math.max(0, (28 - y(two[0][0]) + y(two[1][0])) / 2);
      scale.replaceChildren(...two.flatMap(([value, words], i) => [
        svg("path", { d: `M${x0} ${y(value)}h-5`, class: "em-frame" }),
        svg("text", { x: x0 - 10, y: y(value) + 7 + (i ? -short : short), "text-anchor": "end" }, words)]));
      frame.setAttribute("d", `M${x0} 0V${height}H${width}`);
      // What is off the scale is marked, and said, for as long as the curve shows it.
      const off = first < lowest;
      from.setAttribute("x", x0);
      from.textContent = off ? `0: below, ${em.number(first, 1)}` : "0";
      under.setAttribute("d", `M${x0 - 7} ${height - 10}h14l-7 12z`);
      under.setAttribute("visibility", off ? "inherit" : "hidden");
      name.setAttribute("x", off ? 0.68 * width : (x0 + width) / 2);
      name.textContent = others.length ? `iteration, ever fewer after ${halved}` : "iteration";
      end.textContent = String(others.at(-1) ?? logLikelihoods.length - 1);
    };
    const draw = () => {
      const [x, y, value] = points[step];
      line.setAttribute("points", points.slice(0, step + 1).map(([u, v]) => `${u} ${v}`).join(" "));
      em.put(dot, [x, y]);
      text.textContent = `log-likelihood ${em.number(value, 2)}${value < lowest ? ", below the scale" : ""}`;
      const right = x > width / 2;
      text.setAttribute("x", right ? x - 4 : x + 10);
      text.setAttribute("y", right ? Math.max(y - 12, -8) : y > height / 2 ? y - 10 : y + 22);
      text.setAttribute("text-anchor", right ? "end" : "start");
    };
    let laid = null; // the size of the letters, which the picture's width decides
    const watcher = new ResizeObserver(() => {
      if (!run || letter() === laid) return;
      laid = letter();
      lay();
      if (step < points.length) draw();
    });
    if (scaled) watcher.observe(element);
    return {
      element,
      words: (t) => {
        const [first, now] = [points[0][2], points[t][2]].map((value) => em.number(value, 2));
        const start = `${first} at iteration 0${points[0][2] < lowest ? ", below the scale" : ""}`;
        return `Log-likelihood over the iterations: ${start}${t ? `; ${now} at iteration ${t}` : ""}`;
      },
      use: (next) => {
        run = next;
        lay();
      },
      show: (t) => {
        step = t;
        draw();
      },
    };
  };
})();
