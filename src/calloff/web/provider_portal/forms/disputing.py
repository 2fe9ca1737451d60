"""What a provider fills in when a line of pay is wrong."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from calloff.domain.units import MOST_MINUTES
from calloff.web.payments.forms import HOLD_REASONS


class DisputeLineForm(forms.Form):
    """What is wrong with a line of pay."""

    reason = forms.ChoiceField(label=_("What is wrong?"), choices=list(HOLD_REASONS.items()), widget=forms.RadioSelect)
    claimed_minutes = forms.IntegerField(
        label=_("How many minutes should be paid?"),
        help_text=_("Of all care workers together. Leave it empty where minutes are not what is wrong."),
        required=False,
        min_value=0,
        max_value=MOST_MINUTES,
    )
    words = forms.CharField(
        label=_("What happened?"),
        help_text=_("Name nobody: the line says whose visit it is."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
