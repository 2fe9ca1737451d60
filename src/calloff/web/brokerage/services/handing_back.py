"""A provider hands care back, and the council agrees or holds it to its notice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from calloff.domain.calendar import local
from calloff.web.accounts.models import User
from calloff.web.accounts.services import holders
from calloff.web.audit.services import act
from calloff.web.brokerage.models import (
    CallOff,
    Handback,
    Package,
)
from calloff.web.brokerage.services import agreements
from calloff.web.brokerage.services.carrying import end_invitations
from calloff.web.brokerage.services.columns import ask_quietly, refresh
from calloff.web.brokerage.services.desk import Desk
from calloff.web.brokerage.services.ending import ONE_DAY, end_call_off
from calloff.web.brokerage.services.new_versions import new_version
from calloff.web.brokerage.services.refusals import RefusedError
from calloff.web.brokerage.services.sourcing import fresh_desk
from calloff.web.jobs import services as jobs

HANDBACK_REASONS = ("no_workers", "needs_changed", "risk_to_staff", "travel", "price", "closing", "other")
LONGEST_NOTICE_DAYS = 365
HANDBACK_PRIORITY = 3


def hand_back(*, call_off: CallOff, last_day_on: date, reason: str, words: str, by: User, at: datetime) -> Handback:
    """A provider gives a call-off back, with notice; the council is told first and answers."""
    if reason not in HANDBACK_REASONS:
        raise RefusedError("Choose a reason of the list. Nothing was sent.")
    with act(council=call_off.council_id, by=by, at=at) as doing:
        again = CallOff.objects.select_related("package__owner").get(pk=call_off.pk)
        if again.ended_on is not None or Handback.objects.filter(call_off=again).exists():
            raise RefusedError("This package has ended, or was given back already.")
        notice = (last_day_on - local(doing.at).date()).days
        if not 0 <= notice <= LONGEST_NOTICE_DAYS:
            raise RefusedError("Enter the last day on which you can deliver: today or later, within a year.")
        handback = Handback.objects.create(
            council_id=again.council_id,
            call_off=again,
            last_day_on=last_day_on,
            reason=reason,
            words=words,
            by=by,
            at=doing.at,
        )
        desk = fresh_desk(again.package, doing.at)
        refresh(desk, ask_quietly(desk))
        tell_council(desk, "handback", f"handback-{handback.pk}")
        doing.record(
            "handed_back", again.package.reference, {"call_off": again.token, "reason": reason, "notice_days": notice}
        )
    return handback


def of_council(package: Package, on: date) -> list[User]:
    """Who in the council looks after a package: its owner, or everybody of the duty team."""
    if package.owner:
        return [package.owner]
    return list(holders("work_package", council_id=package.council_id, on=on))


def tell_council(desk: Desk, kind: str, key: str) -> None:
    """A notice to the package's owner, or to everybody of the duty team."""
    package = desk.package
    for user in of_council(package, desk.at.date()):
        jobs.tell(
            user,
            kind,
            package.reference,
            council=package.council_id,
            key=key,
            at=desk.at,
            package=package.reference,
            link=f"/packages/{package.token}",
        )


def answer_handback(*, handback: Handback, agreed: bool, by: User, at: datetime) -> None:
    """
    The council answers: agreed or not, the care ends on the day that was named, and the package goes back
    to waiting with its owner, its place in the order and its clock.
    """
    with act(council=handback.council_id, by=by, at=at) as doing:
        again = Handback.objects.select_related("call_off__package").get(pk=handback.pk)
        if again.agreed is not None:
            raise RefusedError("This handback was answered already.")
        again.agreed = agreed
        again.save(update_fields=("agreed",))
        desk = fresh_desk(again.call_off.package, doing.at)
        end_invitations(desk, "handed_back")
        end_call_off(desk, again.call_off, again.last_day_on, "handback")
        facts = replace(
            desk.facts,
            priority=min(desk.facts.priority, HANDBACK_PRIORITY),
            required_start_on=max(again.last_day_on + ONE_DAY, local(doing.at).date()),
            # Whoever gave it back is not asked for it again (assumed).
            exclusions=desk.facts.exclusions | {again.call_off.branch.reference},
            current_provider="",
            chosen_provider="",
        )
        every = {number: number for number in range(len(facts.visits))}
        history = new_version(desk, facts, "handback", every)
        data = {
            "call_off": again.call_off.token,
            "agreed": agreed,
            "last_day_on": str(again.last_day_on),
            "now_agreed": agreements.agreed(desk.package, facts),
        }
        doing.record("handback_answered", desk.package.reference, data, history)
