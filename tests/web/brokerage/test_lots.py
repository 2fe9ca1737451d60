"""Lots live: packages that can wait are gathered, asked for together, and called off together or not at all."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from web.world import made_world

from calloff.web.audit.services import faults_in_chain
from calloff.web.brokerage.models import CallOff, Invitation, Package, UnmetStretch
from calloff.web.brokerage.services import lots
from calloff.web.brokerage.services.confirming import agree_override, order_override
from calloff.web.brokerage.services.identity import identifying
from calloff.web.brokerage.services.living import enter_start
from calloff.web.brokerage.services.rebuilding import rebuild_columns
from calloff.web.brokerage.services.records import replayed, told
from calloff.web.brokerage.services.refusals import RefusedError
from calloff.web.brokerage.services.sourcing import hold, start_step, withdraw
from calloff.web.performance import services as indicators
from calloff.web.performance.services.recounting import recount

pytestmark = pytest.mark.django_db

GATHERED = "\nbatching: {hours: 24, least: 2, most: 3, assumed: an example}"


@pytest.fixture
def world():
    made = made_world(more=GATHERED)
    # Pages look at the clock: a lot of yesterday's packages is formed a moment ago.
    made.at = timezone.now().replace(microsecond=0) - timedelta(hours=24, minutes=5)
    made.provider("acorn", 15)
    made.provider("beech", 16)
    return made


def members(world, count=3):
    return [world.package() for _ in range(count)]


def formed(world, count=3):
    """So many packages, and the lot that they make a day later."""
    packages = members(world, count)
    world.later(hours=24)
    world.declared("acorn")
    world.declared("beech")
    world.work()
    return packages, Package.objects.get(is_lot=True)


def called_off(world, count=3):
    packages, lot = formed(world, count)
    start_step(package=lot, by=world.broker, at=world.at)
    world.answer(lot, "acorn")
    world.confirm(lot)
    return [world.again(one) for one in packages], world.again(lot)


def check(world):
    """Whatever happened: rows follow from events, indicators from the chain, and every record replays."""
    assert rebuild_columns(world.council, world.at) == []
    assert list(faults_in_chain(world.council.pk)) == []
    counted = recount(world.council, world.at.date())
    assert counted.unmet_need() == indicators.unmet_need(world.council, world.at.date())
    days = world.at.date() - timedelta(days=2), world.at.date()
    assert counted.answers(*days, world.at) == indicators.answers(world.council, *days, world.at)
    assert counted.bought(*days) == indicators.bought(world.council, *days)
    for package in Package.objects.filter(council=world.council):
        assert [one.difference for one in replayed(package)] == [""] * len(replayed(package))


def test_whoever_can_wait_is_gathered_and_asked_for_by_nobody(world):
    package, urgent = world.package(), world.package(priority=1)

    assert world.again(package).next_action == "await_others"
    assert world.again(package).next_action_at == world.at + timedelta(hours=24)
    assert world.again(urgent).next_action == "start_step"
    with pytest.raises(RefusedError, match="waits for others until"):
        start_step(package=package, by=world.broker, at=world.at)
    check(world)


def test_a_lot_is_formed_when_its_time_is_over_and_stands_in_the_queue_for_its_members(world):
    packages, lot = formed(world)

    assert lot.minutes_per_week == sum(one.minutes_per_week for one in packages)
    assert (lot.next_action, lot.price_ceiling_pence, lot.person) == ("start_step", 300_000, None)
    assert lot.assign_by is not None
    assert {(one.lot, one.next_action) for one in map(world.again, packages)} == {(lot, "in_lot")}
    assert not UnmetStretch.objects.filter(package=lot).exists()
    with pytest.raises(RefusedError, match="take the lot apart first"):
        start_step(package=packages[0], by=world.broker, at=world.at)
    check(world)


def test_whoever_has_no_company_goes_on_alone(world):
    package = world.package()
    world.later(hours=24)
    world.work()

    assert not Package.objects.filter(is_lot=True).exists()
    assert (world.again(package).with_others, world.again(package).next_action) == ("", "start_step")
    check(world)


def test_a_lot_is_called_off_to_each_of_its_packages(world):
    packages, lot = called_off(world)

    assert (lot.state, lot.end_reason, lot.next_action) == ("ended", "given_out", "none")
    assert not CallOff.objects.filter(package=lot).exists()
    placed = [CallOff.objects.get(package=one) for one in packages]
    assert {one.branch.reference for one in placed} == {"acorn"}
    assert [one.minutes_per_week for one in placed] == [one.minutes_per_week for one in packages]
    assert sum(one.minutes_per_week for one in placed) == sum(pool.used for pool in world.declared("acorn").pools.all())
    assert {(one.state, one.minutes_to_place, one.with_others) for one in packages} == {("called_off", 0, "")}
    check(world)
    enter_start(call_off=placed[0], first_visit_on=world.at.date(), by=world.broker, at=world.at)
    assert world.again(packages[0]).state == "started"
    check(world)


def test_the_story_of_a_member_tells_of_the_lot(world):
    packages, lot = called_off(world)

    text = told(packages[0])
    assert f"In a lot with {packages[1].reference}" in text.replace(packages[2].reference, packages[1].reference)
    assert len(replayed(packages[0])) == len(replayed(lot)) == 2


def test_a_lot_that_nobody_takes_goes_on_one_by_one(world):
    packages, lot = formed(world)
    start_step(package=lot, by=world.broker, at=world.at)
    for name in ("acorn", "beech"):
        world.answer(lot, name, "decline", reason="no_capacity")
        world.work()

    assert (world.again(lot).state, world.again(lot).end_reason) == ("withdrawn", "dissolved")
    # A broker opened the lot's first step, so the worker asks for each by itself.
    assert {one.next_action for one in map(world.again, packages)} == {"await_answers"}
    assert Invitation.objects.filter(package__in=packages).count() == 3
    check(world)


@pytest.mark.parametrize("act", ["withdraw", "hold", "override"])
def test_an_act_on_one_of_them_takes_the_lot_apart(world, act):
    packages, lot = formed(world)
    start_step(package=lot, by=world.broker, at=world.at)
    world.answer(lot, "acorn")
    one = packages[0]
    if act == "withdraw":
        withdraw(package=one, reason="moved", words="", by=world.broker, at=world.at)
    elif act == "hold":
        hold(package=one, reason="assessment_open", review_at=world.at, by=world.broker, at=world.at)
    else:
        beech = world.declared("beech")
        order = order_override(
            package=one, enrolment=beech, reason="person_at_risk", words="", by=world.broker, at=world.at
        )
        assert world.again(one).next_action == "second_override"
        agree_override(order=order, by=world.senior, at=world.at)

    assert world.again(lot).state == "withdrawn"
    assert not Invitation.objects.filter(package=lot, state__in=Invitation.LIVE).exists()
    assert sum(pool.held for pool in world.declared("acorn").pools.all()) == 0
    assert {two.with_others for two in map(world.again, packages)} == {""}
    world.work()
    assert {two.next_action for two in map(world.again, packages[1:])} == {"await_answers"}
    check(world)


def test_a_broker_takes_a_lot_apart_once(world):
    packages, lot = formed(world)

    lots.take_apart(lot=lot, by=world.broker, at=world.at)

    assert {one.next_action for one in map(world.again, packages)} == {"start_step"}
    with pytest.raises(RefusedError, match="taken apart already"):
        lots.take_apart(lot=lot, by=world.broker, at=world.at)
    check(world)


def test_what_is_done_for_one_person_is_refused_for_a_lot(world):
    _, lot = formed(world)

    with pytest.raises(RefusedError, match="several people's"):
        withdraw(package=lot, reason="died", words="", by=world.broker, at=world.at)


# On screen


def text_of(answer):
    assert answer.status_code == 200
    plain = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", plain).replace("&#x27;", "'")


def test_pages_of_a_lot_name_its_packages_and_nobody(world, signed_in):
    packages, lot = formed(world)
    senior = signed_in(world.senior)

    page = text_of(senior.get(f"/packages/{lot.token}"))
    for one in packages:
        assert one.reference in page
    assert "a lot of 3 packages" in page
    assert "Ada Example" not in page
    assert "Take the lot apart" in page
    for other in ("sheet", "records", "replay", "note", "override", "give", "hold"):
        text_of(senior.get(f"/packages/{lot.token}/{other}"))
    assert lot.reference in text_of(senior.get(f"/packages/{packages[0].token}"))
    assert "Asked for in a lot" in text_of(senior.get("/queue?tab=team"))


def test_a_lot_is_taken_apart_with_a_button(world, signed_in):
    packages, lot = formed(world)

    answer = signed_in(world.senior).post(f"/packages/{lot.token}/take-apart")

    assert answer["Location"] == f"/packages/{lot.token}"
    assert {world.again(one).next_action for one in packages} == {"start_step"}


def test_a_provider_is_told_that_it_is_all_or_none(world, signed_in):
    _, lot = formed(world)
    start_step(package=lot, by=world.broker, at=world.at)
    manager = signed_in(world.manager("acorn"))

    page = text_of(manager.get(f"/provider/invitations/{world.invitation(lot, 'acorn').token}"))

    assert "3 people near one another, all or none" in page
    assert "LOT-" not in page


def test_a_message_about_a_lot_is_stopped_when_it_names_one_of_its_people(world):
    _, lot = formed(world)
    start_step(package=lot, by=world.broker, at=world.at)

    assert identifying("Is Ada able to climb stairs?", lot, knows_person=True) == ["Ada"]
