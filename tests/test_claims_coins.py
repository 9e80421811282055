"""What chapters 1 to 4 say of all starts, slopes and steps: checked over what they speak of."""

from __future__ import annotations

from dataclasses import replace

import ledger
import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import rel_entr
from scipy.stats import binom

from em_core import CoinMixture, CoinParams, fit, lower_bound
from em_core.em import e_step
from em_core.tables import bound_slice, coin_slice, coin_step_in_a, log_likelihood
from em_core.widgets.jensen import CURVES, Setting, way
from em_core.widgets.lower_bound import STARTS

CURVED = [name for name, curve in CURVES.items() if curve.bends != "straight"]


# --- chapter 1, "Jensen's inequality" ------------------------------------------------------------


def gap(setting: Setting) -> float:
    return setting.figures()[2]


def some_settings(f: str) -> list[Setting]:
    places = np.linspace(*CURVES[f].domain, 9)
    weights = np.arange(1, 50) / 50  # the widget's steps between none and all
    return [Setting(f, a, b, w) for a in places for b in places for w in weights]


@pytest.mark.parametrize("f", CURVES)
def test_ch_1_the_gap_closes_where_points_meet_weight_is_on_one_or_the_line_is_straight(f):
    for one in some_settings(f):
        closed = one.first == one.second or CURVES[f].bends == "straight"
        assert (gap(one) < 1e-12) == closed
        assert max(gap(replace(one, weight=0.0)), gap(replace(one, weight=1.0))) < 1e-12


@pytest.mark.parametrize("f", CURVED)
@pytest.mark.parametrize("weight", [0.1, 0.5, 0.75])
def test_ch_1_halved_distances_leave_a_quarter_in_the_limit_halved_weights_a_half(f, weight):
    low, high = CURVES[f].domain
    a, d = low + 0.4 * (high - low), 0.002 * (high - low)
    near = gap(Setting(f, a, a + d / 2, weight)) / gap(Setting(f, a, a + d, weight))
    light = gap(Setting(f, a, high, 1e-4)) / gap(Setting(f, a, high, 2e-4))
    assert near == pytest.approx(0.25, abs=0.01)
    assert light == pytest.approx(0.5, abs=0.01)


def test_ch_1_a_halved_distance_far_from_the_end_leaves_more_than_a_quarter():
    gaps = [gap(Setting("log", 1.0, 1 + 6.4 / 2**n, 0.5)) for n in range(9)]
    left = np.divide(gaps[1:], gaps[:-1])
    assert (left > 0.25).all()
    assert (np.diff(left) < 0).all()
    assert left[0] > 0.5


def test_ch_1_the_widgets_first_presses_shrink_the_gap_no_faster_than_the_distance():
    start, *pressed = way("log")[:3]
    for one in pressed:
        closer = (one.second - one.first) / (start.second - start.first)
        assert gap(one) / gap(start) > closer
    light = [gap(Setting("log", 1.0, 7.4, 1 - 0.5 / 2**n)) for n in (0, 1)]
    assert 0.5 < gap(replace(start, second=1 + 3.2)) / gap(start) < light[1] / light[0]


def test_ch_1_for_the_square_the_gap_is_the_variance():
    for one in some_settings("square"):
        variance = one.weight * (1 - one.weight) * (one.second - one.first) ** 2
        assert gap(one) == pytest.approx(variance, abs=1e-12)


@pytest.mark.parametrize(("v", "top"), [(8, 0.51), (4, 0.23), (2, 0.06)])
def test_ch_1_the_arches_lean_to_the_left_and_are_as_high_as_the_text_says(v, top):
    share = np.linspace(0, 1, 2001)
    heights = np.log(1 + share * (v - 1)) - share * np.log(v)
    assert heights.max() == pytest.approx(top, abs=0.005)
    assert share[heights.argmax()] == pytest.approx(1 / np.log(v) - 1 / (v - 1), abs=1e-3)


