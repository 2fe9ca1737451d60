"""Payment rules as published, what each visit or period is worth in numbered versions, terms of pay and codes."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class RuleVersion(models.Model):
    """A payment rule as the council published it: it pays visits under a purchasing model from its first day on."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    model = models.CharField(max_length=80)
    rule = models.CharField(max_length=80)
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    text = models.TextField()
    starts_on = models.DateField()
    published_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("council", "model", "starts_on"), name="rule_version_a_day"),)


class Entitlement(models.Model):
    """
    What a visit is worth, in numbered versions that are never edited: the payment line is version k less version k-1.

    `anchor` is the planned visit, `component` care or the rounding of a price line's week; for what a contract's period
    is worth (a block) there is no person. `why` is the sentence that provider, person and finance read.
    """

    CARE, ROUNDING, BLOCK = "care", "rounding", "block"

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    anchor = models.CharField(max_length=60)
    component = models.CharField(max_length=8, default=CARE)
    number = models.PositiveIntegerField()
    person = models.ForeignKey(
        "brokerage.Person", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    branch = models.ForeignKey("directory.Branch", on_delete=models.PROTECT, related_name="+", db_index=False)
    enrolment = models.ForeignKey(
        "contracts.Enrolment", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    on = models.DateField()
    reason = models.CharField(max_length=14)
    marks = models.PositiveSmallIntegerField(default=0)
    worked_minutes = models.PositiveIntegerField(default=0)
    paid_minutes = models.PositiveIntegerField(default=0)
    line_id = models.CharField(max_length=60, default="")
    centipence = models.PositiveIntegerField(default=0)
    pence = models.BigIntegerField()
    rule = models.ForeignKey(RuleVersion, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=400)
    known_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("council", "anchor", "component", "number"), name="entitlement_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="entitlement_numbered_from_one"),
        )
        indexes = (
            models.Index(fields=("council", "person", "on"), name="entitlement_of_person"),
            models.Index(fields=("council", "branch", "on"), name="entitlement_of_branch"),
        )


class PayTerms(models.Model):
    """
    How a contract is paid from a day on; without an enrolment, what counts for every contract of the council.

    Pay is cut off so many days after a period and paid so many days after it. With `net` a person's charge is taken
    off what the provider is paid; it collects it itself. Under self-billing the council writes the invoice.
    """

    WEEKLY, FOUR_WEEKLY, MONTHLY = "weekly", "four_weekly", "monthly"
    PERIODS = (WEEKLY, FOUR_WEEKLY, MONTHLY)

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    enrolment = models.ForeignKey("contracts.Enrolment", on_delete=models.PROTECT, null=True, related_name="+")
    from_on = models.DateField()
    period = models.CharField(max_length=12, default=WEEKLY)
    anchor_on = models.DateField()
    cut_off_days = models.PositiveSmallIntegerField(default=3)
    pay_days = models.PositiveSmallIntegerField(default=9)
    due_days = models.PositiveSmallIntegerField(default=30)
    interest_basis_points = models.PositiveIntegerField(default=0)
    net = models.BooleanField(default=False)
    plan_when_late = models.BooleanField(default=False)
    self_billing = models.CharField(max_length=60, default="")
    purchase_order = models.CharField(max_length=40, default="")
    set_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("council", "enrolment", "from_on"),
                condition=Q(superseded_at__isnull=True),
                name="pay_terms_stand_once",
            ),
            models.UniqueConstraint(
                fields=("council", "from_on"),
                condition=Q(superseded_at__isnull=True, enrolment__isnull=True),
                name="pay_terms_of_all_stand_once",
            ),
            models.CheckConstraint(
                condition=Q(period__in=("weekly", "four_weekly", "monthly")), name="pay_terms_period_known"
            ),
        )


class LedgerCode(models.Model):
    """
    Under which codes of the council's own ledger a contract and a kind of funder are posted, from a day on.

    The most precise row counts: of the contract before any, of the funder before any. VAT is exempt unless it says
    otherwise (assumed).
    """

    EXEMPT = "exempt"
    VAT = (EXEMPT, "zero", "standard", "outside")

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    enrolment = models.ForeignKey("contracts.Enrolment", on_delete=models.PROTECT, null=True, related_name="+")
    funder = models.CharField(max_length=20, default="")
    from_on = models.DateField()
    cost_centre = models.CharField(max_length=20)
    subjective = models.CharField(max_length=20)
    vat = models.CharField(max_length=8, default=EXEMPT)
    set_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("council", "enrolment", "funder", "from_on"),
                condition=Q(superseded_at__isnull=True),
                name="ledger_code_stands_once",
            ),
            models.UniqueConstraint(
                fields=("council", "funder", "from_on"),
                condition=Q(superseded_at__isnull=True, enrolment__isnull=True),
                name="ledger_code_of_all_stands_once",
            ),
        )
