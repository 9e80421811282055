"""What is refused, and what the error says: the argument's name, what was wrong, what is right."""

from __future__ import annotations

import copy
import pickle
import re
import warnings
from collections import deque
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import islice

import dask
import dask.array as da
import numpy as np
import pytest

from em_core import (
    Chunks,
    CoinMixture,
    CoinParams,
    CollapsedStartsWarning,
    CollapseError,
    GaussianMixture,
    GaussianParams,
    NotConvergedWarning,
    ZeroProbabilityError,
    em_steps,
    fit,
    fit_restarts,
    lower_bound,
    tables,
)
from em_core.em import e_step

pytestmark = pytest.mark.shared_out


COINS, GAUSSIANS = CoinMixture(), GaussianMixture()
TOSSES = [[5, 5], [9, 1], [8, 2]]
POINTS = np.random.default_rng(0).standard_normal((30, 2))
COIN_PARAMS = CoinParams([0.6, 0.5], [0.5, 0.5])
GAUSSIAN_PARAMS = GaussianParams([0.5, 0.5], [[0.0, 0.0], [1.0, 1.0]], [np.eye(2)] * 2)
HALF = np.full((3, 2), 0.5)


def rng():
    return np.random.default_rng(0)


def refused(call, *words):
    """A ValueError that holds all these words, in their order."""
    with pytest.raises(ValueError, match=".*".join(re.escape(word) for word in words)):
        call()


# --- data ------------------------------------------------------------------------------------

BAD_ARRAYS = {
    "a dict": ({"heads": 3}, "not an array of numbers"),
    "nothing": (None, "has shape ()"),
    "text": ("abc", "not an array of numbers ('abc'"),
    "digits as text": ([["1", "2"]], "not an array of numbers ('1' at [0, 0])"),
    "a name among numbers": ([[1, 2], [3, "n/a"]], "not an array of numbers ('n/a' at [1, 1])"),
    "a column of text": (
        np.array([[1.5, "setosa"], [2.5, "virginica"]], dtype=object),
        "not an array of numbers ('setosa' at [0, 1]); expected shape",
    ),
    "ragged rows": ([[1, 2], [3]], "not an array of numbers"),
    "complex numbers": ([[1j, 2]], "not an array of numbers"),
    "dates": (np.array([["2020-01-01"] * 2], dtype="M8[D]"), "not an array of numbers"),
    "masked values": (
        np.ma.array([[1.0, 2.0]], mask=[[0, 1]]),
        "not an array of numbers (values are masked)",
    ),
    "a huge int": ([[10**400, 1]], "not an array of numbers"),
    "one row alone": ([1, 2], "has shape (2,)"),
    "three dimensions": (np.ones((2, 2, 2)), "has shape (2, 2, 2)"),
    "no rows": (np.empty((0, 2)), "is empty"),
    "no columns": (np.empty((3, 0)), "is empty"),
    "NaN": ([[1.0, np.nan]], "NaN or infinity"),
    "infinity": ([[1.0, np.inf]], "NaN or infinity"),
}


def disguised(values):
    """Numbers, written as what numpy would make numbers of by leaving something out."""
    array = np.array(values)
    some = np.zeros(array.shape, dtype=bool)
    some[..., -1] = True
    one = array.astype(object)
    text, date, span, imaginary = one.copy(), one.copy(), one.copy(), one.copy()
    text[..., -1], date[..., -1], span[..., -1] = "1_0", np.datetime64("2020-01-01"), timedelta(1)
    imaginary[..., -1] += 0j
    numpys, bytes_ = one.copy(), one.copy()
    numpys[..., -1], bytes_[..., -1] = np.timedelta64(1, "s"), b"1"
    rows = [np.ma.array(row, mask=hide) for row, hide in zip(array, some, strict=True)]
    with_constant = array.tolist()
    (with_constant[0] if array.ndim > 1 else with_constant)[-1] = np.ma.masked
    deeper = [rows] if array.ndim > 2 else rows
    return {
        "text": array.astype(str),
        "text in a list": array.astype(str).tolist(),
        "bytes": array.astype("S"),
        "text among numbers": text,
        "bytes among numbers": bytes_,
        "dates": array.astype("M8[s]"),
        "a date among numbers": date,
        "spans of time": array.astype("m8[s]"),
        "numpy's span among numbers": numpys,
        "a span among numbers": span,
        "complex": array + 0j,
        "complex in a list": (array + 0j).tolist(),
        "complex among numbers": imaginary,
        "masked": np.ma.array(array, mask=some),
        "all masked": np.ma.array(array, mask=True),
        "masked in a list": deeper,
        "masked in a tuple": tuple(deeper),
        "masked in a deque": deque(deeper),
        "the masked constant": with_constant,
    }


