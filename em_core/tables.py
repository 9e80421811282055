"""What the figures and tables show, as plain arrays: everything is computed by the models."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import entr, expit, xlogy

from em_core.checks import Array
from em_core.coins import CoinMixture, CoinParams, as_counts, log_ways
from em_core.em import EMState, e_step, em_steps, lower_bound
from em_core.fitting import fit
from em_core.gaussians import GaussianMixture, GaussianParams
from em_core.survey import Survey

ON_THE_PATH = 100  # iterations from one width to the next
MET = 0.01  # how near each other two centres count as one


def log_binomials(x: Array) -> float:
    """Σ_i log C(m_i, h_i): what the binomial coefficients add to a coin log-likelihood.

    Parameters
    ----------
    x : ndarray of shape (m, 2)
        Heads and tails.

    Returns
    -------
    float
        In nats.
    """
    return float(log_ways(as_counts(x)).sum())


def expected_counts(x: Array, responsibilities: Array) -> Array:
    """Expected heads and tails of each sample from each coin, r_ij x_i.

    Parameters
    ----------
    x : ndarray of shape (m, 2)
    responsibilities : ndarray of shape (m, k)

    Returns
    -------
    ndarray of shape (m, k, 2)
        Its sum over the first axis is what the M-step divides.
    """
    counts = as_counts(x)
    return np.asarray(responsibilities[:, :, np.newaxis] * counts[:, np.newaxis, :])


def coin_pieces(x: Array, state: EMState) -> Array:
    """What the log-likelihood of coins is made of, but for the binomial coefficients.

    Parameters
    ----------
    x : ndarray of shape (m, 2)
        Heads and tails.
    state : EMState
        Of a mixture of coins.

    Returns
    -------
    ndarray of shape (3,)
        Σ r_ij log p(x_i | z_i = j), which the listings print; Σ r_ij log w_j; and the entropy,
        −Σ r_ij log r_ij. Their sum is the log-likelihood of the sequences of tosses.
    """
    r, theta = state.responsibilities, state.params.theta
    counts = r.T @ as_counts(x)
    value = xlogy(counts, np.column_stack([theta, 1 - theta])).sum()
    return np.array([value, xlogy(r, state.params.weights).sum(), entr(r).sum()])


def log_likelihood(model: CoinMixture | GaussianMixture, x: Array, params: object) -> float:
    """The log-likelihood of the data at some parameters, in nats.

    Parameters
    ----------
    model, x, params
        As for `em_core.em_steps`.

    Returns
    -------
    float
        −inf where the model gives a row probability zero.
    """
    log_joint = model.log_joint(x, params)  # type: ignore[arg-type]
    if np.isneginf(log_joint).all(axis=1).any():
        return -np.inf
    return e_step(log_joint)[1]


def coin_surface(x: Array, thetas: Array, weights: ArrayLike = (0.5, 0.5)) -> Array:
    """The log-likelihood of two coins over a square of (θ_A, θ_B).

    Parameters
    ----------
    x : ndarray of shape (m, 2)
    thetas : ndarray of shape (g,)
        The values of both axes.
    weights : array_like of shape (2,)

    Returns
    -------
    ndarray of shape (g, g)
        Row: θ_B, column: θ_A, as contour plots expect.
    """
    return _coin_heights(x, thetas, thetas, weights)


def coin_slice(x: Array, thetas_a: Array, theta_b: float, weights: ArrayLike = (0.5, 0.5)) -> Array:
    """The log-likelihood of two coins in θ_A alone.

    Parameters
    ----------
    x : ndarray of shape (m, 2)
    thetas_a : ndarray of shape (g,)
    theta_b : float
        Held here.
    weights : array_like of shape (2,)

    Returns
    -------
    ndarray of shape (g,)
    """
    return np.asarray(_coin_heights(x, thetas_a, [theta_b], weights)[0])


def _coin_heights(x: Array, a: ArrayLike, b: ArrayLike, weights: ArrayLike) -> Array:
    """The log-likelihood of two coins: a row for each θ_B, a column for each θ_A."""
    log_a, log_b = xlogy(1, CoinParams([0.5, 0.5], weights).weights)
    given_a, given_b = _given_coin(x, a)[:, np.newaxis], _given_coin(x, b)[..., np.newaxis]
    return np.asarray(np.logaddexp(log_a + given_a, log_b + given_b).sum(axis=0))


def _given_coin(x: Array, thetas: ArrayLike) -> Array:
    """Log p(x_i | z_i = j) for coins that are no mixture, however many: all in one call."""
    equal = np.full(np.size(thetas), 1 / np.size(thetas))
    return np.asarray(CoinMixture().log_joint(x, CoinParams(thetas, equal)) - np.log(equal))


def bound_slice(x: Array, thetas_a: Array, theta_b: float, theta_t: float) -> Array:
    """The lower bound g_t in θ_A alone, made to touch the log-likelihood at θ_A = `theta_t`.

    Parameters
    ----------
    x : ndarray of shape (m, 2)
    thetas_a : ndarray of shape (g,)
    theta_b : float
        Held here.
    theta_t : float
        Where the responsibilities are computed.

    Returns
    -------
    ndarray of shape (g,)
    """
    model, here = CoinMixture(), CoinParams([theta_t, theta_b], [0.5, 0.5])
    responsibilities, _ = e_step(model.log_joint(x, here))
    each = (CoinParams([a, theta_b], [0.5, 0.5]) for a in thetas_a)
    return np.array([lower_bound(model, x, params, responsibilities) for params in each])


def coin_step_in_a(x: Array, theta_a: float, theta_b: float) -> float:
    """One EM step of θ_A with θ_B held: the top of `bound_slice`.

    The bound is a sum of a function of θ_A and one of θ_B, so the M-step's θ_A is its top
    whatever becomes of θ_B.

    Parameters
    ----------
    x : ndarray of shape (m, 2)
    theta_a, theta_b : float

    Returns
    -------
    float
    """
    model, here = CoinMixture(), CoinParams([theta_a, theta_b], [0.5, 0.5])
    responsibilities, _ = e_step(model.log_joint(x, here))
    return float(model.m_step(x, responsibilities, here).theta[0])


def density(x: Array, params: GaussianParams) -> Array:
    """The density of a Gaussian mixture at each row of `x`.

    Parameters
    ----------
    x : ndarray of shape (n, d)
    params : GaussianParams

    Returns
    -------
    ndarray of shape (n,)
    """
    return np.asarray(np.exp(GaussianMixture().log_joint(x, params)).sum(axis=1))


def density_grid(horizontal: Array, vertical: Array, params: GaussianParams) -> Array:
    """The density of a mixture in the plane over a grid.

    Parameters
    ----------
    horizontal, vertical : ndarray of shape (g,) and (h,)
        The values of the axes.
    params : GaussianParams
        With d = 2.

    Returns
    -------
    ndarray of shape (h, g)
    """
    points = np.stack(np.meshgrid(horizontal, vertical), axis=-1)
    return density(points.reshape(-1, 2), params).reshape(points.shape[:2])


def half_axes(covariance: Array) -> Array:
    """The half-axes of the ellipse at one standard deviation: a row each, the longest first.

    Parameters
    ----------
    covariance : ndarray of shape (d, d)

    Returns
    -------
    ndarray of shape (d, d)
        Eigenvectors, each as long as the square root of its eigenvalue.
    """
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((np.sqrt(values) * vectors).T[::-1])


def narrowing(x: Array, params: GaussianParams, widths: Array) -> Array:
    """The log-likelihood of a mixture while its first component becomes narrow and round.

    Parameters
    ----------
    x : ndarray of shape (n, d)
    params : GaussianParams
    widths : ndarray of shape (g,)
        The standard deviations of the first component; all else stays.

    Returns
    -------
    ndarray of shape (g,)
    """
    values = []
    for width in widths:
        covariances = params.covariances.copy()
        covariances[0] = width**2 * np.eye(x.shape[1])
        here = GaussianParams(params.weights, params.means, covariances)
        values.append(log_likelihood(GaussianMixture(), x, here))
    return np.array(values)


@dataclass(frozen=True)
class _FirstHeld(GaussianMixture):
    """A mixture whose first covariance stays; the others have seen further rows of some scatter."""

    scatter: float = 0.0
    count: float = 0.0

    def m_step(
        self, x: ArrayLike, responsibilities: ArrayLike, params: GaussianParams
    ) -> GaussianParams:
        """The mixture's M-step, its later covariances under the prior."""
        found = Survey.of(np.asarray(x), np.asarray(responsibilities))
        covariances = params.covariances.copy()
        rows = found.n[1:, None, None]
        covariances[1:] = (found.scatter[1:] + self.scatter) / (rows + self.count)
        return GaussianParams(found.n / found.n.sum(), found.mean, covariances)


