"""
Rows that belong to no visit by themselves: found by settlement, looked at by somebody, and what they said stands.

A decision holds for the row in all its versions: matching is a function of the rows that stand and of these decisions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from calloff.documents.exception_codes import NOT_LEFT
from calloff.domain.calendar import ONE_DAY, local
from calloff.domain.errors import CalloffError
from calloff.domain.records import sha256
from calloff.domain.visits import WAITING_SECONDS, LogIs, whole_minutes
from calloff.formats.delivered_visits import LONGEST_HOURS
from calloff.web.accounts.models import User
from calloff.web.audit.services import act
from calloff.web.brokerage.models import CallOff
from calloff.web.directory.services import draw
from calloff.web.jobs import services as jobs
from calloff.web.visits.models import LooseRow, LooseWord, PlannedVisit, VisitFile, VisitRow
from calloff.web.visits.services import codes
from calloff.web.visits.services.planning import known_on
from calloff.web.visits.services.rows import made_by

LOOSE = (LogIs.SURPLUS, LogIs.UNPLANNED, LogIs.NOT_LEFT, LogIs.PARKED)
NEAR = timedelta(seconds=WAITING_SECONDS)
LONGEST_APPROVED_MINUTES = 24 * 60
LONGEST_STAY = timedelta(hours=LONGEST_HOURS)
ONE_SECOND = timedelta(seconds=1)


class LooseError(CalloffError):
    """What cannot be said of a loose row as it stands; nothing was changed."""


@dataclass(frozen=True)
class Found:
    """What settlement made of a row that stands."""

    branch: int
    key: str
    is_a: LogIs


def note_parked(rows: Iterable[VisitRow], at: datetime) -> None:
    """
    Rows of a file whose person or contract nobody knows are loose from the start, unless somebody said already what
    such a row is: then its new version is settled as they said. In an act.
    """
    for row in rows:
        if not row.parked:
            continue
        said = LooseRow.objects.filter(council=row.council_id, branch=row.branch_id, key=row.key)
        decided = said.filter(state=LooseRow.CLOSED, outcome__in=LooseRow.STAND).first()
        if decided is None:
            _open(row, LogIs.PARKED, "", at)
        else:
            decided.row = row
            decided.save(update_fields=("row",))
            _settle(decided, decided.person_id, at, None)


def note_found(council: int, person: int, before: Iterable[LooseRow], found: Sequence[Found], at: datetime) -> None:
    """
    Open what settlement could not place of a person's rows, and close what has found its place meanwhile.

    `before` are those of the person that were loose.
    """
    loose = [one for one in found if one.is_a in LOOSE]
    rows = latest_rows(council, loose)
    known = {(one.branch_id, one.key): one for one in before}
    for one in loose:
        row = rows[one.branch, one.key]
        last = known.get((one.branch, one.key))
        if last is None or (last.state == LooseRow.CLOSED and last.outcome == LooseRow.SETTLED):
            _open(row, one.is_a, suggested_for(row, person), at)
    placed = {(one.branch, one.key) for one in found} - {(one.branch, one.key) for one in loose}
    ended = [one.pk for place, one in known.items() if place in placed and one.state == LooseRow.OPEN]
    LooseRow.objects.filter(pk__in=ended).update(
        state=LooseRow.CLOSED, outcome=LooseRow.SETTLED, closed_at=at, visit="", minutes=0
    )


def _open(row: VisitRow, is_a: LogIs, suggested: str, at: datetime) -> None:
    told = {"row": row, "is_a": int(is_a), "why": row.parked, "suggested": suggested, "person_id": row.who_id}
    told |= {"state": LooseRow.OPEN, "outcome": "", "visit": "", "minutes": 0, "closed_by": None, "closed_at": None}
    key = {"council_id": row.council_id, "branch_id": row.branch_id, "key": row.key}
    made = {"token": draw(), "opened_at": at}
    LooseRow.objects.update_or_create(**key, defaults=told, create_defaults={**told, **made})


def latest_rows(council: int, found: Iterable[Found]) -> Mapping[tuple[int, str], VisitRow]:
    """The latest version of some rows, by branch and key."""
    rows: dict[tuple[int, str], VisitRow] = {}
    places = list(found)
    branches, keys = {one.branch for one in places}, {one.key for one in places}
    # The branches are named too: without them no index leads to the keys.
    named = VisitRow.objects.filter(council=council, branch__in=branches, key__in=keys)
    for row in named.order_by("version"):
        rows[row.branch_id, row.key] = row
    return rows


def suggested_for(row: VisitRow, person: int | None) -> str:
    """The planned visit of the same person and provider whose start is nearest, within three hours; or nothing."""
    near = known_on(
        PlannedVisit.objects.filter(
            council=row.council_id,
            branch=row.branch_id,
            person=person,
            start_at__range=(row.came_at - NEAR, row.came_at + NEAR),
        )
    )
    found = sorted(near, key=lambda one: (abs(one.start_at - row.came_at), one.start_at, one.reference))
    return found[0].reference if found else ""


def visits_near(loose: LooseRow) -> list[PlannedVisit]:
    """The planned visits to which a row may belong: of its provider, of that day and the days beside it."""
    on = local(loose.row.came_at).date()
    rows = PlannedVisit.objects.filter(
        made_by(loose.branch_id, "call_off__"),
        council=loose.council_id,
        on__range=(on - ONE_DAY, on + ONE_DAY),
        unplanned=False,
    )
    if loose.person_id is not None:
        rows = rows.filter(person=loose.person_id)
    found = known_on(rows).select_related("person", "package")
    return sorted(found, key=lambda one: (abs(one.start_at - loose.row.came_at), one.reference))


def loose_rows(council: int, people: Iterable[int]) -> Mapping[int, list[LooseRow]]:
    """By person the rows that are, or turned out to be, about them, and that somebody must look at or has looked at."""
    found: dict[int, list[LooseRow]] = {person: [] for person in people}
    for one in LooseRow.objects.filter(council=council, person__in=list(found)):
        found[int(one.person_id or 0)].append(one)
    return found


def decisions_in(rows: Iterable[LooseRow]) -> Mapping[tuple[int, str], LooseRow]:
    """What somebody said of some loose rows, by branch and key."""
    said = (one for one in rows if one.state == LooseRow.CLOSED and one.outcome in LooseRow.STAND)
    return {(one.branch_id, one.key): one for one in said}


# What people do


def take(*, loose: LooseRow, by: User, at: datetime) -> None:
    """Become the owner of a row that somebody must look at."""
    with act(council=loose.council_id, by=by, at=at) as doing:
        again = _still_open(loose)
        again.owner = by
        again.save(update_fields=("owner",))
        doing.record("row_taken", again.token)


def write(*, loose: LooseRow, text: str, from_provider: bool, by: User, at: datetime) -> LooseWord:
    """Write something about a row."""
    if not text.strip():
        raise LooseError("Write something first. Nothing was sent.")
    with act(council=loose.council_id, by=by, at=at) as doing:
        again = _still_open(loose)
        made = LooseWord.objects.create(
            council_id=loose.council_id, loose=again, text=text, from_provider=from_provider, by=by, at=doing.at
        )
        doing.record("row_written", again.token)
    return made


def pair(*, loose: LooseRow, visit: PlannedVisit, by: User, at: datetime) -> None:
    """A row belongs to a planned visit of its provider: so it is matched from now on, in every version."""
    with act(council=loose.council_id, by=by, at=at) as doing:
        again = _still_open(loose)
        theirs = CallOff.objects.filter(made_by(again.branch_id), pk=visit.call_off_id)
        if visit.council_id != again.council_id or not theirs.exists():
            raise LooseError("That visit is another provider's. Nothing was changed.")
        if again.person_id is not None and visit.person_id != again.person_id:
            raise LooseError("That visit is somebody else's. Nothing was changed.")
        _close(again, LooseRow.PAIRED, by, doing.at, visit=visit.reference, person_id=visit.person_id)
        _settle(again, visit.person_id, doing.at, visit)
        doing.record("row_paired", again.token, {"visit": visit.reference})


def approve(*, loose: LooseRow, minutes: int, by: User, at: datetime) -> PlannedVisit:
    """
    A visit that was not planned is approved for so many minutes: it is paid as if they had been planned.

    LooseError where nobody knows whose visit it was, or the provider had no call-off of theirs on that day.
    """
    if not 1 <= minutes <= LONGEST_APPROVED_MINUTES:
        raise LooseError(f"Enter from 1 to {LONGEST_APPROVED_MINUTES} minutes. Nothing was changed.")
    with act(council=loose.council_id, by=by, at=at) as doing:
        again = _still_open(loose)
        visit = _approved_visit(again, minutes, doing.at)
        _close(again, LooseRow.APPROVED, by, doing.at, visit=visit.reference, minutes=minutes)
        _settle(again, visit.person_id, doing.at, visit)
        doing.record("row_approved", again.token, {"visit": visit.reference, "minutes": minutes})
    return visit


def _approved_visit(loose: LooseRow, minutes: int, at: datetime) -> PlannedVisit:
    row, on = loose.row, local(loose.row.came_at).date()
    call_offs = CallOff.objects.filter(
        made_by(loose.branch_id), council=loose.council_id, package__person=loose.person_id, start_on__lte=on
    ).select_related("package")
    held = [one for one in call_offs.order_by("-pk") if one.ended_on is None or one.ended_on >= on]
    if loose.person_id is None or not held:
        raise LooseError("The provider had nothing called off for this person on that day. Nothing was changed.")
    package = held[0].package
    before = PlannedVisit.objects.filter(council=loose.council_id, package=package, on=on, unplanned=True)
    number = before.values("reference").distinct().count() + 1
    return PlannedVisit.objects.create(
        council_id=loose.council_id,
        reference=f"{package.reference}/unplanned/{on.isoformat()}/{number}",
        package=package,
        person_id=loose.person_id,
        call_off=held[0],
        branch_id=held[0].branch_id,
        on=on,
        start_at=row.came_at,
        ends_at=row.came_at + timedelta(minutes=minutes),
        window_from_at=row.came_at,
        window_to_at=row.came_at,
        minutes=minutes,
        workers=1,
        unplanned=True,
        known_from=at,
    )


def set_aside(*, loose: LooseRow, words: str, by: User, at: datetime) -> None:
    """A row counts for nothing; the provider is told why."""
    if not words.strip():
        raise LooseError("The provider needs the reason in words. Nothing was changed.")
    with act(council=loose.council_id, by=by, at=at) as doing:
        again = _still_open(loose)
        LooseWord.objects.create(
            council_id=loose.council_id, loose=again, text=words, from_provider=False, by=by, at=doing.at
        )
        _close(again, LooseRow.SET_ASIDE, by, doing.at)
        _settle(again, again.person_id, doing.at, None)
        doing.record("row_set_aside", again.token)


def log_leaving(*, loose: LooseRow, left_at: datetime, code: str, by: User, at: datetime) -> None:
    """
    The provider says when a worker left whose leaving nobody logged, with the exception code for it.

    It is a new version of the row, typed by hand; until the cut-off it counts as any other. LooseError where the row
    is no such one, or the moment cannot be; CodeError where the code is none of the council's list.
    """
    with act(council=loose.council_id, by=by, at=at) as doing:
        again = _still_open(loose)
        code, before = codes.chosen(again.council_id, code, NOT_LEFT), again.row
        if before.left_at is not None or not before.came_at <= left_at <= min(doing.at, before.came_at + LONGEST_STAY):
            raise LooseError("Enter a moment after the worker came, and not one to come. Nothing was changed.")
        file = VisitFile.objects.create(
            council_id=again.council_id,
            branch_id=again.branch_id,
            receipt=draw(),
            name="typed in",
            hash=sha256(f"{again.key} {left_at.isoformat()}".encode()),
            state=VisitFile.ACCEPTED,
            rows=1,
            new_rows=1,
            minutes=whole_minutes(int((left_at - before.came_at).total_seconds())),
            sent_by=by,
            sent_at=doing.at,
        )
        told = {field.attname: getattr(before, field.attname) for field in VisitRow._meta.concrete_fields}
        told |= {"id": None, "file_id": file.pk, "version": max(doing.at, before.version + ONE_SECOND)}
        told |= {"left_at": left_at, "left_other": None, "left_by": "manual", "code": code}
        told["content"] = sha256(f"{before.content} left {left_at.isoformat()} {code}".encode())
        VisitRow.objects.create(**told)
        jobs.add("settle_file", file.receipt, council=again.council_id, due_at=jobs.at_once(at), data={"file": file.pk})
        doing.record("leaving_typed", file.receipt, {"row": again.token, "code": code})


def _close(loose: LooseRow, outcome: str, by: User, at: datetime, **told: object) -> None:
    for name, value in {**told, "state": LooseRow.CLOSED, "outcome": outcome, "closed_by": by, "closed_at": at}.items():
        setattr(loose, name, value)
    loose.save()


def _settle(loose: LooseRow, person: int | None, at: datetime, visit: PlannedVisit | None) -> None:
    """Have what this touches worked out anew: the days of the row, and of the visit that it belongs to."""
    if person is None:
        return
    on = local(loose.row.came_at).date()
    days = [on, on if visit is None else visit.on]
    data = {"person": person, "since": (min(days) - ONE_DAY).isoformat(), "until": (max(days) + ONE_DAY).isoformat()}
    jobs.add(
        "settle_person",
        f"{loose.token}-{at:%Y%m%d%H%M%S}",
        council=loose.council_id,
        due_at=jobs.at_once(at),
        data=data,
    )


def _still_open(loose: LooseRow) -> LooseRow:
    again = LooseRow.objects.select_for_update().select_related("row").get(pk=loose.pk)
    if again.state != LooseRow.OPEN:
        raise LooseError("Somebody has decided this meanwhile. Nothing was changed.")
    return again


def claimed_minutes(row: VisitRow) -> int:
    """The minutes of a row as its provider says them."""
    return 0 if row.left_at is None else whole_minutes(int((row.left_at - row.came_at).total_seconds()))
