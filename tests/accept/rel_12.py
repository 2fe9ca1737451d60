"""
REL-12: late and corrected visit files become adjustments that come to the penny.

Part of two weeks is sent and paid; then, round after round, what comes late and what is corrected or taken back, each
round followed by a run. What was paid before is never changed, and the sum of all runs is that of one fresh pricing of
the final facts.
"""

from __future__ import annotations

import random
import tempfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 40, 1: 300, 2: 1_000}
"""Late or corrected rows on each engine."""
TO_ON = date(2026, 12, 13)
A_ROUND = 20


def check(size: int) -> Result:
    """So many late or corrected rows on each engine."""
    tally = Tally()
    on_each_engine(tally, "rel_12", "late", size, SIZES[0])
    return tally.result


def late(tally: Tally, count: int) -> None:
    from web.paying import Paying

    chance = random.Random(12)
    with tempfile.TemporaryDirectory() as folder:
        paying = Paying(Path(folder), packages=2 if count > SIZES[0] else 1)
        rows = paying.delivered()
        chance.shuffle(rows)
        waiting, rows = rows[: len(rows) // 5], rows[len(rows) // 5 :]
        at = paying.at
        paying.send(rows, "first.csv", at=at)
        paying.pay(at)
        done = 0
        while done < count:
            at += timedelta(days=1)
            kept = paid_lines()
            some = [waiting.pop() for _ in range(min(len(waiting), 4))]
            changed = {row.row: one_corrected(chance, row, at) for row in chance.sample(rows, A_ROUND - len(some))}
            rows = [changed.get(row.row, row) for row in rows] + some
            paying.send([*some, *changed.values()], f"late-{done}.csv", at=at)
            run(paying, at)
            done += A_ROUND
            tally.n += A_ROUND
            now = paid_lines()
            tally.expect(all(now[key] == pence for key, pence in kept.items()), "a line that was paid has changed")
            compare(tally, paying, at)


def one_corrected(chance: random.Random, row: Any, at: Any) -> Any:
    """A row again under a later version: longer, shorter, another time of coming, or nobody let in."""
    from calloff.formats.delivered_visits import LoggedAt

    roll = chance.random()
    if roll < 0.1:
        return replace(row, version=at, met="no_access")
    came = row.came.at + timedelta(minutes=chance.randint(-3, 3))
    left = max(came + timedelta(minutes=1), row.left.at + timedelta(minutes=chance.randint(-9, 9)))
    return replace(row, version=at, came=LoggedAt(came), left=LoggedAt(left), met="let_in")


def run(paying: Any, at: Any) -> None:
    from calloff.web.payments.services import runs

    try:
        made = runs.draft(council=paying.world.council, to_on=TO_ON, by=paying.payer, at=at)
    except runs.PayRunError as nothing:
        if "Nothing is new" not in str(nothing):
            raise
        return
    runs.approve(run=made, shown_pence=runs.total(made), by=paying.approver, at=at)
    runs.release(run=made, by=paying.payer, at=at)


def paid_lines() -> dict[int, int]:
    from calloff.web.payments.models import PayLine

    return dict(PayLine.objects.values_list("pk", "pence"))


def compare(tally: Tally, paying: Any, at: Any) -> None:
    """The sum of all runs, and of the ledger, against one fresh pricing of the final facts."""
    from calloff.web.payments.services import ledger
    from calloff.web.payments.services.pay_book import PayBook
    from calloff.web.payments.services.pricing import Weeks, priced

    book, fresh = PayBook(paying.world.council), 0
    for package in paying.packages:
        weeks = Weeks.around([date(2026, 11, 30), TO_ON])
        (found,) = priced(book, [package.person_id], weeks, book.rules, at)
        days = {one.reference: one.on for one in found.planned}
        fresh += sum(one.pence for one in found.paid.visits if days[one.planned.reference] <= TO_ON)
    net = sum(paid_lines().values())
    tally.expect(net == fresh, f"all runs paid {net} pence, a fresh one would pay {fresh}")
    posted = ledger.balances(paying.world.council.pk).get("care_cost", 0)
    tally.expect(posted == fresh, f"the ledger holds {posted} pence of cost, a fresh run {fresh}")
