"""A clean machine: processes with a bare environment and an empty folder, and databases on either engine for them."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Self

from accept.engines import SERVER, empty_database, server_answers

from calloff.domain.records import sha256
from calloff.stages import ROOT

KEY = "a key of a check 0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFG"
NO_STATE = {
    *("calloff_cache", "django_migrations", "django_session", "jobs_pulse", "usersessions_usersession"),
    *("sqlite_sequence", "sqlite_stat1", "sqlite_stat4"),
}
"""Tables of who is signed in, what lives, and of the engine itself."""


class Host:
    """What a check has: its own database as `source`, and empty ones to restore into; all gone at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._number, self._made = folder, 0, list[str]()
        self.source = {name: os.environ[name] for name in ("CALLOFF_DATABASE", "DATABASE_URL") if name in os.environ}
        self._home = folder / "home"
        self._home.mkdir()
        self._template = ""

    def __enter__(self) -> Self:
        """While the source is empty itself, keep an empty copy."""
        if "DATABASE_URL" in self.source:
            self.leave()
            self._template = self._database(self.source["DATABASE_URL"].rpartition("/")[2])
        return self

    def __exit__(self, *told: object) -> None:
        for name in self._made:
            _on_server(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    @staticmethod
    def leave() -> None:
        """Let go of the connection of this process, so that its database can be copied."""
        from django.db import connection

        connection.close()

    # Processes

    def start(self, *words: object, said: dict[str, str], **more: str) -> subprocess.Popen[str]:
        """Begin a command in a bare environment that names the sources, the key and one database."""
        environment = {
            **{"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": str(self._home), "PYTHONPATH": os.environ["PYTHONPATH"]},
            **{"CALLOFF_DEMO": "1", "CALLOFF_BACKUP_KEY": KEY, **said, **more},
        }
        command = [sys.executable, "-P", "-m", "calloff", *map(str, words)]
        return subprocess.Popen(
            command, env=environment, cwd=self._home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, *words: object, said: dict[str, str], **more: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*words, said=said, **more)
        out, err = process.communicate()
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    @staticmethod
    def fill_city(packages: int, rows: int) -> None:
        """The city of the benchmarks in the database of this process, and its visits of four weeks up to their pay."""
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(ROOT / "bench"), os.environ["PYTHONPATH"]]),
            "CALLOFF_BENCH_PACKAGES": str(packages),
            "CALLOFF_BENCH_ROWS": str(rows),
        }
        for stage in ("build", "paid"):
            command = [sys.executable, "-P", "-c", f"from city.child import {stage}; {stage}()"]
            subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)

    # Databases

    def engine_of(self, said: dict[str, str]) -> str:
        return "PostgreSQL" if "DATABASE_URL" in said else "SQLite"

    def targets(self, bare: bool) -> tuple[dict[str, str], list[dict[str, str]]]:
        """
        A database on the engine of the source, and where `bare` one on the other, if it is there.

        Each engine has one that holds no tables yet, where `bare`.
        """
        if not bare:
            return self.empty(), []
        if "CALLOFF_DATABASE" in self.source:
            other = [{"DATABASE_URL": _url(self._database())}] if server_answers() else []
            return {"CALLOFF_DATABASE": str(self._file())}, other
        return self.empty(), [{"CALLOFF_DATABASE": str(shutil.copy(empty_database(), self._file()))}]

    def empty(self) -> dict[str, str]:
        """A database on the engine of the source with the tables of Calloff and no row."""
        if self._template:
            return {"DATABASE_URL": _url(self._database(self._template))}
        return {"CALLOFF_DATABASE": str(shutil.copy(empty_database(), self._file()))}

    def _file(self) -> Path:
        self._number += 1
        return self.folder / f"target-{self._number}.sqlite3"

    def _database(self, template: str = "template1") -> str:
        self._number += 1
        name = f"calloff_restored_{os.getpid()}_{self._number}"
        self._made.append(name)
        _on_server(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    # What stands in one, by the engine itself

    def is_empty(self, said: dict[str, str]) -> bool:
        with reading(said) as ask:
            return ask("SELECT COUNT(*) FROM accounts_user") == [(0,)] == ask("SELECT COUNT(*) FROM audit_event")

    def events_of_the_house(self, said: dict[str, str]) -> int:
        with reading(said) as ask:
            return int(ask("SELECT COUNT(*) FROM audit_event WHERE council = 0")[0][0])

    def counts(self, said: dict[str, str]) -> dict[str, int]:
        with reading(said) as ask:
            return {name: ask(f'SELECT COUNT(*) FROM "{name}"')[0][0] for name in names(said, ask)}

    def content(self, said: dict[str, str]) -> dict[str, str]:
        """By table a hash of its rows, in the order of their first column."""
        with reading(said) as ask:
            return {
                name: sha256(
                    repr([tuple(map(_plain, row)) for row in ask(f'SELECT * FROM "{name}" ORDER BY 1')]).encode()
                )
                for name in names(said, ask)
            }

    def refuses(self, said: dict[str, str], statement: str) -> bool:
        """Whether the database itself says no."""
        try:
            with reading(said) as ask:
                ask(statement)
        except Exception as error:
            return "never changed" in str(error)
        return False


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def names(said: dict[str, str], ask: Any) -> list[str]:
    """Every table of the state."""
    if "CALLOFF_DATABASE" in said:
        found = ask("SELECT name FROM sqlite_master WHERE type = 'table'")
    else:
        found = ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return sorted({name for (name,) in found} - NO_STATE)


@contextmanager
def reading(said: dict[str, str]) -> Iterator[Any]:
    """A function that asks a database, with nothing of Calloff or Django between; whatever it changes is undone."""
    if "CALLOFF_DATABASE" in said:
        with closing(sqlite3.connect(said["CALLOFF_DATABASE"])) as file:
            yield lambda statement: file.execute(statement).fetchall()
        return
    import psycopg

    with closing(psycopg.connect(said["DATABASE_URL"])) as server:

        def ask(statement: str) -> list[Any]:
            cursor = server.execute(statement)
            return cursor.fetchall() if cursor.description else []

        yield ask


def _url(name: str) -> str:
    return f"{SERVER.rpartition('/')[0]}/{name}"


def _on_server(*statements: str) -> None:
    import psycopg

    with psycopg.connect(SERVER, autocommit=True) as server:
        for statement in statements:
            server.execute(statement)