def test_ch_1_every_arch_has_its_top_left_of_the_middle():
    v = 1 + np.logspace(-3, 6, 200)
    assert (1 / np.log(v) - 1 / (v - 1) < 0.5).all()


# --- chapter 2, "Two coins, with labels" ---------------------------------------------------------


def test_ch_2_the_figures_tops_and_which_is_higher():
    tops = {}
    for coin, theta in enumerate([0.80, 0.45]):
        heads, tosses = ledger.labelled_heads(coin)
        assert heads / tosses == pytest.approx(theta)
        own = ledger.COINS[coin == ledger.COIN_LABELS, 0]
        tops[coin] = binom.logpmf(own, 10, theta).sum()
    assert tops[0] < tops[1] < 0


def test_ch_2_numbers_in_the_text():
    assert 5 * np.log(2) == pytest.approx(3.4657, abs=5e-5)
    assert 0.95**20 > 1 / 3  # twenty tails of a coin with θ = 0.05
    heads = ledger.COINS[:, 0]
    relabelled = np.array([1, 0, 1, 1, 0])
    shares = [heads[relabelled == j].mean() / 10 for j in (0, 1)]
    np.testing.assert_allclose(shares, [0.80, 17 / 30])
    sharpness = [30 / (0.80 * 0.20), 20 / (0.45 * 0.55)]  # B's curve is the wider one
    assert sharpness[0] > sharpness[1]
    assert ledger.counts_of(0)[0] == 22
    assert ledger.counts_of(1)[0] == 2


# --- chapter 3, "Two coins, without labels" ------------------------------------------------------

HALF = [0.5, 0.5]
GRID = np.arange(1, 11) / 11
PAIRS = [(a, b) for a in GRID for b in GRID if a != b]
BEST = ledger.coin_fit().params.theta
FINE = np.arange(1, 1000) / 1000  # values of θ_A with θ_B held, among them all the widget's starts


def value(theta, weights=HALF) -> float:
    return log_likelihood(CoinMixture(), ledger.COINS, CoinParams(theta, weights))


def shares(theta, weights=HALF) -> np.ndarray:
    return e_step(CoinMixture().log_joint(ledger.COINS, CoinParams(theta, weights)))[0]


def hard_step(theta) -> np.ndarray | None:
    """θ by counting with hard labels; None if a coin gets no sample."""
    coin = shares(theta).argmax(axis=1)
    if np.unique(coin).size == 1:
        return None
    return np.array([ledger.COINS[coin == j, 0].mean() / 10 for j in (0, 1)])


def hard_end(theta) -> tuple[float, ...] | None:
    for _ in range(20):
        theta = hard_step(theta)
        if theta is None:
            return None
    return tuple(theta.round(4))


def slopes(theta_a) -> np.ndarray:
    """Of the log-likelihood in θ_A, by differences."""
    h = 1e-6
    ends = [coin_slice(ledger.COINS, theta_a + s, BEST[1]) for s in (-h, h)]
    return (ends[1] - ends[0]) / (2 * h)


def steps_in_a(theta_a) -> np.ndarray:
    return np.array([coin_step_in_a(ledger.COINS, a, BEST[1]) for a in theta_a]) - theta_a


def tosses_of_a(theta_a) -> np.ndarray:
    return np.array([10 * shares([a, BEST[1]])[:, 0].sum() for a in theta_a])


def test_ch_3_an_optimiser_ends_where_em_ends_in_some_ten_iterations():
    found = minimize(
        lambda theta: -value(theta), [0.6, 0.5], method="L-BFGS-B", bounds=[(0.01, 0.99)] * 2
    )
    np.testing.assert_allclose(found.x, [0.797, 0.520], atol=5e-4)
    np.testing.assert_allclose(found.x, BEST, atol=1e-4)
    assert 5 <= found.nit <= 20


