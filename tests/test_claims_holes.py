"""What chapter 19 says of holes: what the E-step leaves in them, twelve rows, four ways, lamps."""

from __future__ import annotations

from functools import cache
from itertools import islice

import holes
import numpy as np
import pytest
from holes import CAUSES, FIVE, TWELVE, WAYS, Normal, NormalWithHoles, covered, lost, tried

from em_core import em_steps, fit

MODEL = NormalWithHoles()


def pairs_like(correlation: float, variance: float = 2.5) -> Normal:
    return Normal(np.zeros(2), variance * np.array([[1, correlation], [correlation, 1]]))


def correlation_of(params: Normal) -> float:
    return params.covariance[0, 1] / np.sqrt(np.prod(np.diag(params.covariance)))


# --- five readings --------------------------------------------------------------------------------


def test_two_holes_in_five_readings():
    run = list(islice(em_steps(MODEL, FIVE, Normal(np.zeros(1), np.eye(1))), 41))
    means = np.array([state.params.mean[0] for state in run])
    variances = np.array([state.params.covariance[0, 0] for state in run])
    np.testing.assert_allclose(means[:3], [0, 0.8, 1.12])
    assert means[-1] == pytest.approx(4 / 3)
    assert variances[-1] == pytest.approx(np.var([1, 2, 1])) == pytest.approx(2 / 9)
    for values, end, first in ((means, 4 / 3, 0), (variances, 2 / 9, 15)):
        errors = values[first:25] - end
        np.testing.assert_allclose(errors[1:] / errors[:-1], 2 / 5, rtol=1e-4)
    filled = np.array([1, 2, 4 / 3, 1, 4 / 3])
    assert filled.var() == pytest.approx(2 / 15)


def test_the_e_step_is_that_of_the_joint_distribution():
    """By adding up over a fine grid of what the hole may hide."""
    mean, covariance, x = np.array([1.0, -2.0]), np.array([[4.0, 2.0], [2.0, 3.0]]), 4.0
    z, step = np.linspace(-12, 11, 4001, retstep=True)
    y = np.column_stack([np.full(z.size, x), z]) - mean
    squares = (y @ np.linalg.inv(covariance) * y).sum(axis=1)
    density = np.exp(-squares / 2) / np.sqrt(np.linalg.det(2 * np.pi * covariance))
    seen = density.sum() * step
    expected = (density * z).sum() * step / seen
    spread = (density * (z - expected) ** 2).sum() * step / seen
    row = np.array([[x, np.nan]])
    (filled, spreads), value = MODEL.e_step(row, Normal(mean, covariance))
    assert filled[0] == pytest.approx([x, expected])
    assert spreads[0, 1, 1] == pytest.approx(spread)
    assert value == pytest.approx(np.log(seen))
    assert not spreads[0, 0].any()


def test_the_exercise_by_hand():
    row = np.array([[3, np.nan]])
    params = Normal(np.zeros(2), np.array([[4.0, 2.0], [2.0, 3.0]]))
    (filled, spreads), _ = MODEL.e_step(row, params)
    assert (filled[0, 1], spreads[0, 1, 1]) == (1.5, 2)
    assert filled[0, 1] ** 2 + spreads[0, 1, 1] == 4.25


# --- twelve rows ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "variance", "value"),
    [(0.9, 0.5, 8 / 3, -29.974286), (-0.3, -0.5, 8 / 3, -29.974286), (0, 0, 2.5, -30.033342)],
)
def test_twelve_rows_have_two_maxima_and_a_saddle(start, end, variance, value):
    found = fit(MODEL, TWELVE, pairs_like(start), tol=1e-13)
    assert correlation_of(found.params) == pytest.approx(end, abs=1e-5)
    np.testing.assert_allclose(np.diag(found.params.covariance), variance, rtol=1e-5)
    np.testing.assert_allclose(found.params.mean, 0, atol=1e-12)
    assert found.log_likelihood == pytest.approx(value, abs=1e-6)


def test_the_log_likelihood_falls_apart_into_two_brackets():
    def apart(c, s):
        v = s * (1 - c**2)
        return -2 * np.log(v) - 4 / v - 6 * np.log(s) - 16 / s

    values = [
        MODEL.e_step(TWELVE, pairs_like(c, s))[1] - apart(c, s)
        for c, s in [(0, 2.5), (0.5, 8 / 3), (-0.8, 4), (0.3, 1.5)]
    ]
    np.testing.assert_allclose(values, values[0], rtol=1e-12)


def test_at_the_saddle_a_small_correlation_grows_by_a_fifteenth():
    for c, s in [(0.3, 2.0), (-0.7, 3.0)]:
        (_, after) = islice(em_steps(MODEL, TWELVE, pairs_like(c, s)), 2)
        assert after.params.covariance[0, 1] == pytest.approx(8 / 3 * c)
    run = list(islice(em_steps(MODEL, TWELVE, pairs_like(1e-6)), 6))
    grown = [correlation_of(state.params) for state in run]
    np.testing.assert_allclose(np.divide(grown[1:], grown[:-1]), 16 / 15, rtol=1e-6)


