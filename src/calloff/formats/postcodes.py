"""
Postcodes with their places, from the Ordnance Survey's Code-Point Open.

The file has ten columns, with or without a heading (the survey publishes the heading apart). How rural a place is,
is not in it: that is assumed from the number of postcodes round about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from calloff.domain.packages import AREA_BANDS
from calloff.formats.cells import number, read_postcode
from calloff.formats.places import Place
from calloff.formats.providers import MOST_METRES
from calloff.formats.tables import Row, records_of, refuse_bad, rows_of

COLUMNS = (
    "Postcode",
    "Positional_quality_indicator",
    "Eastings",
    "Northings",
    "Country_code",
    "NHS_regional_HA_code",
    "NHS_HA_code",
    "Admin_county_code",
    "Admin_district_code",
    "Admin_ward_code",
)
COUNTRIES = {
    "E92000001": "england",
    "N92000002": "northern_ireland",
    "S92000003": "scotland",
    "W92000004": "wales",
}
NO_COORDINATES = "90"
"""The positional quality of a postcode whose place is not known."""
RURAL_BELOW, SUBURBAN_BELOW = 30, 150
"""Postcodes in nine square kilometres (assumed): fewer are rural, fewer suburban; the rest are urban."""

_METRES = number(0, MOST_METRES)


def import_postcodes(path: Path | str) -> tuple[list[Place], list[str]]:
    """
    Read Code-Point Open, and say in plain lines what was read, left out and assumed.

    Returns
    -------
    places
        In the order of their postcodes; the locality is the ward's code, or the district's where there is none.
    report
        Lines to print.

    Raises
    ------
    BadInputError, RowErrors
        When the file is of another kind; when any cell is bad.
    """
    rows = _rows(path)
    # A row already refused has no cells to look into.
    kept = [row for row in rows if row.bad or row.texts["Positional_quality_indicator"] != NO_COORDINATES]
    for row in kept:
        if not row.bad:
            _read(row)
    _refuse_repeated(kept)
    refuse_bad(kept)

    density = _density([(row["Eastings"], row["Northings"]) for row in kept])
    places = sorted((_place(row, density) for row in kept), key=lambda place: place.postcode)
    return places, _report(len(rows), kept, places)


def _rows(path: Path | str) -> list[Row]:
    _, first = records_of(path)[0]
    has_heading = len(first) < 2 or not first[1].strip().isdigit()
    return rows_of(path, "Code-Point Open", COLUMNS, names=() if has_heading else COLUMNS)


def _read(row: Row) -> None:
    row.read("Postcode", read_postcode)
    row.read("Eastings", _METRES.read)
    row.read("Northings", _METRES.read)
    if row.texts["Country_code"] not in COUNTRIES:
        row.refuse("Country_code", f"one of {', '.join(COUNTRIES)}")
    if not (row.texts["Admin_ward_code"] or row.texts["Admin_district_code"]):
        row.refuse("Admin_ward_code", "the code of a ward, or of a district")


def _refuse_repeated(rows: Sequence[Row]) -> None:
    seen: dict[str, int] = {}
    for row in rows:
        postcode = row["Postcode"]
        if postcode in seen:
            row.refuse("Postcode", f"each postcode once; line {seen[postcode]} has it already")
        elif postcode:
            seen[postcode] = row.line


def _density(points: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Postcodes in each square kilometre together with the eight about it, by the kilometres of its corner."""
    own = Counter((easting // 1000, northing // 1000) for easting, northing in points)
    return {
        (east, north): sum(own[east + right, north + up] for right in (-1, 0, 1) for up in (-1, 0, 1))
        for east, north in list(own)
    }


def area_band_of(postcodes_nearby: int) -> str:
    """The band assumed of a place, from the postcodes in its square kilometre and the eight about it."""
    if postcodes_nearby < RURAL_BELOW:
        return "rural"
    return "suburban" if postcodes_nearby < SUBURBAN_BELOW else "urban"


def _place(row: Row, density: Mapping[tuple[int, int], int]) -> Place:
    easting, northing = row["Eastings"], row["Northings"]
    return Place(
        postcode=row["Postcode"],
        easting=easting,
        northing=northing,
        locality=row.texts["Admin_ward_code"] or row.texts["Admin_district_code"],
        area_band=area_band_of(density[easting // 1000, northing // 1000]),
        nation=COUNTRIES[row.texts["Country_code"]],
    )


def _report(read: int, kept: Sequence[Row], places: Sequence[Place]) -> list[str]:
    bands = Counter(place.area_band for place in places)
    localities = {place.locality for place in places}
    no_ward = sum(not row.texts["Admin_ward_code"] for row in kept)
    lines = [
        f"{read} rows read, {len(places)} places kept in {len(localities)} localities (wards)",
        f"{read - len(places)} rows left out: positional quality {NO_COORDINATES}, so no coordinates",
        f"area bands (assumed: postcodes in the same square kilometre and the eight about it, fewer than "
        f"{RURAL_BELOW} rural, fewer than {SUBURBAN_BELOW} suburban, otherwise urban): "
        + ", ".join(f"{bands[band]} {band}" for band in AREA_BANDS),
    ]
    if no_ward:
        lines.append(f"{no_ward} places have no ward: their locality is the district")
    return lines
