"""What a fit is worth, against published digits, 80-bit arithmetic and the runs themselves."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import cache
from itertools import islice
from typing import NamedTuple

import extended
import numpy as np
import pytest
from bench_fit import THEIR_KINDS, theirs_of
from scipy.special import gammaln, xlogy
from sklearn.mixture import GaussianMixture as Theirs
from sklearn.mixture._gaussian_mixture import _compute_precision_cholesky

from em_core import (
    BorderError,
    CoinMixture,
    CoinParams,
    GaussianMixture,
    GaussianParams,
    NotAMaximumError,
    NotConvergedWarning,
    aic,
    bic,
    bootstrap,
    em_jacobian,
    em_steps,
    fit,
    free_parameters,
    icl,
    log_density,
    observed_information,
    rate,
    responsibilities,
    standard_errors,
)
from em_core.covariances import KINDS, of_kind
from em_core.worth import directions

pytestmark = pytest.mark.shared_out


@dataclass(frozen=True)
class PoissonParams:
    weights: np.ndarray
    means: np.ndarray


class PoissonMixture:
    def log_joint(self, x, params):
        log_poisson = xlogy(x[:, None], params.means) - params.means - gammaln(x[:, None] + 1)
        return np.log(params.weights) + log_poisson

    def m_step(self, x, responsibilities, params):
        rows = responsibilities.sum(axis=0)
        return PoissonParams(rows / rows.sum(), responsibilities.T @ x / rows)


class Linkage:
    """Rao's 197 animals; the parameter is a number."""

    def log_joint(self, x, theta):
        with np.errstate(invalid="ignore", divide="ignore"):
            informative = np.log(np.array([theta, 1 - theta, 1 - theta, theta]) / 4)
        uninformative = np.array([np.log(0.5), -np.inf, -np.inf, -np.inf])
        return np.column_stack([uninformative, informative])[x]

    def m_step(self, x, responsibilities, theta):
        heads = np.isin(x, [0, 3])
        return responsibilities[heads, 1].sum() / responsibilities[:, 1].sum()


DEATHS = np.repeat(np.arange(10), [162, 267, 271, 185, 111, 61, 27, 8, 3, 1])
ANIMALS = np.repeat([0, 1, 2, 3], [125, 18, 20, 34])
POISSONS = fit(
    PoissonMixture(),
    np.arange(10),
    PoissonParams(np.array([0.3, 0.7]), np.array([1.0, 2.5])),
    row_weights=np.bincount(DEATHS),
    tol=0,
    max_iter=8_000,
).params


LINKED = (15 + np.sqrt(53809)) / 394


def test_two_poissons_bend_as_the_derivatives_say():
    # The log-likelihood of a weight and two means, differentiated by hand.
    counts, times = np.unique(DEATHS, return_counts=True)
    (w, _), (a, b) = POISSONS.weights, POISSONS.means
    f, g = (np.exp(xlogy(counts, mean) - mean - gammaln(counts + 1)) for mean in (a, b))
    f1, f2 = f * (counts / a - 1), f * ((counts / a - 1) ** 2 - counts / a**2)
    g1, g2 = g * (counts / b - 1), g * ((counts / b - 1) ** 2 - counts / b**2)
    p, zero = w * f + (1 - w) * g, 0 * f
    first = np.array([f - g, w * f1, (1 - w) * g1]) / p
    second = np.array([[zero, f1, -g1], [f1, w * f2, zero], [-g1, zero, (1 - w) * g2]]) / p
    right = (first * times) @ first.T - second @ times
    found = observed_information(PoissonMixture(), DEATHS, POISSONS)
    np.testing.assert_allclose(found, right, rtol=1e-7)
    errors = standard_errors(PoissonMixture(), DEATHS, POISSONS)
    by_hand = np.sqrt(np.diag(np.linalg.inv(right)))
    np.testing.assert_allclose(errors["weights"], by_hand[[0, 0]], rtol=1e-7)
    np.testing.assert_allclose(errors["means"], by_hand[1:], rtol=1e-7)


def test_the_linkage_example_has_the_published_error_and_rate():
    assert round(float(standard_errors(Linkage(), ANIMALS, LINKED)["params"]), 4) == 0.0515
    complete = (34 + 125 * LINKED / (2 + LINKED)) / LINKED**2 + 38 / (1 - LINKED) ** 2
    observed = 125 / (2 + LINKED) ** 2 + 34 / LINKED**2 + 38 / (1 - LINKED) ** 2
    assert rate(Linkage(), ANIMALS, LINKED) == pytest.approx(1 - observed / complete, rel=1e-8)


