"""Mixtures of Gaussians in one pass over the data: the features, the guard and the residuals.

The features of a row are (1, x, the products x_a x_b). Rows are taken in blocks that stay in the
processor's cache, as columns, so that nothing of size n × k is ever made. Raw moments cancel for a
narrow component far from the origin; `GUARD` says when, and then the component goes by its
*residuals*: the rows in its own coordinates, in which it has mean 0 and unit covariance.
"""

from functools import cache, partial
from typing import Any, TypeAlias

import numpy as np

from em_core import gaussians
from em_core.checks import EPS, Array
from em_core.em import check_occupied, e_step, softmax, weighted
from em_core.gaussians import GaussianMixture, GaussianParams, inverses_of
from em_core.scale.sweeps import Expected, Sweeper, adder, block_size
from em_core.survey import Survey, causes, standardised

Block: TypeAlias = tuple[Array, Any, Any]
matvec = partial(np.einsum, "jab,jb->ja")  # numpy.matvec needs numpy 2.2
GUARD = 1e5  # of a raw moment's 16 digits, 5 may cancel
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


class Components:
    """A mixture in a frame.

    Parameters
    ----------
    weights : ndarray of shape (k,)
    means : ndarray of shape (k, d)
    roots : ndarray of shape (k, d, d)
        Lower triangular; a covariance is root · rootᵀ.
    shared : bool
        Whether the components have one covariance.
    inverses : ndarray of shape (k, d, d), optional
        Of the roots, if they are known better than from these.
    given : sequence of ndarray, optional
        The weights, means and covariances in the data's own coordinates, if it came from these.

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
        self,
        weights: Array,
        means: Array,
        roots: Array,
        shared: bool,
        inverses: Any = None,
        given: Any = None,
    ) -> None:
        self.weights, self.means, self.roots, self.given = weights, means, roots, given
        self.inverses = inverses_of(roots) if inverses is None else inverses
        upper, _, factors = triangle(means.shape[1])
        with np.errstate(all="ignore"):  # a collapse is looked for when all is known
            precisions = self.inverses.mT @ self.inverses
            diagonals = np.einsum("jaa->ja", precisions)
            self.traces = diagonals.sum(axis=1)
            kappa = np.vecdot(diagonals, (roots * roots).sum(axis=2) + means * means)
            self.kappa = np.where(np.isnan(kappa), np.inf, kappa)
            lost = self.kappa > GUARD  # and what is shared, for all
            self.own = lost | (shared and lost.any()) | prefers_residuals(*means.shape[::-1])
            self.constants = np.log(weights) - np.log(np.einsum("jaa->ja", roots)).sum(axis=1)
            linear = matvec(precisions, means)
            first = self.constants - 0.5 * np.vecdot(means, linear)
            parts = [first[:, np.newaxis], linear, precisions[:, *upper] * factors]
            self.products = np.concatenate(parts, axis=1)


class Frame:
    """Coordinates in which all the data have a mean near 0, and unit covariance.

    Parameters
    ----------
    whole : Survey
        Of all the data; axes without spread are left alone.
    k : int
        The number of components.

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

    def __init__(self, whole: Survey, k: int) -> None:
        (mean,), self.rows, d = whole.mean, whole.rows, len(whole.largest)
        _, deviations, (correlations,) = standardised(whole.scatter / whole.n[0])
        self.smallest = float(np.linalg.eigvalsh(correlations)[0])
        if self.smallest < 1e-12:
            correlations, self.smallest = np.eye(d), 1.0
        # A shift by less than the spread would buy nothing, and round.
        self.centre = np.where(abs(mean) > deviations[0], mean, 0.0)
        self.root = deviations.T * np.linalg.cholesky(correlations)
        self.inverse = inverses_of(self.root[np.newaxis])[0]
        self.log_volume = whole.n[0] * float(np.log(np.sqrt(2 * np.pi) * np.diag(self.root)).sum())
        f = 1 + d + d * (d + 1) // 2
        self.work, numbers = k * f, d * (k + 1) if prefers_residuals(d, k) else f
        # With fewer rows than axes, more time goes to fetching the roots than to using them.
        self.size = max(d, block_size(numbers + k))

    def block(self, x: Array, weights: Any) -> Block:
        """Some rows in these coordinates, as columns; their features, and their weights.

        Making features anew is quicker than to fetch them from main memory; only those of a block
        that is alone stay in the cache, and are kept.
        """
        # In rows, whatever the order in memory: BLAS adds up columns otherwise.
        rows = np.subtract(np.asarray(x, dtype=float), self.centre, order="C")
        z = triangular(self.inverse, rows.T)
        return z, (features(z) if self.rows <= self.size else None), weights

    def components(
        self, weights: Array, means: Array, covariances: Array, shared: bool
    ) -> Components:
        """A mixture in the data's own coordinates, in these."""
        roots, given = gaussians.cholesky(covariances), (weights, means, covariances)
        # The root in the frame of a start of quite another scale tells nothing of it.
        inverses, means = inverses_of(roots) @ self.root, (means - self.centre) @ self.inverse.T
        return Components(weights, means, self.inverse @ roots, shared, inverses, given)

    def covariances(self, c: Components) -> Array:
        """The covariances in the data's own coordinates."""
        roots = self.root @ c.roots
        return c.given[2] if c.given else np.asarray(roots @ roots.mT)

    def params(self, c: Components) -> GaussianParams:
        """The parameters in the data's own coordinates."""
        means = c.given[1] if c.given else self.centre + c.means @ self.root.T
        return GaussianParams(c.weights, means, self.covariances(c))


