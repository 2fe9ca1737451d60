"""A visit that is longer or shorter for a few days, within the limits that need no approval (DOMAIN 3.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from calloff.domain.calendar import ONE_DAY, local
from calloff.domain.packages import Visit
from calloff.domain.planned_visits import lines_of
from calloff.domain.temporary import SHORTEST_MINUTES, Dated, Limits, over_the_limits
from calloff.web.accounts.models import User
from calloff.web.audit.services import act
from calloff.web.brokerage.models import CallOff, Package, TemporaryChange
from calloff.web.brokerage.services.absences import tell_providers
from calloff.web.brokerage.services.changing import placed_visits
from calloff.web.brokerage.services.handing_back import of_council
from calloff.web.brokerage.services.refusals import RefusedError
from calloff.web.brokerage.services.replanning import visits_changed
from calloff.web.directory.services import draw
from calloff.web.jobs import services as jobs

LIMITS = Limits()
ByLine = dict[str, dict[int, Visit]]
"""By the part of the day and the number in it, the visit of each weekday."""


def visits_by_line(package: Package, only: CallOff | None = None) -> ByLine:
    """What is called off of a package, by the lines of the whole; `only` leaves the visits of one call-off."""
    called_off = [
        (visit, one.pk)
        for one in CallOff.objects.filter(package=package, ended_on=None).order_by("pk")
        for _number, visit in placed_visits(one)
    ]
    found: ByLine = {}
    for day in range(7):
        todays = sorted((both for both in called_off if both[0].day == day), key=lambda both: both[0].start_minute)
        for line, (visit, call_off) in zip(lines_of([both[0] for both in todays]), todays, strict=True):
            if only is None or only.pk == call_off:
                found.setdefault(line, {})[day] = visit
    return found


def change_for_a_while(
    *, package: Package, line: str, from_on: date, to_on: date, more_minutes: int, reason: str, by: User, at: datetime
) -> TemporaryChange:
    """
    Each of a visit's workers stays so many minutes longer from a day to a day, both included; fewer are below 0.

    The providers are told. RefusedError beyond the limits, saying which: then it is a change of need.
    """
    asked = Asked(line, from_on, to_on, more_minutes, reason)
    with act(council=package.council_id, by=by, at=at) as doing:
        row = _changed(package, asked, visits_by_line(package), doing.at)
        tell_providers(package, "visit_changed", f"changed-for-a-while-{row.pk}", doing.at)
        doing.record("changed_for_a_while", package.reference, plainly(row))
    return row


def vary(
    *, call_off: CallOff, line: str, from_on: date, to_on: date, more_minutes: int, reason: str, by: User, at: datetime
) -> TemporaryChange:
    """
    The same by the provider, at once and within the same limits (DOMAIN 3.6); the council is told.

    RefusedError for visits of another provider, or a day that is over: what happened then its file of visits says.
    """
    asked = Asked(line, from_on, to_on, more_minutes, reason)
    with act(council=call_off.council_id, by=by, at=at) as doing:
        again = CallOff.objects.select_related("package__owner").get(pk=call_off.pk)
        package = again.package
        if again.ended_on is not None:
            raise RefusedError(_("This package has ended, or has its last day. Nothing was changed."))
        if from_on < local(doing.at).date():
            raise RefusedError(_("Choose a first day from today on. Nothing was changed."))
        own = visits_by_line(package, again).get(line, {})
        every = visits_by_line(package).get(line, {})
        if days_of(own, from_on, to_on, more_minutes) != days_of(every, from_on, to_on, more_minutes):
            raise RefusedError(_("On some of these days another provider makes this visit. Nothing was changed."))
        row = _changed(package, asked, visits_by_line(package), doing.at)
        for user in of_council(package, local(doing.at).date()):
            jobs.tell(
                user,
                "visit_varied",
                package.reference,
                council=package.council_id,
                key=f"varied-{row.pk}",
                at=doing.at,
                package=package.reference,
                link=f"/packages/{package.token}/temporary",
            )
        doing.record("changed_by_provider", package.reference, {**plainly(row), "call_off": again.token})
    return row


@dataclass(frozen=True)
class Asked:
    """A change for a few days as it is asked for."""

    line: str
    from_on: date
    to_on: date
    more_minutes: int
    reason: str


def _changed(package: Package, asked: Asked, lines: ByLine, at: datetime) -> TemporaryChange:
    """The row of a change within the limits, whose visits are planned anew; within an act."""
    if not asked.reason.strip():
        raise RefusedError(_("Write why. Nothing was changed."))
    if asked.to_on < asked.from_on or not asked.more_minutes:
        raise RefusedError(_("Enter by how many minutes, and a last day that is not before the first."))
    change = days_of(lines.get(asked.line, {}), asked.from_on, asked.to_on, asked.more_minutes)
    if not change:
        raise RefusedError(_("There is no such visit on these days. Nothing was changed."))
    _refuse_beyond(package, asked, change, lines)
    row = TemporaryChange.objects.create(
        council_id=package.council_id,
        token=draw(),
        package=package,
        line=asked.line,
        from_on=asked.from_on,
        to_on=asked.to_on,
        more_minutes=asked.more_minutes,
        net_minutes=sum(day.minutes for day in change),
        reason=asked.reason,
        known_from=at,
    )
    visits_changed(package, asked.from_on, at)
    return row


def _refuse_beyond(package: Package, asked: Asked, change: list[Dated], lines: ByLine) -> None:
    standing = list(package.temporary_changes.filter(superseded_at=None))
    others = [
        day for one in standing for day in days_of(lines.get(one.line, {}), one.from_on, one.to_on, one.more_minutes)
    ]
    already = sum(
        one.more_minutes
        for one in standing
        if one.line == asked.line and one.from_on <= asked.to_on and one.to_on >= asked.from_on
    )
    shortest = min(visit.minutes for visit in lines[asked.line].values())
    if shortest + already + asked.more_minutes < SHORTEST_MINUTES:
        raise RefusedError(
            _("A visit takes at least %(minutes)d minutes; cancel it instead. Nothing was changed.")
            % {"minutes": SHORTEST_MINUTES}
        )
    weekly = weekly_minutes(lines)
    over = over_the_limits(change, others, weekly, LIMITS)
    if over:
        raise RefusedError(refusal(over, weekly))


def weekly_minutes(lines: ByLine) -> int:
    """The minutes a week that are called off, of all workers together."""
    return sum(visit.worker_minutes for days in lines.values() for visit in days.values())


def take_back(*, change: TemporaryChange, by: User, at: datetime) -> None:
    """The visits are again as agreed, on the days of the change too."""
    with act(council=change.council_id, by=by, at=at) as doing:
        row = TemporaryChange.objects.filter(pk=change.pk, superseded_at=None).select_related("package").first()
        if row is None:
            raise RefusedError(_("This was taken back already. Nothing was changed."))
        TemporaryChange.objects.filter(pk=row.pk).update(superseded_at=doing.at)
        visits_changed(row.package, row.from_on, doing.at)
        tell_providers(row.package, "visit_changed", f"taken-back-{row.pk}", doing.at)
        doing.record("change_taken_back", row.package.reference, plainly(row))


def days_of(visits: Mapping[int, Visit], from_on: date, to_on: date, more_minutes: int) -> list[Dated]:
    """By how much each day is longer: that of every worker of the visit."""
    found: list[Dated] = []
    on = from_on
    while on <= to_on:
        if on.weekday() in visits:
            found.append(Dated(on, more_minutes * visits[on.weekday()].workers))
        on += ONE_DAY
    return found


def refusal(over: str, weekly_minutes: int) -> str:
    """Which limit would be passed, and what to do."""
    told = {
        "days": _("Without approval a visit changes for at most %(days)d days."),
        "week": _("Without approval a week changes by at most %(week)d minutes, %(percent)d per cent of it."),
        "four_weeks": _("Without approval four weeks change by at most %(four)d minutes in all."),
    }[over] % {
        "days": LIMITS.days,
        "week": LIMITS.in_a_week(weekly_minutes),
        "percent": LIMITS.percent,
        "four": LIMITS.in_four_weeks(weekly_minutes),
    }
    return f"{told} " + _("Ask for a change of need instead. Nothing was changed.")


def plainly(row: TemporaryChange) -> dict[str, object]:
    """A temporary change as an event tells it; its reason stays in its row."""
    return {
        "change": row.token,
        "line": row.line,
        "from_on": str(row.from_on),
        "to_on": str(row.to_on),
        "more_minutes": row.more_minutes,
        "net_minutes": row.net_minutes,
    }
