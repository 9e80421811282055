"""Exercises by hand about coins, labelled and not."""

from __future__ import annotations

from math import comb, exp, factorial, log, log10, prod
from typing import Any

import numpy as np

from em_core.coins import CoinMixture, CoinParams
from em_core.em import e_step
from em_core.exercises.by_hand.template import (
    ByHand,
    Field,
    Mistake,
    Numbers,
    Values,
    between,
    pick,
)
from em_core.worth import log_density, responsibilities

TENTHS = tuple(i / 10 for i in range(1, 10))


def _tossed(heads: int, tails: int, theta: float) -> float:
    """The probability of a sequence with these counts."""
    return float(theta**heads * (1 - theta) ** tails)


# --- labels seen --------------------------------------------------------------------------------


def _labelled_samples(rng: np.random.Generator) -> Numbers:
    n1, n2, n3 = between(rng, 2, 6), between(rng, 7, 20), between(rng, 4, 12)
    return {
        "n1": n1,
        "h1": between(rng, 1, n1),
        "n2": n2,
        "h2": between(rng, 1, n2 - 1),
        "n3": n3,
        "h3": between(rng, 1, n3 - 1),
    }


def _labelled(h1: int, n1: int, h2: int, n2: int, h3: int, n3: int) -> tuple[float]:
    x = np.array([(h1, n1 - h1), (h2, n2 - h2), (h3, n3 - h3)])
    seen = np.array([(1.0, 0.0), (1.0, 0.0), (0.0, 1.0)])
    new = CoinMixture().m_step(x, seen, CoinParams([0.5, 0.5], [0.5, 0.5]))
    return (float(new.theta[0]),)


LABELLED = ByHand(
    name="labelled-coin",
    title="Samples of unequal length",
    chapter=2,
    question="Of <n1> tosses of coin A <h1> came up heads, and of another <n2> tosses of it <h2>. "
    "Of <n3> tosses of coin B it was <h3>. What is the maximum-likelihood estimate of "
    "$\\theta_A$?",
    fields=(Field("$\\theta_A$", 3),),
    draw=_labelled_samples,
    answer=_labelled,
    steps=lambda h1, n1, h2, n2, **_: {"h": h1 + h2, "n": n1 + n2},
    hints=("How many tosses did coin A get, and how many of them were heads?",),
    solution="Where a line is drawn between two samples of the same coin doesn't matter: A had "
    "$<h1> + <h2> = <h>$ heads in $<n1> + <n2> = <n>$ tosses, so "
    "$\\theta_A = <h> / <n> \\approx <right_1:.3f>$. B's tosses say nothing about A.",
    mistakes=(
        Mistake(
            "That is the average of the two shares of heads. It gives a sample of a few tosses as "
            "much say as a long one: how many tosses did coin A get in all?",
            lambda h1, n1, h2, n2, **_: ((h1 / n1 + h2 / n2) / 2,),
        ),
        Mistake(
            "That is the share of tails.",
            lambda h1, n1, h2, n2, **_: (1 - (h1 + h2) / (n1 + n2),),
        ),
        Mistake(
            "That is heads over tails, the odds. A probability is heads over tosses.",
            lambda h1, n1, h2, n2, **_: (
                (h1 + h2) / (n1 + n2 - h1 - h2) if h1 + h2 < n1 + n2 else None,
            ),
        ),
        Mistake(
            "A's heads were divided by the tosses of both coins.",
            lambda h1, n1, h2, n2, n3, **_: ((h1 + h2) / (n1 + n2 + n3),),
        ),
        Mistake(
            "A's heads were divided by all the heads. By what should they be divided?",
            lambda h1, h2, h3, **_: ((h1 + h2) / (h1 + h2 + h3),),
        ),
        Mistake(
            "All tosses were put together, B's too. The labels are known: use them.",
            lambda h1, n1, h2, n2, h3, n3: ((h1 + h2 + h3) / (n1 + n2 + n3),),
        ),
    ),
)


# --- labels lost --------------------------------------------------------------------------------