def gaussian_sweep(c: Components, block: Block) -> Expected:
    """A block's share of a pass.

    Parameters
    ----------
    c : Components
    block : tuple
        Some rows as columns, shape (d, n), their features if they are kept, and their weights.
    """
    z, phi, weights = block
    mixed = not c.own.all()
    phi = features(z) if mixed and phi is None else phi
    r = c.products @ phi if mixed else np.empty((len(c.own), z.shape[1]))
    own = [(j, c.means[j][:, np.newaxis]) for j in np.flatnonzero(c.own)]
    residuals = {j: triangular(c.inverses[j], z - mean) for j, mean in own}
    for j, y in residuals.items():
        r[j] = c.constants[j] - 0.5 * np.einsum("ai,ai->i", y, y)
    log_likelihood = float(weighted(softmax(r), weights).sum())
    r = weighted(r, weights)
    sums = r @ phi.T if mixed else np.empty_like(c.products)
    for j, y in residuals.items():
        sums[j] = summed(y, r[j])
    return Expected(sums, log_likelihood)


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


def posterior(model: GaussianMixture, frame: Frame, c: Components, x: Array) -> Array:
    """The responsibilities for rows in the data's own coordinates."""
    return e_step(model.log_joint(x, frame.params(c)))[0]


class GaussianSweeper(Sweeper):
    """A mixture of Gaussians with its data, as `em_core.scale.sweeps.passes` needs it.

    Parameters
    ----------
    model : GaussianMixture
    x : array_like of shape (n, d), or Chunks of such
    start : GaussianParams
    threads : int, optional
    row_weights : ndarray of shape (n,), optional
        As for `em_core.fit`.

    Raises
    ------
    ValueError
        For unusable data or parameters.
    CollapseError
        If a covariance is not positive definite to the working precision of these data.
    """

    def __init__(
        self, model: GaussianMixture, x: Any, start: GaussianParams, threads: Any, row_weights: Any
    ) -> None:
        gaussians.check_params(start, model.shared_covariance)
        super().__init__(model, x, partial(gaussians.as_rows, params=start), row_weights)
        self.shared = model.shared_covariance
        whole = self.over(lambda x, v: Survey.of(x, v[:, np.newaxis]))
        self.why = partial(causes, lambda f: self.over(lambda x, v: f(x)), self.shared)
        self.finest, self.rows, self.mass = whole.finest(), whole.rows, whole.n[0]
        gaussians.check_collapse(start.covariances, self.finest, partial(self.why, None))
        frame, d = Frame(whole, len(start.weights)), len(self.finest)
        self.total = adder(self.chunks, frame, self.kept, threads)
        self.frame, self.params, (self.upper, self.order, _) = frame, frame.params, triangle(d)
        units = np.linalg.norm(frame.root, axis=1)
        self.clear = 2 * max(10 * d * EPS, (self.finest / units).max())
        self.start = frame.components(start.weights, start.means, start.covariances, self.shared)

    def expect(self, c: Components) -> Expected:
        """The sums for these parameters, in one pass."""
        found = self.total(partial(gaussian_sweep, c))
        return Expected(found.sums, found.log_likelihood - self.frame.log_volume)

    def maximise(self, expected: Expected, c: Components) -> Components:
        """The M-step; if the sums have lost too many digits for a component, that of the loop.

        Raises
        ------
        CollapseError
            As `GaussianMixture.m_step`.
        """
        given = partial(posterior, self.model, self.frame, c)
        found, kappa = self._from_sums(expected.sums, c)
        if (kappa > GUARD).any():
            known = self.over(lambda x, v: Survey.of(x, v[:, np.newaxis] * given(x)))
            estimates = gaussians.estimates(known, c.weights, self.shared)
            found = self.frame.components(*estimates, self.shared)
        self._check_collapse(found, partial(self.why, given))
        return found

    @np.errstate(all="ignore")  # what is not finite is not combined
    def vector(self, c: Components) -> Array:
        """The weights, and times them the means and the second moments about the frame's centre."""
        second = c.roots @ c.roots.mT + c.means[:, :, np.newaxis] * c.means[:, np.newaxis, :]
        parts = [np.ones((len(c.means), 1)), c.means, second[:, *self.upper]]
        return np.asarray((c.weights[:, np.newaxis] * np.hstack(parts)).ravel())

    @np.errstate(all="ignore")
    def from_vector(self, vector: Array) -> Components:
        """The components with these moments, or a CollapseError if one is not positive."""
        found, _ = self._from_sums(vector.reshape(len(self.start.weights), -1), None)
        self._check_collapse(found)
        return found

    def _from_sums(self, sums: Array, c: Components | None) -> tuple[Components, Array]:
        """The new parameters, and the κ of the sums that they come from."""
        counts, d = sums[:, 0], len(self.order)
        check_occupied((c or self.start).weights, counts)
        weights, averages = counts / counts.sum(), sums[:, 1:] / counts[:, np.newaxis]
        means, covariances = averages[:, :d], averages[:, d:].take(self.order, axis=1)
        covariances -= means[:, :, np.newaxis] * means[:, np.newaxis, :]
        if self.shared:
            covariances = np.einsum("j,jab->ab", weights, covariances)[np.newaxis]
        roots = np.repeat(gaussians.cholesky(covariances), len(sums) // len(covariances), axis=0)
        found = Components(weights, means, roots, self.shared)
        if c is None or not c.own.any():
            return found, found.kappa
        # What goes by residuals is in the component's coordinates, the rest in the frame's.
        own = c.own[:, np.newaxis]
        roots = np.where(own[:, np.newaxis], c.roots @ roots, roots)
        means = np.where(own, c.means + matvec(c.roots, means), means)
        return Components(weights, means, roots, self.shared), found.kappa

    def _check_collapse(self, c: Components, *why: Any) -> None:
        # A bound from the precisions' traces clears most cases without any eigenvalue.
        least = self.frame.smallest * c.weights.min() / c.traces.max()
        if not least > self.clear:
            gaussians.check_collapse(self.frame.covariances(c), self.finest, *why)
