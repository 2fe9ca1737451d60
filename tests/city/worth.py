"""What minutes are worth under each way of paying visits, written from the trade's own table (DOMAIN 4.4)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Terms:
    """A way of paying by the visit, and the document that states it; `steps` are minutes and pence."""

    name: str
    text: str
    basis: str
    tolerance: int = 5
    round_to: int = 5
    capped: bool = True
    least: int = 0
    steps: tuple[tuple[int, int], ...] = ()


def document(basis: str, more: str = "", minimum: str = "") -> str:
    """A payment rule as a document."""
    return f"""id: city
version: 1
title: The city's visits
basis: {{pay: {basis}{more}, assumed: made up}}
minimum: {{no_pay_below_minutes: 1{minimum}, assumed: made up}}
not_delivered: {{short_notice_hours: 24, short_notice_percent: 100, no_access_percent: 100, no_access_a_week: 2,
                assumed: made up}}
retainer: {{days: 14, percent: 60, staff_paid: yes, restart_at_once: yes, assumed: made up}}
"""


STEPS = ((30, 1_600), (45, 2_000), (60, 2_400))
_STEPS = ", steps: [{minutes: 30, gbp: 16.00}, {minutes: 45, gbp: 20.00}, {minutes: 60, gbp: 24.00}]"
EVERY = (
    Terms("planned", document("planned"), "P"),
    Terms("actual", document("actual", ", capped: yes", ", least_minutes: 15"), "A", least=15),
    Terms("tolerance", document("tolerance", ", capped: yes, tolerance_minutes: 5"), "T"),
    Terms("banded", document("banded", ", tolerance_minutes: 5"), "B"),
    Terms("rounded", document("rounded", ", capped: no, round_to_minutes: 5"), "R", capped=False),
    Terms("stepped", document("stepped", _STEPS), "N", steps=STEPS),
)
RETAINER_PERCENT = 60


def payable(terms: Terms, planned: int, actual: int) -> int:
    """The minutes that one worker is paid who stayed so long."""
    if actual < 1:
        return 0
    if terms.basis == "P":
        paid = planned
    elif terms.basis == "T":
        paid = planned if abs(actual - planned) <= terms.tolerance else min(actual, planned)
    elif terms.basis == "B":
        paid = min((actual + terms.tolerance) // 15 * 15, planned)
    elif terms.basis == "R":
        paid = (actual * 2 + terms.round_to) // (2 * terms.round_to) * terms.round_to
        paid = min(paid, planned) if terms.capped else paid
    else:
        paid = min(actual, planned)
    return max(paid, min(terms.least, planned))


def priced(terms: Terms, minutes: list[int], rate: int, percent: int = 100) -> int:
    """Pence for the paid minutes of each worker at a rate in centipence an hour, rounded once, half up."""
    if not terms.steps:
        parts, whole = sum(minutes) * rate * percent, 60 * 100 * 100
        return (2 * parts + whole) // (2 * whole)
    # Prices by length: the highest step reached and further minutes at the hour's, never above the next; times
    # sixty and the shortest step, so that every part is whole.
    shortest = terms.steps[0][0]
    hour = dict(terms.steps)[60]
    parts = 0
    for stayed in minutes:
        reached = [step for step in terms.steps if step[0] <= stayed]
        if not reached:
            parts += stayed * terms.steps[0][1] * 60
            continue
        step, price = reached[-1]
        cost = price * 60 + (stayed - step) * hour
        further = [following for following in terms.steps if following[0] > stayed]
        parts += (min(cost, further[0][1] * 60) if further else cost) * shortest
    whole = 60 * shortest * 100
    return (2 * parts * percent + whole) // (2 * whole)
