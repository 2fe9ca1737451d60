"""Who bears what a visit is worth, and how a block is settled: the worked figures of DOMAIN 4.8 and 12."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calloff.domain.payment import beyond_corridor, charge, corridor_adjustment, gain_share, shares

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
