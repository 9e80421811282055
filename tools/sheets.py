"""Exercise sheets that differ from student to student, and their key.

python tools/sheets.py make --chapters 3,5 [--exercises bic] [--students list.csv | --count 30]
                            [--seed 1] [--paper A4|letter] [--built]
python tools/sheets.py key CODE
python tools/sheets.py picture
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import os
import re
import string
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import browser
import build
from bs4 import BeautifulSoup
from choosing import chosen, whole_number
from pdf import LAST_RESORT, pages_of, say
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Page, sync_playwright
from pypdf import PageObject, PdfReader, PdfWriter

from em_core.exercises import by_hand
from em_core.exercises.by_hand import ByHand, Variant
from em_core.exercises.by_hand.codes import MOST, SEEDS, KeyRow, Sheet, key, sheet_for, sheet_of

FOLDER = build.BUILD / "sheets"
STYLE = Path(__file__).parent / "pdf" / "sheets.css"
PICTURE = build.ROOT / "book" / "sheet.png"
"""For the lecturers' page."""
PICTURED = Sheet(seed=7, index=0, names=("responsibility", "bic"))
STYLES = ["palette.css", "em.css", "katex/katex.min.css"]
PAPERS = {"a4": "A4", "letter": "Letter"}
AT_ONCE = 25  # sheets, so that something is said meanwhile
PLACE = re.compile(
    r'<div class="fold em-by-hand" id="by-hand-([\w-]+)">.*?</script></details></div>', re.DOTALL
)
LETTERS = string.ascii_lowercase  # of the mistakes
HEADERS = {"name", "names", "student", "students"}


class SheetError(ValueError):
    """The sheets can't be made as they were asked for."""


# --- what is asked for ----------------------------------------------------------------------------


def students(path: str, count: int) -> list[str]:
    """Read a list of students, the name in the first column; or so many without a name."""
    if not path:
        names = [""] * count
    else:
        try:
            text = Path(path).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise SheetError(f"STUDENTS: {path} can't be read ({error})") from None
        rows = [row for row in csv.reader(io.StringIO(text)) if row and row[0].strip()]
        names = [row[0].strip() for row in rows]
        if names and names[0].lower() in HEADERS:
            names = names[1:]
    if not 1 <= len(names) <= MOST:
        raise SheetError(f"from 1 to {MOST} sheets can be made, not {len(names)}")
    return names


@dataclass(frozen=True)
class Given:
    """A student's sheet."""

    name: str
    sheet: Sheet

    @property
    def file(self) -> str:
        return f"sheet-{self.sheet.index + 1:03d}-{self.sheet.code}.pdf"


# --- paper ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Text:
    """An exercise as the site has rendered it."""

    question: list[str | int]
    labels: list[str]
    mistakes: list[str]

    def filled(self, variant: Variant) -> str:
        shown = variant.shown()
        return "".join(shown[p] if isinstance(p, int) else p for p in self.question)


def texts(site: Path) -> dict[str, Text]:
    """Take the exercises' texts from the site's pages."""
    found = {}
    for page in sorted(site.glob("book/*.html")):
        for match in PLACE.finditer(page.read_text(encoding="utf-8")):
            box = BeautifulSoup(match[0], "html.parser")
            labels = [label.decode_contents() for label in box.select(".em-label")]
            said = [words.decode_contents() for words in box.select(".em-said p")]
            found[match[1]] = Text(json.loads(box.script.get_text())["question"], labels, said)
    missing = by_hand.EXERCISES.keys() - found.keys()
    if missing:
        raise SheetError(f"the site lacks {', '.join(sorted(missing))}: run `make book`")
    return found


def on_paper(given: Given, found: dict[str, Text]) -> str:
    """One sheet as HTML."""
    name = escape(given.name) or '<span class="blank"></span>'
    head = f"<header><p>Name: {name}</p><p>Sheet {_anchored(given)}</p></header>"
    tasks = []
    for number, variant in enumerate(given.sheet.variants(), start=1):
        text = found[variant.exercise.name]
        fields = "".join(
            f'<p>{label} = <span class="blank"></span> <small>({field.asked})</small></p>'
            for field, label in zip(variant.exercise.fields, text.labels, strict=True)
        )
        tasks.append(
            f'<div class="task"><h2>{number}. {escape(variant.exercise.title)}</h2>'
            f'{text.filled(variant)}<div class="room"></div>'
            f'<div class="answers">{fields}</div></div>'
        )
    return f'<section class="sheet">{head}{"".join(tasks)}</section>'


