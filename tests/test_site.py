"""Every page of the built site, in a browser, over http and from disk."""

from __future__ import annotations

import json
import re
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import build
import em_site
import notebooks
import pytest
import reference
import yaml
from docutils import nodes
from docutils.utils import new_document
from parsed import soup
from playwright.sync_api import Browser, Page, expect
from walk import CHAPTERS, LAST_RESORT, NAMES, Seen, Visit, Walk, is_remembered, until, visiting

pytestmark = pytest.mark.site

# The rows of the lecture, and the words of the page that has them.
ROWS = {
    "01_jensen": ["convex", "concave", "almost surely"],
    "02_complete": ["0.733", "7.65526775"],
    "03_incomplete": ["lower bound", "two"],
    "04_derivation": ["Kullback", "Jensen"],
    "05_coins": ["Notation", "θ"],
    "06_coin_code": ["18", "0.797", "0.520", "−29.87"],
    "07_restarts": ["label", "5756.59565198"],
    "08_gaussians": ["0.017", "0.012", "0.023", "Lagrange"],
    "09_gaussian_code": ["3690.55684609", "einsum", "CollapseError"],
    "10_old_faithful": ["0.36085", "1034.00"],
    "11_your_own_model": ["Hasselblad", "linkage"],
    "12_three_sums": ["scatter", "sufficient statistics"],
    "13_loop_to_limit": ["softmax", "memmap", "bytes"],
    "14_how_fast_how_sure": ["Louis", "bootstrap", "moth"],
    "15_misleads": ["posterior", "k-means", "floor"],
    "16_how_many": ["χ²", "mclust", "ICL", "held-out"],
    "18_in_order": ["hidden Markov chain", "Baum", "13.13376", "0.071626"],
    "19_holes": ["missing at random", "Murray", "censored"],
    "20_coins_in_a_row": ["latent class", "Goodman", "log-likelihood ratio", "14.7"],
    "21_streams": ["online EM", "Titterington", "Mini-batches"],
    "22_family": ["coordinate ascent", "ELBO", "mixtools"],
    "measured": ["roofline", "80-bit"],
    "notation": ["responsibilit"],
    "changes": ["2015"],
    "ledger": ["−29.868676155"],
    "reference": ["em-reference.json", "StepMix"],
    "bibliography": ["Dempster"],
    "api": ["em_steps", "fit_restarts"],
}


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[..., Visit]]:
    """Open browser pages with settings of their own."""
    with ExitStack() as open_ones:
        yield lambda **how: open_ones.enter_context(visiting(chromium, **how))


@pytest.fixture(params=["http", "disk"])
def base(request: pytest.FixtureRequest, site_url: str, site_dir: Path) -> str:
    """The site's address, with the final slash, in both ways of reading it."""
    return f"{site_url}/" if request.param == "http" else f"{site_dir.as_uri()}/"


# --- what one visit shows of every page -----------------------------------------------------------


@pytest.mark.parametrize("way", ["http", "disk"])
def test_no_page_complains_and_none_breaks_the_policy(seen: Seen, way: str) -> None:
    assert seen.complaints[way] == []


@pytest.mark.parametrize("way", ["http", "disk"])
def test_no_page_asks_another_host(seen: Seen, way: str) -> None:
    assert seen.elsewhere[way] == []


def test_a_page_fits_its_width_in_both_modes(seen: Seen) -> None:
    assert {width for width, _ in seen.surplus} == {320, 390, 1280}
    assert {mode for _, mode in seen.surplus} == {"light", "dark"}
    assert {setting: by for setting, by in seen.surplus.items() if by > 0} == {}


def test_no_table_must_be_scrolled_from_390_px_on(seen: Seen) -> None:
    wide = {setting: said for setting, said in seen.scrolling_tables.items() if setting[0] >= 390}
    assert wide
    assert not any(wide.values()), wide


def test_every_picture_has_words(seen: Seen) -> None:
    assert seen.without_alt == []


def test_the_mode_is_the_system_s(seen: Seen) -> None:
    if seen.name == "404.html":  # it has no script of the site's, and is coloured by itself
        assert set(seen.schemes.values()) == {"normal"}
        return
    assert all(scheme == mode for (_, mode), scheme in seen.schemes.items()), seen.schemes


