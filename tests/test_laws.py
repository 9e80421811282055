"""What holds for every model and all data: laws, over a table of models."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import astuple, dataclass
from functools import partial
from itertools import islice
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from coin_rows import CoinRows, Rows
from holes import Normal, NormalWithHoles
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from in_order import Chain, PoissonChain
from ledger import PoissonMixture
from scipy.special import entr, xlogy
from scipy.stats import poisson

from em_core import (
    CoinMixture,
    CoinParams,
    CollapseError,
    EMResult,
    EMState,
    GaussianMixture,
    GaussianParams,
    LikelihoodFellWarning,
    NotConvergedWarning,
    ZeroProbabilityError,
    em_steps,
    fit,
    fit_restarts,
    lower_bound,
)
from em_core.covariances import KINDS, UNCORRELATED, of_kind
from em_core.survey import Survey

STEPS = 6


@dataclass(frozen=True)
class Case:
    """A model, how its data and starts are drawn, and its parameters as arrays over components."""

    name: str
    model: Any
    draw: Callable[[np.random.Generator], tuple[np.ndarray, Any]]
    arrays: Callable[[Any], list[np.ndarray]]
    build: Callable[..., Any]


def draw_weights(rng, k):
    return rng.dirichlet(np.full(k, 3.0))


def draw_coins(rng):
    k = rng.integers(1, 5)
    tosses = rng.integers(1, 30, size=rng.integers(2, 20))
    heads = rng.binomial(tosses, rng.random(len(tosses)))
    params = CoinParams(rng.uniform(0.02, 0.98, k), draw_weights(rng, k))
    return np.column_stack([heads, tosses - heads]), params


def draw_gaussians(rng, kind="full"):
    k, d = rng.integers(1, 4, size=2)
    x = rng.standard_normal((rng.integers(12 * k, 60), d)) @ rng.standard_normal((d, d))
    x += 10 ** rng.uniform(-1, 1) * rng.standard_normal((k, d))[rng.integers(k, size=len(x))]
    (spread,) = of_kind(kind, np.cov(x.T).reshape(1, d, d), np.ones(1))
    means = x[rng.choice(len(x), k, replace=False)]
    return x, GaussianParams(draw_weights(rng, k), means, [spread] * k)


def gaussians(kind):
    """The case of mixtures with a kind of covariance."""
    draw = partial(draw_gaussians, kind=kind)
    return Case(f"gaussians, {kind}", GaussianMixture(kind), draw, gaussian_arrays, GaussianParams)


def draw_poissons(rng):
    k = rng.integers(1, 4)
    x = rng.poisson(rng.uniform(1, 9, size=rng.integers(5, 40)))
    return x, (draw_weights(rng, k), rng.uniform(0.5, 9, k))


def draw_rows(rng):
    k, d = rng.integers(1, 4, size=2)
    x = (rng.random((rng.integers(5, 40), d)) < rng.random(d)).astype(float)
    return x, Rows(draw_weights(rng, k), rng.uniform(0.05, 0.95, (k, d)))


class Holes(NormalWithHoles):
    """The chapter's normal rows with holes, with their lower bound."""

    def lower_bound(self, x, params, posterior):
        (filled, spreads), covariance = posterior, params.covariance
        y = filled - params.mean
        second = np.einsum("ia,ib->iab", y, y) + spreads
        log_determinant = np.linalg.slogdet(2 * np.pi * covariance)[1]
        expected = -(log_determinant + (np.linalg.inv(covariance) * second).sum(axis=(1, 2))) / 2
        holes = [np.flatnonzero(gone) for gone in np.isnan(x)]
        entropy = [
            np.linalg.slogdet(2 * np.pi * np.e * s[np.ix_(h, h)])[1] / 2
            for s, h in zip(spreads, holes, strict=True)
        ]
        return expected.sum() + sum(entropy)


class BoundedChain(PoissonChain):
    """The chapter's chain, with its lower bound: the entropy of a path is that of its pairs."""

    def lower_bound(self, x, params, posterior):
        states, pairs = posterior
        counts = np.asarray(x)[:, np.newaxis]
        log_joint = xlogy(states[0], params.start).sum() + xlogy(pairs, params.moves).sum()
        log_joint += (states * poisson.logpmf(counts, params.means)).sum()
        return log_joint + entr(pairs).sum() - entr(states[1:-1]).sum()


def draw_chain(rng):
    k = rng.integers(1, 4)
    means = rng.uniform(0.5, 9, k)
    x = rng.poisson(np.repeat(rng.permutation(means), rng.integers(3, 9, k)))
    return x, Chain(draw_weights(rng, k), rng.dirichlet(np.full(k, 2.0), k), means)


def draw_holes(rng):
    d = rng.integers(1, 4)
    x = rng.standard_normal((30, d)) @ rng.standard_normal((d, d)) + rng.uniform(-3, 3, d)
    start = Normal(x[:15].mean(axis=0), np.cov(x[:15].T).reshape(d, d))
    x[rng.random(x.shape) < 0.3] = np.nan
    return x, start


def coin_arrays(params):
    return [params.theta, params.weights]


def row_arrays(params):
    return [params.weights, params.yes]


def normal_arrays(params):
    return [params.mean, params.covariance]


