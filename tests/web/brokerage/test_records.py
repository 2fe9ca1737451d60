"""The log of a package replays alone, whatever happened to it, and can be told in plain English."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from world import MONDAY, World, made_world

from calloff.domain.errors import ReplayError
from calloff.domain.packages import Visit
from calloff.simulator.explain import explain
from calloff.simulator.replay import replay
from calloff.web.brokerage.models import CallOff, Decision, Fact
from calloff.web.brokerage.services import desk
from calloff.web.brokerage.services.confirming import Outside, agree_override, order_override, record_outside
from calloff.web.brokerage.services.ending import end_package
from calloff.web.brokerage.services.handing_back import answer_handback, hand_back
from calloff.web.brokerage.services.records import decision_log, log_file, replayed, told
from calloff.web.brokerage.services.sourcing import end_hold, hold, start_step, withdraw
from calloff.web.contracts.models import Enrolment

pytestmark = pytest.mark.django_db
MORNING_AND_EVENING = tuple(Visit(day, minute, 30) for day in range(7) for minute in (480, 1140))


@pytest.fixture
def world() -> World:
    made = made_world()
    made.provider("acorn", 15)
    made.provider("beech", 16)
    made.provider("cedar", 17)
    return made


def replays(world, package, tmp_path, decisions):
    """Every decision comes out the same, and the story can be told; the records as stored."""
    package = world.again(package)
    path = tmp_path / "decisions.jsonl"
    path.write_bytes(decision_log(package))
    found = list(replay(path))
    assert [one.difference for one in found] == [""] * decisions
    assert explain(path, package.reference).startswith(f"Package {package.reference}")
    assert [json.loads(one.content) for one in Decision.objects.filter(package=package).order_by("number")] == [
        one.record for one in found
    ]
    return told(package)


def test_a_plain_call_off_replays(world, tmp_path):
    package = world.started()
    world.answer(package, "acorn")
    world.confirm(package)

    text = replays(world, package, tmp_path, 2)

    assert "Called off to acorn Care" in text
    assert f"./calloff replay {package.reference}-decisions.jsonl" in text


def test_declines_silence_and_holds_replay(world, tmp_path):
    package = world.started()
    world.answer(package, "acorn", "decline", reason="no_capacity")
    hold(package=package, reason="other", review_at=world.at + timedelta(hours=1), by=world.broker, at=world.at)
    end_hold(package=package, by=world.broker, at=world.at)
    world.work()
    world.at = world.invitation(package, "beech").deadline_at + timedelta(seconds=1)
    world.work()
    withdraw(package=package, reason="moved", words="", by=world.broker, at=world.at)

    text = replays(world, package, tmp_path, 4)

    assert "did not answer in time" in text


def test_an_override_replays_with_the_kernels_own_answer_beside_it(world, tmp_path):
    package = world.started()
    order = order_override(
        package=package,
        enrolment=Enrolment.objects.get(reference="cedar"),
        reason="court_order",
        words="",
        by=world.broker,
        at=world.at,
    )
    agree_override(order=order, by=world.senior, at=world.at)
    world.answer(package, "cedar")
    world.confirm(package)

    text = replays(world, package, tmp_path, 3)

    assert "ordered that cedar Care be asked, because a court had ordered it" in text


def test_parts_replay(world, tmp_path):
    package = world.started(visits=MORNING_AND_EVENING)
    world.answer(package, "acorn", "part", visits=tuple(Visit(day, 480, 30) for day in range(7)))
    world.work()
    world.confirm(package)
    world.work()
    world.answer(package, "beech")
    world.confirm(package)

    replays(world, package, tmp_path, 4)


def test_a_handback_replays_over_both_versions(world, tmp_path):
    package = world.started()
    world.answer(package, "acorn")
    world.confirm(package)
    call_off = CallOff.objects.get(package=package)
    last_day = (world.at + timedelta(days=20)).date()
    handback = hand_back(
        call_off=call_off, last_day_on=last_day, reason="travel", words="", by=world.manager("acorn"), at=world.at
    )
    answer_handback(handback=handback, agreed=True, by=world.broker, at=world.at)
    start_step(package=world.again(package), by=world.broker, at=world.at)
    world.answer(package, "beech")
    world.confirm(package)

    replays(world, package, tmp_path, 4)


def test_a_call_off_outside_the_model_replays(world, tmp_path):
    package = world.started(visits=MORNING_AND_EVENING)
    made = Outside(
        branch=world.branch("cedar"),
        visits=tuple(n for n, _ in enumerate(MORNING_AND_EVENING) if n % 2),
        centipence_per_hour=200_000,
        made_at=world.at,
        made_by="The night team",
        reason="emergency_at_night",
        words="",
        start_on=MONDAY.date(),
    )
    record_outside(package=world.again(package), made=made, second=world.senior, by=world.broker, at=world.at)
    world.answer(package, "acorn")
    world.confirm(package)
    end_package(package=world.again(package), last_day_on=MONDAY.date(), reason="moved", by=world.broker, at=world.at)

    replays(world, package, tmp_path, 2)


def test_counters_told_by_their_changes_are_put_together_whole(world, tmp_path, monkeypatch):
    monkeypatch.setattr(desk, "WHOLE_EVERY", 3)
    packages = [world.started() for _ in range(7)]
    for package in packages:
        world.answer(package, "acorn")
        world.confirm(package)

    for package in packages:
        replays(world, package, tmp_path, 2)
    kept = [json.loads(text)["body"] for text in Fact.objects.order_by("pk").values_list("content", flat=True)]
    written = ["whole" in body for body in kept if "whole" in body or "since" in body]
    assert written == [number % 3 == 0 for number in range(14)]


def test_an_altered_fact_is_told(world):
    package = world.started()
    row = Fact.objects.get(hash=json.loads(Decision.objects.get(package=package).content)["counters"])
    Fact.objects.filter(pk=row.pk).update(content=row.content.replace("6000", "6001"))

    with pytest.raises(ReplayError, match="altered"):
        decision_log(package)


def test_an_altered_record_differs(world):
    package = world.started()
    row = Decision.objects.get(package=package)
    Decision.objects.filter(pk=row.pk).update(content=row.content.replace('"wave":1', '"wave":2'))

    assert [one.difference for one in replayed(package)] == ["the record does not have the hash it is stored under"]


def test_a_package_without_a_decision_has_an_empty_log(world):
    package = world.package()

    assert told(package) == ""
    with log_file(package) as path:
        assert list(replay(path)) == []
