"""The market as the kernel sees it: documents in force, who is enrolled, and what each has to spare."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from threading import Lock

from django.db import transaction

from calloff.documents.purchasing_models import Document, parse
from calloff.domain.contracts import Enrolment as KernelEnrolment
from calloff.domain.contracts import Suspension as KernelSuspension
from calloff.domain.market import NEVER_STALE, Counters, Standing, seconds
from calloff.domain.packages import Package as KernelPackage
from calloff.domain.purchasing_model import PurchasingModel, applicable_model
from calloff.domain.records import revive
from calloff.web.contracts.models import Enrolment, ModelVersion, Pool, Suspension
from calloff.web.directory.models import Council
from calloff.web.directory.services import calendar_of, providers_of
from calloff.web.jobs import services as jobs

MOST_STANDINGS = 16


@lru_cache(maxsize=64)
def _document(texts: str) -> Document:
    return parse([(name, text) for name, text in json.loads(texts)])


def document_of(version: ModelVersion) -> Document:
    """The purchasing model of a published version."""
    return _document(version.texts)


def versions_in_force(council: Council, on: date) -> list[ModelVersion]:
    """Of each model the version that counts on a day."""
    latest: dict[str, ModelVersion] = {}
    for version in ModelVersion.objects.filter(council=council, starts_on__lte=on).order_by("starts_on", "version"):
        latest[version.model] = version
    return list(latest.values())


def version_for(council: Council, package: KernelPackage, on: date) -> ModelVersion:
    """
    The version that governs a package approved on a day.

    Raises NoApplicableModelError, saying why each does not apply, or SeveralModelsError.
    """
    versions = {document_of(version).model.id: version for version in versions_in_force(council, on)}
    model = applicable_model([document_of(version).model for version in versions.values()], package)
    return versions[model.id]


# Who is enrolled


@dataclass(frozen=True)
class Enrolled:
    """Standing facts with the rows they came from, each enrolment in its place."""

    standing: Standing
    rows: tuple[Enrolment, ...]
    pools: tuple[tuple[int, int], ...]
    """By the kernel's number of a pool: the primary key of its enrolment, and its number there."""
    hashes: dict[str, str] = field(default_factory=dict, compare=False)
    """Hashes of what is kept, once worked out."""


_kept: OrderedDict[tuple[int, str, int, tuple[str, ...]], Enrolled] = OrderedDict()
_lock = Lock()


def enrolled(council: Council, model: PurchasingModel) -> Enrolled:
    """
    Who is enrolled in a model, read once for as long as nothing about it changes.

    Only those of a tier that this version has: of another nobody can be asked.

    `council` must be freshly read: its `standing` says whether what is kept still counts.
    """
    key = (council.pk, model.id, council.standing, _tiers(model))
    with _lock:
        found = _kept.get(key)
        if found is not None:
            _kept.move_to_end(key)
            return found
    made = _read(council, model)
    with _lock:
        _kept[key] = made
        while len(_kept) > MOST_STANDINGS:
            _kept.popitem(last=False)
    return made


def _tiers(model: PurchasingModel) -> tuple[str, ...]:
    return tuple(tier.name for tier in model.tiers)


def _read(council: Council, model: PurchasingModel) -> Enrolled:
    rows = {
        row.reference: row
        for row in Enrolment.objects.filter(council=council, model=model.id, tier__in=_tiers(model)).select_related(
            "branch__organisation"
        )
    }
    suspended: dict[int, list[KernelSuspension]] = {}
    for one in Suspension.objects.filter(council=council, enrolment__model=model.id):
        last_on = min((day for day in (one.to_on, one.lifted_on) if day is not None), default=None)
        if last_on is None or last_on >= one.from_on:
            suspended.setdefault(one.enrolment_id, []).append(KernelSuspension(one.from_on, last_on, one.step_in))
    enrolments = tuple(
        replace(facts_of(row), suspensions=tuple(suspended.get(row.pk, ())), from_on=row.from_on, to_on=row.to_on)
        for row in rows.values()
    )
    standing = Standing(
        enrolments=enrolments,
        providers=providers_of({row.branch for row in rows.values()}),
        calendars={council.nation: calendar_of(council)},
        localities=tuple(council.localities.values_list("code", flat=True)),
        seed=council.seed,
    )
    in_order = tuple(rows[one.reference] for one in standing.enrolments)
    numbers: dict[int, int] = {}
    pools = []
    for pool in standing.pools:
        row = in_order[pool.row]
        pools.append((row.pk, numbers.setdefault(row.pk, 0)))
        numbers[row.pk] += 1
    return Enrolled(standing, in_order, tuple(pools))


