"""
What a person's planned visits and the rows of providers come to under a council's rules, read from the database.

The touched weeks are read into rows, with their prices and whatever somebody said of them, and settled as files are.
Nothing here matches or prices, and nothing is stored.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q

from calloff.domain.calendar import local, to_utc, week_begins
from calloff.domain.visits import Stopped
from calloff.formats.delivered_visits import DeliveredFile, DeliveredVisit, LoggedAt
from calloff.formats.planned_visits import PlannedRow
from calloff.settlement.pay import Paid, pay
from calloff.web.brokerage.models import CallOff
from calloff.web.brokerage.services.desk import facts_of as package_facts
from calloff.web.contracts.services.market import facts_of as enrolment_facts
from calloff.web.directory.models import Council
from calloff.web.directory.services import calendar_of
from calloff.web.payments.services.in_force import Rules
from calloff.web.payments.services.pay_book import PayBook
from calloff.web.payments.services.rates import Rate, rate_as_called_off, rate_of
from calloff.web.visits.models import LooseRow, PlannedVisit, VisitRow
from calloff.web.visits.services.loose import decisions_in, loose_rows
from calloff.web.visits.services.planning import stopped_as
from calloff.web.visits.services.rows import elsewhere, overlapping, standing_rows

ELSEWHERE = "elsewhere"
"""In place of the person of a log in another home: no visit of anybody here is its own."""
MARGIN = timedelta(days=2)
"""Visits and logs so near to the touched weeks are matched with them: no reach is longer."""


@dataclass(frozen=True)
class Weeks:
    """From the Monday of the first touched week to the Sunday of the last."""

    first_on: date
    last_on: date

    @classmethod
    def around(cls, days: Iterable[date]) -> Weeks:
        """The whole weeks in which some days lie."""
        every = sorted(days)
        return cls(week_begins(every[0]), week_begins(every[-1]) + timedelta(days=6))

    @property
    def count(self) -> int:
        """How many they are."""
        return ((self.last_on - self.first_on).days + 1) // 7

    def hold(self, on: date) -> bool:
        """Whether a day lies in them."""
        return self.first_on <= on <= self.last_on


PERSON_WEEKS = 40
"""So many weeks of people are settled in one turn (assumed: a quarter of a second), so that no act waits long."""
Together = tuple[Weeks, list[int]]


def together(weeks: Mapping[int, Weeks]) -> Iterator[Together]:
    """People whose weeks are the same, as many at a time as one turn settles."""
    same: dict[Weeks, list[int]] = {}
    for person, one in sorted(weeks.items()):
        same.setdefault(one, []).append(person)
    for one, people in same.items():
        size = max(1, PERSON_WEEKS // one.count)
        for first in range(0, len(people), size):
            yield one, people[first : first + size]


def people_in(one: tuple[Any, ...]) -> int:
    """How many people are settled together."""
    return len(one[1])


@dataclass(frozen=True)
class Priced:
    """A person's planned visits around some weeks, what they come to, and all rows of theirs that were ever loose."""

    person: int
    planned: Sequence[PlannedVisit]
    paid: Paid
    loose: Sequence[LooseRow]


def priced(book: PayBook, people: Collection[int], weeks: Weeks, rules: Rules, at: datetime) -> list[Priced]:
    """Some people's planned visits around some weeks, and what each is worth under some rules; nothing is stored."""
    planned, loose = _planned(book, people, weeks), loose_rows(book.council.pk, people)
    rates = RateBook(book.council, [visit for every in planned.values() for visit in every])
    sent = Sent(book, weeks, loose)
    found = []
    for person, every in planned.items():
        places = [rules.place(one) for one in every]
        rows = [
            rates.row(one, place, stopped_as(one, rules.values[place]))
            for one, place in zip(every, places, strict=True)
        ]
        file = DeliveredFile(tuple(sent.logs(person, primes_of(every))))
        paid = pay(rules.values, rows, [file], at) if rows else Paid((), (), ())
        found.append(Priced(person, every, paid, loose[person]))
    return found


def _planned(book: PayBook, people: Collection[int], weeks: Weeks) -> dict[int, list[PlannedVisit]]:
    first, last = around(weeks)
    standing = PlannedVisit.objects.filter(superseded_at=None, cancelled=False)
    rows = standing.filter(council=book.council, person__in=people, start_at__gte=first, start_at__lt=last)
    every = list(rows.order_by("start_at", "reference"))
    # A contract's facts are long: each is read once, not with every call-off, and a call-off not with every visit.
    call_offs = CallOff.objects.select_related("package", "delivered_by").in_bulk({one.call_off_id for one in every})
    for call_off in call_offs.values():
        call_off.enrolment = book.enrolment(call_off.enrolment_id)
    found: dict[int, list[PlannedVisit]] = {person: [] for person in people}
    for one in every:
        one.call_off = call_offs[one.call_off_id]
        found[one.person_id].append(one)
    return found


def around(weeks: Weeks) -> tuple[datetime, datetime]:
    """From which moment to before which visits and logs are matched with those of some weeks."""
    return to_utc(weeks.first_on, 0) - MARGIN, to_utc(weeks.last_on, 0) + MARGIN + timedelta(days=1)


def deliverer_of(visit: PlannedVisit) -> int:
    """The branch that makes a visit: the subcontractor's where a prime has one, else that of the contract."""
    delivered_by = visit.call_off.delivered_by
    return visit.branch_id if delivered_by is None else delivered_by.branch_id


