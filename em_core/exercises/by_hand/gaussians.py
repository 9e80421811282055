"""Exercises by hand about Gaussians, waiting times, and sums that add up."""

from __future__ import annotations

from math import exp, sqrt

import numpy as np

from em_core.exercises.by_hand.template import (
    ByHand,
    Field,
    Mistake,
    Numbers,
    Values,
    between,
    pick,
)
from em_core.gaussians import GaussianMixture, GaussianParams
from em_core.priors import GaussianPrior
from em_core.survey import Survey
from em_core.worth import responsibilities

# --- the E-step ---------------------------------------------------------------------------------


def _two_bells(rng: np.random.Generator) -> Numbers:
    m = between(rng, 0, 4)
    return {
        "x": between(rng, 0, 9),
        "m": m,
        "c": m + between(rng, 2, 5),
        "s": pick(rng, 1, 2, 3),
        "u": pick(rng, 1, 2, 3),
        "w": pick(rng, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8),
    }


def _of_a_point(x: int, m: int, c: int, s: int, u: int, w: float) -> tuple[float]:
    params = GaussianParams([w, 1 - w], [[m], [c]], [[[s * s]], [[u * u]]])
    return (float(responsibilities(GaussianMixture(), [[x]], params)[0, 0]),)


def _shared(x: float, m: float, c: float, s: float, u: float, w: float, how: str = "") -> float:
    """A's share, as it should be or with one of the mistakes."""
    half = 1 if how == "no half" else 0.5
    powers = (s, u) if how == "no square" else (s * s, u * u)
    below = (1, 1) if how == "no width" else (s * s, u * u) if how == "variance" else (s, u)
    a = w * exp(-half * (x - m) ** 2 / powers[0]) / below[0]
    b = (1 - w) * exp(-half * (x - c) ** 2 / powers[1]) / below[1]
    return a / (a + b)


GAUSSIAN_RESPONSIBILITY = ByHand(
    name="gaussian-responsibility",
    title="A responsibility on a line",
    chapter=8,
    question="Component A has weight $w_A = <w>$, mean <m> and standard deviation <s>; B has the "
    "other weight, mean <c> and standard deviation <u>. What is A's responsibility for the point "
    "$x = <x>$?",
    fields=(Field("$r_A$", 3),),
    draw=_two_bells,
    answer=_of_a_point,
    steps=lambda x, m, c, s, u, w: {
        "v": 1 - w,
        "za": (x - m) / s,
        "zb": (x - c) / u,
        "ja": w * exp(-(((x - m) / s) ** 2) / 2) / s,
        "jb": (1 - w) * exp(-(((x - c) / u) ** 2) / 2) / u,
        "sum": w * exp(-(((x - m) / s) ** 2) / 2) / s
        + (1 - w) * exp(-(((x - c) / u) ** 2) / 2) / u,
    },
    hints=(
        "Weight times density, for each component; then A's share of the sum.",
        "The density is $\\frac{1}{\\sigma} e^{-z^2 / 2}$ with $z = (x - \\mu) / \\sigma$, but "
        "for a factor that both have.",
    ),
    solution="In standard deviations the point is $z = <za:.4g>$ from A's mean and $<zb:.4g>$ from "
    "B's. Without $\\frac{1}{\\sqrt{2\\pi}}$, which cancels, the joints are $\\frac{<w>}{<s>} "
    "e^{-(<za:.4g>)^2 / 2} \\approx <ja:.5f>$ and $\\frac{<v>}{<u>} e^{-(<zb:.4g>)^2 / 2} \\approx "
    "<jb:.5f>$. A's share is $<ja:.5f> / <sum:.5f> \\approx <right_1:.3f>$.",
    mistakes=(
        Mistake(
            "The factor $\\frac{1}{\\sigma}$ is missing: a wide bell is a low one.",
            lambda **n: (_shared(**n, how="no width"),),
        ),
        Mistake(
            "The weights are missing.",
            lambda **n: (_shared(**(n | {"w": 0.5})),),
        ),
        Mistake(
            "The standard deviation in the exponent was not squared.",
            lambda **n: (_shared(**n, how="no square"),),
        ),
        Mistake(
            "The factor ½ in the exponent is missing.",
            lambda **n: (_shared(**n, how="no half"),),
        ),
        Mistake(
            "The factor in front is one over the standard deviation, not over the variance.",
            lambda **n: (_shared(**n, how="variance"),),
        ),
        Mistake(
            "That is B's share.",
            lambda **n: (1 - _shared(**n),),
        ),
    ),
)


