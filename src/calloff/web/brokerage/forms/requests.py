"""The needs of a request: priority, start, who may give the care, and whom the person does not want."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from calloff.documents.wording import say
from calloff.domain.packages import (
    CAPABILITIES,
    CARE_TYPES,
    CLIENT_GROUPS,
    COMPLEXITY_FACTS,
    DELIVERY_MODELS,
    PRIORITIES,
)
from calloff.web.brokerage.forms.questions import several_lines
from calloff.web.brokerage.forms.typed import Typed, capital, posted, whole, worded
from calloff.web.brokerage.forms.week import WeekForm, typed_lines
from calloff.web.brokerage.models import Person
from calloff.web.brokerage.services.identity import naming
from calloff.web.brokerage.services.wanted import (
    EXCLUSION_REASONS,
    Line,
    Wanted,
)
from calloff.web.config.look import words
from calloff.web.config.look.fields import DayField
from calloff.web.directory.models import Branch

MOST_EXCLUSIONS = 10
HOSPITAL_PRIORITY = 2
FARTHEST_START = timedelta(days=366)
OWN_NEEDS = tuple(one for one in CAPABILITIES if one != "double_handed")
"""What is ticked; two workers at once follows from the week."""
EXCLUSION_WORDS = {
    "earlier_breakdown": _("Their care broke down before"),
    "conflict_of_interest": _("A conflict of interest"),
    "refused_by_person": _("The person does not want them"),
    "other": _("Another reason"),
}


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