class OneWeight(PoissonMixture):
    """Two Poissons whose means are known."""

    def m_step(self, x, responsibilities, params):
        return PoissonParams(super().m_step(x, responsibilities, params).weights, params.means)

    def directions(self, params):
        return np.array([[1], [-1], [0], [0]])


def test_the_rate_is_the_missing_share_of_the_information_on_a_weight():
    start = PoissonParams(np.array([0.3, 0.7]), np.array([1.25, 2.66]))
    params = fit(OneWeight(), DEATHS, start, tol=0, max_iter=600).params
    complete = len(DEATHS) / params.weights.prod()  # of a binomial share, were the labels seen
    observed = observed_information(OneWeight(), DEATHS, params)
    found = rate(OneWeight(), DEATHS, params)
    assert found == pytest.approx(1 - observed.item() / complete, rel=1e-6)


@cache
def gaussians_of(seed, kind):
    """A mixture at a maximum, with its data."""
    rng = np.random.default_rng(seed)
    k, d = rng.integers(1, 4, 2)
    means = 4 * rng.standard_normal((k, d))
    roots = np.eye(d) + 0.4 * rng.standard_normal((k, d, d))
    params = GaussianParams(np.full(k, 1 / k), means, roots @ roots.transpose(0, 2, 1))
    x, _ = GaussianMixture().sample(params, 150 * k, rng)
    spread = of_kind(kind, np.cov(x.T).reshape(1, d, d), np.ones(1))
    own = [spread[0]] * k if kind == "shared" else of_kind(kind, params.covariances, params.weights)
    params, model = GaussianParams(params.weights, means, own), GaussianMixture(kind)
    return model, x, fit(model, x, params, tol=0, max_iter=400, accelerate=True).params


def second_differences(model, x, params, h=1e-4):
    """The observed information in 80-bit arithmetic, by differences of the fourth order."""
    basis = directions(model, params)
    k, d = params.means.shape
    sizes = np.cumsum([k, k * d])
    centre = np.concatenate([params.weights, params.means.ravel(), params.covariances.ravel()])

    def value(vector):
        weights, means, covariances = np.split(vector, sizes)
        shapes = means.reshape(k, d), covariances.reshape(k, d, d)
        joint = extended.log_joint(extended.Long(x), weights, *shapes)
        top = joint.max(axis=0)
        return (top + np.log(np.exp(joint - top).sum(axis=0))).sum()

    def at(a, b):
        return value(extended.Long(centre) + h * (basis @ (a + b)).astype(extended.Long))

    one = np.eye(basis.shape[1])
    offsets, factors = np.array([-2, -1, 1, 2]), np.array([1, -8, 8, -1]) / extended.Long(12)
    found = np.zeros((len(one),) * 2)
    for i, a in enumerate(one):
        for j, b in enumerate(one[: i + 1]):
            terms = [
                fa * fb * at(u * a, v * b)
                for u, fa in zip(offsets, factors, strict=True)
                for v, fb in zip(offsets, factors, strict=True)
            ]
            found[i, j] = found[j, i] = -sum(terms) / h**2
    return found


@pytest.mark.many
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [1, 3])
def test_information_is_that_of_80_bit_arithmetic(seed, kind):
    model, x, params = gaussians_of(seed, kind)
    found = observed_information(model, x, params)
    right = second_differences(model, x, params)
    scale = np.sqrt(np.diag(right))
    assert np.abs((found - right) / np.outer(scale, scale)).max() < 1e-6


def example(name):
    """A model, its data, and a start; and weights of the data's rows."""
    if name == "linkage":
        return Linkage(), ANIMALS, 0.5
    if name == "two Poissons":
        start = PoissonParams(np.array([0.36, 0.64]), np.array([1.3, 2.7]))
        return PoissonMixture(), np.arange(10), start, np.bincount(DEATHS)
    if name.startswith("coins"):
        model, start = CoinMixture(name != "coins"), CoinParams([0.7, 0.4], [0.3, 0.7])
        return model, model.sample(start, 200, np.random.default_rng(0))[0], start
    model, x, found = gaussians_of(*OF_GAUSSIANS[name])
    return model, x, GaussianParams(found.weights, found.means + 0.01, found.covariances)


