"""The steps of `make test` and of `make check`: what is run, and what each needs before it."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

import other_pythons

ROOT = Path(__file__).resolve().parent.parent
REPORT = "{report}"  # where pytest is to say how each test went
PYTHON = [sys.executable]
NBVAL = ["book", "--nbval", "--nbval-sanitize-with", "tests/nbval_sanitise.cfg"]

# Each file of tests belongs to one step. These need nothing but the code.
LAWS = ["laws", "numbers", "formulas", "exactness", "chunks", "acceleration", "coins_extreme"]
CODE = ["core", "errors", "sklearn", "tables", "plots", "widgets", "exercises", "launch"]
CODE += ["bench_site", "machines"]
# These need the site, and most a browser.
SITE = {
    "pages": (["site", "site_quality", "solutions", "house"], "every page in a browser"),
    "widgets": (["widget_pages", "touch"], "every widget in a browser"),
    "decks": (["decks"], "every deck from disk"),
    "live": (["live"], "the widgets in JupyterLab and Notebook"),
    "paper": (["pdf"], "the printed book"),
}

ENGINES = {"chromium": "Chromium", "firefox": "Firefox", "webkit": "WebKit"}


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
    variables : dict of str to str
        Of its environment.
    """

    name: str
    title: str
    command: list[str]
    after: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)


def pytest(*arguments: str, python: str = sys.executable) -> list[str]:
    """Run pytest in one process."""
    return [python, "-m", "pytest", "-q", "-n", "0", f"--junitxml={REPORT}", *arguments]


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
    """List what one runs while working; what needs the site is left out."""
    without = ["-m", "not site"]
    return [
        Step("laws", "laws and numbers", pytest(*files(LAWS), *without)),
        *style(),
        Step("code", "errors, figures, exercises", pytest(*files(CODE), *without)),
        Step("house", "the house", pytest(*files(["house"]), *without)),
    ]


def of_test() -> list[Step]:
    """List everything; what others wait for comes first, then what takes long."""
    return [
        Step("build", "the book builds without a warning", [*PYTHON, "tools/build.py", "build"]),
        Step("browsers", "the browsers are there", [*PYTHON, "tools/browser.py"]),
        Step("laws", "laws and numbers", pytest(*files(LAWS))),
        *style(),
        Step("code", "errors, tables, figures, exercises", pytest(*files(CODE))),
        Step("print", "the book prints without a gap", [*PYTHON, "tools/pdf.py"], ("build",)),
        Step("outputs", "the chapters' outputs", pytest(*NBVAL, "--built"), ("build",)),
        *(
            Step(name, title, pytest(*files(names)), ("build", "browsers", *_also(name)))
            for name, (names, title) in SITE.items()
        ),
        *(
            Step(
                name,
                f"the site in {title}",
                pytest("tests/test_engines.py", "-k", name),
                ("build", "browsers"),
            )
            for name, title in ENGINES.items()
        ),
        Step("binder", "what Binder does", pytest("tests/test_binder.py"), ("browsers",)),
        Step("cluster", "a cluster of two processes", pytest("tests/test_dask.py")),
        *_elsewhere(),
    ]


def _also(name: str) -> tuple[str, ...]:
    return ("print",) if name == "paper" else ()


def _elsewhere() -> list[Step]:
    found: list[Step] = []
    for version, python in other_pythons.others().items():
        folder = f".venv-{version}"
        inside = str(ROOT / folder / "bin" / "python")
        setup = f"setup-{version}"
        found += [
            Step(setup, f"set-up, Python {version}", other_pythons.set_up_command(python, folder)),
            Step(
                f"code-{version}",
                f"all of the code, Python {version}",
                pytest(*files([*LAWS, *CODE]), python=inside),
                (setup,),
            ),
            Step(
                f"outputs-{version}",
                f"the chapters' outputs, Python {version}",
                pytest(*NBVAL, "--nbval-current-env", python=inside),
                (setup,),
            ),
        ]
    return found
