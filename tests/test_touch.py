"""By finger, on a phone: what steps and drags is large enough, and the page scrolls under it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect
from test_widget_pages import (
    BY_KIND,
    SPECS,
    Spec,
    button,
    handle,
    on_its_page,
    shows,
    slider,
    status,
)
from walk import COME_TO_REST, until

pytestmark = pytest.mark.site

LEAST = 44
SMALL = """(controls, least) => controls.filter((control) => {
  const { width, height } = control.getBoundingClientRect();
  return width < least || height < least;
}).map((control) => control.textContent || control.tagName)"""
# What is hit around a handle's middle: the handle, or another that lies there too.
MISSED = """(handles, least) => handles.filter((handle) => {
  handle.scrollIntoView({ block: "center", behavior: "instant" });
  const { e: x, f: y } = handle.getScreenCTM();
  const far = least / 2 - 1;
  return [[0, 0], [far, 0], [-far, 0], [0, far], [0, -far]].some(([right, down]) =>
    !document.elementFromPoint(x + right, y + down).closest(".em-handle"));
}).map((handle) => handle.getAttribute("aria-label"))"""
# What a tap on a control does, and the fields whose letters are so small that a phone zooms in.
AT_A_TAP = """() => {
  const styles = (all) => [...document.querySelectorAll(all)].map((it) => getComputedStyle(it));
  const sizes = styles("select, input:not([type=range])").map(({ fontSize }) => fontSize);
  return [
    [...new Set(styles("button, summary, select").map(({ touchAction }) => touchAction))],
    sizes.filter((size) => parseFloat(size) < 16),
  ];
}"""

# A finger that is lifted while it moves lets the page glide on, and the next one only stops that.
HOLD = """async () => {
  for (let frame = 0; frame < 15; frame += 1) await new Promise(requestAnimationFrame);
}"""


class Phone:
    """A page on a phone, and one finger."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._session = page.context.new_cdp_session(page)

    def swipe(self, start: tuple[float, float], right: float, down: float) -> None:
        """Put the finger down, move it as a finger does, and lift it."""
        self._move(start, right, down)
        self._touch("touchEnd")

    def scroll_from(self, what: Locator) -> None:
        """Swipe upwards from there, a little askew: the page must come along, and not glide on."""
        start, before = middle(what), self.page.evaluate("scrollY")
        self._move(start, 6, -120)
        until(self.page, f"scrollY > {before + 60}")
        self.page.evaluate(HOLD)
        self._touch("touchMove", (start[0] + 6, start[1] - 120))
        self._touch("touchEnd")

    def _move(self, start: tuple[float, float], right: float, down: float) -> None:
        x, y = start
        self._touch("touchStart", (x, y))
        for share in range(1, 11):
            self._touch("touchMove", (x + right * share / 10, y + down * share / 10))

    def _touch(self, kind: str, *points: tuple[float, float]) -> None:
        where = [{"x": x, "y": y} for x, y in points]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": where})


@pytest.fixture(scope="module")
def phone(chromium: Browser) -> Iterator[Phone]:
    """One for all tests, each of which opens its page."""
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    context.set_default_timeout(60_000)
    yield Phone(context.new_page())
    context.close()


def middle(what: Locator) -> tuple[float, float]:
    """The middle of something, brought to the middle of the screen, when the page stands still."""
    what.evaluate(COME_TO_REST)
    box = what.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def value(what: Locator) -> str:
    return str(what.get_attribute("aria-valuetext"))


@pytest.fixture(params=SPECS, ids=lambda spec: spec.kind)
def spec(request: pytest.FixtureRequest) -> Spec:
    """Each widget in turn."""
    return request.param


def test_a_finger_meets_every_control_and_scrolls_the_page(
    phone: Phone, cut_url: str, spec: Spec
) -> None:
    """A touched control neither zooms nor waits for a second tap.

    That the page scrolls is the shell's and its handles' doing: there are those that only cross.
    """
    widget = on_its_page(phone.page, cut_url, spec.kind)
    assert phone.page.evaluate(AT_A_TAP) == [["manipulation"], []]
    controls = widget.locator("button, select, input, summary")
    assert controls.count() >= 6
    assert controls.evaluate_all(SMALL, LEAST) == []
    assert widget.locator(".em-handle").evaluate_all(MISSED, LEAST) == []
    along = widget.locator(".em-handle:not(.em-everywhere)").all()
    assert widget.locator(".em-everywhere").count() == spec.kind.startswith("coin")
    for thing in [widget.locator(".em-stage"), *along] if spec in SPECS[:3] else []:
        phone.scroll_from(thing)
        shows(widget, spec, 0)
    for name, step in [("Next", 1), ("Next", 2), ("Previous", 1), ("Reset", 0)]:
        button(widget, name).tap()
        shows(widget, spec, step)
    for thing in along:
        before = value(thing)
        phone.swipe(middle(thing), 40, 6)
        expect(thing).not_to_have_attribute("aria-valuetext", before)


def test_a_finger_scrolls_from_words_and_from_the_slider(phone: Phone, cut_url: str) -> None:
    widget = on_its_page(phone.page, cut_url, "coin-steps")
    for part in (status(widget), slider(widget)):
        phone.scroll_from(part)
        shows(widget, BY_KIND["coin-steps"], 0)


def test_a_finger_moves_the_slider(phone: Phone, cut_url: str) -> None:
    widget = on_its_page(phone.page, cut_url, "coin-steps")
    x, y = middle(slider(widget))
    phone.swipe((x, y), 60, 6)
    expect(slider(widget)).to_have_value(re.compile(r"^1[1-9]$"))
    phone.page.touchscreen.tap(x, y)
    expect(slider(widget)).to_have_value("10")
    expect(status(widget)).to_contain_text("Iteration 5, after the M-step")


