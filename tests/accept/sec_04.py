"""
SEC-04: lists, counts, searches, exports and messages let no secret out by a side door.

The side doors that are here: list, order, filter, count, page of a list, search, export and its file name, letter,
e-mail, notice, a program's lists and cursors, headers, refusals of what is there already. Behind each a canary: a
provider's name, price, words and hours, a person's name. Whoever may see a canary does, nobody else; and a sealed step
shows the council's people the very same bytes, whether it was answered or not. Timing is looked at elsewhere; there is
no autocompletion, saved view, cached result, map, OData or webhook.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest import mock

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 1, 1: 3, 2: 10}
"""So many packages; at the smallest size the sealed step is looked at by one role."""
PERSON, RIVAL, WORDS, MINUTES = "Zyxwina Quibblethwaite", "zyxbeech", "xylophonic", 4_323
OWN_ACCOUNT = ("account", "mfa_", "api_")
"""Pages about one's own account: no package is told of there."""
AWAY = ("?branch={rival}", "?page=999", "?order=price", "?sort=-rank", "?q=zyx", "?owner=zyx", "?list=all", "?show=all")
"""What is put behind the address of each list, whether it knows it or not."""


def check(size: int) -> Result:
    """So many packages on each engine."""
    tally = Tally()
    on_each_engine(tally, "sec_04", "side_doors", size, SIZES[0])
    return tally.result


def side_doors(tally: Tally, size: int) -> None:
    from django.db import transaction
    from web.provider_portal.two_runs import UndoneError

    try:
        with transaction.atomic():
            _at_doors(tally, size)
            raise UndoneError
    except UndoneError:
        pass
    sealed(tally, size)


def _at_doors(tally: Tally, size: int) -> None:
    from django.utils import timezone
    from web.provider_portal.two_runs import the_same_outside

    with the_same_outside():
        world = _a_market(size)
        with mock.patch.object(timezone, "now", lambda: world.at):  # noqa: PT008 (its clock moves)
            for name, secrets, doors in (
                ("another provider", _of_rival(world), _of_provider(world, size)),
                ("another council", [PERSON, "Quibblethwaite", RIVAL, WORDS], _of_council(world, size)),
                ("the hospital's hub", _prices(world), _of_hub(world)),
            ):
                seen = 0
                for door, said in doors:
                    tally.n += 1
                    seen += bool(said)
                    for secret in secrets:
                        tally.expect(secret.casefold() not in said.casefold(), f"{name}, {door}: {secret!r} is seen")
                tally.expect(seen > 0, f"{name} saw nothing at all")
            _control(tally, world)


def _a_market(size: int) -> Any:
    """Two providers; in every package the other one has offered, written and (in all but the first) won."""
    from web.provider_portal.two_runs import declares
    from world import made_world

    from calloff.web.brokerage.services.messaging import write_to_council

    world = made_world(ask="all_then_rank")
    world.provider("acorn", 15)
    world.provider(RIVAL, 13)
    one_of = world.person
    world.person = lambda name=PERSON: one_of(name)
    for number in range(size + 1):
        package = world.started()
        world.answer(package, "acorn")
        world.answer(package, RIVAL, message=f"We are {WORDS}.")
        branch, by = world.branch(RIVAL), world.manager(RIVAL)
        write_to_council(package=package, branch=branch, text=f"Our cars are {WORDS}.", by=by, at=world.at)
        if number:
            world.later(days=2)
            world.confirm(package)
    declares(world, RIVAL, MINUTES)
    world.work()
    return world


def _of_rival(world: Any) -> list[str]:
    from calloff.web.brokerage.models import Invitation, Offer

    own = Invitation.objects.filter(branch__reference=RIVAL)
    prices = {f"{one.pence_per_week / 100:.2f}" for one in own}
    tokens = {one.token for one in own} | {world.branch(RIVAL).token}
    receipts = Offer.objects.filter(invitation__in=own).values_list("receipt", flat=True)
    return [RIVAL, WORDS, PERSON, "Quibblethwaite", str(MINUTES), "13.00 an hour", *prices, *tokens, *receipts]


def _prices(world: Any) -> list[str]:
    from calloff.web.brokerage.models import Invitation

    return sorted({f"{one.pence_per_week / 100:.2f}" for one in Invitation.objects.all()})


