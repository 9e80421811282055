"""Mixtures of Gaussians in one pass over the data: the features, the guard and the residuals.

The features of a row are (1, x, the products x_a x_b). Rows are taken in blocks that stay in the
processor's cache, as columns, so that nothing of size n × k is ever made. Raw moments cancel for a
narrow component far from the origin; `GUARD` says when, and then the component goes by its
*residuals*: the rows in its own coordinates, in which it has mean 0 and unit covariance.
"""

from collections.abc import Callable
from functools import cache, partial
from operator import length_hint
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from em_core import gaussians
from em_core.causes import causes
from em_core.checks import Array
from em_core.em import CollapseError, check_occupied, e_step, softmax
from em_core.gaussians import EPS, GaussianMixture, GaussianParams, Survey, inverses_of
from em_core.scale.chunks import Chunks, added
from em_core.scale.sweeps import Expected, adder, block_size
from em_core.scale.threads import one_thread_in_blas

Block: TypeAlias = tuple[Array, Any]
Mask: TypeAlias = NDArray[np.bool_]
matvec = partial(np.einsum, "jab,jb->ja")  # numpy.matvec needs numpy 2.2
GUARD = 1e5  # of a raw moment's 16 digits, 5 may cancel
HOPELESS = 1e11  # beyond it, what is left does not even tell where the component lies
STRIP = 96  # rows of a triangular matrix that are multiplied at once


def prefers_residuals(d: int, k: int) -> bool:
    """Whether residuals are the quicker way for all components.

    Making the d (d + 1) / 2 products of a row costs the same for one component as for fifty, while
    each component's residuals cost anew; the two meet near k = d / 10.
    """
    return 10 * k <= d


@cache
def triangle(d: int) -> tuple[tuple[Any, ...], Any, Array]:
    """Of a symmetric matrix: the places (a, b), a ≤ b, in their order; the order by place; factors.

    The factors turn a precision's elements at these places into the coefficients of −½ zᵀ Σ⁻¹ z.
    """
    upper = np.triu_indices(d)
    order = np.zeros((d, d), dtype=int)
    order[upper] = np.arange(len(upper[0]))
    return upper, np.maximum(order, order.T), np.where(upper[0] == upper[1], -0.5, -1.0)


