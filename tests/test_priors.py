"""Fits with a prior, against explicit formulas, scipy's densities and numerical maxima."""

from __future__ import annotations

import pickle
from contextlib import suppress
from dataclasses import asdict
from itertools import islice

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import dirichlet, invgamma, invwishart, multivariate_normal

from em_core import (
    Chunks,
    CollapseError,
    GaussianMixture,
    GaussianParams,
    GaussianPrior,
    em_steps,
    fit,
    fit_restarts,
    standard_errors,
)
from em_core.covariances import KINDS, of_kind
from em_core.worth import arrays_of, directions

pytestmark = pytest.mark.shared_out

STEPS = 6
over_kinds = pytest.mark.parametrize("kind", KINDS)
seeds = st.integers(0, 2**32 - 1)


def drawn(kind, seed):
    """Data, a start, and a prior that says something of all parameters."""
    rng = np.random.default_rng(seed)
    k, d = rng.integers(1, 4, size=2)
    x = rng.standard_normal((rng.integers(3, 60), d)) @ rng.standard_normal((d, d))
    x += 10 ** rng.uniform(-1, 1) * rng.standard_normal((k, d))[rng.integers(k, size=len(x))]
    spread = of_kind(kind, np.cov(x.T, bias=True).reshape(1, d, d) + np.eye(d), np.ones(1))
    means = x[rng.choice(len(x), k, replace=False)]
    root = rng.standard_normal((d, d + 2))
    settings = (
        rng.uniform(1, 4),
        rng.standard_normal(d),
        rng.uniform(0.01, 3),
        d + rng.uniform(0, 9),
    )
    prior = GaussianPrior(*settings, root @ root.T)
    start = GaussianParams(np.full(k, 1 / k), means, np.repeat(spread, k, axis=0))
    return GaussianMixture(kind, prior), x, start


def near(one, other, tolerance=1e-8):
    np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


def alike(one, other, tolerance=1e-7):
    for name, array in arrays_of(one).items():
        size = abs(arrays_of(other)[name]).max()
        np.testing.assert_allclose(array, arrays_of(other)[name], tolerance, tolerance * size)


# --- formulas -------------------------------------------------------------------------------------


def published(kind, prior, n, means, scatters):
    """The M-step of Fraley and Raftery's table, and the weights', one number after the other."""
    k, d = means.shape
    weights = [(n[j] + prior.concentration - 1) for j in range(k)]
    found, sums = [], []
    for j in range(k):
        share = prior.shrinkage * n[j] / (prior.shrinkage + n[j])
        away = means[j] - prior.mean
        sums.append(scatters[j] + share * np.outer(away, away))
        found.append((n[j] * means[j] + prior.shrinkage * prior.mean) / (prior.shrinkage + n[j]))
    covariances = []
    for j in range(k):
        if kind == "full":
            covariance = (prior.scale + sums[j]) / (prior.degrees + d + n[j] + 2)
        elif kind == "shared":
            covariance = (prior.scale + sum(sums)) / (prior.degrees + d + sum(n) + k + 1)
        elif kind == "diagonal":
            shape = prior.degrees + d - 1  # of the inverse gamma, twice
            covariance = np.diag(np.diag(prior.scale + sums[j])) / (shape + n[j] + 3)
        else:
            shape = d * (prior.degrees + d + 1) - 2
            trace = np.trace(prior.scale + sums[j])
            covariance = trace / (shape + (n[j] + 1) * d + 2) * np.eye(d)
        covariances.append(covariance)
    return GaussianParams(np.divide(weights, sum(weights)), found, covariances)


@over_kinds
@pytest.mark.parametrize("seed", range(5))
def test_the_m_step_is_the_published_one(kind, seed):
    model, x, start = drawn(kind, seed)
    r = next(em_steps(model, x, start)).responsibilities
    means = np.array([r[:, j] @ x / r[:, j].sum() for j in range(r.shape[1])])
    scatters = [(x - means[j]).T * r[:, j] @ (x - means[j]) for j in range(r.shape[1])]
    right = published(kind, model.prior, r.sum(axis=0), means, scatters)
    alike(model.m_step(x, r, start), right, 1e-10)


