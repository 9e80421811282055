"""The search: what the pages say, by section, in scripts that load from disk as from a server.

Sphinx's own search names pages and has to fetch them for their words, which no browser does from
disk; the libraries that search in a browser hold all the text, or a larger index of it, at once.
Here an index has the words and the headings. Where a word stands, sentence by sentence, and the
sentences themselves are many small scripts: `static/search.js` asks for those of the words that a
reader has typed, as far as there is room, and for those of the sentences that it shows.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cache
from itertools import chain, islice, takewhile
from pathlib import Path
from typing import Any

from docutils import nodes
from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db
from sphinx import addnodes
from sphinx.application import Sphinx

FOLDER = "_search"
INDEX = "index"
KEPT = "search"  # among what Sphinx keeps from one build to the next
QUESTIONS = "book/questions"  # which has the book's answers in one sentence each
SIGNS = "".join(chr(code) for code in range(ord("!"), ord("~") + 1) if chr(code) not in '"\\')
HALF = len(SIGNS) // 2
LEVELS = 10  # more than headings have
MOST = 1000  # letters of a small script, where one word or sentence has no more
ROOM = 24_000  # bytes of scripts in which a search looks for its words
WORD = re.compile(r"[^\W_]+(?:[’'][^\W\d_]+)?")
HYPHENED = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)+")
# What a word may end with, and what is put instead, where three letters are left: two spellings
# and two forms of one word should find each other. The script that searches has it from here.
ENDINGS = {
    **dict.fromkeys(["isation", "isations", "ising", "iser", "isers", "ised", "ises", "ise"], "is"),
    **dict.fromkeys(["ization", "izations", "izing", "izer", "izers", "ized", "izes", "ize"], "is"),
    **dict.fromkeys(["ysing", "ysed", "yse", "yzing", "yzed", "yze"], "ys"),
    **dict.fromkeys(["elled", "eled", "elling", "eling"], "el"),
    **{f"{before}our{s}": f"{before}or" for before in ("l", "b", "v", "vi") for s in ("", "s")},
    **dict.fromkeys(["tre", "tres"], "ter"),
    **{kept: kept for kept in ("ss", "us", "is", "eed")},
    "ies": "y",
    **dict.fromkeys(["ence", "ences"], ""),
    **dict.fromkeys(["’s", "'s", "ings", "ing", "ed", "es", "s", "e"], ""),
}
LONGEST_FIRST = sorted(ENDINGS, key=len, reverse=True)
# Words with which a question is put, and which say nothing about its answer.
UNTOLD = (
    "a an and are as at be between by can do does for from how i in is it its my of on or should "
    "that the there this to versus vs was we what when which with you"
)
# What others say for what the book has other words for: both are looked for.
OTHER_WORDS = {
    "number of": "how many",
    "cluster": "components",
    "choose k": "how many components",
    "overfitting": "how many components",
    "AIC": "BIC",
    "initialisation": "start",
    "initialise": "start",
    "initial values": "start",
    "starting values": "start",
    "restart": "several starts",
    "random restart": "several starts",
    "optimum": "maximum",
    "optima": "maxima",
    "latent": "hidden",
    "variable": "label",
    "soft assignment": "soft labels",
    "hard assignment": "hard labels",
    "membership": "responsibility",
    "evidence lower bound": "lower bound",
    "ELBO": "lower bound",
    "mixing proportions": "weights",
    "mixing coefficients": "weights",
    "mixture weights": "weights",
    "GMM": "Gaussian mixture",
    "degenerate": "collapse",
    "singular": "collapse",
    "singular covariance": "collapse",
    "singularity": "collapse",
    "stopping criterion": "stop",
    "stopping rule": "stop",
    "decreases": "goes down",
    "increases": "never goes down",
    "monotone": "never goes down",
    "confidence interval": "standard error",
    "gradient descent": "gradient ascent",
    "sklearn": "scikit-learn",
    "parallel": "all cores",
    "multicore": "all cores",
    "out of memory": "too big for memory",
    "identifiability": "label switching",
    "install": "run it yourself",
    "slides": "decks",
    "what is EM": "EM in words",
    "posterior probability": "posterior",
    "marginal likelihood": "observed-data log-likelihood",
}
ASIDES = {"what-to-remember", "test-yourself", "exercises", "sources"}
TELLING = 4  # letters of a word that is hardly a formula's: i-h is another thing than ih
SHORT = 20  # letters of a sentence that says little by itself
SENTENCE_ENDS = re.compile(r"(?<=[.?!…])(?<!e\.g\.)(?<!i\.e\.)(?<!et al\.)[”’)]*\s+(?=[^a-z\s])")

# Titles are headings already; code, displayed formulas and results of code are no sentences.
UNREAD = (nodes.title, nodes.thead, nodes.classifier, nodes.FixedTextElement, nodes.math_block)
UNREAD += (nodes.Invisible, nodes.raw)


# What a page says


@dataclass
class Section:
    """A place that a search can lead to."""

    anchor: str
    heading: str
    level: int  # 1 for the page itself
    code: bool = False  # the heading is a name of the code
    aside: bool = False  # it repeats, asks or names sources: nothing is told here first
    sentences: list[str] = field(default_factory=list)
    terms: list[str] = field(default_factory=list)
    """What is introduced here: words set in bold."""


@dataclass
class PageText:
    """A page's words."""

    name: str
    title: str
    number: str
    beside: int  # 0 for what the book tells, 1 for what stands beside it, 2 for a list of sources
    sections: list[Section]


