"""
The business calendar, against three independent witnesses.

The cases of `tests/cases/deadlines.yaml` are worked by hand. A stop-watch that knows only the rule
of the clock changes counts open minutes one by one. And Hypothesis looks for a moment at which the
promises in the docstrings do not hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from calloff.documents.bank_holidays import calendar_for
from calloff.domain.calendar import (
    Calendar,
    Clock,
    ClockError,
    ClockUnit,
    CountingDays,
    MomentError,
    Nation,
    UncoveredDayError,
    add_months,
    days_uncovered,
    deadline,
    financial_year_begins,
    local,
    minutes_between,
    moment_text,
    parse_moment,
    pay_period,
    standing_clocks,
    to_utc,
    week_text,
    working_days_after,
)
from calloff.domain.errors import BadInputError

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "deadlines.yaml").read_text("utf-8"))["cases"]
ENGLAND = calendar_for(Nation.ENGLAND)
CHANGE_NIGHTS = [date(2026, 3, 29), date(2026, 10, 25), date(2027, 3, 28), date(2027, 10, 31)]
MINUTE = timedelta(minutes=1)


def round_the_clock(length: int) -> Clock:
    return Clock(length, ClockUnit.MINUTES, opens=0, closes=1440, days=CountingDays.ALL_DAYS)


def by_day(length: int) -> Clock:
    return Clock(length, ClockUnit.MINUTES, opens=480, closes=1200, days=CountingDays.ALL_DAYS)


# --- The cases a commissioner can read and sign

IN_MINUTES = re.compile(
    r"(?P<length>\d+) minutes within (?P<opens>\d\d:\d\d)-(?P<closes>\d\d:\d\d) on (?P<days>[a-z ]+)"
)
IN_DAYS = re.compile(r"(?P<length>\d+) working days?")
OFFSETS = {"GMT": timezone(timedelta(0)), "BST": timezone(timedelta(hours=1))}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_deadline_of_the_case(case: dict[str, Any]) -> None:
    calendar = calendar_for(Nation(case["nation"]), case.get("local_holidays", ()))

    due_at = deadline(a_sent_moment(case["sent"]), a_clock(case["clock"]), calendar)

    assert due_at.utcoffset() == timedelta(0)
    assert as_written(local(due_at), with_zone=case["expect"][-3:] in OFFSETS) == case["expect"]


def test_cases_are_told_apart_and_sourced() -> None:
    assert len({case["name"] for case in CASES}) == len(CASES)
    assert all(case["source"] for case in CASES)


def a_sent_moment(text: str) -> datetime:
    """`Fri 27 March 2026 16:30`, with BST or GMT behind it on a change night."""
    written, zone = (text[:-4], text[-3:]) if text[-3:] in OFFSETS else (text, None)
    wall = datetime.strptime(written, "%a %d %B %Y %H:%M")  # its zone is the next line's matter
    moment = wall.replace(tzinfo=OFFSETS[zone]) if zone else to_utc(wall.date(), wall.hour * 60 + wall.minute)
    # A weekday that does not fit the date, or BST in winter, is a slip of the writer.
    assert as_written(local(moment), with_zone=zone is not None) == text
    return moment


def as_written(at: datetime, *, with_zone: bool) -> str:
    return f"{at:%a} {at.day} {at:%B %Y %H:%M}" + (f" {at:%Z}" if with_zone else "")


def a_clock(text: str) -> Clock:
    if text in standing_clocks():
        return standing_clocks()[text]
    if days := IN_DAYS.fullmatch(text):
        return Clock(int(days["length"]), ClockUnit.WORKING_DAYS)
    found = IN_MINUTES.fullmatch(text)
    assert found, f"no clock: {text}"
    return Clock(
        int(found["length"]),
        ClockUnit.MINUTES,
        opens=minute_of_day(found["opens"]),
        closes=minute_of_day(found["closes"]),
        days=CountingDays(found["days"].replace(" ", "_")),
    )


def minute_of_day(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


# --- A stop-watch that shares nothing with the calendar but the list of days


def wall(at: datetime) -> datetime:
    """UK local time from the rule itself: summer time from 01:00 UTC, last Sunday of March, to October's."""
    begins, ends = last_sunday_at_one(at.year, 3), last_sunday_at_one(at.year, 10)
    return at.replace(tzinfo=None) + (timedelta(hours=1) if begins <= at < ends else timedelta())


