"""
REL-01: brokers who call the same package off at once: one of them does, the others learn who.

For each race a package has an offer, and 2 to 50 processes confirm what they were shown at the same moment. Exactly one
call-off may come of it, and every loser must be told who was first.
"""

from __future__ import annotations

import random
from typing import Any

from accept.contenders import Contenders
from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 4, 1: 300, 2: 5_000}
MOST = 50
OFTEN_AT_MOST = 8
"""Every tenth race has 50 contenders, the others 2 to 8."""


def check(size: int) -> Result:
    """So many races on each engine."""
    tally = Tally()
    on_each_engine(tally, "rel_01", "races", size, SIZES[0])
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
    from calloff.web.brokerage.models import CallOff, PlacedVisit
    from calloff.web.brokerage.services.confirming import proposal

    package = world.started()
    world.answer(package, "acorn")
    shown = proposal(world.again(package), world.at)
    assert shown is not None
    found = contenders.race([(package.pk, shown.hash, broker, world.at) for broker in brokers])
    tally.n += 1
    winners = [text for kind, text in found if kind == "done"]
    made = CallOff.objects.filter(package=package).select_related("confirmed_by__identity")
    tally.expect(len(winners) == 1 and made.count() == 1, f"{len(winners)} were told that they called off: {found}")
    tally.expect(
        PlacedVisit.objects.filter(package=package, live=True).count() == len(shown.desk.facts.visits),
        "a visit is placed twice, or not at all",
    )
    first = made[0].confirmed_by.identity.name if made else "nobody"
    for kind, text in found:
        plain = kind == "AlreadyCalledOffError" and f"by {first}" in text
        tally.expect(kind == "done" or plain, f"a loser was told {kind}: {text}")


def confirm(task: tuple[int, str, int, Any]) -> str:
    """One broker confirms."""
    from calloff.web.accounts.models import User
    from calloff.web.brokerage.models import Package
    from calloff.web.brokerage.services.confirming import confirm_call_off

    package, shown, by, at = task
    confirm_call_off(package=Package.objects.get(pk=package), shown=shown, by=User.objects.get(pk=by), at=at)
    return str(by)