def sections_of(document: nodes.document, numbers: dict[str, tuple[int, ...]]) -> list[Section]:
    """Read a page; `numbers` are those of its exercises."""
    return [section for section in _Reader(numbers).read(document) if section.heading]


class _Reader:
    """Goes through a page and gives each block of text to the section in which it stands."""

    def __init__(self, numbers: dict[str, tuple[int, ...]]) -> None:
        self.numbers = numbers
        self.found = [Section("", "", 0)]  # what stands before the page's title

    def read(self, document: nodes.document) -> list[Section]:
        self._go_through(document, self.found[0])
        return self.found

    def _go_through(self, node: nodes.Element, here: Section) -> None:
        for child in node.children:
            self._take(child, here)

    def _take(self, node: nodes.Node, here: Section) -> None:
        kinds = node.get("classes", []) if isinstance(node, nodes.Element) else []
        if isinstance(node, nodes.section):
            self._begin(node, node["ids"], _title(node), here)
        elif isinstance(node, addnodes.desc):
            signature = next(node.findall(addnodes.desc_signature))
            self._begin(node[-1], signature["ids"], signature["fullname"], here, code=True)
        elif "exercise" in kinds:
            self._begin(node, node["ids"], self._exercise(node), here)
        elif "solution" in kinds:
            for child in node.children[2:]:  # after what folds it and its title
                self._take(child, self.found[-1])  # its exercise is what was read last
        elif "em-quiz" in kinds:
            here.sentences.append(_answer(node))
        elif isinstance(node, UNREAD):
            pass
        elif isinstance(node, nodes.row):
            cells = (readable(cell) for cell in node.children)
            here.sentences.append(" · ".join(cell for cell in cells if cell))
        elif isinstance(node, nodes.definition_list_item):
            term, *_, meaning = (readable(child) for child in node.children)
            here.sentences += sentences_of(f"{term}: {meaning}")
        elif isinstance(node, nodes.TextElement):
            here.sentences += sentences_of(readable(node))
            if not _boxed(node):
                here.terms += [readable(bold) for bold in node.findall(nodes.strong)]
        elif isinstance(node, nodes.Element):
            self._go_through(node, here)

    def _begin(
        self, node: Any, ids: list[str], heading: str, outer: Section, *, code: bool = False
    ) -> None:
        if not ids:
            return  # nothing can lead there
        aside = outer.aside or not ASIDES.isdisjoint(ids)
        self.found.append(Section(ids[0], heading, outer.level + 1, code, aside))
        self._go_through(node, self.found[-1])

    def _exercise(self, node: nodes.Element) -> str:
        number = ".".join(map(str, self.numbers.get(node["ids"][0], ())))
        title = _title(node)
        return f"Exercise {number}" + (f" ({title})" if title else "")


