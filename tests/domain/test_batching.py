"""Lots of packages: who may be in one, that nothing is lost or doubled, and that the order they come in is nothing."""

from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_market import BEGINS_AT, framework, package

from calloff.documents.purchasing_models import parse
from calloff.domain.batching import Batch, PackageLot, batch
from calloff.domain.packages import Visit

DAY = timedelta(hours=24)
ONE_SQUARE = {"easting": 400_100, "northing": 100_100}


@cache
def batching(least=2, most=6, steps=""):
    more = f"batching: {{hours: 24, least: {least}, most: {most}, assumed: an example}}\n{steps}"
    return framework("lots", more=more).model


MODEL = batching()


def some(count, **more):
    return [
        package(f"P-{number}", BEGINS_AT + timedelta(hours=number), **(ONE_SQUARE | more)) for number in range(count)
    ]


visits = st.lists(
    st.builds(
        Visit,
        day=st.integers(0, 6),
        start_minute=st.sampled_from((450, 480)),
        minutes=st.sampled_from((15, 30, 45)),
        workers=st.sampled_from((1, 1, 1, 2)),
        critical=st.booleans(),
    ),
    min_size=1,
    max_size=4,
).map(tuple)


@st.composite
def waiting(draw):
    """Packages of two localities and a few kinds, approved over three days."""
    packages = []
    for number in range(draw(st.integers(0, 16))):
        hours = draw(st.integers(0, 72))
        packages.append(
            package(
                f"P-{number}",
                BEGINS_AT + timedelta(hours=hours),
                required_start_on=(BEGINS_AT + timedelta(hours=hours)).date() + timedelta(days=draw(st.integers(0, 7))),
                priority=draw(st.sampled_from((2, 3, 4, 5, 6))),
                locality=draw(st.sampled_from(("Ash", "Ash", "Birch"))),
                easting=draw(st.sampled_from((400_100, 400_900, 401_000))),
                northing=100_100,
                visits=draw(visits),
                needs=draw(st.sampled_from((frozenset(), frozenset({"medication"}), frozenset({"dementia"})))),
                exclusions=draw(st.sampled_from((frozenset(), frozenset({"Alder"}), frozenset({"Birch"})))),
                current_provider=draw(st.sampled_from(("", "", "", "Alder"))),
                chosen_provider=draw(st.sampled_from(("", "", "", "Birch"))),
            )
        )
    return packages


sizes = st.integers(2, 6).flatmap(lambda least: st.tuples(st.just(least), st.integers(least, 8)))


@settings(max_examples=60)
@given(waiting(), sizes, st.integers(0, 120))
def test_everybody_is_in_one_place_and_every_lot_is_the_sum_of_its_packages(packages, size, hours):
    model, at = batching(*size), BEGINS_AT + timedelta(hours=hours)
    found = batch(model, packages, at)
    come = [one for one in packages if one.approved_at <= at]
    in_lots = [member for lot in found.lots for member in lot.members]
    placed = [one.reference for one in (*in_lots, *found.alone)]
    assert len(placed) == len(set(placed))
    collected = [one for one in come if one.reference not in placed]
    assert set(placed) <= {one.reference for one in come}
    for one in in_lots + collected:
        assert one.priority > 2
        assert not one.current_provider
        assert not one.chosen_provider
    for one in collected:
        assert at < one.approved_at + DAY
    assert (found.until is None) == (not collected)
    if collected:
        assert found.until == min(one.approved_at for one in collected) + DAY
    for lot in found.lots:
        assert size[0] <= len(lot.members) <= size[1]
        assert max(one.approved_at for one in lot.members) - min(one.approved_at for one in lot.members) <= DAY
        check_sum(lot)
    minutes = sum(one.minutes_per_week for one in come)
    whole = sum(lot.package.minutes_per_week for lot in found.lots)
    assert minutes == whole + sum(one.minutes_per_week for one in (*found.alone, *collected))


