"""What people are charged for their care: what they were assessed to afford, by which rule, and week by week."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from calloff.web.payments.models.runs import PayRun


class Assessment(models.Model):
    """What a person can afford a week at most, as the council assessed it, from a day on."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey("brokerage.Person", on_delete=models.PROTECT, related_name="+")
    pence_per_week = models.BigIntegerField()
    from_on = models.DateField()
    set_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("person", "from_on"), condition=Q(superseded_at__isnull=True), name="assessment_stands_once"
            ),
            models.CheckConstraint(condition=Q(pence_per_week__gte=0), name="assessment_not_below_nothing"),
        )


class ChargeRule(models.Model):
    """
    How care is charged from a day on: as delivered or as planned, at a rate of the council's or at the price paid.

    No access and short notice are charged only where the council says so, and has told people beforehand.
    """

    ACTUAL, PLANNED = "actual", "planned"

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    from_on = models.DateField()
    basis = models.CharField(max_length=8, default=ACTUAL)
    centipence_per_hour = models.PositiveIntegerField(default=0)
    no_access = models.BooleanField(default=False)
    short_notice = models.BooleanField(default=False)
    set_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("council", "from_on"), condition=Q(superseded_at__isnull=True), name="charge_rule_stands_once"
            ),
        )


class Charge(models.Model):
    """
    What a person is charged for a week under a contract, in numbered versions; line k is version k less version k-1.

    `week` is its Monday, `contract` the reference of the enrolment or, outside every model, of the provider.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey("brokerage.Person", on_delete=models.PROTECT, related_name="+", db_index=False)
    week = models.DateField()
    branch = models.ForeignKey("directory.Branch", on_delete=models.PROTECT, related_name="+", db_index=False)
    enrolment = models.ForeignKey(
        "contracts.Enrolment", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    contract = models.CharField(max_length=60)
    number = models.PositiveIntegerField()
    chargeable_pence = models.BigIntegerField()
    assessed_pence = models.BigIntegerField()
    pence = models.BigIntegerField()
    known_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("council", "person", "week", "contract", "number"), name="charge_version_once"
            ),
            models.CheckConstraint(condition=Q(pence__gte=0), name="charge_not_below_nothing"),
        )


class ChargeLine(models.Model):
    """A version of a charge in a run; `net` is taken off what the provider is paid, else the council sends a bill."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    run = models.ForeignKey(PayRun, on_delete=models.CASCADE, related_name="charge_lines")
    charge = models.OneToOneField(Charge, on_delete=models.PROTECT, related_name="line")
    net = models.BooleanField()
    pence = models.BigIntegerField()
