"""What chapter 15 says of walls, floors, priors, k-means and of what no fit can know is so."""

from __future__ import annotations

import ast
from functools import cache
from itertools import islice
from typing import Any

import ledger
import nbformat
import notebooks
import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import xlogy
from scipy.stats import binom, norm
from sklearn.mixture import GaussianMixture as TheirMixture

from em_core import (
    CoinMixture,
    CoinParams,
    CollapseError,
    GaussianMixture,
    GaussianParams,
    GaussianPrior,
    em_steps,
    fit,
    lower_bound,
)
from em_core.tables import HeldWidth, sharpened, soft_share, width_path
from em_core.widgets.sharpness import SIGMAS

FAITHFUL = np.loadtxt("book/data/faithful.csv", delimiter=",", skiprows=1)
WAITING = FAITHFUL[:, 1:]
START = GaussianParams([0.64, 0.36], [[80], [55]], [[[36]], [[36]]])
ON_THE_WALL = GaussianParams([0.05, 0.95], [[83], [70]], [[[0.01]], [[180]]])
PLAIN = GaussianMixture()


@cache
def chapter() -> dict[str, Any]:
    """What the chapter's own cells define: its models, steps and simulations."""
    names: dict[str, Any] = {}
    for cell in nbformat.read(notebooks.BOOK / "15_misleads.ipynb", as_version=4).cells:
        if cell.cell_type == "code":
            nodes = [node for node in ast.parse(cell.source).body if _defines(node)]
            exec(compile(ast.Module(nodes, []), "15_misleads", "exec"), names)
    return names


def _defines(node: ast.stmt) -> bool:
    """Whether it is an import, a function or a class, or the truth that some of these speak of."""
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]) == "truth"
    return isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef))


def model(name: str, **how: Any) -> Any:
    return chapter()[name](**how)


def weak(x: np.ndarray, k: int) -> Any:
    return chapter()["weak"](x, k)


@cache
def good() -> Any:
    return fit(PLAIN, WAITING, START, tol=1e-12)


def at_the_end(of: Any, x: np.ndarray, start: GaussianParams, steps: int = 100) -> Any:
    return next(islice(em_steps(of, x, start), steps, None))


def deviations(params: GaussianParams) -> np.ndarray:
    return np.sqrt(params.covariances[:, 0, 0])


# --- the wall -----------------------------------------------------------------------------------


def test_fourteen_waits_are_83_and_the_most_are_fifteen_of_78():
    values, times = np.unique(WAITING, return_counts=True)
    assert times[values == 83] == 14
    assert (values[times.argmax()], times.max()) == (78, 15)
    assert (values % 1 == 0).all()


@pytest.mark.parametrize(("value", "rows"), [(83, 14), (78, 15)])
def test_each_power_of_ten_is_worth_the_rows_times_its_logarithm(value, rows):
    def height(sigma: float) -> float:
        mixed = GaussianParams([0.05, 0.95], [[value], [70]], [[[sigma**2]], [[180]]])
        return next(em_steps(PLAIN, WAITING, mixed)).log_likelihood

    gains = np.diff([height(10.0**-e) for e in (3, 4, 5, 6)])
    np.testing.assert_allclose(gains, rows * np.log(10), atol=0.02)


def test_the_wall_passes_the_good_fit_at_a_third_of_a_second_and_a_prior_has_none():
    widths = np.logspace(1.1, -3, 28)
    values, fits = width_path(WAITING, START, widths)
    top = values[:6].argmax()
    assert 5 < widths[top] < 7
    assert values[top] == pytest.approx(good().log_likelihood, abs=0.5)
    valley = values.argmin()
    assert 0.3 < widths[valley] < 0.5
    assert (np.diff(values[valley:]) > 0).all()
    passed = np.interp(good().log_likelihood, values[valley:], np.log(widths[valley:]))
    assert 60 * np.exp(passed) == pytest.approx(1 / 3, abs=0.05)
    assert round(float(fits[-1].means[0, 0])) == 83
    prior = weak(WAITING, 2)
    posterior, _ = width_path(WAITING, START, widths, prior.scatter[0, 0], prior.count)
    assert posterior.argmax() == top
    assert (np.diff(posterior[top:]) < 0).all()


