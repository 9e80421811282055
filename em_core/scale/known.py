"""For exactly which models there is a quick way: the one place that says so.

A quick way computes what a class's own `check`, `log_joint` and `m_step` do. It is taken for
objects of just that class, while these are its methods: what a subclass or a patch changes, counts.
"""

from typing import Any

from em_core.coins import CoinMixture
from em_core.gaussians import GaussianMixture
from em_core.scale.coins import CoinSweeper
from em_core.scale.gaussians import GaussianSweeper

NAMES = ("check", "log_joint", "m_step", "log_prior")  # what a quick way stands for
SWEEPERS: dict[type, Any] = {CoinMixture: CoinSweeper, GaussianMixture: GaussianSweeper}


def methods(kind: type) -> list[Any]:
    """What a class has under these names; None where it has nothing."""
    return [getattr(kind, name, None) for name in NAMES]


OWN = {kind: methods(kind) for kind in SWEEPERS}


def quick_way(model: Any) -> Any | None:
    """A class for (model, x, start, threads, row_weights), as `passes` needs; None if no way."""
    kind = type(model)
    return SWEEPERS[kind] if kind in SWEEPERS and methods(kind) == OWN[kind] else None


def why_not(model: Any) -> str:
    """Why there is no quick way for a model."""
    kinds = " and ".join(kind.__name__ for kind in SWEEPERS)
    why = "whatever other classes compute, subclasses too, it would not"
    return f"{type(model).__name__}: the quick way is that of {kinds} alone; {why}"
