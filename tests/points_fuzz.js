// Ten thousand addresses and tables, of words that such have and words that they should not have:
// the body of a function of `em` and `given`, a seed. Run by tests/test_points.py.
const random = em.chance(given);
const pick = (values) => values[Math.floor(random() * values.length)];
const sets = new Map([["set", { points: [[7, 8], [9, 10]], names: ["u", "v"] }]]);
const BEGIN = ["k=3&", "data=set&", "points=1,2;3,4&", "start=own:1,2;3,4&"];
const LINES = ["1,2", "3.5;4", "1\t2", "5 6"];
const WORDS = [
  "data", "own", "set", "points", "names", "k", "covariance", "start", "step", "prior", "hard",
  "full", "kmeans", "rows", "=", "&", "=", "&", ",", ";", ":", "|", ".", "1", "2", "6", "7",
  "1,2", "3.5;4", "1,2;3,4;5,6", "-1", "1e9", "1e308", "NaN", "Infinity", "0x1", "9".repeat(400),
  "__proto__", "constructor", "toString", "%", "%ZZ", "%00", "\ud800", "\u202e", "\u0000", "🙂",
  "<script>alert(1)</script>", "\n", "\t", "\r\n", '"', "'",
];
const text = (most) =>
  Array.from({ length: Math.floor(random() * most) }, () => pick(WORDS)).join("");
const within = (value, low, high) => value >= low && value <= high;
const isPoint = (point) => point.length === 2 && point.every((value) => within(value, -1e9, 1e9));
const isName = (name) => typeof name === "string" && name.length <= 60;
const isState = ({ points, names, k, kind, start, step, prior, hard }) =>
  points.length <= 5000 && points.every(isPoint) && names.length === 2 && names.every(isName) &&
  within(k, 1, 6) && em.KINDS.includes(kind) && ["kmeans", "rows", "own"].includes(start.way) &&
  within(step, 0, 20_000) && typeof prior === "boolean" && typeof hard === "boolean";
const bad = [];
let [states, tables] = [0, 0];
for (let i = 0; i < 5000; i += 1) {
  const address = (random() < 0.5 ? pick(BEGIN) : "") + text(12);
  const found = em.readAddress(address, sets);
  if (found && !isState(found.state)) bad.push(address);
  states += found !== null;
  const lines = Array.from({ length: 1 + Math.floor(random() * 4) }, () => `${pick(LINES)}\n`);
  const table = random() < 0.5 ? text(20) : lines.join("") + (random() < 0.5 ? text(2) : "");
  const { sorry, ...read } = em.readTable(table);
  if (sorry ? !within(sorry.length, 10, 200) : !isState({ ...em.FIRST, ...read })) bad.push(table);
  tables += !sorry;
}
return { bad, states, tables, polluted: Object.keys(Object.prototype).length };
