"""What chapter 17 says of many starts: five maxima, the rules, the unseen, a dozen data sets."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from itertools import islice, product

import bench_starts
import build
import nbformat
import numpy as np
import pytest
import survey

from em_core import em_steps, fit, fit_restarts
from em_core.tables import best_of, found_so_far, maxima_of

NOTEBOOK = nbformat.read(build.ROOT / "book/17_several_starts.ipynb", as_version=4)
STORED = json.loads((build.ROOT / "book/data/starts.json").read_text())
PUBLISHED = np.array([*survey.PUBLISHED.values()]) / sum(survey.PUBLISHED.values())
WAYS = ("rows", "k-means++", "k-means")


def source(word: str) -> str:
    """The cell that defines something."""
    (found,) = (c.source for c in NOTEBOOK.cells if c.cell_type == "code" and word in c.source)
    return found


def defined(word: str, name: str):
    """A function or a class of the chapter, executed as it stands there."""
    cell = ast.parse(source(word))
    kept = (ast.FunctionDef, ast.ClassDef, ast.ImportFrom)
    cell.body = [node for node in cell.body if isinstance(node, kept)]
    scope = {"np": np, "dataclass": dataclass, "__name__": "chapter"}
    exec(compile(cell, "chapter", "exec"), scope)
    return scope[name]


def shares_of(name: str) -> np.ndarray:
    places = STORED["ends"][name]["places"]
    return np.bincount(places) / len(places)


def found(case: str) -> dict[str, int]:
    (line,) = (line for line in STORED["cases"] if line["name"] == case)
    return {way: line[way]["found"] for way in WAYS}


# --- the model, and five stories ------------------------------------------------------------------


@pytest.fixture(scope="module")
def people():
    answers, number = survey.respondents()
    sides = answers.max(axis=0)
    kinds = np.hstack([answers[:, [q]] == np.arange(1, s + 1) for q, s in enumerate(sides)])
    return sides, kinds.astype(float), number


@pytest.fixture(scope="module")
def maxima(people):
    """The chapter's twelve starts, a little less far: the parameters of each maximum, by share."""
    sides, kinds, number = people
    model = defined("class LatentClasses", "LatentClasses")(sides)
    runs = fit_restarts(model, kinds, 3, starts=12, rng=2, row_weights=number, tol=1e-6)
    heights, places = maxima_of(np.array([run.log_likelihood for run in runs]))
    assert np.bincount(places).tolist() == [7, 1, 1, 2, 1]
    np.testing.assert_allclose(heights, list(survey.PUBLISHED), atol=6e-4)
    each = [runs[places.tolist().index(place)].params for place in range(5)]
    orders = [np.argsort(-params.weights) for params in each]
    firsts = np.cumsum([0, *sides[:-1]])
    return [
        (params.weights[order], params.dice[np.ix_(order, firsts)])
        for params, order in zip(each, orders, strict=True)
    ]


def test_the_model_is_the_dice_of_chapter_7(people):
    sides, kinds, number = people
    x = np.repeat(kinds, number, axis=0)
    model = defined("class LatentClasses", "LatentClasses")(sides)
    start = model.random_start(x, 3, np.random.default_rng(0))
    states = list(islice(em_steps(model, x, start), 30))
    values = [state.log_likelihood for state in states]
    assert (np.diff(values) >= 0).all()
    for state in states:
        answers = np.split(state.params.dice, np.cumsum(sides)[:-1], axis=1)
        np.testing.assert_allclose([part.sum(axis=1) for part in answers], 1, rtol=1e-12)
    before, after = states[3], states[4]
    joint = np.exp(model.log_joint(kinds, before.params))
    r = joint / joint.sum(axis=1, keepdims=True) * number[:, np.newaxis]
    np.testing.assert_allclose(after.params.weights, r.sum(axis=0) / 1202)
    np.testing.assert_allclose(after.params.dice, r.T @ kinds / r.sum(axis=0)[:, np.newaxis])


