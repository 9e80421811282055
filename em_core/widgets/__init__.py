"""Widgets that step through traces made by `em_core`: the same class on a page and in Jupyter."""

from em_core.widgets.coin_steps import CoinSteps
from em_core.widgets.mixture_steps import MixtureSteps

__all__ = ["CoinSteps", "MixtureSteps"]
