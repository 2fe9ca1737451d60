"""The broker's queue: which packages need somebody, in which order. Read from columns; the kernel is not asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum

from calloff.domain.calendar import local
from calloff.web.accounts.models import User
from calloff.web.accounts.services import holders
from calloff.web.brokerage.models import Invitation, Package, PackageVersion, Stay, UnmetStretch
from calloff.web.brokerage.services.columns import NEXT_ACTIONS
from calloff.web.directory.models import Council

TO_DO = tuple(one for one in NEXT_ACTIONS if one != "none")
"""What there can be to do: nothing, once a package has ended or was withdrawn."""
SOON = timedelta(hours=1)
MINE, TEAM, NOBODYS = "mine", "team", "nobodys"
TABS = (MINE, TEAM, NOBODYS)
OVERDUE, HOUR = "overdue", "hour"


@dataclass(frozen=True)
class Narrowed:
    """What the queue is narrowed to; an empty code means anything. `owner` is the token of somebody's account."""

    tab: str = TEAM
    priority: str = ""
    locality: str = ""
    action: str = ""
    step: str = ""
    hospital: str = ""
    due: str = ""
    owner: str = ""


def in_queue(council_id: int) -> QuerySet[Package]:
    """The packages of a council in which somebody has something to do, now or on a day."""
    return Package.objects.filter(council=council_id, next_action__in=TO_DO)


def queue(council_id: int, user: User, narrowed: Narrowed, at: datetime) -> QuerySet[Package]:
    """
    The rows of the queue, what is most overdue first, then by when it is due.

    Each has `waits_since`, the moment from which its present version waits.
    """
    rows = in_queue(council_id).filter(_of_tab(narrowed.tab, user))
    same = {
        "priority": narrowed.priority,
        "locality__code": narrowed.locality,
        "next_action": narrowed.action,
        "step": narrowed.step,
        "owner__token": narrowed.owner,
    }
    rows = rows.filter(**{name: value for name, value in same.items() if value})
    if narrowed.hospital:
        rows = rows.filter(in_hospital=narrowed.hospital == "yes")
    if narrowed.due:
        rows = rows.filter(next_action_at__lte=at if narrowed.due == OVERDUE else at + SOON)
    return rows.order_by("next_action_at", "reference")


def _of_tab(tab: str, user: User) -> Q:
    return {MINE: Q(owner=user), NOBODYS: Q(owner=None)}.get(tab, Q())


SHOWN = (
    *("reference", "token", "priority", "in_hospital", "approved_at", "required_start_on", "minutes_per_week"),
    *("two_workers", "step", "asked", "answered", "next_action", "next_action_at", "assign_by"),
    *("locality__name", "area__name", "owner__identity__name"),
)
"""What a line of the queue is made of: making whole packages of a hundred rows takes longer than reading them."""


def page_of(rows: QuerySet[Package], cut: slice) -> list[Package]:
    """
    The rows of one page with what their lines say.

    Which they are is found first, from the columns of the index: details are read of these alone.
    """
    numbers = list(rows.values_list("pk", flat=True)[cut])
    found = {one.pk: one for one in with_details(Package.objects.filter(pk__in=numbers))}
    return [found[number] for number in numbers]


def with_details(rows: QuerySet[Package]) -> QuerySet[Package]:
    """The same rows with what a line of the list says, and no more of the database than that."""
    since = PackageVersion.objects.filter(package=OuterRef("pk"), number=OuterRef("version")).values("from_at")[:1]
    return rows.select_related("locality", "area", "owner__identity").annotate(waits_since=Subquery(since)).only(*SHOWN)


@dataclass(frozen=True)
class Counts:
    """How many packages each tab has, which steps, localities and owners there are, and what is due."""

    tabs: Mapping[str, int]
    due: int
    overdue: int
    steps: tuple[str, ...]
    owners: tuple[User, ...] = field(default=())


def counts(council_id: int, user: User, at: datetime) -> Counts:
    """Count the queue once, for the tabs, the filters and the tiles."""
    tabs: Counter[str] = Counter()
    steps: set[str] = set()
    owners: set[int] = set()
    due = overdue = 0
    # Not the column itself: the database would walk all packages by owner instead of the few that are to do.
    whose: Any = F("owner_id") + 0
    groups = (
        in_queue(council_id)
        .order_by()
        .values("step", whose=whose)
        .annotate(
            rows=Count("pk"),
            soon=Count("pk", filter=Q(next_action_at__lte=at + SOON)),
            late=Count("pk", filter=Q(next_action_at__lte=at)),
        )
    )
    for group in groups:
        tabs[TEAM] += group["rows"]
        tabs[MINE] += group["rows"] if group["whose"] == user.pk else 0
        tabs[NOBODYS] += group["rows"] if group["whose"] is None else 0
        due, overdue = due + group["soon"], overdue + group["late"]
        steps |= {group["step"]} - {""}
        owners |= {group["whose"]} - {None}
    people = User.objects.filter(pk__in=owners).select_related("identity").order_by("identity__name", "pk")
    return Counts({tab: tabs[tab] for tab in TABS}, due, overdue, tuple(sorted(steps)), tuple(people))


def live_invitations(packages: Iterable[Package]) -> dict[int, list[Invitation]]:
    """The living invitations of some packages, each package's in the order in which they are due."""
    found: dict[int, list[Invitation]] = {}
    rows = Invitation.objects.filter(package__in=[one.pk for one in packages], state__in=Invitation.LIVE)
    shown = rows.select_related("branch").only("package", "state", "deadline_at", "branch__name")
    for row in shown.order_by("deadline_at", "pk"):
        found.setdefault(row.package_id, []).append(row)
    return found


def invitations_out(council_id: int, at: datetime) -> QuerySet[Invitation]:
    """The invitations that providers can still answer, the first deadline first."""
    rows = Invitation.objects.filter(council=council_id, state__in=Invitation.LIVE, deadline_at__gte=at)
    return rows.select_related("branch", "package__area", "package__locality").order_by("deadline_at", "pk")


@dataclass(frozen=True)
class Unmet:
    """Weekly minutes that are approved, due and not begun on a day, and the people who wait for them."""

    minutes: int
    in_hospital: int
    in_community: int


def unmet_on(council: Council, on: date) -> Unmet:
    """Unmet need on a day (K1), with the people who wait in hospital (K3) and at home (K2)."""
    lacking = UnmetStretch.objects.filter(council=council, until__gt=on, from_on__lte=on)
    found = lacking.aggregate(
        minutes=Sum("minutes"),
        people=Count("person", distinct=True),
        in_hospital=Count("person", filter=Q(person__in=in_patients(council, on).values("person")), distinct=True),
    )
    return Unmet(found["minutes"] or 0, found["in_hospital"], found["people"] - found["in_hospital"])


def in_patients(council: Council, on: date) -> QuerySet[Stay]:
    """The stays in hospital over the night that follows a day."""
    away = Q(discharged_on=None) | Q(discharged_on__gt=on)
    return Stay.objects.filter(away, council=council, admitted_on__lte=on)


def colleagues(council_id: int, at: datetime) -> list[User]:
    """Who may own a package of this council today, by name."""
    return list(holders("work_package", council_id=council_id, on=local(at).date()).order_by("identity__name", "pk"))
