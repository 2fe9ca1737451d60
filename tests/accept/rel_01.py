"""
REL-01: brokers who call the same package off at once: one of them does, the others learn who.

For each race a package has an offer, and 2 to 50 processes confirm what they were shown at the same moment. Exactly one
call-off may come of it, and every loser must be told who was first. Some races more are run by browsers against the
website as it is served.
"""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from html import unescape
from threading import Barrier
from typing import Any

from accept.contenders import Contenders
from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 4, 1: 300, 2: 5_000}
OVER_HTTP = {4: 0, 300: 20, 5_000: 300}
"""So many races over HTTP at each size."""
MOST = 50
OFTEN_AT_MOST = 8
"""Every tenth race has 50 contenders, the others 2 to 8."""


def check(size: int) -> Result:
    """So many races on each engine."""
    tally = Tally()
    on_each_engine(tally, "rel_01", "races", size, SIZES[0])
    if OVER_HTTP[size]:
        on_each_engine(tally, "rel_01", "races_over_http", OVER_HTTP[size])
    return tally.result


def races(tally: Tally, size: int) -> None:
    from world import made_world

    world = made_world()
    world.provider("acorn", 15, 6_000_000)
    brokers = [world.user(f"broker-{number}", "broker").pk for number in range(MOST)]
    chance = random.Random(1)
    most = MOST if size >= 10 else OFTEN_AT_MOST
    contenders = Contenders(most, confirm)
    try:
        for number in range(size):
            count = MOST if number % 10 == 9 and most == MOST else chance.randint(2, OFTEN_AT_MOST)
            one_race(tally, world, contenders, brokers[:count])
    finally:
        contenders.end()


def one_race(tally: Tally, world: Any, contenders: Contenders, brokers: list[int]) -> None:
    from calloff.web.brokerage.services.confirming import proposal

    package = world.started()
    world.answer(package, "acorn")
    shown = proposal(world.again(package), world.at)
    assert shown is not None
    found = contenders.race([(package.pk, shown.hash, broker, world.at) for broker in brokers])
    winners = [text for kind, text in found if kind == "done"]
    first = look(tally, package, len(winners), len(shown.desk.facts.visits), str(found))
    for kind, text in found:
        plain = kind == "AlreadyCalledOffError" and f"by {first}" in text
        tally.expect(kind == "done" or plain, f"a loser was told {kind}: {text}")


def look(tally: Tally, package: Any, winners: int, visits: int, told: str) -> str:
    """One race, whose end must be one call-off of all visits; the name of who confirmed it."""
    from calloff.web.brokerage.models import CallOff, PlacedVisit

    tally.n += 1
    made = CallOff.objects.filter(package=package).select_related("confirmed_by__identity")
    tally.expect(winners == 1 and made.count() == 1, f"{winners} were told that they called off: {told}")
    placed = PlacedVisit.objects.filter(package=package, live=True).count()
    tally.expect(placed == visits, f"{placed} of {visits} visits are placed")
    return made[0].confirmed_by.identity.name if made else "nobody"


def confirm(task: tuple[int, str, int, Any]) -> str:
    """One broker confirms."""
    from calloff.web.accounts.models import User
    from calloff.web.brokerage.models import Package
    from calloff.web.brokerage.services.confirming import confirm_call_off

    package, shown, by, at = task
    confirm_call_off(package=Package.objects.get(pk=package), shown=shown, by=User.objects.get(pk=by), at=at)
    return str(by)


# Over HTTP


def races_over_http(tally: Tally, size: int) -> None:
    """The same by browsers: whoever was not first is led back to the package, whose page says who was."""
    from accept.server import Server, session
    from world import made_world

    world = made_world()
    world.at = datetime.now(UTC).replace(microsecond=0)
    world.provider("acorn", 15, 6_000_000)
    sessions = [session(world.user(f"broker-{number}", "broker")) for number in range(OFTEN_AT_MOST)]
    chance, server = random.Random(1), Server()
    server.start()
    try:
        with ThreadPoolExecutor(OFTEN_AT_MOST) as browsers:
            for _ in range(size):
                one_race_over_http(tally, world, server.port, browsers, sessions[: chance.randint(2, OFTEN_AT_MOST)])
    finally:
        server.stop()


def one_race_over_http(tally: Tally, world: Any, port: int, browsers: ThreadPoolExecutor, sessions: list[str]) -> None:
    from accept.server import ask, cookies_of

    from calloff.web.brokerage.services.confirming import proposal

    package = world.started()
    world.answer(package, "acorn")
    shown = proposal(world.again(package), world.at)
    assert shown is not None
    own = f"/packages/{package.token}"
    together = Barrier(len(sessions))

    def browse(one: str) -> tuple[bool, str]:
        cookies = cookies_of(one)
        together.wait(60)
        answer = ask(port, "POST", f"{own}/confirm", cookies, {"decision": shown.hash})
        if answer.status != 302:
            return False, f"status {answer.status}"
        page = ask(port, "GET", answer.location, f"{cookies}; {answer.cookies}")
        return f"Package {package.reference} is called off." in page.text, page.text

    found = list(browsers.map(browse, sessions))
    winners = sum(won for won, _ in found)
    told = "; ".join("won" if won else text[:40] for won, text in found)
    first = look(tally, package, winners, len(shown.desk.facts.visits), told)
    for won, text in found:
        tally.expect(won or f"by {first} at" in unescape(text), f"a loser was not told that {first} was first")
