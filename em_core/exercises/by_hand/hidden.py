"""Exercises by hand whose hidden part is no label of a row: a path, or a number that is lost."""

from __future__ import annotations

from collections.abc import Callable
from math import exp
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
from em_core.exercises.tasks.holes import HOLE, HOLES_COVARIANCE

# --- a chain ------------------------------------------------------------------------------------


def _diary(rng: np.random.Generator) -> Numbers:
    return {
        "h": pick(rng, 0.5, 0.6, 0.7, 0.8, 0.9),
        "c": pick(rng, 0.1, 0.2, 0.3, 0.4),
        "s": pick(rng, 0.6, 0.7, 0.8, 0.9),
        **{f"y{i}": between(rng, 0, 1) for i in (1, 2, 3)},
    }


def _stays(hot: float, s: float) -> float:
    """How probable a hot day is after one that was so probably hot."""
    return hot * s + (1 - hot) * (1 - s)


def _forward(h: float, c: float, s: float, **days: int) -> tuple[float, float, float]:
    """Each day is Bayes' rule for two coins, whose weights come from the day before."""
    hot, product, found = 0.5, 1.0, []
    for y in days.values():
        coins, day = CoinParams([h, c], [hot, 1 - hot]), [(y, 1 - y)]
        shares, log_likelihood = e_step(CoinMixture().log_joint(np.array(day), coins))
        product *= exp(log_likelihood)
        found.append(float(shares[0, 0]))
        hot = _stays(found[-1], s)
    return found[1], found[2], product


def _in_steps(
    h: float,
    c: float,
    s: float,
    predict: Callable[[float, float], float] = _stays,
    **days: int,
) -> Numbers:
    """What the pass consists of; with what mistakes make of a prediction."""
    known: Numbers = {"m": 1 - s}
    hot = 0.5
    for i, y in enumerate(days.values(), start=1):
        e, f = (h, c) if y else (1 - h, 1 - c)
        total = hot * e + (1 - hot) * f
        known |= {f"e{i}": e, f"f{i}": f, f"p{i}": hot, f"q{i}": 1 - hot, f"c{i}": total}
        known |= {f"a{i}": hot * e / total, f"n{i}": 1 - hot * e / total}
        hot = predict(hot * e / total, s)
    return known


def _predicting(
    predict: Callable[[float, float], float],
) -> Callable[..., tuple[float, float, float]]:
    """What is found where a day is predicted so: by mistakes otherwise than it stays."""

    def gives(**n: Any) -> tuple[float, float, float]:
        known = _in_steps(**n, predict=predict)
        return known["a2"], known["a3"], known["c1"] * known["c2"] * known["c3"]

    return gives


def _of_two_days(names: str, **n: Any) -> Values:
    """What the pass has of the last two days, by the names' letter."""
    known = _in_steps(**n)
    return known[f"{names}2"], known[f"{names}3"], None


def _joint_with_the_diary(**n: Any) -> Values:
    known = _in_steps(**n)
    two = known["c1"] * known["c2"]
    return known["a2"] * two, known["a3"] * two * known["c3"], None