def log_prior_of(kind, prior, params):
    """By scipy's densities, whose constants differ by kind and not by parameters."""
    d = len(prior.mean)
    found = dirichlet.logpdf(params.weights, np.full(len(params.weights), prior.concentration))
    for mean, covariance in zip(params.means, params.covariances, strict=True):
        found += multivariate_normal.logpdf(mean, prior.mean, covariance / prior.shrinkage)
    for covariance in params.covariances[: 1 if kind == "shared" else None]:
        axes, scales = np.diag(covariance), np.diag(prior.scale)
        if kind == "diagonal":
            found += invgamma.logpdf(axes, (prior.degrees + d - 1) / 2, scale=scales / 2).sum()
        elif kind == "spherical":
            shape = d * (prior.degrees + d + 1) / 2 - 1
            found += invgamma.logpdf(axes[0], shape, scale=scales.sum() / 2)
        else:
            found += invwishart.logpdf(covariance, prior.degrees, prior.scale)
    return found


@over_kinds
@pytest.mark.parametrize("seed", range(5))
def test_the_log_prior_is_scipys_but_for_a_constant(kind, seed):
    model, x, start = drawn(kind, seed)
    states = list(islice(em_steps(model, x, start), 4))
    ours = [state.log_posterior - state.log_likelihood for state in states]
    theirs = [log_prior_of(kind, model.prior, state.params) for state in states]
    near(np.diff(ours), np.diff(theirs), 1e-9)
    near(ours, [model.log_prior(state.params) for state in states], 1e-12)


@pytest.mark.many
@over_kinds
def test_no_optimiser_finds_more_than_the_posterior_of_a_fit(kind):
    model, x, start = drawn(kind, 4)
    found = fit(model, x, start, tol=1e-12)
    basis, shapes = directions(model, found.params), arrays_of(found.params)
    centre = np.concatenate([array.ravel() for array in shapes.values()])
    ends = np.cumsum([array.size for array in shapes.values()])[:-1]

    def lost(step):
        parts = np.split(centre + basis @ step, ends)
        arrays = [p.reshape(a.shape) for p, a in zip(parts, shapes.values(), strict=True)]
        try:
            params = GaussianParams(*arrays)
            there = next(em_steps(model, x, params)).log_posterior
        except (ValueError, CollapseError):
            return 1e6
        return found.log_posterior - there

    away = 0.01 * np.random.default_rng(0).standard_normal(basis.shape[1])
    best = minimize(lost, away, method="BFGS", options={"gtol": 1e-6})
    assert -1e-8 < best.fun < 1e-3 * lost(away)


# --- laws -----------------------------------------------------------------------------------------


@over_kinds
@given(seed=seeds)
def test_the_log_posterior_never_falls_and_fit_is_the_loop(kind, seed):
    model, x, start = drawn(kind, seed)
    states = list(islice(em_steps(model, x, start), STEPS + 1))
    found = fit(model, x, start, tol=0, max_iter=STEPS)
    climbed = np.array([state.log_posterior for state in states])
    assert (np.diff(climbed) >= -1e-12 * (1 + abs(climbed[0]))).all()
    near(found.log_posteriors, climbed, 1e-9)
    near(found.log_likelihoods, [state.log_likelihood for state in states], 1e-9)
    alike(found.params, states[-1].params)
    pieces = fit(model, Chunks(np.array_split(x, 2)), start, tol=0, max_iter=STEPS)
    alike(pieces.params, found.params)


