"""`MeanBound`: `lower-bound` for points on a line, in the mean of a Gaussian component."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from em_core.checks import Array
from em_core.em import CollapseError, EMState, lower_bound
from em_core.gaussians import GaussianMixture, GaussianParams
from em_core.tables import log_likelihood
from em_core.widgets.base import Stepper, exact, number, run_figures
from em_core.widgets.lower_bound import ITERATIONS, LowerBound, limits


@dataclass(frozen=True)
class HeldMeans(GaussianMixture):
    """A mixture of Gaussians on a line of which only the first mean is estimated."""

    def m_step(
        self, x: ArrayLike, responsibilities: ArrayLike, params: GaussianParams
    ) -> GaussianParams:
        """The mixture's M-step, whose means are the bound's top whatever the rest is."""
        free = GaussianMixture.m_step(self, x, responsibilities, params)
        means = params.means.copy()
        means[0] = free.means[0]
        return GaussianParams(params.weights, means, params.covariances)


class MeanBound(LowerBound):
    """The log-likelihood of points on a line in component A's mean, all else held, and its bound.

    Parameters
    ----------
    x : array_like of shape (n, 1)
    start : GaussianParams
        With d = 1.
    span : tuple of two floats
        The means that are shown.
    across : str, default "μ_A"
        What the axis of the means is called.

    Raises
    ------
    ValueError
        For unusable data or parameters.
    """

    def __init__(
        self,
        x: ArrayLike,
        start: GaussianParams,
        span: tuple[float, float],
        across: str = "μ_A",
    ) -> None:
        self.span, self.across = span, across
        self._grid = np.linspace(*span, 101)
        Stepper.__init__(self, HeldMeans(), x, start, ITERATIONS)

    def make_scene(self, x: Any) -> dict[str, Any]:
        """The log-likelihood's curve."""
        values = np.array([log_likelihood(HeldMeans(), x, p) for p in self._along(self.start)])
        return {
            "label": "The log-likelihood in one mean and its lower bound, step by step",
            "choices": 0,
            "across": self.across,
            "span": list(self.span),
            "grid": exact(self._grid),
            "curve": [exact(self._grid), exact(values)],
            "box": exact(limits(values)),
        }

    def make_trace(
        self, model: Any, x: Any, states: list[EMState], collapse: CollapseError | None
    ) -> dict[str, Any]:
        """The touches, with their figures and slopes, and the bounds as curves."""
        if collapse is not None:
            raise collapse
        points, variance = np.asarray(x)[:, 0], float(states[0].params.covariances[0, 0, 0])
        shares = [state.responsibilities[:, 0] for state in states]
        means = [float(state.params.means[0, 0]) for state in states]
        return {
            "last": 2 * (len(states) - 1),
            "thetas": exact(means),
            "slopes": exact(
                r @ (points - mean) / variance for r, mean in zip(shares, means, strict=True)
            ),
            "curvatures": exact(r.sum() / variance for r in shares),
            "curves": [self._bound(x, state).round(2).tolist() for state in states],
            **run_figures(model, x, states),
        }

    def _along(self, params: GaussianParams) -> list[GaussianParams]:
        """The parameters with each mean of A that is shown."""
        rest = params.means[1:]
        return [
            GaussianParams(params.weights, [[mean], *rest], params.covariances)
            for mean in self._grid
        ]

    def _bound(self, x: Any, state: EMState) -> Array:
        """The bound that touches at a state."""
        model, shares = HeldMeans(), state.responsibilities
        each = self._along(state.params)
        return np.array([lower_bound(model, x, params, shares) for params in each])

    def _curves(self, made: list[int]) -> tuple[Array, Array, list[Array], list[float]]:
        bounds = [self._bound(self.x, self.states[t]) for t in made]
        return self._grid, np.array(self.scene["curve"][1]), bounds, self.trace["thetas"]

    def library(self) -> None:
        """Nothing: a page has the given run alone."""

    def _from(self, setting: str) -> GaussianParams:
        here: GaussianParams = self.start
        return self._along(here)[int(setting.split(":")[1])]

    def describe(self) -> str:
        """The run in one sentence."""
        first, last = (self.trace["thetas"][t] for t in (0, -1))
        return (
            f"The log-likelihood of {len(np.asarray(self.x))} numbers in the mean of component A "
            f"alone, with a lower bound that touches it at {number(first, 2)}; going to the top "
            f"of one bound after another, EM climbs in {len(self.states) - 1} iterations to "
            f"{number(last, 2)}."
        )

    def draw(self, figure: Figure) -> None:
        """The first two bounds."""
        self.draw_step(figure, 3)