@cache
def last_sunday_at_one(year: int, month: int) -> datetime:
    last_day = datetime(year, month, 31, 1, tzinfo=UTC)
    return last_day - timedelta(days=(last_day.weekday() + 1) % 7)


def runs(clock: Clock, calendar: Calendar, at: datetime) -> bool:
    """Whether the clock runs in the minute that begins at `at`."""
    shown = wall(at)
    in_hours = clock.opens <= shown.hour * 60 + shown.minute < clock.closes
    day = shown.date()
    is_off = day.weekday() >= 5 or day in calendar.bank_holidays or day in calendar.local_holidays
    return in_hours and (clock.days is CountingDays.ALL_DAYS or not is_off)


def stop_watch(sent_at: datetime, clock: Clock, calendar: Calendar) -> Iterator[datetime]:
    """The end of each open minute after `sent_at`; a clock of n minutes is due at the n-th."""
    at = sent_at
    while True:
        if runs(clock, calendar, at):
            yield at + MINUTE
        at += MINUTE


def due_by_stop_watch(sent_at: datetime, clock: Clock, calendar: Calendar) -> datetime:
    return next(islice(stop_watch(sent_at, clock, calendar), clock.length - 1, None))


moments = st.datetimes(datetime(2010, 2, 1), datetime(2040, 10, 1), timezones=st.just(UTC))
days_near_a_change = st.builds(
    lambda night, days: night + timedelta(days=days), st.sampled_from(CHANGE_NIGHTS), st.integers(-4, 4)
)
moments_near_a_change = st.builds(
    lambda day, minutes: to_utc(day, 0) + minutes * MINUTE, days_near_a_change, st.integers(0, 1439)
)
whole_minutes = moments_near_a_change | moments.map(lambda at: at.replace(second=0, microsecond=0))
calendars = st.builds(calendar_for, st.sampled_from(Nation), st.frozensets(days_near_a_change, max_size=2))
# Not from 01:01 to 01:59: opening or closing in the hour that is left out or occurs twice is a reading, which
# the clock on the wall alone cannot tell; the cases hold it.
minutes_of_day = st.integers(0, 1440).filter(lambda minute: not 60 < minute < 120)


@st.composite
def clocks_in_minutes(draw: st.DrawFn) -> Clock:
    opens, closes = sorted(draw(st.tuples(minutes_of_day, minutes_of_day).filter(lambda pair: pair[0] != pair[1])))
    # At most about four open days, so that the stop-watch has an end.
    length = draw(st.integers(1, 3 * (closes - opens)))
    return Clock(length, ClockUnit.MINUTES, opens, closes, draw(st.sampled_from(CountingDays)))


clocks = clocks_in_minutes() | st.builds(Clock, st.integers(1, 10), st.just(ClockUnit.WORKING_DAYS))


@given(sent_at=whole_minutes, clock=clocks_in_minutes(), calendar=calendars)
@example(sent_at=datetime(2026, 10, 24, 23, tzinfo=UTC), clock=round_the_clock(90), calendar=ENGLAND)
@example(sent_at=datetime(2026, 3, 29, 0, tzinfo=UTC), clock=round_the_clock(90), calendar=ENGLAND)
def test_deadline_agrees_with_a_stop_watch(sent_at: datetime, clock: Clock, calendar: Calendar) -> None:
    assert deadline(sent_at, clock, calendar) == due_by_stop_watch(sent_at, clock, calendar)


@pytest.mark.shows("I16")
@pytest.mark.parametrize("night", CHANGE_NIGHTS, ids=str)
def test_deadline_over_every_quarter_hour_of_a_change_night(night: date) -> None:
    """Invariant I16: 96 starts, 6 lengths, 4 nights; round the clock and within the hours of P1."""
    noon_before = to_utc(night - timedelta(days=1), 720)
    for start in (noon_before + quarter * 15 * MINUTE for quarter in range(96)):
        due_by_day = list(islice(stop_watch(start, by_day(1), ENGLAND), 1500))
        for length in (15, 60, 61, 240, 720, 1500):
            assert deadline(start, round_the_clock(length), ENGLAND) == start + length * MINUTE
            assert deadline(start, by_day(length), ENGLAND) == due_by_day[length - 1]


