"""Tasks about hidden Markov chains: the log-likelihood by the forward pass, and the moves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from em_core.checks import Array
from em_core.exercises.verdict import Mistake, Task


def _forward(
    p: Array,
    start: Array,
    moves: Array,
    predict: Callable[[Array, Array], Array] = np.matmul,
    first: bool = True,
) -> float:
    """The log-likelihood; with what mistakes make of a prediction, or of the first row."""
    total, expected = 0.0, start if first else predict(start, moves)
    for row in p:
        joint = expected * row
        total += float(np.log(joint.sum()))
        expected = predict(joint / joint.sum(), moves)
    return total


def _chain(n: int, k: int, seed: int) -> tuple[Array, Array, Array]:
    rng = np.random.default_rng(seed)
    p, start, moves = rng.random((n, k)), rng.random(k), rng.random((k, k)) + 2 * np.eye(k)
    return p, start / start.sum(), moves / moves.sum(axis=1, keepdims=True)


CHAIN_LOG_LIKELIHOOD = Task(
    oracle=lambda p, start, moves: _forward(p, start, moves),
    cases={
        "for three rows and two states": _chain(3, 2, 0),
        "for eight rows and three states": _chain(8, 3, 1),
        "for one row": _chain(1, 2, 2),
        "for ten thousand rows": _chain(10_000, 2, 3),
    },
    parts={"the log-likelihood": "one number"},
    mistakes=(
        Mistake(
            "The moves are read the wrong way round: a row of `moves` is the state that is left.",
            lambda p, start, moves: _forward(p, start, moves, lambda a, m: m @ a),
        ),
        Mistake(
            "The chain has moved before the first row. `start` holds the first row's own state.",
            lambda p, start, moves: _forward(p, start, moves, first=False),
        ),
        Mistake(
            "This is the log-likelihood of a mixture: the rows were taken for independent, all "
            "with the weights of `start`.",
            lambda p, start, moves: float(np.log(p @ start).sum()),
        ),
        Mistake(
            "The state that was found is forgotten: what is expected of a row must come from the "
            "row before, weighed by how probable that was.",
            lambda p, start, moves: float(
                sum(
                    np.log(start @ np.linalg.matrix_power(moves, i) @ row)
                    for i, row in enumerate(p)
                )
            ),
        ),
        Mistake(
            "This follows the most probable path alone. The likelihood is the sum over all paths.",
            lambda p, start, moves: _best_path(p, start, moves),
        ),
        Mistake(
            "The sign is that of a loss: this is minus the log-likelihood.",
            lambda p, start, moves: -_forward(p, start, moves),
        ),
        Mistake(
            "The last row was left out.",
            lambda p, start, moves: _forward(p[:-1], start, moves),
        ),
    ),
)


def _best_path(p: Array, start: Array, moves: Array) -> float:
    best = np.log(start * p[0])
    for row in p[1:]:
        best = (best[:, np.newaxis] + np.log(moves)).max(axis=0) + np.log(row)
    return float(best.max())


def _pairs(n: int, k: int, seed: int) -> Array:
    pairs = np.random.default_rng(seed).random((n, k, k)) ** 3
    return np.asarray(pairs / pairs.sum(axis=(1, 2), keepdims=True))


CHAIN_MOVES = Task(
    oracle=lambda pairs: pairs.sum(axis=0) / pairs.sum(axis=(0, 2))[:, np.newaxis],
    cases={
        "for five moves between two states": (_pairs(5, 2, 0),),
        "for twenty moves between three states": (_pairs(20, 3, 1),),
        "for one move": (_pairs(1, 2, 2),),
    },
    parts={"the matrix of moves": "shape (k, k)"},
    mistakes=(
        Mistake(
            "The columns sum to 1. A row is the state that is left, and somewhere it must go.",
            lambda pairs: pairs.sum(axis=0) / pairs.sum(axis=(0, 1)),
        ),
        Mistake(
            "These are the expected numbers of moves. Of how many from each state?",
            lambda pairs: pairs.sum(axis=0),
        ),
        Mistake(
            "This is each pair's share of all moves. What is wanted is its share of the moves from "
            "the same state.",
            lambda pairs: pairs.mean(axis=0),
        ),
        Mistake(
            "It is the transpose: rows and columns have changed places.",
            lambda pairs: (pairs.sum(axis=0) / pairs.sum(axis=(0, 2))[:, np.newaxis]).T,
        ),
        Mistake(
            "Each time was given its own matrix, and these were averaged. A time at which a state "
            "was hardly occupied then counts like any other.",
            lambda pairs: (pairs / pairs.sum(axis=2, keepdims=True)).mean(axis=0),
        ),
        Mistake(
            "Here each move is made certain before it is counted. Their probabilities are added.",
            lambda pairs: _hard(pairs),
        ),
    ),
)


def _hard(pairs: Array) -> Array:
    sure = pairs == pairs.max(axis=(1, 2), keepdims=True)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.nan_to_num(sure.sum(axis=0) / sure.sum(axis=(0, 2))[:, np.newaxis]))
