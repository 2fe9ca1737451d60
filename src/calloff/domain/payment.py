"""
What a visit is worth under a payment rule, and who bears it (DOMAIN 4.4, 4.8; settled readings 10 to 13).

Minutes are per worker, rates centipence per hour and worker or per unit. A *cost* is a price not yet rounded, in
centipence times minutes of the hour times percent: 600,000 of them are a penny. A rule's numbers lie flat, one after
another, in the order of `RuleColumn`. Nothing above `shares` makes an object or raises, so that the same text runs
interpreted for one visit and compiled for ten million.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from calloff.domain.units import half_up

COST_PER_PENNY = 600_000
PERCENT = 100
MINUTES_PER_HOUR = 60
BASIS_POINTS = 10_000
STEP = 2
"""A step of a price by length: its minutes, its price in pence."""


class Basis(IntEnum):
    """How the minutes that are paid follow from those planned and those worked."""

    PLANNED = 0
    ACTUAL = 1
    TOLERANCE = 2
    BANDED = 3
    ROUNDED = 4
    STEPPED = 5


BASES = tuple(basis.name.lower() for basis in Basis)


class RuleColumn(IntEnum):
    """The numbers of a payment rule that a visit's worth depends on."""

    BASIS = 0
    TOLERANCE_MINUTES = 1
    ROUND_TO_MINUTES = 2
    CAPPED = 3
    NO_PAY_BELOW_MINUTES = 4
    LEAST_MINUTES = 5
    OVERLAP = 6
    SHORT_NOTICE_PERCENT = 7
    NO_ACCESS_PERCENT = 8
    NO_ACCESS_A_WEEK = 9
    RETAINER_PERCENT = 10
    SHORT_PERCENT = 11
    VERY_SHORT_PERCENT = 12
    STEPS_FROM = 13
    STEPS_TO = 14
    HOUR_PENCE = 15


RULE = len(RuleColumn)
PLANNED, ACTUAL, TOLERANCE = int(Basis.PLANNED), int(Basis.ACTUAL), int(Basis.TOLERANCE)
BANDED, ROUNDED, STEPPED = int(Basis.BANDED), int(Basis.ROUNDED), int(Basis.STEPPED)
AT_TOLERANCE, AT_ROUND_TO = int(RuleColumn.TOLERANCE_MINUTES), int(RuleColumn.ROUND_TO_MINUTES)
AT_BASIS, AT_CAPPED = int(RuleColumn.BASIS), int(RuleColumn.CAPPED)
AT_NO_PAY_BELOW, AT_LEAST_MINUTES = int(RuleColumn.NO_PAY_BELOW_MINUTES), int(RuleColumn.LEAST_MINUTES)
AT_STEPS_FROM, AT_STEPS_TO, AT_HOUR_PENCE = (
    int(RuleColumn.STEPS_FROM),
    int(RuleColumn.STEPS_TO),
    int(RuleColumn.HOUR_PENCE),
)


def band_reached(minutes: int) -> int:
    """The highest of 15, 30, 45, 60 and every further quarter of an hour that is not above so many minutes; or 0."""
    return minutes // 15 * 15 if minutes > 0 else 0


def minutes_by_basis(
    basis: int, actual: int, planned: int, most: int, tolerance: int, round_to: int, capped: int
) -> int:
    """
    The minutes that a basis pays one worker; `most` are the planned ones and what was approved beyond them.

    A basis that follows the minutes worked stops at `most` where it is capped; bands and steps always are.
    """
    if basis == PLANNED:
        return max(planned, min(actual, most))
    if basis == TOLERANCE and abs(actual - planned) <= tolerance:
        return planned
    if basis == BANDED:
        return min(band_reached(actual + tolerance), most)
    if basis == ROUNDED:
        actual = (2 * actual + round_to) // (2 * round_to) * round_to
    return actual if capped == 0 and basis != STEPPED else min(actual, most)


def payable_minutes(actual: int, planned: int, extra: int, rules: Sequence[int], rule: int) -> int:
    """
    The minutes that one worker's attendance is paid, `extra` being what was approved beyond the planned ones.

    In this order: nothing below the floor; the basis and its cap; raised to the minimum, never above planned.
    """
    at = rule * RULE
    if actual < rules[at + AT_NO_PAY_BELOW]:
        return 0
    minutes = minutes_by_basis(
        rules[at + AT_BASIS],
        actual,
        planned,
        planned + extra,
        rules[at + AT_TOLERANCE],
        rules[at + AT_ROUND_TO],
        rules[at + AT_CAPPED],
    )
    return max(minutes, min(rules[at + AT_LEAST_MINUTES], planned))


