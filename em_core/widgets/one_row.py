"""`one-row`: the bound of a single row over q, an arch, and over q and a weight, a hill."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from scipy.special import rel_entr

from em_core import checks
from em_core.checks import Array
from em_core.em import CollapseError, EMState
from em_core.plots import draw_contours, draw_ridges
from em_core.style import COMPONENTS, LIGHT, LINES, WIDTH
from em_core.widgets.base import Stepper, exact, number
from em_core.widgets.bound_bars import bars
from em_core.widgets.coin_steps import contours

SIZE = 300
GRID = np.arange(101) / 100
"""The values of q that can be tried."""
PLACES = np.linspace(0.01, 0.99, 66)
"""The values of q and of the weight for which the hill is computed."""
DROPS = (4.0, 2.5, 1.6, 1.0, 0.6, 0.3, 0.1)
"""How far below its top each contour lies."""
ITERATIONS = 4


class KnownComponents:
    """Components of which all but the weights is known; x holds each row's likelihoods."""

    def check(self, x: ArrayLike, params: ArrayLike) -> None:
        """Raise a ValueError unless this is one row with two likelihoods, and two weights."""
        if not checks.numbers("x", x, (1, 2)).min() > 0:
            raise ValueError("x: has a likelihood that is not above 0")
        weights = checks.numbers("start", params, (2,))
        if not (weights.min() > 0 and abs(weights.sum() - 1) < 1e-9):
            raise ValueError(f"start: {weights.tolist()} must be two weights that sum to 1")

    def log_joint(self, x: Array, params: Array) -> Array:
        """Log p(x, z = j), for both labels."""
        return np.asarray(np.log(x) + np.log(params))

    def m_step(self, x: Array, responsibilities: Array, params: Array) -> Array:
        """The weights are the row's responsibilities."""
        return np.asarray(responsibilities.sum(axis=0) / responsibilities.sum())


class OneRow(Stepper):
    """A row with two labels: its bound over q, and over q and the weight w of the first label.

    Parameters
    ----------
    likelihoods : tuple of float, default (0.6, 0.2)
        How probable the row is under each label.
    weight : float, default 0.5
        Of the first label, at the start.

    Raises
    ------
    ValueError
        For likelihoods that are not above 0, or a weight outside (0, 1).
    """

    kind = "one-row"

    def __init__(self, likelihoods: ArrayLike = (0.6, 0.2), weight: float = 0.5) -> None:
        start = np.array([weight, 1 - weight])
        super().__init__(KnownComponents(), np.atleast_2d(likelihoods), start, ITERATIONS)

    def make_scene(self, x: ArrayLike) -> dict[str, Any]:
        """The hill, which no weight and no q changes, and where its two kinds of tops lie."""
        heights = hill(np.asarray(x))
        return {
            "label": "The bound of one row, over q and over the weight",
            "choices": 0,
            "size": SIZE,
            "grid": GRID.tolist(),
            "contours": contours(heights, PLACES, PLACES, DROPS),
            "tops": exact(np.column_stack([posterior(np.asarray(x), GRID), GRID])),
        }

    def make_trace(
        self, model: Any, x: Any, states: list[EMState], collapse: CollapseError | None
    ) -> dict[str, Any]:
        """The way over the hill, and the arch at each of its weights."""
        if collapse is not None:
            raise collapse
        values, bounds, gaps = bars(model, x, states)
        weights = np.array([state.params[0] for state in states])
        arches = np.array([arch(np.asarray(x), w) for w in weights])
        tried = np.column_stack([GRID, 1 - GRID])
        first_gaps = rel_entr(tried, states[0].responsibilities).sum(axis=1)
        return {
            "last": len(values) - 1,
            "first": len(GRID) // 2,
            "qs": exact(s.responsibilities[0, 0] for s in states),
            "weights": exact(weights),
            "logLikelihoods": exact(values),
            "bounds": exact(bounds),
            "gaps": exact(gaps),
            "arches": [exact(one) for one in arches],
            "firstGaps": exact(np.abs(first_gaps.round(12))),  # at the top rounding alone is left
            "box": exact([arches[0].min() - 0.3, values.max() + 0.15]),
        }

    def choose(self, setting: str) -> None:
        """Begin with another q: "q:30" is 0.30."""
        self._show(self.trace | {"setting": setting, "first": int(setting.split(":")[1])})

    def describe(self) -> str:
        """Both pictures in two sentences."""
        first, last = (self.trace["weights"][t] for t in (0, -1))
        top, half = self.trace["logLikelihoods"][0], self.trace["bounds"][0]
        return (
            f"The bound of a single row is an arch over q: at q {number(self.trace['qs'][0], 2)} "
            f"it touches the log-likelihood, {number(top, 4)}, and at q 0.50 it is "
            f"{number(half, 4)}. Over q and the weight it is a hill, on which EM climbs in steps "
            f"along the axes, from weight {number(first, 3)} to {number(last, 3)}."
        )

    def draw(self, figure: Figure) -> None:
        """The arch at the start, and the hill with the whole way."""
        figure.set_size_inches(WIDTH, 2.6)
        left, right = figure.subplots(1, 2)
        x = np.asarray(self.x)
        self._draw_arch(left, x)
        heights = hill(x)
        draw_contours(right, PLACES, PLACES, heights, heights.max() - np.array(DROPS))
        draw_ridges(right, posterior(x, GRID), GRID, GRID, GRID)
        weights = np.repeat(self.trace["weights"], 2)[:-1]
        qs = [0.5, *np.repeat(self.trace["qs"], 2)][: len(weights)]
        right.plot(qs, weights, color=LIGHT["ink"], marker="o", markersize=3, linestyle="-")
        right.set(xlim=(0, 1), ylim=(0, 1), xlabel="q", ylabel="w", xticks=[0, 0.5, 1])
        right.set(title="… and over the weight", yticks=[0, 0.5, 1])

    def _draw_arch(self, ax: Axes, x: Array) -> None:
        top, at = self.trace["logLikelihoods"][0], self.trace["qs"][0]
        ax.axhline(top, color=LIGHT["ink"], linestyle="-")
        ax.plot(GRID, self.trace["arches"][0], color=COMPONENTS[0], linestyle=LINES[0])
        ax.plot(at, top, color=COMPONENTS[0], marker="o")
        ax.plot([0.5, 0.5], [self.trace["bounds"][0], top], color=COMPONENTS[1], linestyle="--")
        ax.set(
            title="The bound", xlabel="q", xlim=(0, 1), ylim=self.trace["box"], xticks=[0, 0.5, 1]
        )


def arch(x: Array, weight: ArrayLike, q: Array = GRID) -> Array:
    """The bound of the row x for each q."""
    w = np.asarray(weight)
    return np.asarray(-rel_entr(q, x[0, 0] * w) - rel_entr(1 - q, x[0, 1] * (1 - w)))


def hill(x: Array) -> Array:
    """The bound over q and the weight; a row for each weight."""
    return arch(x, PLACES[:, np.newaxis], PLACES)


def posterior(x: Array, weights: Array) -> Array:
    """The best q for each weight."""
    first, second = x[0, 0] * weights, x[0, 1] * (1 - weights)
    return np.asarray(first / (first + second))
