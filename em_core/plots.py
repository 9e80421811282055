"""Figures: each function draws on the `Axes` that it is given, in the book's style.

Nothing here computes: the numbers come from the models and from `em_core.tables`. Lines differ by
style and points by marker as well as by colour, and carry their names where they stand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter
from numpy.typing import NDArray

from em_core.checks import Array
from em_core.gaussians import GaussianParams
from em_core.style import COMPONENTS, LIGHT, LINES, MARKERS, RAMP
from em_core.tables import density, density_grid, ellipse, half_axes, soft_share

RAMP_MAP = ListedColormap(RAMP)
NAMES = "ABCD"
COIN_DROPS = (24.0, 16.0, 10.0, 6.0, 3.0, 1.5, 0.7, 0.2)
"""How far below its top each contour of a coin log-likelihood lies, in nats."""


def label(ax: Axes, x: float, y: float, text: str, **how: Any) -> None:
    """Write a direct label, with a rim of paper so that lines don't cross it."""
    from matplotlib.patheffects import withStroke

    how = {"color": LIGHT["ink"], **how}
    rim = withStroke(linewidth=3, foreground=LIGHT["paper"])
    ax.annotate(text, (x, y), path_effects=[rim], **how)


def draw_jensen(
    ax: Axes,
    f: Callable[[Array], Array],
    points: tuple[float, float],
    weight: float,
    domain: tuple[float, float],
) -> None:
    """Jensen's inequality for a variable with two values: the curve, its chord and the gap.

    Parameters
    ----------
    ax : Axes
    f : callable
        The function, vectorised.
    points : tuple of two floats
        The values of X.
    weight : float
        The probability of the second.
    domain : tuple of two floats
        Where the curve is drawn.
    """
    grid = np.linspace(*domain, 200)
    ends = np.array(points)
    mean = (1 - weight) * ends[0] + weight * ends[1]
    curve, chord = float(f(np.array(mean))), float((1 - weight) * f(ends[0]) + weight * f(ends[1]))
    ax.plot(grid, f(grid), color=COMPONENTS[0], linestyle="-")
    ax.plot(ends, f(ends), color=LIGHT["muted"], linestyle="--", marker="o")
    ax.plot([mean, mean], [chord, curve], color=COMPONENTS[1], linewidth=2.5)
    ax.plot(mean, curve, color=COMPONENTS[0], marker="o")
    ax.plot(mean, chord, color=COMPONENTS[1], marker="s")
    up = 1 if curve >= chord else -1
    label(
        ax,
        mean,
        curve,
        "f(E[X])",
        xytext=(0, 9 * up),
        textcoords="offset points",
        ha="center",
        va="bottom" if up > 0 else "top",
        color=COMPONENTS[0],
    )
    label(
        ax,
        mean,
        chord,
        "E[f(X)]",
        xytext=(8, -6 * up),
        textcoords="offset points",
        ha="left",
        va="top" if up > 0 else "bottom",
        color=COMPONENTS[1],
    )
    ax.set_xlabel("x")
    ax.set_ylabel("f(x)")


def draw_contours(
    ax: Axes, horizontal: Array, vertical: Array, heights: Array, levels: Array
) -> None:
    """Filled contours in the palette's ramp: the darker, the higher.

    Parameters
    ----------
    ax : Axes
    horizontal, vertical : ndarray of shape (g,) and (h,)
    heights : ndarray of shape (h, g)
        −inf is drawn as the lowest.
    levels : ndarray of shape (l,)
        Rising; at most as many as the ramp has colours. What lies below the first is left blank.
    """
    shown = np.where(np.isfinite(heights), heights, levels[0] - 1)
    colours = [RAMP[i] for i in np.linspace(0, len(RAMP) - 1, len(levels)).round().astype(int)]
    ax.contourf(horizontal, vertical, shown, levels=levels, colors=colours, extend="max")
    ax.contour(
        horizontal,
        vertical,
        shown,
        levels=levels,
        colors=LIGHT["muted"],
        linewidths=0.5,
        linestyles="-",
    )


def draw_coin_contours(ax: Axes, thetas: Array, surface: Array) -> None:
    """The log-likelihood of two coins over (θ_A, θ_B), with the diagonal where they are equal.

    Parameters
    ----------
    ax : Axes
    thetas : ndarray of shape (g,)
    surface : ndarray of shape (g, g)
        As `em_core.tables.coin_surface` gives.
    """
    draw_contours(ax, thetas, thetas, surface, surface.max() - np.array(COIN_DROPS))
    ax.plot([0, 1], [0, 1], color=LIGHT["muted"], linestyle=":", linewidth=1)
    ax.set(xlim=(0, 1), ylim=(0, 1), xlabel=r"$\theta_A$", ylabel=r"$\theta_B$")
    ax.set_aspect("equal")