def stepped_cost(minutes: int, steps: Sequence[int], first: int, last: int, hour_pence: int) -> int:
    """
    The cost of one worker's minutes by a table of prices by length, as a hundredth and times its first step's minutes.

    The price of the highest step reached and, for each minute beyond it, a sixtieth of the hour's price, never above
    the next step; below the first step its own price pro rata. Times the first step's minutes, so that it is whole.
    """
    shortest = steps[first * STEP]
    if minutes < shortest:
        return minutes * steps[first * STEP + 1] * COST_PER_PENNY // PERCENT
    reached = first
    while reached + 1 < last and steps[(reached + 1) * STEP] <= minutes:
        reached += 1
    # Pence times the minutes of the hour, so that a minute is a whole number of them.
    cost = steps[reached * STEP + 1] * MINUTES_PER_HOUR + (minutes - steps[reached * STEP]) * hour_pence
    if reached + 1 < last:
        cost = min(cost, steps[(reached + 1) * STEP + 1] * MINUTES_PER_HOUR)
    return cost * shortest * (COST_PER_PENNY // PERCENT // MINUTES_PER_HOUR)


def amount(cost: int, scale: int) -> int:
    """A cost of at least nothing, told in so many parts (1, or the minutes of a first step), in pence, half up."""
    penny = COST_PER_PENNY * scale
    return (2 * cost + penny) // (2 * penny)


def planned_cost(minutes: int, workers: int, rate: int, pair_rate: int, per_visit: bool) -> int:
    """The cost of a visit as it is planned, whole: each worker's minutes, two together where a pair has a price."""
    if per_visit:
        return workers * rate * MINUTES_PER_HOUR * PERCENT
    if pair_rate and workers > 1:
        return minutes * (pair_rate + (workers - 2) * rate) * PERCENT
    return minutes * workers * rate * PERCENT


# Who bears it


def shares(pence: int, weights: Sequence[int]) -> tuple[int, ...]:
    """
    An amount divided in proportion to weights, to the penny: odd pennies by largest remainder, ties in their order.

    A negative amount is minus the division of its positive. ValueError where no weight is above nothing.
    """
    if pence < 0:
        return tuple(-one for one in shares(-pence, weights))
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError(f"{pence} pence cannot be divided by the weights {list(weights)}")
    parts = [pence * weight // whole for weight in weights]
    remainders = [pence * weight % whole for weight in weights]
    odd = sorted(range(len(parts)), key=lambda place: (-remainders[place], place))[: pence - sum(parts)]
    return tuple(part + (place in odd) for place, part in enumerate(parts))


PENNY_CENTIPENCE = 100
SHARES = 100_000


def uplifted(centipence: int, share: int, flat_centipence: int) -> int:
    """
    A rate raised by a share in 100,000ths and an amount, to the whole penny, half up (DOMAIN 5.4).

    ValueError for a rate that would fall below nothing.
    """
    raised = half_up(centipence * (SHARES + share), SHARES * PENNY_CENTIPENCE) * PENNY_CENTIPENCE + flat_centipence
    if raised < 0:
        raise ValueError(f"a rate of {centipence} centipence cannot fall by {flat_centipence}")
    return raised


def charge(assessed_pence: int, chargeable_pence: int) -> int:
    """What a person pays for a week: what they were assessed to afford, at most the chargeable care (DOMAIN 3.8)."""
    return max(0, min(assessed_pence, chargeable_pence))


DAYS_A_YEAR = 365


def late_interest(pence: int, days_late: int, basis_points_a_year: int) -> int:
    """Simple interest on what was paid so many days late, in pence, half up; nothing for what was in time."""
    return half_up(max(0, pence) * max(0, days_late) * basis_points_a_year, DAYS_A_YEAR * BASIS_POINTS)


# A block, paid in advance


def beyond_corridor(minutes: int, agreed_minutes: int, corridor_basis_points: int) -> int:
    """
    The minutes beyond the nearer edge of the corridor, below it negative; 0 within it (settled reading 10).

    The edges count as within; a share of a minute beyond an edge counts as none.
    """
    band = agreed_minutes * corridor_basis_points
    over = (minutes - agreed_minutes) * BASIS_POINTS
    if over > band:
        return (over - band) // BASIS_POINTS
    if -over > band:
        return -((-over - band) // BASIS_POINTS)
    return 0


def corridor_adjustment(beyond_minutes: int, centipence_per_hour: int, share_percent: int) -> int:
    """What a block is changed by, in pence: the share of the minutes beyond the corridor, at the block's price."""
    return half_up(beyond_minutes * centipence_per_hour * share_percent, COST_PER_PENNY)


def gain_share(
    beyond_minutes: int,
    centipence_per_hour: int,
    share_percent: int,
    *,
    gates_met: bool,
    block_pence: int,
    most_loss_percent: int,
) -> int:
    """
    What is paid to a provider over its block, in pence, for delivering fewer or more minutes than the corridor.

    Under-delivery is worth its price: with the gates met the provider keeps its share and the council recovers the
    rest, without them the council recovers all (DOMAIN 4.8). Over-delivery mirrors it: the provider bears its share,
    or all without the gates, at most a share of the block, and the council pays the rest.
    """
    worth = half_up(abs(beyond_minutes) * centipence_per_hour * PERCENT, COST_PER_PENNY)
    share = half_up(worth * share_percent, PERCENT)
    if beyond_minutes < 0:
        return -(worth - share) if gates_met else -worth
    borne = share if gates_met else worth
    return worth - min(borne, half_up(block_pence * most_loss_percent, PERCENT))
