"""
The columns that `decide` reads, filled for one package at one moment.

What only the package and the contracts say is worked out once (`Asked`); what the moment and the counters add is laid
over it at each question.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableSequence, Sequence
from datetime import date, datetime
from math import isqrt

from calloff.domain import allocation
from calloff.domain.calendar import local
from calloff.domain.ground import Ground
from calloff.domain.market import Counters, seconds
from calloff.domain.packages import (
    AGE_GROUPS,
    AREA_BANDS,
    CAPABILITIES,
    CARE_TYPES,
    CLIENT_GROUPS,
    COMPLEXITY_FACTS,
    DELIVERY_MODELS,
    SERVICE_TYPES,
    Package,
    Visit,
    minutes_by_band,
    minutes_by_day_and_band,
    significantly_different,
)
from calloff.domain.tables import FAR_DAY, Fact, PackageColumn, bits
from calloff.domain.units import MOST_COST

SECONDS_A_DAY = 86_400
MOST_KEPT = 4_000_000
"""So many facts of packages asked about are kept: 32 MB."""
FAR_AWAY = 10_000_000
"""Metres, more than any distance between two places of the kingdom."""


class Asked:
    """
    What a package still asks of a market: its own columns and all facts that no moment and no counter changes.

    `needs` are minutes by band; `need_of` and `smallest_of`, by the bands of a pool, the minutes that fall to it and
    the fewest of them that are never divided.
    """

    def __init__(self, ground: Ground, package: Package, left: Sequence[int]) -> None:
        self.ground, self.package = ground, package
        self.visits = [package.visits[number] for number in left]
        self.needs = minutes_by_band(self.visits)
        self.columns = ground.reckoner.numbers(package_columns(ground, package, self.visits))
        self.facts = ground.reckoner.numbers(standing_facts(ground, package, self.visits))
        self.band_costs: list[list[int]] = []
        self.need_of: dict[tuple[int, ...], int] = {}
        self.smallest_of: dict[tuple[int, ...], int] = {}
        groups = minutes_by_day_and_band(self.visits)
        for bands in {bands for pools in ground.standing.pools_in[package.locality] for _, bands in pools}:
            self.need_of[bands] = sum(self.needs[band] for band in bands)
            self.smallest_of[bands] = min((size for (_, band), size in groups.items() if band in bands), default=0)

    def columns_at(self, at: datetime) -> MutableSequence[int]:
        """What the tables may know about the package at a moment."""
        columns, today = self.columns[:], local(at).date()
        columns[PackageColumn.TODAY] = today.toordinal()
        columns[PackageColumn.START_DAY] = max(self.package.required_start_on, today).toordinal()
        columns[PackageColumn.DAYS_SINCE_CURRENT] = days_since_current(self.package, today)
        return columns

    def facts_at(self, counters: Counters, own_holds: Mapping[int, int], at: datetime) -> MutableSequence[int]:
        """
        The flat facts of every enrolment for these visits at this moment: `facts[column * rows + row]`.

        Minutes that the package's own invitations hold count as spare for it.
        """
        ground, facts, today = self.ground, self.facts[:], local(at).date()
        _capacity(self, facts, counters, own_holds, at)
        _put(ground, facts, Fact.MINUTES_IN_28_DAYS, counters.called_off_28)
        for row, suspension in ground.suspended:
            if suspension.covers(today):
                facts[(Fact.STEPPED_IN if suspension.step_in else Fact.SUSPENDED) * ground.rows + row] = 1
        if ground.model.scoring is not None:
            _scores(ground, facts, self.package, today)
        if ground.circles:
            _turns(ground, facts, counters)
        return facts

    def add_bands(self, facts: MutableSequence[int], counters: Counters, at: datetime) -> None:
        """The cost of each band and the spare minutes of each pool, by row: what `cheapest_pair` reads."""
        ground, oldest = self.ground, stale_before(self.ground, at)
        if not self.band_costs:
            for band in range(5):
                part = list(ground.base)
                _price(ground, part, self.package, [visit for visit in self.visits if visit.band == band])
                self.band_costs.append(part[Fact.COST * ground.rows : (Fact.COST + 1) * ground.rows])
        for band, cost in enumerate(self.band_costs):
            _put(ground, facts, Fact.BAND_COST + band, cost)
            _put(ground, facts, Fact.BAND_POOL + band, [-1] * ground.rows)
        for row, pools in enumerate(ground.standing.pools_in[self.package.locality]):
            for slot, (pool, bands) in enumerate(pools[:5]):
                facts[(Fact.POOL_SPARE + slot) * ground.rows + row] = spare_in(counters, pool, oldest)
                for band in bands:
                    facts[(Fact.BAND_POOL + band) * ground.rows + row] = slot


def asked_of(ground: Ground, package: Package, left: Sequence[int]) -> Asked:
    """What a package asks, worked out once for as long as it is asked about often enough to be kept."""
    key = (id(package), tuple(left))
    found: Asked | None = ground.asked.pop(key, None)
    if found is None or found.package is not package:
        found = Asked(ground, package, left)
        while len(ground.asked) * (len(found.facts) + 1) > MOST_KEPT:
            ground.asked.pop(next(iter(ground.asked)))
    # Put last again: the one that was longest not asked about goes first.
    ground.asked[key] = found
    return found


def package_columns(ground: Ground, package: Package, visits: Sequence[Visit]) -> list[int]:
    """What the tables may know about a package on any day, `visits` being those still to place."""
    model = ground.model
    needs = set(package.needs) | ({"double_handed"} if any(visit.workers > 1 for visit in visits) else set())
    if any(visit.band == 4 for visit in visits):
        needs.add("nights")
    threshold = model.threshold
    columns = [0] * len(PackageColumn)
    for column, value in (
        (PackageColumn.PRIORITY, package.priority),
        (PackageColumn.PRIORITY_BIT, 1 << (package.priority - 1)),
        (PackageColumn.LOCALITY_BIT, bits([package.locality], ground.standing.localities)),
        (PackageColumn.SERVICE_BIT, bits([package.service_type], SERVICE_TYPES)),
        (PackageColumn.CARE_BIT, bits([package.care_type], CARE_TYPES)),
        (PackageColumn.CLIENT_BIT, bits([package.client_group], CLIENT_GROUPS)),
        (PackageColumn.AGE_BIT, bits([package.age_group], AGE_GROUPS)),
        (PackageColumn.NEEDS, bits(needs, CAPABILITIES)),
        (PackageColumn.MINUTES, max(1, sum(visit.worker_minutes for visit in visits))),
        (PackageColumn.DELIVERY_BIT, bits([package.delivery_model], DELIVERY_MODELS)),
        (PackageColumn.AREA_BIT, bits([package.area_band], AREA_BANDS)),
        (PackageColumn.COMPLEXITY, bits(package.complexity, COMPLEXITY_FACTS)),
        (PackageColumn.DOUBLE_HANDED_A_DAY, package.double_handed_visits_a_day),
        (PackageColumn.LEGACY, int(is_legacy(package, model.term.from_on))),
        (PackageColumn.SIGNIFICANT, int(threshold is not None and significantly_different(package, threshold))),
    ):
        columns[column] = value
    # Last, since the conditions of the lots read the other columns.
    columns[PackageColumn.LOT_BITS] = sum(
        allocation.conditions_hold(ground.tables.conditions, first, last, columns) << lot
        for lot, (first, last) in enumerate(ground.tables.lots)
    )
    return columns


def standing_facts(ground: Ground, package: Package, visits: Sequence[Visit]) -> list[int]:
    """The facts that only the contracts and the package make: prices, distances, who is excluded, current or chosen."""
    facts = list(ground.base)
    _price(ground, facts, package, visits)
    _put(ground, facts, Fact.DISTANCE, _distances(ground, package))
    _mark(ground, facts, Fact.EXCLUDED, package.exclusions)
    _mark(ground, facts, Fact.IS_CURRENT, [package.current_provider])
    _mark(ground, facts, Fact.IS_CHOSEN, [package.chosen_provider])
    return facts


def _put(ground: Ground, facts: MutableSequence[int], column: int, values: Sequence[int]) -> None:
    facts[column * ground.rows : (column + 1) * ground.rows] = ground.reckoner.numbers(values)


def is_legacy(package: Package, contract_from: date) -> bool:
    """Whether the person's care was first bought before the contract began (*new* is on or after its first day)."""
    return package.current_since is not None and package.current_since < contract_from