def features(z: Array) -> Array:
    """The features (1, z_a, z_a z_b for a ≤ b) of rows in columns: shape (f, n) from (d, n)."""
    d, n = z.shape
    phi = np.empty((1 + d + d * (d + 1) // 2, n))
    phi[0], phi[1 : 1 + d] = 1, z
    at = 1 + d
    for a in range(d):
        np.multiply(z[a], z[a:], out=phi[at : at + d - a])
        at += d - a
    return phi


class Frame:
    """Coordinates in which all the data have a mean near 0, and unit covariance.

    Parameters
    ----------
    mean : ndarray of shape (d,)
        Of all the data.
    scatter : ndarray of shape (d, d)
        Σ_i (x_i − mean)(x_i − mean)ᵀ; axes without spread are left alone.
    n, k : int
        The number of rows, and of components.

    Attributes
    ----------
    centre : ndarray of shape (d,)
    root, inverse : ndarray of shape (d, d)
        Lower triangular: x = centre + root · z.
    log_volume : float
        What the frame and the factors 2π take from the log-likelihood of all the rows.
    smallest : float
        The smallest eigenvalue of the correlations that the root makes.
    work : int
        Multiply-adds a row.
    size : int
        The number of rows in a block.
    """

    def __init__(self, mean: Array, scatter: Array, n: float, k: int) -> None:
        self.n, d = n, len(mean)
        deviations = np.sqrt(np.diag(scatter) / n)
        deviations[deviations == 0] = 1
        correlations = scatter / n / np.outer(deviations, deviations)
        self.smallest = float(np.linalg.eigvalsh(correlations)[0])
        if self.smallest < 1e-12:
            correlations, self.smallest = np.eye(d), 1.0
        # A shift by less than the spread would buy nothing, and round.
        self.centre = np.where(abs(mean) > deviations, mean, 0.0)
        self.root = deviations[:, np.newaxis] * np.linalg.cholesky(correlations)
        self.inverse = inverses_of(self.root[np.newaxis])[0]
        self.log_volume = n * float(np.log(np.sqrt(2 * np.pi) * np.diag(self.root)).sum())
        f = 1 + d + d * (d + 1) // 2
        self.work, numbers = k * f, d * (k + 1) if prefers_residuals(d, k) else f
        # With fewer rows than axes, more time goes to fetching the roots than to using them.
        self.size = max(d, block_size(numbers + k))

    def block(self, x: Array) -> Block:
        """Some rows in these coordinates, as columns; and their features.

        Making features anew is quicker than to fetch them from main memory; only those of a block
        that is alone stay in the cache, and are kept.
        """
        # In rows, whatever the order in memory: BLAS adds up columns otherwise.
        rows = np.subtract(np.asarray(x, dtype=float), self.centre, order="C")
        z = triangular(self.inverse, rows.T)
        return z, (features(z) if self.n <= self.size else None)


class Components:
    """A mixture in a frame.

    Parameters
    ----------
    weights : ndarray of shape (k,)
    means : ndarray of shape (k, d)
    roots : ndarray of shape (k, d, d)
        Lower triangular; a covariance is root · rootᵀ.
    inverses : ndarray of shape (k, d, d), optional
        Of the roots, if they are known better than from these.

    Attributes
    ----------
    traces : ndarray of shape (k,)
        Of the covariances' inverses, the precisions.
    kappa : ndarray of shape (k,)
        κ_j = Σ_a (Σ_j⁻¹)_aa ((Σ_j)_aa + μ_ja²): the raw moments over what is left of them. Beyond
        `GUARD`, too many digits cancel for a component.
    own : ndarray of bool, shape (k,)
        Whether a component goes by its residuals, for exactness or for speed.
    constants : ndarray of shape (k,)
        The log-joint at the mean, but for what is the same for all components and rows.
    products : ndarray of shape (k, f)
        W, which makes the log-joint of the features.
    """

    def __init__(
        self, weights: Array, means: Array, roots: Array, inverses: Array | None = None
    ) -> None:
        self.weights, self.means, self.roots = weights, means, roots
        self.inverses = inverses_of(roots) if inverses is None else inverses
        upper, _, factors = triangle(means.shape[1])
        with np.errstate(all="ignore"):  # a collapse is looked for when all is known
            precisions = self.inverses.mT @ self.inverses
            diagonals = np.einsum("jaa->ja", precisions)
            self.traces = diagonals.sum(axis=1)
            kappa = np.vecdot(diagonals, (roots * roots).sum(axis=2) + means * means)
            self.kappa = np.where(np.isnan(kappa), np.inf, kappa)
            self.own = (self.kappa > GUARD) | prefers_residuals(*means.shape[::-1])
            self.constants = np.log(weights) - np.log(np.einsum("jaa->ja", roots)).sum(axis=1)
            linear = matvec(precisions, means)
            first = self.constants - 0.5 * np.vecdot(means, linear)
            parts = [first[:, np.newaxis], linear, precisions[:, *upper] * factors]
            self.products = np.concatenate(parts, axis=1)


def gaussian_sweep(c: Components, own: Mask, at: Components, block: Block) -> Expected:
    """A block's share of a pass.

    Parameters
    ----------
    c : Components
    own : ndarray of bool, shape (k,)
        The components that go by residuals.
    at : Components
        In whose coordinates the residuals' moments are taken: c's own, or others.
    block : tuple
        Some rows as columns, shape (d, n), and their features if they are kept.
    """
    z, phi = block
    mixed = not own.all()
    phi = features(z) if mixed and phi is None else phi
    r = c.products @ phi if mixed else np.empty((len(own), z.shape[1]))
    residuals = {j: residuals_of(c, j, z) for j in np.flatnonzero(own)}
    for j, y in residuals.items():
        r[j] = c.constants[j] - 0.5 * np.einsum("ai,ai->i", y, y)
    log_likelihood = softmax(r)
    sums = r @ phi.T if mixed else np.empty_like(c.products)
    for j, y in residuals.items():
        y = y if at is c else residuals_of(at, j, z)
        sums[j] = summed(y, r[j])
    return Expected(sums, log_likelihood)


def residuals_of(c: Components, j: Any, z: Array) -> Array:
    """Rows in a component's own coordinates."""
    return triangular(c.inverses[j], z - c.means[j][:, np.newaxis])


def triangular(root: Array, z: Array) -> Array:
    """The product of a lower triangular matrix with columns, most of the zeros left out."""
    y = np.empty((len(root), z.shape[1]))
    for at in range(0, len(root), STRIP):
        np.matmul(root[at : at + STRIP, : at + STRIP], z[: at + STRIP], out=y[at : at + STRIP])
    return y


def summed(y: Array, r: Array) -> Array:
    """Σ_i r_i φ(y_i) without the features, shape (f,); y is overwritten."""
    first = y @ r
    y *= np.sqrt(r)
    # The product of a matrix with itself is half the work.
    return np.concatenate([[r.sum()], first, (y @ y.T)[triangle(len(y))[0]]])


class GaussianSweeper:
    """A mixture of Gaussians with its data, as `em_core.scale.sweeps.passes` needs it.

    Parameters
    ----------
    model : GaussianMixture
    x : array_like of shape (n, d), or Chunks of such
    start : GaussianParams
    threads : int, optional
        As for `em_core.fit`.

    Raises
    ------
    ValueError
        For unusable data or parameters.
    CollapseError
        If a covariance is not positive definite to the working precision of these data.
    """

    def __init__(self, model: GaussianMixture, x: Any, start: GaussianParams, threads: Any) -> None:
        shared = model.shared_covariance
        chunks = x if isinstance(x, Chunks) else Chunks.of(gaussians.as_rows(x, start, shared))
        gaussians.check_params(start, shared)

        def over(function: Callable[[Array], Any]) -> list[Any]:
            with one_thread_in_blas(when=length_hint(chunks.pieces, 2) > 1):
                return chunks.sum(lambda piece: [function(gaussians.as_rows(piece, start, shared))])

        whole, self.why = added(over(Survey.of)), partial(causes, over, shared)
        self.finest = whole.finest()
        gaussians.check_collapse(start.covariances, self.finest, partial(self.why, None))
        frame = self.frame = Frame(whole.mean, whole.scatter, whole.n, len(start.weights))
        self.total = adder(chunks, frame, chunks is not x, threads)
        self.shared, (self.upper, self.order, _) = shared, triangle(len(self.finest))
        self.model, self.rows = model, whole.n
        units = np.linalg.norm(frame.root, axis=1)
        self.axes, self.one = frame.inverse * units, np.eye(len(units))[np.newaxis]
        # No row is farther out.
        self.reach = 2 * np.sqrt(whole.n) + abs(frame.inverse @ (whole.mean - frame.centre))
        self.clear = 2 * max(10 * len(self.finest) * EPS, (self.finest / units).max())
        means = (start.means - frame.centre) @ frame.inverse.T
        roots = gaussians.cholesky(start.covariances)
        # The root in the frame of a start of quite another scale tells nothing of it.
        inverses = inverses_of(roots) @ frame.root
        self.start = Components(start.weights, means, frame.inverse @ roots, inverses)

    def expect(self, c: Components) -> Expected:
        """The sums for these parameters, in one pass."""
        found = self.total(partial(gaussian_sweep, c, c.own, c))
        return Expected(found.sums, found.log_likelihood - self.frame.log_volume)

    def maximise(self, expected: Expected, c: Components) -> Components:
        """The M-step; further passes if the sums have lost too many digits for a component.

        They are taken in the coordinates of what was found. Where nothing can be told from that, as
        after a start whose correlations are of another scale than the data's, the data's own axes
        come before it, as in `GaussianMixture.m_step`.

        Raises
        ------
        CollapseError
            As `GaussianMixture.m_step`.
        """
        own, at = c.own, c
        found, kappa = self._from_sums(expected.sums, own, at)
        for _ in range(2):
            if not (lost := kappa > GUARD).any():
                break
            own = own | lost
            means = np.where(lost[:, None], found.means.clip(-self.reach, self.reach), at.means)
            roots = np.where(kappa[:, None, None] > HOPELESS, self.axes, found.roots)
            at = Components(c.weights, means, np.where(lost[:, None, None], roots, at.roots))
            again = self.total(partial(gaussian_sweep, c, own, at))
            found, kappa = self._from_sums(again.sums, own, at)

        def posterior(x: Array) -> Array:
            return e_step(self.model.log_joint(x, self.params(c)))[0]

        self._check_collapse(found, partial(self.why, posterior))
        return found

    def params(self, c: Components) -> GaussianParams:
        """The parameters in the data's own coordinates."""
        means = self.frame.centre + c.means @ self.frame.root.T
        return GaussianParams(c.weights, means, self._covariances(c))

    @np.errstate(all="ignore")  # what is not finite is not combined
    def vector(self, c: Components) -> Array:
        """The weights, and times them the means and the second moments about the frame's centre."""
        second = c.roots @ c.roots.mT + c.means[:, :, np.newaxis] * c.means[:, np.newaxis, :]
        parts = [np.ones((len(c.means), 1)), c.means, second[:, *self.upper]]
        return np.asarray((c.weights[:, np.newaxis] * np.hstack(parts)).ravel())

    @np.errstate(all="ignore")
    def from_vector(self, vector: Array) -> Components | None:
        """The components with these moments; None if a weight or a covariance is not positive."""
        sums = vector.reshape(len(self.start.weights), -1)
        try:
            found, _ = self._from_sums(sums, np.zeros(len(sums), dtype=bool), self.start)
            self._check_collapse(found)
        except CollapseError:
            return None
        return found

    def _covariances(self, c: Components) -> Array:
        roots = self.frame.root @ c.roots
        return roots @ roots.mT

    def _from_sums(self, sums: Array, own: Mask, at: Components) -> tuple[Components, Array]:
        """The new parameters, and the κ of the sums that they come from."""
        counts = sums[:, 0]
        check_occupied(at.weights, counts)
        d, weights, averages = len(self.order), counts / counts.sum(), sums[:, 1:] / counts[:, None]
        first = averages[:, :d]
        covariances = averages[:, d:].take(self.order, axis=1)
        covariances -= first[:, :, np.newaxis] * first[:, np.newaxis, :]
        if not own.any():
            found = Components(weights, first, self._roots(weights, covariances, self.one, own))
            return found, found.kappa
        # What goes by residuals is in the coordinates given, the rest in the frame's.
        frame = np.where(own[:, np.newaxis, np.newaxis], at.roots, self.one)
        means = np.where(own[:, np.newaxis], at.means, 0.0) + matvec(frame, first)
        roots = self._roots(weights, covariances, frame, own)
        kappa = Components(weights, first, inverses_of(frame) @ roots).kappa
        # What is shared is lost for all.
        return Components(weights, means, roots), np.where(self.shared, kappa.max(), kappa)

    def _roots(self, weights: Array, covariances: Array, frame: Array, own: Mask) -> Array:
        """The covariances' roots, in the frame's coordinates."""
        if not self.shared:
            return np.asarray(frame @ gaussians.cholesky(covariances))
        if not own.all():
            covariances, frame = frame @ covariances @ frame.mT, self.one
        shared = np.einsum("j,jab->ab", weights, covariances)
        root = frame[:1] @ gaussians.cholesky(shared[np.newaxis])
        return np.repeat(root, len(weights), axis=0)

    def _check_collapse(self, c: Components, *why: Any) -> None:
        # A bound from the precisions' traces clears most cases without any eigenvalue.
        least = self.frame.smallest * c.weights.min() / c.traces.max()
        if not least > self.clear:
            gaussians.check_collapse(self._covariances(c), self.finest, *why)
