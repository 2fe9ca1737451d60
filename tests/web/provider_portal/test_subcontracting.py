"""A prime provider and its subcontractor: who sees what of a package that one holds and the other delivers."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from web.provider_portal.reading import day, ok, text_of

from calloff.web.audit.models import Look
from calloff.web.brokerage.models import Handback
from calloff.web.brokerage.services.carrying import who_see
from calloff.web.brokerage.services.ending import end_package
from calloff.web.brokerage.services.handing_back import answer_handback
from calloff.web.contracts.models import Enrolment, Pool
from calloff.web.jobs.models import Notice

pytestmark = pytest.mark.django_db


@pytest.fixture
def placed(world):
    """A package called off to acorn, which beech delivers as its subcontractor; cedar has nothing to do with it."""
    world.provider("cedar", 17)
    package = world.started()
    world.answer(package, "acorn")
    world.confirm(package)
    found = package.call_offs.get()
    found.delivered_by = Enrolment.objects.get(reference="beech")
    found.save(update_fields=("delivered_by",))
    # Whoever delivers gives the minutes.
    Pool.objects.filter(enrolment__reference="acorn").update(used=0)
    Pool.objects.filter(enrolment__reference="beech").update(used=found.minutes_per_week)
    return package


@pytest.fixture
def cedar(world, placed, signed_in):
    return signed_in(world.manager("cedar"))


def plan(package):
    return f"/provider/packages/{package.call_offs.get().token}"


def test_the_subcontractor_sees_the_plan_and_the_person_and_no_price_and_each_look_is_noted(world, beech, placed):
    page = beech.get(plan(placed))

    said = text_of(page)
    assert "Ada Example" in said
    assert "You deliver this care as a subcontractor of acorn Care" in said
    assert "£" not in page.content.decode()
    assert Look.objects.filter(screen="portal_package", user=world.manager("beech")).count() == 1
    rows = text_of(beech.get("/provider/packages"))
    assert f"Delivered for a prime provider Package Council Hours, a week {placed.reference}"[:38] in rows
    assert placed.reference in rows
    assert "£" not in beech.get("/provider/packages").content.decode()


def test_the_contract_stays_between_the_council_and_the_prime(beech, cedar, placed):
    where = plan(placed)
    token = placed.call_offs.get().token
    last = day((placed.approved_at + timedelta(days=40)).date(), "last_day_on")

    said = text_of(beech.get(where))
    assert "Give the package back" not in said
    assert "Write to the council" not in said
    for place in (f"{where}/hand-back", f"{where}/letter", f"/provider/messages/{token}"):
        assert beech.get(place).status_code == 404, place
        assert beech.post(place, {"reason": "travel", "text": "x", **last}).status_code in (404, 405), place
    for place in (where, f"{where}/first-visit", f"{where}/hand-back", f"{where}/letter"):
        assert cedar.get(place).status_code == 404, place
    assert placed.reference not in cedar.get("/provider/packages").content.decode()
    assert not Handback.objects.exists()


def test_either_of_them_enters_the_first_visit(world, acorn, beech, placed):
    world.later(days=8)
    ok(beech.post(f"{plan(placed)}/first-visit", day(world.at.date(), "first_visit_on")), plan(placed))
    assert placed.call_offs.get().first_visit_on == world.at.date()

    before = world.at.date() - timedelta(days=1)
    ok(acorn.post(f"{plan(placed)}/first-visit", day(before, "first_visit_on")), plan(placed))
    assert placed.call_offs.get().first_visit_on == before


def test_the_prime_sees_who_delivers_and_gives_the_package_back_and_both_are_told(world, acorn, beech, placed):
    said = text_of(acorn.get(plan(placed)))
    assert "beech Care delivers this care as your subcontractor" in said
    assert "£52.50 a week" in said
    assert "Delivered by your subcontractors" in text_of(acorn.get("/provider/packages"))
    assert "beech Care delivers until the day that you name" in text_of(acorn.get(f"{plan(placed)}/hand-back"))
    last = (world.at + timedelta(days=28)).date()

    ok(acorn.post(f"{plan(placed)}/hand-back", {"reason": "travel", **day(last, "last_day_on")}), plan(placed))

    assert "acorn Care gave this package back. Your last day is Monday 21 December" in text_of(beech.get(plan(placed)))
    answer_handback(handback=Handback.objects.get(), agreed=True, by=world.broker, at=world.at)
    told = Notice.objects.filter(kind="called_off_ended").values_list("user__name", flat=True)
    assert set(told) == {"manager-acorn", "manager-beech"}
    assert world.again(placed).state == "sourcing"


def test_whoever_delivers_is_told_with_the_call_off_and_each_person_once(world, acorn, beech, placed):
    found = placed.call_offs.get()
    assert {one.name for one in who_see(found, world.at.date())} == {"manager-acorn", "manager-beech"}
    found.delivered_by = Enrolment.objects.get(reference="acorn")
    assert [one.name for one in who_see(found, world.at.date())] == ["manager-acorn"]


def test_who_the_person_is_goes_for_the_subcontractor_too_when_the_care_has_ended(world, beech, placed):
    end_package(package=placed, last_day_on=world.at.date(), reason="moved", by=world.broker, at=world.at)
    world.later(days=1)

    page = beech.get(plan(placed))

    assert "This care has ended" in text_of(page)
    assert not re.search(r"\bAda\b", page.content.decode())
    assert beech.get(f"{plan(placed)}/first-visit").status_code == 404
    assert placed.reference in text_of(beech.get("/provider/packages?list=ended"))


def test_a_list_with_nothing_but_a_primes_packages_says_nothing_of_an_empty_one(beech, placed):
    said = text_of(beech.get("/provider/packages"))
    assert "Nothing is here" not in said
    assert "Delivered for a prime provider" in said
    assert "Nothing is here" in text_of(beech.get("/provider/packages?list=ended"))


def test_an_offer_that_named_no_subcontractor_is_told_that_and_not_that_it_was_silent(world, beech):
    package = world.started()
    world.answer(package, "beech")
    invitation = world.invitation(package, "beech")
    invitation.state, invitation.reason, invitation.settled_at = "expired", "no_answer", invitation.deadline_at
    invitation.save()
    world.at = invitation.deadline_at + timedelta(seconds=1)

    said = text_of(beech.get(f"/provider/invitations/{invitation.token}"))

    assert "Your branch named none of the subcontractors of whom its answer had to name one." in said
    assert "did not answer" not in said
