"""The website and its worker as they run live, on a database of a check; killed and started again."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
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


def post(port: int, session: str, address: str, fields: dict[str, str]) -> int:
    """Post a form as somebody signed in; the status, or 0 when no answer came."""
    line = HTTPConnection(HOST, port, timeout=PATIENCE_SECONDS)
    headers = {
        "Cookie": f"calloff={session}; calloff-form={FORM_TOKEN}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Connection": "close",
    }
    try:
        line.request("POST", address, urlencode({**fields, "csrfmiddlewaretoken": FORM_TOKEN}), headers)
        return line.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        line.close()


def session(user: object) -> str:
    """The key of a session in which somebody is signed in with both factors."""
    import time

    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from calloff.web.accounts.models import User
    from calloff.web.accounts.services import passing

    assert isinstance(user, User)
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store[passing.FACTOR] = user.pk
    store[passing.BEGAN] = store[passing.SEEN] = time.time()
    store.create()
    return str(store.session_key)
