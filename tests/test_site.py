"""Every page of the built site, in a browser, over http and from disk."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

import build
import pytest
import yaml
from playwright.sync_api import Browser, Page, Request

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
    "08_gaussians": ["0.017 0.012 0.023", "Lagrange"],
    "09_gaussian_code": ["3690.55684609", "einsum", "CollapseError"],
    "10_old_faithful": ["0.36085", "1034.00"],
    "11_your_own_model": ["Hasselblad", "linkage"],
    "12_limit": ["softmax", "additive", "bytes"],
    "notation": ["responsibilit"],
    "changes": ["2015"],
    "ledger": ["−29.868676155"],
    "bibliography": ["Dempster"],
    "api": ["em_steps", "fit_restarts"],
}
VISIT = """async () => {
    for (let y = 0; y < document.documentElement.scrollHeight; y += 600) {
        scrollTo(0, y);
        await new Promise((done) => setTimeout(done, 20));
    }
}"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
WITHOUT_ALT = "[...document.images].filter((image) => !image.alt.trim()).map((image) => image.src)"
SHOWN_TWINS = """[...document.querySelectorAll('.only-light, .only-dark')]
    .filter((image) => image.getClientRects().length).map((image) => image.classList[0])"""


def page_names() -> list[str]:
    """Every page's address below the site's root."""
    toc = yaml.safe_load((build.ROOT / "_toc.yml").read_text())
    chapters = [page["file"] for part in toc["parts"] for page in part["chapters"]]
    return [f"{name}.html" for name in [toc["root"], *chapters, "search", "404"]]


NAMES = page_names()
CHAPTERS = [name for name in NAMES if name.startswith("book/")]


