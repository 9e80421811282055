"""The figures that `make bench-site` makes of what it measured."""

from __future__ import annotations

import json

import bench_site
import pytest
from bench_site import COMPARED, STOCK, Loaded, Row, Samples

FILES = [
    Loaded("/book/05_coins.html", "document", 40_000),
    Loaded("/_static/stepper.js", "script", 6_000),
    Loaded("/_static/stepper.css", "stylesheet", 2_500),
    Loaded("/_images/a.svg", "image", 90_000),
    Loaded("/_runs/coin-steps-012345678901.js", "script", 80_000),
    Loaded("/_static/em.css", "stylesheet", 5_000),
]
OWN = {"stepper.js", "stepper.css"}


def summary() -> Row:
    samples = Samples(
        [*range(1, 101)], [300, 100, 200], [0.1, 0], [0.02, 0], FILES, [60, 30, 40], [1500, 2500]
    )
    return bench_site.summarise(COMPARED, samples, OWN)


def test_a_summary_has_the_middle_the_worst_and_the_weights() -> None:
    assert summary() == Row(COMPARED, 50.5, 95.05, 8.5, 53.5, 0.1, 0.02, 200, 40, 2000)


def test_a_missed_target_is_named() -> None:
    assert summary().missed() == ["click, ms", "95th %", "at start"]
    assert Row("just met", 16, 33, 25, 350, 0.1, 0, 9999, 50, 2000).missed() == []
    heavy = Row("too heavy", 16, 33, 25.1, 350.1, 0, 0, 0, 0, 0)
    assert heavy.missed() == ["widget, kB", "page, kB"]
    slow = Row("slow on a phone", 16, 33, 25, 350, 0, 0, 0, 50.1, 2000.1)
    assert slow.missed() == ["click ×6 ms", "ready ×6 ms"]


def test_the_table_has_every_row_and_the_ratios() -> None:
    stock = Row(STOCK, 101, 95.05, 850, 850, 0.2, 0, 400, 160, 8000)
    head, ours, theirs, by, target = bench_site.table([summary(), stock]).splitlines()
    assert head.split()[-1] == "targets"
    assert ours.endswith("missed: click, ms; 95th %; at start")
    assert theirs.removeprefix(STOCK).split()[:4] == ["101.0", "95.0", "850.0", "850.0"]
    assert by.split()[3:] == [
        "0.500",
        "1.000",
        "0.010",
        "0.063",
        "0.500",
        "–",
        "0.500",
        "0.250",
        "0.250",
    ]
    assert "≤ 350" in target
    assert "≤ 50" in target
    assert "≤ 2000" in target


def test_what_is_kept_has_every_row_and_the_machine() -> None:
    rows = [summary(), Row(STOCK, 101, 95.05, 850, 850, 0.2, 0, 400, 160, 8000)]
    figures = {"page_kB": 99.0}
    kept = json.loads(json.dumps(bench_site.report(rows, [20, 30, 25], figures, "1.2.3")))
    assert [row["name"] for row in kept["rows"]] == [COMPARED, STOCK]
    assert kept["machine"]["chromium"] == "1.2.3"
    assert kept["iteration_ms"] == 25
    assert kept["ours_by_stock"]["median_ms"] == 0.5


@pytest.mark.parametrize(("content", "most"), [(b"a" * 1000, 50), (bytes(range(256)), 256)])
def test_packing_never_adds_weight(content: bytes, most: int) -> None:
    assert bench_site.gzipped(content) <= most


def test_the_lock_file_has_checksums_and_names_no_host() -> None:
    lock = json.loads((bench_site.LOCK / "package-lock.json").read_text())
    packages = [package for name, package in lock["packages"].items() if name]
    assert packages
    assert all(p["integrity"].startswith("sha512-") and "resolved" not in p for p in packages)
