"""Exercises by hand in a notebook: fields and buttons with a kernel, data for pages without one."""

from __future__ import annotations

import re
from html import escape
from typing import Any

import numpy as np

from em_core.exercises.by_hand.judging import NOT_YET, RIGHT, judge
from em_core.exercises.by_hand.template import ByHand, Variant, drawn

MIME = "application/vnd.em-by-hand+json"


class Shown:
    """Some exercises as a cell's output."""

    def __init__(self, exercises: list[ByHand]) -> None:
        self.exercises = exercises

    def __repr__(self) -> str:
        return "By hand, with numbers of your own: " + "; ".join(e.title for e in self.exercises)

    def _repr_mimebundle_(self, **how: Any) -> dict[str, Any]:
        return live(self.exercises) | {
            "text/plain": repr(self),
            MIME: {"names": [exercise.name for exercise in self.exercises]},
        }


def live(exercises: list[ByHand]) -> dict[str, Any]:
    """The exercises as widgets; nothing where ipywidgets is not installed."""
    try:
        import ipywidgets as widgets
    except ImportError:
        return {}
    rng = np.random.default_rng()
    sheets = [_Sheet(exercise, rng, widgets).box for exercise in exercises]
    data: dict[str, Any] = widgets.VBox(sheets)._repr_mimebundle_()
    return data


class _Sheet:
    """One exercise with its fields; each press of "Another one" draws anew."""

    def __init__(self, exercise: ByHand, rng: np.random.Generator, widgets: Any) -> None:
        self.exercise, self.rng = exercise, rng
        words = widgets.HTMLMath
        self.question, self.more = words(), words()
        self.fields = [
            widgets.Text(continuous_update=False, placeholder=field.asked)
            for field in exercise.fields
        ]
        self.verdicts = [words() for _ in exercise.fields]
        for text in self.fields:  # a press of Check may reach the kernel before what was written
            text.observe(lambda change: self.check(), "value")
        named = {
            "Check": self.check,
            "Hint": self.hint,
            "Solution": self.solve,
            "Another one": self.renew,
        }
        self.buttons = {name: widgets.Button(description=name) for name in named}
        for name, action in named.items():
            self.buttons[name].on_click(lambda _, action=action: action())
        rows = [
            widgets.HBox([words(as_html(field.label)), text, verdict])
            for field, text, verdict in zip(
                exercise.fields, self.fields, self.verdicts, strict=True
            )
        ]
        buttons = widgets.HBox(list(self.buttons.values()))
        self.box = widgets.VBox([self.question, *rows, buttons, self.more])
        self.variant: Variant = drawn(exercise, rng)
        self.renew()

    def renew(self) -> None:
        """Draw other numbers."""
        before = self.variant
        while self.variant == before:
            self.variant = drawn(self.exercise, self.rng)
        self.told: list[str] = []
        title = f"<b>{escape(self.exercise.title)}</b>"
        self.question.value = title + as_html(self.variant.filled(self.exercise.question))
        self.more.value = ""
        for text, verdict in zip(self.fields, self.verdicts, strict=True):
            text.value = verdict.value = ""
        self.buttons["Hint"].disabled = False

    def check(self) -> None:
        """Say what each answer is."""
        for i, (text, verdict) in enumerate(zip(self.fields, self.verdicts, strict=True)):
            if not text.value.strip():
                verdict.value = ""
                continue
            said = judge(text.value, self.variant, i)
            words = as_html(said.words) if said not in (RIGHT, NOT_YET) else ""
            verdict.value = f"<b>{said.headline}.</b> {words}"

    def hint(self) -> None:
        """Show one more hint."""
        self.tell(self.exercise.hints[len(self.told)])
        self.buttons["Hint"].disabled = len(self.told) >= len(self.exercise.hints)

    def solve(self) -> None:
        """Show the solution with these numbers."""
        self.buttons["Hint"].disabled = True
        self.told = []
        self.tell(self.exercise.solution)

    def tell(self, text: str) -> None:
        """Show something below the fields."""
        self.told.append(as_html(self.variant.filled(text)))
        self.more.value = "".join(self.told)


def as_html(text: str) -> str:
    """The little Markdown that the exercises have; Jupyter sets the formulas."""
    return "".join(f"<p>{in_line(paragraph)}</p>" for paragraph in text.split("\n\n"))


def in_line(text: str) -> str:
    """The same of a part of a paragraph."""
    return re.sub(r"\*([^*$]+)\*", r"<em>\1</em>", escape(text, quote=False))
