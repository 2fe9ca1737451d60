"""
REL-07: nothing acknowledged is lost when web, worker or database is killed.

The website and its worker run as they do live while several people write; one of its processes is killed at a moment
drawn by chance, and started again. What was acknowledged must stand in the database, and nothing may stand there half.
At the end the chain is whole, the database itself says that it is sound, and the worker has done all that was due. Then
the same with a PostgreSQL cluster of the check's own, all of whose processes are killed under the website.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from accept.cluster import FOLDER, cluster_here, own_cluster, tools
from accept.engines import on_database, on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result, SkippedError

SIZES = {0: 1, 1: 120, 2: 1_000}
OF_A_CLUSTER = {1: 0, 120: 20, 1_000: 200}
"""So many kills of the database itself at each size."""
TARGETS = ("web worker", "server", "job worker")
PEOPLE = 4
LATER = timedelta(minutes=2)


def check(size: int) -> Result:
    """So many kills on each engine."""
    tally = Tally()
    on_each_engine(tally, "rel_07", "kills", size, SIZES[0])
    if OF_A_CLUSTER[size]:
        if tools() is None:
            raise SkippedError("initdb is not here: install PostgreSQL's server, whose own cluster the check kills")
        with own_cluster() as cluster:
            said = {"DATABASE_URL": cluster.url, FOLDER: f"{cluster.folder}:{cluster.port}"}
            on_database(tally, "own cluster", "rel_07", "kills_of_cluster", OF_A_CLUSTER[size], said)
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
    """Kills of web and worker, one after another."""

    def strike(server: Any, number: int, chance: random.Random) -> None:
        target = TARGETS[number % len(TARGETS)]
        server.kill(target, chance.random())
        if target != "web worker":
            server.stop()
            server.start()

    under_load(tally, size, strike)


def kills_of_cluster(tally: Tally, size: int) -> None:
    """Kills of the whole database; website and worker must find it again by themselves."""
    cluster = cluster_here()

    def strike(server: Any, _number: int, _chance: random.Random) -> None:
        cluster.kill()
        cluster.start()
        server.wait()

    under_load(tally, size, strike)


def under_load(tally: Tally, size: int, strike: Callable[[Any, int, random.Random], None]) -> None:
    """Let people write while something is struck again and again; then look at what is left."""
    from accept.server import Server, session
    from django.db import connections
    from world import made_world

    world = made_world()
    world.at = datetime.now(UTC).replace(microsecond=0)
    world.provider("acorn", 15, 6_000_000)
    packages = [world.started() for _ in range(PEOPLE)]
    sessions = [session(world.user(f"broker-{number}", "broker")) for number in range(PEOPLE)]
    connections.close_all()
    server, chance = Server(), random.Random(7)
    server.start()
    writers = [Writer(number, server.port, sessions[number], package.token) for number, package in enumerate(packages)]
    for writer in writers:
        writer.start()
    try:
        for number in range(size):
            wait_for_words(writers)
            time.sleep(chance.uniform(0.1, 0.6))
            strike(server, number, chance)
            tally.n += 1
        wait_for_words(writers)
    finally:
        for writer in writers:
            writer.ending.set()
        for writer in writers:
            writer.join(30)
        server.stop()
    look(tally, world, [text for writer in writers for text in writer.acknowledged])
    sent = sum(writer.sent for writer in writers)
    tally.notes.append(f"{sent} notes sent, {sum(len(one.acknowledged) for one in writers)} acknowledged")


def wait_for_words(writers: Sequence[Writer]) -> None:
    """Until everybody had a word acknowledged since: what stands still between two kills is no test."""
    before = [len(one.acknowledged) for one in writers]
    until = time.monotonic() + 60
    while any(len(one.acknowledged) == was for one, was in zip(writers, before, strict=True)):
        if time.monotonic() > until:
            raise RuntimeError("a minute after it was started again, somebody still cannot write")
        time.sleep(0.02)


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
            amcheck(tally, connection.settings_dict)


def amcheck(tally: Tally, of: Mapping[str, Any]) -> None:
    """Let PostgreSQL's own tool look at every table and index."""
    place = tools()
    tool = shutil.which("pg_amcheck") or (place and str(place / "pg_amcheck"))
    if not tool or not os.path.exists(tool):
        tally.fault("pg_amcheck is not here; the tables were not looked at by it")
        return
    where = ["-h", str(of["HOST"]), "-p", str(of["PORT"] or 5432), "-U", str(of["USER"])]
    command = [tool, "--install-missing", "--heapallindexed", *where, str(of["NAME"])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    tally.expect(done.returncode == 0, f"pg_amcheck: {(done.stdout + done.stderr)[:200]}")
