"""Tasks about how sure an estimate is: information, and what is missing of it."""

from __future__ import annotations

import numpy as np

from em_core.checks import Array
from em_core.exercises.tasks.common import SHARES
from em_core.exercises.verdict import Mistake, Task

RIDGE = np.array([[907.0, -270.0, -341.0], [-270.0, 113.0, 62.0], [-341.0, 62.0, 193.0]])

ERRORS_FROM_INFORMATION = Task(
    oracle=lambda information: np.sqrt(np.diag(np.linalg.inv(information))),
    cases={
        "for one parameter": (np.array([[377.5]]),),
        "for parameters that the data tell apart": (np.diag([16.0, 4.0]),),
        "for parameters on a ridge": (RIDGE,),
    },
    parts={"the result": "one number for each parameter"},
    mistakes=(
        Mistake(
            "This is the standard error of each parameter if all the others were known. They are "
            "estimated too, from the same data.",
            lambda information: 1 / np.sqrt(np.diag(information)),
        ),
        Mistake(
            "These are variances. A standard error is in the units of its parameter.",
            lambda information: np.diag(np.linalg.inv(information)),
        ),
        Mistake(
            "This is the whole covariance of the estimates, or its root. Where in it do the "
            "variances of the single parameters stand?",
            lambda information: np.linalg.inv(information),
        ),
        Mistake(
            "The root was taken before the matrix was inverted, element by element.",
            lambda information: np.diag(np.linalg.inv(np.sqrt(abs(information)))),
        ),
        Mistake(
            "This is the root of the information itself: the more of it, the smaller the error "
            "should be.",
            lambda information: np.sqrt(np.diag(information)),
        ),
        Mistake(
            "The matrix was inverted element by element, which is not its inverse.",
            lambda information: np.sqrt(abs(np.diag(1 / information) / len(information))),
        ),
    ),
)


def _about(slopes: Array, r: Array, middle: Array) -> Array:
    away = slopes - middle
    return np.asarray(np.einsum("ij,ija,ijb->ab", r, away, away))


def _means(r: Array, slopes: Array) -> Array:
    return np.asarray(np.einsum("ij,ija->ia", r, slopes))


def _missing(r: Array, slopes: Array) -> Array:
    """The covariances of the slopes over the labels, summed over the rows."""
    return _about(slopes, r, _means(r, slopes)[:, np.newaxis])


_CHANCE = np.random.default_rng(14)
SLOPES = _CHANCE.normal(size=(6, 2, 3))
THREE = np.column_stack([0.5 * SHARES, np.full(6, 0.5)])

MISSING_INFORMATION = Task(
    oracle=_missing,
    cases={
        "for two labels": (SHARES, SLOPES),
        "for three labels": (THREE, _CHANCE.normal(size=(6, 3, 2))),
        "for labels that are known": (np.eye(2)[[0, 1, 1, 0, 0, 1]], SLOPES),
    },
    parts={"the result": "a row and a column for each parameter"},
    mistakes=(
        Mistake(
            "The average slope of each row is not taken off: where the label is known, nothing "
            "should be missing.",
            lambda r, s: np.einsum("ij,ija,ijb->ab", r, s, s),
        ),
        Mistake(
            "One average was taken off for all rows. Each row has its own, over its own labels.",
            lambda r, s: _about(s, r, _means(r, s).mean(axis=0)),
        ),
        Mistake(
            "The labels are averaged with equal weights; what is the probability of each?",
            lambda r, s: _about(s, np.full(r.shape, 1 / r.shape[1]), s.mean(axis=1)[:, np.newaxis]),
        ),
        Mistake(
            "This is the mean over the rows. Information adds up.",
            lambda r, s: _missing(r, s) / len(r),
        ),
        Mistake(
            "These are the variances alone. The slopes of two parameters vary together.",
            lambda r, s: np.diag(np.diag(_missing(r, s))),
        ),
        Mistake(
            "This is the information that is there, if the model is right, and not what is "
            "missing: it is made of the rows' average slopes.",
            lambda r, s: _means(r, s).T @ _means(r, s),
        ),
        Mistake(
            "The sign is wrong: a covariance is never negative.",
            lambda r, s: -_missing(r, s),
        ),
    ),
)
