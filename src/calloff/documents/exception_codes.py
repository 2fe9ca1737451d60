"""The reader of `parameters/exception_codes.yaml`: the exception codes with which a council begins."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from calloff.documents.reader import Reader
from calloff.documents.tree import Table, read_tree

TABLE = "parameters/exception_codes.yaml"
NOT_COME, NOT_LEFT = "not_come", "not_left"
EXPLAINED = (NOT_COME, NOT_LEFT, "late", "short", "missed")
"""What a code may stand beside: a coming or leaving that nobody logged, or how a visit did not keep to its plan."""
CODE = re.compile(r"[A-Za-z0-9_.\-]{1,40}")


@dataclass(frozen=True)
class ExceptionCode:
    """A code, what it says in words, and what it may stand beside, of EXPLAINED."""

    code: str
    words: str
    explains: tuple[str, ...]


@cache
def exception_codes() -> tuple[ExceptionCode, ...]:
    """The codes that this version of Calloff carries, in their order."""
    return read_exception_codes(files("calloff.documents").joinpath(TABLE).read_text(encoding="utf-8"), TABLE)


def read_exception_codes(text: str, path: str) -> tuple[ExceptionCode, ...]:
    """Read a list of exception codes; DocumentErrors tells every fault of it with its line."""
    reader = Reader()
    table = reader.table(read_tree(text, path), ("version", "source", "assumed", "codes"), ("version", "codes"))
    reader.whole(table.entries.get("version"), 1, least=1)
    reader.ground(table, "the list of exception codes")
    found = []
    listed = reader.table(table.entries.get("codes"), getattr(table.entries.get("codes"), "entries", ()))
    for code, node in listed.entries.items():
        if CODE.fullmatch(code) is None:
            reader.refuse(node, f"`{code}` is no code", "Write at most 40 letters, digits, dots, hyphens, underscores")
        entries = reader.table(node, ("words", "explains"), ("words", "explains")).entries
        explains = reader.words(entries.get("explains"), EXPLAINED)
        if isinstance(node, Table) and not explains:
            reader.refuse(node, f"`{code}` explains nothing", f"Write some of: {', '.join(EXPLAINED)}")
        found.append(ExceptionCode(code, reader.text(entries.get("words")), explains))
    reader.finish()
    return tuple(found)