def _boxed(node: nodes.Node) -> bool:
    """Whether a text stands in a box or a fold, beside the story."""
    while node := node.parent:
        if isinstance(node, nodes.Admonition) or "fold" in node.get("classes", []):
            return True
    return False


def _title(node: nodes.Element) -> str:
    return next((readable(child) for child in node.children if isinstance(child, nodes.title)), "")


def _answer(fold: nodes.Element) -> str:
    """An answer of a quiz beside what is said of it: it may be a wrong one."""
    title, *rest = (child for child in fold.children if not isinstance(child, nodes.raw))
    return " ".join([f"“{readable(title)}”", *map(readable, rest)])


def sentences_of(text: str) -> list[str]:
    """Cut a text into sentences; a very short one begins the next."""
    found: list[str] = []
    for sentence in SENTENCE_ENDS.split(text):
        if found and len(found[-1]) < SHORT:
            found[-1] += " " + sentence
        elif sentence:
            found.append(sentence)
    return found


def readable(node: nodes.Node) -> str:
    """A node's text in one line, formulas as one would type them."""
    return " ".join("".join(_pieces(node)).split())


def _pieces(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.math):
        yield formula(node.astext())
    elif isinstance(node, nodes.Text):
        yield node.astext()
    elif not isinstance(node, nodes.raw | nodes.math_block | nodes.image):
        block = not isinstance(node, nodes.Inline | nodes.TextElement)
        for child in node.children:
            yield from _pieces(child)
            yield " " if block else ""


def _over(node: Any, l2tobj: Any) -> str:
    above, below = (l2tobj.nodelist_to_text([part]).strip() for part in node.nodeargs[-2:])
    return "/".join(f"({part})" if re.search(r"\W", part) else part for part in (above, below))


def _to_text() -> LatexNodes2Text:
    known = get_default_latex_context_db()
    shown = [MacroTextSpec("frac", _over)]
    spaced = {"approx": "≈", "le": "≤", "ge": "≥", "times": "×", "cdot": "·", "mid": "|", "|": "‖"}
    shown += [MacroTextSpec(name, f" {sign} ") for name, sign in {"log": "log", **spaced}.items()]
    known.add_context_category("em", macros=shown, prepend=True)
    return LatexNodes2Text(known, math_mode="text", strict_latex_spaces=False)


TO_TEXT = _to_text()


def formula(tex: str) -> str:
    """Write a formula in a line of text."""
    text = TO_TEXT.latex_to_text(re.sub(r"\\[td]frac", r"\\frac", tex))
    return text.replace("”", "″").replace("’", "′")


# Words


@cache
def stem(word: str) -> str:
    """What a word shares with its other spellings and forms."""
    word = word.lower()
    for ending in LONGEST_FIRST:
        left = word.removesuffix(ending) + ENDINGS[ending]
        if word.endswith(ending) and len(left) >= 3:
            return left
    return word


def stems(text: str) -> list[str]:
    """The stems of a text's words."""
    return [stem(word) for word in WORD.findall(text)]


def texts_of(page: PageText) -> list[str]:
    """All that a page says."""
    texts = chain.from_iterable([section.heading, *section.sentences] for section in page.sections)
    return [page.title, *texts]


def words_of(page: PageText) -> set[str]:
    """All stems of a page."""
    return set(chain.from_iterable(stems(text) for text in texts_of(page)))