KINDS = sorted(disguised([[1, 2]]))
BAD_COUNTS = {
    "three columns": ([[1, 2, 3]], "has shape (1, 3); expected (m, 2)"),
    "a negative count": ([[1, 2], [-1, 2]], "no whole numbers from 0 to 2**53 in row 1"),
    "half a toss": ([[1, 2], [0.5, 2]], "no whole numbers from 0 to 2**53 in row 1"),
    "no toss": ([[0, 0], [0, 0]], "at least one toss"),
    "too many tosses": ([[1e300, 1]], "whole numbers from 0 to 2**53"),
}
BAD_POINTS = {
    "another d": (np.ones((4, 3)), "has shape (4, 3); expected (n, 2)"),
    "too large": (np.abs(POINTS) * 1e200, "at [0, 0] is too large; omit it or rescale x"),
    "the largest": (
        np.r_[POINTS, [[0, -np.finfo(float).max]]],
        "-1.8e+308 at [30, 1] is too large",
    ),
}


def users_of(model, params, n):
    """Every way in which data reach a model together with parameters."""
    r = np.full((n, 2), 0.5)
    return {
        "check": lambda x: model.check(x, params),
        "log_joint": lambda x: model.log_joint(x, params),
        "m_step": lambda x: model.m_step(x, r, params),
        "em_steps": lambda x: em_steps(model, x, params),
        "fit": lambda x: fit(model, x, params),
        "lower_bound": lambda x: lower_bound(model, x, params, r),
    }


def starters_of(model):
    return {
        "random_start": lambda x: model.random_start(x, 2, rng()),
        "fit_restarts": lambda x: fit_restarts(model, x, 2, starts=2, rng=rng()),
    }


COIN_USERS = users_of(COINS, COIN_PARAMS, 3) | starters_of(COINS)
GAUSSIAN_USERS = users_of(GAUSSIANS, GAUSSIAN_PARAMS, 30)
over = pytest.mark.parametrize


@over("data", BAD_ARRAYS | BAD_COUNTS)
@over("user", COIN_USERS)
def test_bad_counts_are_refused(user, data):
    x, words = (BAD_ARRAYS | BAD_COUNTS)[data]
    refused(lambda: COIN_USERS[user](x), "x:", words)


@over("data", BAD_ARRAYS | BAD_POINTS)
@over("user", GAUSSIAN_USERS)
def test_bad_points_are_refused(user, data):
    x, words = (BAD_ARRAYS | BAD_POINTS)[data]
    refused(lambda: GAUSSIAN_USERS[user](x), "x:", words)


@over("data", BAD_ARRAYS)
@over("user", starters_of(GAUSSIANS))
def test_bad_points_are_refused_by_starters(user, data):
    x, words = BAD_ARRAYS[data]
    refused(lambda: starters_of(GAUSSIANS)[user](x), "x:", words)


class Conversion:
    """What is no array before it is asked for one."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return self.array


MASKED = np.ma.masked_greater(POINTS, 1)
LATE = {
    "dask": da.from_array(MASKED, chunks=10),
    "conversion": Conversion(MASKED),
    "conversions": [Conversion(row) for row in MASKED],
}


@pytest.fixture
def here():
    """Dask's threads would outlive the test."""
    with dask.config.set(scheduler="synchronous"):
        yield


@pytest.mark.usefixtures("here")
@over("kind", LATE)
@over("user", GAUSSIAN_USERS | starters_of(GAUSSIANS))
def test_a_mask_is_seen_wherever_it_comes_from(user, kind):
    calls = GAUSSIAN_USERS | starters_of(GAUSSIANS)
    refused(lambda: calls[user](LATE[kind]), "x: not an array of numbers")
    n = len(POINTS)
    weights, covariances = np.full(n, 1 / n), [EYE] * n
    refused(lambda: GaussianParams(weights, LATE[kind], covariances), "means: not an array")


@pytest.mark.usefixtures("here")
def test_dasks_array_and_a_buffer_are_arrays():
    for x in (da.from_array(POINTS, chunks=10), memoryview(POINTS), Conversion(POINTS)):
        one, other = (fit(GAUSSIANS, given, GAUSSIAN_PARAMS) for given in (x, POINTS))
        assert one.log_likelihood == other.log_likelihood


class NAType:
    """As pandas's own, which is no number."""

    def __float__(self):
        raise TypeError("float() argument must be a string or a real number, not 'NAType'")


