"""Pay runs with their lines, who bears them, what is held, and what each provider was sent."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from calloff.web.payments.models.worth import Entitlement


class PayRun(models.Model):
    """
    What is paid at once for visits up to a day: drafted by one person, approved by another, then released.

    It is `preparing` while the worker settles what nobody has looked at yet; then its lines are gathered in one go.
    The database refuses an approval by whoever drafted it; both are known by their identity, since one person may
    have several accounts.
    """

    PREPARING, DRAFT, APPROVED, RELEASED, DROPPED = "preparing", "draft", "approved", "released", "dropped"
    OPEN = (PREPARING, DRAFT)
    """States in which its lines may still change."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    token = models.CharField(max_length=16, unique=True)
    from_on = models.DateField()
    to_on = models.DateField()
    state = models.CharField(max_length=10, default=DRAFT)
    problem = models.CharField(max_length=300, default="")
    made_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    made_identity = models.PositiveBigIntegerField()
    made_at = models.DateTimeField()
    approved_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    approved_identity = models.PositiveBigIntegerField(null=True)
    approved_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("council", "number"), name="pay_run_once"),
            models.UniqueConstraint(
                fields=("council",), condition=Q(state__in=("preparing", "draft")), name="pay_run_drafted_once"
            ),
            models.CheckConstraint(
                condition=Q(approved_identity__isnull=True) | ~Q(approved_identity=F("made_identity")),
                name="pay_run_approved_by_another",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("preparing", "draft", "dropped")) | Q(approved_identity__isnull=False),
                name="pay_run_approved_by_somebody",
            ),
        )


class PayLine(models.Model):
    """
    One version of an entitlement in a run: what it adds to, or takes from, what was paid before.

    A version is paid once: the database refuses it in a second line, and any change once its run is approved.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    run = models.ForeignKey(PayRun, on_delete=models.CASCADE, related_name="lines")
    entitlement = models.OneToOneField(Entitlement, on_delete=models.PROTECT, related_name="line")
    pence = models.BigIntegerField()


class FunderLine(models.Model):
    """
    What somebody else than the council bears of an entitlement, as a difference to what was booked before.

    What of a pay line no funder bears is the council's. A changed split makes lines that sum to nothing, and no pay
    line (DOMAIN 3.8).
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    run = models.ForeignKey(PayRun, on_delete=models.CASCADE, related_name="funder_lines")
    entitlement = models.ForeignKey(Entitlement, on_delete=models.PROTECT, related_name="funder_lines")
    funder = models.CharField(max_length=20)
    pence = models.BigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("run", "entitlement", "funder"), name="funder_line_once_in_a_run"),
        )


class Payment(models.Model):
    """What a provider was sent with a run, of all it was owed then; what a bank returned is owed again."""

    SENT, RETURNED = "sent", "returned"

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    run = models.ForeignKey(PayRun, on_delete=models.PROTECT, related_name="payments")
    branch = models.ForeignKey("directory.Branch", on_delete=models.PROTECT, related_name="+", db_index=False)
    invoice = models.CharField(max_length=40)
    pence = models.BigIntegerField()
    brought_pence = models.BigIntegerField(default=0)
    due_on = models.DateField()
    sent_at = models.DateTimeField()
    state = models.CharField(max_length=8, default=SENT)
    returned_at = models.DateTimeField(null=True)
    return_reason = models.CharField(max_length=20, default="")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("run", "branch"), name="payment_once_in_a_run"),
            models.UniqueConstraint(fields=("council", "invoice"), name="payment_invoice_once"),
            models.CheckConstraint(condition=Q(pence__gt=0), name="payment_above_nothing"),
        )
        indexes = (models.Index(fields=("council", "branch", "sent_at"), name="payment_of_branch"),)


class Hold(models.Model):
    """
    A visit's line that is not paid until somebody has looked, or that somebody disputes: only that line waits.

    A hold is the council's own; a dispute has a reply by a moment. What is `anchor` names the entitlement in every
    version, so that a correction that comes meanwhile waits with it.
    """

    HELD, DISPUTE = "hold", "dispute"
    OPEN, CLOSED = "open", "closed"
    REASONS = ("time", "length", "workers", "not_planned", "price", "cancelled", "identity", "other")
    OUTCOMES = ("stands", "corrected", "withdrawn")

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    token = models.CharField(max_length=16, unique=True)
    entitlement = models.ForeignKey(Entitlement, on_delete=models.PROTECT, related_name="+")
    anchor = models.CharField(max_length=60)
    component = models.CharField(max_length=8)
    branch = models.ForeignKey("directory.Branch", on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=8)
    reason = models.CharField(max_length=20)
    claimed_minutes = models.PositiveIntegerField(null=True)
    opened_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    owner = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    reply_by = models.DateTimeField()
    state = models.CharField(max_length=8, default=OPEN)
    outcome = models.CharField(max_length=12, default="")
    closed_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("council", "anchor", "component"), condition=Q(state="open"), name="hold_open_once"
            ),
            models.CheckConstraint(condition=Q(kind__in=("hold", "dispute")), name="hold_kind_known"),
        )
        indexes = (
            models.Index(fields=("council", "state", "reply_by"), name="hold_to_answer"),
            models.Index(fields=("branch", "state"), name="hold_of_branch"),
        )


class HoldWord(models.Model):
    """What somebody wrote about a held or disputed line; read by the council and the provider."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, related_name="words")
    text = models.CharField(max_length=1000)
    from_provider = models.BooleanField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