def chain_arrays(params):
    return [params.start, params.moves, params.means]


def gaussian_arrays(params):
    return [params.weights, params.means, params.covariances]


CASES = [
    Case("coins", CoinMixture(), draw_coins, coin_arrays, CoinParams),
    Case("coins, free weights", CoinMixture(fit_weights=True), draw_coins, coin_arrays, CoinParams),
    *map(gaussians, KINDS),
    Case("poissons", PoissonMixture(), draw_poissons, list, lambda *arrays: arrays),
    Case("rows of coins", CoinRows(), draw_rows, row_arrays, Rows),
]
POISSONS = CASES[6]
GENERAL = [  # whose hidden part is no label of a row
    Case("holes", Holes(), draw_holes, normal_arrays, Normal),
    Case("chain", BoundedChain(), draw_chain, chain_arrays, Chain),
]
over_all = pytest.mark.parametrize("case", CASES + GENERAL, ids=lambda case: case.name)
over_models = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
over_coins = pytest.mark.parametrize("case", CASES[:2], ids=lambda case: case.name)
over_gaussians = pytest.mark.parametrize("case", CASES[2:6], ids=lambda case: case.name)
over_the_books = pytest.mark.parametrize("case", CASES[:6], ids=lambda case: case.name)
seeds = st.integers(0, 2**32 - 1)
may_fall = pytest.mark.filterwarnings("ignore::em_core.LikelihoodFellWarning")
# A random start may leave a component few rows; the laws hold all the same.
pytestmark = pytest.mark.filterwarnings("ignore::em_core.FewRowsWarning")


def drawn(case: Case, seed: int) -> tuple[np.ndarray, Any, np.random.Generator]:
    rng = np.random.default_rng(seed)
    return *case.draw(rng), rng


def run(model: Any, x: np.ndarray, params: Any, steps: int = STEPS) -> list[EMState]:
    """The first states; a start that collapses is not what these laws are about."""
    try:
        return list(islice(em_steps(model, x, params), steps + 1))
    except CollapseError:
        assume(False)
        raise


def near(one, other, tolerance=1e-8):
    np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


def same_parts(one, other, tolerance):
    """Posteriors, of labels or in a model's own parts."""
    pairs = zip(one, other, strict=True) if isinstance(one, tuple) else [(one, other)]
    for part, same in pairs:
        near(part, same, tolerance)


@over_models
@given(seed=seeds)
def test_responsibilities_are_distributions(case, seed):
    for state in run(case.model, *drawn(case, seed)[:2]):
        assert (state.responsibilities >= 0).all()
        near(state.responsibilities.sum(axis=1), 1, 1e-14)


@over_all
@given(seed=seeds)
def test_the_log_likelihood_never_falls(case, seed):
    values = np.array([s.log_likelihood for s in run(case.model, *drawn(case, seed)[:2], 25)])
    assert (np.diff(values) >= -1e-12 * (1 + abs(values[0]))).all()


def strange(case: Case, params: Any, rng: np.random.Generator) -> Any:
    """A start as strange as the models accept: decimals, zeros, other places and scales."""
    arrays = case.arrays(params)
    if case.build is CoinParams:
        sure = rng.random(len(arrays[0])) < 0.2
        theta = np.where(sure, rng.integers(2, size=len(sure)), arrays[0])
        return CoinParams(theta, in_decimals(arrays[1], rng))
    if case.build is GaussianParams:
        scale, moved = 10 ** rng.uniform(-3, 6), arrays[1] + rng.normal(0, 3)
        return GaussianParams(in_decimals(arrays[0], rng), moved, scale * arrays[2])
    if case.build is Rows:
        return Rows(arrays[0], arrays[1] ** 10 ** rng.uniform(-1, 1))
    return arrays[0], arrays[1] * 10 ** rng.uniform(-1, 1)


