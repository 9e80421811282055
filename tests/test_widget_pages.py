"""Every widget in a browser: all controls, its figures, and what stands in for it."""

from __future__ import annotations

import json
import random
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import build
import coin_rows
import family
import holes
import in_order
import numpy as np
import pytest
import streams
from cut import live_figures, source
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from scipy.special import rel_entr, softmax
from scipy.stats import norm
from walk import COME_TO_REST, LAST_RESORT, NAMES_OUTSIDE, resize, until

from em_core import (
    CoinMixture,
    CoinParams,
    GaussianMixture,
    GaussianParams,
    em_steps,
    fit,
    fit_restarts,
)
from em_core.em import EMState, lower_bound
from em_core.tables import coin_slice
from em_core.widgets.base import run_until_settled
from em_core.widgets.coin_steps import GRID
from em_core.widgets.mixture_steps import HALVED, whole_run
from em_core.widgets.overlap import TwoComponents
from em_core.worth import rate, standard_errors

pytestmark = pytest.mark.site

COUNTS = np.array([(5, 5), (9, 1), (8, 2), (4, 6), (7, 3)])
HALF = [0.5, 0.5]


def run(start: CoinParams, iterations: int, *, free: bool = False) -> list[EMState]:
    """Computed here once more: the pages must show these figures."""
    return list(islice(em_steps(CoinMixture(free), COUNTS, start), iterations + 1))


def minus(value: float, digits: int) -> str:
    return f"{value:.{digits}f}".replace("-", "−")


def half_title(step: int) -> str:
    return f"Iteration {(step + 1) // 2}, after the {'ME'[step % 2]}-step" if step else "Start"


def coin_words(state: EMState, title: str) -> str:
    a, b = state.params.theta
    return f"{title}: θ_A {a:.3f}, θ_B {b:.3f}, log-likelihood {minus(state.log_likelihood, 2)}"


def step_words(states: list[EMState], step: int, *, free: bool = False) -> str:
    """What `coin-steps` says; after the E-step the bound touches, after the M-step it does not."""
    t, r = step // 2, (step + 1) // 2 - 1
    state = states[t]
    a, b = state.params.theta
    weight = f", weight of A {state.params.weights[0]:.3f}" if free else ""
    value = state.log_likelihood
    bare = f"{half_title(step)}: θ_A {a:.3f}, θ_B {b:.3f}{weight}, log-likelihood {minus(value, 2)}"
    if step == 0:
        return bare
    bound = lower_bound(CoinMixture(), COUNTS, state.params, states[r].responsibilities)
    return f"{bare}, lower bound {minus(bound, 2)}, gap {abs(value - bound):.3f}"


@cache
def theta_b() -> float:
    start = CoinParams([0.6, 0.5], HALF)
    return float(fit(CoinMixture(), COUNTS, start, tol=1e-12).params.theta[1])


@cache
def one_coin(theta_a: float) -> list[float]:
    """θ_A after each iteration, θ_B held: an explicit loop of its own."""
    way = [theta_a]
    for _ in range(12):
        state = run(CoinParams([way[-1], theta_b()], HALF), 0)[0]
        share = state.responsibilities[:, 0]
        way.append(float(share @ COUNTS[:, 0] / (share @ COUNTS.sum(axis=1))))
    return way


def bound_words(step: int, theta_a: float = 0.3) -> str:
    way, t, r = one_coin(theta_a), step // 2, (step + 1) // 2 - 1
    value = coin_slice(COUNTS, np.array([way[t]]), theta_b())[0]
    bare = f"{half_title(step)}: θ_A {way[t]:.3f}, log-likelihood {minus(value, 2)}"
    if step == 0:
        return bare
    made_at = run(CoinParams([way[r], theta_b()], HALF), 0)[0]
    here = CoinParams([way[t], theta_b()], HALF)
    bound = lower_bound(CoinMixture(), COUNTS, here, made_at.responsibilities)
    gapped = f"{bare}, lower bound {minus(bound, 2)}, gap {abs(value - bound):.3f}"
    if step % 2 == 0:
        rise = bound - made_at.log_likelihood
        return f"{gapped}. The bound rose by {rise:.3f}; the gap is gained on top"
    heads, tails = made_at.responsibilities[:, 0] @ COUNTS
    slope, moved = heads / way[t] - tails / (1 - way[t]), way[t + 1] - way[t]
    by = f"{three(slope)} ÷ the bound’s mean curvature {three(slope / moved)}"
    return f"{gapped}, slope of both {by} = step {three(moved)}"


def three(value: float) -> str:
    """Three digits that count, as JavaScript writes such a number."""
    return f"{float(f'{value:.3g}'):.10f}".rstrip("0").rstrip(".").replace("-", "−")


