"""Day one: a sheet comes in whole or not at all, once, as another approved it, and the kernel goes on from there."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime

import pytest
import xlsxwriter
from first_day import HEADING, LIVE, OPEN, brought_in, csv_of, drafted
from world import made_world

from calloff.web.audit.services import faults_in_chain
from calloff.web.brokerage.models import BroughtIn, CallOff, Package, Person, PlacedVisit, UnmetStretch
from calloff.web.brokerage.services import day_one
from calloff.web.brokerage.services.desk import desk_for
from calloff.web.contracts.models import Draft, Pool, Upload
from calloff.web.contracts.services.publishing import DraftError, approve, put_forward

pytestmark = pytest.mark.django_db


def workbook_of(*rows: list[str]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    days = book.add_format({"num_format": "yyyy-mm-dd"})
    for number, row in enumerate((HEADING, *rows)):
        for place, cell in enumerate(row):
            if number and HEADING[place] in ("born_on", "required_start", "since") and cell:
                sheet.write_datetime(number, place, datetime.fromisoformat(cell), days)
            elif number and HEADING[place] in ("case_number", "price_gbp_per_hour") and cell:
                sheet.write_number(number, place, float(cell))
            else:
                sheet.write_string(number, place, cell)
    book.close()
    return out.getvalue()


@pytest.fixture
def world(db, monkeypatch):
    made = made_world()
    made.provider("Acorn")
    made.provider("Beech", 16)
    monkeypatch.setattr("calloff.web.brokerage.services.known_here.timezone.now", lambda: made.at)
    return made


@pytest.mark.parametrize(("name", "make"), [("day one.csv", csv_of), ("day one.xlsx", workbook_of)])
def test_an_open_and_a_live_package_come_in_with_their_people_their_days_and_their_price(world, name, make):
    before = Pool.objects.get(enrolment__reference="Acorn").spare

    draft = brought_in(world, make(OPEN, LIVE), name)

    assert draft.upload.carried_at is not None
    ada = Package.objects.get(person__case_number="100")
    assert ada.imported
    assert (ada.state, ada.next_action, ada.minutes_to_place) == ("sourcing", "start_step", 210)
    assert ada.approved_at == datetime(2026, 11, 2, tzinfo=UTC)
    assert (ada.person.name, ada.person.born_on) == ("Ada Example", date(1940, 5, 1))
    bea = Package.objects.get(person__case_number="101")
    assert (bea.state, bea.next_action, bea.minutes_started) == ("started", "none", 420)
    assert bea.approved_at == datetime(2025, 3, 30, 8, tzinfo=UTC)
    [call_off] = CallOff.objects.filter(package=bea)
    assert (call_off.branch.reference, call_off.pence_per_week) == ("Acorn", 10640)
    assert call_off.first_visit_on == date(2025, 4, 9)
    assert PlacedVisit.objects.filter(call_off=call_off, live=True).count() == 7
    pool = Pool.objects.get(enrolment__reference="Acorn")
    assert (pool.used, pool.spare) == (420, before)
    assert list(faults_in_chain(world.council.pk)) == []


def test_what_came_in_is_asked_about_as_anything_else(world):
    brought_in(world, csv_of(OPEN, LIVE))
    ada = Package.objects.get(person__case_number="100")
    bea = Package.objects.get(person__case_number="101")

    from calloff.web.brokerage.services.sourcing import start_step

    start_step(package=ada, by=world.broker, at=world.at)

    assert world.invitation(ada, "Acorn").state == "open"
    assert not desk_for(bea, world.at).story().left
    assert UnmetStretch.objects.filter(package=ada).count() == 1
    stretch = UnmetStretch.objects.get(package=bea)
    assert (stretch.from_on, stretch.until) == (date(2025, 4, 7), date(2025, 4, 9))


def test_the_same_file_twice_changes_nothing_and_a_longer_one_adds_only_what_is_new(world):
    data = csv_of(OPEN, LIVE)
    brought_in(world, data)
    with pytest.raises(DraftError, match="came in already"):
        drafted(world, data)

    again = drafted(world, csv_of(LIVE, OPEN))
    assert again.state == Draft.FAULTY
    assert "came in already" in json.loads(again.upload.summary)["refused"]

    third = ["102", "SP-1", "Cy Example", *OPEN[3:]]
    brought_in(world, csv_of(OPEN, LIVE, third))
    assert Package.objects.count() == 3
    assert BroughtIn.objects.count() == 3
    assert Person.objects.count() == 3


def test_two_waiting_drafts_of_the_same_rows_bring_them_in_once(world):
    first, second = drafted(world, csv_of(OPEN)), drafted(world, csv_of(OPEN) + b"\n")
    for draft in (first, second):
        put_forward(draft=draft, starts_on=None, note="", by=world.user("commissioner"), at=world.at)
        approve(draft=draft, by=world.user("contracts", "contract_manager"), at=world.at)
    world.work()

    assert Package.objects.count() == 1


@pytest.mark.parametrize(
    ("column", "text", "says"),
    [
        ("area", "moon", "the code of an area"),
        ("born_on", "1st of May", "a day such as"),
        ("born_on", "2026-11-20", "a day before the package was approved"),
        ("visits", "every morning", "visits such as"),
        ("priority", "5", "a priority from P1 to P6"),
        ("approved_at", "2027-01-01", "a day that has come"),
        ("approved_at", "soon", "a day or moment"),
        ("provider", "Nobody", "a provider of the register"),
        ("price_gbp_per_hour", "cheap", "pounds with at most four decimals"),
        ("price_gbp_per_hour", "", "the price of an hour"),
        ("since", "", "its first day"),
        ("case_number", "", "a value"),
        ("name", "x" * 121, "at most 120 characters"),
        ("postcode", "nowhere", "a postcode such as"),
    ],
)
@pytest.mark.parametrize("make", [csv_of, workbook_of])
def test_a_bad_cell_is_told_by_its_row_and_column_and_nothing_comes_in(world, column, text, says, make):
    if make is workbook_of and column in ("born_on", "since", "case_number", "price_gbp_per_hour"):
        pytest.skip("a workbook holds a number or a day there")
    bad = list(LIVE)
    bad[HEADING.index(column)] = text

    draft = drafted(world, make(OPEN, bad), "day one.xlsx" if make is workbook_of else "day one.csv")

    assert draft.state == Draft.FAULTY
    [[row, named, found, expected]] = json.loads(draft.upload.summary)["faults"]
    assert (row, named) == (3, column)
    assert says in expected
    assert found == text[:200]
    assert not Package.objects.exists()


def test_every_bad_row_is_told_at_once_and_blank_rows_keep_their_number(world):
    bad = [*OPEN[:7], "moon", *OPEN[8:]]
    data = csv_of(bad, ["", *[""] * 14], [*bad[:1], "SP-9", *bad[2:]], OPEN)

    faults = json.loads(drafted(world, data).upload.summary)["faults"]

    assert [one[:2] for one in faults] == [[2, "area"], [4, "area"], [5, "reference"]]


def test_one_case_number_is_one_person(world):
    other = ["100", "SP-7", "Somebody Else", *OPEN[3:]]

    [[row, column, _found, expected]] = json.loads(drafted(world, csv_of(OPEN, other)).upload.summary)["faults"]

    assert (row, column) == (3, "case_number")
    assert "differ from row 2" in expected


def test_two_packages_of_one_case_number_are_of_one_person(world):
    brought_in(world, csv_of(OPEN, ["100", "SP-7", *OPEN[2:]]))

    assert Person.objects.count() == 1
    assert Package.objects.count() == 2


def test_care_of_somebody_who_is_not_enrolled_comes_in_outside_the_model(world):
    from calloff.web.directory.models import Branch, Organisation
    from calloff.web.directory.services import draw

    body = Organisation.objects.create(reference="Spruce", name="Spruce Ltd")
    Branch.objects.create(
        reference="Spruce", token=draw(), organisation=body, name="Spruce Care", nation="england",
        service_types="care_at_home", registered_from=date(2010, 1, 1), scale="cqc",
    )  # fmt: skip
    row = list(LIVE)
    row[HEADING.index("provider")] = "Spruce"

    brought_in(world, csv_of(row))

    call_off = CallOff.objects.get()
    assert (call_off.enrolment, call_off.on_framework, call_off.kind) == (None, False, "outside")
    assert not desk_for(call_off.package, world.at).story().left


def test_care_that_begins_later_waits_for_its_first_visit(world):
    row = list(LIVE)
    row[HEADING.index("since")] = "2026-12-01"

    brought_in(world, csv_of(row))

    package = Package.objects.get()
    assert (package.state, package.next_action) == ("called_off", "enter_start")


def test_nothing_comes_in_before_another_approved_it(world):
    draft = drafted(world, csv_of(OPEN))
    put_forward(draft=draft, starts_on=None, note="", by=world.user("commissioner"), at=world.at)
    with pytest.raises(DraftError, match="Nobody approves their own"):
        approve(draft=draft, by=world.user("commissioner"), at=world.at)
    world.work()

    assert not Package.objects.exists()


def test_what_no_longer_fits_when_it_is_carried_out_brings_in_nothing_and_says_so(world):
    draft = drafted(world, csv_of(OPEN, LIVE))
    put_forward(draft=draft, starts_on=None, note="", by=world.user("commissioner"), at=world.at)
    Person.objects.create(
        council=world.council, reference="XXXX", name="Not Bea", born_on=date(1950, 1, 1), area=world.area,
        case_number="101",
    )  # fmt: skip
    approve(draft=draft, by=world.user("contracts", "contract_manager"), at=world.at)
    world.work()

    upload = Upload.objects.get(draft=draft)
    assert "no longer fits" in upload.problem
    assert "row 3, case_number" in upload.problem
    assert not Package.objects.exists()


def test_a_job_that_runs_twice_brings_in_once(world):
    draft = brought_in(world, csv_of(OPEN))
    from calloff.web.jobs.services import Task

    day_one.carry_draft_job(Task(world.council.pk, draft.reference, {"draft": draft.pk}), world.at)

    assert Package.objects.count() == 1


def test_hostile_names_are_names(world):
    hostile = ["100", "SP-1", "=cmd|' /C calc'!A0 <script>alert(1)</script>", *OPEN[3:]]

    brought_in(world, csv_of(hostile))

    assert Person.objects.get().name == "=cmd|' /C calc'!A0 <script>alert(1)</script>"
