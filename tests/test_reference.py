"""The collection that others can take: its form, its page, its draws, its exact numbers."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path

import exact
import frames
import jsonschema
import ledger
import nbformat
import numpy as np
import pytest
import reference
from try_reference import digits, reached, scikit_learn, step_mix

PUBLISHED = [entry for entry in reference.ENTRIES if entry.source.published]
DOCUMENT = reference.document()


@pytest.mark.parametrize(
    "problem", ["coins", "falling", "linkage", "moths", "carcinoma-2", "murray"]
)
def test_exact_arithmetic_gives_the_same_again(problem):
    kept = reference.exact()["values"]
    for name, found in exact.computed(problem).items():
        assert found["value"] == kept[name]["value"]
        assert found["digits"] == kept[name]["digits"]
        assert found.get("limit") == kept[name].get("limit")


def test_every_table_says_where_its_digits_stand_and_by_which_rule_it_stops():
    for source in reference.PRINTS:
        said = reference.table(source.id).data
        assert frames.marked_up(frames.typeset(source.rule)) in said
        assert source.printed_in in said
        assert source.address in said
        assert source.published == (not source.id.startswith("our-")) == (source.seen is not None)
    lacking = [s.id for s in reference.PRINTS if s.published and not s.address]
    assert all(name.startswith("lecture-") for name in lacking)  # which has no address


def test_the_page_counts_what_others_printed_and_nothing_else():
    counts = reference.summary()["Numbers"]
    assert counts["all"] == len(PUBLISHED) == counts.drop("all").sum()
    assert len(PUBLISHED) >= 60


def test_no_entry_stands_twice():
    assert len({entry.id for entry in reference.ENTRIES}) == len(reference.ENTRIES)
    for source in reference.PRINTS:
        told = [entry.what for entry in reference.entries(source.id)]
        assert len(set(told)) == len(told)


def test_every_entry_has_its_row_and_its_address_on_the_page():
    page = nbformat.read(Path(ledger.__file__).parent / "ledger.ipynb", as_version=4)
    calls = [cell.source for cell in page.cells if cell.source.startswith("reference.table(")]
    shown = re.findall(r'"(.+?)"', "".join(calls))
    assert sorted(shown) == sorted(source.id for source in reference.PRINTS)
    tables = "".join(reference.table(name).data for name in shown)
    assert re.findall(r'<tr id="([^"]*)"', tables) == [
        entry.id for name in shown for entry in reference.entries(name)
    ]
    assert tables.count('<th scope="row"') == len(reference.ENTRIES)


def test_the_collection_is_of_the_form_that_its_schema_tells():
    schema = json.loads(reference.SCHEMA.read_text())
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    jsonschema.Draft202012Validator(schema, format_checker=checker).validate(DOCUMENT)
    for entry in DOCUMENT["entries"]:
        assert entry["source"] in DOCUMENT["sources"]
        assert entry["problem"] in DOCUMENT["problems"]
    for problem in DOCUMENT["problems"].values():
        assert problem["model"] in DOCUMENT["models"]
        assert problem["data"] in DOCUMENT["data"]


def test_the_file_says_when_something_in_it_was_changed(tmp_path):
    reference.write(tmp_path)
    read = json.loads((tmp_path / "em-reference.json").read_text())
    assert read == DOCUMENT
    assert {path.name for path in (reference.SCHEMA, reference.RUNNER)} < {
        path.name for path in tmp_path.iterdir()
    }
    assert reference.digest(read) == read["sha256"]
    read["entries"][0]["value"] = "8"
    assert reference.digest(read) != read["sha256"]
    read["data"]["do2008"]["rows"][0][0] = 6
    one = read["data"]["do2008"]
    assert reference.checksum(one["columns"], one["rows"]) != one["sha256"]


def test_the_lecture_s_draws_are_those_that_are_kept():
    x, start = ledger.gaussian_data()
    kept = np.array(reference.data("lecture-mixture"), dtype=float)
    np.testing.assert_allclose(kept[np.lexsort(kept.T)], x[np.lexsort(x.T)], rtol=1e-12)
    for name, told in reference.start("lecture-mixture").items():
        np.testing.assert_allclose(np.array(told, dtype=float), getattr(start, name), rtol=1e-12)
    hundred, guess = ledger.hundred_samples()
    assert np.array_equal(np.array(reference.data("lecture-hundred"), dtype=int), hundred)
    told = reference.start("lecture-hundred")
    pairs = np.array([told["theta"], told["tails"]], dtype=float).T
    np.testing.assert_allclose(pairs, guess, rtol=1e-12)


# --- what others reach ---------------------------------------------------------------------------


def soon(problem, x, iterations):
    """What scikit-learn reaches at the end of a fit that needs no three thousand iterations."""
    return scikit_learn(problem, x, iterations or 300)


def small(*problems):
    """The collection with a few problems alone."""
    kept = [entry for entry in DOCUMENT["entries"] if entry["problem"] in problems]
    return DOCUMENT | {"entries": kept}


@pytest.mark.parametrize(
    ("name", "solve", "problems"),
    [
        ("scikit-learn, to the end", soon, ["faithful-full-1", "faithful-spherical-2"]),
        (
            "scikit-learn, its own settings",
            partial(scikit_learn, tol=1e-3, reg_covar=1e-6, max_iter=100),
            ["faithful-waiting", "lecture-mixture"],
        ),
        (
            "StepMix, its own settings",
            partial(step_mix, n_init=1, max_iter=1000),
            ["faithful-diagonal-2", "faithful-spherical-3"],
        ),
    ],
)
def test_others_reach_what_is_written_down(name, solve, problems):
    found = {entry["id"]: right for entry, right in reached(small(*problems), solve)}
    assert found
    for entry, right in found.items():
        kept = reference.reached()[name][entry]
        assert (right > reference.ENOUGH) == (kept > reference.ENOUGH)
        assert right == pytest.approx(kept, abs=0.1) or min(right, kept) > reference.ENOUGH


def test_an_implementation_that_has_no_model_is_asked_nothing():
    assert list(reached(DOCUMENT, lambda problem, x, iterations: None)) == []


def test_digits_are_those_that_two_numbers_share():
    assert digits(0.25, 0.25) == 15
    assert digits(1234.5, 1234.4) == pytest.approx(4.1, abs=0.05)
    assert digits(-3, 2) == 0


def test_the_page_says_of_the_others_what_is_written_down():
    found = reference.reached()
    assert min(found["scikit-learn, to the end"].values()) >= 12  # "right to twelve digits"
    shares = [d for i, d in found["StepMix, the best of 20 starts"].items() if "share" in i]
    assert max(shares) < 6  # "five digits and fewer"
    printed = {entry.id: entry.printed_digits for entry in reference.ENTRIES}
    ours = found["the chapters’ code"]
    assert all(ours[name] >= printed[name] for name in ours)  # "as many digits as were printed"
    alone = found["StepMix, its own settings"]
    lower = {i for i, d in alone.items() if d < 3 and i.endswith(("bic", "log-likelihood"))}
    waits = {"our-faithful-log-likelihood"}
    several = {f"mclust-bic-{m}-{k}-components-bic" for m in ("vvv", "vii") for k in (3, 4)}
    assert lower == waits | several | {"polca-survey-maximum-1-log-likelihood"}
    best = found["StepMix, the best of 20 starts"]
    assert all(best[i] > 8 for i in lower)  # "finds all that we know"
    page = nbformat.read(Path(ledger.__file__).parent / "reference.ipynb", as_version=4)
    words = " ".join(" ".join(cell.source for cell in page.cells).split())
    assert "after 8 iterations" in words
    assert "waits after 3" in words


@pytest.mark.parametrize(
    ("problem", "iterations"), [("lecture-mixture", 8), ("faithful-waiting", 3)]
)
def test_by_its_own_rule_scikit_learn_stops_so_early(problem, iterations):
    told = DOCUMENT["problems"][problem]
    x = np.array(DOCUMENT["data"][told["data"]]["rows"])
    own = scikit_learn(told, x, None, tol=1e-3, reg_covar=1e-6, max_iter=100)
    there = scikit_learn(told, x, iterations, reg_covar=1e-6)
    before = scikit_learn(told, x, iterations - 1, reg_covar=1e-6)
    assert own["log_likelihood"] == there["log_likelihood"] > before["log_likelihood"]
