"""Coins in a row: latent classes of yes and no, as chapter 20 shows them.

`data/carcinoma.csv` holds the verdicts of seven pathologists on 118 slides (see `survey`). `PLEURA`
are those of three readers on 1,692 X-ray films, from Dayton (1998) by way of UCLA's examples of the
program LEM.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from scipy.special import xlog1py, xlogy
from survey import respondents

NAMES = "ABCDEFG"
PAIRS = list(combinations(range(len(NAMES)), 2))
PLEURA = np.array([1513, 23, 59, 12, 21, 19, 11, 34])  # of each of `patterns(3)`, 1 for thickened


def slides() -> tuple[np.ndarray, np.ndarray]:
    """Each pattern of verdicts that occurred, 1 for carcinoma, and on how many slides."""
    answers, number = respondents("carcinoma")
    return answers - 1.0, number


def patterns(questions: int) -> np.ndarray:
    """All rows of answers, 0 or 1, the last changing first."""
    return np.array(list(product([0.0, 1.0], repeat=questions)))


@dataclass(frozen=True)
class Rows:
    weights: np.ndarray  # (k,)
    yes: np.ndarray  # (k, d): for each class a row of coins


class CoinRows:
    def log_joint(self, x, params):
        answers = x[:, np.newaxis]  # (n, 1, d), beside coins of shape (k, d)
        each = xlogy(answers, params.yes) + xlog1py(1 - answers, -params.yes)
        return np.log(params.weights) + each.sum(axis=2)

    def m_step(self, x, responsibilities, params):
        rows = responsibilities.sum(axis=0)
        yes = responsibilities.T @ x / rows[:, np.newaxis]
        return Rows(rows / rows.sum(), yes.clip(0, 1))

    def random_start(self, x, k, rng):
        return Rows(np.full(k, 1 / k), rng.uniform(0.1, 0.9, (k, x.shape[1])))


class Careful(CoinRows):
    def m_step(self, x, responsibilities, params):
        rows = responsibilities.sum(axis=0)
        yes = (responsibilities.T @ x + 0.5) / (rows[:, np.newaxis] + 1)
        return Rows(rows / rows.sum(), yes)

    def log_prior(self, params):
        return 0.5 * (np.log(params.yes) + np.log1p(-params.yes)).sum()


def ordered(params: Rows) -> Rows:
    """The same classes, by how often they say yes: EM's own order is that of the start."""
    order = params.yes.sum(axis=1).argsort()
    return Rows(params.weights[order], params.yes[order])


def both_yes(params: Rows) -> np.ndarray:
    """For each pair of questions the probability that both are answered by yes."""
    return np.array([params.weights @ (params.yes[:, a] * params.yes[:, b]) for a, b in PAIRS])


def saw_both(x: np.ndarray, number: np.ndarray) -> np.ndarray:
    """For each pair of pathologists the number of slides on which both say yes."""
    return np.array([number @ (x[:, a] * x[:, b]) for a, b in PAIRS])
