"""
REL-05: every posting sums to nothing and history cannot be changed, through random journals.

Random journals of one council, most of them balanced, some a penny off; reversals, some of them twice; and hands that
change or delete what stands. Beside the database a plain dictionary keeps what each account should hold.
"""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 600, 1: 30_000, 2: 1_000_000}
"""Postings on each engine."""


def check(size: int) -> Result:
    """So many postings on each engine."""
    tally = Tally()
    on_each_engine(tally, "rel_05", "fuzz", size, SIZES[0])
    return tally.result


def fuzz(tally: Tally, postings: int) -> None:
    from world import made_world

    world, chance = made_world(), random.Random(5)
    world.provider("acorn")
    world.provider("beech")
    books = Books(world)
    written = number = 0
    while written < postings:
        number += 1
        roll = chance.random()
        if roll < 0.72:
            written += books.balanced(tally, chance, number)
        elif roll < 0.82:
            books.a_penny_off(tally, chance, number)
        elif roll < 0.94:
            written += books.reversed(tally, chance, number)
        else:
            books.changed(tally, chance)
    books.compare(tally)


class Books:
    """The ledger of a world, and beside it what each account should hold."""

    def __init__(self, world: Any) -> None:
        from calloff.web.directory.models import Branch

        self.council, self.at = world.council.pk, world.at
        self.branches = list(Branch.objects.order_by("pk").values_list("pk", flat=True))
        self.held: dict[tuple[str, int | None], int] = defaultdict(int)
        self.journals: list[tuple[str, list[Any]]] = []
        self.reversed_already: set[str] = set()

    def entries(self, chance: random.Random) -> list[Any]:
        from calloff.web.payments.models import ACCOUNTS
        from calloff.web.payments.services.ledger import Entry

        made = []
        for _ in range(chance.randint(1, 5)):
            # What goes through the bank has a payment behind it, which the parity of the books looks for.
            account = chance.choice([one for one in ACCOUNTS if one != "bank_clearing"])
            branch = chance.choice([None, *self.branches])
            made.append(Entry(account, chance.choice((1, 7, 99_999_999, chance.randint(-500, 500))), branch))
        made.append(Entry("accruals", -sum(one.pence for one in made), None, subjective="closing"))
        return made

    def post(self, name: str, entries: list[Any], **more: Any) -> bool:
        from django.db import DatabaseError, transaction

        from calloff.web.payments.services import ledger

        try:
            with transaction.atomic():
                ledger.post(council=self.council, journal=name, entries=entries, at=self.at, **more)
        except DatabaseError:
            return False
        return True

    def balanced(self, tally: Tally, chance: random.Random, number: int) -> int:
        entries, name = self.entries(chance), f"J-{number}"
        tally.n += 1
        if not self.post(name, entries):
            tally.fault(f"the balanced journal {name} was refused")
            return 0
        for one in entries:
            self.held[one.account, one.branch] += one.pence
        self.journals.append((name, entries))
        return len(entries)

    def a_penny_off(self, tally: Tally, chance: random.Random, number: int) -> None:
        from dataclasses import replace

        entries = self.entries(chance)
        place = chance.randrange(len(entries))
        entries[place] = replace(entries[place], pence=entries[place].pence + chance.choice((-1, 1)))
        tally.n += 1
        tally.expect(not self.post(f"J-{number}", entries), f"a journal that is a penny off was sealed: J-{number}")

    def reversed(self, tally: Tally, chance: random.Random, number: int) -> int:
        from django.db import DatabaseError, transaction

        from calloff.web.payments.services import ledger

        if not self.journals:
            return 0
        name, entries = chance.choice(self.journals)
        tally.n += 1
        try:
            with transaction.atomic():
                ledger.reverse(council=self.council, journal=name, name=f"R-{number}", at=self.at, kind="reversal")
        except DatabaseError:
            tally.expect(name in self.reversed_already, f"{name} could not be taken back")
            return 0
        tally.expect(name not in self.reversed_already, f"{name} was taken back twice")
        self.reversed_already.add(name)
        for one in entries:
            self.held[one.account, one.branch] -= one.pence
        return len(entries)

    def changed(self, tally: Tally, chance: random.Random) -> None:
        from django.db import DatabaseError, transaction

        from calloff.web.payments.models import Posting, Seal

        first = Posting.objects.first()
        if first is None:
            return
        hands = (
            lambda: Posting.objects.filter(pk=first.pk).update(pence=first.pence + 1),
            lambda: Posting.objects.filter(pk=first.pk).delete(),
            lambda: Seal.objects.filter(journal=first.journal).update(lines=0),
            lambda: Seal.objects.filter(journal=first.journal).delete(),
            lambda: Posting.objects.create(
                council_id=self.council, journal=first.journal, account="care_cost", pence=0, at=self.at
            ),
        )
        tally.n += 1
        try:
            with transaction.atomic():
                chance.choice(hands)()
        except DatabaseError:
            return
        tally.fault("history was changed")

    def compare(self, tally: Tally) -> None:
        """Each account against the dictionary, each journal by itself, and all of it together."""
        from django.db.models import Sum

        from calloff.web.payments.models import Posting
        from calloff.web.payments.services import parity

        rows = Posting.objects.values("account", "branch").annotate(sum=Sum("pence"))
        stored = {(row["account"], row["branch"]): row["sum"] for row in rows}
        for key in {*stored, *self.held}:
            drift = stored.get(key, 0) - self.held.get(key, 0)
            tally.expect(not drift, f"{key[0]} holds {drift} pence that nobody posted")
        tally.expect(sum(stored.values()) == 0, "all postings together do not sum to nothing")
        faults = parity.faults(self.council)
        tally.expect(not faults, f"the books do not agree: {faults[:1]}")
        tally.notes.append(f"{Posting.objects.count():,} postings, drift 0 pence where nothing else is said")
