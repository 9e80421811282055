"""EM for a mixture of Gaussians in 80-bit arithmetic: what the double-precision fits are judged by.

Nothing here is quick: every product and sum is numpy's for `longdouble`, which no BLAS knows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from machines import moved

from em_core import GaussianParams
from em_core.covariances import Kind

Long = np.longdouble
assert np.finfo(Long).nmant >= 63, "this machine has no extended precision"


@dataclass(frozen=True)
class Reference:
    """What a fit should have found."""

    log_likelihood: Long
    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray


def cholesky(matrix: np.ndarray) -> np.ndarray:
    """The lower Cholesky factor."""
    root = np.zeros_like(matrix)
    for j in range(len(matrix)):
        column = matrix[j:, j] - root[j:, :j] @ root[j, :j]
        root[j:, j] = column / np.sqrt(column[0])
    return root


def whitened(root: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The solution y of root · y = columns."""
    y = np.array(columns, order="C")
    for a in range(len(root)):
        y[a] /= root[a, a]
        y[a + 1 :] -= root[a + 1 :, a, np.newaxis] * y[a]
    return y


def log_joint(
    x: np.ndarray, weights: np.ndarray, means: np.ndarray, covariances: np.ndarray
) -> np.ndarray:
    """Log p(x_i, z_i = j), shape (k, n)."""
    rows = []
    for w, mean, covariance in zip(weights, means, covariances, strict=True):
        root = cholesky(covariance)
        y = whitened(root, (x - mean).T)
        size = np.log(np.diag(root)).sum() + len(mean) * np.log(2 * np.arccos(Long(-1))) / 2
        rows.append(np.log(w) - size - (y * y).sum(axis=0) / 2)
    return np.array(rows)


def as_it_is(array: np.ndarray) -> np.ndarray:
    return array


def rounded(array: np.ndarray) -> np.ndarray:
    """What is left of the numbers in double precision."""
    return array.astype(float).astype(Long)


def fit(
    x: np.ndarray,
    start: GaussianParams,
    iterations: int,
    passed_on: Callable[[np.ndarray], np.ndarray] = as_it_is,
    kind: Kind = "full",
) -> Reference:
    """So many iterations, and the log-likelihood at their end.

    `passed_on` is what becomes of the log-joint, the responsibilities and the parameters; `kind` is
    that of the covariances.
    """
    x = np.asarray(x, dtype=Long)
    given = start.weights, start.means, start.covariances
    weights, means, covariances = (np.asarray(a, dtype=Long) for a in given)
    for iteration in range(iterations + 1):
        joint = passed_on(log_joint(x, weights, means, covariances))
        top = joint.max(axis=0)
        r = np.exp(joint - top)
        total = r.sum(axis=0)
        log_likelihood = (top + np.log(total)).sum()
        if iteration == iterations:
            break
        r = passed_on(r / total)
        counts = r.sum(axis=1)
        weights = passed_on(counts / counts.sum())
        means = r @ x / counts[:, None]
        scatters = np.array([scatter(rj, x - m) for rj, m in zip(r, means, strict=True)])
        covariances = scatters / counts[:, None, None]
        if kind == "shared":
            covariances[:] = scatters.sum(axis=0) / counts.sum()
        if kind in ("diagonal", "spherical"):
            covariances = covariances * np.eye(x.shape[1])
        if kind == "spherical":
            variances = covariances.sum(axis=(1, 2), keepdims=True) / x.shape[1]
            covariances = variances * np.eye(x.shape[1])
        means, covariances = passed_on(means), passed_on(covariances)
    return Reference(log_likelihood, weights, means, covariances)


def scatter(r: np.ndarray, residuals: np.ndarray) -> np.ndarray:
    """Σ_i r_i y_i y_iᵀ."""
    columns = np.ascontiguousarray(residuals.T)  # what is added up lies together
    return (r * columns) @ columns.T


def least_exact(
    x: np.ndarray,
    start: GaussianParams,
    iterations: int,
    rng: np.random.Generator,
    kind: Kind = "full",
) -> Reference:
    """What double precision alone does to a run: it rounds the data and what is passed on."""
    return fit(moved(x, rng), start, iterations, rounded, kind)


def errors(found: GaussianParams | Reference, reference: Reference) -> tuple[float, float]:
    """The largest errors of the means and of the covariances, each in its component's own units."""
    of_means, of_covariances = [], []
    for j, covariance in enumerate(reference.covariances):
        root = cholesky(covariance)
        step = (found.means[j] - reference.means[j])[:, np.newaxis]
        change = whitened(root, found.covariances[j] - covariance)
        of_means.append(abs(whitened(root, step)).max())
        of_covariances.append(abs(whitened(root, change.T)).max())
    return float(max(of_means)), float(max(of_covariances))


def limit(reference: Reference) -> float:
    """How exact parameters can be from data in double precision."""
    eps = float(np.finfo(float).eps)
    deviations = np.sqrt(np.einsum("jaa->ja", reference.covariances))
    scale = deviations[:, :, np.newaxis] * deviations[:, np.newaxis, :]
    condition = np.linalg.cond((reference.covariances / scale).astype(float)).max()
    offset = float((abs(reference.means) / deviations).max())
    return max(2e-10, 10 * eps * float(condition), 2 * eps * offset)
