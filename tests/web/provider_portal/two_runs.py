"""
A story played twice, the second time with another secret of beech's: all that acorn's people are told of each run.

References are drawn from the same seed in both runs; what differs between any two answers (form tokens, receipts, the
time of sending) is taken out.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from django.core import mail
from django.db import transaction
from django.test import override_settings
from django.utils import timezone
from small_market import FRAMEWORK
from web.api.programs import Program, program_of
from web.filled import browser
from world import MONDAY, World, made_world

from calloff.documents.purchasing_models import parse
from calloff.web.brokerage.models import Invitation, Offer, Package
from calloff.web.brokerage.services.desk import facts_of
from calloff.web.brokerage.services.messaging import write_to_branch, write_to_council
from calloff.web.brokerage.services.sourcing import withdraw
from calloff.web.contracts.services import market
from calloff.web.contracts.services.publishing import publish, texts_of
from calloff.web.contracts.services.spare_minutes import declare_spare
from calloff.web.directory import services as directory
from calloff.web.directory.models import Branch

SEALED = """\
scoring:
  weights: {price: {method: lowest_proportional, percent: 60}, quality: {method: out_of, best: 100, percent: 40}}
  assumed: an example
"""
FORM_TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]+"')
OF_EACH_ANSWER = ("X-Request-ID", "Content-Security-Policy", "Content-Length")
OF_EACH_LETTER = ("Date", "Message-ID")

Secret = Callable[[World, Package], None]
Story = Callable[[World, Secret], None]


# What only beech and the council know


def silent(world: World, package: Package) -> None:
    """Beech says nothing."""


def accepts(world: World, package: Package) -> None:
    world.answer(package, "beech")


def declines(world: World, package: Package) -> None:
    world.answer(package, "beech", "decline", reason="price")


def offers_a_part(world: World, package: Package) -> None:
    visits = tuple(facts_of(package).visits[:3])
    world.answer(package, "beech", "part", visits=visits, message="Three days are what we can do.")


def writes(world: World, package: Package) -> None:
    invitation = world.invitation(package, "beech")
    branch, by = invitation.branch, world.manager("beech")
    write_to_council(package=package, branch=branch, text="We are short of cars.", by=by, at=world.at)
    write_to_branch(package=package, branch=branch, text="Thank you, noted.", by=world.broker, at=world.at)


def has_few_hours(world: World, package: Package) -> None:
    declares(world, "beech", 333)


def declares(world: World, provider: str, minutes: int) -> None:
    """A provider says how many minutes a week it has to spare."""
    declare_spare(enrolment=world.declared(provider), spare={0: minutes}, by=world.manager(provider), at=world.at)


def bids(centipence_per_hour: int) -> Secret:
    """Beech's sealed price."""

    def bid(world: World, package: Package) -> None:
        world.answer(package, "beech", centipence_per_hour=centipence_per_hour)

    return bid


SECRETS: tuple[Secret, ...] = (accepts, declines, offers_a_part, writes, has_few_hours)


# What happens to acorn


def asked(world: World, secret: Secret) -> None:
    package = world.started()
    secret(world, package)


def accepted(world: World, secret: Secret) -> None:
    package = world.started()
    world.answer(package, "acorn")
    secret(world, package)


def declined(world: World, secret: Secret) -> None:
    package = world.started()
    world.answer(package, "acorn", "decline", reason="skills")
    secret(world, package)


def ran_out(world: World, secret: Secret) -> None:
    package = world.started()
    secret(world, package)
    world.later(days=2)


def called_off(world: World, secret: Secret) -> None:
    package = world.started()
    world.answer(package, "acorn")
    secret(world, package)
    world.later(days=2)
    world.confirm(package)


def withdrawn(world: World, secret: Secret) -> None:
    package = world.started()
    world.answer(package, "acorn")
    secret(world, package)
    withdraw(package=package, reason="moved", words="", by=world.broker, at=world.at)


STORIES: tuple[Story, ...] = (asked, accepted, declined, ran_out, called_off, withdrawn)


def lost(world: World, secret: Secret) -> None:
    """Beech is cheaper."""
    called_off(world, secret)
    assert Invitation.objects.get(branch__reference="acorn").state == Invitation.ENDED


