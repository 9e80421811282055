// Why a component collapsed, in the words of em_core's `causes`, for the page on which readers put
// down points of their own. tests/test_points.py holds them to em_core's.
(() => {
  "use strict";
  const em = (globalThis.emPoints ??= {});
  const TINY = 2 ** -1022; // the smallest normal number
  const GAP = 1e3; // how many times as large as all others a value is that stands for "missing"
  const LOST = 1e-10; // the share of a column's variance below which the other determines it

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
    const most = em.uncorrelated(kind) ? 2 : 3;
    if (rows < most) return `x has shape (${rows}, 2): give at least ${most} rows.`;
    // A value that stands for "missing" is beyond a wide gap.
    const columns = [0, 1].map((a) => {
      const sizes = points.map((point) => Math.abs(point[a]));
      const largest = Math.max(...sizes);
      const middle = Math.sqrt(largest * Math.exp(em.total(sizes.map((size) => Math.log(size || 1))) / rows));
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
})();
