"""
REL-08: each main command, killed at any of its statements, has done all or nothing.

Every service that writes is done in a forked child that ends at once, without a word to the database, at its first
statement, then at its second, and so on until it gets through; after each death the state must be what it was before.
The same where the process lives and a statement fails: the act must say so, and have done nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import islice
from typing import Any

from accept.acts import acts, services
from accept.engines import on_each_engine
from accept.state import differing, state
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 29, 1: 1, 2: 1}
"""At the smallest size every twenty-ninth statement of every third act; else every one of all."""
DIED, BROKE_OFF = 9, 8
FAILS_EVERY = 7
"""At every seventh of these statements one fails as well."""
MOST_STATEMENTS = 2_000


def check(size: int) -> Result:
    """Every act on each engine, ended at every so manieth statement."""
    tally = Tally()
    on_each_engine(tally, "rel_08", "endings", size, SIZES[0])
    return tally.result


def endings(tally: Tally, every: int) -> None:
    from world import made_world

    world = made_world()
    world.provider("acorn", 15, 60_000)
    world.provider("beech", 16, 60_000)
    prepared = acts(world)
    for name in sorted(set(services()) - set(prepared)):
        tally.fault(f"nobody looks at {name}")
    for name, prepare in islice(prepared.items(), 0, None, 3 if every > 1 else 1):
        one_act(tally, name, prepare, every)
    tally.notes.append(f"{len(prepared)} acts, {tally.n} endings")


def one_act(tally: Tally, name: str, prepare: Callable[[], Callable[[], object]], every: int) -> None:
    act = prepare()
    before = state()
    for number in range(1, MOST_STATEMENTS, every):
        code = in_child(act, number)
        tally.n += 1
        if code == 0:
            tally.expect(bool(differing(before, state())), f"{name} got through and changed nothing")
            return
        if code != DIED:
            tally.fault(f"{name} broke off with exit code {code} before statement {number}")
            return
        changed = differing(before, state())
        tally.expect(not changed, f"{name}, ended at statement {number}, left behind: {', '.join(changed)}")
        if number // every % FAILS_EVERY == 0:
            one_failure(tally, name, act, number, before)
    tally.fault(f"{name} has no end")


def one_failure(tally: Tally, name: str, act: Callable[[], object], number: int, before: dict[str, str]) -> None:
    """A statement fails, as when the database is full or gone."""
    code = in_child(act, number, fails=True)
    tally.n += 1
    tally.expect(code == BROKE_OFF, f"{name}, whose statement {number} failed, ended with exit code {code}")
    changed = differing(before, state())
    tally.expect(not changed, f"{name}, whose statement {number} failed, left behind: {', '.join(changed)}")


def in_child(act: Callable[[], object], number: int, *, fails: bool = False) -> int:
    """
    Do the act in a forked child that dies at a statement, or whose statement fails; its exit code.

    0 when it got through, DIED when it died, BROKE_OFF when it said that the database failed.
    """
    from django.db import OperationalError, connections

    # Each process has a connection of its own, and the parent reads anew.
    connections.close_all()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            with dying_at(number, fails):
                act()
            code = 0
        except OperationalError:
            code = BROKE_OFF
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def dying_at(number: int, fails: bool) -> Any:
    """Statements are counted, and the process ends before the one of a number, or that fails; a commit is one too."""
    from django.db import OperationalError, connection

    count = 0

    def end() -> None:
        if fails:
            raise OperationalError("a statement failed")
        os._exit(DIED)

    def counted(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal count
        count += 1
        if count == number:
            end()
        return execute(sql, params, many, context)

    commit = connection._commit

    def dies_at_commit() -> None:
        nonlocal count
        count += 1
        if count == number:
            end()
        commit()

    connection._commit = dies_at_commit
    return connection.execute_wrapper(counted)
