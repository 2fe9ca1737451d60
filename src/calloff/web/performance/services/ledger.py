"""The ledger of unmet need: by locality and week, worked out by the database from the stretches that reach so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, Sum, When

from calloff.web.brokerage.models import UnmetStretch
from calloff.web.brokerage.services.queue import in_patients
from calloff.web.directory.models import Council, Locality
from calloff.web.performance.services.indicators import bridges_on, new_call_offs

SUNDAY = 6
ONE_WEEK = timedelta(days=7)
WEEKS = 26


@dataclass(frozen=True)
class Week:
    """Unmet minutes a week at the end of a week, by the code of the locality; `so_far` when the week is not over."""

    on: date
    minutes: Mapping[str, int]
    so_far: bool = False

    @property
    def total(self) -> int:
        return sum(self.minutes.values())


def weeks_until(today: date, number: int = WEEKS) -> list[date]:
    """The days on which the last weeks ended, each a Sunday; the last is today, whose week may not be over."""
    last_sunday = today - timedelta(days=(today.weekday() - SUNDAY) % 7)
    ends = [today] if last_sunday != today else []
    sundays = [last_sunday - ONE_WEEK * place for place in range(number - len(ends))]
    return [*reversed(sundays), *ends]


def ledger(council: Council, days: Sequence[date]) -> list[Week]:
    """
    K1 by locality on each of some days, in one reading of the stretches that reach the first of them.

    Every locality of the council has its place in each week, with 0 where nothing is unmet.
    """
    codes = list(Locality.objects.filter(council=council).order_by("name", "code").values_list("pk", "code"))
    on_day: dict[str, Any] = {
        f"day_{place}": Sum(Case(When(from_on__lte=day, until__gt=day, then=F("minutes")), default=0))
        for place, day in enumerate(days)
    }
    reaching = UnmetStretch.objects.filter(council=council, until__gt=min(days), from_on__lte=max(days))
    # Not the column itself: the database would walk all stretches by locality instead of the few that reach so far.
    sums: Any = reaching.order_by().values(place=F("locality_id") + 0).annotate(**on_day)
    found: dict[int, dict[str, Any]] = {row["place"]: row for row in sums}
    return [
        Week(
            day,
            {code: found[pk][f"day_{place}"] if pk in found else 0 for pk, code in codes},
            so_far=day.weekday() != SUNDAY,
        )
        for place, day in enumerate(days)
    ]


def stretches_on(council: Council, on: date, *, locality: str = "", where: str = "", bridged: str = "") -> Any:
    """
    The stretches of unmet need on a day, the longest wait first.

    Of one locality by its code; of people `where` "hospital" or "community"; `bridged` "yes" or "no".
    """
    rows = UnmetStretch.objects.filter(council=council, until__gt=on, from_on__lte=on)
    if locality:
        rows = rows.filter(locality__code=locality)
    if where:
        away = Exists(in_patients(council, on).filter(person=OuterRef("person")))
        rows = rows.filter(away if where == "hospital" else ~away)
    if bridged:
        stands = Exists(bridges_on(council, on).filter(package=OuterRef("package")))
        rows = rows.filter(stands if bridged == "yes" else ~stands)
    return rows.select_related("package__area", "locality").order_by("from_on", "package__reference", "pk")


@dataclass(frozen=True)
class Added:
    """What some stretches add up to."""

    rows: int
    minutes: int
    people: int


def sum_of(rows: Any) -> Added:
    """How many stretches there are, their weekly minutes, and whose they are."""
    told = rows.order_by().aggregate(rows=Count("pk"), minutes=Sum("minutes"), people=Count("person", distinct=True))
    return Added(told["rows"], told["minutes"] or 0, told["people"])


def since_when(packages: Sequence[int], on: date) -> dict[int, date]:
    """The day from which each of some packages has lacked something without a break until a day."""
    stretches: dict[int, list[tuple[date, date]]] = defaultdict(list)
    rows = UnmetStretch.objects.filter(package__in=packages, from_on__lte=on).order_by("-from_on")
    for package, from_on, until in rows.values_list("package", "from_on", "until"):
        stretches[package].append((from_on, until))
    found = {}
    for package, told in stretches.items():
        since = told[0][0]
        for from_on, until in told[1:]:
            if until < since:
                break
            since = min(since, from_on)
        found[package] = since
    return found


def call_offs_between(council: Council, from_on: date, to_on: date, only: str = "") -> Any:
    """What was bought in some days, the latest first; `only` "off" the framework, or with an "override"."""
    rows = new_call_offs(council, from_on, to_on)
    if only == "off":
        rows = rows.filter(on_framework=False)
    elif only == "override":
        rows = rows.exclude(override_reason="")
    return rows.select_related("branch", "package").order_by("-confirmed_at", "-pk")
