"""Enrolling a made-up register: what is drawn stays inside the document, adds up, and never hangs on row order."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calloff.documents.purchasing_models import load, parse, shipped_ids
from calloff.domain.contracts import PriceCell, overlapping
from calloff.domain.packages import BANDS, Package, Visit
from calloff.domain.providers import Provider
from calloff.domain.purchasing_model import price_rule_for
from calloff.formats.contracts import read_contracts, write_contracts
from calloff.formats.packages import NO_DAY, NO_MOMENT, PackageRow
from calloff.formats.places import Place
from calloff.simulator.demand import demand_of
from calloff.simulator.enrol import assumed_of, enrol
from calloff.simulator.enrolment_prices import rules_for
from calloff.simulator.keyed_draws import Draws, apportion

MODELS = shipped_ids()
WEEK_OF_EL18_06 = 18_985 * 60


def a_provider(number, **facts):
    given = {
        "reference": f"CS{number:04d}",
        "name": f"Service {number}",
        "organisation": f"SP{number:04d}",
        "nation": "scotland",
        "service_types": frozenset({"care_at_home"}),
        "in_house": False,
        "registered_from": date(2010, 1, 1),
        "registered_to": None,
        "scale": "care_inspectorate",
        "grades": (4, 4, 4, 4),
    }
    return Provider(**given | facts)


def a_place(number, locality, easting):
    return Place(f"ZZ{number % 90 + 10} {number // 90}ZZ", easting, 600_000, locality, "urban", "scotland")


def a_row(number, visits, locality="", place="", **facts):
    package = Package(f"P-{number}", NO_MOMENT, NO_DAY, 5, "scotland", locality, visits, **facts)
    return PackageRow(line=number + 2, package=package, place=place)


REGISTER = [a_provider(number) for number in range(60)] + [a_provider(number, in_house=True) for number in (90, 91)]
PLACES = [a_place(number, f"W{number % 6}", 300_000 + number % 6 * 1000) for number in range(90)]
MORNING_AND_BED = tuple(Visit(day, start, 30) for day in range(7) for start in (450, 1200))
PACKAGES = [a_row(number, MORNING_AND_BED, place=PLACES[number % 90].postcode) for number in range(120)]


def offered(enrolments, localities):
    """Spare minutes by locality and band; a pool of no area is one of the only locality."""
    minutes = Counter()
    for enrolment in enrolments:
        for pool in enrolment.pools:
            assert len(pool.areas or localities) == 1, "this enrolment has a pool over several localities"
            (locality,) = pool.areas or localities
            (band,) = pool.bands
            minutes[locality, band] += pool.minutes
    return minutes


def in_all(enrolments):
    return sum(sum(pool.minutes for pool in one.pools) + one.block_minutes for one in enrolments)


# What holds for every document


@pytest.mark.parametrize("model", MODELS)
def test_row_order_changes_nothing(model):
    forward = enrol(load(model), REGISTER, PLACES, PACKAGES, 1)

    assert enrol(load(model), REGISTER[::-1], PLACES[::-1], PACKAGES[::-1], 1) == forward


@pytest.mark.parametrize("model", MODELS)
def test_same_seed_same_bytes_and_another_seed_others(model, tmp_path):
    texts = []
    for number, seed in enumerate([1, 1, 2]):
        enrolments, _ = enrol(load(model), REGISTER, PLACES, PACKAGES, seed)
        path = tmp_path / f"{number}.csv"
        write_contracts(path, enrolments, assumed_of(enrolments))
        texts.append(path.read_bytes())

    assert texts[0] == texts[1] != texts[2]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("places", [[], PLACES])
@pytest.mark.parametrize("seed", [1, 2])
def test_every_enrolment_survives_its_file(model, places, seed, tmp_path):
    enrolments, _ = enrol(load(model), REGISTER, places, [], seed)
    write_contracts(tmp_path / "contracts.csv", enrolments, assumed_of(enrolments))

    assert list(read_contracts(tmp_path / "contracts.csv")) == enrolments


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("places", [[], PLACES])
@pytest.mark.parametrize("packages", [[], PACKAGES])
def test_every_tier_has_somebody(model, places, packages):
    document = load(model)
    enrolments, _ = enrol(document, REGISTER, places, packages, 1)

    assert {one.tier for one in enrolments} == {tier.name for tier in document.model.tiers}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("seed", range(5))
def test_every_price_is_within_floor_and_ceiling(model, seed):
    document = load(model)
    enrolments, _ = enrol(document, REGISTER, PLACES, [], seed)

    for enrolment in enrolments:
        assert overlapping(enrolment.price_lines) is None
        for line in enrolment.price_lines:
            care_type = line.care_type if line.care_type != "*" else "personal_care"
            rule = price_rule_for(
                document.model, enrolment.tier, PriceCell(care_type, "urban", "morning", "weekday", 1), date(2025, 4, 1)
            )
            assert line.centipence % 100 == 0
            if rule and enrolment.role not in ("in_house", "legacy"):
                assert rule.floor_centipence <= line.centipence <= rule.line.centipence
                assert line.includes == rule.line.includes


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("places", [[], PLACES])
@pytest.mark.parametrize("packages", [[], PACKAGES])
def test_spare_minutes_are_110_percent_of_demand(model, places, packages):
    document = load(model)
    enrolments, report = enrol(document, REGISTER, places, packages, 1)
    demand = demand_of(document.model, places, packages)

    assert in_all(enrolments) == sum(-(-wanted * 110 // 100) for wanted in demand.minutes.values())
    assert not any("could not be enrolled" in line for line in report)


@pytest.mark.parametrize("model", [model for model in MODELS if "block" not in model and "leeds" not in model])
@pytest.mark.parametrize("packages", [[], PACKAGES])
def test_spare_minutes_are_110_percent_in_each_locality_and_band(model, packages):
    document = load(model)
    enrolments, _ = enrol(document, REGISTER, PLACES, packages, 1)

    minutes = offered(enrolments, ())
    for cell, wanted in demand_of(document.model, PLACES, packages).minutes.items():
        assert minutes[cell] == -(-wanted * 110 // 100), cell


@pytest.mark.parametrize("model", MODELS)
def test_pools_offer_each_locality_and_band_once_and_only_where_the_provider_works(model):
    enrolments, _ = enrol(load(model), REGISTER, PLACES, PACKAGES, 1)

    for enrolment in enrolments:
        cells = [(area, band) for pool in enrolment.pools for area in pool.areas for band in pool.bands]
        assert len(cells) == len(set(cells))
        assert {area for area, _ in cells} <= (enrolment.localities or {place.locality for place in PLACES})


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_somebody_in_each_tier_and_locality_has_each_essential_capability(model, seed):
    document = load(model)
    enrolments, _ = enrol(document, REGISTER, PLACES, [], seed)

    for tier in document.model.tiers:
        for locality in {place.locality for place in PLACES}:
            there = [
                one
                for one in enrolments
                if one.tier == tier.name and (not one.localities or locality in one.localities)
            ]
            assert there, (tier.name, locality)
            skills = frozenset().union(*(one.capabilities for one in there))
            assert {"double_handed", "medication", "moving_and_handling"} <= skills


@pytest.mark.parametrize("model", MODELS)
def test_every_enrolment_says_what_is_assumed_and_the_report_too(model):
    enrolments, report = enrol(load(model), REGISTER, PLACES, [], 1)

    assert set(assumed_of(enrolments)) == {one.reference for one in enrolments}
    assert all("not known" in text for text in assumed_of(enrolments).values())
    assert any(line.startswith("assumed:") for line in report)
    assert all(one.from_on is None and one.to_on is None for one in enrolments)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    model=st.sampled_from(MODELS),
    size=st.integers(0, 40),
    localities=st.integers(0, 9),
    seed=st.integers(),
    shuffle=st.randoms(use_true_random=False),
)
def test_any_register_gives_a_contracts_file_that_reads_back_and_adds_up(
    model, size, localities, seed, shuffle, tmp_path
):
    document = load(model)
    providers = [a_provider(number, in_house=number % 9 == 8) for number in range(size)]
    places = [a_place(number, f"W{number}", 300_000 + number) for number in range(localities)]
    packages = [
        a_row(number, MORNING_AND_BED, locality=f"W{number % localities}" if localities else "") for number in (0, 1)
    ]

    enrolments, report = enrol(document, providers, places, packages, seed)

    again = list(providers)
    shuffle.shuffle(again)
    assert enrol(document, again, places, packages, seed) == (enrolments, report)
    write_contracts(tmp_path / "contracts.csv", enrolments)
    assert list(read_contracts(tmp_path / "contracts.csv")) == enrolments
    wanted = sum(-(-minutes * 110 // 100) for minutes in demand_of(document.model, places, packages).minutes.values())
    external = {one.provider for one in enrolments if one.role != "in_house"}
    assert in_all(enrolments) == wanted if external else in_all(enrolments) <= wanted


# Who is enrolled


def test_counts_are_the_papers_when_the_register_has_enough():
    enrolments, report = enrol(load("east_lothian_2017_framework"), REGISTER, PLACES, [], 1)

    assert Counter(one.tier for one in enrolments) == {"framework": 15, "council_team": 2}
    assert "Tier framework (member): 15 in the document, 15 drawn." in report


def test_a_short_register_is_shared_out_in_proportion():
    """5 and 7 and a spot provider want 13; of 7 each tier has one, and 4 more go where most are wanted."""
    enrolments, report = enrol(load("rutland_2013_two_tier"), REGISTER[:7], PLACES, [], 1)

    assert Counter(one.tier for one in enrolments) == {"framework": 3, "second_tier": 3, "spot": 1}
    assert "Tier framework (member): 5 in the document, 3 drawn; 5 were wanted, the register has too few." in report


def test_those_left_over_go_to_the_spot_tier():
    enrolments, _ = enrol(load("rutland_2013_two_tier"), REGISTER[:30], PLACES, [], 1)

    assert Counter(one.tier for one in enrolments) == {"framework": 5, "second_tier": 7, "spot": 18}


def test_without_a_spot_tier_the_report_names_who_is_left_over():
    enrolments, report = enrol(load("east_lothian_2017_framework"), REGISTER[:16], PLACES, [], 1)
    (left,) = {one.reference for one in REGISTER[:16]} - {one.provider for one in enrolments}

    assert any(f"{left} (left over" in line for line in report)


def test_ended_and_other_services_are_not_enrolled():
    ended = a_provider(70, registered_to=date(2013, 4, 30))
    housing = a_provider(71, service_types=frozenset({"housing_support"}))
    register = [*REGISTER[:3], ended, housing]

    rutland, report = enrol(load("rutland_2013_two_tier"), register, [], [], 1)
    east_lothian, _ = enrol(load("east_lothian_2017_framework"), register, [], [], 1)

    assert {one.provider for one in rutland} == {one.reference for one in REGISTER[:3]}
    assert any("CS0070 (registration ended); CS0071 (other service types)" in line for line in report)
    assert "CS0071" in {one.provider for one in east_lothian}


def test_without_a_council_run_provider_the_in_house_tier_is_empty_and_told():
    enrolments, report = enrol(load("east_lothian_2017_framework"), REGISTER[:20], PLACES, [], 1)

    assert "in_house" not in {one.role for one in enrolments}
    assert "The register has no council-run provider: the in-house tier stays empty." in report


# Localities


def test_primes_have_a_group_each_and_stand_in_next_door():
    enrolments, report = enrol(load("isle_of_wight_2021_locality_prime"), REGISTER, PLACES, [], 1)
    primes = {one.localities: one.provider for one in enrolments if one.role == "prime"}
    west, middle, east = frozenset({"W0", "W1"}), frozenset({"W2", "W3"}), frozenset({"W4", "W5"})
    stand_ins = {(one.provider, one.localities) for one in enrolments if one.role == "secondary"}

    assert set(primes) == {west, middle, east}
    assert stand_ins == {
        (primes[middle], west),
        (primes[west], middle),
        (primes[east], middle),
        (primes[middle], east),
    }
    assert f"  W0 -> group 1 (prime {primes[west]})" in report


def test_subcontractors_are_local_independent_and_hold_enough_for_the_quota():
    enrolments, _ = enrol(load("isle_of_wight_2021_locality_prime"), REGISTER, PLACES, [], 1)
    subcontractors = {one.provider: one for one in enrolments if one.role == "subcontractor"}

    for prime in (one for one in enrolments if one.role == "prime"):
        assert 4 <= len(prime.subcontractors) <= 6
        for name in prime.subcontractors:
            assert subcontractors[name].local
            assert prime.localities <= subcontractors[name].localities
            assert not prime.ultimate_parent or subcontractors[name].ultimate_parent != prime.ultimate_parent
    own = sum(pool.minutes for one in enrolments if one.role == "prime" for pool in one.pools)
    theirs = sum(pool.minutes for one in subcontractors.values() for pool in one.pools)
    assert theirs / own == pytest.approx(0.4, abs=0.001)


def test_a_member_works_everywhere_or_in_half_the_localities_or_more():
    text = load("rutland_2013_two_tier").texts
    enrolments, _ = enrol(parse(text), REGISTER, PLACES, [], 1)
    counts = Counter(len(one.localities) for one in enrolments)

    assert set(counts) <= {0, 3, 4, 5, 6}
    assert 20 <= counts[0] <= 40


def test_a_block_serves_whoever_lives_in_its_localities():
    for seed in range(5):
        enrolments, _ = enrol(load("east_lothian_2024_locality_block"), REGISTER, PLACES, [], seed)
        blocks = [one for one in enrolments if one.role == "block"]

        assert len(blocks) == 3
        assert not any(one.client_groups or one.age_groups for one in blocks)
        assert any(one.client_groups for one in enrolments if one.role == "member")


def test_without_zones_no_localities_are_written():
    enrolments, _ = enrol(load("east_lothian_2017_framework"), REGISTER, PLACES, [], 1)

    assert all(not one.localities for one in enrolments)


# Prices


def test_fixed_fees_and_blocks_need_no_price_line():
    prime, _ = enrol(load("isle_of_wight_2021_locality_prime"), REGISTER, PLACES, [], 1)
    block, _ = enrol(load("east_lothian_2024_locality_block"), REGISTER, PLACES, [], 1)

    assert not any(one.price_lines for one in prime if one.role in ("prime", "secondary", "subcontractor"))
    assert not any(one.price_lines for one in block if one.role == "block")
    assert {one.full_cost_centipence_per_hour for one in prime if one.role == "prime"} == {221720}


@pytest.mark.shows("EL24-10")
def test_an_in_house_hour_costs_over_twice_the_external_price_on_both_bases():
    enrolments, _ = enrol(load("east_lothian_2017_framework"), REGISTER, PLACES, [], 1)
    external = [one for one in enrolments if one.role == "member"]
    for team in (one for one in enrolments if one.role == "in_house"):
        assert [line.centipence for line in team.price_lines] == [335000]
        assert team.full_cost_centipence_per_hour == 368500
        assert all(2 * line.centipence < 335000 for one in external for line in one.price_lines)


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


@pytest.mark.parametrize(
    ("model", "at"),
    [
        ("rutland_2013_two_tier", datetime(2025, 3, 31, 8, tzinfo=UTC)),
        ("isle_of_wight_2021_locality_prime", datetime(2021, 2, 1, 8, tzinfo=UTC)),
    ],
)
def test_minutes_are_declared_on_the_terms_first_day_or_the_usual_one(model, at):
    enrolments, report = enrol(load(model), REGISTER, [], [], 1)

    assert {pool.declared_at for one in enrolments for pool in one.pools} == {at}
    assert any("assumed: the" in line and at.date().isoformat() in line for line in report)


def test_minutes_are_declared_when_asked():
    at = datetime(2026, 1, 5, 9, tzinfo=UTC)
    enrolments, report = enrol(load("rutland_2013_two_tier"), REGISTER, [], [], 1, at)

    assert {pool.declared_at for one in enrolments for pool in one.pools} == {at}
    assert "Spare minutes are declared at 2026-01-05T09:00Z (as asked)." in report


# Draws and shares


@given(st.integers(0, 10_000), st.lists(st.tuples(st.integers(0, 99), st.integers(0, 5000)), max_size=8))
def test_apportion_gives_all_there_is_room_for(total, parts):
    weights, room = [weight for weight, _ in parts], [most for _, most in parts]
    shares = apportion(total, weights, room)

    assert sum(shares) == min(total, sum(room))
    assert all(0 <= share <= most for share, most in zip(shares, room, strict=True))


@given(st.integers(0, 10_000), st.lists(st.integers(1, 99), min_size=1, max_size=8))
def test_apportion_is_within_one_of_the_exact_share(total, weights):
    shares = apportion(total, weights)

    assert sum(shares) == total
    assert all(
        abs(share * sum(weights) - total * one) < sum(weights) for share, one in zip(shares, weights, strict=True)
    )


@given(st.integers(), st.integers(-50, 50), st.integers(0, 50), st.text(max_size=5))
def test_a_draw_is_within_its_limits(seed, least, span, key):
    assert least <= Draws(seed).between(least, least + span, "test", key) <= least + span


@given(st.sets(st.text(max_size=3), min_size=4), st.randoms(use_true_random=False))
def test_a_drawn_order_hangs_on_the_seed_and_not_on_the_order_it_came_in(items, shuffle):
    mixed = list(items)
    shuffle.shuffle(mixed)

    assert Draws(1).order(mixed, "test") == Draws(1).order(sorted(items), "test")
    assert len({tuple(Draws(seed).order(items, "test")) for seed in range(20)}) > 1


def test_draws_are_even():
    drawn = Counter(Draws(1).between(1, 10, "test", str(number)) for number in range(10_000))

    assert set(drawn) == set(range(1, 11))
    assert all(850 <= number <= 1150 for number in drawn.values())
