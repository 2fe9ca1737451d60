"""What brokers fill in about one package."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from calloff.domain.errors import CalloffError
from calloff.domain.packages import Visit
from calloff.web.accounts.models import User
from calloff.web.brokerage.forms import words
from calloff.web.brokerage.forms.people import minute_of
from calloff.web.brokerage.forms.questions import Choices, PoundsField, give_choices, moment, reasons, several_lines
from calloff.web.brokerage.models import Bridge
from calloff.web.brokerage.services.confirming import Outside
from calloff.web.config.look.fields import ClockField, DayField
from calloff.web.contracts.models import Enrolment
from calloff.web.directory.models import Branch


class HoldForm(forms.Form):
    """Open nothing new for a while."""

    reason = reasons(words.HOLD_REASONS)
    review_on = DayField(label=_("Look at it again on"), help_text=_("For example, 27 11 2026"))
    review_time = ClockField(label=_("At what time?"), initial=time(9))

    def review_at(self) -> datetime | None:
        return moment(self.cleaned_data, "review_on", "review_time")


class WithdrawForm(forms.Form):
    """The package is no longer wanted."""

    reason = reasons(words.WITHDRAW_REASONS)
    died_on = DayField(
        label=_("On which day did the person die?"),
        required=False,
        help_text=_("Only then. All care of the person stops with it. For example, 27 11 2026"),
    )
    died_time = ClockField(
        label=_("At what time did the person die?"),
        required=False,
        help_text=_("Only then; left empty, the visits of that day wait until somebody knows."),
    )
    words = several_lines(_("More about it"), 500, required=False, hint=_("Kept as a contact note."), rows=3)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("reason") == "died" and not found.get("died_on") and "died_on" not in self.errors:
            self.add_error("died_on", _("Enter on which day the person died"))
        return found

    def told(self) -> dict[str, Any]:
        """The withdrawal in the words of the service."""
        found = self.cleaned_data
        said = {"reason": found["reason"], "words": found["words"]}
        if found["reason"] != "died":
            return said
        return {**said, "died_on": found["died_on"], "died_at_minute": minute_of(found["died_time"])}


class NoteForm(forms.Form):
    """A contact note."""

    text = several_lines(_("What was said or done?"), 2000, rows=5)
    next_on = DayField(label=_("Look at it again on"), required=False)
    next_time = ClockField(label=_("At what time?"), required=False)

    def next_at(self) -> datetime | None:
        return moment(self.cleaned_data, "next_on", "next_time")

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if bool(found.get("next_on")) != bool(found.get("next_time")):
            missing = "next_time" if found.get("next_on") else "next_on"
            if missing not in self.errors:
                self.add_error(missing, _("Enter both a day and a time, or neither"))
        return found


class MessageForm(forms.Form):
    """Words to a branch."""

    branch = forms.ChoiceField(label=_("To"))
    text = several_lines(
        _("Message"),
        2000,
        hint=_("Before the call-off nothing in it may say who the person is: no name, address or number."),
        rows=5,
    )

    def __init__(self, *arguments: Any, branches: Iterable[Branch], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.branches = {branch.token: branch for branch in branches}
        give_choices(self, "branch", [(token, branch.name) for token, branch in self.branches.items()])


class FirstVisitForm(forms.Form):
    """The day of the first visit."""

    first_visit_on = DayField(label=_("On which day was the first visit?"), help_text=_("For example, 27 11 2026"))


class BridgeForm(forms.Form):
    """Care that stands in."""

    kind = forms.ChoiceField(
        label=_("What stands in?"),
        choices=lambda: [(kind, str(words.BRIDGES[kind])) for kind in Bridge.KINDS],
        widget=forms.RadioSelect,
    )
    from_on = DayField(label=_("First day"))
    to_on = DayField(label=_("Last day"), required=False, help_text=_("Leave it empty if nobody knows yet."))


class EndForm(forms.Form):
    """The care ends."""

    last_day_on = DayField(label=_("Last day of the care"), help_text=_("For example, 27 11 2026"))
    reason = reasons(words.END_REASONS)
    died_time = ClockField(
        label=_("At what time did the person die?"),
        required=False,
        help_text=_("Only then; left empty, the visits of the last day wait until somebody knows."),
    )

    def told(self) -> dict[str, Any]:
        """The end in the words of the service."""
        found = self.cleaned_data
        minute = minute_of(found["died_time"]) if found["reason"] == "died" else None
        return {"last_day_on": found["last_day_on"], "reason": found["reason"], "died_at_minute": minute}


class HandbackForm(forms.Form):
    """The council's answer to a handback."""

    agreed = forms.ChoiceField(
        label=_("Does the council agree?"),
        choices=[
            ("yes", _("Yes\nThe care ends on the day named and we look for another provider.")),
            ("no", _("No\nThe care still ends on that day; that we did not agree is kept for contract management.")),
        ],
        widget=forms.RadioSelect,
    )


