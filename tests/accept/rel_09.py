"""
REL-09: a death between commit and dispatch loses no message and sends none twice.

Acts that tell people are done; the worker that should carry the messages out is ended at a statement drawn by chance,
again and again, and another one comes when its lease has run out. At the end every message that was caused lies in
its recipient's folder once, and nothing else does.
"""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

from accept.engines import on_each_engine
from accept.rel_08 import in_child
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 12, 1: 200, 2: 5_000}
MOST_STATEMENTS = 30
LATER = timedelta(minutes=2)
AT_LAST = timedelta(days=30)
"""When also that is due which waits for its hour, such as that a package has no owner."""


def check(size: int) -> Result:
    """So many deaths on each engine."""
    tally = Tally()
    on_each_engine(tally, "rel_09", "deaths", size, SIZES[0])
    return tally.result


def deaths(tally: Tally, size: int) -> None:
    from world import made_world

    world = made_world()
    world.provider("acorn", 15, 6_000_000)
    _ = world.broker, world.assessor, world.approver, world.manager("acorn")
    chance = random.Random(9)
    while tally.n < size:
        package = world.started()
        world.answer(package, "acorn")
        world.confirm(package)
        for _turn in range(5):
            number = chance.randint(1, MOST_STATEMENTS)
            code = in_child(world.work, number)
            tally.n += 1
            tally.expect(code in (0, 9), f"the worker broke off with exit code {code}")
            world.at += LATER
    for lag in (LATER, AT_LAST):
        world.at += lag
        while world.work():
            world.at += LATER
    look(tally)


def look(tally: Tally) -> None:
    """Compare what lies in the folder with the notices that were made."""
    from django.conf import settings

    from calloff.web.jobs.models import Job, Notice
    from calloff.web.jobs.services import message_id

    sent = sorted(path.stem for path in Path(settings.EMAIL_FILE_PATH).glob("*.eml"))
    due = sorted(message_id(pk).strip("<>") for pk in Notice.objects.values_list("pk", flat=True))
    tally.expect(sent == due, f"{len(set(due) - set(sent))} messages lost, {len(set(sent) - set(due))} nobody caused")
    for state, count in states(Notice.objects.values_list("email_state", flat=True)).items():
        tally.expect(state == "sent", f"{count} notices are {state}")
    for state, count in states(Job.objects.values_list("state", flat=True)).items():
        tally.expect(state == "done", f"{count} jobs are {state}")
    tally.notes.append(f"{len(due)} messages")


def states(found: Any) -> dict[str, int]:
    counted: dict[str, int] = {}
    for state in found:
        counted[state] = counted.get(state, 0) + 1
    return counted
