"""Writes a backup: everything at one moment, in one file that is whole or not there."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import connection
from django.utils.crypto import salted_hmac

from calloff.domain.calendar import moment_text
from calloff.domain.errors import BadInputError
from calloff.formats.tables import writing_to
from calloff.ways.build import version_of_code
from calloff.web.audit.models import Chain, Event
from calloff.web.audit.services import faults_in_chain
from calloff.web.backup import migrated
from calloff.web.backup.numbering import last_numbers
from calloff.web.backup.reading import proven
from calloff.web.backup.sealed import Sealing
from calloff.web.backup.state import Counted, Counting, Tell, hash_of_state, lines_of, one_moment, tables, told

MOST_FAULTS = 20
LEVEL = 6
"""Of zlib: rows of text shrink to a tenth, and reading them takes longer than that."""


@dataclass(frozen=True)
class Written:
    """What a backup holds."""

    rows: int
    bytes: int
    state: str
    faults: tuple[str, ...]


def back_up(out: Path, key: str, at: datetime, tell: Tell) -> Written:
    """
    Write everything that the database holds at one moment to a new file, and read it back.

    A chain of events that is not whole is no reason to keep nothing: its faults are returned and stand in the file.

    Raises BadInputError where there is such a file already, or the database is not at the migrations of this Calloff,
    and BadBackupError where what was written does not read as it should. Nothing is left behind then.
    """
    if out.exists():
        raise BadInputError(f"{out} is there already, and a backup overwrites nothing. Give another name.")
    refuse_no_database()
    migrated.refuse_other()
    with writing_to(out), _whole_or_nothing(out) as (stream, partial):
        sealing = Sealing(stream, key)
        packing = Packing(sealing)
        with one_moment():
            written = _write(packing, at, tell)
        packing.close()
        sealing.close()
        stream.flush()
        os.fsync(stream.fileno())
        tell("reading it back")
        proven(partial, key, tell)
    return Written(written.rows, out.stat().st_size, written.state, written.faults)


class Packing:
    """Compresses what is written before it is sealed."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing, self._pack = sealing, zlib.compressobj(LEVEL)

    def line(self, line: bytes) -> None:
        self._sealing.write(self._pack.compress(line))

    def mark(self, told: dict[str, Any]) -> None:
        """A line that is no row: it begins with a brace, and a row with a bracket."""
        self.line(json.dumps(told, ensure_ascii=False).encode() + b"\n")

    def close(self) -> None:
        self._sealing.write(self._pack.flush())


def _write(packing: Packing, at: datetime, tell: Tell) -> Written:
    packing.mark(
        {
            "made_at": moment_text(at),
            "calloff": version_of_code(),
            "engine": connection.vendor,
            "migrations": migrated.applied(),
            "website_key": proof_of_website_key(settings.SECRET_KEY),
        }
    )
    found: dict[str, Counted] = {}
    numbers = last_numbers()
    for table in tables():
        counting = Counting()
        columns = [column for column, _ in table.columns]
        packing.mark({"table": table.name, "columns": columns, "last_number": numbers.get(table.name, 0)})
        for line in told(counting(lines_of(table)), f"writing {table.name}", tell):
            packing.line(line)
        found[table.name] = counting.found
        packing.mark({"end": table.name, "rows": counting.found.rows, "hash": counting.found.hash})
    tell("looking at the chains of events")
    faults = tuple(faults_in_chains())
    state = hash_of_state(found)
    packing.mark({"state": state, "faults": faults})
    return Written(sum(one.rows for one in found.values()), 0, state, faults)


def faults_in_chains() -> Iterator[str]:
    """Whatever is wrong with the chain of any council, or with that of the house; the first so many."""
    number = 0
    # Events whose chain's end was taken away are a fault, too.
    ends, events = (model.objects.values_list("council", flat=True) for model in (Chain, Event))
    for council in sorted({*ends, *events.order_by("council").distinct()}):
        for fault in faults_in_chain(council):
            number += 1
            if number > MOST_FAULTS:
                return
            yield f"council {council}: {fault}" if council else f"house: {fault}"


def proof_of_website_key(key: str) -> str:
    """By what it is seen after a restore whether the website still has the key that authenticators are kept under."""
    return salted_hmac("calloff.backup", "the key of the website", secret=key, algorithm="sha256").hexdigest()


def refuse_no_database() -> None:
    """Raise BadInputError where the file of the database is not there: SQLite would make it."""
    if connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).is_file():
        raise BadInputError(f"{connection.settings_dict['NAME']}: there is no such database")


@contextmanager
def _whole_or_nothing(out: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """A file beside, for its owner alone, that gets its name at the end and is gone when anything goes wrong."""
    partial = out.with_name(f".{out.name}.partial-{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream, partial
        if out.exists():
            raise BadInputError(f"{out} was made meanwhile, and a backup overwrites nothing. Give another name.")
        partial.replace(out)
        sync_folder(out.parent)
    finally:
        partial.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Let the new name of a file outlast a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
