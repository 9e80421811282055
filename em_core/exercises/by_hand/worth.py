"""Exercises by hand about runs and what they are worth: rates, errors, criteria, starts."""

from __future__ import annotations

from functools import cache
from math import ceil, floor, log, log10, sqrt

import numpy as np

from em_core.exercises.by_hand.template import (
    ByHand,
    Field,
    Mistake,
    Numbers,
    between,
    pick,
)
from em_core.gaussians import GaussianMixture, GaussianParams
from em_core.worth import free_parameters

# --- criteria -----------------------------------------------------------------------------------


def _mixture(rng: np.random.Generator) -> Numbers:
    return {
        "k": between(rng, 2, 5),
        "d": between(rng, 2, 4),
        "n": pick(rng, 50, 100, 150, 200, 250, 400, 500),
        "loss": between(rng, 100, 999),
    }


@cache
def _free(k: int, d: int) -> int:
    params = GaussianParams(np.full(k, 1 / k), np.zeros((k, d)), np.array([np.eye(d)] * k))
    return free_parameters(GaussianMixture(), params)


def _bic(k: int, d: int, n: int, loss: int) -> tuple[float, float]:
    return float(_free(k, d)), 2 * loss + _free(k, d) * log(n)


def _counted_so(n: int, loss: int, count: float) -> tuple[float, float]:
    return count, 2 * loss + count * log(n)


BIC = ByHand(
    name="bic",
    title="Free parameters, and BIC",
    chapter=10,
    question="A mixture of <k> Gaussians in <d> dimensions, each with a full covariance matrix of "
    "its own, was fitted to <n> rows; its log-likelihood is $\\ell = -<loss>$. How many free "
    "parameters does it have, and how much is its BIC, of which the smallest is best?",
    fields=(Field("free parameters", 0), Field("BIC", 1)),
    draw=_mixture,
    answer=_bic,
    steps=lambda k, d, n, loss: {
        "free_weights": k - 1,
        "means": k * d,
        "entries": d * (d + 1) // 2,
        "all_entries": k * d * (d + 1) // 2,
        "twice": 2 * loss,
        "log_n": log(n),
    },
    hints=(
        "Weights sum to one, and a covariance matrix is symmetric.",
        "BIC is $-2 \\ell + c \\log n$ for $c$ free parameters.",
    ),
    solution="Weights: <free_weights> are free, since they sum to one. Means: $<k> \\cdot <d> = "
    "<means>$ numbers. Matrices: $<d> \\cdot (<d> + 1) / 2 = <entries>$ entries of each, since it "
    "is symmetric, and <all_entries> in all. Together $c = <right_1>$, and BIC is $-2 \\ell + c "
    "\\log n = <twice> + <right_1> \\cdot <log_n:.4f> \\approx <right_2:.1f>$.",
    mistakes=(
        Mistake(
            "All the weights were counted, and the last is what the others leave to one.",
            lambda k, d, n, loss: _counted_so(n, loss, _free(k, d) + 1),
        ),
        Mistake(
            "All entries of the matrices were counted. They are symmetric.",
            lambda k, d, n, loss: _counted_so(n, loss, k - 1 + k * d + k * d * d),
        ),
        Mistake(
            "Only the diagonals of the matrices were counted.",
            lambda k, d, n, loss: _counted_so(n, loss, k - 1 + 2 * k * d),
        ),
        Mistake(
            "The weights were forgotten.",
            lambda k, d, n, loss: _counted_so(n, loss, _free(k, d) - k + 1),
        ),
        Mistake(
            "The sign: so defined, the *largest* would be best.",
            lambda k, d, n, loss: (None, -2 * loss - _free(k, d) * log(n)),
        ),
        Mistake(
            "That is with the logarithm to base 10. Here logarithms are natural.",
            lambda k, d, n, loss: (None, 2 * loss + _free(k, d) * log10(n)),
        ),
        Mistake(
            "That is AIC, which charges 2 for each parameter, whatever the number of rows.",
            lambda k, d, n, loss: (None, 2.0 * loss + 2 * _free(k, d)),
        ),
        Mistake(
            "The log-likelihood counts twice.",
            lambda k, d, n, loss: (None, loss + _free(k, d) * log(n)),
        ),
    ),
)


def _three_criteria(c: int, n: int, loss: int, e: int) -> tuple[float, ...]:
    bic = 2 * loss + c * log(n)
    return 2.0 * loss + 2 * c, bic, bic + 2 * e


