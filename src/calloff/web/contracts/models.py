"""Purchasing models as published, enrolments with spare minutes, suspensions, and drafts that wait for approval."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Draft(models.Model):
    """
    What one person proposes and another approves: a purchasing model, enrolments, an import.

    Both are known by their identity, since one person may have several accounts; the database refuses the same twice.
    A big file is `reading` until a job has checked it; what is `checked` its drafter looks at and puts forward, and
    what is `faulty` nobody can.
    """

    KINDS = ("model", "enrolments", "packages", "register")
    READING, FAULTY, CHECKED = "reading", "faulty", "checked"
    WAITING, APPROVED, REFUSED, WITHDRAWN = "waiting", "approved", "refused", "withdrawn"
    OWN = (READING, FAULTY, CHECKED)
    """States in which only its drafter sees a draft."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="drafts")
    reference = models.CharField(max_length=16)
    kind = models.CharField(max_length=16)
    title = models.CharField(max_length=160)
    content = models.TextField()
    content_hash = models.CharField(max_length=64)
    note = models.CharField(max_length=500, default="")
    starts_on = models.DateField(null=True)
    state = models.CharField(max_length=10, default=WAITING)
    drafted_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    drafted_identity = models.PositiveBigIntegerField()
    drafted_at = models.DateTimeField()
    decided_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    decided_identity = models.PositiveBigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, default="")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("council", "reference"), name="draft_once"),
            models.CheckConstraint(
                condition=~Q(state="approved") | ~Q(drafted_identity=F("decided_identity")),
                name="draft_approved_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(decided_identity__isnull=False), name="draft_approved_by_somebody"
            ),
        )
        indexes = (models.Index(fields=("council", "state", "drafted_at"), name="draft_waiting"),)


class Upload(models.Model):
    """
    The file from which a draft was read, by the hash of its bytes, and how far a job is with it.

    `summary` is what the check found, as plain JSON; `done` of `size` rows are read or carried out. What was approved
    and is carried out by a job has `carried_at` in the end, or `problem` says why nothing of it was done.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    draft = models.OneToOneField(Draft, on_delete=models.PROTECT, related_name="upload")
    name = models.CharField(max_length=120)
    hash = models.CharField(max_length=64)
    summary = models.TextField(default="{}")
    done = models.PositiveIntegerField(default=0)
    size = models.PositiveIntegerField(default=0)
    carried_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=1000, default="")

    class Meta:
        indexes = (models.Index(fields=("council", "hash"), name="upload_by_hash"),)


class ModelVersion(models.Model):
    """A purchasing model as the council published it, from its first day on; its texts are kept whole."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="model_versions")
    model = models.CharField(max_length=80)
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    pattern = models.CharField(max_length=30)
    texts = models.TextField()
    document_hash = models.CharField(max_length=64)
    starts_on = models.DateField()
    published_at = models.DateTimeField()
    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("council", "model", "version"), name="model_version_once"),
            models.UniqueConstraint(fields=("council", "model", "starts_on"), name="model_version_a_day"),
        )

    def __str__(self) -> str:
        return self.title


class Enrolment(models.Model):
    """
    A provider's place in a purchasing model: `facts` are the kernel's, as plain JSON, pools and prices included.

    `token` is what its addresses on the web are called.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="enrolments")
    reference = models.CharField(max_length=60)
    token = models.CharField(max_length=16, unique=True)
    model = models.CharField(max_length=80)
    branch = models.ForeignKey("directory.Branch", on_delete=models.PROTECT, related_name="enrolments")
    tier = models.CharField(max_length=60)
    role = models.CharField(max_length=16)
    facts = models.TextField()
    from_on = models.DateField(null=True)
    to_on = models.DateField(null=True)
    past_referred_minutes = models.PositiveBigIntegerField(default=0)
    past_subcontracted_minutes = models.PositiveBigIntegerField(default=0)
    turn = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("council", "reference"), name="enrolment_once"),)
        indexes = (models.Index(fields=("council", "model"), name="enrolment_of_model"),)


class Pool(models.Model):
    """
    Minutes a week that one declaration offers, in the order in which the enrolment names them; a block's is the last.

    `declared` is all that was offered, `used` what is called off, `held` what open invitations keep. The database
    refuses more than was declared.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="pools")
    number = models.PositiveSmallIntegerField()
    declared = models.PositiveIntegerField(default=0)
    used = models.PositiveIntegerField(default=0)
    held = models.PositiveIntegerField(default=0)
    declared_at = models.DateTimeField(null=True)
    raised_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("enrolment", "number"), name="pool_once"),
            models.CheckConstraint(condition=Q(declared__gte=F("used") + F("held")), name="pool_never_oversold"),
        )
        indexes = (models.Index(fields=("council", "enrolment"), name="pool_of_council"),)

    @property
    def spare(self) -> int:
        return self.declared - self.used - self.held


class Suspension(models.Model):
    """No new work for an enrolment from a day on; one person suspends, another lifts."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="suspensions")
    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="suspensions")
    from_on = models.DateField()
    to_on = models.DateField(null=True)
    step_in = models.BooleanField(default=False)
    reason = models.CharField(max_length=300)
    suspended_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    suspended_identity = models.PositiveBigIntegerField()
    suspended_at = models.DateTimeField()
    lifted_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    lifted_identity = models.PositiveBigIntegerField(null=True)
    lifted_at = models.DateTimeField(null=True)
    lifted_on = models.DateField(null=True)
    lift_reason = models.CharField(max_length=300, default="")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(lifted_identity__isnull=True) | ~Q(lifted_identity=F("suspended_identity")),
                name="suspension_lifted_by_another",
            ),
            models.CheckConstraint(
                condition=Q(to_on__isnull=True) | Q(to_on__gte=F("from_on")), name="suspension_ends_after"
            ),
        )
        indexes = (models.Index(fields=("council", "enrolment"), name="suspension_of"),)


class Declaration(models.Model):
    """
    What a provider said it has to spare, as it was said: minutes a week by the number of the pool, as plain JSON.

    `told_by` names who spoke where somebody of the council wrote it down.
    """

    CHANNELS = ("portal", "api", "phone", "email", "letter")

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="declarations")
    spare = models.TextField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    channel = models.CharField(max_length=10, default="portal")
    told_by = models.CharField(max_length=120, default="")

    class Meta:
        indexes = (models.Index(fields=("enrolment", "at"), name="declaration_of"),)
