"""
A change of a visit for a few days that needs nobody's approval, and its limits (DOMAIN 3.6).

The net of a calendar week's temporary changes is at most so many per cent of the weekly minutes, longer and shorter
visits set off against each other; one lasts at most so many days; and over any four weeks the net is at most what
that many per cent come to in so many days (assumed: 10 per cent, 14 days). Beyond it is a change of need.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from calloff.domain.calendar import week_begins

PERCENT, DAYS = 10, 14
NETTED_DAYS = 28
SHORTEST_MINUTES = 5
"""A visit that is not made at all is cancelled, not shortened."""


@dataclass(frozen=True)
class Dated:
    """By how many minutes, of all its workers together, the visits of a day are longer; shorter is less than none."""

    on: date
    minutes: int


@dataclass(frozen=True)
class Limits:
    """How far visits may vary: a share of the weekly minutes in per cent, for so many days."""

    percent: int = PERCENT
    days: int = DAYS

    def in_a_week(self, weekly_minutes: int) -> int:
        """The most net minutes in a calendar week, a share of a minute counting as none."""
        return weekly_minutes * self.percent // 100

    def in_four_weeks(self, weekly_minutes: int) -> int:
        """The most net minutes in any four weeks."""
        return weekly_minutes * self.percent * self.days // 700


def over_the_limits(
    change: Iterable[Dated], others: Iterable[Dated], weekly_minutes: int, limits: Limits = Limits()
) -> str:
    """
    Which limit a change passes, beside the others that stand: `days`, `week` or `four_weeks`; blank where none.

    Only weeks in which the change has days are looked at: what others passed is not its fault.
    """
    change = sorted(change, key=lambda one: one.on)
    if not change:
        return ""
    first, last = change[0].on, change[-1].on
    if (last - first).days >= limits.days:
        return "days"
    every = [*change, *others]
    for monday in {week_begins(one.on) for one in change}:
        if abs(net(every, monday, 7)) > limits.in_a_week(weekly_minutes):
            return "week"
    spans = range((last - first).days + NETTED_DAYS)
    begins = first - timedelta(days=NETTED_DAYS - 1)
    if any(
        abs(net(every, begins + timedelta(days=n), NETTED_DAYS)) > limits.in_four_weeks(weekly_minutes) for n in spans
    ):
        return "four_weeks"
    return ""


def net(every: Iterable[Dated], first: date, days: int) -> int:
    """What the changes of some days come to, longer and shorter ones together."""
    return sum(one.minutes for one in every if 0 <= (one.on - first).days < days)
