"""The notebooks to hand out: what they lack and what they keep, in every chapter."""

from __future__ import annotations

import ast
import re

import handout
import nbformat
import pytest

CHAPTERS = [str(i) for i in range(1, 1 + len(list(handout.BOOK.glob("[0-9][0-9]_*.ipynb"))))]


def code(notebook) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def words(notebook) -> str:
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def names(sources: list[str], context: type) -> set[str]:
    """The names that are read, or those that are defined, parameters too."""
    nodes = [node for source in sources for node in ast.walk(ast.parse(source))]
    found = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, context)}
    if context is ast.Store:
        found |= {n.name for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)}
        found |= {n.arg for n in nodes if isinstance(n, ast.arg)}
        found |= {n.asname or n.name for n in nodes if isinstance(n, ast.alias)}
    return found


@pytest.mark.parametrize("number", CHAPTERS)
def test_a_handout_lacks_solutions_and_slides_alone(number, tmp_path):
    whole = nbformat.read(handout.chapter(number), as_version=4)
    with_solutions, given = (
        nbformat.read(path, as_version=4) for path in handout.make(number, tmp_path)
    )
    for notebook in (with_solutions, given):
        nbformat.validate(notebook)
        assert not [cell for cell in notebook.cells if cell.get("outputs")]
        assert not [cell for cell in notebook.cells if "slideshow" in cell.metadata]
        assert not [c for c in notebook.cells if "slide-only" in c.metadata.get("tags", [])]
    assert code(with_solutions) == code(whole)
    assert "{solution" in words(with_solutions)
    assert "{solution" not in words(given)
    labels = re.findall(r":label: ex-.*", words(whole))
    assert re.findall(r":label: ex-.*", words(given)) == labels
    assert len(re.findall("^`{3,}", words(given), re.MULTILINE)) % 2 == 0
    checks = [source for source in code(whole) if "check." in source and "    ..." in source]
    assert [source for source in code(given) if source in checks] == checks
    headings = "^## (?:What to remember|Test yourself|Exercises|Sources)"
    assert re.findall(headings, words(given), re.MULTILINE) == re.findall(
        headings, words(with_solutions), re.MULTILINE
    )
    # nothing that is left needs what only a solution has defined
    removed = [source for source in code(whole) if source not in code(given)]
    lost = names(removed, ast.Store) - names(code(given), ast.Store)
    assert lost & names(code(given), ast.Load) == set()


def test_a_chapter_that_is_not_there_is_refused(capsys):
    for wrong in ("99", "three"):
        assert handout.main([wrong]) == 1
        assert f"CHAPTER: '{wrong}' is none of 1 to" in capsys.readouterr().err
