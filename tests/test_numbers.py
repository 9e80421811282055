"""Every published number to its last printed digit, and the listings that reach them."""

from __future__ import annotations

import json
from itertools import islice

import build
import ledger
import numpy as np
import pytest
import reference
import survey
from reference import Kind

from em_core import CoinMixture, CoinParams, GaussianMixture, GaussianParams, em_steps, fit
from em_core.listings import (
    coin_em,
    coin_em_loop,
    coin_em_vectorised,
    gmm_em_einsum,
    gmm_em_loop,
    gmm_em_vectorised,
)
from em_core.tables import log_likelihood

PUBLISHED = [entry for entry in reference.ENTRIES if entry.source.published]
WITH_VALUE = [entry for entry in reference.ENTRIES if entry.value]
OFF = (Kind.MISPRINT, Kind.BEATEN, Kind.DIFFERENCES)
STOPPED_SHORT = {
    "minimised": 1e-6,  # scipy's optimiser
    "ratio": 1e-5,  # of errors, or of steps, late in a run
    "polca-survey": 1e-4,  # 500 starts that end when they gain less than 1e-9
    "polca-carcinoma": 1e-5,
}
"""How near the book's code comes where it is not to nine digits, by number or by print."""


def unit(entry):
    """One in the last digit that was printed."""
    return 10.0 ** -len(entry.printed.partition(".")[2])


def of_kind(kind):
    return [entry for entry in PUBLISHED if entry.kind == kind]


# --- each number: printed, exact, and as the book computes it ------------------------------------


@pytest.mark.parametrize("entry", WITH_VALUE, ids=lambda entry: entry.id)
def test_a_number_of_the_ledger_is_what_its_kind_says(entry):
    assert entry.matches == (entry.kind not in OFF)
    on_the_way = entry.limit and entry.rounded(entry.limit) != entry.rounded(entry.value)
    assert on_the_way or entry.kind != Kind.STOPPED
    assert not (on_the_way and entry.kind == Kind.EXACT)
    assert entry.at is not None or entry.kind != Kind.START
    assert entry.digits == 15


@pytest.mark.parametrize("entry", WITH_VALUE, ids=lambda entry: entry.id)
def test_the_book_s_code_reaches_what_exact_arithmetic_gives(entry):
    name = entry.pick.partition(".")[0]
    shares = name == "weights" and entry.source.id
    bound = STOPPED_SHORT.get(shares or name, 1e-9)
    assert ledger.number(entry) == pytest.approx(float(entry.value), rel=bound, abs=1e-12)
    if entry.limit and entry.at != 0:
        assert ledger.limit(entry) == pytest.approx(float(entry.limit), rel=1e-6)


def test_what_has_no_exact_value_is_counted_or_is_about_the_arithmetic():
    lacking = [entry for entry in reference.ENTRIES if not entry.value]
    (odd,) = (entry for entry in lacking if entry.kind != Kind.DRAWN)
    assert odd.pick == "tosses"
    assert ledger.number(odd) == float(odd.printed)
    for entry in of_kind(Kind.DRAWN):
        assert two_draws_agree(float(entry.printed), ledger.number(entry), entry.draws)


@pytest.mark.parametrize("entry", of_kind(Kind.MISPRINT), ids=lambda entry: entry.id)
def test_a_misprint_is_off_by_one_in_the_last_digit(entry):
    off = abs(float(entry.printed) - float(entry.rounded(entry.value)))
    assert off == pytest.approx(unit(entry), rel=1e-3)


@pytest.mark.parametrize("entry", of_kind(Kind.BEATEN), ids=lambda entry: entry.id)
def test_what_is_beaten_is_lower(entry):
    assert float(entry.value) > float(entry.printed)


@pytest.mark.parametrize("entry", of_kind(Kind.DIFFERENCES), ids=lambda entry: entry.id)
def test_what_was_computed_by_differences_is_near_and_of_one_mould(entry):
    assert float(entry.value) == pytest.approx(float(entry.printed), rel=1e-3)


def test_turbo_em_s_errors_are_the_inverse_of_its_printed_matrix():
    printed = {entry.what: float(entry.printed) for entry in of_kind(Kind.DIFFERENCES)}
    *bends, weight, lower, higher = printed.values()
    matrix = np.zeros((3, 3))
    matrix[np.triu_indices(3)] = matrix.T[np.triu_indices(3)] = bends
    errors = np.sqrt(np.diag(np.linalg.inv(matrix)))
    np.testing.assert_allclose(errors, [weight, lower, higher], rtol=2e-6)


