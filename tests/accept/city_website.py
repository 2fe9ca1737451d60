"""
The city in a database, and its facts told to the website as they become known: some at once, some only afterwards.

Providers, prices and packages are written as rows, as a council would bring them in; whatever happens to a package
goes through the services and the pages that people use.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from city.made import City, Visit
from city.town import (
    BANDS,
    BASE_RATES,
    DEARER_FROM,
    FIRST_ON,
    LATER_MORE,
    WEEKEND_MORE,
    Person,
    Slot,
    at_wall,
)
from city.worth import Terms

BEGUN_AT = datetime(2026, 10, 1, 9, tzinfo=UTC)
OTHER_FUNDER, OTHERS_SHARE = "ICB", 4_000
"""Who bears a part of some packages, and how much of ten thousand."""
MODEL = """\
id: framework
version: 1
title: The city's framework
nation: england
pattern: ranked_framework
term: {from: 2020-01-01, to: 2030-12-31, assumed: an example}
price: {set_by: provider, ceiling_gbp_per_hour: 60.00, assumed: an example}
tiers:
  - {name: framework, role: member, assumed: an example}
steps:
  - {name: continuity, whom: current_provider, within_days: 365, ask: in_turn, reply_within: by_priority,
     assumed: an example}
  - {name: framework, whom: framework, rank_by: [price], ask: in_turn, reply_within: by_priority, assumed: an example}
"""


@dataclass
class Website:
    """The city's council on the website; `world` has its clock and its users."""

    world: Any
    packages: dict[str, Any]

    @property
    def contracts(self) -> set[str]:
        """The contracts' references."""
        from calloff.web.contracts.models import Enrolment

        return set(Enrolment.objects.filter(council=self.world.council).values_list("reference", flat=True))

    @property
    def branches(self) -> list[Any]:
        """The providers' branches."""
        from calloff.web.directory.models import Branch

        return list(Branch.objects.filter(reference__startswith="PV").order_by("reference"))

    def late(self, person: Person) -> bool:
        """Of every second person death, new need and shared funding are told when all has been paid."""
        return person.number % 4 >= 2


def lines_of(contract: str, dearer: bool) -> tuple[Any, ...]:
    """The prices of a contract by part of the day, dearer at weekends, and from a day on where that is known."""
    from calloff.domain.contracts import PriceLine

    stretches: list[tuple[date | None, date | None, int]] = [(None, None, 0)]
    if dearer:
        stretches = [(None, DEARER_FROM - timedelta(days=1), 0), (DEARER_FROM, None, LATER_MORE)]
    return tuple(
        PriceLine(
            f"{contract}/{band}/{kind}/{more}",
            BASE_RATES[band] + more + (WEEKEND_MORE if kind == "weekend" else 0),
            time_band=band,
            day_type=kind,
            from_on=from_on,
            to_on=to_on,
        )
        for band in BANDS
        for kind in ("weekday", "weekend")
        for from_on, to_on, more in stretches
    )


def built(city: City, terms: Iterable[tuple[date, Terms]]) -> Website:
    """The city's council with its providers, its people with their packages called off, and how visits are paid."""
    from small_market import enrolment
    from world import made_world

    from calloff.web.contracts.services import market
    from calloff.web.contracts.services.publishing import enrol
    from calloff.web.directory.models import Branch, Organisation
    from calloff.web.directory.services import draw
    from calloff.web.payments.models import RuleVersion
    from calloff.web.visits.models import PlanningStart

    market._kept.clear()
    world = made_world()
    world.at = BEGUN_AT
    _publish(world)
    people = list({one.planned.person.reference: one.planned.person for one in city.visits}.values())
    kernel = []
    for contract in sorted({one.contract for one in people}):
        name = provider_of(contract)
        body = Organisation.objects.create(reference=name, name=f"{name} Ltd")
        Branch.objects.create(
            reference=name,
            token=draw(),
            organisation=body,
            name=f"{name} Care",
            nation="england",
            service_types="care_at_home",
            registered_from=date(2010, 1, 1),
            scale="cqc",
        )
        able = frozenset({"double_handed"})
        one = enrolment(name, 19, 50_000_000, reference=contract, model="framework", capabilities=able)
        kernel.append(_priced(one, contract, dearer=False))
    rows = {row.reference: row for row in enrol(world.council, kernel, BEGUN_AT)}
    for starts_on, one in terms:
        told = {"rule": "city", "version": 1 + (starts_on - FIRST_ON).days, "title": one.name, "text": one.text}
        RuleVersion.objects.create(council=world.council, model="*", starts_on=starts_on, published_at=BEGUN_AT, **told)
    PlanningStart.objects.create(council=world.council, on=FIRST_ON)
    return Website(world, dict(_packages(world, people, rows)))


