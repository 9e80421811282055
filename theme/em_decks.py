"""One deck of slides a chapter, out of the same cells as its page.

A cell's `slideshow` metadata says what it is in the talk: `slide` begins a slide, `-` joins it,
`fragment` joins it at the next press, `notes` are the speaker's. Markdown tagged `slide-only`, and
all notes, are left out of the page. A deck is taken from its page's resolved document, so that
formulas, figures and widgets come out by the same code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import em_figures
from docutils import nodes
from docutils.parsers.rst import Directive
from em_figures import twin_image
from em_widgets import em_widget
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from em_core.widgets.base import scripts

FENCE = "`" * 12
STRUT = re.compile(r'class="strut" style="height:([\d.]+)em')  # how tall KaTeX draws a piece
ROW = 2.43  # em: no row of a formula takes more, and many take less
FIGURE_SCALE = 2.4
"""Pixels a point: the smallest text in figures has 10 points, and nothing may be under 24 px."""
TALL = 530
"""A figure higher than this stands beside the words, not below them."""
REVEAL = ("reveal.js", "reveal.css")


class talk_part(nodes.General, nodes.Element):  # noqa: N801 (docutils names its nodes so)
    """A Markdown cell of a talk: `plan` is its slide metadata, `own` that no page shows it."""


class TalkPart(Directive):
    """What `mark_parts` puts round a cell's text."""

    has_content = True
    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        part = talk_part("", **json.loads(self.arguments[0]))
        self.state.nested_parse(self.content, self.content_offset, part)
        return [part]


@dataclass
class Slide:
    """The parts of a slide, each with its metadata, and what is said to it."""

    parts: list[tuple[dict[str, Any], list[nodes.Node]]] = field(default_factory=list)
    notes: list[nodes.Node] = field(default_factory=list)
    minutes: float = 0

    def all_nodes(self) -> list[nodes.Node]:
        """What is shown, without the metadata."""
        return [node for _, content in self.parts for node in content]


KINDS = {
    "widget": em_widget,
    "figure": twin_image,
    "code": nodes.literal_block,
    "formula": nodes.math_block,
}
NEW_ROW = r"\\"


# From cells to slides


def mark_parts(app: Sphinx, docname: str, source: list[str]) -> None:
    """Keep the metadata of Markdown cells, which myst-nb drops: put a directive round each."""
    if not app.env.doc2path(docname).endswith(".ipynb"):
        return
    notebook = json.loads(source[0])
    for cell in notebook["cells"]:
        plan = cell["metadata"].get("slideshow")
        if plan and cell["cell_type"] == "markdown":
            cell["source"] = _wrapped(cell, plan)
    source[0] = json.dumps(notebook)


def _wrapped(cell: dict[str, Any], plan: dict[str, Any]) -> str:
    own = "slide-only" in cell["metadata"].get("tags", [])
    about = json.dumps({"plan": plan, "own": own})
    return f"{FENCE}{{talk-part}} {about}\n{''.join(cell['source'])}\n{FENCE}\n"


