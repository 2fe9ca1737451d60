"""settled.csv, logs.csv and roundings.csv: what delivered visits came to under a payment rule, and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from calloff.domain.units import MOST_MINUTES, pence_of
from calloff.domain.visits import LogIs, Mark, Reason
from calloff.formats.cells import CHOICE, DAY, LIST, MOMENT, TEXT, Kind, number
from calloff.formats.tables import Column, Table, write_table


def read_amount(text: str) -> int:
    """An amount in pounds, minus before it where it is taken back, in pence."""
    try:
        return -pence_of(text[1:]) if text.startswith("-") else pence_of(text)
    except ValueError as error:
        raise ValueError("pounds with two decimals, such as 6.33") from error


def write_amount(pence: int) -> str:
    """Pence as pounds with two decimals: 633 is 6.33, -2 is -0.02."""
    return f"{'-' if pence < 0 else ''}{abs(pence) // 100}.{abs(pence) % 100:02d}"


AMOUNT = Kind("pounds, two decimals", read_amount, write_amount)
_MINUTES = number(0, 2 * MOST_MINUTES)

SETTLED = Table(
    name="settled.csv",
    about="One planned visit a row: what it was, what it is worth, and why.",
    key=("visit",),
    columns=(
        Column("visit", TEXT, "Reference of the planned visit.", required=True, example="P-3F9C1A/1"),
        Column("contract", TEXT, "Reference of the enrolment.", required=True),
        Column("person", TEXT, "Reference of the person or the package.", required=True),
        Column("week", DAY, "Monday of the week of its planned local start.", required=True),
        Column("reason", CHOICE, "What it was.", required=True, allowed=tuple(one.name.lower() for one in Reason)),
        Column("marks", LIST, "What is noticed about it.", allowed=tuple(sorted(one.name.lower() for one in Mark))),
        Column("worked_minutes", _MINUTES, "Minutes of all workers who count.", "min"),
        Column("paid_minutes", _MINUTES, "Minutes that are paid.", "min"),
        Column("amount", AMOUNT, "What it is worth.", "£", required=True, example="6.33"),
        Column("why", TEXT, "The reason in a sentence.", required=True),
    ),
)
LOGS = Table(
    name="logs.csv",
    about="One row of the delivered file a row: what became of it.",
    key=(),
    columns=(
        Column("row", TEXT, "The provider's own name of the row."),
        Column("contract", TEXT, "Reference of the enrolment.", required=True),
        Column("person", TEXT, "Reference of the person or the package.", required=True),
        Column("worker", TEXT, "The provider's own reference of the care worker.", required=True),
        Column("came", MOMENT, "When the worker came.", required=True),
        Column("is_a", CHOICE, "What became of it.", required=True, allowed=tuple(one.name.lower() for one in LogIs)),
        Column("visit", TEXT, "The planned visit it belongs to, blank where to none."),
        Column("why", TEXT, "The same in a sentence.", required=True),
    ),
)
ROUNDINGS = Table(
    name="roundings.csv",
    about="What is added where minutes are priced once for each price line and week: the difference to the visits.",
    key=("contract", "person", "week", "price_line"),
    columns=(
        Column("contract", TEXT, "Reference of the enrolment.", required=True),
        Column("person", TEXT, "Reference of the person or the package.", required=True),
        Column("week", DAY, "Monday of the week.", required=True),
        Column("price_line", TEXT, "Reference of the price line."),
        Column("amount", AMOUNT, "The difference.", "£", required=True, example="0.02"),
    ),
)


def write_settled(
    folder: Path,
    visits: Sequence[dict[str, Any]],
    logs: Sequence[dict[str, Any]],
    roundings: Sequence[dict[str, Any]],
) -> None:
    """Write the three files into a folder, each a mapping from column to value a row."""
    write_table(folder / SETTLED.name, SETTLED, visits)
    write_table(folder / LOGS.name, LOGS, logs)
    write_table(folder / ROUNDINGS.name, ROUNDINGS, roundings)
