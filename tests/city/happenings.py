"""
What happens to planned visits: for each kind of thing the rows that providers send, and what the visit then is.

Every kind says its own truth, because it was made to happen; nothing here matches or settles.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from city.town import PlannedFor

FIRST_FILE, LATER_FILE, LAST_FILE = 0, 1, 2


@dataclass(frozen=True)
class Told:
    """One version of a row of a file; `is_a` is what becomes of it, blank where another version stands for it."""

    file: int
    row: str
    version: int
    contract: str
    person: str
    worker: str
    came: datetime
    left: datetime | None
    is_a: str = "counted"
    of_visit: bool = True
    visit: str = ""
    met: str = ""


@dataclass
class Happened:
    """What became of one planned visit: its rows, its one reason, and how long each counted worker stayed."""

    rows: list[Told] = field(default_factory=list)
    reason: str = "missed"
    stayed: list[int] = field(default_factory=list)
    worked: int | None = None
    marks: frozenset[str] = frozenset()


Kind = Callable[[PlannedFor, random.Random], Happened]


def row(one: PlannedFor, worker: int, came: datetime, minutes: int | None, **more: object) -> Told:
    """A row for one of a visit's workers; named by the visit, the worker, and what the caller adds."""
    name = f"{one.reference}#{worker}{more.pop('also', '')}"
    left = None if minutes is None else came + timedelta(minutes=minutes)
    told = {"file": FIRST_FILE, "version": 1, "contract": one.person.contract, "person": one.person.reference}
    return Told(**{**told, "row": name, "worker": worker_of(one, worker), "came": came, "left": left, **more})  # type: ignore[arg-type]


def worker_of(one: PlannedFor, number: int) -> str:
    """A care worker of one person alone, so that nobody is in two homes unless that is meant to happen."""
    return f"W-{one.person.reference}-{one.slot.band}-{number}"


def near(one: PlannedFor, chance: random.Random) -> datetime:
    """A coming a few minutes around the planned start, seconds and all."""
    return one.start_at + timedelta(seconds=chance.randrange(-240, 300))


def stay(one: PlannedFor, chance: random.Random) -> int:
    """A stay around the planned length."""
    return max(3, one.minutes + chance.choice((-12, -9, -6, -5, -4, -2, -1, 0, 0, 0, 1, 3, 5, 8)))


def seen(one: PlannedFor, comings: Sequence[datetime], stays: Sequence[int]) -> frozenset[str]:
    """What is noticed about a delivered visit: too late, too early, too short, fewer workers than planned."""
    first, shortest = min(comings), min(stays)
    found = {"late"} if first > one.window_to_at else {"early"} if first < one.window_from_at else set()
    if shortest * 100 < one.minutes * 80:
        found |= {"short"}
    if shortest * 100 < one.minutes * 50:
        found |= {"very_short"}
    if len(stays) < one.slot.workers:
        found |= {"fewer_workers"}
    return frozenset(found)


def delivered(one: PlannedFor, rows: list[Told], comings: list[datetime], stays: list[int]) -> Happened:
    return Happened(rows, "delivered", stays, sum(stays), seen(one, comings, stays))


def ordinary(one: PlannedFor, chance: random.Random) -> Happened:
    comings = [near(one, chance) for _ in range(one.slot.workers)]
    stays = [stay(one, chance) for _ in comings]
    rows = [row(one, number, came, stays[number]) for number, came in enumerate(comings)]
    return delivered(one, rows, comings, stays)


def nobody(one: PlannedFor, chance: random.Random) -> Happened:
    return Happened()


def repeated_row(one: PlannedFor, chance: random.Random) -> Happened:
    found = ordinary(one, chance)
    return Happened([*found.rows, found.rows[0]], found.reason, found.stayed, found.worked, found.marks)


def corrected(one: PlannedFor, chance: random.Random) -> Happened:
    """The first version says another length; the right one comes in a later file, or in an earlier one."""
    found = ordinary(one, chance)
    first, *others = found.rows
    wrong = row(one, 0, first.came, one.minutes + 7, is_a="")
    files = (FIRST_FILE, LATER_FILE) if chance.random() < 0.5 else (LATER_FILE, FIRST_FILE)
    rows = [otherwise(wrong, file=files[0]), otherwise(first, file=files[1], version=2), *others]
    return Happened(rows, found.reason, found.stayed, found.worked, found.marks)


def late_to_arrive(one: PlannedFor, chance: random.Random) -> Happened:
    """Nothing of it in the first file: it comes weeks later."""
    found = ordinary(one, chance)
    rows = [otherwise(told, file=LAST_FILE) for told in found.rows]
    return Happened(rows, found.reason, found.stayed, found.worked, found.marks)


def late_to_begin(one: PlannedFor, chance: random.Random) -> Happened:
    came = one.window_to_at + timedelta(seconds=chance.choice((1, 60, 600)))
    rows = [row(one, number, came, one.minutes) for number in range(one.slot.workers)]
    return delivered(one, rows, [came], [one.minutes] * one.slot.workers)


