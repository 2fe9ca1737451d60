"""
Unmet need: the weekly minutes that were approved and have not started, day by day.

K1 on a day is the sum over packages of what is agreed and required by then, less what has started, pauses apart
(DOMAIN 7, fixture F8).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

FOR_EVER = date.max


@dataclass(frozen=True)
class Stretch:
    """Minutes a week from a day on, up to but without another; no last day means for ever."""

    minutes: int
    from_on: date
    until: date = FOR_EVER

    def covers(self, day: date) -> bool:
        return self.from_on <= day < self.until


@dataclass(frozen=True)
class Unmet:
    """So many minutes a week are unmet from a day on, up to but without `until`; `whole` when nothing has started."""

    minutes: int
    whole: bool
    from_on: date
    until: date


def unmet(agreed: Sequence[Stretch], started: Sequence[Stretch], paused: Sequence[Stretch]) -> list[Unmet]:
    """
    The stretches of unmet need of one package, in order; alike neighbours are one.

    `agreed` are its versions from their required start on, `started` its call-offs from their first visit on, `paused`
    the days on which nothing is due (the person is in hospital), whatever their minutes.
    """
    every = (*agreed, *started, *paused)
    days = sorted({day for one in every for day in (one.from_on, one.until)})
    found: list[Unmet] = []
    for day, until in itertools.pairwise(days):
        if any(one.covers(day) for one in paused):
            continue
        wanted = sum(one.minutes for one in agreed if one.covers(day))
        given = sum(one.minutes for one in started if one.covers(day))
        if wanted <= given:
            continue
        last = found[-1] if found else None
        if last and (last.until, last.minutes, last.whole) == (day, wanted - given, given == 0):
            found[-1] = Unmet(last.minutes, last.whole, last.from_on, until)
        else:
            found.append(Unmet(wanted - given, given == 0, day, until))
    return found
