"""All cores: threads share a pass, and nothing but the time it takes is changed by that."""

from __future__ import annotations

import _thread
import signal
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from threading import Event

import numpy as np
import pytest
from test_chunks import FITS, PLACES, bits, clusters
from threadpoolctl import threadpool_info, threadpool_limits

from em_core import Chunks, GaussianMixture, StoppedWarning, fit, fit_restarts
from em_core.scale import threads
from em_core.scale.threads import shared


@pytest.mark.parametrize("name", FITS)
def test_however_many_threads_the_answer_has_the_same_bits(name, tmp_path):
    model, x, start = FITS[name]
    with threadpool_limits(1):
        held = bits(fit(model, x, start, tol=0, max_iter=2, threads=1))
    for number in (1, 2, 5):
        with threadpool_limits(2):
            for place in ("columns", "a memmap", "pieces made anew"):
                there = PLACES[place](x, tmp_path)
                found = fit(model, there, start, tol=0, max_iter=2, threads=number)
                assert bits(found) == held, (number, place)


@pytest.mark.parametrize("number", [0, -1, True, 1.5, "2"])
def test_a_number_of_threads_that_is_none_is_refused(number):
    x, start = clusters(100)
    with pytest.raises(ValueError, match=r"^threads: .* must be a whole number from 1"):
        fit(GaussianMixture(), x, start, threads=number)


class Refused:
    """A pool that nobody may make."""

    def __init__(self, number, **_):
        raise AssertionError(f"a pool of {number} threads")


@pytest.mark.parametrize(("n", "d", "k"), [(1_000, 16, 8), (300_000, 2, 3)])
def test_where_threads_would_not_pay_none_are_made(monkeypatch, n, d, k):
    monkeypatch.setattr(threads, "ThreadPoolExecutor", Refused)
    monkeypatch.setattr(threads, "free", lambda: 8)
    rng = np.random.default_rng(0)
    x = 3.0 * rng.integers(k, size=(n, 1)) + rng.standard_normal((n, d))
    start = GaussianMixture().random_start(x, k, rng)
    fit(GaussianMixture(), x, start, tol=0, max_iter=1)


@pytest.fixture
def made(monkeypatch) -> list[int]:
    """How many threads each pool has that is made."""
    numbers = []

    class Counted(ThreadPoolExecutor):
        def __init__(self, number, **settings):
            numbers.append(number)
            super().__init__(number, **settings)

    monkeypatch.setattr(threads, "ThreadPoolExecutor", Counted)
    return numbers


def test_where_they_pay_there_are_as_many_as_are_free(made):
    model, x, start = FITS["16, 8"]
    for number, wanted in ((None, {2}), (1, set()), (3, {3})):
        for data in (x, Chunks([x, x])):
            made.clear()
            with threadpool_limits(2):
                fit(model, data, start, tol=0, max_iter=1, threads=number)
            assert set(made) == wanted


def test_blocks_of_many_columns_are_shared_wherever_they_lie(made, tmp_path):
    rng = np.random.default_rng(0)
    x = 3.0 * rng.integers(2, size=(3_000, 1)) + rng.standard_normal((3_000, 300))
    start = GaussianMixture().random_start(x, 2, rng)
    found = []
    for place in ("columns", "a memmap", "pieces made anew"):
        made.clear()
        result = fit(
            GaussianMixture(), PLACES[place](x, tmp_path), start, max_iter=1, threads=2, tol=0
        )
        found.append(bits(result))
        assert set(made) == {2}
    assert found == [found[0]] * 3


@pytest.mark.parametrize(
    ("kind", "n", "d", "k"),
    [
        ("full", 4_000, 100, 2),  # more than one block
        ("full", 777, 32, 1),
        ("full", 200, 100, 1),
        ("full", 4_000, 1, 1),
        ("shared", 777, 16, 8),
        ("diagonal", 2_000, 16, 20),
        ("spherical", 777, 32, 20),
    ],
)
def test_a_piece_alone_has_the_bits_of_one_made_anew(kind, n, d, k, tmp_path):
    """BLAS' second thread, which an array of one piece had and pieces had not, rounds otherwise."""
    rng = np.random.default_rng(0)
    x = 3.0 * rng.integers(k, size=(n, 1)) + rng.standard_normal((n, d))
    model = GaussianMixture(kind)
    start = model.random_start(x, k, rng)
    with threadpool_limits(2):
        one, other = (
            fit(model, PLACES[place](x, tmp_path), start, max_iter=2, tol=0)
            for place in ("columns", "pieces made anew")
        )
    assert bits(one) == bits(other)


@pytest.mark.parametrize("allowed", [1, 2])
def test_as_many_are_free_as_blas_may_have(allowed):
    with threadpool_limits(allowed):
        assert threads.free() == allowed


def test_one_is_free_in_the_threads_and_processes_of_somebody_else():
    with threadpool_limits(2):
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(threads.free).result() == 1
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            assert pool.submit(threads.free).result() == 1


