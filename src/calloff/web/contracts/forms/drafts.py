"""The forms with which something is drafted, put forward and decided."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from calloff.documents.wording import say
from calloff.domain.contracts import ROLES, Enrolment
from calloff.domain.packages import CAPABILITIES
from calloff.domain.units import MOST_MINUTES, centipence_of
from calloff.formats.contract_cells import POOLS, PRICE_LINES, numbered, unnumbered
from calloff.web.config.look.fields import DayField
from calloff.web.directory.models import Branch, Council

MOST_BYTES = 10 * 1024 * 1024
SHEETS = ".csv,.xlsx"


class SheetField(forms.FileField):
    """A CSV file or workbook of at most 10 MB."""

    widget = forms.ClearableFileInput

    def __init__(self, **options: Any) -> None:
        told: dict[str, Any] = {"max_length": 200, "widget": forms.FileInput(attrs={"accept": SHEETS})}
        super().__init__(**told | options)

    def clean(self, data: Any, initial: Any = None) -> Any:
        found = super().clean(data, initial)
        if found and found.size > MOST_BYTES:
            raise forms.ValidationError(_("The file must be smaller than 10 MB"))
        return found


class ModelForm(forms.Form):
    """A document and, where it stands on another that is not published, that one."""

    document = forms.FileField(
        label=_("The document"),
        help_text=_("A purchasing model as a YAML file."),
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".yaml,.yml"}),
    )
    parent = forms.FileField(
        label=_("The document that it stands on"),
        help_text=_("Only where the council has not published it and Calloff does not ship it."),
        required=False,
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".yaml,.yml"}),
    )

    def files_in_order(self) -> list[tuple[str, bytes]]:
        """The uploads as name and bytes, the parent first."""
        found = [self.cleaned_data.get("parent"), self.cleaned_data["document"]]
        return [(one.name, one.read()) for one in found if one]


class ForwardForm(forms.Form):
    """When it begins, and why."""

    starts_on = DayField(
        label=_("First day"), help_text=_("Packages approved from this day on are bought by this version.")
    )
    note = forms.CharField(
        label=_("What changes, and why"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


class NoteForm(forms.Form):
    """Why."""

    note = forms.CharField(
        label=_("A note for whoever approves it"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class RefuseForm(forms.Form):
    """Why not."""

    reason = forms.CharField(
        label=_("Why is it refused?"),
        help_text=_("Whoever drafted it reads this."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class SheetForm(forms.Form):
    """Enrolments as a file."""

    sheet = SheetField(
        label=_("The file"), help_text=_("CSV or Excel (.xlsx), in the columns of contracts.csv; at most 10 MB.")
    )


class RegisterForm(forms.Form):
    """A register as a file, and whose it is."""

    shape = forms.ChoiceField(
        label=_("Whose file is it?"),
        choices=(
            ("care_inspectorate", _("Care Inspectorate: the monthly register of services")),
            ("cqc", _("Care Quality Commission: the list of active locations")),
            ("providers", _("Our own columns (providers.csv)")),
        ),
        widget=forms.RadioSelect,
    )
    area = forms.CharField(
        label=_("Council area"),
        help_text=_("As the regulator's file writes it. The services of this area are read."),
        required=False,
        max_length=80,
    )
    sheet = SheetField(label=_("The file"), help_text=_("CSV or Excel (.xlsx), at most 10 MB."))

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if found.get("shape") in ("care_inspectorate", "cqc") and not (found.get("area") or "").strip():
            self.add_error("area", _("Enter the council area as the file writes it"))
        return found


class PoundsField(forms.Field):
    """A rate in pounds, held as centipence."""

    def __init__(self, **options: Any) -> None:
        told: dict[str, Any] = {"widget": forms.TextInput(attrs={"prefix": "£", "width": 5, "maxlength": 12})}
        super().__init__(**told | options)

    def to_python(self, value: Any) -> Any:
        text = (value or "").strip().removeprefix("£")
        if not text:
            return None
        try:
            return centipence_of(text)
        except ValueError:
            raise forms.ValidationError(_("Enter pounds, such as 15.95")) from None


class HoursField(forms.Field):
    """Hours a week with one or two decimals, held as minutes."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(
            attrs={"suffix": _("hours a week"), "width": 5, "inputmode": "decimal", "maxlength": 9}
        )
        told: dict[str, Any] = {"widget": widget}
        super().__init__(**told | options)

    def to_python(self, value: Any) -> Any:
        text = (value or "").strip()
        if not text:
            return None
        whole, _point, rest = text.partition(".")
        if (
            len(text) > 9
            or not whole.isascii()
            or not whole.isdigit()
            or (rest and not (rest.isascii() and rest.isdigit()))
        ):
            raise forms.ValidationError(_("Enter hours, such as 17.5"))
        # Half up: a tenth of an hour is six minutes, a third of one is twenty.
        part = (int(rest) * 60 + 10 ** len(rest) // 2) // 10 ** len(rest) if rest else 0
        minutes = int(whole) * 60 + part
        if minutes > MOST_MINUTES:
            raise forms.ValidationError(_("These are more hours than a week of anybody's work"))
        return minutes


class EnrolmentForm(forms.Form):
    """One enrolment: who, where in which model, at what price, with how many hours."""

    provider = forms.CharField(
        label=_("Provider"), help_text=_("Its reference in the register, such as 1-2099000101."), max_length=40
    )
    place = forms.ChoiceField(label=_("Model and tier"))
    role = forms.ChoiceField(label=_("Part it plays there"), choices=[(role, role.replace("_", " ")) for role in ROLES])
    reference = forms.CharField(
        label=_("What the enrolment is called"), help_text=_("No other has this name."), max_length=60
    )
    localities = forms.MultipleChoiceField(
        label=_("Localities"),
        help_text=_("None means all of them."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    price = PoundsField(
        label=_("Price of an hour"),
        help_text=_("For each care worker, everything included. Leave it empty where the council sets the price."),
        required=False,
    )
    spare = HoursField(label=_("Spare hours"), help_text=_("What it can take on now."), required=False)
    capabilities = forms.MultipleChoiceField(
        label=_("What its care workers can do"),
        choices=[(one, say("capabilities", one)) for one in CAPABILITIES],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    from_on = DayField(label=_("First day"), required=False)
    to_on = DayField(label=_("Last day"), help_text=_("Included."), required=False)

    def __init__(self, council: Council, places: list[tuple[str, str]], *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["place"].choices = places  # type: ignore[attr-defined]
        named = [(row.code, row.name) for row in council.localities.order_by("name")]
        self.fields["localities"].choices = named  # type: ignore[attr-defined]

    def clean_provider(self) -> str:
        reference = str(self.cleaned_data["provider"]).strip()
        if not Branch.objects.filter(reference=reference).exists():
            raise forms.ValidationError(_("The register holds no provider of this reference; import it first"))
        return reference

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        first, last = found.get("from_on"), found.get("to_on")
        if first and last and last < first:
            self.add_error("to_on", _("The last day must not be before the first"))
        return found

    def enrolment(self) -> Enrolment:
        """What was filled in as the kernel's enrolment."""
        told = self.cleaned_data
        model, _bar, tier = told["place"].partition(" ")
        reference = told["reference"].strip()
        price = () if told["price"] is None else PRICE_LINES.read(_pounds(told["price"]))
        pools = () if told["spare"] is None else POOLS.read(f"*/*={told['spare']}")
        return Enrolment(
            reference=reference,
            provider=told["provider"],
            model=model,
            tier=tier,
            role=told["role"],
            localities=frozenset(told["localities"]),
            price_lines=numbered(reference, price),
            pools=pools,
            capabilities=frozenset(told["capabilities"]),
            from_on=told["from_on"],
            to_on=told["to_on"],
        )


def _pounds(centipence: int) -> str:
    return f"{centipence // 10_000}.{centipence % 10_000:04d}"


class ChangeForm(forms.Form):
    """Prices, further hours and the last day of an enrolment that stands."""

    prices = forms.CharField(
        label=_("Prices"),
        help_text=_(
            "Pounds an hour, then what the price is for; several are parted by a semicolon: "
            "15.20; 16.10 day_type=weekend from=2027-04-01"
        ),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    pool = forms.CharField(
        label=_("Further hours"),
        help_text=_("Localities and parts of the day with minutes a week: north/morning+bed=360. * is all of them."),
        required=False,
        max_length=500,
    )
    to_on = DayField(label=_("Last day"), help_text=_("Included. Empty: that of the model."), required=False)

    def __init__(self, standing: Enrolment, *arguments: Any, **options: Any) -> None:
        self.standing = standing
        options.setdefault(
            "initial",
            {"prices": PRICE_LINES.write(unnumbered(standing.price_lines)), "to_on": standing.to_on},
        )
        super().__init__(*arguments, **options)

    def clean_prices(self) -> Any:
        text = self.cleaned_data["prices"].strip()
        return self._read(PRICE_LINES.read, text) if text else ()

    def clean_pool(self) -> Any:
        text = self.cleaned_data["pool"].strip()
        kept = POOLS.write(self.standing.pools)
        return self._read(POOLS.read, "; ".join(one for one in (kept, text) if one)) if text else self.standing.pools

    @staticmethod
    def _read(read: Any, text: str) -> Any:
        try:
            return read(text)
        except ValueError as error:
            raise forms.ValidationError(_("Expected here: %(what)s") % {"what": error}) from None

    def enrolment(self) -> Enrolment:
        """The enrolment as it would stand."""
        told = self.cleaned_data
        return replace(
            self.standing,
            price_lines=numbered(self.standing.reference, told["prices"]),
            pools=told["pool"],
            to_on=told["to_on"],
        )
