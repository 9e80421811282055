"""The book's own way to every number of the ledger: what the chapters' code comes to.

`reference.py` has the digits as they were printed, and which number of which problem they are;
`number` computes that with `em_core`, or with the lecture's listings where these printed it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import Any

import coin_rows
import family
import holes
import how_many
import in_order
import numpy as np
import reference
import streams
import survey
from scipy.optimize import minimize, root
from scipy.special import gammaln, xlogy
from scipy.stats import bernoulli, norm

from em_core import (
    CoinMixture,
    CoinParams,
    EMResult,
    EMState,
    GaussianMixture,
    GaussianParams,
    aic,
    bic,
    em_steps,
    fit,
)
from em_core.listings import coin_em, coin_em_loop, gmm_em_vectorised
from em_core.tables import density, expected_counts, log_binomials

# --- complete data: the lecture's cells 5–9 ------------------------------------------------------

TOSSES = 10
LABELS = np.array([0, 0, 1, 0, 1])


@cache
def labelled_data() -> np.ndarray:
    """Heads and tails of the five seeded samples."""
    rng = np.random.RandomState(1234)
    coins = [bernoulli(0.8), bernoulli(0.3)]
    heads = np.array([coins[z].rvs(TOSSES, random_state=rng).sum() for z in LABELS])
    return np.column_stack([heads, TOSSES - heads])


def counts_of(coin: int) -> np.ndarray:
    """Heads and tails of the samples from one coin."""
    return labelled_data()[coin == LABELS].sum(axis=0)


def labelled_loss(theta: np.ndarray) -> float:
    """Minus log p(x | z; θ) of the labelled samples."""
    log_joint = CoinMixture().log_joint(labelled_data(), CoinParams(theta, [0.5, 0.5]))
    return -(log_joint[range(len(LABELS)), LABELS] - np.log(0.5)).sum()


@cache
def labelled_minimum():
    """What scipy finds from (½, ½)."""
    how = {"method": "tnc", "bounds": [(0, 1), (0, 1)], "options": {"ftol": 1e-12}}
    return minimize(labelled_loss, [0.5, 0.5], **how)


# --- two coins, labels hidden: Do and Batzoglou, and the lecture's cells 11–14 -------------------

COINS = np.array([[5, 5], [9, 1], [8, 2], [4, 6], [7, 3]])
COIN_LABELS = np.array([1, 0, 0, 1, 0])
COIN_START = CoinParams([0.6, 0.5], [0.5, 0.5])
LISTING_START = np.array([[0.6, 0.4], [0.5, 0.5]])


@cache
def coin_states() -> list[EMState]:
    """The start and ten iterations."""
    return list(islice(em_steps(CoinMixture(), COINS, COIN_START), 11))


@cache
def coin_fit(*, fit_weights: bool = False) -> EMResult:
    """Far enough for ten digits."""
    return fit(CoinMixture(fit_weights), COINS, COIN_START, tol=0, max_iter=1000)


@cache
def coin_history() -> list[np.ndarray]:
    """What the lecture's first listing prints: rows (θ_A, θ_B, value)."""
    return coin_em_loop(COINS, LISTING_START)


@cache
def coin_function(tol: float = 1e-6) -> tuple[int, np.ndarray, float]:
    """What the lecture's function returns."""
    return coin_em(COINS, LISTING_START, max_iter=1000, tol=tol)


def labelled_heads(coin: int) -> np.ndarray:
    """Heads and tosses of one coin, when the labels are known."""
    heads, tails = COINS[coin == COIN_LABELS].sum(axis=0)
    return np.array([heads, heads + tails])


# --- ten random starts: the lecture's cells 15 and 16 --------------------------------------------


def hundred_samples() -> tuple[np.ndarray, np.ndarray]:
    """Heads and tails of a hundred samples, and the best of ten starts, not of probabilities."""
    x, starts = _ten_starts()
    return x, max(starts, key=lambda start: coin_em(x, start)[2])


@cache
def _ten_starts() -> tuple[np.ndarray, list[np.ndarray]]:
    rng = np.random.RandomState(1234)
    heads = np.concatenate([rng.binomial(100, 0.8, 50), rng.binomial(100, 0.35, 50)])
    x = np.column_stack([heads, 100 - heads])
    rng.shuffle(x)
    return x, [rng.random((2, 2)) for _ in range(10)]


