"""Pages as they are delivered, parsed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from bs4 import BeautifulSoup


@cache
def soup(path: Path) -> BeautifulSoup:
    """A page, read once for all tests; none may change it."""
    return BeautifulSoup(path.read_text(), "html.parser")
