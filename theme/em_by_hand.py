"""Exercises by hand on pages: the question, its fields, what is said of mistakes, and the numbers.

A page is complete without a script: it has the first variant with a folded solution. The texts are
rendered once, with a mark in the place of each number; `by-hand.js` fills in another variant's.
"""

from __future__ import annotations

import json
import re
from itertools import groupby
from typing import Any

from docutils import nodes
from myst_nb.core.render import MimeData, NbElementRenderer, load_mime_renders
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from em_core.exercises.by_hand import EXERCISES, MIME, ByHand, Variant, of_the_page
from em_core.exercises.by_hand.template import SLOT

FIRST_MARK = 83_000
MARK = re.compile(r"(?<![\d.])83(\d{3})(?!\d)")
"""A number's place in what KaTeX and Sphinx make of a text; no length in a style looks so."""
AS_THE_BOOK = {"mystnb": {"markdown_format": "myst"}}
CHAPTER = re.compile(r"book/\d\d_")
LETTERS = {"theta": "θ", "mu": "μ", "sigma": "σ", "Sigma": "Σ"}


class em_by_hand(nodes.Invisible, nodes.Element):  # noqa: N801 (docutils names its nodes so)
    """An exercise, by its name; its children are its texts, in the order of `texts`."""


class em_by_hand_text(nodes.Invisible, nodes.Element):  # noqa: N801
    """One of its texts."""


def texts(exercise: ByHand) -> dict[str, list[str]]:
    """All that is to be rendered, by what it is."""
    return {
        "question": [exercise.question],
        "hints": list(exercise.hints),
        "solution": [exercise.solution],
        "labels": [field.label for field in exercise.fields],
        "mistakes": [mistake.words for mistake in exercise.mistakes],
    }


class ByHandMimes:
    """A myst-nb renderer for exercises by hand."""

    @staticmethod
    def handle_mime(
        renderer: NbElementRenderer, data: MimeData, inline: bool
    ) -> list[nodes.Element] | None:
        if data.mime_type != MIME:
            return None
        return [_parsed(renderer, EXERCISES[name]) for name in data.content["names"]]


def _parsed(renderer: NbElementRenderer, exercise: ByHand) -> em_by_hand:
    node = em_by_hand("", name=exercise.name)
    for kind in texts(exercise).values():
        for text in kind:
            marked = MimeData("text/markdown", marked_by(exercise, text), AS_THE_BOOK)
            parsed = renderer.render_markdown(marked)
            node += em_by_hand_text("", *parsed)
    return node


def marked_by(exercise: ByHand, text: str) -> str:
    """A text with a mark for each number; KaTeX would tear one apart that has a power."""
    marks = {slot: str(FIRST_MARK + i) for i, slot in enumerate(exercise.slots())}
    text = re.sub(rf"({SLOT.pattern})(?=\^)", r"{\1}", text)
    return SLOT.sub(lambda match: marks[match[0]], text)


class em_progress(nodes.General, nodes.Element):  # noqa: N801
    """The list of all exercises by hand, beside which a script says how far the reader is."""


class ProgressDirective(SphinxDirective):
    """Put the list where it is asked for."""

    def run(self) -> list[nodes.Node]:
        return [em_progress()]


def visit_progress(translator: Any, node: em_progress) -> None:
    """Write the list, by chapter."""
    builder = translator.builder
    pages = {int(name[5:7]): name for name in builder.env.found_docs if CHAPTER.match(name)}
    chapters = []
    for number, those in groupby(EXERCISES.values(), key=lambda exercise: exercise.chapter):
        link = builder.get_relative_uri(builder.current_docname, pages[number])
        rows = "".join(
            f'<li data-exercise="{one.name}"><a href="{link}#by-hand-{one.name}">{one.title}</a>'
            ' <span class="em-state"></span></li>'
            for one in those
        )
        title = builder.env.titles[pages[number]].astext()
        chapters.append(
            f"<li><strong>{number} {title}</strong><ul>{rows}"
            f'<li data-quiz="{number}"><a href="{link}#test-yourself">Test yourself</a>'
            ' <span class="em-state"></span></li></ul></li>'
        )
    translator.body.append(f'<div class="em-progress"><ul>{"".join(chapters)}</ul></div>\n')
    raise nodes.SkipNode


