"""`sharpness`: the same rows shared out softly and ever harder, down to k-means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from em_core import checks
from em_core.checks import Array
from em_core.plots import draw_sharpness
from em_core.style import WIDTH
from em_core.tables import sharpened
from em_core.widgets.base import Widget, exact, number

SIGMAS = np.array([2.0, 1.7, 1.4, 1.2, 1.1, 1.0, 0.9, 0.8, 0.7, 0.6, 0.4, 0.2, 0.0])
"""The widths at which the components are held; 0 is k-means."""
BINS = 32
Groups: TypeAlias = tuple[ArrayLike, ArrayLike]


class Sharpness(Widget):
    """Two groups on a line, and what EM makes of them with components of ever smaller width.

    Parameters
    ----------
    groups : mapping of str to two array_like of shape (n,)
        Data sets by name; each is the rows of its left group and of its right one. EM is not told
        which is which.

    Raises
    ------
    ValueError
        For unusable data.
    """

    kind = "sharpness"

    def __init__(self, groups: Mapping[str, Groups]) -> None:
        if not groups:
            raise ValueError("groups: has no data set; give at least one name with two groups")
        self._sets = {name: _checked(name, pair) for name, pair in groups.items()}
        self._given = next(iter(self._sets))
        scene = {
            "label": "Two groups shared out ever harder, from wide components down to k-means",
            "choices": int(len(self._sets) > 1),
            "data": list(self._sets),
            "sigmas": SIGMAS.tolist(),
        }
        super().__init__(scene, self._trace(self._given, "own"))

    def _trace(self, name: str, setting: str) -> dict[str, Any]:
        return {"setting": setting, "data": name, **sharpness_trace(*self._sets[name])}

    def choose(self, setting: str) -> None:
        """Show the data set that the browser asks for, such as "Equal groups:"."""
        self._show(self._trace(setting.rsplit(":", 1)[0], setting))

    def choose_given(self) -> None:
        """Go back to the first data set."""
        self._show(self._trace(self._given, "own"))

    def library(self) -> dict[str, Any]:
        """The recipe for all data sets."""
        return {
            "sets": {name: [rows.tolist() for rows in pair] for name, pair in self._sets.items()}
        }

    def describe(self) -> str:
        """Where the centres of the first data set go, in one sentence."""
        trace = self._trace(self._given, "own")
        one = SIGMAS.tolist().index(1.0)
        (a, b), (hard_a, hard_b) = trace["means"][one], trace["means"][-1]
        return (
            "A histogram of two groups that overlap, and the share of component A, which falls "
            "from 1 to 0 between them: slowly while the components are wide, as a step in the end. "
            f"At σ 1.00 the centres are {number(a, 2)} and {number(b, 2)}; for k-means they are "
            f"{number(hard_a, 2)} and {number(hard_b, 2)}."
        )

    def draw(self, figure: Figure) -> None:
        """Wide components, those as wide as the groups, and k-means."""
        figure.set_size_inches(WIDTH, 2.6)
        pair = self._sets[self._given]
        trace = self._trace(self._given, "own")
        steps = (2, SIGMAS.tolist().index(1.0), len(SIGMAS) - 1)
        for ax, step in zip(figure.subplots(1, 3, sharey=True), steps, strict=True):
            sigma, means, weights = SIGMAS[step], trace["means"][step], trace["weights"][step]
            draw_sharpness(ax, pair, np.array(means), np.array([weights, 1 - weights]), sigma, BINS)
            ax.set(title=f"σ {sigma:.1f}" if sigma else "k-means")


def runs(sets: dict[str, list[list[float]]]) -> dict[str, Any]:
    """What each data set becomes.

    Parameters
    ----------
    sets : dict of str to list
        The rows of the two groups, by the data set's name.

    Returns
    -------
    dict
        For each name, one run.
    """
    return {
        name: {"shared": {"data": name}, "runs": {"": sharpness_trace(*map(np.array, pair))}}
        for name, pair in sets.items()
    }


def sharpness_trace(left: Array, right: Array) -> dict[str, Any]:
    """Histograms; for each width centres, weight of A, border, and how many rows are beyond it."""
    x = np.concatenate([left, right])
    means, weights, borders = sharpened(left, right, SIGMAS)
    wrong = [int((left > b).sum() + (right < b).sum()) for b in np.nan_to_num(borders, nan=np.inf)]
    edges = np.linspace(x.min(), x.max(), BINS + 1)
    return {
        "last": len(SIGMAS) - 1,
        "box": exact(edges[[0, -1]]),
        "counts": [np.histogram(rows, edges)[0].tolist() for rows in (left, right)],
        "groups": exact([left.mean(), right.mean()]),
        "means": exact(means),
        "weights": exact(weights),
        "borders": [None if np.isnan(border) else exact(border) for border in borders],
        "wrong": wrong,
    }


def _checked(name: str, pair: Groups) -> tuple[Array, Array]:
    if len(pair) != 2:
        raise ValueError(f"groups: {name!r} has {len(pair)} groups; this widget shows two")
    left, right = (checks.numbers("groups", rows, ("n",)) for rows in pair)
    if not left.mean() < right.mean():
        raise ValueError(f"groups: the left group of {name!r} must have the smaller mean")
    return left, right
