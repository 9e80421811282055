"""What exact arithmetic gives for every number of the collection; it shares no code with `em_core`.

python tools/exact.py [PROBLEM ...]

It writes `book/data/exact.json`, in some minutes, or the problems named anew. Each model is written
from its formula, for any kind of number: with mpmath's, of 45 digits, it counts the iterations from
the start that the data tell, or goes to where EM ends by Newton's method on a step of EM. All is
done again with 30 digits; digits that differ are not vouched for. The same code with numpy's 80-bit
numbers tells whether these would do. No digit comes from the processor's own arithmetic.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from mpmath import mp
from scipy.stats import norm

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book"))
import reference  # noqa: E402
import survey  # noqa: E402

STORE = reference.DATA / "exact.json"

Vector = np.ndarray
"""Of mpmath's numbers, of doubles, or of 80-bit numbers."""
DIGITS, MOST = 45, 15
"""With how many digits it is computed, and how many are kept."""
exp_of, log_of, sqrt_of = (np.frompyfunc(f, 1, 1) for f in (mp.exp, mp.log, mp.sqrt))


def exp(x: Vector) -> Vector:
    """Of whatever numbers they are."""
    return exp_of(x) if x.dtype == object else np.exp(x)


def log(x: Vector) -> Vector:
    """Of whatever numbers they are."""
    return log_of(x) if x.dtype == object else np.log(x)


def sqrt(x: Vector) -> Vector:
    """Of whatever numbers they are."""
    return sqrt_of(x) if x.dtype == object else np.sqrt(x)


class Model:
    """A problem, and EM for it on one vector of parameters.

    A model has `joint`, the p(x_i, z_i = j) of its rows, `m_step` and `numbers`. `names` are its
    parameters in the vector's order.
    """

    names: tuple[str, ...]

    def __init__(self, problem: str, number: Callable[[str], Any]) -> None:
        self.told = reference.hand()["problems"][problem]
        self.number = number
        self.x = self.of(reference.data(problem))
        self.setup()

    def setup(self) -> None:
        """Take the rows apart."""
        self.counts = self.x[:, -1]

    def of(self, numbers: Any) -> Vector:
        """An array of this arithmetic's numbers."""
        whole = np.array(numbers, dtype=object)
        made = np.array([self.number(str(one)) for one in whole.ravel()])
        return made.reshape(whole.shape)

    def start(self, told: dict[str, Any]) -> Vector:
        """The parameters as one vector."""
        return np.concatenate([self.of(told[name]).ravel() for name in self.names])

    def unpacked(self, v: Vector) -> dict[str, Vector]:
        """The parameters by name."""
        sizes = [int(np.prod(shape)) for shape in self.shapes]
        parts = np.split(v, np.cumsum(sizes)[:-1])
        each = zip(self.names, parts, self.shapes, strict=True)
        return {name: part.reshape(shape) for name, part, shape in each}

    def posterior(self, v: Vector) -> tuple[Vector, Vector]:
        """The responsibilities, and each row's density."""
        joint = self.joint(v)
        density = joint.sum(axis=1)
        return joint / density[:, np.newaxis], density

    def step(self, v: Vector) -> Vector:
        """One iteration."""
        r, _ = self.posterior(v)
        return self.m_step(r * self.counts[:, np.newaxis], v)

    def log_likelihood(self, v: Vector) -> Any:
        """Of the rows, each as often as it was seen."""
        _, density = self.posterior(v)
        return (self.counts * log(density)).sum()

    def after(self, v: Vector, iterations: int) -> Vector:
        """So many iterations later."""
        for _ in range(iterations):
            v = self.step(v)
        return v

    def stops(self, v: Vector) -> list[int]:
        """When the prints' rules stop a run, for the problems that have such rules."""
        return []

    def numbers(self, v: Vector) -> dict[str, Any]:
        """What a print can pick."""
        return self.unpacked(v) | {"log_likelihood": self.log_likelihood(v)}


