"""What was settled as rows for files, each with its sentence."""

from __future__ import annotations

from typing import Any

from calloff.documents.payment_words import became, why
from calloff.domain.payment_rule import PaymentRule
from calloff.domain.visits import Mark
from calloff.settlement.pay import FoundLog, Paid, PaidVisit


def visit_row(rule: PaymentRule, one: PaidVisit) -> dict[str, Any]:
    """A settled visit as a row of settled.csv."""
    planned = one.planned
    return {
        "visit": planned.reference,
        "contract": planned.contract,
        "person": planned.person,
        "week": one.week,
        "reason": one.reason.name.lower(),
        "marks": frozenset(mark.name.lower() for mark in Mark if one.marks & mark),
        "worked_minutes": one.worked_minutes,
        "paid_minutes": one.paid_minutes,
        "amount": one.pence,
        "why": why(
            rule,
            one.reason,
            planned_minutes=planned.minutes,
            workers=planned.workers,
            worked_minutes=one.worked_minutes,
            paid_minutes=one.paid_minutes,
            centipence=planned.rate,
            unit=planned.unit,
        ),
    }


def log_row(one: FoundLog) -> dict[str, Any]:
    """A row of a delivered file as a row of logs.csv."""
    row = one.row
    return {
        "row": row.row,
        "contract": row.contract,
        "person": row.person,
        "worker": row.worker,
        "came": row.came.at,
        "is_a": one.is_a.name.lower(),
        "visit": one.visit,
        "why": became(one.is_a),
    }


def summary(paid: Paid) -> list[str]:
    """What files came to, in a few lines: visits by reason, rows by what became of them, the total."""
    from calloff.domain.units import pounds

    lines = [f"{len(paid.visits):,} planned visits, {len(paid.logs):,} rows that stand"]
    reasons: dict[str, tuple[int, int]] = {}
    for one in paid.visits:
        count, pence = reasons.get(one.reason.name, (0, 0))
        reasons[one.reason.name] = (count + 1, pence + one.pence)
    lines += [
        f"  {reason.lower().replace('_', ' '):<14} {count:>9,} {pounds(pence):>16}"
        for reason, (count, pence) in sorted(reasons.items())
    ]
    found: dict[str, int] = {}
    for log in paid.logs:
        found[log.is_a.name] = found.get(log.is_a.name, 0) + 1
    lines += [f"  rows {is_a.lower().replace('_', ' '):<9} {count:>9,}" for is_a, count in sorted(found.items())]
    if paid.roundings:
        lines.append(
            f"  rounding       {len(paid.roundings):>9,} {pounds(sum(one.pence for one in paid.roundings)):>16}"
        )
    return [*lines, f"in all {pounds(paid.pence)}"]
