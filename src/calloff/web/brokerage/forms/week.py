"""The week of a request, row by row: on which days, when, how long, by how many, for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from calloff.documents.wording import listed
from calloff.domain.packages import (
    PRIORITIES,
)
from calloff.web.brokerage.forms.typed import JudgedText, RowChoice, RowClock, RowDays, Typed, capital, posted, whole
from calloff.web.brokerage.services.wanted import (
    PERSONAL_TASKS,
    SHORT_VISIT_MINUTES,
    TASKS,
    Line,
    Wanted,
    problems,
)
from calloff.web.config.look.fields import ClockField
from calloff.web.config.look.week import day_names

MOST_ROWS = 20
LENGTHS = (15, 30, 45, 60, 75, 90, 105, 120, 150, 180, 210, 240, 480, 600)
USUAL_MINUTES = 30
TASK_WORDS = {
    "washing": _("washing"),
    "dressing": _("dressing"),
    "feeding": _("feeding"),
    "toilet": _("help to the toilet"),
    "moving": _("moving and hoisting"),
    "medicines": _("medicines"),
    "meals": _("meals and drinks"),
    "skin_care": _("skin care"),
    "company": _("company"),
    "welfare_check": _("a check that all is well"),
    "household": _("household"),
    "going_out": _("going out"),
}


def length_words(minutes: int) -> str:
    """How long a visit is: "45 minutes", "1 hour", "2 hours 30 minutes"."""
    hours, left = divmod(minutes, 60)
    told = [] if not hours else [_t("1 hour") if hours == 1 else _t("%(hours)d hours") % {"hours": hours}]
    return " ".join([*told, *([_t("%(minutes)d minutes") % {"minutes": left}] if left else [])])


class RowOfWeek:
    """One row of the week: its boxes in the form."""

    def __init__(self, form: forms.Form, number: int) -> None:
        self.number = number
        self.days, self.start, self.until = (form[f"{name}_{number}"] for name in ("days", "start", "until"))
        self.minutes, self.workers = form[f"minutes_{number}"], form[f"workers_{number}"]
        self.critical, self.tasks = form[f"critical_{number}"], form[f"tasks_{number}"]
        self.legend = _t("Visit %(number)d") % {"number": number}
        self.take_out = f"take_out_{number}"


class WeekForm(forms.Form):
    """
    The weekly pattern, row by row; and, where a visit is short, why, that it was agreed, and that the warning was seen.

    Rows without a day and a time are left out. `lines` are the rows after `is_valid`.
    """

    short_visit_reason = JudgedText(
        label=_("Why is a visit shorter than 30 minutes enough?"),
        max_length=300,
        help_text=_(
            "Short visits are for one task that was agreed within wider care, by somebody whom the person knows."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    short_visits_agreed = forms.BooleanField(
        label=_("The person, or who speaks for them, agreed to visits shorter than 30 minutes"), required=False
    )
    short_visit_warning_seen = forms.BooleanField(label=_("I have seen this warning"), required=False)

    def __init__(self, data: QueryDict | None = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.count = rows_in(data)
        self.lines: tuple[Line, ...] = ()
        own = dict(self.fields)
        self.fields.clear()
        for number in range(1, self.count + 1):
            self._add_row(number)
        self.fields.update(own)

    def _add_row(self, number: int) -> None:
        names = [(str(day), name) for day, name in enumerate(day_names())]
        boxes = forms.CheckboxSelectMultiple
        told = {"number": number}
        self.fields[f"days_{number}"] = RowDays(
            label=_t("On which days?"), choices=names, widget=boxes(attrs={"inline": "small"})
        )
        self.fields[f"start_{number}"] = RowClock(
            label=_t("From"),
            error_messages={"invalid": _t("The start of visit %(number)d must be a time, such as 7:30") % told},
        )
        self.fields[f"until_{number}"] = ClockField(
            label=_t("Or as late as"),
            required=False,
            error_messages={"invalid": _t("The latest start of visit %(number)d must be a time") % told},
        )
        self.fields[f"minutes_{number}"] = RowChoice(
            label=_t("How long?"),
            choices=[(str(one), length_words(one)) for one in LENGTHS],
            initial=str(USUAL_MINUTES),
        )
        self.fields[f"workers_{number}"] = RowChoice(
            label=_t("Care workers"), choices=[("1", _t("1 care worker")), ("2", _t("2 at once"))], initial="1"
        )
        self.fields[f"critical_{number}"] = forms.BooleanField(
            label=_t("Time-critical"),
            required=False,
            help_text=_t("It must begin within half an hour of its time."),
        )
        self.fields[f"tasks_{number}"] = forms.MultipleChoiceField(
            label=_t("What is done?"),
            choices=[(task, capital(str(TASK_WORDS[task]))) for task in TASKS],
            required=False,
            widget=boxes(attrs={"inline": "small"}),
        )

    @property
    def rows(self) -> list[RowOfWeek]:
        return [RowOfWeek(self, number) for number in range(1, self.count + 1)]

    @property
    def asks_about_short(self) -> bool:
        """Whether a row as typed is short."""
        return any(
            str(row.minutes.value() or "").isdecimal() and int(row.minutes.value()) < SHORT_VISIT_MINUTES
            for row in self.rows
            if row.days.value() or row.start.value()
        )

    @property
    def hurried(self) -> str:
        """The warning about washing, dressing or feeding in a short visit as typed; nothing without one."""
        found = [
            task
            for row in self.rows
            if str(row.minutes.value()).isdecimal() and int(row.minutes.value()) < SHORT_VISIT_MINUTES
            for task in row.tasks.value() or ()
            if task in PERSONAL_TASKS
        ]
        tasks = listed(str(TASK_WORDS[task]) for task in PERSONAL_TASKS if task in found)
        told = _t("A visit shorter than 30 minutes is asked for %(tasks)s: that is rarely enough time.")
        return told % {"tasks": tasks} if found else ""

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        lines = [line for number in range(1, self.count + 1) if (line := self._line(number, found)) is not None]
        self.lines = tuple(lines)
        if not lines and not self.errors:
            self.add_error("days_1", _t("Enter at least one visit: tick its days"))
        if self.errors:
            return found
        for name, text in problems(self.wanted_week(found)):
            if name in self.fields:
                self.add_error(name, text)
        return found

    def wanted_week(self, found: Mapping[str, Any]) -> Wanted:
        """The week alone, for the rules about it."""
        return Wanted(
            tuple(visit for line in self.lines for visit in line.visits),
            date.max,
            PRIORITIES[-1],
            lines=self.lines,
            short_visit_reason=str(found.get("short_visit_reason") or ""),
            short_visits_agreed=bool(found.get("short_visits_agreed")),
            short_visit_warning_seen=bool(found.get("short_visit_warning_seen")),
        )

    def _line(self, number: int, found: Mapping[str, Any]) -> Line | None:
        names = {name: f"{name}_{number}" for name in ("days", "start", "until", "minutes", "workers", "critical")}
        if any(name in self.errors for name in names.values()):
            return None
        days, start, until = found.get(names["days"]), found.get(names["start"]), found.get(names["until"])
        told = {"number": number}
        if not days and start is None:
            if until is not None or found.get(f"tasks_{number}"):
                self.add_error(names["days"], _t("Tick the days of visit %(number)d") % told)
            return None
        if not days:
            self.add_error(names["days"], _t("Tick the days of visit %(number)d") % told)
        if not isinstance(start, time):
            self.add_error(names["start"], _t("Enter the time of visit %(number)d") % told)
            return None
        begins, latest = of_day(start), of_day(until) if isinstance(until, time) else 0
        if latest and latest <= begins:
            self.add_error(names["until"], _t("The latest start of visit %(number)d must be after the first") % told)
        if latest and found.get(names["critical"]):
            self.add_error(names["until"], _t("Visit %(number)d is time-critical: enter one time only") % told)
        if not days:
            return None
        return Line(
            tuple(sorted(int(day) for day in days)),
            begins,
            int(found[names["minutes"]] or USUAL_MINUTES),
            int(found[names["workers"]] or 1),
            bool(found.get(names["critical"])),
            latest,
            frozenset(found.get(f"tasks_{number}") or ()),
        )


def of_day(clock: time) -> int:
    """Minutes after midnight."""
    return clock.hour * 60 + clock.minute


def clock_words(minutes: int) -> str:
    """Minutes after midnight as people write them."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def rows_in(data: QueryDict | None) -> int:
    """How many rows a form was sent with."""
    text = str(data.get("rows", "")) if data is not None else ""
    return min(max(int(text), 1), MOST_ROWS) if text.isdecimal() and len(text) < 4 else 1


