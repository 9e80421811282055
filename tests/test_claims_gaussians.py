"""What chapters 8 to 10 say of all starts, steps, points and numbers of components is so."""

from __future__ import annotations

import itertools
from functools import cache
from itertools import islice
from typing import Any

import build
import ledger
import nbformat
import numpy as np
import pandas as pd
import pytest
from scipy.signal import argrelmax
from scipy.stats import multivariate_normal

from em_core import (
    CollapseError,
    EMResult,
    GaussianMixture,
    GaussianParams,
    em_steps,
    fit,
    lower_bound,
)
from em_core.listings import gmm_em_einsum, gmm_em_loop, gmm_em_vectorised
from em_core.tables import density, density_grid, log_likelihood, narrowing
from em_core.widgets.mixture_steps import make_start

MODEL = GaussianMixture()
FAITHFUL = np.loadtxt("book/data/faithful.csv", delimiter=",", skiprows=1)
N, D = FAITHFUL.shape


class AboutOldMeans(GaussianMixture):
    """The bug of chapters 8 and 9: covariances about the means before the M-step."""

    def m_step(self, x, responsibilities, params):
        new = super().m_step(x, responsibilities, params)
        y = x[:, None, :] - params.means
        scatter = np.einsum("ij,ija,ijb->jab", responsibilities, y, y)
        totals = responsibilities.sum(axis=0)[:, None, None]
        return GaussianParams(new.weights, new.means, scatter / totals)


# --- chapter 8 ----------------------------------------------------------------------------------


@cache
def three_hundred():
    return MODEL.sample(ledger.THREE, 300, np.random.default_rng(8))[0]


def _guess_and_after():
    """The chapter's guess at the three components, and what an M-step makes of it."""
    guess = GaussianParams([1 / 3] * 3, [[1, 1], [3, 2], [1, 6]], [2 * np.eye(2)] * 3)
    r = next(em_steps(MODEL, three_hundred(), guess)).responsibilities
    return guess, MODEL.m_step(three_hundred(), r, guess)


def test_8_the_three_components_make_three_hills_and_c_is_not_the_highest():
    axis = np.linspace(-4, 9, 261)
    heights = density_grid(axis, axis, ledger.THREE)
    tops = set(zip(*argrelmax(heights, axis=0), strict=True))
    tops &= set(zip(*argrelmax(heights, axis=1), strict=True))
    diagonal = [
        all(heights[r, c] > heights[r + i, c + j] for i in (-1, 1) for j in (-1, 1))
        for r, c in tops
    ]
    assert sum(diagonal) == 3
    at_b, at_c = density(np.array([[3.0, 3.0], [0.0, 5.0]]), ledger.THREE)
    assert at_b > at_c
    assert ledger.THREE.weights.argmax() == 2


def test_8_the_mixture_s_density_is_the_formula_s():
    places = np.array([[0, 0], [1, 1], [2, 2]])
    parts = _parts(ledger.THREE)
    by_scipy = sum(w * multivariate_normal(m, c).pdf(places) for w, m, c in parts)
    np.testing.assert_allclose(density(places, ledger.THREE), by_scipy, rtol=1e-12)


def test_8_a_deviation_of_a_tenth_has_a_peak_of_about_4():
    assert multivariate_normal(0, 0.01).pdf(0) == pytest.approx(4, abs=0.02)


def test_8_another_unit_moves_the_log_likelihood_by_n_d_log_of_it():
    x, params = three_hundred(), ledger.THREE
    for unit in (0.1, 10, 100):
        scaled = GaussianParams(params.weights, params.means / unit, params.covariances / unit**2)
        gain = log_likelihood(MODEL, x / unit, scaled) - log_likelihood(MODEL, x, params)
        assert gain == pytest.approx(600 * np.log(unit))


def test_8_the_guess_s_m_step_moves_each_component_where_the_figure_s_words_say():
    guess, after = _guess_and_after()
    right, up = (after.means - guess.means).T
    np.testing.assert_array_equal(np.sign([right, up]), [[-1, 1, -1], [1, 1, -1]])
    assert up[1] > 2 * right[1]
    spread = np.linalg.eigvalsh(after.covariances)
    assert (spread[:, 1] / spread[:, 0] > 1.2).all()


