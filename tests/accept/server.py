"""The website and its worker as they run live, on a database of a check; killed and started again."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlencode

from calloff.web.config.serving import Child, listen, started, wait_until_well

HOST = "127.0.0.1"
FORM_TOKEN = "f" * 32
PATIENCE_SECONDS = 20


class Server:
    """Web and worker; `port` stays the same from one start to the next."""

    def __init__(self) -> None:
        self.logs = Path(tempfile.mkdtemp(prefix="calloff-server-"))
        self.port = 0
        self.stack = ExitStack()
        self.children: Sequence[Child] = ()

    def start(self) -> None:
        """Start both and wait until all is well."""
        listener = listen(self.port or 20_000 + os.getpid() % 20_000, lambda _text: None)
        self.port = listener.getsockname()[1]
        self.children = self.stack.enter_context(started(listener, os.environ, self.logs))
        listener.close()
        wait_until_well(self.children, self.port)

    def wait(self) -> None:
        """Wait until all is well again by itself; ChildEndedError where a process has given up."""
        wait_until_well(self.children, self.port)

    def stop(self) -> None:
        self.stack.close()

    @property
    def web(self) -> int:
        return self.children[0].process.pid

    @property
    def worker(self) -> int:
        return self.children[1].process.pid

    def web_workers(self) -> list[int]:
        """The processes that answer requests, children of the web's own."""
        told = Path(f"/proc/{self.web}/task/{self.web}/children").read_text().split()
        return [int(one) for one in told]

    def kill(self, target: str, chance: float) -> None:
        """End something without a word: `web worker`, `server` (the web with all its workers) or `job worker`."""
        workers = self.web_workers()
        victims = {
            "web worker": [workers[int(chance * len(workers))]] if workers else [],
            "server": [self.web, *workers],
            "job worker": [self.worker],
        }[target]
        for pid in victims:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


@dataclass(frozen=True)
class Answer:
    """What came back: status (0 when nothing did), where it leads, the cookies that were set, the page."""

    status: int
    location: str = ""
    cookies: str = ""
    text: str = ""


def ask(port: int, method: str, address: str, cookies: str, fields: dict[str, str] | None = None) -> Answer:
    """One request of a browser with these cookies; a form where there are fields."""
    line = HTTPConnection(HOST, port, timeout=PATIENCE_SECONDS)
    headers = {"Cookie": cookies, "Connection": "close"}
    body = None
    if fields is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = urlencode({**fields, "csrfmiddlewaretoken": FORM_TOKEN})
    try:
        line.request(method, address, body, headers)
        answer = line.getresponse()
        given = "; ".join(one.partition(";")[0] for one in answer.headers.get_all("Set-Cookie", ()))
        text = answer.read().decode(errors="replace")
        return Answer(answer.status, answer.headers.get("Location", ""), given, text)
    except (OSError, HTTPException):
        return Answer(0)
    finally:
        line.close()


def cookies_of(session: str) -> str:
    """The cookies of somebody's browser: session and form token."""
    return f"calloff={session}; calloff-form={FORM_TOKEN}"


def post(port: int, session: str, address: str, fields: dict[str, str]) -> int:
    """Post a form as somebody signed in; the status, or 0 when no answer came."""
    return ask(port, "POST", address, cookies_of(session), fields).status


def session(user: object, *, proved: bool = False) -> str:
    """The key of a session in which somebody is signed in with both factors, and has perhaps just proved it again."""
    import time

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from calloff.web.accounts.models import User
    from calloff.web.accounts.services import passing

    assert isinstance(user, User)
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store[passing.FACTOR] = user.pk
    store[passing.BEGAN] = store[passing.SEEN] = time.time()
    if proved:
        store["account_authentication_methods_user"] = str(user.pk)
        store["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    store.create()
    return str(store.session_key)