def draw_path(ax: Axes, thetas: Array, colour: str = COMPONENTS[1], size: float = 4) -> None:
    """The way of the parameters: a dot an iteration, a square at the start, a star at the end.

    Parameters
    ----------
    ax : Axes
    thetas : ndarray of shape (t, 2)
    colour : str
    size : float
        Of the dots, in points.
    """
    ax.plot(*thetas.T, color=colour, linestyle="-", linewidth=1.2, marker="o", markersize=size)
    ax.plot(*thetas[0], color=colour, marker="s", markersize=size + 3)
    ax.plot(
        *thetas[-1], color=colour, marker="*", markersize=size + 8, markeredgecolor=LIGHT["paper"]
    )


def draw_density_surface(
    ax: Any, horizontal: Array, vertical: Array, params: GaussianParams
) -> None:
    """The density of a mixture in the plane as a landscape.

    Parameters
    ----------
    ax : Axes3D
    horizontal, vertical : ndarray of shape (g,) and (h,)
    params : GaussianParams
    """
    heights = density_grid(horizontal, vertical, params)
    levels = np.linspace(heights.min(), heights.max(), len(RAMP) + 1)
    ax.plot_surface(
        *np.meshgrid(horizontal, vertical),
        heights,
        cmap=RAMP_MAP,
        norm=BoundaryNorm(levels, len(RAMP)),
        edgecolor=LIGHT["muted"],
        linewidth=0.25,
        rstride=1,
        cstride=1,
    )
    ax.set_in_layout(False)  # the layout of some releases gives up on a solid, with a warning
    for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
        axis.set_pane_color((0, 0, 0, 0))
        axis._axinfo["grid"]["color"] = LIGHT["grid"]
    ax.set(xlabel="$x_1$", ylabel="$x_2$", zlabel="density")


def draw_responsibilities(ax: Axes, responsibilities: Array, names: Sequence[str]) -> None:
    """A bar for each sample, divided between two components.

    Parameters
    ----------
    ax : Axes
    responsibilities : ndarray of shape (n, 2)
    names : sequence of n str
        What stands beside each bar.
    """
    rows = range(len(responsibilities))
    first = responsibilities[:, 0]
    ax.barh(rows, first, color=COMPONENTS[0])
    ax.barh(rows, 1 - first, left=first, color="none", edgecolor=COMPONENTS[1], hatch="///")
    for row, share in zip(rows, first, strict=True):
        label(ax, 0.02, row, f"A {share:.2f}", va="center")
        label(ax, 0.98, row, f"B {1 - share:.2f}", va="center", ha="right")
    ax.set(xlim=(0, 1), yticks=rows, yticklabels=names, xlabel="responsibility")
    ax.invert_yaxis()


def draw_points(ax: Axes, x: Array, responsibilities: Array | None = None) -> None:
    """Points in the plane, each with the colour and the marker of its likeliest component.

    Parameters
    ----------
    ax : Axes
    x : ndarray of shape (n, 2)
    responsibilities : ndarray of shape (n, k), optional
        Without them all points look the same; with them the surer, the more opaque.
    """
    if responsibilities is None:
        ax.scatter(x[:, 0], x[:, 1], s=9, color=LIGHT["muted"], alpha=0.5, linewidths=0)
        return
    likeliest = responsibilities.argmax(axis=1)
    for j in range(responsibilities.shape[1]):
        mine = likeliest == j
        sure = np.clip(responsibilities[mine, j], 0, 1)
        ax.scatter(
            x[mine, 0],
            x[mine, 1],
            s=12,
            color=COMPONENTS[j],
            marker=MARKERS[j],
            linewidths=0,
            alpha=0.15 + 0.65 * sure,
        )


def draw_ellipses(ax: Axes, params: GaussianParams, names: Sequence[str] = NAMES) -> None:
    """Each component's curves at 1 and 2 standard deviations, and its name at the mean.

    Parameters
    ----------
    ax : Axes
    params : GaussianParams
        With d = 2 and k of at most 4.
    names : sequence of k str
    """
    parts = zip(params.means, params.covariances, strict=True)
    for j, (mean, covariance) in enumerate(parts):
        for deviations, width in ((1, 2.0), (2, 1.2)):
            ax.plot(
                *ellipse(mean, covariance, deviations).T,
                color=COMPONENTS[j],
                linestyle=LINES[j],
                linewidth=width,
            )
        label(
            ax,
            mean[0],
            mean[1],
            names[j],
            ha="center",
            va="center",
            color=COMPONENTS[j],
            fontweight="bold",
            fontsize=13,
        )


def draw_half_axes(ax: Axes, mean: Array, covariance: Array) -> None:
    """The half-axes of the ellipse at one standard deviation, from the mean outwards.

    Parameters
    ----------
    ax : Axes
    mean : ndarray of shape (2,)
    covariance : ndarray of shape (2, 2)
    """
    for away in half_axes(covariance):
        ax.plot(*np.transpose([mean, mean + away]), color=LIGHT["ink"], linestyle="-", linewidth=2)


def draw_before(ax: Axes, params: GaussianParams) -> None:
    """Where the components were before a step: thin and grey, at 1 standard deviation.

    Parameters
    ----------
    ax : Axes
    params : GaussianParams
        With d = 2.
    """
    for mean, covariance in zip(params.means, params.covariances, strict=True):
        curve = ellipse(mean, covariance, 1)
        ax.plot(*curve.T, color=LIGHT["muted"], linestyle="-", linewidth=1)
        ax.plot(*mean, color=LIGHT["muted"], marker="x", markersize=5)


