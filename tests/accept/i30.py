"""
I30: nobody waits unseen: who can no longer work on a package does not own it, whatever died meanwhile.

Brokers own packages and leave: their account is closed, their role is ended at once or on a later day, or it was
granted until a day from the start. The worker is away for some days. Once it is back each of their packages is the duty
team's, with the moment by which somebody takes it, stands among those that are nobody's, and seniors are told when
nobody does. Whoever still may work on packages keeps theirs. That every package has a next act UX-20 sees.
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 5, 1: 100, 2: 1_000}
WAYS = ("closed", "ended", "ends later", "granted until", "stays")
DAYS_AWAY = 9
"""The longest that the worker is away, and later than any role lasts."""


def check(size: int) -> Result:
    """So many brokers who leave, on each engine."""
    tally = Tally()
    on_each_engine(tally, "i30", "leavers", size, SIZES[0])
    return tally.result


def leavers(tally: Tally, size: int) -> None:
    from accept.acts_of_accounts import administrator
    from world import made_world

    world = made_world()
    world.provider("acorn", 15, 6_000_000)
    _ = world.broker, world.senior, world.assessor, world.approver
    admin, chance = administrator(world), random.Random(30)
    for number in range(size):
        one_leaver(tally, world, admin, number, chance)


def one_leaver(tally: Tally, world: Any, admin: Any, number: int, chance: random.Random) -> None:
    from calloff.web.brokerage.models import Package
    from calloff.web.brokerage.services.queue import NOBODYS, Narrowed, queue
    from calloff.web.brokerage.services.sourcing import assign
    from calloff.web.jobs.models import Notice

    way, user = WAYS[number % len(WAYS)], world.user(f"leaver-{number}")
    held = a_role(world, user, admin, way)
    packages = [world.package() for _ in range(chance.randint(1, 3))]
    for package in packages:
        assign(package=package, to=user, by=world.senior, at=world.at)
    if chance.random() < 0.5:
        world.work()
    leave(world, user, held, admin, way)
    world.later(days=chance.randint(3, DAYS_AWAY))
    world.work()
    tally.n += 1
    again = list(Package.objects.filter(pk__in=[one.pk for one in packages]))
    if way == "stays":
        tally.expect(all(one.owner_id == user.pk for one in again), "whoever stays lost a package")
        return
    tally.expect(all(one.owner_id is None for one in again), f"{way}: a package is still owned by who left")
    tally.expect(all(one.assign_by is not None for one in again), f"{way}: nobody must take it by any moment")
    seen = queue(world.council.pk, world.broker, Narrowed(tab=NOBODYS), world.at).filter(pk__in=[p.pk for p in again])
    tally.expect(
        seen.count() == len(again), f"{way}: {len(again) - seen.count()} are not among those that are nobody's"
    )
    world.later(days=4)
    world.work()
    told = set(Notice.objects.filter(kind="nobodys", user=world.senior).values_list("package", flat=True))
    tally.expect(told >= {one.reference for one in again}, f"{way}: no senior was told that nobody took it")


def a_role(world: Any, user: Any, admin: Any, way: str) -> Any:
    """A broker's role; for some with the day on which it ends already."""
    from calloff.web.accounts.services import grant_role

    to_on = (world.at + timedelta(days=2)).date() if way == "granted until" else None
    return grant_role(
        user=user,
        role="broker",
        council_id=world.council.pk,
        from_on=world.at.date(),
        to_on=to_on,
        by=admin,
        at=world.at,
    )


def leave(world: Any, user: Any, held: Any, admin: Any, way: str) -> None:
    from calloff.web.accounts.services import deactivate, end_role

    if way == "closed":
        deactivate(user=user, by=admin, at=world.at)
    elif way in ("ended", "ends later"):
        days = -1 if way == "ended" else 2
        end_role(held=held, last_on=(world.at + timedelta(days=days)).date(), by=admin, at=world.at)
