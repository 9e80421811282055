"""What there is to see of a page's formulas: of one visit of the page, for many tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from playwright.sync_api import Page

# The reset, and a formula on its own line, which is centred.
CLOSED = """() => {
  const names = ["hyphens", "letter-spacing", "line-break", "overflow-wrap", "text-align-last",
    "text-indent", "text-shadow", "text-transform", "text-wrap-style", "white-space-collapse",
    "word-break", "word-spacing", "font-style", "font-weight", "font-variant-numeric",
    "font-feature-settings", "font-stretch", "writing-mode", "direction"];
  const alone = document.createElement("div");
  alone.style.all = "initial";
  alone.innerHTML = '<span class="katex"></span>';
  document.body.append(alone);
  const looks = (element) => {
    const style = getComputedStyle(element);
    return names.map((name) => `${name}: ${style[name]}`);
  };
  const wanted = looks(alone.firstChild);
  const align = (element) => getComputedStyle(element).textAlign;
  const found = [...document.querySelectorAll(".katex")].flatMap((formula) => [
    ...(formula === alone.firstChild ? [] : looks(formula).filter((look, i) => look !== wanted[i])),
    ...(formula.matches(".katex-display > *") || align(formula) === "start" ? [] : ["text-align"]),
  ]);
  alone.remove();
  return [...new Set(found)];
}"""


@contextmanager
def hidden(page: Page) -> Iterator[None]:
    """Show nothing of a page meanwhile: what is inherited is the same, and nothing is laid out."""
    page.evaluate("() => { document.body.style.display = 'none'; }")
    yield
    page.evaluate("() => { document.body.style.display = ''; }")


def closed(page: Page) -> dict[str, list[str]]:
    """What of the text around them reaches into a page's formulas, on paper and on the screen."""
    found = {}
    media: Literal["print", "screen"]
    for media in ("print", "screen"):
        page.emulate_media(media=media)
        found[media] = page.evaluate(CLOSED)
    return found


# A mark is beside its formula's last piece, unless that alone is wider than the line.
LOST = """() => {
  const lost = [];
  for (const kept of document.querySelectorAll(".with-mark")) {
    const piece = [...kept.querySelectorAll(".last-piece > .base")].at(-1)?.getBoundingClientRect();
    if (!piece?.width) continue;
    const range = document.createRange();
    range.selectNodeContents(kept.lastChild);
    const mark = range.getClientRects()[0];
    const room = kept.closest("p, li, td, th, dd, dt, h1, h2, h3, figcaption, summary").clientWidth;
    const sameLine = mark.top < piece.bottom && mark.bottom > piece.top;
    const beside = sameLine && mark.left > piece.right - 3;
    if (!beside && piece.width + mark.width < room) lost.push(kept.textContent.slice(-60));
  }
  return lost;
}"""
# What holds no mark, and on which no line's width depends, need not be laid out in every width.
KEEP_MARKS = """() => {
  for (const fold of document.querySelectorAll("main details")) fold.open = true;
  const blocks = "main :is(p, li, figure, pre, table, .math.display)";
  for (const block of document.querySelectorAll(blocks)) {
    const around = block.parentElement.closest("table, .with-mark");
    if (!around && !block.querySelector(".with-mark")) block.remove();
  }
  return document.querySelectorAll(".with-mark").length;
}"""
# A reader who unfolds a proof on a phone sees all of it.
CUT = """() => {
  for (const fold of document.querySelectorAll("main details")) fold.open = true;
  const formulas = [...document.querySelectorAll("main details .katex-display")];
  const cut = formulas.filter((it) => it.scrollWidth > it.clientWidth + 1);
  return [formulas.length, cut.map((it) => it.querySelector("annotation").textContent)];
}"""
# Each derivation: whether its list is beside the formula, or below it; whether a formula in it must
# be scrolled; and which reasons stand beside their lines. A line is where its letter is: the mark
# over its sign, under which the line's foot is.
REASONS = """() => {
  for (const fold of document.querySelectorAll("main details")) fold.open = true;
  const scrolls = (box) => box.scrollWidth > box.clientWidth + 1;
  return [...document.querySelectorAll(".derivation")].map((box) => {
    const [formula, list] = box.children;
    const drawn = formula.querySelector(".katex-display").getBoundingClientRect();
    const place = list.getBoundingClientRect();
    const letters = [...list.querySelectorAll(":scope > dt")];
    const names = letters.map((letter) => letter.textContent);
    const isMark = (span) => names.includes(span.textContent);
    const marks = [...formula.querySelectorAll(".katex-html .mtight")]
      .filter((span) => isMark(span) && ![...span.querySelectorAll(".mtight")].some(isMark));
    const foot = (letter) => {
      const range = document.createRange();
      range.selectNodeContents(letter);
      return range.getBoundingClientRect().bottom;
    };
    return {
      letters: names,
      marks: marks.map((mark) => mark.textContent),
      beside: drawn.right <= place.left && place.right <= document.documentElement.clientWidth,
      below: drawn.bottom <= place.top,
      scrolls: [...box.querySelectorAll(".katex-display")].some(scrolls),
      lower: letters.map((letter, i) => foot(letter) - marks[i].getBoundingClientRect().bottom),
    };
  });
}"""
# What is measured is laid out for that, and only then asks for its fonts.
DRAWN = """async (look) => {
  look();
  await document.fonts.ready;
  await new Promise(requestAnimationFrame);
  return look();
}"""


def drawn(page: Page, look: str) -> Any:
    """What a look at a page finds when all fonts have arrived."""
    return page.evaluate(f"() => ({DRAWN})({look})")


@dataclass
class Look:
    """What there is to see of a page's formulas."""

    closed: dict[str, list[str]] = field(default_factory=dict)
    """On the screen and on paper."""
    overlaps: list[str] = field(default_factory=list)
    reasons: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    """By the width of the window."""
    unfolded: int = 0
    cut: list[str] = field(default_factory=list)
    marks: int = 0
    lost: dict[int, list[str]] = field(default_factory=dict)
    """By the width of the window."""


def look_narrow(look: Look, page: Page, resize: Callable[[int], None]) -> None:
    """Look at a page in several widths, first in a phone's; in the end little is left of it."""
    resize(390)
    look.reasons[390] = drawn(page, REASONS)
    look.unfolded, look.cut = drawn(page, CUT)
    with hidden(page):
        look.marks = page.evaluate(KEEP_MARKS)
    if not look.marks:
        return
    drawn(page, LOST)
    for width in (390, 360, 320, 520, 1280):
        resize(width)
        if lost := page.evaluate(LOST):
            look.lost[width] = lost


def look_wide(look: Look, page: Page, overlaps: str) -> None:
    """Look at a page that is 1280 wide; in the end the folds of its formulas are open."""
    look.overlaps = page.evaluate(f"({overlaps})(window)")
    look.reasons[1280] = drawn(page, REASONS)
    with hidden(page):
        look.closed = closed(page)
