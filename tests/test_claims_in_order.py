"""What chapter 18 says of chains: the order's worth, the tables, four states, memory, the diary."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from itertools import groupby, islice, product

import build
import in_order
import nbformat
import numpy as np
import pytest
from in_order import Chain, PoissonChain, forward_backward, start_at
from ledger import PoissonMixture
from scipy.stats import norm, poisson

from em_core import GaussianMixture, GaussianParams, em_steps, fit, responsibilities

NOTEBOOK = nbformat.read(build.ROOT / "book/18_in_order.ipynb", as_version=4)
YEARS, X = in_order.earthquakes()
FAITHFUL = np.loadtxt(build.ROOT / "book/data/faithful.csv", delimiter=",", skiprows=1)


def defined(name: str):
    """A class of the chapter, executed as it stands there."""
    (found,) = (c.source for c in NOTEBOOK.cells if f"class {name}(" in c.source)
    cell = ast.parse(found)
    cell.body = [node for node in cell.body if isinstance(node, ast.ClassDef)]
    scope = vars(in_order) | {"dataclass": dataclass, "norm": norm, "__name__": "chapter"}
    exec(compile(cell, "chapter", "exec"), scope)
    return scope


@cache
def chain_run(means, stay):
    """Fifty iterations."""
    return list(islice(em_steps(PoissonChain(), X, start_at(means, stay)), 51))


def best_chain(k):
    """The highest log-likelihood that is known."""
    start = {2: ((10, 30), 0.9), 3: ((10, 20, 30), 0.8), 4: ((10, 13, 20, 32), 0.85)}[k]
    return chain_run(*start)[-1].log_likelihood


@cache
def three():
    return next(islice(em_steps(PoissonChain(), X, start_at([10, 20, 25], 0.8)), 49, None))


# --- the order ------------------------------------------------------------------------------------


def test_after_a_short_eruption_a_long_one_follows():
    short = FAITHFUL[:, 0] < 3
    before, after = short[:-1], short[1:]
    assert (~after[before]).mean() == pytest.approx(0.94, abs=0.005)
    assert (~after[~before]).mean() < 0.5
    assert len(FAITHFUL) == 272


def test_two_passes_give_what_all_paths_give():
    rng = np.random.default_rng(0)
    k, n = 3, 5
    p, start = rng.random((n, k)), rng.dirichlet(np.ones(k))
    moves = rng.dirichlet(np.ones(k), k)
    (states, pairs), log_likelihood = forward_backward(p, start, moves)
    whole, each, both = 0.0, np.zeros((n, k)), np.zeros((n - 1, k, k))
    for path in product(range(k), repeat=n):
        z = np.array(path)
        joint = start[z[0]] * moves[z[:-1], z[1:]].prod() * p[np.arange(n), z].prod()
        whole += joint
        each[np.arange(n), z] += joint
        both[np.arange(n - 1), z[:-1], z[1:]] += joint
    assert log_likelihood == pytest.approx(np.log(whole), rel=1e-12)
    np.testing.assert_allclose(states, each / whole, rtol=1e-12)
    np.testing.assert_allclose(pairs, both / whole, rtol=1e-12)


def test_where_all_rows_are_equal_the_chain_is_a_mixture():
    weights, means = np.array([0.3, 0.7]), np.array([12.0, 24.0])
    (states, _), value = PoissonChain().e_step(X, Chain(weights, np.array([weights] * 2), means))
    joint = weights * poisson.pmf(X[:, None], means)
    np.testing.assert_allclose(states, joint / joint.sum(axis=1, keepdims=True), rtol=1e-12)
    assert value == pytest.approx(np.log(joint.sum(axis=1)).sum(), rel=1e-12)


def test_there_are_too_many_paths_and_too_small_joint_probabilities():
    assert 2.0 ** len(X) == pytest.approx(1.6e32, rel=0.02)
    a_year = three().log_likelihood / len(X)
    assert np.exp(-a_year) == pytest.approx(20, abs=2)  # "a factor of about twenty a year"
    assert np.log(5e-324) / a_year == pytest.approx(240, abs=5)  # "some 240 years"


# --- the earthquakes ------------------------------------------------------------------------------


TABLE_2 = """
0 .100000 .10000 10.000 30.000 .50000 -413.27542
1 .138816 .11622 13.742 24.169 .99963 -343.76023
2 .115510 .10079 14.090 24.061 1.00000 -343.13618
30 .071653 .11895 15.419 26.014 1.00000 -341.87871
50 .071626 .11903 15.421 26.018 1.00000 -341.87870
"""
TABLE_3 = """
0 10.000 20.000 30.000 .33333 .33333 -342.90781
1 11.699 19.030 29.741 .92471 .07487 -332.12143
2 12.265 19.078 29.581 .99588 .00412 -330.63689
30 13.134 19.713 29.710 1.00000 .00000 -328.52748
"""
RUN_OF_49 = """
13.13376 19.71316 29.70972
.9392939 .03209847 .02860765 .04040172 .90643612 .05316216 0 .19025585 .80974415
"""


def rounded_as(printed, value):
    """Whether a number is what was printed, to its last digit."""
    decimals = len(printed.partition(".")[2])
    return f"{value:.{decimals}f}" == f"{float(printed):.{decimals}f}"


def test_the_tables_of_zucchini_and_macdonald_are_reached_to_the_last_digit():
    for t, *printed in map(str.split, TABLE_2.strip().splitlines()):
        state = chain_run((10, 30), 0.9)[int(t)]
        moves, means, start = state.params.moves, state.params.means, state.params.start
        values = [moves[0, 1], moves[1, 0], *means, start[0], state.log_likelihood]
        assert all(map(rounded_as, printed, values))
    for t, *printed in map(str.split, TABLE_3.strip().splitlines()):
        state = chain_run((10, 20, 30), 0.8)[int(t)]
        values = [*state.params.means, *state.params.start[:2], state.log_likelihood]
        assert all(map(rounded_as, printed, values))


def test_the_run_of_49_iterations_is_reached_to_the_last_digit():
    means, moves = map(str.split, RUN_OF_49.strip().splitlines())
    params = three().params
    assert all(map(rounded_as, means, params.means))
    assert all(map(rounded_as, moves, params.moves.ravel()))
    assert f"{params.moves[2, 0]:.6e}" == "2.113508e-32"
    assert [f"{value:.6e}" for value in params.start[1:]] == ["3.977303e-84", "2.817232e-235"]
    direct = np.array([13.13374, 19.71312, 29.70964])
    assert (abs(direct / params.means - 1) < 5e-6).all()  # "to five digits"
    assert (abs(direct - params.means) > 1e-5).all()


def test_the_century_has_the_stretches_that_are_told():
    states = three().posterior[0]
    stretches = [(state, len(list(run))) for state, run in groupby(states.argmax(axis=1))]
    ends = YEARS[0] + np.cumsum([length for _, length in stretches]) - 1
    busy = [
        (end - n + 1, end) for end, (state, n) in zip(ends, stretches, strict=True) if state == 2
    ]
    assert busy == [(1905, 1911), (1941, 1950), (1968, 1970)]
    assert stretches[-1] == (0, 27)  # since 1980
    assert (states.max(axis=1) > 0.9).mean() == pytest.approx(0.75, abs=0.03)
    doubt = states[np.isin(YEARS, [1911, 1941])].max(axis=1)
    assert (doubt < 0.55).all()
    lasts = 1 / (1 - np.diag(three().params.moves))
    assert lasts.round().tolist() == [16, 11, 5]


def test_the_order_is_worth_fifteen_units():
    mixed = fit(PoissonMixture(), X, (np.full(3, 1 / 3), np.array([10.0, 20.0, 25.0])))
    assert rounded_as("-356.8489", mixed.log_likelihood)
    assert best_chain(2) - mixed.log_likelihood == pytest.approx(15, abs=0.1)
    assert rounded_as("-341.8787", best_chain(2))
    assert rounded_as("-328.5275", best_chain(3))
    bic = {k: p * np.log(len(X)) - 2 * best_chain(k) for k, p in ((2, 5), (3, 11), (4, 19))}
    aic = {k: 2 * p - 2 * best_chain(k) for k, p in ((2, 5), (3, 11), (4, 19))}
    assert sorted(bic, key=bic.get) == [2, 3, 4]
    assert bic[3] - bic[2] == pytest.approx(1.3, abs=0.05)
    assert min(aic, key=aic.get) == 3


def test_five_starts_of_four_states_end_at_five_maxima_three_above_the_print():
    starts = [[10, 15, 20, 30], [10, 13, 20, 32], [9, 16, 23, 30], [10, 12, 14, 30]]
    starts += [[5, 15, 25, 35]]
    fits = [fit(PoissonChain(), X, start_at(means, 0.85), tol=1e-6) for means in starts]
    values = np.array([found.log_likelihood for found in fits])
    assert len(set(values.round(2))) == 5
    assert (values > -326.6749).sum() == 3
    assert values[0] == pytest.approx(-326.4635, abs=1e-4)
    assert values.max() == values[1] == pytest.approx(-326.2850, abs=1e-4)
    best = fits[1].params
    assert best.moves[1, 1] == pytest.approx(1, abs=1e-6)
    assert best.means[1] < 15  # "one of the two quiet states"
    states = PoissonChain().e_step(X, best)[0][0]
    assert YEARS[states[:, 1] > 0.5][0] == pytest.approx(1980, abs=2)
    assert (states[YEARS > 1982, 1] > 0.5).all()


def test_the_leaky_m_step_rises_to_a_lower_place():
    leaky = defined("Leaky")["Leaky"]()
    run = list(islice(em_steps(leaky, X, start_at([10, 30], 0.9)), 31))
    values = [state.log_likelihood for state in run]
    assert (np.diff(values) > 0).all()
    assert chain_run((10, 30), 0.9)[30].log_likelihood - values[-1] > 0.99
    sums = run[-1].params.moves.sum(axis=1)
    assert sums[0] < 0.99
    assert sums[1] == pytest.approx(1, abs=1e-4)


# --- memory ---------------------------------------------------------------------------------------


def test_old_faithful_with_memory():
    scope = defined("GaussianChain")
    waits, plain = FAITHFUL[:, 1], start_at([55, 80], 0.5)
    start = scope["WideChain"](plain.start, plain.moves, plain.means, np.array([6.0, 6.0]))
    chain = scope["GaussianChain"]()
    found = fit(chain, waits, start)
    assert (np.diff(found.log_likelihoods) > -1e-9).all()
    mixed = GaussianParams([0.4, 0.6], [[55], [80]], [[[36]], [[36]]])
    mixed = fit(GaussianMixture(), waits[:, None], mixed)
    assert mixed.params.weights[1] == pytest.approx(0.64, abs=0.005)
    assert found.log_likelihood - mixed.log_likelihood == pytest.approx(37, abs=0.5)
    assert waits[227:230].tolist() == [78, 70, 79]
    alone = responsibilities(GaussianMixture(), waits[:, None], mixed.params)[228, 1]
    assert alone == pytest.approx(0.93, abs=0.005)
    assert chain.e_step(waits, found.params)[0][0][228, 0] > 0.5
    (_, to_long), (to_short, stays) = found.params.moves
    assert to_short * to_long / stays**2 == pytest.approx(3, abs=0.2)


# --- the diary ------------------------------------------------------------------------------------


def test_one_day_moves_every_posterior_and_each_the_less_the_farther_it_is():
    days = in_order.diary()
    assert len(days) == 33
    for day, eaten in product(range(33), (1, 2, 3)):
        if eaten != days[day]:
            changed = np.r_[days[:day], eaten, days[day + 1 :]]
            moved = abs(in_order.hot(changed) - in_order.hot(days))
            assert (moved > 0).all()
            assert (np.diff(moved[day:]) < 0).all()
            assert (np.diff(moved[: day + 1]) > 0).all()


def test_two_days_by_hand():
    moves = np.array([[0.8, 0.2], [0.2, 0.8]])
    p = in_order.EATEN.T[[1, 2]]
    (states, _), value = forward_backward(p, np.array([0.5, 0.5]), moves)
    assert np.exp(value) == pytest.approx(0.08)
    assert states[0, 1] == pytest.approx(0.725)
