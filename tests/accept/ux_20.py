"""
UX-20: no package waits without an owner and a next act, and what is overdue is seen without filtering.

Councils are driven at random: packages approved, asked for, answered, held, withdrawn, called off, begun, given back
and handed over, while time goes by. After every act each open package must have an owner, or the moment by which the
duty team gives it one, and a next act with its moment wherever one is to be done; the broker's first page must begin
with what is overdue, marked so, and the queue must hold every open package that needs somebody, exactly once.
"""

from __future__ import annotations

import random
import re
from datetime import timedelta
from typing import Any

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 60, 1: 1000, 2: 5000}
"""So many acts on each engine."""
LOOK_EVERY = 10


def check(size: int) -> Result:
    """So many acts of a random council."""
    tally = Tally()
    on_each_engine(tally, "ux_20", "random_council", size, SIZES[0])
    return tally.result


def random_council(tally: Tally, size: int) -> None:
    from web.filled_world import filled_world

    filled = filled_world()
    clients = {role: filled.client(role) for role in ("broker", "senior_broker")}
    draw, done = random.Random(20), dict.fromkeys(ACTS, 0)
    owned_by_nobody_is_told(tally, filled.world)
    for number in range(size):
        name = draw.choice(list(ACTS))
        done[name] += ACTS[name](filled.world, draw)
        owned_by_nobody_is_told(tally, filled.world)
        if number % LOOK_EVERY == 0:
            for role, client in clients.items():
                seen_in_queue(tally, client, role)
    tally.expect(all(done.values()), f"never done: {', '.join(name for name, count in done.items() if not count)}")
    tally.notes.append(", ".join(f"{count} {name}" for name, count in done.items()))


# What people do


def _some(draw: random.Random, **which: Any) -> Any:
    from calloff.web.brokerage.models import Package

    rows = list(Package.objects.filter(**which).order_by("pk").select_related("council", "model_version"))
    return draw.choice(rows) if rows else None


def _approve(world: Any, draw: random.Random) -> bool:
    world.package(priority=draw.randint(1, 6))
    return True


def _start(world: Any, draw: random.Random) -> bool:
    from calloff.web.brokerage.services.sourcing import start_step

    package = _some(draw, next_action="start_step")
    if package is not None:
        start_step(package=package, by=world.broker, at=world.at)
    return package is not None


def _answer(world: Any, draw: random.Random) -> bool:
    from calloff.web.brokerage.models import Invitation
    from calloff.web.brokerage.services.answering import Answer, answer_invitation

    rows = list(Invitation.objects.filter(state=Invitation.OPEN, deadline_at__gt=world.at).select_related("branch"))
    if not rows:
        return False
    row = draw.choice(rows)
    told = Answer("accept") if draw.random() < 0.5 else Answer("decline", reason="no_capacity")
    answer_invitation(invitation=row, answer=told, by=world.manager(row.branch.reference), at=world.at)
    return True


def _confirm(world: Any, draw: random.Random) -> bool:
    package = _some(draw, next_action="confirm")
    if package is not None:
        world.confirm(package)
    return package is not None


def _begin(world: Any, draw: random.Random) -> bool:
    from calloff.web.brokerage.services.living import enter_start

    package = _some(draw, next_action="enter_start")
    call_off = package and package.call_offs.filter(first_visit_on=None, ended_on=None).first()
    if call_off:
        enter_start(call_off=call_off, first_visit_on=world.at.date(), by=world.broker, at=world.at)
    return bool(call_off)


def _hold(world: Any, draw: random.Random) -> bool:
    from calloff.web.brokerage.services.sourcing import hold

    package = _some(draw, state="sourcing", on_hold="")
    if package is not None:
        hold(package=package, reason="other", review_at=world.at + timedelta(hours=5), by=world.broker, at=world.at)
    return package is not None


def _hand_over(world: Any, draw: random.Random) -> bool:
    from calloff.web.accounts.services.rights import permissions_of
    from calloff.web.brokerage.services.sourcing import hand_over

    package = _some(draw, state__in=("sourcing", "called_off"))
    if package is None:
        return False
    rights = permissions_of(world.senior, council_id=world.council.pk)
    to = draw.choice([None, world.broker, world.senior])
    hand_over(packages=[package], to=to, note="", by=world.senior, at=world.at, rights=rights)
    return True


def _withdraw(world: Any, draw: random.Random) -> bool:
    from calloff.web.brokerage.services.sourcing import withdraw

    package = _some(draw, state="sourcing")
    if package is None or package.call_offs.filter(ended_on=None).exists():
        return False
    withdraw(package=package, reason="moved", words="", by=world.broker, at=world.at)
    return True


def _time_goes_by(world: Any, draw: random.Random) -> bool:
    # Pages look at the true clock, so the world's must not pass it.
    world.at += timedelta(seconds=draw.randint(1, 5))
    world.work()
    return True


ACTS = {
    "approved": _approve,
    "asked for": _start,
    "answered": _answer,
    "called off": _confirm,
    "begun": _begin,
    "held": _hold,
    "handed over": _hand_over,
    "withdrawn": _withdraw,
    "seconds gone by": _time_goes_by,
}


# What must hold


def owned_by_nobody_is_told(tally: Tally, world: Any) -> None:
    """Each open package that needs somebody has an owner or the moment of getting one, and a next act with its own."""
    from calloff.web.brokerage.models import Package
    from calloff.web.brokerage.services.columns import NEXT_ACTIONS

    for one in Package.objects.filter(state__in=("sourcing", "called_off")):
        tally.n += 1
        what = f"{one.reference}, {one.state}, {one.next_action}"
        tally.expect(one.next_action in NEXT_ACTIONS and one.next_action != "none", f"{what}: no next act")
        tally.expect(one.next_action_at is not None, f"{what}: no moment of its next act")
        tally.expect(one.owner_id is not None or one.assign_by is not None, f"{what}: nobody's, and no timer runs")


def seen_in_queue(tally: Tally, client: Any, role: str) -> None:
    """The pages of the whole queue, unfiltered: every package that needs somebody once, what is overdue first."""
    from django.utils import timezone

    from calloff.web.brokerage.models import Package

    rows: list[tuple[str, bool]] = []
    page, last = 1, 1
    while page <= last:
        now = timezone.now()
        html = client.get(f"/queue?tab=team&page={page}").content.decode()
        body = html.partition("<tbody")[2].partition("</tbody>")[0]
        for row in re.findall(r"<tr.*?</tr>", body, re.DOTALL):
            said = re.search(r"P-[0-9A-Z]{6}", row)
            rows.append((said[0] if said else "", "overdue" in row or "due now" in row))
        last = max([1, *map(int, re.findall(r"[?&;]page=(\d+)", html))])
        page += 1
    needing = Package.objects.filter(state__in=("sourcing", "called_off", "started")).exclude(next_action="none")
    wanted = dict(needing.values_list("reference", "next_action_at"))
    tally.n += len(wanted)
    names = [name for name, _late in rows]
    for name in sorted({*wanted} - {*names}):
        tally.fault(f"{role}: {name} needs somebody and is not in the queue")
    tally.expect(len(names) == len({*names}), f"{role}: a package stands twice in the queue")
    marked = [late for _name, late in rows]
    tally.expect(marked == sorted(marked, reverse=True), f"{role}: something overdue stands below what is not")
    for name, late in rows:
        tally.expect(late == (wanted[name] <= now) if name in wanted else True, f"{role}: {name} is marked wrongly")
