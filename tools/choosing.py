"""Which exercises by hand are meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from em_core.exercises import by_hand
from em_core.exercises.by_hand import ByHand


class ChoiceError(ValueError):
    """There are no such exercises."""


def chosen(chapters: str, exercises: str) -> list[ByHand]:
    """Find the exercises of some chapters, written as 3,5-7, and those named."""
    names = re.split(r"[,\s]+", exercises.strip()) if exercises.strip() else []
    unknown = [name for name in names if name not in by_hand.EXERCISES]
    if unknown:
        raise ChoiceError(f"EXERCISES: {unknown[0]!r} is none of {', '.join(by_hand.EXERCISES)}")
    numbers = set(_numbers(chapters))
    have = {exercise.chapter for exercise in by_hand.EXERCISES.values()}
    if numbers - have:
        raise ChoiceError(f"CHAPTERS: chapter {min(numbers - have)} has no exercise by hand")
    found = [e for e in by_hand.EXERCISES.values() if e.chapter in numbers or e.name in names]
    if not found:
        listed = (f"{e.chapter} {e.name}" for e in by_hand.EXERCISES.values())
        raise ChoiceError(
            "which exercises? CHAPTERS=3,5-7 or EXERCISES=bic,leap; there are, by chapter:\n   "
            + "\n   ".join(listed)
        )
    return found


def whole_number(setting: str, text: str, least: int, most: int) -> int:
    """Read a setting that is a whole number."""
    number = int(text) if re.fullmatch(r"-?[0-9]{1,12}", text) else None
    if number is None or not least <= number <= most:
        raise ChoiceError(f"{setting}: {text!r} must be a whole number from {least} to {most}")
    return number


def _numbers(text: str) -> Iterator[int]:
    for part in re.split(r"[,\s]+", text.strip()) if text.strip() else []:
        match = re.fullmatch(r"(\d{1,3})(?:-(\d{1,3}))?", part)
        if match is None:
            raise ChoiceError(f"CHAPTERS: {part!r} is no number and no range such as 3-5")
        yield from range(int(match[1]), int(match[2] or match[1]) + 1)
