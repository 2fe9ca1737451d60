"""What a provider fills in when it sends a file of delivered visits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from calloff.domain.calendar import LONDON
from calloff.formats.column_mapping import FIELDS, WORDS, ColumnMapping, MappingError
from calloff.formats.delivered_visits import ADD, REPLACE
from calloff.web.config.look.fields import ClockField, DayField
from calloff.web.contracts.forms.drafts import MOST_BYTES
from calloff.web.contracts.models import Enrolment
from calloff.web.directory.models import Branch, Council

MOST_WORDS = 12
"""So many words of a column are asked about; a column with more is no list of words."""
FIELD_WORDS = {
    "person": _("The person or the package"),
    "worker": _("The care worker"),
    "came_on": _("The day, where it stands apart from the time"),
    "came": _("When the worker came"),
    "left": _("When the worker left"),
    "minutes": _("How long the worker stayed, where there is no leaving"),
    "contract": _("The contract"),
    "row": _("The row's own name, the same whenever it is sent"),
    "version": _("When the row was last changed"),
    "claimed": _("The planned start, where rows have no name of their own"),
    "visit": _("The planned visit"),
    "met": _("What the worker met"),
    "came_by": _("How the coming was logged"),
    "left_by": _("How the leaving was logged"),
    "code": _("The exception code"),
}
MEANINGS = {
    "let_in": _("the worker was let in"),
    "no_access": _("nobody opened, or the person refused"),
    "in_hospital": _("the person was in hospital"),
    "app": _("by app"),
    "tag": _("by tag"),
    "landline": _("by landline"),
    "manual": _("by hand"),
}
MODES = {
    ADD: _("It adds to what was sent before"),
    REPLACE: _("It holds all visits of its weeks: what was sent before and is not in it was not delivered"),
}


class CountedForm(forms.Form):
    """What a file is, and how many rows and minutes it has where it replaces what was sent before."""

    reveals = {"mode": {REPLACE: ["rows", "minutes"]}}  # noqa: RUF012 - read by the look of forms
    asked_with_answer: tuple[str, ...] = ("mode", "rows", "minutes")

    mode = forms.ChoiceField(
        label=_("What the file is"),
        choices=list(MODES.items()),
        initial=ADD,
        required=False,
        widget=forms.RadioSelect(),
    )
    rows = forms.IntegerField(
        label=_("How many visits it has"),
        help_text=_("Not needed for a file that ends with its own count."),
        min_value=1,
        required=False,
        widget=forms.TextInput(attrs={"width": 5, "inputmode": "numeric"}),
    )
    minutes = forms.IntegerField(
        label=_("How many minutes they come to"),
        min_value=0,
        required=False,
        widget=forms.TextInput(attrs={"width": 5, "inputmode": "numeric"}),
    )

    def counts(self) -> tuple[int, int] | None:
        """The rows and minutes that were said; None where one of them was not."""
        rows, minutes = self.cleaned_data.get("rows"), self.cleaned_data.get("minutes")
        return None if rows is None or minutes is None else (rows, minutes)

    def replaces(self) -> bool:
        """Whether the file holds all of its weeks."""
        return bool(self.cleaned_data.get("mode") == REPLACE)


class SendVisitsForm(CountedForm):
    """A file of delivered visits, and for which council and branch it is where there are several."""

    field_order = ("whose", "file", "mode", "rows", "minutes")

    file = forms.FileField(
        label=_("The file"),
        help_text=_("CSV, Excel (.xlsx) or XML, at most 10 MB."),
        max_length=120,
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx,.xml"}),
    )

    def __init__(self, *arguments: Any, enrolments: Sequence[Enrolment], **options: Any) -> None:
        super().__init__(*arguments, **options)
        pairs = {(one.council_id, one.branch_id): one for one in enrolments}
        self.pairs = {f"{one.council.code}-{one.branch.token}": one for one in pairs.values()}
        if len(self.pairs) > 1:
            choices = [(key, f"{one.council.name}, {one.branch.name}") for key, one in self.pairs.items()]
            self.fields["whose"] = forms.ChoiceField(
                label=_("For which council"), choices=choices, widget=forms.RadioSelect()
            )
            self.order_fields(self.field_order)

    def clean_file(self) -> Any:
        """At most 10 MB, so that one file keeps nobody else waiting."""
        found = self.cleaned_data["file"]
        if found.size > MOST_BYTES:
            raise forms.ValidationError(_("The file must be smaller than 10 MB"))
        return found

    def clean(self) -> dict[str, Any]:
        """Refuse a file of a branch that is enrolled nowhere."""
        if not self.pairs:
            raise forms.ValidationError(_("No council has enrolled you yet, so nobody can take the file."))
        return super().clean() or {}

    def chosen(self) -> tuple[Council, Branch]:
        """The council and the branch."""
        one = self.pairs[self.cleaned_data["whose"]] if len(self.pairs) > 1 else next(iter(self.pairs.values()))
        return one.council, one.branch


class ColumnsForm(CountedForm):
    """Which column of a table is which of ours, what its words mean, and when it was made."""

    def __init__(
        self,
        *arguments: Any,
        heading: Sequence[str],
        contracts: Sequence[str],
        found_words: Mapping[str, Sequence[str]],
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self.found_words = {name: words[:MOST_WORDS] for name, words in found_words.items()}
        columns = [("", _t("Not in the table")), *((name, name) for name in heading if name)]
        for name, label in FIELD_WORDS.items():
            self.fields[f"column_{name}"] = forms.ChoiceField(label=label, choices=columns, required=False)
            if name == "contract":
                self.fields["always_contract"] = forms.ChoiceField(
                    label=_("The contract of every row, where no column tells it"),
                    choices=[("", _t("A column tells it")), *((one, one) for one in contracts)],
                    required=False,
                )
        for name, words in self.found_words.items():
            for number, word in enumerate(words):
                self.fields[f"{name}_{number}"] = forms.ChoiceField(
                    label=_t("What “%(word)s” means") % {"word": word},
                    choices=[("", _t("Choose")), *((meaning, MEANINGS[meaning]) for meaning in WORDS[name])],
                    required=False,
                )
        self.fields["made_on"] = DayField(label=_("The day on which the file was made"), required=False)
        self.fields["made_at"] = ClockField(
            label=_("The time at which it was made"),
            help_text=_("Only where no column tells when a row was last changed."),
            required=False,
            widget=forms.TextInput(attrs={"width": 5}),
        )
        # What is not in the table is said so in words; nothing is called optional that must be found somewhere.
        self.asked_with_answer = tuple(self.fields)
        last = ("made_on", "made_at", "mode", "rows", "minutes")
        self.order_fields([*(name for name in self.fields if name not in last), *last])

    def clean(self) -> dict[str, Any]:
        """Refuse a mapping that cannot be used, in the words of the mapping."""
        found = super().clean() or {}
        try:
            self.mapping = self._mapping(found)
        except MappingError as error:
            raise forms.ValidationError(capfirst(str(error))) from error
        if "version" not in self.mapping.columns and self.moment() is None:
            self.add_error("made_on", _t("Enter the day and time at which the file was made"))
        if self.replaces() and self.counts() is None:
            self.add_error("rows", _t("Enter how many visits and minutes the file has"))
        return found

    def _mapping(self, found: Mapping[str, Any]) -> ColumnMapping:
        columns = {name: found[f"column_{name}"] for name in FIELDS if found.get(f"column_{name}")}
        always = {"contract": found["always_contract"]} if found.get("always_contract") else {}
        if "contract" in columns:
            always = {}
        words = {
            name: {word: found[f"{name}_{number}"] for number, word in enumerate(own) if found.get(f"{name}_{number}")}
            for name, own in self.found_words.items()
        }
        return ColumnMapping(columns, always, {name: own for name, own in words.items() if own})

    def moment(self) -> datetime | None:
        """When the file was made, as the sender says; None where that was not said."""
        on, at = self.cleaned_data.get("made_on"), self.cleaned_data.get("made_at")
        return None if on is None or at is None else datetime.combine(on, at, LONDON)


class RowWordsForm(forms.Form):
    """What a provider says about a row that belongs to no visit."""

    words = forms.CharField(
        label=_("Words to the council"),
        help_text=_("Name nobody: the row says whose visit it is."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class LeavingForm(forms.Form):
    """When a worker left whose leaving nobody logged, and the exception code for it."""

    left_on = DayField(label=_("On which day did the worker leave?"))
    left_at = ClockField(
        label=_("At what time?"), help_text=_("For example 8:30."), widget=forms.TextInput(attrs={"width": 5})
    )

    def __init__(self, *arguments: Any, codes: Sequence[tuple[str, str]], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["code"] = forms.ChoiceField(
            label=_("Why was it not logged?"), choices=list(codes), widget=forms.RadioSelect()
        )
