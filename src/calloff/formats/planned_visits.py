"""planned.csv: the visits that were planned, each with its rate and whatever stopped it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from calloff.domain.contracts import UNITS
from calloff.domain.units import MOST_MINUTES
from calloff.domain.visits import Stopped
from calloff.formats.cells import CHOICE, MOMENT, RATE, TEXT, number
from calloff.formats.tables import Column, Row, Table, read_table

HALF_AN_HOUR = timedelta(minutes=30)
STOPPED = tuple(one.name.lower() for one in Stopped if one)


@dataclass(frozen=True)
class PlannedRow:
    """
    One planned visit as its file states it; rates are centipence, the pair's 0 where workers are priced singly.

    `rule` is the place of its payment rule among those it is settled under.
    """

    line: int
    reference: str
    contract: str
    person: str
    start_at: datetime
    ends_at: datetime
    window_from_at: datetime
    window_to_at: datetime
    minutes: int
    workers: int
    rate: int
    pair_rate: int = 0
    unit: str = UNITS[0]
    price_line: str = ""
    stopped: str = ""
    approved_extra: int = 0
    rule: int = 0


PLANNED = Table(
    name="planned.csv",
    about="One planned visit a row, with the price it has on its day.",
    key=("reference",),
    columns=(
        Column(
            "reference", TEXT, "Identity of the visit, the same in every version.", required=True, example="P-3F9C1A/1"
        ),
        Column("contract", TEXT, "Reference of the enrolment.", required=True, example="E-PV001"),
        Column("person", TEXT, "Reference of the person or the package.", required=True, example="P-3F9C1A"),
        Column("start_at", MOMENT, "Planned start.", required=True, example="2026-03-02T08:00Z"),
        Column("ends_at", MOMENT, "Planned end.", required=True, example="2026-03-02T08:30Z"),
        Column("window_from_at", MOMENT, "From when it may begin; blank: half an hour before its start."),
        Column("window_to_at", MOMENT, "Until when it may begin; blank: half an hour after its start."),
        Column("minutes", number(1, MOST_MINUTES), "Minutes of each worker.", "min", required=True, example="30"),
        Column("workers", number(1, 2), "Workers who come together; blank: one.", example="1"),
        Column("rate", RATE, "Price per worker and unit.", "£", required=True, example="19.28"),
        Column("pair_rate", RATE, "Price of two workers together, where there is one.", "£ an hour"),
        Column("unit", CHOICE, "What the price is for; blank: an hour.", allowed=UNITS, example="hour"),
        Column("price_line", TEXT, "Reference of the price line."),
        Column("stopped", CHOICE, "Why it was not to be made; blank: it was.", allowed=STOPPED),
        Column("approved_extra", number(0, MOST_MINUTES), "Minutes approved beyond the planned ones.", "min"),
    ),
)


def read_planned(path: Path | str) -> tuple[PlannedRow, ...]:
    """The planned visits of a file; BadInputError where it is none, RowErrors with every bad row."""
    return read_table(path, PLANNED, planned_row)


def planned_row(row: Row) -> PlannedRow:
    """The planned visit of a row whose cells are good; it refuses cells that contradict each other."""
    start_at = row["start_at"]
    if row["ends_at"] <= start_at:
        row.refuse("ends_at", "a moment after the planned start")
    return PlannedRow(
        line=row.line,
        reference=row["reference"],
        contract=row["contract"],
        person=row["person"],
        start_at=start_at,
        ends_at=row["ends_at"],
        window_from_at=row["window_from_at"] or start_at - HALF_AN_HOUR,
        window_to_at=row["window_to_at"] or start_at + HALF_AN_HOUR,
        minutes=row["minutes"],
        workers=row["workers"] or 1,
        rate=row["rate"],
        pair_rate=row["pair_rate"] or 0,
        unit=row["unit"] or UNITS[0],
        price_line=row["price_line"] or "",
        stopped=row["stopped"] or "",
        approved_extra=row["approved_extra"] or 0,
    )
