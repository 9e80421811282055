"""One deck of slides a chapter, out of the same cells as its page.

A cell's `slideshow` metadata says what it is in the talk: `slide` begins a slide, `-` joins it,
`fragment` joins it at the next press, `notes` are the speaker's. Markdown tagged `slide-only`, and
all notes, are left out of the page. A deck is taken from its page's resolved document, so that
formulas, figures and widgets come out by the same code. A `figure` of this or another chapter is
shown where a cell's `picture` names it; another `picture` is a sketch, drawn from its numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import em_figures
import em_sketches
from docutils import nodes
from docutils.parsers.rst import Directive
from em_figures import twin_image, twins
from em_widgets import em_widget
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from em_core.widgets.base import scripts

FENCE = "`" * 12
STRUT = re.compile(r'class="strut" style="height:([\d.]+)em')  # how tall KaTeX draws a piece
ROW = 2.43  # em: no row of a formula takes more, and many take less
FIGURE_SCALE = 2.4
"""Pixels a point: the smallest text in figures has 11 points, and 26 px are well read."""
LEAST_SCALE = 2.2
"""Beside words: nothing may be under 24 px."""
ROOM, GAP = 600, 28
"""Pixels for what stands on a slide, from its top to its foot, and between two of its texts."""
LINE = (1150, 19, 52)
"""Pixels that a line of words is long, that a letter is wide, and that a line is high."""
REVEAL = ("reveal.js", "reveal.css")


class drawn_sketch(nodes.General, nodes.Element):  # noqa: N801
    """A sketch: `svg` is its drawing, `size` in the slide's pixels; `narrow` is that on a phone."""


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
    "sketch": drawn_sketch,
    "code": nodes.literal_block,
    "formula": nodes.math_block,
}
NEW_ROW = r"\\"
PRINTED = re.compile(r"True|False|-?\d+(?:\.\d+)?")
SIGNS = {"True": "yes", "False": "no"}
INDEX, INDEXED = re.compile(r"_(\w)\b"), r"<sub>\1</sub>"


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
        doctree.talk = slides(app, doctree)
    for part in list(doctree.findall(talk_part)):
        part.parent.replace(part, [] if part["own"] else part.children)


def slides(app: Sphinx, doctree: nodes.document) -> list[Slide]:
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
            found[-1].parts += _with_picture(app, doctree, plan, content)
    return found


def _with_picture(
    app: Sphinx, doctree: nodes.document, plan: dict[str, Any], content: list[nodes.Node]
) -> list[tuple[dict[str, Any], list[nodes.Node]]]:
    """A part, and the picture that its cell asks for."""
    if "picture" not in plan:
        return [(plan, content)]
    picture = plan["picture"]
    how = {"slide_type": "fragment" if picture.get("fragment") else "-"}
    if "figure" in picture:
        drawn = _for_slide([_named(app, doctree, picture["figure"])], picture)
    else:
        drawn = [drawn_sketch("", **em_sketches.drawn(picture))]
    return [(plan, content), (how, drawn)]


def _named(app: Sphinx, doctree: nodes.document, name: str) -> nodes.Element:
    """The figure of that name in this chapter, or in another, where no picture is chosen yet."""
    docname, label = app.env.domains["std"].anonlabels[name]
    if docname == app.env.path2doc(doctree["source"]):
        return next(f for f in doctree.findall(nodes.figure) if label in f["ids"])
    figure = next(
        f for f in app.env.get_doctree(docname).findall(nodes.figure) if label in f["ids"]
    )
    return twins(app, next(i for i in figure.findall(nodes.image) if i["uri"].endswith(".svg")))


def _parts(doctree: nodes.document) -> Iterator[tuple[dict[str, Any], list[nodes.Node]]]:
    for node in doctree.findall(nodes.Element):
        if isinstance(node, talk_part):
            yield node["plan"], _for_slide(node.children, node["plan"])
        elif "slideshow" in node.get("cell_metadata", {}):
            plan = node["cell_metadata"]["slideshow"]
            shown = _for_slide(_shown(node, plan.get("shows")), plan)
            yield plan, _as_table(shown, plan["columns"]) if "columns" in plan else shown


def _shown(cell: nodes.Element, wanted: str | None) -> list[nodes.Node]:
    """A code cell's code, unless the page folds it, and what it put out."""
    wanted = wanted or ("output" if cell.get("hide_mode") else None)
    leave_out = {"output": "cell_input", "code": "cell_output"}.get(wanted or "")
    kept = {"cell_input", "cell_output"} - {leave_out}
    return [node for node in cell.findall(nodes.container) if kept & set(node["classes"])]