def _one_sample(rng: np.random.Generator) -> Numbers:
    return {
        "h": between(rng, 1, 4),
        "t": between(rng, 1, 3),
        "a": pick(rng, *TENTHS),
        "b": pick(rng, *TENTHS),
        "w": pick(rng, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8),
    }


def _of_one(h: int, t: int, a: float, b: float, w: float) -> tuple[float]:
    params = CoinParams([a, b], [w, 1 - w])
    return (float(responsibilities(CoinMixture(), [(h, t)], params)[0, 0]),)


def _share(one: float, other: float) -> float:
    return one / (one + other)


def _joint(h: int, t: int, a: float, b: float, w: float) -> Numbers:
    one, other = _tossed(h, t, a), _tossed(h, t, b)
    return {
        "v": 1 - w,
        "ta": 1 - a,
        "tb": 1 - b,
        "one": one,
        "other": other,
        "ja": w * one,
        "jb": (1 - w) * other,
        "sum": w * one + (1 - w) * other,
    }


RESPONSIBILITY = ByHand(
    name="responsibility",
    title="A responsibility",
    chapter=3,
    question="Coin A is picked with probability <w>, otherwise coin B. A shows heads with "
    "probability $\\theta_A = <a>$, B with $\\theta_B = <b>$. Heads and tails of a sample are "
    "$(h, t) = (<h>, <t>)$. How likely is it that it came from A?",
    fields=(Field("$r_A$", 3),),
    draw=_one_sample,
    answer=_of_one,
    steps=_joint,
    hints=(
        "First the joint probabilities: the coin is picked *and* gives these tosses. Bayes' rule "
        "divides A's by the sum of both.",
        "A's is $<w> \\cdot <a>^{<h>} \\cdot <ta>^{<t>}$.",
    ),
    solution="For A, $<w> \\cdot <a>^{<h>} \\cdot <ta>^{<t>} \\approx <ja:.7f>$; for B, "
    "$<v> \\cdot <b>^{<h>} \\cdot <tb>^{<t>} \\approx <jb:.7f>$. A's share of the sum is "
    "$<ja:.7f> / <sum:.7f> \\approx <right_1:.3f>$. The binomial coefficient would stand in both "
    "and cancels.",
    mistakes=(
        Mistake(
            "The weights are missing: how likely was each coin before the tosses were seen?",
            lambda h, t, a, b, w: (_share(_tossed(h, t, a), _tossed(h, t, b)),),
        ),
        Mistake(
            "That is B's share. A's is what is left to 1.",
            lambda h, t, a, b, w: (_share((1 - w) * _tossed(h, t, b), w * _tossed(h, t, a)),),
        ),
        Mistake(
            "Only the heads were used. A tail tells something too.",
            lambda h, t, a, b, w: (_share(w * a**h, (1 - w) * b**h),),
        ),
        Mistake(
            "Heads and tails have changed places.",
            lambda h, t, a, b, w: (_share(w * _tossed(t, h, a), (1 - w) * _tossed(t, h, b)),),
        ),
        Mistake(
            "That is A's joint probability, not yet shared out: divide by the sum of both.",
            lambda h, t, a, b, w: (w * _tossed(h, t, a),),
        ),
        Mistake(
            "That is how probable the tosses are if the coin is A. Asked is the converse: how "
            "probable A is if these are the tosses.",
            lambda h, t, a, b, w: (_tossed(h, t, a),),
        ),
    ),
)


def _two_lies(h: int, t: int, a: float, b: float) -> tuple[float, float]:
    whole = float(log_density(CoinMixture(), [(h, t)], CoinParams([a, b], [0.5, 0.5]))[0])
    return whole - log(comb(h + t, h)), whole


def _halves(h: int, t: int, a: float, b: float) -> float:
    return _tossed(h, t, a) / 2 + _tossed(h, t, b) / 2


