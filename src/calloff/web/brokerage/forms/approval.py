"""The approver's decision on a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from calloff.web.brokerage.forms.typed import JudgedPounds, JudgedText


class DecisionForm(forms.Form):
    """The approver's word."""

    decision = forms.ChoiceField(label=_("What do you decide?"), widget=forms.RadioSelect)
    most = JudgedPounds(
        label=_("Greatest weekly cost"),
        help_text=_("In pounds a week, for example 271.60. A call-off above it comes back to an approver."),
    )
    reason = JudgedText(
        label=_("Why not?"),
        max_length=500,
        help_text=_("This goes back to whoever asked, so name nobody."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    seen = forms.BooleanField(label=_("I have seen the warnings above"), required=False)
    reveals: Mapping[str, Mapping[str, list[str]]] = {"decision": {"approve": ["most"], "refuse": ["reason"]}}

    def __init__(self, *arguments: Any, approve_words: str, warned: bool, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["decision"].choices = [("approve", approve_words), ("refuse", _t("Refuse it"))]  # type: ignore[attr-defined]
        self.fields["decision"].error_messages["required"] = _t("Choose whether you approve it")
        self.warned = warned
        if warned:
            self.reveals = {"decision": {"approve": ["most", "seen"], "refuse": ["reason"]}}
        else:
            del self.fields["seen"]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("decision") == "approve":
            if found.get("most") is None and "most" not in self.errors:
                self.add_error("most", _t("Enter the greatest weekly cost"))
            if self.warned and not found.get("seen"):
                self.add_error("seen", _t("Tick that you have seen the warnings"))
        if found.get("decision") == "refuse" and not str(found.get("reason", "")).strip():
            self.add_error("reason", _t("Write why"))
        return found