def test_what_the_five_maxima_say(maxima):
    purpose, truth, understood, interested = range(4)
    (weights, best), (second, b), (third, c), (fourth, d), (fifth, e) = maxima
    np.testing.assert_allclose(weights, [0.62, 0.21, 0.17], atol=5e-3)
    assert (best[:2, purpose] > 0.88).all()
    assert (best[:2, truth] > 0.6).all()
    assert best[0, understood] > 0.99
    assert 1 - best[1, understood] == pytest.approx(2 / 3, abs=0.03)
    assert best[2, purpose] == pytest.approx(1 / 7, abs=0.005)
    assert best[2, truth] < 0.04
    for shares, profile, sceptics, small in ((second, b, 0.15, 0.07), (third, c, 0.16, 0.04)):
        np.testing.assert_allclose(shares[1:], [sceptics, small], atol=5e-3)
        assert 0.78 < shares[0] < 0.8
        assert profile[1, purpose] < 0.13
        assert profile[1, truth] < 0.03
        assert profile[2, interested] < 1e-3
    assert b[2, understood] > 0.3
    assert c[2, understood] < 5e-3
    np.testing.assert_allclose(fourth, [0.51, 0.39, 0.10], atol=5e-3)
    assert d[0, truth] == pytest.approx(1 / 5, abs=0.015)
    assert d[1, truth] > 0.99
    assert d[2, interested] < 1e-3
    np.testing.assert_allclose(fifth, [0.53, 0.30, 0.17], atol=5e-3)
    assert (np.diff(e[:, purpose]) < 0).all()
    assert (np.diff(e[:, truth]) < 0).all()
    assert (e[1, understood], e[1, interested]) > (0.99, 0.99)


def test_the_best_explains_the_answers_two_thousand_times_as_well_as_the_last():
    heights = list(survey.PUBLISHED)
    assert heights[0] - heights[4] == pytest.approx(7.7, abs=0.05)
    assert 2000 < np.exp(heights[0] - heights[4]) < 2500
    assert 500 / survey.PUBLISHED[heights[1]] == pytest.approx(36, abs=0.5)


# --- how good, how many ---------------------------------------------------------------------------


def test_the_best_of_some_starts_is_low_only_if_all_are():
    p = np.array([0.2, 0.5, 0.3])
    for s in (1, 2, 4):
        chances = np.zeros(3)
        for draw in product(range(3), repeat=s):
            chances[min(draw)] += p[list(draw)].prod()
        lower = p[::-1].cumsum()[::-1] ** s
        np.testing.assert_allclose(chances[::-1].cumsum()[::-1], lower)
        for chance in (0.1, 0.5, 0.9):
            (place,) = best_of(p, np.array([s]), chance)
            assert chances[: place + 1].sum() >= chance - 1e-12
            assert place == 0 or chances[:place].sum() < chance


def test_three_classes_are_settled_after_three_starts_and_wines_are_not():
    p = shares_of("three classes")
    starts = np.arange(1, 201)
    assert len(p) == 5
    at_the_top = [1 + best_of(p, starts, chance).argmin() for chance in (0.1, 0.5, 0.9)]
    assert at_the_top == [1, 1, 3]
    assert len(np.unique(best_of(p, starts, 0.9))) == 3
    p, levels = shares_of("wines"), np.array(STORED["ends"]["wines"]["levels"])
    assert len(p) > 300
    assert (p == 1 / 500).sum() / len(p) == pytest.approx(3 / 4, abs=0.05)
    assert p[0] == 9 / 500
    at_the_top = [1 + best_of(p, starts, chance).argmin() for chance in (0.1, 0.5, 0.9)]
    assert at_the_top == [6, 39, 127]
    (lowest,) = levels[best_of(p, starts[:1], 0.9)]
    assert levels[0] - lowest > 100


def test_the_rules_of_the_table():
    stops_at = defined("def stops_at", "stops_at")
    cases = {
        "survey": (PUBLISHED, 0.90, 3.5, 0.92, 10),
        "four": (shares_of("four classes"), 0.81, 3.2, 0.89, 10),
        "wines": (shares_of("wines"), 0.51, 56.4, 0.64, 258),
    }
    for p, right, starts, fixed, five in cases.values():
        assert stops_at(p, 5)[1] == pytest.approx(five, abs=0.5)
        chances, mean = stops_at(p)
        assert chances[0] == pytest.approx(right, abs=5e-3)
        assert mean == pytest.approx(starts, abs=0.05)
        assert 1 - (1 - p[0]) ** mean == pytest.approx(fixed, abs=5e-3)
    p = shares_of("four classes")
    np.testing.assert_allclose(p[[0, 4]], [0.50, 0.41], atol=5e-3)
    assert stops_at(p)[0][4] == pytest.approx(1 / 5, abs=0.02)
    levels = STORED["ends"]["four classes"]["levels"]
    assert levels[0] - levels[4] == pytest.approx(0.23, abs=5e-3)


