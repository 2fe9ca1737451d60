"""What was typed into the boxes of a request, kept as it is, and boxes that their form judges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.forms.utils import ErrorDict
from django.http import QueryDict

from calloff.documents.wording import say
from calloff.web.brokerage.forms.questions import PoundsField
from calloff.web.config.look.fields import ClockField

Typed = Mapping[str, Sequence[str]]


def capital(text: str) -> str:
    """A wording at the beginning of a line."""
    return text[:1].upper() + text[1:]


def worded(section: str, codes: Sequence[str]) -> list[tuple[str, str]]:
    """Codes of a closed list as choices, in the words of the table."""
    return [(code, capital(say(section, code))) for code in codes]


def posted(typed: Typed) -> QueryDict:
    """What was typed, as a form takes it."""
    data = QueryDict(mutable=True)
    for name, values in typed.items():
        data.setlist(name, list(values))
    return data


def as_typed(data: QueryDict, *left_out: str) -> dict[str, list[str]]:
    """What a form sent, to be kept; tokens and buttons are left out."""
    return {name: data.getlist(name) for name in data if name not in ("csrfmiddlewaretoken", "act", *left_out)}


def whole(typed: Typed) -> dict[str, list[str]]:
    """A copy of what was typed."""
    return {name: list(values) for name, values in typed.items()}


def without_errors(form: forms.Form) -> None:
    """Show what was typed before as it was, with nothing said of it yet."""
    form._errors = ErrorDict()  # type: ignore[attr-defined]  # what a form holds once it was looked at


class JudgedByForm:
    """A field that is asked for without "(optional)", where the form itself says when it may stay empty."""

    empty_values: Sequence[Any]

    def validate(self, value: Any) -> None:
        """Refuse a wrong value; an empty one is the form's to judge."""
        if value not in self.empty_values:
            super().validate(value)  # type: ignore[misc]


class RowDays(JudgedByForm, forms.MultipleChoiceField):
    """The days of a row."""


class RowClock(JudgedByForm, ClockField):
    """The time of a row."""


class RowChoice(JudgedByForm, forms.ChoiceField):
    """A choice that stands at its usual value."""


class JudgedText(JudgedByForm, forms.CharField):
    """Words that are needed in some cases."""


class JudgedPounds(JudgedByForm, PoundsField):
    """An amount that is needed in some cases."""
