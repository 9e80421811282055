"""The site's pages put together as one page for paper: what `tools/pdf.py` prints.

Formulas, numbers and figures are those of the site. What needs a screen is left out; solutions go
to the back; ids get their page's name in front, since pages share them.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag

HOME = "index"
SOURCES = "bibliography"
SCREEN_ONLY = {"headerlink", "em-ghost", "em-points", "tour-view", "only-dark", "toctree-wrapper"}
SCREEN_ONLY |= {"ways", "em-hint", "em-said"}  # classes
EXERCISE = re.compile(r"Exercise (\d+\.\d+)")
QUESTION = re.compile(r"\s*(\d+)\.")
FORMULA, DRAWN = '<span class="katex">', '<span class="katex-html"'
ANNOTATION = re.compile(r"<annotation[^>]*>(.*?)</annotation>", re.DOTALL)
KEPT = re.compile(r'<span class="katex" data-formula="(\d+)">[^<]*</span>')
SPAN = re.compile(r"<span\b|</span>")
OF_ALL = {"What to remember", "Test yourself", "Exercises", "Sources"}  # which each chapter has


class PrintError(RuntimeError):
    """The book can't be printed as it stands."""


@dataclass
class Page:
    """A page of the site, or one that only paper has."""

    name: str
    number: str
    title: str
    article: Tag
    sections: list[tuple[str, str]] = field(default_factory=list)

    @property
    def heading(self) -> str:
        """The title with its number."""
        return f"{self.number} {self.title}".strip()


class Formulas:
    """The drawn formulas, kept apart: in the tree they would be nine of ten elements."""

    def __init__(self) -> None:
        self.drawn: list[str] = []

    def take(self, html: str) -> str:
        """Give the text of a page with what is read of each formula in its place."""
        pieces, at = [], 0
        while (begin := html.find(FORMULA, at)) >= 0:
            pieces += [html[at:begin], self._keep(html[begin : (end := _end_of_span(html, begin))])]
            at = end
        return "".join([*pieces, html[at:]])

    def _keep(self, formula: str) -> str:
        """Name a formula by its source: a tagged PDF loses MathML."""
        source = ANNOTATION.search(formula)[1].replace('"', "&quot;")
        drawn = formula[formula.index(DRAWN) : -len("</span>")]
        self.drawn.append(f'<span class="katex" role="img" aria-label="{source}">{drawn}</span>')
        said = re.sub(r"<[^>]+>", "", drawn)
        return f'<span class="katex" data-formula="{len(self.drawn) - 1}">{said}</span>'

    def give_back(self, html: str) -> str:
        """Put the formulas back into a text."""
        return KEPT.sub(lambda kept: self.drawn[int(kept[1])], html)


def _end_of_span(html: str, begin: int) -> int:
    """Say where the element ends that begins there."""
    depth = 0
    for tag in SPAN.finditer(html, begin):
        depth += -1 if tag[0].startswith("</") else 1
        if not depth:
            return tag.end()
    raise PrintError("a formula does not end")