def first(world: World, secret: Secret) -> None:
    """Beech's secret comes before acorn's answer."""
    package = world.started()
    secret(world, package)
    world.answer(package, "acorn")


# The same twice


class Seeded(random.Random):
    """Chance that begins anew with each run, and apart for each line that draws: beech's receipts move no other."""

    def __init__(self, seed: str = "a seed") -> None:
        super().__init__(seed)
        self.seed_of_all = seed
        self.lines: dict[tuple[str, int], random.Random] = {}

    def choice(self, letters: Any) -> Any:
        frame = sys._getframe(1)
        while frame.f_code.co_filename == directory.__file__ or "random" in frame.f_code.co_filename:
            assert frame.f_back is not None
            frame = frame.f_back
        line = frame.f_code.co_filename, frame.f_lineno
        return self.lines.setdefault(line, random.Random(f"{self.seed_of_all} {line}")).choice(letters)


class UndoneError(Exception):
    """Both runs begin from the same database."""


def play(
    story: Story,
    secret: Secret,
    pounds: int = 16,
    sealed: bool = False,
    work: bool = False,
    elsewhere: int = 0,
    **more: str,
) -> dict[str, bytes]:
    """
    All that acorn's people are told, by channel, after a story with one of beech's secrets; nothing of it stays.

    So many other councils' stories went before it that have nothing to do with acorn.
    """
    found: dict[str, bytes] = {}
    try:
        with transaction.atomic(), the_same_outside():
            for number in range(elsewhere):
                _in_another_council(number)
            world = a_sealed_world() if sealed else made_world(**{"ask": "all_then_rank", **more})
            with mock.patch.object(timezone, "now", lambda: world.at):  # noqa: PT008 (its clock moves)
                grade = {"quality_score": 80} if sealed else {}
                world.provider("acorn", 15, **grade)
                world.provider("beech", pounds, **grade)
                client, program = browser(world.manager("acorn")), program_of(world, "acorn")
                story(world, secret)
                if work:
                    world.work()
                found = dict(everything(client, program, world))
            raise UndoneError
    except UndoneError:
        pass
    return found


