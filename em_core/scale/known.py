"""For which models there is a quick way: the one place that says so."""

from typing import Any

from em_core.coins import CoinMixture
from em_core.gaussians import GaussianMixture
from em_core.scale.coins import CoinSweeper
from em_core.scale.gaussians import GaussianSweeper
from em_core.scale.sweeps import Sweeper

KNOWN: dict[type, Any] = {CoinMixture: CoinSweeper, GaussianMixture: GaussianSweeper}


def sweeper(model: Any, x: Any, start: Any) -> Sweeper | None:
    """The quick way to run EM on these data, or None if there is none for the model."""
    kind = next((kind for kind in KNOWN if isinstance(model, kind)), None)
    return KNOWN[kind](model, x, start) if kind else None
