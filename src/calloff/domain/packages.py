"""
A package: what one person has been approved to receive, as a weekly pattern of visits.

Personal data has no place here: a package is known by a random reference that was fixed at approval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum

SERVICE_TYPES = ("care_at_home", "housing_support")
CARE_TYPES = ("personal_care", "independent_living", "specialist", "night_support", "complex")
DELIVERY_MODELS = ("managed", "personal_budget", "individual_service_fund", "direct_payment")
BOUGHT_BY_COUNCIL = frozenset({"managed", "personal_budget"})
"""Those in which the council itself calls care off; in the others the person, or who holds the fund, buys it."""
CLIENT_GROUPS = ("older_people", "dementia_mental_health", "learning_disability", "physical_disability", "other")
AGE_GROUPS = ("18-64", "65-74", "75-84", "85+")
AREA_BANDS = ("urban", "suburban", "rural")
PRIORITIES = (1, 2, 3, 4, 5, 6)
"""P1 crisis, P2 hospital discharge, P3 provider failure, P4 reablement ending, P5 new, P6 change of existing."""
COMPLEXITY_FACTS = ("chc_funded", "delegated_health", "behaviour_support", "end_of_life", "failed_twice")
CAPABILITIES = (
    "double_handed",
    "medication",
    "moving_and_handling",
    "nights",
    "live_in",
    "dementia",
    "language_welsh",
    "language_gaelic",
    "language_polish",
    "language_punjabi",
    "language_bsl",
    "gender_female",
    "gender_male",
)


class Band(IntEnum):
    """Part of the day in which a visit is bought."""

    MORNING = 0
    LUNCH = 1
    TEA = 2
    BED = 3
    NIGHT = 4


BANDS = tuple(band.name.lower() for band in Band)
BAND_ENDS = ((630, Band.MORNING), (840, Band.LUNCH), (1080, Band.TEA), (1320, Band.BED))
"""Morning 07:00-10:30, lunch 11:30-14:00, tea 16:00-18:00, bed 19:00-22:00, night 22:00-07:00 (assumed)."""


def band_of(start_minute: int) -> Band:
    """The band that holds a start, else the next one (settled reading 18); minutes after midnight."""
    if start_minute < 420:
        return Band.NIGHT
    return next((band for end, band in BAND_ENDS if start_minute < end), Band.NIGHT)


_BAND_OF_MINUTE = tuple(band_of(minute) for minute in range(24 * 60))


@dataclass(frozen=True, slots=True)
class Visit:
    """
    One attendance of a weekly pattern: `day` 0 is Monday; `minutes` are those of each worker.

    `band` and `worker_minutes` follow from the rest; they are worked out once, since every gate reads them.
    """

    day: int
    start_minute: int
    minutes: int
    workers: int = 1
    critical: bool = False
    band: Band = field(init=False, repr=False, compare=False)
    worker_minutes: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "band", _BAND_OF_MINUTE[self.start_minute])
        object.__setattr__(self, "worker_minutes", self.minutes * self.workers)


@dataclass(frozen=True)
class Package:
    """
    One person's agreed visits, and what decides who may be asked for them.

    `approved_at` is when the wait began; `current_*` describe the care the person has, or had until
    `current_ended_on`. A lot is a package too: `lot_of` are the references of those whose sum it is.
    """

    reference: str
    approved_at: datetime
    required_start_on: date
    priority: int
    nation: str
    locality: str
    visits: tuple[Visit, ...]
    area_band: str = "urban"
    service_type: str = "care_at_home"
    care_type: str = "personal_care"
    delivery_model: str = "managed"
    client_group: str = "older_people"
    age_group: str = "75-84"
    needs: frozenset[str] = frozenset()
    complexity: frozenset[str] = frozenset()
    exclusions: frozenset[str] = frozenset()
    current_provider: str = ""
    current_ended_on: date | None = None
    current_minutes_per_week: int = 0
    current_workers: int = 1
    current_care_type: str = ""
    current_since: date | None = None
    chosen_provider: str = ""
    easting: int = 0
    northing: int = 0
    lot_of: tuple[str, ...] = ()

    @property
    def minutes_per_week(self) -> int:
        """Worker minutes of an ordinary week."""
        return sum(visit.worker_minutes for visit in self.visits)

    @property
    def most_workers(self) -> int:
        return max((visit.workers for visit in self.visits), default=1)

    @property
    def double_handed_visits_a_day(self) -> int:
        """The most visits of two workers on any one day."""
        days = [visit.day for visit in self.visits if visit.workers > 1]
        return max((days.count(day) for day in set(days)), default=0)


@dataclass(frozen=True)
class SignificantChange:
    """The published threshold beyond which a change of need is a new package (settled reading 9)."""

    more_than_percent: int
    workers: bool = True
    care_type: bool = True


def significantly_different(package: Package, threshold: SignificantChange) -> bool:
    """
    Whether a package differs enough from the care last called off to leave its old contract.

    More than the stated share of weekly hours, either way (exactly the share stays), or single to
    double-handed or back, or another care type. A person without current care has nothing to differ from.
    """
    if not package.current_provider:
        return False
    before = package.current_minutes_per_week
    change = abs(package.minutes_per_week - before)
    return (
        change * 100 > threshold.more_than_percent * before
        or (threshold.workers and package.most_workers != package.current_workers)
        or (threshold.care_type and package.current_care_type not in ("", package.care_type))
    )


def serving_order(package: Package) -> tuple[int, date, datetime, str]:
    """The key by which waiting packages are served."""
    return (package.priority, package.required_start_on, package.approved_at, package.reference)


def minutes_by_band(visits: Sequence[Visit]) -> tuple[int, ...]:
    """Worker minutes a week in each of the five bands."""
    totals = [0] * len(Band)
    for visit in visits:
        totals[visit.band] += visit.worker_minutes
    return tuple(totals)


def minutes_by_day_and_band(visits: Sequence[Visit]) -> dict[tuple[int, int], int]:
    """Worker minutes of each day's visits in one band: what two providers never divide between them."""
    totals: dict[tuple[int, int], int] = {}
    for visit in visits:
        place = (visit.day, visit.band)
        totals[place] = totals.get(place, 0) + visit.worker_minutes
    return totals
