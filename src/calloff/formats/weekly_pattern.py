"""
Weekly hours made into a weekly pattern of visits, where a source gives the hours alone.

Everything here is assumed. The draws are SHA-256 of seed, person and purpose, so that a person's pattern depends on
nothing else: not on who stands beside them in a file, nor in which order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from calloff.domain.packages import Visit
from calloff.formats.weekly_visits import visit_order

QUARTER = 15
"""Visits are whole quarters of an hour, and at least two of them (NICE quality standard 123, statement 4)."""
MOST_A_DAY = 4
LONGEST_MINUTES = 180
DOUBLE_HANDED_FROM, DOUBLE_HANDED_PERCENT = 600, 15
"""Minutes a week from which a package may need two workers, and the share of such packages that does."""
_BY_DAY: dict[int, Sequence[Sequence[int]]] = {
    1: [(0,)],
    2: [(0, 3), (0, 2)],
    3: [(0, 1, 3), (0, 2, 3), (0, 1, 2)],
    4: [(0, 1, 2, 3)],
}
"""Parts of the day in which so many visits may fall, morning first: 0 morning, 1 lunch, 2 tea, 3 bed."""
_EARLIEST = (420, 720, 960, 1200)
_LATER_QUARTERS = (9, 5, 5, 7)
"""Earliest start of each part (07:00, 12:00, 16:00, 20:00) and in how many quarters from then a visit may start."""
_FAR_APART = (420, 720, 1020, 1320)
"""Starts of visits longer than LONGEST_MINUTES, five hours apart."""


@dataclass(frozen=True)
class Draws:
    """The draws of one person: the same seed, person and purpose always draw the same."""

    seed: str
    person: str

    def below(self, bound: int, purpose: str) -> int:
        """A whole number from 0, less than the bound; 64 bits make its unevenness immaterial."""
        digest = hashlib.sha256("\0".join((self.seed, self.person, purpose)).encode()).digest()
        return int.from_bytes(digest[:8], "big") % bound

    def percent(self, share: int, purpose: str) -> bool:
        """True for so many in a hundred."""
        return self.below(100, purpose) < share


def weekly_pattern(minutes_per_week: int, draws: Draws) -> tuple[Visit, ...]:
    """
    Visits of exactly so many worker minutes a week, in their order.

    Visits last 30 to 180 minutes, 1 to 4 a day; only when a week of those cannot hold the minutes are two workers
    sent, and then, if need be, for longer. ValueError unless the minutes are a positive multiple of 30.
    """
    if minutes_per_week <= 0 or minutes_per_week % (2 * QUARTER):
        raise ValueError(f"{minutes_per_week} minutes a week are not a positive multiple of {2 * QUARTER}")
    workers = _workers(minutes_per_week, draws)
    quarters = minutes_per_week // workers // QUARTER
    slots = _slots(_visits_a_week(quarters, draws), draws)
    each, more = divmod(quarters, len(slots))
    # The first slots, mornings, take what does not share out evenly.
    lengths = [(each + (place < more)) * QUARTER for place in range(len(slots))]
    starts = _starts(max(lengths), draws)
    visits = [Visit(day, starts[part], length, workers) for (part, day), length in zip(slots, lengths, strict=True)]
    return tuple(sorted(visits, key=visit_order))


def _workers(minutes: int, draws: Draws) -> int:
    too_long_for_one = minutes > 7 * MOST_A_DAY * LONGEST_MINUTES
    drawn = minutes >= DOUBLE_HANDED_FROM and draws.percent(DOUBLE_HANDED_PERCENT, "double-handed")
    return 2 if too_long_for_one or drawn else 1


def _visits_a_week(quarters: int, draws: Draws) -> int:
    """How many visits: of 30 minutes for six in ten, 45 for three, 60 for one; alike on all days from seven on."""
    typical = (2, 2, 2, 2, 2, 2, 3, 3, 3, 4)[draws.below(10, "length")]
    visits = max(1, quarters // typical)
    if visits < 7:
        return visits
    nearest, that_are_long_enough = (visits + 3) // 7, quarters // (7 * 2)
    return 7 * min(nearest, that_are_long_enough, MOST_A_DAY)


def _slots(visits: int, draws: Draws) -> Sequence[tuple[int, int]]:
    """Part of the day and day of each visit, all mornings before all lunches; fewer than seven are spread out."""
    if visits < 7:
        first = draws.below(7, "day")
        return [(0, (first + place * 7 // visits) % 7) for place in range(visits)]
    ways = _BY_DAY[visits // 7]
    return [(part, day) for part in ways[draws.below(len(ways), "parts")] for day in range(7)]


def _starts(longest: int, draws: Draws) -> Sequence[int]:
    if longest > LONGEST_MINUTES:
        return _FAR_APART
    return [
        earliest + QUARTER * draws.below(quarters, f"start {part}")
        for part, (earliest, quarters) in enumerate(zip(_EARLIEST, _LATER_QUARTERS, strict=True))
    ]