def test_the_numbers_of_starts_and_what_forty_miss():
    p = np.array([0.5, 0.1, 0.01])
    assert np.ceil(np.log(0.05) / np.log(1 - p)).tolist() == [5, 29, 299]
    assert np.power(0.99, 40) == pytest.approx(2 / 3, abs=0.005)
    for s in (10, 40, 1000):
        assert (1 - 3 / s) ** s < 0.05


def test_found_twice_is_as_often_right_as_simulated():
    stops_at = defined("def stops_at", "stops_at")
    rng = np.random.default_rng(0)
    for p, times in ((PUBLISHED, 2), (np.array([0.1, 0.6, 0.3]), 2), (PUBLISHED, 3)):
        chances, mean = stops_at(p, times)
        assert chances.sum() == pytest.approx(1)
        ended, took = zip(*(stopped(p, times, rng) for _ in range(1500)), strict=True)
        seen = np.bincount(ended, minlength=len(p)) / 1500
        np.testing.assert_allclose(seen, chances, atol=4 * 0.5 / np.sqrt(1500))
        assert np.mean(took) == pytest.approx(mean, abs=4 * np.std(took) / np.sqrt(1500))


def stopped(p: np.ndarray, times: int, rng: np.random.Generator) -> tuple[int, int]:
    """Where the rule stops, start by start, and when."""
    best, count, starts = len(p), 0, 0
    while count < times:
        (place,) = rng.choice(len(p), size=1, p=p)
        starts += 1
        if place < best:
            best, count = int(place), 1
        elif place == best:
            count += 1
    return best, starts


@pytest.mark.parametrize("p", [0.05, 0.1, 0.29, 0.5, 0.9])
def test_with_two_maxima_found_twice_is_wrong_if_the_first_two_are(p):
    stops_at = defined("def stops_at", "stops_at")
    assert stops_at(np.array([p, 1 - p]))[0][1] == pytest.approx((1 - p) ** 2)
    assert ((1 - p) ** 2 > 0.5) == (p < 1 - np.sqrt(0.5))
    assert 1 - np.sqrt(0.5) == pytest.approx(0.29, abs=0.005)


def test_found_once_is_the_chance_of_something_new_on_average():
    p = np.array([0.55, 0.25, 0.15, 0.05])
    for s in (1, 2, 5):
        once = unseen = 0.0
        for draw in product(range(4), repeat=s):
            chance = p[list(draw)].prod()
            once += chance * found_so_far(draw, np.arange(4)).once
            unseen += chance * p[~np.isin(range(4), draw[:-1])].sum()
        assert once / s == pytest.approx(unseen)


# --- what was stored, and what it says ------------------------------------------------------------


@pytest.mark.parametrize(("name", "k"), [("three classes", 3), ("four classes", 4)])
def test_the_stored_ends_of_the_survey_are_what_is_computed(name, k):
    levels = np.array(STORED["ends"][name]["levels"])
    ends, _ = survey.latent_classes(8, np.random.default_rng(bench_starts.SEED), k, 1e-8)
    # Starts are drawn one model after the other: so many fewer are other ones.
    assert abs(ends[:, np.newaxis] - levels).min(axis=1).max() < 5e-3
    assert len(STORED["ends"][name]["places"]) == bench_starts.MANY == 500
    assert (np.diff(levels) < -0.01).all()


def test_the_stored_ends_of_the_wines_begin_as_they_do_today():
    stored = STORED["ends"]["wines"]
    values, _ = bench_starts.ends(bench_starts.WINES, "rows", 10)
    expected = np.array(stored["levels"])[stored["places"][:10]]
    assert (abs(values - expected) < 5e-3).sum() >= 9


