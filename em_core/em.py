"""The one EM loop, for every model.

A model is its E-step and its M-step. Where the hidden part is a label of each row, the E-step
follows from the log-joint, log p(x_i, z_i = j; params), and so do the log-likelihood and the lower
bound: these stand here, once. Where it is something else, a path or missing numbers, the model
brings its own. The loop is a generator: `fit` drains it, tables and figures and widgets look at
what it yields.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import entr

from em_core import checks
from em_core.checks import Array

Params: TypeAlias = Any


class Model(Protocol):
    """What the loop asks of a model of labels. A class with these two methods is enough.

    A model may also have ``check(x, params)``, which raises a ValueError for unusable arguments
    and is called once, before the first step; ``random_start(x, k, rng)``, for `fit_restarts`; and
    ``log_prior(params)``, the log of a prior density but for a constant, if its M-step maximises
    the lower bound plus this: then the log posterior is what never falls.
    """

    def log_joint(self, x: Any, params: Params, /) -> Array:
        """Log p(x_i, z_i = j; params), shape (n, k)."""

    def m_step(self, x: Any, responsibilities: Array, params: Params, /) -> Params:
        """The parameters that maximise the lower bound for these responsibilities.

        A row of them sums to 1; in a fit with `row_weights`, to the row's weight over the mean
        weight, so that all of them still sum to the number of rows. A model that has a
        ``log_prior`` is given the weights as they are.
        """


class GeneralModel(Protocol):
    """What the loop asks of a model whose hidden part is no label of each row.

    It is one that has no ``log_joint``. It may have what a `Model` may, and for `lower_bound` a
    ``lower_bound(x, params, posterior)``: E_q[log p(x, z; params) − log q(z)] for the distribution
    q of the hidden part that a posterior stands for.
    """

    def e_step(self, x: Any, params: Params, /) -> tuple[Any, float]:
        """What the M-step needs of p(z | x; params), in any form; and log p(x; params)."""

    def m_step(self, x: Any, posterior: Any, params: Params, /) -> Params:
        """The parameters that maximise the lower bound for this posterior."""


class StartingModel(Protocol):
    """A model of either kind that can also draw a start, as `fit_restarts` needs."""

    def random_start(self, x: Any, k: int, rng: np.random.Generator, /) -> Params:
        """Parameters to start from."""


RESTART = "Restart from other parameters, or use fewer components."


class CollapseError(RuntimeError):
    """A component lost its data, or shrank until its density is no longer a finite number.

    Attributes
    ----------
    component : int or None
        The component's index, from 0.
    iteration : int or None
        The number of the M-step at which it happened; 0 is the start, None means outside a fit.
    reason : str
        What was seen.
    advice : str
        The likeliest causes, and what to do for each.
    params : object
        The last parameters before, as `EMState` has them; None if there were none.
    """

    params: Params = None

    def __init__(
        self, component: int | None, reason: str, iteration: Any = None, advice: str = RESTART
    ) -> None:
        super().__init__(component, reason, iteration, advice)
        self.component, self.reason, self.iteration, self.advice = self.args

    def __str__(self) -> str:
        who = "the fit" if self.component is None else f"component {self.component}"
        when = "" if self.iteration is None else f" at iteration {self.iteration}"
        return f"{who} collapsed{when}: {self.reason}. {self.advice}"


class ZeroProbabilityError(ValueError):
    """The data hold a row that the model says cannot happen."""


class NotConvergedWarning(UserWarning):
    """A fit ran out of iterations before the log-likelihood settled."""


class LikelihoodFellWarning(UserWarning):
    """The log-likelihood of a model of one's own fell, which EM's never does."""


class FewRowsWarning(UserWarning):
    """A component has kept no more than d + 1 rows, to which any Gaussian fits too well."""


class StoppedWarning(UserWarning):
    """A fit was stopped by hand before it ended."""


class CollapsedStartsWarning(UserWarning):
    """Some of the restarts collapsed and were left out."""


@dataclass(frozen=True, slots=True, eq=False)
class EMState:
    """One moment of an EM run; all fields belong to the same parameters.

    Attributes
    ----------
    iteration : int
        The number of M-steps so far; 0 is the start.
    params : object
        The model's parameters, θ⁽ᵗ⁾.
    posterior : ndarray of shape (n, k) or object
        p(z_i = j | x_i; params), read-only; every row sums to 1. Rows of weight 0 are left out.
        What the E-step returned, if the model has its own.
    log_likelihood : float
        Log p(x; params), of the observed data, in nats; for labels Σ_i log p(x_i; params), each
        term times the row's weight, if there are weights.
    log_posterior : float
        The log-likelihood plus the model's ``log_prior``, if it has one.
    """

    iteration: int
    params: Params
    posterior: Any
    log_likelihood: float
    log_posterior: float
    __setstate__ = checks.restored

    @property
    def responsibilities(self) -> Array:
        """The posterior, as it is called where it is one of labels."""
        return np.asarray(self.posterior)


@dataclass(frozen=True, slots=True, eq=False)
class EMResult:
    """What a fit ends with.

    Attributes
    ----------
    params : object
        The last parameters.
    log_likelihood : float
        The log-likelihood at `params`.
    iterations : int
        The number of M-steps.
    converged : bool
        Whether the last change of the log posterior was below `tol`, and no fall.
    log_likelihoods : ndarray of shape (iterations + 1,)
        The log-likelihood at the start and after each M-step, read-only.
    log_posterior : float
        The log-likelihood plus the model's ``log_prior``, if it has one, at `params`.
    log_posteriors : ndarray of shape (iterations + 1,)
        The same at the start and after each M-step, read-only.
    """

    params: Params
    log_likelihood: float
    iterations: int
    converged: bool
    log_likelihoods: Array
    log_posterior: float
    log_posteriors: Array
    __setstate__ = checks.restored


def e_step(log_joint: Array, x: Any = None, row_weights: Any = None) -> tuple[Array, float]:
    """Responsibilities and log-likelihood from the log-joint, by log-sum-exp.

    Parameters
    ----------
    log_joint : ndarray of shape (n, k)
        Log p(x_i, z_i = j).
    x : array_like, optional
        The data, if the log-joint's shape is to be held against theirs.
    row_weights : ndarray of shape (n,), optional

    Returns
    -------
    responsibilities : ndarray of shape (n, k)
        Read-only; every row sums to 1.
    log_likelihood : float
        Σ_i v_i log Σ_j exp(log_joint_ij), with the rows' weights v_i if there are any.

    Raises
    ------
    ZeroProbabilityError
        If a row is impossible under every component.
    ValueError
        If the log-joint has another shape, or holds NaN or +inf.
    """
    log_joint = checks.log_joint(log_joint, x)
    if (never := np.flatnonzero(np.isneginf(log_joint).all(axis=1))).size:
        which = f"row {never[0]} probability zero ({never.size} such rows of {len(log_joint)})"
        advice = "start from parameters under which every row can happen"
        raise ZeroProbabilityError(f"x: the model gives {which}; {advice}")
    responsibilities = np.array(log_joint.T, order="C")
    log_likelihood = float(weighted(softmax(responsibilities), row_weights).sum())
    responsibilities.flags.writeable = False
    return responsibilities.T, log_likelihood


def weighted(values: Array, row_weights: Array | None) -> Array:
    """Values for rows, along the last axis, times the rows' weights if there are any."""
    return values if row_weights is None else values * row_weights