@contextmanager
def the_same_outside() -> Iterator[None]:
    """The same references, an empty sink for e-mails, and sessions that outlast every story."""
    market._kept.clear()
    mail.outbox = []
    with (
        mock.patch.object(directory, "_chance", Seeded()),
        override_settings(SESSION_COOKIE_AGE=10**8, EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"),
    ):
        yield


def _in_another_council(number: int) -> None:
    """Rows of every kind, which use up numbers of the database; their names are then out of the way."""
    with mock.patch.object(directory, "_chance", Seeded(f"elsewhere {number}")):
        world = made_world(ask="all_then_rank")
        for name in ("acorn", "beech"):
            world.provider(name, 15)
        accepted(world, accepts)
        writes(world, Package.objects.latest("pk"))
        program_of(world, "acorn")
    world.council.code = f"elsewhere-{number}"
    world.council.save()
    for branch in Branch.objects.filter(reference__in=("acorn", "beech")):
        branch.reference = branch.organisation.reference = f"{branch.reference}-{number}"
        branch.organisation.save()
        branch.save()
    for user in world.users.values():
        user.name = f"{user.name}-{number}"
        user.save()


def a_sealed_world() -> World:
    """A council whose framework asks everybody at once, sealed."""
    made = made_world()
    about = {"first": "2020-01-01", "last": "2031-12-31", "rank_by": "score", "more": SEALED}
    text = FRAMEWORK.format(id="framework", **about).replace("ask: in_turn", "sealed: yes")
    text = text.replace("version: 1", "version: 2")
    publish(
        council=made.council, texts=texts_of(parse([("framework.yaml", text)])), starts_on=made.at.date(), at=MONDAY
    )
    return made


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    """The channels by which two runs can be told apart."""
    return sorted(place for place in one.keys() | other.keys() if one.get(place) != other.get(place))


# What acorn's people are told


def everything(client: Any, program: Program, world: World) -> Iterator[tuple[str, bytes]]:
    """Every page, list, file, letter, refusal, notice and e-mail of acorn's, and all that its program reads."""
    own = Invitation.objects.filter(branch__reference="acorn").order_by("token")
    receipts = list(Offer.objects.filter(invitation__in=own).values_list("receipt", flat=True))
    for place in [*_pages(own, world), *_refused(own, world)]:
        yield place, bytes_of(client.get(place), receipts)
    for place, form in _wrong_forms(own):
        yield f"POST {place} {sorted(form)}", bytes_of(client.post(place, form), receipts)
    for place in _of_programs(own, world):
        yield f"API {place}", bytes_of(program.get(place), receipts)
    yield "API answer", bytes_of(program.post(f"/invitations/{own[0].token}/answer", {"answer": "perhaps"}), receipts)
    address = world.manager("acorn").identity.email
    for number, sent in enumerate(one for one in mail.outbox if address in one.recipients()):
        message = sent.message()
        for name in OF_EACH_LETTER:
            del message[name]
        yield f"e-mail {number}", message.as_bytes()


def _pages(own: Any, world: World) -> Iterator[str]:
    for place in ("", "/closed", "/packages", "/spare", "/messages"):
        yield from (f"/provider{place}{rest}" for rest in ("", "?as=csv", "?as=xlsx"))
    yield from ("/provider/packages?list=ended", "/provider/closed?page=2", "/notices", "/notices?show=all")
    yield from ("/notices?show=all&as=csv", "/provider/tokens", "/")
    yield f"/provider/spare/{world.branch('acorn').enrolments.get().token}"
    for one in own:
        yield from (f"/provider/invitations/{one.token}{rest}" for rest in ("", "/answer", "/thanks", "/letter"))
        yield f"/provider/messages/{one.token}"
    for token in world.branch("acorn").call_offs.order_by("token").values_list("token", flat=True):
        rests = ("", "/first-visit", "/hand-back", "/letter")
        yield from (f"/provider/packages/{token}{rest}" for rest in rests)


def _refused(own: Any, world: World) -> Iterator[str]:
    """Addresses of others' things, and of nothing at all."""
    others = list(
        Invitation.objects.filter(branch__reference="beech").order_by("token").values_list("token", flat=True)
    )
    package = own[0].package
    yield f"/provider/spare/{world.branch('beech').enrolments.get().token}"
    yield from (f"/provider/invitations/{token}" for token in list(others))
    yield from (f"/packages/{package.token}", f"/packages/{package.token}/records", "/queue", "/providers")
    yield from ("/provider/invitations/NOTHINGATALL", "/provider/packages/NOTHINGATALL")
    yield f"/provider?branch={world.branch('beech').token}"


def _wrong_forms(own: Any) -> Iterator[tuple[str, dict[str, str]]]:
    """Forms that are refused: what is said then must hang on acorn alone."""
    for one in own:
        yield f"/provider/invitations/{one.token}/answer", {}
        yield f"/provider/invitations/{one.token}/answer", {"answer": "decline", "reason": "because"}
        yield f"/provider/messages/{one.token}", {"text": "Ring us on 01632 960123 about Ada Example"}


def _of_programs(own: Any, world: World) -> Iterator[str]:
    yield from ("/invitations", "/invitations?status=closed", "/invitations?status=answered", "/changes")
    yield from ("/spare-minutes", "/packages", "/invitations/NOTHINGATALL")
    yield from (f"/invitations/{one.token}" for one in own)
    others = Invitation.objects.filter(branch__reference="beech").order_by("token")
    yield from (f"/invitations/{one.token}" for one in others)


def bytes_of(answer: Any, receipts: list[str]) -> bytes:
    """An answer with its headers, without what differs between any two."""
    told = {name: value for name, value in answer.items() if name not in OF_EACH_ANSWER}
    content = answer.getvalue() if answer.streaming else answer.content
    cleaned = FORM_TOKEN.sub(b"", content)
    for receipt in receipts:
        cleaned = cleaned.replace(receipt.encode(), b"a receipt")
    return repr((answer.status_code, sorted(told.items()))).encode() + cleaned
