"""The checks that every argument passes: an error names the argument and what would be right.

To be read with the module's name: ``checks.flag(name, value)``.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from decimal import Decimal
from functools import reduce
from numbers import Real
from operator import add
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array: TypeAlias = NDArray[np.float64]
Sums = TypeVar("Sums")

EPS = float(np.finfo(float).eps)
SUM_TOLERANCE = 1e-8
PART = 2**14  # rows that are read at a time where nothing hurries
LARGEST_COUNT = 2**53  # above it, floating-point numbers leave whole numbers out
SYMMETRY_TOLERANCE = 1e-10
WHOLE, FLAG, PLAIN = (int, np.integer), (bool, np.bool_), {int, float}
REAL, SPAN = (Real, Decimal, np.bool_), np.timedelta64  # which counts as Real, too
MISSING = ("NoneType", "NAType", "NaTType")  # the last two are pandas's


def must(be: str, holds: Any, name: str, value: Any) -> None:
    """Raise a ValueError, which says what the argument must be, unless that holds."""
    if not holds:
        shown = value.tolist() if isinstance(value, np.ndarray) else value
        raise ValueError(f"{name}: {shown!r:.80} must be {be}")


def numbers(name: str, values: ArrayLike, shape: tuple[int | str, ...], copy: bool = True) -> Array:
    """`values` as a read-only float array, or a ValueError that names them.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    values : array_like
        What the caller gave.
    shape : tuple of int or str
        The shape that would be right; a name stands for any length, as in ``("n", 2)``.
    copy : bool, default True
        Whether the array is the caller's alone; data, which may be large, are looked at in place.

    Returns
    -------
    ndarray
        Floats that cannot be written to.

    Raises
    ------
    ValueError
        If the values are not real numbers, have another shape, are empty, or
        hold NaN or infinity.
    """
    right = str(shape).replace("'", "")
    array = real(name, values, right, copy).view()
    fits = [isinstance(m, str) or m == n for n, m in zip(array.shape, shape, strict=False)]
    if not (array.size and all(fits) and array.ndim == len(shape)):
        seen = "has" if array.size else "is empty,"
        raise ValueError(f"{name}: {seen} shape {array.shape}; expected {right}")
    if not np.isfinite(array).all():
        seen = f"holds NaN or infinity, or misses a value, in {rows(~np.isfinite(array))}"
        raise ValueError(f"{name}: {seen}; every value must be a finite number")
    array.flags.writeable = False
    return array


def real(name: str, values: ArrayLike, right: str, copy: bool = False) -> Array:
    """`values` as floats, or a ValueError for what only passes for real numbers, with the first.

    Such are text, dates, complex numbers and masked values, also one by one among numbers, and
    behind a conversion to an array.
    """
    try:
        values = getattr(values, "compute", lambda: values)()  # dask drops a mask when converted
        if _masked(values):
            raise TypeError("values are masked")
        array = np.asarray(values)
        if (kind := array.dtype.kind) not in "biuf" and not PLAIN.issuperset(map(type, array.flat)):
            array = np.array(values, dtype=object)
            for at, value in np.ndenumerate(array):
                if type(value).__name__ in MISSING:
                    array[at] = np.nan
                elif kind in "mM" or not isinstance(value, REAL) or isinstance(value, SPAN):
                    raise TypeError(f"{value!r:.40} at {list(at)}")
        return np.array(array, dtype=float, copy=copy or None)
    except (TypeError, ValueError, OverflowError) as error:
        seen = f"not an array of numbers ({error!s:.90})"
        raise ValueError(f"{name}: {seen}; expected shape {right}") from None


def _masked(values: Any) -> bool:
    if isinstance(values, (str, bytes, memoryview)) or not isinstance(values, Sequence):
        return bool(np.ma.is_masked(np.asanyarray(values)))
    return not PLAIN.issuperset(map(type, values)) and any(map(_masked, values))


def distribution(name: str, values: ArrayLike, shape: tuple[int | str, ...]) -> Array:
    """`values` as numbers from 0 that sum to 1, or whose rows do, or a ValueError.

    What sums to 1 to 1e-8 only, as rounded decimals do, or in its own precision, as float32 does,
    is divided by its sum: otherwise a start would have a likelihood that no mixture can have, and
    the first step would lower it.
    """
    given = numbers(name, values, shape)
    terms, totals = given.shape[-1], np.add.reduce(given, axis=-1, keepdims=True)
    gaps, slack = abs(totals - 1), max(SUM_TOLERANCE, terms * epsilon(values))
    if given.min() < 0 or gaps.max() > slack:
        seen = f"each row must be at least 0 and sum to 1, not {rows((given < 0) | (gaps > slack))}"
        if given.ndim == 1:
            seen = f"{given.tolist()!s:.80} must be at least 0 and sum to 1, not {totals[0]:.12g}"
        raise ValueError(f"{name}: {seen}")
    return numbers(name, given / totals, shape) if gaps.max() > terms * EPS else given


def not_negative(name: str, values: ArrayLike, shape: tuple[int | str, ...]) -> Array:
    """`values` as numbers from 0, or a ValueError."""
    given = numbers(name, values, shape)
    if given.min() < 0:
        raise ValueError(f"{name}: must be at least 0, not negative in {rows(given < 0)}")
    return given


def row_weights(values: ArrayLike, n: int) -> Array:
    """`values` as the weights of n rows, or a ValueError."""
    weights = not_negative("row_weights", values, (n,))
    held = 0 < weights.max() <= LARGEST_COUNT
    must("at most 2**53, and not all 0", held, "row_weights", weights)
    return weights


def kept(x: Any, weights: ArrayLike | None) -> tuple[Any, Array | None]:
    """The rows whose weight is not 0, and their weights, if there are any."""
    if weights is None:
        return x, None
    array = x if hasattr(x, "iloc") else np.asanyarray(x)  # a table keeps its columns' names
    must("an array or a list of rows", np.ndim(array), "x", x)
    weights = row_weights(weights, len(array))
    return (x, weights) if weights.all() else (array[weights > 0], weights[weights > 0])


def epsilon(values: ArrayLike) -> float:
    """The ε of the numbers' type, if it is coarser than that of double precision."""
    kind = np.asarray(values).dtype
    return max(EPS, float(np.finfo(kind).eps)) if kind.kind == "f" else EPS


