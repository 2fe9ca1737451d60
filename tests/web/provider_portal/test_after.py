"""What comes after: the call-off and its plan, the letter to whoever was not selected, hours to spare, notices."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from web.provider_portal.reading import day, ok, text_of

from calloff.web.audit.models import Look
from calloff.web.brokerage.models import Handback, Message
from calloff.web.brokerage.services.ending import end_package
from calloff.web.brokerage.services.messaging import write_to_branch
from calloff.web.contracts.models import Enrolment
from calloff.web.jobs.models import Notice

pytestmark = pytest.mark.django_db


@pytest.fixture
def placed(world):
    """A package called off to acorn, for which beech had offered too."""
    package = world.started()
    world.answer(package, "acorn")
    world.answer(package, "beech")
    world.confirm(package)
    return package


def plan(package):
    return f"/provider/packages/{package.call_offs.get().token}"


def lost(world, package):
    return f"/provider/invitations/{world.invitation(package, 'beech').token}"


def test_the_plan_opens_with_the_confirmed_call_off_and_each_look_is_noted(world, acorn, beech, placed):
    said = text_of(acorn.get(plan(placed)))

    assert "Ada Example" in said
    assert placed.reference in said
    assert "£52.50 a week" in said
    acorn.get(plan(placed))
    assert Look.objects.filter(screen="portal_package", user=world.manager("acorn")).count() == 2
    assert beech.get(plan(placed)).status_code == 404
    assert Look.objects.count() == 2
    assert "Called off to you" in text_of(acorn.get(f"/provider/invitations/{world.invitation(placed, 'acorn').token}"))
    assert not re.search(r"\bAda\b", acorn.get("/provider/packages").content.decode())


def test_not_selected_tells_the_rule_ones_own_figures_and_the_criterion_and_nobody_else(world, beech, placed):
    page = beech.get(lost(world, placed))

    said = text_of(page)
    assert "Price decided: the rule is the lowest price first." in said
    assert "£56.00 a week (£16.00 an hour)" in said
    assert "framework of a made-up council, version 1" in said
    for secret in ("acorn", "£15", "52.50", placed.reference, "Ada", "Example"):
        assert secret not in page.content.decode()


def test_the_copy_of_the_request_is_gone_after_thirty_days_and_the_explanation_stays(world, beech, placed):
    assert "What was asked" in text_of(beech.get(lost(world, placed)))
    world.later(days=31)

    said = text_of(beech.get(lost(world, placed)))
    assert "What was asked" not in said
    assert "Hill" not in said
    assert "Price decided" in said
    assert "is closed" in text_of(beech.get(lost(world, placed).replace("invitations", "messages")))


def test_letters_are_tagged_pdf_for_whom_they_are(world, acorn, beech, placed):
    call_off, loss = acorn.get(f"{plan(placed)}/letter"), beech.get(f"{lost(world, placed)}/letter")

    for letter in (call_off, loss):
        assert letter["Content-Type"] == "application/pdf"
        assert letter.content.startswith(b"%PDF")
        assert b"<pdfuaid:part>1</pdfuaid:part>" in letter.content
    assert beech.get(f"{plan(placed)}/letter").status_code == 404
    assert acorn.get(f"{lost(world, placed)}/letter").status_code == 404
    assert Look.objects.filter(screen="call_off_letter").count() == 1


def test_letters_are_opened_by_staff_too(world, signed_in, placed):
    broker = signed_in(world.broker)
    base = f"/packages/{placed.token}/letters"
    token = world.invitation(placed, "beech").token
    said = text_of(broker.get(f"/packages/{placed.token}"))
    assert "Call-off to acorn Care (PDF)" in said
    assert "Why beech Care was not selected (PDF)" in said

    assert broker.get(f"{base}/call-off/{placed.call_offs.get().token}").content.startswith(b"%PDF")
    assert broker.get(f"{base}/not-selected/{token}").content.startswith(b"%PDF")
    assert broker.get(f"{base}/not-selected/{world.invitation(placed, 'acorn').token}").status_code == 404
    auditor = signed_in(world.user("audit", "auditor"))
    assert auditor.get(f"{base}/call-off/{placed.call_offs.get().token}").status_code == 403


def test_first_visit_and_handback_with_notice(world, acorn, placed):
    where = plan(placed)
    early = acorn.post(f"{where}/first-visit", day((world.at + timedelta(days=7)).date(), "first_visit_on"))
    assert "entered when it was made" in text_of(early)
    world.later(days=7)
    ok(acorn.post(f"{where}/first-visit", day(world.at.date(), "first_visit_on")), where)

    last = (world.at + timedelta(days=28)).date()
    ok(acorn.post(f"{where}/hand-back", {"reason": "travel", "words": "Far.", **day(last, "last_day_on")}), where)

    assert Handback.objects.get().reason == "travel"
    said = text_of(acorn.get(where))
    assert "The last day is Monday 28 December" in said
    assert "Give the package back" not in said


def test_a_scheduler_gives_nothing_back(world, signed_in, placed):
    scheduler = signed_in(world.user("sam", "scheduler", branch=world.branch("acorn")))

    assert scheduler.get(f"{plan(placed)}/hand-back").status_code == 403
    assert "Give the package back" not in text_of(scheduler.get(plan(placed)))


def test_who_the_person_is_goes_with_the_end_of_the_care(world, acorn, placed):
    end_package(package=placed, last_day_on=world.at.date(), reason="moved", by=world.broker, at=world.at)
    assert "Ada Example" in text_of(acorn.get(plan(placed)))
    world.later(days=1)
    looks = Look.objects.count()

    page = acorn.get(plan(placed))
    assert "This care has ended" in text_of(page)
    assert not re.search(r"\bAda\b", page.content.decode())
    assert Look.objects.count() == looks
    assert acorn.get(f"{plan(placed)}/letter").status_code == 404
    assert acorn.get(f"{plan(placed)}/first-visit").status_code == 404
    assert placed.reference in text_of(acorn.get("/provider/packages?list=ended"))


def test_messages_go_both_ways_without_the_councils_reference_before_a_call_off(world, acorn, beech):
    package = world.started()
    invitation = world.invitation(package, "acorn")
    where = f"/provider/messages/{invitation.token}"
    write_to_branch(package=package, branch=invitation.branch, text="Is a key safe fine?", by=world.broker, at=world.at)

    assert "Is a key safe fine?" in text_of(acorn.get(f"/provider/invitations/{invitation.token}"))
    ok(acorn.post(where, {"text": "It is."}), where)
    ok(acorn.post(f"{where}/read"), where)

    told = Notice.objects.get(user=world.manager("acorn"), kind="message")
    assert package.reference not in told.about
    assert Message.objects.get(from_council=False).branch == invitation.branch
    assert Notice.objects.filter(user=world.broker, kind="message").exists()
    assert package.reference not in acorn.get("/provider/messages").content.decode()
    assert "Is a key safe" not in beech.get("/provider/messages").content.decode()
    assert beech.get(where).status_code == 404
    assert beech.post(where, {"text": "Hello"}).status_code == 404


def test_spare_hours_say_until_when_they_count_and_are_confirmed_with_one_press(world, acorn, beech):
    enrolment = world.declared("acorn")
    where = f"/provider/spare/{enrolment.token}"

    said = text_of(acorn.get("/provider/spare"))
    assert "Last confirmed today, 09:00; counts until Monday 7 December, 09:00" in said
    assert "100.0 hours" in said
    world.later(days=15)
    assert "no longer counts" in text_of(acorn.get("/provider/spare"))
    ok(acorn.post(where, {"pool_0": "7.5"}), "/provider/spare")

    pool = Enrolment.objects.get(pk=enrolment.pk).pools.get()
    assert (pool.spare, pool.declared_at) == (450, world.at)
    assert "Enter hours a week as a number" in text_of(acorn.post(where, {"pool_0": "many"}))
    assert beech.get(where).status_code == 404


def test_notices_lead_to_what_they_tell_and_are_read(world, acorn, placed):
    page = acorn.get("/notices")
    said = text_of(page)
    assert "A package was called off to you" in said
    assert "An invitation to offer care needs an answer" in said
    assert page.content.decode().count('href="/notices"') == 1
    assert acorn.get("/provider/notices").status_code == 404

    ok(acorn.post("/notices/read", {"until": world.at.isoformat()}), "/notices")
    assert not Notice.objects.filter(user=world.manager("acorn"), read_at__isnull=True).exists()
    for notice in Notice.objects.filter(user=world.manager("acorn")):
        assert acorn.get(notice.link).status_code == 200


def test_every_address_of_another_provider_is_not_found(world, acorn, beech, placed):
    token, call_off = world.invitation(placed, "acorn").token, placed.call_offs.get().token
    enrolment = world.branch("acorn").enrolments.get().token
    places = [f"invitations/{token}{rest}" for rest in ("", "/answer", "/thanks", "/letter", "/dispute/ANYTHING")]
    places += [f"packages/{call_off}{rest}" for rest in ("", "/first-visit", "/hand-back", "/letter")]
    places += [f"spare/{enrolment}", f"messages/{token}", f"messages/{call_off}", f"packages/{token}"]

    for place in places:
        assert beech.get(f"/provider/{place}").status_code == 404, place
        assert beech.post(f"/provider/{place}", {"answer": "accept"}).status_code in (404, 405), place
    assert beech.post(f"/provider/messages/{token}/read").status_code == 404
    assert acorn.get(f"/provider/packages/{call_off}").status_code == 200