def test_8_means_over_all_points_sum_to_their_mean_and_move_by_a_part_only():
    x, params, vector = three_hundred(), ledger.THREE, np.array([10.0, -5.0])
    state = next(em_steps(MODEL, x, params))
    r = state.responsibilities
    printed = r.T @ x / len(x)
    np.testing.assert_allclose(printed.sum(axis=0), x.mean(axis=0))
    moved = r.T @ (x + vector) / len(x) - printed
    np.testing.assert_allclose(moved, np.outer(r.mean(axis=0), vector))
    now = GaussianParams(params.weights, printed, params.covariances)
    assert log_likelihood(MODEL, x, now) < state.log_likelihood


def test_8_log_det_is_concave_with_the_inverse_as_gradient():
    rng = np.random.default_rng(0)
    for d in (1, 2, 4):
        for _ in range(50):
            a, b = (g @ g.T + 0.1 * np.eye(d) for g in rng.normal(size=(2, d, d)))
            middle, ends = (
                np.linalg.slogdet((a + b) / 2)[1],
                [np.linalg.slogdet(p)[1] for p in (a, b)],
            )
            assert middle > np.mean(ends)
            v = 1e-6 * (b - a)
            change = np.linalg.slogdet(a + v)[1] - np.linalg.slogdet(a - v)[1]
            slope = 2 * np.trace(np.linalg.inv(a) @ v)
            assert change == pytest.approx(slope, rel=1e-4, abs=1e-12)


def test_8_the_thousand_neighbours_find_the_old_mean_and_wrong_signs():
    x, rng = three_hundred(), np.random.default_rng(1)
    guess, _ = _guess_and_after()
    r = next(em_steps(MODEL, x, guess)).responsibilities

    def higher(new):
        top = lower_bound(MODEL, x, new, r)
        for _ in range(300):
            weights = new.weights * np.exp(0.02 * rng.normal(size=3))
            nudges = 0.01 * rng.normal(size=(3, 2, 2))
            other = GaussianParams(
                weights / weights.sum(),
                new.means + 0.02 * rng.normal(size=(3, 2)),
                new.covariances + nudges + nudges.transpose(0, 2, 1),
            )
            yield lower_bound(MODEL, x, other, r) > top

    assert not any(higher(MODEL.m_step(x, r, guess)))
    assert any(higher(AboutOldMeans().m_step(x, r, guess)))


# --- chapter 9 ----------------------------------------------------------------------------------


@pytest.mark.parametrize("listing", [gmm_em_loop, gmm_em_vectorised, gmm_em_einsum])
def test_9_a_first_log_likelihood_of_0_does_not_end_a_listing(listing):
    x, start = ledger.gaussian_data()
    x = x[::20]
    first = gmm_em_vectorised(x, start.weights, start.means, start.covariances, max_iter=1)[0]
    unit = np.exp(first / x.size)  # in which the first value is 0
    scaled = (start.weights, start.means * unit, start.covariances * unit**2)
    assert gmm_em_vectorised(x * unit, *scaled, max_iter=1)[0] == pytest.approx(0, abs=1e-6)
    value, _, means, _ = listing(x * unit, *scaled, tol=1e-6)
    whole = fit(MODEL, x, start, tol=1e-6)
    assert value > 10
    np.testing.assert_allclose(means / unit, whole.params.means, atol=1e-3)


def test_9_three_ways_to_the_responsibilities_agree_to_1e_14():
    x, start = ledger.gaussian_data()
    columns = [w * multivariate_normal(m, c).pdf(x) for w, m, c in _parts(start)]
    at_once = np.column_stack(columns) / np.sum(columns, axis=0)[:, None]
    for i in range(0, len(x), 50):
        one = np.array([w * multivariate_normal(m, c).pdf(x[i]) for w, m, c in _parts(start)])
        np.testing.assert_allclose(one / one.sum(), at_once[i], atol=1e-14, rtol=0)


