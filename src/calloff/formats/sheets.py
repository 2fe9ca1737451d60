"""
What somebody uploads as a table: CSV, text parted by tabs, or an Excel workbook of the present kind, made into one
plain CSV file that our readers read. Older (.xls) and OpenDocument (.ods) sheets are refused with what to save them as:
how much memory they take cannot be known before they are read.

Each row of the sheet becomes one line, so that a refusal's line is the number at the left of the spreadsheet. Nothing
in a workbook is run: of a formula the value that was last worked out is read. A file that is larger, wider or longer
than it may be, or that unpacks to far more than it is, is refused before it is read.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeVar

from calloff.domain.errors import BadInputError, RowErrors
from calloff.formats.noughts import shown_with_noughts
from calloff.wrong_kinds import WORKBOOK, wrong_kind

T = TypeVar("T")
MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 100_000
MOST_COLUMNS = 200
MOST_CELLS = 8_000_000
"""A sheet takes memory for every cell up to its last one, also the empty ones."""
MOST_UNPACKED = 250 * 1024 * 1024
MOST_RATIO = 100
"""A table as large as any has unpacked to some thirty times its size; a thing made to fill the memory to thousands."""
MOST_PARTS = 500
CHUNK = 1 << 20
LONGEST_CELL_MARK = 64
_CELL = re.compile(rb"""\br=["']([A-Z]{1,4})?([0-9]{1,9})["']""")
_BREAKS = re.compile(r"[\r\n]+")


@dataclass(frozen=True)
class BadCell:
    """One cell that cannot be taken: its row as a spreadsheet counts, its column, what stands there, what should."""

    row: int
    column: str
    found: str
    expected: str


class NotReadError(BadInputError):
    """A file that cannot be read as the table that it should be; `cells` are its bad ones, where it was read at all."""

    def __init__(self, text: str, cells: tuple[BadCell, ...] = ()) -> None:
        super().__init__(text)
        self.cells = cells


def read_upload(name: str, data: bytes, read: Callable[[Path], T], table: str = "the table") -> T:
    """
    Read an upload by a reader of files, whatever of the two kinds it is.

    `read` is given the path of a plain CSV file with the upload's name. Raises NotReadError in plain words, with every
    bad cell by its row and column.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{plain_name(name)}.csv"
        path.write_bytes(plain_csv(name, data))
        try:
            return read(path)
        except RowErrors as errors:
            cells = tuple(BadCell(one.line, one.column, one.found[:200], one.expected) for one in errors.rows)
            raise NotReadError(f"{len(cells)} cells of {table} must be put right; nothing was read in", cells) from None
        except BadInputError as error:
            raise NotReadError(str(error).replace(f"{folder}/", "").replace(str(path), name)) from None


def plain_name(name: str) -> str:
    """The upload's name without its ending, as harmless letters."""
    return re.sub(r"[^A-Za-z0-9 _-]", "", name.rpartition(".")[0] or name)[:80] or "upload"


def plain_csv(name: str, data: bytes) -> bytes:
    """An upload as CSV in UTF-8 with one line for each row of the sheet; NotReadError for anything else."""
    if len(data) > MOST_BYTES:
        raise NotReadError(f"{name}: the file is larger than {MOST_BYTES // 2**20} MB; send it in parts")
    kind = wrong_kind(data)
    if kind is WORKBOOK and data.startswith(b"PK"):
        rows: Iterable[list[str]] = _workbook(name, data)
    elif kind is not None:
        raise NotReadError(f"{name}: this is {kind.name}; save the sheet as .xlsx or as CSV UTF-8")
    else:
        text = _text(name, data)
        if (plain := _plain_already(text)) is not None:
            return plain.encode()
        rows = _csv(name, text)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    for number, row in enumerate(rows, 1):
        if number > MOST_ROWS + 1 or len(row) > MOST_COLUMNS:
            raise _too_large(name)
        # A blank row keeps its place: those after it have the numbers that the spreadsheet shows.
        if any(cell.strip() for cell in row):
            writer.writerow([_BREAKS.sub(" ", cell) for cell in row])
        else:
            out.write("\n")
    return out.getvalue().encode()


def _too_large(name: str) -> NotReadError:
    most = f"{MOST_ROWS:,} rows or {MOST_COLUMNS} columns"
    return NotReadError(f"{name}: the sheet has more than {most}; send it in parts")


def _text(name: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise NotReadError(f"{name}: the text of row {row} is not UTF-8; save the sheet as CSV UTF-8") from None


def _plain_already(text: str) -> str | None:
    """
    The text of a table without a quoted cell, whose rows need no reading; None where they do, or are too many or wide.

    Most files that a system sends are such, and reading a large one cell by cell takes longer than a page should.
    """
    if '"' in text or "\0" in text or _separator(text) != ",":
        return None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not lines[-1]:
        lines.pop()
    if len(lines) > MOST_ROWS + 1 or any(
        line.count(",") >= MOST_COLUMNS or len(line) > csv.field_size_limit() for line in lines
    ):
        return None
    return "".join(f"{line}\n" if line.replace(",", "").strip() else "\n" for line in lines)


def _csv(name: str, text: str) -> Iterable[list[str]]:
    rows: list[list[str]] = []
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=_separator(text)):
            rows.append(cells)
            if len(rows) > MOST_ROWS + 1:
                raise _too_large(name)
    except csv.Error as error:
        raise NotReadError(f"{name}: row {len(rows) + 1} is not CSV: {error}") from None
    return rows


def _separator(text: str) -> str:
    """A tab where the heading has tabs and no comma, as text saved from a spreadsheet has; else a comma."""
    heading = text.lstrip("\r\n").partition("\n")[0]
    return "\t" if "\t" in heading and "," not in heading else ","


# Workbooks


def _workbook(name: str, data: bytes) -> Iterable[list[str]]:
    _refuse_bombs(name, data)
    # A library that few commands need is read when it is needed.
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, OSError, ValueError, IndexError) as error:
        raise NotReadError(f"{name}: the workbook cannot be read ({type(error).__name__}); save it again") from None
    with_times = _columns_with_times(rows)
    return ([cell_text(cell, column in with_times) for column, cell in enumerate(row)] for row in rows)


