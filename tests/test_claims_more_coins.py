"""What chapters 5 to 7 say of all starts, all weights, all steps; each test names its chapter."""

from __future__ import annotations

from itertools import islice, product

import numpy as np
import pytest
import survey

from em_core import (
    CoinMixture,
    CoinParams,
    em_steps,
    fit,
    fit_restarts,
    lower_bound,
)
from em_core.listings import coin_em, coin_em_loop, coin_em_vectorised
from em_core.tables import coin_pieces, log_binomials, log_likelihood
from em_core.widgets.coin_starts import UNEQUAL
from em_core.widgets.coin_steps import GRID

MODEL, HALVES = CoinMixture(), [0.5, 0.5]
X = np.array([(5, 5), (9, 1), (8, 2), (4, 6), (7, 3)])
START = CoinParams([0.6, 0.5], HALVES)
PEAK = np.array([0.7967890669, 0.5195831201])
WEIGHTS = [(0.5, 0.5), (0.3, 0.7), (0.1, 0.9), (0.25, 0.75)]


def states_from(theta, steps, x=X, weights=HALVES):
    return list(islice(em_steps(MODEL, x, CoinParams(theta, weights)), steps + 1))


def from_the_grid():
    """The fit from every start of the widgets' square, and whether it lies on the diagonal."""
    for a in GRID:
        for b in GRID:
            yield a, b, fit(MODEL, X, CoinParams([a, b], HALVES))


# --- chapter 5 -----------------------------------------------------------------------------------


def test_5_as_hill_bends_more_by_its_tosses_and_by_its_theta():
    r = states_from(START.theta, 0)[0].responsibilities
    tosses = (r.T @ X).sum(axis=1)
    theta = (r.T @ X)[:, 0] / tosses
    bend = tosses / (theta * (1 - theta))
    assert bend[0] / bend[1] == pytest.approx(1.76, abs=0.005)
    assert tosses[0] / tosses[1] == pytest.approx(1.48, abs=0.005)


def test_5_b_overshoots_while_it_holds_a_part_of_the_many_heads():
    states = states_from(START.theta, 200)
    theta_b = [state.params.theta[1] for state in states]
    assert theta_b[1] == max(theta_b)
    assert 1 - states[0].responsibilities[X[:, 0] >= 7, 0].max() > 0.19
    assert 1 - states[0].responsibilities[X[:, 0] >= 7, 0].min() < 0.36
    assert states[0].params.theta[0] < 0.66 < states[1].params.theta[0]
    assert (states[1].responsibilities[X[:, 0] <= 5, 1] >= 0.69).all()
    assert theta_b[2] < theta_b[1]
    in_doubt = np.abs(states[-1].responsibilities[:, 0] - 0.5) < 0.3
    assert X[in_doubt, 0].tolist() == [7]


def test_5_the_tables_columns_add_up_to_the_counts_before_they_are_rounded():
    r = states_from(START.theta, 0)[0].responsibilities
    printed = np.array([[21.3, 8.6], [11.7, 8.4]])
    np.testing.assert_allclose(r.T @ X, printed, atol=0.05)
    rounded = np.array([(r[:, [j]] * X).round(1).sum(axis=0) for j in (0, 1)])
    np.testing.assert_allclose(np.abs(rounded - printed), 0.1, atol=1e-9)


def test_5_every_start_of_the_square_ends_on_its_own_side():
    for a, b, run in from_the_grid():
        end = [0.66, 0.66] if a == b else PEAK if a > b else PEAK[::-1]
        np.testing.assert_allclose(run.params.theta, end, atol=2e-4)


@pytest.mark.parametrize("weights", WEIGHTS)
def test_5_no_fit_from_equal_coins_waits_for_rounding_to_part_them(weights):
    for theta in GRID:
        run = fit(MODEL, X, CoinParams([theta, theta], weights))
        assert run.converged
        assert run.iterations <= 2
        np.testing.assert_allclose(run.params.theta, 0.66, rtol=1e-12)


@pytest.mark.parametrize("weights", WEIGHTS)
def test_5_the_saddle_multiplies_a_small_difference_by_the_quotient_of_two_variances(weights):
    small = [
        np.subtract(*s.params.theta) for s in states_from([0.500001, 0.5], 12, weights=weights)
    ]
    np.testing.assert_allclose(np.divide(small[2:], small[1:-1]), 17.2 / 11.22, rtol=1e-4)
    assert pytest.approx(1.53, abs=0.005) == 17.2 / 11.22
    assert 60 < np.log(1e-3 / 1e-16) / np.log(17.2 / 11.22) < 80  # steps until it is seen