def _parts(params):
    return zip(params.weights, params.means, params.covariances, strict=True)


@cache
def few() -> np.ndarray:
    return ledger.gaussian_data()[0][2::40]


def test_9_a_component_on_a_point_overtakes_every_fit():
    x = few()
    whole = np.cov(x.T, bias=True)
    pinned = GaussianParams([1 / 25, 24 / 25], [x[0], x.mean(axis=0)], [np.eye(2), whole])
    values = narrowing(x, pinned, np.logspace(-2, -8, 7))
    np.testing.assert_allclose(np.diff(values), 2 * np.log(10), atol=0.01)
    good = fit(MODEL, x, ledger.gaussian_data()[1]).log_likelihood
    crossing = narrowing(x, pinned, np.array([0.01, 0.001]))
    assert crossing[0] < good < crossing[1]
    assert values[-1] > -70


@pytest.mark.filterwarnings("ignore::em_core.FewRowsWarning")
def test_9_of_25_starts_two_collapse_and_the_highest_is_found_once_and_narrow():
    rng, found = np.random.default_rng(1), []
    for _ in range(25):
        rows = few()[rng.choice(25, 2, replace=False)]
        start = GaussianParams([0.5, 0.5], rows, [0.05 * np.eye(2)] * 2)
        try:
            found.append(fit(MODEL, few(), start))
        except CollapseError:
            continue
    assert len(found) == 23
    values = [result.log_likelihood for result in found]
    assert sum(value > max(values) - 0.01 for value in values) == 1
    best = found[int(np.argmax(values))].params
    narrow = np.linalg.eigvalsh(best.covariances).min(axis=1).argmin()
    assert best.weights[narrow] * 25 == pytest.approx(3, abs=0.1)
    r = next(em_steps(MODEL, few(), best)).responsibilities[:, narrow]
    rows = few()[r > 0.5]
    assert len(rows) == 3
    assert np.linalg.svd(rows - rows.mean(axis=0))[1][1] < 0.1  # nearly on a line


SQUARE = GaussianParams([0.25] * 4, [[-4, 0], [0, 3.2], [4, 0], [0, -3.2]], [0.5 * np.eye(2)] * 4)
SETS = {
    "clouds": ledger.gaussian_data()[0],
    "faithful": FAITHFUL,
    "four": MODEL.sample(SQUARE, 300, np.random.default_rng(5))[0],
}


@cache
def ends(data: str, k: int) -> list[EMResult]:
    """The eight random starts of the figure, each to its end."""
    x = SETS[data]
    return [fit(MODEL, x, make_start(x, k, number)) for number in range(8)]


def places(results: list[EMResult]) -> list[float]:
    """The different log-likelihoods at which runs end."""
    values = sorted(result.log_likelihood for result in results)
    return [values[0], *(b for a, b in itertools.pairwise(values) if b > a + 0.01)]


def test_9_six_of_the_eight_random_starts_find_the_four_clusters():
    values = [result.log_likelihood for result in ends("four", 4)]
    assert [i + 1 for i in range(8) if values[i] > max(values) - 0.01] == [1, 2, 3, 5, 7, 8]
    assert len(places(ends("four", 4))) == 3
    good = [ends("four", 4)[i].params.means for i in (0, 1, 2, 4, 6, 7)]
    assert len({tuple(np.lexsort(means.T)) for means in good}) == 6  # each under other names
    held = ends("four", 4)[3].params.weights.min() * 300
    assert held == pytest.approx(4, abs=0.5)
    assert ends("four", 4)[5].params.weights.min() * 300 > 10


def test_9_old_faithful_has_one_end_with_two_components_and_five_with_four():
    assert len(places(ends("faithful", 2))) == 1
    assert max(result.iterations for result in ends("faithful", 2)) <= 100
    assert len(places(ends("faithful", 4))) == 5


