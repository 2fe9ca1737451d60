"""What a contract's period is worth, outcomes, and how far periods that are paid on plan are settled."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from calloff.web.payments.models.worth import Entitlement


class BlockYear(models.Model):
    """
    A block: so many pence for a contract from a day to a day, paid ahead in equal parts, for so many agreed minutes.

    One person proposes it and another approves it. It is settled once, with what was delivered and whether its gates
    were met.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    token = models.CharField(max_length=16, unique=True)
    enrolment = models.ForeignKey("contracts.Enrolment", on_delete=models.PROTECT, related_name="+")
    from_on = models.DateField()
    to_on = models.DateField()
    pence = models.BigIntegerField()
    agreed_minutes = models.PositiveIntegerField()
    centipence = models.PositiveIntegerField()
    proposed_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    proposed_identity = models.PositiveBigIntegerField()
    proposed_at = models.DateTimeField()
    approved_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    approved_identity = models.PositiveBigIntegerField(null=True)
    approved_at = models.DateTimeField(null=True)
    delivered_minutes = models.PositiveIntegerField(null=True)
    gates_met = models.BooleanField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("council", "enrolment", "from_on"), name="block_year_once"),
            models.CheckConstraint(
                condition=Q(approved_identity__isnull=True) | ~Q(approved_identity=F("proposed_identity")),
                name="block_year_approved_by_another",
            ),
            models.CheckConstraint(condition=Q(to_on__gt=F("from_on"), pence__gt=0), name="block_year_is_a_time"),
        )


class Outcome(models.Model):
    """What a person's outcomes are worth under a contract: a part ahead, the rest once the person says they are met."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    token = models.CharField(max_length=16, unique=True)
    enrolment = models.ForeignKey("contracts.Enrolment", on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey("brokerage.Person", on_delete=models.PROTECT, related_name="+")
    pence = models.BigIntegerField()
    starts_on = models.DateField()
    due_on = models.DateField()
    met = models.BooleanField(null=True)
    set_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()
    judged_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    judged_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(due_on__gte=F("starts_on"), pence__gt=0), name="outcome_is_worth_something"
            ),
        )


class Reconciliation(models.Model):
    """A contract's period that was paid on plan is settled for the first time, or the second, and then closed."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    enrolment = models.ForeignKey("contracts.Enrolment", on_delete=models.PROTECT, related_name="+")
    from_on = models.DateField()
    to_on = models.DateField()
    stage = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("council", "enrolment", "from_on", "stage"), name="reconciled_once"),
        )


class Retro(models.Model):
    """
    A change to a visit of a closed period: worked out and shown, paid only once somebody approves it.

    `entitlement` is the version that stands; `pence` is what the visit would be worth.
    """

    FOUND, APPROVED, REFUSED, GONE = "found", "approved", "refused", "gone"

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    token = models.CharField(max_length=16, unique=True)
    entitlement = models.ForeignKey(Entitlement, on_delete=models.PROTECT, related_name="+")
    anchor = models.CharField(max_length=60)
    pence = models.BigIntegerField()
    why = models.CharField(max_length=400)
    state = models.CharField(max_length=8, default=FOUND)
    found_at = models.DateTimeField()
    decided_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("council", "anchor"), condition=Q(state="found"), name="retro_found_once"),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(decided_by__isnull=False), name="retro_approved_by_somebody"
            ),
        )