def _publish(world: Any) -> None:
    from calloff.documents.purchasing_models import parse
    from calloff.web.contracts.services.publishing import publish, texts_of

    text = MODEL.replace("version: 1", "version: 2")
    document = parse([("framework.yaml", text)])
    publish(council=world.council, texts=texts_of(document), starts_on=date(2020, 1, 2), at=BEGUN_AT)


def provider_of(contract: str) -> str:
    return f"PV{contract[2:]}"


def _priced(one: Any, contract: str, *, dearer: bool) -> Any:
    return replace(one, price_lines=lines_of(contract, dearer))


def pattern_of(slots: Iterable[Slot]) -> tuple[Any, ...]:
    """The weekly pattern of visits that are the same every day."""
    from calloff.domain.packages import Visit as Weekly

    return tuple(Weekly(day, slot.minute, slot.minutes, slot.workers) for day in range(7) for slot in slots)


def _packages(world: Any, people: list[Person], rows: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """A package for each person, called off to the provider of their contract before the four weeks."""
    from django.db.models import F

    from calloff.domain.packages import Package as Facts
    from calloff.domain.records import canonical, plain
    from calloff.web.brokerage import models
    from calloff.web.directory.services import draw

    version = world.council.model_versions.latest("pk")
    for person in people:
        pattern = pattern_of(person.slots)
        facts = Facts(
            reference=person.reference,
            approved_at=BEGUN_AT,
            required_start_on=FIRST_ON,
            priority=5,
            nation="england",
            locality="north",
            visits=pattern,
            needs=frozenset({"double_handed"} if any(visit.workers > 1 for visit in pattern) else ()),
            easting=400_000,
            northing=400_000,
        )
        minutes, row = facts.minutes_per_week, rows[person.contract]
        about = {"council": world.council, "minutes_per_week": minutes}
        package = models.Package.objects.create(
            **about,
            reference=person.reference,
            token=draw(),
            person=world.person(f"Person {person.number}"),
            model_version=version,
            locality=world.area.locality,
            area=world.area,
            priority=5,
            approved_at=BEGUN_AT,
            required_start_on=FIRST_ON,
            price_ceiling_pence=10_000_000,
            state=models.Package.STARTED,
            minutes_to_place=0,
            minutes_started=minutes,
            two_workers=any(visit.workers > 1 for visit in pattern),
            next_action="none",
            next_action_at=BEGUN_AT,
            changed_at=BEGUN_AT,
        )
        models.PackageVersion.objects.create(
            **about, package=package, number=1, facts=canonical(plain(facts)).decode(), from_at=BEGUN_AT
        )
        call_off = models.CallOff.objects.create(
            **about,
            token=draw(),
            package=package,
            version=1,
            enrolment=row,
            branch_id=row.branch_id,
            kind="new",
            visits=json.dumps([[number, plain(visit)] for number, visit in enumerate(pattern)]),
            takes=json.dumps([[0, minutes]]),
            centipence_minutes=190_000 * minutes,
            pence_per_week=190_000 * minutes // 6_000,
            confirmed_at=BEGUN_AT,
            start_on=FIRST_ON,
            first_visit_on=FIRST_ON,
        )
        models.PlacedVisit.objects.bulk_create(
            models.PlacedVisit(council=world.council, package=package, version=1, visit=number, call_off=call_off)
            for number in range(len(pattern))
        )
        row.pools.filter(number=0).update(used=F("used") + minutes)
        yield person.reference, package


# What becomes known


def tell_stops(site: Website, visits: Iterable[Visit]) -> None:
    """Stays in hospital and visits that were called off at short notice, as broker or provider enter them."""
    from calloff.web.brokerage.services import absences

    world, away = site.world, set()
    for one in visits:
        person, planned = one.planned.person, one.planned
        told = None
        if one.stopped in ("retainer", "suspended") and person.reference not in away:
            away.add(person.reference)
            assert person.away is not None
            from_at, until_at = (at_wall(day, 0) for day in person.away)
            kept = one.stopped == "retainer"
            told = absences.Told(
                "hospital", from_at, until_at, from_at - timedelta(days=3), staff_paid=kept, restarts=kept
            )
        elif one.stopped == "short_notice":
            from_at = planned.start_at
            until_at, told_at = from_at + timedelta(minutes=1), from_at - timedelta(hours=3)
            told = absences.Told("refused", from_at, until_at, told_at, visit=planned.reference)
        if told is not None:
            absences.stop_visits(package=site.packages[person.reference], told=told, by=world.broker, at=world.at)


def tell_death(site: Website, person: Person) -> None:
    """Somebody died in the last minute of a day."""
    from calloff.web.brokerage.services.ending import end_package

    assert person.died_on is not None
    end_package(
        package=site.packages[person.reference],
        last_day_on=person.died_on,
        reason="died",
        died_at_minute=1_439,
        by=site.world.broker,
        at=site.world.at,
    )


def tell_new_need(site: Website, person: Person) -> None:
    """A new need with hindsight: asked for, approved, offered to the provider that has the care, called off."""
    from calloff.web.brokerage.services.new_versions import change_need
    from calloff.web.brokerage.services.requests import raise_request
    from calloff.web.brokerage.services.sourcing import start_step
    from calloff.web.brokerage.services.wanted import Wanted

    assert person.changed_on is not None
    world, package = site.world, site.world.again(site.packages[person.reference])
    pattern = pattern_of(person.later)
    needs = frozenset({"double_handed"} if any(visit.workers > 1 for visit in pattern) else ())
    request = raise_request(
        council=world.council,
        person=package.person,
        wanted=Wanted(
            pattern, person.changed_on, 6, needs=needs, short_visit_reason="medication", short_visits_agreed=True
        ),
        by=world.assessor,
        at=world.at,
        changes=package,
    )
    told = {"pence_per_week_at_most": 10_000_000, "limit_pence": 10_000_000, "by": world.approver, "at": world.at}
    change_need(package=package, request=request, **told)
    start_step(package=world.again(package), by=world.broker, at=world.at)
    world.answer(package, provider_of(person.contract))
    world.confirm(package)


def tell_split(site: Website, person: Person) -> None:
    """From a day on another funder bears a part."""
    from calloff.domain.funding import Share
    from calloff.web.brokerage.services import funding

    assert person.shared_on is not None
    shares = [
        Share("council", "council", 10_000 - OTHERS_SHARE, person.shared_on),
        Share(OTHER_FUNDER, "joint", OTHERS_SHARE, person.shared_on),
    ]
    funding.split(
        package=site.packages[person.reference],
        shares=shares,
        from_on=person.shared_on,
        by=site.world.broker,
        at=site.world.at,
    )


def tell_dearer_prices(site: Website) -> None:
    """The prices that have counted since a day, drafted for every contract and approved by another person."""
    from calloff.web.contracts.models import Enrolment
    from calloff.web.contracts.services import enrolling, publishing
    from calloff.web.contracts.services.market import facts_of

    world = site.world
    rows = Enrolment.objects.filter(council=world.council).order_by("reference")
    wanted = [_priced(facts_of(row), row.reference, dearer=True) for row in rows]
    drafter = world.user("commissioner", "commissioner")
    told = {"council": world.council, "enrolments": wanted, "file": None}
    draft = enrolling.keep_enrolments(**told, by=drafter, at=world.at)
    publishing.put_forward(draft=draft, starts_on=None, note="late", by=drafter, at=world.at)
    publishing.approve(draft=draft, by=world.approver, at=world.at)


def tell_people(site: Website, people: Iterable[Person], *, late: bool) -> None:
    """Deaths, new needs and shared funding of those of whom it is known now."""
    for person in people:
        if site.late(person) != late:
            continue
        if person.shared_on is not None:
            tell_split(site, person)
        if person.changed_on is not None:
            tell_new_need(site, person)
        if person.died_on is not None:
            tell_death(site, person)
