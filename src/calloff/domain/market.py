"""
The market that a decision looks at: who is enrolled (standing facts) and what is spare (moving counters).

`Standing` never changes during a run and is laid out once for each model; `Counters` change with every
invitation and call-off. The two are separate facts of the record (an unchanged fact is hashed once).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from calloff.domain import allocation
from calloff.domain.calendar import Calendar
from calloff.domain.contracts import ANY, Enrolment, PriceCell, PriceLine, resolve
from calloff.domain.engine import PLAIN, Engine
from calloff.domain.errors import CapacityError
from calloff.domain.packages import (
    AGE_GROUPS,
    BANDS,
    CAPABILITIES,
    CARE_TYPES,
    CLIENT_GROUPS,
    SERVICE_TYPES,
    Package,
    Visit,
)
from calloff.domain.providers import SCALES, Provider
from calloff.domain.purchasing_model import PurchasingModel, price_rule_for
from calloff.domain.tables import ALL_BITS, FACT_COLUMNS, FAR_DAY, Fact, Tables, bits, bits_or_all, lower
from calloff.domain.units import MOST_COST

PRICED_ROLES = ("member", "prime", "secondary", "spot")
"""Roles whose price the council limits or sets; the others bring a cost of their own, or none."""
UNPRICED_ROLES = ("block", "subcontractor")
"""A block is paid in advance and a subcontractor by its prime: neither needs a price line."""
NEVER_STALE = 1 << 50


@dataclass(frozen=True)
class Standing:
    """
    Who is enrolled in one model, with the register's facts of each, the council's calendars and its seed.

    `localities` are all the council's, in a fixed order; enrolments are kept by reference, whatever order they
    came in. `seed` is the published text from which ties are drawn. `engine` is no fact: it only says by what the
    rules are worked out.
    """

    enrolments: tuple[Enrolment, ...]
    providers: Mapping[str, Provider]
    calendars: Mapping[str, Calendar]
    localities: tuple[str, ...]
    seed: str
    engine: Engine = field(default=PLAIN, repr=False, compare=False)
    _grounds: dict[tuple[str, bool], Ground] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "enrolments", tuple(sorted(self.enrolments, key=lambda one: one.reference)))
        object.__setattr__(self, "localities", tuple(sorted(set(self.localities))))

    def ground(self, model: PurchasingModel) -> Ground:
        """This market laid out in columns for a model; made once."""
        key = model.document_hash, model.splitting is None
        if key not in self._grounds:
            self._grounds[key] = Ground(model, self)
        return self._grounds[key]

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
    for visit in visits:
        for pool, bands in standing.pools_in[locality][row]:
            if visit.band in bands:
                taken[pool] = taken.get(pool, 0) + visit.worker_minutes
                break
    return taken


class FlatTables:
    """The tables of a model as the engine's own sequences."""

    def __init__(self, tables: Tables, engine: Engine) -> None:
        self.gates, self.conditions, self.lines = map(engine.fixed, (tables.gates, tables.conditions, tables.lines))
        self.keys, self.steps, self.scores = map(engine.fixed, (tables.keys, tables.steps, tables.scores))
        self.enforced = tables.enforced


