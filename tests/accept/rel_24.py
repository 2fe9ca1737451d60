"""
REL-24: a backup restores to the same state on a clean machine; a bad one is refused.

A council that pays is backed up through Calloff's door, larger ones while somebody writes, and restored by processes
that know nothing but the sources, the file, its key and an empty database: on its own engine and on the other. The
state hash must be that of before, and beside it every row is compared as the engine itself gives it, since a hash says
nothing of what it leaves out. Files that are cut off, changed, of other migrations or under another key, and databases
that are not empty, are refused; restores are killed at moments drawn by chance and done again.
"""

from __future__ import annotations

import os
import random
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from accept.clean_host import KEY, Host
from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 0, 1: 3_000, 2: 36_000}
"""Packages of the city, whose visits of four weeks are paid; at the smallest size one package and two weeks."""
ROWS_OF_A_PACKAGE = 7
KILLS = {0: 0, 3_000: 3, 36_000: 12}
SPOILT = {0: 0, 3_000: 60, 36_000: 300}
MOST_SECONDS = 15 * 60


def check(size: int) -> Result:
    """Backups and restores of a size on each engine."""
    tally = Tally()
    on_each_engine(tally, "rel_24", "restores", size, SIZES[0])
    return tally.result


def restores(tally: Tally, size: int) -> None:
    """Back up the database of this process, restore it in every way, and refuse what is not right."""
    with tempfile.TemporaryDirectory(prefix="calloff-restore-") as name, Host(Path(name)) as host:
        fill(size, Path(name))
        host.leave()
        backup = Path(name) / "first.backup"
        seconds = timed(lambda: asked(tally, host, "backup", "--out", backup, said=host.source))
        told = f"backed up to {backup.stat().st_size:,} bytes in {seconds:.0f} s"
        before = asked(tally, host, "state-hash", said=host.source)
        own, other = host.targets(size > SIZES[0])
        for target in (own, *other):
            seconds = timed(lambda target=target: asked(tally, host, "restore", backup, said=target))
            tally.expect(seconds <= MOST_SECONDS, f"the restore took {seconds:.0f} s")
            told += f", restored onto {host.engine_of(target)} in {seconds:.0f} s"
            after = asked(tally, host, "state-hash", said=target)
            tally.expect(after == before, f"{host.engine_of(target)} has another state hash than before")
        compare(tally, host, own)
        tally.notes.append(f"{sum(host.counts(host.source).values()):,} rows, {told}")
        bad_ones(tally, host, backup, SPOILT[size])
        if size:
            seconds = while_somebody_writes(tally, host)
            killed(tally, host, backup, before, KILLS[size], seconds)
        tally.expect(
            asked(tally, host, "state-hash", said=host.source) == before or bool(size), "the first database was changed"
        )


def fill(size: int, folder: Path) -> None:
    """Somebody was paid here."""
    from django.db import transaction

    if size:
        Host.fill_city(size, size * ROWS_OF_A_PACKAGE)
        return
    from web.paying import Paying

    from calloff.web.audit.services import saw

    with transaction.atomic():
        paying = Paying(folder, packages=1)
        rows = paying.delivered()
        paying.send(rows)
        paying.pay()
    saw(council=paying.world.council.pk, user=paying.payer, about="P-1", screen="a check", at=paying.at)


def asked(tally: Tally, host: Host, *words: object, said: dict[str, str]) -> str:
    """Run a command that must succeed; what it printed."""
    tally.n += 1
    done = host.run(*words, said=said)
    tally.expect(
        done.returncode == 0, f"{words[0]} on {host.engine_of(said)}: {done.stdout[-200:]} {done.stderr[-400:]}"
    )
    return done.stdout.strip()


def timed(do: Callable[[], object]) -> float:
    began = time.monotonic()
    do()
    return time.monotonic() - began


def compare(tally: Tally, host: Host, restored: dict[str, str]) -> None:
    """Every row of every table, as the engine gives it; and what the database must still refuse."""
    before, after = host.content(host.source), host.content(restored)
    tally.n += len(before)
    for table in sorted(set(before) | set(after)):
        tally.expect(before.get(table) == after.get(table), f"{table} is not as it was")
    tally.expect(host.refuses(restored, "DELETE FROM audit_event"), "the restored history can be deleted")
    tally.expect(
        host.refuses(restored, "UPDATE payments_posting SET pence = pence + 1"), "the restored ledger can be changed"
    )


# What is refused


