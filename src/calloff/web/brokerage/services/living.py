"""Care that is given: its first visit, what stands in until then, hospital, and who waits for a care home."""

from __future__ import annotations

from datetime import date, datetime

from calloff.domain.calendar import local
from calloff.web.accounts.models import User
from calloff.web.audit.services import act
from calloff.web.brokerage.models import (
    Bridge,
    CallOff,
    CareHomeWait,
    Package,
    Person,
    Stay,
)
from calloff.web.brokerage.services import absences
from calloff.web.brokerage.services.approving import write_stay
from calloff.web.brokerage.services.columns import ask_quietly, refresh
from calloff.web.brokerage.services.refusals import RefusedError
from calloff.web.brokerage.services.replanning import visits_changed
from calloff.web.brokerage.services.sourcing import fresh_desk
from calloff.web.directory.models import Council


def enter_start(*, call_off: CallOff, first_visit_on: date, by: User, at: datetime) -> None:
    """The day of the first visit, as provider or broker enter it."""
    with act(council=call_off.council_id, by=by, at=at) as doing:
        again = CallOff.objects.select_related("package").get(pk=call_off.pk)
        if again.ended_on is not None:
            raise RefusedError("This care has ended; its first day can no longer be entered.")
        if first_visit_on > local(doing.at).date():
            raise RefusedError("The first visit is entered when it was made, not before.")
        called_off_on = local(again.confirmed_at).date()
        if first_visit_on < min(called_off_on, again.start_on or called_off_on):
            raise RefusedError("The first visit cannot be before the call-off.")
        before = again.first_visit_on
        again.first_visit_on = first_visit_on
        again.save(update_fields=("first_visit_on",))
        days = [day for day in (before, again.start_on, first_visit_on) if day is not None]
        visits_changed(again.package, min(days), doing.at)
        desk = fresh_desk(again.package, doing.at)
        refresh(desk, ask_quietly(desk))
        data = {"call_off": again.token, "before": str(before or ""), "after": str(first_visit_on)}
        doing.record("start_entered", again.package.reference, data)


def bridge(*, package: Package, kind: str, from_on: date, to_on: date | None, by: User, at: datetime) -> Bridge:
    """Care that stands in until the package starts: reablement, the in-house team or a care home."""
    if kind not in Bridge.KINDS or (to_on is not None and to_on < from_on):
        raise RefusedError("Choose what stands in, and a last day that is not before the first. Nothing was entered.")
    with act(council=package.council_id, by=by, at=at) as doing:
        made = Bridge.objects.create(
            council_id=package.council_id, package=package, kind=kind, from_on=from_on, to_on=to_on
        )
        data = {"kind": kind, "from_on": str(from_on), "to_on": str(to_on or "")}
        doing.record("bridged", package.reference, data)
    return made


def record_stay(
    *,
    person: Person,
    admitted_on: date,
    ready_on: date | None,
    waits_for: str,
    discharged_on: date | None,
    by: User,
    at: datetime,
    admitted_minute: int | None = None,
    discharged_minute: int | None = None,
) -> Stay:
    """
    A stay in hospital as the hub knows it: since when, ready since when, and what is waited for.

    Visits are stopped from the admission to the discharge: from minute to minute of the day where those are known,
    else from day to day.
    """
    if waits_for not in ("home", "care_home") or any(
        day is not None and day < admitted_on for day in (ready_on, discharged_on)
    ):
        raise RefusedError("The days must follow each other: admitted, ready, discharged. Nothing was entered.")
    with act(council=person.council_id, by=by, at=at) as doing:
        stay = Stay.objects.filter(person=person, discharged_on__isnull=True).first() or Stay(
            council_id=person.council_id, person=person
        )
        stay.admitted_on, stay.ready_on, stay.waits_for = admitted_on, ready_on, waits_for
        stay.discharged_on = discharged_on
        stay.save()
        for package in person.packages.exclude(state__in=Package.OVER):
            write_stay(package)
        absences.write_stay(stay, admitted_minute, discharged_minute, doing.at)
        data = {
            "admitted_on": str(admitted_on),
            "ready_on": str(ready_on or ""),
            "waits_for": waits_for,
            "discharged_on": str(discharged_on or ""),
        }
        doing.record("stay_recorded", person.reference, data)
    return stay


def count_care_home_waits(*, council: Council, on: date, people: int, by: User, at: datetime) -> None:
    """How many people in hospital wait for a care home on a day, where nobody enters them one by one."""
    if people < 0 or on > local(at).date():
        raise RefusedError("Enter a number of people from 0 on, for today or an earlier day. Nothing was entered.")
    with act(council=council.pk, by=by, at=at) as doing:
        row, _made = CareHomeWait.objects.update_or_create(council=council, on=on, defaults={"people": people})
        doing.record("care_home_waits_counted", "", {"on": str(on), "people": row.people})
