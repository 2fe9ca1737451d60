"""What becomes of call-offs, minutes and invitations when an approved need changes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from small_market import FRAMEWORK
from world import EVERY_MORNING, LIMIT_PENCE, MONDAY, World, made_world

from calloff.documents.purchasing_models import parse
from calloff.domain.errors import NoApplicableModelError
from calloff.domain.packages import Visit
from calloff.web.audit.models import Event
from calloff.web.audit.services import faults_in_chain
from calloff.web.brokerage.models import CallOff, Invitation, Override, Package, PackageVersion, PlacedVisit, Request
from calloff.web.brokerage.services.approving import approve_request
from calloff.web.brokerage.services.asking import who_is_asked
from calloff.web.brokerage.services.changing import difference, placed_visits
from calloff.web.brokerage.services.confirming import agree_override, order_override
from calloff.web.brokerage.services.desk import desk_for, facts_of, history_of
from calloff.web.brokerage.services.ending import end_package
from calloff.web.brokerage.services.handing_back import answer_handback, hand_back
from calloff.web.brokerage.services.living import enter_start
from calloff.web.brokerage.services.new_versions import change_need
from calloff.web.brokerage.services.price_ranges import facts_for
from calloff.web.brokerage.services.records import replayed
from calloff.web.brokerage.services.refusals import ApprovalNeededError, RefusedError, SamePersonError
from calloff.web.brokerage.services.requests import pending_change, raise_request
from calloff.web.brokerage.services.sourcing import hold, start_step
from calloff.web.brokerage.services.wanted import Wanted
from calloff.web.contracts.models import Enrolment, Pool
from calloff.web.contracts.services import market
from calloff.web.contracts.services.publishing import publish, texts_of

pytestmark = pytest.mark.django_db

CURRENT_FIRST = """steps:
  - {name: continuity, whom: current_provider, within_days: 28, ask: in_turn, reply_within: by_priority,
      assumed: an example}