LOG_LIKELIHOOD = ByHand(
    name="log-likelihood",
    title="A log-likelihood, with and without coefficients",
    chapter=3,
    question="Two coins are picked equally often; $\\theta_A = <a>$ and $\\theta_B = <b>$. A "
    "sample has $(h, t) = (<h>, <t>)$ heads and tails, and nobody knows its coin. What is its "
    "log-likelihood as a *sequence* of tosses, and what as a *number* of heads, with the binomial "
    "coefficient? (Logarithms are natural.)",
    fields=(Field("of the sequence", 3), Field("of the number of heads", 3)),
    draw=lambda rng: {
        "h": between(rng, 1, 4),
        "t": between(rng, 1, 3),
        "a": pick(rng, *TENTHS),
        "b": pick(rng, *TENTHS),
    },
    answer=_two_lies,
    steps=lambda h, t, a, b: {
        "ta": 1 - a,
        "tb": 1 - b,
        "n": h + t,
        "one": _tossed(h, t, a),
        "other": _tossed(h, t, b),
        "mean": _halves(h, t, a, b),
        "ways": comb(h + t, h),
        "log_ways": log(comb(h + t, h)),
    },
    hints=(
        "First the probability, then its logarithm: the sum over the coins stands inside.",
        "A coefficient multiplies the probability, so its logarithm is added.",
    ),
    solution="$<a>^{<h>} \\cdot <ta>^{<t>} \\approx <one:.6f>$ and "
    "$<b>^{<h>} \\cdot <tb>^{<t>} \\approx <other:.6f>$. Half of each is <mean:.6f>, whose "
    "logarithm is <right_1:.3f>. There are $\\binom{<n>}{<h>} = <ways>$ such sequences, so "
    "$\\log <ways> \\approx <log_ways:.3f>$ is added: <right_2:.3f>. The difference doesn't depend "
    "on θ.",
    mistakes=(
        Mistake(
            "The logarithms were averaged. It is the logarithm *of* the average that is wanted; by "
            "Jensen's inequality that is more.",
            lambda h, t, a, b: (
                (v := log(_tossed(h, t, a)) / 2 + log(_tossed(h, t, b)) / 2),
                v + log(comb(h + t, h)),
            ),
        ),
        Mistake(
            "The weights are missing: each coin is picked with probability ½.",
            lambda h, t, a, b: (
                (v := log(2 * _halves(h, t, a, b))),
                v + log(comb(h + t, h)),
            ),
        ),
        Mistake(
            "That is the logarithm to base 10. Here logarithms are natural.",
            lambda h, t, a, b: (
                log10(_halves(h, t, a, b)),
                log10(_halves(h, t, a, b) * comb(h + t, h)),
            ),
        ),
        Mistake(
            "The coefficient is on the wrong side: there are more ways to a number of heads than "
            "to one sequence, so it is more probable.",
            lambda h, t, a, b: (None, log(_halves(h, t, a, b)) - log(comb(h + t, h))),
        ),
        Mistake(
            "That is a probability. Its logarithm is asked for.",
            lambda h, t, a, b: (
                _halves(h, t, a, b),
                _halves(h, t, a, b) * comb(h + t, h),
            ),
        ),
    ),
)


# --- the M-step ---------------------------------------------------------------------------------


def _two_shared(rng: np.random.Generator) -> Numbers:
    n1, n2 = between(rng, 2, 9), between(rng, 10, 20)
    return {
        "n1": n1,
        "h1": between(rng, 1, n1),
        "n2": n2,
        "h2": between(rng, 1, n2 - 1),
        "r1": pick(rng, *TENTHS),
        "r2": pick(rng, *TENTHS),
    }


def _expected(h1: int, n1: int, h2: int, n2: int, r1: float, r2: float) -> tuple[float, float]:
    x = np.array([(h1, n1 - h1), (h2, n2 - h2)])
    r = np.array([(r1, 1 - r1), (r2, 1 - r2)])
    new = CoinMixture().m_step(x, r, CoinParams([0.5, 0.5], [0.5, 0.5]))
    return float(r[:, 0] @ x[:, 0]), float(new.theta[0])


