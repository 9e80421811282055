"""Mixtures of coins: each row of the data is one coin's heads and tails, the coin is hidden."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, xlogy

from em_core import checks
from em_core.checks import Array
from em_core.em import check_occupied


@dataclass(frozen=True, slots=True, eq=False)
class CoinParams:
    """Parameters of a mixture of k coins; the arrays are copied and read-only.

    Parameters
    ----------
    theta : array_like of shape (k,)
        Each coin's probability of heads, in [0, 1].
    weights : array_like of shape (k,)
        The probability with which each coin is picked; they sum to 1. What does so to 1e-8 only is
        divided by its sum.

    Raises
    ------
    ValueError
        If a value is out of range, the shapes differ or the weights don't sum to 1.
    """

    theta: Array
    weights: Array
    __setstate__ = checks.restored

    def __init__(self, theta: ArrayLike, weights: ArrayLike) -> None:
        theta = checks.numbers("theta", theta, ("k",))
        if not 0 <= theta.min() <= theta.max() <= 1:
            raise ValueError(f"theta: {theta.tolist()!s:.80} must lie in [0, 1]")
        checks.restored(self, (theta, checks.distribution("weights", weights, theta.shape)))


@dataclass(frozen=True, slots=True)
class CoinMixture:
    """A mixture of binomials: z_i ~ weights, heads h_i of m_i tosses ~ Binomial(m_i, θ_{z_i}).

    Parameters
    ----------
    fit_weights : bool, default False
        Whether the M-step estimates the weights too; otherwise they stay as they start.

    Notes
    -----
    The data `x` have shape (m, 2): heads and tails, whole numbers; the tosses may differ by row.
    Do and Batzoglou (2008), Nature Biotechnology 26:897, with the weights fixed at ½.
    """

    fit_weights: bool = False

    def __post_init__(self) -> None:
        checks.flag("fit_weights", self.fit_weights)

    def check(self, x: ArrayLike, params: CoinParams) -> None:
        """Raise a ValueError unless the data and the parameters can be used.

        Parameters
        ----------
        x : array_like of shape (m, 2)
        params : CoinParams
        """
        checks.params(params, CoinParams)
        as_counts(x)

    def log_joint(self, x: ArrayLike, params: CoinParams) -> Array:
        """Log p(x_i, z_i = j) = log w_j + log C(m_i, h_i) + h_i log θ_j + t_i log(1 − θ_j).

        Parameters
        ----------
        x : array_like of shape (m, 2)
            Heads and tails.
        params : CoinParams
            k coins.

        Returns
        -------
        ndarray of shape (m, k)
            In nats; −inf where coin j cannot give row i. 0 · log 0 counts as 0.

        Raises
        ------
        ValueError
            For unusable data or parameters.
        """
        checks.params(params, CoinParams)
        return log_joint(params, as_counts(x))

    def m_step(self, x: ArrayLike, responsibilities: ArrayLike, params: CoinParams) -> CoinParams:
        """θ_j = expected heads / expected tosses; w_j = mean responsibility, if fitted.

        Parameters
        ----------
        x : array_like of shape (m, 2)
            Heads and tails.
        responsibilities : array_like of shape (m, k)
            A row sums to 1, or to its weight: see `Model.m_step`.
        params : CoinParams
            The parameters that gave the responsibilities; fixed weights are taken from here.

        Returns
        -------
        CoinParams

        Raises
        ------
        ValueError
            For unusable arguments.
        CollapseError
            If a coin is left without a toss.
        """
        checks.params(params, CoinParams)
        counts = as_counts(x)
        shape = len(counts), len(params.theta)
        r = checks.not_negative("responsibilities", responsibilities, shape)
        return from_sums(r.sum(axis=0), r.T @ counts, params, self.fit_weights)

    def sample(
        self, params: CoinParams, n: int, rng: np.random.Generator | int, tosses: ArrayLike = 10
    ) -> tuple[Array, NDArray[np.int64]]:
        """Draw n rows: pick a coin by the weights, toss it.

        Parameters
        ----------
        params : CoinParams
        n : int
            The number of rows.
        rng : numpy.random.Generator or int
        tosses : int or array_like of shape (n,), default 10
            Tosses in each row, or in all of them.

        Returns
        -------
        x : ndarray of shape (n, 2)
            Heads and tails.
        labels : ndarray of shape (n,)
            The coin of each row, from 0.

        Raises
        ------
        ValueError
            For unusable arguments.
        """
        checks.params(params, CoinParams)
        rng = checks.chance("n", n, rng)
        if not np.ndim(tosses):
            checks.whole_number("tosses", tosses, least=1)
            tosses = np.full(n, tosses)
        each = checks.numbers("tosses", tosses, (n,))
        whole = (each == each.round().clip(1, checks.LARGEST_COUNT)).all()
        checks.must("whole numbers from 1 to 2**53", whole, "tosses", each)
        labels = rng.choice(len(params.theta), size=n, p=params.weights)
        heads = rng.binomial(each.astype(int), params.theta[labels])
        return np.column_stack([heads, each - heads]), labels

    def random_start(self, x: ArrayLike, k: int, rng: np.random.Generator | int) -> CoinParams:
        """Each θ_j uniform on [0, 1), equal weights.

        Parameters
        ----------
        x : array_like of shape (m, 2)
        k : int
            The number of coins.
        rng : numpy.random.Generator or int

        Returns
        -------
        CoinParams

        Raises
        ------
        ValueError
            For unusable arguments.
        """
        check_tosses(checks.in_parts(x, lambda rows: as_counts(rows, least=0).sum()))
        rng = checks.chance("k", k, rng)
        return CoinParams(rng.random(k), np.full(k, 1 / k))


def from_sums(rows: Array, tosses: Array, params: CoinParams, fit_weights: bool) -> CoinParams:
    """The M-step from sums over the rows: Σ r_ij, and Σ r_ij x_i of shape (k, 2)."""
    totals = tosses.sum(axis=1)
    check_occupied(params.weights, np.minimum(rows, totals))
    theta = tosses[:, 0] / totals
    return CoinParams(theta, rows / rows.sum() if fit_weights else params.weights)


def log_ways(counts: Array) -> Array:
    """Log C(m_i, h_i), the ways to order each row's tosses."""
    heads, tails = counts.T
    return np.asarray(gammaln(heads + tails + 1) - gammaln(heads + 1) - gammaln(tails + 1))


