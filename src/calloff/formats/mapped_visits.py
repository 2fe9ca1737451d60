"""Delivered visits from any table with a heading, through a mapping of its columns; nothing is guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from calloff.domain.errors import BadInputError, BadRow, RowErrors
from calloff.formats.cells import MOMENT, TEXT
from calloff.formats.column_mapping import WORDS, ColumnMapping, MappingError, called
from calloff.formats.delivered_visits import LONGEST_HOURS, DeliveredFile, DeliveredVisit, LoggedAt, read_logged
from calloff.formats.tables import Row, heading_cells, refuse_bad, rows_of
from calloff.formats.wall_times import after, logged_on, read_span, read_time, read_uk_day


def heading_of(path: Path | str) -> list[str]:
    """The headings of a table."""
    return [name.strip() for name in heading_cells(path)]


def read_mapped(
    path: Path | str, mapping: ColumnMapping, made_at: datetime | None = None, most: int | None = None
) -> DeliveredFile:
    """
    The delivered visits of a table, by a mapping of its columns; of the first `most` rows alone, where that is given.

    `made_at` is the version of every row where the table has no column for it. Raises MappingError where neither is
    given, BadInputError where a column is missing, RowErrors with every bad row.
    """
    if "version" not in mapping.columns and made_at is None:
        raise MappingError("say when the file was made: no column tells when each row was last changed")
    rows = rows_of(path, "a table of this mapping", list(mapping.columns.values()))[:most]
    reading = [_Reading(row, mapping, made_at) for row in rows]
    found = [one.visit() for one in reading if not one.row.bad]
    refuse_bad(rows)
    if not found:
        raise BadInputError(f"{path}: the table has no rows")
    known = {called(name) for name in mapping.columns.values()}
    not_read = [name for name in heading_of(path) if called(name) not in known]
    return DeliveredFile(rows=tuple(found), not_read=tuple(not_read))


@dataclass
class _Reading:
    """One row of a table while it is read by a mapping."""

    row: Row
    mapping: ColumnMapping
    made_at: datetime | None

    def visit(self) -> DeliveredVisit:
        """The delivered visit that the row tells; what is wrong is refused in the row."""
        came = self._came()
        by = tuple(self._word(name) for name in ("came_by", "left_by"))
        code = self._text("code")
        if "manual" in by and not code:
            self._refuse("code", "the exception code for what was not logged electronically")
        contract, person, worker = (self._needed(name) for name in ("contract", "person", "worker"))
        name, claimed = self._text("row"), self._claimed(came)
        return DeliveredVisit(
            line=self.row.line,
            row=name,
            version=self._version(),
            contract=contract,
            person=person,
            worker=worker,
            came=came,
            left=self._left(came),
            visit=self._text("visit"),
            met=self._word("met"),
            came_by=by[0],
            left_by=by[1],
            code=code,
            known_as=() if name or not claimed else (contract, person, claimed, worker),
        )

    def _text(self, name: str) -> str:
        """What stands in the column of a field, or is always so; blank where neither is."""
        if name in self.mapping.columns:
            return self.row.texts.get(self.mapping.columns[name], "")
        return self.mapping.always.get(name, "")

    def _refuse(self, name: str, expected: str) -> None:
        self.row.refuse(self.mapping.columns.get(name, name), expected)

    def _read(self, name: str, read: Any, other: Any) -> Any:
        """The value of a field's text, or another where it is blank or wrong, which is then told."""
        text = self._text(name)
        if not text:
            return other
        try:
            return read(text)
        except ValueError as error:
            self._refuse(name, str(error))
            return other

    def _needed(self, name: str) -> str:
        if not self._text(name):
            self._refuse(name, "a value")
        return str(self._read(name, TEXT.read, ""))

    def _word(self, name: str) -> str:
        """One of our words: as it stands, or as the mapping says that the table's own word means."""
        allowed, own = WORDS[name], self.mapping.words.get(name, {})
        text = self._text(name)
        if not text:
            return allowed[0]
        meaning = own.get(text) or text.lower().replace(" ", "_")
        if meaning not in allowed:
            self._refuse(name, f"one of {', '.join([*own, *allowed])}")
        return meaning

    def _version(self) -> datetime:
        if "version" not in self.mapping.columns and self.made_at is not None:
            return self.made_at
        if not self._text("version"):
            self._refuse("version", "when the row was last changed")
        found = self._read("version", read_moment, NEVER)
        return found.at if isinstance(found, LoggedAt) else NEVER.at

    def _came(self) -> LoggedAt:
        if not self._text("came"):
            self._refuse("came", "when the worker came")
            return NEVER
        if "came_on" not in self.mapping.columns:
            return self._at("came", None)
        on = self._read("came_on", read_day_alone, None)
        if on is None and not self._text("came_on"):
            self._refuse("came_on", "the day of the visit")
        return self._at("came", on) if on is not None else NEVER

    def _at(self, name: str, on: date | None) -> LoggedAt:
        """A moment in one cell, or the time of a day that stands elsewhere."""
        if on is None:
            found = self._read(name, read_moment, NEVER)
        else:
            found = self._read(name, lambda text: logged_on(on, read_time(text)), NEVER)
        return found if isinstance(found, LoggedAt) else NEVER

    def _left(self, came: LoggedAt) -> LoggedAt | None:
        if came is NEVER:
            return None
        if not self._text("left"):
            span = self._read("minutes", read_stay, None)
            left = None if span is None else after(came, span)
            field_name = "minutes"
        else:
            field_name, left = "left", self._leaving(came)
        if left is not None and not timedelta() <= left.at - came.at <= timedelta(hours=LONGEST_HOURS):
            self._refuse(field_name, f"at most {LONGEST_HOURS} hours after the worker came, and not before")
        return left

    def _leaving(self, came: LoggedAt) -> LoggedAt | None:
        """When the worker left: a time alone is that after the coming, on the next day where it must be."""
        if "came_on" not in self.mapping.columns:
            found = self._at("left", None)
        else:
            on = self._read("came_on", read_day_alone, None)
            if on is None:
                return None
            time, since = self._read("left", read_time, None), self._read("came", read_time, None)
            if time is None or since is None:
                return None
            found = self._at("left", on + timedelta(days=1) if time < since else on)
        if found is NEVER:
            return None
        return LoggedAt(found.other) if found.at < came.at and found.other is not None else found

    def _claimed(self, came: LoggedAt) -> str:
        """The planned start that the row claims, as text: by it a row without a name is known."""
        text = self._text("claimed")
        return "" if not text or came is NEVER else f"{self._text('came_on')} {text}".strip()


