"""One letter, one meaning: the notation page has every letter of the formulas, once."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import notebooks
import pytest

CHAPTERS = {path.stem: path for path in notebooks.chapters() if path.stem[0].isdigit()}
PAGE = (notebooks.BOOK / "notation.md").read_text()
GREEK = (
    "alpha beta gamma delta epsilon varepsilon zeta eta theta kappa lambda mu nu xi pi rho sigma "
    "tau phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega ell"
)
LETTER = re.compile(
    r"\\(?:mathcal|mathbb|mathbf)\{?\s*[A-Za-z]\}?"
    rf"|\\(?:{'|'.join(GREEK.split())})(?![A-Za-z])"
    r"|(?<![\\A-Za-z])[A-Za-z](?![A-Za-z])"
)
WORDS = re.compile(r"\\(?:text|operatorname\*?|mathrm|begin|end|label|texttt)\{[^{}]*\}|:label:.*")
REASON = re.compile(r"\\overset\{[^{}]*\}|\\tag\{[^{}]*\}")
BLOCK = re.compile(r"(`{3,})\{math\}(.*?)\1|\$\$(.*?)\$\$", re.DOTALL)
INLINE = re.compile(r"(?<![\\$])\$([^$\n]+)\$")
CODE = re.compile(r"(`{3,})\{code-block\}.*?\1|(?<!`)`[^`\n]+`(?!`)", re.DOTALL)
UNITS = {r"\mathbb{R}"}


def letters(text: str) -> set[str]:
    """The letters of the formulas of a text in Markdown, without those of words."""
    text = CODE.sub("", text)
    formulas = [first or second for _, first, second in BLOCK.findall(text)]
    formulas += INLINE.findall(BLOCK.sub("", text))
    plain = (REASON.sub("", WORDS.sub("", formula)) for formula in formulas)
    return {_one_way(letter) for one in plain for letter in LETTER.findall(one)} - UNITS


def _one_way(letter: str) -> str:
    return re.sub(r"\\(math\w+)\{?\s*(\w)\}?", r"\\\1{\2}", letter)


def letters_of(path: Path) -> set[str]:
    cells = nbformat.read(path, as_version=4).cells
    return letters("\n".join(cell.source for cell in cells if cell.cell_type == "markdown"))


SHARED, LOCAL = re.findall(r"```\{list-table\}.*?\n```", PAGE, re.DOTALL)


def rows() -> list[tuple[set[str], set[str]]]:
    """The letters that only some chapters use, row by row, with the chapters' numbers."""
    cells = [row.removesuffix("\n```").split("\n  - ") for row in LOCAL.split("\n* - ")[2:]]
    taken = letters(SHARED)
    return [(letters(symbols) - taken, set(where.split(", "))) for symbols, _, where in cells]


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_notation_page_has_the_letters_of_a_chapter(name: str) -> None:
    number = str(int(name[:2]))
    used = letters_of(CHAPTERS[name]) - letters(SHARED)
    assert used <= {letter for some, where in rows() if number in where for letter in some}
    assert all(used & some for some, where in rows() if number in where)


def test_a_letter_has_one_row() -> None:
    every = [letter for some, _ in rows() for letter in some]
    assert every
    assert sorted(every) == sorted(set(every))


def test_letters_are_found_in_formulas_alone() -> None:
    text = "a $x_i$ `$b$` ```{math}\n:label: c\n\\overset{(d)}{=} \\text{e} \\mathcal L\n```"
    assert letters(text) == {"x", "i", r"\mathcal{L}"}
