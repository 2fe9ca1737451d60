"""
SEC-21: cells of exports that look like formulas stay text.

Every field of free text of a council begins as a formula would, and every list is taken out as CSV and as a workbook:
no cell of a CSV file begins so, no cell of a workbook is a formula or a link, texts come back as they were typed, and
numbers stay numbers. The files are read with the reader of our own imports, part by part, and as LibreOffice opens
them: nothing there is a formula, and each text is a text.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from typing import Any

from accept.engines import on_each_engine
from accept.office import opened, program
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
    from accept.typed import files, forgotten, talked, type_everywhere
    from web.filled_world import filled_world

    filled = filled_world()
    talked(filled)
    type_everywhere(lambda number: BEGINNINGS[number % size] + REST)
    seen = {"csv": 0, "xlsx": 0}
    every = {"csv": dict(files(filled, "csv")), "xlsx": dict(files(filled, "xlsx"))}
    for address, content in every["csv"].items():
        seen["csv"] += in_csv(tally, address, content)
    for address, content in every["xlsx"].items():
        seen["xlsx"] += in_workbook(tally, address, content)
    for kind, cells in seen.items():
        tally.expect(cells > 0, f"no {kind} holds what was typed")
    names = [address.partition("?")[0].rpartition("/")[2] for address in every["csv"]]
    for paid in ("payables", "changes"):
        tally.expect(paid in names, f"no file of {paid} was looked at")
    written = every_beginning(tally)
    if size > SIZES[0]:
        for name in forgotten(filled):
            tally.fault(f"{name} gives a list as a file, and stands nowhere")
    told = f"cells with what was typed: {seen['csv']} in CSV, {seen['xlsx']} in workbooks"
    soffice = program(needed=size > SIZES[0])
    if soffice is None:
        tally.notes.append(f"{told}; no LibreOffice is here: read with calamine and as XML")
        return
    named = {f"{address}.{kind}": content for kind, found in every.items() for address, content in found.items()}
    # LibreOffice takes its time: at the smallest size it is asked for what the writer itself made of each beginning.
    asked = written if size == SIZES[0] else named | written
    cells = in_office(tally, soffice, asked)
    tally.notes.append(f"{told}; {len(asked)} files opened in LibreOffice, {cells} such cells are texts there")


def in_office(tally: Tally, soffice: str, files: dict[str, bytes]) -> int:
    """Every file as LibreOffice opens it: no formula anywhere, and what was typed is text; how many cells that are."""
    found = 0
    for name, rows in opened(soffice, files).items():
        tally.n += 1
        tally.expect(bool(rows), f"LibreOffice opens {name} as nothing")
        for cell in (cell for row in rows for cell in row):
            tally.expect(not cell.formula, f"{name} is a formula in LibreOffice: {cell.formula[:40]!r}")
            if REST[:4] in cell.text:
                found += 1
                tally.expect(cell.kind == "string", f"{name}: {cell.text[:30]!r} is a {cell.kind} in LibreOffice")
        if name.startswith("the writer"):
            for row in rows[1:]:
                kinds = [cell.kind for cell in row[1:3]]
                tally.expect(kinds == ["float", "float"], f"{name}: numbers are {kinds} in LibreOffice")
    return found


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


def every_beginning(tally: Tally) -> dict[str, bytes]:
    """Each beginning, and numbers, through the one writer of files; both files, for LibreOffice."""
    from calloff.web.config.look.exports import csv_lines, workbook

    typed: list[Any] = [beginning + REST for beginning in (*BEGINNINGS, "\x00=", "\uff1d", "\ufeff=")]
    lines = "".join(csv_lines([[one, -4, 1.5] for one in typed], ["text", "whole", "part"]))
    in_csv(tally, "the writer", lines.encode())
    for row in list(csv.reader(io.StringIO(lines.removeprefix("\ufeff"), newline="")))[1:]:
        tally.expect(row[1:] == ["-4", "1.5"], f"numbers became {row[1:]}")
    book = workbook([[one, -4, 1.5] for one in typed], ["text", "whole", "part"]).read()
    in_workbook(tally, "the writer", book)
    return {"the writer.csv": lines.encode(), "the writer.xlsx": book}
