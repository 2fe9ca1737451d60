"""The indicators from rows: what is unmet on a day, who waits, how long, who answers, and what is bought outside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q, Sum

from calloff.domain.calendar import local, minutes_between, to_utc
from calloff.domain.history import DECLINE_REASONS
from calloff.domain.indicators import HALF, NINE_TENTHS, Share, Wait, waited
from calloff.web.brokerage.models import (
    Bridge,
    CallOff,
    CareHomeWait,
    Invitation,
    Offer,
    Package,
    Stay,
    UnmetStretch,
)
from calloff.web.brokerage.services.desk import facts_of
from calloff.web.directory.models import Council

ONE_DAY = timedelta(days=1)
QUICKLY = timedelta(hours=4)


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
    for package, person, lacks, whole in lacking.values_list("package", "package__person", "minutes", "whole"):
        minutes[package] += lacks
        people.add(person)
        partly |= set() if whole else {person}
    bridged, once = bridged_on(council, on, minutes)
    hospital = people & set(in_patients(council, on).values_list("person", flat=True))
    return UnmetNeed(
        on, sum(minutes.values()), len(people - partly), len(partly), len(hospital), sum(once.values()), bridged
    )


def in_patients(council: Council, on: date) -> Any:
    """The stays in hospital over the night that follows a day."""
    away = Q(discharged_on=None) | Q(discharged_on__gt=on)
    return Stay.objects.filter(away, council=council, admitted_on__lte=on)


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


# K6: how long it takes


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


def waits_of(courses: Iterable[Course], at: datetime) -> dict[int, Waits]:
    """K6 by priority at a moment; who is not due yet does not wait for a start."""
    award: dict[int, list[Wait]] = defaultdict(list)
    start: dict[int, list[Wait]] = defaultdict(list)
    for one in courses:
        until = min(at, one.left_at) if one.left_at else at
        over = one.called_off_at is not None and one.called_off_at <= at
        ended = one.called_off_at if over and one.called_off_at is not None else max(until, one.approved_at)
        # What was made before it was approved (an emergency at night) waited for nothing.
        length = minutes_between(one.approved_at, ended) if ended > one.approved_at else 0
        award[one.priority].append(Wait(length, over))
        last = local(until).date()
        if one.began_on is not None and one.began_on <= local(at).date():
            start[one.priority].append(Wait((one.began_on - one.required_on).days, True))
        elif one.required_on <= last:
            start[one.priority].append(Wait((last - one.required_on).days, False))
    return {
        priority: Waits(tuple(sorted_waits(award[priority])), tuple(sorted_waits(start[priority])))
        for priority in sorted(award)
    }


def sorted_waits(waits: Iterable[Wait]) -> list[Wait]:
    """Waits in order, those that are over first of two alike."""
    return sorted(waits, key=lambda one: (one.length, not one.over))


def waits(council: Council, from_on: date, to_on: date, at: datetime) -> dict[int, Waits]:
    """K6 by the priority that a package has now, of those approved in some days; taken-over packages left out."""
    begins, ends = in_days(from_on, to_on)
    rows = Package.objects.filter(
        council=council, imported=False, approved_at__gte=begins, approved_at__lt=ends, approved_at__lte=at
    ).annotate(called_off_at=Min("call_offs__confirmed_at"), began_on=Min("call_offs__first_visit_on"))
    return waits_of((_course_of(one) for one in rows), at)


def _course_of(package: Any) -> Course:
    # The first agreement is what was waited for, whatever came of it later.
    required = package.required_start_on if package.version == 1 else facts_of(package, 1).required_start_on
    left = None
    if package.state == Package.WITHDRAWN:
        left = package.changed_at
    elif package.ended_on is not None:
        left = to_utc(package.ended_on + ONE_DAY, 0)
    return Course(package.priority, package.approved_at, required, package.called_off_at, package.began_on, left)


# K7: answers


@dataclass(frozen=True)
class Answers:
    """
    K7 of the invitations sent in some days whose deadline is past.

    Counted are those that were answered or that ran out; not counted those that the council ended unanswered, or was
    the cause of refusing.
    """

    counted: int
    accepted: int
    quickly: int
    expired: int

    @property
    def acceptance(self) -> Share:
        """Accepted in full over counted invitations."""
        return Share(self.accepted, self.counted)

    @property
    def within_four_hours(self) -> Share:
        return Share(self.quickly, self.counted)

    @property
    def expiry(self) -> Share:
        return Share(self.expired, self.counted)


@dataclass(frozen=True)
class Asked:
    """One invitation whose deadline is past, and its last answer in time; `ended` by the council before that."""

    sent_at: datetime
    answer: str = ""
    reason: str = ""
    answered_at: datetime | None = None
    ended: bool = False


def answers_of(asked: Iterable[Asked]) -> Answers:
    """K7 of some invitations."""
    counted = accepted = quickly = expired = 0
    for one in asked:
        if not one.answer and one.ended:
            continue
        if one.answer == "decline" and not DECLINE_REASONS.get(one.reason, True):
            continue
        counted += 1
        expired += not one.answer
        if one.answer == "accept" and one.answered_at is not None:
            accepted += 1
            quickly += one.answered_at - one.sent_at <= QUICKLY
    return Answers(counted, accepted, quickly, expired)


def answers(council: Council, from_on: date, to_on: date, at: datetime) -> Answers:
    """K7 of the invitations sent in some days whose deadline is past at a moment."""
    begins, ends = in_days(from_on, to_on)
    rows = Invitation.objects.filter(
        council=council, sent_at__gte=begins, sent_at__lt=ends, deadline_at__lt=at
    ).order_by("pk")
    last: dict[int, tuple[str, str, datetime]] = {}
    offers = Offer.objects.filter(invitation__in=rows.order_by().values("pk")).order_by("received_at", "pk")
    for invitation, answer, reason, received_at in offers.values_list("invitation", "answer", "reason", "received_at"):
        last[invitation] = (answer, reason, received_at)
    told = []
    for pk, sent_at, state in rows.values_list("pk", "sent_at", "state"):
        answer, reason, answered_at = last.get(pk, ("", "", None))
        told.append(Asked(sent_at, answer, reason, answered_at, state in (Invitation.ENDED, Invitation.CALLED_OFF)))
    return answers_of(told)


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
    """The call-offs confirmed in some days by which something was bought."""
    begins, ends = in_days(from_on, to_on)
    return CallOff.objects.filter(
        council=council, confirmed_at__gte=begins, confirmed_at__lt=ends, continues=None, package__imported=False
    )


def bought(council: Council, from_on: date, to_on: date) -> Bought:
    """K9 and K10 of some days."""
    told = new_call_offs(council, from_on, to_on).aggregate(
        minutes=Sum("minutes_per_week"),
        inside=Sum("minutes_per_week", filter=Q(on_framework=True)),
        all=Count("pk"),
        overridden=Count("pk", filter=~Q(override_reason="")),
    )
    return Bought(Share(told["inside"] or 0, told["minutes"] or 0), Share(told["overridden"], told["all"]))
