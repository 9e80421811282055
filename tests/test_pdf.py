"""The book on paper: what `make pdf` printed holds all that the site holds, and its links work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import pdf
import pdf_book
import pikepdf
import pytest
from bs4 import BeautifulSoup, SoupStrainer, Tag
from pypdf import PdfReader
from pypdf.generic import Destination
from pypdfium2 import PdfDocument, PdfTextPage

from em_core.style import PALETTE

A4 = (595, 842)
PAPER_ONLY = {"Contents", "Solutions"}


def letters(text: str) -> str:
    """What is left of a text when line breaks, hyphens and spaces do not count."""
    return re.sub(r"[\W_]+", "", text)


class Printed:
    """The PDF, read once: its text by PDFium, what is drawn by qpdf, the rest by pypdf."""

    def __init__(self, path: Path) -> None:
        self.reader = PdfReader(path)
        with PdfDocument(path) as document:
            pages = [page.get_textpage() for page in document]
            self.texts = [page.get_text_range() for page in pages]
            self.outside = [text for page in pages for text in _outside(page)]
        with pikepdf.open(path) as document:
            self.drawn = b"\n".join(page.Contents.read_bytes() for page in document.pages)
        self.starts = {o.title: self.page_of(o) for o in self.outline(depth=0)}

    def page_of(self, place: Destination) -> int:
        return self.reader.get_destination_page_number(place)

    def outline(self, depth: int) -> list[Destination]:
        return [entry for level, entry in _flat(self.reader.outline) if level == depth]

    def text_of(self, title: str) -> str:
        """The text from one title of the outline to the next."""
        first = self.starts[title]
        later = [page for page in self.starts.values() if page > first]
        return "\n".join(self.texts[first : min(later, default=len(self.texts))])

    @cached_property
    def links(self) -> list[tuple[int, dict]]:
        """Each link's page and annotation."""
        return [
            (number, annotation.get_object())
            for number, page in enumerate(self.reader.pages)
            for annotation in page.get("/Annots", [])
        ]

    @cached_property
    def ways(self) -> set[tuple[int, str]]:
        """From which page which place can be reached."""
        return {(page, str(link["/Dest"])) for page, link in self.links if "/Dest" in link}


def _outside(page: PdfTextPage) -> Iterator[str]:
    """Give the texts that are not wholly on the page."""
    for number in range(page.count_rects()):
        left, bottom, right, top = page.get_rect(number)
        if not (0 < left <= right < A4[0] and 0 < bottom <= top < A4[1]):
            yield page.get_text_bounded(left, bottom, right, top)


def _flat(entries: list, depth: int = 0) -> Iterator[tuple[int, Destination]]:
    for entry in entries:
        if isinstance(entry, list):
            yield from _flat(entry, depth + 1)
        else:
            yield depth, entry


@pytest.fixture(scope="session")
def printed() -> Printed:
    assert pdf.PDF.exists(), "the PDF is not there: run `make pdf` first"
    return Printed(pdf.PDF)


@pytest.fixture(scope="session")
def pages(site_dir: Path) -> list[pdf_book.Page]:
    """The site's pages, as a browser gets them."""
    return pdf_book.Book(site_dir).pages


@pytest.fixture(scope="session")
def taken(printed: Printed) -> list[Tag]:
    """What is put into the page that was printed: pictures and styles."""
    html = (pdf.FOLDER / "book.html").read_text()
    files = SoupStrainer(["img", "link"])
    return BeautifulSoup(html, "html.parser", parse_only=files).find_all(True)


on_paper = [pytest.mark.site, pytest.mark.xdist_group("pdf")]


