"""What a fit is worth: how sure its parameters are, how fast EM was, and what more of them cost.

All of it is computed from the log-likelihood and the EM step of a model, whatever model it is. The
parameters are taken apart into named arrays; which of their changes are possible (weights keep
their sum, covariances their symmetry) is a matrix of directions, and derivatives are taken along
these, by central differences extrapolated to a step of 0 (Richardson's way). They take about 5 p²
log-likelihoods for p free parameters, and the rate 6 p EM steps.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from itertools import combinations
from typing import Any

import numpy as np
from scipy.linalg import block_diag
from scipy.special import entr

from em_core import checks, em
from em_core.checks import Array
from em_core.covariances import kind_of, patterns

DROP = 0.004  # of the log-likelihood at the longest step: a tenth of a standard error, on which it
# is nearly a parabola
NOISE = 1e-8  # or so much of its terms, if that is more: far more than rounding
COARSE = {1.0: 1.0}  # steps, and the factors by which quotients of differences are added up
FINE = {1.0: 1 / 45, 0.5: -20 / 45, 0.25: 64 / 45}  # to that at a step of 0
TURNS = 4  # until the directions hardly disturb each other, at most
CAUSES = "the fit stopped early, or on a saddle, or x cannot tell the parameters apart"
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


def free_parameters(model: Any, params: em.Params) -> int:
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
    return 2 * (free_parameters(model, params) - _counted(model, x, params, row_weights)[0])


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
    model: Any, x: Any, params: em.Params, *, row_weights: Any = None
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
    inverse = np.linalg.inv(_Neighbourhood(model, x, params, row_weights).root())
    return np.asarray(inverse.T @ inverse)


def standard_errors(
    model: Any, x: Any, params: em.Params, *, row_weights: Any = None
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
    return around.arrays(np.hypot.reduce(around.basis @ around.root(), axis=1))


def em_jacobian(model: Any, x: Any, params: em.Params, *, row_weights: Any = None) -> Array:
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
    try:
        columns = [around.slope(around.step, way) for way in (around.basis * around.lengths).T]
    except em.CollapseError as error:
        raise NotAMaximumError(f"params: EM collapses nearby: {error.reason}; {CAUSES}") from None
    return np.asarray(np.linalg.lstsq(around.basis, np.transpose(columns) / around.lengths)[0])


def rate(model: Any, x: Any, params: em.Params, *, row_weights: Any = None) -> float:
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
    found = float(abs(np.linalg.eigvals(jacobian)).max(initial=0))
    if found > 1 - 1e-9:
        raise NotAMaximumError(f"params: EM goes on from here, at a rate of {found:.4g}; {CAUSES}")
    return found


def directions(model: Any, params: em.Params) -> Array:
    """In which directions a model's parameters can move.

    An array of shape (k,) named ``weights`` keeps its sum, or stays if the model's ``fit_weights``
    is False; one of shape (k, d, d) named ``covariances`` is symmetric, and of the model's kind if
    its ``covariance`` names one; every other number is free. A model whose parameters are tied in
    another way has a method of this name.

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
    checks.model(model, em.e_part(model))
    arrays = arrays_of(params)
    if own := getattr(model, "directions", None):
        found = checks.numbers("directions", own(params), (len(flat(arrays)), "p"))
        rank = np.linalg.matrix_rank(found / np.maximum(abs(found).max(axis=0), 1e-300))
        checks.must("independent columns", rank == found.shape[1], "directions", found)
        return found
    return block_diag(*[_moves(model, name, array) for name, array in arrays.items()])


def _moves(model: Any, name: str, array: Array) -> Array:
    one = np.eye(array.size)
    if name == "weights" and array.ndim == 1:
        return (one - one[:, -1:])[:, :-1] if getattr(model, "fit_weights", True) else one[:, :0]
    if name != "covariances" or array.ndim != 3:
        return one
    kind = kind_of(model)
    each = patterns(kind, len(array[0])).reshape(-1, array[0].size).T
    return np.tile(each, (len(array), 1)) if kind == "shared" else block_diag(*[each] * len(array))


