"""Random cases of EM in the plane, and what em_core makes of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path
from typing import Any

import numpy as np

from em_core import (
    CollapseError,
    EMState,
    GaussianMixture,
    GaussianParams,
    GaussianPrior,
    bic,
    em_steps,
    lower_bound,
)
from em_core.covariances import KINDS, of_kind

ANSWERS = Path(__file__).with_name("points_answers.js")
EPS = float(np.finfo(float).eps)
STEPS, LONG = 2, 10  # M-steps of a case, and of one that is likely to collapse


@dataclass(frozen=True)
class Case:
    """Data, a model and a start; the states of em_core's run, and how it collapsed."""

    x: np.ndarray
    model: GaussianMixture
    start: GaussianParams
    states: list[EMState]
    collapse: CollapseError | None

    @property
    def k(self) -> int:
        """The number of components."""
        return len(self.start.weights)

    def asked(self) -> dict[str, Any]:
        """What the page's steps are given."""
        return {
            "points": self.x.tolist(),
            "model": {"kind": self.model.covariance, "prior": plain_prior(self.model.prior)},
            "states": [plain(state.params) for state in self.states] or [plain(self.start)],
            "steps": len(self.states) - (self.collapse is None),
        }


def plain(params: GaussianParams) -> dict[str, Any]:
    """Parameters as the page has them."""
    c = params.covariances
    triples = np.column_stack([c[:, 0, 0], c[:, 1, 0], c[:, 1, 1]])
    listed = {"weights": params.weights, "means": params.means, "covariances": triples}
    return {name: values.tolist() for name, values in listed.items()}


def plain_prior(prior: GaussianPrior | None) -> dict[str, Any] | None:
    """A prior as the page has it."""
    if prior is None:
        return None
    (xx, _), (xy, yy) = prior.scale
    numbers = {name: getattr(prior, name) for name in ("concentration", "shrinkage", "degrees")}
    return numbers | {"mean": prior.mean.tolist(), "scale": [xx, xy, yy]}


def cases(per_cell: int, seed: int) -> Iterator[Case]:
    """Cases for every kind of covariances and k from 1 to 6, with and without a prior."""
    rng = np.random.default_rng(seed)
    for kind, k, number in product(KINDS, range(1, 7), range(per_cell)):
        yield one_case(kind, k, number, rng)


def one_case(kind: str, k: int, number: int, rng: np.random.Generator) -> Case:
    """Draw a case; every third has a prior, every fourth is meant to collapse."""
    narrow = number % 4 == 3
    x = points(rng, k, few=narrow)
    prior = None
    if number % 3 == 2:
        prior = GaussianPrior.weak(x, k) if number % 2 else a_prior(rng, x)
    model = GaussianMixture(kind, prior)
    start = a_start(rng, x, k, kind, narrow)
    states: list[EMState] = []
    try:
        for state in islice(em_steps(model, x, start), 1 + (LONG if narrow else STEPS)):
            states.append(state)
    except CollapseError as error:
        return Case(x, model, start, states, error)
    return Case(x, model, start, states, None)


def points(rng: np.random.Generator, k: int, few: bool) -> np.ndarray:
    """Clouds, of any direction, size and place; sometimes with rows alike, or in a line."""
    n = int(rng.integers(k + 4, 14) if few else rng.integers(12, 50))
    shape, middles = rng.normal(size=(2, 2)), 3 * rng.normal(size=(3, 2))
    x = middles[rng.integers(3, size=n)] + rng.normal(size=(n, 2)) @ shape
    x = x * 10.0 ** rng.uniform(-2, 2, size=2) + 10.0 ** rng.uniform(-1, 2, size=2)
    if rng.random() < 0.2:
        x = x[rng.integers(n, size=n)]
    if rng.random() < 0.2:
        x = x.round(1)
    if np.ptp(x, axis=0).min() == 0:
        return points(rng, k, few)
    if few and rng.random() < 0.1:
        x[:, 1] = 2 * x[:, 0]
    return x


def a_prior(rng: np.random.Generator, x: np.ndarray) -> GaussianPrior:
    """Any prior of the data's size."""
    unit = np.diag(x.std(axis=0))
    root = rng.normal(size=(2, 2)) + 2 * np.eye(2)
    concentration, shrinkage, degrees = 1 + rng.integers(3) / 2, *rng.uniform(0.01, 5, size=2)
    return GaussianPrior(
        concentration, x.mean(axis=0), shrinkage, 1 + degrees, unit @ root @ root.T @ unit
    )


