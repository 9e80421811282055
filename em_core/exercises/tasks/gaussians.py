"""Tasks about mixtures of Gaussians."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np
from scipy.stats import multivariate_normal, norm

from em_core.checks import Array
from em_core.em import e_step as right_e_step
from em_core.em import em_steps
from em_core.exercises.tasks.common import SHARES, share_out
from em_core.exercises.verdict import Mistake, Task
from em_core.gaussians import GaussianMixture, GaussianParams
from em_core.survey import Survey

POINTS = np.array([[0.0, 1.0], [2.0, -1.0], [1.5, 3.0], [-2.0, 0.5], [4.0, 4.5], [0.5, -2.5]])


def _standard(k: int, d: int) -> GaussianParams:
    return GaussianParams(np.full(k, 1 / k), np.zeros((k, d)), np.array([np.eye(d)] * k))


def _m_step_of_one(x: Array, r: Array) -> tuple[float, Array, Array]:
    both = np.column_stack([r, 1 - r])
    new = GaussianMixture().m_step(x, both, _standard(2, x.shape[1]))
    return new.weights[0], new.means[0], new.covariances[0]


def _scatter(x: Array, r: Array, centre: Array) -> Array:
    return np.asarray((r[:, None] * (x - centre)).T @ (x - centre))


def _with_covariance(covariance: Callable[[Array, Array], Array]) -> Callable[..., Any]:
    """The M-step with another covariance."""
    return lambda x, r: (*_m_step_of_one(x, r)[:2], covariance(x, r))


def _mean(x: Array, r: Array) -> Array:
    return np.asarray(r @ x / r.sum())


GAUSSIAN_M_STEP = Task(
    oracle=_m_step_of_one,
    cases={
        "in the plane": (POINTS, SHARES[:, 0]),
        "in one dimension": (POINTS[:, :1], SHARES[:, 1]),
    },
    parts={
        "the weight": "one number",
        "the mean": "one number for each axis",
        "the covariance": "a matrix with a row and a column for each axis",
    },
    mistakes=(
        Mistake(
            "Weight and mean are right. The responsibilities enter the covariance twice, that is "
            "squared.",
            _with_covariance(lambda x, r: _scatter(x, r**2, _mean(x, r)) / r.sum()),
        ),
        Mistake(
            "Weight and mean are right. The covariance is about the mean of all the data.",
            _with_covariance(lambda x, r: _scatter(x, r, x.mean(axis=0)) / r.sum()),
        ),
        Mistake(
            "Weight and mean are right. The covariance is about zero: no mean was taken away.",
            _with_covariance(lambda x, r: _scatter(x, r, np.zeros(x.shape[1])) / r.sum()),
        ),
        Mistake(
            "Weight and mean are right. In the covariance all points count alike: the "
            "responsibilities are missing.",
            _with_covariance(lambda x, r: _scatter(x, np.ones(len(x)), _mean(x, r)) / len(x)),
        ),
        Mistake(
            "Weight and mean are right. The sum of the outer products was not divided.",
            _with_covariance(lambda x, r: _scatter(x, r, _mean(x, r))),
        ),
        Mistake(
            "Weight and mean are right. The covariance was divided by the number of all points, "
            "not by those expected of this component.",
            _with_covariance(lambda x, r: _scatter(x, r, _mean(x, r)) / len(x)),
        ),
        Mistake(
            "Weight and mean are right. The covariance has n − 1 for n: maximum likelihood has no "
            "such correction.",
            _with_covariance(lambda x, r: _scatter(x, r, _mean(x, r)) / (r.sum() - 1)),
        ),
        Mistake(
            "The weight is still a sum of responsibilities. Which share of the points is it?",
            lambda x, r: (r.sum(), *_m_step_of_one(x, r)[1:]),
        ),
        Mistake(
            "The mean was divided by the number of all points, and the covariance is about it.",
            lambda x, r: (r.mean(), m := r @ x / len(x), _scatter(x, r, m) / r.sum()),
        ),
    ),
)


def _means(x: Array, r: Array) -> Array:
    return np.asarray(GaussianMixture().m_step(x, r, _standard(r.shape[1], x.shape[1])).means)


def _hard(r: Array) -> Array:
    return np.asarray(np.eye(r.shape[1])[r.argmax(axis=1)])


def _averages(x: Array, r: Array) -> Array:
    return np.asarray(r.T @ x / r.sum(axis=0)[:, None])


def _sums_over(divisor: Callable[[Array], Any]) -> Callable[[Array, Array], Array]:
    """The means with something else below the line."""
    return lambda x, r: np.asarray(r.T @ x / divisor(r))


GAUSSIAN_MEANS = Task(
    oracle=_means,
    cases={
        "for two components in the plane": (POINTS, SHARES),
        "for three components on a line": (
            POINTS[:, :1],
            np.column_stack([0.6 * SHARES, np.full(len(SHARES), 0.4)]),
        ),
        "far from zero": (POINTS + np.array([300.0, -200.0]), SHARES),
    },
    parts={"the result": "a row for each component with a column for each axis"},
    mistakes=(
        Mistake(
            "Still divided by the number of all points: if these move by a vector, the means move "
            "by a part of it only. How many points does a component expect?",
            _sums_over(len),
        ),
        Mistake(
            "These are sums of shares times points; a mean divides them by something.",
            _sums_over(lambda r: 1),
        ),
        Mistake(
            "Divided by the number of components. That is right where all of them have the same "
            "sum of responsibilities, and where there is one point for each.",
            _sums_over(lambda r: r.shape[1]),
        ),
        Mistake(
            "Below the line whole points are counted, each for its likeliest component, and above "
            "it shares of points.",
            _sums_over(lambda r: _hard(r).sum(axis=0)[:, None]),
        ),
        Mistake(
            "Each point was given to its likeliest component as a whole: that is hard EM.",
            lambda x, r: _averages(x, _hard(r)),
        ),
        Mistake(
            "The responsibilities enter squared.",
            lambda x, r: _averages(x, r**2),
        ),
        Mistake(
            "Each component has the mean of all points: the responsibilities are not used.",
            lambda x, r: np.array([x.mean(axis=0)] * r.shape[1]),
        ),
    ),
)


def _on_a_line(x: Array, weights: Array, means: Array, variances: Array, count: int) -> Array:
    params = GaussianParams(weights, means[:, None], variances[:, None, None])
    states = islice(em_steps(GaussianMixture(), x[:, None], params), count + 1)
    return np.array([state.log_likelihood for state in states])


def _expected_log_joint(joint: Array) -> Array:
    return np.asarray((share_out(joint) * np.log(joint)).sum(axis=1))


def _run_with(
    *,
    width: Callable[[Array], Array] = np.sqrt,
    kept: Callable[[Array], Array] = np.asarray,
    centre: Callable[[Array, Array], Array] = lambda new, old: new,
    value: Callable[[Array], Array] = lambda joint: np.log(joint.sum(axis=1)),
    divisor: Callable[[Array, int], Any] = lambda totals, n: totals,
    weigh: Callable[[Array, Array], Array] = lambda new, old: new,
) -> Callable[..., Array]:
    """The run on a line, with something in it that learners get wrong."""

    def run(x: Array, w: Array, means: Array, variances: Array, count: int) -> Array:
        values = []
        for _ in range(count + 1):
            joint = w * norm.pdf(x[:, None], means, width(variances))
            values.append(value(joint).sum())
            r = share_out(joint)
            totals, old = r.sum(axis=0), means
            w, means = weigh(totals / len(x), w), x @ r / totals
            scatter = (r * (x[:, None] - centre(means, old)) ** 2).sum(axis=0)
            variances = kept(scatter / divisor(totals, len(x)))
        return np.array(values)

    return run


GAUSSIAN_RUN = Task(
    oracle=_on_a_line,
    cases={
        "for the three points": (
            np.array([1.0, 2.0, 3.0]),
            np.array([0.5, 0.5]),
            np.array([1.0, 3.0]),
            np.ones(2),
            2,
        ),
        "for unequal weights and widths": (
            POINTS[:, 0],
            np.array([0.3, 0.7]),
            np.array([0.0, 2.5]),
            np.array([3.0, 0.5]),
            3,
        ),
        "for three components": (
            np.append(POINTS[:, 0], POINTS[:, 1]),
            np.array([0.2, 0.5, 0.3]),
            np.array([-2.0, 1.0, 3.0]),
            np.array([2.0, 0.8, 1.5]),
            3,
        ),
    },
    parts={"the result": "a log-likelihood for the start and for each iteration"},
    mistakes=(
        Mistake(
            "It is right as long as each variance is 1. What does `norm.pdf` take as its third "
            "argument?",
            _run_with(width=np.asarray),
        ),
        Mistake(
            "Now the M-step keeps standard deviations, but the run is given variances to begin "
            "with.",
            _run_with(width=np.asarray, kept=np.sqrt),
        ),
        Mistake(
            "The root is taken twice: once in the M-step, once before the density.",
            _run_with(kept=np.sqrt),
        ),
        Mistake(
            "The density needs the root of a variance, and gets its square.",
            _run_with(width=np.square),
        ),
        Mistake(
            "The densities are right. The new variances are about the means before the step: no "
            "value falls, but no step reaches the top.",
            _run_with(centre=lambda new, old: old),
        ),
        Mistake(
            "The densities are right. The variances were divided by the number of all points.",
            _run_with(divisor=lambda totals, n: n),
        ),
        Mistake(
            "The densities are right. The weights stay as they were.",
            _run_with(weigh=lambda new, old: old),
        ),
        Mistake(
            "The steps are right. What is reported is the expected complete-data log-likelihood, "
            "which lacks the entropy.",
            _run_with(value=_expected_log_joint),
        ),
    ),
)


def _log_parts(x: Array, m: Array, c: Array) -> tuple[Array, Array]:
    """−½ log |Σ| of each component, and −½ of the squared distance of each point from it."""
    residuals = x[:, None, :] - m
    solved = np.linalg.solve(c, residuals[..., None])[..., 0]
    return -np.linalg.slogdet(c)[1] / 2, -(residuals * solved).sum(axis=2) / 2


def _densities(x: Array, m: Array, c: Array) -> Array:
    each = [multivariate_normal(mean, cov).pdf(x) for mean, cov in zip(m, c, strict=True)]
    return np.column_stack(each)


def _of_gaussians(x: Array, weights: Array, means: Array, covariances: Array) -> Array:
    params = GaussianParams(weights, means, covariances)
    return next(em_steps(GaussianMixture(), x, params)).responsibilities


THREE = (
    np.array([0.2, 0.5, 0.3]),
    np.array([[0.0, 0.0], [2.0, 2.0], [-1.0, 3.0]]),
    np.array([[[1.0, 0.3], [0.3, 0.5]], [[3.0, -1.0], [-1.0, 2.0]], [[0.8, 0.0], [0.0, 4.0]]]),
)

GAUSSIAN_E_STEP = Task(
    oracle=_of_gaussians,
    cases={
        "for three components": (POINTS, *THREE),
        "for equal weights and unit covariances": (
            POINTS,
            np.full(2, 0.5),
            THREE[1][:2],
            np.array([np.eye(2)] * 2),
        ),
        "with a point far away": (np.vstack([POINTS, [[200.0, 150.0]]]), *THREE),
    },
    parts={"the result": "a row for each point with a column for each component"},
    rows_sum_to_one=True,
    mistakes=(
        Mistake(
            "Right for the points near by. Far away every density underflows to 0, and 0/0 is NaN: "
            "stay in the logarithm until the largest of a row is taken out.",
            lambda x, w, m, c: share_out(w * _densities(x, m, c)),
        ),
        Mistake(
            "The weights are forgotten: it is right where they are equal.",
            lambda x, w, m, c: _of_gaussians(x, np.full(len(w), 1 / len(w)), m, c),
        ),
        Mistake(
            "The weights are forgotten, and far away all densities underflow.",
            lambda x, w, m, c: share_out(_densities(x, m, c)),
        ),
        Mistake(
            "The determinant is missing: it is right where all covariances are alike. A wide "
            "component has a low peak.",
            lambda x, w, m, c: right_e_step(np.log(w) + _log_parts(x, m, c)[1])[0],
        ),
        Mistake(
            "The factor ½ before the squared distance is missing.",
            lambda x, w, m, c: right_e_step(np.log(w) + (p := _log_parts(x, m, c))[0] + 2 * p[1])[
                0
            ],
        ),
        Mistake(
            "The determinant counts twice: its square root is wanted.",
            lambda x, w, m, c: right_e_step(np.log(w) + 2 * (p := _log_parts(x, m, c))[0] + p[1])[
                0
            ],
        ),
        Mistake(
            "The covariances are not used, or only as unit matrices.",
            lambda x, w, m, c: _of_gaussians(x, w, m, np.array([np.eye(x.shape[1])] * len(w))),
        ),
        Mistake(
            "Only the diagonals of the covariances are used.",
            lambda x, w, m, c: _of_gaussians(x, w, m, c * np.eye(x.shape[1])),
        ),
        Mistake(
            "The sum goes over the wrong axis: it is each point that is shared out.",
            lambda x, w, m, c: (j := w * _densities(x, m, c)) / j.sum(axis=0),
        ),
        Mistake(
            "The rows don't sum to one: these are weights times densities, not yet shared out.",
            lambda x, w, m, c: w * _densities(x, m, c),
        ),
    ),
)


def _bic(log_likelihood: float, n: int, d: int, k: int) -> float:
    return float((k - 1 + k * d + k * d * (d + 1) / 2) * np.log(n) - 2 * log_likelihood)


BIC = Task(
    oracle=_bic,
    cases={
        "for one Gaussian on a line": (-1210.0, 272, 1, 1),
        "for two components in the plane": (-1130.5, 272, 2, 2),
        "for four components in three dimensions": (-880.25, 150, 3, 4),
    },
    parts={"the BIC": "one number"},
    mistakes=(
        Mistake(
            "One parameter too many: the weights sum to one.",
            lambda v, n, d, k: _bic(v, n, d, k) + np.log(n),
        ),
        Mistake(
            "Too many parameters: a covariance matrix is symmetric.",
            lambda v, n, d, k: _bic(v, n, d, k) + k * d * (d - 1) / 2 * np.log(n),
        ),
        Mistake(
            "Too many parameters: a covariance matrix is symmetric, and the weights sum to one.",
            lambda v, n, d, k: _bic(v, n, d, k) + (1 + k * d * (d - 1) / 2) * np.log(n),
        ),
        Mistake(
            "Too few parameters: a full covariance has more than its variances.",
            lambda v, n, d, k: _bic(v, n, d, k) - k * d * (d - 1) / 2 * np.log(n),
        ),
        Mistake(
            "Too few parameters: each component has a covariance of its own.",
            lambda v, n, d, k: _bic(v, n, d, k) - (k - 1) * d * (d + 1) / 2 * np.log(n),
        ),
        Mistake(
            "The weights are not counted.",
            lambda v, n, d, k: _bic(v, n, d, k) - (k - 1) * np.log(n),
        ),
        Mistake(
            "The log-likelihood counts with the wrong sign: a better fit must make it smaller.",
            lambda v, n, d, k: _bic(-v, n, d, k),
        ),
        Mistake(
            "The log-likelihood counts twice.",
            lambda v, n, d, k: _bic(v / 2, n, d, k),
        ),
        Mistake(
            "This is AIC, with 2 for each parameter. What does BIC take instead?",
            lambda v, n, d, k: 2 * (k - 1 + k * d + k * d * (d + 1) / 2) - 2 * v,
        ),
    ),
)


Moments = tuple[float, Array, Array]


def _merged(
    n: float, mean: Array, scatter: Array, other_n: float, other_mean: Array, other_scatter: Array
) -> Moments:
    one, other = (
        Survey(0, np.array([n]), m[np.newaxis], s[np.newaxis], np.zeros_like(m))
        for n, m, s in ((n, mean, scatter), (other_n, other_mean, other_scatter))
    )
    both = one + other
    return float(both.n[0]), both.mean[0], both.scatter[0]


def _with_between(between: Callable[[float, float, Array], Any]) -> Callable[..., Moments]:
    """The merger with another term for the distance of the means."""

    def merged(n: float, m: Array, s: Array, o: float, om: Array, os: Array) -> Moments:
        total, mean, _ = _merged(n, m, s, o, om, os)
        return total, mean, s + os + between(n, o, om - m)

    return merged


def _by_raw_moments(n: float, m: Array, s: Array, o: float, om: Array, os: Array) -> Moments:
    total, mean, _ = _merged(n, m, s, o, om, os)
    raw = s + n * np.outer(m, m) + os + o * np.outer(om, om)
    return total, mean, raw - total * np.outer(mean, mean)


def _as_covariance(*chunks: Any) -> Moments:
    total, mean, scatter = _merged(*chunks)
    return total, mean, scatter / total


MERGED = Task(
    oracle=_merged,
    cases={
        "for a large and a small chunk": (
            40,
            np.array([1.0, -2.0]),
            np.array([[80.0, 12.0], [12.0, 36.0]]),
            10,
            np.array([3.0, 0.5]),
            np.array([[25.0, -4.0], [-4.0, 9.0]]),
        ),
        "for two chunks with one mean": (
            6,
            np.array([2.0]),
            np.array([[5.0]]),
            6,
            np.array([2.0]),
            np.array([[7.0]]),
        ),
        "far from zero": (
            3,
            np.array([1e9 + 4]),
            np.array([[18.0]]),
            1,
            np.array([1e9 + 16]),
            np.array([[0.0]]),
        ),
    },
    parts={
        "the count": "one number",
        "the mean": "one number for each axis",
        "the scatter": "a matrix with a row and a column for each axis",
    },
    mistakes=(
        Mistake(
            "Count and mean are right. Scatters were only added: that is right where both chunks "
            "have one mean. What does the distance between the means add?",
            _with_between(lambda n, o, step: 0.0),
        ),
        Mistake(
            "Right near zero. Far from zero the digits cancel: that is what raw moments do. "
            "Compute with the difference of the means instead.",
            _by_raw_moments,
        ),
        Mistake(
            "Count and mean are right. The squared distance of the means is multiplied by both "
            "counts; divide it by their sum.",
            _with_between(lambda n, o, step: n * o * np.outer(step, step)),
        ),
        Mistake(
            "Count and mean are right. The squared distance of the means counts with all rows, as "
            "if each were that far from the common mean.",
            _with_between(lambda n, o, step: (n + o) * np.outer(step, step)),
        ),
        Mistake(
            "Count and mean are right. The squared distance of the means counts with the rows of "
            "one chunk only.",
            _with_between(lambda n, o, step: o * np.outer(step, step)),
        ),
        Mistake(
            "Count and mean are right. The distance of the means was squared axis by axis: an "
            "outer product is wanted.",
            _with_between(lambda n, o, step: n * o / (n + o) * step**2),
        ),
        Mistake(
            "The means were averaged as if both chunks had the same number of rows.",
            lambda n, m, s, o, om, os: (n + o, (m + om) / 2, _merged(n, m, s, o, om, os)[2]),
        ),
        Mistake(
            "Count and mean are right. The scatter was divided by the count: a covariance does "
            "not add up, a sum does.",
            _as_covariance,
        ),
    ),
)
