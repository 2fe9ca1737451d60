"""A package before the kernel: what it is asked, and how its answer becomes rows."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Sum

from calloff.domain.carrying_out import Course
from calloff.domain.contracts import Enrolment as KernelEnrolment
from calloff.domain.decisions import Decision as KernelDecision
from calloff.domain.decisions import standing_fact
from calloff.domain.history import Event as Happening
from calloff.domain.market import Counters, Market, Standing
from calloff.domain.next_step import next_step
from calloff.domain.packages import Package as KernelPackage
from calloff.domain.purchasing_model import PurchasingModel
from calloff.domain.records import Ledger, canonical, changed, plain, sha256
from calloff.domain.story import Story, read_story
from calloff.web.brokerage.models import CallOff, Decision, Fact, Invitation, LastCounters, Package, PackageVersion
from calloff.web.brokerage.services.case_file import CaseFile, facts_in
from calloff.web.contracts.models import Enrolment, Pool
from calloff.web.contracts.services.market import (
    Enrolled,
    counters_of,
    document_of,
    enrolled,
    pools_of,
    store_pools,
    store_turns,
)
from calloff.web.directory.models import Council

COUNTED_DAYS = timedelta(days=28)
QUOTA_MONTHS_DAYS = timedelta(days=365)
WHOLE_EVERY = 50
"""So often the counters are written whole, so that nobody follows a long chain of changes to read them."""


@dataclass
class Desk:
    """
    One package as the kernel is asked about it, at one moment.

    `pools` are the rows behind the counters, in the kernel's order. `wrote` says that the clock alone moved something,
    which was written when the desk was set up. `given_out` is what each package of a lot got when the lot was called
    off.
    """

    package: Package
    facts: KernelPackage
    model: PurchasingModel
    market: Enrolled
    pools: list[Pool]
    course: Course
    at: datetime
    wrote: bool = False
    given_out: list[tuple[CallOff, Package]] = field(default_factory=list)

    @property
    def standing(self) -> Standing:
        return self.market.standing

    def ask(self) -> KernelDecision:
        """The kernel's one question."""
        course = self.course
        return next_step(self.model, self.facts, Market(course.standing, course.counters), course.history, self.at)

    def story(self) -> Story:
        """What has happened so far, as it stands at this moment."""
        return read_story(self.model, self.facts, self.course.history, self.at)

    def row(self, reference: str) -> Enrolment:
        """The row of an enrolment that the kernel named."""
        return self.market.rows[self.standing.row_of[reference]]

    def enrolment(self, reference: str) -> KernelEnrolment:
        return self.standing.enrolments[self.standing.row_of[reference]]

    def store(self) -> list[int]:
        """Write the minutes and turns that were moved; the kernel's numbers of pools with more to spare than before."""
        if self.course.counters.turns:
            store_turns(self.market, self.course.counters)
        return store_pools(self.pools, self.course.counters)


def desk_for(package: Package, at: datetime, on_file: CaseFile | None = None) -> Desk:
    """
    Read all that the kernel is told about a package; what dead invitations kept counts as given back.

    Whoever only looks says what has been read already; an act reads everything afresh.
    """
    on_file = on_file or CaseFile(package)
    council, version = on_file.council, package.model_version
    if version is None:
        raise ValueError(f"package {package.reference} is governed by no model")
    model = document_of(version).model
    market = enrolled(council, model)
    pools = pools_of(market)
    counters = counters_of(market, pools, model.takes_turns)
    count_past(council, model, market, counters, at)
    facts, held = on_file.facts, held_of(on_file.invitations, market)
    course = Course(model, facts, market.standing, counters, on_file.history, held)
    desk = Desk(package, facts, model, market, pools, course, at)
    release_run_out(desk)
    return desk


def facts_of(package: Package, number: int | None = None) -> KernelPackage:
    """A package as the kernel knows it, in its current version or another."""
    return facts_in(PackageVersion.objects.get(package=package, number=number or package.version))


def history_of(package: Package) -> list[Happening]:
    """What has happened to the current version of a package, in the kernel's words, in order."""
    return CaseFile(package).history


def told(version: int, *events: Happening) -> list[dict[str, Any]]:
    """Events of the kernel's history as an audit event holds them."""
    return [{"version": version, "kind": type(one).__name__, "data": plain(one)} for one in events]


def held_of(asked: Iterable[Invitation], market: Enrolled) -> dict[str, tuple[tuple[int, int], ...]]:
    """The minutes that living invitations of these keep, by enrolment, under the kernel's numbers of pools."""
    reference = {row.pk: row.reference for row in market.rows}
    living = (one for one in asked if one.state in Invitation.LIVE)
    return {reference[one.enrolment_id]: kernel_holds(one, market) for one in living}


def kernel_holds(row: Invitation, market: Enrolled) -> tuple[tuple[int, int], ...]:
    """What an invitation keeps, from the pools' own numbers to the kernel's."""
    place = {key: number for number, key in enumerate(market.pools)}
    return tuple((place[row.enrolment_id, number], minutes) for number, minutes in json.loads(row.holds))


def own_numbers(holds: Sequence[tuple[int, int]], market: Enrolled) -> str:
    """Minutes by pool, from the kernel's numbers to those that the enrolment's own pools have, as stored."""
    return json.dumps([[market.pools[pool][1], minutes] for pool, minutes in holds])


def release_run_out(desk: Desk) -> None:
    """
    Count as given back what invitations past their deadline kept, the package's own and everybody else's.

    The worker writes it down a moment later; until then nobody is told that minutes are gone which are not.
    """
    desk.course.release_spent(desk.at)
    others = Invitation.objects.filter(
        council=desk.package.council_id, state=Invitation.OPEN, deadline_at__lt=desk.at, enrolment__model=desk.model.id
    ).exclude(package=desk.package)
    for row in others:
        desk.course.counters.release(kernel_holds(row, desk.market))


