"""The reference collection: what others printed of EM, as data, beside what exact arithmetic gives.

`data/ledger.toml` holds models, data, problems and prints, written by hand; `data/exact.json` what
`tools/exact.py` computed for each row. `ledger.py` has the book's own way to every number,
`tests/test_numbers.py` compares them, and `ledger.ipynb` shows the tables that are made here.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import frames
import numpy as np
import pandas as pd
from IPython.display import HTML

DATA = Path(__file__).with_name("data")
SCHEMA = DATA / "em-reference.schema.json"
RUNNER = Path(__file__).with_name("try_reference.py")
ENOUGH = 9
"""With so many digits right an implementation agrees."""


class Kind(StrEnum):
    """How a printed number stands to what it is meant to be."""

    EXACT = "exact"
    START = "start"
    STOPPED = "stopped"
    MISPRINT = "misprint"
    BEATEN = "beaten"
    DIFFERENCES = "differences"
    DRAWN = "drawn"
    OURS = "ours"


NAMES = {Kind.STOPPED: "stopped early", Kind.DIFFERENCES: "by differences", Kind.OURS: "our own"}
"""Of the kinds whose names are not what a reader reads."""

MEANING = {
    Kind.EXACT: "the number itself, rounded",
    Kind.START: "what a stated number of iterations gives from a stated start",
    Kind.STOPPED: "printed as the end, on the way to it; we reach it at the same place on the way",
    Kind.MISPRINT: "the last printed digit is off by one",
    Kind.BEATEN: "printed as a maximum, and there is a higher one",
    Kind.DIFFERENCES: "computed there by differences, which cost the last digits",
    Kind.DRAWN: "counted among random starts; among as many of ours, as chance allows",
}


@dataclass(frozen=True)
class Print:
    """Where digits were printed, and by which rule the run stopped that they come from."""

    id: str
    title: str
    rule: str
    printed_in: str = ""  # as a reader finds it; empty for what no source printed
    address: str = ""
    seen: date | None = None

    @property
    def published(self) -> bool:
        """Whether somebody else printed the digits."""
        return bool(self.printed_in)


@dataclass(frozen=True)
class Entry:
    """Some digits, which number of which problem they are, and what that is exactly."""

    source: Print
    name: str
    what: str
    printed: str
    problem: str
    pick: str  # the number's name and its place, as in means.0.1
    at: int | None = None  # after how many iterations; without, where EM ends
    kind: Kind = Kind.OURS
    draws: int = 0  # of which the number was counted; as many of ours are counted anew
    value: str = ""  # in exact arithmetic; empty where there is none
    limit: str = ""  # the same where EM ends, if `value` is on the way there
    digits: int = 0  # how many of these we vouch for
    agrees: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Its address on the ledger's page."""
        return f"{self.source.id}-{self.name}"

    def rounded(self, value: str | float) -> str:
        """To as many decimals as were printed."""
        return f"{Decimal(value):.{len(self.printed.partition('.')[2])}f}"

    @property
    def printed_digits(self) -> int:
        """How many significant digits were printed."""
        return len(self.printed.lstrip("-0.").replace(".", ""))

    @property
    def matches(self) -> bool:
        """Whether every printed digit is that of the exact number."""
        return self.rounded(self.value) == self.rounded(self.printed)

    @property
    def remark(self) -> str:
        """The kind, and what goes with it."""
        name = NAMES.get(self.kind, str(self.kind))
        if self.kind == Kind.STOPPED:
            return f"{name}: tends to {self.rounded(self.limit)}"
        return name


@cache
def hand() -> dict[str, Any]:
    """What is written by hand; decimals keep all their digits."""
    return tomllib.loads((DATA / "ledger.toml").read_text(), parse_float=Decimal)


@cache
def exact() -> dict[str, Any]:
    """What exact arithmetic gave: for entries their numbers, for some problems a start."""
    return json.loads((DATA / "exact.json").read_text(), parse_float=Decimal)