def _columns_with_times(rows: Iterable[list[Any]]) -> set[int]:
    """The columns in which some cell has a day and a time: there a day without one is its midnight."""
    return {column for row in rows for column, cell in enumerate(row) if isinstance(cell, datetime)}


def _refuse_bombs(name: str, data: bytes) -> None:
    """Unpack every part once, counted and thrown away, before anything is read of it."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        parts = archive.infolist()
        if len(parts) > MOST_PARTS:
            raise NotReadError(f"{name}: the workbook has too many parts; save the sheet alone")
        if not any(part.filename == "xl/workbook.xml" for part in parts):
            raise NotReadError(f"{name}: this is no .xlsx workbook; save the sheet as .xlsx or as CSV UTF-8")
        if any(part.filename.lower().endswith("vbaproject.bin") for part in parts):
            raise NotReadError(f"{name}: the workbook holds a program (macros); save it as .xlsx without")
        total = 0
        for part in parts:
            total = _unpack(name, archive, part, total, len(data))
        if cell := shown_with_noughts(archive):
            raise NotReadError(
                f"{name}: cell {cell} shows noughts before a number that is kept without them; make its column text"
            )
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise NotReadError(f"{name}: the workbook is damaged or locked; save it again without a password") from error


def _unpack(name: str, archive: zipfile.ZipFile, part: zipfile.ZipInfo, total: int, size: int) -> int:
    """How much is unpacked with this part; NotReadError where it is too much, or a cell lies beyond the bounds."""
    is_sheet = part.filename.startswith("xl/worksheets/")
    tail, last_row, last_column = b"", 1, 1
    with archive.open(part) as stream:
        while chunk := stream.read(CHUNK):
            total += len(chunk)
            if total > MOST_UNPACKED or total > max(size * MOST_RATIO, CHUNK):
                raise NotReadError(f"{name}: the workbook unpacks to far more than it should; save the sheet alone")
            if b"<!ENTITY" in tail + chunk or b"<!DOCTYPE" in tail + chunk:
                raise NotReadError(f"{name}: the workbook is not as a spreadsheet writes it; save it again")
            if is_sheet:
                for letters, row in _CELL.findall(tail + chunk):
                    last_row, last_column = max(last_row, int(row)), max(last_column, _column(letters))
                if last_row > MOST_ROWS + 1 or last_column > MOST_COLUMNS or last_row * last_column > MOST_CELLS:
                    raise _too_large(name)
            tail = chunk[-LONGEST_CELL_MARK:]
    return total


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def cell_text(cell: Any, with_time: bool = False) -> str:
    """
    A cell's value as a CSV file would have it: 12 and not 12.0, yes and no, days and moments in ISO 8601.

    `with_time` tells that its column has moments: a workbook keeps midnight of a day and the day as the same number.
    """
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return _clock(cell)
    if isinstance(cell, date):
        return _clock(datetime.combine(cell, time())) if with_time else cell.isoformat()
    if isinstance(cell, time):
        return _clock(cell)
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell)


def _clock(cell: datetime | time) -> str:
    """A time to the minute, or to the second where it has any."""
    return cell.isoformat(timespec="seconds" if cell.second else "minutes")
