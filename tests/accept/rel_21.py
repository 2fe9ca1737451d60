"""
REL-21: the same request, sent twice, has one effect; another one under the same key is refused.

Programs answer invitations, declare minutes and send delivered visits over the interface itself. Each command comes
again as it was, comes with another body, comes from 2 to 6 processes at the same moment (the same body, or two
different ones under one key), and comes again after the process that did it died at one of its statements. Whatever is
told the first time is told every time, byte for byte, and there is one effect.
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

from accept.contenders import Contenders
from accept.engines import on_each_engine
from accept.rel_08 import DIED, in_child
from accept.state import differing, state
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 4, 1: 200, 2: 1_000}
KINDS = ("at once", "after a crash", "two at once", "again")
MOST = 6
MORNING = datetime(2026, 3, 2, 8, tzinfo=UTC)
"""When visits that are sent began."""
MOST_STATEMENTS = 120
"""More than a command has; where it dies later, it is done."""
USED = ("api_token.used_at", "api_token.minute_at", "api_token.uses")
"""That a key was used is no effect of a command."""


def check(size: int) -> Result:
    """So many commands on each engine, each sent in every way."""
    tally = Tally()
    on_each_engine(tally, "rel_21", "repeats", size, SIZES[0])
    return tally.result


def repeats(tally: Tally, size: int) -> None:
    from django.utils import timezone
    from world import made_world

    from calloff.web.audit.services import faults_in_chain

    world = made_world(ask="all_then_rank")
    world.at = timezone.now().replace(microsecond=0)
    world.provider("acorn", 15, 60_000)
    _ = world.broker, world.assessor, world.approver, world.manager("acorn")
    chance = random.Random(21)
    # Whatever is read once a process is read before there are several.
    world.declared("acorn")
    send((a_key(world), "/spare-minutes/x", {}, "first"))
    contenders = Contenders(MOST, send)
    try:
        for number in range(size):
            one_command(tally, world, contenders, chance, KINDS[number % len(KINDS)], f"key-{number}")
    finally:
        contenders.end()
    for council in (0, world.council.pk):
        tally.expect(not list(faults_in_chain(council)), f"the chain of {council} is broken")


def one_command(tally: Tally, world: Any, contenders: Contenders, chance: random.Random, kind: str, key: str) -> None:
    secret = a_key(world)
    (make,) = chance.choices((an_answer, a_declaration, some_visits), (4, 3, 3))
    path, body, other = make(world, chance)
    effects, same = effects_of(path), (secret, path, body, key)
    tally.n += 1
    if kind == "at once":
        found = told(contenders.race([same] * chance.randint(2, MOST)))
    elif kind == "two at once":
        found = two_at_once(tally, contenders, same, other, chance)
    else:
        if kind == "after a crash":
            crash(tally, same, chance)
        found = [told_one(send(same))]
    if kind != "two at once":
        found += [told_one(send(same)) for _ in range(2)]
    tally.expect(len(set(found)) == 1, f"{kind}: the same request was answered in several ways: {sorted(set(found))}")
    tally.expect(all(status in (200, 201) for status, _ in found), f"{kind}: refused: {found[:1]}")
    tally.expect(effects_of(path) == [one + 1 for one in effects], f"{kind}: {effects} became {effects_of(path)}")
    changed = told_one(send((secret, path, third(body), key)))
    tally.expect(changed[0] == 422, f"{kind}: another body under the key was answered {changed}")
    tally.expect(effects_of(path) == [one + 1 for one in effects], f"{kind}: another body under the key had an effect")


def third(body: Any) -> Any:
    """A body that nobody sent under this key."""
    if "pools" in body:
        return {"pools": [{"number": 0, "minutes_per_week": 77}]}
    if "rows" in body:
        return visits_told(body["council"], [visit_told("V-THIRD", 77)])
    return {"answer": "decline", "reason": "other"}


def two_at_once(
    tally: Tally, contenders: Contenders, same: tuple[Any, ...], other: Any, chance: random.Random
) -> list[tuple[int, str]]:
    """Two different bodies under one key at the same moment: the answers to the one that was first."""
    secret, path, _body, key = same
    tasks = [same, (secret, path, other, key)] * (MOST // 2)
    chance.shuffle(tasks)
    answers = told(contenders.race(tasks))
    taken = [answer for answer in answers if answer[0] in (200, 201)]
    bodies = {json.dumps(task[2]) for task, answer in zip(tasks, answers, strict=True) if answer[0] in (200, 201)}
    tally.expect(len(taken) == MOST // 2, f"two at once: {len(taken)} of {MOST} were taken")
    tally.expect(len(bodies) == 1, "two at once: both bodies were taken under one key")
    tally.expect(all(answer[0] == 422 for answer in answers if answer not in taken), f"two at once: {answers}")
    return taken


def crash(tally: Tally, same: tuple[Any, ...], chance: random.Random) -> None:
    """
    The process that does a command dies at one of its statements: nothing of it is there.

    Where it got through before it came so far, it is done, and what is sent again must find that.
    """
    before, statement = state(without=USED), chance.randint(1, MOST_STATEMENTS)
    code = in_child(lambda: send(same), statement)
    if code not in (0, DIED):
        tally.fault(f"after a crash: exit code {code} before statement {statement}")
    left = differing(before, state(without=USED)) if code == DIED else []
    tally.expect(not left, f"after a crash at statement {statement}: left behind {', '.join(left)}")


def send(task: tuple[Any, ...]) -> str:
    """A program sends a command; its answer as text."""
    from django.test import Client

    secret, path, body, key = task
    answer = Client(SERVER_NAME="127.0.0.1").post(
        f"/api/v1{path}",
        json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": key},
    )
    return json.dumps([answer.status_code, answer.content.decode()])


def told_one(text: str) -> tuple[int, str]:
    status, content = json.loads(text)
    return status, content


def told(found: list[tuple[str, str]]) -> list[tuple[int, str]]:
    """What each contender was answered; an error of its own is no answer."""
    return [told_one(text) if kind == "done" else (0, f"{kind}: {text}") for kind, text in found]


def a_key(world: Any) -> str:
    """A new key of acorn's manager, so that none is used too often in a minute."""
    from calloff.web.api.services.tokens import make_token

    branch, manager = world.branch("acorn"), world.manager("acorn")
    secret: str = make_token(branch=branch, name="Rostering", days=30, by=manager, at=world.at)[1]
    return secret