def first_below(values: list[Any], tol: Any) -> int:
    """The place of the first value, from 1, that differs from the one before by less."""
    changes = [abs(b - a) for a, b in pairwise(values)]
    return next(place for place, change in enumerate(changes, start=1) if change < tol)


def log_binomial(model: Model, heads: Any, tails: Any) -> Any:
    """The logarithm of how many orders the tosses can have."""
    return log(model.of([str(mp.binomial(int(heads + tails), int(heads)))]))[0]


class Coins(Model):
    """Mixtures of coins, or coins with labels."""

    names = ("weights", "theta", "tails")

    def setup(self) -> None:
        self.heads, self.tossed = self.x[:, 0], self.x[:, 0] + self.x[:, 1]
        self.counts = self.of(["1"] * len(self.x))
        self.shapes = [(2,)] * 3

    def start(self, told):
        theta = self.of(told["theta"])
        return super().start({"tails": 1 - theta, **told})

    def joint(self, v):
        p = self.unpacked(v)
        tails = (self.tossed - self.heads)[:, np.newaxis]
        return p["weights"] * p["theta"] ** self.heads[:, np.newaxis] * p["tails"] ** tails

    def m_step(self, r, v):
        theta = (r.T @ self.heads) / (r.T @ self.tossed)
        weights = r.sum(axis=0) / len(self.x) if self.told.get("fit_weights") else v[:2]
        return np.concatenate([weights, theta, 1 - theta])

    def value(self, v):
        """What the lecture prints."""
        r, _ = self.posterior(v)
        return (r * log(self.joint(v) / v[:2])).sum()

    def stops(self, v):
        if self.told["data"] not in ("do2008", "lecture-hundred"):
            return []
        values = [self.value(self.after(v, t)) for t in range(21)]
        rules = ["0.01", "1e-6"] if self.told["data"] == "do2008" else ["1e-6"]
        places = [first_below(values, self.number(rule)) for rule in rules]
        return [places[0] + 1, places[1]] if len(rules) == 2 else places

    def numbers(self, v):
        r, _ = self.posterior(v)
        bare = self.log_likelihood(v)
        added = sum(log_binomial(self, *row[:2]) for row in self.x)
        counted = [[r[:, j] @ self.heads, r[:, j] @ (self.tossed - self.heads)] for j in (0, 1)]
        return self.unpacked(v) | {
            "responsibilities": r,
            "expected_counts": counted,
            "bare": bare,
            "log_binomials": added,
            "log_likelihood": bare + added,
            "lecture_value": self.value(v),
        }


class Labelled(Model):
    """Coins whose labels are known: nothing is hidden, and nothing iterates."""

    def setup(self) -> None:
        labels = [int(label) - 1 for label in self.x[:, 2]]
        mine = [
            [row for row, label in zip(self.x, labels, strict=True) if label == j] for j in (0, 1)
        ]
        sums = [np.sum(rows, axis=0)[:2] for rows in mine]
        totals = np.array([[heads, heads + tails] for heads, tails in sums])
        theta = totals[:, 0] / totals[:, 1]
        each = log(np.array([theta, 1 - theta]).T)
        loss = -sum(row[:2] @ each[j] for row, j in zip(self.x, labels, strict=True))
        loss -= sum(log_binomial(self, *row[:2]) for row in self.x)
        self.found = {"heads": self.x[:, 0], "totals": totals, "theta": theta, "loss": loss}
        self.found["minimised"] = theta

    def numbers(self, v):
        return self.found