def draw_shares(
    ax: Axes, point: Array, shares: Array, away: tuple[float, float], names: Sequence[str] = NAMES
) -> None:
    """A ring round a point, and its responsibilities beside it.

    Parameters
    ----------
    ax : Axes
    point : ndarray of shape (2,)
    shares : ndarray of shape (k,)
    away : tuple of two floats
        Where the words stand, in points from the point.
    names : sequence of k str
    """
    ring: dict[str, Any] = {
        "marker": "o",
        "markersize": 12,
        "markerfacecolor": "none",
        "markeredgewidth": 1.6,
    }
    ax.plot(*point, color=LIGHT["ink"], linestyle="", **ring)
    parts = zip(names, shares, strict=False)
    words = "\n".join(f"{name} {share:.2f}" for name, share in parts)
    label(
        ax,
        float(point[0]),
        float(point[1]),
        words,
        xytext=away,
        textcoords="offset points",
        va="center",
    )


def draw_narrowing(
    ax: Axes, widths: Array, log_likelihoods: Array, marks: dict[str, float]
) -> None:
    """The log-likelihood while a component becomes narrow, towards the right.

    Parameters
    ----------
    ax : Axes
    widths : ndarray of shape (g,)
        Standard deviations, on a logarithmic axis.
    log_likelihoods : ndarray of shape (g,)
    marks : dict of str to float
        Log-likelihoods to compare with, by name.
    """
    for name, value in marks.items():
        ax.axhline(value, color=LIGHT["muted"], linestyle="--", linewidth=1)
        above = {"xytext": (2, 3), "textcoords": "offset points", "ha": "left"}
        label(ax, widths.max(), value, name, **above)
    ax.plot(widths, log_likelihoods, color=COMPONENTS[0], linestyle="-")
    ax.set(xscale="log", xlim=(widths.max(), widths.min()))
    ax.set(xlabel="standard deviation σ of the narrow component", ylabel="log-likelihood")


def draw_wall(ax: Axes, widths: Array, log_likelihoods: Array, log_posteriors: Array) -> None:
    """Log-likelihood and log posterior while a component becomes narrow, towards the right.

    Parameters
    ----------
    ax : Axes
    widths : ndarray of shape (g,)
        Standard deviations, on a logarithmic axis.
    log_likelihoods, log_posteriors : ndarray of shape (g,)
    """
    top = int(np.argmax(log_posteriors))
    # Both at one height where the posterior is highest: a constant says nothing.
    shifted = log_posteriors - log_posteriors[top] + log_likelihoods[top]
    good = log_likelihoods[top]
    ax.axhline(good, color=LIGHT["muted"], linestyle=":", linewidth=1.2)
    ax.plot(widths, log_likelihoods, color=COMPONENTS[0], linestyle="-")
    ax.plot(widths, shifted, color=COMPONENTS[1], linestyle="--")
    low = float(log_likelihoods.min())
    ax.set(xscale="log", xlim=(widths.max(), widths.min()), ylim=(low - 30, good + 32))
    above = {"xytext": (0, 5), "textcoords": "offset points"}
    label(ax, widths[top], good, "a good fit", **above)
    wall = int(np.searchsorted(-widths, -0.02))
    beside = {"xytext": (-6, 6), "textcoords": "offset points", "ha": "right"}
    label(ax, widths[wall], log_likelihoods[wall], "log-likelihood", color=COMPONENTS[0], **beside)
    falls = int(np.flatnonzero(shifted > low - 20)[-1])
    beside = {"xytext": (12, -14), "textcoords": "offset points", "ha": "left"}
    label(ax, widths[falls], shifted[falls], "log posterior", color=COMPONENTS[1], **beside)
    ax.set(xlabel="standard deviation σ of component A (minutes)", ylabel="nats")
    ax.xaxis.set_major_formatter("{x:g}")


def draw_losses(
    axes: Sequence[Axes], dimensions: Array, failed: Array, losses: Array, names: Sequence[str]
) -> None:
    """Above, how many fits failed in each dimension; below, what the others lose on new rows.

    Parameters
    ----------
    axes : sequence of two Axes
    dimensions : ndarray of shape (g,)
    failed : ndarray of shape (g, s)
        Shares, a column for each way of fitting.
    losses : ndarray of shape (g, s)
        Nats a row, above 0; NaN where nothing is left.
    names : sequence of s str
    """
    above, below = axes
    for j, name in enumerate(names):
        for ax, values in ((above, failed), (below, losses)):
            ax.plot(
                dimensions,
                values[:, j],
                color=COMPONENTS[j],
                linestyle=LINES[j],
                marker=MARKERS[j],
                markersize=5,
            )
        last = int(np.flatnonzero(np.isfinite(losses[:, j]))[-1])
        beside = {"xytext": (8, -3), "textcoords": "offset points", "color": COMPONENTS[j]}
        label(below, dimensions[last], losses[last, j], name, **beside)
    above.set(ylabel="failed", ylim=(-0.08, 1.08), yticks=[0, 0.5, 1])
    below.set(yscale="log", xlabel="dimensions d", ylabel="nats lost a row")
    below.set_xlim(0, 1.25 * float(dimensions.max()))
    below.yaxis.set_major_formatter("{x:g}")


