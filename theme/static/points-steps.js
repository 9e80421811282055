// EM for a mixture of Gaussians in the plane, in em_core's terms and to its digits: the one file in
// which the browser does the steps, for the page on which readers put down points of their own.
// tests/test_points.py holds it to em_core, step by step.
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
  const GAP = 1e3; // how many times as large as all others a value is that stands for "missing"
  const LOST = 1e-10; // the share of a column's variance below which the other determines it
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
  const outer = ([u, v]) => [u * u, u * v, v * v];
  const uncorrelated = (kind) => kind === "diagonal" || kind === "spherical";

  // --- what is known of rows

  // The counts, means and scatters of each component; all rows as one without responsibilities.
  em.survey = (points, responsibilities = [new Float64Array(points.length).fill(1)]) => {
    const rows = points.length;
    const about = [0, 1].map((a) => points.reduce((sum, point) => sum + point[a] / rows, 0));
    const largest = [0, 1].map((a) => points.reduce((most, point) => Math.max(most, Math.abs(point[a])), 0));
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
    if (kind === "spherical") return matrices.map(([xx, , yy]) => [(xx + yy) / 2, 0, (xx + yy) / 2]);
    return matrices;
  };

  em.cholesky = ([xx, xy, yy]) => {
    const a = Math.sqrt(xx);
    return [a, xy / a, Math.sqrt(yy - (xy / a) ** 2)];
  };

  // Refuse what is not positive definite to the precision of the data.
  em.checkCollapse = (covariances, found, why = () => em.RESTART) => {
    const least = finest(found);
    covariances.forEach((covariance, j) => {
      const finite = covariance.every(Number.isFinite);
      const [x, y] = [0, 2].map((a) => (finite ? Math.sqrt(Math.max(covariance[a], 0)) : 0));
      const left = 1 - Math.abs(covariance[1] / (x * y));
      const shown = Math.sqrt(Math.max(left, 0));
      const sound = x > 0 && y > 0 && left > 20 * EPS && x * shown > least[0] && y * shown > least[1];
      if (!sound) throw new em.Collapse(j, "its covariance is not positive definite to working precision", why(j));
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
      if (largest === -Infinity) throw new RangeError(`x: the model gives row ${i} probability zero`);
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
        throw new em.Collapse(found.n.indexOf(least), "its responsibilities sum to nothing", `No row is likely under it. ${em.RESTART}`);
      }
    }
    const params = prior ? mode(found, kind, prior) : estimates(found, kind);
    em.checkCollapse(params.covariances, found, (j) => em.causes(points, kind, responsibilities, j));
    return params;
  };

  const estimates = ({ n, means, scatters }, kind) => {
    const weights = n.map((count) => count / total(n));
    const own = scatters.map((scatter, j) => scatter.map((value) => value / n[j]));
    return { weights, means, covariances: em.ofKind(kind, own, weights) };
  };

  // The likeliest parameters under a prior, which counts as rows.
  const mode = ({ n, means, scatters }, kind, { concentration, mean, shrinkage, degrees, scale }) => {
    const counts = n.map((count) => count + concentration - 1);
    const shares = n.map((count) => count / (count + shrinkage));
    const apart = means.map((one) => plus(one, mean, -1));
    const more = scatters.map((scatter, j) => plus(scatter, outer(apart[j]), shrinkage * shares[j]));
    const shared = kind === "shared";
    const all = shared ? more.map(() => more.reduce((sum, scatter) => plus(sum, scatter))) : more;
    const rows = shared ? n.map(() => total(n) + n.length) : n.map((count) => count + 1);
    const own = all.map((scatter, j) => plus(scatter, scale).map((value) => value / (rows[j] + degrees + 3)));
    return {
      weights: counts.map((count) => count / total(counts)),
      means: means.map((one, j) => plus(one, apart[j], shares[j] - 1)),
      covariances: shared ? own : em.ofKind(kind, own),
    };
  };

  // --- why a component collapsed, in em_core's words

  // As Python prints a number by ".3g".
  const threeDigits = (value) => {
    const [digits, power] = value.toExponential(2).split("e").map(Number);
    if (power >= -4 && power < 3) return String(Number(value.toPrecision(3)));
    return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  };
  const listed = (noun, numbers) =>
    `${noun}${numbers.length > 1 ? "s" : ""} ${numbers.slice(0, 5).join(", ")}${numbers.length > 5 ? ` and ${numbers.length - 5} more` : ""}`;

  // The columns with no more than the least spread, or the second where it follows from the first.
  const determined = ([xx, xy, yy], least) => {
    const spread = [xx, yy].map((value) => Math.sqrt(Math.max(value, 0)));
    const constant = [0, 1].filter((a) => !(spread[a] > least[a]));
    if (constant.length) return `${listed("column", constant)} ${constant.length > 1 ? "are" : "is"} constant`;
    return 1 - (xy / spread[0] / spread[1]) ** 2 > LOST ? "" : "column 1 is, but for units, a copy of column 0";
  };

  // What is wrong with the data, if something is; else with the component. No responsibilities: at a start.
  em.causes = (points, kind, responsibilities, j) => {
    const rows = points.length;
    const most = uncorrelated(kind) ? 2 : 3;
    if (rows < most) return `x has shape (${rows}, 2): give at least ${most} rows.`;
    // A value that stands for "missing" is beyond a wide gap.
    const columns = [0, 1].map((a) => {
      const sizes = points.map((point) => Math.abs(point[a]));
      const largest = Math.max(...sizes);
      const middle = Math.sqrt(largest * Math.exp(total(sizes.map((size) => Math.log(size || 1))) / rows));
      const near = Math.max(0, ...sizes.filter((size) => size <= middle));
      const above = Math.min(...sizes.filter((size) => size > middle));
      return { largest, near, bound: GAP * near < above && near > 0 ? near : largest };
    });
    const isNear = (point) => columns.every(({ bound }, a) => Math.abs(point[a]) <= bound);
    const far = [...points.keys()].filter((i) => !isNear(points[i]));
    const found = [];
    if (far.length) {
      const a = columns[1].largest - columns[1].bound > columns[0].largest - columns[0].bound ? 1 : 0;
      const { largest, near } = columns[a];
      found.push(`Correct or leave out ${listed("row", far)} of x: ${threeDigits(largest)} in column ${a}, where others are at most ${threeDigits(near)}.`);
    }
    const covarianceOf = ({ n, scatters }, i) => em.ofKind(kind, [scatters[i].map((value) => value / Math.max(n[i], TINY))], [1])[0];
    const rest = covarianceOf(em.survey(points, [Float64Array.from(points, isNear)]), 0);
    const useless = determined(rest, columns.map(({ bound }) => 1e-15 * bound));
    if (useless) found.push(`Leave out columns of x that add nothing: ${useless}.`);
    if (found.length) return found.join(" ");
    const mine = responsibilities && em.survey(points, responsibilities);
    if (!mine || Math.round(mine.n[j]) === rows) return "It is too narrow for the digits of x: subtract the means of x, or start wider.";
    const hardly = [0, 2].map((a) => Math.sqrt(LOST * rest[a]));
    let seen = `Among its ${threeDigits(mine.n[j])} rows ${determined(covarianceOf(mine, j), hardly) || "all is narrow"}`;
    if (Math.round(mine.n[j]) <= most && kind !== "shared") {
      const least = Math.min(0.5, Math.max(...responsibilities[j]));
      const kept = [...points.keys()].filter((i) => responsibilities[j][i] >= least);
      seen = `It has kept ${listed("row", kept)}, no more than ${kind === "full" ? "d + 1 = " : ""}${most} rows`;
    }
    return `${seen}. ${em.RESTART.slice(0, -1)}${kind === "shared" ? "." : ", or a shared covariance."}`;
  };

  // --- what a fit is worth

  em.logPrior = ({ weights, means, covariances }, { kind, prior }) => {
    if (!prior) return 0;
    const { concentration, mean, shrinkage, degrees, scale } = prior;
    const off = uncorrelated(kind) ? 0 : scale[1];
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
      for (let i = 0; i < column.length; i += 1) if (r[i] > 0) sum += r[i] * (column[i] - Math.log(r[i]));
      return sum;
    }));

  em.freeParameters = (k, kind) => k - 1 + 2 * k + { full: 3 * k, shared: 3, diagonal: 2 * k, spherical: k }[kind];

  em.bic = (logLikelihood, rows, k, kind) => -2 * logLikelihood + em.freeParameters(k, kind) * Math.log(rows);

  // em_core's GaussianPrior.weak; null where a column is constant and so has no scale.
  em.weakPrior = (points, k) => {
    const whole = em.survey(points);
    const variances = [0, 2].map((a) => whole.scatters[0][a] / whole.n[0]);
    const least = finest(whole);
    if (variances.some((variance, a) => variance <= least[a] ** 2)) return null;
    const scale = [(8 * variances[0]) / k, 0, (8 * variances[1]) / k];
    return { concentration: 1.01, mean: whole.means[0], shrinkage: 0.01, degrees: 4, scale };
  };

  // --- starts

  // Numbers from 0 to 1, the same for the same seed (mulberry32).
  em.chance = (seed) => {
    let state = seed >>> 0;
    return () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
  };

  // Equal weights, means as given, and for each component the covariance of all rows, or its own.
  em.startAt = (points, means, kind, shapes = null) => {
    const whole = em.survey(points);
    const weights = means.map(() => 1 / means.length);
    const all = whole.scatters[0].map((value) => value / whole.rows);
    const covariances = em.ofKind(kind, shapes ?? means.map(() => all), weights);
    em.checkCollapse(covariances, whole, (j) => em.causes(points, kind, null, j));
    return { weights, means, covariances };
  };

  // As em_core's random_start: means at k rows, different ones as far as there are.
  em.randomStart = (points, k, kind, random) => {
    const order = [...points.keys()];
    for (let i = order.length - 1; i > 0; i -= 1) {
      const j = Math.floor(random() * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    const different = [...new Map(order.map((i) => [String(points[i]), points[i]])).values()];
    return em.startAt(points, Array.from({ length: k }, (_, j) => different[j % different.length]), kind);
  };

  // As em_core's kmeans_start: seeds by k-means++, each the likelier the farther it is from those
  // before, then ten rounds of k-means, in units of the columns' standard deviations.
  em.kmeansStart = (points, k, kind, random) => {
    const { rows, means: [middle], scatters: [scatter] } = em.survey(points);
    const units = [0, 2].map((a) => Math.sqrt(scatter[a] / rows) || 1);
    const z = points.map((point) => point.map((value, a) => (value - middle[a]) / units[a]));
    const apart = ([x, y], [u, v]) => (x - u) ** 2 + (y - v) ** 2;
    const seeds = [z[Math.floor(random() * rows)]];
    while (seeds.length < k) {
      const far = z.map((point) => Math.min(...seeds.map((seed) => apart(point, seed))));
      if (!(total(far) > 0)) throw new RangeError(`k: ${k} components, but ${seeds.length} different ${seeds.length > 1 ? "rows" : "row"} in x; use fewer`);
      let left = random() * total(far);
      const drawn = far.findIndex((value) => (left -= value) < 0);
      seeds.push(z[drawn < 0 ? far.indexOf(Math.max(...far)) : drawn]);
    }
    return em.kmeansFrom(points, seeds.map((seed) => plus(middle, seed.map((value, a) => value * units[a]))), kind, units);
  };

  em.kmeansFrom = (points, centres, kind, units) => {
    const whole = em.survey(points);
    const far = ([x, y], [u, v]) => ((x - u) / units[0]) ** 2 + ((y - v) / units[1]) ** 2;
    let labels = [];
    for (let round = 0; round < 10; round += 1) {
      labels = points.map((point) => {
        const distances = centres.map((centre) => far(point, centre));
        return distances.indexOf(Math.min(...distances));
      });
      centres = centres.map((centre, j) => {
        const mine = points.filter((_, i) => labels[i] === j);
        return mine.length ? [0, 1].map((a) => total(mine.map((point) => point[a])) / mine.length) : centre;
      });
    }
    const within = em.survey(points.map((point, i) => plus(point, centres[labels[i]], -1)));
    const one = em.ofKind(kind, [within.scatters[0].map((value) => value / within.rows)], [1]);
    em.checkCollapse(one, whole, () => "Leave out columns that are constant or follow from others, or use fewer components.");
    const counts = centres.map((_, j) => Math.max(labels.filter((label) => label === j).length, 1));
    return { weights: counts.map((count) => count / total(counts)), means: centres, covariances: centres.map(() => one[0]) };
  };
})();
