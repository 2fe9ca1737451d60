"""Reads a backup back, line by line, and proves that it is whole."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calloff.domain.errors import BadBackupError
from calloff.web.backup.sealed import unsealed
from calloff.web.backup.state import Counted, Counting, Tell, hash_of_state, told

ROW, MARK = b"[", b"{"


@dataclass(frozen=True)
class Part:
    """One table of a backup: its columns, the number it gave last, and its rows as lines, to be read once."""

    table: str
    columns: list[str]
    last_number: int
    lines: Iterator[bytes]


@dataclass(frozen=True)
class End:
    """What a backup says of itself at its end."""

    state: str
    faults: tuple[str, ...]
    tables: dict[str, Counted]


class Backup:
    """An opened backup: `head` is there at once, then `parts` are read in turn, then `end` is known."""

    def __init__(self, path: Path, key: str) -> None:
        self._path, self._found, self._ended = path, dict[str, Counted](), dict[str, Any]()
        self._lines = _lines(path, unsealed(path, key))
        self.head = self._mark("migrations")
        self.end: End

    def parts(self) -> Iterator[Part]:
        """
        Each table in turn, those that it points at before it.

        Raises BadBackupError where a table is not what its own count and hash say.
        """
        mark = self._mark()
        while "table" in mark:
            counting = Counting()
            yield Part(mark["table"], mark["columns"], mark["last_number"], counting(self._rows()))
            # Whoever reads a part reads all of it, so that the mark which ended the rows is the next.
            if self._ended != {"end": mark["table"], **vars(counting.found)}:
                raise BadBackupError(f"{self._path}: {mark['table']} is not as it was written")
            self._found[mark["table"]] = counting.found
            mark = self._mark()
        self.end = End(mark["state"], tuple(mark["faults"]), self._found)
        if self.end.state != hash_of_state(self._found) or next(self._lines, None) is not None:
            raise BadBackupError(f"{self._path}: it does not end as it should")

    def _rows(self) -> Iterator[bytes]:
        self._ended = {}
        for line in self._lines:
            if not line.startswith(ROW):
                self._ended = json.loads(line)
                return
            yield line

    def _mark(self, wanted: str = "") -> dict[str, Any]:
        line = next(self._lines, b"")
        if not line.startswith(MARK):
            raise BadBackupError(f"{self._path}: it does not end as it should")
        mark: dict[str, Any] = json.loads(line)
        if wanted and wanted not in mark:
            raise BadBackupError(f"{self._path}: it does not begin as it should")
        return mark


def proven(path: Path, key: str, tell: Tell) -> Backup:
    """Read all of a backup and keep nothing of it. Raises BadBackupError where it is not whole."""
    backup = Backup(path, key)
    for part in backup.parts():
        for _ in told(part.lines, f"proving {part.table}", tell):
            pass
    return backup


def _lines(path: Path, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of what was compressed, each with its line feed."""
    unpack, left = zlib.decompressobj(), b""
    for chunk in chunks:
        whole = left + unpack.decompress(chunk)
        cut = whole.rfind(b"\n") + 1
        yield from whole[:cut].splitlines(keepends=True)
        left = whole[cut:]
    if left or not unpack.eof or unpack.unused_data:
        raise BadBackupError(f"{path}: it does not end as it should")
