"""
Runs a check of the website on each database engine, in a process of its own, since settings are read once a process.

A check names a function of a size; it gets a fresh database, migrated, and adds up in a tally. PostgreSQL is left out,
and said so, where no server answers.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from accept.tally import Tally

from calloff.acceptance import FaultSeen
from calloff.domain.records import sha256
from calloff.stages import ROOT

STATISTICS_SECONDS = 10
REFUSALS = ("audit/services/triggers.py", "audit/services/tiles.py", "payments/services/seals.py")
"""What makes a database refuse, beside its migrations."""
SERVER = os.environ.get("CALLOFF_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")
TESTS = Path(__file__).resolve().parents[1]
CHILD = "from accept.engines import run_here; run_here()"


def on_each_engine(tally: Tally, module: str, function: str, size: int, smallest: int = 0) -> None:
    """
    Add up what a function of a module finds on SQLite and, where a server answers, on PostgreSQL.

    At the `smallest` size, that of every test run, SQLite alone must do: the tests themselves run on both.
    """
    engines = ["SQLite"]
    if size != smallest:
        if server_answers():
            engines.append("PostgreSQL")
        else:
            tally.notes.append("PostgreSQL: no server answers; looked at on SQLite alone")

    def on(engine: str) -> dict[str, object]:
        with tempfile.TemporaryDirectory(prefix="calloff-engine-") as folder, database(engine, Path(folder)) as said:
            return _child(module, function, size, Path(folder) / "found.json", said)

    # Side by side: each waits for its own database.
    with ThreadPoolExecutor(len(engines)) as children:
        for engine, found in zip(engines, children.map(on, engines), strict=True):
            _add(tally, found, f"{engine}: ")


def on_database(tally: Tally, label: str, module: str, function: str, size: int, said: dict[str, str]) -> None:
    """Add up what a function of a module finds on the database that an environment names; notes begin with `label`."""
    with tempfile.TemporaryDirectory(prefix="calloff-found-") as folder:
        _add(tally, _child(module, function, size, Path(folder) / "found.json", said), f"{label}: ")


def _add(tally: Tally, found: dict[str, object], label: str = "") -> None:
    tally.n += found["n"]
    tally.violations += found["violations"]
    tally.notes += [f"{label}{note}" for note in found["notes"]]
    tally.end_if_seen()


def on_sqlite(tally: Tally, module: str, function: str, size: int) -> None:
    """The same on SQLite alone: what a browser shows does not hang on the engine."""
    with tempfile.TemporaryDirectory(prefix="calloff-engine-") as folder, database("SQLite", Path(folder)) as said:
        found = _child(module, function, size, Path(folder) / "found.json", said)
    _add(tally, found)


def server_answers() -> bool:
    """Whether a PostgreSQL server is there."""
    import psycopg

    try:
        with psycopg.connect(SERVER, connect_timeout=3):
            return True
    except psycopg.OperationalError:
        return False


@contextmanager
def database(engine: str, folder: Path) -> Iterator[dict[str, str]]:
    """A database of its own on an engine, as the environment names it; gone afterwards."""
    if engine == "SQLite":
        shutil.copy(empty_database(), folder / "calloff.sqlite3")
        yield {"CALLOFF_DATABASE": str(folder / "calloff.sqlite3")}
        return
    import psycopg

    name = f"calloff_accept_{os.getpid()}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}"')
        # A check may kill whoever talks to the server, never the server: nothing that it was told is lost.
        server.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    try:
        with _statistics(f"{SERVER.rpartition('/')[0]}/{name}"):
            yield {"DATABASE_URL": f"{SERVER.rpartition('/')[0]}/{name}"}
    finally:
        with psycopg.connect(SERVER, autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def _statistics(address: str) -> Iterator[None]:
    """What a running server's autovacuum does; without it PostgreSQL keeps the plans that it made for empty tables."""
    import psycopg

    ended = threading.Event()

    def take() -> None:
        while not ended.wait(STATISTICS_SECONDS):
            # Whatever else holds a table, or has thrown the database away, comes first.
            with suppress(psycopg.Error), psycopg.connect(address, autocommit=True) as own:
                own.execute("SET lock_timeout = '1s'")
                own.execute("ANALYZE")

    taking = threading.Thread(target=take)
    taking.start()
    try:
        yield
    finally:
        ended.set()
        taking.join()


def empty_database() -> Path:
    """An empty SQLite database as the migrations make it, made once for what these and the triggers say."""
    web = ROOT / "src" / "calloff" / "web"
    makers = sorted(web.rglob("migrations/*.py")) + [web / one for one in REFUSALS]
    digest = sha256(b"".join(path.read_bytes() for path in makers))[:16]
    kept = Path(tempfile.gettempdir()) / f"calloff-empty-{os.getuid()}-{digest}.sqlite3"
    if not kept.exists():
        with tempfile.TemporaryDirectory(prefix="calloff-migrate-", dir=kept.parent) as folder:
            made = Path(folder) / "calloff.sqlite3"
            environment = _environment({"CALLOFF_DATABASE": str(made)}, made.parent)
            command = [sys.executable, "-P", "-m", "django", "migrate", "--verbosity=0"]
            subprocess.run(command, env=environment, check=True)
            with sqlite3.connect(made) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()
            made.replace(kept)
    return kept


def _environment(said: dict[str, str], folder: Path) -> dict[str, str]:
    outside = {name: value for name, value in os.environ.items() if name not in ("CALLOFF_DATABASE", "DATABASE_URL")}
    return {
        **outside,
        **said,
        "CALLOFF_DEMO": "1",
        "DJANGO_SETTINGS_MODULE": "calloff.web.config.settings",
        "CALLOFF_MAIL": str(folder / "mail"),
        "PYTHONPATH": os.pathsep.join([os.environ.get("PYTHONPATH", ""), str(TESTS), str(TESTS / "web")]),
    }


def _child(module: str, function: str, size: int, out: Path, said: dict[str, str]) -> dict[str, object]:
    environment = _environment(said, out.parent)
    command = [sys.executable, "-P", "-c", CHILD, module, function, str(size), str(out)]
    code = subprocess.run(command, env=environment, check=False).returncode
    if not out.exists():
        raise RuntimeError(f"{module} ended without a result, exit code {code}")
    return dict(json.loads(out.read_text(encoding="utf-8")))


def run_here() -> None:
    """In the child process: migrate, run the function, write what it found."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    module, function, size, out = sys.argv[1:5]
    tally = Tally()
    with suppress(FaultSeen):
        getattr(importlib.import_module(f"accept.{module}"), function)(tally, int(size))
    Path(out).write_text(
        json.dumps({"n": tally.n, "violations": tally.violations, "notes": tally.notes}), encoding="utf-8"
    )
