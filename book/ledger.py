"""The published numbers that the book reproduces, and those that it keeps of its own.

An entry holds the digits as they were printed and a function that computes the number; it is
compared to the last printed digit. What no source printed has digits that this book found and
keeps, so that a change of the code that moves them is seen. `ledger.ipynb` shows the entries,
`tests/test_numbers.py` asserts them.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from itertools import islice
from pathlib import Path

import frames
import how_many
import numpy as np
import pandas as pd
import survey
from IPython.display import HTML
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
    bic,
    em_steps,
    fit,
)
from em_core.listings import coin_em, coin_em_loop, gmm_em_vectorised
from em_core.tables import density, expected_counts, log_binomials


@dataclass(frozen=True)
class Source:
    """Where digits were printed, and by which rule the run stopped that they come from."""

    title: str
    printed_in: str  # as a reader finds it; empty for what no source printed
    rule: str
    address: str = ""

    @property
    def published(self) -> bool:
        """Whether somebody else printed the digits."""
        return bool(self.printed_in)


class Kind(StrEnum):
    """How a printed number stands to what it is meant to be."""

    EXACT = "exact"
    STOPPED = "stopped early"
    MISPRINT = "misprint"
    BEATEN = "beaten"
    DRAWN = "drawn"
    DIFFERENCES = "by differences"
    OURS = "our own"


@dataclass(frozen=True)
class Entry:
    """Some digits and how we compute them."""

    source: Source
    quantity: str
    printed: str
    compute: Callable[[], float]
    limit: Callable[[], float] | None = None  # what the number tends to, where it was on its way
    misprint: bool = False  # the last printed digit is known to be off by one
    beaten: bool = False  # printed as a maximum, and there is a higher one
    draws: int = 0  # of which the number was counted; as many of ours are counted anew
    differences: bool = False  # printed as differences gave it; its last digits are not right

    @property
    def computed(self) -> str:
        """What we compute, to as many digits as were printed."""
        return self._rounded(self.compute())

    @property
    def matches(self) -> bool:
        """Whether every printed digit is reached; of draws, whether both may come from one urn."""
        if self.draws:
            return two_draws_agree(float(self.printed), self.compute(), self.draws)
        return self.computed == self._rounded(float(self.printed))

    @property
    def kind(self) -> Kind:
        """What a reader should know of the printed digits."""
        if not self.source.published:
            return Kind.OURS
        if self.misprint:
            return Kind.MISPRINT
        if self.beaten:
            return Kind.BEATEN
        if self.draws:
            return Kind.DRAWN
        if self.differences:
            return Kind.DIFFERENCES
        on_the_way = self.limit and self._rounded(self.limit()) != self.computed
        return Kind.STOPPED if on_the_way else Kind.EXACT

    @property
    def remark(self) -> str:
        """The kind, and what goes with it."""
        if self.kind == Kind.STOPPED and self.limit:
            return f"{self.kind}: tends to {self._rounded(self.limit())}"
        return str(self.kind)

    def _rounded(self, value: float) -> str:
        return f"{value:.{len(self.printed.partition('.')[2])}f}"


def two_draws_agree(one: float, other: float, draws: int) -> bool:
    """Whether two counts differ by at most four standard errors of their difference."""
    share = (one + other) / (2 * draws)
    return abs(one - other) <= 4 * np.sqrt(2 * draws * share * (1 - share))


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
def equal_coins_fit() -> EMResult:
    """From equal coins, which EM cannot tell apart."""
    return fit(CoinMixture(), COINS, CoinParams([0.6, 0.6], [0.5, 0.5]))


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


def first_counts(coin: int, side: int) -> float:
    """Expected heads (0) or tails (1) of a coin in the first E-step."""
    return expected_counts(COINS, coin_states()[0].responsibilities).sum(axis=0)[coin, side]


# --- ten random starts: the lecture's cells 15 and 16 --------------------------------------------


@cache
def best_restart(tol: float = 1e-6) -> tuple[int, np.ndarray, float]:
    """The lecture's choice among ten starts that are not probabilities."""
    rng = np.random.RandomState(1234)
    heads = np.concatenate([rng.binomial(100, 0.8, 50), rng.binomial(100, 0.35, 50)])
    x = np.column_stack([heads, 100 - heads])
    rng.shuffle(x)
    results = (coin_em(x, rng.random((2, 2)), tol=tol) for _ in range(10))
    return max(results, key=lambda result: result[2])


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


