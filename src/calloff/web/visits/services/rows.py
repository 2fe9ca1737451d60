"""
Rows of delivered visits in the database: what each is known by, whom it is about, and which of them stand.

Of the versions of a row the latest stands, by its own word and never by its arrival, unless a later file that holds all
of its contract's week has it no more: the rule is `domain.visit_rows`'s.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from calloff.domain.calendar import local, to_utc, week_begins
from calloff.domain.records import canonical, sha256
from calloff.domain.visit_rows import Key, Place, Whole, latest_wholes
from calloff.formats.delivered_visits import LONGEST_HOURS, DeliveredVisit, LoggedAt
from calloff.web.brokerage.models import Package
from calloff.web.visits.models import VisitFile, VisitRow, WholeWeek

UNKNOWN_CONTRACT, UNKNOWN_PERSON = "unknown_contract", "unknown_person"
BATCH = 1_000
LONGEST = timedelta(hours=LONGEST_HOURS)
"""No stretch is longer: whatever began before this has ended."""


def key_text(key: Key) -> str:
    """A key as one text: the same for the same row, never the same for two."""
    text = json.dumps(key, separators=(",", ":"), ensure_ascii=False)
    return text if len(text) <= 200 else sha256(text.encode())


def content_of(one: DeliveredVisit) -> str:
    """All that a row says, by its hash: where it stands in which file is no part of it."""
    told = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in vars(one).items()
        if name not in ("line", "came", "left", "known_as")
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

    A subcontractor cares for those of its prime. Of anybody else a provider learns nothing, not even that there is such
    a person.
    """
    found: dict[str, int] = {}
    every = sorted(references)
    packages = Package.objects.filter(
        made_by(file.branch_id, "call_offs__"), council=file.council_id, person__isnull=False
    ).distinct()
    for first in range(0, len(every), BATCH // 2):
        some = every[first : first + BATCH // 2]
        found |= dict(packages.filter(person__reference__in=some).values_list("person__reference", "person"))
        found |= dict(packages.filter(reference__in=some).values_list("reference", "person"))
    return found


def made_by(branch: int, to: str = "") -> Q:
    """The call-offs whose visits a branch makes, for itself or for its prime; `to` leads from a row to them."""
    return Q(**{f"{to}branch": branch}) | Q(**{f"{to}delivered_by__branch": branch})


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


class WholeWeeks:
    """Which files hold all of a contract's week, read once for each week of a provider."""

    def __init__(self) -> None:
        self._read: dict[tuple[int, int, date], list[Whole]] = {}

    def of(self, rows: Iterable[VisitRow]) -> Mapping[Place, Whole]:
        """The last files that hold all of the weeks in which some rows lie."""
        weeks = {(row.council_id, row.branch_id, week_begins(local(row.came_at).date())) for row in rows}
        new: dict[tuple[int, int], list[date]] = {}
        for council, branch, week in weeks - self._read.keys():
            new.setdefault((council, branch), []).append(week)
            self._read[council, branch, week] = []
        for (council, branch), held in new.items():
            for one in WholeWeek.objects.filter(council=council, branch=branch, week__in=held):
                keys = frozenset((key,) for key in one.keys.split("\n"))
                whole = Whole((branch, one.contract, one.week), one.version, keys)
                self._read[council, branch, one.week].append(whole)
        return latest_wholes(whole for place in weeks for whole in self._read[place])


def standing_rows(rows: QuerySet[VisitRow], wholes: WholeWeeks | None = None) -> list[VisitRow]:
    """
    Of some rows of a council those that stand; `wholes` are what is known already of files that hold whole weeks.

    A row stands where it has no later version, wherever that one lies and whoever it is about, and the last file that
    holds all of its contract's week does not lack it.
    """
    found = list(latest_versions(rows))
    last = (wholes or WholeWeeks()).of(found)
    return [row for row in found if not (whole := last.get(place_of(row))) or not whole.lacks((row.key,), row.version)]


def latest_versions(rows: QuerySet[VisitRow]) -> QuerySet[VisitRow]:
    """Of some rows those that have no later version."""
    later = VisitRow.objects.filter(
        council=OuterRef("council"), branch=OuterRef("branch"), key=OuterRef("key"), version__gt=OuterRef("version")
    )
    return rows.exclude(Exists(later))


def standing_between(council: int, since: datetime, until: datetime) -> QuerySet[VisitRow]:
    """The rows of a council that stand and came from a moment to before another, to be counted where they lie."""
    rows = VisitRow.objects.filter(council=council, came_at__gte=since, came_at__lt=until)
    first, last = (week_begins(local(at).date()) for at in (since, until))
    weeks = WholeWeek.objects.filter(council=council, week__range=(first, last)).values("branch", "contract", "week")
    lacking: list[int] = []
    for one in weeks.distinct():
        begins, ends = to_utc(one["week"], 0), to_utc(one["week"] + timedelta(days=7), 0)
        of_week = VisitRow.objects.filter(council=council, branch=one["branch"], contract=one["contract"])
        held = list(latest_versions(of_week.filter(came_at__gte=begins, came_at__lt=ends)))
        kept = {row.pk for row in standing_rows(of_week.filter(came_at__gte=begins, came_at__lt=ends))}
        lacking += [row.pk for row in held if row.pk not in kept]
    return latest_versions(rows).exclude(pk__in=lacking)


def place_of(row: VisitRow) -> Place:
    """The contract's week of one provider in which a row lies."""
    return (row.branch_id, row.contract, week_begins(local(row.came_at).date()))


AT_ONCE = """
    WITH span (own, worker, since, came, gone) AS (VALUES {spans})
    SELECT span.own, other.id FROM span CROSS JOIN visits_visitrow AS other
    WHERE other.council_id = %s AND other.branch_id = %s AND other.worker = span.worker
    AND other.came_at >= span.since AND other.came_at < span.gone AND other.left_at > span.came
"""
"""The rows of the same workers that lie over some spans: for each a step along the index, however many a worker has."""
SPANS = 150


def overlapping(rows: Iterable[VisitRow], wholes: WholeWeeks | None = None) -> Mapping[int, list[VisitRow]]:
    """By the number of each of some rows of a council the standing rows of its worker that lie over it, and itself."""
    own = {row.pk: row for row in rows if row.left_at is not None and row.left_at > row.came_at}
    by_branch: dict[tuple[int, int], list[VisitRow]] = {}
    for row in own.values():
        by_branch.setdefault((row.council_id, row.branch_id), []).append(row)
    pairs = [
        pair
        for (council, branch), some in by_branch.items()
        for first in range(0, len(some), SPANS)
        for pair in _at_once(council, branch, some[first : first + SPANS])
    ]
    new = {other for _, other in pairs} - own.keys()
    standing = standing_rows(VisitRow.objects.filter(pk__in=new), wholes) if new else []
    known, found = own | {row.pk: row for row in standing}, dict[int, list[VisitRow]]()
    for number, other in pairs:
        if other in known:
            found.setdefault(number, []).append(known[other])
    return found


def _at_once(council: int, branch: int, rows: Sequence[VisitRow]) -> list[tuple[int, int]]:
    """The numbers of some rows with those of the same workers' rows that lie over them."""
    moment = connection.ops.adapt_datetimefield_value
    spans: list[Any] = []
    for row in rows:
        spans += [row.pk, row.worker, *(moment(at) for at in (row.came_at - LONGEST, row.came_at, row.left_at))]
    with connection.cursor() as cursor:
        cursor.execute(AT_ONCE.format(spans=", ".join(["(%s, %s, %s, %s, %s)"] * len(rows))), [*spans, council, branch])
        return [(int(number), int(other)) for number, other in cursor.fetchall()]


def elsewhere(rows: Iterable[VisitRow], over: Mapping[int, Iterable[VisitRow]]) -> list[VisitRow]:
    """
    Of the rows that lie over some rows those of the same workers in other homes.

    Whoever is logged in two homes at once is noticed in both. Rows of nobody who is known are looked at by somebody in
    any case.
    """
    own = {row.pk: row for row in rows}
    found = {
        other.pk: other
        for row in own.values()
        for other in over.get(row.pk, ())
        if other.pk not in own and other.who_id not in (None, row.who_id)
    }
    return list(found.values())


def touched_rows(file: VisitFile) -> Iterator[VisitRow]:
    """
    Every row that a file changes: its own, other versions of them, those of its workers in other homes at the same
    time, and all rows of the weeks that it replaces.
    """
    every = VisitRow.objects.filter(council=file.council_id, branch=file.branch_id)
    own = every.filter(file=file)
    changed = [*own, *every.filter(key__in=own.values("key")).exclude(file=file)]
    yield from changed
    yield from elsewhere(changed, overlapping(changed))
    for week in file.weeks.all():
        since, until = to_utc(week.week, 0), to_utc(week.week + timedelta(days=7), 0)
        rows = every.filter(contract=week.contract, came_at__gte=since, came_at__lt=until)
        yield from rows.iterator(chunk_size=BATCH)
