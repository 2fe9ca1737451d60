"""Pay periods follow each other without gap or overlap (TRUST I17), and a year's pennies are all paid."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from calloff.domain.pay_calendar import KINDS, Period, due_stage, following, instalments, period_of, periods_in

ANCHOR = date(2026, 3, 30)


@pytest.mark.parametrize("kind", KINDS)
def test_each_day_from_2024_to_2040_lies_in_one_period_and_periods_touch(kind):
    day, last = date(2024, 1, 1), date(2040, 12, 31)
    period = period_of(kind, ANCHOR, day)
    while day <= last:
        found = period_of(kind, ANCHOR, day)
        assert day in found
        if found != period:
            assert found.from_on == period.to_on + timedelta(days=1) == day
            assert following(kind, ANCHOR, period) == found
            period = found
        day += timedelta(days=1)


def test_a_leap_february_and_a_week_53_are_periods_like_others():
    assert period_of("monthly", ANCHOR, date(2028, 2, 29)) == Period(date(2028, 2, 1), date(2028, 2, 29))
    assert period_of("weekly", ANCHOR, date(2027, 1, 1)) == Period(date(2026, 12, 28), date(2027, 1, 3))
    assert period_of("four_weekly", ANCHOR, date(2026, 3, 29)) == Period(date(2026, 3, 2), date(2026, 3, 29))


def test_a_kind_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="fortnightly"):
        period_of("fortnightly", ANCHOR, ANCHOR)


def test_a_year_has_twelve_months_and_thirteen_periods_of_four_weeks():
    months = list(periods_in("monthly", ANCHOR, date(2026, 4, 1), date(2027, 3, 31)))
    assert len(months) == 12
    assert len(list(periods_in("four_weekly", ANCHOR, date(2026, 3, 30), date(2027, 3, 28)))) == 13
    # One that began before the first day is not begun again.
    assert next(periods_in("four_weekly", ANCHOR, date(2026, 4, 1), date(2027, 3, 31))).from_on == date(2026, 4, 27)


@pytest.mark.parametrize(("pence", "count"), [(313_709_760, 12), (10_000_007, 13), (5, 12), (0, 4)])
def test_instalments_come_to_the_year(pence, count):
    parts = instalments(pence, count)

    assert (sum(parts), len(parts)) == (pence, count)
    assert max(parts) - min(parts) <= 1


@pytest.mark.parametrize(
    ("settled_up_to", "stage"),
    [
        (date(2026, 4, 5), 0),
        (date(2026, 4, 11), 0),
        (date(2026, 4, 12), 1),
        (date(2026, 4, 18), 1),
        (date(2026, 4, 19), 2),
        (date(2026, 6, 1), 2),
    ],
)
def test_a_period_is_settled_at_the_ends_of_the_next_two(settled_up_to, stage):
    assert due_stage("weekly", ANCHOR, date(2026, 4, 1), settled_up_to, 2) == stage
