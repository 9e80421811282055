"""The tour: a page whose sections each hold a moment of a widget becomes one picture and its texts.

The picture's place, its buttons and dots are put before the sections; `static/tour.js` draws the
moments there. Without it, and in print, each section shows its own picture.
"""

from __future__ import annotations

import html
from typing import Any

from docutils import nodes
from em_widgets import em_widget
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform


class MakeTour(SphinxPostTransform):
    """Put the sections with moments into one container, and before them the picture's place."""

    default_priority = 310
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        scenes = [s for s in self.document.findall(nodes.section) if _has_moment(s)]
        if not scenes:
            return
        around = scenes[0].parent
        place = around.index(scenes[0])
        for scene in scenes:
            around.remove(scene)
        view = nodes.raw("", _view(scenes), format="html")
        around.insert(place, nodes.container("", view, *scenes, classes=["tour"]))
        self.document["tour"] = True


def _has_moment(section: nodes.section) -> bool:
    below = (child for child in section.children if not isinstance(child, nodes.section))
    widgets = (w for child in below for w in child.findall(em_widget))
    return any("moment" in widget["data"] for widget in widgets)


def _view(scenes: list[nodes.section]) -> str:
    """The picture's place and the ways through the scenes."""
    dots = "".join(
        f'<li><a href="#{scene["ids"][0]}" aria-label="Scene {number}: '
        f'{html.escape(scene.next_node(nodes.title).astext())}"></a></li>'
        for number, scene in enumerate(scenes, start=1)
    )
    return (
        '<div class="tour-view"><div class="tour-stage" role="img" aria-label="The picture"></div>'
        '<nav class="tour-way" aria-label="Scenes"><button type="button">Previous</button>'
        f'<ol>{dots}</ol><button type="button">Next</button></nav>'
        '<p class="tour-says" role="status"></p></div>'
    )


def add_files(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Load what the tour needs on its page alone, whose dots are its table of contents."""
    context["is_tour"] = doctree is not None and bool(doctree.get("tour"))
    if context["is_tour"]:
        context["toc"] = ""
        app.add_css_file("tour.css")
        app.add_js_file("tour.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the extension."""
    app.add_post_transform(MakeTour)
    app.connect("html-page-context", add_files, priority=610)  # after what draws
    return {"parallel_read_safe": True, "parallel_write_safe": True}
