"""Exercise sheets: their codes, what is refused, the print and its key."""

from __future__ import annotations

import csv
import re
from fractions import Fraction

import build
import pytest
import sheets
from PIL import Image
from pypdf import PdfReader

from em_core.exercises.by_hand import EXERCISES
from em_core.exercises.by_hand.codes import MOST, ORDER, SEEDS, key, sheet_for, sheet_of

SOME = ["labelled-coin", "bic", "one-iteration"]


@pytest.mark.parametrize("names", [SOME, ORDER, ["unseen"], ["jensen-gap"]])
@pytest.mark.parametrize(("seed", "index"), [(0, 0), (1, 29), (SEEDS - 1, MOST - 1)])
def test_a_code_gives_its_sheet_and_so_its_numbers(seed, index, names):
    sheet = sheet_for(seed, index, names)
    again = sheet_of(f" {sheet.code.lower().replace('-', '')} ")
    assert again == sheet
    assert set(again.names) == set(names)
    assert key(again) == key(sheet)


def test_each_exercise_has_its_place_in_a_code():
    assert set(ORDER) == EXERCISES.keys()
    assert len(ORDER) == len(EXERCISES)


def test_a_code_with_a_wrong_letter_is_refused():
    code = sheet_for(5, 3, SOME).code
    for i, letter in enumerate(code):
        if letter != "-":
            other = "7" if letter != "7" else "8"
            with pytest.raises(ValueError, match="is on no sheet"):
                sheet_of(code[:i] + other + code[i + 1 :])
    for nonsense in ("", "-", "7", "ÄÖ", "0" * 99):
        with pytest.raises(ValueError, match="is on no sheet"):
            sheet_of(nonsense)


def test_letters_that_look_alike_are_taken_for_each_other():
    code = next(c for i in range(99) if "0" in (c := sheet_for(9, i, SOME).code) and "1" in c)
    assert sheet_of(code.replace("0", "O").replace("1", "l")) == sheet_of(code)


def test_students_have_different_numbers():
    keys = [tuple(row.right for row in key(sheet_for(1, i, SOME))) for i in range(20)]
    assert len(set(keys)) == 20


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "CHAPTERS=3,5-7 or EXERCISES="),
        (["--chapters", "99"], "chapter 99 has no exercise by hand"),
        (["--chapters", "three"], "'three' is no number and no range"),
        (["--exercises", "nothing"], "'nothing' is none of jensen-gap"),
        (["--chapters", "3", "--count", "0"], "N: '0' must be a whole number from 1 to 4096"),
        (["--chapters", "3", "--count", "x"], "N: 'x' must be a whole number"),
        (["--chapters", "3", "--paper", "a3"], "PAPER: 'a3' is none of a4, letter"),
        (["--chapters", "3", "--students", "no/such.csv"], "no/such.csv can't be read"),
        (["--chapters", "3", "--seed", "-1"], "SEED: '-1' must be a whole number from 0"),
    ],
)
def test_what_cannot_be_made_is_refused_in_words(arguments, said, capsys):
    assert sheets.main(["make", "--built", *arguments]) == 1
    assert said in capsys.readouterr().err


def test_a_list_of_students_is_read(tmp_path):
    path = tmp_path / "class.csv"
    path.write_text('\ufeffName,E-mail\n Ada ,a@x\n\n"Bayes, Thomas",b@x\n', encoding="utf-8")
    assert sheets.students(str(path), 30) == ["Ada", "Bayes, Thomas"]
    assert [e.name for e in sheets.chosen("2, 5-6", "bic")] == [
        *("labelled-coin", "expected-counts", "one-iteration"),
        *("log-sum-exp", "free-weights", "bic"),
    ]


@pytest.mark.site
def test_the_lecturers_page_has_the_picture_of_a_sheet_as_it_is(site_dir, monkeypatch):
    """If not: `python tools/sheets.py picture` after `make book`."""
    monkeypatch.setattr(build, "HTML", site_dir)
    drawn = Image.open(sheets.PICTURE)
    assert drawn.text["sheet"] == sheets.digest(sheets.pictured())
    assert key(sheets.PICTURED) == key(sheet_of(sheets.PICTURED.code))
    page = (site_dir / "book/teaching.html").read_text(encoding="utf-8")
    assert sheets.PICTURED.code in page
    assert (site_dir / "_images/sheet.png").read_bytes() == sheets.PICTURE.read_bytes()


@pytest.mark.site
def test_a_sheet_solved_from_its_print_is_right_by_its_key(site_dir, tmp_path, monkeypatch):
    monkeypatch.setattr(sheets, "FOLDER", tmp_path)
    monkeypatch.setattr(build, "HTML", site_dir)
    names = ["Ada <b>", "=Thomas"]
    contents = []
    for _ in range(2):
        sheets.make(sheets.chosen("2,10", ""), names, 7, "letter", tmp_path)
        contents.append({path.name: path.read_bytes() for path in tmp_path.iterdir()})
    assert contents[0] == contents[1]
    assert len(contents[0]) == 5  # two sheets, both in one, and two keys
    rows = list(csv.DictReader((tmp_path / "key.csv").read_text(encoding="utf-8-sig").splitlines()))
    whole = PdfReader(tmp_path / "all-sheets.pdf")
    singles = [PdfReader(path) for path in sorted(tmp_path.glob("sheet-*.pdf"))]
    assert len(whole.pages) == sum(len(one.pages) for one in singles)
    for name, one in zip(names, singles, strict=True):
        assert one.pages[0].mediabox.width == 612  # letter
        text = " ".join(" ".join(page.extract_text() for page in one.pages).split())
        assert f"Name: {name}" in text
        code = re.search(r"Sheet ([\w-]+)", text)[1]
        found = re.search(r"Of (\d+) tosses of coin A (\d+) came.*?another (\d+).*?it (\d+)", text)
        n, h, m, g = map(int, found.groups())
        answer = f"{float(Fraction(h + g, n + m)):.3f}"
        assert key(sheet_of(code))[0].right == answer
        own = [row for row in rows if row["code"] == code and row["task"] == "1"]
        assert [row["value"] for row in own if row["kind"] == "right"] == [answer]
        average = f"{float(Fraction(h, n) + Fraction(g, m)) / 2:.3f}"
        told = {row["value"]: row["words"] for row in own if row["kind"] == "mistake"}
        assert told[average].startswith("That is the average of the two shares")
        assert own[0]["name"].lstrip("'") == name
        assert not own[0]["name"].startswith("=")