def test_of_twin_pictures_the_mode_s_own_is_shown(seen: Seen) -> None:
    for (width, mode), shown in seen.twins.items():
        assert shown <= {f"only-{mode}"}, f"{mode}, {width} px"


def test_the_walk_finds_what_it_looks_for(
    chromium: Browser, site_dir: Path, tmp_path: Path
) -> None:
    """A page with every fault is told from a page with none."""
    policy = """<meta http-equiv="Content-Security-Policy" content="img-src 'self'">"""
    (tmp_path / "page.html").write_text(
        f"""<!DOCTYPE html><title>Bad</title>{policy}<script>console.error("no")</script>
        <img class="only-light" src="lost.png"><img class="only-dark" src="http://127.0.0.1:9/x">
        <p style="width: 2000px">wide</p>
        <main style="overflow-x: auto"><table><td>{"wide" * 400}</table></main>"""
    )
    walk = Walk(chromium, tmp_path.as_uri(), tmp_path.as_uri())
    seen = walk["page.html"]
    walk.close()
    said = " ".join(seen.complaints["disk"])
    assert all(words in said for words in ("no", "policy", "lost.png: net::ERR_FILE_NOT_FOUND"))
    assert seen.surplus[1280, "dark"] > 0
    assert len(seen.scrolling_tables[390, "light"]) == 1
    assert len(seen.without_alt) == 2
    assert seen.twins[390, "light"] == {"only-light", "only-dark"}
    assert "image-alt" in " ".join(seen.violations)


def test_a_request_that_leaves_the_site_is_noticed(
    visit: Callable[..., Visit], site_url: str, tmp_path: Path
) -> None:
    (tmp_path / "page.html").write_text(f'<img alt="" src="{site_url}/_static/favicon.svg">')
    one = visit()
    one.open_afresh((tmp_path / "page.html").as_uri())
    assert one.elsewhere(tmp_path.as_uri()) == [f"{site_url}/_static/favicon.svg"]


@pytest.mark.parametrize("name", NAMES)
def test_the_policy_is_strict(site_dir: Path, name: str) -> None:
    html = (site_dir / name).read_text()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy
    assert "default-src 'none'; script-src 'self' 'sha256-" in policy[1]
    assert "unsafe-eval" not in policy[1]


def test_every_internal_link_and_anchor_leads_somewhere(walk: Walk, site_dir: Path) -> None:
    anchors = {name: walk[name].anchors for name in NAMES}
    broken = [
        f"{name}: {href}"
        for name in NAMES
        for href in walk[name].links
        if not leads_somewhere(href, name, site_dir, anchors)
    ]
    assert not broken


def leads_somewhere(href: str, name: str, site_dir: Path, anchors: dict[str, set[str]]) -> bool:
    """Tell whether a link's file is there, and its anchor in it."""
    whole = urljoin(f"site:///{name}", href) if not re.match(r"[a-z]+:", href) else href
    address, anchor = urldefrag(whole)
    if not address.startswith("site:///"):
        return True
    target = unquote(address.removeprefix("site:///")) or "index.html"
    if not (site_dir / target).is_file():
        return False
    return not anchor or target not in anchors or unquote(anchor) in anchors[target]


# --- what a reader does ---------------------------------------------------------------------------


def test_without_a_script_the_system_s_mode_holds(
    visit: Callable[..., Visit], site_url: str
) -> None:
    one = visit(java_script_enabled=False, color_scheme="dark")
    one.page.goto(f"{site_url}/book/03_incomplete.html")
    assert one.page.locator(".only-dark").first.is_visible()
    assert not one.page.locator(".only-light").first.is_visible()


def test_the_mode_is_switched_and_kept(visit: Callable[..., Visit], site_url: str) -> None:
    one = visit(color_scheme="light")
    one.page.goto(f"{site_url}/book/03_incomplete.html")
    assert is_remembered(
        one.page.get_by_role("button", name="Dark colours").click,
        lambda: one.page.goto(f"{site_url}/book/04_derivation.html"),
        lambda: one.page.locator("html").get_attribute("data-theme") == "dark",
    )
    one.page.get_by_role("button", name="Light colours").click()
    assert one.page.evaluate("localStorage.getItem('em-mode')") is None


