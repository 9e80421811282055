// The parts of the widgets' scripts that need no page. Run by tests/test_widget_pages.py.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import vm from "node:vm";

const FOLDER = new URL("../em_core/widgets/static/", import.meta.url);
const COMMON = ["stepper.js", "evaluate.js", "parts.js"];
const START = "start.js"; // for a page, which this has not
const WIDGETS = readdirSync(FOLDER).filter((name) => name.endsWith(".js") && ![...COMMON, START].includes(name)).sort();
for (const name of [...COMMON, ...WIDGETS]) {
  vm.runInThisContext(readFileSync(new URL(name, FOLDER), "utf8"));
}
const em = globalThis.emWidgets;
const LAST = 20;
const KEYS = ["ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown", "Home", "End"];

test("a step stays within the run and is a whole number", () => {
  assert.equal(em.clamp(-3, LAST), 0);
  assert.equal(em.clamp(99, LAST), LAST);
  assert.equal(em.clamp(7.4, LAST), 7);
});

test("arrows, Home and End move", () => {
  const moved = KEYS.map((key) => em.stepForKey(key, 5, LAST));
  assert.deepEqual(moved, [6, 6, 4, 4, 0, LAST]);
});

test("the ends hold", () => {
  assert.equal(em.stepForKey("ArrowLeft", 0, LAST), 0);
  assert.equal(em.stepForKey("ArrowRight", LAST, LAST), LAST);
});

test("other keys are left alone, a clicker's among them", () => {
  for (const key of ["PageUp", "PageDown", "Tab", "Escape", "a", "Enter", " ", "toString"]) {
    assert.equal(em.stepForKey(key, 5, LAST), null, key);
  }
});

test("any sequence of keys keeps the step within the run", () => {
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  for (let step = 0, i = 0; i < 5000; i += 1) {
    step = em.stepForKey(KEYS[Math.floor(random() * KEYS.length)], step, LAST);
    assert.ok(Number.isInteger(step) && step >= 0 && step <= LAST);
  }
});

test("a point takes the marker of its likeliest component", () => {
  assert.equal(em.likeliest([0.2, 0.7, 0.1]), 1);
  assert.equal(em.likeliest([0.5, 0.5]), 0);
});

test("each widget has registered", () => {
  assert.deepEqual(Object.keys(em.kinds).sort(), WIDGETS.map((name) => name.replace(".js", "")));
});

test("an index is told from the letter that it stands at", () => {
  assert.deepEqual(em.symbols("θ_A 0.6, θ_B"), [["θ", "A"], [" 0.6, "], ["θ", "B"]]);
  assert.deepEqual(em.symbols("Start"), [["Start"]]);
});

test("half-steps show new responsibilities beside old parameters, then new parameters", () => {
  assert.deepEqual([0, 1, 2, 3, 4].map(em.half), [[0, null], [0, 0], [1, 0], [1, 1], [2, 1]]);
  assert.deepEqual([0, 1, 4].map(em.halfTitle), ["Start", "Iteration 1, after the E-step", "Iteration 2, after the M-step"]);
});

test("a setting is a file and a run in it", () => {
  assert.deepEqual(em.parts("Old Faithful/3:7"), ["Old Faithful/3", "7"]);
  assert.deepEqual(em.parts("log:"), ["log", ""]);
});

test("a scale maps its ends to its ends", () => {
  const scale = em.scale([-2, 3], [100, 0]);
  assert.deepEqual([-2, 3, 0.5].map(scale), [100, 0, 50]);
});

test("a path begins with a move and closes if asked", () => {
  assert.equal(em.path([[0, 1], [2.04, 3]], true), "M0.0 1.0L2.0 3.0Z");
});

test("the nearest place of a grid is found", () => {
  assert.equal(em.nearest([0.01, 0.05, 0.1], 0.04), 1);
  assert.equal(em.nearest([0.01, 0.05, 0.1], 7), 2);
});

test("more iterations are never paler", () => {
  const levels = [3, 5, 8];
  const shown = [1, 3, 4, 5, 6, 8, 9, 1000].map((iterations) => em.levelOf(iterations, levels));
  assert.deepEqual(shown, shown.toSorted((a, b) => a - b));
  assert.equal(shown.at(-1), 7);
  assert.equal(shown[0], 0);
});

test("arrows move what is dragged in both directions", () => {
  assert.deepEqual(["ArrowLeft", "ArrowUp", "Tab"].map(em.moveForKey), [[-1, 0], [0, 1], null]);
});
