"""What nbval does not compare, and a way to compare what the build executed already."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbval.plugin import IPyNbCell, IPyNbFile, coalesce_streams

LEFT_OUT = (  # the committed notebooks have neither pictures nor widgets
    "image/png",
    "image/svg+xml",
    "application/vnd.jupyter.widget-view+json",
    "application/vnd.em-widget+json",
)
CACHE = Path(__file__).resolve().parent.parent / "_build" / ".jupyter_cache"
_setup, _runtest = IPyNbFile.setup, IPyNbCell.runtest


def pytest_addoption(parser: pytest.Parser) -> None:
    text = "compare the outputs of the last build, and execute nothing"
    parser.addoption("--built", action="store_true", help=text)


def setup(self: IPyNbFile) -> None:
    if self.config.option.built:
        from jupyter_cache import get_cache

        self.setup_sanitize_files()
        cache = get_cache(CACHE)
        executed = cache.get_cache_bundle(cache.match_cache_notebook(self.nb).pk).nb
        self.executed = [cell for cell in executed.cells if cell.cell_type == "code"]
    else:
        _setup(self)
    self.skip_compare += LEFT_OUT


def runtest(self: IPyNbCell) -> None:
    if not self.config.option.built:
        _runtest(self)
    elif self.options["check"]:
        found = coalesce_streams(self.parent.executed[self.cell_num].outputs)
        if not self.compare_outputs(found, coalesce_streams(self.cell.outputs)):
            said = "\n".join(self.comparison_traceback)
            self.raise_cell_error("Cell outputs differ", said)


IPyNbFile.setup, IPyNbCell.runtest = setup, runtest
