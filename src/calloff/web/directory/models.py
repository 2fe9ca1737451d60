"""Councils with their places; providers, which belong to no council."""

from __future__ import annotations

from django.db import models


class Council(models.Model):
    """
    A council (or partnership) that buys care. `seed` is the published text from which ties are drawn.

    `standing` counts the changes of who is enrolled, graded or suspended: what is kept of the market is good for one
    count. `k` is the fewest people in an area that is shown to providers before a call-off.
    """

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=120)
    nation = models.CharField(max_length=16)
    seed = models.CharField(max_length=120)
    local_holidays = models.TextField(default="[]")
    k = models.PositiveSmallIntegerField(default=5)
    standing = models.PositiveBigIntegerField(default=1)
    unmet_target_hours = models.PositiveIntegerField(null=True)
    beds_target = models.PositiveIntegerField(null=True)
    limits = models.TextField(default="{}")

    def __str__(self) -> str:
        return self.name


class Locality(models.Model):
    """An area in which hours are bought; `code` is what documents and contracts call it."""

    council = models.ForeignKey(Council, on_delete=models.PROTECT, related_name="localities")
    code = models.CharField(max_length=30)
    name = models.CharField(max_length=80)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("council", "code"), name="locality_once"),)

    def __str__(self) -> str:
        return self.name


class Area(models.Model):
    """The smallest published area, inside a locality; where too few people live, its locality is shown instead."""

    council = models.ForeignKey(Council, on_delete=models.PROTECT, related_name="areas")
    code = models.CharField(max_length=30)
    name = models.CharField(max_length=80)
    locality = models.ForeignKey(Locality, on_delete=models.PROTECT, related_name="areas")
    area_band = models.CharField(max_length=10, default="urban")
    easting = models.PositiveIntegerField(default=0)
    northing = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("council", "code"), name="area_once"),)

    def __str__(self) -> str:
        return self.name


class Organisation(models.Model):
    """The registered body behind one branch or several."""

    reference = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=160)

    def __str__(self) -> str:
        return self.name


class Branch(models.Model):
    """
    A registered service: whom a council invites. `service_types` are joined by a space.

    `token` is what its addresses on the web are called: drawn, so that no number tells how many there are.
    """

    reference = models.CharField(max_length=40, unique=True)
    token = models.CharField(max_length=16, unique=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="branches")
    name = models.CharField(max_length=160)
    nation = models.CharField(max_length=16)
    service_types = models.CharField(max_length=60)
    in_house = models.BooleanField(default=False)
    registered_from = models.DateField()
    registered_to = models.DateField(null=True)
    scale = models.CharField(max_length=20)
    postcode = models.CharField(max_length=10, default="")
    easting = models.PositiveIntegerField(default=0)
    northing = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class Grading(models.Model):
    """What the regulator found on a day, in the order of the relevant areas; 0 where it gave no grade."""

    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="gradings")
    graded_on = models.DateField()
    grades = models.CharField(max_length=20)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("branch", "graded_on"), name="grading_once_a_day"),)
