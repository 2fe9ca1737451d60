"""Sums behind the indicators: continuity as worked by hand, and ranks of whole numbers."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from calloff.domain.indicators import HALF, NINE_TENTHS, Share, continuity, ranked, spread_seconds


def test_continuity_as_worked_by_hand():
    # F9: 28 visits in 14 days by four workers, 12, 10, 4 and 2.
    found = continuity([12, 10, 4, 2])

    assert (found.workers, found.visits, found.top_three) == (4, 28, Share(26, 28))
    assert found.index == Fraction(236, 756)
    assert continuity([5]).index == 1
    assert continuity([1, 1, 1]).index == 0
    assert continuity([1]).index is None
    assert continuity([]) == continuity([0])


@pytest.mark.parametrize(
    ("values", "half", "most"), [([], None, None), ([4], 4, 4), ([1, 2, 3, 4], 2, 4), (list(range(1, 11)), 5, 9)]
)
def test_the_smallest_value_that_a_share_of_cases_does_not_pass(values, half, most):
    assert (ranked(values, HALF), ranked(values, NINE_TENTHS)) == (half, most)


def clock_sums(seconds):
    angles = [second * math.tau / 86_400 for second in seconds]
    return len(seconds), sum(map(math.cos, angles)), sum(map(math.sin, angles))


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ([8 * 3_600], 0),
        ([8 * 3_600] * 14, 0),
        # Ten minutes either side of eight o'clock; and either side of midnight, where a plain mean would be noon.
        ([8 * 3_600 - 600, 8 * 3_600 + 600], 600),
        ([86_400 - 600, 600], 600),
        # At opposite ends of the clock they lie all around.
        ([0, 43_200], 86_400),
        ([0, 21_600, 43_200, 64_800], 86_400),
    ],
)
def test_the_spread_of_a_call_is_that_of_a_clock(seconds, expected):
    assert spread_seconds(*clock_sums(seconds)) == pytest.approx(expected, abs=1)


def test_the_spread_is_the_circular_standard_deviation():
    # Two moments six hours apart: R is cos 45 degrees, and sqrt(-2 ln R) radians are 11,448 seconds.
    assert spread_seconds(*clock_sums([0, 21_600])) == 11_448


def test_no_moment_has_no_spread():
    with pytest.raises(ValueError, match="no spread"):
        spread_seconds(0, 0.0, 0.0)
