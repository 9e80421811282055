"""Tasks about priors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from em_core.checks import Array
from em_core.exercises.tasks.common import SHARES
from em_core.exercises.verdict import Mistake, Task

POINTS = np.array([[0.0, 1.0], [2.0, -1.0], [1.5, 3.0], [-2.0, 0.5], [4.0, 4.5], [0.5, -2.5]])
PRIOR = np.array([[3.0, 1.0], [1.0, 2.0]])
ONE_ROW = np.array([0.0, 0.0, 1.0, 0.0, 0.0, 0.0])


def _scatter(x: Array, r: Array, centre: Array | None = None) -> Array:
    y = x - (r @ x / r.sum() if centre is None else centre)
    return np.asarray((r[:, None] * y).T @ y)


def _of(rule: Callable[[Array, Array, Array, float], Any]) -> Callable[..., Any]:
    """A covariance from the scatter, the responsibilities, and the prior's scatter and count."""
    return lambda x, r, scatter, count: rule(_scatter(x, r), r, scatter, count)


MAP_COVARIANCE = Task(
    oracle=_of(lambda s, r, s0, c: (s + s0) / (r.sum() + c)),
    cases={
        "in the plane": (POINTS, SHARES[:, 0], PRIOR, 5.0),
        "on a line": (POINTS[:, :1], SHARES[:, 1], np.array([[0.7]]), 3.0),
        "for a component with a single row": (POINTS, ONE_ROW, PRIOR, 7.0),
    },
    parts={"the covariance": "a matrix with a row and a column for each axis"},
    mistakes=(
        Mistake(
            "This is the M-step without a prior. What stands above the line, and below it, when "
            "there are further rows?",
            _of(lambda s, r, s0, c: s / r.sum()),
        ),
        Mistake(
            "Below the line is right. The scatter of the prior's rows is missing above it.",
            _of(lambda s, r, s0, c: s / (r.sum() + c)),
        ),
        Mistake(
            "Above the line is right. Below it, the prior's rows are not counted.",
            _of(lambda s, r, s0, c: (s + s0) / r.sum()),
        ),
        Mistake(
            "The prior's scatter was multiplied by its count; it is the scatter of all its rows "
            "together.",
            _of(lambda s, r, s0, c: (s + c * s0) / (r.sum() + c)),
        ),
        Mistake(
            "Two covariances were added, each divided by its own count. Add what stands above the "
            "lines, and what stands below.",
            _of(lambda s, r, s0, c: s / r.sum() + s0 / c),
        ),
        Mistake(
            "All rows were counted, instead of those that are expected of this component.",
            _of(lambda s, r, s0, c: (s + s0) / (len(r) + c)),
        ),
        Mistake(
            "The scatter is about zero: no mean was taken away.",
            lambda x, r, s0, c: (_scatter(x, r, np.zeros(x.shape[1])) + s0) / (r.sum() + c),
        ),
        Mistake(
            "The scatter is about the mean of all the data, not about the component's.",
            lambda x, r, s0, c: (_scatter(x, r, x.mean(axis=0)) + s0) / (r.sum() + c),
        ),
        Mistake(
            "In the scatter all rows count alike: the responsibilities are missing.",
            lambda x, r, s0, c: (
                (_scatter(x, np.ones(len(x)), r @ x / r.sum()) + s0) / (r.sum() + c)
            ),
        ),
    ),
)