def test_from_the_left_of_the_valley_em_climbs_to_the_good_fit_and_from_the_right_it_collapses():
    widths = np.logspace(1.1, -1, 15)
    fits = width_path(WAITING, START, widths)[1]
    assert abs(widths - 1).min() < 0.2
    left = fits[int(abs(widths - 1).argmin())]
    assert fit(PLAIN, WAITING, left).log_likelihood == pytest.approx(good().log_likelihood)
    with pytest.raises(CollapseError):
        fit(PLAIN, WAITING, fits[-1])


def test_a_common_deviation_is_bounded_and_grows_too_narrow_for_the_others():
    for sigma in (1e-2, 1e-3, 1e-4):
        narrow = GaussianParams([0.05, 0.95], [[83], [70]], [[[sigma**2]]] * 2)
        assert next(em_steps(PLAIN, WAITING, narrow)).log_likelihood < -1e5


def test_with_one_deviation_em_leaves_the_wall():
    start = GaussianParams(ON_THE_WALL.weights, ON_THE_WALL.means, [[[0.01]]] * 2)
    state = at_the_end(GaussianMixture(covariance="shared"), WAITING, start)
    assert state.log_likelihood == pytest.approx(good().log_likelihood, abs=0.01)


# --- floors -------------------------------------------------------------------------------------


def test_clipping_is_the_top_of_the_bound_among_the_variances_allowed():
    rng = np.random.default_rng(0)
    for _ in range(20):
        root = rng.normal(size=(3, 3))
        scatter, rows, least = root @ root.T, 5.0, 0.8
        values, axes = np.linalg.eigh(scatter / rows)
        clipped = (axes * np.maximum(values, least)) @ axes.T

        def bound(covariance, scatter=scatter, rows=rows):
            determinant = np.linalg.slogdet(covariance)[1]
            return -(rows * determinant + np.trace(np.linalg.inv(covariance) @ scatter)) / 2

        for _ in range(50):
            turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
            spread = least + rng.exponential(size=3)
            assert bound((turn * spread) @ turn.T) <= bound(clipped) + 1e-9


def test_with_a_floor_that_clips_nothing_falls_and_with_one_that_is_added_it_does():
    floor = model("WithFloor", least=2.0)
    values = [s.log_likelihood for s in islice(em_steps(floor, WAITING, ON_THE_WALL), 60)]
    assert (np.diff(values[1:]) > -1e-8).all()

    class Added(GaussianMixture):
        def m_step(self, x, responsibilities, params):
            new = super().m_step(x, responsibilities, params)
            return GaussianParams(new.weights, new.means, new.covariances + 1e-2)

    states = islice(em_steps(Added(), WAITING, good().params), 2)
    first, second = (state.log_likelihood for state in states)
    assert second < first


@pytest.mark.parametrize(("least", "value"), [(0.01, -1043.5), (0.001, -1011.4)])
def test_a_floor_keeps_the_spike_and_a_low_one_makes_it_the_highest(least, value):
    state = at_the_end(model("WithFloor", least=least), WAITING, ON_THE_WALL)
    assert deviations(state.params)[0] == pytest.approx(least)
    assert state.log_likelihood == pytest.approx(value, abs=0.05)
    assert (state.log_likelihood > good().log_likelihood) == (least == 0.001)


def test_without_a_remedy_the_start_on_the_wall_collapses():
    with pytest.raises(CollapseError):
        at_the_end(PLAIN, WAITING, ON_THE_WALL)


def test_scikit_learns_default_ends_on_the_same_spike():
    theirs = TheirMixture(
        2,
        weights_init=ON_THE_WALL.weights,
        means_init=ON_THE_WALL.means,
        precisions_init=1 / ON_THE_WALL.covariances,
        tol=1e-10,
        max_iter=1000,
    ).fit(WAITING)
    assert theirs.reg_covar == 1e-6
    assert theirs.score(WAITING) * len(WAITING) == pytest.approx(-1011.35, abs=0.01)
    assert theirs.covariances_.min() == pytest.approx(1e-6, rel=1e-3)


