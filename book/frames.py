"""How the chapters show a data frame: a plain table, a column's numbers aligned on the point.

A chapter's set-up calls `frames.use()`; from there on a frame at the end of a cell is a table on
the page, in JupyterLab, on a slide and in print. `round` says how many decimals are shown.
"""

from __future__ import annotations

import html
import re

import numpy as np
import pandas as pd

MOST = 6  # decimals; a column that needs more is shown with three significant digits
NUMBER = re.compile(r"−?(\d[\d,]*\.?\d*|\.\d+)")


def use() -> None:
    """Show data frames as the book does, in this notebook."""
    from IPython import get_ipython

    formatters = get_ipython().display_formatter.formatters
    formatters["text/html"].for_type(pd.DataFrame, table)
    formatters["text/plain"].for_type(pd.DataFrame, lambda frame, out, _: out.text(plain(frame)))


def cells(column: pd.Series) -> list[str]:
    """The values of a column as they are shown."""
    if pd.api.types.is_bool_dtype(column):
        return ["yes" if value else "no" for value in column]
    if not pd.api.types.is_float_dtype(column):
        words = pd.api.types.is_string_dtype(column)
        return [typeset(str(v) if words else grouped(str(v))) for v in column]
    values = column.to_numpy(float, na_value=np.nan)
    finite = values[np.isfinite(values)]
    decimals = next((d for d in range(MOST + 1) if (finite == finite.round(d)).all()), None)
    return [_number(value, decimals) for value in values]


def _number(value: float, decimals: int | None) -> str:
    if np.isnan(value):
        return "–"
    if np.isinf(value):
        return "−∞" if value < 0 else "∞"
    text = f"{value:.2e}" if decimals is None else grouped(f"{value:.{decimals}f}")
    return typeset(re.sub(r"e\+?(-?)0*(\d+)", r" × 10^\1\2", text.removesuffix("e+00")))


def grouped(text: str) -> str:
    """Digits in threes, as in the prose: a whole number's, and five or more before a point."""
    whole, point, behind = text.partition(".")
    if re.fullmatch(r"-?\d+" if not point else r"-?\d{5,}", whole):
        return f"{int(whole):,}{point}{behind}"
    return text


def typeset(text: str) -> str:
    """A text with signs that are minus, and powers of ten that are not written as programs do."""
    text = re.sub(r"(?<![\w.])1e\+?(-?)0*(\d+)\b", r"10^\1\2", text)
    return re.sub(r"(?<!\w)-(?=\d)", "−", text)


def marked_up(text: str) -> str:
    """HTML of a label or a cell: what follows ^ stands high, what follows a letter's _ low.

    No line ends beside the sign of an equation.
    """
    text = html.escape(text.replace("'", "’")).replace(" = ", "\u00a0=\u00a0")
    text = re.sub(r"\^(−?\d+(?:\.\d+)?)", r"<sup>\1</sup>", text)
    return re.sub(r"(?<=\b\w)_(\w)\b", r"<sub>\1</sub>", text)


def _shown(frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The frame with its index as first columns, and how many; mere places are left out."""
    index = frame.index
    if isinstance(index, pd.RangeIndex) and index.name is None:
        return frame, 0
    return frame.reset_index(names=[name or "" for name in index.names]), index.nlevels


def _on_the_point(texts: list[str]) -> list[str]:
    """Numbers of several lengths, set so that their points stand below one another.

    What is behind a point gets one width. The style is the element's own: JupyterLab has no other.
    """
    parts = [text.partition(".") for text in texts]
    most = max(len(behind) for _, _, behind in parts)
    if most == min(len(behind) for _, _, behind in parts):
        return texts
    style = f"display: inline-block; min-width: {most + 1}ch; text-align: left"
    return [f'{before}<span style="{style}">{dot}{behind}</span>' for before, dot, behind in parts]


def table(frame: pd.DataFrame) -> str:
    """A frame as HTML; its index heads the rows."""
    shown, heads = _shown(frame)
    columns = []
    for place, (name, column) in enumerate(shown.items()):
        texts = cells(column)
        printed = place >= heads and all(NUMBER.fullmatch(text) for text in texts)
        numbers = printed or pd.api.types.is_numeric_dtype(column)
        side = "" if numbers else ' class="words"'
        tag = 'th scope="row"' if place < heads else "td"
        head = f'<th scope="col"{side}>{marked_up(str(name))}</th>' if name else "<td></td>"
        texts = _on_the_point(texts) if printed else [marked_up(text) for text in texts]
        body = [f"<{tag}{side}>{text}</{tag[:2]}>" for text in texts]
        columns.append([head, *body])
    head, *body = ("<tr>" + "".join(row) + "</tr>" for row in zip(*columns, strict=True))
    parts = ['<table class="dataframe">', "<thead>", head, "</thead>", "<tbody>", *body]
    return "\n".join([*parts, "</tbody>", "</table>"])


def plain(frame: pd.DataFrame) -> str:
    """A frame as text, for a terminal."""
    columns = [[str(name), *cells(column)] for name, column in _shown(frame)[0].items()]
    widths = [max(map(len, column)) for column in columns]
    rows = zip(*columns, strict=True)
    lines = ("  ".join(f"{t:>{w}}" for t, w in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(lines)
