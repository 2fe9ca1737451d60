"""What is asked about planned visits and about rows that belong to none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from calloff.documents.exception_codes import NOT_COME, NOT_LEFT
from calloff.web.config.look.fields import DayField


class WeekForm(forms.Form):
    """Which week to show, and as it was known when."""

    on = DayField(label=_("A day of the week to show"), required=False)
    known = DayField(
        label=_("As known at the end of"), required=False, help_text=_("Leave it empty for what is known now.")
    )


class PlanningForm(forms.Form):
    """From which day on visits are planned here."""

    on = DayField(label=_("From which day?"), help_text=_("For example, 27 11 2026"))


class PairForm(forms.Form):
    """To which planned visit a row belongs."""

    def __init__(self, *arguments: Any, visits: Sequence[tuple[str, str]], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["visit"] = forms.ChoiceField(
            label=_("Which visit was it?"), choices=list(visits), widget=forms.RadioSelect()
        )


class ApproveForm(forms.Form):
    """How many minutes of a visit that was not planned are approved."""

    minutes = forms.IntegerField(
        label=_("How many minutes are approved?"),
        min_value=1,
        max_value=24 * 60,
        widget=forms.TextInput(attrs={"width": 4, "inputmode": "numeric"}),
    )


class WordsForm(forms.Form):
    """Words about a row."""

    words = forms.CharField(
        label=_("Words to the provider"),
        help_text=_("Name nobody: the row says whose visit it is."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


EXPLAINS = {
    NOT_COME: _("a coming that was not logged"),
    NOT_LEFT: _("a leaving that was not logged"),
    "late": _("a late visit"),
    "short": _("a short visit"),
    "missed": _("a missed visit"),
}


class CodeWordsForm(forms.Form):
    """What an exception code says, and what it may stand beside."""

    words = forms.CharField(label=_("What it means"), max_length=120, widget=forms.TextInput(attrs={"width": 30}))
    explains = forms.MultipleChoiceField(
        label=_("What it may stand beside"), choices=list(EXPLAINS.items()), widget=forms.CheckboxSelectMultiple()
    )


class CodeForm(CodeWordsForm):
    """A new exception code."""

    field_order = ("code", "words", "explains")

    code = forms.CharField(
        label=_("The code"),
        help_text=_("As files of visits hold it, for example no_signal. It never changes."),
        max_length=40,
        widget=forms.TextInput(attrs={"width": 20}),
    )