def start(problem: str) -> dict[str, Any]:
    """Parameters by their names: those of the print, or some from which its end is reached."""
    return hand()["problems"][problem].get("start") or exact()["starts"].get(problem, {})


@cache
def rows(name: str) -> tuple[list[str], list[list[Decimal]]]:
    """The columns of a data set and its rows, to their last digits."""
    told = hand()["data"][name]
    if "rows" in told:
        return told["columns"], [[Decimal(number) for number in row] for row in told["rows"]]
    head, *body = (DATA / told["file"]).read_text().split()
    columns = head.replace('"', "").split(",")
    return columns, [[Decimal(number) for number in line.split(",")] for line in body]


def data(problem: str) -> list[list[Decimal]]:
    """The rows that a problem is about, of the columns that it takes."""
    told = hand()["problems"][problem]
    columns, body = rows(told["data"])
    places = [columns.index(name) for name in told.get("columns", columns)]
    return [[row[place] for place in places] for row in body]


@cache
def reached() -> dict[str, dict[str, float]]:
    """For each implementation that was tried, the digits of each entry that it has right."""
    return json.loads((DATA / "reached.json").read_text())


def _agreeing(name: str) -> Iterator[str]:
    for implementation, found in reached().items():
        if "own settings" not in implementation and found.get(name, 0) >= ENOUGH:
            yield implementation.partition(",")[0]


def _entries() -> Iterator[Entry]:
    values = exact()["values"]
    for told in hand()["prints"]:
        shared = {key: value for key, value in told.items() if key not in ("rows", "problem")}
        source = Print(**shared)
        for row in told["rows"]:
            known = {"problem": told.get("problem", ""), **row}
            name, kind = known.pop("id"), Kind(known.pop("kind", Kind.OURS))
            found = dict(values.get(f"{source.id}-{name}", {}))
            found["agrees"] = (*found.get("agrees", ()), *_agreeing(f"{source.id}-{name}"))
            yield Entry(source, name, kind=kind, **known, **found)


ENTRIES = list(_entries())
PRINTS = list(dict.fromkeys(entry.source for entry in ENTRIES))


def entries(*ids: str) -> list[Entry]:
    """All entries of some prints."""
    return [entry for entry in ENTRIES if entry.source.id in ids]


# --- the file that others take --------------------------------------------------------------------

SCHEMA_VERSION = 1
PAGE = "book/ledger.html"  # as seen from the file


def document() -> dict[str, Any]:
    """The whole collection as one object, to be written as JSON."""
    told = hand()
    problems = {
        name: {
            **{key: value for key, value in problem.items() if key != "columns"},
            "data": _data_name(problem),
            **({"start": start(name)} if start(name) else {}),
        }
        for name, problem in told["problems"].items()
    }
    sets = {}
    for name, problem in told["problems"].items():
        source = told["data"][problem["data"]]
        columns = problem.get("columns") or rows(problem["data"])[0]
        known = {key: source[key] for key in ("source", "address", "licence") if key in source}
        found = data(name)
        sets[_data_name(problem)] = known | {
            "columns": columns,
            "rows": found,
            "sha256": checksum(columns, found),
        }
    kinds = {str(kind): what for kind, what in MEANING.items()}
    whole = {
        "schema": SCHEMA_VERSION,
        "version": told["version"],
        "licence": "CC BY 4.0; each data set has its own",
        "kinds": kinds | {"ours": "printed by nobody; computed and kept by this book"},
        "models": told["models"],
        "data": sets,
        "problems": problems,
        "sources": {source.id: _source(source) for source in PRINTS},
        "entries": [_entry(entry) for entry in ENTRIES],
    }
    plain = json.loads(json.dumps(whole, default=_plain))
    return plain | {"sha256": digest(plain)}


def _data_name(problem: dict[str, Any]) -> str:
    return "-".join([problem["data"], *problem.get("columns", [])])


def checksum(columns: list[str], body: list[list[Decimal]]) -> str:
    """Of the data as text: a line of the columns' names, and a line for each row."""
    lines = [columns, *([str(number) for number in row] for row in body)]
    return hashlib.sha256("".join(",".join(line) + "\n" for line in lines).encode()).hexdigest()


