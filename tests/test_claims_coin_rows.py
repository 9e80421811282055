"""What chapter 20 says of coins in a row: pairs, steps, classes, zeros, and how many questions."""

from __future__ import annotations

from functools import cache
from itertools import combinations, islice

import coin_rows
import numpy as np
import pytest
from coin_rows import NAMES, PAIRS, PLEURA, Careful, CoinRows, Rows, both_yes, ordered, patterns
from scipy.special import xlogy

from em_core import (
    LikelihoodFellWarning,
    aic,
    bic,
    em_steps,
    fit,
    fit_restarts,
    free_parameters,
    responsibilities,
)

X, NUMBER = coin_rows.slides()
SHARES = NUMBER @ X / NUMBER.sum()
A, B, C, D, E, F, G = range(7)


@cache
def end(k, model=CoinRows):
    """The best of the chapter's five starts."""
    return fit_restarts(model(), X, k, starts=5, rng=1, row_weights=NUMBER)[0]


@cache
def best(k, model=CoinRows):
    return ordered(end(k, model).params)


def left_over(k):
    found = coin_rows.saw_both(X, NUMBER) - NUMBER.sum() * both_yes(best(k))
    return {NAMES[a] + NAMES[b]: value for (a, b), value in zip(PAIRS, found, strict=True)}


def drawn(seed, k, d):
    rng = np.random.default_rng(seed)
    return Rows(rng.dirichlet(np.full(k, 3.0)), rng.uniform(0.1, 0.9, (k, d)))


def chances(params):
    """How probable each pattern is."""
    return np.exp(CoinRows().log_joint(patterns(params.yes.shape[1]), params)).sum(axis=1)


# --- the verdicts ---------------------------------------------------------------------------------


def test_the_judges_differ_and_two_of_them_agree_on_more_slides_than_coins_would():
    assert (NUMBER.sum(), X.shape) == (118, (20, 7))
    np.testing.assert_array_equal(NUMBER @ X, [66, 79, 45, 32, 71, 25, 66])
    alike = (X[:, :1] == X).all(axis=1)
    assert NUMBER[alike].sum() == 50
    assert NUMBER[X[:, A] == X[:, B]].sum() == 99
    chance = SHARES[A] * SHARES[B] + (1 - SHARES[A]) * (1 - SHARES[B])
    assert round(118 * chance) == 61
    assert NUMBER[(X[:, D] == 1) & (X[:, F] == 1)].sum() == 19


@pytest.mark.parametrize("k", [2, 3])
def test_the_covariance_of_two_answers_is_that_of_the_classes_coins(k):
    params, every = drawn(k, k, 4), patterns(4)
    p = chances(params)
    mean = p @ every
    for a, b in combinations(range(4), 2):
        covariance = p @ ((every[:, a] - mean[a]) * (every[:, b] - mean[b]))
        apart = params.yes - mean
        assert covariance == pytest.approx(params.weights @ (apart[:, a] * apart[:, b]), rel=1e-9)
        if k == 2:
            steps = params.yes[0] - params.yes[1]
            assert covariance == pytest.approx(params.weights.prod() * steps[a] * steps[b])


def test_arguments_add_up_to_the_posterior():
    params = drawn(5, 2, 4)
    for row in patterns(4):
        given = np.where(row == 1, params.yes, 1 - params.yes)
        odds = np.log(params.weights[1] / params.weights[0]) + np.log(given[1] / given[0]).sum()
        r = responsibilities(CoinRows(), row[np.newaxis], params)[0]
        assert np.log(r[1] / r[0]) == pytest.approx(odds, rel=1e-9)


def test_each_m_step_meets_the_shares_of_yes_and_never_falls():
    start = CoinRows().random_start(X, 3, np.random.default_rng(0))
    states = list(islice(em_steps(CoinRows(), X, start, row_weights=NUMBER), 12))
    for state in states[1:]:
        np.testing.assert_allclose(state.params.weights @ state.params.yes, SHARES, rtol=1e-12)
    assert (np.diff([s.log_likelihood for s in states]) > 0).all()


# --- the fits -------------------------------------------------------------------------------------


def test_the_published_fits_are_reached():
    assert round(end(2).log_likelihood, 4) == -317.2568
    assert round(end(3).log_likelihood, 3) == -293.705
    np.testing.assert_allclose(best(3).weights, [0.3736, 0.1817, 0.4447], atol=5e-5)
    model, rows = CoinRows(), {"row_weights": NUMBER}
    assert aic(model, X, best(3), **rows) == pytest.approx(633.41, abs=0.005)
    assert bic(model, X, best(3), **rows) == pytest.approx(697.1357, abs=5e-5)
    for price in (aic, bic):
        assert min((1, 2, 3, 4), key=lambda k: price(model, X, best(k), **rows)) == 3
    assert [free_parameters(model, best(k)) for k in (1, 2, 3, 4)] == [7, 15, 23, 31]
    assert end(4).log_likelihood == pytest.approx(-289.2859, abs=1e-4)


