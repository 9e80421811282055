"""The site around the chapters: a theme of our own on Sphinx's `basic`, and what each page needs.

`theme.toml` and `templates/` give the pages, `static/` their styles; colours come from
`em_core.style.PALETTE` alone. Formulas are rendered by KaTeX while the book is built, folded parts
are plain `<details>`: a page is complete before any script runs.
"""

from __future__ import annotations

import gc
import html
import os
import re
import subprocess
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from docutils import nodes
from em_katex import copy_katex, mend_answers, show_number_last, use_patient_server
from myst_nb.sphinx_ import HideCodeCellNode
from pybtex import plugin
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError
from sphinx.locale import admonitionlabels
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

from em_core.style import PALETTE

HERE = Path(__file__).parent
# What Sphinx and its extensions put on a site, by how the names begin: their scripts serve a search
# that is not ours, their styles and pictures are replaced by ours.
FOREIGN = ("doctools", "documentation_options", "language_data", "searchtools", "sphinx_highlight")
FOREIGN += ("basic", "exercise", "file", "katex-math", "minus", "mystnb", "plus", "pygments")
NOTES = ["CITATION.cff", "LICENSE", "LICENSE-content.md"]

logger = logging.getLogger(__name__)


# Settings that depend on where the project is


def configure(app: Sphinx, config: Config) -> None:
    """Settle what `_config.yml` cannot say."""
    root = Path(app.confdir)
    katex = root / "node_modules" / "katex" / "dist"
    if not (katex / "katex.min.js").exists():
        raise ExtensionError(f"KaTeX is not in {katex}: run `make setup` first")
    config.katex_js_path = str(katex / "katex.min.js")
    config.katex_css_path = "katex/katex.min.css"
    config.html_theme_options = {}  # Jupyter Book's are for another theme
    config.html_extra_path = [name for name in NOTES if (root / name).exists()]
    address = os.environ.get("SITE_URL", "").rstrip("/")
    config.html_context |= {
        "palette": PALETTE,
        "author": config.author,
        "updated": last_updated(root),
        "site_address": address,
        "site_root": urlsplit(address).path + "/",
        "notes": config.html_extra_path,
        "favicon": (HERE / "static" / "favicon.svg").read_text(),
    }


def last_updated(root: Path) -> date:
    """The date of the last commit; without git, of SOURCE_DATE_EPOCH or today."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH") or _commit_time(root)
    return datetime.fromtimestamp(int(epoch), UTC).date() if epoch else datetime.now(UTC).date()


def _commit_time(root: Path) -> str:
    command = ["git", "-C", str(root), "log", "-1", "--format=%ct"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        return ""


# Folded parts


class FoldDropdowns(SphinxPostTransform):
    """Turn every admonition of class ``dropdown`` into a `<details>`: it folds without a script."""

    default_priority = 300
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        for node in list(self.document.findall(nodes.Admonition)):
            if "dropdown" in node.get("classes", []):
                node.replace_self(_folded(node))


def _folded(node: nodes.Element) -> nodes.Element:
    title, rest = _title_and_rest(node)
    for link in list(title.findall(nodes.reference)):
        link.replace_self(link.children)  # a click on the title folds, it leads nowhere
    kind = [] if isinstance(node, nodes.admonition) else [node.tagname.removesuffix("_node")]
    box = nodes.container("", classes=["fold", *kind, *node["classes"]], ids=node["ids"])
    summary = nodes.inline("", "", *title.children, classes=["fold-title"])
    box += [_raw("<details><summary>"), summary, _raw("</summary>"), *rest, _raw("</details>")]
    return box


def _title_and_rest(node: nodes.Element) -> tuple[nodes.Element, list[nodes.Node]]:
    if isinstance(node.children[0], nodes.title):
        return node.children[0], node.children[1:]
    return nodes.title("", admonitionlabels[node.tagname]), node.children


def _raw(html: str) -> nodes.raw:
    return nodes.raw("", html, format="html")


class BoxTables(SphinxPostTransform):
    """Give each table a box of its own, which scrolls where the table is too wide."""

    default_priority = 300
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        for table in list(self.document.findall(nodes.table)):
            box = nodes.container("", classes=["scroll"])
            table.parent.replace(table, box)  # replace_self would give the box the table's name too
            box += table


class KeepWordsOfFrames(SphinxPostTransform):
    """Do for the tables that cells put out what `write_text` does for all other words."""

    default_priority = 300
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        for frame in self.document.findall(nodes.raw):
            if 'class="dataframe' in frame.astext():
                pieces = TAG.split(frame.astext())
                pieces[::2] = map(keep_together, pieces[::2])
                frame.children[:] = [nodes.Text("".join(pieces))]


class UnwrapExercises(SphinxPostTransform):
    """Take away the section that holds an exercise's text: each has the same name as the last."""

    default_priority = 290
    formats = ("html",)
    wrappers = ("exercise-content", "solution-content")

    def run(self, **kwargs: Any) -> None:
        for section in list(self.document.findall(nodes.section)):
            if set(section["ids"]) & set(self.wrappers):
                section.parent.replace(section, section.children)