def in_decimals(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Weights that sum to 1 as nearly as they must."""
    rounded = weights.round(8)
    rounded[-1] += 1 - rounded.sum() + rng.uniform(-9e-9, 9e-9)
    return abs(rounded)


def never_falls(case: Case, x: np.ndarray, start: Any, steps: int) -> Any:
    try:
        result = fit(case.model, x, start, tol=0, max_iter=steps)
    except (CollapseError, ZeroProbabilityError):
        assume(False)
    slack = 1e-12 * (1 + abs(result.log_likelihoods[:-1]))
    assert (np.diff(result.log_likelihoods) >= -slack).all()
    return result.params


@over_models
@given(seed=seeds)
def test_from_any_start_that_is_accepted_it_never_falls(case, seed):
    x, params, rng = drawn(case, seed)
    never_falls(case, x, strange(case, params, rng), 8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [33, 58, 91, 94, 0, 2, 3, 7])  # the first four fell
def test_clusters_that_are_nearly_points_are_fitted_as_by_the_loop(seed, kind):
    rng = np.random.default_rng(seed)
    k, d = rng.integers(2, 4), rng.integers(1, 4)
    n, tight = 20 * k, 10 ** rng.uniform(-7, -5)
    x = rng.normal(0, 3, (k, d))[np.arange(n) % k] + tight * rng.standard_normal((n, d))
    means, spread = x[:k] + rng.normal(0, 0.5, (k, d)), np.cov(x.T, bias=True).reshape(1, d, d)
    spread = of_kind(kind, spread, np.ones(1))
    start = GaussianParams(np.full(k, 1 / k), means, np.repeat(spread, k, axis=0))
    model = GaussianMixture(kind)
    found = fit(model, x, start, tol=0, max_iter=15).log_likelihoods
    assert (np.diff(found) >= -1e-9 * abs(found[1:])).all()
    near(found, [state.log_likelihood for state in run(model, x, start, 15)], 1e-7)


@over_the_books
@given(seed=seeds)
def test_from_an_answer_written_down_in_decimals_it_never_falls(case, seed):
    """Where nothing is to be gained, what a start has too much shows."""
    x, params, rng = drawn(case, seed)
    found = never_falls(case, np.repeat(x, 20, axis=0), params, 60)
    arrays = case.arrays(found)
    at = 1 if case.build is CoinParams else 0
    arrays[at] = in_decimals(arrays[at], rng)
    never_falls(case, np.repeat(x, 20, axis=0), case.build(*arrays), 2)


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (CASES[3], r"matrix 1 differs .* needs one k times, for instance their weighted mean"),
        (CASES[4], r"matrix 1 is not diagonal; .* needs zeros beside the diagonal"),
        (CASES[5], r"matrix 1 is no multiple of the identity; .* one variance for all axes"),
    ],
    ids=KINDS[1:],
)
def test_a_start_outside_of_the_models_family_is_refused(case, words):
    x, params, _ = drawn(case, 4)
    model, (k, d) = case.model, params.means.shape
    others = np.array(params.covariances)
    others[1, :, 0] += 1e-12 * others[1, 0, 0] * (np.arange(d) != 0)
    others[1, 0] = others[1, :, 0]
    others[1] *= 1 + 1e-12 * (model.covariance == "shared")
    unequal = GaussianParams(params.weights, params.means, others)
    r = np.full((len(x), k), 1 / k)
    assert min(k, d) > 1
    for call in (
        lambda: fit(model, x, unequal),
        lambda: em_steps(model, x, unequal),
        lambda: model.check(x, unequal),
        lambda: model.log_joint(x, unequal),
        lambda: model.sample(unequal, 3, np.random.default_rng(0)),
        lambda: lower_bound(model, x, unequal, r),
    ):
        with pytest.raises(ValueError, match=f"^covariances: {words}$"):
            call()
    model.check(x, model.m_step(x, r, unequal))
    right = of_kind(model.covariance, unequal.covariances, unequal.weights)
    taken = GaussianParams(unequal.weights, unequal.means, right)
    assert np.isfinite(fit(model, x, taken, tol=0, max_iter=2).log_likelihood)


@pytest.mark.parametrize("build", [CoinParams, GaussianParams], ids=["coins", "gaussians"])
def test_rounded_weights_become_a_distribution_and_exact_ones_stay(build):
    rest = ([[0.0], [1.0], [2.0]], [[[1.0]]] * 3)
    make = (lambda w: CoinParams([0.1, 0.2, 0.3], w)) if build is CoinParams else None
    make = make or (lambda w: GaussianParams(w, *rest))
    rounded = make([0.333333333] * 3).weights
    assert abs(rounded.sum() - 1) <= 3 * np.finfo(float).eps
    assert not rounded.flags.writeable
    for exact in ([0.2, 0.3, 0.5], [1 / 3] * 3, [0.7, 0.2, 0.1]):
        assert make(exact).weights.tolist() == exact


# --- a model of one's own that falls --------------------------------------------------------------


class Swapped(PoissonMixture):
    """A mistake: the weights go to the wrong components."""

    def m_step(self, x, responsibilities, params):
        weights, means = super().m_step(x, responsibilities, params)
        return weights[::-1], means


class Ridge(GaussianMixture):
    def m_step(self, x, responsibilities, params):
        found = super().m_step(x, responsibilities, params)
        ridge = 0.5 * np.eye(found.means.shape[1])
        return GaussianParams(found.weights, found.means, found.covariances + ridge)


COUNTS = np.array([0, 1, 1, 0, 1, 1, 0, 0, 2, 0, 1, 2, 0, 1] + [0] * 20 + [3, 1, 0, 1])


def test_a_fall_is_told_with_its_place_its_size_and_what_it_means():
    start = (np.array([0.7, 0.3]), np.array([0.1, 2.0]))
    with pytest.warns(LikelihoodFellWarning) as caught:
        result = fit(Swapped(), COUNTS, start, max_iter=1000)
    falls = np.flatnonzero(np.diff(result.log_likelihoods) < -1e-9)
    size = -np.diff(result.log_likelihoods)[falls[0]]
    assert len(caught) == 1
    said = str(caught[0].message)
    assert said.startswith(f"the log-likelihood fell by {size:.3g} at iteration {falls[0] + 1}; ")
    assert "usually m_step does not maximise the lower bound of log_joint" in said
    assert caught[0].filename == __file__


class Single(PoissonMixture):
    """Its log-joint is in single precision, and may be an array of objects."""

    kind: type = np.float32

    def log_joint(self, x, params):
        return super().log_joint(x, params).astype(np.float32).astype(self.kind)


def test_the_rounding_of_single_precision_is_no_fall():
    """A warning of a fall would be an error."""
    x = np.random.default_rng(0).poisson([[2.0], [6.0]], (2, 500)).ravel()
    result = fit(Single(), x, (np.array([0.5, 0.5]), np.array([1.0, 5.0])), tol=0, max_iter=300)
    assert np.diff(result.log_likelihoods).min() < -1e-6


def test_where_a_log_joint_of_objects_falls_lost_digits_are_named():
    x = np.random.default_rng(0).poisson([[2.0], [6.0]], (2, 500)).ravel()
    model = Single()
    model.kind = object
    with pytest.warns(LikelihoodFellWarning, match=r"by mistake or a prior, or log_joint loses"):
        fit(model, x, (np.array([0.5, 0.5]), np.array([1.0, 5.0])), tol=0, max_iter=300)


class Sinking(PoissonMixture):
    """Its log-likelihood falls a little at each step, by less than any tolerance asks for."""

    def m_step(self, x, responsibilities, params):
        weights, means = params
        return weights, means * (1 + 1e-10)


def test_a_fall_is_no_convergence():
    start = (np.array([1.0]), np.array([5.0]))
    with (
        pytest.warns(LikelihoodFellWarning, match=r"at iteration 1;"),
        pytest.warns(NotConvergedWarning, match="its log-likelihood falls$"),
    ):
        result = fit(Sinking(), COUNTS, start, max_iter=20)
    assert (np.diff(result.log_likelihoods) > -1e-6).all()
    assert (result.iterations, result.converged) == (20, False)


@may_fall
def test_a_model_that_falls_to_its_fixed_point_converges_there():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((300, 2)) + 4 * rng.integers(2, size=(300, 1))
    result = fit(Ridge(), x, GaussianMixture().random_start(x, 2, rng))
    assert result.converged


@over_all
def test_rounding_is_no_fall(case):
    """At the optimum the last digits go up and down; a warning would be an error."""
    x, params, _ = drawn(case, 1)
    plain = mixed_in(case) if case.build in (CoinParams, GaussianParams) else case.model
    result = fit(plain, x, params, tol=0, max_iter=400)
    assert abs(result.log_likelihoods[-1] - result.log_likelihoods[-2]) < 1e-6


@over_models
@given(seed=seeds)
def test_relabelled_components_give_the_relabelled_answer(case, seed):
    x, params, rng = drawn(case, seed)
    order = rng.permutation(len(case.arrays(params)[0]))
    one = run(case.model, x, params)[-1]
    swapped = case.build(*(a[order] for a in case.arrays(params)))
    other = run(case.model, x, swapped)[-1]
    near(other.log_likelihood, one.log_likelihood)
    near(other.responsibilities, one.responsibilities[:, order], 1e-7)
    for a, b in zip(case.arrays(other.params), case.arrays(one.params), strict=True):
        near(a, b[order], 1e-7)


@over_models
@given(seed=seeds)
def test_the_order_of_the_rows_does_not_matter(case, seed):
    x, params, rng = drawn(case, seed)
    order = rng.permutation(len(x))
    one, other = run(case.model, x, params)[-1], run(case.model, x[order], params)[-1]
    near(other.log_likelihood, one.log_likelihood)
    near(other.responsibilities, one.responsibilities[order], 1e-7)


@over_all
@given(seed=seeds)
def test_arguments_are_left_alone(case, seed):
    x, params, _ = drawn(case, seed)
    given_x, given_params = x.copy(), [a.copy() for a in case.arrays(params)]
    posterior = run(case.model, x, params)[0].posterior
    given_posterior = deepcopy(posterior)
    case.model.m_step(x, posterior, params)
    lower_bound(case.model, x, params, posterior)
    np.testing.assert_array_equal(x, given_x)
    same_parts(posterior, given_posterior, 0)
    assert all((a == b).all() for a, b in zip(case.arrays(params), given_params, strict=True))


@over_all
@given(seed=seeds)
def test_all_fields_of_a_state_belong_to_its_params(case, seed):
    x, params, _ = drawn(case, seed)
    for number, state in enumerate(run(case.model, x, params)):
        again = run(case.model, x, state.params, 0)[0]
        assert state.iteration == number
        near(state.log_likelihood, again.log_likelihood, 1e-12)
        same_parts(state.posterior, again.posterior, 1e-12)


@over_all
def test_the_start_comes_first_and_every_state_is_its_own(case):
    x, params, _ = drawn(case, 0)
    states = run(case.model, x, params)
    assert states[0].params is params
    assert len({id(s.posterior) for s in states}) == len(states)


@over_all
@given(seed=seeds)
def test_fit_is_the_drained_loop(case, seed):
    x, params, _ = drawn(case, seed)
    states = run(case.model, x, params)
    result = fit(case.model, x, params, tol=0, max_iter=STEPS)
    assert isinstance(result, EMResult)
    assert (result.iterations, result.converged) == (STEPS, False)
    near(result.log_likelihoods, [s.log_likelihood for s in states], 1e-10)
    assert result.log_likelihood == result.log_likelihoods[-1]
    for a, b in zip(case.arrays(result.params), case.arrays(states[-1].params), strict=True):
        near(a, b, 1e-10)


# What people change about a model: each makes another of it, whose answer `fit` must give.
SHRINK = 0.1


def mixed_in(case: Case, **members: Any) -> Any:
    """An object of a subclass with these members."""
    return type("Changed", (type(case.model),), members)(*astuple(case.model))


def rebuilt(case: Case, change: Callable[[list[np.ndarray], list[np.ndarray]], list[np.ndarray]]):
    """An M-step that changes the arrays that the model's own finds, knowing the old ones."""

    original = type(case.model).m_step

    def m_step(self, x, responsibilities, params):
        found = original(self, x, responsibilities, params)
        return case.build(*change(case.arrays(found), case.arrays(params)))

    return m_step


def shrunk(found, old):
    """A prior, for θ and for covariances: the latter are the last array, the former the first."""
    if len(found) == 3:
        return [*found[:2], found[2] + SHRINK * np.eye(found[2].shape[1])]
    return [(1 - SHRINK) * found[0] + SHRINK / 2, found[1]]


def held(found, old):
    """Means, or θ, that stay as they were."""
    return [found[0], old[1], found[2]] if len(found) == 3 else [old[0], found[1]]


def floored(found, old):
    if len(found) == 3:
        sizes, axes = np.linalg.eigh(found[2])
        return [*found[:2], (axes * np.maximum(sizes, SHRINK)[:, np.newaxis]) @ axes.mT]
    return [np.clip(found[0], SHRINK, 1 - SHRINK), found[1]]


def tempered(case: Case):
    original = type(case.model).log_joint

    def log_joint(self, x, params):
        return 0.5 * original(self, x, params)

    return log_joint


class Wrapper:
    """Passes on all it is asked, but for a tempered log-joint."""

    def __init__(self, model):
        self.model = model

    def __getattr__(self, name):
        return getattr(self.model, name)

    def log_joint(self, x, params):
        return 0.5 * self.model.log_joint(x, params)


def with_field(case: Case) -> Any:
    """A dataclass that inherits and adds a field, which its M-step uses."""

    @dataclass(frozen=True)
    class Penalised(type(case.model)):
        penalty: float = SHRINK

        def m_step(self, x, responsibilities, params):
            r = (1 - self.penalty) * responsibilities + self.penalty / responsibilities.shape[1]
            return super().m_step(x, r, params)

    return Penalised(*astuple(case.model))


CHANGED = {
    "nothing": mixed_in,
    "a ridge or a prior": lambda case: mixed_in(case, m_step=rebuilt(case, shrunk)),
    "held means": lambda case: mixed_in(case, m_step=rebuilt(case, held)),
    "a floor": lambda case: mixed_in(case, m_step=rebuilt(case, floored)),
    "another log-joint": lambda case: mixed_in(case, log_joint=tempered(case)),
    "a field": with_field,
    "a wrapper": lambda case: Wrapper(case.model),
}


def is_drained(case: Case, model: Any, x: np.ndarray, params: Any) -> None:
    """To the last bit: both ways are the same methods."""
    states = run(model, x, params)
    result = fit(model, x, params, tol=0, max_iter=STEPS)
    assert result.log_likelihoods.tolist() == [s.log_likelihood for s in states]
    pairs = zip(case.arrays(result.params), case.arrays(states[-1].params), strict=True)
    assert all((a == b).all() for a, b in pairs)


@may_fall
@pytest.mark.parametrize("change", CHANGED)
@pytest.mark.parametrize("case", CASES[:4], ids=lambda case: case.name)
@settings(max_examples=4)  # whose methods run does not depend on the data
@given(seed=seeds)
def test_fit_obeys_a_subclass(case, change, seed):
    x, params, _ = drawn(case, seed)
    is_drained(case, CHANGED[change](case), x, params)


@may_fall
@pytest.mark.parametrize("name", ["m_step", "log_joint"])
@pytest.mark.parametrize("case", CASES[:4], ids=lambda case: case.name)
def test_fit_obeys_a_class_that_was_changed(case, name, monkeypatch):
    x, params, _ = drawn(case, 0)
    plain = fit(case.model, x, params, tol=0, max_iter=STEPS)
    changed = {"m_step": rebuilt(case, shrunk), "log_joint": tempered(case)}[name]
    monkeypatch.setattr(type(case.model), name, changed)
    is_drained(case, case.model, x, params)
    assert fit(case.model, x, params, tol=0, max_iter=1).log_likelihood != plain.log_likelihood


@pytest.mark.parametrize("case", CASES[:4], ids=lambda case: case.name)
def test_fit_obeys_a_check_of_a_subclass(case):
    def check(self, x, params):
        raise ValueError("x: not today")

    x, params, _ = drawn(case, 0)
    for way in (em_steps, fit):
        with pytest.raises(ValueError, match=r"^x: not today$"):
            way(mixed_in(case, check=check), x, params)


@pytest.mark.parametrize("case", CASES[:4], ids=lambda case: case.name)
def test_a_start_may_be_of_a_subclass(case):
    x, params, _ = drawn(case, 0)

    class Named(type(params)):
        def __init__(self, name, *arrays):
            super().__init__(*arrays)

    named = Named("mine", *case.arrays(params))
    plain = fit(case.model, x, params, tol=0, max_iter=STEPS)
    assert fit(case.model, x, named, tol=0, max_iter=STEPS).log_likelihood == plain.log_likelihood
    assert fit(case.model, x, named, tol=0, max_iter=0).params is named


@over_all
def test_fit_stops_at_the_first_small_change(case):
    x, params, _ = drawn(case, 1)
    result = fit(case.model, x, params, tol=1e-6)
    changes = abs(np.diff(result.log_likelihoods))
    assert result.converged
    assert changes[-1] < 1e-6
    assert (changes[:-1] >= 1e-6).all()
    assert len(result.log_likelihoods) == result.iterations + 1


@over_all
@pytest.mark.parametrize("max_iter", [0, 1, np.int64(7)])
def test_without_a_tolerance_exactly_max_iter_iterations_are_run(case, max_iter):
    x, params, _ = drawn(case, 2)
    result = fit(case.model, x, params, tol=0, max_iter=max_iter)
    assert (result.iterations, result.converged) == (max_iter, False)


@over_models
@given(seed=seeds)
def test_the_bound_lies_below(case, seed):
    x, params, rng = drawn(case, seed)
    state = run(case.model, x, params, 1)[1]
    shape = state.responsibilities.shape
    for concentration in (0.05, 1.0, 20.0):
        anything = rng.dirichlet(np.full(shape[1], concentration), size=shape[0])
        bound = lower_bound(case.model, x, state.params, anything)
        assert bound <= state.log_likelihood + 1e-10 * (1 + abs(state.log_likelihood))


@over_all
@given(seed=seeds)
def test_the_bound_touches_at_the_posterior(case, seed):
    x, params, _ = drawn(case, seed)
    for state in run(case.model, x, params, 1):
        near(lower_bound(case.model, x, state.params, state.posterior), state.log_likelihood)


@over_all
@given(seed=seeds)
def test_the_m_step_does_not_lower_the_bound(case, seed):
    x, params, _ = drawn(case, seed)
    before, after = run(case.model, x, params, 1)
    lifted = lower_bound(case.model, x, after.params, before.posterior)
    assert before.log_likelihood <= lifted + 1e-10 * (1 + abs(lifted))
    assert lifted <= after.log_likelihood + 1e-10 * (1 + abs(lifted))


# --- a model with an E-step of its own -----------------------------------------------------------


def test_where_nothing_is_missing_the_first_step_ends_it():
    x, start, rng = drawn(GENERAL[0], 3)
    x = rng.standard_normal(x.shape)
    found = fit(Holes(), x, start).params
    near(found.mean, x.mean(axis=0), 1e-12)
    near(found.covariance, np.cov(x.T, bias=True).reshape(start.covariance.shape), 1e-12)


def test_labels_may_be_fitted_by_an_e_step_that_is_written_out():
    """The loop asks a model of labels for nothing that another could not answer by itself."""

    class WrittenOut:
        m_step = PoissonMixture.m_step

        def e_step(self, x, params):
            terms = PoissonMixture().log_joint(x, params)
            rows = np.logaddexp.reduce(terms, axis=1)
            return np.exp(terms - rows[:, np.newaxis]), rows.sum()

        def random_start(self, x, k, rng):
            return draw_weights(rng, k), rng.uniform(1, 9, k)

    x, start, _ = drawn(POISSONS, 5)
    for one, other in zip(
        run(WrittenOut(), x, start), run(PoissonMixture(), x, start), strict=True
    ):
        near(one.log_likelihood, other.log_likelihood, 1e-12)
        near(one.responsibilities, other.responsibilities, 1e-12)
    values = [run.log_likelihood for run in fit_restarts(WrittenOut(), x, 2, starts=3, rng=1)]
    assert values == sorted(values, reverse=True)


def test_a_log_joint_comes_before_an_e_step():
    """A reader's model may have a helper of that name."""

    class Helped(PoissonMixture):
        def e_step(self, x, params):
            raise AssertionError("not the loop's")

    x, start, _ = drawn(POISSONS, 5)
    same_parts(
        run(Helped(), x, start)[-1].posterior, run(POISSONS.model, x, start)[-1].posterior, 0
    )


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (1.0, r"^e_step: 1.0 must be the posterior and a log-likelihood that is finite$"),
        ((None, np.nan), r"^e_step: \(None, nan\) must be the posterior and"),
    ],
)
def test_an_e_step_that_gives_something_else_is_told(answer, words):
    class Wrong(Holes):
        def e_step(self, x, params):
            return answer

    with pytest.raises(ValueError, match=words):
        fit(Wrong(), *GENERAL[0].draw(np.random.default_rng(0)))


