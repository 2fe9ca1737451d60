"""What a provider fills in: an answer, a dispute, a message, a first visit, a handback, hours to spare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from itertools import groupby
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from calloff.domain.packages import Visit
from calloff.domain.units import MOST_MINUTES
from calloff.web.brokerage.forms.questions import PoundsField, several_lines
from calloff.web.brokerage.forms.words import DECLINE_REASONS
from calloff.web.brokerage.services.answering import OFFER_REASONS, Answer
from calloff.web.brokerage.services.handing_back import HANDBACK_REASONS
from calloff.web.config.look import words
from calloff.web.config.look.fields import ClockField, DayField
from calloff.web.config.look.week import day_names
from calloff.web.provider_portal.services.asked import Asked, Terms
from calloff.web.provider_portal.services.spare import PoolTold

HANDBACK_WORDS = {
    "no_workers": _("We have no care workers for it"),
    "needs_changed": _("The needs have changed"),
    "risk_to_staff": _("A risk to staff"),
    "travel": _("The journey"),
    "price": _("The price"),
    "closing": _("The branch is closing"),
    "other": _("Another reason"),
}


def clock_of(minute: int) -> str:
    """Minutes after midnight as a time of day."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


@dataclass(frozen=True)
class VisitLine:
    """One visit in the form: its day, its box, and the box for another time where one may be offered."""

    day: str
    tick: forms.BoundField | None
    other: forms.BoundField | None
    asked: str


@dataclass(frozen=True)
class VisitGroup:
    """Visits of the same time, length and workers."""

    name: str
    critical: bool
    lines: Sequence[VisitLine]