EXPECTED_COUNTS = ByHand(
    name="expected-counts",
    title="Expected counts, and new coins",
    chapter=5,
    question="In one sample <h1> of <n1> tosses came up heads, and A's responsibility for it is "
    "<r1>. In another it was <h2> of <n2>, with responsibility <r2>. How many heads does A expect "
    "to have, and what does the M-step give for $\\theta_A$?",
    fields=(Field("heads of A, $H_A$", 2), Field("$\\theta_A$", 3)),
    draw=_two_shared,
    answer=_expected,
    steps=lambda h1, n1, h2, n2, r1, r2: {"n": r1 * n1 + r2 * n2},
    hints=(
        "Each sample is shared out: A gets the part $r$ of its heads *and* of its tosses.",
        "$\\theta_A$ is A's expected heads over A's expected tosses.",
    ),
    solution="$H_A = <r1> \\cdot <h1> + <r2> \\cdot <h2> = <right_1:.2f>$ heads in "
    "$<r1> \\cdot <n1> + <r2> \\cdot <n2> = <n:.1f>$ tosses, so "
    "$\\theta_A = <right_1:.2f> / <n:.1f> \\approx <right_2:.3f>$.",
    mistakes=(
        Mistake(
            "Each sample went to one coin altogether. A responsibility of 0.6 is worth 0.6 of the "
            "tosses.",
            lambda h1, n1, h2, n2, r1, r2: (
                h1 * (r1 > 0.5) + h2 * (r2 > 0.5),
                _quotient(
                    h1 * (r1 > 0.5) + h2 * (r2 > 0.5),
                    n1 * (r1 > 0.5) + n2 * (r2 > 0.5),
                ),
            ),
        ),
        Mistake(
            "These are the heads of both coins, not shared out.",
            lambda h1, n1, h2, n2, r1, r2: (h1 + h2, (h1 + h2) / (n1 + n2)),
        ),
        Mistake(
            "These are B's. A's responsibilities are given.",
            lambda h1, n1, h2, n2, r1, r2: (
                (h := (1 - r1) * h1 + (1 - r2) * h2),
                h / ((1 - r1) * n1 + (1 - r2) * n2),
            ),
        ),
        Mistake(
            "The heads were shared out, the tosses weren't. How many tosses does A expect to have?",
            lambda h1, n1, h2, n2, r1, r2: (None, (r1 * h1 + r2 * h2) / (n1 + n2)),
        ),
        Mistake(
            "That is a weighted average of the two shares of heads. It is heads and tosses that "
            "are shared out: a long sample counts for more.",
            lambda h1, n1, h2, n2, r1, r2: (
                None,
                (r1 * h1 / n1 + r2 * h2 / n2) / (r1 + r2),
            ),
        ),
    ),
)


def _quotient(above: float, below: float) -> float | None:
    return above / below if below else None


def _two_unseen(rng: np.random.Generator) -> Numbers:
    n1, n2 = 2, between(rng, 3, 4)
    return {
        "h1": between(rng, 0, n1),
        "n1": n1,
        "h2": between(rng, 0, n2),
        "n2": n2,
        "a": pick(rng, 0.6, 0.7, 0.8),
        "b": pick(rng, 0.2, 0.3, 0.4, 0.5),
    }


def _iterated(h1: int, n1: int, h2: int, n2: int, a: float, b: float) -> tuple[float, float]:
    x = np.array([(h1, n1 - h1), (h2, n2 - h2)])
    model, start = CoinMixture(), CoinParams([a, b], [0.5, 0.5])
    new = model.m_step(x, responsibilities(model, x, start), start)
    return float(new.theta[0]), float(new.theta[1])


def _shares(h1: int, n1: int, h2: int, n2: int, a: float, b: float) -> tuple[float, float]:
    return (
        _share(_tossed(h1, n1 - h1, a), _tossed(h1, n1 - h1, b)),
        _share(_tossed(h2, n2 - h2, a), _tossed(h2, n2 - h2, b)),
    )


def _sums_of_both(**n: Any) -> tuple[float, float]:
    sums = _iteration_in_steps(**n)
    return sums["ha"] / sums["na"], sums["hb"] / sums["nb"]


