"""Payment rules as published, what each visit is worth in numbered versions, pay runs and the ledger."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


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

    `anchor` is the planned visit, `component` care or the rounding of a price line's week. `why` is the sentence that
    provider, person and finance read.
    """

    CARE, ROUNDING = "care", "rounding"

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    anchor = models.CharField(max_length=60)
    component = models.CharField(max_length=8, default=CARE)
    number = models.PositiveIntegerField()
    person = models.ForeignKey("brokerage.Person", on_delete=models.PROTECT, related_name="+", db_index=False)
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


class PayRun(models.Model):
    """
    What is paid at once for visits up to a day: drafted by one person, approved by another, then released.

    The database refuses an approval by whoever drafted it; both are known by their identity, since one person may have
    several accounts.
    """

    DRAFT, APPROVED, RELEASED, DROPPED = "draft", "approved", "released", "dropped"

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    token = models.CharField(max_length=16, unique=True)
    from_on = models.DateField()
    to_on = models.DateField()
    state = models.CharField(max_length=8, default=DRAFT)
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
            models.UniqueConstraint(fields=("council",), condition=Q(state="draft"), name="pay_run_drafted_once"),
            models.CheckConstraint(
                condition=Q(approved_identity__isnull=True) | ~Q(approved_identity=F("made_identity")),
                name="pay_run_approved_by_another",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "dropped")) | Q(approved_identity__isnull=False),
                name="pay_run_approved_by_somebody",
            ),
        )


class PayLine(models.Model):
    """
    One version of an entitlement in a run: what it adds to, or takes from, what was paid before.

    A version is paid once: the database refuses it in a second line.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    run = models.ForeignKey(PayRun, on_delete=models.CASCADE, related_name="lines")
    entitlement = models.OneToOneField(Entitlement, on_delete=models.PROTECT, related_name="line")
    pence = models.BigIntegerField()


class Posting(models.Model):
    """
    One line of a journal, debit above nothing and credit below; a journal is sealed once it sums to nothing.

    The database refuses a line of a journal that is sealed, a seal of one that does not sum to nothing, and any change.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    journal = models.CharField(max_length=40)
    account = models.CharField(max_length=24)
    enrolment = models.ForeignKey("contracts.Enrolment", on_delete=models.PROTECT, null=True, related_name="+")
    branch = models.ForeignKey("directory.Branch", on_delete=models.PROTECT, null=True, related_name="+")
    run = models.ForeignKey(PayRun, on_delete=models.PROTECT, null=True, related_name="postings")
    pence = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("council", "journal"), name="posting_of_journal"),)


class Seal(models.Model):
    """A journal is whole: its lines sum to nothing, and none is added any more."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    journal = models.CharField(max_length=40)
    lines = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("council", "journal"), name="journal_sealed_once"),)
