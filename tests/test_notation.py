"""One letter, one meaning: the notation page has every letter of the formulas, once.

A letter of its two tables is used in the forms that stand there, alone or with an index, and so for
nothing else. A letter that its last paragraph frees is defined in each section that uses it:
`letters.txt` names, section by section, the words that do it.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import notebooks
import pytest

import em_core

CHAPTERS = {path.stem: path for path in notebooks.chapters() if path.stem[0].isdigit()}
PAGE = (notebooks.BOOK / "notation.md").read_text()
GREEK = (
    "alpha beta gamma delta epsilon varepsilon zeta eta theta kappa lambda mu nu xi pi rho sigma "
    "tau phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega ell"
)
LETTER = re.compile(  # a letter, or a command that is none
    r"(\\(?:mathcal|mathbb|mathbf)\{?\s*[A-Za-z]\}?"
    rf"|\\(?:{'|'.join(GREEK.split())})(?![A-Za-z])"
    r"|[A-Za-z])|\\[A-Za-z]+"
)
WORDS = re.compile(r"\\(?:text|operatorname\*?|mathrm|begin|end|label|texttt)\{[^{}]*\}|:label:.*")
REASON = re.compile(r"\\overset\{[^{}]*\}|\\tag\{[^{}]*\}|\\\\(?:\[\w+\])?")
BLOCK = re.compile(r"(`{3,})\{math\}(.*?)\1|\$\$(.*?)\$\$", re.DOTALL)
INLINE = re.compile(r"(?<![\\$])\$([^$\n]+)\$")
CODE = re.compile(r"(`{3,})\{code-block\}.*?\1|(?<!`)`[^`\n]+`(?!`)", re.DOTALL)
UNITS = {r"\mathbb{R}"}
PLACE = re.compile(r"<[^<>]*>|%\w+|\{[a-z_]+(?::[^{}]*)?\}")  # where a question puts a number
LEDGER = Path(__file__).parent / "letters.txt"
OTHERS_LETTERS = ("notation.md", "changes.md")  # which tell what others write
PAGES = [path for path in sorted(notebooks.BOOK.iterdir()) if path.suffix in (".ipynb", ".md")]
PAGES = [path for path in PAGES if path.name not in OTHERS_LETTERS]
COUNTED = re.compile(r"\^\{\(t|_t(?![A-Za-z])|_\{t")
DRAWN = [*CHAPTERS.values(), *sorted(Path(em_core.__file__).parent.glob("**/*.py"))]


def formulas(text: str) -> list[str]:
    """The formulas of a text in Markdown, without their words."""
    text = CODE.sub("", text)
    found = [first or second for _, first, second in BLOCK.findall(text)]
    found += INLINE.findall(BLOCK.sub("", text))
    return [REASON.sub(" ", WORDS.sub("", one)) for one in found]


def letters(text: str) -> set[str]:
    """The letters of the formulas of a text in Markdown, without those of words."""
    found = {letter for formula in formulas(text) for letter in LETTER.findall(formula)} - {""}
    return {_one_way(letter) for letter in found} - UNITS


def _one_way(letter: str) -> str:
    return re.sub(r"\\(math\w+)\{?\s*(\w)\}?", r"\\\1{\2}", letter)


def markdown(path: Path) -> str:
    if path.suffix == ".md":
        return path.read_text()
    cells = nbformat.read(path, as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def in_code(path: Path) -> str:
    """The formulas in the strings of a module or of a chapter's code: labels, hints, questions."""
    if path.suffix == ".py":
        source = path.read_text()
    else:
        cells = nbformat.read(path, as_version=4).cells
        source = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    nodes = ast.walk(ast.parse(source))
    strings = [n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    return "\n".join(PLACE.sub("0", one) for one in strings)


SHARED, SOME = re.findall(r"```\{list-table\}.*?\n```", PAGE, re.DOTALL)
LOCAL = letters(PAGE.partition("## Letters of one section\n\n")[2].partition(" are free")[0])


def rows() -> list[tuple[set[str], set[str]]]:
    """The letters that only some chapters use, row by row, with the chapters' numbers."""
    cells = [row.removesuffix("\n```").split("\n  - ") for row in SOME.split("\n* - ")[2:]]
    taken = letters(SHARED)
    return [(letters(symbols) - taken, set(where.split(", "))) for symbols, _, where in cells]


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_notation_page_has_the_letters_of_a_chapter(name: str) -> None:
    number = str(int(name[:2]))
    used = letters(markdown(CHAPTERS[name])) - letters(SHARED) - LOCAL
    assert used <= {letter for some, where in rows() if number in where for letter in some}
    assert all(used & some for some, where in rows() if number in where)


def test_a_letter_has_one_row() -> None:
    every = [letter for some, _ in rows() for letter in some - INDICES]
    every += LOCAL - INDICES
    assert every
    assert sorted(every) == sorted(set(every))


# --- letters that last: the forms in which they occur ---------------------------------------------

INDICES = set("abcl")  # free letters that are an index as well
SUBSCRIPT = re.compile(r"'*(?:_(?:\{(?:[^{}]|\{[^{}]*\})*\}|\\[A-Za-z]+|\w))?")


def forms(text: str) -> set[tuple[str, bool]]:
    """The letters of a text's formulas that are no index, and whether each of them has one."""
    return {form for formula in formulas(text) for form in forms_of(formula)}


def forms_of(formula: str) -> set[tuple[str, bool]]:
    found = set()
    place = 0
    while match := LETTER.search(formula, place):
        place = match.end()
        if match[1] and (after := SUBSCRIPT.match(formula, place)):
            found.add((_one_way(match[1]), "_" in after.group()))
            place = after.end()
    return {(letter, index) for letter, index in found if letter not in UNITS}


def listed() -> set[tuple[str, bool]]:
    """The forms that the first column of the page's tables shows."""
    shown = [
        row.partition("\n  - ")[0] for table in (SHARED, SOME) for row in table.split("\n* - ")
    ]
    return forms("\n".join(shown))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_letter_that_lasts_has_the_forms_of_its_row(path: Path) -> None:
    assert {form for form in forms(markdown(path)) if form[0] not in LOCAL} <= listed()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_formula_has_tails_and_iterations(path: Path) -> None:
    for formula in formulas(markdown(path)):
        tails = ("t", True) in forms_of(formula) or {("h", False), ("t", False)} <= forms_of(
            formula
        )
        assert not (tails and COUNTED.search(formula)), formula


@pytest.mark.parametrize("path", DRAWN, ids=lambda path: path.name)
def test_labels_and_questions_use_the_letters_of_the_page(path: Path) -> None:
    found = forms(in_code(path))
    assert {form for form in found if form[0] not in LOCAL} <= listed()


# --- letters that are free: defined in the section where they stand -------------------------------

BOUND = re.compile(r"\\(?:sum|prod|max|min)_(?:\{((?:[^{}]|\{[^{}]*\})*)\}|(\w))")
SECTION = re.compile(r"^(?=#{2,3} )|^(?=`{3,}\{exercise\})", re.MULTILINE)
TITLE = re.compile(r"#{2,3} (.*)|`{3,}\{exercise\}\n:label: (\S+)")


def sections(path: Path) -> dict[str, str]:
    """The text of each section and each exercise of a chapter, with the slides that stand in it."""
    found = {"": ""}
    title = ""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "markdown":
            continue
        slide = "slide-only" in cell.metadata.get("tags", [])
        for part in [cell.source] if slide else SECTION.split(cell.source):
            if not slide and (match := TITLE.match(part)):
                title = match[1] or match[2]
            found[title] = found.get(title, "") + "\n" + part
    return found


def free_letters(text: str) -> set[str]:
    """The free letters of a text's formulas that need a definition: no index, no running letter."""
    found = set()
    for formula in formulas(text):
        used = {letter for letter, _ in forms_of(formula)} | ({"l"} & set(LETTER.findall(formula)))
        below = ["".join(one) for one in BOUND.findall(formula)]
        found |= used - {part.strip() for one in below for part in re.split("[,=:<]", one)}
    return found & LOCAL


def ledger(name: str) -> dict[tuple[str, str], str]:
    lines = [line.split(" | ", 3) for line in LEDGER.read_text().splitlines()]
    return {
        (title, letter): words for chapter, title, letter, words in lines if chapter == name[:2]
    }


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_free_letter_is_defined_where_it_stands(name: str) -> None:
    texts = sections(CHAPTERS[name])
    used = {(title, letter) for title, text in texts.items() for letter in free_letters(text)}
    defined = ledger(name)
    assert used == set(defined)
    for (title, letter), words in defined.items():
        assert words in " ".join(texts[title].split()), f"{title}: {words}"
        assert letter in letters(words if "$" in words else f"${words}$"), f"{title}: {words}"


def test_a_second_meaning_is_seen() -> None:
    assert ("n", True) in forms("$n_i$ tosses") - listed()
    assert ("m", False) in forms("$m$ samples") - listed()
    assert ("I", True) in forms(r"$I_{\text{obs}}$") - listed()
    assert forms(r"$r_{ij} + x_a$") == {("r", True), ("x", True)}
    assert free_letters(r"$\sum_l r_{il} + c\, x_a + v_l$") == {"c", "v"}
    assert free_letters("$r_{il} b$") == {"l", "b"}


def test_letters_are_found_in_formulas_alone() -> None:
    text = "a $x_i$ `$b$` ```{math}\n:label: c\n\\overset{(d)}{=} \\text{e} \\mathcal L\n```"
    assert letters(text) == {"x", "i", r"\mathcal{L}"}