def _said(answer: Any) -> str:
    """Everything that an answer says: its headers and its body, a workbook unpacked."""
    import io
    import zipfile

    content = answer.getvalue() if answer.streaming else answer.content
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            content = b"".join(package.read(name) for name in package.namelist())
    head = " ".join(f"{name}: {value}" for name, value in answer.items())
    return f"{answer.status_code} {head} {content.decode('utf-8', 'replace')}"


def _of_provider(world: Any, size: int) -> Iterator[tuple[str, str]]:
    """What acorn's manager and program are told."""
    from django.core import mail
    from web.api.programs import program_of
    from web.filled import browser

    from calloff.web.brokerage.models import Invitation
    from calloff.web.brokerage.services.letters import told_of_loss

    client, program = browser(world.manager("acorn")), program_of(world, "acorn")
    rival = world.branch(RIVAL).token
    own = list(Invitation.objects.filter(branch__reference="acorn").order_by("token"))
    for place in ("", "/closed", "/packages", "/spare", "/messages", "/tokens"):
        for rest in ("", "?as=csv", "?as=xlsx", *(AWAY if size > SIZES[0] else AWAY[:1])):
            # The token that one has typed oneself is no secret told.
            said = _said(client.get(f"/provider{place}{rest.format(rival=rival)}")).replace(f"?branch={rival}", "")
            yield f"/provider{place}{rest}", said
    for one in own:
        for rest in ("", "/answer", "/thanks"):
            yield f"an invitation{rest}", _said(client.get(f"/provider/invitations/{one.token}{rest}"))
        yield "a thread", _said(client.get(f"/provider/messages/{one.token}"))
        if one.state == Invitation.ENDED:
            yield "a letter", repr(told_of_loss(one, prices=True))
        yield "a program's invitation", _said(program.get(f"/invitations/{one.token}"))
    yield "/notices", _said(client.get("/notices?show=all"))
    for place in ("/queue", "/search", "/providers", "/unmet-need.csv"):
        yield place, _said(client.get(place))
    for status in ("all", "closed", "answered", "not_selected"):
        yield f"a program's list, {status}", _said(program.get("/invitations", status=status, limit=1))
    for path in ("/changes", "/spare-minutes", "/packages", "/openapi.json"):
        yield f"a program's {path}", _said(program.get(path))
    address = world.manager("acorn").identity.email
    for sent in mail.outbox:
        if address in sent.recipients():
            yield "an e-mail", sent.message().as_string()


def _of_council(world: Any, size: int) -> Iterator[tuple[str, str]]:
    """What the people of another council are told when they look, search, and enter the same person."""
    from web.filled import browser
    from world import World

    from calloff.web.brokerage.models import Person
    from calloff.web.directory.models import Area, Council, Locality

    council = Council.objects.create(code="otherside", name="Otherside", nation="england", seed="a seed")
    locality = Locality.objects.create(council=council, code="south", name="South")
    other = World(council, Area.objects.create(council=council, code="dale", name="Dale", locality=locality), world.at)
    broker = browser(other.user("other-broker", "senior_broker"))
    assessor = browser(other.user("other-assessor", "assessor"))
    for place in ("/queue", "/queue.csv", "/queue.xlsx", "/queue/invitations", "/unmet-need", "/drafts"):
        for rest in ("", *(AWAY if size > SIZES[0] else ())):
            yield f"{place}{rest}", _said(broker.get(place + rest.format(rival="x")))
    person = Person.objects.filter(name=PERSON).latest("pk")
    for looked in (PERSON, person.reference, RIVAL):
        page = _said(broker.post("/search", {"q": looked}, follow=True)).replace(f'value="{looked}"', "")
        yield "a search", page.replace(looked, "") if "Nothing" in page else page
    typed = {"name": "Wilma Example", "born_on_day": "1", "born_on_month": "5", "born_on_year": "1940"}
    yield "a person who is there", _said(assessor.post("/people/add", typed | {"case_number": person.case_number}))
    for place in ("/people", "/requests", "/requests.csv", "/requests.xlsx"):
        yield place, _said(assessor.get(place))