def test_ch_2_hard_guesses_end_at_two_answers_that_differ_in_one_sample_or_without_a_sample():
    ends = {hard_end(np.array(pair)) for pair in PAIRS if pair[0] > pair[1]}
    assert ends == {(0.8, 0.45), (0.85, 0.5333), None}
    labels = [shares(end).argmax(axis=1) for end in ([0.8, 0.45], [0.85, 16 / 30])]
    assert (labels[0] != labels[1]).tolist() == [False] * 4 + [True]
    assert hard_end([0.6, 0.5]) == (0.8, 0.45)
    assert hard_end([0.9, 0.6]) == (0.85, 0.5333)
    assert shares([0.8, 0.45])[4, 0] == pytest.approx(0.73, abs=0.005)


def test_ch_3_soft_labels_pass_the_hard_ones_in_the_third_round_and_end_at_the_peak():
    soft = [state.log_likelihood for state in ledger.coin_states()]
    hard = value([0.8, 0.45])
    assert soft[1] < hard
    assert soft[2] < hard < soft[3]
    ends = [fit(CoinMixture(), ledger.COINS, CoinParams(s, HALF)) for s in ([0.6, 0.5], [0.9, 0.6])]
    for end in ends:
        np.testing.assert_allclose(end.params.theta, BEST, atol=1e-4)


def test_ch_3_with_the_coins_known_the_weight_has_one_top_which_every_start_reaches():
    each = binom.pmf(ledger.COINS[:, [0]], 10, [0.8, 0.45])
    weight = np.linspace(0.001, 0.999, 999)
    heights = np.log(np.outer(weight, each[:, 0]) + np.outer(1 - weight, each[:, 1])).sum(axis=1)
    assert (np.diff(heights, 2) < 0).all()
    assert weight[heights.argmax()] == pytest.approx(0.5774, abs=1e-3)
    for _ in range(100):
        of_a = np.outer(weight, each[:, 0])
        weight = (of_a / (of_a + np.outer(1 - weight, each[:, 1]))).mean(axis=1)
    np.testing.assert_allclose(weight, 0.5774, atol=5e-5)


def test_ch_3_a_step_is_the_slope_times_theta_one_minus_theta_over_as_tosses():
    inner = STARTS[4:-4]  # where the differences are good enough
    step = slopes(inner) * inner * (1 - inner) / tosses_of_a(inner)
    np.testing.assert_allclose(step, steps_in_a(inner), rtol=1e-4, atol=1e-8)


def test_ch_3_no_step_passes_the_peak_and_the_longest_begins_at_the_far_left():
    after = FINE + steps_in_a(FINE)
    assert (after[BEST[0] > FINE] < BEST[0]).all()
    assert (after[BEST[0] < FINE] > BEST[0]).all()
    assert np.abs(steps_in_a(STARTS)).argmax() == 0
    assert STARTS[0] == 0.01


def test_ch_3_the_table_of_slopes_and_steps():
    places = np.array([0.01, 0.35, 0.35 + steps_in_a(np.array([0.35]))[0], 0.95])
    slope, step = slopes(places), steps_in_a(places)
    assert slope[0] < 0.01
    assert slope[2] > slope[1]
    assert 0 < step[2] < step[1] < step[0]
    assert np.abs(slope).argmax() == 3
    assert abs(step[3]) < step[2]


def test_ch_3_at_the_contact_the_bound_bends_at_least_as_sharply_as_the_curve():
    for a in STARTS:
        near = a + 0.001 * np.array([-1, 0, 1])
        curve = coin_slice(ledger.COINS, near, BEST[1])
        gap = curve - bound_slice(ledger.COINS, near, BEST[1], a)
        assert gap[1] == pytest.approx(0, abs=1e-12)
        assert min(gap[0], gap[2]) > 0


