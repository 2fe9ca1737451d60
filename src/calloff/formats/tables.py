"""
CSV files described once: the same list of columns reads, checks, writes and documents each of them.

A file is UTF-8 (with or without a byte order mark), separated by commas, its first line the heading. All
bad cells are told at once, each with the line that an editor shows; a file is written whole or not at all.
"""

from __future__ import annotations

import csv
import difflib
import io
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from calloff.domain.errors import BadInputError, BadRow, RowErrors
from calloff.formats.cells import Kind, check_allowed
from calloff.wrong_kinds import wrong_kind

_BREAK = re.compile(r"\r\n|\r|\n")

T = TypeVar("T")


@dataclass(frozen=True)
class Column:
    """`required` cells may not be blank; `allowed` is the closed list of values, or of a list's items."""

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    required: bool = False
    allowed: tuple[str, ...] = ()
    example: str = ""

    def read(self, text: str) -> object:
        """The value of a cell, None when it is blank; ValueError with what was expected."""
        text = text.strip()
        if not text:
            if self.required:
                raise ValueError(f"a value, such as {self.example}" if self.example else "a value")
            return None
        value = self.kind.read(text)
        for item in sorted(value) if isinstance(value, frozenset) else [value]:
            if self.allowed:
                check_allowed(item, self.allowed)
        return value

    def write(self, value: object) -> str:
        """The text of a value that `read` gives back the same; ValueError when there is none."""
        absent = value is None or value == "" or value == frozenset() or value == ()
        text = "" if absent else self.kind.write(value)
        back = self.read(text)
        if back != (None if absent else value):
            raise ValueError("a value that reads back the same")
        return text


@dataclass(frozen=True)
class Table:
    """One file: what it is for, its columns in the order written, and those that tell its rows apart, if any do."""

    name: str
    about: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]


@dataclass
class Row:
    """One row being read: its values by column (None where blank or absent), and what is wrong with it."""

    path: str
    line: int
    values: dict[str, Any]
    texts: dict[str, str]
    lines: dict[str, int]
    bad: list[BadRow] = field(default_factory=list)

    def __getitem__(self, column: str) -> Any:
        return self.values.get(column)

    def given(self, columns: Iterable[str]) -> dict[str, Any]:
        """The values of those columns that are not blank: what is left out takes its default."""
        return {name: self.values[name] for name in columns if self.values.get(name) is not None}

    def read(self, column: str, read: Callable[[str], object]) -> None:
        """Read the text of a cell into its value, or note what was expected there."""
        try:
            self.values[column] = read(self.texts[column])
        except ValueError as error:
            self.refuse(column, str(error))

    def refuse(self, column: str, expected: str) -> None:
        """Note that a cell, sound by itself, does not fit the rest of its row or file."""
        self.bad.append(
            BadRow(self.path, self.lines.get(column, self.line), column, self.texts.get(column, ""), expected)
        )


def read_table(path: Path | str, table: Table, build: Callable[[Row], T]) -> tuple[T, ...]:
    """
    Read a file whose columns are described by `table`, and make a value of each row.

    Parameters
    ----------
    build
        Called once for each row whose cells are all good; it may `refuse` cells that contradict each other,
        and then its value is not used.

    Raises
    ------
    BadInputError
        When the file cannot be read at all or is of another kind: one line that says so.
    RowErrors
        When any cell is bad: all of them.
    """
    return read_records(path, records_of(path), table, build)


def read_records(
    path: Path | str, records: Sequence[tuple[int, list[str]]], table: Table, build: Callable[[Row], T]
) -> tuple[T, ...]:
    """As `read_table`, of rows that were split into cells already, each with its line, the heading first."""
    _, heading = records[0]
    heading = [name.strip() for name in heading]
    of_heading = _check_heading(str(path), table, heading)
    bad = list(of_heading)
    built: list[T] = []
    seen: dict[tuple[Any, ...], int] = {}
    for line, cells in records[1:]:
        row = _row_of(str(path), table, heading, line, cells)
        if not row.bad:
            _check_key(row, table, seen)
        # A row is made only of good cells, so that no refusal is the consequence of another of its own.
        if not row.bad and not of_heading:
            built.append(build(row))
        bad += row.bad
    if bad:
        raise RowErrors(bad)
    return tuple(built)


def _row_of(path: str, table: Table, heading: Sequence[str], line: int, cells: Sequence[str]) -> Row:
    row = _bare_row(path, heading, line, cells)
    for column in table.columns:
        if column.name in row.texts:
            row.read(column.name, column.read)
    return row