OF_GAUSSIANS = {
    "one covariance": (2, "shared"),
    "own covariances": (0, "full"),
    "own variances of the axes": (0, "diagonal"),
    "own variances": (0, "spherical"),
}
EXAMPLES = {  # iterations of a run, and the number of runs
    "linkage": (100, 2),
    "two Poissons": (6_000, 2),
    "coins": (200, 2),
    "coins and weights": (800, 2),
    "one covariance": (800, 2),
    "own covariances": (200, 2),
    "own variances of the axes": (200, 2),
    "own variances": (200, 2),
}


def flat(params):
    if np.isscalar(params):
        return np.array([params])
    return np.concatenate([np.ravel(getattr(params, field.name)) for field in fields(params)])


def like(params, vector):
    if np.isscalar(params):
        return float(vector[0])
    shapes = [np.shape(getattr(params, field.name)) for field in fields(params)]
    parts = np.split(vector, np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1])
    return type(params)(*[p.reshape(shape) for p, shape in zip(parts, shapes, strict=True)])


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_rate_is_the_ratio_of_successive_errors(name):
    model, x, start, *weights = example(name)
    count, runs = EXAMPLES[name]
    weigh = {"row_weights": weights[0]} if weights else {}
    for _ in range(runs):  # the next one starts in the direction from which the last one came
        steps = [flat(state.params) for state in islice(em_steps(model, x, start, **weigh), count)]
        limit = steps[-1]
        errors = np.abs(np.array(steps) - limit).max(axis=1)
        near, nearer = (int(np.argmax(errors < size)) for size in (1e-6, 1e-9))
        start = like(start, limit + 1e3 * (steps[near] - limit))
    ratio = (errors[nearer] / errors[near]) ** (1 / (nearer - near))
    assert rate(model, x, like(start, limit), **weigh) == pytest.approx(ratio, abs=1e-6)


@dataclass(frozen=True)
class Alleles:
    weights: np.ndarray


class Moths:
    """Genotypes CC CI CT II IT TT, of which carbonaria, insularia and typica show themselves."""

    pairs = np.array([[2, 0, 0], [1, 1, 0], [1, 0, 1], [0, 2, 0], [0, 1, 1], [0, 0, 2]])
    ways = np.log([1, 2, 2, 1, 2, 1])
    looks = np.array([0, 0, 0, 1, 1, 2])

    def log_joint(self, x, params):
        shown = x[:, None] == self.looks
        return np.where(shown, self.ways + self.pairs @ np.log(params.weights), -np.inf)

    def m_step(self, x, responsibilities, params):
        counts = responsibilities.sum(axis=0) @ self.pairs
        return Alleles(counts / counts.sum())


def test_moths_have_the_two_published_rates():
    x = np.repeat([0, 1, 2], [85, 196, 341])
    steps = [s.params for s in islice(em_steps(Moths(), x, Alleles(np.full(3, 1 / 3))), 60)]
    limit = steps[-1].weights
    assert [round(limit[0], 6), round(limit[1], 5)] == [0.070837, 0.18874]
    errors = np.array([params.weights for params in steps[:7]]) - limit
    ratios = errors[1:] / errors[:-1]
    assert round(ratios[4, 0], 6) == 0.036719
    assert round(ratios[4, 1], 5) == 0.17595  # the print's, on the way to
    rates = np.sort(np.linalg.eigvals(em_jacobian(Moths(), x, steps[-1])))
    assert rates.round(6).tolist() == [0.036719, 0.175873]


def test_coins_and_poissons_are_as_slow_as_was_published():
    tosses = np.array([[5, 5], [9, 1], [8, 2], [4, 6], [7, 3]])
    params = fit(CoinMixture(), tosses, CoinParams([0.6, 0.5], [0.5, 0.5]), tol=1e-13).params
    assert round(rate(CoinMixture(), tosses, params), 2) == 0.41
    assert round(rate(PoissonMixture(), DEATHS, POISSONS), 4) == 0.9957


