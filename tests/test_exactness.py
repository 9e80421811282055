"""The fit against 80-bit arithmetic, on data that cost digits; collapses are named, not fitted."""

from __future__ import annotations

from itertools import islice

import extended
import hard_data
import numpy as np
import pytest

from em_core import CollapseError, GaussianMixture, GaussianParams, em_steps, fit


def off(found, reference):
    """Relative error of the log-likelihood; and the parameters' as a share of their limit."""
    gap = found.log_likelihood - reference.log_likelihood
    share = max(extended.errors(found.params, reference)) / extended.limit(reference)
    return float(abs(gap / reference.log_likelihood)), share


@pytest.mark.parametrize("name", hard_data.CASES)
def test_the_fit_is_as_exact_as_the_data_allow(name):
    """In most of ten data sets; where a run amplifies rounding, no less exact than the loop."""
    model, iterations = GaussianMixture(), hard_data.ITERATIONS
    fits, loops = [], []
    for seed in hard_data.SEEDS:
        x, start = hard_data.case(name, seed)
        reference = extended.fit(x, start, iterations)
        fits.append(off(fit(model, x, start, tol=0, max_iter=iterations), reference))
        loops.append(off(next(islice(em_steps(model, x, start), iterations, None)), reference))
    goal = np.array([1e-11, 1.0])
    assert (np.median(fits, axis=0) <= goal).all()
    assert (np.max(fits, axis=0) <= np.maximum(goal, np.max(loops, axis=0))).all()


def test_the_reference_is_the_loop():
    x, start = hard_data.case("unit scale", seed=0)
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
