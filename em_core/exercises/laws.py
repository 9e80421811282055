"""Laws that every EM code obeys: tools to find a mistake without knowing the right answer.

A law that fails proves a mistake. A law that holds proves nothing: each has mistakes that it
cannot see.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from em_core.checks import Array
from em_core.exercises.verdict import Verdict, quiet, told

ROUNDING = 1e-9
AGREEMENT = 1e-7


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
        Takes a log-joint of shape (n, k), returns responsibilities of that shape.
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
        One iteration, ``step(x, *params)``; returns parameters like those it was given.
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
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Verdict("Fails", f"The code stopped with {told(error)}.")


def _falls(values: ArrayLike) -> Verdict:
    value = np.asarray(values, dtype=float)
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
    given = np.array(log_joint, dtype=float)
    plain = np.asarray(e_step(given.copy()))
    shares = np.arange(1, len(given) + 1)[:, np.newaxis] / len(given)
    for constant in (-2000.0, -10.0, 10.0, 2000.0):
        shifted = np.asarray(e_step(given + constant * shares))
        amount = f"With another number added to each row, up to {constant:+.0f},".replace("-", "−")
        if np.isnan(shifted).any():
            return Verdict("Fails", f"{amount} there is NaN.")
        if shifted.shape != plain.shape or not np.allclose(shifted, plain, atol=AGREEMENT):
            return Verdict("Fails", f"{amount} the responsibilities change.")
    return Verdict("Holds", "Numbers from −2000 to +2000, another on each row, change nothing.")


def _renamed(step: Callable[..., Any], x: ArrayLike, *params: ArrayLike) -> Verdict:
    given = [np.array(p, dtype=float) for p in params]
    order = np.roll(np.arange(len(given[0])), 1)
    plain = step(x, *(p.copy() for p in given))
    renamed = step(x, *(p[order] for p in given))
    for number, (one, other) in enumerate(zip(plain, renamed, strict=True), start=1):
        if not np.allclose(np.asarray(one)[order], other, rtol=AGREEMENT, atol=AGREEMENT):
            return Verdict("Fails", f"With the components renamed, result {number} is another.")
    return Verdict("Holds", "With the components renamed the results are the same, renamed.")
