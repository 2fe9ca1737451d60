"""An open loop of people at work: requests fall due by a seeded Poisson clock, and time counts from that moment."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from queue import Empty, Queue
from urllib.parse import urlencode

HOST = "127.0.0.1"
PATIENCE_SECONDS = 30
FORM_TOKEN = "b" * 32
"""What stands in the cookie and in the form: any 32 letters do, as long as both are the same."""


@dataclass(frozen=True)
class Visitor:
    """Somebody signed in: the key of a session."""

    session: str

    def headers(self) -> dict[str, str]:
        return {"Cookie": f"calloff={self.session}; calloff-form={FORM_TOKEN}"}


@dataclass(frozen=True)
class Errand:
    """Something a visitor does: the address and, for a write, the fields of its form."""

    kind: str
    visitor: Visitor
    address: str
    fields: Mapping[str, str] | None = None
    leads: Callable[[str], bool] = bool
    """Whether a write that leads to this address was carried out: what is refused may lead on, too."""
    follows: bool = False
    """A page that comes by way of another address: its time ends when it is there."""


@dataclass
class Found:
    """What came back: seconds from the due moment, by kind, and whatever was wrong."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, seconds: float, problem: str) -> None:
        with self.lock:
            self.seconds.setdefault(kind, []).append(seconds)
            if problem:
                self.problems.append(f"{kind}: {problem}")

    def at(self, kind: str, share: float) -> float:
        """The quantile of a kind's seconds."""
        ordered = sorted(self.seconds[kind])
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Line:
    """One connection, kept open."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.open = HTTPConnection(HOST, port, timeout=PATIENCE_SECONDS)

    def send(self, errand: Errand) -> tuple[HTTPResponse, bytes]:
        """Send one request and read all of the answer, on a new connection where the old one was closed."""
        body, headers = None, errand.visitor.headers()
        if errand.fields is not None:
            body = urlencode({**errand.fields, "csrfmiddlewaretoken": FORM_TOKEN})
            headers |= {"Content-Type": "application/x-www-form-urlencoded"}
        method = "GET" if body is None else "POST"
        for last in (False, True):
            try:
                self.open.request(method, errand.address, body, headers)
                answer = self.open.getresponse()
                return answer, answer.read()
            except (OSError, HTTPException):
                self.open.close()
                self.open = HTTPConnection(HOST, self.port, timeout=PATIENCE_SECONDS)
                if last:
                    raise
        raise AssertionError("unreachable")


def run(
    port: int, errands: Callable[[random.Random], Errand], rate: float, seconds: float, seed: int, hands: int = 48
) -> Found:
    """So many requests a second for so long; `errands` draws each one."""
    found, due, chance = Found(), Queue[tuple[float, Errand]](), random.Random(seed)
    done = threading.Event()
    workers = [threading.Thread(target=_work, args=(port, due, done, found), daemon=True) for _ in range(hands)]
    for worker in workers:
        worker.start()
    began = moment = time.monotonic()
    while moment - began < seconds:
        moment += chance.expovariate(rate)
        errand = errands(chance)
        time.sleep(max(0.0, moment - time.monotonic()))
        due.put((moment, errand))
    while not due.empty():
        time.sleep(0.05)
    done.set()
    for worker in workers:
        worker.join(PATIENCE_SECONDS)
    return found


def _work(port: int, due: Queue[tuple[float, Errand]], done: threading.Event, found: Found) -> None:
    line = Line(port)
    while True:
        try:
            moment, errand = due.get(timeout=0.2)
        except Empty:
            if done.is_set():
                return
            continue
        problem = ""
        try:
            answer, body = line.send(errand)
            problem = wrong(errand, answer, body)
            if errand.follows and not problem:
                page = Errand(errand.kind, errand.visitor, answer.headers["Location"])
                problem = wrong(page, *line.send(page))
        except (OSError, HTTPException) as error:
            problem = type(error).__name__
        found.add(errand.kind, time.monotonic() - moment, problem)


def wrong(errand: Errand, answer: HTTPResponse, body: bytes) -> str:
    """What is wrong with an answer: a page is there, a write leads on to where it leads when it was carried out."""
    if b"database is locked" in body:
        return "database is locked"
    place = answer.headers.get("Location") or ""
    well = answer.status == 200 if errand.fields is None else answer.status in (302, 303) and errand.leads(place)
    return "" if well and "sign-in" not in place else f"status {answer.status} {_without_tokens(place)}"


def _without_tokens(place: str) -> str:
    return "/".join(part if part.islower() else "..." for part in place.partition("?")[0].split("/") if part)
