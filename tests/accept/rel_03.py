"""
REL-03: two approvers at once, and approval of one's own work, never pass the limit.

Each race: a request, and at the same moment its own raiser (by a second account too), an approver within the limit and
one beyond it. One approval may come of it, by somebody else than the raiser and within the limit; the others are told
why not. The same for a pay run: its maker, the maker's second account and two approvers at once; it is approved once,
by one of the two, and posted once.
"""

from __future__ import annotations

import random
from typing import Any

from accept.contenders import Contenders
from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 20, 1: 1_000, 2: 5_000}
LIMIT_PENCE = 50_000
PLAIN = ("done", "SamePersonError", "ApprovalNeededError", "RefusedError")
MOST = 5
PAY_EVERY = 50
"""One pay run is raced for so many requests."""


def check(size: int) -> Result:
    """So many races on each engine."""
    tally = Tally()
    on_each_engine(tally, "rel_03", "races", size, SIZES[0])
    on_each_engine(tally, "rel_03", "pay_races", max(1, size // PAY_EVERY), 1)
    return tally.result


def races(tally: Tally, size: int) -> None:
    from world import made_world

    world = made_world()
    world.provider("acorn", 15, 6_000_000)
    twin = world.user("twin", "approver", identity=world.assessor.identity)
    approvers = [world.user(f"approver-{number}", "approver").pk for number in range(3)]
    chance = random.Random(3)
    contenders = Contenders(MOST, approve)
    try:
        for _ in range(size):
            one_race(tally, world, contenders, [world.assessor.pk, twin.pk], approvers, chance)
    finally:
        contenders.end()


def one_race(
    tally: Tally, world: Any, contenders: Contenders, own: list[int], approvers: list[int], chance: random.Random
) -> None:
    from world import EVERY_MORNING

    from calloff.web.brokerage.models import Package, Request
    from calloff.web.brokerage.services.requests import raise_request
    from calloff.web.brokerage.services.wanted import Wanted

    wanted = Wanted(EVERY_MORNING, world.at.date(), 5)
    request = raise_request(council=world.council, person=world.person(), wanted=wanted, by=world.assessor, at=world.at)
    tasks = [(request.pk, by, LIMIT_PENCE, world.at) for by in own]
    tasks += [(request.pk, by, LIMIT_PENCE + chance.randint(-100, 100), world.at) for by in approvers]
    chance.shuffle(tasks)
    found = contenders.race(tasks)
    tally.n += 1
    done = [task for task, (kind, _) in zip(tasks, found, strict=True) if kind == "done"]
    within = [task for task in tasks if task[1] not in own and task[2] <= LIMIT_PENCE]
    request = Request.objects.get(pk=request.pk)
    tally.expect(len(done) == min(1, len(within)), f"{len(done)} approvals of one request: {found}")
    tally.expect(all(task in within for task in done), "approved by the raiser, or above the limit")
    tally.expect(
        Package.objects.filter(request=request).count() == len(done), "another number of packages than of approvals"
    )
    for kind, text in found:
        tally.expect(kind in PLAIN, f"somebody was told {kind}: {text}")


def approve(task: tuple[int, int, int, Any]) -> str:
    """One person approves."""
    from calloff.web.accounts.models import User
    from calloff.web.brokerage.models import Request
    from calloff.web.brokerage.services.approving import approve_request

    request, by, pence, at = task
    approve_request(
        request=Request.objects.get(pk=request),
        pence_per_week_at_most=pence,
        limit_pence=LIMIT_PENCE,
        by=User.objects.get(pk=by),
        at=at,
    )
    return str(by)


def pay_races(tally: Tally, size: int) -> None:
    """A pay run and everybody who would approve it at the same moment; then the next."""
    import tempfile
    from dataclasses import replace
    from datetime import date, timedelta
    from pathlib import Path

    from web.paying import Paying

    from calloff.formats.delivered_visits import LoggedAt
    from calloff.web.payments.models import PayRun, Seal
    from calloff.web.payments.services import runs

    contenders = Contenders(4, approve_pay)
    try:
        with tempfile.TemporaryDirectory() as folder:
            paying = Paying(Path(folder), packages=1)
            rows = paying.delivered()
            twin = paying.world.user("payer-twin", "pay_approver", identity=paying.payer.identity)
            others = [paying.world.user(f"approver-{number}", "pay_approver").pk for number in range(2)]
            for number in range(size):
                at = paying.at + timedelta(days=number)
                # Never the same twice in a row, and never before the worker came.
                fewer = timedelta(minutes=number % 7)
                later = [replace(row, version=at, left=LoggedAt(row.left.at - fewer)) for row in rows]
                paying.send(later, f"visits-{number}.csv", at=at)
                run = runs.draft(council=paying.world.council, to_on=date(2026, 12, 13), by=paying.payer, at=at)
                found = contenders.race([(run.pk, by, at) for by in (paying.payer.pk, twin.pk, *others)])
                tally.n += 1
                run = PayRun.objects.get(pk=run.pk)
                done = sum(kind == "done" for kind, _ in found)
                tally.expect(done == 1, f"{done} approvals of PAY-{run.number}: {found}")
                tally.expect(run.approved_by_id in others, f"PAY-{run.number} was approved by its maker")
                journals = Seal.objects.filter(run=run, kind="approved").count()
                tally.expect(journals == 1, f"PAY-{run.number} was posted {journals} times")
                if run.state == PayRun.APPROVED:
                    runs.release(run=run, by=paying.payer, at=at)
    finally:
        contenders.end()


def approve_pay(task: tuple[int, int, Any]) -> str:
    """One person approves a pay run at the total that is shown."""
    from calloff.web.accounts.models import User
    from calloff.web.payments.models import PayRun
    from calloff.web.payments.services import runs

    run, by, at = task
    found = PayRun.objects.get(pk=run)
    runs.approve(run=found, shown_pence=runs.total(found), by=User.objects.get(pk=by), at=at)
    return str(by)
