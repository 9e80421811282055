"""The house around the book: set-up, pins, caches, notebooks, and what README promises."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import bootstrap
import browser
import build
import nbformat
import notebooks
import other_pythons
import pytest
import run_tests
import steps
import yaml
from packaging.markers import Marker

import run

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = notebooks.chapters()
TARGETS = set(run.TARGETS)


def shell(*command: str, **how: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, text=True, capture_output=True, check=False, timeout=60, **how
    )


# --- set-up -------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [(2, 7), (3, 6), (3, 10), (3, 14), (4, 0)])
def test_another_python_is_refused_in_one_sentence(version):
    sentence = bootstrap.check_python(version, [])
    assert "needs Python 3.11, 3.12 or 3.13" in sentence
    assert "{}.{}".format(*version) in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_a_supported_python_is_taken(version):
    assert bootstrap.check_python(version, ["venv", "ensurepip"]) is None


def test_a_missing_venv_is_refused_and_its_package_named():
    sentence = bootstrap.check_python((3, 12), ["a_module_that_is_not_there"])
    assert "lacks its a_module_that_is_not_there module" in sentence
    assert "apt install python3.12-venv" in sentence


def test_the_refusal_reaches_the_terminal(monkeypatch, capsys):
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 9, 0))
    with pytest.raises(SystemExit) as stop:
        bootstrap.main([])
    assert stop.value.code == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_bootstrap_has_only_syntax_that_old_pythons_read():
    tree = ast.parse((ROOT / "tools/bootstrap.py").read_text(), feature_version=(3, 4))
    new = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr)
    assert not [node.lineno for node in ast.walk(tree) if isinstance(node, new)]
    assert not [
        f.name for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) and f.returns is not None
    ]


def fake_python(folder: Path, name: str, *, runs: bool, usable: bool) -> None:
    script = f'#!/bin/sh\n[ -z "$2" ] && exit {0 if runs else 127}\nexit {0 if usable else 1}\n'
    (folder / name).write_text(script)
    (folder / name).chmod(0o755)


def find_python(folder: Path) -> str:
    return shell("/bin/sh", "tools/find_python.sh", env={"PATH": str(folder)}).stdout.strip()


def test_a_python_that_does_not_run_is_passed_over(tmp_path):
    fake_python(tmp_path, "python3", runs=False, usable=False)
    fake_python(tmp_path, "python3.12", runs=True, usable=True)
    assert find_python(tmp_path) == "python3.12"


def test_a_usable_python_is_preferred_to_an_old_one(tmp_path):
    fake_python(tmp_path, "python3", runs=True, usable=False)
    fake_python(tmp_path, "python3.11", runs=True, usable=True)
    assert find_python(tmp_path) == "python3.11"


def test_an_old_python_alone_is_found_so_that_it_can_refuse(tmp_path):
    fake_python(tmp_path, "python3", runs=True, usable=False)
    assert find_python(tmp_path) == "python3"


def test_other_pythons_are_not_this_one():
    assert "{}.{}".format(*sys.version_info[:2]) not in other_pythons.others()


@pytest.mark.parametrize("program", browser.PROGRAMS, ids=lambda program: program.name)
def test_without_a_browser_the_tests_say_what_to_do(monkeypatch, program):
    monkeypatch.setattr(type(program), "installed", lambda self: None)
    monkeypatch.setattr(browser, "install", lambda *missing: None)
    monkeypatch.setattr(browser.sys, "platform", "linux")
    with pytest.raises(browser.NoBrowserError, match=f"apt-get install .* {program.package}`"):
        browser.find_or_install(program)
    if not program.on_macs:
        monkeypatch.setattr(browser.sys, "platform", "darwin")
        with pytest.raises(browser.NoBrowserError, match="no WebKitGTK for macOS"):
            browser.find_or_install(program)


@pytest.mark.parametrize("version", [115, 140, 153, 160])
def test_a_firefox_that_cannot_be_driven_is_as_good_as_none(monkeypatch, tmp_path, version):
    program = tmp_path / "firefox"
    program.write_text(f"#!/bin/sh\necho Mozilla Firefox {version}.7.0esr\n")
    program.chmod(0o755)
    monkeypatch.setenv("EM_FIREFOX", str(program))
    assert browser.FIREFOX.installed() == (str(program) if version > 140 else None)


# --- pins ---------------------------------------------------------------------------------------


def pins(name: str = "requirements.txt") -> dict[str, str]:
    """Package → version, of the lines of requirements.txt that hold on this Python."""
    lines = re.findall(
        r"^([\w.\[\]-]+)==(\S+)(?: ; (.*))?$", (ROOT / name).read_text(), re.MULTILINE
    )
    return {canonical(n): v for n, v, marker in lines if not marker or Marker(marker).evaluate()}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("name", ["requirements.txt", "binder/requirements.txt"])
def test_every_line_of_requirements_is_an_exact_pin(name):
    lines = [
        line
        for line in (ROOT / name).read_text().splitlines()
        if line and not line.lstrip().startswith("#")
    ]
    assert all(re.match(r"[\w.\[\]-]+==[\w.]+( ; .+)?$", line) for line in lines)


def test_direct_dependencies_are_pinned_alike_in_both_files():
    direct = re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "requirements.in").read_text(), re.MULTILINE)
    assert direct
    assert all(pins()[canonical(name)] == version for name, version in direct)


def test_binder_has_the_books_versions_but_an_older_kernel():
    ours, binder = pins(), pins("binder/requirements.txt")
    other = {name for name in binder.keys() & ours.keys() if binder[name] != ours[name]}
    assert other == {"ipykernel"}
    assert binder["ipykernel"].startswith("6.")
    asked_for = re.findall(r"^[\w-]+", (ROOT / "binder/requirements.in").read_text(), re.MULTILINE)
    assert set(asked_for) <= binder.keys()


def test_the_environment_holds_exactly_the_pins():
    extra = {"pip", "em-core"}
    installed = {canonical(d.name): d.version for d in metadata.distributions()}
    unpinned = installed.keys() - pins().keys() - extra
    assert not unpinned
    assert {name: installed.get(name) for name in pins()} == pins()


def test_the_lock_file_has_checksums_and_names_no_host():
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = [p for name, p in lock["packages"].items() if name]
    assert packages
    assert all(p["integrity"].startswith("sha512-") and "resolved" not in p for p in packages)


# --- build --------------------------------------------------------------------------------------


@pytest.fixture
def small_tree(tmp_path: Path) -> Path:
    for name in [*build.COMPUTED_FROM, *build.DRAWN_FROM]:
        path = tmp_path / name.replace("*", "some")
        if path.suffix:
            path.parent.mkdir(exist_ok=True)
            path.write_text("")
        else:
            path.mkdir(parents=True)
            (path / "inside.py").write_text("")
    return tmp_path


COMPUTED, DRAWN = [True, False], [False, True]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("em_core/inside.py", COMPUTED),
        ("book/data/inside.py", COMPUTED),
        ("book/some.py", COMPUTED),
        ("requirements.txt", COMPUTED),
        ("theme/inside.py", DRAWN),
        ("book/some.bib", DRAWN),
        ("_config.yml", DRAWN),
    ],
)
def test_a_change_that_caches_would_miss_changes_its_fingerprint(small_tree, name, what):
    before = build.fingerprints(small_tree)
    (small_tree / name).write_text("changed")
    assert [a != b for a, b in zip(build.fingerprints(small_tree), before, strict=True)] == what


def test_a_new_file_changes_the_fingerprint_and_bytecode_does_not(small_tree):
    before = build.fingerprints(small_tree)
    (small_tree / "em_core/__pycache__").mkdir()
    (small_tree / "em_core/__pycache__/inside.pyc").write_text("")
    assert build.fingerprints(small_tree) == before
    (small_tree / "em_core/new.py").write_text("")
    assert build.fingerprints(small_tree) != before


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A build folder as a successful build leaves it."""
    monkeypatch.setattr(build, "BUILD", tmp_path)
    monkeypatch.setattr(build, "HTML", tmp_path / "html")
    monkeypatch.setattr(build, "STAMP", tmp_path / ".fingerprint")
    monkeypatch.setattr(build, "DONE", tmp_path / ".done")
    monkeypatch.setattr(build, "fingerprints", lambda: ("computed", "drawn"))
    for folder in (".jupyter_cache", ".runs", ".doctrees", "html"):
        (tmp_path / folder).mkdir()
    build.STAMP.write_text("computed drawn")
    build.DONE.touch()
    return tmp_path


