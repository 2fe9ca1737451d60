"""The comparison's page in a browser: readable by everybody, on any screen, from this machine alone."""

from __future__ import annotations

import threading
from datetime import date
from itertools import pairwise

import pytest

from calloff.ways.build import Size, make
from calloff.ways.page import refusal_of
from calloff.ways.serve import listen, site_of

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    made = make(tmp_path_factory.mktemp("made") / "ways", date(2026, 11, 25), "1", lambda line: None, size=Size(12, 40))
    server = listen(18_000, site_of(made.page, made.stamp, refusal_of), print)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=[1280, 320], ids=["desk", "phone"])
def opened(request, chromium, address):
    """The page at one width, with what it asked for and what the browser complained of."""
    page = chromium.new_page(viewport={"width": request.param, "height": 800})
    asked, complaints = [], []
    page.on("request", lambda one: asked.append(one.url))
    page.on("console", lambda one: complaints.append(one.text))
    page.on("pageerror", lambda one: complaints.append(str(one)))
    page.goto(f"{address}/")
    yield page, asked, complaints
    page.close()


def test_nobody_is_kept_out_of_the_page(opened):
    from axe_playwright_python.sync_playwright import Axe

    page, _, _ = opened
    page.eval_on_selector_all("details", "every => every.forEach(one => { one.open = true })")

    found = Axe().run(page).response["violations"]

    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


def test_only_tables_and_drawings_scroll_sideways(opened):
    page, _, _ = opened
    page.eval_on_selector_all("details", "every => every.forEach(one => { one.open = true })")

    width, shown = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")

    assert width <= shown


def test_the_page_asks_nothing_of_anybody_else_and_nothing_goes_wrong(opened, address):
    _, asked, complaints = opened

    assert complaints == []
    assert [url for url in asked if not url.startswith(f"{address}/")] == []
    assert f"{address}/style.css" in asked


def test_headings_step_down_one_at_a_time(opened):
    page, _, _ = opened

    levels = page.eval_on_selector_all("h1, h2, h3, h4, h5, h6", "every => every.map(one => Number(one.tagName[1]))")

    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_keyboard_reaches_the_content_first_and_every_wide_table(opened):
    page, _, _ = opened
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"

    unreached = page.eval_on_selector_all(
        ".scroll, pre", "every => every.filter(one => one.scrollWidth > one.clientWidth && one.tabIndex !== 0).length"
    )

    assert unreached == 0


def test_a_path_that_leads_nowhere_is_a_page_too(opened, address):
    from axe_playwright_python.sync_playwright import Axe

    page, _, _ = opened
    answer = page.goto(f"{address}/decisions/1")

    assert answer.status == 404
    assert page.text_content("h1") == "There is nothing here"
    assert Axe().run(page).response["violations"] == []