class OneMark(SphinxPostTransform):
    """Let a link that ends with a question mark end its sentence: no full stop comes after it."""

    default_priority = 295
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        for link in list(self.document.findall(nodes.reference)):
            after = link.next_node(descend=False, siblings=True)
            if link.astext().endswith("?") and isinstance(after, nodes.Text):
                after.parent.replace(after, nodes.Text(after.removeprefix(".")))


class KeepCode(SphinxPostTransform):
    """Keep a short piece of code in one line, unless it is in a table, whose cells are narrow."""

    default_priority = 300
    formats = ("html",)
    longest = 24  # signs

    def run(self, **kwargs: Any) -> None:
        tables = self.document.findall(nodes.table)
        narrow = {id(code) for table in tables for code in table.findall(nodes.literal)}
        for code in self.document.findall(nodes.literal):
            if len(code.astext()) <= self.longest and id(code) not in narrow:
                code["classes"].append("one-word")


class KeepPlaces(SphinxPostTransform):
    """Give a place the names under which it was published, too."""

    default_priority = 300
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        places = self.config.moved_places.get(self.env.docname, {})
        for old, address in places.items():
            name = address.partition("#")[2]
            everything = self.document.findall(nodes.Element)
            place = next((node for node in everything if name in node.get("ids", [])), None)
            if place is None:
                logger.warning("moved_places: %s is not there", address)
            else:
                place.parent.insert(place.parent.index(place), nodes.target("", "", ids=[old]))


class KeepPunctuation(SphinxPostTransform):
    """Keep what stands against a formula beside it: browsers may break the line between them."""

    default_priority = 300
    formats = ("html",)
    against = re.compile(r"\S+")

    def run(self, **kwargs: Any) -> None:
        for formula in list(self.document.findall(nodes.math)):
            whole = _outermost(formula)
            after = whole.next_node(descend=False, siblings=True)
            found = self.against.match(after) if isinstance(after, nodes.Text) else None
            if found:
                around = after.parent
                place = next(i for i, child in enumerate(around) if child is after)
                around[place] = nodes.Text(after[found.end() :])  # another may read the same
                together = nodes.inline("", "", classes=["with-mark"])
                whole.parent.replace(whole, together)
                together += [whole, nodes.Text(found[0])]


def _outermost(node: nodes.Node) -> nodes.Node:
    """What ends with a node and stands in the line as it does; bold words before it stay apart."""
    while isinstance(around := node.parent, nodes.Inline) and node is around.children[-1]:
        if len(around) > 1 and isinstance(around, nodes.strong | nodes.emphasis):
            twin = type(around)("", "")
            around.remove(node)
            around.parent.insert(around.parent.index(around) + 1, twin)
            twin += node
            around = twin
        node = around
    return node


