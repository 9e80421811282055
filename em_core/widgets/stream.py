"""`stream`: rows that come in, a block a step, and what three step sizes make of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from em_core import checks
from em_core.plots import draw_mean_paths
from em_core.style import WIDTH
from em_core.widgets.base import Widget, exact, number

Means = Mapping[str, ArrayLike]


class Stream(Widget):
    """Two means that follow a stream, for several step sizes side by side.

    Parameters
    ----------
    means : mapping of str to mapping of str to array_like of shape (t + 1, 2)
        For each stream, and for each step size, the means at the start and after each block.
    aims : mapping of str to array_like of shape (2,) or (t + 1, 2)
        For each stream where the means should be: always, or at each step.
    block : int
        How many rows come in at a step.

    Raises
    ------
    ValueError
        For means and aims of other streams or shapes, or other than three step sizes.
    """

    kind = "stream"

    def __init__(
        self, means: Mapping[str, Means], aims: Mapping[str, ArrayLike], block: int = 10
    ) -> None:
        checks.whole_number("block", block, least=1)
        checks.must("for the streams of means", list(aims) == list(means), "aims", list(aims))
        self._courses: dict[str, dict[str, Any]] = {}
        for stream, runs in means.items():
            checks.must("three step sizes", len(runs) == 3, "means", list(runs))
            first = checks.numbers("means", next(iter(runs.values())), ("t", 2))
            paths = [checks.numbers("means", run, first.shape) for run in runs.values()]
            aim = checks.numbers("aims", np.broadcast_to(aims[stream], first.shape), first.shape)
            self._courses[stream] = {
                "steps": list(runs),
                "means": [exact(path.round(3)) for path in paths],
                "aims": exact(aim.round(3)),
            }
        everywhere = np.array([one["means"] for one in self._courses.values()])
        low, high = everywhere.min(), everywhere.max()
        scene = {
            "label": "Two means that follow a stream, for three step sizes",
            "choices": 1,
            "streams": list(means),
            "block": block,
            "box": exact([low - 0.05 * (high - low), high + 0.05 * (high - low)]),
        }
        super().__init__(scene, {"setting": "own"} | trace_of(scene["streams"][0], self._courses))

    def choose(self, setting: str) -> None:
        """Show another stream: "stream:1" is the second."""
        name = self.scene["streams"][int(setting.split(":")[1])]
        self._show({"setting": setting} | trace_of(name, self._courses))

    def choose_given(self) -> None:
        """Show the first stream."""
        self._show({"setting": "own"} | trace_of(self.scene["streams"][0], self._courses))

    def library(self) -> dict[str, Any]:
        """The recipe: the courses themselves."""
        return {"courses": self._courses}

    def describe(self) -> str:
        """Where the means are at the end, and where they should be, in two sentences."""
        last = self.trace["last"]
        ends = [
            f"{number(a, 1)} and {number(b, 1)} with {step.replace('^', ' to the ')}"
            for step, (a, b) in zip(
                self.trace["steps"], (path[last] for path in self.trace["means"]), strict=True
            )
        ]
        low, high = (number(aim, 1) for aim in self.trace["aims"][last])
        return (
            f"Three panels with the ways of two means while {last * self.scene['block']} rows come "
            f"in. They end at {', '.join(ends)}, and should be at {low} and {high}."
        )

    def draw(self, figure: Figure) -> None:
        """The whole run, in three panels."""
        figure.set_size_inches(WIDTH, 2.6)
        rows = self.scene["block"] * np.arange(self.trace["last"] + 1)
        panels = figure.subplots(1, 3, sharey=True)
        for ax, name, path in zip(panels, self.trace["steps"], self.trace["means"], strict=True):
            draw_mean_paths(ax, rows, np.array(path), np.array(self.trace["aims"]))
            ax.set(title=name.replace("^−0.6", "$^{-0.6}$"), xlabel="rows read")
        panels[0].set_ylabel("means")


def trace_of(stream: str, courses: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What each step shows, as JSON: step 0 is the start, each further one has a block more."""
    mine = courses[stream]
    return {"stream": list(courses).index(stream), "last": len(mine["aims"]) - 1} | mine


def runs(courses: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """All streams.

    Parameters
    ----------
    courses : dict of str to dict
        By the stream's name: the step sizes, their means and the aims.

    Returns
    -------
    dict
        The one file.
    """
    traces = {str(i): trace_of(stream, courses) for i, stream in enumerate(courses)}
    return {"stream": {"shared": {}, "runs": traces}}
