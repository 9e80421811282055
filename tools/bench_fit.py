"""Measure the mixture fits beside scikit-learn, the lecture's listings and the floor.

python tools/bench_fit.py [--quick] [--output _build/bench.json]

In each row all candidates get the same data, start and number of iterations and take turns; a
ratio is the median of the ratios of neighbouring turns. One-thread figures are CPU time with one
BLAS thread; wall time is with as many threads, BLAS's or ours, as there are processors. An
iteration is (a run of several − a run of one) over the others' number, so that what a fit does once
is apart; it is given in iterations.
scikit-learn is its own E-step, M-step and bound, without the regularisation that it adds unasked.
The floor is what no fit of this design can leave out: exp of n·k numbers, log of n, two matrix
products, one read of X.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import build
import extended
import hard_data
import numpy as np
import scipy
import sklearn
from sklearn.mixture import GaussianMixture as Theirs
from threadpoolctl import threadpool_limits

from em_core import (
    Chunks,
    CoinMixture,
    CoinParams,
    FewRowsWarning,
    GaussianMixture,
    GaussianParams,
    fit,
    listings,
)
from em_core.covariances import KINDS, UNCORRELATED, Kind, width
from em_core.scale.gaussians import prefers_residuals

OUTPUT = build.BUILD / "bench.json"
OURS, THEIRS, FLOOR = "em_core", "scikit-learn", "the floor"
LOOP, VECTORISED, EINSUM = "loop", "vectorised", "einsum"
LISTINGS = {
    LOOP: listings.gmm_em_loop,
    VECTORISED: listings.gmm_em_vectorised,
    EINSUM: listings.gmm_em_einsum,
}
THEIR_KINDS = dict(zip(KINDS, ["full", "tied", "diag", "spherical"], strict=True))
LARGEST_SWEEP = 1e9  # n·k·d², so that scikit-learn's iteration takes a second or so

Work = Callable[[int], object]


@dataclass(frozen=True)
class Size:
    """A row of the table, and what the ratios to other candidates may be at most."""

    n: int
    d: int
    k: int
    targets: dict[str, float]
    kind: Kind = "full"


SIZES = [
    Size(1_000, 2, 2, {THEIRS: 0.18, EINSUM: 0.15}),
    Size(100_000, 2, 3, {THEIRS: 0.08}),
    Size(1_000_000, 2, 3, {THEIRS: 0.045, FLOOR: 2.5}),
    Size(100_000, 16, 8, {THEIRS: 0.18}),
    Size(200_000, 32, 16, {THEIRS: 0.20}),
    Size(100_000, 8, 64, {THEIRS: 0.055}),
    Size(50_000, 32, 2, {THEIRS: 0.33}),
]
WIDE = [Size(400_000, 50, 3, {THEIRS: 1.0}), Size(20_000, 784, 3, {THEIRS: 1.0})]
UNLIKE = [
    Size(n, d, k, {THEIRS: 1.0}, kind)
    for kind in UNCORRELATED
    for n, d, k in [(1_000, 2, 2), (1_000_000, 2, 3), (100_000, 16, 8), (20_000, 784, 3)]
]


@dataclass
class Row:
    """What was measured at one size."""

    n: int
    d: int
    k: int
    kind: str
    way: str
    ms: float = 0.0
    setup: float = 0.0
    ratios: dict[str, float] = field(default_factory=dict)
    wall: dict[str, float] = field(default_factory=dict)
    targets: dict[str, float] = field(default_factory=dict)

    def missed(self) -> list[str]:
        """The candidates to which the ratio is above its target."""
        return [name for name, most in self.targets.items() if self.ratios[name] > most]


# --- candidates -------------------------------------------------------------------------------


def data(n: int, d: int, k: int) -> tuple[np.ndarray, GaussianParams]:
    """Clusters that overlap a little, and a start near their centres."""
    rng = np.random.default_rng(0)
    centres = 4.5 / np.sqrt(d) * rng.standard_normal((k, d))
    x = centres[rng.integers(k, size=n)] + rng.standard_normal((n, d))
    return x, GaussianParams(np.full(k, 1 / k), centres + 0.1, [1.5 * np.eye(d)] * k)


def ours(x: np.ndarray, start: GaussianParams, kind: Kind = "full") -> Work:
    """`fit`, as a user calls it."""
    return lambda iterations: fit(GaussianMixture(kind), x, start, tol=0, max_iter=iterations)


def theirs_of(matrices: np.ndarray, kind: str) -> np.ndarray:
    """Matrices as scikit-learn has those of a kind."""
    axes = np.einsum("jaa->ja", matrices)
    return {"full": matrices, "tied": matrices[0], "diag": axes, "spherical": axes[:, 0]}[kind]


def theirs(x: np.ndarray, start: GaussianParams, kind: Kind = "full") -> Work:
    """scikit-learn's steps; after the last M-step there is one more E-step, as in ours."""

    def work(iterations: int) -> float:
        name = THEIR_KINDS[kind]
        model = Theirs(len(start.weights), covariance_type=name, reg_covar=0)
        model.weights_, model.means_, model.covariances_ = (
            start.weights.copy(),
            start.means.copy(),
            theirs_of(start.covariances, name).copy(),
        )
        roots = np.linalg.inv(np.linalg.cholesky(start.covariances)).mT
        model.precisions_cholesky_ = theirs_of(roots, name)
        value, log_responsibilities = model._e_step(x)
        for _ in range(iterations):
            model._m_step(x, log_responsibilities)
            value, log_responsibilities = model._e_step(x)
            model._compute_lower_bound(log_responsibilities, value)
        return float(value) * len(x)

    return work


