"""The widgets with a kernel behind them: in JupyterLab and in Notebook, driven in a browser."""

from __future__ import annotations

import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import nbformat
import numpy as np
import pexpect
import pytest
from notebook_driver import (
    LAST_RESORT,
    ROOT,
    START,
    Notebook,
    X,
    button,
    coins_at,
    half,
    handle,
    opened,
    outside,
    own_places,
    ran,
    serving,
    shows,
    states_of,
    status,
)
from playwright.sync_api import Browser, expect
from walk import COME_TO_REST, until

from em_core import (
    CoinMixture,
    CoinParams,
    GaussianMixture,
    GaussianParams,
    fit,
    lower_bound,
    widgets,
)
from em_core.style import PALETTE
from em_core.widgets import CoinStarts, Overlap
from em_core.widgets.base import STATIC, number
from em_core.widgets.jensen import CURVES, way
from em_core.widgets.lower_bound import HeldB
from em_core.widgets.mixture_steps import make_start

pytestmark = [
    pytest.mark.site,
    pytest.mark.xdist_group("live"),  # one JupyterLab for all
    pytest.mark.usefixtures("patience"),
]

ELSEWHERE = CoinParams([0.2, 0.7], [0.5, 0.5])
THETA_B = float(fit(CoinMixture(), X, START, tol=0, max_iter=300).params.theta[1])
POINTS = np.random.default_rng(0).normal(size=(60, 2)) + np.repeat([[0, 0], [6, 1], [3, 9]], 20, 0)
ENDS = [([1], [[3, 3]], [[[9, 0], [0, 16]]])]
ENDS += [([0.5, 0.5], [[0, 0], [5, 5]], [[[1, 0], [0, 1]], [[4, 0], [0, 9]]])]
CELLS = [
    f"""\
import threading
import time

import numpy as np
from em_core import CoinMixture, CoinParams, GaussianParams, em_steps
from em_core.widgets import CoinStarts, CoinSteps, Jensen, LowerBound, MixtureSteps, Overlap
from em_core.widgets import BoundBars, Family, Hill, HowMany, IceCream, ManyStarts, OneRow
from em_core.widgets import Stream, TwelveRows, Verdicts
x = {X}
start = CoinParams([0.6, 0.5], [0.5, 0.5])
points = np.array({POINTS.tolist()})
ends = [GaussianParams(*parts) for parts in {ENDS}]""",
    'jensen = Jensen("log"); jensen',
    "bound = LowerBound(x, 0.3); bound",
    "bars = BoundBars(CoinMixture(), x, start); bars",
    "row = OneRow(); row",
    "coins = CoinSteps(x, start); coins",
    "starts = CoinStarts(x, start); starts",
    "mixture = MixtureSteps(points, k=3); mixture",
    "overlap = Overlap(2); overlap",
    'many = ManyStarts({"made up": [-3.0, -2.0, -5.0] * 60}); many',
    "hill = Hill(lambda q, theta: -((q - theta) ** 2), lambda theta: theta, lambda q: q)\n"
    'relatives = Family({"EM": [[0.5, 0.25], [0.25, 0.25], [0.25, 0.25]]}, hill); relatives',
    "cream = IceCream([2, 3, 1], lambda days: days / 4); cream",
    'stream = Stream({"s": dict.fromkeys("abc", [[1, 5], [2, 4]])}, {"s": [2, 3]}); stream',
    'twelve = TwelveRows({"a": [[0.5, 2], [0.25, 3]]}, lambda c, s: -c * s, [[-0.5, 2]], [0, 3])\n'
    "twelve",
    'said = Verdicts([0.4, 0.6], [[0.1, 0.2], [0.8, 0.4]], "AB", ["low", "high"], "10"); said',
    'how_many = HowMany(points, {"full": ends}, {"full": [-9, -8]}); how_many',
    "",
]
DRAW_WHEN_CLICKED = """\
import matplotlib.pyplot as plt
from ipywidgets import Button, Output, VBox
from em_core import style
style.use()
clicks, out = [], Output()
def draw(button):
    clicks.append(button)
    with out:
        out.clear_output(wait=True)
        plt.figure(figsize=(len(clicks), 1), layout="none")
        plt.plot([0, 1])
        plt.show()
button = Button(description="Draw")
button.on_click(draw)
VBox([button, out])"""
"""What readers do, and what comes out blank when callbacks run on a second thread."""
IN_NOTEBOOK = {"jensen =": "jensen", "coins =": "coin-steps", "mixture =": "mixture-steps"}
"""How the cells begin that Notebook 7 has, and whose they are."""
NO_NEWS = '{"fetchNews": "false", "checkForUpdates": false}'


