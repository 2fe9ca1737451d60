"""At what price providers are enrolled, and with how many minutes to spare."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from made_up_register import (
    MORNING_AND_BED,
    PACKAGES,
    PLACES,
    REGISTER,
    WEEK_OF_EL18_06,
    a_place,
    a_row,
    in_all,
)

from calloff.documents.purchasing_models import load
from calloff.domain.packages import BANDS, Visit
from calloff.simulator.demand import demand_of
from calloff.simulator.enrol import enrol
from calloff.simulator.enrolment_prices import rules_for

# Prices


def test_fixed_fees_and_blocks_need_no_price_line():
    prime, _ = enrol(load("isle_of_wight_2021_locality_prime"), REGISTER, PLACES, [], 1)
    block, _ = enrol(load("east_lothian_2024_locality_block"), REGISTER, PLACES, [], 1)

    assert not any(one.price_lines for one in prime if one.role in ("prime", "secondary", "subcontractor"))
    assert not any(one.price_lines for one in block if one.role == "block")
    assert {one.full_cost_centipence_per_hour for one in prime if one.role == "prime"} == {221720}


def test_an_in_house_hour_costs_over_twice_the_external_price_on_both_bases():
    enrolments, _ = enrol(load("east_lothian_2017_framework"), REGISTER, PLACES, [], 1)
    external = [one for one in enrolments if one.role == "member"]
    for team in (one for one in enrolments if one.role == "in_house"):
        assert [line.centipence for line in team.price_lines] == [335000]
        assert team.full_cost_centipence_per_hour == 368500
        assert all(2 * line.centipence < 335000 for one in external for line in one.price_lines)


def test_an_in_house_price_that_the_document_states_stands():
    document = load("east_lothian_2017_framework")
    general = document.model.prices[0]
    own = replace(general, line=replace(general.line, centipence=300000), fixed=True, tiers=("council_team",))
    model = replace(document.model, prices=(general, own))
    enrolments, _ = enrol(replace(document, model=model), REGISTER, [], [], 1)

    assert {line.centipence for one in enrolments if one.role == "in_house" for line in one.price_lines} == {300000}


def test_without_a_price_rule_nobody_has_a_price_or_a_cost():
    document = load("rutland_2013_two_tier")
    enrolments, _ = enrol(replace(document, model=replace(document.model, prices=())), REGISTER, [], [], 1)

    assert not any(one.price_lines or one.full_cost_centipence_per_hour for one in enrolments)


def test_a_spot_price_without_a_rule_starts_at_the_members_ceiling():
    document = load("rutland_2013_two_tier")
    fee = replace(document.model.prices[0].line, centipence=160000)
    model = replace(document.model, prices=(replace(document.model.prices[0], line=fee),))
    enrolments, _ = enrol(replace(document, model=model), REGISTER, [], [], 1)
    spot = [line.centipence for one in enrolments if one.role == "spot" for line in one.price_lines]

    assert all(160000 <= price <= 192000 for price in spot)
    assert len(set(spot)) > 10


def test_a_tendered_price_is_never_below_the_floor():
    document = load("east_lothian_2017_framework")
    rule = replace(document.model.prices[0], floor_centipence=157050)
    enrolments, _ = enrol(replace(document, model=replace(document.model, prices=(rule,))), REGISTER, [], [], 1)
    prices = {line.centipence for one in enrolments if one.role == "member" for line in one.price_lines}

    assert min(prices) >= 157100
    assert max(prices) <= 159500
    assert len(prices) > 5


def test_a_tiers_own_price_rule_goes_before_the_general_one():
    document = load("east_lothian_2017_framework")
    general = document.model.prices[0]
    own = replace(general, line=replace(general.line, centipence=200000), tiers=("framework",))
    nights = replace(general, line=replace(general.line, centipence=300000, care_type="night_support"))
    model = replace(document.model, prices=(general, own, nights))

    assert rules_for(model, "framework") == [own]
    assert rules_for(model, "council_team") == [general, nights]


def test_lots_by_care_type_have_their_own_price():
    document = load("leeds_2010_framework")
    enrolments, _ = enrol(document, REGISTER, PLACES, [], 1)
    members = [one for one in enrolments if one.role == "member"]
    by_lot = {
        lot: {one.provider for one in members if one.lot == lot} for lot in ("personal_care", "independent_living")
    }

    assert len(by_lot["personal_care"]) == 33
    assert 0 < len(by_lot["independent_living"]) < 25
    assert by_lot["independent_living"] < by_lot["personal_care"]
    assert all([line.care_type for line in one.price_lines] == [one.lot] for one in members)
    assert len(rules_for(document.model, "capacity_book")) == 2


# The capacity book


def test_each_provider_posts_one_to_three_offers_of_one_pool_each():
    enrolments, _ = enrol(load("leeds_2010_framework"), REGISTER, PLACES, [], 1)
    book = [one for one in enrolments if one.tier == "capacity_book" and one.lot == "personal_care"]

    assert set(Counter(one.provider for one in book).values()) == {1, 2, 3}
    for offer in book:
        (pool,) = offer.pools
        assert 2 <= len(pool.bands) <= 5
        assert 1 <= len(pool.areas) <= 2
        assert pool.areas == offer.localities
    covered = {(area, band) for one in book for pool in one.pools for area in pool.areas for band in pool.bands}
    assert covered == {(place.locality, band) for place in PLACES for band in BANDS}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("providers", [3, 12])
def test_few_offers_still_cover_each_locality_and_band(providers, seed):
    enrolments, _ = enrol(load("leeds_2010_framework"), REGISTER[:providers], PLACES, [], seed)
    book = [one for one in enrolments if one.tier == "capacity_book" and one.lot == "personal_care"]

    covered = {(area, band) for one in book for pool in one.pools for area in pool.areas for band in pool.bands}
    assert covered == {(place.locality, band) for place in PLACES for band in BANDS}


# Demand and the moment


def test_without_packages_demand_is_that_of_the_paper():
    enrolments, report = enrol(load("east_lothian_2017_framework"), REGISTER, [], [], 1)
    mornings = sum(pool.minutes for one in enrolments for pool in one.pools if pool.bands == {"morning"})

    assert mornings == -(-WEEK_OF_EL18_06 * 35 // 100 * 110 // 100)
    assert "Demand: no packages; 18,985 hours a week (EL18-06)." in report
    assert 'No places: everything is one locality, "all".' in report
    assert all(not pool.areas for one in enrolments for pool in one.pools)


def test_packages_without_a_place_are_spread_by_postcodes():
    places = [a_place(0, "North", 1), a_place(1, "North", 1), a_place(2, "North", 1), a_place(3, "South", 1)]
    rows = [a_row(0, (Visit(0, 450, 60),)), a_row(1, (Visit(0, 450, 20),), locality="South")]
    model = load("east_lothian_2017_framework").model

    minutes = demand_of(model, places, rows).minutes

    assert (minutes["North", "morning"], minutes["South", "morning"]) == (45, 35)


def test_packages_outside_the_scope_are_not_counted_and_told():
    rows = [*PACKAGES, a_row(500, MORNING_AND_BED, age_group="18-64", place=PLACES[0].postcode)]
    with_them, report = enrol(load("rutland_2013_two_tier"), REGISTER, PLACES, rows, 1)
    without, _ = enrol(load("rutland_2013_two_tier"), REGISTER, PLACES, PACKAGES, 1)

    assert with_them == without
    assert "Demand: 120 of 121 packages (outside the document's scope and not counted: 1)." in report


def test_minutes_without_a_moment_are_left_to_the_run():
    enrolments, report = enrol(load("isle_of_wight_2021_locality_prime"), REGISTER, [], [], 1)

    assert {pool.declared_at for one in enrolments for pool in one.pools} == {None}
    assert any("when the run begins" in line for line in report)


def test_kinds_of_care_without_a_lot_are_told():
    rows = [a_row(0, MORNING_AND_BED, place=PLACES[0].postcode, care_type="complex")]
    _, report = enrol(load("leeds_2010_framework"), REGISTER, PLACES, rows, 1)

    assert "Demand includes complex, for which capacity_book has no lot." in report


def test_minutes_that_nobody_can_offer_are_told():
    enrolments, report = enrol(load("east_lothian_2017_framework"), REGISTER[-2:], PLACES[:6], [], 1)

    assert in_all(enrolments) * 10 <= WEEK_OF_EL18_06 * 11 // 10 + 10
    assert any(
        "hours could not be enrolled, since nobody serves there or a pool holds no more" in one for one in report
    )


def test_minutes_are_declared_when_asked():
    at = datetime(2026, 1, 5, 9, tzinfo=UTC)
    enrolments, report = enrol(load("rutland_2013_two_tier"), REGISTER, [], [], 1, at)

    assert {pool.declared_at for one in enrolments for pool in one.pools} == {at}
    assert "Spare minutes are declared at 2026-01-05T09:00Z (as asked)." in report
