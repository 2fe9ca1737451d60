"""
Visits that were missed, late or short: noted as settlement finds them, and whose doing each was, said by both sides.

The rules are `domain.deviations`'s. Nothing here changes what a visit is worth.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from calloff.domain.calendar import local
from calloff.domain.deviations import (
    Attribution,
    Cause,
    Says,
    Stands,
    attributed,
    counts_against_provider,
    deviations_of,
    late_minutes,
)
from calloff.domain.deviations import (
    Deviation as Kind,
)
from calloff.domain.errors import CalloffError
from calloff.domain.visits import Reason, is_kept
from calloff.settlement.pay import FoundLog, PaidVisit
from calloff.web.accounts.models import User
from calloff.web.audit.services import act
from calloff.web.directory.models import Council
from calloff.web.directory.services import draw
from calloff.web.payments.models import Arrival, Deviation, DeviationWord
from calloff.web.payments.services.pricing import Weeks
from calloff.web.visits.models import PlannedVisit
from calloff.web.visits.services import codes

NOTED = ("branch_id", "on", "start_at", "minutes", "withdrawn_at")
CAME = ("branch_id", "on", "came_at", "came_second")
EXCUSED = tuple(
    (stands.value, cause.value) for stands in Stands for cause in Cause if not counts_against_provider(stands, cause)
)
"""What may stand about a deviation without its counting against the provider, for questions to the database."""
BATCH = 1_000
Seen = Sequence[tuple[PlannedVisit, PaidVisit]]


class DeviationError(CalloffError):
    """What cannot be said of a deviation as it stands; nothing was changed."""


def note(
    council: Council, people: Collection[int], weeks: Weeks, seen: Seen, logs: Iterable[FoundLog], at: datetime
) -> None:
    """
    Keep which visits of some people's weeks were missed, late or short, and when somebody came; in an act or a turn.

    `seen` are the visits of which somebody can say. One that proves to have been kept is withdrawn, with whatever was
    said of it; it stands again where a later row takes that back.
    """
    came = came_for(logs, {visit.reference: visit for visit, _ in seen})
    _keep_arrivals(council, people, weeks, seen, came)
    wanted = {(one.visit, one.kind): one for one in _found(council, seen, came, at)}
    before = {
        (one.visit, one.kind): one
        for one in Deviation.objects.filter(
            council=council, person__in=people, on__range=(weeks.first_on, weeks.last_on)
        )
    }
    Deviation.objects.bulk_create([one for place, one in wanted.items() if place not in before], batch_size=BATCH)
    changed = []
    for place, one in before.items():
        now = wanted.get(place)
        told = {name: getattr(now or one, name) for name in NOTED} | ({} if now else {"withdrawn_at": at})
        if now is None and one.withdrawn_at is not None:
            continue
        if any(getattr(one, name) != value for name, value in told.items()):
            for name, value in told.items():
                setattr(one, name, value)
            changed.append(one)
    Deviation.objects.bulk_update(changed, NOTED, batch_size=BATCH)


def came_for(logs: Iterable[FoundLog], visits: Mapping[str, PlannedVisit]) -> dict[str, datetime]:
    """When somebody who counts came first for each visit; of a time that occurred twice, what is nearer its start."""
    found: dict[str, datetime] = {}
    for one in logs:
        visit = visits.get(one.visit)
        if visit is None or not is_kept(int(one.is_a)):
            continue
        moments = [moment for moment in (one.row.came.at, one.row.came.other) if moment is not None]
        came = min(moments, key=lambda moment: abs(moment - visit.start_at))
        found[one.visit] = min(came, found.get(one.visit, came))
    return found


def _found(council: Council, seen: Seen, came: Mapping[str, datetime], at: datetime) -> Iterable[Deviation]:
    for visit, paid in seen:
        for kind in deviations_of(paid.reason, paid.marks):
            yield Deviation(
                council=council,
                branch_id=visit.branch_id,
                person_id=visit.person_id,
                package_id=visit.package_id,
                token=draw(),
                visit=visit.reference,
                on=visit.on,
                start_at=visit.start_at,
                kind=kind.value,
                minutes=_minutes(kind, visit, paid, came.get(visit.reference)),
                found_at=at,
            )


def _minutes(kind: Kind, visit: PlannedVisit, paid: PaidVisit, came_at: datetime | None) -> int:
    if kind is Kind.SHORT:
        return max(0, visit.minutes * visit.workers - paid.worked_minutes)
    return late_minutes(came_at, visit.window_to_at) if kind is Kind.LATE and came_at is not None else 0


def _keep_arrivals(
    council: Council, people: Collection[int], weeks: Weeks, seen: Seen, came: Mapping[str, datetime]
) -> None:
    """What is known of when people came; visits that nobody had planned are no call that comes again."""
    wanted = {}
    for visit, paid in seen:
        if paid.reason is Reason.DELIVERED and not visit.unplanned and visit.reference in came:
            wanted[visit.reference] = _arrival(council, visit, came[visit.reference])
    before = {
        one.visit: one
        for one in Arrival.objects.filter(council=council, person__in=people, on__range=(weeks.first_on, weeks.last_on))
    }
    gone = [one.pk for name, one in before.items() if name not in wanted]
    if gone:
        Arrival.objects.filter(pk__in=gone).delete()
    changed = []
    for name, one in wanted.items():
        last = before.get(name)
        if last is not None and any(getattr(last, field) != getattr(one, field) for field in CAME):
            one.pk = last.pk
            changed.append(one)
    Arrival.objects.bulk_update(changed, CAME, batch_size=BATCH)
    Arrival.objects.bulk_create([one for name, one in wanted.items() if name not in before], batch_size=BATCH)


def _arrival(council: Council, visit: PlannedVisit, came_at: datetime) -> Arrival:
    clock = local(came_at)
    return Arrival(
        council=council,
        branch_id=visit.branch_id,
        person_id=visit.person_id,
        visit=visit.reference,
        call=visit.reference.replace(f"/{visit.on.isoformat()}/", "/"),
        on=visit.on,
        came_at=came_at,
        came_second=clock.hour * 3_600 + clock.minute * 60 + clock.second,
    )


# What both sides say


def say(
    *, deviation: Deviation, cause: str, code: str, text: str, from_provider: bool, by: User, at: datetime
) -> DeviationWord:
    """Say whose doing it was, with why and perhaps a code of the council's list; the other side answers."""
    if cause not in list(Cause):
        raise DeviationError("Choose whose doing it was. Nothing was changed.")
    return _speak(deviation, Says.SAY, Cause(cause), code, text, from_provider, by, at)


