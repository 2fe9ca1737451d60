"""
Numbers that a workbook shows with noughts before them, by the format of their cells alone: `0012` where 12 is kept.

Read as they are kept they would be other references, so the first of them is told, and the sheet refused.
"""

from __future__ import annotations

import re
from zipfile import ZipFile

_FORMAT = re.compile(rb'<numFmt\b[^>]*\bnumFmtId="([0-9]+)"[^>]*\bformatCode="(?:&quot;)?0{2,}(?:&quot;)?"')
_FORMAT_TURNED = re.compile(rb'<numFmt\b[^>]*\bformatCode="(?:&quot;)?0{2,}(?:&quot;)?"[^>]*\bnumFmtId="([0-9]+)"')
_LOOKS = re.compile(rb"<cellXfs\b.*?</cellXfs>", re.DOTALL)
_LOOK = re.compile(rb'<xf\b[^>]*?\bnumFmtId="([0-9]+)"')
_CELL = re.compile(rb"<c\b([^>]*)>")
_PLACE, _STYLE, _TYPE = (re.compile(rb'\b%s="([^"]*)"' % name) for name in (b"r", b"s", b"t"))
STYLES, FIRST_SHEET = "xl/styles.xml", "xl/worksheets/sheet1.xml"


def shown_with_noughts(archive: ZipFile) -> str:
    """The first cell, such as `B7`, whose number only looks as if it had noughts before it; blank where none does."""
    names = archive.namelist()
    if STYLES not in names or FIRST_SHEET not in names:
        return ""
    styles = archive.read(STYLES)
    formats = {*_FORMAT.findall(styles), *_FORMAT_TURNED.findall(styles)}
    looks = _LOOKS.search(styles)
    if not formats or looks is None:
        return ""
    such = {str(place).encode() for place, one in enumerate(_LOOK.findall(looks[0])) if one in formats}
    for attributes in _CELL.findall(archive.read(FIRST_SHEET)):
        style, kind, place = (one.search(attributes) for one in (_STYLE, _TYPE, _PLACE))
        is_number = (kind is None or kind[1] == b"n") and not attributes.endswith(b"/")
        if style is not None and style[1] in such and is_number and place is not None:
            return place[1].decode()
    return ""
