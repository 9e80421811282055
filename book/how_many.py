"""What the chapter on the number of components has computed beforehand, and how.

`python book/how_many.py` writes `data/how_many.json` anew, in some minutes: of Old Faithful the
best of many starts for each kind of covariance, and how such fits do on rows left out; and ratio
statistics of data that were drawn from fewer components. A test computes a part of it again.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from survey import respondents

from em_core import (
    CollapsedStartsWarning,
    EMResult,
    FewRowsWarning,
    GaussianMixture,
    GaussianParams,
    bootstrap_ratio_test,
    fit_restarts,
    log_density,
)

DATA = Path(__file__).with_name("data")
STORE = DATA / "how_many.json"
KINDS = ("full", "shared", "diagonal", "spherical")
MOST = 5
"""The largest number of components."""
STARTS = 50
"""How many random starts a fit to all rows is the best of."""
FEWER = 5
"""How many for each part left out, and for each data set drawn."""
FOLDS, SPLITS = 10, 3
SAMPLES = 199
SETTLED = 1e-4
"""What a step gains at most where a ratio's fit ends; a ratio needs no more."""
ROWS = 100
"""How many rows each data set of one Gaussian has."""
SEED = 16

Array = NDArray[np.float64]


def faithful() -> Array:
    """Length of the eruption and wait until the next one, in minutes, shape (272, 2)."""
    return np.loadtxt(DATA / "faithful.csv", delimiter=",", skiprows=1)


def carcinoma() -> Array:
    """Of 118 slides the verdicts of seven pathologists, 1 for carcinoma, shape (118, 7)."""
    verdicts, slides = respondents("carcinoma")
    return np.repeat(verdicts - 1.0, slides, axis=0)


def search(kind: str, x: Array, k: int, starts: int) -> list[EMResult]:
    """Fits from random starts, best first; one component needs but one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CollapsedStartsWarning)
        warnings.simplefilter("ignore", FewRowsWarning)
        model = GaussianMixture(covariance=kind)
        starts = starts if k > 1 else 1
        return fit_restarts(model, x, k, starts=starts, rng=SEED, accelerate=True)


def end(kind: str, k: int) -> dict[str, Any]:
    """The best of many starts, and how many of them found it."""
    ends = search(kind, faithful(), k, STARTS)
    values = np.array([each.log_likelihood for each in ends])
    best = ends[0].params
    return {
        "params": {
            "weights": best.weights.tolist(),
            "means": best.means.tolist(),
            "covariances": best.covariances.tolist(),
        },
        "found": int((values > values[0] - 0.01).sum()),
    }


def left_out(kind: str, k: int, split: int, starts: int = FEWER) -> Array:
    """The log-density of each row, by a fit without the tenth of the rows to which it belongs."""
    x, model = faithful(), GaussianMixture(covariance=kind)
    part = np.random.default_rng(split).permutation(np.arange(len(x)) % FOLDS)
    found = np.empty(len(x))
    for number in range(FOLDS):
        params = search(kind, x[part != number], k, starts)[0].params
        found[part == number] = log_density(model, x[part == number], params)
    return found


def held_out(kind: str, k: int) -> float:
    """The log-likelihood of rows left out, on the average over several ways to split them."""
    return float(np.mean([left_out(kind, k, split).sum() for split in range(SPLITS)]))


def one_gaussian(samples: int = SAMPLES) -> Array:
    """Twice the gain of a second component of the same covariance, on data of one Gaussian."""
    x = np.random.default_rng(SEED).standard_normal((ROWS, 2))
    smaller, larger = (search("shared", x, k, 1)[0].params for k in (1, 2))
    return ratios("shared", x, smaller, larger, samples)


def ratios(
    kind: str, x: Array, smaller: GaussianParams, larger: GaussianParams, samples: int = SAMPLES
) -> Array:
    """What `bootstrap_ratio_test` simulates."""
    model = GaussianMixture(covariance=kind)
    how = {"samples": samples, "starts": FEWER, "rng": SEED, "tol": SETTLED}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CollapsedStartsWarning)
        warnings.simplefilter("ignore", FewRowsWarning)
        return bootstrap_ratio_test(model, x, smaller, larger, **how).simulated


def parts() -> Iterator[tuple[str, Callable[[dict[str, Any]], Any]]]:
    """What is kept by name, and how it is computed from what is there already."""
    yield "ends", lambda kept: by_kind(end)
    yield "held_out", lambda kept: by_kind(held_out)
    yield "ratios", lambda kept: {kind: of_ends(kind, kept) for kind in ("full", "shared")}
    yield "one_gaussian", lambda kept: one_gaussian().round(4).tolist()


def by_kind(compute: Callable[[str, int], Any]) -> dict[str, list[Any]]:
    """For each kind of covariance a value with 1, 2, … components."""
    return {kind: [compute(kind, k) for k in range(1, MOST + 1)] for kind in KINDS}


def of_ends(kind: str, kept: dict[str, Any]) -> list[float]:
    """The ratios of two components and three."""
    two, three = (GaussianParams(**each["params"]) for each in kept["ends"][kind][1:3])
    return ratios(kind, faithful(), two, three).round(4).tolist()


def main(wanted: list[str]) -> None:
    """Compute what is asked for by name, or everything, and write it down."""
    kept = json.loads(STORE.read_text()) if wanted else {}
    for name, compute in parts():
        if not wanted or name in wanted:
            print(f"-- {name}", flush=True)
            kept[name] = compute(kept)
    STORE.write_text(json.dumps(kept) + "\n")


@cache
def stored() -> dict[str, Any]:
    """What is written down."""
    return json.loads(STORE.read_text())


def fits() -> dict[str, list[GaussianParams]]:
    """For each kind of covariance the best fits found, with 1, 2, … components."""
    ends = stored()["ends"]
    return {kind: [GaussianParams(**each["params"]) for each in ends[kind]] for kind in ends}


if __name__ == "__main__":
    main(sys.argv[1:])