class AnswerForm(forms.Form):
    """All of it, some of it or at other times, or no."""

    answer = forms.ChoiceField(label=_("Can you do it?"), widget=forms.RadioSelect(attrs={"legend_size": "m"}))
    reason = forms.ChoiceField(label=_("Why not?"), required=False, widget=forms.Select)
    delivered_by = forms.ChoiceField(label=_("Which of your subcontractors delivers it?"), required=False)
    price = PoundsField(rate=True, label=_("Your price an hour"), required=False)
    start_on = DayField(label=_("You can begin on"), required=False)
    message = several_lines(
        _("Message to the council"),
        1000,
        required=False,
        hint=_("Do not write who you think the person is: no name, address or number."),
        rows=3,
    )
    asked_with_answer = ("reason", "delivered_by")
    reveals: Mapping[str, Mapping[str, list[str]]] = {"answer": {"decline": ["reason"]}}

    def __init__(self, *arguments: Any, asked: Asked, terms: Terms, prices: bool, today: date, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.asked, self.terms, self.today = asked, terms, today
        self.tokens = {token: reference for token, reference, _name in terms.subcontractors}
        self._choose("answer", self._answers())
        listed = [(code, str(DECLINE_REASONS[code]).split("\n")[0]) for code in OFFER_REASONS]
        self._choose("reason", [("", _t("Choose a reason")), *listed])
        named = [(token, name) for token, _reference, name in terms.subcontractors]
        self._choose("delivered_by", [("", _t("Choose a subcontractor")), *named])
        if not terms.subcontractors:
            del self.fields["delivered_by"]
        if not (terms.bids and prices):
            del self.fields["price"]
        elif asked.centipence_per_hour is not None:
            self.fields["price"].help_text = _t(
                "At most your contract price, %(rate)s. Leave it empty to offer at that price."
            ) % {"rate": words.rate(asked.centipence_per_hour)}
        self.fields["start_on"].initial = asked.start_on
        self.fields["start_on"].help_text = _t("The council asks for %(day)s.") % {"day": words.day(asked.start_on)}
        if terms.parts or terms.moving:
            for number, visit in zip(asked.numbers, asked.visits, strict=True):
                self._add_visit(number, visit)

    def _answers(self) -> list[tuple[str, str]]:
        parts, moving = self.terms.parts, self.terms.moving
        some = _t("Some of it, or other times") if parts and moving else _t("Some of it")
        if moving and not parts:
            some = _t("All of it, at other times")
        middle = [("part", some)] if parts or moving else []
        return [("accept", _t("We can do all of it")), *middle, ("decline", _t("No"))]

    def _add_visit(self, number: int, visit: Visit) -> None:
        day = day_names()[visit.day]
        if self.terms.parts:
            self.fields[f"visit_{number}"] = forms.BooleanField(label=day, required=False, initial=True)
        if self.terms.moving and not visit.critical:
            label = _t("%(day)s, other time than %(clock)s") % {"day": day, "clock": clock_of(visit.start_minute)}
            self.fields[f"time_{number}"] = ClockField(
                label=label, required=False, initial=clock_of(visit.start_minute)
            )

    def _choose(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def _bound(self, name: str) -> forms.BoundField | None:
        return self[name] if name in self.fields else None

    @property
    def groups(self) -> list[VisitGroup]:
        """The visits by time of day, length and workers; nothing where only all of it can be taken."""
        if not (self.terms.parts or self.terms.moving):
            return []

        def kind(pair: tuple[int, Visit]) -> tuple[int, int, int, bool]:
            visit = pair[1]
            return visit.start_minute, visit.minutes, visit.workers, visit.critical

        found = []
        pairs = sorted(zip(self.asked.numbers, self.asked.visits, strict=True), key=lambda one: (kind(one), one[1].day))
        for (start, minutes, workers, critical), same in groupby(pairs, key=kind):
            name = _t("%(clock)s, %(minutes)d min") % {"clock": clock_of(start), "minutes": minutes}
            if workers > 1:
                name = _t("%(visit)s, %(workers)d workers") % {"visit": name, "workers": workers}
            lines = [
                VisitLine(
                    day_names()[visit.day],
                    self._bound(f"visit_{number}"),
                    self._bound(f"time_{number}"),
                    clock_of(visit.start_minute),
                )
                for number, visit in same
            ]
            found.append(VisitGroup(name, critical, lines))
        return found

    @property
    def about(self) -> list[forms.BoundField]:
        """The questions below the answer, in their order."""
        left_out = ("answer", "reason")
        return [self[name] for name in self.fields if name not in left_out and not name.startswith(("visit_", "time_"))]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        answer = found.get("answer")
        if answer == "decline" and not found.get("reason"):
            self.add_error("reason", _t("Choose a reason for saying no"))
        if answer in ("accept", "part") and "delivered_by" in self.fields and not found.get("delivered_by"):
            self.add_error("delivered_by", _t("Choose the subcontractor who delivers it"))
        start, price = found.get("start_on"), found.get("price")
        earliest = min(self.today, self.asked.start_on)
        if answer in ("accept", "part") and start is not None and start < earliest:
            self.add_error("start_on", _t("The first day must be today or later"))
        most = self.asked.centipence_per_hour
        if answer in ("accept", "part") and price is not None and most is not None and price > most:
            self.add_error("price", _t("The price must be at most %(rate)s an hour") % {"rate": words.rate(most)})
        if answer == "part":
            self._check_visits(found)
        return found

    def _check_visits(self, found: Mapping[str, Any]) -> None:
        for number, visit in zip(self.asked.numbers, self.asked.visits, strict=True):
            moved = self._moved(found, number, visit)
            if moved.band != visit.band:
                self.add_error(
                    f"time_{number}",
                    _t("%(day)s %(clock)s may move within the same part of the day only")
                    % {"day": day_names()[visit.day], "clock": clock_of(visit.start_minute)},
                )
        if not self.chosen(found) and not any(name.startswith("time_") for name in self.errors):
            self.add_error("answer", _t("Tick the visits that you can do"))

    def _moved(self, found: Mapping[str, Any], number: int, visit: Visit) -> Visit:
        other = found.get(f"time_{number}")
        start = other.hour * 60 + other.minute if isinstance(other, time) else visit.start_minute
        return Visit(visit.day, start, visit.minutes, visit.workers, visit.critical)

    def chosen(self, found: Mapping[str, Any]) -> tuple[Visit, ...]:
        """The visits that are offered, at the times written beside them."""
        return tuple(
            self._moved(found, number, visit)
            for number, visit in zip(self.asked.numbers, self.asked.visits, strict=True)
            if not self.terms.parts or found.get(f"visit_{number}")
        )

    def said(self) -> Answer:
        """The answer in the words of the service; everything ticked at the times asked is all of it."""
        found = self.cleaned_data
        message = found.get("message") or ""
        if found["answer"] == "decline":
            return Answer("decline", reason=found["reason"], message=message)
        visits = self.chosen(found) if found["answer"] == "part" else ()
        answer = found["answer"]
        if visits == self.asked.visits:
            answer, visits = "accept", ()
        start = found.get("start_on")
        return Answer(
            answer,
            visits=visits,
            centipence_per_hour=found.get("price") or 0,
            start_on=start if start != self.asked.start_on else None,
            delivered_by=self.tokens.get(found.get("delivered_by") or "", ""),
            message=message,
        )


class DisputeForm(forms.Form):
    """What the branch answered instead."""

    words = several_lines(_("What did you answer?"), 1000, rows=4)


class MessageForm(forms.Form):
    """Words to the council."""

    text = several_lines(_("Message to the council"), 2000, rows=5)

    def __init__(self, *arguments: Any, knows_person: bool, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if not knows_person:
            self.fields["text"].help_text = _t("Do not write who you think the person is: no name, address or number.")


class FirstVisitForm(forms.Form):
    """The day of the first visit."""

    first_visit_on = DayField(label=_("On which day was the first visit?"), help_text=_("For example, 27 11 2026"))


class HandbackForm(forms.Form):
    """A package is given back, with notice."""

    last_day_on = DayField(label=_("Your last day of care"), help_text=_("Today or later, within a year."))
    reason = forms.ChoiceField(
        label=_("Why?"), widget=forms.RadioSelect, choices=[(code, HANDBACK_WORDS[code]) for code in HANDBACK_REASONS]
    )
    words = several_lines(_("What should the council know?"), 1000, required=False, rows=3)


class HoursField(forms.CharField):
    """Hours a week with at most two decimals, as whole minutes."""

    def clean(self, value: Any) -> int | None:
        """Minutes; ValidationError for what is no number of hours."""
        text = str(super().clean(value) or "").strip().replace(",", ".")
        try:
            minutes = round(float(text) * 60)
        except (ValueError, OverflowError) as error:
            raise forms.ValidationError(_("Enter hours a week as a number, such as 7.5"), code="invalid") from error
        if not 0 <= minutes <= MOST_MINUTES:
            raise forms.ValidationError(_("Enter hours a week from 0 on"), code="invalid")
        return minutes


class SpareForm(forms.Form):
    """Hours a week that are free now, pool by pool."""

    def __init__(self, *arguments: Any, pools: Sequence[PoolTold], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.pools = {f"pool_{pool.number}": pool for pool in pools}
        for name, pool in self.pools.items():
            self.fields[name] = HoursField(
                label=pool.name,
                initial=words.hours(pool.spare),
                widget=forms.TextInput(attrs={"width": 5, "suffix": _t("hours a week"), "inputmode": "decimal"}),
            )

    def spare(self) -> dict[int, int]:
        """Minutes by the number of the pool; hours left as they were shown stand for the very minutes."""
        found = {}
        for name, pool in self.pools.items():
            same = str(self.data.get(self.add_prefix(name), "")).strip() == words.hours(pool.spare)
            found[pool.number] = pool.spare if same else self.cleaned_data[name]
        return found