def arrays_of(params: em.Params) -> dict[str, Array]:
    """The parameters' arrays by name."""
    params = params._asdict() if hasattr(params, "_asdict") else params
    if isinstance(params, tuple) and any(map(np.ndim, params)):
        raise ValueError("params: a tuple does not name its arrays; give a named tuple or a dict")
    if is_dataclass(params):
        found = {field.name: getattr(params, field.name) for field in fields(params)}
    else:
        found = dict(params) if isinstance(params, Mapping) else {"params": params}
    right = "(...), or several by name, as a dataclass or a dict has them"
    arrays = {name: checks.real("params", a, right, copy=True) for name, a in found.items()}
    able = any(a.size for a in arrays.values()) and np.isfinite(flat(arrays)).all()
    checks.must("finite numbers", able, "params", found)
    return arrays


def like(params: em.Params, arrays: Mapping[str, Array]) -> em.Params:
    """Parameters of the same form from other arrays, by name as `arrays_of` gives them."""
    arrays = {name: array[()] for name, array in arrays.items()}  # () makes a number of one
    if is_dataclass(params) or hasattr(params, "_asdict"):
        return type(params)(**arrays)
    return arrays if isinstance(params, Mapping) else arrays["params"]


def flat(arrays: Mapping[str, Array]) -> Array:
    """The numbers of all arrays, one after the other."""
    return np.concatenate([array.ravel() for array in arrays.values()])


