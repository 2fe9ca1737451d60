"""
The indicators and the notices of a day, worked out a second time from the chain of events, for this check alone.

Nothing is asked of the product's own recount, and no row of a package, call-off or invitation is read: only events,
accounts and roles, and which service an enrolment is of.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass
class Agreed:
    """A package as its events tell it."""

    person: str
    approved_at: datetime
    minutes: list[int]
    required_on: date
    owner: int = 0
    called_off_at: datetime | None = None
    given: dict[str, int] = field(default_factory=dict)
    begun: dict[str, date] = field(default_factory=dict)
    last: dict[str, date] = field(default_factory=dict)
    first_required_on: date = date.max
    withdrawn_at: datetime | None = None

    def lacks(self, on: date) -> int:
        """Weekly minutes that are due and not given on a day."""
        if self.withdrawn_at is not None or on < self.required_on:
            return 0
        return max(0, sum(self.minutes) - self.gets(on))

    def gets(self, on: date) -> int:
        return sum(
            minutes
            for token, minutes in self.given.items()
            if self.begun.get(token, date.max) <= on <= self.last.get(token, date.max)
        )


@dataclass
class Counted:
    """What the events of a council come to."""

    packages: dict[str, Agreed] = field(default_factory=dict)
    stays: dict[str, Mapping[str, str]] = field(default_factory=dict)
    care_homes: dict[str, int] = field(default_factory=dict)
    bought: list[tuple[int, bool, bool]] = field(default_factory=list)
    """Of each call-off its minutes, whether it was on the framework, and whether somebody was chosen out of turn."""
    notices: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """To whom, under which subject, and about which package or request (empty where an area is named instead)."""

    # -- the indicators on a day

    def unmet(self, on: date) -> dict[str, int]:
        """K1 to K3: minutes, people with nothing and with a part, people in hospital."""
        lacking = [one for one in self.packages.values() if one.lacks(on)]
        whole = {one.person for one in lacking if not one.gets(on)}
        people = {one.person for one in lacking}
        return {
            "K1 minutes": sum(one.lacks(on) for one in lacking),
            "K1 people with nothing": len(whole),
            "K1 people with a part": len(people - whole),
            "K2 in the community": len([one for one in people if not self._away(one, on)]),
            "K3 in hospital": len([one for one in people if self._away(one, on)]),
        }

    def _away(self, person: str, on: date) -> bool:
        stay = self.stays.get(person)
        if stay is None or stay["admitted_on"] > str(on):
            return False
        return not stay["discharged_on"] or stay["discharged_on"] > str(on)

    def beds(self, on: date) -> int:
        """K4: those who are ready and wait, with those counted for a care home."""
        ready = [who for who, stay in self.stays.items() if stay["ready_on"] and stay["ready_on"] <= str(on)]
        return len([who for who in ready if self._away(who, on)]) + self.care_homes.get(str(on), 0)

    def waits(self, at: datetime) -> tuple[list[tuple[int, bool]], list[tuple[int, bool]]]:
        """K6: minutes from approval to call-off, and days from the required start to the first visit; whether over."""
        award, start = [], []
        for one in self.packages.values():
            until = one.called_off_at or one.withdrawn_at or at
            award.append((int((until - one.approved_at).total_seconds()) // 60, one.called_off_at is not None))
            first = min(one.begun.values(), default=None)
            due = (one.withdrawn_at or at).date()
            if first is not None:
                start.append(((first - one.first_required_on).days, True))
            elif one.first_required_on <= due:
                start.append(((due - one.first_required_on).days, False))
        return sorted(award), sorted(start)

    def shares(self) -> dict[str, tuple[int, int]]:
        """K9 and K10."""
        inside = sum(minutes for minutes, on_framework, _ in self.bought if on_framework)
        return {
            "K9": (inside, sum(minutes for minutes, _, _ in self.bought)),
            "K10": (sum(chosen for _, _, chosen in self.bought), len(self.bought)),
        }


def count(council: Any, until: datetime) -> Counted:
    """Read the whole chain of a council, up to a moment."""
    from calloff.web.audit.models import Event

    found, telling = Counted(), Telling(council)
    for event in Event.objects.filter(council=council.pk, at__lte=until).order_by("number"):
        data, history = json.loads(event.data), json.loads(event.history)
        add(found, event, data, history)
        telling.tell(found, event, data, history)
    return found


def add(found: Counted, event: Any, data: Mapping[str, Any], history: list[Any]) -> None:
    """One event's part in the indicators."""
    package = found.packages.get(event.about)
    if event.kind == "request_approved":
        agreed = data["agreed"]
        on = date.fromisoformat(agreed["required_start_on"])
        found.packages[event.about] = Agreed(
            agreed["person"], event.at, list(agreed["minutes"]), on, first_required_on=on
        )
    elif event.kind == "stay_recorded":
        found.stays[event.about] = data
    elif event.kind == "care_home_waits_counted":
        found.care_homes[data["on"]] = data["people"]
    elif event.kind == "handed_over":
        for reference in data["packages"]:
            found.packages[reference].owner = data["to"]
    elif package is None:
        return
    elif event.kind == "call_off_confirmed":
        package.called_off_at = package.called_off_at or event.at
        visits = [one["data"]["visits"] for one in history if one["kind"] == "CalledOff"]
        for part, numbers in zip(data["parts"], visits, strict=True):
            minutes = sum(package.minutes[number] for number in numbers)
            package.given[part["call_off"]] = minutes
            found.bought.append((minutes, part["on_framework"], bool(part["override"])))
    elif event.kind == "start_entered":
        package.begun[data["call_off"]] = date.fromisoformat(data["after"])
    elif event.kind == "handback_answered":
        package.last[data["call_off"]] = date.fromisoformat(data["last_day_on"])
        package.minutes = list(data["now_agreed"]["minutes"])
        package.required_on = date.fromisoformat(data["now_agreed"]["required_start_on"])
    elif event.kind == "withdrawn":
        package.withdrawn_at = event.at


