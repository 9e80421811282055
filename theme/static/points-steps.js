// EM for a mixture of Gaussians in the plane, in em_core's terms and to its digits: the one file in
// which the browser does the steps, for the page on which readers put down points of their own.
// tests/test_points.py holds it to em_core, step by step. points-starts.js has where a run begins,
// points-causes.js the words for why a component collapsed.
//
// Points are [x, y], covariances [xx, xy, yy]; parameters are { weights, means, covariances }.
// Responsibilities are a Float64Array per component. `model` is { kind, prior }; a prior is
// { concentration, mean, shrinkage, degrees, scale }, or null.
(() => {
  "use strict";
  const em = (globalThis.emPoints ??= {});
  const EPS = Number.EPSILON;
  const TINY = 2 ** -1022; // the smallest normal number
  const LEAST = 1e-292; // the smallest sum of responsibilities of which a quotient has digits
  em.KINDS = ["full", "shared", "diagonal", "spherical"];
  em.RESTART = "Restart from other parameters, or use fewer components.";

  // What em_core's CollapseError says; `component` counts from 0.
  em.Collapse = class extends Error {
    constructor(component, reason, advice = em.RESTART) {
      super(reason);
      Object.assign(this, { component, reason, advice, iteration: null });
    }
  };

  const total = (values) => values.reduce((sum, value) => sum + value, 0);
  const plus = (a, b, times = 1) => a.map((value, i) => value + times * b[i]);
  Object.assign(em, { total, plus });
  const outer = ([u, v]) => [u * u, u * v, v * v];
  em.uncorrelated = (kind) => kind === "diagonal" || kind === "spherical";

  // --- what is known of rows

  // The counts, means and scatters of each component; all rows as one without responsibilities.
  em.survey = (points, responsibilities = [new Float64Array(points.length).fill(1)]) => {
    const rows = points.length;
    const about = [0, 1].map((a) => points.reduce((sum, point) => sum + point[a] / rows, 0));
    const largest = [0, 1].map((a) =>
      points.reduce((most, point) => Math.max(most, Math.abs(point[a])), 0));
    const found = { rows, largest, n: [], means: [], scatters: [] };
    for (const r of responsibilities) {
      let [n, sumX, sumY] = [0, 0, 0];
      for (let i = 0; i < rows; i += 1) {
        n += r[i];
        sumX += r[i] * (points[i][0] - about[0]);
        sumY += r[i] * (points[i][1] - about[1]);
      }
      // About a mean that lacks digits all sums keep theirs.
      const [x, y] = [sumX, sumY].map((sum) => sum / Math.max(n, TINY));
      let [xx, xy, yy] = [0, 0, 0];
      for (let i = 0; i < rows; i += 1) {
        const u = points[i][0] - about[0] - x;
        const v = points[i][1] - about[1] - y;
        xx += r[i] * u * u;
        xy += r[i] * u * v;
        yy += r[i] * v * v;
      }
      found.n.push(n);
      found.means.push([about[0] + x, about[1] + y]);
      found.scatters.push([xx, xy, yy]);
    }
    return found;
  };

  // The smallest standard deviation of each axis that is not rounding.
  const finest = ({ n, means, scatters, largest }) => {
    const rows = total(n);
    const units = [0, 1].map((a) => {
      const middle = total(n.map((count, j) => count * means[j][a])) / rows;
      const apart = total(n.map((count, j) => count * (means[j][a] - middle) ** 2));
      return Math.sqrt((total(scatters.map((scatter) => scatter[2 * a])) + apart) / rows) || 1;
    });
    const most = Math.max(...units.map((unit, a) => largest[a] / unit));
    return units.map((unit) => 100 * EPS * most * unit);
  };

  // --- covariances

  // Those of a kind that come from the components' own, whose shares of the rows are given.
  em.ofKind = (kind, matrices, shares) => {
    if (kind === "shared") {
      const mean = matrices.reduce((sum, matrix, j) => plus(sum, matrix, shares[j]), [0, 0, 0]);
      return matrices.map(() => mean);
    }
    if (kind === "diagonal") return matrices.map(([xx, , yy]) => [xx, 0, yy]);
    if (kind === "full") return matrices;
    const means = matrices.map(([xx, , yy]) => (xx + yy) / 2);
    return means.map((variance) => [variance, 0, variance]);
  };

  em.cholesky = ([xx, xy, yy]) => {
    const a = Math.sqrt(xx);
    return [a, xy / a, Math.sqrt(yy - (xy / a) ** 2)];
  };

  // Refuse what is not positive definite to the precision of the data.
  em.checkCollapse = (covariances, found, why = () => em.RESTART) => {
    const reason = "its covariance is not positive definite to working precision";
    const least = finest(found);
    covariances.forEach((covariance, j) => {
      const finite = covariance.every(Number.isFinite);
      const [x, y] = [0, 2].map((a) => (finite ? Math.sqrt(Math.max(covariance[a], 0)) : 0));
      const left = 1 - Math.abs(covariance[1] / (x * y));
      const shown = Math.sqrt(Math.max(left, 0));
      const wide = x > 0 && y > 0 && x * shown > least[0] && y * shown > least[1];
      if (!wide || !(left > 20 * EPS)) throw new em.Collapse(j, reason, why(j));
    });
  };

  // --- the two steps

  // Of each component, log p(x_i, z_i = j).
  em.logJoint = (points, { weights, means, covariances }) =>
    weights.map((weight, j) => {
      const [a, b, c] = em.cholesky(covariances[j]);
      const constant = Math.log(weight) - Math.log(2 * Math.PI) - Math.log(a) - Math.log(c);
      const [middle, height] = means[j];
      const found = new Float64Array(points.length); // a loop takes a third of what `from` takes
      for (let i = 0; i < points.length; i += 1) {
        const u = (points[i][0] - middle) / a;
        const v = (points[i][1] - height - b * u) / c;
        found[i] = constant - (u * u + v * v) / 2;
      }
      return found;
    });

  // Responsibilities and log-likelihood, by log-sum-exp.
  em.eStep = (points, params) => {
    const responsibilities = em.logJoint(points, params);
    let logLikelihood = 0;
    for (let i = 0; i < points.length; i += 1) {
      let largest = -Infinity;
      for (const column of responsibilities) largest = Math.max(largest, column[i]);
      if (largest === -Infinity) {
        throw new RangeError(`x: the model gives row ${i} probability zero`);
      }
      let sum = 0;
      for (const column of responsibilities) sum += column[i] = Math.exp(column[i] - largest);
      for (const column of responsibilities) column[i] /= sum;
      logLikelihood += largest + Math.log(sum);
    }
    return { responsibilities, logLikelihood };
  };

  // Each row whole to its likeliest component: hard labels.
  em.harden = (responsibilities) => {
    const hard = responsibilities.map((column) => new Float64Array(column.length));
    for (let i = 0; i < hard[0].length; i += 1) {
      const row = responsibilities.map((column) => column[i]);
      hard[row.indexOf(Math.max(...row))][i] = 1;
    }
    return hard;
  };

  em.mStep = (points, responsibilities, { kind, prior }) => {
    const found = em.survey(points, responsibilities);
    if (!prior) {
      const least = Math.min(...found.n);
      if (!(least > LEAST)) {
        const advice = `No row is likely under it. ${em.RESTART}`;
        const reason = "its responsibilities sum to nothing";
        throw new em.Collapse(found.n.indexOf(least), reason, advice);
      }
    }
    const params = prior ? mode(found, kind, prior) : estimates(found, kind);
    const why = (j) => em.causes(points, kind, responsibilities, j);
    em.checkCollapse(params.covariances, found, why);
    return params;
  };

  const estimates = ({ n, means, scatters }, kind) => {
    const weights = n.map((count) => count / total(n));
    const own = scatters.map((scatter, j) => scatter.map((value) => value / n[j]));
    return { weights, means, covariances: em.ofKind(kind, own, weights) };
  };

  // The likeliest parameters under a prior, which counts as rows.
  const mode = ({ n, means, scatters }, kind, prior) => {
    const { concentration, mean, shrinkage, degrees, scale } = prior;
    const counts = n.map((count) => count + concentration - 1);
    const shares = n.map((count) => count / (count + shrinkage));
    const apart = means.map((one) => plus(one, mean, -1));
    const more = scatters.map((scatter, j) =>
      plus(scatter, outer(apart[j]), shrinkage * shares[j]));
    const shared = kind === "shared";
    const all = shared ? more.map(() => more.reduce((sum, scatter) => plus(sum, scatter))) : more;
    const rows = shared ? n.map(() => total(n) + n.length) : n.map((count) => count + 1);
    const own = all.map((scatter, j) =>
      plus(scatter, scale).map((value) => value / (rows[j] + degrees + 3)));
    return {
      weights: counts.map((count) => count / total(counts)),
      means: means.map((one, j) => plus(one, apart[j], shares[j] - 1)),
      covariances: shared ? own : em.ofKind(kind, own),
    };
  };

  // --- what a fit is worth

  em.logPrior = ({ weights, means, covariances }, { kind, prior }) => {
    if (!prior) return 0;
    const { concentration, mean, shrinkage, degrees, scale } = prior;
    const off = em.uncorrelated(kind) ? 0 : scale[1];
    const twice = weights.map((_, j) => {
      const [xx, xy, yy] = covariances[j];
      const determinant = xx * yy - xy * xy;
      const [u, v] = plus(means[j], mean, -1);
      const distance = (yy * u * u - 2 * xy * u * v + xx * v * v) / determinant;
      const trace = (yy * scale[0] - 2 * xy * off + xx * scale[2]) / determinant;
      const once = kind === "shared" && j > 0 ? 0 : (degrees + 3) * Math.log(determinant) + trace;
      return Math.log(determinant) + shrinkage * distance + once;
    });
    const occupied = concentration === 1 ? 0 : (concentration - 1) * total(weights.map(Math.log));
    return occupied - total(twice) / 2;
  };

  // Σ_i Σ_j r_ij (log p(x_i, z_i = j) − log r_ij).
  em.lowerBound = (points, params, responsibilities) =>
    total(em.logJoint(points, params).map((column, j) => {
      const r = responsibilities[j];
      let sum = 0;
      for (let i = 0; i < column.length; i += 1) {
        if (r[i] > 0) sum += r[i] * (column[i] - Math.log(r[i]));
      }
      return sum;
    }));

  em.freeParameters = (k, kind) =>
    k - 1 + 2 * k + { full: 3 * k, shared: 3, diagonal: 2 * k, spherical: k }[kind];

  em.bic = (logLikelihood, rows, k, kind) =>
    -2 * logLikelihood + em.freeParameters(k, kind) * Math.log(rows);

  // em_core's GaussianPrior.weak; null where a column is constant and so has no scale.
  em.weakPrior = (points, k) => {
    const whole = em.survey(points);
    const variances = [0, 2].map((a) => whole.scatters[0][a] / whole.n[0]);
    const least = finest(whole);
    if (variances.some((variance, a) => variance <= least[a] ** 2)) return null;
    const scale = [(8 * variances[0]) / k, 0, (8 * variances[1]) / k];
    return { concentration: 1.01, mean: whole.means[0], shrinkage: 0.01, degrees: 4, scale };
  };
})();