def written_both_ways(pages: list[PageText]) -> dict[str, list[str]]:
    """Words that the book has with hyphens, too: k-means, and kmeans in names of the code.

    They are taken for the same, as two words or more, or each spelling would find its own.
    """
    known = set(chain.from_iterable(map(words_of, pages)))
    hyphened = {
        word for page in pages for text in texts_of(page) for word in HYPHENED.findall(text)
    }
    apart = {stem(word.replace("-", "")): stems(word) for word in sorted(hyphened)}
    return {word: apart[word] for word in apart if word in known and len(word) >= TELLING}


# The files


def in_signs(*numbers: int) -> str:
    """Write numbers one after the other: small ones as one sign, of larger ones the end first."""
    text = ""
    for number in numbers:
        while number >= HALF:
            text += SIGNS[HALF + number % HALF]
            number //= HALF
        text += SIGNS[number]
    return text


def from_signs(text: str) -> list[int]:
    """Read what `in_signs` wrote."""
    numbers, so_far, place = [], 0, 1
    for sign in map(SIGNS.index, text):
        so_far += sign % HALF * place
        place *= HALF
        if sign < HALF:
            numbers.append(so_far)
            so_far, place = 0, 1
    return numbers


def plain(heading: str) -> str:
    """The anchor that a heading has, if it has no other."""
    return re.sub("[^a-z0-9]+", "-", heading.lower()).strip("-")


def gaps(places: list[int]) -> list[int]:
    """How far each place is from the one before."""
    return [place - before for before, place in zip([0, *places], places, strict=False)]


def in_parts(texts: list[str]) -> list[list[str]]:
    """Texts in order, as many together as make a small script."""
    parts: list[list[str]] = [[]]
    for text in texts:
        if parts[-1] and sum(map(len, parts[-1])) + len(text) > MOST:
            parts.append([])
        parts[-1].append(text)
    return parts


def shortened(words: list[str]) -> Iterator[str]:
    """Each word without the beginning that it shares with the one before, but how long that is."""
    for before, word in zip(["", *words], words, strict=False):
        shared = sum(
            1 for _ in takewhile(lambda two: two[0] == two[1], zip(before, word, strict=False))
        )
        yield SIGNS[shared] + word[shared:]


def keep_page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Keep what a page says until all pages are there."""
    if doctree is None:
        return
    exercises = app.env.toc_fignumbers.get(pagename, {}).get("exercise", {})
    number = ".".join(map(str, app.env.toc_secnumbers.get(pagename, {}).get("", ())))
    sources = any(True for _ in doctree.findall(nodes.citation))
    page = PageText(
        pagename,
        app.env.titles[pagename].astext(),
        number,
        2 if sources else int(not number and pagename != QUESTIONS),
        sections_of(doctree, exercises),
    )
    path = _kept(app, pagename)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(page)))


def write_scripts(app: Sphinx, error: Exception | None) -> None:
    """Write the index, where each word stands, and the sentences."""
    if error or app.builder.format != "html":
        return
    site_map = app.env.external_site_map
    parts = [[site_map.root.docname], *(part.items for part in site_map.root.subtrees)]
    kept = [json.loads(_kept(app, str(name)).read_text()) for name in chain.from_iterable(parts)]
    pages = [
        PageText(**page | {"sections": [Section(**one) for one in page["sections"]]})
        for page in kept
    ]
    folder = Path(app.outdir) / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, (call, *arguments) in scripts(pages).items():
        (folder / f"{name}.js").write_text(in_script(call, *arguments), encoding="utf-8")


def in_script(call: str, *arguments: Any) -> str:
    """Write what a script calls."""
    told = (json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in arguments)
    return f"emSearch.{call}({','.join(told)});\n"


def scripts(pages: list[PageText]) -> dict[str, list[Any]]:
    """Each script's name and what it calls: the words of all sentences are counted through."""
    apart = written_both_ways(pages)
    on: dict[str, list[int]] = {
        word: [] for page in pages for one in words_of(page) for word in apart.get(one, [one])
    }
    count = 0
    sentences: list[str] = []
    listed = []
    for page in pages:
        sections = []
        for section in page.sections:
            lengths = []
            for sentence in section.sentences:
                words = [w for one in stems(sentence) for w in apart.get(one, [one])]
                for word in words:
                    on[word].append(count)
                    count += 1
                lengths.append(len(words))
            sentences += section.sentences
            flags = section.level + LEVELS * (section.code + 2 * section.aside)
            terms = chain.from_iterable(
                (term, in_signs(*gaps(_with(term, section.sentences)))) for term in section.terms
            )
            anchor = "" if section.anchor == plain(section.heading) else section.anchor
            sections.append([anchor, section.heading, flags, in_signs(*lengths), *terms])
        listed.append([page.name, page.title, page.number, page.beside, sections])
    vocabulary = sorted(on)
    places = in_parts([in_signs(*gaps(on[word])) for word in vocabulary])
    texts = in_parts(sentences)
    index = {
        "signs": SIGNS,
        "endings": [[ending, ENDINGS[ending]] for ending in LONGEST_FIRST],
        "apart": apart,
        "untold": UNTOLD.split(),
        "otherWords": [[stems(theirs), ours] for theirs, ours in OTHER_WORDS.items()],
        "pages": listed,
        "words": " ".join(shortened(vocabulary)),
        "places": in_signs(*map(len, places)),
        "sentences": in_signs(*map(len, texts)),
        "room": ROOM,
        "weights": in_signs(*(len(in_script(*one)) for one in _named("places", places).values())),
    }
    return {INDEX: ["index", index], **_named("places", places), **_named("sentences", texts)}


