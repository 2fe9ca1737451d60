"""Pages and changes: each row once, none left out, whatever happens meanwhile, and nothing of anybody else."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web.api.programs import program_of, refused
from world import made_world

from calloff.domain.errors import CalloffError
from calloff.web.brokerage.models import Invitation
from calloff.web.brokerage.services.sourcing import withdraw
from calloff.web.contracts.services import market

pytestmark = pytest.mark.django_db


def own(world, package):
    return world.invitation(package, "acorn").token


def test_the_oldest_come_first_and_pages_stay_where_they_are(world, acorn):
    packages = []
    for _ in range(7):
        packages.append(world.started())
        world.later(minutes=1)
    tokens = [own(world, one) for one in packages]

    first = acorn.read("/invitations", limit=3)
    world.answer(packages[0], "acorn")
    world.answer(packages[3], "acorn", "decline", reason="skills")
    packages.append(world.started())
    second = acorn.read("/invitations", limit=3, cursor=first["next"])
    withdraw(package=packages[5], reason="moved", words="", by=world.broker, at=world.at)
    third = acorn.read("/invitations", limit=3, cursor=second["next"])

    assert ids(first) == tokens[:3]
    assert ids(second) == [tokens[4], tokens[5], tokens[6]]
    assert ids(third) == [own(world, packages[7])]
    assert third["next"] is None
    changed = acorn.read("/changes", since=first["changes"])
    assert set(ids(changed)) == {tokens[0], tokens[3], tokens[5], own(world, packages[7])}
    assert ids(acorn.read("/invitations", status="all")) == [*tokens, own(world, packages[7])]


def ids(page):
    return [one["id"] for one in page["items"]]


def test_what_changed_is_told_once_as_it_stands_now(world, acorn):
    package = world.started()
    begun = acorn.read("/changes")
    assert ids(begun) == [own(world, package)]
    assert not begun["more"]
    still = acorn.read("/changes", since=begun["next"])
    assert still["items"] == []
    assert acorn.read("/changes", since=still["next"])["items"] == []

    world.answer(package, "acorn")
    world.answer(package, "acorn")
    (answered,) = acorn.read("/changes", since=begun["next"])["items"]
    assert answered["status"] == "answered"
    assert ids(acorn.read("/changes")) == [own(world, package)]


def test_what_the_clock_alone_changes_is_told_too(world, acorn):
    package = world.started()
    begun = acorn.read("/changes")
    world.at = world.invitation(package, "acorn").deadline_at
    assert acorn.read("/changes", since=begun["next"])["items"] == []
    world.later(seconds=1)
    (closed,) = acorn.read("/changes", since=begun["next"])["items"]
    assert (closed["id"], closed["status"]) == (own(world, package), "closed")


def test_a_provider_that_lost_is_told_when_its_copy_goes(world, beech):
    package = world.started()
    world.answer(package, "acorn")
    world.answer(package, "beech")
    world.later(days=2)
    world.confirm(package)
    begun = beech.read("/changes")
    assert begun["items"][0]["status"] == "not_selected"
    world.later(days=31)
    (gone,) = beech.read("/changes", since=begun["next"])["items"]
    assert (gone["status"], gone["asked"]) == ("not_selected", None)
    assert beech.read("/changes", since=beech.read("/changes")["next"])["items"] == []


def test_what_a_broker_records_late_is_told(world, acorn):
    from calloff.web.brokerage.services.answering import Answer, record_answer

    package = world.started()
    world.at = world.invitation(package, "acorn").deadline_at
    heard = world.at
    world.later(minutes=5)
    begun = acorn.read("/changes")
    assert begun["items"][0]["status"] == "closed"
    record_answer(
        invitation=world.invitation(package, "acorn"),
        answer=Answer("accept"),
        received_at=heard,
        channel="phone",
        answered_by="A Manager",
        words="yes",
        by=world.broker,
        at=world.at,
        second=world.senior,
        late_reason="the line was busy",
    )
    (found,) = acorn.read("/changes", since=begun["next"])["items"]
    assert found["status"] == "answered"
    assert found["answer"]["recorded_by_council"]


@pytest.mark.parametrize("answer", ["accept", "decline"])
def test_another_providers_answer_moves_nothing(world, acorn, beech, answer):
    package = world.started()
    begun = acorn.read("/changes")
    world.answer(package, "beech", answer, reason="skills" if answer == "decline" else "")
    again = acorn.read("/changes", since=begun["next"])
    assert again == {"items": [], "next": begun["next"], "more": False}
    assert acorn.read("/invitations")["changes"] == begun["next"]


@pytest.mark.parametrize("path", ["/invitations", "/packages"])
def test_a_cursor_of_elsewhere_is_refused(world, acorn, beech, path):
    for _ in range(3):
        package = world.started()
        for name in ("acorn", "beech"):
            world.answer(package, name)
    foreign = beech.read("/invitations", limit=1, status="answered")["next"]
    own_changes = acorn.read("/changes")["next"]
    mended = own_changes[:-1] + ("A" if own_changes[-1] != "A" else "B")
    for wrong in ("x", foreign, own_changes, mended, "a\x00b", "é", "W10:abc"):
        refused(acorn.get(path, cursor=wrong), 400, "unreadable")
    other_list = acorn.read("/invitations", limit=1, status="answered")["next"]
    refused(acorn.get("/invitations", cursor=other_list, status="all"), 400, "unreadable")
    refused(acorn.get("/changes", since=other_list), 400, "unreadable")


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"status": "open"}])
def test_a_wrong_question_is_named(acorn, query):
    problem = refused(acorn.get("/invitations", **query), 422, "not-valid")
    assert problem["errors"][0]["field"] in query


class UndoneError(Exception):
    """Ends the transaction of one story, so that the next begins with nothing."""


@given(st.integers(0, 2**32), st.integers(5, 14))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_program_that_follows_the_changes_always_knows_how_things_stand(monkeypatch, seed, acts):
    def story():
        market._kept.clear()
        world = made_world(ask="all_then_rank")
        world.provider("acorn", 15)
        world.provider("beech", 16)
        monkeypatch.setattr(timezone, "now", lambda: world.at)
        follow(world, random.Random(seed), acts)
        raise UndoneError

    with pytest.raises(UndoneError):
        transaction.atomic(story)()


def follow(world, chance, acts):
    """A program that asks for changes now and then knows in the end what the whole list says."""
    acorn = program_of(world, "acorn")
    known, since, packages = {}, {}, []

    def ask(most):
        page = acorn.read("/changes", limit=most, **since)
        known.update({one["id"]: one for one in page["items"]})
        since["since"] = page["next"]
        return page["more"]

    for _ in range(acts):
        one_act(world, packages, chance)
        if chance.random() < 0.5:
            ask(chance.choice((1, 2, 100)))
    while ask(2):
        pass
    assert known == {one["id"]: one for one in acorn.all_of("/invitations", status="all", limit=3)}
    assert len(known) == Invitation.objects.filter(branch__reference="acorn").count()


def one_act(world, packages, chance):
    """Something happens to some package, as it may come."""
    world.later(minutes=chance.choice((0, 1, 30, 300)))
    if not packages or chance.random() < 0.4:
        packages.append(world.started())
        return
    package = chance.choice(packages)
    what = chance.choice(("answer", "decline", "beech", "work", "confirm", "withdraw"))
    # What cannot be done is refused, and is no change; nothing to confirm is what the world asserts.
    with suppress(CalloffError, AssertionError):
        if what == "work":
            world.work()
        elif what == "confirm":
            world.confirm(package)
        elif what == "withdraw":
            withdraw(package=package, reason="moved", words="", by=world.broker, at=world.at)
        elif what == "beech":
            world.answer(package, "beech")
        else:
            more = {"reason": "skills"} if what == "decline" else {}
            world.answer(package, "acorn", "accept" if what == "answer" else "decline", **more)
