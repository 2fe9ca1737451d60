"""
UX-10: files from Excel are read right or refused with the row that Excel shows.

Each kind of sheet that somebody uploads is made as they would save it: CSV, text parted by tabs, an Excel workbook with
days and numbers as such, an older workbook and an OpenDocument one. What is read must be what the plain CSV says, day
first days and leading noughts too; else the refusal must say what to save the sheet as. Then columns are renamed, left
out, doubled and added, and cells are spoilt in rows of any place, under blank rows: each is read right all the same or
refused in plain words, with the very row and column.
"""

from __future__ import annotations

import csv
import io
import random
import re
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 12, 1: 300, 2: 3_000}
"""So many spoilt sheets of each kind; above the smallest size LibreOffice makes the older ones."""
Sheet = list[dict[str, str]]
OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2_000)
MADE_AT = datetime(2026, 3, 8, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Kind:
    """A sheet somebody uploads: its rows, what cells it may have wrong, which columns it can do without, its reader."""

    row: Callable[[int], dict[str, str]]
    spoils: dict[str, str]
    read: Callable[[str, bytes], Sequence[Any]]
    uk_days: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()


def check(size: int) -> Result:
    """Every kind of sheet, in every form, so often spoilt."""
    tally = Tally()
    chance = random.Random(10)
    for name, kind in kinds().items():
        in_every_form(tally, name, kind)
        for _ in range(size):
            spoilt(tally, chance, name, kind)
        for change in (renamed, left_out, doubled, added):
            for column in sorted(kind.needed):
                changed_columns(tally, name, kind, change, column)
    leading_noughts(tally)
    other_forms(tally, made=size > SIZES[0])
    return tally.result


# The kinds


def kinds() -> dict[str, Kind]:
    """What councils and providers upload."""
    from accept.rel_22 import (
        SPOILT_ENROLMENTS,
        SPOILT_PACKAGES,
        SPOILT_SERVICES,
        enrolment_row,
        service_row,
    )

    from calloff.formats.contracts import read_contracts
    from calloff.formats.day_one import read_day_one
    from calloff.formats.providers import read_providers
    from calloff.formats.sheets import read_upload

    def by(reader: Any) -> Callable[[str, bytes], Sequence[Any]]:
        return lambda name, data: list(read_upload(name, data, reader))

    # What only the council's own data can tell, such as an area that is unknown, is looked at by REL-22.
    packages = {name: text for name, text in SPOILT_PACKAGES.items() if name in ("born_on", "name", "required_start")}
    return {
        "packages": Kind(package_row, packages, by(read_day_one), ("born_on",), ("name", "born_on", "area")),
        "enrolments": Kind(
            enrolment_row,
            {name: text for name, text in SPOILT_ENROLMENTS.items() if name != "tier"},
            by(read_contracts),
            (),
            ("provider", "tier", "reference"),
        ),
        "register": Kind(service_row, SPOILT_SERVICES, by(read_providers), (), ("name", "nation", "scale")),
        "own visits": Kind(visit_row, SPOILT_VISITS, visits, (), ("person", "came", "worker")),
        "delivery": Kind(
            delivery_row, SPOILT_DELIVERIES, visits, ("VisitDate", "WeekEnding"), ("ServiceUserRef", "VisitDate")
        ),
        "a table": Kind(table_row, SPOILT_TABLE, mapped, ("Visit date",), ("Client", "Visit date", "Time in")),
    }


def package_row(number: int) -> dict[str, str]:
    told = {"case_number": f"C{number}", "reference": f"00{number}", "name": "Ada Example", "born_on": "1940-05-01"}
    told |= {"address": "1 High Street", "postcode": "ZZ1 1ZZ", "phone": "01632 960001", "area": "hill"}
    told |= {"approved_at": "2025-03-30", "required_start": "2025-04-02", "priority": "P5"}
    return told | {"visits": "mon-sun 08:00 30m", "provider": "", "price_gbp_per_hour": "", "since": ""}


def visit_row(number: int) -> dict[str, str]:
    told = {"row": f"V-{number}", "version": "2026-03-08T12:00Z", "contract": "E-1", "person": f"00{number}"}
    return told | {"worker": "W1", "came": f"2026-03-02T08:{number % 60:02d}Z", "left": "2026-03-02T09:30Z"}


SPOILT_VISITS = {"version": "yesterday", "came": "02/03/2026", "left": "2026-03-01T08:00Z", "person": "", "worker": ""}


def delivery_row(number: int) -> dict[str, str]:
    told = {"FileReference": "SD-1", "Description": "Week 9", "Created": "2026-03-08T12:00:00", "ProviderRef": "PV1"}
    told |= {"ContractNumber": "E-1", "ServiceUserRef": f"00{number}", "ServiceUserDetails": "-"}
    told |= {"WeekEnding": "08/03/2026", "ServiceType": "HOME CARE", "VisitDate": "02/03/2026"}
    told |= {"StartTimeClaimed": f"08:{number % 60:02d}:00", "DurationClaimed": "00:30:00", "SecondaryVisit": "False"}
    return told | {"ActualStartTime": f"08:{number % 60:02d}:30", "ActualDuration": "00:28:00"}


SPOILT_DELIVERIES = {
    "VisitDate": "03/31/2026",
    "ActualStartTime": "25:00:00",
    "ActualDuration": "long",
    "ProviderRef": "",
}


def table_row(number: int) -> dict[str, str]:
    told = {"Visit ID": f"T{number}", "Client": f"00{number}", "Carer": "W1", "Visit date": "02/03/2026"}
    return told | {"Time in": f"08:{number % 60:02d}", "Time out": "09:45", "Area": "north"}


SPOILT_TABLE = {"Visit date": "03/31/2026", "Time in": "24:10", "Time out": "late", "Client": "", "Carer": ""}


def visits(name: str, data: bytes) -> Sequence[Any]:
    """As the portal reads a file of visits; our own ends with what it counts."""
    from calloff.formats.visit_files import as_plain_file, read_visit_file

    return _plainly(name, data, as_plain_file, read_visit_file)


def mapped(name: str, data: bytes) -> Sequence[Any]:
    """As the portal reads a table whose columns were named."""
    from calloff.formats.column_mapping import ColumnMapping
    from calloff.formats.mapped_visits import read_mapped
    from calloff.formats.visit_files import as_plain_file

    columns = {"row": "Visit ID", "person": "Client", "worker": "Carer", "came_on": "Visit date"}
    mapping = ColumnMapping(columns | {"came": "Time in", "left": "Time out"}, {"contract": "E-1"})
    return _plainly(name, data, as_plain_file, lambda path: read_mapped(path, mapping, MADE_AT))


def _plainly(name: str, data: bytes, plain: Any, read: Any) -> Sequence[Any]:
    """Read as the portal does; every refusal as NotReadError, whose cells have the rows that a spreadsheet shows."""
    from calloff.domain.errors import BadInputError, RowErrors
    from calloff.formats.sheets import BadCell, NotReadError

    with tempfile.TemporaryDirectory() as folder:
        try:
            return list(read(plain(name, data, Path(folder))).rows)
        except BadInputError as error:
            rows = error.rows if isinstance(error, RowErrors) else ()
            cells = tuple(BadCell(one.line, one.column, one.found, one.expected) for one in rows)
            # The sender knows the file by its own name, not by where it lay while it was read.
            raise NotReadError(re.sub(rf"{folder}/[a-z.]+", name, str(error)), cells) from None


# Forms


def as_csv(rows: Sequence[Sequence[str]], parted_by: str = ",") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=parted_by, lineterminator="\r\n").writerows(rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def as_workbook(rows: Sequence[Sequence[str]], days: Sequence[int] = ()) -> bytes:
    """As Excel saves it: a column of days holds days, a whole number is a number, all else text."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    look, sheet = book.add_format({"num_format": "dd/mm/yyyy"}), book.add_worksheet()
    for number, row in enumerate(rows):
        for place, cell in enumerate(row):
            day = re.fullmatch(r"(\d\d)/(\d\d)/(\d{4})", cell) if place in days and number else None
            if day and int(day[2]) <= 12:
                sheet.write_datetime(number, place, date(int(day[3]), int(day[2]), int(day[1])), look)
            elif number and re.fullmatch(r"[1-9]\d{0,8}", cell):
                sheet.write_number(number, place, int(cell))
            else:
                sheet.write_string(number, place, cell)
    book.close()
    return out.getvalue()


def table_of(name: str, rows: Sheet) -> list[list[str]]:
    """Rows under their heading; our own file of visits ends with its total."""
    found = [list(rows[0]), *(list(row.values()) for row in rows)]
    if name == "own visits":
        total = ["TOTAL", str(len(rows)), str(sum(_minutes(row) for row in rows))]
        found.append([*total, *[""] * (len(found[0]) - 3)])
    return found


def _minutes(row: dict[str, str]) -> int:
    try:
        came, left = (datetime.fromisoformat(row[one]) for one in ("came", "left"))
    except (KeyError, ValueError):
        return 0
    return int((left - came).total_seconds()) // 60


def in_every_form(tally: Tally, name: str, kind: Kind) -> None:
    """The same values, however the sheet is saved; a day day first, and what begins with noughts as it is."""
    rows = [kind.row(number) for number in range(1, 9)]
    plain = kind.read("sheet.csv", as_csv(table_of(name, rows)))
    turned = [row | {one: _day_first(row[one]) for one in kind.uk_days} for row in rows]
    days = [list(rows[0]).index(one) for one in kind.uk_days]
    table = table_of(name, turned)
    for form, data in (
        ("sheet.csv", as_csv(table)),
        ("sheet.tsv", as_csv(table, "\t")),
        ("sheet.txt", as_csv(table, "\t")),
        ("sheet.xlsx", as_workbook(table, days)),
        ("SHEET.CSV", as_workbook(table, days)),
    ):
        tally.n += 1
        try:
            found = kind.read(form, data)
        except Exception as error:
            tally.fault(f"{name} as {form}: {type(error).__name__}: {str(error)[:120]}")
            continue
        tally.expect(list(found) == list(plain), f"{name} as {form} says something else than as plain CSV")


def _day_first(text: str) -> str:
    return f"{text[8:10]}/{text[5:7]}/{text[:4]}" if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else text


# Wrong cells and columns


def spoilt(tally: Tally, chance: random.Random, name: str, kind: Kind) -> None:
    """One cell is wrong, some rows are blank: the very row that the spreadsheet shows is told, and no other."""
    rows = [kind.row(number) for number in range(1, chance.randint(3, 12))]
    bad, column = chance.randrange(len(rows)), chance.choice(sorted(kind.spoils))
    rows[bad] = rows[bad] | {column: kind.spoils[column]}
    table, blank = table_of(name, rows), chance.randint(1, len(rows))
    table.insert(blank, [""] * len(table[0]))
    due = bad + 2 + (bad + 1 >= blank)
    form = chance.choice(("sheet.csv", "sheet.tsv", "sheet.xlsx"))
    made = {"sheet.csv": as_csv, "sheet.tsv": lambda one: as_csv(one, "\t"), "sheet.xlsx": as_workbook}[form]
    told = f"{name} as {form}, {column} wrong in row {due}"
    tally.n += 1
    rows_told = refused(tally, told, kind, form, made(table))
    if rows_told is not None:
        tally.expect({row for row, _ in rows_told} == {due}, f"{told}: rows {sorted(rows_told)} are told")
        tally.expect(column in {one for _, one in rows_told}, f"{told}: columns {sorted(rows_told)} are told")


def refused(tally: Tally, told: str, kind: Kind, form: str, data: bytes) -> set[tuple[int, str]] | None:
    """The cells of a refusal; None, and a fault, where the sheet was taken or the program broke."""
    from calloff.formats.sheets import NotReadError

    try:
        kind.read(form, data)
        tally.fault(f"{told}: it was read")
    except NotReadError as error:
        plain = not re.search(r"codec|Errno|Traceback|Error:|/tmp/", str(error))
        tally.expect(plain and bool(str(error)), f"{told}: the words are {str(error)[:120]!r}")
        return {(cell.row, cell.column) for cell in error.cells}
    except Exception as error:
        tally.fault(f"{told}: {type(error).__name__}: {str(error)[:120]}")
    return None


def renamed(rows: list[list[str]], place: int) -> str:
    rows[0][place] += "s wrong"
    return "missing"


def left_out(rows: list[list[str]], place: int) -> str:
    for row in rows:
        del row[place]
    return "missing"


def doubled(rows: list[list[str]], place: int) -> str:
    for row in rows:
        row.append(row[place])
    return "double"


def added(rows: list[list[str]], place: int) -> str:
    for number, row in enumerate(rows):
        row.insert(place, "x" if number else "Notes of ours")
    return "extra"


def changed_columns(tally: Tally, name: str, kind: Kind, change: Any, column: str) -> None:
    """A column is missing, double or extra: refused by its name, or read as if nothing were the matter."""
    from calloff.formats.sheets import NotReadError

    table = table_of(name, [kind.row(number) for number in range(1, 5)])
    plain = kind.read("sheet.csv", as_csv(table))
    place = table[0].index(column)
    what = change(table, place)
    if name == "own visits":
        # The total stands in the first three columns, wherever others come and go.
        last = table[-1]
        values = [one for one in last if one]
        table[-1] = [*values, *[""] * (len(table[0]) - len(values))]
    for form, data in (("sheet.csv", as_csv(table)), ("sheet.xlsx", as_workbook(table))):
        tally.n += 1
        told = f"{name} as {form}, {column} {what}"
        try:
            found = kind.read(form, data)
        except NotReadError as error:
            called = "Notes of ours" if what == "extra" else column
            named = any(called in one for one in (str(error), *(cell.column for cell in error.cells)))
            # The portal asks next, with all columns before one's eyes.
            named = named or "say which column is which" in str(error)
            tally.expect(named, f"{told}: it is not named: {str(error)[:150]!r}")
            tally.expect(not re.search(r"codec|Errno|Error:|/tmp/", str(error)), f"{told}: {str(error)[:150]!r}")
        except Exception as error:
            tally.fault(f"{told}: {type(error).__name__}: {str(error)[:120]}")
        else:
            tally.expect(what == "extra" and list(found) == list(plain), f"{told}: it was read as something else")


# Noughts, and sheets of other kinds


def leading_noughts(tally: Tally) -> None:
    """A number that only looks as if noughts stood before it is refused by its cell, being another."""
    import xlsxwriter

    from calloff.formats.sheets import NotReadError, plain_csv

    for shape in ("0000", "000000000"):
        out = io.BytesIO()
        book = xlsxwriter.Workbook(out, {"in_memory": True})
        look, sheet = book.add_format({"num_format": shape}), book.add_worksheet()
        sheet.write_row(0, 0, ["person", "worker"])
        sheet.write_row(1, 0, ["0012", "W1"])
        sheet.write_number(2, 0, 12, look)
        book.close()
        tally.n += 1
        try:
            plain_csv("sheet.xlsx", out.getvalue())
            tally.fault(f"12 shown as {shape} was read as 12")
        except NotReadError as error:
            tally.expect("A3" in str(error), f"12 shown as {shape}: {error}")


def other_forms(tally: Tally, *, made: bool) -> None:
    """An older or an OpenDocument sheet is refused with what to save it as, by its content and not by its name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<office:document-content/>")
    sheets = {"sheet.xls": OLD, "sheet.ods": out.getvalue(), "sheet.csv": OLD, "sheet.xlsx": out.getvalue()}
    if made:
        sheets |= _by_office()
    for name, kind in kinds().items():
        for form, data in sheets.items():
            from calloff.formats.sheets import NotReadError

            tally.n += 1
            try:
                kind.read(form, data)
                tally.fault(f"{name} as {form} was read")
            except NotReadError as error:
                tally.expect("save the sheet as .xlsx or as CSV" in str(error), f"{name} as {form}: {error}")
            except Exception as error:
                tally.fault(f"{name} as {form}: {type(error).__name__}: {error}")


def _by_office() -> dict[str, bytes]:
    """A sheet as LibreOffice saves it in the two other forms."""
    import subprocess

    from accept.office import program

    soffice, found = program(needed=True), {}
    with tempfile.TemporaryDirectory(prefix="calloff-office-") as folder:
        source = Path(folder) / "made.xlsx"
        source.write_bytes(as_workbook(table_of("a table", [table_row(number) for number in range(1, 5)])))
        for kind in ("xls", "ods"):
            profile = f"-env:UserInstallation=file://{folder}/profile"
            command = [str(soffice), "--headless", profile, "--convert-to", kind, "--outdir", folder, str(source)]
            subprocess.run(command, check=True, capture_output=True, timeout=600)
            found[f"made.{kind}"] = (Path(folder) / f"made.{kind}").read_bytes()
    return found
