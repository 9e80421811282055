// What comes from outside the page on which readers put down points, and what leaves it: tables as
// text, the address, and the cell of Python. Nothing that is read is trusted; all of it is plain
// text and numbers, in bounds, and what is wrong is answered by a sentence that names its line.
(() => {
  "use strict";
  const em = (globalThis.emPoints ??= {});
  em.MOST = { rows: 5000, inAddress: 200, k: 6, step: 20_000, seed: 9999, text: 1_000_000, address: 20_000, value: 1e9 };
  const STARTS = ["kmeans", "rows", "own"];
  const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
  const MISSING = /^(na|nan|null|none|-|\?)?$/i;
  const WHICH = ["first", "second"];
  const MORE = "em_core takes more: see the end of this page";

  // A piece of what was given, short, for a sentence.
  const shown = (text) => `“${[...text.slice(0, 40)].slice(0, 16).join("")}${text.length > 16 ? "…" : ""}”`;

  // With a typographic minus too, which this page and spreadsheets print.
  const asNumber = (given) => {
    const text = given.length < 500 ? given.replaceAll("−", "-") : "";
    return NUMBER.test(text) ? Number(text) : NaN;
  };

  // What is wrong with a value of a column, if something is.
  const wrong = (text, value, a) => {
    if (!text) return `has no ${WHICH[a]} value; leave the line out`;
    if (MISSING.test(text)) return `has no value in ${shown(text)}; leave the line out`;
    if (Number.isNaN(value)) return `holds ${shown(text)}, which is no number`;
    if (Math.abs(value) > em.MOST.value) return `holds ${shown(text)}, and this page draws numbers up to a thousand million; divide the column by something`;
    return "";
  };

  // --- tables

  // Lines of two numbers, with a line of names above or without one. Gives points and names, or
  // `sorry`, a sentence.
  em.readTable = (text) => {
    if (text.length > em.MOST.text) return { sorry: `That is too long for this page, which takes ${em.MOST.rows} rows. ${MORE}.` };
    const lines = text.replace(/^\ufeff/, "").split(/\r\n|\r|\n/).map((line, i) => ({ line: line.trim(), number: i + 1 })).filter(({ line }) => line);
    if (!lines.length) return { sorry: "There is nothing in it yet: paste lines of two numbers, such as 3.6, 79." };
    const mark = ["\t", ";", ","].find((sign) => lines[0].line.includes(sign)) ?? /\s+/;
    const comma = mark === ";" || mark === "\t"; // then 3,6 is a number
    const cells = ({ line }) => line.split(mark).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1")).map((cell) => (comma && /^[+-]?\d+,\d+$/.test(cell) ? cell.replace(",", ".") : cell));
    const first = cells(lines[0]);
    const named = first.length === 2 && first.every((cell) => Number.isNaN(asNumber(cell)) && !MISSING.test(cell));
    const rows = named ? lines.slice(1) : lines;
    if (!rows.length) return { sorry: `Line ${lines[0].number} is the only one, and it holds names. Put lines of two numbers below it.` };
    if (rows.length > em.MOST.rows) return { sorry: `It has ${rows.length} rows; this page takes ${em.MOST.rows}. ${MORE}.` };
    const points = [];
    for (const row of rows) {
      const parts = cells(row);
      if (parts.length !== 2) {
        const many = parts.length > 2 ? `${parts.length} columns` : "one column";
        return { sorry: `Line ${row.number} has ${many}; this page takes two numbers a line. ${parts.length > 2 ? `${MORE}.` : "Separate them by a comma, a semicolon or a tab."}` };
      }
      const point = parts.map(asNumber);
      const found = parts.map((part, a) => wrong(part, point[a], a)).find(Boolean);
      if (found) return { sorry: `Line ${row.number} ${found}.` };
      points.push(point);
    }
    const flat = em.tooFlat(points);
    return flat ? { sorry: flat } : { points, names: named ? first.map(em.asName) : ["x", "y"] };
  };

  em.asName = (text) => [...text.slice(0, 60).replaceAll("|", "/")].slice(0, 30).join("").toWellFormed?.() ?? text.slice(0, 30);

  // A column may be constant; but what differs must be seen to differ.
  em.tooFlat = (points) => {
    for (const a of [0, 1]) {
      const values = points.map((point) => point[a]);
      const [low, high] = em.range(values);
      const least = Math.max(1e-6, 1e-9 * Math.max(Math.abs(low), Math.abs(high)));
      if (high > low && high - low < least) return `The numbers of column ${a + 1} differ by ${(high - low).toPrecision(2)} only, too little to draw; subtract their mean and multiply them.`;
    }
    return "";
  };

  em.range = (values) => values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);

  em.asTable = ({ points, names }) => {
    const plain = names.map((name) => name.replace(/[",;\s]+/g, " ").trim());
    return [plain, ...points].map((row) => `${row.join(",")}\n`).join("");
  };

  // --- the address

  em.FIRST = Object.freeze({ data: "", points: [], names: ["x", "y"], k: 2, kind: "full", prior: false, hard: false, start: { way: "kmeans", seed: 1, means: null, shapes: null }, step: 0 });

  // Rows of so many numbers, "1,2;3,4", at most `most`; null for anything else.
  const rowsOf = (text, width, most, value = em.MOST.value) => {
    const found = text.split(";", most + 1).map((row) => row.split(","));
    if (found.length > most || found.some((row) => row.length !== width)) return null;
    const numbers = found.map((row) => row.map((part) => (part.length < 30 ? asNumber(part) : NaN)));
    return numbers.flat().every((number) => Math.abs(number) <= value) ? numbers : null;
  };
  const pairs = (text, most) => rowsOf(text, 2, most);

  // A start of one's own: means, or means and covariances.
  const ownStart = (text, k) => {
    const means = pairs(text, em.MOST.k);
    const both = means ? null : rowsOf(text, 5, em.MOST.k, em.MOST.value ** 2);
    const isShape = ([, , xx, xy, yy]) => xx > 0 && yy > 0 && xx * yy > xy * xy;
    if ((means ?? both)?.length !== k || (both && !both.every(isShape))) return null;
    const start = { way: "own", seed: 1, means: means ?? both.map((row) => row.slice(0, 2)), shapes: both && both.map((row) => row.slice(2)) };
    return start.means.flat().every((value) => Math.abs(value) <= em.MOST.value) ? start : null;
  };

  const whole = (text, least, most) => (/^\d{1,5}$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : null);

  // The state that an address holds, with `sets` for the data that have a name: a Map. What can't be
  // used is left as it was, and `sorry` says so. Null where the address says nothing.
  em.readAddress = (text, sets) => {
    if (!text) return null;
    if (text.length > em.MOST.address) return { state: { ...em.FIRST }, sorry: "The address is too long to be one of this page’s." };
    const given = new URLSearchParams(text);
    const state = { ...em.FIRST };
    const refused = [];
    const take = (name, read) => {
      const value = given.get(name);
      if (value === null) return;
      const found = read(value);
      if (found === null) refused.push(name);
      else Object.assign(state, found);
    };
    take("data", (value) => (sets.has(value) ? { data: value, ...sets.get(value) } : value === "own" ? { data: "" } : null));
    take("points", (value) => {
      const points = pairs(value, em.MOST.inAddress);
      return points && !em.tooFlat(points) ? { data: "", points, names: em.FIRST.names } : null;
    });
    take("names", (value) => {
      const names = value.split("|");
      return names.length === 2 && !state.data ? { names: names.map(em.asName) } : null;
    });
    take("k", (value) => (whole(value, 1, em.MOST.k) ? { k: Number(value) } : null));
    take("covariance", (value) => (em.KINDS.includes(value) ? { kind: value } : null));
    for (const flag of ["prior", "hard"]) take(flag, (value) => (["0", "1"].includes(value) ? { [flag]: value === "1" } : null));
    take("start", (value) => {
      const [way, rest = ""] = value.split(/:(.*)/s);
      if (!STARTS.includes(way)) return null;
      const seed = whole(rest, 1, em.MOST.seed);
      const start = way === "own" ? ownStart(rest, state.k) : seed && { way, seed, means: null, shapes: null };
      return start ? { start } : null;
    });
    take("step", (value) => {
      const step = whole(value, 0, em.MOST.step);
      return step === null ? null : { step };
    });
    const sorry = refused.length ? `Of the address, this could not be used: ${refused.join(", ")}.` : "";
    const said = ["data", "points", "k", "covariance", "prior", "hard", "start", "step"].some((name) => given.has(name));
    return said ? { state, sorry } : null;
  };

  em.fits = ({ data, points }) => Boolean(data) || points.length <= em.MOST.inAddress;

  // With the points, unless they have a name or are too many.
  em.writeAddress = (state) => {
    const { data, points, names, k, kind, prior, hard, start, step } = state;
    const own = data ? {} : { ...(points.length && em.fits(state) && { points: points.join(";") }), ...(String(names) !== String(em.FIRST.names) && { names: names.join("|") }) };
    const from = start.way === "own" ? start.means.map((mean, j) => [...mean, ...(start.shapes?.[j] ?? [])]).join(";") : start.seed;
    const all = { data: data || "own", ...own, k, covariance: kind, start: `${start.way}:${from}`, ...(prior && { prior: 1 }), ...(hard && { hard: 1 }), ...(step && { step }) };
    return new URLSearchParams(all).toString().replaceAll("%2C", ",").replaceAll("%3B", ";").replaceAll("%3A", ":");
  };

  // --- a cell of Python that goes the same way

  const list = (values) => `[${values.map((value) => (Array.isArray(value) ? list(value) : value)).join(", ")}]`;
  const matrix = ([xx, xy, yy]) => [[xx, xy], [xy, yy]];

  // `start` is where the run began, in numbers; `steps` how many M-steps it took, of which the last
  // may have collapsed: then the cell prints why, and the parameters before, as the page shows them.
  em.asPython = ({ points, k, kind, prior, hard }, start, steps, collapsed = false) => {
    const rows = points.map((point) => `    ${list(point)},`).join("\n");
    const names = [...(collapsed ? ["CollapseError"] : []), "GaussianMixture", "GaussianParams", ...(prior ? ["GaussianPrior"] : []), "bic", "em_steps"];
    const model = `"${kind}"${prior ? `, prior=GaussianPrior.weak(x, ${k})` : ""}`;
    const [before, way, after] = hard
      ? ["params = start\n", `for _ in range(${steps}):  # hard labels: each row goes whole to its likeliest component
    labels = model.log_joint(x, params).argmax(axis=1)
    params = model.m_step(x, np.eye(${k})[labels], params)`, "\nstate = next(em_steps(model, x, params))"]
      : ["", `state = next(islice(em_steps(model, x, start), ${steps}, None))`, ""];
    const caught = `try:
${way.replace(/^/gm, "    ")}
except CollapseError as error:
    print(error)${hard ? "" : "\n    state = next(em_steps(model, x, error.params))"}`;
    const loop = before + (collapsed ? caught : way) + after;
    return `${hard ? "" : "from itertools import islice\n\n"}import numpy as np

from em_core import ${names.join(", ")}

x = np.array([
${rows}
])
model = GaussianMixture(${model})
start = GaussianParams(
    weights=${list(start.weights)},
    means=${list(start.means)},
    covariances=${list(start.covariances.map(matrix))},
)
${loop}
print(f"log-likelihood {state.log_likelihood:.4f}, BIC {bic(model, x, state.params):.4f}")
`;
  };
})();
