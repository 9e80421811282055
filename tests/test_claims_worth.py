"""What chapter 14 says of rates, missing information, standard errors and stops is so."""

from __future__ import annotations

from functools import cache
from itertools import islice, pairwise

import ledger
import numpy as np
import pytest

from em_core import (
    CoinMixture,
    CoinParams,
    GaussianMixture,
    GaussianParams,
    em_jacobian,
    em_steps,
    fit,
    observed_information,
    rate,
    standard_errors,
)
from em_core.em import e_step

FAITHFUL = np.loadtxt("book/data/faithful.csv", delimiter=",", skiprows=1)
DAYS = np.array([162, 267, 271, 185, 111, 61, 27, 8, 3, 1])
COPIES = np.array([[2, 0, 0], [1, 1, 0], [1, 0, 1], [0, 2, 0], [0, 1, 1], [0, 0, 2]])


def deaths() -> tuple[np.ndarray, np.ndarray]:
    """Weights and means at the maximum, the smaller mean first."""
    weight, higher, lower = ledger.poisson_limit()
    return np.array([1 - weight, weight]), np.array([lower, higher])


class Deaths:
    """The ledger's model with its parameters named."""

    def log_joint(self, x, params):
        return ledger.PoissonMixture().log_joint(x, (params["weights"], params["means"]))

    def m_step(self, x, responsibilities, params):
        weights, means = ledger.PoissonMixture().m_step(x, responsibilities, params)
        return {"weights": weights, "means": means}


@cache
def deaths_informations() -> tuple[np.ndarray, np.ndarray]:
    """Observed and complete, by Louis' identity: loops, and nothing of em_core but Bayes' rule."""
    (w, v), (mean, other) = weights, means = deaths()
    missing, complete = np.zeros((3, 3)), np.zeros((3, 3))
    for count, days in enumerate(DAYS):
        joint = weights * np.exp(-means) * means**count
        r = joint / joint.sum()
        pulls = np.array([[1 / w, count / mean - 1, 0], [-1 / v, 0, count / other - 1]])
        middle = r @ pulls
        for share, pull in zip(r, pulls, strict=True):
            missing += days * share * np.outer(pull - middle, pull - middle)
        bends = [r[0] / w**2 + r[1] / v**2, r[0] * count / mean**2, r[1] * count / other**2]
        complete += days * np.diag(bends)
    return complete - missing, complete


def errors_of(information: np.ndarray) -> np.ndarray:
    return np.sqrt(np.diag(np.linalg.inv(information)))


# --- holes, linkage, moths ----------------------------------------------------------------------


def test_14_holes_hold_back_by_their_share_and_filled_in_they_claim_too_much():
    seen, mu = np.array([1.0, 2.0, 1.0]), [0.0]
    for _ in range(6):
        mu.append(float(np.mean([*seen, mu[-1], mu[-1]])))
    np.testing.assert_allclose(mu[1:4], [0.8, 1.12, 1.248])
    errors = np.array(mu) - 4 / 3
    np.testing.assert_allclose(errors[1:] / errors[:-1], 2 / 5)
    assert 1 - np.sqrt(3 / 5) > 0.2  # "less by more than a fifth"


def moths_path() -> np.ndarray:
    """The frequencies of C, I and T at the start and after eight iterations, by counting."""
    path = [np.full(3, 1 / 3)]
    for _ in range(8):
        c, i, t = path[-1]
        black = 85 * np.array([c * c, 2 * c * i, 2 * c * t]) / (c * c + 2 * c * (i + t))
        mottled = 196 * np.array([i * i, 2 * i * t]) / (i * i + 2 * i * t)
        path.append(np.array([*black, *mottled, 341]) @ COPIES / 1244)
    return np.array(path)


