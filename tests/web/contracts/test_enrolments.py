"""Enrolments: drafted from a file or a form beside their ceilings, approved by another; stopped and opened again."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from world import made_world

from calloff.domain.calendar import local
from calloff.web.audit.models import Event
from calloff.web.brokerage.models import Invitation
from calloff.web.contracts.models import Declaration, Draft, Enrolment, Pool, Suspension
from calloff.web.contracts.services.market import facts_of
from calloff.web.contracts.services.spare_minutes import SpareMinutesError, declare_spare
from calloff.web.directory.models import Branch, Organisation
from calloff.web.directory.services import draw

pytestmark = pytest.mark.django_db

SHEET = """\
reference,provider,model,tier,role,price_lines,spare_minutes,from,to
D-1,Dogwood,framework,framework,member,15.95; 31.50 day_type=weekend,*/*=600@2026-11-20T09:00Z,2026-04-01,2027-03-31
"""


@pytest.fixture
def world(db):
    made = made_world()
    made.at = timezone.now().replace(microsecond=0)
    made.provider("Acorn")
    add_branch("Dogwood")
    return made


def add_branch(name: str) -> Branch:
    body = Organisation.objects.create(reference=name, name=f"{name} Ltd")
    return Branch.objects.create(
        reference=name,
        token=draw(),
        organisation=body,
        name=f"{name} Care",
        nation="england",
        service_types="care_at_home",
        registered_from=date(2010, 1, 1),
        scale="cqc",
    )


@pytest.fixture
def commissioner(world, signed_in):
    return signed_in(world.user("commissioner", "commissioner"))


@pytest.fixture
def manager(world, signed_in):
    return signed_in(world.user("contracts", "contract_manager"))


def page(answer) -> str:
    assert answer.status_code == 200, answer
    return answer.content.decode()


def send(client, text: str):
    return client.post(reverse("new_enrolments"), {"sheet": SimpleUploadedFile("contracts.csv", text.encode())})


def kept(answer) -> Draft:
    assert answer.status_code == 302, answer.content.decode()
    return Draft.objects.latest("pk")


def approved(commissioner, manager, draft: Draft) -> str:
    commissioner.post(reverse("forward_enrolment", args=(draft.reference,)), {"note": ""})
    return page(manager.post(reverse("approve_enrolment", args=(draft.reference,)), follow=True))


def three(name: str, on: date) -> dict[str, str]:
    return {f"{name}_day": str(on.day), f"{name}_month": str(on.month), f"{name}_year": str(on.year)}


def test_a_file_is_shown_with_prices_beside_the_ceiling_and_who_is_new(commissioner, manager):
    draft = kept(send(commissioner, SHEET))

    text = page(commissioner.get(reverse("draft", args=(draft.reference,))))

    assert "Dogwood Care" in text
    assert "new to the council" in text
    assert "£31.50 is above the ceiling of £30.00" in text
    assert "£15.95 an hour" in text
    assert not Enrolment.objects.filter(reference="D-1").exists()

    approved(commissioner, manager, draft)
    row = Enrolment.objects.get(reference="D-1")
    assert row.pools.get().declared == 600
    assert row.to_on == date(2027, 3, 31)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("Dogwood", "Nobody", "the provider Nobody is not in the register"),
        (",framework,framework,", ",elsewhere,framework,", "the council has no model elsewhere"),
        (",framework,framework,", ",framework,others,", "has no tier others"),
        ("member", "friend", "one of member"),
        ("15.95", "15.95 pounds", "one rate in pounds"),
        ("2027-03-31", "2025-03-31", "a day not before 2026-04-01"),
    ],
)
def test_what_cannot_be_enrolled_is_told_and_not_kept(commissioner, old, new, says):
    text = page(send(commissioner, SHEET.replace(old, new)))

    assert says in text
    assert not Draft.objects.exists()


def test_the_same_file_twice_is_nothing_to_approve(commissioner, manager):
    approved(commissioner, manager, kept(send(commissioner, SHEET)))

    assert "there is nothing to approve" in page(send(commissioner, SHEET))


def test_one_enrolment_from_a_form(commissioner, manager):
    told = {
        "provider": "Dogwood", "place": "framework framework", "role": "member", "reference": "D-2", "price": "21.50",
        "spare": "17.5", "localities": ["north"], "capabilities": ["medication"], **three("from_on", date(2026, 4, 1)),
    }  # fmt: skip
    assert "the register holds no provider" in page(
        commissioner.post(reverse("new_enrolment"), told | {"provider": "Nobody"})
    ).replace("The register", "the register")

    approved(commissioner, manager, kept(commissioner.post(reverse("new_enrolment"), told)))

    facts = facts_of(Enrolment.objects.get(reference="D-2"))
    assert facts.price_lines[0].centipence == 215_000
    assert facts.localities == {"north"}
    pool = Pool.objects.get(enrolment__reference="D-2")
    assert pool.declared == 1_050
    assert pool.declared_at is not None


def test_a_price_and_a_pool_are_added_by_a_draft_and_what_is_used_stays_used(world, commissioner, manager):
    package = world.started()
    world.answer(package, "Acorn")
    world.confirm(package)
    row = Enrolment.objects.get(reference="Acorn")
    used = row.pools.get().used
    assert used
    address = reverse("change_enrolment", args=(row.token,))
    told = {"prices": "14.80; 15.50 day_type=weekend", "pool": "", **three("to_on", date(2027, 3, 31))}

    assert "each area and band offered once" in page(commissioner.post(address, told | {"pool": "*/bed=60"}))
    draft = kept(commissioner.post(address, told))
    text = page(commissioner.get(reverse("draft", args=(draft.reference,))))
    assert "price lines, to" in text
    approved(commissioner, manager, draft)

    row.refresh_from_db()
    assert [line.centipence for line in facts_of(row).price_lines] == [148_000, 155_000]
    assert row.to_on == date(2027, 3, 31)
    assert row.pools.get().used == used


