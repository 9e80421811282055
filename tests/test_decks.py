"""Every deck from disk, with the network cut: it steps, fits, is readable, and its widgets step."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import notebooks
import pytest
from playwright.sync_api import Browser, Page, expect

from em_core import style

pytestmark = pytest.mark.site

CHAPTERS = [path for path in notebooks.chapters() if '"slide_type"' in path.read_text()]
NAMES = [path.stem for path in CHAPTERS]
SIZES = [(1280, 720), (1024, 768)]
MOST_WORDS = 40
SMALLEST = 24
SMALLEST_IN_FIGURES = style.SETTINGS["xtick.labelsize"]  # points

# What stands in a slide without being read as its words.
NOT_WORDS = "pre, .katex, .notes, .em-stepper, img, script, .eqno"
SHOWN_TEXTS = """() => {
  const walker = document.createTreeWalker(Reveal.getCurrentSlide(), NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const { textContent, parentElement: parent } = walker.currentNode;
    const unseen = parent.closest(".notes, .katex, .em-unseen, script, option");
    if (!textContent.trim() || unseen || !parent.getClientRects().length) continue;
    const scale = parent.closest("svg")?.getScreenCTM().a ?? Reveal.getScale();
    found.push([textContent.trim(), parseFloat(getComputedStyle(parent).fontSize) * scale]);
  }
  return found;
}"""
SPILLS = """() => {
  const slide = Reveal.getCurrentSlide();
  const room = slide.getBoundingClientRect();
  const unseen = ".katex-mathml, .em-unseen, .em-ghost, .em-picture, script, .notes, svg *";
  return [...slide.querySelectorAll(".part, .part *")].filter((element) => {
    const { left, right, bottom, width, height } = element.getBoundingClientRect();
    const spills = right > room.right + 1 || bottom > room.bottom + 1 || left < room.left - 1;
    return !element.closest(unseen) && width > 0 && height > 0 && spills;
  }).map((element) => `${element.tagName} ${element.getAttribute("class")}`);
}"""
CUT_OFF = """() => {
  const boxes = "pre, .katex-display, .em-status, .em-samples, .em-samples *, h2";
  return [...Reveal.getCurrentSlide().querySelectorAll(boxes)]
    .filter((box) => box.scrollWidth > box.clientWidth + 1 && !box.matches(".em-unseen, span"))
    .map((box) => box.textContent.slice(0, 40));
}"""
FIGURES = """() => [...Reveal.getCurrentSlide().querySelectorAll(".part img")]
  .filter((image) => image.getClientRects().length && !image.closest(".em-picture"))
  .map((image) => [image.src, image.getBoundingClientRect().width])"""


@pytest.fixture
def opened(chromium: Browser, site_dir: Path) -> Iterator[Callable[..., Page]]:
    """Open a deck from disk without a network; complaints fail the test at its end."""
    contexts, complaints = [], []

    def open_deck(name: str, size: tuple[int, int] = SIZES[0], query: str = "") -> Page:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]}, offline=True, color_scheme="light"
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        context.on("request", lambda r: elsewhere(r.url) and complaints.append(r.url))
        context.on(
            "console", lambda m: m.type in {"error", "warning"} and complaints.append(m.text)
        )
        context.on("weberror", lambda e: complaints.append(str(e.error)))
        page = context.new_page()
        page.goto((site_dir / "decks" / f"{name}.html").as_uri() + query)
        until(page, "window.Reveal?.isReady()")
        return page

    yield open_deck
    for context in contexts:
        context.close()
    assert not complaints


def until(page: Page, condition: str) -> None:
    """Wait for it; Playwright's own way is an eval in the page, which the policy forbids."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(condition)


def elsewhere(url: str) -> bool:
    return not url.startswith(("file:", "data:"))


def at(page: Page) -> int:
    return page.evaluate("Reveal.getIndices().h")


def to_end_of_slide(page: Page) -> None:
    """Press the clicker until everything on the slide is shown."""
    while page.evaluate("Reveal.availableFragments().next"):
        page.keyboard.press("PageDown")


def slides(page: Page) -> Iterator[int]:
    """Go through the deck by the clicker alone, and stop at each slide when all of it is shown."""
    last = page.evaluate("Reveal.getTotalSlides()") - 1
    for number in range(last + 1):
        assert at(page) == number
        to_end_of_slide(page)
        yield number
        page.keyboard.press("PageDown")
    assert at(page) == last


def widget_slide(page: Page) -> None:
    """Go to the slide with the widget."""
    number = page.evaluate(
        "Reveal.getSlides().findIndex((slide) => slide.querySelector('[data-em-widget]'))"
    )
    page.evaluate("number => Reveal.slide(number, 0, -1)", number)


