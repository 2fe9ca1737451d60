"""
SEC-21: cells of exports that look like formulas stay text.

Every field of free text of a council begins as a formula would, and every list is taken out as CSV and as a workbook:
no cell of a CSV file begins so, no cell of a workbook is a formula or a link, texts come back as they were typed, and
numbers stay numbers. The files are read with the reader of our own imports and part by part.
"""

from __future__ import annotations

import csv
import io
import re
import shutil
import zipfile
from typing import Any

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 3, 1: 9, 2: 9}
"""So many of the beginnings."""
BEGINNINGS = ("=", "+", "@", "-", "\t=", "\r=", "=cmd|' /C calc'!", "\n=", " =")
REST = "HYPERLINK(1)"
NEUTRAL = re.compile(r"[-+]?\d[\d,.:/ -]*")


def check(size: int) -> Result:
    """So many beginnings on each engine."""
    tally = Tally()
    on_each_engine(tally, "sec_21", "exports", size, SIZES[0])
    return tally.result


def exports(tally: Tally, size: int) -> None:
    from accept.typed import files, talked, type_everywhere
    from web.filled_world import filled_world

    filled = filled_world()
    talked(filled)
    type_everywhere(lambda number: BEGINNINGS[number % size] + REST)
    seen = {"csv": 0, "xlsx": 0}
    for address, content in files(filled, "csv"):
        seen["csv"] += in_csv(tally, address, content)
    for address, content in files(filled, "xlsx"):
        seen["xlsx"] += in_workbook(tally, address, content)
    for kind, cells in seen.items():
        tally.expect(cells > 0, f"no {kind} holds what was typed")
    every_beginning(tally)
    office = shutil.which("soffice") or shutil.which("libreoffice")
    tally.notes.append(
        f"cells with what was typed: {seen['csv']} in CSV, {seen['xlsx']} in workbooks; "
        + (
            "LibreOffice is here and was not asked"
            if office
            else "no LibreOffice is here: read with calamine and as XML"
        )
    )


def in_csv(tally: Tally, address: str, content: bytes) -> int:
    """The cells of a CSV file; how many hold what was typed."""
    found = 0
    for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")):
        for cell in row:
            tally.n += 1
            # A spreadsheet passes over blanks before a sign.
            bare = cell.lstrip(" \n")
            runs = bare.startswith(("=", "+", "-", "@", "\t", "\r")) and not NEUTRAL.fullmatch(bare)
            tally.expect(not runs, f"{address}: the cell {cell[:30]!r} would run")
            found += REST[:4] in cell
    return found


def in_workbook(tally: Tally, address: str, content: bytes) -> int:
    """The cells of a workbook; how many hold what was typed."""
    from python_calamine import CalamineWorkbook

    with zipfile.ZipFile(io.BytesIO(content)) as package:
        for name in package.namelist():
            part = package.read(name)
            formulas = re.findall(rb"<f[ >]", part) if "sheet" in name else []
            tally.expect(not formulas, f"{address}: {len(formulas)} formulas in {name}")
            tally.expect(b"<hyperlink" not in part, f"{address}: a link in {name}")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    cells = [cell for row in rows for cell in row if isinstance(cell, str) and REST[:4] in cell]
    tally.n += sum(len(row) for row in rows)
    return len(cells)


def every_beginning(tally: Tally) -> None:
    """Each beginning, and numbers, through the one writer of files."""
    from calloff.web.config.look.exports import csv_lines, workbook

    typed: list[Any] = [beginning + REST for beginning in (*BEGINNINGS, "\x00=", "\uff1d", "\ufeff=")]
    lines = "".join(csv_lines([[one, -4, 1.5] for one in typed], ["text", "whole", "part"]))
    in_csv(tally, "the writer", lines.encode())
    for row in list(csv.reader(io.StringIO(lines.removeprefix("\ufeff"), newline="")))[1:]:
        tally.expect(row[1:] == ["-4", "1.5"], f"numbers became {row[1:]}")
    in_workbook(tally, "the writer", workbook([[one, -4, 1.5] for one in typed], ["text", "whole", "part"]).read())
