"""The indicators from rows: what is unmet on a day, who waits in hospital, and what is bought outside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q, Sum

from calloff.domain.calendar import to_utc
from calloff.domain.indicators import Share
from calloff.web.brokerage.models import Bridge, CallOff, CareHomeWait, Stay, UnmetStretch
from calloff.web.brokerage.services.queue import in_patients
from calloff.web.directory.models import Council

ONE_DAY = timedelta(days=1)


def in_days(from_on: date, to_on: date) -> tuple[datetime, datetime]:
    """The moments at which a term of local days begins and at which the day after it begins."""
    return to_utc(from_on, 0), to_utc(to_on + ONE_DAY, 0)


# K1 to K3: unmet need on a day


@dataclass(frozen=True)
class UnmetNeed:
    """
    K1 on a day: weekly minutes approved, due and not begun, and the people who lack them.

    `whole_people` have nothing of what they were approved for, `partial_people` a part. People who wait in the
    community (K2) and in hospital (K3) are all of these. `bridged` are minutes included in the whole for which
    something stands in, by what it is; `bridged_minutes` counts minutes for which two things stand in once.
    """

    on: date
    minutes: int
    whole_people: int
    partial_people: int
    in_hospital: int
    bridged_minutes: int
    bridged: Mapping[str, int] = field(default_factory=dict)

    @property
    def people(self) -> int:
        return self.whole_people + self.partial_people

    @property
    def in_community(self) -> int:
        return self.people - self.in_hospital


def unmet_need(council: Council, on: date, locality: str = "") -> UnmetNeed:
    """K1, K2 and K3 on a day, of the whole council or of a locality by its code."""
    lacking = UnmetStretch.objects.filter(council=council, until__gt=on, from_on__lte=on)
    if locality:
        lacking = lacking.filter(locality__code=locality)
    minutes: dict[int, int] = defaultdict(int)
    partly: set[Any] = set()
    people: set[Any] = set()
    for package, person, lacks, whole in lacking.values_list("package", "person", "minutes", "whole"):
        minutes[package] += lacks
        people.add(person)
        partly |= set() if whole else {person}
    bridged, once = bridged_on(council, on, minutes)
    hospital = people & set(in_patients(council, on).values_list("person", flat=True))
    return UnmetNeed(
        on, sum(minutes.values()), len(people - partly), len(partly), len(hospital), sum(once.values()), bridged
    )


def bridges_on(council: Council, on: date) -> Any:
    """What stands in for care on a day."""
    return Bridge.objects.filter(Q(to_on=None) | Q(to_on__gte=on), council=council, from_on__lte=on)


def bridged_on(council: Council, on: date, minutes: Mapping[int, int]) -> tuple[dict[str, int], dict[int, int]]:
    """For how many of the minutes that packages lack something stands in: by its kind, and by package."""
    standing = bridges_on(council, on)
    by_kind: dict[str, int] = defaultdict(int)
    by_package: dict[int, int] = {}
    for package, kind in set(standing.values_list("package", "kind")):
        if package in minutes:
            by_kind[kind] += minutes[package]
            by_package[package] = minutes[package]
    return dict(by_kind), by_package


# K4: beds


@dataclass(frozen=True)
class Beds:
    """
    K4 over some days: people who are ready to leave hospital and wait, night by night, against their number of days.

    `typed_days` tells for how many of the days the hub typed how many wait for a care home.
    """

    from_on: date
    to_on: date
    stay_nights: int
    typed_nights: int
    typed_days: int

    @property
    def days(self) -> int:
        return (self.to_on - self.from_on).days + 1

    @property
    def daily_average(self) -> Share:
        """Delayed bed days over days: its `of_one` is the average number of beds."""
        return Share(self.stay_nights + self.typed_nights, self.days)


def beds_on(council: Council, on: date) -> int:
    """K4 on a day: people in hospital, clinically ready, who wait for home or a care home, the typed ones included."""
    ready = in_patients(council, on).filter(ready_on__lte=on).count()
    typed = CareHomeWait.objects.filter(council=council, on=on).values_list("people", flat=True).first()
    return int(ready) + (typed or 0)


def daily_beds(council: Council, from_on: date, to_on: date) -> Beds:
    """
    The daily average of K4 over some days: delayed bed days divided by days.

    A delayed bed day is a night from the day on which somebody is ready until the one on which they leave.
    """
    stays = Stay.objects.filter(Q(discharged_on=None) | Q(discharged_on__gt=from_on), council=council)
    nights = 0
    for ready, left in stays.filter(ready_on__lte=to_on).values_list("ready_on", "discharged_on"):
        until = min(left, to_on + ONE_DAY) if left else to_on + ONE_DAY
        if ready is None:
            continue
        nights += max(0, (until - max(ready, from_on)).days)
    typed = CareHomeWait.objects.filter(council=council, on__gte=from_on, on__lte=to_on)
    told = typed.aggregate(people=Sum("people"), days=Count("pk"))
    return Beds(from_on, to_on, nights, told["people"] or 0, told["days"])


# K9 and K10: how it was bought


@dataclass(frozen=True)
class Bought:
    """
    K9 and K10 of the call-offs confirmed in some days, those left out that were taken over or only go on smaller.

    `on_framework` are minutes over all minutes called off, `overridden` call-offs with an override over all.
    """

    on_framework: Share
    overridden: Share


def new_call_offs(council: Council, from_on: date, to_on: date) -> Any:
    """
    The call-offs confirmed in some days by which something was bought.

    Care that was taken over on the first day was confirmed by nobody here; what a package that came in so buys later
    counts like any other.
    """
    begins, ends = in_days(from_on, to_on)
    taken_over = Q(package__imported=True, confirmed_by=None)
    return CallOff.objects.filter(
        council=council, confirmed_at__gte=begins, confirmed_at__lt=ends, continues=None
    ).exclude(taken_over)


def bought(council: Council, from_on: date, to_on: date) -> Bought:
    """K9 and K10 of some days."""
    told = new_call_offs(council, from_on, to_on).aggregate(
        minutes=Sum("minutes_per_week"),
        inside=Sum("minutes_per_week", filter=Q(on_framework=True)),
        all=Count("pk"),
        overridden=Count("pk", filter=~Q(override_reason="")),
    )
    return Bought(Share(told["inside"] or 0, told["minutes"] or 0), Share(told["overridden"], told["all"]))
