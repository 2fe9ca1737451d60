"""The chain of events of each council, and who looked at whom."""

from __future__ import annotations

from django.db import models

BEGINNING = "0" * 64
"""The hash before a chain's first event."""


class Chain(models.Model):
    """
    The end of a council's chain; its row is locked by whoever adds to it, so that acts of one council go one by one.

    `council` 0 is the house itself: accounts and what belongs to no council.
    """

    council = models.PositiveIntegerField(unique=True)
    length = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default=BEGINNING)


class Event(models.Model):
    """
    One act, as canonical JSON: `data` holds what changed, `history` what it adds to a package's history.

    No personal data stands here: people are named by reference, text by its hash. `by` is empty where the worker acted.
    The database refuses to change or delete a row.
    """

    council = models.PositiveIntegerField()
    number = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=60)
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    about = models.CharField(max_length=60)
    data = models.TextField(default="{}")
    history = models.TextField(default="[]")
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("council", "number"), name="event_once_in_chain"),)
        indexes = (models.Index(fields=("council", "about", "number"), name="event_about"),)


class Look(models.Model):
    """Somebody read a record that names a person: outside the chain, since reading changes nothing."""

    council = models.PositiveIntegerField()
    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    about = models.CharField(max_length=60)
    screen = models.CharField(max_length=60)

    class Meta:
        indexes = (
            models.Index(fields=("council", "about", "at"), name="look_about"),
            models.Index(fields=("user", "at"), name="look_by"),
        )
