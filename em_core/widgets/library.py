"""The traces of all settings of a widget, for pages that have no kernel to ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from em_core.widgets import (
    base,
    coin_starts,
    coin_steps,
    how_many,
    ice_cream,
    jensen,
    lower_bound,
    many_starts,
    mixture_steps,
    overlap,
    sharpness,
    stream,
)

MAKERS: dict[str, Callable[..., dict[str, Any]]] = {
    "coin-starts": coin_starts.runs,
    "coin-steps": coin_steps.runs,
    "family": base.variants,
    "how-many": how_many.runs,
    "ice-cream": ice_cream.runs,
    "jensen": jensen.runs,
    "lower-bound": lower_bound.runs,
    "many-starts": many_starts.runs,
    "mixture-steps": mixture_steps.runs,
    "overlap": overlap.runs,
    "sharpness": sharpness.runs,
    "stream": stream.runs,
    "twelve-rows": base.variants,
}


def files(kind: str, recipe: dict[str, Any]) -> dict[str, Any]:
    """The traces by file, as JSON.

    A setting such as "fixed:12,10" is run "12,10" of file "fixed"; a run's trace is what all the
    runs of its file share, and its own.

    Parameters
    ----------
    kind : str
        The widget's name.
    recipe : dict
        What the widget's ``library`` gave.

    Returns
    -------
    dict of str to dict
        For each file its "shared" and its "runs".
    """
    return MAKERS[kind](**recipe)
