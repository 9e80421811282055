"""`how-many`: fits with one component and more, and what each criterion says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from em_core import checks, style
from em_core.gaussians import GaussianMixture, GaussianParams
from em_core.plots import draw_ellipses, draw_points
from em_core.widgets.base import Widget, exact, number
from em_core.widgets.mixture_steps import plane_scene
from em_core.worth import bic, free_parameters, log_density

Fits = Sequence[GaussianParams]
WORDS = {
    "full": "each its own",
    "shared": "one for all",
    "diagonal": "along the axes",
    "spherical": "round",
}


class HowMany(Widget):
    """The best fits found with 1, 2, … components, for several kinds of covariance.

    Parameters
    ----------
    x : array_like of shape (n, 2)
    fits : mapping of str to sequence of GaussianParams
        For each kind of covariance the fits with 1, 2, … components.
    held_out : mapping of str to sequence of float
        For each of these fits the log-likelihood of rows that were left out.
    axes : tuple of two str
        What the columns of `x` are.

    Raises
    ------
    ValueError
        For unusable data, or fits and values that don't belong together.

    Notes
    -----
    Step 0 shows one component, and each step shows one more.
    """

    kind = "how-many"

    def __init__(
        self,
        x: ArrayLike,
        fits: Mapping[str, Fits],
        held_out: Mapping[str, Sequence[float]],
        axes: tuple[str, str] = ("x₁", "x₂"),
    ) -> None:
        self._x = checks.numbers("x", x, ("n", 2))
        self.fits, self._held_out, self._axes = dict(fits), dict(held_out), axes
        if not self.fits:
            raise ValueError("fits: is empty; give at least one kind of covariance")
        for name, ends in self.fits.items():
            if name not in WORDS:
                raise ValueError(f"fits: {name!r} must be one of {', '.join(WORDS)}")
            sizes = [len(params.weights) for params in ends]
            if not sizes or sizes != list(range(1, len(sizes) + 1)):
                raise ValueError(f"fits: {name!r} has {sizes} components; expected 1, 2, …")
            checks.numbers("held_out", self._held_out.get(name, ()), (len(sizes),))
        self._home = next(iter(self.fits))
        super().__init__(self._scene(), self._trace(self._home, "own"))

    def _scene(self) -> dict[str, Any]:
        return {
            "label": "How many components, by several criteria",
            "choices": 1,
            "kinds": {name: WORDS[name] for name in self.fits},
            **plane_scene(self._x, self._axes),
        }

    def _trace(self, name: str, setting: str) -> dict[str, Any]:
        trace = criteria_trace(name, self._x, self.fits[name], self._held_out[name])
        return {"setting": setting} | trace

    def choose(self, setting: str) -> None:
        """Show another kind of covariance, such as "shared:"."""
        self._show(self._trace(setting.partition(":")[0], setting))

    def choose_given(self) -> None:
        """Go back to the kind that is shown first."""
        self._show(self._trace(self._home, "own"))

    def library(self) -> dict[str, Any]:
        """The recipe for all kinds."""
        parts = ("weights", "means", "covariances")
        return {
            "x": self._x.tolist(),
            "fits": {
                name: [{part: getattr(params, part).tolist() for part in parts} for params in ends]
                for name, ends in self.fits.items()
            },
            "held_out": {name: [*map(float, self._held_out[name])] for name in self.fits},
        }

    def describe(self) -> str:
        """What the criteria say of the first kind, in one sentence."""
        trace = self._trace(self._home, "own")
        best, values = trace["best"], trace["bics"]
        return (
            f"Ellipses of the best fits with 1 to {len(values)} components to {len(self._x)} "
            f"points, covariances {WORDS[self._home]}: BIC is smallest with "
            f"{best['bics'] + 1}, at {number(min(values), 1)}, and rows left out are likeliest "
            f"with {best['heldOut'] + 1}."
        )

    def draw(self, figure: Figure) -> None:
        """One, two and three components."""
        figure.set_size_inches(style.WIDTH, 2.4)
        columns = figure.subplots(1, 3, sharex=True, sharey=True)
        trace = self._trace(self._home, "own")
        for ax, params, value in zip(columns, self.fits[self._home], trace["bics"], strict=False):
            draw_points(ax, self._x)
            draw_ellipses(ax, params)
            ax.set(title=f"BIC {number(value, 1)}")
        columns[0].set_ylabel(self._axes[1])
        columns[1].set_xlabel(self._axes[0])


def runs(
    x: list[list[float]], fits: dict[str, list[dict[str, Any]]], held_out: dict[str, list[float]]
) -> dict[str, Any]:
    """What there is to see for each kind of covariance.

    Parameters
    ----------
    x : list
        The points.
    fits : dict of str to list of dict
        The parameters with 1, 2, … components, by name.
    held_out : dict of str to list of float

    Returns
    -------
    dict
        For each kind, one run.
    """
    made = {name: [GaussianParams(**params) for params in ends] for name, ends in fits.items()}
    return {
        name: {
            "shared": {},
            "runs": {"": criteria_trace(name, np.array(x), ends, held_out[name])},
        }
        for name, ends in made.items()
    }


def criteria_trace(name: str, x: Any, ends: Fits, held_out: Sequence[float]) -> dict[str, Any]:
    """Fits with 1, 2, … components as JSON, and what each criterion says of them."""
    model = GaussianMixture(covariance=name)
    values = {
        "logLikelihoods": [float(log_density(model, x, params).sum()) for params in ends],
        "bics": [bic(model, x, params) for params in ends],
        "heldOut": list(held_out),
    }
    return {
        "last": len(ends) - 1,
        "kind": name,
        "means": [exact(params.means) for params in ends],
        "covariances": [
            [exact([c[0, 0], c[0, 1], c[1, 1]]) for c in params.covariances] for params in ends
        ],
        "parameters": [free_parameters(model, params) for params in ends],
        **{key: exact(each) for key, each in values.items()},
        "best": {
            "bics": int(np.argmin(values["bics"])),
            "heldOut": int(np.argmax(values["heldOut"])),
        },
    }
