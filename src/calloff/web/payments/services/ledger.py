"""The ledger: journals of postings that sum to nothing, sealed by the database and never changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Sum

from calloff.domain.calendar import local
from calloff.domain.records import canonical, sha256
from calloff.web.payments.models import PayRun, Posting, Seal

CARE_COST, FUNDER_RECEIVABLE, PROVIDER_PAYABLE = "care_cost", "funder_receivable", "provider_payable"
BANK_CLEARING, PERSON_RECEIVABLE, CONTRIBUTION_INCOME = "bank_clearing", "person_receivable", "contribution_income"
ACCRUALS, PREPAYMENTS, PROVIDER_RECEIVABLE = "accruals", "prepayments", "provider_receivable"
DIMENSIONS = ("branch_id", "enrolment_id", "person_id", "cost_centre", "subjective", "funder")


@dataclass(frozen=True)
class Entry:
    """One line of a journal before it is written: debit above nothing, credit below."""

    account: str
    pence: int
    branch: int | None = None
    enrolment: int | None = None
    person: int | None = None
    cost_centre: str = ""
    subjective: str = ""
    funder: str = ""

    @property
    def key(self) -> tuple[Any, ...]:
        """The account and everything by which a journal is summed."""
        return (
            self.account,
            self.branch,
            self.enrolment,
            self.person,
            self.cost_centre,
            self.subjective,
            self.funder,
        )


def summed(entries: Iterable[Entry]) -> list[Entry]:
    """Entries summed by account and codes, those of nothing left out, in a fixed order."""
    sums: dict[tuple[Any, ...], int] = {}
    for one in entries:
        sums[one.key] = sums.get(one.key, 0) + one.pence
    found = [Entry(key[0], pence, *key[1:]) for key, pence in sums.items() if pence]
    return sorted(found, key=lambda one: tuple(str(part or "") for part in one.key))


def post(
    *,
    council: int,
    journal: str,
    entries: Iterable[Entry],
    at: datetime,
    kind: str = "other",
    on: date | None = None,
    run: PayRun | None = None,
    reverses: str = "",
) -> Seal:
    """
    Write a journal, summed by account and codes, and seal it; within an act.

    The database refuses a seal where the lines do not sum to nothing: then nothing of the act is done.
    """
    lines = summed(entries)
    rows = [
        Posting(
            council_id=council,
            journal=journal,
            account=one.account,
            branch_id=one.branch,
            enrolment_id=one.enrolment,
            person_id=one.person,
            cost_centre=one.cost_centre,
            subjective=one.subjective,
            funder=one.funder,
            run=run,
            pence=one.pence,
            at=at,
        )
        for one in lines
    ]
    Posting.objects.bulk_create(rows, batch_size=1_000)
    seal = Seal(
        council_id=council,
        journal=journal,
        kind=kind,
        on=on or local(at).date(),
        run=run,
        reverses=reverses,
        lines=len(rows),
        at=at,
    )
    seal.hash = hash_of(seal, lines)
    seal.save(force_insert=True)
    return seal


def hash_of(seal: Seal, entries: Iterable[Entry]) -> str:
    """The hash of a journal, over its heading and every line."""
    told = {
        "journal": seal.journal,
        "kind": seal.kind,
        "on": seal.on.isoformat(),
        "run": seal.run_id or 0,
        "reverses": seal.reverses,
        "lines": [[str(part) for part in (*one.key, one.pence)] for one in summed(entries)],
    }
    return sha256(canonical(told))


def entries_in(council: int, journal: str) -> list[Entry]:
    """What a journal says, as it was posted."""
    rows = Posting.objects.filter(council=council, journal=journal).values_list("account", "pence", *DIMENSIONS)
    return [Entry(*row) for row in rows]


def reverse(*, council: int, journal: str, name: str, at: datetime, kind: str, on: date | None = None) -> Seal:
    """Take a journal back, line by line; a second time the database refuses it."""
    whole = Seal.objects.get(council=council, journal=journal)
    entries = [Entry(one.account, -one.pence, *one.key[1:]) for one in entries_in(council, journal)]
    return post(
        council=council, journal=name, entries=entries, at=at, kind=kind, on=on, run=whole.run, reverses=journal
    )


def balances(council: int, **narrowed: Any) -> Mapping[str, int]:
    """The balance of each account in pence, of all or of what is asked for; of all together they are nothing."""
    rows = Posting.objects.filter(council=council, **narrowed).values("account").annotate(pence=Sum("pence"))
    return {row["account"]: row["pence"] for row in rows}


def owed(council: int, without: PayRun | None = None) -> dict[tuple[int, int | None], int]:
    """
    What each provider is owed under each contract, in pence; below nothing it owes.

    What stands in other runs that are approved and not yet released is left out: it goes with those.
    """
    rows = Posting.objects.filter(council=council, account=PROVIDER_PAYABLE)
    others = PayRun.objects.filter(council=council, state=PayRun.APPROVED)
    if without is not None:
        others = others.exclude(pk=without.pk)
    # Not `exclude`, which would leave out what belongs to no run.
    waiting = set(others.values_list("pk", flat=True))
    sums: dict[tuple[int, int | None], int] = {}
    for row in rows.values("branch", "enrolment", "run").annotate(sum=Sum("pence")):
        if row["run"] not in waiting:
            key = (row["branch"], row["enrolment"])
            sums[key] = sums.get(key, 0) - row["sum"]
    return {key: pence for key, pence in sums.items() if pence}
