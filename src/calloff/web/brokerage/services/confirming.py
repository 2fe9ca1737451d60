"""A person confirms what the kernel proposes, or orders something else with a second person."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime

from calloff.documents.wording import moment_words
from calloff.domain.calendar import local, moment_text
from calloff.domain.decisions import CallOff as KernelCallOff
from calloff.domain.decisions import Decision as KernelDecision
from calloff.domain.history import OVERRIDE_REASONS, CalledOff, Overridden
from calloff.domain.records import plain
from calloff.domain.units import half_up, pence_per_week, pounds
from calloff.web.accounts.models import User
from calloff.web.accounts.services import holders
from calloff.web.audit.services import Act, act, in_turn, whole_second
from calloff.web.brokerage.models import CallOff, Override, Package, PlacedVisit
from calloff.web.brokerage.services import lots
from calloff.web.brokerage.services.agreements import called_off
from calloff.web.brokerage.services.carrying import carry_out, look_again
from calloff.web.brokerage.services.changing import give_way
from calloff.web.brokerage.services.columns import ask_quietly, over_ceiling, refresh
from calloff.web.brokerage.services.desk import Desk, desk_for, shown_hash, told
from calloff.web.brokerage.services.limits import who_may_approve
from calloff.web.brokerage.services.refusals import (
    AlreadyCalledOffError,
    ApprovalNeededError,
    DecisionChangedError,
    RefusedError,
    SamePersonError,
)
from calloff.web.brokerage.services.replanning import visits_changed
from calloff.web.brokerage.services.sourcing import fresh_desk
from calloff.web.contracts.models import Enrolment
from calloff.web.directory.models import Branch
from calloff.web.directory.services import draw
from calloff.web.jobs import services as jobs

OUTSIDE_REASONS = ("emergency_at_night", "nobody_on_framework", "court_order", "persons_choice", "continuity", "other")


@dataclass(frozen=True)
class Proposal:
    """A call-off as somebody is shown it: `hash` is what the confirmation must bring back."""

    desk: Desk
    decision: KernelDecision
    hash: str
    above_ceiling: bool


def proposal(package: Package, at: datetime) -> Proposal | None:
    """The call-off that waits for a person, if one does; nothing is written."""
    desk = desk_for(package, at)
    decision = ask_quietly(desk)
    if not isinstance(decision, KernelCallOff):
        return None
    return Proposal(desk, decision, shown_hash(decision), over_ceiling(desk, decision))


def confirm_call_off(*, package: Package, shown: str, by: User, at: datetime) -> list[CallOff]:
    """
    Confirm the call-off that the broker was shown, `shown` being its hash.

    Gates, minutes, prices and kernel run again at this moment. Raises AlreadyCalledOffError when somebody was first,
    DecisionChangedError when anything differs, saying what, and ApprovalNeededError above the price approved. What
    was changed is looked at by the worker at once: nobody waits for a call-off that can no longer be made.
    """
    try:
        return _confirmed(package, shown, by, at)
    except DecisionChangedError:
        with in_turn(package.council_id):
            look_again(package, at)
        raise


def _confirmed(package: Package, shown: str, by: User, at: datetime) -> list[CallOff]:
    with act(council=package.council_id, by=by, at=at) as doing:
        desk = fresh_desk(package, doing.at)
        decision = ask_quietly(desk)
        if decision is None or not isinstance(decision, KernelCallOff):
            _refuse_placed(desk)
        if not isinstance(decision, KernelCallOff) or shown_hash(decision) != shown:
            raise DecisionChangedError(what_changed(desk, decision))
        if over_ceiling(desk, decision):
            raise ApprovalNeededError(
                f"This call-off costs more a week than the {pounds(desk.package.price_ceiling_pence or 0)} approved. "
                "Ask an approver with the limit for it. Nothing was called off."
            )
        stored, history = carry_out(desk, decision, by)
        lots.give_out(doing, desk)
        refresh(desk, ask_quietly(desk))
        look_again(desk.package, doing.at)
        made = list(CallOff.objects.filter(decision=stored).order_by("pk"))
        data = {"decision": stored.hash, "call_offs": [one.token for one in made], "parts": called_off(made)}
        doing.record("call_off_confirmed", package.reference, data, history)
    return made


def _refuse_placed(desk: Desk) -> None:
    last = desk.package.call_offs.filter(version=desk.package.version, ended_on__isnull=True).last()
    if last is not None and not desk.story().left:
        who = last.confirmed_by.identity.name if last.confirmed_by else "the council"
        raise AlreadyCalledOffError(
            f"Already called off to {last.branch.name} by {who} at {moment_words(last.confirmed_at)}. "
            "Nothing was called off twice."
        )


def what_changed(desk: Desk, decision: KernelDecision | None) -> str:
    """What the kernel says now instead of what was shown."""
    if isinstance(decision, KernelCallOff):
        names = " and ".join(desk.row(part.enrolment).branch.name for part in decision.parts)
        pence = sum(pence_per_week(part.cost) for part in decision.parts)
        now = f"it would now be called off to {names} at {pounds(pence)} a week"
    elif decision is None:
        now = "every visit is placed now"
    else:
        now = "nothing can be called off now"
    ended = [
        f"{desk.row(one.enrolment).branch.name}'s offer ended ({one.reason.replace('_', ' ')})"
        for one in (decision.ends if decision is not None else ())
    ]
    return f"Something changed since you looked: {'; '.join([now, *ended])}. Nothing was called off. Look again."


def approve_price(*, package: Package, pence_per_week_at_most: int, limit_pence: int, by: User, at: datetime) -> None:
    """An approver raises the greatest weekly price of a package, within the approver's own limit."""
    with act(council=package.council_id, by=by, at=at) as doing:
        if pence_per_week_at_most > limit_pence:
            raise ApprovalNeededError(
                f"You may approve up to {pounds(limit_pence)} a week; this needs somebody with a higher limit."
            )
        desk = fresh_desk(package, doing.at)
        request = desk.package.request
        if request is not None and request.raised_identity == by.identity_id:
            raise SamePersonError("Nobody approves what they asked for themselves. Nothing was approved.")
        before = desk.package.price_ceiling_pence
        desk.package.price_ceiling_pence = pence_per_week_at_most
        refresh(desk, ask_quietly(desk))
        doing.record("price_approved", package.reference, {"before": before, "after": pence_per_week_at_most})