def poisson_error(a: int) -> float:
    """The standard error of weight, mean or higher mean."""
    return np.sqrt(np.linalg.inv(poisson_information())[a, a])


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


# --- Old Faithful by number of components: mclust -------------------------------------------------

BICS = {  # k = 1, 2, … for each kind of covariance, with mclust's sign
    "full": ["-2607.623", "-2322.192", "-2349.696", "-2351.493"],
    "shared": ["-2607.623", "-2325.220", "-2314.316", "-2331.223"],
    "diagonal": ["-3055.835", "-2346.065", "-2342.366", "-2343.486"],
    "spherical": ["-4024.721", "-3458.305", "-3336.598", "-3242.826"],
}
MODELS = {"full": "VVV", "shared": "EEE", "diagonal": "VVI", "spherical": "VII"}


@cache
def best_bic(kind: str, k: int) -> float:
    """What the best of many starts comes to, with mclust's sign."""
    model, start = GaussianMixture(covariance=kind), how_many.fits()[kind][k - 1]
    return -bic(model, how_many.faithful(), fit(model, how_many.faithful(), start).params)


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
    path = Path(__file__).with_name("data") / "co2_gnp.csv"
    gnp, co2 = np.loadtxt(path, delimiter=",", skiprows=1).T
    design = np.column_stack([np.ones_like(gnp), gnp])
    w, lines, deviations = np.array([0.25, 0.75]), np.array([[8, -1], [1, 1]]), np.array([2, 1])
    for _ in range(iterations + 1):
        away = (co2[:, np.newaxis] - design @ lines.T) / deviations
        log_joint = np.log(w / deviations) - (away**2 + np.log(2 * np.pi)) / 2
        log_densities = np.logaddexp.reduce(log_joint, axis=1)
        found = w, lines, deviations, float(log_densities.sum())
        r = np.exp(log_joint - log_densities[:, np.newaxis])
        each = [(design.T * share) @ np.column_stack([design, co2]) for share in r.T]
        lines = np.array([np.linalg.solve(sums[:, :2], sums[:, 2]) for sums in each])
        squares = (co2[:, np.newaxis] - design @ lines.T) ** 2
        w, deviations = r.mean(axis=0), np.sqrt((r * squares).sum(axis=0) / r.sum(axis=0))
    return found


# --- where the lecture's value falls, and where its code gives NaN -------------------------------

FALLING = np.array([[3, 1], [1, 3], [3, 1], [3, 1]])


@cache
def gaussian_levels(k: int) -> np.ndarray:
    """The centres of k-means on the whole of a standard Gaussian, rising."""
    centres = norm.ppf((np.arange(k) + 0.5) / k)
    for _ in range(4000):
        borders = np.concatenate([[-np.inf], (centres[1:] + centres[:-1]) / 2, [np.inf]])
        centres = -np.diff(norm.pdf(borders)) / np.diff(norm.cdf(borders))
    return centres


@cache
def falling_states() -> list[EMState]:
    """Three states of the run in which the lecture's value falls while EM ascends."""
    start = CoinParams([0.89488, 0.07036], [0.5, 0.5])
    return list(islice(em_steps(CoinMixture(), FALLING, start), 3))


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


# --- the entries ---------------------------------------------------------------------------------

