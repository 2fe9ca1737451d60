"""Numbers and moments in words: the examples of the screens, and what holds for all of them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calloff.web.config.look import words

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(1050, "17.5"), (0, "0.0"), (60, "1.0"), (3, "0.1"), (2, "0.0"), (4_230_000, "70,500.0"), (-30, "-0.5")],
)
def test_hours_have_one_decimal(minutes, said):
    assert words.hours(minutes) == said


@given(st.integers(0, 10**9))
def test_hours_are_within_three_minutes_of_the_truth(minutes):
    assert abs(float(words.hours(minutes).replace(",", "")) * 60 - minutes) <= 3.001


@pytest.mark.parametrize(
    ("centipence", "said"), [(155200, "£15.52"), (155250, "£15.53"), (155249, "£15.52"), (0, "£0.00")]
)
def test_rate_is_rounded_half_up(centipence, said):
    assert words.rate(centipence) == said


@given(st.integers(0, 10**7))
def test_rate_is_within_half_a_penny(centipence):
    pounds, pence = words.rate(centipence).removeprefix("£").replace(",", "").split(".")
    assert -50 < (int(pounds) * 100 + int(pence)) * 100 - centipence <= 50


def test_money_has_pounds_and_pence():
    assert words.money(27160) == "£271.60"
    assert words.money(2_700_000_000) == "£27,000,000.00"


def test_moment_is_worded_in_london():
    assert words.moment(datetime(2026, 11, 26, 10, 30, tzinfo=UTC)) == "Thursday 26 November, 10:30"
    # British Summer Time: one hour later than UTC, and here another day.
    assert words.moment(datetime(2026, 6, 30, 23, 30, tzinfo=UTC)) == "Wednesday 1 July, 00:30"


def test_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="no zone"):
        words.moment(datetime(2026, 11, 26, 10, 30))


def test_day_near_today_is_called_so_and_a_far_one_has_its_year():
    today = date(2026, 12, 31)

    assert [words.day(today + timedelta(days=ahead), today) for ahead in (0, 1, 2)] == [
        "today",
        "tomorrow",
        "Saturday 2 January 2027",
    ]


@pytest.mark.parametrize(
    ("minutes", "said", "brief"),
    [
        (0, "0 min", "0 min"),
        (38, "38 min", "38 min"),
        (60, "1 hour", "1 h"),
        (310, "5 hours 10 min", "5 h 10 min"),
        (2 * 1440 + 4 * 60 + 59, "2 days 4 hours", "2 d 4 h"),
        (1440 + 5, "1 day", "1 d"),
    ],
)
def test_duration_names_its_two_greatest_units(minutes, said, brief):
    assert words.duration(minutes) == said
    assert words.duration(minutes, brief=True) == brief


@given(st.integers(0, 10**6))
def test_duration_never_says_more_than_has_passed(minutes):
    units = {"day": 1440, "hour": 60, "min": 1}
    said = sum(int(count) * units[unit] for count, unit in re.findall(r"(\d+) (day|hour|min)", words.duration(minutes)))

    assert said <= minutes < said + (60 if minutes >= 1440 else 1)


def test_duration_refuses_less_than_nothing():
    with pytest.raises(ValueError, match="less than nothing"):
        words.duration(-1)


@given(MOMENTS, st.integers(-(10**7), 10**7))
def test_due_counts_the_same_both_ways(now, seconds):
    said = words.due(now + timedelta(seconds=seconds), now)
    minutes = abs(seconds) // 60

    if minutes == 0:
        assert said == "due now"
    else:
        assert said == ("in " if seconds > 0 else "overdue ") + words.duration(minutes)


def test_lasted_over_the_night_on_which_clocks_go_back():
    began = datetime(2026, 10, 24, 23, 30, tzinfo=words.LONDON)
    ended = datetime(2026, 10, 25, 7, 0, tzinfo=words.LONDON)

    assert words.lasted(began, ended) == "8 hours 30 min"
