"""A payment rule as values: what a document says about paying for visits, and its numbers for the functions of pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from calloff.domain.payment import Basis
from calloff.domain.visits import Mark

ROUNDINGS = ("per_visit", "per_line_and_week")
COUNTS = ("each_worker", "overlap")
PAYS_ON = ("delivered", "plan")
HELD_FOR = {"query": Mark.QUERY, "fewer_workers": Mark.FEWER_WORKERS, "elsewhere": Mark.ELSEWHERE}
"""What may hold a visit's pay until somebody has looked."""
PERIOD_BASES = ("shift", "block", "outcome")
"""Bases whose entitlement is a period's, not a visit's: a visit under them is worth nothing by itself."""


@dataclass(frozen=True)
class Retainer:
    """What keeps a place while the person is in hospital: so many days from the admission, at a share of the rate."""

    days: int
    percent: int
    staff_paid: bool = True
    restart_at_once: bool = True


@dataclass(frozen=True)
class Corridor:
    """Minutes beyond the corridor change a block: by a share of their price, or shared as gain and loss."""

    basis_points: int
    share_percent: int
    is_gain_share: bool = False
    most_loss_percent: int = 0


@dataclass(frozen=True)
class PaymentRule:
    """
    How visits under a contract are paid (DOMAIN 3.5, 4.3 to 4.5, 4.8).

    `steps` are prices by length, minutes and pence, the shortest first, one of them the hour's. `adjustments` is how
    many later periods settle the difference where pay is on plan. `advance_percent` is paid before an outcome.
    """

    id: str
    version: int
    title: str
    basis: Basis | None = Basis.ACTUAL
    period_basis: str = ""
    capped: bool = True
    tolerance_minutes: int = 5
    round_to_minutes: int = 5
    steps: tuple[tuple[int, int], ...] = ()
    no_pay_below_minutes: int = 1
    least_minutes: int = 0
    count: str = "each_worker"
    rounding: str = "per_visit"
    pays_on: str = "delivered"
    adjustments: int = 0
    short_notice_hours: int = 24
    short_notice_percent: int = 100
    no_access_percent: int = 100
    no_access_a_week: int = 2
    retainer: Retainer | None = None
    short_percent: int = 80
    very_short_percent: int = 50
    held_for: frozenset[str] = frozenset()
    corridor: Corridor | None = None
    advance_percent: int = 0

    @property
    def hour_pence(self) -> int:
        """The price of the hour's step, 0 where there are no steps."""
        return dict(self.steps).get(60, 0)


def numbers_of(rules: Sequence[PaymentRule]) -> tuple[list[int], list[int]]:
    """The numbers of rules in the order of `RuleColumn`, one rule after another, and the steps that they point to."""
    numbers: list[int] = []
    steps: list[int] = []
    for rule in rules:
        first = len(steps) // 2
        steps += [number for step in rule.steps for number in step]
        numbers += [
            Basis.ACTUAL if rule.basis is None else rule.basis,
            rule.tolerance_minutes,
            rule.round_to_minutes,
            int(rule.capped),
            rule.no_pay_below_minutes,
            rule.least_minutes,
            int(rule.count == "overlap"),
            rule.short_notice_percent,
            rule.no_access_percent,
            rule.no_access_a_week,
            rule.retainer.percent if rule.retainer else 0,
            rule.short_percent,
            rule.very_short_percent,
            first,
            len(steps) // 2,
            rule.hour_pence,
        ]
    return [int(number) for number in numbers], steps
