"""The need on which a purchasing model is tried."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from calloff.documents.wording import say
from calloff.domain.packages import AGE_GROUPS, CAPABILITIES, CARE_TYPES, CLIENT_GROUPS, DELIVERY_MODELS, PRIORITIES
from calloff.formats.weekly_visits import read_visits
from calloff.web.brokerage.models import Package
from calloff.web.config.look.fields import DayField
from calloff.web.directory.models import Area, Council


def _choices(section: str, codes: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(code, say(section, code)) for code in codes]


class TrialForm(forms.Form):
    """A package of the council's, or a need that nobody has."""

    what = forms.ChoiceField(
        label=_("What shall it be tried on?"),
        choices=(("package", _("A package")), ("need", _("A made-up need"))),
        widget=forms.RadioSelect,
        initial="need",
    )
    package = forms.CharField(label=_("Reference of the package"), max_length=16)
    visits = forms.CharField(
        label=_("The week"),
        help_text=_("Days, start, minutes, x2 for two workers: mon-sun 07:30 30m x2; mon,wed,fri 12:30 45m"),
        max_length=1000,
        initial="mon-sun 07:30 30m; mon-sun 12:30 30m; mon-sun 20:00 30m",
    )
    area = forms.ChoiceField(label=_("Where"))
    starts_on = DayField(label=_("Wanted from"))
    priority = forms.ChoiceField(
        label=_("Priority"),
        choices=[(str(number), f"P{number}, {say('priorities', f'P{number}')}") for number in PRIORITIES],
        initial="5",
    )
    care_type = forms.ChoiceField(label=_("Care"), choices=_choices("care_types", CARE_TYPES))
    client_group = forms.ChoiceField(label=_("For"), choices=_choices("client_groups", CLIENT_GROUPS))
    age_group = forms.ChoiceField(label=_("Aged"), choices=_choices("age_groups", AGE_GROUPS), initial="75-84")
    delivery_model = forms.ChoiceField(label=_("Given as"), choices=_choices("delivery_models", DELIVERY_MODELS))
    needs = forms.MultipleChoiceField(
        label=_("Care workers must be able to do"),
        choices=_choices("capabilities", CAPABILITIES),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    reveals = {  # noqa: RUF012 - as the look reads it
        "what": {
            "package": ["package"],
            "need": [
                "visits",
                "area",
                "starts_on",
                "priority",
                "care_type",
                "client_group",
                "age_group",
                "delivery_model",
                "needs",
            ],
        }
    }

    def __init__(self, council: Council, today: date, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{"initial": {"starts_on": today}} | options)
        self.council = council
        if self.is_bound:
            chosen = self.data.get("what")
            for name in ("package", *self.reveals["what"]["need"]):
                asked = "package" if name == "package" else "need"
                self.fields[name].required = name != "needs" and asked == chosen
        self.areas = {
            row.code: row for row in Area.objects.filter(council=council).select_related("locality", "council")
        }
        named = [(code, f"{row.name} ({row.locality.name})") for code, row in sorted(self.areas.items())]
        self.fields["area"].choices = named  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if found.get("what") == "package" and "package" not in self.errors:
            reference = (found.get("package") or "").strip().upper()
            found["row"] = Package.objects.filter(council=self.council, reference=reference).first()
            if found["row"] is None:
                self.add_error("package", _("Enter the reference of a package of this council, such as P-7K2MQX"))
            return found
        if found.get("what") != "need" or "visits" in self.errors:
            return found
        try:
            found["pattern"] = read_visits((found.get("visits") or "").strip())
        except ValueError as error:
            self.add_error("visits", _("Expected here: %(what)s") % {"what": error})
        return found
