"""Chromium, Firefox and WebKit, driven alike: pages are looked at, and used by mouse and keys."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import browser as browsers
import build
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page
from selenium import webdriver
from selenium.common.exceptions import InvalidSessionIdException, WebDriverException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.webkitgtk.options import Options
from selenium.webdriver.webkitgtk.service import Service

NAMES = ("chromium", "firefox", "webkit")
SIZE = (1280, 900)
LAST_RESORT = 60  # seconds; nothing waits so long unless something is broken
# Firefox on a busy machine draws a page whose last formula has arrived in part, and says so. That
# whole formulas are valid is tested in test_drawn_formulas.py, of every page and deck.
HALF_THERE = "Incorrect number of children for <m"

# A formula is wrong where an index or exponent begins before what bears it has ended.
LOOK = """async (window) => {
  const { document } = window;
  const frame = () => new Promise(window.requestAnimationFrame);
  const start = performance.now();
  while (document.querySelector(".reveal") && !document.documentElement.dataset.deck) {
    if (performance.now() - start > 30000) return ["the deck does not start"];
    await frame();
  }
  for (const fold of document.querySelectorAll("details:has(.katex)")) fold.open = true;
  for (const slide of document.querySelectorAll(".slides section")) slide.style.display = "block";
  await document.fonts.ready;
  await frame();
  await frame();
  const glyphs = (element) => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
      const { data, parentElement } = walker.currentNode;
      // An accent stands above its letter, and may reach over an index.
      if (/[^\\s\\u200b]/.test(data) && !parentElement.closest(".accent-body")) {
        found.push(walker.currentNode);
      }
    }
    return found;
  };
  const box = (text) => {
    const range = document.createRange();
    range.selectNodeContents(text);
    return range.getBoundingClientRect();
  };
  const before = ({ previousElementSibling: it }) => it && (glyphs(it).at(-1) ?? before(it));
  const collides = (scripts) => {
    const base = before(scripts);
    const levels = scripts.querySelectorAll(":scope > .vlist-t > .vlist-r > .vlist > span");
    const firsts = [...levels].flatMap((level) => glyphs(level).slice(0, 1));
    return base && firsts.some((first) => box(base).right - box(first).left > 1);
  };
  const formulas = [...document.querySelectorAll(".katex-html")];
  return formulas
    .filter((formula) => [...formula.querySelectorAll(".msupsub")].some(collides))
    .map((formula) => `overlaps: ${formula.parentElement.querySelector("annotation").textContent}`);
}"""

# The thing of a kind that is shown and has a name, or the first that is shown.
FIND = """(selector, name) => [...document.querySelectorAll(selector)].find((one) => {
  const label = one.labels?.[0]?.firstChild.textContent;
  const names = [one.textContent.trim(), one.getAttribute("aria-label"), label];
  const shown = one.checkVisibility() && !one.closest(".slides section:not(.present)");
  return shown && (!name || names.includes(name));
})"""
MIDDLE = f"""(...what) => {{
  const found = ({FIND})(...what);
  if (!found) return null;
  found.scrollIntoView({{ block: "center", behavior: "instant" }});
  const {{ left, top, width, height }} = found.getBoundingClientRect();
  return [left + width / 2, top + height / 2];
}}"""
# The same, once the thing is what a click there meets: one on what covers it does something else.
UNCOVERED = f"""(...what) => {{
  const middle = ({MIDDLE})(...what);
  return middle && ({FIND})(...what).contains(document.elementFromPoint(...middle)) && middle;
}}"""
# A place of a drawing's own, in the window.
PLACE = f"""(selector, name, x, y) => {{
  const drawing = ({FIND})(selector, name).ownerSVGElement;
  const place = new DOMPoint(x, y).matrixTransform(drawing.getScreenCTM());
  return [place.x, place.y];
}}"""
ENDS = f"""(...what) => {{
  const {{ left, right, top, height }} = ({FIND})(...what).getBoundingClientRect();
  return [[left + 10, top + height / 2], [right - 2, top + height / 2]];
}}"""
FOCUS = f"(...what) => ({FIND})(...what).focus()"
CHOSEN = f"(...what) => ({FIND})(...what).selectedIndex"

Action = tuple[Any, ...]


class Engine(ABC):
    """A browser with one page, at which a user sits."""

    name: str
    version: str

    def __init__(self) -> None:
        # What the console said meanwhile; WebKit's is silent while it is driven.
        self.complaints: list[str] = []

    @abstractmethod
    def look(self, base: str, names: list[str]) -> dict[str, list[str]]:
        """Visit pages; what the console and the formulas of each complain of, where they do."""

    @abstractmethod
    def goto(self, address: str) -> None:
        """Open a page and wait until it is loaded."""

    @abstractmethod
    def resize(self, width: int, height: int) -> None:
        """Give the page another size."""

    @abstractmethod
    def run(self, function: str, *arguments: Any) -> Any:
        """Call a function of JavaScript in the page."""

    @abstractmethod
    def press(self, key: str) -> None:
        """Press a key, by its name in the DOM."""

    @abstractmethod
    def write(self, text: str) -> None:
        """Type a text."""

    @abstractmethod
    def drag(self, *points: tuple[float, float]) -> None:
        """Press the mouse at the first place of the window and let it go at the last."""

    def until(self, function: str, *arguments: Any) -> Any:
        """Wait until a function in the page says something true, and give that."""
        return wait(lambda: self.run(function, *arguments), function, *arguments)

    def click(self, selector: str, name: str = "") -> None:
        """Click a thing in its middle, when nothing covers it."""
        self.drag(self.until(UNCOVERED, selector, name))

    def act(self, kind: str, *what: Any) -> None:
        """Do what a line of a trace says."""
        getattr(self, f"_{kind}")(*what)

    def _press(self, button: str) -> None:
        self.click("button", button)

    def _key(self, key: str) -> None:
        self.press(key)

    def _seek(self) -> None:
        """Step through a deck until it shows a widget."""
        wait(lambda: self.run(FIND, "[data-em-widget]", "") or self.press("PageDown"), "a widget")

    def _drag(self, handle: str, x: float, y: float) -> None:
        begin = self.until(MIDDLE, HANDLES, handle)
        self.drag(begin, self.run(PLACE, HANDLES, handle, x, y))

    def _slide(self, slider: str) -> None:
        self.until(MIDDLE, "input", slider)
        self.drag(*self.run(ENDS, "input", slider))

    def _choose(self, select: str, index: int) -> None:
        """With keys: what a click opens is drawn by the system, out of a driver's reach."""
        self.run(FOCUS, "select", select)
        by = index - self.run(CHOSEN, "select", select)
        for _ in range(abs(by)):
            self.press("ArrowDown" if by > 0 else "ArrowUp")


