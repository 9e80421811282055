"""`fit` and `fit_restarts`: the loop run until the log-likelihood settles."""

import sys
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from math import isfinite
from threading import Event, Lock
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from em_core import checks, em
from em_core.covariances import kind_of, width
from em_core.gaussians import GaussianParams
from em_core.scale import known
from em_core.scale.chunks import Chunks
from em_core.scale.sweeps import passes
from em_core.scale.threads import one_thread_in_blas

Watch = Callable[[int, float], object]


class Progress:
    """A line about a fit on the standard error, from its third second on, at most once a second."""

    def __init__(self) -> None:
        self.due = time.monotonic() + 2

    def __call__(self, iteration: int, log_likelihood: float) -> None:
        """Print a line if one is due."""
        if time.monotonic() >= self.due:
            print(f"iteration {iteration}: log-likelihood {log_likelihood:.10g}", file=sys.stderr)
            self.due = time.monotonic() + 1


def fit(
    model: em.Model | em.GeneralModel,
    x: Any,
    params: em.Params,
    *,
    row_weights: ArrayLike | None = None,
    tol: float = 1e-8,
    max_iter: int = 10_000,
    accelerate: bool = False,
    progress: Watch | bool | None = None,
    threads: int | None = None,
) -> em.EMResult:
    """Run EM until the log-likelihood settles; Ctrl-C ends it early and keeps what was reached.

    With a prior it is the log posterior that settles, and never falls (see `Model`). The answer is
    that of draining `em_steps`, up to rounding. For a `CoinMixture` and a
    `GaussianMixture` there is a quick way, at most one pass over the data for each iteration, in
    blocks. A subclass, and a model of your own, run by their own methods, step by step.

    Parameters
    ----------
    model, params
        As for `em_steps`.
    x : array_like, numpy.memmap or Chunks
        The data, as the model takes them. Where there is a quick way, they may be `Chunks`, and a
        `numpy.memmap` is read in pieces, as these are.
    row_weights : array_like of shape (n,), optional
        As for `em_steps`. For data in pieces these are read once more, to be counted.
    tol : float, default 1e-8
        Stop when the total log-likelihood changes by less than this, or the log posterior if the
        model has a prior; if accelerated, twice in a row. 0 runs exactly `max_iter` iterations.
    max_iter : int, default 10,000
        The most M-steps.
    accelerate : bool, default False
        Whether steps are extrapolated (`em_core.scale.sweeps`), where there is a quick way. Each
        iteration is one pass over the data, and the log-likelihood still never falls. But where it
        has many maxima, the fit may end at another, lower or higher, than plain EM from this start.
    progress : bool or callable, optional
        Called with the iteration and its log-likelihood after each pass. True is `Progress()`, and
        False nothing; by default it is True for data that are read in pieces, and False for others.
    threads : int, optional
        How many threads share a pass, where there is a quick way; whatever their number, the answer
        has the same bits (outside the main thread, if BLAS has one thread). By default as many as
        pay, at most those that BLAS may have, which heeds ``OPENBLAS_NUM_THREADS``; but one within
        the workers of Dask, joblib and the like.

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
    LikelihoodFellWarning
        If the log-likelihood of a model of your own fell by more than rounding, of its log-joint's
        own type: says when, how far, and what that usually means. A fall is no convergence.
    FewRowsWarning
        If a Gaussian with a covariance of its own, and no prior, has kept no more than d + 1 rows;
        where it has no correlations, no more than 2.
    StoppedWarning
        If it was stopped by Ctrl-C.
    """
    _check_settings(tol, max_iter, accelerate, progress, threads)
    with np.errstate(under="ignore"):  # what is too small to matter is no mistake
        run = _Run(model, x, params, row_weights, accelerate, threads)
        try:
            run.go(tol, max_iter, progress)
        except KeyboardInterrupt:
            if not run.reached:
                raise
            told = f"stopped after {run.iteration} iterations; to go on, start from result.params"
            run.doubts.append(em.StoppedWarning(told))
        finally:
            for doubt in run.doubts:
                warnings.warn(doubt, stacklevel=2)
        return run.result()


