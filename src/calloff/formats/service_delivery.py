"""
The service delivery file of the Abacus Provider Portal, as CSV or XML: visits as a rostering system sends them.

Its published columns are read as they stand. Those that the published description leaves open (who the care worker
was, the code of the visit) are read under the names of `OPEN_COLUMNS`, which are assumed; what else a file has is told
and not read. Every row is of the version that the file's own `Created` says, whenever it arrives. Names of people are
not kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.parsers import expat

from calloff.domain.errors import BadInputError, BadRow, RowErrors
from calloff.formats.cells import CHOICE, TEXT, Kind, number
from calloff.formats.delivered_visits import LONGEST_HOURS, MET, DeliveredFile, DeliveredVisit, LoggedAt
from calloff.formats.tables import Column, Row, Table, read_records, records_of, refuse_other_file
from calloff.formats.wall_times import SPAN, TIME, UK_DAY, after, day_nearest, logged_on, read_local_moment, write_time

Records = Sequence[tuple[int, list[str]]]
TRUE, FALSE = "True", "False"
CREATED = Kind("local time, or moment with offset", read_local_moment, lambda at: str(at.isoformat()))


def _read_decimal(text: str) -> Decimal:
    if not re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,4})?", text):
        raise ValueError("an amount such as 12.50")
    return Decimal(text)


AMOUNT = Kind("decimal", _read_decimal, str)
OPEN_COLUMNS = {"visit_code": "VisitCode", "worker": "CarerReference"}
"""What the published description leaves open, by assumed names: another council's file may call them otherwise."""
CODES = {"": MET[0], "no access": MET[1], "no_access": MET[1], "in hospital": MET[2], "in_hospital": MET[2]}
"""What a visit's code says that a worker met (assumed); any other code is kept as it is, the worker was let in."""

SERVICE_DELIVERY = Table(
    name="service delivery",
    about="The service delivery file of the Abacus Provider Portal: one care worker's visit a row.",
    key=(),
    columns=(
        Column("FileReference", TEXT, "The file, never used again.", required=True, example="SD-0012"),
        Column("Description", TEXT, "What the file holds.", required=True, example="Week 12"),
        Column("Created", CREATED, "When it was made.", required=True, example="2020-09-15T15:02:13"),
        Column("ProviderRef", TEXT, "The provider, as the council knows it.", required=True, example="PV001"),
        Column("ContractNumber", TEXT, "The contract, as the council knows it.", required=True, example="E-PV001"),
        Column("ServiceUserRef", TEXT, "The person, as the council knows them.", required=True, example="P-3F9C1A"),
        Column("ServiceUserDetails", TEXT, "A name; it is not kept.", required=True, example="-"),
        Column("WeekEnding", UK_DAY, "The last day of the week.", required=True, example="20/09/2020"),
        Column("OurRef", TEXT, "The provider's own reference, such as its invoice."),
        Column("ServiceUserContribution", AMOUNT, "Not used for home care."),
        Column("PaymentClaimed", AMOUNT, "What the provider believes is due; what is paid follows the rule."),
        Column("ServiceType", TEXT, "The kind of service.", required=True, example="HOME CARE"),
        Column("VisitDate", UK_DAY, "The day of the visit.", required=True, example="15/09/2020"),
        Column("StartTimeClaimed", TIME, "When it is claimed to begin.", required=True, example="06:30:00"),
        Column("DurationClaimed", SPAN, "How long it is claimed to last.", required=True, example="00:30:00"),
        Column("ActualStartTime", TIME, "When the worker came.", required=True, example="06:34:00"),
        Column("ActualDuration", SPAN, "How long the worker stayed.", required=True, example="00:28:00"),
        Column("SecondaryVisit", CHOICE, "Of an additional worker.", required=True, allowed=(TRUE, FALSE)),
        Column("NumberOfCarers", number(1, 9), "How many came; each is a row of its own."),
    ),
)
LEVELS = ("File", "ProviderContract", "ServiceDeliveryHeader", "HomeCareVisit")
"""The elements of the XML, each within the one before; what stands in an outer one holds for all within (assumed)."""
VISIT = LEVELS[-1]
DEEPEST = 16
DAYS_PER_WEEK = 7
SECOND = "second"
AT_WORKER = 4
"""The first parts of what a row is known by tell the visit, the others the worker."""
LONGEST_WORKER = 60


