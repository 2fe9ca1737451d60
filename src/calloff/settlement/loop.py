"""
The loop of settlement: logs to planned visits, workers counted, each visit priced.

It holds no rule: each is a function of `domain/visits.py` or `domain/payment.py`. Columns are flat, one number a visit
or a log. Visits lie by group (one person's with one provider), planned start and reference, logs by group, coming and
source key; a group has the same number in both. Everything here runs interpreted, or compiled as it stands.
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence

from calloff.domain.payment import (
    AT_BASIS,
    AT_HOUR_PENCE,
    AT_STEPS_FROM,
    AT_STEPS_TO,
    BANDED,
    PERCENT,
    PLANNED,
    RULE,
    STEP,
    STEPPED,
    RuleColumn,
    amount,
    payable_minutes,
    stepped_cost,
)
from calloff.domain.visits import (
    DELIVERED,
    LOG_COUNTED,
    LOG_NOT_LEFT,
    LOG_PARKED,
    LOG_REPEATED,
    LOG_STRETCH,
    LOG_SURPLUS,
    LOG_UNPLANNED,
    NO_ACCESS,
    NOT_LEFT,
    NOWHERE,
    PROVISION,
    RETAINER,
    SHORT_NOTICE,
    VERY_SHORT,
    WAITING_SECONDS,
    Mark,
    is_kept,
    length_kept,
    nearest_in_reach,
    overlaps,
    punctuality,
    reason_of,
    whole_minutes,
)

MINUTES_PER_HOUR = 60
NEVER = 1 << 62
AT_OVERLAP, AT_SHORT = int(RuleColumn.OVERLAP), int(RuleColumn.SHORT_PERCENT)
AT_VERY_SHORT = int(RuleColumn.VERY_SHORT_PERCENT)
AT_SHORT_NOTICE, AT_RETAINER = int(RuleColumn.SHORT_NOTICE_PERCENT), int(RuleColumn.RETAINER_PERCENT)
AT_NO_ACCESS, AT_NO_ACCESS_A_WEEK = int(RuleColumn.NO_ACCESS_PERCENT), int(RuleColumn.NO_ACCESS_A_WEEK)
FEWER_WORKERS, MARK_NOT_LEFT, QUERY = int(Mark.FEWER_WORKERS), int(Mark.NOT_LEFT), int(Mark.QUERY)
ELSEWHERE = int(Mark.ELSEWHERE)
CAME_IN, AT_THE_DOOR, IN_HOSPITAL = 0, 1, 2
"""What a worker met: let in, nobody opened or the person refused, or the person had been admitted."""


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
    To which planned visit each log belongs, or NOWHERE; what is parked or fits nothing is said in `log_is`.

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
        log_is[log] = LOG_COUNTED
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
        next_log[log] = NOWHERE
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
            seconds[log] = 0
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


def happen(
    windows_from: Sequence[int],
    windows_to: Sequence[int],
    ends: Sequence[int],
    planned_minutes: Sequence[int],
    workers_planned: Sequence[int],
    stopped: Sequence[int],
    rule_of: Sequence[int],
    rules: Sequence[int],
    came: Sequence[int],
    met: Sequence[int],
    at_once: Sequence[int],
    log_is: Sequence[int],
    seconds: Sequence[int],
    first_log: Sequence[int],
    next_log: Sequence[int],
    waits: Sequence[int],
    as_of: int,
    reasons: MutableSequence[int],
    marks: MutableSequence[int],
    in_hospital: MutableSequence[int],
    worked_minutes: MutableSequence[int],
) -> None:
    """What each visit was: its one reason, what is noticed about it, and the minutes of the workers who count."""
    for visit in range(len(planned_minutes)):
        at = rule_of[visit] * RULE
        attended = turned_away = not_left = mark = 0
        shortest = in_hospital[visit] = worked_minutes[visit] = 0
        first_came = NEVER
        log = first_log[visit]
        while log != NOWHERE:
            if at_once[log]:
                mark |= ELSEWHERE
            if log_is[log] == LOG_NOT_LEFT:
                not_left, mark = 1, mark | MARK_NOT_LEFT
            elif log_is[log] == LOG_COUNTED and met[log] != CAME_IN:
                turned_away = 1
                if met[log] == IN_HOSPITAL:
                    in_hospital[visit] = 1
            elif log_is[log] == LOG_COUNTED:
                actual = whole_minutes(seconds[log])
                shortest = actual if attended == 0 else min(shortest, actual)
                worked_minutes[visit] += actual
                attended += 1
            if is_kept(log_is[log]) and met[log] == CAME_IN:
                first_came = min(first_came, came[log])
            log = next_log[log]
        reason = reason_of(stopped[visit], attended, turned_away, waits[visit] or not_left, as_of > ends[visit])
        if reason == DELIVERED:
            mark |= punctuality(first_came, windows_from[visit], windows_to[visit])
            mark |= length_kept(shortest, planned_minutes[visit], rules[at + AT_SHORT], rules[at + AT_VERY_SHORT])
            if attended < workers_planned[visit]:
                mark |= FEWER_WORKERS
            if mark & VERY_SHORT and rules[at + AT_BASIS] in (PLANNED, BANDED):
                mark |= QUERY
        reasons[visit], marks[visit] = reason, mark


def bear(
    visit_groups: Sequence[int],
    weeks: Sequence[int],
    rule_of: Sequence[int],
    rules: Sequence[int],
    reasons: Sequence[int],
    in_hospital: Sequence[int],
    percents: MutableSequence[int],
) -> None:
    """The share of a visit's price that its reason is worth; of visits at a closed door so many a person and week."""
    at_the_door = 0
    for visit in range(len(reasons)):
        if visit == 0 or visit_groups[visit] != visit_groups[visit - 1] or weeks[visit] != weeks[visit - 1]:
            at_the_door = 0
        at, reason, percents[visit] = rule_of[visit] * RULE, reasons[visit], 0
        if reason in (DELIVERED, PROVISION):
            percents[visit] = PERCENT
        elif reason == SHORT_NOTICE:
            percents[visit] = rules[at + AT_SHORT_NOTICE]
        elif reason == RETAINER:
            percents[visit] = rules[at + AT_RETAINER]
        elif reason == NO_ACCESS:
            at_the_door += 1 - in_hospital[visit]
            if in_hospital[visit] or at_the_door <= rules[at + AT_NO_ACCESS_A_WEEK]:
                percents[visit] = rules[at + AT_NO_ACCESS]


