"""
Every act that writes, ready to be done once: what it needs is prepared first, and then it is one call.

A service without an act here is a fault of the checks that use them: nothing that writes goes unlooked at.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

Act = Callable[[], object]
ROOMS = ("accounts", "api", "brokerage", "contracts", "jobs", "payments", "provider_portal", "visits")
READERS = ("next_case.next_case", "trying.made_up")
"""What takes keywords and a moment as an act does, and writes nothing."""
PARTS = ("publishing.publish", "entitling.entitle", "ledger.post", "ledger.reverse", "jobs.withdraw")
"""What is only ever done within an act, or by the worker in a turn of the council."""
SEVERAL = ("runs.draft",)
"""One act after the other: a run that was started and not prepared is the worker's to prepare."""
ON_LIVE_ALONE = ("administering.first_administrator",)
"""What the demonstration refuses, in which the checks run."""
NO_ACTS = (*READERS, *PARTS, *SEVERAL, *ON_LIVE_ALONE)


def services() -> Iterator[str]:
    """Each public service that writes, known by its keywords alone and the moment among them: as `module.name`."""
    for room in ROOMS:
        package = importlib.import_module(f"calloff.web.{room}.services")
        names = [found.name for found in pkgutil.iter_modules(getattr(package, "__path__", ()))]
        modules = {room: package} | {name: importlib.import_module(f"{package.__name__}.{name}") for name in names}
        for short, module in modules.items():
            for name, function in vars(module).items():
                if not inspect.isfunction(function) or function.__module__ != module.__name__ or name.startswith("_"):
                    continue
                kinds = inspect.signature(function).parameters
                keywords = all(one.kind in (one.KEYWORD_ONLY, one.VAR_KEYWORD) for one in kinds.values())
                if "at" in kinds and keywords and f"{short}.{name}" not in NO_ACTS:
                    yield f"{short}.{name}"


def acts(world: Any) -> dict[str, Callable[[], Act]]:
    """By service: what prepares it and gives the call."""
    from accept.acts_of_accounts import acts_of_accounts
    from accept.acts_of_contracts import acts_of_contracts
    from accept.acts_of_life import acts_of_life
    from accept.acts_of_money import acts_of_money
    from accept.acts_of_visits import acts_of_visits
    from accept.acts_of_words import acts_of_words
    from accept.paid_world import PaidWorld

    def placed() -> Any:
        package = world.started()
        world.answer(package, "acorn")
        world.confirm(package)
        return world.again(package)

    paid = PaidWorld(world)
    return {
        **_acts_on_packages(world),
        **acts_of_life(world, placed),
        **acts_of_words(world),
        **acts_of_contracts(world),
        **acts_of_accounts(world),
        **acts_of_visits(paid),
        **acts_of_money(paid),
    }


def of(prepare: Callable[[], Any], act: Callable[[Any], object]) -> Callable[[], Act]:
    """Prepare a thing, and then the act on it."""

    def prepared() -> Act:
        thing = prepare()
        return lambda: act(thing)

    return prepared