HANDLES = "[role=slider]"


def wait(ready: Callable[[], Any], *what: object) -> Any:
    """Ask until the answer is true; a page that is being left can't answer."""
    end = time.monotonic() + LAST_RESORT
    why: object = None
    while time.monotonic() < end:
        try:
            if answer := ready():
                return answer
        except InvalidSessionIdException:
            raise  # the browser is gone
        except (PlaywrightError, WebDriverException) as error:
            why = error
        time.sleep(0.02)
    raise AssertionError(f"did not come: {what}; {why}")


# --- Chromium and Firefox -----------------------------------------------------------------------


class Played(Engine):
    """A page that Playwright drives."""

    def __init__(self, name: str, page: Page) -> None:
        browser = page.context.browser
        assert browser is not None
        super().__init__()
        self.name, self.version, self.page = name, browser.version, page
        page.set_default_timeout(1000 * LAST_RESORT)
        page.on("console", lambda said: self._note(said.type, said.text))
        page.on("pageerror", lambda error: self._note("error", str(error)))

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not text.startswith(HALF_THERE):
            self.complaints.append(text)

    def look(self, base: str, names: list[str]) -> dict[str, list[str]]:
        found = {}
        for name in names:
            self.goto(base + name)
            overlaps = self.page.evaluate(f"({LOOK})(window)")
            found[name] = self.complaints + overlaps
            self.complaints.clear()
        return {name: said for name, said in found.items() if said}

    def goto(self, address: str) -> None:
        self.page.goto(address)

    def resize(self, width: int, height: int) -> None:
        self.page.set_viewport_size({"width": width, "height": height})
        self.until("(...size) => String([innerWidth, innerHeight]) === String(size)", width, height)

    def run(self, function: str, *arguments: Any) -> Any:
        return self.page.evaluate(f"(given) => ({function})(...given)", list(arguments))

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def write(self, text: str) -> None:
        self.page.keyboard.type(text)

    def drag(self, *points: tuple[float, float]) -> None:
        mouse = self.page.mouse
        mouse.move(*points[0])
        mouse.down()
        for point in points[1:]:
            mouse.move(*point, steps=4)
        mouse.up()


