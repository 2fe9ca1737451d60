"""Local days, times and lengths as rostering systems write them, and the moments that they name."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from calloff.formats.cells import Kind, read_day
from calloff.formats.delivered_visits import LoggedAt, read_logged

_UK_DAY = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")
_SPAN = re.compile(r"(?:([0-9]{1,2})\.)?([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")
HALF_A_DAY = timedelta(hours=12)
SECONDS_PER_DAY = 86_400


def read_uk_day(text: str) -> date:
    """A day written DD/MM/YYYY, the day first, or YYYY-MM-DD; never the month first."""
    match = _UK_DAY.fullmatch(text)
    try:
        return date(int(match[3]), int(match[2]), int(match[1])) if match else read_day(text)
    except ValueError as error:
        raise ValueError("a day such as 31/03/2026, the day first") from error


def read_time(text: str) -> timedelta:
    """A time of the day as what has passed since midnight by the clock on the wall."""
    match = _TIME.fullmatch(text)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59 or int(match[3] or 0) > 59:
        raise ValueError("a time of the day such as 06:30 or 06:30:00")
    return timedelta(hours=int(match[1]), minutes=int(match[2]), seconds=int(match[3] or 0))


def read_span(text: str) -> timedelta:
    """A length such as 01:30:00, with days before a full stop where there are any: 1.00:00:00."""
    match = _SPAN.fullmatch(text)
    if match is None or int(match[2]) > 23 or int(match[3]) > 59 or int(match[4] or 0) > 59:
        raise ValueError("a length such as 00:30 or 00:30:00")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def write_time(time: timedelta) -> str:
    """A time of the day with its seconds."""
    hours, rest = divmod(int(time.total_seconds()), 3_600)
    return f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"


def write_span(span: timedelta) -> str:
    """A length with its seconds, and its days where there are any."""
    return (f"{span.days}." if span.days else "") + write_time(span % timedelta(days=1))


def logged_on(on: date, time: timedelta) -> LoggedAt:
    """The moment of a local time on a day; ValueError where clocks went forward over it."""
    return read_logged(f"{on.isoformat()}T{write_time(time)}")


def day_nearest(on: date, claimed: timedelta, actual: timedelta) -> date:
    """The day of an actual time: that of the claimed one, or the day beside it where that is nearer."""
    if actual - claimed > HALF_A_DAY:
        return on - timedelta(days=1)
    return on + timedelta(days=1) if claimed - actual > HALF_A_DAY else on


def after(came: LoggedAt, span: timedelta) -> LoggedAt:
    """So long after a coming, for each of the two instants that it may mean."""
    return LoggedAt(came.at + span, None if came.other is None else came.other + span)


def read_local_moment(text: str) -> datetime:
    """A moment with its offset, or a local time: of one that occurs twice the first."""
    return read_logged(text).at


UK_DAY = Kind("day, DD/MM/YYYY", read_uk_day, lambda day: f"{day:%d/%m/%Y}")
TIME = Kind("time of day, HH:MM:SS", read_time, write_time)
SPAN = Kind("length, HH:MM:SS", read_span, write_span)
