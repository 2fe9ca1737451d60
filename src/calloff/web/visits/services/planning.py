"""
Planned visits as dated rows: what the call-offs of a council's packages come to on the days ahead.

The horizon only adds. Where a call-off, a version or a stay changes, rows of the same identity are superseded, those
gone are cancelled and new ones added; every row says from when on it was known, so that any past day can be asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from calloff.domain.calendar import local
from calloff.domain.packages import BANDS, Visit
from calloff.domain.planned_visits import PlannedVisit as Dated
from calloff.domain.planned_visits import dated
from calloff.domain.records import revive
from calloff.domain.visits import Stopped
from calloff.web.audit.services import in_turn
from calloff.web.brokerage.models import CallOff, Package
from calloff.web.jobs import services as jobs
from calloff.web.visits.models import PlannedVisit, PlanningStart

HORIZON_DAYS = 42
"""So far ahead visits are planned (assumed: six weeks)."""
TOLD = (
    "call_off_id",
    "branch_id",
    "start_at",
    "ends_at",
    "window_from_at",
    "window_to_at",
    "minutes",
    "workers",
    "critical",
    "stopped",
    "cancelled",
)
"""What a row says; one that says the same is no other."""


@dataclass(frozen=True)
class Planned:
    """A dated visit with the call-off under which it is to be made, and whatever stops it."""

    visit: Dated
    reference: str
    call_off: CallOff
    stopped: Stopped


def plan(package: Package, since: date, until: date, at: datetime) -> int:
    """
    Write the planned visits of a package from a day to a day as they follow from its call-offs now; how many are new.

    It is called within the act that changed the package, or by the worker for the days ahead.
    """
    wanted = {one.reference: one for one in planned_of(package, since, until)}
    standing = {
        row.reference: row
        for row in PlannedVisit.objects.filter(
            council=package.council_id, package=package, on__range=(since, until), superseded_at=None
        )
    }
    rows = [row_of(one, package, at) for one in wanted.values()]
    rows += [gone(row, at) for reference, row in standing.items() if reference not in wanted and not row.cancelled]
    new = [row for row in rows if not says_the_same(standing.get(row.reference), row)]
    before = [standing[row.reference].pk for row in new if row.reference in standing]
    PlannedVisit.objects.filter(pk__in=before).update(superseded_at=at)
    PlannedVisit.objects.bulk_create(new, batch_size=1_000)
    return len(new)


def planned_of(package: Package, since: date, until: date) -> list[Planned]:
    """Every visit of a package in some days, each once: of call-offs that follow each other the later has the day."""
    if package.person_id is None:
        return []
    found: dict[str, Planned] = {}
    stops = Stops.of(package)
    for call_off in package.call_offs.order_by("pk"):
        begins = call_off.first_visit_on or call_off.start_on
        if begins is None:
            continue
        first, last = max(begins, since), min(until, call_off.ended_on or until)
        for one in dated_visits(package.reference, call_off, first, last):
            found[one.reference] = Planned(one, one.reference, call_off, stops.of_visit(one))
    return list(found.values())


def dated_visits(package: str, call_off: CallOff, first: date, last: date) -> Iterable[Dated]:
    """
    The visits of a call-off from a day to a day, both included.

    The line of a visit is its package and its part of the day, so that a visit moved by half an hour stays the same.
    """
    visits: list[Visit] = [revive(Visit, told) for _, told in json.loads(call_off.visits)]
    by_day: dict[int, list[Visit]] = {}
    for visit in sorted(visits, key=lambda visit: (visit.day, visit.start_minute)):
        by_day.setdefault(visit.day, []).append(visit)
    on = first
    while on <= last:
        ordinals: dict[str, int] = {}
        for visit in by_day.get(on.weekday(), ()):
            band = BANDS[visit.band]
            ordinals[band] = ordinals.get(band, 0) + 1
            yield dated(f"{package}/{band}", visit, on, ordinals[band])
        on += timedelta(days=1)


@dataclass(frozen=True)
class Stops:
    """What stops a person's visits: the days in hospital, each stay from its first day to the day before the return."""

    away: Sequence[tuple[date, date]]

    @classmethod
    def of(cls, package: Package) -> Stops:
        stays = [] if package.person is None else package.person.stays.all()
        never = date.max
        return cls([(stay.admitted_on, stay.discharged_on or never) for stay in stays])

    def of_visit(self, visit: Dated) -> Stopped:
        """Why a visit is not to be made; on the day of the return it is made again."""
        return Stopped.SUSPENDED if any(first <= visit.on < back for first, back in self.away) else Stopped.NO


def row_of(planned: Planned, package: Package, at: datetime) -> PlannedVisit:
    visit = planned.visit
    return PlannedVisit(
        council_id=package.council_id,
        reference=planned.reference,
        package=package,
        person=package.cared_for,
        call_off=planned.call_off,
        branch_id=planned.call_off.branch_id,
        on=visit.on,
        start_at=visit.start_at,
        ends_at=visit.ends_at,
        window_from_at=visit.window_from_at,
        window_to_at=visit.window_to_at,
        minutes=visit.minutes,
        workers=visit.workers,
        critical=visit.critical,
        stopped=int(planned.stopped),
        known_from=at,
    )


def gone(row: PlannedVisit, at: datetime) -> PlannedVisit:
    """The row that says of a visit that it is no more."""
    told = {field.attname: getattr(row, field.attname) for field in PlannedVisit._meta.concrete_fields}
    return PlannedVisit(**{**told, "id": None, "cancelled": True, "known_from": at, "superseded_at": None})


def says_the_same(before: PlannedVisit | None, row: PlannedVisit) -> bool:
    """Whether a row adds nothing to the one that stands."""
    return before is not None and all(getattr(before, name) == getattr(row, name) for name in TOLD)


def plan_ahead(council: int, at: datetime, days: int = HORIZON_DAYS) -> int:
    """
    Plan every package of a council that has a call-off, so many days ahead; how many rows are new.

    Nothing is planned for a council that has not said from which day on.
    """
    begins = PlanningStart.objects.filter(council=council).first()
    if begins is None:
        return 0
    until, new = local(at).date() + timedelta(days=days), 0
    packages = Package.objects.filter(council=council, call_offs__isnull=False).distinct().order_by("pk")
    for package in packages.select_related("person").iterator(chunk_size=200):
        # Each for itself, so that nobody waits long: what a package comes to hangs on no other.
        with in_turn(council):
            new += plan(package, begins.on, until, at)
    return new


@jobs.handles("plan_visits")
def plan_again(task: jobs.Task, at: datetime) -> None:
    """Move the horizon on, and once more tomorrow."""
    plan_ahead(task.council, at)
    with in_turn(task.council):
        jobs.add("plan_visits", task.key, council=task.council, due_at=at + timedelta(days=1))