def test_14_the_moths_have_two_rates_and_the_first_has_a_formula():
    path, p = moths_path(), 85 / 622
    limit = ledger.moths_limit()
    c = 1 - np.sqrt(1 - p)
    assert limit[0] == pytest.approx(c, abs=1e-12)
    np.testing.assert_allclose(path[1:, 0], p / (2 - path[:-1, 0]))  # nothing of I and T
    errors = abs(path - limit)
    assert errors[5, 0] / errors[4, 0] == pytest.approx(c / (2 - c), rel=1e-3)
    assert c / (2 - c) == pytest.approx(c**2 / p)  # the share of CC among the black
    assert c / (2 - c) == pytest.approx(0.036719, abs=1e-6)
    assert errors[8, 1] / errors[7, 1] == pytest.approx(0.17587, abs=1e-5)


def test_14_a_line_away_from_the_coins_second_rate_the_run_is_still_on_its_way():
    states = islice(em_steps(CoinMixture(), ledger.COINS, ledger.COIN_START), 28)
    steps = np.diff([s.params.theta[1] for s in states])
    limit = ledger.coin_fit().params
    rates = np.sort(np.linalg.eigvals(em_jacobian(CoinMixture(), ledger.COINS, limit)))
    np.testing.assert_allclose(rates, [0.378, 0.4097], atol=5e-5)
    assert 0.405 < steps[-1] / steps[-2] < rates[1] - 1e-3


# --- each rate is a share -----------------------------------------------------------------------


def test_14_each_rate_of_the_deaths_is_the_share_missing_in_its_direction():
    observed, complete = deaths_informations()
    weights, means = deaths()
    jacobian = em_jacobian(Deaths(), ledger.DEATHS, {"weights": weights, "means": means})
    rates, directions = np.linalg.eig(jacobian)
    np.testing.assert_allclose(sorted(rates), [0, 0.7204, 0.9957], atol=5e-5)
    shares = [1 - (v @ observed @ v) / (v @ complete @ v) for v in directions.T]
    np.testing.assert_allclose(rates, shares, atol=1e-7)


def test_14_louis_identity_is_the_second_derivative():
    observed, _ = deaths_informations()
    weights, means = deaths()
    by_differences = observed_information(
        Deaths(), ledger.DEATHS, {"weights": weights, "means": means}
    )
    np.testing.assert_allclose(by_differences, observed, rtol=1e-6)
    printed = [907.107, -270.229, -341.262, 113.480, 61.679, 192.781]
    np.testing.assert_allclose(observed[np.triu_indices(3)], printed, rtol=6e-5)


def test_14_the_weight_of_the_deaths_is_unsure_because_the_three_are_together():
    observed, complete = deaths_informations()
    np.testing.assert_allclose(errors_of(observed), [0.195, 0.350, 0.250], atol=5e-4)
    np.testing.assert_allclose(1 / np.sqrt(np.diag(observed)), [0.033, 0.094, 0.072], atol=5e-4)
    np.testing.assert_allclose(errors_of(complete), [0.014, 0.056, 0.062], atol=6e-4)
    covariance = np.linalg.inv(observed)
    assert covariance[0, 1] > 0  # "fewer quiet days with a lower mean"
    moved = np.eye(3)
    moved[2, 0] = -1  # the other mean, in place of which its sum with the weight is a parameter
    again = moved.T @ observed @ moved
    assert errors_of(again)[0] == pytest.approx(errors_of(observed)[0])
    assert again[0, 0] != pytest.approx(observed[0, 0], rel=0.1)


def test_14_in_the_slowest_direction_labels_would_divide_the_error_by_fifteen():
    rates = {"linkage": ledger.linkage_ratio(), "deaths": 0.995667}
    assert 1 / np.sqrt(1 - rates["deaths"]) == pytest.approx(15.19, abs=0.01)
    assert np.log(0.1) / np.log(rates["deaths"]) == pytest.approx(530, abs=1)
    assert 1 / np.sqrt(1 - rates["linkage"]) == pytest.approx(1.07, abs=0.005)
    observed, complete = deaths_informations()
    jacobian = np.eye(3) - np.linalg.solve(complete, observed)
    values, vectors = np.linalg.eig(jacobian)
    known, lost = complete @ vectors, 1 / (1 - values)
    variances = [np.vecdot(known.T, np.linalg.solve(i, known).T) for i in (observed, complete)]
    np.testing.assert_allclose(variances[0] / variances[1], lost)
    others = np.random.default_rng(0).normal(size=(3, 100))
    variances = [np.vecdot(others.T, np.linalg.solve(i, others).T) for i in (observed, complete)]
    assert (variances[0] / variances[1] < lost.max()).all()  # no combination has lost more
    observed, _ = ledger.linkage_information()
    assert observed**-0.5 == pytest.approx(0.0515, abs=5e-5)
    found = standard_errors(ledger.Linkage(), ledger.ANIMALS, ledger.LINKAGE_MLE)["params"]
    assert found == pytest.approx(observed**-0.5, rel=1e-7)


