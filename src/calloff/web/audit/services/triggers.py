"""What the database itself refuses: a change of history, and a reference into another council."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import models

REFUSAL = "history is added, never changed"


def unchangeable(table: str, vendor: str) -> list[str]:
    """The statements that make a table refuse UPDATE and DELETE (and TRUNCATE, where there is one)."""
    if vendor == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    return [
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$",
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_refuse()",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()",
    ]


def fixed(table: str, columns: Sequence[str], vendor: str) -> list[str]:
    """The statements that make a table refuse DELETE, and UPDATE of some columns: the others may be written later."""
    others = ", ".join(f'"{column}"' for column in columns)
    if vendor == "sqlite":
        refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        return [
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OF {others} ON {table} {refuse}",
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}",
        ]
    return [
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$",
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OF {others} ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_refuse()",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_refuse()",
    ]


def fixed_anew(table: str, columns: Sequence[str], vendor: str) -> list[str]:
    """The statements after which a table of `fixed` refuses UPDATE of these columns: it has more than it had."""
    dropped = f"DROP TRIGGER {table}_no_change" + ("" if vendor == "sqlite" else f" ON {table}")
    made = next(one for one in fixed(table, columns, vendor) if f"{table}_no_change BEFORE" in one)
    return [dropped, made]


def only_superseded(table: str, columns: Sequence[str], vendor: str) -> list[str]:
    """
    The statements that let a row of a table be superseded once, and nothing else of it be changed.

    `columns` are those that stay: all but `superseded_at`, and but words that may have to be made unreadable one day.
    """
    when, once = "OLD.superseded_at IS NOT NULL", f"{table}_superseded_once BEFORE UPDATE OF superseded_at ON {table}"
    if vendor == "sqlite":
        last = f"CREATE TRIGGER {once} WHEN {when} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    else:
        last = f"CREATE TRIGGER {once} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {table}_refuse()"
    return [*fixed(table, columns, vendor), last]


def changeable_again(table: str, vendor: str) -> list[str]:
    """Take the refusal away: only for a migration that goes back."""
    if vendor == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {table}_no_{verb}" for verb in ("update", "delete")]
    return [f"DROP FUNCTION IF EXISTS {table}_refuse() CASCADE"]


Reference = tuple[str, str, str]
"""A table, its column that points at a row, and the table of that row."""


def references_within_council(made: Sequence[type[models.Model]]) -> Iterator[Reference]:
    """Each reference between rows that both belong to a council."""
    for model in made:
        if not _council_column(model):
            continue
        for field in model._meta.concrete_fields:
            target = field.related_model
            if field.name != "council" and isinstance(target, type) and _council_column(target):
                yield model._meta.db_table, str(field.column), target._meta.db_table


def _council_column(model: type[models.Model]) -> str:
    return next(
        (str(field.column) for field in model._meta.concrete_fields if field.name == "council" and field.is_relation),
        "",
    )


def within_council(references: Iterable[Reference], vendor: str) -> list[str]:
    """
    The statements that make tables refuse a reference to a row of another council.

    Of a table one trigger looks at all of these references: PostgreSQL begins each trigger anew for every row.
    """
    by_table: dict[str, list[tuple[str, str]]] = {}
    for table, column, target in references:
        by_table.setdefault(table, []).append((column, target))
    return [one for table, columns in by_table.items() for one in _of_table(table, columns, vendor)]


def _of_table(table: str, columns: Sequence[tuple[str, str]], vendor: str) -> list[str]:
    # Another migration may add references to a table that has some: each trigger is named after its first.
    name = f"{table}_{columns[0][0]}_council"
    wrong = " OR ".join(
        f"(SELECT council_id FROM {target} WHERE id = NEW.{column}) <> NEW.council_id"  # noqa: S608 - our own names
        for column, target in columns
    )
    if vendor == "sqlite":
        return [
            f"CREATE TRIGGER {name}_{verb.lower()} BEFORE {verb} ON {table} WHEN {wrong} "
            "BEGIN SELECT RAISE(ABORT, 'a reference into another council'); END"
            for verb in ("INSERT", "UPDATE")
        ]
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {wrong} THEN RAISE EXCEPTION 'a reference into another council'; END IF; RETURN NEW; END $$",
        f"CREATE TRIGGER {name} BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def all_triggers(cursor: Any) -> list[tuple[str, str]]:
    """On SQLite, every trigger of the database: its name, and the statement that makes it."""
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name")
    return [(str(name), str(statement)) for name, statement in cursor.fetchall()]


def triggers_of(cursor: Any, table: str) -> list[tuple[str, str]]:
    """On PostgreSQL, the triggers of a table: name, and the statement that makes it."""
    cursor.execute(
        "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal "
        "ORDER BY tgname",
        [table],
    )
    return [(str(name), str(statement)) for name, statement in cursor.fetchall()]


@contextmanager
def set_aside(schema_editor: Any, *tables: str) -> Iterator[None]:
    """
    Without triggers for a while: only for a migration, on SQLite without all, on PostgreSQL without those of `tables`.

    SQLite makes a table anew under another name: a trigger that looks into it would be broken in between, and its own
    would be lost. PostgreSQL refuses another type for a column that a trigger names.
    """
    with schema_editor.connection.cursor() as cursor:
        if schema_editor.connection.vendor == "sqlite":
            kept = all_triggers(cursor)
            dropped = [f'DROP TRIGGER "{name}"' for name, _ in kept]
        else:
            by_table = {table: triggers_of(cursor, table) for table in tables}
            kept = [one for found in by_table.values() for one in found]
            dropped = [f'DROP TRIGGER "{name}" ON {table}' for table, found in by_table.items() for name, _ in found]
    for statement in dropped:
        schema_editor.execute(statement)
    yield
    for _, statement in kept:
        schema_editor.execute(statement)