def test_a_row_with_a_count_is_worth_as_many_rows():
    values, counts = np.unique(DEATHS, return_counts=True)
    model = PoissonMixture()
    for found in (aic, bic, icl, observed_information, em_jacobian, rate):
        one = found(model, np.r_[values, 7], POISSONS, row_weights=np.r_[counts, 0])
        np.testing.assert_allclose(one, found(model, DEATHS, POISSONS), rtol=1e-6)
    one = standard_errors(model, values, POISSONS, row_weights=counts)
    for name, errors in standard_errors(model, DEATHS, POISSONS).items():
        np.testing.assert_allclose(one[name], errors, rtol=1e-6)
    for wrong in (counts[1:], -counts, 0 * counts):
        with pytest.raises(ValueError, match=r"^row_weights: "):
            bic(model, values, POISSONS, row_weights=wrong)


# --- units, counts and what is nearly tied ----------------------------------------------------


def alone(kind, correlation, unit):
    """One Gaussian whose columns are so much alike, and exactly the data's, in any unit."""
    z = np.random.default_rng(0).standard_normal((60, 2))
    z = (z - z.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(z.T, bias=True))).T
    covariance = np.array([[1, correlation], [correlation, 1]])
    x = unit * z @ np.linalg.cholesky(covariance).T
    (found,) = of_kind(kind, np.cov(x.T, bias=True)[np.newaxis], np.ones(1))
    return GaussianMixture(kind), x, GaussianParams([1.0], [x.mean(axis=0)], [found])


@pytest.mark.parametrize("unit", [1e-13, 1e-8, 1, 1e8])
@pytest.mark.parametrize("correlation", [0, 0.9, 0.9999, 0.999999])
def test_errors_of_one_gaussian_are_the_textbooks_however_tied_its_columns_are(correlation, unit):
    model, x, params = alone("full", correlation, unit)
    found, covariance = standard_errors(model, x, params), params.covariances[0]
    variances = np.diag(covariance)
    of_covariances = np.sqrt((np.outer(variances, variances) + covariance**2) / len(x))
    np.testing.assert_allclose(found["means"][0], np.sqrt(variances / len(x)), rtol=1e-6)
    np.testing.assert_allclose(found["covariances"][0], of_covariances, rtol=1e-6)


