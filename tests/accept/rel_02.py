"""
REL-02: call-offs of different packages at once never take more of a provider's hours than it has.

Packages are called off unasked to one block, many at once, while there is room for some of them only; now and
then the block's provider lowers what it has in the same moment. What is called off must fit, and what was refused must
be told in plain words, never as a deadlock or a broken constraint.
"""

from __future__ import annotations

import random
from typing import Any

from accept.contenders import Contenders
from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 3, 1: 500, 2: 5_000}
MOST = 8
PLAIN = ("done", "DecisionChangedError", "SpareMinutesError", "AlreadyCalledOffError")


def check(size: int) -> Result:
    """So many races on each engine."""
    tally = Tally()
    on_each_engine(tally, "rel_02", "races", size, SIZES[0])
    return tally.result


def races(tally: Tally, size: int) -> None:
    from world import made_world

    world = made_world(ask="unasked")
    enrolment = world.provider("acorn", 15, 100_000)
    cutter = world.manager("acorn").pk
    broker = world.broker.pk
    chance = random.Random(2)
    contenders = Contenders(MOST, act)
    try:
        for _ in range(size):
            one_race(tally, world, contenders, enrolment.pk, cutter, broker, chance)
    finally:
        contenders.end()


def one_race(
    tally: Tally, world: Any, contenders: Contenders, enrolment: int, cutter: int, broker: int, chance: random.Random
) -> None:
    from django.db.models import Sum

    from calloff.web.brokerage.models import CallOff
    from calloff.web.brokerage.services.confirming import proposal
    from calloff.web.contracts.models import Pool

    count = chance.randint(2, MOST - 1)
    room = chance.randint(1, count)
    pool = Pool.objects.get(enrolment=enrolment)
    Pool.objects.filter(pk=pool.pk).update(declared=pool.used + room * 210, declared_at=world.at)
    shown = []
    for _ in range(count):
        package = world.package()
        found = proposal(world.again(package), world.at)
        if found is not None:
            shown.append((package.pk, found.hash))
    tasks: list[tuple[str, Any]] = [("confirm", (package, digest, broker, world.at)) for package, digest in shown]
    if chance.random() < 0.5:
        tasks.append(("declare", (enrolment, 0, cutter, world.at)))
    before = CallOff.objects.count()
    found = contenders.race(tasks)
    tally.n += 1
    pool = Pool.objects.get(enrolment=enrolment)
    used = CallOff.objects.aggregate(minutes=Sum("minutes_per_week"))["minutes"] or 0
    done = sum(kind == "done" for kind, _ in found[: len(shown)])
    tally.expect(pool.used + pool.held <= pool.declared, f"{pool.used} used of {pool.declared} declared")
    tally.expect(pool.used == used, f"the pool says {pool.used}, the call-offs {used}")
    tally.expect(CallOff.objects.count() - before == done <= room, f"{done} called off where {room} fit")
    for kind, text in found:
        tally.expect(kind in PLAIN, f"somebody was told {kind}: {text}")


def act(task: tuple[str, Any]) -> str:
    """Confirm a call-off, or lower what the provider has to spare."""
    from accept.rel_01 import confirm

    from calloff.web.accounts.models import User
    from calloff.web.contracts.models import Enrolment
    from calloff.web.contracts.services.spare_minutes import declare_spare

    kind, told = task
    if kind == "confirm":
        return confirm(told)
    enrolment, minutes, by, at = told
    declare_spare(enrolment=Enrolment.objects.get(pk=enrolment), spare={0: minutes}, by=User.objects.get(pk=by), at=at)
    return "lowered"
