"""scikit-learn's Gaussian mixture from the same start, step by step."""

from __future__ import annotations

from itertools import islice, pairwise

import numpy as np
import pytest
from bench_fit import THEIR_KINDS, theirs_of
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as Theirs

from em_core import GaussianMixture, GaussianParams, em_steps
from em_core.covariances import of_kind

STEPS = 8


def data(d: int, k: int) -> tuple[np.ndarray, GaussianParams]:
    rng = np.random.default_rng(10 * d + k)
    centres = 2.5 * rng.standard_normal((k, d))
    x = centres[rng.integers(k, size=300)] + rng.standard_normal((300, d))
    means = x[rng.choice(len(x), k, replace=False)]
    weights = rng.dirichlet(np.full(k, 5.0))
    return x, GaussianParams(weights, means, [np.cov(x.T).reshape(d, d)] * k)


def their_step(x: np.ndarray, params: GaussianParams, kind: str) -> Theirs:
    """One iteration of scikit-learn from some parameters."""
    precisions = np.linalg.inv(params.covariances)
    k = len(params.weights)
    model = Theirs(
        k,
        covariance_type=kind,
        tol=0,
        reg_covar=0,
        max_iter=1,
        weights_init=params.weights / params.weights.sum(),
        means_init=params.means,
        precisions_init=theirs_of(precisions, kind),
    )
    with pytest.warns(ConvergenceWarning):
        return model.fit(x)


@pytest.mark.parametrize(("d", "k"), [(1, 2), (2, 3), (4, 2)])
@pytest.mark.parametrize(("ours", "kind"), THEIR_KINDS.items())
def test_every_step_is_theirs(ours, kind, d, k):
    model, (x, params) = GaussianMixture(ours), data(d, k)
    covariances = of_kind(ours, params.covariances, params.weights)
    params = GaussianParams(params.weights, params.means, covariances)
    states = list(islice(em_steps(model, x, params), STEPS + 1))
    for before, after in pairwise(states):
        theirs = their_step(x, before.params, kind)
        np.testing.assert_allclose(after.params.weights, theirs.weights_, rtol=1e-9)
        np.testing.assert_allclose(after.params.means, theirs.means_, rtol=1e-8, atol=1e-9)
        covariances = theirs_of(after.params.covariances, kind)
        np.testing.assert_allclose(covariances, theirs.covariances_, rtol=1e-8, atol=1e-9)
        # theirs is evaluated before the step, and is a mean; score and proba are at its end
        assert theirs.lower_bound_ * len(x) == pytest.approx(before.log_likelihood, rel=1e-11)
        assert theirs.score(x) * len(x) == pytest.approx(after.log_likelihood, rel=1e-11)
        np.testing.assert_allclose(after.responsibilities, theirs.predict_proba(x), atol=1e-9)
