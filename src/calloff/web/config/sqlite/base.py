"""
Django's engine for SQLite with STRICT tables, lengths, ranges, days and moments that the database itself checks.

SQLite takes any text in a column of numbers and any length in a short one. A table made STRICT refuses the wrong kind;
the rest are CHECK constraints. Every table that Django makes or rebuilds is made so, since each goes through the same
statement. A column's type is one of five words, so Cast to a day or a moment is not to be had: use TruncDate.

The write lock is taken when a transaction begins. Otherwise two that began by reading both fail when they write.
"""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError
from django.db.backends.sqlite3 import base
from django.db.backends.sqlite3.schema import DatabaseSchemaEditor

OLDEST = (3, 37, 0)
"""The first SQLite with STRICT tables."""

PATIENCE_SECONDS = 20
"""So long a transaction waits for the write lock before it is refused."""
LOOK_EVERY_SECONDS = 0.002

PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA mmap_size=134217728",
    "PRAGMA cache_size=-64000",
    "PRAGMA journal_size_limit=67108864",
    "PRAGMA temp_store=MEMORY",
)


def options(*, synchronous: str) -> dict[str, Any]:
    """
    The OPTIONS of a database in settings.

    `synchronous` FULL keeps every commit through a power cut; NORMAL may lose the last ones, never more.
    """
    pragmas = (PRAGMAS[0], f"PRAGMA synchronous={synchronous}", *PRAGMAS[1:])
    return {"timeout": PATIENCE_SECONDS, "transaction_mode": "IMMEDIATE", "init_command": ";".join(pragmas)}


class _WithLength(str):
    """A check that stands only where the column has a length: some have none."""

    def __mod__(self, data: Any) -> Any:
        return None if data["max_length"] is None else str(self) % data


LENGTH = _WithLength('length("%(column)s") <= %(max_length)s')


def _between(least: int, most: int) -> str:
    return f'"%(column)s" BETWEEN {least} AND {most}'


def _same(function: str, characters: int) -> str:
    """The text is what SQLite itself makes of it: 31 February becomes 3 March, but only where something is added."""
    text = f'substr("%(column)s", 1, {characters})'
    return f"({function}({text}, '+0 days') IS {text})"


class StrictSchemaEditor(DatabaseSchemaEditor):
    """Makes every table STRICT, those of a rebuild included."""

    sql_create_table = "CREATE TABLE %(table)s (%(definition)s) STRICT"


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to a strict SQLite; ImproperlyConfigured where the library is too old for it."""

    SchemaEditorClass = StrictSchemaEditor

    data_types = base.DatabaseWrapper.data_types | {
        "BinaryField": "blob",
        "BooleanField": "integer",
        "CharField": "text",
        "DateField": "text",
        "DateTimeField": "text",
        "DecimalField": "real",
        "DurationField": "integer",
        "FileField": "text",
        "FilePathField": "text",
        "BigIntegerField": "integer",
        "IPAddressField": "text",
        "GenericIPAddressField": "text",
        "PositiveBigIntegerField": "integer",
        "PositiveIntegerField": "integer",
        "PositiveSmallIntegerField": "integer",
        "SlugField": "text",
        "SmallIntegerField": "integer",
        "TimeField": "text",
        "UUIDField": "text",
    }

    # The ranges are PostgreSQL's, so that what one engine takes the other takes too.
    data_type_check_constraints = base.DatabaseWrapper.data_type_check_constraints | {
        "BooleanField": '"%(column)s" IN (0, 1)',
        "CharField": LENGTH,
        "DateField": f'({_same("date", 10)} AND length("%(column)s") = 10)',
        "DateTimeField": _same("datetime", 19),
        "TimeField": _same("time", 8),
        "FileField": LENGTH,
        "FilePathField": LENGTH,
        "SlugField": LENGTH,
        "GenericIPAddressField": 'length("%(column)s") <= 39',
        "UUIDField": 'length("%(column)s") = 32',
        "SmallIntegerField": _between(-(2**15), 2**15 - 1),
        "IntegerField": _between(-(2**31), 2**31 - 1),
        "PositiveSmallIntegerField": _between(0, 2**15 - 1),
        "PositiveIntegerField": _between(0, 2**31 - 1),
    }

    def get_new_connection(self, conn_params: dict[str, Any]) -> sqlite3.Connection:
        """Connect, and refuse a library without STRICT tables."""
        if sqlite3.sqlite_version_info < OLDEST:
            raise ImproperlyConfigured(
                f"SQLite {sqlite3.sqlite_version} is too old. Get 3.37 or newer, or use PostgreSQL (DATABASE_URL)."
            )
        connection: sqlite3.Connection = super().get_new_connection(conn_params)
        return connection

    def _start_transaction_under_autocommit(self) -> None:
        """
        Begin, as soon as nobody else writes.

        SQLite itself (sqliteDefaultBusyCallback) looks again ever more seldom, up to a tenth of a second apart, so that
        whoever has waited longest is the last to get the lock.
        """
        until = time.monotonic() + PATIENCE_SECONDS
        self.connection.execute("PRAGMA busy_timeout=0")
        try:
            while not self._began(last=time.monotonic() > until):
                time.sleep(LOOK_EVERY_SECONDS)
        finally:
            self.connection.execute(f"PRAGMA busy_timeout={1_000 * PATIENCE_SECONDS}")

    def _began(self, *, last: bool) -> bool:
        try:
            # Django's stubs leave this method of the engine out.
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except OperationalError as refusal:
            if last or "locked" not in str(refusal):
                raise
            return False
        return True
