"""What one person proposes and another approves: payment rules, uplifts, bank details; and rules that run in shadow."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class TwoPeople(models.Model):
    """
    Proposed by one human being, decided by another: both are known by their identity, and the database refuses one
    that is both.
    """

    PROPOSED, APPROVED, REFUSED, UNDONE = "proposed", "approved", "refused", "undone"

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    token = models.CharField(max_length=16, unique=True)
    state = models.CharField(max_length=10, default=PROPOSED)
    proposed_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    proposed_identity = models.PositiveBigIntegerField()
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    decided_identity = models.PositiveBigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        constraints = (
            models.CheckConstraint(
                condition=~Q(state__in=("approved", "undone"))
                | (Q(decided_identity__isnull=False) & ~Q(decided_identity=F("proposed_identity"))),
                name="%(class)s_approved_by_another",
            ),
        )


class RuleProposal(TwoPeople):
    """A payment rule that shall pay visits under a model from a day on."""

    model = models.CharField(max_length=80)
    rule = models.CharField(max_length=80)
    title = models.CharField(max_length=200)
    text = models.TextField()
    starts_on = models.DateField()


class Uplift(TwoPeople):
    """
    Every price in force of a model, or of all, raised from a day on: by a share in 100,000ths, an amount, or both.

    It may be undone as long as nothing was paid at the new prices.
    """

    title = models.CharField(max_length=120)
    model = models.CharField(max_length=80, default="*")
    from_on = models.DateField()
    share = models.IntegerField(default=0)
    flat_centipence = models.IntegerField(default=0)


class UpliftLine(models.Model):
    """One price line that an uplift changes: what it was, what it becomes, and what a week at it comes to."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    uplift = models.ForeignKey(Uplift, on_delete=models.CASCADE, related_name="lines")
    enrolment = models.ForeignKey("contracts.Enrolment", on_delete=models.PROTECT, related_name="+")
    line_id = models.CharField(max_length=60)
    new_line_id = models.CharField(max_length=60)
    old_to_on = models.DateField(null=True)
    before = models.PositiveIntegerField()
    after = models.PositiveIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("uplift", "enrolment", "line_id"), name="uplift_line_once"),)


class BankDetail(TwoPeople):
    """
    Where a provider is paid, once a second person agreed and the time to object is over.

    Without a provider it is from where the council pays direct, with its BACS service user number if it has one; that
    counts once a second person agreed. A later one that counts takes its place; the earlier is kept.
    """

    branch = models.ForeignKey("directory.Branch", null=True, on_delete=models.PROTECT, related_name="+")
    sort_code = models.CharField(max_length=6)
    account = models.CharField(max_length=8)
    name = models.CharField(max_length=18)
    service_user = models.CharField(max_length=6, default="")
    counts_from = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~Q(state="approved")
                | (Q(decided_identity__isnull=False) & ~Q(decided_identity=F("proposed_identity"))),
                name="bank_detail_approved_by_another",
            ),
            models.UniqueConstraint(
                fields=("council", "branch"), condition=Q(state="proposed"), name="bank_detail_proposed_once"
            ),
            models.UniqueConstraint(
                fields=("council",),
                condition=Q(state="proposed", branch__isnull=True),
                name="own_account_proposed_once",
            ),
            models.CheckConstraint(
                condition=Q(service_user="") | Q(branch__isnull=True), name="service_user_is_the_councils"
            ),
        )

    @property
    def holder(self) -> str:
        """Whose account it is."""
        return self.branch.name if self.branch else self.council.name


class Shadow(models.Model):
    """A second payment rule on the visits of some days, with no effect: what it would pay beside what is paid."""

    WAITING, DONE, FAILED = "waiting", "done", "failed"

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    token = models.CharField(max_length=16, unique=True)
    model = models.CharField(max_length=80, default="*")
    rule = models.CharField(max_length=80)
    title = models.CharField(max_length=200)
    text = models.TextField()
    from_on = models.DateField()
    to_on = models.DateField()
    state = models.CharField(max_length=8, default=WAITING)
    summary = models.TextField(default="{}")
    problem = models.CharField(max_length=300, default="")
    asked_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