def test_what_is_typed_while_the_search_arrives_stays(
    visit: Callable[..., Visit], site_url: str
) -> None:
    page, held = visit().page, []
    page.route("**/_search/index.js", lambda route: held.append(route))
    page.goto(f"{site_url}/search.html", wait_until="commit")
    page.locator("#q").fill("Jensen")
    expect(page.locator("#q")).to_have_value("Jensen")
    until(page, lambda: held)
    held[0].continue_()
    page.wait_for_load_state()
    expect(page.locator("#q")).to_have_value("Jensen")


def test_the_ledger_shows_what_is_chosen_and_what_an_address_names(
    visit: Callable[..., Visit], site_url: str
) -> None:
    page = visit().page
    page.goto(f"{site_url}/book/ledger.html")
    left = page.locator(".ledger tbody tr:not([hidden])")
    page.get_by_label("Kind").focus()
    page.keyboard.press("m")  # for misprint
    kinds = {entry.id: str(entry.kind) for entry in reference.ENTRIES}
    expect(left).to_have_count([*kinds.values()].count("misprint"))
    other = next(name for name, kind in kinds.items() if kind == "beaten")
    page.evaluate("(name) => { location.hash = name; }", other)
    expect(page.locator(f"#{other}")).to_be_in_viewport()
    expect(left).to_have_count(len(kinds))


@pytest.mark.parametrize("name", NAMES)
def test_the_head_says_what_the_page_is(site_dir: Path, name: str) -> None:
    html = (site_dir / name).read_text()
    assert re.search(r"<title>[^<]{5,}</title>", html)
    assert 'rel="icon"' in html
    assert 'property="og:title"' in html
    assert "_static/preview.png" in html
    if name in CHAPTERS:
        assert re.search(r'<meta name="description" content="[^"]{20,}">', html)
        assert 'property="og:description"' in html
        assert re.search(r'Last updated</strong> <time datetime="\d{4}-\d\d-\d\d">', html)
        assert "Cite as" in html


def test_titles_and_descriptions_differ(site_dir: Path) -> None:
    pages = [(site_dir / name).read_text() for name in NAMES]
    titles = [re.search(r"<title>(.*?)</title>", html)[1] for html in pages]  # type: ignore[index]
    assert len(set(titles)) == len(titles)


def test_the_pictures_of_the_head_are_there(site_dir: Path) -> None:
    assert (site_dir / "_static" / "favicon.svg").is_file()
    assert (site_dir / "_static" / "preview.png").stat().st_size < 300_000


@pytest.mark.parametrize("ending", ["css", "js"])
def test_every_script_and_style_is_asked_for_by_a_page(site_dir: Path, ending: str) -> None:
    asked = {
        (page.parent / unquote(path)).resolve()
        for page in site_dir.rglob("*.html")
        for path in re.findall(r'(?:src|href)="([^"?#:]+)', page.read_text())
    }
    files = {path.resolve() for path in (site_dir / "_static").rglob(f"*.{ending}")}
    assert len(files) > 4
    assert files - asked == set()


def test_equations_are_numbered_and_referred_to_by_link(site_dir: Path) -> None:
    derivation = (site_dir / "book" / "04_derivation.html").read_text()
    numbers = re.findall(r'</span><span class="eqno">\((\d+\.\d+)\)', derivation)
    assert len(numbers) == derivation.count('class="eqno"') >= 8  # each after its formula
    assert numbers == sorted(set(numbers), key=lambda number: int(number.split(".")[1]))
    assert re.search(r'href="#equation-[^"]+">\(\d+\.\d+\)</a>', derivation)


def test_a_wrong_address_gets_the_book_s_own_page(
    visit: Callable[..., Visit], site_url: str
) -> None:
    one = visit()
    answer = one.page.goto(f"{site_url}/no/such/page.html")
    assert answer is not None
    assert answer.status == 404
    one.page.locator("#home").click()
    one.page.wait_for_url("**/book/index.html")


