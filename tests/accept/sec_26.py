"""
SEC-26: logs hold nothing personal and no forged line.

People with names that occur nowhere else go through every page and act; names are typed where no name belongs, into
addresses, headers and forms; pages, jobs and letters break with a name in the error. The whole log is read: no name
stands in it, and every line is one of ours.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 1, 1: 3, 2: 30}
"""So many sets of arguments for each address."""
NAME, WORD = "Zyxwina Quibblethwaite", "xylophonic"
PASSWORD = "a zyxwina lamp and three words"
SECRETS = ("zyxwina", "quibblethwaite", "xylophon", "900777")
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (DEBUG|INFO|WARNING|ERROR|CRITICAL) ([0-9a-f]{16}|-) [\w.]+: .*")
FORGED = "2026-01-01T00:00:00Z INFO 0000000000000000 calloff.request: forged"
BREAKS = ("\r\n", "\n", "\r", "\x85", "\u2028", "\x0b", "\x1b[2J\n")


def check(size: int) -> Result:
    """So many sets of arguments on each engine."""
    tally = Tally()
    on_each_engine(tally, "sec_26", "journeys", size, SIZES[0])
    return tally.result


def journeys(tally: Tally, size: int) -> None:
    from django.test.utils import override_settings
    from web.filled_world import filled_world

    with (
        override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]),
        written() as log,
    ):
        filled = filled_world(person=NAME)
        everybody_reads(tally, filled, size)
        people_sign_in(tally, filled)
        names_in_wrong_places(tally, filled)
        things_break(tally, filled)
        filled.world.work()
        logging.getLogger("calloff.jobs").error("a message over %s", f"two{BREAKS[0]}{FORGED}")
    lines = log.getvalue().split("\n")
    tally.expect(lines[-1] == "" and len(lines) > tally.n // 2, f"{len(lines)} lines for {tally.n} journeys")
    for line in lines[:-1]:
        tally.expect(LINE.fullmatch(line) is not None, f"no line of ours: {line[:120]!r}")
        tally.expect(not line.startswith(FORGED), f"a forged line: {line[:120]!r}")
        for secret in SECRETS:
            tally.expect(secret not in line.casefold(), f"{secret!r} stands in the log: {line[:200]!r}")
    tally.expect(not any(mark in log.getvalue() for mark in BREAKS[2:]), "a line is broken by another sign")
    tally.notes.append(f"{len(lines) - 1} lines read")


@contextmanager
def written() -> Iterator[io.StringIO]:
    """Whatever the configured handlers write, kept; their formatter and their levels stay as they are shipped."""
    log = io.StringIO()
    handlers = {
        handler
        for logger in (logging.getLogger(), *map(logging.getLogger, list(logging.root.manager.loggerDict)))
        for handler in logger.handlers
        if isinstance(handler, logging.StreamHandler)
    }
    before = {handler: handler.stream for handler in handlers}
    for handler in handlers:
        handler.setStream(log)
    try:
        yield log
    finally:
        for handler, stream in before.items():
            handler.setStream(stream)


def everybody_reads(tally: Tally, filled: Any, size: int) -> None:
    """Each page by somebody who may, and by somebody who may not, with words after a question mark."""
    from web.doors import listed
    from web.routes import holders_of

    nobody = filled.client(None)
    for route, one in listed():
        role = sorted(holders_of(one.permission))[0]
        client = filled.client(role)
        for values in filled.values_of(route)[:size]:
            address = f"{route.address(values)}?q={NAME}&name={WORD}"
            for browser in (client, nobody):
                tally.n += 1
                browser.get(address, headers={"referer": f"http://127.0.0.1/{WORD}", "user-agent": NAME})
            if "POST" in one.methods:
                tally.n += 1
                typed = ("q", "text", "words", "name", "login", "reason", "message", "answered_by")
                client.post(address, dict.fromkeys(typed, f"{NAME} 07700 900777"))
                client = filled.client(role)


def people_sign_in(tally: Tally, filled: Any) -> None:
    """A name, a password and a code, right and wrong, and a name that would forge a line."""
    from django.test import Client
    from django.utils import timezone

    from calloff.web.accounts import services

    user = filled.users["broker"]
    user.refresh_from_db()
    user.name, user.demo = WORD, True
    user.set_password(PASSWORD)
    user.save()
    services.give_demo_authenticator(user=user, by=None, at=timezone.now())
    for login, word, code in (
        (WORD, PASSWORD, services.demo_code(WORD, timezone.now())),
        (WORD, NAME, ""),
        (f"{NAME}{BREAKS[0]}{FORGED}", PASSWORD, ""),
        *((WORD, PASSWORD, f"{WORD}{number}") for number in range(12)),
    ):
        tally.n += 1
        client = Client(SERVER_NAME="127.0.0.1")
        client.post("/sign-in/", {"login": login, "password": word})
        client.post("/sign-in/code/", {"code": code})


def names_in_wrong_places(tally: Tally, filled: Any) -> None:
    """Names and line breaks in addresses, headers, tokens and hosts."""
    client = filled.client("senior_broker", raise_request_exception=False)
    strict = filled.client("senior_broker", enforce_csrf_checks=True, raise_request_exception=False)
    from urllib.parse import quote

    for mark in BREAKS:
        text = f"{NAME}{mark}{FORGED}"
        for address in (f"/{quote(text)}", f"/packages/{quote(text, safe='')}", f"/accounts/{quote(text, safe='')}/"):
            tally.n += 2
            client.get(address)
            strict.post(address, {"text": text})
        tally.n += 2
        # A server hands headers over as bytes, one sign each.
        sent = text.encode().decode("iso-8859-1")
        client.generic(f"GET{sent}", "/account/")
        client.get("/account/", headers={"x-request-id": sent, "accept-language": sent, "cookie": sent})
    tally.n += 3
    client.get("/sign-in/", headers={"host": f"{WORD}.example"})
    client.get("/account/?next=" + quote(f"//{WORD}.example/{NAME}"))
    strict.post("/account/sessions/", {"q": NAME}, headers={"referer": f"https://{WORD}.example/{quote(NAME)}"})


def things_break(tally: Tally, filled: Any) -> None:
    """A page, a job and a letter break with a name in what the error says."""
    from django.core.mail import EmailMessage
    from django.db import transaction
    from django.utils import timezone

    from calloff.web.config import views
    from calloff.web.jobs import services as jobs

    class PersonError(RuntimeError):
        """What an error of a library may say."""

    trouble = PersonError(f"{NAME} of {WORD} mews{BREAKS[0]}{FORGED}")
    now = timezone.now()
    tally.n += 3
    with mock.patch.object(views, "worker_lives", side_effect=trouble):
        filled.client(None, raise_request_exception=False).get(f"/health?q={NAME}")
    with transaction.atomic():
        jobs.tell(filled.users["approver"], "message", "P-LOG", council=1, key="log", at=now, link="/")
    with mock.patch.object(EmailMessage, "send", side_effect=OSError(str(trouble))):
        while jobs.work_once("worker", now):
            pass
    logging.getLogger("calloff.request").error("broke", exc_info=(PersonError, trouble, None))
