"""Measure the widgets on their pages in a browser, and beside them the stock way to embed one.

python tools/bench_site.py [--site _build/html] [--output _build/bench-site.json]

For each widget, on its chapter: the time from a click on Next to the first task after the frame
that shows it, the weight of what a first visit loads, how far the page moves when the widget
starts, and the time until it can be used. Everything comes from this machine, uncompressed and
without delay: on a real network weight costs more than it does here. Weights are of the files as
gzip would send them; a kB is 1000 bytes. Shift is Chromium's score for moved layout, the worst of
all visits: from the navigation to a second after the widget is ready, and of that what came after
its last script was let go, which is held until the page has its fonts and shows the widget's place.

The tour has a line of its own: what its page weighs, when it is ready, and how long its frames are
while it moves.

The stock way is what ipywidgets' `embed_minimal_html` writes, for the widget of the coins' chapter:
RequireJS, Jupyter's html-manager and anywidget's module, all served from here. Its pieces come from
npm by the lock file in tools/bench_site. All that its page loads counts as the widget's weight: it
holds the widget's own script and styles, and besides a few lines of text. That makes it quicker to
show than a chapter; ours is measured on its chapter all the same.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anywidget
import browser as browsers
import build
import numpy as np
from playwright.sync_api import Browser, Locator, Page, Response, Route, sync_playwright

from em_core.widgets import base

MANY, ITERATION_MS = 5000, 33  # points of the readers' own, and what an iteration may take
ROUNDS, CLICKS = 4, 25  # each widget's clicks are spread over all rounds
SETTLED_MS = 1000  # after the start, while the layout is still watched
OUTPUT = build.BUILD / "bench-site.json"
LOCK = Path(__file__).with_name("bench_site")
FETCHED = build.BUILD / "bench-site"
STOCK = "the stock way"
COMPARED = "coin-steps"
SLOWNESS, PHONE = 6, {"width": 390, "height": 844}
TARGETS = {
    "median_ms": 16,
    "p95_ms": 33,
    "widget_kB": 25,
    "page_kB": 350,
    "start_shift": 0,
    "slow_median_ms": 50,
    "slow_ready_ms": 2000,
}
HEADS = {
    "median_ms": "click, ms",
    "p95_ms": "95th %",
    "widget_kB": "widget, kB",
    "page_kB": "page, kB",
    "shift": "shift",
    "start_shift": "at start",
    "ready_ms": "ready, ms",
    "slow_median_ms": f"click ×{SLOWNESS} ms",
    "slow_ready_ms": f"ready ×{SLOWNESS} ms",
}
DIGITS = {"shift": 4, "start_shift": 4, "ready_ms": 0, "slow_ready_ms": 0}  # the others have one
LOCAL = ("http://127.0.0.1:", "data:", "blob:http://127.0.0.1:")

WATCH = """
const bench = (window.emBench = { ready: null, shifts: [] });
new PerformanceObserver((list) => {
  for (const { value, startTime, hadRecentInput } of list.getEntries())
    if (!hadRecentInput) bench.shifts.push([startTime, value]);
}).observe({ type: "layout-shift", buffered: true });
new MutationObserver((_, observer) => {
  if (!document.querySelector(".em-ready")) return;
  bench.ready = performance.now();
  observer.disconnect();
}).observe(document, { subtree: true, childList: true, attributeFilter: ["class"] });
"""
SCROLL = """async (selector) => {
  const frames = async () => {
    for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);
  };
  await document.fonts.ready;
  await frames();
  document.querySelector(selector).scrollIntoView({ block: "center", behavior: "instant" });
  await frames();
  return performance.now();
}"""
SHIFT = """([from, settled]) => emBench.shifts
  .filter(([time]) => time >= from && time <= emBench.ready + settled)
  .reduce((sum, [, value]) => sum + value, 0)"""
CLICK = """async (root, [count, step, back]) => {
  const button = (name) => [...root.querySelectorAll("button")].find((b) => b.textContent === name);
  const slider = root.querySelector("input[type=range]");
  const next = button(step);
  const click = () => new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const start = performance.now();
    port1.onmessage = () => resolve(performance.now() - start);
    next.click();
    requestAnimationFrame(() => port2.postMessage(null));
  });
  const times = [];
  while (times.length < count) {
    await new Promise((resolve) => setTimeout(resolve, 20 + 60 * Math.random()));
    if (slider && slider.value === slider.max) button(back).click();
    else times.push(await click());
  }
  return times;
}"""
FRAMES = """async ([keys, watched]) => {
  const { port1, port2 } = new MessageChannel();
  const frame = (begin) => new Promise((resolve) => {
    port1.onmessage = () => resolve(performance.now() - (begin ?? shown));
    let shown;
    requestAnimationFrame(() => {
      shown = performance.now();
      port2.postMessage(null);
    });
  });
  const found = { longest: [], gaps: [] };
  for (const key of keys) {
    const begin = performance.now();
    dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true }));
    let longest = await frame(begin);
    for (let before = performance.now(); before - begin < watched; ) {
      longest = Math.max(longest, await frame());
      const now = performance.now();
      found.gaps.push(now - before);
      before = now;
    }
    found.longest.push(longest);
  }
  return found;
}"""
TOUR = "EM in five minutes"
TOUR_TARGETS = {"page_kB": 200, "ready_ms": 1000, "gap_ms": 1000 / 60 + 0.5, "slow_longest_ms": 50}
TOUR_HEADS = {
    "page_kB": "page, kB",
    "ready_ms": "ready, ms",
    "gap_ms": "frame, ms",
    "longest_ms": "longest, ms",
    "slow_ready_ms": f"ready ×{SLOWNESS} ms",
    "slow_longest_ms": f"longest ×{SLOWNESS}",
}
MOVING_MS = 600  # for which frames are watched after a key
PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>The stock way</title></head>
<body>
<h1>Two coins</h1>
<script src="require.js"></script>
<script>require.config({{ paths: {{ anywidget: "anywidget" }} }});</script>
<script src="embed-amd.js"></script>
{snippet}
{text}
</body>
</html>
"""