def count_past(council: Council, model: PurchasingModel, market: Enrolled, counters: Counters, at: datetime) -> None:
    """Fill in what was called off in 28 days and, for the quota, what was referred in twelve months."""
    since = CallOff.objects.filter(
        council=council, confirmed_at__gt=at - COUNTED_DAYS, confirmed_at__lte=at, continues__isnull=True
    )
    by_branch = dict(since.values_list("branch").annotate(Sum("minutes_per_week")))
    for row, enrolment in enumerate(market.rows):
        counters.called_off_28[row] = by_branch.get(enrolment.branch_id, 0)
    if model.quota is not None:
        _count_for_quota(council, model, market, counters, at)


def _count_for_quota(
    council: Council, model: PurchasingModel, market: Enrolled, counters: Counters, at: datetime
) -> None:
    place = {row.pk: number for number, row in enumerate(market.rows)}
    referred: defaultdict[int, int] = defaultdict(int)
    packages: defaultdict[int, set[int]] = defaultdict(set)
    year = CallOff.objects.filter(
        council=council,
        enrolment__model=model.id,
        confirmed_at__gt=at - QUOTA_MONTHS_DAYS,
        confirmed_at__lte=at,
        continues__isnull=True,
    )
    for enrolment, package, minutes, delivered_by in year.values_list(
        "enrolment", "package", "minutes_per_week", "delivered_by"
    ):
        row = place.get(enrolment)
        if row is None:
            continue
        if model.counts_for_quota(accepted=True):
            referred[row] += minutes
            packages[row].add(package)
        if delivered_by is not None:
            counters.subcontracted[row] += minutes
            counters.subcontracted_packages[row] += 1
    if model.counts_for_quota(accepted=False):
        asked = Invitation.objects.filter(
            council=council, enrolment__model=model.id, sent_at__gt=at - QUOTA_MONTHS_DAYS, sent_at__lte=at
        ).select_related("package")
        for invitation in asked:
            row = place.get(invitation.enrolment_id)
            if row is not None:
                facts = facts_of(invitation.package, invitation.version)
                referred[row] += sum(facts.visits[number].worker_minutes for number in json.loads(invitation.visits))
                # A lot counts for as many packages as it holds.
                packages[row] |= set(range(-len(facts.lot_of), 0)) or {invitation.package_id}
    for row, minutes in referred.items():
        counters.referred[row] += minutes
        counters.referred_packages[row] += len(packages[row])


# The record


def shown_hash(decision: KernelDecision) -> str:
    """What somebody was shown, by its hash: who, which visits, at which price; the moment apart."""
    return sha256(canonical(decision.result))


def record(desk: Desk, decision: KernelDecision) -> Decision:
    """Keep a decision with its facts, before it is carried out: the counters are those it was made from."""
    package = desk.package
    ledger = Ledger()
    ledger.remember(desk.standing, standing_hash(desk))
    made = decision.record(ledger)
    facts = ledger.take_new()
    body = json.loads(made.content)
    _store_facts(package.council_id, desk, facts, body["counters"])
    number = Decision.objects.filter(package=package).count() + 1
    return Decision.objects.create(
        council_id=package.council_id,
        package=package,
        number=number,
        at=desk.at,
        kind=body["result"]["kind"],
        content=made.content.decode(),
        hash=made.hash,
    )


def _store_facts(council: int, desk: Desk, facts: Sequence[tuple[str, bytes]], counters_hash: str) -> None:
    known = set(
        Fact.objects.filter(council=council, hash__in=[digest for digest, _ in facts]).values_list("hash", flat=True)
    )
    rows = []
    for digest, content in facts:
        if digest in known:
            continue
        text = content.decode()
        if digest == counters_hash:
            text = _counters_text(council, desk, digest, text)
        rows.append(Fact(council_id=council, hash=digest, content=text))
    Fact.objects.bulk_create(rows)


def _counters_text(council: int, desk: Desk, digest: str, whole: str) -> str:
    """The counters as what changed since the last decision under the model, or whole where that says no more."""
    columns = desk.course.counters.columns
    last = LastCounters.objects.filter(council=council, model=desk.model.id).first()
    text, steps = whole, 0
    if last is not None and last.steps + 1 < WHOLE_EVERY:
        before = json.loads(last.columns)
        if {name: len(column) for name, column in before.items()} == {n: len(c) for n, c in columns.items()}:
            body = {"kind": "counters", "body": {"since": last.hash, "changes": changed(before, columns)}}
            shorter = canonical(body).decode()
            if len(shorter) < len(whole):
                text, steps = shorter, last.steps + 1
    last = last or LastCounters(council_id=council, model=desk.model.id)
    last.hash, last.columns, last.steps = digest, json.dumps(columns, separators=(",", ":")), steps
    last.save()
    return text


def standing_hash(desk: Desk) -> str:
    """The hash of who is enrolled, worked out once while that is kept; its facts are stored where they are not."""
    market, council = desk.market, desk.package.council_id
    digest = market.hashes.get("standing", "")
    if digest and Fact.objects.filter(council=council, hash=digest).exists():
        return digest
    ledger = Ledger()
    digest = market.hashes["standing"] = standing_fact(ledger, market.standing)
    facts = dict(ledger.take_new())
    known = set(Fact.objects.filter(council=council, hash__in=list(facts)).values_list("hash", flat=True))
    Fact.objects.bulk_create(
        Fact(council_id=council, hash=one, content=content.decode())
        for one, content in facts.items()
        if one not in known
    )
    return digest