def at_the_last_second(one: PlannedFor, chance: random.Random) -> Happened:
    came = one.window_to_at
    rows = [row(one, number, came, one.minutes) for number in range(one.slot.workers)]
    return delivered(one, rows, [came], [one.minutes] * one.slot.workers)


def unknown_person(one: PlannedFor, chance: random.Random) -> Happened:
    return Happened([row(one, 0, near(one, chance), one.minutes, person="P-NOBODY", is_a="parked", of_visit=False)])


def unknown_contract(one: PlannedFor, chance: random.Random) -> Happened:
    return Happened([row(one, 0, near(one, chance), one.minutes, contract="E-NOWHERE", is_a="parked", of_visit=False)])


def wrong_provider(one: PlannedFor, chance: random.Random) -> Happened:
    other = f"E-{(int(one.person.contract[2:]) + 1) % 9:02d}"
    return Happened([row(one, 0, near(one, chance), one.minutes, contract=other, is_a="parked", of_visit=False)])


def wrong_id(one: PlannedFor, chance: random.Random) -> Happened:
    """It names a visit that is somebody else's: parked, and while it is the visit waits."""
    told = row(
        one, 0, near(one, chance), one.minutes, visit="P-00000/morning/2026-10-12/1", is_a="parked", of_visit=False
    )
    return Happened([told], "waiting")


def surplus_worker(one: PlannedFor, chance: random.Random) -> Happened:
    """One more than planned, further from the planned start than the others."""
    found = ordinary(one, chance)
    more = row(one, 9, one.start_at + timedelta(minutes=6), one.minutes, is_a="surplus")
    return Happened([*found.rows, more], found.reason, found.stayed, found.worked, found.marks)


def one_of_two(one: PlannedFor, chance: random.Random) -> Happened:
    came, stayed = near(one, chance), stay(one, chance)
    return delivered(one, [row(one, 0, came, stayed)], [came], [stayed])


def split_log(one: PlannedFor, chance: random.Random) -> Happened:
    """Every worker goes out and comes back: the stretches are added up."""
    first, again = max(2, one.minutes // 3), max(2, one.minutes - one.minutes // 3 - 2)
    rows = []
    for number in range(one.slot.workers):
        back = one.start_at + timedelta(minutes=first + 3)
        rows += [row(one, number, one.start_at, first), row(one, number, back, again, also="b", is_a="stretch")]
    stays = [first + again] * one.slot.workers
    return delivered(one, rows, [one.start_at], stays)


def overlapping_log(one: PlannedFor, chance: random.Random) -> Happened:
    """A worker logged twice over the same time: the second is no more minutes."""
    found = ordinary(one, chance)
    same = row(one, 0, found.rows[0].came + timedelta(minutes=1), 30, also="b", is_a="repeated")
    # The nearer to the planned start counts, so the second must not be nearer.
    if abs(same.came - one.start_at) < abs(found.rows[0].came - one.start_at):
        return found
    return Happened([*found.rows, same], found.reason, found.stayed, found.worked, found.marks)


def no_log_out(one: PlannedFor, chance: random.Random) -> Happened:
    rows = [row(one, number, near(one, chance), None, is_a="not_left") for number in range(one.slot.workers)]
    return Happened(rows, "waiting", marks=frozenset({"not_left"}))


def unplanned(one: PlannedFor, chance: random.Random) -> Happened:
    """Nobody comes to the visit; somebody comes in the small hours, when nothing is planned."""
    small_hours = one.start_at.replace(hour=3, minute=20, second=0)
    told = row(one, 0, small_hours, 30, is_a="unplanned", of_visit=False)
    return Happened([told])


def no_access(one: PlannedFor, chance: random.Random) -> Happened:
    return Happened([row(one, 0, near(one, chance), 4, met="no_access")], "no_access")


def in_hospital(one: PlannedFor, chance: random.Random) -> Happened:
    return Happened([row(one, 0, near(one, chance), 4, met="in_hospital")], "no_access")


def otherwise(told: Told, **changes: object) -> Told:
    return Told(**{**vars(told), **changes})  # type: ignore[arg-type]


KINDS: dict[str, tuple[Kind, int]] = {
    "ordinary": (ordinary, 780),
    "nobody": (nobody, 15),
    "repeated_row": (repeated_row, 15),
    "corrected": (corrected, 15),
    "late_to_arrive": (late_to_arrive, 15),
    "late_to_begin": (late_to_begin, 15),
    "at_the_last_second": (at_the_last_second, 8),
    "unknown_person": (unknown_person, 8),
    "unknown_contract": (unknown_contract, 8),
    "wrong_provider": (wrong_provider, 8),
    "wrong_id": (wrong_id, 8),
    "surplus_worker": (surplus_worker, 10),
    "one_of_two": (one_of_two, 12),
    "split_log": (split_log, 12),
    "overlapping_log": (overlapping_log, 10),
    "no_log_out": (no_log_out, 10),
    "unplanned": (unplanned, 8),
    "no_access": (no_access, 14),
    "in_hospital": (in_hospital, 8),
}
"""How often each happens, of a thousand."""
