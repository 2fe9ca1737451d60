"""What a provider said by telephone, e-mail or letter, as a broker fills it in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from calloff.domain.calendar import local
from calloff.domain.packages import Visit
from calloff.web.accounts.models import User
from calloff.web.brokerage.forms import words
from calloff.web.brokerage.forms.package import second_choices
from calloff.web.brokerage.forms.questions import Choices, PoundsField, chosen_of, give_choices, moment, several_lines
from calloff.web.brokerage.services.answering import Answer
from calloff.web.config.look.fields import ClockField, DayField

ANSWERED_TO_BROKERS = ("phone", "email", "letter")


class VisitRow:
    """One visit of an answer: ticked, perhaps at another time; its two boxes in the form."""

    def __init__(self, form: forms.Form, number: int, visit: Visit) -> None:
        self.number, self.visit, self.words = number, visit, words.visit_words(visit)
        self.tick, self.other = form[f"visit_{number}"], form[f"time_{number}"]


class AnswerForm(forms.Form):
    """What a provider said by telephone, e-mail or letter."""

    answer = forms.ChoiceField(
        label=_("What did they say?"),
        choices=[
            ("accept", _("They can do all of it")),
            ("part", _("Some of it, or at other times")),
            ("decline", _("No")),
        ],
        widget=forms.RadioSelect,
    )
    reason = forms.ChoiceField(label=_("Why not?"), required=False)
    delivered_by = forms.ChoiceField(label=_("Which subcontractor delivers it?"), required=False)
    price = PoundsField(
        rate=True, label=_("Price an hour"), required=False, help_text=_("Only where they named another price.")
    )
    start_on = DayField(label=_("They can begin on"), required=False, help_text=_("Only if not on the day asked for."))
    answered_by = forms.CharField(label=_("Who answered?"), max_length=120)
    channel = forms.ChoiceField(label=_("How?"), widget=forms.RadioSelect(attrs={"inline": True}))
    received_on = DayField(label=_("On which day did we have the answer?"))
    received_time = ClockField(label=_("At what time?"))
    words = several_lines(_("In what words?"), 1000, required=False, rows=3)
    late_reason = forms.CharField(
        label=_("Why is it recorded only now?"), max_length=300, widget=forms.TextInput, required=False
    )
    second = forms.ChoiceField(label=_("Who agrees as the second person?"), required=False)
    reveals: Mapping[str, Mapping[str, list[str]]] = {"answer": {"decline": ["reason"]}}

    def __init__(
        self,
        *arguments: Any,
        visits: Mapping[int, Visit],
        now: datetime,
        late: bool,
        sealed: bool,
        seconds: Sequence[User] = (),
        subcontractors: Choices = [],  # noqa: B006 - read only
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self.visits, self.late = visits, late
        self.seconds = {user.name: user for user in seconds}
        channels = ("mailbox",) if sealed else ANSWERED_TO_BROKERS
        give_choices(self, "channel", [(code, str(words.CHANNELS[code])) for code in channels])
        empty = [("", str(_("Choose a reason")))]
        give_choices(
            self, "reason", [*empty, *((code, one.split("\n")[0]) for code, one in chosen_of(words.DECLINE_REASONS))]
        )
        give_choices(self, "second", second_choices(seconds))
        give_choices(self, "delivered_by", [("", str(_("Nobody, they deliver it themselves"))), *subcontractors])
        here = local(now)
        self.fields["received_on"].initial, self.fields["received_time"].initial = here.date(), here.time()
        if not subcontractors:
            del self.fields["delivered_by"]
        if not late:
            del self.fields["late_reason"], self.fields["second"]
        for number, visit in visits.items():
            told = words.visit_words(visit)
            self.fields[f"visit_{number}"] = forms.BooleanField(label=told, required=False)
            self.fields[f"time_{number}"] = ClockField(label=_("Other time"), required=False)

    @property
    def about(self) -> list[forms.BoundField]:
        """The questions below the visits, in their order."""
        left_out = {"answer", "reason"}
        return [self[name] for name in self.fields if name not in left_out and not name.startswith(("visit_", "time_"))]

    @property
    def rows(self) -> list[VisitRow]:
        return [VisitRow(self, number, visit) for number, visit in self.visits.items()]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("answer") == "decline" and not found.get("reason"):
            self.add_error("reason", _("Choose a reason for the no"))
        if found.get("answer") == "part" and not self.chosen(found):
            self.add_error("answer", _("Tick the visits that they can do"))
        if self.late and not str(found.get("late_reason", "")).strip():
            self.add_error("late_reason", _("Say why it is recorded only now"))
        if self.late and not found.get("second"):
            self.add_error("second", _("Choose the second person"))
        return found

    def chosen(self, found: Mapping[str, Any]) -> tuple[Visit, ...]:
        """The visits that were ticked, at the other times that were written beside them."""
        visits = []
        for number, visit in self.visits.items():
            if found.get(f"visit_{number}"):
                other = found.get(f"time_{number}")
                start = other.hour * 60 + other.minute if isinstance(other, time) else visit.start_minute
                visits.append(Visit(visit.day, start, visit.minutes, visit.workers, visit.critical))
        return tuple(visits)

    def received_at(self) -> datetime | None:
        return moment(self.cleaned_data, "received_on", "received_time")

    def said(self) -> Answer:
        """The answer in the words of the service."""
        found = self.cleaned_data
        if found["answer"] == "decline":
            return Answer("decline", reason=found["reason"])
        return Answer(
            found["answer"],
            visits=self.chosen(found) if found["answer"] == "part" else (),
            centipence_per_hour=found.get("price") or 0,
            start_on=found.get("start_on"),
            delivered_by=found.get("delivered_by") or "",
        )
