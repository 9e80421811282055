"""Measure where random starts end: a survey's latent classes, and three ways to begin a mixture.

python tools/bench_starts.py [--output book/data/starts.json]

A survey is fitted with three and with four classes, and wines with three Gaussians; kept is where
each of many starts ends, in their order. Then a dozen data sets are fitted with one covariance for
all components, so that the likelihood has a highest value. Every set is standardised, which changes
no such fit, and fitted from as many starts in each of three ways; they differ in nothing but where
the fit begins. "Found" counts the ends within `NEAR` of the highest that any start of any way has
reached. One set is measured again, from more starts, which tells what a difference is worth. All of
it takes a quarter of an hour; `tests/test_claims_starts.py` repeats a part.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import build
import numpy as np
from sklearn import datasets

from em_core import (
    CollapseError,
    GaussianMixture,
    GaussianParams,
    NotConvergedWarning,
    fit,
    kmeans_start,
)
from em_core.tables import maxima_of

sys.path.insert(0, str(build.ROOT / "book"))
import survey

OUTPUT = build.ROOT / "book/data/starts.json"
STARTS, SEED = 100, 17
NEAR = 0.01
MOST = 3000  # iterations; some starts of equal clouds lie almost on a saddle
MANY, MORE = 500, 300
TOLERANCE = 1e-10  # these fits are slow, and their maxima lie close together
MODEL = GaussianMixture(covariance="shared")


@dataclass(frozen=True)
class Case:
    """Some data, and how many components are fitted to them."""

    name: str
    k: int
    load: Callable[[], np.ndarray]

    def rows(self) -> np.ndarray:
        """The data, each column with mean 0 and standard deviation 1."""
        x = np.asarray(self.load(), dtype=float)
        return (x - x.mean(axis=0)) / x.std(axis=0)


def faithful() -> np.ndarray:
    return np.loadtxt(build.ROOT / "book/data/faithful.csv", delimiter=",", skiprows=1)


def clouds() -> np.ndarray:
    """The lecture's thousand points."""
    rng = np.random.RandomState(123)
    first = rng.multivariate_normal([0, 4], np.diag([3, 0.5]), 600)
    return np.concatenate([first, rng.multivariate_normal([-2, 0], np.diag([1, 2]), 400)])


def clusters() -> np.ndarray:
    """The three hundred points of chapter 9's figure."""
    means = [[-4, 0], [0, 3.2], [4, 0], [0, -3.2]]
    square = GaussianParams([0.25] * 4, means, [0.5 * np.eye(2)] * 4)
    return GaussianMixture().sample(square, 300, np.random.default_rng(5))[0]


def lattice(side: int) -> np.ndarray:
    """Round clusters of fifty points on a square lattice, five standard deviations apart."""
    centres = 5.0 * np.stack(np.meshgrid(range(side), range(side)), axis=-1).reshape(-1, 2)
    return np.random.default_rng(1).standard_normal((50 * side**2, 2)) + np.repeat(centres, 50, 0)


def digits() -> np.ndarray:
    """Eight principal components of the handwritten digits."""
    x = datasets.load_digits().data
    x = x - x.mean(axis=0)
    return x @ np.linalg.svd(x, full_matrices=False)[2][:8].T


def colours(name: str) -> np.ndarray:
    """The colours of two thousand of a photograph's pixels."""
    pixels = datasets.load_sample_image(name).reshape(-1, 3).astype(float)
    rng = np.random.default_rng(0)
    return rng.choice(pixels, 2000, replace=False) + rng.uniform(-0.5, 0.5, (2000, 3))


TUMOURS = Case("breast cancer", 2, lambda: datasets.load_breast_cancer().data[:, :10])
WINES = Case("wines", 3, lambda: datasets.load_wine().data)
CASES = [
    Case("Old Faithful", 2, faithful),
    Case("the lecture’s clouds", 2, clouds),
    Case("four clusters", 4, clusters),
    Case("nine clusters", 9, partial(lattice, 3)),
    Case("sixteen clusters", 16, partial(lattice, 4)),
    Case("irises", 3, lambda: datasets.load_iris().data),
    WINES,
    TUMOURS,
    Case("diabetes", 3, lambda: np.delete(datasets.load_diabetes().data, 1, axis=1)),
    Case("digits", 10, digits),
    Case("colours of a temple", 5, partial(colours, "china.jpg")),
    Case("colours of a flower", 5, partial(colours, "flower.jpg")),
]


# --- three ways to begin -------------------------------------------------------------------------


