"""
REL-04: a visit is paid once, however often and in whatever form its record comes in.

A file, then the same rows doubled, shuffled, split over files, under other keys and corrected, and with rows that
overlap them at the same home; each time two people draft a run at the same moment, and before that whoever prepares
one dies on the way. What is paid for a visit in all is what its last version is worth, and no more.
"""

from __future__ import annotations

import random
import tempfile
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from accept.contenders import Contenders
from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 1, 1: 12, 2: 120}
"""Rounds on each engine, of about 40 visits each."""
OVERLAPPED = 6
"""Over so many rows another one is laid, of the same worker and a few minutes off."""
REKEYED = 8
"""So many rows come under other keys, too; those are never corrected, since both would have to be."""
DEATHS, MOST_STATEMENTS = 3, 60
"""So often whoever prepares a run dies, and at the latest at this statement."""
TO_ON = date(2026, 12, 13)
POUNDS = 19
"""An hour, fixed."""


def check(size: int) -> Result:
    """So many rounds on each engine."""
    tally = Tally()
    on_each_engine(tally, "rel_04", "rounds", size, SIZES[0])
    return tally.result


def rounds(tally: Tally, count: int) -> None:
    from web.paying import Paying, contract_of

    chance = random.Random(4)
    contenders = Contenders(2, draft)
    try:
        with tempfile.TemporaryDirectory() as folder:
            paying = Paying(Path(folder), packages=1, pounds=POUNDS)
            contract = contract_of(paying)
            rows = [replace(row, contract=contract) for row in paying.delivered()]
            at = paying.at
            paying.send(rows, "first.csv", at=at)
            pay_at_once(tally, paying, contenders, at)
            for number in range(count):
                at += timedelta(days=1)
                worth = worths()
                for place, some in enumerate(copies(chance, rows, at)):
                    paying.send(some, f"copy-{number}-{place}.csv", at=at)
                tally.expect(worths() == worth, "a copy of what was sent changed what a visit is worth")
                rows = corrected(chance, rows, at)
                paying.send(rows, f"corrected-{number}.csv", at=at)
                paying.send(overlapping(chance, rows, at), f"overlapping-{number}.csv", at=at)
                no_visit_is_worth_two(tally)
                die_preparing(tally, paying, chance, at)
                pay_at_once(tally, paying, contenders, at)
                compare(tally)
    finally:
        contenders.end()


def copies(chance: random.Random, rows: list[Any], at: datetime) -> list[list[Any]]:
    """The same rows again: doubled and shuffled, cut in two, and some under keys of another kind."""
    doubled = [*rows, *rows]
    chance.shuffle(doubled)
    cut = chance.randrange(1, len(rows))
    rekeyed = [replace(row, row=f"OTHER-{at:%d%H}-{number}") for number, row in enumerate(rows[:REKEYED])]
    return [doubled, rows[cut:], rows[:cut], rekeyed]


def corrected(chance: random.Random, rows: list[Any], at: datetime) -> list[Any]:
    """Some rows a few minutes longer or shorter, under a later version."""
    from calloff.formats.delivered_visits import LoggedAt

    found = []
    for place, row in enumerate(rows):
        if place >= REKEYED and chance.random() < 0.5:
            left = max(
                row.came.at + timedelta(minutes=1), row.left.at + timedelta(minutes=chance.choice((-3, -2, -1, 1, 2)))
            )
            row = replace(row, version=at, left=LoggedAt(left))
        found.append(row)
    return found


def overlapping(chance: random.Random, rows: list[Any], at: datetime) -> list[Any]:
    """Rows of a name of their own that lie over others: the same worker with the same person, a few minutes off."""
    from calloff.formats.delivered_visits import LoggedAt

    found = []
    for number, row in enumerate(chance.sample(rows, OVERLAPPED)):
        shift = timedelta(minutes=chance.randint(-10, 10))
        came, left = (LoggedAt(one.at + shift) for one in (row.came, row.left))
        found.append(replace(row, row=f"OVER-{at:%d%H}-{number}", version=at, came=came, left=left))
    return found


