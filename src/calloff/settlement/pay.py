"""Files of planned and delivered visits settled under one payment rule: what each visit is worth, and why."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from calloff.domain.calendar import local, to_utc, week_begins
from calloff.domain.payment import PERCENT, amount, planned_cost, stepped_cost
from calloff.domain.payment_rule import PaymentRule, numbers_of
from calloff.domain.planned_visits import ELEVEN, second_of
from calloff.domain.visit_rows import Key, Place, VisitRow, Whole, row_keys, standing
from calloff.domain.visits import NOT_LEFT, NOWHERE, LogIs, Reason, Stopped, reach_begins, reach_ends
from calloff.formats.delivered_visits import MET, REPLACE, DeliveredFile, DeliveredVisit, LoggedAt
from calloff.formats.planned_visits import PlannedRow
from calloff.settlement.columns import Logs, Planned, Rules, Settled
from calloff.settlement.engine import settle

PARKED = NOWHERE - 1
FAR = 1 << 40
NO_GROUP = (1 << 31) - 1
"""The group of logs of somebody nobody knows: behind all others."""
Engine = Callable[[Planned, Logs, Rules, int], Settled]


@dataclass(frozen=True)
class PaidVisit:
    """A planned visit, what it was and what it is worth."""

    planned: PlannedRow
    week: date
    reason: Reason
    marks: int
    worked_minutes: int
    paid_minutes: int
    cost: int
    pence: int


@dataclass(frozen=True)
class FoundLog:
    """A row of the delivered file, what became of it, and the planned visit it belongs to, blank where to none."""

    row: DeliveredVisit
    is_a: LogIs
    visit: str


@dataclass(frozen=True)
class RoundingLine:
    """What is added where a rule rounds once for each price line and week: the week's difference to its visits."""

    contract: str
    person: str
    week: date
    price_line: str
    pence: int


@dataclass(frozen=True)
class Paid:
    """Everything that files come to under a rule."""

    visits: tuple[PaidVisit, ...]
    logs: tuple[FoundLog, ...]
    roundings: tuple[RoundingLine, ...]

    @property
    def pence(self) -> int:
        """The sum of every visit and every rounding line."""
        return sum(one.pence for one in self.visits) + sum(one.pence for one in self.roundings)


def pay(
    rules: Sequence[PaymentRule],
    planned: Sequence[PlannedRow],
    delivered: Iterable[DeliveredFile],
    as_of: datetime,
    engine: Engine = settle,
) -> Paid:
    """
    Match and price the rows of some delivered files, as known at a moment; the order of the files changes nothing.

    VersionConflictError where a row says two things in one version.

    What a period is worth (a block, an outcome) is no visit's: under such a rule visits are worth nothing here.
    """
    rows = in_order(planned)
    groups = {group: number for number, group in enumerate(dict.fromkeys((row.person, row.contract) for row in rows))}
    logs = sorted_logs(living(delivered), rows, groups)
    place = {row.reference: number for number, row in enumerate(rows)}
    columns = planned_columns(rows, groups), log_columns(logs, rows, groups, place)
    found = engine(*columns, Rules(*numbers_of(rules)), second_of(as_of))
    visits = tuple(
        PaidVisit(
            planned=row,
            week=week_of(row.start_at),
            reason=Reason(found.reasons[number]),
            marks=int(found.marks[number]),
            worked_minutes=int(found.worked_minutes[number]),
            paid_minutes=0 if rules[row.rule].period_basis else int(found.paid_minutes[number]),
            cost=0 if rules[row.rule].period_basis else int(found.costs[number]),
            pence=0 if rules[row.rule].period_basis else int(found.pence[number]),
        )
        for number, row in enumerate(rows)
    )
    told = tuple(
        FoundLog(log, LogIs(found.log_is[number]), rows[found.visit_of[number]].reference)
        if found.visit_of[number] != NOWHERE
        else FoundLog(log, LogIs(found.log_is[number]), "")
        for number, log in enumerate(logs)
    )
    return Paid(visits, told, tuple(rounding_lines(rules, visits)))


