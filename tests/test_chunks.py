"""A fit over pieces of the data: the same answer in bounded memory, and an end that keeps it."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pytest
from ledger import PoissonMixture

from em_core import (
    Chunks,
    CoinMixture,
    CoinParams,
    GaussianMixture,
    GaussianParams,
    Progress,
    StoppedWarning,
    ZeroProbabilityError,
    fit,
)
from em_core.covariances import KINDS

MODEL = GaussianMixture()
COINS, TOSSES = CoinMixture(), np.array([[5, 5], [9, 1], [8, 2], [4, 6], [7, 3]])
FAIR = CoinParams([0.6, 0.5], [0.5, 0.5])


def clusters(n: int = 2_000) -> tuple[np.ndarray, GaussianParams]:
    rng = np.random.default_rng(0)
    x = 3.0 * rng.integers(3, size=(n, 1)) + rng.standard_normal((n, 2))
    return x, MODEL.random_start(x, 3, rng)


class Files:
    """A re-iterable: its pieces are made anew each time."""

    def __init__(self, pieces):
        self.make = lambda: (piece.copy() for piece in pieces)

    def __iter__(self):
        return self.make()


def near(one: GaussianParams, other: GaussianParams) -> None:
    for name in ("weights", "means", "covariances"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("model", map(GaussianMixture, KINDS), ids=str)
@pytest.mark.parametrize("cuts", [[], [700], [1, 2, 1999], [500, 1000, 1500]], ids=str)
def test_however_the_data_are_cut_the_answer_is_the_same(model, cuts):
    x, _ = clusters()
    start = model.random_start(x, 3, np.random.default_rng(0))
    whole = fit(model, x, start, tol=0, max_iter=20)
    for chunks in (Chunks(np.split(x, cuts)), Chunks(Files(np.split(x, cuts)))):
        near(fit(model, chunks, start, tol=0, max_iter=20).params, whole.params)


def test_coins_may_be_cut_even_where_a_piece_has_no_toss():
    pieces = [TOSSES[:2], np.zeros((1, 2)), TOSSES[2:].tolist()]
    whole, cut = fit(COINS, TOSSES, FAIR), fit(COINS, Chunks(pieces), FAIR)
    np.testing.assert_allclose(cut.params.theta, whole.params.theta, rtol=1e-12)
    assert cut.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-12)


def mapped(folder, n: int) -> tuple[np.memmap, GaussianParams]:
    x, start = clusters(n)
    x.tofile(folder / "x")
    return np.memmap(folder / "x", dtype=float, mode="r", shape=x.shape), start


def test_a_memmap_is_read_in_pieces_in_memory_that_does_not_grow(tmp_path):
    peaks = []
    for n in (400_000, 1_600_000):
        x, start = mapped(tmp_path, n)
        tracemalloc.start()
        fit(MODEL, x, start, tol=0, max_iter=1)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]
    assert peaks[1] < 2.5 * x.nbytes


# --- the same bits ------------------------------------------------------------------------------


def bits(result) -> list[bytes]:
    """All that a fit found, to the last bit."""
    params = [getattr(result.params, name) for name in result.params.__dataclass_fields__]
    return [array.tobytes() for array in (*params, result.log_likelihoods)]


def on_disk(x: np.ndarray, folder) -> np.ndarray:
    np.save(folder / "x.npy", x)
    return np.load(folder / "x.npy", mmap_mode="r")


def at(offset: int, x: np.ndarray) -> np.ndarray:
    """A copy that begins so many bytes after a multiple of 64."""
    room = np.empty(x.nbytes + 128, dtype=np.uint8)
    begin = -room.ctypes.data % 64 + offset
    copy = room[begin : begin + x.nbytes].view(x.dtype).reshape(x.shape)
    copy[...] = x
    return copy


PLACES = {
    "a memmap": on_disk,
    "a memmap in columns": lambda x, folder: on_disk(np.asfortranarray(x), folder),
    "pieces of an array": lambda x, folder: Chunks.of(x),
    "pieces of a memmap": lambda x, folder: Chunks.of(on_disk(x, folder)),
    "pieces in columns": lambda x, folder: Chunks.of(np.asfortranarray(x)),
    "pieces made anew": lambda x, folder: Chunks(Files(Chunks.of(x).pieces)),
    "columns": lambda x, folder: np.asfortranarray(x),
    **{f"{n} bytes on": lambda x, folder, n=n: at(n, x) for n in range(8, 64, 8)},
}


def gaussians(d: int, k: int, n: int, kind: str = "full"):
    rng = np.random.default_rng(d)
    x = 3.0 * rng.integers(k, size=(n, 1)) + rng.standard_normal((n, d))
    model = GaussianMixture(kind)
    return model, x, model.random_start(x, k, rng)


def coins(n: int):
    start = CoinParams([0.3, 0.6], [0.5, 0.5])
    x, _ = COINS.sample(CoinParams([0.2, 0.7], [0.4, 0.6]), n, np.random.default_rng(1))
    return CoinMixture(fit_weights=True), x, start


# More rows than a piece takes, and than a block; residuals (32, 2) as well as moments.
FITS = {
    "coins": coins(300_000),
    "2, 3": gaussians(2, 3, 300_000),
    **{f"2, 3, {kind}": gaussians(2, 3, 300_000, kind) for kind in KINDS[1:3]},
    "16, 8": gaussians(16, 8, 40_000),
    "32, 2": gaussians(32, 2, 20_000),
}


@pytest.mark.parametrize("name", FITS)
def test_wherever_the_data_lie_the_answer_has_the_same_bits(name, tmp_path):
    model, x, start = FITS[name]
    assert len(list(Chunks.of(x).pieces)) > 1
    held = bits(fit(model, x, start, tol=0, max_iter=2))
    for place, put in PLACES.items():
        assert bits(fit(model, put(x, tmp_path), start, tol=0, max_iter=2)) == held, place


@pytest.mark.parametrize("dtype", [np.float32, np.int16, ">f8", np.longdouble])
def test_numbers_of_another_type_give_the_bits_of_their_values(dtype, tmp_path):
    model, x, start = FITS["2, 3"]
    x = (100 * x).round().astype(dtype)
    held = bits(fit(model, x.astype(float), start, tol=0, max_iter=2))
    for put in (lambda x, folder: x, on_disk, lambda x, folder: Chunks.of(x)):
        assert bits(fit(model, put(x, tmp_path), start, tol=0, max_iter=2)) == held


@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        ((piece for piece in [TOSSES]), r"^pieces: a generator is spent after one iteration"),
        (iter([TOSSES]), r"^pieces: a list_iterator is spent after one iteration"),
        (7, r"^pieces: 7 must be an iterable of arrays"),
    ],
)
def test_what_can_be_read_once_or_never_is_refused(pieces, message):
    with pytest.raises(ValueError, match=message):
        Chunks(pieces)


@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        ([], "^x: there is no row of data, or none at a second reading$"),
        ([[[0.0, 1.0]], [[np.nan, 0.0]]], "^chunk 1 of x: holds NaN or infinity"),
        ([[[0.0, 1.0]], [[1.0]]], r"^chunk 1 of x: has shape \(1, 1\); expected \(n, 2\)"),
        ([[0.0, 1.0]], r"^chunk 0 of x: has shape \(2,\); expected \(n, 2\)"),
    ],
    ids=["none", "NaN", "columns", "one dimension"],
)
def test_a_piece_that_is_wrong_is_named(pieces, message):
    _, start = clusters()
    with pytest.raises(ValueError, match=message):
        fit(MODEL, Chunks(pieces), start)


class Changing:
    """Pieces that are others at the second reading."""

    def __init__(self, *readings):
        self.readings = iter(readings)

    def __iter__(self):
        return iter(next(self.readings))


@pytest.mark.parametrize("accelerate", [False, True])
@pytest.mark.parametrize("name", ["coins", "2, 3", "32, 2"])
def test_pieces_must_be_the_same_at_each_reading(name, accelerate):
    model, x, start = FITS[name]
    whole, less = np.split(x[:4_000], 2), np.split(x[:3_999], [2_000])
    for readings in ([whole, less], [less, less, whole]):
        seen = rf"^pieces: {sum(map(len, readings[0]))} rows at first, \d+ later$"
        with pytest.raises(ValueError, match=seen):
            fit(model, Chunks(Changing(*readings)), start, accelerate=accelerate)
    spent = iter(whole)
    with pytest.raises(ValueError, match=r"^x: there is no row of data, or none at a second"):
        fit(model, Chunks(Changing(spent, spent)), start, accelerate=accelerate)


def test_an_impossible_row_is_found_in_its_piece():
    never = CoinParams([0.0, 0.0], [0.5, 0.5])
    with pytest.raises(ZeroProbabilityError, match=r"^chunk 1 of x: the model gives row 2 "):
        fit(COINS, Chunks([[[0, 3]], [[0, 1], [0, 2], [1, 1]]]), never)


class Ridge(GaussianMixture):
    """What people do: a covariance that cannot shrink to nothing."""

    def m_step(self, x, responsibilities, params):
        found = super().m_step(x, responsibilities, params)
        return GaussianParams(found.weights, found.means, found.covariances + np.eye(2))


WISHES = {
    "accelerate": ({"accelerate": True}, "accelerate: can't be True", "leave it out"),
    "chunks": ({}, "x: can't be Chunks", "give all rows as one array"),
}


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("model", [PoissonMixture(), Ridge()], ids=["own", "subclass"])
def test_a_model_without_a_quick_way_is_told_why_and_what_to_do(model, wish):
    x, start = clusters(100)
    settings, what, advice = WISHES[wish]
    why = f"{type(model).__name__}: the quick way is that of CoinMixture and GaussianMixture alone"
    with pytest.raises(ValueError, match=rf"^{what} for {why}; .* subclasses too, .*; {advice}"):
        fit(model, x if settings else Chunks([x]), start, **settings)


def test_without_a_quick_way_a_memmap_is_an_array(tmp_path):
    x, start = mapped(tmp_path, 500)
    held, there = (fit(Ridge(), rows, start, tol=0, max_iter=3) for rows in (np.array(x), x))
    assert bits(held) == bits(there)
    counts = np.array([0, 1, 1, 2, 5, 7])
    params = np.array([0.5, 0.5]), np.array([1.0, 4.0])
    model = PoissonMixture()
    result = fit(model, on_disk(counts, tmp_path), params, tol=0, max_iter=9)
    assert result.log_likelihood == fit(model, counts, params, tol=0, max_iter=9).log_likelihood


def stop_at(last: int):
    def watch(iteration: int, log_likelihood: float) -> None:
        if iteration == last:
            raise KeyboardInterrupt

    return watch


def test_ctrl_c_keeps_what_was_reached_and_the_fit_can_go_on():
    x, start = clusters()
    whole = fit(MODEL, x, start, tol=0, max_iter=30)
    with pytest.warns(StoppedWarning, match="stopped after 12 iterations"):
        stopped = fit(MODEL, x, start, tol=0, max_iter=30, progress=stop_at(12))
    assert (stopped.iterations, stopped.converged) == (12, False)
    assert stopped.log_likelihoods.tolist() == whole.log_likelihoods[:13].tolist()
    resumed = fit(MODEL, x, stopped.params, tol=0, max_iter=18)
    near(resumed.params, whole.params)


class Impatient:
    """Data during whose first reading Ctrl-C is pressed."""

    def __iter__(self):
        yield np.zeros((1, 2))
        raise KeyboardInterrupt


def test_before_the_first_pass_there_is_nothing_to_keep():
    _, start = clusters()
    with pytest.raises(KeyboardInterrupt):
        fit(MODEL, Chunks(Impatient()), start)


def test_progress_is_silent_for_two_seconds_and_then_speaks_once_a_second(monkeypatch, capsys):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    progress = Progress()
    for iteration, step in enumerate([0, 1.9, 0.2, 0.5, 0.6, 5]):
        now[0] += step
        progress(iteration, -1.5)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"iteration {i}: log-likelihood -1.5" for i in (2, 4, 5)]


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({}, (False, True)),
        ({"progress": True}, (True, True)),
        ({"progress": False}, (False, False)),
    ],
    ids=["unasked", "asked", "refused"],
)
def test_pieces_show_progress_unasked_and_arrays_do_not(monkeypatch, capsys, asked, shown):
    seconds = iter(range(0, 10_000, 3))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(seconds)))
    x, start = clusters(100)
    for data, speaks in zip((x, Chunks([x])), shown, strict=True):
        fit(MODEL, data, start, tol=0, max_iter=3, **asked)
        assert ("iteration 0: log-likelihood -" in capsys.readouterr().err) == speaks


@pytest.mark.parametrize("rows", [0, -5, 2.5, "9", True])
def test_the_rows_of_a_piece_are_a_whole_number(rows):
    with pytest.raises(ValueError, match=r"^rows: .* must be a whole number from 1"):
        Chunks.of(TOSSES, rows)


@pytest.mark.parametrize("x", [None, 5, {5}, {"x": 5}, (row for row in TOSSES), MODEL], ids=repr)
def test_what_cannot_be_cut_is_refused(x):
    with pytest.raises(
        ValueError, match=r"^x: .* must be an array, or give rows by x\[start:stop\]"
    ):
        Chunks.of(x)


def test_a_list_is_cut_as_an_array_is():
    assert [len(piece) for piece in Chunks.of([[1, 2], [3, 4], [5, 6]], 2).pieces] == [2, 1]
