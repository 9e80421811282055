"""The place on a page where readers put down points of their own: its data, its scripts.

The one place where the browser does EM's steps itself (`static/points-steps.js`). What is drawn are
the widgets' own parts.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from em_widgets import as_json
from sphinx.application import Sphinx

from em_core.widgets.base import SHARED, STYLES

STEPS = ["points-steps.js", "points-starts.js", "points-causes.js"]
SCRIPTS = [*SHARED, *STEPS, "points-read.js", "points.js"]
# The book's data of two columns: by what name the address knows them, and the reader.
DATA = {
    "faithful": ("Old Faithful", ("eruption (min)", "wait (min)")),
    "co2_gnp": ("CO₂ against GNP", ("GNP", "CO₂")),
}


class own_points(nodes.General, nodes.Element):  # noqa: N801 (docutils names its nodes so)
    """The place; its children are what stands there on paper and without scripts."""


class OwnPoints(Directive):
    """The place, with its words for paper."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        place = own_points()
        self.state.nested_parse(self.content, self.content_offset, place)
        return [place]


def visit_place(translator: Any, node: own_points) -> None:
    """Write the place, which a script fills, with the book's data; then the words."""
    folder = Path(translator.builder.srcdir) / "book" / "data"
    data = {
        key: {"title": title, "names": names, "points": read(folder / f"{key}.csv")}
        for key, (title, names) in DATA.items()
    }
    text = as_json(data).replace("<", "\\u003c")
    translator.body.append(
        '<div class="em-stepper em-points">'
        f'<script type="application/json">{text}</script></div><div class="em-still">'
    )


def depart_place(translator: Any, node: own_points) -> None:
    """End the words."""
    translator.body.append("</div>\n")


def read(path: Path) -> list[list[float]]:
    """The rows of a table of numbers, without its names."""
    with path.open(encoding="utf-8", newline="") as lines:
        _, *rows = csv.reader(lines)
    return [[float(cell) for cell in row] for row in rows]


def add_scripts(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Load the scripts where the place is."""
    if doctree is not None and any(doctree.findall(own_points)):
        for style in (STYLES, "points.css"):
            app.add_css_file(style)
        for script in SCRIPTS:
            app.add_js_file(script, loading_method="defer")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_node(own_points, html=(visit_place, depart_place))
    app.add_directive("own-points", OwnPoints)
    app.connect("html-page-context", add_scripts, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
