"""
OPS-03: a live system refuses demonstration users, weak keys and debugging.

Each is refused with its reason, by the settings or by the door for web servers; a sound configuration starts.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from pathlib import Path

from accept.engines import empty_database
from accept.live import KEY, live, start
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 3, 1: 99, 2: 99}
"""So many refusals by a start of the whole system; the others by reading the environment alone."""
DEMO_USER = (
    "INSERT INTO accounts_identity (id, name, email) VALUES (1, 'Invented', 'a@example.org')",
    "INSERT INTO accounts_user (id, password, name, token, is_active, demo, identity_id)"
    " VALUES (1, '!', 'rutwell.broker', 'T', 1, 1, 1)",
)
DOOR = "import calloff.web.config.wsgi"
WEAK = {
    "a missing key": ({"CALLOFF_SECRET_KEY": None}, "CALLOFF_SECRET_KEY is missing"),
    "an empty key": ({"CALLOFF_SECRET_KEY": ""}, "CALLOFF_SECRET_KEY is missing"),
    "a short key": ({"CALLOFF_SECRET_KEY": KEY[:30]}, "too easy to guess"),
    "a key of one letter": ({"CALLOFF_SECRET_KEY": "a" * 80}, "too easy to guess"),
    "the framework's own key": ({"CALLOFF_SECRET_KEY": "django-insecure-" + KEY}, "everybody can read"),
    "a weak former key": ({"CALLOFF_FORMER_KEYS": "short"}, "CALLOFF_FORMER_KEYS is too easy to guess"),
    "debugging": ({"CALLOFF_DEBUG": "1"}, "CALLOFF_DEBUG=1 shows"),
    "no host": ({"CALLOFF_HOSTS": None}, "CALLOFF_HOSTS is missing"),
    "any host": ({"CALLOFF_HOSTS": "*"}, "no * and no /"),
    "two databases": ({"DATABASE_URL": "postgresql://calloff@127.0.0.1/calloff"}, "both name a database"),
}


def check(size: int) -> Result:
    """Every refusal, so many of them by starting the whole system."""
    from calloff.web.config.environment import DEMO_KEY

    weak = {"the demonstration's key": ({"CALLOFF_SECRET_KEY": DEMO_KEY}, "everybody can read"), **WEAK}
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="calloff-live-") as folder:
        empty = Path(folder) / "calloff.sqlite3"
        shutil.copy(empty_database(), empty)
        sound(tally, Path(folder))
        demo_users(tally, Path(folder))
        if size > SIZES[0]:
            without_tables(tally, Path(folder))
            shutil.copy(empty_database(), empty)
        for number, (what, (changes, reason)) in enumerate(weak.items()):
            refused(tally, what, live(Path(folder), **changes), reason, whole=number + 2 < size)
    return tally.result


def refused(tally: Tally, what: str, said: dict[str, str], reason: str, *, whole: bool) -> None:
    """The environment is refused for its reason: by the settings alone, or by a start of the whole."""
    from django.core.exceptions import ImproperlyConfigured

    from calloff.web.config.environment import read_environment

    tally.n += 1
    if whole:
        done = start(DOOR, said)
        tally.expect(done.returncode != 0, f"it started with {what}")
        tally.expect(reason in done.stderr, f"{what}: the reason is {done.stderr.strip()[-200:]}")
        return
    try:
        read_environment(said)
    except ImproperlyConfigured as refusal:
        tally.expect(reason in str(refusal), f"{what}: the reason is {refusal}")
    else:
        tally.fault(f"it was taken with {what}")


def sound(tally: Tally, folder: Path) -> None:
    """A live council as it should be starts; without that every refusal would say nothing."""
    tally.n += 1
    done = start(DOOR, live(folder))
    tally.expect(done.returncode == 0, f"a sound configuration is refused: {done.stderr.strip()[-300:]}")


def demo_users(tally: Tally, folder: Path) -> None:
    """A database with a user of the demonstration is refused, whatever the settings say."""
    path = folder / "calloff.sqlite3"
    with sqlite3.connect(path) as connection:
        for statement in DEMO_USER:
            connection.execute(statement)
    connection.close()
    tally.n += 1
    done = start(DOOR, live(folder))
    tally.expect(done.returncode != 0, "it started with users of the demonstration")
    tally.expect("users of the demonstration" in done.stderr, f"the reason is {done.stderr.strip()[-200:]}")


def without_tables(tally: Tally, folder: Path) -> None:
    """A database without our tables is refused, and so is SQLite that may lose a commit."""
    for path in folder.glob("calloff.sqlite3*"):
        path.unlink()
    tally.n += 1
    done = start(DOOR, live(folder))
    tally.expect(done.returncode != 0 and "no tables of ours" in done.stderr, "it started without tables")