def test_what_such_a_model_cannot_have_is_refused():
    x, start = GENERAL[0].draw(np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"^row_weights: .* where the E-step is the model's own$"):
        em_steps(Holes(), x, start, row_weights=np.ones(len(x)))
    with pytest.raises(ValueError, match=r"^accelerate: can't be True for Holes"):
        fit(Holes(), x, start, accelerate=True)
    with pytest.raises(ValueError, match=r"^model: .* must be an object with lower_bound"):
        lower_bound(SimpleNamespace(e_step=len), x, start, None)


def test_a_fall_of_such_a_model_is_told():
    class Unspread(Holes):
        """The mistake in print: the holes are filled, and their spread is forgotten."""

        def m_step(self, x, posterior, params):
            return super().m_step(x, (posterior[0], 0 * posterior[1]), params)

    x, start = GENERAL[0].draw(np.random.default_rng(0))
    with pytest.warns(LikelihoodFellWarning, match="lower bound of e_step, by mistake or a prior"):
        fit(Unspread(), x, start, tol=0, max_iter=30)


# --- weights of rows ------------------------------------------------------------------------------


def both_ways(
    case: Case, x: np.ndarray, params: Any, row_weights: Any = None, count: int = STEPS
) -> list[list]:
    """What a few steps of the loop and of `fit` find: log-likelihoods and parameters."""
    steps = em_steps(case.model, x, params, row_weights=row_weights)
    try:
        states = list(islice(steps, count + 1))
        found = fit(case.model, x, params, row_weights=row_weights, tol=0, max_iter=count)
    except (CollapseError, ValueError):  # a coin that was never tossed
        assume(False)
    values = [state.log_likelihood for state in states]
    ends = (values, states[-1].params), (found.log_likelihoods, found.params)
    return [[np.asarray(told), *case.arrays(end)] for told, end in ends]


