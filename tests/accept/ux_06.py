"""
UX-06: filters survive the address line and the back button, "any" included.

Every page of the website that has filters, as it is found by asking: random choices of its own codes are sent as its
form sends them, the answer shows exactly these chosen, and every address that the page then gives (its tabs, its
pages, its "clear") holds them, or leaves them out, as it should; asking for the same address again gives the same
rows. Then in Chromium: choose, apply, open a row, go back, and the choice, the address and the rows are the same.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlencode

from accept.browsing import Site, arrives, in_chromium, site
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 12, 1: 1000, 2: 5000}
"""So many choices over all pages with filters."""


def check(size: int) -> Result:
    """So many choices, and each page once in the browser's back button."""
    return in_chromium("ux_06", "choices", size)


class Filtered(HTMLParser):
    """A page with filters: each one's codes and the one chosen, what is hidden beside them, and its rows."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.codes: dict[str, list[str]] = {}
        self.chosen: dict[str, str] = {}
        self.hidden: dict[str, str] = {}
        self.addresses: list[str] = []
        self._inside, self._select = False, ""
        self.feed(html.partition("<main")[2])
        self.rows = html.partition("<tbody")[2].rpartition("</tbody>")[0]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = said.get("class") == "filters" and said.get("method") == "get"
        elif tag == "select" and self._inside:
            self._select = said["name"]
            self.codes[self._select], self.chosen[self._select] = [], ""
        elif tag == "option" and self._inside:
            self.codes[self._select].append(said["value"])
            if "selected" in said:
                self.chosen[self._select] = said["value"]
        elif tag == "input" and self._inside and said.get("type") == "hidden":
            self.hidden[said["name"]] = said["value"]
        elif tag == "a" and said.get("href", "").startswith("?"):
            self.addresses.append(said["href"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


def choices(tally: Tally, size: int) -> None:
    from web.filled_world import filled_world

    filled, draw = filled_world(), random.Random(6)
    clients = {role: filled.client(role) for role in filled.users}
    found = dict(pages_with_filters(filled, clients))
    tally.expect(len(found) >= 4, f"only {len(found)} pages have filters")
    for number in range(size):
        address, role = list(found.items())[number % len(found)]
        tally.n += 1
        one_choice(tally, clients[role], address, draw)
    with site() as here:
        for address, role in list(found.items())[: 2 if size == SIZES[0] else None]:
            tally.n += 1
            back_again(tally, here, filled.users[role], address)
    tally.notes.append(f"{len(found)} pages with filters: {', '.join(found)}")


def pages_with_filters(filled: Any, clients: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each address without an argument whose page has filters, with a role that may open it."""
    from web.doors import listed
    from web.routes import PUBLIC, holders_of

    for route, one in listed():
        if route.arguments or one.permission == PUBLIC or "GET" not in one.methods:
            continue
        role = sorted(holders_of(one.permission))[0]
        answer = clients[role].get(route.address({}))
        if answer.status_code == 200 and b'class="filters"' in getattr(answer, "content", b""):
            yield route.address({}), role


def one_choice(tally: Tally, client: Any, address: str, draw: random.Random) -> None:
    """Some codes of the page's own, sent as its form sends them."""
    whole = Filtered(client.get(address).content.decode())
    wanted = {name: draw.choice(codes) for name, codes in whole.codes.items()}
    query = urlencode([*whole.hidden.items(), *wanted.items()])
    what = f"{address}?{query}"
    page = Filtered(client.get(f"{address}?{query}").content.decode())
    tally.expect(page.chosen == wanted, f"{what}: shown as {page.chosen}")
    tally.expect(page.hidden == whole.hidden, f"{what}: beside the filters stands {page.hidden}")
    again = Filtered(client.get(f"{address}?{query}").content.decode())
    tally.expect(again.rows == page.rows, f"{what}: other rows when asked again")
    narrowing = {name: code for name, code in wanted.items() if code}
    for href in page.addresses:
        held = {name: code for name, code in parse_qsl(href[1:]) if name in wanted}
        # An address of the page keeps all of them or, as "clear" does, none; a tile has its own.
        tally.expect(held in (narrowing, {}) or bool({*held} - {*narrowing}), f"{what}: {href} loses a filter")
        if held == narrowing and narrowing:
            answer = client.get(address + href)
            if answer["Content-Type"].startswith("text/html"):
                there = Filtered(answer.content.decode())
                tally.expect(there.chosen == wanted, f"{what}: {href} shows {there.chosen}")
    if narrowing:
        cleared = [href for href in page.addresses if not {name for name, _ in parse_qsl(href[1:])} & {*narrowing}]
        tally.expect(bool(cleared), f"{what}: nothing clears the filters")


def back_again(tally: Tally, here: Site, user: Any, address: str) -> None:
    """Choose one code in the browser, go elsewhere and come back by the back button."""
    context = here.context(user)
    page = context.new_page()
    page.goto(address)
    select = page.locator("form.filters[method=get] select").first
    code = select.locator("option").nth(1).get_attribute("value")
    select.select_option(code)
    page.locator("form.filters[method=get] button").click()
    name = select.get_attribute("name")
    tally.expect(arrives(page, lambda url: f"{name}={code}" in url), f"{address}: {name}={code} is not in the address")
    chosen, rows = page.url, page.locator("tbody").all_inner_texts()
    page.goto("/account/")
    page.go_back()
    tally.expect(page.url == chosen, f"{address}: back leads to {page.url}, not {chosen}")
    tally.expect(select.input_value() == code, f"{address}: back shows {select.input_value()!r}, not {code!r}")
    tally.expect(page.locator("tbody").all_inner_texts() == rows, f"{address}: back shows other rows")
    context.close()