# --- WebKit -------------------------------------------------------------------------------------

# In an automated session WebKitGTK's console is silent. This page of ours is opened without one:
# it loads the others one by one, and says what comes of which. A frame stays until two more are
# loaded, so that its last words are heard.
WALK = """<!doctype html><meta charset="utf-8"><title>Walk</title><body><script>
const [LOOK, base, names, mayLook] = [%(look)s, %(base)s, %(names)s, %(may_look)s];
const open = (address) => new Promise((done) => {
  const size = { width: 1280, height: 900 };
  const frame = Object.assign(document.createElement("iframe"), { src: address, ...size });
  frame.onload = () => done(frame);
  document.body.prepend(frame);
});
const painted = () => new Promise((done) => {
  requestAnimationFrame(() => requestAnimationFrame(done));
});
(async () => {
  const frames = [];
  for (const name of names) {
    console.log(`@page ${name}`);
    const frame = await open(base + name);
    const overlaps = mayLook ? await LOOK(frame.contentWindow) : (await painted(), []);
    for (const words of overlaps) console.log(`@said ${words}`);
    if (frames.push(frame) > 2) frames.shift().remove();
  }
  await painted();
  console.log("@end");
})();
</script>"""


class Walk(build.Handler):
    """Serves the site and the page that walks through it."""

    page = b""

    def do_GET(self) -> None:  # noqa: N802
        if self.path != "/walk":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(self.page)


