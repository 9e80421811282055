"""The collection that others can take: its form, its page, its draws, its exact numbers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import exact
import frames
import jsonschema
import ledger
import nbformat
import numpy as np
import pytest
import reference

PUBLISHED = [entry for entry in reference.ENTRIES if entry.source.published]
DOCUMENT = reference.document()


@pytest.mark.parametrize("problem", ["coins", "falling", "linkage", "moths", "carcinoma-2"])
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
    counts = reference.summary()["Figures"]
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