def digest(document: dict[str, Any]) -> str:
    """Of the document without this digest, its keys sorted and without white space."""
    whole = {key: value for key, value in document.items() if key != "sha256"}
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> int | float | str | None:
    if isinstance(value, Decimal):
        if value.is_nan():
            return None  # a hole
        return int(value) if value == int(value) else float(value)
    return value.isoformat()


def _source(source: Print) -> dict[str, Any]:
    told = {
        "title": source.title,
        "printed_in": source.printed_in,
        "stopping_rule": source.rule,
        "address": source.address,
        "seen": source.seen,
    }
    return {key: value for key, value in told.items() if value}


def _entry(entry: Entry) -> dict[str, Any]:
    told = {
        "id": entry.id,
        "source": entry.source.id,
        "problem": entry.problem,
        "what": entry.what,
        "pick": entry.pick,
        "iterations": entry.at,
        "kind": str(entry.kind),
        "printed": entry.printed,
        "value": entry.value,
        "limit": entry.limit,
        "digits": entry.digits,
        "agrees": entry.agrees,
        "page": f"{PAGE}#{entry.id}",
    }
    return {key: value for key, value in told.items() if value not in ("", None)}


def _text() -> str:
    text = json.dumps(document(), indent=1, ensure_ascii=False)
    row = r"\[\s+([^\[\]{}\"]+?)\s+\]"  # of numbers: it stands on one line
    return re.sub(row, lambda found: "[" + " ".join(found[1].split()) + "]", text) + "\n"


def write(folder: Path) -> None:
    """The collection, its schema and the runner, for whoever wants to test an implementation."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "em-reference.json").write_text(_text())
    for path in (SCHEMA, RUNNER):
        (folder / path.name).write_text(path.read_text())


# --- the page ------------------------------------------------------------------------------------


def chooser() -> HTML:
    """Two menus by which the page's script leaves some entries; without it they are hidden."""
    models = {name: model["title"] for name, model in hand()["models"].items()}
    kinds = {str(kind): NAMES.get(kind, str(kind)) for kind in Kind}
    menus = "".join(
        f'<label>{title} <select name="{name}" autocomplete="off"><option value="">all</option>'
        + "".join(f'<option value="{key}">{words}</option>' for key, words in found.items())
        + "</select></label>"
        for name, title, found in (("model", "Model", models), ("kind", "Kind", kinds))
    )
    said = '<p role="status"></p>'
    group = 'class="choose-entries" role="group" aria-label="Entries" hidden'
    return HTML(f"<div {group}>{menus}{said}</div>")


def table(*ids: str) -> HTML:
    """The entries of some prints, each with where its digits stand and its stopping rule."""
    return HTML("\n".join(_table(source) for source in PRINTS if source.id in ids))


def _table(source: Print) -> str:
    found = entries(source.id)
    columns = {
        "Printed" if source.published else "Kept": [_typeset(entry.printed) for entry in found],
        "Exact": [_typeset(entry.value or "–") for entry in found],
    }
    if source.published:
        columns["Kind"] = [_typeset(entry.remark) for entry in found]
    index = pd.Index([entry.what for entry in found], name="Quantity")
    caption = (
        f'<caption style="caption-side: top; padding: 0 0 0.6rem">{_said_of(source)}</caption>'
    )
    body = frames.table(pd.DataFrame(columns, index=index))
    body = body.replace("dataframe", "dataframe ledger", 1)
    head, *lines = body.replace("<thead>", caption + "\n<thead>", 1).split('<tr><th scope="row"')
    return head + "".join(map(_placed, found, lines))


def _placed(entry: Entry, line: str) -> str:
    """A row of a table, with its address, and what a reader can choose it by."""
    words, _, rest = line.partition("</th>")
    side, _, text = words.partition(">")
    model = hand()["problems"][entry.problem]["model"]
    chosen = f'id="{entry.id}" data-kind="{entry.kind}" data-model="{model}"'
    link = f'<a class="place" href="#{entry.id}">{text}</a>'
    return f'<tr {chosen}><th scope="row"{side}>{link}</th>{rest}'