def decks_with_widgets() -> dict[str, int]:
    """The chapters whose talk steps a widget, and how many presses it takes."""
    found = {}
    for path in CHAPTERS:
        for cell in json.loads(path.read_text())["cells"]:
            if steps := cell["metadata"].get("slideshow", {}).get("widget_steps"):
                found[path.stem] = steps
    return found


WITH_WIDGETS = decks_with_widgets()


def test_every_chapter_of_the_lecture_has_a_deck(site_dir):
    assert {name[:2] for name in NAMES} >= {f"{number:02d}" for number in range(1, 12)}
    assert {path.stem for path in site_dir.glob("decks/*.html")} == set(NAMES)


@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
@pytest.mark.parametrize("name", NAMES)
def test_a_deck_steps_to_its_end_and_every_slide_fits(opened, name, size):
    page = opened(name, size)
    spilling = {}
    for number in slides(page):
        if spills := page.evaluate(SPILLS) + page.evaluate(CUT_OFF):
            spilling[number + 1] = spills[:4]
    assert not spilling


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_smaller_than_24_px(opened, site_dir, name):
    page = opened(name)
    small = {}
    for number in slides(page):
        texts = [t for t in page.evaluate(SHOWN_TEXTS) if t[1] < SMALLEST - 0.01]
        for address, width in page.evaluate(FIGURES):
            svg = (site_dir / "_images" / Path(address).name).read_text()
            points = float(re.search(r'viewBox="[\d.]+ [\d.]+ ([\d.]+)', svg)[1])
            letters = SMALLEST_IN_FIGURES * width / points
            if letters < SMALLEST - 0.1:
                texts.append((Path(address).name, letters))
        if texts:
            small[number + 1] = texts[:4]
    assert not small


@pytest.mark.parametrize("name", NAMES)
def test_a_slide_has_a_heading_few_words_notes_and_minutes(opened, name):
    page = opened(name)
    slides = page.evaluate(
        """(notWords) => Reveal.getSlides().map((slide) => {
          const copy = slide.cloneNode(true);
          copy.querySelectorAll(notWords).forEach((element) => element.remove());
          return {
            heading: slide.querySelector("h1, h2")?.textContent.trim(),
            words: copy.textContent.trim().split(/\\s+/).length,
            notes: slide.querySelector(".notes").textContent.trim().split(/\\s+/).length,
            minutes: Number(slide.dataset.minutes),
          };
        })""",
        NOT_WORDS,
    )
    assert 10 <= len(slides) <= 16
    assert all(slide["heading"] for slide in slides)
    assert {s["heading"]: s["words"] for s in slides if s["words"] > MOST_WORDS} == {}
    assert all(slide["notes"] >= 10 for slide in slides)
    assert all(1 <= slide["minutes"] <= 5 for slide in slides[1:])


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_has_its_alternative_text(opened, name):
    images = opened(name).locator(".slides img").all()
    assert all((image.get_attribute("alt") or "").strip() for image in images)


@pytest.mark.parametrize("name", WITH_WIDGETS)
def test_the_first_presses_step_the_widget_then_the_deck_moves_on(opened, name):
    page = opened(name)
    widget_slide(page)
    here = at(page)
    slider = page.locator(".present input[type=range]")
    expect(slider).to_have_value("0")
    for step in range(1, WITH_WIDGETS[name] + 1):
        page.keyboard.press("PageDown")
        expect(slider).to_have_value(str(step))
        assert at(page) == here
    page.keyboard.press("PageUp")
    expect(slider).to_have_value(str(WITH_WIDGETS[name] - 1))
    page.keyboard.press("PageDown")
    page.keyboard.press("PageDown")
    assert at(page) == here + 1


@pytest.mark.parametrize("name", WITH_WIDGETS)
@pytest.mark.parametrize("focused", ["input[type=range]", "button:has-text('Next')", "select"])
def test_the_clicker_is_the_decks_wherever_the_focus_is(opened, name, focused):
    page = opened(name)
    widget_slide(page)
    here = at(page)
    for move, there in (("PageDown", here + 1), ("PageUp", here)):
        if focused == "select" and not page.locator(".present select").count():
            page.evaluate("Reveal.next()")  # this widget has nothing to choose
        target = page.locator(f".present {focused}").first
        if target.count():
            target.focus()
        while at(page) != there:
            before = page.evaluate("JSON.stringify(Reveal.getIndices())")
            page.keyboard.press(move)
            assert page.evaluate("JSON.stringify(Reveal.getIndices())") != before


