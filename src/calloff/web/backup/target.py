"""
The database that a restore fills: empty before, and empty or not there after a restore that failed.

On PostgreSQL all of it is one transaction, the making of the tables included. On SQLite a new file is made beside and
gets its name at the end. So a restore that is killed leaves nothing behind that anybody could take for a database.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from django.core.management import call_command
from django.db import connection, transaction

from calloff.domain.errors import BadBackupError
from calloff.formats.tables import writing_to
from calloff.web.backup import migrated
from calloff.web.backup.state import LIVING, Tell, tables
from calloff.web.backup.writing import sync_folder

FILLED = ("auth_permission", "django_content_type")
"""What the migrations themselves fill, in the order in which it can be taken out again."""
BESIDE = ("", "-wal", "-shm", "-journal")
"""SQLite keeps these beside a database."""
HASTY = ("PRAGMA journal_mode=MEMORY", "PRAGMA synchronous=OFF")
"""A file that is thrown away when its making breaks off needs no care for power cuts; at the end it is synced whole."""


def refuse_not_empty() -> None:
    """Raise BadBackupError unless the database has no table, or those of this Calloff without a row."""
    if connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).exists():
        return
    names = set(connection.introspection.table_names())
    if not names:
        return
    only = "A backup is restored into an empty database only; nothing was restored."
    if "django_migrations" not in names:
        raise BadBackupError(f"The database holds tables that are not Calloff's. {only}")
    differs = migrated.difference(migrated.applied(), migrated.known(), "the database")
    if differs:
        raise BadBackupError(f"The tables are not those of this Calloff: {differs}. {only}")
    for name in sorted({table.name for table in tables()} | LIVING):
        if name not in FILLED and _has_rows(name):
            raise BadBackupError(f"The database is not empty: there are rows in {name}. {only}")


def _has_rows(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT 1 FROM "{table}" LIMIT 1')  # noqa: S608 - our own names
        return cursor.fetchone() is not None


def make_tables(tell: Tell) -> None:
    """The tables of this Calloff, where there are none yet, without what their making fills."""
    if "django_migrations" not in connection.introspection.table_names():
        tell("making the tables")
        call_command("migrate", verbosity=0, interactive=False)
    with connection.cursor() as cursor:
        for table in FILLED:
            cursor.execute(f'DELETE FROM "{table}"')  # noqa: S608 - our own names


def new_database() -> AbstractContextManager[None]:
    """A database to be filled: kept when all went well, and gone when anything did not."""
    return _new_file() if connection.vendor == "sqlite" else transaction.atomic()


@contextmanager
def _new_file() -> Iterator[None]:
    target = Path(connection.settings_dict["NAME"])
    partial = target.with_name(f".{target.name}.restoring-{os.getpid()}")
    connection.close()
    with writing_to(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_left_behind(target)
    try:
        with writing_to(target):
            _copy_tables(target, partial)
        connection.settings_dict["NAME"] = str(partial)
        with connection.cursor() as cursor:
            for pragma in HASTY:
                cursor.execute(pragma)
        yield
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode=DELETE")
        connection.close()
        connection.settings_dict["NAME"] = str(target)
        refuse_not_empty()
        connection.close()
        with writing_to(target):
            _exchange(partial, target)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = str(target)
        for ending in BESIDE:
            partial.with_name(partial.name + ending).unlink(missing_ok=True)


def _copy_tables(target: Path, partial: Path) -> None:
    """Begin with the empty tables that there are, if any, in a file that nobody else may read."""
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    if target.exists():
        with closing(sqlite3.connect(target)) as there, closing(sqlite3.connect(partial)) as here:
            there.backup(here)


def _exchange(partial: Path, target: Path) -> None:
    """Give the file its name, once all of it is on the disk; what lay beside an empty one would spoil it."""
    descriptor = os.open(partial, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    for ending in BESIDE[1:]:
        target.with_name(target.name + ending).unlink(missing_ok=True)
    partial.replace(target)
    sync_folder(target.parent)


def _remove_left_behind(target: Path) -> None:
    """Files of restores that were killed: they hold what nobody looks after."""
    for path in target.parent.glob(f".{target.name}.restoring-*"):
        process = re.search(r"\.restoring-(\d+)", path.name)
        if process and not _lives(int(process.group(1))):
            path.unlink(missing_ok=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
