"""A fit on a cluster of two processes: dask's partitions are pieces like any other."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import dask
import dask.array as da
import machines
import numpy as np
import pytest
from distributed import Client, LocalCluster
from threadpoolctl import threadpool_limits

from em_core import Chunks, CoinMixture, CoinParams, GaussianMixture, GaussianParams, fit
from em_core.on_dask import DaskChunks

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("cluster")]

MODEL = GaussianMixture()
GIB = 2**30
LAST_RESORT = 120
"""Seconds after which a cluster is given up, on a busy machine too."""


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Two processes of one thread, each with 2 GiB at most; a lost one is replaced."""
    settings = {
        "distributed.comm.timeouts.connect": f"{LAST_RESORT}s",
        "distributed.deploy.lost-worker-timeout": f"{LAST_RESORT}s",  # until it is back
        "distributed.scheduler.allowed-failures": 10,
    }
    with pytest.MonkeyPatch.context() as environment, dask.config.set(settings):
        for name, value in machines.threads(1).items():  # the workers', whatever it is here
            environment.setenv(name, value)
        with (
            LocalCluster(
                n_workers=2, threads_per_worker=1, memory_limit=2 * GIB, dashboard_address=":0"
            ) as cluster,
            Client(cluster, timeout=LAST_RESORT) as found,
        ):
            yield found


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As in the workers: with more, BLAS may round the last bit otherwise."""
    with threadpool_limits(1):
        yield


def clusters(d: int = 3, k: int = 3) -> tuple[np.ndarray, GaussianParams]:
    rng = np.random.default_rng(0)
    x = 3.0 * rng.integers(k, size=(20_000, 1)) + rng.standard_normal((20_000, d))
    return x, MODEL.random_start(x, k, rng)


def same(one: GaussianParams, other: GaussianParams) -> bool:
    """Bit for bit."""
    return all(
        (getattr(one, name) == getattr(other, name)).all()
        for name in ("weights", "means", "covariances")
    )


@pytest.mark.parametrize(("d", "k"), [(3, 3), (16, 8), (32, 2)])
def test_two_processes_give_the_bits_of_one(client, d, k):
    x, start = clusters(d, k)
    here = fit(MODEL, Chunks.of(x, 3_000), start, tol=0, max_iter=10)
    there = fit(MODEL, DaskChunks(da.from_array(x, chunks=(3_000, d))), start, tol=0, max_iter=10)
    assert same(here.params, there.params)
    assert (here.log_likelihoods == there.log_likelihoods).all()


def test_partitions_cut_as_an_array_is_give_its_bits(client):
    rng = np.random.default_rng(2)
    x = 3.0 * rng.integers(3, size=(400_000, 1)) + rng.standard_normal((400_000, 2))
    start = MODEL.random_start(x, 3, rng)
    rows = len(next(iter(Chunks.of(x).pieces)))
    assert rows < len(x)
    held = fit(MODEL, x, start, tol=0, max_iter=3)
    there = fit(MODEL, DaskChunks(da.from_array(x, chunks=(rows, 2))), start, tol=0, max_iter=3)
    assert same(held.params, there.params)


def test_coins_go_by_dask_too(client):
    model, start = CoinMixture(fit_weights=True), CoinParams([0.3, 0.6], [0.5, 0.5])
    x, _ = model.sample(CoinParams([0.2, 0.7], [0.4, 0.6]), 5_000, np.random.default_rng(1))
    there = fit(model, DaskChunks(da.from_array(x, chunks=(700, 2))), start, tol=0, max_iter=5)
    here = fit(model, Chunks.of(x, 700), start, tol=0, max_iter=5)
    assert (here.params.theta == there.params.theta).all()


def test_weights_go_to_the_partitions_whose_rows_they_are(client):
    x, start = clusters()
    weights = np.random.default_rng(3).integers(0, 3, len(x)).astype(float)
    data = DaskChunks(da.from_array(x, chunks=(3_000, 3)))
    there = fit(MODEL, data, start, row_weights=weights, tol=0, max_iter=3)
    here = fit(MODEL, Chunks.of(x, 3_000), start, row_weights=weights, tol=0, max_iter=3)
    assert same(here.params, there.params)


def held(piece: np.ndarray, armed: Path, killed: Path) -> np.ndarray:
    """The piece; once all is armed, not before a worker has been killed over it."""
    until = time.monotonic() + LAST_RESORT
    while armed.exists() and not killed.exists() and time.monotonic() < until:
        time.sleep(0.01)
    return piece


def test_a_worker_killed_amid_an_iteration_changes_nothing(client, tmp_path):
    x, start = clusters()
    undisturbed = fit(MODEL, Chunks.of(x, 3_000), start, tol=0, max_iter=3)
    armed, killed = tmp_path / "armed", tmp_path / "killed"
    array = da.from_array(x, chunks=(3_000, 3)).map_blocks(held, armed, killed, meta=x[:0])
    pids = client.run(os.getpid)
    gone: list[int] = []

    def kill_while_busy() -> None:
        while not gone:
            gone.extend(pids[address] for address, tasks in client.processing().items() if tasks)
            time.sleep(0.01)
        os.kill(gone[0], signal.SIGKILL)
        killed.touch()

    killer = threading.Thread(target=kill_while_busy, daemon=True)

    def watch(iteration: int, log_likelihood: float) -> None:
        if iteration == 0:
            armed.touch()
            killer.start()

    disturbed = fit(MODEL, DaskChunks(array), start, tol=0, max_iter=3, progress=watch)
    killer.join(timeout=LAST_RESORT)
    assert killed.exists()
    client.wait_for_workers(2, timeout=LAST_RESORT)
    assert gone[0] not in client.run(os.getpid).values()
    assert same(undisturbed.params, disturbed.params)


def test_a_partition_with_nan_is_named(client):
    x, start = clusters()
    x[7_500] = np.nan
    with pytest.raises(ValueError, match=r"^chunk 2 of x: holds NaN or infinity"):
        fit(MODEL, DaskChunks(da.from_array(x, chunks=(3_000, 3))), start)


def drawn(seed: int, rows: int) -> np.ndarray:
    """A piece of four clusters in four dimensions."""
    rng = np.random.default_rng(seed)
    return 4.0 * rng.integers(4, size=(rows, 1)) + rng.standard_normal((rows, 4))


def test_ten_million_rows_fit_into_two_gib_a_worker(client, capsys):
    pieces, rows = 20, 500_000
    array = da.concatenate(
        [
            da.from_delayed(dask.delayed(drawn)(seed, rows), (rows, 4), dtype=float)
            for seed in range(pieces)
        ]
    )
    means = 4.0 * np.arange(4)[:, np.newaxis] + np.full((4, 4), 0.3)
    start = GaussianParams(np.full(4, 0.25), means, [2 * np.eye(4)] * 4)
    pids = client.run(os.getpid)
    before = time.monotonic()
    result = fit(MODEL, DaskChunks(array), start, tol=0, max_iter=1)
    taken = time.monotonic() - before
    assert client.run(os.getpid) == pids  # a worker beyond its memory would have been replaced
    peaks = client.run(peak_memory)
    with capsys.disabled():
        most = max(peaks.values()) / GIB
        print(
            f"\n{pieces * rows:.0e} rows, 3 passes: {taken:.0f} s, at most {most:.2f} GiB a worker"
        )
    assert max(peaks.values()) < 2 * GIB
    assert len(peaks) == 2
    assert np.abs(result.params.means - 4.0 * np.arange(4)[:, np.newaxis]).max() < 0.01
    assert (np.diff(result.log_likelihoods) > 0).all()


def peak_memory() -> int:
    """The most bytes that this process has had in memory."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.mark.parametrize(
    "array",
    [np.zeros((4, 2)), da.zeros((4, 2), chunks=(2, 1)), da.zeros(4)],
    ids=["numpy's", "columns apart", "one dimension"],
)
def test_another_array_is_refused(array):
    with pytest.raises(ValueError, match=r"(?s)^array: .* must be a dask array of shape \(n, d\)"):
        DaskChunks(array)
