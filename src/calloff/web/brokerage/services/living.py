"""A package after its call-off: its first visit, care that stands in, changes of need, hospital, handback, the end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from calloff.domain.calendar import local
from calloff.domain.history import CalledOff, Held
from calloff.domain.history import Event as Happening
from calloff.domain.packages import Package as KernelPackage
from calloff.domain.records import canonical, plain
from calloff.web.accounts.models import User
from calloff.web.accounts.services import holders
from calloff.web.audit.services import act
from calloff.web.brokerage.models import (
    Bridge,
    CallOff,
    CareHomeWait,
    Countersignature,
    Handback,
    Package,
    PackageVersion,
    Person,
    PlacedVisit,
    Request,
    Stay,
)
from calloff.web.brokerage.services import absences, agreements, lots
from calloff.web.brokerage.services.approving import decided, tell_raiser, write_stay
from calloff.web.brokerage.services.carrying import end_invitations, look_again, who_see
from calloff.web.brokerage.services.changing import (
    HINDSIGHT_DAYS,
    earliest_start,
    go_on_with,
    renumbered,
    same_visits,
    with_current,
)
from calloff.web.brokerage.services.columns import ask_quietly, refresh
from calloff.web.brokerage.services.desk import Desk, desk_for, told
from calloff.web.brokerage.services.price_ranges import facts_for
from calloff.web.brokerage.services.refusals import RefusedError
from calloff.web.brokerage.services.replanning import visits_changed
from calloff.web.brokerage.services.sourcing import fresh_desk
from calloff.web.brokerage.services.wanted import wanted_of
from calloff.web.contracts.models import Pool
from calloff.web.contracts.services.market import minutes_came_free, version_for
from calloff.web.directory.models import Council
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
HANDBACK_REASONS = ("no_workers", "needs_changed", "risk_to_staff", "travel", "price", "closing", "other")
LONGEST_NOTICE_DAYS = 365
HANDBACK_PRIORITY = 3
ONE_DAY = timedelta(days=1)


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


# Care that stands in, and hospital


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