def agree(*, deviation: Deviation, text: str, from_provider: bool, by: User, at: datetime) -> DeviationWord:
    """Agree with the cause that the other side said."""
    return _speak(deviation, Says.AGREE, None, "", text, from_provider, by, at)


def contest(*, deviation: Deviation, text: str, from_provider: bool, by: User, at: datetime) -> DeviationWord:
    """Contest the cause that the other side said; somebody of the council owns it from now on."""
    return _speak(deviation, Says.CONTEST, None, "", text, from_provider, by, at)


def take(*, deviation: Deviation, by: User, at: datetime) -> None:
    """Become the owner of a deviation."""
    with act(council=deviation.council_id, by=by, at=at) as doing:
        again = _standing(deviation)
        again.owner = by
        again.save(update_fields=("owner",))
        doing.record("deviation_taken", again.visit, {"kind": again.kind})


def _speak(
    deviation: Deviation,
    says: Says,
    cause: Cause | None,
    code: str,
    text: str,
    from_provider: bool,
    by: User,
    at: datetime,
) -> DeviationWord:
    if says is not Says.AGREE and not text.strip():
        raise DeviationError("The other side needs to know why. Write it in a few words. Nothing was changed.")
    with act(council=deviation.council_id, by=by, at=at) as doing:
        again = _standing(deviation)
        if code:
            codes.chosen(again.council_id, code, again.kind)
        after = attributed(attribution_of(again), says, by_provider=from_provider, cause=cause)
        if after.cause is None:
            raise DeviationError("Choose whose doing it was. Nothing was changed.")
        again.stands, again.cause, again.said_by_provider = after.stands.value, after.cause.value, after.by_provider
        if after.stands is Stands.CONTESTED:
            again.owner = _owner(again, by, from_provider=from_provider)
        again.save(update_fields=("stands", "cause", "said_by_provider", "owner"))
        told = {"says": says.value, "cause": after.cause.value, "code": code, "text": text.strip()}
        made = DeviationWord.objects.create(
            council_id=again.council_id, deviation=again, from_provider=from_provider, by=by, at=doing.at, **told
        )
        data = {"kind": again.kind, "says": says.value, "cause": after.cause.value, "code": code}
        doing.record("deviation_spoken", again.visit, data | {"by_provider": from_provider})
    return made


def _owner(deviation: Deviation, by: User, *, from_provider: bool) -> User:
    """Whoever of the council contests owns what is contested; where the provider does, whoever said it before."""
    if not from_provider:
        return by
    if deviation.owner is not None:
        return deviation.owner
    said = deviation.words.filter(from_provider=False).select_related("by").order_by("-at", "-pk")
    return said[0].by


def attribution_of(deviation: Deviation) -> Attribution:
    """What stands about a deviation, as the rules read it."""
    cause = Cause(deviation.cause) if deviation.cause else None
    return Attribution(Stands(deviation.stands), cause, deviation.said_by_provider)


def _standing(deviation: Deviation) -> Deviation:
    again = Deviation.objects.select_for_update(of=("self",)).select_related("owner").get(pk=deviation.pk)
    if again.withdrawn_at is not None:
        raise DeviationError("A later row shows that the visit was kept. Nothing was changed.")
    return again
