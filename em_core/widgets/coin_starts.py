"""`coin-starts`: where each start of two coins ends, and how long it takes."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from em_core.checks import Array
from em_core.coins import CoinMixture, CoinParams
from em_core.em import CollapseError, EMState, em_steps
from em_core.plots import draw_coin_contours, draw_path
from em_core.style import COMPONENTS, LIGHT, WIDTH
from em_core.widgets.base import Stepper, exact, run_until_settled, settled
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
APART = 0.02
"""Runs that end nearer to each other than this in both θ have found the same place."""
BESIDE = {"beside3": 1e-3, "beside6": 1e-6}
"""Starts that no grid has: how far θ_A is above the saddle, at which θ_B is."""
LEFT = 0.01
"""By how much the log-likelihood has risen when a run has left the saddle."""
UNEQUAL = (((9, 1), (1, 9), (2, 8), (1, 9), (2, 8), (1, 9)), (0.2, 0.8))
"""Samples and weights with three peaks of different heights."""


class CoinStarts(Stepper):
    """The square of starts of two coins, by the optimum reached or by the iterations needed.

    The reader may choose other samples and weights, whose peaks have different heights, and starts
    right beside the saddle, where a run is level for a while.

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
    per_iteration = 1

    def __init__(self, x: ArrayLike, start: CoinParams) -> None:
        super().__init__(CoinMixture(), x, start, MOST)

    def _run(self, model: Any, x: Any, start: CoinParams, setting: str) -> dict[str, Any]:
        away = setting.split(":")[-1] in BESIDE
        states = _run_away(x, start) if away else run_until_settled(model, x, start, MOST)
        kind = "unequal" if setting.startswith("unequal") else "fixed"
        trace = {"setting": setting, "kind": kind} | self.make_trace(model, x, states, None)
        self.model, self._x, self.states, self.collapse = model, x, states, None
        return trace

    def make_scene(self, x: ArrayLike) -> dict[str, Any]:
        """Where each start of the grid ends, after how many iterations: here and for the others."""
        return {
            "label": "Where two coins' starts end",
            "choices": 3,
            "squares": {
                "fixed": square(as_counts(x), pair(self.start.weights)),
                "unequal": square(*UNEQUAL),
            },
            **map_scene(),
        }

    def make_trace(
        self, model: Any, x: Any, states: list[EMState], collapse: CollapseError | None
    ) -> dict[str, Any]:
        """The way from one start."""
        return starts_trace(model, x, states)

    def choose(self, setting: str) -> None:
        """Show the run from the place on the grid that the browser asks for."""
        kind, place = setting.split(":")
        chosen = self.scene["squares"][kind]
        x, weights = np.array(chosen["x"]), np.array(chosen["weights"])
        away = place in BESIDE
        start = _beside(x, weights, place) if away else setting_start(setting, weights)[1]
        self._show(self._run(self.model, x, start, setting))

    def choose_given(self) -> None:
        """Go back to the samples and the start that the widget was made with."""
        self._restart(np.array(self.scene["squares"]["fixed"]["x"]), self._given)

    def library(self) -> dict[str, Any]:
        """The recipe for the runs from the whole grid."""
        return {name: self.scene["squares"]["fixed"][name] for name in ("x", "weights")}

    def describe(self) -> str:
        """What the square shows, in two sentences."""
        shown = self.scene["squares"]["fixed"]
        reached = [end for column in shown["reached"] for end in column]
        needed = [count for column in shown["iterations"] for count in column]
        named = enumerate(shown["ends"])
        shares = ", ".join(f"{reached.count(i)} at {end['name']}" for i, end in named)
        return (
            f"A square of {len(reached)} starts of two coins, each coloured by where EM ends: "
            f"{shares}. "
            f"The runs take from {min(needed)} to {max(needed)} iterations."
        )

    def draw(self, figure: Figure) -> None:
        """The square by optimum and by iterations, and the run shown."""
        figure.set_size_inches(WIDTH, 2.5)
        left, middle, right = figure.subplots(1, 3)
        shown = self.scene["squares"]["fixed"]
        reached, needed = np.array(shown["reached"]).T, np.array(shown["iterations"]).T
        across = np.meshgrid(GRID, GRID)
        looks = list(zip([*COMPONENTS[:2], LIGHT["ink"], COMPONENTS[2]], "os_^", strict=True))
        for i, end in enumerate(shown["ends"]):
            colour, marker = looks[end["look"]]
            here = reached == i
            left.scatter(
                across[0][here], across[1][here], s=7, color=colour, marker=marker, linewidths=1
            )
        middle.scatter(*across, s=2.5 + 0.9 * np.minimum(needed, 60), color=LIGHT["ramp7"])
        heights = surface(as_counts(shown["x"]), tuple(shown["weights"]))
        draw_coin_contours(right, THETAS, heights)
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
    level_at = [t for t in range(1, len(states) - 1) if settled(states[: t + 1])]
    return trace | {"last": len(states) - 1, "level": level_at}


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
        For "fixed" and "unequal" weights: each run by the start's indices.
    """
    files = {}
    given = (as_counts(x), (weights[0], weights[1]))
    for kind, (counts, chosen) in (("fixed", given), ("unequal", UNEQUAL)):
        traces = {
            f"{i},{j}": starts_trace(CoinMixture(), counts, states)
            for i, column in enumerate(_all_runs(counts, chosen))
            for j, states in enumerate(column)
        }
        rows = np.array(counts)
        traces |= {
            place: starts_trace(CoinMixture(), rows, _run_away(rows, _beside(rows, chosen, place)))
            for place in BESIDE
        }
        files[kind] = {"shared": {"kind": kind}, "runs": traces}
    return files


def _beside(x: Array, weights: ArrayLike, place: str) -> CoinParams:
    saddle = x[:, 0].sum() / x.sum()
    return CoinParams([saddle + BESIDE[place], saddle], weights)


def _run_away(x: Array, start: CoinParams) -> list[EMState]:
    """A run until it settles anew: at its start, level as it is, `em_core.fit` might stop."""
    states: list[EMState] = []
    for state in islice(em_steps(CoinMixture(), x, start), MOST + 1):
        states.append(state)
        if settled(states) and state.log_likelihood - states[0].log_likelihood > LEFT:
            break
    return states


def square(counts: Counts, weights: tuple[float, float]) -> dict[str, Any]:
    """The places where runs end, with their heights; where each start ends, and when."""
    every = _all_runs(counts, weights)
    ends = _ends([states[-1] for column in every for states in column])
    needed = [[len(states) - 1 for states in column] for column in every]
    written = " and ".join("½" if weight == 0.5 else f"{weight:g}" for weight in weights)
    return {
        "x": [list(row) for row in counts],
        "weights": list(weights),
        "words": f"{len(counts)}, {written}",
        "ends": _described(ends),
        "reached": [[_nearest(ends, states[-1]) for states in column] for column in every],
        "iterations": needed,
        "levels": _levels(needed),
    }


def _ends(last: list[EMState]) -> list[EMState]:
    """A state for each place, by its side of the diagonal and there from the highest."""
    found: list[EMState] = []
    for state in sorted(last, key=lambda state: -state.log_likelihood):
        if not found or _far(found[_nearest(found, state)], state) > APART:
            found.append(state)
    return sorted(found, key=_side)


def _described(ends: list[EMState]) -> list[dict[str, Any]]:
    """Each place's name, height and look: one a side, and one for further peaks of a side."""
    sides = [_side(state) for state in ends]
    described = []
    for i, (state, side) in enumerate(zip(ends, sides, strict=True)):
        a, b = state.params.theta
        at = f", at {a:.2f} and {b:.2f}" if sides.count(side) > 1 else ""
        described.append(
            {
                "name": ENDS[side] + at,
                "theta": exact(state.params.theta),
                "height": exact(state.log_likelihood),
                "look": side if sides.index(side) == i else len(ENDS),
            }
        )
    return described


def _nearest(ends: list[EMState], state: EMState) -> int:
    return min(range(len(ends)), key=lambda i: _far(ends[i], state))


def _far(one: EMState, other: EMState) -> float:
    return float(abs(one.params.theta - other.params.theta).max())


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
    """Numbers of iterations at which the next colour begins, evenly spread."""
    most = max(count for column in needed for count in column)
    return sorted({max(1, most * level // LEVELS) for level in range(1, LEVELS)})


def _side(state: EMState) -> int:
    """Which of `ENDS` describes a place."""
    a, b = state.params.theta
    if abs(a - b) < 1e-6:
        return 2
    return 0 if a > b else 1
