"""Programs send delivered visits: all or none, each with its receipt, once whatever is sent again."""

from __future__ import annotations

import pytest
from web.api.programs import program_of, refused
from world import EVERY_MORNING

from calloff.web.visits.models import VisitFile, VisitRow, WholeWeek

pytestmark = pytest.mark.django_db


@pytest.fixture
def package(world):
    found = world.started(visits=EVERY_MORNING)
    world.answer(found, "acorn")
    world.confirm(found)
    return found


def row(package, number=1, **more):
    on = f"2026-12-0{number}"
    return {
        "row": f"V-{number}",
        "version": "2026-12-09T21:00Z",
        "contract": "acorn",
        "person": package.reference,
        "worker": "W1",
        "came": f"{on}T08:0{number}:00",
        "left": f"{on}T08:30:00",
        **more,
    }


def told(world, rows, minutes, **more):
    return {"council": world.council.code, "rows": rows, "total": {"rows": len(rows), "minutes": minutes}, **more}


def test_visits_are_taken_with_a_receipt_that_can_be_read_again(world, acorn, package):
    strange = row(package, 2, person="P-NOBODY")

    answer = acorn.post("/visit-files", told(world, [row(package), strange], 29 + 28))

    assert answer.status_code == 201, answer.content
    receipt = answer.json()
    assert (receipt["state"], receipt["rows"], receipt["new_rows"], receipt["mode"]) == ("accepted", 2, 2, "add")
    assert receipt["parked"] == [{"row": "V-2", "why": "unknown_person"}]
    assert acorn.read(f"/visit-files/{receipt['receipt']}") == receipt
    assert {one.parked for one in VisitRow.objects.all()} == {"", "unknown_person"}


def test_every_bad_cell_is_named_nothing_is_taken_and_the_refusal_has_its_receipt(world, acorn, package):
    bad = [row(package), row(package, 2, came="soon"), row(package, 3, met="maybe", left="2026-12-03T07:00:00")]

    answer = acorn.post("/visit-files", told(world, bad, 29))

    problem = refused(answer, 422, "not-valid")
    assert {one["field"] for one in problem["errors"]} == {"rows.1.came", "rows.2.met"}
    assert not VisitRow.objects.exists()
    file = VisitFile.objects.get()
    assert file.receipt in problem["detail"]
    assert acorn.read(f"/visit-files/{file.receipt}")["state"] == "refused"


@pytest.mark.parametrize(
    ("total", "field"), [({"rows": 2, "minutes": 29}, "total.rows"), ({"rows": 1, "minutes": 5}, "total.minutes")]
)
def test_a_total_that_the_rows_do_not_come_to_refuses_them(world, acorn, package, total, field):
    answer = acorn.post("/visit-files", told(world, [row(package)], 29) | {"total": total})

    assert refused(answer, 422, "not-valid")["errors"][0]["field"] == field


def test_rows_may_replace_their_weeks(world, acorn, package):
    acorn.post("/visit-files", told(world, [row(package), row(package, 2)], 29 + 28))

    answer = acorn.post("/visit-files", told(world, [row(package)], 29, mode="replace"))

    assert (answer.status_code, answer.json()["mode"], answer.json()["new_rows"]) == (201, "replace", 0)
    assert WholeWeek.objects.count() == 1


def test_what_is_sent_twice_is_taken_once(world, acorn, package):
    body = told(world, [row(package)], 29)

    first, again = (acorn.post("/visit-files", body, key="one") for _ in range(2))

    assert first.content == again.content
    assert again["Idempotency-Replayed"] == "true"
    assert VisitFile.objects.count() == 1
    refusal = {**body, "total": {"rows": 1, "minutes": 4}}
    once, twice = (acorn.post("/visit-files", refusal, key="two") for _ in range(2))
    assert once.content == twice.content
    assert VisitFile.objects.filter(state="refused").count() == 1


def test_nobody_reads_or_sends_for_another_branch_or_council(world, acorn, package):
    beech = program_of(world, "beech")
    receipt = acorn.post("/visit-files", told(world, [row(package)], 29)).json()["receipt"]

    refused(beech.get(f"/visit-files/{receipt}"), 404, "not-found")
    refused(acorn.post("/visit-files", told(world, [row(package)], 29) | {"council": "elsewhere"}), 404, "not-found")
    # Of somebody else's person a provider learns nothing, not even that there is such a person.
    other = beech.post("/visit-files", told(world, [row(package, contract="beech")], 29)).json()
    assert other["parked"] == [{"row": "V-1", "why": "unknown_person"}]


def test_too_many_rows_at_once_are_refused(world, acorn, package):
    rows = [row(package)] * 5_001

    assert acorn.post("/visit-files", told(world, rows, 29)).status_code in (413, 422)
    assert not VisitFile.objects.exists()