@cache
def best_restart(tol: float = 1e-6) -> tuple[int, np.ndarray, float]:
    """The lecture's choice among ten starts that are not probabilities."""
    x, starts = _ten_starts()
    return max((coin_em(x, start, tol=tol) for start in starts), key=lambda result: result[2])


# --- Gaussians: the lecture's cells 18–32 --------------------------------------------------------

THREE = GaussianParams(
    [0.1, 0.4, 0.5], [[0, 0], [3, 3], [0, 5]], [scale * np.eye(2) for scale in (1, 2, 3)]
)


@cache
def gaussian_data() -> tuple[np.ndarray, GaussianParams]:
    """The lecture's thousand points and its start."""
    rng = np.random.RandomState(123)
    x = np.concatenate(
        [
            rng.multivariate_normal([0, 4], np.diag([3, 0.5]), 600),
            rng.multivariate_normal([-2, 0], np.diag([1, 2]), 400),
        ]
    )
    weights = rng.random(2)
    return x, GaussianParams(weights / weights.sum(), rng.random((2, 2)), [np.eye(2)] * 2)


@cache
def gaussian_listing() -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
    """What the lecture's vectorised listing returns."""
    x, start = gaussian_data()
    return gmm_em_vectorised(x, start.weights, start.means, start.covariances)


@cache
def gaussian_run(tol: float = 0.01) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
    """What the listing returns by its own rule; by no rule, where the core's fit comes to rest."""
    if tol:
        return gaussian_listing()
    result = fit(GaussianMixture(), *gaussian_data(), tol=0, max_iter=1000)
    params = result.params
    return result.log_likelihood, params.weights, params.means, params.covariances


@cache
def gaussian_fit(tol: float) -> EMResult:
    """The core's fit of the same data."""
    return fit(GaussianMixture(), *gaussian_data(), tol=tol)


# --- Old Faithful: the mixtools vignette ---------------------------------------------------------


@cache
def waiting_times() -> np.ndarray:
    """Minutes until the next eruption, shape (272, 1)."""
    path = Path(__file__).with_name("data") / "faithful.csv"
    return np.loadtxt(path, delimiter=",", skiprows=1, usecols=[1], ndmin=2)


@cache
def faithful_fit(max_iter: int) -> EMResult:
    """Two Gaussians with one variance, from the vignette's start."""
    start = GaussianParams([0.5, 0.5], [[55], [80]], [[[25]], [[25]]])
    model = GaussianMixture(covariance="shared")
    return fit(model, waiting_times(), start, tol=0, max_iter=max_iter)


def faithful_iterations() -> int:
    """Iterations until the log-likelihood moves by less than 1e-8."""
    changes = np.diff(faithful_fit(100).log_likelihoods)
    return int(np.flatnonzero(abs(changes) < 1e-8)[0]) + 1


# --- two Poissons: Hasselblad --------------------------------------------------------------------

DEATHS = np.repeat(np.arange(10), [162, 267, 271, 185, 111, 61, 27, 8, 3, 1])


class PoissonMixture:
    """A mixture of Poissons; the parameters are a pair (weights, means)."""

    def log_joint(self, x, params):
        """Log p(x_i, z_i = j)."""
        weights, means = params
        x = x[:, np.newaxis]
        return np.log(weights) + xlogy(x, means) - means - gammaln(x + 1)

    def m_step(self, x, responsibilities, params):
        """Weighted proportions and means."""
        totals = responsibilities.sum(axis=0)
        return totals / len(x), x @ responsibilities / totals


@cache
def poisson_steps() -> np.ndarray:
    """The Euclidean length of each step of (weight, mean, mean) from (.3, 1, 2.5)."""
    start = (np.array([0.3, 0.7]), np.array([1.0, 2.5]))
    states = islice(em_steps(PoissonMixture(), DEATHS, start), 2100)
    path = [[s.params[0][0], *s.params[1]] for s in states]
    return np.linalg.norm(np.diff(path, axis=0), axis=1)


def poisson_iterations() -> int:
    """Iterations until a step is shorter than 1e-7."""
    return int(np.flatnonzero(poisson_steps() < 1e-7)[0]) + 1


