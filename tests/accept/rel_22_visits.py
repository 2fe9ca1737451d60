"""
Files of delivered visits for REL-22: taken whole or not at all, small ones within a page and large ones by a job.

Each kind of file that a provider sends is spoilt in rows of any place: the refusal tells each of them by its number and
no good one, and beside the receipt that says so nothing of the file is there. A sound one dies at one of its
statements, the commit among them: nothing of it is there; sent again all of it is, once.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from accept.rel_08 import DIED, MOST_STATEMENTS, in_child
from accept.state import differing, state
from accept.tally import Tally
from accept.ux_10 import SPOILT_DELIVERIES, SPOILT_VISITS, as_csv, as_workbook, delivery_row, table_of, visit_row

KINDS = {"own visits": (visit_row, SPOILT_VISITS), "delivery": (delivery_row, SPOILT_DELIVERIES)}
BESIDE = ("visits_visitfile", "audit_chain", "audit_event")
"""Where it is written down that a file came and was refused."""
PROGRESS = ("jobs_job.done", "jobs_job.size", "jobs_job.lease_until")
MOST_ROWS = 12


def visit_files(
    tally: Tally, world: Any, size: int, every: int, places: dict[str, Callable[[int], Sequence[int]]]
) -> None:
    """So many spoilt files of each kind, and sound ones that die at every so manieth statement."""
    chance = random.Random(2_222)
    # Made beforehand, so that no file makes a user.
    _ = world.manager("acorn")
    for name in KINDS:
        for number in range(size):
            spoilt(tally, world, chance, name, list(places.items())[number % len(places)])
    for large in (False, True):
        dying(tally, world, every, large=large)


def spoilt(
    tally: Tally, world: Any, chance: random.Random, name: str, place: tuple[str, Callable[[int], Sequence[int]]]
) -> None:
    from calloff.web.visits.services.files import FileRefusedError

    row, spoils = KINDS[name]
    rows = [row(number) for number in range(1, chance.randint(4, MOST_ROWS))]
    bad = sorted(place[1](len(rows)))
    for one in bad:
        column = chance.choice(sorted(spoils))
        rows[one] = rows[one] | {column: spoils[column]}
    ending = chance.choice(("csv", "xlsx"))
    table = table_of(name, rows)
    data = as_csv(table) if ending == "csv" else as_workbook(table)
    before = state()
    told = f"{name} as {ending}, bad {place[0]}"
    tally.n += 1
    try:
        take(world, f"visits.{ending}", data)
        tally.fault(f"{told}: it was taken")
    except FileRefusedError as refused:
        lines = sorted({one.line for one in refused.cells})
        tally.expect(lines == [one + 2 for one in bad], f"{told}: rows {lines} were told, not those after {bad}")
        listed = json.loads(refused.file.problems)
        tally.expect(len(listed) >= len(bad), f"{told}: its receipt lists {len(listed)} problems")
    left = set(differing(before, state())) - set(BESIDE)
    tally.expect(not left, f"{told}: left behind {', '.join(sorted(left))}")


def take(world: Any, name: str, data: bytes) -> Any:
    """Take a file as the portal does with a small one."""
    from calloff.formats.visit_files import as_plain_file
    from calloff.web.visits.services.files import receive

    told = {"council": world.council, "branch": world.branch("acorn"), "by": world.manager("acorn"), "at": world.at}
    with tempfile.TemporaryDirectory() as folder:
        return receive(**told, path=as_plain_file(name, data, Path(folder)), name=name)


def dying(tally: Tally, world: Any, every: int, *, large: bool) -> None:
    """The process dies at a statement, at a later one, and so on until the whole file is there; once."""
    from calloff.web.visits.models import VisitRow

    first = 1_000 if large else 500
    rows = [visit_row(number) for number in range(first, first + 5)]
    act = job_of(world, rows) if large else lambda: take(world, "visits.csv", as_csv(table_of("own visits", rows)))
    told, before, there = f"a {'large' if large else 'small'} file", state(without=PROGRESS), VisitRow.objects.count()
    for number in range(1, MOST_STATEMENTS, every):
        code = in_child(act, number)
        tally.n += 1
        if code == 0:
            came = VisitRow.objects.count() - there
            tally.expect(came == len(rows), f"{told}: {came} of {len(rows)} rows came in")
            in_child(act, MOST_STATEMENTS)
            tally.expect(VisitRow.objects.count() - there == came, f"{told}, once more, came in again")
            return
        changed = differing(before, state(without=PROGRESS))
        tally.expect(code == DIED, f"{told} broke off with exit code {code} before statement {number}")
        tally.expect(not changed, f"{told}, ended at statement {number}, left behind: {', '.join(changed)}")
    tally.fault(f"{told} has no end")


def job_of(world: Any, rows: Sequence[dict[str, str]]) -> Callable[[], object]:
    """The job by which a large file is taken, which is kept before; small here, since its size is nothing to it."""
    from calloff.web.jobs.services import Task
    from calloff.web.visits.services.large import Sending, keep_large, take_file

    told = {"council": world.council, "branch": world.branch("acorn"), "by": world.manager("acorn"), "at": world.at}
    data = as_csv(table_of("own visits", list(rows)))
    table = keep_large(**told, name="visits.csv", data=data, sending=Sending())
    return lambda: take_file(
        Task(world.council.pk, table.token, {"table": table.pk, **Sending().told()}, "take_file"), world.at
    )