def _acts_on_packages(world: Any) -> dict[str, Callable[[], Act]]:
    from django.db import transaction

    from calloff.domain.batching import PackageLot
    from calloff.web.brokerage.services import (
        answering,
        approving,
        confirming,
        ending,
        handing_back,
        living,
        lots,
        requests,
        sourcing,
    )
    from calloff.web.brokerage.services import wanted as wanting
    from calloff.web.brokerage.services.desk import facts_of

    # Made beforehand, so that no act makes a user.
    _ = world.broker, world.senior, world.assessor, world.approver, world.manager("acorn")
    type(world.council).objects.update(limits='{"approver": {"pence_per_week": 100000}}')

    def ready() -> Any:
        package = world.started()
        world.answer(package, "acorn")
        return package

    def declined() -> Any:
        package = world.started()
        world.answer(package, "acorn", "decline", reason="no_capacity")
        return package

    def placed() -> Any:
        package = ready()
        world.confirm(package)
        return package

    def call_off(package: Any) -> Any:
        return package.call_offs.get()

    def wanted(**more: Any) -> Any:
        from world import EVERY_MORNING

        return wanting.Wanted(EVERY_MORNING, (world.at + timedelta(days=7)).date(), 5, **more)

    def raised() -> Any:
        return requests.raise_request(
            council=world.council, person=world.person(), wanted=wanted(), by=world.assessor, at=world.at
        )

    def ordered() -> Any:
        from calloff.web.contracts.models import Enrolment

        return confirming.order_override(
            package=world.package(),
            enrolment=Enrolment.objects.get(reference="beech"),
            reason="person_at_risk",
            words="",
            by=world.broker,
            at=world.at,
        )

    def confirmation() -> Act:
        package = ready()
        shown = confirming.proposal(world.again(package), world.at)
        assert shown is not None
        return lambda: confirming.confirm_call_off(package=package, shown=shown.hash, by=world.broker, at=world.at)

    def in_a_lot() -> Any:
        members = [world.again(world.package()) for _ in range(2)]
        with transaction.atomic():
            return lots.offer_lot(PackageLot.of([facts_of(one) for one in members]), members, world.at)

    at, broker = world.at, world.broker
    return {
        "sourcing.start_step": of(world.package, lambda p: sourcing.start_step(package=p, by=broker, at=at)),
        "sourcing.advance": of(declined, lambda p: sourcing.advance(package=p, at=at)),
        "sourcing.hold": of(
            world.started,
            lambda p: sourcing.hold(package=p, reason="other", review_at=at + timedelta(1), by=broker, at=at),
        ),
        "sourcing.end_hold": of(lambda: _held(world), lambda p: sourcing.end_hold(package=p, by=broker, at=at)),
        "sourcing.withdraw": of(
            ready, lambda p: sourcing.withdraw(package=p, reason="moved", words="moved away", by=broker, at=at)
        ),
        "sourcing.assign": of(world.package, lambda p: sourcing.assign(package=p, to=broker, by=world.senior, at=at)),
        "sourcing.hand_over": of(
            lambda: [world.package(), world.package()],
            lambda many: sourcing.hand_over(packages=many, to=world.senior, note="on leave", by=broker, at=at),
        ),
        "sourcing.write_note": of(
            world.package,
            lambda p: sourcing.write_note(package=p, text="rang", next_action_at=at, by=broker, at=at),
        ),
        "answering.answer_invitation": of(
            world.started,
            lambda p: answering.answer_invitation(
                invitation=world.invitation(p, "acorn"),
                answer=answering.Answer("decline", reason="no_capacity"),
                by=world.manager("acorn"),
                at=at,
            ),
        ),
        "answering.record_answer": of(
            world.started,
            lambda p: answering.record_answer(
                invitation=world.invitation(p, "acorn"),
                answer=answering.Answer("accept"),
                received_at=at,
                channel="phone",
                answered_by="A Manager",
                words="yes",
                by=broker,
                at=at,
            ),
        ),
        "answering.dispute": of(
            ready,
            lambda p: answering.dispute(
                offer=world.invitation(p, "acorn").offers.get(), words="we said no", by=world.manager("acorn"), at=at
            ),
        ),
        "confirming.confirm_call_off": confirmation,
        "confirming.approve_price": of(
            ready,
            lambda p: confirming.approve_price(
                package=p, pence_per_week_at_most=90_000, limit_pence=100_000, by=world.approver, at=at
            ),
        ),
        "confirming.ask_to_approve": of(
            ready,
            lambda p: confirming.ask_to_approve(package=p, pence_per_week=90_000, by=broker, at=at),
        ),
        "confirming.order_override": lambda: ordered_act(world),
        "confirming.agree_override": of(
            ordered, lambda order: confirming.agree_override(order=order, by=world.senior, at=at)
        ),
        "confirming.refuse_override": of(
            ordered, lambda order: confirming.refuse_override(order=order, by=world.senior, at=at)
        ),
        "confirming.record_outside": of(
            world.package,
            lambda p: confirming.record_outside(package=p, made=outside(world), second=world.senior, by=broker, at=at),
        ),
        "living.enter_start": of(
            placed,
            lambda p: living.enter_start(call_off=call_off(p), first_visit_on=at.date(), by=broker, at=at),
        ),
        "ending.end_package": of(
            placed, lambda p: ending.end_package(package=p, last_day_on=at.date(), reason="died", by=broker, at=at)
        ),
        "handing_back.hand_back": of(
            placed,
            lambda p: handing_back.hand_back(
                call_off=call_off(p),
                last_day_on=at.date(),
                reason="travel",
                words="",
                by=world.manager("acorn"),
                at=at,
            ),
        ),
        "handing_back.answer_handback": of(
            lambda: _handed_back(world, placed()),
            lambda handback: handing_back.answer_handback(handback=handback, agreed=True, by=broker, at=at),
        ),
        "new_versions.change_need": lambda: _changed(world, placed()),
        "living.bridge": of(
            world.package,
            lambda p: living.bridge(package=p, kind="reablement", from_on=at.date(), to_on=None, by=broker, at=at),
        ),
        "living.record_stay": of(
            world.package,
            lambda p: living.record_stay(
                person=p.person,
                admitted_on=at.date(),
                ready_on=None,
                waits_for="home",
                discharged_on=None,
                by=broker,
                at=at,
            ),
        ),
        "living.count_care_home_waits": of(
            world.package,
            lambda p: living.count_care_home_waits(council=world.council, on=at.date(), people=3, by=broker, at=at),
        ),
        "requests.save_draft": of(
            world.person,
            lambda person: requests.save_draft(
                request=None, council=world.council, person=person, form={"a": "b"}, by=world.assessor, at=at
            ),
        ),
        "requests.raise_request": of(
            world.person,
            lambda person: requests.raise_request(
                council=world.council, person=person, wanted=wanted(), by=world.assessor, at=at
            ),
        ),
        "approving.approve_request": of(
            raised,
            lambda request: approving.approve_request(
                request=request, pence_per_week_at_most=9_000, limit_pence=10_000, by=world.approver, at=at
            ),
        ),
        "approving.refuse_request": of(
            raised,
            lambda request: approving.refuse_request(request=request, reason="too much", by=world.approver, at=at),
        ),
        "requests.withdraw_request": of(
            raised, lambda request: requests.withdraw_request(request=request, by=world.assessor, at=at)
        ),
        "lots.take_apart": of(in_a_lot, lambda lot: lots.take_apart(lot=lot, by=broker, at=at)),
    }


