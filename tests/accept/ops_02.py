"""
OPS-02: the demonstration signs in every role and holds nobody real.

It is made as `./calloff demo` makes it. A user of every role in every council signs in through the pages, with the
password that is printed and the code that `./calloff demo code` tells, and sees a page of their own; each story that a
council is to tell is there; and in no column of any table does a postcode that was given out, a telephone number that
rings or an address of the post stand.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from accept.engines import on_database
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 1, 1: 4, 2: 4}
"""So many of the councils live their weeks; the people of all are there."""
FIRST = "wightsea"
EVERY_SO_MANY = 9
"""At the smallest size every ninth of those named signs in: a password is worked out for as long as a page takes."""
NOW = datetime(2026, 11, 26, 14, 20, tzinfo=UTC)

# Six letters and digits drawn for a reference, such as P-WF66MV, may happen to read as a postcode.
POSTCODE = re.compile(r"(?<![-\w])([A-Z]{1,2})[0-9][A-Z0-9]?\s?[0-9][A-Z]{2}\b")
GIVEN_OUT = """
    AB AL B BA BB BD BF BH BL BN BR BS BT BX CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK
    FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR
    NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC
    WD WF WN WR WS WV YO ZE
"""
"""The areas of postcodes that there are."""
AREAS = frozenset(GIVEN_OUT.split())
PHONE = re.compile(r"(?<![\w.:+-])(?:\+44\s?|0)\d(?:[ -]?\d){8,9}(?![\w.:-])")
FOR_DRAMA = "01632960"
"""The numbers that no exchange ever gives out begin so."""
EMAIL = re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.(\w+)\b")
NOWHERE = ("invalid", "example", "test")
"""Ends of addresses that lead nowhere for ever."""


def check(size: int) -> Result:
    """Make the demonstration with so many councils, and look at all of it."""
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="calloff-demo-") as folder:
        database = Path(folder) / "demo.sqlite3"
        if size == SIZES[0]:
            build(database, "ground")
            build(database, "part", FIRST)
        else:
            build(database, "whole")
        on_database(tally, "demonstration", "ops_02", "look", size, {"CALLOFF_DATABASE": str(database)})
    return tally.result


def build(database: Path, kind: str, *council: str) -> None:
    """One step of making it, by the sources that are tried."""
    outside = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment = outside | {"CALLOFF_DEMO": "1", "CALLOFF_DATABASE": str(database), "CALLOFF_MAIL": f"{database}.mail"}
    command = [sys.executable, "-P", "-m", "calloff.web.demonstration.build", kind, NOW.isoformat(), *council]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


def look(tally: Tally, size: int) -> None:
    """Everything, in the process whose database is the demonstration."""
    from calloff.web.directory.models import Council

    councils = list(Council.objects.order_by("pk"))
    tally.expect({one.code for one in councils} == {"rutwell", "wightsea", "eastmoor", "aireford"}, "not four councils")
    told = [one for one in councils if size > SIZES[0] or one.code == FIRST]
    everybody_signs_in(tally, [one.code for one in councils], EVERY_SO_MANY if size == SIZES[0] else 1)
    for council in councils:
        every_role_is_held(tally, council)
    for council in told:
        for story, there in stories(council):
            tally.n += 1
            tally.expect(there, f"{council.code}: {story} is missing")
    nothing_is_real(tally)


# Who signs in


def everybody_signs_in(tally: Tally, codes: list[str], every: int) -> None:
    """Whoever the start names signs in with password and code, and is led to a page that is theirs."""
    import logging

    from django.test import Client
    from django.utils import timezone

    from calloff.web.accounts.services import demo_code
    from calloff.web.demonstration.names import ADMINISTRATOR, PASSWORD, PROVIDERS_SHOWN, STAFF
    from calloff.web.demonstration.telling import how_to_sign_in

    said = how_to_sign_in(8000, 1)
    tally.expect(PASSWORD in said and len(PASSWORD) == 15, "the password is not told, or not of 15 characters")
    names = [f"{code}.{name}" for code in codes for name, _ in STAFF] + [*PROVIDERS_SHOWN, ADMINISTRATOR]
    logging.getLogger("calloff.request").setLevel(logging.WARNING)
    for name in names[::every]:
        browser = Client(SERVER_NAME="127.0.0.1")
        browser.post("/sign-in/", {"login": name, "password": PASSWORD})
        browser.post("/sign-in/code/", {"code": demo_code(name, timezone.now())})
        page = browser.get("/", follow=True)
        tally.n += 1
        inside = page.status_code == 200 and page.wsgi_request.user.is_authenticated
        tally.expect(inside and page.wsgi_request.user.name == name, f"{name} cannot sign in")
    for part in {part for name in names for part in name.split(".")}:
        tally.expect(part in said, f"{part} is not told at the start")


def every_role_is_held(tally: Tally, council: Any) -> None:
    """Each role of the staff in this council, with two senior brokers; each role of a provider somewhere."""
    from collections import Counter

    from calloff.web.accounts.models import EVERYWHERE, RoleHeld
    from calloff.web.accounts.services import roles

    held = Counter(RoleHeld.objects.filter(council_id=council.pk).values_list("role", flat=True))
    of_providers = set(RoleHeld.objects.exclude(branch_id=None).values_list("role", flat=True))
    for code, role in roles().items():
        if code == EVERYWHERE:
            continue
        tally.n += 1
        there = held[code] > 0 if role.side.value == "staff" else code in of_providers
        tally.expect(there, f"nobody is {code} in {council.code}")
    tally.expect(held["senior_broker"] == 2, f"{held['senior_broker']} senior brokers in {council.code}, not two")


# What is told


def stories(council: Any) -> Iterator[tuple[str, bool]]:
    """Each story of the demonstration, and whether it is there."""
    from calloff.web.brokerage.models import CallOff, Invitation, Package
    from calloff.web.contracts.models import Enrolment, Suspension

    packages, invitations = Package.objects.filter(council=council), Invitation.objects.filter(council=council)
    yield "an open queue", packages.filter(next_action="start_step").count() >= 2
    yield "an invitation that is out", invitations.filter(state="open", deadline_at__gt=NOW).count() >= 2
    for state in ("declined", "expired", "called_off"):
        yield f"an invitation that was {state}", invitations.filter(state=state).exists()
    yield "a package called off", CallOff.objects.filter(council=council, ended_on=None).count() >= 10
    yield "a package that waits for minutes", packages.filter(next_action="await_minutes").exists()
    yield "people in hospital", packages.filter(in_hospital=True, state=Package.SOURCING).count() >= 2
    yield "a suspended provider", Suspension.objects.filter(council=council, lifted_at=None).exists()
    soon = (NOW + timedelta(days=90)).date()
    yield "a contract about to end", Enrolment.objects.filter(council=council, to_on__range=(NOW.date(), soon)).exists()
    yield from {"rutwell": _rutwell, "wightsea": _wightsea, "eastmoor": _eastmoor, "aireford": _aireford}[council.code](
        council
    )


def _rutwell(council: Any) -> Iterator[tuple[str, bool]]:
    from calloff.web.contracts.models import Enrolment

    tiers = set(Enrolment.objects.filter(council=council).exclude(role="spot").values_list("tier", flat=True))
    yield "a framework of two tiers", len(tiers) >= 2


def _wightsea(council: Any) -> Iterator[tuple[str, bool]]:
    from calloff.web.contracts.models import Enrolment

    primes = Enrolment.objects.filter(council=council, role="prime")
    yield "a prime for each of three localities", primes.count() == 3
    asked = [one for one in primes if one.past_referred_minutes]
    below = [one for one in asked if one.past_subcontracted_minutes * 100 < 30 * one.past_referred_minutes]
    yield "a prime below its quota", bool(below)


def _eastmoor(council: Any) -> Iterator[tuple[str, bool]]:
    from calloff.web.brokerage.models import CallOff
    from calloff.web.contracts.models import ModelVersion, Pool

    patterns = set(ModelVersion.objects.filter(council=council).values_list("pattern", flat=True))
    yield "a framework and a block", {"ranked_framework", "locality_block"} <= patterns
    block = Pool.objects.filter(council=council, enrolment__role="block").first()
    yield "a locality at its block's limit", block is not None and 0 <= block.spare < 7 * 60
    kinds = set(CallOff.objects.filter(council=council).values_list("kind", flat=True))
    yield "a call-off to the block", "block" in kinds


def _aireford(council: Any) -> Iterator[tuple[str, bool]]:
    from calloff.web.contracts.models import Declaration, Enrolment

    yield "33 providers enrolled or more", Enrolment.objects.filter(council=council).count() >= 33
    yield "a book of capacity", Declaration.objects.filter(council=council).exists()


# Nobody is real


def nothing_is_real(tally: Tally) -> None:
    """No text in any table has a postcode that was given out, a number that rings, or an address of the post."""
    from django.apps import apps
    from django.db import models

    for model in apps.get_models():
        texts = [
            one.column for one in model._meta.concrete_fields if isinstance(one, models.CharField | models.TextField)
        ]
        if not texts or not model.__module__.startswith("calloff."):
            continue
        for row in model._default_manager.values_list(*texts).iterator():
            for column, text in zip(texts, row, strict=True):
                tally.n += 1
                for found in real_in(text or ""):
                    tally.fault(f"{model._meta.db_table}.{column} holds what may be real: {found}")


def real_in(text: str) -> Iterator[str]:
    """What in a text could belong to somebody."""
    for code in POSTCODE.finditer(text):
        if code[1] in AREAS:
            yield code[0]
    for number in PHONE.finditer(text):
        digits = re.sub(r"\D", "", number[0])
        if not digits.startswith(FOR_DRAMA):
            yield number[0]
    for address in EMAIL.finditer(text):
        if address[1] not in NOWHERE:
            yield address[0]