"""
EVERY_BEDTIME = tuple(Visit(day, 1200, 30) for day in range(7))
BOTH = EVERY_MORNING + EVERY_BEDTIME


@pytest.fixture
def world() -> World:
    market._kept.clear()
    made = made_world()
    text = FRAMEWORK.format(
        id="framework",
        first="2020-01-01",
        last="2030-12-31",
        rank_by="price",
        more="splitting: {most_providers: 2, assumed: an example}",
    )
    text = text.replace("steps:\n", CURRENT_FIRST).replace("version: 1", "version: 2")
    publish(
        council=made.council,
        texts=texts_of(parse([("framework.yaml", text)])),
        starts_on=MONDAY.date(),
        at=MONDAY,
    )
    made.provider("acorn", 16, capabilities=frozenset({"double_handed"}))
    return made


def cheaper(world):
    """A provider whom the framework would ask before the one who has the care."""
    world.provider("beech", 14)


def wanted(world, visits, **more):
    told = {"required_start_on": (world.at + timedelta(days=7)).date(), "priority": 6}
    return Wanted(tuple(visits), **(told | more))


def asked(world, package, visits, **more):
    return raise_request(
        council=world.council,
        person=package.person,
        wanted=wanted(world, visits, **more),
        by=world.assessor,
        at=world.at,
        changes=package,
    )


def change(world, package, visits, **more):
    request = asked(world, package, visits, **more)
    approve(world, package, request)
    return world.again(package)


def approve(world, package, request, **more):
    told = {"pence_per_week_at_most": 90_000, "limit_pence": LIMIT_PENCE, "by": world.approver} | more
    change_need(package=package, request=request, at=world.at, **told)


def placed(world, visits=EVERY_MORNING, provider="acorn"):
    """A package whose visits are all called off to one provider."""
    package = world.started(visits=visits)
    world.answer(package, provider)
    world.confirm(package)
    return world.again(package)


def used(provider):
    return sum(Pool.objects.filter(enrolment__reference=provider).values_list("used", flat=True))


def live(package):
    return {
        row.branch.reference: {visit for _, visit in placed_visits(row)}
        for row in CallOff.objects.filter(package=package, ended_on__isnull=True)
    }


def invited(package):
    rows = Invitation.objects.filter(package=package, version=package.version).order_by("pk")
    return [(row.branch.reference, json.loads(row.visits)) for row in rows]


def visits_of(package, numbers):
    visits = facts_of(package).visits
    return {visits[number] for number in numbers}


def whole(world, package):
    """Nothing is placed twice, no minute is lost, the chain is whole, and every decision can be worked out again."""
    rows = PlacedVisit.objects.filter(package=package, live=True)
    assert rows.count() == len(set(rows.values_list("visit", flat=True)))
    for call_off in CallOff.objects.filter(package=package, ended_on__isnull=True):
        numbers = {number for number, _ in placed_visits(call_off)}
        assert numbers == set(call_off.placed_visits.filter(live=True).values_list("visit", flat=True))
        assert call_off.version == package.version
        assert {visit for _, visit in placed_visits(call_off)} == visits_of(package, numbers)
        assert sum(minutes for _, minutes in json.loads(call_off.takes)) == call_off.minutes_per_week
    assert list(faults_in_chain(world.council.pk)) == []
    assert [one.difference for one in replayed(package) if one.differs] == []


def test_added_visits_go_to_sourcing_and_the_same_ones_stay(world):
    package = placed(world)
    before = CallOff.objects.get(package=package)

    package = change(world, package, BOTH)

    assert (package.version, package.state) == (2, Package.SOURCING)
    assert (package.minutes_per_week, package.minutes_to_place) == (420, 210)
    after = CallOff.objects.get(package=package)
    assert (after.pk, after.ended_on, after.takes) == (before.pk, None, before.takes)
    assert used("acorn") == 210
    assert live(package) == {"acorn": set(EVERY_MORNING)}
    whole(world, package)


def test_who_has_the_care_is_asked_for_the_added_visits(world):
    package = placed(world)
    cheaper(world)
    package = change(world, package, BOTH)

    start_step(package=package, by=world.broker, at=world.at)
    package = world.again(package)

    assert [(name, visits_of(package, numbers)) for name, numbers in invited(package)] == [
        ("acorn", set(EVERY_BEDTIME))
    ]
    world.answer(package, "acorn")
    world.confirm(package)
    package = world.again(package)
    assert (package.state, used("acorn")) == (Package.CALLED_OFF, 420)
    whole(world, package)


def test_dropped_visits_end_and_the_rest_of_the_call_off_goes_on(world):
    package = placed(world, BOTH)
    first = CallOff.objects.get(package=package)

    package = change(world, package, EVERY_MORNING)

    first.refresh_from_db()
    rest = CallOff.objects.get(continues=first)
    last_day = (world.at + timedelta(days=6)).date()
    assert (first.ended_on, first.end_reason, first.minutes_per_week) == (last_day, "changed", 420)
    assert (rest.minutes_per_week, rest.pence_per_week) == (210, first.pence_per_week // 2)
    assert rest.start_on == last_day + timedelta(days=1)
    assert (rest.confirmed_at, rest.confirmed_by) == (first.confirmed_at, first.confirmed_by)
    assert (package.state, package.minutes_to_place, used("acorn")) == (Package.CALLED_OFF, 0, 210)
    whole(world, package)


def test_what_goes_on_counts_as_no_second_call_off(world):
    package = placed(world, BOTH)
    before = list(desk_for(world.again(package), world.at).course.counters.called_off_28)

    package = change(world, package, EVERY_MORNING)

    assert list(desk_for(package, world.at).course.counters.called_off_28) == before


def test_care_that_had_begun_goes_on_without_a_gap_or_a_day_counted_twice(world):
    package = placed(world, BOTH)
    world.later(days=8)
    enter_start(
        call_off=CallOff.objects.get(package=package), first_visit_on=world.at.date(), by=world.broker, at=world.at
    )

    package = change(world, package, EVERY_MORNING)

    assert (package.state, package.minutes_started) == (Package.STARTED, 210)
    first, rest = CallOff.objects.filter(package=package).order_by("pk")
    assert rest.first_visit_on == first.ended_on + timedelta(days=1)


def test_a_longer_visit_is_another_visit(world):
    longer = tuple(replace(visit, minutes=45) if visit.day < 2 else visit for visit in EVERY_MORNING)

    package = change(world, placed(world), longer)

    assert live(package) == {"acorn": set(EVERY_MORNING[2:])}
    assert (package.minutes_to_place, used("acorn")) == (90, 150)
    whole(world, package)


def test_a_visit_for_two_workers_is_another_visit_and_a_significant_change(world):
    package = placed(world)
    double = tuple(replace(visit, workers=2) for visit in EVERY_MORNING)
    request = asked(world, package, double)
    told = difference(package, facts_for(request, package.reference, world.at))
    assert (told.kept, len(told.dropped), len(told.added), told.minutes) == ((), 7, 7, 210)
    assert told.significant

    approve(world, package, request)
    package = world.again(package)

    assert (live(package), used("acorn"), package.two_workers) == ({}, 0, True)
    assert package.minutes_to_place == 420
    start_step(package=package, by=world.broker, at=world.at)
    package = world.again(package)
    assert invited(package) == [("acorn", list(range(7)))]
    whole(world, package)


@pytest.mark.parametrize(
    ("visits", "significant"),
    [
        (28, False),  # exactly the hours
        (32, False),  # + 14.3 %, fixture F5
        (35, False),  # exactly + 25 % stays
        (36, True),  # + 28.6 %, fixture F5
        (21, False),  # exactly - 25 % stays
        (20, True),
    ],
)
def test_more_than_a_quarter_either_way_is_significant(world, visits, significant):
    week = [Visit(day, start, 30) for start in (480, 720, 960, 1200, 1320, 600) for day in range(7)]
    package = placed(world, week[:28])

    told = difference(package, facts_for(asked(world, package, week[:visits]), package.reference, world.at))

    assert told.last_minutes == 840
    assert told.significant is significant
    assert told.assumed


def test_the_kernel_is_told_what_the_change_is_measured_by(world):
    package = change(world, placed(world), BOTH)

    facts = facts_of(package)

    assert (facts.current_provider, facts.current_since) == ("acorn", MONDAY.date())
    assert (facts.current_minutes_per_week, facts.current_workers, facts.current_care_type) == (
        210,
        1,
        "personal_care",
    )
    assert facts.priority == 6


def test_another_care_type_is_significant(world):
    package = placed(world)
    request = asked(world, package, EVERY_MORNING, care_type="complex")

    assert difference(package, facts_for(request, package.reference, world.at)).significant


# -- the provider has not the minutes; there are two providers


def test_too_little_time_to_spare_and_another_provider_takes_the_rest(world):
    package = placed(world)
    world.provider("cedar", 17)
    Pool.objects.filter(enrolment__reference="acorn").update(declared=210)

    package = change(world, package, BOTH)
    start_step(package=package, by=world.broker, at=world.at)
    package = world.again(package)

    assert [name for name, _ in invited(package)] == ["cedar"]
    world.answer(package, "cedar")
    world.confirm(package)
    package = world.again(package)
    assert live(package) == {"acorn": set(EVERY_MORNING), "cedar": set(EVERY_BEDTIME)}
    assert package.state == Package.CALLED_OFF
    whole(world, package)


def test_nobody_has_the_minutes_and_the_care_that_is_there_goes_on(world):
    package = placed(world)
    Pool.objects.filter(enrolment__reference="acorn").update(declared=210)

    package = change(world, package, BOTH)

    assert live(package) == {"acorn": set(EVERY_MORNING)}
    assert (package.minutes_to_place, package.next_action) == (210, "await_minutes")
    with pytest.raises(RefusedError):
        start_step(package=package, by=world.broker, at=world.at)
    whole(world, package)


@pytest.fixture
def shared(world):
    """Mornings with acorn, bedtimes with cedar."""
    world.provider("cedar", 17)
    package = placed(world)
    Pool.objects.filter(enrolment__reference="acorn").update(declared=210)
    package = change(world, package, BOTH)
    start_step(package=package, by=world.broker, at=world.at)
    world.answer(package, "cedar")
    world.confirm(package)
    return world.again(package)


def test_of_two_providers_only_the_one_whose_visits_are_dropped_loses_them(world, shared):
    few = EVERY_MORNING + EVERY_BEDTIME[:3]

    package = change(world, shared, few)

    assert live(package) == {"acorn": set(EVERY_MORNING), "cedar": set(EVERY_BEDTIME[:3])}
    assert (used("acorn"), used("cedar"), package.state) == (210, 90, Package.CALLED_OFF)
    whole(world, package)


def test_of_two_providers_the_one_with_nothing_left_ends(world, shared):
    package = change(world, shared, EVERY_MORNING)

    assert live(package) == {"acorn": set(EVERY_MORNING)}
    assert (used("acorn"), used("cedar"), package.state) == (210, 0, Package.CALLED_OFF)
    whole(world, package)


def test_the_change_is_measured_by_the_hours_of_both_providers(world, shared):
    request = asked(world, shared, BOTH + tuple(Visit(day, 720, 30) for day in range(3)))

    told = difference(shared, facts_for(request, shared.reference, world.at))

    assert (told.last_minutes, told.minutes, told.significant) == (420, 90, False)


def test_who_is_refused_now_keeps_nothing_and_is_not_asked(world):
    package = placed(world)
    world.provider("cedar", 17)

    package = change(world, package, EVERY_MORNING, exclusions=frozenset({"acorn"}))
    start_step(package=package, by=world.broker, at=world.at)
    package = world.again(package)

    assert (live(package), used("acorn")) == ({}, 0)
    assert [name for name, _ in invited(package)] == ["cedar"]
    assert facts_of(package).current_provider == ""
    whole(world, package)


def test_visits_that_nobody_has_yet_are_simply_asked_for_anew(world):
    package = world.started()

    package = change(world, package, BOTH)

    assert list(Invitation.objects.filter(package=package).values_list("state", "reason")) == [
        ("ended", "need_changed")
    ]
    assert (package.minutes_to_place, package.state) == (420, Package.SOURCING)
    held = sum(Pool.objects.filter(enrolment__reference="acorn").values_list("held", flat=True))
    assert (used("acorn"), held) == (0, 0)
    whole(world, package)


def test_two_changes_after_each_other(world):
    package = change(world, placed(world, BOTH), EVERY_MORNING)
    world.later(days=1)

    package = change(world, package, EVERY_MORNING[:4] + EVERY_BEDTIME[:1])

    assert live(package) == {"acorn": set(EVERY_MORNING[:4])}
    assert (package.version, used("acorn"), package.minutes_to_place) == (3, 120, 30)
    assert facts_of(package).current_since == MONDAY.date()
    whole(world, package)


def test_a_hold_stands_through_a_change(world):
    package = world.package()
    hold(package=package, reason="in_hospital", review_at=world.at + timedelta(days=1), by=world.broker, at=world.at)

    package = change(world, world.again(package), BOTH)

    assert (package.on_hold, package.next_action) == ("in_hospital", "on_hold")
    assert [type(one).__name__ for one in history_of(package)] == ["Held"]


# -- what is refused, whole


def test_nobody_approves_their_own_change_not_even_under_another_name(world):
    package = placed(world)
    request = asked(world, package, BOTH)
    twin = world.user("twin", "approver", identity=world.assessor.identity)

    with pytest.raises(SamePersonError):
        approve(world, package, request, by=twin)

    untouched(world, package, request)


def untouched(world, package, request):
    """Nothing is half done."""
    request.refresh_from_db()
    assert request.state == Request.WAITING
    assert world.again(package).version == 1
    assert PackageVersion.objects.filter(package=package).count() == 1
    assert not Event.objects.filter(kind="need_changed").exists()


def test_above_the_limit_somebody_else_approves(world):
    package = placed(world)
    request = asked(world, package, BOTH)

    with pytest.raises(ApprovalNeededError):
        approve(world, package, request, limit_pence=89_999)

    untouched(world, package, request)


LATER = tuple(replace(visit, minutes=45) for visit in EVERY_MORNING)


def begun(world, visits=EVERY_MORNING):
    """Care that began, and went on for two weeks."""
    package = placed(world, visits)
    world.later(days=7)
    enter_start(
        call_off=CallOff.objects.get(package=package), first_visit_on=world.at.date(), by=world.broker, at=world.at
    )
    world.later(days=14)
    return world.again(package)


def days_of(package):
    rows = CallOff.objects.filter(package=package).order_by("pk")
    return [(row.first_visit_on or row.start_on, row.ended_on) for row in rows]


def test_a_change_asked_for_with_hindsight_counts_from_its_day_once_it_is_called_off(world):
    package = begun(world)
    first_on, since = world.at.date() - timedelta(days=14), world.at.date() - timedelta(days=5)

    package = change(world, package, LATER, required_start_on=since)

    # Until somebody has the new visits the old ones stand.
    assert days_of(package) == [(first_on, world.at.date() - timedelta(days=1))]
    start_step(package=package, by=world.broker, at=world.at)
    world.answer(package, "acorn")
    world.confirm(package)
    assert days_of(package) == [(first_on, since - timedelta(days=1)), (since, None)]
    new = CallOff.objects.get(package=package, ended_on=None)
    with pytest.raises(RefusedError, match="cannot be before the call-off"):
        enter_start(call_off=new, first_visit_on=since - timedelta(days=1), by=world.broker, at=world.at)
    enter_start(call_off=new, first_visit_on=since, by=world.broker, at=world.at)
    whole(world, world.again(package))


def test_what_goes_on_goes_on_from_the_day_from_which_the_change_counts(world):
    package = begun(world, BOTH)
    since = world.at.date() - timedelta(days=5)

    package = change(world, package, LATER + EVERY_BEDTIME, required_start_on=since)
    start_step(package=package, by=world.broker, at=world.at)
    world.answer(package, "acorn")
    world.confirm(package)

    (_, ended_on), *others = days_of(package)
    assert ended_on == since - timedelta(days=1)
    assert others == [(since, None), (since, None)]
    whole(world, world.again(package))


def test_fewer_visits_with_hindsight_need_nobody_else(world):
    package = begun(world, BOTH)
    since = world.at.date() - timedelta(days=5)

    package = change(world, package, EVERY_MORNING, required_start_on=since)

    (_, ended_on), (goes_on, still) = days_of(package)
    assert (ended_on, goes_on, still) == (since - timedelta(days=1), since, None)
    whole(world, package)


@pytest.mark.parametrize("days", [15, 29])
def test_hindsight_ends_where_the_care_began_and_after_four_weeks(world, days):
    package = begun(world)
    request = asked(world, package, LATER, required_start_on=world.at.date() - timedelta(days=days))

    with pytest.raises(RefusedError, match="counts from a day before the care began"):
        approve(world, package, request)

    assert world.again(package).version == 1


def test_a_start_that_went_by_while_somebody_was_looked_for_is_not_hindsight(world):
    package = world.package()
    world.later(days=9)
    world.declared("acorn")
    start_step(package=package, by=world.broker, at=world.at)
    world.answer(package, "acorn")
    world.confirm(package)

    assert CallOff.objects.get(package=package).start_on == world.at.date()


def test_no_model_and_nothing_is_half_done(world):
    package = placed(world)
    request = raise_request(
        council=world.council,
        person=package.person,
        wanted=replace(wanted(world, BOTH), required_start_on=world.at.date().replace(year=2031)),
        by=world.assessor,
        at=world.at,
        changes=package,
    )

    with pytest.raises(NoApplicableModelError):
        approve(world, package, request)

    untouched(world, package, request)
    assert used("acorn") == 210


def test_a_handback_is_answered_first(world):
    package = placed(world)
    hand_back(
        call_off=CallOff.objects.get(package=package),
        last_day_on=world.at.date(),
        reason="travel",
        words="",
        by=world.manager("acorn"),
        at=world.at,
    )
    request = asked(world, package, BOTH)

    with pytest.raises(RefusedError, match="Let a broker answer that first"):
        approve(world, package, request)


def test_care_that_has_ended_is_not_changed(world):
    package = placed(world)
    request = asked(world, package, BOTH)
    end_package(package=package, last_day_on=world.at.date(), reason="needs_met", by=world.broker, at=world.at)

    with pytest.raises(RefusedError, match="has ended"):
        approve(world, package, request)


def test_one_change_at_a_time(world):
    package = placed(world)
    asked(world, package, BOTH)

    with pytest.raises(RefusedError, match="Another change"):
        asked(world, package, EVERY_MORNING[:3])
    assert pending_change(package) is not None


def test_a_change_never_becomes_a_second_package(world):
    package = placed(world)
    request = asked(world, package, BOTH)

    with pytest.raises(RefusedError, match="changes care that somebody has"):
        approve_request(
            request=request, pence_per_week_at_most=1, limit_pence=LIMIT_PENCE, by=world.approver, at=world.at
        )

    other = placed(world, EVERY_BEDTIME)
    with pytest.raises(RefusedError, match="another package"):
        approve(world, other, request)
    assert Package.objects.count() == 2


def divided(world):
    """Mornings with acorn, bedtimes with beech, and cedar who has neither."""
    world.provider("beech", 14)
    world.provider("cedar", 15)
    package = world.started(visits=BOTH)
    world.answer(package, "beech", "part", visits=EVERY_BEDTIME)
    world.confirm(package)
    world.work()
    world.answer(package, "cedar", "decline", reason="location")
    world.work()
    world.answer(package, "acorn")
    world.confirm(package)
    package = world.again(package)
    assert set(live(package)) == {"acorn", "beech"}
    return package


LUNCHES = tuple(Visit(day, 780, 30) for day in range(7))


def test_a_third_provider_is_not_asked_for_added_visits(world):
    package = change(world, divided(world), BOTH + LUNCHES)

    start_step(package=package, by=world.broker, at=world.at)
    for _ in range(4):
        for row in Invitation.objects.filter(package=package, version=package.version, state="open"):
            world.answer(package, row.branch.reference, "decline", reason="location")
        world.work()

    assert {name for name, _visits in invited(package)} == {"acorn", "beech"}
    package = world.again(package)
    assert (package.next_action, package.minutes_to_place) == ("decide", 210)
    told = who_is_asked(desk_for(package, world.at), (), prices=True)
    assert [gate.who for gate in told.gates if gate.number == 0] == [("cedar Care",)]
    whole(world, package)


def test_one_of_the_two_takes_what_was_added(world):
    package = change(world, divided(world), BOTH + LUNCHES)
    start_step(package=package, by=world.broker, at=world.at)
    [(name, numbers)] = invited(package)
    assert (name in {"acorn", "beech"}, len(numbers)) == (True, 7)
    world.answer(package, name)
    world.confirm(package)

    package = world.again(package)
    assert package.minutes_to_place == 0
    assert set(live(package)) == {"acorn", "beech"}
    whole(world, package)


def test_a_third_one_may_come_by_an_override_of_two_people(world):
    package = change(world, divided(world), BOTH + LUNCHES)
    start_step(package=package, by=world.broker, at=world.at)
    world.answer(package, invited(package)[0][0], "decline", reason="location")
    cedar = Enrolment.objects.get(reference="cedar")
    order_override(package=package, enrolment=cedar, reason="person_at_risk", words="", by=world.broker, at=world.at)
    agree_override(order=Override.objects.get(package=package), by=world.senior, at=world.at)
    world.answer(package, "cedar")
    world.confirm(package)

    assert set(live(package)) == {"acorn", "beech", "cedar"}
    whole(world, world.again(package))


def test_whoever_comes_for_a_part_that_was_given_back_is_the_second_and_not_the_third(world):
    package = divided(world)
    call_off = CallOff.objects.get(package=package, branch__reference="acorn")
    back = hand_back(
        call_off=call_off,
        last_day_on=(world.at + timedelta(days=10)).date(),
        reason="no_workers",
        words="",
        by=world.manager("acorn"),
        at=world.at,
    )
    answer_handback(handback=back, agreed=True, by=world.broker, at=world.at)
    package = world.again(package)
    start_step(package=package, by=world.broker, at=world.at)
    if "cedar" not in dict(invited(package)):
        world.answer(package, "beech", "decline", reason="location")
        world.work()
    world.answer(package, "cedar")
    world.confirm(package)

    assert set(live(package)) == {"beech", "cedar"}
