"""providers.csv: the registered services that may be asked, with their dated grades."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from calloff.domain.packages import SERVICE_TYPES
from calloff.domain.providers import RELEVANT_AREAS, SCALES, Provider
from calloff.formats.cells import CHOICE, DAY, LIST, NATIONS, POSTCODE, TEXT, YES_NO, number
from calloff.formats.tables import Column, Row, Table, read_table, write_table

_GRADE = number(1, 6)
MOST_METRES = 1_300_000
"""No place of the British National Grid lies further east or north."""

PROVIDERS = Table(
    name="providers.csv",
    about="One registered service a row; a combined care-at-home and housing-support pair is one.",
    key=("reference",),
    columns=(
        Column("reference", TEXT, "What other files call the provider.", required=True, example="CS2099000001"),
        Column("name", TEXT, "Name of the service.", required=True, example="Acorn Home Care"),
        Column("organisation", TEXT, "The registered body behind it.", required=True, example="SP2099000001"),
        Column("nation", CHOICE, "Where it is registered.", required=True, allowed=NATIONS, example="scotland"),
        Column(
            "service_types",
            LIST,
            "What it is registered for.",
            required=True,
            allowed=SERVICE_TYPES,
            example="care_at_home; housing_support",
        ),
        Column("in_house", YES_NO, "Whether the council runs it; blank is no.", example="no"),
        Column("registered_from", DAY, "First day of its registration.", required=True, example="2015-04-01"),
        Column("registered_to", DAY, "Last day of its registration, included; blank while it lasts."),
        Column(
            "scale",
            CHOICE,
            "Whose grades these are; two scales are never compared.",
            required=True,
            allowed=tuple(SCALES),
            example="care_inspectorate",
        ),
        Column("wellbeing", _GRADE, "Grade for wellbeing; blank: none given.", unit="grade", example="5"),
        Column("care_planning", _GRADE, "Grade for care planning; blank: none given.", unit="grade", example="4"),
        Column("staff", _GRADE, "Grade for the staff team; blank: none given.", unit="grade", example="4"),
        Column("leadership", _GRADE, "Grade for leadership; blank: none given.", unit="grade", example="4"),
        Column("graded_on", DAY, "Day on which the grades were published.", example="2024-11-05"),
        Column("postcode", POSTCODE, "Postcode of its office.", example="ZZ9 9ZZ"),
        Column(
            "easting",
            number(0, MOST_METRES),
            "National Grid easting; blank is 0.",
            unit="m",
            example="334140",
        ),
        Column(
            "northing",
            number(0, MOST_METRES),
            "National Grid northing; blank is 0.",
            unit="m",
            example="672736",
        ),
    ),
)

_AS_READ = [column.name for column in PROVIDERS.columns if column.name not in RELEVANT_AREAS]


def read_providers(path: Path | str) -> tuple[Provider, ...]:
    """The providers of a file, in its order; RowErrors names every bad cell."""
    return read_table(path, PROVIDERS, _provider)


def write_providers(path: Path | str, providers: Iterable[Provider]) -> None:
    """Write providers in the order given."""
    rows = []
    for provider in providers:
        row = {name: getattr(provider, name) for name in _AS_READ}
        # A grade of 0 is none; a place of 0 is unknown: both are blank in the file.
        row |= {area: grade or None for area, grade in zip(RELEVANT_AREAS, provider.grades, strict=True)}
        row |= {"easting": provider.easting or None, "northing": provider.northing or None}
        rows.append(row)
    write_table(path, PROVIDERS, rows)


def _provider(row: Row) -> Provider:
    best = max(SCALES[row["scale"]].values())
    for area in RELEVANT_AREAS:
        if (row[area] or 0) > best:
            row.refuse(area, f"a grade from 1 to {best} on the scale {row['scale']}")
    if row["registered_to"] and row["registered_to"] < row["registered_from"]:
        row.refuse("registered_to", f"a day not before {row['registered_from']}, when it was registered")
    values = {"in_house": False, "registered_to": None} | row.given(_AS_READ)
    return Provider(**values, grades=tuple(row[area] or 0 for area in RELEVANT_AREAS))