@dataclass(frozen=True)
class Subject:
    """A widget on a page, and how to measure it."""

    name: str
    kind: str
    address: str
    place: str  # what is scrolled to before the widget is there
    last_script: str  # the one that starts it, held back while the layout settles
    choices: tuple[tuple[str, str], ...] = ()
    says: str = ""  # what the widget says when the choices have taken effect


@dataclass(frozen=True)
class Loaded:
    """A file that a visit loaded."""

    path: str
    resource: str
    weight: int


@dataclass
class Samples:
    """What was measured of a subject so far."""

    clicks: list[float] = field(default_factory=list)
    ready: list[float] = field(default_factory=list)
    shifts: list[float] = field(default_factory=list)
    start_shifts: list[float] = field(default_factory=list)
    files: list[Loaded] = field(default_factory=list)
    slow_clicks: list[float] = field(default_factory=list)
    slow_ready: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    name: str
    median_ms: float
    p95_ms: float
    widget_kB: float  # noqa: N815 (the unit's name)
    page_kB: float  # noqa: N815
    shift: float
    start_shift: float
    ready_ms: float
    slow_median_ms: float
    slow_ready_ms: float

    def missed(self) -> list[str]:
        """The targets that this row misses, by the table's heads."""
        return [HEADS[key] for key, most in TARGETS.items() if getattr(self, key) > most]


# --- figures from samples --------------------------------------------------------------------


def gzipped(content: bytes) -> int:
    """What a server would send: packed, or as it is where packing gains nothing."""
    return min(len(content), len(gzip.compress(content, 9)))


def kilobytes(files: Iterable[Loaded]) -> float:
    """The weight of files together."""
    return round(sum(file.weight for file in files) / 1000, 2)


def on_demand(file: Loaded) -> bool:
    """Whether a file is a picture, which pages load lazily, or the run of a setting."""
    return file.resource == "image" or "/_runs/" in file.path


def summarise(name: str, samples: Samples, widget: set[str]) -> Row:
    """The middle of what varies, the worst shift, and the weights."""
    return Row(
        name,
        median_ms=_middle(samples.clicks, 2),
        p95_ms=round(float(np.percentile(samples.clicks, 95)), 2),
        widget_kB=kilobytes(file for file in samples.files if Path(file.path).name in widget),
        page_kB=kilobytes(file for file in samples.files if not on_demand(file)),
        shift=round(max(samples.shifts), 4),
        start_shift=round(max(samples.start_shifts), 4),
        ready_ms=_middle(samples.ready, 1),
        slow_median_ms=_middle(samples.slow_clicks, 2),
        slow_ready_ms=_middle(samples.slow_ready, 1),
    )


