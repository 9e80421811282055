"""`overlap`: how far two components are apart, how fast EM is, and how sure its answer."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from scipy.optimize import root
from scipy.special import ndtri

from em_core import checks
from em_core.checks import Array
from em_core.em import CollapseError, EMState, em_steps
from em_core.plots import draw_contours
from em_core.style import COMPONENTS, LINES, WIDTH
from em_core.tables import ellipse
from em_core.widgets.base import Stepper, exact, number, run
from em_core.widgets.coin_steps import contours
from em_core.worth import em_jacobian, observed_information

SIZE = 300
HIGHEST = 6.5
"""The largest mean that is drawn."""
WEIGHTS = np.linspace(0.01, 0.99, 66)
MEANS = np.linspace(0.05, HIGHEST - 0.05, 66)
DISTANCES = np.arange(8, 51) / 10
"""Where B's points can be moved to."""
DROPS = (40.0, 24.0, 14.0, 8.0, 4.5, 2.0, 0.5)
"""How far below its top each contour lies: from the third last, three, two and one deviations."""
START = (0.15, 6.0)
EACH = 50
ITERATIONS = 60


class TwoComponents:
    """Gaussians of variance 1, A's mean being 0: B's weight and mean are wanted."""

    def check(self, x: ArrayLike, params: ArrayLike) -> None:
        """Raise a ValueError unless these are numbers, and a weight and a mean."""
        checks.numbers("x", x, ("n",))
        weight, _ = checks.numbers("start", params, (2,))
        if not 0 < weight < 1:
            raise ValueError(f"start: has weight {weight:g}; it must lie between 0 and 1")

    def log_joint(self, x: Array, params: Array) -> Array:
        """Log p(x_i, z_i = j), for A and for B."""
        weight, mean = params
        away = np.asarray(x)[:, np.newaxis] - np.array([0, mean])
        return np.asarray(np.log([1 - weight, weight]) - (away**2 + np.log(2 * np.pi)) / 2)

    def m_step(self, x: Array, responsibilities: Array, params: Array) -> Array:
        """B's share of the points, and their weighted mean."""
        rows = responsibilities[:, 1].sum()
        return np.array([rows / len(x), responsibilities[:, 1] @ x / rows])


class Overlap(Stepper):
    """The log-likelihood over B's weight and mean, EM's way, and the ring of standard errors.

    Parameters
    ----------
    distance : float, default 2
        How far the points of B are from those of A, from 0.8 to 5 standard deviations.

    Raises
    ------
    ValueError
        For another distance.

    Notes
    -----
    Here a step is a whole iteration.
    """

    kind = "overlap"
    until_settled = True
    per_iteration = 1

    def __init__(self, distance: float = 2) -> None:
        apart = float(checks.numbers("distance", distance, ()))
        if not DISTANCES[0] <= apart <= DISTANCES[-1]:
            raise ValueError(f"distance: {distance!r} must lie between 0.8 and 5")
        self._points = points(apart)
        super().__init__(TwoComponents(), self._points, np.array(START), ITERATIONS)

    def make_scene(self, x: ArrayLike) -> dict[str, Any]:
        """What no distance changes."""
        return {
            "label": "Two components and their overlap",
            "choices": 0,
            "size": SIZE,
            "highest": HIGHEST,
            "grid": DISTANCES.tolist(),
        }

    def make_trace(
        self, model: Any, x: ArrayLike, states: list[EMState], collapse: CollapseError | None
    ) -> dict[str, Any]:
        """EM's way, the contours, and what is known of the maximum."""
        return overlap_trace(model, x, states, collapse)

    def choose(self, setting: str) -> None:
        """Move B's points to where the browser asks."""
        apart = DISTANCES[int(setting.split(":")[1])]
        self._show(self._run(self.model, points(apart), np.array(START), setting))

    def choose_given(self) -> None:
        """Go back to the points and the start that the widget was made with."""
        self._restart(self._points, self._given)

    def library(self) -> dict[str, Any]:
        """The recipe for the runs at all distances: there is nothing to know."""
        return {}

    def describe(self) -> str:
        """The distance and what follows from it, in two sentences."""
        weight, mean = self.trace["top"]
        errors, known = self.trace["errors"], self.trace["known"]
        return (
            f"A hundred points of two overlapping components, of which the second has weight "
            f"{number(weight, 2)} and mean {number(mean, 2)}: the log-likelihood over both is a "
            f"bent ridge, on which EM walks at a rate of {number(self.trace['rate'], 2)}. "
            f"The standard errors are {number(errors[0], 3)} and {number(errors[1], 3)}; with "
            f"labels they would be {number(known[0], 3)} and {number(known[1], 3)}."
        )

    def draw(self, figure: Figure) -> None:
        """The log-likelihood's contours, with the rings, at three distances."""
        figure.set_size_inches(WIDTH, 2.5)
        for ax, apart in zip(figure.subplots(1, 3), (1.0, 2.0, 4.0), strict=True):
            x = points(apart)
            heights = surface(x.tobytes())
            top = maximum(TwoComponents(), x, np.array([0.5, apart]))
            draw_contours(ax, WEIGHTS, MEANS, heights, heights.max() - np.array(DROPS))
            for j, information in enumerate((_with_labels(x, top), _as_it_is(x, top))):
                ring = ellipse(top, np.linalg.inv(information), 1)
                ax.plot(*ring.T, color=COMPONENTS[j], linestyle=LINES[j], linewidth=1.4)
            rate = abs(np.linalg.eigvals(em_jacobian(TwoComponents(), x, top))).max()
            ax.set(title=f"{apart:g} apart, ρ {rate:.2f}", xlim=(0, 1), ylim=(0, HIGHEST))
            ax.set(xlabel="weight", ylabel="mean" if apart == 1 else "", xticks=[0, 1])


