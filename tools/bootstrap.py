"""Make a virtual environment that holds the exact pins, or reuse it; any old Python can read this.

python3 tools/bootstrap.py [--venv .venv] [--no-npm]
"""

import hashlib
import ntpath
import os
import posixpath
import subprocess
import sys

OLDEST, NEWEST = (3, 11), (3, 13)
HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def refuse(sentence):
    sys.stderr.write(sentence + "\n")
    sys.exit(1)


def check_python(version, modules):
    """The sentence that refuses this Python, or None if it will do."""
    here = ".".join(str(part) for part in version[:2])
    if not OLDEST <= tuple(version[:2]) <= NEWEST:
        return (
            "This is Python %s, but the book needs Python 3.11, 3.12 or 3.13: install one of "
            "them and name it, as in `make book PYTHON=python3.12` or `python3.12 run.py book`."
            % here
        )
    for module in modules:
        try:
            __import__(module)
        except ImportError:
            return (
                "Python %s lacks its %s module: install it (on Debian or Ubuntu: "
                "`apt install python%s-venv`) and try again." % (here, module, here)
            )
    return None


def say(text):
    sys.stdout.write("-- " + text + "\n")
    sys.stdout.flush()


def digest(names):
    whole = hashlib.sha256(sys.version.encode())
    for name in names:
        with open(os.path.join(HERE, name), "rb") as file:
            whole.update(file.read())
    return whole.hexdigest()


def is_done(stamp, key):
    if not os.path.exists(stamp):
        return False
    with open(stamp) as file:
        return file.read() == key


def mark(stamp, key):
    with open(stamp, "w") as file:
        file.write(key)


def pinned(package):
    with open(os.path.join(HERE, "requirements.txt")) as file:
        return next(line.strip() for line in file if line.startswith(package + "=="))


def program(venv, name, platform=sys.platform):
    """Where an environment has a program."""
    if platform == "win32":
        return ntpath.join(venv, "Scripts", name + ".exe")
    return posixpath.join(venv, "bin", name)


def run(command, **how):
    environment = dict(os.environ, UV_SYSTEM_CERTS="1", NODE_USE_SYSTEM_CA="1", **how)
    return subprocess.call(command, cwd=HERE, env=environment)


def install_python_packages(venv):
    python = program(venv, "python")
    if os.name == "nt" and os.path.normcase(sys.prefix) == os.path.normcase(venv):
        refuse("Windows can't replace the Python that runs: `deactivate`, and try again.")
    say("making %s with Python %d.%d" % ((os.path.relpath(venv, HERE),) + sys.version_info[:2]))
    if subprocess.call([sys.executable, "-m", "venv", "--clear", venv]):
        refuse("`python -m venv` failed, see above.")
    say("installing the pinned packages (one to three minutes, less the second time)")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install"]
    pins, project = ["-r", "requirements.txt"], ["--no-deps", "--no-build-isolation", "-e", "."]
    uv = [python, "-m", "uv", "pip", "install", "--python", python]
    if run(pip + ["-q", pinned("uv")]) == 0 and run(uv + pins) == 0 and run(uv + project) == 0:
        return
    say("uv did not manage; pip installs instead")
    if run(pip + pins) or run(pip + project):
        refuse("The packages could not be installed, see above: is the network there?")


def install_npm_packages(venv):
    say("installing KaTeX and what the tests need by the lock file's checksums")
    npm = program(venv, "npm")
    path = os.path.dirname(npm) + os.pathsep + os.environ.get("PATH", "")
    npm = [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    if run(npm, PATH=path):
        refuse("`npm ci` failed, see above: is the network there?")


def main(arguments):
    sentence = check_python(sys.version_info, ["venv", "ensurepip"])
    if sentence:
        refuse(sentence)
    name = arguments[arguments.index("--venv") + 1] if "--venv" in arguments else ".venv"
    venv = os.path.join(HERE, name)
    stamp, key = os.path.join(venv, "stamp"), digest(["requirements.txt", "pyproject.toml"])
    if not is_done(stamp, key):
        install_python_packages(venv)
        mark(stamp, key)
    if "--no-npm" not in arguments:
        modules = os.path.join(HERE, "node_modules")
        stamp, key = os.path.join(modules, ".stamp"), digest(["package-lock.json"])
        if not is_done(stamp, key):
            install_npm_packages(venv)
            mark(stamp, key)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        refuse("\n-- stopped: what is missing is made the next time")