def of_blas() -> list[int]:
    return [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]


def test_blas_has_one_thread_in_a_pass_and_gets_the_others_back():
    seen = []

    def values(item):
        seen.append(of_blas())
        return item

    with threadpool_limits(2):
        before = of_blas()
        assert sum(shared(values, range(50), 2, 5_000)) == sum(range(50))
        assert set(np.ravel(seen)) == {1}
        with pytest.raises(ZeroDivisionError):
            list(shared(lambda item: 1 / (item - 20), range(50), 2, 5_000))
        assert of_blas() == before


def test_blas_is_left_alone_in_threads_as_others_may_be_in_it():
    with threadpool_limits(2), ThreadPoolExecutor(1) as pool:
        before = of_blas()
        each = partial(shared, lambda item: of_blas(), range(9), 1, 5_000)
        seen = pool.submit(lambda: list(each())).result()
        assert seen == [before] * 9


def test_numpys_settings_are_the_callers_in_each_thread():
    with np.errstate(under="raise", over="ignore"):
        wanted = np.geterr()
        found = list(shared(lambda item: np.geterr(), range(50), 2, 5_000))
    assert found == [wanted] * 50


def test_blas_has_one_thread_while_fits_run_beside_each_other():
    model, x, _ = FITS["16, 8"]
    seen = []
    with threadpool_limits(2):
        before = of_blas()
        settings = {"starts": 2, "rng": 0, "tol": 0, "max_iter": 1, "jobs": 2}
        fit_restarts(model, x, 2, **settings, progress=lambda *_: seen.append(of_blas()))
        assert set(np.ravel(seen)) == {1}
        assert of_blas() == before


def test_fits_beside_each_other_take_one_thread_each_unless_they_are_told(made):
    model, x, _ = FITS["16, 8"]
    found = []
    for number, wanted in ((None, set()), (1, set()), (3, {3})):
        made.clear()
        settings = {"starts": 2, "rng": 0, "tol": 0, "max_iter": 1, "jobs": 2, "threads": number}
        found.append([bits(result) for result in fit_restarts(model, x, 2, **settings)])
        assert set(made) == wanted
    assert found == [found[0]] * 3


def test_an_error_in_a_thread_names_the_piece():
    model, x, start = FITS["16, 8"]
    pieces = np.split(x, 10)

    class Spoilt:
        """Pieces of which one is lost after the first reading."""

        readings = 0

        def __iter__(self):
            self.readings += 1
            yield from pieces[:7]
            yield pieces[7] if self.readings == 1 else pieces[7][:, :3]

    with pytest.raises(ValueError, match=r"^chunk 7 of "):
        fit(model, Chunks(Spoilt()), start, threads=2)


class Pressed:
    """Pieces, during whose fourth reading Ctrl-C is pressed."""

    def __init__(self, x):
        self.pieces, self.readings = np.split(x, 5), 0

    def __iter__(self):
        self.readings += 1
        yield from self.pieces[:3]
        if self.readings == 4:
            raise KeyboardInterrupt
        yield from self.pieces[3:]


def test_ctrl_c_between_pieces_keeps_what_was_reached():
    model, x, start = FITS["16, 8"]
    with pytest.warns(StoppedWarning, match="stopped after 1 iterations"):
        found = fit(model, Chunks(Pressed(x)), start, tol=0, max_iter=9, threads=2)
    assert bits(found) == bits(fit(model, Chunks(np.split(x, 5)), start, tol=0, max_iter=1))


def test_ctrl_c_where_a_pass_ends_is_heard(monkeypatch):
    passed = []

    class PressedAtLast(ThreadPoolExecutor):
        def __exit__(self, *error):
            super().__exit__(*error)
            if len(passed) == 3:
                passed.append("pressed")
                raise KeyboardInterrupt

    monkeypatch.setattr(threads, "ThreadPoolExecutor", PressedAtLast)
    model, x, start = FITS["16, 8"]
    with pytest.warns(StoppedWarning, match="stopped after 2 iterations"):
        fit(model, x, start, tol=0, max_iter=9, threads=2, progress=lambda *_: passed.append(1))


def test_ctrl_c_stops_those_who_wait_for_threads():
    begun, taken, never = [], Event(), Event()

    def pressed(item):
        begun.append(item)
        if item == 20:
            taken.wait()
            _thread.interrupt_main()
        if item > 20:
            never.wait(0.01)  # work for 50 s, of which little is to be done

    values = shared(pressed, range(10_000), 2, 5_000)
    next(values)  # all wait for their turn

    def go_on():
        taken.set()  # from here on Ctrl-C may come
        list(values)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # may be ignored, as after &
    try:
        with pytest.raises(KeyboardInterrupt):
            go_on()
    finally:
        signal.signal(signal.SIGINT, before)
    assert 20 < len(begun) < 10_000
