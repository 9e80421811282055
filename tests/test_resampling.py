"""Fits to data drawn anew: their scatter against the information, their labels, the ratio test."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from em_core import (
    Chunks,
    CoinMixture,
    CoinParams,
    GaussianMixture,
    GaussianParams,
    NotConvergedWarning,
    bic,
    bootstrap,
    bootstrap_ratio_test,
    fit,
    responsibilities,
    standard_errors,
)
from em_core.resampling import aligned

GAUSSIANS = GaussianMixture()
TWO = GaussianParams([0.4, 0.6], [[0.0], [6.0]], [[[1.0]], [[2.0]]])


def fitted(n, seed=0):
    x, _ = GAUSSIANS.sample(TWO, n, np.random.default_rng(seed))
    return x, fit(GAUSSIANS, x, TWO, tol=1e-10).params


def test_on_many_rows_the_bootstrap_scatters_by_the_standard_errors():
    x, params = fitted(1_000)
    found = bootstrap(GAUSSIANS, x, params, samples=200, rng=0)
    assert len(found) == 200
    errors = standard_errors(GAUSSIANS, x, params)
    for name in ("weights", "means", "covariances"):
        scatter = np.std([getattr(p, name) for p in found], axis=0)
        # The standard deviation of 200 draws is known to 5 %; a 4th of that is 4 of these.
        np.testing.assert_allclose(scatter / errors[name], 1, atol=0.25)


def test_a_seed_gives_the_same_whatever_the_number_of_jobs():
    x, params = fitted(200)
    one, two = (bootstrap(GAUSSIANS, x, params, samples=8, rng=1, jobs=jobs) for jobs in (1, 2))
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a.means, b.means)


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1], [1, 2, 0]])
def test_labels_are_put_into_the_order_of_the_first_fit(order):
    x = np.array([[9, 1], [8, 2], [5, 5], [1, 9], [2, 8], [5, 5]])
    coins = CoinParams([0.85, 0.5, 0.15], [0.3, 0.4, 0.3])
    other = CoinParams(coins.theta[order], coins.weights[order])
    own = responsibilities(CoinMixture(), x, coins)
    np.testing.assert_array_equal(aligned(CoinMixture(), x, other, own).theta, coins.theta)


def test_one_component_is_enough_for_data_from_one_and_not_for_two():
    one = GaussianParams([1.0], [[0.0]], [[[1.0]]])
    apart = GaussianParams([0.5, 0.5], [[0.0], [6.0]], [[[1.0]], [[1.0]]])
    for data, enough in ((one, True), (apart, False)):
        x, _ = GAUSSIANS.sample(data, 60, np.random.default_rng(2))
        smaller = fit(GAUSSIANS, x, one).params
        start = GaussianParams([0.5, 0.5], [[x.min()], [x.max()]], [np.cov(x.T).reshape(1, 1)] * 2)
        larger = fit(GAUSSIANS, x, start).params
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # starts collapse, as they will
            found = bootstrap_ratio_test(
                GAUSSIANS, x, smaller, larger, samples=19, rng=0, starts=2, tol=1e-4
            )
        assert (found.p_value > 0.05) == enough
        assert found.p_value == (1 + (found.simulated >= found.statistic).sum()) / 20
        assert (np.diff(found.simulated) >= 0).all()


def test_coins_are_tossed_as_often_as_the_data_say():
    x = np.array([[3, 1], [8, 2], [50, 50], [1, 9]])
    smaller, larger = CoinParams([0.5], [1.0]), CoinParams([0.4, 0.7], [0.5, 0.5])
    found = bootstrap_ratio_test(CoinMixture(), x, smaller, larger, samples=3, rng=0, starts=2)
    assert len(found.simulated) == 3
    for tosses in (x.sum(axis=1), x.sum(axis=1).astype(float), pd.Series(x.sum(axis=1)), 10):
        drawn, _ = CoinMixture().sample(smaller, 4, np.random.default_rng(0), tosses=tosses)
        assert (drawn.sum(axis=1) == np.asarray(tosses)).all()
    for tosses in ([2.5, 3, 4, 5], [0, 3, 4, 5], [2**60, 3, 4, 5], [3, 4, 5]):
        with pytest.raises(ValueError, match=r"^tosses: "):
            CoinMixture().sample(smaller, 4, 0, tosses=tosses)


def test_rows_without_a_toss_make_no_difference():
    x = np.array([[3, 1], [8, 2], [50, 50], [1, 9]])
    smaller, larger = CoinParams([0.5], [1.0]), CoinParams([0.4, 0.7], [0.5, 0.5])
    one, other = (
        bootstrap_ratio_test(CoinMixture(), rows, smaller, larger, samples=3, rng=0, starts=2)
        for rows in (x, np.insert(x, [0, 2], 0, axis=0))
    )
    np.testing.assert_array_equal(one.simulated, other.simulated)
    assert one.statistic == pytest.approx(other.statistic, rel=1e-12)


def test_warnings_are_given_where_the_call_stands():
    x, params = fitted(50)
    one = GaussianParams([1.0], [[3.0]], [[[9.0]]])
    with pytest.warns(NotConvergedWarning) as caught:
        bootstrap_ratio_test(GAUSSIANS, x, one, params, samples=1, rng=0, starts=1, max_iter=1)
    assert {warning.filename for warning in caught} == {__file__}


class Table:
    """Coins in a table with named columns, as pandas has them."""

    def log_joint(self, x, theta):
        heads, tails = (np.asarray(x[name])[:, None] for name in ("heads", "tails"))
        return np.log(0.5) + heads * np.log(theta) + tails * np.log1p(-theta)

    def m_step(self, x, responsibilities, theta):
        heads, tails = (np.asarray(x[name]) @ responsibilities for name in ("heads", "tails"))
        return heads / (heads + tails)


TABLE = pd.DataFrame({"heads": [5, 9, 8, 4, 7], "tails": [5, 1, 2, 6, 3]}), np.array([0.8, 0.5])


def test_a_table_keeps_its_columns_names_where_rows_are_left_out():
    x, theta = TABLE
    counts = x.to_numpy()
    weights, coins = [0, 2, 1, 1, 3], CoinParams(theta, [0.5, 0.5])
    found = fit(Table(), x, theta, row_weights=weights).params
    right = fit(CoinMixture(), counts, coins, row_weights=weights).params.theta
    np.testing.assert_allclose(found, right, rtol=1e-6)
    assert len(bootstrap(Table(), x, theta, samples=2, rng=0)) == 2


def test_accelerated_fits_end_where_plain_ones_do():
    x, params = fitted(60)
    start = GaussianParams([0.5, 0.5], [[-1.0], [7.0]], [[[4.0]]] * 2)
    one, other = (
        bootstrap(GAUSSIANS, x, params, samples=2, rng=0, tol=1e-10, accelerate=accelerate)
        for accelerate in (False, True)
    )
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a.means, b.means, atol=1e-3)
    one = GaussianParams([1.0], [x.mean(axis=0)], [[[x.var()]]])
    found, quick = (
        bootstrap_ratio_test(GAUSSIANS, x, one, start, **how, samples=2, rng=0, starts=1)
        for how in ({}, {"accelerate": True})
    )
    np.testing.assert_allclose(found.simulated, quick.simulated, atol=1e-4)
    with pytest.raises(ValueError, match=r"^accelerate: can't be True for Table"):
        bootstrap(Table(), *TABLE, samples=1, rng=0, accelerate=True)


def test_a_row_that_was_not_drawn_may_be_impossible_after_the_fit():
    x = [[9, 0], [0, 9]]  # of two rows drawn, both are the same one, every other time
    found = bootstrap(CoinMixture(), x, CoinParams([0.5], [1.0]), samples=9, rng=0)
    assert {0.0, 1.0} < {params.theta[0] for params in found}


def test_what_cannot_be_used_is_refused():
    x, params = fitted(50)
    one = GaussianParams([1.0], [[0.0]], [[[1.0]]])
    for call, word in (
        (lambda: bootstrap(GAUSSIANS, x, params, samples=0, rng=0), "samples: 0"),
        (lambda: bootstrap(GAUSSIANS, x, params, samples=1, rng=-1), "rng: -1"),
        (lambda: bootstrap(GAUSSIANS, x, params, samples=1, rng=0, jobs=0), "jobs: 0"),
        (
            lambda: bootstrap_ratio_test(GAUSSIANS, x, params, one, samples=1, rng=0),
            "larger: its components are 1; give more than the smaller's 2",
        ),
        (
            lambda: bootstrap_ratio_test(GAUSSIANS, x, one, params, samples=1, rng=0, starts=0),
            "starts: 0",
        ),
        (
            lambda: bootstrap_ratio_test(GAUSSIANS, x, one, 3, samples=1, rng=0),
            "^larger: is a int; this model needs GaussianParams",
        ),
        (lambda: bootstrap_ratio_test(GAUSSIANS, "x", one, params, samples=1, rng=0), "^x: "),
        (
            lambda: bic(GAUSSIANS, Chunks.of(x), params, row_weights=np.ones(50)),
            "x: .* must be an array or a list of rows",
        ),
    ):
        with pytest.raises(ValueError, match=word):
            call()
