"""The lecture's six algorithms, as learners read them in the chapters.

They keep the lecture's stopping rules and the quantities that it printed, so that its outputs are
reached; what is wrong with either is told in the chapters, and `em_core.em` does it right. Each
function stands alone: a chapter shows its source as a cell.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import multivariate_normal

from em_core.checks import Array


def coin_em_loop(x: Array, thetas: Array, tol: float = 0.01, max_iter: int = 100) -> list[Array]:
    """EM for two coins, one sample at a time.

    `x` holds a row (heads, tails) for each sample, `thetas` a row (θ, 1 − θ) for each coin.
    Returns a row (θ_A, θ_B, value) for each iteration.
    """
    history = []
    old_value = -np.inf
    for _ in range(max_iter):
        sums_A, sums_B, value = np.zeros(2), np.zeros(2), 0.0

        for counts in x:
            # E-step: how likely is each coin, given this sample?
            log_A = np.sum(counts * np.log(thetas[0]))
            log_B = np.sum(counts * np.log(thetas[1]))
            r_A = np.exp(log_A) / (np.exp(log_A) + np.exp(log_B))
            r_B = 1 - r_A

            # share the sample's heads and tails out between the coins
            sums_A += r_A * counts
            sums_B += r_B * counts
            value += r_A * log_A + r_B * log_B

        # M-step: expected heads and tails over expected tosses
        thetas = np.array([sums_A / sums_A.sum(), sums_B / sums_B.sum()])

        history.append(np.array([thetas[0, 0], thetas[1, 0], value]))
        if abs(value - old_value) < tol:
            break
        old_value = value
    return history


def coin_em_vectorised(
    x: Array, thetas: Array, tol: float = 0.01, max_iter: int = 100
) -> list[Array]:
    """EM for two coins, all samples at once; arguments and result as for `coin_em_loop`."""
    history = []
    old_value = -np.inf
    for _ in range(max_iter):
        # E-step
        log_A = np.sum(x * np.log(thetas[0]), axis=1)
        log_B = np.sum(x * np.log(thetas[1]), axis=1)
        r_A = np.exp(log_A) / (np.exp(log_A) + np.exp(log_B))
        r_B = 1 - r_A

        # M-step
        sums_A, sums_B = r_A @ x, r_B @ x
        thetas = np.array([sums_A / sums_A.sum(), sums_B / sums_B.sum()])

        value = r_A @ log_A + r_B @ log_B
        history.append(np.array([thetas[0, 0], thetas[1, 0], value]))
        if abs(value - old_value) < tol:
            break
        old_value = value
    return history


def coin_em(
    x: Array, thetas: Array, max_iter: int = 100, tol: float = 1e-6
) -> tuple[int, Array, float]:
    """EM for any number of coins.

    `x` holds a row (heads, tails) for each sample, `thetas` a row (θ, 1 − θ) for each coin.
    Returns the last iteration's index, from 0, the thetas and the value.
    """
    old_value = -np.inf
    for i in range(max_iter):
        logs = x @ np.log(thetas).T  # a row for each sample, a column for each coin
        likelihoods = np.exp(logs)
        r = likelihoods / likelihoods.sum(axis=1, keepdims=True)
        sums = r.T @ x
        thetas = sums / sums.sum(axis=1, keepdims=True)
        value = np.sum(r * logs)
        if abs(value - old_value) < tol:
            break
        old_value = value
    return i, thetas, value


def gmm_em_loop(
    x: Array,
    weights: Array,
    means: Array,
    covariances: Array,
    tol: float = 0.01,
    max_iter: int = 100,
) -> tuple[float, Array, Array, Array]:
    """EM for a Gaussian mixture, one number at a time.

    `x` has shape (n, d); the parameters have shapes (k,), (k, d) and (k, d, d).
    Returns the log-likelihood and the three parameters.
    """
    n, d = x.shape
    k = len(weights)
    old_log_likelihood = -np.inf
    for _ in range(max_iter):
        # E-step
        r = np.zeros((n, k))
        for i in range(n):
            for j in range(k):
                r[i, j] = weights[j] * multivariate_normal(means[j], covariances[j]).pdf(x[i])
            r[i] /= r[i].sum()

        # M-step
        weights = np.zeros(k)
        means = np.zeros((k, d))
        covariances = np.zeros((k, d, d))
        for j in range(k):
            total = 0.0
            for i in range(n):
                total += r[i, j]
                means[j] += r[i, j] * x[i]
            weights[j] = total / n
            means[j] /= total
            for i in range(n):
                y = (x[i] - means[j]).reshape(d, 1)
                covariances[j] += r[i, j] * (y @ y.T)
            covariances[j] /= total

        # log-likelihood of the new parameters
        log_likelihood = 0.0
        for i in range(n):
            density = 0.0
            for j in range(k):
                density += weights[j] * multivariate_normal(means[j], covariances[j]).pdf(x[i])
            log_likelihood += np.log(density)

        if abs(log_likelihood - old_log_likelihood) < tol:
            break
        old_log_likelihood = log_likelihood
    return log_likelihood, weights, means, covariances


def gmm_em_vectorised(
    x: Array,
    weights: Array,
    means: Array,
    covariances: Array,
    tol: float = 0.01,
    max_iter: int = 100,
) -> tuple[float, Array, Array, Array]:
    """EM for a Gaussian mixture, all rows at once; arguments and result as for `gmm_em_loop`."""
    n, d = x.shape
    k = len(weights)
    old_log_likelihood = -np.inf
    for _ in range(max_iter):
        # E-step
        r = np.zeros((n, k))
        for j in range(k):
            r[:, j] = weights[j] * multivariate_normal(means[j], covariances[j]).pdf(x)
        r /= r.sum(axis=1, keepdims=True)

        # M-step
        totals = r.sum(axis=0)
        weights = totals / n
        means = (r.T @ x) / totals[:, None]
        covariances = np.zeros((k, d, d))
        for j in range(k):
            y = x - means[j]
            covariances[j] = (r[:, j, None, None] * (y[:, :, None] @ y[:, None, :])).sum(axis=0)
        covariances /= totals[:, None, None]

        # log-likelihood of the new parameters
        density = np.zeros(n)
        for j in range(k):
            density += weights[j] * multivariate_normal(means[j], covariances[j]).pdf(x)
        log_likelihood = np.log(density).sum()

        if abs(log_likelihood - old_log_likelihood) < tol:
            break
        old_log_likelihood = log_likelihood
    return log_likelihood, weights, means, covariances


def gmm_em_einsum(
    x: Array,
    weights: Array,
    means: Array,
    covariances: Array,
    tol: float = 0.01,
    max_iter: int = 100,
) -> tuple[float, Array, Array, Array]:
    """EM for a Gaussian mixture, sums by index letters; arguments and result as `gmm_em_loop`."""
    n = len(x)
    k = len(weights)
    old_log_likelihood = -np.inf
    for _ in range(max_iter):
        # E-step
        r = np.zeros((n, k))
        for j in range(k):
            r[:, j] = weights[j] * multivariate_normal(means[j], covariances[j]).pdf(x)
        r /= r.sum(axis=1, keepdims=True)

        # M-step: i rows, j components, a and b axes
        totals = np.einsum("ij->j", r)
        weights = totals / n
        means = np.einsum("ij,ia->ja", r, x) / totals[:, None]
        y = x[:, None, :] - means
        covariances = np.einsum("ij,ija,ijb->jab", r, y, y) / totals[:, None, None]

        # log-likelihood of the new parameters
        density = np.zeros(n)
        for j in range(k):
            density += weights[j] * multivariate_normal(means[j], covariances[j]).pdf(x)
        log_likelihood = np.log(density).sum()

        if abs(log_likelihood - old_log_likelihood) < tol:
            break
        old_log_likelihood = log_likelihood
    return log_likelihood, weights, means, covariances
