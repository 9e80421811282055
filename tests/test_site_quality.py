"""What outside judges say of the site.

axe-core judges its access, html-validate its HTML, a British dictionary its spelling.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import build
import pytest
import soupsieve
from bs4 import BeautifulSoup, NavigableString, Tag
from markdown_it import MarkdownIt
from parsed import soup
from playwright.sync_api import Browser
from test_drawn_formulas import ATTRIBUTES, KNOWN
from walk import NAMES, Seen, Visit, axe, violations, visiting

pytestmark = pytest.mark.site

ROOT = build.ROOT
MODULES = ROOT / "node_modules"


def node(*arguments: str | Path, **how: Any) -> str:
    """Run Node in the project's folder; what it prints."""
    command = [build.NODE / "node", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, text=True, capture_output=True, check=False, timeout=300, **how
    )
    assert not done.stderr, done.stderr
    return done.stdout


# --- access -------------------------------------------------------------------------------------


def test_axe_finds_nothing_on_the_page(seen: Seen) -> None:
    assert seen.violations == []


@pytest.fixture
def one(chromium: Browser) -> Iterator[Visit]:
    """A browser page without a history."""
    with visiting(chromium) as fresh:
        fresh.page.add_init_script(axe())
        yield fresh


def test_axe_finds_nothing_in_the_open_contents(one: Visit, site_url: str) -> None:
    one.open_afresh(f"{site_url}/book/index.html")
    one.page.locator(".contents > summary").click()
    assert violations(one, ".bar") == []


def test_axe_finds_nothing_in_search_results(one: Visit, site_url: str) -> None:
    one.open_afresh(f"{site_url}/search.html?q=Jensen")
    one.page.locator("#search-results li p").first.wait_for()
    assert violations(one) == []


def test_axe_finds_a_picture_without_words_and_pale_text(one: Visit, site_url: str) -> None:
    one.open_afresh(f"{site_url}/search.html")
    one.page.evaluate(
        """document.querySelector("main").insertAdjacentHTML("beforeend", '<img src="x.png">'
            + "<p>plain</p>".repeat(3) + '<p style="color: #bbb; background: #fff">pale</p>')"""
    )
    rules = {": ".join(line.split(": ")[:2]) for line in violations(one)}
    assert one.page.get_by_text("plain").count() < 3  # which are alike
    assert rules == {
        "1280 px, light: image-alt",
        "1280 px, light: color-contrast",
        "390 px, dark: color-contrast",
    }


def test_axe_finds_what_is_new_where_what_was_met_on_other_pages_is_left_out(
    one: Visit, site_url: str
) -> None:
    met: dict[str, int] = {}
    texts = "<p>plain</p>"
    pale = '<p style="color: #bbb; background: #fff">pale</p>'
    nameless = '<p><a href="#q"></a></p><p><span role="no">plain</span></p>'
    for new in ("", pale + nameless):
        one.set(1280, "light")
        one.open_afresh(f"{site_url}/search.html")
        one.page.evaluate(
            """(texts) => document.querySelector("main").insertAdjacentHTML("beforeend", texts)""",
            texts * 3 + new,
        )
        found = violations(one, met=met)
    assert one.page.get_by_text("plain").count() == 1
    assert {": ".join(line.split(": ")[:2]) for line in found} == {
        "1280 px, light: aria-roles",
        "1280 px, light: color-contrast",
        "1280 px, light: link-name",
        "390 px, dark: color-contrast",
    }


def test_axe_finds_a_pale_word_of_code_where_its_kind_comes_first(
    one: Visit, site_url: str
) -> None:
    one.open_afresh(f"{site_url}/search.html")
    one.page.evaluate(
        """document.querySelector("main").insertAdjacentHTML("beforeend", '<pre><span></span>'
            + '<span class="k" style="color: #bbb; background: #fff">pale</span> '.repeat(3))"""
    )
    found = [line for line in violations(one) if line.startswith("1280 px, light")]
    assert found == ["1280 px, light: color-contrast: .k"]


# --- HTML ---------------------------------------------------------------------------------------

HTML_RULES = {
    "root": True,
    "extends": ["html-validate:recommended"],
    "rules": {
        "attribute-boolean-style": "off",  # style: Sphinx writes defer="defer"
        "hidden-focusable": "off",  # reads no CSS; axe's aria-hidden-focus judges what is shown
        "long-title": "off",  # style: a chapter's title and the book's have more than 70 letters
        "no-inline-style": "off",  # KaTeX places the parts of a formula by styles
        "prefer-native-element": "off",  # style: myst-nb and widgets say role="region" and the like
        "valid-id": ["error", {"relaxed": True}],  # HTML allows sphinx-exercise's slash
        "void-style": "off",  # style: docutils writes <br />
    },
}