def is_service_delivery(heading: Sequence[str]) -> bool:
    """Whether a heading is that of a service delivery file rather than of any other."""
    return {"FileReference", "ServiceUserRef", "VisitDate"} <= {name.strip() for name in heading}


def read_service_delivery(path: Path | str, named: Mapping[str, str] = OPEN_COLUMNS) -> DeliveredFile:
    """
    A whole CSV file; `named` says what the columns are called that the published description leaves open.

    Raises BadInputError where it is no such file, RowErrors with every bad row.
    """
    return _read(path, records_of(path), named)


def read_service_delivery_xml(path: Path | str, named: Mapping[str, str] = OPEN_COLUMNS) -> DeliveredFile:
    """As `read_service_delivery`, of the XML; rows are told by the line on which their visit begins."""
    return _read(path, _records_of_xml(path), named)


def _read(path: Path | str, records: Records, named: Mapping[str, str]) -> DeliveredFile:
    heading = [name.strip() for name in records[0][1]]
    refuse_other_file(path, SERVICE_DELIVERY, [name for name in heading if name not in named.values()])
    table = replace(
        SERVICE_DELIVERY,
        columns=(*SERVICE_DELIVERY.columns, *(Column(name, TEXT, "Assumed.") for name in named.values())),
    )
    known = {column.name for column in table.columns}
    read = [place for place, name in enumerate(heading) if name in known]
    # A row whose cells are not as many as the heading's is told so, whatever is read of it.
    kept = [
        (line, [cells[place] for place in read] if len(cells) == len(heading) else [""] * (len(read) + 1))
        for line, cells in records
    ]
    found = read_records(path, kept, table, lambda row: _build(row, named))
    if not found:
        raise BadInputError(f"{path}: the file has no visit")
    references = {reference for reference, _ in found}
    if len(references) > 1 or len({one.version for _, one in found}) > 1:
        raise BadInputError(f"{path}: all rows must have the same FileReference and the same Created")
    return DeliveredFile(
        rows=_numbered([one for _, one in found]),
        reference=references.pop(),
        not_read=tuple(name for name in heading if name not in known),
    )


def _build(row: Row, named: Mapping[str, str]) -> tuple[str, DeliveredVisit]:
    on, claimed, stayed = row["VisitDate"], row["StartTimeClaimed"], row["ActualDuration"]
    if stayed.total_seconds() > LONGEST_HOURS * 3_600:
        row.refuse("ActualDuration", f"at most {LONGEST_HOURS} hours")
    if not 0 <= (row["WeekEnding"] - on).days < DAYS_PER_WEEK:
        row.refuse("VisitDate", f"a day of the week that ends on {row['WeekEnding']:%d/%m/%Y}")
    code, worker = (row[named[open_]] or "" if open_ in named else "" for open_ in ("visit_code", "worker"))
    came = _came(row, on, claimed)
    which = SECOND if row["SecondaryVisit"] == TRUE else ""
    visit = DeliveredVisit(
        line=row.line,
        row="",
        version=row["Created"],
        contract=row["ContractNumber"],
        person=row["ServiceUserRef"],
        worker=worker,
        came=came,
        left=after(came, stayed),
        met=CODES.get(code.lower(), MET[0]),
        code=code,
        known_as=(
            row["ContractNumber"],
            row["ServiceUserRef"],
            on.isoformat(),
            write_time(claimed),
            worker,
            which,
        ),
    )
    return row["FileReference"], visit


