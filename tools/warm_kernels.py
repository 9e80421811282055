"""Run a command whose notebooks start quickly: their kernels begin with what all of them import.

python tools/warm_kernels.py COMMAND ...

A kernel takes a second of a processor for imports that are the same in every chapter. Here one
process has them, and each kernel is a fork of it. Where a system cannot fork, the command is run as
it is.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from importlib import import_module
from pathlib import Path

MODULES = ["ipykernel.kernelapp", "matplotlib.pyplot", "matplotlib_inline", "pandas"]
MODULES += ["scipy.optimize", "scipy.stats", "ipywidgets"]
STREAMS = [0, 1, 2]


def ask(address: str, arguments: list[str]) -> None:
    """Ask for a kernel and live as long as it: this is the process that Jupyter knows."""
    asked = {"arguments": arguments, "folder": os.getcwd(), "environment": dict(os.environ)}
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(address)
        socket.send_fds(line, [json.dumps(asked).encode() + b"\n"], STREAMS)
        answer = line.makefile("r")
        kernel = int(answer.readline())
        signal.signal(signal.SIGINT, lambda *_: os.kill(kernel, signal.SIGINT))
        answer.readline()  # nothing comes but the end


def answer(listening: socket.socket) -> None:
    """Fork for each that asks."""
    while True:
        line, _ = listening.accept()
        text, streams, *_ = socket.recv_fds(line, 1 << 20, len(STREAMS))
        while not text.endswith(b"\n"):
            text += line.recv(1 << 20)
        if not os.fork():
            listening.close()
            become_kernel(line, streams, **json.loads(text))
        line.close()
        for stream in streams:
            os.close(stream)


def become_kernel(
    line: socket.socket,
    streams: list[int],
    arguments: list[str],
    folder: str,
    environment: dict[str, str],
) -> None:
    """Be a kernel as if it had been started there, and end when the one who asked does."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for stream, place in zip(streams, STREAMS, strict=True):
        os.dup2(stream, place)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["ipykernel_launcher", *arguments]
    sys.path[:1] = [folder]
    line.sendall(f"{os.getpid()}\n".encode())

    def leave() -> None:
        line.recv(1)
        os._exit(1)

    threading.Thread(target=leave, daemon=True).start()
    status = 1
    try:
        import_module("ipykernel.kernelapp").launch_new_instance()
        status = 0
    finally:
        os._exit(status)


def warm(listening: socket.socket) -> None:
    """Import everything, then answer."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a fork
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"  # as in a kernel
    os.environ["JPY_PARENT_PID"] = str(os.getpid())
    for name in MODULES:
        import_module(name)
    gc.freeze()  # no kernel need look for garbage among what all have
    answer(listening)


def run(command: list[str]) -> int:
    """Run a command that finds these kernels under the name of the usual one."""
    from ipykernel.kernelspec import get_kernel_dict  # slow to import, and no kernel's business

    with tempfile.TemporaryDirectory(prefix="em-kernels-") as folder:
        address = f"{folder}/s"
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(address)
        listening.listen()
        if not (keeper := os.fork()):
            warm(listening)
        listening.close()
        kernel = Path(folder) / "kernels" / "python3"
        kernel.mkdir(parents=True)
        asks = [sys.executable, "-S", __file__, "--ask", address, "-f", "{connection_file}"]
        (kernel / "kernel.json").write_text(json.dumps(get_kernel_dict() | {"argv": asks}))
        path = os.pathsep.join(filter(None, [folder, os.environ.get("JUPYTER_PATH")]))
        try:
            return subprocess.call(command, env=os.environ | {"JUPYTER_PATH": path})
        finally:
            os.kill(keeper, signal.SIGKILL)
            os.waitpid(keeper, 0)


def main() -> int:
    first, *others = sys.argv[1:]
    if first == "--ask":
        ask(others[0], others[1:])
        return 0
    if not hasattr(os, "fork"):
        return subprocess.call([first, *others])
    return run([first, *others])


if __name__ == "__main__":
    sys.exit(main())