# --- priors -------------------------------------------------------------------------------------


def test_with_the_prior_em_leaves_the_wall_and_finds_the_good_fit():
    end = at_the_end(weak(WAITING, 2), WAITING, ON_THE_WALL).params
    order = np.argsort(end.means[:, 0])
    np.testing.assert_allclose(end.means[order, 0], [54.6, 80.1], atol=0.1)
    np.testing.assert_allclose(deviations(end), 5.9, atol=0.05)


def test_the_map_m_step_is_the_top_of_the_bound_plus_the_log_prior():
    rng, x = (
        np.random.default_rng(1),
        np.loadtxt("book/data/faithful.csv", skiprows=1, delimiter=","),
    )
    x = x[::5] / x.std(axis=0)
    prior = weak(x, 2)
    state = next(em_steps(PLAIN, x, PLAIN.random_start(x, 2, rng)))
    r = state.responsibilities
    new = prior.m_step(x, r, state.params)
    top = lower_bound(PLAIN, x, new, r) + prior.log_prior(new)
    for _ in range(200):
        nudges = 1e-2 * rng.normal(size=(2, 2, 2))
        other = GaussianParams(
            new.weights,
            new.means + 1e-2 * rng.normal(size=(2, 2)),
            new.covariances + nudges + nudges.mT,
        )
        assert lower_bound(PLAIN, x, other, r) + prior.log_prior(other) <= top


def test_the_posterior_never_falls_and_the_likelihood_does():
    x = FAITHFUL[::6]
    prior, fell = weak(x, 3), 0
    for seed in range(6):
        start = PLAIN.random_start(x, 3, np.random.default_rng(seed))
        states = list(islice(em_steps(prior, x, start), 60))
        likelihoods = np.array([s.log_likelihood for s in states])
        posteriors = likelihoods + [prior.log_prior(s.params) for s in states]
        assert (np.diff(posteriors) > -1e-8).all()
        fell += (np.diff(likelihoods) < -1e-6).any()
    assert fell


def test_from_the_maximum_of_the_likelihood_a_map_run_goes_down_in_it_by_little():
    prior = weak(WAITING, 2)
    states = list(islice(em_steps(prior, WAITING, good().params), 5))
    likelihoods = np.array([s.log_likelihood for s in states])
    assert (np.diff(likelihoods) < 0).all()
    assert likelihoods[0] - likelihoods[-1] < 0.02
    assert (np.diff([s.log_likelihood + prior.log_prior(s.params) for s in states]) > 0).all()


def test_a_component_with_a_single_row_keeps_the_prior_s_scatter():
    x = WAITING[:5]
    r = np.array([[1.0, 0.0], *[[0.0, 1.0]] * 4])
    prior = weak(WAITING, 2)
    new = prior.m_step(x, r, START)
    np.testing.assert_allclose(new.covariances[0], prior.scatter / (1 + prior.count))
    assert (new.covariances >= prior.scatter / (5 + prior.count)).all()


def test_the_chapter_s_prior_is_the_package_s_where_it_says_nothing_of_weights_and_means():
    x = FAITHFUL[::4]
    weak_one = GaussianPrior.weak(x, 2)
    bare = GaussianPrior(1, weak_one.mean, 1e-12, weak_one.degrees, weak_one.scale)
    state = next(em_steps(PLAIN, x, PLAIN.random_start(x, 2, np.random.default_rng(3))))
    ours, theirs = (
        one.m_step(x, state.responsibilities, state.params)
        for one in (weak(x, 2), GaussianMixture(prior=bare))
    )
    np.testing.assert_allclose(ours.covariances, theirs.covariances, rtol=1e-9)
    assert weak(x, 2).count == 2 * x.shape[1] + 4 > 2 * x.shape[1]


def test_the_weak_prior_follows_the_units():
    one, seconds = weak(WAITING, 2), weak(60 * WAITING, 2)
    np.testing.assert_allclose(seconds.scatter, 3600 * one.scatter)
    assert one.count == seconds.count == 6


