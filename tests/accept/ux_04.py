"""
UX-04: a provider accepts an invitation on a small phone, on a slow line, without JavaScript.

From the list of invitations to the receipt at 320 px: at most three screens, at most 150 kB with an empty cache on a
line of 1.6 Mbit/s and 150 ms there and back, nothing wider than the screen, and the answer is kept. Bytes are those
that Chromium counted on the wire. The largest thing of each screen must stand within 2.5 s; above the smallest size
that counts, at the smallest it is printed alone, since a test never measures a busy machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from accept.browsing import PHONE, Site, arrives, in_chromium, site
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 1, 1: 5, 2: 20}
"""So many invitations are accepted; at the smallest size the time is not judged."""
MOST_SCREENS, MOST_BYTES, MOST_SECONDS = 3, 150_000, 2.5
LINE = {"offline": False, "latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 1_600_000 / 8}


def check(size: int) -> Result:
    """So many journeys."""
    return in_chromium("ux_04", "journeys", size)


def journeys(tally: Tally, size: int) -> None:
    from django.utils import timezone
    from world import made_world

    from calloff.web.brokerage.models import Offer
    from calloff.web.contracts.services import market

    market._kept.clear()
    world = made_world()
    world.at = timezone.now() - timedelta(minutes=5)
    world.provider("acorn", 15, 60_000)
    with site() as here:
        for number in range(1, size + 1):
            world.started()
            journey = Journey(here, world.manager("acorn"))
            journey.accept()
            tally.n += 1
            for fault in journey.faults(timed=size > SIZES[0]):
                tally.fault(fault)
            tally.expect(Offer.objects.count() == number, "the answer was not kept")
            said = f"{journey.bytes / 1000:.1f} kB in {len(journey.screens)} screens"
            tally.notes += [f"{said}, the largest thing after {max(journey.screens.values()):.2f} s"][: number == 1]


class Journey:
    """One answer on a phone of its own, whose cache is empty: each screen with the seconds until it stood."""

    def __init__(self, here: Site, user: Any) -> None:
        self.context = here.context(user, width=PHONE, java_script_enabled=False)
        self.page = self.context.new_page()
        self.screens: dict[str, float] = {}
        self.bytes, self.wide, self.lost = 0, list[str](), list[str]()
        self.stood_at = 0.0
        line = self.context.new_cdp_session(self.page)
        line.on("Network.loadingFinished", self._loaded)
        line.on("PerformanceTimeline.timelineEventAdded", self._painted)
        line.send("Network.enable")
        line.send("Network.emulateNetworkConditions", LINE)
        line.send("PerformanceTimeline.enable", {"eventTypes": ["largest-contentful-paint"]})

    def _loaded(self, told: dict[str, Any]) -> None:
        self.bytes += told["encodedDataLength"]

    def _painted(self, told: dict[str, Any]) -> None:
        self.stood_at = told["event"]["time"]

    def accept(self) -> None:
        """From the list to the receipt, as a thumb goes."""
        self._screen("the invitation", lambda: self.page.goto("/provider"), lambda url: url.endswith("/provider"))
        self._screen(
            "the answer", lambda: self.page.locator("a.govuk-button").first.click(), lambda url: "/answer" in url
        )
        self.page.locator("input[type=radio][value=accept]").check()
        self._screen("the receipt", self.page.get_by_role("button", name="Send").click, lambda url: "/thanks" in url)
        self.context.close()

    def _screen(self, name: str, act: Callable[[], object], there: Callable[[str], bool]) -> None:
        began, self.stood_at = time.time(), 0.0
        act()
        if not arrives(self.page, there):
            self.lost.append(f"{name} did not come; it is {self.page.url}")
        self.page.wait_for_timeout(300)
        self.screens[name] = self.stood_at - began if self.stood_at else 0.0
        if self.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            self.wide.append(name)

    def faults(self, *, timed: bool) -> list[str]:
        """What was too much, too wide or too late."""
        found = [*self.lost, *(f"{name} is wider than {PHONE} px" for name in self.wide)]
        if len(self.screens) > MOST_SCREENS:
            found.append(f"{len(self.screens)} screens")
        if self.bytes > MOST_BYTES:
            found.append(f"{self.bytes} bytes")
        if self.bytes == 0 or not all(self.screens.values()):
            found.append("nothing was measured")
        late = {name: seconds for name, seconds in self.screens.items() if seconds > MOST_SECONDS}
        return found + [f"{name} stood after {seconds:.2f} s" for name, seconds in late.items() if timed]
