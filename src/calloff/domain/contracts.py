"""
A provider's place in a purchasing model: its tier and localities, its prices, its spare minutes.

`resolve` is the one function that turns price lines into the rate of a visit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from calloff.domain.errors import NoOptionLeftError

ROLES = ("member", "prime", "secondary", "subcontractor", "block", "in_house", "spot", "legacy")
PRICED_ROLES = ("member", "prime", "secondary", "spot")
"""Roles whose price the council limits or sets; the others bring a cost of their own, or none."""
UNPRICED_ROLES = ("block", "subcontractor")
"""A block is paid in advance and a subcontractor by its prime: neither needs a price line."""
DAY_TYPES = ("weekday", "weekend", "bank_holiday", "special_day")
UNITS = ("hour", "visit")
BASES = ("tendered", "fixed", "ceiling_capped", "banded", "negotiated", "block")
INCLUDES = ("mileage", "home_and_away", "travel_time", "training_time")
ANY = "*"


@dataclass(frozen=True)
class PriceLine:
    """
    One price: `centipence` per `unit` and worker, where `ANY` (or no workers) means every value.

    A line for two workers is per pair: it prices both together. Both ends of the term are included.
    """

    line_id: str
    centipence: int
    care_type: str = ANY
    area_band: str = ANY
    time_band: str = ANY
    day_type: str = ANY
    workers: int = 0
    unit: str = "hour"
    basis: str = "tendered"
    includes: frozenset[str] = frozenset()
    from_on: date | None = None
    to_on: date | None = None

    def covers(self, cell: PriceCell, on: date) -> bool:
        """Whether the line prices such a visit on such a day."""
        return (
            self.care_type in (ANY, cell.care_type)
            and self.area_band in (ANY, cell.area_band)
            and self.time_band in (ANY, cell.time_band)
            and self.day_type in (ANY, cell.day_type)
            and self.workers in (0, cell.workers)
            and (self.from_on is None or self.from_on <= on)
            and (self.to_on is None or on <= self.to_on)
        )

    @property
    def precision(self) -> tuple[int, int, int, int, int]:
        """Special day before bank holiday before weekend or time band, then area, workers, care type."""
        return (
            {"special_day": 3, "bank_holiday": 2, "weekend": 1}.get(self.day_type, 0),
            int(self.time_band != ANY) + int(self.day_type == "weekday"),
            int(self.area_band != ANY),
            int(self.workers != 0),
            int(self.care_type != ANY),
        )


def priced_otherwise_from(before: Sequence[PriceLine], after: Sequence[PriceLine]) -> date | None:
    """
    The first day on which some lines price anything otherwise than others do, whatever they are called.

    None where there is no such day; `date.min` where they always did.
    """
    lines = (*before, *after)
    begins = {line.from_on for line in lines if line.from_on is not None}
    begins |= {line.to_on + timedelta(days=1) for line in lines if line.to_on not in (None, date.max)}
    for day in (date.min, *sorted(begins)):
        if _in_force(before, day) != _in_force(after, day):
            return day
    return None


def _in_force(lines: Sequence[PriceLine], on: date) -> set[PriceLine]:
    return {
        replace(line, line_id="", from_on=None, to_on=None)
        for line in lines
        if (line.from_on or date.min) <= on <= (line.to_on or date.max)
    }


@dataclass(frozen=True, slots=True)
class PriceCell:
    """What a visit's rate depends on, the day apart."""

    care_type: str
    area_band: str
    time_band: str
    day_type: str
    workers: int


def resolve(lines: Sequence[PriceLine], cell: PriceCell, on: date) -> PriceLine | None:
    """
    The line that prices a visit of this kind on this day; None when there is none (gate 6, `no_price_line`).

    The most precise line wins; two equally precise ones are refused when the file is read.
    """
    return max((line for line in lines if line.covers(cell, on)), key=lambda line: line.precision, default=None)


def resolve_on_day(lines: Sequence[PriceLine], cell: PriceCell, day_types: Sequence[str], on: date) -> PriceLine | None:
    """
    The line that prices a visit on one day, which may be of several types: a bank holiday is a weekday as well.

    The most precise line of all that cover any of them wins, so a special day goes before a bank holiday, and that
    before a weekend.
    """
    cells = [replace(cell, day_type=day_type) for day_type in day_types]
    covering = (line for line in lines if any(line.covers(one, on) for one in cells))
    return max(covering, key=lambda line: line.precision, default=None)


