"""`bound-bars`: the log-likelihood as lower bound plus KL, half an iteration at a time."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from scipy.special import rel_entr

from em_core.checks import Array
from em_core.em import CollapseError, EMState, Model, Params, lower_bound
from em_core.plots import label
from em_core.style import COMPONENTS, LIGHT, LINES, WIDTH
from em_core.widgets.base import Stepper, exact, half_words, number

ITERATIONS = 6


class BoundBars(Stepper):
    """The log-likelihood as a line, and the bound and the KL divergence stacked below it.

    Before the first E-step, q gives every label the same probability.

    Parameters
    ----------
    model : Model
    x : array_like
        The data, as the model takes them.
    start : object
        The parameters to start from.

    Raises
    ------
    ValueError
        For unusable data or parameters, and where a label of a row has probability 0: for the
        first q the bound would be −∞.
    """

    kind = "bound-bars"

    def __init__(self, model: Model, x: Any, start: Params) -> None:
        super().__init__(model, x, start, ITERATIONS)

    def make_scene(self, x: ArrayLike) -> dict[str, Any]:
        """Nothing but a name stays: the bars are the run's."""
        return {"label": "Lower bound and KL divergence, step by step", "choices": 0}

    def make_trace(
        self, model: Model, x: Any, states: list[EMState], collapse: CollapseError | None
    ) -> dict[str, Any]:
        """Each half-step's bound and divergence, and what it has raised."""
        if collapse is not None:
            raise collapse
        values, bounds, divergences = bars(model, x, states)
        if not np.isfinite(bounds[0]):
            raise ValueError("start: a label of some row has probability 0; the bound would be −∞")
        low, high = bounds.min(), values.max()
        return {
            "last": len(values) - 1,
            "logLikelihoods": exact(values),
            "bounds": exact(bounds),
            "divergences": exact(divergences),
            "rises": exact(np.diff([values, bounds], axis=1, prepend=np.nan).T[1:]),
            "box": exact([low - 0.08 * (high - low), high + 0.16 * (high - low)]),
        }

    def describe(self) -> str:
        """The run in one sentence."""
        values, bounds = self.trace["logLikelihoods"], self.trace["bounds"]
        first = self.trace["divergences"][0]
        return (
            "Bars of lower bound and KL divergence that add up to the log-likelihood: at the start "
            f"{number(bounds[0], 4)} and {number(first, 4)}; each E-step takes the KL divergence "
            "to 0, each M-step raises the bound and opens it again, and the log-likelihood climbs "
            f"from {number(values[0], 4)} to {number(values[-1], 4)}."
        )

    def draw(self, figure: Figure) -> None:
        """The whole run, and its second iteration enlarged."""
        self._draw_until(figure, self.trace["last"], min(2, len(self.states) - 1), "The whole run")

    def draw_step(self, figure: Figure, step: int) -> None:
        """The run up to a step, and the iteration that is under way enlarged."""
        self._draw_until(figure, step, max(1, -(-step // 2)), "The run so far")

    def describe_step(self, step: int) -> str:
        """A step in one sentence."""
        value, bound, divergence = (
            number(self.trace[name][step], 2)
            for name in ("logLikelihoods", "bounds", "divergences")
        )
        return (
            f"Bars of lower bound and KL divergence {half_words(step)}: {bound} and "
            f"{divergence} add up to the log-likelihood, {value}."
        )

    def _draw_until(self, figure: Figure, step: int, iteration: int, title: str) -> None:
        figure.set_size_inches(WIDTH, 2.7)
        values, bounds, _ = (row[: step + 1] for row in bars(self.model, self.x, self.states))
        whole, one = figure.subplots(1, 2, width_ratios=[3, 2])
        _draw_bars(whole, values, bounds)
        whole.set(title=title, xlabel="iteration")
        whole.set_xticks(range(0, len(values), 2), map(str, range((len(values) + 1) // 2)))
        values, bounds = (all_[2 * iteration - 2 :][:3] for all_ in (values, bounds))
        _draw_bars(one, values, bounds)
        one.set(title=f"Iteration {iteration}, enlarged", yticks=[])
        in_bar = {"ha": "center", "va": "center"}
        one.text(
            0, bounds[0] - 0.12 * (values[-1] - bounds[0]), "bound", color=LIGHT["paper"], **in_bar
        )
        label(one, 0, (values[0] + bounds[0]) / 2, "KL", color=COMPONENTS[1], **in_bar)
        one.set_xticks(range(len(values)), ["before", "E-step", "M-step"][: len(values)])


def bars(model: Model, x: Any, states: list[EMState]) -> tuple[Array, Array, Array]:
    """Log-likelihood, bound and KL divergence at the start and after each half-step.

    The divergence is computed from the responsibilities, not as what is left.
    """
    equal = np.full_like(states[0].responsibilities, 1 / states[0].responsibilities.shape[1])
    pairs = [(states[0], equal)]
    for before, after in pairwise(states):
        pairs += [(before, before.responsibilities), (after, before.responsibilities)]
    return (
        np.array([state.log_likelihood for state, _ in pairs]),
        np.array([lower_bound(model, x, state.params, q) for state, q in pairs]),
        np.array([rel_entr(q, state.responsibilities).sum() for state, q in pairs]),
    )


def _draw_bars(ax: Axes, values: Array, bounds: Array) -> None:
    """Columns of bound and divergence, and the log-likelihood along their tops."""
    steps, span = np.arange(len(values)), values[-1] - bounds[0]
    floor = bounds[0] - 0.25 * span
    ax.bar(steps, bounds - floor, 0.8, bottom=floor, color=COMPONENTS[0])
    some = values - bounds > 1e-9 * span
    ax.bar(
        steps[some],
        (values - bounds)[some],
        0.8,
        bottom=bounds[some],
        facecolor="none",
        edgecolor=COMPONENTS[1],
        linestyle=LINES[1],
        hatch="///",
    )
    ax.step(
        [-0.5, *steps, steps[-1] + 0.5],
        [values[0], *values, values[-1]],
        where="mid",
        color=LIGHT["ink"],
        linestyle="-",
    )
    ax.set(xlim=(-0.6, len(values) - 0.4), ylim=(floor, values[-1] + 0.12 * span))