def _came(row: Row, on: date, claimed: timedelta) -> LoggedAt:
    """When the worker came: near midnight the day is that on which it lies nearest to the claimed start."""
    actual = row["ActualStartTime"]
    try:
        return logged_on(day_nearest(on, claimed, actual), actual)
    except ValueError as error:
        row.refuse("ActualStartTime", str(error))
        return LoggedAt(row["Created"])


def _numbered(rows: Sequence[DeliveredVisit]) -> tuple[DeliveredVisit, ...]:
    """
    Workers whom the file does not name, told apart within each visit and never taken for one another elsewhere.

    NumberOfCarers multiplies no row: who has none of their own was not recorded.
    """
    visits: dict[tuple[str, ...], int] = {}
    named: dict[int, DeliveredVisit] = {}
    order = sorted(range(len(rows)), key=lambda place: (rows[place].known_as, rows[place].told))
    for place in order:
        one = rows[place]
        visit = one.known_as[:AT_WORKER]
        visits[visit] = visits.get(visit, 0) + 1
        worker = one.worker or f"#{visits[visit]} {''.join(one.known_as[2:AT_WORKER])} {one.person}"[:LONGEST_WORKER]
        named[place] = replace(one, worker=worker)
    return tuple(named[place] for place in range(len(rows)))


# XML


def _records_of_xml(path: Path | str) -> Records:
    """Each visit of the XML as a row of cells, with what stands in the elements around it."""
    parser, reader = expat.ParserCreate(), _Visits(str(path))
    reader.attach(parser)
    try:
        parser.Parse(Path(path).read_bytes(), True)
    except OSError as error:
        raise BadInputError(f"{path}: cannot be read: {error.strerror or error}") from error
    except expat.ExpatError as error:
        raise BadInputError(f"{path}:{error.lineno}: this is not XML: {expat.ErrorString(error.code)}") from error
    if reader.outermost != "File":
        raise BadInputError(f"{path}: this is not a service delivery file: its outermost element must be File")
    if reader.bad:
        raise RowErrors(reader.bad)
    heading = list(dict.fromkeys(name for _, cells in reader.visits for name in cells))
    return [
        (1, heading or [column.name for column in SERVICE_DELIVERY.columns]),
        *((line, [cells.get(name, "") for name in heading]) for line, cells in reader.visits),
    ]


class _Visits:
    """Gathers visits while the XML is read: elements that hold others are levels, the rest are cells."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.visits: list[tuple[int, dict[str, str]]] = []
        self.bad: list[BadRow] = []
        self.outermost = ""
        self._open: list[tuple[str, dict[str, str], int]] = []
        self._text: list[str] = []

    def attach(self, parser: Any) -> None:
        """Hear what the parser finds; a document type is refused, since entities can blow up or read other files."""
        self._parser = parser
        parser.StartDoctypeDeclHandler = self._refuse_type
        parser.StartElementHandler, parser.EndElementHandler = self._begin, self._end
        parser.CharacterDataHandler = self._text.append
        parser.buffer_text = True

    def _refuse_type(self, *_: Any) -> None:
        raise BadInputError(f"{self.path}: the file declares a document type; send it without")

    def _begin(self, tag: str, _attributes: dict[str, str]) -> None:
        name, self._text[:] = tag.rpartition(":")[2], []
        self.outermost = self.outermost or name
        if len(self._open) >= DEEPEST:
            raise BadInputError(f"{self.path}:{self._parser.CurrentLineNumber}: elements lie too deep")
        self._open.append((name, {}, self._parser.CurrentLineNumber))

    def _end(self, _tag: str) -> None:
        name, cells, line = self._open.pop()
        text, self._text[:] = "".join(self._text).strip(), []
        if name == VISIT:
            around = {key: value for _, held, _ in self._open for key, value in held.items()}
            self.visits.append((line, around | cells))
        elif name not in LEVELS and self._open:
            held = self._open[-1][1]
            if name in held:
                self.bad.append(BadRow(self.path, line, name, text, "each cell once"))
            held[name] = text