NEVER = LoggedAt(datetime.min)
"""In place of a moment that could not be read: its row is refused."""


def read_moment(text: str) -> LoggedAt:
    """A day and a time in one cell: ISO 8601, or DD/MM/YYYY HH:MM."""
    day, _, time = text.replace("T", " ", 1).partition(" ")
    if "/" in day and time:
        return logged_on(read_uk_day(day), read_time(time.strip()))
    if re.search(r"(Z|[+-][0-9]{2}:[0-9]{2})$", text):
        return LoggedAt(MOMENT.read(text.replace(" ", "T", 1)))
    return read_logged(text.replace(" ", "T", 1))


def read_day_alone(text: str) -> date:
    """The day of a cell in which a sheet may have put a time of the day, too."""
    return read_uk_day(text.split("T")[0].split(" ")[0])


def read_stay(text: str) -> timedelta:
    """A length in whole minutes, or as HH:MM or HH:MM:SS."""
    if re.fullmatch(r"[0-9]{1,4}", text):
        return timedelta(minutes=int(text))
    try:
        return read_span(text)
    except ValueError as error:
        raise ValueError("whole minutes, or a length such as 00:30") from error


def counted(file: DeliveredFile, path: Path | str, mode: str, rows: int, minutes: int) -> DeliveredFile:
    """
    A file of which its sender said apart how many rows and minutes it has, so that it may replace.

    RowErrors where it has others: it was cut off, or it is another file.
    """
    bad = []
    if rows != len(file.rows):
        bad.append(BadRow(str(path), 1, "rows", str(rows), f"{len(file.rows)} rows, as the file has"))
    if minutes != file.minutes:
        bad.append(BadRow(str(path), 1, "minutes", str(minutes), f"{file.minutes} minutes, as the file has"))
    if bad:
        raise RowErrors(bad)
    return DeliveredFile(file.rows, mode, file.reference, file.not_read)