@given(sent_at=moments, clock=clocks, calendar=calendars)
def test_deadline_is_after_sending(sent_at: datetime, clock: Clock, calendar: Calendar) -> None:
    assert deadline(sent_at, clock, calendar) > sent_at


@given(
    sent_at=moments | moments_near_a_change,
    later=st.timedeltas(timedelta(), timedelta(days=5)),
    data=st.data(),
)
def test_deadline_in_minutes_never_comes_forward_by_sending_later(
    sent_at: datetime, later: timedelta, data: st.DataObject
) -> None:
    clock, calendar = data.draw(clocks_in_minutes()), data.draw(calendars)

    assert deadline(sent_at, clock, calendar) <= deadline(sent_at + later, clock, calendar)


@given(
    sent_at=moments | moments_near_a_change,
    later=st.timedeltas(timedelta(), timedelta(days=5)),
    data=st.data(),
)
def test_deadline_in_working_days_never_comes_forward_from_one_working_day_to_another(
    sent_at: datetime, later: timedelta, data: st.DataObject
) -> None:
    """Days off are left out: by READING-04 Saturday 09:00 is due on Monday at 09:00, before Friday 10:00."""
    calendar = data.draw(calendars)
    clock = Clock(data.draw(st.integers(1, 5)), ClockUnit.WORKING_DAYS)
    for moment in (sent_at, sent_at + later):
        if not calendar.is_working_day(local(moment).date()):
            return

    assert deadline(sent_at, clock, calendar) <= deadline(sent_at + later, clock, calendar)


@given(sent_at=whole_minutes, n=st.integers(1, 10), calendar=calendars)
def test_working_days_after_leaves_n_working_days_and_the_local_time(
    sent_at: datetime, n: int, calendar: Calendar
) -> None:
    due = wall(working_days_after(sent_at, n, calendar))

    passed = [wall(sent_at).date() + timedelta(days=i) for i in range(1, (due.date() - wall(sent_at).date()).days + 1)]
    assert due.time() == wall(sent_at).time()
    assert sum(map(calendar.is_working_day, passed)) == n
    assert calendar.is_working_day(due.date())


@given(sent_at=moments, hours=st.integers(-14, 14), clock=clocks)
def test_deadline_is_of_the_instant_not_of_its_spelling(sent_at: datetime, hours: int, clock: Clock) -> None:
    elsewhere = sent_at.astimezone(timezone(timedelta(hours=hours)))

    assert deadline(elsewhere, clock, ENGLAND) == deadline(sent_at, clock, ENGLAND)


def test_deadline_keeps_the_seconds() -> None:
    sent_at = datetime(2026, 1, 16, 16, 30, 20, tzinfo=UTC)

    assert deadline(sent_at, standing_clocks()["P3"], ENGLAND) == datetime(2026, 1, 19, 12, 30, 20, tzinfo=UTC)
    assert deadline(sent_at, standing_clocks()["P5"], ENGLAND) == datetime(2026, 1, 19, 16, 30, 20, tzinfo=UTC)


# --- What is refused


def test_deadline_refuses_a_moment_without_offset() -> None:
    for clock in standing_clocks().values():
        with pytest.raises(MomentError, match="no offset"):
            deadline(datetime(2026, 3, 27, 16, 30), clock, ENGLAND)  # the point of the test


@pytest.mark.parametrize("priority", ["P1", "P3", "P5"])
@pytest.mark.parametrize(
    "sent_at",
    [
        datetime(2009, 12, 31, 23, 59, tzinfo=UTC),
        datetime(2040, 12, 31, 22, 0, tzinfo=UTC),
        datetime(2041, 1, 1, tzinfo=UTC),
    ],
    ids=str,
)
def test_deadline_refuses_days_outside_the_table(priority: str, sent_at: datetime) -> None:
    with pytest.raises(UncoveredDayError, match="from 2010 to 2040"):
        deadline(sent_at, standing_clocks()[priority], ENGLAND)


def test_deadline_of_the_last_day_of_the_table_is_not_refused() -> None:
    sent_at = datetime(2040, 12, 31, 13, 0, tzinfo=UTC)

    assert deadline(sent_at, standing_clocks()["P3"], ENGLAND) == datetime(2040, 12, 31, 17, 0, tzinfo=UTC)


