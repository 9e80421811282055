"""Holes in the data: a normal distribution of rows with missing numbers, as chapter 19 shows it.

The twelve rows are those of Murray (1977), in the discussion of Dempster, Laird and Rubin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NAN = np.nan
FIVE = np.array([[1.0], [2.0], [NAN], [1.0], [NAN]])
TWELVE = np.array(
    [
        *[[1, 1], [1, -1], [-1, 1], [-1, -1]],
        *[[2, NAN], [2, NAN], [-2, NAN], [-2, NAN]],
        *[[NAN, 2], [NAN, 2], [NAN, -2], [NAN, -2]],
    ]
)


@dataclass(frozen=True)
class Normal:
    mean: np.ndarray  # (d,)
    covariance: np.ndarray  # (d, d)


class NormalWithHoles:
    def e_step(self, x, params):
        filled, spreads, log_likelihood = x.copy(), np.zeros((*x.shape, x.shape[1])), 0.0
        for i, hole in enumerate(np.isnan(x)):
            h, s = np.flatnonzero(hole), np.flatnonzero(~hole)
            away = x[i, s] - params.mean[s]
            seen, across = params.covariance[np.ix_(s, s)], params.covariance[np.ix_(h, s)]
            slopes = np.linalg.solve(seen, across.T).T
            filled[i, h] = params.mean[h] + slopes @ away
            spreads[i][np.ix_(h, h)] = params.covariance[np.ix_(h, h)] - slopes @ across.T
            log_likelihood -= np.linalg.slogdet(2 * np.pi * seen)[1] / 2
            log_likelihood -= away @ np.linalg.solve(seen, away) / 2
        return (filled, spreads), log_likelihood

    def m_step(self, x, posterior, params):
        filled, spreads = posterior
        mean = filled.mean(axis=0)
        y = filled - mean
        return Normal(mean, (y.T @ y + spreads.sum(axis=0)) / len(x))


# --- four ways to deal with holes, tried on many draws --------------------------------------------

CORRELATION, ROWS, DRAWS = 0.7, 100, 2000
WAYS = ("delete the row", "fill in the mean", "fill in EM's values", "EM")
CAUSES = ("chance alone", "the other number", "the number itself")


def lost(cause: str, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Which second numbers are lost: four of ten, by chance or mostly where something is large."""
    deciding = {"the other number": rows[..., 0], "the number itself": rows[..., 1]}.get(cause)
    chance = 0.4 if deciding is None else np.where(deciding > 0, 0.7, 0.1)
    return rng.random(rows.shape[:-1]) < chance


def line(x: np.ndarray, y: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, ...]:
    """The line through each draw's rows that are seen whole, and what it is made of."""
    m = seen.sum(axis=1)
    mean_x, mean_y = (x * seen).sum(axis=1) / m, (y * seen).sum(axis=1) / m
    dx, dy = (x - mean_x[:, None]) * seen, (y - mean_y[:, None]) * seen
    squares = (dx**2).sum(axis=1)
    slope = (dx * dy).sum(axis=1) / squares
    about = ((dy - slope[:, None] * dx) ** 2).sum(axis=1) / m
    return m, mean_x, mean_y, slope, about, squares


def moments(x: np.ndarray, y: np.ndarray, counted: np.ndarray) -> tuple[np.ndarray, ...]:
    """Mean and deviation of y, the correlation, and the mean's standard error."""
    m, _, mean, slope, about, squares = line(x, y, counted)
    variance = about + slope**2 * squares / m
    return mean, np.sqrt(variance), slope * np.sqrt(squares / m / variance), np.sqrt(variance / m)


def by_em(x: np.ndarray, y: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, ...]:
    """The same where EM ends; where only y has holes, that has a closed form."""
    m, mean_x, mean_y, slope, about, squares = line(x, y, seen)
    n, far, spread = x.shape[1], x.mean(axis=1) - mean_x, x.var(axis=1)
    variance = about + slope**2 * spread
    error = np.sqrt(about * (1 / m + far**2 / squares) + slope**2 * spread / n)
    correlation = slope * np.sqrt(spread / variance)
    return mean_y + slope * far, np.sqrt(variance), correlation, error


def tried(
    cause: str, draws: int = DRAWS, rows: int = ROWS, seed: int = 19
) -> dict[str, np.ndarray]:
    """For each way what it says of each draw: shape (4, draws), as `moments`."""
    rng = np.random.default_rng([seed, CAUSES.index(cause)])
    root = np.linalg.cholesky([[1, CORRELATION], [CORRELATION, 1]])
    drawn = rng.standard_normal((draws, rows, 2)) @ root.T
    (x, y), hole = np.moveaxis(drawn, 2, 0), lost(cause, drawn, rng)
    _, mean_x, mean_y, slope, *_ = line(x, y, ~hole)
    on_line = mean_y[:, None] + slope[:, None] * (x - mean_x[:, None])
    tables = {
        "fill in the mean": np.where(hole, mean_y[:, None], y),
        "fill in EM's values": np.where(hole, on_line, y),
    }
    whole = np.ones_like(hole)
    found = {"delete the row": moments(x, y, ~hole), "EM": by_em(x, y, ~hole)}
    found |= {way: moments(x, table, whole) for way, table in tables.items()}
    return {way: np.array(found[way]) for way in WAYS}


def covered(found: np.ndarray) -> float:
    """How often the mean that was drawn from, 0, lies within 1.96 standard errors."""
    mean, _, _, error = found
    return float((abs(mean) < 1.96 * error).mean())