class TestWhatIsPrinted:
    pytestmark = on_paper

    def test_the_outline_names_every_chapter_in_order(self, printed, pages):
        titles = [o.title for o in printed.outline(depth=0)]
        chapters = [title for title in titles[1:] if title not in PAPER_ONLY]
        assert chapters == [page.heading for page in pages]
        assert set(titles) > PAPER_ONLY

    def test_the_outline_names_every_section(self, printed, pages):
        titles = [letters(o.title) for o in printed.outline(depth=1)]
        sections = [letters(_own_text(h2)) for page in pages for h2 in page.article.select("h2")]
        assert set(sections) <= set(titles)

    def test_every_numbered_equation_has_its_number(self, printed, pages):
        numbers = [
            (_own_text(n), "Solutions" if n.find_parent(class_="solution") else p.heading)
            for p in pages
            for n in p.article.select(".eqno")
        ]
        assert len(numbers) > 60
        assert not [n for n, heading in numbers if n not in printed.text_of(heading)]

    def test_every_figure_and_table_has_its_caption(self, printed, pages):
        captions = [(p, c) for p in pages for c in p.article.select("figcaption, caption")]
        assert len(captions) > 25
        for page, caption in captions:
            where = "Solutions" if caption.find_parent(class_="solution") else page.heading
            text = letters(printed.text_of(where))
            assert all(piece in text for piece in _pieces(caption)), caption.get_text()

    def test_there_are_as_many_pictures_as_on_the_site(self, pages, taken):
        used = {Path(str(i["src"])).name for p in pages for i in p.article.select("img")}
        shown = {Path(str(image["src"])).name for image in taken if image.name == "img"}
        assert {name for name in used if "-light" in name} <= shown
        assert not [name for name in shown if "-dark" in name]

    def test_what_it_is_made_of_is_watched(self, taken):
        paths = {str(tag.get("src") or tag["href"]) for tag in taken}
        kept = tuple(path.replace("_build", "..") + "/" for path in pdf.PRINTED_FROM)
        assert len(paths) > 60
        assert all(path.startswith(kept) for path in paths), paths

    def test_every_source_is_in_the_bibliography(self, printed, pages):
        sources = next(p for p in pages if p.name == pdf_book.SOURCES)
        text = letters(printed.text_of(sources.heading))
        entries = sources.article.select(".citation")
        assert len(entries) > 15
        assert not [e.get_text() for e in entries if letters(e.p.get_text()) not in text]

    def test_every_exercise_leads_to_its_solution_at_the_back_and_back(self, printed, pages):
        first = printed.starts["Solutions"]
        names = printed.reader.named_destinations
        titles = {o.title.split(" on page")[0] for o in printed.outline(depth=2)}
        for page in pages:
            exercises = page.article.select(".exercise")
            solutions = page.article.select(".solution")
            assert len(exercises) == len(solutions)
            for exercise, solution in zip(exercises, solutions, strict=True):
                there, back = (f"/{page.name}:{box['id']}" for box in (exercise, solution))
                asked, solved = printed.page_of(names[there]), printed.page_of(names[back])
                assert asked < first <= solved
                assert {(asked, back), (solved, there)} <= printed.ways
                assert exercise.select_one(".caption-number").get_text(strip=True) in titles

    def test_nothing_is_there_that_only_a_screen_can_do(self, printed):
        text = "\n".join(printed.texts)
        assert not re.findall(r"Show the code|Hide the code|Run in Binder|Show as table", text)
        assert "/AcroForm" not in printed.reader.trailer["/Root"]


