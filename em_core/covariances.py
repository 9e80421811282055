"""The four kinds of covariance matrices, and the roots of matrices.

Axes that are not correlated need no matrix. So what is computed of a covariance is computed of its
*parts*, the matrices on its diagonal: a full covariance is one part of d rows, a diagonal one is d
parts of one row.
"""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dtrtri

from em_core import checks
from em_core.checks import Array

Kind: TypeAlias = str  # one of these
KINDS = ("full", "shared", "diagonal", "spherical")
UNCORRELATED = KINDS[2:]
NEEDS = {
    "shared": "differs from matrix 0; {} needs one k times, for instance their weighted mean",
    "diagonal": "is not diagonal; {} needs zeros beside the diagonal",
    "spherical": "is no multiple of the identity; {} needs one variance for all axes",
}


def kind_of(model: Any) -> Kind | None:
    """The kind that a model's ``covariance`` names; None if it names none."""
    kind = getattr(model, "covariance", None)
    return kind if isinstance(kind, str) and kind in KINDS else None


def width(kind: Kind, d: int) -> int:
    """The number of rows of a part."""
    return 1 if kind in UNCORRELATED else d


def parted(kind: Kind, matrices: Array) -> Array:
    """The parts of matrices of shape (k, d, d): shape (k, 1, d, d) or (k, d, 1, 1)."""
    if kind in UNCORRELATED:
        return np.asarray(np.einsum("jaa->ja", matrices)[:, :, np.newaxis, np.newaxis])
    return matrices[:, np.newaxis]


def joined(parts: Array) -> Array:
    """The matrices with these parts."""
    return np.asarray(parts[:, 0] if parts.shape[3] > 1 else parts[..., 0] * np.eye(parts.shape[1]))


def tied(kind: Kind, parts: Array, shares: Array) -> Array:
    """The means of what is equal in a kind, with axes of length 1 for what it has in common.

    Parameters
    ----------
    kind : str
    parts : ndarray of shape (k, p, m, m)
        The components' own covariances.
    shares : ndarray of shape (k,)
        The components' shares of the rows; they sum to 1.
    """
    if kind == "shared":
        parts = np.einsum("j,jpab->pab", shares, parts)[np.newaxis]
    return parts.mean(axis=1, keepdims=True) if kind == "spherical" else parts


def of_kind(kind: Kind, matrices: Array, shares: Array) -> Array:
    """The covariances of a kind, of shape (k, d, d), that come from the components' own."""
    parts = parted(kind, matrices)
    return np.array(joined(np.broadcast_to(tied(kind, parts, shares), parts.shape)))


def patterns(kind: Kind | None, d: int) -> Array:
    """Of which matrices those of a kind are sums, each times a number: shape (p, d, d)."""
    a, b = (np.arange(d),) * 2 if kind in UNCORRELATED else np.tril_indices(d)
    pairs = np.eye(d)[a][:, :, np.newaxis] * np.eye(d)[b][:, np.newaxis, :]
    return pairs.sum(axis=0, keepdims=True) if kind == "spherical" else np.maximum(pairs, pairs.mT)


def check_kind(kind: Kind, covariances: Array) -> None:
    """Raise a ValueError unless these covariances are of a kind."""
    right = covariances[:1] if kind == "shared" else covariances
    if kind in UNCORRELATED:
        variances = right[:, :1, :1] if kind == "spherical" else right
        right = variances * np.eye(right.shape[1])
    if (wrong := (covariances != right).any(axis=(1, 2))).any():
        needs = NEEDS[kind].format(f'covariance="{kind}"')
        raise ValueError(f"covariances: matrix {wrong.argmax()} {needs}")


def check_covariances(name: str, matrices: Array) -> None:
    """Raise a ValueError unless matrices of shape (k, d, d) are symmetric and positive definite."""
    correlations = standardised(matrices)[2]
    crooked = abs(correlations - correlations.mT).max(axis=(1, 2)) > checks.SYMMETRY_TOLERANCE
    if crooked.any():
        raise ValueError(f"{name}: matrix {crooked.argmax()} is not symmetric")
    if (failed := np.isnan(cholesky(matrices)).any(axis=(1, 2))).any():
        raise ValueError(f"{name}: matrix {failed.argmax()} is not positive definite")


def standardised(covariances: Array, least: Any = 0.0) -> tuple[NDArray[np.bool_], Array, Array]:
    """Which axes vary by more than the least, the standard deviations, and the correlations.

    The standard deviation of an axis that does not vary is given as 1.
    """
    spread = np.sqrt(np.einsum("...aa->...a", covariances).clip(0))
    varies = spread > least
    units = np.where(varies, spread, 1.0)
    return varies, units, covariances / (units[..., :, np.newaxis] * units[..., np.newaxis, :])


def cholesky(matrices: Array) -> Array:
    """The lower Cholesky factors; NaN for a matrix that has none."""
    if (m := matrices.shape[-1]) == 1:
        return np.asarray(np.sqrt(np.where(matrices > 0, matrices, np.nan)))
    found = [dpotrf(matrix, lower=1) for matrix in matrices.reshape(-1, m, m)]
    roots = [np.full_like(root, np.nan) if failed else root for root, failed in found]
    return np.array(roots).reshape(matrices.shape)


def inverses_of(roots: Array) -> Array:
    """The inverses of lower triangular matrices."""
    if (m := roots.shape[-1]) == 1:
        return 1 / roots
    found = [dtrtri(root, lower=1)[0] for root in roots.reshape(-1, m, m)]
    return np.array(found).reshape(roots.shape)
