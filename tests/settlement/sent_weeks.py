"""Planned weeks and what a provider sends about them, as rows of the two files."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

from calloff.domain.packages import Visit
from calloff.domain.planned_visits import visits_of
from calloff.formats.delivered_visits import DeliveredVisit, LoggedAt
from calloff.formats.planned_visits import PlannedRow

MONDAY = date(2026, 3, 2)
SENT = datetime(2026, 3, 16, 9, tzinfo=UTC)
LATER = datetime(2026, 4, 16, 9, tzinfo=UTC)
PATTERN = [
    *((f"am{day}", Visit(day, 8 * 60, 30)) for day in range(7)),
    *((f"pm{day}", Visit(day, 18 * 60, 45, 2)) for day in range(7)),
]


def planned_rows(person, first_on=MONDAY, days=14, rate=192_800, **more):
    return [
        PlannedRow(
            line=0,
            reference=f"{person}/{one.reference}",
            contract="E-1",
            person=person,
            start_at=one.start_at,
            ends_at=one.ends_at,
            window_from_at=one.window_from_at,
            window_to_at=one.window_to_at,
            minutes=one.minutes,
            workers=one.workers,
            rate=rate,
            **more,
        )
        for one in visits_of(PATTERN, first_on, first_on + timedelta(days=days - 1))
    ]


def log(row, person, came, minutes, worker="W1", version=SENT, **more):
    left = None if minutes is None else LoggedAt(came + timedelta(minutes=minutes))
    return DeliveredVisit(0, row, version, "E-1", person, worker, LoggedAt(came), left, **more)


def delivered_rows(planned, seed=1):
    """Two weeks as a provider would send them, with every ordinary fault."""
    chance, rows = random.Random(seed), []
    for number, one in enumerate(planned):
        for worker in range(one.workers):
            name = f"V{number}-{worker}" if chance.random() < 0.7 else ""
            came = one.start_at + timedelta(seconds=chance.randrange(-600, 1_500))
            minutes = None if chance.random() < 0.03 else max(1, one.minutes + chance.randrange(-20, 6))
            if chance.random() < 0.06:
                continue
            rows.append(log(name, one.person, came, minutes, f"W{worker}"))
            if chance.random() < 0.1 and name:
                rows.append(log(name, one.person, came, one.minutes, f"W{worker}", SENT + timedelta(days=1)))
    return rows
