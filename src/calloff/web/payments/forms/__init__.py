"""What is typed about pay."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from calloff.web.brokerage.forms.questions import PoundsField
from calloff.web.brokerage.models import Person
from calloff.web.config.look.fields import DayField
from calloff.web.contracts.models import Enrolment
from calloff.web.directory.models import Branch, Council
from calloff.web.payments.models import Advance, Hold, LedgerCode, PayTerms
from calloff.web.payments.services.sending import RETURN_REASONS

HOLD_REASONS = {
    "time": _("The time is wrong"),
    "length": _("The length is wrong"),
    "workers": _("The number of care workers is wrong"),
    "not_planned": _("It was not planned, or not in this way"),
    "price": _("The price is wrong"),
    "cancelled": _("It was cancelled"),
    "identity": _("The care worker was logged somewhere else"),
    "other": _("Something else"),
}
OUTCOMES = {
    "stands": _("It stands as it is"),
    "corrected": _("It was corrected in the records"),
    "withdrawn": _("It was withdrawn"),
}
ADVANCE_REASONS = {
    "file_late": _("Its file of visits is late"),
    "bank_returned": _("The bank returned its payment"),
    "wages_due": _("It cannot pay wages that are due"),
    "other": _("Another reason"),
}
RETURNED = {
    "account_closed": _("The account is closed"),
    "no_such_account": _("There is no such account"),
    "refused": _("The bank refused it"),
    "other": _("Another reason"),
}
PERIODS = {
    "weekly": _("Every week"),
    "four_weekly": _("Every four weeks"),
    "monthly": _("Every calendar month"),
}
VAT = {
    "exempt": _("Exempt"),
    "zero": _("Zero rate"),
    "standard": _("Standard rate"),
    "outside": _("Outside the scope"),
}
DAY_HELP = _("For example 13 12 2026.")


def one_of(label: Any, words: dict[str, Any], codes: tuple[str, ...] | None = None) -> forms.ChoiceField:
    """A choice of a closed list, in its words."""
    return forms.ChoiceField(
        label=label, choices=[(code, words[code]) for code in codes or words], widget=forms.RadioSelect
    )


def _words(label: Any, required: bool = True, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label, max_length=1000, required=required, help_text=help_text, widget=forms.Textarea(attrs={"rows": 4})
    )


class DraftRunForm(forms.Form):
    """Up to which day visits are paid."""

    to_on = DayField(label=_("Pay visits up to and including"), help_text=DAY_HELP)


class HoldForm(forms.Form):
    """Why a line waits."""

    reason = one_of(_("What is wrong?"), HOLD_REASONS, Hold.REASONS)
    words = _words(
        _("What should be looked at?"),
        help_text=_("The provider reads it. Name nobody: the line says whose visit it is."),
    )


class ReleaseForm(forms.Form):
    """What came of a line that waits."""

    outcome = one_of(_("What came of it?"), OUTCOMES, Hold.OUTCOMES)
    words = _words(_("Your answer"), required=False, help_text=_("A dispute needs an answer that the provider reads."))


class WordForm(forms.Form):
    """Something that is written to a line that waits."""

    text = _words(_("Write to the other side"))


class ReturnedForm(forms.Form):
    """Why a bank sent a payment back."""

    reason = one_of(_("Why did the bank return it?"), RETURNED, RETURN_REASONS)


class AdvanceForm(forms.Form):
    """A part-payment in need."""

    branch = forms.ModelChoiceField(label=_("Provider"), queryset=Branch.objects.none(), to_field_name="token")
    amount = PoundsField(label=_("Amount"))
    reason = one_of(_("Why can it not wait?"), ADVANCE_REASONS, Advance.REASONS)

    def __init__(self, council: Council, *positional: Any, **named: Any) -> None:
        super().__init__(*positional, **named)
        self.fields["branch"].queryset = providers_of(council)  # type: ignore[attr-defined]


class RecoveryForm(forms.Form):
    """How an overpayment is paid back."""

    instalment = PoundsField(label=_("How much is taken off each run?"))


class PeriodEndForm(forms.Form):
    """The last day of a period in the books."""

    on = DayField(label=_("The last day of the period"), help_text=DAY_HELP)


def providers_of(council: Council) -> Any:
    """The branches that hold a contract of a council, by name."""
    return Branch.objects.filter(enrolments__council=council).distinct().order_by("name")


class _OfContract(forms.Form):
    """What is said of one contract, or of all."""

    enrolment = forms.ModelChoiceField(
        label=_("Contract"),
        queryset=Enrolment.objects.none(),
        to_field_name="token",
        required=False,
        empty_label=_("Every contract"),
    )
    from_on = DayField(label=_("From which day on?"), help_text=DAY_HELP)

    def __init__(self, council: Council, *positional: Any, **named: Any) -> None:
        super().__init__(*positional, **named)
        contracts_in(self.fields["enrolment"], council)


class TermsForm(_OfContract):
    """How a contract is paid from a day on."""

    period = one_of(_("How often is it paid?"), PERIODS, PayTerms.PERIODS)
    anchor_on = DayField(
        label=_("The first day of any such period"), required=False, help_text=_("Leave it empty for Mondays.")
    )
    cut_off_days = forms.IntegerField(
        label=_("Days after a period until files count for it"), min_value=0, max_value=60
    )
    pay_days = forms.IntegerField(label=_("Days after a period until it is paid"), min_value=0, max_value=120)
    due_days = forms.IntegerField(label=_("Days within which it must be paid"), min_value=1, max_value=120)
    interest = forms.DecimalField(
        label=_("Interest a year on late payment, in per cent"), min_value=0, max_value=100, decimal_places=2
    )
    net = forms.BooleanField(
        label=_("The provider collects the person's charge: it is taken off what it is paid"), required=False
    )
    plan_when_late = forms.BooleanField(label=_("Pay as planned where the file is late at the cut-off"), required=False)
    self_billing = forms.CharField(label=_("Reference of the self-billing agreement"), max_length=60, required=False)
    purchase_order = forms.CharField(label=_("Purchase order number"), max_length=40, required=False)

    def told(self) -> dict[str, Any]:
        """What the service keeps of it."""
        said = dict(self.cleaned_data)
        said["interest_basis_points"] = int(said.pop("interest") * 100)
        return said


class CodeForm(_OfContract):
    """Under which codes a contract and a funder are posted."""

    funder = forms.CharField(
        label=_("Funder"), max_length=20, required=False, help_text=_("Its short code; empty for every funder.")
    )
    cost_centre = forms.CharField(label=_("Cost centre"), max_length=20)
    subjective = forms.CharField(label=_("Subjective"), max_length=20)
    vat = one_of(_("VAT"), VAT, LedgerCode.VAT)


class BlockForm(forms.Form):
    """What a contract is paid ahead for a year."""

    enrolment = forms.ModelChoiceField(label=_("Contract"), queryset=Enrolment.objects.none(), to_field_name="token")
    from_on = DayField(label=_("From which day on?"), help_text=DAY_HELP)
    to_on = DayField(label=_("Up to and including which day?"), help_text=DAY_HELP)
    amount = PoundsField(label=_("For all of it"))
    agreed_hours = forms.IntegerField(label=_("Hours agreed in that time"), min_value=1, max_value=10_000_000)
    rate = PoundsField(label=_("Price of an hour beyond the corridor"), rate=True)

    def __init__(self, council: Council, *positional: Any, **named: Any) -> None:
        super().__init__(*positional, **named)
        contracts_in(self.fields["enrolment"], council)


class SettleBlockForm(forms.Form):
    """What came of a block."""

    delivered_hours = forms.IntegerField(label=_("Hours delivered in that time"), min_value=0, max_value=10_000_000)
    gates_met = forms.BooleanField(label=_("The gates of quality and outcome were met"), required=False)


class OutcomeForm(forms.Form):
    """What a person's outcomes are worth under a contract."""

    enrolment = forms.ModelChoiceField(label=_("Contract"), queryset=Enrolment.objects.none(), to_field_name="token")
    person = forms.CharField(label=_("Reference of the person"), max_length=16)
    amount = PoundsField(label=_("What they are worth in all"))
    starts_on = DayField(label=_("From which day on?"), help_text=DAY_HELP)
    due_on = DayField(label=_("To be met by"), help_text=DAY_HELP)

    def __init__(self, council: Council, *positional: Any, **named: Any) -> None:
        super().__init__(*positional, **named)
        self.council = council
        contracts_in(self.fields["enrolment"], council)

    def clean_person(self) -> Person:
        """The council's person of this reference."""
        return person_called(self.council, self.cleaned_data["person"])


