"""What a branch has said it has to spare, pool by pool, when it said so and until when that counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from calloff.documents.wording import listed, say
from calloff.domain.packages import BANDS
from calloff.domain.purchasing_model import PurchasingModel
from calloff.web.contracts.models import Enrolment, ModelVersion, Pool
from calloff.web.contracts.services.market import document_of, facts_of
from calloff.web.directory.models import Locality


@dataclass(frozen=True)
class PoolTold:
    """One pool: where and when its hours are, what is free, and until when that counts."""

    number: int
    name: str
    spare: int
    declared_at: datetime
    stale_at: datetime

    def is_stale(self, at: datetime) -> bool:
        """Whether the declaration no longer counts."""
        return at > self.stale_at


@dataclass(frozen=True)
class SpareTold:
    """An enrolment with its pools; `binding` under a capacity book."""

    enrolment: Enrolment
    model: str
    binding: bool
    days: int
    pools: tuple[PoolTold, ...]

    @property
    def confirmed_at(self) -> datetime | None:
        return min((pool.declared_at for pool in self.pools), default=None)

    @property
    def stale_at(self) -> datetime | None:
        return min((pool.stale_at for pool in self.pools), default=None)

    def is_stale(self, at: datetime) -> bool:
        return any(pool.is_stale(at) for pool in self.pools)


def spare_told(enrolments: Sequence[Enrolment], today: date) -> list[SpareTold]:
    """Enrolments in force on a day that have something to declare, in the order given."""
    live = [
        one
        for one in enrolments
        if (one.from_on is None or one.from_on <= today) and (one.to_on is None or today <= one.to_on)
    ]
    models = _models(live, today)
    pools: dict[int, list[Pool]] = {}
    for pool in Pool.objects.filter(enrolment__in=live, declared_at__isnull=False).order_by("number"):
        pools.setdefault(pool.enrolment_id, []).append(pool)
    places = {
        (council, code): name
        for council, code, name in Locality.objects.filter(council__in={one.council_id for one in live}).values_list(
            "council", "code", "name"
        )
    }
    told = []
    for one in live:
        model = models.get((one.council_id, one.model))
        if model is None or one.pk not in pools:
            continue
        days = model.declaration_days
        rows = tuple(
            PoolTold(pool.number, _name(one, pool.number, places), pool.spare, at, at + timedelta(days=days))
            for pool in pools[one.pk]
            if (at := pool.declared_at) is not None
        )
        binding = any(step.kind == "book" and one.tier in step.tiers for step in model.steps)
        told.append(SpareTold(one, model.title, binding, days, rows))
    return told


def _models(enrolments: Sequence[Enrolment], today: date) -> dict[tuple[int, str], PurchasingModel]:
    rows = ModelVersion.objects.filter(
        council__in={one.council_id for one in enrolments}, model__in={one.model for one in enrolments}
    )
    latest = {
        (row.council_id, row.model): row for row in rows.filter(starts_on__lte=today).order_by("starts_on", "version")
    }
    return {key: document_of(row).model for key, row in latest.items()}


def _name(enrolment: Enrolment, number: int, places: dict[tuple[int, str], str]) -> str:
    """Where and at which times of day a pool's hours are."""
    pools = facts_of(enrolment).pools
    if number >= len(pools):
        return _("Your hours")
    pool = pools[number]
    areas = listed(sorted(places.get((enrolment.council_id, code), code) for code in pool.areas), nothing="")
    bands = listed((say("bands", band) for band in BANDS if band in pool.bands), nothing="")
    named = ", ".join(one for one in (areas or _("All areas of your contract"), bands or _("any time of day")) if one)
    return named[:1].upper() + named[1:]
