"""
REL-11: whatever arrives when, in however many files, comes to one state.

The rows that a provider has to say are corrected, withdrawn by a file that holds a whole week, and corrected again.
They are shuffled, split over files, repeated, cut off and sent again, in orders that are drawn: which rows stand, and
what every visit is worth, must be the same each time (TRUST I8).
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 4, 1: 200, 2: 5_000}
CORRECTED, AGAIN, WITHDRAWN = 0.2, 0.1, 0.2
Sent = tuple[str, list[Any]]
"""A file: its mode and its rows."""


def check(size: int) -> Result:
    """So many orders of arrival, on each engine."""
    tally = Tally()
    on_each_engine(tally, "rel_11", "permute", size, SIZES[0])
    return tally.result


def permute(tally: Tally, size: int) -> None:
    from web.paying import Paying

    with tempfile.TemporaryDirectory(prefix="calloff-rel11-") as name:
        paying = Paying(Path(name))
        paying.world.at = paying.at
        rows = paying.delivered(seed=11)
        said, whole = everything_said(rows, random.Random(11))
        expected = after(paying, [("add", said), ("replace", whole)])
        tally.expect(len(expected["rows"]) < len({row.row for row in said}), "no row was withdrawn")
        for number in range(size):
            found = after(paying, arrivals(said, whole, random.Random(f"arrival {number}")))
            tally.n += 1
            for part, told in expected.items():
                differ = set(told) ^ set(found[part])
                tally.expect(not differ, f"order {number}: {part} differ: {sorted(differ)[:2]}")


def everything_said(rows: Sequence[Any], chance: random.Random) -> tuple[list[Any], list[Any]]:
    """Every version of every row, and the rows of a file that holds all of the first week, as of a moment between."""
    first = min(row.came.at for row in rows)
    said, standing = list(rows), {row.row: row for row in rows}

    def changed(row: Any, days: int) -> Any:
        left = replace(row.left, at=row.left.at + timedelta(minutes=chance.randrange(1, 9)))
        return replace(row, version=row.version + timedelta(days=days), left=left)

    for row in chance.sample(list(rows), int(len(rows) * CORRECTED)):
        standing[row.row] = changed(row, 1)
        said.append(standing[row.row])
    # By the council's own weeks: those of the first local week lie within seven days of the first coming.
    week = [row for row in standing.values() if row.came.at < first + timedelta(days=6, hours=20)]
    kept = [row for row in week if chance.random() > WITHDRAWN]
    whole = [*kept[:-1], changed(kept[-1], 2)]
    # Some of what was withdrawn was changed afterwards, and stands again.
    gone = [row for row in week if row not in kept]
    said += [changed(row, 3) for row in gone[:: int(1 / AGAIN) // 2]]
    return said, whole


def arrivals(said: Sequence[Any], whole: Sequence[Any], chance: random.Random) -> list[Sent]:
    """The same said in another order: split, repeated, cut off and sent again."""
    mixed = chance.sample(list(said), len(said)) + chance.sample(list(said), len(said) // 4)
    cuts = sorted(chance.sample(range(1, len(mixed)), chance.randrange(1, 6)))
    files: list[Sent] = [("add", mixed[a:b]) for a, b in zip([0, *cuts], [*cuts, len(mixed)], strict=True)]
    files += [("replace", chance.sample(list(whole), len(whole)))] * chance.choice((1, 2))
    files += [("cut", chance.choice(files)[1]), chance.choice(files)]
    return chance.sample(files, len(files))


def after(paying: Any, files: Sequence[Sent]) -> dict[str, set[Any]]:
    """What stands and what every visit is worth once these files have come; then as if they never had."""
    from django.db import transaction

    from calloff.web.payments.models import Entitlement
    from calloff.web.payments.services.entitling import latest
    from calloff.web.visits.models import VisitRow
    from calloff.web.visits.services.rows import standing_rows

    with transaction.atomic():
        for number, (mode, rows) in enumerate(files):
            send(paying, number, mode, rows)
        found = {
            "rows": {(row.key, row.version) for row in standing_rows(VisitRow.objects.all())},
            "visits": {
                (one.anchor, one.component, one.reason, one.marks, one.worked_minutes, one.paid_minutes, one.pence)
                for one in latest(Entitlement.objects.all()).values()
            },
        }
        transaction.set_rollback(True)
    return found


def send(paying: Any, number: int, mode: str, rows: Sequence[Any]) -> None:
    """One file and what the worker does with it; one that is cut off must be refused, or say all that it had to say."""
    from web.filled_pay import settle

    from calloff.formats.delivered_visits import write_visits
    from calloff.web.visits.services.files import FileRefusedError, receive

    path = paying.folder / f"{number}.csv"
    write_visits(path, rows, "add" if mode == "cut" else mode)
    if mode == "cut":
        data = path.read_bytes()
        path.write_bytes(data[: random.Random(number).randrange(1, len(data) - 40)])
    told = {"council": paying.world.council, "branch": paying.world.branch("Acorn")}
    try:
        receive(**told, path=path, name=path.name, by=paying.world.manager("Acorn"), at=paying.at)
    except FileRefusedError:
        if mode != "cut":
            raise
    settle(paying.world)
