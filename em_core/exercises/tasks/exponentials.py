"""Tasks about a model of the learner's own: mixtures of exponentials."""

from __future__ import annotations

import numpy as np
from scipy.stats import expon

from em_core.exercises.tasks.common import SHARES
from em_core.exercises.verdict import Mistake, Task

WAITS = np.array([0.2, 3.5, 1.0, 0.7, 12.0, 5.5])

EXPONENTIAL_LOG_JOINT = Task(
    oracle=lambda x, weights, rates: np.log(weights) + expon(scale=1 / rates).logpdf(x[:, None]),
    cases={
        "with equal weights": (WAITS, np.array([0.5, 0.5]), np.array([2.0, 0.25])),
        "with unequal weights": (WAITS, np.array([0.7, 0.3]), np.array([2.0, 0.25])),
        "for long waits": (300 * WAITS, np.array([0.2, 0.3, 0.5]), np.array([1.0, 5.0, 0.2])),
    },
    parts={"the result": "a row for each wait with a column for each component"},
    mistakes=(
        Mistake(
            "The weights are forgotten: this is log p(x | z), not yet log p(x, z).",
            lambda x, w, v: np.log(v) - v * x[:, None],
        ),
        Mistake(
            "The factor before the exponential is missing. Does the density integrate to one?",
            lambda x, w, v: np.log(w) - v * x[:, None],
        ),
        Mistake(
            "This is the joint density; its logarithm is wanted.",
            lambda x, w, v: w * v * np.exp(-v * x[:, None]),
        ),
        Mistake(
            "Right for short waits. For long ones the density underflows to 0 before the logarithm "
            "is taken.",
            lambda x, w, v: np.log(w * v * np.exp(-v * x[:, None])),
        ),
        Mistake(
            "The rates were taken for means: a rate of 2 has the mean ½.",
            lambda x, w, v: np.log(w) + expon(scale=v).logpdf(x[:, None]),
        ),
        Mistake(
            "The weight multiplies the logarithm; in a product, logarithms are added.",
            lambda x, w, v: w * (np.log(v) - v * x[:, None]),
        ),
        Mistake(
            "The exponent has the wrong sign: long waits should be less probable.",
            lambda x, w, v: np.log(w) + np.log(v) + v * x[:, None],
        ),
        Mistake(
            "It lies on its side: the waits should be in the rows.",
            lambda x, w, v: (np.log(w) + np.log(v) - v * x[:, None]).T,
        ),
    ),
)

EXPONENTIAL_M_STEP = Task(
    oracle=lambda x, r: (r.sum(axis=0) / r.sum(), r.sum(axis=0) / (x @ r)),
    cases={
        "for two components": (WAITS, SHARES),
        "for three components": (WAITS, np.column_stack([0.5 * SHARES, np.full(6, 0.5)])),
    },
    parts={
        "the weights": "one number for each component",
        "the rates": "one number for each component",
    },
    mistakes=(
        Mistake(
            "The weights are right. The others are weighted mean waits. What is the mean of an "
            "exponential distribution with rate λ?",
            lambda x, r: (r.mean(axis=0), x @ r / r.sum(axis=0)),
        ),
        Mistake(
            "The weights are right. All components get the same rate: the responsibilities are "
            "missing.",
            lambda x, r: (r.mean(axis=0), np.full(r.shape[1], 1 / x.mean())),
        ),
        Mistake(
            "The weights are right. Above the line stands the number of all waits, not of those "
            "expected of this component.",
            lambda x, r: (r.mean(axis=0), len(x) / (x @ r)),
        ),
        Mistake(
            "The weights are right. The average is taken of 1/x, and by Jensen's inequality it "
            "makes a difference where one divides.",
            lambda x, r: (r.mean(axis=0), (1 / x) @ r / r.sum(axis=0)),
        ),
        Mistake(
            "The weights don't sum to one: they are still sums of responsibilities.",
            lambda x, r: (r.sum(axis=0), r.sum(axis=0) / (x @ r)),
        ),
        Mistake(
            "The weights are forgotten: they are 1/k whatever the responsibilities.",
            lambda x, r: (np.full(r.shape[1], 1 / r.shape[1]), r.sum(axis=0) / (x @ r)),
        ),
        Mistake(
            "Both results are right and have changed places: weights first.",
            lambda x, r: (r.sum(axis=0) / (x @ r), r.mean(axis=0)),
        ),
    ),
)
