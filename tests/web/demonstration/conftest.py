"""The demonstration, made once for its tests as `./calloff demo` makes it, and opened in the place of a test's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection, connections

from calloff.web.config import sqlite
from calloff.web.config.sqlite.base import DatabaseWrapper, options

NOW = datetime(2026, 11, 26, 14, 20, tzinfo=UTC)
"""A Thursday afternoon."""
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Path:
    """The database of the four councils at NOW, as the command makes it: never written to."""
    if connection.vendor != "sqlite":
        pytest.skip("the demonstration is made on SQLite alone, and looked at there")
    folder = tmp_path_factory.mktemp("demonstration")
    database = folder / "demo.sqlite3"
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {
        "CALLOFF_DEMO": "1",
        "CALLOFF_DATABASE": str(database),
        "CALLOFF_MAIL": str(folder / "mail"),
        "PYTHONPATH": str(ROOT / "src"),
    }
    command = [sys.executable, "-P", "-m", "calloff.web.demonstration.build", "whole", NOW.isoformat()]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return database


def opened_at(database: Path) -> DatabaseWrapper:
    """A connection to a file, as the website has one."""
    settings = {**connection.settings_dict, "ENGINE": sqlite.__name__, "NAME": str(database)}
    settings |= {"OPTIONS": options(synchronous="NORMAL"), "ATOMIC_REQUESTS": False}
    return DatabaseWrapper(settings, "default")


@pytest.fixture
def demo(made, tmp_path, settings, django_db_blocker):
    """A copy of the demonstration in the place of the test's database; the moment at which it was made."""
    copy = tmp_path / "demo.sqlite3"
    shutil.copyfile(made, copy)
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    with django_db_blocker.unblock():
        before = connections["default"]
        connections["default"] = opened_at(copy)
        try:
            yield NOW
        finally:
            connections["default"].close()
            connections["default"] = before