# Notices


@dataclass
class Telling:
    """Who must have been told what, as one event after the other happened."""

    council: Any
    raised: dict[str, str] = field(default_factory=dict)
    placed: dict[str, str] = field(default_factory=dict)
    """The enrolment of each call-off."""

    def __post_init__(self) -> None:
        from calloff.web.contracts.models import Enrolment

        rows = Enrolment.objects.filter(council=self.council).select_related("branch")
        self.branches = {one.reference: one.branch for one in rows}
        self.open: dict[tuple[str, str], bool] = {}

    def tell(self, found: Counted, event: Any, data: Mapping[str, Any], history: list[Any]) -> None:
        for name, about in self._of(found, event, data):
            for to in self._people(name, event, found):
                found.notices[to, name, about] += 1
        for one in history:
            for name, branch in self._of_history(event, one):
                for to in self._of_branch(branch):
                    found.notices[to, name, ""] += 1
        if event.kind == "call_off_confirmed":
            places = [one["data"]["enrolment"] for one in history if one["kind"] == "CalledOff"]
            self.placed |= {part["call_off"]: place for part, place in zip(data["parts"], places, strict=True)}
        elif event.kind == "handback_answered":
            for to in self._of_branch(self.branches[self.placed[data["call_off"]]]):
                found.notices[to, "called_off_ended", event.about] += 1

    def _of(self, found: Counted, event: Any, data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What an act tells people of the council, or of one service, by itself."""
        if event.kind == "request_raised":
            self.raised[event.about] = event.by.name
            yield "approval_waits", event.about
        elif event.kind == "request_approved":
            yield "request_decided", data["request"]
        elif event.kind == "override_ordered":
            yield "override_waits", event.about
        elif event.kind == "handed_back":
            yield "handback", event.about
        elif event.kind == "handed_over":
            for reference in data["packages"]:
                yield "assigned", reference
        elif event.kind == "suspended":
            for to in self._of_branch(self.branches[event.about]):
                found.notices[to, "suspended", ""] += 1

    def _people(self, name: str, event: Any, found: Counted) -> list[str]:
        from calloff.web.accounts.models import User

        if name == "request_decided":
            return [self.raised[json.loads(event.data)["request"]]]
        if name == "assigned":
            return [User.objects.get(pk=json.loads(event.data)["to"]).name]
        if name == "handback":
            return [User.objects.get(pk=found.packages[event.about].owner).name]
        code = self.council.code
        return {"approval_waits": [f"{code}.approver"], "override_waits": [f"{code}.senior", f"{code}.senior2"]}[name]

    def _of_history(self, event: Any, one: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """What the kernel's own events tell a service."""
        kind, data = one["kind"], one["data"]
        key = (event.about, data.get("enrolment", ""))
        if kind == "Invited":
            self.open[key] = False
            yield "invited", self.branches[data["enrolment"]]
        elif kind == "Offered":
            self.open[key] = data["answer"] != "decline"
            if json.loads(event.data).get("channel") == "phone":
                yield "answer_recorded", self.branches[data["enrolment"]]
        elif kind == "Ended":
            chosen = self.open.get(key) and data["reason"] in ("placed_elsewhere", "lower_score")
            yield "not_selected" if chosen else "closed", self.branches[data["enrolment"]]
        elif kind == "CalledOff" and not data.get("carried"):
            yield "called_off", self.branches[data["enrolment"]]

    def _of_branch(self, branch: Any) -> list[str]:
        """Those of a service who have its invitations, hours and packages: its manager, and its scheduler (10.1)."""
        from calloff.web.accounts.models import RoleHeld

        held = RoleHeld.objects.filter(branch_id=branch.pk, role__in=("provider_manager", "scheduler"))
        return sorted(held.values_list("user__name", flat=True))