def draw_climb(ax: Axes, log_likelihoods: Array, level: tuple[int, int]) -> None:
    """The log-likelihood by iteration, and a stretch in which it hardly moves.

    Parameters
    ----------
    ax : Axes
    log_likelihoods : ndarray of shape (t,)
        At the start, after one iteration, …
    level : tuple of two int
        The first and the last iteration of the stretch.
    """
    first, last = level
    iterations = np.arange(len(log_likelihoods))
    ax.axvspan(first, last, color=LIGHT["ramp2"], linewidth=0)
    ax.plot(
        iterations, log_likelihoods, color=COMPONENTS[0], linestyle="-", marker="o", markersize=3
    )
    risen = log_likelihoods[last] - log_likelihoods[first]
    words = f"iterations {first} to {last}:\n+{risen:.1f}"
    above = {"xytext": (2, 8), "textcoords": "offset points", "va": "bottom"}
    label(ax, first, log_likelihoods[first], words, **above)
    words = f"then +{log_likelihoods[-1] - log_likelihoods[last]:.0f}"
    label(
        ax,
        iterations[-1],
        log_likelihoods[-1],
        words,
        xytext=(0, 7),
        textcoords="offset points",
        ha="right",
    )
    ax.set(xlabel="iteration", ylabel="log-likelihood")


def draw_resamples(ax: Axes, values: Array, estimate: float, error: float) -> None:
    """Estimates from data drawn again, and the bell curve that a standard error promises.

    Parameters
    ----------
    ax : Axes
    values : ndarray of shape (samples,)
    estimate, error : float
        Where the bell curve is highest, and its standard deviation.
    """
    ax.hist(values, bins=24, density=True, color=LIGHT["ramp3"], edgecolor=LIGHT["paper"])
    grid = estimate + error * np.linspace(-3, 3, 121)
    bell = np.exp(-(((grid - estimate) / error) ** 2) / 2) / (error * np.sqrt(2 * np.pi))
    ax.plot(grid, bell, color=COMPONENTS[1], linestyle="--")
    ax.set_ylabel("density")


def draw_density_contours(
    ax: Axes, horizontal: Array, vertical: Array, params: GaussianParams
) -> None:
    """Contours of the density of a mixture in the plane.

    Parameters
    ----------
    ax : Axes
    horizontal, vertical : ndarray of shape (g,) and (h,)
    params : GaussianParams
    """
    heights = density_grid(horizontal, vertical, params)
    levels = heights.max() * np.linspace(0.03, 0.95, len(RAMP))
    draw_contours(ax, horizontal, vertical, heights, levels)
    ax.set_aspect("equal")
    ax.set(xlabel="$x_1$", ylabel="$x_2$")


def draw_histogram(ax: Axes, values: Array, bins: int = 30) -> None:
    """A quiet histogram, as a density.

    Parameters
    ----------
    ax : Axes
    values : ndarray of shape (n,)
    bins : int
    """
    ax.hist(values, bins=bins, density=True, color=LIGHT["ramp3"], edgecolor=LIGHT["paper"])
    ax.set_ylabel("density")


def draw_density_curves(ax: Axes, grid: Array, params: GaussianParams) -> None:
    """The density of a mixture on a line, and each component's share of it.

    Parameters
    ----------
    ax : Axes
    grid : ndarray of shape (g,)
    params : GaussianParams
        With d = 1.
    """
    column = grid[:, np.newaxis]
    for j, weight in enumerate(params.weights):
        alone = GaussianParams([1.0], params.means[[j]], params.covariances[[j]])
        share = weight * density(column, alone)
        ax.plot(grid, share, color=COMPONENTS[j], linestyle=LINES[j + 1])
        label(
            ax,
            float(params.means[j, 0]),
            float(share.max()),
            NAMES[j],
            ha="center",
            xytext=(0, 5),
            textcoords="offset points",
            color=COMPONENTS[j],
            fontweight="bold",
        )
    ax.plot(grid, density(column, params), color=LIGHT["ink"], linestyle="-", linewidth=1.4)


