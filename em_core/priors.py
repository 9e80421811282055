"""What is held likely of a mixture of Gaussians before any data are seen."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import xlogy

from em_core import checks
from em_core.checks import Array
from em_core.covariances import Kind, check_covariances, cholesky, inverses_of, parted, tied
from em_core.survey import Survey, as_points


@dataclass(frozen=True, slots=True, eq=False)
class GaussianPrior:
    """A conjugate prior, the same for each component; the arrays are copied and read-only.

    The weights have a Dirichlet distribution; a covariance Σ has an inverse Wishart distribution,
    and given it a mean is normal, with covariance Σ / shrinkage. The M-step then takes some rows
    more for each component. A shared covariance has its prior once. Covariances of the narrower
    kinds have the same density among those of their kind, which is an inverse gamma.

    The formulas are Fraley and Raftery (2007), Journal of Classification 24:155, section 3, and
    Murphy (2012), Machine Learning, section 11.4.2.8, where each estimate is the mode.

    Parameters
    ----------
    concentration : float
        Of the Dirichlet distribution, at least 1, which says nothing: each component has so many
        rows more, less 1.
    mean : array_like of shape (d,)
        Where the means are expected.
    shrinkage : float
        Above 0: as so many rows, the prior draws a mean there.
    degrees : float
        Of freedom, above d − 1.
    scale : array_like of shape (d, d)
        Symmetric and positive definite; with its mean, Σ is likeliest at scale / (degrees + d + 2).

    Raises
    ------
    ValueError
        For a number out of its range, or arrays that don't fit.
    """

    concentration: float
    mean: Array
    shrinkage: float
    degrees: float
    scale: Array
    __setstate__ = checks.restored

    def __init__(
        self,
        concentration: float,
        mean: ArrayLike,
        shrinkage: float,
        degrees: float,
        scale: ArrayLike,
    ) -> None:
        mean = checks.numbers("mean", mean, ("d",))
        scale = checks.numbers("scale", scale, (len(mean), len(mean)))
        check_covariances("scale", scale[np.newaxis])
        checks.finite("concentration", concentration, least=1)
        checks.finite("shrinkage", shrinkage, least=0, above=True)
        checks.finite("degrees", degrees, least=len(mean) - 1, above=True)
        checks.restored(self, (concentration, mean, shrinkage, degrees, scale))

    @classmethod
    def weak(cls, x: ArrayLike, k: int) -> Self:
        """A prior that says little, and takes its place and scale from the data.

        No component can collapse under it. Its ``shrinkage`` of 0.01, its ``degrees`` of d + 2 and
        the factor k^(−2/d) are those of Fraley and Raftery: k components share out the volume.
        Covariances are likeliest at that factor times the variances of the columns, without
        correlations, as if 2 d + 4 rows had shown them; in their paper that is 2 d + 4 times less,
        which where columns are many costs much. The ``concentration`` of 1.01, for a hundredth of a
        row, keeps weights from 0.

        Parameters
        ----------
        x : array_like of shape (n, d)
        k : int
            The number of components.

        Raises
        ------
        ValueError
            For unusable arguments, or a column that is constant and so has no scale.
        """
        checks.whole_number("k", k, least=1)
        whole = checks.in_parts(x, lambda rows: Survey.of(as_points(rows)))
        (mean,), d = whole.mean, len(whole.largest)
        variances = np.diag(whole.scatter[0]) / whole.n[0]
        constant = np.flatnonzero(np.sqrt(variances) <= whole.finest())
        if constant.size:
            raise ValueError(f"x: {checks.listed('column', constant)} constant; leave out such")
        scale = (2 * d + 4) * np.diag(variances) / k ** (2 / d)
        return cls(1.01, mean, 0.01, d + 2, scale)

    def _apart(self, means: Array) -> Array:
        return means - self.mean.reshape(means.shape[1:])

    @np.errstate(over="ignore", invalid="ignore")  # what is not finite is no maximum
    def log_density(self, kind: Kind, weights: Array, means: Array, covariances: Array) -> float:
        """The log density at some parameters that were checked, but for a constant.

        Parameters
        ----------
        kind : str
            Of covariances.
        weights, means, covariances : ndarray
            As `GaussianParams` has them.
        """
        (scale,), parts = (parted(kind, m) for m in (self.scale[np.newaxis], covariances))
        apart = self._apart(means.reshape(parts.shape[:3]))
        inverses = inverses_of(cholesky(parts))
        log_sizes = -2 * np.log(np.einsum("jpaa->jpa", inverses)).sum(axis=(1, 2))
        distances = (np.einsum("jpab,jpb->jpa", inverses, apart) ** 2).sum(axis=(1, 2))
        traces = np.einsum("jpab,pbc,jpac->j", inverses, scale, inverses)
        own = (self.degrees + len(self.mean) + 1) * log_sizes + traces
        own = own[:1] if kind == "shared" else own
        twice = (log_sizes + self.shrinkage * distances).sum() + own.sum()
        return float(xlogy(self.concentration - 1, weights).sum() - twice / 2)

    @np.errstate(over="ignore", invalid="ignore")  # a collapse is looked for when all is known
    def mode(
        self, kind: Kind, n: Array, means: Array, scatters: Array
    ) -> tuple[Array, Array, Array]:
        """The likeliest weights, means and parts of covariances, after the components' rows.

        Parameters
        ----------
        kind : str
            Of covariances.
        n : ndarray of shape (k,)
            How many rows each component has.
        means : ndarray of shape (k, p, m)
            Theirs.
        scatters : ndarray of shape (k, p, m, m)
            The parts of Σ_i r_ij (x_i − mean_j)(x_i − mean_j)ᵀ.
        """
        scale, apart = parted(kind, self.scale[np.newaxis]), self._apart(means)
        share = (n / (n + self.shrinkage))[:, np.newaxis, np.newaxis]
        drawn = apart[..., np.newaxis] * apart[..., np.newaxis, :]
        scatters = scatters + self.shrinkage * share[..., np.newaxis] * drawn
        # A mean that is normal given Σ is one more row of it.
        rows = (n + 1)[:, np.newaxis, np.newaxis, np.newaxis]
        own = tied(kind, scatters / rows, (n + 1) / (n + 1).sum())
        rows = rows.sum(axis=0, keepdims=True) if kind == "shared" else rows
        total = rows + self.degrees + len(self.mean) + 1
        parts = (tied(kind, scale, np.ones(1)) + rows * own) / total
        more = n + self.concentration - 1
        means = means - (1 - share) * apart
        return more / more.sum(), means, np.broadcast_to(parts, scatters.shape)