def fit_restarts(
    model: em.StartingModel,
    x: Any,
    k: int,
    *,
    starts: int,
    rng: np.random.Generator | int,
    row_weights: ArrayLike | None = None,
    tol: float = 1e-8,
    max_iter: int = 10_000,
    accelerate: bool = False,
    progress: Watch | bool | None = None,
    jobs: int = 1,
    threads: int | None = None,
) -> list[em.EMResult]:
    """Fit from several random starts; best log-likelihood first. Ctrl-C keeps what is finished.

    Parameters
    ----------
    model : StartingModel
        Its ``random_start`` draws each start.
    x : array_like, numpy.memmap or Chunks
        The data, as for `fit`. The starts for `Chunks`, and for a `numpy.memmap` with weights, are
        drawn from 10,000 rows, taken at random.
    k : int
        The number of components.
    starts : int
        The number of starts.
    rng : numpy.random.Generator or int
        The source of chance, or a seed for one.
    row_weights, tol, max_iter, accelerate, progress
        As for `fit`; a start is drawn from the rows as they are, but for those of weight 0.
    jobs : int, default 1
        How many fits run beside each other, in threads; BLAS has one thread meanwhile. The results
        are the same. It pays where one pass takes longer than some milliseconds; below, they wait
        for each other.
    threads : int, optional
        As for `fit`; by default one in each of several jobs.

    Returns
    -------
    list of EMResult
        One for each start that neither collapsed nor gave a row probability zero, by falling
        log-likelihood.

    Raises
    ------
    ValueError
        For unusable arguments.
    CollapseError, ZeroProbabilityError
        If every start collapsed, or gave a row probability zero: what the last one did, and with
        its last parameters.

    Warns
    -----
    CollapsedStartsWarning
        If some starts were left out: says how many, and why the last was.
    StoppedWarning
        If it was stopped by Ctrl-C.
    NotConvergedWarning, FewRowsWarning
        As for `fit`.
    """
    checks.model(model, em.e_part(model), "m_step", "random_start")
    rng = checks.chance("starts", starts, rng)
    settings = (tol, max_iter, accelerate, progress, threads)
    _check_settings(*settings)  # before any data are read
    x, row_weights = _with_weights(model, x, row_weights)
    rows = x.some(rng) if isinstance(x, Chunks) else x

    def draw(number: int) -> tuple[Any, em.Params, Any]:
        return x, model.random_start(rows, k, rng), row_weights

    found = fits(model, draw, starts, jobs, settings)
    return sorted(found.values(), key=lambda result: -result.log_posterior)


def fits(
    model: Any,
    draw: Callable[[int], tuple[Any, em.Params, Any]],
    times: int,
    jobs: int,
    settings: Sequence[Any],
    what: str = "starts",
) -> dict[int, em.EMResult]:
    """Fit many times, in threads beside each other; those that collapse are left out, and told.

    Parameters
    ----------
    model : Model
    draw : callable
        Gives the data, the start and the rows' weights of the fit with a number, from 0; it is
        called in the numbers' order, by one thread at a time.
    times, jobs : int
        How many fits, and how many of them beside each other.
    settings : sequence
        ``tol``, ``max_iter``, ``accelerate``, ``progress`` and ``threads``, as for `fit`.
    what : str, default "starts"
        What was drawn, for the warnings; these are given in the name of the caller's caller.

    Returns
    -------
    dict of int to EMResult
        By number, from 0, in the order in which they were drawn.

    Raises
    ------
    CollapseError, ZeroProbabilityError
        If nothing is left: what the last one ended with.
    """
    checks.whole_number("jobs", jobs, least=1)
    _check_settings(*settings)
    tol, max_iter, accelerate, progress, threads = settings
    numbers, turn, stopped = count(), Lock(), Event()
    runs: dict[int, _Run] = {}
    failed: list[Exception] = []

    @np.errstate(under="ignore")
    def attempt(_: int) -> None:
        try:
            with turn:  # whoever is first draws first
                drawn = draw(number := next(numbers))
            run = _Run(model, *drawn, accelerate, threads)
            run.go(tol, max_iter, progress, stopped)
            runs[number] = run
        except (em.CollapseError, em.ZeroProbabilityError) as error:
            failed.append(error)

    with one_thread_in_blas(when=jobs > 1), ThreadPoolExecutor(jobs) as pool:
        try:
            with suppress(KeyboardInterrupt):
                list((map if jobs == 1 else pool.map)(attempt, range(times)))
        finally:
            stopped.set()
    runs = dict(sorted(runs.items()))
    early = len(runs) + len(failed) < times
    for doubt in _doubts([*runs.values()], failed, f"{times} {what}", early):
        warnings.warn(doubt, stacklevel=3)
    return {number: run.result() for number, run in runs.items()}


