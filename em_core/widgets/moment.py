"""`Moment`: one step of a widget, for where a reader is led and steps through nothing himself."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from em_core.style import LIGHT, WIDTH
from em_core.widgets.base import MIME, Stepper, as_svg
from em_core.widgets.mixture_steps import MixtureSteps


class Moment:
    """One step of a widget, as a picture without controls: a scene of the tour, on its slide too.

    Parameters
    ----------
    widget : Stepper
        Several moments of one widget are states of one picture, which moves between them.
    step : int
        The step shown.
    ringed : int, optional
        The row of a datum that is ringed; of `MixtureSteps` only.
    points_alone : bool, default False
        Show no component yet; of `MixtureSteps` only.

    Raises
    ------
    ValueError
        For a step that the run does not have, or what this widget can't show.
    """

    def __init__(
        self, widget: Stepper, step: int, ringed: int | None = None, points_alone: bool = False
    ) -> None:
        last = widget.trace["last"]
        if not 0 <= step <= last:
            raise ValueError(f"step: {step} must be between 0 and {last}")
        if not isinstance(widget, MixtureSteps) and (points_alone or ringed is not None):
            raise ValueError("widget: only MixtureSteps has points to be ringed or shown alone")
        self.widget, self.step, self.ringed, self.points_alone = widget, step, ringed, points_alone

    def describe(self) -> str:
        """One sentence that says what is seen."""
        if self.points_alone:
            across, up = self.widget.trace["axes"]
            return f"{len(self.widget.x)} grey points, without components: {across} and {up}."
        if self.ringed is None:
            return self.widget.describe_step(self.step)
        place = ", ".join(f"{value:g}" for value in self.widget.x[self.ringed])
        return f"{self.widget.describe_step(self.step)} The point at {place} is ringed."

    def draw(self, figure: Figure) -> None:
        """Draw the step, for where nothing moves."""
        if isinstance(self.widget, MixtureSteps) and self.points_alone:
            figure.set_size_inches(WIDTH, 3.4)
            self.widget.draw_points_alone(figure.subplots())
            return
        self.widget.draw_step(figure, self.step)
        if self.ringed is not None:
            place = self.widget.x[self.ringed]
            figure.axes[0].scatter(place[0], place[1], 90, facecolor="none", edgecolor=LIGHT["ink"])

    def picture(self) -> str:
        """The step as an SVG."""
        return as_svg(self.draw)

    def _repr_mimebundle_(self, **how: Any) -> dict[str, Any]:
        shows = {"points": self.points_alone, "ring": self.ringed is not None}
        return {
            "text/plain": self.describe(),
            "image/svg+xml": self.picture(),
            MIME: {
                "kind": self.widget.kind,
                "scene": self.widget.scene,
                "trace": self.widget.trace,
                "library": None,
                "moment": {
                    "step": self.step,
                    "shows": " ".join(name for name, shown in shows.items() if shown),
                    "row": self.ringed,
                },
            },
        }
