"""Data as people have them, and results as they carry them: every container, model and setting."""

from __future__ import annotations

import copy
import pickle
import sys
import threading
import tracemalloc
import weakref
from itertools import islice

import cloudpickle
import dask
import dask.array as da
import joblib
import ledger
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger import PoissonMixture

from em_core import (
    Chunks,
    CoinMixture,
    CoinParams,
    CollapsedStartsWarning,
    CollapseError,
    FewRowsWarning,
    GaussianMixture,
    GaussianParams,
    RatioTest,
    StoppedWarning,
    ZeroProbabilityError,
    bic,
    bootstrap,
    em_steps,
    fit,
    fit_restarts,
    kmeans_start,
    lower_bound,
    responsibilities,
)
from em_core.covariances import KINDS
from em_core.on_dask import DaskChunks

pytestmark = pytest.mark.shared_out


def rng(seed=0):
    return np.random.default_rng(seed)


class Own(GaussianMixture):
    """A subclass: it runs by its own methods."""


class Poissons(PoissonMixture):
    """A model of one's own, which can draw a start."""

    def random_start(self, x, k, rng):
        return np.full(k, 1 / k), rng.uniform(1, 9, k)


def coins():
    x, _ = CoinMixture().sample(CoinParams([0.2, 0.7], [0.4, 0.6]), 300, rng())
    return x, CoinParams([0.3, 0.6], [0.5, 0.5])


def points():
    x = (4.0 * rng().integers(2, size=(300, 1)) + rng(1).standard_normal((300, 2))).round(3)
    return x, GaussianParams([0.5, 0.5], [[0, 0], [4, 4]], [np.eye(2)] * 2)


def counts():
    return rng().poisson([[2.0], [7.0]], (2, 100)).ravel(), (np.array([0.5, 0.5]), np.array([1, 5]))


CASES = {
    "coins": (CoinMixture(), *coins()),
    "free weights": (CoinMixture(fit_weights=True), *coins()),
    "gaussians": (GaussianMixture(), *points()),
    **{kind: (GaussianMixture(kind), *points()) for kind in KINDS[1:]},
    "a subclass": (Own(), *points()),
    "poissons": (Poissons(), *counts()),
}
QUICK = list(CASES)[:6]
OF_THE_BOOK = list(CASES)[:7]


def arrays(result):
    """All that a fit found."""
    params = result.params
    if not isinstance(params, tuple):
        params = [getattr(params, name) for name in params.__dataclass_fields__]
    return [*params, result.log_likelihoods]


def same(one, other):
    assert all((a == b).all() for a, b in zip(arrays(one), arrays(other), strict=True))


def alike(one, other):
    """To rounding: the loop of a model itself adds up columns otherwise than rows."""
    for a, b in zip(arrays(one), arrays(other), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


def ten(name, x, **settings):
    model, _, start = CASES[name]
    return fit(model, x, start, tol=0, max_iter=10, **settings)


# --- containers -----------------------------------------------------------------------------------


def on_disk(x, folder):
    np.save(folder / "x.npy", x)
    return np.load(folder / "x.npy", mmap_mode="r")


CONTAINERS = {
    "lists": lambda x, folder: x.tolist(),
    "tuples": lambda x, folder: tuple(map(tuple, x.tolist())),
    "objects": lambda x, folder: x.astype(object),
    "columns": lambda x, folder: np.asfortranarray(x),
    "a view": lambda x, folder: np.repeat(x, 2, axis=0)[::2],
    "read-only": lambda x, folder: np.frombuffer(x.tobytes()).reshape(x.shape),
    "a memmap": on_disk,
    "masked, with no mask": lambda x, folder: np.ma.array(x),
    "a frame": lambda x, folder: pd.DataFrame(x),
    "a named frame": lambda x, folder: pd.DataFrame(x, index=[f"r{i}" for i in range(len(x))]),
    "a shuffled index": lambda x, folder: pd.DataFrame(x, index=np.arange(len(x))[::-1]),
    "nullable columns": lambda x, folder: pd.DataFrame(x).astype("Float64"),
    "mixed columns": lambda x, folder: pd.DataFrame(x).astype({0: object}),
}
over_containers = pytest.mark.parametrize("container", CONTAINERS)


@over_containers
@pytest.mark.parametrize("name", OF_THE_BOOK)
def test_whatever_holds_the_data_the_answer_is_the_same(name, container, tmp_path):
    model, x, start = CASES[name]
    held = CONTAINERS[container](x, tmp_path)
    (same if name in QUICK else alike)(ten(name, held), ten(name, x))
    first, other = (next(em_steps(model, data, start)) for data in (held, x))
    assert first.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-12)
    drawn = [
        fit(model, x, model.random_start(data, 2, rng()), tol=0, max_iter=0) for data in (held, x)
    ]
    alike(*drawn)


