"""Sketches for slides, drawn from a few numbers in a cell's metadata: no text under 24 px.

They show what no figure of a page shows: samples as rows of tosses, a whole and its parts, the
shapes of arrays, a cycle, and pieces whose sums are added. Colours come from the style sheet. What
is wide is drawn twice: a phone held upright shows a narrow drawing, with letters as large.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

INDEX = re.compile(r"(?<=\b\w)_(\w)\b")
LETTER, LARGE = 26, 30
"""The height of the letters, in the slide's pixels; a letter is half as wide, or a little more."""
WIDE = 0.56
ACROSS, ACROSS_A_PHONE = 1100, 580
"""How broad bars are, in the slide's pixels."""
Drawing = tuple[float, float, list[str]]
"""Width, height, and what is drawn."""


def drawn(picture: dict[str, Any]) -> dict[str, Any]:
    """Give the SVG of a sketch, whose `words` are read aloud instead, and its sizes."""
    kind = next(name for name in picture if name in KINDS)
    scale = picture.get("scale", 1)
    wide, narrow = (KINDS[kind](picture[kind], narrow) for narrow in (False, True))
    if wide == narrow:
        svg, size = _svg("sketch", picture["words"], wide, scale)
        return {"svg": svg, "size": size, "narrow": size}
    (svg, size), (twin, small) = (
        _svg("sketch wide", picture["words"], wide, scale),
        _svg("sketch narrow", picture["words"], narrow, max(scale, 1)),
    )
    return {"svg": svg + twin, "size": size, "narrow": small}


def _svg(look: str, words: str, drawing: Drawing, scale: float) -> tuple[str, tuple[float, float]]:
    """The drawing as an element, and its size."""
    width, height, shapes = drawing
    svg = (
        f'<svg class="{look}" role="img" aria-label="{html.escape(words, quote=True)}" '
        f'viewBox="0 0 {width:g} {height:g}" width="{scale * width:g}" '
        f'height="{scale * height:g}">{"".join(shapes)}</svg>'
    )
    return svg, (scale * width, scale * height)


def _text(x: float, y: float, words: str, anchor: str = "middle", look: str = "") -> str:
    """Words whose middle is at y; what follows a letter's _ stands low."""
    low = '<tspan class="low" dy="6">{}</tspan><tspan dy="-6">&#8203;</tspan>'
    marked = INDEX.sub(lambda found: low.format(found[1]), html.escape(words))
    place = f'x="{x:g}" y="{y + 0.34 * LETTER:g}" text-anchor="{anchor}"'
    return f"<text {place}{f' class={look!r}' if look else ''}>{marked}</text>"


def _box(x: float, y: float, width: float, height: float, look: str) -> str:
    place = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"'
    return f'<rect class="{look}" {place} rx="4"/>'


def _arrow(x: float, y: float, to_x: float, to_y: float) -> str:
    """A line with a head, level or nearly so."""
    head = f"M{to_x - 12:g} {to_y - 8:g}l12 8l-12 8"
    return f'<path class="arrow" d="M{x:g} {y:g}L{to_x:g} {to_y:g}{head}"/>'


def _broad(words: str) -> float:
    return WIDE * LETTER * len(words)


def tosses(spec: dict[str, Any], narrow: bool) -> Drawing:
    """Samples as rows of ten tosses, heads filled; `coins` names each row's, `only` leaves one."""
    coins, only = spec.get("coins", ""), spec.get("only")
    step, shapes = 46, []
    for row, heads in enumerate(spec["heads"]):
        coin = coins[row] if coins else ""
        look = coin.lower() or "ink"
        faint = " faint" if only and coin != only else ""
        for place in range(10):
            centre = f'cx="{70 + step * place}" cy="{24 + step * row}"'
            filled = look if place < heads else f"{look} hollow"
            shapes.append(f'<circle class="{filled}{faint}" {centre} r="16"/>')
        if coin:
            shapes.append(_text(20, 24 + step * row, coin, look=f"large {look}{faint}"))
        shapes.append(_text(70 + step * 10, 24 + step * row, str(heads), "start", f"large{faint}"))
    return 70 + step * 10 + 40, 48 + step * (len(spec["heads"]) - 1), shapes


