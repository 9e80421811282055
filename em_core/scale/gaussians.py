"""Mixtures of Gaussians in one pass over the data: the features, the guard and the residuals.

The features of a row are (1, x, the products x_a x_b); for spherical components (1, x, |x|²). Rows
are taken in blocks that stay in the processor's cache, as columns, so that nothing of size n × k is
ever made. Raw moments cancel for a narrow component far from the origin; `GUARD` says when, and
then the component goes by its *residuals*: the rows in its own coordinates, in which it has mean 0
and unit covariance. Where all do, the last one's moments are what the others leave of all the
rows', since responsibilities sum to 1.

Everything is computed of the covariances' parts (`em_core.covariances`): there are p of them, with
m rows each, and d = p · m. Products of axes in different parts are nowhere needed.
"""

from dataclasses import replace
from functools import cache, partial
from typing import Any, TypeAlias

import numpy as np

from em_core import covariances as cov
from em_core import gaussians
from em_core.checks import EPS, Array
from em_core.em import check_occupied, e_step, softmax, weighted
from em_core.gaussians import GaussianMixture, GaussianParams, check_collapse
from em_core.scale.sweeps import Expected, Sweeper, block_size
from em_core.survey import TINY, Survey, causes

Block: TypeAlias = tuple[Array, Any, Any]
GUARD = 1e5  # of a raw moment's 16 digits, 5 may cancel
# OpenBLAS packs the factors of a product, which for few components takes as long as the product,
# but not of small ones: of at most so many multiply-adds, or so many elements if rows meet rows.
# Strips of fewer columns than so many take longer.
BARE, SMALL, FEWEST = 1_000_000, 1_200, 20
STRIP = 16  # rows of a triangular matrix, at least, that are multiplied at once


def matvec(matrices: Array, vectors: Array) -> Array:
    """The products of matrices and vectors; numpy's own needs numpy 2.2."""
    return np.asarray((matrices @ vectors[..., np.newaxis])[..., 0])


def outer(vectors: Array) -> Array:
    """The products of vectors with themselves."""
    return np.asarray(vectors[..., np.newaxis] * vectors[..., np.newaxis, :])


def prefers_residuals(m: int, k: int) -> bool:
    """Whether residuals are the quicker way for all components, from the rows of a part.

    Making the m (m + 1) / 2 products of a row costs the same for one component as for fifty, while
    each component's residuals cost anew; the two meet near k = m / 10.
    """
    return 10 * k <= m


