"""
SEC-02: every page with an id, asked for by those whom it does not concern.

Each address with an id, of a thing that is there, by each of seven actors: whoever it belongs to, another council's
person with the same role, another provider's person, nobody, somebody whose role has ended, somebody whose account is
closed, and a program of another provider. A foreign id is not found, by the very same answer as an id that never was;
nothing is changed and nobody's name is told.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from accept.engines import on_each_engine
from accept.state import differing, state
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 1, 1: 4, 2: 40}
"""So many sets of ids for each address; at the smallest size for one role each, else for each that may."""
PERSON = "Zyxwina Quibblethwaite"
OWNER, ABROAD, RIVAL, NOBODY, LEFT, CLOSED, PROGRAM = (
    "its own people",
    "another council",
    "another provider",
    "nobody",
    "somebody whose role has ended",
    "somebody whose account is closed",
    "another provider's program",
)
OF_NO_COUNCIL = ("provider", "saved_form")
"""The register of providers belongs to no council; what somebody types is kept under their own name."""
COMMANDS = {
    "api_answer": {"answer": "decline", "reason": "no_capacity"},
    "api_declare": {"pools": [{"number": 0, "minutes_per_week": 1}]},
}
"""What a program sends, so that nothing but the id is wrong."""
OF_LOOKING = ("accounts_user.last_login", "api_token.uses", "api_token.minute_at", "api_token.used_at")
SIGNED = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]+"')


def check(size: int) -> Result:
    """So many sets of ids on each engine."""
    tally = Tally()
    on_each_engine(tally, "sec_02", "ids", size, SIZES[0])
    return tally.result


def ids(tally: Tally, size: int) -> None:
    from web.doors import listed
    from web.filled_world import filled_world

    filled = filled_world(person=PERSON)
    actors = Actors(filled)
    asked, met = Counter[str](), Counter[str]()
    for route, one in listed():
        # Everybody is there before anything is asked for, so that what changes afterwards was changed by an answer.
        list(actors.at(route, one, everybody=size > SIZES[0]))
    before = state(OF_LOOKING)
    for route, one in listed():
        if not route.arguments:
            continue
        for values in filled.values_of(route)[:size]:
            for actor, client in actors.at(route, one, everybody=size > SIZES[0]):
                for method in one.methods:
                    if actor == OWNER and method != "GET":
                        continue
                    tally.n += 1
                    body = json.dumps(COMMANDS.get(route.name, {})) if method == "POST" else ""
                    kind = "application/json" if actor == PROGRAM else "application/octet-stream"
                    address = route.address(values)
                    answer = client.generic(method, address, body, content_type=kind, **actors.headers(actor))
                    fault = _fault(actor, route.name, answer, method)
                    asked[actor] += 1
                    met[route.name] += actor == OWNER and answer.status_code != 404
                    tally.expect(not fault, f"{method} {route.name}, {actor}: {fault}")
                    if actor in (ABROAD, RIVAL) and method == "GET" and answer.status_code == 404:
                        never = client.get(route.address({name: _never(value) for name, value in values.items()}))
                        tally.expect(_bare(never) == _bare(answer), f"{route.name}: {actor} can tell that it is there")
    changed = differing(before, state(OF_LOOKING))
    tally.expect(not changed, f"strangers changed {', '.join(changed)}")
    tally.expect(sum(1 for count in met.values() if count) * 2 > len(met), "most things were not there for their own")
    tally.notes.append(", ".join(f"{count} by {actor}" for actor, count in asked.items()))


class Actors:
    """Who knocks, each in a browser of their own."""

    def __init__(self, filled: Any) -> None:
        from web.api.programs import program_of

        self.filled = filled
        self.world = filled.world
        self.clients: dict[tuple[str, str], Any] = {}
        self.abroad = _another_council(self.world)
        self.key = program_of(self.world, "beech").headers["Authorization"]

    def headers(self, actor: str) -> dict[str, str]:
        """What is sent with a request: a program shows its key."""
        return {"HTTP_AUTHORIZATION": self.key, "HTTP_IDEMPOTENCY_KEY": "a-key"} if actor == PROGRAM else {}

    def at(self, route: Any, one: Any, *, everybody: bool) -> Iterator[tuple[str, Any]]:
        """Who knocks at a door."""
        from calloff.web.accounts.services import Side, roles

        if route.name.startswith("api_"):
            yield from ((NOBODY, self._client(NOBODY, "")), (PROGRAM, self._client(NOBODY, "")))
            return
        if one.permission in ("public", "signed_in"):
            return
        yield NOBODY, self._client(NOBODY, "")
        may = [code for code, role in roles().items() if one.permission in role.permissions and code != "system_admin"]
        for code in sorted(may)[: None if everybody else 1]:
            yield OWNER, self._client(OWNER, code)
            stranger = ABROAD if roles()[code].side is Side.STAFF else RIVAL
            yield from ((actor, self._client(actor, code)) for actor in (stranger, LEFT, CLOSED))

    def _client(self, actor: str, code: str) -> Any:
        from web.filled import browser

        if (actor, code) not in self.clients:
            self.clients[actor, code] = browser(None if actor == NOBODY else self._user(actor, code))
        return self.clients[actor, code]

    def _user(self, actor: str, code: str) -> Any:
        """Somebody with a role, made for this actor alone."""
        from calloff.web.accounts.models import Identity, RoleHeld, User
        from calloff.web.accounts.services import Side, roles

        if actor == OWNER:
            return self.filled.users[code]
        name = f"{actor}-{code}"
        user = User.objects.create(name=name, identity=Identity.objects.create(name="Somebody", email=f"{code}@x.org"))
        staff = roles()[code].side is Side.STAFF
        council = self.abroad if actor == ABROAD else self.world.council
        branch = self.world.branch("beech" if actor == RIVAL else "acorn")
        today = self.world.at.date()
        RoleHeld.objects.create(
            user=user,
            role=code,
            council_id=council.pk if staff else None,
            branch_id=None if staff else branch.pk,
            from_on=today - timedelta(days=400),
            to_on=today - timedelta(days=2) if actor == LEFT else None,
            granted_at=self.world.at,
        )
        if actor == CLOSED:
            # The session was there first, and is used once more.
            User.objects.filter(pk=user.pk).update(is_active=False)
        return user


def _another_council(world: Any) -> Any:
    from calloff.web.directory.models import Council

    return Council.objects.create(code="otherside", name="Otherside Council", nation="england", seed="another seed")


def _never(value: object) -> object:
    """An id of the same form that no thing has."""
    return 9_999 if isinstance(value, int) else "2" * len(str(value))


def _bare(answer: Any) -> tuple[int, bytes]:
    content: bytes = SIGNED.sub(b"", answer.content)
    return answer.status_code, content


def _fault(actor: str, name: str, answer: Any, method: str) -> str:
    """What is wrong with an answer to this actor."""
    status = answer.status_code
    content = answer.getvalue() if answer.streaming else answer.content
    if status >= 500:
        return f"the page broke: {status}"
    if actor == OWNER:
        return f"{status} for whoever may" if status in (401, 403) else ""
    if PERSON.encode() in content or b"Quibblethwaite" in content:
        return f"the person's name is told ({status})"
    if actor in (NOBODY, CLOSED):
        # Whoever is not signed in is led to the door before anything is looked for.
        led = status == 302 and answer["Location"].startswith("/sign-in/")
        return "" if led or status in (401, 405) else f"{status} without signing in"
    if actor == LEFT:
        return "" if status in (302, 403) and not answer.get("Location", "").startswith("/pro") else f"{status}"
    if name in OF_NO_COUNCIL:
        return ""
    return "" if status == 404 else f"{status} for a foreign id"
