"""What nbval does not compare: pictures and widgets, which the committed notebooks leave out."""

from __future__ import annotations

from nbval.plugin import IPyNbFile

LEFT_OUT = (
    "image/png",
    "image/svg+xml",
    "application/vnd.jupyter.widget-view+json",
    "application/vnd.em-widget+json",
)
_setup = IPyNbFile.setup


def setup(self: IPyNbFile) -> None:
    _setup(self)
    self.skip_compare += LEFT_OUT


IPyNbFile.setup = setup
