"""What is filled in about the queue: who gets which packages, and what is looked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from calloff.web.accounts.models import User
from calloff.web.brokerage.forms import words
from calloff.web.brokerage.forms.questions import several_lines
from calloff.web.brokerage.models import Package

DUTY_TEAM = "duty_team"


class GiveForm(forms.Form):
    """Who owns some packages from now on; where several are offered, which of them."""

    packages = forms.MultipleChoiceField(
        label=_("Which packages?"),
        widget=forms.CheckboxSelectMultiple(attrs={"inline": "small"}),
        error_messages={"required": _("Choose at least one package")},
    )
    to = forms.ChoiceField(label=_("Who owns them from now on?"), error_messages={"required": _("Choose somebody")})
    note = several_lines(
        _("Note for the new owner"), 2000, required=False, hint=_("It stands on each of the packages.")
    )

    def __init__(self, data: Any, packages: Sequence[Package], me: User, others: Sequence[User], **more: Any) -> None:
        super().__init__(data, **more)
        self._packages = {one.token: one for one in packages}
        self._people = {one.token: one for one in (me, *others)}
        told = [(one.token, f"{one.reference}, {one.area.name}\n{_said(one)}") for one in packages]
        self.fields["packages"].choices = told  # type: ignore[attr-defined]
        mine = [(me.token, _("Me, %(name)s") % {"name": me.identity.name})] if me in others else []
        self.fields["to"].choices = [  # type: ignore[attr-defined]
            ("", _("Choose")),
            *mine,
            *((one.token, one.identity.name) for one in others if one != me),
            (DUTY_TEAM, _("The duty team")),
        ]

    @property
    def chosen(self) -> list[Package]:
        """The packages that were ticked."""
        return [self._packages[token] for token in self.cleaned_data["packages"]]

    @property
    def owner(self) -> User | None:
        """The new owner; None for the duty team."""
        return self._people.get(self.cleaned_data["to"])


class SearchForm(forms.Form):
    """What is looked for: a reference, a person, a provider."""

    q = forms.CharField(
        label=_("Person, package or provider"),
        max_length=100,
        help_text=_("A reference such as P-7K2MQX, a name, or a case number. Small mistakes are forgiven."),
        error_messages={"required": _("Enter a reference or a name")},
    )


def _said(package: Package) -> str:
    owner = package.owner.identity.name if package.owner else str(_("the duty team"))
    return f"{words.action_words(package.next_action)}, {owner}"
