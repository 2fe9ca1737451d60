"""
The indicators worked out from the chain of events alone, for a check: no row of a package, call-off or invitation is
read, and nothing is taken from how the rows are kept.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from calloff.domain.calendar import local, parse_moment, to_utc
from calloff.domain.indicators import Share
from calloff.web.audit.models import Event
from calloff.web.directory.models import Council
from calloff.web.performance.services.indicators import Beds, Bought, UnmetNeed, in_days
from calloff.web.performance.services.replies import Answers, Asked, answers_of
from calloff.web.performance.services.waiting import Course, Waits, waits_of

ONE_DAY = timedelta(days=1)


def day_of(text: str) -> date | None:
    """A day as events write it; None for none."""
    return date.fromisoformat(text) if text else None


@dataclass
class Agreed:
    """One version of a package: from which day it was agreed, when it is due, and the weekly minutes of each visit."""

    from_on: date
    required_on: date
    minutes: list[int]


@dataclass
class Placed:
    """A call-off: its weekly minutes, the day of the first visit and the last day."""

    minutes: int
    first_visit_on: date | None = None
    last_day_on: date | None = None


@dataclass
class Invited:
    """An invitation and its last answer in time."""

    enrolment: str
    version: int
    sent_at: datetime
    deadline_at: datetime
    answer: str = ""
    reason: str = ""
    answered_at: datetime | None = None
    ended: bool = False


@dataclass
class Told:
    """What the events say of one package."""

    person: str = ""
    priority: int = 0
    approved_at: datetime | None = None
    versions: list[Agreed] = field(default_factory=list)
    placed: dict[str, Placed] = field(default_factory=dict)
    invited: list[Invited] = field(default_factory=list)
    called_off_at: datetime | None = None
    pauses: list[tuple[date, date | None]] = field(default_factory=list)
    bridges: list[tuple[str, date, date | None]] = field(default_factory=list)
    ends_on: date | None = None
    left_at: datetime | None = None

    def lacks(self, on: date) -> tuple[int, bool]:
        """The weekly minutes that are agreed and due on a day and not given, and whether nothing at all is given."""
        if self.ends_on is not None and on >= self.ends_on:
            return 0, False
        if any(since <= on and (until is None or on < until) for since, until in self.pauses):
            return 0, False
        wanted = 0
        for place, version in enumerate(self.versions):
            following = self.versions[place + 1].from_on if place + 1 < len(self.versions) else None
            begins = version.required_on if place == 0 else max(version.required_on, version.from_on)
            if begins <= on and (following is None or on < following):
                wanted += sum(version.minutes)
        given = sum(
            one.minutes
            for one in self.placed.values()
            if one.first_visit_on is not None
            and one.first_visit_on <= on
            and (one.last_day_on is None or on <= one.last_day_on)
        )
        return max(0, wanted - given), given == 0


@dataclass
class Purchase:
    """One call-off as it was bought."""

    at: datetime
    minutes: int
    on_framework: bool
    overridden: bool


@dataclass
class Recount:
    """What a council's events add up to, for a day."""

    on: date
    packages: dict[str, Told] = field(default_factory=lambda: defaultdict(Told))
    stays: dict[str, list[tuple[date, date | None, date | None]]] = field(default_factory=lambda: defaultdict(list))
    typed: dict[date, int] = field(default_factory=dict)
    purchases: list[Purchase] = field(default_factory=list)

    # What is asked of it

    def unmet_need(self) -> UnmetNeed:
        """K1, K2 and K3 on the day."""
        minutes = once = 0
        whole: set[str] = set()
        partly: set[str] = set()
        bridged: dict[str, int] = defaultdict(int)
        for told in self.packages.values():
            lacks, nothing = told.lacks(self.on)
            if not lacks:
                continue
            minutes += lacks
            (whole if nothing else partly).add(told.person)
            kinds = {
                kind for kind, since, until in told.bridges if since <= self.on and (not until or self.on <= until)
            }
            once += lacks if kinds else 0
            for kind in kinds:
                bridged[kind] += lacks
        whole -= partly
        hospital = sum(self._in_hospital(person, self.on) for person in whole | partly)
        return UnmetNeed(self.on, minutes, len(whole), len(partly), hospital, once, dict(bridged))

    def _in_hospital(self, person: str, on: date) -> bool:
        return any(since <= on and (left is None or on < left) for since, _, left in self.stays.get(person, ()))

    def beds_on(self) -> int:
        """K4 on the day."""
        return self._ready(self.on) + self.typed.get(self.on, 0)

    def _ready(self, on: date) -> int:
        return sum(
            ready is not None and ready <= on and since <= on and (left is None or on < left)
            for stays in self.stays.values()
            for since, ready, left in stays
        )

    def daily_beds(self, from_on: date, to_on: date) -> Beds:
        """The daily average of K4, night by night."""
        days = [from_on + ONE_DAY * number for number in range((to_on - from_on).days + 1)]
        typed = [self.typed[day] for day in days if day in self.typed]
        return Beds(from_on, to_on, sum(self._ready(day) for day in days), sum(typed), len(typed))

    def waits(self, from_on: date, to_on: date, at: datetime) -> dict[int, Waits]:
        """K6 of the packages approved in some days."""
        begins, ends = in_days(from_on, to_on)
        return waits_of(
            (
                Course(
                    told.priority,
                    told.approved_at,
                    told.versions[0].required_on,
                    told.called_off_at,
                    min((one.first_visit_on for one in told.placed.values() if one.first_visit_on), default=None),
                    told.left_at,
                )
                for told in self.packages.values()
                if told.approved_at is not None and begins <= told.approved_at < ends and told.approved_at <= at
            ),
            at,
        )

    def answers(self, from_on: date, to_on: date, at: datetime) -> Answers:
        """K7 of the invitations sent in some days."""
        begins, ends = in_days(from_on, to_on)
        return answers_of(
            Asked(one.sent_at, one.answer, one.reason, one.answered_at, one.ended)
            for told in self.packages.values()
            for one in told.invited
            if begins <= one.sent_at < ends and one.deadline_at < at
        )

    def bought(self, from_on: date, to_on: date) -> Bought:
        """K9 and K10 of some days."""
        begins, ends = in_days(from_on, to_on)
        rows = [one for one in self.purchases if begins <= one.at < ends]
        return Bought(
            Share(sum(one.minutes for one in rows if one.on_framework), sum(one.minutes for one in rows)),
            Share(sum(one.overridden for one in rows), len(rows)),
        )

    # How events add up

    def take(self, event: Event) -> None:
        """Add one event of the chain."""
        data, history = json.loads(event.data), json.loads(event.history)
        if event.kind == "stay_recorded":
            self._stay(event.about, data)
            return
        if event.kind == "care_home_waits_counted":
            self.typed[date.fromisoformat(data["on"])] = data["people"]
            return
        # A lot is asked for as a package is; what is agreed and called off is that of the packages in it.
        is_lot = event.about.startswith("LOT-")
        told = self.packages[event.about] if is_lot or event.about.startswith("P-") else None
        if told is None:
            return
        act = getattr(self, f"_{event.kind}", None)
        if act is not None:
            act(told, event.at, data)
        for one in history:
            self._happened(told, one["version"], one["kind"], one["data"])
        if event.kind in ("call_off_confirmed", "called_off_outside", "called_off_in_lot") and not is_lot:
            self._called_off(told, event.at, data, history)

    def _stay(self, person: str, data: Mapping[str, Any]) -> None:
        stays = self.stays[person]
        if stays and stays[-1][2] is None:
            stays.pop()
        left = day_of(data["discharged_on"])
        stays.append((date.fromisoformat(data["admitted_on"]), day_of(data["ready_on"]), left))

    def _agreed(self, told: Told, at: datetime, agreed: Mapping[str, Any]) -> None:
        told.person, told.priority = agreed["person"], agreed["priority"]
        required = date.fromisoformat(agreed["required_start_on"])
        told.versions.append(Agreed(local(at).date(), required, list(agreed["minutes"])))

    def _request_approved(self, told: Told, at: datetime, data: Mapping[str, Any]) -> None:
        told.approved_at = at
        self._agreed(told, at, data["agreed"])

    def _package_imported(self, told: Told, at: datetime, data: Mapping[str, Any]) -> None:
        # How long it waited elsewhere, and how it was bought there, is nobody's here: it has no moment of approval.
        self._agreed(told, at, data["agreed"])
        for one in data["call_offs"]:
            told.placed[one["call_off"]] = Placed(one["minutes"], day_of(one["first_visit_on"]))

    def _handback_answered(self, told: Told, at: datetime, data: Mapping[str, Any]) -> None:
        if data["call_off"] in told.placed:
            told.placed[data["call_off"]].last_day_on = day_of(data["last_day_on"])
        self._stop_asking(told, at)
        self._agreed(told, at, data["now_agreed"])

    def _need_changed(self, told: Told, at: datetime, data: Mapping[str, Any]) -> None:
        self._stop_asking(told, at)
        self._agreed(told, at, data["now_agreed"])
        told.placed = {
            one["call_off"]: Placed(one["minutes"], day_of(one["first_visit_on"]), day_of(one["last_day_on"]))
            for one in data["call_offs"]
        }

    def _package_ended(self, told: Told, at: datetime, data: Mapping[str, Any]) -> None:
        last = date.fromisoformat(data["last_day_on"])
        told.ends_on, told.left_at = last + ONE_DAY, to_utc(last + ONE_DAY, 0)
        self._stop_asking(told, at)
        for one in told.placed.values():
            one.last_day_on = one.last_day_on or last

    def _withdrawn(self, told: Told, at: datetime, data: Mapping[str, Any]) -> None:
        told.ends_on, told.left_at = local(at).date(), at
        self._stop_asking(told, at)

    def _lot_dissolved(self, told: Told, at: datetime, data: Mapping[str, Any]) -> None:
        self._stop_asking(told, at)

    def _start_entered(self, told: Told, at: datetime, data: Mapping[str, Any]) -> None:
        if data["call_off"] in told.placed:
            told.placed[data["call_off"]].first_visit_on = day_of(data["after"])

    def _bridged(self, told: Told, at: datetime, data: Mapping[str, Any]) -> None:
        told.bridges.append((data["kind"], date.fromisoformat(data["from_on"]), day_of(data["to_on"])))

    @staticmethod
    def _stop_asking(told: Told, at: datetime) -> None:
        for one in told.invited:
            one.ended |= one.deadline_at >= at

    def _called_off(self, told: Told, at: datetime, data: Mapping[str, Any], history: list[Mapping[str, Any]]) -> None:
        made_at = parse_moment(data["made_at"]) if "made_at" in data else at
        told.called_off_at = min(made_at, told.called_off_at or made_at)
        visits = [one["data"]["visits"] for one in history if one["kind"] == "CalledOff"]
        for part, numbers in zip(data["parts"], visits, strict=True):
            minutes = sum(told.versions[-1].minutes[number] for number in numbers)
            told.placed[part["call_off"]] = Placed(minutes)
            self.purchases.append(Purchase(made_at, minutes, part["on_framework"], bool(part["override"])))

    def _happened(self, told: Told, version: int, kind: str, data: Mapping[str, Any]) -> None:
        """One event of the package's own history."""
        at = parse_moment(data["at"])
        if kind == "Invited":
            told.invited.append(Invited(data["enrolment"], version, at, parse_moment(data["deadline_at"])))
        elif kind == "Offered":
            one = self._asked(told, version, data["enrolment"], at)
            if one is not None and (one.answered_at is None or one.answered_at <= at):
                one.answer, one.reason, one.answered_at = data["answer"], data.get("reason", ""), at
        elif kind in ("Ended", "CalledOff") and not data.get("carried"):
            one = self._asked(told, version, data["enrolment"], at)
            if one is not None:
                one.ended = True
        elif kind == "Held" and data["reason"] == "in_hospital":
            # A hold that goes on under a new version is told again there.
            if not told.pauses or told.pauses[-1][1] is not None:
                told.pauses.append((local(at).date(), None))
        elif kind in ("Released", "Withdrawn") and told.pauses and told.pauses[-1][1] is None:
            told.pauses[-1] = (told.pauses[-1][0], local(at).date())

    @staticmethod
    def _asked(told: Told, version: int, enrolment: str, at: datetime) -> Invited | None:
        """The last invitation of an enrolment that could still be answered at a moment."""
        return next(
            (
                one
                for one in reversed(told.invited)
                if (one.version, one.enrolment) == (version, enrolment) and one.sent_at <= at <= one.deadline_at
            ),
            None,
        )


def recount(council: Council, on: date) -> Recount:
    """Add a council's events up, for a day: every event that was ever recorded counts, as with the rows."""
    found = Recount(on)
    for event in _events(council):
        found.take(event)
    return found


def _events(council: Council) -> Iterator[Event]:
    return Event.objects.filter(council=council.pk).order_by("number").iterator(chunk_size=2000)
