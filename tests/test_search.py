"""The search: what a reader types and where it leads, over http and from disk."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from copy import copy
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import em_search
import pytest
from bs4 import BeautifulSoup, Tag
from parsed import soup
from playwright.sync_api import Browser, Locator, expect
from walk import CHAPTERS, Visit, visiting

pytestmark = pytest.mark.site

PAGES = [name.removesuffix(".html") for name in CHAPTERS]
Finds = Callable[..., list[list[dict[str, Any]]]]


@pytest.fixture(scope="module", params=["http", "disk"])
def base(request: pytest.FixtureRequest, site_url: str, site_dir: Path) -> str:
    """The site's address, with the final slash, in both ways of reading it."""
    return f"{site_url}/" if request.param == "http" else f"{site_dir.as_uri()}/"


@pytest.fixture(scope="module")
def one(chromium: Browser) -> Iterator[Visit]:
    """A browser page for all searches."""
    with visiting(chromium, viewport={"width": 1280, "height": 800}) as visit:
        yield visit


def search(one: Visit, base: str, typed: str) -> Locator:
    """Type words on the search page, empty or with what was found before; the places found."""
    one.complaints.clear()
    one.requests.clear()
    address = f"{base}search.html?{urlencode({'q': typed})}"
    if one.page.url == address or not one.page.url.startswith(f"{base}search.html"):
        one.page.goto(f"{base}search.html")
    one.page.locator("#q").fill(typed)
    one.page.locator("#q").press("Enter")
    one.page.wait_for_url(address)
    expect(one.page.locator("#search-status")).to_have_text(re.compile(r"[:.]$"))
    assert one.complaints == []
    assert one.elsewhere(base) == []
    return one.page.locator("#search-results li")


def addresses(found: Locator) -> list[str]:
    """Where the places are."""
    return found.locator("a").evaluate_all("(all) => all.map((one) => one.getAttribute('href'))")


# Asks as an address with words does, and again without a page for each: the index comes once more,
# looks at the address, and what comes first is on its way. What was shown before is taken away.
# Nothing is laid out, which no answer is about.
ASK = """async (typed) => {
  document.body.style.display = "none";
  const scripted = (src) => new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src });
    document.head.append(Object.assign(script, { onload: resolve, onerror: reject }));
  });
  const answer = async (text) => {
    for (const old of document.querySelectorAll("#search-results > li, .more")) old.remove();
    const status = document.getElementById("search-status");
    status.textContent = "";
    history.replaceState(null, "", `?${new URLSearchParams({ q: text })}`);
    await scripted("_search/index.js");
    for (const end = performance.now() + 60_000; !/[:.]$/.test(status.textContent);) {
      if (performance.now() > end) throw new Error(`${text}: ${status.textContent}`);
      await new Promise((done) => setTimeout(done));
    }
    const more = document.querySelector(".more");
    more?.click();
    while (more?.isConnected) await new Promise((done) => setTimeout(done));
    return [...document.querySelectorAll("#search-results > li")].map((place) => {
      const link = place.querySelector("a");
      const marks = [...place.querySelectorAll("mark")].map((mark) => mark.textContent);
      const marked = link.querySelector("mark") !== null;
      return { address: link.getAttribute("href"), heading: link.textContent, marked, marks };
    });
  };
  const found = [];
  for (const text of typed) found.push(await answer(text));
  return found;
}"""


@pytest.fixture(scope="module")
def finds(chromium: Browser, site_url: str) -> Iterator[Finds]:
    """Search for words, one after the other on one page; all places that each finds, in order."""
    with visiting(chromium) as visit:
        visit.page.goto(f"{site_url}/search.html")
        yield lambda *typed: visit.page.evaluate(ASK, typed)
        assert visit.complaints == []
        assert visit.elsewhere(site_url) == []


def text_of(site_dir: Path, name: str) -> em_search.PageText:
    """What the search knows of a page."""
    return texts_of(site_dir)[name]


@cache
def texts_of(site_dir: Path) -> dict[str, em_search.PageText]:
    """What the search knows, by page."""
    return {page.name: page for page in em_search.read_scripts(site_dir / em_search.FOLDER)}


# --- what comes first -----------------------------------------------------------------------------