def person_called(council: Council, reference: str) -> Person:
    """The council's person of a reference; ValidationError where there is nobody."""
    found = Person.objects.filter(council=council, reference=reference.strip()).first()
    if found is None:
        raise forms.ValidationError(_("There is nobody with this reference."), code="unknown")
    return found


def contracts_in(field: Any, council: Council) -> None:
    """Let a field choose among the contracts of a council."""
    field.queryset = Enrolment.objects.filter(council=council).select_related("branch").order_by("reference")
    field.label_from_instance = lambda one: f"{one.reference}, {one.branch.name}"


class AssessmentForm(forms.Form):
    """What a person can afford."""

    person = forms.CharField(label=_("Reference of the person"), max_length=16)
    amount = PoundsField(label=_("The most that they can afford a week"))
    from_on = DayField(label=_("From which day on?"), help_text=DAY_HELP)

    def __init__(self, council: Council, *positional: Any, **named: Any) -> None:
        super().__init__(*positional, **named)
        self.council = council

    def clean_person(self) -> Person:
        """The council's person of this reference."""
        return person_called(self.council, self.cleaned_data["person"])


class ChargeRuleForm(forms.Form):
    """How care is charged."""

    from_on = DayField(label=_("From which day on?"), help_text=DAY_HELP)
    basis = one_of(
        _("What is charged?"),
        {"actual": _("What was delivered, as it is paid"), "planned": _("What was planned, unless it was missed")},
    )
    rate = PoundsField(
        label=_("Charge for an hour"),
        rate=True,
        required=False,
        help_text=_("Leave it empty to charge the price paid."),
    )
    no_access = forms.BooleanField(label=_("Visits where nobody could be let in are charged"), required=False)
    short_notice = forms.BooleanField(
        label=_("Visits that were called off too late are charged; people were told so beforehand"), required=False
    )