class _Neighbourhood:
    """Parameters, and others at steps from them along the directions in which they can move.

    Attributes
    ----------
    basis : ndarray of shape (numbers in params, p)
        The directions.
    lengths : ndarray of shape (p,)
        The longest step along each; about a tenth of a standard error, were the others known.
    """

    def __init__(self, model: Any, x: Any, params: em.Params, row_weights: Any) -> None:
        checks.model(model, em.e_part(model), "m_step")
        self.model, self.params, self.labels = model, params, em.e_part(model) == "log_joint"
        self.x, self.row_weights = em.rows_of(model, x, row_weights)
        self.names, self.basis = arrays_of(params), directions(model, params)
        self.centre = flat(self.names)
        self.largest = flat({n: np.full_like(a, abs(a).max() or 1) for n, a in self.names.items()})
        gone = self.arrays((self.centre == 0) & self.basis.any(axis=1)).get("weights", np.zeros(1))
        if gone.any():
            raise BorderError(f"params: weights[{gone.argmax()}] is 0, which is the border")
        em.posterior_of(model, self.x, params, None)  # or an error that says what is wrong
        given = model.log_joint(self.x, params) if self.labels else 0.0
        checks.must("in double precision", checks.epsilon(given) == checks.EPS, "log_joint", given)
        self.top = self.terms(self.centre)
        size = float((1 + abs(self.top)).sum())
        self.drop, self.rounding = max(DROP, NOISE * size), 1e-12 * size
        self.lengths = np.array([self._length(direction) for direction in self.basis.T])

    def arrays(self, vector: Array) -> dict[str, Array]:
        """The numbers of a vector as arrays by name."""
        parts = np.split(vector, np.cumsum([array.size for array in self.names.values()])[:-1])
        named = zip(self.names.items(), parts, strict=True)
        return {name: part.reshape(array.shape) for (name, array), part in named}

    def step(self, vector: Array) -> Array:
        """What one EM step makes of a vector."""
        params = like(self.params, self.arrays(vector))
        posterior, _ = em.posterior_of(self.model, self.x, params, None)
        given = em.shares(self.model, posterior, self.row_weights)
        return flat(arrays_of(self.model.m_step(self.x, given, params)))

    def terms(self, vector: Array) -> Array:
        """Those of the log-likelihood, and the log prior as the last; NaN beyond the border."""
        try:
            with np.errstate(all="ignore"):
                params = like(self.params, self.arrays(vector))
                if self.labels:
                    terms = em.weighted(log_density(self.model, self.x, params), self.row_weights)
                else:
                    terms = np.array(em.posterior_of(self.model, self.x, params, None)[1])
                return np.append(terms, em.log_prior(self.model, params))
        except (ValueError, ArithmeticError, em.CollapseError):
            return np.full(1, np.nan)

    def slope(self, function: Callable[[Array], Array], step: Array) -> Any:
        """The derivative of a function of a vector, for a step as unit."""
        ends = {h: function(self.centre + h * step) for h in (*FINE, *(-h for h in FINE))}
        return sum(share * (ends[h] - ends[-h]) / (2 * h) for h, share in FINE.items())

    def root(self) -> Array:
        """A matrix that, times its transpose, is the inverse of the observed information.

        The information is that of the log-likelihood, or log posterior. It is looked at along
        directions that are turned until they hardly disturb each other.
        """
        turned = np.diag(self.lengths)
        for _ in range(TURNS):
            sizes, axes = np.linalg.eigh(self._bends(turned, COARSE))
            most = abs(sizes).max(initial=1e-300)
            turned = turned @ axes * np.sqrt(2 * self.drop / abs(sizes).clip(1e-6 * most))
            if clear := sizes.min(initial=np.inf) > 0.01 * most:
                break
        bends = self._bends(turned, FINE) if clear else np.diag(sizes)
        if not np.linalg.eigvalsh(bends).min(initial=np.inf) > 0.02 * self.drop:
            raise NotAMaximumError(f"params: no maximum in every direction; {CAUSES}")
        corner = np.linalg.cholesky(bends)
        slopes = [self.slope(self.terms, step).sum() for step in (self.basis @ turned).T]
        if (away := np.linalg.norm(np.linalg.solve(corner, slopes))) > AWAY:
            told = f"the maximum is about {away:.2g} standard errors away; fit with a smaller tol"
            warnings.warn(em.NotConvergedWarning(f"params: {told}"), stacklevel=3)
        return np.asarray(np.linalg.solve(corner, turned.T).T)

    def _bends(self, turned: Array, steps: Mapping[float, float]) -> Array:
        """Minus the second derivatives along directions, with the columns as units."""
        ways = (self.basis @ turned).T
        bends = np.diag([self._bend(way, steps) for way in ways])
        for a, b in combinations(range(len(ways)), 2):
            both = self._bend(ways[a] + ways[b], steps)
            bends[a, b] = bends[b, a] = (both - bends[a, a] - bends[b, b]) / 2
        return bends

    def _bend(self, step: Array, steps: Mapping[float, float]) -> float:
        found = sum(2 * share * self._lost(h * step) / h**2 for h, share in steps.items())
        if not np.isfinite(found):
            raise BorderError(f"params: {self._name(step)} is within a standard error of a border")
        return found

    @np.errstate(over="ignore", invalid="ignore")  # what is not finite lies beyond a border
    def _lost(self, step: Array) -> float:
        """By how much the log-likelihood is lower after a step, on the average of both ways."""
        ends = [self.terms(self.centre + way * step) for way in (1, -1)]
        return float((self.top - (ends[0] + ends[1]) / 2).sum())

    def _name(self, direction: Array) -> str:
        """The parameter that moves most."""
        where = self.arrays(np.arange(len(direction)) == abs(direction).argmax())
        ((name, index),) = ((n, i) for n, found in where.items() for i in np.argwhere(found))
        return f"{name}{index.tolist() if len(index) else ''}"

    def _length(self, direction: Array) -> float:
        """A step after which the log-likelihood is lower by about `drop`."""
        own, largest = (abs(of[direction != 0]).max() for of in (self.centre, self.largest))
        size = float(own or largest)
        length, known = 1e-3 * size, np.nan
        low, high, border = 0.0, np.inf, np.inf  # where too little is lost, too much, or all
        while low < 0.9 * high and 1e-15 * size < length < 1e300 and not known < -self.rounding:
            lost = self._lost(length * direction)
            if np.isnan(lost):
                high = border = length
            else:
                known = lost
                low, high = (length, high) if lost < self.drop else (low, length)
                if self.drop / 4 < lost < 4 * self.drop:
                    return length
            length *= float(np.clip(np.sqrt(self.drop / max(lost, 1e-300)), 0.1, 10))
            if not low < length < high:
                length = (low + high) / 2
        if low > 0 and high < border:  # as at the edge of a step
            return low
        which = f"params: {self._name(direction)}"
        if not known < self.rounding or border < 1e-6 * largest:
            raise BorderError(f"{which} lies on the border, or within a standard error of it")
        raise NotAMaximumError(f"{which} is not at a maximum, or the data say nothing of it")