def from_rows(x: np.ndarray, k: int, rng: np.random.Generator) -> GaussianParams:
    """Means at random rows, one as likely as the other."""
    return MODEL.random_start(x, k, rng)


def from_seeds(x: np.ndarray, k: int, rng: np.random.Generator) -> GaussianParams:
    """Means at rows that k-means++ chooses; all else as for random rows."""
    return GaussianParams(np.full(k, 1 / k), seeds(x, k, rng), [np.cov(x.T, bias=True)] * k)


def seeds(x: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """Rows far from each other: the chance of a row is its squared distance from the nearest."""
    chosen = [rng.choice(x)]
    while len(chosen) < k:
        away = ((x[:, np.newaxis] - chosen) ** 2).sum(axis=2).min(axis=1)
        chosen.append(rng.choice(x, p=away / away.sum()))
    return np.array(chosen)


def from_groups(x: np.ndarray, k: int, rng: np.random.Generator) -> GaussianParams:
    """What k-means makes of such seeds: its groups' shares, means and common covariance."""
    return kmeans_start(x, k, rng, covariance="shared")


WAYS = {"rows": from_rows, "k-means++": from_seeds, "k-means": from_groups}


def ends(
    case: Case, way: str, starts: int = STARTS, seed: int = SEED
) -> tuple[np.ndarray, list[int]]:
    """Where the starts of a case end, and after how many iterations; NaN for a collapse."""
    warnings.simplefilter("ignore", NotConvergedWarning)
    x, rng = case.rows(), np.random.default_rng(seed)
    values, iterations = np.full(starts, np.nan), []
    for s in range(starts):
        try:
            run = fit(MODEL, x, WAYS[way](x, case.k, rng), max_iter=MOST)
        except CollapseError:
            continue
        values[s] = run.log_likelihood
        iterations.append(run.iterations)
    return values, iterations


def classes(k: int, starts: int = MANY) -> np.ndarray:
    """The ends of the survey's fits with k classes."""
    return survey.latent_classes(starts, np.random.default_rng(SEED), k, TOLERANCE)[0]


def in_short(values: np.ndarray) -> dict[str, list[Any]]:
    """The maxima, and which of them each start has reached."""
    levels, places = maxima_of(values)
    return {"levels": levels.round(6).tolist(), "places": places.tolist()}


def measured(case: Case) -> dict[str, Any]:
    """A line of the table."""
    every = {way: ends(case, way) for way in WAYS}
    best = max(np.nanmax(values) for values, _ in every.values())
    n, d = case.rows().shape
    line: dict[str, Any] = {"name": case.name, "n": n, "d": d, "k": case.k, "best": round(best, 3)}
    for way, (values, iterations) in every.items():
        line[way] = {
            "found": int((values > best - NEAR).sum()),
            "collapsed": int(np.isnan(values).sum()),
            "iterations": int(np.median(iterations)),
        }
    return line


def again(best: float, starts: int = MORE) -> dict[str, list[int]]:
    """Which further starts of the tumours find the best: from 0, in two ways."""
    every = {way: ends(TUMOURS, way, starts, seed=99)[0] for way in ("rows", "k-means++")}
    return {way: np.flatnonzero(values > best - NEAR).tolist() for way, values in every.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--output", type=Path, default=OUTPUT)
    output = parser.parse_args().output
    found: dict[str, Any] = {"starts": STARTS, "ends": {}, "cases": []}
    began = time.perf_counter()
    for name, run in ENDS.items():
        found["ends"][name] = in_short(run())
        print(f"{time.perf_counter() - began:6.0f} s  {name}", flush=True)
    for case in CASES:
        found["cases"].append(measured(case))
        print(f"{time.perf_counter() - began:6.0f} s  {found['cases'][-1]}", flush=True)
    (tumours,) = (line for line in found["cases"] if line["name"] == TUMOURS.name)
    found["again"] = {"starts": MORE, **again(tumours["best"])}
    output.write_text(as_text(found))


ENDS: dict[str, Callable[[], np.ndarray]] = {
    "three classes": partial(classes, 3),
    "four classes": partial(classes, 4),
    "wines": lambda: ends(WINES, "rows", MANY)[0],
}


def as_text(found: dict[str, Any]) -> str:
    """JSON with a line for each case, and one for what the starts of a survey reached."""
    text = json.dumps(found, ensure_ascii=False)
    for before in ['"ends":', '"cases":', '"again":', '{"name"', *(f'"{name}":' for name in ENDS)]:
        text = text.replace(before, "\n" + before)
    return text + "\n"


if __name__ == "__main__":
    main()