@over_models
@given(seed=seeds)
def test_a_row_of_weight_v_is_v_rows(case, seed):
    x, params, rng = drawn(case, seed)
    counts = rng.integers(0, 5, len(x))
    assume(counts.any())
    # One step: what a component that shrinks onto a few rows then makes of rounding is its own.
    repeated = both_ways(case, np.repeat(x, counts, axis=0), params, count=1)
    weighted = both_ways(case, x, params, counts, count=1)
    for way, other in zip(weighted, repeated, strict=True):
        for one, two in zip(way, other, strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-9 * abs(two).max())


@over_models
def test_a_row_of_weight_v_is_v_rows_to_the_last_digits(case):
    for seed in range(10):
        x, params, rng = drawn(case, seed)
        counts = 1 + rng.integers(0, 5, len(x))
        repeated = both_ways(case, np.repeat(x, counts, axis=0), params, count=1)
        weighted = both_ways(case, x, params, counts, count=1)
        for way, other in zip(weighted, repeated, strict=True):
            for one, two in zip(way, other, strict=True):
                np.testing.assert_allclose(one, two, rtol=0, atol=1e-12 * abs(two).max())


@over_models
@given(seed=seeds)
def test_weights_of_1_change_no_bit_and_their_unit_no_parameter(case, seed):
    x, params, rng = drawn(case, seed)
    plain, ones = both_ways(case, x, params), both_ways(case, x, params, [1] * len(x))
    for way, other in zip(plain, ones, strict=True):
        assert all((a == b).all() for a, b in zip(way, other, strict=True))
    weights, unit = rng.exponential(size=len(x)), 4.0 ** rng.integers(-9, 10)  # whose root is exact
    one, other = (both_ways(case, x, params, w) for w in (weights, unit * weights))
    for (values, *arrays), (scaled, *same) in zip(one, other, strict=True):
        assert (scaled == unit * values).all()
        assert all((a == b).all() for a, b in zip(arrays, same, strict=True))