def as_planned(one: PaidVisit, rule: PaymentRule) -> PaidVisit:
    """A visit at what it is planned to be, until what was delivered is settled."""
    row = one.planned
    if rule.steps:
        flat = [number for step in rule.steps for number in step]
        length = stepped_cost(row.minutes, flat, 0, len(rule.steps), rule.hour_pence)
        pence = amount(length * row.workers * PERCENT, rule.steps[0][0])
    else:
        pence = amount(planned_cost(row.minutes, row.workers, row.rate, row.pair_rate, row.unit == "visit"), 1)
    minutes = row.minutes * row.workers
    return replace(one, reason=Reason.PROVISION, marks=0, worked_minutes=0, paid_minutes=minutes, pence=pence)


def week_of(at: datetime) -> date:
    """The Monday of the local week in which a moment lies."""
    return week_begins(local(at).date())


def in_order(planned: Sequence[PlannedRow]) -> list[PlannedRow]:
    """Planned visits as settlement reads them: one person's with one provider together, by start, then reference."""
    return sorted(planned, key=lambda row: (row.person, row.contract, row.start_at, row.reference))


def living(delivered: Iterable[DeliveredFile]) -> list[DeliveredVisit]:
    """The rows of some files that stand: of each the latest version, repeated ones once, withdrawn ones not at all."""
    rows: list[VisitRow[DeliveredVisit]] = []
    wholes: list[Whole] = []
    for file in delivered:
        keys = keys_of(file)
        # The line on which a row stands is no part of what it says.
        rows += [
            VisitRow(key, row.version, replace(row, line=0), place_of(row))
            for key, row in zip(keys, file.rows, strict=True)
        ]
        if file.mode == REPLACE:
            wholes += wholes_of(file, keys)
    return [one.content for one in standing(rows, wholes).values() if one.content is not None]


def keys_of(file: DeliveredFile) -> list[Key]:
    """What each row of a file is known by."""
    rows = file.rows
    return row_keys([one.row for one in rows], [one.described for one in rows], [one.told for one in rows])


def place_of(row: DeliveredVisit) -> Place:
    """The contract's week in which a row lies: it is withdrawn by a file that holds all of that week without it."""
    return (row.contract, week_of(row.came.at))


def wholes_of(file: DeliveredFile, keys: Sequence[Key]) -> list[Whole]:
    """What a file that replaces says of each contract's week that it touches."""
    places: dict[Place, set[Key]] = {}
    for key, row in zip(keys, file.rows, strict=True):
        places.setdefault(place_of(row), set()).add(key)
    return [Whole(place, file.made_at, frozenset(held)) for place, held in places.items()]


def sorted_logs(
    logs: Sequence[DeliveredVisit], rows: Sequence[PlannedRow], groups: dict[tuple[str, str], int]
) -> list[DeliveredVisit]:
    """Logs by group, coming and source key, each at the one instant it is read as; of no known group last."""
    starts: dict[tuple[str, str], list[datetime]] = {}
    for row in rows:
        starts.setdefault((row.person, row.contract), []).append(row.start_at)
    read = [_at_one_instant(log, starts.get((log.person, log.contract), [])) for log in logs]
    return sorted(
        read,
        key=lambda log: (
            groups.get((log.person, log.contract), NO_GROUP),
            log.came.at,
            log.row,
            log.worker,
            _left_at(log),
        ),
    )


def _left_at(log: DeliveredVisit) -> datetime:
    return log.came.at if log.left is None else log.left.at


def _at_one_instant(log: DeliveredVisit, starts: Sequence[datetime]) -> DeliveredVisit:
    """A log whose times name one instant each: of two that a local time names, the one nearest a planned start."""
    came, left = log.came.at, log.left.at if log.left else None
    if log.came.other is not None:
        came = min(came, log.came.other, key=lambda at: (_away(at, starts), at))
    if log.left is not None and log.left.other is not None:
        left = log.left.at if log.left.at >= came else log.left.other
    return replace(log, came=LoggedAt(came), left=None if left is None else LoggedAt(left))


def _away(at: datetime, starts: Sequence[datetime]) -> timedelta:
    place = bisect_left(starts, at)
    near = starts[max(0, place - 1) : place + 1]
    return min((abs(at - one) for one in near), default=timedelta.max)