def _as_table(content: list[nodes.Node], columns: list[str]) -> list[nodes.Node]:
    """What a cell prints, as a row of a table with these heads; what has none is left out."""
    copy = nodes.container("", *content)
    for block in list(copy.findall(nodes.literal_block)):
        cells = PRINTED.findall(block.astext())
        if len(cells) != len(columns):
            raise ExtensionError(f"{columns} are not the heads of {block.astext()}")
        shown = [(h, SIGNS.get(c, c)) for h, c in zip(columns, cells, strict=True) if h]
        heads = "".join(f"<th>{INDEX.sub(INDEXED, head)}</th>" for head, _ in shown)
        row = "".join(f"<td>{cell.replace('-', '−')}</td>" for _, cell in shown)
        table = f"<thead><tr>{heads}</tr></thead><tbody><tr>{row}</tr></tbody>"
        html = f'<table class="dataframe">{table}</table>'
        block.replace_self(nodes.raw("", html, format="html"))
    return copy.children


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
        _enlarge(image, plan.get("crop", (0, 1)), plan.get("across", (0, 1)))
    return copy.children


def _figures(content: nodes.Element) -> list[twin_image]:
    """The figures, without the pictures that stand in for widgets."""
    return [i for i in content.findall(twin_image) if not isinstance(i.parent, em_widget)]


def _enlarge(image: twin_image, crop: tuple[float, float], across: tuple[float, float]) -> None:
    """Show a figure at the slides' scale, or a part of its height or width, from share to share."""
    scale = FIGURE_SCALE / em_figures.PIXELS_A_POINT
    width, height = (
        round(round(side * scale) * (end - begin))
        for side, (begin, end) in zip(image["size"], (across, crop), strict=True)
    )
    left, top = (
        0 if end - begin == 1 else 100 * begin / (1 - (end - begin))
        for begin, end in (across, crop)
    )
    image["size"] = (width, height)
    image["style"] = (
        f"--width: {width}px; --ratio: {width / height:.4f}; "
        f"object-position: {left:.4g}% {top:.4g}%"
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
    side = ["side"] if figures and _stands_beside(slide, figures[0]) else []
    return {
        "parts": parts,
        "rows": " ".join(_row(content, "size") for _, content in slide.parts),
        "tall": " ".join(_row(content, "narrow") for _, content in slide.parts),
        "beside": _beside(figures[0]) if side else 0,
        "classes": " ".join(dict.fromkeys([*kinds, *side])),
        "notes": _html(app, slide.notes),
        "minutes": slide.minutes,
    }


def _row(content: list[nodes.Node], which: str) -> str:
    """A part's row: a picture may be made smaller, down to nothing, so that the rest has room."""
    pictures = [f for node in content for f in (*_figures(node), *node.findall(drawn_sketch))]
    if not pictures:
        return "auto"
    width, height = pictures[0].get(which, pictures[0]["size"])
    return f"minmax(0, min({height:g}px, var(--across) * {height / width:.4f}))"


def _beside(figure: twin_image) -> int:
    """How broad a figure is that stands beside the words."""
    width, height = figure["size"]
    return round(min(width, LEAST_SCALE * 5.2 * 72, 660 * width / height))


def is_text(node: nodes.Node) -> bool:
    """Tell paragraphs and headings from what else has text."""
    return isinstance(node, nodes.paragraph | nodes.rubric | nodes.title)


def _stands_beside(slide: Slide, figure: twin_image) -> bool:
    """Tell whether a figure leaves no room for the slide's words above and below it."""
    long, letter, high = LINE
    height = figure["size"][1] * LEAST_SCALE / FIGURE_SCALE
    for _, content in slide.parts:
        texts = [t.astext() for node in content for t in node.findall(is_text)]
        height += GAP * len(texts) + sum(high * (1 + len(t) * letter // long) for t in texts)
    return height > ROOM


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


def visit_sketch(translator: Any, node: drawn_sketch) -> None:
    """Write a drawing."""
    translator.body.append(node["svg"])
    raise nodes.SkipNode


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
    app.add_node(drawn_sketch, html=(visit_sketch, None))
    app.add_directive("talk-part", TalkPart)
    app.connect("builder-inited", prepare)
    app.connect("source-read", mark_parts)
    app.connect("doctree-resolved", take_talk, priority=900)  # after all that changes pages
    app.connect("html-page-context", render_talk, priority=800)  # after em_site's
    app.connect("html-collect-pages", collect_decks)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
