"""`family`: EM and its relatives on one hill, the bound over q and one parameter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from em_core import checks
from em_core.checks import Array
from em_core.plots import draw_contours, draw_path, draw_ridges
from em_core.style import LIGHT, WIDTH
from em_core.widgets.base import Variants, exact, number
from em_core.widgets.coin_steps import contours
from em_core.widgets.one_row import DROPS, GRID, PLACES, SIZE


class Hill(NamedTuple):
    """What is climbed: a bound over q and a parameter, both between 0 and 1.

    Attributes
    ----------
    height : callable
        Takes q and the parameter, both arrays; with a prior, its logarithm is in it.
    best_q : callable
        The best q for a parameter.
    best_parameter : callable
        The best parameter for a q.
    """

    height: Callable[[Any, Any], Any]
    best_q: Callable[[Any], Any]
    best_parameter: Callable[[Any], Any]


class Family(Variants):
    """The paths of EM and of its relatives on a hill, half an iteration at a time.

    Parameters
    ----------
    paths : mapping of str to array_like of shape (2t + 1, 2)
        For each relative q and the parameter, at the start and after each half-step.
    hill : Hill
        What they climb.
    others : mapping of str to Hill, optional
        Of those that climb another one.

    Raises
    ------
    ValueError
        For no path, or one that has another shape or leaves the square.
    """

    kind = "family"

    def __init__(
        self,
        paths: Mapping[str, ArrayLike],
        hill: Hill,
        others: Mapping[str, Hill] | None = None,
    ) -> None:
        checks.must("at least one path", len(paths) > 0, "paths", list(paths))
        self._paths = {name: _checked(path) for name, path in paths.items()}
        self._hills = {name: (others or {}).get(name, hill) for name in paths}
        kinds = list(dict.fromkeys(self._hills.values()))
        scene = {
            "label": "EM and its relatives on one hill",
            "choices": 1,
            "size": SIZE,
            "names": list(paths),
            "hills": [_drawn(one) for one in kinds],
            "on": [kinds.index(self._hills[name]) for name in paths],
        }
        traces = [trace_of(name, path, self._hills[name]) for name, path in self._paths.items()]
        super().__init__(scene, traces)

    def describe(self) -> str:
        """The first path in one sentence."""
        qs, thetas = self.trace["qs"], self.trace["thetas"]
        return (
            f"A hill over q and θ, and the path of {self.trace['name']} on it: from q "
            f"{number(qs[0], 3)} and θ {number(thetas[0], 3)}, across and up in turn, to q "
            f"{number(qs[-1], 3)} and θ {number(thetas[-1], 3)}."
        )

    def draw(self, figure: Figure) -> None:
        """The first path after one iteration, after three, and whole."""
        figure.set_size_inches(WIDTH, 2.2)
        name = self.trace["name"]
        path, hill = self._paths[name], self._hills[name]
        heights = hill.height(PLACES, PLACES[:, np.newaxis])
        axes = figure.subplots(1, 3, sharey=True)
        for ax, iterations in zip(axes, (1, 3, self.trace["last"] // 2), strict=True):
            draw_contours(ax, PLACES, PLACES, heights, heights.max() - np.array(DROPS))
            draw_ridges(ax, hill.best_q(PLACES), PLACES, GRID, hill.best_parameter(GRID))
            draw_path(ax, path[: 2 * iterations + 1], LIGHT["b"], 2)
            ax.set(xlim=(0, 1), ylim=(0, 1), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1], xlabel="q")
            ax.set_title(f"iteration {iterations}")
        axes[0].set_ylabel("θ")


def _checked(path: ArrayLike) -> Array:
    found = checks.numbers("paths", path, ("2t + 1", 2))
    checks.must("an odd number of points", len(found) % 2 == 1, "paths", len(found))
    checks.must("between 0 and 1", 0 <= found.min() <= found.max() <= 1, "paths", found)
    return found


def _drawn(hill: Hill) -> dict[str, Any]:
    """A hill as JSON: its contours and its two lines."""
    heights = hill.height(PLACES, PLACES[:, np.newaxis])
    return {
        "contours": contours(heights, PLACES, PLACES, DROPS),
        "bestQ": exact(np.column_stack([hill.best_q(PLACES), PLACES]).round(4)),
        "bestParameter": exact(np.column_stack([GRID, hill.best_parameter(GRID)]).round(4)),
    }


def trace_of(name: str, path: Array, hill: Hill) -> dict[str, Any]:
    """A path as JSON, with the height at each point, and at the best q beside it."""
    qs, thetas = path.T
    bounds, tops = hill.height(qs, thetas), hill.height(hill.best_q(thetas), thetas)
    low, high = min(bounds.min(), tops.min()), tops.max()
    return {
        "name": name,
        "last": len(path) - 1,
        "qs": exact(qs),
        "thetas": exact(thetas),
        "bounds": exact(bounds),
        "tops": exact(tops),
        "box": exact([low - 0.08 * (high - low), high + 0.08 * (high - low)]),
    }