class OverrideForm(forms.Form):
    """Somebody else than the model's next candidate."""

    enrolment = forms.ChoiceField(label=_("Who shall be asked?"), widget=forms.Select)
    reason = reasons(words.OVERRIDE_REASONS)
    words = several_lines(_("What must the second person know?"), 500)

    def __init__(self, *arguments: Any, enrolments: Sequence[Enrolment], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.enrolments = {one.token: one for one in enrolments}
        listed = [("", str(_("Choose a provider"))), *((one.token, one.branch.name) for one in enrolments)]
        give_choices(self, "enrolment", listed)


class PriceForm(forms.Form):
    """The greatest weekly price that is approved."""

    most = PoundsField(label=_("Approve up to"), help_text=_("In pounds a week, for example 271.60"))


class SecondForm(forms.Form):
    """The second person's word."""

    decision = forms.ChoiceField(
        label=_("Do you agree?"),
        choices=[("agree", _("Yes, I agree")), ("refuse", _("No, I do not agree"))],
        widget=forms.RadioSelect,
    )


def second_choices(seconds: Iterable[User]) -> Choices:
    """The people who may be the second one, by their names."""
    return [("", str(_("Choose a person"))), *((user.name, user.identity.name) for user in seconds)]


class OutsideForm(forms.Form):
    """A call-off that was made outside the model, recorded afterwards."""

    branch = forms.ChoiceField(label=_("Which provider?"))
    visits = forms.MultipleChoiceField(label=_("Which visits?"), widget=forms.CheckboxSelectMultiple)
    price = PoundsField(rate=True, label=_("Price an hour"), help_text=_("In pounds, for example 21.40"))
    made_on = DayField(label=_("On which day was it agreed?"))
    made_time = ClockField(label=_("At what time?"))
    made_by = forms.CharField(label=_("Who agreed it for the council?"), max_length=120)
    start_on = DayField(label=_("First day of the care"))
    reason = reasons(words.OUTSIDE_REASONS, _("Why outside the model?"))
    words = several_lines(_("What must the second person know?"), 1000)
    second = forms.ChoiceField(label=_("Who agrees as the second person?"))

    def __init__(
        self,
        *arguments: Any,
        branches: Sequence[Branch],
        visits: Mapping[int, Visit],
        seconds: Sequence[User],
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self.branches = {branch.token: branch for branch in branches}
        self.seconds = {user.name: user for user in seconds}
        named = [("", str(_("Choose a provider"))), *((one.token, one.name) for one in branches)]
        give_choices(self, "branch", named)
        told = [(str(number), words.visit_words(visit)) for number, visit in visits.items()]
        give_choices(self, "visits", told)
        self.fields["visits"].widget.attrs["inline"] = "small"
        give_choices(self, "second", second_choices(seconds))

    def made(self) -> Outside:
        """The call-off in the words of the service; CalloffError where its moment is missing."""
        found = self.cleaned_data
        made_at = moment(found, "made_on", "made_time")
        if made_at is None:
            raise CalloffError(str(_("Enter when it was agreed. Nothing was recorded.")))
        return Outside(
            branch=self.branches[found["branch"]],
            visits=tuple(int(number) for number in found["visits"]),
            centipence_per_hour=found["price"],
            made_at=made_at,
            made_by=found["made_by"],
            reason=found["reason"],
            words=found["words"],
            start_on=found["start_on"],
        )