def one_row_more(typed: Typed) -> dict[str, list[str]]:
    """The same form with an empty row at its end."""
    number = min(rows_in(posted(typed)) + 1, MOST_ROWS)
    return {**usual_row(number), **whole(typed), "rows": [str(number)]}


def usual_row(number: int) -> dict[str, list[str]]:
    """A row in which nobody has typed yet: half an hour by one care worker."""
    return {f"minutes_{number}": [str(USUAL_MINUTES)], f"workers_{number}": ["1"]}


EMPTY_WEEK: Typed = {"rows": ["1"], **usual_row(1)}
"""A week in which nobody has typed yet."""
ROW_BOXES = ("days", "start", "until", "minutes", "workers", "critical", "tasks")


def without_row(typed: Typed, number: int) -> dict[str, list[str]]:
    """The same form without one of its rows; those behind it move up."""
    count = rows_in(posted(typed))
    kept = {name: list(values) for name, values in typed.items() if name.rpartition("_")[0] not in ROW_BOXES}
    left = [one for one in range(1, count + 1) if one != number]
    for place, before in enumerate(left, 1):
        for name in ROW_BOXES:
            if f"{name}_{before}" in typed:
                kept[f"{name}_{place}"] = list(typed[f"{name}_{before}"])
    return kept | {"rows": [str(max(len(left), 1))]}


def typed_lines(lines: Sequence[Line]) -> dict[str, list[str]]:
    """Rows of a week as somebody would have typed them."""
    typed: dict[str, list[str]] = {"rows": [str(max(len(lines), 1))]}
    for number, line in enumerate(lines, 1):
        typed[f"days_{number}"] = [str(day) for day in line.days]
        typed[f"start_{number}"] = [clock_words(line.start_minute)]
        typed[f"until_{number}"] = [clock_words(line.until_minute) if line.until_minute else ""]
        typed[f"minutes_{number}"] = [str(line.minutes)]
        typed[f"workers_{number}"] = [str(line.workers)]
        typed[f"tasks_{number}"] = sorted(line.tasks)
        if line.critical:
            typed[f"critical_{number}"] = ["on"]
    return typed
