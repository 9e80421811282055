"""What the tests share: the machine that they run on, the built site, and a browser to see it."""

from __future__ import annotations

import gc
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "book"), str(ROOT / "theme")]

import browser as browsers  # noqa: E402
import build  # noqa: E402
import cut  # noqa: E402
import machines  # noqa: E402
from walk import NAMES, Seen, Walk  # noqa: E402

# The last resort, on a machine that does much besides: waits end when the thing happens.
expect.set_options(timeout=30_000)

settings.register_profile("many", max_examples=20, deadline=None, derandomize=True)
settings.register_profile("few", settings.get_profile("many"), max_examples=4)
settings.load_profile("many")  # --hypothesis-profile=few chooses the other


def pytest_addoption(parser: pytest.Parser) -> None:
    text = (
        "of each test marked shared_out run the I-th of N parts of its variants, and one at least"
    )
    parser.addoption("--share", metavar="I/N", help=text)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave to the other environments their parts of what is shared out among them."""
    if not (share := config.getoption("share")):
        return
    part, parts = map(int, share.split("/"))
    variants = defaultdict(list)
    for item in items:
        if item.get_closest_marker("shared_out"):
            variants[item.nodeid.partition("[")[0]].append(item)
    mine = {kept for of_one in variants.values() for kept in in_part(of_one, part, parts)}
    others = [item for of_one in variants.values() for item in of_one if item not in mine]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in set(others)]


def in_part(variants: list[pytest.Item], part: int, parts: int) -> list[pytest.Item]:
    # Neighbours, for they are often of one problem, which is then solved in one environment.
    first, last = ((number * len(variants)) // parts for number in (part - 1, part))
    return variants[first:last] or [variants[part % len(variants)]]


def pytest_collection_finish() -> None:
    """All modules are there: let their data come as on the machine that is imitated, if any.

    Garbage is no longer looked for among them, and less often.
    """
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    if machine := machines.here():
        machines.imitate(machine)


def pytest_report_header() -> str | None:
    """Say which machine is imitated."""
    machine = machines.here()
    return machine and f"imitated: {machine.name}"


@pytest.fixture(scope="session")
def site_dir() -> Path:
    """The folder of the built site."""
    assert (build.HTML / "index.html").exists(), "the site is not built: run `make book` first"
    return build.HTML


@pytest.fixture(scope="session")
def site_url(site_dir: Path) -> Iterator[str]:
    """The address at which the built site is served while the tests run, without a final slash."""
    with served(build.make_server(0)) as address:
        yield address


@pytest.fixture(scope="session")
def cut_url(site_dir: Path) -> Iterator[str]:
    """The same with every chapter cut to its widgets, for whoever reads no more of it."""
    with served(cut.make_server()) as address:
        yield address


@pytest.fixture(scope="session")
def cut_dir(site_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same from disk."""
    folder = tmp_path_factory.mktemp("cut")
    cut.write(folder)
    return folder


@contextmanager
def served(server: ThreadingHTTPServer) -> Iterator[str]:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """What drives Chromium and Firefox; a process can start it but once."""
    browsers.find_or_install()  # which may start it, too
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """One browser for most tests; an error, not a skip, where there is none."""
    path = browsers.quickest_chromium()
    found = playwright.chromium.launch(
        executable_path=path, args=browsers.BRIEF, timeout=browsers.START
    )
    yield found
    found.close()


@pytest.fixture(scope="session")
def walk(chromium: Browser, site_url: str, site_dir: Path) -> Iterator[Walk]:
    """What is to be seen on each page, by its name."""
    over_all = Walk(chromium, site_url, site_dir.as_uri())
    yield over_all
    over_all.close()


@pytest.fixture(scope="session", params=NAMES)
def seen(walk: Walk, request: pytest.FixtureRequest) -> Seen:
    """Each page in turn; all tests that look at it share one visit."""
    return walk[request.param]


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A fresh browser context, 1280 px wide."""
    fresh = chromium.new_context(viewport={"width": 1280, "height": 800})
    fresh.set_default_timeout(30_000)
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A fresh page, 1280 px wide."""
    return context.new_page()


@pytest.fixture(scope="module")
def patience() -> Iterator[None]:
    """A kernel may be slow: what is expected of a notebook is waited for longer than on a page."""
    expect.set_options(timeout=60_000)
    yield
    expect.set_options(timeout=30_000)
