"""`coin-steps`: EM for two coins over the contours of their log-likelihood."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from contourpy import FillType, contour_generator
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from em_core.checks import Array
from em_core.coins import CoinMixture, CoinParams
from em_core.em import EMState, lower_bound
from em_core.plots import COIN_DROPS, draw_coin_contours, draw_path, draw_responsibilities
from em_core.style import LIGHT, WIDTH
from em_core.tables import coin_surface, expected_counts
from em_core.widgets.base import Stepper, half_steps, number, svg_path

SIZE = 300
"""The side of the square of (θ_A, θ_B) in the drawing's units."""
THETAS = np.linspace(0.005, 0.995, 67)
Counts: TypeAlias = tuple[tuple[int, int], ...]


class CoinSteps(Stepper):
    """Two coins: the path over the likelihood, the samples' responsibilities, the counts.

    Parameters
    ----------
    x : array_like of shape (m, 2)
        Heads and tails of each sample.
    start : CoinParams
        Two coins; their weights stay fixed.
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

    def make_trace(self, x: ArrayLike, states: list[EMState]) -> dict[str, Any]:
        """Steps with their figures, and the contours of the log-likelihood."""
        first = states[0].params
        if len(first.theta) != 2:
            raise ValueError(f"start: has {len(first.theta)} coins; this widget shows two")
        steps = half_steps(len(states) - 1)
        counts = _counts(x)
        names = [_words(row) for row in counts]
        return {
            "label": "EM for two coins, step by step",
            "size": SIZE,
            "contours": _contours(counts, tuple(first.weights.tolist())),
            "samples": names,
            "path": [_place(state.params.theta) for state in states],
            "splits": [_split(x, *pair) for pair in pairwise(states)],
            "steps": [[params, responsibilities] for _, params, responsibilities in steps],
            "status": [f"{title}: {_figures(states[t])}" for title, t, _ in steps],
            "table": {
                "head": [*TABLE, *(f"A’s share of {name}" for name in names)],
                "rows": [self._row(x, states, *step) for step in steps],
            },
        }

    def _row(
        self, x: ArrayLike, states: list[EMState], title: str, t: int, r: int | None
    ) -> list[str]:
        state = states[t]
        figures = [*(number(v, 4) for v in state.params.theta), number(state.log_likelihood, 4)]
        if r is None:
            return [title, *figures, *["–"] * (3 + len(state.responsibilities))]
        shares = states[r].responsibilities
        bound = number(lower_bound(self.model, x, state.params, shares), 4)
        return [title, *figures, bound, *_sums(x, shares), *(number(v, 3) for v in shares[:, 0])]

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
        figure.set_size_inches(WIDTH, 4.1)
        columns = figure.subplots(2, 3, height_ratios=[1.15, 1]).T
        counts = _counts(self.x)
        surface = _surface(counts, tuple(self.start.weights.tolist()))
        path = np.array([state.params.theta for state in self.states])
        for (above, below), (title, t, r) in zip(columns, self.stages(), strict=True):
            draw_coin_contours(above, THETAS, surface)
            draw_path(above, path[: t + 1], LIGHT["ink"], size=2)
            draw_responsibilities(below, self.states[r].responsibilities, [""] * len(counts))
            above.set(title=title, xticks=[0, 1], yticks=[0, 1])
            below.set(xticks=[0, 1], xlabel="")
        for above, _ in columns[1:]:
            above.set(ylabel="", yticklabels=[])
        columns[0][1].set_yticklabels([_words(row) for row in counts])
        columns[1][1].set_xlabel("responsibility")


TABLE = ["Step", "θ_A", "θ_B", "log-likelihood", "lower bound", "expected of A", "expected of B"]


def _split(x: ArrayLike, before: EMState, after: EMState) -> dict[str, Any]:
    """How the E-step divides the samples, and the M-step's quotients that follow."""
    r = before.responsibilities
    counts = expected_counts(np.asarray(x), r)
    totals = counts.sum(axis=0)
    return {
        "shares": r[:, 0].round(4).tolist(),
        "texts": [[number(v, 2) for v in row] for row in r],
        "counts": [[_expected(pair) for pair in row] for row in counts],
        "sums": _sums(x, r),
        "thetas": [
            f"θ_{name} = {h:.1f}/{h + t:.1f} = {theta:.3f}"
            for name, (h, t), theta in zip("AB", totals, after.params.theta, strict=True)
        ],
    }


def _sums(x: ArrayLike, responsibilities: Array) -> list[str]:
    return [_expected(pair) for pair in expected_counts(np.asarray(x), responsibilities).sum(0)]


def _expected(pair: Array) -> str:
    return f"{pair[0]:.1f} H {pair[1]:.1f} T"


def _words(counts: tuple[int, int]) -> str:
    return f"{counts[0]} H {counts[1]} T"


def _figures(state: EMState) -> str:
    a, b = state.params.theta
    return f"θ_A {a:.3f}, θ_B {b:.3f}, log-likelihood {number(state.log_likelihood, 2)}"


def _place(theta: Array) -> list[float]:
    return [round(float(theta[0]) * SIZE, 2), round(float(1 - theta[1]) * SIZE, 2)]


def _counts(x: ArrayLike) -> Counts:
    return tuple((int(h), int(t)) for h, t in np.asarray(x))


@lru_cache(maxsize=16)
def _surface(counts: Counts, weights: tuple[float, float]) -> Array:
    return coin_surface(np.array(counts), THETAS, np.array(weights))


@lru_cache(maxsize=16)
def _contours(counts: Counts, weights: tuple[float, float]) -> list[str]:
    """A filled region for each level, the lowest first, as SVG paths."""
    surface = np.pad(_surface(counts, weights), 1, mode="edge")  # up to the square's frame
    thetas = np.concatenate([[0], THETAS, [1]])
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
