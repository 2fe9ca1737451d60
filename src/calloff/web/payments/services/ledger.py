"""The ledger: journals of postings that sum to nothing, sealed by the database and never changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum

from calloff.web.payments.models import PayRun, Posting, Seal

CARE_COST, PROVIDER_PAYABLE, BANK_CLEARING = "care_cost", "provider_payable", "bank_clearing"


@dataclass(frozen=True)
class Entry:
    """One line of a journal before it is written: debit above nothing, credit below."""

    account: str
    pence: int
    branch: int | None = None
    enrolment: int | None = None


def post(*, council: int, journal: str, entries: Iterable[Entry], at: datetime, run: PayRun | None = None) -> Seal:
    """
    Write a journal and seal it; within an act.

    The database refuses a seal where the lines do not sum to nothing: then nothing of the act is done.
    """
    rows = [
        Posting(
            council_id=council,
            journal=journal,
            account=one.account,
            branch_id=one.branch,
            enrolment_id=one.enrolment,
            run=run,
            pence=one.pence,
            at=at,
        )
        for one in entries
        if one.pence
    ]
    Posting.objects.bulk_create(rows)
    return Seal.objects.create(council_id=council, journal=journal, lines=len(rows), at=at)


def balances(council: int) -> Mapping[str, int]:
    """The balance of each account in pence; together they are nothing."""
    rows = Posting.objects.filter(council=council).values("account").annotate(pence=Sum("pence"))
    return {row["account"]: row["pence"] for row in rows}
