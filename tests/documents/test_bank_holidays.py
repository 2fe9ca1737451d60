"""The table of bank holidays, against an independent library and against itself."""

from __future__ import annotations

from datetime import date, timedelta

import holidays
import pytest

from calloff.documents.bank_holidays import BankHolidaysError, bank_holidays, calendar_for, read_bank_holidays
from calloff.domain.calendar import Nation, UncoveredDayError

SUBDIVISIONS = {
    Nation.ENGLAND: "ENG",
    Nation.WALES: "WLS",
    Nation.SCOTLAND: "SCT",
    Nation.NORTHERN_IRELAND: "NIR",
}
YEARS = range(2010, 2041)

# Days on which the table and the library differ, each with its reason; weekend days are tested apart.
DIFFERENCES: dict[tuple[Nation, date], str] = {}


def by_the_library(nation: Nation) -> frozenset[date]:
    return frozenset(holidays.country_holidays("GB", subdiv=SUBDIVISIONS[nation], years=YEARS))


@pytest.mark.shows("I17")
@pytest.mark.parametrize("nation", Nation)
def test_bank_holidays_agree_with_an_independent_library(nation: Nation) -> None:
    """On every Monday to Friday from 2010 to 2040."""
    theirs = {day for day in by_the_library(nation) if day.weekday() < 5}
    ours = calendar_for(nation).bank_holidays

    assert {(nation, day) for day in theirs ^ ours} == {key for key in DIFFERENCES if key[0] is nation}


@pytest.mark.parametrize("nation", Nation)
def test_bank_holidays_on_a_weekend_stand_on_their_substitute_day(nation: Nation) -> None:
    """The library lists the weekend day as well; a proclamation names the substitute only, and so do we."""
    named = bank_holidays().names[nation]
    for weekend_day in (day for day in by_the_library(nation) if day.weekday() >= 5):
        days_after = (weekend_day + timedelta(days=n) for n in range(1, 4))
        assert weekend_day not in named
        assert any("substitute day" in named.get(day, "") for day in days_after), weekend_day


@pytest.mark.parametrize("nation", Nation)
def test_every_day_of_the_table_is_a_working_day_or_not(nation: Nation) -> None:
    calendar = calendar_for(nation)
    days = [date(2010, 1, 1) + timedelta(days=n) for n in range((date(2041, 1, 1) - date(2010, 1, 1)).days)]

    off = [day for day in days if day.weekday() < 5 and not calendar.is_working_day(day)]

    assert frozenset(off) == calendar.bank_holidays


def test_bank_holidays_have_the_names_that_people_use() -> None:
    names = bank_holidays().names
    assert names[Nation.ENGLAND][date(2022, 9, 19)] == "State Funeral of Queen Elizabeth II"
    assert names[Nation.WALES][date(2023, 5, 8)] == "Coronation of King Charles III"
    assert names[Nation.SCOTLAND][date(2023, 1, 3)] == "New Year's Day (substitute day)"
    assert names[Nation.NORTHERN_IRELAND][date(2026, 7, 13)].startswith("Battle of the Boyne")
    assert date(2027, 3, 29) in names[Nation.ENGLAND]
    assert date(2027, 3, 29) not in names[Nation.SCOTLAND]


def test_calendar_for_is_the_same_when_asked_again() -> None:
    own = [date(2026, 9, 21), date(2026, 5, 18)]

    assert calendar_for(Nation.SCOTLAND, own) is calendar_for(Nation.SCOTLAND, reversed(own))
    assert calendar_for(Nation.SCOTLAND, own) is not calendar_for(Nation.SCOTLAND)


def test_calendar_for_knows_the_councils_own_days() -> None:
    monday = date(2026, 9, 21)

    assert calendar_for(Nation.SCOTLAND).is_working_day(monday)
    assert not calendar_for(Nation.SCOTLAND, [monday]).is_working_day(monday)


@pytest.mark.parametrize("day", [date(2009, 12, 31), date(2041, 1, 1)])
def test_calendar_for_says_nothing_of_days_outside_the_table(day: date) -> None:
    with pytest.raises(UncoveredDayError):
        calendar_for(Nation.ENGLAND).is_working_day(day)


A_TABLE = """
version: 1
since: 2026
until: 2026
lists: {england: all, wales: all, scotland: all, northern_ireland: all}
all:
  - {date: 2026-01-01, name: New Year's Day}
  - {date: 2026-12-25, name: Christmas Day}
"""


def test_read_bank_holidays() -> None:
    table = read_bank_holidays(A_TABLE)

    assert (table.version, table.since, table.until) == (1, 2026, 2026)
    assert table.names[Nation.WALES] == {
        date(2026, 1, 1): "New Year's Day",
        date(2026, 12, 25): "Christmas Day",
    }


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("version: 1", "", "version"),
        ("since: 2026", "since: early", "write a whole number"),
        ("until: 2026", "until: 2027", "no bank holiday in 2027"),
        ("england: all, ", "", "england"),
        ("lists: {", "lists: [", "not a table"),
        ("date: 2026-12-25", "date: 2026-01-01", "twice"),
        ("date: 2026-12-25", "date: 2025-12-25", "put it before"),
        ("date: 2026-12-25", "date: 2027-12-27", "outside 2026 to 2026"),
        ("date: 2026-12-25", "date: 2026-12-26", "weekend"),
        ("date: 2026-12-25", "date: 2026-12-25 00:00:00", "write a day"),
        ("date: 2026-12-25", "day: 2026-12-25", "date"),
        ("name: Christmas Day", "name: 7", "and a name"),
        (A_TABLE, "", "not a table"),
        (A_TABLE, "just words", "not a table"),
    ],
)
def test_read_bank_holidays_refuses(right: str, wrong: str, says: str) -> None:
    assert right in A_TABLE
    with pytest.raises(BankHolidaysError, match=says):
        read_bank_holidays(A_TABLE.replace(right, wrong))
