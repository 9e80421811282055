"""What a fit is worth: how sure its parameters are, how fast EM was, and what more of them cost.

All of it is computed from the log-likelihood and the EM step of a model, whatever model it is. The
parameters are taken apart into named arrays; which of their changes are possible (weights keep
their sum, covariances their symmetry) is a matrix of directions, and derivatives are taken along
these, by central differences extrapolated to a step of 0 (Richardson's way).
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from scipy.linalg import block_diag, cho_factor, cho_solve
from scipy.special import entr

from em_core import checks, em
from em_core.checks import Array
from em_core.covariances import kind_of, patterns

DROP = 0.004  # of the log-likelihood at the longest step: far more than rounding, and a tenth of
# a standard error, on which the log-likelihood is nearly a parabola
STEPS = (1.0, 0.5, 0.25)
SINGULAR = 1e-10  # what is less than so much of the largest second derivative is nothing
AWAY = 0.05  # standard errors from the maximum, from which on it is said


class BorderError(ValueError):
    """The parameters lie on the border of what is possible, or closer than a standard error."""


class NotAMaximumError(ValueError):
    """The log-likelihood does not bend down in every direction in which the parameters can move."""


def responsibilities(model: em.Model, x: Any, params: em.Params) -> Array:
    """p(z_i = j | x_i; params), also for rows that were not fitted.

    Parameters
    ----------
    model, x, params
        As for `em_steps`.

    Returns
    -------
    ndarray of shape (n, k)
        Read-only; every row sums to 1.

    Raises
    ------
    ValueError
        For unusable arguments, or a row that is impossible.
    """
    checks.model(model, "log_joint")
    return em.e_step(model.log_joint(x, params), x)[0]


def log_density(model: em.Model, x: Any, params: em.Params) -> Array:
    """Log p(x_i; params) of each row, in nats; −inf for an impossible row.

    Parameters
    ----------
    model, x, params
        As for `em_steps`; the rows may be others than those fitted.

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    ValueError
        For unusable arguments.
    """
    checks.model(model, "log_joint")
    return np.asarray(np.logaddexp.reduce(checks.log_joint(model.log_joint(x, params), x), axis=1))


def free_parameters(model: em.Model, params: em.Params) -> int:
    """How many numbers the parameters can be chosen by: weights that sum to 1 count one less.

    Parameters
    ----------
    model : Model
        If it has a method ``directions(params)``, its answer is taken: see `directions`.
    params : object

    Returns
    -------
    int
    """
    return int(directions(model, params).shape[1])


def bic(model: em.Model, x: Any, params: em.Params, *, row_weights: Any = None) -> float:
    """The Bayesian information criterion, −2 ℓ + p log n, for p free parameters; smaller is better.

    With weights of the rows, n is their sum. The sign is Schwarz's and scikit-learn's; mclust
    prints 2 ℓ − p log n, of which the largest is best.

    Parameters
    ----------
    model, x, params, row_weights
        As for `em_steps`.

    Returns
    -------
    float
    """
    log_likelihood, n = _counted(model, x, params, row_weights)
    return -2 * log_likelihood + free_parameters(model, params) * float(np.log(n))


def aic(model: em.Model, x: Any, params: em.Params, *, row_weights: Any = None) -> float:
    """Akaike's information criterion, −2 ℓ + 2 p, for p free parameters; smaller is better.

    Parameters
    ----------
    model, x, params, row_weights
        As for `em_steps`.

    Returns
    -------
    float
    """
    log_likelihood, _ = _counted(model, x, params, row_weights)
    return -2 * log_likelihood + 2 * free_parameters(model, params)


def _counted(model: em.Model, x: Any, params: em.Params, row_weights: Any) -> tuple[float, float]:
    """The log-likelihood, and the number of rows or the sum of their weights."""
    x, weights = checks.kept(x, row_weights)
    terms = log_density(model, x, params)
    n = len(terms) if weights is None else weights.sum()
    return float(em.weighted(terms, weights).sum()), float(n)


def icl(model: em.Model, x: Any, params: em.Params, *, row_weights: Any = None) -> float:
    """The integrated completed likelihood: the BIC plus twice the entropy of the responsibilities.

    It charges for components that overlap; smaller is better (Biernacki, Celeux and Govaert 2000,
    IEEE Transactions on Pattern Analysis and Machine Intelligence 22:719; mclust prints it with the
    other sign, and with labels in place of responsibilities).

    Parameters
    ----------
    model, x, params, row_weights
        As for `em_steps`.

    Returns
    -------
    float
    """
    x, weights = checks.kept(x, row_weights)
    entropies = em.weighted(entr(responsibilities(model, x, params)).T, weights)
    return bic(model, x, params, row_weights=weights) + 2 * float(entropies.sum())


def observed_information(
    model: em.Model, x: Any, params: em.Params, *, row_weights: Any = None
) -> Array:
    """Minus the second derivatives of the log-likelihood, along the directions of `directions`.

    Of the log posterior, if the model has a prior.
    For weights, that is by all but the last; for covariances, by the elements on and below the
    diagonal, row by row.

    Parameters
    ----------
    model, x, params, row_weights
        As for `em_steps`; the parameters are those at a maximum.

    Returns
    -------
    ndarray of shape (p, p)

    Raises
    ------
    BorderError
        If a parameter lies within a tenth of a standard error of a border, as a weight of 0 does.
    NotAMaximumError
        If the log-likelihood does not bend down in some direction: the fit has stopped too early,
        or on a saddle, or the data cannot tell these parameters apart.
    ValueError
        For unusable arguments.
    """
    return _Neighbourhood(model, x, params, row_weights).information()


def standard_errors(
    model: em.Model, x: Any, params: em.Params, *, row_weights: Any = None
) -> dict[str, Array]:
    """The parameters' standard errors: from the inverse of the observed information.

    If the model has a prior, they are those of the normal distribution that touches the posterior
    at its maximum, and so smaller than without it.

    Parameters
    ----------
    model, x, params, row_weights
        As for `em_steps`; the parameters are those at a maximum.

    Returns
    -------
    errors : dict of str to ndarray
        One array for each of the parameters' arrays, of the same shape and in the same units; 0 for
        what is held fixed. Parameters without names are called ``params``.

    Raises
    ------
    BorderError, NotAMaximumError, ValueError
        As for `observed_information`.
    """
    around = _Neighbourhood(model, x, params, row_weights)
    information = around.information()
    basis = around.basis
    variances = np.vecdot(basis, cho_solve(cho_factor(information), basis.T).T)
    return around.arrays(np.sqrt(variances))


def em_jacobian(model: em.Model, x: Any, params: em.Params, *, row_weights: Any = None) -> Array:
    """The derivatives of one EM step's result by what it starts from, along `directions`.

    Near a maximum the errors of a run are multiplied by it: its eigenvalues are EM's rates
    (Dempster, Laird and Rubin 1977, Journal of the Royal Statistical Society B 39:1, section 3).

    Parameters
    ----------
    model, x, params, row_weights
        As for `em_steps`; the parameters are those at a maximum.

    Returns
    -------
    ndarray of shape (p, p)
        Element (a, b) is the change of result a for a unit's change of b.

    Raises
    ------
    BorderError, NotAMaximumError, ValueError
        As for `observed_information`.
    """
    around = _Neighbourhood(model, x, params, row_weights)
    columns = [around.slope(around.step, a) / h for a, h in enumerate(around.lengths)]
    return np.asarray(np.linalg.lstsq(around.basis, np.transpose(columns))[0])


def rate(model: em.Model, x: Any, params: em.Params, *, row_weights: Any = None) -> float:
    """The factor by which an EM run's error shrinks with each iteration, in the end.

    It is the largest eigenvalue of `em_jacobian`, the largest share of information that is missing.

    Parameters
    ----------
    model, x, params, row_weights
        As for `em_steps`; the parameters are those at a maximum.

    Returns
    -------
    float
        In [0, 1) at a maximum.

    Raises
    ------
    BorderError, NotAMaximumError, ValueError
        As for `observed_information`.
    """
    jacobian = em_jacobian(model, x, params, row_weights=row_weights)
    return float(abs(np.linalg.eigvals(jacobian)).max(initial=0))


def directions(model: em.Model, params: em.Params) -> Array:
    """In which directions a model's parameters can move.

    An array named ``weights`` keeps its sum, or stays if the model's ``fit_weights`` is False; one
    named ``covariances`` is symmetric, and of the model's kind if its ``covariance`` names one;
    every other number is free. A model whose parameters are tied in another way has a method of
    this name.

    Parameters
    ----------
    model : Model
    params : object
        An array, a number, or named arrays: a dataclass, named tuple or mapping.

    Returns
    -------
    ndarray of shape (numbers in params, p)
        A column for each free parameter.

    Raises
    ------
    ValueError
        If the parameters are not arrays of numbers, or the model's directions don't fit.
    """
    arrays = arrays_of(params)
    if own := getattr(model, "directions", None):
        size = sum(array.size for array in arrays.values())
        return checks.numbers("directions", own(params), (size, "p"))
    return block_diag(*[_moves(model, name, array) for name, array in arrays.items()])


def _moves(model: Any, name: str, array: Array) -> Array:
    one = np.eye(array.size)
    if name == "weights":
        return (one - one[:, -1:])[:, :-1] if getattr(model, "fit_weights", True) else one[:, :0]
    if name != "covariances":
        return one
    kind = kind_of(model)
    each = patterns(kind, len(array[0])).reshape(-1, array[0].size).T
    return np.tile(each, (len(array), 1)) if kind == "shared" else block_diag(*[each] * len(array))


def arrays_of(params: em.Params) -> dict[str, Array]:
    """The parameters' arrays by name."""
    if is_dataclass(params):
        found = {field.name: getattr(params, field.name) for field in fields(params)}
    elif isinstance(params, Mapping):
        found = dict(params)
    else:
        found = params._asdict() if hasattr(params, "_asdict") else {"params": params}
    return {name: checks.real(name, value, "numbers", copy=True) for name, value in found.items()}


