"""
REL-10: every job, run twice or by two workers at once, has the effect of one.

For each kind of job that the system knows, one is made as the system makes it. Its effect when it is done once is the
state that its second run, and two runs at the same moment, must leave as it is.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from accept.contenders import Contenders
from accept.engines import on_each_engine
from accept.state import differing, state
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 1, 1: 5, 2: 50}


def check(size: int) -> Result:
    """Each kind of job so many times, on each engine."""
    tally = Tally()
    on_each_engine(tally, "rel_10", "twice", size, SIZES[0])
    return tally.result


def twice(tally: Tally, size: int) -> None:
    from world import made_world

    from calloff.web.jobs import services as jobs

    world = made_world()
    world.provider("acorn", 15, 6_000_000)
    world.provider("beech", 16, 60_000)
    _ = world.broker, world.assessor, world.approver, world.manager("acorn"), world.manager("beech")
    made = makers(world)
    for kind in jobs.kinds():
        if kind not in made:
            tally.fault(f"nobody looks at jobs of the kind {kind}")
    contenders = Contenders(2, do)
    try:
        for _ in range(size):
            for kind, make in made.items():
                one_kind(tally, world, contenders, kind, make())
    finally:
        contenders.end()


def one_kind(tally: Tally, world: Any, contenders: Contenders, kind: str, data: dict[str, Any]) -> None:
    """Two workers at once, then a third time: the state after the first must not move."""
    before = state()
    task = (kind, world.council.pk, json.dumps(data), world.at)
    found = contenders.race([task, task])
    once = state()
    tally.n += 1
    tally.expect(bool(differing(before, once)), f"{kind} had no effect at all")
    tally.expect(all(what == "done" for what, _ in found), f"{kind}, twice at once: {found}")
    effects(tally, kind)
    do(task)
    tally.expect(not differing(once, state()), f"{kind}, again, changed {', '.join(differing(once, state()))}")


def effects(tally: Tally, kind: str) -> None:
    """What no job may do twice: an event that opens a step, an invitation that lives, a chain that breaks."""
    from django.db.models import Count

    from calloff.web.audit.services import faults_in_chain
    from calloff.web.brokerage.models import Invitation

    twice_out = Invitation.objects.filter(state="open").values("package", "enrolment").annotate(n=Count("pk"))
    tally.expect(not twice_out.filter(n__gt=1).exists(), f"{kind} invited somebody twice")
    for council in (0, 1):
        tally.expect(not list(faults_in_chain(council)), f"{kind} broke the chain")


def do(task: tuple[str, int, str, Any]) -> str:
    """What a worker does with a job, its lease apart."""
    from calloff.web.jobs import services as jobs

    kind, council, data, at = task
    jobs._handlers[kind](jobs.Task(council, "key", json.loads(data)), at)
    return "did it"


def makers(world: Any) -> dict[str, Any]:
    """By kind: what makes a job of it due, and its data."""
    from calloff.web.brokerage.services.living import end_package
    from calloff.web.brokerage.services.sourcing import start_step
    from calloff.web.contracts.models import Pool
    from calloff.web.jobs.models import Notice

    def advance() -> dict[str, Any]:
        package = world.started()
        world.answer(package, "acorn", "decline", reason="no_capacity")
        return {"package": package.pk}

    def reopen() -> dict[str, Any]:
        enrolment = world.declared("acorn")
        pool = Pool.objects.get(enrolment=enrolment)
        Pool.objects.filter(pk=pool.pk).update(declared=pool.used + pool.held + 210)
        Pool.objects.exclude(enrolment=enrolment).update(declared_at=world.at - timedelta(days=60))
        first = world.started()
        world.answer(first, "acorn")
        world.confirm(first)
        waiting = world.package()
        type(waiting).objects.filter(pk=waiting.pk).update(step_started=True)
        end_package(package=first, last_day_on=world.at.date(), reason="moved", by=world.broker, at=world.at)
        Pool.objects.exclude(enrolment=enrolment).update(declared_at=world.at)
        return {"enrolment": enrolment.pk}

    def email() -> dict[str, Any]:
        package = world.package()
        start_step(package=package, by=world.broker, at=world.at)
        return {"notice": Notice.objects.filter(package=package.reference).latest("pk").pk}

    return {"advance": advance, "reopen": reopen, "email": email}