def check_sum(lot: PackageLot):
    """Each visit once, each need and exclusion and no other, the earliest start, the most urgent; alike in the rest."""
    members, whole = lot.members, lot.package
    assert sorted(map(repr, whole.visits)) == sorted(repr(visit) for one in members for visit in one.visits)
    assert whole.needs == {need for one in members for need in one.needs}
    assert whole.exclusions == {name for one in members for name in one.exclusions}
    assert whole.required_start_on == min(one.required_start_on for one in members)
    assert whole.approved_at == min(one.approved_at for one in members)
    assert whole.priority == min(one.priority for one in members)
    assert whole.lot_of == tuple(sorted(one.reference for one in members))
    for one in members:
        assert {visit.band for visit in one.visits} == {visit.band for visit in whole.visits}
        for name in (
            "locality",
            "area_band",
            "service_type",
            "care_type",
            "delivery_model",
            "client_group",
            "age_group",
        ):
            assert getattr(one, name) == getattr(whole, name)
    shares = lot.shares(range(len(whole.visits)))
    assert [len(share) for share in shares] == [len(one.visits) for one in members]
    for first, share, one in zip(lot.first_visits, shares, members, strict=True):
        assert [whole.visits[first + number] for number in share] == list(one.visits)


@settings(max_examples=60)
@given(waiting(), st.randoms(use_true_random=False), st.integers(0, 120))
def test_the_order_in_which_packages_come_in_is_nothing(packages, random, hours):
    at = BEGINS_AT + timedelta(hours=hours)
    shuffled = random.sample(packages, len(packages))
    assert batch(MODEL, packages, at) == batch(MODEL, shuffled, at)


@settings(max_examples=60)
@given(waiting())
def test_at_last_nobody_is_collected(packages):
    found = batch(MODEL, packages, BEGINS_AT + timedelta(hours=96))
    assert found.until is None
    assert len(packages) == len(found.alone) + sum(len(lot.members) for lot in found.lots)


@pytest.mark.parametrize(
    ("count", "least", "most", "expected"),
    [
        (1, 2, 6, []),
        (2, 2, 6, [2]),
        (6, 2, 6, [6]),
        (7, 2, 6, [4, 3]),
        (13, 2, 6, [5, 4, 4]),
        (7, 5, 6, [6]),
        (9, 5, 6, [6]),
        (10, 5, 6, [5, 5]),
        (3, 2, 2, [2]),
    ],
)
def test_lots_are_few_and_equal_and_a_rest_too_small_goes_alone(count, least, most, expected):
    found = batch(batching(least, most), some(count), BEGINS_AT + 2 * DAY)
    assert sorted((len(lot.members) for lot in found.lots), reverse=True) == expected
    assert [one.reference for one in found.alone] == [f"P-{number}" for number in range(sum(expected), count)]


def test_the_first_of_a_group_sets_its_hours():
    early, late = some(2), package("P-late", BEGINS_AT + DAY + timedelta(seconds=1), **ONE_SQUARE)
    before = batch(MODEL, [*early, late], BEGINS_AT + DAY - timedelta(seconds=1))
    assert before == Batch(until=BEGINS_AT + DAY)
    after = batch(MODEL, [*early, late], BEGINS_AT + DAY + timedelta(hours=1))
    assert [one.reference for one in after.lots[0].members] == ["P-0", "P-1"]
    assert after.until == late.approved_at + DAY
    assert after.alone == ()