def log_joint(params: CoinParams, counts: Array) -> Array:
    """`CoinMixture.log_joint` of counts that were checked.

    The formula's terms are as large as the tosses, and cancel: of 1e14 tosses no digit would be
    left. So it is log w_j, the log-probability of the row under its own share of heads, h_i / m_i,
    and a divergence, −m_i D(h_i / m_i ‖ θ_j), each made of what does not cancel.
    """
    heads, tails = rows = counts.T[:, :, np.newaxis]
    tosses, theta = heads + tails, params.theta
    gap, expected = tosses * theta - heads, tosses * np.array([theta, 1 - theta])[:, np.newaxis]
    own = np.subtract.reduce(_beyond_stirling(np.array([tosses, heads, tails])))
    less = _log_ratio(rows, np.array([gap, -gap]), expected).sum(axis=0)
    return np.asarray(xlogy(1, params.weights) + own + less)  # xlogy takes log 0 in silence


def _log_ratio(counts: Array, gap: Array, expected: Array) -> Array:
    """Count · log(expected / count); the gap has digits that the difference of both lacks."""
    ratio = np.divide(gap, counts, out=np.zeros_like(gap), where=counts > 0)
    far = xlogy(counts, expected) - xlogy(counts, counts)
    return np.where(ratio > -0.5, counts * np.log1p(np.maximum(ratio, -0.5)), far)


def _beyond_stirling(z: Array) -> Array:
    """Log z! − (z log z − z)."""
    large = np.maximum(z, 100)
    series = 1 / (12 * large) - 1 / (360 * large**3) + 1 / (1260 * large**5)
    small = gammaln(z + 1) - xlogy(z, z) + z
    return np.where(z < 100, small, 0.5 * np.log(2 * np.pi * large) + series)


def as_counts(x: ArrayLike, least: int = 1) -> Array:
    """The data as whole numbers, at least so many tosses in all, or a ValueError."""
    counts = checks.numbers("x", x, ("m", 2), copy=False)
    if (wrong := counts != np.floor(counts).clip(0, checks.LARGEST_COUNT)).any():
        raise ValueError(f"x: counts are no whole numbers from 0 to 2**53 in {checks.rows(wrong)}")
    check_tosses(counts.sum(), least)
    return counts


def check_tosses(tosses: float, least: int = 1) -> None:
    """Raise a ValueError unless there are tosses."""
    if tosses < least:
        raise ValueError("x: all counts are 0; at least one toss is needed")
