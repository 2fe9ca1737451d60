"""
Puts the rows of a backup into empty tables as they were.

The triggers stand aside meanwhile. They rule over acts of today, one after the other; the rows are history that they or
their predecessors have let in already, in an order of time that a backup does not have. That nothing else comes in by
this door is proven afterwards, by the state hash. Whether references lead somewhere the database itself looks.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import DatabaseError, connection

from calloff.domain.errors import BadBackupError
from calloff.web.audit.services.triggers import set_aside
from calloff.web.backup.reading import Backup, End, Part
from calloff.web.backup.state import Table, Tell, tables, told


def load(path: Path, key: str, tell: Tell) -> tuple[End, dict[str, int]]:
    """
    Put every row into its table; what the backup says at its end, and by table the number it gave last.

    Raises BadBackupError where the backup holds other tables or columns, or the database refuses a row.
    """
    known = {table.name: table for table in tables()}
    backup, numbers = Backup(path, key), dict[str, int]()
    for part in backup.parts():
        table = known.get(part.table)
        if table is None or [column for column, _ in table.columns] != part.columns:
            raise BadBackupError(f"{path}: {part.table} is not a table of this Calloff as it was written")
        try:
            _LOAD[connection.vendor](table, _values(table, part, tell))
        except DatabaseError as error:
            # Its text may hold somebody's row.
            raise BadBackupError(
                f"{part.table}: the database refuses its rows ({type(error).__name__}); nothing was restored"
            ) from error
        numbers[part.table] = part.last_number
    if set(numbers) != set(known):
        raise BadBackupError(f"{path}: it lacks {', '.join(sorted(set(known) - set(numbers)))}")
    return backup.end, numbers


def _values(table: Table, part: Part, tell: Tell) -> Iterator[Sequence[Any]]:
    """The rows of a table as its engine takes them."""
    changes = [
        (place, change)
        for place, (_, kind) in enumerate(table.columns)
        if (change := _NATIVE[connection.vendor].get(kind)) is not None
    ]
    for line in told(part.lines, f"restoring {part.table}", tell):
        row = json.loads(line)
        for place, change in changes:
            if row[place] is not None:
                row[place] = change(row[place])
        yield row


_NATIVE: Mapping[str, Mapping[str, Callable[[Any], Any]]] = {
    "sqlite": {"bytes": base64.b64decode},
    "postgresql": {"bytes": base64.b64decode, "moment": lambda text: f"{text}+00"},
}
"""By engine and kind, how a value of no engine becomes one that the engine takes; others are it already."""


def _insert(table: Table, rows: Iterable[Sequence[Any]]) -> None:
    places = ", ".join(["%s"] * len(table.columns))
    statement = f'INSERT INTO "{table.name}" ({_named(table)}) VALUES ({places})'  # noqa: S608 - our own names
    rows = iter(rows)
    with connection.cursor() as cursor:
        while batch := list(islice(rows, table.batch)):
            cursor.executemany(statement, batch)


def _copy(table: Table, rows: Iterable[Sequence[Any]]) -> None:
    # Django leaves the errors of this way in as they are.
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(f'COPY "{table.name}" ({_named(table)}) FROM STDIN') as copy,
    ):
        for row in rows:
            copy.write_row(row)


_LOAD: Mapping[str, Callable[[Table, Iterable[Sequence[Any]]], None]] = {"sqlite": _insert, "postgresql": _copy}


def _named(table: Table) -> str:
    return ", ".join(f'"{column}"' for column, _ in table.columns)


@contextmanager
def without_triggers() -> Iterator[None]:
    """
    Let rows in as they are for a while: no trigger rules, and nobody else writes.

    On SQLite references are looked at when it ends, on PostgreSQL when the rows of each table are in.
    """
    with connection.schema_editor() as editor, set_aside(editor):
        if connection.vendor == "postgresql":
            # The references of all rows would otherwise wait in memory for the end.
            editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in tables():
                editor.execute(f'ALTER TABLE "{table.name}" DISABLE TRIGGER USER')
        yield
        if connection.vendor == "postgresql":
            for table in tables():
                editor.execute(f'ALTER TABLE "{table.name}" ENABLE TRIGGER USER')