@pytest.mark.parametrize("k", [2, 3, 4])
@pytest.mark.parametrize("data", SETS)
@pytest.mark.filterwarnings("ignore::em_core.FewRowsWarning")
def test_9_the_ninth_start_is_a_trap_and_the_tenth_collapses_at_once(data, k):
    x = SETS[data]
    trap = fit(MODEL, x, make_start(x, k, 8)).log_likelihood
    others = (fit(MODEL, x, make_start(x, k, number)).log_likelihood for number in range(8))
    assert any(end > trap + 2 for end in others)
    with pytest.raises(CollapseError, match="at iteration 1:"):
        fit(MODEL, x, make_start(x, k, 9))


@pytest.mark.parametrize("listing", [gmm_em_vectorised, gmm_em_einsum])
def test_9_a_far_point_stops_a_listing_where_the_log_likelihood_is_due(listing):
    x, start = ledger.gaussian_data()
    x = x.copy()
    x[0] = 1000
    with (
        np.errstate(all="ignore"),
        pytest.raises(ValueError, match="must not contain infs or NaNs") as stop,
    ):
        listing(x, start.weights, start.means, start.covariances)
    lines = [str(entry.statement).strip() for entry in stop.traceback]
    assert any(line.startswith("density += ") for line in lines)


def test_9_covariances_about_the_old_means_never_lower_the_log_likelihood():
    x, start = ledger.gaussian_data()
    poor = GaussianParams([0.5, 0.5], [[-6, -5], [5, 7]], start.covariances)
    rng = np.random.default_rng(3)
    for params in (start, poor, *(MODEL.random_start(x, 3, rng) for _ in range(5))):
        states = islice(em_steps(AboutOldMeans(), x[::5], params), 30)
        values = np.array([state.log_likelihood for state in states])
        assert (np.diff(values) >= -1e-9 * abs(values[:-1])).all()


def test_9_the_start_is_two_round_components_near_the_middle():
    _, start = ledger.gaussian_data()
    np.testing.assert_allclose(start.weights, [0.53, 0.47], atol=0.005)
    np.testing.assert_allclose(start.means, 0.5, atol=0.3)


def test_9_the_slide_has_the_fit_s_numbers():
    _, weights, means, covariances = ledger.gaussian_listing()
    c = covariances[0]
    found = [round(weights[0], 3), *means[0].round(2), *c[[0, 0, 1], [0, 1, 1]].round(2)]
    assert found == [0.593, -0.03, 3.98, 3.03, 0.01, 0.48]


def test_9_a_finer_tolerance_gains_four_thousandths():
    gained = ledger.gaussian_fit(1e-8).log_likelihood - ledger.gaussian_fit(0.01).log_likelihood
    assert gained == pytest.approx(0.004, abs=5e-4)


class AboutTheMeanOfAll(GaussianMixture):
    """A mistake that shows itself on most data: covariances about the mean of all points."""

    def m_step(self, x, responsibilities, params):
        new = super().m_step(x, responsibilities, params)
        y = x - x.mean(axis=0)
        scatter = np.einsum("ij,ia,ib->jab", responsibilities, y, y)
        totals = responsibilities.sum(axis=0)[:, None, None]
        return GaussianParams(new.weights, new.means, scatter / totals)


def test_9_covariances_about_the_mean_of_all_rarely_pass_the_law_that_em_never_goes_down():
    rng, passed = np.random.default_rng(0), 0
    for _ in range(40):
        spread = [np.eye(2) * rng.uniform(0.5, 3) for _ in range(3)]
        true = GaussianParams([1 / 3] * 3, rng.normal(0, 3, (3, 2)), spread)
        x, _ = MODEL.sample(true, 200, rng)
        states = islice(em_steps(AboutTheMeanOfAll(), x, MODEL.random_start(x, 3, rng)), 60)
        passed += bool((np.diff([s.log_likelihood for s in states]) > -1e-9).all())
    assert passed / 40 < 0.5


# --- chapter 10 ---------------------------------------------------------------------------------


def restarts(k: int, count: int, seed: int, *, shared: bool = False) -> list[EMResult]:
    model, rng = GaussianMixture("shared" if shared else "full"), np.random.default_rng(seed)
    return [fit(model, FAITHFUL, model.random_start(FAITHFUL, k, rng)) for _ in range(count)]