FORWARD_PASS = ByHand(
    name="forward-pass",
    title="A forward pass of three steps",
    chapter=18,
    question="The first day is hot or cold with probability ½ each, and from day to day the "
    "weather stays as it is with probability <s>. An ice cream is eaten on a hot day with "
    "probability <h>, on a cold day with <c>. The diary of three days says $<y1>, <y2>, <y3>$, "
    "where 1 is an ice cream and 0 is none. Let $a_i$ be the probability that day $i$ was hot, "
    "given the diary up to that day. How much are $a_2$ and $a_3$, and how probable is the whole "
    "diary, $c_1 c_2 c_3$?",
    fields=(Field("$a_2$", 3), Field("$a_3$", 3), Field("$c_1 c_2 c_3$", 4)),
    draw=_diary,
    answer=_forward,
    steps=_in_steps,
    hints=(
        "Each day: predict, weigh by what was eaten, divide by the sum. The sum is $c_i$.",
        "Day 2 is hot, before its line of the diary is read, with probability "
        "$<s> \\cdot a_1 + <m> \\cdot (1 - a_1)$.",
    ),
    solution="What the diary says has on hot days the probabilities <e1>, <e2> and <e3>, on cold "
    "days <f1>, <f2> and <f3>. Day 1: $c_1 = 0.5 \\cdot <e1> + 0.5 \\cdot <f1> = <c1>$, and "
    "$a_1 = 0.5 \\cdot <e1> / <c1> \\approx <a1:.4f>$. Day 2 is expected to be hot with "
    "$<s> \\cdot <a1:.4f> + <m> \\cdot <n1:.4f> \\approx <p2:.4f>$, so $c_2 \\approx <p2:.4f> "
    "\\cdot <e2> + <q2:.4f> \\cdot <f2> \\approx <c2:.4f>$ and $a_2 \\approx <p2:.4f> \\cdot <e2> "
    "/ <c2:.4f> \\approx <right_1:.3f>$. Day 3 likewise: <p3:.4f> is expected, $c_3 \\approx "
    "<c3:.4f>$, and $a_3 \\approx <right_2:.3f>$. The diary has the probability $<c1> \\cdot "
    "<c2:.4f> \\cdot <c3:.4f> \\approx <right_3:.4f>$.",
    mistakes=(
        Mistake(
            "The weather can change from day to day. Predict before you weigh: what was found of "
            "the day before is passed through the move.",
            _predicting(lambda hot, s: hot),
        ),
        Mistake(
            "Each day was judged by itself, as in a mixture. What was found of the day before says "
            "what to expect.",
            _predicting(lambda hot, s: 0.5),
        ),
        Mistake(
            "Staying and changing have changed places.",
            _predicting(lambda hot, s: 1 - _stays(hot, s)),
        ),
        Mistake(
            "That is how probable a *cold* day is.",
            lambda **n: _of_two_days("n", **n),
        ),
        Mistake(
            "That is the prediction. The day's own line of the diary has not been used yet.",
            lambda **n: _of_two_days("p", **n),
        ),
        Mistake(
            "That is the probability of a hot day *and* the diary so far. Divide by that of the "
            "diary.",
            _joint_with_the_diary,
        ),
        Mistake(
            "The first day's ½ is missing.",
            lambda **n: (None, None, 2 * _predicting(_stays)(**n)[2]),
        ),
    ),
)


# --- a hole -------------------------------------------------------------------------------------


