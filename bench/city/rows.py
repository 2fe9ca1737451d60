"""
Builds a city's ten years straight into the tables: 60,000 packages, 400,000 invitations, 90 providers, 5,000 open.

The rows are those that the services would have written, chain of events included, drawn by a seed; decision records
are left out. Everybody and every place is invented.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import models, transaction

from calloff.documents.purchasing_models import parse
from calloff.domain.contracts import Enrolment as KernelEnrolment
from calloff.domain.contracts import Pool as KernelPool
from calloff.domain.contracts import PriceLine
from calloff.domain.history import CalledOff, Invited, Offered
from calloff.domain.packages import CAPABILITIES, Visit
from calloff.domain.packages import Package as KernelPackage
from calloff.domain.records import canonical, plain
from calloff.web.accounts.models import Identity, RoleHeld, User
from calloff.web.audit.models import BEGINNING, Chain, Event
from calloff.web.audit.services import hash_of
from calloff.web.brokerage.models import (
    CallOff,
    Invitation,
    Offer,
    Package,
    PackageVersion,
    Person,
    PlacedVisit,
    UnmetStretch,
    Waiting,
)
from calloff.web.brokerage.services.desk import told
from calloff.web.contracts.models import Enrolment, Pool
from calloff.web.contracts.services.publishing import enrol, publish, texts_of
from calloff.web.directory.models import Area, Branch, Council, Grading, Locality, Organisation
from calloff.web.jobs.models import Job

PACKAGES, OPEN, INVITATIONS_EACH, PROVIDERS, LOCALITIES, AREAS_EACH = 60_000, 5_000, 6, 90, 20, 10
BROKERS = 40
YEARS = 10
BATCH = 5_000
FIRST_NAMES = ("Ada", "Ben", "Cora", "Dev", "Elsie", "Fred", "Gwen", "Hugh", "Iris", "Jack", "Kitty", "Len", "Mabel")
FAMILY_NAMES = ("Amberley", "Birchall", "Coppard", "Dunmore", "Eastwick", "Fenwright", "Garlow", "Hexby", "Ingleden")
PATTERNS = (
    tuple(Visit(day, 480, 30) for day in range(7)),
    tuple(Visit(day, minute, 30) for day in range(7) for minute in (480, 1140)),
    tuple(Visit(day, minute, 30, workers) for day in range(7) for minute, workers in ((450, 2), (750, 1), (1230, 2))),
    tuple(Visit(day, 540, 60) for day in (0, 2, 4)),
)
MODEL = """\
id: city_framework
version: 1
title: Home care framework of a made-up city
nation: england
pattern: ranked_framework
term: {from: 2010-01-01, to: 2039-12-31, assumed: an example}
price: {set_by: provider, ceiling_gbp_per_hour: 30.00, assumed: an example}
splitting: {most_providers: 2, assumed: an example}
tiers:
  - {name: framework, role: member, assumed: an example}
steps:
  - {name: framework, whom: framework, rank_by: [price, capacity], ask: waves_of(3), reply_within: by_priority,
     assumed: an example}