class Ground:
    """One market in columns for one model: what stays the same from decision to decision."""

    def __init__(self, model: PurchasingModel, standing: Standing) -> None:
        self.model, self.standing = model, standing
        self.rows = len(standing.enrolments)
        self.tables: Tables = lower(model, standing.localities)
        self.engine = standing.engine
        self.flat = FlatTables(self.tables, self.engine)
        self.tier_names = tuple(tier.name for tier in model.tiers)
        self.base = self._base()
        self.lines_of = [self._lines_of(enrolment) for enrolment in standing.enrolments]
        every = [line for lines in self.lines_of for line in lines] + [rule.line for rule in model.prices]
        self.bands_matter = any(line.time_band != ANY for line in every)
        self.days_matter = any(line.day_type != ANY for line in every)
        self.circles = self._circles()
        self.suspended = [
            (row, suspension)
            for row, enrolment in enumerate(standing.enrolments)
            for suspension in enrolment.suspensions
        ]
        providers = [standing.providers[enrolment.provider] for enrolment in standing.enrolments]
        self.addresses = [(provider.easting, provider.northing) for provider in providers]
        self.distances: dict[tuple[int, int], list[int]] = {}
        by_score = [step for step in model.steps if any(key.criterion == "score" for key in step.rank_by)]
        self.ranked_tiers = frozenset(name for step in by_score for name in step.tiers)
        self._rates: dict[tuple[PriceCell, date], Rates] = {}
        self._scores: dict[tuple[PriceCell, str, date], list[int]] = {}
        self.asked: dict[tuple[int, tuple[int, ...]], Any] = {}
        self.subcontractors = [self._subcontractors_of(enrolment) for enrolment in standing.enrolments]

    def _base(self) -> list[int]:
        facts = [0] * (FACT_COLUMNS * self.rows)
        for row, enrolment in enumerate(self.standing.enrolments):
            for column, value in self._standing_facts(enrolment):
                facts[column * self.rows + row] = value
        return facts

    def _standing_facts(self, enrolment: Enrolment) -> list[tuple[int, int]]:
        provider = self.standing.providers[enrolment.provider]
        tier = self.tier_names.index(enrolment.tier)
        lots = [lot.name for lot in self.model.lots]
        lot = [enrolment.lot] if enrolment.lot in CARE_TYPES and enrolment.lot not in lots else []
        return [
            (Fact.TIER, tier),
            (Fact.TIER_BIT, 1 << tier),
            (Fact.REGISTERED_FROM, provider.registered_from.toordinal()),
            (Fact.REGISTERED_TO, provider.registered_to.toordinal() if provider.registered_to else FAR_DAY),
            (Fact.SERVICES, bits(provider.service_types, SERVICE_TYPES)),
            (Fact.CONTRACT_FROM, enrolment.from_on.toordinal() if enrolment.from_on else 0),
            (Fact.CONTRACT_TO, enrolment.to_on.toordinal() if enrolment.to_on else FAR_DAY),
            (Fact.LOCALITIES, bits_or_all(enrolment.localities, self.standing.localities)),
            (Fact.CARE_TYPES, bits_or_all(lot, CARE_TYPES)),
            (Fact.CLIENT_GROUPS, bits_or_all(enrolment.client_groups, CLIENT_GROUPS)),
            (Fact.AGE_GROUPS, bits_or_all(enrolment.age_groups, AGE_GROUPS)),
            (Fact.WELLBEING, provider.grades[0]),
            (Fact.CARE_PLANNING, provider.grades[1]),
            (Fact.STAFF, provider.grades[2]),
            (Fact.LEADERSHIP, provider.grades[3]),
            (Fact.SCALE, list(SCALES).index(provider.scale)),
            (Fact.QUALITY, provider.quality),
            (Fact.CAPABILITIES, bits(enrolment.capabilities, CAPABILITIES)),
            (Fact.LOTS, bits_or_all([enrolment.lot] if enrolment.lot in lots else [], lots)),
        ]

    def _subcontractors_of(self, prime: Enrolment) -> tuple[int, ...]:
        """The rows that may deliver for a prime: local, approved by it and of another group; none for other roles."""
        if prime.role != "prime":
            return ()
        return tuple(
            row
            for row, other in enumerate(self.standing.enrolments)
            if other.role == "subcontractor"
            and other.provider in prime.subcontractors
            and other.local
            and not (other.ultimate_parent and other.ultimate_parent == prime.ultimate_parent)
        )

    def _circles(self) -> list[list[int]]:
        """The rows that take turns with one another: those of one tier and lot, in the order of their references."""
        circles: dict[tuple[str, str], list[int]] = {}
        for row, enrolment in enumerate(self.standing.enrolments):
            circles.setdefault((enrolment.tier, enrolment.lot), []).append(row)
        return list(circles.values()) if self.model.takes_turns else []

    def _lines_of(self, enrolment: Enrolment) -> tuple[PriceLine, ...]:
        if enrolment.role in PRICED_ROLES:
            # A fee for this very tier stands before a general one: of two equally precise lines the first counts.
            fixed = tuple(
                rule.line
                for rule in sorted(self.model.prices, key=lambda rule: not rule.tiers)
                if rule.fixed and enrolment.tier in (rule.tiers or (enrolment.tier,))
            )
            if fixed:
                return fixed
            if not enrolment.price_lines:
                # Whoever has no price of its own may bid up to the ceiling, which then stands for it.
                return tuple(
                    rule.line
                    for rule in sorted(self.model.prices, key=lambda rule: not rule.tiers)
                    if rule.bid and enrolment.tier in (rule.tiers or (enrolment.tier,))
                )
        return enrolment.price_lines

    def cells(self, package: Package, visits: Sequence[Visit]) -> dict[PriceCell, tuple[int, int]]:
        """The visits by what their rate depends on: minutes of each worker, and number, a week."""
        cells: dict[PriceCell, tuple[int, int]] = {}
        for visit in visits:
            band = BANDS[visit.band] if self.bands_matter else ANY
            day = ("weekend" if visit.day >= 5 else "weekday") if self.days_matter else ANY
            cell = PriceCell(package.care_type, package.area_band, band, day, visit.workers)
            minutes, count = cells.get(cell, (0, 0))
            cells[cell] = (minutes + visit.minutes, count + 1)
        return cells

    def rates(self, cell: PriceCell, on: date) -> Rates:
        """What every row charges for such a visit on such a day; worked out once."""
        if (cell, on) not in self._rates:
            self._rates[cell, on] = Rates.of(self, cell, on)
        return self._rates[cell, on]

    def scores(self, package: Package, today: date) -> list[int]:
        """
        By row, the published score at the last refresh for an ordinary weekday hour of this care and area: what the
        document weighs, from the prices and quality scores of that day, among all on the list then. 0 for the rest.
        """
        scoring = self.model.scoring
        day = scoring.refreshed_on(today) if scoring else None
        cell = PriceCell(package.care_type, package.area_band, BANDS[0], "weekday", 1)
        where = package.locality if self.model.localities_apply else ""
        if scoring is None or day is None:
            return [0] * self.rows
        if (cell, where, day) not in self._scores:
            self._scores[cell, where, day] = self._scored(cell, where, day)
        return self._scores[cell, where, day]

    def _scored(self, cell: PriceCell, where: str, day: date) -> list[int]:
        facts, rows, rates = list(self.base), self.rows, self.rates(cell, day)
        for row, enrolment in enumerate(self.standing.enrolments):
            facts[Fact.COST * rows + row] = rates.hourly[row] or rates.per_visit[row]
            facts[Fact.CEILING_COST * rows + row] = min(rates.ceiling[row], MOST_COST)
            facts[Fact.QUALITY_SCORE * rows + row] = enrolment.quality_on(day)
        listed = [row for row in range(rows) if self._on_the_list(facts, row, rates, where, day)]
        if listed:
            allocation.score(self.tables.scores, facts, rows, listed, len(listed))
        return facts[Fact.SCORE * rows : (Fact.SCORE + 1) * rows]

    def _on_the_list(self, facts: Sequence[int], row: int, rates: Rates, where: str, day: date) -> bool:
        """
        Whether a row has a place on a locality's published list: in contract there, in a tier that is asked by score,
        at a price inside the document's limits. Whoever has none may not move the points of the others.
        """
        enrolment, number = self.standing.enrolments[row], day.toordinal()
        in_contract = facts[Fact.CONTRACT_FROM * self.rows + row] <= number <= facts[Fact.CONTRACT_TO * self.rows + row]
        here = not where or not enrolment.localities or where in enrolment.localities
        within = rates.per_visit[row] or rates.floor[row] <= rates.hourly[row] <= rates.ceiling[row]
        ranked = enrolment.tier in self.ranked_tiers
        return bool(in_contract and here and ranked and within and not rates.missing[row])


