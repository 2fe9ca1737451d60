"""Everybody who is sought for waits for minutes; one provider has some again: who is asked, and how soon."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from datetime import datetime, timedelta

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone

from calloff.domain.history import Offered
from calloff.domain.packages import Package as KernelPackage
from calloff.domain.records import canonical, revive
from calloff.web.accounts.models import User
from calloff.web.audit.models import Chain, Event
from calloff.web.audit.services import hash_of
from calloff.web.brokerage.models import Invitation, Package, PackageVersion, Waiting
from calloff.web.brokerage.services.columns import ask_quietly, refresh
from calloff.web.brokerage.services.desk import desk_for, told
from calloff.web.contracts.models import Enrolment, Pool
from calloff.web.contracts.services.spare_minutes import declare_spare

MINUTES, PATIENCE_SECONDS, LOOKED_AT = 3_000, 180, 10


def everybody_waits(at: datetime) -> int:
    """Let every package that is sought for wait for minutes of all who may be asked; how many there are."""
    with transaction.atomic():
        _all_decline(at)
        Pool.objects.update(held=0, declared=F("used"), raised_at=None)
        sought = Package.objects.filter(state=Package.SOURCING)
        sought.update(
            next_action="await_minutes", waits_for_minutes=True, step_started=True, asked=0, answered=0, step=""
        )
        Waiting.objects.all().delete()
        asked: dict[int, set[int]] = defaultdict(set)
        for package, enrolment in Invitation.objects.filter(package__in=sought).values_list("package", "enrolment"):
            asked[package].add(enrolment)
        enrolments = list(Enrolment.objects.values_list("pk", flat=True))
        Waiting.objects.bulk_create(
            (
                Waiting(council_id=council, package_id=package, enrolment_id=one, wants=wants)
                for package, council, wants in _wants(sought)
                for one in enrolments
                if one not in asked[package]
            ),
            batch_size=5_000,
        )
    _compare(sought[:LOOKED_AT], at)
    return sought.count()


def _all_decline(at: datetime) -> None:
    """Whoever is asked says no, as an event in the chain."""
    chain = Chain.objects.select_for_update().get()
    events = []
    live = Invitation.objects.filter(state__in=Invitation.LIVE).select_related("enrolment", "package")
    for row in live:
        chain.length += 1
        happened = told(1, Offered(row.enrolment.reference, at, "decline", "no_capacity"))
        event = Event(
            council=chain.council,
            number=chain.length,
            kind="answered",
            at=at,
            about=row.package.reference,
            data="{}",
            history=canonical(happened).decode(),
            previous=chain.hash,
        )
        event.hash = chain.hash = hash_of(event)
        events.append(event)
    Event.objects.bulk_create(events, batch_size=1_000)
    chain.save()
    live.update(state=Invitation.DECLINED, reason="no_capacity", settled_at=at)


def _wants(sought: models.QuerySet[Package]) -> list[tuple[int, int, str]]:
    """What each package needs at least: the smallest of its visits, since it may be split."""
    rows = PackageVersion.objects.filter(package__in=sought, number=1).values_list("package", "council", "facts")
    return [(package, council, json.dumps({"0": least_of(facts)})) for package, council, facts in rows]


def least_of(facts: str) -> int:
    """Minutes a week that the smallest part of a package takes."""
    found: KernelPackage = revive(KernelPackage, json.loads(facts))
    return min(visit.worker_minutes for visit in found.visits)


def _compare(packages: models.QuerySet[Package], at: datetime) -> None:
    """What was written here is what the kernel says, for some of them; ValueError otherwise."""
    for package in packages.select_related("council", "model_version", "locality", "area", "owner"):
        before = set(Waiting.objects.filter(package=package).values_list("enrolment", "wants"))
        with transaction.atomic():
            desk = desk_for(package, at)
            refresh(desk, ask_quietly(desk))
            after = set(Waiting.objects.filter(package=package).values_list("enrolment", "wants"))
            if before != after or desk.package.next_action != "await_minutes":
                raise ValueError(
                    f"package {package.reference} does not wait as the kernel says: {desk.package.next_action}, "
                    f"{len(before - after)} waits too many, {len(after - before)} too few"
                )


def free() -> tuple[float, bool, int]:
    """
    Declare minutes of one provider to a living worker.

    The seconds until the last package was asked about that can use them, whether those who were are the right ones in
    the order of serving, and how many.
    """
    manager = User.objects.filter(name__startswith="manager-").order_by("pk").first()
    enrolment = Enrolment.objects.order_by("pk").first()
    assert manager is not None
    assert enrolment is not None
    order = list(
        Waiting.objects.filter(enrolment=enrolment)
        .order_by("package__priority", "package__required_start_on", "package__approved_at", "package__reference")
        .values_list("package", "wants")
    )
    begins = timezone.now()
    began = time.monotonic()
    declare_spare(enrolment=enrolment, spare={0: MINUTES}, by=manager, at=begins)
    rows = Invitation.objects.filter(enrolment=enrolment, sent_at__gte=begins - timedelta(seconds=1))
    right, held, took = False, {}, 0.0
    while not right and took < PATIENCE_SECONDS:
        time.sleep(0.05)
        held = {package: _minutes(holds) for package, holds in rows.values_list("package", "holds")}
        took, right = time.monotonic() - began, bool(held) and expected(order, held) == set(held)
    return took, right, len(held)


def _minutes(holds: str) -> int:
    return sum(minutes for _number, minutes in json.loads(holds))


def expected(order: list[tuple[int, str]], held: dict[int, int]) -> set[int]:
    """Who is asked about, in their order, as long as something is left that they can use."""
    spare, wanted = MINUTES, set()
    for package, wants in order:
        if json.loads(wants)["0"] <= spare:
            wanted.add(package)
            spare -= held.get(package, 0)
    return wanted
