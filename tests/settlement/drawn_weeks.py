"""Drawn weeks of visits and logs in every odd shape, as columns of settlement."""

from __future__ import annotations

import random
from bisect import bisect_left
from dataclasses import replace
from typing import Any

from calloff.domain.payment import Basis
from calloff.domain.payment_rule import PaymentRule, Retainer, numbers_of
from calloff.domain.visits import NOT_LEFT, NOWHERE, reach_begins, reach_ends
from calloff.settlement.columns import Logs, Planned, Rules

HOUR, DAY = 3_600, 86_400
STEPS = ((30, 1_600), (45, 2_000), (60, 2_400))
AS_OF = 5 * DAY


def rules_of_every_kind() -> list[PaymentRule]:
    """Each basis with each of the things that change it."""
    plain = PaymentRule("drawn", 1, "drawn", retainer=Retainer(14, 60))
    made = [
        replace(
            plain,
            basis=basis,
            capped=capped,
            count=count,
            least_minutes=least,
            steps=STEPS if basis is Basis.STEPPED else (),
        )
        for basis in Basis
        for capped in (True, False)
        for count in ("each_worker", "overlap")
        for least in (0, 15)
        if count == "each_worker" or basis is not Basis.STEPPED
    ]
    return [*made, replace(plain, no_access_percent=50, no_access_a_week=1, short_notice_percent=75)]


def drawn(seed: int, groups: int = 4) -> tuple[Planned, Logs, Rules]:
    """Some people's weeks: visits near and over each other, logs that fit well, badly, twice or nowhere."""
    chance = random.Random(seed)
    every = rules_of_every_kind()
    numbers, steps = numbers_of(every)
    planned: dict[str, list[int]] = {name: [] for name in Planned.__dataclass_fields__}
    logs: list[tuple[int, ...]] = []
    for group in range(groups):
        _add_visits(planned, group, chance, len(every))
        logs += _logs(planned, group, chance)
    logs.sort()
    columns = [list(column) for column in zip(*logs, strict=True)] if logs else [[] for _ in range(7)]
    groups_, came, _key, left, workers, named, met = columns
    return Planned(**planned), Logs(groups_, came, left, workers, named, met), Rules(numbers, steps)


def _add_visits(planned: dict[str, list[int]], group: int, chance: random.Random, rules: int) -> None:
    starts = sorted(
        day * DAY + chance.choice((8, 8, 9, 12, 16, 19, 22)) * HOUR + chance.choice((0, 0, 900, 1_800))
        for day in range(3)
        for _ in range(chance.randrange(5))
    )
    for place, start in enumerate(starts):
        minutes = chance.choice((15, 30, 45, 60, 90, 600))
        window = chance.choice((0, 1_800, 9_000))
        later = [one for one in starts if one > start]
        eleven = start // DAY * DAY + 23 * HOUR
        row: dict[str, Any] = {
            "groups": group,
            "starts": start,
            "windows_from": start - window,
            "windows_to": start + chance.choice((window, 1_800)),
            "begins": reach_begins(start, start - window),
            "ends": reach_ends(start + 60 * minutes, later[0] if later else 1 << 40, eleven),
            "weeks": chance.choice((0, 0, 1)) if place == 0 else planned["weeks"][-1],
            "minutes": minutes,
            "workers": chance.choice((1, 1, 2)),
            "extra_minutes": chance.choice((0, 0, 0, 10)),
            "stopped": chance.choice((0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5)),
            "rates": chance.choice((192_800, 228_000, 195_000, 1, 10_000_000)),
            "pair_rates": chance.choice((0, 0, 0, 400_000)),
            "per_visit": chance.choice((0, 0, 0, 1)),
            "rule_of": chance.randrange(rules),
        }
        for name, value in row.items():
            planned[name].append(value)


def _logs(planned: dict[str, list[int]], group: int, chance: random.Random) -> list[tuple[int, ...]]:
    """Group, coming, key, leaving, worker, named visit, what was met; in any order."""
    first = bisect_left(planned["groups"], group)
    visits = range(first, len(planned["groups"]))
    # Neighbours share care workers, who are then in two homes at once.
    team = 20 * (group // 3)
    logs: list[tuple[int, ...]] = []
    key = 0
    for visit in visits:
        for _ in range(chance.choice((0, 1, 1, 1, 2, 3, 4))):
            late = chance.choice((0, 0, 30, -300, 600, 1_801, -4_000, 7_200, 3 * HOUR, 3 * HOUR + 1))
            came = planned["starts"][visit] + late + chance.randrange(60)
            length = round(planned["minutes"][visit] * 60 * chance.choice((1, 1, 0.9, 0.7, 0.4, 0.1, 0, 1.3)))
            left = NOT_LEFT if chance.random() < 0.06 else came + length
            named = chance.choice((NOWHERE,) * 12 + (visit, visit, NOWHERE - 1))
            met = chance.choice((0,) * 10 + (1, 1, 2))
            key += 1
            logs.append(
                (group, came, key, left, team + chance.randrange(3) + 10 * chance.choice((0, 0, 1)), named, met)
            )
            if chance.random() < 0.1:
                key += 1
                logs.append((group, came, key, left, logs[-1][4], named, met))
    return logs
