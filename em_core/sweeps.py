"""One pass over the data for the E-step and the M-step's sums together, and the loop of passes.

Both models of the book are exponential families: with the features φ(x) of a row, the log-joint is
a matrix product W φ(x), the responsibilities are its softmax, and what the M-step needs are the
sums Σ_i r_ij φ(x_i), a second matrix product. The log-likelihood falls out of the softmax.

The loop can be accelerated. EM is a fixed-point iteration v ← G(v); from the last few v and G(v), a
combination is taken next whose residual G(v) − v is short. The method is DAAREM (Henderson and
Varadhan 2019, J. Comput. Graph. Stat. 28:834): the past is forgotten every few steps, and steps are
damped until they have proved themselves. A step after which the log-likelihood is lower is undone,
and EM's own is taken: so it never falls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np
from scipy.optimize import brentq

from em_core import em
from em_core.checks import Array
from em_core.chunks import Chunks, added

BLOCK_BYTES = 2**20  # so much of the work on a block stays in a core's own cache
DEPTH = 5  # past steps that are combined
TRUST = 10  # steps that were not undone, until half of the damping is gone
GROWTH = 1.2


@dataclass(frozen=True, slots=True)
class Expected:
    """What one pass gives: the M-step's sums, and the log-likelihood of the rows passed.

    Attributes
    ----------
    sums : ndarray of shape (k, f)
        Σ_i r_ij φ(x_i), the first feature being 1.
    log_likelihood : float
        NaN if a row is impossible.
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


class Rows:
    """The data of a fit as blocks.

    Parameters
    ----------
    chunks : Chunks
        Pieces of the data.
    cut : callable
        Cuts a piece into blocks.
    keep : bool
        Whether the blocks are kept, or cut whenever the data are read.
    """

    def __init__(self, chunks: Chunks, cut: Callable[[Any], Iterable[Any]], keep: bool) -> None:
        self.chunks, self.cut = chunks, cut
        self.blocks = [block for piece in chunks.pieces for block in cut(piece)] if keep else None

    def sum(self, sweep: Callable[[Any], Expected]) -> Expected:
        """A pass: the sum of a function of a block over all blocks."""
        if self.blocks is None:
            return self.chunks.sum(partial(_over_blocks, self.cut, sweep))
        return added(map(sweep, self.blocks))


def _over_blocks(
    cut: Callable[[Any], Iterable[Any]], sweep: Callable[[Any], Expected], piece: Any
) -> Expected:
    return added(map(sweep, cut(piece)))


class Sweeper(Protocol):
    """A model with its data and a start, as a model's ``sweeper(x, params)`` returns it.

    On the way, the parameters have whatever form is quick.
    """

    start: Any

    def expect(self, params: Any, /) -> Expected:
        """A pass."""

    def maximise(self, expected: Expected, params: Any, /) -> Any:
        """The M-step."""

    def params(self, params: Any, /) -> em.Params:
        """The parameters in the model's own form."""

    def vector(self, params: Any, /) -> Array:
        """The parameters as the means of the sufficient statistics that they imply, or alike."""

    def from_vector(self, vector: Array, /) -> Any:
        """The parameters of a vector; None if it has none."""


class Pass(NamedTuple):
    """The parameters of an iteration and their log-likelihood."""

    iteration: int
    params: Any
    log_likelihood: float


def passes(sweeper: Sweeper, accelerate: bool) -> Iterator[Pass]:
    """The loop, without an end. A pass that shows a fall is no iteration and is not yielded."""
    past: list[tuple[Array, Array]] = []
    params = plain = sweeper.start
    iteration, reached, trusted = 0, -np.inf, 0
    while True:
        expected = sweeper.expect(params)
        extrapolated = params is not plain
        if extrapolated and not expected.log_likelihood >= reached:
            params, trusted = plain, max(trusted - 1, -2 * TRUST)
            continue
        yield Pass(iteration, params, expected.log_likelihood)
        iteration, reached = iteration + 1, expected.log_likelihood
        with em.at_iteration(iteration):
            plain = sweeper.maximise(expected, params)
        if accelerate:
            trusted = min(trusted + extrapolated, TRUST)
            past = past if len(past) <= DEPTH else []
            past.append((sweeper.vector(params), sweeper.vector(plain)))
            share = 1 / (1 + GROWTH ** (TRUST - trusted))
            params = sweeper.from_vector(combined(past, share)) or plain
        else:
            params = plain


def combined(past: list[tuple[Array, Array]], share: float) -> Array:
    """The combination of past G(v) that makes that of the residuals G(v) − v short.

    Parameters
    ----------
    past : list of pairs of ndarray
        v and G(v), the newest last.
    share : float
        In (0, 1): the squared length of the coefficients, as a share of that which makes the
        residual shortest. A ridge penalty reaches it, as in Levenberg's and Marquardt's method.

    Returns
    -------
    ndarray
        G(v) of the newest if there is no other.
    """
    images = np.array([image for _, image in past])
    residuals = images - np.array([v for v, _ in past])
    left, sizes, right = np.linalg.svd(np.diff(residuals, axis=0).T, full_matrices=False)
    sound = sizes > 1e-14 * sizes.max(initial=0)
    if not sound.any():
        return np.asarray(images[-1])
    sizes, heights = sizes[sound], (residuals[-1] @ left)[sound]

    def coefficients(log_penalty: float) -> Array:
        return np.asarray(sizes * heights / (sizes**2 + np.exp(log_penalty)))

    def excess(log_penalty: float) -> float:
        return float(np.linalg.norm(coefficients(log_penalty)) - wanted)

    wanted = np.sqrt(share) * np.linalg.norm(heights / sizes)
    penalty = brentq(excess, *(2 * np.log(sizes[[-1, 0]]) + [-40, 40]))
    return np.asarray(images[-1] - coefficients(penalty) @ right[sound] @ np.diff(images, axis=0))