# --- a server and its notebook ------------------------------------------------------------------


def write_notebook(path: Path, sources: list[str]) -> None:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)


def without_news(home: Path) -> Path:
    """A home in which JupyterLab and Notebook ask nobody whether there are news."""
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(NO_NEWS)
    return home


@contextmanager
def run_notebook(chromium: Browser, address: str, cells: list[str]) -> Iterator[Notebook]:
    """The notebook with all its cells run."""
    with opened(chromium, address) as notebook:
        notebook.run_all()
        for i in range(len(cells) - 1):
            ran(notebook.cells.nth(i))
        yield notebook


@pytest.fixture(scope="module")
def lab(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    """A notebook in `make lab` for all tests; each makes the widgets that it changes.

    It opens the book, and Ctrl-C ends it.
    """
    write_notebook(ROOT / "_build" / "live.ipynb", CELLS)
    with make_lab(without_news(tmp_path_factory.mktemp("lab"))) as terminal:
        terminal.expect(r"http://127\.0\.0\.1:\S+token=\w+")
        assert "/lab/tree/book/index.ipynb?token=" in terminal.after
        address = terminal.after.replace("book/index", "_build/live")
        # A terminal that nobody reads is full some day, and who writes to it waits.
        reader = threading.Thread(target=terminal.read, daemon=True)
        terminal.timeout = None
        reader.start()
        with run_notebook(chromium, address, CELLS) as notebook:
            yield notebook
        terminal.sendintr()
        reader.join(LAST_RESORT)
        assert not reader.is_alive()


@contextmanager
def make_lab(home: Path) -> Iterator[pexpect.spawn]:
    """Run `make lab` in a terminal, as its user would, but without a browser of theirs."""
    variables = own_places(home) | {"BROWSER": "true"}
    with outside() as proxy:
        terminal = pexpect.spawn(
            "make",
            ["lab", "PORT=0"],
            cwd=ROOT,
            env=variables | proxy,
            encoding="utf-8",
            timeout=LAST_RESORT,
            preexec_fn=heed_ctrl_c,
        )
        try:
            yield terminal
        finally:
            terminal.close(force=True)


def heed_ctrl_c() -> None:
    """As in a terminal: what a script starts in the background is started deaf to it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


# --- what must be seen --------------------------------------------------------------------------


def jensen_next() -> str:
    setting = way("log")[1]
    expected, at_mean, gap = setting.figures()
    return (
        f"Setting 2 of 9: f(x) = {CURVES['log'].written}, points {setting.first:.2f} and "
        f"{setting.second:.2f}, weight of the second {setting.weight:.2f}; "
        f"E[f(X)] {expected:.3f}, f(E[X]) {at_mean:.3f}, gap {gap:.3f}."
    )


def bound_next() -> str:
    start = CoinParams([0.3, THETA_B], [0.5, 0.5])
    before, after = states_of(HeldB(), X, start, 2)
    below = lower_bound(HeldB(), X, after.params, before.responsibilities)
    return (
        f"{half(2)}: θ_A {after.params.theta[0]:.3f}, "
        f"log-likelihood {number(after.log_likelihood, 2)}, lower bound {number(below, 2)}, "
        f"gap {after.log_likelihood - below:.3f}. "
        f"The bound rose by {below - before.log_likelihood:.3f}; the gap is gained on top"
    )


def bars_next() -> str:
    before, after = states_of(CoinMixture(), X, START, 2)
    below = lower_bound(CoinMixture(), X, after.params, before.responsibilities)
    value, past = after.log_likelihood, before.log_likelihood
    return (
        f"{half(2)}: log-likelihood {number(value, 4)}, lower bound {number(below, 4)}, "
        f"KL {value - below:.4f}; the bound rose by {below - past:.4f}, "
        f"the log-likelihood by {value - past:.4f}"
    )


def row_next() -> str:
    touched = number(np.log(0.4), 4)
    return (
        f"{half(1)}: q 0.750, w 0.500, log-likelihood {touched}, lower bound {touched}, gap 0.0000"
    )


def starts_next() -> str:
    state = states_of(CoinMixture(), X, START, 2)[1]
    a, b = state.params.theta
    log_likelihood = number(state.log_likelihood, 2)
    last = fit(CoinMixture(), X, START).iterations
    return f"Iteration 1 of {last}: θ_A {a:.3f}, θ_B {b:.3f}, log-likelihood {log_likelihood}"


def mixture_at(k: int, start: int, step: int, x: np.ndarray = POINTS) -> str:
    state = states_of(GaussianMixture(), x, make_start(x, k, start), step // 2 + 1)[-1]
    weights = [f"weight {'ABCD'[j]} {w:.3f}" for j, w in enumerate(state.params.weights)]
    return f"{half(step)}: {', '.join(weights)}, log-likelihood {number(state.log_likelihood, 2)}"


def overlap_next() -> str:
    trace = Overlap(2).trace
    weight, mean = trace["params"][1]
    errors, known = (
        " and ".join(f"{value:.3f}" for value in trace[n]) for n in ("errors", "known")
    )
    return (
        f"Iteration 1 of {trace['last']}: weight {weight:.3f}, mean {mean:.3f}, log-likelihood "
        f"{number(trace['logLikelihoods'][1], 2)}. Distance 2.0: rate {trace['rate']:.3f}, "
        f"standard errors {errors}, with labels {known}"
    )


def many_next() -> str:
    return (
        "Start 2: ends at −2.000. Best so far: −2.000, found 1×. Maxima: 2, of these once 2. "
        "Next one new: estimated 1.00; of 120 others 0.33, better 0.00."
    )


def stream_next() -> str:
    means = ", ".join(f"2.0 and 4.0 with {name}" for name in "abc")
    return f"10 rows read: means {means}; they should be at 2.0 and 3.0"


def cream_next() -> str:
    return (
        "Day 2, one ice cream (not 3): P(hot) 0.750 → 0.250, "
        "the day before 0.500 → 0.500, the day after 0.250 → 0.250"
    )


def verdicts_next() -> str:
    return "B turned to yes: low 0.100 → 0.040, high 0.900 → 0.960"


def family_next() -> str:
    return "Iteration 1, after the E-step: q 0.250, θ 0.250, ℓ 0.0000, bound 0.0000"


def twelve_next() -> str:
    return "Iteration 1: ρ 0.250, σ² 3.000, log-likelihood −0.7500. Here it ends: the saddle"


def how_many_next() -> str:
    result = fit(GaussianMixture(), POINTS, GaussianParams(*ENDS[1]), tol=0, max_iter=0)
    price = 11 * np.log(len(POINTS)) - 2 * result.log_likelihood
    alone = fit(GaussianMixture(), POINTS, GaussianParams(*ENDS[0]), tol=0, max_iter=0)
    least = " BIC is smallest here." if price < 5 * np.log(60) - 2 * alone.log_likelihood else ""
    return (
        f"2 components: log-likelihood {number(result.log_likelihood, 2)}, free parameters 11, "
        f"BIC {price:.1f}, held-out log-likelihood −8.00.{least} Rows left out are likeliest here."
    )


NEXT: dict[str, tuple[int, Callable[[], str]]] = {
    "jensen": (1, jensen_next),
    "lower-bound": (2, bound_next),
    "bound-bars": (2, bars_next),
    "one-row": (1, row_next),
    "coin-steps": (2, lambda: coins_at(START, 2)),
    "coin-starts": (1, starts_next),
    "mixture-steps": (2, lambda: mixture_at(3, 0, 2)),
    "overlap": (1, overlap_next),
    "how-many": (1, how_many_next),
    "many-starts": (2, many_next),
    "ice-cream": (2, cream_next),
    "stream": (1, stream_next),
    "verdicts": (2, verdicts_next),
    "family": (1, family_next),
    "twelve-rows": (1, twelve_next),
}
"""How often Next is pressed, and what the status line then says."""


# --- every widget -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", NEXT)
def test_every_widget_steps_and_shows_the_figures_of_em_core(lab, kind):
    widget = lab.widget(kind)
    times, said = NEXT[kind]
    for _ in range(times):
        button(widget, "Next").click()
    expect(status(widget)).to_have_text(said())
    button(widget, "Reset").click()
    expect(handle(widget, "Step")).to_have_value("0")


def test_all_widgets_are_loaded_alike():
    """So that three stand for all in Notebook 7."""
    every = [one for one in vars(widgets).values() if isinstance(one, type) and "kind" in vars(one)]
    assert {one.kind for one in every} >= NEXT.keys()
    own = {one: (STATIC / f"{one.kind}.js").read_text() for one in every}
    assert all(one._esm.count(own[one]) == 1 for one in every)
    assert len({one._esm.replace(own[one], "own") for one in every}) == 1
    assert len({one._css for one in every}) == 1


def test_in_notebook_7_widgets_answer_even_while_a_cell_runs(chromium, tmp_path):
    """There, as in JupyterLab without `make lab`, on a second thread of the kernel."""
    home = without_news(tmp_path)
    work = home / "work"
    work.mkdir()
    cells = [CELLS[0], *(cell for cell in CELLS if cell.startswith(tuple(IN_NOTEBOOK))), ""]
    write_notebook(work / "live.ipynb", cells)
    start = [sys.executable, "-m", "jupyter", "notebook", "--allow-root"]
    start += ["--LabApp.extension_manager=readonly"]
    with (
        serving(start, work, own_places(home)) as address,
        run_notebook(chromium, f"{address}/notebooks/live.ipynb", cells) as notebook,
    ):
        for kind in IN_NOTEBOOK.values():
            times, said = NEXT[kind]
            for _ in range(times):
                button(notebook.widget(kind), "Next").click()
            expect(status(notebook.widget(kind))).to_have_text(said())
        coins = notebook.widget("coin-steps")
        notebook.run("coins.step = 4")
        shows(coins, START, 4)
        handle(coins, "Start").press("ArrowRight")
        shows(coins, CoinParams([0.65, 0.5], [0.5, 0.5]), 0)
        expect(notebook.run("print(coins.start.theta)")).to_have_text("[0.65 0.5 ]\n")
        wait = "[time.sleep(0.02) for _ in range(3000) if coins.step != 3]"
        output = notebook.run(f"{wait}; print(coins.start.theta)", wait=False)
        handle(coins, "Start").press("ArrowRight")
        shows(coins, CoinParams([0.7, 0.5], [0.5, 0.5]), 0)
        for _ in range(3):
            button(coins, "Next").click()
        expect(output).to_have_text("[0.7 0.5]\n")


def test_pictures_never_go_blank(lab):
    shown = lab.run(DRAW_WHEN_CLICKED)
    for clicks in range(1, 9):
        shown.get_by_role("button", name="Draw").click()
        expect(shown.locator("img")).to_have_js_property("naturalWidth", 96 * clicks)


# --- from the kernel into the browser -----------------------------------------------------------


def test_setting_step_start_state_and_data_changes_the_picture(lab):
    widget = lab.made("CoinSteps(x, start)")
    lab.run("w.step = 4")
    shows(widget, START, 4)
    lab.run("w.start = CoinParams([0.2, 0.7], [0.5, 0.5])")
    shows(widget, ELSEWHERE, 0)
    lab.run("w.state = w.states[3]")
    shows(widget, ELSEWHERE, 6)
    lab.run("w.state = next(em_steps(CoinMixture(), x, start))")
    shows(widget, START, 0)
    lab.run("w.step = 2; w.x = [(3, 1), (1, 3), (8, 0)]")
    shows(widget, START, 0, x=[(3, 1), (1, 3), (8, 0)])
    expect(widget.locator(".em-samples li")).to_have_count(3)
    expect(widget).to_have_count(1)
    button(widget, "Next").click()
    shows(widget, START, 1, x=[(3, 1), (1, 3), (8, 0)])
    lab.says("w.step == 1", "w.step", "1")


def test_a_bad_value_is_an_error_in_its_cell_and_leaves_the_picture(lab):
    widget = lab.made("CoinSteps(x, start)")
    lab.run("w.step = 4")
    said = "ValueError: start: has 1 coins; this widget shows two"
    expect(lab.run("w.start = CoinParams([0.6], [1])")).to_contain_text(said)
    said = "ValueError: step: 21 must be between 0 and 20"
    expect(lab.run("w.step = 21")).to_contain_text(said)
    shows(widget, START, 4)
    expect(lab.run("print(w.step, w.start.theta)")).to_have_text("4 [0.6 0.5]\n")


def test_two_views_of_a_widget_show_the_same(lab):
    first = lab.made("CoinSteps(x, start)")
    second = lab.run("w").locator("[data-em-widget]")
    button(second, "Next").click()
    shows(first, START, 1)
    handle(first, "Start").press("ArrowUp")
    moved = CoinParams([0.6, 0.55], [0.5, 0.5])
    shows(first, moved, 0)
    shows(second, moved, 0)


def test_a_mixture_of_ones_own_data(lab):
    widget = lab.made("MixtureSteps(points * 2, k=2)")
    expect(status(widget)).to_have_text(mixture_at(2, 0, 0, 2 * POINTS))
    lab.run("w.x = points")
    state = states_of(GaussianMixture(), POINTS, make_start(2 * POINTS, 2, 0), 1)[0]
    expect(status(widget)).to_contain_text(f"log-likelihood {number(state.log_likelihood, 2)}")


# --- from the browser into the kernel -----------------------------------------------------------


def test_the_state_in_the_kernel_is_the_one_shown(lab):
    widget = lab.made("CoinSteps(x, start)")
    for _ in range(7):
        button(widget, "Next").click()
    shows(widget, START, 7)
    state = states_of(CoinMixture(), X, START, 4)[3]
    a, b = map(float, state.params.theta)
    lab.says("w.step == 7", "w.step, w.state.iteration, *w.state.params.theta", f"7 3 {a} {b}")
    shows(widget, START, 7)


def test_moving_the_start_makes_the_kernel_compute(lab):
    widget = lab.made("CoinSteps(x, start)")
    widget.scroll_into_view_if_needed()
    for key, theta in (("ArrowRight", [0.65, 0.5]), ("Shift+ArrowDown", [0.65, 0.25])):
        handle(widget, "Start").press(key)
        shows(widget, CoinParams(theta, [0.5, 0.5]), 0)
    expect(handle(widget, "Start")).to_be_focused()
    handle(widget, "Start").evaluate(COME_TO_REST)
    box = widget.locator(".em-plane-of-starts").bounding_box()
    assert box is not None
    mouse = lab.page.mouse
    grip = handle(widget, "Start").locator("path").last.bounding_box()
    assert grip is not None
    mouse.move(grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
    mouse.down()
    for share in np.linspace(0.65, 0.2, 8):
        mouse.move(box["x"] + share * box["width"], box["y"] + 0.2 * box["height"])
    mouse.up()
    shows(widget, CoinParams([0.2, 0.8], [0.5, 0.5]), 0)
    widget.get_by_label("Weights").select_option("free")
    shows(widget, CoinParams([0.2, 0.8], [0.5, 0.5]), 0, free=True)
    button(widget, "Next").click()
    button(widget, "Next").click()
    shows(widget, CoinParams([0.2, 0.8], [0.5, 0.5]), 2, free=True)
    said = "w.start.theta, w.model.fit_weights, w.state.iteration"
    lab.says("w.step == 2", said, "[0.2 0.8] True 1")


def test_choosing_start_and_components_of_a_mixture(lab):
    widget = lab.made("MixtureSteps(points, ends[1])")
    given = status(widget).inner_text()
    widget.get_by_label("Start").select_option("random 5")
    expect(status(widget)).to_have_text(mixture_at(2, 4, 0))
    widget.get_by_label("Components").select_option("3")
    expect(status(widget)).to_have_text(mixture_at(3, 4, 0))
    lab.says("True", "w.start.means.shape, w.trace['setting']", "(3, 2) own/3:4")
    widget.get_by_label("Start").select_option("as given")
    expect(status(widget)).to_have_text(given)


def test_dragging_a_point_of_jensen_never_jumps_back(lab):
    widget = lab.made('Jensen("log")')
    point = handle(widget, "First point")
    point.evaluate(
        "e => { globalThis.seen = []; new MutationObserver(() =>"
        " globalThis.seen.push(Number(e.getAttribute('aria-valuenow'))))"
        ".observe(e, { attributes: true, attributeFilter: ['aria-valuenow'] }); }"
    )
    point.focus()
    for _ in range(25):
        lab.page.keyboard.press("ArrowRight")
    until(lab.page, "new Set(globalThis.seen).size === 25")
    seen = lab.page.evaluate("globalThis.seen")
    assert all(before <= after for before, after in pairwise(seen))
    lab.says(f"w.start.first == {seen[-1]}", "w.start.first", str(seen[-1]))


def test_a_step_of_a_longer_run_that_arrives_late_is_the_last():
    starts = CoinStarts(X, START)
    starts.step = starts.trace["last"]
    starts.asked = "fixed:15,11"
    last = starts.trace["last"]
    starts.set_state({"step": last + 5})
    assert starts.step == last
    assert starts.state is starts.states[last]


def test_an_exercise_by_hand_has_fields_and_other_numbers_at_each_press(lab):
    shown = lab.run('from em_core.exercises import by_hand; by_hand.show("unseen")')
    asked, field = shown.get_by_text("ended at"), shown.get_by_role("textbox")
    expect(field).to_have_attribute("placeholder", "3 decimals")
    for _ in range(3):
        question = asked.inner_text()
        starts, maxima, once, _ = map(int, re.findall(r"\d+", question))
        tries = [("?", "Not a number."), (f"{maxima / starts:.3f}", "All the maxima were counted.")]
        for written, said in [*tries, (f"{once / starts:.3f}", "Right.")]:
            field.fill(written)
            button(shown, "Check").click()
            expect(shown).to_contain_text(said)
        button(shown, "Another one").click()
        expect(asked).not_to_have_text(question)
        expect(field).to_have_value("")
    button(shown, "Hint").click()
    expect(shown).to_contain_text("What was found once was new a moment ago")
    button(shown, "Solution").click()
    expect(shown).to_contain_text("stand for those not found")


def test_keys_of_the_widget_do_not_move_the_notebook(lab):
    widget = lab.made("CoinSteps(x, start)")
    active = lab.page.locator(".jp-Cell.jp-mod-active")
    button(widget, "Next").click()
    text = active.text_content()
    cells = lab.page.locator(".jp-Cell").count()
    for key, step in [("ArrowDown", 0), ("ArrowRight", 1), ("End", 20), ("Enter", 20), ("Home", 0)]:
        lab.page.keyboard.press(key)
        expect(handle(widget, "Step")).to_have_value(str(step))
    widget.get_by_label("Weights").focus()
    for key in "xxdda":
        lab.page.keyboard.press(key)
    expect(lab.page.locator(".jp-Cell")).to_have_count(cells)
    assert re.sub(r"−.*", "", str(active.text_content()))[:20] == str(text)[:20]


# --- themes -------------------------------------------------------------------------------------


def test_colours_follow_the_theme(lab):
    widget = lab.widget("coin-steps")
    for theme, mode in (("JupyterLab Dark", 1), ("JupyterLab Light", 0)):
        lab.page.get_by_role("menuitem", name="Settings", exact=True).click()
        menus = lab.page.locator(".lm-Menu")
        menus.first.get_by_text("Theme", exact=True).hover()
        menus.last.get_by_text(theme, exact=True).click()
        expect(lab.page.locator("body")).to_have_attribute(
            "data-jp-theme-light", "false" if mode else "true"
        )
        for name, css in (("paper", "background-color"), ("ink", "color")):
            colour = PALETTE[name][mode].lstrip("#")
            rgb = ", ".join(str(int(colour[i : i + 2], 16)) for i in (0, 2, 4))
            expect(widget).to_have_css(css, f"rgb({rgb})")
