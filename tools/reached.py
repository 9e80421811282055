"""How many digits of the collection several implementations have right.

python tools/reached.py [NAME ...]

It writes `book/data/reached.json`: two from elsewhere, each by its own settings and as far as it
goes; the book's loop and its quick way; and the code of the chapters. All take some minutes; with
names, these alone and the chapters are done anew.
"""

from __future__ import annotations

import json
import math
import sys
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from em_core import (
    CoinMixture,
    CoinParams,
    GaussianMixture,
    GaussianParams,
    bic,
    em_steps,
    fit,
)

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book"))
import ledger  # noqa: E402
import reference  # noqa: E402
from try_reference import Solve, digits, reached, scikit_learn, step_mix  # noqa: E402

STORE = reference.DATA / "reached.json"


def em_core(
    problem: dict[str, Any], x: np.ndarray, iterations: int | None, *, quick: bool
) -> dict[str, Any] | None:
    """Coins and Gaussians, by the loop that the chapters show or by the quick way of `fit`."""
    kinds = {"coins": (CoinMixture, CoinParams), "gaussians": (GaussianMixture, GaussianParams)}
    if problem["model"] not in kinds or "start" not in problem or "tails" in problem["start"]:
        return None
    kind, params = kinds[problem["model"]]
    coins = problem["model"] == "coins"
    model = kind(problem.get("fit_weights", False)) if coins else kind(problem["covariance"])
    x = x[:, :2]  # the labels stay hidden
    start = params(**problem["start"])
    most = 3000 if iterations is None else iterations
    end = start
    if quick and most:
        end = fit(model, x, start, tol=0, max_iter=most).params
    state = next(islice(em_steps(model, x, end), 0 if quick else most, None))
    found = {name: getattr(state.params, name) for name in problem["start"]}
    found["log_likelihood"] = state.log_likelihood
    if coins:
        return found
    sigma = math.sqrt(state.params.covariances[0, 0, 0])
    return found | {"sigma": sigma, "bic": -bic(model, x, state.params)}


TRIED: dict[str, Solve] = {
    "scikit-learn, its own settings": partial(scikit_learn, tol=1e-3, reg_covar=1e-6, max_iter=100),
    "scikit-learn, to the end": scikit_learn,
    "StepMix, its own settings": partial(step_mix, n_init=1, max_iter=1000),
    "StepMix, the best of 20 starts": step_mix,
    "em_core’s loop": partial(em_core, quick=False),
    "em_core’s quick way": partial(em_core, quick=True),
}


def main(wanted: list[str]) -> None:
    """Try all, or those named, and keep how many digits of each entry they have right."""
    collection = reference.document()
    kept = dict(reference.reached())
    for name, solve in TRIED.items():
        if wanted and name not in wanted:
            continue
        print(f"-- {name}", flush=True)
        found = reached(collection, solve)
        kept[name] = {entry["id"]: round(right, 1) for entry, right in found}
    kept["the chapters’ code"] = {
        entry.id: round(digits(ledger.number(entry), float(entry.value)), 1)
        for entry in reference.ENTRIES
        if entry.digits
    }
    STORE.write_text(json.dumps(kept, indent=0) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
