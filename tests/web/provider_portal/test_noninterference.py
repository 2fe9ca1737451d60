"""
One provider learns nothing of another: two runs that differ only in beech's secrets show acorn the very same bytes.

References are drawn from the same seed in both runs; form tokens, which differ in any two answers, are taken out.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from small_market import FRAMEWORK
from web.provider_portal.reading import ok, text_of
from world import MONDAY, World, made_world

from calloff.documents.purchasing_models import parse
from calloff.web.brokerage.models import Invitation, Offer, Package
from calloff.web.brokerage.services.confirming import proposal
from calloff.web.brokerage.services.messaging import write_to_branch, write_to_council
from calloff.web.brokerage.services.sourcing import withdraw
from calloff.web.contracts.services import market
from calloff.web.contracts.services.publishing import publish, texts_of
from calloff.web.contracts.services.spare_minutes import declare_spare
from calloff.web.directory import services as directory

pytestmark = pytest.mark.django_db
SEALED = """\
scoring:
  weights: {price: {method: lowest_proportional, percent: 60}, quality: {method: out_of, best: 100, percent: 40}}
  assumed: an example
"""
FORM_TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]+"')

Secret = Callable[[World, Package], None]


def silent(world: World, package: Package) -> None:
    """Beech says nothing."""


def accepts(world: World, package: Package) -> None:
    world.answer(package, "beech")


def declines(world: World, package: Package) -> None:
    world.answer(package, "beech", "decline", reason="price")


def offers_a_part(world: World, package: Package) -> None:
    visits = tuple(package_visits(package)[:3])
    world.answer(package, "beech", "part", visits=visits, message="Three days are what we can do.")


def writes(world: World, package: Package) -> None:
    invitation = world.invitation(package, "beech")
    branch, by = invitation.branch, world.manager("beech")
    write_to_council(package=package, branch=branch, text="We are short of cars.", by=by, at=world.at)
    write_to_branch(package=package, branch=branch, text="Thank you, noted.", by=world.broker, at=world.at)


def has_few_hours(world: World, package: Package) -> None:
    declare_spare(enrolment=world.declared("beech"), spare={0: 333}, by=world.manager("beech"), at=world.at)


def package_visits(package):
    from calloff.web.brokerage.services.desk import facts_of

    return facts_of(package).visits


class Seeded(random.Random):
    """Chance that begins anew with each run, and apart for each line that draws: beech's receipts move no other."""

    def __init__(self) -> None:
        super().__init__("a seed")
        self.lines: dict[tuple[str, int], random.Random] = {}

    def choice(self, letters):
        frame = sys._getframe(1)
        while frame.f_code.co_filename == directory.__file__ or "random" in frame.f_code.co_filename:
            frame = frame.f_back
        line = frame.f_code.co_filename, frame.f_lineno
        return self.lines.setdefault(line, random.Random(f"{line}")).choice(letters)


def seed(monkeypatch) -> None:
    """Draw the same references as in the run before."""
    chance = Seeded()
    if hasattr(directory, "_chance"):
        monkeypatch.setattr(directory, "_chance", chance)
    else:
        monkeypatch.setattr(directory.secrets, "choice", chance.choice)


def everything(client: Client, world: World) -> dict[str, bytes]:
    """Every page of the portal as acorn's people see it, by address, with what a browser is told beside it."""
    own = Invitation.objects.filter(branch__reference="acorn").order_by("token")
    enrolment = world.branch("acorn").enrolments.get()
    places = ["", "/closed", "/packages", "/packages?list=ended", "/spare", "/messages", "/notices"]
    places += [f"/spare/{enrolment.token}"]
    for one in own:
        places += [f"/invitations/{one.token}{rest}" for rest in ("", "/answer", "/thanks", "/letter")]
        places += [f"/messages/{one.token}"]
    for token in world.branch("acorn").call_offs.order_by("token").values_list("token", flat=True):
        places += [f"/packages/{token}{rest}" for rest in ("", "/first-visit", "/hand-back", "/letter")]
    receipts = Offer.objects.filter(invitation__in=own).values_list("receipt", flat=True)
    found = {}
    for place in places:
        answer = client.get(f"/provider{place}")
        told = {
            name: value for name, value in answer.items() if name not in ("X-Request-ID", "Content-Security-Policy")
        }
        cleaned = FORM_TOKEN.sub(b"", answer.content)
        for receipt in receipts:
            cleaned = cleaned.replace(receipt.encode(), b"a receipt")
        told.pop("Content-Length", None)
        found[place] = repr((answer.status_code, sorted(told.items()))).encode() + cleaned
    return found


@pytest.fixture
def seen(monkeypatch, settings, signed_in):
    """A function that plays a story with one of beech's secrets and gives all that acorn's people then see."""
    settings.SESSION_COOKIE_AGE = 10**8

    def play(story: Callable[[World, Secret], None], secret: Secret, pounds: int = 16, **more: str) -> dict[str, bytes]:
        class Undone(Exception):
            pass

        found: dict[str, bytes] = {}
        try:
            with transaction.atomic():
                seed(monkeypatch)
                market._kept.clear()
                world = made_world(ask="all_then_rank", **more)
                monkeypatch.setattr(timezone, "now", lambda: world.at)
                world.provider("acorn", 15)
                world.provider("beech", pounds)
                client = signed_in(world.manager("acorn"))
                story(world, secret)
                found = everything(client, world)
                raise Undone
        except Undone:
            pass
        return found

    return play


