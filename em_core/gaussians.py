"""Mixtures of Gaussians, with four kinds of covariance matrices."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import xlogy

from em_core import checks
from em_core import covariances as cov
from em_core.checks import EPS, Array
from em_core.em import RESTART, CollapseError, check_occupied
from em_core.priors import GaussianPrior
from em_core.survey import TINY, Posterior, Survey, as_points, causes


@dataclass(frozen=True, slots=True, eq=False)
class GaussianParams:
    """Parameters of a mixture of k Gaussians in d dimensions; copied and read-only.

    Parameters
    ----------
    weights : array_like of shape (k,)
        Non-negative; they sum to 1. What does so to 1e-8 only is divided by its sum.
    means : array_like of shape (k, d)
    covariances : array_like of shape (k, d, d)
        Symmetric and positive definite.

    Raises
    ------
    ValueError
        If a shape does not fit, the weights don't sum to 1, or a covariance is not symmetric
        positive definite.
    """

    weights: Array
    means: Array
    covariances: Array
    __setstate__ = checks.restored

    def __init__(self, weights: ArrayLike, means: ArrayLike, covariances: ArrayLike) -> None:
        weights = checks.distribution("weights", weights, ("k",))
        means = checks.numbers("means", means, (len(weights), "d"))
        covariances = checks.numbers("covariances", covariances, (*means.shape, means.shape[1]))
        cov.check_covariances("covariances", covariances)
        checks.restored(self, (weights, means, covariances))


@dataclass(frozen=True, slots=True)
class GaussianMixture:
    """A mixture of Gaussians: z_i ~ weights, x_i ~ N(μ_{z_i}, Σ_{z_i}).

    Parameters
    ----------
    covariance : {"full", "shared", "diagonal", "spherical"}, default "full"
        Whether each component has a covariance matrix of its own, all have one, or each has one
        without correlations, or even with one variance for all axes. Whatever the kind, parameters
        have k matrices of shape (d, d), and these are of the kind.
    prior : GaussianPrior, optional
        What is held likely before the data are seen: then the M-step finds the maximum of the lower
        bound plus the log prior, and the log posterior is what never falls.

    Notes
    -----
    The data `x` have shape (n, d). The formulas are Bishop (2006), Pattern Recognition and
    Machine Learning, equations 9.23–9.26.
    """

    covariance: cov.Kind = "full"
    prior: GaussianPrior | None = None

    def __post_init__(self) -> None:
        right = f"one of {', '.join(cov.KINDS)}"
        checks.must(right, cov.kind_of(self), "covariance", self.covariance)
        able = isinstance(self.prior, GaussianPrior | None)
        checks.must("a GaussianPrior or None", able, "prior", self.prior)

    def check(self, x: ArrayLike, params: GaussianParams) -> None:
        """Raise an error unless the data and the parameters can be used together.

        Parameters
        ----------
        x : array_like of shape (n, d)
        params : GaussianParams

        Raises
        ------
        ValueError
            For unusable data or parameters.
        CollapseError
            If a covariance is not positive definite to the working precision of these data.
        """
        rows = as_rows(x, params, self)
        self._check_collapse(params.covariances, Survey.of(rows, None, self.covariance), rows)

    def log_joint(self, x: ArrayLike, params: GaussianParams) -> Array:
        """Log p(x_i, z_i = j) = log w_j + log N(x_i; μ_j, Σ_j).

        Parameters
        ----------
        x : array_like of shape (n, d)
        params : GaussianParams
            k components.

        Returns
        -------
        ndarray of shape (n, k)
            In nats.

        Raises
        ------
        ValueError
            For unusable data or parameters.
        """
        columns = np.ascontiguousarray(as_rows(x, params, self).T)
        log_weights: Array = xlogy(1, params.weights)  # of 0 it takes the logarithm in silence
        components = zip(params.means, params.covariances, strict=True)
        return log_weights + np.column_stack([_log_density(columns, m, c) for m, c in components])

    def m_step(
        self, x: ArrayLike, responsibilities: ArrayLike, params: GaussianParams
    ) -> GaussianParams:
        """Weighted proportions, means and covariances; a prior counts as rows.

        Parameters
        ----------
        x : array_like of shape (n, d)
        responsibilities : array_like of shape (n, k)
            A row sums to 1, or to its weight: see `Model.m_step`.
        params : GaussianParams
            The parameters that gave the responsibilities.

        Returns
        -------
        GaussianParams

        Raises
        ------
        ValueError
            For unusable arguments.
        CollapseError
            If a component's responsibilities sum to nothing, or its covariance is no longer
            positive definite to working precision.
        """
        rows = as_rows(x, params)
        shape = len(rows), len(params.weights)
        r = checks.not_negative("responsibilities", responsibilities, shape)
        found = Survey.of(rows, r, self.covariance)
        weights, means, covariances = estimates(found, params.weights, self)
        shares = r / np.maximum(r.sum(axis=1, keepdims=True), TINY)
        self._check_collapse(covariances, found, rows, lambda x: shares)
        return GaussianParams(weights, means, covariances)

    def log_prior(self, params: GaussianParams) -> float:
        """The log of the prior density, but for a constant; 0 if there is no prior.

        Parameters
        ----------
        params : GaussianParams

        Returns
        -------
        float

        Raises
        ------
        ValueError
            For unusable parameters.
        """
        check_params(params, self)
        own = params.weights, params.means, params.covariances
        return self.prior.log_density(self.covariance, *own) if self.prior else 0.0

    def sample(
        self, params: GaussianParams, n: int, rng: np.random.Generator | int
    ) -> tuple[Array, NDArray[np.int64]]:
        """Draw n rows: pick a component by the weights, draw from its Gaussian.

        Parameters
        ----------
        params : GaussianParams
        n : int
            The number of rows.
        rng : numpy.random.Generator or int

        Returns
        -------
        x : ndarray of shape (n, d)
        labels : ndarray of shape (n,)
            The component of each row, from 0.

        Raises
        ------
        ValueError
            For unusable arguments.
        """
        check_params(params, self)
        rng = checks.chance("n", n, rng)
        labels = rng.choice(len(params.weights), size=n, p=params.weights)
        points = rng.standard_normal((n, params.means.shape[1]))
        for j, root in enumerate(cov.cholesky(params.covariances)):
            mine = labels == j
            points[mine] = params.means[j] + points[mine] @ root.T
        return points, labels

    def random_start(self, x: ArrayLike, k: int, rng: np.random.Generator | int) -> GaussianParams:
        """Means at k rows of x, different ones as far as there are.

        The weights are equal; each component has the covariance of all the data, as far as the
        kind allows.

        Parameters
        ----------
        x : array_like of shape (n, d)
        k : int
            The number of components.
        rng : numpy.random.Generator or int

        Returns
        -------
        GaussianParams

        Raises
        ------
        ValueError
            For unusable arguments.
        CollapseError
            If the data have no spread in some direction.
        """
        rng = checks.chance("k", k, rng)
        kind = self.covariance
        whole = checks.in_parts(x, lambda rows: Survey.of(as_points(rows), None, kind))
        covariances = cov.of_kind(kind, whole.scatter / whole.n, np.ones(1))
        self._check_collapse(covariances, whole, x)
        shuffled, tried = rng.permutation(whole.rows), k
        while True:  # until as many rows differ
            rows = as_points(np.asanyarray(x)[shuffled[:tried]])
            first = np.sort(np.unique(rows, axis=0, return_index=True)[1])
            if len(first) >= k or tried >= whole.rows:
                means, covariances = rows[np.resize(first, k)], np.repeat(covariances, k, axis=0)
                return GaussianParams(np.full(k, 1 / k), means, covariances)
            tried *= 10

    def _check_collapse(
        self, covariances: Array, known: Survey, x: ArrayLike, posterior: Posterior = None
    ) -> None:
        why = partial(causes, lambda f: f(as_points(x)), self.covariance, posterior)
        check_collapse(self.covariance, covariances, known.finest(), why)


def estimates(found: Survey, weights: Array, model: GaussianMixture) -> tuple[Array, Array, Array]:
    """The M-step's weights, means and covariances, from a survey of the components' rows.

    Parameters
    ----------
    found : Survey
    weights : ndarray of shape (k,)
        Those that gave the responsibilities.
    model : GaussianMixture
    """
    kind, n = model.covariance, found.n
    if model.prior:
        scatters = cov.parted(kind, found.scatter)
        means = found.mean.reshape(scatters.shape[:3])
        weights, means, parts = model.prior.mode(kind, n, means, scatters)
        return weights, means.reshape(found.mean.shape), np.array(cov.joined(parts))
    check_occupied(weights, n)
    shares, own = n / n.sum(), found.scatter / n[:, np.newaxis, np.newaxis]
    return shares, found.mean, cov.of_kind(kind, own, shares)


def check_collapse(kind: str, covariances: Array, finest: Array, why: Any = None) -> None:
    """Raise unless every covariance is positive definite to the precision of the data.

    A direction in which the standard deviation is below the finest contains nothing but rounding
    errors. So does one in which the correlations leave no more than about ε of the variance.

    Parameters
    ----------
    kind : str
    covariances : ndarray of shape (k, d, d)
    finest : ndarray of shape (d,)
        The smallest standard deviation of each axis that the data's precision allows.
    why : callable, optional
        Finds the causes, in words, for a component; called if it has collapsed.

    Raises
    ------
    CollapseError
        It names the first such component.
    """
    parts = cov.parted(kind, covariances)
    # To what is not finite LAPACK might never come back.
    finite = np.isfinite(parts).all(axis=(2, 3), keepdims=True)
    varies, deviations, correlations = cov.standardised(np.where(finite, parts, 0.0))
    positive = np.logical_and.reduce(varies, axis=2, keepdims=True)
    correlations = np.where(positive[..., np.newaxis], correlations, np.eye(parts.shape[3]))
    left = np.linalg.eigvalsh(correlations)[..., :1]
    wide = deviations * np.sqrt(np.maximum(left, 0)) > finest.reshape(parts.shape[1:3])
    sound = positive & (left > 10 * len(finest) * EPS) & wide
    for j in np.flatnonzero(~sound.all(axis=(1, 2))):
        reason = "its covariance is not positive definite to working precision"
        raise CollapseError(int(j), reason, advice=why(int(j)) if why else RESTART)


def _log_density(columns: Array, mean: Array, covariance: Array) -> Array:
    """Of rows as columns, which are long."""
    root = cov.cholesky(covariance[np.newaxis])
    with np.errstate(over="ignore"):
        # A product with the inverse root: a triangular solve of all rows starts every BLAS thread.
        distances = ((cov.inverses_of(root)[0] @ (columns - mean[:, np.newaxis])) ** 2).sum(axis=0)
    log_determinant = 2 * np.log(np.diag(root[0])).sum()
    return np.asarray(-0.5 * (len(mean) * np.log(2 * np.pi) + log_determinant + distances))


def as_rows(x: ArrayLike, params: GaussianParams, model: Any = None) -> Array:
    """The data as points of as many dimensions as the model's parameters have, or a ValueError."""
    check_params(params, model)
    return as_points(x, params.means.shape[1])


def check_params(params: GaussianParams, model: GaussianMixture | None) -> None:
    """Raise a ValueError unless these are the model's parameters, and not those of a wider one."""
    checks.params(params, GaussianParams)
    if model:
        cov.check_kind(model.covariance, params.covariances)
        if model.prior and len(model.prior.mean) != params.means.shape[1]:
            seen = f"its mean has shape {model.prior.mean.shape}"
            raise ValueError(f"prior: {seen}; the parameters' means have {params.means.shape}")