def primes_of(planned: Iterable[PlannedVisit]) -> dict[int, int]:
    """
    By subcontractor the prime for which it makes a person's visits, both as branches: its logs are the prime's.

    One that has visits of its own with the person logs those.
    """
    found = {deliverer_of(one): one.branch_id for one in planned}
    own = {one.branch_id for one in planned}
    return {branch: prime for branch, prime in found.items() if branch not in own}


class Sent:
    """The rows of providers about some people around some weeks that stand, and what lies over them."""

    def __init__(self, book: PayBook, weeks: Weeks, loose: Mapping[int, Sequence[LooseRow]]) -> None:
        first, last = around(weeks)
        self._said = {person: decisions_in(rows) for person, rows in loose.items()}
        # Rows of which somebody said whose they are, though they name nobody that is known.
        others = Q(who=None, key__in=[key for said in self._said.values() for _, key in said])
        rows = VisitRow.objects.filter(council=book.council, came_at__gte=first, came_at__lt=last)
        self._rows: dict[int | None, list[VisitRow]] = {}
        standing = standing_rows(rows.filter(Q(who__in=list(loose)) | others), book.wholes)
        for row in standing:
            self._rows.setdefault(row.who_id, []).append(row)
        # Where a worker is logged in two homes at once, settlement must see both.
        self._over = overlapping(standing, book.wholes)

    def logs(self, person: int, primes: Mapping[int, int]) -> list[DeliveredVisit]:
        """The rows that are about a person, as settlement reads them, and those that lie over them in other homes."""
        said = self._said[person]
        named = [row for row in self._rows.get(None, ()) if (row.branch_id, row.key) in said]
        kept = [(row, said.get((row.branch_id, row.key))) for row in [*self._rows.get(person, ()), *named]]
        kept = [(row, word) for row, word in kept if word is None or word.outcome != LooseRow.SET_ASIDE]
        own = [_delivered(row, str(person), word.visit if word else "", primes) for row, word in kept]
        others = elsewhere([row for row, _ in kept], self._over)
        return [*own, *(_delivered(row, ELSEWHERE, "", primes) for row in others if row.who_id != person)]


def row_name(row: VisitRow) -> str:
    """What a row is called among those of several providers, who each name theirs as they like."""
    return f"{row.branch_id}/{row.key}"


def named_row(name: str) -> tuple[int, str]:
    """The branch that sent a row of such a name, and the row's key there."""
    branch, _, key = name.partition("/")
    return int(branch), key


def _delivered(row: VisitRow, person: str, decided: str, primes: Mapping[int, int]) -> DeliveredVisit:
    """A row as settlement reads it; `decided` is the visit to which somebody said that it belongs."""
    left = None if row.left_at is None else LoggedAt(row.left_at, row.left_other)
    return DeliveredVisit(
        line=0,
        row=row_name(row),
        version=row.version,
        # A contract that nobody knows belongs to no group of visits, so the row is parked.
        contract="" if row.parked and not decided else str(primes.get(row.branch_id, row.branch_id)),
        person=person,
        worker=row.worker,
        came=LoggedAt(row.came_at, row.came_other),
        left=left,
        visit=decided or row.visit,
        met=row.met,
        came_by=row.came_by,
        left_by=row.left_by,
        code=row.code,
    )


class RateBook:
    """The prices of planned visits, each call-off's lines read once."""

    def __init__(self, council: Council, planned: Sequence[PlannedVisit]) -> None:
        self.calendar = calendar_of(council)
        self.lines = {
            one.pk: enrolment_facts(one).price_lines
            for one in {visit.call_off.enrolment_id: visit.call_off.enrolment for visit in planned}.values()
            if one is not None
        }
        self.packages = {
            (call_off.package_id, call_off.version): package_facts(call_off.package, call_off.version)
            for call_off in {(one.package_id, one.call_off.version): one.call_off for one in planned}.values()
        }

    def rate(self, visit: PlannedVisit) -> Rate:
        """The rate at the planned local start, for the whole visit (settled reading 12)."""
        call_off: CallOff = visit.call_off
        start = local(visit.start_at)
        found = None
        if call_off.enrolment_id is not None:
            found = rate_of(
                self.lines[call_off.enrolment_id],
                self.packages[visit.package_id, call_off.version],
                start.hour * 60 + start.minute,
                visit.workers,
                visit.on,
                self.calendar,
            )
        return found or rate_as_called_off(call_off.centipence_minutes, call_off.minutes_per_week)

    def row(self, visit: PlannedVisit, rule: int, stopped: Stopped) -> PlannedRow:
        rate = self.rate(visit)
        return PlannedRow(
            line=0,
            reference=visit.reference,
            contract=str(visit.branch_id),
            person=str(visit.person_id),
            start_at=visit.start_at,
            ends_at=visit.ends_at,
            window_from_at=visit.window_from_at,
            window_to_at=visit.window_to_at,
            minutes=visit.minutes,
            workers=visit.workers,
            rate=rate.centipence,
            pair_rate=rate.pair_centipence,
            unit=rate.unit,
            price_line=rate.line_id,
            stopped=stopped.name.lower() if stopped else "",
            approved_extra=visit.extra_minutes,
            rule=rule,
        )