class TestHowItIsPrinted:
    pytestmark = on_paper

    def test_links_within_the_book_have_a_target_and_the_others_lead_to_the_web(self, printed):
        names = printed.reader.named_destinations
        assert len(printed.ways) > 300
        assert not [place for _, place in printed.ways if place not in names]
        outside = [link["/A"]["/URI"] for _, link in printed.links if "/Dest" not in link]
        assert outside
        old = "http://www.ats.ucla.edu/"  # as the ledger has it; that server knew no https
        assert all(uri.startswith(("https://", old)) for uri in outside)

    def test_the_contents_give_the_pages_on_which_chapters_begin(self, printed, pages):
        text = letters(printed.text_of("Contents"))
        for page in pages:
            assert letters(f"{page.heading}{printed.starts[page.heading] + 1}") in text

    def test_each_page_is_a4_and_says_its_number(self, printed):
        for number, (page, text) in enumerate(
            zip(printed.reader.pages, printed.texts, strict=True), start=1
        ):
            assert tuple(map(round, page.mediabox[2:])) == A4
            assert number == 1 or str(number) in text.split()

    def test_no_text_is_outside_its_page(self, printed):
        assert not printed.outside

    def test_all_fonts_are_embedded(self, printed):
        fonts = [
            descendant.get_object()
            for page in printed.reader.pages
            for font in page["/Resources"].get("/Font", {}).values()
            for descendant in font.get("/DescendantFonts", [font])
        ]
        assert fonts
        assert all(_is_embedded(font) for font in fonts)

    def test_colours_are_the_light_ones(self, printed):
        filled = _fills(printed.drawn)
        assert _numbers(PALETTE["ink"][0]) in filled
        assert not filled & {_numbers(dark) for _, dark in PALETTE.values()}

    def test_it_is_tagged_and_has_a_title(self, printed, pages):
        assert printed.reader.metadata.title == "Expectation–Maximization, step by step"
        assert printed.reader.trailer["/Root"]["/MarkInfo"]["/Marked"]

    def test_it_is_no_heavier_than_a_mail_can_carry(self):
        assert pdf.PDF.stat().st_size < 10_000_000


def _is_embedded(font: dict) -> bool:
    """Say whether the file holds the font's glyphs; a Type 3 font is drawn by procedures."""
    return bool(
        {"/FontFile2", "/FontFile3"} & font["/FontDescriptor"].keys() or "/CharProcs" in font
    )


def _own_text(tag: Tag) -> str:
    """An element's text without the sign that links to it."""
    return "".join(s for s in tag.strings if not s.find_parent(class_="headerlink")).strip()


def _pieces(caption: Tag) -> list[str]:
    """A caption's text between its formulas, letters only."""
    pieces = [s for s in caption.strings if not s.find_parent(class_=["katex", "headerlink"])]
    return [letters(piece) for piece in pieces if letters(piece)]


def _numbers(colour: str) -> tuple[float, ...]:
    return tuple(round(int(colour[i : i + 2], 16) / 255, 3) for i in (1, 3, 5))


def _fills(stream: bytes) -> set[tuple[float, ...]]:
    found = set(re.findall(rb"(?<![\d.])[\d.]+ [\d.]+ [\d.]+ rg", stream))
    return {tuple(round(float(part), 3) for part in colour.split()[:3]) for colour in found}


# --- what stops a print -------------------------------------------------------------------------


HOME = """
<a class="brand"><span class="long">A book</span></a>
<div class="contents"><nav><div class="part"><ol>
<li><a href="one.html"><span class="number">1</span> One</a></li>
<li><a href="bibliography.html"><span class="number"></span> Sources</a></li>
</ol></div></nav></div>
<article><section id="a-book"><h1>A book</h1></section></article>
<footer class="colophon"><div><p>Cite it.</p></div></footer>
"""
EXERCISE = (
    '<div class="exercise" id="ex"><p><span class="caption-number">Exercise 1.1</span></p></div>'
)
SOLUTION = (
    '<div class="fold solution" id="one-solution"><details><summary>'
    '<span class="fold-title">Solution to Exercise 1.1</span></summary><p>So.</p></details></div>'
)

QUIZ = """
<section id="test"><h2>Test yourself</h2><p>All can be opened.</p>
<p><strong>1.</strong> Which?</p>
<div class="fold em-quiz"><details><summary>This.</summary><p>No.</p></details></div>
<div class="fold em-quiz"><details><summary>That.</summary><p>Yes.</p></details></div>
</section>
"""


@pytest.fixture
def small_site(tmp_path: Path):
    """A function that makes a site of one chapter, which holds what it is given."""

    def make(chapter: str) -> pdf_book.Book:
        (tmp_path / "book").mkdir()
        files = {
            "index": HOME,
            "one": chapter,
            "bibliography": '<section id="s"><h1>S</h1></section>',
        }
        for name, body in files.items():
            text = body if name == "index" else f"<article>{body}</article>"
            (tmp_path / "book" / f"{name}.html").write_text(text)
        return pdf_book.Book(tmp_path)

    return make


