"""What Binder does with the repository, from a clone of the commit to a chapter in the browser.

The machine is a fresh folder of an ordinary user with an empty environment.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
import pytest
from notebook_driver import ROOT, SLOW, START, button, opened, outside, serving, shows, status
from playwright.sync_api import Browser, expect

from em_core import CoinParams

pytestmark = [pytest.mark.binder, pytest.mark.usefixtures("patience")]

ORDINARY = 1000
"""The user and the group that Binder's containers run as, too."""
WAY_TO_PACKAGES = re.compile(r"(PIP_\w+|\w+_PROXY|SSL_CERT_\w+|REQUESTS_CA_BUNDLE)", re.IGNORECASE)
PYTHONS = ["python3.11", "python3.12", "python3.13"]
"""The one that runtime.txt names, and those that do where it is not installed."""
IMPORTS = (ast.Import, ast.ImportFrom)
PICTURES = """\
import sys
from matplotlib import font_manager
from em_core import CoinParams, style, widgets
style.use()
print(font_manager.findfont("Literata").startswith(sys.prefix))
coins = widgets.CoinSteps([(5, 5), (9, 1)], CoinParams([0.6, 0.5], [0.5, 0.5]))
print("emWidgets" in coins._esm)
print("<svg" in coins._repr_mimebundle_()[0]["image/svg+xml"])
"""
"""What needs the files that lie beside the package's code."""
FORGET = "__import__('gc').freeze()\n%reset -f"
"""%reset collects garbage; it need not look through all that was imported before."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Machine:
    """A folder with a clone of the commit and a virtual environment, and who works in it."""

    home: Path
    who: dict[str, Any]

    @property
    def book(self) -> Path:
        return self.home / "em"

    @property
    def programs(self) -> Path:
        return self.home / "venv" / "bin"

    @cached_property
    def variables(self) -> dict[str, str]:
        """All that is in the environment."""
        path = [self.programs, "/usr/local/bin", "/usr/bin", "/bin"]
        return {"HOME": str(self.home), "LANG": "C.UTF-8", "PATH": ":".join(map(str, path))}

    def run(self, *command: str | Path, **variables: str) -> str:
        """Run a command in the clone; what it prints."""
        done = subprocess.run(
            command,
            cwd=self.book,
            env=self.variables | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=600,
            **self.who,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}"
        return done.stdout

    def own(self, folder: Path, *which: str) -> None:
        """Give the user what is in a folder, or which of it."""
        if self.who:
            given = ["-exec", "chown", f"{ORDINARY}:{ORDINARY}", "{}", "+"]
            subprocess.run(["find", folder, *which, *given], check=True)

    def find_python(self) -> str:
        """The first Python that the user may run."""
        named = [Path(folder) / name for name in PYTHONS for folder in os.get_exec_path()]
        return next(str(path) for path in [*named, Path(sys.executable)] if self._may_run(path))

    def _may_run(self, python: Path) -> bool:
        try:
            self.run(python, "-c", "import venv, ensurepip")
        except (AssertionError, OSError):
            return False
        return True


def clone(folder: Path) -> None:
    """Put the commit into a folder, as it would be fetched."""
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", ROOT.as_uri(), folder], check=True)


@contextmanager
def fresh_machine() -> Iterator[Machine]:
    """A folder with a clone; its user is an ordinary one even where the tests run as root."""
    who = {"user": ORDINARY, "group": ORDINARY, "extra_groups": []} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="em-binder-") as folder:
        machine = Machine(Path(folder), who)
        clone(machine.book)
        machine.own(machine.home)
        yield machine


def install_pins(machine: Machine, python: str) -> None:
    """Install what pip would, from uv's cache; then pip must find nothing left to do."""
    uv, venv = [sys.executable, "-m", "uv"], machine.home / "venv"
    subprocess.run([*uv, "venv", "--quiet", "--seed", "--python", python, venv], check=True)
    pins = ["--python", venv, "--requirements", machine.book / "binder/requirements.txt"]
    subprocess.run([*uv, "pip", "install", "--quiet", *pins], check=True)
    machine.own(venv, "-type", "d")  # the files may be uv's own
    machine.run("pip", "install", "--quiet", "--no-index", "-r", "binder/requirements.txt")


def way_to_packages() -> dict[str, str]:
    """The variables that say how packages are reached from here; only the installation has them."""
    return {n: value for n, value in os.environ.items() if WAY_TO_PACKAGES.fullmatch(n)}


def megabytes(folder: Path) -> float:
    return sum(path.lstat().st_size for path in folder.rglob("*")) / 1e6


@pytest.fixture(scope="module")
def say(pytestconfig: pytest.Config) -> Say:
    """Print a line, past pytest's capturing."""
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")

    def print_line(line: str) -> None:
        with capture.global_and_fixture_disabled():
            print(f"-- {line}", flush=True)

    return print_line