def draw_sharpness(
    ax: Axes,
    groups: tuple[Array, Array],
    means: Array,
    weights: Array,
    sigma: float,
    bins: int = 32,
) -> None:
    """Two groups on a line as a histogram, and the share of the left component over it.

    Parameters
    ----------
    ax : Axes
    groups : tuple of two ndarray
        The rows of each group.
    means, weights : ndarray of shape (2,)
        Of the two components.
    sigma : float
        Their standard deviation; 0 is k-means.
    bins : int
    """
    x = np.concatenate(groups)
    edges = np.linspace(x.min(), x.max(), bins + 1)
    heights = np.histogram(x, edges)[0] / np.histogram(x, edges)[0].max()
    ax.bar(edges[:-1], heights, np.diff(edges), align="edge", color=LIGHT["ramp3"])
    for j, rows in enumerate(groups):
        ax.axvline(rows.mean(), ymax=0.9, color=COMPONENTS[j], linestyle=":", linewidth=1.2)
        ax.plot(means[j], -0.06, color=COMPONENTS[j], marker=MARKERS[j + 2], clip_on=False)
        below = {"ha": "center", "va": "top", "annotation_clip": False}
        label(ax, means[j], -0.12, NAMES[j], color=COMPONENTS[j], **below)
    grid = np.linspace(x.min(), x.max(), 400)
    ax.plot(grid, soft_share(grid, means, weights, sigma), color=LIGHT["ink"], linestyle="-")
    ax.set(ylim=(0, 1.05), yticks=[0, 0.5, 1])
    ax.tick_params(axis="x", pad=18)


def draw_bars(ax: Axes, names: Sequence[str], values: Sequence[float], unit: str) -> None:
    """Horizontal bars on a logarithmic axis, each with its value.

    Parameters
    ----------
    ax : Axes
    names : sequence of str
    values : sequence of float
        Above 0.
    unit : str
        What the values count, for the axis.
    """
    rows = range(len(values))
    ax.barh(rows, values, color=LIGHT["ramp5"])
    for row, value in zip(rows, values, strict=True):
        label(ax, value, row, f" {float(f'{value:.3g}'):,g}", va="center")
    ax.set(xscale="log", yticks=rows, yticklabels=names, xlabel=unit)
    ax.margins(x=0.15)
    ax.invert_yaxis()


def draw_courses(
    ax: Axes, iterations: Array, courses: Array, names: Sequence[str], what: str
) -> None:
    """How some quantities move from iteration to iteration, each with its name at its end.

    Parameters
    ----------
    ax : Axes
    iterations : ndarray of shape (t,)
    courses : ndarray of shape (t, s)
        A column for each quantity.
    names : sequence of s str
    what : str
        What the columns are, for the axis.
    """
    heights = _apart(courses[-1], 0.11 * float(np.ptp(courses)))
    for j, name in enumerate(names):
        colour, marker = COMPONENTS[j % 4], (*MARKERS, "v")[j % 5]
        ax.plot(
            iterations,
            courses[:, j],
            color=colour,
            linestyle=LINES[j % 4],
            marker=marker,
            markersize=4,
        )
        beside = {"xytext": (9, 0), "textcoords": "offset points", "va": "center"}
        label(ax, float(iterations[-1]), heights[j], name, color=colour, **beside)
    ax.set(xlabel="$t$", ylabel=what)


def _apart(heights: Array, least: float) -> Array:
    """The heights, those too close to the next lower one moved up."""
    moved = np.array(heights, dtype=float)
    order = np.argsort(moved)
    for lower, upper in pairwise(order):
        moved[upper] = max(moved[upper], moved[lower] + least)
    return moved


def draw_pieces(ax: Axes, pieces: Array) -> None:
    """The value that coin listings print, below it the weights' part, and the entropy on top.

    Parameters
    ----------
    ax : Axes
    pieces : ndarray of shape (t, 3)
        As `em_core.tables.coin_pieces` gives: value, weights, entropy; a row for each iteration.
    """
    value, below, whole = np.cumsum(pieces, axis=1).T
    iterations = np.arange(len(pieces))
    middle = len(pieces) // 2
    ax.fill_between(
        iterations,
        below,
        whole,
        facecolor="none",
        edgecolor=LIGHT["ramp5"],
        hatch="///",
        linewidth=0,
    )
    lines = (
        (value, "printed value", COMPONENTS[1], "--", "s", 8),
        (whole, "log-likelihood", COMPONENTS[0], "-", "o", -16),
        (below, "value and weights", LIGHT["muted"], ":", "", -14),
    )
    for line, name, colour, dashes, marker, up in lines:
        ax.plot(iterations, line, color=colour, linestyle=dashes, marker=marker, markersize=4)
        how = {"xytext": (0, up), "textcoords": "offset points", "ha": "center", "color": colour}
        label(ax, middle, float(line[middle]), name, **how)
    ax.margins(y=0.2)
    ax.set(xlabel="$t$", ylabel="nats")


def draw_ends(ax: Axes, ends: Array, digits: int = 2) -> None:
    """Where some starts ended, in their order, the best so far, and how many ended at each height.

    Parameters
    ----------
    ax : Axes
    ends : ndarray of shape (s,)
        The final log-likelihoods.
    digits : int, default 2
        To how many decimals two ends count as the same.
    """
    numbers = np.arange(1, len(ends) + 1)
    ax.plot(numbers, ends, color=COMPONENTS[0], linestyle="", marker="o", markersize=3)
    best = np.maximum.accumulate(ends)
    ax.step(numbers, best, where="post", color=COMPONENTS[1], linestyle="--")
    levels, counts = np.unique(np.round(ends, digits), return_counts=True)
    heights = _apart(levels, 0.075 * float(np.ptp(levels)))
    for level, height, count in zip(levels, heights, counts, strict=True):
        beside = {"xytext": (10, 0), "textcoords": "offset points", "va": "center"}
        text = f"{level:.{digits}f}: {count} times".replace("-", "−")
        label(ax, float(numbers[-1]), float(height), text, **beside)
    ax.set(xscale="log", xlabel="start", ylabel="log-likelihood at the end")
    ax.xaxis.set_major_formatter("{x:g}")
    ax.xaxis.set_minor_formatter(NullFormatter())