def _middle(times: list[float], digits: int) -> float:
    return round(float(np.median(times)), digits)


def ratios(ours: Row, stock: Row) -> dict[str, float]:
    """Ours by the stock way's, where the latter is not zero."""
    pairs = {key: (getattr(ours, key), getattr(stock, key)) for key in HEADS}
    return {key: a / b for key, (a, b) in pairs.items() if b}


def table(rows: list[Row]) -> str:
    """All rows, what they should be, and what they are by the stock way's."""
    lines = [_line("", list(HEADS.values()), "targets")]
    lines += [_line(row.name, [_cell(row, key) for key in HEADS], _verdict(row)) for row in rows]
    named = {row.name: row for row in rows}
    shares = ratios(named[COMPARED], named[STOCK])
    lines.append(_line(f"{COMPARED} / stock", [_share(shares.get(key)) for key in HEADS]))
    limits = [f"≤ {TARGETS[key]}" if key in TARGETS else "" for key in HEADS]
    lines.append(_line("target", limits))
    return "\n".join(lines)


def own_points(iterations: list[float]) -> str:
    """What an iteration on the readers' own page took, and what it may take."""
    median, slowest = np.percentile(iterations, [50, 95])
    took = f"{median:.1f} ms, 95th % {slowest:.1f} ms"
    return (
        f"your own points: {MANY} of them, six components, an iteration with its picture {took}; "
        f"target ≤ {ITERATION_MS} ms"
    )


def _line(name: str, cells: list[str], closing: str = "") -> str:
    return f"{name:<18}{''.join(f'{cell:>12}' for cell in cells)}  {closing}".rstrip()


def _cell(row: Row, key: str) -> str:
    return f"{getattr(row, key):.{DIGITS.get(key, 1)}f}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _verdict(row: Row) -> str:
    if row.name == STOCK:
        return ""
    return f"missed: {'; '.join(row.missed())}" if row.missed() else "met"


# --- the stock way ---------------------------------------------------------------------------


def fetch() -> Path:
    """Fetch what the stock page loads, by the lock file's checksums; the folder that holds it."""
    lock = (LOCK / "package-lock.json").read_bytes()
    copy = FETCHED / "package-lock.json"
    if not (FETCHED / ".done").exists() or copy.read_bytes() != lock:
        print("-- fetching the stock way from npm", flush=True)
        shutil.rmtree(FETCHED, ignore_errors=True)
        shutil.copytree(LOCK, FETCHED, ignore=shutil.ignore_patterns("node_modules"))
        _npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        (FETCHED / ".done").touch()
    return FETCHED / "node_modules"


def _npm(*arguments: str) -> None:
    binaries = Path(sys.executable).parent
    path = os.pathsep.join([str(binaries), os.environ.get("PATH", "")])
    environment = os.environ | {"PATH": path, "NODE_USE_SYSTEM_CA": "1"}
    if subprocess.call([binaries / "npm", *arguments], cwd=FETCHED, env=environment):
        sys.exit("`npm ci` failed, see above: the stock way could not be fetched.")


def make_stock_page(folder: Path) -> None:
    """Write the page and the scripts that it loads."""
    modules = fetch()
    manager = modules / "@jupyter-widgets" / "html-manager" / "dist" / "embed-amd.js"
    shutil.copy(modules / "requirejs" / "require.js", folder)
    shutil.copy(manager, folder)
    front_end = Path(anywidget.__file__).parent / "nbextension" / "index.js"
    shutil.copy(front_end, folder / "anywidget.js")
    (folder / "index.html").write_text(stock_page(), encoding="utf-8")


