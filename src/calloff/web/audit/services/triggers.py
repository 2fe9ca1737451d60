"""What the database itself refuses: a change of history, and a reference into another council."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


def references_within_council(made: Sequence[type[models.Model]]) -> Iterator[tuple[str, str, str, str]]:
    """Each reference between rows that both belong to a council: table, column, table and column it points at."""
    for model in made:
        if not _council_column(model):
            continue
        for field in model._meta.concrete_fields:
            target = field.related_model
            if field.name != "council" and isinstance(target, type) and _council_column(target):
                yield model._meta.db_table, str(field.column), target._meta.db_table, _council_column(target)


def _council_column(model: type[models.Model]) -> str:
    return next(
        (str(field.column) for field in model._meta.concrete_fields if field.name == "council" and field.is_relation),
        "",
    )


def within_council(table: str, column: str, target: str, vendor: str) -> list[str]:
    """The statements that make a table refuse a reference to a row of another council."""
    name = f"{table}_{column}_council"
    wrong = f"(SELECT council_id FROM {target} WHERE id = NEW.{column}) <> NEW.council_id"  # noqa: S608 - our own names
    if vendor == "sqlite":
        return [
            f"CREATE TRIGGER {name}_{verb.lower()} BEFORE {verb} ON {table} WHEN NEW.{column} IS NOT NULL AND {wrong} "
            "BEGIN SELECT RAISE(ABORT, 'a reference into another council'); END"
            for verb in ("INSERT", "UPDATE")
        ]
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF NEW.{column} IS NOT NULL AND {wrong} "
        "THEN RAISE EXCEPTION 'a reference into another council'; END IF; RETURN NEW; END $$",
        f"CREATE TRIGGER {name} BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def all_triggers(cursor: Any) -> list[tuple[str, str]]:
    """On SQLite, every trigger of the database: its name, and the statement that makes it."""
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name")
    return [(str(name), str(statement)) for name, statement in cursor.fetchall()]


@contextmanager
def set_aside(schema_editor: Any, table: str = "") -> Iterator[None]:
    """
    Without triggers for a while, all of which are there again afterwards: only for a migration.

    SQLite makes a table anew under another name, where a trigger that looks into that table would be broken in between
    and one of its own would be lost; so there every trigger goes. PostgreSQL changes no type of a column that a trigger
    names; there those of `table` go.
    """
    vendor = schema_editor.connection.vendor
    with schema_editor.connection.cursor() as cursor:
        kept = all_triggers(cursor) if vendor == "sqlite" else _triggers_of(cursor, table) if table else []
        for name, _ in kept:
            schema_editor.execute(f'DROP TRIGGER "{name}"' + ("" if vendor == "sqlite" else f" ON {table}"))
    yield
    for _, statement in kept:
        schema_editor.execute(statement)


def _triggers_of(cursor: Any, table: str) -> list[tuple[str, str]]:
    """On PostgreSQL, the triggers of a table: the name of each, and the statement that makes it."""
    cursor.execute(
        "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal "
        "ORDER BY tgname",
        [table],
    )
    return [(str(name), str(statement)) for name, statement in cursor.fetchall()]
