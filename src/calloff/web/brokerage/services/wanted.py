"""What is wanted, as a form holds it: lines of visits, tasks and needs; what is wrong with it, and what is doubtful."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from django.utils.translation import gettext as _

from calloff.domain.packages import Visit
from calloff.domain.records import canonical, plain, revive
from calloff.web.brokerage.models import Request

SHORT_VISIT_MINUTES = 30
"""Below this a visit needs a reason and agreement (NICE, DOMAIN 3.2)."""
LEAST_GAP_MINUTES = 120
"""Between two visits of a day (assumed)."""
TASKS = (
    "washing",
    "dressing",
    "feeding",
    "toilet",
    "moving",
    "medicines",
    "meals",
    "skin_care",
    "company",
    "welfare_check",
    "household",
    "going_out",
)
PERSONAL_TASKS = ("washing", "dressing", "feeding")
"""Tasks for which a short visit brings a hard warning."""
EXCLUSION_REASONS = ("earlier_breakdown", "conflict_of_interest", "refused_by_person", "other")


@dataclass(frozen=True)
class Line:
    """
    One row of the weekly pattern as it was asked for: a visit on each of its days, Monday being 0.

    It begins at `start_minute`, or at any time from then until `until_minute`, where that is not 0.
    """

    days: tuple[int, ...]
    start_minute: int
    minutes: int
    workers: int = 1
    critical: bool = False
    until_minute: int = 0
    tasks: frozenset[str] = frozenset()

    @property
    def visits(self) -> tuple[Visit, ...]:
        return tuple(Visit(day, self.start_minute, self.minutes, self.workers, self.critical) for day in self.days)


@dataclass(frozen=True)
class Wanted:
    """
    What a request asks for: the kernel's facts without reference and approval, and what only people read.

    `short_visit_reason` is needed where a visit is shorter than half an hour. `exclusion_reasons` are pairs of a
    provider and why the person is not to have it.
    """

    visits: tuple[Visit, ...]
    required_start_on: date
    priority: int
    needs: frozenset[str] = frozenset()
    complexity: frozenset[str] = frozenset()
    service_type: str = "care_at_home"
    care_type: str = "personal_care"
    client_group: str = "older_people"
    delivery_model: str = "managed"
    chosen_provider: str = ""
    current_provider: str = ""
    current_since: date | None = None
    exclusions: frozenset[str] = frozenset()
    tasks: frozenset[str] = frozenset()
    short_visit_reason: str = ""
    short_visits_agreed: bool = False
    outcomes: str = ""
    preferences: str = ""
    lines: tuple[Line, ...] = ()
    short_visit_warning_seen: bool = False
    choice_words: str = ""
    exclusion_reasons: tuple[tuple[str, str], ...] = ()

    @property
    def minutes_per_week(self) -> int:
        return sum(visit.worker_minutes for visit in self.visits)

    @property
    def short_visits(self) -> bool:
        """Whether any visit is shorter than half an hour."""
        return any(visit.minutes < SHORT_VISIT_MINUTES for visit in self.visits)

    @property
    def hurried_tasks(self) -> tuple[str, ...]:
        """Washing, dressing or feeding in a visit shorter than half an hour; of the whole request without its rows."""
        tasks = self.tasks if self.short_visits and not self.lines else frozenset()
        for line in self.lines:
            if line.minutes < SHORT_VISIT_MINUTES:
                tasks |= line.tasks
        return tuple(task for task in PERSONAL_TASKS if task in tasks)


def form_of(wanted: Wanted) -> str:
    """What was asked for, as it is stored."""
    return canonical(plain(wanted)).decode()


def wanted_of(request: Request) -> Wanted:
    """What a sent request asks for."""
    found: Wanted = revive(Wanted, json.loads(request.form))
    return found


def lines_of(visits: Iterable[Visit]) -> tuple[Line, ...]:
    """A pattern as rows: visits that are alike on different days stand in one."""
    days: dict[tuple[int, int, int, bool], list[int]] = {}
    for visit in sorted(visits, key=lambda one: (one.start_minute, one.day)):
        rows = days.setdefault((visit.start_minute, visit.minutes, visit.workers, visit.critical), [])
        rows.append(visit.day)
    return tuple(
        Line(tuple(sorted(set(on))), start, minutes, workers, critical)
        for (start, minutes, workers, critical), on in days.items()
    )


def problems(wanted: Wanted) -> list[tuple[str, str]]:
    """What keeps a request from being sent, each with the field it is about; nothing when it may go."""
    found = []
    if not wanted.visits:
        found.append(("visits", _("Enter at least one visit")))
    if wanted.short_visits:
        if not wanted.short_visit_reason.strip():
            found.append(("short_visit_reason", _("Say why a visit is shorter than 30 minutes")))
        if not wanted.short_visits_agreed:
            found.append(("short_visits_agreed", _("Confirm that the person agreed to visits shorter than 30 minutes")))
    if wanted.lines and wanted.hurried_tasks and not wanted.short_visit_warning_seen:
        found.append(("short_visit_warning_seen", _("Tick that you have seen the warning about short visits")))
    return found


def warnings(wanted: Wanted) -> list[str]:
    """What whoever asks and whoever approves must have seen: hurried personal care, and visits close together."""
    found = []
    if wanted.hurried_tasks:
        named = {"washing": _("washing"), "dressing": _("dressing"), "feeding": _("feeding")}
        tasks = _(" and ").join(named[task] for task in wanted.hurried_tasks)
        found.append(
            _("A visit shorter than 30 minutes is asked for %(tasks)s: that is rarely enough time.") % {"tasks": tasks}
        )
    closest = least_gap(wanted.visits)
    if closest is not None and closest < LEAST_GAP_MINUTES:
        found.append(
            _("Two visits of one day are %(minutes)d minutes apart; usual is 2 hours at least (assumed).")
            % {"minutes": closest}
            if closest > 0
            else _("Two visits of one day touch or overlap; usual is a gap of 2 hours at least (assumed).")
        )
    return found


def least_gap(visits: Iterable[Visit]) -> int | None:
    """The fewest minutes between the end of a visit and the next one of its day; None where no day has two."""
    by_day: dict[int, list[Visit]] = {}
    for visit in sorted(visits, key=lambda one: (one.day, one.start_minute)):
        by_day.setdefault(visit.day, []).append(visit)
    gaps = [
        after.start_minute - (before.start_minute + before.minutes)
        for on in by_day.values()
        for before, after in pairwise(on)
    ]
    return min(gaps, default=None)


def plain_visits(visits: Iterable[Visit]) -> list[tuple[int, int, int, int, bool]]:
    """Visits as what can be put in order."""
    return [(one.day, one.start_minute, one.minutes, one.workers, one.critical) for one in visits]
