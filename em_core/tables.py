"""What the figures and tables show, as plain arrays: everything is computed by the models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import entr, xlogy

from em_core.checks import Array
from em_core.coins import CoinMixture, CoinParams, as_counts, log_ways
from em_core.em import EMState, e_step, lower_bound
from em_core.gaussians import GaussianMixture, GaussianParams


def log_binomials(x: Array) -> float:
    """Σ_i log C(n_i, h_i): what the binomial coefficients add to a coin log-likelihood.

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
    return np.array([coin_slice(x, thetas, b, weights) for b in thetas])


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
    each = (CoinParams([a, theta_b], weights) for a in thetas_a)
    return np.array([log_likelihood(CoinMixture(), x, params) for params in each])


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
