"""Widgets that step through traces made by `em_core`: the same class on a page and in Jupyter."""

from em_core.widgets.bound_bars import BoundBars
from em_core.widgets.coin_starts import CoinStarts
from em_core.widgets.coin_steps import CoinSteps
from em_core.widgets.family import Family, Hill
from em_core.widgets.how_many import HowMany
from em_core.widgets.ice_cream import IceCream
from em_core.widgets.jensen import Jensen
from em_core.widgets.lower_bound import LowerBound
from em_core.widgets.many_starts import ManyStarts
from em_core.widgets.mean_bound import MeanBound
from em_core.widgets.mixture_steps import MixtureSteps
from em_core.widgets.moment import Moment
from em_core.widgets.one_row import OneRow
from em_core.widgets.overlap import Overlap
from em_core.widgets.sharpness import Sharpness
from em_core.widgets.stream import Stream
from em_core.widgets.twelve_rows import TwelveRows
from em_core.widgets.verdicts import Verdicts

__all__ = [
    "BoundBars",
    "CoinStarts",
    "CoinSteps",
    "Family",
    "Hill",
    "HowMany",
    "IceCream",
    "Jensen",
    "LowerBound",
    "ManyStarts",
    "MeanBound",
    "MixtureSteps",
    "Moment",
    "OneRow",
    "Overlap",
    "Sharpness",
    "Stream",
    "TwelveRows",
    "Verdicts",
]
