"""The whole state of the database as one hash, and by table, so that two moments can be compared."""

from __future__ import annotations

from collections.abc import Iterable

from calloff.domain.records import sha256

LEFT_OUT = ("jobs_pulse", "django_session", "audit_look", "calloff_cache")
"""What tells of reading and living, and of no act."""


def state(without: Iterable[str] = ()) -> dict[str, str]:
    """By table the hash of its rows, in the order of their keys; some columns may be left out, as `table.column`."""
    from django.apps import apps
    from django.db import connection

    skipped = set(without)
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            table = model._meta.db_table
            if table in LEFT_OUT or not model.__module__.startswith("calloff."):
                continue
            columns = [one.column for one in model._meta.concrete_fields if f"{table}.{one.column}" not in skipped]
            named = ", ".join(f'"{column}"' for column in columns)
            cursor.execute(f"SELECT {named} FROM {table} ORDER BY id")
            found[table] = sha256(repr(cursor.fetchall()).encode())
    return found


def differing(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The tables that are not the same."""
    return sorted(table for table in before if before[table] != after.get(table))