MISSING = {"NaN": np.nan, "None": None, "pandas.NA": NAType()}


@over("value", MISSING)
@over("user", GAUSSIAN_USERS | starters_of(GAUSSIANS))
def test_a_missing_value_is_named_by_its_row(user, value):
    x = POINTS.astype(object)
    x[7, 1] = MISSING[value]
    calls = GAUSSIAN_USERS | starters_of(GAUSSIANS)
    refused(lambda: calls[user](x), "x: holds NaN or infinity, or misses a value, in row 7; every")


def test_many_missing_values_are_counted():
    x = np.array(POINTS)
    x[::2] = np.nan
    refused(lambda: GAUSSIANS.check(x, GAUSSIAN_PARAMS), "in rows 0, 2, 4, 6, 8 and 10 more;")


LONG = np.linspace(0, 2, 100_000)


@over(
    "call",
    [
        lambda: CoinParams(LONG, np.full(len(LONG), 1 / len(LONG))),
        lambda: CoinParams(LONG / 2, LONG),
        lambda: CoinParams(LONG * np.nan, LONG),
        lambda: COINS.check(np.full((9_999, 2), np.inf), COIN_PARAMS),
        lambda: fit(LONG.tolist(), TOSSES, COIN_PARAMS),
        lambda: fit(COINS, TOSSES, COIN_PARAMS, tol=LONG.tolist()),
        lambda: fit(COINS, TOSSES, COIN_PARAMS, tol=-(10**4000)),
        lambda: fit(COINS, TOSSES, COIN_PARAMS, max_iter=10**4000),
        lambda: fit(COINS, TOSSES, COIN_PARAMS, accelerate=LONG.tolist()),
        lambda: fit(COINS, TOSSES, COIN_PARAMS, progress=LONG.tolist()),
        lambda: fit_restarts(COINS, TOSSES, 2, starts=1, rng=LONG.tolist()),
        lambda: CoinMixture(fit_weights="no" * 1000),
    ],
)
def test_a_message_is_short_whatever_the_input(call):
    with pytest.raises(ValueError, match=":") as error:
        call()
    assert len(str(error.value)) < 220


@over("progress", [1, "bar", 0.5])
def test_bad_progress_is_refused(progress):
    refused(
        lambda: fit(COINS, TOSSES, COIN_PARAMS, progress=progress),
        "progress:",
        "True or False, or a function",
    )


def test_the_loop_refuses_before_its_first_step():
    refused(lambda: em_steps(COINS, [[-1, 2]], COIN_PARAMS), "x:")  # nothing was drawn from it


# --- parameters --------------------------------------------------------------------------------


@over(
    ("theta", "weights", "words"),
    [
        ([1.1, 0.5], [0.5, 0.5], "theta: [1.1, 0.5] must lie in [0, 1]"),
        ([-0.1, 0.5], [0.5, 0.5], "theta:"),
        ([np.nan, 0.5], [0.5, 0.5], "theta: holds NaN"),
        (0.5, [1.0], "theta: has shape ()"),
        ([[0.5]], [1.0], "theta: has shape (1, 1); expected (k,)"),
        ([], [], "theta: is empty"),
        ({}, [1.0], "theta: not an array"),
        ([0.5, 0.5], [1.0], "weights: has shape (1,); expected (2,)"),
        ([0.5, 0.5], [0.5, 0.6], "weights: [0.5, 0.6] must be at least 0 and sum to 1, not 1.1"),
        ([0.5, 0.5], [1.5, -0.5], "weights:"),
        ([0.5], [np.inf], "weights: holds NaN or infinity"),
    ],
)
def test_bad_coin_params_are_refused(theta, weights, words):
    refused(lambda: CoinParams(theta, weights), words)


EYE = np.eye(2)


@over(
    ("weights", "means", "covariances", "words"),
    [
        ([0.5, 0.6], [[0, 0]] * 2, [EYE] * 2, "weights:"),
        ([1.0], [0, 0], [EYE], "means: has shape (2,); expected (1, d)"),
        ([1.0], [[0, 0]] * 2, [EYE] * 2, "means: has shape (2, 2); expected (1, d)"),
        ([1.0], [[0, 0]], EYE, "covariances: has shape (2, 2); expected (1, 2, 2)"),
        ([1.0], [[0, 0]], [np.eye(3)], "covariances: has shape (1, 3, 3); expected (1, 2, 2)"),
        ([1.0], [[0, np.nan]], [EYE], "means: holds NaN"),
        ([0.5, 0.5], [[0, 0]] * 2, [EYE, [[1, 0.5], [0.4, 1]]], "matrix 1 is not symmetric"),
        ([1.0], [[0, 0]], [[[1, 1], [1, 1]]], "matrix 0 is not positive definite"),
        ([1.0], [[0, 0]], [[[1, 2], [2, 1]]], "matrix 0 is not positive definite"),
        ([1.0], [[0, 0]], [[[1, 0], [0, -1]]], "matrix 0 is not positive definite"),
        ([1.0], [[0]], [[[0]]], "matrix 0 is not positive definite"),
    ],
)
def test_bad_gaussian_params_are_refused(weights, means, covariances, words):
    refused(lambda: GaussianParams(weights, means, covariances), words)