def _anchored(given: Given) -> str:
    """The code as a place to which a link leads, so that the PDF says on which page it is."""
    anchor = f"sheet-{given.sheet.index}"
    return f'<a id="{anchor}" href="#{anchor}">{given.sheet.code}</a>'


def key_on_paper(all_given: list[Given], found: dict[str, Text]) -> str:
    """The key as HTML: the known mistakes, then what is right and what they give, by sheet."""
    parts = ["<h1>Key</h1>"]
    for number, name in enumerate(all_given[0].sheet.names, start=1):
        said = "".join(f"<li>{words}</li>" for words in found[name].mistakes)
        title = escape(by_hand.EXERCISES[name].title)
        parts.append(f'<h2>{number}. {title}</h2><ol type="a">{said}</ol>')
    for given in all_given:
        rows = "".join(
            f"<tr><td>{row.task}. {found[row.exercise].labels[row.which]}</td>"
            f"<td><strong>{row.right}</strong></td><td>{_of_mistakes(row)}</td></tr>"
            for row in key(given.sheet)
        )
        parts.append(
            f'<table class="key"><caption>{given.sheet.code} {escape(given.name)}</caption>'
            f"<tbody>{rows}</tbody></table>"
        )
    return "".join(parts)


def _of_mistakes(row: KeyRow) -> str:
    return ", ".join(f"<i>{LETTERS[mistake]}</i>&nbsp;{value}" for mistake, value in row.mistakes)


def key_as_csv(all_given: list[Given]) -> str:
    """The key as a table: a line for what is right and for what each known mistake gives."""
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    table.writerow(["sheet", "name", "code", "task", "exercise", "field", "kind", "value", "words"])
    for given in all_given:
        begin = [given.sheet.index + 1, _plain(given.name), given.sheet.code]
        for row in key(given.sheet):
            words = [mistake.words for mistake in by_hand.EXERCISES[row.exercise].mistakes]
            lines = [("right", row.right, ""), *(("mistake", v, words[m]) for m, v in row.mistakes)]
            for kind, value, said in lines:
                number = value.replace("−", "-")
                table.writerow([*begin, row.task, row.exercise, row.field, kind, number, said])
    return file.getvalue()


def _plain(name: str) -> str:
    """A name that no spreadsheet takes for a formula."""
    return f"'{name}" if name.startswith(("=", "+", "-", "@")) else name


def whole(body: str, title: str) -> str:
    """A page of HTML for paper, beside the site's styles."""
    links = "".join(
        f'<link rel="stylesheet" href="{os.path.relpath(build.HTML / "_static" / name, FOLDER)}">'
        for name in STYLES
    )
    style = f"<style>{STYLE.read_text(encoding='utf-8')}</style>"
    return (
        f'<!DOCTYPE html><html lang="en-GB"><head><meta charset="utf-8"><title>{title}</title>'
        f"{links}{style}</head><body>{body}</body></html>"
    )


# --- printing -------------------------------------------------------------------------------------


@contextmanager
def a_page(**how: Any) -> Iterator[Page]:
    """A page of Chromium."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser.find_or_install(),
            args=browser.ARGUMENTS,
            timeout=browser.START,
        )
        page = chromium.new_page(**how)
        page.set_default_timeout(LAST_RESORT)
        yield page
        chromium.close()


def show(page: Page, body: str, title: str) -> None:
    """Open HTML in a page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    source = FOLDER / "sheet.html"
    source.write_text(whole(body, title), encoding="utf-8")
    page.goto(source.as_uri())
    page.evaluate("async () => { await document.fonts.ready; }")
    source.unlink()


def printed(page: Page, body: str, title: str, paper: str) -> PdfReader:
    """Print HTML."""
    show(page, body, title)
    pdf = page.pdf(format=PAPERS[paper], prefer_css_page_size=False, print_background=True)
    return PdfReader(io.BytesIO(pdf))


def write(path: Path, pages: list[PageObject], title: str) -> None:
    """Write pages as a PDF without the time and anything else that differs from run to run."""
    writer = PdfWriter()
    for page in pages:
        page.pop("/StructParents", None)
        page.pop("/Annots", None)  # the links that said on which page a sheet begins
        writer.add_page(page)
    writer.metadata = {"/Title": title}
    writer.write(path)


