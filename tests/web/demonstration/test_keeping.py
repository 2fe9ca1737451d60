"""Which demonstration lies ready, and what is never exchanged for one."""

from __future__ import annotations

import fcntl
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from calloff.web.demonstration import keeping
from calloff.web.demonstration.keeping import DemonstrationError, Place, code_now, is_good, keep_or_make, refuse_live

NOW = datetime(2026, 11, 26, 14, 20, tzinfo=UTC)


@pytest.fixture
def place(tmp_path):
    """A demonstration of this day, made by "version 1"."""
    lying = Place(tmp_path / "var")
    lying.folder.mkdir()
    with closing(sqlite3.connect(lying.database)) as database, database:
        database.execute("CREATE TABLE accounts_user (name TEXT, demo INTEGER)")
        database.execute("INSERT INTO accounts_user VALUES ('rutwell.broker', 1)")
    lying.stamp.write_text(json.dumps({"made_on": "2026-11-26", "version": "version 1"}))
    return lying


@pytest.fixture
def makes(monkeypatch):
    """How often one was made; the making itself is left out."""
    made = []
    monkeypatch.setattr(keeping, "version_of_code", lambda: "version 1")

    def make(place, now, version, tell):
        made.append(version)
        place.stamp.write_text(json.dumps({"made_on": now.date().isoformat(), "version": version}))
        place.database.touch()

    monkeypatch.setattr(keeping, "_make", make)
    return made


def test_one_of_this_day_and_these_sources_is_good(place):
    assert is_good(place, NOW, "version 1", keep=False)
    assert not is_good(place, NOW + timedelta(days=1), "version 1", keep=False)
    assert not is_good(place, NOW, "version 2", keep=False)


def test_keep_overlooks_day_and_sources_but_not_a_missing_file(place):
    assert is_good(place, NOW + timedelta(days=9), "version 2", keep=True)

    place.database.unlink()

    assert not is_good(place, NOW, "version 1", keep=True)


@pytest.mark.parametrize("stamp", ["", "[]", "{}", '{"made_on": "2026-11-26"}'])
def test_one_whose_stamp_cannot_be_read_is_not_good(place, stamp):
    place.stamp.write_text(stamp)

    assert not is_good(place, NOW, "version 1", keep=False)


def test_it_is_made_once_and_anew_when_asked(place, makes):
    place.stamp.unlink()
    for fresh in (False, False, True):
        with keep_or_make(place, fresh=fresh, keep=False, tell=print):
            pass

    assert makes == ["version 1", "version 1"]


def test_one_that_runs_is_used_by_a_second_and_exchanged_by_nobody(place, makes):
    with keep_or_make(place, fresh=True, keep=False, tell=print):
        with keep_or_make(place, fresh=False, keep=False, tell=print):
            pass
        with (
            pytest.raises(DemonstrationError, match="is running"),
            keep_or_make(place, fresh=True, keep=False, tell=print),
        ):
            pass


def test_a_database_of_real_people_is_never_exchanged(place, makes):
    with closing(sqlite3.connect(place.database)) as database, database:
        database.execute("INSERT INTO accounts_user VALUES ('anna', 0)")

    with pytest.raises(DemonstrationError, match="holds 1 users who are not of the demonstration"):
        refuse_live(place.database)
    with (
        pytest.raises(DemonstrationError, match="not touched"),
        keep_or_make(place, fresh=True, keep=False, tell=print),
    ):
        pass
    with pytest.raises(DemonstrationError, match="not touched"):
        code_now(place, "anna")
    assert makes == []


def test_a_file_that_is_no_database_is_not_exchanged(place):
    place.database.write_text(
        "my notes, longer than any heading of a database would be: keep them, please, as they are"
    )

    with pytest.raises(DemonstrationError, match="no demonstration"):
        refuse_live(place.database)


def test_an_empty_file_of_a_making_that_was_broken_off_may_go(tmp_path):
    (tmp_path / "demo.sqlite3").touch()

    refuse_live(tmp_path / "demo.sqlite3")
    refuse_live(tmp_path / "nothing.sqlite3")


def test_a_code_is_told_only_of_a_demonstration(tmp_path):
    with pytest.raises(DemonstrationError, match="no demonstration here yet"):
        code_now(Place(tmp_path), "rutwell.broker")


def test_children_are_told_nothing_of_a_council_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://council@host/live")
    monkeypatch.setenv("CALLOFF_SECRET_KEY", "a council's own")
    monkeypatch.setenv("CALLOFF_ROOT", "here")

    told = Place(tmp_path).environment(8001)

    assert "DATABASE_URL" not in told
    assert {name for name in told if name.startswith("CALLOFF_")} == {
        "CALLOFF_DEMO",
        "CALLOFF_DATABASE",
        "CALLOFF_MAIL",
        "CALLOFF_ROOT",
        "CALLOFF_SITE",
    }
    assert told["CALLOFF_SITE"] == "http://127.0.0.1:8001"


def test_a_lock_is_left_with_the_demonstration(place, makes):
    with keep_or_make(place, fresh=False, keep=True, tell=print):
        pass

    with (place.folder / "demo.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