def facts_of(row: Enrolment) -> KernelEnrolment:
    """An enrolment as the kernel knows it, suspensions apart."""
    return _facts_in(row.facts)


@lru_cache(maxsize=256)
def _facts_in(text: str) -> KernelEnrolment:
    """The facts of a text: they are long, and read again for each person whose visits are priced by them."""
    facts: KernelEnrolment = revive(KernelEnrolment, json.loads(text))
    return facts


# What they have to spare


def pools_of(market: Enrolled) -> list[Pool]:
    """The rows of every pool, in the kernel's order."""
    rows = {
        (pool.enrolment_id, pool.number): pool
        for pool in Pool.objects.filter(enrolment__in=[row.pk for row in market.rows])
    }
    return [rows[key] for key in market.pools]


def counters_of(market: Enrolled, pools: Sequence[Pool], takes_turns: bool) -> Counters:
    """What is declared, used and held; the counts of past weeks and months are for others to fill in."""
    rows = market.rows
    # A turn moves with every call-off: what is kept of the rows does not know it.
    turns = (
        dict(Enrolment.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", "turn")) if takes_turns else {}
    )
    return Counters(
        declared=[pool.declared for pool in pools],
        declared_at=[_moment(pool.declared_at) for pool in pools],
        raised_at=[seconds(pool.raised_at) if pool.raised_at else 0 for pool in pools],
        used=[pool.used for pool in pools],
        held=[pool.held for pool in pools],
        called_off_28=[0] * len(rows),
        referred=[row.past_referred_minutes for row in rows],
        subcontracted=[row.past_subcontracted_minutes for row in rows],
        referred_packages=[0] * len(rows),
        subcontracted_packages=[0] * len(rows),
        turns=[turns[row.pk] for row in rows] if takes_turns else [],
    )


def _moment(at: datetime | None) -> int:
    return seconds(at) if at else NEVER_STALE


def store_pools(pools: Sequence[Pool], counters: Counters) -> list[int]:
    """Write what a decision moved, fewest rows first to last; the kernel's numbers of pools that have more to spare."""
    freed = []
    for number, pool in enumerate(pools):
        used, held = counters.used[number], counters.held[number]
        if (pool.used, pool.held) != (used, held):
            spare = pool.spare
            pool.used, pool.held = used, held
            pool.save(update_fields=("used", "held"))
            if pool.spare > spare:
                freed.append(number)
    return freed


def store_turns(market: Enrolled, counters: Counters) -> None:
    """Write who has had a turn since the counters were read."""
    for row, turn in zip(market.rows, counters.turns, strict=bool(counters.turns)):
        Enrolment.objects.filter(pk=row.pk).exclude(turn=turn).update(turn=turn)


def market_changes(council: Council, model: str, at: datetime) -> None:
    """
    Let the worker look again, at a moment, at whoever found nobody to ask, and at what waits to be confirmed.

    Somebody may come then to be asked, or whoever said yes may be stopped.
    """
    with transaction.atomic():
        key = f"{council.pk} {model} {at:%Y-%m-%dT%H:%M}"
        jobs.add("market_changed", key, council=council.pk, due_at=at, data={"model": model})


def minutes_came_free(enrolment: int, council: int, at: datetime) -> None:
    """Let the worker look at those who wait for minutes of an enrolment, in the order of serving."""
    jobs.add("reopen", str(enrolment), council=council, due_at=jobs.at_once(at), data={"enrolment": enrolment})


def of_model(council: Council, models: Iterable[str]) -> list[Enrolment]:
    """The enrolments of some models."""
    return list(Enrolment.objects.filter(council=council, model__in=list(models)).select_related("branch"))
