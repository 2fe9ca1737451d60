"""
visits.csv: what a provider says was delivered, one care worker's stretch in a home a row, closed by a count.

Its last row says how many rows there are and how many minutes they come to, so that a file that was cut off on its way
is told from a whole one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from calloff.domain.calendar import LONDON, local
from calloff.domain.errors import BadInputError, BadRow, RowErrors
from calloff.domain.visits import whole_minutes
from calloff.formats.cells import CHOICE, MOMENT, TEXT, Kind
from calloff.formats.tables import Column, Row, Table, read_records, records_of, refuse_other_file, write_whole

TOTAL = "TOTAL"
"""The first cell of the last row; behind it the number of rows, the sum of their minutes and what the file is."""
ADD, REPLACE = MODES = ("add", "replace")
"""What a file is: it adds to what is known, or holds all of its contracts' weeks."""
MET = ("let_in", "no_access", "in_hospital")
METHODS = ("app", "tag", "landline", "manual")
LONGEST_HOURS = 30
"""A stretch longer than any visit, and more than a day by the change of clocks, is a slip of the pen."""
_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?")


@dataclass(frozen=True)
class LoggedAt:
    """
    A moment as it was logged. `other` is the second of the two instants that a time without offset names in the hour
    that occurs twice; None everywhere else.
    """

    at: datetime
    other: datetime | None = None


@dataclass(frozen=True)
class DeliveredVisit:
    """
    One care worker's stretch in a home, as the provider says it; `left` is None where nobody logged the leaving.

    `row` is the provider's own name of the row, blank where it has none: then it is `known_as` what its file claims, or
    else by its own times. `version` is when the row was last changed.
    """

    line: int
    row: str
    version: datetime
    contract: str
    person: str
    worker: str
    came: LoggedAt
    left: LoggedAt | None
    visit: str = ""
    met: str = MET[0]
    came_by: str = METHODS[0]
    left_by: str = METHODS[0]
    code: str = ""
    known_as: tuple[str, ...] = ()

    @property
    def minutes(self) -> int:
        """Whole minutes of the stretch as first read, 0 while nobody has left."""
        return 0 if self.left is None else _length(self.came.at, self.left.at)

    @property
    def described(self) -> tuple[str, ...]:
        """What a row without a name of its own is known by."""
        if self.known_as:
            return self.known_as
        came = self.came.at
        return (self.contract, self.person, local(came).date().isoformat(), came.isoformat(), self.worker)

    @property
    def told(self) -> tuple[str, ...]:
        """All else that it says: by this rows that are known by the same are told apart, whatever their order."""
        moments = [at.isoformat() if at else "" for at in (self.came.at, self.left.at if self.left else None)]
        return (*moments, self.visit, self.met, self.came_by, self.left_by, self.code, self.version.isoformat())

    @property
    def possible_minutes(self) -> list[int]:
        """Every length that its times may mean: more than one only in the hour that occurs twice."""
        if self.left is None:
            return [0]
        came = [at for at in (self.came.at, self.came.other) if at is not None]
        left = [at for at in (self.left.at, self.left.other) if at is not None]
        return [_length(first, last) for first in came for last in left if first <= last]


@dataclass(frozen=True)
class DeliveredFile:
    """
    The rows of a file, and its mode: `add`, or `replace`, where what it lacks of its contracts' weeks is withdrawn.

    `reference` is the file's own name of itself, never used again, where it has one; `not_read` are columns of it that
    mean nothing here.
    """

    rows: tuple[DeliveredVisit, ...]
    mode: str = ADD
    reference: str = ""
    not_read: tuple[str, ...] = ()

    @property
    def made_at(self) -> datetime:
        """When what the file says was so: when the last of its rows was changed."""
        return max(one.version for one in self.rows)

    @property
    def minutes(self) -> int:
        """The sum of the rows' whole minutes."""
        return sum(one.minutes for one in self.rows)


def _length(came: datetime, left: datetime) -> int:
    return whole_minutes(int((left - came).total_seconds()))