# --- the M-step ---------------------------------------------------------------------------------


def _three_points(rng: np.random.Generator) -> Numbers:
    x = between(rng, 0, 3)
    y = x + between(rng, 1, 4)
    return {
        "x": x,
        "y": y,
        "z": y + between(rng, 1, 4),
        "r": pick(rng, 0.2, 0.4, 0.5, 0.6, 0.8, 1),
        "s": pick(rng, 0.2, 0.4, 0.5, 0.6, 0.8),
        "t": pick(rng, 0.1, 0.2, 0.3, 0.4, 0.5),
    }


def _moments(
    x: float, y: float, z: float, r: float, s: float, t: float
) -> tuple[float, float, float]:
    found = Survey.of(np.array([[x], [y], [z]], dtype=float), np.array([[r], [s], [t]]))
    return float(found.n[0]), float(found.mean[0, 0]), float(found.scatter[0, 0, 0])


def _mean_and_variance(**n: float) -> tuple[float, float]:
    total, mean, scatter = _moments(**n)
    return mean, scatter / total


def _about(
    x: float, y: float, z: float, r: float, s: float, t: float, centre: float | None = None
) -> float:
    """The mean square about a centre, or about the weighted mean."""
    if centre is None:
        centre = (r * x + s * y + t * z) / (r + s + t)
    squares = r * (x - centre) ** 2 + s * (y - centre) ** 2 + t * (z - centre) ** 2
    return squares / (r + s + t)


WEIGHTED_MEAN_AND_VARIANCE = ByHand(
    name="weighted-mean-and-variance",
    title="A mean and a variance by responsibilities",
    chapter=8,
    question="Three points on a line, <x>, <y> and <z>; A's responsibilities for them are <r>, <s> "
    "and <t>. What are A's mean and variance after the M-step?",
    fields=(Field("$\\mu_A$", 3), Field("$\\sigma_A^2$", 3)),
    draw=_three_points,
    answer=_mean_and_variance,
    steps=lambda **n: (
        dict(zip(("total", "mean", "scatter"), _moments(**n), strict=True))
        | {"sum": n["r"] * n["x"] + n["s"] * n["y"] + n["t"] * n["z"]}
    ),
    hints=(
        "Divide by the sum of the responsibilities, $N_A$, not by the number of points.",
        "The variance is about the *new* mean.",
    ),
    solution="$N_A = <r> + <s> + <t> = <total>$. The mean is $(<r> \\cdot <x> + <s> \\cdot <y> + "
    "<t> \\cdot <z>) / <total> = <sum> / <total> \\approx <right_1:.3f>$. The squared distances "
    "from it, each times its responsibility, sum to <scatter:.4f>; divided by <total> that is "
    "<right_2:.3f>.",
    mistakes=(
        Mistake(
            "That was divided by the number of points, 3. A has only a part of them: divide by the "
            "sum of its responsibilities.",
            lambda x, y, z, r, s, t: (
                (r * x + s * y + t * z) / 3,
                _about(x, y, z, r, s, t) * (r + s + t) / 3,
            ),
        ),
        Mistake(
            "The responsibilities were not used.",
            lambda x, y, z, **_: ((x + y + z) / 3, _about(x, y, z, 1, 1, 1)),
        ),
        Mistake(
            "These are B's. It has what A leaves.",
            lambda x, y, z, r, s, t: (
                ((1 - r) * x + (1 - s) * y + (1 - t) * z) / (3 - r - s - t),
                _about(x, y, z, 1 - r, 1 - s, 1 - t),
            ),
        ),
        Mistake(
            "That is the standard deviation. Its square is asked for.",
            lambda **n: (None, sqrt(_about(**n))),
        ),
        Mistake(
            "The distances were taken from the plain mean of the points, not from A's mean.",
            lambda **n: (None, _about(**n, centre=(n["x"] + n["y"] + n["z"]) / 3)),
        ),
        Mistake(
            "That is the weighted average of the squares: the square of the mean must still be "
            "taken off.",
            lambda **n: (None, _about(**n, centre=0)),
        ),
    ),
)