@over_models
@given(seed=seeds)
def test_with_weights_it_never_falls(case, seed):
    x, params, rng = drawn(case, seed)
    weights = rng.exponential(size=len(x)) * rng.integers(0, 2, len(x))
    assume(weights.any())
    for values, *_ in both_ways(case, x, params, weights):
        assert (np.diff(values) >= -1e-12 * (1 + abs(values[0]))).all()


# --- the models of the book ----------------------------------------------------------------------


@over_the_books
def test_states_and_results_are_read_only(case):
    x, params, _ = drawn(case, 3)
    arrays = [a for s in run(case.model, x, params) for a in case.arrays(s.params)]
    arrays += [s.responsibilities for s in run(case.model, x, params)]
    arrays.append(fit(case.model, x, params, tol=0, max_iter=1).log_likelihoods)
    assert not any(a.flags.writeable for a in arrays)


@over_the_books
def test_params_are_copies(case):
    _, params, _ = drawn(case, 3)
    mine = [a.copy() for a in case.arrays(params)]
    theirs = case.arrays(case.build(*mine))
    for array in mine:
        array[...] = -1
    assert all((a != -1).any() for a in theirs)


@over_coins
@given(seed=seeds)
def test_heads_and_tails_may_be_swapped(case, seed):
    x, params, _ = drawn(case, seed)
    one = run(case.model, x, params)[-1]
    other = run(case.model, x[:, ::-1], CoinParams(1 - params.theta, params.weights))[-1]
    near(other.params.theta, 1 - one.params.theta)
    near(other.params.weights, one.params.weights)
    near(other.log_likelihood, one.log_likelihood)


