"""Formulas as every engine gets them: valid MathML, boxes of their own, a mark that stays.

Firefox reports MathML that is not valid; WebKit let a property of the text into KaTeX's boxes, so
that brackets stood on letters; all of them began lines with the full stop after a formula.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import build
import pytest
from bs4 import BeautifulSoup, NavigableString, Tag
from drawn import CUT, LOST, Look, closed, drawn, hidden
from parsed import soup
from playwright.sync_api import Page
from test_decks import NAMES as DECKS
from walk import CHAPTERS, Walk, resize

pytestmark = pytest.mark.site

NAMES = [*CHAPTERS, *(f"decks/{name}.html" for name in DECKS)]

# --- MathML -------------------------------------------------------------------------------------

TWO = {"mfrac", "mroot", "msub", "msup", "munder", "mover"}
THREE = {"msubsup", "munderover"}
WORDS = {"mi", "mn", "mo", "ms", "mtext"}
ROWS = {"math", "mrow", "mstyle", "msqrt", "mpadded", "mphantom", "merror", "semantics"}
ROWS |= {"mtable", "mtr", "mtd"}
KNOWN = TWO | THREE | WORDS | ROWS | {"mspace", "annotation"}
LENGTH = r"-?\d*\.?\d+(em|ex|px|pt|%)"
LENGTHS = rf"{LENGTH}( {LENGTH})*"
SIDES = "(left|center|right)( (left|center|right))*"
TRUTH = "true|false"
ATTRIBUTES = {
    "accent": TRUTH,
    "accentunder": TRUTH,
    "columnalign": SIDES,
    "columnspacing": LENGTHS,
    "display": "block|inline",
    "displaystyle": TRUTH,
    "encoding": "application/x-tex",
    "fence": TRUTH,
    "height": LENGTH,
    "linethickness": LENGTH,
    "lspace": LENGTH,
    "mathvariant": "normal|bold|italic|bold-italic|double-struck|script|fraktur|monospace",
    "maxsize": LENGTH,
    "minsize": LENGTH,
    "rowspacing": LENGTHS,
    "rspace": LENGTH,
    "scriptlevel": r"[+-]?\d+",
    "separator": TRUTH,
    "stretchy": TRUTH,
    "width": LENGTH,
    "xmlns": re.escape("http://www.w3.org/1998/Math/MathML"),
}


def faults(math: Tag) -> Iterator[str]:
    """What of a formula is not as MathML Core has it."""
    for element in [math, *math.find_all(True)]:
        children = len(element.find_all(True, recursive=False))
        wanted = 2 if element.name in TWO else 3 if element.name in THREE else children
        if element.name in WORDS | {"mspace"}:
            wanted = 0
        if children != wanted:
            yield f"<{element.name}> has {children} children"
        if element.name not in KNOWN:
            yield f"<{element.name}> is not known"
        for name, value in element.attrs.items():
            if not re.fullmatch(ATTRIBUTES.get(name, "(?!)"), str(value)):
                yield f'<{element.name} {name}="{value}">'


@pytest.fixture(scope="module")
def looks(walk: Walk) -> dict[str, Look]:
    """What there is to see on every page, by its name."""
    return {name: walk[name].formulas for name in CHAPTERS}


@pytest.mark.parametrize("name", NAMES)
def test_every_formula_is_valid_mathml(site_dir, name):
    found = {m.annotation.text: list(faults(m)) for m in soup(site_dir / name).find_all("math")}
    assert {tex: said for tex, said in found.items() if said} == {}


def test_there_are_formulas_and_each_brings_its_mathml(site_dir):
    pages = [soup(site_dir / name) for name in NAMES]
    formulas = [formula for page in pages for formula in page.select(".katex")]
    assert len(formulas) > 1000
    assert all(len(formula.find_all("math")) == 1 for formula in formulas)


@pytest.mark.parametrize(
    ("markup", "said"),
    [
        ("<msub><mi>a</mi><mi>max</mi><mo>f</mo></msub>", "<msub> has 3 children"),
        ("<munderover><mo>s</mo><mi>i</mi></munderover>", "<munderover> has 2 children"),
        ('<mtable columnspacing=""></mtable>', '<mtable columnspacing="">'),
        ('<mspace width="wide"></mspace>', '<mspace width="wide">'),
        ("<mi><b>x</b></mi>", "<mi> has 1 children"),
        ('<mi class="x">x</mi>', "<mi class=\"['x']\">"),
    ],
)
def test_invalid_mathml_is_found(markup, said):
    assert said in faults(BeautifulSoup(f"<math>{markup}</math>", "html.parser").math)


# --- what text inherits -------------------------------------------------------------------------

# Inherited, and able to move or to change what stands in a box. KaTeX sets `font`, `line-height`
# and `text-indent` for itself; `font` resets its variants and features too.
INHERITED = {
    "hanging-punctuation",
    "hyphens",
    "letter-spacing",
    "line-break",
    "overflow-wrap",
    "quotes",
    "text-align",
    "text-align-last",
    "text-emphasis",
    "text-shadow",
    "text-transform",
    "text-wrap",
    "text-wrap-style",
    "white-space",
    "word-break",
    "word-spacing",
    "writing-mode",
}
STYLES = ["theme/static/*.css", "em_core/widgets/static/*.css", "tools/pdf/*.css"]
DECLARED = re.compile(r"(?<=[{;])\s*([a-z-]+)\s*:")


def declared(pattern: str, of: str | None = None) -> set[str]:
    """The properties that style sheets set, all or those of a selector."""
    text = "".join(path.read_text() for path in sorted(build.ROOT.glob(pattern)))
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    rules = re.findall(r"([^{}]+)(\{[^{}]*\})", text)
    return {
        name
        for selector, body in rules
        if of in (None, selector.strip())
        for name in DECLARED.findall(body)
    }


def test_what_text_inherits_is_reset_for_formulas():
    everywhere = set().union(*map(declared, STYLES)) & INHERITED
    assert "hanging-punctuation" in everywhere
    reset = declared("theme/static/em.css", ".katex")
    assert {"text-wrap-style" if p == "text-wrap" else p for p in everywhere} <= reset


def test_no_formula_looks_otherwise_than_one_that_stands_alone(looks):
    found = {(name, media): said for name in CHAPTERS for media, said in looks[name].closed.items()}
    assert len(found) == 2 * len(CHAPTERS)
    assert {name: what for name, what in found.items() if what} == {}


def test_no_letters_of_a_formula_overlap(looks):
    assert {name: looks[name].overlaps for name in CHAPTERS if looks[name].overlaps} == {}


def test_an_inherited_property_is_found(page: Page, site_dir):
    page.goto((site_dir / "book/01_jensen.html").as_uri())
    page.add_style_tag(content=".math .katex { word-spacing: 3px; text-align: right }")
    with hidden(page):
        found = ["word-spacing: 3px", "text-align"]
        assert closed(page) == {"print": found, "screen": found}


# --- the mark after a formula -------------------------------------------------------------------

INLINE = {"span", "em", "strong", "a"}


def stands_against(formula: Tag) -> bool:
    """Whether something follows a formula without a space and is not kept with it."""
    node: Tag = formula
    while not node.next_sibling and node.parent.name in INLINE:
        if "with-mark" in node.parent.get("class", []):
            return False
        node = node.parent
    after = node.next_sibling
    kept = "with-mark" in node.parent.get("class", [])
    return (
        isinstance(after, NavigableString)
        and bool(after.strip()[:1])
        and (not after[:1].isspace() and not kept)
    )


@pytest.mark.parametrize("name", NAMES)
def test_what_stands_against_a_formula_is_kept_with_it(site_dir, name):
    formulas = soup(site_dir / name).select("span.math")
    assert [formula.annotation.text for formula in formulas if stands_against(formula)] == []


def test_no_line_begins_with_the_mark_after_a_formula(looks):
    assert sum(looks[name].marks for name in CHAPTERS) > 500
    assert {name: looks[name].lost for name in CHAPTERS if looks[name].lost} == {}


def test_no_formula_of_a_proof_that_unfolds_is_cut_on_a_phone(looks):
    assert sum(looks[name].unfolded for name in CHAPTERS) > 20
    assert {name: looks[name].cut for name in CHAPTERS if looks[name].cut} == {}


def test_a_cut_formula_is_found(page: Page, site_dir):
    resize(page, 320, 800)
    page.goto((site_dir / "book/01_jensen.html").as_uri())
    page.add_style_tag(content="main details { width: 200px; }")
    count, cut = drawn(page, CUT)
    assert 0 < len(cut) <= count


def test_a_lost_mark_is_found(page: Page, site_dir):
    page.goto((site_dir / "book/04_derivation.html").as_uri())
    page.add_style_tag(content=".with-mark, .last-piece { white-space: normal; }")
    lost = 0
    for width in range(320, 420, 5):
        resize(page, width, 800)
        lost += len(page.evaluate(LOST))
    assert lost > 0


# --- the reasons of a derivation's lines --------------------------------------------------------

LINE = 40  # pixels from a mark's foot to that of the reason's letter, which is on the line below it


def test_every_lettered_list_stands_in_a_box_with_its_formula(site_dir):
    alone, joined = [], {}
    for name in CHAPTERS:
        for letter in soup(site_dir / name).select("dl > dt"):
            if letter.get_text() == "(a)":
                box = letter.parent.parent
                if "derivation" not in box.get("class", []):
                    alone.append((name, letter.parent.get_text()[:60]))
                joined[name] = joined.get(name, 0) + 1
    assert alone == []
    assert len(joined) >= 6
    assert sum(joined.values()) >= 12


def with_derivations(site_dir: Path) -> list[str]:
    return [name for name in CHAPTERS if soup(site_dir / name).select(".derivation")]


def test_reasons_stand_beside_their_lines_where_the_page_is_wide(looks, site_dir):
    for name in with_derivations(site_dir):
        found = looks[name].reasons[1280]
        assert found
        assert all(one["marks"] == one["letters"] for one in found), name
        assert all(one["beside"] and not one["scrolls"] for one in found), (name, found)
        assert any(all(0 < by < LINE for by in one["lower"]) for one in found), (name, found)
        assert all(0 < one["lower"][0] < LINE for one in found), (name, found)
        assert all(by > 0 for one in found for by in one["lower"]), (name, found)


def test_reasons_stand_below_their_formula_where_the_page_is_narrow(looks, site_dir):
    for name in with_derivations(site_dir):
        found = looks[name].reasons[390]
        assert found
        assert all(one["below"] and not one["scrolls"] for one in found), (name, found)
