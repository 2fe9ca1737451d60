"""
REL-16: on the four nights when clocks change, deadlines, planned times and what visits are paid are right.

Each night is walked minute by minute in UTC. What a clock on the wall shows in each minute follows from the law alone:
summer time runs from 01:00 GMT on the last Sunday of March to 01:00 GMT on the last Sunday of October. From that walk
come the deadlines, by counting open minutes; the moments of planned times, by looking for the minute that shows them;
and what is logged at the door when a visit begins and ends. The calendar must say the same from every quarter of an
hour and for every length; and a visit that is planned for each of these times, logged as the wall shows it, must be
matched and paid for the minutes that the walk counts.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, cached_property
from zoneinfo import ZoneInfo

from accept.tally import Tally

from calloff.acceptance import Result
from calloff.documents.bank_holidays import calendar_for
from calloff.domain.calendar import (
    Calendar,
    Clock,
    ClockUnit,
    CountingDays,
    Nation,
    deadline,
    local,
    minutes_between,
    parse_moment,
    to_utc,
    working_days_after,
)
from calloff.domain.errors import CalloffError
from calloff.domain.packages import Visit
from calloff.domain.payment import Basis
from calloff.domain.payment_rule import PaymentRule
from calloff.domain.planned_visits import PlannedVisit, dated
from calloff.domain.visits import Reason
from calloff.formats.delivered_visits import DeliveredVisit, LoggedAt
from calloff.formats.planned_visits import PlannedRow
from calloff.settlement.pay import pay

SIZES = {0: 4, 1: 4, 2: 4}
"""Nights; each has 96 starts and 6 lengths, so that there are 2,304 cases."""
NIGHTS = (date(2026, 3, 29), date(2026, 10, 25), date(2027, 3, 28), date(2027, 10, 31))
"""The last of March is in Easter, so that days off stand on both sides of it."""
QUARTERS = 96
LENGTHS = (15, 30, 60, 240, 600, 1440)
"""Minutes: the shortest visit, two usual ones and the clock of P1, that of P3, a night's care and a day's."""
HOURS = ((0, 1440, "all_days"), (480, 1200, "all_days"), (540, 1020, "working_days"), (90, 150, "all_days"))
"""Round the clock, by day as P1, at the office as P3, and by night from within the hour that changes."""
SUNDAY = 6
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ELAPSED = 240
"""A longer visit is planned until a time on the wall."""
PENCE_PER_HOUR = 1_999
RULE = PaymentRule("clock", 1, "minutes worked", basis=Basis.ACTUAL)
DAY = timedelta(days=1)
DAYS_BEFORE, DAYS_AFTER = 2, 28
"""As long as 1,440 minutes take where one hour a day is open."""


def check(size: int) -> Result:
    """So many nights, from every quarter of an hour."""
    tally = Tally()
    for night in NIGHTS[:size]:
        walk = Walk(night)
        for quarter in range(QUARTERS):
            for number, length in enumerate(LENGTHS):
                tally.n += 1
                wrong = first_fault(walk, quarter, number, length)
                tally.expect(wrong is None, f"{night} quarter {quarter}, {length} minutes: {wrong}")
        shown = ZoneInfo("Europe/London")
        odd = sum(at.astimezone(shown).replace(tzinfo=None) != wall for at, wall in walk.shown.items())
        tally.expect(odd == 0, f"{night}: the time-zone table of this machine and the law differ in {odd} minutes")
    tally.notes.append(f"{len(HOURS)} clocks in minutes and one in working days from each start, for two nations")
    return tally.result


@dataclass(frozen=True)
class Walk:
    """The days about one night, minute by minute: the witness. It asks the calendar nothing."""

    night: date

    @cached_property
    def shown(self) -> dict[datetime, datetime]:
        """What the wall shows in each minute, by the law."""
        at = datetime.combine(self.night, time(), UTC) - DAYS_BEFORE * DAY
        minutes = (at + count * MINUTE for count in range((DAYS_BEFORE + DAYS_AFTER) * 1440))
        return {at: on_the_wall(at) for at in minutes}

    @cached_property
    def first(self) -> dict[datetime, datetime]:
        """The first minute that shows each time; a time that none shows is not in here."""
        return {wall: at for at, wall in reversed(self.shown.items())}

    def moment(self, wall: datetime) -> datetime:
        """The minute that shows a time, the first of two, or an hour on where the clocks leap over it."""
        return self.first.get(wall) or self.first[wall + timedelta(hours=1)]

    def due_in_days(self, sent_at: datetime, number: int, days_off: frozenset[date]) -> datetime:
        """The same time on the wall so many working days on, one day after the other."""
        wall = self.shown[sent_at]
        while number:
            wall += DAY
            number -= works(wall.date(), days_off)
        return self.moment(wall)


@cache
def open_minutes(walk: Walk, opens: int, closes: int, days_off: frozenset[date] | None) -> Sequence[datetime]:
    """The minutes of a walk in which a clock runs, one after the other; without days off, it runs on every day."""
    found: list[datetime] = []
    for day in (datetime.combine(walk.night, time()) + n * DAY for n in range(-1, DAYS_AFTER - 1)):
        if works(day.date(), days_off):
            at, end = walk.moment(day + opens * MINUTE), walk.moment(day + closes * MINUTE)
            while at < end:
                found.append(at)
                at += MINUTE
    return found


def on_the_wall(at: datetime) -> datetime:
    """The time that clocks in London show, by the Summer Time Act 1972 and the Summer Time Order 2002."""
    begins, ends = (last_sunday_at_one(at.year, month) for month in (3, 10))
    return at.replace(tzinfo=None) + timedelta(hours=begins <= at < ends)


@cache
def last_sunday_at_one(year: int, month: int) -> datetime:
    """01:00 GMT on the last Sunday of a month of 31 days."""
    last_week = (datetime(year, month, day, 1, tzinfo=UTC) for day in range(25, 32))
    return next(at for at in last_week if at.weekday() == SUNDAY)


def works(day: date, days_off: frozenset[date] | None) -> bool:
    return days_off is None or (day.weekday() < 5 and day not in days_off)


# One case: a start, a length


def first_fault(walk: Walk, quarter: int, number: int, length: int) -> str | None:
    """What is wrong with one case, if anything; a moment of these nights that is refused is wrong too."""
    try:
        return next(faults(walk, quarter, number, length), None)
    except CalloffError as error:
        return str(error)


def faults(walk: Walk, quarter: int, number: int, length: int) -> Iterator[str]:
    """All that is wrong with one case, in words."""
    # From noon to noon, so that both hours that read alike are among the starts.
    sent_at = datetime.combine(walk.night, time(12), UTC) - DAY + quarter * 15 * MINUTE
    if local(sent_at).replace(tzinfo=None) != walk.shown[sent_at]:
        yield f"the wall shows {walk.shown[sent_at]}, not {local(sent_at)}"
    for nation in (Nation.ENGLAND, Nation.SCOTLAND):
        yield from of_deadlines(walk, calendar_for(nation), sent_at, number, length)
    yield from of_visit(walk, quarter * 15, length)
    yield from of_pay(walk, quarter * 15, length)


def of_deadlines(walk: Walk, calendar: Calendar, sent_at: datetime, number: int, length: int) -> Iterator[str]:
    """Deadlines of an invitation sent at that moment."""
    for opens, closes, days in HOURS:
        found = deadline(sent_at, Clock(length, ClockUnit.MINUTES, opens, closes, CountingDays(days)), calendar)
        minutes = open_minutes(walk, opens, closes, calendar.bank_holidays if days == "working_days" else None)
        due = minutes[bisect_left(minutes, sent_at) + length - 1] + MINUTE
        if found != due:
            yield f"sent {sent_at}, open {opens} to {closes} on {days}: due {found}, counted {due}"
    found = working_days_after(sent_at, number + 1, calendar)
    due = walk.due_in_days(sent_at, number + 1, calendar.bank_holidays)
    if not found == due == deadline(sent_at, Clock(number + 1, ClockUnit.WORKING_DAYS), calendar):
        yield f"sent {sent_at}, {number + 1} working days: due {found}, counted {due}"


def of_visit(walk: Walk, planned: int, length: int) -> Iterator[str]:
    """A visit planned for that minute of the day on the wall, logged when it begins and when it ends."""
    began = walk.moment(datetime.combine(walk.night, time()) + planned * MINUTE)
    ended = began + length * MINUTE
    log_in, log_out = (as_logged(walk, at) for at in (began, ended))
    planned_at, began_at, ended_at = to_utc(walk.night, planned), parse_moment(log_in), parse_moment(log_out)
    if planned_at != began_at:
        yield f"planned for minute {planned}, that is {planned_at}, and logged in on time at {log_in}"
    if local(began_at).date() != walk.night or local(ended_at).replace(tzinfo=None) != walk.shown[ended]:
        yield f"logged in {log_in} and out {log_out}, which read {local(began_at)} and {local(ended_at)} on the wall"
    # Both spellings: as stored, and as shown to whoever checks the pay.
    for begins, ends in ((began_at, ended_at), (local(began_at), local(ended_at))):
        if minutes_between(begins, ends) != length:
            yield f"logged in {log_in} and out {log_out}: paid for {minutes_between(begins, ends)} minutes"


def of_pay(walk: Walk, planned: int, length: int) -> Iterator[str]:
    """
    The same visit, planned from the weekly pattern and logged in without an offset: whose it is, and what it pays.

    Up to four hours it lasts so many elapsed minutes, beyond that until the wall shows its end.
    """
    wall = datetime.combine(walk.night, time()) + planned * MINUTE
    began = walk.moment(wall)
    ended = began + length * MINUTE if length <= ELAPSED else walk.moment(wall + length * MINUTE)
    visit = dated("visit", Visit(walk.night.weekday(), planned, length), walk.night)
    if (visit.start_at, visit.ends_at) != (began, ended):
        yield f"planned for minute {planned}, {length} minutes: {visit.start_at} to {visit.ends_at}, not {ended}"
    twice = [at for at in (began - HOUR, began + HOUR) if walk.shown[at] == walk.shown[began]]
    log = DeliveredVisit(
        line=0,
        row="row",
        version=began,
        contract="contract",
        person="person",
        worker="worker",
        came=LoggedAt(min([began, *twice]), max([began, *twice]) if twice else None),
        left=LoggedAt(ended),
    )
    (found,) = pay([RULE], [row_of(visit)], [[log]], ended + DAY).visits
    minutes = (ended - began) // MINUTE
    told = (found.reason, found.worked_minutes, found.paid_minutes, found.pence)
    if told != (Reason.DELIVERED, minutes, minutes, (minutes * PENCE_PER_HOUR * 2 + 60) // 120):
        yield f"planned for minute {planned}, {minutes} minutes as the walk counts: {told}"
    if found.marks:
        yield f"planned for minute {planned}, made on time: marked {found.marks}"


def row_of(visit: PlannedVisit) -> PlannedRow:
    """The visit as settlement reads it."""
    return PlannedRow(
        line=0,
        reference=visit.reference,
        contract="contract",
        person="person",
        start_at=visit.start_at,
        ends_at=visit.ends_at,
        window_from_at=visit.window_from_at,
        window_to_at=visit.window_to_at,
        minutes=visit.minutes,
        workers=1,
        rate=PENCE_PER_HOUR * 100,
        pair_rate=0,
        unit="hour",
    )


def as_logged(walk: Walk, at: datetime) -> str:
    """The text by which a telephone at the door logs a minute: time on the wall and offset."""
    ahead = walk.shown[at] - at.replace(tzinfo=None)
    return f"{walk.shown[at].isoformat()}{'+01:00' if ahead else '+00:00'}"
