"""
Makes four weeks of planned visits and logs, part by part: the same for the same seed, whatever the number of parts.

It knows nothing of how visits are matched or priced. Shares of what goes wrong are invented, each named below.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

MONDAY = datetime(2026, 2, 2, tzinfo=UTC)
"""Winter, so that local time is UTC."""
ZERO = MONDAY - timedelta(days=2)
FIRST = 2 * 86_400
DAYS, DAY, HOUR, MINUTE = 28, 86_400, 3_600, 60
AS_OF = FIRST + (DAYS + 2) * DAY
CONTRACTS, PEOPLE, TEAM = 60, 40, 8
"""In a part; eight people share a team of care workers."""
SLOTS = np.array([8 * HOUR, 12 * HOUR + 1_800, 16 * HOUR + 1_800, 20 * HOUR, 22 * HOUR + 1_800])
"""The last is a night visit, which ends after eleven."""
A_DAY = np.array([[1, 0, 0, 1, 0], [1, 1, 0, 1, 0], [1, 1, 1, 1, 0], [1, 0, 0, 0, 0], [1, 1, 1, 1, 1]], dtype=bool)
A_DAY_SHARES = [0.34, 0.22, 0.3, 0.12, 0.02]
LENGTHS, LENGTH_SHARES = np.array([15, 30, 45, 60]), [0.16, 0.58, 0.16, 0.1]
WINDOWS, WINDOW_SHARES = np.array([1_800, 3_600, 7_200]), [0.5, 0.3, 0.2]
DOUBLE_HANDED, STOPPED, STOPPED_ALL_THE_SAME, MISSED, EXTRA = 0.1, 0.012, 0.1, 0.02, 0.005
NOT_LEFT, NO_ACCESS, IN_HOSPITAL, NAMED, PARKED = 0.004, 0.005, 0.001, 0.01, 0.001
REPEATED, STRETCH, SURPLUS, UNPLANNED = 0.005, 0.005, 0.003, 0.004
ODDS = 5
"""Numbers drawn for each log beside its moments."""


def parts(visits: int, seed: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Columns of planned visits and of logs, until there are so many planned visits; the last part is cut short."""
    made = number = 0
    while made < visits:
        planned, logs = part(number, seed)
        # A log names a row among all.
        logs["named"] = np.where(logs["named"] >= 0, logs["named"] + made, logs["named"])
        left = visits - made
        if len(planned["groups"]) > left:
            # Whole groups, so that every log keeps its visits.
            last = planned["groups"][left]
            planned = {name: column[planned["groups"] < last] for name, column in planned.items()}
            logs = {name: column[logs["groups"] < last] for name, column in logs.items()}
            left = 0
        made += len(planned["groups"]) if left else visits
        number += 1
        yield planned, logs


