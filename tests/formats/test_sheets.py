"""Sheets become plain tables: what a workbook keeps as numbers comes out as the moments and days that it shows."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from unittest import mock

import xlsxwriter
from hypothesis import example, given, strategies

from calloff.formats import sheets
from calloff.formats.sheets import NotReadError, plain_csv

FIRST = datetime(2026, 3, 2)
MOMENTS = strategies.integers(0, 60 * 24 * 60).map(lambda minutes: FIRST + timedelta(minutes=minutes))


def read(rows):
    """The cells of a workbook with these rows, as the readers get them."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "dd/mm/yyyy hh:mm"})
    for number, row in enumerate(rows):
        book.worksheets() or book.add_worksheet()
        book.worksheets()[0].write_row(number, 0, row)
    book.close()
    return list(csv.reader(io.StringIO(plain_csv("sheet.xlsx", out.getvalue()).decode())))


@given(strategies.lists(MOMENTS, min_size=1, max_size=6))
@example([FIRST])
def test_moments_keep_their_time_where_their_column_has_moments_midnight_too(moments):
    moments = [*moments, FIRST.replace(hour=9, minute=1)]
    rows = read([("Came", "Day"), *((one, one.date()) for one in moments)])
    assert [[datetime.fromisoformat(came), date.fromisoformat(day)] for came, day in rows[1:]] == [
        [one, one.date()] for one in moments
    ]
    assert all("T" in came for came, _day in rows[1:])


@given(strategies.text(strategies.sampled_from('ab,, \r\n\t\u2028\x0b"\0é'), max_size=60))
@example("a,b\r\n\r\n , ,\r\nc,d")
@example("a,b\rc,d\r")
@example("a\tb,c\nd\te,f\n")
def test_a_table_that_needs_no_reading_comes_out_as_if_it_had_been_read(text):
    def told():
        try:
            return plain_csv("table.csv", text.encode())
        except NotReadError as error:
            return str(error)

    with mock.patch.object(sheets, "_plain_already", return_value=None):
        read = told()
    assert told() == read


def test_a_column_of_days_alone_stays_days():
    assert read([("Came", "Day"), (FIRST, FIRST.date())])[1] == ["2026-03-02", "2026-03-02"]