class PlaceByHand(SphinxPostTransform):
    """Take the exercises before myst-nb picks a single form of their output."""

    default_priority = 3
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        bundles = [node.parent.parent for node in self.document.findall(em_by_hand)]
        for bundle in dict.fromkeys(bundles):
            bundle.replace_self(list(bundle.findall(em_by_hand)))


def visit_by_hand(translator: Any, node: em_by_hand) -> None:
    """Write an exercise."""
    exercise = EXERCISES[node["name"]]
    children = iter(node.children)
    rendered = {
        kind: [_rendered(translator, next(children), exercise, text) for text in those]
        for kind, those in texts(exercise).items()
    }
    translator.body.append(written(exercise, rendered, of_the_page(exercise)))
    raise nodes.SkipNode


def _rendered(translator: Any, node: nodes.Element, exercise: ByHand, text: str) -> str:
    start = len(translator.body)
    for child in node.children:
        child.walkabout(translator)
    html = "".join(translator.body[start:])
    del translator.body[start:]
    seen = set(MARK.findall(re.sub(r"<math.*?</math>", "", html)))
    if seen != set(MARK.findall(marked_by(exercise, text))):
        raise ExtensionError(f"{exercise.name}: a number's place is lost in {text!r}")
    return html.strip()


def written(exercise: ByHand, html: dict[str, list[str]], drawn: list[Variant]) -> str:
    """The exercise's place on a page."""
    shown = drawn[0].shown()

    def first(text: str) -> str:
        return MARK.sub(lambda mark: shown[int(mark[1])], text)

    fields = "".join(
        f'<div class="em-field" data-name="{spoken(field.label)}"><span class="em-label">'
        f'{_line(label)}</span> <span class="em-room"></span> '
        f'<span class="em-asked">({field.asked})</span></div>'
        for field, label in zip(exercise.fields, html["labels"], strict=True)
    )
    hints = "".join(f'<div class="em-hint" hidden>{first(text)}</div>' for text in html["hints"])
    said = "".join(f"<div>{text}</div>" for text in html["mistakes"])
    page = {
        "question": pieces(html["question"][0]),
        "hints": [pieces(text) for text in html["hints"]],
        "solution": pieces(html["solution"][0]),
        "decimals": [field.decimals for field in exercise.fields],
        "variants": [
            {"shown": one.shown(), "right": one.right, "wrong": one.wrong} for one in drawn
        ],
    }
    data = json.dumps(page, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return (
        f'<div class="fold em-by-hand" id="by-hand-{exercise.name}"><details>'
        f'<summary><span class="fold-title">By hand: {exercise.title}</span></summary>'
        f'<div class="em-question">{first(html["question"][0])}</div>'
        f'<div class="em-fields">{fields}</div>{hints}'
        '<details class="em-solution"><summary><span class="fold-title">Solution</span></summary>'
        f"<div>{first(html['solution'][0])}</div></details>"
        f'<div class="em-said" hidden>{said}</div>'
        f'<script type="application/json">{data}</script></details></div>\n'
    )


def pieces(html: str) -> list[str | int]:
    """A text's HTML as what stays, and the places of numbers."""
    parts: list[str | int] = list(MARK.split(html))
    parts[1::2] = [int(part) for part in parts[1::2]]
    return parts


def _line(html: str) -> str:
    return re.sub(r"</?p>", "", html)


def spoken(label: str) -> str:
    """A field's label as it is read aloud."""
    plain = re.sub(r"\\([a-zA-Z]+)", lambda name: LETTERS.get(name[1], name[1]), label)
    return " ".join(re.sub(r"mathrm|[${}]", "", plain.replace("^2", " squared")).split())


WITH_SCRIPT = (em_by_hand, em_progress)


def add_script(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Load the script on the pages that have such an exercise."""
    ours = () if doctree is None else doctree.findall(lambda n: isinstance(n, WITH_SCRIPT))
    if next(iter(ours), None) is not None:
        app.add_js_file("by-hand.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer, the transform and the script."""
    load_mime_renders().append(ByHandMimes)
    app.add_node(em_by_hand, html=(visit_by_hand, None))
    app.add_node(em_by_hand_text)
    app.add_node(em_progress, html=(visit_progress, None))
    app.add_directive("em-progress", ProgressDirective)
    app.add_post_transform(PlaceByHand)
    app.connect("html-page-context", add_script, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