def same(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    """The very same addresses with the very same bytes."""
    assert list(one) == list(other)
    for place, content in one.items():
        assert content == other[place], place


def asked(world, secret):
    package = world.started()
    secret(world, package)


def accepted(world, secret):
    package = world.started()
    world.answer(package, "acorn")
    secret(world, package)


def declined(world, secret):
    package = world.started()
    world.answer(package, "acorn", "decline", reason="skills")
    secret(world, package)


def ran_out(world, secret):
    package = world.started()
    secret(world, package)
    world.later(days=2)


def called_off(world, secret):
    package = world.started()
    world.answer(package, "acorn")
    secret(world, package)
    world.later(days=2)
    world.confirm(package)


def withdrawn(world, secret):
    package = world.started()
    world.answer(package, "acorn")
    secret(world, package)
    withdraw(package=package, reason="moved", words="", by=world.broker, at=world.at)


STORIES = (asked, accepted, declined, ran_out, called_off, withdrawn)


@pytest.mark.parametrize("secret", [accepts, declines, offers_a_part, writes, has_few_hours])
@pytest.mark.parametrize("story", STORIES)
def test_nothing_of_what_another_answers_writes_or_has_to_spare_is_seen(seen, story, secret):
    same(seen(story, silent), seen(story, secret))


@pytest.mark.parametrize("story", STORIES)
def test_nothing_of_anothers_price_is_seen(seen, story):
    same(seen(story, accepts, 16), seen(story, accepts, 19))


def lost(world, secret):
    package = world.started()
    world.answer(package, "acorn")
    secret(world, package)
    world.later(days=2)
    world.confirm(package)
    assert world.invitation(package, "acorn").state == Invitation.ENDED


def test_who_lost_learns_the_criterion_and_not_by_how_much(seen):
    same(seen(lost, accepts, 14), seen(lost, accepts, 9))


def test_the_order_of_answers_is_not_seen(seen):
    def first(world, secret):
        package = world.started()
        secret(world, package)
        world.answer(package, "acorn")

    same(seen(first, silent), seen(first, accepts))


# A sealed step


@pytest.fixture
def sealed(monkeypatch, settings) -> World:
    settings.SESSION_COOKIE_AGE = 10**8
    market._kept.clear()
    made = made_world()
    about = {"first": "2020-01-01", "last": "2031-12-31", "rank_by": "score", "more": SEALED}
    text = FRAMEWORK.format(id="framework", **about).replace("ask: in_turn", "sealed: yes")
    text = text.replace("version: 1", "version: 2")
    publish(
        council=made.council, texts=texts_of(parse([("framework.yaml", text)])), starts_on=made.at.date(), at=MONDAY
    )
    made.provider("acorn", 15, quality_score=80)
    made.provider("beech", 16, quality_score=80)
    monkeypatch.setattr(timezone, "now", lambda: made.at)
    return made


def test_a_sealed_answer_bids_a_price_changes_until_the_deadline_and_stays_closed(sealed, signed_in):
    package = sealed.started()
    acorn, beech = signed_in(sealed.manager("acorn")), signed_in(sealed.manager("beech"))
    own, others = sealed.invitation(package, "acorn"), sealed.invitation(package, "beech")
    where = f"/provider/invitations/{own.token}"

    page = acorn.get(f"{where}/answer")
    assert "Nobody sees your answer before then" in text_of(page)
    assert b'value="part"' not in page.content
    assert "at most £15.00" in text_of(acorn.post(f"{where}/answer", {"answer": "accept", "price": "15.50"}))
    ok(acorn.post(f"{where}/answer", {"answer": "decline", "reason": "price"}), f"{where}/thanks")
    assert "You can change your answer" in text_of(acorn.get(where))
    ok(acorn.post(f"{where}/answer", {"answer": "accept", "price": "14.20"}), f"{where}/thanks")
    ok(
        beech.post(f"/provider/invitations/{others.token}/answer", {"answer": "accept"}),
        f"/provider/invitations/{others.token}/thanks",
    )
    assert Invitation.objects.get(pk=own.pk).state == Invitation.OPEN

    sealed.later(days=2)
    assert "The council has not decided yet" in text_of(acorn.get(where))
    shown = proposal(sealed.again(package), sealed.at)
    assert shown is not None
    sealed.confirm(package)

    said = text_of(beech.get(f"/provider/invitations/{others.token}"))
    assert "did not have the highest total" in said
    for secret in ("14.20", "acorn", "£15"):
        assert secret not in said
    assert "£49.70 a week, £14.20 an hour" in text_of(acorn.get(f"/provider/packages/{package.call_offs.get().token}"))
