"""The forms with which new work is stopped and opened again, and with which spare hours are written down."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from calloff.web.config.look.fields import DayField
from calloff.web.contracts.forms.drafts import HoursField

REASON = {"max_length": 300, "widget": forms.Textarea(attrs={"rows": 3})}


class SuspendForm(forms.Form):
    """No new work from a day on."""

    from_on = DayField(label=_("From"), help_text=_("The first day without new work."))
    to_on = DayField(label=_("Until"), help_text=_("The last such day. Empty: until it is lifted."), required=False)
    reason = forms.CharField(label=_("Why?"), **REASON)  # type: ignore[arg-type]
    step_in = forms.BooleanField(
        label=_("Pass its new referrals to the next in line (step-in)"),
        help_text=_("Only where the model has a rule for it."),
        required=False,
    )

    def __init__(self, today: date, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{"initial": {"from_on": today}} | options)

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        first, last = found.get("from_on"), found.get("to_on")
        if first and last and last < first:
            self.add_error("to_on", _("The last day must not be before the first"))
        return found


class LiftForm(forms.Form):
    """New work again."""

    reason = forms.CharField(label=_("Why?"), **REASON)  # type: ignore[arg-type]


class SpareForm(forms.Form):
    """What a provider said it has to spare, pool by pool, who said it and how."""

    told_by = forms.CharField(label=_("Who told you?"), help_text=_("The name of who spoke."), max_length=120)
    channel = forms.ChoiceField(
        label=_("How?"),
        choices=(("phone", _("By telephone")), ("email", _("By e-mail")), ("letter", _("By letter"))),
        widget=forms.RadioSelect,
        initial="phone",
    )

    def __init__(self, pools: Iterable[tuple[int, str, int]], *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.numbers = []
        asked = {}
        for number, name, minutes in pools:
            self.numbers.append(number)
            initial = f"{minutes / 60:.2f}".rstrip("0").rstrip(".")
            asked[f"pool_{number}"] = HoursField(label=name, initial=initial)
        self.fields = {**asked, **self.fields}

    def spare(self) -> dict[int, int]:
        """Minutes a week by the number of the pool."""
        return {number: self.cleaned_data[f"pool_{number}"] for number in self.numbers}