class Book:
    """All pages, made ready for paper, in their order."""

    def __init__(self, site: Path) -> None:
        self.site = site
        self.formulas = Formulas()
        self.address = ""
        self.soup = BeautifulSoup("", "html.parser")
        self.cover, self.pages = self.read()
        names = [page.name for page in [self.cover, *self.pages]]
        self.places = {(site / "book" / f"{name}.html").resolve() for name in names}

    def read(self) -> tuple[Page, list[Page]]:
        """Read the pages that the site's contents name."""
        home = self.parse(HOME)
        canonical = home.select_one("link[rel=canonical]")
        if canonical:
            self.address = str(canonical["href"]).removesuffix(f"book/{HOME}.html")
        cover = self.page(HOME, "", home.select_one(".brand .long").get_text())
        for listed in cover.article.select('section[id^="part-"]'):  # the contents list them again
            listed.decompose()
        cover.article.append(home.select_one(".colophon"))
        links = home.select(".contents nav .part a")
        return cover, [self.page_of(link) for link in links]

    def page_of(self, link: Tag) -> Page:
        """Read the page that a line of the contents leads to."""
        number = link.select_one(".number").extract().get_text()
        return self.page(Path(str(link["href"])).stem, number, link.get_text().strip())

    def page(self, name: str, number: str, title: str) -> Page:
        """Read one page."""
        return Page(name, number, title, self.parse(name).article)

    def parse(self, name: str) -> BeautifulSoup:
        """Parse a page, but for its formulas."""
        html = (self.site / "book" / f"{name}.html").read_text(encoding="utf-8")
        return BeautifulSoup(self.formulas.take(html), "html.parser")

    def make(self, folder: Path) -> str:
        """Give the whole book as HTML that is to stand in `folder`."""
        for page in [self.cover, *self.pages]:
            self.leave_screen(page.article)
            self.move(page, folder)
        solutions = self.solutions()
        at = next(i for i, page in enumerate(self.pages) if page.name == SOURCES)
        self.pages.insert(at, solutions)
        for page in self.pages:
            page.sections = [_section(h2) for h2 in page.article.select("section[id] > h2")]
        self.number_links()
        whole = self.whole(folder)
        _check_targets(whole)
        return self.formulas.give_back(str(whole))

    # From screen to paper

    def leave_screen(self, article: Tag) -> None:
        """Take away what works on a screen only, and open what is folded."""
        for element in article.find_all(_is_screens):
            element.decompose()
        for solution in article.select(".em-by-hand .em-solution"):
            solution.name = "div"
            solution.summary.decompose()
        for fold in article.select("details.code-fold"):
            # Its code draws or prepares; what it put out is the page's.
            for output in fold.select(".cell_output"):
                fold.insert_before(output)
            fold.decompose()
        for cell in article.select(".cell"):
            if not cell.get_text(strip=True) and not cell.img:
                cell.decompose()
        for stepper in article.select(".em-stepper"):
            picture = stepper.select_one(".em-picture")
            if "em-still" in stepper["class"]:
                picture["class"].append("em-moment")
            stepper.replace_with(picture)
        for details in article.select("details:not(.em-quiz *)"):
            details.summary.name = "p"
            details.unwrap()

    def move(self, page: Page, folder: Path) -> None:
        """Let ids, links and pictures hold in the one page."""
        page.article["id"] = page.name
        for element in page.article.find_all(id=True):
            element["id"] = f"{page.name}:{element['id']}"
        for link in page.article.select("a[href]"):
            self.move_link(link, page.name)
        for picture in page.article.select("img"):
            path = self.site / "book" / str(picture["src"])
            if not path.exists():
                raise PrintError(f"{page.name}: there is no picture {picture['src']}")
            picture["src"] = os.path.relpath(path.resolve(), folder)
            del picture["loading"]

    def move_link(self, link: Tag, page: str) -> None:
        """Lead a link to the place in the one page; a file of the site is there on the web only."""
        target = urlsplit(str(link["href"]))
        if target.scheme:
            return
        path = (self.site / "book" / (unquote(target.path) or f"{page}.html")).resolve()
        if not path.exists():
            raise PrintError(f"{page}: a link leads to {link['href']}, which is not there")
        if path not in self.places:
            self.link_to_web(link, path)
            return
        link["href"] = "#" + ":".join(filter(None, [path.stem, unquote(target.fragment)]))

    def link_to_web(self, link: Tag, path: Path) -> None:
        """Link to a file where the site is published, or to nothing where that isn't known."""
        if self.address:
            link["href"] = self.address + path.relative_to(self.site.resolve()).as_posix()
        else:
            link.unwrap()

    def solutions(self) -> Page:
        """Take the solutions out of the chapters: a page for the back, linked both ways."""
        article = self.soup.new_tag("article", id="solutions")
        article.append(_tag("h1", "Solutions"))
        for page in self.pages:
            exercises = {_exercise(e): e for e in page.article.select(".exercise")}
            solved = {_exercise(s): s.extract() for s in page.article.select(".solution")}
            if exercises.keys() != solved.keys():
                raise PrintError(f"{page.name}: exercises and solutions differ")
            quizzes = page.article.select("section:has(> .em-quiz)")
            if exercises or quizzes:
                section = _tag("section", id=f"solutions:{page.name}")
                section.append(_tag("h2", page.heading))
                article.append(section)
            for quiz in quizzes:
                section.append(_answers(quiz))
            for number, exercise in exercises.items():
                section.append(_solution(number, exercise, solved[number]))
            for box in page.article.select(".em-by-hand"):
                section.append(_by_hand(box))
        return Page("solutions", "", "Solutions", article)

    # Page numbers, contents and the whole

    def number_links(self) -> None:
        """Say on which page a link's place is, where that is in another chapter."""
        for page in [self.cover, *self.pages]:
            for link in page.article.select('a[href^="#"]:not(h3 a, .to-solution a)'):
                target = str(link["href"])[1:]
                if target.split(":")[0] not in (page.name, SOURCES):
                    link.insert_after(_place("\N{NO-BREAK SPACE}[p. ", target, "]"))

    def contents(self) -> Tag:
        """List the chapters and their sections, with room for their pages' numbers."""
        nav = _tag("nav", id="contents")
        nav.append(_tag("h1", "Contents"))
        for page in self.pages:
            nav.append(_entry(page.heading, page.name, "chapter"))
            for title, target in page.sections:
                if title in OF_ALL:
                    continue
                nav.append(_entry(title, target, "section"))
        return nav

    def whole(self, folder: Path) -> BeautifulSoup:
        """Put everything together."""
        whole = BeautifulSoup(
            '<!DOCTYPE html><html lang="en-GB"><head><meta charset="utf-8"></head><body></body>',
            "html.parser",
        )
        whole.head.append(_tag("title", self.cover.title))
        for style in STYLES:
            href = os.path.relpath(self.site / "_static" / style, folder)
            whole.head.append(_tag("link", rel="stylesheet", href=href))
        whole.head.append(_tag("style", self.running_heads()))
        whole.body.append(self.cover.article)
        whole.body.append(self.contents())
        for i, page in enumerate(self.pages):
            page.article["style"] = f"page: p{i}"
            whole.body.append(page.article)
        return whole

    def running_heads(self) -> str:
        """Name each page of paper's top line after its chapter."""
        return "\n".join(
            f'@page p{i} {{ @top-right {{ content: "{_quoted(page.heading)}"; }} }}'
            for i, page in enumerate(self.pages)
        )


