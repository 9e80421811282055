// Two coins: the path over the contours of the log-likelihood; the samples, shared out.
(() => {
  "use strict";
  const em = (globalThis.emWidgets ??= { kinds: {} });
  const expected = ([heads, tails]) => `${em.number(heads, 1)} H ${em.number(tails, 1)} T`;

  // What an E-step makes of the samples.
  em.split = ({ x }, { thetas, weights }, r) => {
    const shares = em.coinResponsibilities(x, thetas[r], weights[Math.min(r, weights.length - 1)]);
    const counts = em.expectedCounts(x, shares);
    return { shares, counts, sums: [0, 1].map((coin) => em.sumCounts(counts, coin)) };
  };

  // A bar for each sample; under it, what each coin gets of its heads and tails. Where the parameters
  // are newer than the shares, a mark in the bar is the share that the next E-step gives. All bars away
  // from their marks make the gap, which is the last line, as a part of the run's largest.
  const drawSamples = ({ names }, { html, words }) => {
    const cell = (name) => html("span", { class: name });
    const rows = names.map((sample) => {
      const parts = { a: cell("em-a"), b: cell("em-b"), fill: cell("em-fill"), next: cell("em-next"), toA: cell("em-a"), toB: cell("em-b") };
      parts.row = html("li", {}, html("span", {}, sample), parts.a, html("span", { class: "em-bar" }, parts.fill, parts.next), parts.b,
        html("span", { class: "em-counts" }, parts.toA, parts.toB));
      return parts;
    });
    const sums = [cell("em-a"), cell("em-b")];
    const thetas = [cell("em-a"), cell("em-b")];
    const open = cell("em-open");
    const size = cell("em-c");
    const many = names.length > 5;
    const samples = html("div", { class: "em-samples" },
      html("p", {}, html("span", {}, "Sample"), html("span", { class: "em-a" }, "coin A"), html("span"), html("span", { class: "em-b" }, "coin B")),
      html("ol", many ? { class: "em-scroll", tabindex: "0", role: "region", "aria-label": "Samples" } : {}, ...rows.map(({ row }) => row)),
      html("p", { class: "em-sums" }, html("span", {}, "Expected"), html("span", { class: "em-counts" }, ...sums)),
      html("p", { class: "em-thetas" }, ...thetas),
      html("p", { class: "em-gauge" }, html("span", {}, "Gap"), html("span", { class: "em-room" }, open), size));
    const show = (split, next, quotients, { gap, largest }) => {
      samples.classList.toggle("em-unshared", !split);
      rows.forEach((row, i) => {
        row.a.textContent = split ? em.number(split.shares[i][0], 2) : "?";
        row.b.textContent = split ? em.number(split.shares[i][1], 2) : "?";
        row.fill.style.width = split ? `${100 * split.shares[i][0]}%` : "0";
        row.next.hidden = !next;
        row.next.style.left = next ? `${100 * next.shares[i][0]}%` : "0";
        row.toA.textContent = split ? expected(split.counts[i][0]) : "";
        row.toB.textContent = split ? expected(split.counts[i][1]) : "";
      });
      sums.forEach((sum, j) => { sum.textContent = split ? expected(split.sums[j]) : ""; });
      thetas.forEach((theta, j) => theta.replaceChildren(...words(quotients[j])));
      open.style.width = `${(100 * (gap ?? 0)) / largest}%`;
      size.textContent = gap === null ? "–" : em.number(gap, 3);
    };
    return { samples, show };
  };

  em.kinds["coin-steps"] = (scene, tools) => {
    const { svg, html, choice, ask } = tools;
    const under = svg("g");
    const { map, use, show: showMap } = em.coinMap(scene, tools, under, "Log-likelihood over θA and θB");
    const { samples, show: showSamples } = drawSamples(scene, tools);
    const weights = choice("Weights", [["fixed", "fixed"], ["free", "free"]], (name) => {
      const [i, j] = trace.thetas[0].map((theta) => em.nearest(scene.grid, theta));
      ask(`${name}:${i},${j}`);
    });
    let trace = null;
    let kind = null;
    let largest = 1; // of the run's gaps

    const weightOf = (t) => trace.weights[Math.min(t, trace.weights.length - 1)][0];
    const quotients = (t, r, split) => {
      if (!split || r === t) return ["", ""];
      return ["A", "B"].map((name, j) => {
        const [heads, tails] = split.sums[j];
        return `θ_${name} = ${em.number(heads, 3)}/${em.number(heads + tails, 3)} = ${em.number(trace.thetas[t][j], 3)}`;
      });
    };
    const split = (r) => (r === null ? null : em.split(scene, trace, r));

    return {
      stage: html("div", { class: "em-coins" }, map, samples),
      choices: [weights.element],
      use: (next) => {
        trace = next;
        weights.select.value = trace.kind;
        if (trace.kind !== kind) under.replaceChildren(...em.contours(tools, trace.kind === "free" ? scene.profile : scene.contours));
        kind = trace.kind;
        largest = Math.max(1e-3, ...trace.bounds.map((_, r) => em.bounded(trace, 2 * r + 2).gap)); // less is shown as none
        use(trace);
      },
      show: (step) => {
        const { t, r, gap } = em.bounded(trace, step);
        const shared = split(r);
        showMap(t);
        showSamples(shared, r !== null && r < t ? split(t) : null, quotients(t, r, shared), { gap, largest });
      },
      status: (step) => {
        const now = em.bounded(trace, step);
        const [a, b] = trace.thetas[now.t];
        const weight = trace.kind === "free" ? `, weight of A ${em.number(weightOf(now.t), 3)}` : "";
        return `${em.halfTitle(step)}: θ_A ${em.number(a, 3)}, θ_B ${em.number(b, 3)}${weight}, log-likelihood ${em.number(now.logLikelihood, 2)}${em.boundWords(now)}`;
      },
      head: ["Step", "θ_A", "θ_B", "weight of A", "log-likelihood", "lower bound", "gap", "expected of A", "expected of B", ...scene.names.map((name) => `A’s share of ${name}`)],
      row: (step) => {
        const now = em.bounded(trace, step);
        const { t, r } = now;
        const figures = [...trace.thetas[t], weightOf(t), now.logLikelihood].map((value) => em.number(value, 4));
        const parts = split(r);
        const shared = parts ? [...parts.sums.map(expected), ...parts.shares.map(([share]) => em.number(share, 3))] : Array(2 + scene.x.length).fill("–");
        return [em.halfTitle(step), ...figures, ...em.boundCells(now), ...shared];
      },
    };
  };
})();