class WebKit(Engine):
    """A page of WebKitGTK that Selenium drives."""

    name = "webkit"

    def __init__(self, driver: webdriver.WebKitGTK, program: str, folder: Path) -> None:
        super().__init__()
        self.version = driver.capabilities["browserVersion"]
        self.driver, self.program, self.folder = driver, program, folder

    def look(self, base: str, names: list[str]) -> dict[str, list[str]]:
        served = base.startswith("http")
        page = WALK % {
            "look": LOOK,
            "base": json.dumps("/" if served else base),
            "names": json.dumps(names),
            "may_look": json.dumps(served),  # into a frame from disk it may not
        }
        if served:
            handler = type("Handler", (Walk,), {"page": page.encode()})
            server = ThreadingHTTPServer(
                ("127.0.0.1", 0), partial(handler, directory=str(build.HTML))
            )
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                return self._walk(f"http://127.0.0.1:{server.server_port}/walk")
            finally:
                server.shutdown()
                server.server_close()
        path = self.folder / "walk.html"
        path.write_text(page)
        return self._walk(path.as_uri())

    def _walk(self, address: str) -> dict[str, list[str]]:
        """What the console says of each page."""
        command = [self.program, "--enable-write-console-messages-to-stdout=true", address]
        found: dict[str, list[str]] = {}
        page = ""
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as walker:
            watchdog = threading.Timer(5 * LAST_RESORT, walker.kill)
            watchdog.start()
            for line in walker.stdout or ():
                _, is_console, said = line.rstrip().partition("CONSOLE ")
                if "@end" in said:
                    break
                if match := re.search("LOG @page (.*)", said):
                    page = match[1]
                elif match := re.search("LOG @said (.*)", said):
                    found.setdefault(page, []).append(match[1])
                elif is_console and re.match(r"[\w ]*(ERROR|WARN)", said):
                    found.setdefault(page, []).append(line.rstrip())
            else:
                raise AssertionError(f"WebKit ended after {page}")
            watchdog.cancel()
            walker.terminate()
        return found

    def lives(self) -> bool:
        """Tell whether it still answers."""
        try:
            self.run("() => true")
        except WebDriverException:
            return False
        return True

    def goto(self, address: str) -> None:
        self.driver.get(address)

    def resize(self, width: int, height: int) -> None:
        def has_it() -> bool:
            """Tell whether the page has that size; if not, ask once more, as it may have moved."""
            inner = self.run("() => [innerWidth, innerHeight]")
            if inner == [width, height]:
                return True
            outer = self.driver.get_window_size().values()
            sizes = zip(outer, (width, height), inner, strict=True)
            self.driver.set_window_size(*(o + w - i for o, w, i in sizes))
            return False

        wait(has_it, width, height)

    def run(self, function: str, *arguments: Any) -> Any:
        return self.driver.execute_script(f"return ({function})(...arguments)", *arguments)

    def press(self, key: str) -> None:
        name = re.sub("(?<=[a-z])(?=[A-Z])", "_", key).upper()
        self.write(getattr(Keys, name) if len(key) > 1 else key)

    def write(self, text: str) -> None:
        ActionChains(self.driver, duration=0).send_keys(text).perform()

    def drag(self, *points: tuple[float, float]) -> None:
        actions = ActionBuilder(self.driver, duration=0)
        pointer = actions.pointer_action
        (x, y), *rest = [(round(a), round(b)) for a, b in points]
        pointer.move_to_location(x, y).pointer_down()
        for u, v in rest:
            for share in (1, 2, 3, 4):
                pointer.move_to_location(x + (u - x) * share // 4, y + (v - y) * share // 4)
            x, y = u, v
        pointer.pointer_up()
        actions.perform()


@contextmanager
def a_screen() -> Iterator[None]:
    """A virtual screen, in whose name what is started draws."""
    read, write = os.pipe()
    program = browsers.find_or_install(browsers.SCREEN)
    size = "{}x{}x24".format(*(side + 400 for side in SIZE))
    command = [program, "-displayfd", str(write), "-screen", "0", size, "-nolisten", "tcp"]
    screen = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    before = dict(os.environ)
    with os.fdopen(read) as number:
        os.environ["DISPLAY"] = f":{number.readline().strip()}"
    os.environ["WEBKIT_DISABLE_COMPOSITING_MODE"] = "1"  # Mesa's drawing crashes now and then
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        screen.terminate()
        screen.wait()


def a_driver(options: Options) -> webdriver.WebKitGTK:
    """Start a driver; the port that Selenium finds free for it may be taken when it begins."""
    program, tries = browsers.find_or_install(browsers.DRIVER), 3
    while True:
        tries -= 1
        try:
            return webdriver.WebKitGTK(options=options, service=Service(program))
        except WebDriverException:
            if not tries:
                raise


@contextmanager
def a_webkit(folder: Path) -> Iterator[WebKit]:
    """WebKit in a window whose page has the size of the other engines' pages."""
    options = Options()
    options.binary_location = browsers.find_or_install(browsers.WEBKIT)
    options.add_argument("--automation")
    with a_screen():
        driver = a_driver(options)
        try:
            webkit = WebKit(driver, options.binary_location, folder)
            webkit.resize(*SIZE)
            yield webkit
        finally:
            with suppress(WebDriverException):  # one that crashed can't be told to go
                driver.quit()


@contextmanager
def webkits(folder: Path) -> Iterator[Callable[[], WebKit]]:
    """A function that gives a WebKit, another one where the last has crashed."""
    with ExitStack() as stack:
        started: list[WebKit] = []

        def living() -> WebKit:
            if not started or not started[-1].lives():
                started.append(stack.enter_context(a_webkit(folder)))
            return started[-1]

        yield living