def _iteration_in_steps(**n: Any) -> Numbers:
    r1, r2 = _shares(**n)
    return {
        "r1": r1,
        "r2": r2,
        "s1": 1 - r1,
        "s2": 1 - r2,
        "t1": n["n1"] - n["h1"],
        "t2": n["n2"] - n["h2"],
        "ha": r1 * n["h1"] + r2 * n["h2"],
        "na": r1 * n["n1"] + r2 * n["n2"],
        "hb": (1 - r1) * n["h1"] + (1 - r2) * n["h2"],
        "nb": (1 - r1) * n["n1"] + (1 - r2) * n["n2"],
    }


def _by_labels(h1: int, n1: int, h2: int, n2: int, a: float, b: float) -> Values:
    r1, r2 = (round(r) for r in _shares(h1, n1, h2, n2, a, b))
    return (
        _quotient(r1 * h1 + r2 * h2, r1 * n1 + r2 * n2),
        _quotient((1 - r1) * h1 + (1 - r2) * h2, (1 - r1) * n1 + (1 - r2) * n2),
    )


def _by_shares(h1: int, n1: int, h2: int, n2: int, a: float, b: float) -> Values:
    r1, r2 = _shares(h1, n1, h2, n2, a, b)
    return (
        (r1 * h1 / n1 + r2 * h2 / n2) / (r1 + r2),
        ((1 - r1) * h1 / n1 + (1 - r2) * h2 / n2) / (2 - r1 - r2),
    )


def _by_all_tosses(h1: int, n1: int, h2: int, n2: int, a: float, b: float) -> Values:
    r1, r2 = _shares(h1, n1, h2, n2, a, b)
    heads = r1 * h1 + r2 * h2
    return heads / (n1 + n2), (h1 + h2 - heads) / (n1 + n2)


ONE_ITERATION = ByHand(
    name="one-iteration",
    title="One whole iteration",
    chapter=5,
    question="Two coins, picked equally often, start at $\\theta_A = <a>$ and $\\theta_B = <b>$. "
    "In one sample <h1> of <n1> tosses came up heads, in another <h2> of <n2>. Where are the coins "
    "after one iteration of EM?",
    fields=(Field("$\\theta_A$", 3), Field("$\\theta_B$", 3)),
    draw=_two_unseen,
    answer=_iterated,
    steps=_iteration_in_steps,
    hints=(
        "E-step: A's responsibility for each sample, from the probabilities of its tosses.",
        "M-step: expected heads over expected tosses, for each coin. B has what A leaves. Keep "
        "five digits on the way.",
    ),
    solution="*E-step.* A's responsibilities are <r1:.4f> for the first sample and <r2:.4f> for "
    "the second; B's are <s1:.4f> and <s2:.4f>.\n\n*M-step.* A has <ha:.4f> expected heads in "
    "<na:.4f> tosses, so $\\theta_A \\approx <right_1:.3f>$. B has <hb:.4f> in <nb:.4f>, so "
    "$\\theta_B \\approx <right_2:.3f>$.",
    mistakes=(
        Mistake(
            "Each sample went to its likelier coin altogether: hard labels. EM shares it out.",
            _by_labels,
        ),
        Mistake(
            "The shares of heads were averaged. It is heads and tosses that are shared out: a long "
            "sample counts for more.",
            _by_shares,
        ),
        Mistake(
            "The coin's heads were divided by the tosses of both coins.",
            _by_all_tosses,
        ),
        Mistake(
            "The coins have changed places.",
            lambda **n: _sums_of_both(**n)[::-1],
        ),
    ),
)


# --- in code, and several starts ----------------------------------------------------------------


def _three_shared(rng: np.random.Generator) -> Numbers:
    return {f"n{i}": between(rng, 2, 20) for i in (1, 2, 3)} | {
        f"r{i}": pick(rng, *TENTHS) for i in (1, 2, 3)
    }