def test_what_stopped_early_was_on_its_way_to_other_digits():
    stopped = of_kind(Kind.STOPPED)
    assert {entry.source.id for entry in stopped} >= {"lecture-mixture", "turboem"}
    for entry in stopped:
        assert abs(float(entry.limit) - float(entry.printed)) > unit(entry) / 2
        assert entry.remark == f"stopped early: tends to {entry.rounded(entry.limit)}"


def two_draws_agree(one: float, other: float, draws: int) -> bool:
    """Whether two counts differ by at most four standard errors of their difference."""
    share = (one + other) / (2 * draws)
    return abs(one - other) <= 4 * np.sqrt(2 * draws * share * (1 - share))


@pytest.mark.parametrize(
    ("one", "other", "draws", "agree"),
    [(258, 258, 500, True), (258, 280, 500, True), (258, 330, 500, False), (0, 25, 500, False)],
)
def test_two_counts_agree_as_far_as_chance_goes(one, other, draws, agree):
    assert two_draws_agree(one, other, draws) == agree
    assert two_draws_agree(other, one, draws) == agree


def test_the_survey_s_ends_are_the_five_maxima_and_no_others():
    counts = [ledger.survey_count(rank) for rank in range(5)]
    assert sum(counts) == 500
    with pytest.raises(IndexError):
        ledger.survey_maximum(5)
    rows = reference.entries("polca-survey")
    values = [float(row.printed) for row in rows if row.pick == "log_likelihood"]
    counts = [int(row.printed) for row in rows if row.pick == "ends"]
    assert dict(zip(values, counts, strict=True)) == survey.PUBLISHED


# --- the listings agree ------------------------------------------------------------------------


def test_the_coin_listings_agree():
    loop = coin_em_loop(ledger.COINS, ledger.LISTING_START)
    vectorised = coin_em_vectorised(ledger.COINS, ledger.LISTING_START)
    np.testing.assert_allclose(vectorised, loop, rtol=1e-10)
    last, thetas, value = coin_em(ledger.COINS, ledger.LISTING_START, tol=0.01)
    assert last == len(loop) - 1
    np.testing.assert_allclose([*thetas[:, 0], value], loop[-1], rtol=1e-10)


def test_the_coin_listings_take_the_cores_steps():
    loop = np.array(coin_em_loop(ledger.COINS, ledger.LISTING_START, tol=1e-6))
    start = CoinParams(ledger.LISTING_START[:, 0], [0.5, 0.5])
    states = list(islice(em_steps(CoinMixture(), ledger.COINS, start), len(loop) + 1))
    np.testing.assert_allclose(loop[:, :2], [s.params.theta for s in states[1:]], rtol=1e-10)
    values = [ledger.lecture_value(ledger.COINS, s) for s in states[:-1]]
    np.testing.assert_allclose(loop[:, 2], values, rtol=1e-10)


def test_listings_leave_their_arguments_alone():
    x, thetas = ledger.COINS.copy(), ledger.LISTING_START.copy()
    for listing in (coin_em_loop, coin_em_vectorised, coin_em):
        listing(x, thetas)
    assert (x == ledger.COINS).all()
    assert (thetas == ledger.LISTING_START).all()


def same_fit(one, other):
    for ours, theirs in zip(one, other, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10)


def arguments(params: GaussianParams):
    return params.weights, params.means, params.covariances


def test_the_vectorised_and_einsum_listings_agree_with_the_core():
    x, start = ledger.gaussian_data()
    core = fit(GaussianMixture(), x, start, tol=0.01)
    same_fit(ledger.gaussian_listing(), (core.log_likelihood, *arguments(core.params)))
    same_fit(gmm_em_einsum(x, *arguments(start)), ledger.gaussian_listing())


@pytest.mark.many
def test_the_loop_listing_agrees_with_the_vectorised_one():
    x, start = ledger.gaussian_data()
    some = x[::4]  # the loop takes seconds for all of them
    same_fit(gmm_em_loop(some, *arguments(start)), gmm_em_vectorised(some, *arguments(start)))


