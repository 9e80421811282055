"""Exercises by hand about logarithms of sums: Jensen's gap, the bound, log-sum-exp."""

from __future__ import annotations

from math import exp, log, log10

import numpy as np
from scipy.special import logsumexp

from em_core.checks import Array
from em_core.em import e_step, lower_bound
from em_core.exercises.by_hand.template import (
    ByHand,
    Field,
    Mistake,
    Numbers,
    Values,
    between,
    pick,
)


class Given:
    """A model of one row, whose joint probabilities are its parameters."""

    def log_joint(self, x: Array, params: Array) -> Array:
        """The logarithms of the joint probabilities."""
        return np.log([params])

    def m_step(self, x: Array, responsibilities: Array, params: Array) -> Array:
        """Nothing is estimated."""
        return params


# --- Jensen -------------------------------------------------------------------------------------


def _two_values(rng: np.random.Generator) -> Numbers:
    a = between(rng, 1, 9)
    b = (a - 1 + between(rng, 1, 8)) % 9 + 1
    return {"a": a, "b": b, "p": pick(rng, 0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9)}


def _gap(a: int, b: int, p: float) -> tuple[float, float]:
    mean = p * log(a) + (1 - p) * log(b)
    return mean, log(p * a + (1 - p) * b) - mean


JENSEN_GAP = ByHand(
    name="jensen-gap",
    title="What Jensen's inequality gives away",
    chapter=1,
    question="$X$ is <a> with probability <p> and <b> otherwise. How much is "
    "$\\mathrm{E} \\log X$, and by how much is $\\log \\mathrm{E} X$ larger? (Logarithms are "
    "natural.)",
    fields=(Field("$\\mathrm{E} \\log X$", 3), Field("the gap", 3)),
    draw=_two_values,
    answer=_gap,
    steps=lambda a, b, p: {
        "q": 1 - p,
        "mean": p * a + (1 - p) * b,
        "log_a": log(a),
        "log_b": log(b),
        "log_mean": log(p * a + (1 - p) * b),
    },
    hints=(
        "On the one side the logarithms are averaged, on the other the values: with the same "
        "probabilities.",
    ),
    solution="$\\mathrm{E} \\log X = <p> \\log <a> + <q> \\log <b> \\approx <p> \\cdot "
    "<log_a:.4f> + <q> \\cdot <log_b:.4f> \\approx <right_1:.3f>$. And $\\mathrm{E} X = <p> "
    "\\cdot <a> + <q> \\cdot <b> = <mean>$, whose logarithm is <log_mean:.4f>. The gap is "
    "<right_2:.3f>; it is never negative, since the logarithm is concave.",
    mistakes=(
        Mistake(
            "Both values got the same weight. Use the probabilities.",
            lambda a, b, p: _gap(a, b, 0.5),
        ),
        Mistake(
            "The probabilities have changed places.",
            lambda a, b, p: _gap(a, b, 1 - p),
        ),
        Mistake(
            "That is to base 10. Here logarithms are natural.",
            lambda a, b, p: (p * log10(a) + (1 - p) * log10(b), _gap(a, b, p)[1] / log(10)),
        ),
        Mistake(
            "That is the logarithm of the average. Take the logarithms first.",
            lambda a, b, p: (log(p * a + (1 - p) * b), None),
        ),
        Mistake(
            "The sign is wrong: for a concave function the logarithm of the average is the larger.",
            lambda a, b, p: (None, -_gap(a, b, p)[1]),
        ),
    ),
)


# --- the bound ----------------------------------------------------------------------------------


def _joint_and_q(rng: np.random.Generator) -> Numbers:
    a, b = pick(rng, 0.1, 0.2, 0.3, 0.4), pick(rng, 0.05, 0.1, 0.15, 0.2, 0.3)
    return {"a": a, "b": b, "q": pick(rng, 0.1, 0.2, 0.25, 0.4, 0.5, 0.6, 0.75, 0.8)}


def _bound_and_gap(a: float, b: float, q: float) -> tuple[float, float]:
    bound = lower_bound(Given(), np.zeros((1, 1)), np.array([a, b]), [(q, 1 - q)])
    return bound, log(a + b) - bound


def _entropy(q: float) -> float:
    return -q * log(q) - (1 - q) * log(1 - q)


def _other_way(a: float, b: float, q: float) -> float:
    post = a / (a + b)
    return post * log(post / q) + (1 - post) * log((1 - post) / (1 - q))


def _without_entropy(a: float, b: float, q: float, sign: int) -> Values:
    bound = q * log(a) + (1 - q) * log(b) + sign * _entropy(q)
    return bound, log(a + b) - bound


