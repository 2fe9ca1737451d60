"""Who was asked and what was answered, said and noted about it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from calloff.web.brokerage.models.packages import Package


class Invitation(models.Model):
    """
    The council asks one enrolment. `visits` and `holds` are the kernel's, as plain JSON; `area` is what is shown.

    `token` is its address on the web, `number` its place in the package's history. `state` follows from the answers and
    the clock; one that is `open` past its deadline is expired, whatever stands here.
    """

    OPEN, ACCEPTED, PART, DECLINED, EXPIRED, ENDED, CALLED_OFF = (
        "open",
        "accepted",
        "part",
        "declined",
        "expired",
        "ended",
        "called_off",
    )
    LIVE = (OPEN, ACCEPTED, PART)

    # No index of one column: each below begins with it, and SQLite would walk all rows of a council by the short one.
    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    token = models.CharField(max_length=16, unique=True)
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="invitations")
    version = models.PositiveSmallIntegerField()
    enrolment = models.ForeignKey("contracts.Enrolment", on_delete=models.PROTECT, related_name="+")
    branch = models.ForeignKey("directory.Branch", on_delete=models.PROTECT, related_name="invitations", db_index=False)
    step = models.CharField(max_length=60)
    wave = models.PositiveSmallIntegerField()
    rank = models.PositiveSmallIntegerField()
    sealed = models.BooleanField(default=False)
    visits = models.TextField()
    holds = models.TextField(default="[]")
    area_shown = models.CharField(max_length=120)
    pence_per_week = models.PositiveBigIntegerField(null=True)
    sent_at = models.DateTimeField()
    deadline_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, default=OPEN)
    settled_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=40, default="")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=("open", "accepted", "part", "declined", "expired", "ended", "called_off")),
                name="invitation_state_known",
            ),
            models.UniqueConstraint(
                fields=("package", "enrolment"),
                condition=Q(state__in=("open", "accepted", "part")),
                name="invitation_lives_once",
            ),
            models.CheckConstraint(
                condition=Q(deadline_at__gte=F("sent_at")), name="invitation_deadline_after_sending"
            ),
        )
        indexes = (
            models.Index(fields=("branch", "state", "deadline_at"), name="invitation_of_branch"),
            models.Index(fields=("branch", "-sent_at"), name="invitation_by_sending"),
            # Not of the living alone: SQLite does not see that a list of states given with the question is that one.
            models.Index(fields=("council", "state", "deadline_at"), name="invitation_by_state"),
            models.Index(fields=("package", "sent_at"), name="invitation_of_package"),
        )


class Offer(models.Model):
    """
    A provider's answer to an invitation; a later one before the deadline stands in its place, the earlier is kept.

    `received_at` is when the council had it, `recorded_at` the server's clock. What a broker recorded names who spoke
    and in what words; late recording names a second person.
    """

    CHANNELS = ("portal", "api", "phone", "email", "letter", "mailbox")

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    invitation = models.ForeignKey(Invitation, on_delete=models.PROTECT, related_name="offers")
    receipt = models.CharField(max_length=16, unique=True)
    answer = models.CharField(max_length=8)
    reason = models.CharField(max_length=30, default="")
    facts = models.TextField(default="{}")
    message = models.CharField(max_length=1000, default="")
    channel = models.CharField(max_length=8)
    answered_by = models.CharField(max_length=120, default="")
    words = models.CharField(max_length=1000, default="")
    received_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    recorded_identity = models.PositiveBigIntegerField(null=True)
    second_identity = models.PositiveBigIntegerField(null=True)
    late_reason = models.CharField(max_length=300, default="")
    disputed_at = models.DateTimeField(null=True)
    dispute = models.CharField(max_length=1000, default="")

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(answer__in=("accept", "part", "decline")), name="offer_answer_known"),
            models.CheckConstraint(condition=Q(received_at__lte=F("recorded_at")), name="offer_not_from_the_future"),
            models.CheckConstraint(
                condition=Q(second_identity__isnull=True) | ~Q(second_identity=F("recorded_identity")),
                name="offer_second_is_another",
            ),
        )
        indexes = (models.Index(fields=("invitation", "received_at"), name="offer_of_invitation"),)


class Message(models.Model):
    """Words between the council and one branch about a package; no identity before the call-off."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="messages")
    branch = models.ForeignKey("directory.Branch", on_delete=models.PROTECT, related_name="+")
    from_council = models.BooleanField()
    text = models.CharField(max_length=2000)
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=("package", "at"), name="message_of_package"),
            models.Index(fields=("branch", "read_at"), name="message_of_branch"),
        )


class Note(models.Model):
    """A contact note of the council's own, with when to look again; it is no answer of anybody."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="notes")
    text = models.CharField(max_length=2000)
    next_action_at = models.DateTimeField(null=True)
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("package", "at"), name="note_of_package"),)