def overlapping(lines: Sequence[PriceLine]) -> tuple[PriceLine, PriceLine] | None:
    """The first two lines that price the same visit on the same day with equal precision, if any."""
    for position, one in enumerate(lines):
        for other in lines[position + 1 :]:
            if one.precision == other.precision and _share_a_visit(one, other):
                return one, other
    return None


def _share_a_visit(one: PriceLine, other: PriceLine) -> bool:
    kinds = [
        (one.care_type, other.care_type),
        (one.area_band, other.area_band),
        (one.time_band, other.time_band),
        (one.day_type, other.day_type),
        (str(one.workers or ANY), str(other.workers or ANY)),
    ]
    first = max(one.from_on or date.min, other.from_on or date.min)
    last = min(one.to_on or date.max, other.to_on or date.max)
    return first <= last and all(a == b or ANY in (a, b) for a, b in kinds)


@dataclass(frozen=True)
class Pool:
    """
    Spare minutes a week that one declaration offers: any mix of its areas and bands (empty: all of them).

    `declared_at` is when the provider last said so, `raised_at` when it last said more than before.
    """

    minutes: int
    declared_at: datetime | None
    areas: frozenset[str] = frozenset()
    bands: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Suspension:
    """
    No new work from this day to that, both included; without an end until lifted.

    `step_in` is the council's decision to pass a prime's new referrals to the next in the cascade; it has an
    effect only under a model with a step-in rule.
    """

    from_on: date
    to_on: date | None = None
    step_in: bool = False

    def covers(self, day: date) -> bool:
        return self.from_on <= day and (self.to_on is None or day <= self.to_on)


@dataclass(frozen=True)
class Enrolment:
    """
    A provider's place in one purchasing model.

    No localities, care types, client groups or age groups means all of them. `block_minutes` a week are
    bought in advance. `full_cost_centipence_per_hour` is what an hour costs with its overheads, where known
    beside the price paid. The `past_*` figures are those of the twelve months before the run, for the quota. `model`
    is the id of the document, where a council has several.
    `quality_score` is its own from the tender; `later_scores` are what it was measured at since, by day.
    """

    reference: str
    provider: str
    tier: str
    role: str
    lot: str = ""
    localities: frozenset[str] = frozenset()
    price_lines: tuple[PriceLine, ...] = ()
    pools: tuple[Pool, ...] = ()
    block_minutes: int = 0
    capabilities: frozenset[str] = frozenset()
    client_groups: frozenset[str] = frozenset()
    age_groups: frozenset[str] = frozenset()
    ultimate_parent: str = ""
    local: bool = False
    subcontractors: frozenset[str] = frozenset()
    suspensions: tuple[Suspension, ...] = ()
    quality_score: int = 0
    from_on: date | None = None
    to_on: date | None = None
    full_cost_centipence_per_hour: int = 0
    past_referred_minutes: int = 0
    past_subcontracted_minutes: int = 0
    later_scores: tuple[tuple[date, int], ...] = ()
    model: str = ""

    def quality_on(self, day: date) -> int:
        """The quality score in force on a day."""
        return max(
            ((since, score) for since, score in self.later_scores if since <= day), default=(day, self.quality_score)
        )[1]


@dataclass(frozen=True)
class Term:
    """From the first day to the last, both included, with years that may be added by options."""

    from_on: date
    to_on: date
    extension_years: int = 0
    extended_years: int = 0

    @property
    def last_on(self) -> date:
        """The last day in force: options count once they are exercised (settled reading 17)."""
        return years_after(self.to_on, self.extended_years)

    def extend(self, years: int) -> Term:
        """Exercise so many years of the options; NoOptionLeftError when fewer are left."""
        left = self.extension_years - self.extended_years
        if years > left:
            raise NoOptionLeftError(
                f"the term has {left} option years left, not {years}: it ends on {self.last_on}. An "
                "out-of-contract extension needs a reason, legal advice, the risk, an approver and a notice"
            )
        return Term(self.from_on, self.to_on, self.extension_years, self.extended_years + years)


def years_after(day: date, years: int) -> date:
    """The same day so many years on, the year 9999 at most; 29 February becomes 28 February."""
    year = min(day.year + years, date.max.year)
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)
