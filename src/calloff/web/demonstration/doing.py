"""What people do in the stories of the last days, each an act of the real services, to be planned for its moment."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from calloff.domain.calendar import local
from calloff.domain.packages import Visit
from calloff.domain.records import plain
from calloff.domain.units import half_up
from calloff.web.brokerage.forms.requests import typed_needs, typed_week
from calloff.web.brokerage.models import CallOff, Handback, Offer, Override, Package, Request
from calloff.web.brokerage.services.answering import dispute
from calloff.web.brokerage.services.approving import refuse_request
from calloff.web.brokerage.services.confirming import Outside, agree_override, order_override, record_outside
from calloff.web.brokerage.services.confirming import refuse_override as refuse_order
from calloff.web.brokerage.services.countersigning import ask_for_outside
from calloff.web.brokerage.services.desk import facts_of
from calloff.web.brokerage.services.ending import end_package
from calloff.web.brokerage.services.handing_back import answer_handback, hand_back
from calloff.web.brokerage.services.living import bridge, count_care_home_waits
from calloff.web.brokerage.services.messaging import write_to_branch
from calloff.web.brokerage.services.new_versions import change_need
from calloff.web.brokerage.services.requests import save_draft
from calloff.web.brokerage.services.sourcing import hold, withdraw, write_note
from calloff.web.brokerage.services.wanted import Wanted
from calloff.web.contracts.models import Draft, Enrolment, Pool
from calloff.web.contracts.services.market import facts_of as facts_of_enrolment
from calloff.web.contracts.services.publishing import propose, refuse, texts_of
from calloff.web.contracts.services.spare_minutes import declare_spare
from calloff.web.contracts.services.suspensions import lift, suspend
from calloff.web.demonstration.days import DAY
from calloff.web.demonstration.market import NEWCOMERS, POLISH, Seat, enrolment_of
from calloff.web.demonstration.needs import rows_of, wanted
from calloff.web.demonstration.work import Team

Acting = Callable[[Package, datetime], None]
Moment = Callable[[datetime], None]


def holding(team: Team, reason: str, days: int) -> Acting:
    def act(package: Package, at: datetime) -> None:
        review_at = team.office.after(team.now, DAY * days)
        hold(package=package, reason=reason, review_at=review_at, by=team.owner(package), at=at)

    return act


def withdrawing(team: Team, reason: str) -> Acting:
    def act(package: Package, at: datetime) -> None:
        died_on = local(at).date() if reason == "died" else None
        withdraw(package=package, reason=reason, words="", by=team.owner(package), at=at, died_on=died_on)

    return act


def ending(team: Team, reason: str) -> Acting:
    def act(package: Package, at: datetime) -> None:
        end_package(package=package, last_day_on=local(at).date(), reason=reason, by=team.owner(package), at=at)

    return act


def noting(team: Team, text: str) -> Acting:
    def act(package: Package, at: datetime) -> None:
        again_at = team.office.after(team.now, 180)
        write_note(package=package, text=text, next_action_at=again_at, by=team.owner(package), at=at)

    return act


def bridging(team: Team, kind: str) -> Acting:
    def act(package: Package, at: datetime) -> None:
        first = local(at).date() + timedelta(days=1)
        bridge(package=package, kind=kind, from_on=first, to_on=None, by=team.owner(package), at=at)

    return act


def writing(team: Team, text: str) -> Acting:
    def act(package: Package, at: datetime) -> None:
        invitation = package.invitations.select_related("branch").order_by("-pk").first()
        if invitation is not None:
            write_to_branch(package=package, branch=invitation.branch, text=text, by=team.owner(package), at=at)

    return act


def disputing(team: Team) -> Acting:
    def act(package: Package, at: datetime) -> None:
        offer = Offer.objects.filter(invitation__package=package, channel="phone").select_related("invitation").first()
        if offer is not None:
            by = team.manager(offer.invitation.branch_id)
            dispute(offer=offer, words="We said that we would ring back about the price.", by=by, at=at)

    return act


def ordering(team: Team) -> Acting:
    """Order the one who would be asked last among those who were not asked yet."""

    def act(package: Package, at: datetime) -> None:
        asked = package.invitations.values_list("enrolment", flat=True)
        serving = (
            Enrolment.objects.filter(council=team.council, model=package.model_version.model)  # type: ignore[union-attr]
            .exclude(pk__in=asked)
            .exclude(role__in=("in_house", "legacy", "block", "subcontractor"))
            .exclude(facts__contains=POLISH)
            .order_by("-reference")
        )
        places = [(one, facts_of_enrolment(one).localities) for one in serving]
        chosen = next(one for one, named in places if not named or package.locality.code in named)
        words = "Knows the family, and the present state cannot last another day."
        order_override(
            package=package, enrolment=chosen, reason="person_at_risk", words=words, by=team.owner(package), at=at
        )

    return act


def _waiting_order(package: Package) -> Override:
    return Override.objects.select_related("enrolment", "package", "ordered_by").get(
        package=package, state=Override.WAITING
    )


def agreeing(team: Team) -> Acting:
    def act(package: Package, at: datetime) -> None:
        agree_override(order=_waiting_order(package), by=team.cast["senior"], at=at)

    return act


def refusing(team: Team) -> Acting:
    def act(package: Package, at: datetime) -> None:
        refuse_order(order=_waiting_order(package), by=team.cast["senior2"], at=at)

    return act


def _outside(team: Team, package: Package, at: datetime) -> Outside:
    """What was bought in the night from somebody who would not have been asked."""
    enrolment = (
        Enrolment.objects.filter(council=team.council).exclude(role="in_house").select_related("branch").latest("pk")
    )
    return Outside(
        branch=enrolment.branch,
        visits=tuple(range(len(facts_of(package).visits))),
        centipence_per_hour=team.shape.approved_pence_per_hour * 110,
        made_at=at - timedelta(minutes=40),
        made_by=team.owner(package).identity.name,
        reason="nobody_on_framework",
        words="Found by telephone; a neighbour of the family speaks the language and works there.",
        start_on=local(at).date() + timedelta(days=1),
    )


def buying_outside(team: Team) -> Acting:
    def act(package: Package, at: datetime) -> None:
        made = _outside(team, package, at)
        record_outside(package=package, made=made, second=team.cast["senior"], by=team.owner(package), at=at)

    return act


def asking_outside(team: Team) -> Acting:
    def act(package: Package, at: datetime) -> None:
        made = _outside(team, package, at)
        ask_for_outside(package=package, made=made, second=team.cast["senior2"], by=team.owner(package), at=at)

    return act


def _living_call_off(package: Package) -> CallOff | None:
    return CallOff.objects.select_related("package").filter(package=package, ended_on__isnull=True).first()


def handing_back(team: Team, reason: str, days: int) -> Acting:
    def act(package: Package, at: datetime) -> None:
        call_off = _living_call_off(package)
        if call_off is not None:
            last = local(at).date() + timedelta(days=days)
            words = "We cannot keep the round going without a third driver."
            by = team.manager(call_off.branch_id)
            hand_back(call_off=call_off, last_day_on=last, reason=reason, words=words, by=by, at=at)

    return act


def answering_handback(team: Team) -> Acting:
    def act(package: Package, at: datetime) -> None:
        handback = Handback.objects.get(call_off__package=package, agreed__isnull=True)
        answer_handback(handback=handback, agreed=True, by=team.owner(package), at=at)

    return act


def changing(team: Team, approved: bool) -> Acting:
    """Somebody needs more than before: asked for, and approved by somebody else or still to be."""

    def act(package: Package, at: datetime) -> None:
        facts = facts_of(package)
        visits = (*facts.visits, *(Visit(day, 16 * 60 + 30, 30) for day in range(7)))
        need = Wanted(
            visits,
            local(at).date() + timedelta(days=5),
            6,
            needs=facts.needs,
            client_group=facts.client_group,
            outcomes="To be safe in the evenings, too.",
            lines=rows_of(visits),
        )
        request = team.raise_for(package.cared_for, need, at, changes=package)
        if approved:
            team.days.plan(at + timedelta(minutes=50), approving_change(team, package.pk, request))

    return act


def approving_change(team: Team, number: int, request: Request) -> Moment:
    """Whoever asked for it is somebody else: the changed need is agreed to, at any price of the market."""

    def act(package: Package, at: datetime) -> None:
        change_need(
            package=package,
            request=request,
            pence_per_week_at_most=half_up(request.minutes_per_week * team.shape.dearest_pence_per_hour, 60),
            limit_pence=team.shape.approval_limit_pence,
            by=team.cast["approver"],
            at=at,
        )

    return team.doing(number, act)


def raising(team: Team, key: str, priority: int, refused_after: int = 0) -> Moment:
    def act(at: datetime) -> None:
        person = team.person(key, team.area(key))
        need = wanted(team.draws, team.shape, key, starts_on=team.start_for(priority, at), priority=priority)
        request = team.raise_for(person, need, at)
        if refused_after:
            team.days.plan(team.office.after(at, refused_after), refusing_request(team, request))

    return act


def refusing_request(team: Team, request: Request) -> Moment:
    def act(at: datetime) -> None:
        reason = "Day care was agreed instead; ask again if it is not enough."
        refuse_request(request=request, reason=reason, by=team.cast["approver"], at=at)

    return act


def drafting(team: Team, key: str, name: str) -> Moment:
    """A request left half-way: the hub's before what is needed beside the visits."""

    def act(at: datetime) -> None:
        person = team.person(key, team.area(key))
        need = wanted(team.draws, team.shape, key, starts_on=team.start_for(5, at), priority=5)
        form = {"week": typed_week(need, need.lines)}
        if name == "assessor":
            form["needs"] = typed_needs(need, {}, start=True)
        save_draft(request=None, council=team.council, person=person, form=form, by=team.cast[name], at=at)

    return act