NOTEBOOK = "the lecture’s notebook of 21 February 2015, "
COMPLETE = Source(
    "The lecture: complete data",
    NOTEBOOK + "cells 5 to 9",
    "none for counts and their quotients; scipy’s optimiser has its own",
)
COIN_CODE = Source(
    "The lecture: the coin code",
    NOTEBOOK + "cells 11 to 14",
    "the printed value moves by less than 0.01; as a function, by less than 1e-6",
)
STARTS = Source(
    "The lecture: ten random starts",
    NOTEBOOK + "cells 15 and 16",
    "the printed value of a run moves by less than 1e-6",
)
DENSITY = Source(
    "The lecture: density of three Gaussians",
    NOTEBOOK + "cells 18 and 19",
    "none, as nothing iterates",
)
MIXTURE = Source(
    "The lecture: mixture of two Gaussians",
    NOTEBOOK + "cells 25 to 32",
    "the log-likelihood moves by less than 0.01",
)
LECTURE = (COMPLETE, COIN_CODE, STARTS, DENSITY, MIXTURE)
COIN_PAPER = Source(
    "Do and Batzoglou, 2008",
    "Nature Biotechnology 26, figure 1",
    "one iteration, and ten",
    "https://doi.org/10.1038/nbt1406",
)
SURVEY = Source(
    "A survey with five maxima: poLCA",
    "Journal of Statistical Software 42(10), table 1",
    "the log-likelihood moves by less than 1e-7",
    "https://doi.org/10.18637/jss.v042.i10",
)
SURVEY_HELP = Source(
    "The same survey with two and with four classes",
    "the R package poLCA, on the help page of its data gss82",
    "for four classes the log-likelihood moves by less than 1e-7; else the package’s own",
    "https://cran.r-project.org/package=poLCA",
)
LINKAGE_PAPER = Source(
    "Dempster, Laird and Rubin, 1977",
    "Journal of the Royal Statistical Society B 39, the example of the introduction",
    "a counted number of iterations from ½",
    "https://doi.org/10.1111/j.2517-6161.1977.tb01600.x",
)
PATHOLOGISTS = Source(
    "Seven pathologists: poLCA",
    "Journal of Statistical Software 42(10), on the carcinoma data",
    "the log-likelihood moves by less than 1e-10",
    "https://doi.org/10.18637/jss.v042.i10",
)
MCLUST_TABLE = Source(
    "Old Faithful: mclust",
    "what the R package prints for mclustBIC(faithful), the largest best",
    "one start from a clustering; the log-likelihood moves by less than 1e-5 of itself",
    "https://doi.org/10.32614/RJ-2016-021",
)
VIGNETTE = Source(
    "The mixtools vignette",
    "Journal of Statistical Software 32(6), on Old Faithful",
    "the log-likelihood moves by less than 1e-8",
    "https://doi.org/10.18637/jss.v032.i06",
)
SQUAREM = Source(
    "Two Poissons: SQUAREM",
    "the R package’s own test, there to thirteen decimals",
    "not given; ours is 5,400 iterations from (0.2; 2.5, 1.5), where ten decimals agree",
    "https://cran.r-project.org/package=SQUAREM",
)
TURBO_EM = Source(
    "Two Poissons: turboEM",
    "the R package’s vignette, there to thirteen decimals",
    "1,500 iterations from weight ½ and means 1 and 3",
    "https://cran.r-project.org/package=turboEM",
)

MOTHS_TABLE = Source(
    "Peppered moths: Givens and Hoeting",
    "Computational Statistics, table 4.1",
    "a counted number of iterations from ⅓, ⅓, ⅓",
    "https://doi.org/10.1002/9781118555552",
)
MCLUST = Source(
    "Old Faithful in three parts: mclust",
    "the R package’s vignette",
    "the log-likelihood moves by less than a hundred-thousandth of itself",
    "https://cran.r-project.org/package=mclust",
)
LINES = Source(
    "Two lines: mixtools",
    "Journal of Statistical Software 32(6), on carbon dioxide",
    "the log-likelihood moves by less than 1e-8: 10 iterations",
    "https://doi.org/10.18637/jss.v032.i06",
)

LEVELS = Source(
    "Sixteen levels for a Gaussian",
    "the tables of ruvector-turboquant 2.3.0, which quote Max (1960)",
    "none is told; ours are 4,000 iterations of k-means on the whole distribution",
    "https://docs.rs/crate/ruvector-turboquant/2.3.0/source/src/tables.rs",
)


def _ours(title: str, rule: str) -> Source:
    return Source(title, "", rule)


MIXTURE_OURS = _ours("The lecture’s mixture", "the log-likelihood moves by less than 1e-10")
COIN_OURS = _ours("The two coins", "a counted number of iterations; for the estimates 1,000")
LINKAGE_OURS = _ours("Linkage", "a counted number of iterations from ½")
FAITHFUL_OURS = _ours("Old Faithful", "100 iterations")
POISSON_OURS = _ours("Two Poissons", "a step from (0.3; 1, 2.5) is shorter than 1e-7")
CORRECTIONS = _ours("What the lecture’s coin value hides", "that of the lecture’s function")
OURS = (COIN_OURS, MIXTURE_OURS, LINKAGE_OURS, FAITHFUL_OURS, POISSON_OURS, CORRECTIONS)


