"""The exercises for Moodle, read by a reader of what Moodle documents of its XML and of cloze."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import moodle
import numpy as np
import pytest

from em_core.exercises.by_hand import EXERCISES, judge, variants
from em_core.exercises.by_hand.judging import RIGHT, ROUNDED
from em_core.exercises.by_hand.template import SLOT

# docs.moodle.org/en/Moodle_XML_format: the children of an element in their order, each with how
# many there may be; what has children of its own is named with its attributes.
TEXT = {"text": (1, 1)}
HTML_TEXT = (["format"], TEXT)
ANSWER = (["fraction", "format"], {**TEXT, "feedback": (1, 1), "tolerance": (1, 1)})
WITH_CHILDREN = {
    "category": ([], TEXT),
    "name": ([], TEXT),
    **dict.fromkeys(["questiontext", "generalfeedback", "feedback", "hint"], HTML_TEXT),
    "answer": ANSWER,
}
BEGIN = {"name": (1, 1), "questiontext": (1, 1), "generalfeedback": (1, 1)}
END = {"penalty": (1, 1), "hidden": (1, 1)}
QUESTIONS = {
    "category": {"category": (1, 1)},
    "numerical": BEGIN | {"defaultgrade": (1, 1)} | END | {"answer": (1, 99), "hint": (0, 2)},
    "cloze": BEGIN | END | {"hint": (0, 2)},
}
MARKS = {"0", "50", "100"}  # Moodle refuses what is none of its own fractions
NUMBER = r"-?\d+(?:\.\d+)?"


@dataclass(frozen=True)
class Read:
    """An answer as Moodle reads it."""

    percent: int
    value: float
    within: float
    words: str


def held_to(element: ET.Element, attributes: list[str], children: dict) -> None:
    assert list(element.attrib) == attributes, element.tag
    tags = [child.tag for child in element]
    assert list(dict.fromkeys(tags)) == [tag for tag in children if tag in tags], element.tag
    for tag, (least, most) in children.items():
        assert least <= tags.count(tag) <= most, (element.tag, tag)
    for child in element:
        if child.tag in WITH_CHILDREN:
            held_to(child, *WITH_CHILDREN[child.tag])
        else:
            assert not child.attrib
            assert len(child) == 0


def cloze(text: str) -> Iterator[list[Read]]:
    """Read the fields in a text: an unescaped } ends one, and ~ an answer; words are unescaped."""
    for match in re.finditer(r"\{1:NUMERICAL:(.*?)(?<!\\)\}", text, re.DOTALL):
        found = []
        for part in re.split(r"(?<!\\)~", match[1]):
            form = rf"(=|%(\d+)%)?({NUMBER}):({NUMBER})(?:#(.*))?"
            share, percent, value, within, words = re.fullmatch(form, part).groups()
            mark = 100 if share == "=" else int(percent or 0)
            found.append(Read(mark, float(value), float(within), html.unescape(words or "")))
        yield found


def fields(question: ET.Element) -> list[list[Read]]:
    if question.get("type") == "cloze":
        return list(cloze(question.findtext("questiontext/text")))
    return [
        [
            Read(
                int(answer.get("fraction")),
                float(answer.findtext("text")),
                float(answer.findtext("tolerance")),
                answer.findtext("feedback/text"),
            )
            for answer in question.findall("answer")
        ]
    ]


def said(found: list[Read], typed: str) -> Read:
    """What Moodle says: it takes the first answer that fits."""
    value = float(typed.replace("−", "-"))
    nothing = Read(0, 0, 0, "")
    return next((one for one in found if abs(value - one.value) <= one.within), nothing)


def in_markdown(words: str) -> str:
    """The words as the exercise has them, without its asterisks."""
    return re.sub(r"\\[()]", "$", html.unescape(re.sub(r"</?em>", "", words)))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("moodle")
    list(moodle.make([*EXERCISES.values()], 2, 1, folder))
    return folder


def test_a_file_is_as_moodle_documents_it(written):
    quiz = ET.parse(written / "all-exercises.xml").getroot()
    assert quiz.tag == "quiz"
    for question in quiz:
        assert question.tag == "question"
        held_to(question, ["type"], QUESTIONS[question.get("type")])
        for element in question.iter():
            assert element.get("format", "html") in {"html", "moodle_auto_format"}
            assert element.get("fraction", "100") in MARKS
        for found in fields(question) if question.get("type") != "category" else []:
            assert [one.percent for one in found].count(100) == 1


def test_each_exercise_has_a_category_with_its_variants(written):
    quiz = ET.parse(written / "all-exercises.xml").getroot()
    types = [question.get("type") for question in quiz]
    assert types.count("category") == len(EXERCISES)
    names = [
        question.findtext("name/text") for question in quiz if question.find("name") is not None
    ]
    assert len(set(names)) == 2 * len(EXERCISES)
    places = [question.findtext("category/text") for question in quiz.findall("*[category]")]
    assert "$course$/top/EM step by step/Chapter 10/Free parameters, and BIC" in places
    each = [
        ET.parse(written / f"{e.chapter:02d}-{e.name}.xml").getroot() for e in EXERCISES.values()
    ]
    assert [ET.tostring(q).strip() for one in each for q in one] == [
        ET.tostring(q).strip() for q in quiz
    ]


def test_texts_are_html_with_formulas_as_moodle_takes_them(written):
    quiz = ET.parse(written / "all-exercises.xml").getroot()
    texts = [t.text or "" for q in quiz if q.get("type") != "category" for t in q.iter("text")]
    assert sum(text.count(r"\(") for text in texts) > 200
    for text in texts:
        assert "$" not in text
        assert not SLOT.search(re.sub(r"</?(?:p|em)>", "", text))
        assert re.findall(r"\\[()]", text)[::2] == [r"\("] * text.count(r"\)")
        outside = re.sub(r"\\\(.*?\\\)", "", text)
        assert "*" not in outside
        assert "\\" not in outside
        ET.fromstring(f"<div>{re.sub(r'[{].*?[}]', '', outside)}</div>")


@pytest.mark.parametrize("name", EXERCISES)
def test_moodle_says_what_the_page_says(name):
    exercise = EXERCISES[name]
    rng = np.random.default_rng(7)
    kinds = set()
    for variant in variants(exercise, 3, rng):
        read = fields(moodle.question(variant, 1))
        assert len(read) == len(exercise.fields)
        for which, (field, found) in enumerate(zip(exercise.fields, read, strict=True)):
            right = variant.right[which]
            wrong = [values[which] for values in variant.wrong if values[which] is not None]
            near = [right + units * field.unit for units in (-2, -0.7, -0.4, 0.4, 0.7, 3.6, 40.3)]
            near += [value + units * field.unit for value in wrong for units in (-1.3, 0.8)]
            finer = field.decimals + 1 if field.decimals else 0
            typed_in = [f"{value:.{field.decimals}f}" for value in (right, *wrong)]
            for typed in typed_in + [f"{value:.{finer}f}" for value in near]:
                verdict = judge(typed, variant, which)
                moodles = said(found, typed)
                mark = {RIGHT: 100, ROUNDED: 50}.get(verdict, 0)
                assert (moodles.percent, typed) == (mark, typed)
                assert in_markdown(moodles.words) == verdict.words.replace("*", "")
                kinds.add((mark, bool(verdict.words)))
    assert {(100, False), (0, True), (0, False)} <= kinds


def test_words_in_a_text_come_back_whole():
    words = r"<em>Half</em> of \(\frac{1}{\{2\}}\), &lt; 1 &amp; ~ #3"
    given = [moodle.Answer(100, "-0.5", "0.05", ""), moodle.Answer(50, "2", "1", words)]
    back = [[Read(100, -0.5, 0.05, ""), Read(50, 2, 1, words)]] * 2
    text = moodle.among_text(given)
    assert list(cloze(rf"\(x_{{1}}\) = {text}, {text}")) == back


def test_the_same_seed_gives_the_same_bytes(tmp_path, monkeypatch, capsys):
    contents = []
    for folder, seed in (("a", "7"), ("a", "7"), ("b", "8")):
        monkeypatch.setattr(moodle, "FOLDER", tmp_path / folder)
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "old.xml").touch()
        asked = ["--exercises", "bic,copies", "--variants", "20", "--seed", seed]
        assert moodle.main(asked) == 0
        contents.append({p.name: p.read_bytes() for p in sorted((tmp_path / folder).iterdir())})
    assert contents[0] == contents[1]
    assert [*contents[0]] == ["07-copies.xml", "10-bic.xml", "all-exercises.xml"]
    assert contents[0]["10-bic.xml"] != contents[2]["10-bic.xml"]
    assert "copies: only 19 are different" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "CHAPTERS=3,5-7 or EXERCISES="),
        (["--exercises", "nothing"], "'nothing' is none of jensen-gap"),
        (["--chapters", "3", "--variants", "0"], "VARIANTS: '0' must be a whole number from 1 to"),
        (["--chapters", "3", "--variants", "few"], "VARIANTS: 'few' must be a whole number"),
        (["--chapters", "3", "--seed", "-1"], "SEED: '-1' must be a whole number from 0"),
    ],
)
def test_what_cannot_be_made_is_refused_in_words(arguments, said, capsys):
    assert moodle.main(arguments) == 1
    assert said in capsys.readouterr().err