@pytest.mark.parametrize("name", OF_GAUSSIANS)
def test_in_other_units_from_another_zero_and_in_another_order_errors_are_the_same(name):
    model, x, params = gaussians_of(*OF_GAUSSIANS[name])
    unit = np.geomspace(-1e-6, -1e5, x.shape[1]) if model.covariance != "spherical" else -1e-6
    unit = unit * np.ones(x.shape[1])
    square, order = np.outer(unit, unit), np.arange(len(params.weights))[::-1]
    there = params.weights, unit * (params.means + 100), square * params.covariances
    moved = GaussianParams(*(array[order] for array in there))
    found, plain = (
        standard_errors(model, rows, at) for rows, at in ((unit * (x + 100), moved), (x, params))
    )
    there = plain["weights"], abs(unit) * plain["means"], abs(square) * plain["covariances"]
    for one, other in zip(found.values(), there, strict=True):
        np.testing.assert_allclose(one, other[order], rtol=1e-6)
    far, near = rate(model, unit * (x + 100), moved), rate(model, x, params)
    assert far == pytest.approx(near, abs=1e-8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("unit", [1e-13, 1e-8, 1e8, 1e138])
def test_what_is_0_by_symmetry_has_the_errors_of_its_unit(unit, kind):
    x = np.repeat([[1.0, 1], [1, -1], [-1, 1], [-1, -1]], 5, axis=0)
    model, one = GaussianMixture(kind), GaussianParams([1], [[0, 0]], [np.eye(2)])
    other = GaussianParams([1], [[0, 0]], [unit**2 * np.eye(2)])
    found, plain = standard_errors(model, unit * x, other), standard_errors(model, x, one)
    np.testing.assert_allclose(found["means"] / unit, plain["means"], rtol=1e-6)
    np.testing.assert_allclose(found["covariances"] / unit**2, plain["covariances"], rtol=1e-6)


@pytest.mark.parametrize("times", [1e3, 1e8, 1e13])
def test_however_many_rows_stand_behind_a_count_the_errors_shrink_by_its_root(times):
    counts = times * np.bincount(DEATHS)
    found = standard_errors(PoissonMixture(), np.arange(10), POISSONS, row_weights=counts)
    plain = standard_errors(PoissonMixture(), DEATHS, POISSONS)
    for name, errors in found.items():
        np.testing.assert_allclose(np.sqrt(times) * errors, plain[name], rtol=1e-5)
    assert rate(PoissonMixture(), np.arange(10), POISSONS, row_weights=counts) == pytest.approx(
        rate(PoissonMixture(), DEATHS, POISSONS), rel=1e-6
    )


# --- what learners write ----------------------------------------------------------------------


class Named(NamedTuple):
    weights: np.ndarray
    means: np.ndarray


FORMS = {
    "a dataclass": PoissonParams,
    "a named tuple": Named,
    "a mapping": lambda weights, means: {"weights": weights, "means": means},
    "an array": lambda weights, means: np.array([weights[0], *means]),
    "numbers": lambda weights, means: (float(weights[0]), float(means[0]), float(means[1])),
    "named numbers": lambda weights, means: {"w": weights[0], "a": means[0], "b": means[1]},
}


class OfForm(PoissonMixture):
    """The same model, with parameters in another form."""

    def __init__(self, form):
        self.form = form

    def plain(self, params):
        params = params if isinstance(params, (dict, Named, PoissonParams)) else [*params]
        values = params.values() if isinstance(params, dict) else params
        values = [params.weights, params.means] if hasattr(params, "weights") else [*values]
        if len(values) == 3:
            math.sqrt(values[0]), 1 / (1 - values[0])  # what has no numpy to return NaN
            values = np.array([values[0], 1 - values[0]]), np.array(values[1:])
        return PoissonParams(*values)

    def log_joint(self, x, params):
        return super().log_joint(x, self.plain(params))

    def m_step(self, x, responsibilities, params):
        found = super().m_step(x, responsibilities, self.plain(params))
        return self.form(found.weights, found.means)


@pytest.mark.parametrize("form", FORMS)
def test_parameters_may_have_any_form_that_names_weights_or_has_none_too_many(form):
    model, params = OfForm(FORMS[form]), FORMS[form](POISSONS.weights, POISSONS.means)
    assert free_parameters(model, params) == 3
    errors = standard_errors(PoissonMixture(), DEATHS, POISSONS)
    found = np.concatenate([np.ravel(e) for e in standard_errors(model, DEATHS, params).values()])
    right = [*errors["weights"][len(found) == 3 :], *errors["means"]]
    np.testing.assert_allclose(found, right, rtol=1e-6)
    assert round(rate(model, DEATHS, params), 4) == 0.9957
    assert type(bootstrap(model, DEATHS, params, samples=1, rng=0, tol=0.1)[0]) in (
        type(params),
        np.ndarray,
    )


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ((POISSONS.weights, POISSONS.means), "a tuple does not name its arrays"),
        (None, r".* must be finite numbers"),
        ({"means": [1.0, np.nan]}, r".*\[1.0, nan\].* must be finite numbers"),
        ({"means": ["one", "two"]}, r"not an array of numbers \('one' at \[0\]\)"),
        (PoissonMixture(), r"not an array .* expected shape \(...\), or several by name"),
        ({}, r".* must be finite numbers"),
        ([], r".* must be finite numbers"),
    ],
    ids=["a tuple of arrays", "None", "NaN", "words", "an object", "no names", "no numbers"],
)
def test_parameters_without_numbers_or_names_are_refused(params, words):
    with pytest.raises(ValueError, match=f"^params: {words}"):
        free_parameters(PoissonMixture(), params)


def test_variances_that_are_called_covariances_are_no_matrices():
    assert free_parameters(PoissonMixture(), {"means": np.ones(2), "covariances": np.ones(2)}) == 4


class Sum:
    """Two numbers of which only the sum counts."""

    def log_joint(self, x, params):
        return np.log(0.5) - (x[:, None] - params["a"] - params["b"] - [0, 3]) ** 2 / 2

    def m_step(self, x, responsibilities, params):
        return params | {"a": (x - 3 * responsibilities[:, 1]).mean() - params["b"]}


class Gaps:
    """Normal numbers of variance 1, of which some are missing: its E-step is its own."""

    def e_step(self, x, mean):
        return np.where(np.isnan(x), mean, x), -np.nansum((x - mean) ** 2) / 2

    def m_step(self, x, filled, mean):
        return filled.mean()