def bar_words(step: int) -> str:
    """What `bound-bars` says: q is half each at the start, then the posterior of an E-step."""
    t, r = step // 2, (step + 1) // 2 - 1

    def figures(t: int, q: np.ndarray) -> np.ndarray:
        state = STATES[t]
        bound = lower_bound(CoinMixture(), COUNTS, state.params, q)
        return np.array([state.log_likelihood, bound, rel_entr(q, state.responsibilities).sum()])

    half = np.full((5, 2), 0.5)
    now = figures(t, STATES[r].responsibilities if step else half)
    value, bound, divergence = (minus(number, 4) for number in now)
    bare = (
        f"{half_title(step)}: log-likelihood {value}, lower bound {bound}, KL {divergence}"
    ).replace("KL −", "KL ")
    if step == 0:
        return f"{bare}; q gives every label the same probability"
    older = half if step == 1 else STATES[(step - 2) // 2].responsibilities
    before = figures((step - 1) // 2, older)
    rise = f"{bare}; the bound rose by {now[1] - before[1]:.4f}, the log-likelihood"
    return f"{rise} stayed" if step % 2 else f"{rise} by {now[0] - before[0]:.4f}"


def row_words(step: int) -> str:
    """A row with likelihoods 0.6 and 0.2, by hand: the posterior, then the weight that it is."""
    q, w = 0.5, 0.5
    for half_step in range(1, step + 1):
        q, w = (0.6 * w / (0.2 + 0.4 * w), w) if half_step % 2 else (q, q)
    value = np.log(0.2 + 0.4 * w)
    bound = q * np.log(0.6 * w / q) + (1 - q) * np.log(0.2 * (1 - w) / (1 - q))
    return (
        f"{half_title(step)}: q {q:.3f}, w {w:.3f}, log-likelihood {minus(value, 4)}, "
        f"lower bound {minus(bound, 4)}, gap {abs(value - bound):.4f}"
    )


@cache
def lecture() -> tuple[np.ndarray, GaussianParams]:
    import ledger

    return ledger.gaussian_data()


@cache
def mixture_run() -> list[EMState]:
    x = mixture_data()["Four clusters"]
    start = GaussianMixture().random_start(x, 4, np.random.default_rng(0))
    return run_until_settled(GaussianMixture(), x, start, 100)


def mixture_words(step: int) -> str:
    state = mixture_run()[step // 2]
    weights = [f"weight {n} {w:.3f}" for n, w in zip("ABCD", state.params.weights, strict=True)]
    value = minus(state.log_likelihood, 2)
    return f"{half_title(step)}: {', '.join(weights)}, log-likelihood {value}"


JENSEN = [(1.0, 7.4, 0.5), (1.0, 4.84, 0.5), (1.0, 2.92, 0.5), (1.0, 1.0, 0.5)]
JENSEN += [(1.0, 7.4, weight) for weight in (0.5, 0.75, 0.9, 1.0)]


def jensen_words(step: int) -> str:
    f, written, (a, b, w) = np.log, "log x", (*JENSEN, (-3.2, 3.2, 0.5))[step]
    if step == 8:
        f, written = (lambda x: x / 2 + 1), "½x + 1"
    chord, curve = (1 - w) * f(a) + w * f(b), f((1 - w) * a + w * b)
    reason = {3: " The points have met.", 7: " All the weight is on one point."}
    reason[8] = " The function is straight."
    return (
        f"Setting {step + 1} of 9: f(x) = {written}, points {minus(a, 2)} and {minus(b, 2)}, "
        f"weight of the second {w:.2f}; E[f(X)] {minus(chord, 3)}, f(E[X]) {minus(curve, 3)}, "
        f"gap {abs(curve - chord):.3f}.{reason.get(step, '')}"
    )


@cache
def how_many_figures() -> list[tuple[float, int, float, float]]:
    """Log-likelihood, parameters, BIC and held-out log-likelihood with 1, 2, … components."""
    import how_many

    x, rows = how_many.faithful(), how_many.stored()["held_out"]["full"]
    values = [
        fit(GaussianMixture(), x, params, tol=0, max_iter=0).log_likelihood
        for params in how_many.fits()["full"]
    ]
    free = [6 * k - 1 for k in range(1, len(rows) + 1)]
    prices = [c * np.log(len(x)) - 2 * value for c, value in zip(free, values, strict=True)]
    return list(zip(values, free, prices, rows, strict=True))


def how_many_words(step: int) -> str:
    value, free, price, rows = how_many_figures()[step]
    _, _, prices, all_rows = zip(*how_many_figures(), strict=True)
    least = " BIC is smallest here." if price == min(prices) else ""
    likeliest = " Rows left out are likeliest here." if rows == max(all_rows) else ""
    return (
        f"{f'{step + 1} components' if step else '1 component'}: "
        f"log-likelihood {minus(value, 2)}, free parameters {free}, BIC {price:.1f}, "
        f"held-out log-likelihood {minus(rows, 2)}.{least}{likeliest}"
    )


STATES = run(CoinParams([0.6, 0.5], HALF), 10)
LONG = run(CoinParams([0.6, 0.55], HALF), 15)


def starts_words(step: int) -> str:
    title = f"Iteration {step} of 15" if step else "Start"
    end = ". Here it ends: θ_A above θ_B" if step == 15 else ""
    return coin_words(LONG[step], title) + end


@cache
def apart() -> tuple[list[EMState], str]:
    """The run at distance 2, and what is known of its end: computed here once more."""
    ppf = norm.ppf((np.arange(50) + 0.5) / 50)
    x = np.concatenate([ppf, ppf]) / np.sqrt((ppf**2).mean()) + np.repeat([0, 2], 50)
    model = TwoComponents()
    states = run_until_settled(model, x, np.array([0.15, 6.0]), 60)
    top = next(islice(em_steps(model, x, states[-1].params), 100, None)).params
    errors = standard_errors(model, x, top)["params"]
    weight = top[0]
    known = np.sqrt([weight * (1 - weight) / 100, 1 / (100 * weight)])
    return states, (
        f"Distance 2.0: rate {rate(model, x, top):.3f}, standard errors {errors[0]:.3f} and "
        f"{errors[1]:.3f}, with labels {known[0]:.3f} and {known[1]:.3f}"
    )


def overlap_words(step: int) -> str:
    states, known = apart()
    weight, mean = states[step].params
    title = f"Iteration {step} of {len(states) - 1}" if step else "Start"
    value = minus(states[step].log_likelihood, 2)
    return f"{title}: weight {weight:.3f}, mean {mean:.3f}, log-likelihood {value}. {known}"


def sharp_words(step: int) -> str:
    """Two groups on a line, by a loop of its own: soft shares of a held width, then hard ones."""
    sigma = (2.0, 1.7, 1.4, 1.2, 1.1, 1.0, 0.9, 0.8, 0.7, 0.6, 0.4, 0.2, 0.0)[step]
    left, right = (c + norm.ppf((np.arange(n) + 0.5) / n) for n, c in ((360, 1), (40, 4)))
    x, share, means = np.concatenate([left, right]), 0.9, np.array([left.mean(), right.mean()])
    for _ in range(2000):
        distances = np.subtract.outer(x, means) ** 2
        r = np.eye(2)[distances.argmin(axis=1)]
        if sigma:
            r = softmax(np.log([share, 1 - share]) - distances / (2 * sigma**2), axis=1)
        before, share, means = means, r[:, 0].mean(), x @ r / r.sum(axis=0)
        if np.abs(means - before).max() < 1e-12:
            break
    title = f"σ {sigma:.1f}" if sigma else "k-means, where σ tends to 0"
    if means[1] - means[0] < 0.01:
        return f"{title}: the centres have met at {means[0]:.2f}"
    border = means.mean() + sigma**2 * np.log(share / (1 - share)) / (means[1] - means[0])
    wrong = (left > border).sum() + (right < border).sum()
    return (
        f"{title}: centres {means[0]:.2f} and {means[1]:.2f}, weight of A {share:.3f}, "
        f"border {border:.2f}, {wrong} rows on its wrong side"
    )


@cache
def sixty() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The heights, where the third sixty of the survey's starts end, and where the others do."""
    stored = json.loads((build.ROOT / "book/data/starts.json").read_text())["ends"]
    places = np.array(stored["three classes"]["places"])
    shown = slice(120, 180)
    return np.array(stored["three classes"]["levels"]), places[shown], np.delete(places, shown)


def many_words(step: int) -> str:
    if not step:
        return "No start yet: press Next, and the first one runs."
    levels, places, others = sixty()
    seen, times = np.unique(places[:step], return_counts=True)
    once = (times == 1).sum()
    unseen, better = np.mean(~np.isin(others, seen)), np.mean(others < seen[0])
    return (
        f"Start {step}: ends at {minus(levels[places[step - 1]], 3)}. "
        f"Best so far: {minus(levels[seen[0]], 3)}, found {times[0]}×. "
        f"Maxima: {len(seen)}, of these once {once}. "
        f"Next one new: estimated {half_up(once / step)}; of 440 others {half_up(unseen)}, "
        f"better {half_up(better)}."
    )


@cache
def hot_days(day: int, eaten: int) -> np.ndarray:
    """P(hot) of all days, when one of them (from 1; 0 is none) is changed; nothing is scaled."""
    days = in_order.diary()
    days[day - 1 : day] = eaten
    given, stay = in_order.EATEN.T[days - 1], in_order.WEATHER
    before, after = [np.full(2, 0.5)], [np.ones(2)]
    for here in given[:-1]:
        before.append((before[-1] * here) @ stay)
    for here in given[:0:-1]:
        after.append(stay @ (here * after[-1]))
    both = np.array(before) * given * after[::-1]
    return (both[:, 1] / both.sum(axis=1)).round(4)


def diary_words(step: int, eaten: int = 1) -> str:
    if not step:
        return "As written: 33 days, and how probable it is that each was hot. Next changes day 1."
    was, is_now, written = hot_days(0, 0), hot_days(step, eaten), in_order.diary()[step - 1]
    here, before, after = (
        f"{half_up(was[d], 3)} → {half_up(is_now[d], 3)}" if 0 <= d < 33 else None
        for d in (step - 1, step - 2, step)
    )
    names = "one ice cream", "two ice creams", "three ice creams"
    told = "as written" if written == eaten else f"not {written}"
    said = f"Day {step}, {names[eaten - 1]} ({told}): P(hot) {here}"
    said += f", the day before {before}" if before else ""
    return said + (f", the day after {after}" if after else "")


@cache
def streamed() -> list[list[np.ndarray]]:
    """Old Faithful's means after each block, for each step size, by em_core's responsibilities."""
    dealt = streams.shuffled(streams.waits(), 5, 10, np.random.default_rng(21))[:80]
    found = []
    for step in (lambda t: 1 / t, lambda t: t**-0.6, lambda t: max(1 / t, 0.2)):
        params, sums, means = streams.FAR, np.zeros((3, 2)), [streams.FAR[1]]
        for t, rows in enumerate(dealt, start=1):
            joint = np.exp(GaussianMixture().log_joint(rows[:, None], streams.gaussians(params)))
            r = joint / joint.sum(axis=1, keepdims=True)
            new = [(r * rows[:, None] ** power).mean(axis=0) for power in range(3)]
            sums = (1 - step(t)) * sums + step(t) * np.array(new)
            if t > 1:
                mean = sums[1] / sums[0]
                params = (sums[0], mean, sums[2] / sums[0] - mean**2)
            means.append(params[1].round(3))
        found.append(means)
    return found


def stream_words(step: int) -> str:
    def both(pair: np.ndarray) -> str:
        return " and ".join(str(half_up(value, 1)) for value in pair)

    names = "1/t", "t to the −0.6", "0.2"
    told = zip(names, streamed(), strict=True)
    means = ", ".join(f"{both(path[step])} with {name}" for name, path in told)
    return f"{10 * step} rows read: means {means}; they should be at 54.6 and 80.1"


@cache
def verdict_shares(given: str) -> np.ndarray:
    """The classes' shares after seven verdicts, multiplied out."""
    x, number = coin_rows.slides()
    starts = {"starts": 5, "rng": 1, "row_weights": number}
    params = coin_rows.ordered(fit_restarts(coin_rows.Careful(), x, 3, **starts)[0].params)
    said = np.array([int(answer) for answer in given])
    joint = params.weights * np.where(said == 1, params.yes, 1 - params.yes).prod(axis=1)
    return (joint / joint.sum()).round(4)


def verdict_words(step: int, given: str = "1100101") -> str:
    names, judge = ("mostly no", "divided", "mostly yes"), coin_rows.NAMES[step - 1]
    answer = given[step - 1]
    turned = given[: step - 1] + str(1 - int(answer)) + given[step:] if step else given
    was, now = ([half_up(s, 3) for s in verdict_shares(g)] for g in (given, turned))
    if not step:
        yes = [judge for judge, answer in zip(coin_rows.NAMES, given, strict=True) if answer == "1"]
        found = ", ".join(f"{name} {share}" for name, share in zip(names, now, strict=True))
        return f"As given, a yes from {', '.join(yes) or 'nobody'}: {found}"
    moved = zip(names, was, now, strict=True)
    found = ", ".join(f"{name} {before} → {after}" for name, before, after in moved)
    return f"{judge} turned to {'no' if answer == '1' else 'yes'}: {found}"


def family_words(step: int) -> str:
    q, theta = family.climb(family.posterior, family.top)[step]
    a, b = family.joint(theta)
    value = np.log(theta) + 2 * np.log(1 - theta) + np.log(a + b)
    said = f": q {q:.3f}, θ {theta:.3f}, ℓ {value:.4f}, bound {family.bound(q, theta):.4f}"
    return half_title(step) + said.replace("-", "−")


@cache
def murray() -> list[tuple[float, float, float]]:
    """The first way over Murray's rows: correlation, variance and log-likelihood, by the model."""
    start = holes.Normal(np.zeros(2), 2 * np.array([[1, 0.9], [0.9, 1]]))
    states = islice(em_steps(holes.NormalWithHoles(), holes.TWELVE, start), 41)
    pairs = [(state.params.covariance, state.log_likelihood) for state in states]
    return [(m[0, 1] / m[0, 0], m[0, 0], value) for m, value in pairs]


def murray_words(step: int) -> str:
    correlation, variance, value = murray()[step]
    said = f"ρ {correlation:.3f}, σ² {variance:.3f}, log-likelihood {minus(value, 4)}"
    end = ". Here it ends: a maximum" if step == 40 else ""
    return f"{f'Iteration {step}' if step else 'Start'}: {said}{end}"


def half_up(value: float, digits: int = 2) -> Decimal:
    """Decimals as browsers round: a half, such as that of 1/8, goes up."""
    return Decimal(float(value)).quantize(Decimal(10) ** -digits, ROUND_HALF_UP)


STATIC = build.ROOT / "em_core" / "widgets" / "static"
WIDE: Any = {"width": 1280, "height": 800}
# Words of a drawing under 11 px, or cut at its sides; above a turned word is room for its capitals.
POOR_WORDS = """(root) => [...root.querySelectorAll(".em-live svg text")].flatMap((text) => {
  const { left, right, width } = text.getBoundingClientRect();
  const svg = text.ownerSVGElement;
  const box = svg.getBoundingClientRect();
  if (svg.matches("svg svg") || !width || right < box.left || left > box.right) return [];
  const { a, b } = text.getScreenCTM();
  const size = parseFloat(getComputedStyle(text).fontSize) * Math.hypot(a, b);
  const margin = getComputedStyle(svg).overflow === "visible" ? 7 : 0;
  const reach = margin + (a < 0.1 ? 0.3 * size : 0.5);
  const isCut = left < box.left - reach || right > box.right + reach;
  return size < 10.95 || isCut ? [`${text.textContent}: ${size.toFixed(1)} px`] : [];
})"""


@dataclass(frozen=True)
class Spec:
    """A widget's page, its last step and what it says at each."""

    kind: str
    page: str
    last: int
    status: Callable[[int], str]


SPECS = [
    Spec("jensen", "01_jensen", 8, jensen_words),
    Spec("bound-bars", "04_derivation", 12, bar_words),
    Spec("coin-steps", "05_coins", 20, lambda step: step_words(STATES, step)),
    Spec("lower-bound", "03_incomplete", 24, bound_words),
    Spec("one-row", "04_derivation", 8, row_words),
    Spec("coin-starts", "07_restarts", 15, starts_words),
    Spec("mixture-steps", "09_gaussian_code", 50, mixture_words),
    Spec("overlap", "14_how_fast_how_sure", 34, overlap_words),
    Spec("sharpness", "15_misleads", 12, cache(sharp_words)),
    Spec("how-many", "16_how_many", 4, how_many_words),
    Spec("many-starts", "17_several_starts", 60, many_words),
    Spec("ice-cream", "18_in_order", 33, diary_words),
    Spec("stream", "21_streams", 80, stream_words),
    Spec("verdicts", "20_coins_in_a_row", 7, verdict_words),
    Spec("family", "22_family", 20, family_words),
    Spec("twelve-rows", "19_holes", 40, murray_words),
]
BY_KIND = {spec.kind: spec for spec in SPECS}
# One script makes the controls of all, hears their keys, plays and fills the table; what it does is
# tried with a widget that has choices and handles, with one that has neither, and with one whose
# runs come from files. They are the first, for pytest groups by place.
of_the_shell = pytest.mark.parametrize("spec", SPECS[:3], ids=lambda spec: spec.kind, indirect=True)


# Chapters stay open: tests of one chapter follow each other, and each gets the figure as delivered.


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    """The page that tests share."""
    context = chromium.new_context(viewport=WIDE)
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def touched(chromium: Browser) -> Iterator[Page]:
    """A shared page on a phone."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def clocked(chromium: Browser) -> Iterator[Page]:
    """A shared page whose time a test can let pass."""
    context = chromium.new_context(viewport=WIDE)
    context.set_default_timeout(30_000)
    found = context.new_page()
    found.clock.install()
    yield found
    context.close()


@pytest.fixture
def put_back(page: Page) -> Iterator[None]:
    """What a test changes around the figure is undone."""
    yield
    page.context.set_offline(False)
    page.emulate_media(media="screen", reduced_motion="no-preference")
    resize(page, *WIDE.values())


@pytest.fixture(scope="module", params=SPECS, ids=lambda spec: spec.kind)
def spec(request: pytest.FixtureRequest) -> Spec:
    """Each widget in turn."""
    return request.param


@pytest.fixture
def complaints(page: Page) -> Iterator[list[str]]:
    """What the console says, and requests that leave the site; there must be none."""
    said: list[str] = []
    notes: dict[Any, Callable[[Any], None]] = {
        "console": lambda message: said.append(message.text),
        "pageerror": lambda error: said.append(str(error)),
        "request": lambda request: said.extend(_foreign(request.url)),
    }
    for event, note in notes.items():
        page.on(event, note)
    yield said
    for event, note in notes.items():
        page.remove_listener(event, note)
    assert said == []


def _foreign(url: str) -> list[str]:
    return [] if url.startswith(("http://127.0.0.1:", "file:", "data:")) else [url]


@pytest.fixture
def widget(page: Page, cut_url: str, spec: Spec, complaints: list[str]) -> Locator:
    """Each widget on its chapter, live."""
    return opened(page, f"{cut_url}/book/{spec.page}.html", spec.kind)


# A chapter is laid out and painted again and again; of its text nothing is asked here.
LEAVE_IT_ALONE = """(kind) => {
  let kept = document.querySelector(`article [data-em-widget="${kind}"]`)?.closest("figure");
  if (!kept) return; // on the first page
  for (; !kept.matches("article"); kept = kept.parentElement)
    for (const other of [...kept.parentElement.children]) if (other !== kept) other.remove();
  kept.style.paddingBlock = "2000px";
}"""


# Put a figure back as it was delivered, and start it as the page's last script does.
GIVE_AFRESH = """([kind, delivered]) => {
  const root = () => document.querySelector(`[data-em-widget="${kind}"]`);
  if (!root()) return false;
  root().outerHTML = delivered;
  emWidgets.start();
  scrollTo({ top: 0, behavior: "instant" });
  root().scrollIntoView({ block: "center", behavior: "instant" });
  return [...root().querySelectorAll("button")]
    .some((one) => one.textContent === "Next" && one.checkVisibility());
}"""


def opened(page: Page, address: str, kind: str) -> Locator:
    """A page with one figure alone, which is live and in sight."""
    found = page.locator(f'[data-em-widget="{kind}"]')
    if page.url == address and page.evaluate(GIVE_AFRESH, [kind, place(Path(address).stem, kind)]):
        return found
    page.goto(address)
    page.evaluate(LEAVE_IT_ALONE, kind)
    expect(button(found, "Next")).to_be_visible()
    found.evaluate("it => it.scrollIntoView({ block: 'center', behavior: 'instant' })")
    return found


def on_its_page(page: Page, cut_url: str, kind: str) -> Locator:
    return opened(page, f"{cut_url}/book/{BY_KIND[kind].page}.html", kind)


def button(widget: Locator, name: str) -> Locator:
    return widget.get_by_role("button", name=name, exact=True)


def slider(widget: Locator) -> Locator:
    return widget.get_by_role("slider", name="Step", exact=True)


def status(widget: Locator) -> Locator:
    return widget.get_by_role("status")


# Both in one call, and without Playwright's search for the figure, which is five more: they are
# asked for after every step. Spaces are told as Playwright tells them.
SHOWN = """(nth) => {
  const root = document.querySelectorAll("[data-em-widget]")[nth];
  return [
    root.querySelector("[role=status]").textContent
      .replace(/[\\u200b\\u00ad]/g, "").trim().replace(/\\s+/g, " "),
    root.querySelector("input[type=range]").value,
  ];
}"""


def shows(widget: Locator, spec: Spec, step: int, nth: int = 0) -> None:
    """Wait until a page's figure, or one of several, shows a step, in words and by the slider."""
    expected = [spec.status(step), str(step)]
    page = widget.page
    end = time.monotonic() + LAST_RESORT
    while (shown := page.evaluate(SHOWN, nth)) != expected and time.monotonic() < end:
        page.wait_for_timeout(20)
    assert shown == expected


# The middle of a button, when a click there meets it and nothing else.
MIDDLE = """(name) => {
  const root = document.querySelector("[data-em-widget]");
  const found = [...root.querySelectorAll("button")].filter((one) => one.textContent === name);
  if (found.length !== 1) throw new Error(`${found.length} buttons have the name ${name}`);
  const inside = () => found[0].contains(document.elementFromPoint(...middle()));
  const middle = () => {
    const { left, top, width, height } = found[0].getBoundingClientRect();
    return [left + width / 2, top + height / 2];
  };
  if (!inside()) found[0].scrollIntoView({ block: "center", behavior: "instant" });
  if (!inside()) throw new Error(`something covers ${name}`);
  return middle();
}"""


def click(widget: Locator, name: str) -> None:
    """Click a figure's button by the mouse; Playwright's own waits for frames, and asks often."""
    page = widget.page
    page.mouse.click(*page.evaluate(MIDDLE, name))


def test_scripts_without_a_page() -> None:
    tests = Path(__file__).with_name("widgets.test.mjs")
    done = subprocess.run(
        [build.NODE / "node", "--test", tests], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


# --- the same for all -----------------------------------------------------------------------------


OF_THE_SHELL = r"\bmount\b|\bkey(down|up|press)\b|\bset(Timeout|Interval)\b|IntersectionObserver"
KEPT_BESIDE = re.compile(r"^ {0,2}(let|var)\b", re.MULTILINE)
PARTS = "em-choices em-stage em-status em-controls em-table"
CONTROLS = "Previous Next Play Reset Step"
# The parts of a figure and its controls, in their order.
MADE = """() => {
  const { children } = document.querySelector("[data-em-widget] .em-live");
  const names = [...children].map(({ className }) => className);
  const controls = [...children[3].children].map((it) => it.ariaLabel ?? it.textContent);
  return [names.join(" "), controls.join(" ")];
}"""


def test_what_is_drawn_leaves_keys_time_and_controls_to_the_shell() -> None:
    """And keeps nothing beside the drawing, so that two on a page are two."""
    for path in STATIC.glob("*.js"):
        if path.name not in ("stepper.js", "start.js"):
            found = path.read_text()
            assert not re.search(OF_THE_SHELL, found), path.name
            assert not KEPT_BESIDE.search(found), path.name


def test_all_have_the_controls_of_one_shell(page: Page, widget: Locator) -> None:
    expect(button(widget, "Next")).to_be_visible()
    assert page.evaluate(MADE) == [PARTS, CONTROLS]


def test_data_hold_no_tag(spec: Spec) -> None:
    assert "<" not in data_of(place(spec.page, spec.kind))


@pytest.mark.usefixtures("put_back")
def test_the_first_steps_from_disk_and_with_the_network_cut(
    page: Page, cut_dir: Path, spec: Spec, complaints: list[str]
) -> None:
    """With the figures of em_core; over http, where the files are the same, the last ones too."""
    address = (cut_dir / "book" / f"{spec.page}.html").as_uri()
    widget = opened(page, address, spec.kind)
    page.context.set_offline(True)
    shows(widget, spec, 0)
    click(widget, "Next")
    slider(widget).focus()
    for step in range(1, min(9, spec.last)):
        shows(widget, spec, step)
        page.keyboard.press("ArrowRight")
    shows(widget, spec, min(9, spec.last))


def test_next_shows_the_first_steps_and_ends_at_the_last(widget: Locator, spec: Spec) -> None:
    for step in range(5):
        shows(widget, spec, step)
        click(widget, "Next")
    slider(widget).fill(str(spec.last - 1))
    for step in (spec.last - 1, spec.last, spec.last):
        shows(widget, spec, step)
        click(widget, "Next")


@of_the_shell
def test_previous_and_reset(widget: Locator, spec: Spec) -> None:
    click(widget, "Previous")
    shows(widget, spec, 0)
    for _ in range(3):
        click(widget, "Next")
    click(widget, "Previous")
    shows(widget, spec, 2)
    click(widget, "Reset")
    shows(widget, spec, 0)


@of_the_shell
def test_slider_by_mouse(widget: Locator, spec: Spec) -> None:
    box = slider(widget).bounding_box()
    assert box is not None
    slider(widget).click(position={"x": box["width"] - 1, "y": box["height"] / 2})
    shows(widget, spec, spec.last)


@of_the_shell
def test_play_runs_to_the_end_and_pause_holds(clocked: Page, cut_url: str, spec: Spec) -> None:
    widget = on_its_page(clocked, cut_url, spec.kind)
    click(widget, "Play")
    expect(status(widget)).to_have_attribute("aria-live", "off")
    clocked.clock.run_for(3000)
    click(widget, "Pause")
    expect(status(widget)).to_have_attribute("aria-live", "polite")
    held = int(slider(widget).input_value())
    assert 0 < held < spec.last
    clocked.clock.run_for(5000)
    shows(widget, spec, held)
    click(widget, "Play")
    expect(button(widget, "Pause")).to_be_visible()
    clocked.clock.run_for(1000 * spec.last)  # a step takes less
    expect(button(widget, "Play")).to_be_visible()
    shows(widget, spec, spec.last)


@of_the_shell
def test_play_stops_out_of_sight_and_nothing_works_on(
    clocked: Page, cut_url: str, spec: Spec
) -> None:
    widget = on_its_page(clocked, cut_url, spec.kind)
    session = clocked.context.new_cdp_session(clocked)
    session.send("Performance.enable")

    def works(milliseconds: int) -> bool:
        """Tell whether the page draws anything in the time that passes for it."""
        before = drawn()
        clocked.clock.run_for(milliseconds)
        return drawn() != before

    def drawn() -> dict[str, float]:
        clocked.evaluate("document.body.offsetHeight")  # what was changed is laid out
        found = session.send("Performance.getMetrics")["metrics"]
        counted = ("RecalcStyleCount", "LayoutCount")
        return {metric["name"]: metric["value"] for metric in found if metric["name"] in counted}

    click(widget, "Play")
    assert works(2000)
    clocked.evaluate("scrollTo({ top: document.body.scrollHeight, behavior: 'instant' })")
    expect(button(widget, "Play")).to_have_count(1)
    held = slider(widget).input_value()
    assert 0 < int(held) < spec.last
    assert not all(works(20_000) for _ in range(20))  # what scrolling shows comes to its end
    expect(slider(widget)).to_have_value(held)


@of_the_shell
def test_keys(page: Page, widget: Locator, spec: Spec) -> None:
    """On the slider; those that a button passes on to it are heard by the shell of all."""
    slider(widget).focus()
    for key, step in [
        ("ArrowRight", 1),
        ("ArrowUp", 2),
        ("ArrowRight", 3),
        ("ArrowLeft", 2),
        ("ArrowDown", 1),
        ("End", spec.last),
        ("ArrowRight", spec.last),
        ("Home", 0),
        ("ArrowLeft", 0),
    ]:
        page.keyboard.press(key)
        shows(widget, spec, step)
    button(widget, "Next").focus()
    for key, step in [("ArrowUp", 1), ("ArrowDown", 0), ("End", spec.last), ("Home", 0)]:
        page.keyboard.press(key)
        shows(widget, spec, step)


@of_the_shell
def test_space_plays_and_pauses(page: Page, widget: Locator) -> None:
    slider(widget).focus()
    page.keyboard.press("Space")
    expect(button(widget, "Pause")).to_be_visible()
    page.keyboard.press("Space")
    expect(button(widget, "Play")).to_be_visible()


@of_the_shell
def test_page_keys_move_the_page_and_not_the_slider(
    page: Page, widget: Locator, spec: Spec
) -> None:
    slider(widget).focus()
    before = page.evaluate("scrollY")
    page.keyboard.press("PageDown")
    page.wait_for_function("before => scrollY > before", arg=before)
    shows(widget, spec, 0)


@of_the_shell
def test_any_sequence_of_controls_keeps_step_and_picture_together(
    page: Page, widget: Locator, spec: Spec
) -> None:
    chance, step = random.Random(spec.kind), 0
    moves: dict[str, Callable[[int], int]] = {
        "Next": lambda s: s + 1,
        "Previous": lambda s: s - 1,
        "Reset": lambda s: 0,
        "ArrowRight": lambda s: s + 1,
        "ArrowDown": lambda s: s - 1,
        "End": lambda s: spec.last,
        "Home": lambda s: 0,
    }
    slider(widget).focus()
    for _ in range(8):  # of each widget; all share a shell
        name = chance.choice(list(moves))
        if name in ("Next", "Previous", "Reset"):
            click(widget, name)
        else:
            page.keyboard.press(name)
        step = min(max(moves[name](step), 0), spec.last)
        shows(widget, spec, step)


# How what takes the focus shows it.
NOTE_FOCUS = """() => {
  globalThis.looks = [];
  document.addEventListener("focusin", ({ target }) => {
    if (!target.closest("[data-em-widget]")) return;
    const ring = target.querySelector(".em-grip");
    const style = getComputedStyle(ring ?? target);
    looks.push(ring ? style.strokeWidth : style.outlineStyle);
  });
}"""


def test_everything_that_takes_focus_shows_it(page: Page, widget: Locator) -> None:
    widget.focus()
    page.evaluate(NOTE_FOCUS)
    for _ in range(14):
        page.keyboard.press("Tab")
    looks = page.evaluate("looks")
    assert len(looks) >= 6
    assert not {"none", "0px", "1px"} & set(looks)


def test_the_table_gives_every_step(widget: Locator, spec: Spec) -> None:
    widget.get_by_text("Show as table").click()
    rows = widget.locator("details tbody tr")
    expect(rows).to_have_count(spec.last + 1)
    heads = widget.locator("details thead th").all_inner_texts()
    cells = [text.split("\t") for text in rows.all_inner_texts()]
    assert {len(row) for row in cells} == {len(heads)}
    for step in (0, 1, spec.last // 2, spec.last):
        shown = re.findall(r"log-likelihood (−\d+\.\d+)", spec.status(step))
        for figure in shown:  # the table has as many digits of the same number, or more
            digits = len(figure.partition(".")[2])
            values = [float(cell.replace("−", "-")) for cell in numeric(cells[step])]
            assert figure in [minus(value, digits) for value in values]


def numeric(cells: list[str]) -> list[str]:
    return [cell for cell in cells if re.fullmatch(r"−?\d+\.\d+", cell)]


# Put a figure back as it was delivered, start it, step it twice: what there is to measure.
MEASURED = """([kind, delivered]) => {
  const root = () => document.querySelector(`[data-em-widget="${kind}"]`);
  const sides = (selector, side) => [...root().querySelectorAll(selector)]
    .filter((it) => !it.closest(".em-plane svg")).map((it) => it.getBoundingClientRect()[side]);
  root().outerHTML = delivered;
  const room = root().offsetHeight;
  emWidgets.start();
  const taken = root().offsetHeight;
  const [next] = [...root().querySelectorAll("button")].filter((it) => it.textContent === "Next");
  const rights = [0, 1, 2].map((step) => {
    if (step) next.click();
    return Math.max(...sides("*", "right"));
  });
  const targets = "button, input, summary, select, [role=slider]";
  return {
    room: taken - room,
    page: document.documentElement.scrollWidth,
    right: Math.max(...rights),
    target: Math.min(...sides(targets, "width"), ...sides(targets, "height")),
    poor: (POOR_WORDS)(root()),
  };
}""".replace("POOR_WORDS", POOR_WORDS)


@pytest.mark.usefixtures("put_back")
@pytest.mark.parametrize("width", [1280, 390, 320])
def test_room_is_kept_nothing_overflows_and_targets_are_large(
    page: Page, cut_url: str, spec: Spec, width: int
) -> None:
    resize(page, width, 800)
    opened(page, f"{cut_url}/book/{spec.page}.html", spec.kind)
    found = page.evaluate(MEASURED, [spec.kind, place(spec.page, spec.kind)])
    shows(page.locator(f'[data-em-widget="{spec.kind}"]'), spec, 2)
    assert abs(found["room"]) <= 1
    assert found["page"] <= width
    assert found["right"] <= width + 0.5
    assert found["target"] >= 24
    assert found["poor"] == []


COLOURS = """() => {
  const text = document.querySelector("[data-em-widget] .em-live svg text");
  const fill = () => getComputedStyle(text).fill;
  const turn = () => document.querySelector(".mode").click();
  return [fill(), turn() ?? fill(), turn() ?? fill()];
}"""


def test_colours_follow_the_switch(page: Page, widget: Locator) -> None:
    expect(button(widget, "Next")).to_be_visible()
    light, dark, again = page.evaluate(COLOURS)
    assert dark != light
    assert again == light


@of_the_shell
@pytest.mark.usefixtures("put_back")
def test_the_picture_is_for_print(page: Page, widget: Locator) -> None:
    picture = widget.locator(".em-picture img").first
    expect(picture).to_be_hidden()
    page.emulate_media(media="print")
    expect(picture).to_be_visible()
    expect(button(widget, "Next")).to_be_hidden()


@pytest.fixture(scope="module")
def scriptless(chromium: Browser, cut_url: str) -> Iterator[Page]:
    """The figures of all chapters, one below the other, in a browser without JavaScript."""
    figures = [figure_of(spec) for spec in SPECS]
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        show_scratch(page, cut_url, SPECS[0].page, "".join(figures))
        yield page


def figure_of(spec: Spec) -> str:
    (found,) = (it for it in live_figures(spec.page) if f'data-em-widget="{spec.kind}"' in it)
    return found


def test_the_picture_without_javascript(scriptless: Page, spec: Spec) -> None:
    widget = scriptless.locator(f'[data-em-widget="{spec.kind}"]')
    picture = widget.locator("img:visible")
    expect(picture).to_have_count(1)
    assert len(str(picture.get_attribute("alt"))) > 80
    expect(widget.get_by_role("button")).to_have_count(0)
    figure = scriptless.locator("figure").filter(has=widget)
    expect(figure.locator("figcaption")).to_be_visible()


@of_the_shell
@pytest.mark.usefixtures("put_back")
def test_reduced_motion_is_honoured(page: Page, widget: Locator) -> None:
    page.emulate_media(reduced_motion="reduce")
    moving = widget.evaluate(
        "root => [...root.querySelectorAll('*')].filter(e => { const s = getComputedStyle(e);"
        "return parseFloat(s.transitionDuration) > 0 || s.animationName !== 'none'; }).length"
    )
    assert moving == 0


# --- what each can do besides --------------------------------------------------------------------


@pytest.fixture(scope="module", params=["http", "disk"])
def base(request: pytest.FixtureRequest, cut_url: str, cut_dir: Path) -> str:
    """The site's address, in both ways of reading it."""
    return cut_url if request.param == "http" else cut_dir.as_uri()


def handle(widget: Locator, name: str) -> Locator:
    return widget.get_by_role("slider", name=name, exact=True)


def drag(page: Page, what: Locator, right: float, down: float) -> None:
    what.evaluate(COME_TO_REST)
    box = what.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right, y + down, steps=5)
    page.mouse.up()


def test_coins_start_where_the_square_is_moved(
    page: Page, base: str, complaints: list[str]
) -> None:
    widget = opened(page, f"{base}/book/05_coins.html", "coin-steps")
    handle(widget, "Start").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    states = run(CoinParams([0.65, 0.55], HALF), 10)
    expect(handle(widget, "Start")).to_have_attribute("aria-valuetext", "θ_A 0.65, θ_B 0.55")
    for step in range(21):
        expect(status(widget)).to_have_text(step_words(states, step))
        slider(widget).press("ArrowRight")


def test_coins_start_anywhere_on_the_grid_by_mouse(page: Page, cut_url: str) -> None:
    widget = on_its_page(page, cut_url, "coin-steps")
    plane = widget.locator(".em-plane-of-starts")
    plane.evaluate(COME_TO_REST)
    box = plane.bounding_box()
    assert box is not None
    for i, j in [(0, 0), (20, 0), (3, 17), (10, 10), (20, 20), (0, 20)]:
        plane.click(
            force=True,
            position={"x": GRID[i] * box["width"], "y": (1 - GRID[j]) * box["height"]},
        )
        state = run(CoinParams([GRID[i], GRID[j]], HALF), 0)[0]
        expect(status(widget)).to_have_text(coin_words(state, "Start"))


def test_the_square_is_dragged(page: Page, cut_url: str) -> None:
    widget = on_its_page(page, cut_url, "coin-steps")
    width = widget.locator(".em-plane-of-starts").bounding_box()["width"]  # type: ignore[index]
    drag(page, handle(widget, "Start"), -0.3 * width, -0.2 * width)
    expect(handle(widget, "Start")).to_have_attribute("aria-valuetext", "θ_A 0.30, θ_B 0.70")
    button(widget, "Next").click()
    states = run(CoinParams([0.3, 0.7], HALF), 1)
    expect(status(widget)).to_have_text(step_words(states, 1))


def test_the_square_is_dragged_by_a_finger(touched: Page, cut_url: str) -> None:
    widget = on_its_page(touched, cut_url, "coin-steps")
    handle(widget, "Start").evaluate(COME_TO_REST)  # sections above are laid out when they come
    box = handle(widget, "Start").bounding_box()
    width = widget.locator(".em-plane-of-starts").bounding_box()["width"]  # type: ignore[index]
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    finger = touched.context.new_cdp_session(touched)

    def touch(kind: str, *points: dict[str, float]) -> None:
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    scrolled = touched.evaluate("scrollY")
    touch("touchStart", {"x": x, "y": y})
    for share in (0.1, 0.2, 0.3):
        touch("touchMove", {"x": x - share * width, "y": y - share * width})
    touch("touchEnd")
    expect(handle(widget, "Start")).to_have_attribute("aria-valuetext", "θ_A 0.30, θ_B 0.80")
    assert touched.evaluate("scrollY") == scrolled


def test_a_tap_on_the_square_starts_there(touched: Page, cut_url: str) -> None:
    widget = on_its_page(touched, cut_url, "coin-starts")
    plane = widget.locator(".em-plane-of-starts")
    box = plane.bounding_box()
    assert box is not None
    plane.tap(force=True, position={"x": 0.2 * box["width"], "y": 0.1 * box["height"]})
    expect(status(widget)).to_contain_text("Start: θ_A 0.200, θ_B 0.900")


def test_free_weights_and_back(page: Page, base: str, complaints: list[str]) -> None:
    widget = opened(page, f"{base}/book/05_coins.html", "coin-steps")
    widget.get_by_label("Weights").select_option("free")
    states = run(CoinParams([0.6, 0.5], HALF), 10, free=True)
    for step in (0, 1, 2, 20):
        slider(widget).fill(str(step))
        expect(status(widget)).to_have_text(step_words(states, step, free=True))
    widget.get_by_label("Weights").select_option("fixed")
    expect(status(widget)).to_have_text(coin_words(STATES[0], "Start"))


def test_every_figure_of_the_coin_table(page: Page, cut_url: str) -> None:
    widget = on_its_page(page, cut_url, "coin-steps")
    widget.get_by_text("Show as table").click()
    rows = widget.locator("details tbody tr")
    expect(rows).to_have_count(21)
    for step, row in enumerate(rows.all_inner_texts()):
        assert row.split("\t") == coin_row(step)


def coin_row(step: int) -> list[str]:
    state, r = STATES[step // 2], (step + 1) // 2 - 1
    figures = [*state.params.theta, 0.5, state.log_likelihood]
    if step == 0:
        return [half_title(0), *(minus(v, 4) for v in figures), *["–"] * 9]
    shares = STATES[r].responsibilities
    bound = lower_bound(CoinMixture(), COUNTS, state.params, shares)
    figures += [bound, abs(state.log_likelihood - bound)]
    sums = [shares[:, j] @ COUNTS for j in (0, 1)]
    return [
        half_title(step),
        *(minus(v, 4) for v in figures),
        *(f"{heads:.1f} H {tails:.1f} T" for heads, tails in sums),
        *(f"{share:.3f}" for share in shares[:, 0]),
    ]


def test_an_e_step_closes_the_gap_and_an_m_step_raises_the_bound(page: Page, cut_url: str) -> None:
    widget = on_its_page(page, cut_url, "coin-steps")
    said = []
    for _ in range(6):
        button(widget, "Next").click()
        found = re.search(r"lower bound (\S+), gap (\S+)$", status(widget).inner_text())
        assert found
        said.append([float(number.replace("−", "-")) for number in found.groups()])
    bounds, gaps = zip(*said, strict=True)
    assert gaps[::2] == (0, 0, 0)
    assert min(gaps[1::2]) > 0
    assert bounds[0] < bounds[1]
    assert list(bounds) == sorted(bounds)


def test_first_e_step_shares_the_counts_as_published(page: Page, cut_url: str) -> None:
    widget = on_its_page(page, cut_url, "coin-steps")
    button(widget, "Next").click()
    text = widget.inner_text()
    for figure in ("0.45", "0.80", "0.73", "0.35", "0.65", "21.3", "8.6", "11.7", "8.4"):
        assert figure in text


def test_bounds_start_where_the_triangle_is_moved(
    page: Page, base: str, complaints: list[str]
) -> None:
    widget = opened(page, f"{base}/book/03_incomplete.html", "lower-bound")
    handle(widget, "θA at the start").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    for step in range(25):
        expect(status(widget)).to_have_text(bound_words(step, 0.35))
        slider(widget).press("ArrowRight")
    handle(widget, "θA at the start").focus()
    page.keyboard.press("End")
    expect(status(widget)).to_have_text(bound_words(0, 0.99))


def test_components_come_apart_where_the_triangle_is_moved(
    page: Page, base: str, complaints: list[str]
) -> None:
    widget = opened(page, f"{base}/book/14_how_fast_how_sure.html", "overlap")
    handle(widget, "Distance").focus()
    page.keyboard.press("ArrowRight")
    expect(status(widget)).to_contain_text("Distance 2.1: rate 0.6")
    page.keyboard.press("End")
    expect(status(widget)).to_contain_text("Distance 5.0: rate 0.099")
    expect(handle(widget, "Distance")).to_have_attribute("aria-valuetext", "5.0")
    button(widget, "Next").click()
    expect(status(widget)).to_contain_text("Iteration 1 of 6: ")


def test_the_gap_of_jensen_closes_under_the_readers_hands(page: Page, cut_url: str) -> None:
    widget = on_its_page(page, cut_url, "jensen")
    second = handle(widget, "Second point")
    second.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(status(widget)).to_contain_text("Your setting: f(x) = log x, points 1.00 and 0.30")
    weight = handle(widget, "Weight of the second point")
    weight.focus()
    page.keyboard.press("End")
    expect(status(widget)).to_contain_text("gap 0.000. All the weight is on one point.")
    button(widget, "Next").click()
    expect(status(widget)).to_have_text(jensen_words(1))


@pytest.mark.parametrize(
    ("name", "f"),
    [("sqrt", np.sqrt), ("square", np.square), ("exp", np.exp), ("line", lambda x: x / 2 + 1)],
)
def test_every_function_of_jensen(
    page: Page, cut_url: str, name: str, f: Callable[[Any], Any]
) -> None:
    widget = on_its_page(page, cut_url, "jensen")
    widget.get_by_label("Function").select_option(name)
    written = {"sqrt": "√x", "square": "x²", "exp": "exp x", "line": "½x + 1"}[name]
    expect(status(widget)).to_contain_text(f"Setting 1 of 9: f(x) = {written},")
    words = status(widget).inner_text().replace("−", "-")
    a, b, w, chord, curve, gap = map(
        float,
        re.findall(
            r"points (\S+) and (\S+), .* second (\S+); "
            r"E\[f\(X\)\] (\S+), f\(E\[X\]\) (\S+), gap (\d+\.\d+)",
            words,
        )[0],
    )
    assert chord == pytest.approx((1 - w) * f(a) + w * f(b), abs=5e-4)
    assert curve == pytest.approx(f((1 - w) * a + w * b), abs=5e-4)
    assert gap == pytest.approx(abs(curve - chord), abs=1.1e-3)


def test_points_of_jensen_are_dragged(page: Page, cut_url: str) -> None:
    widget = on_its_page(page, cut_url, "jensen")
    drag(page, handle(widget, "First point"), 150, 0)
    expect(status(widget)).to_contain_text("Your setting")
    first = float(str(handle(widget, "First point").get_attribute("aria-valuenow")))
    assert 2 < first < 4


def of_jensen(widget: Locator, name: str) -> float:
    return float(str(handle(widget, name).get_attribute("aria-valuenow")))


def test_points_of_jensen_that_met_are_dragged_apart(page: Page, cut_url: str) -> None:
    widget = on_its_page(page, cut_url, "jensen")
    slider(widget).fill("3")
    expect(status(widget)).to_contain_text("The points have met")
    drag(page, handle(widget, "Weight of the second point"), 150, 0)
    expect(status(widget)).not_to_contain_text("The points have met")
    assert of_jensen(widget, "Second point") > of_jensen(widget, "First point") + 1


def test_at_the_end_of_the_chord_a_drag_moves_the_point(page: Page, cut_url: str) -> None:
    widget = on_its_page(page, cut_url, "jensen")
    weight = handle(widget, "Weight of the second point")
    slider(widget).fill("7")
    before = of_jensen(widget, "Second point")
    for right, moved in ((40, np.greater), (-150, np.less)):
        drag(page, weight, right, 0)
        assert moved(of_jensen(widget, "Second point"), before)
        assert of_jensen(widget, "Weight of the second point") == 1
    small = widget.locator(".em-plane-of-starts")  # the small curve takes it back
    box = small.bounding_box()
    assert box
    small.click(force=True, position={"x": 0.3 * box["width"], "y": box["height"] / 2})
    expect(weight).to_have_attribute("aria-valuenow", "0.3")


def test_reset_gives_back_what_the_reader_changed(page: Page, cut_url: str) -> None:
    widget = on_its_page(page, cut_url, "jensen")
    drag(page, handle(widget, "First point"), 150, 0)
    expect(status(widget)).to_contain_text("Your setting")
    button(widget, "Reset").click()
    expect(status(widget)).to_have_text(jensen_words(0))


def test_the_right_button_drags_nothing(page: Page, cut_url: str) -> None:
    widget = on_its_page(page, cut_url, "jensen")
    handle(widget, "First point").evaluate(COME_TO_REST)
    box = handle(widget, "First point").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down(button="right")
    page.mouse.move(box["x"] + 150, box["y"], steps=4)
    page.mouse.up(button="right")
    expect(status(widget)).to_have_text(jensen_words(0))


def test_starts_are_chosen_by_click_and_keys(page: Page, base: str, complaints: list[str]) -> None:
    widget = opened(page, f"{base}/book/07_restarts.html", "coin-starts")
    handle(widget, "Start").focus()
    page.keyboard.press("ArrowLeft")
    needed = fit(CoinMixture(), COUNTS, CoinParams([0.55, 0.55], HALF))
    expect(status(widget)).to_contain_text("Start: θ_A 0.550, θ_B 0.550")
    slider(widget).fill(str(needed.iterations))
    expect(status(widget)).to_contain_text(f"Iteration {needed.iterations} of {needed.iterations}")
    expect(status(widget)).to_contain_text("Here it ends: the diagonal, θ_A = θ_B")


SIX = np.array([(9, 1), (1, 9), (2, 8), (1, 9), (2, 8), (1, 9)])


def test_starts_of_other_samples_end_at_peaks_of_different_heights(
    page: Page, base: str, complaints: list[str]
) -> None:
    widget = opened(page, f"{base}/book/07_restarts.html", "coin-starts")
    key = widget.locator(".em-key")
    expect(key).to_contain_text("θ_A above θ_B: −9.80")
    expect(key).to_contain_text("θ_B above θ_A: −9.80")
    widget.get_by_label("Data").select_option("6, 0.2 and 0.8")
    end = fit(CoinMixture(), SIX, CoinParams([0.6, 0.55], [0.2, 0.8]))
    expect(key).to_contain_text(f"θ_A above θ_B: {minus(end.log_likelihood, 2)}")
    expect(status(widget)).to_contain_text("Start: θ_A 0.600, θ_B 0.550")
    slider(widget).fill(str(end.iterations))
    expect(status(widget)).to_contain_text(f"log-likelihood {minus(end.log_likelihood, 2)}. Here")
    expect(widget.locator(".em-map .em-end")).to_have_count(4)
    handle(widget, "Start").focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    expect(status(widget)).to_contain_text("Start: θ_A 0.990, θ_B 0.")
    widget.get_by_label("Data").select_option("5, ½ and ½")
    expect(key).to_contain_text("θ_B above θ_A: −9.80")
    widget.get_by_role("combobox", name="Start").select_option("10⁻⁶ off the saddle")
    expect(status(widget)).to_contain_text("Start: θ_A 0.660, θ_B 0.660")
    button(widget, "Next").click()
    expect(status(widget)).to_contain_text("a stopping rule would end it here")
    slider(widget).focus()
    page.keyboard.press("End")
    expect(status(widget)).to_contain_text("Here it ends: θ_A above θ_B")


def test_starts_are_coloured_in_two_ways(page: Page, cut_url: str) -> None:
    widget = on_its_page(page, cut_url, "coin-starts")
    expect(widget.locator(".em-end-2")).not_to_have_count(0)
    widget.get_by_label("Colour by").select_option("iterations")
    expect(widget.locator(".em-cell.em-level-7")).to_have_count(1)
    expect(widget.locator(".em-key")).to_have_text(re.compile("^pale"))


SETS = ["Two clouds", "Old Faithful", "Four clusters"]


@pytest.mark.parametrize("data", SETS)
@pytest.mark.parametrize("k", [1, 2, 4])
def test_mixtures_of_every_kind(
    page: Page, cut_url: str, complaints: list[str], data: str, k: int
) -> None:
    widget = on_its_page(page, cut_url, "mixture-steps")
    shows_a_mixture(widget, data, k)


def test_mixtures_of_every_data_set_from_disk(
    page: Page, cut_dir: Path, complaints: list[str]
) -> None:
    address = (cut_dir / "book/09_gaussian_code.html").as_uri()
    widget = opened(page, address, "mixture-steps")
    for data, k in zip(SETS, (4, 3, 2), strict=True):
        shows_a_mixture(widget, data, k)


def shows_a_mixture(widget: Locator, data: str, k: int) -> None:
    """Choose a setting, and see what it shows of some of its steps."""
    widget.get_by_label("Data").select_option(data)
    widget.get_by_label("Components").select_option(value=str(k))
    widget.get_by_label("Start").select_option(index=2)
    x = mixture_data()[data]
    start = GaussianMixture().random_start(x, k, np.random.default_rng(2))
    states = run_until_settled(GaussianMixture(), x, start, 100)
    steps = [0, 1, 2, min(2 * len(states) - 3, 2 * HALVED - 1)]  # the last: at an E-step
    for step, following in pairwise([*steps, 0]):
        state = states[step // 2]
        weights = zip("ABCD", state.params.weights, strict=False)
        words = ", ".join(f"weight {name} {weight:.3f}" for name, weight in weights)
        expect(status(widget)).to_have_text(
            f"{half_title(step)}: {words}, log-likelihood {minus(state.log_likelihood, 2)}"
        )
        slider(widget).fill(str(following))


@cache
def mixture_data() -> dict[str, np.ndarray]:
    square = GaussianParams(
        [0.25] * 4, [[-4, 0], [0, 3.2], [4, 0], [0, -3.2]], [0.5 * np.eye(2)] * 4
    )
    four, _ = GaussianMixture().sample(square, 300, np.random.default_rng(5))
    eruptions = np.loadtxt(build.ROOT / "book/data/faithful.csv", delimiter=",", skiprows=1)
    return dict(zip(SETS, [lecture()[0], eruptions, four], strict=True))


def test_a_datum_is_pointed_at_and_tells_its_shares_and_terms(page: Page, cut_url: str) -> None:
    widget = on_its_page(page, cut_url, "mixture-steps")
    datum = handle(widget, "Datum")
    datum.focus()
    page.keyboard.press("Home")
    x, states = mixture_data()["Four clusters"], mixture_run()
    i, model = x[:, 0].argmin(), GaussianMixture()
    about, place = widget.locator(".em-datum"), f"Ringed point {minus(x[i, 0], 2)}"
    expect(about).to_contain_text(place)
    expect(about).to_contain_text("no shares yet")
    for _ in range(2):
        button(widget, "Next").click()
    shares = states[0].responsibilities[i]
    joint = model.log_joint(x[i : i + 1], states[1].params)[0]
    term = minus(float(shares @ (joint - np.log(shares))), 3)
    value = minus(float(np.logaddexp.reduce(joint)), 3)
    parts = ", ".join(f"{n} {s:.2f}" for n, s in zip("ABCD", shares, strict=True))
    said = f"shares {parts}; its term of the log-likelihood {value}, of the lower bound {term}"
    expect(about).to_contain_text(said)
    expect(datum).to_have_attribute("aria-valuetext", re.compile(re.escape(said)))
    datum.focus()
    page.keyboard.press("End")
    expect(about).not_to_contain_text(place)
    area = widget.locator(".em-plane .em-plane-of-starts").bounding_box()
    assert area
    low, high = x.min(axis=0), x.max(axis=0)
    low, high = low - 0.12 * (high - low), high + 0.12 * (high - low)
    right, up = (x[i] - low) / (high - low)
    page.mouse.move(area["x"] + right * area["width"], area["y"] + (1 - up) * area["height"])
    expect(about).to_contain_text(place)


def test_a_poor_optimum_and_a_collapse_are_explained(page: Page, cut_url: str) -> None:
    widget = on_its_page(page, cut_url, "mixture-steps")
    first = status(widget).inner_text()
    widget.get_by_label("Start").select_option(index=8)
    expect(status(widget)).not_to_have_text(first)
    expect(status(widget)).to_contain_text("Start:")
    slider(widget).focus()
    page.keyboard.press("End")
    expect(status(widget)).to_contain_text("The best of the random starts ends at")
    widget.get_by_label("Start").select_option(index=9)
    expect(status(widget)).to_contain_text("Start:")
    slider(widget).focus()
    page.keyboard.press("End")
    expect(status(widget)).to_contain_text("component A collapsed: its covariance")
    expect(status(widget)).to_contain_text("use fewer components")
    button(widget, "Previous").click()
    expect(status(widget)).to_contain_text("after the E-step")


def test_a_long_run_is_shown_in_part_until_it_settles(page: Page, cut_url: str) -> None:
    x = mixture_data()["Old Faithful"]
    start = GaussianMixture().random_start(x, 3, np.random.default_rng(0))
    states, _ = whole_run(GaussianMixture(), x, start, HALVED)
    widget = on_its_page(page, cut_url, "mixture-steps")
    widget.get_by_label("Data").select_option("Old Faithful")
    widget.get_by_label("Components").select_option("3")
    # three components of the data chosen before say "weight C" as well
    expect(status(widget)).to_contain_text(minus(states[0].log_likelihood, 2))
    slider(widget).focus()
    for key, state in (("End", states[-1]), ("ArrowLeft", states[-2])):
        page.keyboard.press(key)
        expect(status(widget)).to_contain_text(f"Iteration {state.iteration}: weight A")
        expect(status(widget)).to_contain_text(minus(state.log_likelihood, 2))


def test_what_cannot_be_loaded_is_said_and_tried_again(
    context: BrowserContext, cut_url: str
) -> None:
    page = context.new_page()  # a shared one may have loaded it
    widget = on_its_page(page, cut_url, "coin-steps")
    page.context.set_offline(True)
    handle(widget, "Start").focus()
    page.keyboard.press("ArrowRight")
    expect(status(widget)).to_contain_text("could not be loaded")
    page.context.set_offline(False)
    page.keyboard.press("ArrowRight")
    state = run(CoinParams([0.65, 0.5], HALF), 0)[0]
    expect(status(widget)).to_have_text(coin_words(state, "Start"))


def test_the_first_page_has_a_live_picture(page: Page, cut_url: str) -> None:
    widget = opened(page, f"{cut_url}/book/index.html", "mixture-steps")
    expect(widget.get_by_role("combobox")).to_have_count(0)
    before = status(widget).inner_text()
    button(widget, "Next").click()
    expect(status(widget)).not_to_have_text(before)


# --- pages of our own, made of a chapter's files: what the chapters cannot show -------------------


def show_scratch(page: Page, cut_url: str, chapter_name: str, body: str) -> None:
    """Open a page with a chapter's head and a body of our own."""
    head = source(chapter_name).split("</head>")[0]
    address = f"{cut_url}/book/scratch.html"
    whole = f"{head}</head><body>{body}</body></html>"
    page.route(address, lambda route: route.fulfill(body=whole, content_type=HTML))
    page.goto(address)
    page.unroute(address)


@pytest.fixture
def scratch(page: Page, cut_url: str, spec: Spec) -> Callable[[str], Locator]:
    """Give the widgets of a part of a page that has two copies, a broken one, and baits."""

    def of_part(part: str) -> Locator:
        return page.locator(f'#{part} [data-em-widget="{spec.kind}"]')

    if of_part("broken").count():  # the page that the test before has opened
        return of_part
    good = place(spec.page, spec.kind)
    label = re.search(r'"label":"(.*?)"', data_of(good))[1]  # type: ignore[index]
    parts = {
        "copies": good + good,
        "broken": good.replace(data_of(good), "{}"),
        "baits": "".join(good.replace(label, in_json(bait)) for bait in BAITS),
    }
    body = "".join(f'<div id="{name}">{part}</div>' for name, part in parts.items())
    show_scratch(page, cut_url, spec.page, body)
    return of_part


def in_json(bait: str) -> str:
    """Write words as data hold them."""
    return json.dumps(bait, ensure_ascii=False)[1:-1].replace("<", "\\u003c")


BAITS = ["</SCRIPT><b>out</b>", "<!--<script>", "</script >", "<b>out</b>"]
HTML = "text/html; charset=utf-8"


@cache
def place(name: str, kind: str) -> str:
    """A figure of a chapter as the page was delivered."""
    whole = source(name)
    begin = whole.index("<div", whole.rindex("\n", 0, whole.index(f'data-em-widget="{kind}"')))
    return whole[begin : whole.index("</script>", begin)] + "</script></div>"


def data_of(delivered: str) -> str:
    return delivered[delivered.index(">", delivered.index("<script")) + 1 : -len("</script></div>")]


@of_the_shell
def test_two_copies_are_independent(scratch: Callable[[str], Locator], spec: Spec) -> None:
    widgets = scratch("copies")
    expect(widgets).to_have_count(2)
    button(widgets.nth(1), "Next").click()
    shows(widgets.nth(0), spec, 0)
    shows(widgets.nth(1), spec, 1, nth=1)
    button(widgets.nth(0), "Play").click()
    expect(button(widgets.nth(1), "Play")).to_be_visible()


@of_the_shell
def test_a_widget_that_cannot_start_says_so_and_keeps_its_picture(
    scratch: Callable[[str], Locator],
) -> None:
    widget = scratch("broken")
    expect(status(widget)).to_contain_text("can’t be stepped through")
    expect(widget.locator(".em-picture")).to_be_visible()


@pytest.mark.parametrize("missing", ["stepper.js", "start.js", "evaluate.js", "parts.js"])
def test_a_widget_whose_script_does_not_arrive_says_so(
    context: BrowserContext, cut_url: str, missing: str
) -> None:
    page = context.new_page()
    page.route(f"**/{missing}*", lambda route: route.abort())
    page.goto(f"{cut_url}/book/05_coins.html")
    widget = page.locator('[data-em-widget="coin-steps"]').first
    expect(status(widget)).to_contain_text("can’t be stepped through")
    expect(widget.locator(".em-picture")).to_be_visible()


@of_the_shell
def test_data_cannot_leave_their_place(
    page: Page, scratch: Callable[[str], Locator], spec: Spec
) -> None:
    widgets = scratch("baits")
    expect(widgets).to_have_count(len(BAITS))
    for nth, (widget, bait) in enumerate(zip(widgets.all(), BAITS, strict=True), start=3):
        shows(widget, spec, 0, nth=nth)  # after two copies and a broken one
        assert widget.get_attribute("aria-label") == bait
    expect(page.locator("b")).to_have_count(0)


@pytest.mark.usefixtures("put_back")
@pytest.mark.parametrize("width", [1280, 390, 320])
def test_the_names_on_the_scale_of_a_mixture_are_inside_the_picture(
    page: Page, cut_url: str, width: int
) -> None:
    resize(page, width, 800)
    widget = on_its_page(page, cut_url, "mixture-steps")
    climb = widget.locator(".em-climb")
    names = climb.locator("g text")
    widget.get_by_label("Start").select_option(index=9)  # it collapses at once, and gains little
    until(page, lambda: max(map(len, names.all_text_contents())) > 6)
    assert climb.evaluate(NAMES_OUTSIDE) == []
    for data in SETS:
        widget.get_by_label("Data").select_option(data)
        until(page, lambda: climb.evaluate(NAMES_OUTSIDE) == [])
