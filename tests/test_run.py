"""What `run.py` would run on Windows, macOS and Linux, and what it refuses, without running it."""

from __future__ import annotations

import ast
import ntpath
import os
import posixpath
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import run

ROOT = Path(run.__file__).parent
HERE = {"linux": "/home/ada/em", "darwin": "/Users/ada/em", "win32": r"C:\Users\Ada L\em"}
PYTHON = {
    "linux": "/home/ada/em/.venv/bin/python",
    "darwin": "/Users/ada/em/.venv/bin/python",
    "win32": r"C:\Users\Ada L\em\.venv\Scripts\python.exe",
}
ALL = [target for target in run.TARGETS if target not in ("help", "clean")]
platforms = pytest.mark.parametrize("platform", HERE)


def planned(target: str, platform: str, **settings: str) -> list:
    return run.plan(target, settings, platform, HERE[platform])


def variables(target: str, platform: str, **there: str) -> dict[str, str]:
    return run.environment(target, there, platform, HERE[platform])


# --- what would be run --------------------------------------------------------------------------


@platforms
def test_every_command_is_run_by_the_environments_own_python(platform):
    for target in ALL:
        if (platform, target) not in run.NOT_ON:
            commands = [one for one in planned(target, platform) if isinstance(one, list)]
            assert commands or target == "setup"
            assert all(command[0] == PYTHON[platform] for command in commands)


@platforms
def test_what_is_run_is_there(platform):
    for target in ALL:
        if (platform, target) not in run.NOT_ON:
            for command in planned(target, platform):
                if isinstance(command, list) and command[1] != "-m":
                    assert (ROOT / command[1]).is_file()


@platforms
@pytest.mark.parametrize(
    ("target", "settings", "commands"),
    [
        ("setup", {}, []),
        ("book", {}, ["tools/build.py build"]),
        ("serve", {}, ["tools/build.py serve --port 8000"]),
        ("serve", {"PORT": "9000"}, ["tools/build.py serve --port 9000"]),
        ("bench-site", {}, ["tools/build.py build", "tools/bench_site.py"]),
        ("check", {"ONLY": "style types"}, ["tools/run_tests.py --check style types"]),
        ("notebooks", {"ONLY": "book/a.ipynb"}, ["tools/notebooks.py book/a.ipynb"]),
        ("key", {"CODE": "AB-12"}, ["tools/sheets.py key AB-12"]),
        (
            "moodle",
            {"CHAPTERS": "3", "EXERCISES": "bic"},
            ["tools/moodle.py --chapters 3 --exercises bic --variants 30 --seed 1"],
        ),
        ("handout", {"CHAPTER": "3"}, ["tools/handout.py 3"]),
        ("lint", {}, ["-m ruff check .", "-m ruff format --check .", "-m mypy"]),
    ],
)
def test_a_target_with_its_settings_is_these_commands(platform, target, settings, commands):
    found = planned(target, platform, **settings)
    assert [" ".join(command[1:]) for command in found] == commands


@platforms
def test_sheets_are_asked_for_with_a_name_that_has_spaces(platform):
    [command] = planned("sheets", platform, CHAPTERS="3,5", STUDENTS="my class.csv", N="")
    given = dict(zip(command[3::2], command[4::2], strict=True))
    assert command[1:3] == ["tools/sheets.py", "make"]
    assert given == {
        "--chapters": "3,5",
        "--exercises": "",
        "--students": "my class.csv",
        "--count": "30",
        "--seed": "1",
        "--paper": "a4",
    }


@platforms
def test_jupyterlab_opens_the_book_with_binders_settings(platform):
    said, command = planned("lab", platform, PORT="0")
    assert "Ctrl-C ends it" in said
    assert command[1:6] == ["-m", "jupyterlab", "--allow-root", "--port", "0"]
    assert "--LabApp.default_url=/lab/tree/book/index.ipynb" in command
    paths = ntpath if platform == "win32" else posixpath
    settings = variables("lab", platform)["JUPYTER_CONFIG_PATH"]
    assert settings == paths.join(HERE[platform], "binder")
    assert "JUPYTER_CONFIG_PATH" not in variables("book", platform)


