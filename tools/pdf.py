"""Print the whole book as one PDF: build the site, put its pages together, print in Chromium.

python tools/pdf.py [--built]

What was printed of the same pages, with the same means, is not printed again.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import browser
import build
import matplotlib
import pikepdf
from pdf_book import Book, PrintError
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as BrowserError
from pypdf import PdfReader

ROOT = build.ROOT
PDF = build.BUILD / "em-step-by-step.pdf"
FOLDER = build.BUILD / "pdf"
HERE = Path(__file__).parent / "pdf"
MONO = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
LAYOUT = {"format": "A4", "prefer_css_page_size": True, "print_background": True}
LAST_RESORT = 300_000  # ms
MADE_FROM = FOLDER / ".fingerprint"  # what the PDF was printed from, and what it then held
PRINTED_FROM = ["_build/pdf/*.html", "_build/html/_static", "_build/html/_images"]
PRINTED_BY = ["tools/pdf*", "tools/build.py", "tools/browser.py", "requirements.txt"]
ROUNDS = 4
"""Page numbers are part of the text: they are filled in until none of them moves any more."""
GUESS = """height => {
  for (const place of document.querySelectorAll("[data-page-of]")) {
    const target = document.getElementById(place.dataset.pageOf);
    place.textContent = Math.ceil(target.getBoundingClientRect().top / height) || 1;
  }
}"""
"""Numbers of about the right width, so that the right ones seldom move a line."""
UNSEEN = "body * { visibility: hidden !important; }"
"""Of the first print only the numbers are read: everything has its place, but nothing is drawn."""
PAGE = 248 * 96 / 25.4
"""Pixels of text that a page holds from top to bottom."""
FILL = """numbers => {
  for (const place of document.querySelectorAll("[data-page-of]"))
    place.textContent = numbers[place.dataset.pageOf];
}"""


def say(what: str) -> None:
    print(f"-- {what}", flush=True)


def write_book(site: Path, folder: Path) -> Path:
    """Write the book as one HTML page."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "book.html"
    styles = (HERE / "book.css").read_text().replace("MONO", MONO.as_uri())
    text = Book(site).make(folder).replace("</head>", f"<style>{styles}</style></head>")
    path.write_text(text, encoding="utf-8")
    return path


def print_book(source: Path, before: bytes) -> bytes:
    """Print the page, with the numbers of its own pages filled in; or know it as printed before."""
    path = browser.find_or_install()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=path, args=browser.ARGUMENTS, timeout=browser.START
        )
        return printed_once(
            f"{path} {chromium.version}", before, partial(print_with, chromium, source)
        )


def printed_once(chromium: str, before: bytes, print_anew: Callable[[], bytes]) -> bytes:
    """What was printed before, if of the same; the typefaces are among the site's files."""
    made_from = build.fingerprint([*PRINTED_FROM, *PRINTED_BY], [sys.version, chromium], ROOT)
    if MADE_FROM.exists() and MADE_FROM.read_text() == _record(made_from, before):
        say("nothing has changed that it is made of")
        return before
    printed = print_anew()
    MADE_FROM.write_text(_record(made_from, printed))
    return printed


def _record(made_from: str, printed: bytes) -> str:
    return f"{made_from} {hashlib.sha256(printed).hexdigest()}"


def print_with(chromium: Browser, source: Path) -> bytes:
    """Print the page in this browser."""
    page = chromium.new_page()
    page.set_default_timeout(LAST_RESORT)
    page.emulate_media(media="print", color_scheme="light")
    page.goto(source.as_uri())
    problems = page.evaluate((HERE / "fit.js").read_text())
    if problems:
        raise PrintError("\n".join(problems))
    return number_pages(page)


def number_pages(page: Page) -> bytes:
    """Print, read where everything came to lie, fill that in, and print again."""
    page.evaluate(GUESS, PAGE)
    unseen = page.add_style_tag(content=UNSEEN)
    numbers = pages_of(_read(page.pdf(**LAYOUT)))
    unseen.evaluate("(style) => style.remove()")
    for _ in range(ROUNDS):
        say(f"{max(numbers.values())} pages: filling in their numbers")
        page.evaluate(FILL, numbers)
        printed = page.pdf(**LAYOUT, outline=True, tagged=True)
        before, numbers = numbers, pages_of(_read(printed))
        if numbers == before:
            return packed(printed)
    raise PrintError(f"the page numbers still move after {ROUNDS} rounds")


def packed(printed: bytes) -> bytes:
    """Chromium writes the tags of each word as an object of its own, and as text."""
    file = io.BytesIO()
    with pikepdf.open(io.BytesIO(printed)) as book:
        book.save(file, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return file.getvalue()


def _read(printed: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(printed))


def pages_of(reader: PdfReader) -> dict[str, int]:
    """Give each place that a link leads to the number of its page."""
    return {
        name.removeprefix("/"): reader.get_destination_page_number(place) + 1
        for name, place in reader.named_destinations.items()
    }


def main(built: bool = False) -> int:
    start = time.monotonic()
    before = PDF.read_bytes() if PDF.exists() else b""
    PDF.unlink(missing_ok=True)
    if not built and (status := build.build()):
        return status
    try:
        say("putting the pages together")
        source = write_book(build.HTML, FOLDER)
        say("printing")
        printed = print_book(source, before)
    except (PrintError, BrowserError, browser.NoBrowserError) as error:
        print(f"-- the PDF was NOT made: {error}", file=sys.stderr)
        return 1
    PDF.write_bytes(printed)
    say(f"{PDF} ({len(printed) / 1e6:.1f} MB, {time.monotonic() - start:.0f} s)")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--built", action="store_true", help="print the site as it was built last")
    sys.exit(build.stoppable(partial(main, parser.parse_args().built)))
