"""
Planned visits as dated rows: what the call-offs of a council's packages come to on the days ahead.

The horizon only adds. Where a call-off, a version or an absence changes, rows of the same identity are superseded,
those gone are cancelled and new ones added; every row says from when on it was known, so that any past day can be
asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy

from calloff.domain.absences import Stop, stop_of, stopped_by, stopped_under
from calloff.domain.calendar import ONE_DAY, local
from calloff.domain.errors import CalloffError
from calloff.domain.packages import Visit
from calloff.domain.payment_rule import PaymentRule
from calloff.domain.planned_visits import PlannedVisit as Dated
from calloff.domain.planned_visits import dated, lines_of
from calloff.domain.records import revive
from calloff.domain.temporary import SHORTEST_MINUTES
from calloff.domain.visits import Stopped
from calloff.web.accounts.models import User
from calloff.web.audit.services import act, in_turn
from calloff.web.brokerage.models import CallOff, Package, TemporaryChange
from calloff.web.brokerage.services.absences import absences_of, last_known_day
from calloff.web.brokerage.services.replanning import many_changed, settle_anew
from calloff.web.directory.models import Council
from calloff.web.jobs import services as jobs
from calloff.web.visits.models import PlannedVisit, PlanningStart

HORIZON_DAYS = 42
"""So far ahead visits are planned (assumed: six weeks)."""
A_MOMENT = timedelta(microseconds=1)
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
    "stopped_by",
    "stop_told_at",
    "stop_day",
    "staff_paid",
    "restarts",
    "cancelled",
)
"""What a row says; one that says the same is no other."""


@dataclass(frozen=True)
class Planned:
    """A dated visit with the call-off under which it is to be made, and whatever stops it."""

    visit: Dated
    call_off: CallOff
    stop: Stop | None

    @property
    def reference(self) -> str:
        return self.visit.reference


def plan(package: Package, since: date, until: date, at: datetime) -> list[PlannedVisit]:
    """
    Write the planned visits of a package from a day to a day as they follow from its call-offs now; the new rows.

    It is called within the act that changed the package, or by the worker for the days ahead.
    """
    wanted = {one.reference: one for one in planned_of(package, since, until)}
    standing = {
        row.reference: row
        for row in PlannedVisit.objects.filter(
            council=package.council_id, package=package, on__range=(since, until), superseded_at=None, unplanned=False
        )
    }
    # Two plannings of one moment follow each other all the same: what was known last is known.
    at = max([at, *(row.known_from + A_MOMENT for row in standing.values())])
    rows = [row_of(one, package, standing.get(one.reference), at) for one in wanted.values()]
    rows += [gone(row, at) for reference, row in standing.items() if reference not in wanted and not row.cancelled]
    new = [row for row in rows if not says_the_same(standing.get(row.reference), row)]
    before = [standing[row.reference].pk for row in new if row.reference in standing]
    PlannedVisit.objects.filter(pk__in=before).update(superseded_at=at)
    return PlannedVisit.objects.bulk_create(new, batch_size=1_000)


def planned_of(package: Package, since: date, until: date) -> list[Planned]:
    """Every visit of a package in some days, each once, with whatever stops it."""
    if package.person_id is None:
        return []
    died_known_on = last_known_day(package)
    call_offs = [Placed.of(one, died_known_on) for one in package.call_offs.order_by("pk")]
    placed = [one for one in call_offs if one is not None]
    changes = list(package.temporary_changes.filter(superseded_at=None, from_on__lte=until, to_on__gte=since))
    absences = absences_of(package)
    found, on = [], since
    while on <= until:
        for dated_visit, call_off in dated_visits(package.reference, placed, changes, on):
            found.append(Planned(dated_visit, call_off, stop_of(dated_visit.reference, dated_visit.start_at, absences)))
        on += ONE_DAY
    return found


@dataclass(frozen=True)
class Placed:
    """A call-off with its days, both included, and its visits."""

    call_off: CallOff
    first_on: date
    last_on: date
    visits: tuple[Visit, ...]

    @classmethod
    def of(cls, call_off: CallOff, died_known_on: date | None = None) -> Placed | None:
        """
        None where nobody has said when it begins.

        One that a death ended has its visits until the death was known: they stay, and say why nothing is paid.
        """
        begins = call_off.first_visit_on or call_off.start_on
        if begins is None:
            return None
        visits = tuple(revive(Visit, told) for _, told in json.loads(call_off.visits))
        last = call_off.ended_on or date.max
        if call_off.end_reason == "died" and died_known_on is not None:
            last = max(last, died_known_on)
        return cls(call_off, begins, last, visits)

    def on(self, day: date) -> list[Visit]:
        """Its visits of a day."""
        if not self.first_on <= day <= self.last_on:
            return []
        return [visit for visit in self.visits if visit.day == day.weekday()]


def dated_visits(
    package: str, placed: Sequence[Placed], changes: Sequence[TemporaryChange], on: date
) -> Iterator[tuple[Dated, CallOff]]:
    """
    The visits of a package on a day, each with its call-off.

    The line of a visit is its package and its part of the day, so that a visit moved by half an hour stays the same.
    """
    todays = [(visit, one) for one in placed for visit in one.on(on)]
    kept = [(visit, one) for visit, one in todays if not any(follows(other, (visit, one)) for other in todays)]
    kept.sort(key=lambda both: (both[0].start_minute, both[1].call_off.pk))
    for line, (visit, one) in zip(lines_of([visit for visit, _ in kept]), kept, strict=True):
        band, ordinal = line.split("/")
        more = sum(change.more_minutes for change in changes if change.line == line and covers(change, on))
        # An agreement that was changed meanwhile may leave less than was to be taken off.
        minutes = max(visit.minutes + more, min(visit.minutes, SHORTEST_MINUTES))
        yield dated(f"{package}/{band}", replace(visit, minutes=minutes), on, int(ordinal)), one.call_off


def covers(change: TemporaryChange, on: date) -> bool:
    return bool(change.from_on <= on <= change.to_on)


def follows(later: tuple[Visit, Placed], earlier: tuple[Visit, Placed]) -> bool:
    """
    Whether a visit takes the place of another on a day on which both their call-offs stand.

    Of call-offs that follow each other the later has the day; those of two providers side by side end together.
    """
    (visit, new), (before, old) = later, earlier
    is_next = new.call_off.pk > old.call_off.pk and old.last_on < new.last_on
    starts, ends = max(visit.start_minute, before.start_minute), min(end_of(visit), end_of(before))
    return is_next and starts < ends


def end_of(visit: Visit) -> int:
    return visit.start_minute + visit.minutes


def row_of(planned: Planned, package: Package, standing: PlannedVisit | None, at: datetime) -> PlannedVisit:
    visit, stop = planned.visit, planned.stop
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
        # What was approved beyond the plan stays approved.
        extra_minutes=standing.extra_minutes if standing is not None else 0,
        stopped=int(stopped_by(stop)),
        stopped_by=stop.kind if stop else "",
        stop_told_at=stop.told_at if stop else None,
        stop_day=stop.day if stop else 0,
        staff_paid=stop.staff_paid if stop else False,
        restarts=stop.restarts if stop else False,
        known_from=at,
    )


def stopped_as(row: PlannedVisit, rule: PaymentRule) -> Stopped:
    """How a planned visit that was stopped is paid for under a rule."""
    if not row.stopped_by:
        return Stopped(row.stopped)
    told_at = row.stop_told_at or row.known_from
    by_day = row.stopped == Stopped.PARKED
    stop = Stop(row.stopped_by, told_at, row.stop_day, by_day, row.staff_paid, row.restarts)
    return stopped_under(stop, row.start_at, rule)


def gone(row: PlannedVisit, at: datetime) -> PlannedVisit:
    """The row that says of a visit that it is no more."""
    told = {field.attname: getattr(row, field.attname) for field in PlannedVisit._meta.concrete_fields}
    return PlannedVisit(**{**told, "id": None, "cancelled": True, "known_from": at, "superseded_at": None})


def says_the_same(before: PlannedVisit | None, row: PlannedVisit) -> bool:
    """Whether a row adds nothing to the one that stands."""
    return before is not None and all(getattr(before, name) == getattr(row, name) for name in TOLD)


def known_on(rows: QuerySet[PlannedVisit], moment: datetime | None = None) -> QuerySet[PlannedVisit]:
    """Of some planned visits those that were known at a moment, or are now, without those known to be no more."""
    if moment is None:
        return rows.filter(superseded_at=None, cancelled=False)
    still = Q(superseded_at=None) | Q(superseded_at__gt=moment)
    return rows.filter(still, known_from__lte=moment, cancelled=False)


def plan_ahead(council: int, at: datetime, days: int = HORIZON_DAYS, task: jobs.Task | None = None) -> int:
    """
    Plan every package of a council that has a call-off, so many days ahead; how many rows are new.

    Nothing is planned for a council that has not said from which day on.
    """
    begins = PlanningStart.objects.filter(council=council).first()
    if begins is None:
        return 0
    until, new = local(at).date() + timedelta(days=days), 0
    packages = Package.objects.filter(council=council, call_offs__isnull=False).distinct().order_by("pk")
    every = packages.select_related("person").iterator(chunk_size=200)
    for package in task.through(every, packages.count()) if task else every:
        # Each for itself, so that nobody waits long: what a package comes to hangs on no other.
        with in_turn(council):
            new += len(plan(package, begins.on, until, at))
    return new


PLANNING = jobs.Long(gettext_lazy("Visits are planned ahead"), gettext_lazy("packages"), ("draft_pay",))


@jobs.handles("plan_visits", PLANNING)
def plan_again(task: jobs.Task, at: datetime) -> None:
    """Move the horizon on, and once more tomorrow, where the council has said from when visits are planned."""
    plan_ahead(task.council, at, task=task)
    if not PlanningStart.objects.filter(council=task.council).exists():
        return
    with in_turn(task.council):
        jobs.add("plan_visits", task.key, council=task.council, due_at=at + timedelta(days=1))


@jobs.handles("plan_package")
def plan_package(task: jobs.Task, at: datetime) -> None:
    """Plan one package anew from the day from which it changed, and have the weeks that this touches settled anew."""
    begins = PlanningStart.objects.filter(council=task.council).first()
    if begins is None:
        return
    since, until = max(begins.on, date.fromisoformat(task.data["since"])), local(at).date() + timedelta(HORIZON_DAYS)
    with in_turn(task.council):
        package = Package.objects.select_related("person").get(council=task.council, pk=task.data["package"])
        days = [row.on for row in plan(package, since, until, at)]
        if days:
            settle_anew(package, min(days), max(days), at)


class PlanningError(CalloffError):
    """The day from which visits are planned cannot be this one; nothing was changed."""


def begin_planning(*, council: Council, on: date, by: User, at: datetime) -> None:
    """
    A council's visits are planned and paid here from a day on; the worker plans them at once.

    The day can be moved back. PlanningError for a later one: what is planned already may be paid.
    """
    with act(council=council.pk, by=by, at=at) as doing:
        before = PlanningStart.objects.filter(council=council).first()
        if before is not None and on >= before.on:
            raise PlanningError(
                f"Visits are planned from {before.on.isoformat()} already. Enter an earlier day; nothing was changed."
            )
        PlanningStart.objects.update_or_create(council=council, defaults={"on": on})
        many_changed(council.pk, doing.at)
        doing.record("planning_begins", "", {"before": str(before.on) if before else "", "after": str(on)})