# A word that begins with a letter and a hyphen, as E-step or k-means; & begins what is no letter.
LETTER_WORD = re.compile(r"(?<![\w&-])[^\W\d_](?:-\w+)+")
TAG = re.compile(r"(<[^>]*>)")


def keep_together(text: str) -> str:
    """Let no line end after a word's first letter and its hyphen, nor before a number's %."""
    text = re.sub(r"(?<=\d) (?=%)", "\u00a0", text)
    return LETTER_WORD.sub(r'<span class="one-word">\g<0></span>', text)


def write_text(translator: Any, node: nodes.Text) -> None:
    """Write words."""
    before = len(translator.body)
    type(translator).visit_Text(translator, node)
    if not translator.protect_literal_text:
        translator.body[before:] = map(keep_together, translator.body[before:])


def end_text(translator: Any, node: nodes.Text) -> None:
    """Text needs no end."""


def open_source(translator: Any, node: nodes.citation) -> None:
    """Write a source as an item of a plain list: the roles that docutils gives are outdated."""
    if not isinstance(node.previous_sibling(), nodes.citation):
        translator.body.append('<ul class="citation-list">\n')
    translator.body.append(translator.starttag(node, "li", CLASS="citation"))


def close_source(translator: Any, node: nodes.citation) -> None:
    """End what `open_source` began."""
    translator.body.append("</li>\n")
    if not isinstance(node.next_node(descend=False, siblings=True), nodes.citation):
        translator.body.append("</ul>\n")


def open_hidden_code(translator: Any, node: HideCodeCellNode) -> None:
    """Write a folded cell with one quiet line to open it; code that shows nothing is set-up."""
    translator.body.append('<details class="code-fold"><summary>')
    alone = node.next_node(descend=False, siblings=True) is None
    for kind, words in {"open": node["prompt_show"], "close": node["prompt_hide"]}.items():
        words = words.replace("the code", "the set-up") if alone else words
        translator.body.append(f'<span class="to-{kind}">{html.escape(words)}</span>')
    translator.body.append("</summary>\n")


def close_hidden_code(translator: Any, node: HideCodeCellNode) -> None:
    """End what `open_hidden_code` began."""
    translator.body.append("</details>\n")


# What each page needs


def silence_permalinks(body: str) -> str:
    """Let nobody hear a "#" at the end of each title: the contents have the sections' addresses."""
    link = '<a class="headerlink"'
    return body.replace(link, f'{link} aria-hidden="true" tabindex="-1"')


def fill_page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Give the templates the page's description and its place in the book."""
    context["description"] = _description(doctree, context.get("meta") or {})
    context["contents"] = _contents(app, pagename)
    context["before"], context["after"] = _neighbours(context["contents"], pagename)
    own = next((page for page in _pages(context["contents"]) if page["name"] == pagename), None)
    context["chapter"] = own["number"] if own else ""
    context["is_home"] = pagename == app.config.root_doc
    if "body" in context:
        context["body"] = silence_permalinks(context["body"])
        if 'class="choose-entries"' in context["body"]:
            app.add_js_file("ledger.js", loading_method="defer")
    for kind in ("css_files", "script_files"):
        context[kind] = [file for file in context[kind] if not _is_foreign(str(file.filename))]
    if "katex-error" in context.get("body", ""):
        logger.warning("KaTeX could not render a formula", location=pagename)


def _is_foreign(path: str) -> bool:
    return Path(path).name.startswith(FOREIGN)


def _description(doctree: nodes.document | None, meta: dict[str, Any]) -> str:
    if "description" in meta:
        return str(meta["description"])
    if doctree is None:
        return ""
    paragraphs = doctree.findall(nodes.paragraph)
    own = (p.astext() for p in paragraphs if isinstance(p.parent, nodes.section))
    return " ".join(next(own, "").split())


