"""Draw the README's picture anew: EM's bounds and its path, on the coin data.

python tools/picture.py
"""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from em_core import CoinMixture, CoinParams, em_steps, plots, style, tables

PICTURE = Path(__file__).resolve().parent.parent / ".github" / "em-in-one-picture.svg"


def main() -> None:
    style.use()
    x = np.array([(5, 5), (9, 1), (8, 2), (4, 6), (7, 3)])
    theta_b = 0.5195831201  # coin B held at its estimate, so that one axis is left
    grid = np.linspace(0.2, 0.97, 120)
    touches = [0.35]
    for _ in range(2):
        touches.append(tables.coin_step_in_a(x, touches[-1], theta_b))
    bounds = [tables.bound_slice(x, grid, theta_b, touch) for touch in touches[:-1]]

    figure = Figure(figsize=(8.8, 4), facecolor=style.LIGHT["paper"])
    left, right = figure.subplots(1, 2)
    plots.draw_lower_bound(
        left, grid, tables.coin_slice(x, grid, theta_b), bounds, np.array(touches)
    )
    thetas = np.linspace(0.01, 0.99, 60)
    plots.draw_coin_contours(right, thetas, tables.coin_surface(x, thetas))
    states = islice(em_steps(CoinMixture(), x, CoinParams([0.25, 0.1], [0.5, 0.5])), 12)
    plots.draw_path(right, np.array([state.params.theta for state in states]))
    figure.savefig(PICTURE, metadata={"Date": None})
    drawn = PICTURE.read_text()
    # Four figures: with one decimal a glyph's scale of 0.0156 would be 0, and its label lost.
    PICTURE.write_text(re.sub(r"\d+\.\d{2,}", lambda m: f"{float(m[0]):.4g}", drawn))


if __name__ == "__main__":
    main()