def listing(name: str, x: np.ndarray, start: GaussianParams) -> Work:
    """One of the lecture's, which evaluates every density twice in an iteration."""
    function, given = LISTINGS[name], (start.weights, start.means, start.covariances)
    return lambda iterations: iterations and function(x, *given, tol=-1.0, max_iter=iterations)


def floor(n: int, d: int, k: int) -> Work:
    """What can't be left out, on numbers of the same shapes."""
    rng = np.random.default_rng(0)
    f = 1 + d + d * (d + 1) // 2
    rows = max(64, min(n, 2**17 // (f + k)))
    x, phi, w = rng.random((n, d)), rng.random((f, rows)), rng.random((k, f))
    joint, total = -rng.random((k, rows)), 1 + rng.random(rows)
    r, logs = np.empty_like(joint), np.empty_like(total)

    def work(iterations: int) -> None:
        for _ in range(iterations):
            x.sum()
            for _ in range(0, n, rows):
                np.exp(joint, out=r)
                np.log(total, out=logs)
                np.dot(w, phi, out=r)
                np.dot(r, phi.T)

    return work


def candidates(size: Size) -> dict[str, Work]:
    """Those that can be run at a size; ours comes first."""
    x, start = data(size.n, size.d, size.k)
    found = {OURS: ours(x, start, size.kind), THEIRS: theirs(x, start, size.kind)}
    if size.kind != "full":
        return found
    found[FLOOR] = floor(size.n, size.d, size.k)
    if size.n * size.k * size.d**2 <= 2e6:
        names = [*LISTINGS] if size.n <= 1000 else [VECTORISED, EINSUM]
        found |= {name: listing(name, x, start) for name in names}
    return found


# --- measuring --------------------------------------------------------------------------------


def seconds(work: Work, iterations: int, clock: Callable[[], float]) -> float:
    """How long that many iterations take."""
    start = clock()
    work(iterations)
    return clock() - start


def iteration(work: Work, iterations: int, clock: Callable[[], float]) -> tuple[float, float]:
    """How long one iteration takes, and everything that is done once."""
    first = seconds(work, 1, clock)
    each = max(seconds(work, 1 + iterations, clock) - first, 1e-9) / iterations
    return each, first - each


def in_turns(
    works: dict[str, Work], turns: int, clock: Callable[[], float]
) -> dict[str, list[tuple[float, float]]]:
    """The times of all candidates, one after another in each turn."""
    counts = {name: enough(work, clock) for name, work in works.items()}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    for _ in range(turns):
        for name, work in works.items():
            times[name].append(iteration(work, counts[name], clock))
    return times


def enough(work: Work, clock: Callable[[], float]) -> int:
    """So many iterations, up to some 200, that what is done once takes no longer than they do."""
    first, count = seconds(work, 1, clock), 2
    while count < 200 and seconds(work, 1 + count, clock) < first + max(0.2, first):
        count *= 2
    return count


def ratios(times: dict[str, list[tuple[float, float]]]) -> dict[str, float]:
    """Ours over each of the others."""
    return {
        name: median(a[0] / b[0] for a, b in zip(times[OURS], other, strict=True))
        for name, other in times.items()
        if name != OURS
    }


def measure(size: Size, turns: int, wall: bool = True) -> Row:
    """One row."""
    works = candidates(size)
    with threadpool_limits(1):
        times = in_turns(works, turns, time.process_time)
    each = median(t[0] for t in times[OURS])
    once = median(t[1] for t in times[OURS])
    residuals = prefers_residuals(width(size.kind, size.d), size.k)
    way = "residuals" if residuals else "moments"
    row = Row(size.n, size.d, size.k, size.kind, way, 1e3 * each, once / each, ratios(times))
    row.targets = dict(size.targets)
    if wall:
        with threadpool_limits(os.cpu_count()):
            fits = {name: works[name] for name in (OURS, THEIRS)}
            row.wall = ratios(in_turns(fits, turns, time.perf_counter))
    return row


def sweep() -> Iterator[Size]:
    """Sizes over the whole range, but for the wide ones; a lone component does not iterate."""
    for n in (100, 1000, 10_000, 100_000, 1_000_000):
        for d in (1, 2, 8, 32, 64):
            for k in (2, 8, 64):
                if n >= 20 * k * (d + 1) and n * k * d * d <= LARGEST_SWEEP:
                    yield Size(n, d, k, {THEIRS: 1.0})


def exponents(rows: list[Row]) -> dict[str, float]:
    """How the time of an iteration grows: ms ~ n^a d^b k^c, fitted where an iteration is ≥ 1 ms."""
    large = [row for row in rows if row.ms >= 1]
    logs = np.log([[row.n, row.d, row.k] for row in large])
    design = np.column_stack([np.ones(len(large)), logs])
    found = np.linalg.lstsq(design, np.log([row.ms for row in large]))[0]
    return dict(zip("ndk", found[1:].tolist(), strict=True))


def coins(turns: int) -> dict[str, float]:
    """A million samples of three coins, over their floor."""
    model, start = CoinMixture(fit_weights=True), CoinParams([0.3, 0.5, 0.8], [0.2, 0.3, 0.5])
    x, _ = model.sample(start, 10**6, np.random.default_rng(0))
    rng = np.random.default_rng(0)
    phi, w, joint = rng.random((3, 2**14)), rng.random((3, 3)), -rng.random((3, 2**14))
    total = 1 + rng.random(2**14)
    r, logs = np.empty_like(joint), np.empty_like(total)

    def least(iterations: int) -> None:
        for _ in range(iterations):
            x.sum()
            for _ in range(0, len(x), 2**14):
                np.exp(joint, out=r)
                np.log(total, out=logs)
                np.dot(w, phi, out=r)
                np.dot(r, phi.T)

    works: dict[str, Work] = {OURS: lambda i: fit(model, x, start, tol=0, max_iter=i), FLOOR: least}
    with threadpool_limits(1):
        times = in_turns(works, turns, time.process_time)
    return {"ms": 1e3 * median(t[0] for t in times[OURS]), FLOOR: ratios(times)[FLOOR]}


def memory() -> dict[str, float]:
    """The most memory that a fit adds, over X's own: kept, and read in chunks of 1 MB."""
    x, start = data(1_000_000, 2, 3)
    added = {}
    for name, given in {"kept": x, "in chunks": Chunks.of(x, 2**16)}.items():
        tracemalloc.start()
        fit(GaussianMixture(), given, start, tol=0, max_iter=2)
        added[name] = tracemalloc.get_traced_memory()[1] / x.nbytes
        tracemalloc.stop()
    return added


def exactness() -> list[dict[str, Any]]:
    """Errors against 80-bit arithmetic after 50 iterations, over ten data sets of each kind."""
    return [exactness_of(name) for name in hard_data.CASES]


def exactness_of(name: str) -> dict[str, Any]:
    """The log-likelihood's relative errors, ours and scikit-learn's; our parameters' over limit."""
    errors: dict[str, list[float]] = {OURS: [], THEIRS: []}
    shares = []
    for seed in hard_data.SEEDS:
        x, start = hard_data.case(name, seed)
        reference = extended.fit(x, start, hard_data.ITERATIONS)
        result = fit(GaussianMixture(), x, start, tol=0, max_iter=hard_data.ITERATIONS)
        values = {OURS: result.log_likelihood, THEIRS: theirs(x, start)(hard_data.ITERATIONS)}
        for who, value in values.items():
            gap = (value - reference.log_likelihood) / reference.log_likelihood
            errors[who].append(float(abs(gap)))
        shares.append(max(extended.errors(result.params, reference)) / extended.limit(reference))
    return {
        "case": name,
        "data sets": len(hard_data.SEEDS),
        "median": {who: median(found) for who, found in errors.items()},
        "worst": {who: max(found) for who, found in errors.items()},
        "parameters over limit": {"median": median(shares), "worst": max(shares)},
    }


# --- report -----------------------------------------------------------------------------------


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        "processor": processor(),
        "cpus": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
        "blas": f"{blas['name']} {blas['version']}",
        "load": os.getloadavg()[0],
    }


def processor() -> str:
    """Its name, where the system tells."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def speed_table(rows: list[Row]) -> str:
    """The rows, ratios of ours to each candidate."""
    names = [THEIRS, FLOOR, LOOP, VECTORISED, EINSUM]
    lines = [
        f"{'n, d, k':>16} {'kind':>9} {'way':>9} {'ms':>8} {'set-up':>7}"
        + "".join(f"{name:>13}" for name in names)
        + "   wall / scikit-learn"
    ]
    for row in rows:
        cells = [f"{row.ratios[n]:.3g}" if n in row.ratios else "–" for n in names]
        wall = f"{row.wall[THEIRS]:.3g}" if row.wall else "–"
        missed = "; ".join(f"{n} above {row.targets[n]}" for n in row.missed())
        lines.append(
            f"{f'{row.n:.0e}, {row.d}, {row.k}':>16} {row.kind:>9} {row.way:>9}"
            f" {row.ms:8.3g} {row.setup:7.1f}"
            + "".join(f"{cell:>13}" for cell in cells)
            + f"   {wall:>10}  {missed and 'missed: ' + missed}"
        )
    return "\n".join(lines)


def exactness_table(rows: list[dict[str, Any]]) -> str:
    """Relative errors of the log-likelihood, and the parameters' as shares of their limit."""
    lines = [f"{'log-likelihood, median and worst:':34}{OURS:>16}{THEIRS:>18}{'parameters':>18}"]
    for row in rows:
        pairs = [[row[kind][who] for kind in ("median", "worst")] for who in (OURS, THEIRS)]
        pairs.append(list(row["parameters over limit"].values()))
        cells = "  ".join(f"{low:8.0e}{high:8.0e}" for low, high in pairs)
        lines.append(f"{row['case']:34}{cells}")
    return "\n".join(lines)


def run(turns: int, quick: bool) -> dict[str, Any]:
    """Measure everything, telling what is on."""
    rows, kinds = [], []
    for size in SIZES + WIDE + UNLIKE:
        print(f"-- {size.n:,} rows, d = {size.d}, k = {size.k}, {size.kind}", flush=True)
        (kinds if size in UNLIKE else rows).append(measure(size, turns))
    print(f"\n{speed_table(rows + kinds)}\n", flush=True)
    swept = [] if quick else rows[len(SIZES) :]  # the wide ones are measured already
    for number, size in enumerate([] if quick else list(sweep())):
        print(f"-- sweep {number}: {size.n:,} rows, d = {size.d}, k = {size.k}", flush=True)
        swept.append(measure(size, 1, wall=False))
    print("-- coins, memory, exactness", flush=True)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "rows": [asdict(row) | {"missed": row.missed()} for row in rows],
        "kinds": [asdict(row) | {"missed": row.missed()} for row in kinds],
        "sweep": [asdict(row) for row in swept],
        "exponents": exponents(swept) if swept else {},
        "coins": coins(turns),
        "memory": memory(),
        "exactness": exactness(),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=OUTPUT, help="where the figures are kept")
    parser.add_argument("--turns", type=int, default=5, help="turns of each candidate")
    parser.add_argument("--quick", action="store_true", help="leave out the sweep of sizes")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", FewRowsWarning)  # hard data are meant to be hard
    found = run(arguments.turns, arguments.quick)
    arguments.output.parent.mkdir(exist_ok=True)
    arguments.output.write_text(json.dumps(found, indent=1) + "\n")
    print(exactness_table(found["exactness"]))
    if found["sweep"]:
        worst = max(found["sweep"], key=lambda row: row["ratios"][THEIRS])
        print(f"\nworst of the sweep: {worst['ratios'][THEIRS]:.2f} × scikit-learn at {worst}")
        print("time grows as " + " ".join(f"{a}^{b:.2f}" for a, b in found["exponents"].items()))
    print(f"coins: {found['coins'][FLOOR]:.2f} × the floor")
    print("extra memory: " + ", ".join(f"{a} {b:.2f} × X" for a, b in found["memory"].items()))
    print(f"\n-- kept in {arguments.output}")
    return 0


if __name__ == "__main__":
    sys.exit(build.stoppable(main))
