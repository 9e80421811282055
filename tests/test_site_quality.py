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
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt
from playwright.sync_api import Browser, Page
from test_site import NAMES

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

VIOLATIONS = """async (where) => {
    const { violations } = await axe.run(where, { resultTypes: ["violations"], preload: false });
    const places = (nodes) => nodes.map((node) => node.target).join(", ");
    return violations.map(({ id, nodes }) => `${id}: ${places(nodes)}`);
}"""
# Solutions and hidden code are judged open. Formulas are drawn by ten thousands of elements, all
# alike: of those the first of a page is judged, and what is read aloud of every one.
PREPARE = """() => {
    for (const fold of document.querySelectorAll("main details:not(.em-table)")) fold.open = true;
    [...document.querySelectorAll(".katex-html")].slice(1).forEach((drawn) => drawn.remove());
}"""


class Judge:
    """A browser page that brings axe-core to each page it visits."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def visit(self, address: str) -> None:
        answer = self.page.goto(address)
        assert answer is not None
        assert answer.ok, f"{address} is not there"
        self.page.add_script_tag(path=MODULES / "axe-core" / "axe.min.js")
        self.page.evaluate(PREPARE)

    def violations(self, where: str = "html") -> list[str]:
        """What axe finds in either mode."""
        found = []
        for mode in ("light", "dark"):
            self.page.emulate_media(color_scheme=mode)  # type: ignore[arg-type]
            found += [f"{mode}: {line}" for line in self.page.evaluate(VIOLATIONS, where)]
        return found

    def use_widget(self) -> None:
        """Step the page's first widget twice and open its table."""
        widget = self.page.locator("[data-em-widget]").first
        for _ in range(2):
            widget.get_by_role("button", name="Next", exact=True).click()
        widget.get_by_text("Show as table").click()
        widget.locator("tbody tr").first.wait_for()


@pytest.fixture(params=[1280, 390])
def judge(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Judge]:
    """In a window of the given width, where a page's own policy does not keep axe out."""
    context = chromium.new_context(
        viewport={"width": request.param, "height": 800}, bypass_csp=True, reduced_motion="reduce"
    )
    context.set_default_timeout(30_000)
    yield Judge(context.new_page())
    context.close()


def test_axe_finds_nothing_on_any_page(judge: Judge, site_url: str) -> None:
    found = {}
    for name in NAMES:
        judge.visit(f"{site_url}/{name}")
        if judge.page.locator("[data-em-widget]").count():
            judge.use_widget()
        found[name] = judge.violations()
    judge.visit(f"{site_url}/book/index.html")
    judge.page.locator(".contents > summary").click()
    found["the contents, open"] = judge.violations(".bar")
    judge.visit(f"{site_url}/search.html?q=Jensen")
    judge.page.locator("#search-results li p").first.wait_for()
    found["search results"] = judge.violations()
    assert not {name: what for name, what in found.items() if what}


def test_axe_finds_a_picture_without_words_and_pale_text(judge: Judge, site_url: str) -> None:
    judge.visit(f"{site_url}/search.html")
    judge.page.evaluate(
        """document.querySelector("main").insertAdjacentHTML(
            "beforeend", '<img src="x.png"><p style="color: #bbb; background: #fff">pale</p>')"""
    )
    rules = {line.rpartition(":")[0] for line in judge.violations()}
    assert rules == {
        f"{mode}: {rule}" for mode in ("light", "dark") for rule in ("image-alt", "color-contrast")
    }


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


def test_every_page_is_valid_html(site_dir: Path, tmp_path: Path) -> None:
    pages = [page for page in site_dir.rglob("*.html") if "_static" not in page.parts]
    assert {page.relative_to(site_dir).as_posix() for page in pages} >= set(NAMES)
    assert html_errors(pages, tmp_path) == []


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
NOT_PROSE = (
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


def prose(html: str) -> str:
    """What a page says in words, to the eye, to the ear and to a search engine."""
    page = BeautifulSoup(html, "html.parser")
    for element in page.select(NOT_PROSE):
        element.decompose()
    said = [element["alt"] for element in page.select("img[alt]")]
    said += [element["content"] for element in page.select("meta[name=description]")]
    return " ".join([page.get_text(" "), *map(str, said)])


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
        yield name, prose((site_dir / name).read_text())
    for path in ROOT.glob("*.md"):
        yield path.name, prose(MarkdownIt().enable("table").render(path.read_text()))


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
    assert words_of(prose(html)) == {"First", "Second", "third", "fourth"}
