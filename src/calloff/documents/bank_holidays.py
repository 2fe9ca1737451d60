"""
The reader of `parameters/bank_holidays.yaml`: a council's nation in, its calendar out.

The table is part of the program, so a fault in it is a fault of the program; it is refused aloud all
the same, because a day lost from it would quietly shorten somebody's time to answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

import yaml

from calloff.documents.marks import FAST_LOADER
from calloff.domain.calendar import SATURDAY, Calendar, Nation
from calloff.domain.errors import BadInputError

TABLE = "parameters/bank_holidays.yaml"


class BankHolidaysError(BadInputError):
    """The table of bank holidays cannot be trusted: the text says which entry and why."""


@dataclass(frozen=True)
class BankHolidays:
    """The table as read: each nation's bank holidays by day, complete from the year `since` to `until`."""

    version: int
    since: int
    until: int
    names: Mapping[Nation, Mapping[date, str]]


def calendar_for(nation: Nation, local_holidays: Iterable[date] = ()) -> Calendar:
    """
    The calendar of a council: its nation's bank holidays and its own list of local ones.

    Asked twice for the same, it gives the same calendar. Raises BankHolidaysError when the table is
    not in order.
    """
    return _calendar(Nation(nation), frozenset(local_holidays))


def bank_holidays() -> BankHolidays:
    """The table that this version of Calloff carries, with the names of its days."""
    return _shipped_table()


@cache
def _calendar(nation: Nation, local_holidays: frozenset[date]) -> Calendar:
    table = _shipped_table()
    return Calendar(
        nation=nation,
        bank_holidays=frozenset(table.names[nation]),
        first_year=table.since,
        last_year=table.until,
        local_holidays=local_holidays,
    )


@cache
def _shipped_table() -> BankHolidays:
    return read_bank_holidays(files("calloff.documents").joinpath(TABLE).read_text(encoding="utf-8"))


def read_bank_holidays(text: str) -> BankHolidays:
    """
    Read the text of a table of bank holidays.

    Raises BankHolidaysError where a heading or a nation is missing, a year has no entry, or an entry
    is no day with a name, is out of order, lies outside `since` to `until` or on a weekend.
    """
    try:
        table = yaml.load(text, FAST_LOADER)  # noqa: S506 - a safe loader
        version, since, until = (_whole_number(table, heading) for heading in ("version", "since", "until"))
        names = {nation: _days_of(table[table["lists"][nation.value]]) for nation in Nation}
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as fault:
        raise BankHolidaysError(f"{TABLE}: not a table of bank holidays: {fault!r}") from fault
    for nation in Nation:
        _check_days(nation, list(names[nation]), since, until)
    return BankHolidays(version=version, since=since, until=until, names=names)


def _whole_number(table: Mapping[str, Any], heading: str) -> int:
    if type(table[heading]) is not int:
        raise BankHolidaysError(f"{TABLE}: {heading}: found {table[heading]!r}, write a whole number")
    return int(table[heading])


def _days_of(entries: Iterable[Mapping[str, Any]]) -> dict[date, str]:
    """The days of one list with their names, in the order written."""
    days: dict[date, str] = {}
    for entry in entries:
        day, name = entry["date"], entry["name"]
        # A moment is a date to Python, but equal to none: it would never be found again.
        if type(day) is not date or not isinstance(name, str):
            raise BankHolidaysError(f"{TABLE}: found {entry!r}, write a day as 2026-12-25 and a name")
        if day in days:
            raise BankHolidaysError(f"{TABLE}: {day} stands twice in one list")
        days[day] = name
    return days


def _check_days(nation: Nation, days: list[date], since: int, until: int) -> None:
    for earlier, later in pairwise(days):
        if later < earlier:
            raise BankHolidaysError(f"{TABLE}: {nation}: {later} stands after {earlier}; put it before")
    for day in days:
        if not since <= day.year <= until:
            raise BankHolidaysError(f"{TABLE}: {nation}: {day} lies outside {since} to {until}")
        if day.weekday() >= SATURDAY:
            raise BankHolidaysError(f"{TABLE}: {nation}: {day} is on a weekend; write its substitute day")
    missing = set(range(since, until + 1)) - {day.year for day in days}
    if missing:
        raise BankHolidaysError(f"{TABLE}: {nation}: no bank holiday in {min(missing)}")
