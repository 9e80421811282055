"""The coin chapter's widget in a browser: every control, its numbers, and what stands in for it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from threading import Thread

import build
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from em_core import CoinMixture, CoinParams, em_steps

pytestmark = pytest.mark.site

CHAPTER = "book/05_coins.html"
COUNTS = [(5, 5), (9, 1), (8, 2), (4, 6), (7, 3)]
LAST = 20


STATES = list(
    islice(
        em_steps(CoinMixture(), COUNTS, CoinParams([0.6, 0.5], [0.5, 0.5])),
        1 + LAST // 2,
    )
)
"""Computed here once more: the pages must show these figures."""


def title(step: int) -> str:
    return f"Iteration {(step + 1) // 2}, after the {'ME'[step % 2]}-step" if step else "Start"


def status(step: int) -> str:
    state = STATES[step // 2]
    a, b = state.params.theta
    return f"{title(step)}: θ_A {a:.3f}, θ_B {b:.3f}, log-likelihood −{-state.log_likelihood:.2f}"


def row(step: int) -> list[str]:
    state = STATES[step // 2]
    thetas = [f"{theta:.4f}" for theta in state.params.theta]
    return [title(step), *thetas, f"−{-state.log_likelihood:.4f}"]


@pytest.fixture(params=["http", "disk"])
def chapter(request: pytest.FixtureRequest, site_url: str, site_dir: Path) -> str:
    """The address of the chapter, over http and from disk."""
    return f"{site_url}/{CHAPTER}" if request.param == "http" else (site_dir / CHAPTER).as_uri()


@pytest.fixture
def complaints(page: Page) -> Iterator[list[str]]:
    """What the console says, and requests that leave the site; there must be none."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.extend(_foreign(request.url)))
    yield said
    assert said == []


def _foreign(url: str) -> list[str]:
    return [] if url.startswith(("http://127.0.0.1:", "file:", "data:")) else [url]


@pytest.fixture
def widget(page: Page, chapter: str, complaints: list[str]) -> Locator:
    """The widget of the chapter, live."""
    return opened(page, chapter)


def opened(page: Page, address: str) -> Locator:
    page.goto(address)
    found = page.locator('[data-em-widget="coin-steps"]')
    expect(found.get_by_role("button", name="Next")).to_be_visible()
    found.scroll_into_view_if_needed()
    return found


def button(widget: Locator, name: str) -> Locator:
    return widget.get_by_role("button", name=name, exact=True)


def slider(widget: Locator) -> Locator:
    return widget.get_by_role("slider", name="Step", exact=True)


def shows(widget: Locator, step: int) -> None:
    expect(widget.get_by_role("status")).to_have_text(status(step))
    expect(slider(widget)).to_have_value(str(step))


