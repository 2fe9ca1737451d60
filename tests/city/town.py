"""
The people of the city, what was planned for them on four weeks, and at which price.

Visits of a person lie more than three hours apart, so that whatever happens to one of them touches no other. The weeks
hold the night on which clocks go back; the price changes within them, by the time of day and at weekends.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
FIRST_ON, DAYS = date(2026, 10, 12), 28
CLOCKS_BACK_ON = date(2026, 10, 25)
DEARER_FROM = date(2026, 10, 29)
BANDS = {
    "morning": (420, 630),
    "lunch": (690, 840),
    "tea": (960, 1_080),
    "bed": (1_140, 1_320),
    "night": (1_320, 1_860),
}
"""The windows in which visits of a part of the day may begin, in minutes of the local day (DOMAIN 3.3)."""
STARTS = {
    "morning": (450, 480, 510),
    "lunch": (735, 750),
    "tea": (990, 1_000),
    "bed": (1_190, 1_200),
    "night": (1_410,),
}
LENGTHS = {"morning": (30, 45, 60), "lunch": (15, 30), "tea": (15, 30, 45), "bed": (30, 45), "night": (45, 540)}
BASE_RATES = {"morning": 193_300, "lunch": 187_650, "tea": 187_650, "bed": 199_950, "night": 224_400}
WEEKEND_MORE, LATER_MORE = 11_050, 4_800
"""Centipence an hour more on Saturdays and Sundays, and from the day on which prices rise."""


@dataclass(frozen=True)
class Slot:
    """A visit that a person has every day."""

    band: str
    minute: int
    minutes: int
    workers: int


@dataclass(frozen=True)
class Person:
    """
    Somebody with a package under one contract; from a day on in hospital, and from another dead, where they are.

    From `changed_on` the visits are those of `later`; from `shared_on` another funder bears a part.
    """

    reference: str
    contract: str
    slots: tuple[Slot, ...]
    away: tuple[date, date] | None = None
    died_on: date | None = None
    changed_on: date | None = None
    later: tuple[Slot, ...] = ()
    shared_on: date | None = None

    def slots_on(self, on: date) -> tuple[Slot, ...]:
        """The visits of a day."""
        return self.later if self.changed_on is not None and on >= self.changed_on else self.slots

    @property
    def number(self) -> int:
        return int(self.reference[2:])


@dataclass(frozen=True)
class PlannedFor:
    """One planned visit, with the price it has on its day."""

    person: Person
    slot: Slot
    on: date
    start_at: datetime
    ends_at: datetime
    window_from_at: datetime
    window_to_at: datetime
    rate: int

    @property
    def reference(self) -> str:
        return f"{self.person.reference}/{self.slot.band}/{self.on.isoformat()}/1"

    @property
    def minutes(self) -> int:
        """Minutes of each worker: of a night from wall to wall, so an hour more when the clocks go back."""
        return int((self.ends_at - self.start_at).total_seconds()) // 60


def at_wall(on: date, minute: int) -> datetime:
    """A minute of the local day in UTC: of one that occurs twice the first."""
    days, minute = divmod(minute, 1_440)
    wall = datetime.combine(on + timedelta(days=days), datetime.min.time()) + timedelta(minutes=minute)
    return wall.replace(tzinfo=LONDON).astimezone(UTC)


def rate_of(slot: Slot, on: date) -> int:
    """Centipence an hour and worker on a day."""
    return BASE_RATES[slot.band] + (WEEKEND_MORE if on.weekday() >= 5 else 0) + (LATER_MORE if on >= DEARER_FROM else 0)


def changed(chance: random.Random, slots: tuple[Slot, ...]) -> tuple[Slot, ...]:
    """The same visits but for the first: another length, or another number of workers."""
    first, *others = slots
    lengths = [one for one in LENGTHS[first.band] if one != first.minutes]
    minutes, workers = chance.choice((*((one, first.workers) for one in lengths), (first.minutes, 3 - first.workers)))
    return (replace(first, minutes=minutes, workers=workers), *others)


def people(chance: random.Random, visits: int) -> Iterator[Person]:
    """So many people that they have about so many visits; some go to hospital, some die, some need other visits."""
    made, number = 0, 0
    while made < visits:
        number += 1
        bands = ["morning", "lunch", "tea", "bed"][: chance.choice((2, 3, 4, 4))]
        if chance.random() < 0.15:
            bands.append("night")
        slots = tuple(
            Slot(band, chance.choice(STARTS[band]), chance.choice(LENGTHS[band]), 2 if chance.random() < 0.25 else 1)
            for band in bands
        )
        away = died_on = changed_on = None
        later: tuple[Slot, ...] = ()
        fate = chance.random()
        if fate < 0.08:
            since = FIRST_ON + timedelta(days=chance.randrange(3, 18))
            away = (since, since + timedelta(days=chance.randrange(2, 10)))
        elif fate < 0.13:
            died_on = FIRST_ON + timedelta(days=chance.randrange(8, 27))
        elif fate < 0.19:
            changed_on, later = FIRST_ON + timedelta(days=chance.randrange(5, 25)), changed(chance, slots)
        shared_on = FIRST_ON + timedelta(days=chance.randrange(25)) if chance.random() < 0.1 else None
        yield Person(f"P-{number:05d}", f"E-{number % 9:02d}", slots, away, died_on, changed_on, later, shared_on)
        made += len(slots) * DAYS


def planned_for(person: Person) -> Iterator[PlannedFor]:
    """Every planned visit of a person, by day and start."""
    for number in range(DAYS):
        on = FIRST_ON + timedelta(days=number)
        for slot in person.slots_on(on):
            start_at = at_wall(on, slot.minute)
            long = slot.minutes > 240
            ends_at = at_wall(on, slot.minute + slot.minutes) if long else start_at + timedelta(minutes=slot.minutes)
            first, last = BANDS[slot.band]
            windows = (at_wall(on, min(first, slot.minute)), at_wall(on, max(last, slot.minute)))
            yield PlannedFor(person, slot, on, start_at, ends_at, *windows, rate_of(slot, on))
