"""A change of need beside what somebody has: which visits stay, what it means, and a call-off that goes on smaller."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from calloff.domain.calendar import local
from calloff.domain.ground import ground_of
from calloff.domain.market import minutes_by_pool
from calloff.domain.packages import Package as KernelPackage
from calloff.domain.packages import SignificantChange, Visit, significantly_different
from calloff.domain.placing import by_minutes, priced
from calloff.domain.records import plain, revive
from calloff.domain.units import pence_per_week
from calloff.web.brokerage.models import CallOff, Package, PlacedVisit
from calloff.web.brokerage.services.desk import Desk, facts_of
from calloff.web.contracts.services.market import document_of
from calloff.web.directory.services import draw

ONE_DAY = timedelta(days=1)
HINDSIGHT_DAYS = 28
"""So far back a change of need may be asked for (assumed: four weeks)."""
HOSPITAL_PRIORITY, CHANGE_PRIORITY = 2, 6
USUAL_THRESHOLD = SignificantChange(25)
"""More than a quarter of the weekly hours, one worker to two or back, or another care type (settled reading 9)."""


def same_visits(before: Iterable[Visit], after: Iterable[Visit]) -> dict[int, int]:
    """Which visit of the new pattern, by its place, is the very same as which of the old, each used once."""
    old = list(before)
    free = list(range(len(old)))
    same: dict[int, int] = {}
    for number, visit in enumerate(after):
        found = next((place for place in free if old[place] == visit), None)
        if found is not None:
            free.remove(found)
            same[number] = found
    return same


def with_current(wanted: KernelPackage, package: Package, before: KernelPackage) -> KernelPackage:
    """
    The new need of somebody who has care: its main provider is the current one, unless the person now refuses it.

    The change is measured by the weekly minutes that are called off, with all providers.
    """
    live = list(
        CallOff.objects.filter(package=package, ended_on__isnull=True)
        .select_related("branch")
        .order_by("-minutes_per_week", "pk")
    )
    main = next((one for one in live if one.branch.reference not in wanted.exclusions), None)
    if main is None:
        return wanted
    visits = [visit for one in live for _, visit in placed_visits(one)]
    return replace(
        wanted,
        current_provider=main.branch.reference,
        current_since=local(main.confirmed_at).date(),
        current_minutes_per_week=sum(visit.worker_minutes for visit in visits),
        current_workers=max(visit.workers for visit in visits),
        current_care_type=before.care_type,
        priority=max(wanted.priority, CHANGE_PRIORITY) if wanted.priority > HOSPITAL_PRIORITY else wanted.priority,
    )


def placed_visits(call_off: CallOff) -> list[tuple[int, Visit]]:
    """The visits of a call-off with their places in the package, at the times that were agreed."""
    return [(number, revive(Visit, told)) for number, told in json.loads(call_off.visits)]


@dataclass(frozen=True)
class Difference:
    """
    A new need against the agreed one.

    `last_minutes` are the weekly minutes last called off, by which it is significant or not; `assumed` where the
    model states no threshold of its own and the usual one was taken.
    """

    kept: tuple[Visit, ...]
    dropped: tuple[Visit, ...]
    added: tuple[Visit, ...]
    minutes_before: int
    minutes_after: int
    last_minutes: int
    significant: bool
    threshold: SignificantChange
    assumed: bool

    @property
    def minutes(self) -> int:
        """How many weekly minutes more; fewer are less than nothing."""
        return self.minutes_after - self.minutes_before


def difference(package: Package, wanted: KernelPackage) -> Difference:
    """What a change of need changes, by the threshold of the model that governs the package."""
    before = facts_of(package)
    wanted = with_current(wanted, package, before)
    same = same_visits(before.visits, wanted.visits)
    version = package.model_version
    own = document_of(version).model.threshold if version is not None else None
    threshold = own or USUAL_THRESHOLD
    return Difference(
        kept=tuple(wanted.visits[number] for number in same),
        dropped=tuple(visit for number, visit in enumerate(before.visits) if number not in same.values()),
        added=tuple(visit for number, visit in enumerate(wanted.visits) if number not in same),
        minutes_before=before.minutes_per_week,
        minutes_after=wanted.minutes_per_week,
        last_minutes=wanted.current_minutes_per_week,
        significant=significantly_different(wanted, threshold),
        threshold=threshold,
        assumed=own is None,
    )


# A change that is entered with hindsight


def earliest_start(package: Package | None, today: date) -> date:
    """The first day that a request may ask for: today, or for care that somebody has a day within the last weeks."""
    if package is None:
        return today
    live = package.call_offs.filter(ended_on=None)
    begun = min((one for row in live if (one := row.first_visit_on or row.start_on) is not None), default=today)
    return min(today, max(begun, today - timedelta(days=HINDSIGHT_DAYS)))


def begins_on(package: Package, today: date) -> date:
    """On which day care begins that is called off today: the day asked for, a past one only with hindsight."""
    version = package.versions.get(number=package.version)
    return version.counts_from_on or max(package.required_start_on, today)


def give_way(package: Package, call_off: CallOff, today: date) -> None:
    """
    What was changed meanwhile ends before a call-off that counts from a past day; what went on of it begins there.

    Until then it stood: nobody is without a provider, and nothing unpaid, while the new one is looked for.
    """
    begins = call_off.start_on
    if begins is None or begins >= today:
        return
    earlier = package.call_offs.filter(version__lt=call_off.version, end_reason="changed", ended_on__gte=begins)
    for old in earlier.order_by("pk"):
        for one in CallOff.objects.filter(continues=old):
            # Either may be the day after the old one's last, or a later day that stays.
            one.start_on = _earlier(one.start_on, old.ended_on, begins)
            one.first_visit_on = _earlier(one.first_visit_on, old.ended_on, begins)
            one.save(update_fields=("start_on", "first_visit_on"))
        old.ended_on = begins - ONE_DAY
        old.save(update_fields=("ended_on",))


def _earlier(day: date | None, last_on: date | None, begins: date) -> date | None:
    return begins if day is not None and last_on is not None and day == last_on + ONE_DAY else day


# A call-off that goes on with fewer visits


def go_on_with(desk: Desk, call_off: CallOff, stays: Iterable[int], last_day_on: date) -> list[tuple[int, int]]:
    """
    End a call-off with its last day and let its other visits, `stays`, go on in one that continues it.

    They keep their provider, price and minutes. Gives back what the dropped visits took from each of the pools, by the
    pools' own numbers.
    """
    stays = set(stays)
    visits = placed_visits(call_off)
    kept = [(number, visit) for number, visit in visits if number in stays]
    dropped = [visit for number, visit in visits if number not in stays]
    freed = taken_by(desk, call_off, [visit for _, visit in kept], dropped)
    left = {number: minutes for number, minutes in json.loads(call_off.takes)}
    for number, minutes in freed:
        left[number] -= minutes
    cost = cost_of(desk, call_off, [visit for _, visit in kept], dropped)
    before = CallOff.objects.get(pk=call_off.pk)
    PlacedVisit.objects.filter(call_off=call_off).update(live=False)
    call_off.ended_on, call_off.end_reason = last_day_on, "changed"
    call_off.save(update_fields=("ended_on", "end_reason"))
    begins = last_day_on + ONE_DAY
    before.pk, before.token, before.continues = None, draw(), call_off
    before.visits = visits_text(kept)
    before.takes = json.dumps([[number, minutes] for number, minutes in left.items() if minutes])
    before.minutes_per_week = sum(visit.worker_minutes for _, visit in kept)
    before.centipence_minutes, before.pence_per_week = cost, pence_per_week(cost)
    before.start_on = max(before.start_on or begins, begins)
    if before.first_visit_on is not None:
        before.first_visit_on = max(before.first_visit_on, begins)
    before.save(force_insert=True)
    PlacedVisit.objects.bulk_create(
        PlacedVisit(
            council_id=before.council_id,
            package_id=before.package_id,
            version=before.version,
            visit=number,
            call_off=before,
        )
        for number, _ in kept
    )
    return freed


def visits_text(visits: Iterable[tuple[int, Visit]]) -> str:
    """Visits with their places, as a call-off stores them."""
    return json.dumps([[number, plain(visit)] for number, visit in visits])


def renumbered(call_off: CallOff, carried: Mapping[int, int]) -> str:
    """A call-off's visits under the numbers of a new version; `carried` leads from a new number to the old."""
    new = {old: number for number, old in carried.items()}
    return visits_text(sorted((new[number], visit) for number, visit in placed_visits(call_off)))