# --- the variables ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("platform", "before", "after"),
    [
        ("linux", "/usr/bin:/bin", "/home/ada/em/.venv/bin:/usr/bin:/bin"),
        ("darwin", "/usr/bin:/bin", "/Users/ada/em/.venv/bin:/usr/bin:/bin"),
        ("win32", r"C:\Windows;C:\Git", r"C:\Users\Ada L\em\.venv\Scripts;C:\Windows;C:\Git"),
    ],
)
def test_the_environments_programs_are_found_first(platform, before, after):
    assert variables("book", platform, PATH=before)["PATH"] == after


@platforms
def test_threads_bytecode_and_the_place_of_the_code(platform):
    found = variables("book", platform, PYTHONDONTWRITEBYTECODE="1", OMP_NUM_THREADS="4")
    assert found["PYTHONPATH"] == HERE[platform]
    assert found["OPENBLAS_NUM_THREADS"] == "1"
    assert found["OMP_NUM_THREADS"] == "4"
    assert "PYTHONDONTWRITEBYTECODE" not in found
    assert ("PYTHONUTF8" in found) == (platform == "win32")


# --- what is asked for --------------------------------------------------------------------------


def test_words_count_more_than_variables_and_targets_come_in_their_order():
    asked = run.understood(["lint", "lab", "PORT=9000"], {"PORT": "1", "N": "2"})
    assert asked == (["lint", "lab"], {"PORT": "9000"})
    assert run.understood(["check"], {"ONLY": "style"}) == (["check"], {"ONLY": "style"})
    assert run.understood([], {}) == (["help"], {})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["bok"], "There is no target bok; there are help, setup, book, "),
        (["lab", "PROT=1"], "There is no setting PROT: lab takes PORT."),
        (["book", "N=1"], "There is no setting N: book takes no settings."),
        (["lab", "PYTHON=python3.12"], "The Python is the one that you start: python3.12 run.py"),
    ],
)
def test_what_there_is_not_is_refused_in_a_line_and_nothing_runs(monkeypatch, capsys, words, said):
    monkeypatch.setattr(run, "call", lambda *_: pytest.fail("something was run"))
    assert run.main(words) == 2
    refused = capsys.readouterr().err
    assert refused.startswith(f"-- {said}")
    assert refused.count("\n") == 1


def test_what_windows_cannot_run_is_refused_and_says_what_can():
    with pytest.raises(run.RefusedError, match=r"^`test` does not run here: .*`check` tests"):
        planned("test", "win32")
    assert planned("check", "win32")
    assert planned("test", "darwin")


def test_help_lists_every_target_as_it_is_typed(monkeypatch, capsys):
    monkeypatch.delenv("MAKELEVEL", raising=False)
    assert run.main(["--help"]) == run.main(["help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in lines[: len(run.TARGETS)]] == [
        ["python", "run.py", target] for target in run.TARGETS
    ]


def test_the_environment_comes_first_and_the_first_failure_ends_it(monkeypatch):
    ran = []
    monkeypatch.setattr(run, "call", lambda command, _: ran.append(command[1:]) or len(ran) // 2)
    assert run.main(["lint"]) == 1
    assert ran == [["tools/bootstrap.py"], ["-m", "ruff", "check", "."]]


def test_old_pythons_can_read_it():
    tree = ast.parse((ROOT / "run.py").read_text(), feature_version=(3, 4))
    new = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr)
    assert not [node.lineno for node in ast.walk(tree) if isinstance(node, new)]


WAITS = """
import signal, sys, time
signal.signal(signal.SIGINT, lambda *_: sys.exit(7))
signal.signal(signal.SIGTERM, lambda *_: sys.exit(8))
print("ready", flush=True)
time.sleep(600)
"""
RUNS = f"""
import os, run, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(run.call([sys.executable, "-c", {WAITS!r}], os.environ))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no signals to a group")
@pytest.mark.parametrize(
    ("number", "to_all", "status"), [("SIGINT", True, 7), ("SIGTERM", False, 8)]
)
def test_a_command_that_is_stopped_ends_itself_without_a_traceback(number, to_all, status):
    with subprocess.Popen(
        [sys.executable, "-c", RUNS],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout.readline() == b"ready\n"
        (os.killpg if to_all else os.kill)(process.pid, getattr(signal, number))
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (status, b"")


def test_ctrl_c_between_two_commands_is_no_traceback_either(monkeypatch):
    def stop(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "call", stop)
    assert run.main(["book"]) == run.STOPPED
