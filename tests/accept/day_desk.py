"""
The people of a scripted day at their screens: a browser for each, a clock that the day moves, servers that are killed.

Whatever is done is done on a page. What a page said was done is written down; what a kill left open is looked up in the
chain of events, as a person would look whether it is there, and done again where it is not.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from accept.moved_clock.sitecustomize import CLOCK, follow
from accept.server import Server

from calloff.web.config.serving import Child, listen, wait_until_well

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 320, "height": 640}
DONE = ".govuk-notification-banner--success"
SENDS = "main form button"
PATIENCE_SECONDS = 30
LEASE_SECONDS = 61
"""A job whose worker was killed is taken again after so long."""


class Clock:
    """The time of the day that is played: it runs on by itself, and is moved forward."""

    def __init__(self, begins_at: datetime, folder: Path) -> None:
        self.path = folder / "clock"
        self._write((begins_at - datetime.now(UTC)).total_seconds())
        follow(self.path)

    def _write(self, seconds: float) -> None:
        partial = self.path.with_suffix(".partial")
        partial.write_text(repr(seconds))
        partial.replace(self.path)

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(self.path.read_text()))

    def forward(self, **delta: float) -> None:
        self._write(float(self.path.read_text()) + timedelta(**delta).total_seconds())

    def until(self, moment: datetime) -> None:
        """Move on to a moment, if it is still to come."""
        self.forward(seconds=max(0.0, (moment - self.now()).total_seconds()))


class House(Server):
    """The website and the worker under the moved clock; each can be killed and comes back by itself."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.kills: list[str] = []

    def start(self) -> None:
        folder = Path(__file__).with_name("moved_clock")
        os.environ[CLOCK] = str(self.clock.path)
        before = os.environ.get("PYTHONPATH", "")
        os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), before])
        try:
            super().start()
        finally:
            os.environ["PYTHONPATH"] = before

    def end(self, what: str) -> None:
        """Kill the website with all its processes, or the worker, without a word."""
        self.kills.append(what)
        self.kill({"website": "server", "worker": "job worker"}[what], 0)

    def come_back(self) -> bool:
        """Start again whatever was killed, and wait for the website if that was; whether anything was."""
        gone = [place for place, child in enumerate(self.children) if child.process.poll() is not None]
        for place in gone:
            self._again(place, self.children[place])
        if 0 in gone:
            wait_until_well(self.children, self.port)
        return bool(gone)

    def _again(self, place: int, child: Child) -> None:
        words = list(child.process.args)  # type: ignore[arg-type]
        lifeline, listener = int(words[4]), None
        if place == 0:
            listener = listen(self.port, lambda _text: None)
            words[6] = str(listener.fileno())
        folder = Path(__file__).with_name("moved_clock")
        path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
        with child.log.open("ab") as said:
            process = subprocess.Popen(
                words,
                env={**os.environ, "PYTHONPATH": path},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                pass_fds=(lifeline, *([listener.fileno()] if listener else ())),
                start_new_session=True,
            )
        if listener is not None:
            listener.close()
        self.children[place] = Child(child.name, process, child.log)  # type: ignore[index]


