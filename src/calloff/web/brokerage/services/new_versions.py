"""A package in a new version: what a change of need leaves with whom, and from which day on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from calloff.domain.calendar import local
from calloff.domain.history import CalledOff, Held
from calloff.domain.history import Event as Happening
from calloff.domain.packages import Package as KernelPackage
from calloff.domain.records import canonical, plain
from calloff.web.accounts.models import User
from calloff.web.audit.services import act
from calloff.web.brokerage.models import (
    CallOff,
    Countersignature,
    Handback,
    Package,
    PackageVersion,
    PlacedVisit,
    Request,
)
from calloff.web.brokerage.services import agreements, lots
from calloff.web.brokerage.services.approving import decided, tell_raiser
from calloff.web.brokerage.services.carrying import end_invitations, look_again
from calloff.web.brokerage.services.changing import (
    HINDSIGHT_DAYS,
    earliest_start,
    renumbered,
    same_visits,
    with_current,
)
from calloff.web.brokerage.services.columns import ask_quietly, refresh
from calloff.web.brokerage.services.desk import Desk, desk_for, told
from calloff.web.brokerage.services.ending import ONE_DAY, cut_call_off, end_call_off
from calloff.web.brokerage.services.price_ranges import facts_for
from calloff.web.brokerage.services.refusals import RefusedError
from calloff.web.brokerage.services.sourcing import fresh_desk
from calloff.web.brokerage.services.wanted import wanted_of
from calloff.web.contracts.services.market import version_for


def new_version(
    desk: Desk,
    facts: KernelPackage,
    reason: str,
    carried: Mapping[int, int],
    counts_from_on: date | None = None,
) -> list[dict[str, Any]]:
    """
    A package goes on under a new version; what its history begins with is returned, to be recorded with the act.

    `carried` says which visit of the new version is the same as which of the old: what is called off of these stays
    called off; everything else is to place. With hindsight it counts from a past day.
    """
    package = desk.package
    kept = list(CallOff.objects.filter(package=package, version=package.version, ended_on__isnull=True))
    package.version += 1
    package.state, package.step_started = Package.SOURCING, False
    package.minutes_per_week = package.minutes_to_place = facts.minutes_per_week
    package.priority, package.required_start_on = facts.priority, facts.required_start_on
    package.two_workers = any(visit.workers > 1 for visit in facts.visits)
    package.model_version = version_for(package.council, facts, local(desk.at).date())
    PackageVersion.objects.create(
        council_id=package.council_id,
        package=package,
        number=package.version,
        facts=canonical(plain(facts)).decode(),
        minutes_per_week=facts.minutes_per_week,
        from_at=desk.at,
        reason=reason,
        counts_from_on=counts_from_on,
    )
    package.save()
    happened: list[Happening] = [
        one for call_off in kept if (one := carry_over(call_off, package, carried)) is not None
    ]
    if package.on_hold:
        # A hold is about the person, not about the version: it stands until somebody ends it.
        happened += [one for one in desk.course.history if isinstance(one, Held)][-1:]
    again = desk_for(package, desk.at)
    again.course.history += happened
    refresh(again, ask_quietly(again), is_changed=True)
    look_again(package, desk.at)
    return told(package.version, *happened)


def carry_over(call_off: CallOff, package: Package, carried: Mapping[int, int]) -> CalledOff | None:
    """A call-off goes on in a new version of its package, if every visit of it does."""
    live = PlacedVisit.objects.filter(call_off=call_off, live=True)
    old = list(live.values_list("visit", flat=True))
    if not old or not set(old) <= set(carried.values()):
        return None
    new = sorted(number for number, before in carried.items() if before in old)
    live.update(live=False)
    call_off.version, call_off.visits = package.version, renumbered(call_off, carried)
    call_off.save(update_fields=("version", "visits"))
    PlacedVisit.objects.bulk_create(
        PlacedVisit(
            council_id=package.council_id, package=package, version=package.version, visit=number, call_off=call_off
        )
        for number in new
    )
    deliverer = call_off.delivered_by.reference if call_off.delivered_by else ""
    enrolment = call_off.enrolment.reference if call_off.enrolment else ""
    return CalledOff(enrolment, call_off.confirmed_at, tuple(new), deliverer, carried=True)


def change_need(
    *, package: Package, request: Request, pence_per_week_at_most: int, limit_pence: int, by: User, at: datetime
) -> None:
    """
    An approved change of need is a new version of the package (settled reading 9).

    Visits that stay as they were stay with their provider and keep their minutes, also where others of the same
    call-off end; the rest is to place, its provider first where the model says so. A provider whom the person now
    refuses keeps nothing. Raises SamePersonError for one's own request and ApprovalNeededError above one's limit.
    """
    with act(council=package.council_id, by=by, at=at) as doing:
        again = decided(request, pence_per_week_at_most, limit_pence, by, doing.at)
        if again.changes_package != package.reference or again.person_id != package.person_id:
            raise RefusedError(_("This request changes another package. Nothing was approved."))
        lots.leave(doing, package)
        desk = fresh_desk(package, doing.at)
        refuse_unfinished(desk)
        end_invitations(desk, "need_changed")
        before, wanted = desk.facts, facts_for(again, package.reference, desk.facts.approved_at)
        wanted = with_current(wanted, desk.package, before)
        carried = same_visits(before.visits, wanted.visits)
        counts_from_on = hindsight(again, package)
        all_stay = len(carried) == len(wanted.visits)
        # Visits that give way to others stand until these are called off; fewer need nobody else.
        today = local(doing.at).date()
        ends_on = counts_from_on if counts_from_on and all_stay else max(wanted.required_start_on, today)
        last_day_on = ends_on - ONE_DAY
        for call_off in CallOff.objects.filter(package=package, ended_on__isnull=True).select_related("branch"):
            visits = set(call_off.placed_visits.filter(live=True).values_list("visit", flat=True))
            stays = visits & set(carried.values())
            if not stays or call_off.branch.reference in wanted.exclusions:
                end_call_off(desk, call_off, last_day_on, "changed")
            elif stays != visits:
                cut_call_off(desk, call_off, stays, last_day_on)
        desk.package.price_ceiling_pence = pence_per_week_at_most
        history = new_version(desk, wanted, "need_changed", carried, counts_from_on)
        tell_raiser(again, doing.at)
        data = {
            "request": again.reference,
            "version": desk.package.version,
            "pence_per_week_at_most": pence_per_week_at_most,
            "now_agreed": agreements.agreed(desk.package, wanted),
            "call_offs": agreements.standing(desk.package),
        }
        doing.record("need_changed", package.reference, data, history)


def hindsight(request: Request, package: Package) -> date | None:
    """The past day from which a change counts that was asked for afterwards; RefusedError where it is too long ago."""
    asked_on, wanted = local(request.raised_at).date(), wanted_of(request).required_start_on
    if wanted >= asked_on:
        return None
    if wanted < earliest_start(package, asked_on):
        raise RefusedError(
            _(
                "This change counts from a day before the care began, or more than %(days)s days back. "
                "Nothing was approved."
            )
            % {"days": HINDSIGHT_DAYS}
        )
    return wanted


def refuse_unfinished(desk: Desk) -> None:
    """Raise RefusedError where a package has ended, or where something about its visits waits for an answer."""
    package = desk.package
    if package.is_over:
        raise RefusedError(
            _("Package %(reference)s has ended; ask for new care instead. Nothing was approved.")
            % {"reference": package.reference}
        )
    if Handback.objects.filter(
        call_off__package=package, call_off__ended_on__isnull=True, agreed__isnull=True
    ).exists():
        raise RefusedError(
            _("A provider gives this package back. Let a broker answer that first. Nothing was approved.")
        )
    if Countersignature.objects.filter(package=package, state=Countersignature.WAITING).exists():
        raise RefusedError(
            _(
                "Something about this package waits for a second person; let that be decided first. "
                "Nothing was approved."
            )
        )