def test_14_equal_coins_are_left_if_the_samples_scatter_more_than_one_coin_explains():
    heads, theta = ledger.COINS[:, 0], 0.66
    more = ((heads - 10 * theta) ** 2).sum()
    assert more == pytest.approx(17.2)
    assert 50 * theta * (1 - theta) == pytest.approx(11.22)
    near = CoinParams([theta + 1e-6, theta - 1e-6], [0.5, 0.5])
    after = next(islice(em_steps(CoinMixture(), ledger.COINS, near), 1, None)).params.theta
    assert (after[0] - after[1]) / 2e-6 == pytest.approx(17.2 / 11.22, rel=1e-6)


# --- when to stop -------------------------------------------------------------------------------


def until_near_enough(model, x, start, share=0.01):
    """The chapter's rule."""
    states = em_steps(model, x, start)
    last, gain = next(states).log_likelihood, 0.0
    for state in states:
        before, gain = gain, state.log_likelihood - last
        last = state.log_likelihood
        if gain <= before and gain**2 <= share**2 / 2 * (before - gain):
            return state
    raise AssertionError


@cache
def faithful_start() -> GaussianParams:
    return GaussianParams([0.5, 0.5], [[3, 60], [4, 70]], [np.cov(FAITHFUL.T)] * 2)


def test_14_a_hundredth_of_a_standard_error_is_reached_and_in_every_direction():
    model, start = GaussianMixture(), faithful_start()
    stopped = until_near_enough(model, FAITHFUL, start)
    limit = fit(model, FAITHFUL, start, tol=0, max_iter=500)
    assert limit.log_likelihood == pytest.approx(-1130.264, abs=5e-4)
    errors = standard_errors(model, FAITHFUL, limit.params)
    off = [
        abs(getattr(stopped.params, name) - getattr(limit.params, name)) / errors[name]
        for name in errors
    ]
    bound = np.sqrt(2 * (limit.log_likelihood - stopped.log_likelihood))
    assert bound < 0.01
    assert max(one.max() for one in off) < 1.01 * bound


def test_14_the_deaths_need_eight_hundred_iterations_and_not_1272():
    start = {"weights": np.array([0.3, 0.7]), "means": np.array([1.0, 2.5])}
    stopped = until_near_enough(Deaths(), ledger.DEATHS, start)
    assert 800 <= stopped.iteration < 870
    assert fit(Deaths(), ledger.DEATHS, start).iterations == 1272
    weight, higher, lower = ledger.poisson_limit()
    observed, _ = deaths_informations()
    error = np.array([stopped.params["weights"][0] - 1 + weight])
    error = np.array([*error, *(stopped.params["means"] - [lower, higher])])
    assert np.sqrt(error @ observed @ error) == pytest.approx(0.01, rel=0.03)
    assert (abs(error) / errors_of(observed) < 0.0103).all()


def test_14_the_others_save_three_to_five_iterations():
    for model, x, start in (
        (ledger.Linkage(), ledger.ANIMALS, 0.5),
        (CoinMixture(), ledger.COINS, ledger.COIN_START),
        (ledger.Moths(), ledger.MOTHS, ledger.THIRDS),
        (GaussianMixture(), FAITHFUL, faithful_start()),
    ):
        saved = fit(model, x, start).iterations - until_near_enough(model, x, start).iteration
        assert 3 <= saved <= 5


