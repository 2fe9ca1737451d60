"""
Web and worker as children of one process, which ends when either does.

The parent imports no Django: it listens, starts the two, and waits. The children hang on its lifeline, a pipe that
nobody writes to: when the parent is gone, however it went, they read its end and stop.
"""

from __future__ import annotations

import errno
import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from importlib import import_module
from pathlib import Path

from calloff.domain.errors import BadInputError, CalloffError

HOST, USUAL_PORT, LAST_PORT = "127.0.0.1", 8000, 65_535
PORTS_TRIED = 100
PROCESSES, THREADS = 2, 3
"""Fewer threads answer sooner under load, more keep one long act from holding up the others (assumed)."""
PATIENCE_SECONDS = 10
"""So long a child may take to end after it was asked to."""
BOOT_SECONDS = 60
LOOK_EVERY_SECONDS = 0.1
LAST_LINES = 3
Tell = Callable[[str], None]


class ChildEndedError(CalloffError):
    """Web or worker ended by itself; the text says which, how, and what it said last."""


def listen(port: int, tell: Tell) -> socket.socket:
    """
    A socket that listens on the port or, where that is taken, on the next free one, which is told.

    Raises BadInputError when the port may not or cannot be used, or all of the next hundred are taken.
    """
    for candidate in range(port, min(port + PORTS_TRIED, LAST_PORT + 1)):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, candidate))
            listener.listen(64)
        except OSError as error:
            listener.close()
            if error.errno == errno.EACCES:
                raise BadInputError(f"port {candidate} needs permission; choose one from 1024") from error
            if error.errno != errno.EADDRINUSE:
                raise BadInputError(f"{HOST}:{candidate} cannot be listened on: {error.strerror or error}") from error
            continue
        if candidate != port:
            tell(f"port {port} is taken by another program; using {candidate} instead")
        return listener
    raise BadInputError(f"ports {port} to {candidate} are all taken; choose a free one")


@dataclass(frozen=True)
class Child:
    """A process that this one started; `log` is where it writes what happens."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def ending(self) -> str | None:
        """How it ended, in words, with what it said last; None while it runs."""
        code = self.process.poll()
        if code is None:
            return None
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        said = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-LAST_LINES:]
        return "\n".join([f"{self.name} {how}; all that it said is in {self.log}", *(f"    {line}" for line in said)])


@contextmanager
def started(listener: socket.socket, environment: Mapping[str, str], logs: Path) -> Iterator[Sequence[Child]]:
    """Web and worker, running; whatever happens, both have ended afterwards."""
    logs.mkdir(parents=True, exist_ok=True)
    lifeline, held = os.pipe()
    children: list[Child] = []
    try:
        for name, command, passed in (
            ("the website", ("web", str(listener.fileno())), (listener.fileno(), lifeline)),
            ("the worker", ("worker",), (lifeline,)),
        ):
            log = logs / f"{command[0]}.log"
            with log.open("wb") as said:
                process = subprocess.Popen(  # noqa: S603 - ourselves
                    [sys.executable, "-P", "-m", __name__, str(lifeline), *command],
                    env=dict(environment),
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=said,
                    pass_fds=passed,
                    # Ctrl-C reaches this process alone, so that the children end in order.
                    start_new_session=True,
                )
            children.append(Child(name, process, log))
        yield children
    finally:
        stop(children)
        os.close(held)
        os.close(lifeline)


def stop(children: Sequence[Child]) -> None:
    """Ask each child to end, wait for what it is at, and end by force what does not listen."""
    for child in children:
        child.process.terminate()
    until = time.monotonic() + PATIENCE_SECONDS
    for child in children:
        try:
            child.process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()


def wait_until_well(children: Sequence[Child], port: int) -> None:
    """Wait until /health says that the website answers and the worker lives; ChildEndedError when one does not."""
    until = time.monotonic() + BOOT_SECONDS
    while not answers(port):
        refuse_ended(children)
        if time.monotonic() > until:
            raise ChildEndedError(f"Calloff did not answer within {BOOT_SECONDS} s; see {children[0].log.parent}")
        time.sleep(LOOK_EVERY_SECONDS)


def answers(port: int) -> bool:
    """Whether /health on this machine says that all is well."""
    caller = HTTPConnection(HOST, port, timeout=5)
    try:
        caller.request("GET", "/health")
        return caller.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        caller.close()


def refuse_ended(children: Sequence[Child]) -> None:
    """Raise ChildEndedError for the first child that ended by itself."""
    for child in children:
        ending = child.ending()
        if ending is not None:
            raise ChildEndedError(ending)


def watch(children: Sequence[Child]) -> None:
    """Wait for ever; ChildEndedError as soon as a child ends by itself."""
    while True:
        refuse_ended(children)
        time.sleep(LOOK_EVERY_SECONDS)


# What the children do


def hang_on(lifeline: int, end: Callable[[], None]) -> None:
    """Call `end` once whoever holds the other end of the pipe is gone."""

    def wait() -> None:
        os.read(lifeline, 1)
        end()

    threading.Thread(target=wait, daemon=True).start()


def run_web(listener: int) -> None:
    """Serve the website on a socket that listens already, until SIGTERM."""
    from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

    class Website(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            for name, value in {
                "bind": f"fd://{listener}",
                "worker_class": "gthread",
                "workers": PROCESSES,
                "threads": THREADS,
                "graceful_timeout": PATIENCE_SECONDS // 2,
                # It would lie in the home of whoever runs this, and let any program of theirs steer the server.
                "control_socket_disable": True,
                "proc_name": "calloff-web",
            }.items():
                self.cfg.set(name, value)

        def load(self) -> object:
            from django.urls import get_resolver

            from calloff.web.config.wsgi import application

            # Every page's code is read now and stays: the collector need not walk through it again and again.
            _ = get_resolver().url_patterns
            gc.collect()
            gc.freeze()
            return application

    Website().run()


def run_worker(stopped: threading.Event) -> None:
    """Work until the event is set."""
    import django

    django.setup()
    from calloff.web.config.worker import name_of_worker, work

    work(name_of_worker(), stopped)


def refuse_wrong_settings() -> None:
    """End with one plain sentence where the settings are wrong, before a server makes pages of it."""
    from django.core.exceptions import ImproperlyConfigured

    try:
        import_module(os.environ["DJANGO_SETTINGS_MODULE"])
    except ImproperlyConfigured as refusal:
        sys.exit(str(refusal))


def main(arguments: Sequence[str]) -> None:
    """What `started` starts: LIFELINE web LISTENER, or LIFELINE worker."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "calloff.web.config.settings")
    lifeline, kind, *rest = arguments
    refuse_wrong_settings()
    if kind == "web":
        hang_on(int(lifeline), lambda: os.kill(os.getpid(), signal.SIGTERM))
        run_web(int(rest[0]))
        return
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    hang_on(int(lifeline), stopped.set)
    run_worker(stopped)


if __name__ == "__main__":
    main(sys.argv[1:])