@over_containers
@pytest.mark.parametrize("name", QUICK)
def test_whatever_holds_a_piece_the_answer_has_the_same_bits(name, container, tmp_path):
    _, x, _ = CASES[name]
    held = [CONTAINERS[container](x[:100], tmp_path), CONTAINERS[container](x[100:], tmp_path)]
    if container != "a memmap":  # the second is written over the first
        same(ten(name, Chunks(held)), ten(name, Chunks([x[:100], x[100:]])))
    whole = CONTAINERS[container](x, tmp_path)
    same(ten(name, Chunks([whole])), ten(name, Chunks([x])))


@pytest.mark.parametrize("name", ["coins", "free weights"])
def test_frames_of_nullable_whole_numbers_are_coins(name):
    _, x, _ = CASES[name]
    frame = pd.DataFrame(x.astype(int), columns=["heads", "tails"]).astype("Int64")
    same(ten(name, frame), ten(name, x))
    same(ten(name, Chunks([frame])), ten(name, Chunks([x])))


@pytest.mark.parametrize("dtype", [object, np.float32, np.int16])
@pytest.mark.parametrize("name", QUICK)
def test_numbers_of_any_type_are_data_wherever_they_are(name, dtype):
    _, x, _ = CASES[name]
    x = x.round().astype(dtype)
    plain = ten(name, Chunks(np.split(x.astype(float), 3)))
    same(ten(name, Chunks(np.split(x, 3))), plain)
    same(ten(name, x), ten(name, x.astype(float)))
    with dask.config.set(scheduler="synchronous"):
        same(ten(name, DaskChunks(da.from_array(x, chunks=(100, 2)))), plain)


@pytest.mark.parametrize("name", ["a subclass", "poissons"])
def test_what_joblib_hands_on_is_data_for_a_model_of_ones_own(name):
    """It maps what is large into memory; what comes back is as it was."""
    model, x, start = CASES[name]
    for module in (ledger, sys.modules[__name__]):  # whose imports take a process seconds
        cloudpickle.register_pickle_by_value(module)
    tasks = [joblib.delayed(fit)(model, x, start, tol=0, max_iter=10)] * 2
    for result in joblib.Parallel(n_jobs=2, max_nbytes=100)(tasks):
        alike(result, ten(name, x))


# --- pieces ---------------------------------------------------------------------------------------

NO_ROWS = {
    "a list": [],
    "an array": np.empty((0, 2)),
    "an array of nothing": np.array([]),
    "a frame": pd.DataFrame({"a": [], "b": []}),
}


@pytest.mark.parametrize("empty", NO_ROWS)
@pytest.mark.parametrize("name", QUICK)
def test_a_piece_without_rows_adds_nothing(name, empty):
    _, x, _ = CASES[name]
    nothing = NO_ROWS[empty]
    full = ten(name, Chunks([x[:100], x[100:]]))
    for pieces in ([nothing, x[:100], x[100:]], [x[:100], nothing, x[100:], nothing]):
        same(ten(name, Chunks(pieces)), full)
    with pytest.raises(ValueError, match=r"^x: there is no row of data, or none at"):
        ten(name, Chunks([nothing, nothing]))


@pytest.mark.parametrize("name", QUICK)
def test_a_partition_without_rows_adds_nothing(name):
    _, x, _ = CASES[name]
    marked = x.copy()
    marked[100:200] = 1e3
    array = da.from_array(marked, chunks=(100, 2))
    with dask.config.set(scheduler="synchronous"):
        there = ten(name, DaskChunks(array[array[:, 0] < 1e3]))
    same(there, ten(name, Chunks([x[:100], x[200:]])))


