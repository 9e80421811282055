"""`coin-starts`: where each start of two coins ends, and how long it takes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from em_core.checks import Array
from em_core.coins import CoinMixture, CoinParams
from em_core.em import CollapseError, EMState
from em_core.plots import draw_coin_contours, draw_path
from em_core.style import COMPONENTS, LIGHT, WIDTH
from em_core.widgets.base import Stepper, run_until_settled
from em_core.widgets.coin_steps import (
    GRID,
    THETAS,
    Counts,
    as_counts,
    coin_trace,
    map_scene,
    pair,
    setting_start,
    surface,
)

MOST = 1000
LEVELS = 8
"""How many colours tell the numbers of iterations apart."""
ENDS = ("θ_A above θ_B", "θ_B above θ_A", "the diagonal, θ_A = θ_B")


class CoinStarts(Stepper):
    """The square of starts of two coins, by the optimum reached or by the iterations needed.

    Parameters
    ----------
    x : array_like of shape (m, 2)
        Heads and tails of each sample.
    start : CoinParams
        Two coins, whose weights stay fixed: the run that is shown first.

    Raises
    ------
    ValueError
        For unusable data or parameters, or if there are not two coins.

    Notes
    -----
    Here a step is a whole iteration.
    """

    kind = "coin-starts"

    def __init__(self, x: ArrayLike, start: CoinParams) -> None:
        super().__init__(CoinMixture(), x, start, MOST)

    def _run(self, model: Any, x: Any, start: CoinParams, setting: str) -> dict[str, Any]:
        states = run_until_settled(model, x, start, MOST)
        trace = {"setting": setting} | self.make_trace(model, x, states, None)
        self.model, self._x, self.states, self.collapse = model, x, states, None
        return trace

    @property
    def state(self) -> EMState:
        """The state that is shown."""
        return self.states[self.step]

    @state.setter
    def state(self, state: EMState) -> None:
        known = [t for t, each in enumerate(self.states) if each is state]
        if known:
            self.step = known[0]
        else:
            Stepper.state.fset(self, state)  # type: ignore[attr-defined]

    def make_scene(self, x: ArrayLike) -> dict[str, Any]:
        """Where each start of the grid ends, after how many iterations, and the contours."""
        counts = as_counts(x)
        weights = pair(self.start.weights)
        every = _all_runs(counts, weights)
        needed = [[len(states) - 1 for states in column] for column in every]
        return {
            "label": "Where two coins' starts end",
            "choices": 1,
            "ends": [[_end(states) for states in column] for column in every],
            "iterations": needed,
            "levels": _levels(needed),
            "endNames": list(ENDS),
            **map_scene(counts, weights),
        }

    def make_trace(
        self, model: Any, x: Any, states: list[EMState], collapse: CollapseError | None
    ) -> dict[str, Any]:
        """The way from one start."""
        return starts_trace(model, x, states)

    def choose(self, setting: str) -> None:
        """Show the run from the place on the grid that the browser asks for."""
        _, start = setting_start(setting, self.start.weights)
        self._show(self._run(self.model, self.x, start, setting))

    def library(self) -> dict[str, Any]:
        """The recipe for the runs from the whole grid."""
        return {
            "x": [list(row) for row in as_counts(self.x)],
            "weights": list(pair(self.start.weights)),
        }

    def describe(self) -> str:
        """What the square shows, in two sentences."""
        ends = [end for column in self.scene["ends"] for end in column]
        needed = [count for column in self.scene["iterations"] for count in column]
        shares = ", ".join(f"{ends.count(i)} at {name}" for i, name in enumerate(ENDS))
        return (
            f"A square of {len(ends)} starts of two coins, each coloured by where EM ends: "
            f"{shares}. "
            f"The runs take from {min(needed)} to {max(needed)} iterations."
        )

    def draw(self, figure: Figure) -> None:
        """The square by optimum and by iterations, and the run shown."""
        figure.set_size_inches(WIDTH, 2.5)
        left, middle, right = figure.subplots(1, 3)
        ends = np.array(self.scene["ends"]).T
        needed = np.array(self.scene["iterations"]).T
        across = np.meshgrid(GRID, GRID)
        for end, (colour, marker) in enumerate(
            zip([*COMPONENTS[:2], LIGHT["ink"]], "os_", strict=True)
        ):
            here = ends == end
            left.scatter(
                across[0][here], across[1][here], s=7, color=colour, marker=marker, linewidths=1
            )
        middle.scatter(*across, s=2.5 + 0.9 * np.minimum(needed, 60), color=LIGHT["ramp7"])
        draw_coin_contours(right, THETAS, surface(as_counts(self.x), pair(self.start.weights)))
        draw_path(right, np.array([s.params.theta for s in self.states]), LIGHT["ink"], size=2)
        for ax, title in (
            (left, "Where it ends"),
            (middle, "Iterations"),
            (right, f"{len(self.states) - 1} iterations"),
        ):
            ax.set(title=title, xticks=[0, 1], yticks=[0, 1], xlim=(0, 1), ylim=(0, 1))
            ax.set_aspect("equal")
            ax.set(xlabel=r"$\theta_A$", ylabel=r"$\theta_B$" if ax is left else "")


def starts_trace(model: CoinMixture, x: Any, states: list[EMState]) -> dict[str, Any]:
    """The way from one start as JSON: a step is an iteration, and no bounds are shown."""
    trace = coin_trace(model, x, states, None)
    del trace["bounds"], trace["weights"]
    return trace | {"last": len(states) - 1}


def runs(x: list[list[int]], weights: list[float]) -> dict[str, Any]:
    """The runs from every start of the grid.

    Parameters
    ----------
    x : list
        Heads and tails of each sample.
    weights : list of two floats

    Returns
    -------
    dict
        For "fixed": each run by the start's indices.
    """
    every = _all_runs(as_counts(x), (weights[0], weights[1]))
    traces = {
        f"{i},{j}": starts_trace(CoinMixture(), x, states)
        for i, column in enumerate(every)
        for j, states in enumerate(column)
    }
    return {"fixed": {"shared": {}, "runs": traces}}


@lru_cache(maxsize=4)
def _all_runs(counts: Counts, weights: tuple[float, float]) -> list[list[list[EMState]]]:
    """By the indices of θ_A and θ_B."""
    return [[_run_from(np.array(counts), a, b, weights) for b in GRID] for a in GRID]


def _run_from(x: Array, a: float, b: float, weights: tuple[float, float]) -> list[EMState]:
    try:
        return run_until_settled(CoinMixture(), x, CoinParams([a, b], weights), MOST)
    except CollapseError as error:
        place = f"from θ_A {a:g} and θ_B {b:g}, a start of the square, {error}"
        raise ValueError(f"x: can't be shown: {place}") from None


def _levels(needed: list[list[int]]) -> list[int]:
    """Numbers of iterations at which the next colour begins."""
    shares = np.arange(1, LEVELS) / LEVELS
    return sorted({int(v) for v in np.quantile(needed, shares, method="lower")})


def _end(states: list[EMState]) -> int:
    """Which of `ENDS` a run reached."""
    a, b = states[-1].params.theta
    if abs(a - b) < 1e-6:
        return 2
    return 0 if a > b else 1
