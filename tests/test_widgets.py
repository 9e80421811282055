"""Widgets in Python: they show what `em_core` computes, and what they refuse changes nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import islice
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest

from em_core import (
    CoinMixture,
    CoinParams,
    GaussianMixture,
    GaussianParams,
    em_steps,
    lower_bound,
)
from em_core.style import PALETTE
from em_core.tables import expected_counts
from em_core.widgets import CoinSteps, MixtureSteps
from em_core.widgets.base import MIME, SCRIPTS, STATIC, module, number, styles

X = np.array([(5, 5), (9, 1), (8, 2), (4, 6), (7, 3)])
START = CoinParams([0.6, 0.5], [0.5, 0.5])
POINTS = np.array([(0, 0), (1, 0.5), (0.2, 1), (5, 5), (6, 5.5), (5.2, 6.3)], dtype=float)
CLOUDS = GaussianParams([0.5, 0.5], [[0, 1], [5, 4]], [np.eye(2), np.eye(2)])
MAKE = {
    "coin-steps": lambda: CoinSteps(X, START),
    "mixture-steps": lambda: MixtureSteps(POINTS, CLOUDS),
}


@pytest.fixture(params=sorted(MAKE))
def widget(request):
    return MAKE[request.param]()


@pytest.fixture
def coins():
    return CoinSteps(X, START)


def coin_states(iterations=10, start=START):
    return list(islice(em_steps(CoinMixture(), X, start), iterations + 1))


# --- the trace is em_core's run -----------------------------------------------------------------


def test_the_status_of_every_step_has_the_figures_of_its_state(coins):
    for step, text in enumerate(coins.trace["status"]):
        coins.step = step
        a, b = coins.state.params.theta
        log_likelihood = number(coins.state.log_likelihood, 2)
        assert text.endswith(f": θ_A {a:.3f}, θ_B {b:.3f}, log-likelihood {log_likelihood}")


def test_the_states_are_those_of_em_steps(coins):
    for step in range(21):
        coins.step = step
        expected = coin_states()[step // 2]
        assert coins.state.iteration == expected.iteration
        np.testing.assert_array_equal(coins.state.params.theta, expected.params.theta)
        np.testing.assert_array_equal(coins.state.responsibilities, expected.responsibilities)


def test_each_iteration_has_two_halves(widget):
    titles = [text.split(":")[0] for text in widget.trace["status"]]
    assert titles[:3] == ["Start", "Iteration 1, after the E-step", "Iteration 1, after the M-step"]
    assert widget.trace["steps"][:5] == [[0, None], [0, 0], [1, 0], [1, 1], [2, 1]]
    assert len(titles) == len(widget.trace["steps"]) == 2 * (len(widget.states) - 1) + 1


def test_shares_and_counts_are_those_of_the_e_step(coins):
    for split, state in zip(coins.trace["splits"], coin_states(), strict=False):
        np.testing.assert_allclose(split["shares"], state.responsibilities[:, 0], atol=5e-5)
        heads, tails = expected_counts(X, state.responsibilities).sum(axis=0)[0]
        assert split["sums"][0] == f"{heads:.1f} H {tails:.1f} T"
        assert split["texts"] == [[f"{r:.2f}" for r in row] for row in state.responsibilities]


def test_the_first_iteration_shows_the_published_figures(coins):
    first = coins.trace["splits"][0]
    assert [row[0] for row in first["texts"]] == ["0.45", "0.80", "0.73", "0.35", "0.65"]
    assert first["sums"] == ["21.3 H 8.6 T", "11.7 H 8.4 T"]
    assert "θ_A 0.713, θ_B 0.581" in coins.trace["status"][2]
    assert "θ_A 0.797, θ_B 0.520" in coins.trace["status"][20]


def test_the_path_lies_at_the_parameters(coins):
    path = np.array(coins.trace["path"]) / coins.trace["size"]
    thetas = np.array([state.params.theta for state in coin_states()])
    np.testing.assert_allclose(path, np.column_stack([thetas[:, 0], 1 - thetas[:, 1]]), atol=1e-4)


def test_the_table_has_every_step_with_its_bound(coins):
    head, rows = coins.trace["table"].values()
    assert {len(row) for row in rows} == {len(head)}
    states = coin_states()
    for row, (t, r) in zip(rows[1:], coins.trace["steps"][1:], strict=True):
        bound = lower_bound(CoinMixture(), X, states[t].params, states[r].responsibilities)
        assert row[head.index("lower bound")] == number(bound, 4)
        assert row[head.index("log-likelihood")] == number(states[t].log_likelihood, 4)


def test_the_contours_enclose_the_peak_and_not_the_corner(coins):
    contours = coins.trace["contours"]
    assert len(contours) == 8
    assert all(path.startswith("M") and path.endswith("Z") for path in contours)
    assert contours[-1].count("M") == 2, "two equal peaks"


def test_a_mixture_shows_its_weights_and_likelihood():
    widget = MixtureSteps(POINTS, CLOUDS, iterations=3)
    states = list(islice(em_steps(GaussianMixture(), POINTS, CLOUDS), 4))
    for (t, _), text in zip(widget.trace["steps"], widget.trace["status"], strict=True):
        a, b = states[t].params.weights
        assert f"weight A {a:.3f}, weight B {b:.3f}" in text
        assert text.endswith(f"log-likelihood {number(states[t].log_likelihood, 2)}")
    assert np.shape(widget.trace["responsibilities"]) == (3, len(POINTS), 2)


def test_a_point_lies_between_the_ticks_that_enclose_it():
    trace = MixtureSteps(POINTS, CLOUDS).trace
    (x, y), (across, up) = trace["points"][4], trace["ticks"]
    assert np.interp(x, *zip(*[(p, float(v)) for p, v in across], strict=True)) == pytest.approx(
        6, abs=0.01
    )
    assert np.interp(-y, *zip(*[(-p, float(v)) for p, v in up], strict=True)) == pytest.approx(
        5.5, abs=0.01
    )


def test_a_trace_is_json_without_nan(widget):
    assert json.loads(json.dumps(widget.trace, allow_nan=False)) == widget.trace


# --- Python is the truth ------------------------------------------------------------------------


def test_a_new_start_computes_the_run_anew(coins):
    coins.step = 7
    coins.start = CoinParams([0.2, 0.7], [0.5, 0.5])
    assert coins.step == 0
    assert coins.trace == CoinSteps(X, CoinParams([0.2, 0.7], [0.5, 0.5])).trace


def test_new_data_compute_the_run_anew(coins):
    coins.x = [(3, 1), (1, 3)]
    assert coins.trace == CoinSteps([(3, 1), (1, 3)], START).trace


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("start", CoinParams([0.6], [1]), "start: has 1 coins"),
        ("start", (0.6, 0.5), "params: is a tuple"),
        ("x", [(1.5, 2)], "x: counts"),
        ("x", [(5, 5, 5)], "x: has shape"),
        ("step", 21, "step: 21 must be"),
        ("step", -1, "step: -1 must be"),
    ],
)
def test_what_is_refused_changes_nothing(coins, name, value, words):
    coins.step = 4
    before = coins.trace
    with pytest.raises(ValueError, match=words):
        setattr(coins, name, value)
    assert coins.trace == before
    assert coins.step == 4
    assert coins.start is START


@pytest.mark.parametrize("iterations", [0, -1, 2.5])
def test_a_number_of_iterations_must_be_whole(iterations):
    with pytest.raises(ValueError, match=r"iterations: .* must be a whole number"):
        CoinSteps(X, START, iterations=iterations)


def test_a_mixture_that_cannot_be_drawn_is_refused():
    line = GaussianParams([1.0], [[0.0]], [[[1.0]]])
    with pytest.raises(ValueError, match="1 components in 1 dimensions"):
        MixtureSteps(POINTS[:, :1], line)


def test_the_start_and_the_data_are_left_alone(coins):
    np.testing.assert_array_equal(START.theta, [0.6, 0.5])
    np.testing.assert_array_equal(X[0], [5, 5])
    assert coins.start is START


# --- what a notebook gets -----------------------------------------------------------------------


def test_the_output_has_a_view_a_picture_a_sentence_and_the_trace(widget):
    data, _ = widget._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data[MIME] == {"kind": widget.kind, "trace": widget.trace}
    assert data["text/plain"].endswith(".")
    assert "\n" not in data["text/plain"]
    ElementTree.fromstring(data["image/svg+xml"])


def test_the_picture_is_the_same_each_time_and_in_the_palette(widget):
    picture = widget.picture()
    assert picture == widget.picture()
    assert PALETTE["a"][0] in picture


def test_showing_a_widget_leaves_matplotlib_as_it_was(coins):
    mpl.use("agg")
    before = mpl.rcParams.copy()
    coins.picture()
    assert mpl.rcParams == before


def test_the_module_for_jupyter_has_one_default_export(widget):
    script = module(widget.kind)
    assert script.count("export ") == 1
    assert "export default {" in script
    assert "import " not in script


def test_the_styles_for_jupyter_bring_both_palettes():
    assert all(colour in styles() for pair in PALETTE.values() for colour in pair)


def test_there_is_no_em_in_javascript():
    for name in SCRIPTS:
        source = (STATIC / name).read_text()
        assert "Math.log" not in source
        assert "Math.exp" not in source


def test_em_core_alone_does_not_load_the_widgets():
    code = (
        "import em_core, sys; print([m for m in ('anywidget', 'matplotlib') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
