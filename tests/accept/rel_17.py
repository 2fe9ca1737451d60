"""
REL-17: from 2024 to 2040 every day has its pay period, its week and its working day or not, without gap or overlap.

An almanac is written day by day from three facts: 2 January 2023 was a Monday, how long months are, and which years
leap. Weeks, financial years and pay periods are counted along it; bank holidays come from the Acts that name them, and
Easter from the table of the Calendar (New Style) Act 1750. The calendar must say the same of each day, for pay periods
that begin on any of 28 days, with 1 April in the middle of a week, five leap days and three years of 53 weeks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files

import yaml
from accept.tally import Tally

from calloff.acceptance import Result
from calloff.documents.bank_holidays import TABLE, calendar_for
from calloff.domain.calendar import (
    Calendar,
    Nation,
    PayPeriod,
    UncoveredDayError,
    add_months,
    financial_year_begins,
    local,
    pay_period,
    to_utc,
    week_text,
    working_days_after,
)

SIZES = {0: 28, 1: 28, 2: 28}
"""Days on which the pay periods of a council may begin: all there are, since each is soon looked at."""
FIRST_YEAR, LAST_YEAR = 2024, 2040
MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
MONDAY, SATURDAY, SUNDAY = 0, 5, 6
PERIOD = 28
WORKING_DAYS = (1, 10)
"""Replies and notices are due after so many."""
ALL_NATIONS = ((1, 1), (12, 25), (12, 26))
FIXED_DAYS = {
    "england": ALL_NATIONS,
    "wales": ALL_NATIONS,
    "scotland": (*ALL_NATIONS, (1, 2), (11, 30)),
    "northern_ireland": (*ALL_NATIONS, (3, 17), (7, 12)),
}
"""Month and day of the bank holidays that do not move but from a weekend."""
PASCHAL_FULL_MOONS = (
    *((4, 14), (4, 3), (3, 23), (4, 11), (3, 31), (4, 18), (4, 8), (3, 28), (4, 16), (4, 5)),
    *((3, 25), (4, 13), (4, 2), (3, 22), (4, 10), (3, 30), (4, 17), (4, 7), (3, 27)),
)
"""By golden number, for the years 1900 to 2199; Easter is the Sunday after."""
ONCE = {("scotland", date(2026, 6, 15))}
"""Proclaimed for one year alone."""


def check(size: int) -> Result:
    """Every day, with pay periods from so many beginnings."""
    tally = Tally()
    almanac = an_almanac(LAST_YEAR + 1)
    days = [day for day in almanac if FIRST_YEAR <= day.on.year <= LAST_YEAR]
    held: Counter[int] = Counter()
    for begins in range(size):
        held += pay_periods(tally, almanac, days, begins)
    for day in days:
        of_day(tally, day)
    for nation, fixed in FIXED_DAYS.items():
        working_days(tally, days, nation, fixed)
    months(tally, almanac, days)
    provenance(tally)
    leap_days = sum((day.on.month, day.on.day) == (2, 29) for day in days)
    long_years = sorted({day.week[:4] for day in days if day.week.endswith("W53")})
    mid_week = sum((day.on.month, day.on.day) == (4, 1) and day.weekday != MONDAY for day in days)
    gaps, overlaps = held[0], held.total() - held[0] - held[1]
    tally.notes.append(f"pay periods from {size} beginnings: {gaps} gaps, {overlaps} overlaps")
    tally.notes.append(f"{len(days)} days, {leap_days} of them leap days; 1 April in mid-week {mid_week} times")
    tally.notes.append(f"week 53 in {', '.join(long_years)}")
    return tally.result


# The almanac


@dataclass(frozen=True)
class Day:
    """One day, its place in the almanac, its day of the week (0 is Monday), week and financial year."""

    place: int
    on: date
    weekday: int
    week: str
    year: int


def an_almanac(end: int) -> list[Day]:
    """Every day from Monday 2 January 2023 to the end of the year `end`, by counting."""
    days: list[Day] = []
    thursdays: Counter[int] = Counter()
    for place, (year, month, day) in enumerate(dates(2023, end)):
        weekday = place % 7
        if weekday == MONDAY:
            # A week belongs to the year of its Thursday, and is the first of it if no other Thursday came before.
            of_week = year + (month == 12 and day + 3 > 31)
            thursdays[of_week] += 1
            week = f"{of_week}-W{thursdays[of_week]:02}"
        days.append(Day(place, date(year, month, day), weekday, week, year if month >= 4 else year - 1))
    return days


def dates(first: int, last: int) -> Iterator[tuple[int, int, int]]:
    """Year, month and day from 2 January of one year to 31 December of another."""
    for year in range(first, last + 1):
        leaps = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        for month, length in enumerate(MONTHS, start=1):
            for day in range(1, length + (leaps and month == 2) + 1):
                if (year, month, day) > (first, 1, 1):
                    yield year, month, day


# Pay periods


def pay_periods(tally: Tally, almanac: Sequence[Day], days: Sequence[Day], begins: int) -> Counter[int]:
    """
    The pay periods that begin on one of 28 days: each day is in one, and in one part of one year's rates.

    Gives back how many days are in so many of them.
    """
    # Half the councils name a day long before, and half one long after.
    anchor_on = almanac[begins if begins % 2 else begins + 200 * PERIOD].on
    expected = counted_periods(almanac, begins)
    found: dict[PayPeriod, None] = {}
    for day in days:
        tally.n += 1
        period = pay_period(day.on, anchor_on)
        found[period] = None
        tally.expect(period == expected[day.place], f"{day.on}: {period}, counted {expected[day.place]}")
    in_periods = Counter(on for period in found for on in days_from(period.from_on, period.to_on))
    in_parts = Counter(on for period in found for part in period.parts for on in days_from(*part))
    for day in days:
        tally.expect(in_periods[day.on] == 1, f"{day.on} is in {in_periods[day.on]} periods counted from {anchor_on}")
        tally.expect(in_parts[day.on] == 1, f"{day.on} is in {in_parts[day.on]} parts of periods from {anchor_on}")
    years = {day.on: day.year for day in almanac}
    for period in found:
        for first, last in period.parts:
            tally.expect(years[first] == years[last], f"{first} to {last} has the rates of two years")
        turns = years[period.from_on] != years[period.to_on]
        tally.expect(len(period.parts) == 1 + turns, f"{period} is in {len(period.parts)} parts")
    return Counter(in_periods[day.on] for day in days)


def counted_periods(almanac: Sequence[Day], begins: int) -> dict[int, PayPeriod]:
    """The period of each place in the almanac, by counting 28 days at a time, and those that end in each year."""
    ends: Counter[int] = Counter()
    found = {}
    for place in range(begins, len(almanac) - PERIOD + 1, PERIOD):
        last = almanac[place + PERIOD - 1]
        ends[last.year] += 1
        period = PayPeriod(last.year, ends[last.year], almanac[place].on, last.on)
        found.update(dict.fromkeys(range(place, place + PERIOD), period))
    return found


def days_from(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


# Days, weeks, months, bank holidays


def of_day(tally: Tally, day: Day) -> None:
    """The week and the financial year of a day, and that the day has its own length on the clock."""
    tally.n += 1
    tally.expect(week_text(day.on) == day.week, f"{day.on} is in {week_text(day.on)}, counted {day.week}")
    begins = financial_year_begins(day.on)
    tally.expect(begins == date(day.year, 4, 1), f"{day.on} is in the year from {begins}, not in that of {day.year}")
    first, end = to_utc(day.on, 0), to_utc(day.on, 1440)
    last_minute = local(end - timedelta(minutes=1))
    whole = local(first).date() == last_minute.date() == day.on and local(end).date() != day.on
    tally.expect(whole and (last_minute.hour, last_minute.minute) == (23, 59), f"{day.on} lasts from {first} to {end}")


def months(tally: Tally, almanac: Sequence[Day], days: Sequence[Day]) -> None:
    """A month on and a year on from every day, leap days included: that day of the month, or its last."""
    last = {(day.on.year, day.on.month): day.on.day for day in almanac}
    for day in days:
        for ahead in (1, 12):
            tally.n += 1
            year, month = day.on.year, day.on.month
            for _ in range(ahead):
                year, month = (year, month + 1) if month < 12 else (year + 1, 1)
            due = date(year, month, min(day.on.day, last[year, month]))
            found = add_months(day.on, ahead)
            tally.expect(found == due, f"{day.on} and {ahead} months: {found}, counted {due}")


def working_days(tally: Tally, days: Sequence[Day], nation: str, fixed: Sequence[tuple[int, int]]) -> None:
    """Which days are worked on in a nation, and the day that is so many working days on from each."""
    calendar = calendar_for(Nation(nation))
    off = {on for year in range(FIRST_YEAR, LAST_YEAR + 1) for on in bank_holidays(nation, year, fixed)}
    worked = [day.on for day in days if day.weekday < SATURDAY and day.on not in off]
    passed = 0
    for day in days:
        tally.n += 1
        works = passed < len(worked) and worked[passed] == day.on
        passed += works
        told = "a working day" if works else "a day off"
        tally.expect(calendar.is_working_day(day.on) == works, f"{nation}: {day.on} is {told} by the Acts")
        for number in WORKING_DAYS:
            # Nobody can tell what lies beyond the last year of the table.
            due = worked[passed + number - 1] if passed + number <= len(worked) else None
            found = due_on(day.on, number, calendar)
            tally.expect(found == due, f"{nation}: {number} working days after {day.on}: {found}, counted {due}")


def due_on(day: date, number: int, calendar: Calendar) -> date | None:
    try:
        return local(working_days_after(to_utc(day, 720), number, calendar)).date()
    except UncoveredDayError:
        return None


def bank_holidays(nation: str, year: int, fixed: Sequence[tuple[int, int]]) -> set[date]:
    """By the Banking and Financial Dealings Act 1971, the St Andrew's Day Act 2007 and the yearly proclamations."""
    in_may, in_august = mondays(year, 5), mondays(year, 8)
    in_scotland = nation == "scotland"
    found = {easter(year) - timedelta(days=2), in_may[0], in_may[-1], in_august[0 if in_scotland else -1]}
    found |= {on for of, on in ONCE if (of, on.year) == (nation, year)}
    found |= set() if in_scotland else {easter(year) + timedelta(days=1)}
    named = sorted(date(year, month, day) for month, day in fixed)
    found |= {on for on in named if on.weekday() < SATURDAY}
    for on in (on for on in named if on.weekday() >= SATURDAY):
        # In place of a weekend, the next day that is not free already.
        substitute = on
        while substitute.weekday() >= SATURDAY or substitute in found:
            substitute += timedelta(days=1)
        found.add(substitute)
    return found


def mondays(year: int, month: int) -> list[date]:
    days = (date(year, month, day) for day in range(1, 32))
    return [on for on in days if on.weekday() == MONDAY]


def easter(year: int) -> date:
    """The Sunday after the full moon that the Act of 1750 lays down for the year's golden number."""
    on = date(year, *PASCHAL_FULL_MOONS[year % 19]) + timedelta(days=1)
    while on.weekday() != SUNDAY:
        on += timedelta(days=1)
    return on


def provenance(tally: Tally) -> None:
    """The table of bank holidays tells its version, its source, its years and which of them are assumed."""
    table = yaml.safe_load(files("calloff.documents").joinpath(TABLE).read_text(encoding="utf-8"))
    tally.n += 1
    tally.expect(table["version"] >= 1 and bool(table["source"]), "the table of bank holidays has no version or source")
    tally.expect(table["since"] <= FIRST_YEAR and table["until"] >= LAST_YEAR, "the table ends too early")
    announced = table["announced_until"]
    tally.expect(f"after_{announced}" in table["assumed"], f"what follows {announced} is not said to be assumed")
