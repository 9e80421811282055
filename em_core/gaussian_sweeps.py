"""Mixtures of Gaussians in one pass over the data: the features, the guard and the residuals.

The features of a row are (1, x, the products x_a x_b). Rows are taken in blocks that stay in the
processor's cache, as columns, so that nothing of size n × k is ever made. Raw moments cancel for a
narrow component far from the origin; `GUARD` says when, and then the component goes by its
*residuals*: the rows in its own coordinates, in which it has mean 0 and unit covariance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg.lapack import dpotrf, dtrtri

from em_core.checks import Array
from em_core.em import CollapseError, occupied
from em_core.sweeps import BLOCK_BYTES, Expected, Rows, softmax

EPS = float(np.finfo(float).eps)
LOG_2_PI = float(np.log(2 * np.pi))
GUARD = 1e5  # of a raw moment's 16 digits, 5 may cancel


def prefers_residuals(d: int, k: int) -> bool:
    """Whether residuals are the quicker way for all components.

    Making the d (d + 1) / 2 products costs the same for 1 component as for 50; residuals cost as
    much for each. Measured with ``make bench``.
    """
    return k * 4 < d - 8


def features(z: Array) -> Array:
    """The features (1, z_a, z_a z_b for a ≤ b) of rows in columns: shape (f, n) from (d, n)."""
    d, n = z.shape
    phi = np.empty((1 + d + d * (d + 1) // 2, n))
    phi[0] = 1
    phi[1 : 1 + d] = z
    at = 1 + d
    for a in range(d):
        np.multiply(z[a], z[a:], out=phi[at : at + d - a])
        at += d - a
    return phi


@dataclass(slots=True)
class Block:
    """Some rows as columns, shape (d, n), and their features if they are kept."""

    z: Array
    kept: Array | None = None

    @property
    def features(self) -> Array:
        """Made anew: that is quicker than to fetch them from main memory."""
        return features(self.z) if self.kept is None else self.kept


@dataclass(frozen=True, slots=True)
class Frame:
    """Coordinates in which all the data have mean 0 and unit covariance.

    Attributes
    ----------
    centre : ndarray of shape (d,)
    root : ndarray of shape (d, d)
        Lower triangular: x = centre + root · z.
    inverse : ndarray of shape (d, d)
        Of the root.
    smallest : float
        The smallest eigenvalue of the correlations that the root makes.
    rows : int
        The number of rows in a block.
    """

    centre: Array
    root: Array
    inverse: Array
    smallest: float
    rows: int

    @classmethod
    def of(cls, mean: Array, covariance: Array, k: int) -> Frame:
        """The frame of data with this mean and covariance; axes without spread are left alone."""
        d = len(mean)
        variances = np.diag(covariance)
        deviations = np.sqrt(np.where(variances > 0, variances, 1.0))
        correlations = covariance / np.outer(deviations, deviations)
        smallest = float(np.linalg.eigvalsh(correlations)[0])
        if smallest < 1e-12:
            correlations, smallest = np.eye(d), 1.0
        root = deviations[:, np.newaxis] * cholesky(correlations[np.newaxis])[0]
        residuals = prefers_residuals(d, k)
        numbers = d * (k + 1) if residuals else 1 + d + d * (d + 1) // 2
        rows = max(64, BLOCK_BYTES // (8 * (numbers + k)))
        return cls(mean, root, inverses_of(root[np.newaxis])[0], smallest, rows)

    def blocks(self, x: ArrayLike) -> Iterator[Block]:
        """The rows of x, shape (n, d), in these coordinates, some at a time."""
        x = np.asarray(x)
        for at in range(0, len(x), self.rows):
            yield Block(self.inverse @ (x[at : at + self.rows] - self.centre).T)


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


@dataclass(frozen=True, slots=True, eq=False)
class Components:
    """A mixture in a frame.

    Attributes
    ----------
    weights : ndarray of shape (k,)
    means : ndarray of shape (k, d)
    roots : ndarray of shape (k, d, d)
        Lower triangular; a covariance is root · rootᵀ.
    inverses : ndarray of shape (k, d, d)
        Of the roots.
    own : ndarray of bool, shape (k,)
        The components that go by residuals.
    """

    weights: Array
    means: Array
    roots: Array
    inverses: Array
    own: NDArray[np.bool_]


def cancels(roots: Array, inverses: Array, means: Array) -> NDArray[np.bool_]:
    """Whether raw moments about the origin lose too many digits for a component.

    The measure is κ_j = Σ_a (Σ_j⁻¹)_aa ((Σ_j)_aa + μ_ja²): raw moments over what is left of them.
    It is not a number if there is no root.
    """
    precisions = (inverses * inverses).sum(axis=1)
    kappa = precisions * ((roots * roots).sum(axis=2) + means * means)
    return np.asarray(~(kappa.sum(axis=1) <= GUARD))


def cholesky(matrices: Array) -> Array:
    """The lower Cholesky factors; NaN for a matrix that has none."""
    roots = np.empty_like(matrices)
    for root, matrix in zip(roots, matrices, strict=True):
        found, failed = dpotrf(matrix, lower=1)
        root[:] = np.nan if failed else found
    return roots


def inverses_of(roots: Array) -> Array:
    """The inverses of lower triangular matrices."""
    inverses = np.empty_like(roots)
    for inverse, root in zip(inverses, roots, strict=True):
        inverse[:] = dtrtri(root, lower=1)[0]
    return inverses


@dataclass(frozen=True, slots=True, eq=False)
class GaussianSweep:
    """The function of a block that a pass adds up.

    Attributes
    ----------
    products : ndarray of shape (k, f)
        W, for the components that go by raw moments.
    constants : ndarray of shape (k,)
        The log-joint at the mean.
    means, inverses : ndarray of shape (k, d), (k, d, d)
    own : ndarray of bool, shape (k,)
        The components that go by residuals.
    shifts : ndarray of shape (k, d)
        About what the residuals' moments are taken, in the component's own coordinates.
    """

    products: Array
    constants: Array
    means: Array
    inverses: Array
    own: NDArray[np.bool_]
    shifts: Array

    def __call__(self, block: Block) -> Expected:
        """The block's share of the sums and of the log-likelihood."""
        if not self.own.any():
            phi = block.features
            r = self.products @ phi
            log_likelihood = softmax(r)
            return Expected(r @ phi.T, log_likelihood)
        return self._by_residuals(block)

    def _by_residuals(self, block: Block) -> Expected:
        sums = np.empty_like(self.products)
        r = np.empty((len(sums), block.z.shape[1]))
        raw = ~self.own
        if raw.any():
            phi = block.features
            r[raw] = self.products[raw] @ phi
        residuals = {j: self._residuals(j, block.z) for j in np.flatnonzero(self.own).tolist()}
        for j, y in residuals.items():
            r[j] = self.constants[j] - 0.5 * np.einsum("ai,ai->i", y, y)
        log_likelihood = softmax(r)
        if raw.any():
            sums[raw] = r[raw] @ phi.T
        for j, y in residuals.items():
            y -= self.shifts[j][:, np.newaxis]
            sums[j] = moments(y, r[j])
        return Expected(sums, log_likelihood)

    def _residuals(self, j: int, z: Array) -> Array:
        return np.asarray(self.inverses[j] @ (z - self.means[j][:, np.newaxis]))