@pytest.mark.parametrize("way", WAYS)
def test_a_stored_line_is_what_is_measured_today(way):
    case = next(case for case in bench_starts.CASES if case.name == "four clusters")
    (line,) = (line for line in STORED["cases"] if line["name"] == case.name)
    values, _ = bench_starts.ends(case, way, 12)
    best = values > line["best"] - bench_starts.NEAR
    assert (case.rows().shape, case.k) == ((line["n"], line["d"]), line["k"])
    assert abs(best.mean() - line[way]["found"] / 100) < 0.35
    assert values.max() < line["best"] + bench_starts.NEAR


def test_the_figure_of_ways_falls_into_two_halves():
    names = [line["name"] for line in STORED["cases"]]
    assert len(names) == 12
    assert names == [case.name for case in bench_starts.CASES]
    helped = ["Old Faithful", "the lecture’s clouds", "four clusters", "nine clusters"]
    helped += ["sixteen clusters", "irises"]
    assert names[:6] == helped
    for name in helped:
        some = found(name)
        assert some["k-means++"] > some["rows"]
        assert some["k-means"] > some["k-means++"] - 2
    nine = found("nine clusters")
    assert nine["k-means++"] / nine["rows"] == pytest.approx(2, abs=0.1)
    assert max(found("sixteen clusters").values()) <= 30
    assert found("sixteen clusters")["rows"] == 2
    assert np.power(0.98, 10) == pytest.approx(4 / 5, abs=0.02)
    for name in names[6:]:
        some = found(name)
        assert max(some.values()) < 30
        assert (some["k-means"] == 0) == (name in ("wines", "breast cancer", "diabetes"))
        share = (some["rows"] + some["k-means++"]) / 200
        apart = abs(some["k-means++"] - some["rows"]) / np.sqrt(200 * share * (1 - share))
        assert apart <= (2.3 if name == "breast cancer" else 1.8)
        assert abs(some["k-means++"] - some["rows"]) <= 20 - 9
    assert max(found("wines").values()) <= 3


def test_three_hundred_further_starts_turn_the_largest_difference_round():
    again, tumours = STORED["again"], found("breast cancer")
    assert (tumours["k-means++"], tumours["rows"]) == (9, 20)
    assert (len(again["k-means++"]), len(again["rows"])) == (62, 44)
    assert again["starts"] == bench_starts.MORE == 300
    (line,) = (line for line in STORED["cases"] if line["name"] == "breast cancer")
    for way, first in bench_starts.again(line["best"], 6).items():
        assert len(set(first) ^ {s for s in again[way] if s < 6}) <= 1


def test_starts_from_k_means_can_all_end_at_one_lower_value():
    case = next(case for case in bench_starts.CASES if case.name == "breast cancer")
    values, _ = bench_starts.ends(case, "k-means", 6)
    np.testing.assert_allclose(values, -2304.60, atol=5e-3)
    (line,) = (line for line in STORED["cases"] if line["name"] == case.name)
    assert line["best"] == pytest.approx(-2256.73, abs=5e-3)
    assert line["best"] - values.max() == pytest.approx(48, abs=0.5)
    x = case.rows()
    smaller = bench_starts.from_groups(x, 2, np.random.default_rng(bench_starts.SEED)).weights.min()
    assert smaller == pytest.approx(0.3, abs=0.02)
    rng = np.random.default_rng(99)
    start = [bench_starts.from_rows(x, 2, rng) for _ in range(3)][STORED["again"]["rows"][0]]
    best = fit(bench_starts.MODEL, x, start)
    assert best.log_likelihood == pytest.approx(line["best"], abs=5e-3)
    assert best.params.weights.min() == pytest.approx(0.03, abs=0.005)


def test_what_the_figure_of_sixty_starts_is_said_to_show():
    def estimates(name, draw):
        places = STORED["ends"][name]["places"][60 * draw : 60 * (draw + 1)]
        return [found_so_far(places[:s], np.array([0])).once / s for s in range(1, 61)]

    for draw in range(3):
        assert max(estimates("three classes", draw)[20:]) < 0.12
        assert estimates("three classes", draw)[-1] == 0
        assert 0 < estimates("four classes", draw)[-1] < 0.05
        assert min(estimates("wines", draw)) > 2 / 3
    rare = shares_of("four classes")
    assert np.sort(rare)[:2].tolist() == [2 / 500, 2 / 500]
    assert ((rare > 0.015) & (rare < 0.025)).sum() >= 2