def make(exercises: list[ByHand], names: list[str], seed: int, paper: str, folder: Path) -> None:
    """Write the sheets, one by one and all in one, and the key."""
    found = texts(build.HTML)
    chosen_names = [exercise.name for exercise in exercises]
    all_given = [Given(name, sheet_for(seed, i, chosen_names)) for i, name in enumerate(names)]
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.pdf"):
        old.unlink()
    every: list[PageObject] = []
    with a_page() as page:
        for start in range(0, len(all_given), AT_ONCE):
            some = all_given[start : start + AT_ONCE]
            body = "".join(on_paper(given, found) for given in some)
            reader = printed(page, body, "Exercise sheets", paper)
            begins = pages_of_sheets(reader, some)
            for given, first, end in zip(some, begins, begins[1:], strict=False):
                write(folder / given.file, list(reader.pages[first:end]), given.sheet.code)
            every += reader.pages
            say(f"{start + len(some)} of {len(all_given)} sheets")
        write(folder / "all-sheets.pdf", every, "Exercise sheets")
        reader = printed(page, key_on_paper(all_given, found), "Key", paper)
        write(folder / "key.pdf", list(reader.pages), "Key")
    # with the mark by which a spreadsheet knows UTF-8: else it garbles the students' names
    (folder / "key.csv").write_text(key_as_csv(all_given), encoding="utf-8-sig")


def pages_of_sheets(reader: PdfReader, some: list[Given]) -> list[int]:
    """The index of the first page of each sheet, and how many pages there are."""
    places = pages_of(reader)
    return [*(places[f"sheet-{g.sheet.index}"] - 1 for g in some), len(reader.pages)]


def pictured() -> str:
    """The sheet of the picture as HTML."""
    return on_paper(Given("Ada Lovelace", PICTURED), texts(build.HTML))


def digest(body: str) -> str:
    """What tells a sheet's text and style from others."""
    text = body + STYLE.read_text(encoding="utf-8")
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def draw(path: Path) -> None:
    """Draw the picture of a sheet, with its digest in it."""
    body = pictured()
    with a_page(viewport={"width": 720, "height": 400}, device_scale_factor=2) as page:
        page.emulate_media(media="print", color_scheme="light")
        show(page, body, "A sheet")
        page.add_style_tag(content="body { padding: 2.4rem 3rem 0.5rem; }")
        seen = Image.open(io.BytesIO(page.screenshot(full_page=True)))
    told = PngInfo()
    told.add_text("sheet", digest(body))
    # a few greys are enough for letters
    seen.convert("L").quantize(8).save(path, pnginfo=told, optimize=True)
    say(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


# --- the command ----------------------------------------------------------------------------------


def print_key(code: str) -> int:
    """Show the key of one sheet."""
    for row in key(sheet_of(code)):
        exercise = by_hand.EXERCISES[row.exercise]
        print(f"{row.task}. {exercise.title}, {row.field}: {row.right}")
        for mistake, value in row.mistakes:
            print(f"     {value:>10}  {exercise.mistakes[mistake].words}")
    return 0


def run(arguments: argparse.Namespace) -> int:
    if arguments.action == "key":
        return print_key(arguments.code)
    if arguments.action == "picture":
        draw(PICTURE)
        return 0
    exercises = chosen(arguments.chapters, arguments.exercises)
    count = 0 if arguments.students else whole_number("N", arguments.count, 1, MOST)
    names = students(arguments.students, count)
    seed = whole_number("SEED", arguments.seed, 0, SEEDS - 1)
    paper = arguments.paper.lower()
    if paper not in PAPERS:
        raise SheetError(f"PAPER: {arguments.paper!r} is none of {', '.join(PAPERS)}")
    if not arguments.built and (status := build.build()):
        return status
    start = time.monotonic()
    make(exercises, names, seed, paper, FOLDER)
    say(f"{len(names)} sheets, all-sheets.pdf, key.pdf and key.csv are in {FOLDER}")
    say(f"{time.monotonic() - start:.0f} s")
    return 0


def main(given: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    makes = actions.add_parser("make")
    makes.add_argument("--chapters", default="")
    makes.add_argument("--exercises", default="")
    makes.add_argument("--students", default="")
    makes.add_argument("--count", default="30")
    makes.add_argument("--seed", default="1")
    makes.add_argument("--paper", default="a4")
    makes.add_argument("--built", action="store_true", help="take the site as it was built last")
    actions.add_parser("key").add_argument("code")
    actions.add_parser("picture", help="draw the one of the lecturers' page, from the site")
    try:
        return run(parser.parse_args(given))
    except (ValueError, BrowserError, browser.NoBrowserError) as error:
        print(f"-- nothing was made: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(build.stoppable(main))