def _two_points(rng: np.random.Generator) -> Numbers:
    return {
        "a": between(rng, 0, 5),
        "b": between(rng, 0, 5),
        "c": between(rng, 6, 12),
        "d": pick(rng, 6, 7, 8, 9, -1, -2, -3, -4),
        "r": pick(rng, 0.2, 0.4, 0.5, 0.6, 0.8, 1),
        "s": pick(rng, 0.1, 0.2, 0.3, 0.4, 0.5),
    }


def _three_entries(a: int, b: int, c: int, d: int, r: float, s: float) -> tuple[float, ...]:
    found = Survey.of(np.array([[a, b], [c, d]], dtype=float), np.array([[r], [s]]))
    covariance = found.scatter[0] / found.n[0]
    return float(covariance[0, 0]), float(covariance[0, 1]), float(covariance[1, 1])


def _entries_by(a: int, b: int, c: int, d: int, factor: float) -> Values:
    """The products of the differences of the points, times a factor."""
    return (c - a) ** 2 * factor, (c - a) * (d - b) * factor, (d - b) ** 2 * factor


COVARIANCE_OF_TWO = ByHand(
    name="covariance-of-two",
    title="A covariance of two points",
    chapter=9,
    question="Component A is responsible by <r> for the point $(<a>, <b>)$, by <s> for $(<c>, "
    "<d>)$, and for no other. What are the entries of its covariance matrix after the M-step?",
    fields=(
        Field("$\\Sigma_{11}$", 3),
        Field("$\\Sigma_{12}$", 3),
        Field("$\\Sigma_{22}$", 3),
    ),
    draw=_two_points,
    answer=_three_entries,
    steps=lambda a, b, c, d, r, s: {
        "total": r + s,
        "m1": (r * a + s * c) / (r + s),
        "m2": (r * b + s * d) / (r + s),
        "dx": c - a,
        "dy": d - b,
        "factor": r * s / (r + s) ** 2,
    },
    hints=(
        "First the mean: it divides the way between the points in the ratio of the "
        "responsibilities.",
        "Each point's differences from the mean, multiplied with each other, times its "
        "responsibility; then divide by the sum of the responsibilities.",
    ),
    solution="The mean is $(<m1:.4g>, <m2:.4g>)$. From the first point to the second it is <dx> "
    "to the right and <dy> up. Both lie on one line through the mean, and the sums come to "
    "$\\frac{<r> \\cdot <s>}{<total>^2} \\approx <factor:.4f>$ times the products of these: "
    "<right_1:.3f>, <right_2:.3f> and <right_3:.3f>. The determinant is 0: two points lie on a "
    "line, and the component has collapsed.",
    mistakes=(
        Mistake(
            "The responsibilities were not used.",
            lambda a, b, c, d, r, s: _entries_by(a, b, c, d, 1 / 4),
        ),
        Mistake(
            "The sums were not divided by the sum of the responsibilities.",
            lambda a, b, c, d, r, s: _entries_by(a, b, c, d, r * s / (r + s)),
        ),
        Mistake(
            "That was divided by the number of points. Divide by the sum of the responsibilities.",
            lambda a, b, c, d, r, s: _entries_by(a, b, c, d, r * s / (r + s) / 2),
        ),
        Mistake(
            "The sign is wrong: do both coordinates grow from the one point to the other?",
            lambda **n: (None, -_three_entries(**n)[1], None),
        ),
    ),
)


# --- waiting times ------------------------------------------------------------------------------


