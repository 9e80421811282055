// What follows from the parameters that are shown: responsibilities, expected counts, curves.
// em_core computed the parameters and tests hold this file against it; no step of EM is here.
(() => {
  "use strict";
  const em = (globalThis.emWidgets ??= { kinds: {} });

  const timesLog = (x, y) => (x === 0 ? 0 : x * Math.log(y)); // 0 · log 0 = 0

  // Relative to the row's largest, so that nothing overflows.
  em.shares = (logJoint) => {
    const largest = Math.max(...logJoint);
    const relative = logJoint.map((value) => Math.exp(value - largest));
    const total = relative.reduce((sum, value) => sum + value, 0);
    return relative.map((value) => value / total);
  };

  em.logSum = (logJoint) => {
    const largest = Math.max(...logJoint);
    return largest + Math.log(logJoint.reduce((sum, value) => sum + Math.exp(value - largest), 0));
  };

  // A row's term of the lower bound.
  em.boundTerm = (logJoint, shares) =>
    shares.reduce((sum, share, j) => (share === 0 ? sum : sum + share * (logJoint[j] - Math.log(share))), 0);

  em.likeliest = (shares) => shares.indexOf(Math.max(...shares));

  // --- coins; x: pairs of heads and tails

  const coinLogJoint = ([heads, tails], thetas, weights) =>
    thetas.map((theta, j) => Math.log(weights[j]) + timesLog(heads, theta) + timesLog(tails, 1 - theta));

  em.coinResponsibilities = (x, thetas, weights) => x.map((row) => em.shares(coinLogJoint(row, thetas, weights)));

  // For each sample and coin, heads and tails.
  em.expectedCounts = (x, responsibilities) =>
    x.map(([heads, tails], i) => responsibilities[i].map((share) => [share * heads, share * tails]));

  em.sumCounts = (counts, coin) => [0, 1].map((side) => counts.reduce((sum, row) => sum + row[coin][side], 0));

  em.coinBound = (x, thetas, weights, responsibilities, logBinomials) =>
    x.reduce((sum, row, i) => {
      return sum + em.boundTerm(coinLogJoint(row, thetas, weights), responsibilities[i]);
    }, logBinomials);

  // --- Gaussians in the plane; a covariance is [xx, xy, yy]

  em.gaussians = ({ weights, means, covariances }) => {
    const parts = weights.map((weight, j) => {
      const [xx, xy, yy] = covariances[j];
      const determinant = xx * yy - xy * xy;
      const constant = Math.log(weight) - Math.log(2 * Math.PI) - Math.log(determinant) / 2;
      return { mean: means[j], xx: yy / determinant, xy: -xy / determinant, yy: xx / determinant, constant };
    });
    const logJoint = (x, y) =>
      parts.map(({ mean, xx, xy, yy, constant }) => {
        const u = x - mean[0];
        const v = y - mean[1];
        return constant - (xx * u * u + 2 * xy * u * v + yy * v * v) / 2;
      });
    return {
      logJoint,
      responsibilities: (points) => points.map(([x, y]) => em.shares(logJoint(x, y))),
      logDensity: (x, y) => em.logSum(logJoint(x, y)),
    };
  };

  // The curve at some standard deviations, by the covariance's Cholesky root.
  em.ellipse = (mean, [xx, xy, yy], deviations, points = 48) => {
    const a = Math.sqrt(xx);
    const b = xy / a;
    const c = Math.sqrt(Math.max(yy - b * b, 0));
    return Array.from({ length: points }, (_, i) => {
      const angle = (2 * Math.PI * i) / points;
      const [u, v] = [deviations * Math.cos(angle), deviations * Math.sin(angle)];
      return [mean[0] + a * u, mean[1] + b * u + c * v];
    });
  };

  // Two Gaussians of variance 1, the first with mean 0, and their sum: what each gives at a place.
  em.bells = ([weight, mean]) => {
    const bell = (away) => Math.exp((-away * away) / 2) / Math.sqrt(2 * Math.PI);
    const parts = [(at) => (1 - weight) * bell(at), (at) => weight * bell(at - mean)];
    return [...parts, (at) => parts[0](at) + parts[1](at)];
  };
  // --- two components of one width on a line; the share of the first, of weight `weight`

  em.softShare = (x, [a, b], weight, sigma) => {
    const farther = (x - b) ** 2 - (x - a) ** 2;
    if (sigma === 0) return farther >= 0 ? 1 : 0;
    return em.shares([Math.log(weight), Math.log(1 - weight) - farther / (2 * sigma * sigma)])[0];
  };

  // --- Jensen's inequality for two values

  em.curves = {
    log: Math.log,
    sqrt: Math.sqrt,
    square: (x) => x * x,
    exp: Math.exp,
    line: (x) => 0.5 * x + 1,
  };

  em.jensen = ({ f, first, second, weight }) => {
    const curve = em.curves[f];
    const mean = (1 - weight) * first + weight * second;
    const chord = (1 - weight) * curve(first) + weight * curve(second);
    return { mean, chord, curve: curve(mean), gap: Math.abs(curve(mean) - chord) };
  };

  // --- lines of equal height over a grid: values[row][column], places from 0 to columns − 1

  em.isoline = (values, level) => {
    const segments = [];
    const cut = (from, to) => (level - from) / (to - from);
    for (let r = 0; r + 1 < values.length; r += 1) {
      for (let c = 0; c + 1 < values[r].length; c += 1) {
        const [nw, ne, sw, se] = [values[r][c], values[r][c + 1], values[r + 1][c], values[r + 1][c + 1]];
        const ends = [];
        if (nw > level !== ne > level) ends.push([c + cut(nw, ne), r]);
        if (ne > level !== se > level) ends.push([c + 1, r + cut(ne, se)]);
        if (sw > level !== se > level) ends.push([c + cut(sw, se), r + 1]);
        if (nw > level !== sw > level) ends.push([c, r + cut(nw, sw)]);
        // In a saddle's cell four sides are cut: join them two by two around the high corners.
        if (ends.length === 4 && nw > level) ends.unshift(ends.pop());
        for (let i = 0; i + 1 < ends.length; i += 2) segments.push([ends[i], ends[i + 1]]);
      }
    }
    return segments;
  };

  // Those segments that share ends, in one line each; the ends of two are the same numbers.
  em.joined = (segments) => {
    const at = new Map();
    const key = ([c, r]) => 4096 * c + r;
    for (const segment of segments) {
      for (const end of segment) at.set(key(end), [...(at.get(key(end)) ?? []), segment]);
    }
    const used = new Set();
    const onward = (line) => {
      for (;;) {
        const next = at.get(key(line.at(-1))).find((segment) => !used.has(segment));
        if (!next) return line;
        used.add(next);
        line.push(key(next[0]) === key(line.at(-1)) ? next[1] : next[0]);
      }
    };
    return segments.flatMap((segment) => {
      if (used.has(segment)) return [];
      used.add(segment);
      return [onward(onward([...segment]).reverse())];
    });
  };
})();
