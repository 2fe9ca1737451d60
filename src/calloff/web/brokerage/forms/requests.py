"""What is filled in for a request: the week row by row, the needs, and the approver's decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from typing import Any

from django import forms
from django.forms.utils import ErrorDict
from django.http import QueryDict
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from calloff.documents.wording import listed, say
from calloff.domain.packages import (
    CAPABILITIES,
    CARE_TYPES,
    CLIENT_GROUPS,
    COMPLEXITY_FACTS,
    DELIVERY_MODELS,
    PRIORITIES,
)
from calloff.web.brokerage.forms.package import PoundsField, several_lines
from calloff.web.brokerage.models import Person
from calloff.web.brokerage.services.identity import naming
from calloff.web.brokerage.services.wanted import (
    EXCLUSION_REASONS,
    PERSONAL_TASKS,
    SHORT_VISIT_MINUTES,
    TASKS,
    Line,
    Wanted,
    problems,
)
from calloff.web.config.look import words
from calloff.web.config.look.fields import ClockField, DayField
from calloff.web.config.look.week import day_names
from calloff.web.directory.models import Branch

MOST_ROWS = 20
MOST_EXCLUSIONS = 10
LENGTHS = (15, 30, 45, 60, 75, 90, 105, 120, 150, 180, 210, 240, 480, 600)
USUAL_MINUTES = 30
HOSPITAL_PRIORITY = 2
FARTHEST_START = timedelta(days=366)
OWN_NEEDS = tuple(one for one in CAPABILITIES if one != "double_handed")
"""What is ticked; two workers at once follows from the week."""

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
EXCLUSION_WORDS = {
    "earlier_breakdown": _("Their care broke down before"),
    "conflict_of_interest": _("A conflict of interest"),
    "refused_by_person": _("The person does not want them"),
    "other": _("Another reason"),
}

Typed = Mapping[str, Sequence[str]]


def capital(text: str) -> str:
    """A wording at the beginning of a line."""
    return text[:1].upper() + text[1:]


def worded(section: str, codes: Sequence[str]) -> list[tuple[str, str]]:
    """Codes of a closed list as choices, in the words of the table."""
    return [(code, capital(say(section, code))) for code in codes]


def length_words(minutes: int) -> str:
    """How long a visit is: "45 minutes", "1 hour", "2 hours 30 minutes"."""
    hours, left = divmod(minutes, 60)
    told = [] if not hours else [_t("1 hour") if hours == 1 else _t("%(hours)d hours") % {"hours": hours}]
    return " ".join([*told, *([_t("%(minutes)d minutes") % {"minutes": left}] if left else [])])


def posted(typed: Typed) -> QueryDict:
    """What was typed, as a form takes it."""
    data = QueryDict(mutable=True)
    for name, values in typed.items():
        data.setlist(name, list(values))
    return data


def as_typed(data: QueryDict, *left_out: str) -> dict[str, list[str]]:
    """What a form sent, to be kept; tokens and buttons are left out."""
    return {name: data.getlist(name) for name in data if name not in ("csrfmiddlewaretoken", "act", *left_out)}


def whole(typed: Typed) -> dict[str, list[str]]:
    """A copy of what was typed."""
    return {name: list(values) for name, values in typed.items()}


def without_errors(form: forms.Form) -> None:
    """Show what was typed before as it was, with nothing said of it yet."""
    form._errors = ErrorDict()  # type: ignore[attr-defined]  # what a form holds once it was looked at


class JudgedByForm:
    """A field that is asked for without "(optional)", where the form itself says when it may stay empty."""

    empty_values: Sequence[Any]

    def validate(self, value: Any) -> None:
        """Refuse a wrong value; an empty one is the form's to judge."""
        if value not in self.empty_values:
            super().validate(value)  # type: ignore[misc]


class RowDays(JudgedByForm, forms.MultipleChoiceField):
    """The days of a row."""


class RowClock(JudgedByForm, ClockField):
    """The time of a row."""


class RowChoice(JudgedByForm, forms.ChoiceField):
    """A choice that stands at its usual value."""


class JudgedText(JudgedByForm, forms.CharField):
    """Words that are needed in some cases."""


class JudgedPounds(JudgedByForm, PoundsField):
    """An amount that is needed in some cases."""


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


class RowOfExclusion:
    """A provider that is not to be asked, and why: two boxes."""

    def __init__(self, form: forms.Form, number: int) -> None:
        self.number = number
        self.who, self.why = form[f"excluded_{number}"], form[f"why_{number}"]
        self.legend = _t("Not to be asked: provider %(number)d") % {"number": number}


