"""What all widgets share: a trace made in Python, a step, a picture, and one source of JavaScript.

The scripts in `static/` are plain files that register with one object, `emWidgets`. The site loads
them as they are; in Jupyter the same text, joined, is the widget's module. Python computes the
whole trace; the browser only draws it.
"""

from __future__ import annotations

import io
import itertools
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import traitlets
from matplotlib import rc_context
from matplotlib.figure import Figure

from em_core.checks import whole_number
from em_core.em import EMState, Model, Params, em_steps
from em_core.style import PALETTE, SETTINGS, add_fonts

STATIC = Path(__file__).parent / "static"
SCRIPTS = ("stepper.js", "coin-steps.js", "mixture-steps.js")
STYLES = "stepper.css"
MIME = "application/vnd.em-widget+json"


def module(kind: str) -> str:
    """The widget's JavaScript as one ES module, for Jupyter."""
    sources = [(STATIC / name).read_text() for name in ("stepper.js", f"{kind}.js")]
    return "\n".join([*sources, "export default { render: globalThis.emWidgets.renderLive };"])


def styles() -> str:
    """The widgets' style sheet with the palette's colours, for Jupyter."""
    light, dark = (
        " ".join(f"--em-{name}: {pair[mode]};" for name, pair in PALETTE.items())
        + f" color-scheme: {scheme};"
        for mode, scheme in enumerate(("light", "dark"))
    )
    return (
        f".em-stepper {{ {light} padding: 1rem; }}\n"
        f"@media (prefers-color-scheme: dark) {{ body:not([data-jp-theme-light]) .em-stepper "
        f"{{ {dark} }} }}\n"
        f'[data-jp-theme-light="false"] .em-stepper {{ {dark} }}\n' + (STATIC / STYLES).read_text()
    )


class Stepper(anywidget.AnyWidget):
    """A widget that steps through an EM run, half an iteration at a time.

    Step 0 is the start; step 2t − 1 shows iteration t after its E-step, step 2t after its M-step.

    Parameters
    ----------
    model : Model
    x : array_like
        The data, as the model takes them.
    start : object
        The parameters to start from.
    iterations : int
        How many iterations can be stepped through.

    Attributes
    ----------
    step : int
        The step shown; can be set.
    state : EMState
        The state that belongs to the parameters shown.
    start, x
        The start and the data; setting one runs EM again and goes back to step 0.
    """

    kind: ClassVar[str]
    kind_name = traitlets.Unicode().tag(sync=True)
    trace = traitlets.Dict().tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)

    def __init__(self, model: Model, x: Any, start: Params, iterations: int) -> None:
        self.model, self._iterations = model, iterations
        super().__init__(trace=self._run(x, start), kind_name=self.kind)

    def __init_subclass__(cls, **how: Any) -> None:
        if "kind" in vars(cls):  # traitlets makes unnamed subclasses, which have these as traits
            cls._esm, cls._css = module(cls.kind), styles()
        super().__init_subclass__(**how)

    def _run(self, x: Any, start: Params) -> dict[str, Any]:
        """Compute everything; what raises leaves the widget as it was."""
        whole_number("iterations", self._iterations, least=1)
        run = em_steps(self.model, x, start)
        states = list(itertools.islice(run, self._iterations + 1))
        trace = self.make_trace(x, states)
        self._x, self.states = x, states
        return trace

    def _run_again(self, x: Any, start: Params) -> None:
        trace = self._run(x, start)
        with self.hold_sync():  # one message, lest a step of one run be shown in another
            self.step, self.trace = 0, trace

    @traitlets.validate("step")
    def _step_in_range(self, proposal: Any) -> int:
        step, last = int(proposal["value"]), 2 * self._iterations
        if not 0 <= step <= last:
            raise ValueError(f"step: {step} must be between 0 and {last}")
        return step

    @property
    def state(self) -> EMState:
        """The state that belongs to the parameters shown."""
        return self.states[self.step // 2]

    @property
    def start(self) -> Params:
        """The parameters at step 0."""
        return self.states[0].params

    @start.setter
    def start(self, params: Params) -> None:
        self._run_again(self._x, params)

    @property
    def x(self) -> Any:
        """The data."""
        return self._x

    @x.setter
    def x(self, x: Any) -> None:
        self._run_again(x, self.start)

    def make_trace(self, x: Any, states: list[EMState]) -> dict[str, Any]:
        """Everything that the browser draws, as JSON; refuse what the widget can't show."""
        raise NotImplementedError

    def describe(self) -> str:
        """One sentence that says what is seen, for those who don't see it."""
        raise NotImplementedError

    def draw(self, figure: Figure) -> None:
        """Draw the first, a middle and the last step, for where nothing moves."""
        raise NotImplementedError

    def stages(self) -> list[tuple[str, int, int]]:
        """Title, index of the parameters and index of the responsibilities of three moments."""
        last, middle = self._iterations, max(1, self._iterations // 4)
        return [
            ("Start", 0, 0),
            (f"Iteration {middle}", middle, middle),
            (f"Iteration {last}", last, last),
        ]

    def picture(self) -> str:
        """The three moments as an SVG, whatever matplotlib's settings."""
        add_fonts()
        file = io.StringIO()
        with rc_context(SETTINGS):  # type: ignore[arg-type]
            figure = Figure()
            self.draw(figure)
            figure.savefig(file, format="svg", metadata={"Date": None})
        return file.getvalue()

    def _repr_mimebundle_(self, **how: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        live = super()._repr_mimebundle_(**how)
        data, metadata = live if isinstance(live, tuple) else (live or {}, {})
        static = {
            "text/plain": self.describe(),
            "image/svg+xml": self.picture(),
            MIME: {"kind": self.kind, "trace": self.trace},
        }
        return data | static, metadata


def half_steps(iterations: int) -> list[tuple[str, int, int | None]]:
    """What each step shows: its title, the parameters' and the responsibilities' index.

    The responsibilities after an E-step belong to the parameters still shown; after the M-step the
    new parameters stand beside the responsibilities that made them.
    """
    steps: list[tuple[str, int, int | None]] = [("Start", 0, None)]
    for t in range(1, iterations + 1):
        steps.append((f"Iteration {t}, after the E-step", t - 1, t - 1))
        steps.append((f"Iteration {t}, after the M-step", t, t - 1))
    return steps


def number(value: float, digits: int) -> str:
    """A figure as it is shown, with a proper minus sign."""
    return f"{value:.{digits}f}".replace("-", "−")


def svg_path(points: Any, closed: bool = False, digits: int = 1) -> str:
    """Points as the `d` of an SVG path."""
    pairs = (f"{x:.{digits}f} {y:.{digits}f}" for x, y in points)
    return "M" + "L".join(pairs) + ("Z" if closed else "")