class Gaussians(Model):
    """With covariances of four kinds."""

    names = ("weights", "means", "covariances")

    def setup(self) -> None:
        self.counts = self.of(["1"] * len(self.x))
        d = self.x.shape[1]
        self.k = self.told.get("components") or len(self.told["start"]["weights"])
        self.shapes = [(self.k,), (self.k, d), (self.k, d, d)]
        self.tau = 2 * (mp.pi if self.x.dtype == object else self.number(str(mp.pi)))

    def joint(self, v):
        p = self.unpacked(v)
        columns = []
        for w, mean, c in zip(p["weights"], p["means"], p["covariances"], strict=True):
            away = self.x - mean
            if len(mean) == 1:
                size, square = c[0, 0], away[:, 0] ** 2 / c[0, 0]
            else:
                size = c[0, 0] * c[1, 1] - c[0, 1] * c[1, 0]
                cross = (c[0, 1] + c[1, 0]) * away[:, 0] * away[:, 1]
                square = (c[1, 1] * away[:, 0] ** 2 - cross + c[0, 0] * away[:, 1] ** 2) / size
            scale = w / sqrt(np.array([size * self.tau ** len(mean)]))[0]
            columns.append(scale * exp(-square / 2))
        return np.array(columns).T

    def m_step(self, r, v):
        sums = r.sum(axis=0)
        means = (r.T @ self.x) / sums[:, np.newaxis]
        kind, d = self.told["covariance"], self.x.shape[1]
        spread = []
        for share, mean in zip(r.T, means, strict=True):
            away = self.x - mean
            spread.append((away * share[:, np.newaxis]).T @ away)
        if kind == "shared":
            covariances = [sum(spread) / len(self.x)] * self.k
        else:
            covariances = [s / total for s, total in zip(spread, sums, strict=True)]
        eye = self.of(np.eye(d, dtype=int))
        if kind == "diagonal":
            covariances = [c * eye for c in covariances]
        if kind == "spherical":
            covariances = [eye * (np.trace(c) / d) for c in covariances]
        return np.concatenate([sums / len(self.x), means.ravel(), np.array(covariances).ravel()])

    def stops(self, v):
        rule = {"lecture-mixture": (16, "0.01"), "faithful": (16, "1e-8")}
        most, tol = rule[self.told["data"]]
        values = [self.log_likelihood(v)]
        for _ in range(most):
            v = self.step(v)
            values.append(self.log_likelihood(v))
        return [first_below(values, self.number(tol))]

    def numbers(self, v):
        n, d = self.x.shape
        each = {"full": d * (d + 1) // 2, "diagonal": d, "spherical": 1}
        kind = self.told["covariance"]
        spread = d * (d + 1) // 2 if kind == "shared" else each[kind] * self.k
        free = self.k - 1 + self.k * d + spread
        found = super().numbers(v)
        found["sigma"] = sqrt(found["covariances"][0, 0])[0]
        found["bic"] = 2 * found["log_likelihood"] - free * log(self.of([str(n)]))[0]
        found["density"] = self.posterior(v)[1]
        return found


class Poissons(Model):
    """Two of them."""

    names = ("weights", "means")
    shapes: ClassVar = [(2,), (2,)]

    def joint(self, v):
        w, mean, x = v[:2], v[2:], self.x[:, :1]
        orders = self.of([[str(mp.factorial(int(one)))] for one in self.x[:, 0]])
        return w * exp(-mean) * mean**x / orders

    def m_step(self, r, v):
        sums = r.sum(axis=0)
        return np.concatenate([sums / self.counts.sum(), (r.T @ self.x[:, 0]) / sums])

    def run(self, v):
        """The length of each step of a weight and the means."""
        lengths = []
        for _ in range(2060):
            after = self.step(v)
            moved = (after - v)[[0, 2, 3]]
            lengths.append(sqrt(np.array([moved @ moved]))[0])
            v = after
        return lengths

    def stops(self, v):
        if self.told["start"]["weights"][0] != reference.Decimal("0.3"):
            return []
        self.lengths = self.run(v)
        return [next(t for t, one in enumerate(self.lengths, 1) if one < self.number("1e-7"))]

    def numbers(self, v):
        """The information by Louis' identity: complete minus missing."""
        found = super().numbers(v)
        w, means = v[:2], v[2:]
        r, _ = self.posterior(v)
        zero, one = self.of(["0", "1"])
        missing = [[zero] * 3 for _ in range(3)]
        for x, share, count in zip(self.x[:, 0], r, self.counts, strict=True):
            slopes = [[one / w[0], x / means[0] - 1, zero], [-one / w[1], zero, x / means[1] - 1]]
            for a in range(3):
                for b in range(3):
                    square = sum(share[j] * slopes[j][a] * slopes[j][b] for j in (0, 1))
                    mean = [sum(share[j] * slopes[j][c] for j in (0, 1)) for c in (a, b)]
                    missing[a][b] += count * (square - mean[0] * mean[1])
        whole = self.counts.sum()
        information = -np.array(missing)
        for a, one in enumerate([1 / (w[0] * w[1]), w[0] / means[0], w[1] / means[1]]):
            information[a, a] += whole * one
        found["information"] = information
        covariance = inverse_of_three(information)
        found["errors"] = [sqrt(np.array([covariance[a][a]]))[0] for a in range(3)]
        if hasattr(self, "lengths"):
            found["ratio"] = self.lengths[2055] / self.lengths[2054]
        return found


def inverse_of_three(m: Vector) -> list[list[Any]]:
    """By cofactors, in whatever arithmetic."""

    def minor(a: int, b: int) -> Any:
        (i, j), (k, n) = ([c for c in range(3) if c != left] for left in (a, b))
        return (-1) ** (a + b) * (m[i, k] * m[j, n] - m[i, n] * m[j, k])

    size = sum(m[0, b] * minor(0, b) for b in range(3))
    return [[minor(b, a) / size for b in range(3)] for a in range(3)]


class Classes(Model):
    """Latent classes."""

    names = ("weights", "dice")

    def setup(self) -> None:
        super().setup()
        answers = np.array(self.x[:, :-1], dtype=int)
        sides = answers.max(axis=0)
        self.questions = np.split(np.arange(sides.sum()), np.cumsum(sides)[:-1])
        self.given = np.array(
            [
                [q[answer - 1] for q, answer in zip(self.questions, row, strict=True)]
                for row in answers
            ]
        )
        self.k = self.told["components"]
        self.shapes = [(self.k,), (self.k, int(sides.sum()))]

    def joint(self, v):
        p = self.unpacked(v)
        return np.array(
            [
                w * dice[self.given].prod(axis=1)
                for w, dice in zip(p["weights"], p["dice"], strict=True)
            ]
        ).T

    def m_step(self, r, v):
        sums = r.sum(axis=0)
        dice = np.array([[self.number("0")] * self.shapes[1][1]] * self.k)
        for place in range(self.shapes[1][1]):
            gave = (self.given == place).any(axis=1)
            dice[:, place] = r[gave].sum(axis=0)
        for question in self.questions:
            dice[:, question] = dice[:, question] / sums[:, np.newaxis]
        return np.concatenate([sums / self.counts.sum(), dice.ravel()])

    def numbers(self, v):
        found = super().numbers(v)
        sides = sum(len(question) - 1 for question in self.questions)
        free = self.k - 1 + self.k * sides
        n = log(np.array([self.counts.sum()]))[0]
        found["weights"] = sorted(found["weights"], reverse=True)
        found["aic"] = 2 * free - 2 * found["log_likelihood"]
        found["bic"] = free * n - 2 * found["log_likelihood"]
        return found


class Linkage(Model):
    """Four cells, of which the first hides two."""

    names = ("pi",)
    shapes: ClassVar = [(1,)]

    def start(self, told):
        return self.of([told["pi"]])

    def joint(self, v):
        pi, none, half = v[0], self.number("0"), self.number("0.5")
        return np.array(
            [[half, pi / 4], *[[none, p] for p in ((1 - pi) / 4, (1 - pi) / 4, pi / 4)]]
        )

    def m_step(self, r, v):
        return np.array([(r[0, 1] + r[3, 1]) / r[:, 1].sum()])

    def numbers(self, v):
        found = super().numbers(v)
        pi = self.settled[0]
        first, second, third, fourth = self.counts
        inner = (second + third) / (1 - pi) ** 2
        observed = first / (2 + pi) ** 2 + inner + fourth / pi**2
        complete = first * pi / (2 + pi) / pi**2 + inner + fourth / pi**2
        rate = 1 - observed / complete
        closed = (15 + sqrt(self.of(["53809"]))[0]) / 394
        found |= {"pi": v[0], "closed_form": closed, "information": [observed, complete]}
        return found | {"ratio": rate, "rate": rate}


class Alleles(Model):
    """Peppered moths."""

    names = ("weights",)
    shapes: ClassVar = [(3,)]
    pairs = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))

    def joint(self, v):
        none = self.number("0")
        found = [v[a] * v[b] * (1 if a == b else 2) for a, b in self.pairs]
        return np.array(
            [
                [p if a == colour else none for p, (a, _) in zip(found, self.pairs, strict=True)]
                for colour in range(3)
            ]
        )

    def m_step(self, r, v):
        sums = r.sum(axis=0)
        alleles = [
            sum(total * pair.count(allele) for total, pair in zip(sums, self.pairs, strict=True))
            for allele in range(3)
        ]
        return np.array(alleles) / (2 * self.counts.sum())

    def numbers(self, v):
        """Each allele's ratio of errors; where EM ends, what these tend to."""
        found = super().numbers(v)
        start = self.start(self.told["start"])
        if abs(v - self.settled).max() < self.number("1e-14"):
            late = 30 if v.dtype == object else 8
            with mp.workdps(150):  # errors shrink to 1e-43, and their ratios keep their digits
                found["ratios"] = self.ratios(self.after(start, late), self.after(start, 200))
        else:
            before = start
            while (self.step(before) != v).any():
                before = self.step(before)
            found["ratios"] = self.ratios(before, self.settled)
        return found

    def ratios(self, before, end):
        """Of the errors after a step to those before it."""
        return (self.step(before) - end) / (before - end)


