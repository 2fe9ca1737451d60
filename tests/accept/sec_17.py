"""
SEC-17: security headers on every page, and no violation in a browser.

Every address of the urlconf as somebody who may open it and as nobody, with every kind of answer that there is: pages,
files, refusals, what is missing and what broke. Above the smallest size a browser opens every page and tells of
whatever the content security policy stopped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 1, 1: 3, 2: 30}
"""So many sets of arguments for each address; from 2 on in a browser, too."""
POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'none'",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
A_YEAR = 365 * 24 * 60 * 60
KINDS = {"200 text/html", "302 text/html", "403 text/html", "404 text/html", "405 text/html", "500 text/html", "static"}
"""What must have been looked at, or the check has not looked."""
CHROMIUM = "/usr/bin/chromium"


def check(size: int) -> Result:
    """So many sets of arguments on each engine."""
    tally = Tally()
    on_each_engine(tally, "sec_17", "answers", size, SIZES[0])
    return tally.result


def answers(tally: Tally, size: int) -> None:
    from web.filled_world import filled_world

    filled, seen = filled_world(), Counter[str]()
    for what, signed_in, answer in every_answer(filled, size):
        kind = answer.get("Content-Type", "").partition(";")[0]
        seen["static" if what.startswith("/static/") else f"{answer.status_code} {kind}"] += 1
        tally.n += 1
        for fault in faults(what, signed_in, answer):
            tally.fault(f"{what}: {fault}")
        answer.close()
    tally.expect(set(seen) >= KINDS, f"never seen: {', '.join(sorted(KINDS - set(seen)))}")
    tally.notes.append(", ".join(f"{count} of {kind}" for kind, count in sorted(seen.items())))
    if size > SIZES[0]:
        in_browser(tally, filled)


def every_answer(filled: Any, size: int) -> Iterator[tuple[str, bool, Any]]:
    """Each answer, what was asked for, and whether somebody signed in asked."""
    from web.doors import listed
    from web.routes import PUBLIC, holders_of

    from calloff.web.config import views

    nobody = filled.client(None, raise_request_exception=False)
    clients: dict[str, Any] = {}
    for route, one in listed():
        role = sorted(holders_of(one.permission))[0]
        if role not in clients:
            clients[role] = filled.client(role, raise_request_exception=False)
        for values in filled.values_of(route)[:size]:
            address = route.address(values)
            yield f"{role} {route.name}", one.permission != PUBLIC, clients[role].get(address, secure=True)
        yield f"nobody {route.name}", False, nobody.get(address, secure=True)
    auditor = filled.client("auditor", raise_request_exception=False)
    strict = filled.client("broker", raise_request_exception=False, enforce_csrf_checks=True)
    yield "a page that is not there", True, auditor.get("/nowhere/at/all", secure=True)
    yield "a page that is not there, for nobody", False, nobody.get("/nowhere/at/all", secure=True)
    yield "a door that stays shut", True, auditor.get("/accounts/", secure=True)
    yield "a form without its token", True, strict.post("/account/sessions/", secure=True)
    yield "another host", False, nobody.get("/sign-in/", secure=True, headers={"host": "elsewhere.example"})
    with mock.patch.object(views, "worker_lives", side_effect=RuntimeError("broken")):
        yield "a page that broke", False, nobody.get("/health", secure=True)
    for name in ("govuk.css", "calloff.css", "calloff.js", "favicon.svg"):
        yield f"/static/{name}", False, nobody.get(f"/static/{name}", secure=True)
    yield "/static/nothing.css", False, nobody.get("/static/nothing.css", secure=True)


def faults(what: str, signed_in: bool, answer: Any) -> Iterator[str]:
    """What is wrong with the headers of an answer."""
    for name, value in HEADERS.items():
        if answer.get(name) != value:
            yield f"{name} is {answer.get(name)!r}"
    policy = {one.strip() for one in answer.get("Content-Security-Policy", "").split(";")}
    if not policy >= POLICY or any("unsafe" in one or "*" in one for one in policy):
        yield f"the policy is {sorted(policy)}"
    age = answer.get("Strict-Transport-Security", "").partition(";")[0].removeprefix("max-age=")
    if not age.isdigit() or int(age) < A_YEAR:
        yield f"Strict-Transport-Security is {answer.get('Strict-Transport-Security')!r}"
    kept = answer.get("Cache-Control", "")
    if "no-store" not in kept and (signed_in or not what.startswith("/static/")):
        yield f"Cache-Control is {kept!r}"
    if "camera=()" not in answer.get("Permissions-Policy", ""):
        yield "the browser's devices are not refused"


# In a browser


def in_browser(tally: Tally, filled: Any) -> None:
    """Every page of each role in Chromium: nothing may be stopped by the policy, since nothing should try."""
    from pathlib import Path

    from django.conf import settings
    from web.doors import listed
    from web.routes import holders_of

    if not Path(CHROMIUM).exists():
        tally.notes.append("no browser is here: pages were not opened in one")
        return
    from playwright.sync_api import sync_playwright

    opened = 0
    with served() as site, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for role in filled.users:
            client = filled.client(role)
            context = browser.new_context()
            key = client.cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": site}])
            page = context.new_page()
            told: list[str] = []
            page.on("console", lambda one, told=told: told.append(one.text) if one.type == "error" else None)
            for route, one in listed():
                if role not in holders_of(one.permission) or "GET" not in one.methods:
                    continue
                address = route.address(filled.values_of(route)[0])
                if not client.get(address).get("Content-Type", "").startswith("text/html"):
                    continue
                page.goto(site + address)
                opened += 1
                for text in told:
                    if "Content Security Policy" in text or "TrustedHTML" in text or "Refused to" in text:
                        tally.fault(f"{role} {route.name}: {text[:200]}")
                told.clear()
            context.close()
        browser.close()
    tally.n += opened
    tally.expect(opened > 0, "no page was opened in the browser")
    tally.notes.append(f"{opened} pages opened in Chromium")


@contextmanager
def served() -> Iterator[str]:
    """The website on a port of this machine, for as long as it is needed."""
    import os
    import threading
    from wsgiref.simple_server import WSGIRequestHandler, make_server

    from django.core.wsgi import get_wsgi_application

    # Playwright leaves a running loop behind, and Django would take every query for one from inside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

    class Quiet(WSGIRequestHandler):
        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing."""

    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
