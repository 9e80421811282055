"""Expectation–maximization, step by step: the algorithms that the book explains.

`em` holds the one EM loop, `coins` and `gaussians` the two models of the book, `listings` the
lecture's code: these can be read in an evening. `worth` and `resampling` say what a fit is worth;
`scale` makes the same fits quick and large; it can wait. What draws or shows (`plots`, `widgets`)
is imported by name, so that this package needs numpy, scipy and threadpoolctl alone.
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
from em_core.priors import GaussianPrior
from em_core.resampling import RatioTest, bootstrap, bootstrap_ratio_test
from em_core.scale.chunks import Chunks
from em_core.starts import kmeans_start
from em_core.worth import (
    BorderError,
    NotAMaximumError,
    aic,
    bic,
    em_jacobian,
    free_parameters,
    icl,
    log_density,
    observed_information,
    rate,
    responsibilities,
    standard_errors,
)

__all__ = ["BorderError", "Chunks", "CoinMixture", "CoinParams", "CollapseError"]
__all__ += ["CollapsedStartsWarning", "EMResult", "EMState", "FewRowsWarning", "GaussianMixture"]
__all__ += ["GaussianParams", "GaussianPrior", "LikelihoodFellWarning", "NotAMaximumError"]
__all__ += ["NotConvergedWarning", "Progress", "RatioTest", "StoppedWarning"]
__all__ += ["ZeroProbabilityError", "aic", "bic", "bootstrap", "bootstrap_ratio_test"]
__all__ += ["em_jacobian", "em_steps", "fit", "fit_restarts", "free_parameters", "icl"]
__all__ += ["kmeans_start", "log_density", "lower_bound", "observed_information", "rate"]
__all__ += ["responsibilities", "standard_errors"]