@pytest.mark.parametrize("d", [1, 3])
def test_the_gaussian_listings_agree_in_other_dimensions(d):
    rng = np.random.default_rng(d)
    x = rng.standard_normal((30, d)) + np.repeat([[0.0], [2.0], [5.0]], 10, axis=0)
    start = (np.full(3, 1 / 3), x[[2, 12, 22]], np.array([np.eye(d)] * 3))
    loop = gmm_em_loop(x, *start, max_iter=3)
    same_fit(gmm_em_vectorised(x, *start, max_iter=3), loop)
    same_fit(gmm_em_einsum(x, *start, max_iter=3), loop)


# --- what chapter 11 and the appendix say in words ----------------------------------------------


def deaths_goal() -> np.ndarray:
    """(weight, mean, other mean) at the maximum for the days of deaths."""
    (weights, means) = ledger.poisson_end().params
    order = np.argsort(means)
    return np.array([weights[order[0]], *means[order]])


def deaths_informations(goal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What is observed, from second differences of the log-likelihood, and what is complete."""

    def value(v: np.ndarray) -> float:
        params = np.array([v[0], 1 - v[0]]), v[1:]
        return float(
            np.logaddexp.reduce(ledger.PoissonMixture().log_joint(x, params), axis=1).sum()
        )

    x, h = ledger.DEATHS, 1e-3 * np.eye(3)
    pairs = [[(goal + a + b, goal + a - b, goal - a + b, goal - a - b) for b in h] for a in h]
    bent = np.array(
        [[value(p) - value(q) - value(r) + value(s) for p, q, r, s in row] for row in pairs]
    )
    weights = np.array([goal[0], 1 - goal[0]])
    complete = len(x) * np.array([1 / weights.prod(), *(weights / goal[1:])])
    return -bent / 4e-6, np.diag(complete)


def test_slow_em_means_that_the_data_know_far_less_than_with_labels():
    goal = deaths_goal()
    observed, complete = deaths_informations(goal)
    errors, with_labels = (np.sqrt(np.diag(np.linalg.inv(i))) for i in (observed, complete))
    np.testing.assert_allclose(errors, [0.195, 0.350, 0.250], atol=6e-4)
    assert with_labels[0] == pytest.approx(0.014, abs=6e-4)
    rate = max(abs(np.linalg.eigvals(np.eye(3) - np.linalg.inv(complete) @ observed)))
    assert rate == pytest.approx(0.9957, abs=5e-5)
    assert rate / (1 - rate) == pytest.approx(230, abs=2)
    assert round(len(ledger.DEATHS) * (1 - rate)) == 5  # days with labels that would say as much
    assert np.log(0.1) / np.log(rate) == pytest.approx(530, abs=5)
    start = (np.array([0.3, 0.7]), np.array([1.0, 2.5]))
    usual = fit(ledger.PoissonMixture(), ledger.DEATHS, start)
    left = abs(np.array([usual.params[0][0], *usual.params[1]]) - goal)
    assert usual.converged
    assert (errors / left > 500).all()
    assert np.linalg.norm(left) == pytest.approx(7e-4, rel=0.05)


def test_a_hundred_times_the_deaths_change_no_step():
    start = (np.array([0.3, 0.7]), np.array([1.0, 2.5]))
    many = np.tile(ledger.DEATHS, 100)
    few, more = (
        [state.params for state in islice(em_steps(ledger.PoissonMixture(), x, start), 20)]
        for x in (ledger.DEATHS, many)
    )
    np.testing.assert_allclose(more, few, rtol=1e-9)


def test_the_later_iterations_and_not_the_first_shrink_the_error_of_the_deaths_by_0_9957():
    start = (np.array([0.3, 0.7]), np.array([1.0, 2.5]))
    states = islice(em_steps(ledger.PoissonMixture(), ledger.DEATHS, start), 2055)
    weight, higher, lower = ledger.poisson_limit()
    ways = [[*state.params[0], *state.params[1]] for state in states]
    errors = np.linalg.norm(np.delete(ways, 1, axis=1) - [1 - weight, lower, higher], axis=1)
    factors = errors[1:] / errors[:-1]
    assert factors[0] < 0.8
    np.testing.assert_allclose(factors[500:], 0.9957, atol=1e-4)


def test_averaged_parameters_climb_on_shuffled_halves_and_fall_on_the_other_cuts():
    model, rng = GaussianMixture(), np.random.default_rng(0)
    true = GaussianParams([0.5, 0.3, 0.2], [[0, 0], [3, 1], [-2, 4]], [np.eye(2)] * 3)
    x, _ = model.sample(true, 400, rng)
    in_order = x[np.argsort(x[:, 1])]

    def path(rows: np.ndarray, cut: int) -> np.ndarray:
        """The log-likelihood of all rows at the start and after ten iterations."""
        params = GaussianParams(
            [1 / 3] * 3, [[0.5, 0], [2, 2], [-1, 3]], [1.5 * np.eye(2) for _ in range(3)]
        )
        values = [log_likelihood(model, x, params)]
        for _ in range(10):
            pieces = np.split(rows, [cut])
            steps = [list(islice(em_steps(model, p, params), 2))[1].params for p in pieces]
            params = GaussianParams(
                *(
                    np.mean([getattr(step, name) for step in steps], axis=0)
                    for name in ("weights", "means", "covariances")
                )
            )
            values.append(log_likelihood(model, x, params))
        return np.diff(values)

    assert (path(x, 200) > 0).all()
    assert (path(x, 50) < -0.5).any()
    assert (path(in_order, 200) < -100).any()


def test_two_kinds_of_days_are_worth_their_parameters():
    x = ledger.DEATHS
    one = (np.ones(1), np.array([x.mean()]))
    values = np.array([fit(ledger.PoissonMixture(), x, one).log_likelihood, -1989.9459])
    bic = np.array([1, 3]) * np.log(len(x)) - 2 * values
    np.testing.assert_allclose(bic, [4009.8, 4000.9], atol=0.05)


def test_the_acceleration_s_example_asks_for_one_component():
    both = GaussianParams([0.5, 0.5], [[0, 0], [1.5, 0]], [np.eye(2)] * 2)
    x, _ = GaussianMixture().sample(both, 3000, np.random.default_rng(0))
    guess = GaussianParams([0.5, 0.5], [[-0.5, 0], [2, 0.5]], [np.eye(2)] * 2)
    two = fit(GaussianMixture(), x, guess, tol=1e-9, accelerate=True).log_likelihood
    one = fit(GaussianMixture(), x, GaussianParams([1], [[0, 0]], [np.eye(2)])).log_likelihood
    assert 5 * np.log(3000) - 2 * one < 11 * np.log(3000) - 2 * two


def test_the_appendix_says_of_bench_json_what_is_in_it():
    bench = json.loads((build.ROOT / "book/data/bench.json").read_text())
    plane = [row for row in bench["rows"] if row["d"] == 2]
    cost = {  # of a row and component, where there are enough of them
        way: [
            row["ms"] / row["ratios"][way] / row["n"] / row["k"]
            for row in plane
            if way in row["ratios"]
        ][-1]
        for way in ("loop", "vectorised")
    }
    ours = plane[-1]["ms"] / plane[-1]["n"] / plane[-1]["k"]
    assert cost["loop"] / ours > 1e4  # "more than ten thousand times slower"
    assert 1000 < cost["loop"] / cost["vectorised"] < 5000  # "more than a thousand times shorter"
    steep = [
        np.log(more["ms"] / less["ms"]) / np.log(more["d"] / less["d"])
        for less in bench["sweep"]
        for more in bench["sweep"]
        if less["d"] == 8 <= less["k"] and more["d"] > 8
        if (less["n"], less["k"]) == (more["n"], more["k"])
    ]
    assert steep
    assert all(1.2 < one < 1.75 for one in steep)  # "less than like d^2", once d and k are large
    missed = [(row["n"], row["d"], row["k"]) for row in bench["rows"] if row["missed"]]
    assert missed == [(1_000, 2, 2), (100_000, 8, 64)]
    below = [row for row in bench["sweep"] if row["ratios"]["the floor"] < 1]
    assert below
    assert all(row["way"] == "residuals" and row["k"] <= 3 and row["d"] >= 32 for row in below)
    assert all(10 * row["k"] <= row["d"] for row in below)  # "many columns and few components"
    cases = {row["case"]: row for row in bench["exactness"]}
    digits = {
        case: np.log10(row["median"]["scikit-learn"] / row["median"]["em_core"])
        for case, row in cases.items()
    }
    assert 3.3 < digits["offset 1e6"] < 4.5
    assert 1.4 < digits["condition 1e10, shared axes"] < 2
    past = [row["parameters over limit"]["worst"] > 1 for row in bench["exactness"]]
    assert sum(past) == 1
