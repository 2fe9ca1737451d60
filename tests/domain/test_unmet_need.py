import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calloff.domain.unmet_need import FOR_EVER, Stretch, Unmet, unmet

TODAY = date(2026, 11, 25)
YESTERDAY, TOMORROW = TODAY - timedelta(1), TODAY + timedelta(1)
LAST_WEEK = TODAY - timedelta(7)


def on(day, *packages):
    """Unmet minutes on a day, and how many people have nothing and how many a part."""
    spans = [span for package in packages for span in unmet(*package) if span.from_on <= day < span.until]
    return sum(span.minutes for span in spans), sum(span.whole for span in spans), sum(not s.whole for s in spans)


@pytest.mark.shows("F8")
def test_unmet_need_today():
    not_started = [Stretch(630, YESTERDAY)], [], []
    in_part = [Stretch(840, LAST_WEEK)], [Stretch(360, LAST_WEEK)], []
    tomorrow = [Stretch(420, TOMORROW)], [], []
    in_hospital = [Stretch(720, LAST_WEEK)], [], [Stretch(0, LAST_WEEK)]

    assert on(TODAY, not_started, in_part, tomorrow, in_hospital) == (1110, 1, 1)
    assert on(TOMORROW, not_started, in_part, tomorrow, in_hospital) == (1530, 2, 1)


days = st.dates(date(2026, 1, 1), date(2026, 3, 1))
stretches = st.lists(
    st.builds(
        lambda minutes, first, length: Stretch(minutes, first, first + timedelta(length) if length else FOR_EVER),
        st.integers(1, 600),
        days,
        st.integers(0, 40),
    ),
    max_size=4,
)


@given(stretches, stretches, stretches, days)
def test_each_day_counts_what_is_agreed_less_what_has_started(agreed, started, paused, day):
    wanted = sum(one.minutes for one in agreed if one.covers(day))
    given_now = sum(one.minutes for one in started if one.covers(day))
    expected = 0 if any(one.covers(day) for one in paused) else max(0, wanted - given_now)

    minutes, whole, part = on(day, (agreed, started, paused))

    assert minutes == expected
    assert whole + part == (expected > 0)
    assert whole == (expected > 0 and given_now == 0)


@given(stretches, stretches, stretches)
def test_neighbours_differ(agreed, started, paused):
    found = unmet(agreed, started, paused)

    for one, other in itertools.pairwise(found):
        assert one.until <= other.from_on
        assert one.until < other.from_on or (one.minutes, one.whole) != (other.minutes, other.whole)


def test_alike_days_are_one_stretch():
    found = unmet([Stretch(60, TODAY)], [Stretch(0, TOMORROW)], [])

    assert found == [Unmet(60, True, TODAY, FOR_EVER)]