def ask_to_approve(*, package: Package, pence_per_week: int, by: User, at: datetime) -> None:
    """
    Tell those whose limit reaches a weekly price that it waits for their approval.

    Raises ApprovalNeededError when nobody's does.
    """
    with act(council=package.council_id, by=by, at=at) as doing:
        able = who_may_approve(package.council, pence_per_week, local(doing.at).date())
        if not able:
            raise ApprovalNeededError(f"Nobody may approve {pounds(pence_per_week)} a week. Nobody was told.")
        for user, _limit in able:
            if user.identity_id != by.identity_id:
                jobs.tell(
                    user,
                    "approval_waits",
                    package.reference,
                    council=package.council_id,
                    key=f"price-{package.pk}-{pence_per_week}",
                    at=doing.at,
                    package=package.reference,
                    link=f"/packages/{package.token}/price",
                )
        doing.record("price_asked", package.reference, {"pence_per_week": pence_per_week})


# Somebody else than the kernel says


def order_override(
    *, package: Package, enrolment: Enrolment, reason: str, words: str, by: User, at: datetime
) -> Override:
    """Order another candidate, or a turn brought forward; a second person must agree before anybody is asked."""
    if reason not in OVERRIDE_REASONS:
        raise RefusedError("Choose a reason of the list. Nothing was ordered.")
    with act(council=package.council_id, by=by, at=at) as doing:
        desk = fresh_desk(package, doing.at)
        if desk.package.state != Package.SOURCING or enrolment.reference not in desk.standing.row_of:
            raise RefusedError("This provider cannot be asked for this package. Nothing was ordered.")
        if Override.objects.filter(package=package, state=Override.WAITING).exists():
            raise RefusedError("An override waits for a second person already. Nothing was ordered.")
        order = Override.objects.create(
            council_id=package.council_id,
            package=package,
            enrolment=enrolment,
            reason=reason,
            words=words,
            ordered_by=by,
            ordered_identity=by.identity_id,
            ordered_at=doing.at,
        )
        refresh(desk, ask_quietly(desk))
        for user in holders("second_override", council_id=package.council_id, on=doing.at.date()):
            if user.identity_id != by.identity_id:
                jobs.tell(
                    user,
                    "override_waits",
                    package.reference,
                    council=package.council_id,
                    key=f"override-{order.pk}",
                    at=doing.at,
                    package=package.reference,
                    link=f"/packages/{package.token}",
                )
        doing.record("override_ordered", package.reference, {"enrolment": enrolment.reference, "reason": reason})
    return order


def agree_override(*, order: Override, by: User, at: datetime) -> None:
    """
    The second person agrees: the kernel reads the order, its own answer beside it in the record.

    Gates 1 to 6 and 8 still hold: raises RefusedError with the gate that stops it.
    """
    with act(council=order.council_id, by=by, at=at) as doing:
        if order.ordered_identity == by.identity_id:
            raise SamePersonError("The second person must be somebody else. Nothing was changed.")
        if Override.objects.get(pk=order.pk).state != Override.WAITING:
            raise RefusedError("This override was decided already.")
        lots.leave(doing, order.package)
        desk = fresh_desk(order.package, doing.at)
        _decide(order, Override.AGREED, by, doing.at)
        happened = Overridden(doing.at, order.enrolment.reference, order.ordered_by.name, order.reason)
        desk.course.history.append(happened)
        decision = desk.ask()
        refused = decision.basis.body.get("override_refused")
        if refused:
            raise RefusedError(f"This provider cannot be asked: {str(refused).replace('_', ' ')}. Nothing was changed.")
        desk.package.step_started = True
        stored, history = carry_out(desk, decision, by)
        lots.give_out(doing, desk)
        refresh(desk, ask_quietly(desk))
        data = {"decision": stored.hash, "enrolment": order.enrolment.reference, "reason": order.reason}
        doing.record(
            "override_agreed", order.package.reference, data, [*told(desk.package.version, happened), *history]
        )


