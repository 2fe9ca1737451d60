"""Who bears what a visit is worth, and how a block is settled: the worked figures of DOMAIN 4.8 and 12."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calloff.domain.payment import (
    COST_PER_PENNY,
    Basis,
    RuleColumn,
    amount,
    band_reached,
    beyond_corridor,
    charge,
    corridor_adjustment,
    gain_share,
    late_interest,
    minutes_by_basis,
    payable_minutes,
    planned_cost,
    shares,
    stepped_cost,
    uplifted,
)
from calloff.domain.payment_rule import PaymentRule, numbers_of

BLOCK = {"block_pence": 100_000_000, "most_loss_percent": 5}


def test_odd_pennies_go_to_the_first_of_equals_and_a_correction_is_a_difference():
    assert shares(1_285, [5_000, 5_000]) == (643, 642)
    assert shares(1_286, [5_000, 5_000]) == (643, 643)
    assert shares(-1_285, [5_000, 5_000]) == (-643, -642)
    with pytest.raises(ValueError, match="cannot be divided"):
        shares(100, [0, 0])


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(0, 10_000), min_size=1, max_size=9).filter(any))
def test_shares_add_up_and_none_is_off_by_a_penny(pence, weights):
    found = shares(pence, weights)

    assert sum(found) == pence
    assert all(
        abs(one * sum(weights) - pence * weight) < sum(weights) for one, weight in zip(found, weights, strict=True)
    )


def test_a_person_pays_what_they_can_at_most_the_chargeable_care():
    # F10
    assert charge(5_620, 2_392) == 2_392
    assert charge(5_620, 8_000) == 5_620
    assert charge(5_620, 0) == 0


def test_a_block_delivered_below_its_corridor_is_shared_or_recovered_whole():
    # 40,000 hours at £25, corridor of 5 %, 36,000 delivered: 2,000 hours count, £50,000.
    beyond = beyond_corridor(36_000 * 60, 40_000 * 60, 500)

    assert beyond == -2_000 * 60
    assert gain_share(beyond, 250_000, 50, gates_met=True, **BLOCK) == -2_500_000
    assert gain_share(beyond, 250_000, 50, gates_met=False, **BLOCK) == -5_000_000
    assert corridor_adjustment(beyond, 250_000, 50) == -2_500_000


def test_a_block_delivered_above_its_corridor_mirrors_it_and_the_loss_is_capped():
    edge = beyond_corridor(42_000 * 60, 40_000 * 60, 500)
    beyond = beyond_corridor(50_000 * 60, 40_000 * 60, 500)

    assert (edge, beyond) == (0, 8_000 * 60)
    assert gain_share(beyond, 250_000, 50, gates_met=True, **BLOCK) == 20_000_000 - 5_000_000


def test_above_the_corridor_the_council_pays_what_the_provider_does_not_bear():
    # 1,000 minutes at £24 are £400; without the gates the provider bears all of it, up to 5 % of the block.
    assert gain_share(1_000, 240_000, 30, gates_met=True, block_pence=10**7, most_loss_percent=5) == 28_000
    assert gain_share(1_000, 240_000, 30, gates_met=False, block_pence=10**7, most_loss_percent=5) == 0
    assert gain_share(1_000, 240_000, 30, gates_met=False, block_pence=400_000, most_loss_percent=5) == 20_000
    assert gain_share(0, 240_000, 30, gates_met=True, block_pence=10**7, most_loss_percent=5) == 0
    assert gain_share(0, 240_000, 30, gates_met=False, block_pence=10**7, most_loss_percent=5) == 0
    # One minute below is worth 40p, of which the provider keeps 12p.
    assert gain_share(-1, 240_000, 30, gates_met=True, block_pence=10**7, most_loss_percent=5) == -28
    assert gain_share(-1, 240_000, 30, gates_met=False, block_pence=10**7, most_loss_percent=5) == -40
    assert gain_share(1, 240_000, 30, gates_met=True, block_pence=10**7, most_loss_percent=5) == 28


def test_the_edges_of_the_corridor_are_within_it():
    assert [beyond_corridor(minutes, 1_000, 500) for minutes in (949, 950, 951, 1_049, 1_050, 1_051)] == [
        -1,
        0,
        0,
        0,
        0,
        1,
    ]
    assert [beyond_corridor(minutes, 1_000, 0) for minutes in (999, 1_000, 1_001)] == [-1, 0, 1]
    # Half a minute beyond an edge counts as none, on both sides.
    assert [beyond_corridor(minutes, 1_010, 500) for minutes in (958, 959, 960, 1_060, 1_061, 1_062)] == [
        -1,
        0,
        0,
        0,
        0,
        1,
    ]
    assert beyond_corridor(20_000, 10_000, 1) == 9_999
    assert beyond_corridor(0, 10_000, 1) == -9_999


def test_weights_may_be_nothing_but_not_all_of_them_and_none_below():
    assert shares(100, [0, 1]) == (0, 100)
    assert shares(100, [1]) == (100,)
    assert shares(0, [1, 1]) == (0, 0)
    assert shares(2, [1, 1, 1]) == (1, 1, 0)
    assert shares(1, [1, 2, 1]) == (0, 1, 0)
    # The remainders of 2.5 and 7.5 are equal, whatever the weights; a negative is minus the positive.
    assert shares(10, [1, 3]) == (3, 7)
    assert shares(-1, [1, 1]) == (-1, 0)
    for weights in ([0], [-1, 3], [1, -1], [2, -1]):
        with pytest.raises(ValueError, match="cannot be divided"):
            shares(100, weights)


def test_nobody_pays_less_than_nothing():
    assert (charge(-5, 100), charge(100, -5), charge(1, 0), charge(0, 1)) == (0, 0, 0, 0)
    assert (charge(1, 2), charge(2, 1)) == (1, 1)


def test_a_penny_is_reached_at_its_half():
    penny = COST_PER_PENNY
    assert penny == 60 * 100 * 100
    assert [amount(cost, 1) for cost in (0, penny // 2 - 1, penny // 2, penny, 3 * penny // 2)] == [0, 0, 1, 1, 2]
    assert [amount(cost, 30) for cost in (15 * penny - 1, 15 * penny, 30 * penny)] == [0, 1, 1]


def test_the_numbers_of_rules_lie_in_this_order():
    assert [basis.name for basis in Basis] == ["PLANNED", "ACTUAL", "TOLERANCE", "BANDED", "ROUNDED", "STEPPED"]
    assert [int(basis) for basis in Basis] == [0, 1, 2, 3, 4, 5]
    assert [int(column) for column in RuleColumn] == list(range(16))


def test_bands_are_quarters_of_an_hour():
    assert [band_reached(minutes) for minutes in (-1, 0, 1, 14, 15, 29, 30, 59, 60, 74, 75)] == [
        0,
        0,
        0,
        0,
        15,
        15,
        30,
        45,
        60,
        60,
        75,
    ]


def by_basis(basis, actual, planned=30, extra=0, tolerance=5, round_to=5, capped=1):
    return minutes_by_basis(int(basis), actual, planned, planned + extra, tolerance, round_to, capped)


def test_planned_minutes_are_paid_and_what_was_approved_beyond_them_where_it_was_worked():
    assert [by_basis(Basis.PLANNED, actual, extra=10) for actual in (1, 30, 33, 40, 41)] == [30, 30, 33, 40, 40]
    assert by_basis(Basis.PLANNED, 37) == 30


def test_minutes_worked_stop_at_the_plan_where_they_are_capped():
    assert [by_basis(Basis.ACTUAL, actual) for actual in (29, 30, 31)] == [29, 30, 30]
    assert by_basis(Basis.ACTUAL, 31, capped=0) == 31
    assert by_basis(Basis.STEPPED, 31, capped=0) == 30
    assert by_basis(Basis.STEPPED, 29, capped=0) == 29


def test_within_the_tolerance_the_plan_is_paid():
    assert [by_basis(Basis.TOLERANCE, actual, capped=0) for actual in (24, 25, 35, 36)] == [24, 30, 30, 36]
    assert by_basis(Basis.TOLERANCE, 36) == 30


def test_a_band_is_reached_within_the_tolerance_and_never_above_the_plan():
    assert [by_basis(Basis.BANDED, actual) for actual in (9, 10, 24, 25, 40, 90)] == [0, 15, 15, 30, 30, 30]
    assert by_basis(Basis.BANDED, 90, capped=0) == 30


def test_minutes_are_rounded_to_the_nearest_the_middle_up():
    assert [by_basis(Basis.ROUNDED, actual, capped=0) for actual in (2, 3, 7, 8, 33)] == [0, 5, 5, 10, 35]
    assert [by_basis(Basis.ROUNDED, actual, planned=90, round_to=15) for actual in (7, 8, 22, 23)] == [0, 15, 15, 30]
    assert [by_basis(Basis.ROUNDED, actual, planned=90, round_to=2) for actual in (6, 7)] == [6, 8]
    assert by_basis(Basis.ROUNDED, 33) == 30


@pytest.mark.parametrize("place", [0, 1])
def test_below_the_floor_nothing_is_paid_and_the_minimum_is_never_above_the_plan(place):
    rule = PaymentRule("r", 1, "r", no_pay_below_minutes=5, least_minutes=20)
    other = PaymentRule("o", 1, "o", basis=Basis.PLANNED, no_pay_below_minutes=50, least_minutes=90)
    numbers, _ = numbers_of([rule, other] if place == 0 else [other, rule])

    def paid(actual, planned=30, extra=0):
        return payable_minutes(actual, planned, extra, numbers, place)

    assert [paid(actual) for actual in (4, 5, 19, 20, 21, 30, 31)] == [0, 20, 20, 20, 21, 30, 30]
    assert paid(5, planned=15) == 15
    assert [paid(actual, extra=5) for actual in (33, 36)] == [33, 35]


STEPS = (99, 99, 20, 1_000, 45, 2_100, 60, 2_400, 99, 99)
"""Among those of other rules: 20, 45 and 60 minutes at £10, £21 and £24."""


def pence_by_length(minutes):
    return amount(stepped_cost(minutes, STEPS, 1, 4, 2_400) * 100, 20)


def test_a_price_by_length_is_that_of_the_highest_step_and_of_further_minutes_up_to_the_next():
    assert [pence_by_length(minutes) for minutes in (0, 1, 10, 19, 20, 21, 44)] == [
        0,
        50,
        500,
        950,
        1_000,
        1_040,
        1_960,
    ]
    assert [pence_by_length(minutes) for minutes in (45, 46, 52, 53, 59)] == [2_100, 2_140, 2_380, 2_400, 2_400]
    # Beyond the last there is no step to stop at.
    assert [pence_by_length(minutes) for minutes in (60, 61, 90, 99)] == [2_400, 2_440, 3_600, 3_960]


def test_a_price_by_length_is_never_above_that_of_the_next_step_not_even_at_the_first():
    falling = (20, 1_000, 45, 900)
    assert [amount(stepped_cost(minutes, falling, 0, 2, 2_400) * 100, 20) for minutes in (19, 20, 21)] == [
        950,
        900,
        900,
    ]


def test_a_price_by_length_is_told_in_parts_of_its_first_step():
    assert stepped_cost(20, STEPS, 1, 4, 2_400) == 1_000 * COST_PER_PENNY // 100 * 20
    assert stepped_cost(7, (30, 1_000), 0, 1, 0) == 7 * 1_000 * COST_PER_PENNY // 100


def test_a_plan_costs_each_worker_a_pair_at_its_price_and_a_visit_as_one():
    assert planned_cost(30, 1, 228_000, 0, False) == 30 * 228_000 * 100
    assert planned_cost(30, 1, 228_000, 400_000, False) == 30 * 228_000 * 100
    assert planned_cost(30, 2, 228_000, 0, False) == 2 * 30 * 228_000 * 100
    assert planned_cost(30, 2, 228_000, 400_000, False) == 30 * 400_000 * 100
    assert planned_cost(30, 3, 228_000, 400_000, False) == 30 * 628_000 * 100
    assert planned_cost(30, 2, 150_000, 0, True) == 2 * 150_000 * 60 * 100


def test_5_4_a_rate_is_raised_to_the_whole_penny():
    assert uplifted(241_000, 4_007, 0) == 250_700
    assert uplifted(202_800, 0, 8_700) == 211_500
    assert uplifted(190_000, 0, 0) == 190_000
    # A share is one in 100,000 and no other: half a penny goes up, .40 of one does not.
    assert uplifted(100_000, 50, 0) == 100_100
    assert uplifted(12_345_700, 10_003, 0) == 13_580_600
    assert uplifted(200, 0, -200) == 0
    with pytest.raises(ValueError, match="cannot fall"):
        uplifted(100, 0, -101)


def test_interest_is_by_the_day_and_half_up():
    assert late_interest(1_000_000, 10, 1_200) == 3_288
    # A day of 36,500 pence at half a per cent a year is half a penny.
    assert late_interest(36_500, 1, 50) == 1
    assert late_interest(36_499, 1, 50) == 0


@pytest.mark.parametrize(("pence", "days"), [(0, 365), (-5, 365), (1_000_000, 0), (1_000_000, -10)])
def test_nothing_is_due_on_what_is_owed_the_other_way_or_was_in_time(pence, days):
    assert late_interest(pence, days, 10_000_000) == 0