def _complete_entries() -> list[Entry]:
    add = partial(Entry, COMPLETE)
    rows = [
        add(f"heads of sample {i + 1}", heads, lambda i=i: labelled_data()[i, 0])
        for i, heads in enumerate(["7", "9", "2", "6", "0"])
    ]
    for coin, heads, tosses, share in ((0, "22", "30", "0.7333"), (1, "2", "20", "0.10")):
        name = "AB"[coin]
        rows += [
            add(f"heads of {name}", heads, lambda c=coin: counts_of(c)[0]),
            add(f"tosses of {name}", tosses, lambda c=coin: counts_of(c).sum()),
            add(
                f"θ_{name}",
                share,
                lambda c=coin: counts_of(c)[0] / counts_of(c).sum(),
            ),
        ]
    return [
        *rows,
        add("minimised θ_A", "0.733", lambda: labelled_minimum().x[0]),
        add("minimised θ_B", "0.100", lambda: labelled_minimum().x[1]),
        add("the minimum", "7.65526775", lambda: labelled_minimum().fun),
    ]


NINE_LINES = """
.71 .58 -32.69
.75 .57 -31.26
.77 .55 -30.76
.78 .53 -30.33
.79 .53 -30.07
.79 .52 -29.95
.80 .52 -29.90
.80 .52 -29.88
.80 .52 -29.87
"""


def _listing_entries() -> list[Entry]:
    add = partial(Entry, COIN_CODE)
    rows = [
        add(f"iteration {i}: {name}", printed, lambda i=i, c=c: coin_history()[i - 1][c])
        for i, line in enumerate(NINE_LINES.split("\n")[1:-1], start=1)
        for c, (name, printed) in enumerate(
            zip(["θ_A", "θ_B", "printed value"], line.split(), strict=True)
        )
    ]
    starts = partial(Entry, STARTS)
    return [
        *rows,
        add("iterations of the loop", "9", lambda: len(coin_history())),
        add("as a function: loop index", "18", lambda: coin_function()[0]),
        *(
            _on_the_way(COIN_CODE, f"as a function: {name}", digits, coin_function, pick)
            for name, digits, pick in [
                ("θ_A", "0.797", lambda result: result[1][0, 0]),
                ("1 − θ_A", "0.203", lambda result: result[1][0, 1]),
                ("θ_B", "0.520", lambda result: result[1][1, 0]),
                ("1 − θ_B", "0.480", lambda result: result[1][1, 1]),
                ("the value", "-29.868676155", lambda result: result[2]),
            ]
        ),
        starts("loop index of the best", "4", lambda: best_restart()[0]),
        *(
            _on_the_way(STARTS, name, digits, best_restart, pick)
            for name, digits, pick in [
                ("lower θ", "0.352", lambda result: result[1][:, 0].min()),
                ("higher θ", "0.798", lambda result: result[1][:, 0].max()),
                ("the best value", "-5756.59565198", lambda result: result[2]),
            ]
        ),
    ]


def _on_the_way(
    source: Source, quantity: str, printed: str, run: Callable, pick: Callable
) -> Entry:
    """What a run with its own rule ends with, beside what it ends with when nothing moves."""
    return Entry(source, quantity, printed, lambda: pick(run()), lambda: pick(run(tol=0)))


def _gaussian_entries() -> list[Entry]:
    def add(quantity: str, printed: str, pick: Callable) -> Entry:
        return _on_the_way(MIXTURE, quantity, printed, gaussian_run, pick)

    rows = [
        Entry(
            DENSITY,
            f"at ({p}, {p})",
            printed,
            lambda p=p: density(np.array([[p, p]]), THREE)[0],
        )
        for p, printed in enumerate(["0.017", "0.012", "0.023"])
    ]
    means = [["-.027879491", "3.981784610"], ["-1.946530354", ".022331118"]]
    covariances = [
        ["3.026929565", ".011696109", ".481811513"],
        [".901487509", ".049275765", "2.048550204"],
    ]
    rows += [
        Entry(MIXTURE, "iterations", "12", lambda: gaussian_fit(0.01).iterations),
        add("log-likelihood", "-3690.55684609", lambda run: run[0]),
        add("weight 1", ".592929564", lambda run: run[1][0]),
    ]
    for j in range(2):
        rows += [
            add(f"mean {j + 1}, axis {a + 1}", means[j][a], lambda run, j=j, a=a: run[2][j, a])
            for a in range(2)
        ]
        rows += [
            add(
                f"covariance {j + 1}, entry {a + 1}{b + 1}",
                printed,
                lambda run, j=j, a=a, b=b: run[3][j, a, b],
            )
            for (a, b), printed in zip([(0, 0), (0, 1), (1, 1)], covariances[j], strict=True)
        ]
    converged = lambda: gaussian_fit(1e-10).log_likelihood  # noqa: E731
    return [*rows, Entry(MIXTURE_OURS, "log-likelihood", "-3690.55259647", converged)]