@pytest.mark.parametrize("length", [0, -1])
@pytest.mark.parametrize("unit", ClockUnit)
def test_clock_refuses_to_have_no_length(length: int, unit: ClockUnit) -> None:
    with pytest.raises(ClockError, match="has no length"):
        Clock(length, unit)


@pytest.mark.parametrize(("opens", "closes"), [(1020, 540), (540, 540), (-1, 540), (540, 1441)])
def test_clock_refuses_hours_that_are_never_open(opens: int, closes: int) -> None:
    with pytest.raises(ClockError, match="opening before a closing"):
        Clock(60, ClockUnit.MINUTES, opens, closes)


def test_clock_refuses_working_days_on_all_days() -> None:
    with pytest.raises(ClockError, match="not all days"):
        Clock(1, ClockUnit.WORKING_DAYS, days=CountingDays.ALL_DAYS)


def test_working_days_after_refuses_less_than_one() -> None:
    with pytest.raises(ClockError, match="number 0"):
        working_days_after(datetime(2026, 1, 14, tzinfo=UTC), 0, ENGLAND)


def test_is_working_day_refuses_a_moment() -> None:
    with pytest.raises(MomentError, match="not a day"):
        ENGLAND.is_working_day(datetime(2026, 12, 25, 12, tzinfo=UTC))


def test_refusals_are_the_askers_to_mend() -> None:
    assert all(issubclass(error, BadInputError) for error in (ClockError, MomentError, UncoveredDayError))


# --- Standing clocks, local time, text, months, terms


def test_standing_clocks_are_those_of_reading_4() -> None:
    assert dict(standing_clocks()) == {
        "P1": a_clock("60 minutes within 08:00-20:00 on all days"),
        "P2": a_clock("120 minutes within 08:00-20:00 on all days"),
        "P3": a_clock("240 minutes within 09:00-17:00 on working days"),
        "P4": a_clock("240 minutes within 09:00-17:00 on working days"),
        "P5": a_clock("1 working day"),
        "P6": a_clock("1 working day"),
    }


@pytest.mark.parametrize(
    ("day", "minute", "text"),
    [
        (date(2026, 7, 1), 540, "2026-07-01T08:00:00Z"),
        (date(2026, 1, 14), 1440, "2026-01-15T00:00:00Z"),
        (date(2026, 3, 29), 59, "2026-03-29T00:59:00Z"),
        (date(2026, 3, 29), 90, "2026-03-29T01:30:00Z"),  # does not exist: 02:30 BST
        (date(2026, 3, 29), 150, "2026-03-29T01:30:00Z"),
        (date(2026, 3, 29), 1440, "2026-03-29T23:00:00Z"),
        (date(2026, 10, 25), 90, "2026-10-25T00:30:00Z"),  # occurs twice: 01:30 BST
        (date(2026, 10, 25), 120, "2026-10-25T02:00:00Z"),
    ],
)
def test_to_utc(day: date, minute: int, text: str) -> None:
    assert moment_text(to_utc(day, minute)) == text


@pytest.mark.parametrize("minute", [-1, 1441])
def test_to_utc_refuses_a_minute_of_another_day(minute: int) -> None:
    with pytest.raises(MomentError, match="no minute"):
        to_utc(date(2026, 1, 14), minute)


@given(at=whole_minutes)
def test_local_is_the_wall_clock(at: datetime) -> None:
    assert local(at).replace(tzinfo=None) == wall(at)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("2026-03-27T16:30:00Z", "2026-03-27T16:30:00Z"),
        ("2026-03-29T03:00+01:00", "2026-03-29T02:00:00Z"),
        ("2026-03-29T03:00:05+0100", "2026-03-29T02:00:05Z"),
        ("2026-01-01T00:30:00-05:00", "2026-01-01T05:30:00Z"),
    ],
)
def test_parse_moment(text: str, canonical: str) -> None:
    moment = parse_moment(text)

    assert moment.tzinfo is UTC
    assert moment_text(moment) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-27T16:30:00",  # no offset
        "2026-03-27",
        "2026-03-27 16:30:00Z",
        "2026-03-27T16:30:00z",
        "2026-03-27T24:00:00Z",  # which day this belongs to is disputed
        "20260327T163000Z",
        "2026-W13-5T16:30:00Z",
        "2026-02-29T16:30:00Z",
        "2026-03-27T16:30:00+25:00",
        "2026-03-27T16:30:00.1234567Z",
        "٢٠٢٦-03-27T16:30:00Z",
        "2026-03-27T16:30:00Z\n",
        "0001-01-01T00:00:00+01:00",
        "",
    ],
)
def test_parse_moment_refuses(text: str) -> None:
    with pytest.raises(MomentError):
        parse_moment(text)