def test_progress_is_exported_imported_and_erased(
    visit: Callable[..., Visit], site_dir: Path, tmp_path: Path
) -> None:
    """A broken file gets a sentence, and what was there stays."""
    one, other_tab = two_tabs(visit, (site_dir / "book/progress.html").as_uri())
    page = one.page
    kept = {
        "variant": 1,
        "written": ["4"],
        "hints": 0,
        "right": [1],
        "solution": False,
        "open": True,
        "checked": [True],
    }
    whole = {"kind": "em-answers", "version": 1, "exercises": {"bic": kept}, "quizzes": {}}
    strange = {
        "exercises": {"bic": kept, "from-elsewhere": kept},
        "quizzes": {"77": {"of": 3, "found": []}},
    }
    (tmp_path / "good.json").write_text(json.dumps(whole | strange))
    (tmp_path / "bad.json").write_text(json.dumps(whole)[:-3])
    state = page.locator("[data-exercise=bic] .em-state")
    status = page.get_by_role("status")
    left_out = "Imported. What good.json has is added to what was here. 2 of its entries"
    for name, said in (("good", left_out), ("bad", "Not imported.")):
        page.locator("input[type=file]").set_input_files(tmp_path / f"{name}.json")
        expect(status).to_contain_text(said)
        expect(state).to_have_text("right once")
    expect(other_tab.locator("[data-exercise=bic] .em-state")).to_have_text("right once")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    assert json.loads(download.value.path().read_text()) == whole
    erase = page.get_by_role("button", name="rase")
    erase.click()
    expect(state).to_have_text("right once")
    erase.click()
    expect(status).to_contain_text("Erased.")
    expect(state).to_have_text("")
    assert page.evaluate("localStorage.length") == 0
    assert not one.complaints


def two_tabs(visit: Callable[..., Visit], address: str) -> tuple[Visit, Page]:
    """Open a page twice; now and then a browser never tells one tab what the other stores."""
    end = time.monotonic() + LAST_RESORT
    while time.monotonic() < end:
        one = visit()
        one.page.goto(address)
        other = one.context.new_page()
        other.goto(address)
        other.evaluate(
            """() => addEventListener("storage", ({ key }) => {
                if (key === "aloud") globalThis.hears = true; })"""
        )
        for _ in range(50):
            one.page.evaluate("localStorage.setItem('aloud', performance.now())")
            if other.evaluate("Boolean(globalThis.hears)"):
                one.page.evaluate("localStorage.removeItem('aloud')")
                return one, other
            other.wait_for_timeout(100)
    raise AssertionError("no tab hears of another")


# Addresses that were given out. One that is no page any more leads to one: see `_config.yml`.
GIVEN_OUT = {
    "book": """index 01_jensen 02_complete 03_incomplete 04_derivation 05_coins 06_coin_code
        07_restarts 08_gaussians 09_gaussian_code 10_old_faithful 11_your_own_model 12_limit
        12_three_sums 13_loop_to_limit measured questions
        run teaching notation changes ledger api bibliography""",
    "decks": """01_jensen 02_complete 03_incomplete 04_derivation 05_coins 06_coin_code
        07_restarts 08_gaussians 09_gaussian_code 10_old_faithful 11_your_own_model 12_limit
        12_three_sums 13_loop_to_limit""",
}
PUBLISHED = [f"{folder}/{name}" for folder, names in GIVEN_OUT.items() for name in names.split()]
CONFIG = yaml.safe_load((build.ROOT / "_config.yml").read_text())["sphinx"]["config"]
MOVED = CONFIG["moved_pages"]
# Each place of such a page, as it was given out and as it is now.
PLACES = {
    f"{page}.html#{old}": f"{to.replace('#', '.html#') if '#' in to else f'{to}.html#{old}'}"
    for page, places in CONFIG["moved_places"].items()
    for old, to in places.items()
    if page in MOVED
}
# The places of each page that were given out.
PLACED = [
    line.partition(": ") for line in Path(__file__).with_name("places.txt").read_text().splitlines()
]


@pytest.mark.parametrize("address", PUBLISHED)
def test_an_address_that_was_given_out_still_works(site_dir: Path, address: str) -> None:
    assert (site_dir / f"{address}.html").is_file()


@pytest.mark.parametrize(("old", "new"), [("index", "book/index"), *MOVED.items()])
def test_an_old_address_leads_on_without_a_script(
    visit: Callable[..., Visit], base: str, old: str, new: str
) -> None:
    one = visit(java_script_enabled=False)
    one.page.goto(f"{base}{old}.html", wait_until="commit")
    one.page.wait_for_url(f"{base}{new}.html")
    assert not one.complaints
    assert not one.elsewhere(base)


