"""Every component in Chromium under the website's own headers: it fits, keeps nobody out, and breaks no rule."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from web.look.gallery import PAGES

SIZES = {"desk": (1280, 900), "phone": (320, 640)}


@pytest.fixture
def visit(chromium, gallery):
    """Open a page of the gallery at a size, and fail when the browser complains of anything."""
    opened = []

    def open_page(name, size="desk", **options):
        width, height = SIZES[size]
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        page = context.new_page()
        complaints = []
        page.on("console", lambda message: complaints.append(message.text) if message.type != "log" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{gallery.address}/{name}")
        page.wait_for_load_state("networkidle")
        opened.append((context, complaints))
        return page

    yield open_page
    for context, complaints in opened:
        context.close()
        assert complaints == []


@pytest.mark.browser
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_page_keeps_nobody_out_and_fits(visit, name, size):
    from axe_playwright_python.sync_playwright import Axe

    page = visit(name, size)
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    found = Axe().run(page, options=rules)

    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if folder := os.environ.get("CALLOFF_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}-{size}.png"), full_page=True)


# What pages gain where scripts run


@pytest.mark.browser
def test_shortcuts_move_and_open_for_who_asked_for_them(visit):
    page = visit("queue")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") == "P-7K9Q"
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.textContent") == "P-7K2M"
    page.keyboard.press("?")
    assert page.locator("#shortcuts").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("jk")
    assert page.input_value("#search") == "jk"
    page.keyboard.press("Tab")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/package")


@pytest.mark.browser
def test_shortcuts_are_off_until_asked_for_and_the_choice_is_kept(visit):
    page = visit("package")
    page.keyboard.press("?")
    assert not page.locator("#shortcuts").is_visible()

    page.get_by_role("button", name="Keyboard shortcuts").click()
    assert page.locator("#shortcuts").is_visible()
    assert [(one["name"], one["value"]) for one in page.context.cookies()] == [("calloff_shortcuts", "on")]


@pytest.mark.browser
def test_countdown_goes_on_in_the_servers_words(visit):
    page = visit("package")
    assert page.locator(".countdown").inner_text() == "in 38 min"

    page.evaluate("document.querySelector('.countdown').dateTime = '2026-11-28T13:53:00Z'")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert page.locator(".countdown").inner_text() in ("in 2 days 4 hours", "in 2 days 3 hours")


@pytest.mark.browser
def test_draft_is_kept_while_writing(visit, gallery):
    page = visit("answer")
    page.fill("#id_message", "From Monday & gladly")
    page.get_by_text("Draft kept at").wait_for()

    path, text = gallery.posted[-1]
    assert path == "/draft"
    assert "message=From+Monday+%26+gladly" in text


@pytest.mark.browser
def test_form_is_sent_once(visit, gallery):
    page = visit("answer")
    before = len(gallery.posted)
    page.evaluate(
        "(form => { form.action = '/once'; form.target = 'elsewhere'; form.requestSubmit(); form.requestSubmit() })"
        "(document.querySelector('main form'))"
    )
    page.wait_for_timeout(400)

    assert [path for path, _ in gallery.posted[before:]] == ["/once"]


@pytest.mark.browser
@pytest.mark.parametrize("scripts", [True, False])
def test_further_questions_open_with_their_answer(visit, scripts):
    page = visit("answer", "phone", java_script_enabled=scripts)
    assert not page.locator("#id_hours").is_visible()
    page.get_by_label("Some of it, or at other times").check()
    assert page.locator("#id_hours").is_visible()
    assert not page.locator("#id_reason").is_visible()


@pytest.mark.browser
def test_link_of_an_error_leads_to_its_field(visit):
    page = visit("wrong")
    assert page.evaluate("document.activeElement.className") == "govuk-error-summary"
    page.get_by_role("link", name="The time must be a time of day").click()

    assert page.evaluate("document.activeElement.id") == "id_starts_at"


@pytest.mark.browser
def test_package_prints_on_paper(visit, tmp_path):
    page = visit("package")
    page.emulate_media(media="print")

    assert not page.locator(".govuk-service-navigation").is_visible()
    assert page.get_by_text("5 no spare hours at 07:00").is_visible()
    folder = Path(os.environ.get("CALLOFF_PICTURES", tmp_path))
    assert len(page.pdf(path=str(folder / "package.pdf"), prefer_css_page_size=True)) > 10_000
