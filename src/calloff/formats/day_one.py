"""
The care that a council already buys and the people who wait, as one sheet: what day one begins with.

The columns are those of packages.csv, with who the person is beside them and, for care that is given already, by whom,
at what price and since when. `case_number` and `reference` together name a row: the same row is never taken twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from calloff.domain.calendar import local, to_utc
from calloff.domain.packages import Visit
from calloff.formats.cells import POSTCODE, RATE, TEXT, Kind, read_moment, read_text, write_moment
from calloff.formats.packages import PACKAGES
from calloff.formats.tables import Column, Row, Table, read_table
from calloff.formats.wall_times import read_uk_day

LEFT_OUT = ("reference", "approved_at", "required_start", "place", "nation", "area_band", "locality", "age_group")
"""Columns of packages.csv that are other here, or follow from the person and the area."""


def read_moment_or_day(text: str) -> datetime:
    """A moment with its offset, a local one (2025-03-30 09:00), or a day alone, which begins at midnight in London."""
    if "T" not in text.upper() and len(text) > 10:
        text = f"{text[:10]}T{text[10:].strip()}"
    day, _t, clock = text.partition("T")
    try:
        if not clock:
            return to_utc(read_uk_day(day), 0)
        if len(clock) in (5, 8) and clock[2] == ":":
            hour, minute = int(clock[:2]), int(clock[3:5])
            if hour < 24 and minute < 60:
                return to_utc(read_uk_day(day), hour * 60 + minute)
        return read_moment(text)
    except ValueError as error:
        raise ValueError("a day or moment, such as 2025-03-30, 2025-03-30 09:00 or 2025-03-30T09:00Z") from error


def text_of(most: int) -> Kind:
    """A text of at most so many characters."""

    def read(text: str) -> str:
        if len(text) > most:
            raise ValueError(f"at most {most} characters")
        return " ".join(read_text(text).split())

    return Kind("text", read, str)


SHEET_DAY = Kind("day, YYYY-MM-DD or DD/MM/YYYY", read_uk_day, lambda day: str(day.isoformat()))
MOMENT_OR_DAY = Kind("moment or day", read_moment_or_day, write_moment)
_OF_PACKAGES = {column.name: column for column in PACKAGES.columns}

DAY_ONE = Table(
    name="day_one.csv",
    about="One package a row, open or given already: who the person is, what was agreed, and by whom it is given.",
    key=("case_number", "reference"),
    columns=(
        Column(
            "case_number",
            text_of(40),
            "What the council's own system calls the person.",
            required=True,
            example="12345",
        ),
        Column("reference", text_of(40), "What that system calls the package.", required=True, example="SP-1"),
        Column("name", text_of(120), "The person's name.", required=True, example="Ada Example"),
        Column("born_on", SHEET_DAY, "Date of birth.", required=True, example="1940-05-01"),
        Column("address", text_of(200), "Where the person lives."),
        Column("postcode", POSTCODE, "Its postcode."),
        Column("phone", text_of(30), "Telephone."),
        Column("area", text_of(30), "Code of the published area.", required=True, example="hill"),
        Column(
            "approved_at",
            MOMENT_OR_DAY,
            "When it was approved: its wait began then.",
            required=True,
            example="2025-03-30",
        ),
        Column("required_start", SHEET_DAY, "First day of care wanted.", required=True, example="2025-04-02"),
        *(column for name, column in _OF_PACKAGES.items() if name not in LEFT_OUT),
        Column(
            "provider", TEXT, "Reference of who gives the care now; blank: it is still sought.", example="1-2099000101"
        ),
        Column("enrolment", TEXT, "Its enrolment, where the provider has several."),
        Column("price_gbp_per_hour", RATE, "What an hour of one worker costs.", "£ per worker-hour", example="21.50"),
        Column("since", SHEET_DAY, "First day of that care.", example="2025-04-02"),
    ),
)
_WANTED = (
    "visits", "priority", "needs", "complexity", "service_type", "care_type", "client_group", "delivery_model",
    "chosen_provider", "current_provider", "current_since", "current_ended_on", "current_minutes_per_week",
    "current_workers", "current_care_type", "exclusions",
)  # fmt: skip
LIVE = ("provider", "enrolment", "price_gbp_per_hour", "since")


@dataclass(frozen=True)
class DayOneRow:
    """One row as its sheet states it; `wanted` are the kernel's facts that it gives, by name."""

    row: int
    case_number: str
    reference: str
    name: str
    born_on: date
    address: str
    postcode: str
    phone: str
    area: str
    approved_at: datetime
    required_start_on: date
    wanted: dict[str, object]
    provider: str = ""
    enrolment: str = ""
    centipence_per_hour: int = 0
    since: date | None = None

    @property
    def live(self) -> bool:
        """Whether somebody gives this care already."""
        return self.since is not None

    @property
    def visits(self) -> tuple[Visit, ...]:
        found = self.wanted["visits"]
        assert isinstance(found, tuple)  # noqa: S101 - the column is required
        return found

    @property
    def said(self) -> DayOneRow:
        """What the row says, wherever it stands."""
        return replace(self, row=0)


Check = Callable[[Row, DayOneRow], None]


def read_day_one(path: Path | str, check: Check | None = None) -> tuple[DayOneRow, ...]:
    """
    The rows of a sheet, in its order; RowErrors names every bad cell.

    `check` is called with each row whose cells are good, and may refuse cells that do not fit what the council knows.
    """

    def build(row: Row) -> DayOneRow:
        found = _row(row)
        if check is not None:
            check(row, found)
        return found

    return read_table(path, DAY_ONE, build)


def _row(row: Row) -> DayOneRow:
    live = [name for name in LIVE if row[name] is not None]
    if live:
        if row["provider"] is None and row["enrolment"] is None:
            row.refuse("provider", "who gives the care, since this row says at what price or since when")
        for name, what in (("price_gbp_per_hour", "the price of an hour, such as 21.50"), ("since", "its first day")):
            if row[name] is None:
                row.refuse(name, f"{what}, since this row names who gives the care")
    if row["born_on"] > local(row["approved_at"]).date():
        row.refuse("born_on", "a day before the package was approved")
    return DayOneRow(
        row=row.line,
        case_number=row["case_number"],
        reference=row["reference"],
        name=row["name"],
        born_on=row["born_on"],
        address=row["address"] or "",
        postcode=row["postcode"] or "",
        phone=row["phone"] or "",
        area=row["area"],
        approved_at=row["approved_at"],
        required_start_on=row["required_start"],
        wanted=row.given(_WANTED),
        provider=row["provider"] or "",
        enrolment=row["enrolment"] or "",
        centipence_per_hour=row["price_gbp_per_hour"] or 0,
        since=row["since"] if live else None,
    )
