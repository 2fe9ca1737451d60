"""
The business calendar: when a deadline falls, which days are working days, what the local time is, how days
make up weeks, pay periods and financial years.

Every moment that comes in is aware and every moment that goes out is aware UTC. Local time is
Europe/London; durations are elapsed time, counted in UTC, so that the two change nights are right
(invariant I16). Nothing here asks the time or reads a file; the table of bank holidays is read in
`calloff.documents.bank_holidays` and handed in as a `Calendar`.

A local time that does not exist (clocks go forward) moves on one hour; one that occurs twice
(clocks go back) is the first (READING-11).
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from calloff.domain.errors import BadInputError

LONDON = ZoneInfo("Europe/London")
MINUTES_PER_DAY = 1440
ONE_DAY = timedelta(days=1)
SATURDAY = 5
APRIL = 4
PAY_PERIOD_DAYS = 28


class ClockError(BadInputError):
    """A clock that can never run down: no length, or hours in which it is never open."""


class MomentError(BadInputError):
    """A moment, or a day, that names no instant, cannot be counted to or does not fit its canonical text."""


class UncoveredDayError(BadInputError):
    """A day outside the table of bank holidays: nobody can say whether it is a working day."""


class Nation(StrEnum):
    """The nation whose bank holidays a council keeps."""

    ENGLAND = "england"
    WALES = "wales"
    SCOTLAND = "scotland"
    NORTHERN_IRELAND = "northern_ireland"


class ClockUnit(StrEnum):
    """What the length of a clock counts."""

    MINUTES = "minutes"
    WORKING_DAYS = "working_days"


class CountingDays(StrEnum):
    """The days on which a clock in minutes runs."""

    ALL_DAYS = "all_days"
    WORKING_DAYS = "working_days"


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """
    The days on which one council works.

    `bank_holidays` are its nation's, complete from 1 January of `first_year` to 31 December of
    `last_year`; `local_holidays` are the council's own list.
    """

    nation: Nation
    bank_holidays: frozenset[date]
    first_year: int
    last_year: int
    local_holidays: frozenset[date] = frozenset()

    def is_working_day(self, day: date) -> bool:
        """
        Monday to Friday and neither a bank holiday nor a local one.

        Raises UncoveredDayError outside the years of the table, and MomentError for a moment: it is
        equal to no day of the list, so that Christmas Day at noon would pass for a working day.
        """
        _refuse_moment(day)
        if not self.first_year <= day.year <= self.last_year:
            raise UncoveredDayError(
                f"the bank holidays of {self.nation} are known from {self.first_year} to {self.last_year}, "
                f"not on {day.isoformat()}; bring the table of bank holidays up to date"
            )
        return day.weekday() < SATURDAY and day not in self.bank_holidays and day not in self.local_holidays

    def counts(self, day: date, days: CountingDays) -> bool:
        """Whether a clock that counts `days` runs on this day. Refuses what `is_working_day` refuses."""
        return self.is_working_day(day) or days is CountingDays.ALL_DAYS


@dataclass(frozen=True)
class Clock:
    """
    How long somebody has to answer (READING-04).

    In `minutes` the clock runs only from `opens` to `closes`, minutes of the local day (540 is
    09:00, 1440 is 24:00), on the days that `days` names. In `working_days` it falls due at the same
    local time on the n-th next working day; opening hours then play no part.

    Raises ClockError for a length below 1, for hours that are not within one day or never open, and
    for working days counted on all days.
    """

    length: int
    unit: ClockUnit
    opens: int = 0
    closes: int = MINUTES_PER_DAY
    days: CountingDays = CountingDays.WORKING_DAYS

    def __post_init__(self) -> None:
        if self.length < 1:
            raise ClockError(f"a clock of {self.length} {self.unit} has no length; write 1 or more")
        if not 0 <= self.opens < self.closes <= MINUTES_PER_DAY:
            raise ClockError(
                f"a clock cannot run from minute {self.opens} to minute {self.closes} of the day; "
                f"write an opening before a closing, both from 0 to {MINUTES_PER_DAY}"
            )
        if self.unit is ClockUnit.WORKING_DAYS and self.days is CountingDays.ALL_DAYS:
            raise ClockError("a clock in working days counts working days, not all days")


def standing_clocks() -> Mapping[str, Clock]:
    """
    How long a provider has to answer, by priority P1 to P6, where a document does not say.

    The lengths are assumed, since no paper gives any; what they count is READING-04.
    """
    minutes, all_days, working_days = ClockUnit.MINUTES, CountingDays.ALL_DAYS, CountingDays.WORKING_DAYS
    four_hours = Clock(240, minutes, opens=9 * 60, closes=17 * 60, days=working_days)
    one_working_day = Clock(1, ClockUnit.WORKING_DAYS)
    return MappingProxyType(
        {
            "P1": Clock(60, minutes, opens=8 * 60, closes=20 * 60, days=all_days),
            "P2": Clock(120, minutes, opens=8 * 60, closes=20 * 60, days=all_days),
            "P3": four_hours,
            "P4": four_hours,
            "P5": one_working_day,
            "P6": one_working_day,
        }
    )


def deadline(sent_at: datetime, clock: Clock, calendar: Calendar) -> datetime:
    """
    The last instant at which an answer still counts, in UTC.

    Sent outside opening hours, a clock in minutes begins at the next opening; one that runs down
    exactly at closing is due at closing, not at the next opening. Working days are those of
    `working_days_after`.

    Raises
    ------
    MomentError
        When `sent_at` has no offset from UTC.
    UncoveredDayError
        When the clock would have to count a day outside the years of the calendar.
    """
    if clock.unit is ClockUnit.WORKING_DAYS:
        return working_days_after(sent_at, clock.length, calendar)

    begins_at, day = _in_utc(sent_at), local(sent_at).date()
    remaining = timedelta(minutes=clock.length)
    while True:
        if calendar.counts(day, clock.days):
            begins_at = max(begins_at, to_utc(day, clock.opens))
            # Never below nothing: the day is already closed, or summer time swallows its hours.
            open_for = max(to_utc(day, clock.closes) - begins_at, timedelta())
            if remaining <= open_for:
                return begins_at + remaining
            remaining -= open_for
        day += ONE_DAY


def working_days_after(moment: datetime, n: int, calendar: Calendar) -> datetime:
    """
    The same local time on the n-th working day after the local day of `moment`, in UTC.

    Whether that day is itself a working day makes no difference: from Friday 10:00 and from
    Saturday 10:00 one working day leads to Monday 10:00. So Saturday 09:00 is due before Friday
    10:00 is; it is the settled reading (READING-04).

    Raises ClockError for n below 1, MomentError without an offset, UncoveredDayError outside the table.
    """
    if n < 1:
        raise ClockError(f"there is no working day number {n} after a moment; write 1 or more")
    sent = local(moment)
    day = sent.date()
    # A day outside the table is refused even where only the days after it would be counted.
    calendar.is_working_day(day)
    while n:
        day += ONE_DAY
        n -= calendar.is_working_day(day)
    return _first_utc(datetime.combine(day, sent.time()))


def local(moment: datetime) -> datetime:
    """The moment as a clock on the wall shows it, in Europe/London. Raises MomentError without an offset."""
    return _in_utc(moment).astimezone(LONDON)


def to_utc(day: date, minute_of_day: int) -> datetime:
    """
    The UTC moment of a local day's minute, 0 to 1440; 1440 is the midnight at its end.

    It is the minute on the wall, not minutes elapsed since midnight: 540 is 09:00 on every day. A
    time that does not exist moves on one hour; one that occurs twice is the first. Raises
    MomentError for any other minute.
    """
    if not 0 <= minute_of_day <= MINUTES_PER_DAY:
        raise MomentError(f"a day has no minute {minute_of_day}; write 0 to {MINUTES_PER_DAY}")
    return _first_utc(datetime.combine(day, time()) + timedelta(minutes=minute_of_day))


def _refuse_moment(day: date) -> None:
    """Refuse a moment where a day is asked for: Python takes it for one, whatever day it is in London."""
    if isinstance(day, datetime):
        raise MomentError(f"{day.isoformat()} is a moment, not a day; take the day of its local time")


def _first_utc(wall: datetime) -> datetime:
    """The UTC moment of a naive local time, by the rule at the top of this file."""
    # fold=0 is that rule: it takes the first of two, and reads a time in the gap by the offset that held
    # before it, which is the same instant as one hour later on the changed clock.
    return wall.replace(tzinfo=LONDON, fold=0).astimezone(UTC)


def _in_utc(moment: datetime) -> datetime:
    """The same instant in UTC; refuses one without an offset, since it could be either side of a change."""
    if moment.utcoffset() is None:
        raise MomentError(f"{moment.isoformat()} has no offset from UTC, so it names no instant")
    try:
        return moment.astimezone(UTC)
    except OverflowError as overflow:
        raise MomentError(f"{moment.isoformat()} lies beyond the years that can be counted") from overflow


def minutes_between(began_at: datetime, ended_at: datetime) -> int:
    """
    The minutes that passed from one moment to another, a begun minute left out: what a visit lasted.

    Elapsed, not shown: from 00:30 to 03:30 on the wall is 120 minutes on the night when clocks go
    forward and 240 when they go back (invariant I16). Raises MomentError without an offset, and for an
    end before the beginning, as when a local time that occurs twice was read as the first and was the second.
    """
    # In UTC, since Python subtracts two times of one zone as they stand on the wall.
    elapsed = _in_utc(ended_at) - _in_utc(began_at)
    if elapsed < timedelta():
        raise MomentError(f"{ended_at.isoformat()} comes before {began_at.isoformat()}, so no time passed between them")
    return elapsed // timedelta(minutes=1)


MOMENT_TEXT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})"
)


def parse_moment(text: str) -> datetime:
    """
    The UTC moment that an ISO 8601 text names: `2026-03-27T16:30:00Z`, `2026-03-29T03:00+01:00`.

    Seconds may be left out and may have up to six decimals. Raises MomentError for every other form,
    above all for one without an offset. The form is checked here because Python's own reader accepts
    more of them with each version, and a record must be read the same by all.
    """
    if not MOMENT_TEXT.fullmatch(text):
        raise MomentError(f"{text!r} is no moment; write day, time and offset, as in 2026-03-27T16:30:00Z")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as refusal:
        raise MomentError(f"{text!r} is no moment: {refusal}") from refusal
    return _in_utc(moment)


def moment_text(moment: datetime) -> str:
    """
    The one canonical text of a moment, in UTC: `2026-03-27T16:30:00Z`.

    Raises MomentError without an offset, and for a fraction of a second: cut off in silence, an
    answer just after its deadline would be recorded as at it, and a replay would accept it.
    """
    in_utc = _in_utc(moment)
    if in_utc.microsecond:
        raise MomentError(f"{in_utc.isoformat()} has a fraction of a second; take moments in whole seconds")
    return in_utc.replace(tzinfo=None).isoformat() + "Z"


def add_months(day: date, n: int) -> date:
    """
    The same day of the month n months later (earlier if n is negative), or the last day of a shorter month.

    So 31 January and one month is 28 or 29 February. Raises MomentError beyond the years 1 to 9999.
    """
    year, month_before = divmod(day.year * 12 + day.month - 1 + n, 12)
    if not date.min.year <= year <= date.max.year:
        raise MomentError(f"{n} months from {day.isoformat()} lie beyond the years that can be counted")
    month = month_before + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def days_uncovered(end_inclusive: date, next_start: date) -> int:
    """
    Days on which neither of two terms is in force; 0 where they meet or overlap.

    Both ends of a term are included. A framework of 5 + 2 years from April 2017 (EL18-17, EL18-20) and its
    successor of 1 July 2024 (EL24-13) leave 91 days.
    """
    return max(0, (next_start - end_inclusive).days - 1)


# Weeks, pay periods and financial years


@dataclass(frozen=True)
class PayPeriod:
    """
    Four weeks whose visits are paid together, from the first day to the last (HANTS-PAY).

    It belongs to the financial year in which it ends, `year` being the one of that 1 April, and is
    the `number`-th to end there: 1 to 13, or to 14 in a year that a period ends on the first day of.
    """

    year: int
    number: int
    from_on: date
    to_on: date

    @property
    def parts(self) -> tuple[tuple[date, date], ...]:
        """
        The period cut at 1 April where that lies within it, mid-week or not: first and last day of each part.

        Rates and fees change on that day, and a period goes on; so each part has one year's rates.
        """
        turn = financial_year_begins(self.to_on)
        if turn <= self.from_on:
            return ((self.from_on, self.to_on),)
        return ((self.from_on, turn - ONE_DAY), (turn, self.to_on))


def pay_period(day: date, anchor_on: date) -> PayPeriod:
    """
    The pay period in which a day lies; `anchor_on` is the first day of any one period of the council.

    Periods follow each other every 28 days without end, over 1 April, leap days and weeks 53, so that
    no day is in two or in none. A visit lies in the period of the local day on which it began. Raises
    MomentError for a moment in place of a day.
    """
    _refuse_moment(day)
    _refuse_moment(anchor_on)
    from_on = day - timedelta(days=(day - anchor_on).days % PAY_PERIOD_DAYS)
    to_on = from_on + timedelta(days=PAY_PERIOD_DAYS - 1)
    turn = financial_year_begins(to_on)
    return PayPeriod(turn.year, (to_on - turn).days // PAY_PERIOD_DAYS + 1, from_on, to_on)


def week_begins(day: date) -> date:
    """The Monday of a day's week: a person's week is Monday to Sunday (DOMAIN 3.8)."""
    return day - timedelta(days=day.weekday())


def financial_year_begins(day: date) -> date:
    """
    The 1 April on or before a day: councils set budgets and rates from 1 April to 31 March.

    Raises MomentError for a moment in place of a day.
    """
    _refuse_moment(day)
    return date(day.year if day.month >= APRIL else day.year - 1, APRIL, 1)


def week_text(day: date) -> str:
    """
    The one canonical text of a day's week, by ISO 8601: `2026-W53`.

    Weeks begin on Monday and belong to the year of their Thursday. So 1 January 2027, a Friday, lies in
    week 53 of 2026; the year of the week need not be the year of the day. Raises MomentError for a
    moment in place of a day.
    """
    _refuse_moment(day)
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"
