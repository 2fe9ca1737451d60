"""A provider's own table: its columns are named once, looked at, sent, and put forward the next time."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from web.paying import Paying, contract_of
from web.payments.test_pages import text_of

from calloff.domain.calendar import local
from calloff.web.payments.models import Entitlement
from calloff.web.visits.models import NamedColumns, SentTable, VisitFile, VisitRow

pytestmark = pytest.mark.django_db
HEADING = ["Visit ID", "Client", "Carer", "Date", "Time In", "Time Out", "Outcome", "Colour"]
NAMED = {
    "column_row": "Visit ID",
    "column_person": "Client",
    "column_worker": "Carer",
    "column_came_on": "Date",
    "column_came": "Time In",
    "column_left": "Time Out",
    "column_met": "Outcome",
    "made_on_day": "15",
    "made_on_month": "12",
    "made_on_year": "2026",
    "made_at": "09:00",
    "mode": "add",
}


@pytest.fixture
def paying(tmp_path):
    return Paying(tmp_path)


@pytest.fixture
def provider(paying, signed_in):
    return signed_in(paying.world.manager("Acorn"))


def table_of(paying, outcome="ok"):
    rows = []
    for number, row in enumerate(paying.delivered()):
        came, left = local(row.came.at), local(row.left.at)
        told = [f"V{number}", row.person, row.worker, f"{came:%d/%m/%Y}", f"{came:%H:%M:%S}", f"{left:%H:%M:%S}"]
        rows.append([*told, outcome, "red"])
    return rows


def as_csv(rows, heading=HEADING):
    out = io.StringIO()
    csv.writer(out).writerows([heading, *rows])
    return SimpleUploadedFile("own.csv", out.getvalue().encode(), content_type="text/csv")


def as_workbook(rows):
    """As a spreadsheet keeps it: days and times as such, not as text."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    day, clock = book.add_format({"num_format": "dd/mm/yyyy"}), book.add_format({"num_format": "hh:mm:ss"})
    sheet.write_row(0, 0, HEADING)
    for number, row in enumerate(rows, 1):
        sheet.write_row(number, 0, row)
        sheet.write_datetime(number, 3, datetime.strptime(row[3], "%d/%m/%Y"), day)
        for column in (4, 5):
            sheet.write_datetime(number, column, datetime.strptime(row[column], "%H:%M:%S").time(), clock)
    book.close()
    return SimpleUploadedFile("own.xlsx", out.getvalue())


def named(paying, **more):
    return {**NAMED, "always_contract": contract_of(paying), "met_0": "let_in", **more}


def sent(provider, file):
    answer = provider.post("/provider/visits/send", {"file": file})
    assert answer.status_code == 302, text_of(answer)
    return answer["Location"]


@pytest.mark.parametrize("kind", [as_csv, as_workbook])
def test_a_table_is_named_looked_at_and_sent_and_pays_what_it_says(paying, provider, kind):
    rows = table_of(paying)

    page = sent(provider, kind(rows))
    first = provider.get(page)
    seen = provider.post(page, {**named(paying), "look": "1"})
    nothing = VisitRow.objects.count()
    receipt = provider.post(page, {**named(paying), "send": "1"}, follow=True)

    assert '<option value="Client" selected>' in first.content.decode()
    assert "What “ok” means" in text_of(first)
    assert f"{len(rows)} visits" in text_of(seen)
    assert "Columns that are not read: Colour" in text_of(seen)
    assert nothing == 0
    assert "its columns are remembered" in text_of(receipt)
    assert VisitRow.objects.count() == len(rows)
    assert VisitRow.objects.first().version == datetime(2026, 12, 15, 9, tzinfo=UTC)
    assert not SentTable.objects.exists()
    paying.world.at = paying.at
    paying.world.work()
    assert Entitlement.objects.filter(reason="delivered").count() > 20
    # The next table with these columns comes with what was named.
    again = provider.get(sent(provider, kind(rows)))
    assert f'<option value="{contract_of(paying)}" selected>' in again.content.decode()
    assert NamedColumns.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"column_worker": ""}, "Say which column holds: the care worker"),
        ({"column_worker": "Client"}, "One column cannot be two things: Client"),
        ({"always_contract": ""}, "Say which column holds: the contract"),
        ({"made_at": ""}, "Enter the day and time at which the file was made"),
        ({"mode": "replace"}, "Enter how many visits and minutes the file has"),
        ({"met_0": ""}, "expected one of let_in, no_access, in_hospital"),
        ({"column_came": "Colour"}, "a time of the day such as 06:30"),
    ],
)
def test_what_cannot_be_read_is_told_and_nothing_is_taken(paying, provider, change, says):
    page = sent(provider, as_csv(table_of(paying)))

    seen = provider.post(page, {**named(paying), **change, "look": "1"})

    assert says in text_of(seen)
    assert not VisitFile.objects.exists()