def planned_columns(rows: Sequence[PlannedRow], groups: dict[tuple[str, str], int]) -> Planned:
    """The columns of planned visits that are in order."""
    starts = [second_of(row.start_at) for row in rows]
    froms = [second_of(row.window_from_at) for row in rows]
    of_group = [groups[row.person, row.contract] for row in rows]
    return Planned(
        groups=of_group,
        starts=starts,
        windows_from=froms,
        windows_to=[second_of(row.window_to_at) for row in rows],
        begins=[reach_begins(start, first) for start, first in zip(starts, froms, strict=True)],
        ends=_reach_ends(rows, of_group, starts),
        weeks=[week_of(row.start_at).toordinal() for row in rows],
        minutes=[row.minutes for row in rows],
        workers=[row.workers for row in rows],
        extra_minutes=[row.approved_extra for row in rows],
        stopped=[int(Stopped[row.stopped.upper()]) if row.stopped else 0 for row in rows],
        rates=[row.rate for row in rows],
        pair_rates=[row.pair_rate for row in rows],
        per_visit=[int(row.unit == "visit") for row in rows],
        rule_of=[row.rule for row in rows],
    )


def _reach_ends(rows: Sequence[PlannedRow], groups: Sequence[int], starts: Sequence[int]) -> list[int]:
    ends, following = [0] * len(rows), FAR
    for number in range(len(rows) - 1, -1, -1):
        if number + 1 == len(rows) or groups[number + 1] != groups[number]:
            following = FAR
        elif starts[number + 1] > starts[number]:
            following = starts[number + 1]
        eleven = second_of(to_utc(local(rows[number].start_at).date(), ELEVEN))
        ends[number] = reach_ends(second_of(rows[number].ends_at), following, eleven)
    return ends


def log_columns(
    logs: Sequence[DeliveredVisit],
    rows: Sequence[PlannedRow],
    groups: dict[tuple[str, str], int],
    place: dict[str, int],
) -> Logs:
    """The columns of logs that are in order; whoever nobody knows is parked."""
    workers = {one: number for number, one in enumerate(sorted({(log.contract, log.worker) for log in logs}))}
    return Logs(
        groups=[groups.get((log.person, log.contract), NO_GROUP) for log in logs],
        came=[second_of(log.came.at) for log in logs],
        left=[NOT_LEFT if log.left is None else second_of(log.left.at) for log in logs],
        workers=[workers[log.contract, log.worker] for log in logs],
        named=[_named(log, rows, groups, place) for log in logs],
        met=[MET.index(log.met) for log in logs],
    )


def _named(
    log: DeliveredVisit, rows: Sequence[PlannedRow], groups: dict[tuple[str, str], int], place: dict[str, int]
) -> int:
    if (log.person, log.contract) not in groups:
        return PARKED
    if not log.visit:
        return NOWHERE
    number = place.get(log.visit, PARKED)
    agrees = number != PARKED and (rows[number].person, rows[number].contract) == (log.person, log.contract)
    return number if agrees else PARKED


def rounding_lines(rules: Sequence[PaymentRule], visits: Sequence[PaidVisit]) -> list[RoundingLine]:
    """What those rules add that round once for each price line and week; nothing where each visit is rounded."""
    return [
        line
        for number, rule in enumerate(rules)
        if rule.rounding == "per_line_and_week" and not rule.period_basis
        for line in _weeks_differences(rule, [one for one in visits if one.planned.rule == number])
    ]


def _weeks_differences(rule: PaymentRule, visits: Sequence[PaidVisit]) -> list[RoundingLine]:
    scale = rule.steps[0][0] if rule.steps else 1
    costs: dict[tuple[str, str, date, str], int] = {}
    pence: dict[tuple[str, str, date, str], int] = {}
    for one in visits:
        key = (one.planned.contract, one.planned.person, one.week, one.planned.price_line)
        costs[key] = costs.get(key, 0) + one.cost
        pence[key] = pence.get(key, 0) + one.pence
    lines = [RoundingLine(*key, amount(cost, scale) - pence[key]) for key, cost in costs.items()]
    return [line for line in lines if line.pence]
