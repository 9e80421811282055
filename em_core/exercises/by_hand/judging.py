"""What is said of an answer by hand; `by-hand.js` says the same on the page."""

from __future__ import annotations

import re
from fractions import Fraction

from em_core.exercises.by_hand.template import CLOSE, Field, Variant
from em_core.exercises.verdict import Verdict

NUMBER = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?(?:/(\d+))?", re.ASCII)
FRACTIONS = {"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅖": "2/5"}
FRACTIONS |= {"⅗": "3/5", "⅘": "4/5", "⅙": "1/6", "⅚": "5/6", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8"}
FRACTIONS |= {"⅞": "7/8"}
SIGNS = {"−": "-", ",": "."}
LONGEST = 40
EXACT = 1e-9
SLACK = 1.001
"""Half a unit is still right, whatever the last bit."""
RIGHT_WITHIN, WRONG_WITHIN = 0.5, 1
"""Units of the last decimal within which an answer is right, or is a known mistake's."""

RIGHT = Verdict("Right", "")
UNREAD = Verdict("Not a number", "Write it like 0.25, 0,25 or 1/4.")
ROUNDED = Verdict("Close", "The last digit is off: keep more digits on the way.")
NOT_YET = Verdict("Not yet", "")


def read(text: str) -> tuple[float, int | None] | None:
    """Read a number as learners write it.

    Parameters
    ----------
    text : str
        With a decimal point or comma, or as a fraction of whole numbers.

    Returns
    -------
    tuple of (float, int or None), or None
        The number, and how many decimals were given: None for a fraction. None if it is no number.
    """
    text = "".join(SIGNS.get(sign, sign) for sign in text.strip())
    if text.lstrip("+-") in FRACTIONS:
        text = text[:-1] + FRACTIONS[text[-1]]
    match = NUMBER.fullmatch(text) if len(text) <= LONGEST else None
    if match is None or not (match[2] or match[3]):
        return None
    sign, whole, decimals, below = match.groups()
    if below is None:
        return float(f"{sign}{whole or 0}.{decimals or 0}"), len(decimals or "")
    if decimals is not None or int(below) == 0:
        return None
    return float(Fraction(int(f"{sign}{whole}"), int(below))), None


def judge(text: str, variant: Variant, which: int) -> Verdict:
    """Say what an answer is.

    Parameters
    ----------
    text : str
        What was written.
    variant : Variant
    which : int
        The index of the field.

    Returns
    -------
    Verdict
    """
    found = read(text)
    if found is None:
        return UNREAD
    value, given = found
    field, right = variant.exercise.fields[which], variant.right[which]
    if _is(value, right, field, RIGHT_WITHIN):
        return RIGHT
    for mistake, values in zip(variant.exercise.mistakes, variant.wrong, strict=True):
        wrong = values[which]
        if wrong is not None and _is(value, wrong, field, WRONG_WITHIN):
            return Verdict("Not yet", mistake.words)
    if field.decimals and _is(value, right, field, CLOSE):
        return ROUNDED
    if given and given < field.decimals and abs(value - right) <= 0.5 * 10**-given * SLACK:
        return too_short(field)
    return NOT_YET


def too_short(field: Field) -> Verdict:
    """What is said where digits are missing."""
    plural = "s are" if field.decimals > 1 else " is"
    return Verdict("Close", f"Right so far; {field.decimals} decimal{plural} asked for.")


def tolerance(field: Field, units: float) -> float:
    """How far an answer may be off, in units of the last decimal; a whole number may not."""
    return units * field.unit * SLACK if field.decimals else EXACT


def _is(value: float, wanted: float, field: Field, units: float) -> bool:
    return abs(value - wanted) <= tolerance(field, units)
