"""The tour: every scene by keys, buttons, dots, address and scrolling; its numbers by em_core."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import notebooks
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from em_core import GaussianMixture, GaussianParams, lower_bound
from em_core.em import EMState, Model
from em_core.widgets import BoundBars, Moment
from em_core.widgets.base import number, run
from em_core.widgets.mean_bound import HeldMeans
from em_core.widgets.mixture_steps import make_start

pytestmark = pytest.mark.site

X = np.loadtxt(notebooks.BOOK / "data" / "faithful.csv", delimiter=",", skiprows=1)
SPREAD = np.cov(X.T)
SHARED, LONELY = 56, 46
STARTS = {
    "guess": GaussianParams([0.5, 0.5], [[2.5, 85], [4, 50]], [np.diag([0.3, 40])] * 2),
    "caught": make_start(X, 2, 8),
    "narrow": GaussianParams(
        [0.5, 0.5], [X[LONELY], X.mean(axis=0)], [1e-2 * np.diag(np.diag(SPREAD)), SPREAD]
    ),
}
ON_A_LINE = GaussianParams([0.5, 0.5], [[45], [60]], [[[100]]] * 2)
MOST_WORDS = 60
SAYS = ".tour-says"
# What is drawn of a scene: its texts, and what is seen of its parts.
DRAWN = """() => {
  const here = document.querySelector(".tour-stage > .here");
  const seen = (part) => getComputedStyle(here.querySelector(part) ?? here).opacity === "1";
  return {
    texts: [...here.querySelectorAll("svg text")].map((text) => text.textContent).join(" | "),
    ovals: seen(".em-ellipse"),
    ring: here.dataset.emWidget === "mixture-steps" && seen(".em-handle"),
    moving: here.getAnimations({ subtree: true }).length > 0,
  };
}"""


@cache
def states(which: str) -> list[EMState]:
    return run(GaussianMixture(), X, STARTS[which], 100, until_settled=True)[0]


@cache
def on_a_line() -> list[EMState]:
    return run(HeldMeans(), X[:, 1:], ON_A_LINE, 12)[0]


def value(which: str, t: int) -> str:
    return number(states(which)[t].log_likelihood, 2)


def rises(t: int) -> tuple[float, float]:
    """What iteration t has raised the bound and the log-likelihood by, on the line."""
    before, after = on_a_line()[t - 1 : t + 1]
    model: Model = HeldMeans()
    bound = lower_bound(model, X[:, 1:], after.params, before.responsibilities)
    return bound - before.log_likelihood, after.log_likelihood - before.log_likelihood


def told() -> list[list[str]]:
    """The numbers of each scene's text."""
    share = states("guess")[0].responsibilities[SHARED]
    centre = [float(state.params.means[0, 0]) for state in on_a_line()]
    return [
        [],
        [value("guess", 0)],
        [f"{share[0]:.2f}", f"{share[1]:.2f}"],
        [value("guess", 0), value("guess", 1)],
        ["a dozen", value("guess", 12)],
        [],
        [f"{centre[0]:g}"],
        [f"{centre[1]:.1f}", *(f"{rise:.2f}" for rise in rises(1))],
        [f"{centre[-1]:.1f}"],
        [],
        [value("caught", -1), value("guess", -1)],
        [],
        [],
    ]


def drawn() -> list[list[str]]:
    """Texts in each scene's picture."""
    bound, whole = rises(1)
    bound2, whole2 = rises(2)
    return [
        [],
        [f"log-likelihood {value('guess', 0)}"],
        [f"log-likelihood {value('guess', 0)}"],
        [f"log-likelihood {value('guess', 1)}"],
        [f"log-likelihood {value('guess', 12)}"],
        ["centre of A (min)"],
        ["centre of A (min)"],
        [f"bound +{bound:.3f}", f"gap +{whole - bound:.3f}"],
        ["centre of A (min)"],
        [f"+{bound2:.1f}", f"+{whole2 - bound2:.1f}", "iteration 2, enlarged"],
        [f"log-likelihood {value('caught', -1)}"],
        [f"log-likelihood {value('narrow', -1)}"],
        [f"log-likelihood {value('guess', 12)}"],
    ]