# What is typed, and a part of the address and of the heading that come first.
FIRST = [
    ("Jensen", "01_jensen.html", "Jensen’s inequality"),
    ("why EM", "04_derivation.html", "Why EM works"),
    ("EM for coins", "05_coins.html", "EM for coins"),
    ("standard error", "#", "standard error"),
    ("E-step", "#", "E-step"),
    ("e step", "#", "E-step"),
    ("estep", "#", "E-step"),
    ("how many components", "16_how_many.html", "How many components"),
    ("number of components", "16_how_many.html#", "Choosing the number of components"),
    ("overfitting", "16_how_many.html", "How many components?"),
    # A word in bold: the place that introduces it, before those that mention it.
    ("saddle", "05_coins.html#a-start-that-sticks", "A start that sticks"),
    ("saddle point", "05_coins.html#a-start-that-sticks", "A start that sticks"),
    ("label switching", "07_restarts.html#the-same-answer-under-two-names", ""),
    # A heading and its page's title together; a name of the code is no word of a heading.
    ("EM algorithm", "04_derivation.html#the-algorithm", "The algorithm"),
    # What tells comes before what asks, repeats and lists.
    ("maximum likelihood", "02_complete.html#", ""),
    ("missing data", "book/1", ""),  # no list of sources
    # Others' words.
    ("initial values", "07_restarts.html", "Several starts"),
    ("ELBO", "04_derivation.html#the-lower-bound", "The lower bound"),
    ("sklearn", "#scikit-learn-or-em-core", "scikit-learn or em_core?"),
    ("parallel", "13_loop_to_limit.html#all-cores", "All cores"),
    ("convergence", "#", "has converged"),
    ("slides", "teaching.html#the-decks", "The decks"),
    ("largest or smallest", "#", "BIC: largest or smallest?"),
    ("Why not maximise p(x; θ) directly?", "#", "Why not maximise p(x; θ) directly?"),
    ("fit_restarts", "api.html#em_core.fit_restarts", "fit_restarts"),
    ("CollapseError", "api.html#em_core.CollapseError", "CollapseError"),
]


@pytest.mark.parametrize(("typed", "address", "heading"), FIRST, ids=[row[0] for row in FIRST])
def test_what_one_looks_for_comes_first(
    finds: Finds, typed: str, address: str, heading: str
) -> None:
    ((first, *_),) = finds(typed)
    assert address in first["address"]
    assert heading in first["heading"]


@pytest.mark.parametrize("typed", ["k-means", "E-step", "lower bound", "saddle", "BIC", "Wu"])
def test_the_place_that_comes_first_has_the_words(finds: Finds, site_dir: Path, typed: str) -> None:
    words = re.compile(re.escape(typed), re.IGNORECASE)
    ((first, *_),) = finds(typed)
    assert any(words.search(mark) for mark in first["marks"])
    name, _, anchor = first["address"].partition("#")
    page = soup(site_dir / name)
    place = page.find(id=anchor) if anchor else page.main
    assert words.search(place.get_text())  # type: ignore[union-attr]


@pytest.mark.parametrize("typed", ["saddle", "Wu"])
def test_a_click_leads_to_the_place(one: Visit, base: str, typed: str) -> None:
    words = re.compile(re.escape(typed), re.IGNORECASE)
    first = search(one, base, typed).first
    assert any(words.search(mark.inner_text()) for mark in first.locator("mark").all())
    first.locator("a").click()
    one.page.wait_for_url(f"{base}book/**")
    anchor = one.page.evaluate("decodeURIComponent(location.hash.slice(1))")
    place = one.page.locator(f'[id="{anchor}"]' if anchor else "main")
    assert words.search(str(place.text_content()))
    expect(place).to_be_in_viewport()


@pytest.mark.parametrize("typed", ["E-step", "Jensen", "responsibilities", "log-likelihood"])
def test_a_heading_comes_before_a_mention(finds: Finds, typed: str) -> None:
    (found,) = finds(typed)
    # Names of the code and the book's own title are mentions.
    headed = [place["marked"] for place in found if told_in(place["address"])]
    assert len(set(headed)) == 2
    assert headed == sorted(headed, reverse=True)


def told_in(address: str) -> bool:
    """Whether a place is neither in the list of the code nor on the first page."""
    return not re.search(r"/(api|index)\.html", address)


def test_words_side_by_side_come_before_words_apart(finds: Finds) -> None:
    (found,) = finds("k means")
    marks = [  # in the heading or in the sentence; a list of sources comes after what tells
        [mark.casefold() for mark in place["marks"]]
        for place in found
        if "bibliography.html" not in place["address"]
    ]
    together = [bool({"k-means", "k means"} & set(found)) for found in marks]
    assert len(set(together)) == 2
    assert together == sorted(together, reverse=True)


