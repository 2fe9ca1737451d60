"""The ledger: postings of journals that sum to nothing, and the seal that ends each."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from calloff.web.payments.models.runs import PayRun

ACCOUNTS = (
    "care_cost",
    "funder_receivable",
    "provider_payable",
    "bank_clearing",
    "person_receivable",
    "contribution_income",
    "accruals",
    "prepayments",
    "provider_receivable",
)


class Posting(models.Model):
    """
    One line of a journal, debit above nothing and credit below; a journal is sealed once it sums to nothing.

    The database refuses a line of a journal that is sealed, a seal of one that does not sum to nothing, and any change.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    journal = models.CharField(max_length=110)
    account = models.CharField(max_length=24)
    enrolment = models.ForeignKey("contracts.Enrolment", on_delete=models.PROTECT, null=True, related_name="+")
    branch = models.ForeignKey("directory.Branch", on_delete=models.PROTECT, null=True, related_name="+")
    person = models.ForeignKey("brokerage.Person", on_delete=models.PROTECT, null=True, related_name="+")
    cost_centre = models.CharField(max_length=20, default="")
    subjective = models.CharField(max_length=20, default="")
    funder = models.CharField(max_length=20, default="")
    run = models.ForeignKey(PayRun, on_delete=models.PROTECT, null=True, related_name="postings")
    pence = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(account__in=ACCOUNTS), name="posting_account_known"),)
        indexes = (
            models.Index(fields=("council", "journal"), name="posting_of_journal"),
            models.Index(fields=("council", "account", "branch"), name="posting_of_account"),
        )


class Seal(models.Model):
    """
    A journal is whole: its lines sum to nothing, and none is added any more.

    It counts `on` a day of the books; `hash` is that of all it says. One that `reverses` another takes it back, line by
    line, and once only.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    journal = models.CharField(max_length=110)
    kind = models.CharField(max_length=12)
    on = models.DateField()
    run = models.ForeignKey(PayRun, on_delete=models.PROTECT, null=True, related_name="journals")
    reverses = models.CharField(max_length=110, default="")
    lines = models.PositiveIntegerField()
    hash = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("council", "journal"), name="journal_sealed_once"),
            models.UniqueConstraint(
                fields=("council", "reverses"), condition=~Q(reverses=""), name="journal_reversed_once"
            ),
        )
