"""Widgets on pages: each becomes its picture, its data, and a place that the scripts fill.

myst-nb would embed the kernel's widget state and ask other hosts for its front end; neither is
needed, since the widget's output carries its whole trace.
"""

from __future__ import annotations

import json
from typing import Any

from docutils import nodes
from myst_nb.core.render import MimeData, NbElementRenderer, load_mime_renders
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from em_core.widgets.base import MIME, SCRIPTS, STATIC, STYLES

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"


class em_widget(nodes.General, nodes.Element):  # noqa: N801 (docutils names its nodes so)
    """A widget: `data` is its kind and trace; its child is the picture."""


class em_trace(nodes.Invisible, nodes.Element):  # noqa: N801
    """A widget's data, while myst-nb still holds all forms of the output."""


class WidgetMimes:
    """A myst-nb renderer for our own mime type; the live view has no place on a page."""

    @staticmethod
    def handle_mime(
        renderer: NbElementRenderer, data: MimeData, inline: bool
    ) -> list[nodes.Element] | None:
        if data.mime_type == MIME:
            return [em_trace("", data=data.content)]
        return [] if data.mime_type == VIEW else None


class PlaceWidgets(SphinxPostTransform):
    """Turn each output that holds a trace into one node, before myst-nb picks a single form."""

    default_priority = 3
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        for trace in list(self.document.findall(em_trace)):
            bundle = trace.parent.parent
            forms = {child["mime_type"]: child for child in bundle.children}
            picture = next(forms["image/svg+xml"].findall(nodes.image))
            picture.setdefault("alt", forms["text/plain"].astext().strip())
            widget = em_widget("", data=trace["data"])
            widget += picture
            bundle.replace_self(widget)


def visit_widget(translator: Any, node: em_widget) -> None:
    """Open the widget's place and the picture in it."""
    translator.body.append(
        f'<div class="em-stepper" data-em-widget="{node["data"]["kind"]}">'
        '<div class="em-stack"><div class="em-picture">'
    )


def depart_widget(translator: Any, node: em_widget) -> None:
    """Write the trace, in which nothing can end the script element."""
    trace = json.dumps(node["data"]["trace"], ensure_ascii=False, separators=(",", ":"))
    safe = trace.replace("<", "\\u003c")
    translator.body.append(f'</div></div><script type="application/json">{safe}</script></div>\n')


def add_files(app: Sphinx) -> None:
    """Serve the widgets' files from where the package keeps them."""
    app.config.html_static_path.append(str(STATIC))


def add_scripts(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Load the scripts on the pages that hold a widget, and leave out the kernel's state."""
    files = context["script_files"]
    files[:] = [f for f in files if not _is_state(f)]
    if doctree is not None and next(doctree.findall(em_widget), None) is not None:
        app.add_css_file(STYLES)
        for script in (*SCRIPTS, "start.js"):
            app.add_js_file(script, loading_method="defer")


def _is_state(script: Any) -> bool:
    return script.attributes.get("type") == STATE


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer, the transform and the files."""
    # myst-nb takes renderers from installed entry points; its cached list is the same door.
    load_mime_renders().append(WidgetMimes)
    app.add_node(em_trace)
    app.add_node(em_widget, html=(visit_widget, depart_widget))
    app.add_post_transform(PlaceWidgets)
    app.connect("builder-inited", add_files)
    app.connect("html-page-context", add_scripts, priority=600)  # after myst-nb's
    return {"parallel_read_safe": True, "parallel_write_safe": True}