@given(at=moments)
def test_moment_text_is_read_back_as_the_same_moment(at: datetime) -> None:
    whole = at.replace(microsecond=0)

    assert parse_moment(moment_text(whole)) == whole
    assert parse_moment(at.isoformat()) == at


def test_moment_text_refuses_what_it_cannot_hold() -> None:
    with pytest.raises(MomentError, match="fraction of a second"):
        moment_text(datetime(2026, 3, 27, 16, 30, 0, 1, tzinfo=UTC))
    with pytest.raises(MomentError, match="no offset"):
        moment_text(datetime(2026, 3, 27, 16, 30))  # the point of the test


@pytest.mark.parametrize(
    ("day", "n", "expected"),
    [
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 1, 31), 0, date(2026, 1, 31)),
        (date(2026, 11, 30), 1, date(2026, 12, 30)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
        (date(2017, 4, 1), 84, date(2024, 4, 1)),
    ],
)
def test_add_months(day: date, n: int, expected: date) -> None:
    assert add_months(day, n) == expected


@pytest.mark.parametrize("n", [-120_000, 120_000])
def test_add_months_refuses_years_beyond_counting(n: int) -> None:
    with pytest.raises(MomentError, match="beyond the years"):
        add_months(date(2026, 1, 1), n)


@pytest.mark.parametrize(
    ("end_inclusive", "next_start", "days"),
    [
        (
            date(2024, 3, 31),
            date(2024, 7, 1),
            91,
        ),  # EL18-17, EL18-20: 5 + 2 years; then EL24-13
        (date(2024, 3, 31), date(2024, 4, 2), 1),
        (date(2024, 3, 31), date(2024, 4, 1), 0),
        (date(2024, 3, 31), date(2024, 1, 1), 0),
    ],
)
def test_days_uncovered(end_inclusive: date, next_start: date, days: int) -> None:
    assert days_uncovered(end_inclusive, next_start) == days


@pytest.mark.parametrize(
    ("began", "ended", "minutes"),
    [
        ("2026-01-14T09:00+00:00", "2026-01-14T09:30+00:00", 30),
        ("2026-01-14T09:00:00Z", "2026-01-14T09:30:59Z", 30),
        ("2026-01-14T09:00:00Z", "2026-01-14T09:00:00Z", 0),
        ("2026-03-29T00:30+00:00", "2026-03-29T03:30+01:00", 120),
        ("2026-10-25T00:30+01:00", "2026-10-25T03:30+00:00", 240),
        ("2026-10-25T01:50+01:00", "2026-10-25T01:20+00:00", 30),
    ],
)
def test_minutes_between(began: str, ended: str, minutes: int) -> None:
    began_at, ended_at = parse_moment(began), parse_moment(ended)

    assert minutes_between(began_at, ended_at) == minutes
    assert minutes_between(local(began_at), local(ended_at)) == minutes


def test_minutes_between_refuses_an_end_before_the_beginning() -> None:
    with pytest.raises(MomentError, match="no time passed"):
        minutes_between(parse_moment("2026-10-25T01:50+01:00"), parse_moment("2026-10-25T01:20+01:00"))
    with pytest.raises(MomentError, match="no offset"):
        minutes_between(datetime(2026, 10, 25, 1, 50), parse_moment("2026-10-25T01:20Z"))


# --- Weeks, pay periods and financial years

ANCHOR = date(2024, 1, 1)
any_days = st.dates(date(2010, 1, 1), date(2040, 12, 31))


