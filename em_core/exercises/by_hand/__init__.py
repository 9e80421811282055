"""Exercises by hand whose numbers are drawn, with what is right and what known mistakes give.

``by_hand.show("responsibility")`` shows one with fields for its answers.
"""

import numpy as np

from em_core.exercises.by_hand import bounds, coins, family, gaussians, hidden, worth
from em_core.exercises.by_hand.judging import judge
from em_core.exercises.by_hand.showing import MIME, Shown
from em_core.exercises.by_hand.template import ByHand, Field, Mistake, Variant, drawn, variants

_FOUND = [
    thing
    for module in (bounds, coins, gaussians, worth, hidden, family)
    for thing in vars(module).values()
    if isinstance(thing, ByHand)
]
EXERCISES = {one.name: one for one in sorted(_FOUND, key=lambda one: one.chapter)}
"""All of them by their names, in the chapters' order."""


ON_A_PAGE = 30
"""Variants that a page without a kernel has of each, or as many as there are."""


def of_the_page(exercise: ByHand) -> list[Variant]:
    """The variants that a page has; the same at each build."""
    return variants(exercise, ON_A_PAGE, np.random.default_rng([*exercise.name.encode()]))


def show(*names: str) -> Shown:
    """Show exercises by hand: on a page with some thirty variants, in JupyterLab with any number.

    Parameters
    ----------
    *names : str
        Keys of `EXERCISES`.

    Returns
    -------
    Shown

    Raises
    ------
    ValueError
        For a name that no exercise has.
    """
    unknown = [name for name in names if name not in EXERCISES]
    if unknown or not names:
        said = f"{unknown[0]!r} is none of" if unknown else "expected some of"
        raise ValueError(f"names: {said} {', '.join(EXERCISES)}")
    return Shown([EXERCISES[name] for name in names])


__all__ = [
    "EXERCISES",
    "MIME",
    "ByHand",
    "Field",
    "Mistake",
    "Shown",
    "Variant",
    "drawn",
    "judge",
    "of_the_page",
    "show",
    "variants",
]
