"""A backup or a restore that is killed, stopped or led astray: nothing is half done."""

from __future__ import annotations

import signal

import pytest
from web.backup.conftest import calloff, content, nobody_in, nothing_beside, python

BENT = """
import os, shutil, signal
import django; django.setup()
from accept.engines import empty_database
from calloff.web.backup import loading, target, writing
whole = loading._values
def values(table, part, tell):
    rows = whole(table, part, tell)
    return bent(rows) if table.name == "payments_posting" else rows
def bent(rows):
    {bend}
loading._values = values
from calloff.__main__ import main
main()
"""
"""Calloff's own door, with something that happens while postings are restored."""
KILLED = BENT.format(bend="os.kill(os.getpid(), signal.SIGKILL)")


def test_a_restore_that_is_killed_leaves_the_database_empty_and_can_be_done_again(source, empty):
    database, backup = source

    killed = python(KILLED, "restore", backup, database=empty)

    assert killed.returncode == -signal.SIGKILL
    assert nobody_in(empty)
    assert not nothing_beside(empty)
    done = calloff("restore", backup, database=empty)
    assert done.returncode == 0, done.stderr
    assert content(empty) == content(database)
    assert nothing_beside(empty)


def test_a_restore_that_is_killed_makes_no_database_where_there_was_none(source, tmp_path):
    # Tables are copied here, not made: what happens after that is looked at.
    copied = "target._copy_tables = lambda there, here: shutil.copy(empty_database(), here)\nloading._values ="

    killed = python(
        KILLED.replace("loading._values =", copied), "restore", source[1], database=tmp_path / "nowhere.sqlite3"
    )

    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "nowhere.sqlite3").exists()
    assert not nothing_beside(tmp_path / "nowhere.sqlite3")


def test_a_restore_that_is_stopped_leaves_nothing(source, empty):
    stopped = python(BENT.format(bend="os.kill(os.getpid(), signal.SIGINT)"), "restore", source[1], database=empty)

    assert (stopped.returncode, stopped.stdout, stopped.stderr) == (130, "", "stopped; nothing was restored\n")
    assert nobody_in(empty)
    assert nothing_beside(empty)


@pytest.mark.parametrize(
    ("bend", "says"),
    [
        (
            "return [[row[0] + 1_000, *row[1:]] for row in rows]",
            "what was restored is not what was backed up, in payments_",
        ),
        ("return list(rows)[1:]", "what was restored is not what was backed up, in payments_posting; nothing was kept"),
        ("return list(rows) * 2", "payments_posting: the database refuses its rows (IntegrityError)"),
    ],
)
def test_a_restore_that_puts_other_rows_in_is_found_out(bend, says, source, empty):
    done = python(BENT.format(bend=bend), "restore", source[1], database=empty)

    assert (done.returncode, says in done.stderr) == (1, True), done.stderr
    assert nobody_in(empty)
    assert nothing_beside(empty)


def test_a_backup_that_is_stopped_leaves_no_file(source, tmp_path):
    stops = BENT.format(bend="pass").replace(
        "from calloff.__main__",
        """
def dying():
    os.kill(os.getpid(), signal.SIGTERM)
    return iter(())
writing.faults_in_chains = dying
from calloff.__main__""",
    )

    stopped = python(stops, "backup", "--out", tmp_path / "new.backup", database=source[0])

    assert (stopped.returncode, stopped.stderr) == (130, "stopped; nothing was written\n")
    assert list(tmp_path.iterdir()) == []