def _coin_paper_entries() -> list[Entry]:
    add = partial(Entry, COIN_PAPER)
    rows = []
    for coin, heads, tosses, share in ((0, "24", "30", "0.80"), (1, "9", "20", "0.45")):
        name = "AB"[coin]
        rows += [
            add(f"labels known: heads of {name}", heads, lambda c=coin: labelled_heads(c)[0]),
            add(f"labels known: tosses of {name}", tosses, lambda c=coin: labelled_heads(c)[1]),
            add(
                f"labels known: θ_{name}",
                share,
                lambda c=coin: np.divide(*labelled_heads(c)),
            ),
        ]
    rows += [
        add(
            f"first E-step: P(A) of sample {i + 1}",
            printed,
            lambda i=i: coin_states()[0].responsibilities[i, 0],
        )
        for i, printed in enumerate([".45", ".80", ".73", ".35", ".65"])
    ]
    rows += [
        add(
            f"first E-step: expected {side} of {'AB'[c]}",
            printed[c],
            lambda c=c, i=i: first_counts(c, i),
        )
        for i, (side, printed) in enumerate(
            [("heads", ("21.3", "11.7")), ("tails", ("8.6", "8.4"))]
        )
        for c in range(2)
    ]
    return rows + _coin_path_entries(COIN_PAPER, {1: ("0.71", "0.58"), 10: ("0.80", "0.52")})


def _coin_path_entries(source: str, printed: dict[int, tuple[str, str]]) -> list[Entry]:
    return [
        Entry(
            source,
            f"after iteration {t}: θ_{'AB'[j]}",
            digits,
            lambda t=t, j=j: coin_states()[t].params.theta[j],
        )
        for t, pair in printed.items()
        for j, digits in enumerate(pair)
    ]


def _coin_exact_entries() -> list[Entry]:
    add = partial(Entry, COIN_OURS)
    path = {1: (".713012", ".581339"), 10: (".796744", ".519659")}
    coefficients = log_binomials(COINS)
    return [
        *_coin_path_entries(COIN_OURS, path),
        add("estimate: θ_A", ".7967890669", lambda: coin_fit().params.theta[0]),
        add("estimate: θ_B", ".5195831201", lambda: coin_fit().params.theta[1]),
        add(
            "log-likelihood without the binomial coefficients",
            "-31.570200",
            lambda: coin_fit().log_likelihood - coefficients,
        ),
        add("log-likelihood", "-9.796924", lambda: coin_fit().log_likelihood),
        add("what the coefficients add", "21.7733", lambda: coefficients),
        add("free weights: θ_A", ".793368", lambda: coin_fit(fit_weights=True).params.theta[0]),
        add("free weights: θ_B", ".513917", lambda: coin_fit(fit_weights=True).params.theta[1]),
        add(
            "free weights: weight of A",
            ".522751",
            lambda: coin_fit(fit_weights=True).params.weights[0],
        ),
        add("equal coins: θ", ".66", lambda: equal_coins_fit().params.theta[0]),
        add(
            "equal coins: log-likelihood without the coefficients",
            "-32.051774",
            lambda: equal_coins_fit().log_likelihood - coefficients,
        ),
    ]


SHARES = (
    (".621", ".207", ".172"),
    (".782", ".150", ".067"),
    (".796", ".162", ".043"),
    (".508", ".392", ".099"),
    (".533", ".297", ".170"),
)
"""Of the classes at the survey's five maxima, as poLCA's manual prints them."""


