"""
How visits were made (K11, K12, K14 to K16): by provider over some days, from what each visit was found to be.

Each figure of missed, late and short visits stands twice: of all, and of the provider's own, which leaves out what both
sides agree was somebody else's doing (`domain.deviations.counts_against_provider`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum

from calloff.domain.indicators import HALF, NINE_TENTHS, Continuity, Share, continuity, ranked
from calloff.domain.visits import Mark
from calloff.web.directory.models import Branch, Council
from calloff.web.payments.models import Deviation, Entitlement
from calloff.web.payments.services.deviations import EXCUSED
from calloff.web.performance.services.indicators import in_days
from calloff.web.visits.models import PlannedVisit, VisitRow
from calloff.web.visits.services.rows import standing_between

CONTINUITY_DAYS = 14
MANY_WORKERS, MANY_VISITS = 8, 28
"""More workers than these for at least so many visits in fourteen days are told (assumed)."""
UNPUNCTUAL = int(Mark.LATE | Mark.EARLY)
SHORT = int(Mark.SHORT)
MADE = ("delivered", "unplanned")
BY_HAND = Q(left_at=None) | Q(came_by="manual") | Q(left_by="manual")
"""Of an attendance that was not logged electronically at both ends."""


@dataclass(frozen=True)
class Own:
    """What of a provider's visits counts against itself: the same shares, without what was somebody else's doing."""

    punctual: Share
    long_enough: Share
    missed: Share
    minutes: Share


@dataclass(frozen=True)
class Visits:
    """
    How one provider made its visits: each a share with both its numbers.

    `punctual` began within their window, `long_enough` lasted at least four fifths of the plan, both of those that were
    delivered; `missed` are of all that were due; `minutes` are delivered over planned ones; `logged` are attendances
    whose coming and leaving were both logged electronically. `workers` is the median number of workers a person saw in
    the last fourteen days, `many` how many people saw more than eight of them in at least 28 visits.

    Of the provider's `own` figures, a late, short or missed visit that was agreed to be somebody else's doing is none;
    the minutes of such a short visit are left out, delivered and planned.
    """

    branch: Branch
    punctual: Share
    long_enough: Share
    missed: Share
    minutes: Share
    own: Own
    logged: Share
    workers: int | None
    most_workers: int | None
    many: int


def visits_between(council: Council, from_on: date, to_on: date) -> list[Visits]:
    """Of each provider how it made its visits in some days, whoever was least punctual first."""
    rows = settled(council, from_on, to_on)
    sums = {row["branch"]: row for row in _sums(rows)}
    excused = {row["branch"]: row for row in _excused(rows, council, from_on, to_on)}
    fortnight = max(from_on, to_on - timedelta(days=CONTINUITY_DAYS - 1))
    logged = logged_of(rows_between(council, from_on, to_on))
    seen = seen_of(rows_between(council, fortnight, to_on))
    found = [
        _of_provider(
            branch,
            sums[branch.pk],
            excused.get(branch.pk, {}),
            logged.get(branch.pk, Share(0, 0)),
            seen.get(branch.pk, []),
        )
        for branch in Branch.objects.filter(pk__in=list(sums))
    ]
    return sorted(found, key=lambda one: (one.punctual.of_one is None, one.punctual.of_one or 0, one.branch.name))


def settled(council: Council, from_on: date, to_on: date) -> QuerySet[Entitlement]:
    """What each visit of some days was found to be last."""
    later = Entitlement.objects.filter(
        council=OuterRef("council"),
        anchor=OuterRef("anchor"),
        component=OuterRef("component"),
        number__gt=OuterRef("number"),
    )
    rows = Entitlement.objects.filter(council=council, component=Entitlement.CARE, on__range=(from_on, to_on))
    return rows.exclude(Exists(later))


def _sums(rows: QuerySet[Entitlement]) -> Iterable[Mapping[str, Any]]:
    told = rows.annotate(
        unpunctual=F("marks").bitand(UNPUNCTUAL),
        short=F("marks").bitand(SHORT),
        planned=_planned_minutes(),
    )
    made = Q(reason__in=MADE)
    sums: Any = told.values("branch").annotate(
        made=Count("pk", filter=made),
        punctual=Count("pk", filter=made & Q(unpunctual=0)),
        long_enough=Count("pk", filter=made & Q(short=0)),
        missed=Count("pk", filter=Q(reason="missed")),
        due=Count("pk", filter=made | Q(reason__in=("missed", "no_access", "waiting"))),
        worked=Sum("worked_minutes", filter=made),
        agreed=Sum("planned", filter=made),
    )
    return list(sums)


def _excused(rows: QuerySet[Entitlement], council: Council, from_on: date, to_on: date) -> Iterable[Mapping[str, Any]]:
    """Of each provider how many late, short and missed visits were agreed to be somebody else's doing."""
    agreed = Q(pk__in=())
    for stands, cause in EXCUSED:
        agreed |= Q(stands=stands, cause=cause)
    said = Deviation.objects.filter(agreed, council=council, on__range=(from_on, to_on), withdrawn_at=None)
    of_visit = said.filter(visit=OuterRef("anchor"))
    told = rows.filter(anchor__in=said.values("visit")).annotate(
        not_late=Exists(of_visit.filter(kind="late")),
        not_short=Exists(of_visit.filter(kind="short")),
        not_missed=Exists(of_visit.filter(kind="missed")),
        late=F("marks").bitand(int(Mark.LATE)),
        early=F("marks").bitand(int(Mark.EARLY)),
        short=F("marks").bitand(SHORT),
        planned=_planned_minutes(),
    )
    short = Q(reason__in=MADE, short__gt=0, not_short=True)
    sums: Any = (
        told.order_by()
        .values("branch")
        .annotate(
            punctual=Count("pk", filter=Q(reason__in=MADE, late__gt=0, early=0, not_late=True)),
            long_enough=Count("pk", filter=short),
            missed=Count("pk", filter=Q(reason="missed", not_missed=True)),
            worked=Sum("worked_minutes", filter=short),
            agreed=Sum("planned", filter=short),
        )
    )
    return list(sums)


