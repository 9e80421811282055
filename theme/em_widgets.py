"""Widgets on pages: each becomes its picture, its data, and a place that the scripts fill.

myst-nb would embed the kernel's widget state and ask other hosts for its front end; neither is
needed, since the widget's output carries its whole trace.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from myst_nb.core.render import MimeData, NbElementRenderer, load_mime_renders
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from em_core.widgets.base import MIME, STATIC, STYLES, scripts
from em_core.widgets.library import files as library_files

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
RUNS = "_runs"


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
        runs: set[str] = set()
        for trace in list(self.document.findall(em_trace)):
            bundle = trace.parent.parent
            forms = {child["mime_type"]: child for child in bundle.children}
            picture = next(forms["image/svg+xml"].findall(nodes.image))
            picture.setdefault("alt", forms["text/plain"].astext().strip())
            widget = em_widget("", data=trace["data"])
            if "moment" in trace["data"]:
                name = run_name(trace["data"])
                widget["first"] = name not in runs  # which brings the data of all of them
                runs.add(name)
            widget += picture
            bundle.replace_self(widget)


def visit_widget(translator: Any, node: em_widget) -> None:
    """Open the widget's place and the picture in it."""
    moment = node["data"].get("moment")
    about = "" if moment is None else _moment(translator, node["data"])
    translator.body.append(
        f'<div class="em-stepper{" em-still" if moment else ""}" '
        f'data-em-widget="{node["data"]["kind"]}"{about}>'
        '<div class="em-stack"><div class="em-picture">'
    )


def _moment(translator: Any, data: dict[str, Any]) -> str:
    """The attributes that say what a moment shows, and of which run."""
    moment = translator.attval(as_json(data["moment"]))
    return f' data-em-run="{run_name(data)}" data-em-moment="{moment}"'


def run_name(data: dict[str, Any]) -> str:
    """The same for all moments of a run."""
    run = as_json([data["kind"], data["scene"], data["trace"]])
    return f"run-{hashlib.sha256(run.encode()).hexdigest()[:12]}"


def depart_widget(translator: Any, node: em_widget) -> None:
    """Write what the widget starts with, and where the runs of its other settings are."""
    data = node["data"]
    if "moment" in data:
        run = {"scene": data["scene"], "trace": data["trace"]} if node["first"] else None
        name = f' id="{run_name(data)}"'
        translator.body.append(f"</div></div>{'' if run is None else script(run, name)}</div>\n")
        return
    builder = translator.builder
    names = write_library(Path(builder.outdir), data["kind"], data["library"])
    root = "../" * builder.current_docname.count("/")
    page = {
        "scene": data["scene"],
        "trace": data["trace"],
        "files": {file: f"{root}{RUNS}/{name}.js" for file, name in names.items()},
    }
    translator.body.append(f"</div>{ghost(data['scene']['choices'])}</div>{script(page)}</div>\n")


def script(data: object, attributes: str = "") -> str:
    """Data for the scripts, in an element that nothing in them can end."""
    text = as_json(data).replace("<", "\\u003c")
    return f'<script type="application/json"{attributes}>{text}</script>'


def ghost(choices: int) -> str:
    """The shell without a drawing, unseen: it keeps the room that the widget will take."""
    choice = '<label class="em-choice"><span>…</span><select disabled></select></label>'
    buttons = "".join(
        f'<button type="button" disabled>{name}</button>'
        for name in ("Previous", "Next", "Play", "Reset")
    )
    return (
        f'<div class="em-ghost" aria-hidden="true"><div class="em-choices">{choice * choices}</div>'
        '<div class="em-stage"></div><p class="em-status"></p>'
        f'<div class="em-controls">{buttons}<input type="range" disabled></div>'
        '<details class="em-table"><summary>Show as table</summary></details></div>'
    )


def as_json(data: object) -> str:
    """Compact JSON."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def write_library(outdir: Path, kind: str, recipe: dict[str, Any] | None) -> dict[str, str]:
    """Write the runs of all settings as scripts, which load from disk too; give their names."""
    names = {}
    for file, text in _library(outdir.parent / ".runs", kind, as_json(recipe)).items():
        name = f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
        names[file] = name
        place = outdir / RUNS / f"{name}.js"
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(f"emWidgets.receive({as_json(name)},{text})\n", encoding="utf-8")
    return names


@cache
def _library(folder: Path, kind: str, recipe: str) -> dict[str, str]:
    """Each file's JSON, computed once however many pages show the widget.

    What was computed is kept for the next build; where `em_core` changes, that begins afresh.
    """
    arguments = json.loads(recipe)
    if arguments is None:
        return {}
    place = folder / f"{kind}-{hashlib.sha256(recipe.encode()).hexdigest()}.json"
    if not place.exists():
        made = {file: as_json(runs) for file, runs in library_files(kind, arguments).items()}
        folder.mkdir(exist_ok=True)
        unfinished = place.with_suffix(".part")
        unfinished.write_text(as_json(made), encoding="utf-8")
        unfinished.replace(place)
    kept: dict[str, str] = json.loads(place.read_text(encoding="utf-8"))
    return kept


def add_files(app: Sphinx) -> None:
    """Serve the widgets' files from where the package keeps them."""
    app.config.html_static_path.append(str(STATIC))


def add_scripts(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Load the scripts on the pages that hold a widget, and leave out the kernel's state."""
    files = context["script_files"]
    files[:] = [f for f in files if not _is_state(f)]
    widgets = [] if doctree is None else list(doctree.findall(em_widget))
    if widgets:
        app.add_css_file(STYLES)
        needed = [name for widget in widgets for name in scripts(widget["data"]["kind"])]
        for script in dict.fromkeys([*needed, "start.js"]):
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