@over("scale", [1e-200, 1e-8, 1e8, 1e200])
def test_covariances_of_any_scale_are_taken(scale):
    GaussianParams([1.0], [[0, 0]], [[[scale, 0.5 * scale], [0.5 * scale, scale]]])


@over("user", sorted(COIN_USERS.keys() & users_of(COINS, None, 3).keys()))
@over("params", [None, ([0.5], [1.0]), GAUSSIAN_PARAMS], ids=["None", "tuple", "of the other"])
def test_params_of_another_kind_are_refused(user, params):
    call = users_of(COINS, params, 3)[user]
    refused(lambda: call(TOSSES), "params:", "this model needs CoinParams")


@over("user", GAUSSIAN_USERS)
def test_coin_params_are_refused_by_gaussians(user):
    call = users_of(GAUSSIANS, COIN_PARAMS, 30)[user]
    refused(lambda: call(POINTS), "params: is a CoinParams; this model needs GaussianParams")


@over("flag", ["full", 1, None])
def test_flags_are_true_or_false(flag):
    refused(lambda: CoinMixture(fit_weights=flag), "fit_weights:", "True or False")


@over("kind", ["tied", True, None, 2, np.array(["full"])])
def test_kinds_of_covariance_are_four(kind):
    words = "must be one of full, shared, diagonal, spherical"
    refused(lambda: GaussianMixture(covariance=kind), "covariance:", words)


# --- responsibilities ----------------------------------------------------------------------------


@over(
    ("responsibilities", "words"),
    [
        (HALF[:2], "has shape (2, 2); expected (3, 2)"),
        (np.ones((3, 1)), "has shape (3, 1); expected (3, 2)"),
        (HALF[0], "has shape (2,)"),
        (HALF + np.array([1, -1]), "must be at least 0"),
        (HALF * np.nan, "holds NaN"),
    ],
)
@over("call", [COINS.m_step, "lower_bound"], ids=["m_step", "lower_bound"])
def test_bad_responsibilities_are_refused(call, responsibilities, words):
    def user():
        if call == "lower_bound":
            return lower_bound(COINS, TOSSES, COIN_PARAMS, responsibilities)
        return call(TOSSES, responsibilities, COIN_PARAMS)

    refused(user, "responsibilities:", words)


@over(
    ("responsibilities", "row"),
    [(HALF * [[1], [2], [1]], "row 1"), (HALF + np.array([1, -1]), "rows 0, 1, 2")],
)
def test_the_bound_is_for_distributions(responsibilities, row):
    """An M-step is not: with weights of rows, their responsibilities sum to these."""
    words = f"each row must be at least 0 and sum to 1, not {row}"
    refused(
        lambda: lower_bound(COINS, TOSSES, COIN_PARAMS, responsibilities),
        "responsibilities:",
        words,
    )


# --- what passes for numbers ----------------------------------------------------------------------

