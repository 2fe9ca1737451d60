"""
Lots: packages that can wait are gathered, asked for together, and called off together or not at all.

What the kernel says of lots (`domain/batching.py`) is carried out here with real people and clocks. A lot is a package
without a person; its members stay packages of their own, which nobody is asked for while they go with others. Any act
that takes a member out dissolves the lot: the others go on alone, in their old place.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from calloff.documents.wording import moment_words
from calloff.domain.batching import PackageLot, batch, can_wait, collected_until
from calloff.domain.history import CalledOff
from calloff.domain.packages import Package as KernelPackage
from calloff.domain.records import canonical, plain
from calloff.web.accounts.models import User
from calloff.web.audit.services import Act, act
from calloff.web.brokerage.models import ALONE, GATHERS, IN_LOT, Package, PackageVersion
from calloff.web.brokerage.services.agreements import called_off
from calloff.web.brokerage.services.carrying import end_invitations, look_again
from calloff.web.brokerage.services.columns import ask_quietly, refresh
from calloff.web.brokerage.services.desk import Desk, desk_for, facts_of, told
from calloff.web.brokerage.services.refusals import RefusedError
from calloff.web.contracts.models import ModelVersion
from calloff.web.contracts.services.market import document_of
from calloff.web.directory.services import draw
from calloff.web.jobs import services as jobs

BEFORE_ALL = " "
"""The rank of forming lots: before whoever is due at the same moment is served."""
GIVEN_OUT, DISSOLVED = "given_out", "dissolved"
TOLD = tuple[str, Mapping[str, object], Sequence[Mapping[str, object]]]


def gather(package: Package, facts: KernelPackage, at: datetime) -> None:
    """Let a new package wait for company, where its model says so; inside the act that made it."""
    version = package.model_version
    if version is None or not can_wait(document_of(version).model, facts):
        return
    package.with_others = GATHERS
    package.save(update_fields=("with_others",))
    until = max(at, collected_until(document_of(version).model, facts))
    jobs.add(
        "form_lots",
        f"{version.pk} {until:%Y-%m-%dT%H:%M:%S}",
        council=package.council_id,
        due_at=until,
        data={"version": version.pk},
        rank=BEFORE_ALL,
    )


@jobs.handles("form_lots")
def form_lots_job(task: jobs.Task, at: datetime) -> None:
    """The worker's way into `form_lots`."""
    form_lots(ModelVersion.objects.select_related("council").get(pk=task.data["version"]), at)


def form_lots(version: ModelVersion, at: datetime) -> None:
    """Offer the lots of those who have been gathered for long enough; whoever is left over goes on alone."""
    with act(council=version.council_id, by=None, at=at) as doing:
        rows = {one.reference: one for one in _with_council(with_others=GATHERS, model_version=version)}
        found = batch(document_of(version).model, [facts_of(one) for one in rows.values()], doing.at)
        if not found.lots and not found.alone:
            doing.nothing()
            return
        lots = [offer_lot(lot, [rows[one.reference] for one in lot.members], doing.at) for lot in found.lots]
        joined: list[TOLD] = [
            (member.reference, {"lot": lot.reference}, ()) for lot in lots for member in lot.members.order_by("pk")
        ]
        alone: list[TOLD] = [(one.reference, {}, ()) for one in found.alone]
        doing.record_each("joined_lot", joined)
        doing.record_each("asked_alone", alone)
        for one in found.alone:
            _go_alone(rows[one.reference], doing.at, started=rows[one.reference].step_started)
        doing.record("lots_formed", "", {"lots": [one.reference for one in lots], "alone": len(alone)})


def _with_council(**found: object) -> Sequence[Package]:
    rows = Package.objects.filter(**found)
    return list(rows.select_related("council", "model_version", "locality", "area", "owner").order_by("reference"))


def offer_lot(lot: PackageLot, members: Sequence[Package], at: datetime) -> Package:
    """The lot as a row of its own, in the queue like any package, and its members in it."""
    first, facts = members[0], lot.package
    ceilings = [one.price_ceiling_pence for one in members]
    owners = {one.owner_id for one in members}
    row = Package.objects.create(
        council=first.council,
        reference=facts.reference,
        token=draw(),
        is_lot=True,
        model_version=first.model_version,
        locality=first.locality,
        area=first.area,
        priority=facts.priority,
        approved_at=facts.approved_at,
        required_start_on=facts.required_start_on,
        # What was approved for each is approved for all; where one has no ceiling, the sum has none.
        price_ceiling_pence=sum(one or 0 for one in ceilings) if all(one is not None for one in ceilings) else None,
        minutes_per_week=facts.minutes_per_week,
        minutes_to_place=facts.minutes_per_week,
        two_workers=any(visit.workers > 1 for visit in facts.visits),
        step_started=all(one.step_started for one in members),
        owner=first.owner if len(owners) == 1 else None,
        next_action_at=at,
        changed_at=facts.approved_at,
    )
    PackageVersion.objects.create(
        council=first.council,
        package=row,
        number=1,
        facts=canonical(plain(facts)).decode(),
        minutes_per_week=facts.minutes_per_week,
        from_at=at,
    )
    for member in members:
        member.lot, member.with_others = row, IN_LOT
        member.save(update_fields=("lot", "with_others"))
        refresh(desk_for(member, at), None)
    desk = desk_for(row, at)
    refresh(desk, ask_quietly(desk))
    look_again(row, at)
    return row


