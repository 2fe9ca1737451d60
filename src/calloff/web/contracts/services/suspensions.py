"""New work stopped for an enrolment, and opened again by somebody else."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from calloff.domain.calendar import local, to_utc
from calloff.domain.errors import CalloffError
from calloff.web.accounts.models import User
from calloff.web.accounts.services import holders
from calloff.web.audit.services import act
from calloff.web.contracts.models import Enrolment, Suspension
from calloff.web.contracts.services.market import market_changes
from calloff.web.directory.services import touch_standing
from calloff.web.jobs import services as jobs


class SuspensionError(CalloffError):
    """A suspension that cannot be made or lifted; nothing was changed."""


def suspend(
    *, enrolment: Enrolment, from_on: date, to_on: date | None, step_in: bool, reason: str, by: User, at: datetime
) -> Suspension:
    """No new work from a day on. What is called off already goes on; offers are tested again before a call-off."""
    if not reason.strip():
        raise SuspensionError("Write why. Nothing was suspended.")
    if to_on is not None and to_on < from_on:
        raise SuspensionError("The last day is before the first. Nothing was suspended.")
    with act(council=enrolment.council_id, by=by, at=at) as doing:
        made = Suspension.objects.create(
            council_id=enrolment.council_id,
            enrolment=enrolment,
            from_on=from_on,
            to_on=to_on,
            step_in=step_in,
            reason=reason,
            suspended_by=by,
            suspended_identity=by.identity_id,
            suspended_at=doing.at,
        )
        touch_standing(enrolment.council)
        # Whatever waits to be confirmed to it is somebody else's now.
        market_changes(enrolment.council, enrolment.model, max(doing.at, to_utc(from_on, 0)))
        if to_on is not None:
            market_changes(enrolment.council, enrolment.model, max(doing.at, to_utc(to_on + timedelta(days=1), 0)))
        _tell(enrolment, "suspended", f"suspended-{made.pk}", doing.at)
        data = {"from_on": str(from_on), "to_on": str(to_on or ""), "step_in": step_in}
        doing.record("suspended", enrolment.reference, data)
    return made


def lift(*, suspension: Suspension, reason: str, by: User, at: datetime) -> None:
    """Open new work again, from today on; never by whoever suspended."""
    with act(council=suspension.council_id, by=by, at=at) as doing:
        again = Suspension.objects.select_related("enrolment__council").get(pk=suspension.pk)
        if again.lifted_at is not None:
            raise SuspensionError("This suspension was lifted already.")
        if again.suspended_identity == by.identity_id:
            raise SuspensionError("Whoever suspended cannot lift: ask another contract manager. Nothing was changed.")
        if not reason.strip():
            raise SuspensionError("Write why. Nothing was lifted.")
        again.lifted_by, again.lifted_identity, again.lifted_at = by, by.identity_id, doing.at
        again.lifted_on, again.lift_reason = _day_before(doing.at), reason
        again.save()
        touch_standing(again.enrolment.council)
        market_changes(again.enrolment.council, again.enrolment.model, doing.at)
        _tell(again.enrolment, "lifted", f"lifted-{again.pk}", doing.at)
        doing.record("suspension_lifted", again.enrolment.reference, {"from_on": str(again.from_on)})


def _day_before(at: datetime) -> date:
    return local(at).date() - timedelta(days=1)


def _tell(enrolment: Enrolment, kind: str, key: str, at: datetime) -> None:
    for user in holders("portal_capacity", branch_id=enrolment.branch_id, on=at.date()):
        jobs.tell(user, kind, enrolment.council.name, council=enrolment.council_id, key=key, at=at, link="/provider")
