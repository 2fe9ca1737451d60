"""What is said of a visit that was missed, late or short, and how late a visit must be for people to be told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from calloff.web.payments.services.alerting import MOST_LATE_MINUTES

CAUSES = {
    "provider": _("the provider's doing"),
    "person": _("the person's doing"),
    "council": _("the council's doing"),
    "weather": _("the weather's doing"),
}
STANDS = {
    "unsaid": (_("nobody said why"), "grey"),
    "said": (_("waits for an answer"), "yellow"),
    "agreed": (_("agreed"), "green"),
    "contested": (_("contested"), "orange"),
}
KINDS = {"missed": _("missed"), "late": _("late"), "short": _("short")}
SAYS = {"say": _("says it was %(cause)s"), "agree": _("agrees: %(cause)s"), "contest": _("contests: %(cause)s")}


def words_field(*, required: bool) -> forms.CharField:
    """Words to the other side."""
    return forms.CharField(
        label=_("Why?"),
        help_text=_("The other side reads it. Name nobody: the visit says whose it is."),
        max_length=1000,
        required=required,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class SayForm(forms.Form):
    """Whose doing it was, a code of the council's list, and why."""

    cause = forms.ChoiceField(label=_("Whose doing was it?"), choices=list(CAUSES.items()), widget=forms.RadioSelect)

    def __init__(self, *arguments: Any, codes: Sequence[tuple[str, str]], **options: Any) -> None:
        super().__init__(*arguments, **options)
        if codes:
            choices = [("", _("None of these")), *codes]
            self.fields["code"] = forms.ChoiceField(label=_("Exception code"), choices=choices, required=False)
        self.fields["words"] = words_field(required=True)

    def code(self) -> str:
        """The code that was chosen, blank where none was."""
        return str(self.cleaned_data.get("code", ""))


class AnswerForm(forms.Form):
    """Whether one agrees with what the other side said, and why not."""

    reveals = {"answer": {"contest": ["words"]}}  # noqa: RUF012 - read by the look of forms

    answer = forms.ChoiceField(
        label=_("What do you say to it?"),
        choices=[("agree", _("We agree")), ("contest", _("We contest it"))],
        widget=forms.RadioSelect,
    )

    def __init__(self, *arguments: Any, contested: bool, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["words"] = words_field(required=False)
        if contested:
            self.fields["answer"].choices = [("agree", _("We agree after all"))]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Whoever contests says why."""
        found = super().clean() or {}
        if found.get("answer") == "contest" and not str(found.get("words", "")).strip():
            self.add_error("words", _("Enter why you contest it"))
        return found


class AlertLimitForm(forms.Form):
    """How late a visit must be for people to be told at once."""

    minutes = forms.IntegerField(
        label=_("How many minutes after its window?"),
        help_text=_("With 0 people are told of every late visit. Of every missed one they are told in any case."),
        min_value=0,
        max_value=MOST_LATE_MINUTES,
        widget=forms.TextInput(attrs={"width": 4, "inputmode": "numeric"}),
    )