def _planned_minutes() -> Subquery:
    planned = PlannedVisit.objects.filter(
        council=OuterRef("council"), reference=OuterRef("anchor"), superseded_at=None
    ).annotate(whole=F("minutes") * F("workers"))
    return Subquery(planned.values("whole")[:1], output_field=IntegerField())


def _of_provider(
    branch: Branch, sums: Mapping[str, Any], excused: Mapping[str, Any], logged: Share, seen: Sequence[Continuity]
) -> Visits:
    workers = [one.workers for one in seen]
    worked, agreed = sums["worked"] or 0, sums["agreed"] or 0
    own = Own(
        punctual=Share(sums["punctual"] + excused.get("punctual", 0), sums["made"]),
        long_enough=Share(sums["long_enough"] + excused.get("long_enough", 0), sums["made"]),
        missed=Share(sums["missed"] - excused.get("missed", 0), sums["due"]),
        minutes=Share(worked - (excused.get("worked") or 0), agreed - (excused.get("agreed") or 0)),
    )
    return Visits(
        branch=branch,
        punctual=Share(sums["punctual"], sums["made"]),
        long_enough=Share(sums["long_enough"], sums["made"]),
        missed=Share(sums["missed"], sums["due"]),
        minutes=Share(worked, agreed),
        own=own,
        logged=logged,
        workers=ranked(workers, HALF),
        most_workers=ranked(workers, NINE_TENTHS),
        many=sum(one.workers > MANY_WORKERS and one.visits >= MANY_VISITS for one in seen),
    )


def rows_between(council: Council, from_on: date, to_on: date) -> QuerySet[VisitRow]:
    """The attendances of some days that stand, of people who are known."""
    return standing_between(council.pk, *in_days(from_on, to_on)).filter(parked="", met="let_in")


def logged_of(rows: QuerySet[VisitRow]) -> Mapping[int, Share]:
    """Of each provider the attendances that were logged electronically at both ends (K16)."""
    sums: Any = rows.order_by().values("branch").annotate(every=Count("pk"), hand=Count("pk", filter=BY_HAND))
    return {row["branch"]: Share(row["every"] - row["hand"], row["every"]) for row in sums}


def seen_of(rows: QuerySet[VisitRow]) -> Mapping[int, list[Continuity]]:
    """Of each provider the continuity of each of its people, over the rows that are given (K11)."""
    # A worker whom the file does not name is another one each time: nobody can say how many there were.
    named: Any = rows.exclude(worker__startswith="#").order_by().values("branch", "who", "worker")
    comings: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row in named.annotate(times=Count("pk")):
        comings[row["branch"], row["who"]].append(row["times"])
    found: dict[int, list[Continuity]] = defaultdict(list)
    for (branch, _person), counts in comings.items():
        found[branch].append(continuity(counts))
    return found


def punctual_by_week(council: Council, weeks: Sequence[tuple[date, date]]) -> list[Share]:
    """The share of delivered visits that began within their window, week by week, of the whole council (K12)."""
    found = []
    for from_on, to_on in weeks:
        made = settled(council, from_on, to_on).filter(reason__in=MADE)
        told = made.annotate(unpunctual=F("marks").bitand(UNPUNCTUAL)).aggregate(
            made=Count("pk"), punctual=Count("pk", filter=Q(unpunctual=0))
        )
        found.append(Share(told["punctual"], told["made"]))
    return found
