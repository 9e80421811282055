"""What all widgets share: a trace made in Python, a step, a picture, and one source of JavaScript.

The scripts in `static/` are plain files that register with one object, `emWidgets`. The site loads
them as they are; in Jupyter the same text, joined, is the widget's module. Python computes the
parameters, the log-likelihoods and the bounds of every step; the browser draws them, and evaluates
what follows from them (responsibilities, curves) by `evaluate.js`.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import numpy as np
import traitlets
from matplotlib import rc_context
from matplotlib.figure import Figure

from em_core.checks import whole_number
from em_core.em import CollapseError, EMState, Model, Params, em_steps, lower_bound
from em_core.style import PALETTE, SETTINGS, add_fonts

STATIC = Path(__file__).parent / "static"
SHARED = ("stepper.js", "evaluate.js", "parts.js")
STYLES = "stepper.css"
MIME = "application/vnd.em-widget+json"
TOLERANCE = 1e-8
"""The default of `em_core.fit`."""
NAMES = "ABCD"
"""What the components are called in pictures and words."""


def scripts(kind: str) -> list[str]:
    """The files of a widget's JavaScript, in the order in which they are loaded."""
    return [*SHARED, f"{kind}.js"]


def module(kind: str) -> str:
    """The widget's JavaScript as one ES module, for Jupyter."""
    sources = [(STATIC / name).read_text() for name in scripts(kind)]
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


