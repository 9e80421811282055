"""A Jupyter server with its kernel, and a notebook of it driven in the browser."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import matplotlib
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from em_core import CoinMixture, CoinParams, em_steps
from em_core.em import EMState, lower_bound
from em_core.widgets.base import number
from em_core.widgets.coin_steps import SIZE

ROOT = Path(__file__).resolve().parent.parent
LAST_RESORT = 120
"""Seconds after which a server or a kernel is given up, on a busy machine too."""
SLOW = 1000 * LAST_RESORT
X = [(5, 5), (9, 1), (8, 2), (4, 6), (7, 3)]
START = CoinParams([0.6, 0.5], [0.5, 0.5])
KNOWN = [
    "reading 'schema'",  # Notebook 7.6 complains of it itself, whatever it shows
    "reading 'node'",  # JupyterLab measures a cell that jupyterlab-myst has not drawn yet
    "Cross reference target was not found",  # in a notebook figures and sources have no numbers
]


# --- a server -----------------------------------------------------------------------------------


@contextmanager
def serving(
    command: list[str], folder: Path, variables: dict[str, str], **how: Any
) -> Iterator[str]:
    """Run a Jupyter server in a folder; gives its address. Nothing may be asked for elsewhere."""
    path = folder / "server.log"
    with outside() as proxy, path.open("w") as log:
        options = ["--no-browser", "--ip=127.0.0.1", "--port=0", "--IdentityProvider.token="]
        process = subprocess.Popen(
            [*command, *options],
            cwd=folder,
            env=variables | proxy,
            stdout=log,
            stderr=log,
            **how,
        )
        try:
            yield said_address(process, path)
        finally:
            stop(process)


def said_address(process: subprocess.Popen[Any], log: Path) -> str:
    """The address that a server names once it listens; it has chosen a free port itself."""
    until = time.monotonic() + LAST_RESORT
    while process.poll() is None and time.monotonic() < until:
        if found := re.search(r"http://127\.0\.0\.1:\d+(?=/)", log.read_text()):
            return found[0]
        time.sleep(0.05)
    return pytest.fail(f"{process.args} did not start:\n{log.read_text()}")


def stop(process: subprocess.Popen[Any]) -> None:
    process.terminate()
    try:
        process.wait(timeout=LAST_RESORT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def own_places(home: Path) -> dict[str, str]:
    """This environment's variables, with all that Jupyter keeps in a home of its own."""
    places = {
        "HOME": home,
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
        "IPYTHONDIR": home / "ipython",
        "MPLCONFIGDIR": matplotlib.get_cachedir(),  # else its fonts are looked for anew
        "PYTHONPATH": ROOT,
    }
    return dict(os.environ) | {name: str(place) for name, place in places.items()}


