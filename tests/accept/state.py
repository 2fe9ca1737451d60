"""The whole state of the database as one hash, and by table, so that two moments can be compared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

LEFT_OUT = ("audit_look",)
"""What tells of reading, and of no act; who is signed in and which worker lives is no part of any state."""


def state(without: Iterable[str] = ()) -> dict[str, str]:
    """By table the hash of its rows, in the order of their keys; some columns may be left out, as `table.column`."""
    from calloff.web.backup.state import counted, tables

    skipped = set(without)
    found = {}
    for table in tables():
        if table.ours and table.name not in LEFT_OUT:
            kept = tuple(one for one in table.columns if f"{table.name}.{one[0]}" not in skipped)
            found[table.name] = counted(replace(table, columns=kept)).hash
    return found


def differing(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The tables that are not the same."""
    return sorted(table for table in before if before[table] != after.get(table))
