"""The fit against 80-bit arithmetic, on data that cost digits; collapses are named, not fitted."""

from __future__ import annotations

import extended
import hard_data
import numpy as np
import pytest

from em_core import CollapseError, GaussianMixture, GaussianParams, fit


@pytest.mark.parametrize("name", hard_data.CASES)
def test_the_fit_is_as_exact_as_the_data_allow(name):
    x, start = hard_data.CASES[name]()
    reference = extended.fit(x, start, hard_data.ITERATIONS)
    result = fit(GaussianMixture(), x, start, tol=0, max_iter=hard_data.ITERATIONS)
    error = abs(result.log_likelihood - reference.log_likelihood)
    assert error <= 1e-11 * abs(reference.log_likelihood)
    assert max(extended.errors(result.params, reference)) <= extended.limit(reference)
    np.testing.assert_allclose(result.params.weights, reference.weights.astype(float), rtol=1e-9)


def test_the_reference_is_the_loop():
    x, start = hard_data.CASES["unit scale"]()
    reference = extended.fit(x, start, 3)
    result = fit(GaussianMixture(), x, start, tol=0, max_iter=3)
    assert float(reference.log_likelihood) == pytest.approx(result.log_likelihood, rel=1e-13)


COPIES = np.vstack([np.zeros((40, 2)), np.random.default_rng(0).standard_normal((60, 2))])
THREE_POINTS = np.repeat([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], 20, axis=0)


@pytest.mark.parametrize(
    ("x", "shared"),
    [(COPIES, False), (THREE_POINTS, False), (THREE_POINTS, True)],
    ids=["many copies of one point", "fewer points than components", "the same, shared covariance"],
)
def test_a_fit_that_collapses_says_so(x, shared):
    means = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.9, 0.9]]
    start = GaussianParams(np.full(4, 1 / 4), means, [1e-2 * np.eye(2)] + [0.5 * np.eye(2)] * 3)
    with pytest.raises(CollapseError, match=r"component [0-3] collapsed at iteration"):
        fit(GaussianMixture(shared_covariance=shared), x, start, max_iter=20_000)
