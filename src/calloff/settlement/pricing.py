"""
The pricing of settlement: what each matched visit was, which share of its price that bears, and what it is worth.

It holds no rule: each is a function of `domain/visits.py` or `domain/payment.py`. Columns are those of
`calloff.settlement.matching`, and the numbers of rules lie in the order of `RuleColumn`. Everything here runs
interpreted, or compiled as it stands.
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence

from calloff.domain.payment import (
    AT_BASIS,
    AT_HOUR_PENCE,
    AT_STEPS_FROM,
    AT_STEPS_TO,
    BANDED,
    MINUTES_PER_HOUR,
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
    NO_ACCESS,
    NOWHERE,
    PROVISION,
    RETAINER,
    SHORT_NOTICE,
    VERY_SHORT,
    Mark,
    is_kept,
    length_kept,
    overlaps,
    punctuality,
    reason_of,
    whole_minutes,
)

NEVER = 1 << 62
AT_OVERLAP, AT_SHORT = int(RuleColumn.OVERLAP), int(RuleColumn.SHORT_PERCENT)
AT_VERY_SHORT = int(RuleColumn.VERY_SHORT_PERCENT)
AT_SHORT_NOTICE, AT_RETAINER = int(RuleColumn.SHORT_NOTICE_PERCENT), int(RuleColumn.RETAINER_PERCENT)
AT_NO_ACCESS, AT_NO_ACCESS_A_WEEK = int(RuleColumn.NO_ACCESS_PERCENT), int(RuleColumn.NO_ACCESS_A_WEEK)
FEWER_WORKERS, MARK_NOT_LEFT, QUERY = int(Mark.FEWER_WORKERS), int(Mark.NOT_LEFT), int(Mark.QUERY)
ELSEWHERE = int(Mark.ELSEWHERE)
CAME_IN, AT_THE_DOOR, IN_HOSPITAL = 0, 1, 2
"""What a worker met: let in, nobody opened or the person refused, or the person had been admitted."""


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
        log = first_log[visit] if reasons[visit] == DELIVERED else NOWHERE
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
            total = 2 * least + min(alone, extra)
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


def add_up(
    contracts: Sequence[int],
    weeks: Sequence[int],
    pence: Sequence[int],
    first_contract: int,
    first_week: int,
    weeks_counted: int,
    totals: MutableSequence[int],
) -> None:
    """Add what visits are worth to the total of their contract and week, so many weeks a contract."""
    for visit in range(len(pence)):
        totals[(contracts[visit] - first_contract) * weeks_counted + weeks[visit] - first_week] += pence[visit]
