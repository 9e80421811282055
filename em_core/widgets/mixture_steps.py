"""`mixture-steps`: a Gaussian mixture in the plane, finding its clusters."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from matplotlib.axes import Axes as Plane
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from em_core import checks, style
from em_core.checks import Array
from em_core.em import CollapseError, EMState, Model, Params, em_steps
from em_core.fitting import fit
from em_core.gaussians import GaussianMixture, GaussianParams
from em_core.plots import draw_ellipses, draw_points
from em_core.widgets.base import (
    NAMES,
    TOLERANCE,
    Stepper,
    exact,
    half,
    half_words,
    number,
    run,
    run_figures,
    run_until_settled,
    settled,
)

MOST = 4
RANDOM_STARTS = 8
START_NAMES = [
    *(f"random {number}" for number in range(1, RANDOM_STARTS + 1)),
    "A on four points",
    "A on one point",
]
STARTS = len(START_NAMES)
HALVED = 50
"""How many iterations are shown by halves, and one by one."""
FEWER = 0.2
"""Each later one that is shown comes by this share of iterations after the one before."""
LONGEST = 10_000
Axes: TypeAlias = tuple[str, str]


class MixtureSteps(Stepper):
    """Points by responsibility, ellipses, density contours, and the log-likelihood's curve.

    Parameters
    ----------
    x : array_like of shape (n, 2), or mapping of str to array_like
        The data; or several data sets by name, the first of which is shown first.
    start : GaussianParams, optional
        With d = 2 and at most four components. Without it, the first of ten starts made for `k`.
    k : int, optional
        The number of components, 1 to 4; default 2, or what `start` has.
    axes : tuple of two str, or mapping of str to such
        What the columns of `x` are.
    made_by : mapping of str to GaussianParams, optional
        The components that made a data set, by its name; they are shown faintly.
    iterations : int, default 50
        How many iterations are shown by halves, and one by one. A run goes on until the
        log-likelihood settles or a component collapses; of later iterations ever fewer are shown.
    choices : bool, default True
        Whether the reader can choose data, components and start.

    Raises
    ------
    ValueError
        For unusable data or parameters.
    """

    kind = "mixture-steps"

    def __init__(
        self,
        x: ArrayLike | Mapping[str, ArrayLike],
        start: GaussianParams | None = None,
        k: int | None = None,
        axes: Axes | Mapping[str, Axes] = ("x₁", "x₂"),
        iterations: int = HALVED,
        choices: bool = True,
        made_by: Mapping[str, GaussianParams] | None = None,
    ) -> None:
        self._choices, self._made_by = choices, dict(made_by or {})
        sets = dict(x) if isinstance(x, Mapping) else {"own": x}
        if not sets:
            raise ValueError("x: has no data set; give points, or at least one name with points")
        self._sets = {name: _plane(values) for name, values in sets.items()}
        self._axes = dict(axes) if isinstance(axes, Mapping) else dict.fromkeys(sets, axes)
        _check_axes(self._axes, sets)
        self._data = self._home = next(iter(self._sets))
        self._start_given = start is not None
        if start is None:
            checks.whole_number("k", 2 if k is None else k, least=1)
            start = self._start(self._data, 2 if k is None else k, 0)
        elif not isinstance(start, GaussianParams):
            raise ValueError(f"start: is a {type(start).__name__}; expected GaussianParams")
        elif k is not None and k != len(start.weights):
            raise ValueError(f"k: is {k}, but start has {len(start.weights)} components")
        super().__init__(GaussianMixture(), self._sets[self._data], start, iterations)

    def _start(self, data: str, k: int, number: int) -> GaussianParams:
        if k > MOST:
            raise ValueError(f"k: is {k}; this widget shows at most {MOST} components")
        return make_start(self._sets[data], k, number)

    def _states(
        self, model: Model, x: Any, start: Params
    ) -> tuple[list[EMState], CollapseError | None]:
        return whole_run(model, x, start, self._iterations)

    def _step_of(self, index: int) -> int:
        return index + min(index, halved(self.states))

    @property
    def x(self) -> Any:
        """The data shown."""
        return self._x

    @x.setter
    def x(self, x: ArrayLike) -> None:
        points = _plane(x)
        before = self._sets, self._data
        self._sets, self._data = self._sets | {"own": points}, "own"
        self._axes.setdefault("own", ("x₁", "x₂"))
        try:
            self._own_start(points, self.start)
        except Exception:
            self._sets, self._data = before
            raise
        self._home, self._given = "own", self.start

    @property
    def start(self) -> GaussianParams:
        """The parameters at step 0."""
        start: GaussianParams = self.states[0].params
        return start

    @start.setter
    def start(self, params: GaussianParams) -> None:
        self._own_start(self._x, params)
        self._home, self._given = self._data, params

    def _own_start(self, x: ArrayLike, params: GaussianParams) -> None:
        before, self._start_given = self._start_given, True
        try:
            self._restart(x, params)
        except Exception:
            self._start_given = before
            raise

    def make_scene(self, x: ArrayLike) -> dict[str, Any]:
        """What there is to choose from."""
        return {
            "label": "A mixture of Gaussians finds its clusters, step by step",
            "choices": 2 + (len(self._sets) > 1) if self._choices else 0,
            "names": list(NAMES),
            "data": list(self._sets),
            "most": MOST,
            "starts": START_NAMES,
            "given": self._start_given,
        }

    def make_trace(
        self,
        model: Any,
        x: Array,
        states: list[EMState],
        collapse: CollapseError | None,
    ) -> dict[str, Any]:
        """The points with their axes, and the parameters of each state."""
        points = plane_scene(np.asarray(x, dtype=float), self._axes[self._data])
        best = best_end(_key(x), len(states[0].params.weights), self._iterations)
        return {
            "data": self._data,
            "best": exact(best),
            "truth": truth(self._made_by.get(self._data)),
            **points,
            **mixture_trace(model, x, states, collapse),
        }

    def choose(self, setting: str) -> None:
        """Run what the browser asks for, such as "faithful/3:7"."""
        file, chosen = setting.rsplit(":", 1)
        data, k = file.rsplit("/", 1)
        before, self._data = self._data, data
        try:
            start = self._start(data, int(k), int(chosen))
            self._show(self._run(self.model, self._sets[data], start, setting))
        except Exception:
            self._data = before
            raise

    def choose_given(self) -> None:
        """Go back to the data and the start that the widget was made with, or was given since."""
        self._data = self._home
        self._show(self._run(self.model, self._sets[self._data], self._given, "own"))

    def library(self) -> dict[str, Any] | None:
        """The recipe for the runs from ten starts, for each data set and number of components."""
        if not self._choices:
            return None
        return {
            "sets": {name: points.tolist() for name, points in self._sets.items()},
            "axes": {name: list(axes) for name, axes in self._axes.items()},
            "truths": {name: truth(self._made_by.get(name)) for name in self._sets},
            "iterations": self._iterations,
        }

    def describe(self) -> str:
        """The run in one sentence."""
        last = self.states[-1].iteration
        return (
            f"{len(np.asarray(self.x))} points and {len(self.start.weights)} Gaussian components: "
            f"in {last} iterations of EM the ellipses move from the start onto the "
            "clusters, and the log-likelihood goes from "
            f"{number(self.states[0].log_likelihood, 2)} to "
            f"{number(self.states[-1].log_likelihood, 2)}."
        )

    def draw(self, figure: Figure) -> None:
        """Points and ellipses at three moments."""
        figure.set_size_inches(style.WIDTH, 2.4)
        columns = figure.subplots(1, 3, sharex=True, sharey=True)
        points = np.asarray(self.x, dtype=float)
        for ax, (title, t, r) in zip(columns, self.stages(), strict=True):
            draw_points(ax, points, self.states[r].responsibilities)
            draw_ellipses(ax, self.states[t].params)
            ax.set(title=title)
        across, up = self._axes[self._data]
        columns[0].set_ylabel(up)
        columns[1].set_xlabel(across)

    def draw_step(self, figure: Figure, step: int) -> None:
        """Points, ellipses and, below them, how far the log-likelihood has climbed."""
        figure.set_size_inches(style.WIDTH, 4)
        t, r = self._at(step)
        plane, climb = figure.subplots(2, 1, height_ratios=[5, 1])
        self.draw_points_alone(plane, None if r is None else self.states[r].responsibilities)
        draw_ellipses(plane, self.states[t].params)
        values = [state.log_likelihood for state in self.states[: t + 1]]
        climb.plot(values, color=style.LIGHT["ink"], linestyle="-", marker="o", markersize=3)
        climb.set(xlim=(-0.3, max(len(self.states) - 1, 1)), xlabel="iteration")
        climb.set_title(f"log-likelihood {number(values[-1], 2)}")

    def draw_points_alone(self, ax: Plane, responsibilities: Array | None = None) -> None:
        """The points, without the components."""
        draw_points(ax, np.asarray(self.x, dtype=float), responsibilities)
        across, up = self._axes[self._data]
        x0, x1, y0, y1 = self.trace["box"]
        ax.set(xlabel=across, ylabel=up, xlim=(x0, x1), ylim=(y0, y1))

    def describe_step(self, step: int) -> str:
        """A step in one sentence."""
        t, _ = self._at(step)
        k, n = len(self.start.weights), len(np.asarray(self.x))
        return (
            f"{n} points and the ellipses of {k} Gaussian components {half_words(step)}, "
            f"log-likelihood {number(self.states[t].log_likelihood, 2)}."
        )

    def _at(self, step: int) -> tuple[int, int | None]:
        """As for all steppers, and at most the last state: a collapse has steps after it."""
        t, r = half(step)
        last = len(self.states) - 1
        return min(t, last), None if r is None else min(r, last)


def runs(
    sets: dict[str, Any], axes: dict[str, Any], truths: dict[str, Any], iterations: int
) -> dict[str, Any]:
    """The runs from ten starts for every data set and number of components.

    Parameters
    ----------
    sets : dict of str to list
        The points of each data set.
    axes : dict of str to list of two str
    truths : dict of str to list
        What `truth` gives of the components that made each.
    iterations : int

    Returns
    -------
    dict
        By "data/k": what the runs share, and each run by the start's number.
    """
    model, files = GaussianMixture(), {}
    for name, points in sets.items():
        x = np.array(points)
        key = _key(x)
        for k in range(1, MOST + 1):
            best = {"data": name, "best": exact(best_end(key, k, iterations))}
            files[f"{name}/{k}"] = {
                "shared": best | {"truth": truths[name]} | plane_scene(x, axes[name]),
                "runs": {
                    str(start): mixture_trace(model, x, *run_from(start, key, k, iterations))
                    for start in range(STARTS)
                },
            }
    return files


def make_start(x: Array, k: int, start: int) -> GaussianParams:
    """One of the ten starts.

    The first eight are random. In the ninth a component starts on four neighbouring points, and
    stays caught there; in the last on one point alone, and collapses (if k is at least 2).
    """
    if start < RANDOM_STARTS:
        return GaussianMixture().random_start(x, k, np.random.default_rng(start))
    return _narrow_start(_key(x), k, 4 if start == RANDOM_STARTS else 1)


@lru_cache(maxsize=256)
def best_end(key: tuple[tuple[float, ...], ...], k: int, iterations: int) -> float:
    """The highest log-likelihood at which one of the random starts ends."""
    runs = [run_from(start, key, k, iterations)[0] for start in range(RANDOM_STARTS)]
    return max(states[-1].log_likelihood for states in runs)


@lru_cache(maxsize=RANDOM_STARTS)  # whoever shows all of them asks first which is best
def run_from(
    start: int, key: tuple[tuple[float, ...], ...], k: int, iterations: int
) -> tuple[list[EMState], CollapseError | None]:
    """The run from one of the ten starts."""
    x = np.array(key)
    return whole_run(GaussianMixture(), x, make_start(x, k, start), iterations)


def whole_run(
    model: Model, x: Any, start: Params, iterations: int
) -> tuple[list[EMState], CollapseError | None]:
    """The first states of a run, one by one, then ever fewer, until it settles or collapses."""
    states, collapse = run(model, x, start, iterations, True)
    done = collapse is not None or settled(states)
    while not done and states[-1].iteration < LONGEST:
        before = states[-1].iteration
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it shall not settle yet; the points are seen
                some = max(1, round(FEWER * before))
                result = fit(model, x, states[-1].params, tol=TOLERANCE, max_iter=some)
        except CollapseError as error:
            error.iteration += before
            return states, error
        state = next(em_steps(model, x, result.params))
        states.append(replace(state, iteration=before + result.iterations))
        done = result.converged
    return states, collapse


def halved(states: list[EMState]) -> int:
    """The last iteration that is shown by halves: up to it there are all."""
    return max(t for t, state in enumerate(states) if state.iteration == t)


@lru_cache(maxsize=256)
def _narrow_start(key: tuple[tuple[float, ...], ...], k: int, points: int) -> GaussianParams:
    """Component A on some neighbouring points: of several places the first that holds it."""
    x, rng = np.array(key), np.random.default_rng(0)
    best = best_end(key, k, HALVED) if points > 1 and k > 1 else np.inf
    for row in rng.choice(len(x), size=min(len(x), 40), replace=False):
        near = np.argsort((((x - x[row]) / x.std(axis=0)) ** 2).sum(axis=1))[:points]
        start = _with_first_on(x, near, GaussianMixture().random_start(x, k, rng))
        if points == 1 or k == 1:
            return start
        try:
            end = run_until_settled(GaussianMixture(), x, start, 500)[-1]
        except CollapseError:
            continue
        if end.log_likelihood < best - 2:
            return start
    return start


def _with_first_on(x: Array, near: NDArray[np.intp], start: GaussianParams) -> GaussianParams:
    whole = np.cov(x.T)
    spread = np.cov(x[near].T) + 1e-3 * whole if len(near) > 1 else 1e-6 * whole
    means, covariances = start.means.copy(), start.covariances.copy()
    means[0], covariances[0] = x[near].mean(axis=0), spread
    return GaussianParams(start.weights, means, covariances)


def mixture_trace(
    model: GaussianMixture, x: Array, states: list[EMState], collapse: CollapseError | None
) -> dict[str, Any]:
    """A run as JSON: the parameters of each state, their figures, and how it ended."""
    k, d = states[0].params.means.shape
    if d != 2 or k > MOST:
        raise ValueError(
            f"start: has {k} components in {d} dimensions; "
            f"this widget shows at most {MOST} components, in 2"
        )
    by_halves = halved(states)
    first, others = states[: by_halves + 1], states[by_halves + 1 :]
    failed = 0 if collapse is None else 1 if others else 2
    return {
        "last": 2 * by_halves + len(others) + failed,
        "halved": by_halves,
        "others": [state.iteration for state in others],
        "weights": [exact(s.params.weights) for s in states],
        "means": [exact(s.params.means) for s in states],
        "covariances": [
            [exact([c[0, 0], c[0, 1], c[1, 1]]) for c in s.params.covariances] for s in states
        ],
        **run_figures(model, x, first),
        "logLikelihoods": exact(state.log_likelihood for state in states),
        "collapse": None if collapse is None else _words(collapse),
    }


def _words(collapse: CollapseError) -> str:
    name = "" if collapse.component is None else f"component {NAMES[collapse.component]} "
    return (
        f"Iteration {collapse.iteration}, in the M-step: {name}collapsed: {collapse.reason}. "
        f"{collapse.advice}"
    )


def truth(made_by: GaussianParams | None) -> list[Any]:
    """Mean and covariance of each component that made the data; none if that is not known."""
    if made_by is None:
        return []
    parts = zip(made_by.means, made_by.covariances, strict=True)
    return [[exact(m), exact([c[0, 0], c[0, 1], c[1, 1]])] for m, c in parts]


def plane_scene(points: Array, axes: Axes | list[str]) -> dict[str, Any]:
    """The points, the part of the plane that is shown, and what its axes are."""
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.12 * (high - low)
    low, high = low - margin, high + margin
    return {
        "axes": list(axes),
        "points": exact(points),
        "box": exact([low[0], high[0], low[1], high[1]]),
    }


def _check_axes(axes: Mapping[str, Any], sets: Mapping[str, Any]) -> None:
    for name in sets:
        pair = axes.get(name)
        given = list(pair) if isinstance(pair, (tuple, list)) else [pair]
        if len(given) != 2 or not all(isinstance(axis, str) for axis in given):
            raise ValueError(f"axes: {pair!r} must be two names, of the columns of {name!r}")


def _plane(x: ArrayLike) -> Array:
    """The data as points of the plane, or a ValueError."""
    return checks.numbers("x", x, ("n", 2))


def _key(x: ArrayLike) -> tuple[tuple[float, ...], ...]:
    """The points as something that a cache can keep."""
    return tuple(map(tuple, np.asarray(x, dtype=float).tolist()))
