"""Who somebody is, and what the hospital hub records."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from calloff.web.brokerage.services.identity import POSTCODE
from calloff.web.brokerage.services.people import Known
from calloff.web.config.look.fields import ClockField, DayField
from calloff.web.directory.models import Area

OLDEST = timedelta(days=366 * 120)
SEXES = (("female", _("Woman")), ("male", _("Man")), ("other", _("Another, or not known")))


class FindForm(forms.Form):
    """A person by name, case number or postcode."""

    words = forms.CharField(
        label=_("Name, case number or postcode"),
        max_length=120,
        widget=forms.TextInput(attrs={"width": 20, "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Enter a name, a case number or a postcode")},
    )


class PersonForm(forms.Form):
    """Somebody who is not written down yet."""

    name = forms.CharField(label=_("Full name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    born_on = DayField(label=_("Date of birth"), help_text=_("For example, 31 3 1941"))
    sex = forms.ChoiceField(label=_("Sex"), choices=SEXES, widget=forms.RadioSelect(attrs={"inline": True}))
    address = forms.CharField(label=_("Address"), max_length=200, widget=forms.Textarea(attrs={"rows": 3}))
    postcode = forms.CharField(
        label=_("Postcode"), max_length=10, widget=forms.TextInput(attrs={"width": 10, "autocomplete": "off"})
    )
    area = forms.ChoiceField(
        label=_("Published area of the home"), help_text=_("This is all that providers see before one is chosen.")
    )
    phone = forms.CharField(
        label=_("Telephone"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"width": 20, "autocomplete": "off"}),
    )
    case_number = forms.CharField(
        label=_("Case number"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"width": 20, "autocomplete": "off"}),
    )
    another = forms.BooleanField(label=_("It is somebody else: add this person"), required=False)

    def __init__(self, *arguments: Any, areas: Sequence[Area], today: date, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.areas, self.today = {area.code: area for area in areas}, today
        named = [(code, f"{area.name} ({area.locality.name})") for code, area in self.areas.items()]
        self.fields["area"].choices = [("", _t("Choose an area")), *named]  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        name = " ".join(str(self.cleaned_data["name"]).split())
        if " " not in name:
            raise forms.ValidationError(_t("Enter the first and the last name"))
        return name

    def clean_born_on(self) -> date:
        born_on: date = self.cleaned_data["born_on"]
        if not self.today - OLDEST <= born_on <= self.today:
            raise forms.ValidationError(_t("The date of birth must be in the past"))
        return born_on

    def clean_postcode(self) -> str:
        written = re.sub(r"\s+", "", str(self.cleaned_data["postcode"])).upper()
        postcode = f"{written[:-3]} {written[-3:]}"
        if not POSTCODE.fullmatch(postcode):
            raise forms.ValidationError(_t("Enter a full postcode, such as ZZ9 1AA"))
        return postcode

    def known(self) -> Known:
        """What was written down."""
        found = self.cleaned_data
        names = ("name", "born_on", "sex", "postcode", "phone", "case_number")
        address = ", ".join(line.strip() for line in str(found["address"]).splitlines() if line.strip())
        return Known(address=address, **{name: found[name] for name in names})

    @property
    def chosen_area(self) -> Area:
        return self.areas[self.cleaned_data["area"]]


class StayForm(forms.Form):
    """A stay in hospital, as far as it is known."""

    admitted_on = DayField(label=_("In hospital since"), help_text=_("For example, 27 11 2026"))
    admitted_time = ClockField(
        label=_("At what time was the person admitted?"),
        required=False,
        help_text=_("Visits stop from then on; left empty, those of the whole day."),
    )
    ready_on = DayField(
        label=_("Clinically ready to leave since"),
        required=False,
        help_text=_("Leave it empty while the person is not ready."),
    )
    waits_for = forms.ChoiceField(
        label=_("What is waited for?"),
        choices=[("home", _("Care at home")), ("care_home", _("A place in a care home"))],
        widget=forms.RadioSelect,
        initial="home",
    )
    discharged_on = DayField(
        label=_("Discharged on"), required=False, help_text=_("Leave it empty while the person is in hospital.")
    )
    discharged_time = ClockField(
        label=_("At what time is the person home?"),
        required=False,
        help_text=_("Visits are made again from then on; left empty, on the whole day."),
    )

    def __init__(self, *arguments: Any, today: date, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.today = today

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        admitted, ready, gone = (found.get(name) for name in ("admitted_on", "ready_on", "discharged_on"))
        for name in ("admitted_on", "ready_on", "discharged_on"):
            on = found.get(name)
            if isinstance(on, date) and on > self.today:
                self.add_error(name, _t("The day must be today or earlier"))
        if admitted and ready and ready < admitted:
            self.add_error("ready_on", _t("Ready to leave cannot be before the first day in hospital"))
        if admitted and gone and gone < max(admitted, ready or admitted):
            self.add_error("discharged_on", _t("The discharge cannot be before the other days"))
        return found

    def told(self) -> dict[str, Any]:
        """The stay in the words of the service."""
        names = ("admitted_on", "ready_on", "waits_for", "discharged_on")
        return {
            **{name: self.cleaned_data[name] for name in names},
            "admitted_minute": minute_of(self.cleaned_data["admitted_time"]),
            "discharged_minute": minute_of(self.cleaned_data["discharged_time"]),
        }


def minute_of(clock: time | None) -> int | None:
    """The minute of the day of a time; None where none was written."""
    return None if clock is None else clock.hour * 60 + clock.minute


class CountForm(forms.Form):
    """How many people in hospital wait for a care home."""

    on = DayField(label=_("Day"))
    people = forms.IntegerField(
        label=_("People who wait in hospital for a care home"),
        min_value=0,
        max_value=999,
        help_text=_("Those who are ready to leave. Enter 0 when there is nobody."),
        error_messages={
            "invalid": _("Enter a whole number, such as 7"),
            "min_value": _("Enter a whole number from 0 on"),
            "max_value": _("Enter a number below 1,000"),
        },
    )

    def __init__(self, *arguments: Any, today: date, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.today = today

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        if on > self.today:
            raise forms.ValidationError(_t("The day must be today or earlier"))
        return on
