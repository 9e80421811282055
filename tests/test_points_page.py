"""Your own points, as readers use the page: by mouse, keys and finger, with what they bring."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Browser, Locator, expect
from test_points import ROOT, ran
from test_touch import Phone
from walk import NAMES_OUTSIDE, Visit, until, visiting

pytestmark = pytest.mark.site

TABLE = (ROOT / "book/data/faithful.csv").read_text()
FUZZ = """async (addresses) => {
  const status = document.querySelector(".em-points .em-status");
  const bad = [];
  for (const address of addresses) {
    const heard = new Promise((done) => addEventListener("hashchange", done, { once: true }));
    location.hash = `#${address}&n=${Math.random()}`;
    await heard;
    const drawn = document.querySelector(".em-points .em-name").getAttribute("transform");
    if (!status.textContent || /NaN|undefined/.test(status.textContent + drawn)) bad.push(address);
  }
  return bad;
}"""
ADDRESSES = [
    "k=1e9",
    "k=6&points=1,2;3,4",
    "points=1e308,1;2,2",
    "points=" + "1,2;" * 3000,
    "points=1,1;1,1;1,1&k=3",
    "points=1,1;2,2;3,3;4,4&k=2&start=rows:1",
    "points=1,1&prior=1",
    "points=1,5;2,5;3,5;7,5&prior=1&covariance=diagonal",
    "data=__proto__&covariance=constructor",
    "data=far-point&k=3&hard=1&prior=1&step=4000",
    "data=line&covariance=spherical&step=3",
    "data=faithful&k=2&start=own:0,0;1e9,1e9&step=9",
    "data=own&k=2&start=own:1,2",
    "data=faithful&k=1&start=own:3,70,1e-30,0,1e-30",
    "data=faithful&k=1&start=own:3,70,1,2,1",
    "names=<img src=x onerror=alert(1)>|y&points=1,2;3,4;5,7;2,2&k=1",
    "step=NaN&start=own:NaN,1;2,2&%00&%ZZ",
]


# What a reader's own paste and drop give the page, of which a driver has neither.
BRING = """([kind, text, name]) => {
  const held = new DataTransfer();
  if (name) held.items.add(new File([text], name));
  else held.setData("text/plain", text);
  const event = kind === "paste"
    ? new ClipboardEvent(kind, { clipboardData: held, bubbles: true, cancelable: true })
    : new DragEvent(kind, { dataTransfer: held, bubbles: true, cancelable: true });
  document.querySelector(".em-plane").dispatchEvent(event);
  return event.defaultPrevented;
}"""


class Points:
    """The page, and what is done on it."""

    def __init__(self, visit: Visit) -> None:
        self.visit, self.page = visit, visit.page
        self.root = self.page.locator(".em-points")
        self.status = self.root.locator(".em-status")
        self.area = self.root.locator(".em-plane-of-starts").first

    def press(self, name: str) -> None:
        self.root.get_by_role("button", name=name, exact=True).click()

    def choose(self, name: str, value: str) -> None:
        self.root.get_by_label(name).select_option(value)

    def says(self, words: str) -> None:
        expect(self.status).to_contain_text(words)

    def answers(self, words: str) -> None:
        expect(self.root.locator(".em-answer", has_text=words)).to_be_visible()

    def figures(self, row: int = 0) -> Locator:
        return self.root.locator(".em-figures tbody tr").nth(row)

    def at(self, right: float, down: float) -> tuple[float, float]:
        """A place in the picture, by shares of its width and height."""
        self.area.scroll_into_view_if_needed()
        box = self.area.bounding_box()
        assert box
        return box["x"] + right * box["width"], box["y"] + down * box["height"]

    def stroke(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.page.mouse.move(*self.at(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.at(*end), steps=6)
        self.page.mouse.up()

    def drag_centre(self, name: str) -> None:
        """Drag a centre by its letter, a little to the right and up."""
        grip = self.root.get_by_role("slider", name=f"Centre {name}")
        box = grip.locator("circle").bounding_box()
        assert box
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + 30, y - 20, steps=4)
        self.page.mouse.up()

    def state(self) -> dict[str, list[str]]:
        return parse_qs(self.page.url.partition("#")[2])

    def count(self) -> int:
        """How many points there are at the start, by what the page says."""
        said = re.search(r"Start: (\d+) points|there are (\d+)", self.status.inner_text())
        return int(said[1] or said[2]) if said else 0

    def has(self, count: Callable[[int], bool]) -> int:
        """The number of points, once it is as it should be."""
        until(self.page, lambda: count(self.count()))
        return self.count()

    def paste(self, text: str) -> None:
        fold = self.root.locator("details")
        if fold.get_attribute("open") is None:
            fold.locator("summary").click()
        fold.get_by_role("textbox").fill(text)
        self.press("Use these rows")

    def copied(self, words: str = "") -> str:
        """The cell of Python, once it is there."""
        cell = self.root.get_by_role("textbox", name="What was copied")
        until(self.page, lambda: words in cell.input_value())
        return cell.input_value()

    def run(self) -> None:
        self.press("Run")
        expect(self.root.get_by_role("button", name="Run", exact=True)).to_be_visible()


@pytest.fixture(scope="module")
def points(chromium: Browser, site_url: str) -> Iterator[Points]:
    """One visit for all tests: what one leaves behind, the next begins with."""
    with visiting(chromium, viewport={"width": 1280, "height": 900}) as visit:
        visit.open_afresh(f"{site_url}/book/points.html")
        yield Points(visit)
        assert not visit.complaints


def test_points_are_put_sprayed_moved_erased_and_taken_back(points: Points) -> None:
    points.press("Clear")
    points.says("Put down some points")
    for right, down in [(0.2, 0.3), (0.3, 0.6), (0.25, 0.4), (0.35, 0.35)]:
        points.page.mouse.click(*points.at(right, down))
    points.has(lambda n: n == 4)
    points.says("Start: ")
    points.page.keyboard.press("Control+z")
    points.says(
        "Put down at least 4 points, so that there is something to fit; so far there are 3."
    )
    points.page.keyboard.press("Control+Shift+Z")
    points.says("Start: ")
    points.press("Spray")
    points.stroke((0.6, 0.5), (0.7, 0.5))
    sprayed = points.has(lambda n: n > 9)
    points.press("Erase")
    points.stroke((0.15, 0.3), (0.22, 0.3))
    points.has(lambda n: n == sprayed - 1)
    points.page.keyboard.press("Control+z")
    points.has(lambda n: n == sprayed)
    points.press("Undo")
    points.has(lambda n: n == 4)
    points.press("Redo")
    points.has(lambda n: n == sprayed)
    points.press("Undo")
    points.has(lambda n: n == 4)
    points.press("Draw a sample")
    points.has(lambda n: n == 100)
    points.press("Undo")
    points.has(lambda n: n == 4)
    figures = points.figures().inner_text()
    points.press("Move")
    points.stroke((0.2, 0.3), (0.5, 0.7))
    until(points.page, lambda: points.figures().inner_text() != figures)
    assert points.count() == 4


def test_undo_takes_a_dragged_centre_back_and_leaves_the_points(points: Points) -> None:
    points.choose("Start", "own")
    centre = points.root.get_by_role("slider", name="Centre A")
    before, count = centre.get_attribute("aria-valuetext"), points.count()
    assert before
    centre.focus()
    points.page.keyboard.press("ArrowRight")
    points.page.keyboard.press("ArrowUp")
    expect(centre).not_to_have_attribute("aria-valuetext", before)
    after = centre.get_attribute("aria-valuetext")
    points.press("Undo")
    expect(centre).to_have_attribute("aria-valuetext", before)
    points.press("Redo")
    expect(centre).to_have_attribute("aria-valuetext", after or "")
    assert points.count() == count


def test_all_of_it_goes_by_keys(points: Points) -> None:
    points.press("Put")
    cursor = points.root.get_by_role("slider", name="Cursor")
    cursor.focus()
    before = points.has(lambda n: n > 0)
    for key in ["ArrowUp", "Shift+ArrowRight", "Enter", "ArrowLeft", " "]:
        points.page.keyboard.press(key)
    points.has(lambda n: n == before + 2)
    points.press("Erase")
    cursor.focus()
    points.page.keyboard.press("Enter")
    points.has(lambda n: n == before)
    points.page.keyboard.press("ArrowUp")
    expect(points.root.locator(".em-datum")).to_contain_text("Row ")


def test_steps_come_in_turn_and_go_back(points: Points) -> None:
    points.choose("Data", "faithful")
    points.press("M-step")
    points.says("Nothing is shared out yet")
    points.press("E-step")
    points.says("Iteration 1, after the E-step")
    expect(points.figures()).to_contain_text("0.000")
    points.press("E-step")
    points.says("the M-step is next")
    points.press("M-step")
    points.says("Iteration 1, after the M-step")
    points.press("Back")
    points.says("Iteration 1, after the E-step")
    points.press("Iteration")
    points.says("Iteration 1, after the M-step")


def test_a_pasted_table_comes_to_the_published_number(points: Points) -> None:
    points.paste("a,b\n1,2\nthree,4")
    points.answers("Line 3 holds “three”, which is no number.")
    points.paste(TABLE)
    points.answers("272 rows are in the picture.")
    points.choose("Components k", "2")
    points.run()
    points.says("It has settled")
    expect(points.figures()).to_contain_text("−1130.26")
    expect(points.figures()).to_contain_text("2322.19")
    points.press("Copy as Python")
    assert ran(points.copied("3.6, 79"))["printed"] == "log-likelihood -1130.2640, BIC 2322.1917\n"


def test_a_file_is_opened_unless_it_is_too_large(points: Points) -> None:
    file = points.root.locator("input[type=file]")
    table = b"wait;length\n3,5;1\n4;2\n5;4\n7;3,5\n9;9\n"
    file.set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": table})
    points.answers("5 rows are in the picture.")
    expect(points.root.locator(".em-axis").first).to_have_text("wait")
    large = b"1,2\n" * 400_000
    file.set_input_files({"name": "b.csv", "mimeType": "text/csv", "buffer": large})
    points.answers("“b.csv” is too large for this page")
    points.has(lambda n: n == 5)
    assert points.page.evaluate(BRING, ["paste", "1,2\n2,4\n3,1\n4,4\n5,5\n6,9\n", ""])
    points.answers("6 rows are in the picture.")
    assert points.page.evaluate(BRING, ["drop", "1,2\n2,4\n3,1\n4,x\n", "c.csv"])
    points.answers("Line 4 holds “x”, which is no number.")
    points.has(lambda n: n == 6)


def test_a_collapse_is_told_in_em_cores_words_and_a_prior_prevents_it(points: Points) -> None:
    points.press("One far point")
    points.answers("One centre stands on the far point.")
    points.run()
    points.says("Component C collapsed at iteration 2: its covariance is not positive definite")
    points.press("Copy as Python")
    refusal, figures = ran(points.copied("9.4, 0.6"))["printed"].splitlines()
    assert refusal.startswith("component 2 collapsed at iteration 2: ")
    advice = points.root.locator(".em-advice")
    expect(advice).to_contain_text(refusal.partition("working precision. ")[2])
    expect(advice).to_contain_text(
        "On this page: tick “Hold small components unlikely (a weak prior)”, "
        "or choose “one for all” under “Covariance”, or press “Another start”."
    )
    (log_likelihood,) = re.findall(r"log-likelihood (\S+),", figures)
    expect(points.figures()).to_contain_text(f"{float(log_likelihood):.2f}".replace("-", "−"))
    points.press("Back")
    points.says("Iteration 2, after the E-step")
    points.root.get_by_label("Hold small components").check()
    points.says("Start: ")
    expect(advice).to_be_empty()
    points.run()
    points.says("It has settled")
    expect(points.root.locator(".em-figures")).to_contain_text("log posterior")


def test_a_long_message_moves_no_control(points: Points) -> None:
    places = """(root) => [...root.querySelectorAll("button, select, label, .em-plane")]
        .filter((one) => !one.closest('[aria-label="Try this"] ~ *, [aria-label="Try this"]'))
        .map((one) => one.getBoundingClientRect().top + scrollY)"""
    for width in (320, 390, 1280):
        points.page.set_viewport_size({"width": width, "height": 900})
        points.press("One far point")
        points.says("Start: ")
        before = points.root.evaluate(places)
        assert len(before) > 20
        points.run()
        points.says("Component C collapsed")
        expect(points.root.locator(".em-advice")).not_to_be_empty()
        assert points.root.evaluate(places) == before, width


def test_the_first_jump_is_marked_where_the_curve_leaves_it_out(points: Points) -> None:
    narrow = "data=faithful&k=2&start=own:2,54,0.05,0,5;4.3,80,0.05,0,5"
    points.page.evaluate("(address) => { location.hash = address; }", narrow)
    points.says("Start: 272 points")
    points.run()
    points.says("It has settled")
    climb = points.root.locator(".em-climb").first
    mark = climb.locator(".em-under")
    expect(mark).to_be_visible()
    expect(climb).to_contain_text("0: below, −1")
    expect(climb).to_have_attribute(
        "aria-label", re.compile(r"−[\d.]+ at iteration 0, below the scale; −1130\.26 at iteration")
    )
    box, frame = mark.bounding_box(), climb.locator(".em-frame").first.bounding_box()
    assert box
    assert frame
    assert abs(box["x"] + box["width"] / 2 - frame["x"]) < 3
    points.press("A start on the saddle")
    points.press("Iteration")
    points.says("Iteration 1, after the M-step")
    expect(mark).to_be_hidden()


def test_a_centre_is_dragged_at_any_iteration_and_begins_from_what_is_shown(
    points: Points,
) -> None:
    points.press("Erase")  # which would take the points beneath
    points.press("A start on the saddle")
    points.press("Iteration")
    points.says("Iteration 1, after the M-step")
    points.drag_centre("B")
    points.says("Start: 120 points")
    points.run()
    points.says("It has settled")
    assert int(re.findall(r"Iteration (\d+)", points.status.inner_text())[0]) > 3


def test_by_the_tool_move_a_letter_takes_its_centre_and_not_the_datum_beneath(
    points: Points,
) -> None:
    points.choose("Data", "faithful")
    points.choose("Start", "kmeans")
    points.choose("Components k", "2")
    points.press("Iteration")
    points.says("Iteration 1, after the M-step")
    figures = points.figures().inner_text()
    points.press("Move")
    points.drag_centre("A")
    points.says("Start: 272 points")
    assert points.state()["data"] == ["faithful"], "a datum was moved"
    expect(points.root.get_by_label("Start")).to_have_value("own")
    points.press("Undo")
    points.says("Iteration 1, after the M-step")
    expect(points.root.get_by_label("Start")).to_have_value("kmeans")
    expect(points.figures()).to_have_text(re.compile(re.escape(figures.split()[1])))
    points.press("Redo")
    points.says("Start: 272 points")
    points.press("Put")


def test_choosing_to_drag_begins_from_the_ellipses_that_are_shown(points: Points) -> None:
    points.choose("Data", "faithful")
    points.choose("Start", "kmeans")
    points.run()
    points.says("It has settled")
    where = points.root.locator(".em-unseen").last
    centres = where.text_content()
    assert "A at eruption (min) " in (centres or "")
    points.choose("Start", "own")
    points.says("Start: 272 points")
    expect(where).to_have_text(centres or "")


def test_while_it_runs_the_figures_are_those_of_the_step(points: Points) -> None:
    points.choose("Data", "faithful")
    points.choose("Components k", "6")
    points.choose("Start", "rows")
    seen = points.page.evaluate(
        """async () => {
          const root = document.querySelector(".em-points");
          const seen = new Set();
          [...root.querySelectorAll("button")].find((one) => one.textContent === "Run").click();
          while (root.querySelector(".em-status").textContent.startsWith("Running")) {
            seen.add(root.querySelector(".em-figures td").textContent);
            await new Promise(requestAnimationFrame);
          }
          return [...seen];
        }"""
    )
    assert len(seen) > 5
    points.choose("Components k", "2")


def test_what_cannot_be_done_looks_so_and_what_was_wrong_goes(points: Points) -> None:
    points.page.reload()
    for name in ("Undo", "Redo"):
        button = points.root.get_by_role("button", name=name)
        expect(button).to_have_attribute("aria-disabled", "true")
    points.paste("1,2\n3,x")
    points.answers("Line 2 holds “x”")
    points.press("A line")
    expect(points.root.locator(".em-answer", has_text="Line 2 holds")).to_have_count(0)
    expect(points.root.get_by_role("button", name="Undo")).to_have_attribute(
        "aria-disabled", "false"
    )
    points.press("Clear")
    points.press("Save the points")
    points.answers("There are no points to save yet.")


def test_only_a_datum_near_the_pointer_is_named(points: Points) -> None:
    points.choose("Data", "far-point")
    about = points.root.locator(".em-datum")
    points.page.mouse.move(*points.at(0.93, 0.92))
    expect(about).to_contain_text("x 9.4, y 0.6")
    points.page.mouse.move(*points.at(0.93, 0.3))
    expect(about).not_to_contain_text("Row")


def test_a_reload_within_a_run_comes_back_to_its_iteration(points: Points) -> None:
    points.paste("".join(f"{i * i % 97},{i * 37 % 89}\n" for i in range(230)))
    points.choose("Components k", "6")
    points.press("Run")
    until(points.page, lambda: "step" in points.state() or "settled" in points.status.inner_text())
    step = int(points.state()["step"][0])
    points.page.reload()
    until(points.page, lambda: int(points.state().get("step", ["0"])[0]) >= step)
    points.says("Iteration ")
    expect(points.figures()).not_to_be_empty()
    points.choose("Components k", "2")


def test_each_experiment_is_set_up_by_a_press(points: Points) -> None:
    questions = set()
    for button in points.root.get_by_role("group", name="Try this").get_by_role("button").all():
        button.click()
        questions.add(points.root.locator(".em-answer").first.text_content())
    assert len(questions) == 6
    points.press("Unequal clouds, hard labels")
    points.run()
    points.says("hard A 0.616")
    expect(points.figures(0)).to_contain_text("soft")
    expect(points.figures(1)).to_contain_text("hard")


def test_a_question_is_gone_to_with_the_picture_below_it(points: Points) -> None:
    points.press("Two for one cloud")
    question = points.root.locator(".em-question")
    expect(question).to_be_focused()
    expect(question).to_be_in_viewport(ratio=1)
    expect(points.area).to_be_in_viewport(ratio=0.9)


def test_a_slide_opens_it_full_screen(points: Points, site_dir: Path) -> None:
    deck = (site_dir / "decks/10_old_faithful.html").read_text()
    (address,) = re.findall(r'href="../book/points.html#(.*?)"', deck)
    points.page.evaluate("(address) => { location.hash = address; }", html.unescape(address))
    points.says("Start: 272 points")
    assert {"data", "k", "full"} == {*points.state()} - {"covariance", "start"}
    assert points.root.bounding_box() == {"x": 0, "y": 0, "width": 1280, "height": 900}
    leave = points.root.get_by_role("button", name="Leave full screen")
    expect(leave).to_be_in_viewport()
    points.run()
    points.says("It has settled")
    expect(points.figures()).to_be_in_viewport()
    assert points.state()["full"] == ["1"]
    leave.focus()
    points.page.keyboard.press("Enter")
    expect(points.root.get_by_role("button", name="Full screen", exact=True)).to_be_focused()
    until(points.page, lambda: "full" not in points.state())
    expect(points.page.get_by_role("banner")).to_be_visible()


def test_centres_and_ellipses_are_moved(points: Points) -> None:
    points.press("A start on the saddle")
    centre = points.root.get_by_role("slider", name="Centre B")
    centre.focus()
    before = centre.get_attribute("aria-valuetext")
    points.page.keyboard.press("ArrowRight")
    expect(centre).not_to_have_attribute("aria-valuetext", before or "")
    end = points.root.get_by_role("slider", name="Ellipse B")
    end.focus()
    figures = points.figures().inner_text()
    points.page.keyboard.press("Shift+ArrowLeft")
    until(points.page, lambda: points.figures().inner_text() != figures)
    points.run()
    points.says("It has settled")


def test_the_picture_and_the_points_are_saved(points: Points, tmp_path: Path) -> None:
    for name, begins in {
        "Save the points": b"x,y",
        "Picture (SVG)": b"<svg",
        "Picture (PNG)": b"\x89PNG",
    }.items():
        with points.page.expect_download() as download:
            points.press(name)
        download.value.save_as(tmp_path / "saved")
        saved = (tmp_path / "saved").read_bytes()
        assert saved.startswith(begins)
        assert len(saved) > 1000
        assert b"var(--" not in saved


def test_the_address_shows_the_same_elsewhere_and_a_reload_keeps_what_is_too_much_for_it(
    points: Points,
) -> None:
    points.paste("".join(f"{i % 7},{i % 11}\n" for i in range(230)))
    points.answers("230 rows are in the picture.")
    points.choose("Components k", "3")
    points.press("Iteration")
    points.says("Iteration 1, after the M-step")
    figures = points.figures().text_content()
    points.press("Copy the address")
    points.answers("without the points, of which there are more than 200")
    assert "points" not in points.state()
    points.page.reload()
    points.says("Iteration 1, after the M-step")
    expect(points.figures()).to_have_text(figures or "")


def test_a_link_that_is_opened_is_not_overwritten_by_a_step_that_is_kept_late(
    points: Points,
) -> None:
    points.page.evaluate(
        "(address) => { location.hash = address; dispatchEvent(new Event('pagehide')); }",
        "data=faithful&k=2&step=3",
    )
    points.says("Iteration 2, after the E-step")


def test_no_address_breaks_the_page(points: Points) -> None:
    assert points.page.evaluate(FUZZ, ADDRESSES) == []


def test_on_paper_and_without_scripts_a_sentence_stands_there(
    points: Points, site_dir: Path
) -> None:
    words = points.page.get_by_text("That needs a screen and JavaScript")
    expect(words).to_be_hidden()
    points.page.emulate_media(media="print")
    expect(words).to_be_visible()
    expect(points.status).to_be_hidden()
    points.page.emulate_media(media="screen")
    page = (site_dir / "book/points.html").read_text()
    assert "That needs a screen and JavaScript" in page


def test_by_finger_the_page_scrolls_and_a_tap_puts_down_a_point(
    chromium: Browser, site_url: str
) -> None:
    with visiting(chromium, viewport={"width": 390, "height": 800}, has_touch=True) as visit:
        visit.open_afresh(f"{site_url}/book/points.html#points=1,2;3,4;5,1")
        phone = Points(visit)
        x, y = phone.at(0.5, 0.5)
        phone.page.touchscreen.tap(x, y)
        phone.has(lambda n: n == 4)
        finger = Phone(visit.page)
        finger.scroll_from(phone.area)
        assert phone.count() == 4
        phone.press("Spray")
        x, y = phone.at(0.5, 0.3)
        finger.swipe((x, y), 20, 40)
        phone.has(lambda n: n > 8)
        assert not visit.complaints


def test_by_finger_a_small_ellipse_leaves_its_letter_and_its_data_within_reach(
    chromium: Browser, site_url: str
) -> None:
    near = "5.1,5.1;4.4,5.3;4.6,4.7;5.4,5.4;5.6,4.8;5,4.4;0,0;0,10;10,0;10,10"
    start = "5,5,0.1,0,0.1;2,2,5,0,5"
    with visiting(chromium, viewport={"width": 390, "height": 800}, has_touch=True) as visit:
        visit.open_afresh(f"{site_url}/book/points.html#points={near}&k=2&start=own:{start}")
        phone = Points(visit)
        phone.press("Erase")
        letter = phone.root.get_by_role("slider", name="Centre A")

        def middle() -> tuple[float, float]:
            phone.at(0.5, 0.5)  # in sight
            box = letter.locator("circle").bounding_box()
            assert box
            return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

        phone.page.touchscreen.tap(*middle())
        phone.has(lambda n: n < 10)
        phone.press("Undo")
        phone.has(lambda n: n == 10)
        phone.press("Move")
        before = letter.get_attribute("aria-valuetext")
        Phone(visit.page).swipe(middle(), 20, 30)
        expect(letter).not_to_have_attribute("aria-valuetext", before or "")
        assert not visit.complaints


def test_a_climb_that_is_rounding_alone_has_a_scale_that_can_be_read(points: Points) -> None:
    points.press("A start on the saddle")
    points.press("Iteration")
    points.says("Iteration 1, after the M-step")
    ticks = points.root.locator(".em-climb").first.locator("g text").all_text_contents()
    assert ticks
    assert all(len(tick) < 8 for tick in ticks), ticks


def test_the_names_on_a_narrow_scale_are_inside_the_picture(points: Points) -> None:
    climb = points.root.locator(".em-climb").first
    start = "own:2.03,54.4,0.07,0.43,33.7;4.29,79.97,0.17,0.94,36"  # so near that little is gained
    points.page.evaluate(
        "(address) => { location.hash = address; }", f"data=faithful&k=2&start={start}"
    )
    points.says("Start: 272 points")
    points.run()
    points.says("It has settled")
    assert max(map(len, climb.locator("g text").all_text_contents())) > 8
    for width in (1280, 390, 320):  # where the letters grow, the frame gives way by itself
        points.page.set_viewport_size({"width": width, "height": 900})
        until(points.page, lambda: climb.evaluate(NAMES_OUTSIDE) == [])