class Chains(Model):
    """Hidden Markov chains of Poisson counts; the two passes."""

    names = ("start", "moves", "means")

    def setup(self) -> None:
        k = len(self.told["start"]["means"])
        self.shapes = [(k,), (k, k), (k,)]
        self.factorials = self.of([str(mp.factorial(int(one))) for one in self.x[:, 0]])

    def passes(self, v):
        """Forward and backward: the states, the sums of pairs, and each row's density."""
        p = self.unpacked(v)
        at = (exp(-p["means"]) * p["means"] ** self.x) / self.factorials[:, np.newaxis]
        seen, densities = [], []
        for i, here in enumerate(at):
            joint = here * (seen[-1] @ p["moves"] if i else p["start"])
            densities.append(joint.sum())
            seen.append(joint / joint.sum())
        ahead, states = self.of(["1"] * len(p["means"])), [seen[-1]]
        pairs = 0 * p["moves"]
        for i in range(len(at) - 1, 0, -1):
            coming = at[i] * ahead / densities[i]
            pairs = pairs + seen[i - 1][:, np.newaxis] * p["moves"] * coming
            ahead = p["moves"] @ coming
            states.append(seen[i - 1] * ahead)
        return np.array(states[::-1]), pairs, np.array(densities)

    def step(self, v):
        states, pairs, _ = self.passes(v)
        means = states.T @ self.x[:, 0] / states.sum(axis=0)
        moves = pairs / pairs.sum(axis=1)[:, np.newaxis]
        return np.concatenate([states[0], moves.ravel(), means])

    def log_likelihood(self, v):
        return log(self.passes(v)[2]).sum()

    def numbers(self, v):
        """With the two criteria."""
        found = super().numbers(v)
        k, twice = len(found["means"]), 2 * found["log_likelihood"]
        free = k + k * (k - 1) + k - 1
        bic = free * log(self.of([str(len(self.x))]))[0] - twice
        return found | {"aic": 2 * free - twice, "bic": bic}


