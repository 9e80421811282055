// The log-likelihood as a line, bound and KL stacked below it; at the right the iteration enlarged.
(() => {
  "use strict";
  const em = (globalThis.emWidgets ??= { kinds: {} });
  const [WIDTH, HEIGHT] = [600, 340];
  const RUN = 262; // the width of all columns together
  const [LEFT, PITCH] = [316, 94];

  em.kinds["bound-bars"] = (scene, tools) => {
    const { svg, html } = tools;
    const draw = (name, more = {}) => svg("path", { class: name, ...more });
    const [axes, frame, lens] = [svg("g"), draw("em-frame"), draw("em-lens")];
    const parts = () => ({ bound: draw("em-bound"), divergence: draw("em-divergence"), line: draw("em-curve em-line-ink") });
    const [whole, one] = [parts(), parts()];
    const before = draw("em-drop");
    const text = (name, more = {}) => svg("text", { class: name, "text-anchor": "middle", ...more });
    const columns = ["before", "E-step", "M-step"].map((word, i) => text("", { x: LEFT + (i + 0.5) * PITCH, y: HEIGHT + 26 }));
    const title = text("em-axis", { x: LEFT + 1.5 * PITCH, y: HEIGHT + 54 });
    const [boundName, name, rise, more, value] = ["em-on-bar", "em-b", "em-on-bar", "em-b", ""].map((kind) => text(kind));
    const stage = svg("svg", { viewBox: `-78 -14 ${WIDTH + 96} ${HEIGHT + 76}`, class: "em-plane", "aria-hidden": "true" },
      axes, whole.bound, whole.divergence, whole.line, lens, svg("text", { x: 8, y: 20 }, "log-likelihood"), frame,
      svg("svg", { width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}` }, one.bound, one.divergence, before, one.line),
      boundName, name, rise, more, value, ...columns, title);
    let trace = null;
    let [x, y] = [null, null];

    const box = (left, width, low, high) => `M${left} ${low.toFixed(1)}V${high.toFixed(1)}h${width}V${low.toFixed(1)}Z`;
    // Columns for some steps: how wide, where each begins, and the scale of their heights.
    const stack = ({ bound, divergence, line }, steps, wide, from, to) => {
      const [values, bounds] = [trace.logLikelihoods, trace.bounds].map((all) => steps.map((step) => to(all[step])));
      const lefts = steps.map((_, i) => from + i * wide + 0.05 * wide);
      bound.setAttribute("d", steps.map((_, i) => box(lefts[i], 0.9 * wide, HEIGHT, bounds[i])).join(""));
      const open = steps.map((_, i) => i).filter((i) => trace.divergences[steps[i]] > 0);
      divergence.setAttribute("d", open.map((i) => box(lefts[i], 0.9 * wide, bounds[i], values[i])).join(""));
      line.setAttribute("d", em.path(steps.flatMap((_, i) => [0, 1].map((side) => [from + (i + side) * wide, values[i]]))));
    };
    const put = (label, words, u = 0, v = 0) => {
      label.textContent = words;
      label.setAttribute("x", u);
      label.setAttribute("y", v);
    };
    const four = (number) => em.number(number, 4);
    const short = (number) => em.number(number, number < 10 ? 4 : 1); // what fits on a bar

    return {
      stage: html("div", { class: "em-one" }, stage),
      use: (next) => {
        trace = next;
        const wide = RUN / (trace.last + 1);
        x = (iteration) => (2 * iteration + 0.5) * wide;
        y = em.scale(trace.box, [HEIGHT, 0]);
        axes.replaceChildren(em.axes(tools, { width: RUN, height: HEIGHT, box: [0, trace.last / 2, ...trace.box], x, y, across: "iteration", up: "" }));
      },
      show: (step) => {
        const wide = RUN / (trace.last + 1);
        stack(whole, Array.from({ length: step + 1 }, (_, i) => i), wide, 0, y);
        // The iteration that is under way, on a scale of its own.
        const iteration = Math.max(1, Math.ceil(step / 2));
        const first = Math.min(2 * (iteration - 1), trace.last);
        const seen = Array.from({ length: step - first + 1 }, (_, i) => first + i);
        const [low, high] = [trace.bounds[first], trace.logLikelihoods[Math.min(first + 2, trace.last)]];
        const span = Math.max(high - low, 1e-12);
        const to = em.scale([low - 0.25 * span, high + 0.14 * span], [HEIGHT, 0]);
        stack(one, seen, PITCH, LEFT, to);
        const right = LEFT + 3 * PITCH;
        frame.setAttribute("d", `M${LEFT} 0H${right}V${HEIGHT}H${LEFT}Z`);
        const [top, foot] = [y(high + 0.14 * span), Math.min(y(low - 0.25 * span), HEIGHT)];
        const edge = Math.min((first + 3) * wide, RUN);
        lens.setAttribute("d", `M${first * wide} ${top}H${edge}V${foot}H${first * wide}ZM${edge} ${top}L${LEFT} 0M${edge} ${foot}L${LEFT} ${HEIGHT}`);
        columns.forEach((column, i) => { column.textContent = seen.length > i ? ["before", "E-step", "M-step"][i] : ""; });
        title.textContent = `iteration ${iteration}, enlarged`;
        const middle = (i) => LEFT + (i + 0.5) * PITCH;
        const [value0, bound0] = [to(trace.logLikelihoods[first]), to(low)];
        put(boundName, "bound", middle(0), HEIGHT - 14);
        put(name, bound0 - value0 > 30 ? "KL" : "", middle(0), (bound0 + value0) / 2 + 8);
        put(value, "ℓ", right + 10, to(trace.logLikelihoods[step]) + 8);
        const moved = seen.length === 3;
        before.setAttribute("d", seen.length > 1 ? `M${LEFT} ${value0}H${right}` : "");
        put(rise, moved ? `+${short(trace.rises[step - 1][1])}` : "", middle(2), moved ? (value0 + to(trace.bounds[step])) / 2 + 8 : 0);
        put(more, moved ? `+${short(trace.divergences[step])}` : "", middle(2), moved ? to(trace.logLikelihoods[step]) - 8 : 0);
      },
      status: (step) => {
        const now = `${em.halfTitle(step)}: log-likelihood ${four(trace.logLikelihoods[step])}, lower bound ${four(trace.bounds[step])}, KL ${four(trace.divergences[step])}`;
        if (step === 0) return `${now}; q gives every label the same probability`;
        const [value, bound] = trace.rises[step - 1].map(four);
        return step % 2 ? `${now}; the bound rose by ${bound}, the log-likelihood stayed` : `${now}; the bound rose by ${bound}, the log-likelihood by ${value}`;
      },
      head: ["Step", "log-likelihood", "lower bound", "KL", "rise of the bound", "rise of the log-likelihood"],
      row: (step) => [
        em.halfTitle(step), ...[trace.logLikelihoods, trace.bounds, trace.divergences].map((all) => four(all[step])),
        ...(step ? [trace.rises[step - 1][1], trace.rises[step - 1][0]].map(four) : ["–", "–"])],
    };
  };
})();
