"""`fit` and `fit_restarts`: the loop run until the log-likelihood settles."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from em_core import checks
from em_core.acceleration import VectorSweeper, accelerated
from em_core.chunks import Chunks
from em_core.em import (
    CollapsedStartsWarning,
    CollapseError,
    EMResult,
    Model,
    NotConvergedWarning,
    Params,
    PlainSweeper,
    StartingModel,
    StoppedWarning,
    Sweeper,
    at_iteration,
    e_step,
    sweeps,
)

QUIET_SECONDS = 2.0

Watch = Callable[[int, float], object]


class Progress:
    """A line about a fit on the standard error, from its third second on, at most once a second."""

    def __init__(self) -> None:
        self.due = time.monotonic() + QUIET_SECONDS

    def __call__(self, iteration: int, log_likelihood: float) -> None:
        """Print a line if one is due."""
        if time.monotonic() >= self.due:
            print(f"iteration {iteration}: log-likelihood {log_likelihood:.10g}", file=sys.stderr)
            self.due = time.monotonic() + 1


def fit(
    model: Model,
    x: Any,
    params: Params,
    *,
    tol: float = 1e-8,
    max_iter: int = 10_000,
    accelerate: bool = False,
    progress: Watch | None = None,
) -> EMResult:
    """Run EM until the log-likelihood settles; Ctrl-C ends it early and keeps what was reached.

    A model that has a ``sweeper`` is run by it: one pass over the data for each iteration, in
    blocks, with the same answer as `em_steps` up to rounding.

    Parameters
    ----------
    model, params
        As for `em_steps`.
    x : array_like, numpy.memmap or Chunks
        The data, as the model takes them. A `numpy.memmap` is read in pieces, as `Chunks` are; the
        model needs a ``sweeper`` for that.
    tol : float, default 1e-8
        Stop when the total log-likelihood changes by less than this. 0 runs exactly `max_iter`
        iterations.
    max_iter : int, default 10 000
        The most M-steps.
    accelerate : bool, default False
        Whether steps are extrapolated (`em_core.acceleration`); the model needs a ``sweeper``. Each
        iteration is one pass over the data, and the log-likelihood still never falls.
    progress : callable, optional
        Called with the iteration and its log-likelihood after each pass. By default `Progress()`
        for data that are read in pieces, and nothing for others.

    Returns
    -------
    EMResult
        The last parameters and the way there. To go on from there, give its ``params`` as start.

    Raises
    ------
    ValueError, CollapseError
        As for `em_steps`.

    Warns
    -----
    NotConvergedWarning
        If `max_iter` iterations were not enough for a `tol` above 0.
    StoppedWarning
        If it was stopped by Ctrl-C.
    """
    checks.tolerance(tol)
    checks.whole_number("max_iter", max_iter, least=0)
    checks.flag("accelerate", accelerate)
    x = Chunks.of(x) if isinstance(x, np.memmap) else x
    run = _Run(model, x, params, accelerate)
    try:
        run.go(tol, max_iter, progress or (Progress() if isinstance(x, Chunks) else _say_nothing))
    except KeyboardInterrupt:
        if not run.log_likelihoods:
            raise
        message = f"stopped after {run.iteration} iterations; to go on, start from result.params"
        warnings.warn(message, StoppedWarning, stacklevel=2)
    return run.result()


def fit_restarts(
    model: StartingModel,
    x: Any,
    k: int,
    *,
    starts: int,
    rng: np.random.Generator,
    tol: float = 1e-8,
    max_iter: int = 10_000,
) -> list[EMResult]:
    """Fit from several random starts; best log-likelihood first.

    Parameters
    ----------
    model : StartingModel
        Its ``random_start`` draws each start.
    x : array_like
        The data, as the model takes them.
    k : int
        The number of components.
    starts : int
        The number of starts.
    rng : numpy.random.Generator
        The source of chance.
    tol, max_iter
        As for `fit`.

    Returns
    -------
    list of EMResult
        One for each start that did not collapse, by falling log-likelihood.

    Raises
    ------
    ValueError
        For unusable arguments.
    CollapseError
        If every start collapsed.

    Warns
    -----
    CollapsedStartsWarning
        If some starts collapsed: says how many.
    """
    checks.model(model, "log_joint", "m_step", "random_start")
    checks.whole_number("starts", starts, least=1)
    checks.rng(rng)
    checks.tolerance(tol)
    checks.whole_number("max_iter", max_iter, least=0)
    results: list[EMResult] = []
    for _ in range(starts):
        try:
            run = _Run(model, x, model.random_start(x, k, rng), accelerate=False)
            run.go(tol, max_iter, _say_nothing)
            results.append(run.result())
        except CollapseError as error:
            last = error
    collapsed = starts - len(results)
    if not results:
        reason = f"all {starts} starts collapsed, the last because {last.reason}"
        raise CollapseError(last.component, reason)
    if collapsed:
        message = f"{collapsed} of {starts} starts collapsed and were left out"
        warnings.warn(message, CollapsedStartsWarning, stacklevel=2)
    return sorted(results, key=lambda result: result.log_likelihood, reverse=True)


class _Run:
    """A fit on its way."""

    def __init__(self, model: Model, x: Any, params: Params, accelerate: bool) -> None:
        self.model, self.x = model, x
        self.sweeper = _sweeper(model, x, params)
        self.steps = _accelerated(self.sweeper) if accelerate else sweeps(self.sweeper)
        self.given, self.params = params, params
        self.iteration, self.converged = 0, False
        self.log_likelihoods: list[float] = []

    def go(self, tol: float, max_iter: int, watch: Watch) -> None:
        """Iterate until it has converged, or `max_iter` is reached."""
        for iteration, params, expected in self.steps:
            self._keep(iteration, params, expected.log_likelihood)
            watch(iteration, expected.log_likelihood)
            change = np.diff(self.log_likelihoods[-2:])
            self.converged = bool((abs(change) < tol).any())
            if self.converged or iteration == max_iter:
                break
        if tol > 0 and not self.converged:
            message = f"not converged to {tol:g} after {max_iter} iterations; raise max_iter or tol"
            warnings.warn(message, NotConvergedWarning, stacklevel=3)

    def _keep(self, iteration: int, params: Params, log_likelihood: float) -> None:
        if not np.isfinite(log_likelihood):
            _explain(self.model, self.x, self.sweeper.params(params))
        self.log_likelihoods.append(log_likelihood)
        self.iteration, self.params = iteration, params

    def result(self) -> EMResult:
        """What has been reached."""
        values = np.array(self.log_likelihoods[: self.iteration + 1])
        values.flags.writeable = False
        # The start is given back as it came, not as the sweeper would write it.
        params = self.sweeper.params(self.params) if self.iteration else self.given
        return EMResult(params, float(values[-1]), self.iteration, self.converged, values)


def _sweeper(model: Model, x: Any, params: Params) -> Sweeper:
    checks.model(model, "log_joint", "m_step")
    if hasattr(model, "sweeper"):
        with at_iteration(0):
            return model.sweeper(x, params)  # type: ignore[no-any-return]
    if isinstance(x, Chunks):
        raise ValueError(f"x: {model!r} has no sweeper, so it can't read chunks; give an array")
    return PlainSweeper(model, x, params)


def _accelerated(sweeper: Sweeper) -> Iterator[tuple[int, Params, Any]]:
    if not isinstance(sweeper, VectorSweeper):
        raise ValueError("accelerate: this model's parameters can't be extrapolated; give False")
    return accelerated(sweeper)


def _say_nothing(iteration: int, log_likelihood: float) -> None:
    """For data that are soon read."""


def _explain(model: Model, x: Any, params: Params) -> None:
    """Raise the error of the row that makes the log-likelihood infinite."""
    posterior = partial(_log_likelihood, model, params)
    x.sum(posterior) if isinstance(x, Chunks) else posterior(x)
    raise FloatingPointError("log-likelihood: not a finite number; rescale x")


def _log_likelihood(model: Model, params: Params, piece: Any) -> float:
    return e_step(model.log_joint(piece, params))[1]