def a_start(
    rng: np.random.Generator, x: np.ndarray, k: int, kind: str, narrow: bool
) -> GaussianParams:
    """Means near rows, and any covariances of the kind; some of them very narrow."""
    unit = np.diag(x.std(axis=0))
    roots = rng.normal(size=(k, 2, 2)) * 0.3 + np.eye(2)
    sizes = 10.0 ** rng.uniform(-3 if narrow else -0.5, 0.3, size=(k, 1, 1))
    whole = np.array([unit @ root @ root.T @ unit for root in sizes * roots])
    weights = rng.dirichlet(np.full(k, 3.0))
    means = x[rng.integers(len(x), size=k)] + 0.2 * rng.normal(size=(k, 2)) @ unit * (not narrow)
    return GaussianParams(weights, means, of_kind(kind, whole, weights))


def agree(case: Case, answer: dict[str, Any]) -> bool:
    """Whether the page's steps are em_core's, or both refuse alike."""
    refusal, error = answer["collapse"], case.collapse
    if refusal is None or error is None:
        alike = refusal is error
    else:
        said = [refusal[part] for part in ("component", "iteration", "reason", "advice")]
        alike = said == [error.component, error.iteration, error.reason, error.advice]
    return alike and all(far <= most for far, most in differences(case, answer))


def differences(case: Case, answer: dict[str, Any]) -> Iterator[tuple[float, float]]:
    """How far the page's numbers are from em_core's, and how far they may be; step by step.

    Each is in its natural unit: a mean in the data's standard deviations, a covariance in those of
    its component, a log-likelihood in its terms' sizes. They may be 1e-10 apart, unless no
    arithmetic has so many digits: see `lost`.
    """
    x, model, n = case.x, case.model, len(case.x)
    first = case.states[0]
    yield apart(answer["bic"], bic(model, x, first.params), n), 1e-10 + lost(x, first.params)
    if len(case.states) > 1:
        bound = lower_bound(model, x, case.states[1].params, first.responsibilities)
        limit = lost(x, first.params) + lost(x, case.states[1].params)
        if np.isfinite(bound):
            yield apart(answer["bound"], bound, n), 1e-10 + limit
    r = np.transpose(answer["responsibilities"])
    yield abs(r - first.responsibilities).max(), 1e-10 + lost(x, first.params)
    for t, (state, got) in enumerate(zip(case.states, answer["states"], strict=True)):
        limit = 1e-10 + lost(x, state.params)
        yield apart(got["logLikelihood"], state.log_likelihood, n), limit
        prior = state.log_posterior - state.log_likelihood
        yield apart(got["logPrior"], prior, 1), limit
        for after in case.states[t + 1 : t + 2]:
            made = (got["next"][name] for name in ("weights", "means", "covariances"))
            weights, means, covariances = map(np.array, made)
            expected = np.array(plain(after.params)["covariances"])
            units = np.sqrt(expected[:, [0, 0, 2]] * expected[:, [0, 2, 2]])
            limit += lost(x, after.params)
            yield abs(weights - after.params.weights).max(), limit
            yield (abs(means - after.params.means) / x.std(axis=0)).max(), limit
            yield (abs(covariances - expected) / units).max(), limit


def apart(one: float, other: float, least: float) -> float:
    """Their difference as a share of the larger, or of the least size."""
    return abs(one - other) / max(abs(other), least)


def lost(x: np.ndarray, params: GaussianParams) -> float:
    """How much of a log-density a handful of roundings may take, for rows that count.

    It depends on u = L⁻¹(x − μ), of which the rounding of x takes ε |x| / σ, where σ is the
    smallest standard deviation in any direction, and that of L takes ε / (1 − ρ²).
    """
    xx, xy, yy = np.array(plain(params)["covariances"]).T
    smallest = np.sqrt(np.linalg.eigvalsh(params.covariances)[:, 0])
    condition = abs(x).max() / smallest + xx * yy / (xx * yy - xy**2)
    return 8 * EPS * float(condition.max())