def like(params: em.Params, arrays: Mapping[str, Array]) -> em.Params:
    """Parameters of the same form from other arrays, by name as `arrays_of` gives them."""
    if is_dataclass(params) or hasattr(params, "_asdict"):
        return type(params)(**arrays)
    if isinstance(params, Mapping):
        return dict(arrays)
    (only,) = arrays.values()
    return only if only.ndim else float(only)


def _extrapolated(values: list[Any]) -> Any:
    """The value at a step of 0, from those at steps each half as long as the one before."""
    power = 4
    while len(values) > 1:
        values = [(power * fine - coarse) / (power - 1) for coarse, fine in pairwise(values)]
        power *= 4
    return values[0]


class _Neighbourhood:
    """Parameters, and others at steps from them along the directions in which they can move.

    Attributes
    ----------
    basis : ndarray of shape (numbers in params, p)
        The directions.
    lengths : ndarray of shape (p,)
        The longest step along each; about a tenth of a standard error, were the others known.
    """

    def __init__(self, model: em.Model, x: Any, params: em.Params, row_weights: Any) -> None:
        checks.model(model, "log_joint", "m_step")
        self.model, self.params = model, params
        self.x, self.row_weights = checks.kept(x, row_weights)
        self.names, self.basis = arrays_of(params), directions(model, params)
        if not (weights := self.names.get("weights", np.ones(1))).all():
            raise BorderError(f"params: weights[{weights.argmin()}] is 0, which is the border")
        self.centre = np.concatenate([array.ravel() for array in self.names.values()])
        terms = em.weighted(log_density(model, self.x, params), self.row_weights)
        self.top = float(terms.sum()) + em.log_prior(model, params)
        self.rounding = 1e-12 * (float((1 + abs(terms)).sum()) + abs(em.log_prior(model, params)))
        if not np.isfinite(self.top):
            raise em.ZeroProbabilityError("x: the model gives a row probability zero")
        self.lengths = np.array([self._length(a) for a in range(self.basis.shape[1])])

    def arrays(self, vector: Array) -> dict[str, Array]:
        """The numbers of a vector as arrays by name."""
        parts = np.split(vector, np.cumsum([array.size for array in self.names.values()])[:-1])
        named = zip(self.names.items(), parts, strict=True)
        return {name: part.reshape(array.shape) for (name, array), part in named}

    def at(self, vector: Array) -> em.Params:
        """Parameters of the model's own form from a vector."""
        return like(self.params, self.arrays(vector))

    def step(self, vector: Array) -> Array:
        """What one EM step makes of a vector."""
        params = self.at(vector)
        r, _ = em.e_step(self.model.log_joint(self.x, params), self.x)
        shares = em.shares(self.model, r, self.row_weights)
        found = arrays_of(self.model.m_step(self.x, shares, params))
        return np.concatenate([array.ravel() for array in found.values()])

    def log_posterior(self, vector: Array) -> float:
        """The log-likelihood plus the log prior, if there is one; NaN beyond the border."""
        try:
            with np.errstate(all="ignore"):
                params = self.at(vector)
                terms = em.weighted(log_density(self.model, self.x, params), self.row_weights)
                return float(terms.sum()) + em.log_prior(self.model, params)
        except (ValueError, em.CollapseError):
            return np.nan

    def slope(self, function: Callable[[Array], Any], a: int) -> Any:
        """The derivative of a function of a vector along a direction, in units of `lengths`."""
        steps = [h * self.lengths[a] * self.basis[:, a] for h in STEPS]
        ends = [(function(self.centre + step), function(self.centre - step)) for step in steps]
        return _extrapolated([(f - b) / (2 * h) for h, (f, b) in zip(STEPS, ends, strict=True)])

    def information(self) -> Array:
        """Minus the second derivatives of the log-likelihood, or log posterior."""
        p = range(len(self.lengths))
        bends = np.diag([self._bend(a) for a in p])
        for a, b in combinations(p, 2):
            bends[a, b] = bends[b, a] = (self._bend(a, b) - bends[a, a] - bends[b, b]) / 2
        if not np.linalg.eigvalsh(bends).min(initial=1) > SINGULAR * np.diag(bends).max(initial=0):
            causes = "the fit stopped early, or on a saddle, or x cannot tell the parameters apart"
            raise NotAMaximumError(f"params: no maximum in every direction; {causes}")
        slopes = np.array([self.slope(self.log_posterior, a) for a in p])
        if (away := np.sqrt(slopes @ np.linalg.solve(bends, slopes))) > AWAY:
            told = f"the maximum is about {away:.2g} standard errors away; fit with a smaller tol"
            warnings.warn(em.NotConvergedWarning(f"params: {told}"), stacklevel=3)
        return np.asarray(bends / np.outer(self.lengths, self.lengths))

    def _bend(self, *along: int) -> Any:
        """Minus the second derivative in one direction, or two together, in units of `lengths`."""
        ahead = self.basis[:, along] @ self.lengths[list(along)]
        return _extrapolated([2 * self._drop(h * ahead) / h**2 for h in STEPS])

    def _drop(self, ahead: Array) -> float:
        """By how much the log-likelihood is lower after a step, on the average of both ways."""
        ends = [self.log_posterior(self.centre + way * ahead) for way in (1, -1)]
        return self.top - (ends[0] + ends[1]) / 2

    def _length(self, a: int) -> float:
        """A step after which the log-likelihood is lower by about `DROP`."""
        direction = self.basis[:, a]
        size = float(abs(self.centre[direction != 0]).max()) or 1.0
        length, border, known = 1e-3 * size, np.inf, np.nan
        while 1e-12 * size < length < min(0.9 * border, 1e300) and not known < -self.rounding:
            drop = self._drop(length * direction)
            known = known if np.isnan(drop) else drop
            if np.isnan(drop):
                border, length = length, length / 4
            elif DROP / 4 < drop < 4 * DROP:
                return length
            else:
                longer = length * float(np.clip(np.sqrt(DROP / max(drop, 1e-300)), 0.1, 10))
                length = min(longer, (length + border) / 2)
        where = self.arrays(np.arange(len(direction)) == abs(direction).argmax())
        ((name, index),) = ((n, i) for n, found in where.items() for i in np.argwhere(found))
        which = f"params: {name}{index.tolist() if len(index) else ''}"
        if not known < self.rounding or border < 1e-6 * size:
            raise BorderError(f"{which} lies on the border, or within a standard error of it")
        raise NotAMaximumError(f"{which} is not at a maximum, or the data say nothing of it")
