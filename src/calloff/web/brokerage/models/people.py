"""Who needs care, what was asked for them, and what a form holds before it is sent."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Person(models.Model):
    """Who needs care. Identity stands here and nowhere else; `area` is the smallest published area of the home."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    reference = models.CharField(max_length=16)
    name = models.CharField(max_length=120)
    born_on = models.DateField()
    sex = models.CharField(max_length=10, default="")
    address = models.CharField(max_length=200, default="")
    postcode = models.CharField(max_length=10, default="")
    phone = models.CharField(max_length=30, default="")
    case_number = models.CharField(max_length=40, default="")
    area = models.ForeignKey("directory.Area", on_delete=models.PROTECT, related_name="people")
    died_on = models.DateField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("council", "reference"), name="person_once"),)
        indexes = (
            models.Index(fields=("council", "name"), name="person_by_name"),
            models.Index(fields=("council", "case_number"), name="person_by_case"),
        )


class Request(models.Model):
    """
    A request for support, before approval. `form` is what was filled in, as plain JSON; a draft is kept as typed.

    The approver is another human being than who raised it. What is approved is weekly minutes and a greatest weekly
    price in pence.
    """

    DRAFT, WAITING, APPROVED, REFUSED, WITHDRAWN = "draft", "waiting", "approved", "refused", "withdrawn"
    THROWN_AWAY = "thrown"
    """A draft that was never sent and that nobody sees any more."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    reference = models.CharField(max_length=16)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="requests")
    state = models.CharField(max_length=10, default=DRAFT)
    form = models.TextField(default="{}")
    from_hub = models.BooleanField(default=False)
    changes_package = models.CharField(max_length=16, default="")
    raised_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    raised_identity = models.PositiveBigIntegerField()
    raised_at = models.DateTimeField()
    touched_at = models.DateTimeField()
    minutes_per_week = models.PositiveIntegerField(default=0)
    priority = models.PositiveSmallIntegerField(default=5)
    decided_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    decided_identity = models.PositiveBigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)
    approved_minutes_per_week = models.PositiveIntegerField(null=True)
    approved_pence_per_week = models.PositiveBigIntegerField(null=True)
    reason = models.CharField(max_length=500, default="")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("council", "reference"), name="request_once"),
            models.CheckConstraint(
                condition=~Q(state="approved") | ~Q(raised_identity=F("decided_identity")),
                name="request_approved_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved")
                | Q(decided_identity__isnull=False, approved_minutes_per_week__isnull=False),
                name="request_approval_is_whole",
            ),
        )
        indexes = (
            models.Index(fields=("council", "state", "priority", "touched_at"), name="request_by_state"),
            models.Index(fields=("raised_by", "touched_at"), name="request_of"),
        )


class SavedForm(models.Model):
    """What somebody was typing into a form, kept every few seconds, so that nothing typed is lost."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    form = models.CharField(max_length=40)
    about = models.CharField(max_length=40, default="")
    fields = models.TextField()
    saved_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "form", "about"), name="saved_form_once"),)