def test_a_further_pool_comes_behind_those_there_are(world, commissioner, manager):
    text = SHEET.replace("*/*=600", "*/morning=600")
    approved(commissioner, manager, kept(send(commissioner, text)))
    row = Enrolment.objects.get(reference="D-1")

    address = reverse("change_enrolment", args=(row.token,))
    told = {"prices": "15.95", "pool": "*/bed=120", **three("to_on", date(2027, 3, 31))}
    approved(commissioner, manager, kept(commissioner.post(address, told)))

    assert list(row.pools.order_by("number").values_list("number", "declared")) == [(0, 600), (1, 120)]
    text = page(manager.get(reverse("enrolment", args=(row.token,))))
    assert "every locality, in the morning" in text


def test_another_tier_or_provider_is_another_enrolment(world, commissioner, manager):
    approved(commissioner, manager, kept(send(commissioner, SHEET)))

    text = page(send(commissioner, SHEET.replace("D-1,Dogwood", "D-1,Acorn")))

    assert "provider cannot be changed" in text


def test_an_enrolment_shows_prices_hours_and_packages(world, manager):
    package = world.started()
    world.answer(package, "Acorn")
    world.confirm(package)
    row = Enrolment.objects.get(reference="Acorn")

    text = page(manager.get(reverse("enrolment", args=(row.token,))))

    assert "£15.00 an hour" in text
    assert package.reference in text
    assert package.person.name not in text
    assert "Stop new work" in text


def test_an_enrolment_of_another_council_is_not_found(world, manager):
    from calloff.web.directory.models import Council

    other = Council.objects.create(code="other", name="Other", nation="england", seed="x")
    row = Enrolment.objects.get(reference="Acorn")
    Enrolment.objects.filter(pk=row.pk).update(council=other)

    for route in ("enrolment", "enrolment_suspend", "enrolment_spare"):
        assert manager.get(reverse(route, args=(row.token,))).status_code == 404


