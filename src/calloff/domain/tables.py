"""
A purchasing model lowered to tables of whole numbers, for `allocation.decide`.

A *line* compares one column with an operand. Lines about enrolments (gates, and whom a step asks) read a column
of the facts; conditions read a column of the package. Lowering happens once for each document.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from calloff.domain.packages import (
    AGE_GROUPS,
    AREA_BANDS,
    CAPABILITIES,
    CARE_TYPES,
    CLIENT_GROUPS,
    COMPLEXITY_FACTS,
    DELIVERY_MODELS,
    PRIORITIES,
    SERVICE_TYPES,
)
from calloff.domain.providers import SCALES
from calloff.domain.purchasing_model import DIRECT, Condition, GradeRule, Key, PurchasingModel, Step, Weight

MOST_BITS = 62
ALL_BITS = (1 << MOST_BITS) - 1
FAR_DAY = 10_000_000


class PackageColumn(IntEnum):
    """What the tables may know about a package."""

    PRIORITY = 0
    PRIORITY_BIT = 1
    TODAY = 2
    START_DAY = 3
    LOCALITY_BIT = 4
    SERVICE_BIT = 5
    CARE_BIT = 6
    CLIENT_BIT = 7
    AGE_BIT = 8
    NEEDS = 9
    MINUTES = 10
    DELIVERY_BIT = 11
    AREA_BIT = 12
    COMPLEXITY = 13
    DOUBLE_HANDED_A_DAY = 14
    LEGACY = 15
    SIGNIFICANT = 16
    DAYS_SINCE_CURRENT = 17
    LOT_BITS = 18


class Fact(IntEnum):
    """What the tables may know about an enrolment; those from SUSPENDED on also depend on package or moment."""

    TIER = 0
    TIER_BIT = 1
    REGISTERED_FROM = 2
    REGISTERED_TO = 3
    SERVICES = 4
    CONTRACT_FROM = 5
    CONTRACT_TO = 6
    LOCALITIES = 7
    CARE_TYPES = 8
    CLIENT_GROUPS = 9
    AGE_GROUPS = 10
    WELLBEING = 11
    CARE_PLANNING = 12
    STAFF = 13
    LEADERSHIP = 14
    SCALE = 15
    QUALITY = 16
    CAPABILITIES = 17
    SUSPENDED = 18
    STEPPED_IN = 19
    NO_PRICE_LINE = 20
    OVER_CEILING = 21
    COST = 22
    SHORT = 23
    COVERABLE = 24
    CAPACITY = 25
    EXCLUDED = 26
    IS_CURRENT = 27
    IS_CHOSEN = 28
    DISTANCE = 29
    MINUTES_IN_28_DAYS = 30
    DRAW = 31
    BAND_COST = 32
    BAND_POOL = 37
    POOL_SPARE = 42
    SCORE = 47
    TURN = 48
    DAYS_LATE = 49
    QUALITY_SCORE = 50
    CEILING_COST = 51
    LOTS = 52
    POINTS = 53


MOST_WEIGHTS = 4
"""A score has at most so many criteria; the points of each stand in their own column from POINTS on."""
FACT_COLUMNS = Fact.POINTS + MOST_WEIGHTS


class Comparison(IntEnum):
    """How a line compares: `AT_LEAST_OR_NONE` lets a missing (0) value pass."""

    AT_LEAST = 0
    AT_MOST = 1
    EQUAL = 2
    HAS_ALL_BITS = 3
    HAS_ANY_BIT = 4
    AT_LEAST_OR_NONE = 5


class Method(IntEnum):
    """
    How points, in whole millionths half up, are made of a figure: the lowest gets all and a dearer one its share of it
    (`LOWEST`), or its share of the way to the ceiling (`BELOW`); so much of the best (`OUT_OF`), or less the farther.
    """

    LOWEST = 0
    BELOW = 1
    OUT_OF = 2
    NONE_BEYOND = 3


LINE = 8
"""Width of a line: gate, conditions from, conditions to, tiers (bits, 0 all), column, comparison,
1 where the operand is a package column, operand."""
CONDITION = 3
"""Width of a condition: package column, comparison, operand."""
STEP = 9
"""Width of a step: conditions from, to, lines from, to, keys from, to, parts allowed, pairs of offers allowed,
sealed."""
SCORE = 4
"""Width of a score's line: column, method, weight in basis points, and what the method measures by."""
KEY = 3
"""Width of a key: column, sign, and the width of the price bands a weekly cost is put into (0 none)."""


