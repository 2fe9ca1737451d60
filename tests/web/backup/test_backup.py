"""A backup restores to the same, and a bad one leaves an empty database as it was."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing

import pytest
from web.backup.conftest import KEY, calloff, content, hash_of, laid_out, nobody_in, nothing_beside, python

from calloff.domain.errors import BadBackupError
from calloff.web.backup.reading import proven
from calloff.web.backup.restoring import restore


def test_a_restored_database_holds_the_same_and_guards_it_the_same(source, empty):
    database, backup = source

    done = calloff("restore", backup, database=empty)

    assert done.returncode == 0, done.stderr
    assert content(empty) == content(database)
    assert len(content(empty)["payments_seal"]) >= 1
    assert laid_out(empty) == laid_out(database)
    assert hash_of(database) == hash_of(empty)
    assert f"state hash {hash_of(empty)}\n" in done.stdout
    assert "\nthe chain of council 1 ends with event " in done.stdout
    assert nothing_beside(empty)
    with closing(sqlite3.connect(empty)) as connection, pytest.raises(sqlite3.DatabaseError, match="never changed"):
        connection.execute("DELETE FROM audit_event")


def test_a_backup_is_for_its_owner_alone_and_tells_nothing_in_clear(source):
    _, backup = source
    data = backup.read_bytes()

    assert oct(backup.stat().st_mode & 0o777) == "0o600"
    assert not any(word in data for word in (b"Acorn", b"audit_event", b"migrations", KEY.encode()))


def test_the_tables_are_made_where_there_are_none(source, tmp_path):
    database, backup = source
    nowhere = tmp_path / "folder" / "calloff.sqlite3"

    done = calloff("restore", backup, database=nowhere)

    assert done.returncode == 0, done.stderr
    assert content(nowhere) == content(database)
    assert laid_out(nowhere) == laid_out(database)


@pytest.mark.skipif(not os.environ.get("DATABASE_URL"), reason="no DATABASE_URL names a PostgreSQL")
def test_postgresql_takes_the_backup_of_sqlite_and_gives_it_back(source, empty, tmp_path):
    import psycopg

    database, backup = source
    server, name = os.environ["DATABASE_URL"].rpartition("/")[0], f"calloff_restored_{os.getpid()}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            there = calloff("restore", backup, database=f"{server}/{name}")
            again = calloff("restore", backup, database=f"{server}/{name}")
            back = calloff("backup", "--out", tmp_path / "back.backup", database=f"{server}/{name}")
            refused = python(
                "import django; django.setup(); from django.db import connection as c; "
                "c.cursor().execute('DELETE FROM audit_event')",
                database=f"{server}/{name}",
            )
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    home = calloff("restore", tmp_path / "back.backup", database=empty)

    assert (there.returncode, back.returncode, home.returncode) == (0, 0, 0), there.stderr + back.stderr + home.stderr
    assert (again.returncode, "not empty" in again.stderr) == (1, True)
    assert "never changed" in refused.stderr
    assert content(empty) == content(database)
    assert {hash_of(database)} == {done.stdout.split("state hash ")[1].split()[0] for done in (there, back, home)}


# Where it is refused


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda data: data[:-1], "its end is cut off or changed"),
        (lambda data: data[:20], "its end is cut off (in its head)"),
        (lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:], "its end is cut off or changed"),
    ],
)
def test_a_spoilt_backup_leaves_no_database(spoil, says, source, tmp_path):
    spoilt, nowhere = tmp_path / "spoilt.backup", tmp_path / "calloff.sqlite3"
    spoilt.write_bytes(spoil(source[1].read_bytes()))

    done = calloff("restore", spoilt, database=nowhere)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{spoilt}: {says}")
    assert len(done.stderr.splitlines()) == 1
    assert not nowhere.exists()


def test_another_key_is_refused(source, empty):
    done = calloff("restore", source[1], database=empty, CALLOFF_BACKUP_KEY=KEY[::-1])

    assert done.returncode == 1
    assert "the key is not the one that this backup was made with" in done.stderr
    assert nobody_in(empty)


def test_a_database_that_holds_a_row_is_refused_and_left(source, empty):
    with closing(sqlite3.connect(empty)) as connection, connection:
        connection.execute("INSERT INTO jobs_pulse (worker, at) VALUES ('w', '2026-11-26 10:00:00')")
    before = content(empty)

    done = calloff("restore", source[1], database=empty)

    assert done.returncode == 1
    assert done.stderr.startswith("The database is not empty: there are rows in jobs_pulse.")
    assert content(empty) == before


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("CREATE TABLE ledger (id INTEGER)", "tables that are not Calloff's"),
        ("CREATE TABLE django_migrations (id INTEGER PRIMARY KEY, app, name, applied)", "the database lacks"),
    ],
)
def test_tables_of_something_else_are_refused(statement, says, source, tmp_path):
    other = tmp_path / "other.sqlite3"
    with closing(sqlite3.connect(other)) as connection, connection:
        connection.execute(statement)

    done = calloff("restore", source[1], database=other)

    assert (done.returncode, says in done.stderr) == (1, True), done.stderr


def test_a_backup_of_other_migrations_names_them(source, monkeypatch, tmp_path):
    from calloff.web.backup import migrated

    known = migrated.known()
    monkeypatch.setattr(migrated, "known", lambda: [*known[:-1], "payments.9999_newer"])

    with pytest.raises(BadBackupError) as refusal:
        restore(source[1], KEY, lambda text: None)

    assert "it lacks payments.9999_newer and it has " + known[-1] in str(refusal.value)


@pytest.mark.parametrize("lost", ["a row", "a table", "the end", "the hash of all"])
def test_a_backup_that_proves_whole_but_lacks_something_is_refused(lost, source, tmp_path):
    from calloff.web.backup.reading import _lines
    from calloff.web.backup.sealed import Sealing, unsealed
    from calloff.web.backup.writing import Packing

    lines = list(_lines(source[1], unsealed(source[1], KEY)))
    posting = next(n for n, line in enumerate(lines) if line.startswith(b'{"table": "payments_posting"'))
    ends = next(n for n, line in enumerate(lines) if line.startswith(b'{"end": "payments_posting"'))
    kept = {
        "a row": lines[: posting + 1] + lines[posting + 2 :],
        "a table": lines[:posting] + lines[ends + 1 :],
        "the end": lines[:-1],
        "the hash of all": [*lines[:-1], lines[-1].replace(b'"state": "', b'"state": "0')],
    }
    spoilt = tmp_path / "spoilt.backup"
    with spoilt.open("wb") as stream:
        packing = Packing(sealing := Sealing(stream, KEY))
        for line in kept[lost]:
            packing.line(line)
        packing.close()
        sealing.close()

    with pytest.raises(BadBackupError, match=r"as it was written|as it should"):
        proven(spoilt, KEY, lambda text: None)


# What is refused before anything is written


def test_a_backup_overwrites_nothing(source, tmp_path):
    out = tmp_path / "kept.backup"
    out.write_text("mine")

    done = calloff("backup", "--out", out, database=source[0])

    assert (done.returncode, "is there already" in done.stderr) == (1, True)
    assert out.read_text() == "mine"


@pytest.mark.parametrize("words", [("backup", "--out", "x.backup"), ("state-hash",)])
def test_a_database_that_is_not_there_is_not_made(words, tmp_path):
    done = calloff(*words, database=tmp_path / "nowhere.sqlite3")

    assert (done.returncode, "there is no such database" in done.stderr) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_a_database_of_other_migrations_is_not_backed_up(source, tmp_path):
    old = tmp_path / "old.sqlite3"
    shutil.copy(source[0], old)
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.execute("DELETE FROM django_migrations WHERE app = 'payments'")

    done = calloff("backup", "--out", tmp_path / "old.backup", database=old)

    assert (done.returncode, "the database lacks payments.0001" in done.stderr) == (1, True)
    assert not (tmp_path / "old.backup").exists()


def test_a_broken_chain_is_kept_and_told_and_restored_only_when_asked(source, empty, tmp_path):
    broken, backup = tmp_path / "broken.sqlite3", tmp_path / "broken.backup"
    shutil.copy(source[0], broken)
    with closing(sqlite3.connect(broken)) as connection, connection:
        connection.execute("DROP TRIGGER audit_event_no_update")
        connection.execute("UPDATE audit_event SET kind = 'other' WHERE number = 3")

    made = calloff("backup", "--out", backup, database=broken)
    refused = calloff("restore", backup, database=empty)
    assert nobody_in(empty)
    asked = calloff("restore", backup, "--although-broken", database=empty)

    assert (made.returncode, backup.exists()) == (1, True)
    assert "event 3 was changed" in made.stderr
    assert (refused.returncode, "was broken already" in refused.stderr) == (1, True)
    assert (asked.returncode, "event 3 was changed" in asked.stderr) == (0, True)
    assert content(empty) == content(broken)


def test_another_key_of_the_website_is_told(source, empty):
    live = {
        "CALLOFF_DEMO": "",
        "CALLOFF_HOSTS": "calloff.council.example",
        "CALLOFF_SECRET_KEY": "the key of a website, long enough and with many characters 0123456789",
    }

    done = calloff("restore", source[1], database=empty, **live)

    assert done.returncode == 0, done.stderr
    assert "The website's key was another one: name it in CALLOFF_FORMER_KEYS" in done.stdout


# The key


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"CALLOFF_BACKUP_KEY": ""}, "A backup is encrypted: give its key by --key-file FILE or as CALLOFF_BACKUP_KEY"),
        ({"CALLOFF_BACKUP_KEY": "short"}, "CALLOFF_BACKUP_KEY: this is not a key"),
        ({"CALLOFF_BACKUP_KEY": "ab" * 40}, "CALLOFF_BACKUP_KEY: this is not a key"),
        ({"CALLOFF_SECRET_KEY": KEY}, "CALLOFF_BACKUP_KEY: this is the key of the website"),
        ({"CALLOFF_FORMER_KEYS": f"x {KEY}".replace(" ", "_")}, None),
    ],
)
def test_a_key_that_protects_nothing_is_refused(said, says):
    from calloff.domain.errors import BadInputError
    from calloff.web.backup.key import key_of

    told = {"CALLOFF_BACKUP_KEY": KEY} | said
    if says is None:
        assert key_of(told, None) == KEY
        return
    with pytest.raises(BadInputError) as refusal:
        key_of(told, None)
    assert str(refusal.value).startswith(says)
    assert KEY not in str(refusal.value)


def test_a_key_comes_from_a_file_or_from_the_environment_and_not_from_both(tmp_path):
    from calloff.domain.errors import BadInputError
    from calloff.web.backup.key import key_of

    file = tmp_path / "key"
    file.write_text(KEY + "\n")

    assert key_of({}, file) == key_of({"CALLOFF_BACKUP_KEY": KEY}, None) == KEY
    with pytest.raises(BadInputError, match="both give a key"):
        key_of({"CALLOFF_BACKUP_KEY": KEY}, file)
