"""
REL-23: altered, deleted, inserted, reordered or cut-off audit events are all detected.

A chain of some hundred events is tampered with behind the database's back, its triggers taken away, in many ways; each
time the chain must say that something is wrong, and nothing while it is whole. That the whole database was put back to
an earlier day shows only against a checkpoint kept elsewhere.
"""

from __future__ import annotations

import random
from typing import Any

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 24, 1: 100, 2: 500}
WAYS = ("alter data", "alter history", "alter kind", "alter moment", "delete", "insert", "swap", "cut off", "put back")


def check(size: int) -> Result:
    """So many tamperings on each engine."""
    tally = Tally()
    on_each_engine(tally, "rel_23", "tamperings", size, SIZES[0])
    return tally.result


def tamperings(tally: Tally, size: int) -> None:
    from django.db import connection, transaction
    from world import made_world

    from calloff.web.audit.services import faults_in_chain
    from calloff.web.audit.services.triggers import changeable_again

    world = made_world()
    world.provider("acorn", 15, 60_000)
    for _ in range(20):
        package = world.started()
        world.answer(package, "acorn")
        world.confirm(package)
    council = world.council.pk
    tally.expect(not list(faults_in_chain(council)), "the chain has faults before anybody touched it")
    with connection.cursor() as cursor:
        for refused in ("UPDATE audit_event SET kind = 'x'", "DELETE FROM audit_event"):
            tally.n += 1
            tally.expect(is_refused(cursor, refused), f"the database allowed: {refused}")
        for statement in changeable_again("audit_event", connection.vendor):
            cursor.execute(statement)
    chance = random.Random(23)
    for number in range(size):
        way = WAYS[number % len(WAYS)]
        with transaction.atomic():
            checkpoint = tamper(way, council, chance)
            tally.n += 1
            tally.expect(bool(list(faults_in_chain(council, checkpoint))), f"nobody noticed: {way}")
            transaction.set_rollback(True)


def is_refused(cursor: Any, statement: str) -> bool:
    from django.db import DatabaseError, transaction

    try:
        with transaction.atomic():
            cursor.execute(statement)
    except DatabaseError as error:
        return "never changed" in str(error)
    return False


def tamper(way: str, council: int, chance: random.Random) -> tuple[int, str] | None:
    """Do one tampering by plain statements; the checkpoint that was kept elsewhere, where one is needed."""
    from django.db import connection

    from calloff.web.audit.models import Chain

    chain = Chain.objects.get(council=council)
    one, other = sorted(chance.sample(range(1, chain.length + 1), 2))
    where = "WHERE council = %s AND number = %s"
    changes = {
        "alter data": f"UPDATE audit_event SET data = data || ' ' {where}",
        "alter history": f"UPDATE audit_event SET history = '[1]' {where}",
        "alter kind": f"UPDATE audit_event SET kind = 'other' {where}",
        "alter moment": f"UPDATE audit_event SET at = {_a_day_later(connection.vendor)} {where}",
        "delete": f"DELETE FROM audit_event {where}",
    }
    with connection.cursor() as cursor:
        if way in changes:
            cursor.execute(changes[way], (council, one))
        elif way == "insert":
            renumber(cursor, council, one)
        elif way == "swap":
            swap(cursor, council, one, other)
        else:
            return cut_off(cursor, chain, one, way)
    return None


def _a_day_later(vendor: str) -> str:
    return "datetime(at, '+1 day')" if vendor == "sqlite" else "at + interval '1 day'"


def renumber(cursor: Any, council: int, place: int) -> None:
    """Put a copy of an event behind the last one, the chain's length with it."""
    columns = "kind, by_id, at, about, data, history, previous, hash"
    cursor.execute(
        f"INSERT INTO audit_event (council, number, {columns}) SELECT council, "
        f"(SELECT max(number) + 1 FROM audit_event WHERE council = %s), {columns} FROM audit_event "
        "WHERE council = %s AND number = %s",
        (council, council, place),
    )
    cursor.execute("UPDATE audit_chain SET length = length + 1 WHERE council = %s", (council,))


def swap(cursor: Any, council: int, one: int, other: int) -> None:
    """Two events change their places."""
    move = "UPDATE audit_event SET number = %s WHERE council = %s AND number = %s"
    for to, number in ((1_000_000, one), (one, other), (other, 1_000_000)):
        cursor.execute(move, (to, council, number))


def cut_off(cursor: Any, chain: Any, place: int, way: str) -> tuple[int, str] | None:
    """The last events go; with `put back` the chain's end goes with them, as a restored backup has it."""
    from calloff.web.audit.models import Event

    kept = Event.objects.get(council=chain.council, number=place)
    cursor.execute("DELETE FROM audit_event WHERE council = %s AND number > %s", (chain.council, place))
    if way == "cut off":
        return None
    cursor.execute(
        "UPDATE audit_chain SET length = %s, hash = %s WHERE council = %s", (place, kept.hash, chain.council)
    )
    return (chain.length, chain.hash) if place < chain.length else (chain.length + 1, "0" * 64)