STYLES = ["palette.css", "em.css", "katex/katex.min.css", "stepper.css"]


def _tag(name: str, text: str = "", **attributes: str) -> Tag:
    tag = BeautifulSoup("", "html.parser").new_tag(name, attrs=attributes)
    tag.string = text
    return tag


def _is_screens(tag: Tag) -> bool:
    """Say whether an element is for a screen only; one selector for all takes far longer."""
    return tag.name in ("button", "script") or not SCREEN_ONLY.isdisjoint(tag.get("class", ()))


def _section(h2: Tag) -> tuple[str, str]:
    return h2.get_text(), str(h2.parent["id"])


def _exercise(box: Tag) -> str:
    return EXERCISE.search(box.select_one(".caption-number, .fold-title").get_text())[1]


def _solution(number: str, exercise: Tag, solution: Tag) -> Tag:
    """Link an exercise and its solution, each with the other's page."""
    exercise.append(_to_back("Solution", str(solution["id"])))
    title = solution.select_one(".fold-title")
    title.parent.replace_with(_linked_title("h3", f"Exercise {number}", str(exercise["id"])))
    return solution


def _by_hand(box: Tag) -> Tag:
    """Take the solution of an exercise with drawn numbers; both are linked as others are."""
    solution = box.select_one(".em-solution").extract()
    solution["class"] = "by-hand-solution"  # the other is for a page, which is printed without
    solution["id"] = f"{box['id']}:solution"
    title = box.select_one(".fold-title").get_text()
    solution.insert(0, _linked_title("h3", title, str(box["id"])))
    box.append(_to_back("Solution", str(solution["id"])))
    return solution


def _to_back(text: str, target: str) -> Tag:
    line = _linked_title("p", text, target)
    line["class"] = "to-solution"
    return line


def _linked_title(name: str, text: str, target: str) -> Tag:
    title = _tag(name)
    title.append(_tag("a", text, href=f"#{target}"))
    title.append(_place(" on page ", target))
    return title


def _answers(quiz: Tag) -> Tag:
    """Leave the questions and their choices where they are, and take what is said of each."""
    asked = str(quiz["id"])
    answers = _tag("div", id=f"{asked}:answers", **{"class": "answers"})
    answers.append(_linked_title("h3", "Test yourself", asked))
    number, letters = "", iter("")
    for part in quiz.find_all(["p", "div"], recursive=False):
        if part.name == "div":
            answers.append(_answer(part, number, next(letters)))
        elif question := QUESTION.match(part.get_text()):
            number, letters = question[1], iter("abcdefgh")
            part["class"] = "question"
        else:
            part.decompose()  # how to open an answer
    quiz.append(_to_back("Answers", str(answers["id"])))
    return answers


def _answer(choice: Tag, number: str, letter: str) -> Tag:
    answer = _tag("div", **{"class": "answer"})
    answer.append(_tag("strong", number + letter))
    reason = _tag("div")
    reason.extend(list(choice.summary.next_siblings))
    answer.append(reason)
    choice["class"] = "choice"
    choice.summary.name = "p"
    choice.details.unwrap()
    choice.p.insert(0, _tag("strong", f"{letter}  "))
    return answer


def _place(before: str, target: str, after: str = "") -> Tag:
    """Room for the number of the page on which `target` is."""
    place = _tag("span", before, **{"class": "place"})
    place.append(_tag("span", "000", **{"data-page-of": target}))
    place.append(after)
    return place


def _entry(title: str, target: str, kind: str) -> Tag:
    line = _tag("p", **{"class": kind})
    link = _tag("a", href=f"#{target}")
    link.append(_tag("span", title))
    link.append(_place("", target))
    line.append(link)
    return line


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _check_targets(whole: BeautifulSoup) -> None:
    ids = {str(element["id"]) for element in whole.find_all(id=True)}
    lost = {str(a["href"]) for a in whole.select('a[href^="#"]') if str(a["href"])[1:] not in ids}
    if lost:
        raise PrintError(f"links without a target: {', '.join(sorted(lost))}")