class Visit:
    """One browser page that notes what should not happen while it is used."""

    def __init__(self, chromium: Browser, **how: Any) -> None:
        self.context = chromium.new_context(**how)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self._note(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", self._note_failure)
        self.page.on("request", lambda request: self.requests.append(request.url))

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)

    def _note_failure(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # which is how a page ends that is being left
            self.complaints.append(f"{request.url}: {request.failure}")

    def elsewhere(self, base: str) -> list[str]:
        """Requests that left the site."""
        here = (base, "data:", "blob:")
        return [url for url in self.requests if not url.startswith(here)]


@pytest.fixture(scope="module")
def visit(chromium: Browser) -> Iterator[Callable[..., Visit]]:
    """Open browser pages with settings of their own."""
    made: list[Visit] = []

    def make(**how: Any) -> Visit:
        made.append(Visit(chromium, **how))
        return made[-1]

    yield make
    for one in made:
        one.context.close()


@pytest.fixture(params=["http", "disk"])
def base(request: pytest.FixtureRequest, site_url: str, site_dir: Path) -> str:
    """The site's address, with the final slash, in both ways of reading it."""
    return f"{site_url}/" if request.param == "http" else f"{site_dir.as_uri()}/"


def test_no_page_asks_another_host_or_complains(visit: Callable[..., Visit], base: str) -> None:
    one = visit(viewport={"width": 1280, "height": 800})
    for name in NAMES:
        one.page.goto(base + name)
        one.page.evaluate(VISIT)
        one.page.wait_for_load_state("networkidle")
        assert not one.complaints, f"{name}: {one.complaints}"
        assert not one.elsewhere(base), f"{name}: {one.elsewhere(base)}"


@pytest.mark.parametrize(("width", "mode"), [(320, "light"), (390, "dark"), (1280, "dark")])
def test_pages_fit_their_width_in_both_modes(
    visit: Callable[..., Visit], site_url: str, width: int, mode: str
) -> None:
    one = visit(viewport={"width": width, "height": 800}, color_scheme=mode)
    for name in NAMES:
        one.page.goto(f"{site_url}/{name}")
        assert one.page.evaluate(WIDER) <= 0, f"{name} is wider than {width} px"
        assert not one.page.evaluate(WITHOUT_ALT), name
        assert set(one.page.evaluate(SHOWN_TWINS)) <= {f"only-{mode}"}, name
        assert one.page.evaluate("getComputedStyle(document.body).colorScheme") != ""


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
    one.page.get_by_role("button", name="Dark colours").click()
    one.page.goto(f"{site_url}/book/04_derivation.html")
    assert one.page.locator("html").get_attribute("data-theme") == "dark"
    one.page.get_by_role("button", name="Light colours").click()
    assert one.page.evaluate("localStorage.getItem('em-mode')") is None


def test_the_search_finds_jensen(visit: Callable[..., Visit], base: str) -> None:
    one = visit()
    one.page.goto(base + "book/index.html")
    one.page.locator(".to-search").click()
    one.page.locator("#q").fill("Jensen")
    one.page.keyboard.press("Enter")
    found = one.page.locator("#search-results a[href*='01_jensen']").first
    found.wait_for()
    found.click()
    assert one.page.url.split("#")[0].split("?")[0] == base + "book/01_jensen.html"
    assert not one.complaints


def test_every_internal_link_and_anchor_leads_somewhere(
    visit: Callable[..., Visit], site_url: str, site_dir: Path
) -> None:
    one = visit()
    links: dict[str, set[str]] = {}
    anchors: dict[str, set[str]] = {}
    for name in NAMES:
        one.page.goto(f"{site_url}/{name}")
        hrefs = "[...document.querySelectorAll('a[href]')].map((a) => a.getAttribute('href'))"
        links[name] = set(one.page.evaluate(hrefs))
        anchors[name] = set(
            one.page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
        )
    broken = [
        f"{name}: {href}"
        for name, hrefs in links.items()
        for href in hrefs
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


def test_equations_are_numbered_and_referred_to_by_link(site_dir: Path) -> None:
    derivation = (site_dir / "book" / "04_derivation.html").read_text()
    numbers = re.findall(r'<span class="eqno">\((\d+\.\d+)\)', derivation)
    assert len(numbers) >= 8
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


@pytest.mark.parametrize("name", ROWS)
def test_each_row_of_the_lecture_is_on_its_page(site_dir: Path, name: str) -> None:
    html = (site_dir / "book" / f"{name}.html").read_text()
    text = " ".join(re.sub(r"<[^>]+>", "", html).replace("&#39;", "'").split())
    missing = [words for words in ROWS[name] if words not in text and dashed(words) not in text]
    assert not missing


def dashed(words: str) -> str:
    """Write a minus as Python prints it."""
    return words.replace("−", "-")


def test_no_page_may_do_what_the_policy_forbids(
    visit: Callable[..., Visit], base: str, site_dir: Path
) -> None:
    one = visit()
    one.page.add_init_script(
        "addEventListener('securitypolicyviolation', (e) => console.error('policy', e.blockedURI));"
    )
    for name in NAMES:
        policy = re.search(
            r'Content-Security-Policy" content="([^"]+)"', (site_dir / name).read_text()
        )
        assert policy, name
        assert "default-src 'none'; script-src 'self' 'sha256-" in policy[1]
        assert "unsafe-eval" not in policy[1]
        one.page.goto(base + name)
        one.page.wait_for_load_state("networkidle")
        assert not one.complaints, f"{name}: {one.complaints}"


@pytest.mark.parametrize(
    "attempt",
    [
        "eval('document.title = 1')",
        "document.body.append(Object.assign(document.createElement('script'), {text: 'x = 1'}))",
        "document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/x.png'}))",
        "void fetch('http://127.0.0.1:9/').catch(() => {})",
    ],
    ids=["eval", "inline script", "foreign image", "foreign fetch"],
)
def test_the_policy_stops_what_it_forbids(
    visit: Callable[..., Visit], site_url: str, attempt: str
) -> None:
    one = visit()
    one.page.goto(f"{site_url}/{CHAPTERS[1]}")
    one.page.evaluate(
        """() => { window.stopped = [];
        addEventListener('securitypolicyviolation', (e) => stopped.push(e.violatedDirective)); }"""
    )
    # As the page's own script would: the driver's evaluate is not under the policy.
    one.page.evaluate(
        "(code) => { setTimeout(() => { try { new Function(code); } catch {} }); }", attempt
    )
    if not attempt.startswith("eval"):
        one.page.evaluate(f"() => {{ {attempt} }}")
    one.page.wait_for_function("stopped.length > 0")


def test_the_site_works_from_a_zip(
    visit: Callable[..., Visit], site_dir: Path, tmp_path: Path
) -> None:
    import pack

    with zipfile.ZipFile(pack.pack(site_dir, tmp_path / "book.zip")) as packed:
        packed.extractall(tmp_path)
    one = visit()
    one.context.set_offline(True)
    base = f"{(tmp_path / pack.FOLDER).as_uri()}/"
    one.page.goto(f"{base}index.html")
    one.page.wait_for_url("**/book/index.html")
    one.page.get_by_role("link", name="Begin").first.click()
    one.page.wait_for_url("**/01_jensen.html")
    one.page.get_by_role("button", name="Next", exact=True).click()
    one.page.get_by_label("Function").select_option("exp")
    one.page.get_by_text("f(x) = exp x").first.wait_for()
    assert not one.complaints
    assert not one.elsewhere(base)


def test_the_same_site_gives_the_same_zip(site_dir: Path, tmp_path: Path) -> None:
    import pack

    first, second = (pack.pack(site_dir, tmp_path / name).read_bytes() for name in ("a", "b"))
    assert first == second
