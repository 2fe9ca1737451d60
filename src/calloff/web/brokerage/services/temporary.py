"""A visit that is longer or shorter for a few days, within the limits that need no approval (DOMAIN 3.6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.utils.translation import gettext as _

from calloff.domain.calendar import ONE_DAY
from calloff.domain.packages import Visit
from calloff.domain.planned_visits import lines_of
from calloff.domain.temporary import SHORTEST_MINUTES, Dated, Limits, over_the_limits
from calloff.web.accounts.models import User
from calloff.web.audit.services import act
from calloff.web.brokerage.models import CallOff, Package, TemporaryChange
from calloff.web.brokerage.services.changing import placed_visits
from calloff.web.brokerage.services.refusals import RefusedError
from calloff.web.brokerage.services.replanning import visits_changed
from calloff.web.directory.services import draw

LIMITS = Limits()


def visits_by_line(package: Package) -> dict[str, dict[int, Visit]]:
    """What is called off of a package: by the part of the day and the number in it, the visit of each weekday."""
    called_off = [
        visit
        for one in CallOff.objects.filter(package=package, ended_on=None).order_by("pk")
        for _number, visit in placed_visits(one)
    ]
    found: dict[str, dict[int, Visit]] = {}
    for day in range(7):
        todays = sorted((visit for visit in called_off if visit.day == day), key=lambda visit: visit.start_minute)
        for line, visit in zip(lines_of(todays), todays, strict=True):
            found.setdefault(line, {})[day] = visit
    return found


def change_for_a_while(
    *, package: Package, line: str, from_on: date, to_on: date, more_minutes: int, reason: str, by: User, at: datetime
) -> TemporaryChange:
    """
    Each of a visit's workers stays so many minutes longer from a day to a day, both included; fewer are below 0.

    RefusedError beyond the limits, saying which: then it is a change of need.
    """
    if not reason.strip():
        raise RefusedError(_("Write why. Nothing was changed."))
    if to_on < from_on or not more_minutes:
        raise RefusedError(_("Enter by how many minutes, and a last day that is not before the first."))
    with act(council=package.council_id, by=by, at=at) as doing:
        lines = visits_by_line(package)
        visits = lines.get(line, {})
        change = days_of(visits, from_on, to_on, more_minutes)
        if not change:
            raise RefusedError(_("There is no such visit on these days. Nothing was changed."))
        standing = list(package.temporary_changes.filter(superseded_at=None))
        others = [
            day
            for one in standing
            for day in days_of(lines.get(one.line, {}), one.from_on, one.to_on, one.more_minutes)
        ]
        already = sum(
            one.more_minutes for one in standing if one.line == line and one.from_on <= to_on and one.to_on >= from_on
        )
        if min(visit.minutes for visit in visits.values()) + already + more_minutes < SHORTEST_MINUTES:
            raise RefusedError(
                _("A visit takes at least %(minutes)d minutes; cancel it instead. Nothing was changed.")
                % {"minutes": SHORTEST_MINUTES}
            )
        weekly = sum(visit.worker_minutes for days in lines.values() for visit in days.values())
        over = over_the_limits(change, others, weekly, LIMITS)
        if over:
            raise RefusedError(refusal(over, weekly))
        row = TemporaryChange.objects.create(
            council_id=package.council_id,
            token=draw(),
            package=package,
            line=line,
            from_on=from_on,
            to_on=to_on,
            more_minutes=more_minutes,
            net_minutes=sum(day.minutes for day in change),
            reason=reason,
            known_from=doing.at,
        )
        visits_changed(package, from_on, doing.at)
        doing.record("changed_for_a_while", package.reference, plainly(row))
    return row


def take_back(*, change: TemporaryChange, by: User, at: datetime) -> None:
    """The visits are again as agreed, on the days of the change too."""
    with act(council=change.council_id, by=by, at=at) as doing:
        row = TemporaryChange.objects.filter(pk=change.pk, superseded_at=None).select_related("package").first()
        if row is None:
            raise RefusedError(_("This was taken back already. Nothing was changed."))
        TemporaryChange.objects.filter(pk=row.pk).update(superseded_at=doing.at)
        visits_changed(row.package, row.from_on, doing.at)
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