def _three_times(rng: np.random.Generator) -> Numbers:
    x = between(rng, 1, 4)
    y = x + between(rng, 1, 6)
    return {
        "x": x,
        "y": y,
        "z": y + between(rng, 1, 9),
        "r": pick(rng, 0.5, 0.6, 0.7, 0.8, 0.9),
        "s": pick(rng, 0.2, 0.3, 0.4, 0.5, 0.6),
        "t": pick(rng, 0.1, 0.2, 0.3),
    }


def _weight_and_rate(x: int, y: int, z: int, r: float, s: float, t: float) -> tuple[float, float]:
    total, mean, _ = _moments(x, y, z, r, s, t)
    return total / 3, 1 / mean


EXPONENTIAL_RATE = ByHand(
    name="exponential-rate",
    title="A rate of waiting times",
    chapter=11,
    question="A mixture of exponential distributions, with free weights. The waiting times are "
    "<x>, <y> and <z>, and A's responsibilities for them <r>, <s> and <t>. What does the M-step "
    "give for A's weight and rate?",
    fields=(Field("$w_A$", 3), Field("rate of A", 3)),
    draw=_three_times,
    answer=_weight_and_rate,
    steps=lambda x, y, z, r, s, t: {
        "total": r + s + t,
        "sum": r * x + s * y + t * z,
    },
    hints=("A rate is events over time: A's share of the events over A's share of the time.",),
    solution="$N_A = <r> + <s> + <t> = <total>$ of 3 waits, so $w_A = <total> / 3 \\approx "
    "<right_1:.3f>$. They lasted $<r> \\cdot <x> + <s> \\cdot <y> + <t> \\cdot <z> = <sum>$, so "
    "the rate is $<total> / <sum> \\approx <right_2:.3f>$: one over the weighted mean.",
    mistakes=(
        Mistake(
            "That is the mean waiting time. The rate is one over it.",
            lambda x, y, z, r, s, t: (None, (r * x + s * y + t * z) / (r + s + t)),
        ),
        Mistake(
            "The responsibilities were not used.",
            lambda x, y, z, r, s, t: (None, 3 / (x + y + z)),
        ),
        Mistake(
            "The single rates were averaged. Events over time is the ratio of the sums.",
            lambda x, y, z, r, s, t: (None, (r / x + s / y + t / z) / (r + s + t)),
        ),
        Mistake(
            "A's share of the time was taken, but all three events.",
            lambda x, y, z, r, s, t: (None, 3 / (r * x + s * y + t * z)),
        ),
        Mistake(
            "The weights must sum to one: divide by the number of waits.",
            lambda x, y, z, r, s, t: (r + s + t, None),
        ),
        Mistake(
            "That is A's share of the time. A wait is picked once, however long it is.",
            lambda x, y, z, r, s, t: ((r * x + s * y + t * z) / (x + y + z), None),
        ),
    ),
)


# --- pieces, and a prior ------------------------------------------------------------------------


def _two_pieces(rng: np.random.Generator) -> Numbers:
    n = pick(rng, 10, 20, 30, 40)
    return {
        "n": n,
        "m": between(rng, 1, 9),
        "v": between(rng, 1, 6),
        "o": pick(rng, 50, 60, 70, 80, 90),
        "c": between(rng, 10, 15),
        "u": between(rng, 1, 6),
    }


def _merged(n: int, m: int, v: int, o: int, c: int, u: int) -> tuple[float, float]:
    def piece(rows: int, mean: float, variance: float) -> Survey:
        return Survey(
            rows,
            np.array([float(rows)]),
            np.array([[float(mean)]]),
            np.array([[[rows * float(variance)]]]),
            np.array([float(mean)]),
        )

    both = piece(n, m, v) + piece(o, c, u)
    return float(both.mean[0, 0]), float(both.scatter[0, 0, 0] / both.n[0])