@pytest.mark.parametrize(
    ("one_way", "other_way"),
    [
        ("E-step", "e-step"),
        ("k-means", "kmeans"),
        ("lower-bound", "lowerbound"),  # which is a widget's name, too
        ("maximise", "maximize"),
        ("colour", "color"),
        ("labelled", "labeled"),
        ("Gaussian mixture", "gaussian mixtures"),
        ("Jensen's", "Jensen’s"),
        ("log-likelihood", "loglikelihood"),
        ("log-sum-exp", "logsumexp"),
        ("start", "initialisation"),
    ],
)
def test_two_spellings_find_the_same(finds: Finds, one_way: str, other_way: str) -> None:
    found, other = ([place["address"] for place in all_of] for all_of in finds(one_way, other_way))
    assert found
    assert other == found


# What is found is reckoned by one script, of the same files over http and from disk.
def test_a_slip_of_the_finger_finds_what_is_nearly_like_it(one: Visit, site_url: str) -> None:
    expected = addresses(search(one, f"{site_url}/", "Kullback"))
    assert addresses(search(one, f"{site_url}/", "Kulback")) == expected != []
    expect(one.page.locator("#search-status")).to_contain_text("stands nowhere")


@pytest.mark.parametrize("typed", ["zyzzyva", "LDA"])
def test_nothing_is_found_of_what_is_not_there(one: Visit, site_url: str, typed: str) -> None:
    found = search(one, f"{site_url}/", typed)
    assert found.count() == 0  # nor what is like it, where the word is short
    expect(one.page.locator("#search-status")).to_have_text(f"Nothing in the book has “{typed}”.")


def test_what_no_section_has_whole_is_found_in_part(one: Visit, site_url: str) -> None:
    assert search(one, f"{site_url}/", "zyzzyva saddle").count() > 0
    expect(one.page.locator("#search-status")).to_contain_text("No section has all of")


def test_every_question_of_the_page_of_questions_is_found(finds: Finds, site_dir: Path) -> None:
    sections = text_of(site_dir, "book/questions").sections
    questions = [section.heading for section in sections if section.level == 3]
    found = zip(questions, finds(*questions), strict=True)
    assert [question for question, (first, *_) in found if first["heading"] != question] == []


# --- how it is shown and used ---------------------------------------------------------------------


def test_words_are_marked_by_more_than_colour(one: Visit, site_url: str) -> None:
    mark = search(one, f"{site_url}/", "saddle").first.locator("mark").first
    expect(mark).to_have_css("font-weight", "700")
    expect(mark).to_have_css("text-decoration-line", "underline")


def test_one_searches_by_keyboard_alone(one: Visit, base: str) -> None:
    found = search(one, base, "EM")
    one.page.locator("#q").focus()
    for _ in range(2):  # past the button, to the first place
        one.page.keyboard.press("Tab")
    expect(found.first.locator("a")).to_be_focused()
    shown = found.count()
    one.page.locator(".more").focus()
    one.page.keyboard.press("Enter")
    expect(found.nth(shown).locator("a")).to_be_focused()
    assert found.count() > shown
    expect(one.page.locator(".more")).to_have_count(0)
    one.page.keyboard.press("Enter")
    one.page.wait_for_url(f"{base}book/**")


def test_what_was_typed_stands_in_the_field(one: Visit, site_url: str) -> None:
    search(one, f"{site_url}/", "p(x; θ) & <b>")
    expect(one.page.locator("#q")).to_have_value("p(x; θ) & <b>")


@pytest.mark.parametrize("kind", ["places", "sentences"])
def test_a_part_that_does_not_arrive_is_missed_in_words(
    one: Visit, site_url: str, kind: str
) -> None:
    lost = f"**/_search/{kind}*.js"
    one.page.route(lost, lambda route: route.abort())
    one.page.goto(f"{site_url}/search.html?q=saddle")
    expect(one.page.locator("#search-status")).to_have_text(
        "A part of the search did not arrive. Reload the page to try again."
    )
    expect(one.page.locator("#search-results li")).to_have_count(0)
    one.page.unroute(lost)
    one.page.reload()
    expect(one.page.locator("#search-status")).to_contain_text("places with “saddle”:")


# --- the page of questions ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def questions(site_dir: Path) -> dict[str, Tag]:
    """Each question, and the paragraph that answers it."""
    page = soup(site_dir / "book/questions.html")
    found = {}
    for heading in page.select("main h3"):
        (answer,) = heading.parent.find_all("p", recursive=False)  # type: ignore[union-attr]
        found[heading.get_text().removesuffix("#")] = answer
    assert len(found) > 20
    return found


