"""`twelve-rows`: two maxima and a saddle, over correlation and variance, and EM's ways to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from em_core import checks
from em_core.checks import Array
from em_core.plots import draw_contours, draw_path
from em_core.style import COMPONENTS, LIGHT, WIDTH
from em_core.widgets.base import Variants, exact, number
from em_core.widgets.coin_steps import SIZE, contours

BOX = (-1.0, 1.0, 1.4, 4.6)
"""The correlations and the variances on the map."""
ACROSS = np.linspace(-0.98, 0.98, 99)
UP = np.linspace(1.4, 4.6, 65)
"""Those for which the log-likelihood is computed."""
DROPS = (5.0, 3.0, 1.5, 0.7, 0.3, 0.12, 0.03)
"""How far below the top each contour lies."""


class TwelveRows(Variants):
    """EM's ways over a log-likelihood of correlation and variance, with two maxima and a saddle.

    Parameters
    ----------
    ways : mapping of str to array_like of shape (t + 1, 2)
        For each start the correlation and the variance, there and after each iteration.
    log_likelihood : callable
        Takes correlation and variance, both arrays.
    maxima : array_like of shape (m, 2)
        Where it has maxima.
    saddle : array_like of shape (2,)
        And where a saddle.

    Raises
    ------
    ValueError
        For no way, or one that has another shape or leaves the map.
    """

    kind = "twelve-rows"

    def __init__(
        self,
        ways: Mapping[str, ArrayLike],
        log_likelihood: Callable[[Any, Any], Any],
        maxima: ArrayLike,
        saddle: ArrayLike,
    ) -> None:
        checks.must("at least one way", len(ways) > 0, "ways", list(ways))
        self._ways = {name: _checked(way) for name, way in ways.items()}
        self._tops = checks.numbers("maxima", maxima, ("m", 2))
        self._saddle = checks.numbers("saddle", saddle, (2,))
        self._heights = log_likelihood(ACROSS, UP[:, np.newaxis])
        top, between = (log_likelihood(*at) for at in (self._tops[0], self._saddle))
        checks.must("lower than the maxima", between < top, "saddle", list(self._saddle))
        left, right, low, high = BOX
        places = (ACROSS - left) / (right - left), (UP - low) / (high - low)
        scene = {
            "label": "Two maxima and a saddle, and the ways of EM",
            "choices": 1,
            "names": list(ways),
            "size": SIZE,
            "box": list(BOX),
            "contours": contours(self._heights, *places, DROPS),
            "maxima": exact(self._tops),
            "saddle": exact(self._saddle),
            "heights": exact([2 * between - top, top + 0.15 * (top - between)]),
        }
        traces = [
            {
                "name": name,
                "last": len(way) - 1,
                "places": exact(way),
                "logLikelihoods": exact(log_likelihood(*way.T)),
                "end": self._end(way[-1]),
            }
            for name, way in self._ways.items()
        ]
        super().__init__(scene, traces)

    def _end(self, place: Array) -> str:
        far = np.abs(np.vstack([self._saddle, self._tops]) - place).max(axis=1)
        return "the saddle" if far.argmin() == 0 else "a maximum"

    def describe(self) -> str:
        """The map and the first way, in two sentences."""
        tops = " and ".join(number(correlation, 2) for correlation in sorted(self._tops[:, 0]))
        first, last = (self.trace["places"][t] for t in (0, -1))
        return (
            f"Contours of a log-likelihood over correlation and variance: hills with their tops at "
            f"correlations {tops}, and a saddle between them. EM goes from correlation "
            f"{number(first[0], 3)} and variance {number(first[1], 3)} in {self.trace['last']} "
            f"iterations to {number(last[0], 3)} and {number(last[1], 3)}, {self.trace['end']}."
        )

    def draw(self, figure: Figure) -> None:
        """The map with all the ways."""
        figure.set_size_inches(WIDTH, 3.0)
        ax = figure.subplots()
        draw_contours(ax, ACROSS, UP, self._heights, self._heights.max() - np.array(DROPS))
        for way in self._ways.values():
            draw_path(ax, way, LIGHT["ink"], size=2)
        ax.plot(*self._tops.T, color=COMPONENTS[0], marker="^", linestyle="none")
        ax.plot(*self._saddle, color=COMPONENTS[0], marker="x", markeredgewidth=2)
        ax.set(xlabel="ρ", ylabel="σ²")


def _checked(way: ArrayLike) -> Array:
    found = checks.numbers("ways", way, ("t + 1", 2))
    left, right, low, high = BOX
    inside = (left < found[:, 0]) & (found[:, 0] < right) & (low <= found[:, 1])
    checks.must("on the map", bool((inside & (found[:, 1] <= high)).all()), "ways", found)
    return found
