"""An answer in time that is recorded late: what stops it, and what it does not stop."""

from __future__ import annotations

from datetime import timedelta

import pytest
from world import World, made_world

from calloff.web.brokerage.models import Countersignature, Invitation, Offer
from calloff.web.brokerage.services.answering import Answer, record_answer
from calloff.web.brokerage.services.countersigning import ask_for_late_answer, sign
from calloff.web.brokerage.services.rebuilding import rebuild_columns
from calloff.web.brokerage.services.refusals import RefusedError, SamePersonError, TooLateError
from calloff.web.brokerage.services.sourcing import end_hold, hold
from calloff.web.contracts.services import market
from calloff.web.jobs.models import Notice

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    market._kept.clear()
    made = made_world()
    made.provider("acorn", 15)
    return made


def heard(world, package, **more):
    """What acorn said by telephone an hour after it was asked."""
    invitation = world.invitation(package, "acorn")
    told = {
        "invitation": invitation,
        "answer": Answer("accept"),
        "received_at": invitation.sent_at + timedelta(hours=1),
        "channel": "phone",
        "answered_by": "Pat",
        "words": "Yes, all of it.",
        "late_reason": "The telephone was busy.",
        "by": world.broker,
        "at": world.at,
    }
    return told | more


def past_the_deadline(world):
    package = world.started()
    world.at = world.invitation(package, "acorn").deadline_at + timedelta(seconds=1)
    return package


def asked_to_sign(world, package):
    return ask_for_late_answer(**heard(world, package, second=world.senior))


def states(package):
    rows = Invitation.objects.filter(package=package).order_by("pk")
    return [(row.branch.reference, row.state) for row in rows]


def test_what_waits_to_be_signed_keeps_nobody_waiting_and_closes_with_the_next_step(world):
    world.provider("beech", 16)
    package = past_the_deadline(world)
    row = asked_to_sign(world, package)
    assert world.again(package).next_action == "second_override"

    world.work()

    assert states(package) == [("acorn", "expired"), ("beech", "open")]
    row.refresh_from_db()
    assert (row.state, row.decided_by, row.decided_at) == (Countersignature.REFUSED, None, world.at)
    assert world.again(package).next_action == "await_answers"
    told = Notice.objects.get(kind="late_answer_closed")
    assert (told.user, told.package) == (world.broker, package.reference)
    with pytest.raises(RefusedError):
        sign(row=row, by=world.senior, at=world.at)
    with pytest.raises(TooLateError):
        record_answer(**heard(world, package, second=world.senior))
    with pytest.raises(TooLateError):
        asked_to_sign(world, package)
    assert not Offer.objects.exists()
    assert rebuild_columns(world.council, world.at) == []


def test_signed_before_the_next_step_opens_it_counts_and_nobody_else_is_asked(world):
    world.provider("beech", 16)
    package = past_the_deadline(world)
    row = asked_to_sign(world, package)

    sign(row=row, by=world.senior, at=world.at)
    world.work()

    assert states(package) == [("acorn", "accepted")]
    assert world.again(package).next_action == "confirm"
    offer = Offer.objects.get()
    assert offer.recorded_at > world.invitation(package, "acorn").deadline_at >= offer.received_at
    assert (offer.late_reason, offer.second_identity) == ("The telephone was busy.", world.senior.identity_id)


def test_a_hold_gives_the_second_person_time_for_nothing_new_opens(world):
    world.provider("beech", 16)
    package = world.started()
    later = world.at + timedelta(days=3)
    hold(package=package, reason="family_asked", review_at=later, by=world.broker, at=world.at)
    world.at = world.invitation(package, "acorn").deadline_at + timedelta(hours=5)
    world.work()
    row = asked_to_sign(world, package)
    world.work()

    sign(row=row, by=world.senior, at=world.at)
    end_hold(package=world.again(package), by=world.broker, at=world.at)
    world.work()

    assert states(package) == [("acorn", "accepted")]
    assert world.again(package).next_action == "confirm"


def test_where_nobody_is_left_to_ask_no_step_opens_and_it_may_be_signed_later(world):
    package = past_the_deadline(world)
    world.work()
    assert world.again(package).next_action == "decide"
    row = asked_to_sign(world, package)
    world.later(hours=3)
    world.work()

    sign(row=row, by=world.senior, at=world.at)

    assert world.again(package).next_action == "confirm"


def test_it_needs_a_reason_another_person_and_a_moment_before_the_deadline(world):
    package = past_the_deadline(world)
    late = world.invitation(package, "acorn").deadline_at + timedelta(seconds=1)

    with pytest.raises(RefusedError):
        record_answer(**heard(world, package, second=world.senior, late_reason=" "))
    with pytest.raises(RefusedError):
        record_answer(**heard(world, package))
    with pytest.raises(SamePersonError):
        record_answer(**heard(world, package, second=world.broker))
    with pytest.raises(TooLateError):
        record_answer(**heard(world, package, second=world.senior, received_at=late))
    assert not Offer.objects.exists()