class Lines(Model):
    """Two regressions."""

    names = ("weights", "lines", "sigma")
    shapes: ClassVar = [(2,), (2, 2), (2,)]

    def setup(self) -> None:
        self.counts = self.of(["1"] * len(self.x))
        self.tau = 2 * (mp.pi if self.x.dtype == object else self.number(str(mp.pi)))

    def joint(self, v):
        p = self.unpacked(v)
        x, y = self.x.T
        away = [y - a - b * x for a, b in p["lines"]]
        each = zip(p["weights"], away, p["sigma"], strict=True)
        root = sqrt(np.array([self.tau]))[0]
        return np.array([w / s / root * exp(-((e / s) ** 2) / 2) for w, e, s in each]).T

    def m_step(self, r, v):
        x, y = self.x.T
        lines, sigma = [], []
        for share in r.T:
            n, sx, sy, sxx, sxy = (share @ one for one in (x * 0 + 1, x, y, x * x, x * y))
            b = (n * sxy - sx * sy) / (n * sxx - sx * sx)
            a = (sy - b * sx) / n
            lines += [a, b]
            sigma.append((share @ (y - a - b * x) ** 2) / n)
        weights = r.sum(axis=0) / len(self.x)
        return np.concatenate([weights, np.array(lines), sqrt(np.array(sigma))])


