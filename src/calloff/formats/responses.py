"""responses.csv: what each provider answers when it is asked for a package."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from calloff.domain.history import ANSWERS, DECLINE_REASONS
from calloff.domain.packages import Visit
from calloff.formats.cells import CHOICE, DAY, MOMENT, RATE, TEXT
from calloff.formats.tables import Column, Row, Table, read_table, write_table
from calloff.formats.weekly_visits import VISITS


@dataclass(frozen=True)
class Response:
    """
    One answer: the visits offered, at their times (none named: all that were asked), the price and the start.

    `centipence_per_hour` is per worker; None stands for the enrolment's own price. `delivered_by` names the
    subcontractor, blank where the provider comes itself.
    """

    package: str
    provider: str
    answered_at: datetime
    answer: str
    reason: str = ""
    visits: tuple[Visit, ...] = ()
    centipence_per_hour: int | None = None
    start_on: date | None = None
    delivered_by: str = ""


RESPONSES = Table(
    name="responses.csv",
    about="One answer of one provider about one package a row; visits are written as in packages.csv.",
    key=("package", "provider", "answered_at"),
    columns=(
        Column("package", TEXT, "Reference of the package.", required=True, example="P-3f9c1a70"),
        Column("provider", TEXT, "Reference of the provider.", required=True, example="CS2099000001"),
        Column("answered_at", MOMENT, "When it answered.", required=True, example="2025-03-30T09:00Z"),
        Column("answer", CHOICE, "What it answered.", required=True, allowed=ANSWERS, example="accept"),
        Column("reason", CHOICE, "Why it declines, or offers only a part.", allowed=tuple(DECLINE_REASONS)),
        Column(
            "visits",
            VISITS,
            "Visits offered; blank: all that were asked.",
            "min",
            example="mon-fri 08:00 30m",
        ),
        Column("price", RATE, "Price offered; blank: the enrolment's.", "£ per worker-hour", example="15.20"),
        Column("start_on", DAY, "First day offered; blank: the day asked for."),
        Column("delivered_by", TEXT, "Subcontractor that would come; blank: the provider itself."),
    ),
)


def read_responses(path: Path | str) -> tuple[Response, ...]:
    """The answers of a file, in its order; RowErrors names every bad cell."""
    return read_table(path, RESPONSES, _response)


def write_responses(path: Path | str, responses: Iterable[Response]) -> None:
    """Write answers in the order given."""
    rows = ({**vars(response), "price": response.centipence_per_hour} for response in responses)
    write_table(path, RESPONSES, rows)


def _response(row: Row) -> Response:
    answer = row["answer"]
    if answer == "decline":
        if row["reason"] is None:
            row.refuse("reason", f"a reason for declining: one of {', '.join(DECLINE_REASONS)}")
        for column in ("visits", "price", "start_on", "delivered_by"):
            if row[column] is not None:
                row.refuse(column, "blank, since the answer is decline")
    elif answer == "accept" and row["reason"] is not None:
        row.refuse("reason", "blank, since the answer is accept")
    elif answer == "part" and row["visits"] is None:
        row.refuse("visits", "the visits offered, since the answer is part")
    values = row.given(name for name in vars(_BLANK) if name != "centipence_per_hour")
    return Response(**values, centipence_per_hour=row["price"])


_BLANK = Response("", "", datetime.max, "")