class AccountForm(forms.Form):
    """An account at a bank."""

    name = forms.CharField(label=_("Name of the account"), max_length=18)
    sort_code = forms.CharField(label=_("Sort code"), max_length=8, help_text=_("Six digits, such as 40-12-76."))
    account = forms.CharField(label=_("Account number"), max_length=10, help_text=_("Eight digits."))


class OwnAccountForm(AccountForm):
    """From where the council pays direct."""

    service_user = forms.CharField(
        label=_("BACS service user number"),
        max_length=6,
        required=False,
        help_text=_("Six digits. Without it there is no BACS file, only ISO 20022."),
    )


class BankForm(AccountForm):
    """Where a provider is paid."""

    branch = forms.ModelChoiceField(label=_("Provider"), queryset=Branch.objects.none(), to_field_name="token")
    field_order = ("branch",)

    def __init__(self, council: Council, *positional: Any, **named: Any) -> None:
        super().__init__(*positional, **named)
        self.fields["branch"].queryset = providers_of(council)  # type: ignore[attr-defined]


def models_in(council: Council) -> list[tuple[str, Any]]:
    """The purchasing models of a council's contracts, as choices, all of them first."""
    known = Enrolment.objects.filter(council=council).values_list("model", flat=True).distinct().order_by("model")
    return [("*", _("Every model")), *((one, one) for one in known)]


class UpliftForm(forms.Form):
    """A bulk uplift."""

    title = forms.CharField(
        label=_("What it is called"), max_length=120, help_text=_("For example: Annual uplift 2027.")
    )
    model = forms.ChoiceField(label=_("Whose prices?"))
    from_on = DayField(label=_("From which day on?"), help_text=DAY_HELP)
    percent = forms.DecimalField(
        label=_("By how many per cent?"), min_value=-50, max_value=100, decimal_places=3, initial=0
    )
    flat = PoundsField(label=_("And by which amount an hour?"), rate=True, required=False)

    def __init__(self, council: Council, *positional: Any, **named: Any) -> None:
        super().__init__(*positional, **named)
        self.fields["model"].choices = models_in(council)  # type: ignore[attr-defined]


MOST_RULE = 60_000


class RuleForm(forms.Form):
    """A payment rule as a document, and from when on it counts."""

    model = forms.ChoiceField(label=_("For visits under which model?"))
    text = forms.CharField(
        label=_("The payment rule"),
        max_length=MOST_RULE,
        widget=forms.Textarea(attrs={"rows": 16, "spellcheck": "false"}),
    )
    starts_on = DayField(label=_("From which day on?"), help_text=DAY_HELP)

    def __init__(self, council: Council, *positional: Any, **named: Any) -> None:
        super().__init__(*positional, **named)
        self.fields["model"].choices = models_in(council)  # type: ignore[attr-defined]


class ShadowForm(forms.Form):
    """A second payment rule on the visits of some days."""

    model = forms.ChoiceField(label=_("For visits under which model?"))
    text = forms.CharField(
        label=_("The second payment rule"),
        max_length=MOST_RULE,
        widget=forms.Textarea(attrs={"rows": 16, "spellcheck": "false"}),
    )
    from_on = DayField(label=_("Visits from which day on?"), help_text=DAY_HELP)
    to_on = DayField(label=_("Up to and including which day?"), help_text=DAY_HELP)

    def __init__(self, council: Council, *positional: Any, **named: Any) -> None:
        super().__init__(*positional, **named)
        self.fields["model"].choices = models_in(council)  # type: ignore[attr-defined]