def bic(k: int, value: float, *, shared: bool = False) -> float:
    free = (k - 1) + k * D + (1 if shared else k) * D * (D + 1) // 2
    return free * np.log(N) - 2 * value


def test_10_of_100_starts_two_end_at_a_local_maximum_across_both_clouds():
    results = restarts(2, 100, 100)
    low = [result for result in results if result.log_likelihood < -1131]
    assert len(low) == 2
    assert {round(result.log_likelihood, 2) for result in results} == {-1130.26, -1285.31}
    params, rng = low[0].params, np.random.default_rng(0)
    for _ in range(5):  # a maximum: from beside it EM comes back
        means = params.means * (1 + 0.01 * rng.normal(size=(2, 2)))
        beside = GaussianParams(params.weights, means, 1.02 * params.covariances)
        assert fit(MODEL, FAITHFUL, beside).log_likelihood == pytest.approx(-1285.31, abs=0.01)
    r = next(em_steps(MODEL, FAITHFUL, params)).responsibilities
    short = FAITHFUL[:, 0] < 3
    assert min(r[short].sum(axis=0).min(), r[~short].sum(axis=0).min()) > 10


def test_10_five_of_fifty_starts_find_the_narrow_end_of_three():
    results = restarts(3, 50, 1)
    values = np.round([result.log_likelihood for result in results], 2)
    assert (values == -1114.44).sum() == 5
    assert values.max() == -1114.44
    assert (values == -1119.21).sum() > 35
    assert bic(3, -1114.44) == pytest.approx(2324.2, abs=0.05)
    assert bic(3, -1114.44) - bic(2, -1130.26) == pytest.approx(2.0, abs=0.05)
    params = results[int(values.argmax())].params
    narrow = params.weights.argmin()
    assert params.weights[narrow] * N == pytest.approx(35, abs=0.5)
    assert 60 * params.covariances[narrow, 0, 0] ** 0.5 == pytest.approx(4, abs=0.3)


def test_10_bic_takes_two_with_own_covariances_and_three_with_one():
    tops = {(k, False): top for k, top in [(1, -1289.80), (2, -1130.26), (3, -1114.44)]}
    tops[4, False] = -1106.03
    for k, count in [(1, 1), (2, 3), (3, 8), (4, 3)]:
        ends = restarts(k, count, 2015, shared=True)
        tops[k, True] = max(end.log_likelihood for end in ends)
        if k == 3:
            best = max(ends, key=lambda end: end.log_likelihood)
            assert best.log_likelihood == pytest.approx(-1126.32, abs=0.01)
            mine = best.params.means[:, 0]
            assert (mine < 3).sum() == 1  # one for the short eruptions, two for the long ones
    values = {key: bic(key[0], top, shared=key[1]) for key, top in tops.items()}
    assert min(values, key=values.get) == (3, True)
    assert min((k for k in values if not k[1]), key=values.get) == (2, False)
    assert values[3, True] == pytest.approx(2314.3, abs=0.05)
    assert all(tops[k + 1, shared] > tops[k, shared] for k in (1, 2, 3) for shared in (0, 1))


def test_10_the_run_from_the_poor_start_is_level_and_then_rises_by_155():
    start = GaussianParams([0.5, 0.5], [[4.5, 55], [2, 80]], [np.diag([1, 100])] * 2)
    values = np.array([s.log_likelihood for s in islice(em_steps(MODEL, FAITHFUL, start), 60)])
    assert values[0] == pytest.approx(-1937.2, abs=0.1)
    assert values[10] - values[1] == pytest.approx(2.2, abs=0.05)
    assert values[20] - values[10] == pytest.approx(120, abs=0.5)
    assert values[-1] - values[10] == pytest.approx(155, abs=0.5)
    assert np.diff(values)[1:10].max() < 0.5


def test_10_the_curves_cross_once_at_66_6():
    params = ledger.faithful_fit(100).params
    grid = np.linspace(30, 110, 8001)
    log_joint = GaussianMixture(covariance="shared").log_joint(grid[:, None], params)
    signs = np.sign(log_joint[:, 0] - log_joint[:, 1])
    (place,) = np.flatnonzero(np.diff(signs))
    assert grid[place] == pytest.approx(66.58, abs=0.02)