@cache
def poisson_limit() -> np.ndarray:
    """The fixed point (weight, higher mean, lower mean), to the last digits."""

    def step(point: np.ndarray) -> np.ndarray:
        weight, *means = point
        start = (np.array([weight, 1 - weight]), np.array(means))
        (first, _), moved = next(islice(em_steps(PoissonMixture(), DEATHS, start), 1, None)).params
        return np.array([first, *moved]) - point

    return root(step, [poisson_end().params[0][0], *poisson_end().params[1]], tol=1e-14).x


@cache
def poisson_run() -> EMState:
    """The state 1,500 iterations after weight ½ and means 1 and 3, the turboEM vignette's."""
    start = (np.array([0.5, 0.5]), np.array([1.0, 3.0]))
    return next(islice(em_steps(PoissonMixture(), DEATHS, start), 1500, None))


def poisson_log_likelihood(point: np.ndarray) -> float:
    """At weight, mean and mean."""
    weight, *means = point
    params = (np.array([weight, 1 - weight]), np.array(means))
    return next(em_steps(PoissonMixture(), DEATHS, params)).log_likelihood


@cache
def poisson_end() -> EMState:
    """The state 5,400 iterations after (.2, 2.5, 1.5), PyBLP's start.

    It is 4e-11 short of the fixed point, as the package's own figures are.
    """
    start = (np.array([0.2, 0.8]), np.array([2.5, 1.5]))
    return next(islice(em_steps(PoissonMixture(), DEATHS, start), 5400, None))


def poisson_information() -> np.ndarray:
    """The observed information on (weight, mean, higher mean) at the fixed point, by a formula.

    It is Louis' identity, complete information minus missing; the first weight is the lower mean's.
    """
    weight, higher, lower = poisson_limit()
    w, means = np.array([1 - weight, weight]), np.array([lower, higher])
    joint = np.exp(PoissonMixture().log_joint(DEATHS, (w, means)))
    r = joint / joint.sum(axis=1, keepdims=True)
    slopes = np.zeros((len(DEATHS), 2, 3))
    slopes[:, :, 0] = [1 / w[0], -1 / w[1]]
    for j in (0, 1):
        slopes[:, j, j + 1] = DEATHS / means[j] - 1
    middle = np.einsum("ij,ija->ia", r, slopes)
    missing = np.einsum("ij,ija,ijb->ab", r, slopes, slopes) - middle.T @ middle
    complete = len(DEATHS) * np.diag([1 / w.prod(), *(w / means)])
    return complete - missing


# --- a survey with five maxima: poLCA -------------------------------------------------------------


@cache
def survey_runs() -> tuple[np.ndarray, np.ndarray]:
    """The log-likelihoods at which as many starts as poLCA's end, and the classes' shares there."""
    return survey.latent_classes(sum(survey.PUBLISHED.values()), np.random.default_rng(37))


def survey_ends() -> np.ndarray:
    """The log-likelihoods alone."""
    return survey_runs()[0]


def survey_maximum(rank: int) -> float:
    """The log-likelihood of the maximum that is `rank`-th from the highest, which is 0th."""
    ends = np.sort(survey_ends())[::-1]
    return np.split(ends, np.flatnonzero(np.diff(ends) < -1e-3) + 1)[rank].max()


def survey_count(rank: int) -> int:
    """How many starts ended there."""
    return int((abs(survey_ends() - survey_maximum(rank)) < 1e-3).sum())


def survey_share(rank: int, place: int) -> float:
    """The share of the class that is `place`-th by size at a maximum."""
    run = abs(survey_ends() - survey_maximum(rank)).argmin()
    return np.sort(survey_runs()[1][run])[::-1][place]


@cache
def survey_best(classes: int) -> float:
    """The highest of ten ends with another number of classes."""
    return survey.latent_classes(10, np.random.default_rng(37), classes)[0].max()


# --- seven pathologists: poLCA -------------------------------------------------------------------


@cache
def verdicts(classes: int) -> tuple[float, np.ndarray]:
    """The best log-likelihood of a few starts, and the shares of the classes, the largest first."""
    rng = np.random.default_rng(1)
    ends, shares = survey.latent_classes(10, rng, classes, name="carcinoma")
    return ends.max(), np.sort(shares[ends.argmax()])[::-1]


# --- linkage: Dempster, Laird and Rubin ----------------------------------------------------------