def read_logged(text: str) -> LoggedAt:
    """A moment with its offset, or a local time: one that never was is refused, one that occurs twice keeps both."""
    if not _LOCAL.fullmatch(text):
        try:
            return LoggedAt(MOMENT.read(text))
        except ValueError as error:
            raise ValueError("a local time such as 2026-03-02T08:01:30, or a moment with its offset") from error
    try:
        wall = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError("a local time such as 2026-03-02T08:01:30") from error
    first, second = (wall.replace(tzinfo=LONDON, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(LONDON).replace(tzinfo=None) != wall:
        raise ValueError("a local time that exists: clocks went forward over this one")
    return LoggedAt(first, second if second != first else None)


def write_logged(logged: LoggedAt) -> str:
    """In UTC, as one moment."""
    if logged.other is not None:
        raise ValueError("one moment")
    return MOMENT.write(logged.at)


LOGGED = Kind("local time, or moment with offset", read_logged, write_logged)

VISITS = Table(
    name="visits.csv",
    about=(
        "One care worker's stretch in a home a row; two workers are two rows. The last row is "
        "`TOTAL,<rows>,<minutes>`: how many rows stand above it, and the sum of their minutes, each rounded to whole "
        "minutes; `TOTAL,<rows>,<minutes>,replace` where the file holds all of its contracts' weeks, so that rows sent "
        "before that it lacks are withdrawn. Times without an offset are local; `row` and `version` let a row be "
        "corrected by a later file."
    ),
    key=(),
    columns=(
        Column("row", TEXT, "The provider's own name of the row, the same whenever it is sent.", example="V-100045"),
        Column(
            "version",
            MOMENT,
            "When the row was last changed; of two the later stands.",
            required=True,
            example="2026-03-02T21:00Z",
        ),
        Column("contract", TEXT, "Reference of the enrolment.", required=True, example="E-PV001"),
        Column("person", TEXT, "Reference of the person or the package.", required=True, example="P-3F9C1A"),
        Column(
            "worker", TEXT, "The provider's own reference of the care worker; no name.", required=True, example="W17"
        ),
        Column("came", LOGGED, "When the worker came.", required=True, example="2026-03-02T08:01:30Z"),
        Column("left", LOGGED, "When the worker left; blank: nobody logged it.", example="2026-03-02T08:31:10Z"),
        Column("visit", TEXT, "Reference of the planned visit, where the provider knows it."),
        Column("met", CHOICE, "What the worker met; blank: let in.", allowed=MET, example="let_in"),
        Column("came_by", CHOICE, "How the coming was logged; blank: by app.", allowed=METHODS, example="app"),
        Column("left_by", CHOICE, "How the leaving was logged; blank: by app.", allowed=METHODS, example="app"),
        Column("code", TEXT, "The council's exception code; needed beside `manual`.", example="no_signal"),
    ),
)


def read_visits(path: Path | str) -> DeliveredFile:
    """
    A whole file of delivered visits.

    Raises BadInputError where the file is none or was cut off, RowErrors with every bad row.
    """
    records = records_of(path)
    refuse_other_file(path, VISITS, records[0][1])
    line, last = records[-1]
    cells = [cell.strip() for cell in last]
    if cells[0] != TOTAL or len(cells) < 3:
        raise BadInputError(
            f"{path}:{line}: the file is cut off: its last row must be {TOTAL}, the number of rows and the sum of "
            "their minutes. Send it again, whole"
        )
    found = read_records(path, records[:-1], VISITS, delivered_row)
    _check_total(str(path), line, cells, found)
    return DeliveredFile(found, cells[3] if len(cells) > 3 and cells[3] else ADD)


def read_told(rows: Sequence[Mapping[str, str | None]], total: tuple[int, int], mode: str) -> DeliveredFile:
    """
    The same told as JSON: rows by the names of the columns, the `total` of rows and minutes, and the mode.

    RowErrors with every bad cell: row n, counted from 0, stands on line n + 2.
    """
    names = [column.name for column in VISITS.columns]
    records = [(1, names), *((line, [row.get(name) or "" for name in names]) for line, row in enumerate(rows, 2))]
    found = read_records("visits", records, VISITS, delivered_row)
    _check_total("visits", len(rows) + 2, [TOTAL, *(str(one) for one in total), mode], found)
    return DeliveredFile(found, mode)


def delivered_row(row: Row) -> DeliveredVisit:
    """The stretch of a row whose cells are good; it refuses cells that contradict each other."""
    came, left = row["came"], row["left"]
    if left is not None and left.at < came.at:
        if left.other is not None and left.other >= came.at:
            left = LoggedAt(left.other)
        else:
            row.refuse("left", "a moment after the worker came")
    if left is not None and (left.at - came.at).total_seconds() > LONGEST_HOURS * 3_600:
        row.refuse("left", f"at most {LONGEST_HOURS} hours after the worker came")
    by = (row["came_by"] or METHODS[0], row["left_by"] or METHODS[0])
    if "manual" in by and not row["code"]:
        row.refuse("code", "the exception code for what was not logged electronically")
    return DeliveredVisit(
        line=row.line,
        row=row["row"] or "",
        version=row["version"],
        contract=row["contract"],
        person=row["person"],
        worker=row["worker"],
        came=came,
        left=left,
        visit=row["visit"] or "",
        met=row["met"] or MET[0],
        came_by=by[0],
        left_by=by[1],
        code=row["code"] or "",
    )


def _check_total(path: str, line: int, cells: Sequence[str], found: Sequence[DeliveredVisit]) -> None:
    """Refuse a file whose last row counts other rows or minutes than it has."""
    bad = []
    if cells[1] != str(len(found)):
        bad.append(BadRow(path, line, "rows", cells[1], f"{len(found)} rows, as the file has"))
    least = sum(min(one.possible_minutes) for one in found)
    most = sum(max(one.possible_minutes) for one in found)
    if not (cells[2].isascii() and cells[2].isdigit() and least <= int(cells[2]) <= most):
        read = f"{least}" if least == most else f"{least} to {most}"
        bad.append(BadRow(path, line, "minutes", cells[2], f"{read} minutes, as the file has"))
    mode, *rest = [*cells[3:], ""]
    if mode and mode not in MODES:
        bad.append(BadRow(path, line, "mode", mode, "add, replace or nothing"))
    if mode == REPLACE and not found:
        bad.append(BadRow(path, line, "mode", mode, "at least one row: an empty file says of no week what it holds"))
    bad += [BadRow(path, line, "(row)", cell, "nothing behind the mode") for cell in rest if cell]
    if bad:
        raise RowErrors(bad)


def write_visits(path: Path | str, visits: Sequence[DeliveredVisit], mode: str = ADD) -> None:
    """Write a file of delivered visits with its count; blank columns are left blank."""
    names = [column.name for column in VISITS.columns]
    lines = [",".join(names)]
    for one in visits:
        told = {**vars(one), "met": "" if one.met == MET[0] else one.met}
        told |= {name: "" if told[name] == METHODS[0] else told[name] for name in ("came_by", "left_by")}
        lines.append(",".join(column.write(told[column.name]) for column in VISITS.columns))
    total = [TOTAL, str(len(visits)), str(sum(one.minutes for one in visits)), "" if mode == ADD else mode]
    lines.append(",".join(total) + "," * (len(names) - len(total)))
    write_whole(path, "\n".join(lines) + "\n")
