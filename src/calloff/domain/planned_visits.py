"""
Dated planned visits: what a weekly pattern comes to on the days of a calendar (DOMAIN 3.1, 3.3; settled reading 11).

A visit of up to four hours is a local start and so many elapsed minutes; a longer one (a night, a sleep-in, live-in
care) is a local start and a local end, and lasts an hour more or less on the nights when clocks change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from calloff.domain.calendar import MINUTES_PER_DAY, ONE_DAY, to_utc
from calloff.domain.packages import BANDS, Band, Visit, band_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_ELAPSED_MINUTES = 240
"""A longer visit is planned from a local time to a local time."""
CRITICAL_MINUTES = 30
"""A time-critical visit begins within so long either side of its planned start (ESX-PERF)."""
ELEVEN = 23 * 60
WINDOWS = {
    Band.MORNING: (420, 630),
    Band.LUNCH: (690, 840),
    Band.TEA: (960, 1080),
    Band.BED: (1140, 1320),
    Band.NIGHT: (1320, 1860),
}
"""When a visit that is not time-critical may begin, in minutes of the local day (DOMAIN 3.3, assumed)."""


@dataclass(frozen=True)
class PlannedVisit:
    """
    One dated visit. `line` names its place in the package, `ordinal` tells apart those of a line on one day.

    `minutes` are those of each worker, elapsed; from `window_from_at` to `window_to_at` its beginning is punctual.
    """

    line: str
    on: date
    ordinal: int
    start_at: datetime
    ends_at: datetime
    window_from_at: datetime
    window_to_at: datetime
    minutes: int
    workers: int
    critical: bool

    @property
    def reference(self) -> str:
        """Its identity, the same in every version of the package: line, local day, ordinal."""
        return f"{self.line}/{self.on.isoformat()}/{self.ordinal}"


def lines_of(todays: Sequence[Visit]) -> list[str]:
    """
    The name of each visit of a day, in the order in which they begin: its part of the day and its number in it.

    So a visit that is moved by half an hour keeps its name.
    """
    ordinals: dict[str, int] = {}
    found = []
    for visit in todays:
        band = BANDS[visit.band]
        ordinals[band] = ordinals.get(band, 0) + 1
        found.append(f"{band}/{ordinals[band]}")
    return found


def dated(line: str, visit: Visit, on: date, ordinal: int = 1) -> PlannedVisit:
    """A visit of the weekly pattern on one local day; ValueError on another day of the week."""
    if on.weekday() != visit.day:
        raise ValueError(f"{line} has no visit on {on.isoformat()}: it is for day {visit.day} of the week")
    start_at = to_utc(on, visit.start_minute)
    if visit.minutes <= LONGEST_ELAPSED_MINUTES:
        ends_at = start_at + timedelta(minutes=visit.minutes)
    else:
        ends_at = on_the_wall(on, visit.start_minute + visit.minutes)
    first, last = window(visit, on, start_at)
    return PlannedVisit(
        line=line,
        on=on,
        ordinal=ordinal,
        start_at=start_at,
        ends_at=ends_at,
        window_from_at=first,
        window_to_at=last,
        minutes=(ends_at - start_at) // timedelta(minutes=1),
        workers=visit.workers,
        critical=visit.critical,
    )


def on_the_wall(on: date, minute: int) -> datetime:
    """A minute of the local day, or of a day after or before it: 1,860 is 07:00 on the next."""
    days, minute_of_day = divmod(minute, MINUTES_PER_DAY)
    return to_utc(on + days * ONE_DAY, minute_of_day)


def window(visit: Visit, on: date, start_at: datetime) -> tuple[datetime, datetime]:
    """When the visit may begin: half an hour either side where time is critical, else the window of its band."""
    if visit.critical:
        return start_at - timedelta(minutes=CRITICAL_MINUTES), start_at + timedelta(minutes=CRITICAL_MINUTES)
    first, last = WINDOWS[band_of(visit.start_minute)]
    if visit.start_minute < first - MINUTES_PER_DAY // 2:
        # The small hours belong to the night that began the day before.
        first, last = first - MINUTES_PER_DAY, last - MINUTES_PER_DAY
    return on_the_wall(on, min(first, visit.start_minute)), on_the_wall(on, max(last, visit.start_minute))


def visits_of(pattern: Sequence[tuple[str, Visit]], first_on: date, last_on: date) -> Iterator[PlannedVisit]:
    """Every dated visit of a pattern, each line with its name, from a day to a day, both included; day by day."""
    on = first_on
    while on <= last_on:
        ordinals: dict[str, int] = {}
        for line, visit in pattern:
            if visit.day == on.weekday():
                ordinals[line] = ordinals.get(line, 0) + 1
                yield dated(line, visit, on, ordinals[line])
        on += ONE_DAY


def second_of(moment: datetime) -> int:
    """A moment as settlement counts it: whole seconds since 1970 in UTC."""
    return (moment - EPOCH) // timedelta(seconds=1)
