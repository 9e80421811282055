"""Extrapolated steps: the same optimum in fewer passes, and a log-likelihood that never falls."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from em_core import (
    CoinMixture,
    CoinParams,
    CollapseError,
    GaussianMixture,
    GaussianParams,
    ZeroProbabilityError,
    fit,
)
from em_core.covariances import KINDS, of_kind
from em_core.scale import known
from em_core.scale.sweeps import FIRST, combined, passes

MODELS = [*map(GaussianMixture, KINDS), CoinMixture(fit_weights=True)]
SEEDS = range(6)
# A component may keep few rows on the way of any of these fits.
pytestmark = pytest.mark.filterwarnings("ignore::em_core.FewRowsWarning")


def sweeper_of(model, x, start):
    return known.quick_way(model)(model, x, start, threads=None, row_weights=None)


class Counted:
    """A sweeper that counts its passes."""

    def __init__(self, sweeper):
        self.sweeper, self.passes = sweeper, 0

    def __getattr__(self, name):
        return getattr(self.sweeper, name)

    def expect(self, params):
        self.passes += 1
        return self.sweeper.expect(params)


def overlapping(seed: int) -> tuple[np.ndarray, GaussianParams]:
    """Two components, 1.5 standard deviations apart."""
    rng = np.random.default_rng(seed)
    x = 1.5 * rng.integers(2, size=(4_000, 1)) + rng.standard_normal((4_000, 1))
    return x, GaussianMixture().random_start(x, 2, rng)


def drawn(model, seed: int):
    rng = np.random.default_rng(seed)
    if isinstance(model, GaussianMixture):
        x = 2.0 * rng.integers(3, size=(300, 1)) + rng.standard_normal((300, 2))
        return x, model.random_start(x, 3, rng)
    x, _ = model.sample(CoinParams([0.3, 0.5, 0.8], [0.2, 0.3, 0.5]), 300, rng)
    return x, CoinParams(rng.uniform(0.1, 0.9, 3), np.full(3, 1 / 3))


def passes_to(goal: float, sweeper, accelerate: bool, most: int = 1_000) -> int:
    """The passes, undone ones included, until they are within 1e-6 of the goal, and not above."""
    counted = Counted(sweeper)
    for _, _, log_likelihood, _ in passes(counted, accelerate):
        if log_likelihood > goal - 1e-6:
            assert log_likelihood < goal + 1e-6
            break
        if counted.passes >= most:
            break
    return counted.passes


@pytest.mark.many
def test_a_tenth_of_the_passes_reach_the_same_optimum():
    model, quick_passes, plain_passes = GaussianMixture(), [], []
    for seed in SEEDS:
        x, start = overlapping(seed)
        goal = fit(model, x, start, tol=1e-11, accelerate=True).log_likelihood
        quick_passes.append(passes_to(goal, sweeper_of(model, x, start), True))
        enough = 21 * quick_passes[-1]  # to say that there are so many, at least
        plain_passes.append(passes_to(goal, sweeper_of(model, x, start), False, enough))
    assert max(quick_passes) < 1_000
    assert sum(quick_passes) <= sum(plain_passes) / 10
    assert np.median(np.divide(quick_passes, plain_passes)) < 1 / 20


@pytest.mark.parametrize("model", MODELS, ids=str)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_log_likelihood_never_falls_and_ends_where_plain_em_does(model, seed):
    x, start = drawn(model, seed)
    result = fit(model, x, start, tol=1e-9, accelerate=True)
    slack = 1e-12 * abs(result.log_likelihood)
    assert (np.diff(result.log_likelihoods) >= -slack).all()
    plain = fit(model, x, start, tol=1e-11, max_iter=50_000)
    assert result.iterations <= plain.iterations
    assert result.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-6)


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_the_first_steps_which_choose_the_maximum_are_ems_own(model):
    x, start = drawn(model, 3)
    runs = [
        fit(model, x, start, tol=0, max_iter=FIRST + 9, accelerate=way) for way in (True, False)
    ]
    quick, plain = (run.log_likelihoods for run in runs)
    assert (quick[: FIRST + 1] == plain[: FIRST + 1]).all()
    assert (quick != plain).any()


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_parameters_survive_the_way_to_a_vector_and_back(model):
    x, start = drawn(model, 0)
    sweeper = sweeper_of(model, x, start)
    _, here, *_ = list(islice(passes(sweeper, accelerate=False), 4))[-1]
    back = sweeper.from_vector(sweeper.vector(here))
    for name in ("weights", "theta" if isinstance(model, CoinMixture) else "means"):
        np.testing.assert_allclose(getattr(back, name), getattr(here, name), rtol=1e-12, atol=1e-12)


def test_vectors_without_parameters_are_not_taken():
    x, start = drawn(MODELS[0], 0)
    sweeper = sweeper_of(MODELS[0], x, start)
    vector = sweeper.vector(sweeper.start)
    size = len(vector) // 3
    no_weight, no_width = vector.copy(), vector.copy()
    no_weight[0] = -0.1
    no_width[size + 3] = -1.0
    for wrong in (no_weight, no_width):
        with pytest.raises(CollapseError):
            sweeper.from_vector(wrong)
    coins, fair = drawn(MODELS[-1], 0)
    with pytest.raises(ValueError, match="theta"):
        sweeper_of(MODELS[-1], coins, fair).from_vector(np.array([1.2, 0.5, 0.5, 1, 0, 0]))


class Refusing(Counted):
    """A sweeper whose vectors never have parameters."""

    def from_vector(self, vector):
        raise CollapseError(0, "no such parameters")


def test_where_no_step_can_be_extrapolated_ems_own_are_taken():
    x, start = drawn(MODELS[0], 1)
    plain = islice(passes(sweeper_of(MODELS[0], x, start), accelerate=False), 10)
    refused = islice(passes(Refusing(sweeper_of(MODELS[0], x, start)), accelerate=True), 10)
    reached = [[value for _, _, value, _ in run] for run in (plain, refused)]
    np.testing.assert_allclose(*reached, rtol=1e-12)


def test_a_linear_iteration_is_solved_by_as_many_steps_as_it_has_dimensions():
    rng = np.random.default_rng(0)
    matrix, fixed = 0.9 * np.linalg.qr(rng.standard_normal((3, 3)))[0], rng.standard_normal(3)
    past = []
    v = np.zeros(3)
    for _ in range(4):
        image = fixed + matrix @ (v - fixed)
        past.append((v, image))
        v = image
    np.testing.assert_allclose(combined(past, 1 - 1e-12), fixed, atol=1e-5)


@pytest.mark.parametrize("accelerate", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 2**32 - 1))
def test_nothing_hangs(accelerate, kind, seed):
    """LAPACK's iterations may never end, Ctrl-C included, over what is not a finite number."""
    rng = np.random.default_rng(seed)
    k, d = rng.integers(1, 4, 2)
    units = 10 ** rng.uniform(-8, 8, d)
    x = rng.standard_normal((7 * k, d)) * units
    root = rng.standard_normal((d, d)) * (1 if rng.integers(2) else units)
    with np.errstate(over="ignore"):
        covariance = 10 ** rng.uniform(-20, 300) * (root @ root.T)
        covariance = covariance / 2 + covariance.T / 2
    try:
        spread = np.repeat(of_kind(kind, covariance[np.newaxis], np.ones(1)), k, axis=0)
        start = GaussianParams(np.full(k, 1 / k), x[:k], spread)
    except ValueError:
        return  # an overflow, or not positive definite

    def finite(way):
        def guarded(matrix, *arguments, **named):
            assert np.isfinite(matrix).all()
            return way(matrix, *arguments, **named)

        return guarded

    with pytest.MonkeyPatch.context() as patch:
        for name in ("svd", "eigvalsh", "eigh"):
            patch.setattr(np.linalg, name, finite(getattr(np.linalg, name)))
        with suppress(CollapseError, ZeroProbabilityError, FloatingPointError):
            fit(GaussianMixture(kind), x, start, tol=0, max_iter=6, accelerate=accelerate)