def html_errors(pages: list[Path], folder: Path) -> list[str]:
    """What html-validate objects to; its settings are put into the folder."""
    settings = folder / "rules.json"
    settings.write_text(json.dumps(HTML_RULES))
    program = MODULES / "html-validate" / "bin" / "html-validate.mjs"
    answers = json.loads(node(program, "--config", settings, "--formatter", "json", *pages) or "[]")
    return [
        f"{Path(answer['filePath']).name}:{said['line']}: {said['ruleId']}: {said['message']}"
        for answer in answers
        for said in answer["messages"]
    ]


# A formula is read aloud by MathML, whose elements are judged in test_drawn_formulas.py, and drawn
# by spans in spans: thousands on a page, all of one form. So are words of code.
BEGIN = re.compile('<span class="katex">')
PIECE = re.compile(
    r"""(?P<open><(?P<name>[a-z]+)(?P<has>(?:\ [A-Za-z]+(?:-[a-z]+)?="[^"<>&]*")*)>)
    | (?P<close></[a-z]+>) | [^<>&]+ | &(?:amp|lt|gt|quot|\#x?[0-9a-fA-F]+);""",
    re.VERBOSE,
)
MAY_HAVE = {
    "span": {"class", "style", "aria-hidden"},
    "svg": {"xmlns", "width", "height", "viewBox", "preserveAspectRatio", "style"},
    "path": {"d"},
    **{name: set(ATTRIBUTES) for name in KNOWN},
}
MAY_HOLD = dict.fromkeys(KNOWN, KNOWN - {"math"})
MAY_HOLD |= {"span": {"span", "svg", "math"}, "svg": {"path"}, "path": set()}
CODE = re.compile("<pre>.*?</pre>", re.DOTALL)
WORD_OF_CODE = re.compile(r'<span class="\w+">((?:[^<>&]|&(?:amp|lt|gt|quot|#\d+);)*)</span>')


def end_of_drawn(html: str, begin: int) -> int:
    """Where a drawn formula ends that is of the form; 0 where one is not."""
    inside: list[str] = []
    place = begin
    while piece := PIECE.match(html, place):
        place = piece.end()
        if piece["open"]:
            pairs = re.findall(r' ([\w-]+)="([^"]*)"', piece["has"])
            attributes = dict(pairs)
            classes = attributes.get("class", "").split()
            if len(attributes) < len(pairs) or len(set(classes)) < len(classes):
                return 0
            if attributes.keys() - MAY_HAVE.get(piece["name"], set()):
                return 0
            if piece["name"] not in MAY_HOLD[inside[-1]] if inside else piece["name"] != "span":
                return 0
            inside.append(piece["name"])
        elif piece["close"]:
            if piece["close"] != f"</{inside.pop()}>":
                return 0
            if not inside:
                return place
    return 0


def without_drawn(html: str) -> str:
    """A page of whose formulas the first is left, and those that are not of the form.

    Of the words of code nothing but the letters is left.
    """
    kept, place = [], 0
    for number, begin in enumerate(BEGIN.finditer(html)):
        if number and begin.start() >= place and (end := end_of_drawn(html, begin.start())):
            kept.append(html[place : begin.start()])
            place = end
    thin = "".join([*kept, html[place:]])
    return CODE.sub(lambda code: WORD_OF_CODE.sub(r"\1", code[0]), thin)


def test_every_page_is_valid_html(site_dir: Path, tmp_path: Path) -> None:
    pages = [page for page in site_dir.rglob("*.html") if "_static" not in page.parts]
    assert {page.relative_to(site_dir).as_posix() for page in pages} >= set(NAMES)
    thin = [tmp_path / page.relative_to(site_dir) for page in pages]
    for page, copy in zip(pages, thin, strict=True):
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(without_drawn(page.read_text()))
    assert html_errors(thin, tmp_path) == []


@pytest.mark.parametrize(
    ("drawn", "is_of_the_form"),
    [
        ('<span class="a b" style="x:1em">π<span></span></span>', True),
        ('<span><svg width="1em"><path d="M0"></path></svg>&lt;</span>', True),
        ('<span class="a a">x</span>', False),
        ('<span class="a" class="b">x</span>', False),
        ('<span id="a">x</span>', False),
        ("<span><div>x</div></span>", False),
        ("<span><svg>x</span></svg>", False),
        ("<span><path></path></span>", False),
        ("<span>a & b</span>", False),
        ("<span>x", False),
        ('<math xmlns="x"><mrow><mi>x</mi></mrow></math>', True),
        ("<math><mrow><mi>x</mrow></mi></math>", False),
        ("<math><span>x</span></math>", False),
        ("<math><b>x</b></math>", False),
        ('<math id="a"></math>', False),
        ("<mi>x</mi>", False),
    ],
)
def test_of_formulas_those_of_the_form_are_left_out(drawn: str, *, is_of_the_form: bool) -> None:
    formulas = [f'<span class="katex">{one}</span>' for one in ("1", drawn)]
    left = without_drawn(f"<p>{' and '.join(formulas)}</p>")
    assert left == f"<p>{formulas[0]} and {'' if is_of_the_form else formulas[1]}</p>"