def stock_page() -> str:
    """The widget of the coins' chapter, as `embed_minimal_html` writes it, between text."""
    from ipywidgets import embed

    from em_core import CoinParams
    from em_core.widgets import CoinSteps

    x = np.array([(5, 5), (9, 1), (8, 2), (4, 6), (7, 3)])
    widget = CoinSteps(x, CoinParams(theta=[0.6, 0.5], weights=[0.5, 0.5]))
    # With defaults dropped, anywidget's front end would miss the widget's script.
    state = embed.dependency_state([widget], drop_defaults=False)
    data = embed.embed_data(views=[widget], state=state)
    views = "".join(
        embed.widget_view_template.format(view_spec=embed.escape_script(json.dumps(view)))
        for view in data["view_specs"]
    )
    # Its other templates load RequireJS from another host.
    snippet = embed.requirejs_snippet_template.format(
        json_data=embed.escape_script(json.dumps(data["manager_state"])), widget_views=views
    )
    return PAGE.format(snippet=snippet, text="<p>What follows the widget.</p>\n" * 20)


# --- in the browser --------------------------------------------------------------------------


class Server(ThreadingHTTPServer):
    """A server that says nothing when a page is closed before it has all of its files."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address at which a folder is served, without a final slash."""
    handler = partial(build.Handler, directory=str(folder))
    with Server(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def visit(chromium: Browser, **screen: Any) -> Iterator[Page]:
    """A first visit: nothing is cached, and nothing may come from elsewhere."""
    foreign: list[str] = []
    screen = {"viewport": {"width": 1280, "height": 800}} | screen
    with chromium.new_context(**screen) as context:
        page = context.new_page()
        page.on("request", lambda r: None if r.url.startswith(LOCAL) else foreign.append(r.url))
        page.add_init_script(WATCH)
        yield page
    if foreign:
        sys.exit(f"A page asked another host for {foreign[0]}: what was measured doesn't count.")


def open_undisturbed(chromium: Browser, subject: Subject, samples: Samples) -> None:
    """How long it takes until the widget is ready; the first time, what is loaded for it."""
    responses: list[Response] = []
    with visit(chromium) as page:
        page.on("response", lambda response: responses.append(response))
        page.goto(subject.address)
        page.wait_for_selector(".em-ready")
        samples.ready.append(page.evaluate("emBench.ready"))
        if len(samples.ready) == 1:
            page.wait_for_load_state("networkidle")
            files = [r for r in responses if r.url.startswith("http:") and r.ok]
            samples.files += [weighed(response) for response in files]


def weighed(response: Response) -> Loaded:
    """A response as a file."""
    path, resource = urlsplit(response.url).path, response.request.resource_type
    return Loaded(path, resource, gzipped(response.body()))


def start_in_sight(chromium: Browser, subject: Subject, samples: Samples) -> None:
    """Let the page be read before the widget starts: how far it moves then; and click."""
    held: list[Route] = []
    with visit(chromium) as page:
        page.route(f"**/{subject.last_script}*", lambda route: held.append(route))
        page.goto(subject.address, wait_until="commit")
        page.wait_for_selector(subject.place, state="attached")
        while not held:
            page.wait_for_timeout(20)
        let_go = page.evaluate(SCROLL, subject.place)
        held[0].continue_()
        page.wait_for_selector(".em-ready")
        page.wait_for_timeout(SETTLED_MS + 100)
        samples.shifts.append(page.evaluate(SHIFT, [0, SETTLED_MS]))
        samples.start_shifts.append(page.evaluate(SHIFT, [let_go, SETTLED_MS]))
        widget = page.locator(f'[data-em-widget="{subject.kind}"]')
        choose(widget, subject)
        samples.clicks += widget.evaluate(CLICK, [CLICKS, "Next", "Reset"])


def use_slowly(chromium: Browser, subject: Subject, samples: Samples) -> None:
    """On a phone's screen with a slow processor: the time until it is ready, and clicks."""
    with visit(chromium, viewport=PHONE, has_touch=True, is_mobile=True) as page:
        page.set_default_timeout(180_000)
        session = page.context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWNESS})
        page.goto(subject.address)
        page.wait_for_selector(".em-ready")
        samples.slow_ready.append(page.evaluate("emBench.ready"))
        page.wait_for_load_state("networkidle")
        page.evaluate(SCROLL, f'[data-em-widget="{subject.kind}"]')
        widget = page.locator(f'[data-em-widget="{subject.kind}"]')
        choose(widget, subject)
        samples.slow_clicks += widget.evaluate(CLICK, [CLICKS, "Next", "Reset"])


