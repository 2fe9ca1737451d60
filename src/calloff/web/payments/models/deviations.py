"""Visits that were missed, late or short: what is said of whose doing it was, who was told, and when people came."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Deviation(models.Model):
    """
    That a visit was missed, late or short, as settlement found last; `withdrawn_at` once a later row shows otherwise.

    `cause` was said last, of `domain.deviations.Cause`, by the provider or the council, and `stands` is how far both
    have come about it; whoever of the council looks at a contested one is its `owner`. `minutes` are those by which it
    was late or short. `told_in` is what arrived when people were told of it, blank where nobody was.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    branch = models.ForeignKey("directory.Branch", on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey("brokerage.Person", on_delete=models.PROTECT, related_name="+", db_index=False)
    package = models.ForeignKey("brokerage.Package", on_delete=models.PROTECT, related_name="+", db_index=False)
    token = models.CharField(max_length=16, unique=True)
    visit = models.CharField(max_length=60)
    on = models.DateField()
    start_at = models.DateTimeField()
    kind = models.CharField(max_length=6)
    minutes = models.PositiveIntegerField(default=0)
    cause = models.CharField(max_length=8, default="")
    stands = models.CharField(max_length=9, default="unsaid")
    said_by_provider = models.BooleanField(default=False)
    owner = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    found_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    told_in = models.CharField(max_length=60, default="")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("council", "visit", "kind"), name="deviation_once"),
            models.CheckConstraint(condition=Q(kind__in=("missed", "late", "short")), name="deviation_kind_known"),
            models.CheckConstraint(
                condition=Q(stands="unsaid", cause="")
                | Q(stands__in=("said", "agreed", "contested"), cause__in=("provider", "person", "council", "weather")),
                name="deviation_stands_with_its_cause",
            ),
            models.CheckConstraint(
                condition=~Q(stands="contested") | Q(owner__isnull=False), name="deviation_contested_has_an_owner"
            ),
        )
        indexes = (
            models.Index(fields=("council", "stands", "on"), name="deviation_of_council"),
            models.Index(fields=("branch", "stands", "on"), name="deviation_of_branch"),
            models.Index(fields=("council", "person", "on"), name="deviation_of_person"),
            models.Index(fields=("council", "told_in"), name="deviation_told"),
        )


class DeviationWord(models.Model):
    """What a side said about a deviation: a cause, that it agrees or that it contests, and why."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    deviation = models.ForeignKey(Deviation, on_delete=models.PROTECT, related_name="words")
    says = models.CharField(max_length=8)
    cause = models.CharField(max_length=8)
    code = models.CharField(max_length=40, default="")
    text = models.CharField(max_length=1000)
    from_provider = models.BooleanField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()


class Arrival(models.Model):
    """
    When somebody came first for a visit, worked out anew whenever the visit is settled.

    `call` is the visit without its day: the same for the same call on another day. `came_second` counts from midnight
    of the local day.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+", db_index=False)
    branch = models.ForeignKey("directory.Branch", on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey("brokerage.Person", on_delete=models.PROTECT, related_name="+", db_index=False)
    visit = models.CharField(max_length=60)
    call = models.CharField(max_length=60)
    on = models.DateField()
    came_at = models.DateTimeField()
    came_second = models.PositiveIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("council", "visit"), name="arrival_once"),)
        indexes = (
            models.Index(fields=("council", "on"), name="arrival_of_council"),
            models.Index(fields=("council", "person", "on"), name="arrival_of_person"),
        )


class AlertLimit(models.Model):
    """How many minutes after its window a visit is so late that people are told at once; the last one set counts."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    late_minutes = models.PositiveIntegerField()
    set_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()
