"""Find the browsers that the tests drive, and install those that are missing.

python tools/browser.py
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from glob import glob
from pathlib import Path

import build

# Playwright's own Node needs a library that a bare Debian lacks; the one of .venv does not.
os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(build.NODE / "node"))

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# For most tests: none is long enough for V8 to optimise. What is timed, and `engines`, have it all.
BRIEF = [*ARGUMENTS, "--js-flags=--no-opt"]
START = 120_000  # ms to start in, on a machine that does much besides


class NoBrowserError(RuntimeError):
    """A browser was not found and could not be installed."""


@dataclass(frozen=True)
class Program:
    """What the tests start, where it may be, and the package of Debian that brings it."""

    name: str
    variable: str  # of the environment; names another place
    commands: tuple[str, ...]
    places: tuple[str, ...]
    package: str
    on_macs: bool = True

    def installed(self) -> str | None:
        """Where it is, or None."""
        found = [os.environ.get(self.variable), *map(shutil.which, self.commands)]
        found += [path for pattern in self.places for path in sorted(glob(pattern))]
        return next((path for path in found if path and Path(path).exists()), None)


class Chromium(Program):
    """Playwright's own will do, too; anybody may download it, where its libraries are."""

    def installed(self) -> str | None:
        return super().installed() or next(filter(os.path.exists, [self._playwrights_own()]), None)

    @staticmethod
    def _playwrights_own() -> str:
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            return playwright.chromium.executable_path


TOO_OLD = 140  # lacks a command of those that drive it


class Firefox(Program):
    """One that is too old to be driven is as good as none."""

    def installed(self) -> str | None:
        found = super().installed()
        return found if found and self._version(found) > TOO_OLD else None

    @staticmethod
    def _version(path: str) -> int:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
        return int(re.search(r"\d+", said.stdout + "0")[0])


CHROMIUM = Chromium(
    "Chromium or Chrome",
    "EM_BROWSER",
    ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    (
        "/Applications/Google Chrome.app/*/MacOS/Google Chrome",
        "/Applications/Chromium.app/*/MacOS/Chromium",
        "C:/Program Files*/Google/Chrome/Application/chrome.exe",
        "C:/Program Files*/Microsoft/Edge/Application/msedge.exe",
    ),
    "chromium",
)
# Chromium without its windows: the same engine for three quarters of the time. It may be missing.
SHELL = Program(
    "Chromium's headless shell",
    "EM_HEADLESS_SHELL",
    ("chromium-headless-shell", "chrome-headless-shell"),
    (),
    "chromium-headless-shell",
)
FIREFOX = Firefox(
    f"Firefox after {TOO_OLD}",
    "EM_FIREFOX",
    ("firefox-esr", "firefox"),
    ("/Applications/Firefox.app/Contents/MacOS/firefox",),
    "firefox-esr",
)
WEBKIT = Program(
    "WebKitGTK's MiniBrowser",
    "EM_WEBKIT",
    (),
    tuple(f"/usr/{lib}/webkit*gtk-*/MiniBrowser" for lib in ("lib/*", "lib*", "libexec")),
    "webkit2gtk-driver",  # needs the library, which has it
    on_macs=False,
)
DRIVER = Program(
    "WebKitWebDriver", "EM_WEBKIT_DRIVER", ("WebKitWebDriver",), (), "webkit2gtk-driver", False
)
SCREEN = Program("Xvfb", "EM_XVFB", ("Xvfb",), (), "xvfb", on_macs=False)
PROGRAMS = (CHROMIUM, FIREFOX, WEBKIT, DRIVER, SCREEN)


def install(*missing: Program) -> None:
    """Try Debian's packages and, for Chromium, Playwright's own download."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if CHROMIUM in missing:
        own = [sys.executable, "-m", "playwright", "install", "chromium"]
        subprocess.call([*own, "--with-deps"] if root else own)
    packages = sorted({program.package for program in missing if not program.installed()})
    if packages and root and shutil.which("apt-get"):
        subprocess.call(["apt-get", "update", "-q"])
        command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
        subprocess.call(command, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"})


def provide(*programs: Program) -> None:
    """Install what is missing.

    Raises
    ------
    NoBrowserError
        If something is still missing then; says what to do.
    """
    if missing := [program for program in programs if not program.installed()]:
        print(f"-- not found, to be installed: {names(missing)}", flush=True)
        install(*missing)
    if missing := [program for program in programs if not program.installed()]:
        raise NoBrowserError(what_to_do(missing))


def find_or_install(program: Program = CHROMIUM) -> str:
    """The path of a program; an error as `provide` raises it where there is none."""
    provide(program)
    return str(program.installed())


def quickest_chromium() -> str:
    """The path of the headless shell, or else of Chromium."""
    return SHELL.installed() or find_or_install()


def names(programs: list[Program]) -> str:
    return ", ".join(program.name for program in programs)


def what_to_do(missing: list[Program]) -> str:
    """A sentence for somebody whose machine lacks them."""
    begin = f"The tests need {names(missing)}, and could not install all of that: "
    if sys.platform == "darwin" and not all(program.on_macs for program in missing):
        return (
            f"{begin}there is no WebKitGTK for macOS, and its Safari is not tested in its place. "
            "Run `.ci/run` in a Debian container to test all three engines."
        )
    packages = " ".join(sorted({program.package for program in missing}))
    variables = ", ".join(program.variable for program in missing)
    return (
        f"{begin}please do (on Debian: `sudo apt-get install --no-install-recommends {packages}`; "
        f"elsewhere name the program in {variables}) and run `make test` again."
    )


if __name__ == "__main__":
    try:
        provide(*PROGRAMS)
    except NoBrowserError as error:
        sys.exit(str(error))
    for program in (*PROGRAMS, SHELL):
        print(f"-- {program.name}: {program.installed()}")