class Store:
    """Rows as files on disk give them: by slices; it notes what is read."""

    def __init__(self, x):
        self.x, self.shape, self.reads = x, x.shape, []

    def __len__(self):
        return len(self.x)

    def __getitem__(self, rows):
        self.reads.append(rows)
        return self.x[rows]


class Anew:
    """A re-iterable that counts how often it is begun."""

    def __init__(self, pieces):
        self.pieces, self.begun = pieces, 0

    def __iter__(self):
        self.begun += 1
        return iter(self.pieces)


@pytest.mark.parametrize("name", QUICK)
def test_pieces_are_read_when_they_are_needed_and_not_before(name):
    model, x, start = CASES[name]
    store, files = Store(x), Anew([x[:100], x[100:]])
    of_slices, of_files = Chunks.of(store, 100), Chunks(files)
    assert (sum(len(x[rows]) for rows in store.reads), files.begun) == (0, 0)
    for wrong in ({"tol": -1}, {"max_iter": 0.5}, {"accelerate": 7}):
        for chunks in (of_slices, of_files):
            with pytest.raises(ValueError, match=next(iter(wrong))):
                fit(model, chunks, start, **wrong)
            with pytest.raises(ValueError, match=next(iter(wrong))):
                fit_restarts(model, chunks, 2, starts=1, rng=0, **wrong)
            with pytest.raises(ValueError, match=r"^params: is a tuple"):
                fit(model, chunks, (1, 2))
    assert (store.reads, files.begun) == ([], 0)
    seen = []
    fit(
        model,
        of_slices,
        start,
        tol=0,
        max_iter=2,
        progress=lambda *_: seen.append(len(store.reads)),
    )
    assert seen[0] == 2 * 3  # a survey and a pass
    assert (np.diff(seen) % 3 == 0).all()


@pytest.mark.parametrize("threads", [1, 2])
def test_one_piece_is_held_at_a_time(threads):
    """Each piece is let go before the next is made."""
    held = []

    class Watched:
        def __iter__(self):
            for number in range(5):
                assert not [one for one in held if one() is not None]
                piece = rng(number).standard_normal((200_000, 2))
                held.append(weakref.ref(piece))
                yield piece
                del piece

    model, _, start = CASES["gaussians"]
    fit(model, Chunks(Watched()), start, tol=0, max_iter=2, threads=threads)


# --- memory ---------------------------------------------------------------------------------------