ONES = np.ones((2, 2))
# Every array that em_core takes: a good one, and what takes it.
ARRAYS = {
    "coins' x": ("x", TOSSES, lambda v: COINS.check(v, COIN_PARAMS)),
    "a piece": ("chunk 0 of x", TOSSES, lambda v: fit(COINS, Chunks([v]), COIN_PARAMS)),
    "gaussians' x": ("x", TOSSES, lambda v: GAUSSIANS.check(v, GAUSSIAN_PARAMS)),
    "a gaussian piece": ("chunk 0 of x", TOSSES, lambda v: fit(GAUSSIANS, Chunks([v]), START)),
    "a random start's x": ("x", TOSSES, lambda v: GAUSSIANS.random_start(v, 1, rng())),
    "expected counts": ("x", TOSSES, lambda v: tables.expected_counts(v, HALF)),
    "binomials": ("x", TOSSES, tables.log_binomials),
    "theta": ("theta", [1, 0], lambda v: CoinParams(v, [0.5, 0.5])),
    "coins' weights": ("weights", [1, 0], lambda v: CoinParams([0.6, 0.5], v)),
    "weights": ("weights", [1, 0], lambda v: GaussianParams(v, ONES, [EYE] * 2)),
    "means": ("means", ONES, lambda v: GaussianParams([0.5, 0.5], v, [EYE] * 2)),
    "covariances": ("covariances", [EYE] * 2, lambda v: GaussianParams([0.5, 0.5], ONES, v)),
    "responsibilities": ("responsibilities", [[1, 0]] * 3, lambda v: COINS.m_step(TOSSES, v, FAIR)),
    "the bound's": (
        "responsibilities",
        [[1, 0]] * 3,
        lambda v: lower_bound(COINS, TOSSES, FAIR, v),
    ),
    "a log-joint": ("log_joint", [[0, -1]] * 3, lambda v: e_step(v)),
    "a model's log-joint": ("log_joint", [[0, -1]], lambda v: fit(OwnModel(v), [1], None)),
    "the bound's log-joint": (
        "log_joint",
        [[0, -1]],
        lambda v: lower_bound(OwnModel(v), 1, 1, HALF),
    ),
}
FAIR = CoinParams([0.6, 0.5], [0.5, 0.5])
START = GaussianParams([1.0], [[7.0, 3.0]], [9 * np.eye(2)])


@over("kind", KINDS)
@over("array", ARRAYS)
def test_what_only_passes_for_numbers_is_refused(array, kind):
    name, good, call = ARRAYS[array]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        refused(lambda: call(disguised(good)[kind]), f"{name}: not an array of numbers")


REAL = {
    "fractions": lambda v: [[Fraction(int(a), 3) for a in row] for row in v],
    "decimals": lambda v: [[Decimal(int(a)) for a in row] for row in v],
    "objects": lambda v: np.array(v).astype(object),
    "numpy's numbers": lambda v: [[np.float32(a) for a in row] for row in v],
    "an unmasked masked array": lambda v: np.ma.array(v, mask=False),
    "a deque": lambda v: deque(map(tuple, v)),
    "half precision": lambda v: np.array(v, dtype=np.float16),
}


@over("kind", REAL)
def test_whatever_is_a_real_number_is_taken(kind):
    taken = GaussianParams([0.5, 0.5], REAL[kind]([[3, 6], [9, 12]]), [EYE] * 2).means
    expected = np.array([[3, 6], [9, 12]]) / (3 if kind == "fractions" else 1)
    np.testing.assert_allclose(taken, expected, rtol=1e-15)


# The data's shape, and the log-joint's.
ACROSS = [((9,), (2, 9)), ((9, 2), (2, 9)), ((9, 3), (2, 9)), ((9,), (1, 9)), ((9,), (5, 2))]
ALONG = [((9,), (9, 2)), ((2, 9), (9, 2)), ((2, 9), (9, 3)), ((1, 2), (1, 5)), ((), (9, 2))]


@over(("data", "found"), ACROSS, ids=str)
@over("as_given", [np.zeros, lambda shape: np.zeros(shape).tolist()], ids=["array", "list"])
def test_a_log_joint_that_lies_across_is_told(data, found, as_given):
    model, x = OwnModel(np.zeros(found)), as_given(data)
    words = f"returned shape {found}; expected ({data[0]}, k), a row for each of the data's"
    for call in (
        lambda: next(em_steps(model, x, None)),
        lambda: fit(model, x, None),
        lambda: lower_bound(model, x, None, np.full(found, 1 / found[1])),
    ):
        refused(call, "log_joint:", words)


@over(("data", "found"), ALONG, ids=str)
def test_a_log_joint_with_a_row_for_each_of_the_datas_is_taken(data, found):
    for x in (np.zeros(data), np.zeros(data).tolist()):
        state = next(em_steps(OwnModel(np.zeros(found)), x, None))
        assert state.responsibilities.shape == found


SEVERAL = [(2.5, np.zeros(9)), (None, np.zeros(9)), (np.zeros(4), np.zeros(9)), ("name", [0] * 9)]


@over(
    "x",
    [{"any": 1}, (np.zeros((9, 2)), "names"), [np.zeros(9)] * 2, None, object(), *SEVERAL, []],
    ids=repr,
)
def test_data_whose_shape_only_their_model_knows_are_taken(x):
    assert next(em_steps(OwnModel(np.zeros((9, 2))), x, None)).log_likelihood > 0


# --- numbers, generators, models -----------------------------------------------------------------

NOT_COUNTS = [0, -1, 2.0, "2", None, True, np.True_, 10**30, np.timedelta64(2)]


