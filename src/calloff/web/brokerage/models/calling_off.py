"""What was called off, with which visits, and who agreed to what no rule allows alone."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from calloff.web.brokerage.models.asking import Invitation
from calloff.web.brokerage.models.packages import Package
from calloff.web.brokerage.models.records import Decision


class CallOff(models.Model):
    """
    Visits of a package placed with an enrolment, confirmed by a person.

    `centipence_minutes` is the weekly cost unrounded (centipence an hour times minutes), `pence_per_week` the same
    rounded once. One outside the model names its reason and a second person. One that `continues` another is what was
    left of it when some of its visits were no longer wanted: it was confirmed with that one and counts as no new one.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    token = models.CharField(max_length=16, unique=True)
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="call_offs")
    version = models.PositiveSmallIntegerField()
    enrolment = models.ForeignKey("contracts.Enrolment", on_delete=models.PROTECT, null=True, related_name="+")
    branch = models.ForeignKey("directory.Branch", on_delete=models.PROTECT, related_name="call_offs")
    invitation = models.ForeignKey(Invitation, on_delete=models.PROTECT, null=True, related_name="+")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=12)
    step = models.CharField(max_length=60, default="")
    visits = models.TextField()
    takes = models.TextField(default="[]")
    minutes_per_week = models.PositiveIntegerField()
    centipence_minutes = models.PositiveBigIntegerField()
    pence_per_week = models.PositiveBigIntegerField()
    line_ids = models.CharField(max_length=300, default="")
    on_framework = models.BooleanField(default=True)
    override_reason = models.CharField(max_length=30, default="")
    outside_reason = models.CharField(max_length=30, default="")
    words = models.CharField(max_length=1000, default="")
    confirmed_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_identity = models.PositiveBigIntegerField(null=True)
    second_identity = models.PositiveBigIntegerField(null=True)
    confirmed_at = models.DateTimeField()
    start_on = models.DateField(null=True)
    first_visit_on = models.DateField(null=True)
    ended_on = models.DateField(null=True)
    end_reason = models.CharField(max_length=30, default="")
    delivered_by = models.ForeignKey("contracts.Enrolment", on_delete=models.PROTECT, null=True, related_name="+")
    continues = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="continued_by")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(second_identity__isnull=True) | ~Q(second_identity=F("confirmed_identity")),
                name="call_off_second_is_another",
            ),
            models.CheckConstraint(
                condition=Q(outside_reason="") | Q(second_identity__isnull=False), name="call_off_outside_is_seconded"
            ),
        )
        indexes = (
            models.Index(fields=("council", "confirmed_at"), name="call_off_by_moment"),
            models.Index(fields=("branch", "ended_on"), name="call_off_of_branch"),
        )


class PlacedVisit(models.Model):
    """A visit of a package version in a call-off: while it lives, no other call-off can hold it."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="placed_visits")
    version = models.PositiveSmallIntegerField()
    visit = models.PositiveSmallIntegerField()
    call_off = models.ForeignKey(CallOff, on_delete=models.PROTECT, related_name="placed_visits")
    live = models.BooleanField(default=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("package", "version", "visit"), condition=Q(live=True), name="visit_placed_once"
            ),
        )


class Override(models.Model):
    """One person orders another candidate, a second agrees; only then does the kernel read it."""

    WAITING, AGREED, REFUSED = "waiting", "agreed", "refused"

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="overrides")
    enrolment = models.ForeignKey("contracts.Enrolment", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=30)
    words = models.CharField(max_length=500, default="")
    state = models.CharField(max_length=8, default=WAITING)
    ordered_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    ordered_identity = models.PositiveBigIntegerField()
    ordered_at = models.DateTimeField()
    decided_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    decided_identity = models.PositiveBigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~Q(state="agreed") | ~Q(ordered_identity=F("decided_identity")),
                name="override_agreed_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state="agreed") | Q(decided_identity__isnull=False), name="override_agreed_by_somebody"
            ),
            models.UniqueConstraint(fields=("package",), condition=Q(state="waiting"), name="override_waits_once"),
        )


class Countersignature(models.Model):
    """
    What one person recorded and a second one, chosen by name, must sign before it counts.

    An answer that was in time and is recorded late, or a call-off made outside the model: `content` holds it as plain
    JSON. Until it is signed nothing of it is done.
    """

    LATE_ANSWER, OUTSIDE = "late_answer", "outside"
    WAITING, SIGNED, REFUSED = "waiting", "signed", "refused"

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="countersignatures")
    invitation = models.ForeignKey(Invitation, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=12)
    content = models.TextField()
    state = models.CharField(max_length=8, default=WAITING)
    asked_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    asked_identity = models.PositiveBigIntegerField()
    asked_at = models.DateTimeField()
    second = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    decided_identity = models.PositiveBigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~Q(state="signed") | ~Q(asked_identity=F("decided_identity")),
                name="countersigned_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state="signed") | Q(decided_identity__isnull=False), name="countersigned_by_somebody"
            ),
            models.UniqueConstraint(
                fields=("package",), condition=Q(state="waiting"), name="countersignature_waits_once"
            ),
        )