def take_talk(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Take the slides out of a chapter's document, and what belongs to the talk alone with them."""
    if app.builder.format == "html":
        doctree.talk = slides(doctree)
    for part in list(doctree.findall(talk_part)):
        part.parent.replace(part, [] if part["own"] else part.children)


def slides(doctree: nodes.document) -> list[Slide]:
    """The slides of a chapter, in order."""
    found: list[Slide] = []
    for plan, content in _parts(doctree):
        if plan["slide_type"] == "slide":
            found.append(Slide())
        if not found:
            raise ExtensionError(f"{doctree['source']}: the talk does not begin with a slide")
        if plan["slide_type"] == "notes":
            found[-1].notes += content
            found[-1].minutes += plan["minutes"]
        else:
            found[-1].parts.append((plan, content))
    return found


def _parts(doctree: nodes.document) -> Iterator[tuple[dict[str, Any], list[nodes.Node]]]:
    for node in doctree.findall(nodes.Element):
        if isinstance(node, talk_part):
            yield node["plan"], _for_slide(node.children, node["plan"])
        elif "slideshow" in node.get("cell_metadata", {}):
            plan = node["cell_metadata"]["slideshow"]
            yield plan, _for_slide(_shown(node, plan.get("shows")), plan)


def _shown(cell: nodes.Element, wanted: str | None) -> list[nodes.Node]:
    """A code cell's code, unless the page folds it, and what it put out."""
    wanted = wanted or ("output" if cell.get("hide_mode") else None)
    leave_out = {"output": "cell_input", "code": "cell_output"}.get(wanted or "")
    kept = {"cell_input", "cell_output"} - {leave_out}
    return [node for node in cell.findall(nodes.container) if kept & set(node["classes"])]


def _for_slide(content: list[nodes.Node], plan: dict[str, Any]) -> list[nodes.Node]:
    """A copy, without captions and links, and with figures as large as a room needs."""
    copy = nodes.container("", *(node.deepcopy() for node in content))
    for figure in list(copy.findall(nodes.figure)):
        figure.replace_self([*_figures(figure), *figure.findall(em_widget)])
    for link in list(copy.findall(nodes.reference)):
        link.replace_self(nodes.inline("", "", *link.children))
    for rubric in copy.findall(nodes.rubric):
        rubric["heading-level"] = 2
    for image in _figures(copy):
        _enlarge(image, plan.get("crop", (0, 1)))
    return copy.children


def _figures(content: nodes.Element) -> list[twin_image]:
    """The figures, without the pictures that stand in for widgets."""
    return [i for i in content.findall(twin_image) if not isinstance(i.parent, em_widget)]


def _enlarge(image: twin_image, crop: tuple[float, float]) -> None:
    """Show a figure, or the part of its height between the two shares, at the slides' scale."""
    scale = FIGURE_SCALE / em_figures.PIXELS_A_POINT
    top, bottom = crop
    width, height = (round(side * scale) for side in image["size"])
    height = round(height * (bottom - top))
    shown_from = 0 if bottom - top == 1 else 100 * top / (1 - (bottom - top))
    image["size"] = (width, height)
    image["style"] = (
        f"--width: {width}px; --ratio: {width / height:.4f}; object-position: 0 {shown_from:.4g}%"
    )


# From slides to decks


def render_talk(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Render a chapter's slides while its page is written, and link them from it."""
    talk = getattr(doctree, "talk", None)
    if not talk:
        return
    name = f"decks/{Path(page).name}"
    context["deck"] = app.builder.get_relative_uri(page, name)
    shown = [node for slide in talk for node in slide.all_nodes()]
    kinds = [widget["data"]["kind"] for node in shown for widget in node.findall(em_widget)]
    app.em_decks[name] = {
        "title": f"Slides: {app.env.titles[page].astext()}",
        "heading": app.env.titles[page].astext(),
        "number": context["chapter"],
        "chapter_page": page,
        "slides": [_rendered(app, slide) for slide in talk],
        "widget_scripts": list(dict.fromkeys(s for kind in kinds for s in scripts(kind))),
    }


def _rendered(app: Sphinx, slide: Slide) -> dict[str, Any]:
    parts = [
        {
            "html": _html(app, content),
            "kind": _kind(content),
            "room": _room(content, _html(app, content)),
            "fragment": plan["slide_type"] == "fragment",
            "steps": plan.get("widget_steps", 0),
        }
        for plan, content in slide.parts
    ]
    figures = [figure for node in slide.all_nodes() for figure in _figures(node)]
    kinds = [f"with-{part['kind']}" for part in parts]
    side = ["side"] if any(figure["size"][1] > TALL for figure in figures) else []
    return {
        "parts": parts,
        "classes": " ".join(dict.fromkeys([*kinds, *side])),
        "notes": _html(app, slide.notes),
        "minutes": slide.minutes,
    }


def _kind(content: list[nodes.Node]) -> str:
    """What a part is made of, for the style sheet."""
    for kind, node_type in KINDS.items():
        if any(True for node in content for _ in node.findall(node_type)):
            return kind
    return "words"


def _room(content: list[nodes.Node], drawn: str) -> tuple[int, float]:
    """Columns and lines of code or formula, whose letters are as large as they allow."""
    code = [block for node in content for block in node.findall(nodes.literal_block)]
    lines = [line for block in code for line in block.astext().rstrip().split("\n")]
    formulas = [block for node in content for block in node.findall(nodes.math_block)]
    rows = sum(block.astext().count(NEW_ROW) + 1 for block in formulas)
    _, *formulas_drawn = drawn.split('class="katex-display"')
    height = sum(max(map(float, STRUT.findall(formula))) for formula in formulas_drawn)
    return max(map(len, lines), default=0), len(lines) + min(rows, round(height / ROW, 2))


def _html(app: Sphinx, content: list[nodes.Node]) -> str:
    return "".join(app.builder.render_partial(node)["fragment"] for node in content)


def collect_decks(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Write a deck for each chapter whose page was written."""
    for name, deck in app.em_decks.items():
        yield name, deck, "deck.html"


def copy_reveal(app: Sphinx) -> None:
    """Put what the decks need of reveal.js on the site: no theme of its, hence no foreign font."""
    source = Path(app.confdir) / "node_modules" / "reveal.js" / "dist"
    target = Path(app.outdir) / "_static" / "reveal"
    target.mkdir(parents=True, exist_ok=True)
    for name in REVEAL:
        (target / name).write_text((source / name).read_text())


def prepare(app: Sphinx) -> None:
    """Begin without decks."""
    app.em_decks = {}
    if app.builder.format == "html":
        copy_reveal(app)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the extension."""
    app.add_node(talk_part)
    app.add_directive("talk-part", TalkPart)
    app.connect("builder-inited", prepare)
    app.connect("source-read", mark_parts)
    app.connect("doctree-resolved", take_talk, priority=900)  # after all that changes pages
    app.connect("html-page-context", render_talk, priority=800)  # after em_site's
    app.connect("html-collect-pages", collect_decks)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
