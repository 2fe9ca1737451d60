"""What is asked about planned visits: which week, as known on which day, and from when they are planned here."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

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