def width_path(
    x: Array, start: GaussianParams, widths: Array, scatter: float = 0.0, count: float = 0.0
) -> tuple[Array, list[GaussianParams]]:
    """The fits to a line while the first component is held narrower and narrower.

    Each begins where the one before has ended. With a prior on the variances v of all components,
    −½ (count · log v + scatter / v) of each, the values are those of the log posterior.

    Parameters
    ----------
    x : ndarray of shape (n, 1)
    start : GaussianParams
    widths : ndarray of shape (g,)
        The standard deviations of the first component.
    scatter, count : float, default 0
        The prior's.

    Returns
    -------
    values : ndarray of shape (g,)
    fits : list of GaussianParams
    """
    model, here, values, fits = _FirstHeld(scatter=scatter, count=count), start, [], []
    for width in widths:
        covariances = here.covariances.copy()
        covariances[0] = width**2
        here = GaussianParams(here.weights, here.means, covariances)
        state = next(islice(em_steps(model, x, here), ON_THE_PATH, None))
        here, variances = state.params, state.params.covariances[:, 0, 0]
        log_prior = -(count * np.log(variances) + scatter / variances).sum() / 2
        values.append(state.log_likelihood + log_prior)
        fits.append(here)
    return np.array(values), fits


class HeldWidth(GaussianMixture):
    """A mixture whose covariances stay as they are: only weights and means are estimated."""

    def m_step(
        self, x: ArrayLike, responsibilities: ArrayLike, params: GaussianParams
    ) -> GaussianParams:
        """The weights and means of the mixture's M-step."""
        free = super().m_step(x, responsibilities, params)
        return GaussianParams(free.weights, free.means, params.covariances)


