"""Every figure draws on the Axes that it is given, in the palette's colours."""

from __future__ import annotations

import io
import re
from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from em_core import GaussianParams, plots, style, tables

COINS = np.array([[5, 5], [9, 1], [8, 2], [4, 6], [7, 3]])
GRID = np.linspace(0.02, 0.98, 25)
AXIS = np.linspace(-4, 8, 20)
MIXTURE = GaussianParams([0.4, 0.6], [[0, 0], [3, 4]], [np.eye(2), [[2, 0.5], [0.5, 1]]])
LINE = GaussianParams([0.4, 0.6], [[0], [4]], [[[1]], [[2]]])
POINTS = np.random.default_rng(0).standard_normal((30, 2))
SHARES = np.random.default_rng(0).dirichlet([1, 1], size=30)
CHAIN = np.random.default_rng(0).dirichlet([1, 1, 1], size=9)
TOUCHES = np.array([0.4, 0.6, 0.7])


def draw_bound(ax):
    bounds = [tables.bound_slice(COINS, GRID, 0.52, touch) for touch in TOUCHES[:2]]
    plots.draw_lower_bound(ax, GRID, tables.coin_slice(COINS, GRID, 0.52), bounds, TOUCHES)


FLAT = {
    "jensen, concave": lambda ax: plots.draw_jensen(ax, np.log, (0.5, 4.0), 0.4, (0.2, 5.0)),
    "jensen, convex": lambda ax: plots.draw_jensen(ax, np.exp, (-1.0, 1.0), 0.4, (-2.0, 2.0)),
    "coin contours": lambda ax: plots.draw_coin_contours(
        ax, GRID, tables.coin_surface(COINS, GRID)
    ),
    "path": lambda ax: plots.draw_path(ax, np.array([[0.6, 0.5], [0.7, 0.55], [0.8, 0.52]])),
    "ridges": lambda ax: plots.draw_ridges(ax, GRID, GRID, GRID, GRID**2),
    "responsibilities": lambda ax: plots.draw_responsibilities(ax, SHARES[:5], list("12345")),
    "points": lambda ax: plots.draw_points(ax, POINTS),
    "soft points": lambda ax: plots.draw_points(ax, POINTS, SHARES),
    "ellipses": lambda ax: plots.draw_ellipses(ax, MIXTURE),
    "density contours": lambda ax: plots.draw_density_contours(ax, AXIS, AXIS, MIXTURE),
    "half-axes": lambda ax: plots.draw_half_axes(ax, MIXTURE.means[1], MIXTURE.covariances[1]),
    "before": lambda ax: plots.draw_before(ax, MIXTURE),
    "shares": lambda ax: plots.draw_shares(ax, POINTS[0], SHARES[0], (9, 0)),
    "narrowing": lambda ax: plots.draw_narrowing(
        ax, np.logspace(0, -4, 9), np.linspace(-90, -70, 9), {"the best": -80.0}
    ),
    "wall": lambda ax: plots.draw_wall(
        ax, np.logspace(1, -3, 9), np.linspace(-90, -70, 9), np.linspace(-60, -190, 9)
    ),
    "losses": lambda ax: plots.draw_losses(
        [ax, ax], np.array([1, 5]), np.zeros((2, 2)), np.array([[1, 1], [np.nan, 2]]), "ab"
    ),
    "sharpness": lambda ax: plots.draw_sharpness(
        ax, (POINTS[:9, 0], POINTS[9:, 0] + 3), np.array([0.0, 3.0]), np.array([0.3, 0.7]), 1.0
    ),
    "climb": lambda ax: plots.draw_climb(ax, np.array([-9.0, -8.0, -7.9, -3.0]), (1, 2)),
    "histogram": lambda ax: plots.draw_histogram(ax, POINTS[:, 0], bins=5),
    "density curves": lambda ax: plots.draw_density_curves(ax, AXIS, LINE),
    "bars": lambda ax: plots.draw_bars(ax, ["loop", "einsum"], [3.0, 0.01], "seconds"),
    "roofline": lambda ax: plots.draw_roofline(
        ax, 1e10, {"products": 5e10, "exp": 4e9}, {"whole": (0.2, 1e9), "blocks": (4.0, 3e9)}
    ),
    "lower bound": draw_bound,
    "pieces": lambda ax: plots.draw_pieces(ax, np.array([[-9, -2, 1], [-8, -2, 1.5], [-9, -2, 2]])),
    "ends": lambda ax: plots.draw_ends(ax, np.array([-3.0, -2.0, -3.0])),
    "series": lambda ax: plots.draw_series(ax, np.arange(9), np.arange(9), CHAIN, np.arange(3)),
    "state shares": lambda ax: plots.draw_state_shares(ax, np.arange(9), CHAIN),
    "filled": lambda ax: plots.draw_filled(ax, *POINTS[:9].T, POINTS[:9, 0] > 0, 0.5),
    "compared": lambda ax: plots.draw_compared(
        ax, ["a", "b"], {"one": SHARES[0], "two": SHARES[1]}, 0.5, "share"
    ),
    "step sizes": lambda ax: plots.draw_step_sizes(
        ax, np.arange(3), {"1/t": SHARES[:3, 0], "0.05": SHARES[:3, 1]}
    ),
    "mean paths": lambda ax: plots.draw_mean_paths(ax, np.arange(3), SHARES[:3], SHARES[0]),
    "left over": lambda ax: plots.draw_left_over(
        ax, ["a", "b"], SHARES[:2] - 0.5, ["one", "two"], 0.1
    ),
    "two classes": lambda ax: plots.draw_two_classes(ax, SHARES.reshape(15, 2, 2), SHARES[0]),
    "profile": lambda ax: plots.draw_profile(ax, SHARES[:2, [0, 1, 0, 1]], SHARES[0], list("abcd")),
    "best so far": lambda ax: plots.draw_best_so_far(
        ax, np.arange(1, 4), np.array([-1.0, -2.0]), {"chance 50 %": np.array([1, 1, 0])}
    ),
    "ways": lambda ax: plots.draw_ways(
        ax, ["a", "b"], {"rows": SHARES[0], "seeds": SHARES[1]}, "p"
    ),
    "resamples": lambda ax: plots.draw_resamples(ax, POINTS[:, 0], 0.5, 0.2),
    "courses": lambda ax: plots.draw_courses(ax, np.arange(3), SHARES[:3], ["A", "B"], "share"),
}
SOLID = {
    "density surface": lambda ax: plots.draw_density_surface(ax, AXIS, AXIS, MIXTURE),
}