@over_coins
@given(seed=seeds)
def test_a_row_twice_counts_twice(case, seed):
    x, params, _ = drawn(case, seed)
    one, two = run(case.model, x, params)[-1], run(case.model, np.vstack([x, x]), params)[-1]
    near(two.log_likelihood, 2 * one.log_likelihood)
    near(two.params.theta, one.params.theta)


@over_gaussians
@given(seed=seeds)
def test_shifted_and_scaled_data_shift_and_scale_the_answer(case, seed):
    x, params, rng = drawn(case, seed)
    n, d = x.shape
    scale = 10 ** rng.uniform(-3, 3, size=d) * rng.choice([-1, 1], size=d)
    scale = scale[0] * np.ones(d) if case.model.covariance == "spherical" else scale
    shift = scale * rng.uniform(-10, 10, size=d)
    moved = GaussianParams(
        params.weights,
        scale * params.means + shift,
        np.outer(scale, scale) * params.covariances,
    )
    one = run(case.model, x, params)[-1]
    other = run(case.model, scale * x + shift, moved)[-1]
    near(other.params.weights, one.params.weights, 1e-6)
    near((other.params.means - shift) / scale, one.params.means, 1e-6)
    near(other.params.covariances / np.outer(scale, scale), one.params.covariances, 1e-6)
    near(other.log_likelihood + n * np.log(abs(scale)).sum(), one.log_likelihood, 1e-6)