def sharpened(left: Array, right: Array, sigmas: Array) -> tuple[Array, Array, Array]:
    """Two groups on a line, fitted together by two components of a width that is held.

    Parameters
    ----------
    left, right : ndarray of shape (m,) and (l,)
        The rows of the groups; their means and shares are the start.
    sigmas : ndarray of shape (s,)
        The components' standard deviation; 0 is k-means.

    Returns
    -------
    means : ndarray of shape (s, 2)
        Rising.
    weights : ndarray of shape (s,)
        Of the left component.
    borders : ndarray of shape (s,)
        Where a row is shared half and half; NaN if the components have met.
    """
    x = np.concatenate([left, right])
    share, start = len(left) / len(x), np.array([left.mean(), right.mean()])
    found = [_at_width(x, share, start, sigma) for sigma in sigmas]
    means, weights = np.array([pair for pair, _ in found]), np.array([w for _, w in found])
    apart = means[:, 1] - means[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = sigmas**2 * np.log(weights / (1 - weights)) / apart
    borders = np.where(apart > MET, means.mean(axis=1) + moved, np.nan)
    return means, weights, borders


def _at_width(x: Array, share: float, means: Array, sigma: float) -> tuple[Array, float]:
    """The two centres and the weight of the first."""
    if sigma > 0:
        start = GaussianParams([share, 1 - share], means[:, None], np.full((2, 1, 1), sigma**2))
        params = fit(HeldWidth(), x[:, None], start, tol=1e-10).params
        return params.means[:, 0], float(params.weights[0])
    while True:
        near = abs(x - means[0]) <= abs(x - means[1])
        before, means = means, np.array([x[near].mean(), x[~near].mean()])
        if (means == before).all():
            return means, float(near.mean())


def soft_share(x: Array, means: Array, weights: Array, sigma: float) -> Array:
    """The responsibility of the first of two components of one width, at places on a line.

    Parameters
    ----------
    x : ndarray of shape (n,)
    means, weights : ndarray of shape (2,)
    sigma : float
        0 gives each place to the nearer mean.

    Returns
    -------
    ndarray of shape (n,)
    """
    farther = (x - means[1]) ** 2 - (x - means[0]) ** 2
    if sigma == 0:
        return np.asarray(np.where(farther >= 0, 1.0, 0.0))
    return np.asarray(expit(np.log(weights[0] / weights[1]) + farther / (2 * sigma**2)))


def ellipse(mean: Array, covariance: Array, deviations: float, points: int = 73) -> Array:
    """The curve at some standard deviations around the mean of a Gaussian in the plane.

    Parameters
    ----------
    mean : ndarray of shape (2,)
    covariance : ndarray of shape (2, 2)
    deviations : float
        The Mahalanobis distance of the curve.
    points : int, default 73
        Its number of points; the last is the first.

    Returns
    -------
    ndarray of shape (points, 2)
    """
    angles = np.linspace(0, 2 * np.pi, points)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    return mean + deviations * circle @ np.linalg.cholesky(covariance).T


def maxima_of(ends: Array, apart: float = 5e-3) -> tuple[Array, NDArray[np.int64]]:
    """The maxima at which some starts ended.

    Parameters
    ----------
    ends : ndarray of shape (s,)
        Final log-likelihoods; neighbours no more than `apart` from each other are one maximum.
    apart : float

    Returns
    -------
    levels : ndarray of shape (l,)
        From the highest; each is the highest of its ends.
    places : ndarray of shape (s,)
        Which of them each start reached, from 0.
    """
    order = np.argsort(-ends, kind="stable")
    new = np.concatenate([[True], -np.diff(ends[order]) > apart])
    places = np.empty(len(ends), dtype=np.int64)
    places[order] = np.cumsum(new) - 1
    return ends[order][new], places


@dataclass(frozen=True)
class Found:
    """What some starts have found.

    Attributes
    ----------
    maxima : int
        How many different maxima.
    once : int
        How many of them only once.
    best : int
        The best of them, by its place; −1 if there was no start.
    times : int
        How often the best was found.
    unseen : float
        The share of other starts that ended at a maximum which these have not found.
    better : float
        The share of other starts that ended at a better one than the best.
    """

    maxima: int
    once: int
    best: int
    times: int
    unseen: float
    better: float


def found_so_far(places: ArrayLike, others: NDArray[np.int64]) -> Found:
    """What is known after some starts, and what other starts have found beyond it.

    Parameters
    ----------
    places : array_like of int, shape (s,)
        Where each start ended, as `maxima_of` gives it; the best is 0.
    others : ndarray of int, shape (o,)
        Where other starts ended, drawn in the same way.

    Returns
    -------
    Found
    """
    seen, times = np.unique(np.asarray(places, dtype=np.int64), return_counts=True)
    best = int(seen[0]) if seen.size else -1
    return Found(
        maxima=len(seen),
        once=int((times == 1).sum()),
        best=best,
        times=int(times[0]) if seen.size else 0,
        unseen=float(np.mean(~np.isin(others, seen))),
        better=float(np.mean(others < best)) if seen.size else 1.0,
    )


def best_of(shares: Array, starts: Array, chance: float) -> NDArray[np.int64]:
    """Which maximum the best of some starts is at least, with a given chance.

    Parameters
    ----------
    shares : ndarray of shape (l,)
        The chance of each maximum, from the highest.
    starts : ndarray of int, shape (g,)
        Numbers of starts.
    chance : float

    Returns
    -------
    ndarray of int, shape (g,)
        Places of maxima: with `chance` or more, the best of so many starts is this or higher.
    """
    worse = 1 - np.cumsum(shares)  # than each, for a single start
    miss = np.maximum(worse, 0) ** starts[:, np.newaxis]
    return np.asarray((miss <= 1 - chance + 1e-12).argmax(axis=1))
