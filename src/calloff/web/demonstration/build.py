"""
Makes the demonstration in a database of its own: what all councils share first, then each council, then all in one.

A council is no concern of another's, so each lives its weeks in a process and a file of its own, as many at once as the
machine has processors. Their rows are numbered from different beginnings and are put together at the end.
"""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from calloff.web.demonstration.councils import Shape

Tell = Callable[[str], None]
SEED = 2026
FIRST_NUMBER = 10_000_000
"""Council n's rows are numbered from n times this on: more than one council can ever have in the demonstration."""
HASTY = ("PRAGMA journal_mode=MEMORY", "PRAGMA synchronous=OFF")
"""A file that is thrown away when its making breaks off needs no care for power cuts."""


def make(database: Path, now: datetime, tell: Tell) -> None:
    """Fill an empty database (the one of the settings) with all councils as they stand at a moment."""
    from calloff.web.demonstration.councils import COUNCILS

    began = time.monotonic()
    lay_ground(now)
    tell(f"  everybody who signs in: {seconds_since(began)}")
    waiting = list(enumerate(COUNCILS, 1))
    running: list[tuple[Shape, Path, int, subprocess.Popen[bytes]]] = []
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            number, shape = waiting.pop(0)
            part = database.with_name(f"{database.name}.{shape.code}")
            shutil.copyfile(database, part)
            number_from(part, number * FIRST_NUMBER)
            running.append((shape, part, number, _start(part, shape.code, now)))
        time.sleep(0.05)
        for one in [one for one in running if one[3].poll() is not None]:
            running.remove(one)
            shape, part, number, process = one
            if process.returncode:
                for _, _, _, other in running:
                    other.kill()
                raise SystemExit(f"{shape.name} could not be made: exit code {process.returncode}")
            put_together(database, part, number * FIRST_NUMBER)
            tell(f"  {shape.name}: {seconds_since(began)}")
    finish(database)


def seconds_since(began: float) -> str:
    return f"{time.monotonic() - began:.0f} s"


def _start(part: Path, code: str, now: datetime) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-m", __spec__.name, "part", now.isoformat(), code]
    return subprocess.Popen(command, env=os.environ | {"CALLOFF_DATABASE": str(part)})  # noqa: S603 - ourselves


@contextmanager
def hastily() -> Iterator[None]:
    """Write without care for power cuts, in one transaction, and look for no garbage meanwhile."""
    from django.db import connection, transaction

    connection.ensure_connection()
    with connection.cursor() as cursor:
        for pragma in HASTY:
            cursor.execute(pragma)
    gc.disable()
    try:
        with transaction.atomic():
            yield
    finally:
        gc.enable()
        connection.close()


def lay_ground(now: datetime) -> None:
    """Tables, councils, the register, and everybody who signs in. Raises NotTheDemoError elsewhere than in one."""
    from django.core.management import call_command
    from django.db import connection

    refuse_others()
    with connection.cursor() as cursor:
        for pragma in HASTY:
            cursor.execute(pragma)
    call_command("migrate", verbosity=0)
    with hastily():
        people_and_places(now)


def refuse_others() -> None:
    """Raise NotTheDemoError where the settings are a live council's, or the database holds anything already."""
    from django.conf import settings
    from django.db import connection

    from calloff.web.accounts.services import NotTheDemoError

    if not settings.CALLOFF_DEMO:
        raise NotTheDemoError("the demonstration is made under CALLOFF_DEMO=1 alone; nothing was made")
    held = set(connection.introspection.table_names())
    if "accounts_user" in held:
        with connection.cursor() as cursor:
            cursor.execute("SELECT COUNT(*) FROM accounts_user")
            if cursor.fetchone()[0]:
                raise NotTheDemoError("this database holds accounts already; the demonstration is made in an empty one")


def people_and_places(now: datetime) -> None:
    """All that the councils share, and their staff."""
    from calloff.simulator.keyed_draws import Draws
    from calloff.web.demonstration.council import found
    from calloff.web.demonstration.councils import COUNCILS
    from calloff.web.demonstration.market import register
    from calloff.web.demonstration.people import add_administrator, add_providers, add_staff, adding
    from calloff.web.directory.services import drawn_from

    with drawn_from(f"{SEED} {now.date()}"):
        councils = {shape.code: found(shape) for shape in COUNCILS}
        branches = register(COUNCILS, now)
        add = adding(Draws(SEED), now)
        add_administrator(add)
        for shape in COUNCILS:
            add_staff(add, shape, councils[shape.code])
        add_providers(add, list(branches.values()))


def make_part(code: str, now: datetime) -> None:
    """One council's weeks, in the database of the settings, which holds all that is shared."""
    from calloff.web.demonstration.council import live_through
    from calloff.web.demonstration.councils import council_named

    with hastily():
        live_through(council_named(code), now)


# Rows of several files in one


def number_from(part: Path, first: int) -> None:
    """Let every new row of a file be numbered from here on."""
    with closing(sqlite3.connect(part)) as connection, connection:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'")
        ]
        for table in tables:
            known = connection.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = ?", (first, table)).rowcount
            if not known:
                connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, first))


def put_together(database: Path, part: Path, first: int) -> None:
    """Move the rows that a council added into the database of all, and remove its file."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        for pragma in HASTY:
            connection.execute(pragma)
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("ATTACH ? AS part", (str(part),))
        connection.execute("BEGIN")
        # Of what is shared, a council's weeks change one number only: it counts who joined.
        # By name, so that a journal's postings come before its seal.
        for (table,) in connection.execute("SELECT name FROM part.sqlite_sequence ORDER BY name").fetchall():
            connection.execute(f'INSERT INTO main."{table}" SELECT * FROM part."{table}" WHERE id > ?', (first,))  # noqa: S608
        connection.execute(
            "UPDATE main.directory_council SET standing = one.standing FROM part.directory_council AS one "
            "WHERE one.id = main.directory_council.id AND one.standing > main.directory_council.standing"
        )
        connection.execute("COMMIT")
    part.unlink()


def finish(database: Path) -> None:
    """See that no row points at nothing, and leave the file as the website opens it."""
    with closing(sqlite3.connect(database)) as connection:
        lost = connection.execute("PRAGMA foreign_key_check").fetchall()
        if lost:
            raise SystemExit(f"{len(lost)} rows point at nothing, the first in {lost[0][0]}; nothing was kept")
        connection.execute("ANALYZE")
        connection.commit()
        connection.execute("PRAGMA journal_mode=WAL")


def main(arguments: Sequence[str]) -> None:
    """`whole MOMENT`, or one step of it: `ground MOMENT`, then `part MOMENT COUNCIL`."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "calloff.web.config.settings"
    import django

    django.setup()
    from django.conf import settings

    kind, moment, *rest = arguments
    now = datetime.fromisoformat(moment)
    if kind == "ground":
        lay_ground(now)
    elif kind == "part":
        make_part(rest[0], now)
    else:
        make(Path(settings.DATABASES["default"]["NAME"]), now, lambda line: print(line, flush=True))


if __name__ == "__main__":
    main(sys.argv[1:])
