"""
What was planned and what happened: to which planned visit a log belongs, whom it counts for, and what the visit was.

A log says when one care worker came and went. Moments are whole seconds in UTC from any one zero; lengths are whole
minutes. Columns are flat, one number a visit or a log: a person's visits by one provider lie together, by planned
start and then by reference. Nothing here makes an object or raises, so that the same text runs interpreted for one
person's week and compiled for ten million visits (DOMAIN 4.1-4.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

REACH_SECONDS = 3_600
"""So long before its planned start a visit can be reached, if its window does not begin earlier (assumed)."""
FURTHEST_SECONDS = 2 * 86_400
"""No planned visit further away than this is in reach: the longest visit, and a window before it, last less."""
WAITING_SECONDS = 3 * 3_600
"""While a log that fits nothing lies so near an unfilled visit, the visit waits and is not missed."""
NOT_LEFT = -1
"""In place of the moment of leaving: nobody logged it."""
NOWHERE = -1
"""In place of a planned visit: none."""


class LogIs(IntEnum):
    """What became of a log."""

    COUNTED = 0
    STRETCH = 1
    """A further stretch of a worker who is counted already: its minutes are added."""
    REPEATED = 2
    """It overlaps a stretch of the same worker that is counted already."""
    SURPLUS = 3
    """As many workers as were planned are counted already."""
    UNPLANNED = 4
    """No planned visit is in reach."""
    NOT_LEFT = 5
    """Nobody logged the leaving: it is never closed by itself."""
    PARKED = 6
    """It names a visit of somebody else, or a person, worker or contract that nobody knows."""


class Mark(IntEnum):
    """What is noticed about a visit, one bit each."""

    LATE = 1
    EARLY = 2
    SHORT = 4
    VERY_SHORT = 8
    FEWER_WORKERS = 16
    """One worker was recorded where two were planned."""
    NOT_LEFT = 32
    ELSEWHERE = 64
    """A worker was logged in another home at the same time."""
    QUERY = 128
    """What is paid follows the plan although hardly anything of it was delivered."""


class Stopped(IntEnum):
    """Why a planned visit was not to be made; the greater stands where several hold (DOMAIN 3.5)."""

    NO = 0
    SUSPENDED = 1
    RETAINER = 2
    SHORT_NOTICE = 3
    DEATH = 4
    PARKED = 5
    """Nobody can say yet whether it was to be made: of a death that day only the date is known."""


class Reason(IntEnum):
    """Why a visit is worth what it is worth."""

    NOT_YET = 0
    PROVISION = 1
    DELIVERED = 2
    NO_ACCESS = 3
    SHORT_NOTICE = 4
    RETAINER = 5
    SUSPENDED = 6
    DEATH = 7
    WAITING = 8
    MISSED = 9
    UNPLANNED = 10


LOG_COUNTED, LOG_STRETCH, LOG_REPEATED = int(LogIs.COUNTED), int(LogIs.STRETCH), int(LogIs.REPEATED)
LOG_SURPLUS, LOG_UNPLANNED = int(LogIs.SURPLUS), int(LogIs.UNPLANNED)
LOG_NOT_LEFT, LOG_PARKED = int(LogIs.NOT_LEFT), int(LogIs.PARKED)
LATE, EARLY, SHORT, VERY_SHORT = int(Mark.LATE), int(Mark.EARLY), int(Mark.SHORT), int(Mark.VERY_SHORT)
STOP_SUSPENDED, STOP_RETAINER = int(Stopped.SUSPENDED), int(Stopped.RETAINER)
STOP_SHORT_NOTICE, STOP_DEATH = int(Stopped.SHORT_NOTICE), int(Stopped.DEATH)
STOP_PARKED = int(Stopped.PARKED)
NOT_YET, DELIVERED, NO_ACCESS = int(Reason.NOT_YET), int(Reason.DELIVERED), int(Reason.NO_ACCESS)
SHORT_NOTICE, RETAINER, SUSPENDED = int(Reason.SHORT_NOTICE), int(Reason.RETAINER), int(Reason.SUSPENDED)
DEATH, PROVISION = int(Reason.DEATH), int(Reason.PROVISION)
WAITING, MISSED = int(Reason.WAITING), int(Reason.MISSED)


def whole_minutes(seconds: int) -> int:
    """A length in minutes, half a minute up (settled reading 11)."""
    return (seconds + 30) // 60


def reach_begins(start: int, window_from: int) -> int:
    """The first moment at which somebody who comes can have come for this visit."""
    return min(window_from, start - REACH_SECONDS)


def reach_ends(ends: int, next_start: int, eleven: int) -> int:
    """
    The last moment at which somebody who comes can have come for this visit: afterwards it is missed.

    That is the planned start of the person's next visit or 23:00 of its day, whichever is first; a visit planned to
    end at 23:00 or later is missed when nobody came by its planned `ends` (settled reading 11).
    """
    return min(next_start, eleven) if ends < eleven else ends


def nearest_in_reach(
    at: int, first: int, after: int, last: int, starts: Sequence[int], begins: Sequence[int], ends: Sequence[int]
) -> int:
    """
    The planned visit among `first` to before `last` whose start is nearest to a moment, of those in reach; or NOWHERE.

    `after` is the first that starts later than `at`. Of two as near the earlier is taken, then the smaller reference.
    """
    found, least = NOWHERE, FURTHEST_SECONDS
    place = after - 1
    while place >= first and at - starts[place] <= least:
        if begins[place] <= at and at <= ends[place]:
            found, least = place, at - starts[place]
        place -= 1
    place = after
    while place < last and starts[place] - at < least:
        if begins[place] <= at and at <= ends[place]:
            found, least = place, starts[place] - at
        place += 1
    return found


def is_kept(log_is: int) -> int:
    """Whether a log's minutes count: 1 for a worker's first stretch and for further ones, else 0."""
    return 1 if log_is in (LOG_COUNTED, LOG_STRETCH) else 0


def overlaps(one_in: int, one_out: int, other_in: int, other_out: int) -> int:
    """Seconds for which two stretches lie over each other, 0 where they do not."""
    return max(0, min(one_out, other_out) - max(one_in, other_in))


def punctuality(came_at: int, window_from: int, window_to: int) -> int:
    """
    LATE, EARLY or 0: seconds count (settled reading 11).

    The window of a time-critical visit is half an hour either side of its planned start.
    """
    if came_at > window_to:
        return LATE
    return EARLY if came_at < window_from else 0


def length_kept(actual_minutes: int, planned_minutes: int, short_percent: int, very_short_percent: int) -> int:
    """VERY_SHORT and SHORT, SHORT, or 0, of one worker's minutes against the planned ones."""
    if actual_minutes * 100 < planned_minutes * very_short_percent:
        return SHORT | VERY_SHORT
    return SHORT if actual_minutes * 100 < planned_minutes * short_percent else 0


def reason_of(stopped: int, attended: int, no_access: int, waits: int, is_due: int) -> int:
    """
    Why a visit is worth what it is worth: it has one reason, and this is their order (DOMAIN 3.5).

    `attended` counts workers who came in, `waits` says that a log nearby may still belong to it, `is_due` that the
    moment by which it is missed has passed.
    """
    if stopped == STOP_DEATH:
        return DEATH
    if stopped == STOP_PARKED:
        return WAITING
    if attended:
        return DELIVERED
    if no_access:
        return NO_ACCESS
    if stopped == STOP_SHORT_NOTICE:
        return SHORT_NOTICE
    if stopped == STOP_RETAINER:
        return RETAINER
    if stopped == STOP_SUSPENDED:
        return SUSPENDED
    if waits:
        return WAITING
    return MISSED if is_due else NOT_YET