@pytest.fixture(scope="module")
def machine(say: Say) -> Iterator[Machine]:
    """Binder's machine, with the pins installed and postBuild run."""
    with fresh_machine() as fresh:
        python = fresh.find_python()
        commit = fresh.run("git", "log", "-1", "--format=%h %s").strip()
        say(f"{fresh.run(python, '--version').strip()}, commit {commit}")
        start = time.monotonic()
        install_pins(fresh, python)
        installed = time.monotonic()
        fresh.run("binder/postBuild", **way_to_packages())
        done = time.monotonic()
        say(f"pins installed in {installed - start:.0f} s, postBuild in {done - installed:.0f} s")
        say(f"{megabytes(fresh.home / 'venv'):.0f} MB of packages")
        yield fresh


# --- what is tested -----------------------------------------------------------------------------


def test_repo2docker_accepts_the_repository(tmp_path):
    clone(tmp_path / "em")
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", tmp_path / "em"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    dockerfile = done.stdout + done.stderr
    assert done.returncode == 0, dockerfile
    assert re.search(r"environment\S*py-2d3-2e11", dockerfile)
    assert 'pip install --no-cache-dir -r "binder/requirements.txt"' in dockerfile
    assert "RUN ./binder/postBuild" in dockerfile


def test_every_chapter_finds_its_packages_and_files(machine, say):
    """The build has run every chapter with these pins; here it is packages that may be missing.

    One chapter is run whole, in JupyterLab, below.
    """
    chapters = sorted((machine.book / "book").glob("*.ipynb"))
    start = time.monotonic()
    nbformat.write(one_after_the_other(chapters), machine.book / "book" / "all.ipynb")
    with outside() as proxy:
        machine.run("jupyter", "execute", "book/all.ipynb", **proxy)
    say(f"the imports of {len(chapters)} notebooks in {time.monotonic() - start:.0f} s")


def imports(source: str) -> list[str]:
    """The lines that import something, wherever they stand."""
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, IMPORTS)]
    return [ast.unparse(node) for node in found]


def one_after_the_other(chapters: list[Path]) -> nbformat.NotebookNode:
    """The chapters' imports as one notebook, whose kernel forgets all names between them."""
    whole = nbformat.v4.new_notebook()
    for path in chapters:
        cells = nbformat.read(path, as_version=4).cells
        first, *others = [cell.source for cell in cells if cell.cell_type == "code"]
        whole.cells += map(nbformat.v4.new_code_cell, [first, *imports("\n".join(others))])
        whole.cells.append(nbformat.v4.new_code_cell(FORGET))
    for i, cell in enumerate(whole.cells):
        cell.id = f"cell-{i}"
    return whole


def test_a_chapter_in_jupyterlab_steps_and_obeys_a_cell(machine, say, chromium: Browser):
    chapter = "book/05_coins.ipynb"
    count = len(nbformat.read(machine.book / chapter, as_version=4).cells)
    start = time.monotonic()
    command = [str(machine.programs / "jupyter"), "lab"]
    with (
        serving(command, machine.book, machine.variables, **machine.who) as address,
        opened(chromium, f"{address}/lab/tree/{chapter}") as notebook,
    ):
        directive = notebook.cells.first.locator("aside")
        expect(directive).to_contain_text("After this chapter you can")
        expect(notebook.cells).to_have_count(count)
        notebook.run_all()
        widget = notebook.widget("coin-steps")
        expect(status(widget)).to_contain_text("Start", timeout=4 * SLOW)
        for _ in range(2):
            button(widget, "Next").click()
        shows(widget, START, 2)
        notebook.add_cell()
        own = notebook.made("CoinSteps(x, start)")
        before = own.screenshot()
        notebook.run("w.start = CoinParams([0.2, 0.7], [0.5, 0.5])")
        shows(own, CoinParams([0.2, 0.7], [0.5, 0.5]), 0)
        assert own.screenshot() != before
        errors = notebook.page.locator('[data-mime-type="application/vnd.jupyter.error"]')
        expect(errors).to_have_count(0)
    say(f"a chapter run and driven in JupyterLab in {time.monotonic() - start:.0f} s")


def test_pip_install_gives_the_code_and_with_widgets_the_pictures(tmp_path):
    python = str(tmp_path / "venv" / "bin" / "python")
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def run(*command: str | Path) -> str:
        done = subprocess.run(
            command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    uv = [sys.executable, "-m", "uv"]
    run(*uv, "venv", "--quiet", "--python", sys.executable, tmp_path / "venv")
    install = [*uv, "pip", "install", "--quiet", "--python", python, "--refresh-package", "em-core"]
    install += ["--constraint", ROOT / "requirements.txt"]
    run(*install, ROOT)
    readme = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert run(python, "-c", readme[1]).startswith("[0.79678")
    assert (
        run(python, "-c", "from importlib.util import find_spec as f; print(f('matplotlib'))")
        == "None\n"
    )
    run(*install, f"{ROOT}[widgets]")
    assert run(python, "-c", PICTURES).splitlines() == ["True", "True", "True"]
