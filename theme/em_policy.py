"""What a page may do: nothing but load what the site itself holds.

The policy stands in each page, so that it holds from disk and on any server. A few scripts are
written into pages, since they are needed before anything is drawn or at any depth; the policy
allows them by their digests. Styles may stand in elements: KaTeX's formulas are placed by them.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

INLINE = {path.stem: path.read_text() for path in (Path(__file__).parent / "inline").glob("*.js")}


def digest(script: str) -> str:
    """A script's source expression."""
    raw = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(raw).decode()}'"


POLICY = "; ".join(
    [
        "default-src 'none'",
        " ".join(["script-src 'self'", *(digest(INLINE[name]) for name in sorted(INLINE))]),
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "form-action 'self' file:",  # from disk, Firefox's 'self' is no file
        "base-uri 'none'",
    ]
)


def give_policy(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Hand the policy and the scripts to the templates."""
    context |= {"policy": POLICY, "inline": INLINE}


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the extension."""
    app.connect("html-page-context", give_policy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
