"""
Whether the books agree with their lines: every journal whole, each line what its versions say, each payment posted.

One altered row anywhere is found, and stops the next pay run (TRUST I5). What is worked out here is worked out again
from the rows below, never read from a total.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from django.db import connection
from django.db.models import Count, Sum

from calloff.web.audit.models import Event
from calloff.web.payments.models import Advance, Charge, ChargeLine, PayLine, Payment, PayRun, Posting, Recovery, Seal
from calloff.web.payments.services import journals, ledger
from calloff.web.payments.services.ledger import DIMENSIONS, Entry

WRONG_LINES = """
    SELECT line.id FROM payments_payline AS line
    JOIN payments_entitlement AS one ON one.id = line.entitlement_id
    LEFT JOIN payments_entitlement AS before
        ON before.council_id = one.council_id AND before.anchor = one.anchor
        AND before.component = one.component AND before.number = one.number - 1
    LEFT JOIN payments_payline AS earlier ON earlier.entitlement_id = before.id
    WHERE line.council_id = %s AND (
        line.pence <> one.pence - COALESCE(before.pence, 0)
        OR (one.number > 1 AND (before.id IS NULL OR earlier.id IS NULL))
    )
    ORDER BY line.id
"""
POSTED = (PayRun.APPROVED, PayRun.RELEASED)


def faults(council: int) -> list[str]:
    """Whatever does not agree, in plain words; nothing when the books are right."""
    return [
        *_journals(council),
        *_lines(council),
        *_charges(council),
        *_strays(council),
        *(fault for run in _posted_runs(council) for fault in _run(run)),
        *_sent(council),
        *_beside_runs(council),
    ]


def _journals(council: int) -> Iterator[str]:
    """Each journal has its seal, as many lines as that says, and sums to nothing."""
    seals = {one.journal: one for one in Seal.objects.filter(council=council)}
    rows = Posting.objects.filter(council=council).values("journal").annotate(sum=Sum("pence"), count=Count("pk"))
    found = {row["journal"]: row for row in rows}
    for name in sorted({*seals, *found}):
        if name not in seals:
            yield f"journal {name} has no seal."
        elif found.get(name, {"count": 0})["count"] != seals[name].lines:
            yield f"journal {name} has another number of lines than its seal says."
        elif name in found and found[name]["sum"]:
            yield f"journal {name} does not sum to nothing."
    entries = _entries(council)
    for name, one in sorted(seals.items()):
        said = entries.get(name, [])
        if ledger.hash_of(one, said) != one.hash:
            yield f"journal {name} says something else than when it was sealed."
        taken_back = {key: -pence for key, pence in _keyed(entries.get(one.reverses, [])).items()}
        if one.reverses and _keyed(said) != taken_back:
            yield f"journal {name} does not take back what {one.reverses} says."


def _entries(council: int) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    rows = Posting.objects.filter(council=council).values_list("journal", "account", "pence", *DIMENSIONS)
    for row in rows.iterator(chunk_size=5_000):
        found.setdefault(row[0], []).append(Entry(*row[1:]))
    return found


def _lines(council: int) -> Iterator[str]:
    """Each line is its version less the one before, and no version is left out."""
    with connection.cursor() as cursor:
        cursor.execute(WRONG_LINES, [council])
        wrong = [row[0] for row in cursor.fetchall()]
    for line in PayLine.objects.filter(pk__in=wrong[:20]).select_related("entitlement", "run"):
        yield f"the line of {line.entitlement.anchor} in PAY-{line.run.number} is not what its versions say."


def _charges(council: int) -> Iterator[str]:
    """Each line of a charge is its version less the one before."""
    versions = {
        (one.person_id, one.week, one.contract, one.number): one.pence for one in Charge.objects.filter(council=council)
    }
    for line in ChargeLine.objects.filter(council=council).select_related("charge", "run"):
        one = line.charge
        before = versions.get((one.person_id, one.week, one.contract, one.number - 1), 0)
        missing = one.number > 1 and (one.person_id, one.week, one.contract, one.number - 1) not in versions
        if missing or line.pence != one.pence - before:
            yield f"the charge of the week of {one.week} in PAY-{line.run.number} is not what its versions say."


def _strays(council: int) -> Iterator[str]:
    """Nothing is posted of a run that nobody approved."""
    rows = Posting.objects.filter(council=council, run__isnull=False).exclude(run__state__in=POSTED)
    for number in rows.values_list("run__number", flat=True).distinct():
        yield f"PAY-{number} is posted, and nobody approved it."


def _posted_runs(council: int) -> list[PayRun]:
    return list(PayRun.objects.filter(council=council, state__in=POSTED).order_by("number"))


def _run(run: PayRun) -> Iterator[str]:
    """
    A run's journals are the sums of its lines, and it pays what was approved.

    Under which codes was said when it was approved and may be said otherwise since: the seals hold them.
    """
    entries = journals.entries_of(run)
    names = journals.journal_names(run, list(entries))
    posted: dict[str, list[Entry]] = {}
    rows = Posting.objects.filter(council=run.council_id, run=run, journal__startswith=f"PAY-{run.number}/")
    for row in rows.values_list("journal", "account", "pence", *DIMENSIONS):
        posted.setdefault(row[0], []).append(Entry(*row[1:]))
    expected = {names[contract]: _keyed(map(_without_codes, found)) for contract, found in entries.items()}
    for name in sorted({*expected, *posted}):
        if expected.get(name, {}) != _keyed(map(_without_codes, posted.get(name, []))):
            yield f"journal {name} is not the sum of the lines of its run."
    event = Event.objects.filter(council=run.council_id, kind="pay_run_approved", about=f"PAY-{run.number}").first()
    pence = run.lines.aggregate(sum=Sum("pence"))["sum"] or 0
    if event is None or json.loads(event.data)["pence"] != pence:
        yield f"PAY-{run.number} pays something else than was approved."


def _without_codes(one: Entry) -> Entry:
    return replace(one, cost_centre="", subjective="")


def _sent(council: int) -> Iterator[str]:
    """What went to the bank is what the payments say."""
    rows = Posting.objects.filter(council=council, account=ledger.BANK_CLEARING)
    sums = rows.values("journal").annotate(sum=Sum("pence"))
    posted = {row["journal"]: -row["sum"] for row in sums}
    wanted: dict[str, int] = {}
    for one in Payment.objects.filter(council=council).select_related("run", "branch"):
        wanted[f"PAID-{one.run.number}/{one.branch.reference}"] = one.pence
        if one.state == Payment.RETURNED:
            wanted[f"BACK-{one.run.number}/{one.branch.reference}"] = -one.pence
    for advance in Advance.objects.filter(council=council, state=Advance.PAID):
        wanted[f"ADV-{advance.token}"] = advance.pence
    for name in sorted({*wanted, *posted}):
        if wanted.get(name, 0) != posted.get(name, 0):
            yield f"journal {name} sends another amount to the bank than its payment says."


def _beside_runs(council: int) -> Iterator[str]:
    """What is to be paid back is what was agreed, less what came back."""
    for one in Recovery.objects.filter(council=council):
        rows = Posting.objects.filter(council=council, journal=f"REC-{one.number}", account=ledger.PROVIDER_RECEIVABLE)
        if (rows.aggregate(sum=Sum("pence"))["sum"] or 0) != one.pence:
            yield f"journal REC-{one.number} recovers another amount than was agreed."


def _keyed(entries: Iterable[Entry]) -> dict[tuple[Any, ...], int]:
    return {one.key: one.pence for one in ledger.summed(entries)}
