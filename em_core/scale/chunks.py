"""Data in pieces, which are read one by one: in memory, on disk, on the machines of a cluster."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from copy import copy
from functools import partial, reduce
from itertools import count, pairwise, zip_longest
from operator import add, length_hint
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from em_core import checks
from em_core.checks import Array, Sums

CHUNK_BYTES = 2**22
ROWS = 8  # in a piece for each column, at least: they make as many blocks, which threads share
NOTHING = "x: there is no row of data, or none at a second reading"

Value = TypeVar("Value")


class Chunks:
    """Data that are read piece by piece, anew in each pass.

    The sums of a piece's rows are added in the order of the pieces, wherever these lie: the same
    pieces give the same bits, however many threads share a fit in the main thread. `fit` cuts an
    array or a `numpy.memmap` as `Chunks.of` does.

    Parameters
    ----------
    pieces : iterable of array_like of shape (n_c, d)
        A piece without rows adds nothing. Each time it is iterated over it must give the same
        pieces: a list, an array of three dimensions, an object whose ``__iter__`` opens a file
        anew; not a generator, which is spent after the first iteration. A fit ends with an error
        if the number of rows is another.

    Raises
    ------
    ValueError
        If `pieces` can be iterated over once only, or not at all.
    """

    weights: list[Array] | None = None  # of the rows of each piece

    def __init__(self, pieces: Iterable[ArrayLike]) -> None:
        checks.must("an iterable of arrays", isinstance(pieces, Iterable), "pieces", pieces)
        if isinstance(pieces, Iterator):
            kind = f"a {type(pieces).__name__} is spent after one iteration"
            raise ValueError(f"pieces: {kind}; give a list, or what starts anew in __iter__")
        self.pieces = pieces

    @classmethod
    def of(cls, x: Any, rows: int | None = None) -> Self:
        """The rows of an array in pieces; nothing is copied before a piece is read.

        Parameters
        ----------
        x : array_like of shape (n, d)
            In memory, a `numpy.memmap`, or whatever gives rows by ``x[start:stop]``.
        rows : int, optional
            The number of rows in a piece; by default as many as take 4 MiB in double precision, and
            at least eight for each column.
        """
        x = np.asarray(x) if isinstance(x, (list, tuple)) else x
        able = isinstance(x, Sized) and hasattr(x, "__getitem__") and not isinstance(x, Mapping)
        checks.must("an array, or give rows by x[start:stop]", able, "x", x)
        if rows is None:
            columns = max(1, np.size(x[:1]))
            rows = max(ROWS * columns, CHUNK_BYTES // (8 * columns))
        checks.whole_number("rows", rows, least=1)
        return cls(_Slices(x, rows))

    def each(self, function: Callable[[int, Any], Value]) -> Iterable[Value]:
        """The values of `function` at the number, from 0, and the piece with its rows' weights.

        There is one for each, in their order. They are made when they are asked for, one at a time.
        """
        return map(function, count(), self.pairs())

    def sum(self, function: Callable[[Any, Any], Sums]) -> Sums:
        """The values of `function` at all pieces and their rows' weights, added in their order.

        Rows of weight 0 are left out; where there are no weights, None stands for them.

        Raises
        ------
        ValueError
            If there is no row; or what `function` raises, with the piece's number, from 0; for an
            array that `Chunks.of` cut, what it raises for all rows, since that knows the row's.
        """
        try:
            return added(self.each(partial(numbered, function)))
        except ValueError:
            if isinstance(x := getattr(self.pieces, "x", None), np.ndarray):
                function(x, None)  # that of all the data knows the row
            raise

    def some(self, rng: np.random.Generator, rows: int = 10_000) -> NDArray[Any]:
        """So many rows at random, in their order and none twice; all of them if there are no more.

        Which ones, depends on the number of rows and on chance, not on where and how they are cut.
        """
        ends = self.ends()
        if not ends[-1]:
            raise ValueError(NOTHING)
        chosen = np.sort(rng.choice(ends[-1], min(rows, int(ends[-1])), replace=False))
        places = [chosen[(chosen >= a) & (chosen < b)] - a for a, b in pairwise(ends)]
        taken = self.each(lambda number, given: np.asarray(kept(*given)[0])[places[number]])
        return np.vstack([array for array in taken if len(array)])

    def ends(self) -> NDArray[np.int64]:
        """How many rows there are before each piece, and in the end."""
        lengths = self.each(lambda number, given: length_hint(kept(*given)[0]))
        return np.asarray(np.cumsum([0, *lengths]))

    def weighted(self, row_weights: ArrayLike) -> Self:
        """The same pieces, with the weights of their rows; for this they are read once."""
        ends = self.ends()
        weights = checks.row_weights(row_weights, int(ends[-1]))
        found = copy(self)
        found.weights = np.split(weights, ends[1:-1])
        return found

    def __iter__(self) -> Iterator[Any]:
        """The pieces."""
        return iter(self.pieces)

    def pairs(self) -> Iterator[tuple[Any, Array | None]]:
        """The pieces, each with its rows' weights, or None."""
        if self.weights is None:
            return map(kept, self.pieces)  # a generator would hold each while it asks for more
        return zip_longest(self.pieces, self.weights, fillvalue=np.empty(0))


def kept(piece: Any, weights: Array | None = None) -> tuple[Any, Array | None]:
    """The rows of a piece whose weight is not 0, and their weights, if there are any."""
    if weights is None:
        return piece, None
    if (now := length_hint(piece)) != len(weights):
        raise ValueError(f"pieces: {len(weights)} rows at first, {now} later")
    mine = slice(None) if weights.all() else weights > 0
    return np.asanyarray(piece)[mine], weights[mine]


class _Slices:
    """The rows of an array in pieces, each of which is read when its turn comes."""

    def __init__(self, x: Any, rows: int) -> None:
        self.x, self.cuts = x, [slice(at, at + rows) for at in range(0, len(x), rows)]

    def __len__(self) -> int:
        return len(self.cuts)

    def __iter__(self) -> Iterator[Any]:
        return map(self.x.__getitem__, self.cuts)


def added(values: Iterable[Sums | None]) -> Sums:
    """The sum in the order given, from left to right, so that it never depends on who was first."""
    rest = (value for value in values if value is not None)
    try:
        return reduce(add, rest, next(rest))
    except StopIteration:
        raise ValueError(NOTHING) from None


def numbered(function: Callable[[Any, Any], Sums], number: int, given: Any) -> Sums | None:
    """The function's value at a piece, None if it has no rows; an error says which piece it was."""
    try:
        rows, weights = kept(*given)
        return function(rows, weights) if length_hint(rows, 1) else None
    except ValueError as error:
        raise type(error)(f"chunk {number} of {error}") from None
