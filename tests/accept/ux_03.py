"""
UX-03: from the focused row of the queue to a confirmed call-off in six key presses.

With shortcuts on at most six, and the next case opens. With shortcuts off the same by Tab and Enter alone; how many
presses that takes is printed. Each press is counted where it is made.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from accept.browsing import Site, arrives, in_chromium, site
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 1, 1: 5, 2: 20}
"""So many packages are called off with shortcuts on, and as many with shortcuts off."""
MOST_PRESSES = 6
FAR = 60
"""So many presses of Tab are tried before a button counts as out of reach."""


def check(size: int) -> Result:
    """So many call-offs each way."""
    return in_chromium("ux_03", "call_offs", size)


class Keys:
    """Presses keys and counts them."""

    def __init__(self, page: Any) -> None:
        self.page, self.presses = page, 0

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.presses += 1

    def tab_to(self, text: str) -> bool:
        """Press Tab until what has the focus begins with a text."""
        said = "(document.activeElement.textContent || '').trim()"
        for _press in range(FAR):
            if self.page.evaluate(said).startswith(text):
                return True
            self.press("Tab")
        return False


def call_offs(tally: Tally, size: int) -> None:
    from django.utils import timezone
    from world import made_world

    from calloff.web.brokerage.models import CallOff, Package
    from calloff.web.contracts.services import market

    market._kept.clear()
    world = made_world()
    world.at = timezone.now() - timedelta(minutes=5)
    for name, pounds in (("acorn", 15), ("beech", 16)):
        world.provider(name, pounds, 60_000)
    for _number in range(2 * size):
        world.answer(world.started(), "acorn")
    Package.objects.update(owner=world.broker)
    with site() as here:
        for shortcuts in (True, False):
            counted = [one_call_off(tally, here, world, shortcuts=shortcuts) for _number in range(size)]
            way = "with shortcuts" if shortcuts else "by Tab and Enter alone"
            tally.notes.append(f"{way}: {', '.join(str(one) for one in sorted(set(counted)))} presses")
    tally.expect(CallOff.objects.count() == 2 * size, f"{CallOff.objects.count()} call-offs of {2 * size}")


def one_call_off(tally: Tally, here: Site, world: Any, *, shortcuts: bool) -> int:
    """Call off the first package of the queue; how many presses it took."""
    from calloff.web.brokerage.models import CallOff

    tally.n += 1
    context = here.context(world.broker, shortcuts=shortcuts)
    page = context.new_page()
    page.goto("/queue?action=confirm")
    page.locator("[data-row] a").first.focus()
    keys, reference = Keys(page), page.locator("[data-row] a").first.inner_text()
    confirmed, way = CallOff.objects.count(), "with shortcuts" if shortcuts else "by Tab and Enter"
    keys.press("Enter")
    page.wait_for_url("**/packages/*")
    opened = page.url
    reached = True
    if shortcuts:
        keys.press("c")
    else:
        # The first link of every page leads past its head, as people who use Tab know.
        keys.press("Tab")
        keys.press("Enter")
        reached = keys.tab_to("Look at the call-off")
        keys.press("Enter")
    if not arrives(page, lambda url: url.endswith("/confirm")):
        tally.fault(f"{way}: {keys.presses} presses did not lead to the confirmation of {reference}")
        context.close()
        return keys.presses
    if not shortcuts:
        reached &= keys.tab_to("Confirm")
    keys.press("Enter")
    arrives(page, lambda url: not url.endswith("/confirm"))
    tally.expect(reached, f"{way}: a button of {reference} cannot be reached by Tab")
    tally.expect(CallOff.objects.count() == confirmed + 1, f"{way}: {reference} was not called off, at {page.url}")
    tally.expect(page.url != opened, f"{way}: after {reference} no next case opened")
    tally.expect(keys.presses <= MOST_PRESSES, f"{way}: {keys.presses} presses for {reference}")
    context.close()
    return keys.presses
