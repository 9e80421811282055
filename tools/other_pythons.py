"""Find the other supported Pythons that are installed, on the path or by pyenv."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

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
    """What makes an environment of that Python in a folder of the project."""
    return [python, "tools/bootstrap.py", "--venv", folder, "--no-npm"]
