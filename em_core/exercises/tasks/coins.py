"""Tasks about coins."""

from __future__ import annotations

import numpy as np

from em_core.checks import Array
from em_core.coins import CoinMixture, CoinParams
from em_core.em import em_steps
from em_core.exercises.tasks.common import SHARES, share_out
from em_core.exercises.verdict import Mistake, Task

SAMPLES = np.array([(5, 5), (9, 1), (8, 2), (4, 6)])
UNEVEN = np.array([(1, 1), (9, 3), (0, 4), (20, 2), (3, 3), (1, 6)])


def one_hot(labels: Array, k: int) -> Array:
    """Responsibilities that express seen labels."""
    return np.asarray(np.eye(k)[labels])


def _labelled(x: Array, labels: Array, k: int) -> Array:
    any_coins = CoinParams(np.full(k, 0.5), np.full(k, 1 / k))
    return CoinMixture().m_step(x, one_hot(labels, k), any_coins).theta


LABELLED_ESTIMATES = Task(
    oracle=_labelled,
    cases={
        "for samples of ten tosses": (SAMPLES, np.array([1, 0, 0, 1]), 2),
        "for samples of different lengths": (UNEVEN, np.array([0, 1, 0, 1, 1, 0]), 2),
        "for three coins": (UNEVEN, np.array([2, 0, 1, 0, 2, 1]), 3),
    },
    parts={"θ": "one number for each coin"},
    mistakes=(
        Mistake(
            "Right as long as all samples are equally long. A sample of two tosses must not count "
            "as much as one of twenty.",
            lambda x, z, k: np.array(
                [(x[z == j, 0] / x[z == j].sum(axis=1)).mean() for j in range(k)]
            ),
        ),
        Mistake(
            "These are shares of tails. θ is the probability of heads.",
            lambda x, z, k: 1 - _labelled(x, z, k),
        ),
        Mistake(
            "These sum to one: each coin's heads were divided by all the heads. By what should "
            "they be divided?",
            lambda x, z, k: x[:, 0] @ one_hot(z, k) / x[:, 0].sum(),
        ),
        Mistake(
            "Each coin's heads were divided by the tosses of all the coins.",
            lambda x, z, k: x[:, 0] @ one_hot(z, k) / x.sum(),
        ),
        Mistake(
            "All coins get the same estimate: the labels are not used.",
            lambda x, z, k: np.full(k, x[:, 0].sum() / x.sum()),
        ),
        Mistake(
            "This is the average number of heads, not their share.",
            lambda x, z, k: np.array([x[z == j, 0].mean() for j in range(k)]),
        ),
        Mistake(
            "These are odds, heads to tails, not probabilities.",
            lambda x, z, k: (t := _labelled(x, z, k)) / (1 - t),
        ),
    ),
)


def _sequence(x: Array, theta: Array) -> Array:
    """The probability of a sequence of tosses with these counts, by each coin."""
    return np.asarray(theta ** x[:, [0]] * (1 - theta) ** x[:, [1]])


def _of_coins(x: Array, theta: Array, weights: Array) -> Array:
    return next(em_steps(CoinMixture(), x, CoinParams(theta, weights))).responsibilities


RESPONSIBILITIES = Task(
    oracle=_of_coins,
    cases={
        "with equal weights": (SAMPLES, np.array([0.6, 0.5]), np.array([0.5, 0.5])),
        "with unequal weights": (SAMPLES, np.array([0.6, 0.5]), np.array([0.9, 0.1])),
        "for three coins": (UNEVEN, np.array([0.2, 0.5, 0.7]), np.array([0.2, 0.5, 0.3])),
    },
    parts={"the result": "a row for each sample with a column for each coin"},
    rows_sum_to_one=True,
    mistakes=(
        Mistake(
            "It is right for equal weights only: the weights are forgotten. How likely was each "
            "coin before the tosses were seen?",
            lambda x, t, w: share_out(_sequence(x, t)),
        ),
        Mistake(
            "The sum goes over the wrong axis: the shares of each coin sum to one over the "
            "samples. It is each sample that is shared out.",
            lambda x, t, w: (j := w * _sequence(x, t)) / j.sum(axis=0),
        ),
        Mistake(
            "The rows don't sum to one: these are joint probabilities, not yet shared out.",
            lambda x, t, w: w * _sequence(x, t),
        ),
        Mistake(
            "The rows don't sum to one: these are joint probabilities, not yet shared out.",
            lambda x, t, w: np.exp(CoinMixture().log_joint(x, CoinParams(t, w))),
        ),
        Mistake(
            "The rows don't sum to one, and the weights are forgotten.",
            lambda x, t, w: _sequence(x, t),
        ),
        Mistake(
            "Only the heads are used. A tail tells something too.",
            lambda x, t, w: share_out(w * t ** x[:, [0]]),
        ),
        Mistake(
            "Heads and tails have changed places.",
            lambda x, t, w: share_out(w * _sequence(x[:, ::-1], t)),
        ),
        Mistake(
            "Logarithms were shared out. Ratios of probabilities are wanted: exponentiate first.",
            lambda x, t, w: share_out(np.log(w * _sequence(x, t))),
        ),
        Mistake(
            "Each sample goes to one coin altogether. Who is how sure?",
            lambda x, t, w: np.eye(len(t))[_of_coins(x, t, w).argmax(axis=1)],
        ),
        Mistake(
            "The coins are in the rows and the samples in the columns: it lies on its side.",
            lambda x, t, w: _of_coins(x, t, w).T,
        ),
    ),
)


