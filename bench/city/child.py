"""What is done in a process of its own, with Django set up for one database: build the city, and sign its people in."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from datetime import UTC, datetime
from typing import Any

BROKERS, MANAGERS = 40, 20
MOST, MOST_CONFIRMED = 1_500, 400
ONE_OPEN_IN = 12


def build() -> None:
    """Migrate and build; prints the rows by table."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from city.rows import build as build_city
    from city.rows import counts

    packages = int(os.environ["CALLOFF_BENCH_PACKAGES"])
    build_city(1, datetime.now(UTC), lambda text: print(text, file=sys.stderr), packages, packages // ONE_OPEN_IN)
    print(json.dumps(counts()))


def prepare() -> None:
    """Sessions of sixty people, and what they will look at; prints it as JSON."""
    import django

    django.setup()
    print(json.dumps(people()))


def people() -> dict[str, Any]:
    """Sessions of sixty people, and what they will look at."""
    from django.utils import timezone

    from calloff.web.accounts.models import User
    from calloff.web.brokerage.models import Invitation, Package, Person
    from calloff.web.brokerage.services.confirming import proposal

    chance = random.Random(2)
    sourcing = Package.objects.filter(state=Package.SOURCING)
    out = Invitation.objects.filter(state="open").values_list("package__token", "token")
    ready = sourcing.filter(next_action="confirm").select_related("council", "model_version")
    now = timezone.now().replace(microsecond=0)
    shown = [(one, proposal(one, now)) for one in ready[:MOST_CONFIRMED]]
    every = list(Package.objects.values_list("token", flat=True))
    return {
        "brokers": [session(user) for user in User.objects.filter(name__startswith="broker-")[:BROKERS]],
        "managers": [session(user) for user in User.objects.filter(name__startswith="manager-")[:MANAGERS]],
        "packages": chance.sample(every, min(MOST, len(every))),
        "open": list(sourcing.values_list("token", flat=True)),
        "names": list(Person.objects.values_list("name", flat=True)[:MOST]),
        "to_answer": list(out),
        "to_confirm": [(one.token, found.hash) for one, found in shown if found is not None],
    }


def alone() -> None:
    """What each page costs that is asked for alone: database queries and milliseconds; prints them as JSON by kind."""
    import django

    django.setup()
    from city.alone import pages

    print(json.dumps(pages(people())))


def freed() -> None:
    """Who is asked when minutes come free while everybody waits; prints it as JSON."""
    import django

    django.setup()
    from django.utils import timezone

    from city.freed import everybody_waits, free

    waiting = everybody_waits(timezone.now().replace(microsecond=0))
    seconds, right, asked = free()
    print(json.dumps({"waiting": waiting, "seconds": round(seconds, 2), "right": right, "asked": asked}))


def session(user: Any) -> str:
    """The key of a session in which somebody is signed in with both factors."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from calloff.web.accounts.services import passing

    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store[passing.FACTOR] = user.pk
    store[passing.BEGAN] = store[passing.SEEN] = time.time()
    store.create()
    return str(store.session_key)


def paid() -> None:
    """From the upload of visits to an approved run; prints seconds by stage as JSON."""
    import django

    django.setup()
    from dataclasses import asdict

    from city.paid import pay

    print(json.dumps(asdict(pay(int(os.environ["CALLOFF_BENCH_ROWS"])))))
