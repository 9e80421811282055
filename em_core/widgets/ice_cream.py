"""`ice-cream`: a diary in which one day is changed, and what that does to the posterior of all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from em_core import checks
from em_core.checks import Array
from em_core.style import COMPONENTS, LIGHT, WIDTH
from em_core.widgets.base import Widget, number

MOST = 3
"""How many ice creams a day may have; at least one."""
WORDS = ("no", "one", "two", "three")


class IceCream(Widget):
    """How probable it is that each day was hot, when one day of a diary is changed after the other.

    Parameters
    ----------
    diary : array_like of shape (n,)
        How many ice creams were eaten each day, 1, 2 or 3.
    hot : callable
        Takes such a diary, and gives the probability of each day's being hot: shape (n,).
    eaten : int, default 1
        What the day that is changed is first changed to.

    Raises
    ------
    ValueError
        For other numbers of ice creams, or probabilities that are none.
    """

    kind = "ice-cream"

    def __init__(self, diary: ArrayLike, hot: Callable[[Array], Array], eaten: int = 1) -> None:
        days = checks.numbers("diary", diary, ("n",)).astype(int)
        checks.must("1, 2 or 3 ice creams a day", np.isin(days, (1, 2, 3)).all(), "diary", days)
        checks.must("1, 2 or 3", eaten in (1, 2, 3), "eaten", eaten)
        self._shares = {
            str(most): [_checked(hot, changed, len(days)) for changed in _changed(days, most)]
            for most in range(1, MOST + 1)
        }
        self._given = str(eaten)
        scene = {
            "label": "A diary, and how probable it is that each day was hot",
            "choices": 1,
            "diary": days.tolist(),
        }
        super().__init__(scene, {"setting": "own"} | trace_of(self._given, self._shares))

    def choose(self, setting: str) -> None:
        """Change the days to another number: "eaten:2" is two ice creams."""
        self._show({"setting": setting} | trace_of(setting.split(":")[1], self._shares))

    def choose_given(self) -> None:
        """Change the days to what they were first changed to."""
        self._show({"setting": "own"} | trace_of(self._given, self._shares))

    def library(self) -> dict[str, Any]:
        """The recipe: the probabilities themselves."""
        return {"shares": self._shares}

    def describe(self) -> str:
        """The diary and its first change in two sentences."""
        eaten, (written, first) = self.trace["eaten"], self.trace["shares"][:2]
        return (
            f"A line over the {len(written)} days of a diary, between 0 and 1: how probable it is "
            f"that each was hot. With {WORDS[eaten]} on day 1 in place of "
            f"{WORDS[self.scene['diary'][0]]} ice creams it falls or rises there from "
            f"{number(written[0], 3)} to {number(first[0], 3)}, and at day 2 from "
            f"{number(written[1], 3)} to {number(first[1], 3)}."
        )

    def draw(self, figure: Figure) -> None:
        """The diary as it was written, and with its first day and one in its middle changed."""
        figure.set_size_inches(WIDTH, 2.2)
        shares, middle = self.trace["shares"], self.trace["last"] // 2
        days = np.arange(1, self.trace["last"] + 1)
        for ax, step in zip(figure.subplots(1, 3, sharey=True), (0, 1, middle), strict=True):
            ax.plot(days, shares[0], color=LIGHT["muted"], linestyle=":", linewidth=1.2)
            ax.plot(days, shares[step], color=COMPONENTS[0], linestyle="-", linewidth=1.4)
            ax.set(title=f"day {step} changed" if step else "as written", xlabel="day")
            ax.set(ylim=(-0.03, 1.03), xticks=[1, middle, len(days)])
            if step:
                ax.axvline(step, color=LIGHT["grid"], linewidth=3, linestyle="-", zorder=0)
        figure.axes[0].set_ylabel("P(hot)")


def _changed(days: Array, eaten: int) -> list[Array]:
    """The diary as it was written, then with each day in turn changed."""
    one = np.eye(len(days), dtype=bool)
    return [days, *(np.where(here, eaten, days) for here in one)]


def _checked(hot: Callable[[Array], Array], days: Array, n: int) -> list[float]:
    shares = checks.numbers("hot", hot(days), (n,))
    checks.must("between 0 and 1", 0 <= shares.min() <= shares.max() <= 1, "hot", shares)
    return [float(share) for share in shares.round(4)]


def trace_of(eaten: str, shares: dict[str, list[list[float]]]) -> dict[str, Any]:
    """What each step shows, as JSON: step 0 is the diary as written, step i has day i changed."""
    return {"eaten": int(eaten), "last": len(shares[eaten]) - 1, "shares": shares[eaten]}


def runs(shares: dict[str, list[list[float]]]) -> dict[str, Any]:
    """All changes.

    Parameters
    ----------
    shares : dict of str to list
        By the number of ice creams: for each step the probabilities of all days.

    Returns
    -------
    dict
        The one file.
    """
    return {"eaten": {"shared": {}, "runs": {eaten: trace_of(eaten, shares) for eaten in shares}}}