def _survey_entries() -> list[Entry]:
    add = partial(Entry, SURVEY)
    starts = sum(survey.PUBLISHED.values())
    return [
        entry
        for rank, (value, count) in enumerate(survey.PUBLISHED.items())
        for entry in (
            add(
                f"maximum {rank + 1}: log-likelihood",
                f"{value:.3f}",
                lambda rank=rank: survey_maximum(rank),
            ),
            add(
                f"maximum {rank + 1}: ends of {starts} starts",
                str(count),
                lambda rank=rank: survey_count(rank),
                draws=starts,
            ),
            *(
                add(
                    f"maximum {rank + 1}: share of the {name} class",
                    share,
                    lambda rank=rank, place=place: survey_share(rank, place),
                )
                for place, (name, share) in enumerate(
                    zip(("largest", "second", "smallest"), SHARES[rank], strict=True)
                )
            ),
        )
    ] + [
        Entry(
            SURVEY_HELP,
            f"{classes} classes: log-likelihood",
            printed,
            lambda classes=classes: survey_best(classes),
        )
        for classes, printed in ((2, "-2783.268"), (4, "-2746.621"))
    ]


def _pathologist_entries() -> list[Entry]:
    add = partial(Entry, PATHOLOGISTS)
    free = 2 + 3 * 7
    return [
        add("two classes: log-likelihood", "-317.2568", lambda: verdicts(2)[0]),
        add("three classes: log-likelihood", "-293.705", lambda: verdicts(3)[0]),
        *(
            add(f"three classes: share {i + 1}", share, lambda i=i: verdicts(3)[1][i])
            for i, share in enumerate([".4447", ".3736", ".1817"])
        ),
        add("three classes: AIC", "633.41", lambda: 2 * free - 2 * verdicts(3)[0]),
        add("three classes: BIC", "697.1357", lambda: free * np.log(118) - 2 * verdicts(3)[0]),
    ]


def _mclust_table_entries() -> list[Entry]:
    return [
        Entry(
            MCLUST_TABLE,
            f"{MODELS[kind]}, {k} component{'s' * (k > 1)}: BIC",
            printed,
            lambda kind=kind, k=k: best_bic(kind, k),
            beaten=k > 2 or (kind, k) == ("spherical", 2),
        )
        for kind, column in BICS.items()
        for k, printed in enumerate(column, start=1)
    ]


def _linkage_entries() -> list[Entry]:
    printed = (".608247423", ".624321051", ".626488879", ".626777323")
    exact = (".6082474227", ".6243210504", ".6264888791", ".6267773223")
    add = partial(Entry, LINKAGE_OURS)
    rows = []
    for t in range(1, 5):
        what, compute = f"π after iteration {t}", lambda t=t: linkage_path()[t]
        rows += [
            Entry(LINKAGE_PAPER, what, printed[t - 1], compute, misprint=t in (2, 4)),
            add(what, exact[t - 1], compute),
        ]
    return [
        *rows,
        Entry(LINKAGE_PAPER, "ratio of successive errors", ".1328", linkage_ratio),
        add("closed form of π", ".6268214979", lambda: LINKAGE_MLE),
        add("π that EM reaches", ".6268214979", lambda: linkage_path()[-1]),
        add("information, observed data", "377.517", lambda: linkage_information()[0]),
        add("information, complete data", "435.318", lambda: linkage_information()[1]),
        add("1 − their ratio", ".1328", lambda: 1 - np.divide(*linkage_information())),
    ]


def _faithful_entries() -> list[Entry]:
    def both(quantity: str, printed: str, pick: Callable) -> Entry:
        compute, limit = (lambda n=n: pick(faithful_fit(n)) for n in (9, 100))
        return Entry(VIGNETTE, quantity, printed, compute, limit)

    ours = partial(Entry, FAITHFUL_OURS)
    return [
        both("weight of the short waits", ".36085", lambda end: end.params.weights[0]),
        both("mean of the short waits", "54.61364", lambda end: end.params.means[0, 0]),
        both("mean of the long waits", "80.09031", lambda end: end.params.means[1, 0]),
        both("σ", "5.86909", lambda end: np.sqrt(end.params.covariances[0, 0, 0])),
        both("log-likelihood", "-1034.002", lambda end: end.log_likelihood),
        Entry(VIGNETTE, "iterations", "9", faithful_iterations),
        ours("mean of the short waits", "54.613626", lambda: faithful_fit(100).params.means[0, 0]),
        ours("mean of the long waits", "80.090304", lambda: faithful_fit(100).params.means[1, 0]),
        ours("log-likelihood", "-1034.001760", lambda: faithful_fit(100).log_likelihood),
    ]


