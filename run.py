"""Do what the make targets do, without make: python run.py book | lab | test | sheets ...

python run.py help lists them. Settings are written as for make: python run.py lab PORT=9000.
The Makefile calls this file. Any old Python can read it, so that it is refused in words.
"""

import glob
import ntpath
import os
import posixpath
import shutil
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "tools"))

import bootstrap  # noqa: E402

SHEETS = "CHAPTERS EXERCISES STUDENTS N SEED PAPER"
# Target, the settings that it takes, what it does.
TABLE = [
    ("help", "", "list the targets"),
    ("setup", "", "make .venv with the exact pins, or reuse it"),
    ("book", "", "execute every chapter and build the site"),
    ("serve", "PORT", "build the site and serve it on 127.0.0.1 (PORT=8000); Enter rebuilds"),
    ("lab", "PORT", "open the book in JupyterLab, as in Binder; Ctrl-C ends it"),
    ("pdf", "", "print the whole book as one PDF"),
    ("slides", "", "build the site and list its decks of slides, one a chapter"),
    (
        "sheets",
        SHEETS,
        "print exercise sheets, each with other numbers, and their key (CHAPTERS=3,5 N=30)",
    ),
    ("key", "CODE", "say what is right on an exercise sheet (CODE=...)"),
    (
        "moodle",
        "CHAPTERS EXERCISES VARIANTS SEED",
        "write exercises with variants for Moodle (CHAPTERS=3,5 EXERCISES=bic VARIANTS=30)",
    ),
    (
        "handout",
        "CHAPTER",
        "write a chapter as a notebook without solutions, and one with them (CHAPTER=3)",
    ),
    ("zip", "", "pack the site into one file that opens without server or network"),
    ("reference", "", "write the reference collection, em-reference.json, into _build/reference"),
    (
        "check",
        "ONLY",
        "test what is quick, while you work: style, types, laws, numbers, errors, house",
    ),
    (
        "test",
        "ONLY",
        "test everything: style, chapters, site in browsers, other Pythons (ONLY=STEP)",
    ),
    ("bench", "", "measure the fits beside scikit-learn, the listings and the floor (ten minutes)"),
    ("bench-site", "", "measure the widgets in a browser, beside the stock way to embed one"),
    ("lint", "", "style (ruff) and types (mypy)"),
    ("format", "", "put the code into the house's style"),
    ("notebooks", "ONLY", "execute the chapters and write them small (ONLY=book/NAME.ipynb)"),
    ("requirements", "", "pin requirements.txt anew from requirements.in, and Binder's from it"),
    ("clean", "", "remove what was built and installed"),
]
TARGETS = [name for name, _, _ in TABLE]
SETTINGS = dict((name, names.split()) for name, names, _ in TABLE)
DEFAULTS = {"PORT": "8000", "N": "30", "VARIANTS": "30", "SEED": "1", "PAPER": "a4"}
NOT_ON = {
    ("win32", "test"): "it runs shell scripts and drives WebKitGTK, and Windows has neither. "
    "`check` tests the code; all of it runs on Debian, also in the Windows Subsystem for Linux"
}
MADE = ["_build", ".venv", ".venv-3.*", "node_modules", ".hypothesis"]
MADE += [".mypy_cache", ".pytest_cache", ".ruff_cache"]
STOPPED = 130


class RefusedError(Exception):
    """What was asked for can't be done; the text says why."""


def programs(platform, here):
    """The folder of .venv's programs, and its Python."""
    paths = ntpath if platform == "win32" else posixpath
    python = bootstrap.program(paths.join(here, ".venv"), "python", platform)
    return paths.dirname(python), python


def environment(target, variables, platform=sys.platform, here=HERE):
    """The variables in which a target's commands run."""
    paths = ntpath if platform == "win32" else posixpath
    found = dict(variables)
    found["PATH"] = paths.pathsep.join([programs(platform, here)[0], found.get("PATH", "")])
    found["PYTHONPATH"] = here
    # Two kernels beside each other would otherwise start two BLAS threads a core.
    found.setdefault("OPENBLAS_NUM_THREADS", "1")
    found.setdefault("OMP_NUM_THREADS", "1")
    # A hundred processes would each compile every module that they import: a quarter of the time.
    found.pop("PYTHONDONTWRITEBYTECODE", None)
    if platform == "win32":
        found["PYTHONUTF8"] = "1"  # the book's files are UTF-8, whatever this Windows is set to
    if target == "lab":
        found["JUPYTER_CONFIG_PATH"] = paths.join(here, "binder")
    return found


