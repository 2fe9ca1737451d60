"""The rows that the sheet of the first day becomes: people, packages, call-offs and what follows from them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from calloff.domain.calendar import to_utc
from calloff.domain.errors import CalloffError
from calloff.domain.history import CalledOff
from calloff.domain.market import minutes_by_pool
from calloff.domain.packages import Package as KernelPackage
from calloff.domain.records import canonical, plain, sha256
from calloff.domain.units import pence_per_week
from calloff.domain.unmet_need import Stretch, unmet
from calloff.formats.day_one import DayOneRow
from calloff.web.brokerage.models import (
    BroughtIn,
    CallOff,
    Package,
    PackageVersion,
    Person,
    PlacedVisit,
    UnmetStretch,
)
from calloff.web.brokerage.services import agreements
from calloff.web.brokerage.services.desk import told
from calloff.web.brokerage.services.known_here import Known
from calloff.web.brokerage.services.many_rows import ManyRows, insert
from calloff.web.contracts.models import Draft, Enrolment, Pool
from calloff.web.contracts.services.market import Enrolled, document_of, enrolled, facts_of
from calloff.web.directory.models import Council
from calloff.web.directory.services import draw, spoken_reference


class SheetRefusedError(CalloffError):
    """A sheet that cannot be brought in; nothing was written."""


def hash_of(row: DayOneRow) -> str:
    """The hash of all that a row says, its place apart."""
    return sha256(canonical(plain(row.said)))


@dataclass
class Made:
    """The rows of the database that a file becomes, made one package after another and stored at once."""

    draft: Draft
    known: Known
    at: datetime
    people: dict[str, Person] = field(default_factory=dict)
    new_people: ManyRows = field(default_factory=lambda: ManyRows(Person, "reference"))
    packages: ManyRows = field(default_factory=lambda: ManyRows(Package, "reference"))
    call_offs: ManyRows = field(default_factory=lambda: ManyRows(CallOff, "token"))
    versions: ManyRows = field(default_factory=lambda: ManyRows(PackageVersion))
    unmet: ManyRows = field(default_factory=lambda: ManyRows(UnmetStretch))
    marks: ManyRows = field(default_factory=lambda: ManyRows(BroughtIn))
    visits: list[tuple[Package, CallOff, int]] = field(default_factory=list)
    events: list[tuple[str, Mapping[str, Any], Sequence[Mapping[str, Any]]]] = field(default_factory=list)
    open_ones: list[Package] = field(default_factory=list)
    used: dict[tuple[int, int], int] = field(default_factory=dict)
    references: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)
    markets: dict[str, Enrolled | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.at = self.at.replace(microsecond=0)
        self.references = set(Package.objects.filter(council=self.draft.council).values_list("reference", flat=True))
        self.tokens = set()

    def add(self, one: DayOneRow) -> None:
        """One row as a person, a package, its version and, where somebody gives the care, a call-off."""
        reference = self._fresh(self.references, lambda: spoken_reference("P"))
        facts = self.known.facts(one, reference)
        area, person = self.known.areas[one.area], self._person(one)
        model = self.known.model_for(one)
        minutes = facts.minutes_per_week
        begun = one.since is not None and one.since <= self.known.today
        package = Package(
            council=self.draft.council,
            reference=reference,
            token=draw(),
            person=person,
            model_version=self.known.versions[model.id] if model else None,
            locality=area.locality,
            area=area,
            priority=facts.priority,
            approved_at=one.approved_at,
            required_start_on=one.required_start_on,
            imported=True,
            state=Package.STARTED if begun else Package.CALLED_OFF if one.live else Package.SOURCING,
            minutes_per_week=minutes,
            minutes_to_place=0 if one.live else minutes,
            minutes_started=minutes if begun else 0,
            two_workers=facts.most_workers > 1,
            step_started=False,
            next_action="none" if begun else "enter_start" if one.live else "start_step",
            next_action_at=to_utc(one.since, 0) if one.since is not None and not begun else self.at,
            changed_at=self.at,
        )
        self.packages.add(package)
        self.versions.add(
            PackageVersion(
                council=self.draft.council,
                package=package,
                number=1,
                facts=canonical(plain(facts)).decode(),
                minutes_per_week=minutes,
                from_at=one.approved_at,
                reason="imported",
            )
        )
        self.marks.add(
            BroughtIn(
                council=self.draft.council,
                package=package,
                draft=self.draft,
                case_number=one.case_number,
                reference=one.reference,
                row_hash=hash_of(one),
            )
        )
        self._unmet(package, one, minutes)
        history: Sequence[Mapping[str, Any]] = ()
        data: dict[str, Any] = {
            "draft": self.draft.reference,
            "case_number": sha256(one.case_number.encode())[:16],
            "agreed": agreements.agreed(package, facts),
            "call_offs": [],
        }
        if one.live:
            call_off, happened = self._call_off(package, facts, one)
            data["call_offs"] = [agreements.as_it_stands(call_off)]
            history = told(1, happened)
        else:
            self.open_ones.append(package)
        self.events.append((reference, data, history))

    @staticmethod
    def _fresh(taken: set[str], make: Callable[[], str]) -> str:
        while (found := make()) in taken:
            continue
        taken.add(found)
        return found

    def _person(self, one: DayOneRow) -> Person:
        known = self.known.people.get(one.case_number) or self.people.get(one.case_number)
        if known is None:
            known = self.people[one.case_number] = Person(
                council=self.draft.council,
                reference=draw(),
                name=one.name,
                born_on=one.born_on,
                address=one.address,
                postcode=one.postcode,
                phone=one.phone,
                case_number=one.case_number,
                area=self.known.areas[one.area],
            )
            self.new_people.add(known)
        return known

    def _unmet(self, package: Package, one: DayOneRow, minutes: int) -> None:
        started = [Stretch(minutes, one.since)] if one.since is not None and one.since <= self.known.today else []
        for found in unmet([Stretch(minutes, one.required_start_on)], started, []):
            self.unmet.add(
                UnmetStretch(
                    council=self.draft.council,
                    package=package,
                    person=package.person,
                    locality=package.locality,
                    minutes=found.minutes,
                    whole=found.whole,
                    from_on=found.from_on,
                    until=found.until,
                )
            )

    def _call_off(self, package: Package, facts: KernelPackage, one: DayOneRow) -> tuple[CallOff, CalledOff]:
        giver = self.known.giver(one)
        if giver is None or one.since is None:
            raise SheetRefusedError(f"Row {one.row} does not say who gives the care. Nothing was brought in.")
        enrolment = giver.enrolment
        minutes = facts.minutes_per_week
        cost = one.centipence_per_hour * minutes
        begun = one.since <= self.known.today
        confirmed_at = min(one.approved_at, to_utc(one.since, 0)) if begun else one.approved_at
        call_off = CallOff(
            council=self.draft.council,
            token=draw(),
            package=package,
            version=1,
            enrolment=enrolment,
            branch=giver.branch,
            kind="outside" if enrolment is None else "block" if enrolment.role == "block" else "new",
            step="",
            visits=json.dumps([[number, plain(visit)] for number, visit in enumerate(facts.visits)]),
            takes=json.dumps(self._takes(enrolment, facts) if enrolment else []),
            minutes_per_week=minutes,
            centipence_minutes=cost,
            pence_per_week=pence_per_week(cost),
            on_framework=enrolment is not None and enrolment.role != "spot",
            confirmed_at=confirmed_at,
            start_on=one.since,
            first_visit_on=one.since if begun else None,
        )
        self.call_offs.add(call_off)
        self.visits.append((package, call_off, len(facts.visits)))
        name = enrolment.reference if enrolment else ""
        return call_off, CalledOff(name, confirmed_at, tuple(range(len(facts.visits))))

    def _takes(self, enrolment: Enrolment, facts: KernelPackage) -> list[list[int]]:
        """The minutes that the care takes from each of its enrolment's pools, by the pool's own number."""
        if enrolment.model not in self.markets:
            version = self.known.versions.get(enrolment.model)
            council = Council.objects.get(pk=self.draft.council_id)
            self.markets[enrolment.model] = enrolled(council, document_of(version).model) if version else None
        market = self.markets[enrolment.model]
        row = market.standing.row_of.get(enrolment.reference) if market else None
        if market is None or row is None or facts.locality not in market.standing.pools_in:
            return []
        found = []
        for pool, minutes in sorted(minutes_by_pool(market.standing, row, facts.locality, facts.visits).items()):
            key = market.pools[pool]
            self.used[key] = self.used.get(key, 0) + minutes
            found.append([key[1], minutes])
        return found

    def store(self) -> None:
        """Write all of it, parents first; within the act of the import."""
        for rows in (self.new_people, self.packages, self.call_offs, self.versions, self.unmet, self.marks):
            rows.store()
        council = self.draft.council_id
        visits = (
            (council, package.pk, 1, number, call_off.pk, True)
            for package, call_off, count in self.visits
            for number in range(count)
        )
        insert(PlacedVisit, ("council_id", "package_id", "version", "visit", "call_off_id", "live"), visits)
        stored = Pool.objects.filter(enrolment__in={one for one, _number in self.used}).select_related("enrolment")
        pools = {(row.enrolment_id, row.number): row for row in stored}
        for key, minutes in self.used.items():
            pool = pools[key]
            pool.used += minutes
            # What was declared is spare beside the care that is given already: that is added to it. A block stays as
            # large as it was bought, as long as it holds what it gives.
            is_block = key[1] >= len(facts_of(pool.enrolment).pools)
            pool.declared = max(pool.declared, pool.used + pool.held) if is_block else pool.declared + minutes
        Pool.objects.bulk_update(pools.values(), ("used", "declared"))
