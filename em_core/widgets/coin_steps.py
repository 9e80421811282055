"""`coin-steps`: EM for two coins over the contours of their log-likelihood."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from contourpy import FillType, contour_generator
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from em_core.checks import Array
from em_core.coins import CoinMixture, CoinParams
from em_core.em import CollapseError, EMState
from em_core.plots import COIN_DROPS, draw_coin_contours, draw_path, draw_responsibilities
from em_core.style import LIGHT, WIDTH
from em_core.tables import coin_surface, log_binomials
from em_core.widgets.base import Stepper, exact, number, run, run_figures, svg_path

SIZE = 300
"""The side of the square of (θ_A, θ_B) in the drawing's units."""
THETAS = np.linspace(0.005, 0.995, 67)
GRID = np.array([0.01, *np.arange(1, 20) / 20, 0.99])
"""Where a run can be started from: these values of θ_A and of θ_B."""
KINDS = ("fixed", "free")
"""What the weights are, without and with an estimate of them."""
Counts: TypeAlias = tuple[tuple[int, int], ...]


class CoinSteps(Stepper):
    """Two coins: the path over the likelihood, the samples' responsibilities, the counts.

    Parameters
    ----------
    x : array_like of shape (m, 2)
        Heads and tails of each sample.
    start : CoinParams
        Two coins.
    iterations : int, default 10
        How many iterations can be stepped through.
    fit_weights : bool, default False
        Whether the weights are estimated too.

    Raises
    ------
    ValueError
        For unusable data or parameters, or if there are not two coins.
    """

    kind = "coin-steps"

    def __init__(
        self, x: ArrayLike, start: CoinParams, iterations: int = 10, fit_weights: bool = False
    ) -> None:
        super().__init__(CoinMixture(fit_weights), x, start, iterations)

    def make_scene(self, x: ArrayLike) -> dict[str, Any]:
        """The samples, the starts to choose from and the contours, for both kinds of weights."""
        counts = as_counts(x)
        weights = pair(self.start.weights)
        return {
            "label": "EM for two coins, step by step",
            "choices": 1,
            "x": [list(row) for row in counts],
            "names": [words(row) for row in counts],
            "logBinomials": exact(log_binomials(np.array(counts))),
            **map_scene(),
            "contours": contours(surface(counts, weights)),
            "profile": contours(profile(counts)),
        }

    def make_trace(
        self,
        model: Any,
        x: ArrayLike,
        states: list[EMState],
        collapse: CollapseError | None,
    ) -> dict[str, Any]:
        """The parameters of each state, and their figures."""
        return coin_trace(model, x, states, collapse) | {"kind": KINDS[model.fit_weights]}

    def choose(self, setting: str) -> None:
        """Start from the place on the grid that the browser asks for."""
        kind, start = setting_start(setting, self.start.weights)
        self._show(self._run(CoinMixture(kind == "free"), self.x, start, setting))

    def library(self) -> dict[str, Any]:
        """The recipe for the runs from the whole grid."""
        return {
            "x": self.scene["x"],
            "weights": list(pair(self.start.weights)),
            "iterations": self._iterations,
        }

    def describe(self) -> str:
        """The run in one sentence."""
        first, last = self.states[0].params.theta, self.states[-1].params.theta
        return (
            f"EM for two coins: from θ_A {number(first[0], 3)} and θ_B {number(first[1], 3)} "
            f"a path climbs the contours of the log-likelihood and ends after "
            f"{len(self.states) - 1} iterations at θ_A {number(last[0], 3)} and "
            f"θ_B {number(last[1], 3)}, with "
            f"log-likelihood {number(self.states[-1].log_likelihood, 2)}."
        )

    def draw(self, figure: Figure) -> None:
        """Contours with the path so far, and the responsibilities, at three moments."""
        figure.set_size_inches(WIDTH, 4.1)
        columns = figure.subplots(2, 3, height_ratios=[1.15, 1]).T
        counts = as_counts(self.x)
        free = self.model.fit_weights
        heights = profile(counts) if free else surface(counts, pair(self.start.weights))
        path = np.array([state.params.theta for state in self.states])
        for (above, below), (title, t, r) in zip(columns, self.stages(), strict=True):
            draw_coin_contours(above, THETAS, heights)
            draw_path(above, path[: t + 1], LIGHT["ink"], size=2)
            draw_responsibilities(below, self.states[r].responsibilities, [""] * len(counts))
            above.set(title=title, xticks=[0, 1], yticks=[0, 1])
            below.set(xticks=[0, 1], xlabel="")
        for above, _ in columns[1:]:
            above.set(ylabel="", yticklabels=[])
        columns[0][1].set_yticklabels([words(row) for row in counts])
        columns[1][1].set_xlabel("responsibility")


