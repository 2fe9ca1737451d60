"""packages.csv: what each person has been approved to receive, without a word of who the person is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from calloff.domain.packages import (
    AGE_GROUPS,
    AREA_BANDS,
    CAPABILITIES,
    CARE_TYPES,
    CLIENT_GROUPS,
    COMPLEXITY_FACTS,
    DELIVERY_MODELS,
    PRIORITIES,
    SERVICE_TYPES,
    Package,
)
from calloff.domain.units import MOST_MINUTES
from calloff.formats.cells import CHOICE, DAY, LIST, MOMENT, NATIONS, POSTCODE, TEXT, Kind, number
from calloff.formats.tables import Column, Row, Table, read_table, write_table
from calloff.formats.weekly_visits import VISITS

NO_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
NO_DAY = date(1970, 1, 1)


@dataclass(frozen=True)
class PackageRow:
    """
    A package as its file states it; what the file leaves blank, the run gives.

    Where `approved_at` or `required_start_on` is None, or `area_band` blank, the package holds a placeholder
    (NO_MOMENT, NO_DAY, the default band). A blank locality or band is that of `place`, a postcode.
    """

    line: int
    package: Package
    approved_at: datetime | None = None
    required_start_on: date | None = None
    place: str = ""
    area_band: str = ""


def _read_priority(text: str) -> int:
    if text not in [f"P{priority}" for priority in PRIORITIES]:
        raise ValueError("a priority from P1 to P6")
    return int(text[1:])


_PRIORITY = Kind("priority", _read_priority, lambda priority: f"P{priority}")

_ABOUT = """\
One package a row; what is blank or left out takes its default. The visits of a week stand in one cell:
items separated by `;`, each made of days (`mon-sun`, `mon,wed,fri`), local start, minutes of each worker (5
to 720), `x2` where two workers come together and `!` where the time is critical.

- `mon-sun 07:30 30m` is half an hour every morning.
- `mon,wed,fri 12:30 45m x2; sat 19:00 30m !` is three lunch visits of two workers, and a visit on Saturday
  evening that must be punctual."""

PACKAGES = Table(
    name="packages.csv",
    about=_ABOUT,
    key=("reference",),
    columns=(
        Column("reference", TEXT, "Random, fixed at approval.", required=True, example="P-3f9c1a70"),
        Column(
            "approved_at",
            MOMENT,
            "When the wait began; blank: the run gives it.",
            example="2025-03-30T09:00Z",
        ),
        Column("required_start", DAY, "First day of care wanted; blank: the run gives it.", example="2025-04-02"),
        Column(
            "priority",
            _PRIORITY,
            "P1 crisis, P2 hospital discharge, P3 provider failure, P4 reablement ending, P5 new, P6 change.",
            required=True,
            example="P5",
        ),
        Column("place", POSTCODE, "Where the person lives, a postcode of places.csv; blank: the run gives it."),
        Column("locality", TEXT, "Area in which hours are bought; blank: that of the place.", example="S13002908"),
        Column("area_band", CHOICE, "Band of the price; blank: that of the place.", allowed=AREA_BANDS),
        Column("nation", CHOICE, "Whose working days count.", required=True, allowed=NATIONS, example="scotland"),
        Column("service_type", CHOICE, "Default care_at_home.", allowed=SERVICE_TYPES),
        Column("care_type", CHOICE, "Default personal_care.", allowed=CARE_TYPES),
        Column("delivery_model", CHOICE, "Default managed.", allowed=DELIVERY_MODELS),
        Column("client_group", CHOICE, "Default older_people.", allowed=CLIENT_GROUPS),
        Column("age_group", CHOICE, "Default 75-84.", allowed=AGE_GROUPS),
        Column("current_provider", TEXT, "Reference of who cares for the person now, or did until lately."),
        Column("current_ended_on", DAY, "Last day of that care; blank while it lasts."),
        Column("current_minutes_per_week", number(0, MOST_MINUTES), "Worker time of that care.", unit="min/week"),
        Column("current_workers", number(1, 2), "Most workers at one of its visits; default 1.", unit="workers"),
        Column("current_care_type", CHOICE, "Its care type.", allowed=CARE_TYPES),
        Column("current_since", DAY, "First day of that care."),
        Column("exclusions", LIST, "References of providers that must not be asked.", example="CS2099000001"),
        Column("chosen_provider", TEXT, "Reference of the provider the person chose."),
        Column("needs", LIST, "What the care workers must be able to do.", allowed=CAPABILITIES),
        Column("complexity", LIST, "What makes the package complex.", allowed=COMPLEXITY_FACTS),
        Column(
            "visits",
            VISITS,
            "The visits of an ordinary week.",
            "min",
            required=True,
            example="mon-sun 07:30 30m",
        ),
    ),
)

_AS_READ = [
    column.name
    for column in PACKAGES.columns
    if column.name not in ("approved_at", "required_start", "place", "area_band")
]


def read_packages(path: Path | str) -> tuple[PackageRow, ...]:
    """The packages of a file, in its order; RowErrors names every bad cell."""
    return read_table(path, PACKAGES, _package_row)


def write_packages(path: Path | str, rows: Iterable[PackageRow]) -> None:
    """
    Write packages in the order given.

    The moment, day, place and band are those of the row, not the placeholders of its package; a package's
    easting and northing are its place's and are not written.
    """
    write_table(path, PACKAGES, map(_cells, rows))


def _package_row(row: Row) -> PackageRow:
    package = Package(
        approved_at=row["approved_at"] or NO_MOMENT,
        required_start_on=row["required_start"] or NO_DAY,
        **({"locality": ""} | row.given([*_AS_READ, "area_band"])),
    )
    return PackageRow(
        line=row.line,
        package=package,
        approved_at=row["approved_at"],
        required_start_on=row["required_start"],
        place=row["place"] or "",
        area_band=row["area_band"] or "",
    )


def _cells(row: PackageRow) -> dict[str, Any]:
    return {name: getattr(row.package, name) for name in _AS_READ} | {
        "approved_at": row.approved_at,
        "required_start": row.required_start_on,
        "place": row.place,
        "area_band": row.area_band,
    }