class Tour:
    """The tour in a browser, in which nothing moves that need not."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.sections = page.locator(".tour > section")
        self.ids = self.sections.evaluate_all("(all) => all.map((one) => one.id)")
        self.words = self.sections.evaluate_all(
            "(all) => all.map((one) => one.querySelector('p').textContent)"
        )

    def is_at(self, i: int) -> None:
        """Wait until dots, address and picture are at a scene; look at the picture."""
        here = self.page.locator(".tour-way [aria-current]")
        expect(here).to_have_attribute("href", f"#{self.ids[i]}")
        expect(self.page).to_have_url(re.compile(f"#{self.ids[i]}$"))
        expect(self.sections.nth(i)).to_be_in_viewport()
        found = self.page.evaluate(DRAWN)
        assert all(text in found["texts"] for text in drawn()[i]), found["texts"]
        assert found["ovals"] == (i > 0)
        assert found["ring"] == (i in (2, 11))
        assert not found["moving"]


@pytest.fixture(scope="module")
def tour(chromium: Browser, site_dir: Path) -> Iterator[Tour]:
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    complaints: list[str] = []
    context.on("console", lambda message: complaints.append(message.text))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    page = context.new_page()
    page.goto((site_dir / "book" / "tour.html").as_uri())
    page.locator(".tour.em-ready").wait_for()
    yield Tour(page)
    context.close()
    assert not complaints


def test_every_number_of_the_texts_is_em_cores(tour: Tour) -> None:
    assert len(tour.words) == len(told())
    for words, numbers in zip(tour.words, told(), strict=True):
        assert all(text in words for text in numbers), (words, numbers)
        assert len(words.split()) <= MOST_WORDS


def test_keys_lead_through_all_scenes_and_each_is_said(tour: Tour) -> None:
    for i in range(1, len(tour.ids)):
        tour.page.keyboard.press("ArrowRight")
        tour.is_at(i)
        expect(tour.page.locator(SAYS)).to_have_text(
            f"Scene {i + 1} of {len(tour.ids)}: {tour.words[i]}"
        )
    tour.page.keyboard.press("ArrowRight")  # there is no more
    tour.is_at(len(tour.ids) - 1)


def test_the_picture_says_what_is_seen(tour: Tour) -> None:
    picture = tour.page.get_by_role("img", name=value("guess", 0)).first
    tour.page.locator(".tour-way li a").nth(1).click()
    expect(picture).to_be_visible()


def test_buttons_step_dots_jump_and_going_back_undoes_a_jump(tour: Tour) -> None:
    dots, page = tour.page.locator(".tour-way li a"), tour.page
    dots.nth(9).click()
    tour.is_at(9)
    for i in (8, 7):
        page.get_by_role("button", name="Previous").click()
        tour.is_at(i)
    page.get_by_role("button", name="Next", exact=True).click()
    tour.is_at(8)
    dots.nth(3).click()
    tour.is_at(3)
    page.go_back()
    tour.is_at(8)  # where the jump began, since steps leave no trace
    page.go_forward()
    tour.is_at(3)


def test_scrolling_leads_on_and_back(tour: Tour) -> None:
    for i in (3, 11, 0):
        tour.sections.nth(i).evaluate("(section) => section.scrollIntoView({ block: 'start' })")
        tour.is_at(i)


def test_an_address_leads_to_its_scene(tour: Tour, site_dir: Path) -> None:
    tour.page.goto("about:blank")
    tour.page.goto(f"{(site_dir / 'book' / 'tour.html').as_uri()}#{tour.ids[8]}")
    tour.is_at(8)


def test_what_moves_comes_to_rest_where_nothing_moved(tour: Tour) -> None:
    page, dots = tour.page, tour.page.locator(".tour-way li a")
    point = page.locator(".tour-stage > .here .em-here")
    dots.nth(7).click()
    tour.is_at(7)
    place = point.get_attribute("transform")
    dots.nth(6).click()
    tour.is_at(6)
    assert point.get_attribute("transform") != place
    page.emulate_media(reduced_motion="no-preference")
    page.keyboard.press("ArrowRight")
    expect(point).to_have_attribute("transform", place or "")
    page.emulate_media(reduced_motion="reduce")


def test_on_paper_each_scene_has_its_picture(tour: Tour) -> None:
    tour.page.emulate_media(media="print")
    expect(tour.page.locator(".tour-view")).to_be_hidden()
    for i in range(len(tour.ids)):
        expect(tour.sections.nth(i).locator("img.only-light")).to_be_visible()
    tour.page.emulate_media(media="screen")


def test_without_scripts_each_scene_has_its_picture(chromium: Browser, site_dir: Path) -> None:
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto((site_dir / "book" / "tour.html").as_uri())
        expect(page.locator(".tour-view")).to_be_hidden()
        assert page.locator(".tour > section img.only-light:visible").count() == len(told())


def test_its_moments_say_what_they_can_not_show() -> None:
    bars = BoundBars(HeldMeans(), X[:, 1:], ON_A_LINE)
    with pytest.raises(ValueError, match=r"step: 13 must be between 0 and 12"):
        Moment(bars, 13)
    with pytest.raises(ValueError, match=r"only MixtureSteps has points"):
        Moment(bars, 0, points_alone=True)


def test_its_slides_are_its_scenes() -> None:
    cells = json.loads((notebooks.BOOK / "tour.ipynb").read_text())["cells"]
    minutes = [cell["metadata"].get("slideshow", {}).get("minutes", 0) for cell in cells]
    assert sum(minutes) == pytest.approx(5)
