"""Money that goes out or comes back beside the runs: part-payments in need, and overpayments paid back bit by bit."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Advance(models.Model):
    """
    A part-payment to a provider in need, asked for by one person and approved by another; later runs net it.

    The database refuses an approval by whoever asked.
    """

    ASKED, PAID, REFUSED = "asked", "paid", "refused"
    REASONS = ("file_late", "bank_returned", "wages_due", "other")

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    token = models.CharField(max_length=16, unique=True)
    branch = models.ForeignKey("directory.Branch", on_delete=models.PROTECT, related_name="+")
    pence = models.BigIntegerField()
    reason = models.CharField(max_length=20)
    state = models.CharField(max_length=8, default=ASKED)
    asked_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    asked_identity = models.PositiveBigIntegerField()
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    decided_identity = models.PositiveBigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~Q(state="paid")
                | (Q(decided_identity__isnull=False) & ~Q(decided_identity=F("asked_identity"))),
                name="advance_approved_by_another",
            ),
            models.CheckConstraint(condition=Q(pence__gt=0), name="advance_above_nothing"),
        )


class Recovery(models.Model):
    """
    An overpayment that a provider pays back so much a run; `left_on` is the day it left, after which it is invoiced.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    branch = models.ForeignKey("directory.Branch", on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    pence = models.BigIntegerField()
    instalment_pence = models.BigIntegerField(default=0)
    left_on = models.DateField(null=True)
    agreed_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    agreed_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("council", "number"), name="recovery_once"),
            models.CheckConstraint(condition=Q(pence__gt=0), name="recovery_above_nothing"),
        )
