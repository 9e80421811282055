"""Run the steps of `make test` beside each other, one more than processors, with one summary.

python tools/run_tests.py [--check] [STEP ...]

A step that fails does not keep others from running, but for those that need what it makes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import steps
from steps import ROOT, Step

SLOWEST = 10
MOST_LANES = 5  # a step with a browser or a kernel is more than one process
# The steps share the processors: a thread of BLAS without work is to sleep, not to spin meanwhile.
ENVIRONMENT = {"PYTHONUNBUFFERED": "1", "OPENBLAS_THREAD_TIMEOUT": "4"}


@dataclass(frozen=True)
class Test:
    """A test that was run: passed, failed or skipped."""

    name: str
    result: str
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """How a step ended; a step without tests of its own counts as one."""

    step: Step
    status: int | None
    seconds: float
    tests: tuple[Test, ...] = ()
    processor: float = 0.0
    """Seconds of a processor, as far as its processes waited for theirs; 0 on Windows."""

    @property
    def verdict(self) -> str:
        if self.status is None:
            return "not run"
        return "FAILED" if self.status else "ok"

    def count(self, result: str) -> int:
        """How many tests passed, failed or were skipped; a step that crashed has failed."""
        found = sum(test.result == result for test in self.tests)
        if self.status == 0 and not self.tests:
            return int(result == "passed")
        return max(found, int(result == "failed" and self.status != 0))


def tests_of(report: Path) -> Iterator[Test]:
    """Read what pytest says of each test."""
    if not report.exists():
        return
    for case in ET.parse(report).iter("testcase"):
        kinds = {child.tag for child in case}
        failed = kinds & {"failure", "error"}
        result = "failed" if failed else "skipped" if "skipped" in kinds else "passed"
        name = f"{case.get('classname', '').removeprefix('tests.')}::{case.get('name')}"
        yield Test(name, result, float(case.get("time", 0)))


@dataclass
class Running:
    """A step on its way: its process, and what it writes."""

    step: Step
    folder: Path
    began: float
    process: subprocess.Popen[bytes]
    log: BinaryIO
    processor: float = 0.0

    @classmethod
    def start(cls, step: Step, folder: Path) -> Running:
        print(f"-- {step.name}: {step.title}", flush=True)
        log = (folder / f"{step.name}.log").open("w+b")
        process = subprocess.Popen(
            [part.replace(steps.REPORT, str(folder / f"{step.name}.xml")) for part in step.command],
            cwd=ROOT,
            env=os.environ | ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        return cls(step, folder, time.monotonic(), process, log)

    def has_ended(self) -> bool:
        """Say whether it has; its time on the processors is known from then on."""
        before = _of_children()
        ended = self.process.poll() is not None
        self.processor += _of_children() - before
        return ended

    def end(self) -> Outcome:
        """Pass on what it wrote, all at once."""
        seconds = time.monotonic() - self.began
        tests = tuple(tests_of(self.folder / f"{self.step.name}.xml"))
        outcome = Outcome(self.step, self.process.returncode, seconds, tests, self.processor)
        print(f"\n== {self.step.name}: {outcome.verdict}, {seconds:.0f} s", flush=True)
        self.log.seek(0)
        sys.stdout.buffer.write(self.log.read())
        sys.stdout.flush()
        self.log.close()
        return outcome

    def stop(self) -> None:
        """End it; Ctrl-C has reached it already."""
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def _of_children() -> float:
    """Seconds of a processor of all processes that were waited for."""
    used = os.times()
    return used.children_user + used.children_system


def run_all(chosen: Iterable[Step], lanes: int, folder: Path) -> list[Outcome]:
    """Run the steps in their order, as many at a time as there are lanes."""
    waiting, running, done = list(chosen), [], {}
    with ExitStack() as stack:
        stack.callback(lambda: [one.stop() for one in running])
        while waiting or running:
            for step in [step for step in waiting if _hopeless(step, done)]:
                waiting.remove(step)
                done[step.name] = Outcome(step, None, 0)
            ready = [step for step in waiting if all(name in done for name in step.after)]
            for step in ready[: lanes - len(running)]:
                waiting.remove(step)
                running.append(Running.start(step, folder))
            time.sleep(0.1)
            for one in [one for one in running if one.has_ended()]:
                running.remove(one)
                done[one.step.name] = one.end()
    return list(done.values())


def _hopeless(step: Step, done: dict[str, Outcome]) -> bool:
    return any(name in done and done[name].status != 0 for name in step.after)


def summarise(outcomes: list[Outcome], seconds: float) -> int:
    """Print a line for each step, the slowest tests and the sums; the number of failed steps."""
    print("\n== summary: each step's time, and its time on the processors")
    for outcome in outcomes:
        results = ("passed", "failed", "skipped")
        counts = [f"{outcome.count(r)} {r}" for r in results if outcome.tests and outcome.count(r)]
        told = "".join(f": {', '.join(counts)}" if counts else "")
        step = outcome.step
        times = f"{outcome.seconds:4.0f} s  {outcome.processor:4.0f} s"
        print(f"{f'{outcome.verdict:>7}  {times}  {step.name}{told}':68s}  {step.title}")
    tests = [test for outcome in outcomes for test in outcome.tests]
    print(f"\nThe {SLOWEST} slowest tests:" if tests else "")
    for test in sorted(tests, key=lambda test: -test.seconds)[:SLOWEST]:
        print(f"  {test.seconds:6.1f} s  {test.name}")
    passed, failed = (sum(o.count(result) for o in outcomes) for result in ("passed", "failed"))
    processor = sum(outcome.processor for outcome in outcomes)
    print(f"\n{seconds:.0f} s, {processor:.0f} s on the processors")
    print(f"{passed} passed, {failed} failed", flush=True)
    return sum(outcome.status != 0 for outcome in outcomes)


def with_needed(names: Iterable[str], all_steps: list[Step]) -> list[Step]:
    """Choose steps by name, and those that they need, in the order in which they are run.

    Raises
    ------
    ValueError
        If there is no such step; names all there are.
    """
    by_name = {step.name: step for step in all_steps}
    wanted: set[str] = set()
    missing = list(names)
    while missing:
        name = missing.pop()
        if name not in by_name:
            raise ValueError(f"no step is named {name!r}; there are {', '.join(by_name)}")
        wanted.add(name)
        missing += by_name[name].after
    return [step for step in all_steps if step.name in wanted]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only what one runs while working")
    parser.add_argument("names", nargs="*", metavar="STEP")
    options = parser.parse_args(arguments)
    try:
        return run(options.names, options.check)
    except ValueError as error:
        print(f"-- {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\n-- stopped")
        return 130


def run(names: list[str], check: bool) -> int:
    """Run the steps of these names, or all; 1 if one failed."""
    all_steps = steps.of_check() if check else steps.of_test()
    chosen = with_needed(names, all_steps) if names else all_steps
    lanes = min(MOST_LANES, 1 + (os.cpu_count() or 1))  # steps wait for browsers half their time
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        outcomes = run_all(chosen, lanes, Path(folder))
    return min(1, summarise(outcomes, time.monotonic() - began))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
