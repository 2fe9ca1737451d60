"""
REL-06: one altered row anywhere stops the next pay run.

A council with two paid runs, a joint package, charges, a part-payment, a payment that came back and an overpayment that
is paid back. Then, one at a time and behind the database's back, one value of one row is altered or one row deleted.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 24, 1: 100, 2: 200}
"""Corruptions on each engine."""
EVERY = 12
"""Of so many one is also held against a run."""
GONE = "gone"
HARMS = (
    ("posting", "pence", "pence + 1"),
    ("posting", "pence", "-pence"),
    ("posting", "account", "'accruals'"),
    ("posting", "enrolment_id", "NULL"),
    ("posting", "cost_centre", "'OTHER'"),
    ("posting", "funder", "'somebody'"),
    ("posting", "journal", "journal || 'x'"),
    ("posting", GONE, ""),
    ("seal", "lines", "lines + 1"),
    ("seal", "journal", "journal || 'x'"),
    ("seal", "hash", "'0'"),
    ("seal", GONE, ""),
    ("payline", "pence", "pence + 1"),
    ("payline", GONE, ""),
    ("entitlement", "pence", "pence + 1"),
    ("entitlement", "number", "number + 50"),
    ("entitlement", "enrolment_id", "NULL"),
    ("funderline", "pence", "pence - 1"),
    ("funderline", "funder", "'somebody'"),
    ("funderline", GONE, ""),
    ("charge", "pence", "pence + 1"),
    ("chargeline", "pence", "pence + 1"),
    ("chargeline", GONE, ""),
    ("payment", "pence", "pence + 1"),
    ("payment", "state", "CASE state WHEN 'sent' THEN 'returned' ELSE 'sent' END"),
    ("payment", GONE, ""),
    ("advance", "pence", "pence + 1"),
    ("recovery", "pence", "pence + 1"),
    ("payrun", "state", "'dropped'"),
    ("payrun", "number", "number + 50"),
)


def check(size: int) -> Result:
    """So many corruptions on each engine."""
    tally = Tally()
    on_each_engine(tally, "rel_06", "corrupt", size, SIZES[0])
    return tally.result


def corrupt(tally: Tally, count: int) -> None:
    from django.db import transaction

    from calloff.web.payments.services import parity

    chance = random.Random(6)
    with tempfile.TemporaryDirectory() as folder:
        paying = paid(Path(folder))
        council = paying.world.council.pk
        tally.expect(not parity.faults(council), f"whole books do not agree: {parity.faults(council)[:1]}")
        seen = 0
        for number, (table, column, value) in zip(range(count), endless(chance), strict=False):
            tally.n += 1
            try:
                with transaction.atomic():
                    harm(chance, table, column, value)
                    faults = parity.faults(council)
                    tally.expect(bool(faults), f"{table}.{column} = {value} was not seen")
                    seen += bool(faults)
                    if number % EVERY == 0:
                        run_is_stopped(tally, paying, f"{table}.{column}")
                    raise UndoneError
            except UndoneError:
                pass
        tally.expect(not parity.faults(council), "an undone harm left something behind")
        tally.notes.append(f"{seen} of {count} corruptions were seen")


class UndoneError(Exception):
    """Takes one harm back before the next."""


def endless(chance: random.Random) -> Iterator[tuple[str, str, str]]:
    while True:
        every = list(HARMS)
        chance.shuffle(every)
        yield from every


def harm(chance: random.Random, table: str, column: str, value: str) -> None:
    """Alter or delete one row that stands for money which was paid, with every trigger away."""
    from django.db import connection

    only = {
        "entitlement": " WHERE id IN (SELECT entitlement_id FROM payments_payline WHERE pence <> 0)",
        "posting": " WHERE pence <> 0",
        "payline": " WHERE pence <> 0",
        "payrun": " WHERE state = 'released'",
    }.get(table, "")
    if column == "enrolment_id":
        only += " AND enrolment_id IS NOT NULL"
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'payments%'")
            for (name,) in cursor.fetchall():
                cursor.execute(f'DROP TRIGGER "{name}"')
            cursor.execute("PRAGMA defer_foreign_keys = ON")
        else:
            cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(f"SELECT id FROM payments_{table}{only} ORDER BY id")
        row = chance.choice([one for (one,) in cursor.fetchall()])
        if column == GONE:
            cursor.execute(f"DELETE FROM payments_{table} WHERE id = {row}")
        else:
            cursor.execute(f"UPDATE payments_{table} SET {column} = {value} WHERE id = {row}")


def run_is_stopped(tally: Tally, paying: Any, what: str) -> None:
    from calloff.domain.errors import CalloffError
    from calloff.web.payments.services import runs

    try:
        runs.draft(
            council=paying.world.council, to_on=date(2026, 12, 13), by=paying.payer, at=paying.at + timedelta(days=30)
        )
    except CalloffError as refused:
        tally.expect("do not agree" in str(refused), f"after {what} the run was stopped for another reason: {refused}")
    else:
        tally.fault(f"after {what} a run was drafted")


def paid(folder: Path) -> Any:
    """Two runs paid, with something of every kind behind them."""
    from web.paying import Paying

    from calloff.domain.funding import Share
    from calloff.formats.delivered_visits import LoggedAt
    from calloff.web.brokerage.services import funding
    from calloff.web.payments.models import Payment
    from calloff.web.payments.services import charging, runs, sending, terms

    paying = Paying(folder, packages=2)
    council, payer, first = paying.world.council, paying.payer, date(2026, 11, 23)
    half = (Share("council", "council", 5_000), Share("icb", "joint", 5_000))
    funding.split(package=paying.packages[0], shares=half, from_on=first, by=paying.world.broker, at=paying.at)
    for number, package in enumerate(paying.packages):
        pence = 700 + number
        charging.assess(person=package.person, pence_per_week=pence, from_on=first, by=payer, at=paying.at)
    codes = terms.Codes("CC1", "4711")
    terms.set_code(council=council, enrolment=None, funder="", from_on=first, codes=codes, by=payer, at=paying.at)
    branch = paying.world.branch("Acorn")
    asked = sending.ask_for_advance(council=council, branch=branch, pence=300, reason="other", by=payer, at=paying.at)
    sending.decide_advance(advance=asked, approved=True, by=paying.approver, at=paying.at)
    rows = paying.delivered()
    paying.send(rows)
    run = paying.pay()
    later = paying.at + timedelta(days=7)
    sending.bank_returned(payment=Payment.objects.get(run=run), reason="other", by=payer, at=later)
    short = [replace(row, version=later, left=LoggedAt(row.came.at)) for row in rows]
    paying.send(short, "short.csv", at=later)
    second = runs.draft(council=council, to_on=date(2026, 12, 13), by=payer, at=later)
    runs.approve(run=second, shown_pence=runs.total(second), by=paying.approver, at=later)
    runs.release(run=second, by=payer, at=later)
    sending.recover(council=council, branch=branch, instalment_pence=100, by=payer, at=later)
    again = [replace(row, version=later + timedelta(days=7)) for row in rows]
    paying.send(again, "again.csv", at=later + timedelta(days=7))
    return paying
