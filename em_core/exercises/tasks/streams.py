"""Tasks about streams: what a step size remembers, and the running average of the sums."""

from __future__ import annotations

import numpy as np

from em_core.checks import Array
from em_core.exercises.verdict import Mistake, Task


def _weights(steps: Array) -> Array:
    later = np.append(1 - steps[1:], 1.0)
    return np.asarray(steps * np.cumprod(later[::-1])[::-1])


def _shrunk_by_itself(steps: Array) -> Array:
    return np.asarray(steps * np.cumprod((1 - steps)[::-1])[::-1])


def _forwards(steps: Array) -> Array:
    return np.asarray(steps * np.append(1.0, np.cumprod(1 - steps[:-1])))


T = np.arange(1.0, 9.0)

STREAM_WEIGHTS = Task(
    oracle=_weights,
    cases={
        "for 1/t": (1 / T,),
        "for t to the power −0.6": (T**-0.6,),
        "for steps that go up and down": (np.array([1.0, 0.5, 0.2, 0.7, 0.1]),),
        "for one number": (np.array([1.0]),),
    },
    parts={"the weights": "shape (t,)"},
    mistakes=(
        Mistake(
            "These are the steps themselves. What came in early has been shrunk by every later "
            "step.",
            lambda steps: steps,
        ),
        Mistake(
            "Each number is shrunk by its own step, too. It comes in with γ_i; only the later "
            "steps shrink it.",
            _shrunk_by_itself,
        ),
        Mistake(
            "Each number is shrunk by the steps *before* it. Those after it do that.",
            _forwards,
        ),
        Mistake(
            "Here are the factors by which each number was shrunk. It came in with γ_i, which is "
            "missing.",
            lambda steps: _weights(steps) / steps,
        ),
        Mistake(
            "These are the right weights from the newest back. The first is that of the oldest.",
            lambda steps: _weights(steps)[::-1],
        ),
        Mistake(
            "The steps were divided by their sum. So much of each number came in; what was shrunk "
            "since is not seen.",
            lambda steps: steps / steps.sum(),
        ),
        Mistake(
            "All numbers count alike. That is so for 1/t, and for no other step size.",
            lambda steps: np.full(len(steps), 1 / len(steps)),
        ),
    ),
)


def _features(x: Array) -> Array:
    return np.column_stack([np.ones(len(x)), x, x**2])


def _update(sums: Array, x: Array, r: Array, step: float) -> Array:
    return np.asarray(sums + step * (r.T @ _features(x) / len(x) - sums))


def _block(k: int, b: int, step: float, seed: int) -> tuple[Array, Array, Array, float]:
    rng = np.random.default_rng(seed)
    before, r = rng.dirichlet(np.ones(k), 20), rng.dirichlet(np.ones(k), b)
    sums = before.T @ _features(rng.standard_normal(20) + 2) / 20
    return sums, rng.standard_normal(b) + 3, r, step


STREAM_UPDATE = Task(
    oracle=_update,
    cases={
        "for two components and five rows": _block(2, 5, 0.2, 0),
        "for three components and two rows": _block(3, 2, 0.05, 1),
        "for one row": _block(2, 1, 0.5, 2),
    },
    parts={"the sums": "shape (k, 3)"},
    mistakes=(
        Mistake(
            "The block's sums are not divided by its number of rows, so a large block counts for "
            "more than its step.",
            lambda s, x, r, step: s + step * (r.T @ _features(x) - s),
        ),
        Mistake(
            "The block was added, and nothing was taken away for it: the weights no longer sum "
            "to 1.",
            lambda s, x, r, step: s + step * (r.T @ _features(x) / len(x)),
        ),
        Mistake(
            "The step is on the wrong side: the *old* average is taken with the share γ, the new "
            "one with 1 − γ.",
            lambda s, x, r, step: _update(s, x, r, 1 - step),
        ),
        Mistake(
            "This goes away from what has come. The difference is the block's average less the "
            "old one.",
            lambda s, x, r, step: _update(s, x, r, -step),
        ),
        Mistake(
            "This is the block's own average; what came before is forgotten.",
            lambda s, x, r, step: _update(s, x, r, 1.0),
        ),
        Mistake(
            "Each component's part was divided by its own share of the block. That makes means of "
            "them, and means don't average.",
            lambda s, x, r, step: (
                s + step * (r.T @ _features(x) / r.sum(axis=0)[:, np.newaxis] - s)
            ),
        ),
    ),
)
