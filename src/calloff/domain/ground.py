"""
A market in columns for one model: what stays the same from decision to decision.

Who is enrolled becomes columns of whole numbers (`Ground`), and what each charges for a kind of visit on a day is
worked out once (`Rates`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from calloff.domain import allocation
from calloff.domain.contracts import ANY, PRICED_ROLES, UNPRICED_ROLES, Enrolment, PriceCell, PriceLine, resolve
from calloff.domain.market import Standing
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
from calloff.domain.providers import SCALES
from calloff.domain.purchasing_model import PurchasingModel, price_rule_for
from calloff.domain.reckoner import Reckoner
from calloff.domain.tables import ALL_BITS, FACT_COLUMNS, FAR_DAY, Fact, Tables, bits, bits_or_all, lower
from calloff.domain.units import MOST_COST


class FlatTables:
    """The tables of a model as the reckoner's own sequences."""

    def __init__(self, tables: Tables, reckoner: Reckoner) -> None:
        self.gates, self.conditions, self.lines = map(reckoner.fixed, (tables.gates, tables.conditions, tables.lines))
        self.keys, self.steps, self.scores = map(reckoner.fixed, (tables.keys, tables.steps, tables.scores))
        self.enforced = tables.enforced


class Ground:
    """One market in columns for one model: what stays the same from decision to decision."""

    def __init__(self, model: PurchasingModel, standing: Standing) -> None:
        self.model, self.standing = model, standing
        self.rows = len(standing.enrolments)
        self.tables: Tables = lower(model, standing.localities)
        self.reckoner = standing.reckoner
        self.flat = FlatTables(self.tables, self.reckoner)
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


def ground_of(standing: Standing, model: PurchasingModel) -> Ground:
    """A market laid out in columns for a model; made once, and kept with the market."""
    key = model.document_hash, model.splitting is None
    if key not in standing.laid_out:
        standing.laid_out[key] = Ground(model, standing)
    ground: Ground = standing.laid_out[key]
    return ground


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