def _poisson_entries() -> list[Entry]:
    ours = partial(Entry, POISSON_OURS)
    weight, higher, lower = (lambda i=i: poisson_limit()[i] for i in range(3))
    highest = lambda: poisson_log_likelihood(poisson_limit())  # noqa: E731
    return [
        Entry(
            SQUAREM, "the higher mean", "2.6634043567", lambda: poisson_end().params[1][0], higher
        ),
        Entry(SQUAREM, "its weight", ".6401146030", lambda: poisson_end().params[0][0], weight),
        Entry(SQUAREM, "the lower mean", "1.2560951013", lambda: poisson_end().params[1][1], lower),
        Entry(
            TURBO_EM, "the higher mean", "2.6635749577", lambda: poisson_run().params[1][1], higher
        ),
        Entry(
            TURBO_EM,
            "weight of the lower mean",
            ".3600250922",
            lambda: poisson_run().params[0][0],
            lambda: 1 - weight(),
        ),
        Entry(
            TURBO_EM, "the lower mean", "1.2563379007", lambda: poisson_run().params[1][0], lower
        ),
        Entry(
            TURBO_EM,
            "log-likelihood",
            "-1989.945860141",
            lambda: poisson_run().log_likelihood,
            highest,
        ),
        Entry(TURBO_EM, "log-likelihood at the maximum", "-1989.945859883", highest),
        *_poisson_error_entries(),
        ours(
            "ratio of successive steps", ".9957", lambda: np.divide(*poisson_steps()[[2055, 2054]])
        ),
        ours("iterations until a step is below 1e-7", "2055", poisson_iterations),
    ]


def _poisson_error_entries() -> list[Entry]:
    """The Hessian that turboEM takes by differences, and the standard errors from it."""
    add = partial(Entry, TURBO_EM, differences=True)
    names = "weight", "lower mean", "higher mean"
    printed = ["907.1070", "-270.22932", "-341.26214", "113.48004", "61.67877", "192.78120"]
    return [
        *(
            add(
                f"information on {names[a]} and {names[b]}" if a < b else f"on the {names[a]}",
                digits,
                lambda a=a, b=b: poisson_information()[a, b],
            )
            for (a, b), digits in zip(np.transpose(np.triu_indices(3)), printed, strict=True)
        ),
        *(
            add(f"standard error of the {names[a]}", digits, lambda a=a: poisson_error(a))
            for a, digits in enumerate([".1948226", ".3502560", ".2506522"])
        ),
    ]


def _moths_entries() -> list[Entry]:
    add = partial(Entry, MOTHS_TABLE)
    printed = """
.081994 .237406
.071249 .19787
.070852 .19036
.070837 .18902
.070837 .18879
.070837 .18875
.070837 .18874
"""
    rows = [
        add(f"iteration {t}: {name}", digits, lambda t=t, a=a: moths_path()[t, a])
        for t, line in enumerate(printed.split("\n")[1:-1], start=1)
        for a, (name, digits) in enumerate(zip("CI", line.split(), strict=True))
    ]
    return [
        *rows,
        add("ratio of C’s errors", ".036719", lambda: moths_ratio(0, 5)),
        add("ratio of I’s errors", ".17595", lambda: moths_ratio(1, 5), lambda: moths_ratio(1, 11)),
    ]


def _mclust_entries() -> list[Entry]:
    add = partial(Entry, MCLUST, beaten=True)
    top = lambda: mclust_limit().log_likelihood  # noqa: E731
    return [
        add("log-likelihood", "-1126.326", top),
        add("BIC, the larger the better", "-2314.316", lambda: 2 * top() - 11 * np.log(272)),
    ]


def _lines_entries() -> list[Entry]:
    picks = {
        "weight of the first line": (".754921", lambda run: run[0][0]),
        "weight of the second": (".245079", lambda run: run[0][1]),
        "σ of the first": ("2.049315", lambda run: run[2][0]),
        "σ of the second": (".809389", lambda run: run[2][1]),
        "first line: intercept": ("8.678987", lambda run: run[1][0, 0]),
        "first line: slope": ("-.023344", lambda run: run[1][0, 1]),
        "second line: intercept": ("1.415150", lambda run: run[1][1, 0]),
        "second line: slope": (".676596", lambda run: run[1][1, 1]),
        "log-likelihood": ("-66.93977", lambda run: run[3]),
    }
    return [
        Entry(
            LINES,
            name,
            digits,
            lambda pick=pick: pick(lines_run(10)),
            lambda pick=pick: pick(lines_run(200)),
        )
        for name, (digits, pick) in picks.items()
    ]