def an_answer(world: Any, chance: random.Random) -> tuple[str, Any, Any]:
    own = world.invitation(world.started(), "acorn")
    bodies = [
        {"answer": "accept"},
        {"answer": "accept", "message": "from Monday on"},
        {"answer": "part", "visits": [{"number": chance.randint(0, 6)}]},
    ]
    body, other = chance.sample(bodies, 2)
    return f"/invitations/{own.token}/answer", body, other


def a_declaration(world: Any, chance: random.Random) -> tuple[str, Any, Any]:
    minutes = chance.randint(1_000, 50_000)
    body, other = ({"pools": [{"number": 0, "minutes_per_week": minutes + more}]} for more in (0, 30))
    return f"/spare-minutes/{world.declared('acorn').token}", body, other


def some_visits(world: Any, chance: random.Random) -> tuple[str, Any, Any]:
    """Rows of somebody nobody knows: they are taken and parked, each file with its receipt."""
    name = f"V-{chance.getrandbits(64):x}"
    lengths = [chance.randint(15, 60) for _ in range(chance.randint(1, 5))]
    body, other = (
        visits_told(world.council.code, [visit_told(f"{name}-{n}", one + more) for n, one in enumerate(lengths)])
        for more in (0, 1)
    )
    return "/visit-files", body, other


def visits_told(council: str, rows: list[dict[str, str]]) -> Any:
    minutes = sum((datetime.fromisoformat(one["left"]) - MORNING) // timedelta(minutes=1) for one in rows)
    return {"council": council, "rows": rows, "total": {"rows": len(rows), "minutes": minutes}}


def visit_told(name: str, minutes: int) -> dict[str, str]:
    left = (MORNING + timedelta(minutes=minutes)).isoformat()
    more = {"contract": "acorn", "person": "P-NOBODY", "worker": "W1", "version": "2026-03-02T21:00:00+00:00"}
    return {"row": name, "came": MORNING.isoformat(), "left": left, **more}


def effects_of(path: str) -> list[int]:
    """How many answers, declarations or files there are, events of them, and keys that are kept."""
    from calloff.web.audit.models import Event
    from calloff.web.brokerage.models import Offer, Repeat
    from calloff.web.contracts.models import Declaration
    from calloff.web.visits.models import VisitFile

    rows: Any
    rows, kind = {"spare-minutes": (Declaration, "spare_declared"), "visit-files": (VisitFile, "visits_received")}.get(
        path.split("/")[1], (Offer, "answered")
    )
    return [rows.objects.count(), Event.objects.filter(kind=kind).count(), Repeat.objects.count()]