def test_a_table_that_is_sent_with_a_bad_row_is_refused_whole_and_can_be_named_again(paying, provider):
    rows = table_of(paying)
    rows[4][4] = "soon"
    page = sent(provider, as_csv(rows))

    refused = provider.post(page, {**named(paying), "send": "1"}, follow=True)

    assert "own.csv:6: Time In" in text_of(refused)
    assert "/tmp" not in text_of(refused)
    assert not VisitRow.objects.exists()
    assert provider.get(page).status_code == 200


def test_a_table_may_replace_its_weeks_where_its_sender_counts_it(paying, provider):
    rows = table_of(paying)
    page = sent(provider, as_csv(rows))
    provider.post(page, {**named(paying), "send": "1"})
    fewer = rows[::3]
    minutes = sum(row.minutes for row in paying.delivered()[::3])
    page = sent(provider, as_csv(fewer))
    counted = {"mode": "replace", "rows": len(fewer), "made_at": "10:00", "send": "1"}

    wrong = provider.post(page, {**named(paying), **counted, "minutes": minutes + 1}, follow=True)
    right = provider.post(page, {**named(paying), **counted, "minutes": minutes}, follow=True)

    assert f"{minutes} minutes, as the file has" in text_of(wrong)
    assert "It holds all visits of its weeks" in text_of(right)


def test_an_abacus_file_replaces_only_with_its_count(paying, provider):
    from formats.test_service_delivery import csv_file, visit

    told = {"ServiceUserRef": paying.packages[0].reference, "WeekEnding": "06/12/2026"}
    path = csv_file(paying.folder, [visit("01/12/2026")], ContractNumber=contract_of(paying), **told)

    def file():
        return SimpleUploadedFile("abacus.csv", path.read_bytes())

    lacking = provider.post("/provider/visits/send", {"file": file(), "mode": "replace"})
    whole = {"file": file(), "mode": "replace", "rows": 1, "minutes": 28}
    taken = provider.post("/provider/visits/send", whole, follow=True)

    assert "Enter how many visits and minutes the file has" in text_of(lacking)
    assert "It holds all visits of its weeks" in text_of(taken)


def test_a_table_that_nobody_names_is_forgotten_and_nobody_else_sees_it(paying, provider, signed_in):
    page = sent(provider, as_csv(table_of(paying)))
    paying.world.provider("Beech", pounds=19)

    assert signed_in(paying.world.manager("Beech")).get(page).status_code == 404
    paying.world.at = SentTable.objects.get().sent_at + timedelta(days=1, minutes=1)
    paying.world.work()
    assert not SentTable.objects.exists()


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.csv", b"\x89PNG\r\n", "this is a picture"),
        ("a.xlsx", b"PK\x03\x04broken", "damaged"),
        ("a.csv", b"a,b\n\xff\xfe\n", "not UTF-8"),
        ("a.csv", b"\n\n", "empty"),
        ("a.xml", b"<html><body>x</body></html>", "a web page"),
    ],
)
def test_what_is_no_table_is_refused_on_the_form(provider, name, data, says):
    answer = provider.post("/provider/visits/send", {"file": SimpleUploadedFile(name, data)})

    assert answer.status_code == 200
    assert says in text_of(answer)


def test_a_workbook_made_to_fill_the_memory_is_refused(provider):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/workbook.xml", b"<a/>")
        book.writestr("xl/worksheets/sheet1.xml", b"0" * (40 << 20))
    answer = provider.post("/provider/visits/send", {"file": SimpleUploadedFile("bomb.xlsx", out.getvalue())})

    assert "unpacks to far more" in text_of(answer)
