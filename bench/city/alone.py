"""Pages asked for one after another in one process: how many queries each makes, and how long it takes."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from city.crowd import SHARES, WRITES, Crowd
from city.load import Errand

TIMES = 20


def pages(people: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """By kind of page: the most queries that one of them makes, and the median in milliseconds."""
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    crowd, chance, told = Crowd(people), random.Random(3), {}
    kinds = [kind for kind in SHARES if kind not in WRITES]
    for kind in ["empty", *kinds]:
        drawn = [crowd.empty(chance) if kind == "empty" else crowd.errand_of(kind, chance) for _ in range(TIMES)]
        # The first fills what each process keeps.
        seconds = [seconds_of(errand) for errand in (drawn[0], *drawn)][1:]
        told[kind] = {"queries": max(map(queries_of, drawn)), "ms": round(1_000 * statistics.median(seconds), 1)}
    return told


def queries_of(errand: Errand) -> int:
    """How many queries an errand makes."""
    with CaptureQueriesContext(connection) as asked:
        seconds_of(errand)
    return len(asked)


def seconds_of(errand: Errand) -> float:
    """Wall time of one errand; ValueError where it brings no page."""
    client = Client(headers={"host": "127.0.0.1"})
    client.cookies[settings.SESSION_COOKIE_NAME] = errand.visitor.session
    began = time.perf_counter()
    answer = client.get(errand.address) if errand.fields is None else client.post(errand.address, errand.fields)
    if errand.follows:
        answer = client.get(answer.headers["Location"])
    seconds = time.perf_counter() - began
    if answer.status_code != 200:
        raise ValueError(f"{errand.kind}: status {answer.status_code}")
    return seconds
