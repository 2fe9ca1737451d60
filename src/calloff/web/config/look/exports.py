"""
A list as a file: CSV or an Excel workbook, written row by row.

A text that a spreadsheet would take for a formula is made harmless by an apostrophe before it; a workbook's texts are
texts already, and its numbers are numbers. No file says who made it.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

import xlsxwriter
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse

from calloff.formats.cells import write_shown
from calloff.web.config.look.words import LONDON

KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
MADE_AT = datetime(2000, 1, 1, tzinfo=UTC)
IN_MEMORY = 2 * 1024 * 1024
LONGEST_CELL = 32_767

Value = str | int | float | date | datetime | None


def export(rows: Iterable[Sequence[Value]], columns: Sequence[str], name: str, kind: str) -> HttpResponseBase:
    """
    The rows under their headings as a file to be kept; `kind` is csv or xlsx, `name` has no ending.

    Raises ValueError for another kind.
    """
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of export; there are {', '.join(KINDS)}")
    safe = re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-") or "list"
    if kind == "xlsx":
        answer: HttpResponseBase = FileResponse(workbook(rows, columns), content_type=KINDS[kind])
    else:
        answer = StreamingHttpResponse(csv_lines(rows, columns), content_type=KINDS[kind])
    answer["Content-Disposition"] = f'attachment; filename="{safe}.{kind}"'
    return answer


def csv_lines(rows: Iterable[Sequence[Value]], columns: Sequence[str]) -> Iterator[str]:
    """The lines of a CSV file in UTF-8, with the mark by which spreadsheets know it."""
    yield "\ufeff" + _line([harmless(heading) for heading in columns])
    for row in rows:
        yield _line([harmless(value) for value in row])


def harmless(value: Value) -> str:
    """The text of a value in CSV: nothing that a spreadsheet would run."""
    if isinstance(value, bool | int | float):
        return str(value)
    return write_shown(_text(value))


def _text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(LONDON).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _line(cells: Sequence[str]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\r\n").writerow(cells)
    return stream.getvalue()


def workbook(rows: Iterable[Sequence[Value]], columns: Sequence[str]) -> Any:
    """An Excel workbook of one sheet, as a file open at its beginning; memory does not grow with the rows."""
    out = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the answer closes it
    made = xlsxwriter.Workbook(
        out,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "default_date_format": "yyyy-mm-dd",
        },
    )
    made.set_properties({"author": "", "created": MADE_AT.replace(tzinfo=None)})
    head = made.add_format({"bold": True})
    moments = made.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    sheet = made.add_worksheet()
    sheet.freeze_panes(1, 0)
    for place, heading in enumerate(columns):
        sheet.write_string(0, place, heading, head)
    for number, row in enumerate(rows, 1):
        for place, value in enumerate(row):
            _write(sheet, number, place, value, moments)
    made.close()
    out.seek(0)
    return out


def _write(sheet: Any, number: int, place: int, value: Value, moments: Any) -> None:
    if isinstance(value, datetime):
        sheet.write_datetime(number, place, value.astimezone(LONDON).replace(tzinfo=None), moments)
    elif isinstance(value, date):
        sheet.write_datetime(number, place, value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        sheet.write_number(number, place, value)
    elif value is not None and value != "":
        sheet.write_string(number, place, _UNPRINTABLE.sub("", str(value))[:LONGEST_CELL])
