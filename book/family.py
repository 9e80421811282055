"""The family: one hill, and EM's relatives on it, as chapter 22 shows them.

Coin A was tossed three times: one head. Then somebody tossed A or the fair coin B, each as likely,
ten times: eight heads. q is the probability that it was A, and θ A's chance of heads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import rel_entr
from scipy.stats import norm


def joint(theta):
    """The ten tosses with A, and with B."""
    return theta**8 * (1 - theta) ** 2 / 2, 0.5**10 / 2


def bound(q, theta):
    a, b = joint(theta)
    return np.log(theta) + 2 * np.log(1 - theta) - rel_entr(q, a) - rel_entr(1 - q, b)


def posterior(theta):
    a, b = joint(theta)
    return a / (a + b)


def top(q, theta):
    return (1 + 8 * q) / (3 + 10 * q)


def climb(e_step, m_step, theta=1 / 3, q=0.5, iterations=10):
    path = [(q, theta)]
    for _ in range(iterations):
        path.append((q := e_step(theta), theta))
        path.append((q, theta := m_step(q, theta)))
    return np.array(path)


def half_way(q, theta):
    return (theta + top(q, theta)) / 2


def with_prior(q, theta):
    return (1 + 8 * q + 4) / (3 + 10 * q + 8)


def hard(theta):
    return 1.0 if posterior(theta) > 0.5 else 0.0


def in_band(theta):
    return np.clip(posterior(theta), 0.2, 0.6)


def drawn(labels, seed=22):
    rng = np.random.default_rng(seed)
    return lambda theta: (rng.random(labels) < posterior(theta)).mean()


def log_likelihood(theta):
    """The height of the hill above its ridge: the bound at the best q."""
    return bound(posterior(theta), theta)


def log_prior(theta):
    """Of four heads and four tails that were seen before, but for a constant."""
    return 4 * (np.log(theta) + np.log(1 - theta))


Step = Callable[..., float]


def variants() -> dict[str, tuple[Step, Step]]:
    """An E-step and an M-step for each, from the first draw."""
    return {
        "EM": (posterior, top),
        "GEM": (posterior, half_way),
        "MAP": (posterior, with_prior),
        "hard EM": (hard, top),
        "variational": (in_band, top),
        "Monte Carlo": (drawn(20), top),
        "stochastic": (drawn(1), top),
    }


# --- two lines ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lines:
    weights: np.ndarray  # (k,)
    lines: np.ndarray  # (k, 2): where each line begins, and its slope
    sigma: np.ndarray  # (k,)


class TwoLines:
    """A mixture of regressions; x has two columns, the second of which is explained."""

    def log_joint(self, x, params):
        heights = params.lines[:, 0] + x[:, [0]] * params.lines[:, 1]
        return np.log(params.weights) + norm.logpdf(x[:, [1]], heights, params.sigma)

    def m_step(self, x, responsibilities, params):
        design, y = np.column_stack([np.ones(len(x)), x[:, 0]]), x[:, 1]
        shared = [design.T * r for r in responsibilities.T]
        lines = np.array([np.linalg.solve(each @ design, each @ y) for each in shared])
        squares = (y[:, np.newaxis] - design @ lines.T) ** 2
        rows = responsibilities.sum(axis=0)
        sigma = np.sqrt((responsibilities * squares).sum(axis=0) / rows)
        return Lines(rows / len(x), lines, sigma)


PUBLISHED_START = Lines(
    np.array([0.25, 0.75]), np.array([[8.0, -1.0], [1.0, 1.0]]), np.array([2.0, 1.0])
)


def countries() -> np.ndarray:
    """Gross national product and carbon dioxide a head of 28 countries in 1996."""
    path = Path(__file__).with_name("data") / "co2_gnp.csv"
    return np.loadtxt(path, delimiter=",", skiprows=1)
