"""
Providers from the Care Quality Commission's list of active locations in England ("HSCA active locations").

Columns are found by name and others let pass. A location counts where it gives domiciliary care; it has one overall
rating, which stands for each of our areas. The list is one sheet of a workbook: save that sheet, cut to the council, as
.xlsx or CSV UTF-8.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from calloff.domain.errors import BadInputError
from calloff.domain.providers import RELEVANT_AREAS, SCALES, Provider
from calloff.formats.cells import read_day, read_postcode
from calloff.formats.tables import Row, refuse_bad, rows_of

LOCATION, NAME, COUNCIL = "Location ID", "Location Name", "Location Local Authority"
PROVIDER, SINCE, POSTCODE = "Provider ID", "Location HSCA start date", "Location Postal Code"
RATING, RATED_ON = "Location Latest Overall Rating", "Publication Date"
AT_HOME, SUPPORTED = "Service type - Domiciliary care service", "Service type - Supported living service"
SECTOR = "Location Type/Sector"
NEEDED = (LOCATION, NAME, COUNCIL, PROVIDER, SINCE, POSTCODE, RATING, RATED_ON, AT_HOME)
RATINGS = {word.replace("_", " "): number for word, number in SCALES["cqc"].items()}
UNRATED = ("", "-", "not rated", "not applicable", "no published rating", "insufficient evidence to rate", "inspected")
"""What stands where there is no rating that counts."""


def import_locations(path: Path | str, council: str) -> list[Provider]:
    """
    Read the locations of one council, as in Location Local Authority, that give care at home, in order of their ids.

    Raises BadInputError when the file is of another kind or holds no such council, RowErrors when any cell that is used
    is bad.
    """
    rows = rows_of(path, "the list of active locations of the Care Quality Commission", NEEDED)
    refuse_bad(rows)
    at_home = [row for row in rows if row.texts[AT_HOME].casefold() in ("y", "yes")]
    own = [row for row in at_home if row.texts[COUNCIL].casefold() == council.strip().casefold()]
    if not own:
        known = ", ".join(sorted({row.texts[COUNCIL] for row in at_home})[:20]) or "none"
        raise BadInputError(f"{path}: no location of the council {council!r} gives care at home; there are: {known}")
    _refuse_repeated(own)
    for row in own:
        _read(row)
    refuse_bad(own)
    return sorted((_provider(row) for row in own), key=lambda provider: provider.reference)


def _refuse_repeated(rows: Sequence[Row]) -> None:
    seen: dict[str, int] = {}
    for row in rows:
        first = seen.setdefault(row.texts[LOCATION], row.line)
        if first != row.line:
            row.refuse(LOCATION, f"each location once; line {first} has it already")


def _read(row: Row) -> None:
    for column in (LOCATION, NAME, PROVIDER):
        if not row.texts[column]:
            row.refuse(column, "a value")
    row.read(SINCE, read_english_day)
    row.read(RATING, read_rating)
    row.read(RATED_ON, lambda text: None if text in ("", "-") else read_english_day(text))
    row.read(POSTCODE, lambda text: read_postcode(text) if text else "")


def read_english_day(text: str) -> date:
    """A day written 31/03/2025 or 2025-03-31."""
    match = re.fullmatch(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})", text)
    try:
        return read_day(f"{match[3]}-{int(match[2]):02d}-{int(match[1]):02d}" if match else text[:10])
    except ValueError as error:
        raise ValueError("a day such as 31/03/2025 or 2025-03-31") from error


def read_rating(text: str) -> int:
    """An overall rating as a number of the scale; 0 where there is none."""
    word = text.strip().casefold()
    if word in UNRATED:
        return 0
    if word not in RATINGS:
        raise ValueError(f"one of {', '.join(name.capitalize() for name in RATINGS)}, or nothing")
    return RATINGS[word]


def _provider(row: Row) -> Provider:
    supported = row.texts.get(SUPPORTED, "").casefold() in ("y", "yes")
    return Provider(
        reference=row.texts[LOCATION],
        name=row.texts[NAME],
        organisation=row.texts[PROVIDER],
        nation="england",
        service_types=frozenset({"care_at_home", "housing_support"} if supported else {"care_at_home"}),
        in_house="local authority" in row.texts.get(SECTOR, "").casefold(),
        registered_from=row[SINCE],
        registered_to=None,
        scale="cqc",
        grades=(row[RATING],) * len(RELEVANT_AREAS),
        graded_on=row[RATED_ON] if row[RATING] else None,
        postcode=row[POSTCODE],
    )
