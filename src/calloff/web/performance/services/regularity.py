"""
How regular care is (K13), and how few workers bring it (K11): by provider, over the fourteen days up to a day.

The database sums the clock of each call's visits; one row is read for each call, and for each person and worker.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, FloatField, Sum, Value
from django.db.models.functions import Cast, Cos, Sin

from calloff.domain.indicators import (
    HALF,
    NINE_TENTHS,
    SECONDS_A_DAY,
    Continuity,
    Share,
    ranked,
    spread_seconds,
)
from calloff.domain.units import half_up
from calloff.web.directory.models import Branch, Council
from calloff.web.payments.models import Arrival
from calloff.web.performance.services.visits import CONTINUITY_DAYS, rows_between, seen_of

REGULAR_SECONDS = 20 * 60
"""A call whose moments spread no further is regular (assumed)."""
LEAST_VISITS = 2
"""Of fewer visits nobody can say how far they lie apart."""


@dataclass(frozen=True)
class Regularity:
    """
    How regular one provider's calls are: those that spread at most twenty minutes, and the spread in seconds.

    Of the people it cares for: how many workers each saw, for ten visits (in tenths), the share of the three who came
    most often (in thousandths) and the index of Bice and Boxerman (in hundredths); each the median of the people, and
    of the workers also what nine in ten do not pass.
    """

    branch: Branch
    regular: Share
    spread: int | None
    most_spread: int | None
    people: int
    workers: int | None
    most_workers: int | None
    per_ten: int | None
    top_three: int | None
    index: int | None


def fortnight(to_on: date) -> tuple[date, date]:
    """The days that are looked at, up to a day."""
    return to_on - timedelta(days=CONTINUITY_DAYS - 1), to_on


def spreads_of(council: Council, to_on: date) -> dict[int, list[int]]:
    """Of each provider how far each call's visits of the fortnight lie apart, in seconds (K13)."""
    angle = Cast("came_second", FloatField()) * Value(math.tau / SECONDS_A_DAY)
    rows: Any = Arrival.objects.filter(council=council, on__range=fortnight(to_on)).order_by().values("branch", "call")
    sums = rows.annotate(count=Count("pk"), cosines=Sum(Cos(angle)), sines=Sum(Sin(angle)))
    found: dict[int, list[int]] = defaultdict(list)
    for row in sums.filter(count__gte=LEAST_VISITS).iterator(chunk_size=2_000):
        found[row["branch"]].append(spread_seconds(row["count"], row["cosines"], row["sines"]))
    return found


def share_of(spreads: Iterable[int]) -> Share:
    """The share of calls that are regular."""
    every = list(spreads)
    return Share(sum(one <= REGULAR_SECONDS for one in every), len(every))


def regularity(council: Council, to_on: date) -> list[Regularity]:
    """Of each provider how regular its calls are and how few workers bring them, whoever is least regular first."""
    spreads = spreads_of(council, to_on)
    seen = seen_of(rows_between(council, *fortnight(to_on)))
    branches = Branch.objects.filter(pk__in={*spreads, *seen})
    found = [_of_provider(one, spreads.get(one.pk, []), seen.get(one.pk, [])) for one in branches]
    return sorted(found, key=lambda one: (one.regular.of_one is None, one.regular.of_one or 0, one.branch.name))


def _of_provider(branch: Branch, spreads: Sequence[int], seen: Sequence[Continuity]) -> Regularity:
    workers = [one.workers for one in seen]
    indices = [half_up(one.index.numerator * 100, one.index.denominator) for one in seen if one.index is not None]
    return Regularity(
        branch=branch,
        regular=share_of(spreads),
        spread=ranked(spreads, HALF),
        most_spread=ranked(spreads, NINE_TENTHS),
        people=len(seen),
        workers=ranked(workers, HALF),
        most_workers=ranked(workers, NINE_TENTHS),
        per_ten=ranked([half_up(one.workers * 100, one.visits) for one in seen], HALF),
        top_three=ranked([half_up(one.top_three.part * 1000, one.top_three.whole) for one in seen], HALF),
        index=ranked(indices, HALF),
    )


def regular_by_week(council: Council, ends: Sequence[date]) -> list[Share]:
    """The share of regular calls of the whole council over the fortnight up to each of some days (K13)."""
    return [share_of(one for own in spreads_of(council, end).values() for one in own) for end in ends]