def _go_alone(member: Package, at: datetime, *, started: bool) -> None:
    """A package is asked for by itself from now on, where it stands in the order."""
    member.with_others, member.step_started = ALONE, started
    member.save(update_fields=("with_others", "step_started"))
    desk = desk_for(member, at)
    refresh(desk, ask_quietly(desk))
    look_again(member, at)


# Called off, or not


def give_out(doing: Act, desk: Desk) -> None:
    """A lot is called off: to each package its own part. Before the event by which the act says so."""
    lot = desk.package
    if not lot.is_lot or not desk.given_out:
        return
    happened: list[TOLD] = []
    for call_off, member in desk.given_out:
        enrolment = call_off.enrolment.reference if call_off.enrolment else ""
        deliverer = call_off.delivered_by.reference if call_off.delivered_by else ""
        visits = tuple(number for number, _visit in json.loads(call_off.visits))
        event = CalledOff(enrolment, doing.at, visits, deliverer)
        member.with_others = ALONE
        member.save(update_fields=("with_others",))
        own = desk_for(member, doing.at)
        own.course.history.append(event)
        refresh(own, None)
        data = {"lot": lot.reference, "parts": called_off([call_off])}
        happened.append((member.reference, data, told(member.version, event)))
    doing.record_each("called_off_in_lot", happened)
    lot.state, lot.end_reason = Package.ENDED, GIVEN_OUT


def dissolve(doing: Act, lot: Package) -> None:
    """Nobody takes the lot, or one of its packages leaves it: each goes on alone. Before the event of the act."""
    desk = desk_for(lot, doing.at)
    end_invitations(desk, "lot_dissolved")
    desk.package.state, desk.package.end_reason = Package.WITHDRAWN, DISSOLVED
    refresh(desk, None)
    members = _with_council(lot=lot, with_others=IN_LOT)
    doing.record_each("left_lot", [(one.reference, {"lot": lot.reference}, ()) for one in members])
    doing.record_each("lot_dissolved", [(lot.reference, {"packages": len(members)}, ())])
    for member in members:
        _go_alone(member, doing.at, started=desk.package.step_started)


def leave(doing: Act, package: Package) -> None:
    """Take a package out of whatever it goes with, because it ends, changes or is held; its lot is no more."""
    again = Package.objects.select_related("council", "model_version", "lot", "locality", "area").get(pk=package.pk)
    if again.with_others == IN_LOT and again.lot is not None:
        dissolve(doing, again.lot)
    elif again.with_others == GATHERS:
        _go_alone(again, doing.at, started=again.step_started)


def take_apart(*, lot: Package, by: User, at: datetime) -> None:
    """A broker lets the packages of a lot go on alone."""
    with act(council=lot.council_id, by=by, at=at) as doing:
        again = Package.objects.select_related("council", "model_version", "locality", "area").get(pk=lot.pk)
        if not again.is_lot or again.state != Package.SOURCING:
            raise RefusedError(_("This lot is called off or taken apart already. Nothing was changed."))
        dissolve(doing, again)
        doing.record("lot_taken_apart", again.reference)


def refuse_for_lot(package: Package) -> None:
    """Refuse what is done for one person where the package is a lot."""
    if package.is_lot:
        raise RefusedError(
            _("%(reference)s is a lot of several people's packages; take it apart first. Nothing was changed.")
            % {"reference": package.reference}
        )


def refuse_with_others(package: Package) -> None:
    """Refuse what can only be done to a package that is asked for by itself."""
    if package.with_others == IN_LOT and package.lot is not None:
        raise RefusedError(
            _("Package %(reference)s is asked for in %(lot)s; take the lot apart first. Nothing was changed.")
            % {"reference": package.reference, "lot": package.lot.reference}
        )
    if package.with_others == GATHERS:
        raise RefusedError(
            _("Package %(reference)s waits for others until %(until)s and is then asked for. Nothing was changed.")
            % {"reference": package.reference, "until": moment_words(package.next_action_at)}
        )
