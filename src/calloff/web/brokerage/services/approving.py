"""A request is approved by somebody else within a limit, and is a package then; or it is refused."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calloff.domain.calendar import local
from calloff.domain.decisions import Wait
from calloff.domain.records import canonical, plain
from calloff.domain.units import pounds
from calloff.web.accounts.models import User
from calloff.web.audit.services import act
from calloff.web.brokerage.models import Package, PackageVersion, Request, Stay
from calloff.web.brokerage.services import lots
from calloff.web.brokerage.services.agreements import agreed
from calloff.web.brokerage.services.carrying import look_again_on
from calloff.web.brokerage.services.columns import ask_quietly, refresh
from calloff.web.brokerage.services.desk import desk_for, facts_of
from calloff.web.brokerage.services.price_ranges import facts_for
from calloff.web.brokerage.services.refusals import ApprovalNeededError, RefusedError, SamePersonError
from calloff.web.contracts.services.market import version_for
from calloff.web.directory.models import Council
from calloff.web.directory.services import draw, spoken_reference
from calloff.web.jobs import services as jobs


def approve_request(
    *, request: Request, pence_per_week_at_most: int, limit_pence: int, by: User, at: datetime
) -> Package:
    """
    Approve weekly hours and a greatest weekly price: the request becomes a package.

    Raises SamePersonError for one's own request and ApprovalNeededError above one's own limit.
    """
    with act(council=request.council_id, by=by, at=at) as doing:
        again = decided(request, pence_per_week_at_most, limit_pence, by, doing.at)
        if again.changes_package:
            raise RefusedError(_("This request changes care that somebody has. Nothing was approved."))
        package = make_package(again, doing.at)
        tell_raiser(again, doing.at)
        data = {"package": package.reference, "pence_per_week_at_most": pence_per_week_at_most}
        told = agreed(package, facts_of(package))
        doing.record("request_approved", package.reference, {**data, "request": again.reference, "agreed": told})
    return package


def decided(request: Request, pence_per_week_at_most: int, limit_pence: int, by: User, at: datetime) -> Request:
    """
    Write a request as approved, inside an act; nobody approves their own, or above their limit.

    Raises SamePersonError, ApprovalNeededError, or RefusedError when it no longer waits.
    """
    again = Request.objects.select_related("person__area__locality").get(pk=request.pk)
    refuse_decided(again)
    if again.raised_identity == by.identity_id:
        raise SamePersonError(_("Nobody approves what they asked for themselves. Nothing was approved."))
    if pence_per_week_at_most > limit_pence:
        raise ApprovalNeededError(
            _("You may approve up to %(limit)s a week; this needs somebody with a higher limit. Nothing was approved.")
            % {"limit": pounds(limit_pence)}
        )
    if again.person is not None and again.person.died_on is not None:
        raise RefusedError(_("The person has died. Nothing was approved."))
    again.state, again.decided_by, again.decided_identity = Request.APPROVED, by, by.identity_id
    again.decided_at = again.touched_at = at
    again.approved_minutes_per_week, again.approved_pence_per_week = again.minutes_per_week, pence_per_week_at_most
    again.save()
    return again


STATE_WORDS = {
    Request.DRAFT: gettext_lazy("it is a draft"),
    Request.WAITING: gettext_lazy("it waits for approval"),
    Request.APPROVED: gettext_lazy("it is approved"),
    Request.REFUSED: gettext_lazy("it is refused"),
    Request.WITHDRAWN: gettext_lazy("it was taken back"),
    Request.THROWN_AWAY: gettext_lazy("its draft was thrown away"),
}


def refuse_decided(request: Request) -> None:
    """Raise RefusedError for a request that no longer waits, saying who was first."""
    if request.state != Request.WAITING:
        by = request.decided_by.identity.name if request.decided_by else ""
        state = str(STATE_WORDS[request.state])
        raise RefusedError(
            _("Request %(reference)s does not wait for approval: %(state)s%(by)s. Nothing was changed.")
            % {"reference": request.reference, "state": state, "by": _(" by %(name)s") % {"name": by} if by else ""}
        )


def make_package(request: Request, at: datetime) -> Package:
    """The package of an approved request, governed by the model in force; the kernel is asked once for its row."""
    person = request.person
    if person is None:
        raise RefusedError(_("The request names no person."))
    council = Council.objects.get(pk=request.council_id)
    reference = spoken_reference("P")
    facts = facts_for(request, reference, at)
    version = version_for(council, facts, local(at).date())
    package = Package.objects.create(
        council=council,
        reference=reference,
        token=draw(),
        person=person,
        request=request,
        model_version=version,
        locality=person.area.locality,
        area=person.area,
        priority=facts.priority,
        approved_at=at,
        required_start_on=facts.required_start_on,
        price_ceiling_pence=request.approved_pence_per_week,
        minutes_per_week=facts.minutes_per_week,
        minutes_to_place=facts.minutes_per_week,
        two_workers=any(visit.workers > 1 for visit in facts.visits),
        next_action_at=at,
        changed_at=at,
    )
    write_stay(package)
    PackageVersion.objects.create(
        council=council,
        package=package,
        number=1,
        facts=canonical(plain(facts)).decode(),
        minutes_per_week=facts.minutes_per_week,
        from_at=at,
    )
    lots.gather(package, facts, at)
    desk = desk_for(package, at)
    decision = ask_quietly(desk)
    refresh(desk, decision)
    if isinstance(decision, Wait) and decision.until is not None:
        # A step that opens by the clock alone: nobody's act would bring anybody to look.
        look_again_on(package, decision.until)
    return package


def write_stay(package: Package) -> None:
    """What the hub knows of a stay in hospital, in the package's row for the lists."""
    stay = Stay.objects.filter(person=package.person_id, discharged_on__isnull=True).first()
    package.in_hospital = stay is not None
    package.clinically_ready_on = stay.ready_on if stay else None
    package.waits_for = stay.waits_for if stay else "home"
    package.save(update_fields=("in_hospital", "clinically_ready_on", "waits_for"))


def refuse_request(*, request: Request, reason: str, by: User, at: datetime) -> None:
    """Say no, with a reason that goes back to whoever asked."""
    if not reason.strip():
        raise RefusedError(_("Write why. Nothing was refused."))
    with act(council=request.council_id, by=by, at=at) as doing:
        again = Request.objects.get(pk=request.pk)
        refuse_decided(again)
        if again.raised_identity == by.identity_id:
            raise SamePersonError(_("Nobody decides on what they asked for themselves; take it back instead."))
        again.state, again.reason, again.decided_by = Request.REFUSED, reason, by
        again.decided_identity, again.decided_at, again.touched_at = by.identity_id, doing.at, doing.at
        again.save()
        tell_raiser(again, doing.at)
        doing.record("request_refused", again.reference)


def tell_raiser(request: Request, at: datetime) -> None:
    """Tell whoever asked what became of it; kept with the package that it became or changes."""
    made = Package.objects.filter(request=request).values_list("reference", flat=True).first()
    jobs.tell(
        request.raised_by,
        "request_decided",
        request.reference,
        council=request.council_id,
        key=f"request-{request.pk}-{request.state}",
        at=at,
        package=request.changes_package or made or "",
        link=f"/requests/{request.reference}",
    )