def peak(call):
    """The most bytes that Python had while it was called."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("model", "columns"),
    [(GaussianMixture(), 20), (GaussianMixture("shared"), 20), (CoinMixture(), 2)],
)
def test_a_random_start_leaves_data_on_disk_there(model, columns, tmp_path):
    n = 2_000_000 // columns
    x = rng().integers(100, size=(n, columns)).astype(np.int16)
    mapped = on_disk(x, tmp_path)
    assert peak(lambda: model.random_start(mapped, 3, rng())) < 8 * x.size
    here, there = (model.random_start(data, 3, rng()) for data in (x, mapped))
    for name in here.__dataclass_fields__:
        np.testing.assert_allclose(
            getattr(here, name), getattr(there, name), rtol=1e-10, atol=1e-10
        )


def test_a_row_on_disk_that_is_wrong_is_found_where_it_is(tmp_path):
    x = rng().integers(5, size=(50_000, 2)).astype(float)
    x[40_000] = np.nan
    for model in (GaussianMixture(), CoinMixture()):
        said = []
        for data in (x, on_disk(x, tmp_path)):
            with pytest.raises(ValueError, match=r"^x: ") as error:
                model.random_start(data, 2, rng())
            said.append(str(error.value))
        assert said[0] == said[1]


WRONG = {
    "missing": ("gaussians", [np.nan, 1], None),
    "too large": ("gaussians", [1e200, 1], None),
    "negative": ("coins", [-1, 3], None),
    "impossible": ("coins", [0, 3], CoinParams([1.0, 1.0], [0.5, 0.5])),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_row_of_what_fit_cuts_is_named_by_its_place_in_all_of_it(wrong, tmp_path):
    name, row, start = WRONG[wrong]
    x = np.c_[rng().integers(1, 5, size=300_000), np.zeros(300_000)]
    x[277_777] = row
    x[7, 1] = start is None  # one spread, at least
    for data in (on_disk(x, tmp_path), Chunks.of(x), x):
        with pytest.raises(ValueError, match=r"^x: .*\b277777\b"):
            fit(CASES[name][0], data, start or CASES[name][2])


def test_a_random_start_finds_different_rows_among_many_copies(tmp_path):
    x = np.zeros((30_000, 2))
    x[[7, 20_000, 29_999]] = [[1, 0], [0, 1], [1, 1]]
    for data in (x, on_disk(x, tmp_path)):
        means = GaussianMixture().random_start(data, 4, rng()).means
        assert len(np.unique(means, axis=0)) == 4


@pytest.mark.parametrize("k", [1, 3])
def test_drawing_takes_the_memory_of_what_is_drawn(k):
    d, n = 100, 20_000
    params = GaussianParams(np.full(k, 1 / k), np.zeros((k, d)), [np.eye(d)] * k)
    assert peak(lambda: GaussianMixture().sample(params, n, rng())) < 4 * 8 * n * d


@pytest.mark.filterwarnings("ignore::em_core.FewRowsWarning")
@pytest.mark.parametrize("model", [CoinMixture(), GaussianMixture()])
@pytest.mark.parametrize("k", [3_000, 131_070])
def test_any_number_of_components_is_fitted(model, k):
    if isinstance(model, GaussianMixture):
        k //= 30  # one in 4,000 rows each
    x = np.array([[5, 5], [9, 1], [2, 8], [7, 4]] * 3)
    start = model.random_start(x, k, rng())
    result = fit(model, x, start, tol=0, max_iter=1)
    looped = list(islice(em_steps(model, x, start), 2))[-1]
    assert result.log_likelihood == pytest.approx(looped.log_likelihood, rel=1e-9)


# --- numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OF_THE_BOOK)
def test_numpy_may_be_told_to_raise(name):
    """What is too small to matter is no mistake; and nothing else happens."""
    model, x, start = CASES[name]
    far = np.vstack([x, 1000 * x])
    for data in (x, far):
        with np.errstate(all="raise"):
            states = list(islice(em_steps(model, data, start), 3))
            lower_bound(model, data, start, states[0].responsibilities)
            lower_bound(model, data, states[2].params, states[0].responsibilities)
            result = fit(model, data, start, tol=1e-2)
            fit_restarts(model, data, 2, starts=2, rng=0, tol=1e-2, jobs=2)
            model.sample(result.params, 10, rng())
            if name in QUICK:
                fit(model, Chunks.of(data), start, tol=1e-2, accelerate=True)
        same(result, fit(model, data, start, tol=1e-2))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
@given(seed=st.integers(0, 2**32 - 1))
def test_probabilities_sum_to_one_in_their_own_precision(dtype, seed):
    k = rng(seed).integers(1, 30)
    weights = rng(seed).random(k, dtype=np.float32).astype(dtype) + dtype(0.01)
    weights /= weights.sum()
    theta, means = np.full(k, 0.5), np.zeros((k, 1))
    for params in (CoinParams(theta, weights), GaussianParams(weights, means, np.ones((k, 1, 1)))):
        assert abs(params.weights.sum() - 1) < 1e-13
        np.testing.assert_allclose(params.weights, weights.astype(float), rtol=0.02)
    rows = np.tile(weights, (7, 1))
    model, x = CoinMixture(), np.ones((7, 2))
    model.m_step(x, rows, params=CoinParams(theta, weights))
    bound = lower_bound(model, x, CoinParams(theta, weights), rows)
    assert bound <= 7 * np.log(0.5) + 1e-12


def test_what_does_not_sum_to_one_in_its_own_precision_is_refused():
    for dtype, off in ((np.float32, 1e-5), (np.float64, 1e-7)):
        with pytest.raises(ValueError, match="sum to 1"):
            CoinParams([0.5, 0.5], np.array([0.5, 0.5 + off], dtype))
        rows = np.array([[0.5, 0.5 + off]], dtype)
        with pytest.raises(ValueError, match="sum to 1"):
            lower_bound(CoinMixture(), [[1, 1]], CoinParams([0.5, 0.5], [0.5, 0.5]), rows)


# --- results --------------------------------------------------------------------------------------


def through_joblib(value, folder):
    joblib.dump(value, folder / "value")
    return joblib.load(folder / "value")


def mapped_by_joblib(value, folder):
    joblib.dump(value, folder / "value")
    return joblib.load(folder / "value", mmap_mode="r")


WAYS = {
    **{
        f"pickle {n}": lambda value, folder, n=n: pickle.loads(pickle.dumps(value, n))
        for n in range(2, pickle.HIGHEST_PROTOCOL + 1)
    },
    "copy": lambda value, folder: copy.copy(value),
    "deep copy": lambda value, folder: copy.deepcopy(value),
    "joblib": through_joblib,
    "joblib, mapped": mapped_by_joblib,
}


def fields(value):
    """All arrays and numbers of a result, a state or parameters, and of what these hold."""
    for name in value.__dataclass_fields__:
        one = getattr(value, name)
        yield from fields(one) if hasattr(one, "__dataclass_fields__") else [one]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", OF_THE_BOOK)
def test_results_come_back_as_they_were(name, way, tmp_path):
    model, x, start = CASES[name]
    tested = RatioTest(7.5, np.linspace(0, 9, 19), 0.2)
    tested.simulated.flags.writeable = False
    for value in (start, ten(name, x), next(em_steps(model, x, start)), model, tested):
        back = WAYS[way](value, tmp_path)
        assert type(back) is type(value)
        for old, new in zip(fields(value), fields(back), strict=True):
            assert np.array_equal(old, new)
            assert isinstance(old, np.ndarray) == isinstance(new, np.ndarray)
            assert not (isinstance(new, np.ndarray) and new.flags.writeable)


@pytest.mark.parametrize("name", OF_THE_BOOK)
def test_what_comes_from_pandas_is_taken_by_its_values(name):
    model, x, start = CASES[name]
    order = np.arange(len(x))[::-1]
    frame, weights = pd.DataFrame(x, index=order), pd.Series(order % 3, index=order)
    shares = pd.DataFrame(responsibilities(model, frame, start), index=order)
    for call in (
        lambda x, r, v: lower_bound(model, x, start, r),
        lambda x, r, v: model.m_step(x, r, start).weights,
        lambda x, r, v: bic(model, x, start, row_weights=v),
        lambda x, r, v: bootstrap(model, x, start, samples=1, rng=0, tol=1e-2)[0].weights,
    ):
        plain = call(x, shares.to_numpy(), weights.to_numpy())
        np.testing.assert_allclose(call(frame, shares, weights), plain, rtol=1e-12)
    theta = pd.Series([0.1, 0.2], index=[1, 0])
    assert CoinParams(theta, [0.5, 0.5]).theta.tolist() == [0.1, 0.2]


class Rates:
    """A mixture of exponentials with equal weights: its parameters are one bare array."""

    def log_joint(self, x, rates):
        return np.log(rates / 2) - rates * x[:, np.newaxis]

    def m_step(self, x, responsibilities, rates):
        return responsibilities.sum(axis=0) / (x @ responsibilities)


@pytest.mark.parametrize("way", ["copy", "deep copy", "pickle 5"])
def test_a_copy_leaves_an_array_of_ones_own_as_it_was(way, tmp_path):
    start = np.array([1.0, 0.1])
    state = next(em_steps(Rates(), np.array([1.0, 2.0, 30.0]), start))
    back = WAYS[way](state, tmp_path)
    assert start.flags.writeable
    assert back.params.flags.writeable
    assert not back.responsibilities.flags.writeable


# --- weights of rows ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", QUICK)
def test_weights_go_with_the_rows_wherever_these_are(name, tmp_path):
    _, x, _ = CASES[name]
    weights = rng().integers(0, 3, len(x)) / 4
    weights[100:200] = 0  # a whole piece
    here = ten(name, x[weights > 0], row_weights=weights[weights > 0])
    spoilt = np.where(weights[:, np.newaxis] > 0, x, np.nan)
    places = {
        "memory": spoilt,
        "pieces": Chunks.of(spoilt, 100),
        "other pieces": Chunks([spoilt[:7], [], pd.DataFrame(spoilt[7:]).astype("Float64")]),
        "disk": on_disk(spoilt, tmp_path),
        "dask": DaskChunks(da.from_array(spoilt, chunks=(100, 2))),
    }
    for data in places.values():
        with dask.config.set(scheduler="synchronous"):
            alike(ten(name, data, row_weights=weights), here)
            found = restarts(name, data, row_weights=weights)
        assert all(np.isfinite(result.log_likelihood) for result in found)


@pytest.mark.parametrize("name", CASES)
def test_a_row_of_weight_v_is_v_rows(name):
    _, x, _ = CASES[name]
    counts = rng().integers(0, 4, len(x))
    weighted, repeated = ten(name, x, row_weights=counts), ten(name, np.repeat(x, counts, axis=0))
    for one, other in zip(arrays(weighted), arrays(repeated), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("held", [list, tuple, pd.Series, np.float32, lambda v: v.astype(object)])
@pytest.mark.parametrize("name", CASES)
def test_whatever_holds_the_weights_the_answer_is_the_same(name, held):
    model, x, start = CASES[name]
    weights = rng().integers(0, 3, len(x)).astype(float)
    same(ten(name, x, row_weights=held(weights)), ten(name, x, row_weights=weights))
    states = (em_steps(model, x, start, row_weights=w) for w in (held(weights), weights))
    one, other = (next(islice(steps, 2, 3)) for steps in states)
    assert one.log_likelihood == other.log_likelihood
    assert len(one.responsibilities) == (weights > 0).sum()


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (np.ones(299), r"has shape \(299,\); expected \(300,\)"),
        (np.ones((300, 1)), r"has shape \(300, 1\); expected \(300,\)"),
        (2.0, r"has shape \(\); expected"),
        (-np.eye(300)[3], "must be at least 0, not negative in row 3"),
        (np.where(np.arange(300) == 4, np.nan, 1), r"holds NaN .* in row 4"),
        (np.zeros(300), "must be at most .* not all 0"),
        (np.full(300, 1e300), r"must be at most 2\*\*53"),
        (["one"] * 300, "not an array of numbers"),
    ],
)
@pytest.mark.parametrize("name", ["coins", "gaussians", "a subclass"])
def test_weights_that_are_none_are_refused(name, weights, words):
    model, x, start = CASES[name]
    calls = [
        lambda: fit(model, x, start, row_weights=weights),
        lambda: em_steps(model, x, start, row_weights=weights),
        lambda: fit_restarts(model, x, 2, starts=1, rng=0, row_weights=weights),
    ]
    if name in QUICK:
        calls.append(lambda: fit(model, Chunks.of(x, 100), start, row_weights=weights))
    for call in calls:
        with pytest.raises(ValueError, match=f"^row_weights: .*{words}"):
            call()


@pytest.mark.parametrize("name", QUICK)
def test_pieces_with_weights_must_stay_as_long_as_they_were(name):
    model, x, start = CASES[name]
    for later, said in (
        ([x[:100], x[101:]], "chunk 1 of pieces: 200 rows at first, 199 later"),
        ([x[:100]], "chunk 1 of pieces: 200 rows at first, 0 later"),
        ([x[:100], x[100:], x[:7]], "chunk 2 of pieces: 0 rows at first, 7 later"),
    ):
        readings = iter([[x[:100], x[100:]], later])
        pieces = type("Changing", (), {"__iter__": lambda self, read=readings: iter(next(read))})
        with pytest.raises(ValueError, match=f"^{said}$"):
            fit(model, Chunks(pieces()), start, row_weights=np.ones(len(x)))


def test_few_rows_are_few_whatever_they_weigh():
    """Weights that sum to 1 are no sign of few rows, nor are rows many that weigh much."""
    model, x, start = CASES["gaussians"]
    fit(model, x, start, row_weights=np.full(len(x), 1 / len(x)), tol=1e-4)  # warns of nothing
    lone = np.vstack([x, [[90, 90], [91, 90], [90, 91]]])
    there = GaussianParams([0.5, 0.5], [[2, 2], [90, 90]], [np.eye(2) * 9] * 2)
    with pytest.warns(FewRowsWarning, match="component 1 kept no more than"):
        fit(model, lone, there, row_weights=np.full(len(lone), 50.0), tol=1e-4)


# --- a start by k-means ---------------------------------------------------------------------------


def test_a_kmeans_start_is_clusters_and_what_varies_within_them():
    x, _ = points()
    start = kmeans_start(x, 2, rng=0)
    labels = np.argmin([((x - mean) ** 2).sum(axis=1) for mean in start.means], axis=0)
    np.testing.assert_allclose(start.weights, np.bincount(labels) / len(x), rtol=1e-12)
    means = [x[labels == j].mean(axis=0) for j in (0, 1)]
    np.testing.assert_allclose(start.means, means, rtol=1e-10)
    within = np.cov((x - start.means[labels]).T, bias=True)
    np.testing.assert_allclose(start.covariances, [within] * 2, rtol=1e-10)
    assert fit(GaussianMixture(), x, start).converged


def test_a_kmeans_start_knows_no_units_and_no_origin():
    x, _ = points()
    scale, shift = np.array([1e-6, 1e5]), np.array([7.0, -3e5])
    one, other = kmeans_start(x, 3, rng=1), kmeans_start(scale * x + shift, 3, rng=1)
    np.testing.assert_allclose((other.means - shift) / scale, one.means, rtol=1e-8, atol=1e-8)
    covariances = other.covariances / np.outer(scale, scale)
    np.testing.assert_allclose(covariances, one.covariances, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("kind", ["full", "shared", "diagonal", "spherical"])
@pytest.mark.parametrize("seed", range(5))
def test_however_odd_the_clusters_a_kmeans_start_can_be_fitted(seed, kind):
    """Many components for few rows, copies, and a row far away."""
    x = rng(seed).standard_normal((20, 2)).round(1 + seed % 2)
    start = kmeans_start(x := np.vstack([x, x[:7], [[1e3, 0]]]), 8, seed, kind)
    assert (start.weights > 0).all()
    assert np.isfinite(next(em_steps(GaussianMixture(kind), x, start)).log_likelihood)


def test_data_without_so_many_clusters_are_refused():
    three = np.repeat([[0.0, 0.0], [1.0, 3.0], [4.0, 1.0]], 30, axis=0)
    with pytest.raises(ValueError, match=r"^k: 4 components, but 3 different rows in x"):
        kmeans_start(three, 4, 0)
    line = np.column_stack([np.arange(9.0), 2 * np.arange(9.0)])
    for x in (three, three + 1e6, line, np.column_stack([np.arange(9.0), np.ones(9)])):
        with pytest.raises(CollapseError, match="follow from others, or use fewer components"):
            kmeans_start(x, 3, 0)
    for x, k, seed, word in ((line, 0, 0, "k: 0"), (line, 1, -1, "rng: -1"), ([1], 1, 1, "x: ")):
        with pytest.raises(ValueError, match=f"^{word}"):
            kmeans_start(x, k, seed)


@over_containers
def test_whatever_holds_the_data_a_kmeans_start_is_the_same(container, tmp_path):
    x, _ = points()
    one, other = (kmeans_start(held, 3, 0) for held in (x, CONTAINERS[container](x, tmp_path)))
    np.testing.assert_allclose(one.means, other.means, rtol=1e-12)


# --- restarts -------------------------------------------------------------------------------------


def restarts(name, x=None, **settings):
    model, held, _ = CASES[name]
    given = {"starts": 4, "rng": rng(), "tol": 0, "max_iter": 5, **settings}
    return fit_restarts(model, held if x is None else x, 2, **given)


def all_same(ones, others):
    for one, other in zip(ones, others, strict=True):
        same(one, other)


@pytest.mark.parametrize("name", CASES)
def test_restarts_are_the_same_however_many_run_beside_each_other(name):
    plain = restarts(name)
    assert len(plain) == 4
    for jobs in (2, 7):
        all_same(restarts(name, jobs=jobs), plain)


@pytest.mark.parametrize("name", OF_THE_BOOK)
def test_a_seed_is_a_source_of_chance(name):
    model, x, start = CASES[name]
    for seed in (0, np.int64(3)):
        all_same(restarts(name, rng=seed), restarts(name, rng=rng(seed)))
        assert repr(model.random_start(x, 2, seed)) == repr(model.random_start(x, 2, rng(seed)))
        assert (model.sample(start, 5, seed)[0] == model.sample(start, 5, rng(seed))[0]).all()


@pytest.mark.parametrize("name", QUICK)
def test_restarts_take_pieces_wherever_these_are(name, tmp_path):
    _, x, _ = CASES[name]
    places = {
        "memory": Chunks.of(x, 100),
        "other pieces": Chunks([x[:7], [], x[7:]]),
        "disk": Chunks.of(on_disk(x, tmp_path), 100),
        "dask": DaskChunks(da.from_array(x, chunks=(100, 2))),
    }
    here = restarts(name, places["memory"])
    for place, chunks in places.items():
        with dask.config.set(scheduler="synchronous"):
            there = restarts(name, chunks)
        for one, other in zip(there, here, strict=True):
            ways = one.log_likelihoods, other.log_likelihoods
            np.testing.assert_allclose(*ways, rtol=1e-10, err_msg=place)
    all_same(restarts(name, on_disk(x, tmp_path)), restarts(name))


def test_a_sample_of_pieces_is_of_the_rows():
    x = np.arange(60.0).reshape(30, 2)
    pieces = Chunks([x[:1], [], x[1:20], pd.DataFrame(x[20:]).astype("Float64")])
    assert (pieces.some(rng(), 100) == x).all()
    some = pieces.some(rng(), 12)
    assert (some == Chunks([x]).some(rng(), 12)).all()
    assert len(np.unique(some[:, 0])) == 12
    assert np.isin(some, x).all()
    drawn = np.concatenate([pieces.some(rng(seed), 3)[:, 0] for seed in range(200)])
    assert set(drawn) == set(x[:, 0])


@pytest.mark.parametrize("name", QUICK)
def test_restarts_are_accelerated_and_watched(name):
    model, x, _ = CASES[name]
    seen = []
    settings = {"starts": 3, "tol": 1e-6, "max_iter": 500}
    found = restarts(name, accelerate=True, progress=lambda *a: seen.append(a), **settings)
    assert [a for a, _ in seen].count(0) == 3
    start = model.random_start(x, 2, rng())
    alone = fit(model, x, start, tol=1e-6, max_iter=500, accelerate=True)
    assert alone.log_likelihoods.tolist() in [r.log_likelihoods.tolist() for r in found]


class Unlucky(Poissons):
    """Some of its starts are impossible, collapse, or see Ctrl-C."""

    def __init__(self, **at):
        self.at, self.drawn = at, 0

    def random_start(self, x, k, rng):
        self.drawn += 1
        if self.drawn in self.at.get("stopped", ()):
            raise KeyboardInterrupt
        if self.drawn in self.at.get("collapsed", ()):
            raise CollapseError(0, "no luck")
        weights, rates = super().random_start(x, k, rng)
        return weights, np.zeros(k) if self.drawn in self.at.get("impossible", ()) else rates


def unlucky(jobs, **at):
    x = CASES["poissons"][1]
    return fit_restarts(Unlucky(**at), x, 2, starts=5, rng=0, tol=0, max_iter=3, jobs=jobs)


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("at", [{"impossible": (1, 4)}, {"collapsed": (1,), "impossible": (5,)}])
def test_an_impossible_start_is_left_out(jobs, at):
    with pytest.warns(CollapsedStartsWarning, match=r"^2 of 5 starts collapsed and were left out"):
        results = unlucky(jobs, **at)
    assert len(results) == 3
    every = range(1, 6)
    with pytest.raises(
        ZeroProbabilityError, match=r"^x: the model .* can happen\nAll 5 starts fail"
    ):
        unlucky(jobs, impossible=every)
    with pytest.raises(CollapseError, match=r"no luck.*\nAll 5 starts failed"):
        unlucky(jobs, collapsed=every)


def test_ctrl_c_keeps_the_starts_that_are_finished():
    with pytest.warns(StoppedWarning, match=r"^stopped; 3 of 5 starts are finished, and kept$"):
        assert len(unlucky(1, stopped=(4,))) == 3
    with pytest.raises(KeyboardInterrupt):
        unlucky(1, stopped=(1,))
    with pytest.raises(KeyboardInterrupt):
        unlucky(2, stopped=range(1, 6))


@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_ends_what_would_run_on(jobs):
    """The first fit ends by itself; the others would not in a lifetime."""
    x = CASES["poissons"][1]

    class Long(Poissons):
        def m_step(self, x, responsibilities, params):
            return params

    def watch(iteration, log_likelihood):
        if iteration == 1000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_restarts(
            Long(), x, 2, starts=5, rng=0, tol=0, max_iter=10**9, progress=watch, jobs=jobs
        )
    assert not [t for t in threading.enumerate() if "ThreadPoolExecutor" in t.name]
