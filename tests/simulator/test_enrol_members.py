"""Who is enrolled, in which tier and where."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from made_up_register import (
    MORNING_AND_BED,
    PACKAGES,
    PLACES,
    REGISTER,
    a_provider,
    a_row,
)

from calloff.documents.purchasing_models import load, parse
from calloff.domain.errors import BadInputError
from calloff.simulator.enrol import enrol
from calloff.simulator.membership import JOINING_DAYS
from calloff.simulator.seats import OTHER_LOT_PERCENT


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


def test_a_market_that_anybody_may_join_has_every_external_provider_and_some_of_them_later():
    enrolments, report = enrol(load("isle_of_wight_dps"), REGISTER, PLACES, [], 1)
    joining = {(one.from_on - date(2025, 3, 31)).days for one in enrolments if one.from_on}

    assert {one.provider for one in enrolments} == {one.reference for one in REGISTER if not one.in_house}
    assert 0 < len(joining) < len(enrolments) / 2
    assert min(joining) >= 1
    assert max(joining) <= JOINING_DAYS[1]
    assert any(line.startswith("assumed: whoever can be enrolled is a member") for line in report)


# Localities


def test_a_locality_has_no_more_members_of_a_tier_than_its_document_lets_in():
    enrolments, _ = enrol(load("ranked_price_quality"), REGISTER, PLACES, [], 1)
    there = Counter(locality for one in enrolments if one.tier == "tier_1" for locality in one.localities)

    assert all(one.localities for one in enrolments if one.tier == "tier_1")
    assert 0 < max(there.values()) <= 10


def test_a_counted_team_of_the_councils_own_works_in_one_locality():
    enrolments, report = enrol(load("rutland_2018_twofold"), REGISTER, PLACES, PACKAGES, 1)
    (team,) = [one for one in enrolments if one.tier == "complex_team"]

    assert len(team.localities) == 1
    assert {area for pool in team.pools for area in pool.areas} == team.localities
    assert "Tier complex_team (in_house): 1 in the document, 1 drawn." in report
    assert "assumed: each counted team of the council's own works in one locality, drawn." in report


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


def test_two_tiers_that_stand_in_have_another_prime_each():
    document = load("isle_of_wight_2021_locality_prime")
    further = replace(document.model.tier("adjoining_prime"), name="further_prime")
    model = replace(document.model, tiers=(*document.model.tiers, further))
    enrolments, _ = enrol(replace(document, model=model), REGISTER, PLACES, [], 1)
    primes = {one.localities: one.provider for one in enrolments if one.role == "prime"}

    for locality, own in primes.items():
        stand_ins = [one.provider for one in enrolments if one.role == "secondary" and one.localities == locality]
        assert sorted([own, *stand_ins]) == sorted(primes.values())


def test_members_of_a_tier_by_locality_are_counted_in_each_group():
    document = load("isle_of_wight_2021_locality_prime")
    reserve = replace(document.model.tier("spot"), name="reserve", role="member", count=2, per_locality=True)
    model = replace(document.model, tiers=(*document.model.tiers, reserve))
    enrolments, _ = enrol(replace(document, model=model), REGISTER, PLACES, [], 1)

    assert set(Counter(one.localities for one in enrolments if one.tier == "reserve").values()) == {2}


def test_a_scope_of_some_localities_enrols_for_these_alone():
    document = load("rutland_2013_two_tier")
    scope = replace(document.model.scope, localities=frozenset({"W1", "W4"}))
    enrolments, _ = enrol(replace(document, model=replace(document.model, scope=scope)), REGISTER, PLACES, PACKAGES, 1)

    assert {area for one in enrolments for pool in one.pools for area in pool.areas} == {"W1", "W4"}


def test_the_current_providers_of_packages_are_the_legacy_tier():
    rows = [a_row(0, MORNING_AND_BED, place=PLACES[0].postcode, current_provider="CS0005")]
    enrolments, _ = enrol(load("isle_of_wight_2021_locality_prime"), REGISTER, PLACES, rows, 1)

    assert [one.provider for one in enrolments if one.tier == "legacy"] == ["CS0005"]


def test_names_that_would_make_one_reference_of_two_are_refused():
    document = load("rutland_2013_two_tier")
    tiers = tuple(replace(tier, name=name) for tier, name in zip(document.model.tiers, ["a", "b-a", "c"], strict=True))
    register = [a_provider(0, reference="X"), a_provider(1, reference="X-b"), a_provider(2, reference="Y")]

    # The draw decides which tier each is in: some seed puts the two into those whose names run together.
    def enrol_with_many_seeds():
        for seed in range(20):
            enrol(replace(document, model=replace(document.model, tiers=tiers, steps=())), register, [], [], seed)

    with pytest.raises(BadInputError, match=r"two enrolments would be called C-X-b-a; rename a provider or a tier"):
        enrol_with_many_seeds()


def test_in_a_market_with_lots_of_its_own_some_members_are_in_every_one_and_none_is_without_minutes():
    document = load("dynamic_market")
    enrolments, report = enrol(document, REGISTER, PLACES, PACKAGES, 4)

    first = document.model.lots[0].name
    assert {one.lot for one in enrolments} == {first, ""}
    assert all(one.pools for one in enrolments)
    assert len(enrolments) == len({one.provider for one in enrolments})
    assert f"assumed: members are in the document's first lot, {OTHER_LOT_PERCENT} % in every one." in report


@pytest.mark.parametrize(("counted", "members"), [("count: 6", 6), ("count: 2, per_lot: yes", 4)])
def test_members_of_a_certain_number_are_dealt_out_over_the_lots(counted, members):
    text = (Path(__file__).parents[1] / "cases" / "kernel" / "models" / "rotation.yaml").read_text("utf-8")
    text = text.replace("nation: england", "nation: scotland").replace("count: 6", counted)
    enrolments, report = enrol(parse([("rotation.yaml", text)]), REGISTER, PLACES, PACKAGES, 4)

    lots = Counter(one.lot for one in enrolments if one.tier == "members")
    assert lots == {"valley": members // 2, "coast": members // 2}
    told = "2 in the document in each lot" if "per_lot" in counted else "6 in the document"
    assert f"Tier members (member): {told}, {members} drawn." in report