def kept(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_dir()}


def test_a_second_build_reuses_the_first(built):
    build.clear_what_is_stale()
    assert kept(built) == {".jupyter_cache", ".runs", ".doctrees", "html"}


def test_a_change_of_what_is_computed_clears_every_cache(built, monkeypatch):
    monkeypatch.setattr(build, "fingerprints", lambda: ("changed", "drawn"))
    build.clear_what_is_stale()
    assert kept(built) == set()
    assert build.STAMP.read_text() == "changed drawn"


def test_a_change_of_the_look_keeps_what_was_executed(built, monkeypatch):
    monkeypatch.setattr(build, "fingerprints", lambda: ("computed", "changed"))
    build.clear_what_is_stale()
    assert kept(built) == {".jupyter_cache", ".runs"}
    assert build.STAMP.read_text() == "computed changed"


def test_after_a_failed_build_pages_are_read_again_but_not_executed_again(built):
    build.DONE.unlink()
    build.clear_what_is_stale()
    assert kept(built) == {".jupyter_cache", ".runs", "html"}


@pytest.mark.site
def test_the_server_answers_what_is_missing_with_the_books_own_page(site_url):
    with pytest.raises(HTTPError) as error:
        urlopen(site_url + "/no/such/page.html")
    assert error.value.code == 404
    assert b"<html" in error.value.read()