def _coin_m_step(x: Array, r: Array) -> tuple[Array, Array]:
    k = r.shape[1]
    any_coins = CoinParams(np.full(k, 0.5), np.full(k, 1 / k))
    new = CoinMixture(fit_weights=True).m_step(x, r, any_coins)
    return new.theta, new.weights


def _theta(x: Array, r: Array) -> Array:
    return _coin_m_step(x, r)[0]


def _hard(x: Array, r: Array) -> tuple[Array, Array]:
    """What hard labels give; a coin without a sample gets NaN."""
    labels = one_hot(r.argmax(axis=1), r.shape[1])
    return labels.T @ x[:, 0] / (labels.T @ x.sum(axis=1)), labels.mean(axis=0)


COIN_M_STEP = Task(
    oracle=_coin_m_step,
    cases={
        "for samples of ten tosses": (SAMPLES, SHARES[:4]),
        "for samples of different lengths": (UNEVEN, SHARES),
        "for three coins": (UNEVEN, np.column_stack([0.5 * SHARES, np.full(6, 0.5)])),
    },
    parts={"θ": "one number for each coin", "the weights": "one number for each coin"},
    mistakes=(
        Mistake(
            "θ is right only while all samples are equally long: this averages shares of heads. "
            "Tosses count, not samples.",
            lambda x, r: (
                r.T @ (x[:, 0] / x.sum(axis=1)) / r.sum(axis=0),
                r.mean(axis=0),
            ),
        ),
        Mistake(
            "θ is above 1 here and there: the number of samples is below the line. Of what "
            "should the heads be a share?",
            lambda x, r: (r.T @ x[:, 0] / r.sum(axis=0), r.mean(axis=0)),
        ),
        Mistake(
            "Below the line are the tosses of all the coins, not those expected of this coin.",
            lambda x, r: (r.T @ x[:, 0] / x.sum(), r.mean(axis=0)),
        ),
        Mistake(
            "θ is right. The weights are forgotten: they are 1/k whatever the responsibilities.",
            lambda x, r: (_theta(x, r), np.full(r.shape[1], 1 / r.shape[1])),
        ),
        Mistake(
            "θ is right. The weights don't sum to one: they are still sums of responsibilities.",
            lambda x, r: (_theta(x, r), r.sum(axis=0)),
        ),
        Mistake(
            "θ is right. The weights count tosses: but a weight is the probability of picking a "
            "coin, and a coin is picked once for each sample.",
            lambda x, r: (_theta(x, r), r.T @ x.sum(axis=1) / x.sum()),
        ),
        Mistake(
            "The responsibilities were rounded to hard labels first.",
            _hard,
        ),
        Mistake(
            "θ came out as the share of tails.",
            lambda x, r: (1 - _theta(x, r), r.mean(axis=0)),
        ),
        Mistake(
            "The sums go over the wrong axis: there is one number for each sample.",
            lambda x, r: (
                (r * x[:, [0]]).sum(axis=1) / (r * x.sum(axis=1, keepdims=True)).sum(axis=1),
                r.mean(axis=1),
            ),
        ),
    ),
)


def _ordered(theta: Array, weights: Array) -> tuple[Array, Array]:
    order = np.argsort(theta)
    return theta[order], weights[order]


ORDERED = Task(
    oracle=_ordered,
    cases={
        "for two coins": (np.array([0.8, 0.35]), np.array([0.4, 0.6])),
        "for three coins": (np.array([0.8, 0.1, 0.5]), np.array([0.2, 0.5, 0.3])),
        "for four coins": (np.array([0.6, 0.9, 0.2, 0.4]), np.array([0.1, 0.2, 0.3, 0.4])),
    },
    parts={"θ": "as many numbers as came in", "the weights": "as many numbers as came in"},
    mistakes=(
        Mistake(
            "θ and the weights were sorted each for itself. A coin must take its weight along.",
            lambda t, w: (np.sort(t), np.sort(w)),
        ),
        Mistake(
            "Only θ was put in order; the weights stayed behind.",
            lambda t, w: (np.sort(t), w),
        ),
        Mistake(
            "The order is that of the weights; equal weights would leave it open.",
            lambda t, w: (t[np.argsort(w)], np.sort(w)),
        ),
        Mistake(
            "The order is descending; the exercise asks for the smallest θ first.",
            lambda t, w: (t[np.argsort(-t)], w[np.argsort(-t)]),
        ),
        Mistake(
            "Right for two coins. With more of them a rank is not an index: `argsort` of `argsort` "
            "says where each coin goes, not which one comes next.",
            lambda t, w: (np.sort(t), w[np.argsort(np.argsort(t))]),
        ),
        Mistake(
            "The two results have changed places.",
            lambda t, w: _ordered(t, w)[::-1],
        ),
        Mistake(
            "These are the indices, not the values.",
            lambda t, w: (np.argsort(t), np.argsort(t)),
        ),
        Mistake("Nothing has moved.", lambda t, w: (t, w)),
    ),
)
