"""`jensen`: the gap between E[f(X)] and f(E[X]) for a variable with two values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from em_core import checks
from em_core.plots import draw_jensen
from em_core.style import WIDTH
from em_core.widgets.base import Widget, number


@dataclass(frozen=True)
class Curve:
    """A function, how it is written, where it is shown, and how it bends."""

    f: Callable[[Any], Any]
    written: str
    domain: tuple[float, float]
    bends: str


CURVES = {
    "log": Curve(np.log, "log x", (0.2, 8.2), "concave"),
    "sqrt": Curve(np.sqrt, "√x", (0.0, 8.0), "concave"),
    "square": Curve(np.square, "x²", (-4.0, 4.0), "convex"),
    "exp": Curve(np.exp, "exp x", (-3.0, 2.0), "convex"),
    "line": Curve(lambda x: 0.5 * np.asarray(x) + 1, "½x + 1", (-4.0, 4.0), "straight"),
}


@dataclass(frozen=True)
class Setting:
    """A function, two points and the probability of the second."""

    f: str
    first: float
    second: float
    weight: float

    def figures(self) -> tuple[float, float, float]:
        """E[f(X)], f(E[X]), and how far apart they are."""
        f = CURVES[self.f].f
        mean = (1 - self.weight) * self.first + self.weight * self.second
        expected = (1 - self.weight) * float(f(self.first)) + self.weight * float(f(self.second))
        return expected, float(f(mean)), abs(float(f(mean)) - expected)


def way(f: str) -> list[Setting]:
    """Settings that lead to equality three times.

    The points meet; the weight goes to one of them; the function is straight.
    """
    low, high = CURVES[f].domain
    a, b = (round(low + share * (high - low), 2) for share in (0.1, 0.9))
    meet = [(a, b), (a, round(a + (b - a) * 0.6, 2)), (a, round(a + (b - a) * 0.3, 2)), (a, a)]
    steps = [Setting(f, *points, 0.5) for points in meet]
    steps += [Setting(f, a, b, weight) for weight in (0.5, 0.75, 0.9, 1.0)]
    return [*steps, Setting("line", -3.2, 3.2, 0.5)]


class Jensen(Widget):
    """A curve, its chord and the gap between them; points, weight and function can be changed.

    Parameters
    ----------
    f : {"log", "sqrt", "square", "exp", "line"}
    points : tuple of two floats, optional
        The values of X, within the part of the curve that is shown.
    weight : float, optional
        The probability of the second, in [0, 1].

    Raises
    ------
    ValueError
        If a value is out of range.
    """

    kind = "jensen"

    def __init__(
        self,
        f: str = "log",
        points: tuple[float, float] | None = None,
        weight: float | None = None,
    ) -> None:
        _check_name(f)
        steps = way(f)
        if points is not None or weight is not None:
            first = steps[0]
            ends = (first.first, first.second) if points is None else points
            steps[0] = _checked(f, ends, first.weight if weight is None else weight)
        self.settings, self._given = steps, steps[0]
        super().__init__(self._scene(), self._trace("own"))

    def _scene(self) -> dict[str, Any]:
        return {
            "label": "Jensen’s inequality for a variable with two values",
            "choices": 1,
            "curves": {
                name: {"written": c.written, "domain": list(c.domain), "bends": c.bends}
                for name, c in CURVES.items()
            },
        }

    def _trace(self, setting: str) -> dict[str, Any]:
        steps = [asdict(step) for step in self.settings]
        return {"setting": setting, "last": len(steps) - 1, "steps": steps}

    @property
    def start(self) -> Setting:
        """The first setting; setting it shows it, and the way from its function."""
        return self.settings[0]

    @start.setter
    def start(self, start: Setting) -> None:
        if not isinstance(start, Setting):
            raise ValueError(f"start: is a {type(start).__name__}; expected a Setting")
        _check_name(start.f)
        first = self._given = _checked(start.f, (start.first, start.second), start.weight)
        self.settings = [first, *way(start.f)[1:]]
        self._show(self._trace("own"))

    @property
    def state(self) -> Setting:
        """The setting shown."""
        return self.settings[self.step]

    @state.setter
    def state(self, state: Setting) -> None:
        if state == self.state:
            return
        if state in self.settings:
            self.step = self.settings.index(state)
        else:
            self.start = state

    def choose(self, setting: str) -> None:
        """Show the way from another function, or from a setting such as "at:log,1,4,0.5"."""
        name, place = setting.split(":")
        if name == "at":
            f, *values = place.split(",")
            first, second, weight = map(float, values)
            # What comes after it stays, as it does in the browser.
            self.settings = [_checked(f, (first, second), weight), *self.settings[1:]]
        else:
            self.settings = way(name)
        self._show(self._trace(setting))

    def choose_given(self) -> None:
        """Go back to the setting that the widget was made with."""
        self.start = self._given

    def library(self) -> dict[str, Any]:
        """The recipe for the ways from all functions: there is nothing to know."""
        return {}

    def describe(self) -> str:
        """The first setting in one sentence."""
        start = self.settings[0]
        expected, at_mean, gap = start.figures()
        return (
            f"The curve {CURVES[start.f].written} with a chord between the points "
            f"{number(start.first, 2)} and {number(start.second, 2)}: at their mean the curve is "
            f"at {number(at_mean, 3)} and the chord at {number(expected, 3)}, a gap of "
            f"{number(gap, 3)}, which closes where the points meet, where the weight is all on "
            "one, and where the function is straight."
        )

    def draw(self, figure: Figure) -> None:
        """The first setting, one half-way to a single point, and the straight line."""
        figure.set_size_inches(WIDTH, 2.4)
        columns = figure.subplots(1, 3)
        for ax, step in zip(columns, (0, 2, -1), strict=True):
            s = self.settings[step]
            curve = CURVES[s.f]
            draw_jensen(ax, curve.f, (s.first, s.second), s.weight, curve.domain)
            ax.set(title=f"Gap {number(s.figures()[2], 3)}", ylabel="f(x)" if not step else "")


def runs() -> dict[str, Any]:
    """The ways to equality for each function.

    Returns
    -------
    dict
        For each function's name, one run.
    """
    files = {}
    for f in CURVES:
        steps = [asdict(step) for step in way(f)]
        files[f] = {"shared": {}, "runs": {"": {"last": len(steps) - 1, "steps": steps}}}
    return files


def _check_name(f: object) -> None:
    if not (isinstance(f, str) and f in CURVES):
        raise ValueError(f"f: {f!r} must be one of {', '.join(CURVES)}")


def _checked(f: str, points: tuple[float, float], weight: float) -> Setting:
    ends = checks.numbers("points", points, (2,))
    low, high = CURVES[f].domain
    if (ends < low).any() or (ends > high).any():
        raise ValueError(f"points: {points!r} must be two numbers from {low:g} to {high:g}")
    share = float(checks.numbers("weight", weight, ()))
    if not 0 <= share <= 1:
        raise ValueError(f"weight: {weight!r} must lie in [0, 1]")
    return Setting(f, float(ends[0]), float(ends[1]), share)
