"""
Who has how many minutes to spare: each locality's and band's total shared out, to the minute.

The shares by role are assumed; no register holds what a provider could still take on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from calloff.domain.packages import CARE_TYPES
from calloff.domain.units import MOST_MINUTES
from calloff.simulator.demand import Cell
from calloff.simulator.keyed_draws import apportion

FIRST_PERCENT = {"block": 70, "in_house": 10, "spot": 10}
"""Of each cell, where somebody of the role serves it; in-house teams never have more (assumed)."""
REST_SHARES = {"prime": 50, "subcontractor": 20, "secondary": 5, "member": 25, "legacy": 5}
"""How the others divide the rest: subcontractors have 40 % of the prime's, enough for a quota of 30 % (assumed)."""


@dataclass(frozen=True)
class Taker:
    """
    One enrolment that is to get minutes: where and when it works (empty: everywhere, always), and its drawn size.

    `single` keeps all its minutes in one pool or block, which holds at most MOST_MINUTES.
    """

    reference: str
    role: str
    size: int
    lot: str = ""
    localities: frozenset[str] = frozenset()
    bands: frozenset[str] = frozenset()
    single: bool = False

    def serves(self, cell: Cell) -> bool:
        return (not self.localities or cell[0] in self.localities) and (not self.bands or cell[1] in self.bands)


@dataclass
class SpareMinutes:
    """Minutes a week by enrolment and cell, and what nobody could hold."""

    shares: dict[str, dict[Cell, int]] = field(default_factory=dict)
    unshared: dict[Cell, int] = field(default_factory=dict)

    def room(self, taker: Taker, cell: Cell) -> int:
        """How many more minutes the pool that holds this cell can take."""
        there = self.shares[taker.reference]
        return MOST_MINUTES - (sum(there.values()) if taker.single else there.get(cell, 0))

    def give(self, minutes: int, cell: Cell, takers: Sequence[Taker]) -> int:
        """Share minutes of a cell in proportion to size; returns those that no pool had room for."""
        parts = apportion(minutes, [taker.size for taker in takers], [self.room(taker, cell) for taker in takers])
        for taker, part in zip(takers, parts, strict=True):
            if part:
                there = self.shares[taker.reference]
                there[cell] = there.get(cell, 0) + part
        return minutes - sum(parts)


def share_out(totals: Mapping[Cell, int], lots: Mapping[str, int], takers: Sequence[Taker]) -> SpareMinutes:
    """
    Share the minutes of every cell among those who serve it, first by role and lot, then by size.

    The shares of a cell add up to its total, unless only in-house teams serve it or every pool is full: that part
    is in `unshared`. `lots` weighs kinds of care against each other where enrolments are by lot.
    """
    ordered = sorted(takers, key=lambda taker: taker.reference)
    spare = SpareMinutes({taker.reference: {} for taker in ordered})
    for cell in sorted(totals):
        able = [taker for taker in ordered if taker.serves(cell)]
        left = totals[cell]
        for role, minutes in by_role(totals[cell], {taker.role for taker in able}).items():
            for same, part in _by_lot(minutes, lots, [taker for taker in able if taker.role == role]):
                left -= part - spare.give(part, cell, same)
        # What a full pool could not hold, or no ordinary tier was there for, goes to whoever has room.
        left = spare.give(left, cell, [taker for taker in able if taker.role != "in_house"])
        if left:
            spare.unshared[cell] = left
    return spare


def by_role(total: int, roles: set[str]) -> dict[str, int]:
    """A cell's minutes by the roles that serve it; the rest is left over where no ordinary role does."""
    parts = {role: total * percent // 100 for role, percent in FIRST_PERCENT.items() if role in roles}
    others = [role for role in REST_SHARES if role in roles]
    rest = apportion(total - sum(parts.values()), [REST_SHARES[role] for role in others])
    return parts | dict(zip(others, rest, strict=True))


def _by_lot(minutes: int, lots: Mapping[str, int], takers: Sequence[Taker]) -> list[tuple[list[Taker], int]]:
    # No lot, and one that is no kind of care, is every kind of care.
    care = {taker.reference: taker.lot if taker.lot in CARE_TYPES else "" for taker in takers}
    names = sorted(set(care.values()))
    weights = [lots.get(name, 0) if name else sum(lots.values()) for name in names]
    parts = apportion(minutes, weights)
    shared = zip(names, parts, strict=True)
    return [([taker for taker in takers if care[taker.reference] == name], part) for name, part in shared]