def restored(self: Any, values: Sequence[Any]) -> None:
    """Fill a frozen dataclass that comes out of a pickle or a copy; its arrays are read-only again.

    Parameters, which may be an array of the user's own, are left alone.
    """
    for field, value in zip(self.__dataclass_fields__.values(), values, strict=True):
        if field.name != "params" and isinstance(value, np.ndarray):
            value.flags.writeable = False
        object.__setattr__(self, field.name, value)


def is_number(value: object, kind: Any) -> bool:
    """Whether it is a number of this kind; truths and timespans only pass for numbers."""
    return isinstance(value, kind) and not isinstance(value, (bool, np.timedelta64))


def whole_number(name: str, value: Any, least: int) -> None:
    """Raise a ValueError unless `value` is a whole number from `least` to 2**53."""
    holds = is_number(value, WHOLE) and least <= value <= LARGEST_COUNT
    must(f"a whole number from {least} to 2**53", holds, name, value)


def finite(name: str, value: Any, least: float, above: bool = False) -> None:
    """Raise a ValueError unless `value` is a number from `least`, or above it, to 2**53."""
    holds = is_number(value, Real) and least <= value <= LARGEST_COUNT
    right = f"a finite number{' above' if above else ', at least'} {least:g}, at most 2**53"
    must(right, holds and not (above and value == least), name, value)


def flag(name: str, value: object) -> None:
    """Raise a ValueError unless `value` is True or False."""
    must("True or False", isinstance(value, FLAG), name, value)


def chance(name: str, count: Any, rng: Any) -> np.random.Generator:
    """The source of chance, from a seed if need be, by which something is made `count` times."""
    whole_number(name, count, least=1)
    holds = isinstance(rng, np.random.Generator) or (is_number(rng, WHOLE) and rng >= 0)
    must("a numpy.random.Generator, or a whole number as seed", holds, "rng", rng)
    return np.random.default_rng(rng)


def in_parts(x: Any, function: Callable[[Any], Sums]) -> Sums:
    """The function of the data; of data on disk, the sum over parts, so that they stay there."""
    if isinstance(x, np.memmap):
        with suppress(ValueError):  # that of all the data knows the row
            return reduce(add, (function(x[at : at + PART]) for at in range(0, len(x), PART)))
    return function(x)


def params(value: object, expected: type) -> None:
    """Raise a ValueError unless `value` is what the model works with."""
    if not isinstance(value, expected):
        given = type(value).__name__
        raise ValueError(f"params: is a {given}; this model needs {expected.__name__}")


def model(value: object, *methods: str) -> None:
    """Raise a ValueError unless `value` is an object with these methods."""
    able = not isinstance(value, type) and all(callable(getattr(value, m, None)) for m in methods)
    must(f"an object with {' and '.join(methods)}, as CoinMixture() is", able, "model", value)


def log_joint(values: ArrayLike, x: Any = None) -> Array:
    """What a model returned for the data x, or a ValueError if it is no log-joint.

    It has a row for each of the data's. These may lie along another axis of x, if the model likes;
    but where there are more components than rows, it is the log-joint that lies across.
    """
    array = real("log_joint", values, "(n, k)")
    seen = f"log_joint: the model returned shape {array.shape}"
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"{seen}; expected (n, k)")
    if not (array < np.inf).all():
        seen = f"log_joint: the model returned NaN or +inf in {rows(~(array < np.inf))}"
        raise ValueError(f"{seen}; it must be finite or -inf. Did m_step, or the start, hold NaN?")
    (n, k), shape = array.shape, getattr(x, "shape", None)
    with suppress(ValueError):  # several things are no array of rows
        shape = np.shape(x) if isinstance(x, (list, tuple)) and x else shape
    if isinstance(shape, tuple) and n != (*shape, n)[0] and (n not in shape or n < k):
        raise ValueError(f"{seen}; expected ({shape[0]}, k), a row for each of the data's")
    return array


def rows(wrong: NDArray[np.bool_]) -> str:
    """Those in which something holds."""
    return listed("row", np.unique(np.argwhere(wrong)[:, 0]))


def listed(noun: str, numbers: Sequence[Any] | NDArray[Any]) -> str:
    """As "rows 1, 2, 3 and 7 more": short, however many there are."""
    more = f" and {len(numbers) - 5} more" if len(numbers) > 5 else ""
    return f"{noun}{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers[:5]))}{more}"
