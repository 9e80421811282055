"""Tasks about random starts: how many are enough, and what they have not seen."""

from __future__ import annotations

from math import ceil, floor, log

import numpy as np

from em_core.checks import Array
from em_core.exercises.verdict import Mistake, Task

STARTS_NEEDED = Task(
    oracle=lambda p, risk: ceil(log(risk) / log(1 - p)),
    cases={
        "for one start in five": (0.2, 0.01),
        "for one start in two": (0.52, 0.05),
        "for one start in a thousand": (0.001, 0.05),
        "where one start is enough": (0.9, 0.5),
    },
    parts={"the number of starts": "one whole number"},
    mistakes=(
        Mistake(
            "It is not always a whole number. How many starts are enough for certain?",
            lambda p, risk: log(risk) / log(1 - p),
        ),
        Mistake(
            "It was rounded down: with so few starts the risk is still larger than it may be.",
            lambda p, risk: floor(log(risk) / log(1 - p)),
        ),
        Mistake(
            "It was rounded to the nearest whole number, which is sometimes one too few.",
            lambda p, risk: round(log(risk) / log(1 - p)),
        ),
        Mistake(
            "A start that finds the best and one that misses it have changed places.",
            lambda p, risk: ceil(log(risk) / log(p)),
        ),
        Mistake(
            "This is for a chance of `risk` that the best is found. It is the chance of a miss.",
            lambda p, risk: ceil(log(1 - risk) / log(1 - p)),
        ),
        Mistake(
            "This is how many starts it takes on average until the best is found, 1/p. Often it "
            "takes more.",
            lambda p, risk: ceil(1 / p),
        ),
        Mistake(
            "It uses 1 − p ≈ exp(−p), which is safe and asks for too many where p is not small.",
            lambda p, risk: ceil(log(1 / risk) / p),
        ),
    ),
)


def _counts(places: Array) -> Array:
    return np.unique(places, return_counts=True)[1].astype(float)


GOOD_TURING = Task(
    oracle=lambda places: float((_counts(places) == 1).sum()) / len(places),
    cases={
        "for ten starts": (np.array([0, 2, 0, 0, 3, 1, 0, 2, 0, 5]),),
        "where all are the same": (np.array([4, 4, 4, 4]),),
        "where all differ": (np.array([3, 1, 4, 2, 0]),),
        "where some were found twice": (np.array([0, 1, 1, 0, 2, 2, 7]),),
    },
    parts={"the estimate": "one number"},
    mistakes=(
        Mistake(
            "This counts the different maxima. Those that were found again are no sign of more.",
            lambda places: len(_counts(places)) / len(places),
        ),
        Mistake(
            "This is the number of maxima that were found once. Of what is a share wanted?",
            lambda places: float((_counts(places) == 1).sum()),
        ),
        Mistake(
            "It was divided by the number of maxima. The estimate is a share of the starts.",
            lambda places: float((_counts(places) == 1).mean()),
        ),
        Mistake(
            "This is the share of the starts whose maximum was found more than once: what the next "
            "start will probably find again.",
            lambda places: 1 - float((_counts(places) == 1).sum()) / len(places),
        ),
        Mistake(
            "It also counts what was found twice.",
            lambda places: float((_counts(places) <= 2).sum()) / len(places),
        ),
        Mistake(
            "This is 1/s, whatever the starts have found.",
            lambda places: 1 / len(places),
        ),
    ),
)
