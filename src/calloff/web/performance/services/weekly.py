"""Week by week and locality by locality: people who wait (K1 to K3), beds (K4) and care homes that stand in (K5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Min, Q

from calloff.domain.indicators import Share
from calloff.web.brokerage.models import Bridge, CareHomeWait, Stay, UnmetStretch
from calloff.web.directory.models import Council, Locality
from calloff.web.performance.services.ledger import SUNDAY

PEOPLE, COMMUNITY, HOSPITAL, BEDS, CARE_HOME = "people", "community", "hospital", "beds", "care_home"
COUNTED = (PEOPLE, COMMUNITY, HOSPITAL, BEDS, CARE_HOME)
TWELVE_WEEKS = timedelta(weeks=12)


@dataclass(frozen=True)
class Counted:
    """
    People on the last day of a week, by the code of the locality; nobody counts twice in `total`.

    `typed` are those whom the hub counted without naming them: they are in the total and in no locality.
    """

    on: date
    people: Mapping[str, int]
    total: int
    typed: int = 0
    so_far: bool = False


def counted(council: Council, days: Sequence[date], what: str) -> list[Counted]:
    """One of COUNTED on each of some days; as many questions to the database for one day as for twenty-six."""
    found = {PEOPLE: _waiting, COMMUNITY: _waiting, HOSPITAL: _waiting, BEDS: _in_beds, CARE_HOME: _in_care_homes}
    here = found[what](council, days, what)
    typed = _typed(council, days) if what == BEDS else {}
    codes = list(Locality.objects.filter(council=council).values_list("code", flat=True))
    return [
        Counted(
            day,
            {code: len(here[day][code]) for code in codes},
            len(set().union(*here[day].values())) + typed.get(day, 0),
            typed.get(day, 0),
            so_far=day.weekday() != SUNDAY,
        )
        for day in days
    ]


Who = Mapping[date, dict[str, set[Any]]]


def _waiting(council: Council, days: Sequence[date], what: str) -> Who:
    """Those of whom a stretch of unmet need reaches the day; in hospital or not in hospital, where that is asked."""
    reaching = UnmetStretch.objects.filter(council=council, until__gt=min(days), from_on__lte=max(days))
    rows = list(reaching.values_list("locality__code", "person", "from_on", "until"))
    away = _away(council, days) if what != PEOPLE else {}
    found: Who = {day: defaultdict(set) for day in days}
    for code, person, from_on, until in rows:
        for day in days:
            if from_on <= day < until and (what == PEOPLE or (person in away[day]) == (what == HOSPITAL)):
                found[day][code].add(person)
    return found


def _stays(council: Council, days: Sequence[date]) -> Any:
    left = Q(discharged_on=None) | Q(discharged_on__gt=min(days))
    return Stay.objects.filter(left, council=council, admitted_on__lte=max(days))


def _away(council: Council, days: Sequence[date]) -> Mapping[date, set[Any]]:
    rows = list(_stays(council, days).values_list("person", "admitted_on", "discharged_on"))
    return {
        day: {person for person, since, left in rows if since <= day and (left is None or left > day)} for day in days
    }


def _in_beds(council: Council, days: Sequence[date], _what: str) -> Who:
    """Those who are ready to leave hospital and are still there."""
    rows = _stays(council, days).filter(ready_on__lte=max(days))
    found: Who = {day: defaultdict(set) for day in days}
    for code, person, since, ready, left in rows.values_list(
        "person__area__locality__code", "person", "admitted_on", "ready_on", "discharged_on"
    ):
        for day in days:
            if since <= day and ready <= day and (left is None or left > day):
                found[day][code].add(person)
    return found


def _typed(council: Council, days: Sequence[date]) -> dict[date, int]:
    return dict(CareHomeWait.objects.filter(council=council, on__in=days).values_list("on", "people"))


def _in_care_homes(council: Council, days: Sequence[date], _what: str) -> Who:
    """Those who lack care at home and live in a care home meanwhile."""
    rows = in_care_homes(council, min(days), max(days)).values_list(
        "package__locality__code", "package__person", "from_on", "to_on", "package__unmet__from_on",
        "package__unmet__until",
    )  # fmt: skip
    found: Who = {day: defaultdict(set) for day in days}
    for code, person, from_on, to_on, lacks_from, lacks_until in rows:
        for day in days:
            if from_on <= day and (to_on is None or day <= to_on) and lacks_from <= day < lacks_until:
                found[day][code].add(person)
    return found


def in_care_homes(council: Council, from_on: date, to_on: date) -> Any:
    """The care homes that stand in for a package on some day of a term, each beside a time at which it lacks care."""
    lasts = Q(to_on=None) | Q(to_on__gte=from_on)
    return Bridge.objects.filter(
        lasts,
        council=council,
        kind="residential",
        from_on__lte=to_on,
        package__unmet__from_on__lte=to_on,
        package__unmet__until__gt=from_on,
    )


# The rows behind the numbers


def stays_on(council: Council, on: date, locality: str = "") -> Any:
    """Who is ready to leave hospital and is there over the night that follows a day, the longest first."""
    rows = _stays(council, [on]).filter(ready_on__lte=on)
    if locality:
        rows = rows.filter(person__area__locality__code=locality)
    return rows.select_related("person__area__locality").order_by("ready_on", "pk")


def typed_on(council: Council, on: date) -> int:
    """How many the hub counted on a day who wait in hospital for a care home."""
    return _typed(council, [on]).get(on, 0)


def bridges_on_day(council: Council, on: date, kind: str = "", locality: str = "") -> Any:
    """What stands in on a day for packages that lack care then, the oldest first."""
    lasts = Q(to_on=None) | Q(to_on__gte=on)
    rows = Bridge.objects.filter(
        lasts, council=council, from_on__lte=on, package__unmet__from_on__lte=on, package__unmet__until__gt=on
    )
    if kind:
        rows = rows.filter(kind=kind)
    if locality:
        rows = rows.filter(package__locality__code=locality)
    return rows.select_related("package__area", "package__locality").distinct().order_by("from_on", "pk")


# K5: for how many it became permanent


@dataclass(frozen=True)
class Placement:
    """A care home that stood in: since when, until when, and what became of the package."""

    bridge: int
    from_on: date
    to_on: date | None
    began_on: date | None
    went_to_care_home: bool

    @property
    def permanent(self) -> bool:
        """Whether the person still lived there twelve weeks later, or the package had ended for a care home."""
        if self.went_to_care_home:
            return True
        then = self.from_on + TWELVE_WEEKS
        left = self.to_on is not None and self.to_on < then
        return not left and (self.began_on is None or self.began_on > then)


def placements(council: Council, from_on: date, to_on: date) -> list[Placement]:
    """The care homes that stood in and whose twelve weeks were over within some days."""
    rows = Bridge.objects.filter(
        council=council,
        kind="residential",
        from_on__gte=from_on - TWELVE_WEEKS,
        from_on__lte=to_on - TWELVE_WEEKS,
    ).annotate(began_on=Min("package__call_offs__first_visit_on"))
    told = rows.values_list("pk", "from_on", "to_on", "began_on", "package__end_reason", "package__ended_on")
    return [
        Placement(
            pk,
            since,
            until,
            began,
            reason == "care_home" and (ended is None or ended <= since + TWELVE_WEEKS),
        )
        for pk, since, until, began, reason, ended in told.order_by("from_on", "pk")
    ]


def permanent(rows: Iterable[Placement]) -> Share:
    """Of those whose twelve weeks are over, for how many the care home became permanent."""
    told = list(rows)
    return Share(sum(one.permanent for one in told), len(told))