class Holes(Model):
    """Normal rows of at most two numbers, of which some are missing."""

    names = ("mean", "covariance")

    def setup(self) -> None:
        d = self.x.shape[1]
        self.shapes = [(d,), (d, d)]
        self.seen = np.array([[one == one for one in row] for row in self.x])  # NaN is not
        self.tau = 2 * (mp.pi if self.x.dtype == object else self.number(str(mp.pi)))

    def filled(self, v):
        """Rows with expectations in their holes, the holes' covariances, the log-likelihood."""
        mean, c = self.unpacked(v).values()
        rows, spreads, value = self.x.copy(), np.array([c * 0] * len(self.x)), 0
        for row, spread, seen in zip(rows, spreads, self.seen, strict=True):
            (at,) = np.nonzero(seen)
            away = row[at] - mean[at]
            if len(at) == 2:
                determinant = c[0, 0] * c[1, 1] - c[0, 1] ** 2
                turned = np.array(
                    [c[1, 1] * away[0] - c[0, 1] * away[1], c[0, 0] * away[1] - c[0, 1] * away[0]]
                )
                distance = away @ turned / determinant
            elif len(at):
                determinant, distance = c[at[0], at[0]], away[0] ** 2 / c[at[0], at[0]]
            for hole in np.flatnonzero(~seen):
                slope = c[hole, at] / c[at, at]
                row[hole] = mean[hole] + (slope * away).sum()
                spread[hole, hole] = c[hole, hole] - (slope * c[hole, at]).sum()
            if len(at):
                value -= (log(np.array([determinant * self.tau ** len(at)]))[0] + distance) / 2
        return rows, spreads, value

    def step(self, v):
        rows, spreads, _ = self.filled(v)
        mean = rows.sum(axis=0) / len(rows)
        y = rows - mean
        return np.concatenate([mean, ((y.T @ y + spreads.sum(axis=0)) / len(rows)).ravel()])

    def log_likelihood(self, v):
        return self.filled(v)[2]