MERGED = ByHand(
    name="merged-pieces",
    title="Two pieces of the data",
    chapter=12,
    question="One piece of the data has <n> rows with mean <m> and variance <v>, another <o> rows "
    "with mean <c> and variance <u> (scatter over rows). What are mean and variance of all rows?",
    fields=(Field("mean", 3), Field("variance", 3)),
    draw=_two_pieces,
    answer=_merged,
    steps=lambda n, m, v, o, c, u: {
        "k": n + o,
        "sum": n * m + o * c,
        "d": c - m,
        "inside": n * v + o * u,
        "apart": n * o / (n + o) * (c - m) ** 2,
    },
    hints=(
        "Sums add up, means don't: go back to the sums.",
        "The rows scatter within the pieces, and the pieces' means lie apart: "
        "$\\frac{n n'}{n + n'} \\delta^2$ is added to the scatters.",
    ),
    solution="The sums are $<n> \\cdot <m> + <o> \\cdot <c> = <sum>$, so the mean is $<sum> / <k> "
    "\\approx <right_1:.3f>$. The scatters within are $<n> \\cdot <v> + <o> \\cdot <u> = "
    "<inside>$; the means are $\\delta = <d>$ apart, which adds $\\frac{<n> \\cdot <o>}{<k>} "
    "\\cdot <d>^2 \\approx <apart:.2f>$. Divided by <k> that is <right_2:.3f>.",
    mistakes=(
        Mistake(
            "That is the mean of the two means. The pieces have different sizes.",
            lambda n, m, v, o, c, u: ((m + c) / 2, None),
        ),
        Mistake(
            "The weights have changed places: which piece has more rows?",
            lambda n, m, v, o, c, u: ((o * m + n * c) / (n + o), None),
        ),
        Mistake(
            "That is the scatter within the pieces alone. Their means lie apart, too.",
            lambda n, m, v, o, c, u: (None, (n * v + o * u) / (n + o)),
        ),
        Mistake(
            "That is the plain average of the variances.",
            lambda n, m, v, o, c, u: (None, (v + u) / 2),
        ),
        Mistake(
            "The variances were added. Their scatters are, and what the means lie apart.",
            lambda n, m, v, o, c, u: (None, float(v + u)),
        ),
    ),
)


def _few_rows(rng: np.random.Generator) -> Numbers:
    x = between(rng, 0, 4)
    return {
        "x": x,
        "y": x + between(rng, 1, 5),
        "z": x + between(rng, 2, 8),
        "s": pick(rng, 0.5, 1, 2, 3, 4),
        "c": between(rng, 4, 9),
    }


def _by_mode(x: int, y: int, z: int, s: float, c: int) -> tuple[float]:
    # With the mean expected where it is, the prior's rows are degrees + d + 2.
    prior = GaussianPrior(1, [(x + y + z) / 3], 1, c - 3, [[s]])
    model = GaussianMixture(prior=prior)
    start = GaussianParams([1.0], [[0.0]], [[[1.0]]])
    new = model.m_step([[x], [y], [z]], np.ones((3, 1)), start)
    return (float(new.covariances[0, 0, 0]),)


def _scatter(x: float, y: float, z: float) -> float:
    mean = (x + y + z) / 3
    return (x - mean) ** 2 + (y - mean) ** 2 + (z - mean) ** 2