def _bare_row(path: str, heading: Sequence[str], line: int, cells: Sequence[str]) -> Row:
    """A row with the texts of its cells and the line on which each begins; no values yet."""
    row = Row(path, line, {}, {}, {})
    if len(cells) != len(heading):
        expected = f"{len(heading)} cells, as many as the heading has"
        row.bad.append(BadRow(path, line, "(row)", f"{len(cells)} cells", expected))
        return row
    for name, cell in zip(heading, cells, strict=True):
        row.texts[name], row.lines[name] = cell, line
        line += len(_BREAK.findall(cell))
    return row


def _check_key(row: Row, table: Table, seen: dict[tuple[Any, ...], int]) -> None:
    key = tuple(row[name] for name in table.key)
    # Without its key column every row would look like the first; the heading is told of it instead.
    if not key or any(part is None for part in key):
        return
    if key in seen:
        row.refuse(table.key[-1], f"each {' and '.join(table.key)} once; line {seen[key]} has it already")
    seen.setdefault(key, row.line)


def _check_heading(path: str, table: Table, heading: Sequence[str]) -> list[BadRow]:
    """What is wrong with the heading; BadInputError when it is plainly that of another file."""
    missing = refuse_other_file(path, table, heading)
    known = [column.name for column in table.columns]
    bad = [BadRow(path, 1, name, "no such column", "the column in the heading") for name in missing]
    for position, name in enumerate(heading):
        if name in heading[:position]:
            bad.append(BadRow(path, 1, name, name, "each column once"))
        elif name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f" (is it {near[0]}?)" if near else ""
            called = name or f"column {position + 1}"
            bad.append(BadRow(path, 1, called, name, f"a column of {table.name}{hint}"))
    return bad


def refuse_other_file(path: Path | str, table: Table, heading: Sequence[str]) -> list[str]:
    """The required columns that a heading lacks; BadInputError when it is plainly that of another file."""
    heading = [name.strip() for name in heading]
    required = [column.name for column in table.columns if column.required]
    missing = [name for name in required if name not in heading]
    strange = [name for name in heading if name not in [column.name for column in table.columns]]
    # Another of our own files shares columns with this one; that most of the others mean nothing here betrays it.
    if 2 * len(missing) >= len(required) or (missing and 2 * len(strange) >= len(heading)):
        lacks = f"it lacks {', '.join(missing)}{_other_separator(heading)}"
        raise BadInputError(f"{path}: this is not a {table.name} file: {lacks}")
    return missing


def _other_separator(heading: Sequence[str]) -> str:
    """What to add to a refusal where the heading is one cell because commas do not part it."""
    parted = len(heading) == 1 and re.search(r"[;\t]", heading[0])
    return "; its columns are separated by semicolons or tabs, not commas" if parted else ""


def records_of(path: Path | str) -> list[tuple[int, list[str]]]:
    """
    The rows of a CSV file, the heading first, each with the line on which it begins.

    Blank rows are left out. BadInputError, in one line, when the file is missing, empty or not CSV in UTF-8.
    """
    return list(_each_record(path))


def heading_cells(path: Path | str) -> list[str]:
    """The cells of a CSV file's heading, without reading on; BadInputError as `records_of`."""
    return next(_each_record(path))[1]


def _each_record(path: Path | str) -> Iterator[tuple[int, list[str]]]:
    # newline="" keeps line breaks inside cells as they are, so that lines are counted as an editor counts.
    reader = csv.reader(io.StringIO(_text_of(path), newline=""), strict=True)
    begins, found = 1, False
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found = True
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise BadInputError(f"{path}:{begins}: this row is not CSV: {error}") from error
    if not found:
        raise BadInputError(f"{path}: the file is empty; its first line must be the heading")


