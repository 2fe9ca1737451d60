"""What an administrator writes: who somebody is, which role they hold where, and until when."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calloff.web.accounts.models import EVERYWHERE, Identity
from calloff.web.accounts.services import places
from calloff.web.accounts.services.administering import same_human_as
from calloff.web.accounts.services.roles import Side, roles
from calloff.web.config.look.fields import DayField


class FindForm(forms.Form):
    """A name, or part of one. It is sent, never put into an address."""

    q = forms.CharField(label=gettext_lazy("Sign-in name, name or e-mail address"), max_length=120, required=False)


class GrantForm(forms.Form):
    """A role, where it is held, and from when to when. Which of the two places is asked for follows from the role."""

    role = forms.ChoiceField(
        label=gettext_lazy("Role"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose a role")},
    )
    council = forms.ChoiceField(
        label=gettext_lazy("Council"), required=False, help_text=gettext_lazy("For a role in a council.")
    )
    branch = forms.CharField(
        label=gettext_lazy("Branch of a provider"),
        help_text=gettext_lazy("For a role with a provider: the branch's reference in the register."),
        max_length=40,
        required=False,
        widget=forms.TextInput({"width": 20, "spellcheck": "false"}),
    )
    from_on = DayField(label=gettext_lazy("First day"))
    to_on = DayField(
        label=gettext_lazy("Last day"),
        help_text=gettext_lazy("Leave it empty when no end is known. The role holds on this day too."),
        required=False,
    )

    def __init__(self, *arguments: Any, today: date, **options: Any) -> None:
        super().__init__(*arguments, **options)
        choices = [(code, role.title) for code, role in roles().items()]
        self.fields["role"].choices = choices  # type: ignore[attr-defined]
        councils = [(one.code, one.name) for one in places.directory().councils()]
        self.fields["council"].choices = [("", ""), *councils]  # type: ignore[attr-defined]
        self.fields["from_on"].initial = today
        self._place: dict[str, int] = {}
        if not self.is_bound:
            self._ask()

    hanging: tuple[str, ...] = ("council", "branch")
    """What is asked for or not, as another answer says: never called optional, since it is not."""

    def _ask(self) -> None:
        for name in self.hanging:
            self.fields[name].required = True

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        # What was left empty is looked at here; when the form is shown again, it is asked for as before.
        self._ask()
        role = roles().get(found.get("role", ""))
        self._place = {}
        if role is None or role.code == EVERYWHERE:
            return found
        if role.side is Side.STAFF:
            council = next((one for one in places.directory().councils() if one.code == found.get("council")), None)
            if council is None:
                self.add_error("council", _("Choose the council in which the role is held"))
            else:
                self._place = {"council_id": council.number}
            return found
        branch = places.directory().branch(str(found.get("branch", "")).strip())
        if branch is None:
            self.add_error("branch", _("Enter the reference of a branch that is in the register"))
        else:
            self._place = {"branch_id": branch.number}
        return found

    def granted(self) -> dict[str, Any]:
        """What `grant_role` takes: role, place and days."""
        found = self.cleaned_data
        return {"role": found["role"], "from_on": found["from_on"], "to_on": found["to_on"], **self._place}


class AddForm(GrantForm):
    """A new account: its name, whose it is, and a first role."""

    name = forms.CharField(
        label=gettext_lazy("Name to sign in with"),
        max_length=60,
        widget=forms.TextInput({"width": 20, "spellcheck": "false", "autocapitalize": "none", "autocomplete": "off"}),
    )
    who = forms.ChoiceField(
        label=gettext_lazy("Who will use it?"),
        choices=[
            ("new", gettext_lazy("Somebody who has no account yet")),
            ("known", gettext_lazy("Somebody who has an account already\nOne person stays one person, however many.")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose who will use the account")},
    )
    identity_name = forms.CharField(label=gettext_lazy("Full name"), max_length=120, required=False)
    email = forms.EmailField(label=gettext_lazy("E-mail address"), max_length=254, required=False)
    other = forms.CharField(
        label=gettext_lazy("Name with which they sign in already"),
        max_length=60,
        required=False,
        widget=forms.TextInput({"width": 20, "spellcheck": "false", "autocapitalize": "none"}),
    )
    field_order = ("name", "who", "identity_name", "email", "other", "role", "council", "branch", "from_on", "to_on")
    reveals = {"who": {"new": ["identity_name", "email"], "known": ["other"]}}  # noqa: RUF012 - as the look reads it

    hanging = ("council", "branch", "identity_name", "email", "other")
    identity: Identity | None = None

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        self.identity = None
        if found.get("who") == "known":
            self.identity = same_human_as(str(found.get("other", "")).strip())
            if self.identity is None:
                self.add_error("other", _("Enter the name of an account that there is"))
        if found.get("who") == "new":
            for name, words in (("identity_name", _("Enter the full name")), ("email", _("Enter the e-mail address"))):
                if not found.get(name) and name not in self.errors:
                    self.add_error(name, words)
        return found

    def whose(self) -> dict[str, Any]:
        """What `add_user` takes for the human being."""
        if self.identity is not None:
            return {"identity": self.identity}
        return {"identity_name": self.cleaned_data["identity_name"], "email": self.cleaned_data["email"]}


class EndForm(forms.Form):
    """The last day of a role."""

    last_on = DayField(
        label=gettext_lazy("Last day"),
        help_text=gettext_lazy("The role holds on this day too. A day that is past ends it at once."),
    )

    def __init__(self, *arguments: Any, today: date, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["last_on"].initial = today

    def clean_last_on(self) -> date:
        day = self.cleaned_data["last_on"]
        if not isinstance(day, date):
            raise ValidationError(_("Enter a date"))
        return day
