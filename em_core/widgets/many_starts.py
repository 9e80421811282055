"""`many-starts`: start after start, the best so far, and what may still be unseen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from em_core import checks
from em_core.checks import Array
from em_core.style import COMPONENTS, LIGHT, WIDTH
from em_core.tables import found_so_far, maxima_of
from em_core.widgets.base import Widget, exact, number

SHOWN = 60
"""How many starts can be stepped through."""
DRAWS = 3


class ManyStarts(Widget):
    """Where starts end, one after the other: the best so far, and the chance of something new.

    Parameters
    ----------
    ends : mapping of str to array_like of shape (s,)
        For each model by name the final log-likelihoods of at least 180 starts, in the order in
        which they were run; sixty at a time are shown, and the others tell what these have missed.
    draw : int, default 0
        Which sixty of the first model are shown first: 0, 1 or 2.

    Raises
    ------
    ValueError
        If there is no model, or there are too few starts.
    """

    kind = "many-starts"

    def __init__(self, ends: Mapping[str, ArrayLike], draw: int = 0) -> None:
        checks.must("at least one model", len(ends), "ends", list(ends))
        self._ends = {name: _checked(name, values) for name, values in ends.items()}
        checks.must("0, 1 or 2", draw in range(DRAWS), "draw", draw)
        self._given = f"{next(iter(self._ends))}:{draw}"
        scene = {
            "label": "Start after start, and the best so far",
            "choices": 2,
            "draws": DRAWS,
            "models": {name: exact(maxima_of(values)[0]) for name, values in self._ends.items()},
        }
        super().__init__(scene, {"setting": "own"} | self._trace(self._given))

    def _trace(self, setting: str) -> dict[str, Any]:
        name, draw = setting.rsplit(":", 1)
        return search(name, self._ends[name], int(draw))

    def choose(self, setting: str) -> None:
        """Show other sixty starts, perhaps of another model."""
        self._show({"setting": setting} | self._trace(setting))

    def choose_given(self) -> None:
        """Go back to the first starts of the first model."""
        self._show({"setting": "own"} | self._trace(self._given))

    def library(self) -> dict[str, Any]:
        """The recipe: the ends themselves, each by its maximum."""
        return {"ends": {name: exact(values) for name, values in self._ends.items()}}

    def describe(self) -> str:
        """The sixty starts in two sentences."""
        levels = self.scene["models"][self.trace["model"]]
        counts = np.bincount(self.trace["ends"], minlength=len(levels))
        seen = ", ".join(
            f"{count} at {number(level, 3)}"
            for level, count in zip(levels, counts, strict=True)
            if count
        )
        first = self.trace["ends"].index(min(self.trace["ends"]))
        return (
            f"Sixty random starts of {self.trace['model']}, each a dot at the log-likelihood at "
            f"which it ends: {seen}. The best so far, a staircase, is level from start "
            f"{first + 1} on."
        )

    def draw(self, figure: Figure) -> None:
        """The first five starts, the first twenty, and all."""
        figure.set_size_inches(WIDTH, 2.4)
        levels = np.array(self.scene["models"][self.trace["model"]])
        for ax, shown in zip(figure.subplots(1, 3, sharey=True), (5, 20, SHOWN), strict=True):
            values = levels[self.trace["ends"][:shown]]
            numbers = np.arange(1, shown + 1)
            ax.plot(numbers, values, color=COMPONENTS[0], linestyle="", marker="o", markersize=3)
            best = np.maximum.accumulate(values)
            ax.step(numbers, best, where="post", color=COMPONENTS[1], linestyle="--")
            for level in levels:
                ax.axhline(level, color=LIGHT["grid"], linewidth=0.7, linestyle="-", zorder=0)
            ax.set(title=f"{shown} starts", xlim=(0, SHOWN + 1), xticks=[1, 30, 60], xlabel="start")
        figure.axes[0].set_ylabel("log-likelihood")


def search(name: str, ends: Array, draw: int) -> dict[str, Any]:
    """Sixty of the starts as JSON: where each ends, and what is known after each."""
    _, places = maxima_of(ends)
    first, following = SHOWN * draw, SHOWN * (draw + 1)
    shown = places[first:following]
    others = np.delete(places, slice(first, following))
    after = [found_so_far(shown[:s], others) for s in range(SHOWN + 1)]
    return {
        "model": name,
        "draw": draw,
        "others": len(others),
        "last": SHOWN,
        "ends": shown.tolist(),
        "found": [found.maxima for found in after],
        "once": [found.once for found in after],
        "best": [found.best for found in after],
        "times": [found.times for found in after],
        "unseen": exact(found.unseen for found in after),
        "better": exact(found.better for found in after),
    }


def runs(ends: dict[str, list[float]]) -> dict[str, Any]:
    """All draws of every model.

    Parameters
    ----------
    ends : dict of str to list of float
        The final log-likelihoods.

    Returns
    -------
    dict
        For each model, its draws by number.
    """
    return {
        name: {
            "shared": {},
            "runs": {str(draw): search(name, np.array(values), draw) for draw in range(DRAWS)},
        }
        for name, values in ends.items()
    }


def _checked(name: str, values: ArrayLike) -> Array:
    ends = checks.numbers(f"ends of {name}", values, ("s",))
    checks.must(f"at least {SHOWN * DRAWS} starts", len(ends) >= SHOWN * DRAWS, "ends", len(ends))
    return ends
