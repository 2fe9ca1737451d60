"""
SEC-37: no change of status that the table of transitions does not allow, for any role.

Each request, package, invitation, draft, override and handback, in each state that it can be in, is given to every
service that changes such a thing, as each role: it is refused, or what changes is a way that states.yaml writes down.
Nothing of a try is kept, so that each begins from the same state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 1, 1: 12, 2: 12}
"""So many roles try each act; at the smallest size they take turns."""
Act = Callable[[Any, Any], object]
State = dict[tuple[str, int], str]


def check(size: int) -> Result:
    """So many roles on each engine."""
    tally = Tally()
    on_each_engine(tally, "sec_37", "every_way", size, SIZES[0])
    return tally.result


def every_way(tally: Tally, size: int) -> None:
    from web.filled_world import filled_world

    from calloff.documents.states import state_tables

    filled, tables, seen = filled_world(), state_tables(), Counter[tuple[str, str, str]]()
    things, everybody = states_of_each(filled), list(filled.users.values())
    known(tally, tables)
    turn = 0
    for kind, acts in acts_on(filled).items():
        for state, thing in things[kind].items():
            for name, act in acts.items():
                for _ in range(size):
                    by = everybody[turn % len(everybody)]
                    turn += 1
                    ways = tried(tally, f"{name} of {kind} that is {state}, by {by.name}", thing, act, by)
                    for changed, before, after in ways:
                        seen[changed, before, after] += 1
                        way = f"{name} of {kind} that is {state}, by {by.name}: {changed} from {before!r} to {after!r}"
                        tally.expect(tables[changed].allows(before, after), f"not in the table: {way}")
    written = [(one.name, way.before, way.after) for one in tables.values() for way in one.transitions]
    unseen = [f"{name} {before} to {after}" for name, before, after in written if not seen[name, before, after]]
    tally.expect(len(unseen) < len(written) / 2, "most of the ways that are written were never gone")
    tally.notes.append(f"{len(written) - len(unseen)} of {len(written)} ways gone; not gone: {', '.join(unseen)}")


def known(tally: Tally, tables: dict[str, Any]) -> None:
    """Every state that the models name stands in the tables."""
    from calloff.web.brokerage.models import Invitation, Override, Package, Request
    from calloff.web.contracts.models import Draft

    for kind, model in (
        ("request", Request),
        ("package", Package),
        ("invitation", Invitation),
        ("override", Override),
        ("draft", Draft),
    ):
        named = {value for name, value in vars(model).items() if name.isupper() and isinstance(value, str)}
        tally.n += 1
        missing = sorted(named - set(tables[kind].states))
        tally.expect(not missing, f"{kind}: {', '.join(missing)} stand in no table")


# What was changed


def states_now() -> State:
    """How everything stands."""
    from calloff.web.brokerage.models import Handback, Invitation, Override, Package, Request
    from calloff.web.contracts.models import Draft

    found: State = {}
    for kind, model in (
        ("request", Request),
        ("package", Package),
        ("invitation", Invitation),
        ("override", Override),
        ("draft", Draft),
    ):
        found |= {(kind, pk): state for pk, state in model._default_manager.values_list("pk", "state")}
    said = {None: "given", True: "agreed", False: "not_agreed"}
    found |= {("handback", pk): said[agreed] for pk, agreed in Handback.objects.values_list("pk", "agreed")}
    return found


def tried(tally: Tally, what: str, thing: Any, act: Act, by: Any) -> list[tuple[str, str, str]]:
    """Do an act, see what it changed, and undo it: kind, state before (empty for a new thing) and after."""
    from django.db import transaction

    from calloff.domain.errors import CalloffError

    tally.n += 1
    ways: list[tuple[str, str, str]] = []
    with transaction.atomic():
        before = states_now()
        thing.refresh_from_db()
        try:
            with transaction.atomic():
                act(thing, by)
        except CalloffError:
            tally.expect(before == states_now(), f"{what}: refused, and yet something changed")
        except Exception as error:  # Whatever it is, it is no refusal in words.
            tally.fault(f"{what}: broke with {type(error).__name__}: {error}")
        else:
            after = states_now()
            ways = [
                (key[0], before.get(key, ""), state) for key, state in after.items() if before.get(key, "") != state
            ]
        transaction.set_rollback(True)
    return ways


# Things in each of their states


def states_of_each(filled: Any) -> dict[str, dict[str, Any]]:
    """One thing of each kind in each state that the services bring it to."""
    from calloff.web.brokerage.models import Handback
    from calloff.web.brokerage.services import (
        approving,
        confirming,
        handing_back,
        requests,
    )

    world, packages, users = filled.world, filled.packages, filled.users
    at = world.at

    def request() -> Any:
        return requests.raise_request(
            council=world.council, person=world.person(), wanted=wanted(world), by=users["assessor"], at=at
        )

    draft = requests.save_draft(
        request=None, council=world.council, person=world.person(), form={}, by=users["assessor"], at=at
    )
    refused, taken_back = request(), request()
    approving.refuse_request(request=refused, reason="too much", by=users["approver"], at=at)
    requests.withdraw_request(request=taken_back, by=users["assessor"], at=at)
    declined, expired = world.started(), world.started()
    world.answer(declined, "acorn", "decline", reason="no_capacity")
    part = world.started()
    world.answer(part, "acorn", "part", visits=tuple(world_visits())[:3])
    invitation = world.invitation
    late = invitation(expired, "acorn")
    type(late).objects.filter(pk=late.pk).update(
        state="expired", reason="no_answer", deadline_at=at, sent_at=at - timedelta(hours=2), settled_at=at
    )
    agreed = order(world)
    confirming.agree_override(order=agreed, by=users["senior_broker"], at=at)
    unwanted = order(world)
    confirming.refuse_override(order=unwanted, by=users["senior_broker"], at=at)
    handbacks = {"given": Handback.objects.get(call_off__package=packages["given back"])}
    for word, said in (("agreed", True), ("not_agreed", False)):
        package = world.started()
        world.answer(package, "acorn")
        world.confirm(package)
        given = handing_back.hand_back(
            call_off=package.call_offs.get(),
            last_day_on=at.date() + timedelta(days=9),
            reason="travel",
            words="",
            by=world.manager("acorn"),
            at=at,
        )
        handing_back.answer_handback(handback=given, agreed=said, by=world.broker, at=at)
        handbacks[word] = Handback.objects.get(pk=given.pk)
    return {
        "request": {
            "draft": draft,
            "waiting": request(),
            "approved": packages["new"].request,
            "refused": refused,
            "withdrawn": taken_back,
        },
        "package": {
            "sourcing": packages["new"],
            "sourcing, asked": packages["asked"],
            "sourcing, answered": packages["ready"],
            "sourcing, held": packages["held"],
            "called_off": packages["called off"],
            "started": packages["begun"],
            "ended": packages["ended"],
            "withdrawn": packages["withdrawn"],
        },
        "invitation": {
            "open": invitation(packages["asked"], "acorn"),
            "accepted": invitation(packages["ready"], "acorn"),
            "part": invitation(part, "acorn"),
            "declined": invitation(declined, "acorn"),
            "expired": late,
            "ended": invitation(packages["withdrawn"], "acorn"),
            "called_off": invitation(packages["called off"], "acorn"),
        },
        "override": {
            "waiting": packages["ordered"].overrides.get(),
            "agreed": agreed,
            "refused": unwanted,
        },
        "handback": handbacks,
        "draft": drafts(filled),
    }


def world_visits() -> Any:
    from world import EVERY_MORNING

    return EVERY_MORNING


def wanted(world: Any) -> Any:
    from calloff.web.brokerage.services.wanted import Wanted

    return Wanted(world_visits(), (world.at + timedelta(days=7)).date(), 5)


def order(world: Any) -> Any:
    from calloff.web.brokerage.services.confirming import order_override
    from calloff.web.contracts.models import Enrolment

    beech = Enrolment.objects.get(reference="beech")
    return order_override(
        package=world.started(), enrolment=beech, reason="person_at_risk", words="", by=world.broker, at=world.at
    )


def drafts(filled: Any) -> dict[str, Any]:
    """A draft in each state, those last that belong to its drafter alone."""
    from world import another_version

    from calloff.web.contracts.models import Draft
    from calloff.web.contracts.services import publishing

    world, users = filled.world, filled.users
    commissioner = users["commissioner"]
    second = world.user("second commissioner", "commissioner")

    def proposed(days: int) -> Any:
        return publishing.propose(
            council=world.council,
            kind="model",
            title="a version",
            content=another_version(),
            starts_on=(world.at + timedelta(days=days)).date(),
            note="",
            by=commissioner,
            at=world.at,
        )

    found = {"waiting": proposed(40), "approved": proposed(50), "refused": proposed(60), "withdrawn": proposed(70)}
    publishing.approve(draft=found["approved"], by=second, at=world.at)
    publishing.refuse(draft=found["refused"], reason="no", by=second, at=world.at)
    publishing.refuse(draft=found["withdrawn"], reason="", by=commissioner, at=world.at)
    own = [value for name, value in vars(Draft).items() if name in ("READING", "FAULTY", "CHECKED")]
    for days, state in enumerate(own, start=80):
        found[state] = proposed(days)
        Draft.objects.filter(pk=found[state].pk).update(state=state)
    return found


# Every act on them


def acts_on(filled: Any) -> dict[str, dict[str, Act]]:
    """By kind of thing, every service that may change how such a thing stands."""
    from calloff.web.brokerage.models import Request
    from calloff.web.brokerage.services import (
        answering,
        approving,
        confirming,
        ending,
        handing_back,
        living,
        new_versions,
        requests,
        sourcing,
    )
    from calloff.web.contracts.models import Enrolment
    from calloff.web.contracts.services import publishing

    world = filled.world
    at, today = world.at, world.at.date()
    beech = Enrolment.objects.get(reference="beech")
    changing = {package.pk: _change_of(filled, package) for package in filled.packages.values()}

    def change_of(package: Any) -> Any:
        return Request.objects.get(pk=changing[package.pk])

    def confirm(package: Any, by: Any) -> None:
        shown = confirming.proposal(world.again(package), at)
        confirming.confirm_call_off(package=package, shown=shown.hash if shown else "x", by=by, at=at)

    def outside(package: Any, by: Any) -> None:
        made = confirming.Outside(
            world.branch("beech"), (0, 1, 2, 3, 4, 5, 6), 200_000, at, "us", "emergency_at_night", "", today
        )
        confirming.record_outside(package=package, made=made, second=world.senior, by=by, at=at)

    def begin(package: Any, by: Any) -> None:
        for call_off in package.call_offs.all():
            living.enter_start(call_off=call_off, first_visit_on=today, by=by, at=at)

    def give_back(package: Any, by: Any) -> None:
        for call_off in package.call_offs.all():
            handing_back.hand_back(call_off=call_off, last_day_on=today, reason="travel", words="", by=by, at=at)

    def record(invitation: Any, by: Any) -> None:
        answering.record_answer(
            invitation=invitation,
            answer=answering.Answer("accept"),
            received_at=min(at, invitation.deadline_at),
            channel="phone",
            answered_by="A Manager",
            words="",
            second=world.senior,
            late_reason="a queue",
            by=by,
            at=at if invitation.state != "expired" else invitation.deadline_at + timedelta(minutes=5),
        )

    def answer(word: str, **more: Any) -> Act:
        return lambda one, by: answering.answer_invitation(
            invitation=one, answer=answering.Answer(word, **more), by=by, at=at
        )

    return {
        "request": {
            "save_draft": lambda one, by: requests.save_draft(
                request=one, council=world.council, person=one.person, form={}, by=by, at=at
            ),
            "save_draft by its writer": lambda one, by: requests.save_draft(
                request=one, council=world.council, person=one.person, form={}, by=one.raised_by, at=at
            ),
            "raise_request": lambda one, by: requests.raise_request(
                council=world.council, person=one.person, wanted=wanted(world), draft=one, by=by, at=at
            ),
            "raise_request by its writer": lambda one, by: requests.raise_request(
                council=world.council, person=one.person, wanted=wanted(world), draft=one, by=one.raised_by, at=at
            ),
            "approve_request": lambda one, by: approving.approve_request(
                request=one, pence_per_week_at_most=90_000, limit_pence=100_000, by=by, at=at
            ),
            "refuse_request": lambda one, by: approving.refuse_request(request=one, reason="no", by=by, at=at),
            "withdraw_request": lambda one, by: requests.withdraw_request(request=one, by=by, at=at),
            "withdraw_request by its writer": lambda one, by: requests.withdraw_request(
                request=one, by=one.raised_by, at=at
            ),
            "change_need": lambda one, by: new_versions.change_need(
                package=filled.packages["called off"],
                request=one,
                pence_per_week_at_most=90_000,
                limit_pence=100_000,
                by=by,
                at=at,
            ),
        },
        "package": {
            "start_step": lambda one, by: sourcing.start_step(package=one, by=by, at=at),
            "advance": lambda one, by: sourcing.advance(package=one, at=at),
            "advance in a week": lambda one, by: sourcing.advance(package=one, at=at + timedelta(days=7)),
            "hold": lambda one, by: sourcing.hold(
                package=one, reason="other", review_at=at + timedelta(days=1), by=by, at=at
            ),
            "end_hold": lambda one, by: sourcing.end_hold(package=one, by=by, at=at),
            "withdraw": lambda one, by: sourcing.withdraw(package=one, reason="moved", words="", by=by, at=at),
            "end_package": lambda one, by: ending.end_package(
                package=one, last_day_on=today, reason="died", by=by, at=at
            ),
            "confirm_call_off": confirm,
            "record_outside": outside,
            "enter_start": begin,
            "hand_back": give_back,
            "change_need": lambda one, by: new_versions.change_need(
                package=one, request=change_of(one), pence_per_week_at_most=90_000, limit_pence=100_000, by=by, at=at
            ),
            "order_override": lambda one, by: confirming.order_override(
                package=one, enrolment=beech, reason="person_at_risk", words="", by=by, at=at
            ),
            "approve_price": lambda one, by: confirming.approve_price(
                package=one, pence_per_week_at_most=90_000, limit_pence=100_000, by=by, at=at
            ),
            "bridge": lambda one, by: living.bridge(
                package=one, kind="reablement", from_on=today, to_on=None, by=by, at=at
            ),
        },
        "invitation": {
            "accept": answer("accept"),
            "part": answer("part", visits=world_visits()[:2]),
            "decline": answer("decline", reason="no_capacity"),
            "record_answer": record,
        },
        "override": {
            "agree_override": lambda one, by: confirming.agree_override(order=one, by=by, at=at),
            "refuse_override": lambda one, by: confirming.refuse_override(order=one, by=by, at=at),
        },
        "handback": {
            "agree": lambda one, by: handing_back.answer_handback(handback=one, agreed=True, by=by, at=at),
            "do not agree": lambda one, by: handing_back.answer_handback(handback=one, agreed=False, by=by, at=at),
        },
        "draft": {
            "approve": lambda one, by: publishing.approve(draft=one, by=by, at=at),
            "refuse": lambda one, by: publishing.refuse(draft=one, reason="no", by=by, at=at),
            "refuse by its writer": lambda one, by: publishing.refuse(draft=one, reason="", by=one.drafted_by, at=at),
        },
    }


def _change_of(filled: Any, package: Any) -> int:
    """The number of a request that waits to change a package, whether or not it can still be changed."""
    from calloff.domain.packages import Visit
    from calloff.web.brokerage.models import Request
    from calloff.web.brokerage.services.requests import raise_request
    from calloff.web.brokerage.services.wanted import Wanted

    world = filled.world
    more = Wanted((*world_visits(), Visit(0, 1140, 30)), world.at.date() + timedelta(days=7), 6)
    made = raise_request(
        council=world.council, person=world.person(), wanted=more, by=filled.users["assessor"], at=world.at
    )
    Request.objects.filter(pk=made.pk).update(changes_package=package.reference, person=package.person_id)
    return int(made.pk)
