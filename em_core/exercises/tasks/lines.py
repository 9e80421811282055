"""Tasks about a mixture of regressions: the log-joint and the M-step of several lines."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from em_core.checks import Array
from em_core.exercises.tasks.common import SHARES
from em_core.exercises.verdict import Mistake, Task

X = np.array([2.0, 5.5, 9.0, 14.0, 20.0, 31.0])
Y = np.array([3.0, 9.5, 7.0, 9.0, 16.0, 8.5])
TWO = np.array([[8.0, -0.1], [1.0, 0.7]])
THREE = np.array([[8.0, 0.0], [1.0, 0.7], [3.0, 0.2]])
Three = tuple[Array, Array, Array]


def _log_joint(x: Array, y: Array, weights: Array, lines: Array, sigma: Array) -> Array:
    heights = lines[:, 0] + x[:, np.newaxis] * lines[:, 1]
    return np.asarray(np.log(weights) + norm.logpdf(y[:, np.newaxis], heights, sigma))


LINES_LOG_JOINT = Task(
    oracle=_log_joint,
    cases={
        "for two lines": (X, Y, np.array([0.7, 0.3]), TWO, np.array([2.0, 0.5])),
        "for three lines": (X, Y, np.array([0.2, 0.3, 0.5]), THREE, np.array([3.0, 0.8, 1.5])),
        "far from the lines": (X, 100 * Y, np.array([0.5, 0.5]), TWO, np.array([1.5, 0.7])),
    },
    parts={"the result": "a row for each country with a column for each line"},
    mistakes=(
        Mistake(
            "The weights are forgotten: this is log p(y | z), not yet log p(y, z).",
            lambda x, y, w, lines, s: _log_joint(x, y, np.ones_like(w), lines, s),
        ),
        Mistake(
            "The factor before the exponential is missing, 1/σ. It differs from line to line.",
            lambda x, y, w, lines, s: _log_joint(x, y, w, lines, s) + np.log(s),
        ),
        Mistake(
            "The factor 1/√(2π) is missing. It moves no maximum, but the log-likelihood has it.",
            lambda x, y, w, lines, s: _log_joint(x, y, w, lines, s) + np.log(2 * np.pi) / 2,
        ),
        Mistake(
            "σ was taken for a variance. It is a standard deviation, and is squared.",
            lambda x, y, w, lines, s: _log_joint(x, y, w, lines, np.sqrt(s)),
        ),
        Mistake(
            "Where a line begins and its slope are swapped: each row of `lines` is a, b.",
            lambda x, y, w, lines, s: _log_joint(x, y, w, lines[:, ::-1], s),
        ),
        Mistake(
            "The half in the exponent is missing.",
            lambda x, y, w, lines, s: (
                2 * _log_joint(x, y, w, lines, s) - np.log(w) + np.log(s) + np.log(2 * np.pi) / 2
            ),
        ),
        Mistake(
            "This is the joint density; its logarithm is wanted.",
            lambda x, y, w, lines, s: np.exp(_log_joint(x, y, w, lines, s)),
        ),
        Mistake(
            "It lies on its side: the countries should be in the rows.",
            lambda x, y, w, lines, s: _log_joint(x, y, w, lines, s).T,
        ),
    ),
)


def _m_step(x: Array, y: Array, responsibilities: Array) -> Three:
    return _fitted(x, y, responsibilities, responsibilities)


def _fitted(x: Array, y: Array, r: Array, spread: Array) -> Three:
    """Weights and lines by some responsibilities, deviations by others."""
    design = np.column_stack([np.ones_like(x), x])
    shared = [design.T * each for each in r.T]
    lines = np.array([np.linalg.solve(each @ design, each @ y) for each in shared])
    squares = (y[:, np.newaxis] - design @ lines.T) ** 2
    sigma = np.sqrt((spread * squares).sum(axis=0) / spread.sum(axis=0))
    return r.mean(axis=0), lines, sigma


def _through_origin(x: Array, y: Array, r: Array) -> Three:
    slopes = (r * (x * y)[:, np.newaxis]).sum(axis=0) / (r * (x**2)[:, np.newaxis]).sum(axis=0)
    squares = (y[:, np.newaxis] - x[:, np.newaxis] * slopes) ** 2
    sigma = np.sqrt((r * squares).sum(axis=0) / r.sum(axis=0))
    return r.mean(axis=0), np.column_stack([0 * slopes, slopes]), sigma


LINES_M_STEP = Task(
    oracle=_m_step,
    cases={
        "for two lines": (X, Y, SHARES),
        "for three lines": (X, Y, np.column_stack([0.5 * SHARES, np.full(6, 0.5)])),
    },
    parts={
        "the weights": "one number for each line",
        "the lines": "a row a, b for each line",
        "the deviations": "one number for each line",
    },
    mistakes=(
        Mistake(
            "The third are variances; standard deviations are asked for.",
            lambda x, y, r: (*_m_step(x, y, r)[:2], _m_step(x, y, r)[2] ** 2),
        ),
        Mistake(
            "All components get the same line: the responsibilities are missing in the squares.",
            lambda x, y, r: (r.mean(axis=0), *_m_step(x, y, np.ones_like(r))[1:]),
        ),
        Mistake(
            "The lines are right. In σ each country counts alike: its share is missing there.",
            lambda x, y, r: _fitted(x, y, r, np.ones_like(r)),
        ),
        Mistake(
            "The lines are right. σ² is divided by all countries, and not by those of the line, "
            "Σ r.",
            lambda x, y, r: (
                *_m_step(x, y, r)[:2],
                _m_step(x, y, r)[2] * np.sqrt(r.mean(axis=0)),
            ),
        ),
        Mistake(
            "The responsibilities are squared: with r in the design *and* in y each square has the "
            "weight r². Multiply both by √r, or the design alone by r, once.",
            lambda x, y, r: (r.mean(axis=0), *_fitted(x, y, r**2, r)[1:]),
        ),
        Mistake(
            "These lines pass through the origin: the design lacks its column of ones.",
            _through_origin,
        ),
        Mistake(
            "Where a line begins and its slope are swapped: each row is to be a, b.",
            lambda x, y, r: (r.mean(axis=0), _m_step(x, y, r)[1][:, ::-1], _m_step(x, y, r)[2]),
        ),
        Mistake(
            "The weights are sums; they should sum to 1.",
            lambda x, y, r: (r.sum(axis=0), *_m_step(x, y, r)[1:]),
        ),
    ),
)
