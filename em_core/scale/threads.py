"""All cores: blocks of the data in threads, which numpy and BLAS let run beside each other."""

import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import cache, partial
from itertools import chain
from typing import Any, TypeVar

import numpy as np

GRAIN = 500  # multiply-adds a row for each thread; with fewer, most of the time is Python's own
LITTLE = 4_000  # multiply-adds a row, of all blocks together, for which no thread is started
BATCH = 4  # blocks at most that a thread takes at a time: to hand one over costs half a small one

Item = TypeVar("Item")
Value = TypeVar("Value")


def shared(
    function: Callable[[Item], Value], items: Sequence[Item], threads: int | None, work: int
) -> Generator[Value, None, None]:
    """The function's values in the order of the items, whoever is ready first.

    Parameters
    ----------
    function : callable
    items : sequence
        Blocks of the data.
    threads : int or None
        How many threads share them; None is as many as pay for the work, and as are free.
    work : int
        Multiply-adds a row.
    """
    threads = threads or (min(work // GRAIN, free()) if work >= 2 * GRAIN else 1)
    with one_thread_in_blas():
        if 1 in (threads, len(items)) or len(items) * max(work, GRAIN) <= LITTLE:
            yield from map(function, items)
            return
        size = max(1, min(BATCH, len(items) // (4 * threads)))
        batches = [items[at : at + size] for at in range(0, len(items), size)]
        settings = partial(np.seterr, **np.geterr())
        with ThreadPoolExecutor(threads, initializer=settings) as pool:
            yield from chain.from_iterable(pool.map(lambda b: [*map(function, b)], batches))


def free() -> int:
    """How many threads there are to take: as many as BLAS may have.

    It heeds ``OPENBLAS_NUM_THREADS`` and the like. But one in a thread or a process of somebody who
    has many, as Dask's and joblib's workers are.
    """
    from multiprocessing import parent_process  # takes as long to load as a small fit

    if parent_process() or not in_main():
        return 1
    return min((library.num_threads for library in blas().lib_controllers), default=1)


def in_main() -> bool:
    """Whether this is the thread that the program began with."""
    return threading.current_thread() is threading.main_thread()


@cache
def blas() -> Any:
    """What tells how many threads BLAS has, and changes it."""
    from threadpoolctl import ThreadpoolController  # takes longer

    return ThreadpoolController().select(user_api="blas")


def one_thread_in_blas(when: bool = True) -> Any:
    """One thread in BLAS, which rounds in one way, and on a busy machine doesn't wait for others.

    The number is the process's. To change it while others are in BLAS can stop these for ever, so
    it is left alone in every thread but the main one.
    """
    many = when and in_main() and any(own.num_threads > 1 for own in blas().lib_controllers)
    return blas().limit(limits=1) if many else nullcontext()