def _check_settings(tol: Any, max_iter: Any, accelerate: Any, progress: Any, threads: Any) -> None:
    """Refuse what can't be used."""
    checks.flag("accelerate", accelerate)
    able = progress is None or callable(progress) or isinstance(progress, checks.FLAG)
    checks.must("True or False, or a function", able, "progress", progress)
    checks.finite("tol", tol, least=0)
    checks.whole_number("max_iter", max_iter, least=0)
    checks.whole_number("threads", 1 if threads is None else threads, least=1)


class _Run:
    """A fit on its way."""

    def __init__(
        self, model: Any, x: Any, start: Any, row_weights: Any, accelerate: bool, threads: Any
    ) -> None:
        checks.model(model, em.e_part(model), "m_step")
        x, row_weights = _with_weights(model, x, row_weights)
        self.model, self.x, self.row_weights = model, x, row_weights
        self.start = self.params = start
        self.iteration, self.converged, self.e_part = 0, False, em.e_part(model)
        self.climbed = "log posterior" if hasattr(model, "log_prior") else "log-likelihood"
        self.settled = 2 if accelerate else 1  # an extrapolated step may be short by chance
        self.reached: list[tuple[float, float]] = []  # log-likelihoods and log posteriors
        self.rows, self.rounding = 0.0, 0.0  # are found when they are asked for
        self.doubts: list[Warning] = []
        if quick_way := known.quick_way(model):
            self.x = Chunks.of(x) if isinstance(x, np.memmap) else x
            with em.at_iteration(0):
                sweeper = quick_way(model, self.x, start, threads, row_weights)
            self.as_given, self.steps = sweeper.params, passes(sweeper, accelerate)
            self.rows, self.rounding = sweeper.rows, np.inf  # these models never fall by more
        elif accelerate or isinstance(x, Chunks):
            wish = "accelerate: can't be True" if accelerate else "x: can't be Chunks"
            advice = "leave it out" if accelerate else "give all rows as one array or numpy.memmap"
            raise ValueError(f"{wish} for {known.why_not(model)}; {advice}")
        else:
            self.as_given = lambda params: params
            run = em.em_steps(model, x, start, row_weights=row_weights)
            self.steps = ((s.iteration, s.params, s.log_likelihood, s.log_posterior) for s in run)

    def go(self, tol: float, max_iter: int, watch: Any, stopped: Event | None = None) -> None:
        """Iterate until it has converged, or `max_iter` is reached, or it is stopped."""
        if not callable(watch):
            watch = Progress() if watch or (watch is None and isinstance(self.x, Chunks)) else None
        before, small = np.nan, 0
        for iteration, params, log_likelihood, log_posterior in self.steps:
            if not isfinite(log_likelihood):
                self._explain(params)
            if not log_posterior < np.inf:
                raise FloatingPointError("log_prior: no number below infinity at these parameters")
            self.reached.append((log_likelihood, log_posterior))
            self.iteration, self.params = iteration, params
            if stopped and stopped.is_set():
                raise KeyboardInterrupt
            if watch:
                watch(iteration, log_likelihood)
            change = log_posterior - before
            fell = change < 0 and self._fell(-change, params)
            small = small + 1 if abs(change) < tol and not fell else 0
            self.converged, before = small == self.settled, log_posterior
            if self.converged or iteration == max_iter:
                break
        given = self.params = self.result().params  # to make them takes long where d is large
        self.as_given = lambda _: given
        self._doubt(tol, given)

    def _doubt(self, tol: float, params: Any) -> None:
        """Whether it has not converged, or a Gaussian of its own covariance kept too few rows."""
        if tol > 0 and not self.converged:
            advice = f"its {self.climbed} falls" if self.doubts else "raise max_iter or tol"
            message = f"not converged to {tol:g} after {self.iteration} iterations; {advice}"
            self.doubts.append(em.NotConvergedWarning(message))
        kind = kind_of(self.model) if self.e_part == "log_joint" else None
        prior = getattr(self.model, "prior", None)
        if not isinstance(params, GaussianParams) or kind in (None, "shared") or prior:
            return
        rows = self.rows or len(self.model.log_joint(self.x, params))  # whatever x may be
        counts, least = params.weights * rows, width(kind, params.means.shape[1]) + 1
        if (few := np.flatnonzero(np.round(counts) <= least)).size:
            most = f"{'d + 1 = ' * (kind == 'full')}{least}"
            which = f"{checks.listed('component', few)} kept no more than {most} rows"
            message = f"{which}, which says little of x. {em.RESTART}"
            self.doubts.append(em.FewRowsWarning(message))

    def _fell(self, fall: float, params: Any) -> bool:
        """Whether a fall is more than rounding; the first such fall is told."""
        if not self.rounding:
            labels, whole = self.e_part == "log_joint", [self.reached[-1][:1]]
            given = self.model.log_joint(self.x, params) if labels else whole
            terms = np.logaddexp.reduce(checks.log_joint(given), axis=1)
            # A sum of terms loses ε times their sizes; three digits more are the model's to lose.
            sizes = em.weighted(1 + abs(terms), self.row_weights)
            self.rounding = 1e3 * checks.epsilon(given) * float(sizes.sum())
        if fall > self.rounding and not self.doubts:
            seen = f"the {self.climbed} fell by {fall:.3g} at iteration {self.iteration}; usually"
            cause = f"m_step does not maximise the lower bound of {self.e_part}, by mistake or"
            other = f"a prior, or {self.e_part} loses digits. Compare lower_bound before and after"
            self.doubts.append(em.LikelihoodFellWarning(f"{seen} {cause} {other} m_step"))
        return fall > self.rounding

    def _explain(self, params: Any) -> None:
        """Raise the error of the row that makes the log-likelihood infinite."""
        given = self.as_given(params)

        def posterior(x: Any, weights: Any = None) -> float:
            return em.e_step(self.model.log_joint(x, given), None, weights)[1]

        self.x.sum(posterior) if isinstance(self.x, Chunks) else posterior(self.x)
        raise FloatingPointError("log-likelihood: not a finite number; rescale x")

    def result(self) -> em.EMResult:
        """What has been reached."""
        both = np.array(self.reached[: self.iteration + 1]).T.copy()
        both.flags.writeable = False
        (values, climbed), (last, top) = both, both[:, -1].tolist()
        # The start is returned as it came, not as the quick way would write it.
        params = self.as_given(self.params) if self.iteration else self.start
        return em.EMResult(params, last, self.iteration, self.converged, values, top, climbed)


def _with_weights(model: Any, x: Any, row_weights: Any) -> tuple[Any, Any]:
    """The data and their weights without the rows of weight 0; pieces have theirs with them."""
    if row_weights is None:
        return x, None
    x = Chunks.of(x) if isinstance(x, np.memmap) and known.quick_way(model) else x
    return (x.weighted(row_weights), None) if isinstance(x, Chunks) else checks.kept(x, row_weights)


def _doubts(runs: list[_Run], failed: list[Exception], tried: str, early: bool) -> list[Warning]:
    """What there is to say of many fits; the last error if none is left, or Ctrl-C."""
    if not runs:
        if early:
            raise KeyboardInterrupt
        failed[-1].add_note(f"All {tried} failed. This is why the last did.")
        raise failed[-1]
    doubts = [doubt for run in runs for doubt in run.doubts]
    if early:
        told = f"stopped; {len(runs)} of {tried} are finished, and kept"
        doubts.append(em.StoppedWarning(told))
    if failed:
        told = f"{len(failed)} of {tried} collapsed and were left out; the last: {failed[-1]}"
        doubts.append(em.CollapsedStartsWarning(told))
    return doubts
