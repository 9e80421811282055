"""What the figures and tables show, as plain arrays: everything is computed by the models."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
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
