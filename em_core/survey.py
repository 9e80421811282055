"""What is known of rows: moments, which add up over pieces; and why a mixture collapsed.

The causes, and what to do for each, are looked for when it has happened, and never before.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from em_core import checks
from em_core.checks import EPS, Array, listed
from em_core.covariances import Kind, joined, of_kind, standardised, width
from em_core.em import RESTART

Over: TypeAlias = Callable[[Callable[[Array], Any]], Any]
Posterior: TypeAlias = Callable[[Array], Array] | None

LARGEST_VALUE = 1e140  # the sum of squares of larger ones may overflow
TINY = float(np.finfo(float).tiny)
ROUNDING = 1e-15  # a column's spread, as a share of its largest value, that is none
GAP = 1e3  # how many times as large as all others a value is that stands for "missing"
LOST = 1e-10  # the share of a column's variance below which other columns determine it


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of rows as far as sums tell it; those of parts add up.

    Attributes
    ----------
    rows : int
        How many there are, whatever their weights.
    n : ndarray of shape (k,)
        Σ_i r_ij.
    mean : ndarray of shape (k, d)
        Σ_i r_ij x_i / n_j.
    scatter : ndarray of shape (k, d, d)
        Σ_i r_ij (x_i − mean_j)(x_i − mean_j)ᵀ; for an uncorrelated kind its diagonal alone counts.
    largest : ndarray of shape (d,)
        The largest |x_i| of each axis.
    """

    rows: int
    n: Array
    mean: Array
    scatter: Array
    largest: Array

    @classmethod
    def of(cls, x: Array, responsibilities: Array | None = None, kind: Kind = "full") -> Self:
        """The survey of some rows, by responsibilities of shape (n, k) or as one component.

        The responsibilities may be times the rows' weights. The kind is that of covariances.
        """
        z = np.array(x.T, order="C")  # as columns, which are long
        largest, about = np.abs(z).max(axis=1), z @ np.full(len(x), 1 / len(x))
        # About a mean that lacks digits all sums keep theirs; a column that is constant is 0.
        z -= about[:, np.newaxis]
        r = np.ones((len(x), 1)) if responsibilities is None else responsibilities
        n = r.sum(axis=0)
        with np.errstate(under="ignore"):  # as a decorator it could not be sent to a cluster
            means = (z @ r / np.maximum(n, TINY)).T
            shares = zip(np.sqrt(r.T), means[:, :, np.newaxis], strict=True)
            parts = len(z) // width(kind, len(z)), -1, len(x)
            ys = ((root * (z - mean)).reshape(parts) for root, mean in shares)
            # The product of a matrix with itself is half the work.
            scatter = joined(np.array([y @ y.mT for y in ys]))
        return cls(len(x), n, about + means, scatter, largest)

    def __add__(self, other: Self) -> Self:
        """The survey of both sets of rows (Chan, Golub and LeVeque 1983)."""
        n, step = self.n + other.n, other.mean - self.mean
        share = (other.n / np.maximum(n, TINY))[:, np.newaxis]
        apart = (self.n[:, np.newaxis] * share * step)[:, :, np.newaxis] * step[:, np.newaxis, :]
        largest = np.maximum(self.largest, other.largest)
        scatter = self.scatter + other.scatter + apart
        return type(self)(self.rows + other.rows, n, self.mean + share * step, scatter, largest)

    def finest(self) -> Array:
        """The smallest standard deviation of each axis that is not rounding: shape (d,).

        Whatever the component, it is 100 ε times the largest |x|, in units of each axis's spread.
        """
        total = np.maximum(self.n.sum(), TINY)
        apart = self.n @ (self.mean - self.n @ self.mean / total) ** 2
        variances = (np.einsum("jaa->a", self.scatter) + apart) / total
        units = np.sqrt(np.where(variances > 0, variances, 1.0))
        return np.asarray(100 * EPS * (self.largest / units).max() * units)


def as_points(x: ArrayLike, d: int | str = "d") -> Array:
    """The data as points, or a ValueError."""
    points = checks.numbers("x", x, ("n", d), copy=False)
    if max(points.max(), -points.min()) > LARGEST_VALUE:
        i, a = np.argwhere(abs(points) > LARGEST_VALUE)[0]
        raise ValueError(f"x: {points[i, a]:.3g} at [{i}, {a}] is too large; omit it or rescale x")
    return points


