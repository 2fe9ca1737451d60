"""
How much home care a council gave in its census week, from Public Health Scotland's table of home care.

The table (Insights in Social Care, home care by partnership) has a row for each period, council, age group and
measure; read here are the people and the hours of all ages in the census week of each financial year.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from calloff.domain.errors import BadInputError
from calloff.formats.tables import Row, refuse_bad, rows_of

NEEDED = ("time_period", "financial_quarter", "sending_location", "age_group", "measure", "value")
WEEK, ALL_AGES = "Census Week", "All Ages"
PEOPLE, HOURS = "Number of People", "Number of Hours"


@dataclass(frozen=True)
class CensusWeek:
    """A financial year such as 2020/21, with the people helped and the hours given in its census week."""

    year: str
    people: int
    hours: int


def read_census_week(path: Path | str, council: str) -> CensusWeek:
    """
    The latest census week for which the table has a council's people and hours, each rounded by it to 5.

    Parameters
    ----------
    council
        As in sending_location, capitals apart.

    Raises
    ------
    BadInputError, RowErrors
        When the file is of another kind or has no such week of that council; when a figure is no whole number.
    """
    rows = rows_of(path, "a table of home care from Public Health Scotland", NEEDED)
    refuse_bad(rows)
    weeks = [row for row in rows if row.texts["time_period"] == WEEK and row.texts["age_group"] == ALL_AGES]
    own = [row for row in weeks if row.texts["sending_location"].casefold() == council.casefold()]
    for row in own:
        if row.texts["measure"] in (PEOPLE, HOURS):
            row.read("value", _read_figure)
    refuse_bad(own)
    people, hours = _by_year(own, PEOPLE), _by_year(own, HOURS)
    if not people.keys() & hours.keys():
        known = ", ".join(sorted({row.texts["sending_location"] for row in weeks})) or "none"
        raise BadInputError(f"{path}: no census week of {council!r} has people and hours; its councils are: {known}")
    year = max(people.keys() & hours.keys())
    return CensusWeek(year, people[year], hours[year])


def _read_figure(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError("a whole number")
    return int(text)


def _by_year(rows: list[Row], measure: str) -> dict[str, int]:
    # A year is written 2020/21, so that the order of the texts is that of the years.
    return {row.texts["financial_quarter"]: row["value"] for row in rows if row.texts["measure"] == measure}
