"""Run the tests that need no browser under every other supported Python that is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def others() -> dict[str, str]:
    """Version → command, of the supported Pythons that run here, this one left out."""
    versions = [f"3.{minor}" for minor in (11, 12, 13)]
    this = f"{sys.version_info.major}.{sys.version_info.minor}"
    commands = {v: shutil.which(f"python{v}") for v in versions if v != this}
    return {version: path for version, path in commands.items() if path and _runs(path, version)}


def _runs(path: str, version: str) -> bool:
    code = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    answer = subprocess.run([path, "-c", code], capture_output=True, text=True, check=False)
    return answer.stdout.strip() == version


def main(pytest_arguments: list[str]) -> int:
    """The number of Pythons under which something failed."""
    found = others()
    print(f"-- other Pythons installed: {', '.join(found) or 'none'}", flush=True)
    return sum(_test(version, path, pytest_arguments) for version, path in found.items())


def _test(version: str, path: str, arguments: list[str]) -> bool:
    venv = f".venv-{version}"
    set_up = [path, "tools/bootstrap.py", "--venv", venv, "--no-npm"]
    print(f"-- Python {version}", flush=True)
    binaries = ROOT / venv / "bin"
    environment = os.environ | {"PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}
    if subprocess.call(set_up, cwd=ROOT):
        return True
    pytest = [binaries / "python", "-m", "pytest"]
    notebooks = [*arguments, "book", "--nbval", "--nbval-current-env"]
    return bool(
        subprocess.call([*pytest, "tests", "-m", "not site"], cwd=ROOT, env=environment)
        or subprocess.call([*pytest, *notebooks], cwd=ROOT, env=environment)
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
