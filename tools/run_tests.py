"""Everything that `make test` does after the set-up, with one summary at the end.

A step that fails does not keep the later ones from running.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import other_pythons

ROOT = Path(__file__).resolve().parent.parent
XDIST = ["-q", "-n", "2"]
NBVAL = ["book", "--nbval", "--nbval-current-env", "--dist", "loadscope"]
NBVAL += ["--nbval-sanitize-with", "tests/nbval_sanitise.cfg"]
PYTEST_COUNT = re.compile(r"(\d+) (passed|failed|error|skipped)")


@dataclass(frozen=True)
class Step:
    """A command and what the summary calls it."""

    name: str
    command: list[str]


@dataclass(frozen=True)
class Outcome:
    """How a step ended."""

    name: str
    status: int
    seconds: float
    closing: str

    def count(self, word: str) -> int:
        """How many tests passed, failed, …; a step without tests counts as one."""
        counts = {kind: int(n) for n, kind in PYTEST_COUNT.findall(self.closing)}
        if not counts:
            counts = {"failed" if self.status else "passed": 1}
        return counts.get(word, 0)


def steps() -> Iterator[Step]:
    """What is run, in order; the quick checks come first."""
    python = [sys.executable]
    yield Step("a browser is there", [*python, "tools/browser.py"])
    yield Step("style (ruff)", ["ruff", "check", "."])
    yield Step("layout (ruff)", ["ruff", "format", "--check", "."])
    yield Step("types (mypy)", ["mypy"])
    yield Step("the book builds without a warning", [*python, "tools/build.py", "build"])
    yield from _tests("", sys.executable)
    yield Step("the book prints without a gap", [*python, "tools/pdf.py"])
    in_browser = ["tests", "-m", "site", "--dist", "loadgroup"]
    yield Step("the site in a browser", _pytest(sys.executable, *in_browser))
    yield Step("a cluster of two processes", [*python, "-m", "pytest", "-q", "tests/test_dask.py"])
    yield Step("what Binder does", [*python, "-m", "pytest", "-q", "tests/test_binder.py"])
    for version, found in other_pythons.others().items():
        folder = f".venv-{version}"
        yield Step(f"set-up, Python {version}", other_pythons.set_up_command(found, folder))
        yield from _tests(f", Python {version}", str(ROOT / folder / "bin" / "python"))


def _tests(where: str, python: str) -> Iterator[Step]:
    quick = ["tests", "-m", "not site and not binder and not cluster"]
    yield Step(f"laws, numbers and errors{where}", _pytest(python, *quick))
    yield Step(f"the chapters' outputs{where}", _pytest(python, *NBVAL))


def _pytest(python: str, *arguments: str) -> list[str]:
    return [python, "-m", "pytest", *XDIST, *arguments]


def run(step: Step) -> Outcome:
    """Run one step, passing on what it prints, and keep its last line."""
    print(f"\n== {step.name}", flush=True)
    start, closing = time.monotonic(), ""
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        step.command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        for raw in process.stdout or ():
            sys.stdout.buffer.write(raw)
            sys.stdout.flush()
            closing = raw.decode(errors="replace").strip() or closing
    return Outcome(step.name, process.returncode, time.monotonic() - start, closing)


def summarise(outcomes: list[Outcome]) -> int:
    """Print a line for each step and the sums; the number of steps that failed."""
    print("\n== summary")
    for outcome in outcomes:
        mark = "FAILED" if outcome.status else "ok"
        tests = ", ".join(f"{n} {kind}" for n, kind in PYTEST_COUNT.findall(outcome.closing))
        print(f"{mark:>6}  {outcome.seconds:5.0f} s  {outcome.name}{tests and ': ' + tests}")
    failed_steps = sum(outcome.status != 0 for outcome in outcomes)
    passed = sum(outcome.count("passed") for outcome in outcomes)
    failed = sum(outcome.count("failed") + outcome.count("error") for outcome in outcomes)
    print(f"\n{passed} passed, {max(failed, failed_steps)} failed", flush=True)
    return failed_steps


def main() -> int:
    try:
        return min(1, summarise([run(step) for step in steps()]))
    except KeyboardInterrupt:
        print("\n-- stopped")
        return 130


if __name__ == "__main__":
    sys.exit(main())