def _of_hub(world: Any) -> Iterator[tuple[str, str]]:
    from web.filled import browser

    hub = browser(world.user("hub", "discharge_hub"))
    for place in ("/requests", "/requests.csv", "/requests.xlsx", "/stays", "/stays.csv", "/queue", "/notices", "/"):
        yield place, _said(hub.get(place))


def _control(tally: Tally, world: Any) -> None:
    """Each canary is there: whoever may see it does."""
    from web.filled import browser

    from calloff.web.brokerage.models import CallOff

    rival, broker = browser(world.manager(RIVAL)), browser(world.broker)
    placed = CallOff.objects.select_related("package").latest("pk")
    seen = _said(rival.get(f"/provider/packages/{placed.token}"))
    tally.expect(PERSON in seen, "the winner does not see the person")
    seen = _said(broker.get(f"/packages/{placed.package.token}"))
    for secret in (RIVAL, WORDS):
        tally.expect(secret in seen, f"the broker does not see {secret!r}, so nobody would")


# A sealed step


def sealed(tally: Tally, size: int) -> None:
    """The council's people before the deadline: the same bytes, whether everybody has answered or nobody has."""
    from web.provider_portal.two_runs import differing

    one, other = (_staff_of_sealed(size, answered) for answered in (False, True))
    tally.n += len(one)
    found = differing(one, other)
    tally.expect(not found, f"a sealed step: {len(found)} answers differ: {', '.join(found)[:400]}")
    tally.expect(len(one) > 20, f"only {len(one)} answers of a sealed step")
    tally.notes.append(f"{len(one)} answers about a sealed step are the same, answered or not")


def _staff_of_sealed(size: int, answered: bool) -> dict[str, bytes]:
    from django.core import mail
    from django.db import transaction
    from django.utils import timezone
    from web.provider_portal import two_runs as runs

    found: dict[str, bytes] = {}
    try:
        with transaction.atomic(), runs.the_same_outside():
            world = runs.a_sealed_world()
            with mock.patch.object(timezone, "now", lambda: world.at):  # noqa: PT008 (its clock moves)
                for name in ("acorn", "beech"):
                    world.provider(name, 16, quality_score=80)
                    world.manager(name)
                package = world.started()
                for code in _of_staff():
                    world.user(code, code)
                if answered:
                    world.answer(package, "acorn", centipence_per_hour=154_321, message="We are xylophonic.")
                    world.answer(package, "beech", "decline", reason="price")
                world.later(minutes=5)
                world.work()
                found = dict(_pages_of_staff(world, package, size))
                staff = {one.identity.email for name, one in world.users.items() if not name.startswith("manager-")}
                for number, sent in enumerate(one for one in mail.outbox if staff & set(one.recipients())):
                    found[f"e-mail {number}"] = (sent.subject + sent.body).encode()
            raise runs.UndoneError
    except runs.UndoneError:
        pass
    return found


def _of_staff() -> list[str]:
    """The council's roles."""
    from calloff.web.accounts.services import Side, roles

    return [code for code, role in roles().items() if role.side is Side.STAFF and code != "system_admin"]


def _pages_of_staff(world: Any, package: Any, size: int) -> Iterator[tuple[str, bytes]]:
    """Every page and file by every role of the council that may (at the smallest size by one), about this package."""
    from web.doors import listed
    from web.filled import browser
    from web.provider_portal.two_runs import bytes_of
    from web.routes import holders_of

    users = {code: world.user(code, code) for code in _of_staff()}
    # Drawn by no seed, anew in each run.
    drawn = [one.token for one in world.users.values()]
    clients: dict[str, Any] = {}
    invitation = world.invitation(package, "acorn").token
    known = {"token": package.token, "invitation": invitation, "number": 1}
    for route, one in listed():
        names = {name for _before, _converter, name in route.arguments}
        about = route.text.startswith("packages/") and names <= known.keys()
        if "GET" not in one.methods or (route.arguments and not about) or route.name.startswith(OWN_ACCOUNT):
            continue
        for code in [code for code in sorted(holders_of(one.permission)) if code in users][: 1 if size == 1 else None]:
            if code not in clients:
                clients[code] = browser(users[code])
            # The page about living workers tells of this machine.
            if route.name != "health":
                yield f"{code} {route.name}", bytes_of(clients[code].get(route.address(known)), drawn)
