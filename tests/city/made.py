"""The city put together: planned visits, what happened to each, the files that say so, and the truth about all."""

from __future__ import annotations

import csv
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from city.happenings import KINDS, Happened, Told, nobody, ordinary, otherwise
from city.town import FIRST_ON, LONDON, Person, PlannedFor, people, planned_for
from city.worth import RETAINER_PERCENT, Terms, payable, priced

SENT_AT = datetime(2026, 11, 10, 9, tzinfo=UTC)
KNOWN_AT = datetime(2026, 12, 20, 9, tzinfo=UTC)
NO_ACCESS_A_WEEK = 2
WITHDRAWN_CONTRACT = "E-03"
"""The contract whose third week is sent once more as a whole, without some of its rows."""
WITHDRAWN_WEEK = (FIRST_ON + timedelta(days=14), FIRST_ON + timedelta(days=20))
NOT_OF_NIGHTS = ("unplanned",)
NOT_BEFORE_NIGHTS = ("late_to_begin", "at_the_last_second")


@dataclass
class Visit:
    """One planned visit of the city with all that is true of it; `stopped` is why it was not to be made."""

    planned: PlannedFor
    kind: str
    stopped: str
    happened: Happened
    percent: int = 100


@dataclass
class City:
    """All of it, made from one seed."""

    visits: list[Visit] = field(default_factory=list)

    @property
    def kinds(self) -> Counter[str]:
        """How often each thing happened."""
        found = Counter(one.kind for one in self.visits) + Counter(one.stopped for one in self.visits if one.stopped)
        for one in self.visits:
            person, on = one.planned.person, one.planned.on
            found["new_version"] += person.changed_on is not None and on >= person.changed_on
            found["shared"] += person.shared_on is not None and on >= person.shared_on
        return found


def made(seed: int, visits: int) -> City:
    """A city with about so many planned visits."""
    chance = random.Random(seed)
    city = City()
    for person in people(chance, visits):
        city.visits += _of_person(person, chance)
    _in_two_homes(city, chance)
    _withdraw(city, chance)
    _at_closed_doors(city)
    return city


def _of_person(person: Person, chance: random.Random) -> Iterator[Visit]:
    by_night = any(slot.band == "night" for slot in person.slots)
    names, weights = list(KINDS), [weight for _, weight in KINDS.values()]
    for planned in planned_for(person):
        stopped = _stopped(planned, chance)
        kind = chance.choices(names, weights)[0]
        if by_night and kind in NOT_OF_NIGHTS:
            kind = "ordinary"
        if planned.slot.band in ("bed", "night") and kind in NOT_BEFORE_NIGHTS:
            kind = "ordinary"
        if kind == "one_of_two" and planned.slot.workers == 1:
            kind = "ordinary"
        if stopped in ("retainer", "suspended", "short_notice"):
            # Now and then somebody comes all the same: what was delivered is paid as that.
            kind = "ordinary" if chance.random() < 0.03 else "nobody"
        elif stopped == "death":
            kind = chance.choice(("ordinary", "nobody"))
        happened = KINDS[kind][0](planned, chance)
        yield Visit(planned, kind, stopped, _with_reason(happened, stopped))


def _stopped(planned: PlannedFor, chance: random.Random) -> str:
    person = planned.person
    if person.died_on is not None and planned.on > person.died_on:
        return "death"
    if person.away is not None and person.away[0] <= planned.on < person.away[1]:
        return "retainer" if person.number % 2 else "suspended"
    return "short_notice" if chance.random() < 0.006 else ""


def _with_reason(happened: Happened, stopped: str) -> Happened:
    """The one reason of a visit: death, delivered, at the door, short notice, retainer, suspended."""
    if stopped == "death":
        marks = frozenset[str]()
        return Happened(happened.rows, "death", [], happened.worked, marks)
    if stopped and happened.reason == "missed":
        return Happened(happened.rows, stopped, [], 0)
    return happened


def _in_two_homes(city: City, chance: random.Random) -> None:
    """The worker of one ordinary visit is logged in another home of the same provider at the same time."""
    by_place: dict[tuple[str, datetime], list[int]] = {}
    for number, one in enumerate(city.visits):
        if one.kind == "ordinary" and not one.stopped and one.planned.minutes < 240:
            by_place.setdefault((one.planned.person.contract, one.planned.start_at), []).append(number)
    for numbers in by_place.values():
        if len(numbers) < 2 or chance.random() > 0.05:
            continue
        first, second = (city.visits[number] for number in numbers[:2])
        here, (there, *others) = first.happened.rows[0], second.happened.rows
        if first.planned.person is second.planned.person or not _overlap(here, there):
            continue
        second.happened.rows[:] = [otherwise(there, worker=here.worker), *others]
        for one in (first, second):
            one.kind = "in_two_homes"
            one.happened.marks |= {"elsewhere"}


def _overlap(one: Told, other: Told) -> bool:
    return one.left is not None and other.left is not None and one.came < other.left and other.came < one.left


