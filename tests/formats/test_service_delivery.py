"""Abacus service delivery files: the published columns, CSV and XML alike, one answer whatever their order."""

from __future__ import annotations

import csv
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

import pytest

from calloff.domain.errors import BadInputError, RowErrors
from calloff.domain.visits import LogIs, Mark
from calloff.formats.delivered_visits import DeliveredFile
from calloff.formats.planned_visits import PlannedRow
from calloff.formats.service_delivery import (
    SERVICE_DELIVERY,
    is_service_delivery,
    read_service_delivery,
    read_service_delivery_xml,
)
from calloff.settlement.pay import living, pay

PUBLISHED = [column.name for column in SERVICE_DELIVERY.columns]
FILE = {"FileReference": "SD-1", "Description": "Week", "Created": "2026-03-09T09:00:00"}
CONTRACT = {"ProviderRef": "PV001", "ContractNumber": "E-1"}
WEEK = {"ServiceUserRef": "P-1", "ServiceUserDetails": "A Name, 1 Road", "WeekEnding": "08/03/2026"}


def visit(day="02/03/2026", claimed="08:00:00", actual="08:04:00", stayed="00:28:00", second="False", **more):
    return {
        **{"ServiceType": "HOME CARE", "VisitDate": day, "StartTimeClaimed": claimed, "DurationClaimed": "00:30:00"},
        **{"ActualStartTime": actual, "ActualDuration": stayed, "SecondaryVisit": second, "NumberOfCarers": "2"},
        **more,
    }


def csv_file(folder, visits, heading=None, name="delivery.csv", **said):
    rows = [{**FILE, **CONTRACT, **WEEK, **said, **one} for one in visits]
    path = folder / name
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, heading or [*PUBLISHED, "VisitCode", "CarerReference"], restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def xml_file(folder, visits, before="", **said):
    def told(cells):
        return "".join(f"<{name}>{escape(value)}</{name}>\n" for name, value in cells.items())

    inner = "".join(f"<HomeCareVisit>{told(one)}</HomeCareVisit>\n" for one in visits)
    header = f"<ServiceDeliveryHeader>{told(WEEK | said)}{inner}</ServiceDeliveryHeader>"
    path = folder / "delivery.xml"
    path.write_text(f"{before}<File>{told(FILE)}<ProviderContract>{told(CONTRACT)}{header}</ProviderContract></File>")
    return path


def test_the_xml_says_the_same_as_the_csv(tmp_path):
    visits = [visit(), visit(second="True", actual="08:06:00"), visit(day="03/03/2026", VisitCode="No access")]

    as_csv = read_service_delivery(csv_file(tmp_path, visits))
    as_xml = read_service_delivery_xml(xml_file(tmp_path, visits))

    assert [replace(one, line=0) for one in as_xml.rows] == [replace(one, line=0) for one in as_csv.rows]
    assert as_csv.reference == as_xml.reference == "SD-1"
    first, second, door = as_csv.rows
    assert (first.came.at, first.left.at) == (
        datetime(2026, 3, 2, 8, 4, tzinfo=UTC),
        datetime(2026, 3, 2, 8, 32, tzinfo=UTC),
    )
    assert first.version == datetime(2026, 3, 9, 9, tzinfo=UTC)
    assert first.worker != second.worker
    assert (door.met, door.code) == ("no_access", "No access")
    assert not any("A Name" in repr(one) for one in as_csv.rows)


def test_a_carer_whom_nobody_names_is_never_the_same_in_two_homes(tmp_path):
    here = read_service_delivery(csv_file(tmp_path, [visit()]))
    there = read_service_delivery(csv_file(tmp_path, [visit()], ServiceUserRef="P-2"))

    assert here.rows[0].worker != there.rows[0].worker


@pytest.mark.parametrize("seed", range(10))
def test_the_order_of_rows_changes_nothing(seed, tmp_path):
    chance = random.Random(seed)
    visits = [
        visit(
            f"0{day}/03/2026",
            f"{hour}:00:00",
            f"{hour}:0{chance.randrange(9)}:00",
            f"00:{20 + chance.randrange(9)}:00",
            who,
        )
        for day in range(2, 9)
        for hour in ("08", "18")
        for who in ("False", "True", "True")
    ]
    once = read_service_delivery(csv_file(tmp_path, visits))
    mixed = read_service_delivery(csv_file(tmp_path, chance.sample(visits, len(visits))))

    assert living([once, mixed, once])
    assert len(living([once, mixed])) == len(visits)
    assert set(living([once])) == set(living([mixed]))


def test_a_later_file_corrects_what_it_claims_and_an_earlier_one_changes_nothing(tmp_path):
    old = read_service_delivery(csv_file(tmp_path, [visit(stayed="00:20:00"), visit("03/03/2026")]))
    new = read_service_delivery(
        csv_file(tmp_path, [visit(stayed="00:30:00")], FileReference="SD-2", Created="2026-03-10T09:00:00")
    )

    for files in ([old, new], [new, old]):
        assert sorted(one.minutes for one in living(files)) == [28, 30]


def test_number_of_carers_never_multiplies_a_row(tmp_path):
    start = datetime(2026, 3, 2, 8, tzinfo=UTC)
    planned = PlannedRow(0, "V", "E-1", "P-1", start, start + timedelta(minutes=30), start, start, 30, 2, 220_000)
    from calloff.documents.payment_rules import load

    one = read_service_delivery(csv_file(tmp_path, [visit()]))
    both = read_service_delivery(csv_file(tmp_path, [visit(), visit(second="True")]))
    rule, later = load("hounslow_spot"), datetime(2026, 4, 1, tzinfo=UTC)

    alone = pay([rule], [planned], [one], later)
    assert alone.visits[0].marks & Mark.FEWER_WORKERS
    assert alone.visits[0].worked_minutes == 28
    assert [log.is_a for log in pay([rule], [planned], [both], later).logs] == [LogIs.COUNTED] * 2