CRITERIA = ByHand(
    name="criteria",
    title="Three criteria",
    chapter=16,
    question="A fit to <n> rows has $\\ell = -<loss>$ and <c> free parameters; the entropy of its "
    "responsibilities, over all rows, is <e>. How much are AIC, BIC and ICL? (The smallest is "
    "best.)",
    fields=(Field("AIC", 1), Field("BIC", 1), Field("ICL", 1)),
    draw=lambda rng: {
        "c": between(rng, 3, 29),
        "n": pick(rng, 50, 100, 150, 200, 250, 400, 500),
        "loss": between(rng, 100, 999),
        "e": between(rng, 4, 60),
    },
    answer=_three_criteria,
    steps=lambda c, n, loss, e: {"twice": 2 * loss, "log_n": log(n), "more": 2 * e},
    hints=(
        "All begin with $-2 \\ell$. AIC charges 2 for a parameter, BIC $\\log n$.",
        "ICL charges for components that overlap, too: twice the entropy, as the log-likelihood "
        "counts twice.",
    ),
    solution="AIC: $<twice> + 2 \\cdot <c> = <right_1>$. BIC: $<twice> + <c> \\cdot <log_n:.4f> "
    "\\approx <right_2:.1f>$. ICL: twice the entropy more, $<right_2:.1f> + <more> = "
    "<right_3:.1f>$.",
    mistakes=(
        Mistake(
            "The sign: so defined, the *largest* would be best.",
            lambda **n: tuple(-value for value in _three_criteria(**n)),
        ),
        Mistake(
            "The log-likelihood counts twice.",
            lambda c, n, loss, e: tuple(value - loss for value in _three_criteria(c, n, loss, e)),
        ),
        Mistake(
            "A parameter costs 2, since AIC is on the scale of $-2 \\ell$.",
            lambda c, n, loss, e: (2.0 * loss + c, None, None),
        ),
        Mistake(
            "That is with the logarithm to base 10. Here logarithms are natural.",
            lambda c, n, loss, e: (None, (v := 2 * loss + c * log10(n)), v + 2 * e),
        ),
        Mistake(
            "The entropy counts twice in ICL.",
            lambda c, n, loss, e: (None, None, 2 * loss + c * log(n) + e),
        ),
        Mistake(
            "The entropy makes ICL larger than BIC: overlap is charged for.",
            lambda c, n, loss, e: (None, None, 2 * loss + c * log(n) - 2 * e),
        ),
    ),
)


# --- rates --------------------------------------------------------------------------------------


def _three_iterates(rng: np.random.Generator) -> Numbers:
    v0 = between(rng, 1, 9)
    u0 = pick(rng, 0.2, 0.4, 0.5, 0.8, 1, 2)
    return {"v0": v0, "v1": v0 + u0, "v2": v0 + u0 + u0 * pick(rng, 0.2, 0.4, 0.5, 0.6, 0.8, 0.9)}


def _goal(v0: float, v1: float, v2: float) -> tuple[float]:
    return (v0 + (v1 - v0) / (1 - (v2 - v1) / (v1 - v0)),)


LEAP = ByHand(
    name="leap",
    title="Where a run would end",
    chapter=13,
    question="Three values of a run that follow each other are <v0>, <v1> and <v2>. Where would it "
    "end if each step were the same part of the one before?",
    fields=(Field("end", 3),),
    draw=_three_iterates,
    answer=_goal,
    steps=lambda v0, v1, v2: {
        "u0": v1 - v0,
        "u1": v2 - v1,
        "ratio": (v2 - v1) / (v1 - v0),
        "left": 1 - (v2 - v1) / (v1 - v0),
        "way": (v1 - v0) / (1 - (v2 - v1) / (v1 - v0)),
    },
    hints=(
        "How long are the two steps, and what part of the first is the second?",
        "The steps are a geometric series: $u (1 + \\rho + \\rho^2 + \\dots) = u / (1 - \\rho)$.",
    ),
    solution="The steps are <u0> and <u1>, so $\\rho = <u1> / <u0> = <ratio>$. From the first "
    "value the whole way is $<u0> / (1 - <ratio>) = <u0> / <left> \\approx <way:.4f>$, so it ends "
    "at $<v0> + <way:.4f> \\approx <right_1:.3f>$.",
    mistakes=(
        Mistake(
            "That is one iteration further. The steps go on.",
            lambda v0, v1, v2: (v2 + (v2 - v1) ** 2 / (v1 - v0),),
        ),
        Mistake(
            "The whole way begins at the first value. From the last, the first step left is "
            "$\\rho$ times the second.",
            lambda v0, v1, v2: (v2 + (v2 - v1) / (1 - (v2 - v1) / (v1 - v0)),),
        ),
        Mistake(
            "That is the length of the way. Add it to where the run began.",
            lambda v0, v1, v2: (_goal(v0, v1, v2)[0] - v0,),
        ),
        Mistake(
            "The second step was taken once more. It shrinks.",
            lambda v0, v1, v2: (v2 + (v2 - v1),),
        ),
    ),
)


