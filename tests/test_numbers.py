"""Every published number to its last printed digit, and the listings that reach them."""

from __future__ import annotations

from itertools import islice

import ledger
import numpy as np
import pytest

from em_core import CoinMixture, CoinParams, GaussianMixture, GaussianParams, em_steps, fit
from em_core.listings import (
    coin_em,
    coin_em_loop,
    coin_em_vectorised,
    gmm_em_einsum,
    gmm_em_loop,
    gmm_em_vectorised,
)


@pytest.mark.parametrize(
    "entry", ledger.ENTRIES, ids=[f"{e.source}: {e.quantity}" for e in ledger.ENTRIES]
)
def test_a_published_number_is_reached(entry):
    assert entry.matches != entry.misprint


@pytest.mark.parametrize(
    "entry", [e for e in ledger.ENTRIES if e.misprint], ids=lambda e: e.quantity
)
def test_a_misprint_is_off_by_one_in_the_last_digit(entry):
    unit = 10.0 ** -len(entry.printed.partition(".")[2])
    assert abs(float(entry.printed) - float(entry.computed)) == pytest.approx(unit, rel=1e-3)


def test_no_entry_stands_twice():
    assert len({(e.source, e.quantity) for e in ledger.ENTRIES}) == len(ledger.ENTRIES)


def test_every_entry_has_its_row_on_the_page():
    sources = {e.source for e in ledger.ENTRIES}
    rows = sum(ledger.table(source).data.count("<tr><th scope=") for source in sources)
    assert rows == len(ledger.ENTRIES) + len(sources)  # a head row for each table


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
    x, start = ledger.gaussian_data()  # all of it: some ten seconds
    same_fit(gmm_em_loop(x, *arguments(start)), ledger.gaussian_listing())


@pytest.mark.parametrize("d", [1, 3])
def test_the_gaussian_listings_agree_in_other_dimensions(d):
    rng = np.random.default_rng(d)
    x = rng.standard_normal((30, d)) + np.repeat([[0.0], [2.0], [5.0]], 10, axis=0)
    start = (np.full(3, 1 / 3), x[[2, 12, 22]], np.array([np.eye(d)] * 3))
    loop = gmm_em_loop(x, *start, max_iter=3)
    same_fit(gmm_em_vectorised(x, *start, max_iter=3), loop)
    same_fit(gmm_em_einsum(x, *start, max_iter=3), loop)
