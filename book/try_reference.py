"""How an implementation of EM is tested against the collection.

python book/try_reference.py em-reference.json

An implementation is a function of a problem, its rows, and how many iterations are wanted (none:
all that it takes). It returns its numbers by the collection's names, or nothing for a model that it
does not have. Here are two: scikit-learn's GaussianMixture, and StepMix, as far as each goes.
"""

from __future__ import annotations

import json
import math
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

Solve = Callable[[dict[str, Any], np.ndarray, int | None], dict[str, Any] | None]


def reached(collection: dict[str, Any], solve: Solve) -> Iterator[tuple[dict[str, Any], float]]:
    """The entries that an implementation answers, and how many digits of each it has right."""
    runs: dict[tuple[str, int | None], dict[str, Any] | None] = {}
    for entry in collection["entries"]:
        name, *places = entry["pick"].split(".")
        run = entry["problem"], entry.get("iterations")
        if run not in runs:
            problem = collection["problems"][entry["problem"]]
            rows = np.array(collection["data"][problem["data"]]["rows"], dtype=float)
            runs[run] = solve(problem, rows, entry.get("iterations"))
        found = (runs[run] or {}).get(name)
        if found is not None and entry["digits"]:
            for place in places:
                found = found[int(place)]
            yield entry, digits(found, float(entry["value"]))


def digits(found: float, value: float) -> float:
    """How many significant digits two numbers share; at most fifteen."""
    off = abs(found - value)
    return min(15.0, max(0.0, -math.log10(off / abs(value)))) if off else 15.0


# --- two implementations -------------------------------------------------------------------------


def scikit_learn(
    problem: dict[str, Any], x: np.ndarray, iterations: int | None, **how: Any
) -> dict[str, Any] | None:
    """Gaussians from the problem's start, without the floor under the variances."""
    from sklearn import mixture

    if problem["model"] != "gaussians" or iterations == 0:
        return None
    start = {name: np.array(value, dtype=float) for name, value in problem["start"].items()}
    k, d = start["means"].shape
    inverse = np.linalg.inv(start["covariances"])
    kind = {"full": "full", "shared": "tied", "diagonal": "diag", "spherical": "spherical"}
    kind_here = kind[problem["covariance"]]
    precisions = {
        "full": inverse,
        "tied": inverse[0],
        "diag": np.diagonal(inverse, axis1=1, axis2=2),
        "spherical": inverse[:, 0, 0],
    }[kind_here]
    steps = {"tol": 0, "reg_covar": 0, "max_iter": iterations or 3000} | how
    given = {"weights_init": start["weights"] / start["weights"].sum()}
    given |= {"means_init": start["means"], "precisions_init": precisions}
    model = mixture.GaussianMixture(k, covariance_type=kind_here, random_state=0, **steps, **given)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it went on to the last iteration that was asked for
        model.fit(x)
    eye = np.eye(d)
    covariances = {
        "full": lambda c: c,
        "tied": lambda c: np.array([c] * k),
        "diag": lambda c: c[:, np.newaxis] * eye,
        "spherical": lambda c: c[:, np.newaxis, np.newaxis] * eye,
    }[kind_here](model.covariances_)
    return {
        "weights": model.weights_,
        "means": model.means_,
        "covariances": covariances,
        "sigma": math.sqrt(covariances[0][0, 0]),
        "log_likelihood": model.score(x) * len(x),
        "bic": -model.bic(x),
    }


def step_mix(
    problem: dict[str, Any], x: np.ndarray, iterations: int | None, **how: Any
) -> dict[str, Any] | None:
    """Latent classes and Gaussians; it takes no start, so it has twenty of its own."""
    from stepmix.stepmix import StepMix

    kinds = {"full": "full", "shared": "tied", "diagonal": "diag", "spherical": "spherical"}
    measured = {"classes": "categorical", "gaussians": "gaussian_"}.get(problem["model"])
    if measured is None or iterations is not None or problem.get("rank", 1) > 1:
        return None
    if measured == "gaussian_":
        measured += kinds[problem["covariance"]]
    else:
        x = np.repeat(x[:, :-1] - 1, x[:, -1].astype(int), axis=0)
    k = problem.get("components") or len(problem["start"]["weights"])
    steps = {"n_init": 20, "abs_tol": 1e-10, "max_iter": 5000} | how
    model = StepMix(k, measurement=measured, random_state=0, progress_bar=0, verbose=0, **steps)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(x)
    found = {"log_likelihood": model.score(x) * len(x), "aic": model.aic(x), "bic": model.bic(x)}
    if problem["model"] == "gaussians":
        return found | {"bic": -found["bic"]}
    return found | {"weights": sorted(model.get_parameters()["weights"], reverse=True)}


if __name__ == "__main__":
    taken = json.loads(Path(sys.argv[1]).read_text())
    for solve in (scikit_learn, step_mix):
        for one, right in reached(taken, solve):
            print(f"{solve.__name__:12} {one['id']:60} {right:4.1f} digits")