def test_14_the_gains_shrink_by_the_square_of_the_rate():
    values = [s.log_likelihood for s in islice(em_steps(ledger.Linkage(), ledger.ANIMALS, 0.5), 6)]
    gains = np.diff(values)
    assert gains[4] / gains[3] == pytest.approx(ledger.linkage_ratio() ** 2, rel=1e-2)


def test_14_what_print_stopped_short_of():
    """0.01 of a nat is a seventh of a standard error, 3e-7 less than a thousandth."""
    left = {
        "lecture": ledger.gaussian_run(0)[0] - ledger.gaussian_fit(0.01).log_likelihood,
        "mclust": ledger.mclust_limit().log_likelihood + 1126.326,
        "turboEM": ledger.poisson_log_likelihood(ledger.poisson_limit())
        - ledger.poisson_run().log_likelihood,
    }
    off = {name: np.sqrt(2 * value) for name, value in left.items()}
    assert off["mclust"] == pytest.approx(1 / 7, abs=0.005)
    assert off["lecture"] == pytest.approx(0.092, abs=0.001)
    assert off["turboEM"] < 0.001
    assert np.sqrt(2 * (ledger.lines_run(200)[3] - ledger.lines_run(10)[3])) < 1e-4  # mixtools
    weight, higher, lower = ledger.poisson_limit()
    stopped = ledger.poisson_run().params
    moved = [stopped[0][0] - 1 + weight, *(stopped[1] - [lower, higher])]
    assert (abs(np.array(moved)) > 1e-4).all()  # "from the fourth on"
    assert (abs(np.array(moved)) < 1e-3).all()


# --- the bootstrap ------------------------------------------------------------------------------


@cache
def resampled(iterations: int) -> np.ndarray:
    """The weight in 200 resamples of the deaths, each from the estimate, so many iterations on."""
    counts = np.random.default_rng(1).multinomial(1096, DAYS / 1096, size=200)
    (w, _), (a, b) = deaths()
    number = np.arange(10)
    w, a, b = (np.full((200, 1), value) for value in (w, a, b))
    for _ in range(iterations):
        quiet, busy = w * np.exp(-a) * a**number, (1 - w) * np.exp(-b) * b**number
        share = counts * quiet / (quiet + busy)
        rows = share.sum(axis=1, keepdims=True)
        w, a = rows / 1096, (share * number).sum(axis=1, keepdims=True) / rows
        b = ((counts - share) * number).sum(axis=1, keepdims=True) / (1096 - rows)
    return w[:, 0]


def test_14_a_bootstrap_that_stops_early_is_too_sure():
    scatters = [resampled(iterations).std() for iterations in (100, 500, 3000)]
    assert all(after > 1.1 * before for before, after in pairwise(scatters))
    assert scatters[0] < scatters[-1] / 2


def test_14_the_formula_s_interval_leaves_the_possible_and_the_bootstrap_s_does_not():
    observed, _ = deaths_informations()
    (weight, _), _ = deaths()
    assert weight - 1.96 * errors_of(observed)[0] < 0
    low, high = np.quantile(resampled(3000), [0.025, 0.975])
    assert 0.03 < low < 0.15
    assert 0.6 < high < 0.8


def test_14_what_a_gain_that_shrinks_by_one_per_cent_leaves():
    """The quiz: a gain of 1e-6, the one before larger by one per cent."""
    gain, before = 1e-6, 1.01e-6
    left = gain**2 / (before - gain)
    assert left == pytest.approx(1e-4)
    assert np.sqrt(2 * left) == pytest.approx(0.014, abs=2e-4)


def test_14_a_rate_needs_only_the_model():
    assert rate(ledger.Moths(), ledger.MOTHS, {"weights": ledger.moths_limit()}) == pytest.approx(
        0.175873, abs=1e-6
    )
    log_joint = ledger.Moths().log_joint(ledger.MOTHS, ledger.THIRDS)
    assert e_step(log_joint)[0].shape == (622, 6)
