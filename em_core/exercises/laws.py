"""Laws that every EM code obeys: tools to find a mistake without knowing the right answer.

A law that fails proves a mistake. A law that holds proves nothing: each has mistakes that it
cannot see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from em_core.checks import Array
from em_core.exercises.verdict import Unusable, Verdict, as_array, quiet, told, unpacked

ROUNDING = 1e-9
AGREEMENT = 1e-7
NOTHING = Verdict("Fails", "It returns nothing: is there a `return`?")


def never_falls(values: ArrayLike) -> Verdict:
    """Monotonicity: what EM climbs, the log-likelihood, never falls.

    Parameters
    ----------
    values : array_like of shape (t,)
        The value at the start and after each iteration.

    Returns
    -------
    Verdict
        A fall of more than rounding, 1e-9 of the value, is told with its place.
    """
    return _told(_falls, values)


def shift(e_step: Callable[[Array], ArrayLike], log_joint: ArrayLike) -> Verdict:
    """Shift: a number added to a row of the log-joint leaves the responsibilities as they are.

    Parameters
    ----------
    e_step : callable
        Takes a log-joint of shape (n, k), returns responsibilities of that shape, alone or as
        the first of several things.
    log_joint : array_like of shape (n, k)

    Returns
    -------
    Verdict
    """
    return _told(_shifted, e_step, log_joint)


def renaming(step: Callable[..., Any], x: ArrayLike, *params: ArrayLike) -> Verdict:
    """Permutation: components given in another order come out in that order, and else the same.

    Parameters
    ----------
    step : callable
        One iteration, ``step(x, *params)``; returns parameters like those it was given, a single
        one bare or in a tuple.
    x : array_like
        The data.
    *params : array_like of shape (k, ...)
        The parameters, each with the components along its first axis.

    Returns
    -------
    Verdict
    """
    return _told(_renamed, step, x, *params)


def _told(law: Callable[..., Verdict], *arguments: Any) -> Verdict:
    """What the law says; code that stops breaks the law too."""
    try:
        with quiet():
            return law(*arguments)
    except Unusable as stopped:
        return stopped.verdict
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Verdict("Fails", f"The code stopped with {told(error)}.")


def _falls(values: ArrayLike) -> Verdict:
    value = _numbers("the values", values)
    if value.ndim != 1 or len(value) < 2:
        return Verdict("Fails", "A row of at least two values is wanted, the start's first.")
    finite = np.isfinite(value)
    if not finite.all():
        return Verdict("Fails", f"Value {finite.argmin()} is not a finite number.")
    slack = ROUNDING * np.maximum(1, np.abs(value[:-1]))
    falls = np.flatnonzero(np.diff(value) < -slack)
    if not falls.size:
        return Verdict("Holds", f"None of the {len(value) - 1} steps goes down.")
    t = falls[0]
    count = f"{falls.size} of {len(value) - 1} steps go down"
    fall = f"between iteration {t} and {t + 1}, from {value[t]:.4f} to {value[t + 1]:.4f}"
    return Verdict("Fails", f"{count}; the first {fall}.".replace("-", "−"))


def _shifted(e_step: Callable[[Array], ArrayLike], log_joint: ArrayLike) -> Verdict:
    given = _numbers("the log-joint", log_joint)
    plain = _responsibilities(e_step(given.copy()))
    if plain.shape != given.shape:
        shapes = f"{given.shape} are wanted, and these have shape {plain.shape}"
        return Verdict("Fails", f"Responsibilities of the log-joint's shape {shapes}.")
    shares = np.arange(1, len(given) + 1)[:, np.newaxis] / len(given)
    for constant in (-2000.0, -10.0, 10.0, 2000.0):
        shifted = _responsibilities(e_step(given + constant * shares))
        amount = f"With another number added to each row, up to {constant:+.0f},".replace("-", "−")
        if np.isnan(shifted).any():
            return Verdict("Fails", f"{amount} there is NaN.")
        if shifted.shape != plain.shape or not np.allclose(shifted, plain, atol=AGREEMENT):
            return Verdict("Fails", f"{amount} the responsibilities change.")
    return Verdict("Holds", "Numbers from −2000 to +2000, another on each row, change nothing.")


def _responsibilities(result: Any) -> Array:
    """What an E-step returned; where that is several things, the first, or what is called so."""
    result = getattr(result, "responsibilities", result)
    things = unpacked(result, 2) if isinstance(result, (tuple, list, Iterator)) else [result]
    of_rows = isinstance(result, list) and things and np.ndim(things[0]) < 2
    return _numbers("the responsibilities", result if of_rows else things[0] if things else None)


def _numbers(name: str, values: Any) -> Array:
    """Values as an array, or the verdict that they are none."""
    if values is None:
        raise Unusable(NOTHING)
    try:
        return as_array(values, name)
    except Unusable as stopped:
        raise Unusable(Verdict("Fails", stopped.verdict.words)) from None


def _like(given: list[Array], result: Any) -> list[Array]:
    """What a step returned: as many things as the parameters it was given, each of its shape.

    A single parameter may come back bare.
    """
    if result is None:
        raise Unusable(NOTHING)
    things = unpacked(result, len(given))
    if len(given) == 1 and not (len(things) == 1 and np.shape(things[0]) == given[0].shape):
        things = [result]
    if len(things) != len(given):
        words = f"It should return as many things as it is given parameters, {len(given)}."
        raise Unusable(Verdict("Fails", words))
    found = [_numbers(f"result {number}", thing) for number, thing in enumerate(things, start=1)]
    for number, (one, other) in enumerate(zip(found, given, strict=True), start=1):
        if one.shape != other.shape:
            words = f"Result {number} should have its parameter's shape, {other.shape}"
            raise Unusable(Verdict("Fails", f"{words}, and has {one.shape}."))
    return found


def _renamed(step: Callable[..., Any], x: ArrayLike, *params: ArrayLike) -> Verdict:
    given = [_numbers("the parameters", p) for p in params]
    order = np.roll(np.arange(len(given[0])), 1)
    plain = _like(given, step(x, *(p.copy() for p in given)))
    renamed = _like(given, step(x, *(p[order] for p in given)))
    for number, (one, other) in enumerate(zip(plain, renamed, strict=True), start=1):
        if not np.allclose(one[order], other, rtol=AGREEMENT, atol=AGREEMENT):
            return Verdict("Fails", f"With the components renamed, result {number} is another.")
    return Verdict("Holds", "With the components renamed the results are the same, renamed.")
