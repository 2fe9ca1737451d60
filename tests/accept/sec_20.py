"""
SEC-20: text that people type is never run in pages, letters or workbooks.

Every field of free text of a council holds markup that would run, every page is read by those who may, every form is
sent back with it, and every file, letter and e-mail is opened: nowhere does it stand as markup. Above the smallest
size a browser without the content security policy opens the pages, and nothing runs.
"""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 1, 1: 3, 2: 30}
"""So many sets of arguments for each address; at the smallest size for one role each."""
CANARY = "\"'><svg/onload=alert(7)>"
RAW = b"<svg/onload"
FORM = re.compile(rb'<(?:input|textarea|select)[^>]*\bname="([^"]+)"')
FEW = 8
"""At the smallest size one form in so many is sent."""
CHROMIUM = "/usr/bin/chromium"


def check(size: int) -> Result:
    """So many sets of arguments on each engine."""
    tally = Tally()
    on_each_engine(tally, "sec_20", "outputs", size, SIZES[0])
    return tally.result


def outputs(tally: Tally, size: int) -> None:
    from accept.typed import talked, type_everywhere, unnamed
    from web.filled_world import filled_world

    for name in unnamed():
        tally.fault(f"nobody has said whether people type into {name}")
    filled = filled_world()
    talked(filled)
    filled.world.work()
    fields = type_everywhere(lambda _number: CANARY)
    pages = read(tally, filled, size)
    sent_back(tally, filled, size)
    in_files(tally, filled)
    in_letters(tally, filled)
    tally.expect(pages > 0, "no page shows what was typed")
    tally.notes.append(f"{len(fields)} fields hold it; {pages} pages show it")
    if size > SIZES[0]:
        in_browser(tally, filled)


def read(tally: Tally, filled: Any, size: int) -> int:
    """Every page; how many show what was typed, escaped."""
    from accept.typed import looks

    shown = 0
    for role, address, answer in looks(filled, size):
        content = answer.getvalue() if answer.streaming else answer.content
        tally.n += 1
        tally.expect(answer.status_code < 500 or address == "/health", f"{address} broke: {answer.status_code}")
        if answer.get("Content-Type", "").startswith("text/html"):
            tally.expect(RAW not in content, f"{address}, as {role}: it stands in the page as markup")
            shown += b"svg/onload" in content
    return shown


def sent_back(tally: Tally, filled: Any, size: int) -> None:
    """Every form with it in every field: whatever is said of it is no markup. What is taken is undone."""
    from django.db import transaction
    from web.doors import listed
    from web.routes import holders_of

    for number, (route, one) in enumerate(listed()):
        if size == SIZES[0] and number % FEW:
            continue
        if not {"GET", "POST"} <= set(one.methods) or route.name.startswith(("api_", "account_log")):
            continue
        address = route.address(filled.values_of(route)[0])
        client = filled.client(sorted(holders_of(one.permission))[0], raise_request_exception=False)
        names = {name.decode() for name in FORM.findall(client.get(address).content)} - {"csrfmiddlewaretoken"}
        with transaction.atomic():
            answer = client.post(address, dict.fromkeys(names | {"q", "text"}, CANARY))
            transaction.set_rollback(True)
        tally.n += 1
        tally.expect(answer.status_code < 500, f"the form of {address} broke: {answer.status_code}")
        tally.expect(RAW not in answer.content, f"the form of {address} says it as markup")


def in_files(tally: Tally, filled: Any) -> None:
    """In workbooks it is text between marks that are escaped; in CSV it is text anyhow."""
    from accept.typed import files

    seen = 0
    for address, content in files(filled, "xlsx"):
        tally.n += 1
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            parts = {name: package.read(name) for name in package.namelist()}
        for name, part in parts.items():
            tally.expect(RAW not in part, f"{address}: it stands in {name} as markup")
        seen += any(b"svg/onload" in part for part in parts.values())
    tally.expect(seen > 0, "no workbook shows what was typed")


def in_letters(tally: Tally, filled: Any) -> None:
    """Letters are PDF without scripts and e-mails are plain text."""
    from django.conf import settings

    from calloff.web.brokerage.services.letters import call_off_letter

    for call_off in filled.packages["called off"].call_offs.select_related("package__person", "package__council"):
        tally.n += 1
        letter = call_off_letter(call_off, prices=True)
        for mark in (b"/JavaScript", b"/JS", b"/OpenAction", b"/AA", b"/Launch", b"/URI"):
            tally.expect(mark not in letter, f"the letter holds {mark!r}")
    filled.world.work()
    for path in Path(settings.EMAIL_FILE_PATH).glob("*.eml"):
        tally.n += 1
        tally.expect(b"text/html" not in path.read_bytes(), "an e-mail is a page")


# In a browser


def in_browser(tally: Tally, filled: Any) -> None:
    """Pages in Chromium that has been told to take no notice of the policy: what would run does."""
    from accept.sec_17 import served
    from django.conf import settings
    from web.doors import listed
    from web.routes import holders_of

    if not Path(CHROMIUM).exists():
        tally.notes.append("no browser is here: pages were not opened in one")
        return
    from playwright.sync_api import sync_playwright

    opened, ran = 0, []
    with served() as site, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        clients: dict[str, Any] = {}
        for route, one in listed():
            role = sorted(holders_of(one.permission))[0]
            if "GET" not in one.methods or route.name.startswith(("api_", "account_logout")):
                continue
            if role not in clients:
                context = browser.new_context(bypass_csp=True)
                key = filled.client(role).cookies[settings.SESSION_COOKIE_NAME].value
                context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": site}])
                clients[role] = context.new_page()
                clients[role].on("dialog", lambda dialog: (ran.append(dialog.page.url), dialog.dismiss()))
            page, address = clients[role], route.address(filled.values_of(route)[0])
            if not filled.client(role).get(address).get("Content-Type", "").startswith("text/html"):
                continue
            page.goto(site + address)
            opened += 1
            if page.locator("svg[onload]").count():
                tally.fault(f"{address}: it is an element of the page")
        # The browser itself is tried: the same markup, unescaped, does run.
        page.set_content(CANARY)
        page.wait_for_timeout(300)
        control = [url for url in ran if not url.startswith(site)] or ran[-1:]
        tally.expect(bool(control), "the browser runs nothing at all, so it shows nothing")
        for url in ran[:-1]:
            tally.fault(f"it ran on {url}")
        browser.close()
    tally.n += opened
    tally.notes.append(f"{opened} pages opened in Chromium, {max(0, len(ran) - 1)} ran it")
