r"""Derivations: each line's reason beside it, where the page is wide enough.

A derivation is a formula of whose lines some bear letters, `\overset{(a)}{=}`, and right below it a
list that says for each letter why the line holds. Both stay as they are. They get a box in common,
which is told how far apart KaTeX has drawn the lines: a grid can then put each reason beside its
line (see em.css), and a page without room leaves the list below.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

from docutils import nodes
from sphinx.application import Sphinx
from sphinxcontrib import katex

LETTER = re.compile(r"\\overset\{(\([a-z]\))\}")
MATHML = "{http://www.w3.org/1998/Math/MathML}"


class derivation(nodes.General, nodes.Element):  # noqa: N801 (docutils names its nodes so)
    """A formula, and the list of its lines' reasons."""


def join(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put each formula with lettered lines, and the list of their reasons, into a box."""
    for reasons in list(doctree.findall(nodes.definition_list)):
        formula = reasons.previous_sibling()
        letters = [term.astext() for item in reasons for term in item.findall(nodes.term)]
        if isinstance(formula, nodes.math_block) and letters == LETTER.findall(formula.astext()):
            box = derivation("")
            formula.parent.replace(formula, box)  # replace_self would give the box its number too
            reasons.parent.remove(reasons)
            box += [formula, reasons]


def open_box(translator: Any, node: derivation) -> None:
    """Begin the box, with the places of the lines."""
    places = baselines(katex.render_latex(node[0].astext(), {"displayMode": True}))
    apart = [f"minmax({below - above:.3f}em, auto)" for above, below in pairwise(places)]
    style = f"--first: {places[0]:.3f}em; --lines: {' '.join([*apart, 'auto'])}"
    translator.body.append(translator.starttag(node, "div", CLASS="derivation", STYLE=style))


def close_box(translator: Any, node: derivation) -> None:
    """End what `open_box` began."""
    translator.body.append("</div>\n")


def baselines(drawn: str) -> list[float]:
    """How far below a formula's top the line of each letter stands, in its own em.

    KaTeX writes a formula as MathML, which tells what is in a line, and as boxes: a strut has the
    height of the whole, and each line is so far above ("top") the foot of a strut of its own.
    """
    formula = ElementTree.fromstring(drawn)
    rows = formula.find(f".//{MATHML}mtable")
    strut = next(span for span in formula.iter("span") if span.get("class") == "strut")
    table = next(span for span in formula.iter("span") if span.get("class") == "mtable")
    column = next(span for span in table.iter("span") if span.get("class") == "vlist")
    above = _em(strut, "height") + _em(strut, "vertical-align")
    places = [above + _em(line, "top") + _em(line[0], "height") for line in column]
    return [
        place
        for place, row in zip(places, rows if rows is not None else [], strict=True)
        for over in row.iter(f"{MATHML}mover")
        if re.fullmatch(r"\([a-z]\)", "".join(over[1].itertext()))
    ]


def _em(element: ElementTree.Element, name: str) -> float:
    """A length of an element's own style."""
    found = re.search(rf"(?:^|;)\s*{name}:(-?[\d.]+)em", element.get("style", ""))
    return float(found[1]) if found else 0.0


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the extension."""
    app.add_node(derivation, html=(open_box, close_box))
    app.connect("doctree-resolved", join, priority=950)  # when em_decks has taken its slides
    return {"parallel_read_safe": True, "parallel_write_safe": True}