# --- four ways ------------------------------------------------------------------------------------


@cache
def some(cause):
    return tried(cause)


def test_where_only_one_column_has_holes_em_ends_at_the_closed_form():
    rng = np.random.default_rng(5)
    rows = rng.standard_normal((60, 2)) @ np.linalg.cholesky([[1, 0.7], [0.7, 1]]).T
    hole = lost("the other number", rows, rng)
    table = rows.copy()
    table[hole, 1] = np.nan
    end = fit(MODEL, table, Normal(np.zeros(2), np.eye(2)), tol=1e-12).params
    x, y = rows.T[:, np.newaxis]
    mean, deviation, correlation, _ = (one.item() for one in holes.by_em(x, y, ~hole[None]))
    assert mean == pytest.approx(end.mean[1], abs=1e-6)
    assert deviation == pytest.approx(np.sqrt(end.covariance[1, 1]), abs=1e-6)
    assert correlation == pytest.approx(correlation_of(end), abs=1e-6)


def test_four_of_ten_are_lost_where_it_is_said():
    for cause in CAUSES:
        rows = np.random.default_rng(1).standard_normal((20_000, 2))
        hole = lost(cause, rows, np.random.default_rng(2))
        assert hole.mean() == pytest.approx(0.4, abs=0.02)
        if cause != CAUSES[0]:
            above = rows[:, CAUSES.index(cause) - 1] > 0
            assert hole[above].mean() == pytest.approx(0.7, abs=0.02)
            assert hole[~above].mean() == pytest.approx(0.1, abs=0.02)


def test_em_is_right_unless_the_number_itself_decides():
    bias = {
        cause: dict(zip(WAYS, (f[0].mean() for f in some(cause).values()), strict=True))
        for cause in CAUSES
    }
    held = {cause: {way: covered(f) for way, f in some(cause).items()} for cause in CAUSES}
    chance, other, itself = CAUSES
    delete, mean, filled, em = WAYS
    assert all(abs(value) < 0.02 for value in bias[chance].values())
    assert max(abs(bias[other][em]), abs(bias[other][filled])) < 0.02
    assert -0.33 < bias[other][delete] < -0.25  # "more than a quarter", about −0.3
    assert bias[other][mean] == pytest.approx(bias[other][delete])
    assert bias[itself][em] / bias[itself][delete] == pytest.approx(0.5, abs=0.1)  # "about half"
    assert min(held[chance][em], held[chance][delete], held[other][em]) > 0.92
    assert max(held[other][delete], held[itself][em]) < 0.6
    assert held[itself][delete] < 0.15
    assert held[itself][mean] < 0.1
    for unbiased in (held[chance][mean], held[chance][filled], held[other][filled]):
        assert unbiased < 0.875  # "87 times or fewer"
    assert held[chance][filled] > 0.8


def test_filled_in_with_the_mean_correlations_are_small_and_with_the_line_large():
    found = some("the other number")
    _, deviations, correlations = np.array([found[way][:3].mean(axis=1) for way in WAYS]).T
    assert correlations[1] < 0.5 < 0.75 < correlations[2]
    assert correlations[3] == pytest.approx(0.7, abs=0.01)
    assert max(deviations[1:3]) < 0.9
    assert deviations[3] == pytest.approx(1, abs=0.02)
    spread = found["EM"][0].std()
    assert found["EM"][3].mean() == pytest.approx(spread, rel=0.05)  # its standard error is honest


def test_rows_filled_by_em_follow_the_line_too_strictly():
    rng = np.random.default_rng(0)
    x = rng.multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]], 200)
    x[:80, 1] = np.nan
    found = fit(MODEL, x, pairs_like(0)).params
    (filled, _), _ = MODEL.e_step(x, found)
    np.testing.assert_allclose(filled.mean(axis=0), found.mean, atol=1e-4)
    assert np.corrcoef(filled.T)[0, 1] > correlation_of(found) + 0.05


# --- lamps ----------------------------------------------------------------------------------------


def test_two_lamps_still_burn():
    mu = [10.0]
    for _ in range(40):
        mu.append((2 + 3 + 5 + 2 * (6 + mu[-1])) / 5)
    assert mu[-1] == pytest.approx(22 / 3) == pytest.approx((2 + 3 + 5 + 6 + 6) / 3)
    errors = np.array(mu[:9]) - 22 / 3
    np.testing.assert_allclose(errors[1:] / errors[:-1], 2 / 5)
    assert np.mean([2, 3, 5]) < mu[-1] / 2