def _weight(n1: int, n2: int, n3: int, r1: float, r2: float, r3: float) -> tuple[float]:
    x = np.array([(n, 0) for n in (n1, n2, n3)])
    r = np.array([(r, 1 - r) for r in (r1, r2, r3)])
    new = CoinMixture(fit_weights=True).m_step(x, r, CoinParams([0.5, 0.5], [0.5, 0.5]))
    return (float(new.weights[0]),)


FREE_WEIGHTS = ByHand(
    name="free-weights",
    title="Free weights",
    chapter=6,
    question="Three samples have <n1>, <n2> and <n3> tosses, and A's responsibilities for them are "
    "<r1>, <r2> and <r3>. The weights are to be estimated too. What does the M-step give for "
    "$w_A$?",
    fields=(Field("$w_A$", 3),),
    draw=_three_shared,
    answer=_weight,
    steps=lambda r1, r2, r3, **_: {"r": r1 + r2 + r3},
    hints=("How often is a coin *picked*: once for each toss, or once for each sample?",),
    solution="A coin is picked once for each sample, however long the sample is: $w_A = "
    "(<r1> + <r2> + <r3>) / 3 = <r> / 3 \\approx <right_1:.3f>$. The numbers of tosses have no "
    "part in it.",
    mistakes=(
        Mistake(
            "The samples were weighted by their tosses. A coin is picked once for each sample, "
            "however long it is.",
            lambda n1, n2, n3, r1, r2, r3: ((n1 * r1 + n2 * r2 + n3 * r3) / (n1 + n2 + n3),),
        ),
        Mistake(
            "That is the sum of the responsibilities, and the weights must sum to one.",
            lambda r1, r2, r3, **_: (r1 + r2 + r3,),
        ),
        Mistake(
            "Each sample was counted for its likelier coin. Add up the responsibilities.",
            lambda r1, r2, r3, **_: (((r1 > 0.5) + (r2 > 0.5) + (r3 > 0.5)) / 3,),
        ),
        Mistake(
            "That is B's weight.",
            lambda r1, r2, r3, **_: (1 - (r1 + r2 + r3) / 3,),
        ),
    ),
)


def _groups(rng: np.random.Generator) -> Numbers:
    a, b, c = between(rng, 1, 4), between(rng, 1, 3), between(rng, 2, 3)
    return {"a": a, "b": b, "c": c, "k": a + b + c}


def _copies(a: int, b: int, c: int) -> tuple[float]:
    return (float(factorial(a) * factorial(b) * factorial(c)),)


COPIES = ByHand(
    name="copies",
    title="Copies of a peak",
    chapter=7,
    question="The weights of a mixture of <k> coins are *fixed*, and equal within groups of <a>, "
    "<b> and <c> coins. A peak of the likelihood has <k> different $\\theta_j$. How many equal "
    "peaks are there at least, itself included?",
    fields=(Field("peaks", 0),),
    draw=_groups,
    answer=lambda a, b, c, k: _copies(a, b, c),
    steps=lambda **_: {},
    hints=("Which coins may change names without changing the likelihood?",),
    solution="Only coins of equal weight may change names. <a> of them can be named in $<a>!$ "
    "orders, and so on: $<a>! \\cdot <b>! \\cdot <c>! = <right_1>$.",
    mistakes=(
        Mistake(
            "That holds if the weights are equal, or free. Here they are fixed and differ: which "
            "coins may still change names?",
            lambda k, **_: (factorial(k),),
        ),
        Mistake(
            "The groups' sizes were multiplied. In how many *orders* can a group be named?",
            lambda a, b, c, k: (a * b * c,),
        ),
        Mistake(
            "The orders of the groups were added. Each goes with each of the others.",
            lambda a, b, c, k: (factorial(a) + factorial(b) + factorial(c),),
        ),
    ),
)


# --- several coins in a row ---------------------------------------------------------------------


def _three_judges(rng: np.random.Generator) -> Numbers:
    return {
        "w": pick(rng, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8),
        **{f"{side}{i}": pick(rng, *TENTHS) for side in "ab" for i in (1, 2, 3)},
        **{f"y{i}": between(rng, 0, 1) for i in (1, 2, 3)},
    }


