"""
Day one: the care that a council already buys, and the people who wait, come in from one sheet.

A file is read and checked by a job, put forward by whoever drafted it and carried out by a job once another approved
it: every row or none, in one transaction. All that can be is worked out before it begins, so that it is short. The same
row never comes in twice, whatever file it stands in.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from calloff.domain.records import sha256
from calloff.formats.day_one import DAY_ONE, DayOneRow, read_day_one
from calloff.formats.sheets import NotReadError, read_upload
from calloff.formats.tables import Row
from calloff.web.accounts.models import User
from calloff.web.audit.services import act
from calloff.web.brokerage.models import BroughtIn
from calloff.web.brokerage.services.carrying import look_again
from calloff.web.brokerage.services.known_here import BATCH, Known
from calloff.web.brokerage.services.made_rows import Made, SheetRefusedError, hash_of
from calloff.web.brokerage.services.replanning import many_changed
from calloff.web.contracts.models import Draft, Upload
from calloff.web.contracts.services.publishing import DraftError, FileRead, carries, keep
from calloff.web.directory.models import Council
from calloff.web.jobs import services as jobs

TELLS_EVERY = 1_000
"""After so many rows the page can see how far the job is."""
MOST_FAULTS = 500
SAMPLE = 50
LONGEST_CARRYING = timedelta(minutes=15)


# Keeping and reading a file


def keep_sheet(*, council: Council, name: str, data: bytes, by: User, at: datetime) -> Draft:
    """
    Keep an upload as a draft that a job reads and checks; DraftError where this very file came in already.

    The file is kept as it is, so that what is carried out is what was looked at.
    """
    digest = sha256(data)
    earlier = Upload.objects.filter(council=council, hash=digest, draft__kind="packages", carried_at__isnull=False)
    if (found := earlier.select_related("draft").first()) is not None:
        raise DraftError(f"This file came in already with draft {found.draft.reference}. Nothing was kept.")
    content = json.dumps({"name": name, "data": base64.b64encode(data).decode()})
    return keep(
        council=council,
        kind="packages",
        title=f"Packages from {name}"[:160],
        content=content,
        file=FileRead(name, digest),
        state=Draft.READING,
        by=by,
        at=at,
    )


READING = jobs.Long(_("A file of packages is checked"), _("rows"), ("draft_import",), ends=True)
CARRYING = jobs.Long(_("Packages are brought in"), _("rows"), ("draft_import", "approve_import"), ends=True)


@jobs.handles("read_draft", READING)
def read_draft_job(task: jobs.Task, at: datetime) -> None:
    """Read and check the file of a draft; what it would do, or all that is wrong, is kept with it."""
    draft = Draft.objects.select_related("council").get(pk=task.data["draft"])
    if draft.state != Draft.READING:
        return
    tells, cancelled = Progress(task), None
    try:
        tells.tell()
        rows = rows_of(draft, tells)
        summary, state = summary_of(draft, rows), Draft.CHECKED
        if not summary["new"]:
            summary["refused"], state = (
                "Every row of this file came in already: there is nothing to approve.",
                Draft.FAULTY,
            )
    except NotReadError as error:
        faults = [[one.row, one.column, one.found, one.expected] for one in error.cells[:MOST_FAULTS]]
        summary, state = {"refused": str(error), "faults": faults, "count": len(error.cells)}, Draft.FAULTY
    except jobs.JobCancelledError as error:
        summary, state, cancelled = {"refused": str(error)}, Draft.FAULTY, error
    with act(council=draft.council_id, by=None, at=at) as doing:
        again = Draft.objects.only("state").get(pk=draft.pk)
        if again.state != Draft.READING:
            doing.nothing()
            return
        Draft.objects.filter(pk=draft.pk).update(state=state)
        Upload.objects.filter(draft=draft).update(summary=json.dumps(summary), done=tells.done, size=tells.done)
        doing.record("draft_read", draft.reference, {"state": state, "rows": tells.done})
        tell_drafter(draft, f"read-{draft.pk}", doing.at)
    if cancelled is not None:
        raise cancelled


def tell_drafter(draft: Draft, key: str, at: datetime) -> None:
    """Tell whoever drafted it that something became of it."""
    address = f"/drafts/{draft.reference}"
    jobs.tell(
        draft.drafted_by, "draft_decided", draft.reference, council=draft.council_id, key=key, at=at, link=address
    )


@dataclass
class Progress:
    """How far a job is: rows done, of as many as are known so far."""

    task: jobs.Task
    done: int = 0
    size: int = 0

    def one_more(self) -> None:
        """Another row is dealt with."""
        self.done += 1
        if self.done % TELLS_EVERY == 0:
            self.tell()

    def tell(self, lasts: timedelta = jobs.LEASE) -> None:
        """Write it down; for `lasts` nobody thinks that this worker died. Raises where it was cancelled."""
        self.task.tell(self.done, max(self.done, self.size), lasts)


def rows_of(draft: Draft, tells: Progress) -> tuple[DayOneRow, ...]:
    """The rows of a draft's file, held against what the council knows; NotReadError has all that do not fit."""
    stored = json.loads(draft.content)
    known = Known.of(draft.council)

    def check(row: Row, found: DayOneRow) -> None:
        known.check(row, found)
        tells.one_more()

    data = base64.b64decode(stored["data"])
    return read_upload(stored["name"], data, lambda path: read_day_one(path, check), DAY_ONE.name)


