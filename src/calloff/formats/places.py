"""places.csv: where a postcode lies, in which locality, and how rural it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from calloff.domain.packages import AREA_BANDS
from calloff.formats.cells import CHOICE, NATIONS, POSTCODE, TEXT, number
from calloff.formats.providers import MOST_METRES
from calloff.formats.tables import Column, Row, Table, read_table, write_table


@dataclass(frozen=True)
class Place:
    """One postcode: metres east and north on the National Grid, and its area of buying."""

    postcode: str
    easting: int
    northing: int
    locality: str
    area_band: str
    nation: str


PLACES = Table(
    name="places.csv",
    about="One postcode a row.",
    key=("postcode",),
    columns=(
        Column("postcode", POSTCODE, "The postcode.", required=True, example="ZZ9 9ZZ"),
        Column("easting", number(0, MOST_METRES), "National Grid easting.", "m", required=True, example="334140"),
        Column(
            "northing",
            number(0, MOST_METRES),
            "National Grid northing.",
            "m",
            required=True,
            example="672736",
        ),
        Column("locality", TEXT, "Area in which hours are bought.", required=True, example="S13002908"),
        Column("area_band", CHOICE, "Band of its price.", required=True, allowed=AREA_BANDS, example="rural"),
        Column("nation", CHOICE, "Whose working days count.", required=True, allowed=NATIONS, example="scotland"),
    ),
)


def read_places(path: Path | str) -> tuple[Place, ...]:
    """The places of a file, in its order; RowErrors names every bad cell."""
    return read_table(path, PLACES, _place)


def write_places(path: Path | str, places: Iterable[Place]) -> None:
    """Write places in the order given."""
    write_table(path, PLACES, map(vars, places))


def _place(row: Row) -> Place:
    return Place(**row.values)
