"""
The visits of a week in one cell: `mon-sun 07:30 30m; mon,wed,fri 12:30 45m x2; sat 19:00 30m !`.

Each item is days, local start, minutes of each worker, then `x2` for two workers and `!` for a visit whose
time is critical. Days are names and ranges joined by commas. Writing gives the shortest such text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from calloff.domain.packages import Visit
from calloff.domain.units import MOST_MINUTES
from calloff.formats.cells import Kind

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LEAST_MINUTES, MOST_VISIT_MINUTES = 5, 720
MOST_VISITS = 1_600
"""At 1,000 pounds a visit these stay within what a package may cost a week."""

_ITEM = re.compile(
    r"(?P<days>[a-z,-]+)\s+(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})\s+(?P<minutes>[0-9]{1,3})m"
    r"(?:\s+x(?P<workers>[12]))?(?:\s+(?P<critical>!))?"
)
_SHAPE = "such as mon-sun 07:30 30m; sat 19:00 45m x2 !"


def visit_order(visit: Visit) -> tuple[int, int, int, int, bool]:
    """The order of a week's visits: day, start, minutes, workers."""
    return (visit.day, visit.start_minute, visit.minutes, visit.workers, visit.critical)


def read_visits(text: str) -> tuple[Visit, ...]:
    """The visits of a week in order; ValueError with what was expected."""
    unordered = [visit for item in text.split(";") for visit in _visits_of(item.strip())]
    visits = sorted(unordered, key=visit_order)
    if len(set(visits)) < len(visits):
        raise ValueError("visits that each stand once")
    if len(visits) > MOST_VISITS:
        raise ValueError(f"at most {MOST_VISITS} visits a week")
    if sum(visit.worker_minutes for visit in visits) > MOST_MINUTES:
        raise ValueError(f"visits of at most {MOST_MINUTES} minutes a week")
    return tuple(visits)


def write_visits(visits: Iterable[Visit]) -> str:
    """The shortest text of a week's visits: alike visits of several days stand together."""
    days: dict[tuple[int, int, int, bool], set[int]] = {}
    for visit in visits:
        alike = (visit.start_minute, visit.minutes, visit.workers, visit.critical)
        days.setdefault(alike, set()).add(visit.day)
    return "; ".join(
        f"{_days_text(on)} {start // 60:02d}:{start % 60:02d} {minutes}m"
        + (f" x{workers}" if workers != 1 else "")
        + (" !" if critical else "")
        for (start, minutes, workers, critical), on in sorted(days.items())
    )


def _visits_of(item: str) -> list[Visit]:
    match = _ITEM.fullmatch(item)
    if not match:
        raise ValueError(f"visits {_SHAPE}; not {item!r}")
    hour, minute, minutes = int(match["hour"]), int(match["minute"]), int(match["minutes"])
    if hour > 23 or minute > 59:
        raise ValueError(f"a start from 00:00 to 23:59; not {match['hour']}:{match['minute']}")
    if not LEAST_MINUTES <= minutes <= MOST_VISIT_MINUTES:
        raise ValueError(f"visits of {LEAST_MINUTES} to {MOST_VISIT_MINUTES} minutes; not {minutes}m")
    workers, critical = int(match["workers"] or 1), bool(match["critical"])
    return [Visit(day, hour * 60 + minute, minutes, workers, critical) for day in _days_of(match["days"])]


def _days_of(text: str) -> list[int]:
    days: list[int] = []
    for part in text.split(","):
        ends = part.split("-")
        if len(ends) > 2 or any(end not in DAYS for end in ends):
            raise ValueError(f"days such as mon-fri or mon,wed; not {text!r}")
        first, last = DAYS.index(ends[0]), DAYS.index(ends[-1])
        if first > last:
            raise ValueError(f"days in the order mon to sun; not {part!r}")
        days += range(first, last + 1)
    if len(set(days)) < len(days):
        raise ValueError(f"each day once; not {text!r}")
    return days


def _days_text(days: Iterable[int]) -> str:
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(map(_run_text, runs))


def _run_text(run: list[int]) -> str:
    # A run of two is as short with a comma, and easier to read.
    joint = "-" if len(run) > 2 else ","
    return joint.join(dict.fromkeys((DAYS[run[0]], DAYS[run[-1]])))


VISITS = Kind("weekly visits", read_visits, write_visits)
