"""Expectation–maximization, step by step: the algorithms that the book explains.

`em` holds the one EM loop, `coins` and `gaussians` the two models of the book. What draws or shows
(`plots`, `widgets`) is imported by name, so that this package needs numpy and scipy alone.
"""

from em_core.chunks import Chunks
from em_core.coins import CoinMixture, CoinParams
from em_core.em import (
    CollapsedStartsWarning,
    CollapseError,
    EMResult,
    EMState,
    NotConvergedWarning,
    StoppedWarning,
    ZeroProbabilityError,
    em_steps,
    lower_bound,
)
from em_core.fitting import Progress, fit, fit_restarts
from em_core.gaussians import GaussianMixture, GaussianParams

__all__ = [
    "Chunks",
    "CoinMixture",
    "CoinParams",
    "CollapseError",
    "CollapsedStartsWarning",
    "EMResult",
    "EMState",
    "GaussianMixture",
    "GaussianParams",
    "NotConvergedWarning",
    "Progress",
    "StoppedWarning",
    "ZeroProbabilityError",
    "em_steps",
    "fit",
    "fit_restarts",
    "lower_bound",
]