@pytest.fixture(autouse=True)
def in_our_style():
    with matplotlib.rc_context():
        style.use()
        yield


def drawn(name):
    """The figure of a drawing function, made without pyplot."""
    figure = Figure()
    projection = "3d" if name in SOLID else None
    (FLAT | SOLID)[name](figure.add_subplot(projection=projection))
    return figure


def svg(figure):
    buffer = io.StringIO()
    FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None})
    return buffer.getvalue()


@cache
def first(name):
    """As it was drawn first."""
    return svg(drawn(name))


@pytest.mark.parametrize("name", FLAT | SOLID)
def test_each_draws_on_the_axes_it_is_given_and_nowhere_else(name):
    figure = drawn(name)
    (ax,) = figure.axes
    assert ax.has_data()


@pytest.mark.parametrize("name", FLAT | SOLID)
def test_figures_are_the_same_each_time(name):
    assert svg(drawn(name)) == first(name)


@pytest.mark.parametrize("name", FLAT | SOLID)
def test_figures_use_the_palettes_colours_alone(name):
    """What is not in the palette would stay light on the dark page."""
    used = set(re.findall(r"#[0-9a-f]{6}\b", first(name).lower()))
    assert used - set(style.LIGHT.values()) == set()


@pytest.mark.parametrize(
    "name",
    [
        "coin contours",
        "density contours",
        "narrowing",
        "climb",
        "lower bound",
        "bars",
        "roofline",
    ],
)
def test_axes_are_named(name):
    (ax,) = drawn(name).axes
    assert ax.get_xlabel()


def test_every_drawing_function_is_drawn_here():
    functions = {name for name in vars(plots) if name.startswith("draw_")}
    source = Path(__file__).read_text()
    assert {name for name in functions if f"plots.{name}" not in source} == {"draw_contours"}


def test_points_get_the_marker_of_their_likeliest_component():
    (ax,) = drawn("soft points").axes
    sizes = [len(collection.get_offsets()) for collection in ax.collections]
    assert sizes == np.bincount(SHARES.argmax(axis=1)).tolist()


def test_the_bound_figure_draws_the_computed_curves():
    (ax,) = drawn("lower bound").axes
    curves = [line.get_ydata() for line in ax.lines if len(line.get_xdata()) == len(GRID)]
    assert len(curves) == 3
    assert all((curves[0] - bound >= -1e-10).all() for bound in curves[1:])


def test_the_roof_rises_by_the_bandwidth_until_the_fastest_work_is_reached():
    (ax,) = drawn("roofline").axes
    x, y = ax.lines[0].get_data()
    assert y[0] / x[0] == pytest.approx(10)  # in billions a second
    assert (x[1], y[1], y[2]) == pytest.approx((5.0, 50, 50))


# --- the palette -----------------------------------------------------------------------------


def luminance(colour):
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def test_colours_are_whole_lower_case_hexes():
    for pair in style.PALETTE.values():
        assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in pair)


def test_light_colours_are_unique_so_that_each_has_one_dark_partner():
    assert len(set(style.LIGHT.values())) == len(style.PALETTE)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["ink", "muted", "a", "b", "c", "d"])
def test_what_is_read_stands_out_from_the_paper(name, theme):
    assert contrast(style.PALETTE[name][theme], style.PALETTE["paper"][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_ink_stays_readable_on_every_step_of_the_ramp(theme):
    ink = style.PALETTE["ink"][theme]
    steps = [style.PALETTE[f"ramp{i}"][theme] for i in range(6)]
    assert min(contrast(ink, step) for step in steps) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_the_ramp_leaves_the_paper_step_by_step(theme):
    paper = style.PALETTE["paper"][theme]
    away = [contrast(style.PALETTE[f"ramp{i}"][theme], paper) for i in range(8)]
    assert away == sorted(away)


def test_components_differ_by_marker_and_line_too():
    assert len(set(style.COMPONENTS)) == len(style.MARKERS) == len(style.LINES) == 4
    assert len(set(style.MARKERS)) == len(set(style.LINES)) == 4


def test_the_books_font_is_used():
    from matplotlib import font_manager

    assert "Literata" in font_manager.findfont("Literata")
    assert matplotlib.rcParams["svg.fonttype"] == "path"
