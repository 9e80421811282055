"""For exactly which models there is a quick way: the one place that says so.

A quick way computes what a class's own `check`, `log_joint` and `m_step` do. It is taken for
objects of just that class, while these are its methods: what a subclass or a patch changes, counts.
"""

from collections.abc import Callable
from typing import Any

from em_core.coins import CoinMixture
from em_core.gaussians import GaussianMixture
from em_core.scale.coins import CoinSweeper
from em_core.scale.gaussians import GaussianSweeper
from em_core.scale.sweeps import Sweeper

KNOWN: dict[type, Callable[[Any, Any, Any], Sweeper]] = {
    CoinMixture: CoinSweeper,
    GaussianMixture: GaussianSweeper,
}


def methods(kind: type) -> list[Any]:
    """The methods that a quick way stands for."""
    return [getattr(kind, name) for name in ("check", "log_joint", "m_step")]


OWN = {kind: methods(kind) for kind in KNOWN}


def quick_way(model: Any) -> Callable[[Any, Any, Any], Sweeper] | None:
    """What makes a `Sweeper` of a model, its data and a start; None if there is no quick way."""
    kind = type(model)
    return KNOWN[kind] if kind in KNOWN and methods(kind) == OWN[kind] else None


def why_not(model: Any) -> str:
    """Why there is no quick way for a model: who it is, and whose methods are known."""
    name = type(model).__name__
    for kind in (kind.__name__ for kind in KNOWN if isinstance(model, kind)):
        who = f"{name}, a subclass of {kind}" if name != kind else f"a changed {kind}"
        return f"{who}: the quick way computes what {kind}'s own methods do, not what others may"
    return f"{name}: only {' and '.join(kind.__name__ for kind in KNOWN)} have a quick way"
