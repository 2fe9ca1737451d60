"""What a council brought with it on its first day: care that was placed before there was a record of how."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from calloff.domain.calendar import local
from calloff.domain.history import CalledOff
from calloff.domain.market import minutes_by_pool
from calloff.domain.packages import Package as KernelPackage
from calloff.domain.placing import priced
from calloff.domain.records import canonical, plain
from calloff.domain.units import pence_per_week
from calloff.web.audit.services import act
from calloff.web.brokerage.models import CallOff, Package, PackageVersion, Person, PlacedVisit
from calloff.web.brokerage.services.desk import own_numbers, told
from calloff.web.brokerage.services.requests import age_group
from calloff.web.contracts.models import ModelVersion, Pool
from calloff.web.contracts.services.market import Enrolled, document_of, enrolled, pools_of
from calloff.web.demonstration.needs import PRIORITIES, wanted
from calloff.web.demonstration.people import share
from calloff.web.demonstration.work import Team
from calloff.web.directory.models import Area, Council
from calloff.web.directory.services import draw, spoken_reference

WEEKS_BEFORE = (3, 60)
"""So many weeks before the first day such care began (assumed)."""
FULL_PERCENT = 88
"""Nobody is given more than so much of its minutes in this way, so that there is something left to call off."""
TAKERS = ("member", "prime", "legacy", "block")
"""The roles that had care before."""


@dataclass
class Market:
    """The enrolments of one published model with their pools, filled one package after another."""

    version: ModelVersion
    council: Council

    def __post_init__(self) -> None:
        self.document = document_of(self.version)
        self.enrolled: Enrolled = enrolled(self.council, self.document.model)
        self.pools: list[Pool] = pools_of(self.enrolled)
        self.ground = self.enrolled.standing.ground(self.document.model)

    def takers(self, facts: KernelPackage) -> Iterator[tuple[int, dict[int, int]]]:
        """The rows that could have taken a package, with the minutes that it takes from each of their pools."""
        needs = facts.needs | ({"double_handed"} if facts.most_workers > 1 else frozenset())
        for row, one in enumerate(self.enrolled.standing.enrolments):
            if one.role not in TAKERS or (one.localities and facts.locality not in one.localities):
                continue
            taken = minutes_by_pool(self.enrolled.standing, row, facts.locality, facts.visits)
            percent = 100 if one.role == "block" else FULL_PERCENT
            fits = all(
                (self.pools[pool].used + minutes) * 100 <= self.pools[pool].declared * percent
                for pool, minutes in taken.items()
            )
            if fits and needs <= one.capabilities and sum(taken.values()) == facts.minutes_per_week:
                yield row, taken


def bring(team: Team, people: int) -> None:
    """Enter everybody who had care on the council's first day, each as an event of its own."""
    markets = [Market(version, team.council) for version in ModelVersion.objects.filter(council=team.council)]
    since, versions, visits = team.begins_at, [], []
    for number in range(people):
        key = f"brought {number}"
        area = team.area(key)
        began_on = local(since).date() - timedelta(weeks=team.draws.between(*WEEKS_BEFORE, "began", key))
        priority = int(share(PRIORITIES, team.draws, "priority", key))
        person = team.person(key, area)
        facts = facts_of(team, key, person, area, began_on, priority)
        market = next(one for one in markets if one.document.model.scope.covers(facts))
        able = dict(market.takers(facts))
        if not able:
            continue
        row = int(team.pick([str(one) for one in able], "had by", key))
        package = _package(team, market, person, area, facts, since)
        call_off = _call_off(team, market, package, facts, row, able[row], began_on)
        versions.append(_version(package, facts))
        visits += [
            PlacedVisit(council_id=package.council_id, package=package, version=1, visit=visit, call_off=call_off)
            for visit in range(len(facts.visits))
        ]
        reference = market.enrolled.rows[row].reference
        happened = CalledOff(reference, call_off.confirmed_at, tuple(range(len(facts.visits))))
        with act(council=team.council.pk, by=team.cast["contracts"], at=since) as doing:
            data = {"call_off": call_off.token, "enrolment": reference}
            doing.record("package_imported", package.reference, data, told(1, happened))
    PackageVersion.objects.bulk_create(versions)
    PlacedVisit.objects.bulk_create(visits)
    for market in markets:
        Pool.objects.bulk_update(market.pools, ("used",))


def facts_of(team: Team, key: str, person: Person, area: Area, began_on: date, priority: int) -> KernelPackage:
    """What somebody had been approved for, as the kernel knows it."""
    need = wanted(team.draws, team.shape, key, starts_on=began_on, priority=priority)
    approved_at = team.office.before(team.office.window(began_on)[0], 60 * 24)
    return KernelPackage(
        reference=spoken_reference("P"),
        approved_at=approved_at,
        required_start_on=began_on,
        priority=priority,
        nation=team.council.nation,
        locality=area.locality.code,
        visits=tuple(sorted(need.visits, key=lambda visit: (visit.day, visit.start_minute))),
        area_band=area.area_band,
        care_type="personal_care",
        client_group=need.client_group,
        age_group=age_group(person.born_on, began_on),
        needs=need.needs,
        easting=area.easting,
        northing=area.northing,
    )


def _package(team: Team, market: Market, person: Person, area: Area, facts: KernelPackage, at: datetime) -> Package:
    return Package.objects.create(
        council=team.council,
        reference=facts.reference,
        token=draw(),
        person=person,
        model_version=market.version,
        locality=area.locality,
        area=area,
        priority=facts.priority,
        approved_at=facts.approved_at,
        required_start_on=facts.required_start_on,
        imported=True,
        state=Package.STARTED,
        minutes_per_week=facts.minutes_per_week,
        minutes_to_place=0,
        minutes_started=facts.minutes_per_week,
        two_workers=facts.most_workers > 1,
        step_started=True,
        next_action="none",
        next_action_at=at,
        owner=team.cast[team.pick(("broker", "broker2"), "owner", facts.reference)],
        changed_at=at,
    )


def _call_off(
    team: Team,
    market: Market,
    package: Package,
    facts: KernelPackage,
    row: int,
    taken: dict[int, int],
    began_on: date,
) -> CallOff:
    enrolment = market.enrolled.rows[row]
    cost, lines = priced(market.ground, replace(facts, required_start_on=team.today), row, facts.visits)
    for pool, minutes in taken.items():
        market.pools[pool].used += minutes
    return CallOff.objects.create(
        council=team.council,
        token=draw(),
        package=package,
        version=1,
        enrolment=enrolment,
        branch=enrolment.branch,
        kind="block" if enrolment.role == "block" else "new",
        visits=json.dumps([[number, plain(visit)] for number, visit in enumerate(facts.visits)]),
        takes=own_numbers(sorted(taken.items()), market.enrolled),
        minutes_per_week=facts.minutes_per_week,
        centipence_minutes=cost,
        pence_per_week=pence_per_week(cost),
        line_ids=" ".join(lines)[:300],
        confirmed_at=facts.approved_at,
        start_on=began_on,
        first_visit_on=began_on,
    )


def _version(package: Package, facts: KernelPackage) -> PackageVersion:
    return PackageVersion(
        council_id=package.council_id,
        package=package,
        number=1,
        facts=canonical(plain(facts)).decode(),
        minutes_per_week=facts.minutes_per_week,
        from_at=facts.approved_at,
    )
