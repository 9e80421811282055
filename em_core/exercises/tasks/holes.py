"""Tasks about missing numbers: what is expected in a hole, and the M-step for the covariance."""

from __future__ import annotations

import numpy as np

from em_core.checks import Array
from em_core.exercises.verdict import Mistake, Task

Pair = tuple[float, float]


def _hole(mean: Array, covariance: Array, x: float) -> Pair:
    slope = covariance[0, 1] / covariance[0, 0]
    return mean[1] + slope * (x - mean[0]), covariance[1, 1] - slope * covariance[0, 1]


def _pair(mean: list[float], covariance: list[list[float]], x: float) -> tuple[Array, Array, float]:
    return np.array(mean), np.array(covariance), x


HOLE = Task(
    oracle=_hole,
    cases={
        "for unequal variances": _pair([1, 10], [[4, 3], [3, 9]], 3.0),
        "for a falling line": _pair([0, -2], [[2, -1.5], [-1.5, 3]], -1.0),
        "where the other number says nothing": _pair([5, 1], [[2, 0], [0, 0.25]], 8.0),
    },
    parts={"the expectation": "one number", "the variance": "one number"},
    mistakes=(
        Mistake(
            "The slope is the covariance over the variance of the number that is *missing*. What "
            "is seen belongs below: Σ_xz / Σ_xx.",
            lambda mean, c, x: (
                mean[1] + c[0, 1] / c[1, 1] * (x - mean[0]),
                c[1, 1] - c[0, 1] ** 2 / c[1, 1],
            ),
        ),
        Mistake(
            "The correlation was taken for the slope. That is right where both variances are 1.",
            lambda mean, c, x: (
                mean[1] + c[0, 1] / np.sqrt(c[0, 0] * c[1, 1]) * (x - mean[0]),
                _hole(mean, c, x)[1],
            ),
        ),
        Mistake(
            "The variance is that of the whole column. Part of it is explained by what was seen.",
            lambda mean, c, x: (_hole(mean, c, x)[0], c[1, 1]),
        ),
        Mistake(
            "The variance is 0, as if the expectation had been seen.",
            lambda mean, c, x: (_hole(mean, c, x)[0], 0.0),
        ),
        Mistake(
            "The second is a standard deviation; a variance is asked for.",
            lambda mean, c, x: (_hole(mean, c, x)[0], float(np.sqrt(_hole(mean, c, x)[1]))),
        ),
        Mistake(
            "The slope is multiplied by the number that was seen, and not by its distance from its "
            "mean.",
            lambda mean, c, x: (mean[1] + c[0, 1] / c[0, 0] * x, _hole(mean, c, x)[1]),
        ),
        Mistake(
            "This is the mean and the variance of the column: what was seen is not used.",
            lambda mean, c, x: (mean[1], c[1, 1]),
        ),
    ),
)


def _covariance(filled: Array, spreads: Array) -> Array:
    y = filled - filled.mean(axis=0)
    return np.asarray((y.T @ y + spreads.sum(axis=0)) / len(filled))


def _table(n: int, d: int, seed: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    roots = rng.standard_normal((n, d, d)) * (rng.random((n, d)) < 0.5)[:, :, np.newaxis]
    return rng.standard_normal((n, d)) + 3, roots @ roots.transpose(0, 2, 1)


HOLES_COVARIANCE = Task(
    oracle=_covariance,
    cases={
        "for six rows of two numbers": _table(6, 2, 0),
        "for twenty rows of three": _table(20, 3, 1),
        "for one column": _table(5, 1, 2),
    },
    parts={"the covariance matrix": "shape (d, d)"},
    mistakes=(
        Mistake(
            "This is the covariance of the filled table. What the holes hide has a spread of its "
            "own, and that was forgotten.",
            lambda filled, spreads: _covariance(filled, 0 * spreads),
        ),
        Mistake(
            "The spreads were added, and not divided by the number of rows.",
            lambda filled, spreads: _covariance(filled, len(filled) * spreads),
        ),
        Mistake(
            "The spreads were averaged over the rows that have holes. A row without holes has the "
            "spread 0, and counts.",
            lambda filled, spreads: _covariance(
                filled, spreads * len(filled) / max(1, spreads.any(axis=(1, 2)).sum())
            ),
        ),
        Mistake(
            "The divisor is n − 1. EM maximises a likelihood: the mean of squares is over n.",
            lambda filled, spreads: (
                _covariance(filled, spreads) * (len(filled) / (len(filled) - 1))
            ),
        ),
        Mistake(
            "The filled table's part is about 0, and not about its mean.",
            lambda filled, spreads: (filled.T @ filled + spreads.sum(axis=0)) / len(filled),
        ),
        Mistake(
            "The spread was taken off. It has to be added: nobody has seen what is in the holes.",
            lambda filled, spreads: _covariance(filled, -spreads),
        ),
    ),
)