def moments(y: Array, r: Array) -> Array:
    """Σ_i r_i φ(y_i) without the features, shape (f,); y is overwritten."""
    first = y @ r
    y *= np.sqrt(r)
    second = y @ y.T  # one matrix with itself: half the work
    return np.concatenate([[r.sum()], first, second[np.triu_indices(len(y))]])


class GaussianSweeper:
    """What `fit` needs of a mixture of Gaussians: passes over the data, and the M-step.

    Parameters
    ----------
    rows : Rows
        Cut by the frame.
    frame : Frame
    scale : Scale
    params : GaussianParams
        The start; what is found is of its class.
    shared_covariance : bool
    """

    def __init__(
        self,
        rows: Rows,
        frame: Frame,
        scale: Scale,
        params: Any,
        shared_covariance: bool,
    ) -> None:
        self.rows, self.frame, self.scale = rows, frame, scale
        self.shared_covariance, self.kind = shared_covariance, type(params)
        k, d = params.means.shape
        self.d = d
        self.all_own = prefers_residuals(d, k)
        self.upper = np.triu_indices(d)
        self.log_volume = d / 2 * LOG_2_PI + np.log(np.diag(frame.root)).sum()
        means = (params.means - frame.centre) @ frame.inverse.T
        roots = frame.inverse @ np.linalg.cholesky(params.covariances)
        self.start = self._components(params.weights, means, roots)

    def expect(self, components: Components) -> Expected:
        """The sums for these parameters, in one pass."""
        return self.rows.sum(
            self._sweep(components, components.own, np.zeros_like(components.means))
        )

    def maximise(self, expected: Expected, components: Components) -> Components:
        """The M-step; a second pass if the sums have lost too many digits for a component.

        Raises
        ------
        CollapseError
            As `GaussianMixture.m_step`.
        """
        own, shifts = components.own, np.zeros_like(components.means)
        found, lost = self._from_sums(expected.sums, components, own, shifts)
        if lost.any():
            own = own | lost
            step = np.matvec(components.inverses, found.means - components.means)
            shifts = np.where(lost[:, np.newaxis], step, 0.0)
            again = self.rows.sum(self._sweep(components, own, shifts))
            found, _ = self._from_sums(again.sums, components, own, shifts)
        self._check_collapse(found)
        return found

    def params(self, components: Components) -> Any:
        """The parameters in the data's own coordinates."""
        means = self.frame.centre + components.means @ self.frame.root.T
        return self.kind(components.weights, means, self._covariances(components))

    def vector(self, c: Components) -> Array:
        """The weights, and times them the means and the second moments about the frame's centre."""
        second = c.roots @ c.roots.mT + c.means[:, :, np.newaxis] * c.means[:, np.newaxis, :]
        parts = [np.ones((len(c.means), 1)), c.means, second[:, *self.upper]]
        return np.asarray((c.weights[:, np.newaxis] * np.hstack(parts)).ravel())

    def from_vector(self, vector: Array) -> Components | None:
        """The components with these moments; None if a weight or a covariance is not positive."""
        sums = vector.reshape(-1, 1 + self.d + len(self.upper[0]))
        none = np.zeros(len(sums), dtype=bool)
        if not occupied(sums[:, 0]).all():
            return None
        try:
            found, _ = self._from_sums(sums, self.start, none, np.zeros((len(sums), self.d)))
            self._check_collapse(found)
        except CollapseError:
            return None
        return found

    def _covariances(self, components: Components) -> Array:
        roots = self.frame.root @ components.roots
        return roots @ roots.mT

    def _components(self, weights: Array, means: Array, roots: Array) -> Components:
        inverses = inverses_of(roots)
        own = cancels(roots, inverses, means) | self.all_own
        return Components(weights, means, roots, inverses, own)

    def _sweep(self, c: Components, own: NDArray[np.bool_], shifts: Array) -> GaussianSweep:
        with np.errstate(divide="ignore"):
            constants = np.log(c.weights) - self.log_volume
        constants -= np.log(np.einsum("jaa->ja", c.roots)).sum(axis=1)
        products = self._products(c, constants)
        return GaussianSweep(products, constants, c.means, c.inverses, own, shifts)

    def _products(self, c: Components, constants: Array) -> Array:
        precisions = c.inverses.mT @ c.inverses
        linear = np.matvec(precisions, c.means)
        products = np.empty((len(c.means), 1 + self.d + len(self.upper[0])))
        products[:, 0] = constants - 0.5 * np.vecdot(c.means, linear)
        products[:, 1 : 1 + self.d] = linear
        products[:, 1 + self.d :] = -precisions[:, *self.upper]
        products[:, 1 + self.d :][:, self.upper[0] == self.upper[1]] *= 0.5
        return products

    def _from_sums(
        self, sums: Array, c: Components, own: NDArray[np.bool_], shifts: Array
    ) -> tuple[Components, NDArray[np.bool_]]:
        """The new parameters, and which of them the sums were not exact enough for."""
        counts = sums[:, 0]
        for j in np.flatnonzero(~occupied(counts)):
            raise CollapseError(int(j), "its responsibilities sum to nothing")
        first = sums[:, 1 : 1 + self.d] / counts[:, np.newaxis]
        covariances = self._unpacked(sums[:, 1 + self.d :] / counts[:, np.newaxis])
        covariances -= first[:, :, np.newaxis] * first[:, np.newaxis, :]
        weights = counts / counts.sum()
        # What goes by residuals is in the component's coordinates, the rest in the frame's.
        frame = np.where(own[:, np.newaxis, np.newaxis], c.roots, np.eye(self.d))
        means = np.where(own[:, np.newaxis], c.means, 0.0) + np.matvec(frame, shifts + first)
        local = self._roots(weights, covariances, frame)
        found = self._components(weights, means, frame @ local)
        return found, cancels(local, inverses_of(local), first)

    def _roots(self, weights: Array, covariances: Array, frame: Array) -> Array:
        if not self.shared_covariance:
            return cholesky(covariances)
        shared = np.einsum("j,jab->ab", weights, frame @ covariances @ frame.mT)
        return np.asarray(np.linalg.solve(frame, cholesky(shared[np.newaxis])), dtype=float)

    def _unpacked(self, upper: Array) -> Array:
        matrices = np.empty((len(upper), self.d, self.d))
        a, b = self.upper
        matrices[:, a, b] = matrices[:, b, a] = upper
        return matrices

    def _check_collapse(self, c: Components) -> None:
        # A bound from the precisions' traces clears most cases without any eigenvalue.
        traces = (c.inverses * c.inverses).sum(axis=(1, 2))
        least = self.frame.smallest * c.weights.min() / traces.max()
        if not least > 2 * max(10 * self.d * EPS, self.scale.narrowest):
            check_collapse(self._covariances(c), self.scale)