def draw_roofline(
    ax: Axes, bandwidth: float, ceilings: dict[str, float], points: dict[str, tuple[float, float]]
) -> None:
    """What a machine could do at most, and what some programs do (Williams and others 2009).

    Parameters
    ----------
    ax : Axes
    bandwidth : float
        Bytes a second to and from main memory.
    ceilings : dict of str to float
        Operations a second that kinds of work reach when memory is no obstacle; the first is the
        roof, the others are drawn below it.
    points : dict of str to tuple of two floats
        For each program, operations per byte and operations a second.
    """
    names, speeds = list(ceilings), np.array(list(ceilings.values())) / 1e9
    intensities = [intensity for intensity, _ in points.values()]
    ridges = speeds / (bandwidth / 1e9)
    left, right = min(intensities) / 4, max(*intensities, *ridges) * 20
    slope = [left, ridges[0], right], [left * bandwidth / 1e9, speeds[0], speeds[0]]
    ax.plot(*slope, color=LIGHT["ink"])
    above = {"xytext": (0, 4), "textcoords": "offset points"}
    for name, speed, ridge, line in zip(names, speeds, ridges, LINES, strict=False):
        ax.plot([ridge, right], [speed, speed], color=LIGHT["ink"], linestyle=line)
        label(ax, 1.3 * ridge, speed, name, **above)
    for number, (name, (intensity, reached)) in enumerate(points.items()):
        colour, speed = COMPONENTS[number % 4], reached / 1e9
        ax.plot(intensity, speed, color=colour, marker=MARKERS[number % 4], linestyle="")
        # Above or below, lest a ceiling of about this speed runs through the words.
        beside = {"xytext": (7, 4 if speed > speeds.min() else -13), "textcoords": "offset points"}
        label(ax, intensity, speed, name, color=colour, **beside)
    ax.set(xscale="log", yscale="log", xlim=(left, right))
    ax.set(xlabel="operations per byte of main memory", ylabel="billion operations a second")
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter(NullFormatter())


def draw_lower_bound(
    ax: Axes, grid: Array, log_likelihoods: Array, bounds: Sequence[Array], touches: Array
) -> None:
    """The log-likelihood in one parameter, a bound for each of the first touches, and the steps.

    Parameters
    ----------
    ax : Axes
    grid : ndarray of shape (g,)
        Values of θ_A.
    log_likelihoods : ndarray of shape (g,)
    bounds : sequence of ndarray of shape (g,)
        Bound t touches at ``touches[t]``.
    touches : ndarray of shape (t,)
        θ⁽⁰⁾, θ⁽¹⁾, …; one more than there are bounds, unless the last of these only touches.
    """
    ax.plot(grid, log_likelihoods, color=LIGHT["ink"], linestyle="-")
    peak = int(np.argmax(log_likelihoods))
    label(
        ax,
        float(grid[peak]),
        float(log_likelihoods[peak]),
        r"log-likelihood $\ell(\theta)$",
        xytext=(0, 8),
        textcoords="offset points",
        ha="center",
    )
    bottom = ax.get_ylim()[0]
    for t, bound in enumerate(bounds):
        colour = COMPONENTS[t]
        ax.plot(grid, bound, color=colour, linestyle=LINES[t + 1])
        touch = touches[t]
        ax.plot(touch, np.interp(touch, grid, log_likelihoods), color=colour, marker=MARKERS[t])
        if t + 1 == len(touches):
            break
        top = touches[t + 1]
        ax.plot(top, np.interp(top, grid, bound), color=colour, marker="v")
        ax.annotate(
            "",
            (top, np.interp(top, grid, log_likelihoods)),
            (top, np.interp(top, grid, bound)),
            arrowprops={"arrowstyle": "->", "color": colour},
        )
    for touch in touches:
        ax.plot(
            [touch, touch],
            [bottom, np.interp(touch, grid, log_likelihoods)],
            color=LIGHT["muted"],
            linestyle=":",
            linewidth=1,
        )
    ax.set_xlabel(r"$\theta_A$")
    ax.set_ylim(bottom=bottom)


def draw_profile(ax: Axes, answers: Array, shares: Array, questions: Sequence[str]) -> None:
    """What the classes of a survey answer, a line for each, and what share each has.

    Parameters
    ----------
    ax : Axes
    answers : ndarray of shape (k, q)
        The probability of the first answer to each question.
    shares : ndarray of shape (k,)
        Of the classes; written below.
    questions : sequence of q str
        From the top.
    """
    rows = np.arange(len(questions))
    for j, (row, share) in enumerate(zip(answers, shares, strict=True)):
        look: dict[str, Any] = {"color": COMPONENTS[j], "marker": MARKERS[j], "markersize": 6}
        name = f"{100 * share:.0f} %"
        ax.plot(row, rows, linestyle=LINES[j], linewidth=1.3, label=name, **look)
    ax.set(xlim=(-0.09, 1.09), ylim=(rows[-1] + 0.4, -0.4), xticks=[0, 1], yticks=rows)
    ax.set_yticklabels(questions)
    ax.grid(axis="y", linestyle=":")
    below: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.4, -0.1)}
    ax.legend(frameon=False, handlelength=0.6, handletextpad=0.4, **below)