@dataclass(frozen=True)
class Rates:
    """
    By row, for one kind of visit: centipence an hour and a visit of all its workers together, whether there is no
    line, and the least and most that may be charged an hour.
    """

    hourly: list[int]
    per_visit: list[int]
    missing: list[int]
    floor: list[int]
    ceiling: list[int]
    line_ids: list[str]

    @staticmethod
    def of(ground: Ground, cell: PriceCell, on: date) -> Rates:
        rates = Rates([], [], [], [], [], [])
        for row, enrolment in enumerate(ground.standing.enrolments):
            line = resolve(ground.lines_of[row], cell, on)
            unpriced = enrolment.role in UNPRICED_ROLES
            rates.missing.append(int(line is None and not unpriced))
            charged = 0 if line is None or unpriced else line.centipence * (1 if line.workers == 2 else cell.workers)
            by_visit = line is not None and line.unit == "visit"
            rates.hourly.append(0 if by_visit else charged)
            rates.per_visit.append(charged if by_visit else 0)
            rates.line_ids.append(line.line_id if line and not unpriced else "")
            floor, ceiling = _limits(ground.model, enrolment, cell, on, charged)
            rates.floor.append(floor)
            rates.ceiling.append(ceiling)
        return rates

    @cached_property
    def simple(self) -> bool:
        """No row charges by the visit."""
        return not any(self.per_visit)

    @cached_property
    def limited(self) -> bool:
        """Some row has a floor or a ceiling."""
        return any(self.floor) or any(most < ALL_BITS for most in self.ceiling)


def _limits(model: PurchasingModel, enrolment: Enrolment, cell: PriceCell, on: date, fee: int) -> tuple[int, int]:
    """
    The least and the most that all workers of such a visit may cost an hour on such a day.

    `fee` is what the row charges: under a fixed fee the fee itself, below which nobody may be called off.
    """
    if enrolment.role not in PRICED_ROLES:
        return 0, ALL_BITS
    rule = price_rule_for(model, enrolment.tier, cell, on)
    if rule is None:
        return 0, ALL_BITS
    if rule.fixed:
        return fee, ALL_BITS
    workers = 1 if rule.line.workers == 2 else cell.workers
    return rule.floor_centipence * workers, rule.line.centipence * workers
