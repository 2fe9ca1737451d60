"""
UX-07: what was typed survives a closed browser, a time-out and a killed server.

Web and worker run as they do live. Somebody writes a request in Chromium; then the browser is killed, the session runs
out, or the server is killed in the middle of the typing. Whatever was typed ten seconds before that stands in the form
again after signing in anew, and what could not be kept is said at once. Without JavaScript every step that was sent
stands there again. At the smallest size the page's own clock is moved on by hand; above it the seconds are true ones.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from accept.browsing import ARGUMENTS, CHROMIUM, Site, in_chromium
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 4, 1: 40, 2: 200}
"""So many times somebody is interrupted, each of the four ways in turn."""
MOST_LOST_SECONDS = 10
WORDS = ("wash", "dress", "without", "hurry", "walk", "to", "the", "shop", "again", "with", "somebody", "beside", "her")


def check(size: int) -> Result:
    """So many interruptions."""
    return in_chromium("ux_07", "interruptions", size)


@dataclass
class Desk:
    """An assessor at a screen: the server, a browser, and whether the page's seconds are true ones."""

    server: Any
    play: Any
    browser: Any
    user: Any
    true_seconds: bool

    def opened(self, address: str, browser: Any = None, **more: Any) -> Any:
        """The form in a browser that knows nothing of the others, signed in just now."""
        here = Site(f"http://127.0.0.1:{self.server.port}", browser or self.browser)
        page = here.context(self.user, **more).new_page()
        if not self.true_seconds and not more:
            page.clock.install()
        page.goto(address)
        return page

    def wait(self, page: Any, seconds: int) -> None:
        """Let seconds go by on a page, and what it sent meanwhile arrive."""
        if self.true_seconds:
            page.wait_for_timeout(seconds * 1000)
            return
        for _second in range(seconds):
            page.clock.run_for(1000)
        page.wait_for_timeout(600)

    def reads(self, address: str) -> str:
        """What stands in the form for somebody who has signed in anew."""
        page = self.opened(address)
        said = str(page.locator("textarea[name=outcomes]").input_value()) if "/sign-in" not in page.url else ""
        page.context.close()
        return said


def interruptions(tally: Tally, size: int) -> None:
    from accept.server import Server
    from django.utils import timezone
    from playwright.sync_api import sync_playwright
    from world import made_world

    from calloff.web.brokerage.services.requests import save_draft

    world, draw, server = made_world(), random.Random(7), Server()
    server.start()
    try:
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            desk = Desk(server, play, browser, world.assessor, true_seconds=size > SIZES[0])
            ways: tuple[Callable[..., None], ...] = (browser_killed, time_out, server_killed, without_script)
            for number in range(size):
                draft = save_draft(
                    request=None,
                    council=world.council,
                    person=world.person(),
                    form={},
                    by=world.assessor,
                    at=timezone.now() - timedelta(minutes=5),
                )
                tally.n += 1
                ways[number % len(ways)](tally, desk, f"/requests/{draft.reference}/needs", sentence(draw))
            browser.close()
    finally:
        server.stop()


def sentence(draw: random.Random) -> tuple[str, str]:
    """What is typed first, and what is typed in the last seconds."""
    return " ".join(draw.sample(WORDS, 8)), " ".join(draw.sample(WORDS, 4))


def type_into(page: Any, text: str) -> None:
    page.locator("textarea[name=outcomes]").press_sequentially(text)


def browser_killed(tally: Tally, desk: Desk, address: str, said: tuple[str, str]) -> None:
    """The browser dies without a word."""
    from playwright.sync_api import Error

    browser = desk.play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    page = desk.opened(address, browser)
    type_into(page, said[0])
    desk.wait(page, MOST_LOST_SECONDS)
    type_into(page, f" {said[1]}")
    # It is dead before it can answer.
    with suppress(Error):
        browser.new_browser_cdp_session().send("Browser.crash")
    found = desk.reads(address)
    tally.expect(found.startswith(said[0]), f"the browser was killed: {said[0]!r} became {found!r}")


def time_out(tally: Tally, desk: Desk, address: str, said: tuple[str, str]) -> None:
    """The session runs out while somebody types; that nothing more is kept is said."""
    page = desk.opened(address)
    type_into(page, said[0])
    desk.wait(page, MOST_LOST_SECONDS)
    runs_out(page.context)
    type_into(page, f" {said[1]}")
    desk.wait(page, MOST_LOST_SECONDS)
    status = page.locator("[data-draft-status]")
    told = status.inner_text()
    tally.expect(told == status.get_attribute("data-unsaved"), f"the session ran out and the page says {told!r}")
    page.reload()
    tally.expect("/sign-in/" in page.url, f"the session ran out and {page.url} still opened")
    page.context.close()
    found = desk.reads(address)
    tally.expect(found.startswith(said[0]), f"the session ran out: {said[0]!r} became {found!r}")


def server_killed(tally: Tally, desk: Desk, address: str, said: tuple[str, str]) -> None:
    """The server dies while somebody types and comes back while the page is still open."""
    page = desk.opened(address)
    type_into(page, said[0])
    desk.wait(page, MOST_LOST_SECONDS)
    desk.server.kill("server", 0.0)
    type_into(page, f" {said[1]}")
    desk.wait(page, MOST_LOST_SECONDS)
    status = page.locator("[data-draft-status]")
    told = status.inner_text()
    tally.expect(told == status.get_attribute("data-unsaved"), f"the server was dead and the page says {told!r}")
    desk.server.stop()
    desk.server.start()
    kept = desk.reads(address)
    tally.expect(kept.startswith(said[0]), f"the server was killed: {said[0]!r} became {kept!r}")
    desk.wait(page, MOST_LOST_SECONDS)
    page.context.close()
    found = desk.reads(address)
    tally.expect(found == " ".join(said), f"the server came back: {' '.join(said)!r} became {found!r}")


def without_script(tally: Tally, desk: Desk, address: str, said: tuple[str, str]) -> None:
    """Without JavaScript: a step that was sent, a time-out, another sign-in."""
    page = desk.opened(address, java_script_enabled=False)
    page.locator("textarea[name=outcomes]").fill(" ".join(said))
    page.locator("button[name=act][value=later]").last.click()
    runs_out(page.context)
    page.goto(address)
    tally.expect("/sign-in/" in page.url, f"the session ran out and {page.url} still opened")
    page.context.close()
    found = desk.reads(address)
    tally.expect(found == " ".join(said), f"without JavaScript: {' '.join(said)!r} became {found!r}")


def runs_out(context: Any) -> None:
    """Let the session of a browser have lain unused for an hour."""
    from django.conf import settings
    from django.contrib.sessions.backends.db import SessionStore

    from calloff.web.accounts.services import passing

    key = next(one["value"] for one in context.cookies() if one["name"] == settings.SESSION_COOKIE_NAME)
    store = SessionStore(key)
    store[passing.SEEN] = store[passing.SEEN] - 3600
    store.save()