def bad_ones(tally: Tally, host: Host, backup: Path, spoilt: int) -> None:
    """Files that are not whole, through the door; more of them by their reader; and what else does not fit."""
    from calloff.domain.errors import BadBackupError
    from calloff.web.backup.reading import proven

    data, chance = backup.read_bytes(), random.Random(24)
    middle = len(data) // 2
    refused(tally, host, "cut off", data[: middle + chance.randrange(-99, 99)], "cut off")
    refused(tally, host, "changed", data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :], "changed")
    refused(tally, host, "under another key", data, "the key is not the one", CALLOFF_BACKUP_KEY=KEY[::-1])
    if not spoilt:
        return
    refused(tally, host, "cut off in its head", data[:30], "cut off")
    refused(tally, host, "empty", b"", "is empty")
    refused(tally, host, "of other migrations", of_other_migrations(backup), "was made by another Calloff")
    refused(tally, host, "for a database in use", data, "not empty", said=host.source)
    for _ in range(spoilt):
        tally.n += 1
        place = chance.randrange(len(data))
        bad = data[:place] + (b"" if chance.random() < 0.5 else bytes([data[place] ^ 64]) + data[place + 1 :])
        backup.with_name("spoilt.backup").write_bytes(bad)
        try:
            proven(backup.with_name("spoilt.backup"), KEY, lambda text: None)
        except BadBackupError:
            continue
        tally.fault(f"a backup was taken for whole that is cut off or changed at {place:,}")


def refused(
    tally: Tally, host: Host, what: str, data: bytes, says: str, said: dict[str, str] | None = None, **more: str
) -> None:
    """A restore of this file must be refused in one line, and leave the database as it was."""
    tally.n += 1
    bad = host.folder / "bad.backup"
    bad.write_bytes(data)
    target = said or host.empty()
    done = host.run("restore", bad, said=target, **more)
    tally.expect(
        done.returncode == 1 and says in done.stderr and "Traceback" not in done.stderr,
        f"a backup {what}: exit code {done.returncode}, {done.stderr[-300:]}",
    )
    tally.expect(bool(said) or host.is_empty(target), f"a backup {what} left something behind")


def of_other_migrations(backup: Path) -> bytes:
    """The same backup as a Calloff would have made it that has one migration more."""
    from calloff.web.backup.reading import _lines
    from calloff.web.backup.sealed import Sealing, unsealed
    from calloff.web.backup.writing import Packing

    other = backup.with_name("other.backup")
    with other.open("wb") as stream:
        packing = Packing(sealing := Sealing(stream, KEY))
        for line in _lines(backup, unsealed(backup, KEY)):
            packing.line(line.replace(b'"migrations": [', b'"migrations": ["payments.9999_later", ', 1))
        packing.close()
        sealing.close()
    return other.read_bytes()


# What happens meanwhile


def while_somebody_writes(tally: Tally, host: Host) -> float:
    """
    Of a backup that is made while acts are committed: each that was before it is in it, and none by half.

    Returns the seconds of its restore.
    """
    stop, done = threading.Event(), [0]
    writer = threading.Thread(target=write, args=(stop, done))
    writer.start()
    try:
        while not done[0]:
            time.sleep(0.05)
        committed, backup = done[0], host.folder / "busy.backup"
        asked(tally, host, "backup", "--out", backup, said=host.source)
    finally:
        stop.set()
        writer.join()
    target = host.empty()
    # The restore itself proves the chain: an event without its chain's end, or the other way round, is seen.
    seconds = timed(lambda: asked(tally, host, "restore", backup, said=target))
    found = host.events_of_the_house(target)
    tally.n += 1
    tally.expect(committed <= found <= done[0], f"{found} events are in a backup begun after {committed} of {done[0]}")
    tally.notes.append(f"while {done[0]:,} acts were committed, {found:,} of them before the moment of the backup")
    return seconds


def write(stop: threading.Event, done: list[int]) -> None:
    """Acts of the house, one after another."""
    from datetime import UTC, datetime

    from django.db import connection

    from calloff.web.audit.models import Chain
    from calloff.web.audit.services import HOUSE, act

    chain = Chain.objects.filter(council=HOUSE).first()
    done[0] = chain.length if chain else 0
    while not stop.is_set():
        with act(council=HOUSE, by=None, at=datetime.now(UTC)) as doing:
            doing.record("a check's", "nobody")
        done[0] += 1
        time.sleep(0.01)
    connection.close()


def killed(tally: Tally, host: Host, backup: Path, before: str, kills: int, whole: float) -> None:
    """Restores that are killed at some moment of the seconds that a whole one takes, and are done again."""
    chance = random.Random(7)
    target: dict[str, str] = {}
    died = 0
    for _ in range(kills):
        tally.n += 1
        target = host.empty()
        process = host.start("restore", backup, said=target)
        time.sleep(whole * chance.uniform(0.2, 0.95))
        process.kill()
        if process.wait() == 0:
            continue
        died += 1
        tally.expect(host.is_empty(target), "a restore that was killed left something behind")
    if not host.is_empty(target):
        target = host.empty()
    asked(tally, host, "restore", backup, said=target)
    tally.expect(asked(tally, host, "state-hash", said=target) == before, "restored again, it is not the same")
    left = [path.name for path in host.folder.iterdir() if "restoring" in path.name and target_of(target) in path.name]
    tally.expect(not left, f"a restore that was done again left {left}")
    tally.notes.append(f"{died} of {kills} restores were killed before their end")


def target_of(said: dict[str, str]) -> str:
    return os.path.basename(said.get("CALLOFF_DATABASE", "no file at all"))