def test_of_words_of_code_the_letters_are_left() -> None:
    code = '<pre><span></span><span class="n">a</span><span class="o">&lt;</span>{}</pre>'
    strange = '<span class="n" id="a">b</span><span class="n"><b>c</b></span>'
    left = without_drawn(f'{code.format(strange)}<span class="n">d</span>')
    assert left == f'<pre><span></span>a&lt;{strange}</pre><span class="n">d</span>'


def test_invalid_html_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        '<!DOCTYPE html><html lang="en-GB"><head><title>A page</title></head>'
        '<body><p id="a">One<div id="a">two</div></p></body></html>'
    )
    said = " ".join(html_errors([page], tmp_path))
    assert "no-dup-id" in said
    assert "close-order" in said or "element-permitted-content" in said


# --- spelling -----------------------------------------------------------------------------------

WORDS = ROOT / "tests" / "words.txt"
# Code, formulas, signatures with their types, and sources with their authors.
NOT_PROSE = soupsieve.compile(
    "script, style, svg, code, pre, .katex, .sig, .field-list strong, .classifier, "
    ".citation-list, [href*='bibliography.html#']"
)
WORD = re.compile("[A-Z]{2,}|.[^A-Z]+")
UNKNOWN = """
import nspell from "nspell";
import { readFileSync } from "node:fs";
const [affixes, stems] = ["aff", "dic"].map((end) => `node_modules/dictionary-en-gb/index.${end}`);
const british = nspell(readFileSync(affixes), readFileSync(stems));
const words = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(words.filter((word) => !british.correct(word))));
"""


def prose(page: BeautifulSoup) -> str:
    """What a page says in words, to the eye, to the ear and to a search engine."""

    def said(element: Tag) -> Iterator[str]:
        for child in element.children:
            if not isinstance(child, Tag):
                if type(child) is NavigableString:  # no comment
                    yield child
            elif not NOT_PROSE.match(child):
                if child.name == "img" and child.has_attr("alt"):
                    yield str(child["alt"])
                elif child.name == "meta" and child.get("name") == "description":
                    yield str(child["content"])
                yield from said(child)

    return " ".join(said(page))


def words_of(text: str) -> set[str]:
    """The words in some prose; not addresses, symbols (a letter, digits, a low line), CodeNames."""
    without_addresses = re.sub(r"https?://\S+", "", text.replace("’", "'"))
    found = re.findall(r"\w+(?:'\w+)*", without_addresses)
    words = {word.removesuffix("'s") for word in found}
    return {word for word in words if word.replace("'", "").isalpha() and WORD.fullmatch(word)}


def unknown(words: set[str]) -> set[str]:
    """Those that neither a British dictionary nor the project's list has.

    A word that is listed with a small letter may begin a sentence; a name keeps its capital.
    """
    own = set(WORDS.read_text().split())
    rest = sorted(word for word in words if not {word, word.lower()} & own)
    return set(json.loads(node("--input-type=module", "--eval", UNKNOWN, input=json.dumps(rest))))


def pages_in_words(site_dir: Path) -> Iterator[tuple[str, str]]:
    """Every page of the site, and what contributors read."""
    for name in NAMES:
        yield name, prose(soup(site_dir / name))
    for path in ROOT.glob("*.md"):
        html = MarkdownIt().enable("table").render(path.read_text())
        yield path.name, prose(BeautifulSoup(html, "html.parser"))


def test_every_word_is_spelt_as_in_britain(site_dir: Path) -> None:
    places: dict[str, set[str]] = {}
    for name, text in pages_in_words(site_dir):
        for word in words_of(text):
            places.setdefault(word, set()).add(name)
    assert len(places) > 1000
    assert {word: sorted(places[word]) for word in sorted(unknown(set(places)))} == {}


def test_words_txt_is_in_order() -> None:
    words = WORDS.read_text().splitlines()
    assert words == sorted(set(words), key=lambda word: (word.casefold(), word))


def test_american_spelling_is_found() -> None:
    british = "Expectation–Maximization: vectorised code has 3 colours, by Jensen’s inequality."
    american = "vectorized color Colors center behavior labeled normalized gray"
    assert unknown(words_of(f"{british} {american}.")) == set(american.split())


def test_only_prose_is_read() -> None:
    html = (
        '<meta name="description" content="First"><p>Second’s <code>codde</code> '
        '<span class="katex">formulla</span> CodeName low_line 3rd</p><pre>codde</pre>'
        '<img src="adress.png" alt="third"><a href="adress.html">fourth</a>'
        '<a href="bibliography.html#id1">Autthor</a><dl><dt class="sig">codde(x)</dt></dl>'
    )
    assert words_of(prose(BeautifulSoup(html, "html.parser"))) == {
        "First",
        "Second",
        "third",
        "fourth",
    }
