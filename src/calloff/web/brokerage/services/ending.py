"""Care ends: a package, or one provider's part of it, with its minutes given back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from calloff.web.accounts.models import User
from calloff.web.audit.services import act
from calloff.web.brokerage.models import (
    CallOff,
    Package,
    PlacedVisit,
)
from calloff.web.brokerage.services import absences, lots
from calloff.web.brokerage.services.carrying import end_invitations, who_see
from calloff.web.brokerage.services.changing import (
    go_on_with,
)
from calloff.web.brokerage.services.columns import refresh
from calloff.web.brokerage.services.desk import Desk
from calloff.web.brokerage.services.refusals import RefusedError
from calloff.web.brokerage.services.replanning import visits_changed
from calloff.web.brokerage.services.sourcing import fresh_desk
from calloff.web.contracts.models import Pool
from calloff.web.contracts.services.market import minutes_came_free
from calloff.web.jobs import services as jobs

END_REASONS = (
    "died",
    "hospital",
    "care_home",
    "moved",
    "own_choice",
    "needs_met",
    "cost",
    "handback",
    "changed",
    "other",
)
ONE_DAY = timedelta(days=1)


def end_package(
    *, package: Package, last_day_on: date, reason: str, by: User, at: datetime, died_at_minute: int | None = None
) -> None:
    """
    The care ends: every call-off with its last day, every living invitation, and the minutes come free.

    Waiting packages are looked at again in their order. A death stops all care of the person at its minute of the
    last day; where nobody knows that, the visits of the day are parked.
    """
    if reason not in END_REASONS:
        raise RefusedError("Choose a reason of the list. Nothing was ended.")
    with act(council=package.council_id, by=by, at=at) as doing:
        lots.leave(doing, package)
        desk = fresh_desk(package, doing.at)
        if desk.package.is_over:
            raise RefusedError(f"Package {package.reference} has ended already.")
        lots.refuse_for_lot(desk.package)
        end_invitations(desk, "package_ended")
        for call_off in CallOff.objects.filter(package=package, ended_on__isnull=True):
            end_call_off(desk, call_off, last_day_on, reason)
        if reason == "died":
            absences.write_death(desk.package.cared_for, last_day_on, died_at_minute, doing.at)
        desk.package.state, desk.package.ended_on, desk.package.end_reason = Package.ENDED, last_day_on, reason
        refresh(desk, None)
        doing.record("package_ended", package.reference, {"last_day_on": str(last_day_on), "reason": reason})


def end_call_off(desk: Desk, call_off: CallOff, last_day_on: date, reason: str) -> None:
    """End one call-off: its visits are nobody's any more, its minutes come free, the provider is told."""
    call_off.ended_on, call_off.end_reason = last_day_on, reason
    call_off.save(update_fields=("ended_on", "end_reason"))
    visits_changed(desk.package, last_day_on + ONE_DAY, desk.at)
    PlacedVisit.objects.filter(call_off=call_off).update(live=False)
    if call_off.enrolment_id is not None:
        deliverer = call_off.delivered_by_id or call_off.enrolment_id
        # Whoever gives a package back has not the workers for another one.
        give_back(deliverer, json.loads(call_off.takes), free=reason != "handback")
        minutes_came_free(deliverer, call_off.council_id, desk.at)
    tell_deliverer(desk, call_off, "called_off_ended", f"ended-{call_off.pk}")


def cut_call_off(desk: Desk, call_off: CallOff, stays: set[int], last_day_on: date) -> None:
    """Some visits of a call-off are no longer wanted: the others go on, the minutes of these come free."""
    freed = go_on_with(desk, call_off, stays, last_day_on)
    visits_changed(desk.package, last_day_on + ONE_DAY, desk.at)
    if call_off.enrolment_id is not None:
        deliverer = call_off.delivered_by_id or call_off.enrolment_id
        give_back(deliverer, freed, free=True)
        minutes_came_free(deliverer, call_off.council_id, desk.at)
    tell_deliverer(desk, CallOff.objects.get(continues=call_off), "called_off_changed", f"changed-{call_off.pk}")


def tell_deliverer(desk: Desk, call_off: CallOff, kind: str, key: str) -> None:
    """A notice to everybody who sees packages in the branch that holds it, and in the one that delivers it."""
    for user in who_see(call_off, desk.at.date()):
        jobs.tell(
            user,
            kind,
            desk.package.reference,
            council=call_off.council_id,
            key=key,
            at=desk.at,
            package=desk.package.reference,
            link=f"/provider/packages/{call_off.token}",
        )


def give_back(enrolment: int, takes: Iterable[tuple[int, int]], *, free: bool) -> None:
    """Minutes of a call-off go back to the pools they were taken from, free for others or gone."""
    for number, minutes in takes:
        pool = Pool.objects.get(enrolment=enrolment, number=number)
        pool.used -= minutes
        pool.declared -= 0 if free else minutes
        pool.save(update_fields=("used", "declared"))
