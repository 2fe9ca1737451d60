"""The website of a check in Chromium: its own small council, served on this machine, and people signed in to it."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from accept.engines import on_sqlite
from accept.tally import Tally

from calloff.acceptance import Result, SkippedError

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
DESK, PHONE = 1280, 320

# Playwright leaves a running loop behind, and Django would take every query for one from inside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def in_chromium(module: str, function: str, size: int) -> Result:
    """What a function of a module finds with a browser on a fresh database; SkippedError where no Chromium is."""
    if CHROMIUM is None:
        raise SkippedError("no Chromium is here: apt-get install chromium")
    tally = Tally()
    on_sqlite(tally, module, function, size)
    return tally.result


@dataclass
class Site:
    """The website and the browser that looks at it."""

    address: str
    browser: Any

    def context(
        self, user: Any = None, *, width: int = DESK, shortcuts: bool = False, proved: bool = False, **more: Any
    ) -> Any:
        """
        A browser of somebody's own, signed in with both factors; of nobody without a user.

        Whoever has `proved` it is not asked again at once for what money hangs on.
        """
        from django.conf import settings

        context = self.browser.new_context(viewport={"width": width, "height": 800}, base_url=self.address, **more)
        cookies = {settings.SESSION_COOKIE_NAME: session_key(user, proved=proved)} if user is not None else {}
        cookies |= {"calloff_shortcuts": "on"} if shortcuts else {}
        context.add_cookies([{"name": name, "value": cookies[name], "url": self.address} for name in cookies])
        context.set_default_timeout(60_000)
        return context


def session_key(user: Any, *, proved: bool = False) -> str:
    """The key of a session in which somebody has signed in with both factors."""
    from accept.server import session

    return session(user, proved=proved)


@contextmanager
def site() -> Iterator[Site]:
    """The website on a port of this machine and Chromium beside it."""
    from playwright.sync_api import sync_playwright

    with served() as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield Site(address, browser)
        finally:
            browser.close()


@contextmanager
def served() -> Iterator[str]:
    """The website on a port of this machine; a thread answers each line, since a browser opens several."""
    from socketserver import ThreadingMixIn
    from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

    from django.core.wsgi import get_wsgi_application

    class Quiet(WSGIRequestHandler):
        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing."""

    class Threads(ThreadingMixIn, WSGIServer):
        daemon_threads = True

    server = make_server("127.0.0.1", 0, get_wsgi_application(), server_class=Threads, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


def arrives(page: Any, there: Any, seconds: int = 15) -> bool:
    """Whether a page comes, loaded, to an address of which `there` holds."""
    from playwright.sync_api import TimeoutError as TookTooLong

    try:
        page.wait_for_url(there, timeout=seconds * 1000)
    except TookTooLong:
        return False
    return True