@pytest.mark.parametrize(
    ("day", "anchor_on", "period"),
    [
        (date(2024, 1, 1), ANCHOR, (2023, 11, date(2024, 1, 1), date(2024, 1, 28))),
        (date(2024, 1, 28), ANCHOR, (2023, 11, date(2024, 1, 1), date(2024, 1, 28))),
        (date(2024, 1, 29), ANCHOR, (2023, 12, date(2024, 1, 29), date(2024, 2, 25))),
        (date(2024, 2, 29), ANCHOR, (2023, 13, date(2024, 2, 26), date(2024, 3, 24))),
        (date(2024, 3, 31), ANCHOR, (2024, 1, date(2024, 3, 25), date(2024, 4, 21))),
        (date(2023, 12, 31), ANCHOR, (2023, 10, date(2023, 12, 4), date(2023, 12, 31))),
        (date(2024, 4, 1), date(2024, 3, 5), (2024, 1, date(2024, 3, 5), date(2024, 4, 1))),
        (date(2025, 3, 31), date(2024, 3, 5), (2024, 14, date(2025, 3, 4), date(2025, 3, 31))),
        (date(2025, 4, 1), date(2024, 3, 5), (2025, 1, date(2025, 4, 1), date(2025, 4, 28))),
    ],
)
def test_pay_period(day: date, anchor_on: date, period: tuple[int, int, date, date]) -> None:
    found = pay_period(day, anchor_on)

    assert (found.year, found.number, found.from_on, found.to_on) == period


@given(day=any_days, anchor_on=any_days)
def test_pay_periods_follow_each_other(day: date, anchor_on: date) -> None:
    """Whatever the beginnings, a day lies in its period, whose neighbours begin and end beside it."""
    period = pay_period(day, anchor_on)

    assert period.from_on <= day <= period.to_on
    assert pay_period(period.from_on, anchor_on) == pay_period(period.to_on, anchor_on) == period
    assert pay_period(period.from_on - timedelta(days=1), anchor_on).to_on == period.from_on - timedelta(days=1)
    assert pay_period(period.to_on + timedelta(days=1), anchor_on).from_on == period.to_on + timedelta(days=1)
    assert pay_period(day, period.from_on) == period


@pytest.mark.parametrize(
    ("day", "parts"),
    [
        (date(2024, 3, 24), ((date(2024, 2, 26), date(2024, 3, 24)),)),
        (date(2024, 4, 1), ((date(2024, 3, 25), date(2024, 3, 31)), (date(2024, 4, 1), date(2024, 4, 21)))),
        (date(2026, 4, 1), ((date(2026, 3, 23), date(2026, 3, 31)), (date(2026, 4, 1), date(2026, 4, 19)))),
    ],
)
def test_pay_period_is_cut_at_the_first_of_april(day: date, parts: tuple[tuple[date, date], ...]) -> None:
    assert pay_period(day, ANCHOR).parts == parts


def test_pay_period_that_begins_or_ends_on_the_first_of_april_has_its_parts() -> None:
    first, last = date(2025, 4, 1), date(2024, 4, 1)

    assert pay_period(first, first).parts == ((first, date(2025, 4, 28)),)
    assert pay_period(last, date(2024, 3, 5)).parts == ((date(2024, 3, 5), date(2024, 3, 31)), (last, last))


@pytest.mark.parametrize(
    ("day", "begins"),
    [
        (date(2024, 4, 1), date(2024, 4, 1)),
        (date(2025, 3, 31), date(2024, 4, 1)),
        (date(2024, 2, 29), date(2023, 4, 1)),
        (date(2024, 12, 31), date(2024, 4, 1)),
    ],
)
def test_financial_year_begins(day: date, begins: date) -> None:
    assert financial_year_begins(day) == begins


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2024, 1, 1), "2024-W01"),
        (date(2024, 12, 30), "2025-W01"),
        (date(2026, 12, 31), "2026-W53"),
        (date(2027, 1, 3), "2026-W53"),
        (date(2027, 1, 4), "2027-W01"),
    ],
)
def test_week_text(day: date, text: str) -> None:
    assert week_text(day) == text


def test_days_are_not_moments() -> None:
    moment = datetime(2027, 3, 31, 23, 30, tzinfo=UTC)
    for refused in (
        lambda: pay_period(moment, ANCHOR),
        lambda: pay_period(ANCHOR, moment),
        lambda: financial_year_begins(moment),
        lambda: week_text(moment),
    ):
        with pytest.raises(MomentError, match="not a day"):
            refused()
