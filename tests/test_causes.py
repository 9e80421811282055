"""Why a fit collapsed: named alike by every way to fit, for any number of components."""

from __future__ import annotations

from collections import deque
from itertools import islice

import numpy as np
import pytest

from em_core import (
    Chunks,
    CoinMixture,
    CoinParams,
    CollapseError,
    FewRowsWarning,
    GaussianMixture,
    GaussianParams,
    em_steps,
    fit,
)

pytestmark = pytest.mark.shared_out


NOISE = np.random.default_rng(0).standard_normal((200, 2))
ONE, SHARED = GaussianMixture(), GaussianMixture(covariance="shared")
RESTART = "Restart from other parameters, or use fewer components"


class Own(GaussianMixture):
    """A subclass, which has no quick way."""


def last(states):
    """The last of a few thousand states."""
    return deque(islice(states, 3_000), maxlen=1)[0]


WAYS = {
    "em_steps": lambda model, x, start: last(em_steps(model, x, start)),
    "fit": lambda model, x, start: fit(model, x, start),
    "accelerated": lambda model, x, start: fit(model, x, start, accelerate=True),
    "by its methods": lambda model, x, start: fit(Own(model.covariance), x, start),
    "pieces": lambda model, x, start: fit(model, Chunks.of(x, 37), start),
}


def collapse(way, model, x, start) -> CollapseError:
    with pytest.raises(CollapseError) as error:
        WAYS[way](model, x, start)
    return error.value


def pooled(x, k) -> GaussianParams:
    """A start at the first rows, as wide as the data."""
    size = np.maximum(x.std(axis=0), 1.0) ** 2
    return GaussianParams(np.full(k, 1 / k), x[:k], [np.diag(size)] * k)


def outlier(columns):
    x = NOISE.copy()
    x[117, columns] = 1e15
    return x


FAULTY = {
    "a constant column": (np.c_[NOISE, np.full(200, 7.1)], "column 2 is constant."),
    "two of them": (np.c_[np.ones(200), NOISE, np.zeros(200)], "columns 0, 3 are constant."),
    "a copied column": (
        np.c_[NOISE, NOISE[:, 0]],
        "column 2 is, but for units, a copy of column 0",
    ),
    "in other units": (np.c_[NOISE, 32 - 1.8 * NOISE[:, 1]], "a copy of column 1."),
    "one-hot columns": (np.eye(3)[np.arange(200) % 3], "column 2 follows from columns 0, 1."),
    "a rare one-hot column": (
        np.c_[NOISE, np.arange(200) == 9, np.arange(200) != 9],
        "column 3 is, but for units, a copy of column 2",
    ),
    "a sum": (np.c_[NOISE, NOISE.sum(axis=1)], "column 2 follows from columns 0, 1."),
    "many": (np.tile(NOISE, 20), "column 4 is, but for units, a copy of column 0; and 35 more"),
    "no more rows than columns": (NOISE[:4] @ np.ones((2, 4)), "x has shape (4, 4): give"),
    "a code in each column": (outlier([0, 1]), "row 117 of x: 1e+15 in column 0, where others are"),
}


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("model", [ONE, SHARED], ids=["own", "shared"])
@pytest.mark.parametrize("name", FAULTY)
def test_what_is_wrong_with_the_data_is_named_and_no_component_is_blamed(name, model, way, k):
    x, words = FAULTY[name]
    start = pooled(x, k)
    error = collapse(way, model, x, start)
    assert words in str(error)
    assert "fewer components" not in str(error)
    assert len(str(error)) < 400
    if error.iteration == 0:
        assert error.params is None
    else:
        assert error.params.means.shape == start.means.shape


def test_a_code_for_missing_in_some_columns_is_named_beside_a_constant_one():
    x = np.c_[outlier([1]), np.ones(200)]
    error = collapse("fit", ONE, x, pooled(NOISE @ np.ones((2, 3)), 2))
    assert "Correct or leave out row 117 of x: 1e+15 in column 1" in str(error)
    assert "column 2 is constant" in str(error)


@pytest.mark.parametrize("way", WAYS)
def test_many_rows_with_a_code_are_counted(way):
    x = np.c_[NOISE, NOISE[::-1]]
    x[3::10] = 1e20
    said = str(collapse(way, ONE, x, pooled(x[:3], 2)))
    assert "leave out rows 3, 13, 23, 33, 43 and 15 more of x: 1e+20" in said


@pytest.mark.parametrize(
    "codes", [(1e15, 1e14), (-1e30, 1e28), (1e36, 9.97e36), (1e15, 1e13, -1e12)]
)
@pytest.mark.parametrize("way", WAYS)
def test_several_codes_are_named_together(way, codes):
    x = NOISE.copy()
    rows = [11, 117, 193][: len(codes)]
    x[rows, 0] = codes
    said = str(collapse(way, ONE, x, pooled(NOISE, 2)))
    assert f"leave out rows {', '.join(map(str, rows))} of x: {max(map(abs, codes)):.3g} in" in said


def test_long_tails_and_counts_hold_no_codes():
    tails = np.exp(4 * NOISE)
    for x in (tails, np.floor(tails), np.c_[np.eye(200)[0], NOISE]):
        said = str(collapse("fit", ONE, np.c_[x, np.ones(200)], pooled(np.c_[x, np.ones(200)], 1)))
        assert "leave out row" not in said
        assert "is constant" in said


