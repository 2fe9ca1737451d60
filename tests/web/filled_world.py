"""A council with something of everything, so that each page has something to show, and a user for each role."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from web import filled_pay
from web.filled import PEOPLE_OF, Filled
from web.routes import routes
from world import EVERY_MORNING, World, another_version, made_world


def filled_world(now: Any = None, person: str = "Ada Example") -> Filled:
    """Make it: the moment of its acts is a little before now, since pages look at the clock."""
    from django.utils import timezone

    from calloff.web.accounts.models import Identity, RoleHeld, User
    from calloff.web.accounts.services import Side, roles
    from calloff.web.contracts.services import market

    market._kept.clear()
    world = made_world()
    world.at = (now or timezone.now()).replace(microsecond=0) - timedelta(minutes=10)
    if person != "Ada Example":
        one_of = world.person
        world.person = lambda name=person: one_of(name)  # type: ignore[method-assign]
    for name, pounds in (("acorn", 15), ("beech", 16), ("cedar", 17)):
        world.provider(name, pounds, 60_000)
    filled = Filled(world)
    for code, role in roles().items():
        staff = role.side is Side.STAFF
        if code == "system_admin":
            identity = Identity.objects.create(name="System Admin", email="system_admin@example.org")
            user = world.users[code] = User.objects.create(name=code, identity=identity)
            RoleHeld.objects.create(user=user, role=code, from_on=world.at.date(), granted_at=world.at)
        else:
            user = world.user(code, code, branch=None if staff else world.branch(PEOPLE_OF))
        filled.users[code] = user
    for name, package in _packages(world):
        filled.packages[name] = package
    _others(world, filled)
    # Found now, while each thing is as it was made: what is asked for afterwards may end some of them.
    for route in routes():
        filled.values_of(route)
    return filled


def _packages(world: World) -> Iterator[tuple[str, Any]]:
    from calloff.web.brokerage.services import confirming, ending, handing_back, living, sourcing
    from calloff.web.brokerage.services.countersigning import ask_for_outside
    from calloff.web.contracts.models import Enrolment

    def ready() -> Any:
        package = world.started()
        world.answer(package, "acorn")
        return world.again(package)

    def placed() -> Any:
        package = ready()
        world.confirm(package)
        return world.again(package)

    yield "ready", ready()
    yield "asked", world.started()
    yield "new", world.package()
    yield "called off", placed()
    begun = placed()
    living.enter_start(call_off=begun.call_offs.get(), first_visit_on=world.at.date(), by=world.broker, at=world.at)
    yield "begun", begun
    given = placed()
    handing_back.hand_back(
        call_off=given.call_offs.get(),
        last_day_on=world.at.date() + timedelta(days=20),
        reason="travel",
        words="",
        by=world.manager("acorn"),
        at=world.at,
    )
    yield "given back", given
    held = world.started()
    sourcing.hold(package=held, reason="other", review_at=world.at + timedelta(days=1), by=world.broker, at=world.at)
    yield "held", held
    ordered = world.started()
    beech = Enrolment.objects.get(reference="beech")
    confirming.order_override(
        package=ordered, enrolment=beech, reason="person_at_risk", words="", by=world.broker, at=world.at
    )
    yield "ordered", ordered
    outside = world.package()
    made = confirming.Outside(
        branch=world.branch("beech"),
        visits=(0, 1),
        centipence_per_hour=200_000,
        made_at=world.at,
        made_by="the night team",
        reason="emergency_at_night",
        words="",
        start_on=world.at.date(),
    )
    ask_for_outside(package=outside, made=made, second=world.senior, by=world.broker, at=world.at)
    yield "outside", outside
    ended = placed()
    ending.end_package(package=ended, last_day_on=world.at.date(), reason="died", by=world.broker, at=world.at)
    yield "ended", ended
    withdrawn = world.started()
    sourcing.withdraw(package=withdrawn, reason="moved", words="", by=world.broker, at=world.at)
    yield "withdrawn", withdrawn


def _others(world: World, filled: Filled) -> None:
    from calloff.web.api.services.tokens import make_token
    from calloff.web.brokerage.models import Person
    from calloff.web.brokerage.services import living, requests
    from calloff.web.brokerage.services import wanted as wanting
    from calloff.web.contracts.models import Enrolment
    from calloff.web.contracts.services import publishing, suspensions

    wanted = wanting.Wanted(EVERY_MORNING, (world.at + timedelta(days=7)).date(), 5)
    assessor = filled.users["assessor"]
    requests.raise_request(council=world.council, person=world.person(), wanted=wanted, by=assessor, at=world.at)
    requests.save_draft(
        request=None, council=world.council, person=world.person(), form={"outcomes": "typed"}, by=assessor, at=world.at
    )
    publishing.propose(
        council=world.council,
        kind="model",
        title="a version",
        content=another_version(),
        starts_on=(world.at + timedelta(days=30)).date(),
        note="",
        by=filled.users["commissioner"],
        at=world.at,
    )
    suspensions.suspend(
        enrolment=Enrolment.objects.get(reference="cedar"),
        from_on=world.at.date(),
        to_on=None,
        step_in=False,
        reason="an inquiry",
        by=filled.users["contract_manager"],
        at=world.at,
    )
    living.record_stay(
        person=Person.objects.latest("pk"),
        admitted_on=world.at.date(),
        ready_on=None,
        waits_for="home",
        discharged_on=None,
        by=filled.users["discharge_hub"],
        at=world.at,
    )
    _lived(world, filled)
    filled_pay.paid(world, filled)
    make_token(
        branch=world.branch(PEOPLE_OF), name="rostering", days=30, by=filled.users["provider_manager"], at=world.at
    )


def _lived(world: World, filled: Filled) -> None:
    """A package with visits that are stopped, one that is longer for a few days, and two funders."""
    from calloff.domain.funding import Share
    from calloff.web.brokerage.services import absences, funding, temporary

    package, broker, today = filled.packages["begun"], world.broker, world.at.date()
    away = absences.Told("holiday", world.at + timedelta(days=20), world.at + timedelta(days=22), world.at)
    absences.stop_visits(package=package, told=away, by=broker, at=world.at)
    temporary.change_for_a_while(
        package=package,
        line="morning/1",
        from_on=today + timedelta(days=8),
        to_on=today + timedelta(days=9),
        more_minutes=5,
        reason="a bath",
        by=broker,
        at=world.at,
    )
    shares = [Share("ICB", "joint", 4_000), Share("council", "council", 6_000)]
    funding.split(package=package, shares=shares, from_on=today, by=broker, at=world.at)
