"""From a request to a called-off package, act by act."""

from __future__ import annotations

from datetime import timedelta

import pytest
from world import EVERY_MORNING, MONDAY, World, made_world

from calloff.domain.packages import Visit
from calloff.web.audit.models import Event
from calloff.web.audit.services import faults_in_chain
from calloff.web.brokerage.models import CallOff, Invitation, Package
from calloff.web.brokerage.services.answering import Answer, record_answer
from calloff.web.brokerage.services.approving import approve_request
from calloff.web.brokerage.services.confirming import (
    agree_override,
    confirm_call_off,
    order_override,
    proposal,
)
from calloff.web.brokerage.services.ending import end_package
from calloff.web.brokerage.services.handing_back import answer_handback, hand_back
from calloff.web.brokerage.services.living import enter_start
from calloff.web.brokerage.services.price_ranges import price_range
from calloff.web.brokerage.services.refusals import (
    AlreadyCalledOffError,
    ApprovalNeededError,
    DecisionChangedError,
    RefusedError,
    SamePersonError,
    TooLateError,
)
from calloff.web.brokerage.services.requests import raise_request
from calloff.web.brokerage.services.sourcing import end_hold, hold, start_step, withdraw
from calloff.web.brokerage.services.wanted import Wanted
from calloff.web.contracts.models import Enrolment, Pool
from calloff.web.contracts.services import suspensions
from calloff.web.contracts.services.suspensions import suspend
from calloff.web.jobs.models import Notice

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    made = made_world()
    made.provider("acorn", 15)
    made.provider("beech", 16)
    return made


def test_the_cheapest_is_asked_accepts_and_is_called_off(world):
    package = world.started()

    assert (package.next_action, package.asked) == ("await_answers", 1)
    world.answer(package, "acorn")
    package = world.again(package)
    assert package.next_action == "confirm"
    world.confirm(package)

    call_off = CallOff.objects.get(package=package)
    assert (call_off.branch.reference, call_off.minutes_per_week, call_off.pence_per_week) == ("acorn", 210, 5250)
    package = world.again(package)
    assert (package.state, package.minutes_to_place) == (Package.CALLED_OFF, 0)
    pool = Pool.objects.get(enrolment=call_off.enrolment)
    assert (pool.used, pool.held) == (210, 0)
    assert not list(faults_in_chain(world.council.pk))


def test_who_declines_is_followed_by_the_next_in_order(world):
    package = world.started()

    world.answer(package, "acorn", "decline", reason="no_capacity")
    world.work()

    package = world.again(package)
    assert [(one.branch.reference, one.state) for one in package.invitations.order_by("pk")] == [
        ("acorn", "declined"),
        ("beech", "open"),
    ]


def test_silence_is_made_by_the_deadline(world):
    package = world.started()
    deadline = world.invitation(package, "acorn").deadline_at

    world.at = deadline
    world.work()
    assert world.invitation(package, "acorn").state == "open"
    world.at = deadline + timedelta(seconds=1)
    world.work()

    assert world.invitation(package, "acorn").state == "expired"
    assert world.invitation(package, "beech").state == "open"
    with pytest.raises(TooLateError):
        world.answer(package, "acorn")


def test_an_answer_half_a_second_late_is_late(world):
    package = world.started()
    world.at = world.invitation(package, "acorn").deadline_at + timedelta(milliseconds=500)

    with pytest.raises(TooLateError):
        world.answer(package, "acorn")


def test_an_answer_at_the_deadline_counts(world):
    package = world.started()
    world.at = world.invitation(package, "acorn").deadline_at

    world.answer(package, "acorn")

    assert world.again(package).next_action == "confirm"


def test_a_provider_may_change_its_answer_until_the_confirmation(world):
    package = world.started()
    world.answer(package, "acorn")

    world.answer(package, "acorn", "decline", reason="no_capacity")

    assert world.again(package).next_action != "confirm"
    assert world.invitation(package, "acorn").state == "declined"


