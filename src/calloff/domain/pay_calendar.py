"""
Pay periods: weeks, four weeks or calendar months, and a year's amount divided over them (DOMAIN 4.6; I17 of TRUST).

Periods of a kind follow each other without gap or overlap, on every day that there is.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from calloff.domain.payment import shares

WEEKLY, FOUR_WEEKLY, MONTHLY = "weekly", "four_weekly", "monthly"
KINDS = (WEEKLY, FOUR_WEEKLY, MONTHLY)
DAYS = {WEEKLY: 7, FOUR_WEEKLY: 28}
MONTHS_A_YEAR = 12


@dataclass(frozen=True, order=True)
class Period:
    """From a day to a day, both included."""

    from_on: date
    to_on: date

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.from_on <= day <= self.to_on


def period_of(kind: str, anchor_on: date, day: date) -> Period:
    """
    The period in which a day lies; weeks and four weeks are counted from the anchor, before it as well.

    ValueError for a kind that there is not.
    """
    if kind == MONTHLY:
        return Period(day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))
    if kind not in DAYS:
        raise ValueError(f"there is no pay period of the kind {kind!r}")
    days = DAYS[kind]
    first = anchor_on + timedelta(days=(day - anchor_on).days // days * days)
    return Period(first, first + timedelta(days=days - 1))


def following(kind: str, anchor_on: date, period: Period, count: int = 1) -> Period:
    """The period so many after another; 0 is itself."""
    for _ in range(count):
        period = period_of(kind, anchor_on, period.to_on + timedelta(days=1))
    return period


def periods_in(kind: str, anchor_on: date, from_on: date, to_on: date) -> Iterator[Period]:
    """The periods that begin on a day from one to another, both included."""
    period = period_of(kind, anchor_on, from_on)
    if period.from_on < from_on:
        period = following(kind, anchor_on, period)
    while period.from_on <= to_on:
        yield period
        period = following(kind, anchor_on, period)


def instalments(year_pence: int, count: int) -> tuple[int, ...]:
    """A year's amount over so many periods, its odd pennies to the first of them (largest remainder)."""
    return shares(year_pence, [1] * count)


def due_stage(kind: str, anchor_on: date, day: date, settled_up_to: date, adjustments: int) -> int:
    """
    How often a day that was paid on plan is reconciled once all is settled up to a day (DOMAIN 4.6.3).

    0 while only its provision is due; the first reconciliation is due at the end of the next period, the second at the
    end of the one after, and so on.
    """
    period = period_of(kind, anchor_on, day)
    stage = 0
    while stage < adjustments:
        period = following(kind, anchor_on, period)
        if period.to_on > settled_up_to:
            break
        stage += 1
    return stage