@pytest.mark.parametrize(
    ("d", "failed", "plain", "prior"), [(2, 0, 0.05, 0.03), (30, 0, 17, 1.3), (50, 3, np.inf, 1.9)]
)
def test_maximum_likelihood_loses_much_before_it_fails_and_a_prior_does_not(
    d, failed, plain, prior
):
    found = np.array([chapter()["failed_and_lost"](d, seed) for seed in range(3)], dtype=float)
    assert found[:, :, 0].sum(axis=0).tolist() == [failed, 0]
    np.testing.assert_allclose(np.median(found[:, :, 1], axis=0), [plain, prior], rtol=0.4)
    assert (found[:, 1, 1] < 2.3).all()


# --- k-means ------------------------------------------------------------------------------------

LEFT, RIGHT = (c + norm.ppf((np.arange(n) + 0.5) / n) for n, c in ((360, 1), (40, 4)))
X = np.concatenate([LEFT, RIGHT])
ONE = SIGMAS.tolist().index(1.0)


def test_the_soft_step_becomes_the_hard_one():
    weights, means = np.array([0.9, 0.1]), np.array([0.5, 3.0])
    soft, hard = chapter()["soft_step"], chapter()["hard_step"]
    gaps = [abs(soft(X, weights, means, s)[1] - hard(X, means)).max() for s in (0.5, 0.1, 0.01)]
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < 1e-3
    held = GaussianParams(weights, means[:, None], [[[0.25]]] * 2)
    state = at_the_end(HeldWidth(), X[:, None], held, 1)
    np.testing.assert_allclose(soft(X, weights, means, 0.5)[1], state.params.means[:, 0])


def test_the_bound_becomes_the_sum_of_squares_which_never_rises():
    means, sigma = np.array([0.5, 3.0]), 1e-3
    params = GaussianParams([0.9, 0.1], means[:, None], [[[sigma**2]]] * 2)
    ell = next(em_steps(PLAIN, X[:, None], params)).log_likelihood
    constant = -len(X) * np.log(np.sqrt(2 * np.pi) * sigma)
    squares = (np.subtract.outer(X, means) ** 2).min(axis=1).sum()
    assert 2 * sigma**2 * (ell - constant) == pytest.approx(-squares, rel=1e-4)
    sums = []
    for _ in range(30):
        sums.append((np.subtract.outer(X, means) ** 2).min(axis=1).sum())
        means = chapter()["hard_step"](X, means)
    assert (np.diff(sums) <= 1e-9).all()


def test_at_the_groups_own_width_centres_and_weights_are_right_to_the_second_decimal():
    means, weights, borders = sharpened(LEFT, RIGHT, SIGMAS)
    np.testing.assert_allclose(means[ONE], [1, 4], atol=0.015)
    assert weights[ONE] == pytest.approx(0.9, abs=0.005)
    wrong = [(b < LEFT).sum() + (b > RIGHT).sum() for b in (borders[ONE], borders[-1])]
    assert wrong == [14, 81]
    middle = means[-1].mean()
    assert borders[-1] == pytest.approx(middle)
    assert means[-1][1] < 3
    assert np.isnan(borders[0])
    assert abs(np.diff(means[0])) < 0.01
    share = soft_share(borders[ONE:-1], means[ONE], np.array([0.9, 0.1]), 1.0)
    assert share[0] == pytest.approx(0.5, abs=0.01)


def test_equal_groups_are_pushed_outwards_and_distant_ones_are_found_as_well():
    q = norm.ppf((np.arange(200) + 0.5) / 200)
    means, _, borders = sharpened(1 + q, 3 + q, SIGMAS)
    np.testing.assert_allclose(means[-1], [0.83, 3.17], atol=0.005)
    np.testing.assert_allclose(borders[~np.isnan(borders)], 2, atol=1e-3)
    far, _, _ = sharpened(LEFT, RIGHT + 3, SIGMAS[ONE:])
    np.testing.assert_allclose(far, np.broadcast_to([1, 7], far.shape), atol=0.01)


