"""
SEC-23: hostile uploads end in a plain error, quickly and in little memory.

Some sixty files that were made to hurt (bombs, entities, macros, damaged and endless sheets, other kinds under a wrong
name, paths and control characters in names and cells) are sent to forms that take files. Each is refused in words on
the page, or asked what its columns are, within five seconds, and the process never needs more than 256 MiB beyond what
it began with.
"""

from __future__ import annotations

import io
import random
import resource
import time
import zipfile
from collections.abc import Iterator
from typing import Any

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 1, 1: 4, 2: 4}
"""So many of the forms."""
MOST_SECONDS, MOST_MIB = 5, 256
"""Of processor time: how busy the machine is says nothing of a file."""


def check(size: int) -> Result:
    """Every hostile file to so many forms."""
    tally = Tally()
    on_each_engine(tally, "sec_23", "uploads", size, SIZES[0])
    return tally.result


def uploads(tally: Tally, size: int) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile
    from web.filled_world import filled_world

    filled = filled_world()
    for address, field, role, more in forms()[:size]:
        client = filled.client(role)
        client.raise_request_exception = False
        for name, data in hostile():
            began, before = time.process_time(), memory()
            answer = client.post(address, {**more, field: SimpleUploadedFile(name, data)}, follow=True)
            seconds, more_mib = time.process_time() - began, memory() - before
            tally.n += 1
            said = f"{address}: {name[:40]!r}"
            tally.expect(answer.status_code < 500, f"{said} broke it: {answer.status_code}")
            tally.expect(is_refused(answer), f"{said} was taken: {answer.status_code}")
            tally.expect(seconds < MOST_SECONDS, f"{said} took {seconds:.1f} s")
            tally.expect(more_mib < MOST_MIB, f"{said} took {more_mib} MiB")
    tally.notes.append(f"{len(list(hostile()))} files, {size} forms")


def forms() -> tuple[tuple[str, str, str, dict[str, str]], ...]:
    """The forms that take files: address, field, who sends, and what else is filled in."""
    from django.urls import reverse

    return (
        (reverse("portal_send_visits"), "file", "provider_manager", {"mode": "add"}),
        (reverse("new_enrolments"), "sheet", "commissioner", {}),
        (reverse("new_register"), "sheet", "commissioner", {"shape": "providers"}),
        (reverse("new_model"), "document", "commissioner", {}),
    )