def refuse_override(*, order: Override, by: User, at: datetime) -> None:
    """The second person does not agree (or whoever ordered it takes it back): the model's own order goes on."""
    with act(council=order.council_id, by=by, at=at) as doing:
        if Override.objects.get(pk=order.pk).state != Override.WAITING:
            raise RefusedError("This override was decided already.")
        _decide(order, Override.REFUSED, by, doing.at)
        desk = fresh_desk(order.package, doing.at)
        refresh(desk, ask_quietly(desk))
        doing.record("override_refused", order.package.reference, {"enrolment": order.enrolment.reference})


def _decide(order: Override, state: str, by: User, at: datetime) -> None:
    order.state, order.decided_by, order.decided_identity, order.decided_at = state, by, by.identity_id, at
    order.save(update_fields=("state", "decided_by", "decided_identity", "decided_at"))


# Outside the model


@dataclass(frozen=True)
class Outside:
    """A call-off that was made outside the model and is recorded afterwards."""

    branch: Branch
    visits: tuple[int, ...]
    centipence_per_hour: int
    made_at: datetime
    made_by: str
    reason: str
    words: str
    start_on: date


def record_outside(*, package: Package, made: Outside, second: User, by: User, at: datetime) -> CallOff:
    """
    Record afterwards what was called off outside the model (nobody enrolled, an emergency at night).

    It counts as off-framework. Raises RefusedError for a visit that is placed, SamePersonError without a second person.
    """
    with act(council=package.council_id, by=by, at=at) as doing:
        return enter_outside(doing, package, made, second, by)


def enter_outside(doing: Act, package: Package, made: Outside, second: User, by: User) -> CallOff:
    """Write a call-off outside the model down within an act; `by` recorded it and `second` agreed."""
    if second.identity_id == by.identity_id:
        raise SamePersonError("The second person must be somebody else. Nothing was recorded.")
    lots.leave(doing, package)
    desk = fresh_desk(package, doing.at)
    check_outside(desk, made)
    call_off = _outside_call_off(desk, made, second, by)
    give_way(package, call_off, local(doing.at).date())
    visits_changed(package, made.start_on, doing.at)
    happened = CalledOff("", doing.at, made.visits)
    desk.course.history.append(happened)
    refresh(desk, ask_quietly(desk))
    data = {
        "call_off": call_off.token,
        "reason": made.reason,
        "second": second.pk,
        "made_at": moment_text(whole_second(made.made_at)),
        "parts": called_off([call_off]),
    }
    doing.record("called_off_outside", package.reference, data, told(desk.package.version, happened))
    return call_off


def check_outside(desk: Desk, made: Outside) -> None:
    """Refuse a call-off outside the model that has no reason of the list, is still to come or takes placed visits."""
    lots.refuse_for_lot(desk.package)
    if made.reason not in OUTSIDE_REASONS:
        raise RefusedError("Choose a reason of the list. Nothing was recorded.")
    if made.made_at > desk.at:
        raise RefusedError("A call-off is recorded after it was made. Nothing was recorded.")
    if not made.visits or not set(made.visits) <= set(desk.story().left):
        raise AlreadyCalledOffError("Some of these visits are placed already. Nothing was recorded.")


def _outside_call_off(desk: Desk, made: Outside, second: User, by: User) -> CallOff:
    facts, package = desk.facts, desk.package
    minutes = sum(facts.visits[number].worker_minutes for number in made.visits)
    call_off = CallOff.objects.create(
        council_id=package.council_id,
        token=draw(),
        package=package,
        version=package.version,
        branch=made.branch,
        kind="outside",
        visits=json.dumps([[number, plain(facts.visits[number])] for number in made.visits]),
        minutes_per_week=minutes,
        centipence_minutes=made.centipence_per_hour * minutes,
        pence_per_week=half_up(made.centipence_per_hour * minutes, 6000),
        on_framework=False,
        outside_reason=made.reason,
        words=made.words,
        confirmed_by=by,
        confirmed_identity=by.identity_id,
        second_identity=second.identity_id,
        confirmed_at=made.made_at,
        start_on=made.start_on,
    )
    PlacedVisit.objects.bulk_create(
        PlacedVisit(
            council_id=package.council_id, package=package, version=package.version, visit=number, call_off=call_off
        )
        for number in made.visits
    )
    return call_off
