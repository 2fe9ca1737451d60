"""What is typed about pay."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from calloff.web.config.look.fields import DayField


class DraftRunForm(forms.Form):
    """Up to which day visits are paid."""

    to_on = DayField(label=_("Pay visits up to and including"), help_text=_("For example 13 12 2026."))