def ordered_act(world: Any) -> Act:
    from calloff.web.brokerage.services.confirming import order_override
    from calloff.web.contracts.models import Enrolment

    package, enrolment = world.package(), Enrolment.objects.get(reference="beech")
    return lambda: order_override(
        package=package, enrolment=enrolment, reason="person_at_risk", words="", by=world.broker, at=world.at
    )


def _held(world: Any) -> Any:
    from calloff.web.brokerage.services.sourcing import hold

    package = world.started()
    hold(package=package, reason="other", review_at=world.at, by=world.broker, at=world.at)
    return package


def outside(world: Any) -> Any:
    from calloff.web.brokerage.services.confirming import Outside

    return Outside(
        branch=world.branch("beech"),
        visits=(0, 1),
        centipence_per_hour=200_000,
        made_at=world.at,
        made_by="the night team",
        reason="emergency_at_night",
        words="",
        start_on=world.at.date(),
    )


def _handed_back(world: Any, package: Any) -> Any:
    from calloff.web.brokerage.services.handing_back import hand_back

    return hand_back(
        call_off=package.call_offs.get(),
        last_day_on=world.at.date(),
        reason="travel",
        words="",
        by=world.manager("acorn"),
        at=world.at,
    )


def _changed(world: Any, package: Any) -> Act:
    from world import EVERY_MORNING

    from calloff.domain.packages import Visit
    from calloff.web.brokerage.services.new_versions import change_need
    from calloff.web.brokerage.services.requests import raise_request
    from calloff.web.brokerage.services.wanted import Wanted

    wanted = Wanted((*EVERY_MORNING, Visit(0, 1140, 30)), (world.at + timedelta(days=7)).date(), 6)
    request = raise_request(
        council=world.council,
        person=package.person,
        wanted=wanted,
        by=world.assessor,
        at=world.at,
        changes=package,
    )
    return lambda: change_need(
        package=package,
        request=request,
        pence_per_week_at_most=90_000,
        limit_pence=100_000,
        by=world.approver,
        at=world.at,
    )
