"""Data in pieces, which are read one by one: in memory, on disk, on the machines of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from operator import add
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from em_core import checks

CHUNK_BYTES = 2**22

Sums = TypeVar("Sums")


class Chunks:
    """Data that are read piece by piece, anew in each iteration.

    The sums of a piece's rows are added in the order of the pieces, wherever these lie: the same
    pieces give the same bits, if BLAS runs as many threads. `fit` cuts an array or a
    `numpy.memmap` as `Chunks.of` does.

    Parameters
    ----------
    pieces : iterable of array_like of shape (n_c, d)
        Each time it is iterated over it must give the same pieces: a list, an array of three
        dimensions, an object whose ``__iter__`` opens a file anew; not a generator, which is spent
        after the first iteration.

    Raises
    ------
    ValueError
        If `pieces` can be iterated over once only, or not at all.
    """

    def __init__(self, pieces: Iterable[ArrayLike]) -> None:
        if not isinstance(pieces, Iterable):
            raise ValueError(f"pieces: {pieces!r:.80} must be an iterable of arrays, as a list is")
        if iter(pieces) is pieces:
            kind = f"a {type(pieces).__name__} is spent after one iteration"
            raise ValueError(f"pieces: {kind}; give a list, or what starts anew in __iter__")
        self.pieces = pieces

    @classmethod
    def of(cls, x: Any, rows: int | None = None) -> Chunks:
        """The rows of an array in pieces; nothing is copied before a piece is read.

        Parameters
        ----------
        x : array_like of shape (n, d)
            In memory, a `numpy.memmap`, or whatever gives rows by ``x[start:stop]``.
        rows : int, optional
            The number of rows in a piece; by default as many as take 4 MiB in double precision.
        """
        if rows is not None:
            checks.whole_number("rows", rows, least=1)
        x = x if hasattr(x, "shape") else np.asarray(x)
        rows = rows or max(1, CHUNK_BYTES // max(8, 8 * x[:1].size))
        return cls([x[at : at + rows] for at in range(0, len(x), rows)])

    def sum(self, function: Callable[[Any], Sums]) -> Sums:
        """The values of `function` at all pieces, added in the order of the pieces.

        Raises
        ------
        ValueError
            If there is no piece; or what `function` raises, with the piece's number, from 0.
        """
        return added(numbered(function, number, piece) for number, piece in enumerate(self.pieces))


def added(values: Iterable[Sums]) -> Sums:
    """The sum in the order given, from left to right, so that it never depends on who was first."""
    rest = iter(values)
    try:
        return reduce(add, rest, next(rest))
    except StopIteration:
        raise ValueError("x: there is no piece of data") from None


def numbered(function: Callable[[Any], Sums], number: int, piece: Any) -> Sums:
    """The function's value at a piece; an error says which piece it was."""
    try:
        return function(piece)
    except ValueError as error:
        raise type(error)(f"chunk {number} of {error}") from None
