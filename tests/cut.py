"""The site with its chapters cut to what is live in them: a widget's tests read no prose."""

from __future__ import annotations

import re
import shutil
from functools import cache, partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import build

CHAPTER = re.compile(r"/book/(\w+)\.html")
FIGURE = re.compile(r"<figure\b.*?</figure>", re.DOTALL)
ROOM = '<svg width="1" height="2000" aria-hidden="true"></svg>'
"""For prose: a page opens far from its figures, where the pointer may be."""


@cache
def live_figures(name: str) -> list[str]:
    """The figures of a page that hold a widget, as they are delivered."""
    return [figure for figure in FIGURE.findall(source(name)) if "data-em-widget=" in figure]


@cache
def source(name: str) -> str:
    """A page as it is delivered."""
    return (build.HTML / "book" / f"{name}.html").read_text()


def cut(name: str) -> str:
    """A page whose article has its live figures and nothing else; whole if it has none."""
    whole, figures = source(name), "".join(live_figures(name))
    if not figures:
        return whole
    begin = whole.index(">", whole.index("<article")) + 1
    kept = f"<section><section>{ROOM}{figures}{ROOM}</section></section>"
    return whole[:begin] + kept + whole[whole.index("</article>") :]


def write(folder: Path) -> None:
    """The site as a folder, its chapters cut."""
    shutil.copytree(build.HTML, folder, dirs_exist_ok=True)
    for path in (folder / "book").glob("*.html"):
        path.write_text(cut(path.stem), encoding="utf-8")


class Handler(build.Handler):
    """Serves the site, its chapters cut."""

    def do_GET(self) -> None:  # noqa: N802
        asked = CHAPTER.fullmatch(urlsplit(self.path).path)
        if not asked or not Path(self.translate_path(self.path)).exists():
            super().do_GET()
            return
        body = cut(asked[1]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def make_server() -> ThreadingHTTPServer:
    """A server of it on the loopback address."""
    return ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(build.HTML)))
