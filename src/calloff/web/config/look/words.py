"""
Numbers and moments as a person reads them.

Every function is given what it words, the clock included, and looks at nothing else but the language in force. Hours
have one decimal, money pounds and pence, days and durations are words, moments are those of Europe/London.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.dateformat import format as date_format
from django.utils.translation import gettext, ngettext

from calloff.domain.units import half_up, pounds

LONDON = ZoneInfo("Europe/London")


def hours(minutes: int) -> str:
    """Minutes as hours with one decimal, halves up: 1050 is "17.5", 4230000 is "70,500.0"."""
    tenths = half_up(minutes, 6)
    sign = "-" if tenths < 0 else ""
    return f"{sign}{abs(tenths) // 10:,}.{abs(tenths) % 10}"


def hours_a_week(minutes: int) -> str:
    """The hours of a week: "17.5 hours a week"."""
    return gettext("%(hours)s hours a week") % {"hours": hours(minutes)}


def money(pence: int) -> str:
    """Pence as pounds and pence: 27160 is "£271.60"."""
    return pounds(pence)


def rate(centipence: int) -> str:
    """Centipence as pounds and pence, halves up: 155200 is "£15.52", 155250 is "£15.53"."""
    return pounds(half_up(centipence, 100))


def day(on: date, today: date | None = None) -> str:
    """
    A day in words: "Thursday 26 November".

    With `today`, a day of another year has its year too, and today and tomorrow are called so.
    """
    if today is None:
        return date_format(on, "l j F")
    if on == today:
        return gettext("today")
    if on == today + timedelta(days=1):
        return gettext("tomorrow")
    return date_format(on, "l j F" if on.year == today.year else "l j F Y")


def moment(at: datetime, now: datetime | None = None) -> str:
    """
    A moment in words, in Europe/London: "Thursday 26 November, 10:30".

    With `now`, the day is worded as by `day`: "today, 10:30". ValueError for a moment without a zone.
    """
    here = _in_london(at)
    return f"{day(here.date(), _in_london(now).date() if now else None)}, {clock(at)}"


def clock(at: datetime) -> str:
    """The time of day in Europe/London: "10:30"; ValueError for a moment without a zone."""
    return _in_london(at).strftime("%H:%M")


def duration(minutes: int, *, brief: bool = False) -> str:
    """
    A length of time in its two greatest units, the rest left out: "2 days 4 hours", "5 hours 10 min", "38 min".

    `brief` is for a dense table: "2 d 4 h". ValueError for less than nothing.
    """
    if minutes < 0:
        raise ValueError(f"{minutes} minutes are less than nothing")
    days, rest = divmod(minutes, 24 * 60)
    whole_hours, left = divmod(rest, 60)
    parts = [
        (days, _short(days, "d") if brief else ngettext("%d day", "%d days", days) % days),
        (
            whole_hours,
            _short(whole_hours, "h") if brief else ngettext("%d hour", "%d hours", whole_hours) % whole_hours,
        ),
        (left, gettext("%d min") % left),
    ]
    first = next((place for place, (count, _) in enumerate(parts) if count), 2)
    return " ".join(words for place, (count, words) in enumerate(parts[first : first + 2]) if count or place == 0)


def lasted(began: datetime, ended: datetime, *, brief: bool = False) -> str:
    """The time between two moments, worked out in UTC and worded as by `duration`; 0 min when it runs backwards."""
    return duration(max(0, _minutes(began, ended)), brief=brief)


def due(deadline: datetime, now: datetime, *, brief: bool = False) -> str:
    """How far off a deadline is: "in 38 min", "overdue 12 min", and "due now" within a minute of it."""
    seconds = (deadline.astimezone(UTC) - now.astimezone(UTC)).total_seconds()
    minutes = int(abs(seconds) // 60)
    if minutes == 0:
        return gettext("due now")
    words = gettext("in %s") if seconds > 0 else gettext("overdue %s")
    return words % duration(minutes, brief=brief)


def _short(count: int, unit: str) -> str:
    return (gettext("%d d") if unit == "d" else gettext("%d h")) % count


def _minutes(began: datetime, ended: datetime) -> int:
    return int((ended.astimezone(UTC) - began.astimezone(UTC)).total_seconds() // 60)


def _in_london(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise ValueError(f"{at} has no zone, so nobody can say when it is")
    return at.astimezone(LONDON)