@pytest.mark.parametrize(("name", "places"), [(name, places) for name, _, places in PLACED])
def test_a_place_that_was_given_out_is_there(site_dir: Path, name: str, places: str) -> None:
    there = {str(element["id"]) for element in soup(site_dir / f"book/{name}.html").select("[id]")}
    assert not set(places.split()) - there, "where are they now? See moved_places in _config.yml"


@pytest.mark.parametrize("old", PLACES)
def test_a_place_of_an_old_page_is_there(site_dir: Path, old: str) -> None:
    page, _, anchor = PLACES[old].partition("#")
    assert soup(site_dir / page).find(id=anchor)
    old_page, _, old_anchor = old.partition("#")
    (link,) = soup(site_dir / old_page).select(f'[id="{old_anchor}"]')
    assert urljoin(old_page, str(link["href"])) == PLACES[old]


CHOSEN = [old for old in PLACES if "ex-limit" in old or "one-pass" in old]


# All over http; what leads on is the same script from disk, where one shows that it finds its way.
@pytest.mark.parametrize(
    ("base", "old"),
    [*(("http", old) for old in CHOSEN), ("disk", CHOSEN[0])],
    indirect=["base"],
)
def test_an_old_address_with_a_place_leads_there(
    visit: Callable[..., Visit], base: str, old: str
) -> None:
    one = visit()
    one.page.goto(f"{base}{old}", wait_until="commit")
    one.page.wait_for_url(f"{base}{PLACES[old]}")
    anchor = PLACES[old].partition("#")[2]
    expect(one.page.locator(f'[id="{anchor}"]')).to_be_in_viewport()
    assert not one.complaints


def test_an_old_address_with_an_unknown_place_leads_to_the_page(
    visit: Callable[..., Visit], base: str
) -> None:
    one = visit()
    for place in ("#no-such-place", "#%", "#/4", "") if base.startswith("http") else ("#%",):
        one.page.goto("about:blank")  # else the same address would be the page that it led to
        one.page.goto(f"{base}book/12_limit.html{place}", wait_until="commit")
        one.page.wait_for_url(f"{base}book/13_loop_to_limit.html", wait_until="commit")


def test_a_page_that_leads_on_is_under_the_policy_too(site_dir: Path) -> None:
    html = (site_dir / "book/12_limit.html").read_text()
    assert "default-src 'none'; script-src 'self' 'sha256-" in html
    assert 'href="13_loop_to_limit.html"' in html  # for whoever is not taken along


LONGEST = 15_000  # pixels, in a window 1280 wide
NUMBERED = sorted(path.stem for path in notebooks.chapters() if path.stem[0].isdigit())


@pytest.mark.parametrize("name", NUMBERED)
def test_a_chapter_can_be_read_in_one_sitting(walk: Walk, name: str) -> None:
    assert 800 < walk[f"book/{name}.html"].height <= LONGEST


def test_a_mark_is_taken_from_the_text_that_stands_against_the_formula() -> None:
    """The other text reads the same."""
    parts = [nodes.Text("of "), nodes.literal("", "r"), nodes.Text(", "), nodes.literal("", "y")]
    parts += [nodes.math("", "n"), nodes.Text(", "), nodes.math("", "k"), nodes.Text(", and")]
    document = new_document("")
    document += nodes.paragraph("", "", *parts)
    before = document.astext()
    em_site.KeepPunctuation(document).run()
    assert document.astext() == before
    assert [kept.astext() for kept in document.findall(nodes.inline)] == ["n,", "k,"]


def test_bold_words_before_a_formula_are_not_kept_with_its_mark() -> None:
    document = new_document("")
    bold = nodes.strong("", "", nodes.Text("the bound plus "), nodes.math("", "p"))
    document += nodes.paragraph("", "", bold, nodes.Text(". Then"))
    em_site.KeepPunctuation(document).run()
    assert [kept.astext() for kept in document.findall(nodes.inline)] == ["p."]
    assert [part.astext() for part in document.findall(nodes.strong)] == ["the bound plus ", "p"]


LETTER_WORD = re.compile(r"(?<![\w-])[^\W\d_]-\w")  # as E-step, k-means, L-BFGS-B
NOT_READ = ["code", "pre", "script", "style", "title", "math", "annotation", "svg"]


