"""A visit longer or shorter for a few days: what needs no approval, and where it begins to."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from calloff.domain.temporary import Dated, Limits, net, over_the_limits

MONDAY = date(2026, 11, 23)
WEEKLY = 1_000
"""Ten per cent of it are 100 minutes a week, and over two weeks 200."""


def days(first: int, last: int, minutes: int) -> list[Dated]:
    return [Dated(MONDAY + timedelta(days=day), minutes) for day in range(first, last + 1)]


@pytest.mark.parametrize(
    ("change", "others", "over"),
    [
        ([], [], ""),
        (days(0, 13, 14), [], ""),
        (days(0, 13, -14), [], ""),
        (days(0, 14, 1), [], "days"),
        (days(0, 0, 100), [], ""),
        (days(0, 0, 101), [], "week"),
        (days(0, 0, -101), [], "week"),
        (days(6, 7, 100), [], ""),
        (days(0, 0, 60), days(6, 6, 41), "week"),
        (days(0, 0, 60), days(7, 7, 90), ""),
        (days(0, 0, 150), days(1, 1, -50), ""),
        (days(14, 14, 1), [*days(0, 0, 100), *days(7, 7, 100)], "four_weeks"),
        (days(14, 14, -1), [*days(0, 0, 100), *days(7, 7, 100)], ""),
        (days(27, 27, 1), [*days(0, 0, 100), *days(7, 7, 100)], "four_weeks"),
        (days(28, 28, 1), [*days(0, 0, 100), *days(7, 7, 100)], ""),
        (days(0, 0, 1), [*days(20, 20, 100), *days(27, 27, 100)], "four_weeks"),
        (days(0, 0, 1), [*days(21, 21, 100), *days(28, 28, 100)], ""),
        # What others passed in another week is not this change's fault, but four weeks together are.
        (days(0, 0, 1), days(7, 13, 50), "four_weeks"),
    ],
)
def test_which_limit_is_passed(change, others, over):
    assert over_the_limits(change, others, WEEKLY) == over


def test_limits_are_whole_minutes_and_a_share_of_one_counts_as_none():
    limits = Limits(percent=10, days=14)

    assert (limits.in_a_week(1_009), limits.in_four_weeks(1_009)) == (100, 201)
    assert Limits(5, 7).in_four_weeks(1_000) == 50


def test_the_net_of_some_days():
    assert net([*days(0, 2, 10), *days(1, 1, -5)], MONDAY, 2) == 15