def _withdraw(city: City, chance: random.Random) -> None:
    """Rows of one contract's week that the file holding all of it has no more: nobody came to those visits."""
    for one in city.visits:
        planned = one.planned
        inside = planned.person.contract == WITHDRAWN_CONTRACT and WITHDRAWN_WEEK[0] <= planned.on <= WITHDRAWN_WEEK[1]
        # A night's rows may lie in the week after it.
        if (
            inside
            and one.kind == "ordinary"
            and not one.stopped
            and planned.slot.band != "night"
            and chance.random() < 0.3
        ):
            one.kind, one.happened = "withdrawn", _with_reason(nobody(planned, chance), "")
            one.happened.rows += [otherwise(told, is_a="withdrawn") for told in ordinary(planned, chance).rows]


def _at_closed_doors(city: City) -> None:
    """Of visits at a closed door two a person and week are paid; a hospital found on arrival is not counted."""
    counts: Counter[tuple[str, int]] = Counter()
    for one in city.visits:
        if one.happened.reason == "no_access" and one.kind == "no_access":
            key = (one.planned.person.reference, (one.planned.on - FIRST_ON).days // 7)
            counts[key] += 1
            one.percent = 100 if counts[key] <= NO_ACCESS_A_WEEK else 0


# The truth


def truth(city: City, terms_on: Callable[[date], Terms]) -> Iterator[dict[str, object]]:
    """Of every visit its reason, what is noticed, its minutes and its pence, paid as `terms_on` its day."""
    for one in city.visits:
        planned, found = one.planned, one.happened
        terms = terms_on(planned.on)
        minutes: list[int] = []
        percent = 100
        if found.reason == "delivered":
            minutes = [payable(terms, planned.minutes, stayed) for stayed in found.stayed]
        elif found.reason in ("no_access", "short_notice", "retainer"):
            percent = RETAINER_PERCENT if found.reason == "retainer" else one.percent
            minutes = [planned.minutes] * planned.slot.workers if percent else []
        marks = set(found.marks)
        if "very_short" in marks and terms.basis in ("P", "B"):
            marks |= {"query"}
        yield {
            "visit": planned.reference,
            "reason": found.reason,
            "marks": frozenset(marks),
            "worked_minutes": found.worked or 0,
            "paid_minutes": sum(minutes),
            "pence": priced(terms, minutes, planned.rate, percent),
        }


# Files


def rows_of(city: City) -> list[Told]:
    """Every row that any provider sends."""
    return [told for one in city.visits for told in one.happened.rows]


def files(city: City, seed: int) -> list[tuple[str, list[Told]]]:
    """The files in which the rows come, each with its mode: three rounds for each contract, and one that replaces."""
    chance = random.Random(seed)
    found: dict[tuple[str, int], list[Told]] = {}
    for told in rows_of(city):
        found.setdefault((told.contract, told.file), []).append(told)
    made_files = [("add", chance.sample(rows, len(rows))) for _, rows in sorted(found.items())]
    whole = [told for told in rows_of(city) if _in_withdrawn_week(told) and told.is_a not in ("", "withdrawn")]
    return [*made_files, made_files[0], ("replace", _once(whole))]


def _in_withdrawn_week(told: Told) -> bool:
    if told.contract != WITHDRAWN_CONTRACT:
        return False
    on = told.came.astimezone(LONDON).date()
    return WITHDRAWN_WEEK[0] <= on <= WITHDRAWN_WEEK[1]


def _once(rows: Iterable[Told]) -> list[Told]:
    return list({(told.row, told.version): told for told in rows}.values())


def version_of(told: Told) -> datetime:
    """When a row was last changed."""
    return SENT_AT + timedelta(hours=told.version)


def write_rows(path: Path, rows: Sequence[Told], mode: str) -> None:
    """A visits.csv file, written by hand."""
    names = ["row", "version", "contract", "person", "worker", "came", "left", "visit", "met"]
    minutes = 0
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(names)
        for told in rows:
            left = told.left
            minutes += 0 if left is None else int((left - told.came).total_seconds() + 30) // 60
            texts = [told.row, _text(version_of(told)), told.contract, told.person, told.worker, _text(told.came)]
            writer.writerow([*texts, _text(left) if left else "", told.visit, told.met])
        writer.writerow(["TOTAL", len(rows), minutes, "" if mode == "add" else mode, "", "", "", "", ""])


def write_planned(path: Path, city: City) -> None:
    """planned.csv, written by hand, its rates in pounds."""
    names = ["reference", "contract", "person", "start_at", "ends_at", "window_from_at", "window_to_at"]
    names += ["minutes", "workers", "rate", "stopped"]
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(names)
        for one in city.visits:
            planned = one.planned
            moments = (planned.start_at, planned.ends_at, planned.window_from_at, planned.window_to_at)
            rate = f"{planned.rate // 10_000}.{planned.rate % 10_000:04d}"
            texts = [planned.reference, planned.person.contract, planned.person.reference, *map(_text, moments)]
            writer.writerow([*texts, planned.minutes, planned.slot.workers, rate, one.stopped])


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
