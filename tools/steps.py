"""The steps of `make test` and of `make check`: what is run, and what each needs before it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import machines
import other_pythons

ROOT = Path(__file__).resolve().parent.parent
REPORT = "{report}"  # where pytest is to say how each test went
PYTHON = [sys.executable]
NBVAL = ["book", "--nbval", "--nbval-sanitize-with", "tests/nbval_sanitise.cfg"]
PART_ONE = [
    str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("book/[01][0-9]_*.ipynb"))[:10]
]
FEW = ["-m", "not many", "--hypothesis-profile=few"]

# Each file of tests belongs to one step. These need nothing but the code.
ROUNDING = ["laws", "numbers", "exactness", "acceleration", "coins_extreme", "sklearn"]
ON_OTHERS = [*ROUNDING, "worth", "priors", "chunks", "threads", "machines"]
LAWS = [*ON_OTHERS, "formulas"]  # sympy derives the same formulas everywhere
PLAIN = ["core", "errors", "causes", "tables", "exercises"]
DATA = ["taken", "resampling"]
SHARED_OUT = [*PLAIN, "taken", "worth", "priors"]  # marked so: each environment has its part
CODE = [*PLAIN, *DATA, "by_hand", "moodle", "handout", "plots", "widgets"]
NUMBERS = ["numbers", "coins_extreme", "worth", "chunks", "threads", "machines"]
CLAIMS = ["coins", "more_coins", "gaussians", "worth", "misleads", "how_many", "starts"]
CLAIMS += ["in_order", "holes", "coin_rows", "streams", "family"]
# The commands, what the chapters claim of em_core's numbers, and the book's own bench: on its own
# Python alone, with which the pages are made. Elsewhere em_core itself is tested, and the chapters'
# outputs.
BOOK = ["run", "bench_site", "points", "reference", *(f"claims_{part}" for part in CLAIMS)]
# These need the site, and most a browser.
SITE = {
    "pages": (
        [
            *("site", "site_quality", "drawn_formulas"),  # of one walk over the pages
            *("search", "solutions", "house", "notation", "launch"),
        ],
        "every page in a browser; every formula as drawn",
    ),
    "widgets": (
        ["widget_pages", "tour", "touch", "points_page"],
        "every widget, by mouse, keys and fingers",
    ),
    "decks": (["decks", "other_engines"], "every deck"),
    # Of Firefox and WebKit each takes seconds to start.
    "engines": (["engines"], "every page, deck and widget in three engines"),
    "live": (["live"], "the widgets in JupyterLab and Notebook"),
    "paper": (["pdf", "sheets"], "the printed book, exercise sheets"),
}
HERE = "one thread"  # where all laws are tested with all their examples
MOVED = "not coins_extreme and (not test_numbers or lecture-mixture or listings)"
# By the chapters, and by the code, whose tests' data are moved as well.
IMITATED_WITH = {
    "oldest": ("no vector instructions", "no vector instructions, another order"),
    "newest": ("two threads", "two threads, another offset"),
}


@dataclass(frozen=True)
class Step:
    """A command.

    Attributes
    ----------
    name : str
        By which `make test ONLY=…` knows it.
    title : str
        What it shows.
    command : list of str
    after : tuple of str
        The steps that must have succeeded before.
    """

    name: str
    title: str
    command: list[str]
    after: tuple[str, ...] = ()


def pytest(*arguments: str, python: str = sys.executable) -> list[str]:
    """Run pytest in one process; nbval, which is slow to import, where it is asked for."""
    without = [] if "--nbval" in arguments else ["-p", "no:nbval"]
    return [python, "-m", "pytest", "-q", "-n", "0", f"--junitxml={REPORT}", *without, *arguments]


def files(names: list[str]) -> list[str]:
    return [f"tests/test_{name}.py" for name in names]


def style() -> list[Step]:
    """Check how the code is written."""
    return [
        Step("style", "style (ruff)", ["ruff", "check", "."]),
        Step("layout", "layout (ruff)", ["ruff", "format", "--check", "."]),
        Step("types", "types (mypy)", ["mypy"]),
    ]


def of_check() -> list[Step]:
    """List what one runs while working: quick, and without a browser."""
    laws = [name for name in LAWS if name not in NUMBERS]
    return [
        Step("laws", "laws and formulas, few examples", with_few(laws)),
        Step("numbers", "numbers, and what bits they have", with_few(NUMBERS)),
        Step("code", "errors, figures, exercises", with_few([*PLAIN, "plots", "reference"])),
        *([] if sys.platform == "win32" else [house()]),
        *style(),
    ]


def with_few(names: list[str]) -> list[str]:
    command = pytest(*files(names), *FEW)
    return command if sys.platform == "win32" else on(HERE, command)  # exec forgets a status there


def house() -> Step:
    """Check the house around the book, by make and sh as well, which Windows lacks."""
    return Step("house", "the house", pytest(*files(["house"]), "-m", "not site"))


def of_test() -> list[Step]:
    """List everything; what others wait for comes first, then what takes long.

    What is short comes last, so that no long step is left alone beside idle processors.
    """
    return [
        Step("browsers", "the browsers are there", [*PYTHON, "tools/browser.py"]),
        Step(
            "build", "the book builds without a warning", warm([*PYTHON, "tools/build.py", "build"])
        ),
        Step("laws", "laws and numbers, one thread", on(HERE, pytest(*files(LAWS)))),
        *style(),
        Step("print", "the book prints", [*PYTHON, "tools/pdf.py", "--built"], ("build",)),
        *(
            Step(name, title, pytest(*files(names)), _needed(name))
            for name, (names, title) in SITE.items()
        ),
        Step("binder", "what Binder does", pytest("tests/test_binder.py"), ("browsers",)),
        Step(
            "code", "errors, tables, figures, exercises", on(HERE, pytest(*files([*CODE, *BOOK])))
        ),
        *elsewhere(),
        Step("cluster", "a cluster of two processes", pytest("tests/test_dask.py")),
        *imitated(),
        Step("outputs", "the chapters' outputs", pytest(*NBVAL, "--built"), ("build",)),
    ]


def _needed(name: str) -> tuple[str, ...]:
    return ("build", "browsers", "print") if name == "paper" else ("build", "browsers")


def elsewhere() -> Iterator[Step]:
    """Test the code and the chapters with other dependencies, on other Pythons and machines."""
    environments = list(other_pythons.environments())
    for part, other in enumerate(environments, start=1):
        setup = Step(f"{other.kind}-set-up", f"set-up: {other.name}", other.set_up)
        yield setup
        by_chapters, machine = IMITATED_WITH.get(other.kind, ("", ""))
        where = f"{other.name}, {machine}" if machine else other.name
        # With the pins another Python computes with the same numpy, so the same numbers. What is
        # drawn is drawn elsewhere by the chapters.
        named = files([*ON_OTHERS, *PLAIN, *DATA] if machine else SHARED_OUT)
        few = [*FEW, f"--share={part}/{len(environments)}"]
        code = on(machine or "here", pytest(*named, *few, python=other.python), other.python)
        yield Step(f"{other.kind}-code", f"the code: {where}", code, (setup.name,))
        if machine:
            parts = PART_ONE if other.kind == "oldest" else NBVAL[:1]
            chapters = pytest(*parts, *NBVAL[1:], "--nbval-current-env", python=other.python)
            command = on(by_chapters, chapters, other.python)
            title = f"the chapters' outputs: {other.name}, {by_chapters}"
            yield Step(f"{other.kind}-outputs", title, command, (setup.name,))


def imitated() -> Iterator[Step]:
    """Test what rounding may touch on the other machines unlike this one.

    Where nothing but the data differs, only tests whose data are moved.
    """
    done = {HERE, *chain.from_iterable(IMITATED_WITH.values())}
    for machine in [machine for machine in machines.MACHINES if machine.name not in done]:
        moved = [] if machine.environment else ["-k", MOVED]
        command = on(machine.name, pytest(*files(ROUNDING), *FEW, *moved))
        yield Step(machine.name.replace(" ", "-"), f"imitated: {machine.name}", command)


def warm(command: list[str]) -> list[str]:
    """Let its kernels begin with the imports that they share; in Binder's step they start cold."""
    return [*PYTHON, "tools/warm_kernels.py", *command]


def on(machine: str, command: list[str], python: str = sys.executable) -> list[str]:
    """Put a command on an imitated machine, as the numpy of that Python knows it."""
    return [python, "tools/machines.py", machine, *command]