@over("value", NOT_COUNTS, ids=repr)
@over(
    ("name", "call"),
    [
        ("k", lambda v: COINS.random_start(TOSSES, v, rng())),
        ("k", lambda v: GAUSSIANS.random_start(POINTS, v, rng())),
        ("k", lambda v: fit_restarts(COINS, TOSSES, v, starts=1, rng=rng())),
        ("starts", lambda v: fit_restarts(COINS, TOSSES, 2, starts=v, rng=rng())),
        ("n", lambda v: COINS.sample(COIN_PARAMS, v, rng())),
        ("n", lambda v: GAUSSIANS.sample(GAUSSIAN_PARAMS, v, rng())),
        ("tosses", lambda v: COINS.sample(COIN_PARAMS, 3, rng(), tosses=v)),
    ],
    ids=["coins k", "gaussians k", "restarts k", "starts", "coins n", "gaussians n", "tosses"],
)
def test_counts_are_whole_numbers_of_at_least_one(name, call, value):
    refused(lambda: call(value), f"{name}: {value!r}")


@over("max_iter", [-1, 2.5, "9", None, True])
def test_bad_max_iter_is_refused(max_iter):
    refused(
        lambda: fit(COINS, TOSSES, COIN_PARAMS, max_iter=max_iter),
        "max_iter:",
        "a whole number from 0",
    )


@over("tol", [-1e-9, np.nan, np.inf, 10**400, "1", None, True, 1j, [1e-8], np.timedelta64(1)])
def test_bad_tol_is_refused(tol):
    refused(lambda: fit(COINS, TOSSES, COIN_PARAMS, tol=tol), "tol:", "a finite number, at least 0")


def test_numpys_numbers_are_numbers():
    result = fit(COINS, TOSSES, COIN_PARAMS, tol=np.float32(0), max_iter=np.int32(4))
    assert result.iterations == 4


@over("source", [None, -1, 0.5, True, "0", np.random.RandomState(0), np.random], ids=repr)
def test_chance_must_be_a_generator_or_a_seed(source):
    for call in (
        lambda: fit_restarts(COINS, TOSSES, 2, starts=1, rng=source),
        lambda: COINS.random_start(TOSSES, 2, source),
        lambda: GAUSSIANS.random_start(POINTS, 2, source),
        lambda: COINS.sample(COIN_PARAMS, 2, source),
        lambda: GAUSSIANS.sample(GAUSSIAN_PARAMS, 2, source),
    ):
        refused(call, "rng:", "numpy.random.Generator, or a whole number as seed")


@over("model", [None, CoinMixture, "coins"])
def test_what_is_no_model_is_refused(model):
    for call in (
        lambda: em_steps(model, TOSSES, COIN_PARAMS),
        lambda: fit(model, TOSSES, COIN_PARAMS),
        lambda: lower_bound(model, TOSSES, COIN_PARAMS, HALF),
        lambda: fit_restarts(model, TOSSES, 2, starts=1, rng=rng()),
    ):
        refused(call, "model:", "log_joint", "as CoinMixture() is")


class OwnModel:
    """A learner's model, with whatever log-joint a test wants."""

    def __init__(self, log_joint):
        self.log_joint = lambda x, params: log_joint

    def m_step(self, x, responsibilities, params):
        return params


@over(
    ("log_joint", "words"),
    [
        ([0.0, 0.0], "returned shape (2,); expected (n, k)"),
        (np.empty((0, 2)), "returned shape (0, 2)"),
        ([[0.0, np.nan]], "NaN or +inf in row 0; it must be finite or -inf. Did m_step, or the"),
        ([[0.0, np.inf]], "NaN or +inf in row 0"),
    ],
)
def test_a_models_mistake_is_named(log_joint, words):
    model = OwnModel(log_joint)
    refused(lambda: next(em_steps(model, [1], None)), "log_joint:", words)
    refused(lambda: lower_bound(model, [1], None, [[0.5, 0.5]]), "log_joint:", words)


@over("check", [None, True])
def test_a_check_that_is_no_function_is_none(check):
    model = OwnModel(np.zeros((1, 2)))
    model.check = check
    assert next(em_steps(model, [1], None)).iteration == 0


def test_a_model_without_a_start_has_no_restarts():
    model = OwnModel(np.zeros((3, 2)))
    refused(lambda: fit_restarts(model, TOSSES, 2, starts=1, rng=rng()), "model:", "random_start")


# --- probability zero ----------------------------------------------------------------------------


