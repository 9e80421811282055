"""`verdicts`: a row of answers that can be changed, how each argues, and the classes' shares."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from em_core import checks
from em_core.checks import Array
from em_core.em import e_step
from em_core.style import COMPONENTS, LIGHT, WIDTH
from em_core.widgets.base import Widget, exact, number

MOST = 8
"""How many questions there may be: the shares of all patterns of answers are computed."""


class Verdicts(Widget):
    """What a row of yes and no says about hidden classes; each step turns another answer round.

    Parameters
    ----------
    weights : array_like of shape (k,)
        The shares of two to four classes.
    yes : array_like of shape (k, d)
        How probable a yes to each of at most eight questions is in each class.
    judges : sequence of d str
        Who answers, a letter each.
    classes : sequence of k str
        What the classes are called.
    given : str
        The answers to begin with, 1 for a yes and 0 for a no.

    Raises
    ------
    ValueError
        For other shapes, probabilities of 0 or 1, or answers that are none.
    """

    kind = "verdicts"

    def __init__(
        self,
        weights: ArrayLike,
        yes: ArrayLike,
        judges: Sequence[str],
        classes: Sequence[str],
        given: str,
    ) -> None:
        coins = checks.numbers("yes", yes, ("k", "d"))
        k, d = coins.shape
        few = 2 <= k <= 4 and d <= MOST
        checks.must(f"of two to four classes and at most {MOST} questions", few, "yes", coins)
        checks.must("above 0 and below 1", 0 < coins.min() <= coins.max() < 1, "yes", coins)
        shares = checks.numbers("weights", weights, (k,))
        checks.must("above 0", shares.min() > 0, "weights", shares)
        checks.must(f"{d} names", len(judges) == d, "judges", judges)
        checks.must(f"{k} names", len(classes) == k, "classes", classes)
        pairs = list(combinations(reversed(range(k)), 2))
        scene = {
            "label": "A row of verdicts, what each argues, and the shares of the classes",
            "choices": 1,
            "judges": list(judges),
            "classes": list(classes),
            "pairs": [list(pair) for pair in pairs],
            "shares": posteriors(shares, coins),
            "arguments": [arguments(shares, coins, *pair) for pair in pairs],
        }
        self._given = given
        super().__init__(scene, trace_of("own", given, 0, d, len(pairs)))

    def choose(self, setting: str) -> None:
        """Give other answers, and compare a pair of classes: "answers:1100101,0"."""
        given, pair = setting.removeprefix("answers:").split(",")
        d, pairs = len(self.scene["judges"]), len(self.scene["pairs"])
        self._show(trace_of(setting, given, int(pair), d, pairs))

    def choose_given(self) -> None:
        """Give the answers that the widget began with."""
        d, pairs = len(self.scene["judges"]), len(self.scene["pairs"])
        self._show(trace_of("own", self._given, 0, d, pairs))

    def describe(self) -> str:
        """The answers, the shares and the arguments in two sentences."""
        judges, classes, shares = (self.scene[name] for name in ("judges", "classes", "shares"))
        given, (upper, lower) = self.trace["given"], self.scene["pairs"][self.trace["pair"]]
        yes = [judge for judge, answer in zip(judges, given, strict=True) if answer == "1"]
        pairs = zip(classes, shares[int(given, 2)], strict=True)
        found = ", ".join(f"{name} {number(share, 3)}" for name, share in pairs)
        return (
            f"Bars for the shares of the classes after a yes from {', '.join(yes) or 'nobody'}: "
            f"{found}. Below, a bar for each of {len(judges)} verdicts: how much it argues for "
            f"{classes[upper]}, to the right, against {classes[lower]}, to the left."
        )

    def draw(self, figure: Figure) -> None:
        """What each verdict argues: as given, and with the first and the last turned round."""
        figure.set_size_inches(WIDTH, 2.6)
        judges, classes, shares = (self.scene[name] for name in ("judges", "classes", "shares"))
        told, (upper, lower) = self.scene["arguments"][0], self.scene["pairs"][0]
        given, d = self.trace["given"], len(judges)
        for ax, step in zip(figure.subplots(1, 3, sharex=True), (0, 1, d), strict=True):
            answers = turned(given, step)
            argued = [told["answers"][a][int(answer)] for a, answer in enumerate(answers)]
            colours = [COMPONENTS[upper if value > 0 else lower] for value in argued]
            ax.barh(range(d), argued, color=colours, height=0.7)
            ax.axvline(0, color=LIGHT["muted"], linewidth=1, linestyle="-")
            words = zip(judges, answers, strict=True)
            ax.set_yticks(range(d), [f"{j} {'yes' if a == '1' else 'no'}" for j, a in words])
            ax.invert_yaxis()
            ax.grid(axis="y", visible=False)
            share = shares[int(answers, 2)][upper]
            ax.set_title(f"{classes[upper]}: {number(share, 3)}", fontsize=10.5)
        figure.axes[1].set_xlabel(f"argues for {classes[upper]} against {classes[lower]}")


def posteriors(weights: Array, yes: Array) -> list[list[float]]:
    """The classes' shares for each pattern of answers, read as a binary number."""
    every = np.array(list(product([0.0, 1.0], repeat=yes.shape[1])))
    log_joint = np.log(weights) + every @ np.log(yes).T + (1 - every) @ np.log1p(-yes).T
    shares: list[list[float]] = e_step(log_joint)[0].round(4).tolist()
    return shares


def arguments(weights: Array, yes: Array, upper: int, lower: int) -> dict[str, Any]:
    """What the classes' shares, and a no and a yes to each question, argue for one of two."""
    no = np.log1p(-yes[upper]) - np.log1p(-yes[lower])
    said = np.log(yes[upper]) - np.log(yes[lower])
    before = float(np.log(weights[upper] / weights[lower]))
    return {"shares": exact(before), "answers": exact(np.column_stack([no, said]))}


def turned(given: str, step: int) -> str:
    """The answers at a step: as given, or with that judge's turned round."""
    return "".join(str(1 - int(a)) if i + 1 == step else a for i, a in enumerate(given))


def trace_of(setting: str, given: str, pair: int, d: int, pairs: int) -> dict[str, Any]:
    """The answers, and which two classes are compared."""
    checks.must(
        f"{d} answers, 1 or 0", len(given) == d and set(given) <= {"0", "1"}, "given", given
    )
    checks.must(f"from 0 to {pairs - 1}", 0 <= pair < pairs, "pair", pair)
    return {"setting": setting, "given": given, "pair": pair, "last": d}
