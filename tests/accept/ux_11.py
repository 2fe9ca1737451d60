"""
UX-11: exports open in a spreadsheet with the right types and the totals of the screen.

Every list of a filled council is taken out as CSV and as a workbook, and both are opened in LibreOffice. A number is a
number there, a day a day and a text a text, with the value that was written, in both files alike; a text of digits
keeps its leading nought in the workbook. A list has as many rows as its page, and what is paid comes to the penny to
what the screens say: the run's page, the remittances of both sides, the corrections, the payables with their control
record, and what a provider is told it will be paid next.
"""

from __future__ import annotations

import csv
import io
import re
from datetime import date, datetime
from typing import Any

from accept.engines import on_each_engine
from accept.office import OfficeCell, opened, program
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 1, 1: 2, 2: 2}
"""Above the smallest size in LibreOffice, and on PostgreSQL, too."""
DAY, MOMENT, NUMBER = r"\d{4}-\d\d-\d\d", r"\d{4}-\d\d-\d\d \d\d:\d\d", r"-?\d+(\.\d+)?"
POUNDS = re.compile(r"-?£[\d,]+\.\d\d")


def check(size: int) -> Result:
    """Every export on each engine."""
    tally = Tally()
    on_each_engine(tally, "ux_11", "exports", size, SIZES[0])
    return tally.result


