"""The checks that every argument passes: an error names the argument and what would be right."""

from __future__ import annotations

from numbers import Real
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array: TypeAlias = NDArray[np.float64]

SUM_TOLERANCE = 1e-8
LARGEST_COUNT = 2**53  # above it, floating-point numbers leave whole numbers out
SYMMETRY_TOLERANCE = 1e-10


def as_numbers(name: str, values: ArrayLike, shape: str, ndim: int) -> Array:
    """`values` as a read-only float array of its own, or a ValueError that names them.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    values : array_like
        What the caller gave.
    shape : str
        The shape that would be right, in words, such as ``"(n, d)"``.
    ndim : int
        The number of dimensions that it has.

    Returns
    -------
    ndarray
        A float copy that cannot be written to.

    Raises
    ------
    ValueError
        If the values are not real numbers, have another number of dimensions, are empty, or
        hold NaN or infinity.
    """
    try:
        given = np.asarray(values)
        if given.dtype.kind not in "biufO" or np.ma.is_masked(values):
            raise TypeError
        array = np.array(given, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name}: not an array of numbers; expected shape {shape}") from None
    if array.ndim != ndim:
        raise ValueError(f"{name}: has shape {array.shape}; expected {shape}")
    if array.size == 0:
        raise ValueError(f"{name}: is empty, shape {array.shape}; expected {shape}, none of them 0")
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: holds NaN or infinity; every value must be a finite number")
    array.flags.writeable = False
    return array


def check_weights(weights: Array) -> None:
    """Raise a ValueError unless the weights are non-negative and sum to 1."""
    if (weights < 0).any() or abs(weights.sum() - 1) > SUM_TOLERANCE:
        raise ValueError(
            f"weights: {weights.tolist()} must be non-negative and sum to 1, "
            f"but sum to {weights.sum():.12g}"
        )


def check_responsibilities(responsibilities: Array, n: int, k: int) -> None:
    """Raise a ValueError unless every one of the n rows is a distribution over k components."""
    if responsibilities.shape != (n, k):
        raise ValueError(
            f"responsibilities: have shape {responsibilities.shape}; "
            f"expected {(n, k)}: a row for each row of x, a column for each component"
        )
    rows = responsibilities.sum(axis=1)
    if (responsibilities < 0).any() or (abs(rows - 1) > SUM_TOLERANCE).any():
        raise ValueError("responsibilities: every row must be non-negative and sum to 1")


def check_whole_number(name: str, value: object, least: int) -> None:
    """Raise a ValueError unless `value` is a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"{name}: {value!r} must be a whole number, at least {least}")
    if value > LARGEST_COUNT:
        raise ValueError(f"{name}: {value!r} is too large; at most 2**53 is exact")


def check_flag(name: str, value: object) -> None:
    """Raise a ValueError unless `value` is True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{name}: {value!r} must be True or False")


def check_tolerance(tol: object) -> None:
    """Raise a ValueError unless `tol` is a finite number of at least 0."""
    if isinstance(tol, bool) or not isinstance(tol, Real) or not 0 <= float(tol) < np.inf:
        raise ValueError(f"tol: {tol!r} must be a finite number, at least 0")


def check_rng(rng: object) -> None:
    """Raise a ValueError unless `rng` is a generator of numpy's."""
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng: {rng!r} must be a numpy.random.Generator, as default_rng(0) makes")


def check_params(params: object, expected: type) -> None:
    """Raise a ValueError unless `params` is what the model works with."""
    if not isinstance(params, expected):
        raise ValueError(
            f"params: is a {type(params).__name__}; this model needs {expected.__name__}"
        )