def test_a_question_is_answered_in_one_sentence_and_leads_on(questions: dict[str, Tag]) -> None:
    for question, answer in questions.items():
        said, _, where = answer.get_text().partition(" Read on in ")
        assert len(em_search.SENTENCE_ENDS.split(said)) == 1, question
        assert len(answer.select("a")) == 1, question
        assert where.rstrip(".") == answer.select("a")[0].get_text(), question


def test_a_question_leads_to_the_place_that_it_names(
    questions: dict[str, Tag], site_dir: Path
) -> None:
    for question, answer in questions.items():
        link = answer.select("a")[0]
        name, _, anchor = str(link["href"]).partition("#")
        html = soup(site_dir / "book" / name)
        # A colon stands between the two, but not after a title that asks.
        title, heading = [*re.split(r": |(?<=[?]) ", link.get_text(), maxsplit=1), ""][:2]
        assert heading_at(html, "") == title, question
        # A chapter that asks the question itself has it as the heading.
        assert heading_at(html, anchor) == (heading or question), question


def heading_at(html: BeautifulSoup, anchor: str) -> str:
    """What the section is called in which an anchor stands, or the page."""
    place = html.find(id=anchor) if anchor else html.select_one("main section")
    heading = copy(place.find_next(["h1", "h2", "h3"]))  # type: ignore[union-attr]
    for aside in heading.select(".headerlink, .section-number"):  # type: ignore[union-attr]
        aside.decompose()
    return heading.get_text().strip()  # type: ignore[union-attr]


def test_a_question_that_a_chapter_asks_is_listed(
    questions: dict[str, Tag], site_dir: Path
) -> None:
    linked = {str(answer.select("a")[0]["href"]) for answer in questions.values()}
    for name in PAGES:
        html = soup(site_dir / f"{name}.html")
        asked = {str(place["id"]) for place in html.select('main [id^="q-"]')}
        assert {f"{Path(name).name}.html#{one}" for one in asked} <= linked


# --- what it needs --------------------------------------------------------------------------------


# Bytes of a search from a cold page, the index and the parts.
MOST = 100_000
AT_ONCE = 12  # places that are shown before more are asked for


def test_the_index_has_all_pages_and_there_is_no_other(site_dir: Path) -> None:
    assert set(PAGES) <= set(texts_of(site_dir))
    assert not list(site_dir.rglob("searchindex.js"))  # Sphinx's, which would be a second one


def asked_for(site_dir: Path) -> list[str]:
    """What readers may type: questions, headings, the letters and words of the notation."""
    pages = texts_of(site_dir)
    headings = [section.heading for page in pages.values() for section in page.sections]
    notation = [
        cell
        for section in pages["book/notation"].sections
        for sentence in section.sentences
        if " · " in sentence  # a row of a table; a whole sentence is not what one types
        for cell in sentence.split(" · ")
    ]
    words = [cell for cell in notation if em_search.WORD.search(cell)]
    return list(dict.fromkeys([*headings, *words, *(typed for typed, *_ in FIRST)]))


@pytest.fixture(scope="module")
def weights(site_dir: Path) -> dict[str, int]:
    """Bytes of each script of the search, by its name."""
    return {path.stem: path.stat().st_size for path in (site_dir / em_search.FOLDER).iterdir()}


def longest_sentences(site_dir: Path) -> list[str]:
    """What readers may paste: the book's longest sentences."""
    sections = chain.from_iterable(page.sections for page in texts_of(site_dir).values())
    sentences = set(chain.from_iterable(section.sentences for section in sections))
    return sorted(sentences, key=lambda one: (len(one.split()), one))[-100:]


def test_a_search_costs_little_whatever_is_asked(
    one: Visit, site_url: str, site_dir: Path, weights: dict[str, int]
) -> None:
    shown = sorted(weight for name, weight in weights.items() if name.startswith("sentences"))
    assert weights[em_search.INDEX] + em_search.ROOM + sum(shown[-AT_ONCE:]) <= MOST
    # What of a word's places has no room is never found.
    assert all(weights[name] < em_search.ROOM / 3 for name in weights if name.startswith("places"))
    longest = longest_sentences(site_dir)
    assert len(longest[0].split()) >= 40
    asked = [*asked_for(site_dir), *longest, " ".join(longest)]
    assert len(asked) > 800
    search(one, f"{site_url}/", "saddle")
    needed = one.page.evaluate("(asked) => asked.map(emSearch.needs)", asked)
    costs = {
        typed: sum(map(weights.__getitem__, names))
        for typed, names in zip(asked, needed, strict=True)
    }
    assert {typed: cost for typed, cost in costs.items() if not 0 < cost <= em_search.ROOM} == {}


