"""One walk over the site's pages: each is opened twice, and what is seen serves many tests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import build
import yaml
from drawn import Look, look_narrow, look_wide
from playwright.sync_api import Browser, Page, Request, ViewportSize

Mode = Literal["light", "dark"]
LAST_RESORT = 60  # seconds for what takes less than one, on a machine that does much besides

# Goes to every picture, since lazy ones wait to be seen, and to the end. What is in a fold has a
# place before it is opened, and comes then. Nothing is painted, which no question is about.
SEE_ALL = """async () => {
    document.body.style.opacity = 0;
    for (const image of document.images) {
        const shown = image.getClientRects().length && image.checkVisibility();
        if (image.complete || !shown) continue;
        const there = new Promise((done) => { image.onload = image.onerror = done; });
        image.scrollIntoView({ behavior: "instant" });
        await there;
    }
    scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
    await document.fonts.ready;
    await new Promise(requestAnimationFrame);
}"""
# Notes when the page's scripts have heard of another mode.
LISTEN = """() => {
    const system = matchMedia("(prefers-color-scheme: dark)");
    globalThis.heard = new Promise((done) => {
        system.addEventListener("change", () => done(true), { once: true });
        setTimeout(done, 60_000);
    });
}"""
# A new size is on its way when the driver comes back; what listens to it hears of it in a frame.
RESIZED = """async ([width, height, last]) => {
    const end = performance.now() + 1000 * last;
    while (innerWidth !== width || innerHeight !== height) {
        if (performance.now() > end) throw new Error(`${innerWidth} × ${innerHeight}`);
        await new Promise(requestAnimationFrame);
    }
    await new Promise(requestAnimationFrame);
}"""
# By how much a page is wider than its window, tables that scroll, the colour scheme, and the kinds
# of pictures shown that are for one mode only.
SETTING = """() => [
    document.documentElement.scrollWidth - document.documentElement.clientWidth,
    [...document.querySelectorAll("main table")]
        .filter((table) => [table.offsetWidth, table.scrollWidth]
            .some((width) => width > table.parentElement.clientWidth))
        .map((table) => table.innerText),
    getComputedStyle(document.documentElement).colorScheme,
    [...document.querySelectorAll(".only-light, .only-dark")]
        .filter((image) => image.getClientRects().length).map((image) => image.classList[0]),
]"""
WITHOUT_ALT = "[...document.images].filter((image) => !image.alt.trim()).map((image) => image.src)"
COME_TO_REST = """async (it) => {
  for (let before, still = 0; still < 10;) {
    it.scrollIntoView({ block: "center", behavior: "instant" });
    const { top } = it.getBoundingClientRect();
    still = top === before ? still + 1 : 0;
    before = top;
    await new Promise(requestAnimationFrame);
  }
}"""
# Sections that are far from sight have a height that is guessed.
HEIGHT = """async () => {
    for (const section of document.querySelectorAll("section"))
        section.style.contentVisibility = "visible";
    document.body.getBoundingClientRect(); // which asks for the fonts of what is shown
    await document.fonts.ready;
    return document.documentElement.scrollHeight;
}"""
LINKS = "[...document.querySelectorAll('a[href]')].map((a) => a.getAttribute('href'))"
ANCHORS = "[...document.querySelectorAll('[id]')].map((element) => element.id)"
REPORT = """addEventListener('securitypolicyviolation',
    (event) => console.error('policy', event.blockedURI));"""


def resize(page: Page, width: int, height: int) -> None:
    """Give a page another size, and come back when it knows of it."""
    size: ViewportSize = {"width": width, "height": height}
    if page.viewport_size != size:
        page.set_viewport_size(size)
        page.evaluate(RESIZED, [width, height, LAST_RESORT])


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
        self.mode: Mode = how.get("color_scheme", "light")
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(LAST_RESORT * 1000)
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.under_way: set[Request] = set()
        self.page.add_init_script(REPORT)
        self.page.on("console", lambda message: self._note(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._note_request)
        self.page.on("requestfinished", lambda request: self.under_way.discard(request))
        self.page.on("requestfailed", self._note_failure)

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)

    def _note_request(self, request: Request) -> None:
        self.requests.append(request.url)
        self.under_way.add(request)

    def _note_failure(self, request: Request) -> None:
        self.under_way.discard(request)
        if request.failure != "net::ERR_ABORTED":  # which is how a page ends that is being left
            self.complaints.append(f"{request.url}: {request.failure}")

    def open_afresh(self, address: str) -> None:
        """Forget the page before, go to the next and see the whole of it."""
        self.complaints.clear()
        self.requests.clear()
        self.under_way.clear()
        answer = self.page.goto(address)
        assert answer is not None
        assert answer.ok, f"{address} is not there"
        self.see_all()

    def see_all(self) -> None:
        """Go to the end by way of all pictures; come back when all that was asked for is there."""
        end = time.monotonic() + LAST_RESORT
        self.page.evaluate(SEE_ALL)
        while self.under_way:
            assert time.monotonic() < end, [request.url for request in self.under_way]
            self.page.evaluate("new Promise(requestAnimationFrame)")

    def set(self, width: int, mode: Mode) -> None:
        """Give the page another width and the system another mode."""
        resize(self.page, width, 800)
        if mode == self.mode:
            return
        self.page.evaluate(LISTEN)
        self.page.emulate_media(color_scheme=mode)
        if self.page.url != "about:blank":
            self.page.evaluate("heard")
        self.mode = mode

    def elsewhere(self, base: str) -> list[str]:
        """Requests that left the site."""
        here = (base, "data:", "blob:")
        return [url for url in self.requests if not url.startswith(here)]


# The names of a drawing that reach over its side.
NAMES_OUTSIDE = """(drawing) => {
  const room = drawing.getBoundingClientRect();
  const texts = [...drawing.querySelectorAll("text")].filter((text) => text.textContent);
  return texts.filter((text) => {
    const box = text.getBoundingClientRect();
    return box.left < room.left - 0.5 || box.right > room.right + 0.5;
  }).map((text) => text.textContent);
}"""


def until(page: Page, what: str | Callable[[], Any]) -> None:
    """Wait until a page says so, or until the driver has heard of it.

    Playwright's own way is an eval in the page, which the policy forbids.
    """
    is_so = what if callable(what) else lambda: page.evaluate(what)
    end = time.monotonic() + LAST_RESORT
    while not is_so():
        assert time.monotonic() < end, f"it did not come: {what}"
        page.wait_for_timeout(20)


def is_remembered(
    choose: Callable[[], object], leave: Callable[[], object], is_there: Callable[[], bool]
) -> bool:
    """Tell whether a choice is there on the page that one comes to.

    A browser may forget what was stored an instant before a page is left: then one chooses again.
    """
    for _ in range(20):
        choose()
        leave()
        if is_there():
            return True
    return False


@contextmanager
def visiting(chromium: Browser, **how: Any) -> Iterator[Visit]:
    """A visit that ends with the block."""
    one = Visit(chromium, **how)
    yield one
    one.context.close()


# --- access -------------------------------------------------------------------------------------

# What scrolls in the new width is found out once all sections are laid out.
VIOLATIONS = """async ([where, rules]) => {
    for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
    const how = { resultTypes: ["violations"], preload: false, ...rules };
    const { violations } = await axe.run(where, how);
    const places = (nodes) => nodes.map((node) => node.target).join(", ");
    return violations.map(({ id, nodes }) => `${id}: ${places(nodes)}`);
}"""
# Solutions and hidden code are judged open, far sections as they are when they are reached.
# Formulas are drawn by ten thousands of elements, all alike: of those the first of a page is
# judged, and what is read aloud of every one. So are words of code, which have their colours by
# their classes: of each kind the first is judged, and the others as words of the block.
PREPARE = """() => {
    document.body.style.opacity = 1;
    for (const section of document.querySelectorAll("section"))
        section.style.contentVisibility = "visible";
    for (const fold of document.querySelectorAll("main details:not(.em-table)")) fold.open = true;
    [...document.querySelectorAll(".katex-html")].slice(1).forEach((drawn) => drawn.remove());
    for (const read of [...document.querySelectorAll("math")].slice(1))
        read.replaceChildren(read.textContent);
    const kinds = new Set();
    const kind = (it, block) => it === block ? block.parentElement.className
        : `${kind(it.parentElement, block)} > ${it.localName}.${it.className}`;
    for (const block of document.querySelectorAll("pre, .sig")) {
        const watched = block.firstElementChild; // by the site, for its size
        for (const word of block.querySelectorAll("span:not([id])")) {
            const known = kinds.has(kind(word, block));
            kinds.add(kind(word, block));
            if (known && word !== watched && !word.childElementCount)
                word.replaceWith(...word.childNodes);
        }
        block.normalize();
    }
}"""
# Each element of a page is looked at, which takes longer than all else, and most are alike. Of
# paragraphs, points, terms and rows those go of which all elements have been met twice, here or on
# pages before: of the same kind and look, with the same attributes but for names and addresses, and
# within elements of which that is true. What is in a box that scrolls, what is pressed, what is
# written into and what heads a table stays. Tells what was met here.
THIN_OUT = """(before) => {
    [...document.querySelectorAll(".katex-mathml")].slice(1).forEach((read) => read.remove());
    const kinds = new Map(), sums = new Map();
    const here = new Map(), met = new Map(Object.entries(before));
    const summed = (text) => { // 53 bits
        let a = 0xdeadbeef, b = 0x41c6ce57;
        for (let i = 0; i < text.length; i += 1) {
            a = Math.imul(a ^ text.charCodeAt(i), 0x9e3779b1);
            b = Math.imul(b ^ text.charCodeAt(i), 0x5f356495);
        }
        a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35);
        b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
        return (2 ** 32 * (b & 0x1fffff) + (a >>> 0)).toString(36);
    };
    const sum = (text) => {
        if (!sums.has(text)) sums.set(text, summed(text));
        return sums.get(text);
    };
    const kind = (it) => {
        if (!it) return "";
        if (kinds.has(it)) return kinds.get(it);
        const look = getComputedStyle(it);
        const said = [kind(it.parentElement), it.localName, it.getAttribute("class"),
            it.getAttribute("role"), it.getAttribute("aria-hidden"), look.color,
            look.backgroundColor, look.backgroundImage, look.opacity, look.textDecorationLine,
            look.textShadow, look.filter, look.fontSize, look.fontWeight].join();
        kinds.set(it, sum(said));
        return kinds.get(it);
    };
    const has = ({ attributes }) => [...attributes].map(({ name, value }) =>
        ["id", "href", "title"].includes(name) ? name : `${name}=${value}`).join();
    const words = ({ childNodes }) => [...childNodes].map((node) =>
        node.nodeType === Node.TEXT_NODE ? node.data.trim() : "").join("");
    const gone = [];
    const scrolling = [...document.querySelectorAll("main *")]
        .filter((it) => it.scrollWidth > it.clientWidth && it.clientWidth)
        .filter((it) => /auto|scroll/.test(getComputedStyle(it).overflowX));
    const blocks = ":is(main, nav, .slides) :is(p, li, dl, tbody tr)";
    for (const block of document.querySelectorAll(blocks)) {
        if (block.closest("th") || scrolling.some((it) => it.contains(block))) continue;
        if (block.querySelector("button, input, select, textarea, summary, pre, table, img, svg"))
            continue;
        if (block.querySelector(".katex-display, .katex-html")) continue;
        const parts = [block, ...block.querySelectorAll("*")].map((it) =>
            sum(`${kind(it)} ${Math.min(2, words(it).length)} ${has(it)}`));
        if (parts.every((one) => met.get(one) > 1)) gone.push(block);
        for (const one of new Set(parts)) {
            met.set(one, (met.get(one) ?? 0) + 1);
            here.set(one, met.get(one));
        }
    }
    gone.forEach((block) => block.remove());
    return Object.fromEntries(here);
}"""
COLOURS = ["color-contrast", "link-in-text-block"]
BOXES = ["scrollable-region-focusable"]


@cache
def axe() -> str:
    """Give axe-core's script, with which a page begins: so it is not under the page's policy."""
    return (build.ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()


def violations(one: Visit, where: str = "html", met: dict[str, int] | None = None) -> list[str]:
    """What axe finds in a page that began with it: by all rules where it is wide, in its mode.

    In the other mode, where it is narrow, its colours and what scrolls: what is read aloud is the
    same in either. The page is used up. The kinds of what was met on pages before are added to.
    """
    met = {} if met is None else met
    page = one.page
    page.evaluate(PREPARE)
    page.emulate_media(reduced_motion="reduce")
    found = []

    def judge(width: int, mode: Mode, rules: dict[str, Any]) -> None:
        one.set(width, mode)
        said = page.evaluate(VIOLATIONS, [where, rules])
        found.extend(f"{width} px, {mode}: {line}" for line in said)

    resize(page, 1280, 800)
    met |= page.evaluate(THIN_OUT, met)
    judge(1280, one.mode, {})
    judge(390, "light" if one.mode == "dark" else "dark", {"runOnly": [*COLOURS, *BOXES]})
    return found


# By its own events; what mouse, keys and fingers do is tested elsewhere.
USE_WIDGET = """async (last) => {
    const widget = document.querySelector("[data-em-widget]");
    const named = (kind, name) => [...widget.querySelectorAll(kind)]
        .find((one) => one.textContent.trim() === name);
    const end = performance.now() + 1000 * last;
    const there = async (find) => {
        for (let found; ; await new Promise(requestAnimationFrame)) {
            if ((found = find())) return found;
            if (performance.now() > end) throw new Error(`not there: ${find}`);
        }
    };
    const next = await there(() => named("button", "Next"));
    next.click();
    next.click();
    named("summary", "Show as table").click();
    await there(() => widget.querySelector("tbody tr"));
}"""


def use_widget(page: Page) -> None:
    """Step the page's first widget twice and open its table."""
    page.evaluate(USE_WIDGET, LAST_RESORT)


