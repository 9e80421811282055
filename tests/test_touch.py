"""By finger, on a phone: what steps and drags is large enough, and the page scrolls under it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from test_widget_pages import SPECS, button, handle, on_its_page, opened, slider, status

pytestmark = pytest.mark.site

LEAST = 44
# Controls by their boxes; handles in drawings by what is hit around their middle, unless another
# handle or the drawing's end is there.
SMALL = """(root, least) => {
  const controls = [...root.querySelectorAll("button, select, input, summary")];
  const small = controls.filter((control) => {
    const { width, height } = control.getBoundingClientRect();
    return width < least || height < least;
  });
  const missed = [...root.querySelectorAll(".em-handle")].filter((handle) => {
    handle.scrollIntoView({ block: "center", behavior: "instant" });
    const { e: x, f: y } = handle.getScreenCTM();
    const far = least / 2 - 1;
    return [[0, 0], [far, 0], [-far, 0], [0, far], [0, -far]].some(([right, down]) => {
      const hit = document.elementFromPoint(x + right, y + down).closest(".em-handle");
      return hit === null;
    });
  });
  return [...small, ...missed].map((it) => it.getAttribute("aria-label") ?? it.textContent);
}"""


@dataclass
class Phone:
    """A page on a phone, and a finger."""

    page: Page

    def __post_init__(self) -> None:
        self._finger = self.page.context.new_cdp_session(self.page)

    def swipe(self, x: float, y: float, right: float, down: float) -> None:
        """Put the finger down and move it away in small steps, as a finger does."""
        self._touch("touchStart", (x, y))
        for share in range(1, 11):
            self._touch("touchMove", (x + right * share / 10, y + down * share / 10))
        self._touch("touchEnd")

    def _touch(self, kind: str, *points: tuple[float, float]) -> None:
        where = [{"x": x, "y": y} for x, y in points]
        self._finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": where})

    def scrolls(self, x: float, y: float) -> bool:
        """Whether a swipe up, which begins there, moves the page."""
        before = self.page.evaluate("scrollY")
        self.swipe(x, y, 3, -160)
        try:
            self.page.wait_for_function("before => scrollY > before + 60", arg=before, timeout=5000)
        except Exception:
            return False
        self.page.evaluate("before => scrollTo(0, before)", before)
        return True


@pytest.fixture
def phone(chromium: Browser) -> Iterator[Phone]:
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    context.set_default_timeout(10_000)
    yield Phone(context.new_page())
    context.close()


def middle(what: Locator) -> tuple[float, float]:
    box = what.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.kind)
def test_sizes(phone: Phone, site_url: str, spec) -> None:
    widget = on_its_page(phone.page, site_url, spec.kind)
    print(widget.evaluate(SMALL, LEAST))
    phone.page.locator(".mode").click()
    print(widget.evaluate(SMALL, LEAST))
    for what in [widget.locator(".em-stage"), slider(widget), button(widget, "Next"), status(widget)]:
        what.scroll_into_view_if_needed()
        what.evaluate("e => e.scrollIntoView({block: 'center', behavior: 'instant'})")
        before = status(widget).inner_text()
        print(what.evaluate("e=>e.className||e.tagName"), phone.scrolls(*middle(what)), before == status(widget).inner_text(), slider(widget).input_value())
    for h in widget.locator(".em-handle").all():
        h.evaluate("e => e.scrollIntoView({block: 'center', behavior: 'instant'})")
        before = h.get_attribute("aria-valuetext"); 
        print(h.get_attribute("aria-label"), "v", phone.scrolls(*middle(h)), before, h.get_attribute("aria-valuetext"))
        h.evaluate("e => e.scrollIntoView({block: 'center', behavior: 'instant'})")
        phone.swipe(*middle(h), 40, 4); phone.page.wait_for_timeout(300)
        print("   h", h.get_attribute("aria-valuetext"))
    button(widget, "Reset").click()
    slider(widget).evaluate("e => e.scrollIntoView({block: 'center', behavior: 'instant'})")
    b=slider(widget).bounding_box()
    phone.swipe(b["x"]+10,b["y"]+20,150,5); phone.page.wait_for_timeout(300); print("drag slider", slider(widget).input_value(), status(widget).inner_text()[:40])
    phone.page.touchscreen.tap(b["x"]+b["width"]*.9,b["y"]+20); phone.page.wait_for_timeout(300); print("tap slider", slider(widget).input_value(), status(widget).inner_text()[:40])
