"""What an exercise by hand is: numbers that are drawn, what is right, and what mistakes give."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

Numbers: TypeAlias = dict[str, float]
Values: TypeAlias = tuple[float | None, ...]

SLOT = re.compile(r"<(\w+)(?::([^>]*))?>")
"""A number's place in a text: its name, and how it is written if not as it is."""
ATTEMPTS = 2000
CLOSE = 3
"""Units of the last digit within which an answer is taken for one that was rounded on the way."""


@dataclass(frozen=True)
class Field:
    """A number that is asked for.

    Attributes
    ----------
    label : str
        In Markdown.
    decimals : int
        How many are asked for; 0 means a whole number, which is right or not.
    """

    label: str
    decimals: int

    @property
    def unit(self) -> float:
        """One of the last decimal."""
        return float(10.0**-self.decimals)

    @property
    def asked(self) -> str:
        """How it is to be written."""
        if not self.decimals:
            return "a whole number"
        return f"{self.decimals} decimal{'s' * (self.decimals > 1)}"


@dataclass(frozen=True)
class Mistake:
    """What learners do, told in words, and what they get by it.

    Attributes
    ----------
    words : str
        Said to whoever gives its answer; ends with what to look at.
    gives : callable
        Takes the drawn numbers by name, gives a value for each field: None where it says nothing.
    """

    words: str
    gives: Callable[..., Values]


@dataclass(frozen=True)
class ByHand:
    """An exercise whose numbers are drawn.

    Attributes
    ----------
    name, title : str
    chapter : int
    question : str
        Paragraphs of Markdown with formulas; `<name>` is the place of a number, `<name:.2f>` says
        how it is written. So are the hints and the solution.
    fields : tuple of Field
    draw : callable
        Takes a generator, gives the numbers by name.
    answer : callable
        Takes the numbers, gives the right value of each field.
    steps : callable
        Takes the numbers, gives further ones, which the solution shows.
    hints : tuple of str
    solution : str
        It may show the right values, by the names ``right_1``, ``right_2`` and so on.
    mistakes : tuple of Mistake
    """

    name: str
    title: str
    chapter: int
    question: str
    fields: tuple[Field, ...]
    draw: Callable[[np.random.Generator], Numbers]
    answer: Callable[..., tuple[float, ...]]
    steps: Callable[..., Numbers]
    hints: tuple[str, ...]
    solution: str
    mistakes: tuple[Mistake, ...]

    def texts(self) -> tuple[str, ...]:
        """All that is read: the question, the hints, the solution."""
        return (self.question, *self.hints, self.solution)

    def slots(self) -> list[str]:
        """The places of numbers in these texts, each once."""
        found = (match[0] for text in self.texts() for match in SLOT.finditer(text))
        return list(dict.fromkeys(found))


@dataclass(frozen=True)
class Variant:
    """An exercise with its numbers.

    Attributes
    ----------
    exercise : ByHand
    numbers : dict
    right : tuple of float
    wrong : tuple of tuple
        For each mistake what it gives.
    """

    exercise: ByHand
    numbers: Numbers
    right: tuple[float, ...]
    wrong: tuple[Values, ...]

    def shown(self) -> list[str]:
        """What is written into each of the exercise's slots."""
        known = self.numbers | self.exercise.steps(**self.numbers)
        known |= {f"right_{i}": value for i, value in enumerate(self.right, start=1)}
        return [_written(slot, known) for slot in self.exercise.slots()]

    def filled(self, text: str) -> str:
        """One of the exercise's texts with the numbers in it."""
        words = dict(zip(self.exercise.slots(), self.shown(), strict=True))
        return SLOT.sub(lambda match: words[match[0]], text)


def _written(slot: str, known: Numbers) -> str:
    match = SLOT.fullmatch(slot)
    if match is None:
        raise ValueError(f"{slot} is not the place of a number")
    name, form = match.groups()
    return f"{known[name]:{form or '.10g'}}".replace("-", "−")


def drawn(exercise: ByHand, rng: np.random.Generator) -> Variant:
    """Draw an exercise's numbers, until its mistakes can be told from what is right.

    Parameters
    ----------
    exercise : ByHand
    rng : Generator

    Returns
    -------
    Variant
    """
    for _ in range(ATTEMPTS):
        numbers = exercise.draw(rng)
        wrong = tuple(mistake.gives(**numbers) for mistake in exercise.mistakes)
        columns = [[v for v in column if v is not None] for column in zip(*wrong, strict=True)]
        if not all(map(_told_apart, exercise.fields, columns)):
            continue
        right = tuple(float(value) for value in exercise.answer(**numbers))
        if all(map(_told_from, exercise.fields, columns, right)):
            return Variant(exercise, numbers, right, wrong)
    raise RuntimeError(f"{exercise.name}: no numbers were found that tell the mistakes apart")


def _told_apart(field: Field, wrong: list[float]) -> bool:
    """Whether no answer can be taken for two mistakes."""
    apart = 2.5 * field.unit if field.decimals else 0.5
    return all(map(math.isfinite, wrong)) and all(
        abs(a - b) > apart for i, a in enumerate(wrong) for b in wrong[:i]
    )


def _told_from(field: Field, wrong: list[float], right: float) -> bool:
    """Whether no answer can be taken for a mistake and for what is right, or was rounded."""
    apart = (CLOSE + 1.5) * field.unit if field.decimals else 0.5
    return math.isfinite(right) and all(abs(value - right) > apart for value in wrong)


def variants(exercise: ByHand, count: int, rng: np.random.Generator) -> list[Variant]:
    """Draw an exercise several times; fewer come if it has not so many different ones.

    Parameters
    ----------
    exercise : ByHand
    count : int
    rng : Generator

    Returns
    -------
    list of Variant
        All different.
    """
    found: dict[tuple[float, ...], Variant] = {}
    for _ in range(10 * count):
        one = drawn(exercise, rng)
        found.setdefault(tuple(one.numbers.values()), one)
        if len(found) == count:
            break
    return list(found.values())


def pick(rng: np.random.Generator, *choices: float) -> float:
    """One of some numbers."""
    return choices[int(rng.integers(len(choices)))]


def between(rng: np.random.Generator, low: int, high: int) -> int:
    """A whole number from low to high, both included."""
    return int(rng.integers(low, high + 1))