MAP_VARIANCE = ByHand(
    name="map-variance",
    title="A variance under a prior",
    chapter=15,
    question="A component has the points <x>, <y> and <z> to itself. The prior counts for <c> rows "
    "with the scatter $S_0 = <s>$, and says nothing of the mean. Which variance maximises the "
    "posterior?",
    fields=(Field("variance", 3),),
    draw=_few_rows,
    answer=lambda **n: _by_mode(**n),
    steps=lambda x, y, z, s, c: {
        "mean": (x + y + z) / 3,
        "scatter": _scatter(x, y, z),
        "whole": _scatter(x, y, z) + s,
        "rows": 3 + c,
    },
    hints=("The prior acts as rows that were seen before: its scatter and its rows are added.",),
    solution="The mean is <mean:.4g> and the points' scatter about it <scatter:.4f>. With the "
    "prior's it is <whole:.4f>, over $3 + <c> = <rows>$ rows: <right_1:.3f>. It cannot go to 0, "
    "however close the points are.",
    mistakes=(
        Mistake(
            "That is the variance without the prior.",
            lambda x, y, z, s, c: (_scatter(x, y, z) / 3,),
        ),
        Mistake(
            "The prior's scatter was added, its rows weren't.",
            lambda x, y, z, s, c: ((_scatter(x, y, z) + s) / 3,),
        ),
        Mistake(
            "The prior's rows were added, its scatter wasn't.",
            lambda x, y, z, s, c: (_scatter(x, y, z) / (3 + c),),
        ),
        Mistake(
            "The prior's scatter was counted once for each of its rows. It is that of all of them.",
            lambda x, y, z, s, c: ((_scatter(x, y, z) + c * s) / (3 + c),),
        ),
        Mistake(
            "Two variances were averaged. Add the scatters, and divide by the rows of both.",
            lambda x, y, z, s, c: ((_scatter(x, y, z) / 3 + s / c) / 2,),
        ),
    ),
)


# --- a stream -----------------------------------------------------------------------------------


def _one_row_more(rng: np.random.Generator) -> Numbers:
    a, mean = pick(rng, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8), between(rng, 2, 9) * 10
    return {
        "a": a,
        "c": round(a * mean, 1),
        "x": mean + pick(rng, -20, -15, -10, -5, 5, 10, 15, 20),
        "r": pick(rng, 0.2, 0.3, 0.6, 0.7, 0.8, 0.9),
        "g": pick(rng, 0.05, 0.1, 0.2),
    }


def _count_and_mean(a: float, c: float, x: float, r: float, g: float) -> tuple[float, float]:
    count = a + g * (r - a)
    return count, (c + g * (r * x - c)) / count


STREAM_MEAN = ByHand(
    name="stream-mean",
    title="A row of a stream",
    chapter=21,
    question="Of a stream a component has kept the average count $a = <a>$ and the average sum "
    "$c = <c>$. A row $x = <x>$ comes with the share $r = <r>$; the step is $\\gamma = <g>$. What "
    "are the component's new count and its new mean?",
    fields=(Field("new count", 3), Field("new mean", 3)),
    draw=_one_row_more,
    answer=_count_and_mean,
    steps=lambda a, c, x, r, g: {"sum": c + g * (r * x - c), "rx": r * x},
    hints=(
        "Each average moves by the part $\\gamma$ of the way to what the row has.",
        "The row has the count $r$ and the sum $r x$. The mean is the sum over the count.",
    ),
    solution="The new count is $<a> + <g> \\cdot (<r> - <a>) = <right_1>$. The row's sum is $<r> "
    "\\cdot <x> = <rx>$, so the new one is $<c> + <g> \\cdot (<rx> - <c>) = <sum>$, and the mean "
    "is $<sum> / <right_1> \\approx <right_2:.3f>$.",
    mistakes=(
        Mistake(
            "The row was counted whole. Only its share is this component's.",
            lambda a, c, x, r, g: _count_and_mean(a, c, x, 1, g),
        ),
        Mistake(
            "Nothing was forgotten: each average must also shrink by the part $\\gamma$.",
            lambda a, c, x, r, g: (a + g * r, (c + g * r * x) / (a + g * r)),
        ),
        Mistake(
            "The new row got the part $1 - \\gamma$, and the past $\\gamma$.",
            lambda a, c, x, r, g: _count_and_mean(a, c, x, r, 1 - g),
        ),
        Mistake(
            "The mean was moved by the part $\\gamma$ of its way to $x$. It is the sums that are "
            "averaged.",
            lambda a, c, x, r, g: (None, c / a + g * (x - c / a)),
        ),
        Mistake(
            "The new sum was divided by the old count.",
            lambda a, c, x, r, g: (None, (c + g * (r * x - c)) / a),
        ),
        Mistake(
            "The row came into the sum whole, and into the count by its share.",
            lambda a, c, x, r, g: (None, (c + g * (x - c)) / (a + g * (r - a))),
        ),
    ),
)