def iterate(chromium: Browser, address: str) -> list[float]:
    """What an iteration takes with its picture, of as many points as readers may put down."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(MANY, 2)) + rng.choice([0, 4, 9], size=(MANY, 2))
    with visit(chromium) as page:
        page.goto(f"{address}/book/points.html")
        points = page.locator(".em-points.em-ready")
        points.get_by_text("Paste or open a table").click()
        points.get_by_placeholder("3.6, 79").evaluate(
            "(field, text) => { field.value = text; }",
            "\n".join(f"{u:.4f},{v:.4f}" for u, v in x),
        )
        points.get_by_role("button", name="Use these rows").click()
        points.get_by_text(f"{MANY} rows are in the picture.").wait_for()
        points.get_by_label("Components k").select_option("6")
        times: list[float] = points.evaluate(CLICK, [CLICKS, "Iteration", "To the start"])
        return times


def choose(widget: Locator, subject: Subject) -> None:
    """Choose what is to be measured, and wait until it is there."""
    for label, option in subject.choices:
        widget.get_by_label(label).select_option(option)
    if subject.says:
        widget.get_by_role("status").filter(has_text=subject.says).wait_for()


def chapters(address: str) -> list[Subject]:
    """The widgets, each on its chapter; mixture-steps with as much to draw as it offers."""

    def on(page: str, kind: str) -> Subject:
        place = f'[data-em-widget="{kind}"]'
        return Subject(kind, kind, f"{address}/book/{page}.html", place, "start.js")

    most = (("Data", "Four clusters"), ("Components", "4"))
    return [
        on("01_jensen", "jensen"),
        on("03_incomplete", "lower-bound"),
        on("04_derivation", "one-row"),
        on("04_derivation", "bound-bars"),
        on("05_coins", "coin-steps"),
        on("07_restarts", "coin-starts"),
        replace(on("09_gaussian_code", "mixture-steps"), choices=most, says="weight D"),
        on("14_how_fast_how_sure", "overlap"),
        on("15_misleads", "sharpness"),
        on("16_how_many", "how-many"),
        on("17_several_starts", "many-starts"),
        on("18_in_order", "ice-cream"),
        on("21_streams", "stream"),
        on("20_coins_in_a_row", "verdicts"),
        on("22_family", "family"),
        on("19_holes", "twelve-rows"),
    ]


def stock_subject(address: str) -> Subject:
    """The widget embedded the stock way; anywidget's module comes last."""
    return Subject(STOCK, COMPARED, f"{address}/index.html", "h1", "anywidget.js")


def widget_files(subject: Subject) -> set[str]:
    """The names of the files that are the widgets' own."""
    if subject.name == STOCK:
        return {"index.html", "require.js", "embed-amd.js", "anywidget.js"}
    return {path.name for path in base.STATIC.iterdir()}


def measure(chromium: Browser, subjects: list[Subject], samples: dict[str, Samples]) -> None:
    """All subjects in turn, round by round, so that a busy minute does not fall on one alone."""
    for number in range(1, ROUNDS + 1):
        print(f"-- round {number} of {ROUNDS}:", end="", flush=True)
        for subject in subjects:
            print(f" {subject.name}", end="", flush=True)
            open_undisturbed(chromium, subject, samples[subject.name])
            start_in_sight(chromium, subject, samples[subject.name])
            use_slowly(chromium, subject, samples[subject.name])
        print(flush=True)


def run(site: Path, folder: Path) -> tuple[list[Row], list[float], dict[str, float], str]:
    """Measure everything: rows, iterations' times, the tour's figures, the browser's version."""
    make_stock_page(folder)
    with served(site) as address, served(folder) as stock_address, a_browser() as chromium:
        subjects = [*chapters(address), stock_subject(stock_address)]
        samples = {subject.name: Samples() for subject in subjects}
        measure(chromium, subjects, samples)
        rows = [summarise(s.name, samples[s.name], widget_files(s)) for s in subjects]
        iterations = [time for _ in range(ROUNDS) for time in iterate(chromium, address)]
        return rows, iterations, tour(chromium, address), chromium.version