def memory() -> int:
    """The most memory that this process ever needed, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def is_refused(answer: Any) -> bool:
    """Whether a page says what is wrong, on its form or a receipt that took nothing, or asks what the columns are."""
    text = answer.content.decode(errors="replace")
    return any(words in text for words in ("There is a problem", "Nothing of it was taken", "Which column is which"))


# The files


def hostile() -> Iterator[tuple[str, bytes]]:
    """Name and content of each file that was made to hurt."""
    yield from _bombs()
    yield from _markup()
    yield from _damaged()
    yield from _disguised()
    yield from _endless()
    yield from _named()


def book(parts: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive with some parts, as a workbook is one."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packing) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


WORKBOOK = b'<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheets/></workbook>'
SHEET = "xl/worksheets/sheet1.xml"


def sheet_of(cells: str) -> bytes:
    return f"<worksheet><sheetData>{cells}</sheetData></worksheet>".encode()


def _bombs() -> Iterator[tuple[str, bytes]]:
    zeros = bytes(60 << 20)
    yield "bomb.xlsx", book({"xl/workbook.xml": WORKBOOK, SHEET: zeros})
    yield "strings.xlsx", book({"xl/workbook.xml": WORKBOOK, "xl/sharedStrings.xml": zeros})
    yield "nested.xlsx", book({"xl/workbook.xml": WORKBOOK, "inner.zip": book({"a": zeros})})
    yield "many.xlsx", book({"xl/workbook.xml": WORKBOOK, **{f"part{number}": b"x" for number in range(2_000)}})
    yield "stored.xlsx", book({"xl/workbook.xml": WORKBOOK, SHEET: b"<" * (6 << 20)}, zipfile.ZIP_STORED)
    yield "far.xlsx", book({"xl/workbook.xml": WORKBOOK, SHEET: sheet_of('<row r="1048576"><c r="XFD1048576"/></row>')})
    yield "wide.xlsx", book({"xl/workbook.xml": WORKBOOK, SHEET: sheet_of('<row r="1"><c r="XFD1"/></row>')})
    yield "bomb.zip", book({"a": zeros})
    yield "bomb.csv", book({"a": zeros})


def _markup() -> Iterator[tuple[str, bytes]]:
    entity = b'<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    outside = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'
    yield "laughs.xml", entity + b"<File>&d;</File>"
    yield "outside.xml", outside + b"<File>&b;</File>"
    yield "parameter.xml", b'<!DOCTYPE a [<!ENTITY % b SYSTEM "http://127.0.0.1/x"> %b;]><File/>'
    yield "deep.xml", b"<File>" * 50_000
    yield "open.xml", b"<File><ProviderContract>"
    yield "wide.xml", b"<File>" + b"<a/>" * 200_000 + b"</File>"
    yield "attributes.xml", b"<File " + b" ".join(b"a%d='1'" % number for number in range(20_000)) + b"/>"
    yield "utf16.xml", "<File/>".encode("utf-16")
    yield "entities.xlsx", book({"xl/workbook.xml": entity + WORKBOOK, SHEET: sheet_of("")})
    yield "outside.xlsx", book({"xl/workbook.xml": WORKBOOK, "xl/sharedStrings.xml": outside + b"<sst>&b;</sst>"})
    yield "page.html", b"<!doctype html><script>alert(1)</script>"
    yield "picture.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
    yield "deep.yaml", b"[" * 20_000
    yield (
        "anchors.yaml",
        b"a: &a [x,x,x,x,x,x,x,x,x]\n"
        + b"".join(
            b"%c: &%c [%s]\n" % (98 + number, 98 + number, b",".join([b"*%c" % (97 + number)] * 9))
            for number in range(9)
        ),
    )
    yield "object.yaml", b"!!python/object/apply:os.system ['true']"


def _damaged() -> Iterator[tuple[str, bytes]]:
    good = book({"xl/workbook.xml": WORKBOOK, SHEET: sheet_of("")})
    yield "cut.xlsx", good[: len(good) // 2]
    yield "head.xlsx", good[:30]
    yield "tail.xlsx", good[40:]
    yield "flipped.xlsx", bytes(byte ^ (number % 97 == 50) for number, byte in enumerate(good))
    yield "empty.xlsx", b""
    yield "empty.csv", b""
    yield "blank.csv", b"\n\n \n"
    yield "comma.csv", b"," * 1_000
    yield "quote.csv", b'a,b\n"' + b"x" * 500_000
    yield "nul.csv", b"row,version\n\x00,\x00\n"
    yield "bytes.csv", b"row,version\n\xff\xfe\xfd,1\n"
    yield "noise.csv", random.Random(23).randbytes(200_000)
    yield "noise.xlsx", b"PK\x03\x04" + random.Random(24).randbytes(200_000)


def _disguised() -> Iterator[tuple[str, bytes]]:
    macro = {"xl/workbook.xml": WORKBOOK, SHEET: sheet_of(""), "xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"}
    yield "macro.xlsm", book(macro)
    yield "macro.xlsx", book(macro)
    yield "old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4_096)
    yield "sheet.ods", book({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<a/>"})
    yield "program.csv", b"MZ" + bytes(2_000)
    yield "program.xlsx", b"\x7fELF" + bytes(2_000)
    yield "picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(500)
    yield "huge.png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\x06"
    yield "paper.xlsx", b"%PDF-1.7\n" + bytes(500)
    yield "both.xlsx", b"%PDF-1.7\n" + book({"xl/workbook.xml": WORKBOOK})
    yield "packed.csv", b"\x1f\x8b\x08" + bytes(500)
    yield "json.csv", b'{"rows": []}'


def _endless() -> Iterator[tuple[str, bytes]]:
    yield "columns.csv", b"a," * 1_000_000
    yield "rows.csv", b"row,version,contract,person,worker,came\n" + b"x\n" * 400_000
    yield "cell.csv", b"row,version\n" + b"x" * (4 << 20) + b",1\n"
    yield "line.csv", b"x" * (4 << 20)
    yield "large.csv", b"row,version\n" + b"a,b\n" * (3 << 20)


def _named() -> Iterator[tuple[str, bytes]]:
    for name in ("../../etc/passwd.csv", "con.csv", "a" * 300 + ".csv", "x\u202egpj.csv", "=cmd.csv", "a\tb.csv"):
        yield name, b"nothing\n1\n"