def shares(model: Any, posterior: Any, row_weights: Array | None) -> Any:
    """What the M-step is given: see `Model.m_step`."""
    if row_weights is None:
        return posterior
    unit = 1.0 if hasattr(model, "log_prior") else row_weights.mean()
    return weighted(posterior.T, row_weights / unit).T


def softmax(log_joint: Array) -> Array:
    """Turn a log-joint of shape (k, n) into responsibilities, in place; the rows' log-densities.

    Both are NaN for an impossible row.
    """
    largest = np.maximum.reduce(log_joint, axis=0)
    with np.errstate(invalid="ignore", under="ignore"):
        log_joint -= largest
        np.exp(log_joint, out=log_joint)
        total = np.add.reduce(log_joint, axis=0)
        log_joint /= total
        np.log(total, out=total)
    return np.asarray(largest + total)


def check_occupied(weights: Array, sums: Array) -> None:
    """Raise a CollapseError unless every component's sum of responsibilities is something.

    Below 1e-292, the smallest normal number over ε, a quotient of two such sums has no digit left.
    """
    if not np.minimum.reduce(sums) > 1e-292:
        j = int(sums.argmin())
        cause = "No row is likely under it" if weights[j] else "Its weight is 0, and stays so"
        raise CollapseError(j, "its responsibilities sum to nothing", advice=f"{cause}. {RESTART}")


