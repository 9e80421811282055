"""Coins with few and with very many tosses, and coins that always or never fall on heads."""

from __future__ import annotations

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