def points(apart: float) -> Array:
    """As many points of A as of B: quantiles of a Gaussian, scaled to its variance, and shifted."""
    quantiles = ndtri((np.arange(EACH) + 0.5) / EACH)
    quantiles /= np.sqrt((quantiles**2).mean())
    return np.concatenate([quantiles, quantiles + apart])


@lru_cache(maxsize=64)
def surface(points: bytes) -> Array:
    """The log-likelihood of points over the drawn weights and means; a row for each mean."""
    x = np.frombuffer(points)
    a = np.exp(-(x**2) / 2)
    b = np.exp(-((x - MEANS[:, np.newaxis]) ** 2) / 2)[:, np.newaxis, :]
    w = WEIGHTS[:, np.newaxis]
    densities = ((1 - w) * a + w * b) / np.sqrt(2 * np.pi)
    return np.asarray(np.log(densities).sum(axis=2))


def maximum(model: Any, x: Array, near: Array) -> Array:
    """Where EM ends, to the last digits."""

    def step(params: Array) -> Array:
        state = next(em_steps(model, x, params))
        return np.asarray(model.m_step(x, state.responsibilities, params) - params)

    return np.asarray(root(step, near, tol=1e-13).x)


def _as_it_is(x: Array, top: Array) -> Array:
    return observed_information(TwoComponents(), x, top)


def _with_labels(x: Array, top: Array) -> Array:
    weight = top[0]
    return len(x) * np.diag([1 / (weight * (1 - weight)), weight])


def overlap_trace(
    model: Any, x: Any, states: list[EMState], collapse: CollapseError | None
) -> dict[str, Any]:
    """A run as JSON, with the contours and what is known of its end."""
    if collapse is not None:
        raise collapse
    x = np.asarray(x, dtype=float)
    top = maximum(model, x, states[-1].params)
    covariance, with_labels = (np.linalg.inv(f(x, top)) for f in (_as_it_is, _with_labels))
    squares = contours(surface(x.tobytes()), WEIGHTS, MEANS / HIGHEST, DROPS)
    return {
        "last": len(states) - 1,
        "x": exact(x),
        "params": [exact(state.params) for state in states],
        "logLikelihoods": exact(state.log_likelihood for state in states),
        "top": exact(top),
        "distance": round(float(top[1]), 1),
        "rate": exact(abs(np.linalg.eigvals(em_jacobian(model, x, top))).max()),
        "covariance": exact(covariance[np.tril_indices(2)]),
        "errors": exact(np.sqrt(np.diag(covariance))),
        "known": exact(np.sqrt(np.diag(with_labels))),
        "contours": squares,
    }


def runs() -> dict[str, Any]:
    """The runs at every distance of the grid.

    Returns
    -------
    dict
        For "all": each run by the index of its distance.
    """
    model, traces = TwoComponents(), {}
    for i, apart in enumerate(DISTANCES):
        x = points(apart)
        states, collapse = run(model, x, np.array(START), ITERATIONS, until_settled=True)
        traces[str(i)] = overlap_trace(model, x, states, collapse)
    return {"all": {"shared": {}, "runs": traces}}