def test_the_profiles_are_as_they_are_described():
    order = np.argsort(-SHARES, kind="stable")
    assert "".join(NAMES[q] for q in order) == "BEAGCDF"
    low, high = best(2).yes[:, order].round(2)
    np.testing.assert_allclose(low, [0.35, 0.22, 0.12, 0.12, 0, 0, 0], atol=0.006)
    assert high[:4].min() > 0.97
    np.testing.assert_allclose(high[4:], [0.76, 0.54, 0.42], atol=0.006)
    no, divided, yes = best(3).yes[:, order]
    assert no.max() < 0.145
    np.testing.assert_allclose(divided, [1, 0.75, 0.51, 0.63, 0, 0.06, 0], atol=0.006)
    assert yes[:4].min() > 0.98
    np.testing.assert_allclose(yes[4:], [0.86, 0.59, 0.48], atol=0.006)
    assert list((100 * best(2).weights).round()) == [50, 50]
    assert list((100 * best(3).weights).round()) == [37, 18, 44]


def test_three_classes_leave_one_pair_over_and_a_fourth_mends_it():
    one, two, three, four = (left_over(k) for k in (1, 2, 3, 4))
    assert 8 < min(one.values()) < max(one.values()) < 24
    assert max(one, key=one.get) == "EG"
    assert max(two, key=two.get) == "BE"
    assert two["BE"] == pytest.approx(6.5, abs=0.1)
    assert max(three, key=three.get) == "DF"
    assert 19 - three["DF"] == pytest.approx(14.7, abs=0.05)
    assert max(abs(v) for name, v in three.items() if name != "DF") < 1
    assert max(map(abs, four.values())) < 1
    parts = best(4)
    often = parts.yes[:, [A, E, G]].min(axis=1) > 0.99
    assert sorted(parts.yes[often][:, D].round(2)) == [0, 0.76]
    assert sorted(parts.yes[often][:, F].round(2)) == [0, 0.62]


def test_what_the_classes_say_of_a_slide():
    only_beg = np.isin(np.arange(7), [B, E, G]).astype(float)
    where = (only_beg == X).all(axis=1)
    assert NUMBER[where].sum() == 5
    assert responsibilities(CoinRows(), X[where], best(3))[0, 1] > 0.9999
    assert best(3).yes[2, F] == pytest.approx(0.48, abs=0.005)
    assert best(3).yes[:2, F].max() < 1e-4
    np.testing.assert_array_equal((118 * best(3).weights).round(), [44, 21, 52])


# --- zeros ----------------------------------------------------------------------------------------


def test_six_coins_are_zero_and_four_are_one():
    coins = best(3).yes
    assert (coins < 1e-4).sum() == 6
    assert (coins > 1 - 1e-4).sum() == 4
    assert coins[:2, C].max() < 1e-4 < 1 - 1e-4 < coins[2, A]  # C yes, A no: impossible


def test_half_a_yes_and_half_a_no_make_every_argument_finite():
    _, divided, mostly = best(3, Careful).yes
    yes, no = np.log(mostly / divided), np.log((1 - mostly) / (1 - divided))
    assert np.isfinite([yes, no]).all()
    assert max(abs(yes[B]), abs(no[B])) < 0.05
    assert set(np.argsort(no)[:2]) == {A, G}
    assert set(np.argsort(-yes)[:3]) == {C, D, F}
    assert np.delete(abs(np.array([yes, no])), [A], axis=1).max() < abs(no[A])  # the strongest
    assert abs(yes[A]) < abs(no[A])
    start = CoinRows().random_start(X, 3, np.random.default_rng(4))
    run = fit(Careful(), X, start, row_weights=NUMBER)
    assert (np.diff(run.log_posteriors) > -1e-9).all()


def test_what_a_turned_verdict_does():
    def shares(given):
        said = np.array([[float(answer) for answer in given]])
        return responsibilities(Careful(), said, best(3, Careful))[0].round(3)

    asked = np.array([1.0, 1, 0, 0, 1, 0, 1])
    assert NUMBER[(asked == X).all(axis=1)].sum() == 7
    assert list(shares("1100101")[1:]) == [0.718, 0.282]
    assert shares("0100101")[2] == 0.004
    assert shares("1110101")[2] == 0.983
    no, divided, mostly = shares("1000101")
    assert max(abs(divided - 0.718), abs(mostly - 0.282)) < 0.013 > no


# --- how many questions ---------------------------------------------------------------------------


def directions(k, d):
    """In how many directions of the parameters the patterns' chances change."""
    params = drawn(k + 10 * d, k, d)
    v = np.append(params.weights[:-1], params.yes.ravel())

    def at(v):
        weights = np.append(v[: k - 1], 1 - v[: k - 1].sum())
        return chances(Rows(weights, v[k - 1 :].reshape(k, d)))

    step = 1e-5
    slopes = [(at(v + step * e) - at(v - step * e)) / (2 * step) for e in np.eye(len(v))]
    sizes = np.linalg.svd(np.array(slopes), compute_uv=False)
    return int((sizes > 1e-7 * sizes[0]).sum())


