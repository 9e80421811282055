"""Expectation–maximization, step by step: the algorithms that the book explains.

`em` holds the one EM loop, `coins` and `gaussians` the two models of the book, `listings` the
lecture's code: these can be read in an evening. `scale` makes the same fits quick and large; it can
wait. What draws or shows (`plots`, `widgets`) is imported by name, so that this package needs
numpy, scipy and threadpoolctl alone.
"""

from em_core.coins import CoinMixture, CoinParams
from em_core.em import (
    CollapsedStartsWarning,
    CollapseError,
    EMResult,
    EMState,
    FewRowsWarning,
    LikelihoodFellWarning,
    NotConvergedWarning,
    StoppedWarning,
    ZeroProbabilityError,
    em_steps,
    lower_bound,
)
from em_core.fitting import Progress, fit, fit_restarts
from em_core.gaussians import GaussianMixture, GaussianParams
from em_core.scale.chunks import Chunks

__all__ = ["Chunks", "CoinMixture", "CoinParams", "CollapseError", "CollapsedStartsWarning"]
__all__ += ["EMResult", "EMState", "FewRowsWarning", "GaussianMixture", "GaussianParams"]
__all__ += ["LikelihoodFellWarning", "NotConvergedWarning", "Progress", "StoppedWarning"]
__all__ += ["ZeroProbabilityError", "em_steps", "fit", "fit_restarts", "lower_bound"]