def _run_so_far(rng: np.random.Generator) -> Numbers:
    v0 = between(rng, 1, 9)
    u0 = pick(rng, 0.1, 0.2, 0.4, 0.5, 0.8, 1)
    ratio = pick(rng, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    return {"v0": v0, "v1": v0 + u0, "v2": v0 + u0 + u0 * ratio, "m": between(rng, 4, 9)}


def _more(v0: float, v1: float, v2: float, m: int) -> float:
    """How many more iterations, as a number that is to be rounded up."""
    ratio = (v2 - v1) / (v1 - v0)
    error = (v2 - v1) * ratio / (1 - ratio)
    return log(10.0**-m / error) / log(ratio)


def _rate_and_more(v0: float, v1: float, v2: float, m: int) -> tuple[float, float]:
    wanted = _more(v0, v1, v2, m)
    if abs(wanted - round(wanted)) < 0.03:
        return float("nan"), float("nan")  # rounding on the way would decide: drawn again
    return (v2 - v1) / (v1 - v0), float(ceil(wanted))


RATE = ByHand(
    name="rate",
    title="A rate, and how long it still takes",
    chapter=14,
    question="Three values of a run that follow each other are <v0>, <v1> and <v2>, and its error "
    "shrinks by a constant factor. What is the rate? And how many more iterations does it take "
    "until the error is at most $10^{-<m>}$?",
    fields=(Field("rate", 3), Field("iterations", 0)),
    draw=_run_so_far,
    answer=_rate_and_more,
    steps=lambda v0, v1, v2, m: {
        "u0": v1 - v0,
        "u1": v2 - v1,
        "error": (v2 - v1) ** 2 / (v1 - v0) / (1 - (v2 - v1) / (v1 - v0)),
        "wanted": _more(v0, v1, v2, m),
    },
    hints=(
        "The steps shrink by the same factor as the errors.",
        "What is still missing is the sum of all steps to come, $\\rho u_1 / (1 - \\rho)$; each "
        "iteration multiplies it by $\\rho$.",
    ),
    solution="The steps are <u0> and <u1>: the rate is $\\rho = <u1> / <u0> = <right_1>$. The "
    "error is now $\\rho \\cdot <u1> / (1 - \\rho) \\approx <error:.4f>$. It must be multiplied "
    "by $\\rho$ at least $\\log (10^{-<m>} / <error:.4f>) / \\log <right_1> \\approx "
    "<wanted:.2f>$ times: <right_2> iterations.",
    mistakes=(
        Mistake(
            "That is the one step over the other, the wrong way round: a rate is below 1.",
            lambda v0, v1, v2, m: ((v1 - v0) / (v2 - v1), None),
        ),
        Mistake(
            "That is the ratio of the values. It is the steps whose ratio is the rate.",
            lambda v0, v1, v2, m: (v2 / v1, None),
        ),
        Mistake(
            "That is rounded down: then the error is still a little too large.",
            lambda **n: (None, float(floor(_more(**n)))),
        ),
        Mistake(
            "That is when the *step* is so small. The error is $\\rho / (1 - \\rho)$ times the "
            "step.",
            lambda v0, v1, v2, m: (
                None,
                _unless(
                    ceil(log(10.0**-m / (v2 - v1)) / log((v2 - v1) / (v1 - v0))),
                    _more(v0, v1, v2, m),
                ),
            ),
        ),
    ),
)


def _unless(value: int, wanted: float) -> float | None:
    """A count that a mistake gives, unless the right one or its neighbour is the same."""
    return None if value in (ceil(wanted), floor(wanted)) else float(value)


def _tosses_missing(rng: np.random.Generator) -> Numbers:
    return {
        "n": pick(rng, 20, 25, 40, 50, 80, 100),
        "p": pick(rng, *(i / 10 for i in range(1, 10))),
        "f": pick(rng, 0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9),
    }


def _error(n: int, p: float, f: float) -> tuple[float]:
    return (1 / sqrt((1 - f) * n / (p * (1 - p))),)


STANDARD_ERROR = ByHand(
    name="standard-error",
    title="A standard error with something missing",
    chapter=14,
    question="If its <n> tosses were known, a coin with $\\theta = <p>$ would have the information "
    "$n / (\\theta (1 - \\theta))$. Its labels are not seen, and EM converges with rate <f>: this "
    "part of the information is missing. What is the standard error of $\\theta$?",
    fields=(Field("standard error", 4),),
    draw=_tosses_missing,
    answer=_error,
    steps=lambda n, p, f: {
        "q": 1 - p,
        "all": n / (p * (1 - p)),
        "left": 1 - f,
        "seen": (1 - f) * n / (p * (1 - p)),
    },
    hints=(
        "What is observed is what is not missing.",
        "The standard error is one over the root of the observed information.",
    ),
    solution="The complete information is $<n> / (<p> \\cdot <q>) \\approx <all:.2f>$. The part "
    "$1 - <f> = <left>$ of it is observed, <seen:.2f>, and the standard error is $1 / "
    "\\sqrt{<seen:.2f>} \\approx <right_1:.4f>$.",
    mistakes=(
        Mistake(
            "That is the standard error if nothing were missing.",
            lambda n, p, f: (_error(n, p, 0)[0],),
        ),
        Mistake(
            "That is with the *missing* information. What is left of it?",
            lambda n, p, f: (_error(n, p, 1 - f)[0],),
        ),
        Mistake(
            "That is the variance. The standard error is its root.",
            lambda n, p, f: (_error(n, p, f)[0] ** 2,),
        ),
        Mistake(
            "The missing part was added to the information. It makes it smaller.",
            lambda n, p, f: (1 / sqrt((1 + f) * n / (p * (1 - p))),),
        ),
        Mistake(
            "The standard error grows as one over the *root* of what is observed.",
            lambda n, p, f: (_error(n, p, 0)[0] / (1 - f),),
        ),
    ),
)


# --- starts -------------------------------------------------------------------------------------


def _chance_and_risk(rng: np.random.Generator) -> Numbers:
    return {
        "p": pick(rng, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4),
        "e": pick(rng, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.001),
    }


def _starts(p: float, e: float) -> tuple[float]:
    return (float(ceil(log(e) / log(1 - p))),)


STARTS_NEEDED = ByHand(
    name="starts-needed",
    title="Enough starts",
    chapter=17,
    question="A start finds the best maximum with probability <p>. How many starts are needed so "
    "that all of them miss it with a probability of at most <e>?",
    fields=(Field("starts", 0),),
    draw=_chance_and_risk,
    answer=_starts,
    steps=lambda p, e: {"q": 1 - p, "s": log(e) / log(1 - p)},
    hints=("With what probability do $s$ starts miss it, one after the other?",),
    solution="$s$ starts miss it with probability $<q>^s$. That is at most <e> from $s = \\log "
    "<e> / \\log <q> \\approx <s:.2f>$ on: <right_1> starts.",
    mistakes=(
        Mistake(
            "That is rounded down: then the risk is a little too large.",
            lambda p, e: (float(floor(log(e) / log(1 - p))),),
        ),
        Mistake(
            "That many find it *once on the average*. It is still missed too often.",
            lambda p, e: (_unless(round(1 / p), log(e) / log(1 - p)),),
        ),
        Mistake(
            "That is by how often a start *finds* it. What is wanted is that all miss it.",
            lambda p, e: (_unless(ceil(log(e) / log(p)), log(e) / log(1 - p)),),
        ),
    ),
)


def _ends(rng: np.random.Generator) -> Numbers:
    once = between(rng, 2, 7)
    often = between(rng, 2, 5)
    starts = once + 2 * often + between(rng, 1, 15)
    return {"s": starts, "o": once, "m": often, "k": once + often}


UNSEEN = ByHand(
    name="unseen",
    title="What no start has found yet",
    chapter=17,
    question="<s> starts ended at <k> different maxima: <o> of these were found once, the other "
    "<m> more often. How likely is it, by Good and Turing's rule, that the next start finds a new "
    "one?",
    fields=(Field("chance", 3),),
    draw=_ends,
    answer=lambda s, o, **_: (o / s,),
    steps=lambda **_: {},
    hints=("What was found once was new a moment ago: how often did that happen?",),
    solution="The maxima that were found once stand for those not found: $<o> / <s> \\approx "
    "<right_1:.3f>$.",
    mistakes=(
        Mistake(
            "That is the part of the *maxima* that were found once. Divide by the starts.",
            lambda o, k, **_: (o / k,),
        ),
        Mistake(
            "All the maxima were counted. Those that were found more often say little about new "
            "ones.",
            lambda s, k, **_: (k / s,),
        ),
        Mistake(
            "Those that were found more often were counted. It is those found *once* that count.",
            lambda s, m, **_: (m / s,),
        ),
    ),
)