def taken_by(desk: Desk, call_off: CallOff, kept: list[Visit], dropped: list[Visit]) -> list[tuple[int, int]]:
    """What the dropped visits took from each pool, by the pools' own numbers; in proportion where nobody can tell."""
    takes: dict[int, int] = dict(json.loads(call_off.takes))
    deliverer = call_off.delivered_by or call_off.enrolment
    row = desk.standing.row_of.get(deliverer.reference) if deliverer is not None else None
    if row is not None:
        taken = minutes_by_pool(desk.standing, row, desk.facts.locality, dropped).items()
        found = [(desk.market.pools[pool][1], minutes) for pool, minutes in taken]
        if all(minutes <= takes.get(number, 0) for number, minutes in found):
            return found
    shares = [sum(visit.worker_minutes for visit in visits) for visits in (dropped, kept)]
    return [(number, by_minutes(minutes, shares)[0]) for number, minutes in takes.items()]


def cost_of(desk: Desk, call_off: CallOff, kept: list[Visit], dropped: list[Visit]) -> int:
    """
    What the visits that go on cost a week, unrounded: at the same price lines, or as a share where a price was bid.

    The same for both parts together must be what the call-off cost.
    """
    row = desk.standing.row_of.get(call_off.enrolment.reference) if call_off.enrolment is not None else None
    whole = call_off.centipence_minutes
    if row is not None:
        ground = ground_of(desk.standing, desk.model)
        if priced(ground, desk.facts, row, [*kept, *dropped])[0] == whole:
            return priced(ground, desk.facts, row, kept)[0]
    shares = [sum(visit.worker_minutes for visit in visits) for visits in (kept, dropped)]
    return by_minutes(whole, shares)[0]