def em_steps(
    model: Model | GeneralModel, x: Any, params: Params, *, row_weights: ArrayLike | None = None
) -> Iterator[EMState]:
    """The EM algorithm as an endless iterator of states; the start comes first.

    Parameters
    ----------
    model : Model or GeneralModel
        Its ``log_joint``, or else its ``e_step``, and its ``m_step`` are used; its ``check``, if it
        has one, first.
    x : array_like
        The data, as the model takes them.
    params : object
        The start, as the model takes it.
    row_weights : array_like of shape (n,), optional
        A row of weight v counts as v such rows: counts, or any numbers from 0 of which one is not
        0. Their common factor changes the log-likelihood, and a parameter only where there is a
        prior. Rows of weight 0 are left out, and not counted where a message says which row is
        wrong. Only for models of labels.

    Yields
    ------
    EMState
        The start, then the state after each M-step.

    Raises
    ------
    ValueError
        At once, if the model refuses the arguments.
    CollapseError
        When a component collapses; it names the component and the iteration.
    """
    checks.model(model, e_part(model), "m_step")
    x, row_weights = rows_of(model, x, row_weights)
    with at_iteration(0):
        if callable(check := getattr(model, "check", None)):
            check(x, params)
    return _steps(model, x, params, row_weights)


def _steps(model: Any, x: Any, params: Params, row_weights: Any) -> Iterator[EMState]:
    iteration = 0
    while True:
        posterior, log_likelihood = posterior_of(model, x, params, row_weights)
        log_posterior = log_likelihood + log_prior(model, params)
        yield EMState(iteration, params, posterior, log_likelihood, log_posterior)
        iteration += 1
        with at_iteration(iteration, params):
            params = model.m_step(x, shares(model, posterior, row_weights), params)


def rows_of(model: Any, x: Any, row_weights: Any) -> tuple[Any, Array | None]:
    """The rows whose weight is not 0, and their weights, which only models of labels have."""
    free = row_weights is None or e_part(model) == "log_joint"
    checks.must("left out where the E-step is the model's own", free, "row_weights", row_weights)
    return checks.kept(x, row_weights)


def e_part(model: Any) -> str:
    """The method that makes the E-step: the log-joint, of a model of labels, or its own."""
    return "log_joint" if hasattr(model, "log_joint") or not hasattr(model, "e_step") else "e_step"


def posterior_of(model: Any, x: Any, params: Params, row_weights: Any) -> tuple[Any, float]:
    """The E-step, of whatever model."""
    if e_part(model) == "log_joint":
        return e_step(model.log_joint(x, params), x, row_weights)
    found = model.e_step(x, params)
    able = isinstance(found, tuple) and len(found) == 2 and np.isfinite(float(found[1]))
    checks.must("the posterior and a log-likelihood that is finite", able, "e_step", found)
    return found[0], float(found[1])


def log_prior(model: Any, params: Params) -> float:
    """What a model's ``log_prior`` gives; 0 if it has none, or its ``prior`` is None."""
    own = getattr(model, "log_prior", None)
    if own is None or getattr(model, "prior", own) is None:
        return 0.0
    return float(own(params))


@contextmanager
def at_iteration(iteration: int, params: Params = None, form: Any = None) -> Iterator[None]:
    """Put the iteration and the last parameters, in the model's form, into a collapse."""
    try:
        yield
    except CollapseError as error:
        error.iteration, error.params = iteration, form(params) if form else params
        raise


@np.errstate(under="ignore")
def lower_bound(model: Any, x: Any, params: Params, responsibilities: Any) -> float:
    """The lower bound Σ_i Σ_j r_ij (log p(x_i, z_i = j; params) − log r_ij).

    Each row counts once. The bound is at most the log-likelihood at `params`, by Jensen's
    inequality, and equal to it when the responsibilities are the posterior at `params`. A model
    with an E-step of its own is asked for its own: see `GeneralModel`.

    Parameters
    ----------
    model, x, params
        As for `em_steps`.
    responsibilities : array_like of shape (n, k)
        Any distribution over the components for each row: non-negative, rows sum to 1. Where the
        E-step is the model's own, a posterior as that returns it.

    Returns
    -------
    float
        In nats; -inf if a component has responsibility for a row that it gives probability zero.

    Raises
    ------
    ValueError
        If the responsibilities have another shape or a row is not a distribution.
    """
    if e_part(model) == "e_step":
        checks.model(model, "lower_bound")
        return float(model.lower_bound(x, params, responsibilities))
    checks.model(model, "log_joint")
    log_joint = checks.log_joint(model.log_joint(x, params), x)
    r = checks.distribution("responsibilities", responsibilities, log_joint.shape)
    expected = np.where(r > 0, r * np.where(r > 0, log_joint, 0), 0)
    return float((expected + entr(r)).sum())
