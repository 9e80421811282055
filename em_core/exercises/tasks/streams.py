"""A task about streams: what a step size remembers."""

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
