"""Jobs with their lease, the worker's pulse, and notices to people."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Job(models.Model):
    """
    Something to do once, at or after a moment. It is added in the transaction of its cause, so that neither is lost.

    A worker leases a job; when the lease runs out (the worker died) the next one takes it. `key` says what it does: a
    second job of the same key is not added while the first is waiting. Of what is due the lowest `rank` is done first.

    A long job says how far it is: `done` of `size`. It can be cancelled by whoever may: it ends where nothing is half
    done, as cancelled where nothing comes of it, as put off where what is left must be gone on with.
    """

    WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"
    CANCELLED, PUT_OFF = "ended", "put_off"

    council = models.PositiveIntegerField()
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120)
    data = models.TextField(default="{}")
    due_at = models.DateTimeField()
    rank = models.CharField(max_length=60, default="~")
    state = models.CharField(max_length=8, default=WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    leased_by = models.CharField(max_length=60, default="")
    problem = models.CharField(max_length=200, default="")
    done_at = models.DateTimeField(null=True)
    done = models.PositiveIntegerField(default=0)
    size = models.PositiveIntegerField(default=0)
    cancel_asked_at = models.DateTimeField(null=True)
    cancelled_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("kind", "key"), condition=Q(state="waiting"), name="job_waits_once"),
            models.CheckConstraint(
                condition=Q(state__in=("waiting", "running", "done", "failed", "ended", "put_off")),
                name="job_state_known",
            ),
        )
        indexes = (
            models.Index(fields=("state", "due_at"), name="job_due"),
            models.Index(fields=("kind", "key"), name="job_of_key"),
        )


class Pulse(models.Model):
    """When a worker was last alive."""

    worker = models.CharField(max_length=60, unique=True)
    at = models.DateTimeField()


class Notice(models.Model):
    """
    Something one user is told, on the screen and by e-mail, without anybody's identity.

    `link` is where it leads; `about` the reference it is shown with. `key` says what it tells: nobody is told twice.
    One that proved to be wrong is withdrawn: it is new to nobody any more, and can still be read.
    """

    WAITING, SENT, FAILED, QUIET = "waiting", "sent", "failed", "quiet"

    council = models.PositiveIntegerField()
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=40)
    about = models.CharField(max_length=60)
    package = models.CharField(max_length=20, default="")
    link = models.CharField(max_length=200, default="")
    key = models.CharField(max_length=160)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    email_state = models.CharField(max_length=8, default=WAITING)
    email_problem = models.CharField(max_length=200, default="")
    email_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "key"), name="notice_once"),)
        indexes = (
            models.Index(fields=("user", "read_at", "created_at"), name="notice_of_user"),
            models.Index(fields=("council", "package"), name="notice_of_package"),
            models.Index(fields=("council", "key"), name="notice_called"),
        )