def _named(kind: str, parts: list[list[str]]) -> dict[str, list[Any]]:
    """Each part's script by its name, with what it calls."""
    return {f"{kind}{i}": ["part", f"{kind}{i}", part] for i, part in enumerate(parts)}


def _with(term: str, sentences: list[str]) -> list[int]:
    return [i for i, sentence in enumerate(sentences) if term in sentence]


def _arguments(folder: Path, name: str) -> list[Any]:
    text = (folder / f"{name}.js").read_text(encoding="utf-8")
    told = text.partition("(")[2].removesuffix(");\n")
    return json.loads(f"[{told}]")


def read_part(folder: Path, name: str) -> list[str]:
    """Read what one of the small scripts has."""
    return _arguments(folder, name)[1]


def read_scripts(folder: Path) -> list[PageText]:
    """Read what the pages say from the scripts that a search loads."""
    (index,) = _arguments(folder, INDEX)
    parts = [read_part(folder, f"sentences{i}") for i in range(len(from_signs(index["sentences"])))]
    sentences = chain.from_iterable(parts)
    pages = []
    for *page, sections in index["pages"]:
        found = []
        for anchor, heading, flags, lengths, *terms in sections:
            kind, level = divmod(flags, LEVELS)
            said = list(islice(sentences, len(from_signs(lengths))))
            found.append(
                Section(
                    anchor or plain(heading),
                    heading,
                    level,
                    bool(kind & 1),
                    bool(kind & 2),
                    said,
                    terms[::2],
                )
            )
        pages.append(PageText(*page, found))
    return pages


def _kept(app: Sphinx, name: str) -> Path:
    return Path(app.doctreedir) / KEPT / f"{name}.json"


def leave_out_sphinx_s(app: Sphinx) -> None:
    """Sphinx makes no index and no search page: both are ours."""
    app.builder.search = False


def add_search_page(app: Sphinx) -> list[tuple[str, dict[str, Any], str]]:
    """Add the page on which one searches."""
    return [("search", {}, "search.html")]


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the extension."""
    app.connect("builder-inited", leave_out_sphinx_s)
    app.connect("html-collect-pages", add_search_page)
    app.connect("html-page-context", keep_page)
    app.connect("build-finished", write_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