def staying(team: Team, key: str) -> Moment:
    def act(at: datetime) -> None:
        person = team.person(key, team.area(key))
        on = local(at).date()
        team.stay(person, on - timedelta(days=12), on - timedelta(days=1), at, waits_for="care_home")

    return act


def counting(team: Team, people: int) -> Moment:
    def act(at: datetime) -> None:
        count_care_home_waits(council=team.council, on=local(at).date(), people=people, by=team.cast["hub"], at=at)

    return act


def declaring_nothing(team: Team, enrolment: Enrolment) -> Moment:
    def act(at: datetime) -> None:
        numbers = Pool.objects.filter(enrolment=enrolment, declared_at__isnull=False).values_list("number", flat=True)
        by = team.manager(enrolment.branch_id)
        declare_spare(enrolment=enrolment, spare=dict.fromkeys(numbers, 0), by=by, at=at)

    return act


def suspending(team: Team, enrolment: Enrolment, reason: str) -> Moment:
    def act(at: datetime) -> None:
        suspend(
            enrolment=enrolment,
            from_on=local(at).date(),
            to_on=None,
            step_in=False,
            reason=reason,
            by=team.cast["contracts"],
            at=at,
        )

    return act


def lifting(team: Team, enrolment: Enrolment) -> Moment:
    def act(at: datetime) -> None:
        suspension = enrolment.suspensions.get(lifted_at__isnull=True)
        lift(suspension=suspension, reason="The office has moved.", by=team.cast["contracts2"], at=at)

    return act


