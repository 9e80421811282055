"""How nbval executes the chapters, what it leaves out, and what the build executed already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, RunningKernel
from nbval.plugin import IPyNbCell, IPyNbFile, coalesce_streams

LEFT_OUT = (  # the committed notebooks have neither pictures nor widgets
    "image/png",
    "image/svg+xml",
    "application/vnd.jupyter.widget-view+json",
    "application/vnd.em-widget+json",
    "application/vnd.em-by-hand+json",
)
CACHE = Path(__file__).resolve().parent.parent / "_build" / ".jupyter_cache"
LAST_RESORT = 120  # seconds; nbval gives up after five, which a busy machine may take
# One kernel executes all chapters, so that each finds imported what the one before has imported.
# (When the book is built, each has a kernel of its own.) It finds no names and no settings.
# What is imported by then is set aside: %reset collects garbage, and would look through all of it.
BEGIN = """\
import contextlib, gc, sys, warnings
import matplotlib, numpy
sys.chapter = contextlib.ExitStack()
for settings in (warnings.catch_warnings, numpy.printoptions, matplotlib.rc_context):
    sys.chapter.enter_context(settings())
gc.freeze()
del contextlib, gc, matplotlib, numpy, settings, sys, warnings
"""
END = """\
import sys
from matplotlib import pyplot
pyplot.close("all")
sys.chapter.close()
%reset -f
"""
_runtest = IPyNbCell.runtest


class Kernel(RunningKernel):
    """The kernel of all chapters."""

    def await_reply(self, msg_id: str, timeout: float | None = None) -> None:
        super().await_reply(msg_id, timeout and max(timeout, LAST_RESORT))

    def do(self, code: str) -> None:
        """Execute what is no chapter's; it succeeds and puts nothing out."""
        told = self.kc.execute_interactive(code, output_hook=refuse, timeout=LAST_RESORT)
        assert told["content"]["status"] == "ok", told["content"]

    def stop(self) -> None:
        if self.is_alive():
            super().stop()


def refuse(message: dict[str, Any]) -> None:
    assert message["msg_type"] in ("status", "execute_input"), message["content"]


KERNEL = pytest.StashKey[Kernel]()


def kernel_for(file: IPyNbFile) -> Kernel:
    """The kernel of the chapter before, unless that has ended it."""
    config = file.config
    if KERNEL not in config.stash or not config.stash[KERNEL].is_alive():
        here, named = config.option.nbval_current_env, file.nb.metadata.kernelspec.name
        name = CURRENT_ENV_KERNEL_NAME if here else named
        kernel = Kernel(name, cwd=str(file.path.parent), startup_timeout=LAST_RESORT)
        config.add_cleanup(kernel.stop)
        config.stash[KERNEL] = kernel
    return config.stash[KERNEL]


def pytest_addoption(parser: pytest.Parser) -> None:
    text = "compare the outputs of the last build, and execute nothing"
    parser.addoption("--built", action="store_true", help=text)


def setup(self: IPyNbFile) -> None:
    self.setup_sanitize_files()
    if self.config.option.built:
        from jupyter_cache import get_cache

        cache = get_cache(CACHE)
        executed = cache.get_cache_bundle(cache.match_cache_notebook(self.nb).pk).nb
        self.executed = [cell for cell in executed.cells if cell.cell_type == "code"]
    else:
        self.kernel = kernel_for(self)
        self.kernel.do(BEGIN)
    self.skip_compare += LEFT_OUT


def teardown(self: IPyNbFile) -> None:
    if self.kernel and self.kernel.is_alive():
        self.kernel.do(END)


def runtest(self: IPyNbCell) -> None:
    self.output_timeout = LAST_RESORT
    if not self.config.option.built:
        _runtest(self)
    elif self.options["check"]:
        found = coalesce_streams(self.parent.executed[self.cell_num].outputs)
        if not self.compare_outputs(found, coalesce_streams(self.cell.outputs)):
            said = "\n".join(self.comparison_traceback)
            self.raise_cell_error("Cell outputs differ", said)


IPyNbFile.setup, IPyNbFile.teardown, IPyNbCell.runtest = setup, teardown, runtest