"""


def letters(number: int, length: int = 8) -> str:
    """A reference for a number that looks drawn."""
    alphabet = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
    mixed = (number * 2_654_435_761 + 97) % (len(alphabet) ** length)
    found = ""
    for _ in range(length):
        mixed, place = divmod(mixed, len(alphabet))
        found += alphabet[place]
    return found


@dataclass
class City:
    """The city while it is built; `tell` says how far it is."""

    seed: int
    at: datetime
    size: int
    open: int
    tell: Callable[[str], None]
    chance: random.Random = field(init=False)
    previous: str = BEGINNING
    number: int = 0
    held: dict[int, int] = field(default_factory=dict)
    used: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def build(self) -> Council:
        """Everything, in a few large transactions."""
        with transaction.atomic():
            self.places()
            self.providers()
            self.people()
        for start in range(0, self.size, BATCH):
            with transaction.atomic():
                self.packages(range(start, min(start + BATCH, self.size)))
            self.tell(f"{min(start + BATCH, self.size):,} of {self.size:,} packages")
        with transaction.atomic():
            self.finish()
        return self.council

    # -- the standing parts

    def places(self) -> None:
        self.council = Council.objects.create(
            code="city", name="City Council", nation="england", seed="city", unmet_target_hours=5_000, beds_target=200
        )
        self.localities = Locality.objects.bulk_create(
            Locality(council=self.council, code=f"L{number:02d}", name=f"Quarter {number + 1}")
            for number in range(LOCALITIES)
        )
        self.areas = Area.objects.bulk_create(
            Area(
                council=self.council,
                code=f"{locality.code}-{number}",
                name=f"{locality.name}, ward {number + 1}",
                locality=locality,
                easting=400_000 + 900 * number,
                northing=300_000 + 1_100 * number,
            )
            for locality in self.localities
            for number in range(AREAS_EACH)
        )

    def providers(self) -> None:
        document = parse([("city.yaml", MODEL)])
        self.version = publish(council=self.council, texts=texts_of(document), starts_on=date(2010, 1, 1), at=self.at)
        kernel = []
        for number in range(PROVIDERS):
            name = f"PV{number:03d}"
            body = Organisation.objects.create(reference=name, name=f"Provider {number + 1} Ltd")
            branch = Branch.objects.create(
                reference=name,
                token=letters(number, 12),
                organisation=body,
                name=f"Provider {number + 1} Home Care",
                nation="england",
                service_types="care_at_home",
                registered_from=date(2009, 1, 1),
                scale="cqc",
                easting=400_000 + 137 * number,
                northing=300_000 + 211 * number,
            )
            Grading.objects.create(branch=branch, graded_on=date(2020, 1, 1), grades="3 3 3 3", recorded_at=self.at)
            kernel.append(
                KernelEnrolment(
                    reference=f"E-{name}",
                    provider=name,
                    tier="framework",
                    role="member",
                    model="city_framework",
                    price_lines=(PriceLine(f"{name}#1", 150_000 + 700 * number),),
                    pools=(KernelPool(2_000_000, self.at - timedelta(days=1)),),
                    capabilities=frozenset(CAPABILITIES[:6]),
                )
            )
        self.enrolments = enrol(self.council, kernel)

    def people(self) -> None:
        """Brokers and providers' managers, without a password: the benchmark makes their sessions itself."""
        self.brokers = [self.user(f"broker-{n}", "senior_broker") for n in range(BROKERS)]
        self.managers = [self.user(f"manager-{e.branch_id}", "provider_manager", e.branch_id) for e in self.enrolments]

    def user(self, name: str, role: str, branch: int | None = None) -> User:
        identity = Identity.objects.create(name=name.replace("-", " ").title(), email=f"{name}@example.org")
        user = User.objects.create(name=name, identity=identity, demo=True)
        RoleHeld.objects.create(
            user=user,
            role=role,
            council_id=None if branch else self.council.pk,
            branch_id=branch,
            from_on=date(2010, 1, 1),
            granted_at=self.at,
        )
        return user

    # -- packages

    def packages(self, numbers: Sequence[int]) -> None:
        """A batch of packages with all that happened to them; the last ones are open."""
        chance, drawn = self.chance, []
        people = Person.objects.bulk_create(self.person(number) for number in numbers)
        rows = []
        for number, person in zip(numbers, people, strict=True):
            is_open = number >= self.size - self.open
            # Two days ago at least: all that happened since lies in the past.
            days = chance.randint(2, 20) if is_open else chance.randint(30, 365 * YEARS)
            approved_at = self.at - timedelta(days=days, minutes=chance.randint(0, 600))
            facts = self.facts(number, person, approved_at)
            drawn.append((facts, is_open))
            rows.append(self.package(number, person, facts, is_open))
        rows = Package.objects.bulk_create(rows, batch_size=1_000)
        PackageVersion.objects.bulk_create(
            (self.package_version(row, facts) for row, (facts, _) in zip(rows, drawn, strict=True)), batch_size=2_000
        )
        courses = [Course(self, row, facts, is_open) for row, (facts, is_open) in zip(rows, drawn, strict=True)]
        self.store(courses)

    def person(self, number: int) -> Person:
        chance = self.chance
        return Person(
            council=self.council,
            reference=letters(number, 10),
            name=f"{chance.choice(FIRST_NAMES)} {chance.choice(FAMILY_NAMES)}-{letters(number, 5).title()}",
            born_on=date(1925, 1, 1) + timedelta(days=chance.randint(0, 12_000)),
            sex=chance.choice(("woman", "man")),
            area=chance.choice(self.areas),
        )

    def facts(self, number: int, person: Person, approved_at: datetime) -> KernelPackage:
        chance, area = self.chance, person.area
        return KernelPackage(
            reference=f"P-{letters(number)}",
            approved_at=approved_at.replace(microsecond=0),
            required_start_on=(approved_at + timedelta(days=chance.choice((0, 1, 2, 7)))).date(),
            priority=chance.choice((2, 3, 4, 5, 5, 5, 6)),
            nation="england",
            locality=area.locality.code,
            visits=chance.choice(PATTERNS),
            needs=frozenset(chance.sample(CAPABILITIES[1:6], chance.randint(0, 2))),
            easting=area.easting,
            northing=area.northing,
        )

    def package(self, number: int, person: Person, facts: KernelPackage, is_open: bool) -> Package:
        chance, minutes = self.chance, facts.minutes_per_week
        state = Package.SOURCING if is_open else chance.choice((Package.ENDED, Package.ENDED, Package.STARTED))
        action = chance.choice(("await_answers", "confirm", "await_minutes", "start_step", "decide"))
        return Package(
            council=self.council,
            reference=facts.reference,
            token=letters(number, 12),
            person=person,
            model_version=self.version,
            locality=person.area.locality,
            area=person.area,
            priority=facts.priority,
            approved_at=facts.approved_at,
            required_start_on=facts.required_start_on,
            price_ceiling_pence=1_000_000,
            in_hospital=is_open and facts.priority == 2,
            state=state,
            minutes_per_week=minutes,
            minutes_to_place=minutes if is_open else 0,
            minutes_started=minutes if state == Package.STARTED else 0,
            two_workers=any(visit.workers > 1 for visit in facts.visits),
            step="framework" if is_open else "",
            step_started=is_open and action != "start_step",
            next_action=action if is_open else "none",
            waits_for_minutes=is_open and action == "await_minutes",
            asked=int(is_open and action in ("await_answers", "confirm")),
            answered=int(is_open and action == "confirm"),
            next_action_at=self.at + timedelta(minutes=chance.randint(-600, 3_000)),
            owner=chance.choice((None, *self.brokers)) if is_open else None,
            changed_at=facts.approved_at,
            ended_on=(facts.approved_at + timedelta(days=chance.randint(5, 25))).date()
            if state == Package.ENDED
            else None,
            end_reason="died" if state == Package.ENDED else "",
        )

    def package_version(self, row: Package, facts: KernelPackage) -> PackageVersion:
        return PackageVersion(
            council=self.council,
            package=row,
            number=1,
            facts=canonical(plain(facts)).decode(),
            minutes_per_week=facts.minutes_per_week,
            from_at=facts.approved_at,
        )

    def store(self, courses: Sequence[Course]) -> None:
        """The rows of a batch of courses, table by table."""
        invitations = [row for course in courses for row in course.invitations]
        Invitation.objects.bulk_create(invitations, batch_size=1_000)
        Offer.objects.bulk_create((row for course in courses for row in course.offers), batch_size=1_000)
        CallOff.objects.bulk_create((course.call_off for course in courses if course.call_off), batch_size=1_000)
        PlacedVisit.objects.bulk_create((row for course in courses for row in course.placed()), batch_size=4_000)
        UnmetStretch.objects.bulk_create((row for course in courses for row in course.unmet()), batch_size=4_000)
        Waiting.objects.bulk_create((row for course in courses for row in course.waits()), batch_size=4_000)
        Event.objects.bulk_create(self.chained(courses), batch_size=1_000)

    def chained(self, courses: Iterable[Course]) -> Iterator[Event]:
        """The events of a batch, in their chain."""
        for course in courses:
            for kind, at, by, history in course.events:
                self.number += 1
                event = Event(
                    council=self.council.pk,
                    number=self.number,
                    kind=kind,
                    by=by,
                    at=at,
                    about=course.facts.reference,
                    data="{}",
                    history=canonical(history).decode(),
                    previous=self.previous,
                )
                event.hash = self.previous = hash_of(event)
                yield event

    def finish(self) -> None:
        """The end of the chain, what the pools keep and have taken, and nothing left to do of the beginning."""
        Chain.objects.update_or_create(council=self.council.pk, defaults={"length": self.number, "hash": self.previous})
        for pool in Pool.objects.filter(council=self.council):
            pool.held, pool.used = self.held.get(pool.enrolment_id, 0), self.used.get(pool.enrolment_id, 0)
            pool.declared = max(pool.declared, pool.held + pool.used) + 3_000
            pool.save()
        # That somebody joined was looked at ten years ago: it is no part of what the worker does meanwhile.
        Job.objects.all().delete()


