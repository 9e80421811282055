"""The exercises by hand as questions for Moodle: for each a category with variants.

python tools/moodle.py [--chapters 3,5] [--exercises bic] [--variants 30] [--seed 1]
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from xml.etree import ElementTree as ET

import build
import numpy as np
from choosing import chosen, whole_number

from em_core.exercises.by_hand import ByHand, Variant, variants
from em_core.exercises.by_hand.codes import SEEDS
from em_core.exercises.by_hand.judging import RIGHT_WITHIN, ROUNDED, WRONG_WITHIN, tolerance
from em_core.exercises.by_hand.showing import as_html, in_line
from em_core.exercises.by_hand.template import CLOSE

FOLDER = build.BUILD / "moodle"
BOOK = "$course$/top/EM step by step"
MOST = 1000
"""Variants of an exercise."""
SAY_AFTER = 2  # seconds
PLACE = "☐"
PENALTY = "0.3333333"  # Moodle's own
FORMULA = re.compile(r"\$([^$]+)\$")
ENDS = str.maketrans({"}": "&#125;", "~": "&#126;"})
"""What would end an answer among a text's answers, as Moodle reads it back."""


# --- answers --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """A number, and what is said of whoever gives it; the first that fits is taken.

    Attributes
    ----------
    percent : int
        Of the mark.
    value, within : str
    words : str
        HTML.
    """

    percent: int
    value: str
    within: str
    words: str


def answers(variant: Variant, which: int) -> list[Answer]:
    """What is right in a field, what known mistakes give, and what is close: half of the mark."""
    field, right = variant.exercise.fields[which], variant.right[which]

    def answer(percent: int, value: float, units: float, words: str) -> Answer:
        # three decimals more than asked for lose less than the tolerance has to spare
        written, within = plain(value, field.decimals + 3), plain(tolerance(field, units), 10)
        return Answer(percent, written, within, formulas(in_line(words)))

    found = [answer(100, right, RIGHT_WITHIN, "")]
    for mistake, values in zip(variant.exercise.mistakes, variant.wrong, strict=True):
        wrong = values[which]
        if wrong is not None:
            found.append(answer(0, wrong, WRONG_WITHIN, mistake.words))
    if field.decimals:
        found.append(answer(50, right, CLOSE, ROUNDED.words))
    return found


def plain(value: float, places: int) -> str:
    """A number without an exponent and without zeros at its end."""
    return f"{round(value, places) + 0.0:.{places}f}".rstrip("0").rstrip(".")


def formulas(html: str) -> str:
    """HTML with its formulas as Moodle takes them."""
    return FORMULA.sub(r"\\(\1\\)", html)


def among_text(found: list[Answer]) -> str:
    """A field as Moodle writes one in a text, with all its answers."""
    parts = []
    for answer in found:
        share = {100: "=", 0: ""}.get(answer.percent, f"%{answer.percent}%")
        words = escape(answer.words, quote=False).translate(ENDS)
        parts.append(f"{share}{answer.value}:{answer.within}" + (f"#{words}" if words else ""))
    return f"{{1:NUMERICAL:{'~'.join(parts)}}}"


# --- XML ------------------------------------------------------------------------------------------


def category(exercise: ByHand) -> ET.Element:
    """The place of the questions after it."""
    element = ET.Element("question", type="category")
    # a slash would begin a category below it
    title = exercise.title.replace("/", "//")
    add(element, "category", f"{BOOK}/Chapter {exercise.chapter}/{title}")
    return element


def question(variant: Variant, number: int) -> ET.Element:
    """A variant as a question: of the type numerical, or cloze if it has several fields."""
    exercise = variant.exercise
    several = len(exercise.fields) > 1
    element = ET.Element("question", type="cloze" if several else "numerical")
    every = [answers(variant, which) for which in range(len(exercise.fields))]
    text = formulas(as_html(variant.filled(exercise.question)))
    for field, found in zip(exercise.fields, every, strict=True):
        asked = formulas(as_html(f"{field.label} = {PLACE} ({field.asked})"))
        text += asked.replace(PLACE, among_text(found) if several else "?")
    add(element, "name", f"{exercise.title} {number:03d}")
    add(element, "questiontext", text, format="html")
    solution = formulas(as_html(variant.filled(exercise.solution)))
    add(element, "generalfeedback", solution, format="html")
    if not several:
        ET.SubElement(element, "defaultgrade").text = "1"
    ET.SubElement(element, "penalty").text = PENALTY
    ET.SubElement(element, "hidden").text = "0"
    for answer in every[0] if not several else []:
        node = add(element, "answer", answer.value, fraction=str(answer.percent))
        node.set("format", "moodle_auto_format")
        add(node, "feedback", answer.words, format="html")
        ET.SubElement(node, "tolerance").text = answer.within
    for hint in exercise.hints:
        add(element, "hint", formulas(as_html(variant.filled(hint))), format="html")
    return element


def add(parent: ET.Element, tag: str, text: str, **attributes: str) -> ET.Element:
    """Add an element of which Moodle expects a text."""
    element = ET.SubElement(parent, tag, attributes)
    ET.SubElement(element, "text").text = text
    return element


def questions(exercise: ByHand, count: int, seed: int) -> list[ET.Element]:
    """An exercise's category and its variants; fewer if it has not so many different ones."""
    found = variants(exercise, count, np.random.default_rng([seed, *exercise.name.encode()]))
    return [category(exercise), *(question(one, i) for i, one in enumerate(found, start=1))]


def write(path: Path, elements: list[ET.Element]) -> None:
    """Write questions as a file that Moodle imports."""
    quiz = ET.Element("quiz")
    quiz.extend(elements)
    ET.indent(quiz)
    text = ET.tostring(quiz, encoding="utf-8", xml_declaration=True, short_empty_elements=False)
    path.write_bytes(text + b"\n")


# --- the command ----------------------------------------------------------------------------------


def make(exercises: list[ByHand], count: int, seed: int, folder: Path) -> Iterator[str]:
    """Write a file for each exercise, and one with all of them; say what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.xml"):
        old.unlink()
    every: list[ET.Element] = []
    for exercise in exercises:
        elements = questions(exercise, count, seed)
        write(folder / f"{exercise.chapter:02d}-{exercise.name}.xml", elements)
        every += elements
        made = len(elements) - 1
        yield exercise.name + (f": only {made} are different" if made < count else "")
    write(folder / "all-exercises.xml", every)


def run(arguments: argparse.Namespace) -> int:
    exercises = chosen(arguments.chapters, arguments.exercises)
    count = whole_number("VARIANTS", arguments.variants, 1, MOST)
    seed = whole_number("SEED", arguments.seed, 0, SEEDS - 1)
    said = time.monotonic()
    written = make(exercises, count, seed, FOLDER)
    for number, what in enumerate(written, start=1):
        if ":" in what or time.monotonic() - said > SAY_AFTER:
            print(f"-- {number} of {len(exercises)}, {what}", flush=True)
            said = time.monotonic()
    plural = "s" * (len(exercises) > 1)
    print(f"-- {len(exercises)} exercise{plural}, and all-exercises.xml, are in {FOLDER}")
    return 0


def main(given: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chapters", default="")
    parser.add_argument("--exercises", default="")
    parser.add_argument("--variants", default="30")
    parser.add_argument("--seed", default="1")
    try:
        return run(parser.parse_args(given))
    except ValueError as error:
        print(f"-- nothing was made: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(build.stoppable(main))