@pytest.mark.parametrize(
    "other",
    [
        {"locality": "Birch"},
        {"easting": 401_100},
        {"area_band": "rural"},
        {"visits": (Visit(0, 1_200, 30),)},
        {"care_type": "complex"},
        {"service_type": "housing_support"},
        {"delivery_model": "direct_payment"},
        {"client_group": "learning_disability"},
        {"age_group": "85+"},
        {"complexity": frozenset({"chc_funded"})},
        {"priority": 2},
        {"current_provider": "Alder"},
        {"chosen_provider": "Alder"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_packages_that_differ_in_what_decides_who_may_be_asked_are_in_no_lot(other):
    one, two = some(2)
    assert batch(MODEL, [one, two], BEGINS_AT + 2 * DAY).lots
    assert batch(MODEL, [one, replace(two, **other)], BEGINS_AT + 2 * DAY).lots == ()


@pytest.mark.parametrize(
    ("when", "other"),
    [
        ("{minutes_per_week: {at_most: 300}}", {}),
        ("{double_handed_visits_a_day: {at_least: 2}}", {"visits": (Visit(0, 480, 30, workers=2),)}),
        ("{needs: [medication]}", {"needs": frozenset({"medication"})}),
        ("{priority: [P3, P4]}", {"priority": 4}),
    ],
    ids=["minutes", "double-handed", "needs", "priority"],
)
def test_a_lot_never_meets_a_condition_that_its_packages_do_not(when, other):
    """Two of 210 minutes are over 300; two with one visit of two workers a day have two."""
    model = batching()
    one, two = some(2, **({} if len(other) and "visits" not in other else other))
    two = replace(two, **other)
    assert batch(model, [one, two], BEGINS_AT + 2 * DAY).lots
    extra = f"  - {{name: before, whom: framework, when: {when}, ask: in_turn, assumed: an example}}\n"
    text = model_text().replace("steps:\n", f"steps:\n{extra}")
    assert batch(parse([("with.yaml", text)]).model, [one, two], BEGINS_AT + 2 * DAY).lots == ()


def model_text():
    return framework("lots", more="batching: {hours: 24, assumed: an example}").texts[0][1]


def test_a_model_without_the_rule_forms_no_lots():
    assert batch(framework().model, some(4), BEGINS_AT + 2 * DAY) == Batch(alone=tuple(some(4)))


def test_a_lot_by_hand():
    early = package(
        "P-2",
        BEGINS_AT,
        required_start_on=BEGINS_AT.date() + timedelta(days=3),
        priority=5,
        needs=frozenset({"medication"}),
        visits=(Visit(0, 480, 30), Visit(1, 480, 30)),
        easting=400_000,
        northing=100_000,
    )
    late = package(
        "P-1",
        BEGINS_AT + timedelta(hours=2),
        required_start_on=BEGINS_AT.date() + timedelta(days=9),
        priority=4,
        exclusions=frozenset({"Alder"}),
        visits=(Visit(4, 500, 45, workers=2),),
        easting=400_600,
        northing=100_301,
    )
    lot = PackageLot.of([early, late])
    assert lot == PackageLot.of([late, early])
    assert lot.package == package(
        "LOT-277c07c28f5a",
        BEGINS_AT,
        required_start_on=BEGINS_AT.date() + timedelta(days=3),
        priority=4,
        needs=frozenset({"medication"}),
        exclusions=frozenset({"Alder"}),
        visits=(Visit(4, 500, 45, workers=2), Visit(0, 480, 30), Visit(1, 480, 30)),
        easting=400_300,
        northing=100_150,
        lot_of=("P-1", "P-2"),
    )
    assert lot.shares((0, 2)) == [(0,), (1,)]
    assert lot.shares((1,)) == [(), (0,)]


def test_hours_count_from_the_first_approval_whatever_the_references():
    packages = [
        package(name, BEGINS_AT + hours * DAY / 24, **ONE_SQUARE)
        for name, hours in (("P-3", 0), ("P-2", 20), ("P-1", 30))
    ]
    found = batch(MODEL, packages, BEGINS_AT + DAY)
    assert found == Batch(lots=(PackageLot.of(packages[:2]),))
    later = batch(MODEL, packages, BEGINS_AT + timedelta(hours=54))
    assert (later.lots, later.alone) == (found.lots, (packages[2],))


def test_whoever_is_served_last_is_left_over():
    packages = [replace(one, priority=priority) for one, priority in zip(some(3), (6, 4, 5), strict=True)]
    found = batch(batching(2, 2), packages, BEGINS_AT + 2 * DAY)
    assert [one.reference for one in found.alone] == ["P-0"]
    assert found.lots[0].package.lot_of == ("P-1", "P-2")