def test_the_responsibilities_know_how_many_rows_will_be_wrong():
    start = GaussianParams([0.9, 0.1], [[1], [4]], [[[1]], [[1]]])
    end = fit(PLAIN, X[:, None], start).params
    r = next(em_steps(PLAIN, X[:, None], end)).responsibilities
    wrong = (r.argmax(axis=1) != np.repeat([0, 1], [360, 40])).sum()
    assert (1 - r.max(axis=1)).sum() == pytest.approx(wrong, abs=0.5)


def test_two_centres_in_one_gaussian_lie_at_the_root_of_two_over_pi():
    np.testing.assert_allclose(ledger.gaussian_levels(2), [-np.sqrt(2 / np.pi), np.sqrt(2 / np.pi)])
    assert np.sqrt(2 / np.pi) == pytest.approx(0.80, abs=0.005)


# --- what no fit can know -----------------------------------------------------------------------


def test_two_components_always_gain_on_one_and_never_find_the_same():
    rows = np.array([chapter()["two_for_one"](seed) for seed in range(2)])
    assert (rows[:, 0] > 0).all()
    assert abs(rows[0, 1:] - rows[1, 1:]).max() > 0.2


def test_one_gaussian_is_a_mixture_of_two_in_many_ways():
    x = np.random.default_rng(0).normal(size=(50, 1))
    one = GaussianParams([1], [[0]], [[[1]]])
    same = [
        GaussianParams([0, 1], [[7], [0]], [[[3]], [[1]]]),
        GaussianParams([0.2, 0.8], [[0], [0]], [[[1]], [[1]]]),
    ]
    values = [next(em_steps(PLAIN, x, p)).log_likelihood for p in (one, *same)]
    np.testing.assert_allclose(values, values[0])


def test_four_times_the_rows_halve_the_errors_roughly():
    small, large = (chapter()["errors"](n, 10) for n in (200, 3200))
    assert (small / large > 2.5).all()
    assert (small / large < 8).all()


def test_of_single_tosses_only_the_mean_of_the_coins_is_known():
    x = np.repeat([[1, 0], [0, 1]], [60, 40], axis=0)
    starts = ([0.9, 0.2], [0.5, 0.4])
    ends = [fit(CoinMixture(), x, CoinParams(t, [0.5, 0.5]), tol=1e-12) for t in starts]
    thetas = np.array([end.params.theta for end in ends])
    np.testing.assert_allclose(thetas.mean(axis=1), 0.6, atol=1e-5)
    assert abs(thetas[0] - thetas[1]).min() > 0.2
    ridge = [[0.7, 0.5], [0.9, 0.3], [0.6, 0.6]]
    values = [
        next(em_steps(CoinMixture(), x, CoinParams(t, [0.5, 0.5]))).log_likelihood for t in ridge
    ]
    np.testing.assert_allclose([*values, *(e.log_likelihood for e in ends)], values[0])


def heads(tosses: int, a: float, b: float, w: float = 0.5) -> np.ndarray:
    """The probabilities of each number of heads."""
    counts = np.arange(tosses + 1)
    return np.asarray(w * binom.pmf(counts, tosses, a) + (1 - w) * binom.pmf(counts, tosses, b))


def test_two_tosses_tell_the_coins_and_with_the_weight_it_takes_three():
    goal = heads(2, 0.8, 0.3)
    total, squares = goal @ [0, 1, 2], 2 * goal[2]
    difference = np.sqrt(2 * squares - total**2)
    np.testing.assert_allclose([(total + difference) / 2, (total - difference) / 2], [0.8, 0.3])

    def distance(v: np.ndarray, tosses: int) -> float:
        return -float(xlogy(heads(tosses, 0.8, 0.3), heads(tosses, *v)).sum())

    bounds = [(0.55, 0.99), (0.01, 0.5), (0.05, 0.95)]
    for tosses, one in ((2, False), (3, True)):
        ends = [
            minimize(distance, v, (tosses,), bounds=bounds, tol=1e-14).x
            for v in ([0.9, 0.4, 0.3], [0.6, 0.1, 0.7])
        ]
        assert (abs(ends[0] - ends[1]).max() < 0.02) == one