def _level_entries() -> list[Entry]:
    printed = (".1284", ".3881", ".6568", ".9424", "1.2562", "1.6180", "2.0690", "2.7326")
    off = (2, 4)  # their last digits are those of centres that had not quite settled
    return [
        Entry(
            LEVELS,
            f"level {i} above 0",
            digits,
            lambda i=i: gaussian_levels(16)[7 + i],
            misprint=i in off,
        )
        for i, digits in enumerate(printed, start=1)
    ]


def _correction_entries() -> list[Entry]:
    add = partial(Entry, CORRECTIONS)
    rows = [
        add("the lecture's coin value, at its end", "-29.87", lambda: coin_function()[2]),
        add(
            "the log-likelihood there, without the coefficients",
            "-31.57",
            lambda: coin_fit().log_likelihood - log_binomials(COINS),
        ),
    ]
    rows += [
        add(
            f"heads 3 1 3 3 of 4: {name} at θ⁽{t}⁾",
            printed,
            lambda t=t, value=value: value(FALLING, falling_states()[t]),
        )
        for name, value, pair in (
            ("the lecture's value", lecture_value, ("-9.90", "-10.24")),
            ("log-likelihood without the coefficients", bare_log_likelihood, ("-11.32", "-10.94")),
        )
        for t, printed in zip((1, 2), pair, strict=True)
    ]
    return [
        *rows,
        add("tosses at which its weights become NaN, to the nearest ten", "1080", tosses_until_nan),
    ]


ENTRIES = [
    *_complete_entries(),
    *_listing_entries(),
    *_gaussian_entries(),
    *_coin_paper_entries(),
    *_coin_exact_entries(),
    *_survey_entries(),
    *_linkage_entries(),
    *_pathologist_entries(),
    *_faithful_entries(),
    *_mclust_table_entries(),
    *_poisson_entries(),
    *_moths_entries(),
    *_mclust_entries(),
    *_lines_entries(),
    *_level_entries(),
    *_correction_entries(),
]


# --- the page ------------------------------------------------------------------------------------


def table(*sources: Source) -> HTML:
    """The entries of some sources, each with where its digits stand and its stopping rule."""
    return HTML("\n".join(_table(source) for source in sources))


def _table(source: Source) -> str:
    rows = [entry for entry in ENTRIES if entry.source == source]
    columns = {
        "Printed" if source.published else "Kept": [_typeset(entry.printed) for entry in rows],
        "Computed": [_typeset(entry.computed) for entry in rows],
    }
    if source.published:
        columns["Kind"] = [_typeset(entry.remark) for entry in rows]
    index = pd.Index([entry.quantity for entry in rows], name="Quantity")
    caption = (
        f'<caption style="caption-side: top; padding: 0 0 0.6rem">{_said_of(source)}</caption>'
    )
    body = frames.table(pd.DataFrame(columns, index=index))
    return body.replace("dataframe", "dataframe ledger", 1).replace(
        "<thead>", caption + "\n<thead>", 1
    )


def _said_of(source: Source) -> str:
    where = html.escape(source.printed_in)
    if source.address:
        where = f'<a href="{source.address}">{where}</a>'
    printed = f"Printed in {where}. " if source.published else ""
    rule = frames.marked_up(frames.typeset(source.rule))
    return f"<strong>{source.title}.</strong> {printed}Stopping rule: {rule}."


def _typeset(number: str) -> str:
    return frames.grouped(number).replace("-", "−")


def summary() -> pd.DataFrame:
    """How many published figures there are, and of which kinds."""
    kinds = Counter(entry.kind for entry in ENTRIES if entry.source.published)
    meaning = {
        Kind.EXACT: "the number itself, rounded",
        Kind.STOPPED: "printed on the way to a maximum; we reach it at the same place on the way",
        Kind.MISPRINT: "the last printed digit is off by one",
        Kind.BEATEN: "printed as a maximum, and there is a higher one",
        Kind.DIFFERENCES: "computed there by differences, which cost the last digits",
        Kind.DRAWN: "counted among random starts; among as many of ours, as chance allows",
    }
    rows = {str(kind): (kinds[kind], what) for kind, what in meaning.items()}
    rows["all"] = (kinds.total(), "printed by somebody else")
    index = pd.Index(rows, name="Kind")
    return pd.DataFrame([*rows.values()], index=index, columns=["Figures", "What it means"])
