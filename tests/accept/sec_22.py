"""
SEC-22: exported workbooks hold nothing hidden.

Every list of a filled council is taken out as a workbook and opened part by part: nothing but the one sheet that is
seen, its texts and its looks; nothing of who made it, when, where or with what; no link, name, comment or cache; and
of the cells no more than stands in the CSV file of the same list.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 1, 1: 2, 2: 2}
"""Above the smallest size on PostgreSQL, too."""
PARTS = (
    r"\[Content_Types\]\.xml",
    r"_rels/\.rels",
    r"docProps/(app|core)\.xml",
    r"xl/workbook\.xml",
    r"xl/_rels/workbook\.xml\.rels",
    r"xl/(styles|sharedStrings)\.xml",
    r"xl/theme/theme1\.xml",
    r"xl/worksheets/sheet1\.xml",
)
"""All that a workbook may consist of."""
NEVER = (
    (r'state="(very)?[hH]idden"', "a hidden sheet"),
    (r'\bhidden="(1|true)"', "a hidden row or column"),
    (r'width="0(\.0+)?"', "a column without width"),
    (r"<definedName", "a defined name"),
    (r"<externalReference|TargetMode=.External", "a link to elsewhere"),
    (r"<hyperlink", "a link"),
    (r"pivotCache|<calcChain", "a cache"),
    (r"<(legacyDrawing|drawing|oleObject|comment)", "a drawing, an object or a comment"),
    (r"<fileVersion[^>]*codeName=|absPath|x15ac", "where it was made"),
    (r"(?i)/home/|/tmp/|[a-z]:\\\\|file:", "a path"),
    (r"<(dc:creator|cp:lastModifiedBy|Manager|Company|dc:description|cp:keywords)>[^<]+<", "who made it"),
    (r"<cp:(revision|lastPrinted)|<vt:lpstr>_xlnm", "its past"),
)
CSV_ALONE = re.compile(r"^/pay/\w+/(remittance|changes|payables)\b|^/provider/pay/\w+/\w+\?")
"""Files of payments, which go on to other systems: there is no workbook of them that could hide anything."""
MADE = re.compile(r"<dcterms:(?:created|modified)[^>]*>([^<]+)<")
EPOCH = "2000-01-01T00:00:00Z"


def check(size: int) -> Result:
    """Every workbook on each engine."""
    tally = Tally()
    on_each_engine(tally, "sec_22", "workbooks", size, SIZES[0])
    return tally.result


def workbooks(tally: Tally, size: int) -> None:
    from accept.typed import files, talked
    from web.filled_world import filled_world

    filled = filled_world()
    talked(filled)
    plain = {address.replace("csv", "xlsx"): content for address, content in files(filled, "csv")}
    opened: set[str] = set()
    for address, content in files(filled, "xlsx"):
        tally.n += 1
        inspect(tally, address, content)
        seen = plain.get(address)
        if seen is None:
            tally.fault(f"{address} is no list as CSV")
            continue
        rows = list(csv.reader(io.StringIO(seen.decode("utf-8-sig"), newline="")))
        same_cells(tally, address, content, rows)
        opened.add(address)
    alone = [address for address in plain if address not in opened and not CSV_ALONE.search(address)]
    tally.expect(tally.n > 5 and not alone, f"{tally.n} workbooks only; of {alone} there is none")
    tally.notes.append(f"{tally.n} workbooks opened")


def inspect(tally: Tally, address: str, content: bytes) -> None:
    """Part by part."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        tally.expect(not package.comment, f"{address}: the file has a comment")
        for one in package.infolist():
            known = any(re.fullmatch(part, one.filename) for part in PARTS)
            tally.expect(known, f"{address}: it holds {one.filename}")
            tally.expect(one.date_time[0] <= 1980 and not one.extra, f"{address}: {one.filename} tells its hour")
            text = package.read(one).decode()
            for pattern, what in NEVER:
                found = re.search(pattern, text)
                tally.expect(found is None, f"{address}: {what} in {one.filename}: {found and found[0]}")
            for made in MADE.findall(text):
                tally.expect(made == EPOCH, f"{address}: it was made {made}")


def same_cells(tally: Tally, address: str, content: bytes, rows: list[list[str]]) -> None:
    """As many rows as the CSV file of the same list has, with as many filled cells."""
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    tally.expect(len(book.sheet_names) == 1, f"{address}: {len(book.sheet_names)} sheets")
    sheet = book.get_sheet_by_index(0).to_python()
    filled = [sum(cell not in ("", None) for cell in row) for row in sheet]
    due = [sum(cell != "" for cell in row) for row in rows]
    tally.expect(filled == due, f"{address}: the rows hold {filled[:9]} cells, in CSV {due[:9]}")