ANIMALS = np.repeat([0, 1, 2, 3], [125, 18, 20, 34])


class Linkage:
    """Cell probabilities ½ + π/4, (1 − π)/4, (1 − π)/4, π/4; the parameter is π.

    The hidden label says whether an animal of the first cell belongs to its ½ or to its π/4.
    """

    def log_joint(self, x, params):
        """Log p(x_i, z_i = j): without and with π."""
        with np.errstate(divide="ignore"):
            without = np.log([0.5, 0, 0, 0])
        with_pi = np.log([params / 4, (1 - params) / 4, (1 - params) / 4, params / 4])
        return np.column_stack([without, with_pi])[x]

    def m_step(self, x, responsibilities, params):
        """The share of the outer cells among the animals whose cell depends on π."""
        outer = responsibilities[(x == 0) | (x == 3), 1].sum()
        return outer / responsibilities[:, 1].sum()


LINKAGE_MLE = (15 + np.sqrt(53809)) / 394


@cache
def linkage_path() -> list[float]:
    """π at the start and after each of thirty iterations."""
    return [s.params for s in islice(em_steps(Linkage(), ANIMALS, 0.5), 31)]


def linkage_ratio() -> float:
    """The ratio of two successive errors, late in the run."""
    errors = np.array(linkage_path()) - LINKAGE_MLE
    return errors[7] / errors[6]


def linkage_information() -> tuple[float, float]:
    """Information on π at the estimate: in the observed data, in the complete data."""
    pi = LINKAGE_MLE
    inner = (18 + 20) / (1 - pi) ** 2
    return (
        125 / (2 + pi) ** 2 + inner + 34 / pi**2,
        125 * pi / (2 + pi) / pi**2 + inner + 34 / pi**2,
    )


# --- peppered moths: Givens and Hoeting ----------------------------------------------------------

MOTHS = np.repeat([0, 1, 2], [85, 196, 341])
THIRDS = {"weights": np.full(3, 1 / 3)}


class Moths:
    """Alleles C, I and T, of which a moth has two: C hides the others, and I hides T."""

    copies = np.array([[2, 0, 0], [1, 1, 0], [1, 0, 1], [0, 2, 0], [0, 1, 1], [0, 0, 2]])

    def log_joint(self, x, params):
        """Log p(x_i, z_i = j) for colours 0 to 2 and the six pairs of alleles."""
        pairs = np.log([1, 2, 2, 1, 2, 1]) + self.copies @ np.log(params["weights"])
        return np.where(x[:, np.newaxis] == [0, 0, 0, 1, 1, 2], pairs, -np.inf)

    def m_step(self, x, responsibilities, params):
        """The alleles' shares."""
        counted = responsibilities.sum(axis=0) @ self.copies
        return {"weights": counted / counted.sum()}


@cache
def moths_path() -> np.ndarray:
    """The shares of C, I and T at the start and after each of thirty iterations."""
    states = islice(em_steps(Moths(), MOTHS, THIRDS), 31)
    return np.array([state.params["weights"] for state in states])


def moths_limit() -> np.ndarray:
    """Where they end."""
    return moths_path()[-1]


def moths_ratio(allele: int, t: int) -> float:
    """The error after an iteration, divided by that before it."""
    before, after = (moths_path()[[t - 1, t]] - moths_limit())[:, allele]
    return after / before


# --- Old Faithful in three parts: mclust ---------------------------------------------------------


@cache
def mclust_limit() -> EMResult:
    """Three Gaussians with one covariance, fitted to both columns to the end."""
    path = Path(__file__).with_name("data") / "faithful.csv"
    rows = np.loadtxt(path, delimiter=",", skiprows=1)
    start = GaussianParams([1 / 3] * 3, [[2, 54], [4, 76], [4.6, 84]], [np.diag([0.1, 35])] * 3)
    return fit(GaussianMixture(covariance="shared"), rows, start, tol=1e-10)


# --- two lines: CO2 and gross national product, the mixtools vignette ----------------------------