def test_5_beside_the_saddle_the_rule_stops_and_without_it_em_goes_on():
    states = states_from([0.500001, 0.5], 200)
    assert states[2].log_likelihood - states[1].log_likelihood < 1e-8
    assert fit(MODEL, X, CoinParams([0.500001, 0.5], HALVES)).iterations == 2
    assert np.ptp(states[12].params.theta) < 1e-3
    assert np.ptp(states[31].params.theta) > 0.2
    np.testing.assert_allclose(states[-1].params.theta, PEAK, atol=1e-9)


def test_5_a_saddle_falls_when_the_coins_go_together_and_rises_when_they_part():
    def value(a, b):
        return log_likelihood(MODEL, X, CoinParams([a, b], HALVES))

    for step in np.linspace(1e-3, 0.1, 30):
        assert value(0.66 + step, 0.66 + step) < value(0.66, 0.66)
        assert value(0.66 - step, 0.66 - step) < value(0.66, 0.66)
        assert value(0.66 + step, 0.66 - step) > value(0.66, 0.66)


def test_5_a_factor_below_one_makes_a_local_maximum_which_is_not_the_highest():
    heads = np.array([6, 1, 5, 7, 5, 4, 4, 6, 4, 4])
    x = np.column_stack([heads, 10 - heads])
    mean = heads.sum() / x.sum()
    above, below = ((heads - 10 * mean) ** 2).sum(), mean * (1 - mean) * x.sum()
    np.testing.assert_allclose([mean, above, below], [0.46, 24.4, 24.84])
    weights = [0.1, 0.9]
    here = log_likelihood(MODEL, x, CoinParams([mean, mean], weights))
    for angle in np.linspace(0, 2 * np.pi, 60):
        near = np.array([np.cos(angle), np.sin(angle)]) * 1e-3
        assert log_likelihood(MODEL, x, CoinParams(mean + near, weights)) < here
    better = fit(MODEL, x, CoinParams([0.1, 0.5], weights))
    np.testing.assert_allclose(better.params.theta, [0.114, 0.491], atol=5e-4)
    np.testing.assert_allclose([here, better.log_likelihood], [-18.763, -18.405], atol=5e-4)


def test_5_after_ten_iterations_nothing_changes_but_digits_and_the_coefficients_stay():
    states = states_from(START.theta, 200)
    assert states[200].log_likelihood - states[60].log_likelihood < 1e-12
    assert log_binomials(X) == pytest.approx(21.7733, abs=5e-5)


def test_5_heads_over_tosses_is_the_top_of_the_bound():
    state = states_from(START.theta, 1)
    top = state[1].params.theta

    def bound(theta):
        return lower_bound(MODEL, X, CoinParams(theta, HALVES), state[0].responsibilities)

    for j in range(2):
        for other in np.linspace(0.01, 0.99, 99):
            moved = top.copy()
            moved[j] = other
            assert bound(moved) < bound(top)


# --- chapter 6 -----------------------------------------------------------------------------------

FALLING = np.array([(3, 1), (1, 3), (3, 1), (3, 1)])


def pieces_from(theta, steps, x):
    return np.array([coin_pieces(x, state) for state in states_from(theta, steps, x)])


@pytest.mark.parametrize(("x", "theta"), [(X, [0.6, 0.5]), (FALLING, [0.89488, 0.07036])])
def test_6_value_weights_entropy_and_coefficients_are_the_log_likelihood(x, theta):
    for state in states_from(theta, 30, x):
        whole = coin_pieces(x, state).sum() + log_binomials(x)
        assert whole == pytest.approx(state.log_likelihood, rel=1e-12)


def test_6_on_the_five_samples_the_printed_value_never_falls():
    values = pieces_from([0.6, 0.5], 200, X)[:, 0]
    assert (np.diff(values) > -1e-10).all()
    assert values[200] == pytest.approx(-29.868676, abs=1e-5)