# Suspensions


def test_new_work_is_stopped_by_one_contract_manager_and_opened_by_another(world, manager, signed_in):
    row = Enrolment.objects.get(reference="Acorn")
    today = local(timezone.now()).date()
    manager.post(
        reverse("enrolment_suspend", args=(row.token,)), {**three("from_on", today), "reason": "Two missed visits."}
    )
    stop = Suspension.objects.get()
    provider = reverse("provider", args=(row.branch.token,))
    assert "New work is stopped" in page(manager.get(provider))
    assert "Two missed visits." in page(manager.get(reverse("enrolment", args=(row.token,))))

    address = reverse("suspension_lift", args=(row.token, stop.suspended_at.strftime("%Y%m%dT%H%M%S")))
    assert "Whoever suspended cannot lift" in page(manager.post(address, {"reason": "It is well again."}))
    second = signed_in(world.user("contracts2", "contract_manager"))
    second.post(address, {"reason": "It is well again."})

    stop.refresh_from_db()
    assert stop.lifted_by == world.users["contracts2"]
    assert "New work is stopped" not in page(manager.get(provider))


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"reason": ""}, "Answer “Why?”"),
        (three("to_on", date(2020, 1, 1)), "The last day must not be before the first"),
    ],
)
def test_a_suspension_needs_a_reason_and_days_in_order(manager, more, says):
    row = Enrolment.objects.get(reference="Acorn")
    told = {**three("from_on", local(timezone.now()).date()), "reason": "Because"} | more

    assert says in page(manager.post(reverse("enrolment_suspend", args=(row.token,)), told))
    assert not Suspension.objects.exists()


# Spare hours by telephone


def test_spare_hours_told_by_telephone_count_for_whoever_is_asked_afterwards(world, signed_in):
    row = world.declared("Acorn")
    package = world.started()
    before = world.invitation(package, "Acorn")
    broker = signed_in(world.broker)

    told = {"pool_0": "12.5", "told_by": "Mo Manager", "channel": "phone"}
    answer = broker.post(reverse("enrolment_spare", args=(row.token,)), told)

    assert answer.status_code == 302
    pool = row.pools.get()
    assert pool.spare == 750
    again = Invitation.objects.get(pk=before.pk)
    assert (again.state, again.deadline_at) == (before.state, before.deadline_at)
    said = Declaration.objects.get()
    assert (said.told_by, said.channel, said.by) == ("Mo Manager", "phone", world.broker)
    assert "Mo Manager" not in Event.objects.get(kind="spare_declared").data
    assert "Mo Manager told Broker" in page(broker.get(reverse("enrolment", args=(row.token,))))


def test_who_told_it_is_needed_and_hours_are_hours(world, signed_in):
    row = world.declared("Acorn")
    broker = signed_in(world.broker)
    address = reverse("enrolment_spare", args=(row.token,))

    assert "Enter hours, such as 17.5" in page(
        broker.post(address, {"pool_0": "many", "told_by": "x", "channel": "phone"})
    )
    assert "Answer “Who told you?”" in page(broker.post(address, {"pool_0": "1", "told_by": "", "channel": "phone"}))
    with pytest.raises(SpareMinutesError, match="who told you"):
        declare_spare(enrolment=row, spare={0: 60}, by=world.broker, at=world.at, channel="phone")


def test_contracts_that_end_soon_are_listed_the_first_first(world, manager):
    today = local(timezone.now()).date()
    world.provider("Early", to_on=today + timedelta(days=10))
    world.provider("Later", to_on=today + timedelta(days=90))
    world.provider("Beyond", to_on=today + timedelta(days=91))

    text = page(manager.get(reverse("expiring")))

    assert text.index("Early Care") < text.index("Later Care")
    assert "Beyond Care" not in text
    assert b"Early" in b"".join(manager.get(reverse("expiring"), {"as": "csv"}).streaming_content)