def test_scripts_without_a_page() -> None:
    tests = Path(__file__).with_name("widgets.test.mjs")
    done = subprocess.run(
        [build.NODE / "node", "--test", tests], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_next_shows_every_step_with_the_figures_of_em_core(widget: Locator) -> None:
    for step in range(LAST + 1):
        shows(widget, step)
        button(widget, "Next").click()
    shows(widget, LAST)


def test_previous_and_reset(widget: Locator) -> None:
    button(widget, "Previous").click()
    shows(widget, 0)
    for _ in range(3):
        button(widget, "Next").click()
    button(widget, "Previous").click()
    shows(widget, 2)
    button(widget, "Reset").click()
    shows(widget, 0)


def test_slider_by_mouse(widget: Locator) -> None:
    box = slider(widget).bounding_box()
    assert box is not None
    slider(widget).click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    shows(widget, LAST // 2)


def test_play_runs_to_the_end_and_pause_holds(page: Page, widget: Locator) -> None:
    page.clock.install()
    button(widget, "Play").click()
    page.clock.run_for(3000)
    button(widget, "Pause").click()
    held = int(slider(widget).input_value())
    assert 0 < held < LAST
    page.clock.run_for(5000)
    shows(widget, held)
    button(widget, "Play").click()
    page.clock.run_for(60_000)
    shows(widget, LAST)
    expect(button(widget, "Play")).to_be_visible()


def test_status_is_not_read_out_while_playing(page: Page, widget: Locator) -> None:
    page.clock.install()
    button(widget, "Play").click()
    expect(widget.get_by_role("status")).to_have_attribute("aria-live", "off")
    button(widget, "Pause").click()
    expect(widget.get_by_role("status")).to_have_attribute("aria-live", "polite")


def test_play_stops_out_of_sight(page: Page, widget: Locator) -> None:
    button(widget, "Play").click()
    page.evaluate("scrollTo(0, 0)")
    expect(widget.get_by_role("button", name="Play", exact=True)).to_have_count(1)


@pytest.mark.parametrize("focus", [slider, partial(button, name="Next")], ids=["slider", "button"])
def test_keys(page: Page, widget: Locator, focus: Callable[[Locator], Locator]) -> None:
    focus(widget).focus()
    for key, step in [
        ("ArrowRight", 1),
        ("ArrowUp", 2),
        ("ArrowRight", 3),
        ("ArrowLeft", 2),
        ("ArrowDown", 1),
        ("End", LAST),
        ("ArrowRight", LAST),
        ("Home", 0),
        ("ArrowLeft", 0),
    ]:
        page.keyboard.press(key)
        shows(widget, step)


def test_space_plays_and_pauses(page: Page, widget: Locator) -> None:
    slider(widget).focus()
    page.keyboard.press("Space")
    expect(button(widget, "Pause")).to_be_visible()
    page.keyboard.press("Space")
    expect(button(widget, "Play")).to_be_visible()


def test_page_keys_move_the_page_and_not_the_slider(page: Page, widget: Locator) -> None:
    slider(widget).focus()
    before = page.evaluate("scrollY")
    page.keyboard.press("PageDown")
    page.wait_for_function("before => scrollY > before", arg=before)
    shows(widget, 0)


def test_focus_is_visible(page: Page, widget: Locator) -> None:
    button(widget, "Previous").focus()
    for _ in range(4):
        page.keyboard.press("Tab")
        style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert style != "none"


def test_table_gives_every_figure(widget: Locator) -> None:
    widget.get_by_text("Show as table").click()
    rows = widget.locator("details tbody tr")
    expect(rows).to_have_count(LAST + 1)
    shown = [text.split("\t")[:4] for text in rows.all_inner_texts()]
    assert shown == [row(step) for step in range(LAST + 1)]


def test_first_e_step_shares_the_counts_as_published(widget: Locator) -> None:
    button(widget, "Next").click()
    text = widget.inner_text()
    for figure in ("0.45", "0.80", "0.73", "0.35", "0.65", "21.3", "8.6", "11.7", "8.4"):
        assert figure in text


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_nothing_overflows_and_targets_are_large(page: Page, chapter: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    widget = opened(page, chapter)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for step in range(3):
        shows(widget, step)
        assert sides(widget, "*", "right") <= width + 0.5
        button(widget, "Next").click()
    for side in ("width", "height"):
        assert sides(widget, "button, input, summary", side, "min") >= 24


def sides(widget: Locator, selector: str, side: str, extreme: str = "max") -> float:
    """The largest or the smallest of one side of all the boxes."""
    return float(
        widget.evaluate(
            "(root, [selector, side, extreme]) => Math[extreme]("
            "...[...root.querySelectorAll(selector)].map(e => e.getBoundingClientRect()[side]))",
            [selector, side, extreme],
        )
    )


def test_colours_follow_the_switch(page: Page, widget: Locator) -> None:
    def colour() -> str:
        return str(widget.locator("svg path").first.evaluate("e => getComputedStyle(e).fill"))

    light = colour()
    page.locator(".mode").click()
    assert colour() != light
    page.locator(".mode").click()
    assert colour() == light


def test_picture_is_for_print(page: Page, widget: Locator) -> None:
    picture = widget.locator(".em-picture img").first
    expect(picture).to_be_hidden()
    page.emulate_media(media="print")
    expect(picture).to_be_visible()
    expect(button(widget, "Next")).to_be_hidden()


def test_picture_without_javascript(chromium: Browser, chapter: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(chapter)
    widget = page.locator('[data-em-widget="coin-steps"]')
    picture = widget.locator("img:visible")
    expect(picture).to_have_count(1)
    assert "θ_A 0.797" in str(picture.get_attribute("alt"))
    expect(widget.get_by_role("button")).to_have_count(0)
    context.close()


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_room_is_kept_until_the_widget_starts(page: Page, site_url: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.route("**/start.js*", lambda route: route.fulfill(body=""))
    page.goto(f"{site_url}/{CHAPTER}", wait_until="networkidle")
    heights = page.evaluate(
        "() => { const root = document.querySelector('[data-em-widget]');"
        "const before = root.offsetHeight; emWidgets.start(); return [before, root.offsetHeight]; }"
    )
    assert abs(heights[1] - heights[0]) <= 2


# A page of our own, made of the chapter's files: what the chapter cannot show.


@pytest.fixture
def scratch(page: Page, site_dir: Path, tmp_path: Path) -> Iterator[Callable[[str], Locator]]:
    """Open a page with the chapter's scripts and a body of our own; gives its widgets."""
    html = (site_dir / CHAPTER).read_text()
    handler = partial(_Quiet, directory=str(tmp_path))
    (tmp_path / "_static").symlink_to(site_dir / "_static")
    (tmp_path / "book").mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()

    def show(body: str) -> Locator:
        head = html.split("</head>")[0]
        (tmp_path / "book" / "page.html").write_text(f"{head}</head><body>{body}</body></html>")
        page.goto(f"http://127.0.0.1:{server.server_port}/book/page.html")
        return page.locator('[data-em-widget="coin-steps"]')

    yield show
    server.shutdown()
    server.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


def place(page: Page, address: str) -> str:
    """The widget's place as the page was delivered."""
    source = page.request.get(address).text()
    begin = source.index("<div", source.rindex("\n", 0, source.index("data-em-widget")))
    return source[begin : source.index("</script>", begin)] + "</script></div>"


def test_two_copies_are_independent(
    page: Page, scratch: Callable[[str], Locator], site_url: str
) -> None:
    one = place(page, f"{site_url}/{CHAPTER}")
    widgets = scratch(one + one)
    expect(widgets).to_have_count(2)
    button(widgets.nth(1), "Next").click()
    shows(widgets.nth(0), 0)
    shows(widgets.nth(1), 1)


def test_a_widget_that_cannot_start_says_so_and_keeps_its_picture(
    page: Page, scratch: Callable[[str], Locator], site_url: str
) -> None:
    good = place(page, f"{site_url}/{CHAPTER}")
    data = good[good.index(">", good.index("<script")) + 1 : good.index("</script>")]
    widget = scratch(good.replace(data, "{}")).first
    expect(widget.get_by_role("status")).to_contain_text("can’t be stepped through")
    expect(widget.locator(".em-picture")).to_be_visible()


def test_data_cannot_leave_its_script(page: Page, site_url: str) -> None:
    one = place(page, f"{site_url}/{CHAPTER}")
    assert "<" not in one[one.index(">", one.index("<script")) + 1 : one.index("</script>")]
