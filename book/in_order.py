"""Labels that follow one another: a hidden Markov chain for counts, as chapter 18 shows it.

`data/earthquakes.csv` holds the number of earthquakes of magnitude 7 or more in the whole world, a
year, 1900 to 2006: the series of Zucchini and MacDonald (2009), from the catalogue of the United
States Geological Survey. The diary of ice creams is that of Eisner (2002).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import poisson

HERE = Path(__file__).parent
DIARY = "2 3 3 2 3 2 3 2 2 3 1 3 3 1 1 1 2 1 1 1 3 1 2 1 1 1 2 3 3 2 3 2 2"
EATEN = np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]])  # one, two or three: on cold days, on hot ones
WEATHER = np.array([[0.8, 0.1], [0.1, 0.8]]) / 0.9  # the diary ends with .1, whatever the weather


def earthquakes() -> tuple[np.ndarray, np.ndarray]:
    """The years, and how many earthquakes each had."""
    years, counts = np.loadtxt(
        HERE / "data/earthquakes.csv", delimiter=",", skiprows=1, dtype=int
    ).T
    return years, counts


def diary() -> np.ndarray:
    """How many ice creams were eaten on each day."""
    return np.array(DIARY.split(), dtype=int)


def hot(days: np.ndarray) -> np.ndarray:
    """How probable it is that each day of a diary was hot."""
    (states, _), _ = forward_backward(EATEN.T[days - 1], np.full(2, 0.5), WEATHER)
    return states[:, 1]


def forward_backward(p, start, moves):
    alpha, beta, c = np.empty(p.shape), np.ones(p.shape), np.empty(len(p))
    for i in range(len(p)):
        joint = (alpha[i - 1] @ moves if i else start) * p[i]
        c[i] = joint.sum()
        alpha[i] = joint / c[i]
    for i in range(len(p) - 1, 0, -1):
        beta[i - 1] = moves @ (p[i] * beta[i]) / c[i]
    pairs = alpha[:-1, :, None] * moves * (p * beta / c[:, None])[1:, None]
    return (alpha * beta, pairs), np.log(c).sum()


@dataclass(frozen=True)
class Chain:
    start: np.ndarray  # (k,): the probabilities of the first state
    moves: np.ndarray  # (k, k): from each state, a row, to each other
    means: np.ndarray  # (k,)


class PoissonChain:
    def e_step(self, x, params):
        p = poisson.pmf(x[:, None], params.means)
        return forward_backward(p, params.start, params.moves)

    def m_step(self, x, posterior, params):
        states, pairs = posterior
        moves = pairs.sum(axis=0)
        moves = moves / moves.sum(axis=1, keepdims=True)
        return Chain(states[0], moves, states.T @ x / states.sum(axis=0))


def start_at(means, stay):
    k = len(means)
    moves = np.full((k, k), (1 - stay) / (k - 1))
    np.fill_diagonal(moves, stay)
    return Chain(np.full(k, 1 / k), moves, np.array(means, dtype=float))
