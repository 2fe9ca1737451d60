"""
Files of delivered visits: all of a file or nothing, each with a receipt, one answer whatever arrives when.

A file with a malformed row is refused whole, every such row told. A well-formed row that fits nothing is accepted and
parked, for somebody to look at (TRUST I8, I24).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from calloff.domain.errors import BadInputError, BadRow, RowErrors
from calloff.domain.visit_rows import Key, VersionConflictError
from calloff.formats.delivered_visits import REPLACE, DeliveredFile
from calloff.formats.visit_files import read_visit_file
from calloff.settlement.pay import keys_of, wholes_of
from calloff.web.accounts.models import User
from calloff.web.audit.services import Act, act
from calloff.web.directory.models import Branch, Council
from calloff.web.directory.services import draw
from calloff.web.jobs import services as jobs
from calloff.web.visits.models import VisitFile, VisitRow, WholeWeek
from calloff.web.visits.services.loose import note_parked
from calloff.web.visits.services.rows import BATCH, content_of, key_text, known_versions, people_called, row_of

MOST_PROBLEMS = 500
"""So many bad rows of a file are told; the provider puts right what it can see."""
Read = Callable[[Path], DeliveredFile]
Within = Callable[[Act, VisitFile], None]
Tell = Callable[[int, int], None]
STEPS = 2
"""A file is read, then written in one go."""


class FileRefusedError(BadInputError):
    """A file of which nothing was taken; its receipt says why."""

    def __init__(self, file: VisitFile, problems: Sequence[str], cells: Sequence[BadRow] = ()) -> None:
        super().__init__("\n".join(problems))
        self.file, self.problems, self.cells = file, tuple(problems), tuple(cells)


def receive(
    *,
    council: Council,
    branch: Branch,
    path: Path,
    name: str,
    by: User | None,
    at: datetime,
    read: Read = read_visit_file,
    within: Within | None = None,
    receipt: str = "",
    tell: Tell = lambda _done, _size: None,
) -> VisitFile:
    """
    Take a file that a provider sent; its receipt. `read` is its reader, where it is a table of its own columns.

    `within` is what else is done in the same act, once the rows are stored.
    `receipt` is the one that its sender was given already; `tell` is told after each of the steps how far it is.

    Raises FileRefusedError, with a receipt too, where a row is malformed or says something else than is known of it.
    """
    tell(0, STEPS)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    told: dict[str, Any] = {"council": council, "branch": branch, "name": name[:120], "hash": digest, "sent_by": by}
    told["receipt"] = receipt or draw()
    try:
        found = read(path)
        tell(1, STEPS)
        with act(council=council.pk, by=by, at=at) as doing:
            if (before := _taken_under(receipt)) is not None:
                doing.nothing()
                return before
            file = VisitFile(
                **told,
                sent_at=doing.at,
                state=VisitFile.ACCEPTED,
                rows=len(found.rows),
                minutes=found.minutes,
                mode=found.mode,
                reference=found.reference[:60],
                not_read="\n".join(found.not_read),
            )
            _refuse_used_reference(file)
            _store(file, found)
            if within is not None:
                within(doing, file)
            data = {"hash": digest, "rows": file.rows, "new": file.new_rows, "parked": file.parked_rows}
            doing.record("visits_received", file.receipt, data | {"mode": file.mode})
            if file.new_rows or file.mode == REPLACE:
                due_at, data = jobs.at_once(doing.at), {"file": file.pk}
                jobs.add("settle_file", file.receipt, council=council.pk, due_at=due_at, data=data)
        return file
    except (BadInputError, RowErrors) as error:
        cells = error.rows if isinstance(error, RowErrors) else ()
        problems = [str(one) for one in cells] or str(error).splitlines()
    # The sender knows the file by its own name, not by where it lay while it was read.
    problems = [one.replace(str(path), name) for one in problems]
    raise FileRefusedError(_refuse(council.pk, told, problems, by, at), problems, cells)


def _taken_under(receipt: str) -> VisitFile | None:
    """The file that another worker took meanwhile under the receipt that its sender was given."""
    return VisitFile.objects.filter(receipt=receipt).first() if receipt else None


def _refuse(council: int, told: Mapping[str, Any], problems: Sequence[str], by: User | None, at: datetime) -> VisitFile:
    with act(council=council, by=by, at=at) as doing:
        if (before := _taken_under(told["receipt"])) is not None:
            doing.nothing()
            return before
        file = VisitFile.objects.create(
            **told,
            sent_at=doing.at,
            state=VisitFile.REFUSED,
            problems=json.dumps(problems[:MOST_PROBLEMS]),
        )
        doing.record("visits_refused", file.receipt, {"hash": file.hash, "problems": len(problems)})
    return file


def _refuse_used_reference(file: VisitFile) -> None:
    """A file that calls itself as another one did is refused; the very same file again brings nothing new."""
    if not file.reference:
        return
    used = VisitFile.objects.filter(
        council=file.council_id, branch=file.branch_id, reference=file.reference, state=VisitFile.ACCEPTED
    )
    other = used.exclude(hash=file.hash).order_by("pk").first()
    if other is not None:
        raise BadInputError(
            f"The file reference {file.reference} was used before, by the file with the receipt {other.receipt}. "
            "Give each file a reference of its own."
        )


def _store(file: VisitFile, found: DeliveredFile) -> None:
    """The rows of a file that are new, each resolved as far as it can be, and the weeks of which it holds all."""
    keys = keys_of(found)
    known = known_versions(file, keys)
    contracts = dict(file.branch.enrolments.filter(council=file.council_id).values_list("reference", "pk"))
    people = people_called(file, {one.person for one in found.rows})
    rows: dict[tuple[str, datetime], VisitRow] = {}
    for key, one in zip(keys, found.rows, strict=True):
        text, content = key_text(key), content_of(one)
        place = (text, one.version)
        before = known.get(place) or (rows[place].content if place in rows else None)
        if before == content:
            file.known_rows += 1
            continue
        if before is not None:
            raise VersionConflictError(
                f"line {one.line}: row {' '.join(key[1:])} of {one.version.isoformat()} is here already and says "
                "something else; give what was changed a later version"
            )
        rows[place] = row_of(file, text, content, one, contracts.get(one.contract), people.get(one.person))
    file.new_rows = len(rows)
    file.parked_rows = sum(bool(row.parked) for row in rows.values())
    file.save(force_insert=True)
    VisitRow.objects.bulk_create(rows.values(), batch_size=BATCH)
    note_parked(rows.values(), file.sent_at)
    if found.mode == REPLACE:
        _store_weeks(file, found, keys)


def _store_weeks(file: VisitFile, found: DeliveredFile, keys: Sequence[Key]) -> None:
    """Of each contract's week that a file replaces, which rows it has."""
    weeks = []
    for whole in wholes_of(found, keys):
        contract, week = whole.place
        told = {"contract": contract, "week": week, "version": whole.version}
        held = "\n".join(sorted(key_text(key) for key in whole.keys))
        before = WholeWeek.objects.filter(council=file.council_id, branch=file.branch_id, **told).first()
        if before is not None and before.keys != held:
            raise VersionConflictError(
                f"Another file of the same moment holds all of {contract}'s week of {week}, with other rows. "
                "Give a row that was changed a later version."
            )
        if before is None:
            weeks.append(WholeWeek(council_id=file.council_id, branch_id=file.branch_id, file=file, keys=held, **told))
    WholeWeek.objects.bulk_create(weeks)
