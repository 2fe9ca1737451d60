"""
The whole state of the database as lines of no engine, and as one hash: SQLite and PostgreSQL of one content agree.

A row is a JSON array of its columns in the order of the model: whole numbers (yes and no are 1 and 0), text, days as
2026-11-23, moments in UTC as 2026-11-23 09:00:00 with six digits more where there are parts of a second, bytes in
base64, JSON with its keys sorted. A table's hash is SHA-256 over its rows in the order of their key, each with its line
feed; the state hash is that over the rows and hash of each table by name.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from graphlib import TopologicalSorter
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction

from calloff.domain.errors import CalloffError
from calloff.domain.records import canonical, sha256

LIVING = frozenset({"django_session", "jobs_pulse", "usersessions_usersession"})
"""Who is signed in and which worker lives: after a restore everybody signs in again. The cache is no model at all."""
BATCH, BATCH_OF_FILES = 2_000, 10
"""Rows that are in memory at once, and of a table that holds whole files."""
WHOLE_SECOND, WITH_PARTS, NO_PARTS = 19, 26, ".000000"
"""Characters of a moment's text, without and with parts of a second."""

KINDS = {
    "number": (
        models.AutoField,
        models.BigAutoField,
        models.IntegerField,
        models.BigIntegerField,
        models.SmallIntegerField,
        models.PositiveIntegerField,
        models.PositiveBigIntegerField,
        models.PositiveSmallIntegerField,
    ),
    "yes": (models.BooleanField,),
    "text": (models.CharField, models.TextField, models.EmailField, models.SlugField, models.URLField),
    "day": (models.DateField,),
    "moment": (models.DateTimeField,),
    "bytes": (models.BinaryField,),
    "json": (models.JSONField,),
}
_KIND_OF = {one.__name__: kind for kind, each in KINDS.items() for one in each}

Tell = Callable[[str], None]


class NoPlainFormError(CalloffError):
    """A column of a kind that has no form of no engine yet: state.py must learn it before anything is kept."""


@dataclass(frozen=True)
class Table:
    """A table of the state: its key, and its columns with the kind of each."""

    name: str
    key: str
    columns: tuple[tuple[str, str], ...]
    ours: bool
    """Whether Calloff's own code made it, not a package that it uses."""

    @property
    def batch(self) -> int:
        """How many of its rows may be in memory at once."""
        return BATCH_OF_FILES if "bytes" in dict(self.columns).values() else BATCH


@dataclass(frozen=True)
class Counted:
    """What a table holds: how many rows, and their hash."""

    rows: int
    hash: str


@functools.cache
def tables() -> tuple[Table, ...]:
    """Every table of the state, each after those that it points at. Raises NoPlainFormError."""
    made = {
        model._meta.db_table: model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and model._meta.db_table not in LIVING
    }
    sorter = TopologicalSorter({name: sorted(_points_at(made[name]) & set(made)) for name in sorted(made)})
    sorter.prepare()
    ordered = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        ordered += [_table(made[name]) for name in ready]
        sorter.done(*ready)
    return tuple(ordered)


def _points_at(model: type[models.Model]) -> set[str]:
    others = {
        field.related_model._meta.db_table
        for field in model._meta.concrete_fields
        if isinstance(field.related_model, type)
    }
    return others - {model._meta.db_table}


def _table(model: type[models.Model]) -> Table:
    columns = tuple((str(field.column), _kind(field)) for field in model._meta.concrete_fields)
    if _kind(model._meta.pk) != "number":
        # Engines order text each in its own way.
        raise NoPlainFormError(f"{model._meta.db_table} has a key that is no number")
    return Table(model._meta.db_table, str(model._meta.pk.column), columns, model.__module__.startswith("calloff."))


def _kind(field: Any) -> str:
    while field.is_relation:
        field = field.target_field
    kind = _KIND_OF.get(field.get_internal_type())
    if kind is None:
        raise NoPlainFormError(f"{field.model._meta.db_table}.{field.column}: {field.get_internal_type()}")
    return kind


# One moment


@contextmanager
def one_moment() -> Iterator[None]:
    """
    Read the database as it stands at one moment, while others write on.

    Inside a transaction that moment is the transaction's own.
    """
    if connection.in_atomic_block:
        yield
        return
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
        return
    with connection.cursor() as cursor:
        # Deferred: Django's own transactions would wait for whoever writes, and make them wait.
        cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


# Rows


def lines_of(table: Table) -> Iterator[bytes]:
    """The rows of a table in the order of their key, each as one line."""
    changes = [
        (place, change)
        for place, (_, kind) in enumerate(table.columns)
        if (change := _PLAIN[connection.vendor].get(kind)) is not None
    ]
    named = ", ".join(f'"{column}"' for column, _ in table.columns)
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
    with connection.chunked_cursor() as cursor:
        cursor.execute(f'SELECT {named} FROM "{table.name}" ORDER BY "{table.key}"')  # noqa: S608 - our own names
        while rows := cursor.fetchmany(table.batch):
            for row in map(list, rows):
                for place, change in changes:
                    if row[place] is not None:
                        row[place] = change(row[place])
                yield encode(row).encode() + b"\n"


def _text_of_moment(value: str) -> str:
    """SQLite's text of a moment, which has as many digits of a second as whoever wrote it gave."""
    if len(value) == WHOLE_SECOND or (len(value) == WITH_PARTS and not value.endswith(NO_PARTS)):
        return value
    return _moment(datetime.fromisoformat(value).replace(tzinfo=UTC))


def _moment(value: datetime) -> str:
    return str(value.astimezone(UTC).replace(tzinfo=None))


def _day(value: date) -> str:
    return value.isoformat()


def _base64(value: bytes | memoryview) -> str:
    return base64.b64encode(value).decode()


def _sorted_json(value: Any) -> str:
    return canonical(json.loads(value) if isinstance(value, str) else value).decode()


_PLAIN: Mapping[str, Mapping[str, Callable[[Any], Any]]] = {
    "sqlite": {"moment": _text_of_moment, "bytes": _base64, "json": _sorted_json},
    "postgresql": {"yes": int, "day": _day, "moment": _moment, "bytes": _base64, "json": _sorted_json},
}
"""By engine and kind, how a value that the engine gives becomes one of no engine; others are it already."""


# Hashes


class Counting:
    """Counts and hashes the lines of a table while they go by."""

    def __init__(self) -> None:
        self._rows, self._digest = 0, hashlib.sha256()

    def __call__(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        for line in lines:
            self._rows += 1
            self._digest.update(line)
            yield line

    @property
    def found(self) -> Counted:
        return Counted(self._rows, self._digest.hexdigest())


def counted(table: Table, tell: Tell | None = None) -> Counted:
    """How many rows a table holds, and their hash."""
    counting = Counting()
    for _ in told(counting(lines_of(table)), f"reading {table.name}", tell):
        pass
    return counting.found


def told(lines: Iterable[bytes], doing: str, tell: Tell | None) -> Iterator[bytes]:
    """The lines, and now and then how many have gone by."""
    for number, line in enumerate(lines, 1):
        if tell and number % BATCH == 0:
            tell(f"{doing}: {number:,} rows")
        yield line


def state(tell: Tell | None = None) -> dict[str, Counted]:
    """What every table holds at one moment."""
    with one_moment():
        return {table.name: counted(table, tell) for table in tables()}


def hash_of_state(found: Mapping[str, Counted]) -> str:
    """One hash over all tables: the same content has the same on either engine."""
    return sha256(canonical({name: [one.rows, one.hash] for name, one in found.items()}))
