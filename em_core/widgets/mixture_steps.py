"""`mixture-steps`: a Gaussian mixture in the plane, finding its clusters."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from em_core import style
from em_core.checks import Array
from em_core.em import EMState
from em_core.gaussians import GaussianMixture, GaussianParams
from em_core.plots import NAMES, draw_ellipses, draw_points
from em_core.tables import ellipse
from em_core.widgets.base import Stepper, half_steps, number, svg_path

WIDTH, HEIGHT = 600, 400


class MixtureSteps(Stepper):
    """Points by responsibility, and each component's ellipses at 1 and 2 standard deviations.

    Parameters
    ----------
    x : array_like of shape (n, 2)
    start : GaussianParams
        With d = 2 and at most four components.
    axes : tuple of two str
        What the columns of `x` are.
    iterations : int, default 15
        How many iterations can be stepped through.

    Raises
    ------
    ValueError
        For unusable data or parameters.
    CollapseError
        If a component collapses on the way.
    """

    kind = "mixture-steps"

    def __init__(
        self,
        x: ArrayLike,
        start: GaussianParams,
        axes: tuple[str, str] = ("x₁", "x₂"),
        iterations: int = 15,
    ) -> None:
        self._axes = axes
        super().__init__(GaussianMixture(), x, start, iterations)

    def make_trace(self, x: ArrayLike, states: list[EMState]) -> dict[str, Any]:
        """Steps with their figures, the points, and the ellipses as SVG paths."""
        k, d = states[0].params.means.shape
        if d != 2 or k > 4:
            raise ValueError(
                f"start: has {k} components in {d} dimensions; "
                "this widget shows at most 4 components, in 2"
            )
        steps = half_steps(len(states) - 1)
        points = np.asarray(x, dtype=float)
        low, high = points.min(axis=0), points.max(axis=0)
        margin = 0.12 * (high - low)
        low, high = low - margin, high + margin
        return {
            "label": "A mixture of Gaussians finds its clusters, step by step",
            "width": WIDTH,
            "height": HEIGHT,
            "axes": list(self._axes),
            "ticks": [_ticks(low[axis], high[axis], axis) for axis in (0, 1)],
            "names": list(NAMES[:k]),
            "points": _place(points, low, high).round(1).tolist(),
            "means": [_place(s.params.means, low, high).round(1).tolist() for s in states],
            "ellipses": [_ellipses(s.params, low, high) for s in states],
            "responsibilities": [s.responsibilities.round(2).tolist() for s in states[:-1]],
            "steps": [[params, responsibilities] for _, params, responsibilities in steps],
            "status": [f"{title}: {_figures(states[t])}" for title, t, _ in steps],
            "table": {
                "head": ["Step", "log-likelihood", *self._parts(k)],
                "rows": [_row(title, states[t]) for title, t, _ in steps],
            },
        }

    def _parts(self, k: int) -> list[str]:
        what = ["weight", *(f"mean {axis}" for axis in self._axes)]
        return [f"{part} {name}" for name in NAMES[:k] for part in what]

    def describe(self) -> str:
        """The run in one sentence."""
        return (
            f"{len(np.asarray(self.x))} points and {len(self.start.weights)} Gaussian components: "
            f"in {self._iterations} iterations of EM the ellipses move from a poor start onto the "
            "clusters, and the log-likelihood rises from "
            f"{number(self.states[0].log_likelihood, 2)} to "
            f"{number(self.states[-1].log_likelihood, 2)}."
        )

    def draw(self, figure: Figure) -> None:
        """Points and ellipses at three moments."""
        figure.set_size_inches(style.WIDTH, 2.4)
        columns = figure.subplots(1, 3, sharex=True, sharey=True)
        points = np.asarray(self.x, dtype=float)
        for ax, (title, t, r) in zip(columns, self.stages(), strict=True):
            draw_points(ax, points, self.states[r].responsibilities)
            draw_ellipses(ax, self.states[t].params)
            ax.set(title=title)
        columns[0].set_ylabel(self._axes[1])
        columns[1].set_xlabel(self._axes[0])


def _figures(state: EMState) -> str:
    weights = zip(NAMES, state.params.weights, strict=False)
    return (
        ", ".join(f"weight {name} {number(w, 3)}" for name, w in weights)
        + f", log-likelihood {number(state.log_likelihood, 2)}"
    )


def _row(title: str, state: EMState) -> list[str]:
    components = zip(state.params.weights, state.params.means, strict=True)
    parts = [number(value, 3) for w, mean in components for value in (w, *mean)]
    return [title, number(state.log_likelihood, 4), *parts]


def _ticks(low: float, high: float, axis: int) -> list[list[Any]]:
    """Places along an axis, in the drawing's units, and what stands there."""
    values = [v for v in MaxNLocator(4).tick_values(low, high) if low < v < high]
    shares = [(v - low) / (high - low) for v in values]
    places = [WIDTH * s if axis == 0 else HEIGHT * (1 - s) for s in shares]
    return [[round(place, 1), f"{v:g}"] for place, v in zip(places, values, strict=True)]


def _place(points: Array, low: Array, high: Array) -> Array:
    share = (points - low) / (high - low)
    return np.asarray(np.column_stack([share[:, 0], 1 - share[:, 1]]) * [WIDTH, HEIGHT])


def _ellipses(params: GaussianParams, low: Array, high: Array) -> list[list[str]]:
    return [
        [
            svg_path(_place(ellipse(mean, covariance, deviations, 49), low, high), closed=True)
            for deviations in (1, 2)
        ]
        for mean, covariance in zip(params.means, params.covariances, strict=True)
    ]
