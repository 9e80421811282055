"""Every exercise of the book has a solution, every solution's code is right, and so is the quiz."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
import notebooks
import numpy as np
import pytest
from parsed import soup

from em_core.exercises import check
from em_core.exercises.by_hand import EXERCISES, of_the_page
from em_core.exercises.verdict import NOT_STARTED

CHAPTERS = [p for p in notebooks.chapters() if re.match(r"\d\d_", p.name)]
EXERCISE = re.compile(r"\{exercise(?:-start)?\}\n:label: (\S+)")
SOLUTION = re.compile(r"\{solution(?:-start)?\} (\S+)\n:class: (\S+)")
PYTHON = re.compile(r"^```\{code-block\} python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
CHOICE = re.compile(
    r"```\{admonition\} (.+)\n:class: dropdown em-quiz\n(\*\*(?:Yes|No)\.\*\* .+)\n```"
)


def markdown(path: Path) -> str:
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


@dataclass(frozen=True)
class Stub:
    """A cell in which a learner writes a function that a check looks at."""

    chapter: Path
    check: str
    function: str
    cell: nbformat.NotebookNode

    def __str__(self) -> str:
        return f"{self.chapter.stem}-{self.check}"


def stubs_of(path: Path) -> list[Stub]:
    found = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            for called in re.findall(r"^check\.(\w+)\((\w+)\)$", cell.source, re.MULTILINE):
                found.append(Stub(path, *called, cell))
    return found


STUBS = [stub for path in CHAPTERS for stub in stubs_of(path)]


def names_of(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", CHAPTERS, ids=names_of)
def test_a_chapter_has_four_exercises_each_with_a_folded_solution(path):
    text = markdown(path)
    asked, solved = EXERCISE.findall(text), SOLUTION.findall(text)
    assert len(asked) >= 4
    assert [label for label, _ in solved] == asked
    assert {how for _, how in solved} == {"dropdown"}


@pytest.mark.parametrize("path", CHAPTERS, ids=names_of)
def test_a_chapter_has_an_exercise_with_a_check(path):
    assert stubs_of(path)


def test_every_check_is_used():
    checks = {n for n, f in vars(check).items() if getattr(f, "__module__", "") == check.__name__}
    assert {stub.check for stub in STUBS} == checks


@pytest.mark.parametrize("stub", STUBS, ids=str)
def test_the_stub_is_not_started(stub):
    shown = [o.data["text/plain"] for o in stub.cell.outputs if "data" in o]
    assert shown == [repr(NOT_STARTED)]


def solution_of(stub: Stub) -> str:
    """The printed code that defines the stub's function, and stands alone but for numpy."""
    printed = PYTHON.findall(markdown(stub.chapter))
    found = [code for code in printed if f"def {stub.function}(" in code]
    assert len(found) == 1, f"{stub.function} has {len(found)} solutions"
    return found[0]


@pytest.mark.parametrize("stub", STUBS, ids=str)
def test_the_solution_is_right(stub):
    names = {"np": np}
    exec(solution_of(stub), names)
    verdict = getattr(check, stub.check)(names[stub.function])
    assert verdict.right, verdict


@pytest.mark.parametrize("stub", STUBS, ids=str)
def test_the_solution_has_the_stubs_arguments(stub):
    asked, solved = (
        arguments(code, stub.function) for code in (stub.cell.source, solution_of(stub))
    )
    assert asked == solved


def arguments(code: str, name: str) -> str:
    functions = [n for n in ast.walk(ast.parse(code)) if isinstance(n, ast.FunctionDef)]
    return next(ast.unparse(f.args) for f in functions if f.name == name)


# --- the questions at the end ---------------------------------------------------------------------


def quiz_of(path: Path) -> str:
    cells = nbformat.read(path, as_version=4).cells
    found = [cell.source for cell in cells if cell.source.startswith("## Test yourself")]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("path", CHAPTERS, ids=names_of)
def test_each_question_has_one_right_answer_and_says_why_others_are_wrong(path):
    _, *questions = re.split(r"^\*\*\d+\.\*\* ", quiz_of(path), flags=re.MULTILINE)
    assert 2 <= len(questions) <= 4
    for question in questions:
        choices = CHOICE.findall(question)
        assert len(choices) == question.count("{admonition}") >= 3
        assert [why.startswith("**Yes.**") for _, why in choices].count(True) == 1, question
        assert all(len(why) > 60 for _, why in choices)


def test_the_right_answer_has_no_usual_place():
    places = [
        [why.startswith("**Yes.**") for _, why in CHOICE.findall(question)].index(True)
        for path in CHAPTERS
        for question in re.split(r"^\*\*\d+\.\*\* ", quiz_of(path), flags=re.MULTILINE)[1:]
    ]
    assert max(map(places.count, range(3))) < len(places) / 2


@pytest.mark.site
@pytest.mark.parametrize("path", CHAPTERS, ids=names_of)
def test_questions_work_on_the_page_without_a_script(path, site_dir):
    page = soup(site_dir / f"book/{path.stem}.html")
    choices = page.select(".em-quiz > details")
    assert len(choices) == len(CHOICE.findall(quiz_of(path)))
    assert all(c.select_one("summary + p > strong").text in ("Yes.", "No.") for c in choices)


@pytest.mark.site
@pytest.mark.parametrize("path", CHAPTERS, ids=names_of)
def test_an_exercise_by_hand_is_whole_without_a_script(path, site_dir):
    boxes = soup(site_dir / f"book/{path.stem}.html").select(".em-by-hand")
    here = [e for e in EXERCISES.values() if e.chapter == int(path.stem[:2])]
    assert [box["id"] for box in boxes] == [f"by-hand-{exercise.name}" for exercise in here]
    for box, exercise in zip(boxes, here, strict=True):
        first, *_ = of_the_page(exercise)
        solution = box.select_one(".em-solution").text
        for value, field in zip(first.right, exercise.fields, strict=True):
            written = f"{value:.{field.decimals}f}".replace("-", "−")
            assert (written.rstrip("0").rstrip(".") if field.decimals else written) in solution
        assert not re.search(r"(?<![\d.])83\d{3}(?!\d)", box.summary.next_sibling.text)
        assert len(box.select(".em-room")) == len(exercise.fields)
        asked = [span.get_text() for span in box.select(".em-asked")]
        assert asked == [f"({field.asked})" for field in exercise.fields]
        assert len(box.select(".em-hint[hidden]")) == len(exercise.hints)
        assert not box.select("input, button")