@over_kinds
@given(seed=seeds)
def test_relabelled_shifted_and_scaled_it_is_the_same_and_rows_may_have_weights(kind, seed):
    model, x, start = drawn(kind, seed)
    prior, rng = model.prior, np.random.default_rng(seed)
    one = fit(model, x, start, tol=0, max_iter=STEPS)
    order = rng.permutation(len(start.weights))
    swapped = GaussianParams(*(array[order] for array in arrays_of(start).values()))
    other = fit(model, x, swapped, tol=0, max_iter=STEPS).params
    alike(other, GaussianParams(*(array[order] for array in arrays_of(one.params).values())))
    scale, shift = 10 ** rng.uniform(-3, 3, size=x.shape[1]), rng.uniform(-10, 10)
    scale = scale[0] * np.ones(len(scale)) if kind == "spherical" else scale
    square = np.outer(scale, scale)
    there = GaussianPrior(
        prior.concentration,
        scale * prior.mean + shift,
        prior.shrinkage,
        prior.degrees,
        square * prior.scale,
    )
    moved = GaussianParams(start.weights, scale * start.means + shift, square * start.covariances)
    far = fit(GaussianMixture(kind, there), scale * x + shift, moved, tol=0, max_iter=STEPS)
    back = (far.params.means - shift) / scale, far.params.covariances / square
    alike(GaussianParams(far.params.weights, *back), one.params, 1e-5)
    counts = rng.integers(1, 4, len(x))
    weighted = fit(model, x, start, row_weights=counts, tol=0, max_iter=STEPS)
    repeated = fit(model, np.repeat(x, counts, axis=0), start, tol=0, max_iter=STEPS)
    near(weighted.log_posteriors, repeated.log_posteriors, 1e-9)
    looped = list(islice(em_steps(model, x, start, row_weights=counts), STEPS + 1))[-1]
    alike(weighted.params, looped.params)


@over_kinds
@pytest.mark.parametrize("seed", range(3))
def test_accelerated_it_ends_where_plain_em_does(kind, seed):
    rng = np.random.default_rng(seed)
    x = 2.0 * rng.integers(2, size=(400, 1)) + rng.standard_normal((400, 2))
    model = GaussianMixture(kind, GaussianPrior.weak(x, 2))
    start = model.random_start(x, 2, rng)
    quick = fit(model, x, start, tol=1e-10, accelerate=True)
    plain = fit(model, x, start, tol=1e-10, max_iter=50_000)
    assert quick.log_posterior == pytest.approx(plain.log_posterior, abs=1e-5)
    assert (np.diff(quick.log_posteriors) >= -1e-12 * abs(quick.log_posterior)).all()
    assert quick.iterations <= plain.iterations


# --- what it is for -------------------------------------------------------------------------------


@over_kinds
@given(seed=seeds)
def test_under_a_weak_prior_nothing_collapses(kind, seed):
    """Copies of rows, as many columns as rows and more, components too many: any of it."""
    rng = np.random.default_rng(seed)
    d, k = rng.integers(1, 9, 2)
    x = rng.standard_normal((rng.integers(max(k, 3), 20), d)) @ rng.standard_normal((d, d))
    x = np.vstack([x, np.repeat(x[:1], rng.integers(9), axis=0), 1e3 * x[-1:]])
    assume((x.std(axis=0) > 1e-6).all())
    model = GaussianMixture(kind, GaussianPrior.weak(x, k))
    wide = of_kind(kind, np.diag(x.var(axis=0))[np.newaxis], np.ones(1))
    start = GaussianParams(np.full(k, 1 / k), x[:k], np.repeat(wide, k, axis=0))
    found = fit(model, x, start, tol=0, max_iter=40)
    assert np.isfinite(found.log_posteriors).all()
    looped = next(islice(em_steps(model, x, start), 40, None))
    assert found.log_posterior == pytest.approx(looped.log_posterior, rel=1e-6, abs=1e-6)


def test_a_spike_collapses_without_a_prior_and_not_with_one():
    x = np.r_[np.random.default_rng(0).standard_normal(60), np.full(9, 4.0)][:, np.newaxis]
    start = GaussianParams([0.5, 0.5], [[0.0], [4.0]], [[[1.0]], [[0.01]]])
    with pytest.raises(CollapseError):
        fit(GaussianMixture(), x, start)
    assert fit(GaussianMixture(prior=GaussianPrior.weak(x, 2)), x, start).converged


