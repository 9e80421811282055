"""One pass over the data that does the E-step and the M-step's sums together.

Both models of the book are exponential families: with the features φ(x) of a row, the log-joint is
a matrix product W φ(x), the responsibilities are its softmax, and what the M-step needs are the
sums Σ_i r_ij φ(x_i), a second matrix product. The log-likelihood falls out of the softmax.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeAlias

import numpy as np

from em_core.checks import Array
from em_core.chunks import Chunks, added

BLOCK_BYTES = 2**20  # so much of the work on a block stays in a core's own cache


@dataclass(frozen=True, slots=True)
class Expected:
    """What one pass gives: the M-step's sums, and the log-likelihood of the rows passed.

    Attributes
    ----------
    sums : ndarray of shape (k, f)
        Σ_i r_ij φ(x_i), the first feature being 1.
    log_likelihood : float
        −inf or NaN if a row is impossible.
    """

    sums: Array
    log_likelihood: float

    def __add__(self, other: Expected) -> Expected:
        """The sums over both sets of rows."""
        return Expected(self.sums + other.sums, self.log_likelihood + other.log_likelihood)


def softmax(log_joint: Array) -> float:
    """Turn a log-joint of shape (k, n) into responsibilities, in place; the log-likelihood.

    Both are NaN for an impossible row.
    """
    largest = np.maximum.reduce(log_joint, axis=0)
    with np.errstate(invalid="ignore"):
        log_joint -= largest
    np.exp(log_joint, out=log_joint)
    total = np.add.reduce(log_joint, axis=0)
    log_joint /= total
    np.log(total, out=total)
    return float(largest.sum() + total.sum())


Sweep: TypeAlias = Callable[[Any], Expected]
Cut: TypeAlias = Callable[[Any], Iterable[Any]]


class Rows(Protocol):
    """The data of a fit as blocks."""

    def sum(self, sweep: Sweep, /) -> Expected:
        """A pass: the sum of a function of a block over all blocks."""


class KeptRows:
    """Data in memory, cut into blocks once."""

    def __init__(self, chunks: Chunks, cut: Cut) -> None:
        self.blocks = [block for piece in chunks.pieces for block in cut(piece)]

    def sum(self, sweep: Sweep) -> Expected:
        """A pass: the sum of a function of a block over all blocks."""
        return added(map(sweep, self.blocks))


class ReadRows:
    """Data elsewhere, cut into blocks whenever they are read."""

    def __init__(self, chunks: Chunks, cut: Cut) -> None:
        self.chunks, self.cut = chunks, cut

    def sum(self, sweep: Sweep) -> Expected:
        """A pass: the sum of a function of a block over all blocks."""
        return self.chunks.sum(partial(_over_blocks, self.cut, sweep))


def _over_blocks(cut: Cut, sweep: Sweep, piece: Any) -> Expected:
    return added(map(sweep, cut(piece)))