def test_10_each_step_off_the_level_stretch_is_longer_than_the_one_before():
    start = GaussianParams([0.5, 0.5], [[4.5, 55], [2, 80]], [np.diag([1, 100])] * 2)
    values = np.array([s.log_likelihood for s in islice(em_steps(MODEL, FAITHFUL, start), 19)])
    assert (np.diff(values, 2)[3:] > 0).all()


def test_10_a_variance_taken_for_a_deviation_makes_the_three_points_fall():
    x, start = np.array([[1.0], [2.0], [3.0]]), GaussianParams([0.5, 0.5], [[1], [3]], [[[1]]] * 2)
    right = [s.log_likelihood for s in islice(em_steps(MODEL, x, start), 20)]
    np.testing.assert_allclose(right[:4], [-4.3893, -3.5492, -3.4868, -3.4183], atol=5e-5)
    assert (np.diff(right) > -1e-12).all()
    params, wrong = start, []
    for _ in range(3):
        taken = GaussianParams(params.weights, params.means, params.covariances**2)
        state = next(em_steps(MODEL, x, taken))
        wrong.append(state.log_likelihood)
        params = MODEL.m_step(x, state.responsibilities, taken)
        assert len(wrong) > 2 or (params.covariances < 1).all()
    np.testing.assert_allclose(wrong, [-4.3893, -3.6766, -6.2123], atol=0.02)  # by hand, rounded


def test_10_units_change_nothing_but_the_units():
    start = GaussianParams([0.5, 0.5], [[2, 55], [4.5, 80]], [np.diag([1, 100])] * 2)
    centre, scale = FAITHFUL.mean(axis=0), FAITHFUL.std(axis=0)
    other = GaussianParams(
        [0.5, 0.5], (start.means - centre) / scale, start.covariances / np.outer(scale, scale)
    )
    minutes = fit(MODEL, FAITHFUL, start).params
    deviations = fit(MODEL, (FAITHFUL - centre) / scale, other).params
    np.testing.assert_allclose(deviations.weights, minutes.weights, rtol=1e-6)
    np.testing.assert_allclose(deviations.means * scale + centre, minutes.means, rtol=1e-6)
    r = next(em_steps(MODEL, FAITHFUL, minutes)).responsibilities
    assert (r.max(axis=1) > 0.99).sum() == 270


def test_10_eruptions_depend_on_the_one_before():
    lengths = FAITHFUL[:, 0]
    short = lengths < 3
    assert (short[:-1] & ~short[1:]).sum() == 91
    assert short[:-1].sum() == 97
    assert np.corrcoef(lengths[:-1], lengths[1:])[0, 1] == pytest.approx(-0.55, abs=0.005)
    seconds = np.round(60 * lengths)
    assert (seconds % 5 == 0).mean() == pytest.approx(1 / 3, abs=0.02)


def test_12_averages_of_parameters_climb_on_shuffled_halves_and_fall_on_other_cuts():
    chapter = nbformat.read(build.ROOT / "book/12_three_sums.ipynb", as_version=4)
    wanted = (
        "def sums",
        "def m_step",
        "x, _ =",
        "def fit_by_averages",
        "halves, uneven, in_halves",
    )
    cells = [c.source for c in chapter.cells if c.cell_type == "code"]
    found = [source for source in cells if any(word in source for word in wanted)]
    names: dict[str, Any] = {"np": np, "pd": pd, "multivariate_normal": multivariate_normal}
    names |= {"GaussianMixture": GaussianMixture, "GaussianParams": GaussianParams}
    exec("\n".join(found), names)

    def climb(pieces):
        params, values = names["start"], []
        for _ in range(11):
            values.append(names["sums"](names["x"], *params)[-1])
            params = names["fit_by_averages"](pieces, params, 1)
        return np.diff(values)

    assert (climb(names["halves"]) > 0).all()
    assert (climb(names["uneven"]) < -0.1).any()
    assert (climb(names["in_halves"]) < -0.1).any()