@given(seed=seeds)
def test_surveys_of_pieces_add_up(seed):
    x, _, rng = drawn(CASES[2], seed)
    pieces = [rows for rows in np.split(x, np.sort(rng.integers(1, len(x), size=2))) if len(rows)]
    added = sum(map(Survey.of, pieces[1:]), start=Survey.of(pieces[0]))
    whole = Survey.of(x)
    for name in ("n", "mean", "scatter", "largest"):
        near(getattr(added, name), getattr(whole, name), 1e-10)
    near(np.squeeze(whole.scatter / whole.n), np.cov(x.T, bias=True), 1e-10)


@over_coins
def test_fixed_weights_stay_and_free_weights_move(case):
    x, params, _ = drawn(case, 5)
    after = run(case.model, x, params)[-1].params
    assert (after.weights == params.weights).all() != case.model.fit_weights


@over_gaussians
def test_covariances_are_of_their_kind_to_the_last_bit(case):
    x, params, _ = drawn(case, 4)
    found = [run(case.model, x, params)[-1], fit(case.model, x, params, accelerate=True)]
    for covariances in (one.params.covariances for one in found):
        axes = np.einsum("jaa->ja", covariances)
        uncorrelated = (covariances == axes[:, :, np.newaxis] * np.eye(axes.shape[1])).all()
        assert (covariances == covariances[0]).all() == (case.model.covariance == "shared")
        assert uncorrelated == (case.model.covariance in UNCORRELATED)
        assert (axes == axes[:, :1]).all() == (case.model.covariance == "spherical")


@pytest.mark.parametrize("model", [CoinMixture(), GaussianMixture()], ids=["coins", "gaussians"])
def test_one_component_is_the_plain_estimate(model):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 9, size=(20, 2))
    params = fit(model, x, model.random_start(x, 1, rng)).params
    if isinstance(model, CoinMixture):
        near(params.theta, x[:, 0].sum() / x.sum(), 1e-12)
    else:
        near(params.means[0], x.mean(axis=0), 1e-12)
        near(params.covariances[0], np.cov(x.T, bias=True), 1e-12)


@over_the_books
def test_samples_have_the_models_shares_and_moments(case):
    rng = np.random.default_rng(6)
    x, params, _ = drawn(case, 6)
    sample, labels = case.model.sample(params, 40_000, rng)
    assert sample.shape == (40_000, x.shape[1])
    near(np.bincount(labels, minlength=len(params.weights)) / 40_000, params.weights, 0.02)
    for j in range(len(params.weights)):
        mine = sample[labels == j]
        if isinstance(params, CoinParams):
            assert (mine.sum(axis=1) == 10).all()
            near(mine[:, 0].mean() / 10, params.theta[j], 0.02)
        else:
            spread = np.sqrt(np.diag(params.covariances[j]))
            near((mine.mean(axis=0) - params.means[j]) / spread, 0, 0.05)
            near(
                np.cov(mine.T) / np.outer(spread, spread),
                params.covariances[j] / np.outer(spread, spread),
                0.07,
            )


@over_the_books
def test_chance_comes_from_the_generator_alone(case):
    x, params, _ = drawn(case, 7)
    for draw in (
        lambda rng: case.model.sample(params, 5, rng)[0],
        lambda rng: case.arrays(case.model.random_start(x, 2, rng))[0],
    ):
        near(draw(np.random.default_rng(1)), draw(np.random.default_rng(1)), 1e-12)


@over_the_books
def test_restarts_come_best_first(case):
    x, _, _ = drawn(case, 8)
    results = fit_restarts(
        case.model, x, 2, starts=4, rng=np.random.default_rng(0), tol=0, max_iter=20
    )
    values = [result.log_likelihood for result in results]
    assert len(values) == 4
    assert values == sorted(values, reverse=True)


def test_a_random_start_takes_different_rows_as_means():
    x = np.repeat([[0.0, 0.0], [1.0, 3.0], [4.0, 1.0]], 30, axis=0)
    for seed in range(20):
        means = GaussianMixture().random_start(x, 3, np.random.default_rng(seed)).means
        assert len(np.unique(means, axis=0)) == 3