def part(number: int, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """One part: so many contracts with so many people each."""
    chance = np.random.default_rng([seed, number])
    planned, about = _planned(number, chance)
    return planned, _logs(number, planned, about, chance)


def _planned(number: int, chance: np.random.Generator) -> tuple[dict[str, Any], dict[str, Any]]:
    people = CONTRACTS * PEOPLE
    pattern = A_DAY[chance.choice(len(A_DAY), people, p=A_DAY_SHARES)]
    shift = chance.integers(0, 5, people) * 900
    lengths = LENGTHS[chance.choice(4, (people, len(SLOTS)), p=LENGTH_SHARES)]
    windows = WINDOWS[chance.choice(3, (people, len(SLOTS)), p=WINDOW_SHARES)]
    pairs = 1 + (chance.random((people, len(SLOTS))) < DOUBLE_HANDED)
    # By person, then day, then slot.
    person, day, slot = (one.ravel() for one in np.indices((people, DAYS, len(SLOTS))))
    wanted = pattern[person, slot]
    person, day, slot = person[wanted], day[wanted], slot[wanted]
    starts = FIRST + day * DAY + SLOTS[slot] + np.where(slot == len(SLOTS) - 1, 0, shift[person])
    minutes, window = lengths[person, slot], windows[person, slot]
    eleven = FIRST + day * DAY + 23 * HOUR
    following = np.append(np.where(person[1:] == person[:-1], starts[1:], 1 << 40), 1 << 40)
    over = starts + minutes * MINUTE
    count = len(person)
    is_stopped = chance.random(count) < STOPPED
    rate = 190_000 + 300 * (person // PEOPLE % 20) + 5_000 * np.array([0, 0, 0, 1, 2])[slot]
    planned = {
        "groups": number * people + person,
        "starts": starts,
        "windows_from": starts - window,
        "windows_to": starts + window,
        "begins": np.minimum(starts - window, starts - HOUR),
        "ends": np.where(over < eleven, np.minimum(following, eleven), over),
        "weeks": day // 7,
        "minutes": minutes,
        "workers": pairs[person, slot],
        "extra_minutes": np.where(chance.random(count) < EXTRA, 10, 0),
        "stopped": np.where(is_stopped, chance.integers(1, 6, count), 0),
        "rates": rate,
        "pair_rates": np.zeros(count, dtype=np.int64),
        "per_visit": np.zeros(count, dtype=np.int64),
        "rule_of": np.zeros(count, dtype=np.int64),
        "contracts": number * CONTRACTS + person // PEOPLE,
    }
    return planned, {"person": person, "day": day, "slot": slot}


def _logs(number: int, planned: dict[str, Any], about: dict[str, Any], chance: np.random.Generator) -> dict[str, Any]:
    count = len(planned["starts"])
    made = (planned["stopped"] == 0) | (chance.random(count) < STOPPED_ALL_THE_SAME)
    every = np.arange(count)
    second = every[planned["workers"] == 2]
    visit = np.concatenate([every, second])
    place = np.concatenate([np.zeros(count, dtype=np.int64), np.ones(len(second), dtype=np.int64)])
    kept = made[visit] & (chance.random(len(visit)) >= MISSED)
    visit, place = visit[kept], place[kept]
    # One of the team by turns, so that few are in two homes at once; a second comes from elsewhere in it.
    person, turn = about["person"][visit], about["day"][visit] + 3 * about["slot"][visit]
    worker = person // TEAM * (2 * TEAM) + np.where(
        place == 0, (person + turn) % TEAM, TEAM + (person // 2 + turn) % TEAM
    )
    late = chance.integers(-600, 1_200, len(visit)) + np.where(
        chance.random(len(visit)) < 0.03, chance.integers(0, 4_500, len(visit)), 0
    )
    came = planned["starts"][visit] + late
    length = planned["minutes"][visit] * MINUTE
    kind = chance.random(len(visit))
    stay = np.select(
        [kind < 0.7, kind < 0.85, kind < 0.95],
        [
            length + chance.integers(-240, 241, len(visit)),
            length - chance.integers(0, 900, len(visit)),
            length,
        ],
        length + chance.integers(0, 1_200, len(visit)),
    )
    stay = np.maximum(stay, 20)
    visit, worker, came, left = _with_odd_ones(visit, worker, came, came + stay, chance)
    odd = chance.random((ODDS, len(visit)))
    left = np.where(odd[0] < NOT_LEFT, -1, left)
    met = np.select([odd[1] < IN_HOSPITAL, odd[1] < IN_HOSPITAL + NO_ACCESS], [2, 1], 0)
    named = np.select([odd[2] < PARKED, odd[2] < PARKED + NAMED], [-2, visit], -1)
    groups = planned["groups"][visit]
    order = np.lexsort((np.arange(len(visit)), came, groups))
    base = number * CONTRACTS * PEOPLE * 2
    columns = {"groups": groups, "came": came, "left": left, "workers": base + worker, "named": named, "met": met}
    return {name: column[order] for name, column in columns.items()}


def _with_odd_ones(visit: Any, worker: Any, came: Any, left: Any, chance: np.random.Generator) -> tuple[Any, ...]:
    """The logs and those that are sent twice, split in two, of one worker too many, or of no planned visit."""
    drawn = chance.random((4, len(visit)))
    repeated, split, surplus, unplanned = (
        drawn[0] < REPEATED,
        drawn[1] < STRETCH,
        drawn[2] < SURPLUS,
        drawn[3] < UNPLANNED,
    )
    night = came // DAY * DAY + 3 * HOUR
    return (
        np.concatenate([visit, visit[repeated], visit[split], visit[surplus], visit[unplanned]]),
        np.concatenate([worker, worker[repeated], worker[split], worker[surplus] ^ 4, worker[unplanned]]),
        np.concatenate([came, came[repeated] + 60, left[split] + 120, came[surplus] + 30, night[unplanned]]),
        np.concatenate([left, left[repeated] + 60, left[split] + 420, left[surplus] + 30, night[unplanned] + 900]),
    )
