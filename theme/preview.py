"""Draw the picture that link previews show: `python theme/preview.py` writes static/preview.png."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np

from em_core import CoinMixture, CoinParams, em_steps, plots, style, tables

TARGET = Path(__file__).parent / "static" / "preview.png"
HEADS = np.array([5, 9, 8, 4, 7])


def draw(target: Path) -> None:
    """Draw the coins' log-likelihood and EM's path over it, beside the title."""
    style.use()
    x, start = np.column_stack([HEADS, 10 - HEADS]), CoinParams([0.3, 0.12], [0.5, 0.5])
    fig = plt.figure(figsize=(12, 6.3), facecolor=style.LIGHT["paper"], layout="none")
    ax = fig.add_axes((0.56, 0.13, 0.42, 0.8))
    thetas = np.linspace(0.01, 0.99, 80)
    plots.draw_coin_contours(ax, thetas, tables.coin_surface(x, thetas))
    states = islice(em_steps(CoinMixture(), x, start), 15)
    plots.draw_path(ax, np.array([state.params.theta for state in states]), size=8)
    write = {"color": style.LIGHT["ink"], "va": "baseline"}
    fig.text(0.06, 0.5, "Expectation–\nMaximization,\nstep by step", fontsize=44, **write)
    fig.text(0.06, 0.3, "The algorithm, its proofs and its code", fontsize=20, **write)
    fig.savefig(target, dpi=100)


if __name__ == "__main__":
    draw(TARGET)
