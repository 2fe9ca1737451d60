"""Whatever changes a package's care changes its planned visits, and what they are worth, by itself."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from world import World, made_world

from calloff.documents.payment_rules import shipped_folder
from calloff.domain.calendar import local, to_utc
from calloff.domain.packages import Visit
from calloff.domain.visits import Stopped
from calloff.web.audit.models import Event
from calloff.web.audit.services import in_turn
from calloff.web.brokerage.models import Absence, CallOff, Handback, Package
from calloff.web.brokerage.services import absences, changing, ending, handing_back, living, new_versions, temporary
from calloff.web.brokerage.services.absences import Told
from calloff.web.brokerage.services.changing import visits_text
from calloff.web.brokerage.services.confirming import Outside, record_outside
from calloff.web.brokerage.services.desk import facts_of
from calloff.web.brokerage.services.refusals import RefusedError
from calloff.web.brokerage.services.releasing import release_place
from calloff.web.brokerage.services.replanning import many_changed
from calloff.web.brokerage.services.requests import raise_request
from calloff.web.brokerage.services.wanted import Wanted
from calloff.web.directory.services import draw
from calloff.web.jobs.models import Job, Notice
from calloff.web.payments.models import Entitlement, RuleVersion
from calloff.web.visits.models import PlannedVisit, PlanningStart
from calloff.web.visits.services.planning import known_on, plan_ahead

pytestmark = pytest.mark.django_db
FOUR_A_DAY = tuple(Visit(day, start, 30) for start in (480, 750, 990, 1_200) for day in range(7))
TWO_A_DAY = tuple(Visit(day, start, 60) for start in (540, 1_080) for day in range(7))
FIRST = date(2026, 11, 23)
"""The Monday of the world's clock, from which day on its visits are planned."""


class Cared:
    """A world with one person's care called off to Acorn at £22 an hour, planned from its Monday on."""

    def __init__(self, visits=FOUR_A_DAY, rule="leeds_2010_lines"):
        self.world = world = made_world()
        world.provider("Acorn", pounds=22, minutes=60_000, capabilities=frozenset({"double_handed"}))
        self.package = self.placed(visits)
        self.rule(rule)
        PlanningStart.objects.create(council=world.council, on=FIRST)
        plan_ahead(world.council.pk, world.at)

    def placed(self, visits, provider="Acorn") -> Package:
        package = self.world.started(visits=visits)
        self.world.declared(provider)
        self.world.answer(package, provider)
        self.world.confirm(package)
        # The first visit is the first day of the plan.
        CallOff.objects.filter(package=package).update(start_on=FIRST)
        return self.world.again(package)

    def rule(self, name, text=""):
        text = text or (shipped_folder() / f"{name}.yaml").read_text(encoding="utf-8")
        told = {"rule": name, "version": 1, "title": name, "text": text, "starts_on": date(2020, 1, 1)}
        RuleVersion.objects.create(council=self.world.council, model="*", published_at=self.world.at, **told)

    def stop(self, kind, from_at, until_at=None, told_at=None, **more):
        told = Told(kind, from_at, until_at, told_at or from_at, **more)
        return absences.stop_visits(package=self.package, told=told, by=self.world.broker, at=self.world.at)

    def planned(self, **more):
        rows = PlannedVisit.objects.filter(package=self.package, superseded_at=None, cancelled=False, **more)
        return list(rows.order_by("start_at", "reference"))

    def stops(self, **more):
        return [Stopped(one.stopped) for one in self.planned(**more)]

    def worth(self, **more) -> list[tuple[str, int]]:
        """Reason and pence of each visit as last known."""
        last: dict[str, Entitlement] = {}
        for one in Entitlement.objects.filter(**more).order_by("number"):
            last[one.anchor] = one
        return [(one.reason, one.pence) for one in sorted(last.values(), key=lambda one: (one.on, one.anchor))]

    def pence(self, reason) -> int:
        return sum(pence for found, pence in self.worth() if found == reason)


@pytest.fixture
def cared() -> Cared:
    return Cared()


