"""
The market that a decision looks at: who is enrolled (standing facts) and what is spare (moving counters).

`Standing` never changes during a run and is laid out once for each model; `Counters` change with every
invitation and call-off. The two are separate facts of the record (an unchanged fact is hashed once).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from calloff.domain.calendar import Calendar
from calloff.domain.contracts import Enrolment
from calloff.domain.errors import CapacityError
from calloff.domain.packages import (
    BANDS,
    Visit,
    minutes_by_band,
)
from calloff.domain.providers import Provider
from calloff.domain.reckoner import PLAIN, Reckoner

NEVER_STALE = 1 << 50


@dataclass(frozen=True)
class Standing:
    """
    Who is enrolled in one model, with the register's facts of each, the council's calendars and its seed.

    `localities` are all the council's, in a fixed order; enrolments are kept by reference, whatever order they
    came in. `seed` is the published text from which ties are drawn. `reckoner` is no fact: it only says by what the
    rules are worked out. `laid_out` keeps what `ground_of` made of it for each model.
    """

    enrolments: tuple[Enrolment, ...]
    providers: Mapping[str, Provider]
    calendars: Mapping[str, Calendar]
    localities: tuple[str, ...]
    seed: str
    reckoner: Reckoner = field(default=PLAIN, repr=False, compare=False)
    laid_out: dict[tuple[str, bool], Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "enrolments", tuple(sorted(self.enrolments, key=lambda one: one.reference)))
        object.__setattr__(self, "localities", tuple(sorted(set(self.localities))))

    @cached_property
    def row_of(self) -> dict[str, int]:
        return {enrolment.reference: row for row, enrolment in enumerate(self.enrolments)}

    @cached_property
    def rows_of_provider(self) -> dict[str, tuple[int, ...]]:
        rows: dict[str, tuple[int, ...]] = {}
        for row, enrolment in enumerate(self.enrolments):
            rows[enrolment.provider] = (*rows.get(enrolment.provider, ()), row)
        return rows

    @cached_property
    def pools(self) -> tuple[StandingPool, ...]:
        """Every pool of every enrolment, a block last; a pool's place is its number."""
        every = []
        for row, enrolment in enumerate(self.enrolments):
            for pool in enrolment.pools:
                every.append(StandingPool(row, pool.areas, band_numbers(pool.bands), pool.minutes, pool.declared_at))
            if enrolment.block_minutes:
                every.append(StandingPool(row, frozenset(), band_numbers(()), enrolment.block_minutes, None))
        return tuple(every)

    @cached_property
    def pools_in(self) -> dict[str, list[tuple[tuple[int, tuple[int, ...]], ...]]]:
        """By locality, for each row its pools there with the bands they hold."""
        plan: dict[str, list[tuple[tuple[int, tuple[int, ...]], ...]]] = {}
        for locality in self.localities:
            rows: list[list[tuple[int, tuple[int, ...]]]] = [[] for _ in self.enrolments]
            for number, pool in enumerate(self.pools):
                if not pool.areas or locality in pool.areas:
                    rows[pool.row].append((number, pool.bands))
            plan[locality] = [tuple(row) for row in rows]
        return plan


@dataclass(frozen=True)
class StandingPool:
    """One pool with the row it belongs to; `declared_at` None never grows stale (a block)."""

    row: int
    areas: frozenset[str]
    bands: tuple[int, ...]
    minutes: int
    declared_at: datetime | None


def band_numbers(names: Iterable[str]) -> tuple[int, ...]:
    """Bands by number; no name means all five."""
    chosen = set(names)
    return tuple(number for number, name in enumerate(BANDS) if not chosen or name in chosen)


@dataclass
class Counters:
    """
    What moves: declared, used and held minutes of each pool, and each row's totals.

    Moments are whole seconds since 1970 UTC. `raised_at` is when a declaration last grew. `called_off_28` are
    minutes a week called off to the row's provider in the last 28 days; `referred` and `subcontracted` are the
    quota's minutes of the last twelve months, with the number of packages beside each. `turns`, kept by models that
    ask in rotation, number the rows' last accepted turns (0 for none).
    """

    declared: list[int]
    declared_at: list[int]
    raised_at: list[int]
    used: list[int]
    held: list[int]
    called_off_28: list[int]
    referred: list[int]
    subcontracted: list[int]
    referred_packages: list[int]
    subcontracted_packages: list[int]
    turns: list[int] = field(default_factory=list)

    @staticmethod
    def at_start(standing: Standing, takes_turns: bool = False) -> Counters:
        """Nothing called off yet, every declaration as the contracts have it."""
        pools, rows = standing.pools, standing.enrolments
        declared_at = [seconds(pool.declared_at) if pool.declared_at else NEVER_STALE for pool in pools]
        return Counters(
            [pool.minutes for pool in pools],
            declared_at,
            [at if at != NEVER_STALE else 0 for at in declared_at],
            [0] * len(pools),
            [0] * len(pools),
            [0] * len(rows),
            [row.past_referred_minutes for row in rows],
            [row.past_subcontracted_minutes for row in rows],
            [0] * len(rows),
            [0] * len(rows),
            [0] * len(rows) if takes_turns else [],
        )

    @property
    def columns(self) -> dict[str, list[int]]:
        """Every counter by name; turns only where they are kept."""
        return {name: column for name, column in vars(self).items() if column or name != "turns"}

    def take_turn(self, row: int) -> None:
        """A row accepted in its turn: the pointer of its tier and lot now stands behind it (settled reading 7)."""
        self.turns[row] = max(self.turns) + 1

    def hold(self, holds: Iterable[tuple[int, int]]) -> None:
        """Keep minutes for an invitation; CapacityError when fewer are spare."""
        for pool, minutes in holds:
            if minutes > self.declared[pool] - self.used[pool] - self.held[pool]:
                raise CapacityError(f"pool {pool} has fewer than {minutes} minutes spare; nothing was held")
        for pool, minutes in holds:
            self.held[pool] += minutes

    def release(self, holds: Iterable[tuple[int, int]]) -> None:
        """Give back what an invitation kept."""
        for pool, minutes in holds:
            self.held[pool] -= minutes

    def use(self, minutes_by_pool: Iterable[tuple[int, int]]) -> None:
        """Take minutes for a call-off; CapacityError when fewer are spare."""
        for pool, minutes in minutes_by_pool:
            if minutes > self.declared[pool] - self.used[pool] - self.held[pool]:
                raise CapacityError(f"pool {pool} has fewer than {minutes} minutes spare; nothing was called off")
        for pool, minutes in minutes_by_pool:
            self.used[pool] += minutes


@dataclass(frozen=True)
class Market:
    """What one decision looks at: who is enrolled, and what is spare at that moment."""

    standing: Standing
    counters: Counters


def seconds(moment: datetime) -> int:
    """A moment as whole seconds since 1970 UTC."""
    return int(moment.timestamp())


def minutes_by_pool(standing: Standing, row: int, locality: str, visits: Sequence[Visit]) -> dict[int, int]:
    """How many worker minutes a week of these visits fall to each of a row's pools."""
    taken: dict[int, int] = {}
    for band, minutes in enumerate(minutes_by_band(visits)):
        if minutes:
            pool = next((pool for pool, bands in standing.pools_in[locality][row] if band in bands), None)
            if pool is not None:
                taken[pool] = taken.get(pool, 0) + minutes
    return taken
