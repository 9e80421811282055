"""Data on which a mixture fit loses digits, each with a start, for the tests and `make bench`."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import numpy as np

from em_core import CollapseError, GaussianMixture, GaussianParams, fit

ITERATIONS = 50
MEANS = np.array([[0.0, 0.0], [3.0, 1.0], [-2.0, 4.0]])

Case = tuple[np.ndarray, GaussianParams]


def drawn(
    means: np.ndarray, covariances: np.ndarray, rng: np.random.Generator, n: int = 600
) -> np.ndarray:
    """A sample of a mixture with equal weights."""
    k = len(means)
    params = GaussianParams(np.full(k, 1 / k), means, covariances)
    return GaussianMixture().sample(params, n, rng)[0]


def started(x: np.ndarray, k: int) -> Case:
    """The data with the first random start that does not collapse."""
    model = GaussianMixture()
    for seed in count():
        start = model.random_start(x, k, np.random.default_rng(seed))
        try:
            fit(model, x, start, tol=0, max_iter=ITERATIONS)
        except CollapseError:
            continue
        return x, start
    raise AssertionError


def plain(rng: np.random.Generator) -> np.ndarray:
    """Three round clusters."""
    return drawn(MEANS, np.array([np.eye(2)] * 3), rng)


def wide_and_narrow(rng: np.random.Generator, centre: list[float]) -> Case:
    """A cluster of scale 1e2 and one of 1e-4."""
    halves = 1e2 * rng.standard_normal((300, 2)), 1e-4 * rng.standard_normal((300, 2)) + centre
    moments = [(half.mean(axis=0), np.cov(half.T)) for half in halves]
    means, covariances = zip(*moments, strict=True)
    return np.vstack(halves), GaussianParams([0.5, 0.5], np.array(means), np.array(covariances))


def flat(rng: np.random.Generator, shared: bool) -> Case:
    """Three clusters whose covariances have condition 1e10."""
    turns = [np.linalg.qr(rng.standard_normal((3, 3)))[0] for _ in range(3)]
    turns = turns[:1] * 3 if shared else turns
    covariances = np.array([q @ np.diag([1, 1e-5, 1e-10]) @ q.T for q in turns])
    roots = np.linalg.cholesky(covariances) if shared else np.array([np.eye(3)] * 3)
    means = (roots @ (3 * rng.standard_normal((3, 3, 1))))[..., 0]
    return started(drawn(means, (covariances + covariances.mT) / 2, rng), 3)


def with_outliers(rng: np.random.Generator, distance: float) -> Case:
    """Three round clusters, and 12 points that are some hundred times as far out."""
    far = distance * rng.standard_normal((12, 2))
    return started(np.vstack([plain(rng), far]), 3)


def many(rng: np.random.Generator) -> Case:
    """Eight clusters in 16 dimensions."""
    means = 2 * rng.standard_normal((8, 16))
    return started(drawn(means, np.array([np.eye(16)] * 8), rng, 1200), 8)


CASES: dict[str, Callable[[np.random.Generator], Case]] = {
    "unit scale": lambda rng: started(plain(rng), 3),
    "offset 1e6": lambda rng: started(plain(rng) + 1e6, 3),
    "units 1e-8 beside 1e8": lambda rng: started(plain(rng) * [1e-8, 1e8], 3),
    "scales 1e2 beside 1e-4": lambda rng: wide_and_narrow(rng, [300.0, 50.0]),
    "scales 1e2 around 1e-4": lambda rng: wide_and_narrow(rng, [0.0, 0.0]),
    "condition 1e10, shared axes": lambda rng: flat(rng, shared=True),
    "condition 1e10, differing axes": lambda rng: flat(rng, shared=False),
    "outliers at 60 σ": lambda rng: with_outliers(rng, 60),
    "outliers at 1e3 σ": lambda rng: with_outliers(rng, 1e3),
    "outliers at 1e5 σ": lambda rng: with_outliers(rng, 1e5),
    "d = 16, k = 8": many,
}
SEEDS = range(10)


def case(name: str, seed: int) -> Case:
    """Data and a start of this kind."""
    return CASES[name](np.random.default_rng(seed))