def on(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return to_utc(FIRST + timedelta(days=day), hour * 60 + minute)


# -- F11


def in_hospital(cared: Cared, admitted: datetime) -> None:
    """Admitted on Monday at noon, told at once, back on the eleventh day; the rule's conditions are met."""
    cared.world.at = on(28, 9)
    cared.stop("hospital", admitted, on(10), staff_paid=True, restarts=True)
    cared.world.work()


def test_f11_hospital_retainer_of_four_visits_a_day():
    cared = Cared()
    in_hospital(cared, on(0, 12))

    kept = [pence for reason, pence in cared.worth() if reason == "retainer"]

    assert len(kept) == 39
    assert sum(kept) == 42_900


def test_f11_hospital_retainer_of_two_visits_a_day():
    cared = Cared(visits=TWO_A_DAY)
    in_hospital(cared, on(0, 12))

    assert cared.pence("retainer") == 41_800


def test_f11_without_a_retainer_the_day_of_admission_is_short_notice_and_nothing_more():
    cared = Cared(rule="isle_of_wight_2021_fixed")
    in_hospital(cared, on(0, 12))

    reasons = [reason for reason, _ in cared.worth(on__lte=FIRST + timedelta(days=9))]
    assert reasons.count("short_notice") == 3
    assert reasons.count("suspended") == 36


# -- what an act leads to


def test_a_confirmed_call_off_is_planned_by_the_worker_from_its_first_day(cared):
    package = cared.placed(FOUR_A_DAY)
    cared.world.work()

    rows = PlannedVisit.objects.filter(package=package)
    assert rows.count() > 100
    assert min(rows.values_list("on", flat=True)) >= FIRST


def test_nothing_is_planned_for_a_council_that_has_not_said_from_when():
    world = made_world()
    world.provider("Acorn")
    package = world.started()
    world.answer(package, "Acorn")
    world.confirm(package)
    world.work()
    assert not PlannedVisit.objects.exists()


def test_a_holiday_told_in_time_stops_visits_and_the_return_brings_them_back(cared):
    away = cared.stop("holiday", on(10), None, told_at=on(0, 9))
    cared.world.work()
    assert set(cared.stops(on__gte=FIRST + timedelta(days=10))) == {Stopped.SUSPENDED}
    assert set(cared.stops(on__lt=FIRST + timedelta(days=10))) == {Stopped.NO}

    cared.world.later(days=12)
    absences.end_absence(
        absence=away, until_at=on(14, 12), told_at=cared.world.at, by=cared.world.broker, at=cared.world.at
    )
    cared.world.work()

    assert cared.stops(on=FIRST + timedelta(days=14)) == [Stopped.SUSPENDED, Stopped.NO, Stopped.NO, Stopped.NO]
    told = Event.objects.get(kind="visits_restart")
    assert '"restart_by":"2026-12-06T09:00:00Z"' in told.data
    kinds = set(Notice.objects.values_list("kind", flat=True))
    assert {"visits_stopped", "visits_restart"} <= kinds


def test_what_was_known_before_can_still_be_asked(cared):
    before = cared.world.at
    cared.world.later(days=3)
    cared.stop("holiday", on(5), on(7), told_at=on(3, 9))
    cared.world.work()

    rows = PlannedVisit.objects.filter(package=cared.package, on=FIRST + timedelta(days=5))
    assert {one.stopped for one in known_on(rows, before)} == {Stopped.NO}
    assert {one.stopped for one in known_on(rows, cared.world.at + timedelta(seconds=1))} == {Stopped.SUSPENDED}
    assert not known_on(rows, before - timedelta(days=1)).exists()
    assert known_on(rows, before).count() == 4


def test_an_absence_put_right_and_one_taken_back_are_kept_and_planned_anew(cared):
    away = cared.stop("holiday", on(5), on(7), told_at=on(0, 9))
    cared.world.later(hours=1)
    right = absences.put_right(
        absence=away,
        told=Told("holiday", on(6), on(8), on(0, 9)),
        by=cared.world.broker,
        at=cared.world.at,
    )
    cared.world.work()
    assert set(cared.stops(on=FIRST + timedelta(days=5))) == {Stopped.NO}
    assert set(cared.stops(on=FIRST + timedelta(days=7))) == {Stopped.SUSPENDED}

    cared.world.later(hours=1)
    absences.take_back(absence=right, by=cared.world.broker, at=cared.world.at)
    cared.world.work()
    assert set(cared.stops()) == {Stopped.NO}
    assert Absence.objects.count() == 2
    with pytest.raises(RefusedError, match="meanwhile"):
        absences.take_back(absence=right, by=cared.world.broker, at=cared.world.at)


def test_one_visit_cancelled_by_the_person_at_short_notice_is_paid_and_the_others_are_made(cared):
    visit = cared.planned(on=FIRST + timedelta(days=2))[1]
    cared.world.at = on(2, 8)
    cared.stop("person", on(2), on(3), told_at=on(2, 8), visit=visit.reference)
    cared.world.at = on(3, 9)
    cared.world.work()

    assert cared.stops(on=visit.on) == [Stopped.NO, Stopped.SUSPENDED, Stopped.NO, Stopped.NO]
    assert cared.worth(on=visit.on) == [("short_notice", 1_100)]


def test_two_plannings_of_one_moment_follow_each_other(cared):
    for days in (5, 6):
        cared.stop("refused", on(days), on(days + 1), told_at=cared.world.at)
    away = Absence.objects.latest("pk")
    cared.world.work()
    absences.take_back(absence=away, by=cared.world.broker, at=cared.world.at)
    cared.world.work()

    assert set(cared.stops(on=FIRST + timedelta(days=6))) == {Stopped.NO}
    assert set(cared.stops(on=FIRST + timedelta(days=5))) == {Stopped.SUSPENDED}


# -- the hub's record


def test_a_stay_recorded_by_the_hub_stops_visits_from_its_hour_and_ends_them_on_the_return(cared):
    world, person = cared.world, cared.package.person
    hub = world.user("hub", "discharge_hub")
    told = {"person": person, "admitted_on": FIRST, "ready_on": None, "waits_for": "home", "by": hub}
    world.at = on(0, 15)
    living.record_stay(**told, discharged_on=None, admitted_minute=12 * 60, at=world.at)
    world.work()
    assert cared.stops(on=FIRST) == [Stopped.NO, *[Stopped.SUSPENDED] * 3]

    world.at = on(4, 15)
    back = FIRST + timedelta(days=4)
    living.record_stay(**told, discharged_on=back, discharged_minute=14 * 60, at=world.at)
    world.work()

    # The hour of the admission, told before, is not forgotten.
    assert cared.stops(on=FIRST) == [Stopped.NO, *[Stopped.SUSPENDED] * 3]
    assert cared.stops(on=back) == [Stopped.SUSPENDED, Stopped.SUSPENDED, Stopped.NO, Stopped.NO]
    assert Absence.objects.filter(superseded_at=None).count() == 1


def test_a_place_is_kept_for_two_weeks_and_may_then_be_released(cared):
    world = cared.world
    cared.stop("hospital", on(0, 12), staff_paid=True, restarts=True, told_at=world.at)
    world.at = on(13, 20)
    with pytest.raises(RefusedError, match="kept until 6 December 2026"):
        release_place(package=cared.package, then="held", by=world.broker, at=world.at)

    world.at = on(14, 9)
    release_place(package=cared.package, then="held", by=world.broker, at=world.at)
    world.work()

    package = world.again(cared.package)
    assert (package.state, package.on_hold, package.version) == ("sourcing", "in_hospital", 2)
    # What was kept stays worth the retainer: three visits on the first day and four on each of thirteen more.
    assert len([one for one in cared.worth() if one[0] == "retainer"]) == 3 + 13 * 4
    assert max(one.on for one in cared.planned()) == FIRST + timedelta(days=13)
    with pytest.raises(RefusedError, match="No provider keeps"):
        release_place(package=package, then="ended", by=world.broker, at=world.at)


def test_a_released_package_that_ends_has_its_last_kept_day(cared):
    world = cared.world
    with pytest.raises(RefusedError, match="not in hospital"):
        release_place(package=cared.package, then="ended", by=world.broker, at=world.at)
    cared.stop("hospital", on(0, 12), told_at=world.at)
    world.at = on(20, 9)
    with pytest.raises(RefusedError, match="Choose what becomes"):
        release_place(package=cared.package, then="lost", by=world.broker, at=world.at)
    release_place(package=cared.package, then="ended", by=world.broker, at=world.at)

    package = world.again(cared.package)
    assert (package.state, package.ended_on, package.end_reason) == ("ended", FIRST + timedelta(days=13), "hospital")


# -- new version, handback, end, death


def need_changed(cared, visits, start_on):
    world = cared.world
    wanted = Wanted(tuple(visits), start_on, 5)
    request = raise_request(
        council=world.council, person=cared.package.person, wanted=wanted, by=world.assessor, at=world.at
    )
    type(request).objects.filter(pk=request.pk).update(changes_package=cared.package.reference)
    request.refresh_from_db()
    new_versions.change_need(
        package=world.again(cared.package),
        request=request,
        pence_per_week_at_most=100_000,
        limit_pence=200_000,
        by=world.approver,
        at=world.at,
    )


def test_a_new_version_keeps_the_identity_of_what_stays_and_cancels_what_goes(cared):
    world = cared.world
    world.at = on(2, 9)
    mornings = tuple(visit for visit in FOUR_A_DAY if visit.start_minute == 480)
    need_changed(cared, mornings, FIRST + timedelta(days=7))
    world.work()

    assert len(cared.planned(on=FIRST + timedelta(days=6))) == 4
    assert [one.reference.split("/")[1] for one in cared.planned(on=FIRST + timedelta(days=7))] == ["morning"]
    gone = PlannedVisit.objects.filter(on=FIRST + timedelta(days=7), cancelled=True, superseded_at=None)
    assert gone.count() == 3


def outside(cared, start_on, visits) -> None:
    """A call-off that was made outside the model, recorded with a second person."""
    world = cared.world
    made = Outside(
        branch=world.branch("Beech"),
        visits=visits,
        centipence_per_hour=230_000,
        made_at=world.at,
        made_by="A Senior",
        reason="emergency_at_night",
        words="",
        start_on=start_on,
    )
    record_outside(package=world.again(cared.package), made=made, second=world.senior, by=world.broker, at=world.at)


def test_a_significantly_greater_need_keeps_what_stays_and_plans_the_rest_once_it_is_called_off(cared):
    world = cared.world
    world.at = on(2, 9)
    nights = tuple(Visit(day, 1_290, 60) for day in range(7))
    wanted = replace(facts_of(cared.package), visits=FOUR_A_DAY + nights)
    assert changing.difference(world.again(cared.package), wanted).significant
    need_changed(cared, FOUR_A_DAY + nights, FIRST + timedelta(days=3))
    world.work()
    assert {len(cared.planned(on=FIRST + timedelta(days=day))) for day in (2, 3, 9)} == {4}

    # It was begun before anybody recorded it: the plan follows from its first day, and what was missed is settled.
    world.provider("Beech", pounds=23, minutes=60_000)
    world.at = on(6, 9)
    facts = facts_of(world.again(cared.package))
    left = tuple(number for number, visit in enumerate(facts.visits) if visit.start_minute == 1_290)
    outside(cared, FIRST + timedelta(days=3), left)
    world.work()

    by_day = {day: len(cared.planned(on=FIRST + timedelta(days=day))) for day in (2, 3, 9)}
    assert by_day == {2: 4, 3: 5, 9: 5}
    rows = PlannedVisit.objects.filter(package=cared.package, on=FIRST + timedelta(days=3))
    assert known_on(rows, on(5, 9)).count() == 4
    assert known_on(rows).count() == 5


def test_a_handback_ends_with_its_last_day_and_the_next_provider_follows(cared):
    world = cared.world
    call_off = CallOff.objects.get(package=cared.package)
    world.at = on(2, 9)
    last = FIRST + timedelta(days=9)
    handback = handing_back.hand_back(
        call_off=call_off, last_day_on=last, reason="travel", words="", by=world.manager("Acorn"), at=world.at
    )
    handing_back.answer_handback(handback=handback, agreed=True, by=world.broker, at=world.at)
    world.work()
    assert Handback.objects.get().agreed is True
    assert max(one.on for one in cared.planned()) == last

    world.provider("Beech", pounds=23, minutes=60_000)
    outside(cared, last + timedelta(days=1), tuple(range(len(FOUR_A_DAY))))
    world.work()

    by_day = {one.on: one.branch_id for one in cared.planned()}
    assert by_day[last] == world.branch("Acorn").pk
    assert by_day[last + timedelta(days=1)] == world.branch("Beech").pk


def test_an_end_that_is_told_late_cancels_what_was_planned_behind_it(cared):
    world = cared.world
    world.at = on(5, 9)
    last = FIRST + timedelta(days=3)
    ending.end_package(package=cared.package, last_day_on=last, reason="moved", by=world.broker, at=world.at)
    world.work()

    assert max(one.on for one in cared.planned()) == last


def test_an_end_told_late_takes_back_what_was_worth_something_in_weeks_without_any_visit_left():
    cared = Cared(visits=(Visit(0, 540, 60),))
    world = cared.world
    in_hospital(cared, on(7, 8))
    assert cared.worth(on=FIRST + timedelta(days=7)) == [("retainer", 2_200)]
    ending.end_package(package=cared.package, last_day_on=FIRST, reason="moved", by=world.broker, at=world.at)
    world.work()

    assert sum(pence for _, pence in cared.worth(on__gt=FIRST)) == 0


def test_a_death_told_late_stops_every_visit_after_it_and_parks_those_of_the_day(cared):
    world = cared.world
    other = cared.placed(TWO_A_DAY[:1])
    Package.objects.filter(pk=other.pk).update(person=cared.package.person)
    world.at = on(10, 9)
    died_on = FIRST + timedelta(days=3)
    ending.end_package(package=cared.package, last_day_on=died_on, reason="died", by=world.broker, at=world.at)
    world.work()

    assert set(cared.stops(on__lt=died_on)) == {Stopped.NO}
    assert set(cared.stops(on=died_on)) == {Stopped.PARKED}
    # Until it was known the visits stand, and say why nothing is paid for them.
    assert set(cared.stops(on__gt=died_on)) == {Stopped.DEATH}
    assert max(one.on for one in cared.planned()) == local(world.at).date()
    # Other care of the person stops as well.
    rows = PlannedVisit.objects.filter(package=other, on__gt=died_on, superseded_at=None, cancelled=False)
    assert {one.stopped for one in rows} == {Stopped.DEATH}
    assert {reason for reason, _ in cared.worth(on__gt=died_on)} == {"death"}
    assert {reason for reason, _ in cared.worth(on=died_on)} == {"waiting"}


def test_the_hour_of_a_death_told_later_settles_the_parked_day(cared):
    world = cared.world
    world.at = on(10, 9)
    died_on = FIRST + timedelta(days=3)
    ending.end_package(package=cared.package, last_day_on=died_on, reason="died", by=world.broker, at=world.at)
    world.work()
    death = Absence.objects.get(kind="death")
    world.later(days=1)
    absences.put_right(absence=death, told=Told("death", on(3, 14), None, death.told_at), by=world.broker, at=world.at)
    world.work()

    assert cared.stops(on=died_on) == [Stopped.NO, Stopped.NO, Stopped.DEATH, Stopped.DEATH]


# -- side by side, and of other lengths


def test_two_providers_in_one_part_of_the_day_have_a_visit_each():
    visits = (Visit(0, 480, 30), Visit(0, 560, 30))
    cared = Cared(visits=(*visits, *FOUR_A_DAY[7:8]))
    world = cared.world
    call_off = CallOff.objects.get(package=cared.package)
    twin = CallOff.objects.get(pk=call_off.pk)
    told = json.loads(call_off.visits)
    first = [one for one in told if one[1]["start_minute"] == 480]
    second = [one for one in told if one[1]["start_minute"] == 560]
    world.provider("Beech", pounds=23, minutes=60_000)
    CallOff.objects.filter(pk=call_off.pk).update(visits=json.dumps(first))
    twin.pk, twin.token, twin.branch, twin.visits = None, draw(), world.branch("Beech"), json.dumps(second)
    twin.invitation = None
    twin.save(force_insert=True)

    plan_ahead(world.council.pk, world.at)

    rows = cared.planned(on=FIRST)
    assert [one.reference.rsplit("/", 1)[1] for one in rows] == ["1", "2"]
    assert [one.branch_id for one in rows] == [world.branch("Acorn").pk, world.branch("Beech").pk]


def test_a_double_handed_visit_is_one_and_a_night_has_its_own_length():
    cared = Cared()
    visits = (Visit(0, 480, 45, 2), *(Visit(day, 1_320, 540) for day in range(7)))
    CallOff.objects.update(visits=visits_text(enumerate(visits)))
    plan_ahead(cared.world.council.pk, cared.world.at)

    (morning,) = [one for one in cared.planned(on=FIRST) if "/morning/" in one.reference]
    assert (morning.minutes, morning.workers) == (45, 2)
    PlanningStart.objects.update(on=date(2026, 10, 20))
    CallOff.objects.update(start_on=date(2026, 10, 20))
    plan_ahead(cared.world.council.pk, cared.world.at)
    nights = {one.on: one.minutes for one in cared.planned() if "/night/" in one.reference}
    # Clocks go back in the night of 24 October 2026.
    assert (nights[date(2026, 10, 23)], nights[date(2026, 10, 24)]) == (540, 600)


# -- a change for a few days


def change(cared, **more):
    told = {
        "package": cared.package,
        "line": "morning/1",
        "from_on": FIRST + timedelta(days=7),
        "to_on": FIRST + timedelta(days=11),
        "more_minutes": 15,
        "reason": "her daughter is away",
        "by": cared.world.broker,
        "at": cared.world.at,
    }
    return temporary.change_for_a_while(**told | more)


def test_a_change_for_a_few_days_changes_these_days_alone(cared):
    row = change(cared)
    cared.world.work()

    mornings = {one.on: one.minutes for one in cared.planned() if "/morning/" in one.reference}
    changed = {day for day, minutes in mornings.items() if minutes == 45}
    assert changed == {FIRST + timedelta(days=days) for days in range(7, 12)}
    assert row.net_minutes == 75
    cared.world.later(hours=1)
    temporary.take_back(change=row, by=cared.world.broker, at=cared.world.at)
    cared.world.work()
    assert {one.minutes for one in cared.planned()} == {30}


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"to_on": FIRST + timedelta(days=21), "more_minutes": 5}, "at most 14 days"),
        ({"more_minutes": 20}, "at most 84 minutes, 10 per cent"),
        ({"reason": " "}, "Write why"),
        ({"line": "night/1"}, "no such visit"),
        ({"more_minutes": -26}, "at least 5 minutes"),
        ({"to_on": FIRST}, "not before the first"),
    ],
)
def test_beyond_the_limits_it_is_refused_with_what_to_do(cared, more, says):
    with pytest.raises(RefusedError, match=says):
        change(cared, **more)
    assert not PlannedVisit.objects.exclude(minutes=30).exists()


