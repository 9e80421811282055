"""Tasks about any model: the divergence, the bound, the E-step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import entr, rel_entr, xlogy

from em_core.checks import Array
from em_core.em import e_step as right_e_step
from em_core.em import lower_bound as right_lower_bound
from em_core.exercises.tasks.common import share_out
from em_core.exercises.verdict import Mistake, Task

DIVERGENCE = Task(
    oracle=lambda q, p: rel_entr(q, p).sum(),
    cases={
        "for two distributions without zeros": (
            np.array([0.5, 0.3, 0.2]),
            np.array([0.2, 0.2, 0.6]),
        ),
        "for a q with a zero": (np.array([0.0, 0.4, 0.6]), np.array([0.3, 0.3, 0.4])),
        "where p is zero and q is not": (np.array([0.5, 0.5]), np.array([1.0, 0.0])),
        "where both are zero": (np.array([0.4, 0.6, 0.0]), np.array([0.5, 0.5, 0.0])),
    },
    parts={"the divergence": "one number"},
    mistakes=(
        Mistake(
            "This is KL(p ‖ q). Which of the two distributions does the averaging?",
            lambda q, p: rel_entr(p, q).sum(),
        ),
        Mistake(
            "It has the wrong sign: a divergence is never negative. Look at the fraction.",
            lambda q, p: -rel_entr(q, p).sum(),
        ),
        Mistake(
            "This is the mean of the terms; the average is already in the weights q.",
            lambda q, p: rel_entr(q, p).mean(),
        ),
        Mistake(
            "The logarithms are added without a weight: each counts by its probability.",
            lambda q, p: np.log(q / p).sum(),
        ),
        *(
            Mistake(
                "For q = p it is not zero: this is the cross-entropy. What is to be taken away?",
                cross_entropy,
            )
            for cross_entropy in (
                lambda q, p: -(q * np.log(p)).sum(),
                lambda q, p: -xlogy(q, p).sum(),
            )
        ),
        Mistake(
            "It is right up to a factor: which logarithm does this book use?",
            lambda q, p: rel_entr(q, p).sum() / np.log(2),
        ),
        Mistake(
            "It is right until a probability is zero, and NaN then. What does 0 log 0 count as?",
            lambda q, p: np.sum(q * np.log(q / p)),
        ),
        Mistake(
            "Not every zero of p makes it infinite: what does a value cost that q never takes?",
            lambda q, p: np.inf if (p == 0).any() else rel_entr(q, p).sum(),
        ),
        Mistake(
            "Terms with q = 0 may be left out, but where only p is 0 the divergence is infinite.",
            lambda q, p: np.sum(rel_entr(q, p), where=(q > 0) & (p > 0)),
        ),
    ),
)


class _Given:
    """A model whose log-joint is given as its parameters."""

    def log_joint(self, x: None, params: Array) -> Array:
        return params


def _bound(log_joint: Array, q: Array) -> float:
    return right_lower_bound(_Given(), None, log_joint, q)


def _entropy(q: Array) -> float:
    return float(-xlogy(q, q).sum())


def _expected(log_joint: Array, q: Array) -> float:
    return float(np.where(q > 0, q * log_joint, 0).sum())


def _expected_or_nan(log_joint: Array, q: Array) -> float:
    return float((q * log_joint).sum())


LOG_JOINT = np.log([[0.3, 0.1], [0.2, 0.25], [0.05, 0.4]])
IMPOSSIBLE = np.array([[-1.0, -np.inf], [-2.0, -1.5]])
SOFT = np.array([[0.5, 0.5], [0.1, 0.9], [0.7, 0.3]])

LOWER_BOUND = Task(
    oracle=_bound,
    cases={
        "for soft shares": (LOG_JOINT, SOFT),
        "for the posterior": (LOG_JOINT, right_e_step(LOG_JOINT)[0]),
        "for hard labels": (LOG_JOINT, np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])),
        "where a component can't have made a row": (IMPOSSIBLE, np.array([[1.0, 0.0], [0.3, 0.7]])),
    },
    parts={"the bound": "one number"},
    mistakes=(
        *(
            Mistake(
                "This is the expected log-joint, Q. The bound has one more term, which knows "
                "nothing of the model.",
                expected,
            )
            for expected in (_expected, _expected_or_nan)
        ),
        Mistake(
            "The second term has the wrong sign.",
            lambda a, q: _expected(a, q) - _entropy(q),
        ),
        Mistake(
            "The second term has the wrong sign.",
            lambda a, q: _expected_or_nan(a, q) - _entropy(q),
        ),
        Mistake(
            "This is the log-likelihood: q has no influence. It is what the bound lies below.",
            lambda a, q: right_e_step(a)[1],
        ),
        Mistake(
            "Right for soft shares, NaN for hard ones. What does 0 log 0 count as?",
            lambda a, q: (q * (a - np.log(q))).sum(),
        ),
        Mistake(
            "It is right until a component can't have made a row, and NaN then. What does 0 · (−∞) "
            "count as?",
            lambda a, q: _expected_or_nan(a, q) + _entropy(q),
        ),
        Mistake(
            "This is the gap, log-likelihood minus bound.",
            lambda a, q: right_e_step(a)[1] - _bound(a, q),
        ),
        Mistake(
            "This is the mean over the rows. The bound is their sum.",
            lambda a, q: _bound(a, q) / len(a),
        ),
        Mistake(
            "The argument is the log-joint already; here it is exponentiated.",
            lambda a, q: (q * np.exp(a)).sum() + _entropy(q),
        ),
        Mistake("This is the entropy of q alone.", lambda a, q: _entropy(q)),
    ),
)


def _naive(log_joint: Array) -> tuple[Array, float]:
    joint = np.exp(log_joint)
    return share_out(joint), np.log(joint.sum(axis=1)).sum()


def _with_one_maximum(log_joint: Array) -> tuple[Array, float]:
    largest = log_joint.max()
    relative = np.exp(log_joint - largest)
    return share_out(relative), (largest + np.log(relative.sum(axis=1))).sum()


def _with(taken_out: Callable[..., Array]) -> Callable[[Array], tuple[Array, float]]:
    """An E-step that takes something else than the maximum out of a row."""

    def e_step(log_joint: Array) -> tuple[Array, float]:
        one = taken_out(log_joint, axis=1, keepdims=True)
        relative = np.exp(log_joint - one)
        return share_out(relative), (one[:, 0] + np.log(relative.sum(axis=1))).sum()

    return e_step


def _first(log_joint: Array, axis: int, keepdims: bool) -> Array:
    return np.take(log_joint, [0], axis)


def _posterior(log_joint: Array) -> Array:
    return right_e_step(log_joint)[0]


E_STEP = Task(
    oracle=lambda log_joint: right_e_step(log_joint),
    cases={
        "for ten tosses a sample": (np.log([[0.004, 0.001], [0.0005, 0.001], [0.02, 0.01]]),),
        "for 2,000 tosses a sample": (np.array([[-1400.0, -1402.0], [-1390.0, -1386.5]]),),
        "where the rows differ by thousands": (
            np.array([[-3.0, -4.0, -2.5], [-5000.0, -5001.0, -5003.0]]),
        ),
        "where the coins differ much": (
            np.array([[-3000.0, -1000.0], [-1000.0, -3000.0], [-10.0, -2000.0], [-2000.0, -10.0]]),
        ),
    },
    parts={
        "the first result": "a row for each sample with a column for each component",
        "the log-likelihood": "one number",
    },
    rows_sum_to_one=True,
    mistakes=(
        Mistake(
            "It is right for few tosses. For 2,000 every probability underflows to 0, and 0/0 is "
            "NaN. Which common factor may be taken out of a row first?",
            _naive,
        ),
        Mistake(
            "One maximum was taken out of the whole array. A row far below it still underflows.",
            _with_one_maximum,
        ),
        *(
            Mistake(
                "What was taken out of a row leaves exponents that are large and positive, and "
                "their exponential overflows. What can be taken out so that none is above 0?",
                _with(taken_out),
            )
            for taken_out in (np.min, _first)  # the mean overflows where the least does
        ),
        Mistake(
            "The responsibilities are right. In the log-likelihood the maximum, once taken out, "
            "was not put back.",
            lambda a: (
                _posterior(a),
                np.log(np.exp(a - a.max(axis=1, keepdims=True)).sum(axis=1)).sum(),
            ),
        ),
        Mistake(
            "The responsibilities are right. The other number is the expected complete-data "
            "log-likelihood; it lacks the entropy, and may fall while EM climbs.",
            lambda a: (_posterior(a), (_posterior(a) * a).sum()),
        ),
        Mistake(
            "The log-likelihood is always 0: it was computed from rows that had been divided by "
            "their sums already.",
            lambda a: (_posterior(a), 0.0),
        ),
        Mistake(
            "The responsibilities are right. The log-likelihood of all the data is a sum over the "
            "samples; this is one number for each.",
            lambda a: (_posterior(a), np.logaddexp.reduce(a, axis=1)),
        ),
        Mistake(
            "The responsibilities are right. The log-likelihood takes the best component of each "
            "row only; all of them can have given it.",
            lambda a: (_posterior(a), a.max(axis=1).sum()),
        ),
        Mistake(
            "The responsibilities are right. The other number is the mean over the samples.",
            lambda a: (_posterior(a), right_e_step(a)[1] / len(a)),
        ),
    ),
)


def _leap(v0: float, v1: float, v2: float) -> float:
    """Where errors that shrink by a constant factor lead (Aitken 1926)."""
    before, last = v1 - v0, v2 - v1
    return v2 - last**2 / (last - before) if last else v2


LEAP = Task(
    oracle=_leap,
    cases={
        "for steps that halve": (0.0, 8.0, 12.0),
        "for steps that shrink slowly": (3.0, 2.0, 1.1),
        "for errors that change sign": (1.0, 4.0, 2.5),
        "where the steps have ended": (5.0, 5.0, 5.0),
    },
    parts={"the place": "one number"},
    mistakes=(
        Mistake(
            "This is one step further. All the steps that are still to come have a sum.",
            lambda a, b, c: c + ((c - b) ** 2 / (b - a) if b != a else 0),
        ),
        Mistake(
            "The steps still to come have the wrong sign.",
            lambda a, b, c: 2 * c - _leap(a, b, c),
        ),
        Mistake(
            "The last step was added once too often: the sum begins with ρ times the last step.",
            lambda a, b, c: _leap(a, b, c) + c - b,
        ),
        Mistake(
            "It leaps right, and from the second of the three numbers; the leap belongs to the "
            "third.",
            lambda a, b, c: _leap(a, b, c) + b - c,
        ),
        Mistake(
            "It is right as long as the run moves. Once the steps have ended it divides 0 by 0.",
            lambda a, b, c: c - np.float64(c - b) ** 2 / np.float64(c - 2 * b + a),
        ),
        Mistake(
            "These are the steps still to come. Where do they start from?",
            lambda a, b, c: _leap(a, b, c) - c,
        ),
        Mistake(
            "The last number is where the run is, not where it is going.",
            lambda a, b, c: c,
        ),
    ),
)


def _criteria(log_joint: Array, c: int) -> tuple[float, float, float]:
    log_density = np.logaddexp.reduce(log_joint, axis=1)
    entropy = entr(np.exp(log_joint - log_density[:, np.newaxis])).sum()
    fit = -2 * log_density.sum()
    bic = fit + c * np.log(len(log_joint))
    return fit + 2 * c, bic, bic + 2 * entropy


def _with_overlap(overlap: Callable[[Array], float]) -> Callable[..., tuple[float, float, float]]:
    """The criteria with something else added for ICL, from the responsibilities."""

    def answer(log_joint: Array, c: int) -> tuple[float, float, float]:
        aic, bic, _ = _criteria(log_joint, c)
        return aic, bic, bic + overlap(right_e_step(log_joint)[0])

    return answer


_NEAR = np.log([[0.30, 0.10], [0.02, 0.20], [0.25, 0.25], [0.05, 0.01], [0.12, 0.30]])

CRITERIA = Task(
    oracle=_criteria,
    cases={
        "for five rows and two components": (_NEAR, 3),
        "where a responsibility is 0": (np.vstack([_NEAR, [[-1.0, -np.inf]]]), 3),
        "where every density underflows": (_NEAR - 900, 3),
    },
    parts={"AIC": "one number", "BIC": "one number", "ICL": "one number"},
    mistakes=(
        Mistake(
            "All three have the other sign, of which the largest is best: mclust's.",
            lambda a, c: tuple(-value for value in _criteria(a, c)),
        ),
        Mistake(
            "AIC and BIC are right. The entropy makes ICL larger than BIC: overlap is charged for.",
            _with_overlap(lambda r: -2 * float(entr(r).sum())),
        ),
        Mistake(
            "AIC and BIC are right. In ICL the entropy counts twice, as the log-likelihood does.",
            _with_overlap(lambda r: float(entr(r).sum())),
        ),
        Mistake(
            "AIC and BIC are right. This ICL takes each row's likeliest label, as mclust does; "
            "average over the labels by the responsibilities.",
            _with_overlap(lambda r: -2 * float(np.log(r.max(axis=1)).sum())),
        ),
        Mistake(
            "AIC is right. BIC takes the logarithm of the number of rows, not of all entries.",
            lambda a, c: (
                (v := _criteria(a, c))[0],
                v[1] + c * np.log(a.shape[1]),
                v[2] + c * np.log(a.shape[1]),
            ),
        ),
        Mistake(
            "The log-likelihood counts once in each of the three; it should count twice.",
            lambda a, c: tuple(v + np.logaddexp.reduce(a, axis=1).sum() for v in _criteria(a, c)),
        ),
        Mistake(
            "BIC is not yet right: it is AIC once more. What does it take in place of the 2?",
            lambda a, c: (
                (v := _criteria(a, c))[0],
                v[0],
                v[0] + v[2] - v[1],
            ),
        ),
        Mistake(
            "The order is wrong: AIC, BIC, ICL.",
            lambda a, c: tuple(_criteria(a, c)[i] for i in (1, 0, 2)),
        ),
    ),
)