class Course:
    """What happened to one package: who was asked and answered, who got it, and the events of it."""

    def __init__(self, city: City, row: Package, facts: KernelPackage, is_open: bool) -> None:
        self.city, self.row, self.facts, self.is_open = city, row, facts, is_open
        self.invitations: list[Invitation] = []
        self.offers: list[Offer] = []
        self.call_off: CallOff | None = None
        self.events: list[tuple[str, datetime, User | None, list[dict[str, Any]]]] = []
        self.events.append(("request_approved", facts.approved_at, city.brokers[0], []))
        self.ask()

    def ask(self) -> None:
        """Waves of three: each declined but the last, which is called off or, where the package is open, still out."""
        city, chance, at = self.city, self.city.chance, self.facts.approved_at + timedelta(minutes=7)
        if self.is_open and not self.row.step_started:
            return
        asked = chance.sample(city.enrolments, chance.randint(INVITATIONS_EACH - 3, INVITATIONS_EACH + 5))
        for place, enrolment in enumerate(asked):
            wave, last = place // 3 + 1, place == len(asked) - 1
            sent_at = at + timedelta(hours=4 * wave)
            if last and self.is_open and self.row.next_action in ("await_answers", "confirm"):
                self.out(enrolment, wave, place)
                return
            self.closed(enrolment, wave, place, sent_at, accepted=last and not self.is_open)
        if not self.is_open:
            self.place(asked[-1], at + timedelta(hours=4 * (len(asked) // 3 + 2)))

    def out(self, enrolment: Enrolment, wave: int, place: int) -> None:
        """An invitation that is out now, or was accepted and waits for a broker."""
        city, minutes = self.city, self.facts.minutes_per_week
        accepted = self.row.next_action == "confirm"
        sent_at = city.at - timedelta(minutes=30)
        row = self.invitation(enrolment, wave, place, sent_at, "accepted" if accepted else "open", [[0, minutes]])
        row.deadline_at = city.at + timedelta(hours=48)
        city.held[enrolment.pk] = city.held.get(enrolment.pk, 0) + minutes
        self.row.next_action_at = city.at if accepted else row.deadline_at
        if accepted:
            self.answered(row, enrolment, "accept", city.at - timedelta(minutes=5))

    def closed(self, enrolment: Enrolment, wave: int, place: int, sent_at: datetime, accepted: bool) -> None:
        row = self.invitation(enrolment, wave, place, sent_at, "called_off" if accepted else "declined", [])
        row.settled_at = sent_at + timedelta(hours=1)
        self.answered(row, enrolment, "accept" if accepted else "decline", row.settled_at)

    def invitation(
        self, enrolment: Enrolment, wave: int, place: int, sent_at: datetime, state: str, holds: list[list[int]]
    ) -> Invitation:
        city, visits = self.city, tuple(range(len(self.facts.visits)))
        deadline_at = sent_at + timedelta(hours=4)
        row = Invitation(
            council=city.council,
            token=letters(len(self.invitations) + 64 * self.row.pk, 13),
            package=self.row,
            version=1,
            enrolment=enrolment,
            branch_id=enrolment.branch_id,
            step="framework",
            wave=wave,
            rank=place % 3 + 1,
            visits=json.dumps(visits),
            holds=json.dumps(holds),
            area_shown=self.row.area.name,
            pence_per_week=20_000,
            sent_at=sent_at,
            deadline_at=deadline_at,
            state=state,
        )
        self.invitations.append(row)
        number = enrolment.pk - city.enrolments[0].pk
        happened = Invited(
            enrolment.reference,
            f"PV{number:03d}",
            "framework",
            wave,
            place % 3 + 1,
            sent_at,
            city.at + timedelta(hours=48) if holds else deadline_at,
            visits,
            tuple((number, minutes) for _, minutes in holds),
        )
        self.events.append(("step_opened", sent_at, None, told(1, happened)))
        return row

    def answered(self, row: Invitation, enrolment: Enrolment, answer: str, at: datetime) -> None:
        reason = "no_capacity" if answer == "decline" else ""
        happened = Offered(enrolment.reference, at, answer, reason)
        self.offers.append(
            Offer(
                council=self.city.council,
                invitation=row,
                receipt=letters(row.sent_at.second + 64 * (self.row.pk * 64 + len(self.offers)), 14),
                answer=answer,
                reason=reason,
                facts=json.dumps(plain(happened)),
                channel="portal",
                received_at=at,
                recorded_at=at,
            )
        )
        self.events.append(("answered", at, self.city.managers[0], told(1, happened)))

    def place(self, enrolment: Enrolment, at: datetime) -> None:
        """The call-off, begun a week later, ended where the package is."""
        city, facts = self.city, self.facts
        visits = tuple(range(len(facts.visits)))
        ended_on = self.row.ended_on
        if ended_on is None:
            city.used[enrolment.pk] = city.used.get(enrolment.pk, 0) + facts.minutes_per_week
        self.call_off = CallOff(
            council=city.council,
            token=letters(self.row.pk, 12),
            package=self.row,
            version=1,
            enrolment=enrolment,
            branch_id=enrolment.branch_id,
            kind="new",
            step="framework",
            visits=json.dumps([[number, plain(facts.visits[number])] for number in visits]),
            takes=json.dumps([[0, facts.minutes_per_week]]),
            minutes_per_week=facts.minutes_per_week,
            centipence_minutes=160_000 * facts.minutes_per_week,
            pence_per_week=160_000 * facts.minutes_per_week // 6_000,
            confirmed_by=city.brokers[0],
            confirmed_identity=city.brokers[0].identity_id,
            confirmed_at=at,
            start_on=facts.required_start_on,
            first_visit_on=max(facts.required_start_on, at.date()),
            ended_on=ended_on,
            end_reason="died" if ended_on else "",
        )
        self.events.append(
            ("call_off_confirmed", at, city.brokers[0], told(1, CalledOff(enrolment.reference, at, visits)))
        )

    def placed(self) -> Iterator[PlacedVisit]:
        if self.call_off is not None:
            for number in range(len(self.facts.visits)):
                yield PlacedVisit(
                    council=self.city.council,
                    package=self.row,
                    version=1,
                    visit=number,
                    call_off=self.call_off,
                    live=self.row.ended_on is None,
                )

    def unmet(self) -> Iterator[UnmetStretch]:
        until = date.max if self.call_off is None else self.call_off.first_visit_on
        if until is not None and self.facts.required_start_on < until:
            yield UnmetStretch(
                council=self.city.council,
                package=self.row,
                person_id=self.row.person_id,
                locality_id=self.row.locality_id,
                minutes=self.facts.minutes_per_week,
                whole=True,
                from_on=self.facts.required_start_on,
                until=until,
            )

    def waits(self) -> Iterator[Waiting]:
        if self.is_open and self.row.next_action == "await_minutes":
            for enrolment in self.city.chance.sample(self.city.enrolments, 3):
                yield Waiting(
                    council=self.city.council,
                    package=self.row,
                    enrolment=enrolment,
                    wants='{"0":100000000}',
                )


def counts() -> dict[str, int]:
    """Rows by table."""
    found: dict[str, int] = {}
    tables: Sequence[type[models.Model]] = (Person, Package, Invitation, Offer, CallOff, PlacedVisit, Event)
    for table in tables:
        found[str(table._meta.verbose_name_plural)] = table.objects.count()
    return found


def build(seed: int, at: datetime, tell: Callable[[str], None], size: int = PACKAGES, open_: int = OPEN) -> Council:
    """The city, built into an empty, migrated database."""
    return City(seed, at.astimezone(UTC).replace(microsecond=0), size, open_, tell).build()
