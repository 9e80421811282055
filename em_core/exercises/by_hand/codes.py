"""The code of an exercise sheet: from it alone the sheet's numbers, and so its key, come again."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from em_core.exercises.by_hand import EXERCISES, Variant, drawn

ORDER = [
    "jensen-gap",
    "labelled-coin",
    "responsibility",
    "log-likelihood",
    "bound-and-gap",
    "expected-counts",
    "one-iteration",
    "log-sum-exp",
    "free-weights",
    "copies",
    "gaussian-responsibility",
    "weighted-mean-and-variance",
    "covariance-of-two",
    "bic",
    "exponential-rate",
    "merged-pieces",
    "leap",
    "rate",
    "standard-error",
    "map-variance",
    "criteria",
    "starts-needed",
    "unseen",
    "forward-pass",
    "hole-iteration",
    "judges",
    "stream-mean",
    "relatives",
]
"""Each exercise's place in a code: new ones are added at the end, none is ever moved."""
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # without I, L, O and U, which are misread
MISREAD = str.maketrans("ILO", "110")
SEEDS = 2**32
MOST = 4096
"""Sheets of one seed."""
CHECK = 2  # letters
GROUP = 4


@dataclass(frozen=True)
class Sheet:
    """Some exercises with the numbers of one student.

    Attributes
    ----------
    seed, index : int
        Below `SEEDS` and `MOST`.
    names : tuple of str
        The exercises, in the order of `ORDER`.
    """

    seed: int
    index: int
    names: tuple[str, ...]

    @property
    def code(self) -> str:
        """What is printed on the sheet."""
        mask = sum(1 << ORDER.index(name) for name in self.names)
        whole = (mask * MOST + self.index) * SEEDS + self.seed
        letters = ""
        while whole:
            whole, digit = divmod(whole, len(LETTERS))
            letters = LETTERS[digit] + letters
        letters += _check(letters)
        return "-".join(letters[i : i + GROUP] for i in range(0, len(letters), GROUP))

    def variants(self) -> list[Variant]:
        """The exercises with this sheet's numbers."""
        seeds = ([self.seed, self.index, *name.encode()] for name in self.names)
        return [
            drawn(EXERCISES[name], np.random.default_rng(seed))
            for name, seed in zip(self.names, seeds, strict=True)
        ]


def sheet_for(seed: int, index: int, names: Iterator[str] | list[str]) -> Sheet:
    """The sheet of one student, its exercises in the order of the code."""
    return Sheet(seed, index, tuple(sorted(names, key=ORDER.index)))


def sheet_of(code: str) -> Sheet:
    """The sheet that has a code.

    Parameters
    ----------
    code : str
        Small letters and other groups will do.

    Returns
    -------
    Sheet

    Raises
    ------
    ValueError
        If no sheet has this code.
    """
    letters = re.sub(r"[\s-]", "", code).upper().translate(MISREAD)
    body, check = letters[:-CHECK], letters[-CHECK:]
    if not body or len(letters) > 40 or set(letters) - set(LETTERS) or check != _check(body):
        raise ValueError(f"code: {code[:60]!r} is on no sheet; is a letter wrong?")
    whole = 0
    for letter in body:
        whole = whole * len(LETTERS) + LETTERS.index(letter)
    whole, seed = divmod(whole, SEEDS)
    mask, index = divmod(whole, MOST)
    if not 0 < mask < 1 << len(ORDER):
        raise ValueError(f"code: {code[:60]!r} has exercises that this book hasn't")
    return Sheet(seed, index, tuple(name for i, name in enumerate(ORDER) if mask >> i & 1))


def _check(letters: str) -> str:
    number = zlib.crc32(letters.encode()) % len(LETTERS) ** CHECK
    return LETTERS[number // len(LETTERS)] + LETTERS[number % len(LETTERS)]


@dataclass(frozen=True)
class KeyRow:
    """What the key says of one field.

    Attributes
    ----------
    task : int
        The number of the exercise on the sheet.
    exercise : str
    which : int
        The index of the field.
    field : str
        Its label.
    right : str
    mistakes : tuple of (int, str)
        The index of each mistake, and what it gives.
    """

    task: int
    exercise: str
    which: int
    field: str
    right: str
    mistakes: tuple[tuple[int, str], ...]


def key(sheet: Sheet) -> list[KeyRow]:
    """What is right on a sheet, and what known mistakes give, written as asked for."""
    rows = []
    for number, variant in enumerate(sheet.variants(), start=1):
        for i, field in enumerate(variant.exercise.fields):

            def written(value: float, decimals: int = field.decimals) -> str:
                return f"{value:.{decimals}f}".replace("-", "−")

            wrong = [(m, values[i]) for m, values in enumerate(variant.wrong)]
            mistakes = tuple((m, written(value)) for m, value in wrong if value is not None)
            right = written(variant.right[i])
            rows.append(KeyRow(number, variant.exercise.name, i, field.label, right, mistakes))
    return rows