class StepColumn(IntEnum):
    """Where a step's numbers stand in its STEP-wide row."""

    CONDITIONS_FROM = 0
    CONDITIONS_TO = 1
    LINES_FROM = 2
    LINES_TO = 3
    KEYS_FROM = 4
    KEYS_TO = 5
    PARTS = 6
    PAIRS = 7
    SEALED = 8


class GateCode(IntEnum):
    """The number of the gate that each line of the gates table belongs to."""

    REGISTRATION = 1
    CONTRACT = 2
    QUALITY = 3
    SUSPENSION = 4
    CAPABILITY = 5
    PRICE = 6
    CAPACITY = 7
    EXCLUSION = 8


@dataclass(frozen=True)
class Tables:
    """
    One model as whole numbers; `codes` name each gate line for the record, `enforced` has a bit for each that
    removes a candidate (a capacity line that only reports is not among them), `capacity_lines` for gate 7's. `lots`
    and `routes` are the conditions, from and to, of each.
    """

    gates: tuple[int, ...]
    conditions: tuple[int, ...]
    lines: tuple[int, ...]
    keys: tuple[int, ...]
    steps: tuple[int, ...]
    codes: tuple[str, ...]
    enforced: int
    capacity_lines: int
    scores: tuple[int, ...] = ()
    lots: tuple[tuple[int, int], ...] = ()
    routes: tuple[tuple[int, int], ...] = ()


def bits(names: Iterable[str], table: Sequence[str]) -> int:
    """A bit for each name by its place in the table; names outside it have none."""
    return sum(1 << table.index(name) for name in set(names) if name in table)


def bits_or_all(names: Iterable[str], table: Sequence[str]) -> int:
    """As `bits`, where no name at all means every one."""
    chosen = list(names)
    return bits(chosen, table) if chosen else ALL_BITS


_ONE_OF = {
    "priority": (PackageColumn.PRIORITY_BIT, tuple(f"P{number}" for number in PRIORITIES)),
    "delivery_model": (PackageColumn.DELIVERY_BIT, DELIVERY_MODELS),
    "client_group": (PackageColumn.CLIENT_BIT, CLIENT_GROUPS),
    "age_group": (PackageColumn.AGE_BIT, AGE_GROUPS),
    "service_type": (PackageColumn.SERVICE_BIT, SERVICE_TYPES),
    "care_type": (PackageColumn.CARE_BIT, CARE_TYPES),
    "area_band": (PackageColumn.AREA_BIT, AREA_BANDS),
    "complexity": (PackageColumn.COMPLEXITY, COMPLEXITY_FACTS),
    "needs": (PackageColumn.NEEDS, CAPABILITIES),
}
_NUMBERS = {
    "double_handed_visits_a_day": PackageColumn.DOUBLE_HANDED_A_DAY,
    "minutes_per_week": PackageColumn.MINUTES,
    "legacy": PackageColumn.LEGACY,
    "significantly_different": PackageColumn.SIGNIFICANT,
}
CONDITION_FACTS = {
    **{fact: names for fact, (_, names) in _ONE_OF.items()},
    **dict.fromkeys(_NUMBERS, ()),
    "locality": (),
}
"""Every fact a condition may name, with its words; no words means a number, yes or no, or (locality) any name."""


def lower_condition(condition: Condition, localities: Sequence[str]) -> tuple[int, int, int]:
    """One condition as package column, comparison and operand."""
    if condition.fact == "locality":
        mask = bits((str(value) for value in condition.values), localities)
        return (PackageColumn.LOCALITY_BIT, Comparison.HAS_ANY_BIT, mask)
    if condition.fact in _ONE_OF:
        column, names = _ONE_OF[condition.fact]
        return (column, Comparison.HAS_ANY_BIT, bits((str(value) for value in condition.values), names))
    comparison = {"at_least": Comparison.AT_LEAST, "at_most": Comparison.AT_MOST}.get(
        condition.comparison, Comparison.EQUAL
    )
    return (_NUMBERS[condition.fact], comparison, int(condition.values[0]))