def causes(over: Over, kind: Kind, posterior: Posterior, j: int) -> str:
    """What is wrong with the data, if something is; else with the component.

    Parameters
    ----------
    over : callable
        The sum of a function's values at the pieces of the data, or at all rows as the only piece.
    kind : str
        Of covariances.
    posterior : callable, optional
        The responsibilities for some rows; None for a start.
    j : int
        The component that collapsed.
    """
    whole = over(Survey.of)
    n, d, largest = int(whole.n[0]), len(whole.largest), whole.largest
    least = width(kind, d) + 1
    if n < least:
        return f"x has shape ({n}, {d}): give at least {least} rows."
    # Half way, by factors, from the values' geometric mean to the largest.
    middle = np.sqrt(largest * np.exp(over(lambda x: np.log(abs(x) + (x == 0)).sum(axis=0) / n)))
    near = np.max(over(lambda x: [(abs(x) * (abs(x) <= middle)).max(axis=0)]), axis=0)
    above = np.min(over(lambda x: [np.where(abs(x) > middle, abs(x), np.inf).min(axis=0)]), axis=0)
    # A column of many 0 and a few 1, as one-hot ones are, has no gap.
    bound = np.where((GAP * near < above) & (near > 0), near, largest)
    far = np.concatenate(over(lambda x: [(abs(x) > bound).any(axis=1)]))
    found = []
    if far.any():
        a = int((largest - bound).argmax())
        seen = f"{largest[a]:.3g} in column {a}, where others are at most {near[a]:.3g}"
        found = [f"Correct or leave out {listed('row', np.flatnonzero(far))} of x: {seen}."]
    rest = over(lambda x: Survey.of(x, 1.0 * (abs(x) <= bound).all(axis=1, keepdims=True)))
    (covariance,) = of_kind(kind, rest.scatter / rest.n[0], np.ones(1))
    if useless := _determined(covariance, ROUNDING * bound):
        found.append(f"Leave out columns of x that add nothing: {useless}.")
    if found:
        return " ".join(found)
    hardly = np.sqrt(LOST * np.diag(covariance))
    mine = over(lambda x: Survey.of(x, posterior(x) if posterior else None))
    if posterior is None or round(mine.n[j]) == n:
        return "It is too narrow for the digits of x: subtract the means of x, or start wider."
    count, own = mine.n[j], mine.scatter[j : j + 1] / np.maximum(mine.n[j], TINY)
    (covariance,) = of_kind(kind, own, np.ones(1))
    seen = f"Among its {count:.3g} rows {_determined(covariance, hardly) or 'all is narrow'}"
    if round(count) <= least and kind != "shared":
        own = np.concatenate(over(lambda x: [posterior(x)[:, j]]))
        rows = listed("row", np.flatnonzero(own >= min(0.5, own.max())))
        seen = f"It has kept {rows}, no more than {'d + 1 = ' * (kind == 'full')}{least} rows"
    other = "." if kind == "shared" else ", or a shared covariance."
    return f"{seen}. {RESTART[:-1]}{other}"


def _determined(covariance: Array, least: Array) -> str:
    """The columns with no more than the least spread, or that follow from those before them."""
    varies, _, correlations = standardised(covariance, least)
    said = []
    if len(constant := np.flatnonzero(~varies)):
        said = [f"{listed('column', constant)} {'is' if len(constant) == 1 else 'are'} constant"]
    free = np.zeros_like(varies)
    for j in np.flatnonzero(varies):
        among = correlations[free]
        slopes = np.linalg.solve(among[:, free], among[:, j])
        free[j] = 1 - slopes @ among[:, j] > LOST
        if not free[j]:
            of = np.flatnonzero(free)[abs(slopes) > 1e-4]
            how = "is, but for units, a copy of" if len(of) == 1 else "follows from"
            said.append(f"column {j} {how} {listed('column', of)}")
    more = f"; and {len(said) - 3} more follow from others" if len(said) > 3 else ""
    return "; ".join(said[:3]) + more