def test_impossible_data_are_named():
    never = CoinParams([0.0, 1.0], [0.5, 0.5])
    with pytest.raises(ZeroProbabilityError, match="row 1 probability zero \\(2 such rows of 3\\)"):
        next(em_steps(COINS, [[9, 0], [5, 5], [9, 1]], never))
    with pytest.raises(ValueError, match="start from parameters under which every row can happen"):
        fit(COINS, TOSSES, never)


def test_a_component_of_weight_zero_explains_nothing():
    never = CoinParams([0.0, 0.5], [1.0, 0.0])
    with pytest.raises(ZeroProbabilityError):
        fit(COINS, TOSSES, never)


# --- collapse ------------------------------------------------------------------------------------


def collapse(model, x, params, limit=500):
    """The error that a run ends with, and the states that it yielded before."""
    states = []
    with pytest.raises(CollapseError) as error:
        states.extend(islice(em_steps(model, x, params), limit))
    return error.value, states


def test_a_collapse_tells_who_when_and_what_to_do():
    error, states = collapse(GAUSSIANS, POINTS, GaussianParams([1, 0], [[0, 0], [1, 1]], [EYE] * 2))
    assert (error.component, error.iteration, len(states)) == (1, 1, 1)
    assert str(error) == (
        "component 1 collapsed at iteration 1: its responsibilities sum to nothing. "
        "Its weight is 0, and stays so. Restart from other parameters, or use fewer components."
    )


def test_a_coin_that_explains_nothing_collapses():
    error, _ = collapse(COINS, TOSSES, CoinParams([0.5, 0.0], [0.5, 0.5]))
    assert (error.component, error.iteration) == (1, 1)
    assert "its responsibilities sum to nothing" in str(error)


def narrowest(state, x):
    """The least standard deviation of any component, with the axes scaled to 1."""
    scale = np.outer(x.std(axis=0), x.std(axis=0))
    return min(np.sqrt(np.linalg.eigvalsh(c / scale)[0]) for c in state.params.covariances)


@over("offset", [0.0, 1e3, 1e6, 1e9])
def test_copies_of_one_value_are_caught_before_their_likelihood_is_reported(offset):
    x = np.concatenate([np.full(30, 0.3), rng().standard_normal(70)])[:, np.newaxis] + offset
    start = GaussianParams([0.5, 0.5], [[0.3 + offset], [offset]], [[[0.01]], [[1.0]]])
    error, states = collapse(GAUSSIANS, x, start)
    limit = 100 * np.finfo(float).eps * abs(x).max() / x.std()
    assert error.component == 0
    assert error.iteration == len(states)
    assert "not positive definite to working precision" in str(error)
    assert min(narrowest(state, x) for state in states) > limit


@over("direction", [(1, 0), (0, 1), (1, 2), (1, 1e-6)])
@over("offset", [0.0, 1e6])
def test_points_on_a_line_are_caught(direction, offset):
    line = np.outer(np.linspace(0, 1, 20), direction) + 0.1
    x = np.vstack([line, rng().standard_normal((50, 2)) + 6]) + offset
    means = [line.mean(axis=0) + offset, [6 + offset] * 2]
    error, _ = collapse(GAUSSIANS, x, GaussianParams([0.3, 0.7], means, [EYE * 0.1, EYE]))
    assert error.component == 0
    assert error.iteration == 1


@over("offset", [0.0, 1e6])
def test_two_clusters_far_from_zero_are_no_collapse(offset):
    x = rng().standard_normal((200, 2)) + np.repeat([[0.0], [6.0]], 100, axis=0) + offset
    result = fit(GAUSSIANS, x, GaussianParams([0.5, 0.5], x[[0, 150]], [EYE] * 2))
    assert result.converged
    np.testing.assert_allclose(result.params.weights, 0.5, atol=0.01)


def test_scales_that_differ_are_no_collapse():
    x = rng().standard_normal((200, 2)) * [1e-8, 1e8]
    x[:100] += 5 * np.array([1e-8, 1e8])
    start = GaussianParams([0.5, 0.5], x[[0, 150]], [np.diag([1e-16, 1e16])] * 2)
    assert fit(GAUSSIANS, x, start).converged


def test_clusters_of_very_different_size_are_no_collapse():
    x = np.vstack([s * rng().standard_normal((200, 2)) for s in (1e2, 1e-4)])
    start = GaussianParams([0.5, 0.5], [[0, 0], [0, 0]], [EYE * 1e4, EYE * 1e-6])
    assert fit(GAUSSIANS, x, start).converged