class _Lowering:
    """Gathers the tables of one model while they are built."""

    def __init__(self, model: PurchasingModel, localities: Sequence[str]) -> None:
        self.model, self.localities = model, localities
        self.tier_names = tuple(tier.name for tier in model.tiers)
        self.gates: list[int] = []
        self.codes: list[str] = []
        self.conditions: list[int] = []
        self.lines: list[int] = []
        self.keys: list[int] = []
        self.steps: list[int] = []
        self.reports_only = 0

    def add_conditions(self, conditions: Iterable[Condition]) -> tuple[int, int]:
        first = len(self.conditions) // CONDITION
        for condition in conditions:
            self.conditions.extend(lower_condition(condition, self.localities))
        return first, len(self.conditions) // CONDITION

    def gate(
        self,
        number: int,
        code: str,
        column: int,
        comparison: int,
        operand: int,
        of_package: bool = False,
        when: Sequence[Condition] = (),
        tiers: Sequence[str] = (),
    ) -> None:
        first, last = self.add_conditions(when)
        tier_bits = bits(tiers, self.tier_names)
        self.gates.extend((number, first, last, tier_bits, column, comparison, int(of_package), operand))
        self.codes.append(code)

    def standing_gates(self) -> None:
        """The gates every model has (assumed: the trade's own list)."""
        p, f, c = PackageColumn, Fact, Comparison
        self.gate(1, "not_registered_yet", f.REGISTERED_FROM, c.AT_MOST, p.START_DAY, True)
        self.gate(1, "registration_ended", f.REGISTERED_TO, c.AT_LEAST, p.START_DAY, True)
        self.gate(2, "contract_not_begun", f.CONTRACT_FROM, c.AT_MOST, p.START_DAY, True)
        self.gate(2, "contract_ended", f.CONTRACT_TO, c.AT_LEAST, p.START_DAY, True)
        self.gate(2, "other_service_type", f.SERVICES, c.HAS_ALL_BITS, p.SERVICE_BIT, True)
        self.gate(2, "other_care_type", f.CARE_TYPES, c.HAS_ALL_BITS, p.CARE_BIT, True)
        if self.model.lots:
            self.gate(2, "other_lot", f.LOTS, c.HAS_ANY_BIT, p.LOT_BITS, True)
        if self.model.joining:
            self.gate(2, "not_a_member_yet", f.CONTRACT_FROM, c.AT_MOST, p.TODAY, True)
        if self.model.localities_apply:
            self.gate(2, "other_locality", f.LOCALITIES, c.HAS_ALL_BITS, p.LOCALITY_BIT, True)
        if self.model.groups_chosen_by_provider:
            self.gate(2, "other_client_group", f.CLIENT_GROUPS, c.HAS_ALL_BITS, p.CLIENT_BIT, True)
            self.gate(2, "other_age_group", f.AGE_GROUPS, c.HAS_ALL_BITS, p.AGE_BIT, True)
        for rule in self.model.grades:
            self.grade_gates(rule)
        self.gate(4, "suspended", f.SUSPENDED, c.EQUAL, 0)
        if self.model.step_in:
            self.gate(4, "stepped_in", f.STEPPED_IN, c.EQUAL, 0)
        self.gate(5, "capability_missing", f.CAPABILITIES, c.HAS_ALL_BITS, p.NEEDS, True)
        self.gate(6, "no_price_line", f.NO_PRICE_LINE, c.EQUAL, 0)
        self.gate(6, "outside_price_limits", f.OVER_CEILING, c.EQUAL, 0)
        if self.model.capacity != "gate":
            self.reports_only |= 1 << len(self.codes)
        self.gate(7, "capacity_short", f.SHORT, c.AT_MOST, 0)
        self.gate(8, "excluded", f.EXCLUDED, c.EQUAL, 0)

    def grade_gates(self, rule: GradeRule) -> None:
        comparison = Comparison.AT_LEAST_OR_NONE if rule.unrated == "passes" else Comparison.AT_LEAST
        scale = list(SCALES).index(rule.scale)
        self.gate(3, "other_scale", Fact.SCALE, Comparison.EQUAL, scale, False, rule.when, rule.tiers)
        areas = (Fact.WELLBEING, Fact.CARE_PLANNING, Fact.STAFF, Fact.LEADERSHIP)
        for area in areas:
            code = f"grade_{area.name.lower()}"
            self.gate(3, code, area, comparison, rule.grade, False, rule.when, rule.tiers)

    def step(self, step: Step) -> None:
        conditions = self.add_conditions(step.when)
        if step.within_days:
            column = PackageColumn.DAYS_SINCE_CURRENT
            self.conditions.extend((column, Comparison.AT_MOST, step.within_days))
            conditions = (conditions[0], len(self.conditions) // CONDITION)
        lines_from = len(self.lines) // LINE
        if step.tiers:
            self.line(Fact.TIER_BIT, Comparison.HAS_ANY_BIT, bits(step.tiers, self.tier_names))
        if step.whom == "current_provider":
            self.line(Fact.IS_CURRENT, Comparison.EQUAL, 1)
        if step.whom == "chosen_provider":
            self.line(Fact.IS_CHOSEN, Comparison.EQUAL, 1)
        keys_from = len(self.keys) // KEY
        for key in (*step.rank_by, *self.model.ties):
            self.keys.extend(lower_key(key))
        self.keys.extend((Fact.DRAW, 1, 0))
        splitting = self.model.splitting is not None and not step.sealed
        pairs = splitting and step.kind == "book"
        parts = splitting and not pairs and DIRECT not in step.ask
        row = [*conditions, lines_from, len(self.lines) // LINE, keys_from, len(self.keys) // KEY]
        self.steps.extend([*row, int(parts), int(pairs), int(step.sealed)])

    def scores(self) -> tuple[int, ...]:
        """The score's lines, in the document's order."""
        weights = self.model.scoring.weights if self.model.scoring else ()
        return tuple(number for weight in weights for number in lower_weight(weight))

    def line(self, column: int, comparison: int, operand: int) -> None:
        self.lines.extend((0, 0, 0, 0, column, comparison, 0, operand))


def lower_key(key: Key) -> tuple[int, int, int]:
    """One criterion as column, sign (1 smallest first) and the width of its price bands."""
    column, sign = {
        "price": (Fact.COST, 1),
        "price_band": (Fact.COST, 1),
        "capacity": (Fact.CAPACITY, -1),
        "quality": (Fact.QUALITY, -1),
        "distance": (Fact.DISTANCE, 1),
        "hours_in_28_days": (Fact.MINUTES_IN_28_DAYS, 1),
        "tier_order": (Fact.TIER, 1),
        "score": (Fact.SCORE, -1),
        "rotation": (Fact.TURN, 1),
    }[key.criterion]
    return column, sign, key.width_centipence


def lower_weight(weight: Weight) -> tuple[int, int, int, int]:
    """One criterion of a score as column, method, weight and what the method measures by."""
    column = {
        "price": Fact.COST,
        "quality": Fact.QUALITY_SCORE,
        "grades": Fact.QUALITY,
        "start": Fact.DAYS_LATE,
        "travel": Fact.DISTANCE,
    }[weight.criterion]
    method = {
        "lowest_proportional": Method.LOWEST,
        "linear_to_ceiling": Method.BELOW,
        "out_of": Method.OUT_OF,
        "none_beyond": Method.NONE_BEYOND,
    }[weight.method]
    return column, method, weight.basis_points, weight.span


def lower(model: PurchasingModel, localities: Sequence[str]) -> Tables:
    """The model as tables; `localities` is the council's list, whose places are the bits."""
    work = _Lowering(model, localities)
    work.standing_gates()
    for step in model.steps:
        work.step(step)
    lots = tuple(work.add_conditions(lot.when) for lot in model.lots)
    routes = tuple(work.add_conditions(route.when) for route in model.routes)
    enforced = ((1 << len(work.codes)) - 1) & ~work.reports_only
    return Tables(
        tuple(work.gates),
        tuple(work.conditions),
        tuple(work.lines),
        tuple(work.keys),
        tuple(work.steps),
        tuple(work.codes),
        enforced,
        sum(1 << line for line in range(len(work.codes)) if work.gates[line * LINE] == GateCode.CAPACITY),
        work.scores(),
        lots,
        routes,
    )
