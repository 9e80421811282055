"""What readers met in Firefox, in WebKit and with a finger, as far as Chromium can show it."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, Page, expect
from test_decks import NAMES as DECKS
from walk import NAMES, resize

pytestmark = pytest.mark.site

ALL = [*NAMES, *(f"decks/{name}.html" for name in DECKS)]
WITH_WIDGETS = ["book/index", "book/01_jensen", "book/03_incomplete", "book/05_coins"]
WITH_WIDGETS += ["book/07_restarts", "book/09_gaussian_code"]


@pytest.mark.parametrize("name", ALL)
def test_a_page_s_head_lets_forms_work_from_disk_and_fetches_nothing_ahead(site_dir, name):
    head = BeautifulSoup((site_dir / name).read_text().partition("</head>")[0], "html.parser")
    policy = head.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    assert "form-action 'self' file:" in policy.split("; ")
    ahead = {"next", "prev", "prefetch", "preload", "prerender", "preconnect", "dns-prefetch"}
    assert not [link for link in head.find_all("link") if ahead & set(link["rel"])]


# --- labels -------------------------------------------------------------------------------------

# At every step of every widget: labels that cover another text, or are cut off.
LABELS = """() => {
  const found = new Set();
  for (const widget of document.querySelectorAll("[data-em-widget]")) {
    const slider = widget.querySelector(".em-live input[type=range]");
    for (let step = 0; step <= slider.max; step += 1) {
      slider.value = step;
      slider.dispatchEvent(new Event("input"));
      const texts = [...widget.querySelectorAll(".em-live svg text")]
        .filter((text) => text.textContent.trim() && text.getClientRects().length);
      const boxes = new Map(texts.map((text) => [text, text.getBoundingClientRect()]));
      for (const label of texts.filter((text) => text.matches(".em-value"))) {
        const own = boxes.get(label);
        const room = label.ownerSVGElement.getBoundingClientRect();
        const say = (what) => found.add(`${step}: ${label.textContent} ${what}`);
        if (own.left < room.left - 1 || own.right > room.right + 1) say("is cut off");
        for (const text of texts.filter((other) => other !== label)) {
          const other = boxes.get(text);
          const across = Math.min(own.right, other.right) - Math.max(own.left, other.left);
          const down = Math.min(own.bottom, other.bottom) - Math.max(own.top, other.top);
          if (across > 1 && down > 3) say(`covers ${text.textContent}`);
        }
      }
    }
  }
  return [...found];
}"""


@pytest.mark.parametrize("name", WITH_WIDGETS)
def test_labels_cover_no_other_text_and_are_whole(page: Page, cut_url, name):
    page.goto(f"{cut_url}/{name}.html")
    page.locator(".em-ready").first.wait_for()
    found = {}
    for width in (1280, 390):
        resize(page, width, 800)
        found[width] = labels(page)
    assert found == {1280: [], 390: []}


def labels(page: Page) -> list[str]:
    """What is wrong with the labels of a page's widgets, whatever can be chosen in them."""
    found = page.evaluate(LABELS)
    picker = page.locator("[data-em-widget=jensen] .em-live select")
    for curve in picker.locator("option").all() if picker.count() else []:
        picker.select_option(curve.get_attribute("value"))
        expect(page.locator(".em-live .em-status")).to_contain_text(
            f"f(x) = {curve.text_content()}"
        )
        found += page.evaluate(LABELS)
    return found


# --- controls -----------------------------------------------------------------------------------


def computed(page: Page, selector: str, name: str) -> set[str]:
    """The values that a property has on elements."""
    styles = "(all, name) => all.map((one) => getComputedStyle(one)[name])"
    return set(page.locator(selector).evaluate_all(styles, name))


def test_a_select_is_drawn_by_the_site_but_where_colours_are_the_system_s(
    chromium: Browser, site_dir: Path
):
    context = chromium.new_context()
    page = context.new_page()
    page.goto((site_dir / "book" / "01_jensen.html").as_uri())
    select = ".em-live select"
    assert computed(page, select, "appearance") == {"none"}
    for mode in ("light", "dark"):
        page.emulate_media(color_scheme=mode)
        expect(page.locator("html")).to_have_attribute("data-theme", mode)
        ink, arrow = page.locator(select).evaluate(
            "(one) => [getComputedStyle(one).color, getComputedStyle(one).backgroundImage]"
        )
        assert arrow.count("linear-gradient") == arrow.count(ink) == 2
    page.emulate_media(forced_colors="active")  # in which a drawn arrow would not be shown
    assert computed(page, select, "appearance") == {"auto"}
    context.close()