@pytest.mark.parametrize(
    ("k", "d", "found"), [(2, 2, 3), (2, 3, 7), (3, 4, 13), (3, 5, 17), (4, 5, 23), (3, 7, 23)]
)
def test_what_the_answers_determine(k, d, found):
    assert directions(k, d) == found
    enough = d >= 2 * np.ceil(np.log2(k)) + 1
    assert (found == k - 1 + k * d) == enough


def ends_of(rows, counts):
    """Twelve fits, as in the chapter."""
    rng = np.random.default_rng(3)
    starts = [Rows(rng.dirichlet([1, 1]), rng.random((2, rows.shape[1]))) for _ in range(12)]
    return [fit(CoinRows(), rows, start, row_weights=counts) for start in starts]


def test_two_readers_determine_nothing_and_three_everything():
    films = PLEURA.reshape(4, 2).sum(axis=1)
    two = ends_of(patterns(2), films)
    classes = [ordered(end.params) for end in two]
    assert np.ptp([end.log_likelihood for end in two]) < 1e-6
    assert all(end.converged for end in two)
    places = np.array([params.yes[1] for params in classes])
    np.testing.assert_allclose([places.min(axis=0), places.max(axis=0)],
                               [[0.39, 0.53], [0.77, 0.84]], atol=0.01)  # fmt: skip
    shares = [params.weights[1] for params in classes]
    assert (round(100 * min(shares)), round(100 * max(shares))) == (4, 13)
    mean = films @ patterns(2) / films.sum()
    for params in classes:
        np.testing.assert_allclose(params.weights @ params.yes, mean, rtol=1e-9)
    three = [ordered(end.params).yes for end in ends_of(patterns(3), PLEURA)]
    assert np.ptp(three, axis=0).max() < 0.01


def test_three_questions_give_two_classes_without_em():
    n, every = PLEURA.sum(), patterns(3)
    p = PLEURA / n
    mean = p @ every
    apart = every - mean
    c = {(a, b): p @ (apart[:, a] * apart[:, b]) for a in range(3) for b in range(3)}
    skewed = p @ apart.prod(axis=1)
    ratio = skewed**2 / (c[0, 1] * c[0, 2] * c[1, 2])
    w = (1 - np.sqrt(1 - 4 / (4 + ratio))) / 2  # w (1 − w) = 1 / (4 + ratio)
    steps = [np.sqrt(c[a, b] * c[a, e] / c[b, e] / (w * (1 - w))) for a, b, e in
             [(0, 1, 2), (1, 0, 2), (2, 0, 1)]]  # fmt: skip
    assert skewed > 0  # the second class is the smaller one
    run = fit(CoinRows(), every, Rows(np.array([1 - w, w]), np.clip([mean - w * np.array(steps),
              mean + (1 - w) * np.array(steps)], 0, 1)), row_weights=PLEURA)  # fmt: skip
    assert run.iterations <= 2  # it is where EM ends
    np.testing.assert_allclose(chances(run.params), p, rtol=1e-6)  # all eight counts
    assert n == 1692
    assert run.log_likelihood == pytest.approx(-891.14280, abs=5e-6)
    printed = [[0.0100, 0.0354, 0.0109], [0.7490, 0.6434, 0.7650]]
    np.testing.assert_allclose(run.params.yes, printed, atol=1.5e-4)
    off = abs(run.params.yes - printed) > 5e-5
    assert off.sum() == 2  # "but for two last digits"
    np.testing.assert_allclose(run.params.weights, [0.9455, 0.0545], atol=5e-5)


# --- exercises ------------------------------------------------------------------------------------


def test_three_judges_by_hand():
    yes = np.array([[0.2, 0.2, 0.5], [0.8, 0.4, 0.5]])
    r = responsibilities(CoinRows(), np.array([[1.0, 0, 1]]), Rows(np.array([0.5, 0.5]), yes))
    assert r[0, 1] == pytest.approx(0.75)
    arguments = np.log([4, 3 / 4, 1])
    assert list(arguments.round(2)) == [1.39, -0.29, 0]
    assert arguments.sum() == pytest.approx(np.log(3))


def test_all_patterns_sum_to_one_unless_a_no_is_left_out():
    params = Rows(np.array([0.5, 0.5]), np.array([[0.3] * 7, [0.6] * 7]))
    assert chances(params).sum() == pytest.approx(1)
    only_yes = np.exp(np.log(params.weights) + patterns(7) @ np.log(params.yes).T)
    assert only_yes.sum() == pytest.approx((1.3**7 + 1.6**7) / 2) != 1


def test_without_the_no_fit_warns_and_nothing_else():
    class OnlyYes(CoinRows):
        def log_joint(self, x, params):
            return np.log(params.weights) + xlogy(x[:, np.newaxis], params.yes).sum(axis=2)

    start = Rows(np.array([0.5, 0.5]), np.array([[0.3] * 7, [0.6] * 7]))
    with pytest.warns(LikelihoodFellWarning, match="fell"):
        fit(OnlyYes(), X, start, row_weights=NUMBER)
