"""The number that each table gave last, so that a number which was taken away is not given to another row later."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connection

from calloff.web.backup.state import tables


def last_numbers() -> dict[str, int]:
    """By table the last number it gave; 0 where it gave none yet."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, seq FROM sqlite_sequence")
            return {str(name): int(number) for name, number in cursor.fetchall()}
        found = {}
        for table in tables():
            cursor.execute(f"SELECT last_value, is_called FROM {_sequence(table.name, table.key)}")  # noqa: S608 - the database's own name
            last, is_called = cursor.fetchone()
            found[table.name] = last if is_called else last - 1
        return found


def number_after(last: Mapping[str, int]) -> None:
    """Let each table go on after the number it gave last."""
    with connection.cursor() as cursor:
        for table in tables():
            number = last[table.name]
            if connection.vendor != "sqlite":
                cursor.execute(
                    "SELECT setval(pg_get_serial_sequence(%s, %s), %s, %s)",
                    (f'"{table.name}"', table.key, max(number, 1), number > 0),
                )
                continue
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", (table.name,))
            if number:
                cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", (table.name, number))


def _sequence(table: str, column: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", (f'"{table}"', column))
        return str(cursor.fetchone()[0])
