"""How sure a fit is, and how many components the data ask for: by fits to data drawn anew."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from em_core import checks, em
from em_core.checks import Array
from em_core.coins import CoinMixture, as_counts
from em_core.fitting import fits
from em_core.worth import arrays_of, like, responsibilities


def bootstrap(
    model: em.Model,
    x: Any,
    params: em.Params,
    *,
    samples: int,
    rng: np.random.Generator | int,
    tol: float = 1e-8,
    max_iter: int = 10_000,
    accelerate: bool = False,
    jobs: int = 1,
) -> list[em.Params]:
    """Fit to rows drawn with replacement: the parameters scatter as those of new data would.

    Each fit starts at the parameters given, and its components are put into the order in which
    their responsibilities for `x` are most like those given (Efron and Tibshirani 1993, An
    Introduction to the Bootstrap; McLachlan and Peel 2000, Finite Mixture Models, section 2.16).

    Parameters
    ----------
    model, x, params
        As for `em_steps`; the parameters are those of a fit to `x`. Where rows have counts, give
        ``np.repeat(x, counts, axis=0)``.
    samples : int
        How many times rows are drawn.
    rng : numpy.random.Generator or int
        The source of chance, or a seed for one.
    tol, max_iter, accelerate, jobs
        As for `fit_restarts`.

    Returns
    -------
    list
        The parameters of each fit that did not collapse. Ctrl-C keeps what is finished.

    Raises
    ------
    ValueError
        For unusable arguments.
    CollapseError
        If every fit collapsed.

    Warns
    -----
    CollapsedStartsWarning
        If some fits were left out: says how many.
    NotConvergedWarning, FewRowsWarning, StoppedWarning
        As for `fit_restarts`.
    """
    rng = checks.chance("samples", samples, rng)
    own = responsibilities(model, x, params)

    def draw(number: int) -> tuple[Any, em.Params, Any]:
        times = np.bincount(rng.integers(len(own), size=len(own)), minlength=len(own))
        return x, params, times

    settings = (tol, max_iter, accelerate, False, None)
    found = fits(model, draw, samples, jobs, settings, "resamples")
    return [aligned(model, x, result.params, own) for result in found.values()]


def aligned(model: em.Model, x: Any, params: em.Params, own: Array) -> em.Params:
    """The parameters, their components in the order in which they resemble others the most.

    Parameters
    ----------
    model, x, params
        As for `em_steps`.
    own : ndarray of shape (n, k)
        The others' responsibilities.

    Returns
    -------
    object
        Every array whose first axis has k elements is reordered.
    """
    joint = checks.log_joint(model.log_joint(x, params), x)
    able = joint.max(axis=1) > -np.inf  # a row that was not drawn may be impossible
    alike = own[able].T @ em.e_step(joint[able])[0]
    order = linear_sum_assignment(alike, maximize=True)[1]
    found = arrays_of(params).items()
    return like(params, {n: a[order] if a.shape[:1] == order.shape else a for n, a in found})


@dataclass(frozen=True, slots=True, eq=False)
class RatioTest:
    """What `bootstrap_ratio_test` found.

    Attributes
    ----------
    statistic : float
        Twice the difference of the log-likelihoods.
    simulated : ndarray of shape (samples,)
        The statistics of data drawn from the smaller model, rising, read-only.
    p_value : float
        (1 + how many of them are at least as large) / (1 + samples).
    """

    statistic: float
    simulated: Array
    p_value: float
    __setstate__ = checks.restored


def bootstrap_ratio_test(
    model: Any,
    x: Any,
    smaller: em.Params,
    larger: em.Params,
    *,
    samples: int,
    rng: np.random.Generator | int,
    starts: int = 10,
    tol: float = 1e-8,
    max_iter: int = 10_000,
    accelerate: bool = False,
    jobs: int = 1,
) -> RatioTest:
    """Are more components needed? Twice the gain in log-likelihood, against what chance gives.

    Data are drawn from the smaller model, and both models are fitted to them. χ² does not say how
    the statistic is distributed: the smaller model lies on the border of the larger one, where a
    weight is 0 (McLachlan 1987, Applied Statistics 36:318).

    Parameters
    ----------
    model : StartingModel
        It also has ``sample(params, n, rng)``, as the models of this package do.
    x
        As for `em_steps`.
    smaller, larger : object
        Parameters of fits to `x` with fewer and with more components.
    samples : int
        How many data sets are drawn.
    rng : numpy.random.Generator or int
        The source of chance, or a seed for one.
    starts : int, default 10
        Random starts of the larger model, for each data set. With too few of them the statistics
        are too small, and the p-value with them.
    tol, max_iter, accelerate, jobs
        As for `fit_restarts`.

    Returns
    -------
    RatioTest

    Raises
    ------
    ValueError
        For unusable arguments.
    CollapseError
        If every fit collapsed.

    Warns
    -----
    CollapsedStartsWarning, NotConvergedWarning, FewRowsWarning, StoppedWarning
        As for `fit_restarts`.
    """
    checks.model(model, "log_joint", "m_step", "random_start", "sample")
    rng = checks.chance("samples", samples, rng)
    checks.whole_number("starts", starts, least=1)
    n, k, before = _told(model, x, "smaller", smaller)
    _, most, after = _told(model, x, "larger", larger)
    if not k < most:
        raise ValueError(f"larger: its components are {most}; give more than the smaller's {k}")
    seeds, each, how = rng.integers(2**62, size=samples), 1 + starts, {}
    if isinstance(model, CoinMixture):
        tosses = as_counts(x).sum(axis=1)
        how = {"tosses": tosses[tosses > 0]}  # the others say nothing, and nobody tosses 0 times
        n = len(how["tosses"])

    def draw(number: int) -> tuple[Any, em.Params, None]:
        sample, start = divmod(number, each)
        drawn = model.sample(smaller, n, np.random.default_rng(seeds[sample]), **how)[0]
        return drawn, model.random_start(drawn, most, rng) if start else smaller, None

    settings, what = (tol, max_iter, accelerate, False, None), "fits to simulated data"
    simulated = _gains(fits(model, draw, samples * each, jobs, settings, what), samples, each)
    statistic = float(2 * (after - before))
    p_value = (1 + int((simulated >= statistic).sum())) / (1 + len(simulated))
    return RatioTest(statistic, simulated, p_value)


def _told(model: em.Model, x: Any, name: str, params: em.Params) -> tuple[int, int, float]:
    """How many rows and components there are, and the log-likelihood."""
    try:
        r, log_likelihood = em.e_step(model.log_joint(x, params), x)
    except ValueError as error:
        raise type(error)(str(error).replace("params:", f"{name}:", 1)) from None
    return *r.shape, log_likelihood


def _gains(found: dict[int, em.EMResult], samples: int, each: int) -> Array:
    """The statistics, rising, from so many fits to each sample, the smaller model's first."""
    reached = np.full((samples, each), np.nan)  # and so it stays where there is no fit
    reached.flat[list(found)] = [result.log_likelihood for result in found.values()]
    gains = 2 * (np.fmax.reduce(reached[:, 1:], axis=1) - reached[:, 0])
    gains = np.sort(gains[np.isfinite(gains)])
    if not gains.size:
        raise em.CollapseError(None, "no simulated data are left that both models were fitted to")
    gains.flags.writeable = False
    return gains
