"""A small council that pays, in a database of its own, and its backup; Calloff's own door in processes of their own."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from accept.engines import empty_database

from calloff.web.backup.state import LIVING

TESTS = Path(__file__).resolve().parents[2]
KEY = "a key of tests 0123456789 abcdefghijklmnopqrstuvwxyz ABC"
FILL = """
import sys, django
django.setup()
from dataclasses import replace
from pathlib import Path
from django.db import transaction
from web.paying import Paying, contract_of
with transaction.atomic():
    paying = Paying(Path(sys.argv[1]), packages=1)
    paying.send([replace(row, contract=contract_of(paying)) for row in paying.delivered()])
    paying.pay()
"""


def environment(database, **said):
    """What a process of a test is told: this database and the key of backups, and nothing that the tests were told."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("CALLOFF_", "DATABASE_URL"))}
    return {
        **outside,
        "CALLOFF_DEMO": "1",
        "DJANGO_SETTINGS_MODULE": "calloff.web.config.settings",
        "CALLOFF_BACKUP_KEY": KEY,
        "CALLOFF_MAIL": str(TESTS / "nowhere"),
        "PYTHONPATH": os.pathsep.join(map(str, (TESTS.parent / "src", TESTS, TESTS / "web"))),
        **({"DATABASE_URL": database} if "://" in str(database) else {"CALLOFF_DATABASE": str(database)}),
        **said,
    }


def python(code, *words, database, **said):
    """Run a few lines of Python on a database."""
    command = [sys.executable, "-P", "-c", code, *map(str, words)]
    return subprocess.run(command, env=environment(database, **said), capture_output=True, text=True)


def calloff(*words, database, **said):
    """Run a command of Calloff on a database."""
    return python("from calloff.__main__ import main; main()", *words, database=database, **said)


ORDER = "SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'trigger', 'index') ORDER BY name"
NOT_OURS = {"django_migrations", "sqlite_sequence", "sqlite_stat1", "sqlite_stat4", "calloff_cache", *LIVING}


def content(database):
    """Everything a file holds, table by table, as SQLite itself gives it, and the number each table gave last."""
    with closing(sqlite3.connect(database)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {
            name: connection.execute(f'SELECT * FROM "{name}" ORDER BY 1').fetchall()
            for name in names
            if name not in NOT_OURS
        }
        numbers = dict(connection.execute("SELECT name, seq FROM sqlite_sequence WHERE seq > 0"))
    return found | {"numbers": {name: number for name, number in numbers.items() if name not in NOT_OURS}}


def laid_out(database):
    with closing(sqlite3.connect(database)) as connection:
        return [row for row in connection.execute(ORDER) if not row[0].startswith("sqlite_")]


def hash_of(database):
    done = calloff("state-hash", database=database)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def nothing_beside(database):
    return [path.name for path in database.parent.iterdir() if "restoring" in path.name] == []


def nobody_in(database):
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("SELECT COUNT(*) FROM accounts_user").fetchone() == (0,)


@pytest.fixture(scope="session")
def source(tmp_path_factory):
    """A database in which somebody was paid, and its backup."""
    folder = tmp_path_factory.mktemp("backup")
    database = folder / "source.sqlite3"
    shutil.copy(empty_database(), database)
    filled = python(FILL, folder, database=database, CALLOFF_MAIL=str(folder / "mail"))
    assert filled.returncode == 0, filled.stderr
    made = calloff("backup", "--out", folder / "source.backup", database=database)
    assert made.returncode == 0, made.stderr
    return database, folder / "source.backup"


@pytest.fixture
def empty(tmp_path):
    """An empty database with the tables of this Calloff."""
    return Path(shutil.copy(empty_database(), tmp_path / "calloff.sqlite3"))
