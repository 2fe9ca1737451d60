"""The kinds of question that many forms ask: a reason from a closed list, a few lines, pounds, a moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from calloff.domain.calendar import to_utc
from calloff.domain.units import centipence_of, pence_of

Choices = list[tuple[str, str]]
Words = Any
"""A text, or one that is put into the reader's language when it is shown."""


def chosen_of(table: Mapping[str, Any]) -> Choices:
    """A closed list as choices."""
    return [(code, str(label)) for code, label in table.items()]


def give_choices(form: forms.Form, name: str, choices: Iterable[tuple[str, str]]) -> None:
    """Give a question of a form the choices that it has this time."""
    # A form's fields are known as fields alone: that this one has choices is for whoever names it to know.
    form.fields[name].choices = list(choices)  # type: ignore[attr-defined]


def reasons(table: Mapping[str, Any], label: Words = "") -> forms.ChoiceField:
    """The one question why, with a closed list of answers."""
    return forms.ChoiceField(label=label or _("Why?"), choices=lambda: chosen_of(table), widget=forms.RadioSelect)


def several_lines(
    label: Words, most: int, *, required: bool = True, hint: Words = "", rows: int = 4
) -> forms.CharField:
    """A few lines of text."""
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, max_length=most, required=required, help_text=hint, widget=widget)


def moment(cleaned: Mapping[str, Any], day: str, clock: str) -> datetime | None:
    """A day and a time of day in London as one moment; None where either is missing."""
    on, hour = cleaned.get(day), cleaned.get(clock)
    if not isinstance(on, date) or not isinstance(hour, time):
        return None
    return to_utc(on, hour.hour * 60 + hour.minute)


class PoundsField(forms.CharField):
    """An amount or rate in pounds, read into whole numbers exactly."""

    def __init__(self, *, rate: bool = False, **options: Any) -> None:
        options.setdefault("widget", forms.TextInput(attrs={"width": 5, "prefix": "£", "inputmode": "decimal"}))
        super().__init__(**options)
        self.rate = rate

    def clean(self, value: Any) -> int | None:
        """Pence, or centipence of a rate; ValidationError for what is no amount."""
        written = str(super().clean(value) or "").strip().lstrip("£").replace(",", "")
        if not written:
            return None
        try:
            return centipence_of(written) if self.rate else pence_of(written)
        except ValueError as error:
            raise forms.ValidationError(_("Enter an amount in pounds, such as 271.60"), code="invalid") from error