def summary_of(draft: Draft, rows: Sequence[DayOneRow]) -> dict[str, Any]:
    """What a file would do, in numbers, with its first rows; nobody's name is among them."""
    known = Known.of(draft.council)
    here = came_in_already(draft.council, rows)
    new = [one for one in rows if (one.case_number, one.reference) not in here]
    changed = sum(here.get((one.case_number, one.reference), "") not in ("", hash_of(one)) for one in rows)
    sample = []
    for one in new[:SAMPLE]:
        by = known.giver(one)
        sample.append(
            {
                "row": one.row,
                "case_number": one.case_number,
                "reference": one.reference,
                "area": known.areas[one.area].name,
                "minutes": sum(visit.worker_minutes for visit in one.visits),
                "approved_at": one.approved_at.isoformat(),
                "provider": by.branch.name if by else "",
                "centipence": one.centipence_per_hour,
                "since": one.since.isoformat() if one.since else "",
            }
        )
    return {
        "rows": len(rows),
        "new": len(new),
        "known": len(rows) - len(new),
        "changed": changed,
        "live": sum(one.live for one in new),
        "open": sum(not one.live for one in new),
        "outside": sum(one.live and known.giver(one) is None for one in new),
        "ungoverned": sum(known.model_for(one) is None for one in new),
        "minutes": sum(visit.worker_minutes for one in new for visit in one.visits),
        "people": len({one.case_number for one in new}),
        "sample": sample,
    }


def came_in_already(council: Council, rows: Sequence[DayOneRow]) -> dict[tuple[str, str], str]:
    """Which rows came in before, by case number and reference, each with the hash of what it said then."""
    wanted = {(one.case_number, one.reference) for one in rows}
    stored = BroughtIn.objects.filter(council=council).values_list("case_number", "reference", "row_hash")
    return {(case, name): digest for case, name, digest in stored.iterator(chunk_size=BATCH) if (case, name) in wanted}


# Carrying it out


@carries("packages")
def bring_in_later(draft: Draft, by: User, at: datetime) -> None:
    """Let a job bring in what was approved: a big file takes longer than a page may."""
    jobs.add("carry_draft", draft.reference, council=draft.council_id, due_at=at, data={"draft": draft.pk})


@jobs.handles("carry_draft", CARRYING)
def carry_draft_job(task: jobs.Task, at: datetime) -> None:
    """Bring in the rows of an approved draft, all of them or none; a second run finds it done."""
    draft = Draft.objects.select_related("council", "decided_by", "drafted_by").get(pk=task.data["draft"])
    upload = Upload.objects.get(draft=draft)
    if draft.state != Draft.APPROVED or upload.carried_at is not None or upload.problem:
        return
    tells, problem, cancelled = Progress(task), "", None
    try:
        tells.tell()
        bring_in(draft, tells, at)
    except NotReadError as error:
        first = "; ".join(f"row {one.row}, {one.column}: expected {one.expected}" for one in error.cells[:5])
        problem = f"The file no longer fits what the council knows: {first or error}. Nothing was brought in."
    except SheetRefusedError as error:
        problem = str(error)
    except jobs.JobCancelledError as error:
        problem, cancelled = str(error), error
    if not problem:
        return
    with act(council=draft.council_id, by=None, at=at) as doing:
        Upload.objects.filter(draft=draft).update(problem=problem[:1000])
        doing.record("import_failed", draft.reference, {"rows": tells.done})
        tell_drafter(draft, f"failed-{draft.pk}", doing.at)
    if cancelled is not None:
        raise cancelled


def bring_in(draft: Draft, tells: Progress, at: datetime) -> int:
    """
    Bring in what is new in a draft's file; how many packages that were.

    Everything is read, checked and worked out first. The transaction only writes.
    """
    rows = rows_of(draft, tells)
    here = came_in_already(draft.council, rows)
    known = Known.of(draft.council)
    new = [one for one in rows if (one.case_number, one.reference) not in here]
    made = Made(draft, known, at)
    tells.done, tells.size = 0, len(new)
    for one in new:
        made.add(one)
        tells.one_more()
    # The writing is one transaction, from within which nobody can be told that the worker lives.
    tells.tell(LONGEST_CARRYING)
    with act(council=draft.council_id, by=draft.decided_by, at=at) as doing:
        if Upload.objects.get(draft=draft).carried_at is not None:
            doing.nothing()
            return 0
        if came_in_already(draft.council, new):
            raise SheetRefusedError("Some of these rows came in meanwhile with another file. Nothing was brought in.")
        made.store()
        doing.record_each("package_imported", made.events)
        for package in made.open_ones:
            look_again(package, doing.at)
        Upload.objects.filter(draft=draft).update(carried_at=doing.at, done=len(new), size=len(new))
        many_changed(draft.council_id, doing.at)
        doing.record("packages_imported", draft.reference, {"packages": len(new), "known": len(here)})
    return len(new)