@dataclass
class Desk:
    """Everybody's browsers, what their pages said was done, and the notices that each act must have caused."""

    house: House
    clock: Clock
    browser: Any
    council: Any
    pages: dict[str, Any] = field(default_factory=dict)
    acknowledged: list[tuple[str, str, int]] = field(default_factory=list)
    """Of each act that a page called done: who did it, the kind of its event, and how many of these there were then."""
    repeated: int = 0
    _users: dict[str, Any] = field(default_factory=dict)
    _to_kill: str = ""

    # -- people

    def user(self, name: str) -> Any:
        from calloff.web.accounts.models import User

        if name not in self._users:
            self._users[name] = User.objects.select_related("identity").get(name=name)
        return self._users[name]

    def page(self, name: str) -> Any:
        """The screen of somebody: a desk for staff, for providers a telephone that runs no script."""
        if name not in self.pages:
            staff = name.startswith(f"{self.council.code}.")
            context = self.browser.new_context(
                viewport=WIDE if staff else PHONE,
                java_script_enabled=staff,
                reduced_motion="reduce",
                base_url=f"http://127.0.0.1:{self.house.port}",
            )
            self.pages[name] = context.new_page()
            self.pages[name].set_default_timeout(PATIENCE_SECONDS * 1000)
        return self.pages[name]

    def comes_in(self, name: str, by_hand: bool) -> None:
        """Somebody signs in: with password and code on the pages, or as who has a session already."""
        from accept.server import session

        page = self.page(name)
        if not by_hand:
            address = f"http://127.0.0.1:{self.house.port}"
            page.context.add_cookies([{"name": "calloff", "value": session(self.user(name)), "url": address}])
            return
        from calloff.web.accounts.services import demo_code
        from calloff.web.demonstration.names import PASSWORD

        page.goto("/sign-in/")
        page.fill("input[name=login]", name)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.fill("input[name=code]", demo_code(name, datetime.now(UTC)))
        page.press("input[name=code]", "Enter")
        page.wait_for_url(lambda address: "/sign-in/" not in address)

    # -- acts

    def kill_at_next_act(self, what: str) -> None:
        self._to_kill = what

    def acts(
        self, name: str, kind: str, address: str, fill: Callable[[Any], None] | None = None, press: str = SENDS
    ) -> str:
        """
        Do something on a page: open it, fill it in, press its button; the address of the page that followed.

        Raises RuntimeError when the page refused: nothing of its kind was recorded, and what it says is told.
        """
        page = self.page(name)
        before = self.recorded(name, kind)
        for _ in range(4):
            sent, said = self._try(page, address, fill, press)
            count = self.recorded(name, kind)
            if sent and count == before:
                raise RuntimeError(f"{name}, {kind} at {address}: {self.refusal(page)}")
            if said:
                self.acknowledged.append((name, kind, count))
            if count > before:
                return str(page.url)
            self.repeated += 1
        raise RuntimeError(f"{name} could not do {kind} at {address}")

    def _try(self, page: Any, address: str, fill: Callable[[Any], None] | None, press: str) -> tuple[bool, bool]:
        """Whether the form reached a server that answered, and whether a page said that it was done."""
        from playwright.sync_api import Error

        try:
            if address:
                page.goto(address, wait_until="domcontentloaded")
            if fill is not None:
                fill(page)
            if self._to_kill:
                threading.Timer(0.03, self.house.end, (self._to_kill,)).start()
                self._to_kill = ""
            with page.expect_navigation(wait_until="domcontentloaded", timeout=PATIENCE_SECONDS * 1000):
                page.locator(press).first.click(no_wait_after=True)
            said = page.locator(DONE).count() > 0
        except Error as error:
            # A page that is not as the day expects it is a fault of one of the two; a dead server is neither.
            time.sleep(0.1)
            if not self.house.come_back():
                seen = page.locator("main").inner_text()[:900]
                raise RuntimeError(f"{address}: {str(error)[:300]} on the page: {seen}") from error
            return False, False
        self.house.come_back()
        return True, said

    def refusal(self, page: Any) -> str:
        """What a page says against an act."""
        found = page.locator(".govuk-error-summary, .refusal, .govuk-notification-banner")
        return " / ".join(text.strip() for text in found.all_inner_texts()) or str(page.url)

    def reads(self, name: str, address: str) -> str:
        """Somebody opens a page; its text."""
        page = self.page(name)
        page.goto(address, wait_until="domcontentloaded")
        return str(page.locator("main").inner_text())

    def recorded(self, name: str, kind: str) -> int:
        """How many events of a kind stand under somebody's name."""
        from calloff.web.audit.models import Event

        return Event.objects.filter(council=self.council.pk, by=self.user(name), kind=kind).count()

    # -- time

    def quiet(self) -> None:
        """Wait until the worker has done all that is due; the job of a killed one comes when its lease is over."""
        from django.db.models import Q

        from calloff.web.jobs.models import Job

        began = time.monotonic()
        while True:
            self.house.come_back()
            # An act counts as done at the full second after it, and so does what it gives the worker to do.
            soon = self.clock.now() + timedelta(seconds=2)
            due = Q(state=Job.WAITING, due_at__lte=soon) | Q(state=Job.RUNNING)
            if not Job.objects.filter(due).exists():
                return
            if time.monotonic() - began > 5 and Job.objects.filter(state=Job.RUNNING).exists():
                self.clock.forward(seconds=LEASE_SECONDS)
                began = time.monotonic()
            if time.monotonic() - began > 4 * PATIENCE_SECONDS:
                raise RuntimeError("the worker does not come to an end of what is due")
            time.sleep(0.05)


def day_in(page: Any, name: str, day: Any) -> None:
    """Type a day into its three boxes."""
    for part in ("day", "month", "year"):
        page.fill(f"input[name={name}_{part}]", str(getattr(day, part)))


def close(stack: ExitStack, desk: Desk) -> None:
    """Let every browser and server end with the stack."""
    stack.callback(desk.house.stop)
    stack.callback(desk.browser.close)