@pytest.mark.parametrize("name", WITH_WIDGETS)
def test_after_a_jump_the_widget_stands_where_the_deck_does(opened, name):
    page = opened(name)
    widget_slide(page)
    slider = page.locator(".present input[type=range]")
    here, planned = at(page), page.locator(".present [data-widget-step]").count()
    page.evaluate("Reveal.next()")
    expect(slider).to_have_value("1")
    page.evaluate("Reveal.slide(0)")
    page.evaluate(f"Reveal.slide({here - 1})")
    page.keyboard.press("PageDown")
    while at(page) < here:
        page.keyboard.press("PageDown")
    expect(slider).to_have_value("0")
    page.evaluate(f"Reveal.slide({here + 1})")
    while at(page) > here:
        page.keyboard.press("PageUp")
    expect(slider).to_have_value(str(planned))


@pytest.mark.parametrize("name", WITH_WIDGETS)
def test_the_widgets_own_keys_do_not_move_the_deck(opened, name):
    page = opened(name)
    widget_slide(page)
    before = page.evaluate("JSON.stringify(Reveal.getIndices())")
    slider = page.locator(".present input[type=range]")
    for focused, key, value in (
        ("input[type=range]", "ArrowRight", "1"),
        ("input[type=range]", "End", None),
        ("input[type=range]", "Home", "0"),
        ("button:has-text('Next')", "Enter", "1"),
        ("button:has-text('Next')", " ", "2"),
    ):
        page.locator(f".present {focused}").first.focus()
        page.keyboard.press(key)
        if value:
            expect(slider).to_have_value(value)
        assert page.evaluate("JSON.stringify(Reveal.getIndices())") == before


def test_the_colours_follow_the_sites_choice_and_can_be_switched(opened):
    page = opened(NAMES[4])

    def theme() -> str | None:
        return page.locator("html").get_attribute("data-theme")

    assert theme() == "light"
    page.keyboard.press("t")
    assert theme() == "dark"
    page.reload()
    until(page, "window.Reveal?.isReady()")
    assert theme() == "dark"
    page.locator(".mode").click()
    assert theme() == "light"


def test_notes_open_in_a_window_that_steps_with_the_deck(opened):
    page = opened(NAMES[4])
    page.keyboard.press("PageDown")
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    notes = popup.value
    until(notes, "window.Reveal?.isReady()")
    speaker = notes.locator(".speaker")
    expect(speaker).to_contain_text("Let the room vote")
    expect(speaker).to_contain_text("planned up to the end of this slide")
    expect(speaker).to_contain_text("Next: ")
    page.keyboard.press("PageDown")
    expect(speaker).to_contain_text("said aloud")
    notes.keyboard.press("PageUp")
    until(page, "Reveal.getIndices().h === 1")
    expect(speaker.locator(".clock")).not_to_have_text("0:00")


@pytest.mark.parametrize("name", NAMES)
def test_a_deck_is_linked_from_its_chapter(opened, site_dir, name):
    page = (site_dir / "book" / f"{name}.html").read_text()
    assert f'href="../decks/{name}.html"' in page


@pytest.mark.parametrize("name", NAMES)
def test_the_page_has_nothing_of_the_talk(site_dir, name):
    ends = []
    for cell in json.loads((notebooks.BOOK / f"{name}.ipynb").read_text())["cells"]:
        if cell["metadata"].get("slideshow", {}).get("slide_type") == "notes":
            ends.append(" ".join("".join(cell["source"]).split()[-12:]))
    deck, page = (words(site_dir / folder / f"{name}.html") for folder in ("decks", "book"))
    assert sum(end in deck for end in ends) > len(ends) / 2  # the others have formulas or quotes
    assert not [end for end in ends if end in page]


def words(page: Path) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", page.read_text()).replace("’", "'").split())


@pytest.mark.parametrize("name", NAMES)
def test_a_deck_stands_under_the_sites_policy(site_dir, name):
    deck = (site_dir / "decks" / f"{name}.html").read_text()
    assert "Content-Security-Policy" in deck
    assert "script-src 'self' 'sha256-" in deck


TEACHING = (notebooks.BOOK / "teaching.md").read_text()


def test_the_lecturers_page_tells_each_decks_minutes():
    rows = re.findall(r"^\| (\d+) \|[^|]*\| (\d+)\smin \|", TEACHING, re.MULTILINE)
    assert {int(n): float(m) for n, m in rows} == {
        int(path.name[:2]): talk_minutes(path) for path in CHAPTERS
    }


def talk_minutes(path: Path) -> float:
    cells = json.loads(path.read_text())["cells"]
    return sum(cell["metadata"].get("slideshow", {}).get("minutes", 0) for cell in cells)


def test_each_lesson_is_planned_to_the_minute():
    lessons = re.split(r"^## Lesson \d", TEACHING, flags=re.MULTILINE)[1:]
    assert len(lessons) == 2
    for lesson in lessons:
        rows = re.findall(r"^\| (\d+)–(\d+) \|", lesson, re.MULTILINE)
        times = [(int(begin), int(end)) for begin, end in rows]
        assert times[0][0] == 0
        assert times[-1][1] == 50
        assert all(before[1] == after[0] for before, after in pairwise(times))
