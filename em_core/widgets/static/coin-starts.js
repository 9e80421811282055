// The square of starts: where each ends, how long it takes, and the way from one of them.
(() => {
  "use strict";
  const em = (globalThis.emWidgets ??= { kinds: {} });
  const SHAPES = ["M-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0", "M-2.6-2.6H2.6V2.6H-2.6Z", "M-4 0H4M0-4V4", "M-3 3H3V-3Z"];
  const at = (shape, x, y) => shape.replace(/M(-?[\d.]+)([ -][\d.]+)/g, (_, u, v) => `M${x + Number(u)} ${y + Number(v)}`).replace(/H(-?[\d.]+)/g, (_, u) => `H${x + Number(u)}`).replace(/V(-?[\d.]+)/g, (_, v) => `V${y + Number(v)}`);

  // The first colour whose most iterations are not exceeded, spread over the ramp's eight.
  em.levelOf = (iterations, levels) => {
    const level = levels.findIndex((most) => iterations <= most);
    return Math.round(((level < 0 ? levels.length : level) * 7) / levels.length);
  };

  em.kinds["coin-starts"] = (scene, tools) => {
    const { svg, html, choice, ask } = tools;
    const { size, grid } = scene;
    const edges = [0, ...grid.slice(1).map((value, i) => (value + grid[i]) / 2), 1].map((value) => value * size);
    const cells = (classOf) => {
      const paths = {};
      grid.forEach((_, i) => grid.forEach((__, j) => {
        const d = `M${edges[i]} ${size - edges[j]}H${edges[i + 1]}V${size - edges[j + 1]}H${edges[i]}Z`;
        (paths[classOf(i, j)] ??= []).push(d);
      }));
      return Object.entries(paths).map(([name, parts]) => svg("path", { class: name, d: parts.join("") }));
    };
    const marks = ({ ends, reached }) => ends.map(({ look }, end) => {
      const found = grid.flatMap((a, i) => grid.flatMap((b, j) => (reached[i][j] === end ? [at(SHAPES[look], a * size, (1 - b) * size)] : [])));
      return svg("path", { class: `em-end em-end-${look}`, d: found.join("") });
    });
    // A square of starts in either colouring, and the key to it.
    const views = {
      optimum: (square) => [
        [...cells((i, j) => `em-cell em-cell-${square.ends[square.reached[i][j]].look}`), ...marks(square)],
        square.ends.map(({ name, height, look }) => html("span", {},
          svg("svg", { viewBox: "-6 -6 12 12", class: "em-mark", "aria-hidden": "true" }, svg("path", { d: SHAPES[look], class: `em-end em-end-${look}` })),
          html("span", {}, ...tools.words(`${name}: ${em.number(height, 2)}`)))),
      ],
      iterations: ({ iterations, levels }) => [
        cells((i, j) => `em-cell em-level-${em.levelOf(iterations[i][j], levels)}`),
        [html("span", {}, `pale: at most ${levels[0]} iterations`), html("span", {}, `dark: more than ${levels.at(-1)}`)],
      ],
    };
    const under = svg("g");
    const key = html("p", { class: "em-key" });
    const see = () => {
      const [square, words] = views[picker.select.value](scene.squares[kind]);
      under.replaceChildren(...square);
      key.replaceChildren(...words);
    };
    const data = choice("Data", Object.entries(scene.squares).map(([name, { words }]) => [name, words]), (name) => {
      ask(`${name}:${starts.select.value === "grid" ? ofTheGrid() : starts.select.value}`);
    });
    const ofTheGrid = () => trace.thetas[0].map((theta) => em.nearest(grid, theta)).join(",");
    const starts = choice("Start", [["grid", "on the grid"], ["beside3", "10⁻³ off the saddle"], ["beside6", "10⁻⁶ off the saddle"]], (start) => {
      ask(`${kind}:${start === "grid" ? ofTheGrid() : start}`);
    });
    const picker = choice("Colour by", [["optimum", "where it ends"], ["iterations", "iterations needed"]], see);
    const coins = em.coinMap(scene, tools, under, "The square of starts, θA and θB");
    const climb = em.climb(tools, 300, 170);
    let trace = null;
    let kind = null;

    const figures = (t) => trace.thetas[t].map((theta) => em.number(theta, 3));
    const title = (step) => (step === 0 ? "Start" : `Iteration ${step} of ${trace.last}`);
    const endOf = () => {
      const far = ({ theta }) => Math.max(...theta.map((value, j) => Math.abs(value - trace.thetas.at(-1)[j])));
      return scene.squares[kind].ends.reduce((best, end) => (far(end) < far(best) ? end : best)).name;
    };
    return {
      stage: html("div", { class: "em-coins em-starts" }, html("div", {}, coins.map), html("div", {}, climb.element, key)),
      choices: [data.element, starts.element, picker.element],
      use: (next) => {
        trace = next;
        data.select.value = trace.kind;
        starts.select.value = trace.setting.includes("beside") ? trace.setting.split(":")[1] : "grid";
        if (trace.kind !== kind) {
          kind = trace.kind;
          see();
        }
        coins.use(trace);
        climb.use(trace);
      },
      show: (step) => {
        coins.show(step);
        climb.show(step);
      },
      status: (step) => {
        const [a, b] = figures(step);
        const level = trace.level.includes(step) ? ". Level: a stopping rule would end it here" : "";
        const end = step === trace.last ? `. Here it ends: ${endOf()}` : level;
        return `${title(step)}: θ_A ${a}, θ_B ${b}, log-likelihood ${em.number(trace.logLikelihoods[step], 2)}${end}`;
      },
      head: ["Iteration", "θ_A", "θ_B", "log-likelihood"],
      row: (step) => [String(step), ...trace.thetas[step].map((theta) => em.number(theta, 4)), em.number(trace.logLikelihoods[step], 4)],
    };
  };
})();