class NeedsForm(forms.Form):
    """What the person needs and wants, in codes wherever anybody else will read it."""

    required_start_on = DayField(label=_("Start by"), help_text=_("For example, 27 11 2026"))
    priority = forms.ChoiceField(label=_("Why now?"), widget=forms.RadioSelect)
    care_type = forms.ChoiceField(label=_("Kind of care"), widget=forms.RadioSelect, initial="personal_care")
    client_group = forms.ChoiceField(label=_("Who is it for?"), widget=forms.RadioSelect, initial="older_people")
    delivery_model = forms.ChoiceField(
        label=_("How does the person want it to be bought?"), widget=forms.RadioSelect, initial="managed"
    )
    needs = forms.MultipleChoiceField(
        label=_("What must the care workers be able to do?"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"inline": "small"}),
    )
    complexity = forms.MultipleChoiceField(
        label=_("Does any of this apply?"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"inline": "small"}),
    )
    outcomes = several_lines(
        _("What should the care achieve?"),
        2000,
        hint=_("Providers read this before one is chosen: no name, address or number."),
    )
    preferences = several_lines(
        _("What do the person and the family wish for?"),
        2000,
        required=False,
        hint=_("Providers read this too: habits, times, who visits; no name, address or number."),
    )
    chosen_provider = forms.ChoiceField(label=_("Provider that the person has chosen"), required=False)
    choice_words = several_lines(
        _("Who chose, and in what words?"), 500, required=False, hint=_("Only where a provider was chosen."), rows=2
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        person: Person,
        branches: Sequence[Branch],
        today: date,
        earliest: date | None = None,
        hub: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(data, **options)
        self.person, self.today, self.hub, self.earliest = person, today, hub, earliest or today
        self.branches = {branch.token: branch for branch in branches}
        priorities = [(str(number), capital(say("priorities", f"P{number}"))) for number in PRIORITIES]
        for name, choices in (
            ("priority", priorities),
            ("care_type", worded("care_types", CARE_TYPES)),
            ("client_group", worded("client_groups", CLIENT_GROUPS)),
            ("delivery_model", worded("delivery_models", DELIVERY_MODELS)),
            ("needs", worded("capabilities", OWN_NEEDS)),
            ("complexity", worded("complexity", COMPLEXITY_FACTS)),
            ("chosen_provider", [("", _t("None in particular")), *self._named()]),
        ):
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        if hub:
            # What a hospital asks for is a discharge, and is served as one.
            del self.fields["priority"]
        self.count = exclusions_in(data)
        for number in range(1, self.count + 1):
            self.fields[f"excluded_{number}"] = forms.ChoiceField(
                label=_t("Provider"), choices=[("", _t("Nobody")), *self._named()], required=False
            )
            self.fields[f"why_{number}"] = forms.ChoiceField(
                label=_t("Why?"),
                choices=[("", _t("Choose a reason")), *((one, str(EXCLUSION_WORDS[one])) for one in EXCLUSION_REASONS)],
                required=False,
            )

    def _named(self) -> list[tuple[str, str]]:
        return [(token, branch.name) for token, branch in self.branches.items()]

    @property
    def exclusions(self) -> list[RowOfExclusion]:
        return [RowOfExclusion(self, number) for number in range(1, self.count + 1)]

    def clean_required_start_on(self) -> date:
        on: date = self.cleaned_data["required_start_on"]
        if on < self.earliest:
            if self.earliest == self.today:
                raise forms.ValidationError(_t("The start must be today or later"))
            raise forms.ValidationError(
                _t("The start must be %(day)s or later") % {"day": words.day(self.earliest, self.today)}
            )
        if on > self.today + FARTHEST_START:
            raise forms.ValidationError(_t("The start must be within a year"))
        return on

    def clean_outcomes(self) -> str:
        return self._unnamed("outcomes")

    def clean_preferences(self) -> str:
        return self._unnamed("preferences")

    def _unnamed(self, name: str) -> str:
        text: str = self.cleaned_data[name]
        found = naming(text, self.person)
        if found:
            raise forms.ValidationError(
                _t("Take out what may say who the person is: %(words)s") % {"words": ", ".join(dict.fromkeys(found))}
            )
        return text

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        chosen = found.get("chosen_provider")
        if chosen and not str(found.get("choice_words", "")).strip():
            self.add_error("choice_words", _t("Write who chose the provider, and in what words"))
        excluded: set[str] = set()
        for number in range(1, self.count + 1):
            who, why = found.get(f"excluded_{number}"), found.get(f"why_{number}")
            if who and not why:
                self.add_error(
                    f"why_{number}", _t("Choose why provider %(number)d is not to be asked") % {"number": number}
                )
            if why and not who:
                self.add_error(
                    f"excluded_{number}", _t("Choose provider %(number)d, or no reason") % {"number": number}
                )
            if who and who == chosen:
                self.add_error(f"excluded_{number}", _t("This provider is the one that was chosen"))
            if who and who in excluded:
                self.add_error(f"excluded_{number}", _t("This provider stands above already"))
            excluded.add(str(who or ""))
        return found

    def wanted(self, week: WeekForm) -> Wanted:
        """The whole request, from this form and the week, both valid."""
        found, told = self.cleaned_data, week.cleaned_data
        visits = tuple(visit for line in week.lines for visit in line.visits)
        pairs = [
            (self.branches[who].reference, str(found[f"why_{number}"]))
            for number in range(1, self.count + 1)
            if (who := found.get(f"excluded_{number}"))
        ]
        needs = set(found["needs"]) | ({"double_handed"} if any(visit.workers > 1 for visit in visits) else set())
        chosen = found.get("chosen_provider")
        return Wanted(
            visits=tuple(sorted(visits, key=lambda visit: (visit.day, visit.start_minute))),
            required_start_on=found["required_start_on"],
            priority=HOSPITAL_PRIORITY if self.hub else int(found["priority"]),
            needs=frozenset(needs),
            complexity=frozenset(found["complexity"]),
            care_type=found["care_type"],
            client_group=found["client_group"],
            delivery_model=found["delivery_model"],
            chosen_provider=self.branches[chosen].reference if chosen else "",
            exclusions=frozenset(who for who, _why in pairs),
            exclusion_reasons=tuple(pairs),
            tasks=frozenset(task for line in week.lines for task in line.tasks),
            short_visit_reason=told["short_visit_reason"],
            short_visits_agreed=told["short_visits_agreed"],
            short_visit_warning_seen=told["short_visit_warning_seen"],
            outcomes=found["outcomes"],
            preferences=found["preferences"],
            choice_words=found["choice_words"] if chosen else "",
            lines=week.lines,
        )


def exclusions_in(data: QueryDict | None) -> int:
    """How many rows of exclusions a form was sent with."""
    text = str(data.get("exclusions", "")) if data is not None else ""
    return min(max(int(text), 1), MOST_EXCLUSIONS) if text.isdecimal() and len(text) < 4 else 1


def one_exclusion_more(typed: Typed) -> dict[str, list[str]]:
    """The same form with a further row."""
    return {**whole(typed), "exclusions": [str(min(exclusions_in(posted(typed)) + 1, MOST_EXCLUSIONS))]}


def typed_week(wanted: Wanted, lines: Sequence[Line]) -> dict[str, list[str]]:
    """The week of a request as somebody would have typed it; what was agreed and seen is asked again."""
    return {**typed_lines(lines), "short_visit_reason": [wanted.short_visit_reason]}


def typed_needs(wanted: Wanted, tokens: Mapping[str, str], *, start: bool) -> dict[str, list[str]]:
    """The needs of a request as somebody would have typed them; `tokens` lead from a provider to its choice."""
    pairs = dict(wanted.exclusion_reasons)
    excluded = [one for one in sorted(wanted.exclusions) if one in tokens]
    typed = {
        "priority": [str(wanted.priority)],
        "care_type": [wanted.care_type],
        "client_group": [wanted.client_group],
        "delivery_model": [wanted.delivery_model],
        "needs": sorted(one for one in wanted.needs if one in OWN_NEEDS),
        "complexity": sorted(wanted.complexity),
        "outcomes": [wanted.outcomes],
        "preferences": [wanted.preferences],
        "chosen_provider": [tokens.get(wanted.chosen_provider, "")],
        "choice_words": [wanted.choice_words],
        "exclusions": [str(max(len(excluded), 1))],
    }
    for number, one in enumerate(excluded, 1):
        typed[f"excluded_{number}"], typed[f"why_{number}"] = [tokens[one]], [pairs.get(one, "earlier_breakdown")]
    if start:
        on = wanted.required_start_on
        typed |= {
            "required_start_on_day": [str(on.day)],
            "required_start_on_month": [str(on.month)],
            "required_start_on_year": [str(on.year)],
        }
    return typed


class DecisionForm(forms.Form):
    """The approver's word."""

    decision = forms.ChoiceField(label=_("What do you decide?"), widget=forms.RadioSelect)
    most = JudgedPounds(
        label=_("Greatest weekly cost"),
        help_text=_("In pounds a week, for example 271.60. A call-off above it comes back to an approver."),
    )
    reason = JudgedText(
        label=_("Why not?"),
        max_length=500,
        help_text=_("This goes back to whoever asked, so name nobody."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    seen = forms.BooleanField(label=_("I have seen the warnings above"), required=False)
    reveals: Mapping[str, Mapping[str, list[str]]] = {"decision": {"approve": ["most"], "refuse": ["reason"]}}

    def __init__(self, *arguments: Any, approve_words: str, warned: bool, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["decision"].choices = [("approve", approve_words), ("refuse", _t("Refuse it"))]  # type: ignore[attr-defined]
        self.fields["decision"].error_messages["required"] = _t("Choose whether you approve it")
        self.warned = warned
        if warned:
            self.reveals = {"decision": {"approve": ["most", "seen"], "refuse": ["reason"]}}
        else:
            del self.fields["seen"]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("decision") == "approve":
            if found.get("most") is None and "most" not in self.errors:
                self.add_error("most", _t("Enter the greatest weekly cost"))
            if self.warned and not found.get("seen"):
                self.add_error("seen", _t("Tick that you have seen the warnings"))
        if found.get("decision") == "refuse" and not str(found.get("reason", "")).strip():
            self.add_error("reason", _t("Write why"))
        return found
