"""A button on each chapter that opens it in Binder, where the repository's address is known.

The address comes from the environment variable `BOOK_REPOSITORY` of the build. Without it no page
has a button, and "Run it yourself" says so.
"""

from __future__ import annotations

import os
import re
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError

VARIABLE = "BOOK_REPOSITORY"
ADDRESS = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+?)(?:\.git)?/?")
PLACEHOLDER = "https://github.com/OWNER/NAME"
BRANCH = "main"
BUTTONS = "The button *Run in Binder* at the top of each chapter opens that chapter."
NO_BUTTONS = (
    "Where the book is published, a button at the top of each chapter opens that chapter. This "
    "copy was built without the address of a repository, so it has none."
)
CLONE = """\
```console
$ git clone {address}
$ cd {name}
$ make lab
```"""
HUB = """\
```text
https://HUB/hub/user-redirect/git-pull?repo={quoted}&branch={branch}&urlpath=lab/tree/{name}/book/05_coins.ipynb
```"""


def owner_and_name(repository: str) -> tuple[str, str]:
    """Take a repository's address apart."""
    found = ADDRESS.fullmatch(repository)
    if not found:
        raise ExtensionError(
            f"{VARIABLE}: {repository!r} is not the address of a repository; "
            f"it must have the form {PLACEHOLDER}"
        )
    return found[1], found[2]


def binder_address(repository: str, notebook: str) -> str:
    """The address at which Binder opens a notebook, given by its path in the repository."""
    place = "/".join(owner_and_name(repository))
    return f"https://mybinder.org/v2/gh/{place}/{BRANCH}?urlpath=lab/tree/{notebook}"


def words(repository: str) -> dict[str, str]:
    """What "Run it yourself" says that depends on the repository's address."""
    owner, name = owner_and_name(repository or PLACEHOLDER)
    address = f"https://github.com/{owner}/{name}"
    return {
        "binder_buttons": BUTTONS if repository else NO_BUTTONS,
        "clone": CLONE.format(address=address, name=name),
        "hub_link": HUB.format(quoted=quote(address, safe=""), branch=BRANCH, name=name),
    }


def configure(app: Sphinx, config: Config) -> None:
    """Read the repository's address."""
    config.book_repository = os.environ.get(VARIABLE, "")
    config.myst_substitutions = config.myst_substitutions | words(config.book_repository)


def link_to_binder(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Give the templates the address that opens the page's notebook; the first page has none."""
    if doctree is None or page == app.config.root_doc or not app.config.book_repository:
        return
    notebook = PurePath(app.env.doc2path(page, base=False))
    if notebook.suffix == ".ipynb":
        context["binder"] = binder_address(app.config.book_repository, notebook.as_posix())


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the extension."""
    app.add_config_value("book_repository", "", "env")
    app.connect("config-inited", configure)
    app.connect("html-page-context", link_to_binder)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