def bars(spec: list[list[Any]], narrow: bool) -> Drawing:
    """A row for each whole: its name and its parts, each a length, a look and a name.

    On a phone a row's name stands above it, and below it the name of a part that is too short.
    """
    margin = 0 if narrow else max(WIDE * LARGE * len(name) for name, *_ in spec) + 20
    whole = max(sum(part[0] for part in parts) for _, *parts in spec)
    across = ACROSS_A_PHONE if narrow else ACROSS
    long, line, y, shapes = across - margin, 36, 0, []
    for name, *parts in spec:
        x, below = margin, []
        if narrow and name:
            shapes.append(_text(0, y + line / 2, name, "start"))
            y += line
        elif name:
            shapes.append(_text(0, y + 29, name, "start", "large"))
        for length, look, words in parts:
            width = long * length / whole
            shapes.append(_box(x + 1, y, width - 2, 58, look))
            if narrow and _broad(words) > width:
                half = _broad(words) / 2
                below.append((min(max(x + width / 2, half), across - half), words))
            else:
                shapes.append(_text(x + width / 2, y + 29, words, look="" if narrow else "large"))
            x += width
        y += 58
        shapes += [_text(middle, y + line / 2 + 2, words) for middle, words in below]
        y += 12 + line * bool(below)
    return across, y - 12, shapes


def arrays(spec: list[Any], narrow: bool) -> Drawing:
    """Arrays with rows and columns in units of 40, and what stands between them."""
    unit, gap, x, shapes = 40, 16, 0.0, []
    most = max(part[1] for part in spec if isinstance(part, list)) * unit
    for part in spec:
        if isinstance(part, str):
            shapes.append(_text(x + 16, most / 2, part, look="sign"))
            x += 32 + gap
            continue
        name, rows, columns, shape, look = part
        inside = max(columns * unit, _broad(name), _broad(shape))
        left, top = x + (inside - columns * unit) / 2, (most - rows * unit) / 2
        shapes.append(_box(left, top, columns * unit, rows * unit, look))
        shapes += _grid(left, top, rows, columns, unit)
        shapes.append(_text(x + inside / 2, most + 24, name))
        shapes.append(_text(x + inside / 2, most + 58, shape, look="muted"))
        x += inside + gap
    return x - gap, most + 78, shapes


def _grid(left: float, top: float, rows: float, columns: float, unit: float) -> list[str]:
    across = [f"M{left:g} {top + unit * r:g}h{unit * columns:g}" for r in range(1, round(rows))]
    down = [f"M{left + unit * c:g} {top:g}v{unit * rows:g}" for c in range(1, round(columns))]
    return [f'<path class="grid" d="{"".join(across + down)}"/>']


def cycle(spec: dict[str, str], narrow: bool) -> Drawing:
    """Two boxes, and what leads from each to the other."""
    there, back = spec["there"], spec["back"]
    box = max(_broad(spec["left"]), _broad(spec["right"])) + (20 if narrow else 40)
    between = max(_broad(there), _broad(back)) + (40 if narrow else 60)
    right = box + between
    return (
        2 * box + between,
        180,
        [
            _box(0, 40, box, 100, "soft-a"),
            _text(box / 2, 90, spec["left"]),
            _box(right, 40, box, 100, "soft-b"),
            _text(right + box / 2, 90, spec["right"]),
            _arrow(box + 8, 62, right - 8, 62),
            _text(box + between / 2, 38, there),
            f'<path class="arrow" d="M{right - 8:g} 118H{box + 8:g}m12 -8l-12 8l12 8"/>',
            _text(box + between / 2, 146, back),
        ],
    )


def pieces(spec: dict[str, Any], narrow: bool) -> Drawing:
    """Pieces of the data, each of which sends on something small, and what is made of it."""
    names, sent, made = spec["pieces"], spec["sends"], spec["made"]
    inside, arrow, last = (12, 36, 56) if narrow else (50, 90, 130)
    piece = max(map(_broad, names)) + inside
    middle = piece + arrow
    small = max(map(_broad, sent)) + min(inside, 30)
    target = middle + small + last
    box = _broad(made) + min(inside, 40)
    step, height = 74, 74 * len(names) - 14
    shapes = [
        _box(target, height / 2 - 35, box, 70, "soft-b"),
        _text(target + box / 2, height / 2, made),
    ]
    for row, (name, what) in enumerate(zip(names, sent, strict=True)):
        y = 30 + step * row
        shapes += [_box(0, y - 30, piece, 60, "soft-a"), _text(piece / 2, y, name)]
        if what:
            shapes += [
                _arrow(piece + 8, y, middle - 8, y),
                _box(middle, y - 24, small, 48, "soft-c"),
            ]
            shapes += [_text(middle + small / 2, y, what)]
            shapes += [_arrow(middle + small + 8, y, target - 8, height / 2 + (y - height / 2) / 4)]
        else:
            shapes.append(f'<path class="arrow" d="M12 {y - 24:g}L{piece - 12:g} {y + 24:g}"/>')
    return target + box, height, shapes


KINDS: dict[str, Callable[[Any, bool], Drawing]] = {
    "tosses": tosses,
    "bars": bars,
    "arrays": arrays,
    "cycle": cycle,
    "pieces": pieces,
}
