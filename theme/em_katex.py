"""KaTeX while the book is built: its server, its answers, its styles and its fonts."""

from __future__ import annotations

import re
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any
from xml.etree import ElementTree

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinxcontrib import katex

PATIENCE = 60.0
"""Seconds to wait for KaTeX: on a busy machine the extension's own five are too few."""


def use_patient_server() -> None:
    """Replace how sphinxcontrib.katex starts its server: it gives up on one that is still slow."""
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = PATIENCE
    katex.KaTeXServer.start_server_process = staticmethod(start_server)


def start_server(folder: Path, timeout: float) -> tuple[Popen[bytes], socket.socket]:
    """Start the server and connect to it as soon as it listens."""
    path = folder / "katex.sock"
    command = katex.KaTeXServer.build_command(socket=path)
    process = Popen(command, stdin=PIPE, stdout=PIPE, cwd=folder)
    end = time.monotonic() + timeout
    while time.monotonic() < end and process.poll() is None:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
            time.sleep(0.01)
        else:
            return process, connection
    process.kill()
    raise ExtensionError("KaTeX did not start: is `node` found, and does it run?")


NAMESPACE = ' xmlns="http://www.w3.org/1998/Math/MathML"'
APPLICATION = "\u2061"
PIECE = '<span class="base">'
TAIL = "</span></span></span>"  # of the last piece, of its line, of the formula
BRACKET = re.compile(r'class="m(open|close)')
LONGEST = 24  # signs, unseen ones too: a longer bracket may break within
WHOLE = 20  # signs that are seen: what is no longer stays in one line


def mend_answers() -> None:
    """Replace what sphinxcontrib.katex takes for a formula: KaTeX's own answer, mended."""
    ask = katex.render_latex

    def render(latex: str, options: dict[str, object] | None = None) -> str:
        return mended(ask(latex, options))

    katex.render_latex = render


def mended(formula: str) -> str:
    """A formula as KaTeX answers it, with valid MathML, and with boxes around what stays together.

    A line may break after each piece, also after the last, but not within such a box. The last
    piece has one, so that what stands against a formula can be kept with it; so have the pieces
    within brackets.
    """
    before, start, rest = formula.partition("<math ")
    if not start:
        return formula  # KaTeX could not render it, which is reported
    math, end, drawn = rest.partition("</math>")
    begin, *pieces = drawn.split(PIECE)
    if pieces and pieces[-1].endswith(TAIL):
        pieces[-1] = pieces[-1].removesuffix(TAIL) + "</span>"
        *others, last = (PIECE.join(["", *group]) for group in groups(pieces))
        inner = "".join([*map(boxed, others), f'<span class="last-piece">{last}</span>'])
        if others and len(_text(pieces).replace("\u200b", "")) <= WHOLE:
            inner = f'<span class="whole">{inner}</span>'
        drawn = f"{begin}{inner}</span></span>"
    return before + valid(start + math + end) + drawn


def boxed(group: str) -> str:
    """Pieces of which there are several, in a box."""
    return f'<span class="pieces">{group}</span>' if group.count(PIECE) > 1 else group


def groups(pieces: list[str]) -> Iterator[list[str]]:
    """Pieces that stay together: from a bracket to the one that closes it, unless that is long."""
    group: list[str] = []
    depth = 0
    for piece in pieces:
        group.append(piece)
        depth += sum(1 if kind == "open" else -1 for kind in BRACKET.findall(piece))
        if depth <= 0:
            yield from _short(group)
            group, depth = [], 0
    yield from _short(group)


def _short(group: list[str]) -> list[list[str]]:
    return [group] if group and len(_text(group)) <= LONGEST else [[piece] for piece in group]


def _text(pieces: list[str]) -> str:
    return re.sub(r"<[^>]*>", "", "".join(pieces))


def valid(math: str) -> str:
    """What KaTeX writes as MathML, as MathML Core has it."""
    root = ElementTree.fromstring(math.replace(NAMESPACE, "", 1))
    for element in list(root.iter()):
        if element.tag in ("mi", "mo") and len(element):  # a symbol with another over it
            element.tag = "mrow"
            element.attrib.clear()
        for name in [name for name, value in element.items() if not value]:
            del element.attrib[name]
        # A function's name and its application are one child, as an index or under a bar.
        for sign in [child for child in element[1:] if child.text == APPLICATION]:
            place = list(element).index(sign) - 1
            both = ElementTree.Element("mrow")
            both.extend([element[place], sign])
            element[place : place + 2] = [both]
    written = ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)
    return written.replace("<math", f"<math{NAMESPACE}", 1)


def show_number_last(app: Sphinx) -> None:
    """Put a formula's number after it, as it is read and copied; the extension has it before."""

    def visit(translator: Any, node: nodes.math_block) -> None:
        begin = len(translator.body)
        try:
            katex.html_visit_displaymath(translator, node)
        except nodes.SkipNode:
            box, *number, formula, end = translator.body[begin:]
            translator.body[begin:] = [box, formula, *number, end]
            raise

    app.registry.html_block_math_renderers["katex"] = (visit, None)


def copy_katex(app: Sphinx) -> None:
    """Put KaTeX's styles and its woff2 fonts, and nothing else of it, on the site."""
    source = Path(app.config.katex_js_path).parent
    target = Path(app.outdir) / "_static" / "katex"
    (target / "fonts").mkdir(parents=True, exist_ok=True)
    for font in source.glob("fonts/*.woff2"):
        shutil.copy(font, target / "fonts")
    styles = (source / "katex.min.css").read_text()
    only_woff2 = re.sub(r',url\([^)]*\.(?:woff|ttf)\) format\("[a-z]+"\)', "", styles)
    (target / "katex.min.css").write_text(only_woff2)