def test_a_model_whose_e_step_is_its_own_has_errors_and_a_rate():
    x = np.array([0, 0.8, 1.12, np.nan, np.nan])
    mean = fit(Gaps(), x, 0.0, tol=1e-14).params
    assert mean == pytest.approx(0.64)
    assert rate(Gaps(), x, mean) == pytest.approx(2 / 5)
    assert standard_errors(Gaps(), x, mean)["params"] == pytest.approx(3**-0.5)
    assert free_parameters(Gaps(), mean) == 1
    with pytest.raises(ValueError, match=r"^row_weights: .* where the E-step is the model's own"):
        rate(Gaps(), x, mean, row_weights=np.ones(5))
    with pytest.raises(ValueError, match=r"^model: .* an object with log_joint"):
        bic(Gaps(), x, mean)


def test_what_the_data_cannot_tell_apart_is_no_maximum():
    rng = np.random.default_rng(0)
    x = rng.standard_normal(50) + 3 * rng.integers(2, size=50)
    params = fit(Sum(), x, {"a": 0.0, "b": 1.0}, tol=1e-13).params
    for found in (standard_errors, observed_information, rate):
        with pytest.raises(NotAMaximumError, match="x cannot tell the parameters apart"):
            found(Sum(), x, params)


def test_what_is_in_single_precision_is_refused():
    class Single(PoissonMixture):
        def log_joint(self, x, params):
            return super().log_joint(x, params).astype(np.float32)

    for found in (standard_errors, rate):
        with pytest.raises(ValueError, match=r"^log_joint: .* must be in double precision"):
            found(Single(), DEATHS, POISSONS)


def test_a_start_has_no_rate():
    x = np.repeat([[-4.0], [-3], [-2], [2], [3], [4]], 30, axis=0)
    start = GaussianParams([0.5, 0.5], [[-0.1], [0.1]], [[[9.0]]] * 2)
    with pytest.raises(NotAMaximumError, match=r"^params: EM goes on from here"):
        rate(GaussianMixture(), x, start)


@pytest.mark.parametrize(
    ("x", "means", "variances"),
    [
        ([4.48, -1.86, 4.16, 0.4], [1.27, 0.58], [0.41, 0.063]),
        ([-2.3, 0.35, 0.64], [1.69, 0.62], [2.1, 270]),
        ([1.12, 4.82, 4.1, 2.8, -1.01, 3.64, -1.0], [2.8, 3.6], [0.41, 0.0022]),
    ],
)
def test_far_from_a_maximum_it_ends_and_says_so(x, means, variances):
    """Where ten times a step lose a thousand times as much; where EM collapses from close by."""
    rows, means, variances = (np.reshape(a, (-1, 1)) for a in (x, means, variances))
    for found in (em_jacobian, rate):
        with pytest.raises(NotAMaximumError, match=r"^params: "):
            found(GaussianMixture(), rows, GaussianParams([0.5, 0.5], means, variances[..., None]))


def test_of_a_weight_that_is_held_at_0_the_data_say_nothing():
    x, params = [[3, 7], [6, 4]], CoinParams([0.3, 0.45], [0, 1])
    with pytest.raises(NotAMaximumError, match=r"^params: theta\[0\] .* the data say nothing"):
        standard_errors(CoinMixture(), x, params)


# --- criteria --------------------------------------------------------------------------------


@pytest.mark.parametrize(("ours", "kind"), THEIR_KINDS.items())
def test_criteria_are_those_of_scikit_learn(ours, kind):
    model, x, params = gaussians_of(0, ours)
    theirs = Theirs(len(params.weights), covariance_type=kind)
    theirs.weights_, theirs.means_ = params.weights, params.means
    theirs.covariances_ = theirs_of(params.covariances, kind)
    theirs.precisions_cholesky_ = _compute_precision_cholesky(theirs.covariances_, kind)
    assert bic(model, x, params) == pytest.approx(theirs.bic(x), rel=1e-12)
    assert aic(model, x, params) == pytest.approx(theirs.aic(x), rel=1e-12)
    assert free_parameters(model, params) == theirs._n_parameters()
    np.testing.assert_allclose(log_density(model, x, params), theirs.score_samples(x), rtol=1e-12)
    found = responsibilities(model, x, params)
    np.testing.assert_allclose(found, theirs.predict_proba(x), atol=1e-12)
    entropy = -(found[found > 0] * np.log(found[found > 0])).sum()
    assert icl(model, x, params) == pytest.approx(bic(model, x, params) + 2 * entropy, rel=1e-12)