def _contents(app: Sphinx, pagename: str) -> list[dict[str, Any]]:
    """List the parts of the book and their pages, as seen from one page."""
    site_map = app.env.external_site_map
    home = [_page(app, pagename, site_map.root.docname)]
    parts = [
        {"caption": part.caption, "pages": [_page(app, pagename, str(i)) for i in part.items]}
        for part in site_map.root.subtrees
    ]
    return [{"caption": "", "pages": home}, *parts]


def _page(app: Sphinx, seen_from: str, name: str) -> dict[str, Any]:
    number = app.env.toc_secnumbers.get(name, {}).get("", ())
    return {
        "name": name,
        "title": app.env.titles[name].astext(),
        "number": ".".join(map(str, number)),
        "link": app.builder.get_relative_uri(seen_from, name),
        "here": name == seen_from,
    }


def _pages(contents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [page for part in contents for page in part["pages"]]


def _neighbours(contents: list[dict[str, Any]], pagename: str) -> tuple[Any, Any]:
    pages = _pages(contents)
    here = next((i for i, page in enumerate(pages) if page["name"] == pagename), None)
    if here is None:
        return None, None
    before = pages[here - 1] if here else None
    return before, pages[here + 1] if here + 1 < len(pages) else None


def add_pages(app: Sphinx) -> list[tuple[str, dict[str, Any], str]]:
    """Add the ways from the site's root and from old addresses, and the page for a wrong one."""
    moved = {"index": app.config.root_doc, **app.config.moved_pages}
    ways = [
        (old, {"moved_to": new, "places": _moved_places(app, old)}, "redirect.html")
        for old, new in moved.items()
    ]
    return [*ways, ("404", {}, "404.html")]


def _moved_places(app: Sphinx, old_page: str) -> dict[str, tuple[str, str]]:
    """Where each place of an old page is now: a page, and its name there."""
    places = app.config.moved_places.get(old_page, {})
    parts = {old: address.partition("#") for old, address in places.items()}
    return {old: (page, new or old) for old, (page, _, new) in parts.items()}


def take_away_foreign(app: Sphinx, error: Exception | None) -> None:
    """Leave nothing on the site that no page asks for."""
    for path in (Path(app.outdir) / "_static").glob("*.*"):
        if _is_foreign(path.name):
            path.unlink()


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the theme and its parts."""
    gc.set_threshold(100_000, 20, 100)  # a page is a hundred thousand nodes, none of them garbage
    plugin.find_plugin = cache(plugin.find_plugin)  # asked at each citation
    use_patient_server()
    mend_answers()
    app.add_html_theme("em_book", str(HERE))
    for name in ("comments_config", "thebe_config"):
        app.add_config_value(name, {}, "")  # Jupyter Book sets them for extensions we don't load
    app.add_config_value("moved_pages", {}, "env")
    app.add_config_value("moved_places", {}, "env")
    app.add_js_file("em-site.js", loading_method="defer")
    app.add_post_transform(FoldDropdowns)
    app.add_post_transform(BoxTables)
    app.add_post_transform(KeepWordsOfFrames)
    app.add_post_transform(UnwrapExercises)
    app.add_post_transform(OneMark)
    app.add_post_transform(KeepCode)
    app.add_post_transform(KeepPlaces)
    app.add_post_transform(KeepPunctuation)
    app.add_node(nodes.Text, override=True, html=(write_text, end_text))
    app.add_node(nodes.citation, override=True, html=(open_source, close_source))
    app.add_node(HideCodeCellNode, override=True, html=(open_hidden_code, close_hidden_code))
    app.connect("config-inited", configure, priority=400)
    app.connect("builder-inited", copy_katex)
    app.connect("builder-inited", show_number_last)
    app.connect("html-collect-pages", add_pages)
    app.connect("html-page-context", fill_page, priority=700)
    app.connect("build-finished", take_away_foreign)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