def test_a_part_is_joined_by_the_rest_of_another(world):
    visits = [Visit(day, minute, 30) for day in range(7) for minute in (480, 1140)]
    package = world.started(visits=visits)

    world.answer(package, "acorn", "part", visits=tuple(Visit(day, 480, 30) for day in range(7)))
    world.work()
    world.confirm(package)
    world.work()
    world.answer(package, "beech")
    world.confirm(package)

    placed = CallOff.objects.filter(package=package).order_by("pk")
    assert [(one.branch.reference, one.minutes_per_week) for one in placed] == [("acorn", 210), ("beech", 210)]
    assert world.again(package).state == Package.CALLED_OFF


def stop_acorn(world):
    suspend(
        enrolment=Enrolment.objects.get(reference="acorn"),
        from_on=MONDAY.date(),
        to_on=None,
        step_in=False,
        reason="an inquiry",
        by=world.user("contracts", "contract_manager"),
        at=world.at,
    )


def test_what_was_shown_must_still_be_so(world):
    package = world.started()
    world.answer(package, "acorn")
    shown = proposal(world.again(package), world.at)
    assert shown is not None
    stop_acorn(world)

    with pytest.raises(DecisionChangedError, match="acorn Care's offer ended"):
        confirm_call_off(package=package, shown=shown.hash, by=world.broker, at=world.at)
    assert not CallOff.objects.exists()


def test_who_said_yes_and_was_stopped_before_the_confirmation_makes_way_for_the_next(world):
    package = world.started()
    world.answer(package, "acorn")
    world.work()

    stop_acorn(world)
    world.work()

    assert world.invitation(package, "acorn").state == Invitation.ENDED
    assert world.invitation(package, "beech").state == Invitation.OPEN
    assert world.again(package).next_action == "await_answers"


def test_after_a_confirmation_was_refused_the_worker_asks_the_next(world, monkeypatch):
    package = world.started()
    world.answer(package, "acorn")
    world.work()
    shown = proposal(world.again(package), world.at)
    assert shown is not None
    # Whatever it was that changed: here it comes without any word to the worker.
    monkeypatch.setattr(suspensions, "market_changes", lambda *_: None)
    stop_acorn(world)
    world.work()
    assert world.again(package).next_action == "confirm"

    with pytest.raises(DecisionChangedError):
        confirm_call_off(package=package, shown=shown.hash, by=world.broker, at=world.at)
    world.work()

    assert world.invitation(package, "beech").state == Invitation.OPEN


def test_the_second_broker_is_told_who_was_first(world):
    package = world.started()
    world.answer(package, "acorn")
    shown = proposal(world.again(package), world.at)
    assert shown is not None
    confirm_call_off(package=package, shown=shown.hash, by=world.broker, at=world.at)

    with pytest.raises(AlreadyCalledOffError, match="acorn Care by Broker"):
        confirm_call_off(package=package, shown=shown.hash, by=world.senior, at=world.at)


def test_a_call_off_above_the_price_approved_waits_for_an_approver(world):
    package = world.started()
    Package.objects.filter(pk=package.pk).update(price_ceiling_pence=5249)
    world.answer(package, "acorn")

    assert world.again(package).next_action == "approve_price"
    with pytest.raises(ApprovalNeededError):
        world.confirm(package)


def test_nobody_approves_their_own_request_with_another_account(world):
    twin = world.user("twin", "approver", identity=world.assessor.identity)
    wanted = Wanted((Visit(0, 480, 30),), MONDAY.date(), 5)
    request = raise_request(council=world.council, person=world.person(), wanted=wanted, by=world.assessor, at=world.at)

    with pytest.raises(SamePersonError):
        approve_request(request=request, pence_per_week_at_most=1, limit_pence=10, by=twin, at=world.at)


def test_a_request_shows_the_lowest_and_highest_price(world):
    wanted = Wanted((Visit(0, 480, 60),), MONDAY.date(), 5)
    request = raise_request(council=world.council, person=world.person(), wanted=wanted, by=world.assessor, at=world.at)

    found = price_range(request, world.at)

    assert (found.lowest_pence, found.highest_pence, found.candidates) == (1500, 1600, 2)