@pytest.mark.parametrize("which", ["a word", "a question", "the longest sentence"])
def test_a_search_loads_what_it_needs_and_no_place_that_is_not_shown(
    chromium: Browser, site_url: str, site_dir: Path, weights: dict[str, int], which: str
) -> None:
    typed = {
        "a word": "k-means",
        "a question": "Why not maximise p(x; θ) directly?",
        "the longest sentence": longest_sentences(site_dir)[-1],
    }[which]
    with visiting(chromium) as visit:
        found = search(visit, f"{site_url}/", typed)
        requests = [url for url in visit.requests if f"/{em_search.FOLDER}/" in url]
        needed = visit.page.evaluate("emSearch.needs", typed)
        shown = found.locator("p").all_inner_texts()
        status = visit.page.locator("#search-status").inner_text()
    # Of a long text not all words are looked for, which is said.
    assert (f"with most of “{typed}”" in status) == (which == "the longest sentence")
    loaded = Counter(Path(url).stem for url in requests)
    index = loaded.pop(em_search.INDEX)  # comes with each page: the first, and that which answers
    assert 0 < index <= 2
    assert set(loaded.values()) == {1}
    sentences = {name for name in loaded if name.startswith("sentences")}
    assert loaded.keys() - sentences == set(needed)
    # Each part has a sentence that is shown, and each that is shown stands in one.
    assert 0 < len(shown) <= AT_ONCE
    said = {name: em_search.read_part(site_dir / em_search.FOLDER, name) for name in sentences}
    pieces = [one.removeprefix("… ").removesuffix(" …") for one in shown]
    in_parts = {
        piece: {name for name, all_of in said.items() if any(piece in one for one in all_of)}
        for piece in pieces
    }
    assert all(in_parts.values())
    assert set().union(*in_parts.values()) == sentences
    assert weights[em_search.INDEX] + sum(weights[name] for name in loaded) <= MOST


def test_a_sentence_of_the_book_leads_to_its_place(finds: Finds, site_dir: Path) -> None:
    longest = longest_sentences(site_dir)[-12:]
    for typed, (first, *_) in zip(longest, finds(*longest), strict=True):
        name, _, anchor = first["address"].partition("#")
        page = text_of(site_dir, name.removesuffix(".html"))
        section = next(s for s in page.sections if anchor in (s.anchor, ""))
        assert typed in section.sentences


@pytest.mark.parametrize("numbers", [[], [0], [45, 46, 47, 2115, 2116, 97_336], [0, 0, 1]])
def test_numbers_are_read_as_they_were_written(numbers: list[int]) -> None:
    assert em_search.from_signs(em_search.in_signs(*numbers)) == numbers


@pytest.mark.parametrize("name", PAGES)
def test_each_place_of_a_page_is_there_and_says_what_the_search_says(
    site_dir: Path, name: str
) -> None:
    page = soup(site_dir / f"{name}.html")
    anchors = {str(tag["id"]) for tag in page.select("[id]")}
    text = text_of(site_dir, name)
    assert [s.anchor for s in text.sections if s.anchor not in anchors] == []
    headings = {" ".join(h.get_text().split()) for h in page.select("h2, h3") if not h.find("math")}
    known = {s.heading for s in text.sections}
    assert {h for h in headings if h.removesuffix("#").strip() not in known} == set()


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"\theta_A^{(t)}", "θ_A^(t)"),
        (r"\tfrac12 \log \frac{0.3}{x + 1}", "1/2 log (0.3)/(x + 1)"),
        (r"q(j) \le 0", "q(j) ≤ 0"),
        (r"f''(x)", "f″(x)"),
        (r"\mathrm{KL}(q \,\|\, p)", "KL(q ‖ p)"),
    ],
)
def test_a_formula_is_written_in_a_line(tex: str, text: str) -> None:
    assert " ".join(em_search.formula(tex).split()) == text


def test_a_wrong_answer_of_a_quiz_is_shown_with_what_is_said_of_it(site_dir: Path) -> None:
    quiz = next(
        s for s in text_of(site_dir, "book/05_coins").sections if s.anchor == "test-yourself"
    )
    answers = [sentence for sentence in quiz.sentences if sentence.startswith("“")]
    assert len(answers) > 5
    assert all(re.search(r"” (Yes|No|True|Partly|Nearly)", answer) for answer in answers)