def proposing_newcomer(team: Team, by: str, refused_after: int = 0) -> Moment:
    def act(at: datetime) -> None:
        newcomer, buying = NEWCOMERS[team.shape.code], team.shape.buying[0]
        example = Enrolment.objects.filter(council=team.council, model=buying.id, role__in=("member", "subcontractor"))
        tier = example.earliest("pk")
        places = (newcomer.office,) if team.shape.code in ("wightsea", "aireford") else ()
        seat = Seat(newcomer.reference, tier.tier, tier.role, 40, 1290 if tier.tier == "capacity_book" else 0, places)
        if team.shape.code == "eastmoor":
            seat = replace(seat, pence=1549)
        draft = propose(
            council=team.council,
            kind="enrolments",
            title=f"Enrol {newcomer.name}",
            content=json.dumps([plain(enrolment_of(seat, buying.id, at, team.today))]),
            starts_on=None,
            note="Passed the questions of selection." if not refused_after else "",
            by=team.cast[by],
            at=at,
        )
        if refused_after:
            team.days.plan(team.office.after(at, refused_after), refusing_draft(team, draft))

    return act


def refusing_draft(team: Team, draft: Draft) -> Moment:
    def act(at: datetime) -> None:
        reason = "The insurance certificate is of last year. Draft it again with the new one."
        refuse(draft=draft, reason=reason, by=team.cast["contracts"], at=at)

    return act


def proposing_model(team: Team) -> Moment:
    """Next month's version: the same way of buying, with a year more."""

    def act(at: datetime) -> None:
        buying = team.shape.buying[0]
        longer = replace(buying, ends_in_days=buying.ends_in_days + 365).terms(team.shape.name, team.today)
        propose(
            council=team.council,
            kind="model",
            title=longer.model.title,
            content=texts_of(longer),
            starts_on=team.today + timedelta(days=21),
            note="One year more, as the committee agreed.",
            by=team.cast["commissioner"],
            at=at,
        )

    return act
