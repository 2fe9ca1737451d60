"""
REL-07: nothing acknowledged is lost when web, worker or database is killed.

The website and its worker run as they do live while several people write; one of its processes is killed at a moment
drawn by chance, and started again. What was acknowledged must stand in the database, and nothing may stand there half.
At the end the chain is whole, the database itself says that it is sound, and the worker has done all that was due.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 1, 1: 120, 2: 1_000}
TARGETS = ("web worker", "server", "job worker")
PEOPLE = 4
LATER = timedelta(minutes=2)


def check(size: int) -> Result:
    """So many kills on each engine."""
    tally = Tally()
    on_each_engine(tally, "rel_07", "kills", size, SIZES[0])
    return tally.result


class Writer(threading.Thread):
    """Somebody who writes one note after another, and keeps those that were acknowledged."""

    def __init__(self, number: int, port: int, session: str, token: str) -> None:
        super().__init__(daemon=True)
        self.number, self.port, self.session, self.token = number, port, session, token
        self.acknowledged: list[str] = []
        self.sent = 0
        self.ending = threading.Event()

    def run(self) -> None:
        from accept.server import post

        while not self.ending.is_set():
            self.sent += 1
            text = f"note {self.number}-{self.sent}"
            if post(self.port, self.session, f"/packages/{self.token}/note", {"text": text}) in (302, 303):
                self.acknowledged.append(text)
            else:
                time.sleep(0.05)


def kills(tally: Tally, size: int) -> None:
    from accept.server import Server, session
    from world import made_world

    world = made_world()
    world.at = datetime.now(UTC).replace(microsecond=0)
    world.provider("acorn", 15, 6_000_000)
    packages = [world.started() for _ in range(PEOPLE)]
    sessions = [session(world.user(f"broker-{number}", "broker")) for number in range(PEOPLE)]
    server, chance = Server(), random.Random(7)
    server.start()
    writers = [Writer(number, server.port, sessions[number], package.token) for number, package in enumerate(packages)]
    for writer in writers:
        writer.start()
    try:
        wait_for_first(writers)
        for number in range(size):
            time.sleep(chance.uniform(0.1, 0.6))
            target = TARGETS[number % len(TARGETS)]
            server.kill(target, chance.random())
            tally.n += 1
            if target != "web worker":
                server.stop()
                server.start()
    finally:
        for writer in writers:
            writer.ending.set()
        for writer in writers:
            writer.join(30)
        server.stop()
    look(tally, world, [text for writer in writers for text in writer.acknowledged])
    sent = sum(writer.sent for writer in writers)
    tally.notes.append(f"{sent} notes sent, {sum(len(one.acknowledged) for one in writers)} acknowledged")


def wait_for_first(writers: Sequence[Writer]) -> None:
    """Until everybody had a few words acknowledged: a server that was never used is no test."""
    until = time.monotonic() + 60
    while min(len(one.acknowledged) for one in writers) < 3 and time.monotonic() < until:
        time.sleep(0.05)


def look(tally: Tally, world: Any, acknowledged: list[str]) -> None:
    """What was acknowledged is there once, with its event; the chain and the database are sound."""
    from django.db import connection

    from calloff.web.audit.models import Event
    from calloff.web.audit.services import faults_in_chain
    from calloff.web.brokerage.models import Note
    from calloff.web.jobs.models import Job

    stored = list(Note.objects.values_list("text", flat=True))
    tally.expect(len(acknowledged) > 0, "nobody's note was acknowledged: nothing was tried")
    for text in acknowledged:
        tally.expect(stored.count(text) == 1, f"{text} was acknowledged and is there {stored.count(text)} times")
    tally.expect(len(stored) == len(set(stored)), "a note is there twice")
    noted = Event.objects.filter(council=world.council.pk, kind="noted").count()
    tally.expect(noted == len(stored), f"{len(stored)} notes and {noted} events of them")
    for fault in faults_in_chain(world.council.pk):
        tally.fault(fault)
    world.at = datetime.now(UTC).replace(microsecond=0) + LATER
    while world.work():
        pass
    unfinished = Job.objects.filter(due_at__lte=world.at).exclude(state="done").count()
    tally.expect(unfinished == 0, f"{unfinished} jobs are left undone")
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA integrity_check")
            tally.expect(cursor.fetchone()[0] == "ok", "the database is not sound")
        else:
            amcheck(tally, connection.settings_dict["NAME"])


def amcheck(tally: Tally, name: str) -> None:
    """Let PostgreSQL's own tool look at every table and index."""
    tool = shutil.which("pg_amcheck") or "/usr/lib/postgresql/15/bin/pg_amcheck"
    if not os.path.exists(tool):
        tally.notes.append("pg_amcheck is not here; the tables were not looked at by it")
        return
    command = [tool, "--install-missing", "-h", "127.0.0.1", "-U", "postgres", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    tally.expect(done.returncode == 0, f"pg_amcheck: {(done.stdout + done.stderr)[:200]}")
