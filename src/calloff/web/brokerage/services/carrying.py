"""How a decision becomes rows: invitations that go out, end or are called off, with the notices they bring."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q

from calloff.domain.batching import PackageLot
from calloff.domain.calendar import local
from calloff.domain.decisions import CallOff as KernelCallOff
from calloff.domain.decisions import Decision as KernelDecision
from calloff.domain.decisions import Invitation as KernelInvitation
from calloff.domain.decisions import Invite, Part
from calloff.domain.ground import ground_of
from calloff.domain.history import Overridden
from calloff.domain.packages import Package as KernelPackage
from calloff.domain.packages import Visit
from calloff.domain.placing import parts_of_members, priced
from calloff.domain.records import plain
from calloff.domain.units import pence_per_week
from calloff.web.accounts.models import User
from calloff.web.accounts.services import holders
from calloff.web.brokerage.models import CallOff, Countersignature, Decision, Invitation, Package, PlacedVisit
from calloff.web.brokerage.services.changing import begins_on, give_way
from calloff.web.brokerage.services.desk import Desk, facts_of, own_numbers, record, told
from calloff.web.brokerage.services.replanning import visits_changed
from calloff.web.contracts.models import Enrolment
from calloff.web.contracts.services.market import minutes_came_free
from calloff.web.directory.models import Branch
from calloff.web.directory.services import draw
from calloff.web.jobs import services as jobs

ONE_SECOND = timedelta(seconds=1)
LONGEST_ABOUT = 60
"""So many characters of what it is about a notice keeps."""
ENDED_BY_LOSS = ("placed_elsewhere", "lower_score")
"""Endings after which whoever offered is sent a letter: others were chosen."""


def carry_out(desk: Desk, decision: KernelDecision, by: User | None) -> tuple[Decision, list[dict[str, Any]]]:
    """Write what was decided as rows; the stored record, and what it adds to the package's history."""
    stored = record(desk, decision)
    for ending in decision.ends:
        end_invitation(desk, desk.row(ending.enrolment), ending.reason)
    added = desk.course.carry_out(decision, desk.at)
    if isinstance(decision, Invite):
        for one in decision.invitations:
            send_invitation(desk, decision, one)
        first = min(one.deadline_at for one in decision.invitations)
        look_again_on(desk.package, first + ONE_SECOND)
        close_late_answers(desk)
    elif isinstance(decision, KernelCallOff):
        for part in decision.parts:
            place(desk, decision, part, stored, by)
        end_spent(desk)
    reopen_after(desk, desk.store())
    return stored, told(desk.package.version, *added)


def end_spent(desk: Desk) -> None:
    """
    After a call-off: what is left of other offers for the package, if nothing of them can be taken any more, is over.

    The kernel knows that from the call-off itself; the rows follow it, and the minutes that were kept are free at once.
    """
    spent = desk.course.release_spent(desk.at)
    turns = {turn.invited.enrolment: turn for turn in desk.story().invitations} if spent else {}
    for enrolment in spent:
        end_invitation(desk, desk.row(enrolment), turns[enrolment].reason, state=turns[enrolment].state)


def close_late_answers(desk: Desk) -> None:
    """
    The next step is open: what a second person had not signed by then can no longer be recorded.

    An answer that nobody has signed is no answer, so it kept nobody waiting; whoever put it down is told.
    """
    rows = Countersignature.objects.filter(
        package=desk.package, kind=Countersignature.LATE_ANSWER, state=Countersignature.WAITING
    )
    for row in rows.select_related("asked_by"):
        row.state, row.decided_at = Countersignature.REFUSED, desk.at
        row.save(update_fields=("state", "decided_at"))
        jobs.tell(
            row.asked_by,
            "late_answer_closed",
            desk.package.reference,
            council=desk.package.council_id,
            key=f"late-answer-{row.pk}",
            at=desk.at,
            package=desk.package.reference,
            link=f"/packages/{desk.package.token}",
        )


def look_again(package: Package, at: datetime) -> None:
    """Let the worker ask the kernel about a package as soon as the running act is done."""
    look_again_on(package, jobs.at_once(at))


def look_again_on(package: Package, due_at: datetime) -> None:
    """Let the worker ask the kernel about a package at a moment to come."""
    jobs.add(
        "advance",
        package.reference,
        council=package.council_id,
        due_at=due_at,
        data={"package": package.pk},
        rank=rank_of(package),
    )


