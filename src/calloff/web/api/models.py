"""Keys with which programs sign in, and the journal of what the programs of a branch can have been told."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Token(models.Model):
    """
    A key of one branch, made by one of its managers: each use is an act of that user.

    Only its SHA-256 is kept, so nobody reads a key out of the database. `uses` counts those in the minute `minute_at`.
    """

    reference = models.CharField(max_length=16, unique=True)
    branch = models.ForeignKey("directory.Branch", on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=60)
    hash = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    minute_at = models.DateTimeField(null=True)
    uses = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(expires_at__gt=F("made_at")), name="token_expires_after_it_is_made"),
            models.CheckConstraint(
                condition=Q(revoked_by__isnull=True, revoked_at__isnull=True)
                | Q(revoked_by__isnull=False, revoked_at__isnull=False),
                name="token_revoked_by_somebody",
            ),
        )
        indexes = (models.Index(fields=("branch", "made_at"), name="token_of_branch"),)

    def __str__(self) -> str:
        return self.name


class Journal(models.Model):
    """How many changes a branch can have been told; its row is locked by whoever numbers the next ones."""

    branch = models.OneToOneField("directory.Branch", on_delete=models.PROTECT, related_name="+")
    length = models.PositiveBigIntegerField(default=0)


class Told(models.Model):
    """
    What a branch may see of one of its invitations, as it was when its journal was last brought up to date.

    `place` is the number under which it was first told and never moves; `number` is that of its last change. `hash` is
    that of all that is shown. `state` is the invitation's own; `settled` says that only another one could change it.
    """

    branch = models.ForeignKey("directory.Branch", on_delete=models.PROTECT, related_name="+")
    invitation = models.OneToOneField("brokerage.Invitation", on_delete=models.PROTECT, related_name="told")
    place = models.PositiveBigIntegerField()
    number = models.PositiveBigIntegerField()
    status = models.CharField(max_length=12)
    hash = models.CharField(max_length=64)
    state = models.CharField(max_length=10)
    settled = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("branch", "place"), name="told_first_once"),
            models.UniqueConstraint(fields=("branch", "number"), name="told_last_once"),
        )
        indexes = (models.Index(fields=("branch", "status", "place"), name="told_by_status"),)
