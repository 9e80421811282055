"""A chapter as a notebook to hand out: without its slides and solutions, and beside it with these.

python tools/handout.py 3
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import build
import nbformat

BOOK = Path(__file__).resolve().parent.parent / "book"
FOLDER = build.BUILD / "handout"
FENCE = r"^(`{{3,}})\{{{}\}}.*?^\1[ \t]*(?:\n|\Z)"
SOLUTION = re.compile(FENCE.format("solution"), re.MULTILINE | re.DOTALL)
MARK = re.compile(FENCE.format("solution-(start|end)"), re.MULTILINE | re.DOTALL)


def chapter(number: str) -> Path:
    """Find the notebook of a chapter."""
    chapters = sorted(BOOK.glob("[0-9][0-9]_*.ipynb"))
    found = [path for path in chapters if number.isdecimal() and int(path.name[:2]) == int(number)]
    if not found:
        raise ValueError(f"CHAPTER: {number!r} is none of 1 to {len(chapters)}")
    return found[0]


def without_slides(cells: list[nbformat.NotebookNode]) -> Iterator[nbformat.NotebookNode]:
    """What the page shows, not yet executed."""
    for cell in cells:
        if "slide-only" not in cell.metadata.get("tags", []):
            cell.metadata.pop("slideshow", None)
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
            yield cell


def without_solutions(cells: list[nbformat.NotebookNode]) -> Iterator[nbformat.NotebookNode]:
    """The exercises with their stubs and checks, and what is not about them."""
    inside = False
    for cell in cells:
        if cell.cell_type == "markdown":
            first, *rest = MARK.split(SOLUTION.sub("", cell.source))
            text = "" if inside else first
            for kind, after in zip(rest[1::3], rest[2::3], strict=True):
                inside = kind == "start"
                text += "" if inside else after
            if text.strip():
                yield nbformat.from_dict(cell | {"source": text.strip()})
        elif not inside:
            yield cell


def make(number: str, folder: Path) -> list[Path]:
    """Write both notebooks."""
    source = chapter(number)
    notebook = nbformat.read(source, as_version=4)
    notebook.cells = list(without_slides(notebook.cells))
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{source.stem}{end}.ipynb" for end in ("_with_solutions", "_handout")]
    nbformat.write(notebook, paths[0])
    notebook.cells = list(without_solutions(notebook.cells))
    nbformat.write(notebook, paths[1])
    return paths


def main(given: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("chapter")
    try:
        for path in make(parser.parse_args(given).chapter, FOLDER):
            print(f"-- {path}")
    except ValueError as error:
        print(f"-- nothing was made: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(build.stoppable(main))
