"""
Files of delivered visits: all of a file or nothing, each with a receipt, one answer whatever arrives when.

A file with a malformed row is refused whole, every such row told. A well-formed row that fits nothing is accepted and
parked, for somebody to look at. Of the versions of a row the latest stands, by its own word (TRUST I8, I24).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from calloff.domain.errors import BadInputError, RowErrors
from calloff.domain.records import canonical, sha256
from calloff.domain.visit_rows import Key, VersionConflictError, row_keys
from calloff.formats.delivered_visits import DeliveredVisit, LoggedAt, read_visits
from calloff.web.accounts.models import User
from calloff.web.audit.services import act
from calloff.web.brokerage.models import Package
from calloff.web.directory.models import Branch, Council
from calloff.web.directory.services import draw
from calloff.web.jobs import services as jobs
from calloff.web.visits.models import VisitFile, VisitRow

UNKNOWN_CONTRACT, UNKNOWN_PERSON = "unknown_contract", "unknown_person"
MOST_PROBLEMS = 500
"""So many bad rows of a file are told; the provider puts right what it can see."""
BATCH = 1_000


class FileRefusedError(BadInputError):
    """A file of which nothing was taken; its receipt says why."""

    def __init__(self, file: VisitFile, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.file, self.problems = file, tuple(problems)


def receive(
    *, council: Council, branch: Branch, path: Path, name: str, mode: str, by: User | None, at: datetime
) -> VisitFile:
    """
    Take a file that a provider sent; its receipt.

    Raises FileRefusedError, with a receipt too, where a row is malformed or says something else than is known of it.
    """
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    told: dict[str, Any] = {
        "council": council,
        "branch": branch,
        "name": name[:120],
        "hash": digest,
        "mode": mode,
        "sent_by": by,
    }
    try:
        found = read_visits(path)
        with act(council=council.pk, by=by, at=at) as doing:
            file = VisitFile(**told, sent_at=doing.at, receipt=draw(), state=VisitFile.ACCEPTED, rows=len(found))
            file.minutes = sum(one.minutes for one in found)
            _store(file, found)
            data = {"hash": digest, "rows": file.rows, "new": file.new_rows, "parked": file.parked_rows, "mode": mode}
            doing.record("visits_received", file.receipt, data)
            if file.new_rows:
                due_at, data = jobs.at_once(doing.at), {"file": file.pk}
                jobs.add("settle_file", file.receipt, council=council.pk, due_at=due_at, data=data)
        return file
    except (BadInputError, RowErrors) as error:
        problems = [str(one) for one in error.rows] if isinstance(error, RowErrors) else str(error).splitlines()
    raise FileRefusedError(_refuse(council.pk, told, problems, by, at), problems)


def _refuse(council: int, told: Mapping[str, Any], problems: Sequence[str], by: User | None, at: datetime) -> VisitFile:
    with act(council=council, by=by, at=at) as doing:
        file = VisitFile.objects.create(
            **told,
            sent_at=doing.at,
            receipt=draw(),
            state=VisitFile.REFUSED,
            problems=json.dumps(problems[:MOST_PROBLEMS]),
        )
        doing.record("visits_refused", file.receipt, {"hash": file.hash, "problems": len(problems)})
    return file


def _store(file: VisitFile, found: Sequence[DeliveredVisit]) -> None:
    """The rows of a file that are new, each resolved as far as it can be."""
    keys = row_keys([one.row for one in found], [one.described for one in found])
    known = known_versions(file, keys)
    contracts = dict(file.branch.enrolments.filter(council=file.council_id).values_list("reference", "pk"))
    people = people_called(file, {one.person for one in found})
    rows: dict[tuple[str, datetime], VisitRow] = {}
    for key, one in zip(keys, found, strict=True):
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


def key_text(key: Key) -> str:
    """A key as one text: the same for the same row, never the same for two."""
    text = json.dumps(key, separators=(",", ":"), ensure_ascii=False)
    return text if len(text) <= 200 else sha256(text.encode())


def content_of(one: DeliveredVisit) -> str:
    """All that a row says, by its hash: where it stands in which file is no part of it."""
    told = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in vars(one).items()
        if name not in ("line", "came", "left")
    }
    told |= {"came": _moments(one.came), "left": _moments(one.left)}
    return sha256(canonical(told))


def _moments(logged: LoggedAt | None) -> list[str]:
    return [at.isoformat() for at in (logged.at, logged.other) if at] if logged else []


def known_versions(file: VisitFile, keys: Sequence[Key]) -> dict[tuple[str, datetime], str]:
    """What is stored already under these keys, by key and version: the hash of what it says."""
    found: dict[tuple[str, datetime], str] = {}
    texts = sorted({key_text(key) for key in keys})
    for first in range(0, len(texts), BATCH // 2):
        rows = VisitRow.objects.filter(
            council=file.council_id, branch=file.branch_id, key__in=texts[first : first + BATCH // 2]
        )
        found |= {(key, version): content for key, version, content in rows.values_list("key", "version", "content")}
    return found


def people_called(file: VisitFile, references: set[str]) -> dict[str, int]:
    """
    Those whom the provider cares or cared for, by the references of their packages and by their own.

    Of anybody else a provider learns nothing, not even that there is such a person.
    """
    found: dict[str, int] = {}
    every = sorted(references)
    packages = Package.objects.filter(
        council=file.council_id, call_offs__branch=file.branch_id, person__isnull=False
    ).distinct()
    for first in range(0, len(every), BATCH // 2):
        some = every[first : first + BATCH // 2]
        found |= dict(packages.filter(person__reference__in=some).values_list("person__reference", "person"))
        found |= dict(packages.filter(reference__in=some).values_list("reference", "person"))
    return found


def row_of(
    file: VisitFile, key: str, content: str, one: DeliveredVisit, contract: int | None, person: int | None
) -> VisitRow:
    parked = "" if contract and person else UNKNOWN_CONTRACT if not contract else UNKNOWN_PERSON
    return VisitRow(
        council_id=file.council_id,
        branch_id=file.branch_id,
        file=file,
        key=key,
        version=one.version,
        content=content,
        row=one.row,
        contract=one.contract,
        person=one.person,
        worker=one.worker,
        came_at=one.came.at,
        came_other=one.came.other,
        left_at=one.left.at if one.left else None,
        left_other=one.left.other if one.left else None,
        visit=one.visit,
        met=one.met,
        came_by=one.came_by,
        left_by=one.left_by,
        code=one.code,
        enrolment_id=contract,
        who_id=person,
        parked=parked,
    )


def standing_rows(rows: Sequence[VisitRow]) -> list[VisitRow]:
    """Of some rows the latest version of each, without those that were withdrawn."""
    latest: dict[tuple[int, str], VisitRow] = {}
    for row in rows:
        before = latest.get((row.branch_id, row.key))
        if before is None or before.version < row.version:
            latest[row.branch_id, row.key] = row
    return [row for row in latest.values() if not row.withdrawn]
