"""A task about latent classes: how much each answer argues."""

from __future__ import annotations

import numpy as np

from em_core.checks import Array
from em_core.exercises.verdict import Mistake, Task


def _arguments(answers: Array, yes: Array) -> Array:
    given = np.where(answers == 1, yes, 1 - yes)
    return np.asarray(np.log(given[1] / given[0]))


ARGUMENTS = Task(
    oracle=_arguments,
    cases={
        "for a yes and a no": (np.array([1, 0]), np.array([[0.2, 0.2], [0.8, 0.4]])),
        "for five answers": (
            np.array([0, 0, 1, 1, 0]),
            np.array([[0.1, 0.6, 0.5, 0.3, 0.9], [0.3, 0.6, 0.9, 0.1, 0.2]]),
        ),
        "for one answer": (np.array([1]), np.array([[0.4], [0.7]])),
    },
    parts={"the arguments": "shape (d,)"},
    mistakes=(
        Mistake(
            "The sign is wrong throughout: these are the arguments for the first class.",
            lambda answers, yes: -_arguments(answers, yes),
        ),
        Mistake(
            "A no was left out, as if it argued nothing. Its probability is 1 − θ.",
            lambda answers, yes: answers * np.log(yes[1] / yes[0]),
        ),
        Mistake(
            "Every answer was taken for a yes.",
            lambda answers, yes: np.log(yes[1] / yes[0]),
        ),
        Mistake(
            "A no was taken for the opposite of a yes, with the same size. It has a size of its "
            "own, log (1 − θ₂) / (1 − θ₁).",
            lambda answers, yes: (2 * answers - 1) * np.log(yes[1] / yes[0]),
        ),
        Mistake(
            "These are the ratios. Arguments that add are their logarithms.",
            lambda answers, yes: np.exp(_arguments(answers, yes)),
        ),
        Mistake(
            "This is their sum. One argument for each question is wanted.",
            lambda answers, yes: _arguments(answers, yes).sum(),
        ),
    ),
)
