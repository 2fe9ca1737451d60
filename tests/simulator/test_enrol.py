"""Enrolling a made-up register: what is drawn stays inside the document, adds up, and never hangs on row order."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_up_register import (
    MODELS,
    MORNING_AND_BED,
    PACKAGES,
    PLACES,
    REGISTER,
    a_place,
    a_provider,
    a_row,
    in_all,
    offered,
)

from calloff.documents.purchasing_models import load
from calloff.domain.contracts import PriceCell, overlapping
from calloff.domain.purchasing_model import price_rule_for
from calloff.formats.contracts import read_contracts, write_contracts
from calloff.simulator.demand import demand_of
from calloff.simulator.enrol import assumed_of, enrol
from calloff.simulator.keyed_draws import Draws
from calloff.simulator.person_led import with_ways_of_leading


def demand_under(document, places, packages, seed):
    """The demand as a document has it: where it is for those who lead, some of the packages are taken to be led."""
    rows, _ = with_ways_of_leading(document.model, packages, Draws(seed))
    return demand_of(document.model, places, rows)


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
            area = line.area_band if line.area_band != "*" else "urban"
            rule = price_rule_for(
                document.model, enrolment.tier, PriceCell(care_type, area, "morning", "weekday", 1), date(2025, 4, 1)
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
    demand = demand_under(document, places, packages, 1)

    assert in_all(enrolments) == sum(-(-wanted * 110 // 100) for wanted in demand.minutes.values())
    assert not any("could not be enrolled" in line for line in report)


@pytest.mark.parametrize("model", [model for model in MODELS if "block" not in model and "leeds" not in model])
@pytest.mark.parametrize("packages", [[], PACKAGES])
def test_spare_minutes_are_110_percent_in_each_locality_and_band(model, packages):
    document = load(model)
    enrolments, _ = enrol(document, REGISTER, PLACES, packages, 1)

    minutes = offered(enrolments, ())
    for cell, wanted in demand_under(document, PLACES, packages, 1).minutes.items():
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
        # A counted team of the council's own works in the one locality that was drawn for it.
        of_tier = [one for one in enrolments if one.tier == tier.name]
        counted = tier.role == "in_house" and tier.count
        localities = of_tier[0].localities if counted else {place.locality for place in PLACES}
        for locality in localities:
            there = [one for one in of_tier if not one.localities or locality in one.localities]
            assert there, (tier.name, locality)
            skills = frozenset().union(*(one.capabilities for one in there))
            assert {"double_handed", "medication", "moving_and_handling"} <= skills


@pytest.mark.parametrize("model", MODELS)
def test_every_enrolment_says_what_is_assumed_and_the_report_too(model):
    document = load(model)
    enrolments, report = enrol(document, REGISTER, PLACES, [], 1)
    joining = [one for one in enrolments if one.from_on is not None]

    assert set(assumed_of(enrolments)) == {one.reference for one in enrolments}
    assert all("not known" in text for text in assumed_of(enrolments).values())
    assert any(line.startswith("assumed:") for line in report)
    assert all(", from, " in assumed_of(joining)[one.reference] for one in joining)
    assert not joining or document.model.joining
    assert all(one.to_on is None for one in enrolments)


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
    demand = demand_under(document, places, packages, seed)
    wanted = sum(-(-minutes * 110 // 100) for minutes in demand.minutes.values())
    external = {one.provider for one in enrolments if one.role != "in_house"}
    assert in_all(enrolments) == wanted if external else in_all(enrolments) <= wanted
