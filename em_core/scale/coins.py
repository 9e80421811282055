"""Mixtures of coins in one pass over the data: two matrix products with (1, heads, tails)."""

from functools import partial
from typing import Any

import numpy as np

from em_core import checks, coins
from em_core.checks import Array
from em_core.coins import CoinParams
from em_core.em import softmax, weighted
from em_core.scale.sweeps import Expected, Sweeper, block_size

MANY = 1e4  # heads or tails in a row; with more a matrix product loses more than four digits


def block_of(counts: Array, weights: Any) -> Any:
    """The features (1, heads, tails) of some rows, as columns: shape (3, n); and weights."""
    columns = np.asarray(counts, dtype=float).T
    return np.ascontiguousarray(np.vstack([np.ones(len(counts)), columns])), weights


def coin_sweep(params: CoinParams, product: bool, block: Any) -> Expected:
    """A block's share of a pass; a product leaves out the ways to order the tosses."""
    phi, weights = block
    if product:
        log_theta, log_rest = np.log(params.theta), np.log1p(-params.theta)
        r = np.column_stack([np.log(params.weights), log_theta, log_rest]) @ phi
    else:
        r = np.ascontiguousarray(coins.log_joint(params, phi[1:].T).T)
    log_likelihood = float(weighted(softmax(r), weights).sum())
    return Expected(weighted(r, weights) @ phi.T, log_likelihood)


class CoinSweeper(Sweeper):
    """A mixture of coins with its data, as `em_core.scale.sweeps.passes` needs it.

    Parameters
    ----------
    model : CoinMixture
    x : array_like of shape (m, 2), or Chunks of such
    start : CoinParams
    threads : int, optional
    row_weights : ndarray of shape (m,), optional
        As for `em_core.fit`.

    Raises
    ------
    ValueError
        For unusable data or parameters.
    """

    def __init__(self, model: Any, x: Any, start: Any, threads: Any, row_weights: Any) -> None:
        checks.params(start, CoinParams)
        super().__init__(model, x, partial(coins.as_counts, least=0), row_weights)
        self.rows, self.mass, tosses, many, self.log_ways = self.over(_survey)
        coins.check_tosses(tosses)
        k = len(start.theta)
        self.total = self.adder(block_of, block_size(3 + k), 3 * k, threads)
        self.start, self.few, self.params = start, many == 0, lambda params: params

    def expect(self, params: CoinParams) -> Expected:
        """The sums for these parameters, in one pass."""
        # A product would lose the digits of many tosses, and take 0 · log 0 for not a number.
        product = self.few and bool((params.weights * params.theta * (1 - params.theta)).all())
        found = self.total(partial(coin_sweep, params, product))
        return Expected(found.sums, found.log_likelihood + self.log_ways * product)

    def maximise(self, expected: Expected, params: CoinParams) -> CoinParams:
        """The M-step."""
        rows, tosses = expected.sums[:, 0], expected.sums[:, 1:]
        return coins.from_sums(rows, tosses, params, self.model.fit_weights)

    def vector(self, params: CoinParams) -> Array:
        """θ and the weights."""
        return np.concatenate([params.theta, params.weights])

    def from_vector(self, vector: Array) -> CoinParams:
        """The parameters, or a ValueError if one is out of its range."""
        return CoinParams(*np.split(vector, 2))


def _survey(counts: Array, weights: Array) -> Any:
    """How many rows, and their weights; tosses, whether a row has many; Σ_i log C(m_i, h_i)."""
    ways = (weights * coins.log_ways(counts)).sum()
    return np.r_[len(counts), weights.sum(), counts.sum(), counts.max() > MANY, ways]
