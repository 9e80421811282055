"""`lower-bound`: the log-likelihood in one parameter, and the bound that EM climbs instead."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from em_core.checks import Array
from em_core.coins import CoinMixture, CoinParams
from em_core.em import CollapseError, EMState
from em_core.fitting import fit
from em_core.plots import draw_lower_bound
from em_core.style import WIDTH
from em_core.tables import bound_slice, coin_slice, log_binomials
from em_core.widgets.base import Stepper, exact, half, number, run, run_figures

STARTS = np.arange(1, 100) / 100
"""The values of θ_A that the touch can be moved to."""
CURVE = np.linspace(0.005, 0.995, 100)
ITERATIONS = 12


class HeldB(CoinMixture):
    """Two coins of which only the first is estimated: B's θ stays, as do the weights."""

    def check(self, x: ArrayLike, params: CoinParams) -> None:
        """As for coins; and there are two, of weight ½, as in the lecture's figure."""
        super().check(x, params)
        if params.weights.tolist() != [0.5, 0.5]:
            given = params.weights.tolist()
            raise ValueError(f"start: has weights {given}; this widget shows two coins, ½ each")

    def m_step(self, x: ArrayLike, responsibilities: ArrayLike, params: CoinParams) -> CoinParams:
        """The coins' M-step, whose θ_A is the bound's top whatever θ_B is."""
        free = super().m_step(x, responsibilities, params)
        return CoinParams([free.theta[0], params.theta[1]], params.weights)


class LowerBound(Stepper):
    """The coin log-likelihood in θ_A, the bound that touches it at θ_A⁽ᵗ⁾, and its top.

    Parameters
    ----------
    x : array_like of shape (m, 2)
        Heads and tails of each sample.
    theta_a : float
        Where the first bound touches, in (0, 1).
    theta_b : float, optional
        Where coin B is held; without it, at its estimate.

    Raises
    ------
    ValueError
        For unusable data or parameters.
    """

    kind = "lower-bound"
    across: str = "θ_A"
    span: tuple[float, float] = (0, 1)

    def __init__(self, x: ArrayLike, theta_a: float, theta_b: float | None = None) -> None:
        if theta_b is None:
            ends = fit(CoinMixture(), x, CoinParams([0.6, 0.5], [0.5, 0.5]), tol=0, max_iter=300)
            theta_b = float(ends.params.theta[1])
        start = CoinParams([theta_a, theta_b], [0.5, 0.5])
        super().__init__(HeldB(), x, start, ITERATIONS)

    def make_scene(self, x: ArrayLike) -> dict[str, Any]:
        """The log-likelihood's curve, and what its bounds are made of."""
        theta_b = float(self.start.theta[1])
        counts = np.asarray(x)
        log_likelihoods = coin_slice(counts, CURVE, theta_b)
        return {
            "label": "The log-likelihood and its lower bound, step by step",
            "choices": 0,
            "across": self.across,
            "span": list(self.span),
            "x": counts.tolist(),
            "logBinomials": exact(log_binomials(counts)),
            "thetaB": exact(theta_b),
            "grid": STARTS.tolist(),
            "curve": [exact(CURVE), exact(log_likelihoods)],
            "box": exact(limits(log_likelihoods)),
        }

    def make_trace(
        self,
        model: Any,
        x: ArrayLike,
        states: list[EMState],
        collapse: CollapseError | None,
    ) -> dict[str, Any]:
        """The touches, with their figures and slopes."""
        return bound_trace(model, x, states, collapse)

    def choose(self, setting: str) -> None:
        """Touch where the browser asks."""
        self._show(self._run(self.model, self.x, self._from(setting), setting))

    def _from(self, setting: str) -> Any:
        return CoinParams([STARTS[int(setting.split(":")[1])], self.start.theta[1]], [0.5, 0.5])

    def library(self) -> dict[str, Any] | None:
        """The recipe for the runs from the whole grid."""
        return {"x": self.scene["x"], "theta_b": float(self.start.theta[1])}

    def describe(self) -> str:
        """The run in one sentence."""
        first, last = (self.states[t].params.theta[0] for t in (0, -1))
        return (
            "The log-likelihood of the coin data in θ_A alone, with a lower bound that touches it "
            f"at θ_A {number(first, 2)}; going to the top of one bound after another, EM "
            f"climbs in {len(self.states) - 1} iterations to θ_A {number(last, 3)}, the peak."
        )

    def draw(self, figure: Figure) -> None:
        """The first bound, the one after a step, and the last."""
        figure.set_size_inches(WIDTH, 2.6)
        last = len(self.states) - 2
        for ax, t in zip(figure.subplots(1, 3, sharey=True), (0, 1, last), strict=True):
            self._draw_bounds(ax, [t], [t, t + 1])
            ax.set(title=f"Iteration {t + 1}", xticks=[0, 0.5, 1])

    def draw_step(self, figure: Figure, step: int) -> None:
        """The curve and the bound of a step, with the one before it."""
        figure.set_size_inches(WIDTH, 3.2)
        t, r = half(step)
        first = max((r or 0) - 1, 0)
        made = [] if r is None else list(range(first, r + 1))
        ax = figure.subplots()
        self._draw_bounds(ax, made, list(range(first, t + 1)))
        ax.set(xlabel=self.across, ylabel="log-likelihood")

    def describe_step(self, step: int) -> str:
        """A step in one sentence."""
        t, r = half(step)
        here, value = (number(self.trace[name][t], 2) for name in ("thetas", "logLikelihoods"))
        curve = f"The log-likelihood as a curve over {self.across}: at {here} it is {value}"
        if r is None:
            return f"{curve}."
        if r == t:
            return f"{curve}, and a lower bound touches it there."
        bound = number(self.trace["bounds"][r], 2)
        return f"{curve}, above the top of a lower bound, which is at {bound}."

    def _curves(self, made: list[int]) -> tuple[Array, Array, list[Array], list[float]]:
        """The places, the log-likelihood there, some bounds, and all touches."""
        x, theta_b = np.asarray(self.x), float(self.start.theta[1])
        touches = [float(state.params.theta[0]) for state in self.states]
        bounds = [bound_slice(x, CURVE, theta_b, touches[t]) for t in made]
        return CURVE, coin_slice(x, CURVE, theta_b), bounds, touches

    def _draw_bounds(self, ax: Axes, made: list[int], touches: list[int]) -> None:
        """The curve, the bounds of some iterations, and touches, the first of these theirs."""
        places, values, bounds, thetas = self._curves(made)
        draw_lower_bound(ax, places, values, bounds, np.array([thetas[t] for t in touches]))
        for text in list(ax.texts):
            if text.get_text().startswith("log"):
                text.remove()
        ax.set(ylim=limits(values), xlim=self.span)