def test_ch_3_close_to_the_peak_a_step_is_the_slope_over_the_bounds_curvature_and_elsewhere_not():
    h = 1e-4
    places = np.append(BEST[0] + np.array([-0.05, -0.01, 0.01, 0.05]), 0.01)
    step, slope = steps_in_a(places), slopes(places)
    heads = (places + step) * tosses_of_a(places)
    tails = tosses_of_a(places) - heads
    of_bound = heads / places**2 + tails / (1 - places) ** 2
    left, here, right = (coin_slice(ledger.COINS, places + s, BEST[1]) for s in (-h, 0, h))
    of_curve = -(left - 2 * here + right) / h**2
    np.testing.assert_allclose(step[:4], (slope / of_bound)[:4], rtol=0.2)
    np.testing.assert_allclose(step[1:3], (slope / of_bound)[1:3], rtol=0.05)
    assert (np.abs(step[:4]) < np.abs(slope / of_curve)[:4]).all()
    assert step[4] > 10 * slope[4] / of_bound[4]


def test_ch_3_half_way_between_the_peaks_the_coins_are_equal_and_worse_than_either():
    half_way = (BEST + BEST[::-1]) / 2
    np.testing.assert_allclose(half_way, 0.658, atol=5e-4)
    assert value(half_way) < value([0.66, 0.66]) < value(BEST)


# --- chapter 4, "Why EM works" -------------------------------------------------------------------


def test_ch_4_the_arch_touches_at_the_posterior_alone():
    q = np.linspace(0, 1, 2001)
    short = np.log(0.4) + rel_entr(q, 0.3) + rel_entr(1 - q, 0.1)
    assert q[short.argmin()] == pytest.approx(0.75)
    assert (short[q != 0.75] > 1e-8).all()
    assert short[1000] == pytest.approx(0.144, abs=5e-4)
    assert short[0] > 4 * short[-1]  # far below the line at q = 0, a little at q = 1


def test_ch_4_the_posterior_is_highest_hard_labels_are_lowest_and_the_divergence_is_the_rest():
    model, start = CoinMixture(), ledger.COIN_START
    r = shares([0.6, 0.5])
    each = [r, np.full((5, 2), 0.5), np.eye(2)[ledger.COIN_LABELS]]
    bounds = [lower_bound(model, ledger.COINS, start, q) for q in each]
    assert bounds[0] > bounds[1] > bounds[2]
    for q, bound in zip(each, bounds, strict=True):
        assert bound + rel_entr(q, r).sum() == pytest.approx(value([0.6, 0.5]), abs=1e-12)


@pytest.mark.parametrize("tol", [1e-2, 1e-4, 1e-6, 1e-8])
def test_ch_4_the_value_converges_with_the_square_of_the_parameters_error(tol):
    run = fit(CoinMixture(), ledger.COINS, ledger.COIN_START, tol=tol)
    limit = ledger.coin_fit()
    error = np.abs(run.params.theta - limit.params.theta).max()
    short = limit.log_likelihood - run.log_likelihood
    assert 10 < short / error**2 < 100


def test_ch_4_from_the_first_tolerance_to_the_last_the_value_gains_twice_as_many_digits():
    runs = [fit(CoinMixture(), ledger.COINS, ledger.COIN_START, tol=t) for t in (1e-2, 1e-8)]
    limit = ledger.coin_fit()
    values = [limit.log_likelihood - run.log_likelihood for run in runs]
    thetas = [run.params.theta[1] - limit.params.theta[1] for run in runs]
    assert 5.5 < np.log10(values[0] / values[1]) < 6
    assert 2.5 < np.log10(thetas[0] / thetas[1]) < 3


def test_ch_4_responsibilities_of_one_row_at_a_time_never_lower_the_bound_but_the_log_likelihood():
    model, rng = CoinMixture(), np.random.default_rng(0)
    params = CoinParams([0.9, 0.1], HALF)
    r = shares(params.theta).copy()
    bounds, values = [lower_bound(model, ledger.COINS, params, r)], [value(params.theta)]
    for i in rng.integers(5, size=400):
        r[i] = shares(params.theta)[i]
        params = model.m_step(ledger.COINS, r, params)
        bounds.append(lower_bound(model, ledger.COINS, params, r))
        values.append(value(params.theta))
    assert np.diff(bounds).min() > -1e-12
    assert np.diff(values).min() < -1e-6


def test_ch_4_a_hard_step_from_the_maximum_goes_down():
    assert value(hard_step(BEST)) < value(BEST)
