"""Damped Anderson acceleration of EM: the same fixed points in fewer passes over the data.

EM is a fixed-point iteration v ← G(v). From the last few v and G(v), a combination is taken next
whose residual G(v) − v is short; v are the means of the sufficient statistics that the parameters
imply. The method is DAAREM (Henderson and Varadhan 2019, J. Comput. Graph. Stat. 28:834): the past
is forgotten every few steps, and steps are damped until they have proved themselves. A step after
which the log-likelihood is lower is undone, and EM's own is taken: so it never falls.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

import numpy as np
from scipy.optimize import brentq

from em_core.checks import Array
from em_core.em import Params, Sweeper, at_iteration

DEPTH = 5  # differences of past steps, as few as the paper's experiments have for few parameters
TRUST = 25  # of steps in a row that were not undone, those until the damping is half gone
GROWTH = 1.2


@runtime_checkable
class VectorSweeper(Sweeper, Protocol):
    """A sweeper that can write its parameters as a vector and back."""

    def vector(self, params: Params, /) -> Array:
        """The parameters as a vector."""

    def from_vector(self, vector: Array, /) -> Params | None:
        """The parameters of a vector; None if it has none."""


def accelerated(sweeper: VectorSweeper) -> Iterator[tuple[int, Params, Any]]:
    """The loop with extrapolated steps; what it yields is what `em_core.em.sweeps` yields.

    A pass that shows a fall is not an iteration: it is not yielded, and EM's own step follows.
    """
    past: list[tuple[Array, Array]] = []
    params = plain = sweeper.start
    reached, iteration, trusted = -np.inf, 0, 0
    while True:
        expected = sweeper.expect(params)
        extrapolation = params is not plain
        if extrapolation and not expected.log_likelihood >= reached:
            params, trusted = plain, max(trusted - DEPTH, -2 * TRUST)
            continue
        yield iteration, params, expected
        trusted += extrapolation and trusted < TRUST
        iteration, reached = iteration + 1, expected.log_likelihood
        with at_iteration(iteration):
            plain = sweeper.maximise(expected, params)
        past = past if len(past) <= DEPTH else []
        past.append((sweeper.vector(params), sweeper.vector(plain)))
        damping = 1 / (1 + GROWTH ** (TRUST - trusted))
        params = sweeper.from_vector(extrapolated(past, damping)) or plain


def extrapolated(past: list[tuple[Array, Array]], share: float) -> Array:
    """The combination of past G(v) that makes that of the residuals G(v) − v short.

    Parameters
    ----------
    past : list of pairs of ndarray
        v and G(v), the newest last.
    share : float
        In (0, 1): the squared length of the coefficients, as a share of that which makes the
        residual shortest. A ridge penalty reaches it, as in Levenberg's and Marquardt's method.

    Returns
    -------
    ndarray
        G(v) of the newest if there is no other.
    """
    images = np.array([image for _, image in past])
    residuals = images - np.array([v for v, _ in past])
    left, sizes, right = np.linalg.svd(np.diff(residuals, axis=0).T, full_matrices=False)
    sound = sizes > 1e-14 * sizes.max(initial=0)
    if not sound.any():
        return np.asarray(images[-1])
    sizes, heights = sizes[sound], (residuals[-1] @ left)[sound]

    def coefficients(log_penalty: float) -> Array:
        return np.asarray(sizes * heights / (sizes**2 + np.exp(log_penalty)))

    wanted = share * (heights / sizes) @ (heights / sizes)
    bounds = 2 * np.log(sizes[[-1, 0]]) + [-40, 40]
    penalty = brentq(lambda p: coefficients(p) @ coefficients(p) - wanted, *bounds)
    return np.asarray(images[-1] - coefficients(penalty) @ right[sound] @ np.diff(images, axis=0))