def draw_best_so_far(ax: Axes, starts: Array, levels: Array, best: dict[str, Array]) -> None:
    """How good the best of some starts is, with given chances.

    Parameters
    ----------
    ax : Axes
    starts : ndarray of shape (g,)
        Numbers of starts, rising.
    levels : ndarray of shape (l,)
        The maxima; drawn as faint lines where they are few.
    best : dict of str to ndarray of int, shape (g,)
        For each chance, as it is to be written, the maximum that is reached, as
        `em_core.tables.best_of` gives it.
    """
    for level in levels if len(levels) <= 10 else []:
        ax.axhline(float(level), color=LIGHT["grid"], linewidth=0.8, linestyle="-", zorder=0)
    for j, (name, places) in enumerate(best.items()):
        look: dict[str, Any] = {"color": COMPONENTS[j], "linestyle": LINES[j]}
        ax.step(starts, levels[places], where="post", label=name, **look)
    ax.set(xscale="log", xlabel="number of starts", ylabel="best so far")
    ax.xaxis.set_major_formatter("{x:g}")
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    ax.legend(loc="lower right", frameon=False)


def draw_ways(ax: Axes, names: Sequence[str], shares: dict[str, Array], what: str) -> None:
    """Some shares beside each other, a row for each name and a mark for each way.

    Parameters
    ----------
    ax : Axes
    names : sequence of n str
        From the top.
    shares : dict of str to ndarray of shape (n,)
        For each way, between 0 and 1.
    what : str
        What is shared, for the axis.
    """
    rows = np.arange(len(names))
    values = np.array([*shares.values()])
    ax.hlines(rows, values.min(axis=0), values.max(axis=0), color=LIGHT["grid"], linewidth=3)
    for j, (way, each) in enumerate(shares.items()):
        look: dict[str, Any] = {"color": COMPONENTS[j], "marker": MARKERS[j], "markersize": 7}
        hollow = "none" if j == 0 else COMPONENTS[j]
        ax.plot(each, rows, linestyle="", label=way, markerfacecolor=hollow, **look)
    ax.set(xlim=(-0.03, 1.03), yticks=rows, yticklabels=names, xlabel=what)
    ax.invert_yaxis()
    close: dict[str, Any] = {"columnspacing": 1, "handletextpad": 0.1, "borderaxespad": 0.2}
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=len(shares), frameon=False, **close)


def draw_series(ax: Axes, times: Array, counts: Array, states: Array, means: Array) -> None:
    """A series, each datum marked by its most probable state, and the mean that is expected.

    Parameters
    ----------
    ax : Axes
    times, counts : ndarray of shape (n,)
    states : ndarray of shape (n, k)
        The probabilities of the states at each time.
    means : ndarray of shape (k,)
        Of the states.
    """
    ax.step(times, states @ means, where="mid", color=LIGHT["ink"], linestyle="-", linewidth=1.2)
    likeliest = states.argmax(axis=1)
    for j in range(len(means)):
        mine = likeliest == j
        look: dict[str, Any] = {"color": COMPONENTS[j], "marker": MARKERS[j], "markersize": 4.5}
        ax.plot(times[mine], counts[mine], linestyle="", label=f"state {j + 1}", **look)
    ax.legend(loc="upper right", frameon=False, handletextpad=0.2)


def draw_state_shares(ax: Axes, times: Array, states: Array) -> None:
    """The probabilities of the states at each time, stacked.

    Parameters
    ----------
    ax : Axes
    times : ndarray of shape (n,)
    states : ndarray of shape (n, k)
    """
    below = np.zeros(len(times))
    hatches = ("", "//", "..", "xx")
    for j, share in enumerate(states.T):
        look: dict[str, Any] = {"edgecolor": LIGHT["paper"], "hatch": hatches[j], "linewidth": 0}
        look |= {"step": "mid", "facecolor": COMPONENTS[j]}
        ax.fill_between(times, below, below + share, **look)
        below = below + share
    ax.set(ylim=(0, 1), yticks=[0, 1], xlim=(times[0] - 1, times[-1] + 1))


def draw_filled(ax: Axes, x: Array, filled: Array, hole: NDArray[np.bool_], spread: float) -> None:
    """Rows of two numbers, and what is expected where the second is missing.

    Parameters
    ----------
    ax : Axes
    x, filled : ndarray of shape (n,)
        The first numbers, and the second or what is expected in their place.
    hole : ndarray of bool, shape (n,)
        Where the second is missing.
    spread : float
        The standard deviation of what is missing, about what is expected.
    """
    bars: dict[str, Any] = {"color": COMPONENTS[1], "linewidth": 1.2, "alpha": 0.6}
    ax.vlines(x[hole], filled[hole] - spread, filled[hole] + spread, **bars)
    names = "seen whole", "expected, ± one deviation"
    for j, (rows, name) in enumerate(zip((~hole, hole), names, strict=True)):
        look: dict[str, Any] = {"color": COMPONENTS[j], "marker": MARKERS[j], "markersize": 5}
        ax.plot(x[rows], filled[rows], linestyle="", label=name, **look)
    ax.legend(loc="lower right", frameon=False, handletextpad=0.2)


