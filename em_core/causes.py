"""Why a mixture of Gaussians collapsed: the causes, and what to do for each, in words.

They are looked for when it has happened, and never before.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from em_core.checks import Array, listed
from em_core.em import RESTART

Over: TypeAlias = Callable[[Callable[[Array], Any]], list[Any]]
Posterior: TypeAlias = Callable[[Array], Array] | None

ROUNDING = 1e-15  # a column's spread, as a share of its largest value, that is none
GAP = 1e3  # how many times as large as all others a value is that stands for "missing"
LOST = 1e-10  # the share of a column's variance below which other columns determine it


def causes(over: Over, shared: bool, posterior: Posterior, j: int) -> str:
    """What is wrong with the data, if something is; else with the component.

    Parameters
    ----------
    over : callable
        The list of a function's values at the pieces of the data, or at all rows as the only piece.
    shared : bool
        Whether the components have one covariance.
    posterior : callable, optional
        The responsibilities for some rows; None for a start.
    j : int
        The component that collapsed.
    """
    n, largest = sum(over(len)), np.max(over(lambda x: abs(x).max(axis=0)), axis=0)
    if n <= (d := len(largest)):
        return f"x has {n} rows and {d} columns: give more rows than columns."
    near = np.max(over(lambda x: (abs(x) * (abs(x) <= largest / 2)).max(axis=0)), axis=0)
    # A column of many 0 and a few 1, as one-hot ones are, has no gap.
    bound = np.where((GAP * near < largest) & (near > 0), near, largest)
    far = np.concatenate(over(lambda x: (abs(x) > bound).any(axis=1)))
    found = []
    if far.any():
        a = int((largest - bound).argmax())
        seen = f"{largest[a]:.3g} in column {a}, where others are at most {near[a]:.3g}"
        found = [f"Correct or leave out {listed('row', np.flatnonzero(far))} of x: {seen}."]
    _, covariance = _moments(over, lambda x: 1.0 * (abs(x) <= bound).all(axis=1, keepdims=True), 0)
    if useless := _determined(covariance, ROUNDING * bound):
        found.append(f"Leave out columns of x that add nothing: {useless}.")
    if found:
        return " ".join(found)
    hardly = np.sqrt(LOST * np.diag(covariance))
    count, covariance = _moments(over, posterior, j) if posterior else (n, covariance)
    if posterior is None or round(count) == n:
        return "It is too narrow for the digits of x: subtract the means of x, or start wider."
    seen = f"Among its {count:.3g} rows {_determined(covariance, hardly) or 'all is narrow'}"
    if round(count) <= d + 1 and not shared:
        own = np.concatenate(over(lambda x: posterior(x)[:, j]))
        rows = listed("row", np.flatnonzero(own >= min(0.5, own.max())))
        seen = f"It has kept {rows}, no more than d + 1 = {d + 1} rows"
    return f"{seen}. {RESTART}" if shared else f"{seen}. {RESTART[:-1]}, or a shared covariance."


def _moments(over: Over, weights: Callable[[Array], Array], j: int) -> tuple[float, Array]:
    """The sum of the weights in column j, and the rows' covariance by these weights."""
    count: float = sum(over(lambda x: weights(x)[:, j].sum()))
    mean = sum(over(lambda x: weights(x)[:, j] @ x)) / count
    mean = mean + sum(over(lambda x: weights(x)[:, j] @ (x - mean))) / count  # the last digit, too
    scatters = over(lambda x: weights(x)[:, j] * (x - mean).T @ (x - mean))
    return count, np.asarray(sum(scatters) / count)


def _determined(covariance: Array, least: Array) -> str:
    """The columns with no more than the least spread, or that follow from those before them."""
    spread = np.sqrt(np.diag(covariance))
    varies = spread > least
    units = np.where(varies, spread, 1)
    correlations = covariance / np.outer(units, units)
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