def _said(side: str, n: dict[str, Any]) -> list[float]:
    """How probable what each judge said is in a class, ``a`` the first or ``b`` the second."""
    return [_tossed(n[f"y{i}"], 1 - n[f"y{i}"], n[f"{side}{i}"]) for i in (1, 2, 3)]


def _argument_and_posterior(**n: Any) -> tuple[float, float]:
    one, other = (np.log(_said(side, n)) for side in "ab")
    shares, _ = e_step(np.array([[log(1 - n["w"]) + one.sum(), log(n["w"]) + other.sum()]]))
    return float(other[0] - one[0]), float(shares[0, 1])


def _argument(**n: Any) -> float:
    return log(_said("b", n)[0] / _said("a", n)[0])


def _second(w: float, **n: Any) -> float:
    return _share(w * prod(_said("b", n)), (1 - w) * prod(_said("a", n)))


def _judges_in_steps(w: float, **n: Any) -> Numbers:
    one, other = _said("a", n), _said("b", n)
    known = {"v": 1 - w, "ja": (1 - w) * prod(one), "jb": w * prod(other)}
    known |= {f"p{i}": value for i, value in enumerate(one, start=1)}
    return known | {f"q{i}": value for i, value in enumerate(other, start=1)}


def _by_yes_alone(w: float, **n: Any) -> Values:
    yes = [i for i in (1, 2, 3) if n[f"y{i}"]]
    one, other = (prod(n[f"{side}{i}"] for i in yes) for side in "ab")
    return None, _share(w * other, (1 - w) * one)


def _all_yes(**n: Any) -> Values:
    said = n | {"y1": 1, "y2": 1, "y3": 1}
    return None if n["y1"] else _argument(**said), _second(**said)


JUDGES = ByHand(
    name="judges",
    title="Three judges",
    chapter=20,
    question="A slide is of class 2 with probability <w>, else of class 1. Three judges say yes "
    "with the probabilities <a1>, <a2>, <a3> in class 1 and <b1>, <b2>, <b3> in class 2. A slide "
    "gets $<y1>, <y2>, <y3>$, where 1 is a yes and 0 is a no. What is the first judge's argument "
    "for class 2, the natural logarithm of how much more probable that answer is there than in "
    "class 1? And how probable is class 2?",
    fields=(Field("argument", 3), Field("$r_2$", 3)),
    draw=_three_judges,
    answer=_argument_and_posterior,
    steps=_judges_in_steps,
    hints=(
        "The probability of a no is what that of a yes leaves to 1.",
        "Given the class each judge is a coin of his or her own: multiply, with the class's share.",
    ),
    solution="What the judges said has in class 1 the probabilities <p1>, <p2> and <p3>, in class "
    "2 <q1>, <q2> and <q3>. The first argument is $\\log (<q1> / <p1>) \\approx <right_1:.3f>$. "
    "The joint probabilities are $<v> \\cdot <p1> \\cdot <p2> \\cdot <p3> \\approx <ja:.6f>$ and "
    "$<w> \\cdot <q1> \\cdot <q2> \\cdot <q3> \\approx <jb:.6f>$, and class 2's part of their sum "
    "is <right_2:.3f>.",
    mistakes=(
        Mistake(
            "That is for class 1.",
            lambda **n: (-_argument(**n), 1 - _second(**n)),
        ),
        Mistake(
            "The shares are missing: how likely was each class before anybody spoke?",
            lambda **n: (None, _second(**n | {"w": 0.5})),
        ),
        Mistake(
            "Only those who said yes were heard. A no tells something, too.",
            _by_yes_alone,
        ),
        Mistake(
            "A no was counted as a yes. Its probability is what is left to 1.",
            _all_yes,
        ),
        Mistake(
            "That is to base 10. Here logarithms are natural.",
            lambda **n: (_argument(**n) / log(10), None),
        ),
        Mistake(
            "That is the quotient. The argument is its logarithm, so that arguments add up.",
            lambda **n: (exp(_argument(**n)), None),
        ),
    ),
)