def rank_of(package: Package) -> str:
    """The order in which packages that are due together are served (the kernel's `serving_order`), as text."""
    return f"{package.priority} {package.required_start_on} {package.approved_at:%Y-%m-%dT%H:%M:%S} {package.reference}"


def reopen_after(desk: Desk, freed: Sequence[int]) -> None:
    """Where minutes came free, let the worker look at those who wait for them."""
    rows = sorted({desk.market.pools[pool][0] for pool in freed})
    for enrolment in rows:
        minutes_came_free(enrolment, desk.package.council_id, desk.at)


def send_invitation(desk: Desk, decision: Invite, one: KernelInvitation) -> Invitation:
    """One invitation as a row, and a notice to everybody of the branch who may answer it."""
    row = desk.row(one.enrolment)
    visits = [desk.facts.visits[number] for number in one.visits]
    cost, lines = priced(ground_of(desk.standing, desk.model), desk.facts, desk.standing.row_of[one.enrolment], visits)
    step = next(step for step in desk.model.steps if step.name == decision.step)
    invitation = Invitation.objects.create(
        council_id=desk.package.council_id,
        token=draw(),
        package=desk.package,
        version=desk.package.version,
        enrolment=row,
        branch=row.branch,
        step=decision.step,
        wave=decision.wave,
        rank=one.rank,
        sealed=step.sealed,
        visits=json.dumps(one.visits),
        holds=own_numbers(one.holds, desk.market),
        area_shown=area_shown(desk.package),
        pence_per_week=pence_per_week(cost) if lines else None,
        sent_at=desk.at,
        deadline_at=one.deadline_at,
    )
    tell_branch(invitation.branch, "invited", invitation, desk)
    return invitation


def tell_branch(branch: Branch, kind: str, invitation: Invitation, desk: Desk) -> None:
    """A notice about an invitation to everybody of a branch who may answer, each once."""
    for user in holders("portal_answer", branch_id=branch.pk, on=desk.at.date()):
        jobs.tell(
            user,
            kind,
            where_words(invitation.area_shown, desk.package),
            council=desk.package.council_id,
            key=f"{kind}-{invitation.pk}",
            at=desk.at,
            package=desk.package.reference,
            link=f"/provider/invitations/{invitation.token}",
        )


def where_words(area: str, package: Package) -> str:
    """Where care is asked for, as a notice says it: the area that may be shown, and the council where both fit."""
    both = f"{area}, {package.council.name}"
    return both if area != package.council.name and len(both) <= LONGEST_ABOUT else area[:LONGEST_ABOUT]


def area_shown(package: Package) -> str:
    """The smallest published area in which at least k people receive or await care, else the next wider one."""
    areas = {package.area} if not package.is_lot else {one.area for one in package.members.select_related("area")}
    area, k = package.area, package.council.k
    # Those around are found by their place: of a council's packages the most ended long ago.
    near = Package.objects.filter(Q(area=area) | Q(locality=package.locality), council=package.council_id)
    live = near.exclude(state__in=Package.OVER)
    people = live.aggregate(
        here=Count("person", filter=Q(area=area), distinct=True),
        around=Count("person", filter=Q(locality=package.locality), distinct=True),
    )
    if people["here"] >= k and areas == {area}:
        return area.name
    return package.locality.name if people["around"] >= k else package.council.name


def end_invitation(desk: Desk, enrolment: Enrolment, reason: str, state: str = Invitation.ENDED) -> None:
    """The council ends a living invitation; whoever was asked sees that it is closed."""
    invitation = Invitation.objects.filter(package=desk.package, enrolment=enrolment, state__in=Invitation.LIVE).first()
    if invitation is None:
        return
    offered = invitation.state in (Invitation.ACCEPTED, Invitation.PART)
    invitation.state, invitation.reason, invitation.settled_at = state, reason, desk.at
    invitation.save(update_fields=("state", "reason", "settled_at"))
    tell_branch(
        invitation.branch, "not_selected" if offered and reason in ENDED_BY_LOSS else "closed", invitation, desk
    )


def end_invitations(desk: Desk, reason: str) -> None:
    """End what is still asked about a package; minutes kept for it come free."""
    for row in Invitation.objects.filter(package=desk.package, state__in=Invitation.LIVE).select_related("enrolment"):
        desk.course.counters.release(desk.course.held.pop(row.enrolment.reference, ()))
        end_invitation(desk, row.enrolment, reason)
    reopen_after(desk, desk.store())


