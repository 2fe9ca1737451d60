"""
SEC-19: no act without its token, and reading a page changes nothing.

Every unsafe method at every address, by somebody who may, without the token of the form: refused, with nothing changed.
Then every page is read by somebody who may; the whole state of the database is the same before and after.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from accept.engines import on_each_engine
from accept.state import differing, state
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 1, 1: 3, 2: 30}
"""So many sets of arguments for each address; at the smallest size as one role, else as each that may."""
LAST_SIGNED_IN = ("accounts_user.last_login",)


def check(size: int) -> Result:
    """So many sets of arguments on each engine."""
    tally = Tally()
    on_each_engine(tally, "sec_19", "acts_and_reading", size, SIZES[0])
    return tally.result


def acts_and_reading(tally: Tally, size: int) -> None:
    from web.filled_world import filled_world

    filled = filled_world()
    for role in filled.users:
        # Signing in notes when; it is not what is looked at here.
        filled.client(role)
    without_token(tally, filled, size)
    reading(tally, filled, size)


def tried(filled: Any, size: int, methods: tuple[str, ...], **options: Any) -> Iterator[tuple[str, str, str, Any, str]]:
    """Name, method, role, browser and address, for those who may."""
    from web.doors import listed
    from web.routes import holders_of

    clients: dict[str, Any] = {}
    for route, one in listed():
        holders = sorted(holders_of(one.permission))
        for role in holders[:1] if size == SIZES[0] else holders:
            if role not in clients:
                clients[role] = filled.client(role, raise_request_exception=False, **options)
            for values in filled.values_of(route)[:size]:
                for method in methods:
                    yield route.name, method, role, clients[role], route.address(values)


def without_token(tally: Tally, filled: Any, size: int) -> None:
    from web.routes import UNSAFE, access

    before = state(LAST_SIGNED_IN)
    for name, method, role, client, address in tried(filled, size, UNSAFE, enforce_csrf_checks=True):
        if method not in ("POST", "DELETE") and size == SIZES[0]:
            continue
        tally.n += 1
        status = client.generic(method, address).status_code
        # What an address does not take is refused before its token is looked for; a program's key is no cookie.
        refused = status in (401, 403) or (status == 405 and method not in access()[name].methods)
        tally.expect(refused, f"{method} {name} without a token, as {role}: {status}")
    changed = differing(before, state(LAST_SIGNED_IN))
    tally.expect(not changed, f"forms without a token changed {', '.join(changed)}")


def reading(tally: Tally, filled: Any, size: int) -> None:
    statuses = Counter[int]()
    asked = list(tried(filled, size, ("GET",) if size == SIZES[0] else ("GET", "HEAD", "OPTIONS")))
    before = state(LAST_SIGNED_IN)
    for name, method, role, client, address in asked:
        tally.n += 1
        status = client.generic(method, address).status_code
        statuses[status] += method == "GET"
        tally.expect(status < 500 or name == "health", f"{method} {name}, as {role}, broke: {status}")
    if differing(before, state(LAST_SIGNED_IN)):
        blame(tally, asked)
    tally.expect(statuses[200] * 2 > statuses[404], f"most pages were not there: {dict(statuses)}")
    tally.notes.append(f"pages read, by answer: {dict(sorted(statuses.items()))}")


def blame(tally: Tally, asked: list[tuple[str, str, str, Any, str]]) -> None:
    """Reading changed something: say which page, by reading each once more."""
    found = False
    for name, method, role, client, address in asked:
        before = state(LAST_SIGNED_IN)
        client.generic(method, address)
        if changed := differing(before, state(LAST_SIGNED_IN)):
            found = True
            tally.fault(f"{method} {name}, as {role}, changed {', '.join(changed)}")
    tally.expect(found, "some page changed something the first time that it was read")
