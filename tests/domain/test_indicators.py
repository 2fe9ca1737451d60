"""Sums behind the indicators: continuity as worked by hand, and ranks of whole numbers."""

from __future__ import annotations

from fractions import Fraction

import pytest

from calloff.domain.indicators import HALF, NINE_TENTHS, Share, continuity, ranked


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
