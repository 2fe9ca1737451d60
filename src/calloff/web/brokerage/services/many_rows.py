"""
Tens of thousands of new rows in a few seconds, so that the transaction that writes them is short.

What the database is given is worked out row by row beforehand; within the transaction only the keys of new parents are
filled in. Nothing is written here that a service has not made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models

BATCH = 5_000


class ManyRows:
    """New rows of one table, made ready one by one; `known_by` is the column by which one is found again."""

    def __init__(self, model: type[models.Model], known_by: str = "") -> None:
        self.model, self.known_by = model, known_by
        self.fields = [one for one in model._meta.concrete_fields if not one.primary_key]
        self.rows: list[list[Any]] = []
        self.made: list[models.Model] = []
        self.parents: list[tuple[int, int, models.Model]] = []

    def add(self, row: models.Model) -> None:
        """Make a row ready; what it points at may be unsaved as yet."""
        values = []
        for place, one in enumerate(self.fields):
            value = getattr(row, one.attname)
            if one.is_relation and value is None and (parent := row._state.fields_cache.get(one.name)) is not None:
                value = parent.pk
                if value is None:
                    self.parents.append((len(self.rows), place, parent))
            values.append(None if value is None else one.get_db_prep_save(value, connection))
        self.rows.append(values)
        # A row that is nobody's parent need not be kept.
        if self.known_by:
            self.made.append(row)

    def store(self) -> None:
        """Write the rows, and give those that others point at their keys."""
        for number, place, parent in self.parents:
            self.rows[number][place] = parent.pk
        insert(self.model, [str(one.column) for one in self.fields], self.rows)
        if not self.made:
            return
        first = self.fields[[one.attname for one in self.fields].index("council_id")]
        council = getattr(self.made[0], first.attname)
        names = [getattr(row, self.known_by) for row in self.made]
        keys: dict[Any, Any] = {}
        for begin in range(0, len(names), 900):
            found = self.model._default_manager.filter(
                **{"council_id": council, f"{self.known_by}__in": names[begin : begin + 900]}
            )
            keys |= dict(found.values_list(self.known_by, "pk"))
        for row, name in zip(self.made, names, strict=True):
            row.pk = keys[name]


def insert(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows whose values the database takes as they are."""
    quote = connection.ops.quote_name
    named, marks = ", ".join(map(quote, columns)), ", ".join(["%s"] * len(columns))
    statement = f"INSERT INTO {quote(model._meta.db_table)} ({named}) VALUES ({marks})"  # noqa: S608 - our own names
    every = list(rows)
    with connection.cursor() as cursor:
        for begin in range(0, len(every), BATCH):
            cursor.executemany(statement, every[begin : begin + BATCH])