def bound_trace(
    model: HeldB, x: Any, states: list[EMState], collapse: CollapseError | None
) -> dict[str, Any]:
    """A run in θ_A as JSON."""
    if collapse is not None:
        raise collapse
    return {
        "last": 2 * (len(states) - 1),
        "thetas": exact(state.params.theta[0] for state in states),
        "slopes": exact(slope(np.asarray(x), state) for state in states),
        "curvatures": exact(curvature(np.asarray(x), state) for state in states),
        **run_figures(model, x, states),
    }


def slope(x: Array, state: EMState) -> float:
    """The slope in θ_A of the log-likelihood, which is also the touching bound's.

    ∂ℓ/∂θ_A = Σ_i r_iA (h_i/θ_A − t_i/(1 − θ_A)): Fisher's identity. At 0 and at 1 there are no
    expected heads, or tails, left to divide.
    """
    theta = float(state.params.theta[0])
    heads, tails = state.responsibilities[:, 0] @ x
    return float((heads / theta if theta > 0 else 0) - (tails / (1 - theta) if theta < 1 else 0))


def curvature(x: Array, state: EMState) -> float:
    """The mean of the touching bound's curvature in θ_A, on the way from the touch to the top.

    At the top the slope has fallen to 0, so the step is the slope divided by this, exactly. With N
    tosses expected of A the step is the slope times θ_A (1 − θ_A) / N, since the top is at A's
    expected heads, divided by N.
    """
    theta = float(state.params.theta[0])
    tosses = float(state.responsibilities[:, 0] @ x.sum(axis=1))
    return tosses / (theta * (1 - theta)) if 0 < theta < 1 else 0.0


def runs(x: list[list[int]], theta_b: float) -> dict[str, Any]:
    """The runs from every start of the grid.

    Parameters
    ----------
    x : list
        Heads and tails of each sample.
    theta_b : float

    Returns
    -------
    dict
        For "all": each run by the index of its start.
    """
    model, traces = HeldB(), {}
    for i, theta_a in enumerate(STARTS):
        start = CoinParams([theta_a, theta_b], [0.5, 0.5])
        traces[str(i)] = bound_trace(model, x, *run(model, x, start, ITERATIONS))
    return {"all": {"shared": {}, "runs": traces}}


def limits(log_likelihoods: Array) -> tuple[float, float]:
    """A little more than the whole curve."""
    low, high = float(log_likelihoods.min()), float(log_likelihoods.max())
    margin = 0.08 * (high - low)
    return low - margin, high + margin