def days_since_current(package: Package, today: date) -> int:
    """Days since the current provider's care ended: 0 while it goes on, very many when there is none."""
    if not package.current_provider:
        return FAR_DAY
    if package.current_ended_on is None:
        return 0
    return max(0, (today - package.current_ended_on).days)


def _mark(ground: Ground, facts: MutableSequence[int], column: int, providers: Sequence[str] | frozenset[str]) -> None:
    for provider in providers:
        for row in ground.standing.rows_of_provider.get(provider, ()):
            facts[column * ground.rows + row] = 1


def _scores(ground: Ground, facts: MutableSequence[int], package: Package, today: date) -> None:
    """The published scores of the last refresh, and each row's quality score of today, which a competition weighs."""
    _put(ground, facts, Fact.SCORE, ground.scores(package, today))
    quality = [enrolment.quality_on(today) for enrolment in ground.standing.enrolments]
    _put(ground, facts, Fact.QUALITY_SCORE, quality)


def _turns(ground: Ground, facts: MutableSequence[int], counters: Counters) -> None:
    """How many turns away each row is, in its circle: 0 stands next after the one that accepted last."""
    for circle in ground.circles:
        last = max(range(len(circle)), key=lambda place: counters.turns[circle[place]])
        first = last + 1 if counters.turns[circle[last]] else 0
        for place, row in enumerate(circle):
            facts[Fact.TURN * ground.rows + row] = (place - first) % len(circle)