def _three_rows(rng: np.random.Generator) -> Numbers:
    sxx, sxz, mx = pick(rng, 2, 4, 5), between(rng, 1, 3), between(rng, 1, 4)
    return {
        **{name: between(rng, 1, 9) for name in ("x1", "z1", "x2", "z2")},
        "x3": mx + pick(rng, -3, -2, 2, 3, 4),
        "mx": mx,
        "mz": between(rng, 2, 8),
        "sxx": sxx,
        "sxz": sxz,
        "szz": between(rng, sxz**2 // int(sxx) + 1, 9),
    }


def _hole(x3: float, mx: float, mz: float, sxx: float, sxz: float, szz: float) -> tuple[float, ...]:
    """What is expected of the lost number, and its variance."""
    mean, covariance = np.array([mx, mz]), np.array([[sxx, sxz], [sxz, szz]])
    expected, variance = HOLE.oracle(mean, covariance, x3)
    return float(expected), float(variance)


def _updated(z1: float, z2: float, expected: float, variance: float) -> tuple[float, float, float]:
    """The expectation, and the column's new mean and variance."""
    filled = np.array([[z1], [z2], [expected]])
    spreads = np.array([0, 0, variance]).reshape(3, 1, 1)
    return expected, float(filled.mean()), float(HOLES_COVARIANCE.oracle(filled, spreads)[0, 0])


def _iterated(z1: float, z2: float, x1: float, x2: float, **hole: float) -> tuple[float, ...]:
    return _updated(z1, z2, *_hole(**hole))


def _with(expected: Callable[..., float]) -> Callable[..., Values]:
    """A mistake in the expectation, from which all else follows."""

    def gives(z1: float, z2: float, x1: float, x2: float, **hole: float) -> Values:
        return _updated(z1, z2, expected(**hole), _hole(**hole)[1])

    return gives


def _variance(spread: Callable[[float], float]) -> Callable[..., Values]:
    """A mistake in what the hole adds to the variance."""

    def gives(z1: float, z2: float, x1: float, x2: float, **hole: float) -> Values:
        expected, variance = _hole(**hole)
        return None, None, _updated(z1, z2, expected, spread(variance))[2]

    return gives


def _hole_in_steps(z1: float, z2: float, x1: float, x2: float, **hole: float) -> Numbers:
    expected, variance = _hole(**hole)
    _, mean, _ = _updated(z1, z2, expected, variance)
    squares = {f"s{i}": (z - mean) ** 2 for i, z in enumerate((z1, z2, expected), start=1)}
    return squares | {"b": hole["sxz"] / hole["sxx"], "v": variance}


HOLE_ITERATION = ByHand(
    name="hole-iteration",
    title="An iteration with a hole",
    chapter=19,
    question="Of three rows $(x, z)$ the last has lost its second number: $(<x1>, <z1>)$, "
    "$(<x2>, <z2>)$ and $(<x3>, \\cdot)$. At present the means are $\\mu_x = <mx>$ and $\\mu_z = "
    "<mz>$, and $\\Sigma_{xx} = <sxx>$, $\\Sigma_{xz} = <sxz>$, $\\Sigma_{zz} = <szz>$. What does "
    "the E-step expect in the hole, and what does the M-step give for $\\mu_z$ and "
    "$\\Sigma_{zz}$?",
    fields=(
        Field("expected $z$", 2),
        Field("new $\\mu_z$", 3),
        Field("new $\\Sigma_{zz}$", 3),
    ),
    draw=_three_rows,
    answer=_iterated,
    steps=_hole_in_steps,
    hints=(
        "The expectation lies on the line through $(\\mu_x, \\mu_z)$ with the slope "
        "$\\Sigma_{xz} / \\Sigma_{xx}$.",
        "The M-step averages squares. The hole's has two parts: that of its expectation, and the "
        "variance that $x$ does not explain, $\\Sigma_{zz} - \\Sigma_{xz}^2 / \\Sigma_{xx}$.",
    ),
    solution="The slope is $b = <sxz> / <sxx> = <b>$, so $<mz> + <b> \\cdot (<x3> - <mx>) = "
    "<right_1>$ is expected, with the variance $<szz> - <b> \\cdot <sxz> = <v>$. The new mean is "
    "$(<z1> + <z2> + <right_1>) / 3 \\approx <right_2:.3f>$. The squares about it are <s1:.4f>, "
    "<s2:.4f> and <s3:.4f>; with the <v> that the hole hides, over 3, the new variance is "
    "<right_3:.3f>.",
    mistakes=(
        Mistake(
            "The filled table was taken for data. What the hole hides has a variance of its own.",
            _variance(lambda variance: 0),
        ),
        Mistake(
            "The hole's variance was added whole. It is one row of three.",
            _variance(lambda variance: 3 * variance),
        ),
        Mistake(
            "Divided by 2. EM maximises a likelihood: the mean of squares is over $n$.",
            lambda **n: (None, None, 1.5 * _iterated(**n)[2]),
        ),
        Mistake(
            "The squares are about the old mean. The M-step's are about the new one.",
            lambda z1, z2, mz, **n: (
                None,
                None,
                (v := _iterated(z1=z1, z2=z2, mz=mz, **n))[2] + (v[1] - mz) ** 2,
            ),
        ),
        Mistake(
            "The slope has what is *seen* below: $\\Sigma_{xz} / \\Sigma_{xx}$.",
            _with(lambda x3, mx, mz, sxx, sxz, szz: mz + sxz / szz * (x3 - mx)),
        ),
        Mistake(
            "The slope is multiplied by how far $x$ is from its *mean*.",
            _with(lambda x3, mx, mz, sxx, sxz, szz: mz + sxz / sxx * x3),
        ),
        Mistake(
            "The hole got the present mean of its column. Its row's $x$ says something, too.",
            _with(lambda mz, **_: mz),
        ),
        Mistake(
            "The row with the hole was left out. Its $x$ says something of its $z$.",
            lambda z1, z2, **_: (None, (z1 + z2) / 2, (z1 - z2) ** 2 / 4),
        ),
    ),
)