def test_6_on_four_samples_it_rises_once_and_then_falls_while_the_entropy_grows_to_its_most():
    pieces = pieces_from([0.89488, 0.07036], 400, FALLING)
    value, weights, entropy = pieces.T
    assert value[1] > value[0]
    assert (np.diff(value[1:40]) < 0).all()
    assert (np.diff(entropy[:40]) > 0).all()
    assert (np.diff(pieces[:40].sum(axis=1)) > 0).all()
    np.testing.assert_allclose(weights, 4 * np.log(0.5))
    assert entropy[-1] == pytest.approx(4 * np.log(2), abs=1e-6)
    assert pieces[-1].sum() == pytest.approx(value[-1], abs=1e-6)


def test_6_the_entropy_of_the_five_samples_falls_as_the_shares_become_more_decided():
    entropy = pieces_from([0.6, 0.5], 9, X)[:, 2]
    assert (np.diff(entropy) < 0).all()


def test_6_whole_samples_raise_the_printed_value_and_lower_the_log_likelihood():
    top = states_from(START.theta, 400)[-1]
    whole = np.eye(2)[top.responsibilities.argmax(axis=1)]
    moved = CoinParams(MODEL.m_step(X, whole, top.params).theta, HALVES)
    after = next(em_steps(MODEL, X, moved))

    def value(r, theta):
        return (r * (X @ np.log([theta, 1 - theta]))).sum()

    values = [
        value(top.responsibilities, top.params.theta),
        value(whole, top.params.theta),
        value(whole, moved.theta),
    ]
    np.testing.assert_allclose(values, [-29.87, -28.97, -28.77], atol=0.005)
    assert after.log_likelihood < top.log_likelihood - 0.1


def test_6_a_sum_over_the_wrong_axis_stops_unless_there_are_two_samples():
    for samples in (X, X[:2]):
        wrong = np.sum(samples * np.log([0.6, 0.4]), axis=0)
        if len(samples) == 2:
            assert (wrong @ samples).shape == (2,)
        else:
            with pytest.raises(ValueError, match="mismatch"):
                wrong @ samples


def test_6_a_listing_has_two_values_to_compare_before_it_stops():
    thetas, tol = np.array([[0.6, 0.4], [0.5, 0.5]]), 40  # the first value is nearer to 0 than that
    assert len(coin_em_loop(X, thetas, tol)) == 2
    assert len(coin_em_vectorised(X, thetas, tol)) == 2
    assert coin_em(X, thetas, tol=tol)[0] == 1


# --- chapter 7 -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def known_coins():
    """The chapter's data, and the generator as it stands after them."""
    rng = np.random.RandomState(1234)
    heads = np.concatenate([rng.binomial(100, 0.8, 50), rng.binomial(100, 0.35, 50)])
    x = np.column_stack([heads, 100 - heads])
    rng.shuffle(x)
    return x, rng


def test_7_the_survey_has_the_published_maxima_and_no_others():
    assert survey.respondents()[1].sum() == 1202
    ends, shares = survey.latent_classes(60, np.random.default_rng(9))
    published = np.array(list(survey.PUBLISHED))
    assert sum(survey.PUBLISHED.values()) == 500
    away = np.abs(ends[:, np.newaxis] - published)
    assert (away.min(axis=1) < 6e-4).all()
    assert set(away.argmin(axis=1)) == set(range(5))
    printed = [(0.621, 0.172, 0.207), (0.782, 0.150, 0.067), (0.796, 0.162, 0.043)]
    printed += [(0.508, 0.392, 0.099), (0.297, 0.533, 0.170)]
    for end, classes in zip(away.argmin(axis=1), shares, strict=True):
        np.testing.assert_allclose(np.sort(classes), np.sort(printed[end]), atol=1e-3)


def test_7_about_half_of_the_starts_find_the_best_and_the_fifth_of_the_figure_is_the_first():
    ends, _ = survey.latent_classes(80, np.random.default_rng(37))
    best = np.abs(ends - -2754.545) < 6e-4
    assert 0.5 < best.mean() < 0.7
    assert best.argmax() == 4
    so_far = np.maximum.accumulate(ends[:5])
    np.testing.assert_allclose(
        so_far, [-2762.005, -2762.005, -2755.739, -2755.739, -2754.545], atol=6e-4
    )


