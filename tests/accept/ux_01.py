"""
UX-01: no page breaks an accessibility rule that a machine can find.

axe looks at each state of each page that a role of ROLES can open: every address with what exists for it
(a package in each of its states), and every form as it comes back with its errors, at 1280 px and at 320 px. The rules
are those of WCAG 2.2 A and AA. Nothing may be wider than the screen either (1.4.10).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from accept.browsing import DESK, PHONE, in_chromium, site
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 60, 1: 1, 2: 1}
"""Every so-manieth page state is looked at, with at least one of each role and width; 1 is all."""
ROLES = (
    "broker",
    "approver",
    "commissioner",
    "contract_manager",
    "provider_manager",
    "finance_payer",
    "pay_approver",
    "auditor",
)
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
WIDE = "document.documentElement.scrollWidth > innerWidth"


def check(size: int) -> Result:
    """Every so-manieth state of a page at both widths."""
    return in_chromium("ux_01", "states_of_pages", size)


def states_of_pages(tally: Tally, every: int) -> None:
    from axe_playwright_python.sync_playwright import Axe
    from web.filled_world import filled_world

    filled, axe = filled_world(), Axe()

    def look(page: Any, what: str) -> None:
        tally.n += 1
        for one in axe.run(page, options=RULES).response["violations"]:
            where = one["nodes"][0]["html"][:160]
            tally.fault(f"{what}: {one['id']}, {len(one['nodes'])} times, as in {where}")
        tally.expect(not page.evaluate(WIDE), f"{what}: wider than the screen")

    with site() as here:
        for place, role in enumerate(ROLES):
            found = list(addresses_of(filled, role))
            for number, width in enumerate((DESK, PHONE)):
                context = here.context(filled.users[role], width=width, proved=True)
                page = context.new_page()
                # Each role and width begins elsewhere, so that a sample sees many pages.
                for address in found[(place * 2 + number) % every :: every]:
                    what = f"{role} {address} at {width} px"
                    if not shown(page, address):
                        continue
                    look(page, what)
                    if sent_empty(page):
                        look(page, f"{what}, sent empty")
                context.close()


def addresses_of(filled: Any, role: str) -> Iterator[str]:
    """Each address that a role can open, with whatever exists for it."""
    from web.doors import listed
    from web.routes import PUBLIC, holders_of

    for route, one in listed():
        if one.permission != PUBLIC and role in holders_of(one.permission) and "GET" in one.methods:
            yield from (route.address(values) for values in filled.values_of(route))


def shown(page: Any, address: str) -> bool:
    """Whether a page came; a file does not, and what is not there in a world like this one is no state of a page."""
    from playwright.sync_api import Error

    try:
        answer = page.goto(address)
    except Error as failed:
        if "Download is starting" in str(failed) or "ERR_ABORTED" in str(failed):
            return False
        raise
    return bool(answer and answer.status == 200 and "text/html" in answer.headers.get("content-type", ""))


def sent_empty(page: Any) -> bool:
    """Empty what can be typed into and send the form; whether it came back with errors."""
    form = page.locator("main form[method=post][novalidate]").first
    if not form.count():
        return False
    for field in form.locator("input[type=text], textarea").all():
        if field.is_visible():
            field.fill("")
    form.locator("button").last.click()
    page.wait_for_load_state()
    return page.title().startswith("Error: ")