def test_free_parameters_are_counted_by_directions():
    coins = CoinParams([0.5, 0.6, 0.7], [0.2, 0.3, 0.5])
    assert free_parameters(CoinMixture(), coins) == 3
    assert free_parameters(CoinMixture(fit_weights=True), coins) == 5
    assert free_parameters(PoissonMixture(), POISSONS) == 3
    assert free_parameters(Linkage(), 0.5) == 1
    assert free_parameters(Linkage(), {"one": 1.0, "two": np.ones((2, 2))}) == 5


def test_a_model_says_in_which_directions_its_parameters_move():
    class OneMean(PoissonMixture):
        def directions(self, params):
            return np.array([[1], [-1], [0], [0]])

    found = standard_errors(OneMean(), DEATHS, POISSONS)
    alone = observed_information(PoissonMixture(), DEATHS, POISSONS)[0, 0]
    np.testing.assert_allclose(found["weights"], alone**-0.5, rtol=1e-8)
    assert not found["means"].any()


@pytest.mark.parametrize("columns", [[0, 0], [0, 1, 2], [3]], ids=["twice", "a sum", "none"])
def test_directions_of_which_one_follows_from_others_are_refused_by_name(columns):
    class Dependent(PoissonMixture):
        def directions(self, params):
            moves = [[1, -1, 0, 0], [0, 0, 1e-9, 0], [1e9, -1e9, 1, 0], [0, 0, 0, 0]]
            return np.transpose(moves)[:, columns]

    for found in (standard_errors, observed_information, rate, em_jacobian, bic):
        with pytest.raises(ValueError, match=r"^directions: .* must be independent columns"):
            found(Dependent(), DEATHS, POISSONS)


@pytest.mark.parametrize("model", [None, GaussianMixture, "full"])
def test_what_is_no_model_has_no_parameters(model):
    with pytest.raises(ValueError, match=r"^model: "):
        free_parameters(model, POISSONS)


def test_what_is_not_a_maximum_is_refused():
    model, x, start = example("coins and weights")
    params = fit(model, x, start, tol=1e-12).params
    for wrong, error in (
        (CoinParams([0.5, 0.5], [0.5, 0.5]), NotAMaximumError),
        (CoinParams([1.0, 0.5], [0.0, 1.0]), BorderError),
    ):
        with pytest.raises(error, match="params: "):
            standard_errors(model, x, wrong)
    with pytest.warns(NotConvergedWarning, match="standard errors away"):
        standard_errors(model, x, CoinParams(params.theta + 0.01, params.weights))
    never = np.array([[10, 0], [10, 0], [3, 7], [4, 6]])
    sure = fit(model, never, CoinParams([0.9, 0.4], [0.5, 0.5]), tol=1e-13).params
    with pytest.raises(BorderError, match=r"theta\[0\] lies on the border"):
        rate(model, never, sure)


BORDERS = {
    "a coin that never shows heads": (CoinMixture(), [[0, 10], [0, 7]], CoinParams([0.0], [1.0])),
    "a coin that always does": (CoinMixture(), [[3, 0], [4, 0]], CoinParams([1.0], [1.0])),
    "a coin nobody picks": (CoinMixture(True), [[3, 7], [6, 4]], CoinParams([0.3, 0.45], [0, 1])),
    "a coin that hardly ever does": (
        CoinMixture(True),
        [[0, 10], [0, 10], [5, 5], [6, 4]],
        CoinParams([1e-18, 0.55], [0.5, 0.5]),
    ),
    "hardly anybody": (CoinMixture(True), [[3, 7], [6, 4]], CoinParams([0.3, 0.45], [1e-9, 1])),
    "a Gaussian nobody picks": (
        GaussianMixture(),
        [[-1.0], [1.0]],
        GaussianParams([0, 1], [[3.0], [0.0]], [[[1.0]]] * 2),
    ),
}


@pytest.mark.parametrize("name", BORDERS)
def test_on_a_border_there_is_no_standard_error(name):
    for found in (standard_errors, observed_information, rate):
        with pytest.raises(BorderError, match=r"^params: (theta|weights)\[0\] "):
            found(*BORDERS[name])