@over_kinds
@pytest.mark.parametrize("accelerate", [False, True])
def test_a_weight_of_0_comes_back_where_the_prior_forbids_it(kind, accelerate):
    x = np.random.default_rng(0).standard_normal((30, 2))
    weak = asdict(GaussianPrior.weak(x, 2))
    start = GaussianParams([0, 1], [[0, 0], [1, 1]], [np.eye(2)] * 2)
    model = GaussianMixture(kind, GaussianPrior(**weak | {"concentration": 2}))
    found = fit(model, x, start, tol=0, max_iter=3, accelerate=accelerate)
    looped = [state.log_posterior for state in islice(em_steps(model, x, start), 4)]
    assert found.log_posteriors[0] == looped[0] == -np.inf
    near(found.log_posteriors[1:], looped[1:], 1e-9)
    assert fit(model, x, start, accelerate=accelerate).converged
    alone = GaussianMixture(kind, GaussianPrior(**weak | {"concentration": 1}))
    assert fit(alone, x, start).params.weights[0] == 0


def test_without_a_prior_parameters_are_looked_at_all_the_same():
    assert GaussianMixture().log_prior(GaussianParams([1], [[0]], [[[1]]])) == 0
    unequal = GaussianParams([0.5, 0.5], [[0], [1]], [[[1]], [[2]]])
    for wrong in (3, None, [[0.0]], unequal):
        with pytest.raises(ValueError, match=r"^(params|covariances): "):
            GaussianMixture("shared").log_prior(wrong)


def test_of_few_rows_nobody_is_warned_who_has_a_prior():
    """A warning would be an error."""
    x = np.random.default_rng(0).standard_normal((12, 5))
    model = GaussianMixture(prior=GaussianPrior.weak(x, 3))
    assert fit(model, x, GaussianParams(np.full(3, 1 / 3), x[:3], [np.eye(5)] * 3)).converged


def test_a_weak_prior_takes_its_place_and_scale_from_the_data():
    x = np.random.default_rng(0).standard_normal((50, 3)) * [1, 20, 3] + [5, 0, -9]
    prior = GaussianPrior.weak(x, 4)
    near(prior.mean, x.mean(axis=0), 1e-12)
    rows = prior.degrees + 3 + 2
    near(prior.scale / rows, np.diag(x.var(axis=0)) / 4 ** (2 / 3), 1e-12)
    assert (prior.concentration, prior.shrinkage, prior.degrees) == (1.01, 0.01, 5)


def test_restarts_come_by_falling_log_posterior():
    x = np.random.default_rng(0).standard_normal((40, 2))
    model = GaussianMixture(prior=GaussianPrior.weak(x, 3))
    found = fit_restarts(model, x, 3, starts=5, rng=0, tol=0, max_iter=5)
    values = [result.log_posterior for result in found]
    assert values == sorted(values, reverse=True)


@over_kinds
def test_without_a_prior_the_log_posterior_is_the_log_likelihood(kind):
    _, x, start = drawn(kind, 9)
    found = fit(GaussianMixture(kind), x, start, tol=0, max_iter=2)
    assert (found.log_posteriors == found.log_likelihoods).all()
    assert found.log_posterior == found.log_likelihood


def test_standard_errors_are_those_of_the_posterior():
    """One component has a closed form: a normal-inverse-gamma."""
    x = np.random.default_rng(0).standard_normal((30, 1))
    prior = GaussianPrior(1, [0.5], 2.0, 3.0, [[4.0]])
    model = GaussianMixture(prior=prior)
    start = GaussianParams([1.0], [[0.0]], [[[1.0]]])
    params = fit(model, x, start, tol=1e-13).params
    found, variance = standard_errors(model, x, params), params.covariances[0, 0, 0]
    near(found["means"], np.sqrt(variance / 32), 1e-7)
    near(found["covariances"], variance * np.sqrt(2 / (30 + 1 + 3 + 2)), 1e-7)


# --- a model of one's own, and bad arguments ------------------------------------------------------


class Thumb:
    """Tosses of two bent coins, and what a Beta(3, 3) says of each."""

    def log_joint(self, x, theta):
        return np.log(0.5) + x[:, :1] * np.log(theta) + x[:, 1:] * np.log1p(-theta)

    def m_step(self, x, responsibilities, theta):
        heads, tails = (responsibilities.T @ x).T
        return (heads + 2) / (heads + tails + 4)

    def log_prior(self, theta):
        return 2 * (np.log(theta) + np.log1p(-theta)).sum()