def runs(x: list[list[int]], weights: list[float], iterations: int) -> dict[str, Any]:
    """The runs from every start of the grid, for fixed and for free weights.

    Parameters
    ----------
    x : list
        Heads and tails of each sample.
    weights : list of two floats
    iterations : int

    Returns
    -------
    dict
        For "fixed" and "free": what all runs share, and each run by the start's indices.
    """
    files: dict[str, Any] = {}
    for kind in KINDS:
        model, traces = CoinMixture(kind == "free"), {}
        for i in range(len(GRID)):
            for j in range(len(GRID)):
                setting = f"{kind}:{i},{j}"
                _, start = setting_start(setting, np.array(weights))
                traces[f"{i},{j}"] = coin_trace(model, x, *run(model, x, start, iterations))
        files[kind] = {"shared": {"kind": kind}, "runs": traces}
    return files


def setting_start(setting: str, weights: Array) -> tuple[str, CoinParams]:
    """The kind of a setting such as "fixed:12,10", and its place on the grid."""
    kind, place = setting.split(":")
    i, j = (int(index) for index in place.split(","))
    return kind, CoinParams([GRID[i], GRID[j]], weights)


def coin_trace(
    model: CoinMixture, x: Any, states: list[EMState], collapse: CollapseError | None
) -> dict[str, Any]:
    """A run of two coins as JSON: what every step shows follows from it."""
    if len(states[0].params.theta) != 2:
        raise ValueError(f"start: has {len(states[0].params.theta)} coins; this widget shows two")
    if collapse is not None:
        raise collapse
    trace: dict[str, Any] = {
        "last": 2 * (len(states) - 1),
        "thetas": [exact(s.params.theta) for s in states],
        **run_figures(model, x, states),
    }
    if model.fit_weights:
        trace["weights"] = [exact(s.params.weights) for s in states]
    else:
        trace["weights"] = [exact(states[0].params.weights)]
    return trace


def map_scene() -> dict[str, Any]:
    """What the map of starts needs, whatever is drawn on it."""
    return {"size": SIZE, "grid": GRID.tolist()}


def as_counts(x: ArrayLike) -> Counts:
    """The samples as something that a cache can keep."""
    return tuple((int(h), int(t)) for h, t in np.asarray(x))


def pair(weights: Array) -> tuple[float, float]:
    """Two weights as something that a cache can keep."""
    return float(weights[0]), float(weights[1])


def words(counts: tuple[int, int]) -> str:
    """A sample's name."""
    return f"{counts[0]} H {counts[1]} T"


@lru_cache(maxsize=16)
def surface(counts: Counts, weights: tuple[float, float]) -> Array:
    """The log-likelihood over the square, the weights held."""
    return coin_surface(np.array(counts), THETAS, np.array(weights))


@lru_cache(maxsize=16)
def profile(counts: Counts) -> Array:
    """The log-likelihood over the square with the best weights for each place.

    In the weight alone the log-likelihood is concave; its slope falls, so its zero is found by
    halving an interval.
    """
    x, model = np.array(counts), CoinMixture()
    each = [model.log_joint(x, CoinParams([theta, theta], [0.5, 0.5]))[:, 0] for theta in THETAS]
    log_likelihoods = np.array(each) - np.log(0.5)
    a, b = log_likelihoods[np.newaxis, :, :], log_likelihoods[:, np.newaxis, :]
    top = np.maximum(a, b)
    a, b = np.exp(a - top), np.exp(b - top)
    low, high = np.zeros(a.shape[:2]), np.ones(a.shape[:2])
    for _ in range(50):
        middle = (low + high) / 2
        w = middle[:, :, np.newaxis]
        rises = ((a - b) / (w * a + (1 - w) * b)).sum(axis=2) > 0
        low, high = np.where(rises, middle, low), np.where(rises, high, middle)
    w = ((low + high) / 2)[:, :, np.newaxis]
    return np.asarray((np.log(w * a + (1 - w) * b) + top).sum(axis=2))


def contours(
    heights: Array,
    across: Array = THETAS,
    up: Array = THETAS,
    drops: Sequence[float] = COIN_DROPS,
) -> list[str]:
    """A filled region for each level, the lowest first, as SVG paths.

    Parameters
    ----------
    heights : ndarray of shape (h, g)
    across, up : ndarray of shape (g,) and (h,)
        Their places in the square, from 0 to 1.
    drops : sequence of float
        How far below the top each level lies.
    """
    heights = np.pad(heights, 1, mode="edge")  # up to the square's frame
    across, up = (np.concatenate([[0], axis, [1]]) for axis in (across, up))
    levels = heights.max() - np.array(drops)
    generator = contour_generator(across, up, heights, fill_type=FillType.OuterOffset)
    return [_region(generator.filled(level, np.inf)) for level in levels]


def _region(polygons: Any) -> str:
    rings = [
        points[start:end]
        for points, offsets in zip(*polygons, strict=True)
        for start, end in pairwise(offsets)
    ]
    return "".join(
        svg_path(np.column_stack([r[:, 0], 1 - r[:, 1]]) * SIZE, closed=True) for r in rings
    )
