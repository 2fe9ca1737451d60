"""Shares of a package's price: what is a whole split, and which one counts on a day."""

from __future__ import annotations

from datetime import date

import pytest

from calloff.domain.funding import WHOLLY_THE_COUNCILS, Share, WrongSplitError, in_force, percent, whole

APRIL, JULY = date(2026, 4, 1), date(2026, 7, 1)
JOINT = (Share("ICB", "joint", 5_000, APRIL), Share("council", "council", 5_000, APRIL))
CHC = (Share("ICB", "chc", 10_000, JULY),)


@pytest.mark.parametrize(
    ("day", "split"),
    [
        (date(2026, 3, 31), WHOLLY_THE_COUNCILS),
        (APRIL, JOINT),
        (date(2026, 6, 30), JOINT),
        (JULY, CHC),
    ],
)
def test_the_last_split_that_has_begun_counts_in_the_order_of_the_table(day, split):
    assert in_force([*CHC, *JOINT], day) == split


def test_a_whole_split_is_given_back_as_it_is():
    assert whole(JOINT) == JOINT


@pytest.mark.parametrize(
    ("shares", "says"),
    [
        ([], "a funder of its own"),
        ([Share("", "council", 10_000)], "a funder of its own"),
        ([Share("a", "council", 5_000), Share("a", "joint", 5_000)], "a funder of its own"),
        ([Share("a", "gift", 10_000)], "no kind of funding called 'gift'"),
        ([Share("a", "council", 9_999)], "come to 99.99 per cent"),
        ([Share("a", "council", 10_001), Share("b", "joint", -1)], "each above nothing"),
        ([Share("a", "council", 10_000), Share("b", "joint", 0)], "each above nothing"),
    ],
)
def test_what_is_no_whole_split_is_refused(shares, says):
    with pytest.raises(WrongSplitError, match=says):
        whole(shares)


@pytest.mark.parametrize(
    ("basis_points", "text"),
    [(10_000, "100"), (3_333, "33.33"), (3_330, "33.3"), (5, "0.05"), (0, "0"), (-150, "-1.5")],
)
def test_basis_points_as_per_cent(basis_points, text):
    assert percent(basis_points) == text
