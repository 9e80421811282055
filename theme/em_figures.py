"""Figures in both colour modes: each SVG output becomes a light picture and its dark twin.

The browser loads only the one it shows. Both are made small: no metadata, two decimals.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from em_core.style import PALETTE

DARK = dict(PALETTE.values())
MODES = ("light", "dark")
NOT_DRAWN = r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>"
PIXELS_A_POINT = 4 / 3 * 1.15
"""Figures are drawn 5.2 in wide and shown a little larger, near the width of the text."""


class twin_image(nodes.General, nodes.Inline, nodes.Element):  # noqa: N801 (docutils names its nodes so)
    """An SVG in both modes: `files` names them, `size` is in CSS pixels; `style` is optional."""


class TwinFigures(SphinxPostTransform):
    """Replace each SVG that a notebook put out, once myst-nb has chosen what to show."""

    default_priority = 50
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        for image in list(self.document.findall(nodes.image)):
            if image["uri"].endswith(".svg") and "jupyter_execute" in image["uri"]:
                image.replace_self(twins(self.app, image))


def twins(app: Sphinx, image: nodes.image) -> twin_image:
    """Write an SVG that a notebook put out in both modes."""
    svg = minified((Path(app.srcdir) / image["uri"]).read_text())
    files = [write_picture(app, svg, mode) for mode in MODES]
    return twin_image("", alt=image.get("alt", ""), files=files, size=size(svg))


def write_picture(app: Sphinx, svg: str, mode: str) -> str:
    """Write an SVG in one mode's colours among the site's pictures; its name."""
    text = svg if mode == "light" else darkened(svg)
    name = f"{hashlib.sha256(text.encode()).hexdigest()[:16]}-{mode}.svg"
    folder = Path(app.outdir) / "_images"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return name


def darkened(svg: str) -> str:
    """Replace each light colour of the palette by its dark partner."""
    return re.sub(r"#[0-9a-f]{6}\b", lambda found: DARK.get(found[0], found[0]), svg)


def minified(svg: str) -> str:
    """Leave out what is not drawn, and digits that nobody can see."""
    svg = re.sub(NOT_DRAWN, "", svg, flags=re.DOTALL)
    svg = re.sub(r'(?<=[ "])(?:d|x|y|points)="[^"]*"', lambda found: _rounded(found[0]), svg)
    return re.sub(r"\s*\n\s*", "\n", svg).strip()


def _rounded(attribute: str) -> str:
    return re.sub(r"-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", attribute)


def size(svg: str) -> tuple[int, int]:
    """Width and height in CSS pixels at which a figure is shown."""
    box = re.search(r'viewBox="[\d.]+ [\d.]+ ([\d.]+) ([\d.]+)"', svg)
    if box is None:
        raise ValueError("the SVG has no viewBox: figures must come from matplotlib")
    return round(float(box[1]) * PIXELS_A_POINT), round(float(box[2]) * PIXELS_A_POINT)


def visit_twin(translator: Any, node: twin_image) -> None:
    """Write both pictures; the style sheet shows one."""
    width, height = node["size"]
    style = f'style="{node["style"]}" ' if "style" in node else ""
    for mode, name in zip(MODES, node["files"], strict=True):
        translator.body.append(
            f'<img class="only-{mode} no-scaled-link" src="{translator.builder.imgpath}/{name}" '
            f'alt="{translator.attval(node["alt"])}" width="{width}" height="{height}" '
            f'{style}loading="lazy" decoding="async"/>\n'
        )
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the transform."""
    app.add_node(twin_image, html=(visit_twin, None))
    app.add_post_transform(TwinFigures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