def test_minutes_that_come_free_reopen_who_waits_in_order(world):
    Pool.objects.update(declared=210)
    first = world.started()
    world.answer(first, "acorn")
    world.confirm(first)
    second = world.started()
    world.answer(second, "beech")
    world.confirm(second)
    late, early = world.package(priority=5), world.package(priority=2)
    for package in (late, early):
        with pytest.raises(RefusedError):
            start_step(package=package, by=world.broker, at=world.at)
        Package.objects.filter(pk=package.pk).update(step_started=True)
    assert world.again(late).next_action == "await_minutes"

    end_package(package=first, last_day_on=MONDAY.date(), reason="died", by=world.broker, at=world.at)
    world.work()

    assert world.again(early).next_action == "await_answers"
    assert world.again(late).next_action == "await_minutes"


def test_what_follows_at_once_does_not_wait_for_the_next_full_second(world):
    Pool.objects.update(declared=210)
    first, second = world.started(), world.started()
    for package, provider in ((first, "acorn"), (second, "beech")):
        world.answer(package, provider)
        world.confirm(package)
    waits = world.package()
    Package.objects.filter(pk=waits.pk).update(step_started=True)
    world.work()
    world.at += timedelta(milliseconds=100)

    end_package(package=first, last_day_on=MONDAY.date(), reason="died", by=world.broker, at=world.at)
    world.work()

    assert world.again(waits).next_action == "await_answers"


def test_a_hold_opens_nothing_new(world):
    package = world.started()
    hold(
        package=package,
        reason="family_asked",
        review_at=world.at + timedelta(days=1),
        by=world.broker,
        at=world.at,
    )
    world.answer(package, "acorn", "decline", reason="no_capacity")
    world.work()
    assert Invitation.objects.filter(package=package).count() == 1

    end_hold(package=package, by=world.broker, at=world.at)
    world.work()

    assert world.invitation(package, "beech").state == "open"


def test_a_withdrawal_ends_what_is_out_and_frees_its_minutes(world):
    package = world.started()

    withdraw(package=package, reason="own_choice", words="", by=world.broker, at=world.at)

    assert world.invitation(package, "acorn").state == "ended"
    assert Pool.objects.get(enrolment__reference="acorn").held == 0
    assert world.again(package).state == Package.WITHDRAWN


def test_an_override_needs_a_second_person_and_is_in_the_history(world):
    package = world.package()
    order = order_override(
        package=package,
        enrolment=Enrolment.objects.get(reference="beech"),
        reason="person_at_risk",
        words="",
        by=world.broker,
        at=world.at,
    )
    twin = world.user("twin", "senior_broker", identity=world.broker.identity)
    with pytest.raises(SamePersonError):
        agree_override(order=order, by=twin, at=world.at)

    agree_override(order=order, by=world.senior, at=world.at)
    world.answer(package, "beech")
    world.confirm(package)

    assert CallOff.objects.get(package=package).override_reason == "person_at_risk"


def test_a_broker_records_an_answer_by_telephone(world):
    package = world.started()
    invitation = world.invitation(package, "acorn")
    world.later(minutes=30)

    def recorded(received_at, **more):
        about = {
            "invitation": invitation,
            "answer": Answer("accept"),
            "received_at": received_at,
            "channel": "phone",
            "answered_by": "A Manager",
            "words": "yes, all of it",
            "by": world.broker,
            "at": world.at,
        }
        return record_answer(**(about | more))

    with pytest.raises(RefusedError, match="after the invitation went out"):
        recorded(invitation.sent_at - timedelta(seconds=1))
    with pytest.raises(RefusedError, match="not in the future"):
        recorded(world.at + timedelta(seconds=1))
    world.manager("acorn")
    offer = recorded(world.at - timedelta(minutes=5))

    assert offer.recorded_at == world.at
    assert Notice.objects.filter(kind="answer_recorded", user=world.manager("acorn")).exists()


