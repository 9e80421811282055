"""An exercise by hand on EM's relatives: what a q that is no posterior gives, and may cost."""

from __future__ import annotations

from collections.abc import Callable
from math import log
from typing import Any

import numpy as np

from em_core.exercises.by_hand.template import (
    ByHand,
    Field,
    Mistake,
    Numbers,
    Values,
    between,
    pick,
)


def _two_coins(rng: np.random.Generator) -> Numbers:
    n, m = between(rng, 3, 6), pick(rng, 8, 10, 12)
    return {
        "h": between(rng, 1, n - 1),
        "n": n,
        "k": between(rng, 2, int(m) - 2),
        "m": m,
        "p": pick(rng, 0.05, 0.1, 0.15, 0.2, 0.8, 0.85, 0.9, 0.95),
        "low": pick(rng, 0.3, 0.4),
        "high": pick(rng, 0.6, 0.7),
    }


def _top(q: float, h: float, n: float, k: float, m: float) -> float:
    """The M-step: A's own tosses, and the part q of the others."""
    return (h + q * k) / (n + q * m)


def _divergence(q: float, p: float) -> float:
    return q * log(q / p) + (1 - q) * log((1 - q) / (1 - p))


def _nearest(p: float, low: float, high: float, **_: float) -> tuple[float, float]:
    """The best q of 0 and 1, and of the band."""
    return round(p), min(max(p, low), high)


def _with(best: Callable[..., tuple[float, float]], **n: Any) -> tuple[float, float, float]:
    hard, band = best(**n)
    tosses = {name: n[name] for name in "hnkm"}
    return _top(hard, **tosses), _top(band, **tosses), _divergence(band, n["p"])


def _other_end(p: float, low: float, high: float, **_: float) -> tuple[float, float]:
    hard, band = _nearest(p, low, high)
    return 1 - hard, low + high - band


def _m_step(step: Callable[..., float]) -> Callable[..., Values]:
    """A mistake in the M-step; where a whole q, 0 or 1, hides it, the first field says nothing."""

    def gives(h: float, n: float, k: float, m: float, **others: float) -> Values:
        hard, band = _nearest(**others)
        found = step(hard, h, n, k, m)
        seen = abs(found - _top(hard, h, n, k, m)) > 1e-9
        return found if seen else None, step(band, h, n, k, m), None

    return gives


RELATIVES = ByHand(
    name="relatives",
    title="Two relatives, and what they may lose",
    chapter=22,
    question="Coin A came up heads in <h> of <n> tosses; then A or a fair coin B, nobody knows "
    "which, in <k> of <m>. At the present $\\theta$ the posterior probability that it was A is "
    "$p = <p>$. One iteration: which $\\theta$ does hard EM find, which one variational EM whose "
    "$q$ must lie between <low> and <high>, and how much can the log-likelihood lose, at worst, in "
    "the iteration of the second?",
    fields=(
        Field("$\\theta$ of hard EM", 3),
        Field("$\\theta$ of variational EM", 3),
        Field("lost at worst", 3),
    ),
    draw=_two_coins,
    answer=lambda **n: _with(_nearest, **n),
    steps=lambda **n: dict(
        zip(("hard", "band"), _nearest(n["p"], n["low"], n["high"]), strict=True),
        r=1 - n["p"],
        s=1 - _nearest(n["p"], n["low"], n["high"])[1],
    ),
    hints=(
        "Each takes, of the $q$ that it is allowed, the one nearest to the posterior. Then the "
        "M-step divides heads by tosses, of which the <m> count by the part $q$.",
        "At worst the log-likelihood loses $q \\log (q / p) + (1 - q) \\log ((1 - q) / (1 - p))$.",
    ),
    solution="Hard EM takes the nearer one of 0 and 1, $q = <hard>$, and finds $\\theta = (<h> + "
    "<hard> \\cdot <k>) / (<n> + <hard> \\cdot <m>) \\approx <right_1:.3f>$. In the band $q = "
    "<band>$ is nearest to <p>, so $\\theta = (<h> + <band> \\cdot <k>) / (<n> + <band> \\cdot "
    "<m>) \\approx <right_2:.3f>$. The log-likelihood can lose the divergence, $<band> \\log "
    "(<band> / <p>) + <s> \\log (<s> / <r>) \\approx <right_3:.3f>$.",
    mistakes=(
        Mistake(
            "That is EM's iteration, with the posterior itself. Which $q$ are allowed here?",
            lambda h, n, k, m, p, **_: (_top(p, h, n, k, m), _top(p, h, n, k, m), 0),
        ),
        Mistake(
            "That is the other end of what is allowed. The best $q$ is the one nearest to the "
            "posterior.",
            lambda **n: _with(_other_end, **n),
        ),
        Mistake(
            "A's own tosses are missing. They hide nothing, so they count whole.",
            lambda k, m, **n: (k / m if _nearest(**n)[0] else None, k / m, None),
        ),
        Mistake(
            "Two shares of heads were averaged. Add heads to heads and tosses to tosses.",
            _m_step(lambda q, h, n, k, m: (h / n + q * k / m) / (1 + q)),
        ),
        Mistake(
            "Of the heads only a part was counted, of the tosses all. How many tosses did A get, "
            "with this $q$?",
            _m_step(lambda q, h, n, k, m: (h + q * k) / (n + m)),
        ),
        Mistake(
            "That is the divergence the other way round. The $q$ that is used comes first; $p$ "
            "stands below.",
            lambda p, **n: (None, None, _divergence(p, _nearest(p, **n)[1])),
        ),
        Mistake(
            "Only A's term. The divergence has one for B, too, with $1 - q$ and $1 - p$.",
            lambda p, **n: (None, None, (q := _nearest(p, **n)[1]) * log(q / p)),
        ),
        Mistake(
            "That is in bits. The log-likelihood's logarithm is the natural one.",
            lambda **n: (None, None, _with(_nearest, **n)[2] / log(2)),
        ),
    ),
)