BOUND_AND_GAP = ByHand(
    name="bound-and-gap",
    title="A bound and its gap",
    chapter=4,
    question="One row, two labels, with $p(x, z = 1) = <a>$ and $p(x, z = 2) = <b>$. The "
    "distribution $q$ gives the first label <q>. How much is the lower bound at this $q$, and by "
    "how much does it lie below the log-likelihood?",
    fields=(Field("bound", 3), Field("gap", 3)),
    draw=_joint_and_q,
    answer=_bound_and_gap,
    steps=lambda a, b, q: {
        "s": 1 - q,
        "sum": a + b,
        "log_one": log(a / q),
        "log_two": log(b / (1 - q)),
        "loglik": log(a + b),
    },
    hints=(
        "The bound is the average of $\\log \\frac{p(x, z)}{q(z)}$ under $q$.",
        "The log-likelihood is the logarithm of $p(x)$, the sum over both labels.",
    ),
    solution="The bound is $<q> \\log \\frac{<a>}{<q>} + <s> \\log \\frac{<b>}{<s>} \\approx "
    "<q> \\cdot (<log_one:.4f>) + <s> \\cdot (<log_two:.4f>) \\approx <right_1:.3f>$. The "
    "log-likelihood is $\\log (<a> + <b>) = \\log <sum> \\approx <loglik:.4f>$, so the gap is "
    "<right_2:.3f>: the divergence of $q$ from the posterior.",
    mistakes=(
        Mistake(
            "The entropy of $q$ is missing: divide by $q(z)$ inside the logarithm.",
            lambda a, b, q: _without_entropy(a, b, q, 0),
        ),
        Mistake(
            "The entropy of $q$ has the wrong sign: $q(z)$ stands below the line.",
            lambda a, b, q: _without_entropy(a, b, q, -1),
        ),
        Mistake(
            "The two labels of $q$ have changed places.",
            lambda a, b, q: _bound_and_gap(a, b, 1 - q),
        ),
        Mistake(
            "That is the logarithm of an average, the wrong side of Jensen's inequality: the "
            "bound is the average of logarithms.",
            lambda a, b, q: (log(q * a + (1 - q) * b), None),
        ),
        Mistake(
            "That is the divergence the other way round, averaged under the posterior. Here the "
            "average is under $q$.",
            lambda a, b, q: (None, _other_way(a, b, q)),
        ),
        Mistake(
            "The sign is wrong: the bound lies below the log-likelihood.",
            lambda a, b, q: (None, -_bound_and_gap(a, b, q)[1]),
        ),
    ),
)


# --- log-sum-exp --------------------------------------------------------------------------------


def _far_below(rng: np.random.Generator) -> Numbers:
    a = pick(rng, 750, 780, 800, 840, 850, 900, 950)
    return {"a": a, "b": a + pick(rng, -3, -2, -1.5, -1, -0.5, 0.5, 1, 1.5, 2, 3)}


def _stable(a: float, b: float) -> tuple[float, float]:
    r, log_densities = e_step(np.array([[-a, -b]]), np.zeros((1, 1)))
    return float(r[0, 0]), float(np.sum(log_densities))


LOG_SUM_EXP = ByHand(
    name="log-sum-exp",
    title="Where everything underflows",
    chapter=6,
    question="A sample's log-joint is $-<a>$ for coin A and $-<b>$ for coin B. Both probabilities "
    "are 0 in floating point. What is A's responsibility, and what is the sample's log-likelihood?",
    fields=(Field("$r_A$", 3), Field("log-likelihood", 3)),
    draw=_far_below,
    answer=_stable,
    steps=lambda a, b: {
        "m": min(a, b),
        "da": min(a, b) - a,
        "db": min(a, b) - b,
        "ea": exp(min(a, b) - a),
        "eb": exp(min(a, b) - b),
        "sum": exp(min(a, b) - a) + exp(min(a, b) - b),
        "log_sum": float(logsumexp([-a, -b])) + min(a, b),
    },
    hints=(
        "Ratios don't change if both log-joints are raised by the same number: raise the larger "
        "to 0.",
        "What was taken out of the logarithm must be put back.",
    ),
    solution="Take out the larger, $-<m>$: what is left is $e^{<da>} \\approx <ea:.4f>$ for A and "
    "$e^{<db>} \\approx <eb:.4f>$ for B, together <sum:.4f>. So $r_A = <ea:.4f> / <sum:.4f> "
    "\\approx <right_1:.3f>$, and the log-likelihood is $-<m> + \\log <sum:.4f> \\approx "
    "<right_2:.3f>$.",
    mistakes=(
        Mistake(
            "The logarithms were shared out. It is probabilities whose ratio counts: exponentiate "
            "first, after the larger has been taken out.",
            lambda a, b: (a / (a + b), None),
        ),
        Mistake(
            "That is B's share. Which log-joint is the larger?",
            lambda a, b: (_stable(b, a)[0], None),
        ),
        Mistake(
            "The larger was taken out and not put back.",
            lambda a, b: (None, _stable(a, b)[1] + min(a, b)),
        ),
        Mistake(
            "That is the larger alone. The other adds something.",
            lambda a, b: (None, -min(a, b)),
        ),
        Mistake(
            "The logarithms were added: that is the logarithm of the product.",
            lambda a, b: (None, -a - b),
        ),
    ),
)