def test_a_model_of_ones_own_tells_its_prior_and_none_warns_of_a_fall():
    x = np.array([[5, 5], [9, 1], [8, 2], [4, 6], [7, 3]])
    plain = type("Plain", (Thumb,), {"m_step": plain_step, "log_prior": None})
    start = fit(plain(), x, np.array([0.9, 0.3]))
    found = fit(Thumb(), x, start.params, tol=1e-10)
    assert found.converged
    assert (np.diff(found.log_posteriors) >= 0).all()
    assert found.log_likelihood < found.log_likelihoods[0]
    near(found.log_posterior - found.log_likelihood, Thumb().log_prior(found.params), 1e-12)


def plain_step(self, x, responsibilities, theta):
    heads, tails = (responsibilities.T @ x).T
    return heads / (heads + tails)


GOOD = {"concentration": 1, "mean": [0, 0], "shrinkage": 1, "degrees": 3, "scale": np.eye(2)}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("concentration", 0.9, "at least 1"),
        ("concentration", np.inf, "at least 1"),
        ("concentration", [1, 1], "at least 1"),
        ("mean", [[0, 0]], r"has shape \(1, 2\); expected \(d,\)"),
        ("mean", [0, np.nan], "holds NaN"),
        ("shrinkage", 0, "above 0"),
        ("shrinkage", True, "above 0"),
        ("degrees", 1, "above 1"),
        ("degrees", 1e16, r"at most 2\*\*53"),
        ("scale", np.eye(3), r"has shape \(3, 3\); expected \(2, 2\)"),
        ("scale", [[1, 2], [0, 1]], "is not symmetric"),
        ("scale", np.zeros((2, 2)), "is not positive definite"),
    ],
    ids=str,
)
def test_what_is_no_prior_is_refused_by_name(name, value, words):
    with pytest.raises(ValueError, match=f"^{name}: .*{words}"):
        GaussianPrior(**GOOD | {name: value})


def test_absurd_numbers_of_a_prior_leak_no_warning_of_numpy():
    """A warning would be an error."""
    x = np.random.default_rng(0).standard_normal((30, 2))
    start = GaussianParams([0.5, 0.5], x[:2], [np.eye(2)] * 2)
    for wild in ({"mean": [1e150, 0]}, {"scale": 1e300 * np.eye(2)}, {"scale": 1e-300 * np.eye(2)}):
        with suppress(CollapseError, FloatingPointError):
            fit(GaussianMixture(prior=GaussianPrior(**GOOD | {"shrinkage": 1e15} | wild)), x, start)


def test_a_prior_that_does_not_fit_is_refused():
    x = np.random.default_rng(0).standard_normal((9, 3))
    model, start = (
        GaussianMixture(prior=GaussianPrior(**GOOD)),
        GaussianMixture().random_start(x, 1, 0),
    )
    for call in (fit, em_steps, GaussianMixture.log_joint):
        with pytest.raises(ValueError, match=r"^prior: its mean has shape \(2,\); the parameters'"):
            call(model, x, start)
    for wrong in ("weak", 1, GaussianPrior):
        with pytest.raises(ValueError, match=r"^prior: .* must be a GaussianPrior or None"):
            GaussianMixture(prior=wrong)
    with pytest.raises(ValueError, match=r"^x: column 1 constant"):
        GaussianPrior.weak([[0, 1], [1, 1], [3, 1]], 2)
    with pytest.raises(ValueError, match=r"^k: 0"):
        GaussianPrior.weak(x, 0)


def test_priors_and_results_come_back_from_pickle():
    model, x, start = drawn("full", 0)
    found = fit(model, x, start, tol=0, max_iter=2)
    again, there = pickle.loads(pickle.dumps((found, model)))
    assert (again.log_posteriors == found.log_posteriors).all()
    assert (there.prior.scale == model.prior.scale).all()
    assert not there.prior.scale.flags.writeable