def price(
    planned_minutes: Sequence[int],
    workers_planned: Sequence[int],
    extra_minutes: Sequence[int],
    rates: Sequence[int],
    pair_rates: Sequence[int],
    per_visit: Sequence[int],
    rule_of: Sequence[int],
    rules: Sequence[int],
    steps: Sequence[int],
    came: Sequence[int],
    left: Sequence[int],
    workers: Sequence[int],
    met: Sequence[int],
    log_is: Sequence[int],
    seconds: Sequence[int],
    first_log: Sequence[int],
    next_log: Sequence[int],
    reasons: Sequence[int],
    percents: Sequence[int],
    paid_minutes: MutableSequence[int],
    costs: MutableSequence[int],
    pence: MutableSequence[int],
) -> None:
    """What each visit is worth: the payable minutes of its workers added up, and priced once."""
    for visit in range(len(planned_minutes)):
        rule, percent = rule_of[visit], percents[visit]
        at, planned, extra = rule * RULE, planned_minutes[visit], extra_minutes[visit]
        basis, first, last, hour = (
            rules[at + AT_BASIS],
            rules[at + AT_STEPS_FROM],
            rules[at + AT_STEPS_TO],
            rules[at + AT_HOUR_PENCE],
        )
        attended = total = least = stepped = 0
        one = other = NOWHERE
        if percent and reasons[visit] != DELIVERED:
            # Nobody worked, and the planned minutes stand for those worked.
            attended, least, total = workers_planned[visit], planned, planned * workers_planned[visit]
            if basis == STEPPED:
                stepped = attended * stepped_cost(planned, steps, first, last, hour)
        log = first_log[visit] if percent and reasons[visit] == DELIVERED else NOWHERE
        while log != NOWHERE:
            if log_is[log] == LOG_COUNTED and met[log] == CAME_IN:
                minutes = payable_minutes(whole_minutes(seconds[log]), planned, extra, rules, rule)
                least = minutes if attended == 0 else min(least, minutes)
                one, other = (log, NOWHERE) if attended == 0 else (one, log)
                total, attended = total + minutes, attended + 1
                if basis == STEPPED:
                    stepped += stepped_cost(minutes, steps, first, last, hour)
            log = next_log[log]
        if rules[at + AT_OVERLAP] and other != NOWHERE:
            both = whole_minutes(together_seconds(one, other, workers, came, left, log_is, first_log[visit], next_log))
            alone = whole_minutes(seconds[one]) + whole_minutes(seconds[other]) - 2 * both
            least = payable_minutes(both, planned, 0, rules, rule)
            total = 2 * least + min(max(alone, 0), extra)
        scale = 1
        if basis == STEPPED:
            scale, cost = steps[first * STEP], stepped
        elif per_visit[visit]:
            cost = attended * rates[visit] * MINUTES_PER_HOUR if total else 0
        elif pair_rates[visit] and attended > 1:
            cost = least * pair_rates[visit] + (total - 2 * least) * rates[visit]
        else:
            cost = total * rates[visit]
        paid_minutes[visit], costs[visit] = total, cost * percent
        pence[visit] = amount(cost * percent, scale)


def together_seconds(
    one: int,
    other: int,
    workers: Sequence[int],
    came: Sequence[int],
    left: Sequence[int],
    log_is: Sequence[int],
    first: int,
    next_log: Sequence[int],
) -> int:
    """Seconds for which both counted workers of a visit were there, over all their stretches."""
    together, log = 0, first
    while log != NOWHERE:
        beside = first if workers[log] == workers[one] and is_kept(log_is[log]) else NOWHERE
        while beside != NOWHERE:
            if workers[beside] == workers[other] and is_kept(log_is[beside]):
                together += overlaps(came[log], left[log], came[beside], left[beside])
            beside = next_log[beside]
        log = next_log[log]
    return together
