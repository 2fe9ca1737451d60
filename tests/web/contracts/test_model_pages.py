"""Purchasing models on pages: read, compared, tried, drafted, approved by another and published."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from small_document import SMALL
from world import another_version, made_world

from calloff.domain.calendar import local
from calloff.web.audit.models import Event
from calloff.web.brokerage.models import Decision, Package
from calloff.web.contracts.models import Draft, ModelVersion
from calloff.web.contracts.services.publishing import publish

pytestmark = pytest.mark.django_db

MADE_UP = {
    "what": "need",
    "visits": "mon-sun 08:00 30m",
    "area": "hill",
    "priority": "5",
    "care_type": "personal_care",
    "client_group": "older_people",
    "age_group": "75-84",
    "delivery_model": "managed",
}


@pytest.fixture
def world(db):
    made = made_world()
    made.at = timezone.now().replace(microsecond=0)
    made.provider("Acorn")
    made.provider("Beech", 16)
    made.provider("Cedar", 31)
    return made


@pytest.fixture
def at_desk(world, signed_in):
    def sign_in(name: str, role: str):
        return signed_in(world.user(name, role))

    return sign_in


def page(answer) -> str:
    assert answer.status_code == 200, answer
    return answer.content.decode()


def upload(client, text: str, name: str = "ours.yaml", **more: str):
    files = {"document": SimpleUploadedFile(name, text.encode())}
    files |= {field: SimpleUploadedFile(f"{field}.yaml", one.encode()) for field, one in more.items()}
    return client.post(reverse("new_model"), files)


def kept(client, text: str, **more: str) -> Draft:
    answer = upload(client, text, **more)
    assert answer.status_code == 302, answer.content.decode()
    return Draft.objects.latest("pk")


def in_days(days: int) -> dict[str, str]:
    on = local(timezone.now()).date() + timedelta(days=days)
    return {"starts_on_0": str(on.day), "starts_on_1": str(on.month), "starts_on_2": str(on.year), "note": "why"}


def named(on: dict[str, str]) -> dict[str, str]:
    """The three boxes of a day under the names that the form gives them."""
    return on | {f"starts_on_{part}": on[f"starts_on_{n}"] for n, part in enumerate(("day", "month", "year"))}


def test_the_list_shows_each_model_with_the_version_in_force_and_the_one_that_comes(world, at_desk):
    publish(council=world.council, texts=another_version(), starts_on=date(2100, 1, 1), at=world.at)

    text = page(at_desk("broker", "broker").get(reverse("models")))

    assert "framework of a made-up council" in text
    assert "version 1 from" in text
    assert "version 2 from" in text
    assert "Draft a model" not in text


def test_a_model_reads_rule_by_rule_with_why_something_is_assumed(world, at_desk):
    text = page(at_desk("broker", "broker").get(reverse("model_version", args=("framework", 1))))

    assert "Providers set their price, and £30.00 an hour is the most." in text
    assert "Assumed: an example" in text
    assert "Who is asked, in which order" in text
    assert "Nobody is left" in text


def test_what_two_versions_say_differently_is_told_rule_by_rule(world, at_desk):
    publish(council=world.council, texts=another_version(), starts_on=date(2100, 1, 1), at=world.at)

    text = page(at_desk("broker", "broker").get(reverse("model_changes", args=("framework", 1, 2))))

    assert "Steps, framework" in text
    assert "the lowest price first" in text
    assert "the most spare hours first" in text
    assert "Tiers" not in text


def test_the_document_is_downloaded_as_it_was_published(world, at_desk):
    answer = at_desk("broker", "broker").get(reverse("model_document", args=("framework", 1, 1)))

    assert answer.content.decode().startswith("id: framework")
    assert answer["Content-Disposition"] == 'attachment; filename="framework.yaml"'


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_list_is_also_a_file(at_desk, kind):
    answer = at_desk("broker", "broker").get(reverse("models"), {"as": kind})

    assert b"".join(answer.streaming_content)


def test_a_model_of_another_council_is_not_found(world, at_desk):
    client = at_desk("broker", "broker")
    assert client.get(reverse("model_version", args=("framework", 2))).status_code == 404
    assert client.get(reverse("model", args=("elsewhere",))).status_code == 404


# Trying


def test_a_made_up_need_is_answered_and_nothing_is_written(world, at_desk):
    client = at_desk("commissioner", "commissioner")
    before = Event.objects.count()

    text = page(
        client.post(
            reverse("model_trial", args=("framework", 1)),
            named(in_days(7)) | MADE_UP,
        )
    )

    assert "Acorn Care would be asked" in text
    assert "Beech Care" in text
    assert "£30.00" in text
    assert (Event.objects.count(), Decision.objects.count(), Package.objects.count()) == (before, 0, 0)


def test_a_package_is_tried_under_a_version_that_is_still_to_come(world, at_desk):
    package = world.package()
    publish(council=world.council, texts=another_version(), starts_on=date(2100, 1, 1), at=world.at)

    text = page(
        at_desk("commissioner", "commissioner").post(
            reverse("model_trial", args=("framework", 2)), {"what": "package", "package": package.reference}
        )
    )

    assert "would be asked" in text
    assert package.person.name not in text


def test_a_trial_says_what_is_missing(at_desk):
    client = at_desk("commissioner", "commissioner")
    address = reverse("model_trial", args=("framework", 1))

    assert "Enter the reference of a package" in page(client.post(address, {"what": "package", "package": "P-NONE"}))
    assert "visits such as" in page(client.post(address, {"what": "need", "visits": "often", "area": "hill"}))


# Drafting and publishing


def test_a_commissioner_drafts_and_a_contract_manager_publishes(world, at_desk):
    commissioner, manager = at_desk("commissioner", "commissioner"), at_desk("contracts", "contract_manager")
    draft = kept(commissioner, another_version_text())
    assert draft.state == Draft.CHECKED
    assert "What it changes against version 1" in page(commissioner.get(reverse("draft", args=(draft.reference,))))
    assert manager.get(reverse("draft", args=(draft.reference,))).status_code == 404

    commissioner.post(reverse("forward_model", args=(draft.reference,)), named(in_days(3)))
    text = page(manager.get(reverse("draft", args=(draft.reference,))))
    assert "Steps, framework" in text
    assert reverse("approve_model", args=(draft.reference,)) in text
    manager.post(reverse("approve_model", args=(draft.reference,)))

    version = ModelVersion.objects.get(version=2)
    assert version.starts_on == local(timezone.now()).date() + timedelta(days=3)
    assert "Approved by Contracts" in page(commissioner.get(reverse("draft", args=(draft.reference,))))


def another_version_text() -> str:
    return json.loads(another_version())[0][1]


def test_nobody_approves_their_own_draft_under_another_account(world, at_desk, signed_in):
    draft = kept(at_desk("commissioner", "commissioner"), another_version_text())
    at_desk("commissioner", "commissioner").post(reverse("forward_model", args=(draft.reference,)), named(in_days(1)))
    twin = world.user("twin", "contract_manager", identity=world.users["commissioner"].identity)

    text = page(signed_in(twin).post(reverse("approve_model", args=(draft.reference,)), follow=True))

    assert "Nobody approves their own draft" in text
    assert ModelVersion.objects.count() == 1


def test_who_drafts_may_not_approve_and_who_approves_may_not_draft(at_desk):
    assert at_desk("commissioner", "commissioner").post(reverse("approve_model", args=("D-X",))).status_code == 403
    assert at_desk("contracts", "contract_manager").get(reverse("new_model")).status_code == 403
    assert at_desk("broker", "broker").get(reverse("new_model")).status_code == 403


def test_a_refusal_needs_a_reason_and_a_drafter_takes_back(world, at_desk):
    commissioner, manager = at_desk("commissioner", "commissioner"), at_desk("contracts", "contract_manager")
    draft = kept(commissioner, another_version_text())
    commissioner.post(reverse("forward_model", args=(draft.reference,)), named(in_days(1)))

    refused = manager.post(reverse("refuse_model", args=(draft.reference,)), {"reason": ""})
    assert "Answer “Why is it refused?”" in page(refused)
    manager.post(reverse("refuse_model", args=(draft.reference,)), {"reason": "The order is wrong."})
    assert "The order is wrong." in page(commissioner.get(reverse("draft", args=(draft.reference,))))

    second = kept(commissioner, another_version_text())
    commissioner.post(reverse("take_back_model", args=(second.reference,)))
    second.refresh_from_db()
    assert second.state == Draft.WITHDRAWN


def test_every_fault_of_a_document_is_told_with_its_line_and_nothing_is_kept(at_desk):
    text = another_version_text().replace("nation: england", "nation: atlantis").replace("ask: in_turn", "ask: loudly")

    told = page(upload(at_desk("commissioner", "commissioner"), text))

    assert "ours.yaml, line 4: `atlantis` is not known here." in told
    assert "`loudly`" in told
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"PK\x03\x04 a workbook", "a workbook or archive"),
        (b"\xff\xfei\x00d\x00", "UTF-16"),
        (b"id: x\ntitle: \xff\xff\n", "line 2"),
        (b"id: [", "this is not YAML"),
        (b"x" * 400_000, "too large"),
        (b"a: &a [x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\n" + b"".join(
            b"c%d: &c%d [%s]\n" % (n, n, b",".join([b"*c%d" % (n - 1) if n else b"*b"] * 9)) for n in range(8)
        ), "too large"),
        (b"id: x\nparent: ../../etc/passwd\n", "named by its id alone"),
    ],
)  # fmt: skip
def test_hostile_files_are_refused_in_plain_words(at_desk, data, says):
    client = at_desk("commissioner", "commissioner")

    answer = client.post(reverse("new_model"), {"document": SimpleUploadedFile("ours.yaml", data)})

    assert says in page(answer)
    assert not Draft.objects.exists()


def test_a_document_stands_on_one_that_is_published_or_uploaded_beside_it(world, at_desk):
    client = at_desk("commissioner", "commissioner")
    child = "id: local_terms\nversion: 1\ntitle: Local terms\nparent: {}\nnation: scotland\n"

    assert kept(client, child.format("scotland_excel_flexible_framework")).title == "Local terms"
    assert "there is no model `nowhere` here" in page(upload(client, child.format("nowhere")))
    draft = kept(client, child.replace("local_terms", "other_terms").format("small"), parent=SMALL)
    assert "Stands on: small, whose rules" in page(client.get(reverse("draft", args=(draft.reference,))))


def test_the_very_same_document_is_not_drafted_again(world, at_desk):
    text = json.loads(ModelVersion.objects.get().texts)[0][1]

    assert "is published already" in page(upload(at_desk("commissioner", "commissioner"), text, name="framework.yaml"))


def test_a_version_without_the_tier_of_somebody_enrolled_is_not_published(world, at_desk):
    commissioner, manager = at_desk("commissioner", "commissioner"), at_desk("contracts", "contract_manager")
    text = another_version_text().replace("{name: framework, role", "{name: others, role")
    text = text.replace("{name: framework, whom: framework", "{name: framework, whom: others")
    draft = kept(commissioner, text)
    assert "3 enrolments are of tiers" in page(commissioner.get(reverse("draft", args=(draft.reference,))))
    commissioner.post(reverse("forward_model", args=(draft.reference,)), named(in_days(1)))

    told = page(manager.post(reverse("approve_model", args=(draft.reference,)), follow=True))

    assert "does not have (framework)" in told
    assert ModelVersion.objects.count() == 1
