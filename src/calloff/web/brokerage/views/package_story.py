"""The story of a package as its events tell it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from calloff.documents.wording import has_wording, say, spaced
from calloff.web.audit.models import Event
from calloff.web.brokerage.forms import words as codes
from calloff.web.brokerage.services.case_file import CaseFile
from calloff.web.config.look import words
from calloff.web.config.look.parts import Happening
from calloff.web.contracts.models import Enrolment

Data = Mapping[str, Any]
QUIET = frozenset({"looked_at", "rebuilt"})


def story_of(on_file: CaseFile, now: datetime, *, prices: bool, sealed: bool) -> list[Happening]:
    """What happened, in order; while a step is sealed nothing is said of answers to it, not even that there are any."""
    events = on_file.events
    if sealed:
        events = [event for event in events if event.kind != "answered" or event.at < _sealed_since(events)]
    teller = _Teller(on_file, events, now, prices)
    return [one for event in events if event.kind not in QUIET for one in teller.told(event)]


def _sealed_since(events: Sequence[Event]) -> datetime:
    """When the step that is sealed went out: the last time that somebody was asked."""
    asked = [event.at for event in events if '"kind":"Invited"' in event.history]
    return asked[-1] if asked else events[0].at


class _Teller:
    def __init__(self, on_file: CaseFile, events: Sequence[Event], now: datetime, prices: bool) -> None:
        self.on_file, self.now, self.prices = on_file, now, prices
        self.histories = {event.pk: json.loads(event.history) for event in events}
        named = {one["data"].get("enrolment", "") for told in self.histories.values() for one in told}
        named |= {str(json.loads(event.data).get("enrolment", "")) for event in events}
        rows = Enrolment.objects.filter(council=on_file.package.council_id, reference__in=named - {""})
        self.names = dict(rows.values_list("reference", "branch__name"))

    def told(self, event: Event) -> Iterator[Happening]:
        by = event.by.identity.name if event.by else ""
        data, history = json.loads(event.data), self.histories[event.pk]
        for text, why in self._sentences(event.kind, data, history):
            yield Happening(event.at, text, by=by, why=why)

    def name(self, reference: str) -> str:
        return self.names.get(reference, reference)

    def _sentences(self, kind: str, data: Data, history: Sequence[Data]) -> Iterator[tuple[str, str]]:
        own = OWN.get(kind)
        if own is not None:
            yield own(self, data), self._why(kind, data)
        told = list(self._kernel(history))
        yield from ((text, "") for text in told)
        if own is None and not told:
            yield spaced(kind).capitalize(), ""

    def _why(self, kind: str, data: Data) -> str:
        reason = str(data.get("reason", ""))
        return {
            "held": str(codes.HOLD_REASONS.get(reason, "")),
            "withdrawn": str(codes.WITHDRAW_REASONS.get(reason, "")),
            "package_ended": str(codes.END_REASONS.get(reason, "")),
            "override_ordered": str(codes.OVERRIDE_REASONS.get(reason, "")),
            "called_off_outside": str(codes.OUTSIDE_REASONS.get(reason, "")),
            "handed_back": str(codes.HANDBACK_REASONS.get(reason, "")),
        }.get(kind, "")

    def _kernel(self, history: Sequence[Data]) -> Iterator[str]:
        asked = [one["data"] for one in history if one["kind"] == "Invited"]
        if asked:
            names = ", ".join(self.name(one["enrolment"]) for one in asked)
            deadline = words.moment(datetime.fromisoformat(asked[0]["deadline_at"]), self.now)
            yield ngettext(
                "%(names)s asked, to answer by %(deadline)s", "%(names)s asked, to answer by %(deadline)s", len(asked)
            ) % {"names": names, "deadline": deadline}
        for one in history:
            data, who = one["data"], self.name(one["data"].get("enrolment", ""))
            if one["kind"] == "Offered":
                yield self._answer(who, data)
            elif one["kind"] == "Ended":
                reason = data["reason"]
                yield say("endings", reason if has_wording("endings", reason) else "gate_failed", **_figures(who))
            elif one["kind"] == "CalledOff" and who:
                yield _("Called off to %(name)s") % {"name": who}

    def _answer(self, who: str, data: Data) -> str:
        if data["answer"] == "decline":
            return say("declines", data.get("reason") or "other", **_figures(who))
        if data["answer"] == "part":
            count = len(data.get("visits", ()))
            return ngettext("%(who)s offered %(count)d visit", "%(who)s offered %(count)d visits", count) % {
                "who": who,
                "count": count,
            }
        return _("%(who)s accepted") % {"who": who}

    def money(self, pence: Any) -> str:
        return words.money(int(pence)) if self.prices and pence is not None else _("a price")

    def moment(self, text: str) -> str:
        return words.moment(datetime.fromisoformat(text), self.now) if text else ""

    def day(self, text: str) -> str:
        return words.day(date.fromisoformat(text), codes.days_of(self.now)) if text else ""


def _figures(who: str) -> dict[str, object]:
    return {"provider": who, "provider_s": f"{who}'s", "most": ""}


def _approved(teller: _Teller, data: Data) -> str:
    hours = words.hours_a_week(teller.on_file.first_version.minutes_per_week)
    if not teller.prices:
        return _("Approved: %(hours)s") % {"hours": hours}
    most = teller.money(data.get("pence_per_week_at_most"))
    return _("Approved: %(hours)s, up to %(most)s a week") % {"hours": hours, "most": most}


OWN: dict[str, Callable[[_Teller, Data], str]] = {
    "request_approved": _approved,
    "joined_lot": lambda _teller, data: _("Asked for with others nearby, in %(lot)s") % {"lot": data["lot"]},
    "left_lot": lambda _teller, data: _("%(lot)s is no more: asked for alone") % {"lot": data["lot"]},
    "asked_alone": lambda _teller, _data: _("Nobody nearby to be asked for with: asked for alone"),
    "called_off_in_lot": lambda _teller, data: _("Called off with others, in %(lot)s") % {"lot": data["lot"]},
    "lot_dissolved": lambda _teller, data: (
        ngettext(
            "Taken apart: %(count)d package goes on alone",
            "Taken apart: %(count)d packages go on alone",
            int(data["packages"]),
        )
        % {"count": int(data["packages"])}
    ),
    "lot_refused": lambda _teller, _data: _("Nobody takes the lot as a whole"),
    "lot_taken_apart": lambda _teller, _data: _("Taken apart by hand"),
    "held": lambda _teller, _data: _("Put on hold"),
    "hold_ended": lambda _teller, _data: _("The hold ended"),
    "withdrawn": lambda _teller, _data: _("Withdrawn"),
    "assigned": lambda _teller, _data: _("Given an owner") if _data.get("to") else _("Given back to the duty team"),
    "handed_over": lambda _teller, _data: _("Handed over"),
    "noted": lambda _teller, _data: _("A contact note was written"),
    "message_sent": lambda _teller, _data: _("A message was sent to a provider"),
    "price_approved": lambda teller, data: (
        _("The greatest weekly price was raised to %(most)s") % {"most": teller.money(data.get("after"))}
    ),
    "price_asked": lambda _teller, _data: _("An approver was asked to raise the greatest weekly price"),
    "override_ordered": lambda teller, data: (
        _("%(name)s ordered instead of the model's own choice; waits for a second person")
        % {"name": teller.name(str(data["enrolment"]))}
    ),
    "override_agreed": lambda teller, data: (
        _("A second person agreed that %(name)s be asked") % {"name": teller.name(str(data["enrolment"]))}
    ),
    "override_refused": lambda teller, data: (
        _("The order for %(name)s ended without agreement") % {"name": teller.name(str(data["enrolment"]))}
    ),
    "countersignature_asked": lambda _teller, data: (
        _("A late answer was put down; waits for a second person")
        if data.get("kind") == "late_answer"
        else _("A call-off outside the model was put down; waits for a second person")
    ),
    "countersignature_refused": lambda _teller, _data: _("What waited for a second person ended without agreement"),
    "called_off_outside": lambda _teller, _data: _(
        "A call-off outside the model was recorded, agreed by a second person"
    ),
    "start_entered": lambda teller, data: _("First visit entered: %(day)s") % {"day": teller.day(str(data["after"]))},
    "bridged": lambda teller, data: (
        _("Care stands in from %(day)s: %(kind)s")
        % {"day": teller.day(str(data["from_on"])), "kind": codes.BRIDGES.get(str(data["kind"]), data["kind"])}
    ),
    "handed_back": lambda _teller, data: (
        ngettext(
            "The provider gave it back, with %(days)d day of notice",
            "The provider gave it back, with %(days)d days of notice",
            int(data["notice_days"]),
        )
        % {"days": int(data["notice_days"])}
    ),
    "handback_answered": lambda teller, data: (
        (
            _("The council agreed to the handback; last day %(day)s")
            if data.get("agreed")
            else _("The council did not agree to the handback; last day %(day)s")
        )
        % {"day": teller.day(str(data["last_day_on"]))}
    ),
    "need_changed": lambda _teller, data: (
        _("The need has changed: version %(number)s of the package") % {"number": data.get("version", "")}
    ),
    "package_ended": lambda teller, data: (
        _("The care ends; last day %(day)s") % {"day": teller.day(str(data["last_day_on"]))}
    ),
    "visits_stopped": lambda teller, data: (
        _("Visits stopped from %(day)s: %(why)s")
        % {"day": teller.moment(str(data["from_at"])), "why": codes.ABSENCES[str(data["kind"])]}
    ),
    "visits_restart": lambda teller, data: (
        _("Visits wanted again from %(day)s") % {"day": teller.moment(str(data["until_at"]))}
    ),
    "place_released": lambda _teller, data: (
        _("The provider gave the place away: the package ends")
        if data["then"] == "ended"
        else _("The provider gave the place away: the package waits without payment")
    ),
    "absence_put_right": lambda _teller, _data: _("What stops the visits was put right"),
    "absence_taken_back": lambda _teller, _data: _("What stopped the visits was taken back"),
    "changed_for_a_while": lambda teller, data: (
        _("A visit changed by %(minutes)+d minutes from %(first)s to %(last)s")
        % {
            "minutes": int(data["more_minutes"]),
            "first": teller.day(str(data["from_on"])),
            "last": teller.day(str(data["to_on"])),
        }
    ),
    "changed_by_provider": lambda teller, data: (
        _("The provider changed a visit by %(minutes)+d minutes from %(first)s to %(last)s")
        % {
            "minutes": int(data["more_minutes"]),
            "first": teller.day(str(data["from_on"])),
            "last": teller.day(str(data["to_on"])),
        }
    ),
    "change_taken_back": lambda _teller, _data: _("A change for a few days was taken back"),
    "funding_split": lambda teller, data: (
        _("Who pays from %(day)s: %(shares)s")
        % {"day": teller.day(str(data["from_on"])), "shares": ", ".join(data["after"])}
    ),
    "answer_disputed": lambda _teller, _data: _("The provider disputes an answer that was recorded for it"),
}
"""What an act is called in the story, beside what it adds to the kernel's history."""
