"""The buttons that open a chapter in Binder, and what "Run it yourself" says of them."""

from __future__ import annotations

import re
from pathlib import Path

import build
import em_launch
import nbformat
import pytest
from sphinx.errors import ExtensionError
from sphinx.testing.util import SphinxTestApp

REPOSITORY = "https://github.com/ORG/REPO"
CONFIG = f"""\
extensions = ["myst_nb", "sphinx_external_toc", "sphinxcontrib.katex"]
extensions += ["em_launch", "em_policy", "em_site"]
exclude_patterns = ["_build", "node_modules"]
external_toc_exclude_missing = True
html_math_renderer = "katex"
html_theme = "em_book"
myst_enable_extensions = ["substitution"]
nb_execution_mode = "off"
project = "A book"
templates_path = [{str(build.ROOT / "theme/templates")!r}]
"""
TOC = """\
root: book/index
subtrees:
  - caption: The chapters
    entries: [{file: book/01_first}, {file: book/notes}, {file: book/run}]
"""


@pytest.fixture
def small_book(tmp_path: Path) -> Path:
    """A first page, a chapter and a page of notes, with the book's theme."""
    (tmp_path / "conf.py").write_text(CONFIG)
    (tmp_path / "_toc.yml").write_text(TOC)
    (tmp_path / "node_modules").symlink_to(build.ROOT / "node_modules")
    (tmp_path / "book").mkdir()
    for name in ("index", "01_first"):
        cells = [nbformat.v4.new_markdown_cell(f"# {name}\n\nA page that is executed.")]
        notebook = nbformat.v4.new_notebook(cells=cells)
        nbformat.write(notebook, tmp_path / "book" / f"{name}.ipynb")
    (tmp_path / "book/notes.md").write_text("# Notes\n\nA page without code.\n")
    said = "{{ binder_buttons }}\n\n{{ clone }}\n\n- one\n\n  {{ hub_link }}\n"
    (tmp_path / "book/run.md").write_text(f"# Run it\n\n{said}")
    return tmp_path


def pages(book: Path, monkeypatch: pytest.MonkeyPatch, repository: str) -> dict[str, str]:
    """Each page's HTML, of the book built with that address."""
    monkeypatch.setenv(em_launch.VARIABLE, repository)
    app = SphinxTestApp("html", srcdir=book, builddir=book / "_build")
    app.build()
    warned = app.warning.getvalue()
    app.cleanup()
    assert not warned
    return {path.stem: path.read_text() for path in (book / "_build/html/book").glob("*.html")}


def test_each_chapter_has_a_button_that_opens_it(small_book, monkeypatch):
    html = pages(small_book, monkeypatch, REPOSITORY)
    link = "https://mybinder.org/v2/gh/ORG/REPO/main?urlpath=lab/tree/book/01_first.ipynb"
    assert f'href="{link}"' in html["01_first"]
    assert {name for name, page in html.items() if "mybinder.org" in page} == {"01_first"}
    assert "Run in Binder</em> at the top of each chapter" in html["run"]
    assert "git clone https://github.com/ORG/REPO\n" in text(html["run"])
    hub = "git-pull?repo=https%3A%2F%2Fgithub.com%2FORG%2FREPO&branch=main&urlpath=lab/tree/REPO/"
    assert hub in text(html["run"])


def test_without_an_address_there_are_no_buttons_and_it_is_said(small_book, monkeypatch):
    html = pages(small_book, monkeypatch, "")
    assert not [name for name, page in html.items() if "mybinder.org" in page]
    assert "without the address of a repository" in html["run"]
    assert "git clone https://github.com/OWNER/NAME\n" in text(html["run"])


def text(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html).replace("&amp;", "&")


@pytest.mark.parametrize("ending", ["", "/", ".git"])
def test_an_address_may_end_as_the_browser_or_git_gives_it(ending):
    assert em_launch.owner_and_name(REPOSITORY + ending) == ("ORG", "REPO")


@pytest.mark.parametrize(
    "address", ["ORG/REPO", "https://github.com/ORG", "https://example.org/ORG/REPO", "no"]
)
def test_another_address_stops_the_build_and_says_the_right_form(address):
    with pytest.raises(ExtensionError, match=re.escape(em_launch.PLACEHOLDER)):
        em_launch.owner_and_name(address)