def draw_compared(
    ax: Axes, groups: Sequence[str], found: dict[str, Array], right: float, what: str
) -> None:
    """A number that several ways have found in several groups, beside what would be right.

    Parameters
    ----------
    ax : Axes
    groups : sequence of g str
        From the top.
    found : dict of str to ndarray of shape (g,)
        For each way.
    right : float
    what : str
        For the axis.
    """
    rows = np.arange(len(groups))
    ax.axvline(right, color=LIGHT["muted"], linestyle="--", linewidth=1)
    for row in rows[:-1]:
        ax.axhline(row + 0.5, color=LIGHT["grid"], linewidth=0.8, linestyle="-")
    for j, (way, values) in enumerate(found.items()):
        look: dict[str, Any] = {"color": COMPONENTS[j], "marker": MARKERS[j], "markersize": 7}
        ax.plot(values, rows + 0.2 * (j - (len(found) - 1) / 2), linestyle="", label=way, **look)
    ax.set(yticks=rows, yticklabels=groups, xlabel=what, ylim=(len(groups) - 0.5, -0.5))
    ax.grid(axis="y", visible=False)


def draw_step_sizes(ax: Axes, rows: Array, courses: dict[str, Array]) -> None:
    """What several step sizes make of the same rows, a line each.

    Parameters
    ----------
    ax : Axes
    rows : ndarray of shape (t,)
    courses : dict of str to ndarray of shape (t,)
        By the step size's name.
    """
    for j, (name, course) in enumerate(courses.items()):
        look: dict[str, Any] = {"color": COMPONENTS[j], "linestyle": LINES[j], "linewidth": 1.5}
        ax.plot(rows, course, label=re.sub(r"\^(\S+)", r"$^{\1}$", name), **look)
    ax.legend(frameon=False, fontsize=10.5)


def draw_mean_paths(ax: Axes, rows: Array, means: Array, ends: Array) -> None:
    """The ways of some means while rows come in, and where they should go.

    Parameters
    ----------
    ax : Axes
    rows : ndarray of shape (t,)
    means : ndarray of shape (t, k)
    ends : ndarray of shape (k,) or (t, k)
        Dotted.
    """
    for j, end in enumerate(np.broadcast_to(ends, means.shape).T):
        ax.plot(rows, end, color=LIGHT["ink"], linestyle=":", linewidth=1.2)
        ax.plot(rows, means[:, j], color=COMPONENTS[j], linestyle=LINES[j], linewidth=1.5)


def draw_left_over(
    ax: Axes, rows: Sequence[str], values: Array, names: Sequence[str], least: float
) -> None:
    """What several models leave over, a row of dots for each; the farthest dot may bear its name.

    Parameters
    ----------
    ax : Axes
    rows : sequence of g str
        The models, from the top.
    values : ndarray of shape (g, p)
    names : sequence of p str
        What the values belong to.
    least : float
        How far a dot must be for that.
    """
    ax.axvline(0, color=LIGHT["muted"], linestyle="--", linewidth=1)
    for row, found in enumerate(values):
        look: dict[str, Any] = {"color": COMPONENTS[row % 3], "marker": MARKERS[row % 3]}
        ax.plot(found, np.full(len(found), row), linestyle="", alpha=0.6, markersize=6, **look)
        most = int(abs(found).argmax())
        if abs(found[most]) > least:
            label(ax, float(found[most]), row - 0.22, names[most], ha="center", va="bottom")
    ax.set(yticks=range(len(rows)), yticklabels=rows, ylim=(len(rows) - 0.6, -0.75))
    ax.grid(axis="y", visible=False)


def draw_two_classes(ax: Axes, fits: Array, mean: Array) -> None:
    """Where fits of two classes put them: a line from the one to the other, through the mean.

    Parameters
    ----------
    ax : Axes
    fits : ndarray of shape (g, 2, 2)
        For each fit the two classes' places.
    mean : ndarray of shape (2,)
        Of the data.
    """
    ends = ((COMPONENTS[0], MARKERS[0]), (COMPONENTS[1], MARKERS[1]))
    for classes in fits:
        ax.plot(*classes.T, color=LIGHT["muted"], linestyle="-", linewidth=0.8)
    for place, (colour, marker) in zip(fits.transpose(1, 2, 0), ends, strict=True):
        ax.plot(*place, color=colour, marker=marker, linestyle="", markersize=6)
    ax.plot(*mean, color=LIGHT["ink"], marker="+", markersize=11, linestyle="")
    ax.set(xlim=(-0.04, 1.04), ylim=(-0.04, 1.04), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
