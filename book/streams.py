"""Streams: EM that reads a block of rows, forgets it, and goes on, as chapter 21 shows it.

The rows are numbers, from a mixture of Gaussians in one dimension; the parameters are a tuple of
weights, means and variances, each of shape (k,).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from em_core import GaussianMixture, GaussianParams, standard_errors
from em_core.worth import log_density

HERE = Path(__file__).parent
STEPS = {
    "1/t": lambda t: 1 / t,
    "t^−0.6": lambda t: t**-0.6,
    "constant": lambda t: max(1 / t, 0.05),
}
"""Step sizes by the number of the block; the constant one is an average until it is reached."""
TRUTH = (np.array([0.4, 0.6]), np.array([0.0, 3.5]), np.ones(2))
GEYSER = (np.array([0.36, 0.64]), np.array([55.0, 80.0]), np.array([36.0, 36.0]))
START = (np.array([0.5, 0.5]), np.array([-1.0, 2.0]), np.ones(2))
FAR = (np.array([0.5, 0.5]), np.array([65.0, 75.0]), np.array([100.0, 100.0]))
"""A start for Old Faithful that knows little."""


def mean_sums(x, weights, means, variances):
    distances = (x[:, None] - means) ** 2 / variances
    joint = weights * np.exp(-distances / 2) / np.sqrt(2 * np.pi * variances)
    r = joint / joint.sum(axis=1, keepdims=True)
    features = np.column_stack([np.ones(len(x)), x, x**2])
    return r.T @ features / len(x)


def m_step(sums):
    weights, rows, squares = sums.T
    means = rows / weights
    return weights, means, squares / weights - means**2


def online_em(blocks, params, step, wait=5):
    sums = 0
    for t, block in enumerate(blocks, start=1):
        sums = sums + step(t) * (mean_sums(block, *params) - sums)
        if t > wait:
            params = m_step(sums)
        yield params


def incremental_em(blocks, params, passes):
    kept = [mean_sums(block, *params) for block in blocks]
    sums = np.mean(kept, axis=0)
    for _ in range(passes):
        for c, block in enumerate(blocks):
            found = mean_sums(block, *params)
            sums = sums + (found - kept[c]) / len(blocks)
            kept[c] = found
            params = m_step(sums)
            yield params


def waits() -> np.ndarray:
    """The 272 waits of Old Faithful, in minutes."""
    return np.loadtxt(HERE / "data/faithful.csv", delimiter=",", skiprows=1)[:, 1]


def shuffled(x: np.ndarray, passes: int, block: int, rng: np.random.Generator) -> np.ndarray:
    """Blocks of rows that come again and again, each time in another order."""
    return np.concatenate([rng.permutation(x) for _ in range(passes)]).reshape(-1, block)


def drawn(n: int, rng: np.random.Generator, truth: tuple[np.ndarray, ...] = TRUTH) -> np.ndarray:
    """Rows from a mixture whose parameters stay, or whose means have a row for each row."""
    weights, means, variances = truth
    z = (rng.random(n) >= weights[0]).astype(int)
    means = np.broadcast_to(means, (n, 2))
    return means[np.arange(n), z] + np.sqrt(variances[z]) * rng.standard_normal(n)


def drifting(n: int) -> np.ndarray:
    """Means that drift: the second falls by ten in the middle third."""
    falls = np.clip(np.linspace(-1, 2, n), 0, 1)
    return np.column_stack([np.full(n, GEYSER[1][0]), GEYSER[1][1] - 10 * falls])


def gaussians(params: tuple[np.ndarray, ...]) -> GaussianParams:
    """The same parameters, as em_core has them."""
    weights, means, variances = params
    return GaussianParams(weights, means[:, None], variances[:, None, None])


def log_likelihoods(x: np.ndarray, run: list[tuple[np.ndarray, ...]]) -> np.ndarray:
    """Of all rows, at each moment of a run."""
    return np.array([log_density(GaussianMixture(), x[:, None], gaussians(p)).sum() for p in run])


def standard_errors_of(x: np.ndarray, params: tuple[np.ndarray, ...]) -> np.ndarray:
    """Of weights, means and variances, as parameters are ordered: shape (3, k)."""
    found = standard_errors(GaussianMixture(), x[:, None], gaussians(params))
    return np.array([found[name].ravel() for name in ("weights", "means", "covariances")])


def off(run, end, errors: np.ndarray) -> np.ndarray:
    """How far parameters are from an end, in standard errors: a root mean square over all six."""
    away = (np.array(run) - np.array(end)) / errors
    return np.sqrt((away**2).mean(axis=(-2, -1)))


def watched(steps: int = 80) -> tuple[dict[str, dict[str, np.ndarray]], dict[str, np.ndarray]]:
    """Two streams, ten rows a block: the means after each block, and where they should be."""
    sizes = dict(zip([*STEPS][:2], [*STEPS.values()][:2], strict=True))
    sizes["0.2"] = lambda t: max(1 / t, 0.2)
    rng = np.random.default_rng(21)
    geyser = shuffled(waits(), 5, 10, rng)[:steps]
    where = drifting(10 * steps)
    moving = drawn(10 * steps, rng, (GEYSER[0], where, GEYSER[2])).reshape(-1, 10)
    *_, end = online_em([waits()] * 44, FAR, lambda t: 1, wait=0)
    means = {
        name: {
            size: np.array([start[1], *(p[1] for p in online_em(blocks, start, step, 1))])
            for size, step in sizes.items()
        }
        for name, blocks, start in (
            ("Old Faithful", geyser, FAR),
            ("the second mean drifts", moving, GEYSER),
        )
    }
    aims = {"Old Faithful": end[1], "the second mean drifts": np.vstack([where[:1], where[9::10]])}
    return means, aims
