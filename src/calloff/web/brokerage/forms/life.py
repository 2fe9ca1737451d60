"""What happens to a package after its call-off: visits stopped and wanted again, changed for a while, and who pays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from calloff.domain.calendar import local, to_utc
from calloff.domain.funding import KINDS, Share, percent
from calloff.web.brokerage.forms import words
from calloff.web.brokerage.forms.people import minute_of
from calloff.web.brokerage.forms.questions import moment, reasons, several_lines
from calloff.web.brokerage.models import Absence
from calloff.web.brokerage.services.absences import Told
from calloff.web.config.look.fields import ClockField, DayField

MOST_FUNDERS = 4
DAY_ALONE = _("Leave it empty where only the day is known.")


def since(cleaned: Mapping[str, Any], day: str, clock: str) -> datetime | None:
    """A day and a time of it as a moment; the day alone is its beginning."""
    on = cleaned.get(day)
    return to_utc(on, minute_of(cleaned.get(clock)) or 0) if isinstance(on, date) else None


class NoticeForm(forms.Form):
    """Since when the council knows: notice is counted from then."""

    told_on = DayField(label=_("On which day were we told?"))
    told_time = ClockField(label=_("At what time were we told?"))

    def __init__(self, *arguments: Any, now: datetime, **options: Any) -> None:
        super().__init__(*arguments, **options)
        here = local(now)
        self.now = now
        self.fields["told_on"].initial, self.fields["told_time"].initial = here.date(), here.time()

    def told_at(self) -> datetime:
        return moment(self.cleaned_data, "told_on", "told_time") or self.now


class StopForm(NoticeForm):
    """No visits from a moment on."""

    kind = reasons(words.ABSENCES)
    from_on = DayField(label=_("No visits from"), help_text=_("For example, 27 11 2026"))
    from_time = ClockField(label=_("From what time?"), required=False, help_text=DAY_ALONE)
    until_on = DayField(label=_("Visits again from"), required=False, help_text=_("Leave it empty while nobody knows."))
    until_time = ClockField(label=_("Again from what time?"), required=False, help_text=DAY_ALONE)
    staff_paid = forms.BooleanField(
        label=_("In hospital: the provider goes on paying its care workers for these visits"), required=False
    )
    restarts = forms.BooleanField(
        label=_("In hospital: the provider starts again at once when the person is back"), required=False
    )
    words = several_lines(_("More about it"), 500, required=False, rows=3)
    field_order = ("kind", "from_on", "from_time", "until_on", "until_time", "told_on", "told_time")

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("until_time") and not found.get("until_on") and "until_on" not in self.errors:
            self.add_error("until_on", _t("Enter the day as well"))
        return found

    def told(self) -> Told:
        found = self.cleaned_data
        return Told(
            kind=found["kind"],
            from_at=to_utc(found["from_on"], minute_of(found["from_time"]) or 0),
            until_at=since(found, "until_on", "until_time"),
            told_at=self.told_at(),
            by_day=found["from_time"] is None,
            staff_paid=found["staff_paid"],
            restarts=found["restarts"],
            words=found["words"],
        )


class DeathForm(StopForm):
    """What is known of a death; the list of reasons is none of its questions."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for name in ("kind", "until_on", "until_time", "staff_paid", "restarts"):
            del self.fields[name]
        self.fields["from_on"].label = _t("On which day did the person die?")
        self.fields["from_time"].label = _t("At what time?")

    def told(self) -> Told:
        found = self.cleaned_data
        return Told(
            kind="death",
            from_at=to_utc(found["from_on"], minute_of(found["from_time"]) or 0),
            until_at=None,
            told_at=self.told_at(),
            by_day=found["from_time"] is None,
            words=found["words"],
        )


def as_written(row: Absence) -> dict[str, Any]:
    """An absence as its form shows it."""
    from_at, told_at = local(row.from_at), local(row.told_at)
    told: dict[str, Any] = {
        "kind": row.kind,
        "from_on": from_at.date(),
        "from_time": None if row.by_day else from_at.time(),
        "told_on": told_at.date(),
        "told_time": told_at.time(),
        "staff_paid": row.staff_paid,
        "restarts": row.restarts,
        "words": row.words,
    }
    if row.until_at is not None:
        until_at = local(row.until_at)
        told |= {"until_on": until_at.date(), "until_time": until_at.time() if until_at.time() != time() else None}
    return told