def test_longer_and_shorter_visits_set_each_other_off(cared):
    change(cared, more_minutes=16)
    with pytest.raises(RefusedError, match="10 per cent"):
        change(cared, line="lunch/1", more_minutes=16)

    assert change(cared, line="lunch/1", more_minutes=-16).net_minutes == -80


def test_nothing_known_of_a_planned_visit_is_changed_or_deleted_or_overlaps(cared):
    rows = PlannedVisit.objects.filter(package=cared.package)
    one = rows.first()
    for wrong in (lambda: rows.update(minutes=1), lambda: rows.delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            wrong()
    rows.filter(pk=one.pk).update(superseded_at=on(1, 9))
    one.pk, one.superseded_at, one.known_from = None, None, on(1, 8)
    with pytest.raises(DatabaseError), transaction.atomic():
        one.save(force_insert=True)
    one.known_from = on(1, 9)
    one.save(force_insert=True)


def test_the_clock_of_the_world_is_utc(cared: Cared):
    assert isinstance(cared.world, World)
    assert cared.world.at == datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_the_horizon_moves_on_by_itself_where_planning_has_begun_and_nowhere_else(cared):
    world = cared.world
    with in_turn(world.council.pk):
        many_changed(world.council.pk, world.at)
    world.work()
    waiting = Job.objects.get(kind="plan_visits", state=Job.WAITING)
    assert waiting.due_at == world.at + timedelta(days=1)

    PlanningStart.objects.all().delete()
    world.later(days=1)
    world.work()
    assert not Job.objects.filter(kind="plan_visits", state=Job.WAITING).exists()
