"""Restores a backup into an empty database, and proves that the same stands there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection

from calloff.domain.errors import BadBackupError
from calloff.web.audit.models import Chain
from calloff.web.backup import migrated
from calloff.web.backup.loading import load, without_triggers
from calloff.web.backup.numbering import number_after
from calloff.web.backup.reading import Backup, End, proven
from calloff.web.backup.state import Counted, Tell, counted, hash_of_state, tables
from calloff.web.backup.target import make_tables, new_database, refuse_not_empty
from calloff.web.backup.writing import faults_in_chains, proof_of_website_key


@dataclass(frozen=True)
class Restored:
    """What was restored: rows, state hash, when it was backed up, and the length of each chain by council."""

    rows: int
    state: str
    made_at: str
    chains: Mapping[int, int]
    faults: tuple[str, ...]
    website_key_known: bool
    """Whether the authenticators of before can be read under the keys of this website."""


def restore(path: Path, key: str, tell: Tell, *, although_broken: bool = False) -> Restored:
    """
    Fill an empty database with a backup.

    All of the backup is proven before anything is written. What was written is read again: it must have the state hash
    of the backup, and chains of events that are whole, or (with `although_broken`) that are broken as they were.

    Raises BadBackupError, the database then being as empty as before.
    """
    head = Backup(path, key).head
    differs = migrated.difference(head["migrations"], migrated.known(), "it")
    if differs:
        raise BadBackupError(
            f"{path}: this backup was made by another Calloff: {differs}. Restore it with the Calloff that made it "
            f"({head['calloff'][:12]}), then run the migrations of this one."
        )
    refuse_not_empty()
    said = proven(path, key, tell).end
    if said.faults and not although_broken:
        raise BadBackupError(
            f"{path}: the chain of events was broken already when this backup was made ({said.faults[0]}). "
            "To look into it, restore it with --although-broken."
        )
    with new_database():
        restored = _fill(path, key, head, tell)
    return restored


def _fill(path: Path, key: str, head: Mapping[str, Any], tell: Tell) -> Restored:
    try:
        make_tables(tell)
        with without_triggers():
            # Once more, now that nobody else can write.
            refuse_not_empty()
            end, numbers = load(path, key, tell)
        number_after(numbers)
        found = {table.name: counted(table, tell) for table in tables()}
        _prove(path, end, found, tell)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    except DatabaseError as error:
        raise BadBackupError(
            f"{path}: the database did not take it ({type(error).__name__}); nothing was restored"
        ) from error
    return Restored(
        sum(one.rows for one in found.values()),
        end.state,
        head["made_at"],
        dict(Chain.objects.order_by("council").values_list("council", "length")),
        end.faults,
        head["website_key"] in map(proof_of_website_key, (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)),
    )


def _prove(path: Path, end: End, found: Mapping[str, Counted], tell: Tell) -> None:
    differing = sorted(name for name in end.tables if found.get(name) != end.tables[name])
    if differing or hash_of_state(found) != end.state:
        raise BadBackupError(
            f"{path}: what was restored is not what was backed up, in {', '.join(differing)}; nothing was kept"
        )
    tell("looking at the chains of events")
    faults = tuple(faults_in_chains())
    if faults != end.faults:
        raise BadBackupError(f"{path}: the restored chain of events is not whole: {faults[0]}; nothing was kept")