class CancelForm(NoticeForm):
    """One visit is cancelled."""

    kind = reasons(words.CANCELLED_BY, _("Who cancels it?"))
    words = several_lines(_("More about it"), 500, required=False, rows=3)
    field_order = ("kind",)


class ReturnForm(NoticeForm):
    """The person is back."""

    until_on = DayField(label=_("Visits again from"), help_text=_("For example, 27 11 2026"))
    until_time = ClockField(label=_("Again from what time?"))
    field_order = ("until_on", "until_time")

    def until_at(self) -> datetime:
        return since(self.cleaned_data, "until_on", "until_time") or self.now


class ReleaseForm(forms.Form):
    """The provider gives the place away."""

    then = forms.ChoiceField(
        label=_("What becomes of the package?"),
        choices=[
            ("held", _("It waits without payment\nNobody is asked until you end the hold, once the person is back.")),
            ("ended", _("It ends\nNew care would be a new request.")),
        ],
        widget=forms.RadioSelect,
    )


class TemporaryForm(forms.Form):
    """A visit longer or shorter for a few days."""

    line = forms.ChoiceField(label=_("Which visit?"), widget=forms.RadioSelect)
    from_on = DayField(label=_("First day"), help_text=_("For example, 27 11 2026"))
    to_on = DayField(label=_("Last day"))
    more_or_less = forms.ChoiceField(
        label=_("How?"),
        choices=[("more", _("Longer")), ("less", _("Shorter"))],
        widget=forms.RadioSelect(attrs={"inline": True}),
    )
    minutes = forms.IntegerField(
        label=_("By how many minutes?"),
        min_value=1,
        max_value=600,
        help_text=_("For each care worker of the visit."),
        widget=forms.TextInput(attrs={"width": 3, "inputmode": "numeric"}),
    )
    reason = several_lines(_("Why?"), 300, rows=3)

    def __init__(self, *arguments: Any, lines: Iterable[tuple[str, str]], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["line"].choices = list(lines)  # type: ignore[attr-defined]

    def asked(self) -> dict[str, Any]:
        """The change in the words of the service."""
        found = self.cleaned_data
        sign = 1 if found["more_or_less"] == "more" else -1
        names = ("line", "from_on", "to_on", "reason")
        return {"more_minutes": sign * found["minutes"], **{name: found[name] for name in names}}


class FundingForm(forms.Form):
    """Who bears the price from a day on: so many funders, each with a kind and a share in per cent."""

    from_on = DayField(label=_("From which day?"), help_text=_("For example, 1 4 2027"))

    def __init__(self, *arguments: Any, shares: Sequence[Share], **options: Any) -> None:
        super().__init__(*arguments, **options)
        kinds = [(kind, words.FUNDING_KINDS[kind]) for kind in KINDS]
        for number in range(1, MOST_FUNDERS + 1):
            known = shares[number - 1] if number <= len(shares) else None
            self.fields[f"funder_{number}"] = forms.CharField(
                label=_t("Funder %(number)d") % {"number": number},
                max_length=20,
                required=number == 1,
                initial=known.funder if known else "",
                help_text=_t("A short code, such as council or ICB.") if number == 1 else "",
                widget=forms.TextInput(attrs={"width": 10}),
            )
            self.fields[f"kind_{number}"] = forms.ChoiceField(
                label=_t("What funder %(number)d pays as") % {"number": number},
                choices=kinds,
                initial=known.kind if known else KINDS[0],
            )
            self.fields[f"percent_{number}"] = forms.DecimalField(
                label=_t("Share of funder %(number)d in per cent") % {"number": number},
                min_value=0,
                max_value=100,
                decimal_places=2,
                required=number == 1,
                initial=percent(known.basis_points) if known else None,
                widget=forms.TextInput(attrs={"width": 5, "inputmode": "decimal", "suffix": "%"}),
            )

    def shares(self) -> list[Share]:
        """The shares that were written; a funder without a share is none."""
        found = self.cleaned_data
        told = []
        for number in range(1, MOST_FUNDERS + 1):
            funder, share = found[f"funder_{number}"].strip(), found[f"percent_{number}"]
            if funder or share:
                told.append(Share(funder, found[f"kind_{number}"], int((share or 0) * 100)))
        return told
