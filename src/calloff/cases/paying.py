"""Cases of pay: what was planned and worked, under which payment rule, and what it must be worth."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import yaml

from calloff.cases.reading import mapping, text, within, word
from calloff.documents.payment_rules import load, parse
from calloff.domain.errors import BadInputError
from calloff.domain.packages import Visit
from calloff.domain.payment_rule import PaymentRule, numbers_of
from calloff.domain.planned_visits import PlannedVisit, dated, second_of
from calloff.domain.units import centipence_of, pence_of
from calloff.domain.visits import NOT_LEFT, NOWHERE, Mark, Reason, Stopped
from calloff.formats.planned_visits import PlannedRow
from calloff.settlement.columns import Logs, Rules, Settled
from calloff.settlement.engine import settle
from calloff.settlement.pay import in_order, planned_columns

MONDAY = date(2026, 3, 2)
"""The day of a case that names none: an ordinary one, far from any change of clocks."""
CASE_KEYS = (
    "name",
    "shows",
    "source",
    "rule",
    "rules",
    "rate",
    "pair_rate",
    "per",
    "planned",
    "worked",
    "approved_extra",
    "stopped",
    "is",
    "marks",
    "pays",
)
MARKS = {mark.name.lower(): int(mark) for mark in Mark}
REASONS = {reason.name.lower(): int(reason) for reason in Reason}
STOPPED = {stopped.name.lower(): int(stopped) for stopped in Stopped}
_PLANNED = re.compile(r"(?:(\d\d):(\d\d) )?(\d+)m(?: x(\d))?")
_LENGTH = re.compile(r"(\d+)m(?: (\d+)s)?")
_SPAN = re.compile(r"(?:([A-Z]) )?(\d\d):(\d\d)(?::(\d\d))?-(?:(\d\d):(\d\d)(?::(\d\d))?)?")


@dataclass(frozen=True)
class Worth:
    """What a case must come to under one rule: pence, and whether it is queried."""

    rule: PaymentRule
    pence: int
    is_queried: bool


@dataclass(frozen=True)
class Situation:
    """A case as values: the visit, who worked, and what is expected."""

    planned: PlannedVisit
    logs: tuple[tuple[int, int, int], ...]
    """Worker, second of coming, second of leaving or NOT_LEFT."""
    extra_minutes: int
    stopped: int
    rate: int
    pair_rate: int
    per_visit: bool
    reason: int
    marks: int
    worths: tuple[Worth, ...]


def situation(case: Mapping[str, Any]) -> Situation:
    """The values of a case, with what its file says for all; BadInputError says what cannot be read."""
    with within(f"case {case.get('name', '')!r}"):
        found = mapping(case, CASE_KEYS, ["name", "planned", "pays"])
        planned = _planned(text(found["planned"], "30m x2"))
        logs = tuple(_logs(found.get("worked"), planned))
        usual = "delivered" if logs else "missed"
        return Situation(
            planned=planned,
            logs=logs,
            extra_minutes=_minutes(found.get("approved_extra", "0m")),
            stopped=STOPPED[word(found.get("stopped", "no"), STOPPED, "no reason to stop a visit")],
            rate=centipence_of(str(found.get("rate", "0"))),
            pair_rate=centipence_of(str(found.get("pair_rate", "0"))),
            per_visit=word(found.get("per", "hour"), ("hour", "visit"), "no unit of a price") == "visit",
            reason=REASONS[word(found.get("is", usual), REASONS, "no reason of a visit")],
            marks=sum(MARKS[word(one, MARKS, "no mark of a visit")] for one in str(found.get("marks", "")).split()),
            worths=tuple(_worths(found)),
        )


def _planned(written: str) -> PlannedVisit:
    match = _PLANNED.fullmatch(written)
    if not match:
        raise BadInputError(f"`{written}` is no planned visit; write 30m, 30m x2 or 08:00 30m")
    start = int(match[1] or 8) * 60 + int(match[2] or 0)
    visit = Visit(MONDAY.weekday(), start, int(match[3]), int(match[4] or 1))
    return dated("visit", visit, MONDAY)


def _logs(written: Any, planned: PlannedVisit) -> list[tuple[int, int, int]]:
    """Who worked from when to when: one length, or a span each, `A 08:00-08:20` where a worker has several."""
    if written is None:
        return []
    start = second_of(planned.start_at)
    if isinstance(written, str) and _LENGTH.fullmatch(written):
        match = _LENGTH.fullmatch(written)
        return [(0, start, start + _seconds(match[1], match[2]))] if match else []
    logs = []
    for number, one in enumerate([written] if isinstance(written, str) else written):
        span = _SPAN.fullmatch(text(one, "08:00-08:20"))
        if not span:
            raise BadInputError(f"`{one}` is no stretch of work; write 20m, 08:00-08:20 or A 08:00-08:20")
        worker = ord(span[1]) if span[1] else number
        came = _moment(span[2], span[3], span[4])
        logs.append((worker, came, _moment(span[5], span[6], span[7]) if span[5] else NOT_LEFT))
    return logs


def _moment(hour: str, minute: str, second: str | None) -> int:
    day = datetime.combine(MONDAY, datetime.min.time())
    at = day + timedelta(hours=int(hour), minutes=int(minute), seconds=int(second or 0))
    return second_of(at.replace(tzinfo=dated("visit", Visit(MONDAY.weekday(), 0, 5), MONDAY).start_at.tzinfo))


def _seconds(minutes: str, seconds: str | None) -> int:
    return int(minutes) * 60 + int(seconds or 0)


def _minutes(written: Any) -> int:
    match = _LENGTH.fullmatch(str(written))
    if not match or match[2]:
        raise BadInputError(f"`{written}` is no length in minutes; write 5m")
    return int(match[1])


def _worths(found: Mapping[str, Any]) -> list[Worth]:
    if "rule" in found:
        return [_worth(rule_of(found["rule"]), found["pays"])]
    rules = mapping(found.get("rules"), list(found.get("rules") or ()))
    pays = mapping(found["pays"], list(rules))
    return [_worth(rule_of(rules[name]), worth) for name, worth in pays.items()]


def _worth(rule: PaymentRule, written: Any) -> Worth:
    amount, _, query = str(written).partition(" ")
    if query not in ("", "query"):
        raise BadInputError(f"`{written}` is no amount; write 11.40 or 11.40 query")
    return Worth(rule, pence_of(amount), query == "query")


def rule_of(written: Any) -> PaymentRule:
    """A payment rule by its id, or by what differs from one that says nothing but its basis."""
    if isinstance(written, str):
        return load(written)
    told: dict[str, Any] = {"id": "case", "version": "1", "title": "of a case"}
    for name, rule in mapping(written, list(written or ())).items():
        told[name] = {**rule, "assumed": "by the case"}
    return parse(yaml.safe_dump(json.loads(json.dumps(told, default=str))), "case")


def settled(one: Situation, rule: PaymentRule) -> Settled:
    """What settlement makes of a case under a rule."""
    return settle_visits([one.planned], one, rule)


def settle_visits(visits: Sequence[PlannedVisit], one: Situation, rule: PaymentRule) -> Settled:
    """Settle some visits of one person under one rule, with what a case says of each of them."""
    whose = ("person", "contract")
    rows_planned = in_order([_row(visit, one) for visit in visits])
    planned = planned_columns(rows_planned, {whose: 0})
    rows = sorted(one.logs, key=lambda log: log[1])
    logs = Logs(
        groups=[0] * len(rows),
        came=[came for _, came, _ in rows],
        left=[left for _, _, left in rows],
        workers=[worker for worker, _, _ in rows],
        named=[NOWHERE] * len(rows),
        met=[0] * len(rows),
    )
    numbers, steps = numbers_of([rule])
    return settle(planned, logs, Rules(numbers, steps), as_of=second_of(rows_planned[-1].start_at + timedelta(days=3)))


def _row(visit: PlannedVisit, one: Situation) -> PlannedRow:
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
        workers=visit.workers,
        rate=one.rate,
        pair_rate=one.pair_rate,
        unit="visit" if one.per_visit else "hour",
        stopped=Stopped(one.stopped).name.lower() if one.stopped else "",
        approved_extra=one.extra_minutes,
    )
