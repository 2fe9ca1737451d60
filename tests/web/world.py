"""A small invented council with its people and providers, for tests of the website."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from small_market import enrolment, framework

from calloff.documents.purchasing_models import parse
from calloff.domain.packages import Visit
from calloff.web.accounts.models import Identity, RoleHeld, User
from calloff.web.brokerage.models import Invitation, Package, Person
from calloff.web.brokerage.services.answering import Answer, answer_invitation
from calloff.web.brokerage.services.approving import approve_request
from calloff.web.brokerage.services.confirming import confirm_call_off, proposal
from calloff.web.brokerage.services.requests import raise_request
from calloff.web.brokerage.services.sourcing import start_step
from calloff.web.brokerage.services.wanted import Wanted
from calloff.web.contracts.models import Enrolment
from calloff.web.contracts.services.publishing import enrol, publish, texts_of
from calloff.web.directory.models import Area, Branch, Council, Locality, Organisation
from calloff.web.directory.services import draw
from calloff.web.jobs import services as jobs

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
"""A Monday in winter time, nine o'clock."""
LIMIT_PENCE = 200_000
EVERY_MORNING = tuple(Visit(day, 480, 30) for day in range(7))


@dataclass
class World:
    """One council with a framework; `at` is its clock."""

    council: Council
    area: Area
    at: datetime = MONDAY
    users: dict[str, User] = field(default_factory=dict)

    # -- people

    def user(
        self, name: str, role: str = "", *, branch: Branch | None = None, identity: Identity | None = None
    ) -> User:
        """A user by name, made the first time, with a role in the council or in a branch."""
        if name not in self.users:
            identity = identity or Identity.objects.create(name=name.title(), email=f"{name}@example.org")
            self.users[name] = User.objects.create(name=name, identity=identity)
            if role:
                RoleHeld.objects.create(
                    user=self.users[name],
                    role=role,
                    council_id=None if branch else self.council.pk,
                    branch_id=branch.pk if branch else None,
                    from_on=date(2020, 1, 1),
                    granted_at=self.at,
                )
        return self.users[name]

    @property
    def broker(self) -> User:
        return self.user("broker", "broker")

    @property
    def senior(self) -> User:
        return self.user("senior", "senior_broker")

    @property
    def assessor(self) -> User:
        return self.user("assessor", "assessor")

    @property
    def approver(self) -> User:
        return self.user("approver", "approver")

    def manager(self, provider: str) -> User:
        return self.user(f"manager-{provider}", "provider_manager", branch=self.branch(provider))

    # -- the market

    def provider(self, name: str, pounds: int = 15, minutes: int = 6_000, **more: object) -> Enrolment:
        """A provider in the framework, at a price in pounds an hour, with minutes a week to spare."""
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
        kernel = enrolment(name, pounds, minutes, model="framework", **more)
        return enrol(self.council, [kernel], self.at)[0]

    def branch(self, name: str) -> Branch:
        return Branch.objects.get(reference=name)

    def declared(self, name: str) -> Enrolment:
        """The enrolment of a provider whose minutes were declared today."""
        found = Enrolment.objects.get(reference=name)
        found.pools.update(declared_at=self.at)
        return found

    # -- the work

    def person(self, name: str = "Ada Example") -> Person:
        return Person.objects.create(
            council=self.council, reference=draw(), name=name, born_on=date(1940, 5, 1), area=self.area
        )

    def package(self, visits: Sequence[Visit] = EVERY_MORNING, priority: int = 5, **more: object) -> Package:
        """An approved package, for which nobody was asked yet."""
        wanted = Wanted(tuple(visits), (self.at + timedelta(days=7)).date(), priority, **more)  # type: ignore[arg-type]
        request = raise_request(council=self.council, person=self.person(), wanted=wanted, by=self.assessor, at=self.at)
        return approve_request(
            request=request, pence_per_week_at_most=100_000, limit_pence=LIMIT_PENCE, by=self.approver, at=self.at
        )

    def started(self, **more: object) -> Package:
        """A package whose first step is open."""
        package = self.package(**more)  # type: ignore[arg-type]
        start_step(package=package, by=self.broker, at=self.at)
        return self.again(package)

    def invitation(self, package: Package, provider: str) -> Invitation:
        return Invitation.objects.filter(package=package, branch__reference=provider).latest("pk")

    def answer(self, package: Package, provider: str, answer: str = "accept", **more: object) -> None:
        answer_invitation(
            invitation=self.invitation(package, provider),
            answer=Answer(answer, **more),  # type: ignore[arg-type]
            by=self.manager(provider),
            at=self.at,
        )

    def confirm(self, package: Package) -> None:
        shown = proposal(self.again(package), self.at)
        assert shown is not None
        confirm_call_off(package=package, shown=shown.hash, by=self.broker, at=self.at)

    def again(self, package: Package) -> Package:
        return Package.objects.select_related("council", "model_version").get(pk=package.pk)

    def later(self, **delta: int) -> None:
        """Let time go by."""
        self.at += timedelta(**delta)

    def work(self) -> int:
        """Let the worker do all that is due; how many jobs it did."""
        done = 0
        while jobs.work_once("worker", self.at):
            done += 1
        return done


def made_world(splitting: bool = True, ask: str = "in_turn", **more: str) -> World:
    """A council of one locality and one area, with a framework of one tier, asked in turn if nothing else is said."""
    council = Council.objects.create(code="testshire", name="Testshire Council", nation="england", seed="a seed")
    locality = Locality.objects.create(council=council, code="north", name="North")
    area = Area.objects.create(
        council=council, code="hill", name="Hill", locality=locality, easting=400_000, northing=400_000
    )
    rules = more.pop("more", "")
    if splitting:
        rules += "\nsplitting: {most_providers: 2, assumed: an example}"
    document = framework("framework", "2020-01-01", "2030-12-31", more=rules, **more)
    if ask != "in_turn":
        document = parse([(name, text.replace("ask: in_turn", f"ask: {ask}")) for name, text in document.texts])
    publish(council=council, texts=texts_of(document), starts_on=date(2020, 1, 1), at=MONDAY)
    return World(council, area)


def another_version() -> str:
    """The texts of a second version of the framework."""
    return texts_of(framework("framework", "2020-01-01", "2031-12-31", rank_by="capacity"))