def tour(chromium: Browser, address: str) -> dict[str, float]:
    """The tour from its first scene to its last and back, by keys: its weight and its frames.

    A frame's length is the time between two; the longest is of the work on one, from the key or the
    frame's begin to the first task after it. Of each key's the best of all walks counts: on a busy
    machine frames wait for others.
    """
    figures: dict[str, float] = {}
    slow = {"viewport": PHONE, "has_touch": True, "is_mobile": True}
    for prefix, screen in {"": {}, "slow_": slow}.items():
        files: list[Response] = []
        with visit(chromium, **screen) as page:
            page.set_default_timeout(180_000)
            page.on("response", lambda response, files=files: files.append(response))  # type: ignore[misc]
            if prefix:
                session = page.context.new_cdp_session(page)
                session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWNESS})
            page.goto(f"{address}/book/tour.html")
            page.wait_for_selector(".em-ready")
            figures[f"{prefix}ready_ms"] = round(page.evaluate("emBench.ready"), 1)
            page.wait_for_load_state("networkidle")
            if not prefix:
                loaded = [weighed(r) for r in files if r.url.startswith("http:") and r.ok]
                figures["page_kB"] = kilobytes(f for f in loaded if not on_demand(f))
            page.wait_for_selector(".tour-stage > :nth-child(5)", state="attached")  # the last run
            page.wait_for_timeout(SETTLED_MS)
            scenes = page.locator(".tour-way li").count()
            keys = ["ArrowRight"] * (scenes - 1) + ["ArrowLeft"] * (scenes - 1)
            found = [page.evaluate(FRAMES, [keys, MOVING_MS]) for _ in range(ROUNDS)]
            figures[f"{prefix}gap_ms"] = _middle([gap for walk in found for gap in walk["gaps"]], 1)
            each = np.min([walk["longest"] for walk in found], axis=0)
            figures[f"{prefix}longest_ms"] = round(float(each.max()), 1)
    return figures


def tour_table(figures: dict[str, float]) -> str:
    """The tour's line, with what it should be."""
    missed = [TOUR_HEADS[key] for key, most in TOUR_TARGETS.items() if figures[key] > most]
    limits = [f"≤ {TOUR_TARGETS[key]:.0f}" if key in TOUR_TARGETS else "" for key in TOUR_HEADS]
    cells = [f"{figures[key]:.1f}" for key in TOUR_HEADS]
    return "\n".join(
        [
            _line("", list(TOUR_HEADS.values()), "targets"),
            _line(TOUR, cells, f"missed: {'; '.join(missed)}" if missed else "met"),
            _line("target", limits),
        ]
    )


@contextmanager
def a_browser() -> Iterator[Browser]:
    """The browser that the tests use."""
    path = browsers.find_or_install()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=browsers.ARGUMENTS)
        yield chromium
        chromium.close()


def report(
    rows: list[Row], iterations: list[float], tour_figures: dict[str, float], chromium: str
) -> dict[str, Any]:
    """What is kept of a run."""
    named = {row.name: row for row in rows}
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "chromium": chromium,
            "load": os.getloadavg()[0],
        },
        "clicks": ROUNDS * CLICKS,
        "targets": TARGETS,
        "rows": [asdict(row) for row in rows],
        "tour": tour_figures,
        "iteration_ms": _middle(iterations, 2),
        "ours_by_stock": ratios(named[COMPARED], named[STOCK]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site", type=Path, default=build.HTML, help="the built site")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="where the figures are kept")
    arguments = parser.parse_args()
    if not (arguments.site / "index.html").exists():
        sys.exit(f"{arguments.site} holds no built site: run `make book` first")
    with tempfile.TemporaryDirectory() as folder:
        rows, iterations, figures, chromium = run(arguments.site, Path(folder))
    kept = report(rows, iterations, figures, chromium)
    arguments.output.write_text(json.dumps(kept, indent=2) + "\n")
    print(f"\n{table(rows)}\n\n{own_points(iterations)}\n\n{tour_table(figures)}")
    print(f"\n-- {ROUNDS * CLICKS} clicks each; kept in {arguments.output}")


if __name__ == "__main__":
    sys.exit(build.stoppable(main))