@cache
def triangle(d: int) -> tuple[Any, Any, Array]:
    """Of a symmetric matrix: the places of its upper half, in their order; the order; factors.

    The order is by diagonals, each of which goes on in the next one's end, so that a row's products
    are made of few long pieces: first the squares z_a z_a, then z_a z_{a+1}, and so on round.
    The factors turn a precision into the coefficients of −½ zᵀ Σ⁻¹ z.
    """
    turn, a = np.divmod(np.arange(d * (d + 1) // 2), d)
    b = (a + turn) % d
    order = np.zeros((d, d), dtype=int)
    order[a, b] = np.arange(len(a))
    return np.minimum(a, b) * d + np.maximum(a, b), np.maximum(order, order.T), np.eye(d) / 2 - 1


def told_apart(kind: cov.Kind, parts: Array) -> Array:
    """What a kind needs of second moments: shape (…, f − 1 − p m) from (…, p, m, m).

    It is the elements a ≤ b of the parts; of spherical ones, their sum.
    """
    *shape, p, m, _ = parts.shape
    halves = parts.reshape(*shape, p, -1).take(triangle(m)[0], axis=-1)
    return np.asarray(halves.sum(axis=-2) if kind == "spherical" else halves.reshape(*shape, -1))


def features(z: Array, f: int) -> Array:
    """The features (1, z_a, z_a z_b for a ≤ b) of rows in columns: shape (f, n) from (p, m, n).

    Spherical components need the sum of the squares alone: then f = 2 + d.
    """
    (_, m, n), rows = z.shape, z.reshape(-1, z.shape[2])
    phi, d = np.empty((f, n)), len(rows)
    phi[0], phi[1 : 1 + d] = 1, rows
    if f == 2 + d:
        np.einsum("an,an->n", rows, rows, out=phi[-1])
        return phi
    # Axes turned by 1, 2, … are windows on the axes and, below the last, the first ones once more.
    # These stand where the squares will.
    if turns := (m - 1) // 2:
        phi[1 + m : 1 + m + turns] = rows[:turns]
        step, shape = phi.strides[0], (turns, m, n)
        turned = np.ndarray(shape, buffer=phi, offset=2 * step, strides=(step, *phi.strides))
        np.multiply(rows, turned, out=phi[1 + 2 * m : 1 + (2 + turns) * m].reshape(shape))
    if m % 2 == 0:
        np.multiply(rows[: m // 2], rows[m // 2 :], out=phi[-m // 2 :])
    np.multiply(rows, rows, out=phi[1 + d : 1 + 2 * d])
    return phi


class Components:
    """A mixture in a frame.

    Parameters
    ----------
    weights : ndarray of shape (k,)
    means : ndarray of shape (k, p, m)
    roots : ndarray of shape (k, p, m, m)
        Lower triangular; a covariance's part is root · rootᵀ.
    kind : str
        Of covariances.
    inverses : ndarray of shape (k, p, m, m), optional
        Of the roots, if they are known better than from these.

    Attributes
    ----------
    given : sequence of ndarray, optional
        The weights, means and covariances in the data's own coordinates, if it came from these.
    traces : ndarray of shape (k,)
        Of the covariances' inverses, the precisions.
    kappa : ndarray of shape (k,)
        κ_j = Σ_a (Σ_j⁻¹)_aa ((Σ_j)_aa + μ_ja²): the raw moments over what is left of them. Beyond
        `GUARD`, too many digits cancel for a component.
    sound : bool
        Whether no component is beyond it.
    own : list of int
        The components that go by their residuals, for exactness or for speed.
    constants : ndarray of shape (k,)
        The log-joint at the mean, but for what is the same for all components and rows.
    products : ndarray of shape (k, f)
        W, which makes the log-joint of the features; −1e308 where this is −∞.
    """

    given: Any = None

    def __init__(
        self, weights: Array, means: Array, roots: Array, kind: str, inverses: Any = None
    ) -> None:
        self.weights, self.means, self.roots, self.kind = weights, means, roots, kind
        self.inverses = cov.inverses_of(roots) if inverses is None else inverses
        (k, _, m), flat = means.shape, means.reshape(len(means), -1)
        with np.errstate(all="ignore"):  # a collapse is looked for when all is known
            precisions = self.inverses.mT @ self.inverses
            diagonals = precisions.diagonal(0, 2, 3).reshape(flat.shape)
            self.traces = np.add.reduce(diagonals, axis=1)
            variances = np.vecdot(roots, roots).reshape(flat.shape)
            self.kappa = np.vecdot(diagonals, variances + flat * flat)
            self.sound = bool(np.maximum.reduce(self.kappa) <= GUARD)
            # What is shared goes by residuals for all.
            whole = prefers_residuals(m, k) or (kind == "shared" and not self.sound)
            self.own = [] if self.sound else np.flatnonzero(~(self.kappa <= GUARD)).tolist()
            self.own = list(range(k)) if whole else self.own
            sizes = roots.diagonal(0, 2, 3).reshape(flat.shape)
            self.constants = np.log(weights) - np.add.reduce(np.log(sizes), axis=1)
            linear = matvec(precisions, means).reshape(flat.shape)
            # Of a weight of 0 there is no infinite logarithm: some BLAS multiply it by zeros.
            first = np.maximum(self.constants, -1e308) - 0.5 * np.vecdot(flat, linear)
            apart = precisions[:, :1] if kind == "spherical" else precisions
            quadratic = told_apart(kind, apart * triangle(m)[2])
            self.products = np.concatenate([first[:, np.newaxis], linear, quadratic], axis=1)


class Frame:
    """Coordinates in which all the data have a mean near 0, and unit covariance.

    Parameters
    ----------
    whole : Survey
        Of all the data; axes without spread are left alone.
    k : int
        The number of components.
    kind : str
        Of covariances: it is the same in the frame.

    Attributes
    ----------
    centre : ndarray of shape (d,)
    root, inverse : ndarray of shape (p, m, m)
        Lower triangular: x = centre + root · z.
    units : ndarray of shape (d,)
        The axes' standard deviations.
    log_volume : float
        What the frame and the factors 2π take from the log-likelihood of all the rows.
    smallest : float
        The smallest eigenvalue of the correlations that the root makes.
    length : int
        The number of features of a row.
    work : int
        Multiply-adds a row.
    size : int
        The number of rows in a block.
    """

    def __init__(self, whole: Survey, k: int, kind: cov.Kind) -> None:
        (mean,), self.rows, self.kind = whole.mean, whole.rows, kind
        covariance = cov.of_kind(kind, whole.scatter / whole.n[0], np.ones(1))
        _, (units,), (correlations,) = cov.standardised(cov.parted(kind, covariance))
        self.smallest = float(np.linalg.eigvalsh(correlations).min())
        if self.smallest < 1e-12:
            correlations, self.smallest = np.eye(units.shape[1]), 1.0
        self.root = units[..., np.newaxis] * np.linalg.cholesky(correlations)
        self.units = units.ravel()
        # A shift by less than the spread would buy nothing, and round.
        self.centre = np.where(abs(mean) > self.units, mean, 0.0)
        sizes = np.sqrt(2 * np.pi) * self.root.diagonal(0, 1, 2)
        self.log_volume = whole.n[0] * float(np.log(sizes).sum())
        self.inverse = cov.inverses_of(self.root)
        self.shape = p, m = self.root.shape[:2]
        self.length = f = 2 + p if kind == "spherical" else 1 + p * m + p * m * (m + 1) // 2
        self.work, numbers = k * f, m * (k + 1) if prefers_residuals(m, k) else f
        # With fewer rows than axes, more time goes to fetching the roots than to using them.
        self.size = max(m, block_size(numbers + k))

    def block(self, x: Array, weights: Any) -> Block:
        """Some rows in these coordinates, as columns; their features, and their weights.

        Making features anew is quicker than to fetch them from main memory; only those of a block
        that is alone stay in the cache, and are kept.
        """
        # In rows, whatever the order in memory: BLAS adds up columns otherwise.
        rows = np.subtract(np.asarray(x, dtype=float), self.centre, order="C")
        z = triangular(self.inverse, rows.T.reshape(*self.shape, -1))
        return z, (features(z, self.length) if self.rows <= self.size else None), weights

    def components(self, weights: Array, means: Array, covariances: Array) -> Components:
        """A mixture in the data's own coordinates, in these."""
        roots = cov.cholesky(cov.parted(self.kind, covariances))
        # The root in the frame of a start of quite another scale tells nothing of it.
        inverses = cov.inverses_of(roots) @ self.root
        inner = matvec(self.inverse, (means - self.centre).reshape(-1, *self.shape))
        found = Components(weights, inner, self.inverse @ roots, self.kind, inverses)
        found.given = weights, means, covariances
        return found

    def moments(self, c: Components) -> tuple[Array, Array, Array]:
        """The weights, means and covariances in the data's own coordinates."""
        means, roots = matvec(self.root, c.means), self.root @ c.roots
        means = self.centre + means.reshape(len(means), -1)
        return c.given or (c.weights, means, cov.joined(roots @ roots.mT))

    def params(self, c: Components) -> GaussianParams:
        """The parameters in the data's own coordinates."""
        return GaussianParams(*self.moments(c))


def gaussian_sweep(c: Components, spared: bool, of_all: bool, block: Block) -> Expected:
    """A block's share of a pass.

    Parameters
    ----------
    c : Components
    spared : bool
        Whether of the last component, which goes by residuals, the mass alone is asked for.
    of_all : bool
        Whether the sums of all the rows are asked for as well, after the components'.
    block : tuple
        Some rows as columns, shape (p, m, n), their features if they are kept, and their weights.
    """
    (z, phi, weights), w, k = block, c.products, len(c.weights)
    mixed = len(c.own) < k
    phi = features(z, w.shape[1]) if mixed and phi is None else phi
    r = product(w, phi, BARE // w.size) if mixed else np.empty((k, z.shape[2]))
    # Threads wait for each other between calls of numpy, so there should be few; but in the cache.
    together = not mixed and z.shape[1] * STRIP <= SMALL
    groups = [slice(0, k)] if together else [slice(j, j + 1) for j in c.own]
    ys = [(js, triangular(c.inverses[js], z - c.means[js][..., np.newaxis])) for js in groups]
    for js, y in ys:
        r[js] = c.constants[js, np.newaxis] - 0.5 * np.einsum("jpai,jpai->ji", y, y)
    log_likelihood = float(np.add.reduce(weighted(softmax(r), weights)))
    r = weighted(r, weights)
    found = product(r, phi.T, SMALL // k) if mixed else np.zeros(w.shape)
    if spared:
        found[-1, 0] = r[-1].sum()
    for js, y in ys:
        if mine := range(k - spared)[js]:
            found[js][: len(mine)] = summed(c.kind, y[: len(mine)], r[js][: len(mine)])
    if of_all:
        ones = weighted(np.ones((1, z.shape[2])), weights)
        found = np.vstack([found, summed(c.kind, z[np.newaxis].copy(), ones)])
    return Expected(found, log_likelihood)


def product(a: Array, b: Array, step: int) -> Array:
    """The product of matrices, in strips of so many columns if that pays."""
    if step < FEWEST or (n := b.shape[1]) <= step:
        return a @ b
    found, even = np.empty((len(a), n)), n - n % step
    cut = [m[:, :even].reshape(len(m), -1, step).swapaxes(0, 1) for m in (b, found)]
    np.matmul(a, cut[0], out=cut[1])
    np.matmul(a, b[:, even:], out=found[:, even:])
    return found


def strips(m: int) -> list[tuple[slice, slice]]:
    """Of a lower triangular matrix: rows, and the columns up to the diagonal's."""
    step = max(STRIP, m // 8)
    return [(slice(at, at + step), slice(at + step)) for at in range(0, m, step)]


def triangular(root: Array, z: Array) -> Array:
    """The products of lower triangular matrices with columns, most of the zeros left out."""
    if (m := root.shape[-1]) == 1:
        return np.multiply(root, z, order="C")
    y = np.empty(z.shape)
    for rows, columns in strips(m):
        np.matmul(root[..., rows, columns], z[..., columns, :], out=y[..., rows, :])
    return y


def summed(kind: cov.Kind, y: Array, r: Array) -> Array:
    """Σ_i r_ij φ(y_ji) without the features, shape (k, f) from (k, p, m, n); y is overwritten."""
    r = r[:, np.newaxis]
    first, m = matvec(y, r), y.shape[2]
    if m * STRIP > SMALL:
        y *= np.sqrt(r)[:, np.newaxis]
        second = y @ y.mT  # the product of a matrix with itself is half the work
    else:
        second, mine = np.empty((*y.shape[:3], m)), y * r[:, np.newaxis]
        for rows, columns in strips(m):
            np.matmul(mine[:, :, columns], y[:, :, rows].mT, out=second[:, :, columns, rows])
    return np.hstack([r.sum(axis=2), first.reshape(len(y), -1), told_apart(kind, second)])


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

    all: Any = ()  # the averages of all the rows, once a pass has had to find them

    def __init__(self, model: Any, x: Any, start: Any, threads: Any, row_weights: Any) -> None:
        kind = self.kind = model.covariance
        gaussians.check_params(start, model)
        super().__init__(model, x, partial(gaussians.as_rows, params=start), row_weights)
        whole = self.whole = self.over(lambda x, v: Survey.of(x, v[:, np.newaxis], kind))
        self.why = partial(causes, lambda f: self.over(lambda x, v: f(x)), kind)
        self.finest, self.rows, self.mass = whole.finest(), whole.rows, whole.n[0]
        check_collapse(kind, start.covariances, self.finest, partial(self.why, None))
        self.frame = frame = Frame(whole, len(start.weights), kind)
        self.total = self.adder(frame.block, frame.size, frame.work, threads)
        self.params, self.order = frame.params, triangle(frame.shape[1])[1]
        self.d = len(self.finest)
        self.clear = 2 * max(10 * self.d * EPS, (self.finest / frame.units).max())
        self.start = frame.components(start.weights, start.means, start.covariances)
        self.alone = len(start.weights) == 1 and not model.prior

    def settled(self, c: Components) -> bool:
        """Whether it is known without a pass: one step takes a lone component to its maximum."""
        return self.alone and c is not self.start and c.sound

    def expect(self, c: Components) -> Expected:
        """The sums for these parameters, in one pass; of what is settled the mass alone."""
        if self.settled(c):  # in its own coordinates the rows have unit covariance
            top = self.mass * (float(c.constants[0]) - self.d / 2)
            return Expected(np.array([[self.mass]]), top - self.frame.log_volume)
        spared = self.spares(c)
        found = self.total(partial(gaussian_sweep, c, spared, new := spared and not self.all))
        sums, log_likelihood = found.sums, found.log_likelihood - self.frame.log_volume
        if new:
            sums, self.all = sums[:-1], self._averages(sums[-1:])
        return Expected(sums, log_likelihood)

    def spares(self, c: Components) -> bool:
        """Whether the last component's moments are what the others leave of all the rows'."""
        return self.kind == "full" and 1 < len(c.weights) == len(c.own) and self._clear_cut(c)

    def _clear_cut(self, c: Components) -> bool:
        # They cancel as raw moments do, and more where its weight is small.
        return bool(c.kappa[-1] <= GUARD * c.weights[-1])

    def maximise(self, expected: Expected, c: Components) -> Components:
        """The M-step; if the sums have lost too many digits for a component, that of the loop.

        Raises
        ------
        CollapseError
            As `GaussianMixture.m_step`.
        """
        if self.settled(c):
            return c
        kind, given = self.kind, partial(posterior, self.model, self.frame, c)
        found, sound = self._from_sums(expected.sums, c)
        if not sound:
            known = self.over(lambda x, v: Survey.of(x, v[:, np.newaxis] * given(x), kind))
            found = self._from_survey(known, c)
        self._check_collapse(found, partial(self.why, given))
        return found

    def log_prior(self, c: Components) -> float:
        """That of the model."""
        prior = self.model.prior
        return prior.log_density(self.kind, *self.frame.moments(c)) if prior else 0.0

    @np.errstate(all="ignore")  # what is not finite is not combined
    def vector(self, c: Components) -> Array:
        """The weights, and times them the means and the second moments about the frame's centre."""
        second = c.roots @ c.roots.mT + outer(c.means)
        flat = c.means.reshape(len(second), -1)
        columns = [np.ones((len(second), 1)), flat, told_apart(self.kind, second)]
        return np.asarray((c.weights[:, np.newaxis] * np.hstack(columns)).ravel())

    @np.errstate(all="ignore")
    def from_vector(self, vector: Array) -> Components:
        """The components with these moments, or a CollapseError if one is not positive."""
        found, _ = self._from_sums(vector.reshape(len(self.start.weights), -1), None)
        self._check_collapse(found)
        return found

    def _from_sums(self, sums: Array, c: Components | None) -> tuple[Components, bool]:
        """The new parameters, and whether the sums that they come from have kept their digits."""
        counts = sums[:, 0]
        prior, own = self.model.prior if c else None, list(c.own) if c else []
        if not prior:
            check_occupied((c or self.start).weights, counts)
        weights = counts / np.add.reduce(counts)
        means, covariances = self._averages(sums)
        covariances -= outer(means)
        if spared := c is not None and self.spares(c):
            if GUARD * weights[-1] < 1:  # so it would not be clear cut: its kappa is above 1
                return c, False
            self._put_last(own.pop(), weights, means, covariances, c)
        # What goes by residuals is in the component's coordinates, the rest in the frame's.
        if c and prior:
            covariances[own] = c.roots[own] @ covariances[own] @ c.roots[own].mT
            means[own] = c.means[own] + matvec(c.roots[own], means[own])
            root = self.frame.root
            averages = self.frame.centre + matvec(root, means).reshape(len(counts), -1)
            scatters = counts[:, np.newaxis, np.newaxis] * cov.joined(root @ covariances @ root.mT)
            known = replace(self.whole, n=counts, mean=averages, scatter=scatters)
            found = self._from_survey(known, c)
            cut = not spared or self._clear_cut(found)
            return found, cut and bool((np.delete(found.kappa, own) <= GUARD).all())
        roots = cov.cholesky(cov.tied(self.kind, covariances, weights))
        if roots.shape != covariances.shape:  # to broadcast takes long where rows are few
            roots = np.broadcast_to(roots, covariances.shape)
        found = Components(weights, means, roots, self.kind)
        sound = found.sound and (not spared or self._clear_cut(found))
        if not (c and own):
            return found, sound
        roots, means = np.array(roots), np.array(means)
        roots[own] = c.roots[own] @ roots[own]
        means[own] = c.means[own] + matvec(c.roots[own], means[own])
        return Components(weights, means, roots, self.kind), sound

    def _averages(self, sums: Array) -> tuple[Array, Array]:
        """The means, and the means of products."""
        averages = sums[:, 1:] / np.maximum(sums[:, :1], TINY)
        first, second = averages[:, : self.d], averages[:, self.d :]
        # All axes alike, since they are made equal later.
        second = second * np.full(self.d, 1 / self.d) if self.kind == "spherical" else second
        second = second.reshape(len(sums), self.frame.shape[0], -1).take(self.order, axis=2)
        return first.reshape(len(sums), *self.frame.shape), second

    def _put_last(self, j: int, weights: Array, means: Array, covariances: Array, c: Any) -> None:
        """Put in the last component's mean and covariance, from the others' by residuals."""
        roots, (first, second) = c.roots[:j], self.all
        others = c.means[:j] + matvec(roots, means[:j])
        seconds = roots @ covariances[:j] @ roots.mT + outer(others)
        means[j] = (first[0] - np.tensordot(weights[:j], others, 1)) / weights[j]
        second = (second[0] - np.tensordot(weights[:j], seconds, 1)) / weights[j]
        covariances[j] = second - outer(means[j])

    def _from_survey(self, known: Survey, c: Components) -> Components:
        return self.frame.components(*gaussians.estimates(known, c.weights, self.model))

    def _check_collapse(self, c: Components, *why: Any) -> None:
        # A bound from the precisions' traces clears most cases without any eigenvalue.
        least = self.frame.smallest * np.minimum.reduce(c.weights) / np.maximum.reduce(c.traces)
        if not least > self.clear:
            check_collapse(self.kind, self.frame.moments(c)[2], self.finest, *why)
