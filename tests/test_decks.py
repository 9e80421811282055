"""Every deck from disk, with the network cut: it steps, fits, is readable, and its widgets step.

A deck is opened once and walked once at each size: one walk serves many tests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any

import engines
import notebooks
import pytest
from drawn import closed, hidden
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from walk import COLOURS, PREPARE, THIN_OUT, VIOLATIONS, axe, is_remembered, resize, until

from em_core import style

pytestmark = pytest.mark.site

CHAPTERS = [path for path in notebooks.chapters() if '"slide_type"' in path.read_text()]
NAMES = [path.stem for path in CHAPTERS]
ROOM = (1280, 720)
PHONES = [(390, 844), (844, 390)]
# The last is a phone whose bars are shown: without them there is more room.
SIZES = [ROOM, (1024, 768), (390, 664)]
# Its slides are laid out as the room's, which are as wide: what is pressed there is looked at.
ACROSS = (844, 390)
MOST_WORDS = 40
SMALLEST = 24
SMALLEST_IN_FIGURES = style.SMALLEST  # points
MIDDLE = (0.4, 0.55)  # of a slide's height, where the middle of what it holds may be

# What stands in a slide without being read as its words.
NOT_WORDS = "pre, table, .katex, .notes, .em-stepper, img, .sketch, script, .eqno"
SHOWN_TEXTS = """() => {
  const walker = document.createTreeWalker(Reveal.getCurrentSlide(), NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const { textContent, parentElement: parent } = walker.currentNode;
    const unseen = parent.closest(".notes, .katex, .em-unseen, script, option");
    if (!textContent.trim() || unseen || !parent.getClientRects().length) continue;
    const scale = parent.closest("svg")?.getScreenCTM().a ?? Reveal.getScale();
    const size = parseFloat(getComputedStyle(parent).fontSize) * scale;
    const isCode = parent.closest("pre") !== null;
    found.push([textContent.trim(), size, size / Reveal.getScale(), isCode]);
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
  const boxes = "pre, .katex-display, .em-status, .em-samples, .em-samples *, h2, select";
  const pen = document.createElement("canvas").getContext("2d");
  const cuts = (select) => {
    const style = getComputedStyle(select);
    pen.font = `${style.fontSize} ${style.fontFamily}`;
    const padding = parseFloat(style.paddingLeft) + parseFloat(style.paddingRight);
    const inside = select.clientWidth - padding;
    return pen.measureText(select.selectedOptions[0].textContent).width > inside + 1;
  };
  return [...Reveal.getCurrentSlide().querySelectorAll(boxes)]
    .filter((box) => !box.matches(".em-unseen, .em-samples span") && box.getClientRects().length)
    .filter((box) => (box.matches("select") ? cuts(box) : box.scrollWidth > box.clientWidth + 1))
    .map((box) => box.textContent.slice(0, 40));
}"""
COVERED = """() => {
  const inSlide = ".present :is(button, select, input, .em-handle):not(.em-ghost *, [inert] *)";
  const around = ".navigate-left, .navigate-right, .corner button";
  return [...document.querySelectorAll(`${inSlide}, ${around}`)].filter((control) => {
    const unseen = getComputedStyle(control).visibility === "hidden";
    if (unseen || !control.getClientRects().length) return false;
    const { left, right, top, bottom } = control.getBoundingClientRect();
    const met = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    const handle = met?.closest(".em-handle") && control.closest(".em-handle"); // they may meet
    return !control.contains(met) && !handle;
  }).map((control) => control.outerHTML.slice(0, 80));
}"""
FIGURES = """() => [...Reveal.getCurrentSlide().querySelectorAll(".part img")]
  .filter((image) => image.getClientRects().length && !image.closest(".em-picture"))
  .map((image) => {
    const { width, height } = image.getBoundingClientRect();
    const scale = Math.max(width / image.naturalWidth, height / image.naturalHeight);
    return [image.src, scale * 4 / 3]; // pixels a point
  })"""
MIDDLES = """() => {
  const slide = Reveal.getCurrentSlide();
  const room = slide.getBoundingClientRect();
  const shown = [...slide.querySelectorAll(".part > *, :scope > h1, :scope > p")]
    .map((element) => element.getBoundingClientRect()).filter(({ height }) => height);
  const ends = [...shown.map(({ top }) => top), ...shown.map(({ bottom }) => bottom)];
  const middle = (Math.min(...ends) + Math.max(...ends)) / 2;
  return [(middle - room.top) / room.height];
}"""
LOOKS = ", ".join([SPILLS, CUT_OFF, COVERED, SHOWN_TEXTS, FIGURES, MIDDLES])
SEEN = f"() => [{LOOKS}].map((look) => look())"
# From slide to slide, with all fragments of each at once; the clicker's way is gone elsewhere. The
# widget follows an event.
WALK = f"""async (all) => {{
  const found = [];
  for (const [number, slide] of Reveal.getSlides().entries()) {{
    if (!all && number && !slide.querySelector("button, select, input")) {{
      found.push(null);
      continue;
    }}
    Reveal.slide(number, 0, 99);
    await new Promise((done) => setTimeout(done));
    Reveal.getCurrentSlide().getBoundingClientRect(); // which asks for the fonts of what is shown
    await document.fonts.ready;
    await new Promise(requestAnimationFrame);
    found.push(({SEEN})());
  }}
  return found;
}}"""
# Nothing is painted, which no question is about before axe's.
STILL = "* { transition: none !important; animation: none !important; } body { opacity: 0; }"
# All slides at once, one below the other.
SPREAD = """() => {
  const style = document.createElement("style");
  style.textContent = `html.deck, .deck :is(body, .reveal, .slides) { height: auto !important;
      overflow: visible !important; }
    .deck .reveal .slides, .deck .reveal .slides > section { position: static !important;
      display: grid !important; visibility: visible !important; transform: none !important; }
    .deck :is(section, .fragment) { opacity: 1 !important; visibility: visible !important; }
    .deck :is(.controls, .slide-number, .progress, .corner) { position: static !important; }
    .deck :is(.backgrounds, .pause-overlay) { display: none !important; }`;
  document.head.append(style);
  for (const slide of Reveal.getSlides()) {
    for (const name of ["hidden", "aria-hidden", "inert"]) slide.removeAttribute(name);
  }
}"""


class Deck:
    """A deck in a browser without a network, what it complained of, and what its walks saw."""

    def __init__(self, context: BrowserContext, file: Path) -> None:
        self.name = file.stem
        self.complaints: list[str] = []
        self.walks: dict[tuple[int, int], list[list[Any] | None]] = {}
        context.set_default_timeout(60_000)
        context.on("request", lambda r: elsewhere(r.url) and self.complaints.append(r.url))
        context.on(
            "console", lambda m: m.type in {"error", "warning"} and self.complaints.append(m.text)
        )
        context.on("weberror", lambda e: self.complaints.append(str(e.error)))
        self.page = context.new_page()
        self.page.add_init_script(axe())
        self.page.goto(file.as_uri())
        ready(self.page)
        self.page.add_style_tag(content=STILL)

    def walk(self, size: tuple[int, int]) -> list[Any]:
        """What SEEN tells of each slide at a size, when all of it is shown; None where not seen."""
        if size not in self.walks:
            self.fit(size)
            self.walks[size] = self.page.evaluate(WALK, size != ACROSS)
            assert len(self.walks[size]) == self.page.evaluate("Reveal.getTotalSlides()")
        return self.walks[size]

    def fit(self, size: tuple[int, int]) -> None:
        resize(self.page, *size)

    def seen(self, size: tuple[int, int], *which: int) -> dict[int, list[Any]]:
        """The slides at which one of the looks found something."""
        found = {
            n + 1: [w for i in which for w in looks[i]]
            for n, looks in enumerate(self.walk(size))
            if looks
        }
        return {number: what for number, what in found.items() if what}


def new_context(chromium: Browser, **how: Any) -> BrowserContext:
    size = how.pop("size", ROOM)
    viewport = {"width": size[0], "height": size[1]}
    return chromium.new_context(viewport=viewport, offline=True, color_scheme="light", **how)


@pytest.fixture(scope="module")
def deck(request: pytest.FixtureRequest, chromium: Browser, site_dir: Path) -> Iterator[Deck]:
    """A deck that stays open for all its tests; it must not complain in any of them."""
    one = Deck(new_context(chromium), site_dir / "decks" / f"{request.param}.html")
    yield one
    one.page.context.close()
    assert not one.complaints


def each(names: Iterable[str]) -> pytest.MarkDecorator:
    """A test for each deck; a deck's tests share its page, hence a process."""
    decks = [pytest.param(name, marks=pytest.mark.xdist_group(name), id=name) for name in names]
    return pytest.mark.parametrize("deck", decks, indirect=True, scope="module")


@pytest.fixture
def opened(chromium: Browser, site_dir: Path) -> Iterator[Callable[..., Page]]:
    """Open a deck anew, with settings of its own."""
    made: list[Deck] = []

    def open_deck(name: str, **how: Any) -> Page:
        made.append(Deck(new_context(chromium, **how), site_dir / "decks" / f"{name}.html"))
        return made[-1].page

    yield open_deck
    for one in made:
        one.page.context.close()
        assert not one.complaints


def ready(page: Page) -> None:
    """Wait till Reveal takes keys, also in a window whose document is still to come."""
    expect(page.locator("html")).to_have_attribute("data-deck", "ready", timeout=60_000)


def elsewhere(url: str) -> bool:
    return not url.startswith(("file:", "data:"))


def at(page: Page) -> int:
    return page.evaluate("Reveal.getIndices().h")


def place(page: Page) -> str:
    """The slide, and how much of it is shown."""
    return page.evaluate("JSON.stringify(Reveal.getIndices())")


# Goes through a deck by the clicker alone; where it is when all of a slide is shown, and in the
# end. Keys that the browser itself sends are pressed at the widgets.
STEP_THROUGH = """async () => {
  let presses = 0;
  const press = async () => {
    const pressed = { key: "PageDown", keyCode: 34, bubbles: true, cancelable: true };
    document.body.dispatchEvent(new KeyboardEvent("keydown", pressed));
    if ((presses += 1) > 999) throw new Error("no press leads on");
    await new Promise((done) => setTimeout(done));
  };
  const stops = [];
  Reveal.slide(0);
  for (const slide of Reveal.getSlides()) {
    while (Reveal.availableFragments().next) await press();
    stops.push(Reveal.getIndices().h);
    await press();
  }
  return [...stops, Reveal.getIndices().h];
}"""


def widget_slide(page: Page) -> None:
    """Come to the slide with the widget, of which nothing has been stepped."""
    number = page.evaluate(
        "Reveal.getSlides().findIndex((slide) => slide.querySelector('[data-em-widget]'))"
    )
    # The widget follows in a task of its own, which must not come amid what is done next.
    page.evaluate(
        """(number) => {
          Reveal.slide(0);
          Reveal.slide(number, 0, -1);
          return new Promise((done) => setTimeout(done));
        }""",
        number,
    )
    expect(page.locator(".present input[type=range]")).to_have_value("0")


@pytest.fixture
def at_widget(deck: Deck) -> Page:
    """A deck at the slide with its widget."""
    deck.fit(ROOM)
    deck.page.locator(":focus").evaluate_all("(all) => all.forEach((one) => one.blur())")
    widget_slide(deck.page)
    return deck.page


def decks_with_widgets() -> dict[str, int]:
    """The chapters whose talk steps a widget, and how many presses it takes."""
    found = {}
    for path in CHAPTERS:
        for cell in json.loads(path.read_text())["cells"]:
            if steps := cell["metadata"].get("slideshow", {}).get("widget_steps"):
                found[path.stem] = steps
    return found


WITH_WIDGETS = decks_with_widgets()


def test_every_chapter_has_a_deck(site_dir):
    chapters = {path.stem for path in notebooks.chapters() if path.stem[0].isdigit()}
    assert set(NAMES) == chapters | {"tour"}
    decks = {path.stem for path in site_dir.glob("decks/*.html")}
    assert decks == chapters | {"tour", "12_limit"}  # which leads on to another


@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
@each(NAMES)
def test_every_slide_fits(deck, size):
    assert not deck.seen(size, 0, 1)


@each(NAMES)
def test_a_deck_steps_to_its_end_by_the_clicker_alone(deck):
    deck.fit(ROOM)
    slides = range(deck.page.evaluate("Reveal.getTotalSlides()"))
    assert deck.page.evaluate(STEP_THROUGH) == [*slides, slides[-1]]
    end = place(deck.page)
    for key, is_there in (("PageUp", False), ("PageDown", True)):  # the browser's own keys
        deck.page.keyboard.press(key)
        assert (place(deck.page) == end) is is_there


@pytest.mark.parametrize("size", [*SIZES, ACROSS], ids="{0[0]}x{0[1]}".format)
@each(NAMES)
def test_nothing_covers_what_is_pressed(deck, size):
    assert not deck.seen(size, 2)


@each(NAMES)
def test_nothing_is_smaller_than_24_px(deck, site_dir):
    small = {}
    for number, (*_, shown, figures, _) in enumerate(deck.walk(ROOM)):
        texts = [t for t in shown if t[1] < SMALLEST - 0.01]
        for address, pixels in figures:
            letters = SMALLEST_IN_FIGURES * pixels
            if letters < SMALLEST - 0.1:
                texts.append((Path(address).name, letters))
        if texts:
            small[number + 1] = texts[:4]
    assert not small


@each(NAMES)
def test_a_phone_shows_no_text_but_code_under_24_units(deck):
    walk = enumerate(deck.walk(SIZES[-1]))
    small = {
        n + 1: [t for t in looks[3] if t[2] < SMALLEST - 0.1 and not t[3]] for n, looks in walk
    }
    assert not {number: texts[:4] for number, texts in small.items() if texts}


@each(NAMES)
def test_what_a_slide_holds_stands_in_its_middle(deck):
    middles = {number + 1: looks[-1][0] for number, looks in enumerate(deck.walk(ROOM))}
    low, high = MIDDLE
    assert {n: m for n, m in middles.items() if not low < m < high} == {}


@each(NAMES)
def test_at_least_half_of_the_slides_have_a_picture_and_none_has_printed_output(deck):
    pictures, printed = deck.page.evaluate(
        """() => [".part img, .sketch, [data-em-widget]", ".cell_output pre"].map((what) =>
          Reveal.getSlides().map((slide) => Boolean(slide.querySelector(what))))"""
    )
    assert 2 * sum(pictures) >= len(pictures)
    assert not any(printed)


@each(NAMES)
def test_what_the_room_votes_on_stands_on_the_slide(deck):
    slides = deck.page.evaluate(
        """() => Reveal.getSlides().map((slide) => [".notes", ".part:not(.fragment)"].map((what) =>
          [...slide.querySelectorAll(what)].map((part) => part.textContent).join(" ")))"""
    )
    votes = [shown for notes, shown in slides if re.search(r"\b(vote|predict)\b", notes, re.I)]
    assert not [shown for shown in votes if "?" not in shown]


@each(NAMES)
def test_a_slide_has_a_heading_few_words_notes_and_minutes(deck):
    slides = deck.page.evaluate(
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
    least = 0.2 if deck.name == "tour" else 1  # which has five minutes in all
    assert all(least <= slide["minutes"] <= 5 for slide in slides[1:])


@each(NAMES)
def test_every_figure_has_its_alternative_text(deck):
    texts = "(all) => all.map((one) => one.getAttribute('alt') ?? '')"
    assert all(text.strip() for text in deck.page.locator(".slides img").evaluate_all(texts))


@each(NAMES)
def test_no_formula_looks_otherwise_than_one_that_stands_alone(deck):
    with hidden(deck.page):
        assert closed(deck.page) == {"print": [], "screen": []}


@each(WITH_WIDGETS)
def test_the_first_presses_step_the_widget_then_the_deck_moves_on(deck, at_widget):
    page = at_widget
    here = at(page)
    slider = page.locator(".present input[type=range]")
    expect(slider).to_have_value("0")
    for step in range(1, WITH_WIDGETS[deck.name] + 1):
        page.keyboard.press("PageDown")
        expect(slider).to_have_value(str(step))
        assert at(page) == here
    page.keyboard.press("PageUp")
    expect(slider).to_have_value(str(WITH_WIDGETS[deck.name] - 1))
    page.keyboard.press("PageDown")
    page.keyboard.press("PageDown")
    assert at(page) == here + 1


@each(list(WITH_WIDGETS)[:3])  # who listens is the deck, in each alike
@pytest.mark.parametrize("focused", ["input[type=range]", "button:has-text('Next')", "select"])
def test_the_clicker_is_the_decks_wherever_the_focus_is(at_widget, focused):
    page = at_widget
    here = at(page)
    for move, there in (("PageDown", here + 1), ("PageUp", here)):
        if focused == "select" and not page.locator(".present select").count():
            page.evaluate("Reveal.next()")  # this widget has nothing to choose
        target = page.locator(f".present {focused}").first
        if target.count():
            target.focus()
        while at(page) != there:
            before = place(page)
            page.keyboard.press(move)
            assert place(page) != before


@each(WITH_WIDGETS)
def test_after_a_jump_the_widget_stands_where_the_deck_does(at_widget):
    page = at_widget
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


@each(WITH_WIDGETS)
def test_the_widgets_own_keys_do_not_move_the_deck(at_widget):
    page = at_widget
    before = place(page)
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
        assert place(page) == before


def test_the_colours_follow_the_sites_choice_and_can_be_switched(opened):
    page = opened(NAMES[4])
    root = page.locator("html")
    expect(root).to_have_attribute("data-theme", "light")

    def switch() -> None:
        page.keyboard.press("t")
        expect(root).to_have_attribute("data-theme", "dark")

    def read_again() -> None:
        page.reload()
        ready(page)

    assert is_remembered(switch, read_again, lambda: root.get_attribute("data-theme") == "dark")
    page.locator(".mode").click()
    expect(root).to_have_attribute("data-theme", "light")


def test_notes_open_in_a_window_that_steps_with_the_deck(opened):
    page = opened(NAMES[4])
    page.keyboard.press("PageDown")
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    notes = popup.value
    ready(notes)
    speaker = notes.locator(".speaker")
    expect(speaker).to_contain_text("Let the room vote")
    expect(speaker).to_contain_text("planned up to the end of this slide")
    expect(speaker).to_contain_text("Next: ")
    page.keyboard.press("PageDown")
    expect(speaker).to_contain_text("said aloud")
    notes.keyboard.press("PageUp")
    until(page, "Reveal.getIndices().h === 1")
    expect(speaker.locator(".clock")).not_to_have_text("0:00")


def test_no_gesture_on_a_widget_turns_the_slide(opened):
    """Who asks is the deck, in each alike; this one's widget has all that a finger may meet."""
    page = opened("01_jensen", size=(1180, 820), has_touch=True)
    widget_slide(page)
    before = place(page)
    for touched in (".em-controls input", ".em-stage", ".em-status", ".em-handle"):
        swipe(page, page.locator(f".present .em-live {touched}").first)
        page.evaluate("new Promise(requestAnimationFrame)")
        assert place(page) == before, touched
    swipe(page, page.locator(".present h2"))
    until(page, f"JSON.stringify(Reveal.getIndices()) !== {before!r}")


def swipe(page: Page, where: Locator) -> None:
    """Draw a finger to the left."""
    box = where.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = page.context.new_cdp_session(page)
    touch.send(
        "Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]}
    )
    for by in range(10, 130, 10):
        moved = [{"x": x - by, "y": y}]
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": moved})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


@pytest.mark.parametrize("size", PHONES, ids="{0[0]}x{0[1]}".format)
def test_a_phone_shows_slides_whose_arrows_a_finger_meets(opened, size):
    page = opened(NAMES[4], size=size, has_touch=True, is_mobile=True)
    assert not page.evaluate("Reveal.isScrollView()")
    for arrow, there in ((".navigate-right", 1), (".navigate-left", 0)):
        box = page.locator(arrow).bounding_box()
        assert min(box["width"], box["height"]) >= 44
        page.locator(arrow).tap()
        until(page, f"Reveal.getIndices().h === {there}")
    widget_slide(page)
    page.locator(".present .em-live").get_by_text("Next", exact=True).tap()
    expect(page.locator(".present input[type=range]")).to_have_value("1")


@each(NAMES[:3])
def test_no_letters_of_a_formula_overlap(deck):
    """The last but one, for which all slides are spread."""
    deck.fit(ROOM)
    assert deck.page.evaluate(f"({engines.LOOK})(window)") == []


@each(NAMES)
def test_axe_finds_nothing_in_any_deck(deck):
    """The last test of a deck, which is used up by it."""
    deck.fit(ROOM)
    assert not judged(deck.page)


MET: dict[str, int] = {}  # the kinds of texts on decks before


def judged(page: Page) -> list[str]:
    """What axe finds on all the slides; in the dark, where nothing else differs, in the colours."""
    page.evaluate(SPREAD)
    page.evaluate(PREPARE)
    found = []
    MET.update(page.evaluate(THIN_OUT, MET))
    for mode, rules in (("light", {}), ("dark", {"runOnly": COLOURS})):
        page.emulate_media(color_scheme=mode)
        until(page, f"document.documentElement.dataset.theme === '{mode}'")
        found += [f"{mode}: {line}" for line in page.evaluate(VIOLATIONS, ["html", rules])]
    return found


def test_axe_finds_pale_words_on_a_slide_that_is_not_shown(opened):
    page = opened(NAMES[0])
    page.evaluate("Reveal.getSlides()[5].querySelector('h2').style.color = '#999'")
    found = judged(page)
    assert [line.rpartition(":")[0] for line in found] == ["light: color-contrast"]


@pytest.mark.parametrize("name", NAMES)
def test_a_deck_is_linked_from_its_chapter(site_dir, name):
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
        0 if path.stem == "tour" else int(path.name[:2]): talk_minutes(path) for path in CHAPTERS
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


# What each row of the two plans shows, in their order: the headings of the slides that it names.
PLANNED = [
    "The note is lost",
    "How probable is what was seen? With labels it fell apart. Why not now?",
    "How many tops has it?",
    "Suppose A is 0.6 and B is 0.5 Soft labels: which samples are torn?",
    "If we knew the shares, what then? EM, in three sentences",
    "Why should you trust such a loop? Climb a curve from below",
    "Does a step ever pass the peak?",
    "What are 0.8 of a sample worth? Sharing out loses nothing",
    "M-step: what is the new θ?",
    "Predict: B ends near 0.52. Which way does it go first?",
    "What if both coins start equal?",
    "What sort of point is (0.66, 0.66)?",
    "What to take home",
    "Has the money grown?",
    "Average first, or log first: which is higher?",
    "When is nothing given away?",
    "What exactly is hard without labels?",
    "Multiply and divide by the same number Log of an average",
    "Which q makes the bound touch? So q is proportional to the joint probability",
    "Three choices of q: which bound is highest?",
    "What is the gap?",
    "Can EM ever go down?",
    "What is not guaranteed",
    "Points instead of coins",
    "The weights: why not set the derivative to zero? The means: guess first",
    "The covariances: about which mean?",
    "What moves in an E-step, what in an M-step?",
    "A component that sits on one point",
    "What to take home",
]


def test_the_plans_name_the_slides_that_they_mean(site_dir):
    rows = re.findall(r"\| (?:chapter )?(\d+), slides? (\d+)(?:–(\d+))?", TEACHING)
    shown = []
    for chapter, first, last in rows:
        deck = next((site_dir / "decks").glob(f"{int(chapter):02}_*.html")).read_text()
        headings = [
            re.search(r"<h[12][^>]*>(.*?)</h[12]>", slide, re.DOTALL)[1]
            for slide in re.split(r"<section\b", deck)[1:]
        ]
        named = " ".join(headings[int(first) - 1 : int(last or first)])
        shown.append(unescape(re.sub(r"<[^>]+>", "", named)).replace("’", "'"))
    assert [" ".join(words.split()) for words in shown] == PLANNED
