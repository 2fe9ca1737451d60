"""K6: how long packages wait, from approval to the first call-off and from the required start to the first visit."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Min

from calloff.domain.calendar import local, minutes_between, to_utc
from calloff.domain.indicators import HALF, NINE_TENTHS, Wait, waited
from calloff.web.brokerage.models import Package, PackageVersion
from calloff.web.directory.models import Council
from calloff.web.performance.services.indicators import ONE_DAY, in_days


@dataclass(frozen=True)
class Waits:
    """
    K6 of the packages approved in some days: minutes from approval to the first call-off, days from the required
    start to the first visit; the median and the ninth decile count those that still wait for as long as they have.
    """

    award: tuple[Wait, ...]
    start: tuple[Wait, ...]

    @property
    def award_median(self) -> int | None:
        return waited(self.award, HALF)

    @property
    def award_ninetieth(self) -> int | None:
        return waited(self.award, NINE_TENTHS)

    @property
    def start_median(self) -> int | None:
        return waited(self.start, HALF)

    @property
    def start_ninetieth(self) -> int | None:
        return waited(self.start, NINE_TENTHS)

    @property
    def still_waiting(self) -> int:
        """How many packages have no call-off yet, those left without one included."""
        return sum(not one.over for one in self.award)


@dataclass(frozen=True)
class Course:
    """When a package was approved and required, called off and begun, and when it was left; None for not yet."""

    priority: int
    approved_at: datetime
    required_on: date
    called_off_at: datetime | None
    began_on: date | None
    left_at: datetime | None
    package: int = 0

    def award(self, at: datetime) -> Wait:
        """From approval to the first call-off, in minutes."""
        over = self.called_off_at is not None and self.called_off_at <= at
        until = min(at, self.left_at) if self.left_at else at
        ended = self.called_off_at if over and self.called_off_at is not None else max(until, self.approved_at)
        # What was made before it was approved (an emergency at night) waited for nothing.
        return Wait(minutes_between(self.approved_at, ended) if ended > self.approved_at else 0, over)

    def start(self, at: datetime) -> Wait | None:
        """From the required start to the first visit, in days; None for who is not due yet."""
        last = local(min(at, self.left_at) if self.left_at else at).date()
        if self.began_on is not None and self.began_on <= local(at).date():
            return Wait((self.began_on - self.required_on).days, True)
        return Wait((last - self.required_on).days, False) if self.required_on <= last else None


def waits_in(courses: Iterable[Course], at: datetime) -> Waits:
    """K6 of some packages at a moment."""
    rows = list(courses)
    starts = [found for one in rows if (found := one.start(at)) is not None]
    return Waits(tuple(sorted_waits(one.award(at) for one in rows)), tuple(sorted_waits(starts)))


def waits_of(courses: Iterable[Course], at: datetime) -> dict[int, Waits]:
    """K6 by priority at a moment."""
    found: dict[int, list[Course]] = defaultdict(list)
    for one in courses:
        found[one.priority].append(one)
    return {priority: waits_in(found[priority], at) for priority in sorted(found)}


def sorted_waits(waits: Iterable[Wait]) -> list[Wait]:
    """Waits in order, those that are over first of two alike."""
    return sorted(waits, key=lambda one: (one.length, not one.over))


def waits(council: Council, from_on: date, to_on: date, at: datetime) -> dict[int, Waits]:
    """K6 by the priority that a package has now, of those approved in some days; taken-over packages left out."""
    return waits_of(courses(council, from_on, to_on, at), at)


def courses(council: Council, from_on: date, to_on: date, at: datetime, locality: str = "") -> list[Course]:
    """
    The packages approved in some days, of all localities or of one by its code, the first approved first.

    What came in on the first day is left out: how long it waited elsewhere is not known of all of it.
    """
    begins, ends = in_days(from_on, to_on)
    rows = Package.objects.filter(
        council=council,
        imported=False,
        is_lot=False,
        approved_at__gte=begins,
        approved_at__lt=ends,
        approved_at__lte=at,
    )
    if locality:
        rows = rows.filter(locality__code=locality)
    # The first agreement is what was waited for, whatever came of it later.
    changed = PackageVersion.objects.filter(number=1, package__version__gt=1, package__in=rows.values("pk"))
    first = dict(changed.values_list("package", "facts"))
    told = rows.annotate(called_off_at=Min("call_offs__confirmed_at"), began_on=Min("call_offs__first_visit_on"))
    found = []
    for pk, priority, approved_at, required, state, changed_at, ended_on, called_off_at, began_on in told.values_list(
        "pk",
        "priority",
        "approved_at",
        "required_start_on",
        "state",
        "changed_at",
        "ended_on",
        "called_off_at",
        "began_on",
    ).order_by("approved_at", "pk"):
        if pk in first:
            required = date.fromisoformat(json.loads(first[pk])["required_start_on"])
        left = changed_at if state == Package.WITHDRAWN else to_utc(ended_on + ONE_DAY, 0) if ended_on else None
        found.append(Course(priority, approved_at, required, called_off_at, began_on, left, pk))
    return found
