"""From an offer to a confirmed call-off by the keyboard alone, in a browser; and what keeps nobody out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from world import World, made_world

from calloff.domain.packages import Visit
from calloff.web.audit.services.triggers import all_triggers, changeable_again, unchangeable
from calloff.web.brokerage.models import CallOff, Package
from calloff.web.contracts.services import market

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
DAY = tuple(Visit(day, minute, 30) for day in range(7) for minute in (450, 735, 1215))


@pytest.fixture(scope="module", autouse=True)
def _history_may_go(django_db_setup, django_db_blocker):
    """These tests see what a server in another thread commits; what they leave is deleted, which history refuses."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        kept = all_triggers(cursor) if connection.vendor == "sqlite" else []
        kept = [(name, statement) for name, statement in kept if name.endswith(("_no_update", "_no_delete"))]
        for name, _ in kept:
            cursor.execute(f'DROP TRIGGER "{name}"')
        if connection.vendor == "postgresql":
            for statement in changeable_again("audit_event", connection.vendor):
                cursor.execute(statement)
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for _, statement in kept:
            cursor.execute(statement)
        if connection.vendor == "postgresql":
            for statement in unchangeable("audit_event", connection.vendor):
                cursor.execute(statement)
            # The server's threads keep their connections for as long as the browser keeps its own.
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture
def world(transactional_db) -> World:
    market._kept.clear()
    made = made_world()
    made.at = timezone.now() - timedelta(minutes=5)
    for name, pounds in (("acorn", 15), ("beech", 16), ("dear", 40)):
        made.provider(name, pounds)
    return made


@pytest.fixture
def visit(world, live_server, chromium, signed_in):
    """A page of the broker's browser; it ends with no complaint in the console."""
    opened = []

    def open_page(address, shortcuts=False, width=1280):
        client = signed_in(world.broker)
        context = chromium.new_context(viewport={"width": width, "height": 900}, base_url=live_server.url)
        cookies = {"calloff": client.cookies["calloff"].value} | ({"calloff_shortcuts": "on"} if shortcuts else {})
        context.add_cookies([{"name": name, "value": cookies[name], "url": live_server.url} for name in cookies])
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto(address)
        opened.append((context, complaints))
        return page

    yield open_page
    for context, complaints in opened:
        context.close()
        assert complaints == []


@pytest.fixture
def offered(world):
    """A package with an offer, and another one of the same broker that needs them."""
    package, other = world.started(visits=DAY), world.package()
    world.answer(package, "acorn")
    Package.objects.update(owner=world.broker)
    return package, other


# Enter on the row of the queue opened the page, which is one press more.


@pytest.mark.parametrize(
    ("shortcuts", "keys"), [(True, ["c", "Enter"]), (False, ["Tab", "Enter", "Tab", "Enter", "Enter"])]
)
def test_an_offer_is_called_off_in_at_most_six_presses(visit, offered, shortcuts, keys):
    package, other = offered
    page = visit(f"/packages/{package.token}", shortcuts)

    for key in keys[:-1]:
        page.keyboard.press(key)
    page.wait_for_url(f"**/packages/{package.token}/confirm")
    page.wait_for_selector("button:focus")
    page.keyboard.press(keys[-1])

    page.wait_for_url(f"**/packages/{other.token}")
    assert len(keys) + 1 <= 6
    assert CallOff.objects.get().package == package


@pytest.mark.parametrize("width", [1280, 320])
def test_the_pages_of_a_package_keep_nobody_out_and_fit(visit, world, offered, width):
    from axe_playwright_python.sync_playwright import Axe

    package, _other = offered
    answer = f"/answers/{world.invitation(package, 'acorn').token}"
    page = visit(f"/packages/{package.token}", width=width)
    for rest in ("", "/confirm", answer, "/hold", "/override", "/outside", "/records/1", "/replay", "/sheet"):
        page.goto(f"/packages/{package.token}{rest}")
        found = Axe().run(page, options=RULES)
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found.response["violations"]] == [], (
            rest
        )
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), rest


def test_the_sheet_is_one_page_of_paper(visit, offered):
    package, _other = offered
    page = visit(f"/packages/{package.token}/sheet")

    paper = page.pdf(prefer_css_page_size=True)

    assert paper.count(b"/Type /Page") - paper.count(b"/Type /Pages") == 1