def plan(target, settings, platform=sys.platform, here=HERE):
    """What a target does once .venv is there: a list is a command that is run, a text is said.

    Each command names its program by its whole path: Windows would not look for it in the PATH that
    the command is given.
    """
    if (platform, target) in NOT_ON:
        raise RefusedError("`%s` does not run here: %s." % (target, NOT_ON[platform, target]))
    _, python = programs(platform, here)
    given = dict((name, settings.get(name) or DEFAULTS.get(name, "")) for name in SETTINGS[target])
    only = given.get("ONLY", "").split()
    port = ["--port", given.get("PORT", "")]
    options = []
    for name in SETTINGS[target]:
        options += ["--" + {"N": "count"}.get(name, name.lower()), given[name]]
    build, ruff = [python, "tools/build.py"], [python, "-m", "ruff"]
    lab = [python, "-m", "jupyterlab", "--allow-root"] + port + ["--log-level", "WARN"]
    lab += ["--LabApp.default_url=/lab/tree/book/index.ipynb", "--ServerApp.answer_yes=True"]
    return {
        "setup": [],
        "book": [build + ["build"]],
        "serve": [build + ["serve"] + port],
        "lab": ["JupyterLab opens in the browser in some seconds; Ctrl-C ends it", lab],
        "pdf": [[python, "tools/pdf.py"]],
        "slides": [build + ["slides"]],
        "sheets": [[python, "tools/sheets.py", "make"] + options],
        "key": [[python, "tools/sheets.py", "key", given.get("CODE", "")]],
        "moodle": [[python, "tools/moodle.py"] + options],
        "handout": [[python, "tools/handout.py", given.get("CHAPTER", "")]],
        "zip": [[python, "tools/pack.py"]],
        "reference": [
            [python, "book/reference.py", "_build/reference"],
            "_build/reference/em-reference.json is written, with its schema",
        ],
        "check": [[python, "tools/run_tests.py", "--check"] + only],
        "test": [[python, "tools/run_tests.py"] + only],
        "bench": [[python, "tools/bench_fit.py"]],
        "bench-site": [build + ["build"], [python, "tools/bench_site.py"]],
        "lint": [ruff + ["check", "."], ruff + ["format", "--check", "."], [python, "-m", "mypy"]],
        "format": [ruff + ["check", "--fix", "."], ruff + ["format", "."]],
        "notebooks": [[python, "tools/notebooks.py"] + only],
        "requirements": [[python, "tools/pins.py"]],
    }[target]


def understood(words, variables):
    """The targets that are asked for, and the settings: of words, else of variables, as in make."""
    targets = [word for word in words if "=" not in word] or ["help"]
    for target in targets:
        if target not in TARGETS:
            raise RefusedError(
                "There is no target %s; there are %s." % (target, ", ".join(TARGETS))
            )
    taken = [name for target in targets for name in SETTINGS[target]]
    settings = dict((name, variables[name]) for name in taken if name in variables)
    for word in words:
        name, is_setting, value = word.partition("=")
        if is_setting and name == "PYTHON":
            raise RefusedError("The Python is the one that you start: %s run.py ..." % value)
        if is_setting and name not in taken:
            has = "takes " + ", ".join(taken) if taken else "takes no settings"
            raise RefusedError("There is no setting %s: %s %s." % (name, " ".join(targets), has))
        if is_setting:
            settings[name] = value
    return targets, settings


def listed(start):
    """The targets as they are typed."""
    return "".join("  %s %-13s %s\n" % (start, name, what) for name, _, what in TABLE)


def call(command, variables):
    """Run a command to its end; Ctrl-C reaches it as well, and it is waited for."""
    before = signal.signal(signal.SIGINT, lambda *_: None)  # the command has its own
    try:
        process = subprocess.Popen(command, cwd=HERE, env=variables)
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        return process.wait()
    finally:
        signal.signal(signal.SIGINT, before)


def clean():
    for pattern in MADE:
        for path in glob.glob(os.path.join(HERE, pattern)):
            bootstrap.say("removing " + os.path.basename(path))
            shutil.rmtree(path)


def run(target, settings):
    """Do what a target does; the status of the command that failed, or 0."""
    if target == "help":
        sys.stdout.write(listed("make" if "MAKELEVEL" in os.environ else "python run.py"))
        return 0
    if target == "clean":
        return clean() or 0
    todo = plan(target, settings)
    variables = environment(target, os.environ)
    for one in [[sys.executable, "tools/bootstrap.py"]] + todo:
        if not isinstance(one, list):
            bootstrap.say(one)
            continue
        status = call(one, variables)
        if status:
            return status if status > 0 else 128 - status  # as a shell says it of a signal
    return 0


def main(words):
    if set(words) & set(["-h", "--help"]):
        words = ["help"]
    try:
        targets, settings = understood(words, os.environ)
        for target in targets:
            status = run(target, settings)
            if status:
                return status
    except RefusedError as refused:
        sys.stderr.write("-- %s\n" % refused)
        return 2
    except OSError as error:
        sys.stderr.write("-- %s\n" % error)
        return 1
    except KeyboardInterrupt:
        return STOPPED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