def _said_of(source: Print) -> str:
    where = html.escape(source.printed_in)
    if source.address:
        where = f'<a href="{source.address}">{where}</a>'
    printed = f"Printed in {where}. " if source.published else ""
    rule = frames.marked_up(frames.typeset(source.rule))
    return f"<strong>{source.title}.</strong> {printed}Stopping rule: {rule}."


def _typeset(number: str) -> str:
    return frames.grouped(number).replace("-", "−")


def summary() -> pd.DataFrame:
    """How many published figures there are, and of which kinds."""
    kinds = Counter(entry.kind for entry in ENTRIES if entry.source.published)
    found = {NAMES.get(kind, str(kind)): (kinds[kind], what) for kind, what in MEANING.items()}
    found["all"] = (kinds.total(), "printed by somebody else")
    index = pd.Index(found, name="Kind")
    return pd.DataFrame([*found.values()], index=index, columns=["Numbers", "What it means"])


def links() -> HTML:
    """To the file, its schema and the runner, which the build puts at the head of the site."""
    size = f"{len(_text()) / 1000:.0f}"
    told = hand()["version"]
    return HTML(
        f'<p><a href="../em-reference.json">em-reference.json</a>, version {told}, {size} kB; '
        f'<a href="../{SCHEMA.name}">its JSON Schema</a>; '
        f'<a href="../{RUNNER.name}">the runner</a>, in Python.</p>'
    )


def by_model() -> pd.DataFrame:
    """How many entries there are of each model and each kind; the rarest kinds together."""
    models = hand()["models"]
    found = Counter((hand()["problems"][e.problem]["model"], e.kind) for e in ENTRIES)
    often = (Kind.EXACT, Kind.START, Kind.STOPPED)
    columns: dict[str, tuple[Kind, ...]] = {kind: (kind,) for kind in often}
    columns |= {"others": tuple(kind for kind in Kind if kind not in often), "all": tuple(Kind)}
    frame = pd.DataFrame(
        {
            name: [sum(found[model, kind] for kind in kinds) for model in models]
            for name, kinds in columns.items()
        },
        index=pd.Index([model["title"] for model in models.values()], name="Model"),
    )
    frame.loc["all"] = frame.sum()
    return frame


def attempts() -> pd.DataFrame:
    """What each implementation was asked, and what it has right."""
    entry = {one.id: one for one in ENTRIES}
    rows = {}
    for name, found in reached().items():
        printed = [d for i, d in found.items() if entry[i].printed_digits <= d]
        agree = [d for d in found.values() if d >= ENOUGH]
        rows[name] = len(found), len(printed), len(agree), int(min(found.values()))
    columns = ["Asked", "as printed", f"to {ENOUGH} digits", "fewest"]
    index = pd.Index(rows, name="Program")
    return pd.DataFrame([*rows.values()], index=index, columns=columns)


OTHERS = {
    "scikit-learn, its own settings": "scikit-learn, own",
    "scikit-learn, to the end": "scikit-learn, to the end",
    "StepMix, its own settings": "StepMix, own",
    "StepMix, the best of 20 starts": "StepMix, best of 20",
}
"""Those from elsewhere, and the heads of their columns."""


def by_problem() -> pd.DataFrame:
    """Of each problem that others can be asked about, the fewest digits they have right."""
    asked: dict[str, dict[str, list[float]]] = {}
    for name in OTHERS:
        for entry in ENTRIES:
            if entry.id in reached()[name]:
                told = asked.setdefault(entry.problem, {})
                told.setdefault(name, []).append(reached()[name][entry.id])
    return pd.DataFrame(
        {
            # Nothing where it was not asked.
            head: [np.floor(min(found.get(name, [np.nan]))) for found in asked.values()]
            for name, head in OTHERS.items()
        },
        index=pd.Index(asked, name="Problem"),
    )


if __name__ == "__main__":
    write(Path(sys.argv[1]))