def test_7_off_the_diagonal_every_start_takes_9_to_15_iterations_and_the_most_beside_it():
    needed = {}
    for i, a in enumerate(GRID):
        for j, b in enumerate(GRID):
            needed[i, j] = fit(MODEL, X, CoinParams([a, b], HALVES)).iterations
    assert {count for (i, j), count in needed.items() if i == j} == {2}
    off = {place: count for place, count in needed.items() if place[0] != place[1]}
    assert len(off) == 420
    assert (min(off.values()), max(off.values())) == (9, 15)
    assert all(abs(i - j) == 1 for (i, j), count in off.items() if count >= 14)
    last = len(GRID) - 1
    assert off[0, last] == off[last, 0] == 12


def test_7_beside_the_diagonal_the_gain_shrinks_grows_again_and_is_never_level():
    few = []
    for i, a in enumerate(GRID):
        for b in GRID[:i]:
            gains = np.diff([state.log_likelihood for state in states_from([a, b], 7)])
            grows = np.flatnonzero(np.diff(gains) > 0)
            if grows.size:
                few.append((a, b))
                assert gains[grows].min() > 0.069
    assert 9 <= len(few) <= 11
    assert all(a - b < 0.11 for a, b in few)


def test_7_ten_proper_starts_are_one_answer(known_coins):
    x, _ = known_coins
    rng = np.random.default_rng(1234)
    runs = [fit(MODEL, x, MODEL.random_start(x, 2, rng)) for _ in range(10)]
    for run in runs:
        np.testing.assert_allclose(np.sort(run.params.theta), [0.3516, 0.7982], atol=5e-5)
    assert runs[0].log_likelihood == pytest.approx(-350.283066, abs=5e-7)
    bare = runs[0].log_likelihood - log_binomials(x)
    assert bare == pytest.approx(-5825.910370, abs=5e-7)
    assert bare - -5756.595652 == pytest.approx(-100 * np.log(2), abs=1e-6)
    assert np.argmax([run.iterations for run in runs]) == 6


def test_7_improper_starts_find_the_coins_all_the_same(known_coins):
    x, _ = known_coins
    rng = np.random.default_rng(0)
    for _ in range(1500):
        _, thetas, _ = coin_em(x, rng.random((2, 2)))
        np.testing.assert_allclose(np.sort(thetas[:, 0]), [0.3516, 0.7982], atol=1e-3)


def test_7_in_the_exercise_the_larger_row_takes_nearly_everything_in_the_first_step(known_coins):
    x, rng = known_coins
    state = rng.get_state()
    for _ in range(10):
        rows = rng.random_sample((2, 2))
        logs = x @ np.log(rows).T
        taken = np.exp(logs - np.logaddexp.reduce(logs, axis=1, keepdims=True)).sum(axis=0)
        assert taken[rows.sum(axis=1).argmax()] > 99.9
    rng.set_state(state)


def test_7_the_seventh_start_comes_near_the_saddle_before_it_turns_away(known_coins):
    x, _ = known_coins
    rng = np.random.default_rng(1234)
    seventh = [MODEL.random_start(x, 2, rng) for _ in range(7)][-1]
    assert np.ptp(seventh.theta.round(3)) == 0
    saddle = x[:, 0].sum() / x.sum()
    assert saddle == pytest.approx(0.575, abs=5e-4)
    first = states_from(seventh.theta, 1, x)[1].params.theta
    np.testing.assert_allclose(first, saddle, atol=0.005)


def test_7_of_three_coins_half_of_the_starts_or_fewer_find_the_higher_peak():
    heads = np.array([9, 1, 0, 1, 1, 0, 6])
    x = np.column_stack([heads, 10 - heads])
    for seed in range(3):
        ranked = fit_restarts(MODEL, x, 3, starts=200, rng=np.random.default_rng(seed))
        ends = np.array([run.log_likelihood for run in ranked]) - log_binomials(x)
        high = np.abs(ends - -26.819) < 5e-4
        assert (high | (np.abs(ends - -28.828) < 5e-4)).all()
        assert high.mean() < 0.5
        assert seed or (~high).sum() == 127


def test_7_six_samples_have_three_peaks_of_different_heights():
    x, weights = UNEQUAL
    heights = {True: set(), False: set()}
    for theta_a, theta_b in product(np.arange(1, 20) / 20, repeat=2):
        if theta_a != theta_b:
            start = CoinParams([theta_a, theta_b], weights)
            end = fit(MODEL, np.array(x), start, tol=1e-11).log_likelihood
            heights[theta_b > theta_a].add(round(end, 2))
    assert heights == {True: {-14.95, -17.18}, False: {-9.40}}
