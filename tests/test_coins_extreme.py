"""Coins with few and with very many tosses, and coins that always or never fall on heads."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from itertools import islice

import numpy as np
import pytest
from scipy.stats import binom

from em_core import CoinMixture, CoinParams, em_steps, fit, lower_bound
from em_core.listings import coin_em

MODEL = CoinMixture()
TRUTH = CoinParams([0.8, 0.35], [0.5, 0.5])


@pytest.mark.parametrize("tosses", [10, 1_000, 1_000_000])
def test_any_number_of_tosses_is_fitted(tosses):
    x, labels = MODEL.sample(TRUTH, 200, np.random.default_rng(0), tosses=tosses)
    result = fit(MODEL, x, CoinParams([0.6, 0.5], [0.5, 0.5]))
    assert result.converged
    np.testing.assert_allclose(result.params.theta, TRUTH.theta, atol=0.2 / np.sqrt(tosses))
    assert np.isfinite(result.log_likelihoods).all()
    if tosses > 10:  # the coins are as good as labelled
        share = [x[labels == j, 0].sum() / x[labels == j].sum() for j in range(2)]
        np.testing.assert_allclose(result.params.theta, share, rtol=1e-6)


def test_a_million_tosses_where_the_lectures_code_gives_nan():
    x = np.array([[800_000, 200_000], [350_000, 650_000]])
    with np.errstate(all="ignore"):
        assert np.isnan(coin_em(x, np.array([[0.6, 0.4], [0.5, 0.5]]), max_iter=2)[1]).any()
    theta = fit(MODEL, x, CoinParams([0.6, 0.5], [0.5, 0.5])).params.theta
    np.testing.assert_allclose(theta, [0.8, 0.35], rtol=1e-12)


@pytest.mark.parametrize("theta", [0.0, 1e-300, 1e-9, 0.5, 1 - 1e-9, 1.0])
@pytest.mark.parametrize("row", [(0, 7), (7, 0), (3, 4), (0, 1_000_000)])
def test_the_log_joint_is_scipys_at_the_edges(theta, row):
    ours = MODEL.log_joint([row], CoinParams([theta], [1.0]))[0, 0]
    theirs = binom.logpmf(row[0], sum(row), theta)
    assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-12) or ours == theirs == -np.inf


def test_a_row_without_tosses_says_nothing():
    x = np.array([[5, 5], [0, 0], [9, 1]])
    start = CoinParams([0.6, 0.5], [0.3, 0.7])
    state = next(em_steps(MODEL, x, start))
    np.testing.assert_allclose(state.responsibilities[1], start.weights)
    without = next(em_steps(MODEL, x[[0, 2]], start))
    assert state.log_likelihood == pytest.approx(without.log_likelihood, rel=1e-12)


def test_coins_that_always_and_never_fall_on_heads():
    x = np.array([[10, 0], [0, 10], [10, 0], [4, 6]])
    result = fit(MODEL, x[:3], CoinParams([0.9, 0.1], [0.5, 0.5]), tol=0, max_iter=50)
    np.testing.assert_allclose(result.params.theta, [1, 0], atol=1e-12)
    exact = CoinParams([1.0, 0.0], [0.5, 0.5])
    state = next(em_steps(MODEL, x[:3], exact))
    assert state.responsibilities.tolist() == [[1, 0], [0, 1], [1, 0]]
    assert state.log_likelihood == pytest.approx(3 * np.log(0.5))
    bound = lower_bound(MODEL, x[:3], exact, state.responsibilities)
    assert bound == pytest.approx(state.log_likelihood, rel=1e-12)


def test_a_sure_coin_stays_sure():
    x = np.array([[10, 0], [4, 6], [5, 5]])
    start = CoinParams([1.0, 0.5], [0.5, 0.5])
    result = fit(MODEL, x, start)
    assert result.params.theta[0] == 1.0
    assert np.isfinite(result.log_likelihoods).all()


def test_samples_of_sure_coins_are_sure():
    x, labels = MODEL.sample(CoinParams([1.0, 0.0], [0.5, 0.5]), 50, np.random.default_rng(0), 3)
    assert (x[:, 0] == np.where(labels == 0, 3, 0)).all()


def test_the_tosses_may_differ_by_row():
    x = np.array([[1, 0], [700_000, 300_000], [30, 70], [2, 2]])
    result = fit(MODEL, x, CoinParams([0.6, 0.5], [0.5, 0.5]))
    assert result.converged
    np.testing.assert_allclose(result.params.theta[0], 0.7, rtol=1e-5)


# --- more tosses than a float has digits ----------------------------------------------------------


def log_factorial(n: int) -> Decimal:
    """To some forty digits."""
    if n < 1000:
        return Decimal(math.factorial(n)).ln()
    z, half = Decimal(n), Decimal("0.5")
    pi = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")
    series = [(1, 12), (-1, 360), (1, 1260), (-1, 1680), (1, 1188), (-691, 360360)]
    rest = sum(Decimal(a) / b / z ** (2 * i + 1) for i, (a, b) in enumerate(series))
    return (z + half) * z.ln() - z + (2 * pi).ln() * half + rest


def exact_log_joint(heads: int, tails: int, theta: float) -> Decimal:
    """The log-probability of heads and tails, in sixty digits."""
    with localcontext(prec=60):
        ways = log_factorial(heads + tails) - log_factorial(heads) - log_factorial(tails)
        of_heads = heads * Decimal(theta).ln() if heads else Decimal(0)
        return ways + of_heads + (tails * (1 - Decimal(theta)).ln() if tails else Decimal(0))


@pytest.mark.parametrize(
    "tosses", [10**e for e in range(1, 16)] + [2**53], ids=lambda n: f"{n:.0e}"
)
@pytest.mark.parametrize("share", [0.5, 0.3, 1e-3, 1 - 1e-3, 1e-9])
def test_the_log_joint_is_exact_however_many_tosses(tosses, share):
    deviation = np.sqrt(tosses * share * (1 - share))
    for off in (0, 1, -3, 30):
        heads = min(tosses, max(0, round(tosses * share + off * deviation)))
        found = MODEL.log_joint([[heads, tosses - heads]], CoinParams([share], [1.0]))[0, 0]
        exact = exact_log_joint(heads, tosses - heads, share)
        # An expected count is known to ε of itself, which is so many standard deviations.
        slack = 1e-13 * (1 + abs(float(exact))) + 1e-15 * (1 + abs(off)) * np.sqrt(tosses)
        assert abs(Decimal(float(found)) - exact) < slack


def overlapping(tosses: int) -> tuple[np.ndarray, CoinParams, float]:
    """Two coins, 1.6 standard deviations of a row apart: the same draws, however many tosses."""
    rng, deviation = np.random.default_rng(1), np.sqrt(0.21 / tosses)
    drawn = 0.8 * rng.choice([-1, 1], size=500) + rng.standard_normal(500)
    heads = np.round(tosses * (0.3 + deviation * drawn))
    start = CoinParams([0.3 - 0.1 * deviation, 0.3 + 0.1 * deviation], [0.5, 0.5])
    return np.column_stack([heads, tosses - heads]), start, deviation


@pytest.mark.parametrize("tosses", [10**8, 10**10, 10**12, 10**14, 2**53])
@pytest.mark.parametrize("fit_weights", [False, True])
def test_very_many_tosses_are_fitted_as_few_are(tosses, fit_weights):
    model, ends = CoinMixture(fit_weights), []
    for n in (10**7, tosses):
        x, start, deviation = overlapping(n)
        result = fit(model, x, start, tol=1e-6)
        assert result.iterations > 5
        assert (np.diff(result.log_likelihoods) >= -1e-11 * abs(result.log_likelihood)).all()
        ends.append((result.params.theta - 0.3) / deviation)
    np.testing.assert_allclose(*ends, atol=2e-3)


def test_few_and_many_tosses_in_one_fit_are_the_drained_loop():
    rng = np.random.default_rng(0)
    tosses = np.round(10 ** rng.uniform(0, 15, size=400))
    heads = np.round(tosses * rng.choice([0.3, 0.301], size=400))
    x, start = np.column_stack([heads, tosses - heads]), CoinParams([0.29, 0.31], [0.4, 0.6])
    result = fit(MODEL, x, start, tol=0, max_iter=5)
    states = list(islice(em_steps(MODEL, x, start), 6))
    np.testing.assert_allclose(
        result.log_likelihoods, [s.log_likelihood for s in states], rtol=1e-12
    )
    np.testing.assert_allclose(result.params.theta, states[-1].params.theta, rtol=1e-14)
