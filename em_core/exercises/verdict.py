"""How an answer is judged: run on data of our own, compared with the oracle, told in words.

A `Task` is the oracle, the cases on which both are run, and the mistakes that learners really make.
A mistake is known by its own results; those of the oracle are never shown.
"""

from __future__ import annotations

import dis
import inspect
import linecache
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from html import escape
from itertools import islice
from types import CodeType
from typing import Any, TypeAlias

import numpy as np

from em_core import checks
from em_core.checks import SUM_TOLERANCE, Array

Arguments: TypeAlias = tuple[Any, ...]
Parts: TypeAlias = list[Array]

NOTHING_DONE = {"RESUME", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE", "NOP"}
LONGEST_QUOTE = 200


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check or a law answers; a notebook shows it as a sentence.

    Attributes
    ----------
    headline : str
        ``"Right"``, ``"Not right yet"``, ``"Not yet started"``; for a law ``"Holds"``, ``"Fails"``.
    words : str
        What was seen.
    """

    headline: str
    words: str

    @property
    def right(self) -> bool:
        """Whether the answer is right, or the law holds."""
        return self.headline in ("Right", "Holds")

    def __repr__(self) -> str:
        return f"{self.headline}. {self.words}"

    def _repr_html_(self) -> str:
        kind = "right" if self.right else "wrong" if self != NOT_STARTED else "open"
        pieces = escape(self.words).split("`")
        words = "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(pieces))
        return f'<p class="em-verdict {kind}"><strong>{self.headline}.</strong> {words}</p>'


NOT_STARTED = Verdict(
    "Not yet started", "Put your own lines in place of the three dots and run the cell again."
)
RIGHT = Verdict("Right", "It agrees with the book's own code on all the data it was tried on.")


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that learners give.

    Attributes
    ----------
    words : str
        What to say to it; a hint, not the answer.
    made : callable
        The function that makes the mistake.
    """

    words: str
    made: Callable[..., Any]


@dataclass(frozen=True)
class Task:
    """What a function is asked to compute.

    Attributes
    ----------
    oracle : callable
        Computes it.
    cases : mapping of str to tuple
        The arguments that both are tried on, each named by what is special about it.
    parts : mapping of str to str
        The name of each thing to be returned, and what it is to look like.
    mistakes : tuple of Mistake
        The first that gives the same results as the learner's function is told.
    rows_sum_to_one : bool
        Whether the first part's rows are distributions.
    """

    oracle: Callable[..., Any]
    cases: Mapping[str, Arguments]
    parts: Mapping[str, str]
    mistakes: tuple[Mistake, ...]
    rows_sum_to_one: bool = False


class Unusable(Exception):  # noqa: N818 (it is an answer, not an error)
    """Carries the verdict on an answer that cannot be compared."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.words)
        self.verdict = verdict


def judge(answer: Any, task: Task) -> Verdict:
    """Say what is right or wrong about an answer.

    Parameters
    ----------
    answer : object
        The learner's function; what is not a function is told so.
    task : Task

    Returns
    -------
    Verdict
    """
    try:
        if is_stub(answer):
            return NOT_STARTED
        if not callable(answer):
            return wrong(f"A function is wanted here, and this is {kind_of(answer)}.")
        with quiet():
            return compare([run(answer, a, task) for a in task.cases.values()], task)
    except Unusable as stopped:
        return stopped.verdict
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # the learner's object, asked for its code or its parts
        return wrong(f"It stopped with {told(error)}.")


def wrong(words: str) -> Verdict:
    """A verdict on an answer that is not right."""
    return Verdict("Not right yet", words)


def is_stub(answer: Any) -> bool:
    """Whether nothing was written yet: the dots themselves, or a function that only has them."""
    if answer is None or answer is ...:
        return True
    code = code_of(answer)
    steps = list(dis.get_instructions(code)) if code else []
    does_nothing = bool(steps) and {step.opname for step in steps} <= NOTHING_DONE
    return does_nothing and all(s.argval in (None, ...) for s in steps if "CONST" in s.opname)


def code_of(answer: Any) -> CodeType | None:
    """A function's code; None for what has none."""
    code = getattr(answer, "__code__", None)
    return code if isinstance(code, CodeType) else None


def kind_of(thing: Any) -> str:
    """Its type, with the article."""
    kind = type(thing).__name__
    return f"an {kind}" if kind[:1].lower() in "aeiou" else f"a {kind}"


def told(error: BaseException) -> str:
    """An error in one line, whatever its own words do."""
    try:
        words = str(error)[:LONGEST_QUOTE]
    except KeyboardInterrupt:
        raise
    except BaseException:
        words = ""
    return f"`{type(error).__name__}: {words}`" if words else f"`{type(error).__name__}`"


@contextmanager
def quiet() -> Iterator[None]:
    """Keep numpy's warnings back: the verdict says what is wrong."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


# From an answer to arrays


def run(answer: Callable[..., Any], arguments: Arguments, task: Task) -> Parts:
    """The answer's results for some arguments, as arrays of floats."""
    given = deepcopy(arguments)
    result = called(answer, given, task)
    for name, before, after in zip(names(task), arguments, given, strict=True):
        if not np.array_equal(before, after):
            raise Unusable(wrong(f"It changes its argument `{name}`. Work on a copy."))
    return as_parts(result, task)


def names(task: Task) -> list[str]:
    """The names of the arguments."""
    return list(inspect.signature(task.oracle).parameters)


def called(answer: Callable[..., Any], arguments: Arguments, task: Task) -> Any:
    """The result of a call; an error is told in words, with the line that it arose in."""
    try:
        return answer(*arguments)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        place = line_of(error, answer)
        if not place:
            called_with = ", ".join(names(task))
            place = f"when it was called with `({called_with})`"
        raise Unusable(wrong(f"It stopped with {told(error)} {place}.")) from None


def line_of(error: BaseException, answer: Callable[..., Any]) -> str:
    """The last line of the learner's own that was reached."""
    code = code_of(answer)
    frames = traceback.extract_tb(error.__traceback__)
    own = [f.lineno or 0 for f in frames if code and f.filename == code.co_filename]
    if code is None or not own:
        return ""
    line = linecache.getline(code.co_filename, own[-1]).strip()
    return f"at its line {own[-1] - code.co_firstlineno + 1}" + (f", `{line}`" if line else "")


def as_parts(result: Any, task: Task) -> Parts:
    """A result as one array for each part."""
    if result is ...:
        raise Unusable(NOT_STARTED)
    if result is None:
        raise Unusable(wrong("It returns nothing: is there a `return`?"))
    wanted = list(task.parts)
    pieces = [result] if len(wanted) == 1 else unpacked(result, len(wanted))
    if len(pieces) != len(wanted):
        raise Unusable(wrong(f"It should return {len(wanted)} things: {', '.join(wanted)}."))
    return [as_array(piece, name) for piece, name in zip(pieces, wanted, strict=True)]


def unpacked(result: Any, count: int) -> list[Any]:
    """The things that a result holds; none if it is one thing."""
    if isinstance(result, np.ndarray):
        several = result.ndim > 1 or result.dtype == object
    else:
        several = isinstance(result, (tuple, list, Iterator))
    return list(islice(result, count + 1)) if several else []


def as_array(piece: Any, name: str) -> Array:
    """One part as floats."""
    if piece is ...:
        raise Unusable(NOT_STARTED)
    try:
        return checks.real(name, piece, "", copy=True)
    except Exception:  # whatever the learner's object does when it is asked for its numbers
        what = f"{sentence(name)} should be numbers; this is {instead_of_numbers(piece)}."
        raise Unusable(wrong(what)) from None


def instead_of_numbers(piece: Any) -> str:
    """What was given for real numbers."""
    if isinstance(piece, (complex, np.ndarray, np.generic)):
        if np.ma.is_masked(piece):
            return "an array with masked values"
        if np.iscomplexobj(piece):
            return "complex, with an imaginary part"
    return f"{kind_of(piece)} that isn't"


def sentence(name: str) -> str:
    """A name at the beginning of a sentence; a Greek letter stays as it is."""
    return name if name == "θ" else name[:1].upper() + name[1:]


# From arrays to words


def compare(given: list[Parts], task: Task) -> Verdict:
    """The verdict on an answer's results in all cases."""
    wanted = list(results(task.oracle, task))
    if agree(given, wanted):
        return RIGHT
    for mistake in task.mistakes:
        if agree(given, results(mistake.made, task)):
            return wrong(mistake.words)
    for case, ours, theirs in zip(task.cases, wanted, given, strict=True):
        problem = first_problem(ours, theirs, task)
        if problem:
            return wrong(f"{problem} Seen {case}.")
    return wrong(where(given, wanted, task))


def results(function: Callable[..., Any], task: Task) -> Iterator[Parts]:
    """What a function of our own gives in each case; none is computed before it is looked at."""
    return (as_parts(function(*arguments), task) for arguments in task.cases.values())


def agree(one: Iterable[Parts], other: Iterable[Parts]) -> bool:
    """Whether two functions gave the same in all cases."""
    return all(map(same, one, other))


def same(one: Parts, other: Parts) -> bool:
    """Whether all parts have the same shape and, to rounding, the same values."""
    return all(
        a.shape == b.shape and np.allclose(a, b, rtol=1e-7, atol=1e-10, equal_nan=True)
        for a, b in zip(one, other, strict=True)
    )


def first_problem(wanted: Parts, given: Parts, task: Task) -> str:
    """What is wrong by its look alone: a shape, NaN, rows that are no distributions."""
    for (name, look), ours, theirs in zip(task.parts.items(), wanted, given, strict=True):
        if theirs.shape != ours.shape:
            shapes = f"shape {theirs.shape}; expected {ours.shape}"
            return f"Wrong shape: {name} should be {look}. Yours has {shapes}."
        if np.isnan(theirs).any():
            return f"{sentence(name)} holds NaN, which comes of 0/0, ∞ − ∞ or 0 · ∞."
        if np.isinf(theirs[np.isfinite(ours)]).any():
            return f"{sentence(name)} holds infinity, which comes of log 0 or of a division by 0."
    sums = given[0].sum(axis=1) if task.rows_sum_to_one else np.ones(1)
    off = np.abs(sums - 1) > SUM_TOLERANCE
    if off.any():
        row = int(off.argmax())
        return f"Its rows don't sum to one: row {row}, counted from 0, sums to {sums[row]:.10g}."
    return ""


def where(given: list[Parts], wanted: list[Parts], task: Task) -> str:
    """In which cases and parts an answer is right, and in which not."""
    right = [c for c, g, w in zip(task.cases, given, wanted, strict=True) if same(g, w)]
    amiss = [case for case in task.cases if case not in right]
    words = f"The shape fits, the values don't: wrong {' and '.join(amiss)}"
    if right:
        words += f", but right {' and '.join(right)}"
    good: list[str] = []
    bad: list[str] = []
    for i, name in enumerate(task.parts):
        fits = all(same([g[i]], [w[i]]) for g, w in zip(given, wanted, strict=True))
        (good if fits else bad).append(name)
    if good:
        words += f". Right in all it returns: {', '.join(good)}; not right: {', '.join(bad)}"
    return f"{words}."