@pytest.mark.parametrize("name", NAMES)
def test_no_line_ends_after_the_letter_with_which_a_word_begins(site_dir: Path, name: str) -> None:
    torn = [
        str(text)
        for text in soup(site_dir / name).find_all(string=LETTER_WORD)
        if not text.find_parent(NOT_READ) and not text.find_parent(class_=["one-word", "with-mark"])
    ]
    assert torn == []


def test_a_word_that_begins_with_a_letter_stays_in_its_line(
    visit: Callable[..., Visit], site_dir: Path
) -> None:
    one = visit(viewport={"width": 320, "height": 800})
    one.open_afresh((site_dir / "book/05_coins.html").as_uri())
    lines = "all => all.map((it) => it.getClientRects().length).filter(Boolean)"
    found = one.page.locator(".one-word").evaluate_all(lines)
    assert len(found) > 10
    assert set(found) == {1}
    # The words of a widget are its own.
    for _ in range(2):
        one.page.get_by_role("button", name="Next", exact=True).click()
    expect(one.page.locator(".em-status .em-whole")).to_have_text("M-step")
    assert set(one.page.locator(".em-whole").evaluate_all(lines)) == {1}


@pytest.mark.parametrize("name", ROWS)
def test_each_row_of_the_lecture_is_on_its_page(site_dir: Path, name: str) -> None:
    html = (site_dir / "book" / f"{name}.html").read_text()
    text = " ".join(re.sub(r"<[^>]+>", "", html).replace("&#39;", "'").split())
    missing = [words for words in ROWS[name] if words not in text and dashed(words) not in text]
    assert not missing


def dashed(words: str) -> str:
    """Write a minus as Python prints it."""
    return words.replace("−", "-")


@pytest.fixture(scope="module")
def guarded(chromium: Browser, site_url: str) -> Iterator[Visit]:
    """A page that notes which part of its policy was broken; all have the same."""
    with visiting(chromium) as one:
        one.page.goto(f"{site_url}/search.html")
        one.page.evaluate(
            """addEventListener("securitypolicyviolation", (event) => {
                globalThis.stopped.push(event.effectiveDirective); })"""
        )
        yield one


@pytest.mark.parametrize(
    ("attempt", "directive"),
    [
        # As the page's own script would: the driver's evaluate is not under the policy.
        ("setTimeout(() => { try { new Function('1'); } catch {} })", "script-src"),
        (
            "document.body.append(Object.assign(document.createElement('script'), {text: '1'}))",
            "script-src-elem",
        ),
        (
            "document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/'}))",
            "img-src",
        ),
        ("void fetch('http://127.0.0.1:9/').catch(() => {})", "connect-src"),
    ],
    ids=["eval", "inline script", "foreign image", "foreign fetch"],
)
def test_the_policy_stops_what_it_forbids(guarded: Visit, attempt: str, directive: str) -> None:
    guarded.page.evaluate(f"() => {{ globalThis.stopped = []; {attempt}; }}")
    guarded.page.wait_for_function("stopped.length > 0")
    assert set(guarded.page.evaluate("stopped")) == {directive}


@pytest.fixture(scope="module")
def packed(site_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site in a zip."""
    import pack

    return pack.pack(site_dir, tmp_path_factory.mktemp("packed") / "book.zip")


def test_the_site_works_from_a_zip(
    visit: Callable[..., Visit], packed: Path, tmp_path: Path
) -> None:
    import pack

    with zipfile.ZipFile(packed) as book:
        book.extractall(tmp_path)
    one = visit()
    one.context.set_offline(True)
    base = f"{(tmp_path / pack.FOLDER).as_uri()}/"
    one.page.goto(f"{base}index.html")
    one.page.wait_for_url("**/book/index.html")
    one.page.get_by_role("link", name="Begin").first.click()
    one.page.wait_for_url("**/tour.html")
    one.page.get_by_role("link", name="Next 1 Jensen").click()
    one.page.wait_for_url("**/01_jensen.html")
    one.page.get_by_role("button", name="Next", exact=True).click()
    one.page.get_by_label("Function").select_option("exp")
    one.page.get_by_text("f(x) = exp x").first.wait_for()
    assert not one.complaints
    assert not one.elsewhere(base)


def test_the_same_site_gives_the_same_zip(packed: Path, site_dir: Path, tmp_path: Path) -> None:
    import pack

    assert pack.pack(site_dir, tmp_path / "again").read_bytes() == packed.read_bytes()
