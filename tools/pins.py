"""Pin requirements.txt anew from requirements.in, and Binder's from it but for the kernel.

python tools/pins.py
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PIN = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--upgrade"]
PIN += ["--python-version", "3.11", "--custom-compile-command", "make requirements"]
PIN += ["--no-emit-index-url", "--no-emit-find-links"]


def main() -> int:
    ours = ROOT / "requirements.txt"
    status = subprocess.call([*PIN, "requirements.in", "-o", ours.name], cwd=ROOT)
    if status:
        return status
    lines = ours.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = "".join(line for line in lines if not line.startswith("ipykernel=="))
    command = [*PIN, "--no-annotate", "--constraint", "-", "binder/requirements.in"]
    command += ["-o", "binder/requirements.txt"]
    return subprocess.run(
        command, cwd=ROOT, input=kept, text=True, encoding="utf-8", check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