@contextmanager
def outside() -> Iterator[dict[str, str]]:
    """A proxy that all requests to elsewhere would go to; nobody may knock."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.setblocking(False)
        address = f"http://127.0.0.1:{door.getsockname()[1]}"
        names = ("http_proxy", "https_proxy", "all_proxy")
        variables = {n: address for name in names for n in (name, name.upper())}
        yield variables | {"no_proxy": "127.0.0.1,localhost", "NO_PROXY": "127.0.0.1,localhost"}
        with pytest.raises(BlockingIOError):
            door.accept()


# --- a notebook ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Notebook:
    """A notebook in the browser, with its kernel."""

    page: Page

    @property
    def cells(self) -> Locator:
        return self.page.locator(".jp-Notebook .jp-Cell")

    def widget(self, kind: str) -> Locator:
        """The first widget of its kind."""
        return self.page.locator(f'[data-em-widget="{kind}"]').first

    def run_all(self) -> None:
        """Ask for all cells; they run one after the other, before any that is run later."""
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()

    def add_cell(self) -> None:
        """Put an empty cell at the end."""
        before = self.cells.count()
        self.cells.last.locator(".jp-InputArea-prompt").click()
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("b")
        expect(self.cells).to_have_count(before + 1)

    def run(self, code: str, wait: bool = True) -> Locator:
        """Run code in the last cell, which is empty, and give its output; a new one follows."""
        before = self.cells.count()
        cell = self.cells.nth(before - 1)
        cell.locator(".cm-content").click()
        self.page.keyboard.insert_text(code)
        self.page.keyboard.press("Shift+Enter")
        expect(self.cells).to_have_count(before + 1)
        if wait:
            ran(cell)
        return cell.locator(".jp-OutputArea-output")

    def says(self, until: str, expression: str, said: str) -> None:
        """The kernel says something of `w`, once what the browser told it has arrived."""
        wait = f"[time.sleep(0.02) for _ in range(3000) if not ({until})]"
        expect(self.run(f"{wait}; print({expression})").last).to_have_text(f"{said}\n")

    def made(self, code: str) -> Locator:
        """Make the widget `w` in a new cell."""
        widget = self.run(f"w = {code}; w").locator("[data-em-widget]")
        expect(button(widget, "Next")).to_be_visible()
        return widget


def ran(cell: Locator) -> None:
    expect(cell.locator(".jp-InputArea-prompt")).to_have_text(re.compile(r"\[\d+\]:"))


@contextmanager
def opened(chromium: Browser, address: str) -> Iterator[Notebook]:
    """A notebook whose kernel is ready; in the end nothing was complained of or asked elsewhere."""
    context = chromium.new_context(viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(SLOW)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.extend(complaint(message.type, message.text)))
    page.on("pageerror", lambda error: said.extend(complaint("error", str(error))))
    page.on("request", lambda request: said.extend(foreign(request.url)))
    page.on("websocket", lambda websocket: said.extend(foreign(websocket.url)))
    with page.expect_websocket(lambda websocket: "/channels" in websocket.url):
        page.goto(address)
    expect(page.locator(".jp-Toolbar-kernelName").last).to_have_text("Python 3 (ipykernel)")
    expect(page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]')).to_be_visible()
    yield Notebook(page)
    context.close()
    assert not said, "\n".join(said)


def complaint(kind: str, text: str) -> list[str]:
    return [text] if kind == "error" and not any(known in text for known in KNOWN) else []


def foreign(url: str) -> list[str]:
    own = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:http://127.0.0.1:")
    return [] if url.startswith(own) else [url]


# --- what must be seen --------------------------------------------------------------------------


def button(widget: Locator, name: str) -> Locator:
    return widget.get_by_role("button", name=name, exact=True)


def status(widget: Locator) -> Locator:
    return widget.get_by_role("status")


def handle(widget: Locator, name: str) -> Locator:
    return widget.get_by_role("slider", name=name, exact=True)


def half(step: int) -> str:
    return f"Iteration {(step + 1) // 2}, after the {'ME'[step % 2]}-step" if step else "Start"


def states_of(model: object, x: object, start: object, count: int) -> list[EMState]:
    return list(islice(em_steps(model, x, start), count))  # type: ignore[arg-type]


def coins_at(start: CoinParams, step: int, free: bool = False, x: object = X) -> str:
    """The status line of CoinSteps."""
    states = states_of(CoinMixture(free), x, start, step // 2 + 1)
    state, value = states[-1], states[-1].log_likelihood
    (a, b), weight = state.params.theta, state.params.weights[0]
    weights = f", weight of A {weight:.3f}" if free else ""
    said = f"{half(step)}: θ_A {a:.3f}, θ_B {b:.3f}{weights}, log-likelihood {number(value, 2)}"
    if step == 0:
        return said
    shares = states[(step + 1) // 2 - 1].responsibilities
    bound = lower_bound(CoinMixture(), x, state.params, shares)
    return f"{said}, lower bound {number(bound, 2)}, gap {abs(value - bound):.3f}"


def shows(widget: Locator, start: CoinParams, step: int, **how: object) -> None:
    """CoinSteps shows a step: in words, by the slider and by the place of its star."""
    expect(status(widget)).to_have_text(coins_at(start, step, **how))  # type: ignore[arg-type]
    expect(handle(widget, "Step")).to_have_value(str(step))
    x, model = how.get("x", X), CoinMixture(bool(how.get("free")))
    a, b = states_of(model, x, start, step // 2 + 1)[-1].params.theta
    place = str(widget.locator(".em-here").get_attribute("transform"))
    at = [float(part) for part in re.findall(r"[\d.]+", place)]
    assert at == pytest.approx([a * SIZE, (1 - b) * SIZE], abs=1e-4)
    points = str(widget.locator(".em-path").first.get_attribute("points")).split(" ")
    assert len(points) == step // 2 + 1