def exports(tally: Tally, size: int) -> None:
    from accept.typed import files, forgotten, talked
    from web.filled_world import filled_world

    filled = filled_world()
    talked(filled)
    found = {f"{address}.{kind}": content for kind in ("csv", "xlsx") for address, content in files(filled, kind)}
    for name, content in found.items():
        tally.n += 1
        rows = rows_of(name, content)
        tally.expect(len(rows) > 0 and len({len(row) for row in rows}) == 1, f"{name} is no table")
        texts = [cell for row in rows[1:] for cell in row if name.endswith(".xlsx") and isinstance(cell, str)]
        written = [cell for cell in texts if re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?", cell)]
        tally.expect(not written, f"{name} holds numbers as texts: {written[:3]}")
    same_rows(tally, found)
    totals(tally, filled)
    written = {"the writer.csv": writer("csv"), "the writer.xlsx": writer("xlsx")}
    the_writer(tally, written, None)
    if size > SIZES[0]:
        for name in forgotten(filled):
            tally.fault(f"{name} gives a list as a file, and stands nowhere")
    soffice = program(needed=size > SIZES[0])
    told = f"{len(found)} files"
    if soffice is None or size == SIZES[0]:
        tally.notes.append(f"{told}; LibreOffice is asked beyond the smallest size")
        return
    seen = opened(soffice, found | written)
    for name, content in found.items():
        tally.n += 1
        in_office(tally, name, rows_of(name, content), seen[name])
    the_writer(tally, written, seen)
    tally.notes.append(f"{told}, each opened in LibreOffice")


def rows_of(name: str, content: bytes) -> list[list[Any]]:
    """The rows of a file by the reader of our own imports: a workbook's with their types."""
    if name.endswith(".csv"):
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    from python_calamine import CalamineWorkbook

    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python(skip_empty_area=False)


def same_rows(tally: Tally, found: dict[str, bytes]) -> None:
    """A list has the same rows in both files, and the same values in them."""
    for name, content in found.items():
        twin = name.replace("csv", "xlsx")
        if not name.endswith(".csv") or twin not in found:
            continue
        plain = [[*map(_bare, row)] for row in rows_of(name, content)]
        book = [_plain(row) for row in rows_of(twin, found[twin])]
        other = next((pair for pair in zip(plain, book, strict=False) if pair[0] != pair[1]), None)
        told = f"{name} and the workbook differ: {len(plain)} and {len(book)} rows, {other}"
        tally.expect(other is None and len(plain) == len(book), told)


def _plain(row: list[Any]) -> list[str]:
    return [_text_of(cell) for cell in row]


def _text_of(cell: Any) -> str:
    if isinstance(cell, datetime) and (cell.hour or cell.minute):
        return cell.strftime("%Y-%m-%d %H:%M")
    if isinstance(cell, datetime | date):
        return cell.strftime("%Y-%m-%d")
    if isinstance(cell, float):
        return f"{cell:g}" if cell != int(cell) else str(int(cell))
    return str(cell)


def _bare(cell: str) -> str:
    """A cell of CSV as a workbook has it: no apostrophe before it, a midnight without its hour, 2.50 as 2.5."""
    text = re.sub(r"^'(?=[\s\x00]*[=+\-@\t\r])", "", cell).removesuffix(" 00:00")
    return _text_of(float(text)) if re.fullmatch(NUMBER, text) and not re.match(r"-?0\d", text) else text


# In LibreOffice


def in_office(tally: Tally, name: str, due: list[list[Any]], seen: list[list[OfficeCell]]) -> None:
    """Each cell is there what it was written as, with the same value."""
    tally.expect(len(seen) == len(due), f"{name} has {len(seen)} rows in LibreOffice, not {len(due)}")
    for number, (row, cells) in enumerate(zip(due, seen, strict=False), 1):
        padded = [*cells, *[OfficeCell("", "", "", "")] * (len(row) - len(cells))]
        for written, cell in zip(row, padded, strict=False):
            kind = kind_of(written, heading=number == 1)
            told = f"{name}, row {number}: {written!r} is {cell.kind or 'nothing'} {cell.value or cell.text!r}"
            tally.expect(cell.kind == kind and not cell.formula, f"{told}, not {kind}")
            if kind == "float":
                tally.expect(float(cell.value) == float(written), told)
            elif kind == "date":
                due_on = _text_of(written) if not isinstance(written, str) else written
                # A midnight is a day without an hour to LibreOffice.
                tally.expect(cell.value.replace("T", " ").startswith(due_on.removesuffix(" 00:00")), told)
            elif kind == "string":
                tally.expect(cell.text.split() == str(written).split(), told)


def kind_of(written: Any, *, heading: bool) -> str:
    """What LibreOffice must take a written cell for; in CSV a number or a day is told by how it is written."""
    if written in ("", None):
        return ""
    if isinstance(written, str):
        if not heading and re.fullmatch(NUMBER, written):
            return "float"
        return "date" if not heading and re.fullmatch(f"{DAY}|{MOMENT}", written) else "string"
    return "date" if isinstance(written, datetime | date) else "float"


WRITTEN: list[Any] = [12, -4, 1.5, 0, date(2026, 3, 1), datetime(2026, 3, 29, 10, 30).astimezone(), "007", "12 High St"]
"""One of each type, and a text of digits."""


def writer(kind: str) -> bytes:
    """A file of one row by the one writer of lists."""
    from calloff.web.config.look.exports import csv_lines, workbook

    columns = [f"column {number}" for number in range(len(WRITTEN))]
    if kind == "csv":
        return "".join(csv_lines([WRITTEN], columns)).encode()
    return bytes(workbook([WRITTEN], columns).read())


def the_writer(tally: Tally, written: dict[str, bytes], seen: Any) -> None:
    """Types as they were given, in a workbook by our own reader, and in both files in LibreOffice."""
    tally.n += 1
    row = rows_of("the writer.xlsx", written["the writer.xlsx"])[1]
    tally.expect(row[:4] == [12, -4, 1.5, 0] and row[6] == "007", f"a workbook holds {row}")
    tally.expect(all(isinstance(one, date) for one in row[4:6]), f"days and moments are {row[4:6]}")
    if seen is None:
        return
    kinds = [cell.kind for cell in seen["the writer.xlsx"][1]]
    tally.expect(kinds == [*["float"] * 4, "date", "date", "string", "string"], f"a workbook's cells are {kinds}")
    kinds = [cell.kind for cell in seen["the writer.csv"][1]]
    # CSV has no types: a text of digits is a number to a spreadsheet, so references in our files begin with a letter.
    tally.expect(kinds[:6] == [*["float"] * 4, "date", "date"], f"a CSV file's cells are {kinds}")


# The totals of the screen


def totals(tally: Tally, filled: Any) -> None:
    """What each run pays, on its page, in its files and letters, for the council and for the provider."""
    from calloff.web.config.look.words import money
    from calloff.web.payments.models import PayRun

    council, provider = filled.client("finance_payer"), filled.client("provider_manager")
    branch = filled.world.branch("acorn").token
    for run in PayRun.objects.exclude(state=PayRun.DROPPED):
        tally.n += 1
        paid = _sum(council.get(f"/pay/{run.token}/remittance/{branch}").content, "amount")
        screen = council.get(f"/pay/{run.token}").content.decode()
        tally.expect(money(paid) in POUNDS.findall(screen), f"the page of PAY-{run.number} has no {money(paid)}")
        corrected = _sum(council.get(f"/pay/{run.token}/changes?as=csv").content, "difference")
        page = council.get(f"/pay/{run.token}/changes").content.decode()
        if corrected:
            tally.expect(money(corrected) in POUNDS.findall(page), f"PAY-{run.number} corrects {money(corrected)}")
        if run.state == PayRun.RELEASED:
            own = provider.get(f"/provider/pay/{run.token}/{branch}").content
            tally.expect(_sum(own, "amount") == paid, f"PAY-{run.number}: council and provider have two sums")
            listed = provider.get("/provider/pay").content.decode()
            tally.expect(money(paid) in POUNDS.findall(listed), f"the provider's list has no {money(paid)}")
            owed = _read(council.get(f"/pay/{run.token}/payables").content)
            lines = [_pence(row["amount"]) for row in owed[:-1]]
            tally.expect(_pence(owed[-1]["amount"]) == sum(lines), f"PAY-{run.number}: its control record is wrong")
    _next_pay(tally, provider)


def _next_pay(tally: Tally, provider: Any) -> None:
    """What a provider will be paid next: the sum of the page is that of the rows of its file which do not wait."""
    from calloff.web.config.look.words import money

    text = provider.get("/provider/pay/next?as=csv").getvalue().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    page = provider.get("/provider/pay/next").content.decode()
    tally.n += 1
    tally.expect(len(rows) > 1, "nothing is due to be paid next")
    money_column = next((place for place, name in enumerate(rows[0]) if "mount" in name or "£" in name), None)
    if money_column is None:
        tally.fault(f"what is paid next has no amount: {rows[0]}")
        return
    for row in rows[1:]:
        amount = money(round(float(row[money_column]) * 100))
        tally.expect(amount in POUNDS.findall(page), f"the page of what is paid next has no {amount}")


def _read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def _pence(text: str) -> int:
    return round(float(text) * 100)


def _sum(content: bytes, column: str) -> int:
    return sum(_pence(row[column]) for row in _read(content))
