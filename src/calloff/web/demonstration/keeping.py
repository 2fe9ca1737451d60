"""Where the demonstration lies, whether it is today's, and how it is exchanged whole; no Django but in its children."""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from calloff.domain.calendar import local
from calloff.domain.errors import CalloffError
from calloff.ways.build import version_of_code

BESIDE = ("", "-wal", "-shm", "-journal")
"""SQLite keeps these beside a database."""
Tell = Callable[[str], None]


class DemonstrationError(CalloffError):
    """A demonstration that cannot be made or kept; nothing was changed."""


@dataclass(frozen=True)
class Place:
    """The files of the demonstration, all in one folder."""

    folder: Path

    @classmethod
    def under(cls, root: Path) -> Place:
        """The usual place in a folder of Calloff."""
        return cls(root / "var")

    @property
    def database(self) -> Path:
        return self.folder / "demo.sqlite3"

    @property
    def stamp(self) -> Path:
        return self.folder / "demo.json"

    @property
    def logs(self) -> Path:
        return self.folder / "demo-logs"

    @property
    def mail(self) -> Path:
        return self.folder / "mail"

    def environment(self, port: int, database: Path | None = None) -> dict[str, str]:
        """What a child is told: the demonstration, this database, this address, and nothing of a council's own."""
        own = {
            "CALLOFF_DEMO": "1",
            "CALLOFF_DATABASE": str(database or self.database),
            "CALLOFF_MAIL": str(self.mail),
            "CALLOFF_SITE": f"http://127.0.0.1:{port}",
        }
        others = {
            name: value
            for name, value in os.environ.items()
            if name != "DATABASE_URL" and (not name.startswith("CALLOFF_") or name == "CALLOFF_ROOT")
        }
        return others | own


@contextmanager
def keep_or_make(place: Place, *, fresh: bool, keep: bool, tell: Tell) -> Iterator[None]:
    """
    The demonstration of today, the one that lies there where it is today's by this code; held while it is used.

    Raises DemonstrationError where a running one would have to be exchanged, or the file holds anything else.
    """
    place.folder.mkdir(parents=True, exist_ok=True)
    now, version = datetime.now(UTC), version_of_code()
    with (place.folder / "demo.lock").open("a") as lock:
        if fresh or not is_good(place, now, version, keep):
            _hold_alone(lock)
            refuse_live(place.database)
            _make(place, now, version, tell)
        else:
            tell(f"the councils of {json.loads(place.stamp.read_text())['made_on']} lie ready in {place.database}")
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


def _hold_alone(lock: IO[str]) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise DemonstrationError(
            "A demonstration of this folder is running, and would be exchanged under its users. Stop it first (Ctrl-C)."
        ) from error


def is_good(place: Place, now: datetime, version: str, keep: bool) -> bool:
    """Whether what lies there is whole and of today by these sources; with `keep`, of any day by any sources."""
    try:
        stamp = json.loads(place.stamp.read_text(encoding="utf-8"))
        today = local(now).date().isoformat()
        fits = keep or (stamp["made_on"] == today and stamp["version"] == version)
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return fits and place.database.is_file()


def refuse_live(database: Path) -> None:
    """Raise DemonstrationError where a file that is to be exchanged holds anybody who is not invented."""
    if not database.is_file():
        return
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as reader:
            (live,) = reader.execute("SELECT COUNT(*) FROM accounts_user WHERE NOT demo").fetchone()
    except sqlite3.DatabaseError as error:
        # A file that is no database of ours is not ours to exchange; one without tables was broken off.
        if "no such table" in str(error) and not _has_tables(database):
            return
        raise DemonstrationError(f"{database} is no demonstration ({error}). Move it away and try again.") from error
    if live:
        raise DemonstrationError(
            f"{database} holds {live} users who are not of the demonstration. It is not touched: move it away first."
        )


def _has_tables(database: Path) -> bool:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as reader:
        return bool(reader.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0])


def _make(place: Place, now: datetime, version: str, tell: Tell) -> None:
    """Make the councils beside and exchange them at the end: one that is broken off leaves the earlier."""
    partial = place.folder / ".demo.partial.sqlite3"
    remove(partial)
    place.stamp.unlink(missing_ok=True)
    command = [sys.executable, "-P", "-m", "calloff.web.demonstration.build", "whole", now.isoformat()]
    try:
        tell(f"making four invented councils as they stand on {local(now):%A %d %B %Y}")
        done = subprocess.run(command, env=place.environment(8000, partial), stdin=subprocess.DEVNULL)  # noqa: S603 - ourselves
        if done.returncode:
            raise DemonstrationError(f"The demonstration could not be made: exit code {done.returncode}.")
        remove(place.database)
        partial.replace(place.database)
        place.stamp.write_text(json.dumps({"made_on": local(now).date().isoformat(), "version": version}) + "\n")
    finally:
        for path in place.folder.glob(".demo.partial*"):
            path.unlink(missing_ok=True)


def remove(database: Path) -> None:
    """Remove a database with what lies beside it."""
    for ending in BESIDE:
        database.with_name(database.name + ending).unlink(missing_ok=True)


def code_now(place: Place, name: str) -> str:
    """
    The code that the authenticator of somebody invented shows at this moment.

    Raises DemonstrationError without a demonstration, and NotTheDemoError for a name that it does not know.
    """
    if not place.database.is_file():
        raise DemonstrationError("There is no demonstration here yet. Make it with ./calloff demo.")
    refuse_live(place.database)
    os.environ.update(place.environment(8000))
    with suppress(KeyError):
        del os.environ["DATABASE_URL"]
    os.environ["DJANGO_SETTINGS_MODULE"] = "calloff.web.config.settings"
    import django

    django.setup()
    from calloff.web.accounts.services import demo_code

    return demo_code(name, datetime.now(UTC))