def no_visit_is_worth_two(tally: Tally) -> None:
    """Each visit is worth what it was planned for, at POUNDS an hour for each of its workers, or less."""
    from calloff.web.visits.models import PlannedVisit

    planned = {one.reference: one.minutes * one.workers for one in PlannedVisit.objects.filter(superseded_at=None)}
    worth: dict[str, int] = {}
    for (anchor, _component), pence in worths().items():
        worth[anchor] = worth.get(anchor, 0) + pence
    for anchor, pence in worth.items():
        most = planned.get(anchor, 0) * POUNDS * 100 // 60
        tally.expect(pence <= most, f"{anchor} is worth {pence} pence, more than the {most} it was planned for")


def die_preparing(tally: Tally, paying: Any, chance: random.Random, at: datetime) -> None:
    """Whoever prepares a run dies at one of its statements, thrice: it is drafted with all its lines, or has none."""
    from accept.rel_08 import DIED, in_child

    from calloff.web.payments.models import PayRun
    from calloff.web.payments.services import runs

    run = runs.start(council=paying.world.council, to_on=TO_ON, by=paying.payer, at=at)
    whole: int | None = None
    number = run.pk
    for _ in range(DEATHS):
        code = in_child(lambda: runs.prepare(PayRun.objects.get(pk=number), at), chance.randint(1, MOST_STATEMENTS))
        run = PayRun.objects.get(pk=run.pk)
        tally.expect(code in (0, DIED), f"preparing a run broke off with exit code {code}")
        count = run.lines.count()
        tally.expect((count > 0) == (run.state == PayRun.DRAFT), f"a run that is {run.state} has {count} lines")
        tally.expect(whole in (None, 0, count), f"a drafted run had {whole} lines and has {count}")
        whole = count
    if run.state in PayRun.OPEN:
        runs.drop(run=run, by=paying.payer, at=at)


def pay_at_once(tally: Tally, paying: Any, contenders: Contenders, at: datetime) -> None:
    """Two people draft a run at once; the one run there is, is approved twice over and released."""
    from calloff.web.payments.models import PayRun
    from calloff.web.payments.services import runs

    second = paying.world.user("payer-2", "finance_payer")
    found = contenders.race([(paying.world.council.pk, by.pk, at) for by in (paying.payer, second)])
    kinds = sorted(kind for kind, _ in found)
    tally.expect(kinds == ["PayRunError", "done"], f"two drafts at once: {found}")
    run = PayRun.objects.filter(state=PayRun.DRAFT).first()
    if run is None:
        tally.fault("no run was drafted")
        return
    runs.approve(run=run, shown_pence=runs.total(run), by=paying.approver, at=at)
    try:
        runs.approve(run=run, shown_pence=runs.total(run), by=paying.approver, at=at)
        tally.fault("a run was approved twice")
    except runs.PayRunError:
        pass
    runs.release(run=PayRun.objects.get(pk=run.pk), by=paying.payer, at=at)


def draft(task: tuple[int, int, Any]) -> str:
    """One person drafts a run."""
    from calloff.web.accounts.models import User
    from calloff.web.directory.models import Council
    from calloff.web.payments.services import runs

    council, by, at = task
    run = runs.draft(council=Council.objects.get(pk=council), to_on=TO_ON, by=User.objects.get(pk=by), at=at)
    return f"PAY-{run.number}"


def worths() -> dict[tuple[str, str], int]:
    """What the last version of each visit is worth."""
    from calloff.web.payments.models import Entitlement

    return {(one.anchor, one.component): one.pence for one in Entitlement.objects.order_by("number")}


def compare(tally: Tally) -> None:
    """What was paid for each visit in all, against what its last version is worth."""
    from calloff.web.payments.models import PayLine

    paid: dict[tuple[str, str], int] = {}
    for line in PayLine.objects.select_related("entitlement"):
        key = (line.entitlement.anchor, line.entitlement.component)
        paid[key] = paid.get(key, 0) + line.pence
    for key, pence in worths().items():
        tally.n += 1
        tally.expect(paid.get(key, 0) == pence, f"{key[0]} was paid {paid.get(key, 0)} pence and is worth {pence}")
