// Where a run begins, on the page on which readers put down points of their own: as em_core's starts.
(() => {
  "use strict";
  const em = (globalThis.emPoints ??= {});

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
      if (!(em.total(far) > 0)) throw new RangeError(`k: ${k} components, but ${seeds.length} different ${seeds.length > 1 ? "rows" : "row"} in x; use fewer`);
      let left = random() * em.total(far);
      const drawn = far.findIndex((value) => (left -= value) < 0);
      seeds.push(z[drawn < 0 ? far.indexOf(Math.max(...far)) : drawn]);
    }
    return em.kmeansFrom(points, seeds.map((seed) => em.plus(middle, seed.map((value, a) => value * units[a]))), kind, units);
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
        return mine.length ? [0, 1].map((a) => em.total(mine.map((point) => point[a])) / mine.length) : centre;
      });
    }
    const within = em.survey(points.map((point, i) => em.plus(point, centres[labels[i]], -1)));
    const one = em.ofKind(kind, [within.scatters[0].map((value) => value / within.rows)], [1]);
    em.checkCollapse(one, whole, () => "Leave out columns that are constant or follow from others, or use fewer components.");
    const counts = centres.map((_, j) => Math.max(labels.filter((label) => label === j).length, 1));
    return { weights: counts.map((count) => count / em.total(counts)), means: centres, covariances: centres.map(() => one[0]) };
  };
})();