@cache
def lines_run(iterations: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Weights, intercepts and slopes, deviations and log-likelihood of two regressions."""
    run = em_steps(family.TwoLines(), family.countries(), family.PUBLISHED_START)
    end = next(islice(run, iterations, None))
    return end.params.weights, end.params.lines, end.params.sigma, end.log_likelihood


# --- where the lecture's value falls, and where its code gives NaN -------------------------------

FALLING = np.array([[3, 1], [1, 3], [3, 1], [3, 1]])
FALLING_START = CoinParams([0.89488, 0.07036], [0.5, 0.5])


@cache
def gaussian_levels(k: int) -> np.ndarray:
    """The centres of k-means on the whole of a standard Gaussian, rising."""
    centres = norm.ppf((np.arange(k) + 0.5) / k)
    for _ in range(4000):
        borders = np.concatenate([[-np.inf], (centres[1:] + centres[:-1]) / 2, [np.inf]])
        centres = -np.diff(norm.pdf(borders)) / np.diff(norm.cdf(borders))
    return centres


def lecture_value(x: np.ndarray, state: EMState) -> float:
    """Σ_i Σ_j r_ij log p(x_i | z_i = j): what the lecture's coin code prints, at one θ."""
    log_joint = CoinMixture().log_joint(x, state.params) - np.log(state.params.weights)
    return (state.responsibilities * log_joint).sum() - log_binomials(x)


def bare_log_likelihood(x: np.ndarray, state: EMState) -> float:
    """The log-likelihood without the binomial coefficients."""
    return state.log_likelihood - log_binomials(x)


def tosses_until_nan() -> int:
    """Tosses, half of them heads, at which the lecture's weights become NaN; to the nearest ten."""
    for tosses in range(1000, 1200, 2):
        x = np.array([[tosses / 2, tosses / 2]])
        with np.errstate(invalid="ignore"):
            _, thetas, _ = coin_em(x, LISTING_START, max_iter=1)
        if np.isnan(thetas).all():
            return round(tosses, -1)
    raise AssertionError("the lecture's code did not fail")


# --- what each problem comes to -------------------------------------------------------------------

Numbers = dict[str, Any]
"""What a run ends with, by the names that the collection gives its numbers."""


def _labelled(x: np.ndarray, labels: np.ndarray) -> Numbers:
    totals = np.array([x[labels == coin].sum(axis=0) for coin in (0, 1)])
    totals[:, 1] += totals[:, 0]
    return {"heads": x[:, 0], "totals": totals, "theta": totals[:, 0] / totals[:, 1]}


def lecture_labelled(at: int | None) -> Numbers:
    """With what scipy's optimiser finds."""
    found = labelled_minimum()
    return _labelled(labelled_data(), LABELS) | {"minimised": found.x, "loss": found.fun}


def coins(
    at: int | None, x: np.ndarray = COINS, start: CoinParams = COIN_START, *, free: bool = False
) -> Numbers:
    """A state of the loop; where EM ends, that of the fit."""
    model = CoinMixture(free)
    if at is None:
        start = fit(model, x, start, tol=0, max_iter=1000).params
    state = next(islice(em_steps(model, x, start), at or 0, None))
    return {
        "theta": state.params.theta,
        "weights": state.params.weights,
        "tails": 1 - state.params.theta,
        "responsibilities": state.responsibilities,
        "expected_counts": expected_counts(x, state.responsibilities).sum(axis=0),
        "log_likelihood": state.log_likelihood,
        "log_binomials": log_binomials(x),
        "bare": bare_log_likelihood(x, state),
        "lecture_value": lecture_value(x, state),
    }


def coins_of_the_lecture(at: int | None) -> Numbers:
    """With where the two listings stop."""
    return coins(at) | {"stops": [len(coin_history()), coin_function()[0]]}


def lecture_hundred(at: int | None) -> Numbers:
    """By the lecture's function; an iteration prints the value before its M-step."""
    if at is None:
        _, thetas, value = best_restart(tol=0)
    else:
        x, start = hundred_samples()
        *_, value = coin_em(x, start, max_iter=at + 1, tol=0)
        _, thetas, _ = coin_em(x, start, max_iter=at, tol=0)
    return {"theta": thetas[:, 0], "lecture_value": value, "stops": [best_restart()[0]]}


def _gaussians(model: GaussianMixture, x: np.ndarray, result: EMResult | EMState) -> Numbers:
    params = result.params
    return {
        "weights": params.weights,
        "means": params.means,
        "covariances": params.covariances,
        "sigma": np.sqrt(params.covariances[0, 0, 0]),
        "log_likelihood": result.log_likelihood,
        "bic": -bic(model, x, params),
    }


def lecture_mixture(at: int | None) -> Numbers:
    """By the lecture's listing, on the way there."""
    value, weights, means, covariances = gaussian_run(0 if at is None else 0.01)
    return {
        "log_likelihood": value,
        "weights": weights,
        "means": means,
        "covariances": covariances,
        "stops": [gaussian_fit(0.01).iterations],
    }


def faithful_waiting(at: int | None) -> Numbers:
    """From the vignette's start."""
    model = GaussianMixture(covariance="shared")
    found = _gaussians(model, waiting_times(), faithful_fit(at or 100))
    return found | {"stops": [faithful_iterations()]}


def faithful_waiting_two(at: int | None) -> Numbers:
    """With a variance each, from means that are both in the middle."""
    model, x = GaussianMixture(), waiting_times()
    start = streams.gaussians(streams.FAR)
    return _gaussians(model, x, fit(model, x, start, tol=0, max_iter=200 if at is None else at))


def faithful(at: int | None, kind: str, k: int) -> Numbers:
    """The best that is known of both columns."""
    model, x = GaussianMixture(covariance=kind), how_many.faithful()
    return _gaussians(model, x, fit(model, x, how_many.fits()[kind][k - 1], tol=1e-12))


def _poissons(state: EMState) -> Numbers:
    weights, means = state.params
    return {"weights": weights, "means": means, "log_likelihood": state.log_likelihood}


def poissons_squarem(at: int | None) -> Numbers:
    """The higher mean first."""
    if at:
        return _poissons(poisson_end())
    weight, higher, lower = poisson_limit()
    return {"weights": [weight, 1 - weight], "means": [higher, lower]}


def poissons_turboem(at: int | None) -> Numbers:
    """The lower mean first."""
    if at:
        return _poissons(poisson_run())
    weight, higher, lower = poisson_limit()
    information = poisson_information()
    return {
        "weights": [1 - weight, weight],
        "means": [lower, higher],
        "log_likelihood": poisson_log_likelihood(poisson_limit()),
        "information": information,
        "errors": np.sqrt(np.diag(np.linalg.inv(information))),
    }


def poissons_hasselblad(at: int | None) -> Numbers:
    """Late in a long run."""
    ratio = np.divide(*poisson_steps()[[2055, 2054]])
    return {"ratio": ratio, "stops": [poisson_iterations()]}


def pathologists(at: int | None, k: int) -> Numbers:
    """The best of a few random starts."""
    value, shares = verdicts(k)
    free = k - 1 + 7 * k
    return {
        "log_likelihood": value,
        "weights": shares,
        "aic": 2 * free - 2 * value,
        "bic": free * np.log(118) - 2 * value,
    }


def readers(at: int | None) -> Numbers:
    """Three readers of chest films, from the start that the collection names."""
    start = coin_rows.Rows(np.array([0.9, 0.1]), np.array([[0.1] * 3, [0.7] * 3]))
    model, x, films = coin_rows.CoinRows(), coin_rows.patterns(3), {"row_weights": coin_rows.PLEURA}
    run = em_steps(model, x, start, **films)
    state = next(islice(run, 3000 if at is None else at, None))
    return {
        "log_likelihood": state.log_likelihood,
        "weights": state.params.weights,
        "aic": aic(model, x, state.params, **films),
        "bic": bic(model, x, state.params, **films),
    }


def survey_end(at: int | None, rank: int) -> Numbers:
    """One of the five maxima, the highest being the 0th."""
    return {
        "log_likelihood": survey_maximum(rank),
        "ends": survey_count(rank),
        "weights": [survey_share(rank, place) for place in range(3)],
    }


def linkage(at: int | None) -> Numbers:
    """The closed form's information, and the run's rate."""
    return {
        "pi": linkage_path()[-1 if at is None else at],
        "closed_form": LINKAGE_MLE,
        "information": linkage_information(),
        "rate": 1 - np.divide(*linkage_information()),
        "ratio": linkage_ratio(),
    }


def moths(at: int | None) -> Numbers:
    """The ratios are those of an iteration's errors to those before it."""
    ratios = [moths_ratio(0, at or 6), moths_ratio(1, at or 11)]  # later ones are rounding
    return {"weights": moths_path()[-1 if at is None else at], "ratios": ratios}


def lines(at: int | None) -> Numbers:
    """Two regressions."""
    names = ("weights", "lines", "sigma", "log_likelihood")
    return dict(zip(names, lines_run(200 if at is None else at), strict=True))


def quakes(at: int | None, problem: str) -> Numbers:
    """The chapter's chain, from the problem's start."""
    told = reference.start(problem)
    start = in_order.Chain(*(np.array(told[n], dtype=float) for n in ("start", "moves", "means")))
    model, x = in_order.PoissonChain(), in_order.earthquakes()[1]
    state = next(islice(em_steps(model, x, start), 400 if at is None else at, None))
    k, value = len(start.means), state.log_likelihood
    free = k + k * (k - 1) + k - 1
    return vars(state.params) | {
        "log_likelihood": value,
        "aic": 2 * free - 2 * value,
        "bic": free * np.log(len(x)) - 2 * value,
    }


def with_holes(at: int | None, x: np.ndarray, variance: float, covariance: float = 0) -> Numbers:
    """Normal rows of which some numbers are missing."""
    matrix = np.full((x.shape[1], x.shape[1]), float(covariance))
    np.fill_diagonal(matrix, variance)
    run = em_steps(holes.NormalWithHoles(), x, holes.Normal(np.zeros(x.shape[1]), matrix))
    state = next(islice(run, 200 if at is None else at, None))
    found = {"mean": state.params.mean, "covariance": state.params.covariance}
    return found | {"log_likelihood": state.log_likelihood}


RUNS: dict[str, Callable[[int | None], Numbers]] = {
    "coins": coins_of_the_lecture,
    "coins-free": partial(coins, free=True),
    "coins-equal": partial(coins, start=CoinParams([0.6, 0.6], [0.5, 0.5])),
    "coins-labelled": lambda at: _labelled(COINS, COIN_LABELS),
    "lecture-labelled": lecture_labelled,
    "lecture-hundred": lecture_hundred,
    "falling": partial(coins, x=FALLING, start=FALLING_START),
    "underflow": lambda at: {"tosses": tosses_until_nan()},
    "lecture-density": lambda at: {"density": density(np.outer(range(3), [1, 1]), THREE)},
    "lecture-mixture": lecture_mixture,
    "faithful-waiting": faithful_waiting,
    "faithful-waiting-two": faithful_waiting_two,
    **{
        f"faithful-{kind}-{k}": partial(faithful, kind=kind, k=k)
        for kind in how_many.KINDS
        for k in (1, 2, 3, 4)
    },
    "poissons-squarem": poissons_squarem,
    "poissons-turboem": poissons_turboem,
    "poissons-hasselblad": poissons_hasselblad,
    **{f"gss82-3-{rank + 1}": partial(survey_end, rank=rank) for rank in range(5)},
    "gss82-2": lambda at: {"log_likelihood": survey_best(2)},
    "gss82-4": lambda at: {"log_likelihood": survey_best(4)},
    "carcinoma-2": partial(pathologists, k=2),
    "carcinoma-3": partial(pathologists, k=3),
    "pleura": readers,
    "linkage": linkage,
    "moths": moths,
    "lines": lines,
    **{
        f"quakes-{name}": partial(quakes, problem=f"quakes-{name}")
        for name in ("2", "3", "3-from-25", "4")
    },
    "five-readings": partial(with_holes, x=holes.FIVE, variance=1),
    "murray": partial(with_holes, x=holes.TWELVE, variance=2.5, covariance=0.25),
    "murray-saddle": partial(with_holes, x=holes.TWELVE, variance=2),
    "levels-16": lambda at: {"levels": gaussian_levels(16)},
}
"""For each problem what it comes to after some iterations, or where EM ends."""


@cache
def run(problem: str, at: int | None) -> Numbers:
    """What a problem comes to."""
    return RUNS[problem](at)


def number(entry: reference.Entry) -> float:
    """The number of an entry as the book computes it."""
    return pick(run(entry.problem, entry.at), entry.pick)


def limit(entry: reference.Entry) -> float:
    """The same where EM ends."""
    return pick(run(entry.problem, None), entry.pick)


def pick(found: Numbers, where: str) -> float:
    """A number by its name and its place, as in means.0.1."""
    name, *places = where.split(".")
    number = found[name]
    for place in places:
        number = number[int(place)]
    return number
