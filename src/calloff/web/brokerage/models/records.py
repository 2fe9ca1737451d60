"""What was decided, on which facts, and what a key brought back."""

from __future__ import annotations

from django.db import models

from calloff.web.brokerage.models.packages import Package


class Decision(models.Model):
    """
    What the kernel decided, as the record that `replay` works out again; its facts stand once each in `Fact`.

    Only decisions that were carried out, or refused to somebody, are kept.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="decisions")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=10)
    content = models.TextField()
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("package", "number"), name="decision_once"),)


class Fact(models.Model):
    """A value that decisions name by its hash, stored once for a council."""

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    hash = models.CharField(max_length=64)
    content = models.TextField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("council", "hash"), name="fact_once"),)


class LastCounters(models.Model):
    """
    The counters as the last decision under a model wrote them, so that the next one tells only what changed.

    `steps` counts the decisions since they were last written whole.
    """

    council = models.ForeignKey("directory.Council", on_delete=models.PROTECT, related_name="+")
    model = models.CharField(max_length=80)
    hash = models.CharField(max_length=64)
    columns = models.TextField()
    steps = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("council", "model"), name="last_counters_once"),)


class Repeat(models.Model):
    """A command that was carried out under a key: the same key brings the same answer and no second effect."""

    user = models.PositiveBigIntegerField()
    key = models.CharField(max_length=80)
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    answer = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "key"), name="repeat_once"),)