@pytest.mark.parametrize("off", [-18, 18])
def test_what_is_taken_at_its_edge_does_not_jump(phone: Phone, cut_url: str, off: int) -> None:
    widget = on_its_page(phone.page, cut_url, "coin-steps")
    square = handle(widget, "Start")
    x, y = middle(square)
    width = widget.locator(".em-plane-of-starts").bounding_box()["width"]  # type: ignore[index]
    phone.swipe((x + off, y), -0.3 * width, -0.3 * width)
    expect(square).to_have_attribute("aria-valuetext", "θ_A 0.30, θ_B 0.80")


def test_what_hovering_shows_is_there_without_it(phone: Phone, site_url: str) -> None:
    page = phone.page
    page.goto(f"{site_url}/book/06_coin_code.html")
    assert page.evaluate(AT_A_TAP) == [["manipulation"], []]
    cell = page.locator(".cell_input .highlight:visible").first
    copy, code = cell.locator(".copy"), cell.locator("pre")
    x, y = middle(copy)
    assert page.evaluate("([x, y]) => document.elementFromPoint(x, y).textContent", [x, y]) == (
        "Copy"
    )
    expect(copy).to_have_css("opacity", "1")
    boxes = copy.bounding_box(), code.bounding_box()
    assert boxes[0]["y"] >= boxes[1]["y"] + boxes[1]["height"]  # type: ignore[index]
    expect(page.locator("h2 > .headerlink").first).to_have_css("opacity", "1")
    for fold in (".local details", ".contents"):
        page.locator(f"{fold} > summary").tap()
        expect(page.locator(fold)).to_have_js_property("open", True)
    targets = page.locator(".copy:visible, summary:visible, nav a:visible, .find button, .ways a")
    assert targets.count() > 40
    assert targets.evaluate_all(SMALL, LEAST) == []


# --- sections far from sight are not laid out -----------------------------------------------------


def test_a_far_section_waits_and_is_found(phone: Phone, site_url: str) -> None:
    page = phone.page
    page.goto(f"{site_url}/book/05_coins.html")
    last = page.locator("article > section > section").last
    shown = "it => it.querySelector('p').checkVisibility({ contentVisibilityAuto: true })"
    assert not last.evaluate(shown)
    page.locator(".local summary").tap()
    page.locator(".local li li > a").last.tap()
    expect(last.locator("h2")).to_be_in_viewport()
    until(page, lambda: last.evaluate(shown))


def reloads_in_haste(page: Page) -> None:
    page.reload(wait_until="domcontentloaded")
    page.reload()


def goes_and_comes_back(page: Page) -> None:
    page.goto(re.sub(r"\w+(?=\.html)", "notation", page.url))
    page.go_back()


# Not as a phone: when a page is left, the emulation of one takes other scroll bars, and what is
# above the place gets another height. What else than a reload brings one back does so to a long
# chapter as to a short one, on which a slow processor works less.
@pytest.mark.parametrize(
    ("name", "returns", "slowness"),
    [
        ("08_gaussians", Page.reload, 1),
        ("08_gaussians", Page.reload, 3),
        ("17_several_starts", reloads_in_haste, 3),
        ("17_several_starts", goes_and_comes_back, 3),
    ],
)
def test_whoever_comes_back_to_a_page_is_where_he_was(
    chromium: Browser,
    site_url: str,
    name: str,
    returns: Callable[[Page], object],
    slowness: int,
) -> None:
    with chromium.new_context(viewport={"width": 390, "height": 844}) as context:
        context.set_default_timeout(60_000)
        page = context.new_page()
        page.goto(f"{site_url}/book/{name}.html")
        place = page.locator("article > section > section").nth(5).locator("> p").last
        place.evaluate(COME_TO_REST)
        top = place.evaluate("it => it.getBoundingClientRect().top")
        throttle = {"rate": slowness}
        context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", throttle)
        returns(page)
        until(page, "history.scrollRestoration === 'auto'")
        assert place.evaluate("it => it.getBoundingClientRect().top") == pytest.approx(top, abs=2)


def test_the_place_is_there_before_the_last_script_until_a_finger_moves(
    phone: Phone, site_url: str
) -> None:
    page = phone.page
    page.goto(f"{site_url}/book/05_coins.html")
    places = "[...document.querySelectorAll('article > section > section > p')]"
    page.evaluate(f"() => ({COME_TO_REST})({places}[30])")
    held: list[Route] = []
    page.route("**/em-site.js*", lambda route: held.append(route))
    page.reload(wait_until="commit")
    until(
        page,
        f"(({{ top, bottom }}) => bottom > 0 && top < innerHeight"
        " && history.scrollRestoration === 'manual')"
        f"({places}[30]?.getBoundingClientRect() ?? {{}})",
    )
    phone.swipe((200, 300), 6, 300)
    until(page, "history.scrollRestoration === 'auto'")
    until(page, lambda: held)
    held[0].continue_()
    page.unroute("**/em-site.js*")


def test_a_box_that_scrolls_is_reached_by_keyboard(phone: Phone, site_url: str) -> None:
    phone.page.goto(f"{site_url}/book/06_coin_code.html")
    wide = phone.page.locator("pre:visible").filter(has_text="def coin_em_loop").first
    wide.scroll_into_view_if_needed()
    expect(wide).to_have_attribute("tabindex", "0")
    assert wide.evaluate("it => it.scrollWidth > it.clientWidth + 1")
