"""The parameters of a mixture of Gaussians, and when a covariance is no longer one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from em_core import checks
from em_core.checks import Array
from em_core.em import CollapseError

EPS = float(np.finfo(float).eps)
LOG_2_PI = float(np.log(2 * np.pi))


@dataclass(frozen=True, slots=True, eq=False)
class GaussianParams:
    """Parameters of a mixture of k Gaussians in d dimensions; copied and read-only.

    Parameters
    ----------
    weights : array_like of shape (k,)
        Non-negative; they sum to 1.
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

    def __init__(self, weights: ArrayLike, means: ArrayLike, covariances: ArrayLike) -> None:
        object.__setattr__(self, "weights", checks.numbers("weights", weights, "(k,)", 1))
        object.__setattr__(self, "means", checks.numbers("means", means, "(k, d)", 2))
        object.__setattr__(
            self, "covariances", checks.numbers("covariances", covariances, "(k, d, d)", 3)
        )
        checks.weights(self.weights)
        k, d = len(self.weights), self.means.shape[1]
        if self.means.shape != (k, d):
            raise ValueError(f"means: have shape {self.means.shape}; expected ({k}, d)")
        if self.covariances.shape != (k, d, d):
            given = self.covariances.shape
            raise ValueError(f"covariances: have shape {given}; expected {(k, d, d)}")
        _check_covariances(self.covariances)


def _check_covariances(covariances: Array) -> None:
    for j, covariance in enumerate(covariances):
        deviations = np.sqrt(np.maximum(np.diag(covariance), 0))
        scale = np.outer(deviations, deviations)
        if (abs(covariance - covariance.T) > checks.SYMMETRY_TOLERANCE * scale).any():
            raise ValueError(f"covariances: matrix {j} is not symmetric")
        try:
            np.linalg.cholesky(covariance)
        except np.linalg.LinAlgError:
            raise ValueError(f"covariances: matrix {j} is not positive definite") from None


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """How wide the data are and how far from 0, which says what is a width and what is rounding.

    Attributes
    ----------
    spread : ndarray of shape (d,)
        The standard deviation of each axis; 1 where it is 0.
    largest : ndarray of shape (d,)
        The largest |x_i| of each axis.
    """

    spread: Array
    largest: Array

    @property
    def narrowest(self) -> float:
        """The standard deviation, in units of the spread, that is nothing but rounding errors."""
        return float(100 * EPS * (self.largest / self.spread).max())


def check_collapse(covariances: Array, scale: Scale) -> None:
    """Raise unless every covariance is positive definite to the precision of the data.

    The axes are scaled to unit spread; a direction whose standard deviation is below 100 ε times
    the largest |x| holds nothing but rounding errors. So does one in which the correlations leave
    no more than about ε of the variance.

    Parameters
    ----------
    covariances : ndarray of shape (k, d, d)
    scale : Scale

    Raises
    ------
    CollapseError
        It names the first such component.
    """
    variances = np.einsum("jaa->ja", covariances)
    positive = (variances > 0).all(axis=1)
    deviations = np.sqrt(np.where(positive[:, np.newaxis], variances, 1.0))
    narrowest = (deviations / scale.spread).min(axis=1)
    correlations = covariances / (deviations[:, :, np.newaxis] * deviations[:, np.newaxis, :])
    correlations[~positive] = np.eye(len(scale.spread))
    left = np.linalg.eigvalsh(correlations)[:, 0]
    sound = positive & (left > 10 * len(scale.spread) * EPS) & (narrowest > scale.narrowest)
    sound &= narrowest * np.sqrt(np.maximum(left, 0)) > scale.narrowest
    for j in np.flatnonzero(~sound):
        raise collapse(int(j))


def collapse(component: int) -> CollapseError:
    """The error of a covariance that is none."""
    reason = (
        "its covariance is not positive definite to working precision: it has shrunk onto "
        "a point or a line"
    )
    return CollapseError(component, reason)
