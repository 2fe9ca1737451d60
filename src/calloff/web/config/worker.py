"""The worker: does what is due, says that it lives, and finishes what it is at before it ends."""

from __future__ import annotations

import logging
import os
import socket
from datetime import timedelta
from typing import Protocol

from django.db import DatabaseError, connection
from django.utils import timezone

from calloff.web.brokerage.services import sourcing
from calloff.web.jobs import services as jobs
from calloff.web.jobs.models import Pulse

PAUSE_SECONDS = 1.0
"""So long the worker sleeps at most where nothing is due."""
FORGOTTEN_AFTER = timedelta(days=1)
"""Workers that gave no sign for so long are no longer listed."""
ROOMS = (sourcing, jobs)
"""Where the functions stand that do the jobs: a kind is known once its room is read."""

log = logging.getLogger("calloff.worker")


class Stop(Protocol):
    """What says that the worker shall end; an Event of `threading` is one."""

    def is_set(self) -> bool: ...

    def wait(self, timeout: float) -> bool: ...


def name_of_worker() -> str:
    """A name that no other worker has at the same time: a lease is kept under it."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}"


def work(worker: str, stop: Stop) -> None:
    """
    Do jobs as they fall due until `stop` is set; the one in hand is done first.

    A job whose worker died needs no clearing up: its lease runs out, and whoever works takes it again. A database that
    does not answer is asked again after a pause.
    """
    last_beat = timezone.now() - jobs.BEATS_EVERY
    Pulse.objects.filter(at__lt=last_beat - FORGOTTEN_AFTER).delete()
    while not stop.is_set():
        now, did = timezone.now(), False
        try:
            if now - last_beat >= jobs.BEATS_EVERY:
                jobs.beat(worker, now)
                last_beat = now
            did = jobs.work_once(worker, now)
        except DatabaseError as error:
            log.error("the database does not answer: %s", type(error).__name__)
            connection.close()
        if not did:
            stop.wait(PAUSE_SECONDS)