def _distances(ground: Ground, package: Package) -> list[int]:
    """Straight-line metres from the provider's address to the person's area; unknown addresses are farthest away."""
    place = (package.easting, package.northing)
    if place not in ground.distances:
        ground.distances[place] = [
            isqrt((x - place[0]) ** 2 + (y - place[1]) ** 2) if x and place[0] else FAR_AWAY
            for x, y in ground.addresses
        ]
    return ground.distances[place]


def _price(ground: Ground, facts: MutableSequence[int], package: Package, visits: Sequence[Visit]) -> None:
    """Weekly cost of an ordinary week at the rates on the required start (settled reading 18)."""
    rows = ground.rows
    cost = [0] * rows
    missing = [0] * rows
    outside = [0] * rows
    ceiling = [0] * rows
    for cell, (minutes, count) in ground.cells(package, visits).items():
        rates = ground.rates(cell, package.required_start_on)
        if rates.simple:
            part = [hourly * minutes for hourly in rates.hourly]
        else:
            part = [h * minutes + v * 60 * count for h, v in zip(rates.hourly, rates.per_visit, strict=True)]
        cost = [a + b for a, b in zip(cost, part, strict=True)]
        missing = [a | b for a, b in zip(missing, rates.missing, strict=True)]
        if rates.limited:
            outside = [
                one | (least * minutes > price) | (price > most * minutes)
                for one, least, price, most in zip(outside, rates.floor, part, rates.ceiling, strict=True)
            ]
        if ground.tables.scores:
            ceiling = [min(most * minutes + one, MOST_COST) for one, most in zip(ceiling, rates.ceiling, strict=True)]
    _put(ground, facts, Fact.COST, cost)
    _put(ground, facts, Fact.NO_PRICE_LINE, missing)
    _put(ground, facts, Fact.OVER_CEILING, [int(one) for one in outside])
    _put(ground, facts, Fact.CEILING_COST, ceiling)


def spare_in(counters: Counters, pool: int, oldest: int, own: int = 0) -> int:
    """
    Spare minutes of a pool, `own` being what the package itself holds there.

    A declaration made before `oldest` counts as none (settled reading 2).
    """
    if counters.declared_at[pool] < oldest:
        return 0
    return max(0, counters.declared[pool] - counters.used[pool] - counters.held[pool] + own)


def stale_before(ground: Ground, at: datetime) -> int:
    """The moment, in seconds, before which a declaration is too old."""
    return seconds(at) - ground.model.declaration_days * SECONDS_A_DAY


def _capacity(
    asked: Asked, facts: MutableSequence[int], counters: Counters, own_holds: Mapping[int, int], at: datetime
) -> None:
    """
    Minutes short, minutes that could be covered, and spare minutes, over the pools that hold the visits' bands.

    A pool too small for any day's visits in one band covers nothing, since those are never divided.
    """
    ground, need_of, smallest_of = asked.ground, asked.need_of, asked.smallest_of
    total = sum(asked.needs)
    oldest = stale_before(ground, at)
    declared, declared_at, used, held = counters.declared, counters.declared_at, counters.used, counters.held
    short, coverable, capacity = [], [], []
    for pools in ground.standing.pools_in[asked.package.locality]:
        covered = spare_minutes = 0
        for pool, bands in pools:
            need = need_of[bands]
            if need == 0 or declared_at[pool] < oldest:
                continue
            spare = declared[pool] - used[pool] - held[pool]
            if own_holds:
                spare += own_holds.get(pool, 0)
            if spare <= 0:
                continue
            spare_minutes += spare
            if need <= spare:
                covered += need
            elif smallest_of[bands] <= spare:
                covered += spare
        short.append(total - covered)
        coverable.append(covered)
        capacity.append(spare_minutes)
    _put(ground, facts, Fact.SHORT, short)
    _put(ground, facts, Fact.COVERABLE, coverable)
    _put(ground, facts, Fact.CAPACITY, capacity)
