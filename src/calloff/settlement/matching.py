"""
The matching of settlement: logs to planned visits, workers counted, those who were in two homes at once.

It holds no rule: each is a function of `domain/visits.py`. Columns are flat, one number a visit or a log. Visits lie by
group (one person's with one provider), planned start and reference, logs by group, coming and source key; a group has
the same number in both. Everything here runs interpreted, or compiled as it stands.
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence

from calloff.domain.visits import (
    LOG_COUNTED,
    LOG_NOT_LEFT,
    LOG_PARKED,
    LOG_REPEATED,
    LOG_STRETCH,
    LOG_SURPLUS,
    LOG_UNPLANNED,
    NOT_LEFT,
    NOWHERE,
    WAITING_SECONDS,
    is_kept,
    nearest_in_reach,
    overlaps,
)


def pair(
    visit_groups: Sequence[int],
    starts: Sequence[int],
    begins: Sequence[int],
    ends: Sequence[int],
    log_groups: Sequence[int],
    came: Sequence[int],
    named: Sequence[int],
    visit_of: MutableSequence[int],
    log_is: MutableSequence[int],
) -> None:
    """
    To which planned visit each log belongs, or NOWHERE; of those that belong to none `log_is` says why.

    `named` is the visit that the log or a person names, NOWHERE where none is, and less where the log is parked.
    """
    first = after = last = 0
    visits, logs = len(starts), len(came)
    for log in range(logs):
        group = log_groups[log]
        if log == 0 or log_groups[log - 1] != group:
            first = last
            while first < visits and visit_groups[first] < group:
                first += 1
            last = first
            while last < visits and visit_groups[last] == group:
                last += 1
            after = first
        while after < last and starts[after] <= came[log]:
            after += 1
        if named[log] >= 0:
            visit_of[log] = named[log]
        elif named[log] < NOWHERE:
            visit_of[log] = NOWHERE
            log_is[log] = LOG_PARKED
        else:
            visit_of[log] = nearest_in_reach(came[log], first, after, last, starts, begins, ends)
            if visit_of[log] == NOWHERE:
                log_is[log] = LOG_UNPLANNED


def chain(
    starts: Sequence[int],
    came: Sequence[int],
    visit_of: Sequence[int],
    first_log: MutableSequence[int],
    next_log: MutableSequence[int],
) -> None:
    """The logs of each visit one behind the other, the nearest to its planned start first, then as they lie."""
    for visit in range(len(starts)):
        first_log[visit] = NOWHERE
    for log in range(len(came)):
        visit = visit_of[log]
        if visit == NOWHERE:
            continue
        away = abs(came[log] - starts[visit])
        before, behind = NOWHERE, first_log[visit]
        while behind != NOWHERE and abs(came[behind] - starts[visit]) <= away:
            before, behind = behind, next_log[behind]
        next_log[log] = behind
        if before == NOWHERE:
            first_log[visit] = log
        else:
            next_log[before] = log


def count(
    workers_planned: Sequence[int],
    came: Sequence[int],
    left: Sequence[int],
    workers: Sequence[int],
    first_log: Sequence[int],
    next_log: Sequence[int],
    log_is: MutableSequence[int],
    seconds: MutableSequence[int],
) -> None:
    """
    Which logs of each visit count: the first distinct workers, as many as were planned, and their further stretches.

    `seconds` of a counted log are those of all its worker's stretches.
    """
    for visit in range(len(workers_planned)):
        counted = 0
        log = first_log[visit]
        while log != NOWHERE:
            if left[log] == NOT_LEFT:
                log_is[log] = LOG_NOT_LEFT
                log = next_log[log]
                continue
            own, is_repeated = NOWHERE, 0
            earlier = first_log[visit]
            while earlier != log:
                if workers[earlier] == workers[log] and is_kept(log_is[earlier]):
                    if log_is[earlier] == LOG_COUNTED:
                        own = earlier
                    if overlaps(came[earlier], left[earlier], came[log], left[log]) > 0:
                        is_repeated = 1
                earlier = next_log[earlier]
            if own != NOWHERE:
                log_is[log] = LOG_REPEATED if is_repeated else LOG_STRETCH
                if not is_repeated:
                    seconds[own] += left[log] - came[log]
            elif counted < workers_planned[visit]:
                counted += 1
                log_is[log] = LOG_COUNTED
                seconds[log] = left[log] - came[log]
            else:
                log_is[log] = LOG_SURPLUS
            log = next_log[log]


def wait(
    visit_groups: Sequence[int],
    starts: Sequence[int],
    log_groups: Sequence[int],
    came: Sequence[int],
    log_is: Sequence[int],
    waits: MutableSequence[int],
) -> None:
    """Mark every visit near which a log of its group is parked, whatever the reason."""
    first, visits = 0, len(starts)
    for visit in range(visits):
        waits[visit] = 0
    for log in range(len(came)):
        group = log_groups[log]
        while first < visits and (
            visit_groups[first] < group
            or (visit_groups[first] == group and starts[first] < came[log] - WAITING_SECONDS)
        ):
            first += 1
        if log_is[log] in (LOG_COUNTED, LOG_STRETCH, LOG_REPEATED):
            continue
        visit = first
        while visit < visits and visit_groups[visit] == group and starts[visit] <= came[log] + WAITING_SECONDS:
            waits[visit] = 1
            visit += 1


def elsewhere(
    by_worker: Sequence[int],
    workers: Sequence[int],
    log_groups: Sequence[int],
    came: Sequence[int],
    left: Sequence[int],
    at_once: MutableSequence[int],
) -> None:
    """
    Mark every log whose worker was logged in another home at the same time.

    `by_worker` puts the logs in order of their worker and then of coming. Forwards each is held against whichever
    earlier one in another home ends last, backwards against whichever later one in another home begins first.
    """
    near = far = NOWHERE
    for place in range(len(by_worker)):
        log = by_worker[place]
        at_once[log] = 0
        if left[log] <= came[log]:
            continue
        if near == NOWHERE or workers[near] != workers[log]:
            near, far = log, NOWHERE
            continue
        rival = near if log_groups[near] != log_groups[log] else far
        if rival != NOWHERE and came[log] < left[rival]:
            at_once[log] = 1
        if left[log] > left[near]:
            far, near = (near if log_groups[near] != log_groups[log] else far), log
        elif log_groups[log] != log_groups[near] and (far == NOWHERE or left[log] > left[far]):
            far = log
    near = far = NOWHERE
    for place in range(len(by_worker) - 1, -1, -1):
        log = by_worker[place]
        if left[log] <= came[log]:
            continue
        if near == NOWHERE or workers[near] != workers[log]:
            near, far = log, NOWHERE
            continue
        rival = near if log_groups[near] != log_groups[log] else far
        if rival != NOWHERE and came[rival] < left[log]:
            at_once[log] = 1
        far, near = (near if log_groups[near] != log_groups[log] else far), log
