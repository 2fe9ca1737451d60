"""What somebody's file plainly is instead of the text that was asked for, told from its first bytes."""

from __future__ import annotations

import re
from typing import NamedTuple


class WrongKind(NamedTuple):
    """The name of a kind of file, and whether the program that opens it can save the same as plain text."""

    name: str
    saves_as_text: bool = False


WORKBOOK = WrongKind("a workbook or archive", saves_as_text=True)
UTF_16 = WrongKind("text in UTF-16", saves_as_text=True)
PICTURE = WrongKind("a picture")
COMPRESSED = WrongKind("a compressed file")
BEGINNINGS: tuple[tuple[bytes, WrongKind], ...] = (
    (b"PK\x03\x04", WORKBOOK),
    (b"PK\x05\x06", WORKBOOK),
    (b"\xd0\xcf\x11\xe0", WORKBOOK),
    (b"\xff\xfe", UTF_16),
    (b"\xfe\xff", UTF_16),
    (b"%PDF-", WrongKind("a PDF")),
    (b"{\\rtf", WrongKind("a word processor's document")),
    (b"\x89PNG", PICTURE),
    (b"\xff\xd8\xff", PICTURE),
    (b"GIF8", PICTURE),
    (b"\x1f\x8b", COMPRESSED),
    (b"BZh", COMPRESSED),
    (b"\xfd7zXZ", COMPRESSED),
    (b"7z\xbc\xaf", COMPRESSED),
)
WEB_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
"""What a failed download often leaves behind under the name of the file that was wanted."""
LOOKED_AT = 1000
"""Bytes by which a text without its mark is known to be UTF-16: every other one is zero."""


def wrong_kind(data: bytes) -> WrongKind | None:
    """The kind of a file that cannot be text in UTF-8, or is a web page; None where nothing speaks against it."""
    for beginning, kind in BEGINNINGS:
        if data.startswith(beginning):
            return kind
    if WEB_PAGE.match(data):
        return WrongKind("a web page, perhaps one that says why a download failed")
    if b"\0" not in data:
        return None
    head = data[:LOOKED_AT]
    halves = head[::2], head[1::2]
    if any(half and not half.strip(b"\0") for half in halves) and any(half.strip(b"\0") for half in halves):
        return UTF_16
    return WrongKind("a binary file")