# --- notebooks ----------------------------------------------------------------------------------


def chapter_id(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", CHAPTERS, ids=chapter_id)
def test_a_committed_notebook_is_executed_and_normal(path):
    text = path.read_text(encoding="utf-8")
    again = notebooks.normalise(nbformat.reads(text, as_version=4))
    assert nbformat.writes(again) + "\n" == text, "run `make notebooks`"
    assert len(text) < 200_000


@pytest.mark.parametrize("path", CHAPTERS, ids=chapter_id)
def test_a_committed_notebook_was_executed_as_it_stands(path):
    notebook = nbformat.read(path, as_version=4)
    assert notebook.metadata.get("em_sources") == notebooks.sources_digest(notebook), (
        "a cell was changed and not executed: run `make notebooks`"
    )


@pytest.mark.parametrize("path", CHAPTERS, ids=chapter_id)
def test_visible_listings_are_the_tested_source(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if "listing" in cell.metadata:
            assert cell.source == notebooks.listing_source(cell.metadata["listing"])


@pytest.mark.parametrize("path", CHAPTERS, ids=chapter_id)
def test_lines_of_a_listing_are_lines_of_the_tested_source(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if "excerpt" in cell.metadata:
            (shown,) = re.findall(r"^```python\n(.*?)```", cell.source, re.DOTALL | re.MULTILINE)
            source = notebooks.listing_source(cell.metadata["excerpt"])
            assert textwrap.indent(shown, 8 * " ") in source + "\n"


def test_no_paragraph_is_told_twice():
    told = Counter(
        paragraph
        for path in CHAPTERS
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "markdown"
        for paragraph in cell.source.split("\n\n")
        if len(paragraph) > 100  # signs: shorter ones are formulas, and what each chapter says
    )
    assert not [paragraph for paragraph, times in told.items() if times > 1]


def test_the_first_page_lists_every_chapter_under_its_number():
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text())["parts"]
    chapters = [c["file"] for part in parts if "numbered" in part for c in part["chapters"]]
    cells = nbformat.read(ROOT / "book/index.ipynb", as_version=4).cells
    listed = re.findall(r"^(\d+)\. {doc}`(\w+)`", "\n".join(c.source for c in cells), re.MULTILINE)
    assert listed == [(str(n), Path(chapter).name) for n, chapter in enumerate(chapters, 1)]


@pytest.mark.parametrize("path", CHAPTERS, ids=chapter_id)
def test_a_fold_with_nothing_below_it_says_what_is_inside(path):
    _, *cells = (c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code")
    for cell in cells:
        if "hide-input" in cell.metadata.get("tags", ()) and not cell.outputs:
            timed = "nbval-ignore-output" in cell.metadata["tags"]
            assert timed or "code_prompt_show" in cell.metadata.get("mystnb", {}), cell.source


def test_every_listing_is_shown_in_a_chapter():
    shown = {
        cell.metadata["listing"]
        for path in CHAPTERS
        for cell in nbformat.read(path, as_version=4).cells
        if "listing" in cell.metadata
    }
    wanted = "coin_em_loop coin_em_vectorised coin_em gmm_em_loop gmm_em_vectorised gmm_em_einsum"
    chain = "in_order.forward_backward in_order.Chain in_order.PoissonChain"
    holes = "holes.Normal holes.NormalWithHoles"
    rows = "coin_rows.Rows coin_rows.CoinRows"
    streams = "streams.mean_sums streams.m_step streams.online_em streams.incremental_em"
    family = "joint bound posterior top climb half_way with_prior hard in_band drawn"
    named = {name for names in shown for name in names.split()}
    relatives = {f"family.{name}" for name in family.split()}
    assert named == relatives.union(*map(str.split, [wanted, chain, holes, rows, streams]))


# --- learners see the algorithm ------------------------------------------------------------------


def lines_that_format(source: str) -> set[int]:
    """The lines of a cell that print, or make text of numbers."""

    def formats(node: ast.AST) -> bool:
        match node:
            case ast.JoinedStr() | ast.Call(func=ast.Name("print") | ast.Attribute(attr="format")):
                return True
            case ast.BinOp(ast.Constant(str()), ast.Mod()):
                return True
        return False

    return {node.lineno for node in ast.walk(ast.parse(source)) if formats(node)}


def prints_a_table(source: str) -> bool:
    """Whether a cell prints line by line."""
    loops = [n for n in ast.walk(ast.parse(source)) if isinstance(n, (ast.For, ast.While))]
    calls = [n for loop in loops for n in ast.walk(loop) if isinstance(n, ast.Call)]
    return any(isinstance(call.func, ast.Name) and call.func.id == "print" for call in calls)


def visible_code(path: Path) -> Iterator[str]:
    """The code that a reader sees; listings are the package's own source."""
    for cell in nbformat.read(path, as_version=4).cells:
        folded = notebooks.FOLDED & set(cell.metadata.get("tags", []))
        if cell.cell_type == "code" and "listing" not in cell.metadata and not folded:
            yield cell.source


@pytest.mark.parametrize("path", CHAPTERS, ids=chapter_id)
def test_a_visible_cell_is_not_mainly_formatting(path):
    cells = visible_code(path)
    faults = [s for s in cells if len(lines_that_format(s)) > 2 or prints_a_table(s)]
    assert not faults, "\n---\n".join(faults)


def test_formatting_is_told_from_computing():
    assert lines_that_format('print(x)\ny = f"{x:.2f}"\n"{}".format(y)\n"%d" % 1') == {1, 2, 3, 4}
    assert not lines_that_format('y = x % 2\nd["print"].sum()')
    assert prints_a_table("for row in x:\n    print(row)")
    assert not prints_a_table("for row in x:\n    y += row\nprint(y)")


def test_normalising_drops_what_changes_from_run_to_run():
    output = nbformat.v4.new_output(
        "display_data",
        {
            "text/plain": "<object at 0x7f00deadbeef>",
            "image/png": "iVBORw0",
            "application/vnd.jupyter.widget-view+json": {"model_id": "1"},
        },
    )
    cell = nbformat.v4.new_code_cell("1", outputs=[output], metadata={"execution": {"t": "now"}})
    timed = nbformat.v4.new_code_cell("2", outputs=[output])
    timed.metadata["tags"] = ["nbval-ignore-output"]
    notebook = notebooks.normalise(nbformat.v4.new_notebook(cells=[cell, timed]))
    assert notebook.cells[0].outputs[0].data == {"text/plain": "<object at 0x0>"}
    assert "execution" not in notebook.cells[0].metadata
    assert notebook.cells[1].outputs == []
    assert [c.id for c in notebook.cells] == ["cell-01", "cell-02"]


def test_what_the_page_folds_jupyterlab_folds():
    drawing = nbformat.v4.new_code_cell("draw()", metadata={"tags": ["hide-input"]})
    shown = nbformat.v4.new_code_cell("fit()", metadata={"tags": ["listing"]})
    first, second = notebooks.normalise(nbformat.v4.new_notebook(cells=[drawing, shown])).cells
    assert first.metadata["jupyter"] == {"source_hidden": True}
    assert "jupyter" not in second.metadata


# --- the talks in the notebooks -----------------------------------------------------------------

SLIDE_TYPES = {"slide", "-", "fragment", "notes"}
SLIDE_KEYS = {"slide_type", "minutes", "shows", "crop", "widget_steps", "columns", "picture"}
PICTURES = {"figure", "tosses", "bars", "arrays", "cycle", "pieces"}
FIGURE_KEYS, SKETCH_KEYS = {"crop", "across", "fragment"}, {"words", "scale", "fragment"}
TALKS = [path for path in CHAPTERS if '"slide_type"' in path.read_text()]


def talk_cells(path: Path) -> list[nbformat.NotebookNode]:
    return [c for c in nbformat.read(path, as_version=4).cells if "slideshow" in c.metadata]


@pytest.mark.parametrize("path", TALKS, ids=chapter_id)
def test_a_talk_is_slides_that_end_with_their_notes(path):
    kinds = [cell.metadata.slideshow.slide_type for cell in talk_cells(path)]
    assert set(kinds) <= SLIDE_TYPES
    assert re.fullmatch(r"(s[-f]*n)+", "".join(kind[0] for kind in kinds))


@pytest.mark.parametrize("path", TALKS, ids=chapter_id)
def test_the_metadata_of_slides_are_known(path):
    for cell in talk_cells(path):
        plan, tags = cell.metadata.slideshow, cell.metadata.get("tags", [])
        is_code, is_notes = cell.cell_type == "code", plan.slide_type == "notes"
        assert plan.keys() <= SLIDE_KEYS
        assert is_notes == ("minutes" in plan)
        assert is_code or not plan.keys() & {"shows", "crop", "widget_steps", "columns"}
        assert plan.get("shows", "code") in {"code", "output"}
        if "picture" in plan:
            (kind,) = plan.picture.keys() & PICTURES
            about = plan.picture.keys() - {kind}
            assert about <= (FIGURE_KEYS if kind == "figure" else SKETCH_KEYS)
            assert kind == "figure" or plan.picture.words, "a sketch is read aloud"
            assert "slide-only" in tags
        assert not (is_code and "slide-only" in tags), "a page must show what its talk computes"
        assert "slide-only" in tags or not (is_notes or cell.source.startswith("#"))


@pytest.mark.parametrize("path", TALKS, ids=chapter_id)
def test_words_of_the_talk_are_folded_in_jupyter_and_lead_nowhere(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if "slide-only" in cell.metadata.get("tags", []):
            assert cell.metadata.jupyter.source_hidden
            assert "slideshow" in cell.metadata
            assert not re.search(r"\{(doc|eq|numref|cite\S*|ref)\}|:label:", cell.source)


# --- the summary of make test -------------------------------------------------------------------


def python_step(name: str, code: str, *after: str) -> steps.Step:
    return steps.Step(name, f"the {name}", [sys.executable, "-c", code], after)


def outcome(name: str, status: int | None, *results: str) -> run_tests.Outcome:
    tests = [run_tests.Test(f"{name}::{i}", r, float(i)) for i, r in enumerate(results)]
    return run_tests.Outcome(python_step(name, ""), status, 1.0, tuple(tests), 7.0)


def test_the_summary_adds_up_names_the_slowest_and_a_failed_step_fails_the_run(capsys):
    outcomes = [
        outcome("types", 0),
        outcome("laws", 1, *["passed"] * 40, *["failed"] * 3, "skipped"),
        outcome("pages", None),
    ]
    assert run_tests.summarise(outcomes, 9.0) == 2
    said = capsys.readouterr().out
    assert said.endswith("\n9 s, 21 s on the processors\n41 passed, 4 failed\n")
    assert "FAILED     1 s     7 s  laws" in said
    assert "laws: 40 passed, 3 failed, 1 skipped" in said
    assert re.findall(r"^ +[\d.]+ s  (\S+)$", said, re.MULTILINE)[0] == "laws::43"
    assert said.count("laws::") == run_tests.SLOWEST


def test_a_step_that_crashed_counts_as_failed(capsys):
    assert run_tests.summarise([outcome("laws", 2)], 1.0) == 1
    assert capsys.readouterr().out.endswith("\n0 passed, 1 failed\n")


def test_steps_run_beside_each_other_and_after_what_they_need(tmp_path, capsys):
    meet = (
        "import sys, pathlib, time\n"
        "here, there = map(pathlib.Path, ({0!r}, {1!r}))\n"
        "here.touch()\n"
        "while not there.exists(): time.sleep(0.01)\n"
        "print('met')"
    )
    a, b = str(tmp_path / "a"), str(tmp_path / "b")
    chosen = [
        python_step("last", "print('at the end')", "one", "two"),
        python_step("one", meet.format(a, b)),
        python_step("two", meet.format(b, a)),
        python_step("broken", "raise SystemExit(3)"),
        python_step("hopeless", "print('never')", "broken"),
    ]
    outcomes = {o.step.name: o.status for o in run_tests.run_all(chosen, 2, tmp_path)}
    assert outcomes == {"one": 0, "two": 0, "last": 0, "broken": 3, "hopeless": None}
    said = capsys.readouterr().out
    assert said.index("met") < said.index("at the end")
    assert "never" not in said.replace("-- hopeless", "")


def test_each_step_is_given_its_own_time_on_the_processors(tmp_path):
    busy = "import time\nwhile time.process_time() < 1: pass"
    chosen = [python_step("busy", busy), python_step("idle", "")]
    used = {o.step.name: o.processor for o in run_tests.run_all(chosen, 2, tmp_path)}
    assert used["idle"] < used["busy"]


def test_what_pytest_reports_is_read(tmp_path):
    file = tmp_path / "test_it.py"
    file.write_text("def test_good(): pass\ndef test_bad(): assert False\n")
    step = steps.Step("it", "it", steps.pytest(str(file), "-p", "no:cacheprovider"))
    [found] = run_tests.run_all([step], 1, tmp_path)
    assert [(test.name[-4:], test.result) for test in found.tests] == [
        ("good", "passed"),
        ("_bad", "failed"),
    ]


def test_steps_are_chosen_by_name_with_what_they_need():
    chosen = run_tests.with_needed(["paper"], steps.of_test())
    assert [step.name for step in chosen] == ["browsers", "build", "print", "paper"]
    with pytest.raises(ValueError, match=r"^no step is named 'nothing'; there are browsers, "):
        run_tests.with_needed(["nothing"], steps.of_test())


def test_every_file_of_tests_belongs_to_a_step():
    commands = [part for step in steps.of_test() for part in step.command]
    files = [str(path.relative_to(ROOT)) for path in (ROOT / "tests").glob("test_*.py")]
    assert set(files) <= set(commands)
    assert len({step.name for step in steps.of_test()}) == len(steps.of_test())


def test_what_is_shared_out_is_in_every_environment() -> None:
    """A part that none of them takes would be tested with few dependencies only."""
    mark = "\npytestmark = pytest.mark.shared_out\n"
    marked = [path for path in ROOT.glob("tests/test_*.py") if mark in path.read_text()]
    assert {path.stem.removeprefix("test_") for path in marked} == set(steps.SHARED_OUT)


# --- what the repository promises ----------------------------------------------------------------


def test_help_lists_every_target():
    listed = set(re.findall(r"^  make ([a-z-]+) ", shell("make", "help").stdout, re.MULTILINE))
    makefile = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    of_make = re.search(r"^TARGETS := (.*)$", makefile, re.MULTILINE)[1]
    assert listed == TARGETS == set(of_make.split())


@pytest.mark.parametrize(
    "path", sorted((ROOT / ".github").glob("*.svg")), ids=lambda path: path.name
)
def test_no_part_of_a_drawn_picture_is_scaled_to_nothing(path):
    assert not re.findall(r"scale\((?:0\.0*[ )]|[^)]* -?0\.0*\))", path.read_text())


@pytest.mark.parametrize(
    "name", ["README.md", "CONTRIBUTING.md", "book/run.md", ".github/workflows/book.yml"]
)
def test_documents_name_only_commands_and_files_that_exist(name):
    text = (ROOT / name).read_text()
    assert set(re.findall(r"\bmake ([a-z-]+)\b(?=[`\s]|$)", text)) & TARGETS
    assert set(re.findall(r"`make ([a-z-]+)", text)) <= TARGETS
    assert set(re.findall(r"python run\.py ([a-z-]+)", text)) <= TARGETS
    paths = re.findall(r"`((?:em_core|book|theme|tools|tests)/[\w./]*)`", text)
    missing = [p for p in paths if "NN_" not in p and not (ROOT / p).exists()]
    assert not missing


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("LICENSE", "MIT License"),
        ("LICENSE-content.md", "creativecommons.org/licenses/by/4.0"),
        ("CITATION.cff", "cff-version: 1.2.0"),
        ("CHANGELOG.md", "## "),
        ("em_core/fonts/OFL.txt", "SIL OPEN FONT LICENSE"),
        ("theme/static/fonts/OFL.txt", "SIL OPEN FONT LICENSE"),
    ],
)
def test_licences_and_records_are_there(name, words):
    assert words in (ROOT / name).read_text()


def test_both_copies_of_the_font_licence_are_the_same():
    copies = [ROOT / "em_core/fonts/OFL.txt", ROOT / "theme/static/fonts/OFL.txt"]
    assert len({hashlib.sha256(path.read_bytes()).hexdigest() for path in copies}) == 1


def test_the_readmes_code_prints_what_it_says(capsys):
    code = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[1]
    exec(code, {})
    said = re.search(r"# \[([\d.]+)\.\.\., ([\d.]+)\.\.\.\]", code).groups()
    printed = capsys.readouterr().out.strip(" []\n").split()
    assert all(p.startswith(s) for p, s in zip(printed, said, strict=True))


def test_versions_agree():
    version = metadata.version("em_core")
    assert f"version: {version}" in (ROOT / "CITATION.cff").read_text()
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()


def test_em_core_alone_needs_neither_matplotlib_nor_widgets():
    code = (
        "import sys; import em_core, em_core.listings, em_core.tables; "
        "print([m for m in ('matplotlib', 'ipywidgets', 'anywidget') if m in sys.modules])"
    )
    assert shell(sys.executable, "-c", code).stdout.strip() == "[]"


# Pages about what was printed before; and the names of the parts, and of a lecture yet to be held.
OF_2015 = {"changes", "ledger", "reference", "bibliography"}
ANOTHER = re.compile(
    r"the lecture (?:room|can begin)|\| Lecture \||Part (?:one|two)\W+(?:is |past )?the lecture"
)


def said_on(page: Path) -> str:
    """A page's words, code and outputs, without the section that names its sources."""
    if page.suffix == ".md":
        return page.read_text()
    cells = json.loads(page.read_text())["cells"]
    told = ["".join(cell["source"]) for cell in cells]
    shown = [json.dumps(cell.get("outputs", [])) for cell in cells]
    return "\n".join(t + s for t, s in zip(told, shown, strict=True) if "## Sources" not in t)


@pytest.mark.parametrize(
    "page",
    [
        p
        for p in sorted((ROOT / "book").glob("*.*"))
        if p.suffix in (".md", ".ipynb") and p.stem not in OF_2015
    ],
    ids=lambda page: page.stem,
)
def test_the_lecture_of_2015_is_named_where_the_book_is_compared_with_it(page):
    assert not re.findall(
        r".{0,40}\blectures?\b.{0,40}|lecture2015", ANOTHER.sub("", said_on(page)), re.I
    )
