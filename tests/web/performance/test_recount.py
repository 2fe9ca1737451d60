"""Random histories: the indicators from rows and from events alone agree, and the columns follow from what happened."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta

import pytest
from first_day import LIVE, OPEN, brought_in, csv_of
from world import EVERY_MORNING, MONDAY, World, made_world

from calloff.domain.errors import CalloffError
from calloff.domain.packages import Visit
from calloff.web.brokerage.models import CallOff, Handback, Invitation, Override, Package
from calloff.web.brokerage.services import ending, handing_back, living, new_versions, sourcing
from calloff.web.brokerage.services.confirming import (
    Outside,
    agree_override,
    order_override,
    proposal,
    record_outside,
)
from calloff.web.brokerage.services.rebuilding import rebuild_columns
from calloff.web.brokerage.services.requests import raise_request
from calloff.web.brokerage.services.wanted import Wanted
from calloff.web.contracts.models import Enrolment
from calloff.web.contracts.services import market
from calloff.web.directory.services import drawn_from
from calloff.web.performance import services

pytestmark = pytest.mark.django_db

TWICE_A_DAY = tuple(Visit(day, start, 30) for day in range(7) for start in (480, 1200))
THREE_WEEKENDS = tuple(Visit(day, start, 45, workers=2) for day in (5, 6) for start in (480, 780, 1200))
WEEKS = (EVERY_MORNING, TWICE_A_DAY, THREE_WEEKENDS)
PROVIDERS = ("acorn", "beech", "cedar")
MOST_ACTS = 45


class Walk:
    """Somebody does one thing after the other to the packages of a council, as chance has it."""

    def __init__(self, world: World, seed: int, providers: tuple[str, ...] = PROVIDERS) -> None:
        self.world, self.chance, self.done, self.providers = world, random.Random(seed), Counter(), providers

    def step(self) -> None:
        """One act; what is refused changes nothing."""
        acts = [
            (self.new, 4),
            (self.start, 6),
            (self.answer, 20),
            (self.confirm, 16),
            (self.begin, 8),
            (self.hold, 2),
            (self.release, 3),
            (self.withdraw, 1),
            (self.end, 1),
            (self.hand_back, 1),
            (self.answer_handback, 4),
            (self.bridge, 1),
            (self.stay, 2),
            (self.change, 2),
            (self.outside, 1),
            (self.override, 1),
            (self.typed, 1),
        ]
        act = self.chance.choices([one for one, _ in acts], [weight for _, weight in acts])[0]
        try:
            act()
        except CalloffError:
            self.done["refused"] += 1
        else:
            self.done[act.__name__] += 1
        self.world.later(minutes=self.chance.choice((1, 10, 30, 90, 400, 1500)))
        self.world.work()

    def package(self, **narrowed) -> Package:
        rows = list(Package.objects.filter(**narrowed).order_by("pk"))
        if not rows:
            raise CalloffError("there is none")
        return self.world.again(self.chance.choice(rows))

    @property
    def today(self) -> date:
        return self.world.at.date()

    def new(self):
        self.world.package(visits=self.chance.choice(WEEKS), priority=self.chance.choice((1, 3, 5)))

    def start(self):
        sourcing.start_step(
            package=self.package(state="sourcing", step_started=False), by=self.world.broker, at=self.world.at
        )

    def answer(self):
        rows = list(Invitation.objects.filter(state__in=Invitation.LIVE).select_related("branch", "package"))
        if not rows:
            raise CalloffError("nobody is asked")
        one = self.chance.choice(rows)
        how = self.chance.choice(("accept", "accept", "part", "decline", "excused"))
        more = {"decline": {"reason": "price"}, "excused": {"reason": "wrong_information"}}.get(how, {})
        if how == "part":
            from calloff.web.brokerage.services.desk import facts_of

            visits = facts_of(one.package).visits
            more = {"visits": visits[: max(1, len(visits) // 2)]}
        self.world.answer(one.package, one.branch.reference, "decline" if how == "excused" else how, **more)

    def confirm(self):
        package = self.package(next_action="confirm")
        shown = proposal(package, self.world.at)
        if shown is None:
            raise CalloffError("nothing to confirm")
        from calloff.web.brokerage.services.confirming import confirm_call_off

        confirm_call_off(package=package, shown=shown.hash, by=self.world.broker, at=self.world.at)

    def begin(self):
        rows = list(CallOff.objects.filter(ended_on=None))
        if not rows:
            raise CalloffError("nothing is called off")
        one = self.chance.choice(rows)
        on = self.today - timedelta(days=self.chance.choice((0, 0, 1, 3)))
        living.enter_start(call_off=one, first_visit_on=on, by=self.world.broker, at=self.world.at)

    def hold(self):
        reason = self.chance.choice(("in_hospital", "in_hospital", "family_asked"))
        review = self.world.at + timedelta(days=2)
        sourcing.hold(
            package=self.package(state="sourcing"),
            reason=reason,
            review_at=review,
            by=self.world.broker,
            at=self.world.at,
        )

    def release(self):
        package = self.package(on_hold__in=("in_hospital", "family_asked"))
        sourcing.end_hold(package=package, by=self.world.broker, at=self.world.at)

    def withdraw(self):
        sourcing.withdraw(
            package=self.package(state="sourcing"),
            reason="own_choice",
            words="",
            by=self.world.broker,
            at=self.world.at,
        )

    def end(self):
        package = self.package(state__in=("called_off", "started", "sourcing"))
        last = self.today + timedelta(days=self.chance.choice((0, 1, 5)))
        ending.end_package(package=package, last_day_on=last, reason="moved", by=self.world.broker, at=self.world.at)

    def hand_back(self):
        rows = list(CallOff.objects.filter(ended_on=None).exclude(branch__reference=""))
        if not rows:
            raise CalloffError("nothing is called off")
        one = self.chance.choice(rows)
        handing_back.hand_back(
            call_off=one,
            last_day_on=self.today + timedelta(days=self.chance.choice((0, 3, 10))),
            reason="no_workers",
            words="",
            by=self.world.manager(one.branch.reference),
            at=self.world.at,
        )

    def answer_handback(self):
        one = Handback.objects.filter(agreed=None).first()
        if one is None:
            raise CalloffError("nothing is given back")
        handing_back.answer_handback(handback=one, agreed=True, by=self.world.broker, at=self.world.at)

    def bridge(self):
        kind = self.chance.choice(("reablement", "in_house", "residential"))
        until = self.chance.choice((None, self.today + timedelta(days=4)))
        living.bridge(
            package=self.package(), kind=kind, from_on=self.today, to_on=until, by=self.world.broker, at=self.world.at
        )

    def stay(self):
        person = self.package().person
        admitted = self.today - timedelta(days=self.chance.choice((0, 2, 9)))
        living.record_stay(
            person=person,
            admitted_on=admitted,
            ready_on=self.chance.choice((None, admitted, admitted + timedelta(days=1))),
            waits_for=self.chance.choice(("home", "care_home")),
            discharged_on=self.chance.choice((None, None, admitted + timedelta(days=3))),
            by=self.world.broker,
            at=self.world.at,
        )

    def change(self):
        package = self.package(state__in=("sourcing", "called_off", "started"))
        wanted = Wanted(self.chance.choice(WEEKS), self.today + timedelta(days=self.chance.choice((-2, 1, 4))), 5)
        asked = raise_request(
            council=self.world.council,
            person=package.person,
            wanted=wanted,
            changes=package,
            by=self.world.assessor,
            at=self.world.at,
        )
        new_versions.change_need(
            package=package,
            request=asked,
            pence_per_week_at_most=100_000,
            limit_pence=200_000,
            by=self.world.approver,
            at=self.world.at,
        )

    def outside(self):
        package = self.package(state="sourcing")
        from calloff.web.brokerage.services.desk import desk_for

        left = desk_for(package, self.world.at).story().left
        branch = self.world.branch(self.chance.choice(self.providers))
        made = Outside(branch, tuple(left)[:2], 150_000, self.world.at, "Pat", "emergency_at_night", "", self.today)
        record_outside(package=package, made=made, second=self.world.senior, by=self.world.broker, at=self.world.at)

    def override(self):
        package = self.package(state="sourcing")
        enrolment = Enrolment.objects.get(reference=self.chance.choice(self.providers))
        order_override(
            package=package,
            enrolment=enrolment,
            reason="person_at_risk",
            words="",
            by=self.world.broker,
            at=self.world.at,
        )
        order = Override.objects.get(package=package, state="waiting")
        agree_override(order=order, by=self.world.senior, at=self.world.at)

    def typed(self):
        living.count_care_home_waits(
            council=self.world.council,
            on=self.today,
            people=self.chance.randrange(4),
            by=self.world.broker,
            at=self.world.at,
        )


def per_package(world: World, on: date) -> list[str]:
    """What each package lacks on a day, where the two ways differ."""
    told = services.recount(world.council, on).packages
    found = []
    for package in Package.objects.order_by("pk"):
        rows = package.unmet.filter(from_on__lte=on, until__gt=on).values_list("minutes", "whole")
        lacks, whole = told[package.reference].lacks(on)
        if list(rows) != ([(lacks, whole)] if lacks else []):
            stretches = list(package.unmet.order_by("from_on").values_list("minutes", "whole", "from_on", "until"))
            found.append(
                f"{package.reference} {package.state}: {lacks}, {whole} against {stretches}; {told[package.reference]}"
            )
    return found


def compare(world: World) -> None:
    """Everything that both ways can say, on many days."""
    first, last = MONDAY.date(), world.at.date()
    council, days = world.council, (last - first).days
    for on in [first + timedelta(days=day) for day in range(-2, days + 12)]:
        told = services.recount(council, on)
        assert told.unmet_need() == services.unmet_need(council, on), per_package(world, on)
        assert told.beds_on() == services.beds_on(council, on), on
    told = services.recount(council, last)
    for from_on, to_on in ((first, last), (first + timedelta(days=3), first + timedelta(days=9))):
        assert told.daily_beds(from_on, to_on) == services.daily_beds(council, from_on, to_on)
        assert told.waits(from_on, to_on, world.at) == services.waits(council, from_on, to_on, world.at)
        assert told.answers(from_on, to_on, world.at) == services.answers(council, from_on, to_on, world.at)
        assert told.bought(from_on, to_on) == services.bought(council, from_on, to_on)
    for week in services.ledger(council, services.weeks_until(last)):
        assert week.total == services.recount(council, week.on).unmet_need().minutes


@pytest.mark.parametrize("seed", range(4))
def test_rows_and_events_tell_the_same(seed):
    market._kept.clear()
    with drawn_from(f"walk {seed}"):
        world = made_world(ask=("in_turn", "waves_of(2)")[seed % 2])
        for number, name in enumerate(PROVIDERS):
            world.provider(name, 15 + number, minutes=60_000)
        walk = Walk(world, seed)
        for _ in range(3):
            world.started(visits=EVERY_MORNING)
        for _ in range(MOST_ACTS):
            walk.step()

    assert walk.done.total() - walk.done["refused"] > 10, walk.done
    compare(world)
    assert rebuild_columns(world.council, world.at) == []


SHEET = csv_of(
    OPEN,
    [*OPEN[:1], "SP-3", *OPEN[2:9], "2026-11-20", *OPEN[10:]],
    LIVE,
    ["102", "SP-4", "Cy Example", *LIVE[3:9], "2025-06-01", "P3", "mon-fri 08:00 45m", "Beech", "16.00", "2025-06-20"],
    ["103", "SP-5", "Di Example", *LIVE[3:9], "2026-11-16", "P5", "sat-sun 09:00 60m", "Acorn", "15.00", "2026-12-02"],
)
"""Two that wait, two that are delivered, and one that is called off and begins next week."""


@pytest.mark.parametrize("seed", range(2))
def test_what_came_in_on_the_first_day_is_counted_from_its_events_too(seed, monkeypatch):
    market._kept.clear()
    with drawn_from(f"first day {seed}"):
        world = made_world()
        monkeypatch.setattr("calloff.web.brokerage.services.known_here.timezone.now", lambda: world.at)
        for number, name in enumerate(("Acorn", "Beech", "Cedar")):
            world.provider(name, 15 + number, minutes=60_000)
        brought_in(world, SHEET)
        assert Package.objects.filter(imported=True).count() == 5
        compare(world)
        assert rebuild_columns(world.council, world.at) == []

        walk = Walk(world, seed, ("Acorn", "Beech", "Cedar"))
        for _ in range(MOST_ACTS):
            walk.step()

    assert CallOff.objects.filter(package__imported=True, confirmed_by__isnull=False).exists()
    compare(world)
    assert rebuild_columns(world.council, world.at) == []


def test_a_column_that_was_changed_by_hand_is_found():
    market._kept.clear()
    world = made_world()
    world.provider("acorn", 15)
    package, other = world.started(), world.package()
    assert rebuild_columns(world.council, world.at) == []

    Package.objects.filter(pk=package.pk).update(asked=7, minutes_to_place=30)
    other.unmet.all().delete()

    found = {(one.package, one.column) for one in rebuild_columns(world.council, world.at)}
    assert found == {
        (package.reference, "asked"),
        (package.reference, "minutes_to_place"),
        (other.reference, "unmet"),
    }
    assert Package.objects.get(pk=package.pk).asked == 7