def test_a_solution_goes_to_the_back_and_page_numbers_have_their_room(small_site, tmp_path):
    whole = BeautifulSoup(small_site(EXERCISE + SOLUTION).make(tmp_path), "html.parser")
    assert whole.select_one("#solutions .solution p").get_text() == "So."
    assert not whole.select("#one .solution, details")
    targets = {place["data-page-of"] for place in whole.select("[data-page-of]")}
    assert {"one", "one:ex", "one:one-solution", "bibliography"} <= targets


def test_a_file_of_the_site_that_is_no_page_of_the_book_is_linked_on_the_web_only(
    small_site, tmp_path
):
    (tmp_path / "slides").mkdir()
    (tmp_path / "slides" / "one.html").touch()
    book = small_site('<a href="../slides/one.html">Slides</a>')
    assert not BeautifulSoup(book.make(tmp_path), "html.parser").select("#one a")
    book = pdf_book.Book(tmp_path)
    book.address = "https://example.org/"
    link = BeautifulSoup(book.make(tmp_path), "html.parser").select_one("#one a")
    assert link["href"] == "https://example.org/slides/one.html"


def test_questions_stay_and_what_is_said_of_each_choice_goes_to_the_back(small_site, tmp_path):
    whole = BeautifulSoup(small_site(QUIZ).make(tmp_path), "html.parser")
    asked, answered = whole.select_one("#one"), whole.select_one("#solutions")
    assert "Which?" in asked.get_text()
    assert [p.get_text() for p in asked.select(".choice > p")] == ["a  This.", "b  That."]
    answers = [" ".join(a.get_text(" ").split()) for a in answered.select(".answer")]
    assert answers == ["1a No.", "1b Yes."]
    assert "can be opened" not in whole.get_text()


@pytest.mark.parametrize(
    ("chapter", "sentence"),
    [
        ('<img src="../_images/lost.svg">', "no picture ../_images/lost.svg"),
        ('<a href="two.html">Two</a>', "a link leads to two.html"),
        ('<a href="#nowhere">here</a>', "links without a target: #one:nowhere"),
        (EXERCISE, "exercises and solutions differ"),
    ],
)
def test_what_is_missing_stops_the_print(small_site, tmp_path, chapter, sentence):
    with pytest.raises(pdf_book.PrintError, match=re.escape(sentence)):
        small_site(chapter).make(tmp_path)


@pytest.mark.parametrize(("build_status", "status"), [(1, 1), (0, 1)])
def test_no_old_pdf_stays_when_no_new_one_came_out(tmp_path, monkeypatch, build_status, status):
    monkeypatch.setattr(pdf, "PDF", tmp_path / "book.pdf")
    monkeypatch.setattr(pdf.build, "build", lambda: build_status)
    monkeypatch.setattr(pdf, "write_book", _refuse)
    pdf.PDF.write_bytes(b"old")
    assert pdf.main() == status
    assert not pdf.PDF.exists()


CHANGES = ["_build/pdf/book.html", "_build/html/_static/em.css", "_build/html/_images/a.svg"]
CHANGES += ["tools/pdf.py", "tools/pdf/fit.js", "requirements.txt"]


@pytest.mark.parametrize("changed", [*CHANGES, "chromium", "the PDF", None])
def test_it_is_printed_again_if_what_it_is_made_of_changed_and_only_then(
    changed, tmp_path, monkeypatch
):
    for name in CHANGES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("old")
    monkeypatch.setattr(pdf, "ROOT", tmp_path)
    monkeypatch.setattr(pdf, "MADE_FROM", tmp_path / "made-from")
    prints = iter([b"first", b"second"])
    assert pdf.printed_once("1", b"", lambda: next(prints)) == b"first"
    if changed in CHANGES:
        (tmp_path / changed).write_text("new")
    chromium = "2" if changed == "chromium" else "1"
    before = b"" if changed == "the PDF" else b"first"
    then = pdf.printed_once(chromium, before, lambda: next(prints))
    assert then == (b"second" if changed else b"first")


def _refuse(*arguments: object) -> None:
    raise pdf_book.PrintError("no")
