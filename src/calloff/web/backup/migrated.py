"""Which migrations a database and this Calloff have: rows fit the tables of the same migrations alone."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from calloff.domain.errors import BadInputError

MOST_NAMED = 3


def known() -> list[str]:
    """The migrations of this Calloff, `app.name`, in order of their names."""
    return _named(MigrationLoader(None).disk_migrations or ())


def applied() -> list[str]:
    """Those that the database has been through, in order of their names."""
    return _named(MigrationRecorder(connection).applied_migrations())


def _named(migrations: Iterable[tuple[str, str]]) -> list[str]:
    return sorted(f"{app}.{name}" for app, name in migrations)


def difference(theirs: list[str], ours: list[str], them: str) -> str:
    """In words what either has that the other lacks; nothing where they are the same."""
    lacks, more = sorted(set(ours) - set(theirs)), sorted(set(theirs) - set(ours))
    told = [f"{them} lacks {_some(lacks)}"] if lacks else []
    return " and ".join([*told, *([f"{them} has {_some(more)}, which this Calloff does not know"] if more else [])])


def _some(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def refuse_other() -> None:
    """Raise BadInputError where the database is not at the migrations of this Calloff."""
    differs = difference(applied(), known(), "the database")
    if differs:
        raise BadInputError(f"The migrations are not those of this Calloff: {differs}. Run the migrations first.")