WIDE, THIN = np.eye(2), 1e-4 * np.eye(2)
LINE = np.outer(np.linspace(0, 1, 20), (1, 2)) + 9
COMPONENTS = {
    "one row": (NOISE, NOISE[7], 1e-2 * THIN, "It has kept row 7, no more than d + 1 = 3 rows."),
    "copies": (np.r_[np.full((30, 2), 9.3), NOISE], [9.3, 9.3], THIN, "columns 0, 1 are constant"),
    "a line": (np.r_[LINE, NOISE], [9.5, 10], WIDE, "column 1 is, but for units, a copy of"),
    "no row": (NOISE, [1e6, 0], WIDE, "sum to nothing. No row is likely under it."),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", COMPONENTS)
def test_what_a_component_has_lost_is_named_with_its_last_parameters(name, way):
    x, mean, covariance, words = COMPONENTS[name]
    start = GaussianParams([0.5, 0.5], [[0, 0], mean], [WIDE, covariance])
    error = collapse(way, ONE, x, start)
    assert (error.component, words in str(error)) == (1, True), str(error)
    assert RESTART in str(error)
    before = fit(ONE, x, start, tol=0, max_iter=error.iteration - 1).params
    np.testing.assert_allclose(error.params.means, before.means, rtol=1e-6, atol=1e-9)


def test_the_m_step_alone_and_a_random_start_say_why():
    x, words = FAULTY["a constant column"]
    for call in (
        lambda: ONE.m_step(x, np.full((200, 2), 0.5), pooled(x, 2)),
        lambda: ONE.random_start(x, 2, np.random.default_rng(0)),
    ):
        with pytest.raises(CollapseError, match=words):
            call()


def test_a_start_too_narrow_for_the_datas_digits_says_so():
    x = NOISE + 1e14
    with pytest.raises(CollapseError, match="subtract the means of x, or start wider") as error:
        em_steps(ONE, x, pooled(x, 2))
    assert (error.value.iteration, error.value.params) == (0, None)


@pytest.mark.parametrize(
    "x", [[[5, 5], [9, 1]], Chunks([[[5, 5]], [[9, 1]]])], ids=["rows", "pieces"]
)
def test_a_coin_keeps_its_last_parameters_too(x):
    start = CoinParams([0.5, 0.0], [0.5, 0.5])
    with pytest.raises(CollapseError, match="No row is likely under it") as error:
        fit(CoinMixture(), x, start)
    np.testing.assert_array_equal(error.value.params.theta, start.theta)


# --- a component of few rows that has not collapsed -----------------------------------------------


@pytest.mark.parametrize("way", [way for way in WAYS if way != "em_steps"])
def test_a_component_that_has_kept_few_rows_is_a_warning(way):
    x = np.r_[NOISE, [[50, 50], [51, 50], [50, 51]]]
    start = GaussianParams([0.9, 0.1], [[0, 0], [50, 50]], [WIDE, WIDE])
    with pytest.warns(FewRowsWarning, match=r"^component 1 kept no more than d \+ 1 = 3 rows"):
        WAYS[way](ONE, x, start)


class Flat(Own):
    """Its parameters are one vector, as optimisers want them; its data are a pair."""

    def form(self, v):
        return GaussianParams(v[:2], v[2:6].reshape(2, 2), v[6:].reshape(2, 2, 2))

    def check(self, x, params):
        super().check(x[0], self.form(params))

    def log_joint(self, x, params):
        return super().log_joint(x[0], self.form(params))

    def m_step(self, x, responsibilities, params):
        found = super().m_step(x[0], responsibilities, self.form(params))
        return np.concatenate([np.ravel(getattr(found, name)) for name in found.__slots__])


class Pairs(Own):
    """Its data are a pair of columns."""

    def check(self, x, params):
        super().check(np.transpose(x), params)

    def log_joint(self, x, params):
        return super().log_joint(np.transpose(x), params)

    def m_step(self, x, responsibilities, params):
        return super().m_step(np.transpose(x), responsibilities, params)


class Switch:
    """A model of one's own, with a name that a model of the book has, and other parameters."""

    covariance = np.eye(2)

    def log_joint(self, x, params):
        return np.log(params[0]) + params[1] * x[:, np.newaxis]

    def m_step(self, x, responsibilities, params):
        return params


@pytest.mark.parametrize("case", ["flat", "pairs", "own"])
def test_few_rows_are_counted_whatever_data_and_parameters_look_like(case):
    """A warning would be an error."""
    start = pooled(NOISE, 2)
    vector = np.concatenate([np.ravel(getattr(start, name)) for name in start.__slots__])
    model, x, params = {
        "flat": (Flat(), (NOISE, "names"), vector),
        "pairs": (Pairs(), (NOISE[:, 0], NOISE[:, 1]), start),
        "own": (Switch(), NOISE[:, 0], (np.full(2, 0.5), np.ones(2))),
    }[case]
    assert fit(model, x, params, tol=1e-3).converged


def test_one_covariance_for_all_may_have_components_of_few_rows():
    x = np.r_[NOISE, [[50, 50], [51, 50], [50, 51]]]
    assert fit(SHARED, x, GaussianParams([0.9, 0.1], [[0, 0], [50, 50]], [WIDE, WIDE])).converged