@pytest.mark.parametrize(
    ("claimed", "actual", "came"),
    [
        ("23:50:00", "00:05:00", datetime(2026, 3, 3, 0, 5, tzinfo=UTC)),
        ("00:05:00", "23:55:00", datetime(2026, 3, 1, 23, 55, tzinfo=UTC)),
        ("08:00:00", "19:00:00", datetime(2026, 3, 2, 19, tzinfo=UTC)),
    ],
)
def test_near_midnight_the_actual_day_is_that_nearest_to_the_claimed_start(claimed, actual, came, tmp_path):
    assert read_service_delivery(csv_file(tmp_path, [visit(claimed=claimed, actual=actual)])).rows[0].came.at == came


def test_a_length_is_elapsed_time_also_when_the_clocks_change(tmp_path):
    path = csv_file(tmp_path, [visit("29/03/2026", "00:30:00", "00:30:00", "01:00:00")], WeekEnding="29/03/2026")
    row = read_service_delivery(path).rows[0]

    assert row.minutes == 60
    assert row.left.at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    with pytest.raises(RowErrors, match="a local time that exists"):
        read_service_delivery(
            csv_file(tmp_path, [visit("29/03/2026", "01:30:00", "01:30:00")], WeekEnding="29/03/2026")
        )


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("VisitDate", "2026/03/02"),
        ("VisitDate", "03/31/2026"),
        ("VisitDate", ""),
        ("VisitDate", "09/03/2026"),
        ("WeekEnding", "8 March"),
        ("StartTimeClaimed", "25:00:00"),
        ("DurationClaimed", "half an hour"),
        ("ActualStartTime", ""),
        ("ActualDuration", "00:61:00"),
        ("ActualDuration", "2.00:00:00"),
        ("SecondaryVisit", "yes"),
        ("NumberOfCarers", "two"),
        ("PaymentClaimed", "£10"),
        ("Created", "yesterday"),
        ("ServiceUserRef", ""),
        ("ContractNumber", ""),
    ],
)
def test_a_malformed_cell_refuses_the_file_with_the_number_of_its_row(cell, text, tmp_path):
    path = csv_file(tmp_path, [visit(), visit("03/03/2026", **{cell: text}) | {cell: text}, visit("04/03/2026")])

    with pytest.raises(RowErrors) as refused:
        read_service_delivery(path)

    assert {(one.line, one.column) for one in refused.value.rows} == {(3, cell)}


def test_every_bad_row_is_told_at_once(tmp_path):
    path = csv_file(tmp_path, [visit(actual="x"), visit(), visit(stayed="y", second="z")])

    with pytest.raises(RowErrors) as refused:
        read_service_delivery(path)

    assert [(one.line, one.column) for one in refused.value.rows] == [
        (2, "ActualStartTime"),
        (4, "ActualDuration"),
        (4, "SecondaryVisit"),
    ]


def test_columns_of_other_names_are_read_by_a_mapping_or_told_as_not_read(tmp_path):
    heading = [*PUBLISHED, "Carer ID", "Outcome", "Colour"]
    path = csv_file(tmp_path, [visit(**{"Carer ID": "W7", "Outcome": "In hospital", "Colour": "red"})], heading)

    plain = read_service_delivery(path)
    mapped = read_service_delivery(path, {"worker": "Carer ID", "visit_code": "Outcome"})

    assert plain.not_read == ("Carer ID", "Outcome", "Colour")
    assert mapped.not_read == ("Colour",)
    assert (mapped.rows[0].worker, mapped.rows[0].met) == ("W7", "in_hospital")


def test_two_files_in_one_are_refused(tmp_path):
    path = csv_file(tmp_path, [visit(), visit("03/03/2026", FileReference="SD-2")])

    with pytest.raises(BadInputError, match="the same FileReference"):
        read_service_delivery(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<File>", "not XML"),
        ("nothing", "not XML"),
        ("<Other/>", "outermost element must be File"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><File>&b;</File>', "document type"),
        ("<File>" * 40 + "</File>" * 40, "too deep"),
        ("<File><FileReference>A</FileReference></File>", "has no visit"),
    ],
)
def test_other_xml_is_refused_in_plain_words(text, says, tmp_path):
    path = tmp_path / "delivery.xml"
    path.write_text(text)

    with pytest.raises((BadInputError, RowErrors), match=says):
        read_service_delivery_xml(path)


def test_an_xml_visit_that_lacks_a_cell_is_told_by_its_line(tmp_path):
    bad = visit("03/03/2026")
    del bad["ActualStartTime"]
    path = xml_file(tmp_path, [visit(), bad])

    with pytest.raises(RowErrors) as refused:
        read_service_delivery_xml(path)

    lines = path.read_text().splitlines()
    assert [one.column for one in refused.value.rows] == ["ActualStartTime"]
    assert "<HomeCareVisit>" in lines[refused.value.rows[0].line - 1]


def test_it_is_told_from_other_files_by_its_heading():
    assert is_service_delivery(PUBLISHED)
    assert not is_service_delivery(["row", "version", "contract"])
    assert DeliveredFile(()).mode == "add"