# --- the walk -----------------------------------------------------------------------------------


@dataclass
class Seen:
    """What there was to see on one page."""

    name: str
    complaints: dict[str, list[str]] = field(default_factory=dict)
    """What the console, the policy and failed requests say, over http and from disk."""
    elsewhere: dict[str, list[str]] = field(default_factory=dict)
    """Requests that left the site."""
    surplus: dict[tuple[int, Mode], int] = field(default_factory=dict)
    """By how much the page is wider than its window."""
    scrolling_tables: dict[tuple[int, Mode], list[str]] = field(default_factory=dict)
    schemes: dict[tuple[int, Mode], str] = field(default_factory=dict)
    without_alt: list[str] = field(default_factory=list)
    twins: dict[tuple[int, Mode], set[str]] = field(default_factory=dict)
    """The kinds of pictures shown that are for one mode only."""
    links: set[str] = field(default_factory=set)
    anchors: set[str] = field(default_factory=set)
    height: int = 0
    """In a window 1280 wide."""
    violations: list[str] = field(default_factory=list)
    """What axe-core finds."""
    formulas: Look = field(default_factory=Look)
    """On a page of the book."""


class Walk:
    """Visits each page when it is first asked for.

    It is loaded twice: over http, wide and dark, and from disk, narrow. Widths and modes are then
    changed on the page that is there, as a reader changes them. In each width it is looked at in
    one mode, on which no width depends.
    """

    def __init__(self, chromium: Browser, site_url: str, site_dir: str) -> None:
        wide = {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"}
        narrow = {"viewport": {"width": 390, "height": 800}, "color_scheme": "light"}
        self.http, self.disk = Visit(chromium, **wide), Visit(chromium, **narrow)
        self.http.page.add_init_script(axe())
        self.bases = {"http": f"{site_url}/", "disk": f"{site_dir}/"}
        self.seen: dict[str, Seen] = {}
        self.met: dict[str, int] = {}

    def __getitem__(self, name: str) -> Seen:
        if name not in self.seen:
            self.seen[name] = self._look_at(name)
        return self.seen[name]

    def _look_at(self, name: str) -> Seen:
        seen = Seen(name)
        self._open(seen, "disk", self.disk, [(320, "dark"), (390, "light")])
        if name in CHAPTERS:
            narrow = self.disk.page
            look_narrow(seen.formulas, narrow, lambda width: resize(narrow, width, 800))
        self._open(seen, "http", self.http, [(1280, "dark")])
        page = self.http.page
        seen.height = page.evaluate(HEIGHT)
        seen.without_alt = page.evaluate(WITHOUT_ALT)
        if name in CHAPTERS:
            from engines import LOOK  # late: it brings what drives WebKit

            look_wide(seen.formulas, page, LOOK)
        seen.links, seen.anchors = set(page.evaluate(LINKS)), set(page.evaluate(ANCHORS))
        if page.locator("[data-em-widget]:not(.em-still)").count():
            use_widget(page)
        seen.violations = violations(self.http, met=self.met)
        return seen

    def _open(self, seen: Seen, way: str, one: Visit, settings: list[tuple[int, Mode]]) -> None:
        # The page before need not be laid out anew.
        one.page.evaluate("() => { document.documentElement.style.display = 'none'; }")
        one.set(*settings[0])
        one.page.emulate_media(reduced_motion="no-preference")
        one.open_afresh(self.bases[way] + seen.name)
        for setting in settings:
            one.set(*setting)
            surplus, tables, scheme, twins = one.page.evaluate(SETTING)
            seen.surplus[setting], seen.scrolling_tables[setting] = surplus, tables
            seen.schemes[setting], seen.twins[setting] = scheme, set(twins)
        seen.complaints[way] = list(one.complaints)
        seen.elsewhere[way] = one.elsewhere(self.bases[way])

    def close(self) -> None:
        self.http.context.close()
        self.disk.context.close()