class Levels(Model):
    """k-means on the whole of a Gaussian."""

    names = ("levels",)

    def setup(self) -> None:
        self.shapes = [(int(self.told["levels"]),)]

    def step(self, v):
        borders = np.concatenate([[-mp.inf], (v[1:] + v[:-1]) / 2, [mp.inf]])
        if v.dtype == object:
            height, below = (np.frompyfunc(f, 1, 1)(borders) for f in (mp.npdf, mp.ncdf))
        else:
            height, below = norm.pdf(borders.astype(float)), norm.cdf(borders.astype(float))
        return -np.diff(height) / np.diff(below)

    def start(self, told):
        return np.array([self.number(str(one)) for one in norm.ppf((np.arange(16) + 0.5) / 16)])

    def numbers(self, v):
        return self.unpacked(v)


MODELS: dict[str, type[Model]] = {
    "coins": Coins,
    "gaussians": Gaussians,
    "poissons": Poissons,
    "classes": Classes,
    "linkage": Linkage,
    "alleles": Alleles,
    "chains": Chains,
    "lines": Lines,
    "levels": Levels,
    "holes": Holes,
}


def settled(model: Model, v: Vector) -> Vector:
    """Where EM ends from parameters near it: Newton's method on a step of EM, whose end it is.

    The derivative is taken once, by differences in numbers of many digits.
    """
    h = mp.mpf(10) ** (-mp.dps // 2)
    here = model.step(v)
    columns = []
    for place in range(len(v)):
        moved = v.copy()
        moved[place] += h
        columns.append((model.step(moved) - here) / h)
    system = mp.eye(len(v)) - mp.matrix([list(row) for row in np.array(columns).T])
    for _ in range(60):
        lack = model.step(v) - v
        moved = np.array(list(mp.lu_solve(system, mp.matrix(list(lack)))))
        v = v + moved
        if max(abs(moved)) < mp.mpf(10) ** (5 - mp.dps) * max(abs(v)):
            return v
    raise ArithmeticError("Newton's method did not settle")


def roughly(model: Model, v: Vector, most: int = 200_000) -> Vector:
    """Where EM ends, in doubles."""
    for _ in range(most):
        after = model.step(v)
        if np.allclose(after, v, rtol=1e-13, atol=1e-14):
            break
        v = after
    return after


def near(problem: str) -> Vector:
    """Where EM ends in doubles, from the problem's start."""
    told = reference.hand()["problems"][problem]
    if told.get("labelled"):
        return np.zeros(0)
    model = MODELS[told["model"]](problem, float)
    start = reference.start(problem) or found_start(problem)
    return roughly(model, model.start(start))


@cache
def found_start(problem: str) -> dict[str, Any]:
    """Parameters, to four decimals, from which EM goes to the end that is meant."""
    told = reference.hand()["problems"][problem]
    if told["model"] == "levels":
        return {"levels": []}
    if told["model"] == "gaussians":
        best = json.loads((reference.DATA / "how_many.json").read_text())["ends"]
        found = best[told["covariance"]][told["components"] - 1]["params"]
    else:
        name, _, rank = problem.removeprefix(f"{told['data']}-").partition("-")
        found = class_starts(told["data"], int(name))[int(rank or 1) - 1]
    return {name: np.round(values, 4).tolist() for name, values in found.items()}


@cache
def class_starts(data: str, k: int) -> list[dict[str, Vector]]:
    """Random starts, one for each maximum that they lead to, the highest first."""
    starts = 500 if (data, k) == ("gss82", 3) else 10
    values, _ = survey.latent_classes(starts, np.random.default_rng(37), k, name=data)
    answers, _ = survey.respondents(data)
    sides = answers.max(axis=0)
    dice = np.random.default_rng(37).random((starts, k, sides.sum()))
    for question in np.split(np.arange(sides.sum()), np.cumsum(sides)[:-1]):
        dice[:, :, question] /= dice[:, :, question].sum(axis=2, keepdims=True)
    found = {round(value, 2): one for value, one in zip(values, dice, strict=True)}
    return [{"weights": np.full(k, 1 / k), "dice": found[v]} for v in sorted(found, reverse=True)]


def solve(problem: str, wanted: set[int | None], number: Callable[[str], Any]) -> dict[Any, Any]:
    """The numbers of a problem after each wanted count of iterations, and where EM ends."""
    told = reference.hand()["problems"][problem]
    if told.get("labelled"):
        return {None: Labelled(problem, number).numbers(np.zeros(0))}
    model = MODELS[told["model"]](problem, number)
    given = "start" in told
    start = model.start(told["start"]) if given else None
    stops = model.stops(start) if given and problem in STOPPING else []
    if wanted == {0}:
        return {0: model.numbers(start)}  # nothing iterates
    end = np.array([number(repr(float(one))) for one in ends(problem)])
    end = settled(model, end) if number is mp.mpf else model.after(end, 20)
    model.settled = end
    found, here, v = {}, 0, start
    for at in sorted(one for one in wanted if one is not None):
        v, here = model.after(v, at - here), at
        found[at] = model.numbers(v)
    found[None] = model.numbers(end) | {"stops": stops}
    return found


STOPPING = (
    "coins",
    "lecture-hundred",
    "lecture-mixture",
    "faithful-waiting",
    "poissons-hasselblad",
)
"""The problems of which a print tells when a rule stopped the run."""
ends = cache(near)
EXTENDED = np.finfo(np.longdouble).eps < 1e-18


def picked(found: dict[str, Any], where: str) -> Any:
    """A number by its name and its place."""
    name, *places = where.split(".")
    number = found[name]
    for place in places:
        number = number[int(place)]
    return number


def agreeing(one: Any, other: Any) -> int:
    """How many digits two numbers have in common, at most as many as are kept."""
    if one == other:
        return MOST
    return min(MOST, int(-mp.log10(abs(mp.mpf(one) - mp.mpf(other)) / abs(mp.mpf(one)))))


def text(number: Any) -> str:
    """A number's kept digits."""
    return mp.nstr(mp.mpf(number), MOST).removesuffix(".0")


@mp.workdps(DIGITS)
def computed(problem: str) -> dict[str, dict[str, Any]]:
    """What is kept of a problem's entries."""
    mine = [one for one in reference.ENTRIES if one.problem == problem]
    mine = [one for one in mine if one.kind != reference.Kind.DRAWN and one.pick != "tosses"]
    if not mine:
        return {}
    wanted = {one.at for one in mine}
    runs = []
    for digits in (30, DIGITS):
        with mp.workdps(digits):
            runs.append(solve(problem, wanted, mp.mpf))
    extended = {}
    if EXTENDED and reference.hand()["problems"][problem]["model"] != "levels":
        extended = solve(problem, wanted, np.longdouble)
    kept = {}
    for one in mine:
        rough, fine = (picked(run[one.at], one.pick) for run in runs)
        values = {"value": text(fine), "digits": agreeing(fine, rough)}
        if one.at is not None and None in runs[1]:
            rough, end = (picked(run[None], one.pick) for run in runs)
            values |= {"limit": text(end), "digits": min(values["digits"], agreeing(end, rough))}
        if extended:
            longer = np.format_float_positional(picked(extended[one.at], one.pick), unique=True)
            if agreeing(fine, mp.mpf(longer)) >= MOST - 1:
                values["agrees"] = ["80-bit arithmetic"]
        kept[one.id] = values
    return kept


def main(wanted: list[str]) -> None:
    """Compute the problems named, or all, and write them down."""
    problems = reference.hand()["problems"]
    kept = dict(reference.exact())
    if not wanted:
        kept = {"starts": {}, "values": {}}
    for problem in wanted or problems:
        print(f"-- {problem}", flush=True)
        told = problems[problem]
        if "start" not in told and not told.get("labelled") and told["model"] != "levels":
            kept["starts"][problem] = found_start(problem)
        kept["values"] |= computed(problem)
        STORE.write_text(json.dumps(kept, indent=0, default=float) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