def test_in_time_but_recorded_late_needs_a_reason_and_a_second_person(world):
    package = world.started()
    invitation = world.invitation(package, "acorn")
    received_at = invitation.deadline_at - timedelta(minutes=1)
    world.at = invitation.deadline_at + timedelta(minutes=1)
    about = {
        "invitation": invitation,
        "answer": Answer("accept"),
        "received_at": received_at,
        "channel": "phone",
        "answered_by": "A Manager",
        "words": "yes",
        "by": world.broker,
        "at": world.at,
    }

    with pytest.raises(RefusedError, match="second person"):
        record_answer(**about)
    with pytest.raises(SamePersonError):
        record_answer(**about, second=world.broker, late_reason="was at a visit")
    record_answer(**about, second=world.senior, late_reason="was at a visit")

    assert world.again(package).next_action == "confirm"


def test_once_the_next_step_is_open_a_late_record_is_refused(world):
    package = world.started()
    invitation = world.invitation(package, "acorn")
    world.at = invitation.deadline_at + timedelta(minutes=1)
    world.work()

    with pytest.raises(TooLateError, match="next step"):
        record_answer(
            invitation=invitation,
            answer=Answer("accept"),
            received_at=invitation.deadline_at,
            channel="phone",
            answered_by="A Manager",
            words="yes",
            by=world.broker,
            at=world.at,
            second=world.senior,
            late_reason="was at a visit",
        )


def test_a_handback_goes_back_to_waiting_with_its_owner_and_clock(world):
    package = world.started()
    Package.objects.filter(pk=package.pk).update(owner=world.broker)
    world.answer(package, "acorn")
    world.confirm(package)
    call_off = CallOff.objects.get(package=package)
    enter_start(call_off=call_off, first_visit_on=MONDAY.date(), by=world.broker, at=world.at)
    assert world.again(package).state == Package.STARTED

    handback = hand_back(
        call_off=call_off,
        last_day_on=MONDAY.date() + timedelta(days=7),
        reason="no_workers",
        words="",
        by=world.manager("acorn"),
        at=world.at,
    )
    assert world.again(package).next_action == "answer_handback"
    answer_handback(handback=handback, agreed=True, by=world.broker, at=world.at)

    again = world.again(package)
    assert (again.state, again.owner, again.approved_at, again.priority) == (
        Package.SOURCING,
        world.broker,
        package.approved_at,
        3,
    )
    start_step(package=package, by=world.broker, at=world.at)
    assert world.invitation(package, "beech").state == "open"


def test_every_change_has_one_event_and_the_chain_is_whole(world):
    package = world.started()
    world.answer(package, "acorn")
    world.confirm(package)
    world.work()

    kinds = list(Event.objects.filter(council=world.council.pk).order_by("number").values_list("kind", flat=True))
    assert kinds[:5] == ["request_raised", "request_approved", "step_started", "answered", "call_off_confirmed"]
    assert not list(faults_in_chain(world.council.pk))


def test_minutes_of_a_silent_provider_reopen_who_waits_for_them(world):
    Pool.objects.update(declared=210)
    Pool.objects.exclude(enrolment__reference="acorn").update(declared=0)
    silent = world.started()
    waiting, another = world.package(), world.package()
    Package.objects.filter(pk=waiting.pk).update(step_started=True)
    world.work()
    assert world.again(waiting).next_action == "await_minutes"
    world.at = world.invitation(silent, "acorn").deadline_at + timedelta(seconds=1)

    # An act on another package is the first to notice that the time has run out.
    hold(package=another, reason="other", review_at=world.at, by=world.broker, at=world.at)
    world.work()

    assert world.invitation(waiting, "acorn").state == "open"


def test_an_offer_of_which_nothing_can_be_taken_any_more_keeps_no_minutes():
    world = made_world(ask="all_then_rank")
    for name, pounds in (("acorn", 15), ("beech", 16), ("cedar", 17)):
        world.provider(name, pounds)
    package = world.started(visits=EVERY_MORNING)
    first = EVERY_MORNING[:3]
    for name in ("acorn", "beech"):
        world.answer(package, name, "part", visits=first)
    world.answer(package, "cedar", "decline", reason="no_capacity")
    world.confirm(package)

    spent = world.invitation(package, "beech")
    assert (spent.state, spent.reason) == ("ended", "placed_elsewhere")
    assert [pool.held for pool in world.declared("beech").pools.all()] == [0]
