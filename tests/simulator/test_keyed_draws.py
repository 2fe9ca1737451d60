"""Draws from a seed and a key, and whole numbers divided in proportion."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from calloff.simulator.keyed_draws import Draws, apportion


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