def test_a_shared_covariance_collapses_when_every_component_does():
    x = np.repeat([[0.0], [5.0]], 20, axis=0)
    start = GaussianParams([0.5, 0.5], [[0.0], [5.0]], [[[0.1]], [[0.1]]])
    error, _ = collapse(GaussianMixture(covariance="shared"), x, start)
    assert "Among its 20 rows column 0 is constant." in str(error)


def test_a_start_that_is_collapsed_is_iteration_0():
    start = GaussianParams([0.5, 0.5], POINTS[:2], [EYE, EYE * 1e-32])
    with pytest.raises(CollapseError, match="component 1 collapsed at iteration 0") as error:
        em_steps(GAUSSIANS, POINTS, start)
    assert error.value.iteration == 0


def test_outside_a_fit_a_collapse_has_no_iteration():
    with pytest.raises(CollapseError) as error:
        GAUSSIANS.m_step(POINTS, np.tile([1.0, 0.0], (30, 1)), GAUSSIAN_PARAMS)
    assert error.value.iteration is None
    assert "component 1 collapsed: its" in str(error.value)


def test_a_collapse_survives_pickling():
    error, states = collapse(GAUSSIANS, POINTS, GaussianParams([1, 0], [[0, 0], [1, 1]], [EYE] * 2))
    assert error.params is states[-1].params
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert str(again) == str(error)
        assert (again.component, again.reason, again.iteration) == (1, error.reason, 1)
        np.testing.assert_array_equal(again.params.means, error.params.means)


# --- restarts and warnings -----------------------------------------------------------------------


HOPELESS = {
    "one value": (np.ones((10, 2)), "Leave out columns of x that add nothing: columns 0, 1 are"),
    "a line": (np.outer(np.arange(10.0), [1, 2]), "column 1 is, but for units, a copy of column 0"),
    "one point": ([[1.0, 2.0]], "x has shape (1, 2): give at least 3 rows."),
    "a code": (np.r_[POINTS, [[1e15, 1e15]]], "Correct or leave out row 30 of x: 1e+15"),
}


@over("jobs", [1, 2])
@over("k", [1, 3])
@over("case", HOPELESS)
def test_when_every_start_collapses_the_error_says_so_and_why(case, k, jobs):
    x, words = HOPELESS[case]
    for data in (x, Chunks([x])):
        with pytest.raises(CollapseError) as error:
            fit_restarts(GAUSSIANS, data, k, starts=3, rng=rng(), jobs=jobs)
        assert words in str(error.value)
        assert "fewer components" not in str(error.value)
        assert error.value.__notes__ == ["All 3 starts failed. This is why the last did."]


def test_when_every_start_collapses_the_last_parameters_are_kept():
    x = np.repeat(POINTS[:3], 9, axis=0)
    with pytest.raises(CollapseError, match="use fewer components") as error:
        fit_restarts(GAUSSIANS, x, 3, starts=2, rng=rng())
    assert error.value.iteration >= 1
    assert error.value.params.means.shape == (3, 2)


def test_more_components_than_distinct_points_collapse():
    x = np.repeat([[0.0], [1.0], [5.0]], 20, axis=0)
    with pytest.raises(CollapseError):
        fit_restarts(GAUSSIANS, x, 4, starts=5, rng=rng())


def test_collapsed_starts_are_counted_in_a_warning():
    x = np.concatenate([np.full(8, 3.0), rng().standard_normal(40)])[:, np.newaxis]
    with pytest.warns(CollapsedStartsWarning) as caught:
        results = fit_restarts(GAUSSIANS, x, 3, starts=12, rng=rng(), max_iter=3000)
    message = str(caught.pop(CollapsedStartsWarning).message)
    assert 0 < len(results) < 12
    left_out = f"{12 - len(results)} of 12 starts collapsed and were left out"
    assert message.startswith(f"{left_out}; the last: component ")
    assert "Among its 8 rows column 0 is constant" in message


def test_a_fit_that_ran_out_of_iterations_warns():
    with pytest.warns(
        NotConvergedWarning, match="not converged to 1e-08 after 3 iterations"
    ) as caught:
        result = fit(COINS, TOSSES, COIN_PARAMS, max_iter=3)
    assert not result.converged
    assert caught[0].filename == __file__


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_restarts_doubt_is_told_where_they_were_asked_for(jobs):
    with pytest.warns(NotConvergedWarning) as caught:
        fit_restarts(COINS, TOSSES, 2, starts=3, rng=0, max_iter=2, jobs=jobs)
    assert [warning.filename for warning in caught] == [__file__] * 3


def test_a_converged_fit_is_silent():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fit(COINS, TOSSES, COIN_PARAMS).converged
        fit(COINS, TOSSES, COIN_PARAMS, tol=0, max_iter=3)