class Widget(anywidget.AnyWidget):
    """A figure that steps through a trace, on a page without a kernel and live in Jupyter.

    Parameters
    ----------
    scene : dict
        What stays while the reader steps and chooses, as JSON.
    trace : dict
        What the steps show, as JSON; its ``setting`` names it, its ``last`` is the last step.

    Attributes
    ----------
    step : int
        The step shown; can be set.
    """

    kind: ClassVar[str]
    kind_name = traitlets.Unicode().tag(sync=True)
    scene = traitlets.Dict().tag(sync=True)
    trace = traitlets.Dict().tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)
    asked = traitlets.Unicode().tag(sync=True)
    refused = traitlets.Unicode().tag(sync=True)

    def __init__(self, scene: dict[str, Any], trace: dict[str, Any]) -> None:
        super().__init__(scene=scene, trace=trace, kind_name=self.kind)
        self.observe(self._answer, "asked")

    def __init_subclass__(cls, **how: Any) -> None:
        if "kind" in vars(cls):  # traitlets makes unnamed subclasses, which have these as traits
            cls._esm, cls._css = module(cls.kind), styles()
        super().__init_subclass__(**how)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what the browser says, even if a step of a longer run was still on its way."""
        if "step" in sync_data:
            sync_data = sync_data | {"step": min(sync_data["step"], self.trace["last"])}
        super().set_state(sync_data)

    def _answer(self, change: Any) -> None:
        """The reader chose another setting in the browser."""
        setting = change["new"]
        if not setting:
            return
        self.refused = ""
        try:
            self.choose_given() if setting == "own" else self.choose(setting)
        except (ValueError, CollapseError) as error:
            with self.hold_sync():
                self.refused, self.asked = f"This can’t be shown: {error}", ""

    def choose_given(self) -> None:
        """Show what the widget was made with."""
        raise NotImplementedError

    def choose(self, setting: str) -> None:
        """Show the trace of a setting that the browser asks for."""
        raise NotImplementedError

    def _show(self, trace: dict[str, Any]) -> None:
        """Put another trace in place of the one shown, and go back to its beginning."""
        with self.hold_sync():  # one message, lest a step of one run be shown in another
            self.step, self.trace, self.asked = 0, trace, ""

    @traitlets.validate("step")
    def _step_in_range(self, proposal: Any) -> int:
        step, last = int(proposal["value"]), int(self.trace.get("last", 0))
        if not 0 <= step <= last:
            raise ValueError(f"step: {step} must be between 0 and {last}")
        return step

    def library(self) -> dict[str, Any] | None:
        """How to make the traces of all settings (see `em_core.widgets.library`), if it can be."""
        return None

    def describe(self) -> str:
        """One sentence that says what is seen, for those who don't see it."""
        raise NotImplementedError

    def draw(self, figure: Figure) -> None:
        """Draw the first, a middle and the last step, for where nothing moves."""
        raise NotImplementedError

    def picture(self) -> str:
        """The three moments as an SVG."""
        return as_svg(self.draw)

    def _repr_mimebundle_(self, **how: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        live = super()._repr_mimebundle_(**how)
        data, metadata = live if isinstance(live, tuple) else (live or {}, {})
        page = {"kind": self.kind, "scene": self.scene, "trace": self.trace}
        static = {
            "text/plain": self.describe(),
            "image/svg+xml": self.picture(),
            MIME: page | {"library": self.library()},
        }
        return data | static, metadata


class Variants(Widget):
    """A widget that shows one of a few traces, all of which were made before.

    Parameters
    ----------
    scene : dict
    traces : sequence of dict
        Without their settings; the first is shown.
    """

    def __init__(self, scene: dict[str, Any], traces: Sequence[dict[str, Any]]) -> None:
        self._traces = {str(i): trace for i, trace in enumerate(traces)}
        super().__init__(scene, {"setting": "own"} | self._traces["0"])

    def choose(self, setting: str) -> None:
        """Show another one: "variant:1" is the second."""
        self._show({"setting": setting} | self._traces[setting.split(":")[1]])

    def choose_given(self) -> None:
        """Show the first."""
        self._show({"setting": "own"} | self._traces["0"])

    def library(self) -> dict[str, Any]:
        """The recipe: the traces themselves."""
        return {"traces": self._traces}


def variants(traces: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The one file of `Variants`.

    Parameters
    ----------
    traces : dict of str to dict
        By number.

    Returns
    -------
    dict
    """
    return {"variant": {"shared": {}, "runs": traces}}


def as_svg(draw: Callable[[Figure], None]) -> str:
    """A drawing as an SVG, whatever matplotlib's settings."""
    add_fonts()
    file = io.StringIO()
    with rc_context(SETTINGS):  # type: ignore[arg-type]
        figure = Figure()
        draw(figure)
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()


class Stepper(Widget):
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
        How many iterations can be stepped through; a run that collapses ends sooner.

    Attributes
    ----------
    step : int
        The step shown; can be set.
    state : EMState
        The state that belongs to the parameters shown. Setting it to a state of this run goes
        there; setting it to another one starts from its parameters.
    start, x
        The start and the data; setting one runs EM again and goes back to step 0.
    states : list of EMState
        The whole run.
    """

    model: Any
    until_settled: ClassVar[bool] = False
    """Whether a run ends where `em_core.fit` would stop."""
    per_iteration: ClassVar[int] = 2
    """How many steps an iteration has: an E-step and an M-step, or both in one."""

    def __init__(self, model: Model, x: Any, start: Params, iterations: int) -> None:
        whole_number("iterations", iterations, least=1)
        self._iterations = iterations
        trace = self._run(model, x, start, "own")
        self._given = start
        super().__init__(self.make_scene(x), trace)

    def _run(self, model: Model, x: Any, start: Params, setting: str) -> dict[str, Any]:
        """Compute everything; what raises leaves the widget as it was."""
        states, collapse = self._states(model, x, start)
        trace = {"setting": setting} | self.make_trace(model, x, states, collapse)
        self.model, self._x, self.states, self.collapse = model, x, states, collapse
        return trace

    def _states(
        self, model: Model, x: Any, start: Params
    ) -> tuple[list[EMState], CollapseError | None]:
        return run(model, x, start, self._iterations, self.until_settled)

    def _step_of(self, index: int) -> int:
        """The step at which a state's parameters are new."""
        return self.per_iteration * index

    @property
    def state(self) -> EMState:
        """The state that belongs to the parameters shown."""
        shown = [t for t in range(len(self.states)) if self._step_of(t) <= self.step]
        return self.states[shown[-1]]

    @state.setter
    def state(self, state: EMState) -> None:
        if not isinstance(state, EMState):
            raise ValueError(f"state: is a {type(state).__name__}; expected an EMState")
        for t, known in enumerate(self.states):
            if known is state:
                self.step = self._step_of(t)
                return
        self.start = state.params

    @property
    def start(self) -> Params:
        """The parameters at step 0."""
        return self.states[0].params

    @start.setter
    def start(self, params: Params) -> None:
        self._restart(self._x, params)
        self._given = self.start

    @property
    def x(self) -> Any:
        """The data."""
        return self._x

    @x.setter
    def x(self, x: Any) -> None:
        self._restart(x, self.start)

    def _restart(self, x: Any, start: Params) -> None:
        """Run from here, and draw anew what depends on the data or the start."""
        before = self.model, self._x, self.states, self.collapse
        trace = self._run(self.model, x, start, "own")
        try:
            scene = self.make_scene(x)
        except Exception:
            self.model, self._x, self.states, self.collapse = before
            raise
        with self.hold_sync():
            self.scene = scene
            self._show(trace)

    def choose_given(self) -> None:
        """Go back to the start that the widget was made with."""
        self.start = self._given

    def make_scene(self, x: Any) -> dict[str, Any]:
        """What stays while the reader steps, as JSON."""
        raise NotImplementedError

    def make_trace(
        self, model: Any, x: Any, states: list[EMState], collapse: CollapseError | None
    ) -> dict[str, Any]:
        """What the steps show, as JSON; refuse what the widget can't show."""
        raise NotImplementedError

    def draw_step(self, figure: Figure, step: int) -> None:
        """Draw one step, for a `Moment`."""
        raise NotImplementedError

    def describe_step(self, step: int) -> str:
        """One sentence that says what is seen at a step."""
        raise NotImplementedError

    def stages(self) -> list[tuple[str, int, int]]:
        """Title, index of the parameters and index of the responsibilities of three moments."""
        last = len(self.states) - 1
        middle = max(1, last // 4) if last else 0
        return [
            ("Start", 0, 0),
            (f"Iteration {self.states[middle].iteration}", middle, middle),
            (f"Iteration {self.states[last].iteration}", last, last),
        ]


def run(
    model: Model, x: Any, start: Params, iterations: int, until_settled: bool = False
) -> tuple[list[EMState], CollapseError | None]:
    """The states of a run, and how it collapsed, if it did."""
    states: list[EMState] = []
    try:
        for state in itertools.islice(em_steps(model, x, start), iterations + 1):
            states.append(state)  # one by one, so that those before a collapse are kept
            if until_settled and settled(states):
                break
    except CollapseError as collapse:
        if not states:
            raise
        return states, collapse
    return states, None


def half(step: int) -> tuple[int, int | None]:
    """Which parameters a half-step shows, and which responsibilities; None: none yet."""
    return (0, None) if step == 0 else (step // 2, (step + 1) // 2 - 1)


def half_words(step: int) -> str:
    """When a half-step is, in words."""
    if step == 0:
        return "at the start"
    return f"after the {'E' if step % 2 else 'M'}-step of iteration {(step + 1) // 2}"


def settled(states: list[EMState]) -> bool:
    """Whether `em_core.fit` would stop here."""
    last = [state.log_likelihood for state in states[-2:]]
    return len(last) == 2 and abs(last[1] - last[0]) < TOLERANCE


def run_until_settled(model: Model, x: Any, start: Params, most: int) -> list[EMState]:
    """The states of a run until `em_core.fit` would stop; a collapse is raised."""
    states, collapse = run(model, x, start, most, until_settled=True)
    if collapse is not None:
        raise collapse
    return states


def run_figures(model: Model, x: Any, states: list[EMState]) -> dict[str, list[float]]:
    """The log-likelihood at each state, and each M-step's bound (one fewer)."""
    bounds = [
        lower_bound(model, x, after.params, before.responsibilities)
        for before, after in itertools.pairwise(states)
    ]
    return {"logLikelihoods": exact(s.log_likelihood for s in states), "bounds": exact(bounds)}


def exact(values: Any) -> Any:
    """Numbers with ten significant digits: more than is ever shown, fewer than are computed."""
    if isinstance(values, np.ndarray):
        values = values.tolist()
    if isinstance(values, Iterable):
        return [exact(value) for value in values]
    return float(f"{values:.10g}")


def number(value: float, digits: int) -> str:
    """A figure as it is shown, with a proper minus sign."""
    return f"{value:.{digits}f}".replace("-", "−")


def svg_path(points: Any, closed: bool = False, digits: int = 1) -> str:
    """Points as the `d` of an SVG path."""
    pairs = (f"{x:.{digits}f} {y:.{digits}f}" for x, y in points)
    return "M" + "L".join(pairs) + ("Z" if closed else "")
