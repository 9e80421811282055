"""One look for every figure: the palette, in light and dark, and matplotlib's settings.

Figures are always drawn in the light colours. The site's build writes each figure twice, the
second time with every light colour replaced by its dark partner; widgets and pages read the same
palette as CSS variables. Hence no two entries may share a light colour.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

FONTS = Path(__file__).parent / "fonts"

# Blue, vermilion, green and purple keep apart for colour-blind readers and have at least 4.5 : 1
# against the paper; markers and line styles differ too.
PALETTE: dict[str, tuple[str, str]] = {
    "ink": ("#1d2730", "#e4e8ec"),
    "muted": ("#586470", "#a3afba"),
    "grid": ("#d5dbe1", "#3b4650"),
    "paper": ("#fefefd", "#14191e"),
    "a": ("#0a5fa5", "#70b7f5"),
    "b": ("#b84a00", "#ff9f5a"),
    "c": ("#00755b", "#4fcaa6"),
    "d": ("#85409b", "#d5a3e8"),
    "ramp0": ("#f4f6f8", "#1b2127"),
    "ramp1": ("#e6ecf1", "#222b34"),
    "ramp2": ("#d6e0ea", "#2a3743"),
    "ramp3": ("#c3d3e2", "#334555"),
    "ramp4": ("#adc4d9", "#3e5569"),
    "ramp5": ("#94b3cf", "#4a687f"),
    "ramp6": ("#789fc2", "#597e99"),
    "ramp7": ("#5b8ab4", "#6b96b4"),
}
LIGHT = {name: pair[0] for name, pair in PALETTE.items()}
COMPONENTS = [LIGHT[name] for name in "abcd"]
MARKERS = ["o", "s", "^", "D"]
LINES = ["-", "--", "-.", ":"]
RAMP = [LIGHT[f"ramp{i}"] for i in range(8)]
WIDTH = 5.2
"""The width of a figure in inches."""
SMALLEST = 11
"""The points of all text in figures, but for titles of their own: 11 px on a phone 390 px wide."""

SETTINGS: dict[str, Any] = {
    "figure.figsize": (WIDTH, 3.4),
    "figure.constrained_layout.use": True,
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "axes.facecolor": "none",
    "font.family": ["Literata", "DejaVu Sans"],
    "font.size": SMALLEST,
    "mathtext.fontset": "cm",
    "axes.titlesize": SMALLEST,
    "axes.titlelocation": "left",
    "axes.labelsize": SMALLEST,
    "xtick.labelsize": SMALLEST,
    "ytick.labelsize": SMALLEST,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": LIGHT["muted"],
    "axes.labelcolor": LIGHT["ink"],
    "axes.titlecolor": LIGHT["ink"],
    "text.color": LIGHT["ink"],
    "xtick.color": LIGHT["muted"],
    "ytick.color": LIGHT["muted"],
    "xtick.labelcolor": LIGHT["ink"],
    "ytick.labelcolor": LIGHT["ink"],
    "grid.color": LIGHT["grid"],
    "lines.linewidth": 1.8,
    "svg.fonttype": "path",
    "svg.hashsalt": "em",
}


def use() -> None:
    """Draw in the book's style from here on, and show figures in notebooks as SVG."""
    import matplotlib
    from cycler import cycler

    add_fonts()
    matplotlib.rcParams.update(SETTINGS)  # type: ignore[arg-type]
    matplotlib.rcParams["axes.prop_cycle"] = cycler(color=COMPONENTS, linestyle=LINES)
    _show_as_svg()


def add_fonts() -> None:
    """Let matplotlib know the book's font."""
    from matplotlib import font_manager

    known = {entry.fname for entry in font_manager.fontManager.ttflist}
    for font in sorted(FONTS.glob("*.ttf")):
        if str(font) not in known:
            font_manager.fontManager.addfont(str(font))


def _show_as_svg() -> None:
    try:
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:  # outside a notebook there is nothing to set
        return
    set_matplotlib_formats("svg", bbox_inches=None)  # type: ignore[no-untyped-call]
