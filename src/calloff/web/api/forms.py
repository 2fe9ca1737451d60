"""An answer of a program through the portal's own form, so that there is one statement of what may be answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from calloff.web.directory.models import Branch
from calloff.web.provider_portal.forms.answering import AnswerForm
from calloff.web.provider_portal.services.asked import Asked, Terms

FIELDS = {"price": "centipence_per_hour", "delivered_by": "subcontractor"}
"""What the form calls otherwise than the interface."""


@dataclass(frozen=True)
class Said:
    """An answer as a program sent it; `visits` are numbers with another time or none."""

    answer: str
    reason: str | None
    visits: tuple[tuple[int, str | None], ...] | None
    start_on: date | None
    centipence_per_hour: int | None
    subcontractor: str | None
    message: str


def answer_form(said: Said, asked: Asked, terms: Terms, *, prices: bool, today: date) -> AnswerForm:
    """The portal's form, filled in as the program said."""
    data: dict[str, Any] = {"answer": said.answer, "reason": said.reason or "", "message": said.message}
    if said.start_on is not None:
        data |= {f"start_on_{part}": getattr(said.start_on, part) for part in ("day", "month", "year")}
    if said.centipence_per_hour is not None:
        data["price"] = f"{said.centipence_per_hour // 10_000}.{said.centipence_per_hour % 10_000:04d}"
    if said.subcontractor:
        data["delivered_by"] = said.subcontractor
    for number, start in said.visits or ():
        data[f"visit_{number}"] = "on"
        if start is not None:
            data[f"time_{number}"] = start
    return AnswerForm(data, asked=asked, terms=terms, prices=prices, today=today)


def misplaced(said: Said, asked: Asked, terms: Terms, *, prices: bool) -> Iterator[dict[str, str]]:
    """What a program sent that the form has no place for: a person cannot, a program can."""
    if said.answer == "part" and not (terms.parts or terms.moving):
        yield _fault("answer", _t("This invitation takes all of it or none"))
    if said.reason is not None and said.answer != "decline":
        yield _fault("reason", _t("Only a decline has a reason"))
    if said.visits is not None and said.answer != "part":
        yield _fault("visits", _t("Only a part names visits"))
    if said.centipence_per_hour is not None and not (terms.bids and prices and said.answer != "decline"):
        yield _fault("centipence_per_hour", _t("No price is taken here"))
    if said.subcontractor and (not terms.subcontractors or said.answer == "decline"):
        yield _fault("subcontractor", _t("No subcontractor is taken here"))
    if said.start_on is not None and said.answer == "decline":
        yield _fault("start_on", _t("A decline has no first day"))
    if said.answer == "part" and said.visits is not None and (terms.parts or terms.moving):
        yield from _visits(said.visits, asked, terms)


def _visits(visits: Sequence[tuple[int, str | None]], asked: Asked, terms: Terms) -> Iterator[dict[str, str]]:
    known = dict(zip(asked.numbers, asked.visits, strict=True))
    numbers = [number for number, _start in visits]
    if len(set(numbers)) < len(numbers):
        yield _fault("visits", _t("A visit is named twice"))
    if not terms.parts and set(numbers) != set(known):
        yield _fault("visits", _t("All visits must be named: this invitation takes all of them or none"))
    for number, start in visits:
        visit = known.get(number)
        if visit is None:
            yield _fault("visits", _t("There is no visit %(number)d") % {"number": number})
        elif start is not None and (not terms.moving or visit.critical) and start != clock(visit.start_minute):
            yield _fault("visits", _t("Visit %(number)d cannot be moved") % {"number": number})


def clock(minute: int) -> str:
    """Minutes after midnight as `07:30`."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def faults(form: forms.Form) -> list[dict[str, str]]:
    """What the form found, by the interface's names of its fields."""
    found = []
    for name, errors in form.errors.items():
        field = "visits" if name.startswith(("visit_", "time_")) else FIELDS.get(name, name)
        # Of each the first alone: what follows is mostly said because of it.
        found += [_fault(field.replace("__all__", "answer"), str(one).removesuffix(".")) for one in list(errors)[:1]]
    return found


def _fault(field: str, detail: str) -> dict[str, str]:
    return {"field": field, "detail": detail}


LENGTHS: Mapping[int, Any] = {30: _("A month"), 91: _("Three months"), 182: _("Six months"), 365: _("A year")}
"""For how many days a key may be made."""


class TokenForm(forms.Form):
    """A key for a program."""

    branch = forms.ChoiceField(label=_("For which branch is it?"), widget=forms.Select)
    name = forms.CharField(
        label=_("For which program is it?"),
        max_length=60,
        widget=forms.TextInput(attrs={"width": 20}),
        help_text=_("A name by which you know it again, such as “Rostering”"),
    )
    days = forms.TypedChoiceField(
        label=_("How long shall it count?"),
        coerce=int,
        initial=365,
        choices=list(LENGTHS.items()),
        widget=forms.RadioSelect,
        help_text=_("A year at most. You can end it at any time."),
    )

    def __init__(self, *arguments: Any, branches: Sequence[Branch], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.branches = {one.token: one for one in branches}
        if len(branches) == 1:
            del self.fields["branch"]
        else:
            self.fields["branch"].choices = [  # type: ignore[attr-defined]
                ("", _t("Choose a branch")),
                *((one.token, one.name) for one in branches),
            ]

    def chosen(self) -> Branch:
        """The branch that was chosen, or the only one there is."""
        only = next(iter(self.branches.values()))
        return self.branches.get(str(self.cleaned_data.get("branch", "")), only)
