"""`coin-steps`: EM for two coins over the contours of their log-likelihood."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from contourpy import FillType, contour_generator
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from em_core.checks import Array
from em_core.coins import CoinMixture, CoinParams
from em_core.plots import COIN_DROPS, draw_coin_contours, draw_path, draw_responsibilities
from em_core.tables import coin_surface, expected_counts
from em_core.widgets.base import Stepper, half_steps, number, svg_path

SIZE = 400
"""The side of the square of (θ_A, θ_B) in the drawing's units."""


class CoinSteps(Stepper):
    """Two coins: the path over the likelihood, the samples' responsibilities, the counts.

    Parameters
    ----------
    x : array_like of shape (m, 2)
        Heads and tails of each sample.
    start : CoinParams
        Two coins.
    iterations : int, default 10
        How many iterations can be stepped through.

    Raises
    ------
    ValueError
        For unusable data or parameters, or if there are not two coins.
    """

    kind = "coin-steps"

    def __init__(self, x: ArrayLike, start: CoinParams, iterations: int = 10) -> None:
        super().__init__(CoinMixture(), x, start, iterations)

    def _run(self, start: CoinParams) -> None:
        super()._run(start)
        if len(start.theta) != 2:
            raise ValueError(f"start: has {len(start.theta)} coins; this widget shows two")

    def make_trace(self) -> dict[str, Any]:
        """Steps with their figures, and the contours of the log-likelihood."""
        steps = half_steps(self._iterations)
        used = self.states[: self._iterations]
        return {
            "label": "EM for two coins, step by step",
            "size": SIZE,
            "contours": _contours(self.x, self.start.weights),
            "samples": [f"{int(h)} H, {int(t)} T" for h, t in np.asarray(self.x)],
            "path": [_place(state.params.theta) for state in self.states],
            "thetas": [[number(v, 3) for v in s.params.theta] for s in self.states],
            "shares": [s.responsibilities[:, 0].round(4).tolist() for s in used],
            "responsibilities": [
                [[number(v, 2) for v in row] for row in s.responsibilities] for s in used
            ],
            "counts": [_counts(self.x, s.responsibilities) for s in used],
            "steps": [[params, responsibilities] for _, params, responsibilities in steps],
            "status": [self._status(title, params) for title, params, _ in steps],
            "table": {
                "head": ["Step", "θ_A", "θ_B", "Log-likelihood", *self._sample_names()],
                "rows": [self._row(*step) for step in steps],
            },
        }

    def _sample_names(self) -> list[str]:
        return [f"A’s share of sample {i}" for i in range(1, len(np.asarray(self.x)) + 1)]

    def _status(self, title: str, t: int) -> str:
        a, b = self.states[t].params.theta
        return (
            f"{title}: θ_A {number(a, 3)}, θ_B {number(b, 3)}, "
            f"log-likelihood {number(self.states[t].log_likelihood, 2)}"
        )

    def _row(self, title: str, t: int, r: int | None) -> list[str]:
        state = self.states[t]
        figures = [*(number(v, 3) for v in state.params.theta), number(state.log_likelihood, 4)]
        if r is None:
            return [title, *figures, *("–" for _ in self._sample_names())]
        return [title, *figures, *(number(v, 2) for v in self.states[r].responsibilities[:, 0])]

    def describe(self) -> str:
        """The run in one sentence."""
        first, last = self.states[0].params.theta, self.states[-1].params.theta
        return (
            f"EM for two coins: from θ_A {number(first[0], 3)} and θ_B {number(first[1], 3)} "
            f"a path climbs the contours of the log-likelihood and ends after {self._iterations} "
            f"iterations at θ_A {number(last[0], 3)} and θ_B {number(last[1], 3)}, with "
            f"log-likelihood {number(self.states[-1].log_likelihood, 2)}."
        )

    def draw(self, figure: Figure) -> None:
        """Contours with the path so far, and the responsibilities, at three moments."""
        figure.set_size_inches(5.2, 7.4)
        rows = figure.subplots(3, 2, width_ratios=[1, 1.15])
        thetas = np.linspace(0.005, 0.995, 67)
        surface = coin_surface(self.x, thetas, self.start.weights)
        path = np.array([state.params.theta for state in self.states])
        names = [f"{int(h)} : {int(t)}" for h, t in np.asarray(self.x)]
        for (left, right), (title, t, r) in zip(rows, self.stages(), strict=True):
            draw_coin_contours(left, thetas, surface)
            draw_path(left, path[: t + 1], size=2)
            left.set_title(title)
            draw_responsibilities(right, self.states[r].responsibilities, names)


def _place(theta: Array) -> list[float]:
    return [round(float(theta[0]) * SIZE, 2), round(float(1 - theta[1]) * SIZE, 2)]


def _counts(x: ArrayLike, responsibilities: Array) -> list[list[str]]:
    """Expected heads and tails of A and of B: a row for each sample, and their sums."""
    counts = expected_counts(np.asarray(x), responsibilities).reshape(len(responsibilities), 4)
    return [[number(v, 1) for v in row] for row in [*counts, counts.sum(axis=0)]]


def _contours(x: ArrayLike, weights: Array) -> list[str]:
    """A filled region for each level, the lowest first, as SVG paths."""
    thetas = np.linspace(0.004, 0.996, 63)
    surface = coin_surface(np.asarray(x), thetas, weights)
    levels = surface.max() - np.array(COIN_DROPS)
    generator = contour_generator(thetas, thetas, surface, fill_type=FillType.OuterOffset)
    return [_region(generator.filled(level, np.inf)) for level in levels]


def _region(polygons: Any) -> str:
    rings = [
        points[start:end]
        for points, offsets in zip(*polygons, strict=True)
        for start, end in pairwise(offsets)
    ]
    return "".join(
        svg_path(np.column_stack([r[:, 0], 1 - r[:, 1]]) * SIZE, closed=True) for r in rings
    )