def _text_of(path: Path | str) -> str:
    """A file's text, or one plain line that says what it is instead."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise BadInputError(f"{path}: cannot be read: {error.strerror or error}") from error
    kind = wrong_kind(data)
    if kind is not None:
        remedy = "save it as CSV UTF-8" if kind.saves_as_text else "give a CSV file"
        raise BadInputError(f"{path}: this is {kind.name}, not CSV; {remedy}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = len(re.findall(rb"\r\n|\r|\n", data[: error.start])) + 1
        raise BadInputError(f"{path}:{line}: the text is not UTF-8; save it as CSV UTF-8") from error


def rows_of(path: Path | str, kind: str, needed: Sequence[str], names: Sequence[str] = ()) -> list[Row]:
    """
    The rows of somebody else's file, as texts under the columns' names, stripped; other columns are let pass.

    Capitals and underscores at the end of a name are overlooked, as such files change them over the years.
    `names` stand for the heading where the file has none. BadInputError when a needed column is missing;
    a row with too few or too many cells is already refused in its `bad`.
    """
    records = records_of(path)
    if not names:
        _, names = records.pop(0)
    known = {name.lower().rstrip("_"): name for name in needed}
    heading = [known.get(name.strip().lower().rstrip("_"), name.strip()) for name in names]
    missing = [name for name in needed if name not in heading]
    if missing:
        lacks = f"it lacks the columns {', '.join(missing)}{_other_separator(heading)}"
        raise BadInputError(f"{path}: this is not {kind}: {lacks}")
    twice = [name for name in needed if heading.count(name) > 1]
    if twice:
        raise BadInputError(f"{path}: the columns {', '.join(twice)} stand twice in the heading")
    return [_texts_of(str(path), heading, line, cells) for line, cells in records]


def _texts_of(path: str, heading: Sequence[str], line: int, cells: Sequence[str]) -> Row:
    row = _bare_row(path, heading, line, cells)
    row.texts = {name: text.strip() for name, text in row.texts.items()}
    return row


def refuse_bad(rows: Iterable[Row]) -> None:
    """RowErrors with all that was refused in these rows, if anything was."""
    bad = [cell for row in rows for cell in row.bad]
    if bad:
        raise RowErrors(bad)


def write_table(path: Path | str, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """
    Write rows, each a mapping from column to value, in the order given; a column left out is blank.

    The file appears whole or not at all, with LF line ends. BadInputError names the first value that the
    file could not hold, for instance a reference with a semicolon inside a list.
    """
    write_whole(path, table_text(table, rows, str(path)))


def table_text(table: Table, rows: Iterable[Mapping[str, Any]], path: str = "") -> str:
    """Rows as the text of a file; BadInputError names the first value that it could not hold."""
    lines = [_line(column.name for column in table.columns)]
    for position, row in enumerate(rows, 1):
        cells = []
        for column in table.columns:
            try:
                cells.append(column.write(row.get(column.name)))
            except (ValueError, OverflowError) as error:
                where = f"{path or table.name}: row {position}: {column.name}"
                found = row.get(column.name)
                raise BadInputError(f"{where}: {found!r} cannot be written; it must be {error}") from error
        lines.append(_line(cells))
    return "".join(lines)


def _line(cells: Iterable[str]) -> str:
    return ",".join(map(_quoted, cells)) + "\n"


def _quoted(cell: str) -> str:
    # csv.writer leaves a lone carriage return bare, which a reader then takes for the end of the row.
    if not re.search(r'[",\r\n]', cell):
        return cell
    return '"' + cell.replace('"', '""') + '"'


def write_whole(path: Path | str, text: str) -> None:
    """Write a text file in one step: whoever looks sees the old file or the new one, never half of either."""
    target = Path(path)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as stream:
            stream.write(text)
        os.replace(part, target)
    except OSError as error:
        raise BadInputError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        # Whatever broke it off, no half is left behind; after the replacement there is nothing to remove. Where
        # removing fails too, what kept the file from being written is told, not that.
        try:  # noqa: SIM105 (between entering a context and removing, a break-off would leave the half behind)
            part.unlink(missing_ok=True)
        except OSError:
            pass


@contextmanager
def writing_to(path: Path | str) -> Iterator[None]:
    """Make of a disk's or a folder's refusal, whatever is being done there, one line that names the place."""
    try:
        yield
    except OSError as error:
        raise BadInputError(f"{path}: cannot be written: {error.strerror or error}") from error


def table_page(table: Table) -> str:
    """The columns of one file as a Markdown section."""
    lines = [f"## {table.name}", "", table.about, ""]
    lines += ["| column | type | unit | required | meaning | example |", "|" + " --- |" * 6]
    for column in table.columns:
        meaning = column.meaning
        if column.allowed:
            meaning += f" One of: {', '.join(f'`{value}`' for value in column.allowed)}."
        example = f"`{column.example}`" if column.example else ""
        cells = [f"`{column.name}`", column.kind.name, column.unit, "yes" if column.required else "no"]
        escaped = [cell.replace("|", "\\|").replace("\n", " ") for cell in [*cells, meaning, example]]
        lines.append(f"| {' | '.join(escaped)} |")
    unique = " and ".join(f"`{name}`" for name in table.key)
    return "\n".join([*lines, *(["", f"No two rows have the same {unique}."] if unique else []), ""])