def place(desk: Desk, decision: KernelCallOff, part: Part, stored: Decision, by: User | None) -> None:
    """A part of a package placed, or of each package of a lot: the call-offs, their visits, the end of the asking."""
    row, today = desk.row(part.enrolment), local(desk.at).date()
    invitation = Invitation.objects.filter(package=desk.package, enrolment=row, state__in=Invitation.LIVE).first()
    for package, visits, own in shares_of(desk, part):
        call_off = CallOff.objects.create(
            council_id=package.council_id,
            token=draw(),
            package=package,
            version=package.version,
            enrolment=row,
            branch=row.branch,
            invitation=invitation,
            decision=stored,
            kind=own.kind,
            step=decision.step,
            visits=json.dumps([[number, plain(visit)] for number, visit in visits]),
            takes=own_numbers(own.takes, desk.market),
            minutes_per_week=sum(visit.worker_minutes for _, visit in visits),
            centipence_minutes=own.cost,
            pence_per_week=pence_per_week(own.cost),
            line_ids=" ".join(own.line_ids)[:300],
            on_framework=row.role != "spot",
            override_reason=override_reason(desk, own.enrolment),
            confirmed_by=by,
            confirmed_identity=by.identity_id if by else None,
            confirmed_at=desk.at,
            start_on=own.start_on or begins_on(package, today),
            delivered_by=desk.row(own.delivered_by) if own.delivered_by else None,
        )
        PlacedVisit.objects.bulk_create(
            PlacedVisit(
                council_id=package.council_id, package=package, version=package.version, visit=number, call_off=call_off
            )
            for number in own.visits
        )
        give_way(package, call_off, today)
        visits_changed(package, call_off.start_on or today, desk.at)
        tell_called_off(desk, call_off, package)
        if desk.package.is_lot:
            desk.given_out.append((call_off, package))
    if invitation is not None:
        invitation.state, invitation.settled_at = Invitation.CALLED_OFF, desk.at
        invitation.save(update_fields=("state", "settled_at"))


def shares_of(desk: Desk, part: Part) -> list[tuple[Package, list[tuple[int, Visit]], Part]]:
    """Whose the visits of a part are, each with its place, at other times where those were agreed, and the own part."""
    if not desk.package.is_lot:
        return [(desk.package, visits_of(part, desk.facts), part)]
    members = list(desk.package.members.select_related("council", "locality", "area").order_by("reference"))
    lot = PackageLot.of([facts_of(one) for one in members])
    parts = parts_of_members(ground_of(desk.standing, desk.model), lot, part)
    return [
        (member, visits_of(own, facts), own) for member, facts, own in zip(members, lot.members, parts, strict=True)
    ]


def visits_of(part: Part, facts: KernelPackage) -> list[tuple[int, Visit]]:
    """The visits of a part with their places, at other times where those were agreed."""
    moved = dict(part.moved)
    return [(number, moved.get(number, facts.visits[number])) for number in part.visits]


def tell_called_off(desk: Desk, call_off: CallOff, package: Package) -> None:
    """A notice of a call-off to everybody of the branch who sees its packages."""
    for user in who_see(call_off, desk.at.date()):
        jobs.tell(
            user,
            "called_off",
            where_words(area_shown(package), package),
            council=package.council_id,
            key=f"called_off-{call_off.pk}",
            at=desk.at,
            package=package.reference,
            link=f"/provider/packages/{call_off.token}",
        )


def who_see(call_off: CallOff, on: date) -> list[User]:
    """Who sees packages in the branch to which it was called off, and in that of a subcontractor who delivers it."""
    branches = [call_off.branch_id]
    if call_off.delivered_by is not None:
        branches.append(call_off.delivered_by.branch_id)
    found = {user.pk: user for branch in branches for user in holders("portal_packages", branch_id=branch, on=on)}
    return list(found.values())


def override_reason(desk: Desk, enrolment: str) -> str:
    """The reason for which a person chose this enrolment out of turn, if one did in this version."""
    orders = [one for one in desk.course.history if isinstance(one, Overridden) and one.enrolment == enrolment]
    return orders[-1].reason if orders else ""
